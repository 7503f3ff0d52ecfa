"""A release in parts: what a reader would name, with all that differs in it, and what each part cannot go without.

A part is an entity, an attribute, a page, a flow, a file. What came or went within something belongs to that;
references that only follow a rename belong to the rename; rights, rules and index parts of a member that came or went
go with it; a module of the Marketplace that came in anew is one part. What a side cannot show is one part with all of
the other side that it may be.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
from attrs import define, field, frozen

from mx_changeclass.changes.change import UNSEEN, Added, Change, Changed, Removed
from mx_changeclass.changes.diff import FOLLOWS_RENAME, unseen
from mx_changeclass.changes.matching.content import pointers
from mx_changeclass.changes.matching.identity import place_of
from mx_changeclass.changes.patch import patch
from mx_changeclass.changes.rebase import with_keys
from mx_changeclass.findings.carriers import VERSION, Carrier
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.native_dependencies import WIDGET_OWNER
from mx_changeclass.graphs.side_files import file_spelling
from mx_changeclass.graphs.symbols import space_of
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Snapshot, Tree
from mx_changeclass.model.types import (
    ASSOCIATION,
    ATTRIBUTE,
    CUSTOM_WIDGET,
    DOMAIN_MODEL,
    JAVA_ACTION,
    JAVASCRIPT_ACTION,
    MODULE,
    PROJECT,
    PROJECT_SETTINGS,
)
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.project.module import imported

if TYPE_CHECKING:
    import networkx

    Needs = networkx.DiGraph[str]
else:
    Needs = object  # networkx is loaded where needs are asked for

# Documents of many subjects: what stands right in them is a part of its own.
_SHARED = frozenset(
    {
        PROJECT_SETTINGS,
        DOMAIN_MODEL,
        "Navigation$NavigationDocument",
        "Security$ModuleSecurity",
        "Security$ProjectSecurity",
        "Texts$SystemTextCollection",
    }
)
_RIDERS = frozenset({"DomainModels$MemberAccess", "DomainModels$IndexedAttribute", "DomainModels$ValidationRule"})
_SIGNATURE = regex(r"\w*(return|variable|parameter)type\b", re.IGNORECASE)
_SOURCES = frozenset({"javascriptsource", "javasource", "themesource"})  # each holds a folder a module
_CODE = {"File$JavaScriptAction": JAVASCRIPT_ACTION, "File$JavaAction": JAVA_ACTION}
_DEFINITION = "type.definition"
_OLD, _NEW = "old", "new"
_Row = tuple[str, str]  # a side and the id of a row on it


@frozen(eq=False)
class Part:
    """A part of a release. ``key`` is the id of its row, of the new side where it has one there; ``kind`` and
    ``name`` are as in a report. Of a change the part has some ``keys`` alone, or all of it (None)."""

    key: str
    kind: str
    name: str
    pieces: list[tuple[Change, frozenset[str] | None]] = field(factory=list, repr=False)

    @property
    def changes(self) -> Iterator[Change]:
        """What differs in it, each as far as it is a part of this."""
        for change, keys in self.pieces:
            yield change if keys is None or not isinstance(change, Changed) else with_keys(change, keys)

    @property
    def meaningful(self) -> bool:
        """Whether something in it means something; else the part is noise that goes along."""
        return not self.pieces or any(c.fields if isinstance(c, Changed) else not c.reason for c in self.changes)


class Parts:
    """The parts of a release by their keys. ``needs`` leads from each to those that it cannot go without; what an edge
    says is its ``why``. Loads networkx."""

    def __init__(self, release: Release) -> None:
        self.release, self.changes = release, release.changes
        self._every = (*self.changes.meaningful, *self.changes.noise, *unseen(self.changes))
        self._parts: dict[str, Part] = {}
        self._of_row: dict[_Row, str] = {}
        self._of_key: dict[tuple[str, str, str], str] = {}
        self._place()

    def __getitem__(self, key: str) -> Part:
        return self._parts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def needs(self) -> Needs:
        return self._needing.graph

    @cached_property
    def _needing(self) -> _Needs:
        return _Needs(self)

    @property
    def brought(self) -> frozenset[str]:
        """The names and ids that come with the release, and the names of whose signature differs."""
        return frozenset({*self._needing.brings, *self._needing.signed})

    @property
    def taken(self) -> frozenset[str]:
        """The names and ids that go with it."""
        return frozenset(self._needing.takes)

    @cached_property
    def used(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names and ids that what differs holds, on the old and on the new side."""
        old, new = (frozenset(name for _, _, name in self._needing.references(side)) for side in (_OLD, _NEW))
        return old, new

    def closed(self, keys: Iterable[str]) -> frozenset[str]:
        """Some parts with all that they need."""
        from networkx import descendants

        return frozenset(found for key in keys for found in (key, *descendants(self.needs, key)))

    def relying_on(self, keys: Iterable[str]) -> frozenset[str]:
        """Some parts with all that need one of them."""
        from networkx import ancestors

        return frozenset(found for key in keys for found in (key, *ancestors(self.needs, key)))

    def carrying(self, carriers: Iterable[Carrier]) -> frozenset[str]:
        """The parts that carry something that was found, here or between other versions of the same rows."""
        rows = (row for carrier in carriers for row in ((_NEW, carrier.new), (_OLD, carrier.old)))
        return frozenset(self._of_row[row] for row in rows if row in self._of_row)

    def take(self, keys: Collection[str]) -> Snapshot:
        """The old version with these parts as the new one has them. The parts have to be ``closed``, else names in it
        may lead nowhere."""
        taken: dict[int, set[str] | None] = {}
        for key in keys:
            for change, some in self._parts[key].pieces:
                held = taken.setdefault(id(change), set())
                taken[id(change)] = None if some is None or held is None else held | some
        made = patch(self.changes.old, self.changes, self._chosen(taken))
        return attrs.evolve(made, version=self.changes.new.version) if VERSION in keys else made

    def _chosen(self, taken: Mapping[int, set[str] | None]) -> Iterator[Change]:
        for change in self._every:
            if id(change) in taken:
                keys = taken[id(change)]
                whole = keys is None or not isinstance(change, Changed) or keys == change.fields | change.noise.keys()
                yield change if whole else with_keys(change, keys)  # type: ignore[arg-type]

    def told(self, name: str) -> str:
        """A name, or that of the row with that id."""
        tree = next((t for t in (self.changes.new_tree, self.changes.old_tree) if name in t.rows), None)
        return (tree.qualified(tree.rows[name]) or tree.rows[name].type.partition("$")[2]) if tree else name

    # -- what belongs where -----------------------------------------------------------------

    def _place(self) -> None:
        homes = {id(c): self._home(c) for c in self._every}
        members = {
            (_side(c), name): homes[id(c)]
            for c in self._every
            if not isinstance(c, Changed) and any(is_a(c.row.type, t) for t in (ATTRIBUTE, ASSOCIATION))
            for name in (c.row.id, self.changes.tree(c).qualified(c.row))
        }
        for change in self._every:
            home = homes[id(change)]
            if change.row.type in _RIDERS and not isinstance(change, Changed) and change.part_of is None:
                of = (str(change.row.props.get(key)) for key in ("attribute", "association"))
                home = next((members[_side(change), name] for name in of if (_side(change), name) in members), home)
            self._put(change, home)
        if moved := self.release.version_change:
            self._parts[VERSION] = Part(VERSION, PROJECT, moved.words)
            self._of_row[_NEW, VERSION] = VERSION

    def _put(self, change: Change, home: Part) -> None:
        """A row of which some keys only follow a rename is taken apart: those keys go with the rename, else it would
        hold back a text on a page that it only passes."""
        noise = change.noise if isinstance(change, Changed) else {}
        follow = frozenset(key for key, why in noise.items() if why == FOLLOWS_RENAME)
        rest = change.fields | noise.keys() - follow if isinstance(change, Changed) else frozenset({""})
        if follow:
            apart = self._part(f"follows {change.row.id}", home.kind, home.name)
            apart.pieces.append((change, follow))
            self._of_key.update({(side, row.id, key): apart.key for side, row in _rows(change) for key in follow})
            home = home if rest else apart
        if rest:
            self._parts.setdefault(home.key, home).pieces.append((change, frozenset(rest) if follow else None))
        for side, row in _rows(change):
            self._of_row[side, row.id] = home.key

    def _part(self, key: str, kind: str, name: str) -> Part:
        return self._parts.setdefault(key, Part(key, kind, name))

    def _home(self, change: Change) -> Part:
        """The part that a change belongs to."""
        tree = self.changes.tree(change)
        row = tree.rows.get(change.part_of, change.row) if change.part_of else change.row
        if not isinstance(change, Changed) and change.reason == UNSEEN:
            return Part(self._unread_at(change), row.type, row.name)
        if row.id not in tree.rows:  # a document that cannot be read on a side
            return Part(row.id, row.type, row.name)
        if module := self._imported.get(self._module(tree, row)):
            return Part(f"module {module}", MODULE, module)
        if row.parent is None and self.release.is_frame_of_another(change):  # what every module has is part of it
            row = tree.rows.get(tree.snapshot.units[row.id].container or "", row)
        subject = tree.subject(row)
        if subject.type in _SHARED and row.id != subject.id:
            path = [row, *tree.ancestors(row)]
            subject = path[[r.id for r in path].index(subject.id) - 1]
        key = self.changes.partner.get(subject.id, subject.id) if isinstance(change, Removed) else subject.id
        there = self.changes.new_tree.rows.get(key, subject)
        named = self.changes.new_tree if there is not subject else tree
        return Part(key, there.type, named.qualified(there) or there.slot or there.type.partition("$")[2])

    def _unread_at(self, change: Added[Kind] | Removed[Kind]) -> str:
        """The key of what cannot be read at a place, on either side: the place where what came or went stands."""
        tree, partner = self.changes.tree(change), self.changes.partner
        unit = tree.unit_of.get(change.row.id, change.row.id)
        if isinstance(change, Removed):
            home, slot = place_of(unit, tree.snapshot.units, partner)
        else:
            there, slot = place_of(unit, tree.snapshot.units, self._partners)
            home = partner.get(there or "", there)
        return f"unread {home} {slot}"

    @cached_property
    def _partners(self) -> Mapping[str, str]:
        return {new: old for old, new in self.changes.partner.items()}

    @cached_property
    def _imported(self) -> Mapping[str, str]:
        """The modules that came in anew, by their names on both sides in small letters, as folders are spelled."""
        return {name.lower(): new for old, new in imported(self.release) for name in (old, new)}

    @staticmethod
    def _module(tree: Tree, row: Element) -> str:
        if row.type.startswith("File$"):
            return _module_of(row)
        return tree.snapshot.module(tree.unit_of[row.id]).lower()

    # -- what the graph of needs asks ---------------------------------------------------------

    def units(self, side: str) -> Iterator[str]:
        """The documents of a side in which something differs."""
        tree = self.changes.new_tree if side is _NEW else self.changes.old_tree
        return iter(sorted({tree.unit_of[i] for at, i in self._of_row if at is side and i in tree.unit_of}))

    def unread(self, side: str) -> Iterator[tuple[str, str]]:
        """Each part with the documents of a side in it of which nothing is said but where they stand."""
        tree = self.changes.new_tree if side is _NEW else self.changes.old_tree
        return (
            (part, i) for (at, i), part in self._of_row.items() if at is side and i not in tree.rows and i != VERSION
        )

    def at(self, side: str, row: str, key: str = "") -> str | None:
        """The part that a row, or a key of it, belongs to; None for one that does not differ."""
        return self._of_key.get((side, row, key)) or self._of_row.get((side, row))


