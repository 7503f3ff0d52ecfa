"""A history in git, step by step: what each commit, or each release, means for those who have the one before it."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    InvalidStateError,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date
from functools import partial
from itertools import islice
from multiprocessing import get_context
from os import PathLike, cpu_count
from pathlib import Path
from threading import Lock, Thread
from time import sleep
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from mx_changeclass.errors import MxError, PolicyError, ReadError, fault
from mx_changeclass.findings.classify import classify_release
from mx_changeclass.findings.steps import Judged, Step
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.pipeline import check_readable, compare, released
from mx_changeclass.policy import Policy
from mx_changeclass.readers.history import History, history
from mx_changeclass.readers.journal import Journal

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from mx_changeclass.graphs.app import App

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
    ``tags="v*"`` compares each commit that carries such a tag with the nearest one that leads to it, the release that
    its line had before: all that there are where the history ends at ``HEAD``, else those that lead to ``revision``.
    ``since`` and ``until`` are days, and ``limit`` takes the last so many steps. ``path`` is the project's folder or
    ``.mpr`` from the top of the repository around ``cwd``; without it the nearest at ``cwd`` or above.

    Any ``executor`` works, one of processes or of a cluster too; ``jobs`` makes one of so many processes for the time
    of the audit. A task is a run of neighbours; ``ahead`` of them, by default two a worker, are begun before they are
    asked for, and the steps come in order. What a worker that dies leaves undone is done again.
    ``journal`` is a file that keeps what is done, so that a later audit begins where this one ended.

    Raises ``ReadError`` where the history cannot be read, and once it has given its steps where the project in the last
    commits cannot.
    """
    check_counts(jobs=jobs, ahead=ahead)
    check_counts(0, limit=limit)
    if executor is not None and jobs > 1:
        raise PolicyError("'executor' and 'jobs' exclude each other. Give one of them")
    first, last = _day(since, "since"), _day(until, "until")
    if first and last and first > last:
        raise PolicyError(f"'since' {first} is after 'until' {last}, so that no day lies between. Exchange them")
    place = Path(cwd or "").absolute()  # a worker may stand elsewhere
    past = history(
        revision,
        path,
        place,
        limit=limit,
        tags=tags,
        since=first,
        until=last,
        merges=merges,
    )
    _, dots, end = revision.partition("..")
    whole = partial(history, (end or "HEAD") if dots else revision, path, place, tags=tags, merges=merges)
    work = _Work(past, tuple(past.steps()), policy, Journal.of(journal, policy, past.path), whole)
    return Audit(past.label, len(work.pairs), work.steps(executor, jobs, ahead), work.stopped)


def check_counts(least: int = 1, /, **counts: int | None) -> None:
    """Raise ``PolicyError`` for what is no whole number, or too small a one; None says nothing."""
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < least):
            raise PolicyError(f"{name!r} cannot be {count!r}. Give a number such as 2")


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

    def __init__(
        self,
        label: str,
        total: int,
        source: Generator[Step, None, Sequence[MxError]],
        stopped: Future[None] | None = None,
    ) -> None:
        self.label, self.total = label, total
        self._source, self._known = source, list[Step]()
        self._stopped = stopped
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
        """End the audit where it stands; work that was not begun is not done. Another thread that waits for a step of
        it gets an ``MxError``."""
        if self._stopped is not None:
            with suppress(InvalidStateError):  # it was closed before
                self._stopped.set_result(None)
        with suppress(ValueError):  # another thread goes through it, and ends it
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


@define
class _Task:
    """A run of neighbours and what comes of it; whether the journal has that."""

    run: Sequence[CommitPair]
    future: Future[list[Judged]]
    kept: bool = False


