"""A history in git, step by step: what each commit, or each release, means for those who have the one before it."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, closing
from datetime import date
from functools import partial
from itertools import islice
from multiprocessing import get_context
from os import PathLike, cpu_count
from pathlib import Path
from threading import Lock
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.errors import MxError, PolicyError, ReadError
from mx_changeclass.findings.steps import Judged, Step
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.pipeline import check_readable, compare
from mx_changeclass.policy import Policy
from mx_changeclass.readers.history import History, history
from mx_changeclass.readers.journal import Journal

_RUN = 16  # so many neighbours are one task: each of them is read once
_AHEAD = 2  # so many tasks a worker are begun before they are asked for


def audit(
    revision: str = "HEAD",
    path: str = "",
    *,
    cwd: str | PathLike[str] | None = None,
    tags: str = "",
    since: date | str = "",
    until: date | str = "",
    merges: bool = True,
    limit: int | None = None,
    policy: Policy | None = None,
    executor: Executor | None = None,
    jobs: int = 1,
    ahead: int | None = None,
    journal: str | PathLike[str] | None = None,
) -> Audit:
    """Classify each commit that touched a project against the one before it, oldest first.

    ``revision`` is where the history ends, or a range (``v1..main``). It goes along first parents: what was merged
    counts as one commit; with ``merges=False`` each commit that is no merge is a step from its own parent.
    ``tags="v*"`` compares each commit that carries such a tag with the one tagged before it. ``since`` and ``until``
    are days, and ``limit`` takes the last so many steps. ``path`` is the project's folder or ``.mpr`` from the top of
    the repository around ``cwd``; without it the nearest at ``cwd`` or above.

    Any ``executor`` works, one of processes or of a cluster too; ``jobs`` makes one of so many processes for the time
    of the audit. A task is a run of neighbours; ``ahead`` of them, by default two a worker, are begun before they are
    asked for, and the steps come in order. What a worker that dies leaves undone is done again.
    ``journal`` is a file that keeps what is done, so that a later audit begins where this one ended.

    Raises ``ReadError`` where the history cannot be read, and once it has given its steps where the project in the last
    commits cannot.
    """
    if executor is not None and jobs > 1:
        raise PolicyError("'executor' and 'jobs' exclude each other. Give one of them")
    past = history(
        revision,
        path,
        Path(cwd or "").absolute(),  # a worker may stand elsewhere
        limit=None if limit is None else max(limit, 0),
        tags=tags,
        since=_day(since, "since"),
        until=_day(until, "until"),
        merges=merges,
    )
    work = _Work(past, tuple(past.steps()), policy, Journal.of(journal, policy))
    return Audit(past.label, len(work.pairs), work.steps(executor, jobs, ahead))


def _day(day: date | str, name: str) -> str:
    try:
        return date.fromisoformat(day).isoformat() if isinstance(day, str) and day else str(day)
    except ValueError:
        raise PolicyError(f"{name!r} cannot be {day!r}. Give a day such as 2026-04-22") from None


class Audit(Iterator[Step]):
    """The steps of a history, as they come and once they are there.

    Iterate to watch it run; a second time the steps that are known come first. Where the last commits cannot be judged
    it ends with the error of the newest, so that nobody takes the step before them for the last. ``steps`` runs it to
    its end, as all that sums it up does, and ``unread`` tells those errors. ``total`` counts the pairs to compare: the
    steps, and what could not be judged.
    """

    def __init__(self, label: str, total: int, source: Generator[Step, None, Sequence[MxError]]) -> None:
        self.label, self.total = label, total
        self._source, self._known = source, list[Step]()
        self._unread: tuple[MxError, ...] = ()
        self._broken: Exception | None = None

    def __repr__(self) -> str:
        return f"<Audit {self.label!r}: {len(self._known)} of {self.total} steps>"

    def advance(self) -> Step | None:
        """The next step, None at the end, whatever could not be judged there. What broke the audit off breaks it off
        whoever asks again."""
        if self._broken is not None:
            raise self._broken
        try:
            self._known.append(next(self._source))
        except StopIteration as ended:
            self._unread = ended.value or self._unread
            return None
        except Exception as error:
            self._broken = error
            raise
        return self._known[-1]

    def __next__(self) -> Step:
        step = self.advance()
        if step is None:
            raise self._unread[-1] if self._unread else StopIteration
        return step

    def __iter__(self) -> Iterator[Step]:
        at = 0
        while at < len(self._known) or self.advance() is not None:
            yield self._known[at]
            at += 1
        if self._unread:
            raise self._unread[-1]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, oldest first."""
        while self.advance() is not None:
            pass
        return tuple(self._known)

    @property
    def unread(self) -> tuple[MxError, ...]:
        """Why the commits after the last step could not be judged, oldest first."""
        _ = self.steps
        return self._unread

    def close(self) -> None:
        """End the audit where it stands; work that was not begun is not done."""
        self._source.close()

    def to_frame(self, by: str = "step") -> Any:
        """A pandas frame with one row a ``step``, or a ``finding`` or ``change`` of a step with the columns of
        ``Verdict.to_frame``. Where the last commits could not be judged, a row a step ends with one that has no class
        and says so. Needs the ``notebook`` extra."""
        from mx_changeclass.findings.frame import steps_frame

        return steps_frame({self.label: (self.steps, self.unread)}, by)

    def to_dict(self) -> dict[str, Any]:
        """The document of ``audit --format json`` as plain values."""
        from mx_changeclass.reports.audit import audit_document

        return audit_document({self.label: self})

    def _repr_html_(self) -> str:
        """The audit as a page, shown by a notebook."""
        from mx_changeclass.reports.audit_page import audits_framed

        return audits_framed({self.label: self})


