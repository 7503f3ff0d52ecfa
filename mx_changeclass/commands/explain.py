"""``mx-changeclass explain``: why."""

from __future__ import annotations

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.last_report import reports_in
from mx_changeclass.console.output import write


@click.command("explain", cls=Command, short_help="Why: of a rule, a class, or rows of a report.")
@click.argument("topic", metavar="RULE|CLASS|FINGERPRINT|ELEMENT")
@click.option(
    "--report",
    metavar="FILE",
    multiple=True,
    help="JSON report that holds the row, several as often as wanted, or - for one on standard input "
    "[default: the last diff in this folder].",
)
def explain_command(topic: str, report: tuple[str, ...]) -> int:
    """Why: of a rule or a class; or of the rows of a report: one by its fingerprint, or how that begins, those of an
    element by its name."""
    from mx_changeclass.reports import catalogue

    told = catalogue.explain(topic, *reports_in(report))
    if told is None:
        raise click.UsageError(
            f"{topic}: no rule, class, row or element of that name. 'mx-changeclass rules' lists the rules, "
            "--report names a JSON report"
        )
    write(told, None)
    return BELOW
