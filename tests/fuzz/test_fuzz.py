"""A short run of the fuzzers, the same each time, and documents that nobody would write."""

from __future__ import annotations

from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mx_changeclass.readers.units import stored_unit
from tests.fuzz.cases import KINDS, check_rows
from tests.fuzz.run import run

CASES = 4_000  # some seconds

_types = st.sampled_from(
    ("DomainModels$Entity", "DomainModels$EntityImpl", "Forms$Page", "Microflows$Microflow",
        "Texts$Text", "Texts$Translation",
     "CustomWidgets$CustomWidget", "CustomWidgets$WidgetObject", "CustomWidgets$CustomWidgetType",
         "Acme$New", "$", "")
)  # fmt: skip
_keys = st.sampled_from(
    ("$ID", "$Type", "Name", "Items", "Attributes", "LanguageCode", "Text", "Object", "Type",
        "Properties", "Value", "PropertyTypes",
     "TypePointer", "PropertyKey", "Location", "x", "y", "password", "a.b", "")
)  # fmt: skip
_plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=8),
        st.binary(max_size=20),
    _types, st.just(bytes(16)), st.datetimes(),
)  # fmt: skip
_documents = st.recursive(
    st.dictionaries(_keys, _plain, max_size=5),
    lambda inner: st.dictionaries(_keys, st.one_of(_plain, inner, st.lists(st.one_of(_plain,
        inner), max_size=4)), max_size=6),
    max_leaves=20,
)  # fmt: skip


def test_no_damaged_input_is_a_fault() -> None:
    outcome = run(CASES)
    print(outcome.told())
    assert not outcome.faults, outcome.told()
    assert all(ends["read"] for ends in outcome.ends.values()), outcome.told()  # else nothing was damaged with care


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(_documents)
def test_any_document_gives_rows_or_is_broken(document: dict[str, Any]) -> None:
    content = bson.encode(document)
    try:
        stored_unit.header(content)
        rows = stored_unit.decode(content, "unit")
    except stored_unit.BrokenUnit:
        return
    check_rows(rows)
    assert rows[0].id == "unit"


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_the_same_whenever_it_is_run(kind: str) -> None:
    one, other = (run(3, kinds=(kind,), first=5) for _ in range(2))
    assert one == other
