"""The report that a release manager reads in a minute: verdict, what to do, the worst, the rest folded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.plan import outline
from mx_changeclass.legible import plain_line
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import plans, sentences
from mx_changeclass.wording.accepted import accepted, waived_mark
from mx_changeclass.wording.changes import explanation
from mx_changeclass.wording.values import kind_in_words

if TYPE_CHECKING:
    from mx_changeclass.findings.fleet import Fleet

_WIDTH = 100
_FINGERPRINTS = 12  # of one subject
_SUBJECTS = 3  # so many subjects of a rule are told before the rest of them is folded
_GRAVE = 12  # so many where data on devices is at stake
_COLORS = {DESTRUCTIVE: "1;31", FULL_RELEASE: "1;35", NEEDS_REDEPLOY: "1;33", OTA_SAFE: "1;32"}


def text(verdict: Verdict, *, color: bool = False, everything: bool = False, fleet: Fleet | None = None) -> str:
    """Plain text; ``color`` adds terminal colours, ``everything`` folds nothing. ``fleet`` is what NEW means for the
    versions in the field, told last."""
    lines = _lines(verdict, color, everything)
    told = "".join((line if isinstance(line, _Painted) else plain_line(line)) + "\n" for line in lines)
    if fleet is None:
        return told
    from mx_changeclass.reports.fleet import fleet_text

    return f"{told}\n{fleet_text(fleet)}"


class _Painted(str):
    """A line that holds escape sequences of our own, and of nobody else."""

    __slots__ = ()


def _lines(verdict: Verdict, color: bool, everything: bool) -> Iterator[str]:
    yield _paint(sentences.headline(verdict), verdict.release_class, color)
    yield " -> ".join(f"{side.label} {sentences.version(side)}".rstrip() for side in (verdict.old, verdict.new))
    yield ""
    yield from _wrap(" ".join(verdict.summary), "", "")
    facts, cautions = sentences.facts(verdict), sentences.warnings(verdict)
    if facts or cautions:
        yield ""
    for name, fact in facts:
        yield from _wrap(fact, f"{name:<17}", " " * 17)
    for caution in cautions:
        yield f"! {caution}"
    if waivers := accepted(verdict):
        yield ""
        yield f"Waived; what is left is {verdict.unwaived_class}"
        for waiver in waivers:
            yield from _wrap(waiver.said, "  ", "    ")
            for change in waiver.changes:
                yield from _wrap(change, "    - ", "      ")
    steps = plans.steps_told(outline(verdict))
    if steps:
        yield ""
        yield "What to do"
        yield from _steps(steps)
    for release_class, rows in sentences.classes(verdict.rows):
        yield ""
        subjects = sum(len(group.members) for group in sentences.by_rule(sentences.unfolded(rows)))
        yield _paint(f"{release_class} ({subjects})", release_class, color)
        yield from _class(rows, verdict, everything=everything)
    yield from _rest(verdict, everything)


def _steps(steps: plans.Told) -> Iterator[str]:
    for number, (title, points) in enumerate(steps, 1):
        yield from _wrap(f"{number}. {title}", "  ", "     ")
        for point in points:
            yield from _wrap(f"- {point}", "     ", "       ")


def _class(rows: list[Row], verdict: Verdict, *, everything: bool) -> Iterator[str]:
    for group in sentences.by_rule(sentences.unfolded(rows) if everything else rows):
        yield from _group(group, verdict, everything=everything)
    for told in () if everything else sentences.folded_parts(rows, verdict.rows):
        yield from _wrap(f"in {told}", "  ", "    ")


def _group(group: sentences.RowGroup, verdict: Verdict, *, everything: bool) -> Iterator[str]:
    """A rule with its reason, then its subjects; what nothing has to be done about takes one line."""
    rule, members = group.finding.rule, sorted(group.members, key=lambda rows: not any(r.undecided for r in rows))
    calm = group.finding.channel is NONE and group.finding.release_class is OTA_SAFE
    if calm and not everything and not any(row.undecided for rows in members for row in rows):
        about = sentences.some(members) if members[0][0].name else sentences.what(members[0])
        yield from _wrap(f"{rule.title}: {about} [{rule.id}]", "  ", "    ")
        return
    bare = len(members) == 1 and not sentences.what(members[0]) and not members[0][0].name
    yield from _wrap(f"{rule.title} [{rule.id}{' ' + _marks(members[0]) if bare else ''}]", "  ", "    ")
    yield from _wrap(rule.reason, "    ", "    ")
    if do := group.finding.mitigation:
        yield from _wrap(f"do: {do}", "    ", "      ")
    most = _GRAVE if group.finding.release_class is DESTRUCTIVE else _SUBJECTS
    shown, rest = sentences.first_of(members, most, everything=everything)
    told: set[str] = set()  # rules that were told in full
    for number, rows in enumerate(() if bare else shown):
        yield from _subject(rows, verdict, told, full=number == 0 or most == _GRAVE or everything, exact=everything)
    hidden = [rows for rows in rest if any(f.rule.id not in told for f in sentences.grave(rows))]
    for rows in hidden:
        yield from _subject(rows, verdict, told, full=False, exact=False)
    if rest := [rows for rows in rest if rows not in hidden]:
        open_ = sum(any(row.undecided for row in rows) for rows in rest)
        mark = f", {open_} of them undecided" if open_ else ""
        yield from _wrap(f"and {len(rest)} more{mark}: {sentences.some(rest)}", "    - ", "      ")


def _subject(rows: tuple[Row, ...], verdict: Verdict, told: set[str], *, full: bool, exact: bool) -> Iterator[str]:
    what = sentences.what(rows, everything=exact)
    yield from _wrap(f"{rows[0].subject_with_kind}{': ' if what else ''}{what} [{_marks(rows)}]", "    - ", "      ")
    open_, waived = sentences.open_mark(rows), waived_mark(verdict, rows)
    for mark in filter(None, (open_ and f"? {open_}", waived)):
        yield from _wrap(mark, "      ", "        ")
    if exact:
        yield from _exact(rows)
    if full and (seen := explanation(sentences.deciding(rows[0]).evidence, "", rows[0].heading)):
        yield from _wrap(seen.removesuffix(". "), "      ", "        ")
    way = next((r.why for r in rows if r.why), ()) if full else ()
    if len(way) > 1:
        yield from _wrap("reached through " + " > ".join(way), "      ", "        ")
    grave = sentences.grave(rows)
    yield from (line for other in grave for line in _grave(other, rows[0], told))
    for other in (f for f in sentences.further(rows) if f not in grave) if full else ():
        yield from _wrap(f"also: {other.rule.title} [{other.rule.id}]", "      ", "        ")


def _exact(rows: tuple[Row, ...]) -> Iterator[str]:
    """Every value that differs."""
    for row in rows:
        for line in sentences.values(row):
            yield from _wrap(line, "      = ", "        ")
        if difference := sentences.difference(row.old, row.new):
            yield from _wrap(f"differs in {difference}", "      ", "        ")


def _grave(finding: Finding, row: Row, told: set[str]) -> Iterator[str]:
    """What nobody may miss beside what leads: the first time with its reason and what to do."""
    yield from _wrap(f"+ {finding.rule.title} [{finding.rule.id}]", "      ", "        ")
    if finding.rule.id not in told:
        told.add(finding.rule.id)
        yield from _wrap(row.explained(finding), "        ", "        ")
        if do := finding.mitigation:
            yield from _wrap(f"do: {do}", "        ", "          ")


def _marks(rows: tuple[Row, ...]) -> str:
    shown, rest = sentences.first_of(rows, _FINGERPRINTS)
    return " ".join(r.fingerprint for r in shown) + (" …" if rest else "")


def _rest(verdict: Verdict, everything: bool) -> Iterator[str]:
    for reason, edits in sentences.asides(verdict) if everything else ():
        yield ""
        yield from _wrap(f"Set aside as {reason}", "", "  ")
        for edit in edits:
            yield from _wrap(edit, "  ", "    ")
    if everything and verdict.noise:
        yield ""
        yield "Said of what was set aside"
        for finding in verdict.noise:
            about = f"{kind_in_words(finding.kind)} {finding.subject}" if finding.subject else "the app"
            yield from _wrap(f"{about}: {finding.rule.title} [{finding.rule.id}]", "  ", "    ")
    unseen = sentences.not_shown(verdict)
    if unseen:
        yield ""
        yield "Not seen"
        for note in unseen:
            yield from _wrap(note, "  ", "    ")


def _wrap(line: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _paint(line: str, release_class: ReleaseClass, color: bool) -> str:
    return _Painted(f"\x1b[{_COLORS[release_class]}m{plain_line(line)}\x1b[0m") if color else line
