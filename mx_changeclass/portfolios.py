"""The histories of several apps, each audited for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from os import PathLike
from threading import Event
from typing import Any

from attrs import frozen

from mx_changeclass.errors import MxError
from mx_changeclass.policy import Policy
from mx_changeclass.readers.portfolio import ListedApp, read_portfolio
from mx_changeclass.timeline import Audit, Processes, audit, workers

_AT_ONCE = 8  # so many apps at least are gone through at once where an executor does the work


@frozen
class Portfolio(Mapping[str, Audit]):
    """The audits of apps by their names, in the order of the file; ``errors`` are those of apps that could not be
    audited, by their names too."""

    audits: Mapping[str, Audit]
    errors: Mapping[str, MxError]

    def __getitem__(self, name: str) -> Audit:
        return self.audits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.audits)

    def __len__(self) -> int:
        return len(self.audits)

    def to_frame(self, by: str = "step") -> Any:
        """A pandas frame of all apps, see ``Audit.to_frame``."""
        from mx_changeclass.findings.frame import steps_frame

        told = {name: (found.steps, found.unread) for name, found in self.items()}
        return steps_frame({**told, **{name: ((), (error,)) for name, error in self.errors.items()}}, by)

    def _repr_html_(self) -> str:
        """The portfolio as a page, shown by a notebook."""
        from mx_changeclass.reports.audit_page import audits_framed

        return audits_framed(self)


def portfolio(
    file: str | PathLike[str],
    *,
    policy: Policy | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    ahead: int | None = None,
    journal: str | PathLike[str] | None = None,
) -> Portfolio:
    """Audit each app that a file lists (see ``docs/how-to/audits.md``); an app that cannot be read holds up no other.

    The remaining arguments are those of ``audit`` and hold for all apps. The audits are run to their ends. Raises
    ``PolicyError`` for a file that is no portfolio.
    """
    apps = read_portfolio(file)
    stopped = Event()
    with ExitStack() as stack:
        if executor is None and jobs > 1:
            executor = stack.enter_context(Processes(jobs))

        def audited(app: ListedApp) -> Audit | MxError:
            try:
                found = audit(
                    app.branch, app.path, cwd=app.repository, tags=app.tags, since=app.since, until=app.until,
                    merges=app.merges, limit=app.limit, policy=policy, executor=executor, ahead=ahead, journal=journal,
                )  # fmt: skip
                found.label = app.name
                for _ in iter(found.advance, None):
                    if stopped.is_set():
                        break
                return found
            except MxError as error:
                return error

        if executor is None:
            told = [audited(app) for app in apps]
        else:  # each thread only waits for what the executor does
            threads = stack.enter_context(ThreadPoolExecutor(max(_AT_ONCE, workers(executor))))
            stack.callback(stopped.set)  # before the threads are waited for
            told = list(threads.map(audited, apps))
    pairs = list(zip(apps, told, strict=True))
    return Portfolio(
        {app.name: found for app, found in pairs if isinstance(found, Audit)},
        {app.name: found for app, found in pairs if isinstance(found, MxError)},
    )
