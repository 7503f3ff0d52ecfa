"""The command: arguments in, exit code out. The only file that prints."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mx_changeclass import __version__
from mx_changeclass.errors import FAULT, MxError, ReadError, fault, one_line
from mx_changeclass.legible import json_text
from mx_changeclass.readers.limits import A_MODEL
from mx_changeclass.reports import FORMATS

if TYPE_CHECKING:
    from mx_changeclass.readers.configuration import ConfigurationFile

BELOW, AT_OR_ABOVE, WRONG_USE, UNREADABLE, UNDECIDED = range(5)
STOPPED = 130
_CONFIGURATION = "mx-changeclass.toml"
_CLASSES = ("ota-safe", "needs-redeploy", "full-release", "destructive", "never")


class _Command(click.Command):
    """A fault in a command is told here, before click takes some kinds of it for a user who leaves. Whatever is
    raised but for what means to end a command is one: a library that calls ``exit(0)`` gives no verdict."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, MxError, KeyboardInterrupt):
            raise
        except BaseException as error:
            complain(fault(error))
            raise click.exceptions.Exit(FAULT) from None


class _Group(click.Group):
    """Errors of every command end in one line on stderr and an exit code, never in a traceback."""

    command_class = _Command
    group_class = type  # of groups in it: this one

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.Exit as leaving:
            code = leaving.exit_code
        except (click.UsageError, click.FileError) as error:
            complain(f"{error.format_message().rstrip('.')}. Run 'mx-changeclass --help'")
            code = WRONG_USE
        except click.Abort:
            complain("stopped. Run it again")
            code = STOPPED
        except ReadError as error:
            complain(str(error))
            code = UNREADABLE
        except MxError as error:
            complain(str(error))
            code = WRONG_USE
        except BaseException as error:  # outside of any command
            complain(fault(error))
            code = FAULT
        sys.exit(code if isinstance(code, int) else BELOW)


def complain(message: str) -> None:
    """One line to stderr, or to nobody where nobody reads it."""
    with contextlib.suppress(OSError):
        click.echo(f"mx-changeclass: {one_line(message)}", err=True)


_output = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE, not to standard output."
)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """The version, and where the tables end that it knows."""
    if wanted:
        from mx_changeclass.reports.catalogue import known_until

        known = [f"{what} known until {until}" for what, until in known_until().items()]
        click.echo("\n".join((f"mx-changeclass, version {__version__}", *known)))
        context.exit()


_HELP = f"""Compare two versions of a Mendix app and say how the changes may be released.

A MODEL is {A_MODEL}. OLD may be 'none'."""


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}, help=_HELP)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli() -> None:
    """The command; its help names every form of a model."""


@cli.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@_output
@click.option(
    "--fail-on",
    type=click.Choice(_CLASSES),
    default="destructive",
    show_default=True,
    help="Exit with 1 at this class or above.",
)
@click.option(
    "--fail-on-maybe",
    is_flag=True,
    help="Compare with --fail-on the highest class that the verdict may have, not only the certain one.",
)
@click.option("--strict", is_flag=True, help="Exit with 4 where something could not be decided.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing; list why edits were set aside as noise.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Configuration [default: {_CONFIGURATION} if there is one].",
)
@click.option(
    "--no-config", is_flag=True, help=f"Read no {_CONFIGURATION}, which may come from the change that is judged."
)
@click.option("--native-template", help="Version of the native template in the released binary, e.g. 14.1.13.")
@click.option(
    "--native-old",
    metavar="NATIVE",
    help="Native app that is released: a native template folder, a revision, or a facts file.",
)
@click.option("--native-new", metavar="NATIVE", help="Native app of this release.")
def diff_(
    old: str,
    new: str,
    format_: str,
    output: Path | None,
    fail_on: str,
    fail_on_maybe: bool,
    strict: bool,
    everything: bool,
    config: Path | None,
    no_config: bool,
    native_template: str | None,
    native_old: str | None,
    native_new: str | None,
) -> int:
    """Classify every change between OLD and NEW. The main job."""
    from mx_changeclass.pipeline import compare
    from mx_changeclass.reports import render
    from mx_changeclass.vocabulary import ReleaseClass

    configuration = _configuration(config, refused=no_config)
    policy = configuration.policy(**({"native_template": native_template} if native_template else {}))
    native = (native_old or configuration.native[0], native_new or configuration.native[1])
    with _progress(f"comparing {old} with {new}"):
        verdict = compare(old, new, policy, native=native)
    options: dict[str, Any] = {"everything": everything}
    if format_ == "text" and output is None:
        options["color"] = _is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    bar = None if fail_on == "never" else ReleaseClass(fail_on.replace("-", "_").upper())
    if format_ == "junit":
        options |= {"fail_on": bar, "maybe": fail_on_maybe}
    report = render(verdict, format_, **options)
    _remember(verdict)
    _write(report, output)
    if bar is not None and (verdict.at_most if fail_on_maybe else verdict.release_class) >= bar:
        return AT_OR_ABOVE
    # Half a commit is a state that nobody saved: a hook that lets it pass on the other half would be wrong.
    open_ = (strict and not verdict.decided) or (bar is not None and verdict.half_saved)
    return UNDECIDED if open_ else BELOW


