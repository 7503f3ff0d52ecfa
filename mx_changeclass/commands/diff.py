"""``mx-changeclass diff``: the main job."""

from __future__ import annotations

import click

from mx_changeclass.console.frame import Command
from mx_changeclass.console.last_report import remember
from mx_changeclass.console.options import Bar, Reports, Settings, configured, judged, reported
from mx_changeclass.console.output import progress
from mx_changeclass.pipeline import compare


@click.command("diff", cls=Command)
@click.argument("old")
@click.argument("new")
@reported
@judged
@configured
def diff_command(old: str, new: str, reports: Reports, bar: Bar, settings: Settings) -> int:
    """Classify every change between OLD and NEW. The main job."""
    with progress(f"comparing {old} with {new}"):
        verdict = compare(old, new, settings.policy, native=settings.native, today=settings.today)
    remember(verdict)
    reports.write(verdict, bar)
    return bar.exit_code(verdict)
