"""Apply changes: ``patch(old, diff(old, new))`` holds what ``new`` holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from functools import cached_property, partial

import attrs
from attrs import define, frozen

from mx_changeclass.changes.change import ID, NAME, ORDER, PARENT, Added, Change, Changes, Removed
from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit

_NO_KEYS: Set[str] = frozenset()


def patch(old: Snapshot, changes: Changes, only: Iterable[Change] | None = None) -> Snapshot:
    """``old`` with the changes applied, or with ``only`` some of them.

    With all of them every row equals that of ``new``, and lists whose order means something have its
    order. A unit that could not be read on a side is taken over as it is, and so is what was not compared. Parts of
    what is not there fall away with it. What ``new`` could not show, the patched model cannot either. ``only`` may name
    what is ``unseen`` as well.
    """
    applied = tuple(only) if only is not None else (*changes.meaningful, *changes.noise)
    work = _Work.of(changes, applied)
    untouched = {i: u for i, u in old.units.items() if i not in work.replaced}
    units = {**untouched, **work.put_aside(), **work.units()}
    new = changes.new
    return attrs.evolve(
        old,
        units=units,
        version=new.version if only is None else old.version,
        digest=_digest(f"{u.id} {u.container} {u.slot} {u.digest}" for u in units.values()),
        incomplete=new.incomplete,
        warnings=new.warnings,
    )


@define(slots=False, eq=False)
class _Work:
    changes: Changes
    rows: dict[str, Element]  # every row of the touched units, as it is after the changes
    keys: dict[str, Set[str]]  # ids of rows that are as the new side has them, with the keys that are; none: it came
    placed: set[str]  # ids of rows that come to the place that their index says
    taken: dict[str, Unit]  # units taken over unread
    replaced: set[str]  # old unit ids that ``old`` no longer speaks for

    @classmethod
    def of(cls, changes: Changes, applied: tuple[Change, ...]) -> _Work:
        unread = [c for c in applied if not isinstance(c, Removed) and c.new_row.id not in changes.new_tree.rows]
        lost = [c for c in applied if not isinstance(c, Added) and c.old_row.id not in changes.old_tree.rows]
        bare = {id(c) for c in unread}
        rows = dict(changes.old_tree.rows)
        for change in applied:
            if not isinstance(change, Added):
                rows.pop(change.old_row.id, None)
        placed: set[str] = set()
        keys: dict[str, Set[str]] = {}
        for change in applied:
            if isinstance(change, Removed) or id(change) in bare:
                continue
            rows[change.new_row.id] = change.new_row
            keys[change.new_row.id] = _NO_KEYS if isinstance(change, Added) else change.fields | change.noise.keys()
            if isinstance(change, Added) or {ORDER, PARENT} & change.fields:
                placed.add(change.new_row.id)
            else:  # it keeps its place among those that stayed
                rows[change.new_row.id] = attrs.evolve(change.new_row, index=change.old_row.index)
        return cls(
            changes,
            rows,
            keys,
            placed,
            {c.new_row.id: changes.new.units[c.new_row.id] for c in unread},
            {*changes.old_tree.unit_of.values(), *(c.old_row.id for c in lost)},
        )

    def put_aside(self) -> dict[str, Unit]:
        """Documents of the new side that are not built there, and that the old side has built until now."""
        new = self.changes.new
        gone = (self.replaced - self.rows.keys()) & (new.units.keys() - new.live.keys())
        return {i: new.units[i] for i in gone}

    def units(self) -> dict[str, Unit]:
        """The touched units, built anew."""
        below: dict[str, list[Element]] = defaultdict(list)
        roots: list[Element] = []
        for row in self.rows.values():
            parent = self._parent(row)
            if parent is not None:
                below[parent].append(row if parent == row.parent else attrs.evolve(row, parent=parent))
            elif row.parent is None:
                roots.append(row)
        made = {root.id: self._unit(root, below) for root in roots}
        here = made.keys() | self.taken.keys() | (self.changes.old.units.keys() - self.replaced)
        return {i: self._contained(unit, here) for i, unit in {**made, **self.taken}.items()}

    def _contained(self, unit: Unit, here: Collection[str]) -> Unit:
        """A unit in the folder that there is, where that goes by another id on the other side."""
        home = unit.container
        if home is None or home in here:
            return unit
        other = self.changes.partner.get(home) or self._back.get(home)
        return attrs.evolve(unit, container=other) if other in here else unit

    def _parent(self, row: Element) -> str | None:
        """Id of the row around a row; where its partner stands in for it, that of the partner."""
        if row.parent is None or row.parent in self.rows:
            return row.parent
        there = self.changes.partner.get(row.parent)
        back = there if there is not None else self._back.get(row.parent)
        return back if back in self.rows else None

    @cached_property
    def _back(self) -> Mapping[str, str]:
        return {n: o for o, n in self.changes.partner.items()}

    def _unit(self, root: Element, below: Mapping[str, list[Element]]) -> Unit:
        rows: list[Element] = []
        todo = [root]
        while todo:
            row = todo.pop()
            rows.append(row)
            todo += reversed(self._in_place(below.get(row.id, ())))
        content, known = tuple(rows), self._known(root)
        for side in (self.changes.old, self.changes.new):  # what a side holds already goes by its digest
            if root.id in side.units and _placed(side.rows(root.id)) == _placed(content):
                same = side.units[root.id]
                load = partial(side.rows, root.id)
                told = attrs.evolve(known, digest=same.digest, load=load, missing=False)
                return attrs.evolve(told, stored=same.stored, stated=same.stated)
        digest = _digest(
            repr((*attrs.astuple(r, recurse=False)[:5], r.index, sorted(r.props.items()))) for r in content
        )
        return attrs.evolve(known, digest=digest, load=_Loaded(content), missing=False, stored=None)

    def _known(self, root: Element) -> Unit:
        """What is said of the document whose root that is, its content apart."""
        old, new = self.changes.old.units, self.changes.new.units
        keys = self.keys.get(root.id)
        if keys is None:
            return old[root.id]
        unit = new[root.id]
        if keys is _NO_KEYS:
            return unit
        was = old[self._back.get(root.id, root.id)]
        container, slot = (unit.container, unit.slot) if PARENT in keys else (was.container, was.slot)
        file = unit.file if {ID, NAME} & keys else was.file
        frame = attrs.evolve(was, id=root.id, name=root.name, type=root.type, file=file)
        return attrs.evolve(frame, container=container, slot=slot)

    def _in_place(self, rows: Iterable[Element]) -> list[Element]:
        """Siblings, slot by slot: those that came or moved at their index, the others around them."""
        slots: dict[str, list[Element]] = defaultdict(list)
        for row in rows:
            slots[row.slot].append(row)
        done: list[Element] = []
        for slot in sorted(slots):
            stayed = sorted((r for r in slots[slot] if r.id not in self.placed), key=lambda r: r.index)
            came = sorted((r for r in slots[slot] if r.id in self.placed), key=lambda r: r.index)
            for index in range(len(slots[slot])):
                row = came.pop(0) if came and (came[0].index <= index or not stayed) else stayed.pop(0)
                done.append(row if row.index == index else attrs.evolve(row, index=index))
        return done


def _placed(rows: Iterable[Element]) -> dict[str, tuple[Element, int]]:
    return {row.id: (row, row.index) for row in rows}


@frozen
class _Loaded:
    rows: Rows

    def __call__(self) -> Rows:
        return self.rows


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogatepass")).hexdigest()
