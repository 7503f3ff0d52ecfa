"""``mx-changeclass footprint``: what lives on devices."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.legible import json_text


@click.command("footprint", cls=Command)
@click.argument("model")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@output_option
@click.option("--all", "everything", is_flag=True, help="Tell all names of long lists.")
def footprint_command(model: str, format_: str, output: Path | None, everything: bool) -> int:
    """What lives on devices: per navigation profile, by which way."""
    from mx_changeclass.pipeline import footprint
    from mx_changeclass.reports.footprint import footprint_document, footprint_text

    with progress(f"reading {model}"):
        found = footprint(model)
    write(
        footprint_text(found, everything=everything) if format_ == "text" else json_text(footprint_document(found)),
        output,
    )
    return BELOW
