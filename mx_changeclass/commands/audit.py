"""``mx-changeclass audit``: a history, release by release."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from mx_changeclass.console.frame import BELOW, Command
from mx_changeclass.console.options import Settings, configured
from mx_changeclass.console.output import output_option, progress, write
from mx_changeclass.errors import PolicyError
from mx_changeclass.reports.audit import AUDIT_FORMATS, render_audits
from mx_changeclass.timeline import audit


@click.command("audit", cls=Command)
@click.argument("revision", default="HEAD")
@click.option("--path", default="", help="Folder of the project, from the top of the repository.")
@click.option("--tags", default="", help="Compare the commits with such tags, for example 'v*'.")
@click.option("--since", default="", help="Begin on this day, 2026-04-22.")
@click.option("--until", default="", help="End on this day.")
@click.option("--limit", type=click.IntRange(min=0), help="Take the last so many steps.")
@click.option("--no-merges", is_flag=True, help="Take what was merged commit by commit, each beside its own parent.")
@click.option(
    "--portfolio",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Audit the apps that a TOML file lists, each with its own history.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="So many processes.")
@click.option("--scheduler", metavar="ADDRESS", help="Work on a Dask cluster (needs the extra 'dask').")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep in this file what is done; a later audit begins where this one ended.",
)
@click.option("--format", "format_", type=click.Choice(AUDIT_FORMATS), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Put the whole report of each step into the JSON.")
@output_option
@configured
def audit_command(
    revision: str,
    file: Path | None,
    jobs: int,
    scheduler: str | None,
    journal: Path | None,
    format_: str,
    everything: bool,
    output: Path | None,
    settings: Settings,
    no_merges: bool,
    **chosen: Any,
) -> int:
    """Classify each commit that led to REVISION, or each in a range v1..main, against the one before it."""
    from mx_changeclass.portfolios import portfolio

    if file is not None and (revision != "HEAD" or no_merges or any(v for v in chosen.values())):
        raise click.UsageError("--portfolio says of each app what is audited. Leave the other choices out")
    with ExitStack() as stack:
        shared: dict[str, Any] = {"policy": settings.policy, "jobs": jobs, "journal": journal}
        if scheduler:
            shared |= _cluster(scheduler, stack)
        with progress("auditing") as say:
            if file is None:
                found = audit(revision, merges=not no_merges, **chosen, **shared)
                for number, step in enumerate(found, 1):
                    say(f"{number} of {found.total}: {step.name}")
                audits: Mapping[str, Any] = {found.label or "app": found}
            else:
                audits = portfolio(file, **shared)
            report = render_audits(audits, format_, everything=everything)
    write(report, output)
    return BELOW


def _cluster(address: str, stack: ExitStack) -> dict[str, Any]:
    """The executor of a cluster, and how much work it can take."""
    try:
        from distributed import Client
    except ImportError:
        raise PolicyError("--scheduler needs the extra 'dask'. Run 'pip install mx-changeclass[dask]'") from None
    try:
        client = stack.enter_context(Client(address))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise PolicyError(f"{address}: {error}. Give the address of a scheduler, tcp://host:8786") from None
    executor: Executor = stack.enter_context(client.get_executor())
    return {"executor": executor, "jobs": 1, "ahead": 2 * max(1, sum(client.ncores().values()))}