def _module_of(row: Element) -> str:
    """The module in whose folder a file lies, in small letters; "" for none."""
    path = str(row.props.get("path", "")).split("/")
    return path[1].lower() if path[0] in _SOURCES and len(path) > 2 else ""


def _side(change: Change) -> str:
    return _OLD if isinstance(change, Removed) else _NEW


def _rows(change: Change) -> Iterator[tuple[str, Element]]:
    if not isinstance(change, Added):
        yield _OLD, change.old_row
    if not isinstance(change, Removed):
        yield _NEW, change.new_row


_Names = defaultdict[str, set[tuple[str, str]]]  # by name the parts, each with the type of what bears it


@define(eq=False, slots=False)
class _Needs:
    """What needs what. A part needs whoever brings a name or an id that it holds; whoever takes one away needs all who
    stopped holding it. Signatures and their callers, files and their documents, widget packages and the pages that
    took their definition, and names that change hands go both ways."""

    parts: Parts
    graph: Needs = field(init=False)
    brings: _Names = field(factory=lambda: defaultdict(set), init=False)
    takes: _Names = field(factory=lambda: defaultdict(set), init=False)
    signed: defaultdict[str, set[str]] = field(factory=lambda: defaultdict(set), init=False)

    def __attrs_post_init__(self) -> None:
        import networkx

        self.graph = networkx.DiGraph()
        self.graph.add_nodes_from(self.parts)
        for key in self.parts:
            for change in self.parts[key].changes:
                self._named(key, change)
        self._referring(_NEW, self.brings)
        self._referring(_OLD, self.takes)
        for name in sorted(n for n in self.brings.keys() & self.takes.keys() if n[:1] != "/"):
            for (a, _), (b, _) in _pairs(self.brings[name], self.takes[name]):
                self._both(a, b, f"the name {name} changes hands")
        self._files()
        self._folders()
        self._widgets()
        if VERSION in self.parts:
            for key in self.parts:
                self._need(key, VERSION, f"saved by {self.parts[VERSION].name.rpartition(' to ')[2]}")

    def _need(self, part: str, other: str, why: str) -> None:
        if part != other and not self.graph.has_edge(part, other):
            self.graph.add_edge(part, other, why=why)

    def _both(self, part: str, other: str, why: str) -> None:
        self._need(part, other, why)
        self._need(other, part, why)

    # -- names and ids ------------------------------------------------------------------------

    def _named(self, part: str, change: Change) -> None:
        """What names and ids come and go with a change, and whose signature it alters."""
        changes = self.parts.changes
        sides = {_OLD: (changes.old_tree, self.takes), _NEW: (changes.new_tree, self.brings)}
        names = {side: sides[side][0].qualified(row) for side, row in _rows(change) if row.id in sides[side][0].rows}
        was, now = names.get(_OLD), names.get(_NEW)
        for side, row in _rows(change):
            if not isinstance(change, Changed) or change.old_row.id != change.new_row.id:
                sides[side][1][row.id].add((part, ""))
            if side not in names:
                continue
            if was != now:
                for name in _called(row, names[side]):
                    sides[side][1][name].add((part, row.type))
            if _signs(change):
                root = sides[side][0].rows.get(sides[side][0].unit_of[row.id], row)
                for name in (names[side], sides[side][0].qualified(root)):
                    self.signed[name].add(part)

    def _referring(self, side: str, names: _Names) -> None:
        """Who holds, on a side, a name or an id that only this side has."""
        for part, kind, name in sorted(set(self.references(side))):
            for other, its in sorted(names.get(name, ())):
                if not kind or not its or space_of(kind) == space_of(its):
                    if side is _NEW:
                        self._need(part, other, f"uses {self.parts.told(name)}, which comes with it")
                    else:
                        self._need(other, part, f"still uses {self.parts.told(name)}")
            for other in sorted(self.signed.get(name, ())):
                self._both(part, other, f"the signature of {name} differs")

    def references(self, side: str) -> Iterator[tuple[str, str, str]]:
        """Each part with the names and ids in what differs of it, and the kind of what bears them ("" for any)."""
        changes = self.parts.changes
        app = self.parts.release.new if side is _NEW else self.parts.release.old
        snapshot = changes.new if side is _NEW else changes.old
        for unit_id in self.parts.units(side):
            module = snapshot.module(unit_id)
            for reference in app.reachability.unit_references(snapshot.units[unit_id]).references:
                if part := self.parts.at(side, reference.row, reference.key):
                    yield from ((part, *named) for named in _names(reference.kind, reference.target, module))
            for row in snapshot.rows(unit_id):
                if part := self.parts.at(side, row.id):
                    home = row.parent or snapshot.units[unit_id].container
                    yield from ((part, "", i) for i in (*pointers(row).values(), *((home,) if home else ())))
        for part, unit_id in self.parts.unread(side):
            if home := snapshot.units[unit_id].container:
                yield part, "", home

    # -- beside the model -----------------------------------------------------------------------

    def _files(self) -> None:
        """A file and the action it is of; code and what it imports."""
        by_name = {self.parts[key].name: key for key in reversed(list(self.parts))}
        code = {}
        for key, row in self._side_files():
            for app in (self.parts.release.old, self.parts.release.new):
                served = app.served_by(row) if row.type != "File$Theme" else ()
                for name in (*served, *app.memo(_spelled).get((row.type, row.name), ())):
                    if name in by_name:
                        self._both(key, by_name[name], "file and document")
            code.update(dict.fromkeys(_offers(row), key))
        for key, row in self._side_files():
            for name in _imports(row):
                if name in code:
                    self._both(key, code[name], "one imports the other")

    def _folders(self) -> None:
        """Files in the folder of a module come and go with it."""
        modules = {
            (type(change), change.row.name.lower()): key
            for key in self.parts
            for change, _ in self.parts[key].pieces
            if change.row.type == MODULE and not isinstance(change, Changed)
        }
        for key, row in self._side_files() if modules else ():
            name = _module_of(row)
            if came := modules.get((Added, name)):
                self._need(key, came, "lies in it")
            if gone := modules.get((Removed, name)):
                self._need(gone, key, "lies in it")

    def _side_files(self) -> Iterator[tuple[str, Element]]:
        for key in self.parts:
            for change, _ in self.parts[key].pieces:
                if change.row.type.startswith("File$"):
                    yield from ((key, row) for _, row in _rows(change))

    def _widgets(self) -> None:
        """A page that took the new definition of a widget goes with its package."""
        packages = {
            str(name): key
            for key, row in self._side_files()
            if row.type == "File$Widget"
            for name in row.props.get("widgets") or (row.name,)
        }
        for key in self.parts if packages else ():
            for change, keys in self.parts[key].pieces:
                package = packages.get(change.row.props.get("type.widgetId", ""))
                if change.row.type != CUSTOM_WIDGET or package is None or (keys and _DEFINITION not in keys):
                    continue
                if isinstance(change, Removed):
                    self._need(package, key, "still has the old definition of the widget")
                elif isinstance(change, Added):
                    self._need(key, package, "has the new definition of the widget")
                elif _DEFINITION in change.fields | change.noise.keys():
                    self._both(key, package, "takes the new definition of the widget")


