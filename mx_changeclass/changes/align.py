"""What ids leave open: top down inside matched parents by content, by name, by likeness."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import attrs
from attrs import field

from mx_changeclass.changes.match import GUID, Pairing, Storage
from mx_changeclass.changes.noise import WIDGET_PROPERTY, Noise
from mx_changeclass.changes.order import is_ordered
from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.snapshot import Element, Tree

LIKE = 0.5  # share of content that two rows must have in common to be taken for one
_MOST_LOOKS = 40_000  # so many pairs are weighed in one list; in a longer one only neighbours are

# Rows without a name of their own that stand for something named, with the keys that name it.
_HANDLES = {
    "MemberAccess": ("attribute", "association"),
    "MemberChange": ("attribute", "association"),
    "ValidationRule": ("attribute", "ruleInfo"),
    "EventHandler": ("moment", "event"),
    "OfflineEntityConfig": ("entity",),
    "RoleBasedHomePage": ("userRole",),
    "RoleBasedNativeHomePage": ("userRole",),
    "LayoutCallArgument": ("parameter",),
    "DesignPropertyValue": ("key",),
    "SystemText": ("key",),
    "JarDependency": ("groupId", "artifactId"),
    "AccessRule": ("moduleRoles",),
    "ConstantValue": ("constant",),
    "Language": ("code",),
}
Key = Callable[[Element], Hashable]
Pairs = list[tuple[Element, Element]]


def align(left: Side, right: Side, pairs: Pairing) -> None:
    """Pair what is left inside matched parents: equal content, then equal names, then what is alike.

    Rows that point at others (the flows between activities) wait until those are paired, since where
    they lead is what they are.
    """
    right.numbers = left.numbers
    later = _pair_below(left, right, pairs, pairs.to_new.items(), waiting=True)
    if later:
        left.resolve(lambda i: i)
        right.resolve(lambda i: pairs.to_old.get(i, i))
        _pair_below(left, right, pairs, later, waiting=False)


@attrs.define(slots=False, eq=False)
class Side:
    """One side's rows with their children and their content without ids."""

    tree: Tree
    noise: Noise
    children: Mapping[str, list[Element]] = field(init=False)
    numbers: dict[Hashable, int] = field(factory=dict, init=False)  # content -> number, one table for both sides
    storage: Storage = field(init=False)
    _label: Callable[[str], str] | None = field(default=None, init=False)  # what a pointer's target is called
    _shapes: dict[bool, dict[str, int]] = field(factory=lambda: {True: {}, False: {}}, init=False)

    def __attrs_post_init__(self) -> None:
        self.children = _children(self.tree)
        self.storage = Storage(self.tree)

    def resolve(self, label: Callable[[str], str]) -> None:
        """From now on content tells where pointers lead."""
        self._label, self._shapes = label, {True: {}, False: {}}

    def points(self, row: Element) -> bool:
        """Whether a row leads to rows outside itself."""
        return any(
            target in self.tree.rows
            and all(above.id != row.id for above in self.tree.ancestors(self.tree.rows[target]))
            for target in pointers(row).values()
        )

    def shape(self, row: Element, *, exact: bool) -> int:
        """A number for what a row and all below it hold, ids apart; equal on both sides for equal content.
        ``exact`` counts everything, else noise and defaults are left out."""
        memo = self._shapes[exact]
        todo = [row]
        while todo:  # children before parents, without recursion
            top = todo[-1]
            below = self.children.get(top.id, ())
            waiting = [c for c in below if c.id not in memo]
            if waiting and top.id not in memo:
                todo += waiting
                continue
            todo.pop()
            if top.id not in memo:
                kept = tuple((c.slot, memo[c.id]) for c in below if is_ordered(top, c.slot))
                rest = sorted((c.slot, memo[c.id]) for c in below if not is_ordered(top, c.slot))
                key = (exact, top.type, top.name, self.content(top, exact=exact), kept, tuple(rest))
                memo[top.id] = self.numbers.setdefault(key, len(self.numbers))
        return memo[row.id]

    def content(self, row: Element, *, exact: bool) -> frozenset[tuple[str, Any]]:
        """The keys of a row with their values, ids apart."""
        targets = pointers(row)
        said = {
            (k, v)
            for k, v in row.props.items()
            if k not in targets and k != GUID and (exact or not self.noise.is_silent(row, k, v))
        }
        if self._label is not None:
            said |= {(k, self._label(t)) for k, t in targets.items()}
        return frozenset(said)

    def features(self, row: Element) -> Counter[Hashable]:
        """What likeness weighs: content, name and children."""
        said: Counter[Hashable] = Counter(self.content(row, exact=False))
        said.update((c.slot, self.shape(c, exact=False)) for c in self.children.get(row.id, ()))
        said.update(self._named_below(row))
        if row.name:
            said[row.name] += 1
        return said

    def _named_below(self, row: Element) -> Iterator[Hashable]:
        """What is called by a name somewhere inside a row, so that a frame is known by what it holds."""
        todo = list(self.children.get(row.id, ()))
        while todo:
            inner = todo.pop()
            if inner.name and inner.type != WIDGET_PROPERTY:  # those are the same in every such widget
                yield inner.type, inner.name
            todo += self.children.get(inner.id, ())


def _children(tree: Tree) -> dict[str, list[Element]]:
    """The rows below each row, in the order of their slots and places."""
    found: dict[str, list[Element]] = defaultdict(list)
    for row in tree.rows.values():
        if row.parent is not None:
            found[row.parent].append(row)
    for rows in found.values():
        rows.sort(key=lambda r: (r.slot, r.index))
    return found


