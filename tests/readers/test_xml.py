from __future__ import annotations

import gzip
import io
import pickle
import time
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import BrokenContainer, MxError, UnsupportedVersion
from mx_changeclass.findings.classify import classify
from mx_changeclass.model.metamodel import property_of
from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.readers import read
from mx_changeclass.readers.limits import MAX_DEPTH
from mx_changeclass.readers.units.values import put
from mx_changeclass.readers.xml import NAMESPACE, read_xml, write_xml
from tests.corpus import real_pair

HEAD = f'<snapshot xmlns="{NAMESPACE}" format="1" version="10.24.18">'


def written(snapshot: Snapshot, *, compress: bool = False) -> bytes:
    target = io.BytesIO()
    write_xml(snapshot, target, compress=compress)
    return target.getvalue()


def unit(unit_id: str, rows: Rows, **facts: Any) -> Unit:
    stated: dict[str, Any] = {
        "type": "Pages$Page",
        "name": "Home",
        "container": None,
        "slot": "documents",
        "digest": "d" * 64,
        **facts,
    }
    return Unit(id=unit_id, load=lambda: rows, **stated)


def row(row_id: str, props: Mapping[str, Any], parent: str | None = None, **facts: Any) -> Element:
    stated: dict[str, Any] = {"type": "Pages$Page", "name": "", "slot": "", **facts}
    return Element(id=row_id, parent=parent, props=props, **stated)


def assert_equal(old: Snapshot, new: Snapshot) -> None:
    assert set(old.units) == set(new.units)
    for i, u in old.units.items():
        for fact in ("id", "type", "name", "container", "slot", "digest", "excluded", "missing", "file"):
            assert getattr(u, fact) == getattr(new.units[i], fact), fact
        assert old.rows(i) == new.rows(i)
        for a, b in zip(old.rows(i), new.rows(i), strict=True):
            assert {k: type(v) for k, v in a.props.items()} == {k: type(v) for k, v in b.props.items()}
    for fact in ("version", "digest", "incomplete", "warnings", "side_files"):
        assert getattr(old, fact) == getattr(new, fact), fact


ODD = ["", "5", "true", "&lt;<>\"'", "\x00", "\r\n\t ", "\ud800", "\ufffe"]
texts = st.text(st.characters(), max_size=12) | st.sampled_from(ODD)
scalars = texts | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
keys = texts | st.sampled_from(
    [
        "type",
        "type.length",
        "kind",
        "name",
        "id",
        "slot",
        "inside",
        "parent",
        "base64",
        "xmlns",
        "caption.en_US",
        "tabIndex",
        "excluded",
        "",
        "a b",
    ]
)
values = scalars | st.lists(scalars, max_size=3).map(tuple)
kinds = st.sampled_from(["Pages$Page", "DomainModels$Attribute", "Navigation$NavigationProfile", "Own$Thing", ""])
facts = st.fixed_dictionaries({"type": kinds, "name": texts, "slot": texts})


