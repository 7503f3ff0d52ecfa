"""Rows as an edit makes and unmakes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve

from mx_changeclass.model.snapshot import Element, Rows

Table = Mapping[str, Any]

# Words of a specification; every other key is a value of the row.
SPEC = frozenset({"like", "kind", "in", "slot", "name", "rows", "at", "before", "case", "id"})
# Kinds whose items go when what they name goes.
_SWEPT = (
    "Pages$",
    "Navigation$",
    "NativePages$",
    "Menus$",
    "CustomWidgets$",
    "DomainModels$MemberAccess",
    "DomainModels$ValidationRule",
    "Microflows$MemberChange",
)

STORED = (
    "DomainModels$Entity",
    "DomainModels$Attribute",
    "DomainModels$Association",
    "DomainModels$CrossAssociation",
    "DomainModels$Index",
)
# Where a part of a kind stands unless an edit says otherwise.
SLOTS = {
    "DomainModels$Attribute": "attributes",
    "DomainModels$Association": "associations",
    "DomainModels$CrossAssociation": "crossAssociations",
    "DomainModels$Entity": "entities",
    "DomainModels$ValidationRule": "validationRules",
    "DomainModels$Index": "indexes",
    "DomainModels$IndexedAttribute": "attributes",
    "DomainModels$AccessRule": "accessRules",
    "DomainModels$MemberAccess": "memberAccesses",
    "DomainModels$EventHandler": "eventHandlers",
    "Enumerations$EnumerationValue": "values",
    "Images$Image": "images",
    "Security$ModuleRole": "moduleRoles",
    "Navigation$OfflineEntityConfig": "offlineEntityConfigs",
    "Settings$Language": "languages",
    "Microflows$SequenceFlow": "flows",
    "Microflows$NoCase": "caseValues",
    "Microflows$EnumerationCase": "caseValues",
    "Microflows$ActionActivity": "objectCollection.objects",
    "Microflows$ExclusiveSplit": "objectCollection.objects",
    "Microflows$StartEvent": "objectCollection.objects",
    "Microflows$EndEvent": "objectCollection.objects",
    "Microflows$MicroflowParameterObject": "objectCollection.objects",
    "Microflows$MemberChange": "action.items",
    "Microflows$MicroflowCallParameterMapping": "action.microflowCall.parameterMappings",
    "Pages$ActionButton": "widgets",
    "Pages$ListView": "widgets",
    "Pages$DynamicText": "widgets",
    "Pages$DataView": "widgets",
    "Pages$TextBox": "widgets",
    "CustomWidgets$CustomWidget": "widgets",
    "CustomWidgets$WidgetProperty": "object.properties",
}


def specs(spec: Table) -> Iterator[Table]:
    yield spec
    for child in spec.get("rows", ()):
        yield from specs(child)


def is_document(name: str, spec: Table) -> bool:
    return "/" not in name and name.count(".") == 1 and spec["kind"] not in SLOTS


def outer(name: str) -> str:
    """The address around an address."""
    outer, slash, _ = name.rpartition("/")
    return outer if slash else name.rpartition(".")[0]


def inner(name: str) -> str:
    """The name at the end of an address; what stands in parentheses is only a label."""
    last = re.split(r"[./]", name)[-1]
    return "" if last[:1] == "(" else last


def rewritten(row: Element, change: Callable[[str], str]) -> Element:
    props = {
        k: change(v)
        if isinstance(v, str)
        else tuple(change(x) if isinstance(x, str) else x for x in v)
        if isinstance(v, tuple)
        else v
        for k, v in row.props.items()
    }
    return evolve(row, props=props) if props != row.props else row


def with_values(row: Element, **values: Any) -> Element:
    return evolve(row, props={**row.props, **values})


def in_order(rows: list[Element]) -> Rows:
    """Rows root first, each followed by what is in it, siblings in the order in which they stand."""
    ids = {r.id for r in rows}
    inside: dict[str | None, list[Element]] = {}
    for row in rows:
        inside.setdefault(row.parent if row.parent in ids else None, []).append(row)
    out: list[Element] = []
    todo = inside.get(None, [])[::-1]
    while todo:
        row = todo.pop()
        out.append(row)
        todo += inside.get(row.id, [])[::-1]
    return tuple(out)


def without(rows: Rows, ids: set[str], names: set[str]) -> Rows:
    """Rows without the removed ones, what is in them, and the list items that cannot stand without them."""
    gone = set(ids)
    kept: list[Element] = []
    for row in rows:
        if row.id in gone or row.parent in gone or _rests_on(row, gone, names):
            gone.add(row.id)
        else:
            kept.append(row)
    filled = {r.parent for r in kept}
    return tuple(r for r in kept if not (r.type == "DomainModels$Index" and r.id not in filled))


def _rests_on(row: Element, ids: set[str], names: set[str]) -> bool:
    if row.type.endswith("Association") or row.type == "DomainModels$IndexedAttribute":
        ends = {row.props.get("parent"), row.props.get("child"), row.props.get("attribute")}
        return bool(ends & (ids | names))
    if row.parent is None or not row.type.startswith(_SWEPT):
        return False
    values = [v for v in row.props.values() if isinstance(v, str) and "." in v]
    return any(v in names or v.rpartition(".")[0] in names for v in values)