def pointers(row: Element) -> dict[str, str]:
    """The keys of a row that hold the id of another row, with it."""
    return {k: v for k, v in row.props.items() if type(v) is str and len(v) == 36 and _is_pointer(*row.part(k))}


@cache
def _is_pointer(owner: str, key: str) -> bool:
    declared = property_of(owner, key)
    return (declared.kind == "byIdReference") if declared else key.endswith("Pointer")


def _pair_below(
    left: Side, right: Side, pairs: Pairing, parents: Iterable[tuple[str, str]], *, waiting: bool
) -> list[tuple[str, str]]:
    """Pair the children of matched parents, level by level. Returns the parents some of whose children
    point elsewhere and, where ``waiting`` is set, were left for later."""
    later: dict[tuple[str, str], None] = {}
    todo = list(parents)
    for old_id, new_id in todo:  # grows while it runs
        for olds, news in _groups(left, right, pairs, old_id, new_id):
            if waiting and (any(map(left.points, olds)) or any(map(right.points, news))):
                later[old_id, new_id] = None
                continue
            for o, n, how in _pair(left, right, olds, news):
                pairs.add(o.id, n.id, how)
                todo.append((o.id, n.id))
    return list(later)


def _groups(
    left: Side, right: Side, pairs: Pairing, old_id: str, new_id: str
) -> Iterator[tuple[list[Element], list[Element]]]:
    """Unpaired children of two parents by slot and type, where both sides have some."""
    olds = [r for r in left.children.get(old_id, ()) if r.id not in pairs.to_new]
    news = [r for r in right.children.get(new_id, ()) if r.id not in pairs.to_old] if olds else []
    if not news:
        return
    by_place: dict[Hashable, tuple[list[Element], list[Element]]] = defaultdict(lambda: ([], []))
    for row in olds:
        by_place[_place(row)][0].append(row)
    for row in news:
        by_place[_place(row)][1].append(row)
    yield from (group for group in by_place.values() if group[0] and group[1])


def _place(row: Element) -> Hashable:
    """Slot and type; a pluggable widget is of the type that its widget id says."""
    return row.slot, row.type, row.props.get("type.widgetId")


def _pair(left: Side, right: Side, olds: list[Element], news: list[Element]) -> Iterator[tuple[Element, Element, str]]:
    """Partners within one slot. Rows of equal content are interchangeable and pair in their order; a row
    that the database knows by another storage GUID is never taken for another."""
    olds = [r for r in olds if not left.storage.keyed(r)]
    news = [r for r in news if not right.storage.keyed(r)]
    for exact in (True, False):
        found = _in_order(olds, news, partial(left.shape, exact=exact), partial(right.shape, exact=exact))
        yield from ((o, n, "place") for o, n in found)
        olds, news = _without(olds, news, found)
    found = [(o, n) for o, n in _in_order(olds, news, handle, handle, unique=True) if handle(o)]
    yield from ((o, n, "name") for o, n in found)
    olds, news = _without(olds, news, found)
    yield from ((o, n, "likeness") for o, n in _alike(left, right, olds, news))


@cache
def _handle_keys(type_name: str) -> tuple[str, ...]:
    own = type_name.rpartition("$")[2]
    return ("parameter",) if own.endswith("ParameterMapping") else _HANDLES.get(own, ())


def handle(row: Element) -> str:
    """What a row is called inside its list: its name, or the last step of the name it stands for, so that
    the argument of a parameter stays the argument of that parameter when another flow is called."""
    if row.name or not (keys := _handle_keys(row.type)):
        return row.name
    values = [row.props.get(k, "") for k in keys]
    return " ".join(" ".join(sorted(v)) if isinstance(v, tuple) else str(v).rpartition(".")[2] for v in values).strip()


@cache
def is_label(type_name: str) -> bool:
    """Whether rows of a type may change their handle and still be the same: nothing refers to them by it."""
    return is_a(type_name, "Pages$Widget") or is_a(type_name, "DomainModels$AccessRule")


def _in_order(olds: list[Element], news: list[Element], old_key: Key, new_key: Key, *, unique: bool = False) -> Pairs:
    if not olds or not news:
        return []
    index: dict[Hashable, tuple[list[Element], list[Element]]] = defaultdict(lambda: ([], []))
    for row in olds:
        index[old_key(row)][0].append(row)
    for row in news:
        index[new_key(row)][1].append(row)
    return [pair for o, n in index.values() if not unique or len(o) == len(n) == 1 for pair in zip(o, n, strict=False)]


def _without(olds: list[Element], news: list[Element], found: Pairs) -> tuple[list[Element], list[Element]]:
    taken = {id(row) for pair in found for row in pair}
    return [r for r in olds if id(r) not in taken], [r for r in news if id(r) not in taken]


def _alike(left: Side, right: Side, olds: list[Element], news: list[Element]) -> Pairs:
    """The best matches first. What has a handle never pairs with another, unless that is a mere label.
    Ties go to the nearest places, which is the same seen from either side."""
    if not olds or not news:
        return []
    said_old, said_new = [left.features(r) for r in olds], [right.features(r) for r in news]
    near = max(1, _MOST_LOOKS // max(len(olds), len(news)))
    looks = []
    for i, o in enumerate(olds):
        for j in range(max(0, i - near), min(len(news), i + near + 1)):
            if handle(o) != handle(news[j]) and not is_label(o.type):
                continue
            total = said_old[i].total() + said_new[j].total()
            score = 2 * (said_old[i] & said_new[j]).total() / total if total else 1.0
            if score >= LIKE:
                looks.append((-score, abs(i - j), i + j, i, j))
    found: Pairs = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for *_, i, j in sorted(looks):
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            found.append((olds[i], news[j]))
    return found
