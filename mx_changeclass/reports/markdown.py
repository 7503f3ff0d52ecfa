"""The verdict as Markdown, for a merge request or a release page."""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.vocabulary import OTA_SAFE, Hazard
from mx_changeclass.wording import sentences
from mx_changeclass.wording.values import several

_SUBJECTS = 5  # so many subjects of a rule are listed; the rest are named together


def markdown(verdict: Verdict, *, everything: bool = False) -> str:
    """One heading, what to do, a table a class."""
    return "\n".join(_lines(verdict, everything)) + "\n"


def _lines(verdict: Verdict, everything: bool) -> Iterator[str]:
    yield f"## {sentences.headline(verdict)}"
    yield ""
    yield f"`{_safe(verdict.old.label)}` → `{_safe(verdict.new.label)}`"
    for caution in sentences.warnings(verdict):
        yield f"- **{caution}**"
    steps = sentences.tasks(verdict)
    if steps:
        yield ""
        yield from (f"{n}. {s.text}: {_safe(several(s.subjects))}" for n, s in enumerate(steps, 1))
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
        yield from (f"- {_safe(note)}" for note in notes)


def _class(rows: list[Row], verdict: Verdict, *, everything: bool) -> Iterator[str]:
    for group in sentences.by_rule(sentences.unfolded(rows) if everything else rows):
        shown, rest = sentences.first_of(group.members, _SUBJECTS, everything=everything)
        yield from map(_row, shown)
        if rest:
            yield f"| {len(rest)} more | {_safe(group.finding.rule.title)}: {_safe(sentences.some(rest))} | | |"
    for told in () if everything else sentences.folded_parts(rows, verdict.rows):
        yield f"| in {_safe(told)} | | | |"


def _row(rows: tuple[Row, ...]) -> str:
    finding, way = sentences.deciding(rows[0]), next((r.why for r in rows if r.why), ())
    marks = ", ".join(f"`{mark}`" for mark in (finding.rule.id, *(r.fingerprint for r in rows)))
    cells = (
        f"`{_safe(rows[0].subject_name)}`",
        f"{_safe(sentences.what(rows) or finding.rule.title)} ({marks})"
        + (f" **{mark}**" if (mark := sentences.open_mark(rows)) else ""),
        _safe(
            " ".join([finding.rule.reason, *(f"Reached through {' > '.join(way)}." for _ in way[1:2]), *_dangers(rows)])
        ),
        _safe(" ".join(filter(None, (f.mitigation for f in [finding, *_dangerous(rows)])))),
    )
    return "| " + " | ".join(cells) + " |"


def _dangerous(rows: tuple[Row, ...]) -> list[Finding]:
    return [f for f in sentences.further(rows) if f.hazard is not Hazard.NONE]


def _dangers(rows: tuple[Row, ...]) -> list[str]:
    return [f"Also: {f.rule.title}. {f.rule.reason}" for f in _dangerous(rows)]


def _safe(text: str) -> str:
    """Text from a model inside a table cell: no markup, no line break."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
