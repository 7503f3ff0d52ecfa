"""Cut, corrupt and hostile input: every one ends in one clear line or in a snapshot that says what it lacks."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import struct
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat
from mx_changeclass.graphs.profiles import MOST_PROFILES
from mx_changeclass.model.snapshot import Element, Snapshot, Tree, Unit
from mx_changeclass.pipeline import check_readable
from mx_changeclass.readers import read
from mx_changeclass.readers.archive import Archive
from mx_changeclass.readers.limits import FOLDERS, MAX_DEPTH, MOST_FACTS, MOST_KEYS, STREAMED
from mx_changeclass.readers.native_app import facts_unit, native_unit, read_native
from mx_changeclass.readers.project_files import ProjectFolder
from mx_changeclass.readers.side_files.collect import side_units
from mx_changeclass.readers.side_files.contents import blob_id
from mx_changeclass.readers.units.stored_unit import BrokenUnit, decode, from_dump, header
from mx_changeclass.readers.xml import read_xml, write_xml
from tests.builders.build import content_of, uid, write_dump, write_v1, write_v2, write_zip
from tests.builders.models import Model
from tests.builders.side_files import package, template
from tests.builders.specimen import READERS, specimen

SECONDS = 20  # of computing: far more than any of these takes, far less than a bomb
MANIFEST = (
    b'<package xmlns="http://www.mendix.com/package/1.0/"><modelerProject'
    b' xmlns="http://www.mendix.com/modelerProject/1.0/"><projectFile path="%s"/></modelerProject></package>'
)
PACKAGE = MANIFEST % b"project.mpr"
STARTS = (b"", b"SQLite format 3\0", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08", b"{", b"[", b"<", b"\xff\xfe")
SMALL_FILES = sorted(path.name for path in READERS.iterdir() if path.is_file())


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < SECONDS


def outcome(path: Path) -> Snapshot | str:
    """What comes of a model that is read and expanded as far as it goes: the snapshot, or the line of the error."""
    try:
        model = read(path)
        for unit_id in model.units:
            model.rows(unit_id)
    except ReadError as error:
        line = str(error)
        assert line == line.strip()
        assert line.isprintable()
        return line
    tree = Tree.of(model, model.units)
    for row in tree.rows.values():
        assert isinstance(tree.qualified(row), str)
    assert model.live is not None
    return model


def problem(path: Path) -> str:
    found = outcome(path)
    assert isinstance(found, str), found.incomplete
    return found


def snapshot(path: Path) -> Snapshot:
    found = outcome(path)
    assert isinstance(found, Snapshot), found
    return found


def file_with(folder: Path, content: bytes) -> Path:
    path = folder / "model"
    path.write_bytes(content)
    return path


def v2_with(folder: Path, content: bytes) -> Path:
    """A project whose page is replaced by other bytes."""
    project = write_v2(specimen(), folder / "project")
    page = uid("project/Field/Screens/Home")
    (project / "mprcontents" / page[:2] / page[2:4] / f"{page}.mxunit").write_bytes(content)
    return project


def page() -> dict[str, Any]:
    return next(d for d in specimen() if d.get("name") == "Home")


# Cut and changed files


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_cut_file_is_an_error_or_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    content = (READERS / name).read_bytes()
    whole = snapshot(READERS / name)
    step = max(1, len(content) // 150)
    for cut in [*range(64), *range(64, len(content) - 1, step)]:
        found = outcome(file_with(tmp_path, content[:cut]))
        if isinstance(found, Snapshot):  # the last bytes of a JSON or XML file may be white space
            assert {i: found.rows(i) for i in found.units} == {i: whole.rows(i) for i in whole.units}


def test_a_unit_cut_anywhere_is_missing_and_told(tmp_path: Path) -> None:
    content = content_of(page())
    for cut in range(len(content)):
        with pytest.raises(BrokenUnit):
            decode(content[:cut], "x")
    for cut in range(0, len(content), 97):
        model = snapshot(v2_with(tmp_path, content[:cut]))
        assert "is damaged" in model.incomplete[0]
        assert model.units[page()["$ID"]].missing


def test_a_unit_with_a_byte_changed_anywhere_is_read_or_broken() -> None:
    content = bytearray(content_of(page()))
    for at in range(len(content)):
        for value in (0, 1, 0x7F, 0xFF):
            old, content[at] = content[at], value
            try:
                header(bytes(content))
                decode(bytes(content), "x")
            except BrokenUnit:
                pass
            content[at] = old


def test_a_damaged_unit_whose_hash_fits_is_an_error_when_it_is_asked_for(tmp_path: Path) -> None:
    content = content_of(page())
    broken = content[:400] + b"\xff" * 8 + content[408:]
    path = write_v1(specimen(), tmp_path / "App.mpr")
    with closing(sqlite3.connect(path)) as connection, connection:
        change = "update Unit set Contents = ?, ContentsHash = ? where UnitID = ?"
        stated = base64.b64encode(hashlib.sha256(broken).digest()).decode()
        connection.execute(change, (broken, stated, uuid.UUID(page()["$ID"]).bytes_le))
    assert "is damaged" in problem(path)


@pytest.mark.parametrize("name", SMALL_FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_never_end_in_a_traceback(name: str, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray((READERS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    outcome(file_with(tmp_path, bytes(content)))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
def test_random_bytes_are_no_model(start: bytes, rest: bytes, tmp_path: Path) -> None:
    problem(file_with(tmp_path, start + rest))


@settings(max_examples=300, deadline=None)
@given(rest=st.binary(max_size=200))
def test_random_bytes_as_a_unit_never_end_in_a_traceback(rest: bytes) -> None:
    content = struct.pack("<i", len(rest) + 4) + rest
    try:
        rows = decode(content, "x")
    except BrokenUnit:
        return
    assert rows[0].id == "x"


# BSON


def nested(depth: int, kind: bytes) -> bytes:
    """Documents (kind 3) or arrays (kind 4) in one another."""
    lengths = [5 + 8 * n for n in range(depth + 1)]
    opened = b"".join(struct.pack("<i", length) + kind + b"a\0" for length in reversed(lengths[1:]))
    return opened + struct.pack("<i", 5) + b"\0" * (depth + 1)


def unit_around(key: bytes, inner: bytes) -> bytes:
    content = bson.encode({"$ID": b"x" * 16, "$Type": "Forms$Page", "Name": "Home"})
    whole = content[4:-1] + key + inner + b"\0"
    return struct.pack("<i", len(whole) + 4) + whole


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3_000, 300_000])
def test_deep_bson_is_a_damaged_unit(depth: int, tmp_path: Path) -> None:
    model = snapshot(v2_with(tmp_path, unit_around(b"\3Deep\0", nested(depth, b"\3"))))
    assert model.units[page()["$ID"]].missing
    assert "is damaged" in model.incomplete[0]


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3_000, 300_000])
def test_arrays_in_arrays_are_one_value_or_damage(depth: int, tmp_path: Path) -> None:
    """How deep arrays are decoded differs between versions of Python; none may crash."""
    home = page()["$ID"]
    model = snapshot(v2_with(tmp_path, unit_around(b"\4Deep\0", nested(depth, b"\4"))))
    assert model.units[home].missing or "sha256:" in repr([row.props for row in model.rows(home)])
    assert model.incomplete or model.warnings


def test_elements_nested_in_lists_have_a_bound(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"$ID": b"1" * 16, "$Type": "X$X"}
    for _ in range(450):
        inner = {"$ID": b"1" * 16, "$Type": "X$X", "Items": [3, inner]}
    with pytest.raises(BrokenUnit, match="nested deeper"):
        decode(bson.encode(inner), "x")


def test_wrong_lengths_are_damaged_units() -> None:
    content = content_of(page())
    for length in (-1, 0, 4, len(content) - 1, len(content) + 1, 0x7FFFFFFF, -0x80000000):
        with pytest.raises(BrokenUnit):
            decode(struct.pack("<i", length) + content[4:], "x")
    at = content.index(b"LayoutCall" if b"LayoutCall" in content else b"FormCall")
    start = content.index(b"\0", at) + 1
    for length in (-5, 0, 3, 0x7FFFFFFF):
        with pytest.raises(BrokenUnit):
            decode(content[:start] + struct.pack("<i", length) + content[start + 4 :], "x")


def test_odd_values_are_kept_and_no_element_is_lost() -> None:
    document = {
        "$ID": b"short",
        "$Type": 7,
        "Name": 5,
        "Excluded": "yes",
        "Nan": float("nan"),
        "Big": 2**62,
        "Decimal": Decimal128("1.5"),
        "Regex": bson.Regex("a"),
        "Code": bson.Code("x"),
        "When": bson.Timestamp(1, 2),
        "Min": bson.MinKey(),
        "Reference": {"$ref": "a", "$id": 1},
        "Lists": [3, ["a", ["b"]], [b"\1" * 16]],
        "Mixed": [3, "word", {"$Type": "X$Y", "Name": "first"}, {"$ID": b"2" * 16, "Name": "second"}, None],
        "Point": {"x": 1, "y": 2},
        "Bare": {"Inner": "kept"},
        "": "empty",
        "Dotted.key": 1,
        "Same": [3, {"$ID": b"2" * 16, "$Type": "X$Z", "Name": "third"}],
        "Empty": [3],
        "None": None,
    }
    rows = decode(bson.encode(document), "the-id")
    root = rows[0]
    assert (root.id, root.type, root.name) == ("the-id", "7", "5")
    assert root.props["bare.inner"] == "kept"
    assert root.props["point"] == "1;2"
    assert root.props["nan"] == "NaN"
    assert root.props["big"] == 2**62
    assert root.props["mixed"][0] == "word"
    assert not {"empty", "none"} & set(root.props)
    assert [r.name for r in rows[1:]] == ["first", "second", "third"]
    assert len({r.id for r in rows}) == 4
    for row in rows:
        for value in row.props.values():
            assert isinstance(value, (str, int, float, bool, tuple))


DECLARED = [  # key and type that declares it, what is stored, what stands in the row
    ("Pages$Page", "Url", 5, {"url": "5"}),
    ("Pages$Page", "Url", True, {"url": "true"}),
    ("Pages$Page", "Url", [3, "a"], {"url": "a"}),
    ("Pages$Page", "Url", [3, "a", "b"], {"url (no String)": ("a", "b")}),
    ("Pages$Page", "PopupWidth", "600", {"popupWidth": 600}),
    ("Pages$Page", "PopupWidth", 600.0, {"popupWidth": 600}),
    ("Pages$Page", "PopupWidth", "wide", {"popupWidth (no Integer)": "wide"}),
    ("Pages$Page", "PopupWidth", "9" * 5000, {"popupWidth (no Integer)": "9" * 5000}),
    ("Pages$Page", "PopupWidth", float("nan"), {"popupWidth (no Integer)": "NaN"}),
    ("Pages$Page", "PopupWidth", float("-inf"), {"popupWidth (no Integer)": "-Infinity"}),
    ("Pages$Page", "PopupResizable", "False", {"popupResizable": False}),
    ("Pages$Page", "PopupResizable", "maybe", {"popupResizable (no Boolean)": "maybe"}),
    ("Pages$Page", "AllowedModuleRoles", "A.User", {"allowedRoles": ("A.User",)}),
    ("Pages$Page", "Own", [3, 1, "b"], {"own": (1, "b")}),
]


@pytest.mark.parametrize(("kind", "key", "stored", "kept"), DECLARED)
def test_a_value_of_another_type_is_as_declared_or_stands_under_a_key_of_its_own(
    kind: str, key: str, stored: object, kept: dict[str, object]
) -> None:
    names = {"AllowedModuleRoles": "allowedRoles"}
    whole = {"$Type": kind, key: stored}
    as_dumped = {
        "$Type": kind,
        names.get(key, key[:1].lower() + key[1:]): stored[1:] if isinstance(stored, list) else stored,
    }
    for (row,) in (decode(bson.encode(whole), "x"), from_dump(as_dumped, "x")):
        assert row.props == kept
        assert {k: type(v) for k, v in row.props.items()} == {k: type(v) for k, v in kept.items()}
        target = BytesIO()
        unit = Unit("x", row.type, "", None, "", "d", lambda row=row: (row,))  # type: ignore[misc]
        write_xml(Snapshot({"x": unit}), target)
        assert read_xml(target.getvalue(), "it").rows("x") == (row,)


def test_a_value_of_a_file_has_the_type_that_its_view_asks_for() -> None:
    text = (
        '<snapshot xmlns="urn:mx-changeclass:snapshot" format="1"><unit id="u" kind="File$NativeBinary"><element>'
        '<value name="template" integer="14"/><value name="unread" text="all"/></element></unit></snapshot>'
    )
    (row,) = read_xml(text.encode(), "it").rows("u")
    assert row.props == {"template": "14", "unread": ("all",)}


def test_nothing_in_lists_is_nothing_in_rows(tmp_path: Path) -> None:
    """16 MB of nulls in a small package would be four gigabytes of rows."""
    (row,) = decode(bson.encode({"$Type": "X$X", "Nulls": [None] * 5000}), "x")
    assert row.props == {}


@pytest.mark.parametrize("item", [True, {}])
def test_a_document_of_values_without_content_is_damaged(item: object) -> None:
    with pytest.raises(BrokenUnit, match="more values than its size makes believable"):
        decode(bson.encode({"$Type": "X$X", "Many": [item] * 100_000}), "x")


def test_lists_of_a_document_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mx_changeclass.readers.units.stored_unit.MOST_VALUES", 3)
    documents: tuple[dict[str, Any], ...] = ({"many": ["a"] * 4}, {"many": [{"more": [{}, {}]}, {}]})
    for document in documents:
        with pytest.raises(BrokenUnit, match="more values"):
            from_dump(document, "x")


def test_keys_of_an_element_have_a_bound() -> None:
    """What is said of one key looks at the others: 300,000 of them were hours."""
    assert (
        len(decode(bson.encode({"$Type": "X$X", **{f"k{i}": 1 for i in range(MOST_KEYS)}}), "x")[0].props) == MOST_KEYS
    )
    with pytest.raises(BrokenUnit, match="keys"):
        decode(bson.encode({"$Type": "X$X", **{f"k{i}": 1 for i in range(MOST_KEYS + 1)}}), "x")


def test_a_document_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bson.encode({"$ID": uuid.UUID(page()["$ID"]).bytes_le, "$Type": "Forms$Page", "Name": "x" * 60_000})
    assert not snapshot(v2_with(tmp_path / "under", content)).incomplete
    monkeypatch.setattr("mx_changeclass.readers.mpr.MOST_DOCUMENT", 50_000)
    (said,) = snapshot(v2_with(tmp_path / "over", content)).incomplete
    assert "is larger than" in said


def test_a_widget_definition_without_ids_is_read() -> None:
    bare = {"$Type": "CustomWidgets$CustomWidgetType", "WidgetId": "w", "ObjectType": {"PropertyTypes": [3, {}, "x"]}}
    rows = decode(bson.encode({"$Type": "X$X", "Widget": {"$Type": "CustomWidgets$CustomWidget", "Type": bare}}), "x")
    assert rows[0].props["widget.type.widgetId"] == "w"


# The Unit table


def edited(folder: Path, *statements: tuple[str, tuple[object, ...]]) -> Path:
    path = write_v1(specimen(), folder / "App.mpr")
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement, values in statements:
            connection.execute(statement, values)
    return path


def raw(name: str) -> bytes:
    return uuid.UUID(uid(name)).bytes_le


def test_a_loop_of_containers_ends_and_is_told(tmp_path: Path) -> None:
    move = "update Unit set ContainerID = ? where UnitID = ?"
    field, screens = raw("project/Field"), raw("project/Field/Screens")
    model = snapshot(edited(tmp_path, (move, (screens, field)), (move, (field, screens))))
    assert [n for n in model.incomplete if "lies in a loop of containers" in n]


def _folder_unit(document: dict[str, str]) -> Unit:
    root = Element(document["$ID"], document["$Type"], "", None, "", {}, 0)
    return Unit(document["$ID"], document["$Type"], "", document["$ContainerID"], "", "d", lambda: (root,))


@pytest.mark.parametrize("looped", [True, False])
def test_containers_nested_deeper_than_any_app_are_refused(looped: bool, tmp_path: Path) -> None:
    """Whoever goes up from each of 100,000 folders in one another goes 5,000,000,000 steps."""
    ids = [uid(f"deep/{n}") for n in range(FOLDERS + 1)]
    above = [ids[-1] if looped else uid("project"), *ids]
    folders = [
        {"$ID": i, "$Type": "Projects$Folder", "$ContainerID": c, "$ContainerProperty": "folders", "name": i}
        for i, c in zip(ids, above, strict=False)
    ]
    documents = [*specimen(), *folders]
    model = Snapshot({}, label="deep")
    for path in (write_v1(documents, tmp_path / "App.mpr"), write_dump(documents, tmp_path / "dump.json")):
        assert f"nests documents deeper than {FOLDERS} folders" in problem(path)
    units = {d["$ID"]: _folder_unit(d) for d in folders}
    target = BytesIO()
    write_xml(attrs.evolve(model, units=units), target)
    assert f"nests documents deeper than {FOLDERS} folders" in problem(file_with(tmp_path, target.getvalue()))


def test_a_unit_in_no_container_is_told(tmp_path: Path) -> None:
    model = snapshot(edited(tmp_path, ("delete from Unit where UnitID = ?", (raw("project/Field"),))))
    assert [n for n in model.incomplete if "lies in a container that is not there" in n]


@pytest.mark.parametrize("bad", [b"", b"short", b"x" * 17, "../../../../etc/passwd", 7, None])
def test_a_row_without_a_valid_id_is_told(bad: object, tmp_path: Path) -> None:
    statement = "update Unit set UnitID = ? where UnitID = ?"
    model = snapshot(edited(tmp_path, (statement, (bad, raw("project/Field/State")))))
    assert "a row of the Unit table has no valid id" in model.incomplete
    assert uid("project/Field/State") not in model.units


@pytest.mark.parametrize("content", [None, "text", 5, b"", b"\5\0\0\0\0"])
def test_a_row_without_content_is_missing(content: object, tmp_path: Path) -> None:
    statement = "update Unit set Contents = ? where UnitID = ?"
    model = snapshot(edited(tmp_path, (statement, (content, raw("project/Field/State")))))
    if content == b"\5\0\0\0\0":
        assert "states another id, none" in " ".join(model.warnings)
    else:
        assert model.units[uid("project/Field/State")].missing
        assert model.incomplete


def test_an_id_listed_twice_is_told(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("create table Copy as select * from Unit", ()),
        ("insert into Copy select * from Unit limit 1", ()),
        ("drop table Unit", ()),
        ("alter table Copy rename to Unit", ()),
    )
    assert [n for n in snapshot(path).incomplete if "is listed twice" in n]


def test_two_units_of_one_name_are_both_there(tmp_path: Path) -> None:
    twin = {**next(d for d in specimen() if d.get("name") == "State"), "$ID": uid("twin")}
    model = snapshot(write_v1([*specimen(), twin], tmp_path / "App.mpr"))
    assert len([u for u in model.units.values() if u.name == "State"]) == 2


@pytest.mark.parametrize("inside", [True, False])
def test_what_sqlite_keeps_beside_an_mpr_is_not_passed_over(inside: bool, tmp_path: Path) -> None:
    """Whoever opens the model with it sees another one (sqlite.org, fileformat2, "The Rollback Journal"; walformat)."""
    model = write_v1(specimen(), tmp_path / "App.mpr") if inside else write_v2(specimen(), tmp_path / "app") / "App.mpr"
    for end, hot in (("-journal", "d9d505f920a163d7"), ("-wal", "377f0682"), ("-wal", "377f0683")):
        beside = model.with_name(model.name + end)
        for harmless in (b"", b"\0" * 512):  # what is left of one that is over
            beside.write_bytes(harmless)
            assert not snapshot(model).incomplete
        beside.write_bytes(bytes.fromhex(hot) + b"\0" * 504)
        assert f"App.mpr{end} changes what it says. Close it in Studio Pro" in problem(model)
        beside.unlink()


def test_a_view_that_computes_without_end_is_no_table(tmp_path: Path) -> None:
    endless = (
        "create view Unit as with recursive n(x) as (select 1 union all select x + 1 from n)"
        " select zeroblob(16) UnitID, zeroblob(16) ContainerID, '' ContainmentName from n"
    )
    assert "without the tables" in problem(edited(tmp_path, ("drop table Unit", ()), (endless, ())))


def test_pages_linked_many_times_over_are_a_bomb(tmp_path: Path) -> None:
    """Five pages of 400 links to the next one list every row 400^5 times."""
    path = write_v1(specimen(), tmp_path / "App.mpr")
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("pragma page_size").fetchone()[0]
        pages = connection.execute("pragma page_count").fetchone()[0]
        root = connection.execute("select rootpage from sqlite_master where name = 'Unit'").fetchone()[0]
        connection.execute("pragma writable_schema = on")
        with connection:
            connection.execute("update sqlite_master set rootpage = ? where name = 'Unit'", (pages + 1,))
    content = bytearray(path.read_bytes())
    for n in range(1, 6):
        child = pages + n + 1 if n < 5 else root
        cells = b"".join(struct.pack(">IB", child, 1) for _ in range(400))
        start = size - len(cells)
        head = struct.pack(">BHHHBI", 5, 0, 400, start, 0, child)
        pointers = b"".join(struct.pack(">H", start + 5 * i) for i in range(400))
        content += (head + pointers).ljust(start, b"\0") + cells
    content[28:32] = struct.pack(">I", pages + 5)
    path.write_bytes(content)
    assert "lists more than the file can hold" in problem(path)


# Packages


def whole_package() -> dict[str, bytes]:
    return {"package.xml": PACKAGE, "project.mpr": (READERS / "v1.mpr").read_bytes()}


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    zeros = b"SQLite format 3\0" + b"\0" * (300 << 20)
    path = write_zip(tmp_path / "app.mpk", {"package.xml": PACKAGE, "project.mpr": zeros})
    assert path.stat().st_size < 1 << 20
    assert "unpacks to more than its size makes believable" in problem(path)


def test_members_that_share_their_bytes_are_one_budget(tmp_path: Path) -> None:
    side = {f"widgets/{i}.js": b"\0" * (30 << 20) for i in range(8)}
    path = write_zip(tmp_path / "app.mpk", {**whole_package(), **side})
    assert "unpacks to more than its size makes believable" in problem(path)


@pytest.mark.parametrize("name", ["../evil.mpr", "a/../../x", "/etc/passwd", "C:\\evil", "..\\evil", "\\\\server\\x"])
def test_a_path_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "app.mpk", {**whole_package(), name: b""})
    assert "holds a path that leads out of it" in problem(path)


@pytest.mark.parametrize("name", [b"../project.mpr", b"/etc/passwd", b"..\\..\\x.mpr", b"", b"package.xml"])
def test_a_manifest_finds_nothing_outside_the_package(name: bytes, tmp_path: Path) -> None:
    problem(write_zip(tmp_path / "app.mpk", {"package.xml": MANIFEST % name}))


def odd_member(folder: Path, **facts: Any) -> Path:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("package.xml", PACKAGE)
        archive.writestr("project.mpr", (READERS / "v1.mpr").read_bytes())
        member = zipfile.ZipInfo("odd")
        for key, value in facts.items():
            setattr(member, key, value)
        archive.writestr(member, b"odd", compress_type=facts.get("compress_type"))
    return file_with(folder, packed.getvalue())


def test_a_member_that_is_asked_for_again_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x" * 600_000)
        archive.writestr("b", b"x" * 600_000)
    monkeypatch.setattr("mx_changeclass.readers.archive.SMALL", 1_000_000)
    package = Archive(packed.getvalue(), "package")
    assert [len(package.read("a") or b"") for _ in range(5)] == [600_000] * 5
    with pytest.raises(BrokenContainer, match="believable"):
        package.read("b")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("header", "at", "said"),
    [
        (b"PK\3\4", 0, "Bad magic number"),
        (b"PK\3\4", 30, "differ"),  # its name
        (b"PK\1\2", 16, "Bad CRC-32"),
        (b"PK\1\2", 24, "Bad CRC-32"),  # its size, one less
    ],
)
def test_a_member_that_is_not_what_the_zip_states_is_damaged(
    compression: int, header: bytes, at: int, said: str
) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        archive.writestr("a", b"x" * 600)
    content = bytearray(packed.getvalue())
    assert Archive(bytes(content), "package").read("a") == b"x" * 600
    place = content.index(header) + at
    content[place : place + 2] = b"yy" if at != 24 else b"\x57\2"
    with pytest.raises(BrokenContainer, match=said):
        Archive(bytes(content), "package").read("a")


def test_a_link_in_a_package_is_refused(tmp_path: Path) -> None:
    assert "holds a symbolic link (odd)" in problem(odd_member(tmp_path, external_attr=0o120777 << 16))


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    assert "compressed in an unusual way" in problem(odd_member(tmp_path, compress_type=zipfile.ZIP_LZMA))


def test_an_encrypted_package_is_refused(tmp_path: Path) -> None:
    content = bytearray(odd_member(tmp_path).read_bytes())
    central = content.rindex(b"PK\1\2")
    content[central + 8] |= 1
    assert "holds an encrypted file (odd)" in problem(file_with(tmp_path, bytes(content)))


def test_a_doubled_member_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = odd_member(tmp_path, filename="project.mpr")
    assert "holds a file twice (project.mpr)" in problem(path)


def test_a_lie_about_the_size_is_damage(tmp_path: Path) -> None:
    content = bytearray((READERS / "app.mpk").read_bytes())
    central = content.index(b"PK\1\2", content.index(b"project.mpr"))
    central = content.index(b"PK\1\2", central + 1)
    content[central + 24 : central + 28] = struct.pack("<I", 1 << 31)
    outcome(file_with(tmp_path, bytes(content)))


# XML and JSON

LAUGHS = b'<!DOCTYPE a [<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12)
)
XML_ATTACKS = {
    "laughs": LAUGHS + b"]><a>&a11;</a>",
    "laughs in an attribute": LAUGHS + b']><a x="&a11;"/>',
    "one long entity": b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 100_000 + b'">]><a>' + b"&x;" * 100_000 + b"</a>",
    "file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "parameter": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
    "external subset": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "deep": b"<a>" * 100_000,
    "deep and closed": b"<a>" * 100_000 + b"</a>" * 100_000,
    "cut": b"<a><b",
    "attributes": b"<a " + b" ".join(b'a%d=""' % i for i in range(50_000)),
}


@pytest.mark.parametrize("attack", XML_ATTACKS.values(), ids=XML_ATTACKS.keys())
def test_hostile_xml_is_refused_as_snapshot_and_as_manifest(attack: bytes, tmp_path: Path) -> None:
    for content in (attack, gzip.compress(attack)):
        said = problem(file_with(tmp_path, content))
        assert "root:" not in said
    assert "root:" not in problem(write_zip(tmp_path / "app.mpk", {"package.xml": attack}))


def test_tags_of_a_snapshot_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = READERS.parent / "field-service" / "v1.snapshot.xml"
    monkeypatch.setattr("mx_changeclass.readers.xml._MOST_TAGS", file.read_bytes().count(b"<"))
    assert not snapshot(file).incomplete
    monkeypatch.setattr("mx_changeclass.readers.xml._MOST_TAGS", file.read_bytes().count(b"<") - 1)
    assert "tags" in problem(file)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"<a>") + b"".join(packer.compress(b" " * (1 << 20)) for _ in range(400)) + packer.flush()
    assert len(bomb) < 1 << 20
    problem(file_with(tmp_path, bomb))


@pytest.mark.parametrize(
    "content",
    [
        b'{"units": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"units": [' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]}",
        b'{"units": [{"$ID": "a", "name": "\\ud800"}]}',
        b'{"units": [{"$ID": "a", "n": ' + b"9" * 5000 + b"}]}",
        b'{"units": []}',
        b'{"units": [1, null, [], {}, {"$ID": 5}]}',
        b'{"units": {"a": 1}}',
        b'{"units"',
        b"\xff\xfe{",
        b'{"units": [' + b"[]," * 100_000 + b"[]]}",
        b'{"units": [' + b"{}," * 100_000 + b"{}]}",
    ],
    ids=["lists", "objects", "half", "long number", "none", "no units", "no list", "cut", "utf-16", "dense", "empty"],
)
def test_hostile_json_is_refused(content: bytes, tmp_path: Path) -> None:
    problem(file_with(tmp_path, content))


def test_a_dump_nested_beyond_measure_is_an_error_when_it_is_asked_for(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"$ID": "b"}
    for _ in range(MAX_DEPTH + 20):
        inner = {"$ID": "b", "items": [inner]}
    assert "nested deeper" in problem(file_with(tmp_path, json.dumps({"units": [{**inner, "$ID": "a"}]}).encode()))


def test_odd_units_of_a_dump_are_told(tmp_path: Path) -> None:
    odd: list[Any] = [{"$ID": uid("a"), "$ContainerID": uid("b")}, {"$ID": uid("b"), "$ContainerID": uid("a")}]
    path = write_dump([*specimen(), *odd], tmp_path / "dump.json")
    content = json.loads(path.read_bytes())
    content["units"] += [5, {"name": "x"}, content["units"][0], {"$ID": uid("c"), "n": float("nan"), "$Type": ["x"]}]
    path.write_text(json.dumps(content))
    told = " ".join(snapshot(path).incomplete)
    assert "an entry of the dump has no valid id" in told
    assert "is listed twice" in told
    assert "lies in a loop of containers" in told


# The file system


def test_a_pipe_is_no_model_and_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in problem(tmp_path / "pipe")
    project = write_v2(specimen(), tmp_path / "project")
    home = uid("project/Field/Screens/Home")
    file = project / "mprcontents" / home[:2] / home[2:4] / f"{home}.mxunit"
    file.unlink()
    os.mkfifo(file)
    assert snapshot(project).units[home].missing


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    (project / "themesource").symlink_to("/")
    assert "themesource is a symbolic link to a folder and was not followed" in snapshot(project).incomplete


def test_a_link_to_a_file_is_not_followed(tmp_path: Path) -> None:
    """What it leads to would be quoted in reports, and the whole of it be exported."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    project = write_v2(specimen(), tmp_path / "project")
    (project / "resources").mkdir()
    (project / "resources" / "notes.txt").symlink_to(secret)
    home = uid("project/Field/Screens/Home")
    unit = project / "mprcontents" / home[:2] / home[2:4] / f"{home}.mxunit"
    shutil.move(unit, tmp_path / "unit")
    unit.symlink_to(tmp_path / "unit")
    model = snapshot(project)
    assert "resources/notes.txt is a symbolic link and was not followed" in model.incomplete
    assert model.units["file:resources/notes.txt"].missing
    assert model.units[home].missing


