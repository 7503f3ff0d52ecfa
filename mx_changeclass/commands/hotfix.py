"""``mx-changeclass hotfix``: what of a release may go out now."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mx_changeclass.console.frame import AT_OR_ABOVE, BELOW, UNDECIDED, Command
from mx_changeclass.console.options import Settings, configured
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.reports import STEP_FORMATS

_CLASSES = ("ota-safe", "needs-redeploy", "full-release")


@click.command("hotfix", cls=Command, short_help="What of NEW may go out now, and what holds back the rest.")
@click.argument("old")
@click.argument("new")
@click.option(
    "--up-to", type=click.Choice(_CLASSES), default="ota-safe", show_default=True, help="The class it may have at most."
)
@click.option(
    "--by",
    type=click.Choice(("part", "commit")),
    help="Parts of the model, or commits to pick [default: commit where both are revisions].",
)
@click.option("--with", "only", metavar="ELEMENT", multiple=True, help="Take this alone, with all that it needs.")
@click.option("--without", metavar="ELEMENT", multiple=True, help="Leave this out, with all that needs it.")
@click.option("--format", "format_", type=click.Choice(STEP_FORMATS), default="text", show_default=True)
@output_option
@click.option("--all", "everything", is_flag=True, help="Tell all of long lists.")
@configured
def hotfix_command(
    old: str,
    new: str,
    up_to: str,
    by: Literal["part", "commit"] | None,
    only: tuple[str, ...],
    without: tuple[str, ...],
    format_: str,
    output: Path | None,
    everything: bool,
    settings: Settings,
) -> int:
    """What of NEW may go out now on top of OLD, up to a class; what holds back the rest, and why.

    Exit code 0: something may; 1: nothing; 4: it could not be proven.
    """
    from mx_changeclass.releases import hotfix
    from mx_changeclass.reports.hotfix import render_hotfix

    with progress(f"looking at what leads from {old} to {new}"):
        found = hotfix(
            old, new, up_to, by=by, only=only, without=without, policy=settings.policy, native=settings.native
        )
    write(render_hotfix(found, format_, everything=everything), output)
    if not found.proven:
        return UNDECIDED
    return BELOW if found.going else AT_OR_ABOVE
