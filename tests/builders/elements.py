"""Words for what stands in a model: parts of domain models, pages, flows and navigation, as nodes."""

from __future__ import annotations

import itertools
from typing import Any

from tests.builders.models import Node, new_id


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


def widget(widget_id: str, *properties: Node, name: str = "", definition: str = "") -> Node:
    """A pluggable widget."""
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


def step(action: str, *inside: Node, **props: Any) -> Node:
    """An activity; keys are those of its action, ``__`` for a dot."""
    values = {"action": f"Microflows${action}", **{f"action.{k.replace('__', '.')}": v for k, v in props.items()}}
    place = {"relativeMiddlePoint": "9;9"}
    return Node("Microflows$ActionActivity", "", "objectCollection.objects", {**place, **values}, list(inside))


# Rows of pages


def opens(page: str) -> Node:
    """A button that shows a page."""
    return Node("Pages$ActionButton", "", "layoutCall.arguments", {
        "action": "Pages$PageClientAction", "action.pageSettings": "Pages$PageSettings",
        "action.pageSettings.page": page,
    })  # fmt: skip


def calls(flow: str) -> Node:
    """A button that calls a microflow (its name starts with ``MF_``) or a nanoflow."""
    if flow.partition(".")[2].startswith("MF_"):
        return Node("Pages$ActionButton", "", "layoutCall.arguments", {
            "action": "Pages$MicroflowClientAction", "action.microflowSettings": "Pages$MicroflowSettings",
            "action.microflowSettings.microflow": flow,
        })  # fmt: skip
    return Node("Pages$ActionButton", "", "layoutCall.arguments", {
        "action": "Pages$CallNanoflowClientAction", "action.nanoflow": flow,
    })  # fmt: skip


def lists(entity: str, xpath: str = "") -> Node:
    """A list view over the database."""
    return Node("Pages$ListView", "", "layoutCall.arguments", {
        "dataSource": "Pages$ListViewXPathSource", "dataSource.entityRef": "DomainModels$DirectEntityRef",
        "dataSource.entityRef.entity": entity, "dataSource.xPathConstraint": xpath,
    })  # fmt: skip


def shows(entity: str) -> Node:
    """A page parameter: the page shows an object it is given."""
    return Node("Pages$PageParameter", "", "parameters", {
        "parameterType": "DataTypes$ObjectType", "parameterType.entity": entity,
    })  # fmt: skip


def shows_attribute(attribute: str, *steps: tuple[str, str], box: bool = False, **props: Any) -> Node:
    """A text, or a text ``box``, for an attribute; ``steps`` are the associations on the way to it."""
    return Node("Pages$TextBox" if box else "Pages$ClientTemplateParameter", "", "layoutCall.arguments", {
        "attributeRef": "DomainModels$AttributeRef", "attributeRef.attribute": attribute, **props,
    }, kids=_steps("attributeRef.entityRef.steps", steps))  # fmt: skip


def lists_over(*steps: tuple[str, str]) -> Node:
    """A list view over an association."""
    return Node("Pages$ListView", "", "layoutCall.arguments", {
        "dataSource": "Pages$AssociationSource", "dataSource.entityRef": "DomainModels$IndirectEntityRef",
    }, kids=_steps("dataSource.entityRef.steps", steps))  # fmt: skip


def _steps(slot: str, steps: tuple[tuple[str, str], ...]) -> list[Node]:
    return [
        Node("DomainModels$EntityRefStep", "", slot, {"association": association, "destinationEntity": entity})
        for association, entity in steps
    ]


def widget_value(**values: str) -> Node:
    """A property of a pluggable widget (``nanoflow``, ``page``, ``microflow``, ``image``, ``expression``)."""
    keys = {f"value.{key}": value for key, value in values.items()}
    return Node("CustomWidgets$WidgetProperty", "", "object.properties", {"value": "CustomWidgets$WidgetValue", **keys})


# Rows of flows


def parameter(name: str, entity: str) -> Node:
    return Node("Microflows$MicroflowParameterObject", name, "objectCollection.objects", {
        "variableType": "DataTypes$ObjectType", "variableType.entity": entity,
    })  # fmt: skip


def retrieves(entity: str, into: str = "Found", xpath: str = "") -> Node:
    return step(
        "RetrieveAction", outputVariableName=into, retrieveSource="Microflows$DatabaseRetrieveSource",
        retrieveSource__entity=entity, retrieveSource__xPathConstraint=xpath,
    )  # fmt: skip


def retrieves_over(association: str, start: str, into: str = "Found") -> Node:
    return step(
        "RetrieveAction", outputVariableName=into, retrieveSource="Microflows$AssociationRetrieveSource",
        retrieveSource__association=association, retrieveSource__startVariableName=start,
    )  # fmt: skip


def creates(entity: str, into: str = "New") -> Node:
    return step("CreateObjectAction", entity=entity, outputVariableName=into)


def commits(variable: str) -> Node:
    return step("CommitAction", commitVariableName=variable)


def changes(attribute: str, value: str = "") -> Node:
    member = Node("Microflows$MemberChange", "", "action.items", {"attribute": attribute, "value": value})
    return step("ChangeObjectAction", member)


def calls_flow(flow: str) -> Node:
    if flow.partition(".")[2].startswith("MF_"):
        return step("MicroflowCallAction", microflowCall="Microflows$MicroflowCall", microflowCall__microflow=flow)
    return step("NanoflowCallAction", nanoflowCall="Microflows$NanoflowCall", nanoflowCall__nanoflow=flow)


def calls_javascript(name: str, *arguments: Node) -> Node:
    return step("JavaScriptActionCallAction", *arguments, javaScriptAction=name)


def passes_nanoflow(nanoflow: str) -> Node:
    return Node("Microflows$JavaScriptActionParameterMapping", "", "action.parameterMappings", {
        "parameterValue": "Nanoflows$NanoflowParameterValue", "parameterValue.nanoflow": nanoflow,
    })  # fmt: skip


def shows_page(page: str) -> Node:
    return step("ShowPageAction", pageSettings="Pages$PageSettings", pageSettings__page=page)


def splits(expression: str) -> Node:
    return Node("Microflows$ExclusiveSplit", "", "objectCollection.objects", {
        "splitCondition": "Microflows$ExpressionSplitCondition", "splitCondition.expression": expression,
    })  # fmt: skip


# Rows of navigation


def role_home(role: str, page: str) -> Node:
    return Node("Navigation$RoleBasedNativeHomePage", "", "roleBasedNativeHomePages", {
        "userRole": role, "homePagePage": page,
    })  # fmt: skip


def bottom_bar(page: str) -> Node:
    return Node("NativePages$BottomBarItem", "", "bottomBarItems", {"page": page})


def menu_item(page: str) -> Node:
    part = opens(page)
    return Node("Menus$MenuItem", "", "menuItemCollection.items", part.props)


def sync_row(entity: str, mode: str = "", constraint: str = "", **props: Any) -> Node:
    kept = {"entity": entity, "constraint": constraint, **({"syncMode": mode} if mode else {}), **props}
    return Node("Navigation$OfflineEntityConfig", "", "offlineEntityConfigs", kept)
