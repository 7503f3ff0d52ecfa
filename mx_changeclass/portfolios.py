"""The histories of several apps, each audited for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from os import PathLike
from threading import Lock
from typing import Any

from attrs import frozen

from mx_changeclass.errors import MxError
from mx_changeclass.policy import Policy
from mx_changeclass.readers.journal import check_journal
from mx_changeclass.readers.portfolio import ListedApp, read_portfolio
from mx_changeclass.timeline import Audit, Processes, audit, check_counts, workers
from mx_changeclass.wording.values import plural

_AT_ONCE = 8  # so many apps at least are gone through at once where an executor does the work


@frozen
class Portfolio(Mapping[str, Audit]):
    """The audits of apps by their names, in the order of the file; ``errors`` are those of apps that could not be
    audited, by their names too."""

    audits: Mapping[str, Audit]
    errors: Mapping[str, MxError]

    def __getitem__(self, name: str) -> Audit:
        if name in self.errors:
            raise KeyError(f"{name!r} could not be audited: {self.errors[name]}")
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
    say: Callable[[str], None] | None = None,
) -> Portfolio:
    """Audit each app that a file lists (see ``docs/how-to/audits.md``); an app that cannot be read holds up no other.

    The arguments from ``policy`` to ``journal`` are those of ``audit`` and hold for all apps. The audits are run to
    their ends; ``say`` is told in words how far they are. Raises ``PolicyError`` for a file that is no portfolio.
    """
    check_counts(jobs=jobs, ahead=ahead)
    apps = read_portfolio(file)
    if journal is not None:
        check_journal(journal)  # it is of no single app
    course = _Course(len(apps), say)
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
                course.run(found)
                return found
            except MxError as error:
                return error
            finally:
                course.end()

        if executor is None:
            told = [audited(app) for app in apps]
        else:  # each thread only waits for what the executor does
            threads = stack.enter_context(ThreadPoolExecutor(max(_AT_ONCE, workers(executor))))
            stack.callback(course.stop)  # before the threads are waited for
            told = list(threads.map(audited, apps))
    pairs = list(zip(apps, told, strict=True))
    return Portfolio(
        {app.name: found for app, found in pairs if isinstance(found, Audit)},
        {app.name: found for app, found in pairs if isinstance(found, MxError)},
    )


class _Course:
    """How far the audits of a portfolio are, whichever threads run them, and what stops them all."""

    def __init__(self, apps: int, say: Callable[[str], None] | None) -> None:
        self._apps, self._say, self._turn = apps, say, Lock()
        self._ended = self._steps = 0
        self._begun, self._stopped = list[Audit](), False

    def run(self, found: Audit) -> None:
        """Run an audit to its end."""
        with self._turn:
            self._begun.append(found)
            if self._stopped:
                found.close()
        for number, step in enumerate(iter(found.advance, None), 1):
            with self._turn:
                self._steps += 1
                self._tell(f"; {found.label} {number} of {found.total}: {step.name}")

    def end(self) -> None:
        """Count an app that has come to its end."""
        with self._turn:
            self._ended += 1
            self._tell("")

    def stop(self) -> None:
        """End all audits, each as soon as it can."""
        with self._turn:
            self._stopped = True
        for found in self._begun:
            found.close()

    def _tell(self, last: str) -> None:
        if self._say is not None:
            self._say(f"{self._ended} of {self._apps} apps, {plural(self._steps, 'step')}{last}")