@frozen
class _Work:
    past: History
    pairs: Sequence[CommitPair]
    policy: Policy | None
    journal: Journal
    whole: Callable[[], History]  # of which this is a part
    stopped: Future[None] = field(factory=Future)  # done once nobody wants the rest

    def steps(
        self, executor: Executor | None, jobs: int, ahead: int | None
    ) -> Generator[Step, None, Sequence[MxError]]:
        """The steps in order. A commit that could not be judged is passed over: what came after it is compared with
        the last one before it that could, even where that stands before all that was asked for. Returns the errors of
        those after which none came. Raises ``ReadError`` where there is no step for want of one to compare with, and
        where a clone lacks that: what the first step changed would be told nowhere."""
        base_of: dict[str, str] = {}
        skipped = list[MxError]()
        baseless = list[ReadError]()
        begun = False
        with ExitStack() as stack:
            pool = stack.enter_context(Processes(jobs)) if executor is None and jobs > 1 else executor
            most = ahead or _AHEAD * (workers(pool) if pool else 1)
            found = stack.enter_context(closing(self._judged(pool, most)))
            for (old, commit), told in zip(self.pairs, found, strict=True):
                base, judged = base_of.get(old, old), told
                if (
                    judged.old != base
                ):  # its run began after a commit that cannot be read, and did not know what to take
                    judged = self._one(base, commit, pool)
                if judged.unread == judged.old:
                    judged, passed_over = self._further_back(judged, commit, pool)
                    skipped[:0] = passed_over
                    if judged.unread == judged.old and isinstance(judged.error, ReadError):
                        baseless.append(judged.error)
                if judged.verdict is None:
                    skipped.extend(filter(None, [judged.error]))
                    if judged.unread == commit.id:
                        base_of[commit.id] = judged.old
                    continue
                begun = True
                yield Step(judged.old, commit.id, judged.verdict, tuple(skipped), commit)
                skipped.clear()
        if baseless and not begun and len(baseless) == len(skipped):
            error = baseless[0]
            lacks = "and without it the first step has nothing to be compared with"
            raise ReadError(error.source, f"{error.problem.rstrip('.')}, {lacks}", error.advice)
        return skipped

    def _before(self, commit: str) -> Iterator[str]:
        """What a commit is compared with, what that is, and so on: back to the first. Raises ``ReadError`` for a clone
        that lacks its past."""
        before = {new.id: old for old, new in self.whole().steps()}
        while commit in before:
            commit = before[commit]
            yield commit

    def _one(self, base: str, commit: Commit, pool: Executor | None) -> Judged:
        """What is found of a commit beside another one than it stands beside."""
        judged = self.journal.get((base, commit))
        if judged is None or judged.old != base:
            judged = next(self._found([(base, commit)], pool, 1))
        return judged

    def _further_back(self, judged: Judged, commit: Commit, pool: Executor | None) -> tuple[Judged, Sequence[MxError]]:
        """What is found of a commit beside the last one that can be read before its base, which cannot; and the errors
        of those that are passed over for it, oldest first. Where there is none, what was found before. Raises
        ``ReadError`` for a clone that lacks its past."""
        told, errors = judged, list[MxError]()
        for earlier in self._before(judged.old):
            errors[:0] = filter(None, [told.error])
            told = self._one(earlier, commit, pool)
            if told.unread != earlier:
                return told, errors
        return judged, ()

    def _judged(self, pool: Executor | None, most: int) -> Generator[Judged, None, None]:
        """What was found of each pair: what the journal has, and the rest as it comes."""
        rest = [pair for pair in self.pairs if pair not in self.journal]
        with closing(self._found(rest, pool, most)) as found:
            for pair in self.pairs:
                yield self.journal.get(pair) or next(found)

    def _found(self, pairs: Sequence[CommitPair], pool: Executor | None, most: int) -> Generator[Judged, None, None]:
        """What is found of pairs, in their order; the journal keeps each as soon as it is known."""
        if pool is None:
            for pair, judged in zip(pairs, _run(self.past, pairs, self.policy), strict=True):
                self.journal.keep(pair, judged)
                yield judged
            return
        size = max(1, min(_RUN, len(pairs) // most))
        begun = (
            _Task(run, self._begin(pool, run)) for run in (pairs[n : n + size] for n in range(0, len(pairs), size))
        )
        waiting = deque(islice(begun, most))
        try:
            while waiting:
                self._keep_until_first(waiting)
                task = waiting.popleft()
                found = self._result(task.run, task.future)
                self._keep(task, found)
                yield from found
                waiting.extend(islice(begun, 1))
        finally:
            for task in waiting:
                task.future.cancel()
            with suppress(PolicyError):  # where it could not be written it was told before
                self._keep_done(waiting)

    def _keep_until_first(self, waiting: Sequence[_Task]) -> None:
        """Wait for the first task; what comes of others before it is kept meanwhile, as the audit may be stopped."""
        while not (waiting[0].future.done() or self.stopped.done()):
            undone: list[Future[Any]] = [task.future for task in waiting if not task.future.done()]
            wait((self.stopped, *undone), return_when=FIRST_COMPLETED)
            self._keep_done(waiting)

    def _keep_done(self, waiting: Sequence[_Task]) -> None:
        for task in waiting:
            if task.future.done() and not task.future.cancelled() and not task.future.exception():
                self._keep(task, task.future.result())

    def _keep(self, task: _Task, found: Sequence[Judged]) -> None:
        if not task.kept:
            task.kept = True
            for pair, judged in zip(task.run, found, strict=True):
                self.journal.keep(pair, judged)

    @property
    def _place(self) -> History:
        """The history as it crosses to a worker, which is told of each commit that it needs."""
        return evolve(self.past, commits=())

    def _begin(self, pool: Executor, run: Sequence[CommitPair]) -> Future[list[Judged]]:
        try:
            return pool.submit(_run_list, self._place, run, self.policy)
        except BrokenExecutor as error:
            lost: Future[list[Judged]] = Future()
            lost.set_exception(error)
            return lost

    def _done(self, future: Future[Any]) -> Any:
        """What comes of a task. Raises ``CancelledError`` once nobody wants it."""
        wait((future, self.stopped), return_when=FIRST_COMPLETED)
        if not future.done():
            future.cancel()
            raise CancelledError
        return future.result()

    def _result(self, run: Sequence[CommitPair], future: Future[list[Judged]]) -> list[Judged]:
        """What a worker found; what it left undone is done again."""
        try:
            try:
                found: list[Judged] = self._done(future)
            except (MxError, CancelledError):
                raise
            except Exception:  # each kind of executor has its own for a worker that is gone
                found = self._again(run)
        except CancelledError:
            raise MxError("the audit was stopped before it ended. Run it again; a journal goes on") from None
        return found

    def _again(self, run: Sequence[CommitPair]) -> list[Judged]:
        """What a process of its own finds, all at once or else pair by pair. What ends that too is told as an error."""
        with Processes(1) as alone:
            with suppress(BrokenExecutor):
                return self._done(self._begin(alone, run))  # type: ignore[no-any-return]
            found: list[Judged] = []
            for pair in run:
                try:
                    found += self._done(self._begin(alone, [pair]))
                except BrokenExecutor:
                    found.append(self._ended(alone, *pair))
        return found

    def _ended(self, alone: Processes, old: str, commit: Commit) -> Judged:
        """What is told of a pair that ends whoever compares it: one of the two does so by itself, or the newer one is
        taken for it."""
        unread = commit.id
        for each in (commit.id, old):
            try:
                self._done(alone.submit(_try, self._place, each, self.policy))
            except BrokenExecutor:
                unread = each
                break
        place = f"{unread[:12]}:{self.past.path}".rstrip(":")
        error = MxError(f"{place}: ended the process that compared it. Compare it with 'diff' to see why")
        return Judged(old, None, unread, error)


def workers(executor: Executor) -> int:
    """How many tasks are worked on at once, as pools and the client of a Dask cluster tell; else as if it were here."""
    client = getattr(executor, "_client", None)
    told = getattr(executor, "_max_workers", None) or (sum(client.ncores().values()) if client else None)
    return told or cpu_count() or 1


class Processes(Executor):
    """Processes of our own. They are started anew, not forked, since others may hold threads; and where one dies,
    and with it all, the next task gets new ones. None of them outlives ``shutdown`` or this process, however that ends:
    each ends itself once the other end of a pipe is closed. What stops this process in a terminal is for it alone."""

    def __init__(self, jobs: int) -> None:
        self._max_workers, self._renewed = jobs, Lock()
        self._wanted, self._ours = get_context("spawn").Pipe(duplex=False)
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._max_workers, mp_context=get_context("spawn"), initializer=_begin_worker, initargs=(self._wanted,)
        )

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        pool = self._pool
        with _uninterrupted():
            try:
                doing = pool.submit(_worked, fn, *args, **kwargs)
            except BrokenExecutor:
                with self._renewed:
                    if self._pool is pool:  # no other thread was here before
                        self._pool = self._started()
                doing = self._pool.submit(_worked, fn, *args, **kwargs)
        # one of its own: the pool of Python 3.11 tells nobody that a process died where one of its futures is cancelled
        told: Future[Any] = Future()
        doing.add_done_callback(partial(_tell, told))
        return told

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes, at what work they ever are."""
        self._ours.close()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        self._wanted.close()


def _tell(told: Future[Any], done: Future[Any]) -> None:
    """Tell what came of a task to whoever still wants it."""
    if not told.set_running_or_notify_cancel():
        return
    error = CancelledError() if done.cancelled() else done.exception()
    if error is None:
        told.set_result(done.result())
    else:
        told.set_exception(error)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that are started here get no Ctrl-C of a terminal, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_at_work = Lock()  # in a worker: held while it works on a task
_HAND_OVER = 2.0  # seconds in which a worker can hand over what it found


def _worked(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    with _at_work:
        return fn(*args, **kwargs)


def _begin_worker(wanted: Connection) -> None:
    """End this process once nobody wants what it does. Who is cut off while it hands something over leaves a reader
    that waits for the rest, so that is let end; one that has nothing to do is told so otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def end() -> None:
        with suppress(EOFError, OSError):
            wanted.recv_bytes()
        if not _at_work.locked():
            sleep(_HAND_OVER)
        os._exit(1)

    Thread(target=end, daemon=True).start()


def _run_list(past: History, pairs: Sequence[CommitPair], policy: Policy | None) -> list[Judged]:
    """A task, wherever it is done: its arguments and its result cross to other processes."""
    return list(_run(past, pairs, policy))


def _try(past: History, commit: str, policy: Policy | None) -> None:
    """A task that does with one commit what is done with two, whatever comes of it."""
    with suppress(Exception):
        alone = _readable(past, commit, None)
        compare(alone, alone, policy)


def _run(past: History, pairs: Sequence[CommitPair], policy: Policy | None) -> Iterator[Judged]:
    """What is found of neighbours: the newer side of a pair is the older one of the next, with all that was asked of
    it."""
    base_of: dict[str, str] = {}
    side: tuple[str, Snapshot] | None = None
    known: App | None = None
    for number, (old, commit) in enumerate(pairs, 1):
        base, unread = base_of.get(old, old), commit.id
        try:
            after = _readable(past, unread, side[1] if side else None)
            unread = base
            before = side[1] if side and side[0] == base else _readable(past, base, after)
        except ReadError as error:
            judged = Judged(base, None, unread, error)
        else:
            judged, known = _compared(base, before, commit.id, after, policy, known)
            after.keep_rows(before)
        if unread != commit.id:
            side = commit.id, after
        if judged.unread == commit.id:
            base_of[commit.id] = base
        if number % _RUN == 0:  # what is known of documents that went is let go
            known = None
        yield judged


def _compared(
    base: str, before: Snapshot, commit: str, after: Snapshot, policy: Policy | None, known: App | None
) -> tuple[Judged, App | None]:
    """The verdict on two commits with what was asked of the newer one, or why there is none: a document that turns out
    to be damaged, or a fault of this program, holds up no other step."""
    try:
        release = released(before, after, policy, known)
        return Judged(base, classify_release(release).detached()), release.new
    except ReadError as error:
        return Judged(base, None, commit if _damaged(after) else base, error), None
    except MxError:
        raise
    except Exception as error:
        return Judged(base, None, commit, MxError(f"{after.label}: {fault(error)}")), None


def _damaged(snapshot: Snapshot) -> bool:
    try:
        _ = snapshot.table
    except ReadError:
        return True
    return False


def _readable(past: History, commit: str, beside: Snapshot | None) -> Snapshot:
    snapshot = past.read(commit, beside)
    check_readable(snapshot)
    return snapshot
