"""The smallest inputs of faults that the fuzzers found."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import bson
import pytest

from mx_changeclass import compare
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.classify import classify
from mx_changeclass.readers import read
from mx_changeclass.readers.units.stored_unit import decode
from tests.builders.build import write_v1
from tests.builders.elements import entity
from tests.builders.models import Model
from tests.builders.specimen import specimen


def home(value: Any) -> list[dict[str, Any]]:
    """The specimen with a value of no declared type on its page."""
    return [{**d, "layoutParameters": value} if d.get("name") == "Home" else d for d in specimen()]


def test_two_lists_under_one_name() -> None:
    """``Items`` and ``items`` are one key of a row; each element is a row of its own."""
    content = bson.encode({"$Type": "Acme$Thing", "Items": [{"$Type": "Acme$Part"}], "items": [{"$Type": "Acme$Part"}]})
    rows = decode(content, "unit")
    assert [row.slot for row in rows] == ["", "items", "items"]
    assert len({row.id for row in rows}) == 3


def test_a_member_without_a_name(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("package.xml", b"<package/>")
        archive.writestr(zipfile.ZipInfo("x"), b"")
    content = bytearray(packed.getvalue())
    at = content.rindex(b"PK\x01\x02")  # its line in the directory: no letters in its name
    content[at + 28 : at + 30] = b"\0\0"
    del content[at + 46]
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (end - content.index(b"PK\x01\x02")).to_bytes(4, "little")
    (tmp_path / "app.mpk").write_bytes(content)
    with pytest.raises(ReadError):
        read(tmp_path / "app.mpk")


@pytest.mark.parametrize(
    ("old", "new"), [([1, "a"], ["a", 1]), ([1], [2]), ([True, 1.5, "x"], []), ([1, "a", True], [2, "b", False])]
)
def test_lists_of_several_types(old: list[Any], new: list[Any], tmp_path: Path) -> None:
    sides = [write_v1(home(value), tmp_path / f"{name}.mpr") for name, value in (("old", old), ("new", new))]
    verdict = compare(sides[0], sides[1])
    assert {row.name for row in verdict.rows} == {"Field.Home"}


@pytest.mark.parametrize("name", ["\ud800", "caf\udce9"])
def test_half_a_character_in_a_name(name: str) -> None:
    old = Model()
    old.module("Sales", entity("Order"))
    new = old.edit().document("Microflows$Microflow", f"Sales.{name}")
    verdict = classify(diff(old.snapshot(), new.snapshot()))
    assert any(name in row.name and len(row.fingerprint) == 12 for row in verdict.rows), verdict.rows
