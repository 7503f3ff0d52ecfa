"""Apply changes: ``patch(old, diff(old, new))`` holds what ``new`` holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from mx_changeclass.changes.change import ORDER, PARENT, Added, Change, Changed, Changes, Removed
from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit


def patch(old: Snapshot, changes: Changes, only: Iterable[Change] | None = None) -> Snapshot:
    """The units of ``old`` that are built, with the changes applied (or ``only`` some of them).

    With all of them every row equals that of ``new``, and lists whose order means something have its
    order. A unit that could not be read on a side is taken over as it is. Parts of what is not there
    fall away with it.
    """
    applied = tuple(only) if only is not None else (*changes.meaningful, *changes.noise)
    work = _Work.of(changes, applied)
    untouched = {
        i: u
        for i, u in old.live.items()
        if i not in work.replaced and (_compared(changes) or not i.startswith("file:"))
    }
    units = {**untouched, **work.units()}
    return Snapshot(
        units,
        changes.new.version if only is None else old.version,
        label=old.label,
        form="patch",
        digest=_digest(f"{u.id} {u.container} {u.slot} {u.digest}" for u in units.values()),
        side_files=old.side_files,
    )


def _compared(changes: Changes) -> bool:
    return changes.old.side_files and changes.new.side_files


@attrs.define(slots=False, eq=False)
class _Work:
    changes: Changes
    rows: dict[str, Element]  # every row of the touched units, as it is after the changes
    renewed: set[str]  # ids of rows that are as the new side has them
    placed: set[str]  # ids of rows that come to the place that their index says
    taken: dict[str, Unit]  # units taken over unread
    replaced: set[str]  # old unit ids that ``old`` no longer speaks for

    @classmethod
    def of(cls, changes: Changes, applied: tuple[Change, ...]) -> _Work:
        unread = [c for c in applied if isinstance(c, Changed) and c.new_row.id not in changes.new_tree.rows]
        bare = {id(c) for c in unread}
        rows = dict(changes.old_tree.rows)
        for change in applied:
            if not isinstance(change, Added):
                rows.pop(change.old_row.id, None)
        placed: set[str] = set()
        renewed: set[str] = set()
        for change in applied:
            if isinstance(change, Removed) or id(change) in bare:
                continue
            rows[change.new_row.id] = change.new_row
            renewed.add(change.new_row.id)
            if isinstance(change, Added) or {ORDER, PARENT} & change.fields:
                placed.add(change.new_row.id)
            else:  # it keeps its place among those that stayed
                rows[change.new_row.id] = attrs.evolve(change.new_row, index=change.old_row.index)
        return cls(
            changes,
            rows,
            renewed,
            placed,
            {c.new_row.id: changes.new.units[c.new_row.id] for c in unread},
            {*changes.old_tree.unit_of.values(), *(c.old_row.id for c in unread)},
        )

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
        return {**{root.id: self._unit(root, below) for root in roots}, **self.taken}

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
        known = self.changes.new.units if root.id in self.renewed else self.changes.old.units
        content = tuple(rows)
        digest = _digest(
            repr((r.id, r.type, r.name, r.parent, r.slot, r.index, sorted(r.props.items()))) for r in content
        )
        return attrs.evolve(known[root.id], digest=digest, load=_Loaded(content), missing=False)

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


@attrs.frozen
class _Loaded:
    rows: Rows

    def __call__(self) -> Rows:
        return self.rows


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogatepass")).hexdigest()
