"""The verdict as Markdown, for a merge request or a release page."""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.reports import wording
from mx_changeclass.rules.terms import OTA_SAFE

_ROWS = 40  # so many rows of a class are listed; the rest are counted


def markdown(verdict: Verdict, *, everything: bool = False) -> str:
    """One heading, what to do, a table a class."""
    return "\n".join(_lines(verdict, everything)) + "\n"


def _lines(verdict: Verdict, everything: bool) -> Iterator[str]:
    yield f"## {wording.headline(verdict)}"
    yield ""
    yield f"`{_safe(verdict.old.label)}` → `{_safe(verdict.new.label)}`"
    for caution in wording.cautions(verdict):
        yield f"- **{caution}**"
    steps = wording.steps(verdict)
    if steps:
        yield ""
        yield from (f"{n}. {s.text}: {_names(s.subjects)}" for n, s in enumerate(steps, 1))
    for release_class, rows in wording.groups(verdict.rows):
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
        shown = rows if everything else rows[:_ROWS]
        yield from map(_row, shown)
        if len(rows) > len(shown):
            yield f"| … | {len(rows) - len(shown)} more | | |"
        if folded:
            yield ""
            yield "</details>"
    notes = [x for x in (wording.set_aside(verdict), *wording.unseen(verdict)) if x]
    if notes:
        yield ""
        yield from (f"- {_safe(note)}" for note in notes)


def _row(row: Row) -> str:
    finding = wording.leading(row)
    way = f" Reached through {' > '.join(row.why)}." if row.why else ""
    cells = (
        f"`{_safe(wording.name(row))}`",
        f"{_safe(row.what or finding.rule.title)} (`{finding.rule.id}`, `{row.fingerprint}`)",
        _safe(finding.rule.reason + way),
        _safe(finding.mitigation),
    )
    return "| " + " | ".join(cells) + " |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{_safe(n)}`" for n in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _safe(text: str) -> str:
    """Text from a model inside a table cell: no markup, no line break."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
