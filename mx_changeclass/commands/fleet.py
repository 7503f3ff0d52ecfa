"""``mx-changeclass fleet``: a candidate against every version that is still in the field."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import Command
from mx_changeclass.console.options import Bar, Settings, configured, judged
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.reports import STEP_FORMATS


@click.command("fleet", cls=Command, short_help="Classify CANDIDATE against every version in the field.")
@click.argument("candidate")
@click.option(
    "--against",
    metavar="MODEL",
    multiple=True,
    help="A version in the field, oldest first; the server runs the last [default: [[version]] of the configuration].",
)
@click.option("--format", "format_", type=click.Choice(STEP_FORMATS), default="text", show_default=True)
@output_option
@judged
@configured
def fleet_command(
    candidate: str, against: tuple[str, ...], format_: str, output: Path | None, bar: Bar, settings: Settings
) -> int:
    """Classify CANDIDATE against every version that devices still run."""
    from mx_changeclass.fleets import fleet
    from mx_changeclass.reports.fleet import fleet_json, fleet_markdown, fleet_text

    with progress(f"comparing what is in the field with {candidate}"):
        versions = settings.in_field(*against)
        found = fleet(candidate, versions, settings.policy, native=settings.native, today=settings.today)
    render = {"text": fleet_text, "json": fleet_json, "markdown": fleet_markdown}[format_]
    write(render(found), output)
    return bar.exit_code(found)
