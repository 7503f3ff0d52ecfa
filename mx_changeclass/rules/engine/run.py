"""Ask every rule what it hears: changes, observations, the release; then escalations and aggregates.

A rule takes fields of a change, and is asked about those that it may take: those it names, and of the others
those that some version of Mendix is known to have. What nobody took goes to the fallback.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from attrs import define, evolve, field, frozen

from mx_changeclass.changes.change import CONTENT, Change, Changed
from mx_changeclass.errors import ReadError
from mx_changeclass.model.kinds import Kind, kind_of
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Detail, Failed, Hit, Hits, In, Rule, Subject, Uncovered
from mx_changeclass.vocabulary import NONE, Hazard

Listeners = Mapping[tuple[type, Any], tuple[Rule, ...]]
UncoveredFields = Mapping[int, frozenset[str]]

_NO_FIELDS: frozenset[str] = frozenset()


def listeners(rules: Iterable[Rule]) -> Listeners:
    """Rules by what they hear, in the order of their ids."""
    heard: dict[tuple[type, Any], list[Rule]] = defaultdict(list)
    for rule in sorted(rules, key=lambda r: r.id):
        for what in rule.listens_to:
            heard[what].append(rule)
    return {what: tuple(rs) for what, rs in heard.items()}


@frozen
class Answers:
    """What a catalogue says of a release: of what means something (``hits``) and of what was set aside
    (``noise_hits``). ``uncovered`` holds by its ``id()`` each change that no rule took: the fields that are left of it,
    none for an element that came or went."""

    hits: tuple[Hit, ...]
    noise_hits: tuple[Hit, ...]
    uncovered: UncoveredFields


def run(release: Release, rules: Listeners) -> Answers:
    """Everything that a catalogue says of a release. A rule that raises takes nothing and is told as failed;
    only ``ReadError`` passes, for what cannot be read is no fault of the rule."""
    run = _Run(release, rules)
    noise_hits = run.noise_hits()
    return Answers(run.hits(), noise_hits, run.uncovered)


@define
class _Run:
    release: Release
    rules: Listeners
    failed: list[Failed] = field(factory=list)
    uncovered: dict[int, frozenset[str]] = field(factory=dict)

    def hits(self) -> tuple[Hit, ...]:
        release = self.release
        hits: list[Hit] = []
        for observation in release.observations:
            hits += _special(self.on(type(observation), observation))
        observed: dict[int, frozenset[str]] = defaultdict(frozenset)
        for s in hits:
            for row, fields in s.subject.took if isinstance(s.subject, SyncChange) else ():
                observed[id(row)] |= fields
        for change in release.changes:
            if change.part_of is None:
                hits += self.on_change(change, observed.get(id(change), _NO_FIELDS))
        hits += _special(self.on(Release, release))
        hits += _merged(
            Hit(s.rule, said.subject, s.detail, said.fields)
            for said in hits
            for s in self.on(Hit, said, subject=said.subject)
        )
        hits += self.on(Hits, Hits(tuple(hits)), subject=release)
        for failed in self.failed:
            hits += self.on(Failed, failed, subject=failed.subject)
        return tuple(hits)

    def noise_hits(self) -> tuple[Hit, ...]:
        """What is said about changes that were set aside as noise, and about the noise of those that mean something."""
        hits: list[Hit] = []
        listening = {what: found for what, rs in self.rules.items() if (found := tuple(r for r in rs if r.noise))}
        asked = {name for rs in listening.values() for r in rs for name in r.noise}
        for change in (*self.release.changes.noise, *self.release.changes.meaningful):
            names = _noise(change) & asked  # an upgrade makes tens of thousands of changes without meaning
            hits += [
                Hit(rule, change, _text(detail))
                for rule in (_listeners_of(change, self.release, listening) if names else ())
                if names.intersection(rule.noise) and (detail := self.answer(rule, change, change))
            ]
        return tuple(hits)

    def on_change(self, change: Change, observed: frozenset[str]) -> list[Hit]:
        release = self.release
        follows = release.is_frame_of_another(change)
        hits = [] if follows else self._unmuted(change, list(self._asked(change)))
        harmless = [s for s in hits if not harms_devices(s.rule)]
        if len(harmless) < len(hits) and release.nothing_to_lose(release.audience(change)):
            hits = harmless or hits
        if _means_nothing(change, hits):
            hits = [s for s in hits if s.rule.on]
        if isinstance(change, Changed):
            taken = frozenset().union(*(s.fields for s in hits), observed, change.known if follows else ())
            left = _beyond(change.fields - taken, release.covered_by_observations(change))
            answered = not left
        else:
            left, answered = _NO_FIELDS, follows or bool(hits)
        if not answered and not release.first:  # of a first release nothing is undecided
            self.uncovered[id(change)] = left
            rest = Uncovered(change, tuple(sorted(left)))
            hits += [evolve(s, fields=left) for s in self.on(Uncovered, rest, subject=change)]
        return hits

    def _asked(self, change: Change) -> Iterator[Hit]:
        """What the rules say that hear a change."""
        release = self.release
        known = change.known if isinstance(change, Changed) else _NO_FIELDS
        for rule in _listeners_of(change, release, self.rules):
            shown = _shown(rule, change, known)
            if (
                shown is not None
                and not rule.noise
                and rule.in_force(release.old.version, release.new.version)
                and (not rule.in_bundle or release.shipped(change))
                and (detail := self.answer(rule, shown, change))
            ):
                yield Hit(rule, change, _text(detail), _taken(rule, detail, shown))

    def _unmuted(self, change: Change, hits: list[Hit]) -> list[Hit]:
        """With the general rules that a special one stands in for only as far as they take more: of a change they
        are asked again about the fields that are left."""
        special: dict[str, frozenset[str]] = defaultdict(frozenset)
        for s in hits:
            for rule_id in s.rule.instead_of:
                special[rule_id] |= s.fields
        out = []
        for s in hits:
            if s.rule.id not in special:
                out.append(s)
            elif isinstance(change, Changed) and (rest := s.fields - special[s.rule.id]):
                shown = evolve(change, fields=rest)
                if (detail := self.answer(s.rule, shown, change)) and (fields := _taken(s.rule, detail, shown)):
                    out.append(Hit(s.rule, change, _text(detail), fields))
        return out

    def on(self, verb: type, heard: object, subject: Subject | None = None) -> list[Hit]:
        """Ask the rules that hear an observation, the release, a saying, the rest or a failure."""
        old, new = self.release.old.version, self.release.new.version
        moves = (VersionChange, SyncChange, DependencyChange)  # devices meet the new version
        judged = (new,) if verb in moves else (old, new)
        about: Subject = subject if subject is not None else heard  # type: ignore[assignment]
        return [
            Hit(rule, about, _text(detail))
            for rule in self.rules.get((verb, Kind), ())
            if rule.in_force(*judged) and (detail := self.answer(rule, heard, about))
        ]

    def answer(self, rule: Rule, heard: object, subject: Subject) -> bool | str:
        try:
            told: object = rule.test(heard, self.release)
        except ReadError:
            raise
        except Exception as error:
            problem = type(error).__name__
        else:
            if isinstance(told, bool | str):
                return told
            problem = f"{type(told).__name__} is no answer"
        self.failed.append(Failed(rule, subject, problem))
        return False


def _special(said: list[Hit]) -> list[Hit]:
    """Without the general rules that a special one stands in for."""
    general = {rule_id for s in said for rule_id in s.rule.instead_of}
    return [s for s in said if s.rule.id not in general]


def _text(detail: bool | str) -> str:
    return detail if isinstance(detail, str) else ""


def _noise(change: Change) -> frozenset[str]:
    return frozenset(change.noise.values()) if isinstance(change, Changed) else frozenset({change.reason} - {""})


def harms_devices(rule: Rule) -> bool:
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


def _shown(rule: Rule, change: Change, known: frozenset[str]) -> Change | None:
    """A change as a rule sees it, with the fields that are known and those the rule names; None where it has
    nothing to say of them."""
    if not isinstance(change, Changed):
        return change
    fields = known.union(f for f in change.fields - known if any(fnmatchcase(f, name) for name in rule.on))
    if not fields or (rule.on and not _named(fields, rule.on)):
        return None
    return change if fields == change.fields else evolve(change, fields=fields)


def _taken(rule: Rule, detail: bool | str, shown: Change) -> frozenset[str]:
    """The fields of a change that a rule takes by its answer."""
    if not isinstance(shown, Changed):
        return _NO_FIELDS
    if rule.on:
        return _named(shown.fields, rule.on)
    if isinstance(detail, Detail):
        return shown.fields & detail.fields
    return shown.fields if rule.whole else _NO_FIELDS


def _means_nothing(change: Change, hits: list[Hit]) -> bool:
    """Whether rules that name fields say of all that differ that they mean nothing: what is said of any change
    of a document is not meant then."""
    void = frozenset().union(*(s.fields for s in hits if s.rule.channel is NONE and s.rule.on))
    return isinstance(change, Changed) and bool(void) and change.fields <= void


def _named(fields: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """The fields that are one of some names, or fit their pattern, or lie in one."""
    return frozenset(f for f in fields if any(fnmatchcase(f, n) or f.startswith(n + ".") for n in names))


def _beyond(fields: frozenset[str], names: Collection[str]) -> frozenset[str]:
    return fields - _named(fields, names)


def _merged(hits: Iterable[Hit]) -> Iterator[Hit]:
    """What one rule says several times of one change, once, with all the fields."""
    found: dict[tuple[str, int, str], Hit] = {}
    for s in hits:
        key = s.rule.id, id(s.subject), s.detail
        found[key] = evolve(s, fields=s.fields | found[key].fields) if key in found else s
    return iter(found.values())
