"""Changes on another base: a row half changed, and what one version changed made to another, three ways.

A row is what is merged, key by key, as Studio Pro merges properties (docs.mendix.com, "Merge Dialog"): what only one
side changed is taken, what both changed to the same value too; anything else is a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

import attrs
from attrs import define, frozen

from mx_changeclass.changes.change import ID, NAME, ORDER, PARENT, TYPE, Added, Change, Changed, Changes, Removed
from mx_changeclass.changes.patch import patch
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.snapshot import Element, Snapshot, Tree

_FRAME = {ID: ("id",), TYPE: ("type",), NAME: ("name",), PARENT: ("parent", "slot"), ORDER: ("index",)}


@frozen
class Conflict:
    """A change that cannot be made to another version as it is, and why, in words that follow its subject."""

    change: Change
    why: str


def with_keys(change: Changed[Kind], keys: Collection[str], base: Element | None = None) -> Changed[Kind]:
    """The change with no other keys than these: the rest stays as the old row has it, or as that of a ``base``."""
    old = base or change.old_row
    frame = {name: getattr(change.new_row, name) for key in keys if key in _FRAME for name in _FRAME[key]}
    props = dict(old.props)
    for key in keys:
        if key in change.new_row.props:
            props[key] = change.new_row.props[key]
        elif key not in _FRAME:
            props.pop(key, None)
    noise = {key: why for key, why in change.noise.items() if key in keys}
    new = attrs.evolve(old, **{"index": change.new_row.index, **frame}, props=props)
    return attrs.evolve(change, old_row=old, new_row=new, fields=change.fields.intersection(keys), noise=noise)


def rebase(changes: Changes, base: Snapshot) -> tuple[Changes, tuple[Conflict, ...]]:
    """The changes as they are made to another version of the model, and what of them cannot be.

    What the version has already is no conflict, and no change. The other version must know the elements by their
    ids, as versions of one project do.
    """
    touched = dict.fromkeys((*changes.old_tree.unit_of.values(), *changes.new_tree.unit_of.values()))
    work = _Rebase(changes, base, Tree.of(base, (i for i in touched if i in base.live and not base.live[i].missing)))
    made = tuple(work.made())
    told = attrs.evolve(changes, old=base, meaningful=made, noise=(), old_tree=work.tree)
    return told, tuple(work.conflicts)


def cherry_pick(changes: Changes, base: Snapshot) -> Snapshot | tuple[Conflict, ...]:
    """Another version of the model with the changes on top, or what stands in the way."""
    rebased, conflicts = rebase(changes, base)
    if conflicts:
        return conflicts
    upgraded = str(changes.old.version) != str(changes.new.version)
    made = patch(base, rebased, rebased.meaningful)
    return attrs.evolve(made, version=changes.new.version) if upgraded else made


@define(eq=False, slots=False)
class _Rebase:
    changes: Changes
    base: Snapshot
    tree: Tree  # the touched documents of the base
    conflicts: list[Conflict] = attrs.field(factory=list)

    def made(self) -> Iterator[Change]:
        """The changes that are left to make."""
        for change in (*self.changes.meaningful, *self.changes.noise):
            if isinstance(change, Added):
                yield from self._added(change)
            elif change.old_row.id not in self.changes.old_tree.rows:
                yield from self._unread(change)
            else:
                yield from self._on(change, self._here(change.old_row.id))

    def _added(self, change: Added[Kind]) -> Iterator[Change]:
        row, new = change.new_row, self.changes.new
        there, was = self.tree.rows.get(row.id), self.changes.old_tree.rows.get(row.id)
        if there is not None and (was is None or there != was):  # else it gives its id away, alike as the two may be
            if there != row:
                self._conflict(change, "is there already")
            return
        home, known = (
            row.parent or new.units[row.id].container,
            (self.tree.rows, self.base.units, self.changes.new_tree.rows),
        )
        if home is None or any(home in ids for ids in known):
            yield change
        else:
            self._conflict(change, "stands in something that is not there")

    def _unread(self, change: Removed[Kind] | Changed[Kind]) -> Iterator[Change]:
        """Of a document that cannot be read only the whole can be taken, where the base has it as it was."""
        here, was = self.base.units.get(change.old_row.id), self.changes.old.units[change.old_row.id]
        if here is not None and here.digest == was.digest:
            yield change
        else:
            self._conflict(change, "cannot be read, and differs there")

    def _here(self, row_id: str) -> Element | None:
        """A row of the old side in the base, where it still stands in the document that it stood in."""
        same = self.tree.unit_of.get(row_id) == self.changes.old_tree.unit_of[row_id]
        return self.tree.rows.get(row_id) if same else None

    def _renewed(self, row: Element) -> bool:
        """Whether what is gone from where it stood is in the base all the same, under an id that neither side knows."""
        unit = self.changes.old.units[self.changes.old_tree.unit_of[row.id]]
        if unit.id in self.tree.rows:
            return (unit.id, row.type, row.name) in self._under_other_ids
        known = self.changes.old.units.keys() | self.changes.new.units.keys()
        return any((u.type, u.name) == (unit.type, unit.name) and u.id not in known for u in self.base.live.values())

    @cached_property
    def _under_other_ids(self) -> frozenset[tuple[str, str, str]]:
        """The named rows of the base whose ids neither side knows: the document of each, its type and its name."""
        known = self.changes.old_tree.rows.keys() | self.changes.new_tree.rows.keys()
        rows = (row for row_id, row in self.tree.rows.items() if row.name and row_id not in known)
        return frozenset((self.tree.unit_of[row.id], row.type, row.name) for row in rows)

    def _on(self, change: Removed[Kind] | Changed[Kind], here: Element | None) -> Iterator[Change]:
        if here is None:
            there = self.tree.rows.get(change.new_row.id) if isinstance(change, Changed) else None
            if isinstance(change, Changed) and change.fields and there != change.new_row:
                self._conflict(change, "is not there")
            elif isinstance(change, Removed) and self._renewed(change.old_row):
                self._conflict(change, "is there under another id")
        elif isinstance(change, Removed):
            if here == change.old_row or here != self.changes.new_tree.rows.get(
                here.id
            ):  # else its id is another's now
                yield attrs.evolve(change, old_row=here)
        else:
            keys = [key for key in sorted(change.fields | change.noise.keys()) if self._takes(change, here, key)]
            if keys:
                yield with_keys(change, keys, here)

    def _takes(self, change: Changed[Kind], here: Element, key: str) -> bool:
        """Whether a key is to be changed; it is a conflict where the base has changed it otherwise."""
        old, new = self.changes.old, self.changes.new
        sides = (old, change.old_row), (new, change.new_row), (self.base, here)
        was, now, there = (_value(snapshot, row, key) for snapshot, row in sides)
        if key == ORDER or (there == was and there != now):
            return True
        if there != now and key in change.fields:
            self._conflict(change, f"{key} differs there")
        return False

    def _conflict(self, change: Change, why: str) -> None:
        self.conflicts.append(Conflict(change, why))


def _value(snapshot: Snapshot, row: Element, key: str) -> object:
    """What a side has under a key of a row, or as its frame; of a document the folder that it lies in."""
    if key not in _FRAME:
        return row.props.get(key)
    if key == PARENT and row.parent is None:
        unit = snapshot.units[row.id]
        return unit.container, unit.slot
    return tuple(getattr(row, name) for name in _FRAME[key])
