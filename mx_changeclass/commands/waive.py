"""``mx-changeclass waive``: accept a change, with a reason and until a day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.last_report import report as report_of
from mx_changeclass.console.options import CONFIGURATION, day_of, today_option
from mx_changeclass.console.output import write
from mx_changeclass.legible import plain_line
from mx_changeclass.readers.waiver_file import naming, with_waiver
from mx_changeclass.vocabulary import ReleaseClass
from mx_changeclass.waivers import class_named
from mx_changeclass.wording.values import kind_in_words

_NEEDS_NONE = ReleaseClass.OTA_SAFE


@click.command("waive", cls=Command)
@click.argument("fingerprint")
@click.option("--reason", required=True, help="Why the change is accepted.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it is.")
@click.option("--by", default="", help="Who accepts it.")
@click.option("--up-to", metavar="CLASS", help="Worst class that is accepted [default: that of the change].")
@click.option("--undecided", is_flag=True, help="Accept what could not be decided, up to the class it may have.")
@click.option("--baseline", default="", help="Only against this old model: its label, digest or Studio Pro version.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON report that holds the change [default: the last diff].",
)
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONFIGURATION,
    show_default=True,
    help="Configuration or file of waivers to write it into.",
)
@today_option
def waive_command(
    fingerprint: str,
    reason: str,
    until: datetime,
    by: str,
    up_to: str | None,
    undecided: bool,
    baseline: str,
    report: Path | None,
    file: Path,
    today: datetime | None,
) -> int:
    """Accept the change of a report that has FINGERPRINT, or the one whose fingerprint begins so."""
    if until.date() < day_of(today):
        raise click.UsageError(f"--until: {until.date()} is over. Give a day to come")
    change = _change(fingerprint, report_of(report))
    highest = ReleaseClass(change["at_most"])
    if highest is _NEEDS_NONE:
        raise click.UsageError(f"{change['fingerprint']}: is {highest} and needs no waiver")
    if not undecided and any(f["undecided"] for f in change["findings"]):
        raise click.UsageError(
            f"{change['fingerprint']}: could not be decided, it may be {highest}. Add --undecided to accept that"
        )
    least = class_named(up_to, "--up-to") if up_to else highest
    if least < highest:
        raise click.UsageError(f"--up-to: {least} covers nothing of it, it is {highest}. Leave it out")
    accepted = {"reason": reason, "until": until.date(), "by": by, "up_to": str(least)}
    waiver = naming(change, **accepted, undecided=undecided, baseline=baseline)
    write(with_waiver(file, waiver), file)
    element = change["element"]
    subject = f"{kind_in_words(element['kind'])} {element['name']}" if element["name"] else "the app"
    told = (
        f"{subject}: {change['what']} [{waiver.fingerprint}] is waived up to {least}, until {until.date()}, in {file}"
    )
    write(plain_line(told) + "\n", None)
    return BELOW


def _change(fingerprint: str, report: dict[str, Any] | None) -> dict[str, Any]:
    """The change of a report whose fingerprint begins so."""
    if report is None:
        raise click.UsageError("no report is kept. Run 'mx-changeclass diff' first, or give one with --report")
    found = {c["fingerprint"]: c for c in report["changes"] if fingerprint and c["fingerprint"].startswith(fingerprint)}
    if len(found) == 1:
        change: dict[str, Any] = next(iter(found.values()))
        return change
    if found:
        raise click.UsageError(f"{fingerprint}: begins {len(found)} fingerprints. Give more of it: {', '.join(found)}")
    raise click.UsageError(f"{fingerprint}: the last report, or that of --report, has no such fingerprint")
