"""Two snapshots to their changes. Cost follows the change: what did not change is never decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import attrs
from attrs import field

from mx_changeclass.changes.align import Side, align, children, pointers
from mx_changeclass.changes.change import CONTENT, ID, NAME, ORDER, PARENT, TYPE, Added, Change, Changed, Changes, Removed
from mx_changeclass.changes.follow import Names, all_renames
from mx_changeclass.changes.match import Pairing, match_rows, match_units, modules
from mx_changeclass.changes.noise import WIDGET, WIDGET_PROPERTY, Noise, Orphan, leaves
from mx_changeclass.changes.order import is_ordered, moved
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.metamodel import is_referable
from mx_changeclass.model.snapshot import CONTAINERS, Element, Snapshot, Tree, Unit
from mx_changeclass.model.versions import Version

NEW_ID, FOLLOWS_ID, FOLLOWS_RENAME = "new-id", "follows-id", "follows-rename"


def diff(old: Snapshot, new: Snapshot) -> Changes:
    """Everything that differs between two versions of an app, in three verbs.

    Only units whose digest or place differs are expanded. Excluded documents and the System module play
    no part; files beside the model do where both sides have them. A unit that is missing on a side is
    never added or removed: where its digest differs, or is not known, it is a ``Changed`` with the one
    field ``CONTENT`` on a bare root row.
    """
    return _Diff.of(old, new).changes()


def taking_part(old: Snapshot, new: Snapshot) -> tuple[Mapping[str, Unit], Mapping[str, Unit]]:
    """The units of both sides that are compared."""
    if old.side_files and new.side_files:
        return old.live, new.live
    return tuple({i: u for i, u in s.live.items() if not i.startswith("file:")} for s in (old, new))  # type: ignore[return-value]


@attrs.define(slots=False, eq=False)
class _Diff:
    old: Snapshot
    new: Snapshot
    units: Pairing
    moved_units: frozenset[str]  # old ids of units that stand elsewhere, though not because a container has a new id
    unread: tuple[tuple[Unit, Unit], ...]
    a: Tree
    b: Tree
    below_old: Mapping[str, list[Element]]
    below_new: Mapping[str, list[Element]]
    rows: Pairing
    noise: Noise
    names: Names = field(factory=Names)
    moved_rows: frozenset[str] = frozenset()  # old ids of rows whose place among their siblings differs

    @classmethod
    def of(cls, old: Snapshot, new: Snapshot) -> _Diff:
        left, right = taking_part(old, new)
        units = match_units(left, right)
        elsewhere = _elsewhere(left, right, units)
        expand_old = [i for i, u in left.items() if not u.missing and i not in units.to_new]
        expand_new = [i for i, u in right.items() if not u.missing and i not in units.to_old]
        unread: list[tuple[Unit, Unit]] = []
        for old_id, new_id in units.to_new.items():
            o, n = left[old_id], right[new_id]
            if o.missing or n.missing:
                unread += [(o, n)] if o.digest != n.digest else []
            elif o.digest != n.digest or o.container != n.container or old_id != new_id or old_id in elsewhere:
                expand_old.append(old_id)
                expand_new.append(new_id)
        a, b = Tree.of(old, expand_old), Tree.of(new, expand_new)
        rows = match_rows(a, b, units)
        noise = Noise(old.version, new.version)
        below_old, below_new = children(a), children(b)
        align(Side(a, below_old, noise), Side(b, below_new, noise), rows)
        made = cls(old, new, units, elsewhere, tuple(unread), a, b, below_old, below_new, rows, noise)
        made.moved_rows = frozenset(made._reordered())
        made._note_names()
        return made

    def changes(self) -> Changes:
        refreshed = self._refreshed()
        loud: list[Change] = []
        quiet: list[Change] = []
        fate_old = _Fates(self.a, self.rows.to_new, self.noise, self.below_old, refreshed, self.new.version)
        fate_new = _Fates(self.b, self.rows.to_old, self.noise, self.below_new, refreshed, self.old.version)
        for row in self.a.rows.values():
            if row.id not in self.rows.to_new:
                within, reason = fate_old.of(row)
                (quiet if reason else loud).append(Removed(row, within, reason))
        for row in self.b.rows.values():
            if row.id not in self.rows.to_old:
                within, reason = fate_new.of(row)
                (quiet if reason else loud).append(Added(row, within, reason))
        for old_id, new_id in self.rows.to_new.items():
            change = self._compare(self.a.rows[old_id], self.b.rows[new_id])
            if change is not None:
                (loud if change.fields else quiet).append(change)
        loud += [_unread(o, n, self.units.how[o.id]) for o, n in self.unread]
        return Changes(
            old=self.old, new=self.new, loud=tuple(loud), quiet=tuple(quiet), old_tree=self.a, new_tree=self.b,
            partner={**self.units.to_new, **self.rows.to_new}, renames=all_renames(self.names, self.a, self.b, self.units, self.rows),
        )

    def _compare(self, o: Element, n: Element) -> Changed[Kind] | None:
        at_home = self._at_home(o, n)
        if o == n and at_home and o.id not in self.moved_rows and not self._container_renewed(o, n):
            return None
        fields: set[str] = set()
        noise: dict[str, str] = {}
        if o.id != n.id:
            noise[ID] = NEW_ID
        if o.type != n.type:
            fields.add(TYPE)
        if o.name != n.name:
            fields.add(NAME)
        if not at_home:
            fields.add(PARENT)
        elif o.parent != n.parent or self._container_renewed(o, n):
            noise[PARENT] = FOLLOWS_ID
        if o.id in self.moved_rows:
            fields.add(ORDER)
        targets_old, targets_new = pointers(o), pointers(n)
        for leaf in leaves(o, n):
            reason = ""
            if leaf.path in targets_old and leaf.path in targets_new:
                reason = FOLLOWS_ID if self.rows.to_new.get(targets_old[leaf.path]) == targets_new[leaf.path] else ""
            elif self.names.follows(o, leaf.path, leaf.old, leaf.new, self.a.unit_of[o.id]):
                reason = FOLLOWS_RENAME
            reason = reason or self.noise.of_leaf(leaf)
            if reason:
                noise[leaf.path] = reason
            else:
                fields.add(leaf.path)
        if not fields and not noise:
            return None
        return Changed(o, n, frozenset(fields), self.rows.how[o.id], noise)

    def _at_home(self, o: Element, n: Element) -> bool:
        """Whether two partners stand in the same slot of partners."""
        if o.id in self.units.to_new:
            return o.id not in self.moved_units
        return o.slot == n.slot and self.rows.same(o.parent, n.parent)

    def _container_renewed(self, o: Element, n: Element) -> bool:
        return o.id in self.units.to_new and self.old.units[o.id].container != self.new.units[n.id].container

    def _reordered(self) -> Iterator[str]:
        for old_id, olds in self.below_old.items():
            new_id = self.rows.to_new.get(old_id)
            if new_id is None or new_id not in self.below_new:
                continue
            place = {r.id: (r.slot, i) for i, r in enumerate(self.below_new[new_id])}
            by_slot: dict[str, list[str]] = defaultdict(list)
            for row in olds:
                there = place.get(self.rows.to_new.get(row.id, ""))
                if there is not None and there[0] == row.slot:
                    by_slot[row.slot].append(row.id)
            for slot, ids in by_slot.items():
                if len(ids) > 1 and is_ordered(self.a.rows[old_id], slot):
                    after = sorted(ids, key=lambda i: place[self.rows.to_new[i]][1])
                    if ids != after:
                        yield from moved(ids, after, self.rows.to_new)

    def _note_names(self) -> None:
        """Gather what is called otherwise now, by its own rename or by a move to another module or entity."""
        for old_id, new_id in self.rows.to_new.items():
            o, n = self.a.rows[old_id], self.b.rows[new_id]
            if o.name and (o.name != n.name or not self._at_home(o, n)):
                self.names.local[self.a.unit_of[old_id]].add((o.name, n.name))
                if o.id in self.units.to_new or is_referable(o.type):
                    self.names.add(o.type, self.a.qualified(o), self.b.qualified(n))

    def _refreshed(self) -> frozenset[str]:
        """Ids, of both sides, of pluggable widgets whose copy of the widget's definition differs."""
        key = "type.definition"
        found: set[str] = set()
        for old_id, new_id in self.rows.to_new.items():
            o, n = self.a.rows[old_id], self.b.rows[new_id]
            if o.type == WIDGET and o.props.get(key) != n.props.get(key):
                found |= {old_id, new_id}
        return frozenset(found)


