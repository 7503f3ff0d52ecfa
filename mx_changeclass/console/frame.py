"""How a command ends: an exit code, and for an error one line on stderr, never a traceback."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import click

from mx_changeclass.errors import FAULT, MxError, ReadError, fault, one_line

BELOW, AT_OR_ABOVE, WRONG_USE, UNREADABLE, UNDECIDED = range(5)
STOPPED, TERMINATED = (128 + number for number in (signal.SIGINT, signal.SIGTERM))  # as a shell tells it
_NAME = "mx-changeclass"


class Command(click.Command):
    """A fault in a command is told here, before click takes some kinds of it for a user who leaves. Whatever is
    raised but for what means to end a command is one: a library that calls ``exit(0)`` gives no verdict."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        except (click.ClickException, click.exceptions.Exit, click.Abort, MxError, KeyboardInterrupt):
            raise
        except BaseException as error:
            complain(fault(error))
            raise click.exceptions.Exit(FAULT) from None


class Terminated(KeyboardInterrupt):
    """Somebody asked the process to end."""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Who asks the process to end (SIGTERM) stops a command as Ctrl-C does: it leaves nothing half-done behind."""

    def end(*_: object) -> NoReturn:
        raise Terminated

    before = None
    with contextlib.suppress(ValueError):  # only the main thread hears signals
        before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


class Group(click.Group):
    """Errors of every command end in one line on stderr and an exit code."""

    command_class = Command
    group_class = type  # of groups in it: this one

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            with _terminable():
                code = super().main(*args, **kwargs)
        except click.exceptions.Exit as leaving:
            code = leaving.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            complain("no command was given. Choose one of these")
            with contextlib.suppress(OSError):
                click.echo(error.ctx.get_help() if error.ctx else "", err=True)
            code = WRONG_USE
        except click.ClickException as error:
            place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else _NAME
            complain(f"{error.format_message().rstrip('.')}. Run '{place} --help'")
            code = WRONG_USE
        except click.Abort as stopped:
            complain("; ".join(["stopped. Run it again", *getattr(stopped.__cause__, "__notes__", ())]))
            code = TERMINATED if isinstance(stopped.__cause__, Terminated) else STOPPED
        except ReadError as error:
            complain(str(error))
            code = UNREADABLE
        except MxError as error:
            complain(str(error))
            code = WRONG_USE
        except OSError as error:  # what is printed outside of any command: help, the version
            code = BELOW if isinstance(error, BrokenPipeError) else WRONG_USE
            if code:
                complain(f"standard output: {error.strerror or error}. Give it some room")
        except BaseException as error:  # outside of any command
            complain(fault(error))
            code = FAULT
        sys.exit(code if isinstance(code, int) else BELOW)


def complain(message: str) -> None:
    """One line to stderr, or to nobody where nobody reads it."""
    with contextlib.suppress(OSError):
        click.echo(f"{_NAME}: {one_line(message)}", err=True)