def _pairs(some: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], ...]]:
    return ((a, b) for a in sorted(some) for b in sorted(others))


def _called(row: Element, name: str) -> Iterator[str]:
    """The names that a row is referred to by; an attribute in an expression goes by its own name alone."""
    if row.type == "File$Widget":
        yield from (WIDGET_OWNER + str(widget) for widget in row.props.get("widgets") or (row.name,))
    elif row.name:
        yield name
        if row.type == ATTRIBUTE:
            yield f"/{row.name}"


def _signs(change: Change) -> bool:
    """Whether callers have to agree with a change: of a type that goes in or comes out, or a parameter."""
    if isinstance(change, Changed):
        typed = change.row.type == ATTRIBUTE and change.touches("type")
        return typed or any(_SIGNATURE.match(key) for key in change.fields)
    own = change.row.type.partition("$")[2]
    return "Parameter" in own and not own.endswith("Mapping") and change.part_of is None


def _names(kind: str, target: str, module: str) -> Iterator[tuple[str, str]]:
    """The names in a reference with the kind of what bears each, and those of what is around it, of any kind."""
    if target.startswith(("/", WIDGET_OWNER)):
        yield kind, target
        return
    for step in filter(None, target.split("/")):
        name = module + step if step.startswith(".") else step
        yield kind, name
        while "." in name:
            name = name.rpartition(".")[0]
            yield "", name


def _spelled(app: App) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The actions by the kind and the name of the file that holds their code."""
    file_of = {action: file for file, action in _CODE.items()}
    found = ((unit.type, name) for name, unit in app.symbols.documents.items() if unit.type in file_of)
    return {(file_of[kind], file_spelling(name)): (name,) for kind, name in found}


def _offers(row: Element) -> Iterator[str]:
    """What code beside it may import of a file: itself, or the packages that it lists."""
    path = str(row.props.get("path", ""))
    yield posixpath.splitext(path)[0]
    if row.type == "File$Package" and path.startswith("javascriptsource/"):
        module = "/".join(path.split("/")[:2])
        yield from (f"{module}:{key.partition('.')[2]}" for key in row.props if key.startswith("dependency."))


def _imports(row: Element) -> Iterator[str]:
    """What the code of a file imports, as ``_offers`` names it."""
    path = str(row.props.get("path", ""))
    for text in row.props.get("imports", ()):
        if text.startswith("."):
            yield posixpath.splitext(posixpath.normpath(posixpath.join(posixpath.dirname(path), text)))[0]
        else:
            scope = 2 if text.startswith("@") else 1
            yield f"{'/'.join(path.split('/')[:2])}:{'/'.join(text.split('/')[:scope])}"