@cli.command("footprint")
@click.argument("model")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@_output
def footprint_(model: str, format_: str, output: Path | None) -> int:
    """What lives on devices: per navigation profile, by which way."""
    from mx_changeclass.graphs.footprint import footprint
    from mx_changeclass.pipeline import check_readable
    from mx_changeclass.readers import read
    from mx_changeclass.reports.footprint import footprint_document, footprint_text

    with _progress(f"reading {model}"):
        snapshot = read(model)
        check_readable(snapshot)
        found = footprint(snapshot)
    text = footprint_text(found) if format_ == "text" else json_text(footprint_document(found))
    _write(text, output)
    return BELOW


@cli.command("export")
@click.argument("model")
@_output
def export_(model: str, output: Path | None) -> int:
    """Write the canonical snapshot, to keep beside a release; compressed where FILE ends in .gz."""
    from mx_changeclass.pipeline import check_readable
    from mx_changeclass.readers import export, read

    with _progress(f"reading {model}"):
        snapshot = read(model)
        check_readable(snapshot)
        content = export(snapshot, compress=bool(output and output.suffix == ".gz"))
    _write(content, output)
    return BELOW


@cli.group()
def native() -> None:
    """The native app, where it is not part of the project."""


@native.command("export")
@click.argument("native_app", metavar="NATIVE")
@_output
def native_export(native_app: str, output: Path | None) -> int:
    """Write the facts of a native app (a native template folder or revision) as a small file for --native-old."""
    from mx_changeclass.readers.native_app import export_native

    _write(export_native(native_app), output)
    return BELOW


@cli.command("rules")
@click.option("--format", "format_", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
@click.option("--coverage", is_flag=True, help="What the catalogue answers for, and how.")
@_output
def rules_(format_: str, coverage: bool, output: Path | None) -> int:
    """The catalogue of rules."""
    from mx_changeclass.reports import catalogue

    _write(catalogue.coverage() if coverage else catalogue.rules(format_), output)
    return BELOW


@cli.command("explain")
@click.argument("topic", metavar="RULE|CLASS|FINGERPRINT")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON report that holds the row [default: the last diff].",
)
def explain_(topic: str, report: Path | None) -> int:
    """Why: of a rule, of a class, or of a row of a report by its fingerprint."""
    from mx_changeclass.reports import catalogue

    told = catalogue.explain(topic, _report(report))
    if told is None:
        raise click.UsageError(
            f"{topic}: no rule, class or row of that name. 'mx-changeclass rules' lists the rules, "
            "--report names a JSON report"
        )
    _write(told, None)
    return BELOW


# -- ends ----------------------------------------------------------------------------------


def _configuration(named: Path | None, *, refused: bool) -> ConfigurationFile:
    """The configuration that was named, or the one that lies here."""
    from mx_changeclass.readers.configuration import ConfigurationFile, read_configuration

    if refused and named:
        raise click.UsageError("--config and --no-config exclude each other")
    if refused or (named is None and not os.path.lexists(_CONFIGURATION)):
        return ConfigurationFile()
    return read_configuration(named or Path(_CONFIGURATION), chosen=named is not None)


def _write(content: str | bytes, output: Path | None) -> None:
    """To standard output, or to a file that is replaced as a whole or not at all. Half a surrogate pair, which a
    dump may hold, is written as a question mark."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if output is None:
        if sys.stdout is None:  # closed from the start, so nobody reads it; the answer stays the same
            return
        try:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the reader of the pipe has seen enough; the answer stays the same
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise click.UsageError(f"standard output: {error.strerror or error}. Give it some room") from None
        return
    try:
        _replace(output, content)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror or error}. Give a file that can be written") from None


def _replace(target: Path, content: bytes) -> None:
    """Write a file as a whole or not at all. A link leads to the file that is meant; a pipe or a device has no
    whole, it is written to."""
    target = Path(os.path.realpath(target))
    if target.exists() and not target.is_file():
        with contextlib.suppress(BrokenPipeError), open(os.open(target, os.O_WRONLY), "wb") as file:
            file.write(content)
        return
    beside = target.with_name(f".mx-changeclass.{os.urandom(8).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(content)
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _last_report() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "mx-changeclass" / "last.json"


def _remember(verdict: Any) -> None:
    """Keep the rows of the last diff, so that 'explain' can be asked for one by its fingerprint."""
    with contextlib.suppress(OSError, RuntimeError):  # a convenience: a machine without a home goes without
        _last_report().parent.mkdir(parents=True, exist_ok=True)
        _replace(_last_report(), json.dumps({"changes": verdict.to_dict(everything=False)["changes"]}).encode())


def _report(file: Path | None) -> dict[str, Any] | None:
    try:
        content: Any = json.loads((file or _last_report()).read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content.get("changes"), list):
            raise ValueError("holds no changes")
        return content
    except (OSError, ValueError, RuntimeError) as error:  # nested too deep is a RecursionError, a RuntimeError
        if file is None:
            return None
        raise click.UsageError(
            f"{file}: {getattr(error, 'strerror', None) or error}. Give a report of 'diff --format json'"
        ) from None


def _is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal; None is one that was closed from the start."""
    return stream is not None and bool(stream.isatty())


@contextlib.contextmanager
def _progress(doing: str) -> Iterator[None]:
    """A line on a terminal's stderr while something takes long; nothing in a pipe."""
    show: Callable[[str], None] = (
        (lambda text: click.echo(text, err=True, nl=False)) if _is_terminal(sys.stderr) else (lambda _: None)
    )
    show(f"{doing} …")
    try:
        yield
    finally:
        show("\r\x1b[K")
