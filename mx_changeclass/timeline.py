"""A history in git, step by step: what each commit means for those who have the version before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import islice, pairwise
from os import PathLike, cpu_count
from pathlib import Path

from attrs import frozen

from mx_changeclass.errors import ReadError
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.pipeline import compare
from mx_changeclass.policy import Policy
from mx_changeclass.readers.history import History, history

_AHEAD = 2  # so many steps a core are worked on before they are asked for


@frozen
class Step:
    """One step of a history. ``old`` and ``new`` are commit ids; ``skipped`` are the errors of commits whose
    project could not be read, which are passed over: what they changed is part of the next verdict.
    The verdict is ``detached``: it can be rendered and its findings asked; the two models are no longer in it."""

    old: str
    new: str
    verdict: Verdict
    skipped: tuple[ReadError, ...] = ()


@frozen
class _Unread:
    commit: str
    error: ReadError


def audit(
    revision: str = "HEAD",
    path: str = "",
    *,
    cwd: str | PathLike[str] | None = None,
    executor: Executor | None = None,
    policy: Policy | None = None,
    limit: int | None = None,
) -> Iterator[Step]:
    """Classify each commit that touched a project against the one before it, oldest first.

    The history is that of ``revision`` along first parents: what was merged counts as one commit. ``path`` is
    the project's folder or ``.mpr`` from the top of the repository around ``cwd``; without it the nearest at
    ``cwd`` or above. ``limit`` takes the last so many steps. Any ``executor`` works, one of processes too;
    the steps come in order, and few are worked on ahead. Raises ``ReadError`` where the history, or the
    project in its last commits, cannot be read.
    """
    past = history(revision, path, Path(cwd or ""), None if limit is None else max(limit, 0) + 1)
    last, skipped = tuple(commit.id for commit in past.commits[:1]), list[ReadError]()
    for old, new, judged in _in_order(past, policy, executor):
        outcome = judged if (old,) == last else _judge(past, last[0], new, policy)
        if isinstance(outcome, Verdict):
            yield Step(last[0], new, outcome, tuple(skipped))
            skipped.clear()
        else:
            skipped.append(outcome.error)
        if not isinstance(outcome, _Unread) or outcome.commit != new:
            last = (new,)
    if skipped:
        raise skipped[-1]


def _in_order(
    past: History, policy: Policy | None, executor: Executor | None
) -> Iterator[tuple[str, str, Verdict | _Unread]]:
    """Each pair of neighbours with what was found of it."""
    pairs = pairwise(commit.id for commit in past.commits)
    if executor is None:
        yield from ((old, new, _judge(past, old, new, policy)) for old, new in pairs)
        return
    begun = ((old, new, executor.submit(_judge, past, old, new, policy)) for old, new in pairs)
    waiting = deque(islice(begun, _AHEAD * (cpu_count() or 1)))
    try:
        while waiting:
            old, new, future = waiting.popleft()
            judged = future.result()
            waiting.extend(islice(begun, 1))
            yield old, new, judged
    finally:
        for _, _, future in waiting:
            future.cancel()


def _judge(past: History, old: str, new: str, policy: Policy | None) -> Verdict | _Unread:
    """The work of one step, wherever it is done: its arguments and its result cross to other processes."""
    sides: list[Snapshot] = []
    for commit in (new, old):
        try:
            sides.append(past.read(commit, sides[0] if sides else None))
        except ReadError as error:
            return _Unread(commit, error)
    return compare(sides[1], sides[0], policy).detached()
