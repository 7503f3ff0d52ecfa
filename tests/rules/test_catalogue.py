"""What no edit of the base project can show: that no document of the metamodel is left to the fallback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from mx_changeclass.changes.diff import diff
from mx_changeclass.data import load
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.metamodel import type_named
from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit
from tests.cases import base_project, through_xml

_FRAME = ("Projects$", "Navigation$", "Settings$", "Texts$", "DomainModels$DomainModel", "Security$")


def documents() -> list[str]:
    """Every type of document that Studio Pro has stored; types that others specialise are not stored themselves."""
    types = load("metamodel")["types"]
    general = {t.get("super") for t in types.values()} - {"DomainModels$RemoteEntitySourceDocument"}
    return sorted(n for n in types if types[n].get("unit") and n not in general and not n.startswith(_FRAME))


def loader(rows: Rows) -> Callable[[], Rows]:
    return lambda: rows


def with_unit(snapshot: Snapshot, row: Element, container: str | None, slot: str) -> Snapshot:
    unit = Unit(row.id, row.type, row.name, container, slot, f"{row.name} {len(row.props)}", loader((row,)))
    return Snapshot({**snapshot.units, row.id: unit}, snapshot.version, form="xml", side_files=True)


def verdict(old: Snapshot, new: Snapshot) -> Verdict:
    return classify(diff(old, new))


def said(verdict: Verdict) -> set[str]:
    return {f.rule.id for f in verdict.findings}


def module(snapshot: Snapshot, name: str) -> str:
    return next(u.id for u in snapshot.units.values() if u.type == "Projects$Module" and u.name == name)


@pytest.fixture(scope="module")
def base() -> Snapshot:
    return through_xml(base_project(), "base")


@pytest.mark.parametrize("kind", documents())
def test_a_document_that_comes_goes_or_differs_is_never_left_to_the_fallback(kind: str, base: Snapshot) -> None:
    row = Element("00000000-0000-00ff-0000-000000000001", kind, "Thing", None, "documents", {"documentation": "one"})
    there = with_unit(base, row, module(base, "Office"), "documents")
    props = own_properties(kind)
    edited = with_unit(base, evolve(row, props={**row.props, **props}), module(base, "Office"), "documents")
    for old, new in ((base, there), (there, base), *(((there, edited),) if props else ())):
        assert not {r for r in said(verdict(old, new)) if r.startswith("agg-unknown")}


def own_properties(kind: str) -> dict[str, str]:
    """A text for the first plain property of the type that is its own."""
    known, document = type_named(kind), type_named("Projects$Document")
    assert known
    assert document
    for name, declared in known.properties.items():
        plain = declared.kind == "attribute" and declared.type == "String" and not declared.deleted
        if plain and name not in document.properties and name not in ("canvasWidth", "stableId"):
            return {name: "two"}
    return {}
