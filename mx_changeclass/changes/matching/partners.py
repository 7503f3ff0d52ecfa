"""Both sides of a comparison with who is who, and what follows from that alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from attrs import define, evolve, field

from mx_changeclass.changes.matching.alignment import align
from mx_changeclass.changes.matching.content import Content
from mx_changeclass.changes.matching.identity import Pairing, match_rows, match_units, maybe_unread, modules
from mx_changeclass.changes.noise.order import is_ordered, moved
from mx_changeclass.changes.noise.renames import Renames
from mx_changeclass.model.metamodel import is_referable
from mx_changeclass.model.snapshot import Element, Snapshot, Tree, Unit
from mx_changeclass.model.types import CUSTOM_WIDGET, DOMAIN_MODEL


def taking_part(old: Snapshot, new: Snapshot) -> tuple[Mapping[str, Unit], Mapping[str, Unit]]:
    """The units of both sides that are compared: those that are built, and files where both sides have them."""
    if old.side_files and new.side_files:
        return old.live, new.live
    left, right = ({i: u for i, u in s.live.items() if not i.startswith("file:")} for s in (old, new))
    return left, right


@define(slots=False, eq=False)
class Partners:
    """Who is who among the units of both sides, and among the rows of those that had to be expanded.

    ``moved_units`` holds the old ids of units that stand in another folder or module, ``reordered`` those of rows
    whose place among their siblings means something and differs, ``unread`` the pairs of units of which one cannot
    be read, ``renumbered`` those that differ in nothing but all their ids, ``redefined`` the ids (of both sides) of
    pluggable widgets whose copy of the widget's definition differs, ``maybe_unread`` the ids (of both sides) of
    units that may be among what the other side lists but cannot show, ``renames`` what is called otherwise now.
    """

    units: Pairing
    moved_units: frozenset[str]
    unread: tuple[tuple[Unit, Unit], ...]
    renumbered: tuple[tuple[Unit, Unit], ...]
    old: Content
    new: Content
    rows: Pairing
    unseen: frozenset[str]
    reordered: frozenset[str] = field(init=False)
    redefined: frozenset[str] = field(init=False)
    renames: Renames = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reordered = frozenset(self._reordered())
        self.redefined = frozenset(self._redefined())
        self.renames = self._named()

    @classmethod
    def of(cls, old: Snapshot, new: Snapshot) -> Partners:
        left, right = taking_part(old, new)
        units = match_units(left, right)
        elsewhere = _elsewhere(left, right, units)
        expand_old = [i for i, u in left.items() if not u.missing and i not in units.to_new]
        expand_new = [i for i, u in right.items() if not u.missing and i not in units.to_old]
        unread: list[tuple[Unit, Unit]] = []
        renumbered = _renumbered(left, right, units, elsewhere)
        for old_id, new_id in units.to_new.items():
            o, n = left[old_id], right[new_id]
            if o.missing or n.missing:
                unread.append((o, n))
            elif old_id in renumbered:
                continue
            elif old_id in elsewhere or not _as_it_was(o, n):
                expand_old.append(old_id)
                expand_new.append(new_id)
        a, b = Content(Tree.of(old, expand_old)), Content(Tree.of(new, expand_new))
        if named := _named_outside(renumbered, a, b):
            for old_id in named:
                del renumbered[old_id]
                expand_old.append(old_id)
                expand_new.append(units.to_new[old_id])
            a, b = Content(Tree.of(old, expand_old)), Content(Tree.of(new, expand_new))
        if twins := a.tree.twins | b.tree.twins:
            a = Content(Tree.of(_apart(old, twins, a.tree.twins), expand_old))
            b = Content(Tree.of(_apart(new, twins, b.tree.twins), expand_new))
        rows = match_rows(a.tree, b.tree, units)
        align(a, b, rows)
        doubtful = maybe_unread(left, right, units.to_new) | maybe_unread(right, left, units.to_old)
        again = tuple((left[i], right[units.to_new[i]]) for i in renumbered)
        return cls(units, elsewhere, tuple(unread), again, a, b, rows, doubtful)

    def each(self) -> Iterator[tuple[Element, Element]]:
        """The pairs of rows."""
        for old_id, new_id in self.rows.to_new.items():
            yield self.old.tree.rows[old_id], self.new.tree.rows[new_id]

    def at_home(self, o: Element, n: Element) -> bool:
        """Whether two partners stand in the same slot of partners."""
        if o.id in self.units.to_new:
            return o.id not in self.moved_units
        return o.slot == n.slot and self.rows.same(o.parent, n.parent)

    def parent_renewed(self, o: Element, n: Element) -> bool:
        """Whether what partners stand in has other ids on both sides."""
        if o.id in self.units.to_new:
            old, new = self.old.tree.snapshot.units, self.new.tree.snapshot.units
            return old[o.id].container != new[n.id].container
        return o.parent != n.parent

    def _reordered(self) -> Iterator[str]:
        for old_id, olds in self.old.children.items():
            news = self.new.children.get(self.rows.to_new.get(old_id, ""))
            if news is None:
                continue
            place = {r.id: (r.slot, i) for i, r in enumerate(news)}
            slots: dict[str, list[str]] = defaultdict(list)
            for row in olds:
                there = place.get(self.rows.to_new.get(row.id, ""))
                if there is not None and there[0] == row.slot:
                    slots[row.slot].append(row.id)
            for slot, ids in slots.items():
                if len(ids) > 1 and is_ordered(self.old.tree.rows[old_id], slot):
                    after = sorted(ids, key=lambda i, place=place: place[self.rows.to_new[i]][1])  # type: ignore[misc]
                    if ids != after:
                        yield from moved(ids, after, self.rows.to_new)

    def _redefined(self) -> Iterator[str]:
        key = "type.definition"
        for o, n in self.each():
            if o.type == CUSTOM_WIDGET and o.props.get(key) != n.props.get(key):
                yield from (o.id, n.id)

    def _named(self) -> Renames:
        """What is called otherwise by a rename of its own, or by a move to another module or entity."""
        names = Renames()
        for o, n in self.each():
            if o.name and (o.name != n.name or not self.at_home(o, n)):
                names.local[self.old.tree.unit_of[o.id]].add((o.name, n.name))
                if o.id in self.units.to_new or is_referable(o.type):
                    names.add(o.type, self.old.tree.qualified(o), self.new.tree.qualified(n))
        return names


def _apart(snapshot: Snapshot, twins: frozenset[str], here: frozenset[str]) -> Snapshot:
    """A snapshot in which each of several elements that state one id has its own."""
    count = f"{len(here)} elements state" if len(here) > 1 else "an element states"
    note = (f"{count} an $ID that one of another document has too; each was compared as its own",) if here else ()
    return evolve(snapshot, twins=twins, warnings=(*snapshot.warnings, *note))


def _as_it_was(o: Unit, n: Unit) -> bool:
    """Whether a unit has the same content at the same place under the same ids."""
    return bool(o.digest) and (o.digest, o.container, o.id) == (n.digest, n.container, n.id)


def _renumbered(
    old: Mapping[str, Unit], new: Mapping[str, Unit], units: Pairing, elsewhere: frozenset[str]
) -> dict[str, frozenset[str]]:
    """The documents that came again with other ids, as when a module is imported over itself, by their old id with the
    ids of both sides. A domain model is never one: what its elements are is more than what they hold."""
    pairs = ((old[o], new[n]) for o, n in units.to_new.items() if o != n and o not in elsewhere)
    return {o.id: ids for o, n in pairs if o.type != DOMAIN_MODEL and (ids := o.renumbered(n))}


def _named_outside(renumbered: Mapping[str, frozenset[str]], *sides: Content) -> list[str]:
    """Those of them of whose elements another document has the id, as its own or pointing at it."""
    if not renumbered:
        return []
    pointed_at = {i for side in sides for held in side.pointers.values() for i in held.values()}
    taken = [pointed_at, *(side.tree.rows.keys() for side in sides)]
    return [unit_id for unit_id, ids in renumbered.items() if not all(each.isdisjoint(ids) for each in taken)]


def _elsewhere(old: Mapping[str, Unit], new: Mapping[str, Unit], units: Pairing) -> frozenset[str]:
    """Where a whole folder went to another module, each document in it is called otherwise now, so each counts."""
    module_old, module_new = modules(old, new)
    return frozenset(
        o
        for o, n in units.to_new.items()
        if old[o].slot != new[n].slot
        or not units.same(old[o].container, new[n].container)
        or not units.same(module_old[o], module_new[n])
    )
