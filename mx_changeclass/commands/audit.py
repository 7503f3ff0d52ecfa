"""``mx-changeclass audit``: a history, release by release."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mx_changeclass.console.frame import BELOW, UNREADABLE, Command, complain
from mx_changeclass.console.options import Settings, configured
from mx_changeclass.console.output import make_folder, output_option, progress, write
from mx_changeclass.errors import PolicyError
from mx_changeclass.reports import AUDIT_FORMATS

if TYPE_CHECKING:
    from concurrent.futures import Executor


@click.command("audit", cls=Command, short_help="Classify a history step by step: commits or releases.")
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
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the whole report of each step into this folder; the page leads to them.",
)
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
    reports: Path | None,
    settings: Settings,
    no_merges: bool,
    **chosen: Any,
) -> int:
    """Classify each commit that led to REVISION, or each in a range v1..main, against the one before it."""
    from mx_changeclass.portfolios import portfolio
    from mx_changeclass.reports.audit import errors_of, render_audits
    from mx_changeclass.timeline import audit

    if file is not None and (revision != "HEAD" or no_merges or any(v for v in chosen.values())):
        raise click.UsageError("--portfolio says of each app what is audited. Leave the other choices out")
    if reports is not None and format_ != "html":
        raise click.UsageError("--reports writes what the page leads to. Add --format html")
    if everything and format_ != "json":
        raise click.UsageError("--all puts the whole report of each step into the JSON. Add --format json")
    with ExitStack() as stack, _going_on(journal):
        shared: dict[str, Any] = {"policy": settings.policy, "jobs": jobs, "journal": journal}
        if scheduler:
            shared |= _cluster(scheduler, stack)
        with progress("auditing") as say:
            if file is None:
                found = audit(revision, merges=not no_merges, **chosen, **shared)
                say(f"{found.label} 0 of {found.total}")
                for number, step in enumerate(iter(found.advance, None), 1):
                    say(f"{found.label} {number} of {found.total}: {step.name}")
                audits: Mapping[str, Any] = {found.label: found}
            else:
                audits = portfolio(file, **shared, say=say)
            say("writing the report")
            report = render_audits(
                audits,
                format_,
                everything=everything,
                reports=_written(audits, reports, output, say) if reports else "",
            )
    write(report, output)
    if errors_of(audits) or any(found.unread for found in audits.values()):
        complain("not all could be audited; the report tells what and why")
        return UNREADABLE
    if file is None and not found.total and chosen["limit"] != 0:
        complain(f"nothing to compare: {_hint(revision, **chosen)}")
    return BELOW


@contextmanager
def _going_on(journal: Path | None) -> Iterator[None]:
    """Who stops an audit that keeps a journal is told that it goes on."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        if journal is not None:
            stopped.add_note("it goes on from the journal")
        raise


def _hint(revision: str, *, tags: str, since: str, until: str, **_: Any) -> str:
    """Why what was asked for may hold no step."""
    if ".." in revision:
        return f"{revision} holds no commit to compare. A range leads from the older version to the newer one"
    if since or until:
        return "no commit to compare is of those days. Leave out '--since' and '--until' to see all"
    what = f"with a tag like '{tags}'" if tags else "that touched the project"
    return f"no commit {what} has another one before it. Name another branch or project"


def _written(audits: Mapping[str, Any], folder: Path, page: Path | None, say: Callable[[str], None]) -> str:
    """Writes the report of each step that the page tells into a folder, and gives its address as seen from the page."""
    from urllib.parse import quote

    from mx_changeclass.reports.audit_page import shown_steps
    from mx_changeclass.reports.rendering import render

    make_folder(folder)
    for name, step in shown_steps(audits):
        say(f"writing {name}")
        write(render(step.verdict, "html"), folder / name)
    return quote(Path(os.path.relpath(folder, page.parent if page else ".")).as_posix())


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
    executor: Executor = client.get_executor()
    stack.callback(executor.shutdown, wait=False)  # who stops an audit waits for nobody
    return {"executor": executor, "jobs": 1, "ahead": 2 * max(1, sum(client.ncores().values()))}
