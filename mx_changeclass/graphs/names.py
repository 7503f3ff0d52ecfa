"""Who bears which name in one model: documents by their headers, members of domain models once asked for.

A page and an entity of one module may share a name (``Image.Image``), so a name alone does not tell
which is meant: a ``Node`` is a name with the space it is unique in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Snapshot, Unit

DOCUMENT = "document"
MEMBER = "member"  # of a domain model: entity, association, attribute
Node = tuple[str, str]

ENTITY = "DomainModels$Entity"
ATTRIBUTE = "DomainModels$Attribute"
ASSOCIATION = "DomainModels$AssociationBase"
_FOLDERS = frozenset({"Projects$Module", "Projects$Folder"})

# The System module is stored in no project. Its entities are persistable but for these.
_SYSTEM_NON_PERSISTABLE = frozenset({
    "System.ConsumedODataConfiguration", "System.Error", "System.HttpHeader", "System.HttpMessage",
    "System.HttpRequest", "System.HttpResponse", "System.ODataResponse", "System.Paging", "System.RestHttpResponse",
    "System.SoapFault", "System.WorkflowActivityDetails", "System.WorkflowJumpToDetails",
})


class Names:
    """The names of one model. Excluded documents bear none."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._members: dict[str, Mapping[str, Element]] = {}

    @cached_property
    def documents(self) -> Mapping[str, Unit]:
        """Live documents by qualified name."""
        return {self._name(u): u for u in self.snapshot.live.values() if _bears_name(u) and self.snapshot.module(u.id)}

    @cached_property
    def excluded(self) -> frozenset[str]:
        """Names that only an excluded document bears."""
        return frozenset(self._name(u) for u in self.snapshot.units.values() if u.excluded) - self.documents.keys()

    def _name(self, unit: Unit) -> str:
        return f"{self.snapshot.module(unit.id)}.{unit.name}"

    @cached_property
    def domain_models(self) -> Mapping[str, Unit]:
        """Domain models by the name of their module."""
        return {
            self.snapshot.module(u.id): u for u in self.snapshot.live.values() if u.type == "DomainModels$DomainModel"
        }

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

    @cached_property
    def entities(self) -> Mapping[str, Element]:
        """Every entity by name; decodes every domain model."""
        return {n: r for m in sorted(self.domain_models) for n, r in self.members(m).items() if r.type == ENTITY}

    @cached_property
    def entity_names(self) -> Mapping[str, str]:
        """Entity name by row id."""
        return {row.id: name for name, row in self.entities.items()}

    def ends(self, association: str) -> tuple[str, ...]:
        """The entities at both ends of an association, its owner first."""
        row = self.member(association)
        if row is None:
            return ()
        module = association.partition(".")[0]
        by_id = {r.id: n for n, r in self.members(module).items()}
        ends = (by_id.get(end, end) for end in (row.props.get("parent", ""), row.props.get("child", "")))
        return tuple(end for end in ends if "." in end)

    def generalization(self, name: str) -> str:
        """The entity that an entity specialises, "" for none."""
        row = self.entity(name)
        return str(row.props.get("generalization.generalization", "")) if row else ""

    @cached_property
    def _specialisations(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self.entities):
            if parent := self.generalization(name):
                found.setdefault(parent, []).append(name)
        return {parent: tuple(names) for parent, names in found.items()}

    def specialisations(self, name: str) -> tuple[str, ...]:
        """The entities that specialise an entity directly."""
        return self._specialisations.get(name, ())

    def descendants(self, name: str) -> tuple[str, ...]:
        """The entities that specialise an entity directly or through others, nearest first."""
        found: list[str] = []
        todo = [name]
        for each in todo:
            fresh = [s for s in self.specialisations(each) if s not in todo]
            todo += fresh
            found += fresh
        return tuple(found)

    def persistable(self, name: str) -> bool:
        """Whether rows of an entity live in the database; decided by the root of its generalisations.
        A view entity and one of another app (a remote source) hold no rows of their own."""
        seen = set()
        while name not in seen:
            seen.add(name)
            row = self.entity(name)
            if row is None:
                return name.startswith("System.") and name not in _SYSTEM_NON_PERSISTABLE
            if row.props.get("source") or row.props.get("isRemote"):
                return False
            parent = self.generalization(name)
            if not parent:
                return row.props.get("generalization.persistable", True) is not False
            name = parent
        return False


def _bears_name(unit: Unit) -> bool:
    return bool(unit.name) and unit.type not in _FOLDERS and not unit.missing
