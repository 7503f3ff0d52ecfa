"""``mx-changeclass waive``: accept a change, with a reason and until a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.last_report import reports_in
from mx_changeclass.console.options import CONFIGURATION, day_of, today_option
from mx_changeclass.console.output import write
from mx_changeclass.legible import plain_line
from mx_changeclass.vocabulary import ReleaseClass


@click.command("waive", cls=Command, short_help="Accept a change, with a reason and until a day.")
@click.argument("change", metavar="FINGERPRINT|ELEMENT")
@click.option("--reason", required=True, help="Why the change is accepted.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it is.")
@click.option("--by", default="", help="Who accepts it.")
@click.option("--up-to", metavar="CLASS", help="Worst class that is accepted [default: that of the change].")
@click.option("--undecided", is_flag=True, help="Accept what could not be decided, up to the class it may have.")
@click.option("--baseline", default="", help="Only against this old model: its label, digest or Studio Pro version.")
@click.option(
    "--report",
    metavar="FILE",
    help="JSON report that holds the change, or - for one on standard input [default: the last diff in this folder].",
)
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Configuration or file of waivers to write it into [default: {CONFIGURATION}].",
)
@today_option
def waive_command(
    change: str,
    reason: str,
    until: datetime,
    by: str,
    up_to: str | None,
    undecided: bool,
    baseline: str,
    report: str | None,
    file: Path | None,
    today: datetime | None,
) -> int:
    """Accept a change of a report: the one of a FINGERPRINT, or whose fingerprint begins so, or of an ELEMENT."""
    from mx_changeclass.readers.waiver_file import naming, with_waiver
    from mx_changeclass.wording.values import kind_in_words

    if until.date() < day_of(today):
        raise click.UsageError(f"--until: {until.date()} is over. Give a day to come")
    reports = reports_in([report] if report else [])
    if not reports:
        raise click.UsageError("no report is kept. Run 'mx-changeclass diff' first, or give one with --report")
    accepted = {"reason": reason, "until": until.date(), "by": by, "baseline": baseline, "undecided": undecided}
    try:
        row = _named(change, reports[0])
        waiver = naming(row, up_to=_up_to(row, up_to, undecided=undecided), **accepted)
        name, kind, what = row["element"]["name"], kind_in_words(row["element"]["kind"]), row["what"]
    except (KeyError, TypeError, ValueError, AttributeError):  # anybody may have written it
        raise click.UsageError(f"{change}: is no row of a report. Give a report of 'diff --format json'") from None
    place = file or Path(CONFIGURATION)
    write(with_waiver(place, waiver, chosen=file is not None), place)
    subject = f"{kind} {name}" if name else "the app"
    done = f"[{waiver.fingerprint}] is waived up to {waiver.up_to}, until {until.date()}, in {place}"
    write(plain_line(f"{subject}: {what} {done}") + "\n", None)
    return BELOW


def _named(change: str, report: Mapping[str, Any]) -> Mapping[str, Any]:
    from mx_changeclass.reports.catalogue import rows_of

    rows = rows_of(change, report) if change else []  # the app has no name; nothing given does not mean it
    if not rows:
        raise click.UsageError(f"{change}: the last report, or that of --report, has no such change")
    if len(rows) > 1:
        marks = ", ".join(row["fingerprint"] for row in rows)
        raise click.UsageError(f"{change}: has {len(rows)} changes. Give the fingerprint of one: {marks}")
    return rows[0]


def _up_to(row: Mapping[str, Any], asked: str | None, *, undecided: bool) -> str:
    """The class up to which a row is accepted, where all of it is."""
    from mx_changeclass.waivers import class_named

    highest, mark = ReleaseClass(row["at_most"]), row["fingerprint"]
    if highest is ReleaseClass.OTA_SAFE:
        raise click.UsageError(f"{mark}: is {highest} and needs no waiver")
    if not undecided and any(finding["undecided"] for finding in row["findings"]):
        raise click.UsageError(f"{mark}: not all of it is decided, it may be {highest}. Add --undecided to accept that")
    given = class_named(asked, "--up-to") if asked else highest
    if given < highest:
        raise click.UsageError(f"--up-to: {given} does not cover it, it is {highest}. Leave it out")
    return str(given)
