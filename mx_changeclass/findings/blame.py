"""Which commits brought each finding of a release.

The rows that a finding hangs on are followed along the history, through the matching of each pair of versions, so that
a rename, a move or a module that is imported anew is no end: back from the new version for what is there, and on from
the old one for what is gone. Only commits that touched the file of a row are compared. A commit has a hand in a finding
where its row came, went, or changed in a key that the rule took; it is shown to do so where that commit alone makes
the same rule speak of the same row. A merge is followed into what it merged.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from mx_changeclass.changes.change import NAME, ORDER, PARENT, TYPE, Added, Changed, Changes, Removed
from mx_changeclass.errors import PolicyError, ReadError
from mx_changeclass.findings.carriers import VERSION, Carrier
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Finding, Verdict
from mx_changeclass.model.commits import MODEL_FILE, Commit, Leg
from mx_changeclass.model.snapshot import Element, Snapshot, Tree
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Hit, Hits, Rule
from mx_changeclass.vocabulary import OTA_SAFE, ReleaseClass

T = TypeVar("T")
Read = Callable[[str], Snapshot]  # the model as a commit left it; raises ReadError
Compare = Callable[[Snapshot, Snapshot], Changes]
Branches = Callable[[Leg], Iterable[Sequence[Leg]]]  # what led to each further parent of a merge
_KEPT = 64  # comparisons that are kept for when they are asked for again
_DEEP = 20  # merges in one another that are followed


class How(enum.StrEnum):
    """How commits brought a finding: ``ONE`` did, as it shows the same alone; ``SEVERAL`` do, so that to take back one
    is not enough; ``TOGETHER``: none of those that had a hand in it shows it alone; ``UNDOES``: it is no new work, but
    work of the old line that the new one lacks; ``WHOLE``: it is about the release as a whole, or what it hangs on
    cannot be followed."""

    ONE = "one"
    SEVERAL = "several"
    TOGETHER = "together"
    UNDOES = "undoes"
    WHOLE = "whole"


@frozen
class Blamed:
    """A finding and who brought it. ``commits`` are the ids of all that had a hand in it, in the order of the way;
    ``alone`` are those of them that make the same rule speak of the same by themselves, ``undone`` those of the old
    line, which the new version lacks, and ``fingerprints`` the rows of the report that it stands at."""

    finding: Finding
    fingerprints: tuple[str, ...]
    how: How
    commits: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()

    @property
    def by(self) -> tuple[str, ...]:
        """Who brought it: those that show it alone, where some do, else all that had a hand in it; of them those that
        lead to the new version, where some do."""
        brought = self.alone or self.commits
        return tuple(commit for commit in brought if commit not in self.undone) or brought


@frozen
class Blame:
    """Who brought what. ``verdict`` is the one on the two versions, ``findings`` those of it that were asked for, worst
    first. ``commits`` are all that are named, in the order of the way: those that are taken back, from the newest,
    then those that lead to the new version, oldest first. ``base`` is the commit where the two lines part, ``released``
    that of the old version; ``looked_at`` says how many commits lie between the two, and ``unread`` which of them
    cannot be read: what they changed is told with the commit after them."""

    verdict: Verdict
    findings: tuple[Blamed, ...]
    commits: tuple[Commit, ...]
    looked_at: int
    unread: tuple[str, ...] = ()
    base: str = ""
    released: str = ""

    def __repr__(self) -> str:
        return f"<Blame: {len(self.findings)} findings, {len(self.commits)} of {self.looked_at} commits>"


def _chosen(
    verdict: Verdict, least: ReleaseClass, fingerprints: Sequence[str]
) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """The findings that may have a class or above, of rows whose fingerprint begins with one of ``fingerprints`` where
    some are given, each with the fingerprints of its rows."""
    for mark in fingerprints:
        if not mark or not any(row.fingerprint.startswith(mark) for row in verdict.rows):
            raise PolicyError(f"{mark!r} is the fingerprint of no change. 'diff' of the two shows them in brackets")
    places: dict[int, list[str]] = {}
    for row in verdict.rows:
        for finding in row.findings:
            places.setdefault(id(finding), []).append(row.fingerprint)
    for finding in verdict.findings:
        marks = tuple(places.get(id(finding), ()))
        asked = not fingerprints or any(mark.startswith(tuple(fingerprints)) for mark in marks)
        if asked and finding.at_most >= least:
            yield finding, marks


def blamed(
    verdict: Verdict,
    legs: Sequence[Leg],
    read: Read,
    compare: Compare,
    branches: Branches,
    *,
    least: ReleaseClass = OTA_SAFE,
    fingerprints: Sequence[str] = (),
) -> Blame:
    """Who brought the findings of a verdict that have, or may have, the class ``least`` or above; of the rows whose
    fingerprint begins with one of ``fingerprints`` where some are given, for one that no row has ``PolicyError``.
    ``legs`` lead from its old version to its new one, ``branches`` are those that led to what a merge brought."""
    found = list(_chosen(verdict, least, fingerprints))
    trace = _Trace(verdict, read, compare, branches, list(legs), _asked([f for f, _ in found if f.carriers]))
    trace.follow(dict.fromkeys(carrier for finding, _ in found for carrier in finding.carriers))
    told = tuple(trace.blamed(finding, marks) for finding, marks in found)
    named = {commit for each in told for commit in each.commits}
    return Blame(
        verdict,
        told,
        tuple(leg.commit for leg in trace.in_order() if leg.commit.id in named),
        looked_at=len(trace.known),
        unread=tuple(trace.unread),
    )


def _asked(findings: Collection[Finding]) -> tuple[Rule, ...]:
    """The rules that are asked of a single commit: all, but of those that look at a release as a whole, which takes
    long, only such as matter to some findings."""
    ids = {finding.rule.id for finding in findings}
    of_others = any(_hears(f.rule, Hits) or (_hears(f.rule, Hit) and not f.subject) for f in findings)
    return tuple(
        rule
        for rule in catalogue().values()
        if of_others or rule.id in ids or ids.intersection(rule.instead_of) or not _hears(rule, Release)
    )


def _hears(rule: Rule, what: type) -> bool:
    return any(verb is what for verb, _ in rule.listens_to)


@frozen
class _Hand:
    """What a commit did to a row: its ids before and after, and the keys that changed, with those that mean nothing.
    ``before`` is the row as it was, or the version of Studio Pro; None where it came or went."""

    rows: frozenset[str]
    before: Element | str | None = None
    fields: frozenset[str] = frozenset()
    noise: frozenset[str] = frozenset()

    @property
    def means_something(self) -> bool:
        """Whether it is more than what a save, an upgrade or an import anew changes by itself."""
        return bool(self.fields) or not isinstance(self.before, Element)

    def takes(self, carrier: Carrier) -> bool:
        """Whether that is what the finding speaks of, and not another key of the same row."""
        if not isinstance(self.before, Element):
            return True
        if not (carrier.old and carrier.new):
            return False
        return bool(self.fields if not carrier.fields else carrier.fields & (self.fields | self.noise))


_Place = tuple[str, str]  # a leg, by the commits at its ends
_Hands = dict[Carrier, dict[_Place, _Hand]]


@define(eq=False)
class _Trace:
    verdict: Verdict
    read: Read
    compare: Compare
    branches: Branches
    legs: list[Leg]
    rules: tuple[Rule, ...]
    hands: _Hands = field(factory=dict, init=False)
    places: dict[_Place, tuple[tuple[int, ...], tuple[Leg, ...]]] = field(factory=dict, init=False)
    known: set[str] = field(factory=set, init=False)  # commits on the way, and on the branches that were followed
    unread: dict[str, None] = field(factory=dict, init=False)
    changes: Callable[[str, str], Changes] = field(init=False)
    own: dict[_Place, tuple[Finding, ...]] = field(factory=dict, init=False)
    changed: Mapping[tuple[str, str], Changed[Any]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        every = (c for c in self.verdict.changes if isinstance(c, Changed))
        self.changed = {(c.old_row.id, c.new_row.id): c for c in every}
        self.changes = lru_cache(_KEPT)(lambda old, new: self.compare(self.read(old), self.read(new)))

    # -- following rows -------------------------------------------------------------------------

    def follow(self, carriers: Iterable[Carrier]) -> None:
        """Follow all rows to where they came, went or changed."""
        every, changes = list(carriers), self.verdict.changes
        back = _Walk(self, self.hands, forward=False)
        back.along(self.legs, [(c.new, c) for c in every if c.new], changes.new_tree)
        gone = [(c.old, c) for c in every if c.old and (not c.new or c in back.ended)]
        _Walk(self, self.hands, forward=True).along(self.legs, gone, changes.old_tree)

    def files(self, row: str, tree: Tree, carriers: Iterable[Carrier]) -> frozenset[str]:
        """The files in which a row may change. What a document stands in is said by the model file; a file beside the
        model is read together with others of its folder."""
        unit = tree.snapshot.units.get(tree.unit_of.get(row, row))
        if unit is None or not unit.file:
            return frozenset({MODEL_FILE})
        if unit.slot == "files":
            return frozenset({unit.file, unit.file.rpartition("/")[0]})
        changes = (self.changed.get((c.old, c.new)) for c in carriers)
        moved = any(change and PARENT in change.fields for change in changes)
        return frozenset({unit.file, MODEL_FILE} if moved else {unit.file})

    def readable(self, legs: Sequence[Leg], at: int) -> tuple[int, int]:
        """The first and the last of the legs around one that lead between versions that can be read."""
        first = last = at
        while first and not self.can_read(legs[first].old):
            first -= 1
        while last + 1 < len(legs) and not self.can_read(legs[last].new):
            last += 1
        return first, last

    def can_read(self, commit: str) -> bool:
        if commit in self.unread:
            return False
        try:
            self.read(commit)
        except ReadError:
            self.unread[commit] = None
            return False
        return True

    # -- what is told of a finding ----------------------------------------------------------------

    def in_order(self) -> Iterator[Leg]:
        """The legs that were looked at, in the order of the way."""
        seen: set[str] = set()
        for _, span in sorted(self.places.values(), key=lambda known: known[0]):
            for leg in span:
                if leg.commit.id not in seen:
                    seen.add(leg.commit.id)
                    yield leg

    def blamed(self, finding: Finding, fingerprints: tuple[str, ...]) -> Blamed:
        """A finding with those who brought it. Where none of them shows it alone, those count, too, that changed
        the same rows otherwise."""
        clear = self._places_of(finding, clear=True)
        alone = [place for place, rows in clear.items() if self._shows(place, finding, rows)]
        if not alone:
            clear = self._places_of(finding, clear=False)
            alone = [place for place, rows in clear.items() if self._shows(place, finding, rows)]
        told = Blamed(finding, fingerprints, How.WHOLE)
        if not clear:
            return told
        legs = [leg for place in clear for leg in self.places[place][1]]
        told = evolve(
            told,
            commits=tuple(dict.fromkeys(leg.commit.id for leg in legs)),
            alone=tuple(dict.fromkeys(self.places[place][1][-1].commit.id for place in alone)),
            undone=tuple(dict.fromkeys(leg.commit.id for leg in legs if leg.back)),
        )
        if set(told.by) <= set(told.undone):
            return evolve(told, how=How.UNDOES)
        how = How.TOGETHER if not told.alone else How.ONE if len(told.by) == 1 else How.SEVERAL
        return evolve(told, how=how)

    def _places_of(self, finding: Finding, *, clear: bool) -> dict[_Place, frozenset[str]]:
        """Where rows of a finding changed, and their ids there; only ``clear`` ones, or all."""
        found: dict[_Place, frozenset[str]] = {}
        for carrier in finding.carriers:
            for place, hand in reversed(self._in_order(self.hands.get(carrier, {}))):
                if hand.takes(carrier) if clear else hand.means_something:
                    found[place] = found.get(place, frozenset()) | hand.rows
                    if self._is_as_released(hand.before, carrier):
                        break
        return dict(self._in_order(found))

    def _in_order(self, found: Mapping[_Place, T]) -> list[tuple[_Place, T]]:
        return sorted(found.items(), key=lambda known: self.places[known[0]][0])

    def _is_as_released(self, row: Element | str | None, carrier: Carrier) -> bool:
        """Whether a row was then what it is in the old version, in what the finding speaks of: what led there was taken
        back, or done on both lines."""
        change = self.changed.get((carrier.old, carrier.new))
        if isinstance(row, str) or row is None or change is None:
            return row == str(self.verdict.old.version)
        return all(_value(row, key) == _value(change.old_row, key) for key in carrier.fields or change.fields)

    def _shows(self, place: _Place, finding: Finding, rows: frozenset[str]) -> bool:
        """Whether one commit alone makes the rule speak of the same: of its row, or where it speaks of something that
        other rows lead to, of that by its name, now or before. Of several that can only be read as one, none does."""
        if len(self.places[place][1]) > 1:
            return False
        if place not in self.own:
            self.own[place] = classify(self.changes(*place), self.verdict.policy, rules=self.rules).findings
        by_row = self._is_of_row(finding)
        return any(
            said.rule.id == finding.rule.id
            and (any(rows & {c.old, c.new} for c in said.carriers) if by_row else said.subject in self._names(finding))
            for said in self.own[place]
        )

    def _is_of_row(self, finding: Finding) -> bool:
        """Whether the finding is about the element of a row that it hangs on."""
        changes = self.verdict.changes
        for carrier in finding.carriers:
            for tree, row in ((changes.new_tree, carrier.new), (changes.old_tree, carrier.old)):
                if row in tree.rows and tree.qualified(tree.subject(tree.rows[row])) == finding.subject:
                    return True
        return False

    def _names(self, finding: Finding) -> frozenset[str]:
        return frozenset({finding.subject}) | {
            old for old, new in self.verdict.changes.renames.items() if new == finding.subject
        }


@define(eq=False)
class _Walk:
    """Rows on their way along legs, ``forward`` or back: ``live`` are the carriers by the id that their row has where
    the walk stands, ``gone`` those of rows that went and may come back, and ``ended`` tells who ended which."""

    trace: _Trace
    hands: _Hands
    forward: bool
    within: tuple[int, ...] = ()
    live: dict[str, list[Carrier]] = field(factory=dict, init=False)
    gone: dict[str, list[Carrier]] = field(factory=dict, init=False)
    files: dict[str, frozenset[str]] = field(factory=dict, init=False)
    ended: dict[Carrier, set[_Place]] = field(factory=dict, init=False)

    def along(self, legs: Sequence[Leg], rows: Iterable[tuple[str, Carrier]], tree: Tree) -> None:
        """Follow rows of a tree along some legs, and keep who changed them."""
        trace = self.trace
        trace.known.update(leg.commit.id for leg in legs)
        for row, carrier in rows:
            self.live.setdefault(row, []).append(carrier)
        self.files = {row: trace.files(row, tree, carriers) for row, carriers in self.live.items()}
        at = 0 if self.forward else len(legs) - 1
        while 0 <= at < len(legs):
            near = [row for row in (*self.live, *self.gone) if not self.files[row].isdisjoint(legs[at].files)]
            first, last = trace.readable(legs, at) if near else (at, at)
            at = last + 1 if self.forward else first - 1
            place = legs[first].old, legs[last].new
            if near and all(map(trace.can_read, place)):  # a branch may begin where nothing can be read
                trace.places.setdefault(place, ((*self.within, first), tuple(legs[first : last + 1])))
                self._take(place, near)

    def _take(self, place: _Place, near: Sequence[str]) -> None:
        """One step: keep what it did to the rows that it may have changed, and go on to its other side."""
        trace = self.trace
        versions = [str(trace.read(commit).version) for commit in place]
        upgrade = VERSION in near and versions[0] != versions[1]
        if [*near] == [VERSION] and not upgrade:
            return
        step = _Step(trace.changes(*place), self.forward)
        met = {row: hand for row in near if row in self.live and (hand := step.hand(row))}
        if upgrade:
            met[VERSION] = _Hand(frozenset({VERSION}), versions[0])
        ends = {carrier for row in near if row in step.ends for carrier in self.live.get(row, ())}
        known = {carrier: {*self.hands.get(carrier, ())} for carrier in ends}
        self._credit(place, met, step)
        for carrier, before in known.items():
            for earlier in self.ended.get(carrier, ()):  # it had come back since
                del self.hands[carrier][earlier]
            self.ended[carrier] = {*self.hands[carrier]} - before
        self._go_on(near, step)

    def _credit(self, place: _Place, met: Mapping[str, _Hand], step: _Step) -> None:
        """Keep what a commit did; of a merge what those did that it merged, where they did."""
        order, span = self.trace.places[place]
        rest = [(row, carrier) for row in met for carrier in self.live[row]]
        if len(span) == 1 and len(span[0].commit.parents) > 1 and len(order) < 2 * _DEEP:
            for number, legs in enumerate(self.trace.branches(span[0]) if rest else ()):
                inner = _Walk(self.trace, {}, self.forward, (*order, number))
                inner.along(legs, rest, step.near)
                found = {c: h for c, h in inner.hands.items() if any(hand.means_something for hand in h.values())}
                for carrier, hands in found.items():
                    self.hands.setdefault(carrier, {}).update(hands)
                rest = [(row, carrier) for row, carrier in rest if carrier not in found]
        for row, carrier in rest:
            self.hands.setdefault(carrier, {})[place] = met[row]

    def _go_on(self, near: Sequence[str], step: _Step) -> None:
        """What is followed on the other side of a step: rows under their ids there, and those that came back."""
        there: dict[str, list[Carrier]] = {}
        for row in near:
            if row in self.gone:
                if row in step.begins:
                    there.setdefault(row, []).extend(self.gone.pop(row))
            elif row not in step.ends:
                there.setdefault(step.beyond(row), []).extend(self.live.pop(row))
            elif self.forward:
                self.gone[row] = self.live.pop(row)
            else:
                del self.live[row]
        for row, carriers in there.items():
            self.live.setdefault(row, []).extend(carriers)
            if row not in self.files or row in step.far.unit_of:
                self.files[row] = self.trace.files(row, step.far, self.live[row])


@define(eq=False, slots=False)
class _Step:
    """The changes of a step as they look from the side that one comes from: going ``forward`` that is the old one."""

    changes: Changes
    forward: bool

    @property
    def near(self) -> Tree:
        return self.changes.old_tree if self.forward else self.changes.new_tree

    @property
    def far(self) -> Tree:
        return self.changes.new_tree if self.forward else self.changes.old_tree

    @cached_property
    def ends(self) -> frozenset[str]:
        """The rows that are on this side only."""
        verb = Removed if self.forward else Added
        return frozenset(c.row.id for c in self._every if isinstance(c, verb))

    @cached_property
    def begins(self) -> frozenset[str]:
        """The rows that are on the other side only."""
        verb = Added if self.forward else Removed
        return frozenset(c.row.id for c in self._every if isinstance(c, verb))

    @cached_property
    def _changed(self) -> Mapping[str, Changed[Any]]:
        found = (c for c in self._every if isinstance(c, Changed))
        return {(c.old_row if self.forward else c.new_row).id: c for c in found}

    @cached_property
    def _every(self) -> tuple[Any, ...]:
        return (*self.changes.meaningful, *self.changes.noise)

    @cached_property
    def _partner(self) -> Mapping[str, str]:
        partner = self.changes.partner
        return partner if self.forward else {new: old for old, new in partner.items()}

    def beyond(self, row: str) -> str:
        """The id of a row on the other side."""
        return self._partner.get(row, row)

    def hand(self, row: str) -> _Hand | None:
        if row in self.ends:
            return _Hand(frozenset({row}))
        change = self._changed.get(row)
        if change is None:
            return None
        old, new = change.old_row, change.new_row
        return _Hand(frozenset({old.id, new.id}), old, change.fields, frozenset(change.noise))


def _value(row: Element, key: str) -> object:
    """What a row has under a field of a change."""
    frame = {NAME: row.name, TYPE: row.type, PARENT: (row.parent, row.slot), ORDER: row.index}
    return frame[key] if key in frame else row.props.get(key)
