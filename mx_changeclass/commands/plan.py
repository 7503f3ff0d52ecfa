"""``mx-changeclass plan``: the steps of a release, each proven."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import AT_OR_ABOVE, BELOW, UNDECIDED, Command
from mx_changeclass.console.options import Settings, configured
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.reports import STEP_FORMATS


@click.command("plan", cls=Command, short_help="The steps from OLD to NEW without loss, each proven.")
@click.argument("old")
@click.argument("new")
@click.option("--format", "format_", type=click.Choice(STEP_FORMATS), default="text", show_default=True)
@output_option
@click.option(
    "--nobody-fails",
    is_flag=True,
    help="Put off, too, what would fail on devices until they update, not only what costs data.",
)
@click.option("--back", is_flag=True, help="Whether NEW may be taken back to OLD once devices have run it, and how.")
@configured
def plan_command(
    old: str, new: str, format_: str, output: Path | None, nobody_fails: bool, back: bool, settings: Settings
) -> int:
    """The steps that lead from OLD to NEW without loss, each built and classified.

    Exits with 0 where they do, with 1 where the model has to change first or the way back has a cost, with 4 where the
    plan is not proven.
    """
    from mx_changeclass.findings.back import May, way_back
    from mx_changeclass.findings.planning import proven_plan
    from mx_changeclass.pipeline import compare
    from mx_changeclass.reports.plans import render_plan

    with progress(f"planning {old} to {new}"):
        verdict = compare(old, new, settings.policy, native=settings.native, today=settings.today)
        way = way_back(verdict) if back else None
        found = way.plan if way else proven_plan(verdict, nobody_fails=nobody_fails)
    sides = (verdict.new, verdict.old) if way else (verdict.old, verdict.new)
    write(render_plan(found, *sides, format_, way), output)
    if not found.leads_there or (way and way.may is not May.YES):
        return AT_OR_ABOVE
    return BELOW if found.proven else UNDECIDED
