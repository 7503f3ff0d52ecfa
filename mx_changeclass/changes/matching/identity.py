"""Who is who: units by name and id, rows by id and storage identity. What is left, ``align`` pairs.

Source: docs/storage.md, "Units", "Names" and "Identity". Keys that stand for
more than one element on a side never pair, and no step knows which side is the older one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from attrs import define, field

from mx_changeclass.model import persistence
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree, Unit
from mx_changeclass.model.types import ASSOCIATION, ATTRIBUTE, DOMAIN_MODEL, ENTITY, FOLDER, INDEX, MODULE

T = TypeVar("T", Unit, Element)

GUID = "dataStorageGuid"


@define
class Pairing:
    """One-to-one partners of old and new elements, with the step that found them."""

    to_new: dict[str, str] = field(factory=dict)
    to_old: dict[str, str] = field(factory=dict)
    matched_by: dict[str, str] = field(factory=dict)  # by old id

    def add(self, old_id: str, new_id: str, how: str) -> None:
        self.to_new[old_id], self.to_old[new_id], self.matched_by[old_id] = new_id, old_id, how

    def same(self, old_id: str | None, new_id: str | None) -> bool:
        """Whether two ids stand for one element: partners, or one id without a partner on either side."""
        if old_id in self.to_new or new_id in self.to_old:
            return self.to_new.get(old_id or "") == new_id
        return old_id == new_id

    def label(self, new_id: str | None) -> str | None:
        """What both sides can call an element of the new side: its old id where it has a partner."""
        return None if new_id is None else self.to_old.get(new_id, new_id)

    def by_key(
        self,
        olds: Iterable[T],
        news: Iterable[T],
        how: str,
        old_key: Callable[[T], Hashable],
        new_key: Callable[[T], Hashable],
    ) -> bool:
        """Pair what shares a key that is unique on both sides (None is no key). Whether any pair was made."""
        found = self.unique(olds, news, old_key, new_key)
        for o, n in found:
            self.add(o.id, n.id, how)
        return bool(found)

    def unique(
        self, olds: Iterable[T], news: Iterable[T], old_key: Callable[[T], Hashable], new_key: Callable[[T], Hashable]
    ) -> list[tuple[T, T]]:
        """What is not paired yet and shares a key that is unique on both sides."""
        left = _singles((o for o in olds if o.id not in self.to_new), old_key)
        right = _singles((n for n in news if n.id not in self.to_old), new_key) if left else {}
        return [(o, right[key]) for key, o in left.items() if key in right]


def _singles(items: Iterable[T], key: Callable[[T], Hashable]) -> dict[Hashable, T]:
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        if (k := key(item)) is not None:
            groups[k].append(item)
    return {k: group[0] for k, group in groups.items() if len(group) == 1}


# -- units ----------------------------------------------------------------------------------


def match_units(old: Mapping[str, Unit], new: Mapping[str, Unit]) -> Pairing:
    """Partners among the units of both sides.

    A document answers to its name: where the ``$ID`` partner of one is not there (deleted, excluded,
    re-imported), it pairs with the document of its type and name before ids are asked, whatever that
    was called before. So a document that was put aside and replaced by a copy has changed contents.
    """
    pairs = Pairing()
    _by_id(old, new, pairs, modules_only=True)
    pairs.by_key(_of(old, MODULE), _of(new, MODULE), "name", lambda u: u.name, lambda u: u.name)
    module_old, module_new = modules(old, new)
    for o, n in pairs.unique(
        _documents(old),
        _documents(new),
        lambda u: (u.type, module_old[u.id], u.name),
        lambda u: (u.type, pairs.label(module_new[u.id]), u.name),
    ):
        if o.id not in new or n.id not in old:
            pairs.add(o.id, n.id, "name")
    _by_id(old, new, pairs)
    while pairs.by_key(
        _of(old, FOLDER),
        _of(new, FOLDER),
        "name",
        lambda u: (u.container, u.name),
        lambda u: (pairs.label(u.container), u.name),
    ):
        pass  # one more level of folders inside folders
    pairs.by_key(
        old.values(),
        new.values(),
        "place",
        lambda u: None if u.name or u.missing else (u.type, u.slot, u.container),
        lambda u: None if u.name or u.missing else (u.type, u.slot, pairs.label(u.container)),
    )
    return pairs


def _of(units: Mapping[str, Unit], kind: str) -> list[Unit]:
    return [u for u in units.values() if u.type == kind]


def _documents(units: Mapping[str, Unit]) -> list[Unit]:
    return [u for u in units.values() if u.name and u.container and u.type not in (MODULE, FOLDER)]


def _by_id(old: Mapping[str, Unit], new: Mapping[str, Unit], pairs: Pairing, *, modules_only: bool = False) -> None:
    """Pair equal ids of one type; a unit that cannot be read may be of any type."""
    for o in old.values():
        n = new.get(o.id)
        if n is None or o.id in pairs.to_new or n.id in pairs.to_old:
            continue
        if modules_only and MODULE not in (o.type, n.type):
            continue
        if o.type == n.type or o.missing or n.missing:
            pairs.add(o.id, n.id, "id")


def modules(old: Mapping[str, Unit], new: Mapping[str, Unit]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """On each side the id of the module around each unit (of a module: itself), None where there is none.
    A module that cannot be read on a side is known from the other."""
    known = frozenset(u.id for side in (old, new) for u in side.values() if u.type == MODULE)
    return _modules(old, known), _modules(new, known)


def _modules(units: Mapping[str, Unit], known: frozenset[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for unit in units.values():
        if unit.id not in known and (unit.container is None or unit.container in found):  # nearly all of them
            found[unit.id] = found.get(unit.container or "")
            continue
        path: list[str] = []
        here: str | None = unit.id
        while here is not None and here in units and here not in found and here not in path:
            path.append(here)
            here = None if here in known else units[here].container
        module = path[-1] if path and path[-1] in known else found.get(here or "")
        found.update(dict.fromkeys(path, module))
    return found


def maybe_unread(these: Mapping[str, Unit], those: Mapping[str, Unit], there: Mapping[str, str]) -> frozenset[str]:
    """The units without a partner (``there`` leads to it) that may be among those that the other side lists but
    cannot show: one of those stands where this one would stand, or where what holds this one would."""
    matched = frozenset(there.values())
    holes = {(u.container, u.slot) for u in those.values() if u.missing and u.id not in matched}
    if not holes:
        return frozenset()
    return frozenset(i for i in these if i not in there and place_of(i, these, there) in holes)


def place_of(unit_id: str, units: Mapping[str, Unit], there: Mapping[str, str]) -> tuple[str | None, str]:
    """Where the outermost unit without a partner around a unit would stand on the other side."""
    here, seen = units[unit_id], {unit_id}
    while (above := units.get(here.container or "")) and above.id not in there and above.id not in seen:
        here = above
        seen.add(here.id)
    return there.get(here.container or "", here.container), here.slot


# -- rows -----------------------------------------------------------------------------------


def match_rows(a: Tree, b: Tree, units: Pairing) -> Pairing:
    """Partners among the rows of expanded units, as far as ids and storage identity tell.

    An id counts inside a pair of units; elements of a domain model keep theirs (and their storage GUID,
    whatever their id) on the way from one module to another.
    """
    pairs = Pairing()
    for old_id, new_id in units.to_new.items():
        if old_id in a.rows and new_id in b.rows:
            pairs.add(old_id, new_id, units.matched_by[old_id])
    for row in a.rows.values():
        other = b.rows.get(row.id)
        if other is None or row.id in pairs.to_new or other.id in pairs.to_old:
            continue
        if (row.type == other.type and units.to_new.get(a.unit_of[row.id]) == b.unit_of[row.id]) or (
            _family(row) is not None
            and _family(row) == _family(other)
            and _in_domain_model(a, row)
            and _in_domain_model(b, other)
        ):
            pairs.add(row.id, row.id, "id")
    olds, news = ([r for r in tree.rows.values() if _in_domain_model(tree, r)] for tree in (a, b))
    pairs.by_key(olds, news, "guid", _storage, _storage)
    return pairs


def _in_domain_model(tree: Tree, row: Element) -> bool:
    """Whether a row stands where the database looks for it; in any other document it is nothing that keeps data."""
    return tree.snapshot.units[tree.unit_of[row.id]].type == DOMAIN_MODEL


def _family(row: Element) -> str | None:
    """What keeps its identity across documents; an association that comes to cross modules changes type."""
    return row.type if row.type in (ENTITY, ATTRIBUTE, INDEX) else ASSOCIATION if is_a(row.type, ASSOCIATION) else None


def _storage(row: Element) -> Hashable:
    guid = row.props.get(GUID)
    return (_family(row), guid) if guid and _family(row) else None


@define(slots=False, eq=False)
class StorageKeys:
    """Which rows of one side the database keys by storage GUID: persistable entities, their attributes
    and associations. An index holds no data, so its GUID never keeps it apart."""

    tree: Tree
    _entities: dict[str, dict[str, Element]] = field(factory=dict, init=False)
    _persistable: dict[str, bool] = field(factory=dict, init=False)

    def keyed(self, row: Element) -> bool:
        """Whether another GUID under the same name would be another table or column."""
        if not row.props.get(GUID):
            return False
        family = _family(row)
        if family == ENTITY:
            return self.persistable(row)
        owner = self.tree.rows.get(str(row.parent if family == ATTRIBUTE else row.props.get("parent")))
        return family in (ATTRIBUTE, ASSOCIATION) and (owner is None or owner.type != ENTITY or self.persistable(owner))

    def persistable(self, entity: Element) -> bool:
        if entity.id not in self._persistable:  # asked for each attribute and association of it
            self._persistable[entity.id] = persistence.persistable(entity, self._entity)
        return self._persistable[entity.id]

    def _entity(self, name: str) -> Element | None:
        module, _, own = name.partition(".")
        if module not in self._entities:
            unit_id = self._domain_models.get(module)
            rows = self.tree.snapshot.rows(unit_id) if unit_id else ()
            self._entities[module] = {r.name: r for r in reversed(rows) if r.type == ENTITY}
        return self._entities[module].get(own)

    @cached_property
    def _domain_models(self) -> Mapping[str, str]:
        live = self.tree.snapshot.live
        return {
            self.tree.snapshot.module(u.id): u.id for u in live.values() if u.type == DOMAIN_MODEL and not u.missing
        }