@attrs.define(eq=False)
class _Fates:
    """What becomes of the rows of one side that have no partner."""

    tree: Tree
    partners: Mapping[str, str]
    noise: Noise
    below: Mapping[str, list[Element]]
    refreshed: frozenset[str]
    lacking: Version | None
    known: dict[str, tuple[str | None, str]] = field(factory=dict)

    def of(self, row: Element) -> tuple[str | None, str]:
        """The id of the outermost whole around a row that has no partner either, and the noise rule that
        sets the row aside. Parts share the fate of their whole."""
        path = [row]
        while path[-1].id not in self.known and (above := self._above(path[-1])) is not None and above not in path:
            path.append(above)
        for part in reversed(path):
            if part.id not in self.known:
                self.known[part.id] = self._judge(part)
        return self.known[row.id]

    def _above(self, row: Element) -> Element | None:
        parent = self.tree.rows.get(row.parent or "")
        return parent if parent is not None and parent.id not in self.partners else None

    def _judge(self, row: Element) -> tuple[str | None, str]:
        above = self._above(row)
        if above is None:
            return None, self._reason(row)
        within, reason = self.known[above.id]
        if within is None and above.type not in CONTAINERS:
            within = above.id
        return within, reason or self._reason(row)

    def _reason(self, row: Element) -> str:
        refreshed = row.type == WIDGET_PROPERTY and any(r.id in self.refreshed for r in self.tree.ancestors(row))
        return self.noise.of_orphan(Orphan(row, self.below.get(row.id, ()), refreshed, self.lacking))


def _elsewhere(old: Mapping[str, Unit], new: Mapping[str, Unit], units: Pairing) -> frozenset[str]:
    """Old ids of units that stand in another folder or module. Where a whole folder went to another
    module, each document in it is called otherwise now, so each counts."""
    module_old, module_new = modules(old), modules(new)
    return frozenset(
        o for o, n in units.to_new.items()
        if old[o].slot != new[n].slot
        or not units.same(old[o].container, new[n].container)
        or not units.same(module_old[o], module_new[n])
    )


def _unread(o: Unit, n: Unit, how: str) -> Changed[Kind]:
    kind, name = o.type or n.type, o.name or n.name
    bare = [Element(u.id, kind, name, None, "", {}) for u in (o, n)]
    return Changed(bare[0], bare[1], frozenset({CONTENT}), how)
