"""What is told from a glance at a unit is what all of its rows tell."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import bson
import pytest

from mx_changeclass import read
from mx_changeclass.graphs.references import refers, unit_references
from mx_changeclass.model.types import DOMAIN_MODEL
from mx_changeclass.readers.units import stored_unit
from mx_changeclass.readers.units.sieve import Unusual, sieve_of
from mx_changeclass.readers.units.stepping import outline

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "readers"
UNIT = "03020100-0504-0706-0809-0a0b0c0d0e0f"


def _id(number: int) -> bytes:
    return bytes([number]) * 16


def _unit(type_name: str, number: int = 1, **keys: Any) -> dict[str, Any]:
    return {"$ID": _id(number), "$Type": type_name, **keys}


def _both(document: dict[str, Any]) -> tuple[object, object]:
    content = bson.encode(document)
    sifted = sieve_of(refers).rows(content, UNIT)
    return unit_references(sifted), unit_references(stored_unit.decode(content, UNIT))


@pytest.mark.parametrize("model", ["v1.mpr", "v2/Field.mpr"])
def test_every_unit_refers_to_the_same(model: str) -> None:
    snapshot = read(FIXTURES / model)
    looked_at = 0
    for unit in snapshot.units.values():
        if unit.stored is not None and unit.type != DOMAIN_MODEL:
            looked_at += 1
            sifted = sieve_of(refers).rows(unit.stored(), unit.id)
            rows = unit.load()
            assert unit_references(sifted) == unit_references(rows)
            assert {row.id for row in sifted} <= {row.id for row in rows}
    assert looked_at > 5


@pytest.mark.parametrize(
    "keys",
    [
        {"Url": "orders", "LayoutCall": _unit("Forms$LayoutCall", 2, Layout="Atlas.Phone")},
        {"NotKnown": "Field.Page"},
        {"NotKnown": _unit("Foo$Bar", 2, AlsoUnknown=["Field.Page", 3])},
        {"Title": _unit("Texts$Text", 2, Items=[3, _unit("Texts$Translation", 3, LanguageCode="en_US", Text="A.B")])},
        {"NotKnown": {"Inside": "Field.Page", "Deeper": {"x": 1, "y": 2, "z": "Field.Page"}}},
        {"Odd": [3, _unit("Texts$Translation", 3, LanguageCode="en_US", Text="Field.Page")]},
        {"Widgets": [2, _unit("Forms$TextBox", 2, Name="A.B", Editable="Never", Value="$x/Field.Order_Line/Amount")]},
    ],
)
def test_what_is_unknown_or_rare_counts_as_it_does_in_rows(keys: dict[str, Any]) -> None:
    sifted, whole = _both(_unit("Forms$Page", **keys))
    assert sifted == whole


@pytest.mark.parametrize(
    "keys",
    [
        {"Excluded": "Field.Page"},  # no flag, so it stands under another key, whose text may be a name
        {"Name": {"$ID": _id(2), "$Type": "Forms$Page"}},  # a part where none may stand
        {"Widgets": [2, _unit("Forms$TextBox", 2), _unit("Forms$TextBox", 2)]},  # two of an id
        {"Widgets": [2, {"$Type": "Forms$TextBox"}]},
        {"a.b": "Field.Page"},
        {"NotKnown": {"x": 1, "y": 2}},  # a point, which is a text in rows
        {"ParentPointer": _id(9), "Kids": [2, _unit("DomainModels$Association", 2, ParentPointer=_id(1))]},
    ],
)
def test_a_unit_that_is_unlike_those_of_studio_pro_is_looked_at_as_a_whole(keys: dict[str, Any]) -> None:
    with pytest.raises(Unusual):
        sieve_of(refers).rows(bson.encode(_unit("Forms$Page", **keys)), UNIT)


def test_an_outline_is_what_the_decoder_reads() -> None:
    document = _unit("Forms$Page", Name="Home", Excluded=True, Width=3, Big=1 << 40, Half=0.5, Nothing=None, Kids=[1])
    found = outline(bson.encode(document))
    plain = {k: v if isinstance(v, (str, bytes, bool)) else None for k, v in document.items()}
    assert found == plain


def test_what_does_not_add_up_has_no_outline() -> None:
    content = bson.encode(_unit("Forms$Page", Name="Home"))
    at = content.index(b"Name\0") + 5
    for size in (-1, 0, 1 << 30, 2**31 - 1, -(2**31)):
        assert outline(content[:at] + struct.pack("<i", size) + content[at + 4 :]) is None
    assert all(outline(content[:cut]) is None for cut in range(len(content)))
    assert outline(bson.encode({"Name": "Home", "Long": bson.Regex("a")})) is None
