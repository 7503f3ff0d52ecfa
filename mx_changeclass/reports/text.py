"""The report that a release manager reads in a minute: verdict, what to do, the worst, the rest folded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.reports import wording
from mx_changeclass.rules.terms import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass

_WIDTH = 100
_FULL = 12  # so many rows of a class are told with reason and way; the rest are lines
_LINES = 12  # so many further rows of a class get a line each
_SAME = 3  # so many rows under one rule are told before the rest of them is folded
_COLORS = {DESTRUCTIVE: "1;31", FULL_RELEASE: "1;35", NEEDS_REDEPLOY: "1;33", OTA_SAFE: "1;32"}


def text(verdict: Verdict, *, color: bool = False, everything: bool = False) -> str:
    """Plain text; ``color`` adds terminal colours, ``everything`` folds nothing."""
    return "\n".join(_lines(verdict, color, everything)) + "\n"


def _lines(verdict: Verdict, color: bool, everything: bool) -> Iterator[str]:
    yield _paint(wording.headline(verdict), verdict.release_class, color)
    yield f"{_side(verdict.old)} -> {_side(verdict.new)}"
    for caution in wording.cautions(verdict):
        yield f"! {caution}"
    steps = wording.steps(verdict)
    if steps:
        yield ""
        yield "What to do"
        for number, step in enumerate(steps, 1):
            yield from _wrap(f"{number}. {step.text}: {_some(step.subjects)}", "  ", "     ")
    for release_class, rows in wording.groups(verdict.rows):
        yield ""
        yield _paint(f"{release_class} ({len(rows)})", release_class, color)
        yield from _class(rows, told=release_class is not OTA_SAFE, everything=everything)
    yield from _rest(verdict, everything)


def _class(rows: list[Row], *, told: bool, everything: bool) -> Iterator[str]:
    by_rule: dict[str, list[Row]] = {}
    for row in rows:
        by_rule.setdefault(wording.leading(row).rule.id, []).append(row)
    full = lines = 0
    for same in by_rule.values():
        for number, row in enumerate(same):
            if told and (everything or (full < _FULL and number == 0)):
                yield from _told(row)
                full += 1
            elif everything or (lines < _LINES and number < _SAME):
                yield from _line(row)
                lines += 1
            else:
                rest = len(same) - number
                names = _some(tuple(dict.fromkeys(wording.name(r) for r in same[number:])))
                yield from _wrap(f"and {rest} more, {wording.leading(row).rule.title}: {names}", "  ", "    ")
                break


def _told(row: Row) -> Iterator[str]:
    finding = wording.leading(row)
    yield from _line(row)
    yield from _wrap(finding.rule.reason, "    ", "    ")
    if row.why:
        yield from _wrap("reached through " + " > ".join(row.why), "    ", "      ")
    if finding.mitigation:
        yield from _wrap(f"do: {finding.mitigation}", "    ", "        ")
    for other in row.findings[1:]:
        yield f"    also: {other.rule.title} ({other.rule.id})"


def _line(row: Row) -> list[str]:
    rule = wording.leading(row).rule
    return _wrap(f"{wording.titled(row)}: {row.what or rule.title} [{rule.id} {row.fingerprint}]", "  ", "    ")


def _rest(verdict: Verdict, everything: bool) -> Iterator[str]:
    aside = wording.set_aside(verdict)
    if aside:
        yield ""
        yield from _wrap(aside + ".", "", "  ")
    if everything:
        for finding in verdict.quiet:
            yield f"  {finding.subject}  {finding.rule.title}  [{finding.rule.id}]"
    unseen = wording.unseen(verdict)
    if unseen:
        yield ""
        yield "Not seen"
        for note in unseen:
            yield from _wrap(note, "  ", "    ")


def _side(snapshot: object) -> str:
    label, version = getattr(snapshot, "label", ""), getattr(snapshot, "version", None)
    return f"{label} (Studio Pro {version})" if version else str(label)


def _some(names: tuple[str, ...], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _wrap(line: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _paint(line: str, release_class: ReleaseClass, color: bool) -> str:
    return f"\x1b[{_COLORS[release_class]}m{line}\x1b[0m" if color else line
