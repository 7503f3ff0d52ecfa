"""``mx-changeclass export``: a model as a canonical snapshot."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.output import output_option, progress, write


@click.command("export", cls=Command, short_help="Write the canonical snapshot, to keep beside a release.")
@click.argument("model")
@output_option
def export_command(model: str, output: Path | None) -> int:
    """Write the canonical snapshot, to keep beside a release; compressed where FILE ends in .gz."""
    from mx_changeclass.pipeline import check_readable
    from mx_changeclass.readers import export, read

    with progress(f"reading {model}"):
        snapshot = read(model)
        check_readable(snapshot)
        content = export(snapshot, compress=bool(output and output.suffix == ".gz"))
    write(content, output)
    return BELOW
