"""Small models written down by hand, as rows: what the graphs see of an app, without a file.

::

    app = App()
    app.entity("Field.Order", attributes=("Title",))
    app.page("Field.Home", shows("Field.Order"))
    app.native(home="Field.Home")
    Side(app.snapshot())
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit


@frozen
class Part:
    """A row to be: its type, slot and keys, and the rows inside it."""

    type: str
    slot: str
    props: Mapping[str, Any] = {}
    name: str = ""
    inside: tuple[Part, ...] = ()


def rows_of(unit_id: str, root: Part) -> Rows:
    found: list[Element] = []
    todo: list[tuple[Part, str | None, str]] = [(root, None, unit_id)]
    while todo:
        part, parent, own_id = todo.pop(0)
        found.append(Element(own_id, part.type, part.name, parent, part.slot, dict(part.props), len(found)))
        todo += [(p, own_id, f"{own_id}/{i}") for i, p in enumerate(part.inside)]
    return tuple(found)


class SmallApp:
    """A model in the making. Names are qualified; the module of a name is made when it is first used."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.domains: dict[str, list[Part]] = {}
        self.profiles: list[Part] = []

    def snapshot(self) -> Snapshot:
        for module, parts in self.domains.items():
            root = Part("DomainModels$DomainModel", "", inside=tuple(_connected(module, parts)))
            self._add(f"{module}/domain", root, module, "domainModel")
        root = Part("Navigation$NavigationDocument", "", inside=tuple(self.profiles))
        self._add("navigation", root, None, "projectDocuments")
        return Snapshot(dict(self.units), label="small")

    def document(self, kind: str, name: str, *inside: Part, excluded: bool = False, **props: Any) -> SmallApp:
        module, _, last = name.partition(".")
        keys = {key.replace("__", "."): value for key, value in props.items()}
        unit_id = f"{kind}:{name}{'?' if excluded else ''}"
        return self._add(unit_id, Part(kind, "", keys, last, inside), module, "documents", excluded=excluded)

    def page(self, name: str, *inside: Part, layout: str = "", **props: Any) -> SmallApp:
        called = {"layoutCall": "Pages$LayoutCall", "layoutCall__layout": layout} if layout else {}
        return self.document("Pages$Page", name, *inside, **called, **props)

    def nanoflow(self, name: str, *inside: Part, **props: Any) -> SmallApp:
        return self.document("Microflows$Nanoflow", name, *inside, **props)

    def microflow(self, name: str, *inside: Part, **props: Any) -> SmallApp:
        return self.document("Microflows$Microflow", name, *inside, **props)

    def entity(
        self, name: str, parent: str = "", *, attributes: tuple[str, ...] = (), persistable: bool = True, **props: Any
    ) -> SmallApp:
        """``attributes`` are names, or ``Name:Module.Enumeration``."""
        module, _, last = name.partition(".")
        kept = (
            {"generalization": "DomainModels$Generalization", "generalization.generalization": parent}
            if parent
            else {"generalization": "DomainModels$NoGeneralization", "generalization.persistable": persistable}
        )
        inside = tuple(_attribute(*a.partition(":")[::2]) for a in attributes)
        part = Part("DomainModels$Entity", "entities", {**kept, **props}, last, inside)
        self.domains.setdefault(module, []).append(part)
        return self

    def association(self, name: str, owner: str, other: str) -> SmallApp:
        """``owner`` and ``other`` are qualified; one of another module makes it a cross-module association."""
        module, _, last = name.partition(".")
        cross = other.partition(".")[0] != module
        kind = "DomainModels$CrossAssociation" if cross else "DomainModels$Association"
        slot = "crossAssociations" if cross else "associations"
        self.domains.setdefault(module, []).append(Part(kind, slot, {"parent": owner, "child": other}, last))
        return self

    def native(
        self, *inside: Part, home: str = "", nanoflow: str = "", name: str = "NativePhone", **props: Any
    ) -> SmallApp:
        start = {
            "nativeHomePage": "Navigation$NativeHomePage",
            "nativeHomePage.homePagePage": home,
            "nativeHomePage.homePageNanoflow": nanoflow,
        }
        self.profiles.append(Part("Navigation$NativeNavigationProfile", "profiles", {**start, **props}, name, inside))
        return self

    def web(self, *inside: Part, home: str = "", kind: str = "Responsive", name: str = "", **props: Any) -> SmallApp:
        start = {"homePage": "Navigation$HomePage", "homePage.page": home, "kind": kind}
        self.profiles.append(Part("Navigation$NavigationProfile", "profiles", {**start, **props}, name or kind, inside))
        return self

    def _add(self, unit_id: str, root: Part, module: str | None, slot: str, *, excluded: bool = False) -> SmallApp:
        if module is not None and module not in self.units:
            root_rows = rows_of(module, Part("Projects$Module", "", name=module))
            self.units[module] = Unit(
                module, "Projects$Module", module, None, "modules", _digest(module), lambda: root_rows
            )
        rows = rows_of(unit_id, root)
        self.units[unit_id] = Unit(
            unit_id, root.type, root.name, module, slot, _digest(repr(rows)), lambda: rows, excluded=excluded
        )
        return self


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _attribute(name: str, enumeration: str) -> Part:
    kept = (
        {"type": "DomainModels$EnumerationAttributeType", "type.enumeration": enumeration}
        if enumeration
        else {"type": "DomainModels$StringAttributeType"}
    )
    return Part("DomainModels$Attribute", "attributes", kept, name)


