"""``mx-changeclass blame``: which commits brought each finding."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import Command
from mx_changeclass.console.options import Bar, ClassName, Settings, configured
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.reports import STEP_FORMATS
from mx_changeclass.vocabulary import DESTRUCTIVE

_CLASSES = ("ota-safe", "needs-redeploy", "full-release", "destructive")


@click.command("blame", cls=Command, short_help="Which commits brought each finding, and who wrote them.")
@click.argument("old")
@click.argument("new")
@click.argument("fingerprints", metavar="[FINGERPRINT]...", nargs=-1)
@click.option(
    "--least", type=ClassName(_CLASSES), default="ota-safe", show_default=True, help="Leave out what is below."
)
@click.option("--format", "format_", type=click.Choice(STEP_FORMATS), default="text", show_default=True)
@output_option
@click.option("--all", "everything", is_flag=True, help="Tell all of long lists.")
@configured
def blame_command(
    old: str,
    new: str,
    fingerprints: tuple[str, ...],
    least: str,
    format_: str,
    output: Path | None,
    everything: bool,
    settings: Settings,
) -> int:
    """Which commits brought the findings on OLD and NEW, two revisions: all of them, or those of the rows with a
    FINGERPRINT, or whose fingerprint begins so.

    Exits as 'diff' of the two does: with 1 where the verdict is DESTRUCTIVE.
    """
    from mx_changeclass.provenance import blame
    from mx_changeclass.reports.blame import render_blame

    with progress(f"looking for who brought what from {old} to {new}"):
        found = blame(
            old,
            new,
            least=least,
            fingerprints=fingerprints,
            policy=settings.policy,
            native=settings.native,
            today=settings.today,
        )
    write(render_blame(found, format_, everything=everything), output)
    return Bar(DESTRUCTIVE, maybe=False, strict=False).exit_code(found.verdict)
