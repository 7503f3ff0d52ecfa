"""``mx-changeclass rules``: the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.output import output_option, write


@click.command("rules", cls=Command)
@click.option("--format", "format_", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
@click.option("--coverage", is_flag=True, help="What the catalogue answers for, and how.")
@output_option
def rules_command(format_: str, coverage: bool, output: Path | None) -> int:
    """The catalogue of rules."""
    from mx_changeclass.reports import catalogue

    write(catalogue.coverage() if coverage else catalogue.rules(format_), output)
    return BELOW
