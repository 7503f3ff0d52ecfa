"""The command: arguments in, exit code out. It and what it loads, ``commands`` and ``console``, are all that prints."""

from __future__ import annotations

from importlib import import_module

import click

from mx_changeclass import __version__
from mx_changeclass.commands import COMMANDS
from mx_changeclass.console.frame import Group
from mx_changeclass.forms import A_MODEL


class _Commands(Group):
    """A command is loaded when it is asked for: a hook starts us at every commit."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mx_changeclass.commands.{cmd_name}"), f"{cmd_name}_command")
        return command


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """The version, and where the tables end that it knows."""
    if wanted:
        from mx_changeclass.model.tables import known_until

        known = [f"{what} known until {until}" for what, until in known_until().items()]
        click.echo("\n".join((f"mx-changeclass, version {__version__}", *known)))
        context.exit()


_HELP = f"""Compare two versions of a Mendix app and say how the changes may be released.

A MODEL is {A_MODEL}. OLD may be 'none'."""


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, help=_HELP)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli() -> None:
    """The command; its help names every form of a model."""