def _connected(module: str, parts: list[Part]) -> list[Part]:
    """Ends of associations as they are stored: a row id in the own domain model, a name in another one."""
    ids = {f"{module}.{part.name}": f"{module}/domain/{i}" for i, part in enumerate(parts)}
    return [
        Part(
            p.type,
            p.slot,
            {**p.props, **{k: ids.get(v, v) for k, v in p.props.items() if k in ("parent", "child")}},
            p.name,
            p.inside,
        )
        for p in parts
    ]


# Rows of pages


def opens(page: str) -> Part:
    """A button that shows a page."""
    return Part("Pages$ActionButton", "layoutCall.arguments", {
        "action": "Pages$PageClientAction", "action.pageSettings": "Pages$PageSettings",
        "action.pageSettings.page": page,
    })  # fmt: skip


def calls(flow: str) -> Part:
    """A button that calls a microflow (its name starts with ``MF_``) or a nanoflow."""
    if flow.partition(".")[2].startswith("MF_"):
        return Part("Pages$ActionButton", "layoutCall.arguments", {
            "action": "Pages$MicroflowClientAction", "action.microflowSettings": "Pages$MicroflowSettings",
            "action.microflowSettings.microflow": flow,
        })  # fmt: skip
    return Part("Pages$ActionButton", "layoutCall.arguments", {
        "action": "Pages$CallNanoflowClientAction", "action.nanoflow": flow,
    })  # fmt: skip


def lists(entity: str, xpath: str = "") -> Part:
    """A list view over the database."""
    return Part("Pages$ListView", "layoutCall.arguments", {
        "dataSource": "Pages$ListViewXPathSource", "dataSource.entityRef": "DomainModels$DirectEntityRef",
        "dataSource.entityRef.entity": entity, "dataSource.xPathConstraint": xpath,
    })  # fmt: skip


def shows(entity: str) -> Part:
    """A page parameter: the page shows an object it is given."""
    return Part("Pages$PageParameter", "parameters", {
        "parameterType": "DataTypes$ObjectType", "parameterType.entity": entity,
    })  # fmt: skip


def shows_attribute(attribute: str, *steps: tuple[str, str], box: bool = False, **props: Any) -> Part:
    """A text, or a text ``box``, for an attribute; ``steps`` are the associations on the way to it."""
    return Part("Pages$TextBox" if box else "Pages$ClientTemplateParameter", "layoutCall.arguments", {
        "attributeRef": "DomainModels$AttributeRef", "attributeRef.attribute": attribute, **props,
    }, inside=_steps("attributeRef.entityRef.steps", steps))  # fmt: skip


def lists_over(*steps: tuple[str, str]) -> Part:
    """A list view over an association."""
    return Part("Pages$ListView", "layoutCall.arguments", {
        "dataSource": "Pages$AssociationSource", "dataSource.entityRef": "DomainModels$IndirectEntityRef",
    }, inside=_steps("dataSource.entityRef.steps", steps))  # fmt: skip


def _steps(slot: str, steps: tuple[tuple[str, str], ...]) -> tuple[Part, ...]:
    return tuple(
        Part("DomainModels$EntityRefStep", slot, {"association": association, "destinationEntity": entity})
        for association, entity in steps
    )


