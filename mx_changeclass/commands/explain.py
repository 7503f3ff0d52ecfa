"""``mx-changeclass explain``: why."""

from __future__ import annotations

from pathlib import Path

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.last_report import report as report_of
from mx_changeclass.console.output import write
from mx_changeclass.reports import catalogue


@click.command("explain", cls=Command)
@click.argument("topic", metavar="RULE|CLASS|FINGERPRINT")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON report that holds the row [default: the last diff].",
)
def explain_command(topic: str, report: Path | None) -> int:
    """Why: of a rule, of a class, or of a row of a report by its fingerprint."""
    told = catalogue.explain(topic, report_of(report))
    if told is None:
        raise click.UsageError(
            f"{topic}: no rule, class or row of that name. 'mx-changeclass rules' lists the rules, "
            "--report names a JSON report"
        )
    write(told, None)
    return BELOW
