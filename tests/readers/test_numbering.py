"""A document that came again with other ids is seen without making rows of it, and nothing hides in it."""

from __future__ import annotations

from typing import Any

import bson
import pytest

from mx_changeclass.readers.units.numbering import numbered


def _id(number: int) -> bytes:
    return bytes([number]) * 16


def _flow(first: int, *, to: int = 1, **keys: Any) -> dict[str, Any]:
    """A flow with two activities and the line between them, under three ids from ``first`` on."""
    kids = [{"$ID": _id(first + i), "$Type": "Microflows$ActionActivity", "Caption": f"A{i}", **keys} for i in (1, 2)]
    line = {"$ID": _id(first + 3), "$Type": "Microflows$SequenceFlow"}
    line |= {"OriginPointer": _id(first + to), "DestinationPointer": _id(first + 2)}
    return {"$ID": _id(first), "$Type": "Microflows$Nanoflow", "Name": "Go", "Objects": [3, *kids], "Flows": [3, line]}


def _content(document: dict[str, Any]) -> object:
    found = numbered(bson.encode(document))
    assert found is not None
    return found.content


def test_other_ids_one_for_one_are_no_other_content() -> None:
    old, new = numbered(bson.encode(_flow(10))), numbered(bson.encode(_flow(90)))
    assert old is not None
    assert new is not None
    assert old.content == new.content
    assert len({*old.ids, *new.ids}) == 8


@pytest.mark.parametrize(
    "other",
    [
        _flow(90, to=2),  # the line comes from another activity
        _flow(90, Caption="Other"),
        _flow(90, StableId=_id(7)),  # an id that is no pointer is content
        {**_flow(90), "Documentation": "\x05$ID\0\x10\0\0\0\0" + "a" * 16},
    ],
)
def test_what_differs_in_more_than_its_ids_is_other_content(other: dict[str, Any]) -> None:
    like = {k: v for k, v in _flow(10).items() if k != "Documentation"}
    like |= {"Documentation": "\x05$ID\0\x10\0\0\0\0" + "b" * 16} if "Documentation" in other else {}
    assert _content(like) != _content(other)
    assert _content(other) == _content(dict(other))


def test_a_pointer_to_another_document_is_content() -> None:
    assert _content(_flow(10) | {"FooPointer": _id(200)}) != _content(_flow(90) | {"FooPointer": _id(201)})
    assert _content(_flow(10) | {"FooPointer": _id(200)}) == _content(_flow(90) | {"FooPointer": _id(200)})


def test_a_number_in_the_place_of_an_id_is_none() -> None:
    made_up = _flow(90)
    made_up["Objects"][1]["$ID"] = 1
    assert _content(_flow(10)) != _content(made_up)


def test_an_id_that_is_stated_twice_tells_nothing() -> None:
    twice = _flow(10)
    twice["Objects"][1]["$ID"] = _id(10)
    assert numbered(bson.encode(twice)) is None
    assert numbered(b"no document") is None
