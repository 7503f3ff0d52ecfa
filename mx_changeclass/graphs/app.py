"""One of the two models, as rules may question it.

All names are qualified: ``Field.Orders`` a page, ``Field.Order`` an entity, ``Field.Order.Title`` an
attribute, ``widget:com.acme.Map`` a pluggable widget. Where a page and an entity share a name, an answer
about the bare name covers both; give the SDK type as ``kind`` to ask about one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar, TypeVarTuple

from mx_changeclass.graphs.native_dependencies import LISTING, WIDGET_OWNER, DependencyMap, dependency_map
from mx_changeclass.graphs.profiles import Profile
from mx_changeclass.graphs.reachability import SERVER, Reachability
from mx_changeclass.graphs.references import Reference
from mx_changeclass.graphs.side_files import (
    actions_by_file,
    javascript_actions,
    script_module,
    served_by,
    told_apart,
)
from mx_changeclass.graphs.symbols import DOCUMENT, MEMBER, Node, Symbols, space_of
from mx_changeclass.graphs.sync_set import ONLINE, Synced, merged, sync_sets
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Snapshot, Tree, Unit
from mx_changeclass.model.types import ENUMERATION, MICROFLOW, PROJECT_SETTINGS
from mx_changeclass.model.versions import Version

__all__ = ["App", "Profile", "Synced"]

T = TypeVar("T")
About = TypeVarTuple("About")
_IMAGES = "Images$ImageCollection"


class App:
    """A model with what follows from it. Everything is computed when first asked for."""

    def __init__(self, snapshot: Snapshot, beside: App | None = None) -> None:
        self.snapshot = snapshot
        self.symbols = Symbols(snapshot)
        self.reachability: Reachability = Reachability(self.symbols, beside.reachability if beside else None)
        self._audiences: dict[tuple[str, str], frozenset[str]] = {}
        self._trees: dict[str, Tree] = {}
        self._answers: dict[object, Any] = {}
        self._references: dict[str, Mapping[str, tuple[Reference, ...]]] = {}
        self._by_module: dict[str, Mapping[str, set[Node]]] = {}

    @classmethod
    def pair(cls, old: Snapshot, new: Snapshot) -> tuple[App, App]:
        """Both sides of a release; units with equal digests are looked at once."""
        known = cls(old)
        return known, known.beside(new)

    def beside(self, other: Snapshot) -> App:
        """Another version of the model; what is known of units with equal digests is not looked for again."""
        other.share_rows(self.snapshot)
        return App(other, self)

    def memo(self, question: Callable[[App, *About], T], *about: *About) -> T:
        """The answer to a question about this model, or about something named in it, that is asked more than once."""
        key = (question, *about)
        if key not in self._answers:
            self._answers[key] = question(self, *about)
        answer: T = self._answers[key]
        return answer

    @property
    def version(self) -> Version | None:
        return self.snapshot.version

    # -- who is reached ---------------------------------------------------------------------

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The navigation profiles by name."""
        return self.reachability.navigation.profiles

    @cached_property
    def native(self) -> bool:
        """The app has a native profile."""
        return any(p.kind == "native" for p in self.profiles)

    @cached_property
    def offline(self) -> bool:
        """The app has a profile that keeps data on devices, native or offline web."""
        return any(p.holds_data for p in self.profiles)

    def audience(self, name: str, kind: str = "") -> frozenset[str]:
        """Names of the profiles that reach a document, member of a domain model, image or widget; of the
        profile itself, where that is what is named."""
        found = self._audiences.get((name, kind))
        if found is None:
            nodes = _nodes(name, kind)
            found = frozenset(p.name for p in self.profiles if any(self._path(p, node) for node in nodes))
            self._audiences[name, kind] = found
        return found

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
            if (way := self._path(p, node))
        ]
        return min(ways)[2] if ways else ()

    def _path(self, profile: Profile, node: Node) -> tuple[str, ...]:
        name, space = node
        if name == profile.name:
            return (name,)
        if way := self.reachability.reaches[profile.name].path(node):
            return way
        entry = self.synced_by_profile.get(profile.name, {}).get(name)
        if entry and space == MEMBER:
            return entry.why
        carrier = self._brought_by(profile, node)
        way = self._path(profile, carrier) if carrier else ()
        return (*way, name) if way else ()

    def _brought_by(self, profile: Profile, node: Node) -> Node | None:
        """What brings along something that no document names. The data on a device brings the attributes and
        the owned associations of its entities and the enumerations of these, an enumeration all its values,
        a collection all its images; of a module, what of it is nearest."""
        name, space = node
        owner, _, last = name.rpartition(".")
        synced = self.synced_by_profile.get(profile.name, {})
        if not owner:
            inside = self._known_inside(profile).get(name, ())
            return min(inside, key=lambda n: (len(self._path(profile, n)), n), default=None)
        if space == MEMBER:
            entity = owner if owner.count(".") else next(iter(self.symbols.ends(name)), name)
            holder = self.memo(_holder, entity, profile.name)
            if entity in synced and entity != name:
                holder = entity
            if holder:
                return holder, MEMBER
            named = owner.count(".") and (f"/{last}", MEMBER) in self.reachability.reaches[profile.name]
            return (owner, MEMBER) if named else None
        unit = self.symbols.documents.get(owner)
        if unit is not None and unit.type in (ENUMERATION, _IMAGES):
            return owner, DOCUMENT
        unit = self.symbols.documents.get(name)
        if unit is not None and unit.type == ENUMERATION:
            entity = self.memo(_by_enumeration, profile.name).get(name, "")
            return (entity, MEMBER) if entity else None
        return None

    def _known_inside(self, profile: Profile) -> Mapping[str, set[Node]]:
        """What of each module is reached from a profile or lives on its devices."""
        if profile.name not in self._by_module:
            found: dict[str, set[Node]] = {}
            synced = self.synced_by_profile.get(profile.name, {})
            kept = ((above, MEMBER) for entity in synced for above in self.symbols.lineage(entity))
            for node in (*self.reachability.reaches[profile.name].came_from, *kept):
                if node[1] != SERVER and "." in node[0]:
                    found.setdefault(node[0].partition(".")[0], set()).add(node)
            self._by_module[profile.name] = found
        return self._by_module[profile.name]

    def documents(self, profile: str) -> Iterator[Unit]:
        """The documents that a profile reaches, in no meaningful order."""
        for name, space in self.reachability.reaches[profile].came_from:
            if space == DOCUMENT and (unit := self.symbols.documents.get(name)):
                yield unit

    # -- what lives on devices ----------------------------------------------------------------

    @cached_property
    def synced_by_profile(self) -> Mapping[str, Mapping[str, Synced]]:
        """The sync set of each native or offline profile."""
        return sync_sets(self.reachability)

    @cached_property
    def sync(self) -> Mapping[str, Synced]:
        """The sync set over all profiles, by entity."""
        return merged(self.synced_by_profile)

    def synced(self, entity: str) -> bool:
        """Devices hold rows of the entity: it is in the sync set and not Online, or an entity that
        specialises it is."""
        return self.mode(entity) not in (None, ONLINE)

    def mode(self, entity: str) -> str | None:
        """The mode of the entity, or of the nearest synced entity that specialises it; None for neither."""
        entry = self._entry(entity)
        return entry.mode if entry else None

    def _entry(self, entity: str) -> Synced | None:
        if entity in self.sync:
            return self.sync[entity]
        return self.sync.get(self.memo(_holder, entity, ""))

    def served_by(self, row: Element) -> tuple[str, ...]:
        """The actions, widgets or profiles that a file beside the model serves; () for anything else."""
        return served_by(row, self) if row.type.startswith("File$") else ()

    def subjects(self, row: Element) -> tuple[str, ...]:
        """``served_by``, of a script that serves all actions of its module only those that reach different profiles."""
        folder = script_module(row)
        return self.memo(told_apart, folder) if folder else self.served_by(row)

    @cached_property
    def dependencies(self) -> DependencyMap:
        """The native modules that files beside the model ask for. Reads every file that may list some."""
        units = [u for u in self.snapshot.live.values() if u.type in LISTING]
        rows = (row for u in units if not u.missing for row in self.snapshot.rows(u.id)[:1])
        return dependency_map(rows, [u.file for u in units if u.missing])

    @cached_property
    def dependency_inputs(self) -> tuple[frozenset[tuple[str, str, bool]], frozenset[str]]:
        """The files that may list native modules, by their digests, and what native profiles reach of the actions
        and widgets that ask for them. Where both are the same on two sides no module moves: no file need be read."""
        live = self.snapshot.live.values()
        files = frozenset((u.id, u.digest, u.missing) for u in live if u.type in LISTING)
        known = set(javascript_actions(self.symbols))
        came = (
            name for p in self.profiles if p.kind == "native" for name, _ in self.reachability.reaches[p.name].came_from
        )
        return files, frozenset(name for name in came if name in known or name.startswith(WIDGET_OWNER))

    @cached_property
    def binary(self) -> Element | None:
        """The row of the native app beside the model."""
        unit = next((u for u in self.snapshot.live.values() if u.type == "File$NativeBinary"), None)
        return next(iter(self.snapshot.rows(unit.id)), None) if unit else None

    def reached_owner(self, owner: str) -> bool:
        """A native profile reaches what asks for a native module."""
        return any(map(self.reached_native, self.names_of_owner(owner)))

    def names_of_owner(self, stated: str) -> tuple[str, ...]:
        """What asks for a native module, by the name the walk knows: a widget, or an action of that file."""
        return (stated,) if stated.startswith(WIDGET_OWNER) else self.memo(actions_by_file).get(stated, ())

    # -- what clients call --------------------------------------------------------------------

    @cached_property
    def called(self) -> frozenset[str]:
        """The microflows that clients of native and offline profiles call."""
        return frozenset(
            name
            for p in self.profiles
            if p.holds_data
            for name, space in self.reachability.reaches[p.name].came_from
            if space == DOCUMENT and (unit := self.symbols.documents.get(name)) and unit.type == MICROFLOW
        )

    def calls(self, microflow: str) -> bool:
        """A native or offline client calls the microflow."""
        return microflow in self.called

    def runs_for_client(self, microflow: str) -> bool:
        """A microflow that native or offline clients call calls this one, directly or through others."""
        return any((microflow, SERVER) in self.reachability.reaches[p.name] for p in self.profiles if p.holds_data)

    @cached_property
    def signature_entities(self) -> frozenset[str]:
        """Non-persistable entities that travel with calls of microflows: those of parameters and results, what
        these inherit, and what hangs on them by associations, directly or through others."""
        found = set()
        for name in self.called:
            for row in self.snapshot.rows(self.symbols.documents[name].id):
                for key in ("variableType.entity", "microflowReturnType.entity"):
                    found.add(str(row.props.get(key, "")))
        return self._travelling(e for e in found - {""} if not self.persistable(e))

    def _travelling(self, called_with: Iterable[str]) -> frozenset[str]:
        """Some non-persistable entities with all that an object of them may bring along."""
        known = dict.fromkeys(called_with)
        tied: dict[str, set[str]] = {}
        for module in sorted(self.symbols.domain_models) if known else ():
            for name in self.symbols.members(module):
                for end in (ends := self.symbols.ends(name)):
                    tied.setdefault(end, set()).update(ends)
        seen: set[str] = set()
        todo = list(known)
        for each in todo:
            line = {*self.symbols.lineage(each), *self.symbols.descendants(each)} - seen
            seen |= line
            further = {*line, *(end for above in line for end in tied.get(above, ()))} - known.keys()
            fresh = sorted(e for e in further if not self.persistable(e))
            known |= dict.fromkeys(fresh)
            todo += fresh
        return frozenset(known)

    # -- names --------------------------------------------------------------------------------

    def entity(self, name: str) -> Element | None:
        """The row of an entity."""
        return self.symbols.entity(name)

    def persistable(self, name: str) -> bool:
        """Whether rows of the entity live in the database."""
        return self.symbols.persistable(name)

    def generalization(self, name: str) -> str:
        """The entity it specialises, "" for none."""
        return self.symbols.generalization(name)

    def specialisations(self, name: str) -> tuple[str, ...]:
        """The entities that specialise it directly."""
        return self.symbols.specialisations(name)

    def entity_by_id(self, row_id: str) -> str:
        """Name of the entity with that row id, "" for none."""
        return self.symbols.entity_names.get(row_id, "")

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
            return self.symbols.member(name)
        if unit := self.symbols.documents.get(name):
            return next(iter(self.snapshot.rows(unit.id)), None)
        owner, _, last = name.rpartition(".")
        if unit := self.symbols.documents.get(owner):
            return self.parts(unit.id).get(last)
        return None

    def parts(self, unit_id: str) -> Mapping[str, Element]:
        """The rows of a document below its root by their names; of several the first."""
        return self.memo(_parts, unit_id)

    def tree_of(self, unit_id: str) -> Tree:
        """The rows of a unit with their ancestry."""
        if unit_id not in self._trees:
            self._trees[unit_id] = Tree.of(self.snapshot, [unit_id])
        return self._trees[unit_id]

    def references(self, unit_id: str) -> Mapping[str, tuple[Reference, ...]]:
        """What each row of a unit refers to, by row id."""
        if unit_id not in self._references:
            by_row: dict[str, list[Reference]] = {}
            for reference in self.reachability.unit_references(self.snapshot.units[unit_id]).references:
                by_row.setdefault(reference.row, []).append(reference)
            self._references[unit_id] = {row: tuple(found) for row, found in by_row.items()}
        return self._references[unit_id]

    def settings_part(self, type_name: str) -> Element | None:
        """A part of the project settings (``Settings$RuntimeSettings``)."""
        return self.memo(App._settings_part, type_name)

    def _settings_part(self, type_name: str) -> Element | None:
        for unit in self.snapshot.live.values():
            if unit.type == PROJECT_SETTINGS:
                return next((r for r in self.snapshot.rows(unit.id) if is_a(r.type, type_name)), None)
        return None


def _nodes(name: str, kind: str) -> tuple[Node, ...]:
    return ((name, space_of(kind)),) if kind else ((name, DOCUMENT), (name, MEMBER))


def _holder(side: App, entity: str, profile: str) -> str:
    """The nearest entity that specialises one and is in the sync set of a profile, or in any; "" for none."""
    synced = side.synced_by_profile.get(profile, {}) if profile else side.sync
    return next((each for each in side.symbols.descendants(entity) if each in synced), "")


def _by_enumeration(side: App, profile: str) -> Mapping[str, str]:
    """The first entity of a sync set that holds values of each enumeration, itself or by what it inherits."""
    found: dict[str, str] = {}
    for entity in side.synced_by_profile.get(profile, {}):
        for above in side.symbols.lineage(entity):
            for attribute in side.symbols.enumerated(above):
                found.setdefault(str(attribute.props["type.enumeration"]), entity)
    return found


def _parts(side: App, unit_id: str) -> Mapping[str, Element]:
    return {row.name: row for row in reversed(side.snapshot.rows(unit_id)[1:])}
