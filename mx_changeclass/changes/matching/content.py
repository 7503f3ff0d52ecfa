"""One side of an alignment: its rows with their content, whatever their ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from typing import Any

from attrs import define, field

from mx_changeclass.changes.matching.identity import GUID, StorageKeys
from mx_changeclass.changes.noise.order import is_ordered
from mx_changeclass.changes.noise.registry import is_ignored
from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.shapes import MOST_SHAPES, Shape, shape_of, standings
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import WIDGET, WIDGET_PROPERTY

_MOST_ENDS = 8  # what leads to more rows than this joins none of them; a flow leads to two

_NOWHERE: Mapping[str, str] = {}
# Rows without a name of their own that stand for something named, with the keys that name it.
_LIST_KEYS = {
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


@define(slots=False, eq=False)
class Content:
    """One side's rows with their children and their content without ids."""

    tree: Tree
    numbers: dict[Hashable, int] = field(factory=dict, init=False)  # content -> number, one table for both sides
    storage: StorageKeys = field(init=False)
    _label: Callable[[str], str | None] | None = field(default=None, init=False)  # what both sides call a row
    _digests: dict[bool, dict[str, int]] = field(factory=lambda: {True: {}, False: {}}, init=False)

    def __attrs_post_init__(self) -> None:
        self.storage = StorageKeys(self.tree)

    @cached_property
    def children(self) -> Mapping[str, list[Element]]:
        """The rows below each row, in the order of their slots and places."""
        return _children(self.tree)

    @cached_property
    def pointers(self) -> Mapping[str, Mapping[str, str]]:
        """The ``pointers`` of each row that has any, by its id."""
        return {i: found for i, row in self.tree.rows.items() if (found := pointers(row))}

    def resolve(self, label: Callable[[str], str | None]) -> None:
        """From now on content tells where pointers lead. ``label`` gives what both sides call a row, None
        for a row without a partner."""
        self._label, self._digests = label, {True: {}, False: {}}

    @cached_property
    def joined(self) -> Mapping[str, list[tuple[str, str, str]]]:
        """For each row that others join to something (activities, by their flows): the key that leads to
        it, the key that leads to what it is joined to, and the id of that."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for targets in self.pointers.values():
            if 1 < len(targets) <= _MOST_ENDS:
                for key, target in targets.items():
                    found[target] += [(key, k, t) for k, t in targets.items() if k != key]
        return found

    def around(self, row: Element, label: Callable[[str], str | None]) -> frozenset[tuple[str, str, str]]:
        """What a row is joined to, as far as that has a partner."""
        joined = ((key, other, label(target)) for key, other, target in self.joined.get(row.id, ()))
        return frozenset((key, other, known) for key, other, known in joined if known is not None)

    def points(self, row: Element) -> bool:
        """Whether a row leads to rows outside itself."""
        return any(
            target in self.tree.rows
            and all(above.id != row.id for above in self.tree.ancestors(self.tree.rows[target]))
            for target in self.pointers.get(row.id, _NOWHERE).values()
        )

    def digest(self, row: Element, *, exact: bool) -> int:
        """A number for what a row and all below it hold, ids apart; equal on both sides for equal content.
        ``exact`` counts everything, else noise and defaults are left out."""
        memo = self._digests[exact]
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
                ordered = {slot for slot in {c.slot for c in below} if is_ordered(top, slot)}
                kept = tuple((c.slot, memo[c.id]) for c in below if c.slot in ordered)
                rest = sorted((c.slot, memo[c.id]) for c in below if c.slot not in ordered)
                key = (exact, top.type, top.name, self.content(top, exact=exact), kept, tuple(rest))
                memo[top.id] = self.numbers.setdefault(key, len(self.numbers))
        return memo[row.id]

    def content(self, row: Element, *, exact: bool) -> frozenset[tuple[str, Any]]:
        """The keys of a row with their values, ids apart."""
        targets, props = self.pointers.get(row.id, _NOWHERE), row.props
        if exact:
            said = {(k, v) for k, v in props.items() if k not in targets and k != GUID}
        else:
            said = {
                (at.key, v)
                for at in standings(shape_of(row))
                if at.key not in targets and at.key != GUID and not is_ignored(at.owner, at.name, v := props[at.key])
            }
        if self._label is not None:
            said |= {(k, self._label(t) or t) for k, t in targets.items()}
        return frozenset(said)

    def features(self, row: Element) -> Counter[Hashable]:
        """What likeness weighs: content, name and children."""
        said: Counter[Hashable] = Counter(self.content(row, exact=False))
        said.update((c.slot, self.digest(c, exact=False)) for c in self.children.get(row.id, ()))
        said.update(self._named_below(row))
        said.update(self.around(row, self._label) if self._label is not None else ())
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
    """The rows below each row, in the order of their slots and places. Rows that stand in each other in a
    circle, as a broken file may have them, are below nothing."""
    below: dict[str, list[Element]] = defaultdict(list)
    for row in tree.rows.values():
        if row.parent is not None:
            below[row.parent].append(row)
    found: dict[str, list[Element]] = {}
    todo = [row.id for row in tree.rows.values() if row.parent is None]
    while todo:
        outer = todo.pop()
        if outer in below:
            found[outer] = sorted(below.pop(outer), key=lambda r: (r.slot, r.index))
            todo += [row.id for row in found[outer]]
    return found


def pointers(row: Element) -> dict[str, str]:
    """The keys of a row that hold the id of another row, with it."""
    ids = {k: v for k, v in row.props.items() if type(v) is str and len(v) == 36}
    return {key: ids[key] for key in _pointing(shape_of(row)) if key in ids} if ids else ids  # few rows hold any


@lru_cache(maxsize=MOST_SHAPES)
def _pointing(shape: Shape) -> tuple[str, ...]:
    return tuple(at.key for at in standings(shape) if _is_pointer(at.owner, at.name))


def _is_pointer(owner: str, key: str) -> bool:
    declared = property_of(owner, key)
    return (declared.kind == "byIdReference") if declared else key.endswith("Pointer")


@cache
def _list_keys(type_name: str) -> tuple[str, ...]:
    own = type_name.rpartition("$")[2]
    return ("parameter",) if own.endswith("ParameterMapping") else _LIST_KEYS.get(own, ())


def key_in_list(row: Element) -> str:
    """What a row is called inside its list: its name, or the last step of the name it stands for, so that
    the argument of a parameter stays the argument of that parameter when another flow is called."""
    if row.name or not (keys := _list_keys(row.type)):
        return row.name
    values = [row.props.get(k, "") for k in keys]
    return " ".join(
        " ".join(sorted(map(str, v))) if isinstance(v, tuple) else str(v).rpartition(".")[2] for v in values
    ).strip()


@cache
def is_caption(type_name: str) -> bool:
    """Whether rows of a type may change their handle and still be the same: nothing refers to them by it."""
    return is_a(type_name, WIDGET) or is_a(type_name, "DomainModels$AccessRule")
