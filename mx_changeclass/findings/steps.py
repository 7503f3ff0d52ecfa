"""The steps of an audit, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from attrs import field, frozen

from mx_changeclass.errors import MxError
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.model.commits import Commit
from mx_changeclass.rules.engine.rule import Rule
from mx_changeclass.vocabulary import FULL_RELEASE, NONE, ReleaseClass

STEP_COLUMNS = (
    "app", "commit", "date", "author", "subject", "tags", "old", "class", "at_most", "channel", "destructive",
    "full_release", "needs_redeploy", "ota_safe", "undecided", "breaks_old_clients", "server_data_loss", "skipped",
    "not_judged",
)  # fmt: skip


@frozen
class Step:
    """One step of a history. ``old`` and ``new`` are commit ids, ``commit`` is what git says of the second;
    ``skipped`` are the errors of commits that could not be judged: what they changed is part of this verdict.
    The verdict is ``detached``: it can be rendered and its findings asked; the two models are no longer in it."""

    old: str
    new: str
    verdict: Verdict
    skipped: tuple[MxError, ...] = ()
    commit: Commit = field(default=Commit(""))

    def __repr__(self) -> str:
        return f"<Step {self.old[:12]} -> {self.new[:12]} {self.verdict.release_class}: {self.commit.subject!r}>"

    @property
    def name(self) -> str:
        """The release as a reader knows it: its tags, else the commit."""
        return ", ".join(self.commit.tags) or self.new[:12]

    @property
    def day(self) -> str:
        """The day of the commit, as its author's clock had it: ``2026-04-22``; "" where it is not known."""
        return self.commit.date[:10]


@frozen
class Judged:
    """What was found of a commit: the verdict on it against ``old``, or the error of the one of the two that is
    ``unread``."""

    old: str
    verdict: Verdict | None = None
    unread: str = ""
    error: MxError | None = None


@frozen
class Recurring:
    """A rule that spoke in several steps: in how many, how often in all, and in which one at last."""

    rule: Rule
    steps: int
    findings: int
    last: Step


def other_bases(steps: Sequence[Step]) -> dict[str, str]:
    """What each step was compared with, as a reader knows it, by its commit: of those that were not compared with the
    step before them."""
    names = {step.new: step.name for step in steps}
    return {step.new: names.get(step.old, step.old[:12]) for before, step in pairwise(steps) if step.old != before.new}


def worst_steps(steps: Iterable[Step], most: int = 10) -> list[Step]:
    """The worst steps first: by class, those that delete data on the server before others, by the class they may have,
    then by how many rows are of each class; of two alike the later one."""

    def harm(step: Step) -> tuple[int, ...]:
        verdict = step.verdict
        rows = (verdict.counts[c] for c in reversed(ReleaseClass) if c is not NONE)
        return verdict.release_class.rank, verdict.server_data_loss, verdict.at_most.rank, *rows

    newest_first = list(steps)[::-1]
    return sorted(newest_first, key=harm, reverse=True)[:most]


def recurring(steps: Iterable[Step], least: ReleaseClass = FULL_RELEASE) -> list[Recurring]:
    """The rules that lead to ``least`` or above, those that spoke in most steps first."""
    seen: dict[str, list[tuple[Step, Finding]]] = {}
    for step in steps:
        for finding in step.verdict.findings:
            if finding.release_class >= least:
                seen.setdefault(finding.rule.id, []).append((step, finding))
    found = [
        Recurring(told[-1][1].rule, len({step.new for step, _ in told}), len(told), told[-1][0])
        for told in seen.values()
    ]
    return sorted(found, key=lambda r: (-r.steps, -r.findings, r.rule.id))


def heat(steps: Iterable[Step]) -> Iterator[tuple[Step, str, ReleaseClass, int]]:
    """For each step and each module that it changed: the worst class there, and how many rows."""
    for step in steps:
        rows: dict[str, list[Row]] = {}
        for row in step.verdict.rows:
            rows.setdefault(row.module, []).append(row)
        for module, found in sorted(rows.items()):
            yield step, module, max(row.release_class for row in found), len(found)


def between_binaries(steps: Sequence[Step]) -> list[tuple[Step, int | None]]:
    """The steps that need a binary in the stores, each with the days since the one before it (None for the first,
    and where a date is not known)."""
    found: list[tuple[Step, int | None]] = []
    for step in steps:
        if step.verdict.channel is FULL_RELEASE:
            found.append((step, _days(found[-1][0], step) if found else None))
    return found


def _days(one: Step, other: Step) -> int | None:
    try:
        return (date.fromisoformat(other.day) - date.fromisoformat(one.day)).days
    except ValueError:
        return None


def table_rows(app: str, steps: Iterable[Step], unread: Sequence[MxError]) -> Iterator[dict[str, Any]]:
    """A row of a table for each step, by ``COLUMNS``, and one without a class for what could not be judged after it."""
    yield from (_row(app, step) for step in steps)
    if unread:
        yield {"app": app, "skipped": len(unread), "not_judged": _told(unread)}


def _told(errors: Iterable[MxError]) -> str:
    return "; ".join(map(str, errors))


def _row(app: str, step: Step) -> dict[str, Any]:
    verdict, counts = step.verdict, step.verdict.counts
    return {
        "app": app,
        "commit": step.new,
        "date": step.commit.date,
        "author": step.commit.author,
        "subject": step.commit.subject,
        "tags": ", ".join(step.commit.tags),
        "old": step.old,
        "class": str(verdict.release_class),
        "at_most": str(verdict.at_most),
        "channel": str(verdict.channel),
        **{str(c).lower(): counts[c] for c in reversed(ReleaseClass) if c is not NONE},
        "undecided": verdict.undecided,
        "breaks_old_clients": verdict.breaks_old_clients,
        "server_data_loss": verdict.server_data_loss,
        "skipped": len(step.skipped),
        "not_judged": _told(step.skipped),
    }
