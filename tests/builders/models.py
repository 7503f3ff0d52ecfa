"""Models as trees that tests can edit: nodes that hold nodes, links instead of ids, then a Snapshot."""

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

    def snapshot(self) -> Snapshot:
        units = {d.root.id: _unit(d) for d in self.docs}
        for path, content in (self.files or {}).items():
            digest = hashlib.sha256(content.encode()).hexdigest()
            row = Element(f"file:{path}", "File$Theme", path, None, "files", {"content": digest})
            units[row.id] = Unit(row.id, row.type, path, None, "files", digest, _loaded((row,)), file=path)
        return Snapshot(units, Version.of(self.version), label="model", side_files=self.files is not None)


def rows(doc: Doc) -> Rows:
    """The rows of a document, root first."""
    here = {id(n) for n in doc.root.walk()}
    done: list[Element] = []
    todo: list[tuple[Node, str | None, int]] = [(doc.root, None, 0)]
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
    content = () if doc.missing else rows(doc)
    digest = hashlib.sha256(repr([(r, r.index) for r in rows(doc)]).encode()).hexdigest()
    root = doc.root
    home = doc.home.root.id if doc.home else None
    kind, name = ("", "") if doc.missing else (root.type, root.name)
    return Unit(root.id, kind, name, home, doc.slot, digest, _loaded(content), doc.excluded, doc.missing)


def _loaded(content: Rows) -> Any:
    return lambda: content


# -- what models are made of ------------------------------------------------------------------


def entity(name: str, *attributes: Node, persistable: bool = True, rules: tuple[Node, ...] = ()) -> Node:
    general = {"generalization": "DomainModels$NoGeneralization", "generalization.persistable": persistable}
    props = {"dataStorageGuid": new_id(), "location": "1;1", "documentation": "", **general}
    return Node("DomainModels$Entity", name, "entities", props, [*attributes, *rules])


def attribute(name: str, kind: str = "String") -> Node:
    props = {"dataStorageGuid": new_id(), "type": f"DomainModels${kind}AttributeType", "documentation": ""}
    return Node("DomainModels$Attribute", name, "attributes", props)


def association(name: str, parent: Node, child: Node) -> Node:
    props = {"dataStorageGuid": new_id(), "type": "Reference"}
    return Node("DomainModels$Association", name, "associations", props, links={"parent": parent, "child": child})


def enumeration(name: str, *values: str) -> Node:
    kids = [Node("Enumerations$EnumerationValue", v, "values", {"caption.en_US": v}) for v in values]
    return Node("Enumerations$Enumeration", name, kids=kids)


def page(name: str, *widgets: Node, **props: Any) -> Node:
    argument = Node(
        "Pages$LayoutCallArgument", "", "layoutCall.arguments", {"parameter": "Atlas.Phone.Main"}, list(widgets)
    )
    return Node(
        "Pages$Page",
        name,
        "",
        {"layoutCall": "Pages$LayoutCall", "layoutCall.layout": "Atlas.Phone", **props},
        [argument],
    )


def text(name: str, caption: str) -> Node:
    return Node("Pages$DynamicText", name, "widgets", {"content.template.en_US": caption})


def button(name: str, nanoflow: str) -> Node:
    action = {"action": "Pages$CallNanoflowClientAction", "action.nanoflow": nanoflow}
    return Node("Pages$ActionButton", name, "widgets", action)


def box(name: str, *inside: Node) -> Node:
    return Node("Pages$DivContainer", name, "widgets", {"appearance.class": ""}, list(inside))


def widget(name: str, definition: str, *properties: Node, widget_id: str = "com.acme.Badge") -> Node:
    kind = {"type": "CustomWidgets$CustomWidgetType", "type.widgetId": widget_id, "type.definition": definition}
    return Node("CustomWidgets$CustomWidget", name, "widgets", kind, list(properties))


def setting(key: str, **value: Any) -> Node:
    props = {"value": "CustomWidgets$WidgetValue", **{f"value.{k.replace('__', '.')}": v for k, v in value.items()}}
    return Node("CustomWidgets$WidgetProperty", key, "object.properties", props)


def nanoflow(name: str, *steps: Node, **props: Any) -> Node:
    """A flow through its steps, one after the other."""
    start = Node("Microflows$StartEvent", "", "objectCollection.objects", {"relativeMiddlePoint": "0;0"})
    nodes = [
        start,
        *steps,
        Node("Microflows$EndEvent", "", "objectCollection.objects", {"relativeMiddlePoint": "900;0"}),
    ]
    flows = [
        Node("Microflows$SequenceFlow", "", "flows", links={"origin": a, "destination": b})
        for a, b in itertools.pairwise(nodes)
    ]
    return Node(
        "Microflows$Nanoflow",
        name,
        "",
        {"objectCollection": "Microflows$MicroflowObjectCollection", **props},
        [*nodes, *flows],
    )


def step(action: str, **props: Any) -> Node:
    values = {"action": f"Microflows${action}", **{f"action.{k}": v for k, v in props.items()}}
    return Node("Microflows$ActionActivity", "", "objectCollection.objects", {"relativeMiddlePoint": "9;9", **values})
