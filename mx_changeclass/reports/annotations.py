"""What a build server shows beside a run: the verdict, then the worst rows, as many of a kind as hosts show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from attrs import frozen

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.reports import machine_texts
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import sentences
from mx_changeclass.wording.values import plural

LEVELS: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "error",
    FULL_RELEASE: "warning",
    NEEDS_REDEPLOY: "warning",
    OTA_SAFE: "notice",
}
# GitHub's runner and the agent of Azure DevOps keep so many of each kind a step (ExecutionContext.cs, _maxIssueCount).
_MOST = 10
# Characters that an annotation has at most (REST API of check runs: a title of 255, a message of 64 KB).
_TITLE, _MESSAGE = 255, 16_000


@frozen
class Annotation:
    """One remark. ``level`` is error, warning or notice; ``file`` and ``rule`` are "" where it is about the release."""

    level: str
    title: str
    message: str
    file: str = ""
    rule: str = ""


def announced(verdict: Verdict, *, everything: bool = False) -> Iterator[Annotation]:
    """The verdict first, then rows, worst first. Beyond what hosts show, and of what a module answers for, none
    unless ``everything`` is asked for; the verdict says how many there are."""
    level = LEVELS[max(verdict.unwaived_class, min(verdict.unwaived_at_most, FULL_RELEASE))]
    rows = [row for row in verdict.rows if everything or not row.part_of]
    rows.sort(key=lambda row: row.at_most, reverse=True)  # what may be worst is not cut off
    told_of = Counter({level: 1})
    shown: list[Row] = []
    for row in rows:
        kind = _level(row, verdict)
        told_of[kind] += 1
        if everything or told_of[kind] <= _MOST:
            shown.append(row)
    told = [f"{sentences.headline(verdict)}.", *verdict.summary]
    if more := len(verdict.rows) - len(shown):
        told.append(f"{plural(more, 'more change')} {'stands' if more == 1 else 'stand'} in the whole report.")
    yield Annotation(level, "Mendix release class", _cut(machine_texts.single_line(" ".join(told)), _MESSAGE))
    if settings := machine_texts.configuration(verdict):
        yield Annotation("notice", f"configuration {verdict.policy.source}", settings)
    for row in shown:
        rule = sentences.deciding(row).rule.id
        yield Annotation(
            _level(row, verdict),
            _cut(f"{row.release_class}{machine_texts.marks(row, verdict)}: {machine_texts.heading(row)}", _TITLE),
            f"{_cut(machine_texts.message(row), _MESSAGE)} [{rule} {row.fingerprint}]",
            machine_texts.file(row, verdict),
            rule,
        )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _level(row: Row, verdict: Verdict) -> str:
    return LEVELS[OTA_SAFE if machine_texts.waived(row, verdict) else machine_texts.weight(row)]
