"""The type table of Mendix models: SDK names, storage names, reference kinds, defaults, versions.

Source of the facts: npm ``mendixmodelsdk`` 4.111.0 (metamodel up to 11.10.0) and keys seen in stored
units of newer versions. Types and keys that are not listed are read under the naming rule: the SDK
name of a key is its storage name with the first letter in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import field, frozen

from mx_changeclass.data import load


@frozen(slots=True)
class Property:
    """One declared property. ``kind`` is attribute, enum, part, partList, byNameReference,
    localByNameReference, byIdReference, structuralChild, structuralChildList or unknownList;
    ``type`` the attribute type, the enum, or the target type of a part or reference."""

    name: str
    kind: str
    type: str = ""
    default: Any = None
    introduced: str = ""
    deleted: str = ""
    many: bool = False

    @property
    def is_reference(self) -> bool:
        return self.kind == "byNameReference"


@frozen(slots=True)
class Type:
    """One declared type with its own and its inherited properties, by SDK name and by storage key."""

    name: str
    introduced: str
    deleted: str
    is_unit: bool
    is_namespace: bool
    properties: Mapping[str, Property] = field(repr=False)
    by_storage: Mapping[str, Property] = field(repr=False)
    ancestors: tuple[str, ...] = ()


def sdk_name(storage_type: str) -> str:
    """The SDK name of a stored ``$Type`` (``Forms$Page`` is ``Pages$Page``); unknown types keep theirs."""
    known: str | None = load("metamodel")["storage_index"].get(storage_type)
    if known is None and storage_type.startswith("Forms$"):
        known = "Pages$" + storage_type[6:]
    return known or storage_type


@cache
def type_named(name: str) -> Type | None:
    """The type of that SDK name, or None where the metamodel does not know it."""
    types = load("metamodel")["types"]
    if name not in types:
        return None
    raw = types[name]
    parent = type_named(raw["super"]) if raw.get("super") else None
    properties = dict(parent.properties) if parent else {}
    by_storage = dict(parent.by_storage) if parent else {}
    for key, p in raw.get("properties", {}).items():
        made = Property(
            key,
            p["kind"],
            p.get("target") or p.get("type") or "",
            p.get("default"),
            p.get("introduced", ""),
            p.get("deleted", ""),
            p.get("list", False),
        )
        properties[key] = made
        by_storage[p.get("storage") or key[:1].upper() + key[1:]] = made
    return Type(
        name,
        raw.get("introduced", ""),
        raw.get("deleted", ""),
        bool(raw.get("unit")),
        bool(raw.get("namespace") or (parent and parent.is_namespace)),
        properties,
        by_storage,
        (name, *parent.ancestors) if parent else (name,),
    )


def property_of(type_name: str, key: str) -> Property | None:
    """The property ``key`` (SDK name) of a type, declared or inherited."""
    known = type_named(type_name)
    return known.properties.get(key) if known else None


def is_a(type_name: str, ancestor: str) -> bool:
    """Whether a type is ``ancestor`` or specialises it."""
    known = type_named(type_name)
    return ancestor in known.ancestors if known else type_name == ancestor


@cache
def is_referable(type_name: str) -> bool:
    """Whether models refer to elements of a type by their name: the name is what such an element is."""
    known = type_named(type_name)
    return bool(known and _targets().intersection(known.ancestors))


@cache
def _targets() -> frozenset[str]:
    types = load("metamodel")["types"].values()
    return frozenset(
        p["target"]
        for t in types
        for p in t.get("properties", {}).values()
        if p["kind"] == "byNameReference" and p.get("target")
    )
