"""What is told from a glance at a unit is what all of its rows tell."""

from __future__ import annotations

import random
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
from mx_changeclass.readers.units.stepping import plain_keys

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "readers"
UNIT = "03020100-0504-0706-0809-0a0b0c0d0e0f"


def _id(number: int) -> bytes:
    return bytes([number]) * 16


def _unit(type_name: str, number: int = 1, **keys: Any) -> dict[str, Any]:
    return {"$ID": _id(number), "$Type": type_name, **keys}


def _widget(**value: Any) -> dict[str, Any]:
    """A pluggable widget with one value. Its definition names nothing but itself, whatever it holds."""
    kept = _unit("CustomWidgets$WidgetPropertyType", 4, PropertyKey="page", NotKnown="Field.Never")
    kind = _unit("CustomWidgets$CustomWidgetType", 3, WidgetId="com.acme.Map", ObjectType={"Properties": [2, kept]})
    held = _unit(
        "CustomWidgets$WidgetProperty", 6, TypePointer=_id(4), Value=_unit("CustomWidgets$WidgetValue", 7, **value)
    )
    return _unit(
        "CustomWidgets$CustomWidget", 2, Type=kind, Object=_unit("CustomWidgets$WidgetObject", 5, Properties=[2, held])
    )


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
            sifted = sieve_of(refers).rows(unit.stored.bytes(), unit.id)
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
        {"NotKnown": ["Field.Page"]},  # a list without a mark
        {"LayoutCall": _unit("Forms$LayoutCall", 2, Layout=False)},  # which is the text "false"
        {"Widgets": [_unit("Forms$TextBox", 2, NotKnown="Field.Page")]},
        {"Second": _unit("Foo$Bar", 2, Name="Field.B"), "First": "Field.A", "Third": [1, "Field.C"]},
        {
            "Widgets": [
                2,
                _widget(Form="Field.Page", NotKnown="Field.Other"),
                _unit("Forms$TextBox", 9, AttributeRef=None),
            ]
        },
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
        {f"Key{i}": {f"Inner{j}": 1 for j in range(100)} for i in range(21)},  # more keys than an element may have
        {"NotKnown": {"x": 1, "y": 2}},  # a point, which is a text in rows
        {"Kids": [2, _unit("Foo$Bar", 2, Name=_unit("Forms$TextBox", 3, Name="Field.Page"))]},  # a part for a name
        {"Excluded": {"Inside": "Field.Page"}},  # an element where a flag may stand
        {"Password": {"Inside": "Field.Page"}},  # all of which is secret
        {"ParentPointer": _id(9), "Kids": [2, _unit("DomainModels$Association", 2, ParentPointer=_id(1))]},
    ],
)
def test_a_unit_that_is_unlike_those_of_studio_pro_is_looked_at_as_a_whole(keys: dict[str, Any]) -> None:
    with pytest.raises(Unusual):
        sieve_of(refers).rows(bson.encode(_unit("Forms$Page", **keys)), UNIT)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_of_a_damaged_unit_is_what_its_rows_tell(seed: int) -> None:
    some = random.Random(seed)
    units = [u for u in read(FIXTURES / "v1.mpr").units.values() if u.stored is not None and u.type != DOMAIN_MODEL]
    contents = [u.stored.bytes() for u in units if u.stored is not None]
    told = 0
    for _ in range(300):
        document = bson.decode(some.choice(contents))
        for _ in range(some.randint(1, 3)):
            element = some.choice(_elements(document))
            element[some.choice([*element, "NotKnown", "Name", "Type", "Password", "XPath"])] = _anything(some)
        try:
            sifted, whole = _both(document)
        except (Unusual, stored_unit.BrokenUnit):
            continue
        told += 1
        assert sifted == whole
    assert told > 50


def _elements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = [document]
    for element in found:  # grows while it runs
        for value in element.values():
            found += [x for x in (value if isinstance(value, list) else [value]) if isinstance(x, dict)]
    return found


def _anything(some: random.Random) -> Any:
    """A value of any kind that a key may have, and of some that none should have."""
    text = some.choice(["Field.Page", "", "A.B.C", "Name", "$x/Field.A_B/Field.B/C", "Forms$Page"])
    kind = some.choice(
        ["Forms$TextBox", "CustomWidgets$CustomWidgetType", "Foo$Bar", "Texts$Text", "Texts$Translation"]
    )
    part = {"$ID": some.randbytes(16), "$Type": kind, "Name": text, "NotKnown": text, "LanguageCode": "en_US"}
    values = [text, some.randbytes(16), True, False, None, 3, 0, 2.5, b"", [3], [], [2, text], [text], [2, part, text]]
    return some.choice([*values, part, [part], {}, {"Inside": text}, {"x": 1, "y": 2}])


def test_what_is_known_of_a_shape_is_not_said_of_other_kinds_of_values() -> None:
    """A flag of which nothing is looked at, then an element under the same key."""
    sieve = sieve_of(refers)
    assert sieve.rows(bson.encode(_unit("Forms$Page", Excluded=True)), UNIT)
    with pytest.raises(Unusual):
        sieve.rows(bson.encode(_unit("Forms$Page", Excluded={"Inside": "Field.Page"})), UNIT)


@pytest.mark.parametrize(("deep", "in_lists"), [(190, True), (390, True), (190, False), (390, False)])
def test_what_is_nested_deep_is_told_or_unusual(deep: int, in_lists: bool) -> None:
    nested: Any = "Field.Page"
    for i in range(deep):
        nested = [2, {"$ID": i.to_bytes(16, "big"), "K": nested}] if in_lists else {"K": nested}
    if deep > 200:
        with pytest.raises(Unusual):
            _both(_unit("Forms$Page", K=nested))
    else:
        sifted, whole = _both(_unit("Forms$Page", K=nested))
        assert sifted == whole


def test_an_outline_is_what_the_decoder_reads() -> None:
    document = _unit("Forms$Page", Name="Home", Excluded=True, Width=3, Big=1 << 40, Half=0.5, Nothing=None, Kids=[1])
    found = plain_keys(bson.encode(document))
    plain = {k: v if isinstance(v, (str, bytes, bool)) else None for k, v in document.items()}
    assert found == plain


def test_what_does_not_add_up_has_no_outline() -> None:
    content = bson.encode(_unit("Forms$Page", Name="Home"))
    at = content.index(b"Name\0") + 5
    for size in (-1, 0, 1 << 30, 2**31 - 1, -(2**31)):
        assert plain_keys(content[:at] + struct.pack("<i", size) + content[at + 4 :]) is None
    assert all(plain_keys(content[:cut]) is None for cut in range(len(content)))
    assert plain_keys(bson.encode({"Name": "Home", "Long": bson.Regex("a")})) is None