@pytest.mark.parametrize("linked", ["mprcontents", f"mprcontents/{uid('project/Field/Screens/Home')[:2]}"])
def test_a_link_to_a_folder_of_documents_is_not_followed(linked: str, tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    shutil.move(project / linked, tmp_path / "outside")
    (project / linked).symlink_to(tmp_path / "outside")
    assert snapshot(project).units[uid("project/Field/Screens/Home")].missing


def test_nothing_is_listed_behind_a_link(tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.mxunit").touch()
    (project / "mprcontents" / "ab").symlink_to(tmp_path / "outside")
    assert not snapshot(project).warnings
    shutil.move(project / "mprcontents", tmp_path / "moved")
    (project / "mprcontents").symlink_to(tmp_path / "outside")
    assert "secret" not in str(snapshot(project).warnings)


def test_a_link_that_leads_nowhere_or_to_itself_is_told(tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project", side={"resources/notes.txt": b""})
    links = ("package.json", "resources/loop.txt", "mprcontents/loop")
    for link in links:
        (project / link).symlink_to(project / link)
    (project / "resources" / "lost.txt").symlink_to(tmp_path / "lost")
    told = [note for note in snapshot(project).incomplete if "symbolic link" in note]
    files = ("package.json", "resources/loop.txt", "resources/lost.txt")
    assert told == [f"{path} is a symbolic link and was not followed" for path in files]


def test_only_the_file_that_is_named_may_be_a_link(tmp_path: Path) -> None:
    named = tmp_path / "latest.mpr"
    named.symlink_to(READERS / "v1.mpr")
    assert snapshot(named).units
    assert "latest.mpr cannot be read. Check the path and its rights; links are not followed" in problem(tmp_path)


def test_a_native_app_that_is_no_file_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for app in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ReadError, match="is no regular file"):
            read_native(str(app))


def test_a_native_template_is_read_without_its_links(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("runtime of another")
    raw = tmp_path / "template" / "android" / "app" / "src" / "main" / "res" / "raw"
    raw.mkdir(parents=True)
    (raw / "runtime_url").symlink_to(tmp_path / "secret")
    (tmp_path / "template" / ".template_version").write_text("14.1.13")
    assert "runtime of another" not in str([row.props for row in read_native(str(tmp_path / "template")).load()])


def test_folders_in_one_another_have_a_bound(tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    (project / "theme").mkdir()
    (project / "theme" / "/".join("d" * 300)).mkdir(parents=True)
    told = [n for n in snapshot(project).incomplete if "nested deeper than 100" in n]
    assert len(told) == 1


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    (project / "theme").mkdir()
    listed = os.scandir

    def scandir(path: Any = ".") -> Any:
        if str(path).rstrip("/").endswith("theme"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert "theme/ cannot be listed (Permission denied)" in snapshot(project).incomplete


def test_a_large_file_beside_the_model_is_never_held_whole(tmp_path: Path) -> None:
    project = write_v2(specimen(), tmp_path / "project")
    content = b"x" * (STREAMED + 1)
    (project / "resources").mkdir()
    (project / "resources" / "film.mp4").write_bytes(content)
    asked: list[str] = []
    folder = ProjectFolder(project, "project")

    def fetch(path: str) -> bytes | None:
        asked.append(path)
        return folder.fetch(path)

    units, _ = side_units(folder.paths(), fetch, folder.identity)
    assert units["file:resources/film.mp4"].digest == blob_id(content)
    assert "resources/film.mp4" not in asked


def test_a_file_that_is_cut_while_it_is_read_is_known_by_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_v2(specimen(), tmp_path / "project", side={"resources/film.mp4": b"x" * 100})
    stated = os.fstat

    def fstat(file: int) -> os.stat_result:
        facts = list(stated(file))
        facts[stat.ST_SIZE] += 100
        return os.stat_result(facts)

    monkeypatch.setattr(os, "fstat", fstat)
    assert snapshot(project).units["file:resources/film.mp4"].digest == blob_id(b"x" * 100)


def test_more_files_than_an_app_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mx_changeclass.readers.project_files.ENTRIES", 1)
    project = write_v2(specimen(), tmp_path / "project")
    assert "holds more than 1 files" in problem(project)
    monkeypatch.undo()
    monkeypatch.setattr("mx_changeclass.readers.side_files.collect.SIDE_FILES", 1)
    for number, said in ((1, False), (2, True)):
        side = {f"resources/{i}": b"" for i in range(number)} | {"notes.md": b"", "deployment/x": b""}
        project = write_v2(specimen(), tmp_path / str(number), side=side)
        assert isinstance(outcome(project), str) is said
        assert not said or "holds more than 1 files beside the model" in problem(project)


@pytest.mark.parametrize("inside", [True, False])
def test_documents_have_bounds_in_number_and_in_sum(
    inside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_v1(specimen(), tmp_path / "App.mpr") if inside else write_v2(specimen(), tmp_path / "app")
    with monkeypatch.context() as patch:
        patch.setattr("mx_changeclass.readers.mpr.UNITS", 3)
        assert "lists more than 3 documents" in problem(model)
    monkeypatch.setattr("mx_changeclass.readers.mpr.MOST_BYTES", 1000)
    assert "of documents" in problem(model)


def test_a_file_beyond_measure_is_not_read(tmp_path: Path) -> None:
    shutil.copy(READERS / "v1.mpr", tmp_path / "App.mpr")
    os.truncate(tmp_path / "App.mpr", 3 << 30)
    assert "is larger than 2 GB" in problem(tmp_path / "App.mpr")


def test_a_file_beyond_measure_beside_the_model_is_told_as_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mx_changeclass.readers.project_files.STREAMED", 1000)
    monkeypatch.setattr("mx_changeclass.readers.project_files.MOST_BYTES", 1 << 20)
    for path in ("resources/film.mp4", "widgets/Map.mpk"):
        project = write_v2(specimen(), tmp_path / path, side={path: b"x" * (1 << 20) + b"y"})
        model = read(project)
        (row,) = model.rows(f"file:{path}")
        assert row.props["unread"] == "is larger than 2 GB"
        assert row.props["content"] == blob_id(b"x" * (1 << 20) + b"y")
    assert row.props["nativeDependencies"] == "unread"


def test_a_list_of_packages_has_a_bound(tmp_path: Path) -> None:
    for number, unread in ((MOST_FACTS, False), (MOST_FACTS + 1, True)):
        content = json.dumps({"dependencies": {f"p{i}": "1" for i in range(number)}}).encode()
        project = write_v2(specimen(), tmp_path / str(number), side={"package.json": content})
        (row,) = read(project).rows("file:package.json")
        assert ("unread" in row.props) is unread
        assert len(row.props) < 10 or not unread


@pytest.mark.parametrize("number", [MOST_FACTS, MOST_FACTS + 1])
def test_what_a_widget_package_names_has_a_bound(number: int, tmp_path: Path) -> None:
    """Packages with native code that lie in it, and native modules that its sidecars ask for: beyond the bound its list
    of native modules cannot be read, which is told and never empty."""
    half = number // 2
    lists = (range(half), range(half, number))
    asked = [json.dumps({"nativeDependencies": {f"p{i}": "1" for i in few}}).encode() for few in lists]
    for more in (
        {f"node_modules/p{i}/p.podspec": b"" for i in range(number)},
        {f"{i}.json": sidecar for i, sidecar in enumerate(asked)},
    ):
        project = write_v2(specimen(), tmp_path / f"{len(more)}", side={"widgets/Scanner.mpk": package(more=more)})
        (row,) = read(project).rows("file:widgets/Scanner.mpk")
        assert ("unread" in row.props, row.props.get("nativeDependencies")) == (
            (True, "unread") if number > MOST_FACTS else (False, None)
        )
        assert len(row.props) < 10 or number <= MOST_FACTS


@pytest.mark.parametrize("number", [MOST_FACTS - 10, MOST_FACTS + 1])
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config.json", lambda names: json.dumps({"permissions": [{"name": name} for name in names]})),
        ("capabilities.ios.json", lambda names: json.dumps(dict.fromkeys(names, True))),
        ("package.json", lambda names: json.dumps({"dependencies": dict.fromkeys(names, "1")})),
    ],
)
def test_what_a_file_of_a_native_app_names_has_a_bound(
    path: str, content: Callable[[list[str]], str], number: int
) -> None:
    files = template(**{path: content([f"p{i}" for i in range(number)]).encode()})
    row = native_row(files)
    beyond = number > MOST_FACTS
    assert any(path in text for text in row.props.get("unread", ())) is beyond
    assert (len(row.props) < 100) is beyond
    assert row.props["template"] == "14.1.13"  # what other files tell is told


def test_facts_of_a_native_app_have_a_bound() -> None:
    def facts(number: int) -> bytes:
        return json.dumps({"schema": 1, "facts": {f"font.{i}": "x" for i in range(number)}}).encode()

    assert len(facts_unit(facts(MOST_FACTS), "it").load()[0].props) == MOST_FACTS
    with pytest.raises(UnknownFormat, match="more than 10,000 facts"):
        facts_unit(facts(MOST_FACTS + 1), "it")


@pytest.mark.parametrize("path", ["config.json", "android/app/build.gradle", "ios/AppDelegate.swift", "ios/Podfile"])
def test_a_file_of_a_native_app_that_is_another_is_told_though_neither_can_be_read(path: str) -> None:
    """Two pointers of Git LFS lead to two contents: that nothing of either is known is no reason to see no change."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n"
    old, again, new = (native_row(template(**{path: pointer.format(n * 64).encode()})) for n in "112")
    assert old == again
    assert old.props["unread"] != new.props["unread"]
    assert all(path in text and "is a Git LFS pointer" in text for row in (old, new) for text in row.props["unread"])


def native_row(files: dict[str, bytes]) -> Element:
    (row,) = native_unit(sorted(files), files.get, "it").load()
    return row


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"<<<<<<< HEAD\n{}\n", b"version https://git-lfs.github.com/spec/v1\n"]
)
def test_an_npm_package_that_cannot_be_read_may_be_written_for_react_native(content: bytes, tmp_path: Path) -> None:
    path = "javascriptsource/field/actions/node_modules/@acme/camera/package.json"
    project = write_v2(specimen(), tmp_path / "project", side={path: content})
    (row,) = read(project).rows(f"file:{path}")
    assert (row.props["role"], row.props["forNative"], row.props["packageName"]) == ("module", True, "@acme/camera")
    assert row.props["unread"]


def test_navigation_profiles_have_a_bound() -> None:
    """Each is followed through the whole app."""
    model = Model()
    model.document("Projects$Project", "F.Project")
    model.page("F.Home")
    for i in range(MOST_PROFILES):
        model.native(home="F.Home", name=f"P{i}")
    check_readable(model.snapshot())
    model.native(home="F.Home", name="More")
    with pytest.raises(BrokenContainer, match="navigation profiles"):
        check_readable(model.snapshot())
