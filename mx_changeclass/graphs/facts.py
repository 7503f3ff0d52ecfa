"""What one unit refers to: declared references and the names hidden in its texts.

The facts of a unit depend on nothing but its content, so two versions of a model share the facts of
every unit whose digest is equal. They do not know the module the unit lies in: a name in the unit's
own module is written with a leading dot (``.Order`` for an entity of the same domain model).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from attrs import frozen

from mx_changeclass.graphs.mentions import language, mentions
from mx_changeclass.model.metamodel import property_of, type_named
from mx_changeclass.model.snapshot import Element, Rows

WIDGET = "CustomWidgets$CustomWidgetType"

# What a reference does, by the type that declares it and the key. The rest ``mentions``.
_VERBS = {
    "Microflows$DatabaseRetrieveSource.entity": "retrieves",
    "Microflows$AssociationRetrieveSource.association": "follows",
    "Microflows$CreateObjectAction.entity": "creates",
    "Pages$NewButton.entity": "creates",
    "Pages$GridNewButton.entity": "creates",
    "Microflows$MemberChange.attribute": "changes",
    "Microflows$MemberChange.association": "changes",
    "Microflows$NanoflowCall.nanoflow": "calls",
    "Microflows$MicroflowCall.microflow": "calls",
    "Microflows$RuleCall.rule": "calls",
    "Microflows$JavaScriptActionCallAction.javaScriptAction": "calls",
    "Microflows$JavaActionCallAction.javaAction": "calls",
    "Microflows$MicroflowParameterValue.microflow": "calls",
    "Microflows$MicroflowJavaActionParameterValue.microflow": "calls",
    "Nanoflows$NanoflowParameterValue.nanoflow": "calls",
    "Pages$MicroflowSettings.microflow": "calls",
    "Pages$NanoflowSource.nanoflow": "calls",
    "Pages$CallNanoflowClientAction.nanoflow": "calls",
    "CustomWidgets$WidgetValue.microflow": "calls",
    "CustomWidgets$WidgetValue.nanoflow": "calls",
    "CustomWidgets$WidgetValue.page": "opens",
    "DomainModels$EventHandler.microflow": "calls",
    "DomainModels$CalculatedValue.microflow": "calls",
    "Navigation$HomePageBase.microflow": "calls",
    "Navigation$NativeHomePageBase.homePageNanoflow": "calls",
    "Navigation$HomePageBase.page": "opens",
    "Navigation$EmbeddedHomePage.page": "opens",
    "Navigation$NativeHomePageBase.homePagePage": "opens",
    "Navigation$NativeNavigationProfile.homePage": "opens",
    "NativePages$BottomBarItem.page": "opens",
    "Pages$PageSettings.page": "opens",
    "Pages$ColumnGrid.tooltipPage": "opens",
    "Pages$LayoutCall.layout": "shows",
    "Pages$SnippetCall.snippet": "shows",
    "Pages$MenuDocumentSource.menu": "shows",
    "Pages$NavigationSource.navigationProfile": "shows",
    "DomainModels$AttributeRef.attribute": "reads",
    "DomainModels$AssociationRef.association": "follows",
    "DomainModels$EntityRefStep.association": "follows",
    "DomainModels$EntityRefStep.destinationEntity": "follows",
    "DomainModels$DirectEntityRef.entity": "reads",
    "DomainModels$Generalization.generalization": "specialises",
    "DomainModels$EnumerationAttributeType.enumeration": "reads",
    "DomainModels$Association.parent": "connects",
    "DomainModels$Association.child": "connects",
    "DomainModels$CrossAssociation.parent": "connects",
    "DomainModels$CrossAssociation.child": "connects",
    "Navigation$OfflineEntityConfig.entity": "syncs",
}
_RETRIEVING = ("XPathSource", "DatabaseSource")  # data sources that read the database, by the end of their type
_IN_UNIT = ("DomainModels$Entity", "DomainModels$Attribute", "DomainModels$AssociationBase")


@frozen(slots=True)
class Reference:
    """One name that a row holds: what it does with it, the SDK type of what is named ("" where only the
    model around can tell), the name, and the row and key it was found in."""

    verb: str
    kind: str
    target: str
    row: str
    key: str


Facts = tuple[Reference, ...]
Role = tuple[str, str, str]  # verb, kind, and the language of the value: "" a name, _ID a row id, else as in mentions
_ID = "id"


def facts(rows: Rows) -> Facts:
    """Every reference of a unit, in the order of its rows and keys."""
    by_id = {row.id: row for row in rows}
    return tuple(reference for row in rows for reference in _of_row(row, by_id))


def _of_row(row: Element, by_id: dict[str, Element]) -> Iterator[Reference]:
    props = row.props
    for key, value in props.items():
        if not value or (type(value) is not str and type(value) is not tuple):
            continue
        dot = key.rfind(".")
        if dot < 0:
            role = _role("", row.type, key)
        else:
            outer = key.rfind(".", 0, dot)
            around = props.get(key[:outer], "") if outer > 0 else row.type
            role = _role(around, props.get(key[:dot], ""), key[dot + 1 :])
        if role is None:
            continue
        for text in (value,) if isinstance(value, str) else value:
            for verb, kind, name in _named(role, text, by_id):
                yield Reference(verb, kind, name, row.id, key)


def _named(role: Role, text: str, by_id: dict[str, Element]) -> Iterator[tuple[str, str, str]]:
    verb, kind, spoken = role
    if spoken == _ID:
        if name := _local(by_id.get(text), by_id):
            yield verb, kind, name
    elif spoken:
        yield from mentions(text, spoken)
    else:
        yield verb, kind, f"widget:{text}" if kind == WIDGET else text


def _local(target: Element | None, by_id: dict[str, Element]) -> str:
    """The name of an element of the same domain model, without the module: ``.Entity.Attribute``."""
    if target is None or not target.name:
        return ""
    parent = by_id.get(target.parent or "")
    return f"{'.' + parent.name if parent is not None and parent.name else ''}.{target.name}"


@cache
def _role(outer: str, owner: str, key: str) -> Role | None:
    """What a key of a type holds, standing in a part of type ``outer``; None where it refers to nothing."""
    if (owner, key) == (WIDGET, "widgetId"):
        return "shows", WIDGET, ""
    declared = property_of(owner, key)
    if declared is not None and declared.kind == "byNameReference":
        retrieves = owner == "DomainModels$DirectEntityRef" and outer.endswith(_RETRIEVING)
        return "retrieves" if retrieves else _verb(owner, key), declared.type, ""
    if declared is not None and declared.kind == "byIdReference":
        return (_verb(owner, key), declared.type, _ID) if declared.type in _IN_UNIT else None
    spoken = language(owner, key)
    return ("", "", spoken) if spoken else None


def _verb(owner: str, key: str) -> str:
    known = type_named(owner)
    return next((v for t in (known.ancestors if known else (owner,)) if (v := _VERBS.get(f"{t}.{key}"))), "mentions")
