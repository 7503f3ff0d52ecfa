"""The verdict as Markdown, for a merge request or a release page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.legible import legible, plain_line
from mx_changeclass.reports.fitting import COMMENT, fitting
from mx_changeclass.vocabulary import OTA_SAFE, Hazard
from mx_changeclass.wording import sentences
from mx_changeclass.wording.accepted import accepted, waived_mark
from mx_changeclass.wording.values import several

_SUBJECTS = 5  # so many subjects of a rule are listed; the rest are named together


def markdown(verdict: Verdict, *, everything: bool = False, budget: int | None = COMMENT) -> str:
    """One heading, what to do, a table a class: as many bytes as a comment may have, or ``budget``. With None, or
    where ``everything`` is asked for, it takes what it takes."""
    lines = [plain_line(line) for line in _lines(verdict, everything)]
    shown = lines if everything or budget is None else fitting(lines, budget)
    return "".join(line + "\n" for line in shown)


def _lines(verdict: Verdict, everything: bool) -> Iterator[str]:
    yield f"## {sentences.headline(verdict)}"
    yield ""
    yield f"{_code(verdict.old.label)} → {_code(verdict.new.label)}"
    yield ""
    yield safe(" ".join(verdict.summary))
    yield ""
    for caution in sentences.warnings(verdict):
        yield f"- **{safe(caution)}**"
    if waivers := accepted(verdict):
        yield ""
        yield f"### Waived; what is left is {verdict.unwaived_class}"
        for waiver in waivers:
            yield f"- {safe(waiver.said)}"
            yield from (f"  - {safe(change)}" for change in waiver.changes)
    steps = sentences.tasks(verdict)
    if steps:
        yield ""
        yield from (f"{n}. {s.text}: {safe(several(s.subjects))}" for n, s in enumerate(steps, 1))
    for release_class, rows in sentences.classes(verdict.rows):
        yield ""
        folded = release_class is OTA_SAFE
        yield (
            f"<details><summary>{release_class} ({len(rows)})</summary>"
            if folded
            else f"### {release_class} ({len(rows)})"
        )
        yield ""
        yield "| what | change | why it matters | what to do |"
        yield "| --- | --- | --- | --- |"
        yield from _class(rows, verdict, everything=everything)
        if folded:
            yield ""
            yield "</details>"
    notes = [x for x in (sentences.set_aside(verdict), *sentences.not_shown(verdict)) if x]
    if notes:
        yield ""
        yield from (f"- {safe(note)}" for note in notes)


def _class(rows: list[Row], verdict: Verdict, *, everything: bool) -> Iterator[str]:
    for group in sentences.by_rule(sentences.unfolded(rows) if everything else rows):
        shown, rest = sentences.first_of(group.members, _SUBJECTS, everything=everything)
        yield from (_row(rows, verdict) for rows in shown)
        if rest:
            yield f"| {len(rest)} more | {safe(group.finding.rule.title)}: {safe(sentences.some(rest))} | | |"
    for told in () if everything else sentences.folded_parts(rows, verdict.rows):
        yield f"| in {safe(told)} | | | |"


def _row(rows: tuple[Row, ...], verdict: Verdict) -> str:
    finding, way = sentences.deciding(rows[0]), next((r.why for r in rows if r.why), ())
    marks = ", ".join(f"`{mark}`" for mark in (finding.rule.id, *(r.fingerprint for r in rows)))
    cells = (
        _code(rows[0].subject_name),
        f"{safe(sentences.what(rows) or finding.rule.title)} ({marks})"
        + (f" **{mark}**" if (mark := sentences.open_mark(rows)) else "")
        + (f" **{safe(mark)}**" if (mark := waived_mark(verdict, rows)) else ""),
        safe(
            " ".join([finding.rule.reason, *(f"Reached through {' > '.join(way)}." for _ in way[1:2]), *_dangers(rows)])
        ),
        safe(" ".join(filter(None, (f.mitigation for f in [finding, *_dangerous(rows)])))),
    )
    return "| " + " | ".join(cells) + " |"


def _dangerous(rows: tuple[Row, ...]) -> list[Finding]:
    return [f for f in sentences.further(rows) if f.hazard is not Hazard.NONE]


def _dangers(rows: tuple[Row, ...]) -> list[str]:
    return [f"Also: {f.rule.title}. {f.rule.reason}" for f in _dangerous(rows)]


# What stands for markup, and before what a code host makes a link: of an address, of whoever is called (@), of the
# number of an issue or request (#, !), of a label. A backslash keeps markup a text, but keeps no host from calling
# whoever is named (github/cmark-gfm, issue 181); a gap of no width does.
_MARKUP = re.compile(r"[\\*\[\]<|`~$&#]|(?<![^\W_])_|_(?![^\W_])")  # a line between letters is a line
_ENTITIES = {"<": "&lt;", "|": "&#124;", "&": "&amp;", "`": "'"}
_LINKS = re.compile(
    r"""(?<=@)(?=\w)|(?<=[#!$&])(?=\d)|(?<=[~%])(?=[\w"'])|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH-)(?=\d)""",
    re.IGNORECASE,
)
_GAP = "&#8203;"


def safe(text: str) -> str:
    """Text from a model: no markup, no line break, no link."""
    parted = _LINKS.sub("\0", legible(" ".join(text.split())))
    return _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), parted).replace("\0", _GAP)


def _code(text: str) -> str:
    """Text from a model in a code span, which may stand in a table; nothing is escaped in one."""
    return f"`{legible(' '.join(text.split())).replace('`', chr(39)).replace('|', '¦')}`"
