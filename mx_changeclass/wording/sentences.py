"""The sentences that every readable report shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from mx_changeclass.changes.change import UNSEEN
from mx_changeclass.findings.aside import Aside
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.plan import ended_apps, fails_until_updated
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.model.types import PROJECT
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Hit, Hits
from mx_changeclass.vocabulary import (
    NONE,
    Hazard,
    ReleaseClass,
)
from mx_changeclass.wording.accepted import left_over, notes
from mx_changeclass.wording.harms import MEANING
from mx_changeclass.wording.reasons import REASONS
from mx_changeclass.wording.values import kind_in_words, label, many, plural, several, value

_NAMED = 3  # so many kinds of a list are looked at
_FACTS = 12  # so many differences of one subject are told
_REASONS = 4  # so many reasons to set something aside are told
_MARKS = 6  # so many fingerprints are told
_SHORT = 40  # characters of a value that is told as it is


def headline(verdict: Verdict) -> str:
    """The verdict in one line: what is certain, and what it may be where something is open."""
    text = f"{verdict.release_class}: {MEANING[verdict.release_class]}"
    if not any(row.channel is not NONE or row.kind != PROJECT for row in verdict.rows):
        seen = " was seen" if verdict.undecided else ""
        text = f"OTA_SAFE: no change{seen} that means anything"
    elif verdict.channel is NONE:
        text = "OTA_SAFE: nothing of this reaches a device or the server"
    elif verdict.destructive:
        text += f"; the release travels as {verdict.channel} ({MEANING[verdict.channel]})"
    if verdict.at_most is not verdict.release_class:
        text = f"at least {text}; {_open_end(verdict)}"
    if waived := left_over(verdict):
        text += f"; {waived}"
    left_out = sum(told.changed for told in verdict.ignored)
    return text + (f"; {plural(left_out, 'changed file')} ignored by configuration" if left_out else "")


def _open_end(verdict: Verdict) -> str:
    """The higher end of a verdict, and what keeps it at the lower one where a fact does."""
    at_most = verdict.at_most
    unless = dict.fromkeys(f.unless for f in verdict.findings if f.at_most is at_most)
    if all(unless):
        return f"{at_most} unless {' and '.join(unless)}"
    return f"it may be {at_most}"


def warnings(verdict: Verdict) -> list[str]:
    """What a release manager must know beside the class."""
    told = []
    if ended := ended_apps(verdict):
        told.append(f"the installed app of {several(ended)} stops working, and no update follows")
    if fails_until_updated(verdict):
        told.append("installed apps fail in some function until they update")
    if verdict.server_data_loss:
        told.append("the server loses data on deploy")
    open_ = (f for f in verdict.findings if f.setting)
    told += dict.fromkeys(f"where {f.unless}, write into mx-changeclass.toml: {f.setting}" for f in open_)
    told += notes(verdict)
    if settings := settings_in_force(verdict):
        told.append(settings)
    return told


_FROM: Mapping[str, str] = {
    "configuration": "as stated",
    "model": "by the released model",
    "native app": "by the native app beside the model",
}


def facts(verdict: Verdict) -> list[tuple[str, str]]:
    """The facts that decide how a verdict is read, each with its name and the way to what it counts."""
    facts = verdict.facts
    told = []
    if verdict.native and verdict.old.form != "none":
        told.append(("over the air", _over_the_air(verdict)))
        if verdict.released.installed:
            told.append(("native template", _native_template(verdict)))
    if verdict.undecided:
        marks, rest = first_of(facts.undecided, _MARKS)
        more = f" and {len(rest)} more" if rest else ""
        told.append(("undecided", f"{plural(len(facts.undecided), 'change')}, marked '?': {' '.join(marks)}{more}"))
    if verdict.ignored:
        patterns = ", ".join(f"{i.pattern} {i.changed}" for i in verdict.ignored)
        told.append(("ignored", f"{plural(facts.ignored, 'changed file')} by configuration: {patterns}"))
    if facts.unseen:
        told.append(("not seen", f"{plural(len(facts.unseen), 'gap')}, listed at the end"))
    if aside := set_aside(verdict):
        told.append(("set aside", f"{aside}; --all lists them"))
    return told


def _over_the_air(verdict: Verdict) -> str:
    facts, released = verdict.facts, verdict.released
    if released.ota is None:
        return "not known" if released.installed else "no native app is released yet"
    known = f"{'on' if released.ota else 'off'} in the released binary, {_FROM[released.ota_from]}"
    if not facts.waiting:
        return known
    return f"{known}; {len(facts.waiting):,} of {plural(facts.store, 'store row')} for that reason alone"


def _native_template(verdict: Verdict) -> str:
    released = verdict.released
    if released.template:
        return f"{released.template} in the released binary, {_FROM[released.template_from]}"
    return "of the released binary not known; give it with --native-template or --native-old"


def settings_in_force(verdict: Verdict) -> str:
    """Which configuration the verdict rests on and what it states, "" where none does: whoever wrote the change
    may have written it too."""
    policy = verdict.policy
    return f"the configuration {policy.source} is in force: {'; '.join(policy.stated)}" if policy.stated else ""


def open_mark(rows: Sequence[Row]) -> str:
    """That something about a subject could not be decided, and how high it may be; "" where all is."""
    if not any(row.undecided for row in rows):
        return ""
    return f"undecided, at most {max(row.at_most for row in rows)}"


def version(side: Snapshot) -> str:
    """The version of Studio Pro of a side, "(Studio Pro 10.24.18)"; "" where it is not stated."""
    return f"(Studio Pro {side.version})" if side.version else ""


def not_shown(verdict: Verdict) -> list[str]:
    """What the two inputs did not show."""
    return list(verdict.facts.unseen)


def remark(finding: Finding) -> bool:
    """A finding that lifts another one, or speaks of the release as a whole: told after its causes."""
    return any(verb in (Hit, Hits, Release) for verb, _ in finding.rule.listens_to)


def further(rows: Sequence[Row]) -> list[Finding]:
    """What else is said of a subject, each rule once; the worst first."""
    led = deciding(rows[0]).rule.id
    found = {f.rule.id: f for r in rows for f in r.findings if f.rule.id != led}
    return sorted(found.values(), key=lambda f: (f.hazard.gravity, -f.release_class.rank))


def grave(rows: Sequence[Row]) -> list[Finding]:
    """Of what else is said of a subject that which nobody may miss: what it may cost, what could not be decided, and
    what asks for the class where the leading finding does not."""
    asked = max(row.release_class for row in rows)
    led = deciding(rows[0]).release_class is asked
    return [
        f
        for f in further(rows)
        if f.hazard is not Hazard.NONE or f.undecided or (not led and f.release_class is asked and not remark(f))
    ]


def deciding(row: Row) -> Finding:
    """The worst that is said of a row, under which it is told."""
    return row.findings[0]


@frozen
class RowGroup:
    """Rows under the rule that decides them, those of one subject together.

    ``finding`` is the one that leads the first row.
    """

    finding: Finding
    members: tuple[tuple[Row, ...], ...]


def classes(rows: Sequence[Row]) -> list[tuple[ReleaseClass, list[Row]]]:
    """Rows by class, worst first."""
    return [(c, same) for c in reversed(ReleaseClass) if (same := [r for r in rows if r.release_class is c])]


def unfolded(rows: Sequence[Row]) -> list[Row]:
    """Rows that all speak for themselves."""
    return [evolve(row, part_of="") for row in rows]


def by_rule(rows: Sequence[Row]) -> list[RowGroup]:
    """Rows under the rule that decides them, those of one subject together; parts of modules left out."""
    found: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        if not row.part_of:
            found.setdefault(deciding(row).rule.id, {}).setdefault((row.kind, row.name), []).append(row)
    return [
        RowGroup(deciding(members[0][0]), tuple(tuple(sorted(rows, key=_renamed_first)) for rows in members))
        for members in (list(by_subject.values()) for by_subject in found.values())
    ]


def _renamed_first(row: Row) -> bool:
    return row.prop != "name"


def what(rows: Sequence[Row], *, everything: bool = False) -> str:
    """What happened to one subject, in all its rows, or in the first of very many."""
    shown, rest = first_of(list(dict.fromkeys(r.what for r in rows if r.what)), _FACTS, everything=everything)
    return ", ".join(shown) + (f" and {len(rest)} more" if rest else "")


M = TypeVar("M")


def first_of(members: Sequence[M], most: int, *, everything: bool = False) -> tuple[Sequence[M], Sequence[M]]:
    """The members to show and those to count; a single one is never left over."""
    shown = members if everything or len(members) <= most + 1 else members[:most]
    return shown, members[len(shown) :]


def some(members: Sequence[tuple[Row, ...]]) -> str:
    """The subjects of a few members, their kind told once where they share it."""
    kinds = {rows[0].subject_kind for rows in members[:_NAMED]}
    if len(kinds) == 1 and len(members) > 1:
        return f"{many(kinds.pop())} {several([rows[0].subject_name for rows in members])}"
    return several([rows[0].subject_with_kind for rows in members])


def folded_parts(rows: Sequence[Row], every: Sequence[Row]) -> list[str]:
    """What stands in modules that answer for it, in words: "module Shop: 2 pages, 1 microflow"."""
    modules = {r.fingerprint: r for r in every}
    counts: dict[str, Counter[str]] = {}
    for part in {(r.part_of, r.kind, r.subject_name): r for r in rows if r.part_of}.values():
        counts.setdefault(part.part_of, Counter())[part.subject_kind] += 1
    return [
        f"{modules[within].subject_with_kind} ({modules[within].what}): "
        + ", ".join(plural(n, word) for word, n in sorted(found.items(), key=lambda item: (-item[1], item[0])))
        for within, found in counts.items()
    ]


def set_aside(verdict: Verdict, *, everything: bool = False) -> str:
    """How many differing leaves were set aside, by the name of each noise rule or of those with most of them; ""
    where none were."""
    noise = {n: count for n, count in verdict.accountability.by_noise.items() if n != UNSEEN}
    if not noise:
        return ""
    most = sorted(noise.items(), key=lambda item: (-item[1], item[0]))
    shown = most if everything else most[:_REASONS]
    told = ", ".join(f"{n} {count:,}" for n, count in shown) + (", …" if len(most) > len(shown) else "")
    return f"{plural(sum(noise.values()), 'edit')} without meaning ({told})"


def asides(verdict: Verdict) -> Iterator[tuple[str, list[str]]]:
    """Every edit that was set aside: each reason in words, with a line an element."""
    found: dict[str, list[Aside]] = {}
    for aside in verdict.aside:
        found.setdefault(aside.reason, []).append(aside)
    for reason, members in found.items():
        edits = plural(sum(a.edits for a in members), "edit")
        yield f"{reason} ({edits}): {REASONS[reason]}", [_edited(aside) for aside in members]


def _edited(aside: Aside) -> str:
    named = f"{kind_in_words(aside.kind)} {aside.name}".strip() if aside.name else kind_in_words(aside.kind)
    return f"{named}: {', '.join(aside.fields)}" + (f" ({aside.edits})" if aside.edits > 1 else "")


def values(row: Row) -> list[str]:
    """Each value that differs in a row, where its words tell some of them only."""
    if len(row.parts) <= _NAMED:
        return []
    return [
        f"{p.place + ': ' if p.place else ''}{label(p.prop)} {value(p.old, p.prop)} to {value(p.new, p.prop)}"
        for p in row.parts
    ]


def difference(old: object, new: object) -> str:
    """Where two long values of one property differ; "" where they are short enough to be told as a whole."""
    if not old or not new or max(len(str(old)), len(str(new))) <= _SHORT:
        return ""
    from mx_changeclass.changes.value_difference import value_difference

    return value_difference(old, new)
