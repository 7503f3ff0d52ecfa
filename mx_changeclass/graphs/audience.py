"""Who is reached: what each navigation profile leads to, and by which shortest way.

The walk starts at the rows of a profile and decodes only the documents it comes to. It goes through
pages, layouts, snippets, menus and nanoflows, never through the data of a microflow; but a page that
a called microflow shows, itself or through a microflow it calls, is reached.

A plain breadth-first walk: loading networkx takes longer than walking a real app.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from attrs import field, frozen

from mx_changeclass.graphs.facts import Facts, Reference, facts
from mx_changeclass.graphs.mentions import ANYTHING
from mx_changeclass.graphs.names import DOCUMENT, MEMBER, Names, Node
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Unit

SERVER = "server"  # the space of microflows that only other microflows call: no client knows them
MICROFLOW = "Microflows$Microflow"
# Documents that are sent to the client as a whole.
_SHIPPED = frozenset({
    "Pages$Page", "Pages$Layout", "Pages$Snippet", "Menus$MenuDocument", "Microflows$Nanoflow",
    "Enumerations$Enumeration",
})
_ASIDE = ("Security$",)  # who may use something leads nowhere

Link = tuple[str, Node]  # verb, what it leads to


@frozen
class Profile:
    """One navigation profile. ``kind`` is native, offline (an offline web app), web or hybrid; ``ota``
    whether the binary takes updates over the air, None where the profile has no such switch."""

    name: str
    kind: str
    ota: bool | None
    row: Element = field(repr=False)
    offline: bool = False

    @property
    def holds_data(self) -> bool:
        """Devices of this profile keep rows in a local database."""
        return self.offline

    @classmethod
    def of(cls, row: Element) -> Profile:
        if row.type == "Navigation$NativeNavigationProfile":
            return cls(row.name, "native", row.props.get("otaEnabled") is True, row, offline=True)
        stored = str(row.props.get("kind", ""))
        offline = stored.endswith("Offline") or row.props.get("offlineEnabled") is True
        if stored.startswith("Hybrid") or row.name.startswith("Hybrid"):
            return cls(row.name, "hybrid", None, row, offline)
        return cls(row.name, "offline" if offline else "web", None, row, offline)


@frozen(eq=False)
class Reach:
    """What a profile reaches: each node with the node it was first reached from (None: the profile)."""

    profile: Profile
    came_from: Mapping[Node, Node | None]

    def __contains__(self, node: Node) -> bool:
        return node in self.came_from

    def why(self, node: Node) -> tuple[str, ...]:
        """The shortest way: profile, page, ..., the node itself. () where it is not reached."""
        if node not in self.came_from:
            return ()
        way: list[str] = []
        step: Node | None = node
        while step is not None:
            way.append(step[0])
            step = self.came_from[step]
        return (self.profile.name, *way[::-1])


class Links:
    """What each node leads to, found when the walk first comes to it and shared by all profiles."""

    def __init__(self, names: Names, cache: dict[str, Facts]) -> None:
        self.names = names
        self._cache = cache
        self._links: dict[Node, tuple[Link, ...]] = {}

    def facts(self, unit: Unit) -> Facts:
        """The references of a unit; decodes it unless a unit of the same content was asked for before."""
        found = self._cache.get(unit.digest) if unit.digest else None
        if found is None:
            found = self._cache[unit.digest] = facts(self.names.snapshot.rows(unit.id))
        return found

    def of(self, node: Node) -> tuple[Link, ...]:
        if node not in self._links:
            self._links[node] = tuple(sorted(set(self._find(node))))
        return self._links[node]

    def _find(self, node: Node) -> Iterable[Link]:
        name, space = node
        if name.count(".") >= 2 and not name.startswith("widget:"):
            yield "within", (name.rpartition(".")[0], space)
        if space == MEMBER:
            yield from self._of_member(name)
            return
        unit = self.names.documents.get(name)
        if unit is not None and unit.type in _SHIPPED:
            for reference in self.facts(unit):
                yield from self.resolve(reference, name.partition(".")[0])
        elif unit is not None and unit.type == MICROFLOW:
            yield from self._of_microflow(unit)

    def _of_microflow(self, unit: Unit) -> Iterable[Link]:
        for reference in self.facts(unit):
            if reference.verb == "opens":
                yield from self.resolve(reference, "")
            elif reference.verb == "calls" and reference.kind == MICROFLOW:
                yield reference.verb, (reference.target, SERVER)

    def _of_member(self, name: str) -> Iterable[Link]:
        row = self.names.member(name)
        if row is None:
            return
        if enumeration := row.props.get("type.enumeration"):
            yield "reads", (enumeration, DOCUMENT)
        for end in self.names.ends(name) if row.type != "DomainModels$Entity" else ():
            yield "connects", (end, MEMBER)
        if row.type == "DomainModels$Entity" and (parent := self.names.generalization(name)):
            yield "specialises", (parent, MEMBER)

    def resolve(self, reference: Reference, module: str) -> Iterable[Link]:
        """The node a reference means in this model; nothing for a name nobody bears."""
        kind, target = reference.kind, reference.target
        if kind.startswith(_ASIDE):
            return
        if target.startswith("."):
            target = module + target
        if kind.startswith("DomainModels$"):
            if target[0] != "/":
                yield reference.verb, (target, MEMBER)
        elif kind != ANYTHING:
            if target not in self.names.excluded:
                yield reference.verb, (target, DOCUMENT)
        elif target in self.names.documents:
            yield reference.verb, (target, DOCUMENT)
        elif self.names.member(target) is not None:
            yield reference.verb, (target, MEMBER)


class Audience:
    """The reach of every profile of a model."""

    def __init__(self, names: Names, cache: dict[str, Facts]) -> None:
        self.names = names
        self.links = Links(names, cache)

    @cached_property
    def navigation(self) -> Unit | None:
        live = self.names.snapshot.live.values()
        return next((u for u in live if u.type == "Navigation$NavigationDocument"), None)

    @cached_property
    def rows_by_profile(self) -> Mapping[str, str]:
        """Row id to the id of the profile row it stands under."""
        found: dict[str, str] = {}
        for row in self.names.snapshot.rows(self.navigation.id) if self.navigation else ():
            if is_a(row.type, "Navigation$NavigationProfileBase") or row.type.endswith("NavigationProfile"):
                found[row.id] = row.id
            elif row.parent in found:
                found[row.id] = found[row.parent]
        return found

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        tops = set(self.rows_by_profile.values())
        rows = self.names.snapshot.rows(self.navigation.id) if self.navigation else ()
        return tuple(sorted((Profile.of(r) for r in rows if r.id in tops), key=lambda p: p.name))

    @cached_property
    def reaches(self) -> Mapping[str, Reach]:
        """The reach of each profile by name."""
        return {p.name: Reach(p, self._walk(self.entry(p))) for p in self.profiles}

    def entry(self, profile: Profile) -> set[Node]:
        """Where a profile starts: all that its rows name, but for the explicit sync configuration."""
        if self.navigation is None:
            return set()
        return {
            node
            for reference in self.links.facts(self.navigation)
            if self.rows_by_profile.get(reference.row) == profile.row.id and not self._configures_sync(reference)
            for _, node in self.links.resolve(reference, "")
        }

    def _configures_sync(self, reference: Reference) -> bool:
        return reference.verb == "syncs" or reference.key == "constraint"

    def _walk(self, entry: Iterable[Node]) -> dict[Node, Node | None]:
        """Breadth first, names in order, so that the shortest way is always the same one."""
        came_from: dict[Node, Node | None] = dict.fromkeys(sorted(entry))
        level = list(came_from)
        while level:
            following: list[Node] = []
            for node in level:
                for _, target in self.links.of(node):
                    if target not in came_from:
                        came_from[target] = node
                        following.append(target)
            level = sorted(following)
        return came_from
