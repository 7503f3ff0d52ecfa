"""One of the two models, as rules may question it.

All names are qualified: ``Field.Orders`` a page, ``Field.Order`` an entity, ``Field.Order.Title`` an
attribute, ``widget:com.acme.Map`` a pluggable widget. Where a page and an entity share a name, an answer
about the bare name covers both; give the SDK type as ``kind`` to ask about one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mx_changeclass.graphs.audience import MICROFLOW, Audience, Profile
from mx_changeclass.graphs.facts import Facts
from mx_changeclass.graphs.names import DOCUMENT, MEMBER, Names, Node
from mx_changeclass.graphs.offline import Synced, merged, sync_set
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Snapshot, Tree
from mx_changeclass.model.versions import Version

if TYPE_CHECKING:
    import networkx

__all__ = ["Profile", "Side", "Synced"]


class Side:
    """A model with what follows from it. Everything is computed when first asked for."""

    def __init__(self, snapshot: Snapshot, facts_cache: dict[str, Facts] | None = None) -> None:
        self.snapshot = snapshot
        self.names = Names(snapshot)
        self.walked = Audience(self.names, {} if facts_cache is None else facts_cache)
        self._trees: dict[str, Tree] = {}

    @classmethod
    def pair(cls, old: Snapshot, new: Snapshot) -> tuple[Side, Side]:
        """Both sides of a release; units with equal digests are looked at once."""
        shared: dict[str, Facts] = {}
        return cls(old, shared), cls(new, shared)

    @property
    def version(self) -> Version | None:
        return self.snapshot.version

    # -- who is reached ---------------------------------------------------------------------

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The navigation profiles by name."""
        return self.walked.profiles

    @cached_property
    def native(self) -> bool:
        """The app has a native profile."""
        return any(p.kind == "native" for p in self.profiles)

    @cached_property
    def offline(self) -> bool:
        """The app has a profile that keeps data on devices, native or offline web."""
        return any(p.holds_data for p in self.profiles)

    def audience(self, name: str, kind: str = "") -> frozenset[str]:
        """Names of the profiles that reach a document, member of a domain model, image or widget."""
        nodes = _nodes(name, kind)
        return frozenset(p for p, reach in self.walked.reaches.items() if any(n in reach for n in nodes))

    def reached(self, name: str, kind: str = "") -> bool:
        """Some profile reaches it."""
        return bool(self.audience(name, kind))

    def reached_native(self, name: str, kind: str = "") -> bool:
        """A native profile reaches it."""
        return any(p.kind == "native" and p.name in self.audience(name, kind) for p in self.profiles)

    def reached_offline(self, name: str, kind: str = "") -> bool:
        """A profile that keeps data on devices reaches it."""
        return any(p.holds_data and p.name in self.audience(name, kind) for p in self.profiles)

    def web_only(self, name: str, kind: str = "") -> bool:
        """It is reached, but by online web profiles only."""
        return self.reached(name, kind) and not self.reached_offline(name, kind)

    def why(self, name: str, kind: str = "") -> tuple[str, ...]:
        """The shortest way to it: profile, page, ..., name; () where it is not reached. A profile that keeps
        data on devices speaks first."""
        ways = [
            (not p.holds_data, len(way), way)
            for p in self.profiles
            for node in _nodes(name, kind)
            if (way := self.walked.reaches[p.name].why(node))
        ]
        if ways:
            return min(ways)[2]
        return self.sync[name].why if kind in ("", "DomainModels$Entity") and name in self.sync else ()

    # -- what lives on devices ----------------------------------------------------------------

    @cached_property
    def synced_by_profile(self) -> Mapping[str, Mapping[str, Synced]]:
        """The sync set of each native or offline profile."""
        return sync_set(self.walked)

    @cached_property
    def sync(self) -> Mapping[str, Synced]:
        """The sync set over all profiles, by entity."""
        return merged(self.synced_by_profile)

    def synced(self, entity: str) -> bool:
        """Devices hold rows of the entity: it is in the sync set, or an entity that specialises it is."""
        return self._entry(entity) is not None

    def mode(self, entity: str) -> str | None:
        """The mode in which the rows of the entity are synchronised, None where devices hold none."""
        entry = self._entry(entity)
        return entry.mode if entry else None

    def _entry(self, entity: str) -> Synced | None:
        if entity in self.sync:
            return self.sync[entity]
        return next((self.sync[s] for s in self.names.descendants(entity) if s in self.sync), None)

    # -- what clients call --------------------------------------------------------------------

    @cached_property
    def called(self) -> frozenset[str]:
        """The microflows that clients of native and offline profiles call."""
        return frozenset(
            name
            for p in self.profiles
            if p.holds_data
            for name, space in self.walked.reaches[p.name].came_from
            if space == DOCUMENT and (unit := self.names.documents.get(name)) and unit.type == MICROFLOW
        )

    def calls(self, microflow: str) -> bool:
        """A native or offline client calls the microflow."""
        return microflow in self.called

    @cached_property
    def signature_entities(self) -> frozenset[str]:
        """Non-persistable entities in the parameters and results of called microflows."""
        found = set()
        for name in self.called:
            for row in self.snapshot.rows(self.names.documents[name].id):
                for key in ("variableType.entity", "microflowReturnType.entity"):
                    found.add(str(row.props.get(key, "")))
        return frozenset(e for e in found - {""} if not self.persistable(e))

    # -- names --------------------------------------------------------------------------------

    def entity(self, name: str) -> Element | None:
        """The row of an entity."""
        return self.names.entity(name)

    def persistable(self, name: str) -> bool:
        """Whether rows of the entity live in the database."""
        return self.names.persistable(name)

    def generalization(self, name: str) -> str:
        """The entity it specialises, "" for none."""
        return self.names.generalization(name)

    def specialisations(self, name: str) -> tuple[str, ...]:
        """The entities that specialise it directly."""
        return self.names.specialisations(name)

    def entity_by_id(self, row_id: str) -> str:
        """Name of the entity with that row id, "" for none."""
        return self.names.entity_names.get(row_id, "")

    def named(self, name: str, kind: str = "") -> Element | None:
        """The row that bears a name: a document before a member of a domain model, unless ``kind`` says which;
        also a value of an enumeration or an image of a collection."""
        for node in _nodes(name, kind):
            if (row := self._row(node)) is not None:
                return row
        return None

    def _row(self, node: Node) -> Element | None:
        name, space = node
        if space == MEMBER:
            return self.names.member(name)
        if unit := self.names.documents.get(name):
            return next(iter(self.snapshot.rows(unit.id)), None)
        owner, _, last = name.rpartition(".")
        if unit := self.names.documents.get(owner):
            return next((r for r in self.snapshot.rows(unit.id)[1:] if r.name == last), None)
        return None

    def tree_of(self, unit_id: str) -> Tree:
        """The rows of a unit with their ancestry."""
        if unit_id not in self._trees:
            self._trees[unit_id] = Tree.of(self.snapshot, [unit_id])
        return self._trees[unit_id]

    def settings_part(self, type_name: str) -> Element | None:
        """A part of the project settings (``Settings$RuntimeSettings``)."""
        for unit in self.snapshot.live.values():
            if unit.type == "Settings$ProjectSettings":
                return next((r for r in self.snapshot.rows(unit.id) if is_a(r.type, type_name)), None)
        return None

    # -- the whole graph ----------------------------------------------------------------------

    @cached_property
    def graph(self) -> networkx.MultiDiGraph[str]:
        """Documents and entities with their references; see ``draw.graph``."""
        from mx_changeclass.graphs.draw import graph  # noqa: PLC0415 - loads networkx

        return graph(self.snapshot, self.walked)


def _nodes(name: str, kind: str) -> tuple[Node, ...]:
    if kind.startswith("DomainModels$"):
        return ((name, MEMBER),)
    return ((name, DOCUMENT),) if kind else ((name, DOCUMENT), (name, MEMBER))
