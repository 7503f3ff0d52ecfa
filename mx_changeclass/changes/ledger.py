"""Accountability: every leaf in which two models differ, and the change that owns it.

The walk knows nothing of how ``diff`` works. It takes the raw rows of every unit whose digest differs,
and of ``diff`` only who is whose partner. An owner answers for the leaves it names, not for a row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from attrs import define, field, frozen

from mx_changeclass.changes.change import (
    CONTENT,
    ID,
    NAME,
    ORDER,
    PARENT,
    TYPE,
    Added,
    Change,
    Changed,
    Changes,
    Removed,
)
from mx_changeclass.changes.noise.order import is_ordered
from mx_changeclass.frozen_dict import FrozenDict
from mx_changeclass.model.snapshot import Element, Snapshot, Unit

Leaf = tuple[str | None, str | None, str]  # old row id, new row id, key; a row on one side only has one id


def _frozen(table: Mapping[str, int]) -> Mapping[str, int]:
    return FrozenDict(table)


@frozen
class Accountability:
    """How many leaves differ, and what became of them: ``leaves`` is the sum of the other four. A leaf is
    ``explained`` where a rule of the catalogue took it, ``fallback`` where none did.
    ``by_noise`` counts the noisy ones by the name of the noise rule."""

    leaves: int = 0
    explained: int = 0
    noise: int = 0
    fallback: int = 0
    unexplained: int = 0
    by_noise: Mapping[str, int] = field(factory=dict, hash=False, converter=_frozen)


def account(changes: Changes, uncovered: Mapping[int, frozenset[str]] | None = None) -> Accountability:
    """Count the differing leaves of two models by what owns them.

    ``uncovered`` holds, by its ``id()``, each change that no rule took, with the fields that are left of it; none for
    an element that came or went.
    """
    owners = _Owners.of(changes)
    noise: Counter[str] = Counter()
    explained = fell = unexplained = 0
    for leaf in leaves(changes):
        found = owners.of_leaf(leaf)
        if found is None:
            unexplained += 1
        elif found[1]:
            noise[found[1]] += 1
        elif owners.falls(found[0], leaf[2], uncovered or {}):
            fell += 1
        else:
            explained += 1
    total = explained + fell + unexplained + noise.total()
    return Accountability(total, explained, noise.total(), fell, unexplained, dict(sorted(noise.items())))


# -- owners ---------------------------------------------------------------------------------


@define
class _Owners:
    by_old: dict[str, Change] = field(factory=dict)
    by_new: dict[str, Change] = field(factory=dict)

    @classmethod
    def of(cls, changes: Changes) -> _Owners:
        found = cls()
        for change in (*changes.meaningful, *changes.noise):
            if not isinstance(change, Added):
                found.by_old[change.old_row.id] = change
            if not isinstance(change, Removed):
                found.by_new[change.new_row.id] = change
        return found

    def of_leaf(self, leaf: Leaf) -> tuple[Change, str] | None:
        """The change that answers for a leaf, and the noise rule it names for it."""
        old_id, new_id, key = leaf
        change = self.by_old.get(old_id) if old_id is not None else self.by_new.get(new_id or "")
        if change is None:
            return None
        if isinstance(change, Changed):
            told = change.new_row.id == new_id and (key in change.fields or key in change.noise)
            return (change, change.noise.get(key, "")) if told else None
        return (change, change.reason) if old_id is None or new_id is None else None

    def falls(self, change: Change, key: str, uncovered: Mapping[int, frozenset[str]]) -> bool:
        """Whether a key of a change, or the whole that answers for it, was taken by no rule."""
        whole = change
        if change.part_of is not None:
            whole = (self.by_new if isinstance(change, Added) else self.by_old).get(change.part_of, change)
        return id(whole) in uncovered and (not isinstance(whole, Changed) or key in uncovered[id(whole)])


# -- leaves ---------------------------------------------------------------------------------


def leaves(changes: Changes) -> Iterator[Leaf]:
    """Every leaf in which the two models differ."""
    old, new = changes.old, changes.new
    files = old.side_files and new.side_files
    left = {i: u for i, u in old.live.items() if files or not i.startswith("file:")}
    right = {i: u for i, u in new.live.items() if files or not i.startswith("file:")}
    same = {i for i, u in left.items() if changes.partner.get(i) == i and u.digest and u.digest == right[i].digest}
    for i in same:
        if not left[i].missing and not right[i].missing and _place(left[i]) != _place(right[i]):
            yield i, i, PARENT
    again = _renumbered(left, right, changes)
    for i in again:
        j = changes.partner[i]
        yield i, j, ID
        if _place(left[i]) != _place(right[j]):
            yield i, j, PARENT
    same |= again
    came = {changes.partner[i] for i in same}
    yield from _unread(left, right, changes.partner)
    a = _rows(old, (i for i, u in left.items() if i not in same and _readable(i, u, right, changes.partner)))
    back = {n: o for o, n in changes.partner.items()}
    b = _rows(new, (i for i, u in right.items() if i not in came and _readable(i, u, left, back)))
    for row in a.values():
        partner = b.get(changes.partner.get(row.id, ""))
        if partner is None:
            yield from ((row.id, None, key) for key in _facts(row))
        else:
            yield from ((row.id, partner.id, key) for key in _differing(row, partner, left, right))
    for row in b.values():
        if back.get(row.id) not in a:
            yield from ((None, row.id, key) for key in _facts(row))
    yield from _disorder(a, b, changes)


def _renumbered(left: Mapping[str, Unit], right: Mapping[str, Unit], changes: Changes) -> set[str]:
    """The units that were told as a whole and hold the same as their partner but for all their ids: one leaf each."""
    pairs = ((u, right[j]) for i, u in left.items() if i != (j := changes.partner.get(i, i)) and j in right)
    return {o.id for o, n in pairs if o.id not in changes.old_tree.rows and o.same_but_ids(n)}


def _readable(unit_id: str, unit: Unit, others: Mapping[str, Unit], partner: Mapping[str, str]) -> bool:
    other = others.get(partner.get(unit_id, ""))
    return not unit.missing and (other is None or not other.missing)


def _unread(left: Mapping[str, Unit], right: Mapping[str, Unit], partner: Mapping[str, str]) -> Iterator[Leaf]:
    for i, unit in left.items():
        other = right.get(partner.get(i, ""))
        if other is not None and (unit.missing or other.missing):
            if unit.digest != other.digest:
                yield i, other.id, CONTENT
            if _place(unit) != _place(other):
                yield i, other.id, PARENT


def _place(unit: Unit) -> tuple[str | None, str]:
    return unit.container, unit.slot


def _rows(snapshot: Snapshot, unit_ids: Iterator[str]) -> dict[str, Element]:
    return {row.id: row for i in unit_ids for row in snapshot.rows(i)}


def _facts(row: Element) -> tuple[str, ...]:
    return (TYPE, *((NAME,) if row.name else ()), *row.props)


def _differing(o: Element, n: Element, left: Mapping[str, Unit], right: Mapping[str, Unit]) -> Iterator[str]:
    if o.id != n.id:
        yield ID
    if o.type != n.type:
        yield TYPE
    if o.name != n.name:
        yield NAME
    at = _place(left[o.id]) if o.id in left else (o.parent, o.slot)
    if at != (_place(right[n.id]) if n.id in right else (n.parent, n.slot)):
        yield PARENT
    if o.props != n.props:
        for key in o.props.keys() | n.props.keys():
            if o.props.get(key) != n.props.get(key):
                yield key


def _disorder(a: Mapping[str, Element], b: Mapping[str, Element], changes: Changes) -> Iterator[Leaf]:
    """Lists whose order counts and whose common members come in another order, unless those said to have
    moved explain it; each member that has moved by a change is a leaf of its own."""
    said = {
        c.old_row.id
        for c in (*changes.meaningful, *changes.noise)
        if isinstance(c, Changed) and ORDER in c.fields | c.noise.keys()
    }
    lists: dict[tuple[str, str], list[Element]] = defaultdict(list)
    for row in a.values():
        partner = b.get(changes.partner.get(row.id, ""))
        if (
            row.parent is not None
            and partner is not None
            and (changes.partner.get(row.parent), row.slot) == (partner.parent, partner.slot)
        ):
            lists[row.parent, row.slot].append(row)
    for (parent, slot), members in lists.items():
        if len(members) < 2 or parent not in a or not is_ordered(a[parent], slot):
            continue
        members.sort(key=lambda r: r.index)
        places = [b[changes.partner[r.id]].index for r in members]
        if places == sorted(places):
            continue
        told = [r for r in members if r.id in said]
        yield from ((r.id, changes.partner[r.id], ORDER) for r in told)
        rest = [b[changes.partner[r.id]].index for r in members if r.id not in said]
        if rest != sorted(rest):
            yield parent, changes.partner[parent], f"{ORDER} {slot}"
