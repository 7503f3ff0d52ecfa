"""Who bears which name in one model: documents by their headers, members of domain models once asked for.

A page and an entity of one module may share a name (``Image.Image``), so a name alone does not tell
which is meant: a ``Node`` is a name with the space it is unique in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from mx_changeclass.model import persistence, system
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Snapshot, Unit
from mx_changeclass.model.types import ASSOCIATION, ATTRIBUTE, DOMAIN_MODEL, ENTITY, FOLDER, MODULE

DOCUMENT = "document"
MEMBER = "member"  # of a domain model: entity, association, attribute
Node = tuple[str, str]

_FOLDERS = frozenset({MODULE, FOLDER})


def space_of(kind: str) -> str:
    """The space in which something of that SDK type has its name."""
    return MEMBER if kind.startswith("DomainModels$") and not kind.endswith("Document") else DOCUMENT


class Symbols:
    """The names of one model. Excluded documents bear none."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._members: dict[str, Mapping[str, Element]] = {}
        self._ends: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, Mapping[str, str]] = {}
        self._attributes: dict[str, Mapping[str, Mapping[str, Element]]] = {}
        self._descendants: dict[str, tuple[str, ...]] = {}

    @cached_property
    def documents(self) -> Mapping[str, Unit]:
        """Live documents by qualified name; in a broken model that has two of a name, the one with the lowest id."""
        module_of = self.snapshot.module
        live = [(u, module) for u in self.snapshot.live.values() if _bears_name(u) and (module := module_of(u.id))]
        live.sort(key=lambda x: x[0].id, reverse=True)
        return {f"{module}.{u.name}": u for u, module in live}

    def may_hide(self, module: str, space: str) -> bool:
        """Whether a document that cannot be read may bear a name of a module, or hold the domain model that does."""
        return not self._hiding.isdisjoint(((module, space), ("", space)))

    @cached_property
    def _hiding(self) -> frozenset[Node]:
        missing = (u for u in self.snapshot.units.values() if u.missing and u.slot != "files")
        spaces = {"domainModel": MEMBER, "documents": DOCUMENT}
        return frozenset(
            (self.snapshot.module(u.id), space)
            for u in missing
            for space in ([spaces[u.slot]] if u.slot in spaces else [MEMBER, DOCUMENT])
        )

    def has_module(self, name: str) -> bool:
        return name in self._module_names

    @cached_property
    def _module_names(self) -> frozenset[str]:
        return frozenset(u.name for u in self.snapshot.live.values() if u.type == "Projects$Module")

    def excluded(self, name: str) -> bool:
        """Whether a name belongs to a document that is not built, or to something in it."""
        return bool(self._excluded) and ".".join(name.split(".")[:2]) in self._excluded

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self._name(u) for u in self.snapshot.units.values() if u.excluded) - self.documents.keys()

    def _name(self, unit: Unit) -> str:
        return f"{self.snapshot.module(unit.id)}.{unit.name}"

    @cached_property
    def domain_models(self) -> Mapping[str, Unit]:
        """Domain models by the name of their module."""
        return {self.snapshot.module(u.id): u for u in self.snapshot.live.values() if u.type == DOMAIN_MODEL}

    def members(self, module: str) -> Mapping[str, Element]:
        """Entities, attributes and associations of a module by qualified name; decodes its domain model."""
        if module not in self._members:
            unit = self.domain_models.get(module)
            self._members[module] = dict(self._of(module, unit)) if unit else {}
        return self._members[module]

    def _of(self, module: str, unit: Unit) -> Iterator[tuple[str, Element]]:
        entities: dict[str, str] = {}
        for row in self.snapshot.rows(unit.id):
            if row.type == ENTITY or is_a(row.type, ASSOCIATION):
                entities[row.id] = row.name
                yield f"{module}.{row.name}", row
            elif row.type == ATTRIBUTE and row.parent in entities:
                yield f"{module}.{entities[row.parent]}.{row.name}", row

    def member(self, name: str) -> Element | None:
        """The entity, attribute or association of that name."""
        return self.members(name.partition(".")[0]).get(name)

    def entity(self, name: str) -> Element | None:
        row = self.member(name)
        return row if row is not None and row.type == ENTITY else None

    def attribute(self, name: str) -> str:
        """The attribute a name means, "" for none: ``Module.Special.Title`` is ``Module.Order.Title`` where
        the entity inherits it."""
        owner, _, last = name.rpartition(".")
        for entity in self.lineage(owner):
            if self.member(f"{entity}.{last}") is not None:
                return f"{entity}.{last}"
        return ""

    def attributes(self, entity: str) -> Mapping[str, Element]:
        """The own attributes of an entity by their short names."""
        module = entity.partition(".")[0]
        if module not in self._attributes:
            found: dict[str, dict[str, Element]] = {}
            for name, row in self.members(module).items():
                if row.type == ATTRIBUTE:
                    owner, _, last = name.rpartition(".")
                    found.setdefault(owner, {})[last] = row
            self._attributes[module] = found
        return self._attributes[module].get(entity, {})

    @cached_property
    def entities(self) -> Mapping[str, Element]:
        """Every entity by name; decodes every domain model."""
        return {n: r for m in sorted(self.domain_models) for n, r in self.members(m).items() if r.type == ENTITY}

    @cached_property
    def entity_names(self) -> Mapping[str, str]:
        """Entity name by row id."""
        return {row.id: name for name, row in self.entities.items()}

    def ends(self, association: str) -> tuple[str, ...]:
        """The entities at both ends of an association, its owner first; () for a name of anything else."""
        if association not in self._ends:
            self._ends[association] = self._find_ends(association)
        return self._ends[association]

    def _find_ends(self, association: str) -> tuple[str, ...]:
        row = self.member(association)
        if row is None or row.type in (ENTITY, ATTRIBUTE):
            return ()
        module = association.partition(".")[0]
        by_id = self._names_of(module)
        ends = (by_id.get(end, end) for end in (row.props.get("parent", ""), row.props.get("child", "")))
        return tuple(end for end in ends if "." in end)

    def _names_of(self, module: str) -> Mapping[str, str]:
        """The names of the members of a module by row id."""
        if module not in self._names:
            self._names[module] = {r.id: n for n, r in self.members(module).items()}
        return self._names[module]

    def other_ends(self, association: str, start: str) -> tuple[str, ...]:
        """The entities an association leads to from an entity: the other end, or both where the start
        is not known."""
        ends = self.ends(association)
        line = self.lineage(start)
        return tuple(sorted(end for end in ends if end not in line)) or ends

    def enumerated(self, entity: str) -> tuple[Element, ...]:
        """The attributes of an entity that hold a value of an enumeration."""
        row = self.entity(entity)
        return self._enumerated.get(row.id, ()) if row else ()

    @cached_property
    def _enumerated(self) -> Mapping[str, tuple[Element, ...]]:
        found: dict[str, list[Element]] = {}
        for module in self.domain_models:
            for row in self.members(module).values():
                if row.parent is not None and row.type == ATTRIBUTE and row.props.get("type.enumeration"):
                    found.setdefault(row.parent, []).append(row)
        return {entity: tuple(rows) for entity, rows in found.items()}

    def generalization(self, name: str) -> str:
        """The entity that an entity specialises, "" for none."""
        row = self.entity(name)
        return persistence.generalization(row) if row else system.GENERALIZATIONS.get(name, "")

    def lineage(self, name: str) -> tuple[str, ...]:
        """An entity and its generalisations, nearest first; a loop in a broken model ends it, and so does a line
        longer than any real one."""
        line: dict[str, None] = {}
        while name and name not in line and len(line) < persistence.LONGEST_LINE:
            line[name] = None
            name = self.generalization(name)
        return tuple(line)

    @cached_property
    def _specialisations(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name in sorted({*self.entities, *system.GENERALIZATIONS}):
            if parent := self.generalization(name):
                found.setdefault(parent, []).append(name)
        return {parent: tuple(names) for parent, names in found.items()}

    def specialisations(self, name: str) -> tuple[str, ...]:
        """The entities that specialise an entity directly."""
        return self._specialisations.get(name, ())

    def descendants(self, name: str) -> tuple[str, ...]:
        """The entities that specialise an entity directly or through others, nearest first, as far down as
        ``lineage`` goes up."""
        if name not in self._descendants:
            self._descendants[name] = self.all_descendants([name])
        return self._descendants[name]

    def all_descendants(self, names: Iterable[str]) -> tuple[str, ...]:
        """The entities that specialise any of some entities and are none of them, nearest first."""
        level = list(names)
        found: list[str] = []
        seen = set(level)
        for _ in range(persistence.LONGEST_LINE):
            level = [s for s in dict.fromkeys(s for each in level for s in self.specialisations(each)) if s not in seen]
            if not level:
                break
            seen.update(level)
            found += level
        return tuple(found)

    @cached_property
    def cut_lines(self) -> tuple[str, ...]:
        """The entities whose generalisations are more than are followed."""
        depth: dict[str, int] = {}
        for name in self.entities:
            line: dict[str, None] = {}
            here = name
            while here and here not in depth and here not in line:
                line[here] = None
                here = self.generalization(here)
            known = depth.get(here, 0)
            depth |= {each: known + i for i, each in enumerate(reversed(line), 1)}
        return tuple(sorted(name for name in self.entities if depth[name] > persistence.LONGEST_LINE))

    def persistable(self, name: str) -> bool:
        """Whether rows of an entity live in the database. One whose domain model cannot be read counts as
        persistable: nobody can say that its rows are safe. False for a name of nothing."""
        row = self.entity(name)
        if row is not None:
            return persistence.persistable(row, self.entity)
        return (system.is_system(name) and system.has_table(name)) or self._unread(name)

    def _unread(self, name: str) -> bool:
        return name.partition(".")[0] in self._unread_modules

    @cached_property
    def _unread_modules(self) -> frozenset[str]:
        """Modules whose domain model is listed but not there."""
        missing = (u for u in self.snapshot.units.values() if u.missing and u.slot == "domainModel")
        return frozenset(self.snapshot.module(u.id) for u in missing)


def _bears_name(unit: Unit) -> bool:
    return bool(unit.name) and unit.type not in _FOLDERS and not unit.missing
