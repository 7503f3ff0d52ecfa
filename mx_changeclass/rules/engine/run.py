"""Ask every rule what it hears: changes, observations, the release; then escalations and aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from mx_changeclass.changes.change import CONTENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds import Kind, kind_of
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Hit, Hits, In, Rule, Subject, Uncovered
from mx_changeclass.vocabulary import NONE, Hazard

Listeners = Mapping[tuple[type, Any], tuple[Rule, ...]]


def listeners(rules: Iterable[Rule]) -> Listeners:
    """Rules by what they hear, in the order of their ids."""
    heard: dict[tuple[type, Any], list[Rule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda r: r.id):
        for what in rule.listens_to:
            heard[what].append(rule)
    return {what: tuple(rs) for what, rs in heard.items()}


def run(release: Release, rules: Listeners) -> tuple[Hit, ...]:
    """Everything the catalogue says of a release."""
    hits: list[Hit] = []
    for observation in release.observations:
        hits += _unmuted(_run_once(type(observation), observation, release, rules))
    observed = {id(change) for s in hits if isinstance(s.subject, SyncChange) for change in s.subject.rows}
    for change in release.changes:
        if change.part_of is None and not release.is_frame_of_another(change):
            hits += _run_on_change(change, release, rules, explained=id(change) in observed)
    hits += _unmuted(_run_once(Release, release, release, rules))
    escalated = [
        Hit(s.rule, said.subject, s.detail)
        for said in hits
        for s in _run_once(Hit, said, release, rules, about=said.subject)
    ]
    hits += {(s.rule.id, id(s.subject), s.detail): s for s in escalated}.values()
    hits += _run_once(Hits, Hits(tuple(hits)), release, rules, about=release)
    return tuple(hits)


def run_on_noise(release: Release, rules: Listeners) -> tuple[Hit, ...]:
    """What is said about changes that were set aside as noise, and about the noise of loud ones."""
    hits: list[Hit] = []
    listening = {what: found for what, rs in rules.items() if (found := tuple(r for r in rs if r.noise))}
    heard = {name for rs in listening.values() for r in rs for name in r.noise}
    for change in (*release.changes.noise, *release.changes.meaningful):
        names = _noise(change) & heard  # an upgrade makes tens of thousands of changes without meaning
        if names:
            hits += [
                Hit(rule, change, detail if isinstance(detail, str) else "")
                for rule in _listeners_of(change, release, listening)
                if names.intersection(rule.noise) and (detail := rule.test(change, release))
            ]
    return tuple(hits)


def _noise(change: Change) -> frozenset[str]:
    return frozenset(change.noise.values()) if isinstance(change, Changed) else frozenset({change.reason} - {""})


def _run_on_change(change: Change, release: Release, rules: Listeners, *, explained: bool) -> list[Hit]:
    hits = _unmuted(
        Hit(rule, change, detail if isinstance(detail, str) else "")
        for rule in _listeners_of(change, release, rules)
        if not rule.noise
        and _narrowed(rule, change)
        and rule.in_force(release.old.version, release.new.version)
        and (not rule.in_bundle or release.shipped(change))
        and (detail := rule.test(change, release))
    )
    hits = [s for s in hits if not on_devices(s.rule) or not release.nothing_to_lose(release.audience(change))] or hits
    if _means_nothing(change, hits):
        hits = [s for s in hits if s.rule.on]
    left = _left(change, hits, release.covered_by_observations(change))
    if left is not None and not explained and not release.first:  # of a first release nothing is undecided
        hits += [
            Hit(s.rule, change, ", ".join(left)) for s in _run_once(Uncovered, Uncovered(change, left), release, rules)
        ]
    return hits


def on_devices(rule: Rule) -> bool:
    """Whether what a rule warns of happens on devices that have something to lose."""
    return rule.hazard not in (Hazard.NONE, Hazard.SERVER_LOSS, Hazard.START_FAILURE)  # a server may not start either


def _listeners_of(change: Change, release: Release, rules: Listeners) -> Iterator[Rule]:
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


def _means_nothing(change: Change, hits: list[Hit]) -> bool:
    """Whether rules that name fields say of all that differ that they mean nothing: what is said of any change
    of a document is not meant then."""
    void = [f for s in hits if s.rule.channel is NONE for f in s.rule.on]
    return isinstance(change, Changed) and bool(void) and not _beyond(change.fields, void)


def _beyond(fields: Iterable[str], taken: Collection[str]) -> tuple[str, ...]:
    """The fields that are none of those taken, nor lie in one."""
    return tuple(sorted(f for f in fields if not any(f == t or f.startswith(t + ".") for t in taken)))


def _left(change: Change, hits: list[Hit], told: tuple[str, ...]) -> tuple[str, ...] | None:
    """The fields of a change that nobody took; () for an added or removed element; None where all are."""
    if isinstance(change, (Added, Removed)):
        return None if hits else ()
    if any(not s.rule.on for s in hits):
        return None
    return _beyond(change.fields, [*told, *(f for s in hits for f in s.rule.on)]) or None


def _run_once(verb: type, heard: object, release: Release, rules: Listeners, about: Subject | None = None) -> list[Hit]:
    """Ask the rules that hear an observation, the release, a saying or the rest."""
    moves = (VersionChange, SyncChange, DependencyChange)  # devices meet the new version
    judged = (release.new.version,) if verb in moves else (release.old.version, release.new.version)
    return [
        Hit(rule, about if about is not None else heard, detail if isinstance(detail, str) else "")  # type: ignore[arg-type]
        for rule in rules.get((verb, Kind), ())
        if rule.in_force(*judged) and (detail := rule.test(heard, release))
    ]


def _unmuted(hits: Iterable[Hit]) -> list[Hit]:
    """Without the general rules that a special one stands in for."""
    said = list(hits)
    muted = {rule_id for s in said for rule_id in s.rule.instead_of}
    return [s for s in said if s.rule.id not in muted]