CommitPair = tuple[str, Commit]  # the id of a commit, and the one that is compared with it


@frozen
class _Work:
    past: History
    pairs: Sequence[CommitPair]
    policy: Policy | None
    journal: Journal

    def steps(
        self, executor: Executor | None, jobs: int, ahead: int | None
    ) -> Generator[Step, None, Sequence[MxError]]:
        """The steps in order. A commit that could not be judged is passed over: what came after it is compared with
        the last one before it that could. Returns the errors of those after which none came."""
        base_of: dict[str, str] = {}
        skipped = list[MxError]()
        with closing(self._judged(executor, jobs, ahead)) as found:
            for (old, commit), told in zip(self.pairs, found, strict=True):
                base = base_of.get(old, old)
                # a run that began after a commit that cannot be read did not know the one before that
                judged = told if told.old == base else next(_run(self.past, [(base, commit)], self.policy))
                if judged.verdict is None:
                    skipped.extend(filter(None, [judged.error]))
                    if judged.unread == commit.id:
                        base_of[commit.id] = base
                    continue
                yield Step(base, commit.id, judged.verdict, tuple(skipped), commit)
                skipped.clear()
        return skipped

    def _judged(self, executor: Executor | None, jobs: int, ahead: int | None) -> Generator[Judged, None, None]:
        """What was found of each pair: what the journal has, and the rest as it comes."""
        rest = [pair for pair in self.pairs if pair not in self.journal]
        with closing(self._found(rest, executor, jobs, ahead)) as found:
            for pair in self.pairs:
                judged = self.journal.get(pair)
                if judged is None:
                    judged = next(found)
                    self.journal.keep(pair, judged)
                yield judged

    def _found(
        self, pairs: Sequence[CommitPair], executor: Executor | None, jobs: int, ahead: int | None
    ) -> Generator[Judged, None, None]:
        if executor is None and jobs <= 1:
            yield from _run(self.past, pairs, self.policy)
            return
        most = ahead or _AHEAD * (jobs if executor is None else workers(executor))
        size = max(1, min(_RUN, len(pairs) // most))
        with ExitStack() as stack:
            pool = stack.enter_context(Processes(jobs)) if executor is None else executor
            begun = (self._begin(pool, pairs[at : at + size]) for at in range(0, len(pairs), size))
            waiting = deque(islice(begun, most))
            try:
                while waiting:
                    run, future = waiting.popleft()
                    yield from self._result(run, future)
                    waiting.extend(islice(begun, 1))
            finally:
                for _, future in waiting:
                    future.cancel()

    def _begin(self, pool: Executor, run: Sequence[CommitPair]) -> tuple[Sequence[CommitPair], Future[list[Judged]]]:
        place = evolve(self.past, commits=())  # what crosses to a worker is small
        try:
            return run, pool.submit(_run_list, place, run, self.policy)
        except BrokenExecutor as error:
            lost: Future[list[Judged]] = Future()
            lost.set_exception(error)
            return run, lost

    def _result(self, run: Sequence[CommitPair], future: Future[list[Judged]]) -> list[Judged]:
        """What a worker found; what it left undone is done again."""
        try:
            return future.result()
        except MxError:
            raise
        except CancelledError:
            raise MxError(
                "the executor was shut down before the audit ended. Run it again; a journal goes on"
            ) from None
        except Exception:  # each kind of executor has its own for a worker that is gone
            return self._again(run)

    def _again(self, run: Sequence[CommitPair]) -> list[Judged]:
        """What a process of its own finds. A commit at which that dies too is told as one that could not be judged."""
        with Processes(1) as alone:
            try:
                return self._begin(alone, run)[1].result()
            except BrokenExecutor:
                if len(run) > 1:
                    return [judged for pair in run for judged in self._again([pair])]
        ((old, commit),) = run
        problem = "ended the process that compared it with the version before"
        error = ReadError(f"{commit.id[:12]}:{self.past.path}", problem, "Compare the two with 'diff' to see why")
        return [Judged(old, None, commit.id, error)]


def workers(executor: Executor) -> int:
    """How many tasks are worked on at once, as pools and the client of a Dask cluster tell; else as if it were here."""
    client = getattr(executor, "_client", None)
    told = getattr(executor, "_max_workers", None) or (sum(client.ncores().values()) if client else None)
    return told or cpu_count() or 1


class Processes(Executor):
    """Processes of our own. They are started anew, not forked, since others may hold threads; and where one dies,
    and with it all, the next task gets new ones. Who stops the audit in a terminal stops them, and they say nothing."""

    def __init__(self, jobs: int) -> None:
        self._jobs, self._renewed = jobs, Lock()
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        quiet = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        return ProcessPoolExecutor(self._jobs, mp_context=get_context("spawn"), initializer=quiet)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        pool = self._pool
        try:
            return pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:
            with self._renewed:
                if self._pool is pool:  # no other thread was here before
                    self._pool = self._started()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def _run_list(past: History, pairs: Sequence[CommitPair], policy: Policy | None) -> list[Judged]:
    """A task, wherever it is done: its arguments and its result cross to other processes."""
    return list(_run(past, pairs, policy))


def _run(past: History, pairs: Sequence[CommitPair], policy: Policy | None) -> Iterator[Judged]:
    """What is found of neighbours: the newer side of a pair is the older one of the next."""
    base_of: dict[str, str] = {}
    side: tuple[str, Snapshot] | None = None
    for old, commit in pairs:
        base, unread = base_of.get(old, old), commit.id
        try:
            after = _readable(past, unread, side[1] if side else None)
            unread = base
            before = side[1] if side and side[0] == base else _readable(past, base, after)
        except ReadError as error:
            if unread == commit.id:
                base_of[unread] = base
            yield Judged(base, None, unread, error)
        else:
            yield Judged(base, compare(before, after, policy).detached())
        if unread != commit.id:
            side = commit.id, after


def _readable(past: History, commit: str, beside: Snapshot | None) -> Snapshot:
    snapshot = past.read(commit, beside)
    check_readable(snapshot)
    return snapshot
