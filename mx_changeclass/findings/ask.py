"""Ask every rule what it hears: changes, observations, the release; then escalations and aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from mx_changeclass.changes.change import CONTENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds import Kind, kind_of
from mx_changeclass.rules.release import DependencyMove, Release, SyncMove, VersionMove
from mx_changeclass.rules.rule import In, Rule, Said, Spoken, Subject, Unheard
from mx_changeclass.rules.terms import NONE

Ears = Mapping[tuple[type, Any], tuple[Rule, ...]]


def ears(rules: Iterable[Rule]) -> Ears:
    """Rules by what they hear, in the order of their ids."""
    heard: dict[tuple[type, Any], list[Rule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda r: r.id):
        for what in rule.hears:
            heard[what].append(rule)
    return {what: tuple(rs) for what, rs in heard.items()}


def ask(release: Release, rules: Ears) -> tuple[Spoken, ...]:
    """Everything the catalogue says of a release."""
    spoken: list[Spoken] = []
    for observation in release.observations:
        spoken += _unmuted(_on(type(observation), observation, release, rules))
    observed = {id(change) for s in spoken if isinstance(s.about, SyncMove) for change in s.about.rows}
    for change in release.changes:
        if change.within is None and not release.follows(change):
            spoken += _on_change(change, release, rules, explained=id(change) in observed)
    spoken += _unmuted(_on(Release, release, release, rules))
    escalated = [
        Spoken(s.rule, said.about, s.saw)
        for said in spoken
        for s in _on(Spoken, said, release, rules, about=said.about)
    ]
    spoken += {(s.rule.id, id(s.about), s.saw): s for s in escalated}.values()
    spoken += _on(Said, Said(tuple(spoken)), release, rules, about=release)
    return tuple(spoken)


def ask_quiet(release: Release, rules: Ears) -> tuple[Spoken, ...]:
    """What is said about changes that were set aside as noise, and about the noise of loud ones."""
    spoken: list[Spoken] = []
    listening = {what: found for what, rs in rules.items() if (found := tuple(r for r in rs if r.noise))}
    heard = {name for rs in listening.values() for r in rs for name in r.noise}
    for change in (*release.changes.quiet, *release.changes.loud):
        names = _noise(change) & heard  # an upgrade makes tens of thousands of changes without meaning
        if names:
            spoken += [
                Spoken(rule, change, saw if isinstance(saw, str) else "")
                for rule in _hearing(change, release, listening)
                if names.intersection(rule.noise) and (saw := rule.test(change, release))
            ]
    return tuple(spoken)


def _noise(change: Change) -> frozenset[str]:
    return frozenset(change.noise.values()) if isinstance(change, Changed) else frozenset({change.reason} - {""})


def _on_change(change: Change, release: Release, rules: Ears, *, explained: bool) -> list[Spoken]:
    spoken = _unmuted(
        Spoken(rule, change, saw if isinstance(saw, str) else "")
        for rule in _hearing(change, release, rules)
        if not rule.noise
        and _narrowed(rule, change)
        and rule.in_force(release.old.version, release.new.version)
        and (not rule.client or release.shipped(change))
        and (saw := rule.test(change, release))
    )
    if _means_nothing(change, spoken):
        spoken = [s for s in spoken if s.rule.on]
    left = _left(change, spoken, release.told_by_moves(change))
    if left is not None and not explained and not release.first:  # of a first release nothing is undecided
        spoken += [Spoken(s.rule, change, ", ".join(left)) for s in _on(Unheard, Unheard(change, left), release, rules)]
    return spoken


def _hearing(change: Change, release: Release, rules: Ears) -> Iterator[Rule]:
    """The rules that hear a change: those of its own kind, then those of the document it stands in. Of a
    document that could not be read on one side only the fallback speaks."""
    if isinstance(change, Changed) and CONTENT in change.fields:
        return
    verb = type(change)
    seen: set[str] = set()
    types = {change.row.type} | ({change.old_row.type} if isinstance(change, Changed) else set())
    for what in (*(w for t in sorted(types) for w in _kinds(t, False)), *_kinds(release.document(change).type, True)):
        for rule in rules.get((verb, what), ()):
            if rule.id not in seen:
                seen.add(rule.id)
                yield rule


@cache
def _kinds(type_name: str, inside: bool) -> tuple[Any, ...]:
    """The kinds of a type, the most special first, as a rule may name them."""
    kinds = [k for k in kind_of(type_name).__mro__ if issubclass(k, Kind)]
    return tuple(In.of(k) if inside else k for k in kinds)


def _narrowed(rule: Rule, change: Change) -> bool:
    return not rule.on or not isinstance(change, Changed) or any(change.touches(f) for f in rule.on)


def _means_nothing(change: Change, spoken: list[Spoken]) -> bool:
    """Whether rules that name fields say of all that differ that they mean nothing: what is said of any change
    of a document is not meant then."""
    void = [f for s in spoken if s.rule.channel is NONE for f in s.rule.on]
    return isinstance(change, Changed) and bool(void) and not _beyond(change.fields, void)


def _beyond(fields: Iterable[str], taken: Collection[str]) -> tuple[str, ...]:
    """The fields that are none of those taken, nor lie in one."""
    return tuple(sorted(f for f in fields if not any(f == t or f.startswith(t + ".") for t in taken)))


def _left(change: Change, spoken: list[Spoken], told: tuple[str, ...]) -> tuple[str, ...] | None:
    """The fields of a change that nobody took; () for an added or removed element; None where all are."""
    if isinstance(change, (Added, Removed)):
        return None if spoken else ()
    if any(not s.rule.on for s in spoken):
        return None
    return _beyond(change.fields, [*told, *(f for s in spoken for f in s.rule.on)]) or None


def _on(verb: type, heard: object, release: Release, rules: Ears, about: Subject | None = None) -> list[Spoken]:
    """Ask the rules that hear an observation, the release, a saying or the rest."""
    moves = (VersionMove, SyncMove, DependencyMove)  # devices meet the new version
    judged = (release.new.version,) if verb in moves else (release.old.version, release.new.version)
    return [
        Spoken(rule, about if about is not None else heard, saw if isinstance(saw, str) else "")  # type: ignore[arg-type]
        for rule in rules.get((verb, Kind), ())
        if rule.in_force(*judged) and (saw := rule.test(heard, release))
    ]


def _unmuted(spoken: Iterable[Spoken]) -> list[Spoken]:
    """Without the general rules that a special one stands in for."""
    said = list(spoken)
    muted = {rule_id for s in said for rule_id in s.rule.instead_of}
    return [s for s in said if s.rule.id not in muted]
