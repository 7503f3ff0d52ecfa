"""``mx-changeclass native``: the native app, where it is not part of the project."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import BELOW, Group
from mx_changeclass.console.output import output_option, write


@click.group("native", cls=Group)
def native_command() -> None:
    """The native app, where it is not part of the project."""


@native_command.command("export")
@click.argument("native_app", metavar="NATIVE")
@output_option
def native_export(native_app: str, output: Path | None) -> int:
    """Write the facts of a native app (a native template folder or revision) as a small file for --native-old."""
    from mx_changeclass.readers.native_app import export_native

    write(export_native(native_app), output)
    return BELOW
