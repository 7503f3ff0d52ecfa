"""Models as trees that tests can edit: nodes that hold nodes, links instead of ids, then a Snapshot.

::

    app = Model().entity("Field.Order", attributes=("Title",))
    app.page("Field.Home", shows("Field.Order")).native(home="Field.Home")
    app.snapshot()

``tests.builders.elements`` has the words for what stands in a document.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import attrs
from attrs import field

from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit
from mx_changeclass.model.versions import Version

_numbers = itertools.count(1)


def new_id() -> str:
    """An id nobody has."""
    return f"{next(_numbers):08x}-0000-4000-8000-000000000000"


@attrs.define(eq=False)
class Node:
    """A row to be. ``links`` are its pointers: the key with the node it leads to."""

    type: str
    name: str = ""
    slot: str = ""
    props: dict[str, Any] = field(factory=dict)
    kids: list[Node] = field(factory=list)
    links: dict[str, Node] = field(factory=dict)
    id: str = field(factory=new_id)

    def walk(self) -> Iterator[Node]:
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def find(self, name: str) -> Node:
        return next(n for n in self.walk() if n.name == name)


@attrs.define(eq=False)
class Doc:
    """A unit to be. ``home`` is the module or folder around it."""

    root: Node
    slot: str = "documents"
    home: Doc | None = None
    excluded: bool = False
    missing: bool = False

    @property
    def name(self) -> str:
        return self.root.name


@attrs.define(eq=False)
class Model:
    docs: list[Doc] = field(factory=list)
    version: str = "10.24.0"
    files: dict[str, str] | None = None  # path -> content, where the form brings files beside the model

    def edit(self) -> Model:
        """A copy to edit: equal ids, nothing shared."""
        return copy.deepcopy(self)

    def add(self, root: Node, slot: str = "documents", home: Doc | None = None) -> Doc:
        doc = Doc(root, slot, home)
        self.docs.append(doc)
        return doc

    def module(self, name: str, *entities: Node, links: tuple[Node, ...] = ()) -> Doc:
        """A module with its domain model; ``links`` are associations."""
        module = self.add(Node("Projects$Module", name), "modules")
        self.add(Node("DomainModels$DomainModel", kids=[*entities, *links]), "domainModel", module)
        return module

    def doc(self, name: str) -> Doc:
        return next(d for d in self.docs if d.name == name)

    def find(self, name: str) -> Node:
        return next(n for d in self.docs for n in d.root.walk() if n.name == name)

    def domain(self, module: str) -> Node:
        return next(d.root for d in self.docs if d.slot == "domainModel" and d.home and d.home.name == module)

    def inside(self, doc: Doc) -> list[Doc]:
        """A document with all that stands in it."""
        found = [doc]
        for outer in found:
            found += [d for d in self.docs if d.home is outer]
        return found

    def renew(self, *docs: Doc) -> None:
        """New ids for these documents (all without arguments) and everything in them, as a re-import gives."""
        for doc in docs or self.docs:
            for node in doc.root.walk():
                node.id = new_id()

    # -- in one line each; names are qualified, a module is made when it is first named -------------------

    def document(self, kind: str, name: str, *inside: Node, excluded: bool = False, **props: Any) -> Model:
        """A document of a type; ``__`` in a key stands for a dot."""
        module, _, last = name.partition(".")
        root = Node(kind, last, "", {key.replace("__", "."): value for key, value in props.items()}, list(inside))
        self.add(root, home=self._module(module)).excluded = excluded
        return self

    def page(self, name: str, *inside: Node, layout: str = "", **props: Any) -> Model:
        called: dict[str, Any] = {"layoutCall": "Pages$LayoutCall", "layoutCall__layout": layout} if layout else {}
        return self.document("Pages$Page", name, *inside, **called, **props)

    def nanoflow(self, name: str, *inside: Node, **props: Any) -> Model:
        return self.document("Microflows$Nanoflow", name, *inside, **props)

    def microflow(self, name: str, *inside: Node, **props: Any) -> Model:
        return self.document("Microflows$Microflow", name, *inside, **props)

    def entity(
        self, name: str, parent: str = "", *, attributes: tuple[str, ...] = (), persistable: bool = True, **props: Any
    ) -> Model:
        """``parent`` is the generalization; ``attributes`` are names, or ``Name:Module.Enumeration``."""
        module, _, last = name.partition(".")
        kept = (
            {"generalization": "DomainModels$Generalization", "generalization.generalization": parent}
            if parent
            else {"generalization": "DomainModels$NoGeneralization", "generalization.persistable": persistable}
        )
        kids = [_attribute(*a.partition(":")[::2]) for a in attributes]
        return self._in_domain(module, Node("DomainModels$Entity", last, "entities", {**kept, **props}, kids))

    def association(self, name: str, owner: str, other: str) -> Model:
        """``owner`` and ``other`` are qualified; one of another module makes it a cross-module association."""
        module, _, last = name.partition(".")
        own = {f"{module}.{kid.name}": kid for kid in self.domain(module).kids}
        ends = {"parent": owner, "child": other}
        node = Node(
            "DomainModels$Association" if other in own else "DomainModels$CrossAssociation",
            last,
            "associations" if other in own else "crossAssociations",
            {key: end for key, end in ends.items() if end not in own},
            links={key: own[end] for key, end in ends.items() if end in own},
        )
        return self._in_domain(module, node)

    def native(
        self, *inside: Node, home: str = "", nanoflow: str = "", name: str = "NativePhone", **props: Any
    ) -> Model:
        start = {
            "nativeHomePage": "Navigation$NativeHomePage",
            "nativeHomePage.homePagePage": home,
            "nativeHomePage.homePageNanoflow": nanoflow,
        }
        return self.profile(Node("Navigation$NativeNavigationProfile", name, "", {**start, **props}, list(inside)))

    def web(self, *inside: Node, home: str = "", kind: str = "Responsive", name: str = "", **props: Any) -> Model:
        start = {"homePage": "Navigation$HomePage", "homePage.page": home, "kind": kind}
        return self.profile(Node("Navigation$NavigationProfile", name or kind, "", {**start, **props}, list(inside)))

    def profile(self, profile: Node) -> Model:
        profile.slot = "profiles"
        kind = "Navigation$NavigationDocument"
        navigation = next((d.root for d in self.docs if d.root.type == kind), None)
        (navigation or self.add(Node(kind), "projectDocuments").root).kids.append(profile)
        return self

    def _in_domain(self, module: str, node: Node) -> Model:
        self._module(module)
        self.domain(module).kids.append(node)
        return self

    def _module(self, name: str) -> Doc:
        known = (d for d in self.docs if d.root.type == "Projects$Module" and d.name == name)
        return next(known, None) or self.module(name)

    def snapshot(self) -> Snapshot:
        units = {d.root.id: _unit(d) for d in self.docs}
        for path, content in (self.files or {}).items():
            digest = hashlib.sha256(content.encode()).hexdigest()
            row = Element(f"file:{path}", "File$Theme", path, None, "files", {"content": digest})
            units[row.id] = Unit(row.id, row.type, path, None, "files", digest, _loaded((row,)), file=path)
        return Snapshot(units, Version.of(self.version), label="model", side_files=self.files is not None)


def rows(root: Node) -> Rows:
    """The rows of a document, root first."""
    here = {id(n) for n in root.walk()}
    done: list[Element] = []
    todo: list[tuple[Node, str | None, int]] = [(root, None, 0)]
    while todo:
        node, parent, index = todo.pop()
        pointers = {key: target.id for key, target in node.links.items() if id(target) in here}
        done.append(Element(node.id, node.type, node.name, parent, node.slot, {**node.props, **pointers}, index))
        places: dict[str, int] = {}
        below: list[tuple[Node, str | None, int]] = []
        for kid in node.kids:
            below.append((kid, node.id, places.setdefault(kid.slot, 0)))
            places[kid.slot] += 1
        todo += reversed(below)
    return tuple(done)


def _unit(doc: Doc) -> Unit:
    content = () if doc.missing else rows(doc.root)
    digest = hashlib.sha256(repr([attrs.astuple(r) for r in rows(doc.root)]).encode()).hexdigest()
    root = doc.root
    home = doc.home.root.id if doc.home else None
    kind, name = ("", "") if doc.missing else (root.type, root.name)
    return Unit(root.id, kind, name, home, doc.slot, digest, _loaded(content), doc.excluded, doc.missing)


def _loaded(content: Rows) -> Any:
    return lambda: content


def _attribute(name: str, enumeration: str) -> Node:
    kept = (
        {"type": "DomainModels$EnumerationAttributeType", "type.enumeration": enumeration}
        if enumeration
        else {"type": "DomainModels$StringAttributeType"}
    )
    return Node("DomainModels$Attribute", name, "attributes", kept)