def widget(widget_id: str, *properties: Part) -> Part:
    """A pluggable widget."""
    kind = {"type": "CustomWidgets$CustomWidgetType", "type.widgetId": widget_id}
    return Part("CustomWidgets$CustomWidget", "layoutCall.arguments", kind, inside=properties)


def widget_value(**values: str) -> Part:
    """A property of a pluggable widget (``nanoflow``, ``page``, ``microflow``, ``image``, ``expression``)."""
    keys = {f"value.{key}": value for key, value in values.items()}
    return Part("CustomWidgets$WidgetProperty", "object.properties", {"value": "CustomWidgets$WidgetValue", **keys})


# Rows of flows


def action(kind: str, *inside: Part, **props: str) -> Part:
    """An activity; keys are those of its action, ``__`` for a dot."""
    keys = {f"action.{key.replace('__', '.')}": value for key, value in props.items()}
    return Part("Microflows$ActionActivity", "objectCollection.objects", {"action": kind, **keys}, inside=inside)


def parameter(name: str, entity: str) -> Part:
    return Part("Microflows$MicroflowParameterObject", "objectCollection.objects", {
        "variableType": "DataTypes$ObjectType", "variableType.entity": entity,
    }, name)  # fmt: skip


def retrieves(entity: str, into: str = "Found", xpath: str = "") -> Part:
    return action(
        "Microflows$RetrieveAction", outputVariableName=into, retrieveSource="Microflows$DatabaseRetrieveSource",
        retrieveSource__entity=entity, retrieveSource__xPathConstraint=xpath,
    )  # fmt: skip


def retrieves_over(association: str, start: str, into: str = "Found") -> Part:
    return action(
        "Microflows$RetrieveAction", outputVariableName=into, retrieveSource="Microflows$AssociationRetrieveSource",
        retrieveSource__association=association, retrieveSource__startVariableName=start,
    )  # fmt: skip


def creates(entity: str, into: str = "New") -> Part:
    return action("Microflows$CreateObjectAction", entity=entity, outputVariableName=into)


def commits(variable: str) -> Part:
    return action("Microflows$CommitAction", commitVariableName=variable)


def changes(attribute: str, value: str = "") -> Part:
    member = Part("Microflows$MemberChange", "action.items", {"attribute": attribute, "value": value})
    return action("Microflows$ChangeObjectAction", member)


def calls_flow(flow: str) -> Part:
    if flow.partition(".")[2].startswith("MF_"):
        return action(
            "Microflows$MicroflowCallAction", microflowCall="Microflows$MicroflowCall", microflowCall__microflow=flow
        )
    return action("Microflows$NanoflowCallAction", nanoflowCall="Microflows$NanoflowCall", nanoflowCall__nanoflow=flow)


def calls_javascript(name: str, *arguments: Part) -> Part:
    return action("Microflows$JavaScriptActionCallAction", *arguments, javaScriptAction=name)


def passes_nanoflow(nanoflow: str) -> Part:
    return Part("Microflows$JavaScriptActionParameterMapping", "action.parameterMappings", {
        "parameterValue": "Nanoflows$NanoflowParameterValue", "parameterValue.nanoflow": nanoflow,
    })  # fmt: skip


def shows_page(page: str) -> Part:
    return action("Microflows$ShowPageAction", pageSettings="Pages$PageSettings", pageSettings__page=page)


def splits(expression: str) -> Part:
    return Part("Microflows$ExclusiveSplit", "objectCollection.objects", {
        "splitCondition": "Microflows$ExpressionSplitCondition", "splitCondition.expression": expression,
    })  # fmt: skip


# Rows of navigation


def role_home(role: str, page: str) -> Part:
    return Part("Navigation$RoleBasedNativeHomePage", "roleBasedNativeHomePages", {
        "userRole": role, "homePagePage": page,
    })  # fmt: skip


def bottom_bar(page: str) -> Part:
    return Part("NativePages$BottomBarItem", "bottomBarItems", {"page": page})


def menu_item(page: str) -> Part:
    part = opens(page)
    return Part("Menus$MenuItem", "menuItemCollection.items", part.props)


def sync_row(entity: str, mode: str = "", constraint: str = "", **props: Any) -> Part:
    kept = {"entity": entity, "constraint": constraint, **({"syncMode": mode} if mode else {}), **props}
    return Part("Navigation$OfflineEntityConfig", "offlineEntityConfigs", kept)
