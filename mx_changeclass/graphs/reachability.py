"""Who is reached: what each navigation profile leads to, and by which shortest way.

The walk starts at the rows of a profile and decodes only the documents it comes to. It goes through
pages, layouts, snippets, menus and nanoflows, never through the data of a microflow; but a page that
a called microflow shows, itself or through a microflow it calls, is reached.

A plain breadth-first walk: loading networkx takes longer than walking a real app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from weakref import ref

from attrs import frozen

from mx_changeclass.graphs.profiles import Navigation, Profile
from mx_changeclass.graphs.references import KNOWN, Reference, UnitReferences, refers, unit_references
from mx_changeclass.graphs.symbols import DOCUMENT, MEMBER, Node, Symbols, space_of
from mx_changeclass.graphs.text_references import ANYTHING, MEMBER_KIND
from mx_changeclass.model import system
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.model.types import (
    ATTRIBUTE,
    CONSTANT,
    DOMAIN_MODEL,
    ENTITY,
    ENUMERATION,
    ENUMERATION_VALUE,
    MICROFLOW,
    NANOFLOW,
    PAGE,
    WORKFLOW,
)
from mx_changeclass.regex import regex

PROFILE = "profile"  # the space of navigation profiles, named by widgets that show their menu
SERVER = "server"  # the space of microflows that only other microflows call: no client knows them

# Documents that are sent to the client as a whole.
_SHIPPED = frozenset(
    {
        PAGE,
        "Pages$Layout",
        "Pages$Snippet",
        "Menus$MenuDocument",
        NANOFLOW,
        ENUMERATION,
    }
)

# How a stored page with an address spells that: behind the byte of its kind the key ``Url``, and no empty text. Few do.
ADDRESS = regex(rb"rl\0(?<=[\x01-\x1f\x7f\xff][Uu]rl\0)(?!(?<=\x02.rl\0)\x01\0\0\0)")

# What these hold decides what the references of others mean, or where profiles start.
_DECIDING = frozenset({DOMAIN_MODEL, "Navigation$NavigationDocument"})

LONGEST_WAY = 50  # steps that are told; those of real apps stay below 20

Link = tuple[str, Node]  # verb, and what it leads to

# Where a unit stands and by what it is known; what is in it may differ all the same.
_standing = attrgetter("type", "name", "container", "slot", "excluded", "missing")


@frozen(eq=False)
class Reach:
    """What a profile reaches: each node with the node it was first reached from (None: the profile)."""

    profile: Profile
    came_from: Mapping[Node, Node | None]

    def __contains__(self, node: Node) -> bool:
        return node in self.came_from

    def path(self, node: Node) -> tuple[str, ...]:
        """The shortest way: profile, page, ..., the node itself. () where it is not reached. Of a way longer than any
        that a reader would follow the last steps, after "..."."""
        if node not in self.came_from:
            return ()
        way: list[str] = []
        step: Node | None = node
        while step is not None and len(way) < LONGEST_WAY:
            if not (way and step[0].startswith(f"{way[-1]}.")):  # an attribute says nothing beside its entity
                way.append(step[0])
            step = self.came_from[step]
        return (self.profile.name, *(() if step is None else ("...",)), *way[::-1])


class Reachability:
    """The reach of every profile of a model. ``beside`` is another version of it: what is known of units with equal
    digests is not looked for again."""

    def __init__(self, symbols: Symbols, beside: Reachability | None = None) -> None:
        self.symbols = symbols
        self.navigation = Navigation(symbols.snapshot)
        self.known: dict[str, UnitReferences] = beside.known if beside is not None else {}
        self._beside: Callable[[], Reachability | None] = ref(beside) if beside is not None else _nobody
        self._links: dict[Node, tuple[Link, ...]] = {}
        self._meanings: dict[tuple[str, str, str], tuple[Link, ...]] = {}

    @cached_property
    def reaches(self) -> Mapping[str, Reach]:
        """The reach of each profile by its name."""
        return {
            p.name: Reach(p, self._walk(self._entry(p) | (frozenset() if p.kind == "native" else self._on_the_web)))
            for p in self.navigation.profiles
        }

    def _walk(self, entry: Iterable[Node]) -> dict[Node, Node | None]:
        """Breadth first, names in order, so that the shortest way is always the same one."""
        came_from: dict[Node, Node | None] = dict.fromkeys(sorted(entry))
        level = list(came_from)
        while level:
            following: list[Node] = []
            for node in level:
                for _, target in self.links(node):
                    if target not in came_from:
                        came_from[target] = node
                        following.append(target)
            level = sorted(following)
        return came_from

    def _entry(self, profile: Profile, below: str = "") -> set[Node]:
        """Where a profile starts: all that its rows name but its sync configuration. With ``below``, only
        what stands in that part of it."""
        nav = self.navigation
        slots = {row.id: row.slot for row in nav.rows}
        return {
            node
            for reference in (self.unit_references(nav.unit).references if nav.unit else ())
            if nav.profile_of.get(reference.row) == profile.row.id
            and reference.row not in nav.sync_rows
            and slots[reference.row].startswith(below)
            for _, node in self.resolve(reference)
        }

    @cached_property
    def _on_the_web(self) -> frozenset[Node]:
        """What a browser comes to without a way from its profile: pages with an address, tasks of workflows."""
        return frozenset(
            (name, DOCUMENT)
            for name, unit in self.symbols.documents.items()
            if unit.type == WORKFLOW or self._addressed(unit)
        )

    def _addressed(self, unit: Unit) -> bool:
        """Whether it is a page with an address; most are known at a glance to have none."""
        if unit.type != PAGE or not self._is_stored(unit):
            return unit.type == PAGE and self.unit_references(unit).addressed
        return KNOWN.of(f"{unit.id} {unit.digest} address", lambda: self._address(unit)).addressed

    def _address(self, unit: Unit) -> UnitReferences:
        return UnitReferences((), addressed=unit.may_hold(ADDRESS.search) and self.unit_references(unit).addressed)

    # -- what one node leads to -------------------------------------------------------------

    def unit_references(self, unit: Unit) -> UnitReferences:
        """The references of a unit; it is decoded unless one of the same content was asked for before."""
        content = f"{unit.id} {unit.digest}"
        if self._is_stored(unit):
            return KNOWN.of(content, lambda: self._references(unit))
        found = self.known.get(content) if unit.digest else None
        if found is None:
            found = self.known[content] = self._references(unit)
        return found

    def _is_stored(self, unit: Unit) -> bool:
        """Whether its rows are made of stored bytes, of which the digest is, unless a file states it."""
        return not (unit.stored is None or unit.stated or unit.missing or self.symbols.snapshot.twins)

    def _references(self, unit: Unit) -> UnitReferences:
        return unit_references(self.symbols.snapshot.sifted(unit.id, refers))

    def links(self, node: Node) -> tuple[Link, ...]:
        """What a node leads to, in order; found once and shared by all profiles, and by both sides of a comparison."""
        if node not in self._links:
            beside = self._beside() if self._own is not None and node[0] not in self._own else None
            self._links[node] = beside.links(node) if beside else tuple(sorted(set(self._find(node))))
        return self._links[node]

    @cached_property
    def _own(self) -> frozenset[str] | None:
        """The names of the documents that may lead elsewhere than in the version beside this one; None where all may:
        there a document came, went or moved, or differs that says what names mean."""
        beside = self._beside()
        differing = _differing(self.symbols.snapshot, beside.symbols.snapshot) if beside else None
        if differing is None or any(unit.type in _DECIDING for unit in differing):
            return None
        return frozenset(f"{self.symbols.snapshot.module(unit.id)}.{unit.name}" for unit in differing)

    def _find(self, node: Node) -> Iterable[Link]:
        name, space = node
        if name.count(".") >= 2 and not name.startswith("widget:"):
            yield "within", (name.rpartition(".")[0], space)
        if space == MEMBER:
            yield from self._of_member(name)
        elif space == PROFILE:
            for profile in self.navigation.profiles:
                if profile.name == name:
                    yield from (("shows", n) for n in self._entry(profile, "menuItemCollection") if n[1] == DOCUMENT)
        elif unit := self.symbols.documents.get(name):
            yield from self._of_document(unit, name.partition(".")[0])

    def _of_document(self, unit: Unit, module: str) -> Iterable[Link]:
        if unit.type in _SHIPPED:
            for reference in self.unit_references(unit).references:
                yield from self.resolve(reference, module)
        elif unit.type in (MICROFLOW, WORKFLOW):
            for reference in self.unit_references(unit).references:
                if reference.verb == "opens":
                    yield from self.resolve(reference, module)
                elif reference.verb == "calls" and reference.kind == MICROFLOW:
                    yield reference.verb, (reference.target, SERVER)

    def _of_member(self, name: str) -> Iterable[Link]:
        row = self.symbols.member(name)
        if row is None:
            return
        if row.type == ENTITY:
            if parent := self.symbols.generalization(name):
                yield "specialises", (parent, MEMBER)
            for attribute in self.symbols.enumerated(name):
                yield "reads", (attribute.props["type.enumeration"], DOCUMENT)
        elif row.type == ATTRIBUTE:
            if enumeration := row.props.get("type.enumeration"):
                yield "reads", (enumeration, DOCUMENT)
        else:
            yield from (("connects", (end, MEMBER)) for end in self.symbols.ends(name))

    # -- what a reference means ---------------------------------------------------------------

    def resolve(self, reference: Reference, module: str = "") -> tuple[Link, ...]:
        """The nodes a reference of a unit in ``module`` leads to; none for a name that nobody bears."""
        verb, kind, target = reference[:3]
        if target.startswith("."):
            target = module + target
        said = verb, kind, target
        if said not in self._meanings:
            self._meanings[said] = tuple(self._mean(verb, kind, target))
        return self._meanings[said]

    def _mean(self, verb: str, kind: str, target: str) -> Iterable[Link]:
        if kind.startswith("Security$"):
            return  # who may use something leads nowhere
        if kind == "Navigation$NavigationProfile":
            yield verb, (target, PROFILE)
        elif kind == MEMBER_KIND:
            yield from self._of_path(verb, target)
        elif space_of(kind) == MEMBER:
            yield verb, (target, MEMBER)
        elif kind not in (ANYTHING, CONSTANT, ENUMERATION_VALUE):
            if not self.symbols.excluded(target):
                yield verb, (target, DOCUMENT)
        elif ".".join(target.split(".")[:2]) in self.symbols.documents:
            yield verb, (target, DOCUMENT)
        elif self.symbols.member(target) is not None:
            yield verb, (target, MEMBER)

    def _of_path(self, verb: str, target: str) -> Iterable[Link]:
        """What a step of a path means: see ``text_references`` and ``Reference``."""
        before, slash, last = target.partition("/")
        if slash and "." in last:
            yield from ((verb, (end, MEMBER)) for end in self.symbols.other_ends(last, before))
        elif slash or self.symbols.member(target) is not None or system.is_system(target):
            yield verb, (target, MEMBER)
        elif attribute := self.symbols.attribute(target):
            yield verb, (attribute, MEMBER)


def _nobody() -> None:
    """What a model stands beside, where that is nothing."""


def _differing(mine: Snapshot, theirs: Snapshot) -> list[Unit] | None:
    """The units that may differ in two versions, None where some stand elsewhere or have no counterpart."""
    if mine.form != theirs.form or mine.twins or theirs.twins or mine.units.keys() != theirs.units.keys():
        return None
    here, there = [*mine.units.values()], [theirs.units[i] for i in mine.units]
    if [*map(_standing, here)] != [*map(_standing, there)]:
        return None
    return [unit for unit, was in zip(here, there, strict=True) if unit.digest != was.digest or not unit.digest]
