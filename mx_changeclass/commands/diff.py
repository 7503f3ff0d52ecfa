"""``mx-changeclass diff``: the main job."""

from __future__ import annotations

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.last_report import remember
from mx_changeclass.console.options import Bar, Reports, Settings, configured, judged, reported
from mx_changeclass.console.output import progress


@click.command("diff", cls=Command)
@click.argument("old")
@click.argument("new")
@click.option(
    "--against",
    metavar="MODEL",
    multiple=True,
    help="A version before OLD that is still in the field, oldest first, as often as wanted; see 'fleet'.",
)
@reported
@judged
@configured
def diff_command(old: str, new: str, against: tuple[str, ...], reports: Reports, bar: Bar, settings: Settings) -> int:
    """Classify every change between OLD and NEW. The main job."""
    from mx_changeclass.pipeline import compare

    with progress(f"comparing {old} with {new}"):
        verdict = compare(old, new, settings.policy, native=settings.native, today=settings.today)
    remember(verdict)
    if not against:
        reports.write(verdict, bar)
        return bar.exit_code(verdict)
    from mx_changeclass.fleets import fleet

    reports.check_fleet()
    with progress(f"comparing what is in the field with {new}"):
        found = fleet(
            new, settings.in_field(*against, old), settings.policy, native=settings.native, today=settings.today
        )
    reports.write(verdict, bar, found)
    return min({bar.exit_code(verdict), bar.exit_code(found)} - {BELOW}, default=BELOW)