def as_declared(props: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Values as every reader gives them: a part comes before what it holds."""
    found: dict[str, Any] = {}
    for key in sorted(props):
        part, _, last = key.rpartition(".")
        put(found, key, props[key], property_of(str(found.get(part, "")) if part else kind, last))
    return found


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    units: dict[str, Unit] = {}
    for unit_id in draw(st.lists(texts.filter(bool), max_size=3, unique=True)):
        rows: list[Element] = []
        missing, of_unit = draw(st.booleans()), draw(facts)
        for n in range(draw(st.integers(0 if missing else 1, 6))):
            parent = draw(st.none() | st.sampled_from([r.id for r in rows])) if rows else None
            props, stated = draw(st.dictionaries(keys, values, max_size=4)), draw(facts)
            if not n:
                stated = {**stated, "type": of_unit["type"]}
            rows.append(row(f"{unit_id} {n}" if n else unit_id, as_declared(props, stated["type"]), parent, **stated))
        units[unit_id] = unit(
            unit_id,
            tuple(rows),
            **of_unit,
            container=draw(st.none() | texts.filter(bool)),
            digest=draw(texts.filter(bool)),
            excluded=draw(st.booleans()),
            missing=missing,
            file=draw(texts),
        )
    notes = st.lists(texts, max_size=2).map(tuple)
    version = draw(st.sampled_from([None, Version.of("10.24.18"), Version.of("11.10.0-rc.5")]))
    return Snapshot(
        units,
        version,
        digest=draw(texts.filter(bool)),
        incomplete=draw(notes),
        warnings=draw(notes),
        side_files=draw(st.booleans()),
    )


@settings(max_examples=200, deadline=None)
@given(snapshots(), st.booleans())
def test_what_is_written_is_read_again(snapshot: Snapshot, compress: bool) -> None:
    content = written(snapshot, compress=compress)
    again = read_xml(content, "it")
    assert_equal(snapshot, again)
    assert written(again, compress=compress) == content


@settings(max_examples=60, deadline=None)
@given(snapshots())
def test_what_is_written_is_what_the_schema_says(snapshot: Snapshot) -> None:
    schema = etree.XMLSchema(etree.fromstring((files("mx_changeclass.data") / "snapshot.xsd").read_bytes()))
    schema.assertValid(etree.fromstring(written(snapshot)))


def test_rows_nested_past_the_limits_of_the_parser_come_back() -> None:
    rows = tuple(row(f"r{n}", {"tabIndex": n}, f"r{n - 1}" if n else None, slot="widgets") for n in range(MAX_DEPTH))
    snapshot = Snapshot({"r0": unit("r0", rows)}, digest="x")
    assert_equal(snapshot, read_xml(written(snapshot), "it"))


def test_rows_nested_deeper_than_any_unit_are_refused() -> None:
    rows = tuple(row(f"r{n}", {}, f"r{n - 1}" if n else None) for n in range(MAX_DEPTH + 1))
    snapshot = read_xml(written(Snapshot({"r0": unit("r0", rows)}, digest="x")), "it")
    with pytest.raises(BrokenContainer, match="nested deeper than 400"):
        snapshot.rows("r0")


@pytest.mark.parametrize("inside", ["b", "a", "elsewhere"])
def test_a_row_stands_behind_what_it_is_inside_of(inside: str) -> None:
    text = f'{HEAD}<unit id="u"><element/><element id="a" inside="{inside}"/><element id="b"/></unit></snapshot>'
    with pytest.raises(BrokenContainer, match="does not stand before it"):
        read_xml(text.encode(), "it").rows("u")


def test_a_text_past_the_limits_of_the_parser_comes_back() -> None:
    snapshot = Snapshot({"r": unit("r", (row("r", {"documentation": "é" * 11_000_000}),))}, digest="x")
    assert_equal(snapshot, read_xml(written(snapshot), "it"))


def test_rows_are_built_only_when_asked_for() -> None:
    broken = f'{HEAD}<unit id="u" kind="Pages$Page" digest="d"><element popupWidth="wide"/></unit></snapshot>'
    snapshot = read_xml(broken.encode(), "it")
    with pytest.raises(BrokenContainer, match="no integer"):
        snapshot.rows("u")


def test_values_read_with_the_type_the_metamodel_declares() -> None:
    text = (
        f'{HEAD}<unit id="u" kind="DomainModels$DomainModel"><element>'
        '<element kind="DomainModels$Attribute" id="a" name="Title" slot="attributes"'
        ' type="DomainModels$StringAttributeType" type.length="200" value.defaultValue="5"/>'
        "</element></unit></snapshot>"
    )
    _, title = read_xml(text.encode(), "it").rows("u")
    assert title.props == {"type": "DomainModels$StringAttributeType", "type.length": 200, "value.defaultValue": "5"}
    assert title.parent == "u"


def test_a_unit_without_digest_gets_one_of_its_rows_alone() -> None:
    def digest(container: str, name: str, url: str) -> str:
        text = f'{HEAD}<unit id="u" container="{container}" name="{name}"><element url="{url}"/></unit></snapshot>'
        return read_xml(text.encode(), "it").units["u"].digest

    assert digest("a", "n", "x") == digest("b", "n", "x")
    assert len({digest("a", "n", "x"), digest("a", "n", "y"), digest("a", "m", "x")}) == 3


def edited(snapshot: Snapshot, old: str, new: str) -> Snapshot:
    content = written(snapshot).decode()
    assert content.count(old) == 1
    return read_xml(content.replace(old, new).encode(), "it")


def test_a_file_that_was_changed_does_not_say_itself_what_is_the_same() -> None:
    """Both state one digest for what is called otherwise in one of them."""
    snapshot = Snapshot({"u": unit("u", (row("u", {}, name="Meal"),))}, digest="x")
    same = read_xml(written(snapshot), "it")
    renamed = edited(snapshot, '<element name="Meal"', '<element name="Dish"')
    assert same.units["u"].digest == "d" * 64
    assert renamed.units["u"].digest not in ("", "d" * 64)
    assert renamed.digest != "x"
    assert "was changed after it was exported" in renamed.warnings[0]


def test_line_ends_that_git_writes_are_no_change() -> None:
    snapshot = Snapshot({"u": unit("u", (row("u", {"documentation": "a\r\nb"}),))}, digest="x")
    assert_equal(snapshot, read_xml(written(snapshot).replace(b"\n", b"\r\n"), "it"))


def test_what_follows_the_end_of_a_compressed_file_is_told() -> None:
    snapshot = Snapshot({"u": unit("u", (row("u", {}),))}, digest="x")
    again = read_xml(written(snapshot, compress=True) + b"more", "it")
    assert again.incomplete == ("4 bytes after the end of the gzip file were not read",)


def test_a_snapshot_holds_the_bytes_of_its_units_and_no_tree() -> None:
    rows = (row("r", {"title.en_US": "Home"}), row("s", {"roles": ("a", "b")}, "r", slot="widgets"))
    snapshot = read_xml(written(Snapshot({"r": unit("r", rows)}, digest="x")), "it")
    assert_equal(snapshot, pickle.loads(pickle.dumps(snapshot)))  # what libxml2 made cannot be pickled


def two(second: Rows) -> tuple[Snapshot, Snapshot]:
    """Two snapshots whose unit ``same`` is the same, and whose unit ``other`` has other rows."""
    same = unit("same", (row("same", {"popupWidth": 5}),))
    sides = [Snapshot({"same": same, "other": unit("other", r)}, digest="x") for r in ((row("other", {}),), second)]
    old = read_xml(written(sides[0]), "old")
    return old, read_xml(written(sides[1]), "new", old)


def test_what_is_the_same_in_two_snapshots_is_held_once() -> None:
    def content(snapshot: Snapshot, unit_id: str) -> object:
        return getattr(snapshot.units[unit_id].load, "content")  # noqa: B009 - of a reader's own kind

    old, new = two((row("other", {"url": "x"}),))
    assert content(old, "same") is content(new, "same")
    assert content(old, "other") is not content(new, "other")
    assert [r.props for r in new.rows("other")] == [{"url": "x"}]


def test_what_is_wrong_with_a_unit_that_both_hold_is_told_of_the_one_that_was_asked() -> None:
    text = f'{HEAD}<unit id="u" kind="Pages$Page" digest="d"><element popupWidth="wide"/></unit></snapshot>'.encode()
    new = read_xml(text, "new", read_xml(text, "old"))
    with pytest.raises(BrokenContainer, match=r"^new: .*no integer"):
        new.rows("u")


@pytest.mark.parametrize(
    ("inside", "plain"),
    [
        ('<element a="x&lt;y&gt; &amp;lt; &quot;z&quot;&#10;"/>', True),
        ('<element a="eDx5" base64="a"/>', False),
        ('<element><value name="a" text="x&lt;"><item text="y"/></value></element>', False),
    ],
)
def test_a_text_is_looked_for_where_it_stands_as_it_is(inside: str, plain: bool) -> None:
    read_unit = read_xml(f'{HEAD}<unit id="u">{inside}</unit></snapshot>'.encode(), "it").units["u"]
    assert read_unit.may_hold(lambda text: b"x<y" in text)
    assert read_unit.may_hold(lambda text: b'&lt; "z"\n' in text)
    assert read_unit.may_hold(lambda text: b"nowhere" in text) != plain


EXTERNAL = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + HEAD
LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no sound XML"),
        (b"not xml", "no sound XML"),
        (b"<other/>", "no model snapshot"),
        (f'<snapshot xmlns="{NAMESPACE}" format="2"/>'.encode(), "format '2'"),
        (f'{HEAD}<unit id="u"/><unit id="u"/></snapshot>'.encode(), "Duplicate"),
        (
            f'{HEAD}<unit id="u"><element/></unit><unit id="dQ==" base64="id"><element/></unit></snapshot>'.encode(),
            "twice",
        ),
        (f'{HEAD}<unit id="u"/></snapshot>'.encode(), "without its root row"),
        (f'{HEAD}<unit id="u" kind="A"><element kind="B"/></unit></snapshot>'.encode(), "without its root row"),
        (f'{HEAD}<unit id="u"><element/><element id=""/></unit></snapshot>'.encode(), "row without an id"),
        (f'{HEAD}<unit id="u"><element/><element/></unit></snapshot>'.encode(), "row without an id"),
        (f'{HEAD}<unit id="u"><element id="a"/><element id="a"/></unit></snapshot>'.encode(), "row .* twice"),
        (f'{HEAD}<unit id="u"><elment id="a"/></unit></snapshot>'.encode(), "'elment'.* not expected"),
        (f'{HEAD}<unit id="u" mising="true"/></snapshot>'.encode(), "'mising' is not allowed"),
        (f'{HEAD}<unit id="u" missing="1"/></snapshot>'.encode(), "'missing'"),
        (f"{HEAD}{'<unit/>' * 300_000}</snapshot>".encode(), "more tags than one in"),
        (f"{HEAD}<unit/></snapshot>".encode(), "'id' is required"),
        (f'{HEAD}<unit id=""><element/></unit></snapshot>'.encode(), "unit without an id"),
        (f'{HEAD}<unit id="%%" base64="id"/></snapshot>'.encode(), "base64"),
        (f'{HEAD}<unit id="u"><element xmlns:y="here"/></unit></snapshot>'.encode(), "absolute address"),
        (
            f'{HEAD}<unit id="u"><element/></unit><unit id="u" bad=""><element/></unit></snapshot>'.encode(),
            "'bad'.*line 1",
        ),
        (f'{HEAD}<unit id="u"><unit id="v"><element/></unit></unit></snapshot>'.encode(), "'unit'.* not expected"),
        (f'{HEAD}<incomplete text=""><unit id="v"><element/></unit></incomplete></snapshot>'.encode(), "'incomplete'"),
        (f'{EXTERNAL}<incomplete text="&x;"/></snapshot>'.encode(), "XML|DTD"),
        (f'{EXTERNAL}<unit id="u">&x;</unit></snapshot>'.encode(), "DTD"),
        (f"<!DOCTYPE s [<!ENTITY l0 'lol'>{LAUGHS}]>{HEAD}<unit id='&l9;'/></snapshot>".encode(), "XML|DTD"),
        ((HEAD + "<unit>" * 5000).encode(), "depth"),
        (gzip.compress(b" " * (200 << 20), mtime=0), "unpacks to more"),
        (gzip.compress(HEAD.encode(), mtime=0)[:-9], "cut|damaged"),
        (gzip.compress(HEAD.encode(), mtime=0)[:12] + b"\xff" * 40, "cut|damaged"),
    ],
)
def test_hostile_content_is_refused_in_one_line(content: bytes, said: str) -> None:
    began = time.monotonic()
    with pytest.raises((BrokenContainer, UnsupportedVersion), match=said) as caught:
        read_xml(content, "release.xml")
    assert str(caught.value).startswith("release.xml: ")
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_cut_or_spoilt_file_is_an_error_of_ours(data: st.DataObject) -> None:
    rows = (row("r", {"tabIndex": 3, "title.en_US": "Home"}), row("s", {"roles": ("a", "b")}, "r", slot="widgets"))
    content = bytearray(written(Snapshot({"r": unit("r", rows)}, digest="x"), compress=data.draw(st.booleans())))
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    try:
        snapshot = read_xml(bytes(content), "it")
        for i in snapshot.units:
            snapshot.rows(i)
    except MxError:
        pass


def test_two_exports_of_a_real_app_are_small_and_get_the_verdict_of_the_two_projects() -> None:
    folders = real_pair("Native-Mobile-Resources-003")
    projects = [read(folder) for folder in folders]
    contents = [written(project, compress=True) for project in projects]
    exports = [read_xml(content, project.label) for content, project in zip(contents, projects, strict=True)]
    for project, export in zip(projects, exports, strict=True):
        assert_equal(project, export)
    of_projects, of_exports = classify(diff(*projects)), classify(diff(*exports))
    assert of_projects.findings == of_exports.findings
    assert of_projects.rows == of_exports.rows
    assert of_projects.accountability == of_exports.accountability
    whole = sum(path.stat().st_size for path in folders[1].rglob("*") if path.is_file())
    assert len(contents[1]) < whole / 15
