"""The verdict as Markdown, for a merge request or a release page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.findings.plan import outline
from mx_changeclass.legible import legible, plain_line
from mx_changeclass.regex import regex
from mx_changeclass.reports.fitting import COMMENT, fitting
from mx_changeclass.vocabulary import OTA_SAFE
from mx_changeclass.wording import plans, sentences
from mx_changeclass.wording.accepted import accepted, waived_mark

if TYPE_CHECKING:
    from mx_changeclass.findings.fleet import Fleet

_SUBJECTS = 5  # so many subjects of a rule are listed; the rest are named together


def markdown(
    verdict: Verdict, *, everything: bool = False, budget: int | None = COMMENT, fleet: Fleet | None = None
) -> str:
    """One heading, what to do, a table a class: as many bytes as a comment may have, or ``budget``. With None, or
    where ``everything`` is asked for, it takes what it takes. ``fleet`` is what NEW means for the versions in the
    field, told last."""
    lines = [plain_line(line) for line in _lines(verdict, everything)]
    beside = ""
    if fleet is not None:
        from mx_changeclass.reports.fleet import fleet_markdown

        beside = f"\n{fleet_markdown(fleet)}"
    room = None if everything or budget is None else budget - len(beside.encode("utf-8", "replace"))
    return "".join(line + "\n" for line in (lines if room is None else fitting(lines, room))) + beside


def _lines(verdict: Verdict, everything: bool) -> Iterator[str]:
    yield f"## {sentences.headline(verdict)}"
    yield ""
    yield " → ".join(
        f"{_code(side.label)} {escaped(sentences.version(side))}".rstrip() for side in (verdict.old, verdict.new)
    )
    yield ""
    yield escaped(" ".join(verdict.summary))
    yield ""
    for caution in sentences.warnings(verdict):
        yield f"- **{escaped(caution)}**"
    for name, fact in sentences.facts(verdict):
        yield f"- **{name}**: {escaped(fact)}"
    if waivers := accepted(verdict):
        yield ""
        yield f"### Waived; what is left is {verdict.unwaived_class}"
        for waiver in waivers:
            yield f"- {escaped(waiver.said)}"
            yield from (f"  - {escaped(change)}" for change in waiver.changes)
    yield from _steps(verdict)
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
    for reason, edits in sentences.asides(verdict) if everything else ():
        yield ""
        yield f"<details><summary>Set aside as {escaped(reason)}</summary>"
        yield ""
        yield from (f"- {escaped(edit)}" for edit in edits)
        yield ""
        yield "</details>"
    if unseen := sentences.not_shown(verdict):
        yield ""
        yield "Not seen:"
        yield ""
        yield from (f"- {escaped(note)}" for note in unseen)


def _steps(verdict: Verdict) -> Iterator[str]:
    steps = plans.steps_told(outline(verdict))
    if steps:
        yield ""
        yield "### What to do"
        yield ""
    for number, (title, points) in enumerate(steps, 1):
        yield f"{number}. {escaped(title)}"
        yield from (f"   - {escaped(point)}" for point in points)


def _class(rows: list[Row], verdict: Verdict, *, everything: bool) -> Iterator[str]:
    for group in sentences.by_rule(sentences.unfolded(rows) if everything else rows):
        shown, rest = sentences.first_of(group.members, _SUBJECTS, everything=everything)
        yield from (_row(rows, verdict) for rows in shown)
        if rest:
            yield f"| {len(rest)} more | {escaped(group.finding.rule.title)}: {escaped(sentences.some(rest))} | | |"
    for told in () if everything else sentences.folded_parts(rows, verdict.rows):
        yield f"| in {escaped(told)} | | | |"


def _row(rows: tuple[Row, ...], verdict: Verdict) -> str:
    finding, way = sentences.deciding(rows[0]), next((r.why for r in rows if r.why), ())
    marks = ", ".join(f"`{mark}`" for mark in (finding.rule.id, *(r.fingerprint for r in rows)))
    grave = sentences.grave(rows)
    why = [escaped(" ".join([finding.rule.reason, *(f"Reached through {' > '.join(way)}." for _ in way[1:2])]))]
    why += [f"**{escaped(f.rule.title)}** (`{f.rule.id}`): {escaped(rows[0].explained(f))}" for f in grave]
    cells = (
        _code(rows[0].subject_name),
        f"{escaped(sentences.what(rows) or finding.rule.title)} ({marks})"
        + (f" **{mark}**" if (mark := sentences.open_mark(rows)) else "")
        + (f" **{escaped(mark)}**" if (mark := waived_mark(verdict, rows)) else ""),
        "<br>".join(why),
        "<br>".join(dict.fromkeys(escaped(f.mitigation) for f in (finding, *grave) if f.mitigation)),
    )
    return "| " + " | ".join(cells) + " |"


# What stands for markup, and before what a code host makes a link: of an address, of whoever is called (@), of the
# number of an issue or request (#, !), of a label. A backslash keeps markup a text, but keeps no host from calling
# whoever is named (github/cmark-gfm, issue 181); a gap of no width does.
_MARKUP = regex(r"[\\*\[\]<|`~$&#]|(?<![^\W_])_|_(?![^\W_])")  # a line between letters is a line
_ENTITIES = {"<": "&lt;", "|": "&#124;", "&": "&amp;", "`": "'"}
_LINKS = regex(
    r"""(?<=@)(?=\w)|(?<=[#!$&])(?=\d)|(?<=[~%])(?=[\w"'])|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH-)(?=\d)""",
    re.IGNORECASE,
)
_GAP = "&#8203;"


def escaped(text: str) -> str:
    """Text from a model: no markup, no line break, no link."""
    parted = _LINKS.sub("\0", legible(" ".join(text.split())))
    return _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), parted).replace("\0", _GAP)


def _code(text: str) -> str:
    """Text from a model in a code span, which may stand in a table; nothing is escaped in one."""
    return f"`{legible(' '.join(text.split())).replace('`', chr(39)).replace('|', '¦')}`"
