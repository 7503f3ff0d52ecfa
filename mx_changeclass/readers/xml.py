"""Our canonical snapshot of a model as XML: what a verdict needs, readable, the same bytes for the same model.

Shape (``data/snapshot.xsd``)::

    <snapshot xmlns="urn:mx-changeclass:snapshot" format="1" version="10.24.18">
      <unit id="…" kind="Enumerations$Enumeration" name="OrderStatus" container="…" slot="documents" digest="…">
        <element exportLevel="Hidden">
          <element kind="Enumerations$EnumerationValue" slot="values" id="…" name="Open" caption.en_US="Open"/>

A row is an ``element``; what stands in its lists is nested in it. Its first attributes say what it is, the
others are its values under their (dotted) keys, read with the type that the metamodel declares, and as text
where it declares none. A value that this would not bring back exactly is a ``value`` that states its type;
a list is a ``list``. The first row of a unit takes id, kind and name from the unit where it states none.
Text that XML cannot hold is base64; the attribute ``base64`` names the attributes that are so written. The last
element is a checksum of all before it: only where it fits are the digests believed that the file states.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import Any, BinaryIO, cast

from attrs import define, evolve, field, frozen
from lxml import etree

from mx_changeclass.data import raw
from mx_changeclass.errors import BrokenContainer, UnsupportedVersion
from mx_changeclass.model.metamodel import property_of
from mx_changeclass.model.shapes import MOST_SHAPES
from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.readers.limits import MAX_DEPTH, MOST_KEYS, UNITS
from mx_changeclass.readers.notes import Notes, check_places
from mx_changeclass.readers.safe_xml import again, stream, written
from mx_changeclass.readers.units.secrets import without_credentials
from mx_changeclass.readers.units.values import property_of_file, put, scalar
from mx_changeclass.regex import regex

NAMESPACE = "urn:mx-changeclass:snapshot"
FORMAT = "1"
FORM = "snapshot"

_TAG = f"{{{NAMESPACE}}}"
_ELEMENT = f"{_TAG}element"
_GZIP = b"\x1f\x8b"
_FACTS = frozenset({"id", "kind", "slot", "name", "inside", "base64", "xmlns"})  # attributes that are no value
_ATTRIBUTE = regex(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_NOT_XML = regex("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG = 4_000_000  # characters in one attribute; libxml2 refuses 10 MB
_DEEP = 100  # rows nested deeper stand at the unit and say what they are inside of; libxml2 refuses depth 256
_MOST = 1 << 29  # bytes of XML in one snapshot; those of large apps have some 50 MB
_RATIO = 200  # times a compressed snapshot may grow; real ones grow some 20 times
_SMALL = 1 << 24  # bytes that are harmless whatever the ratio
_DENSE, _FEW = 16, 1 << 16  # bytes that a tag has at least on average, where it is not one of a few; real: over 100
_MOST_TAGS = 2_000_000  # those of large apps have some 500,000; one takes some 500 bytes of memory
_CHUNK = 1 << 18
# In a unit as it is written: no other element has an id, and no value holds a quote or a bracket.
_ID = regex(' id="([^"]*)"')
_ROW = regex(rb"<(?:[^ <>]*:)?element[ />]")
_ESCAPES = (
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&quot;", b'"'),
    (b"&#9;", b"\t"),
    (b"&#10;", b"\n"),
    (b"&#13;", b"\r"),
    (b"&amp;", b"&"),
)
_TAIL = 256  # bytes at the end in which the checksum stands
_REMAKE = "Export it again from the model"

# How a scalar is written: the word for its type, its text, and the way back.
_WAY_BACK: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": int,
    "number": float,
    "flag": {"true": True, "false": False}.__getitem__,
}
_DECLARED = {"Integer": "integer", "Double": "number", "Boolean": "flag"}


def write_xml(snapshot: Snapshot, target: BinaryIO, *, compress: bool = False) -> None:
    """Write a snapshot unit by unit; with ``compress`` under gzip without name and time."""
    if compress:
        with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as packed:
            write_xml(snapshot, packed)  # type: ignore[arg-type]
        return
    head = _made(
        "snapshot",
        {
            "format": FORMAT,
            "version": str(snapshot.version or ""),
            "digest": snapshot.digest,
            "side_files": "true" if snapshot.side_files else "",
        },
        terse=True,
    )
    notes = [
        _made(tag, {"text": text})
        for tag, texts in (("incomplete", snapshot.incomplete), ("warning", snapshot.warnings))
        for text in texts
    ]
    hashed = _Hashed(target)
    with etree.xmlfile(hashed, encoding="utf-8") as out:
        out.write_declaration()
        with out.element("snapshot", head.attrib, nsmap={None: NAMESPACE}):  # units inherit the namespace
            for made in notes:
                out.write("\n ", made)
            for unit in sorted(snapshot.units.values(), key=partial(_place, snapshot)):
                out.write("\n ", _unit(unit, snapshot.rows(unit.id)))
            out.write("\n ")
            out.flush()
            out.write(_made("checksum", {"sha256": hashed.sum()}))
            out.write("\n")


def read_xml(content: bytes, label: str, beside: Snapshot | None = None) -> Snapshot:
    """Read a snapshot, plain or under gzip. Rows are built when they are asked for. ``beside`` is another version:
    what is the same in both is held once.

    Raises ``BrokenContainer`` where the content is cut, malformed or hostile, ``UnsupportedVersion``
    where it is a snapshot of a format that this release does not know.
    """
    hashed, unread, found = (
        _Hashed(),
        list[str](),
        _Found(label, {} if beside is None or beside.is_detached else beside.units),
    )
    root = stream(hashed.passing(_chunks(content, label, unread)), label, f"{_TAG}unit", found.take)
    if root.tag != f"{_TAG}snapshot":
        raise BrokenContainer(label, f"is XML, but no model snapshot (its root is {root.tag!r})", _REMAKE)
    head = _texts(root, label)
    if head.get("format") != FORMAT:
        raise UnsupportedVersion(label, f"is a snapshot of format {head.get('format')!r}, not {FORMAT!r}", _REMAKE)
    if not (found.sound and _schema().validate(root)):
        raise BrokenContainer(label, f"breaks the schema of snapshots ({_complaint(content, label)})", _REMAKE)
    stated = root.find(f"{_TAG}checksum")
    believed = stated is not None and stated.get("sha256") == hashed.sum()
    notes = _notes(root, "incomplete", label), _notes(root, "warning", label)
    if stated is not None and not believed:
        notes[1].append("was changed after it was exported: what it holds was compared, not the digests it states")
    if len(found.units) > UNITS:
        raise BrokenContainer(label, f"holds more than {UNITS} documents", _REMAKE)
    units: dict[str, Unit] = {}
    for each in found.units:
        if isinstance(each, BrokenContainer):
            raise each
        unit, stored = each
        if not unit.id or unit.id in units:
            raise BrokenContainer(label, f"has a unit without an id or twice ({unit.name or unit.id!r})", _REMAKE)
        told = unit.missing or (believed and unit.digest)
        units[unit.id] = unit if told else evolve(unit, digest=_digest(stored.element, label))
    check_places(units, Notes(), label)  # what it notes stands in the file
    return Snapshot(
        units=units,
        version=Version.of(head.get("version", "")),
        label=label,
        form=FORM,
        digest=(believed and head.get("digest")) or _fingerprint(units, head.get("version", "")),
        incomplete=(*notes[0], *unread),
        warnings=tuple(notes[1]),
        side_files=head.get("side_files") == "true",
    )


def _place(snapshot: Snapshot, unit: Unit) -> tuple[str | bool, ...]:
    """Where a unit stands in the file: documents of the project, then by module; files last. Neighbours
    of one kind pack well."""
    return unit.id.startswith("file:"), snapshot.module(unit.id), unit.type, unit.name, unit.id


def _unit(unit: Unit, rows: Rows) -> etree._Element:
    made = _made(
        "unit",
        {
            "id": unit.id,
            "kind": unit.type,
            "name": unit.name,
            "container": unit.container,
            "slot": unit.slot,
            "digest": unit.digest,
            "file": unit.file,
            "excluded": "true" if unit.excluded else "",
            "missing": "true" if unit.missing else "",
        },
        terse=True,
    )
    around: list[tuple[str, etree._Element]] = []
    stated = {"id": unit.id, "kind": unit.type, "name": unit.name}
    for row in rows:
        while around and around[-1][0] != row.parent:
            around.pop()
        if len(around) >= _DEEP:
            around.clear()
        outer_id, outer = around[-1] if around else (None, made)
        element = _element(row, stated, outer_id)
        outer.append(element)
        around.append((row.id, element))
        stated = {}
    etree.indent(made, " ", level=1)
    return made


def _element(row: Element, stated: Mapping[str, str], outer_id: str | None) -> etree._Element:
    facts = {"kind": row.type, "slot": row.slot, "id": row.id, "name": row.name}
    texts: dict[str, str | None] = {k: v for k, v in facts.items() if v != stated.get(k, "")}
    texts["inside"] = row.parent if row.parent != outer_id else None
    values: list[etree._Element] = []
    for key in sorted(row.props):
        value = row.props[key]
        if isinstance(value, tuple):
            listed = _made("list", {"name": key})
            listed.extend(_made("item", dict([_scalar(x)])) for x in value)
            values.append(listed)
            continue
        word, text = _scalar(value)
        if word == _word(*row.part(key)) and len(text) < _LONG and key not in _FACTS and _ATTRIBUTE.match(key):
            texts[key] = text
        else:
            stating = _made("value", {"name": key, word: text[:_LONG]})
            stating.extend(_made("item", {word: text[i : i + _LONG]}) for i in range(_LONG, len(text), _LONG))
            values.append(stating)
    made = _made("element", texts)
    made.extend(values)
    return made


def _made(tag: str, texts: Mapping[str, str | None], *, terse: bool = False) -> etree._Element:
    """An element with these attributes; None, and where it is terse "" too, stand for no attribute."""
    made = etree.Element(tag)
    coded = []
    for key, text in texts.items():
        if text is None or (terse and not text):
            continue
        if _NOT_XML.search(text):
            coded.append(key)
            made.set(key, base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())
        else:
            made.set(key, text)
    if coded:
        made.set("base64", " ".join(coded))
    return made


def _scalar(value: Any) -> tuple[str, str]:
    """The word for the type of a scalar, and its text."""
    if isinstance(value, bool):
        return "flag", "true" if value else "false"
    if isinstance(value, int):
        return "integer", str(int(value))
    return ("number", repr(value)) if isinstance(value, float) else ("text", str(value))


@lru_cache(maxsize=1 << 14)
def _word(type_name: str, key: str) -> str:
    """How the metamodel declares a value; text where it does not."""
    declared = property_of(type_name, key)
    return _DECLARED.get(declared.type, "text") if declared and declared.kind == "attribute" else "text"


def _chunks(content: bytes, label: str, unread: list[str]) -> Iterator[bytes]:
    """The XML in pieces; a compressed one is unpacked no further than a real one grows. What follows the end of a
    compressed one is noted."""
    most, grown, tags = _MOST, 0, 0
    pieces: Iterator[bytes] = (content[i : i + _CHUNK] for i in range(0, len(content), _CHUNK))
    if content.startswith(_GZIP):
        most = min(_MOST, max(_SMALL, len(content) * _RATIO))
        pieces = _unpacked(pieces, label, unread)
    for chunk in pieces:
        grown += len(chunk)
        tags += chunk.count(b"<")
        if grown > most:
            raise BrokenContainer(label, f"unpacks to more than {most} bytes", _REMAKE)
        if tags > _MOST_TAGS:
            raise BrokenContainer(label, f"has more than {_MOST_TAGS:,} tags", _REMAKE)
        if (tags - _FEW) * _DENSE > grown:
            raise BrokenContainer(label, f"has more tags than one in {_DENSE} bytes", _REMAKE)
        yield chunk


def _unpacked(pieces: Iterable[bytes], label: str, unread: list[str]) -> Iterator[bytes]:
    unpacker, after = zlib.decompressobj(wbits=31), 0
    try:
        for piece in pieces:
            if unpacker.eof:
                after += len(piece)
                continue
            packed = piece
            while packed and not unpacker.eof:
                yield unpacker.decompress(packed, _CHUNK)
                packed = unpacker.unconsumed_tail
            after += len(unpacker.unused_data)
        if not unpacker.eof:
            raise BrokenContainer(label, "is a cut gzip file", _REMAKE)
    except zlib.error as error:
        raise BrokenContainer(label, f"is a damaged gzip file ({error})", _REMAKE) from None
    if after:
        unread.append(f"{after} bytes after the end of the gzip file were not read")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(raw("snapshot.xsd")))


class _Hashed:
    """The checksum of a file as it is written, or as it is read: of all before the element that states it, and
    without carriage returns, which git may add to a text."""

    def __init__(self, target: BinaryIO | None = None) -> None:
        self._target, self._sum, self._held = target, hashlib.sha256(), b""

    def write(self, chunk: bytes) -> None:
        held = self._held + chunk
        self._held = held[-_TAIL:]
        self._sum.update(held[:-_TAIL].replace(b"\r", b""))
        if self._target is not None:
            self._target.write(chunk)

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.write(chunk)
            yield chunk

    def sum(self) -> str:
        whole = self._sum.copy()
        whole.update(self._held.rpartition(b"<checksum ")[0].replace(b"\r", b"") or self._held)
        return whole.hexdigest()


@frozen
class _Stored:
    """A unit as it was read: its bytes, of which it is made rows when they are asked for."""

    content: bytes
    label: str

    @property
    def element(self) -> etree._Element:
        return again(self.content)

    def __call__(self) -> Rows:
        return _rows(self.element, self.label)

    @property
    def is_plain(self) -> bool:
        """Whether each text stands in it as it is, but for its escapes, and in one piece."""
        return b"base64" not in self.content and b"value>" not in self.content

    @property
    def size(self) -> int:
        return len(self.content)

    def bytes(self) -> bytes:
        content = self.content
        for escape, text in _ESCAPES:
            content = content.replace(escape, text)
        return content

    def sifted(self, _: Callable[[str, str], bool | None]) -> Rows:
        return self()  # what is wrong with a row is told, whoever asks

    def numbered(self) -> None:
        """Not told without rows."""


@define
class _Found:
    """The units of a snapshot as they come. Nothing of their trees is kept but what the schema says of their order and
    their ids; what is wrong with one is told when all were seen. ``beside`` are units that were read before: what is
    the same is held once, and was looked at once."""

    label: str
    beside: Mapping[str, Unit]
    units: list[tuple[Unit, _Stored] | BrokenContainer] = field(factory=list)
    sound: bool = True  # by the schema

    def take(self, element: etree._Element) -> None:
        unit_id = element.get("id")
        if self.sound:
            known, content = self._known(unit_id), written(element)
            if known is not None and known.content == content:
                self.units.append(self._unit(_texts(element, self.label), known.content))
            elif _schema().validate(element):
                self.units.append(self._new(element, content))
            else:
                self.sound = False
        del element[:]
        element.attrib.clear()
        if unit_id is not None:
            element.set("id", unit_id)

    def _known(self, unit_id: str | None) -> _Stored | None:
        known = self.beside.get(unit_id or "")
        return known.load if known is not None and isinstance(known.load, _Stored) else None

    def _new(self, element: etree._Element, content: bytes) -> tuple[Unit, _Stored] | BrokenContainer:
        try:
            texts = _texts(element, self.label)
            ids = self._ids(element, content)
        except BrokenContainer as error:
            return error
        told, kind = repr(texts.get("id", "")), texts.get("kind")
        if len(set(ids)) < len(ids) or not all(ids[1:]) or "" in ids:
            return BrokenContainer(self.label, f"has a row without an id or twice (in {told})", _REMAKE)
        missing = texts.get("missing") == "true"
        if not (ids or missing) or (ids and element[0].get("kind", kind) != kind):
            return BrokenContainer(self.label, f"has a unit without its root row ({told})", _REMAKE)
        return self._unit(texts, content)

    def _ids(self, element: etree._Element, content: bytes) -> list[str | None]:
        """The ids of the rows in their order, None for those that state none. To look at each row takes longer than to
        parse it, and where all of them but perhaps the first state one, the text tells which."""
        _, *ids = _ID.findall(content.decode())
        first = [None] if len(element) and element[0].get("id") is None else []
        if b"base64" not in content and len(_ROW.findall(content)) == len(first) + len(ids):
            return first + ids
        rows = element.iter(_ELEMENT)
        return [_texts(e, self.label).get("id") if e.get("base64") else e.get("id") for e in rows]

    def _unit(self, texts: Mapping[str, str], content: bytes) -> tuple[Unit, _Stored]:
        stored = _Stored(content, self.label)
        made = Unit(
            id=texts.get("id", ""),
            type=texts.get("kind", ""),
            name=texts.get("name", ""),
            container=texts.get("container"),
            slot=texts.get("slot", ""),
            digest=texts.get("digest", ""),
            load=stored,
            excluded=texts.get("excluded") == "true",
            missing=texts.get("missing") == "true",
            file=texts.get("file", ""),
            stored=stored if stored.is_plain else None,
            stated=True,
        )
        return made, stored


def _complaint(content: bytes, label: str) -> str:
    """The first of what the schema has against a snapshot, with its line, which only the whole of it tells."""
    try:
        _schema().assertValid(stream(_chunks(content, label, []), label))
    except etree.DocumentInvalid as error:
        return str(error).replace(_TAG, "")
    return "in a part of it"


def _rows(unit: etree._Element, label: str) -> Rows:
    """The rows of a unit in the order in which they stand, which is the order they were written in."""
    rows: list[Element] = []
    depth: dict[str | None, int] = {None: 0}
    places: Counter[tuple[str | None, str]] = Counter()
    stated = _texts(unit, label)
    todo: list[tuple[etree._Element, str | None]] = [(e, None) for e in reversed(unit)]
    while todo:
        element, outer_id = todo.pop()
        texts = _texts(element, label)
        if not rows:
            texts = {k: stated[k] for k in ("id", "kind", "name") if k in stated} | texts
        row_id, kind, name = texts.pop("id", ""), texts.pop("kind", ""), texts.pop("name", "")
        slot, parent = texts.pop("slot", ""), texts.pop("inside", outer_id)
        stating: list[etree._Element] = []
        if len(element):
            for inner in reversed(element):
                if inner.tag == _ELEMENT:
                    todo.append((inner, row_id))
                else:
                    stating.append(inner)
        props = _props(kind, texts, dict(_stated(e, label) for e in reversed(stating)) if stating else {}, label)
        if parent not in depth:
            raise BrokenContainer(label, f"has a row inside of one that does not stand before it ({row_id})", _REMAKE)
        depth[row_id] = 1 + depth[parent]
        if depth[row_id] > MAX_DEPTH:
            raise BrokenContainer(label, f"has rows nested deeper than {MAX_DEPTH}", _REMAKE)
        if len(props) > MOST_KEYS and not kind.startswith("File$"):
            raise BrokenContainer(label, f"has a row with more than {MOST_KEYS:,} keys", _REMAKE)
        rows.append(Element(row_id, kind, name, parent, slot, props, places[parent, slot]))
        places[parent, slot] += 1
    return without_credentials(rows)  # whoever wrote it


def _props(kind: str, texts: Mapping[str, str], stating: Mapping[str, Any], label: str) -> dict[str, Any]:
    """The values of a row: those that stand in its attributes, and those that elements of their own state."""
    props: dict[str, Any] = {}
    for key, owner, last in _keys((*texts, *stating)):
        holder = str(props.get(owner, "")) if owner else kind
        text = texts.get(key)
        if text is None:
            put(props, key, stating[key], property_of(holder, last) or property_of_file(holder, last))
        else:
            word = _word(holder, last)
            props[key] = text if word == "text" else _back(word, text, label)
    return props


@lru_cache(maxsize=MOST_SHAPES)
def _keys(keys: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Keys, each with the key of the part that it belongs to and its own in that: a part comes before what it holds."""
    return tuple((key, *key.rpartition(".")[::2]) for key in sorted(set(keys)))


def _stated(element: etree._Element, label: str) -> tuple[str, Any]:
    """Key and value of a ``value`` or a ``list``."""
    texts = _texts(element, label)
    name = texts.pop("name", "")
    items = [_texts(e, label) for e in element]
    if element.tag == f"{_TAG}list":
        return name, tuple(_back(word, text, label) for item in items for word, text in item.items())
    word, text = next(iter(texts.items()), ("text", ""))
    return name, _back(word, text + "".join(t for item in items for t in item.values()), label)


def _back(word: str, text: str, label: str) -> Any:
    try:
        return scalar(_WAY_BACK[word](text), None)
    except (KeyError, ValueError):
        raise BrokenContainer(label, f"states a value that is no {word}: {text[:40]!r}", _REMAKE) from None


def _texts(element: etree._Element, label: str) -> dict[str, str]:
    """The attributes of an element as they were meant."""
    texts = cast("dict[str, str]", dict(element.items()))
    if "base64" not in texts:
        return texts
    try:
        for key in texts.pop("base64").split():
            texts[key] = base64.b64decode(texts[key], validate=True).decode("utf-8", "surrogatepass")
    except (KeyError, ValueError):
        raise BrokenContainer(label, "has a base64 attribute that holds none", _REMAKE) from None
    return texts


def _notes(root: etree._Element, tag: str, label: str) -> list[str]:
    return [_texts(e, label).get("text", "") for e in root.iterfind(f"{_TAG}{tag}")]


def _digest(unit: etree._Element, label: str) -> str:
    """A digest for a unit that states none, as one written by hand: of its rows, not of where it stands.
    The first row may take its kind and name from the unit."""
    taken = f"{unit.get('kind', '')} {unit.get('name', '')} ".encode()
    try:
        rows = b"".join(etree.tostring(e, method="c14n", with_tail=False) for e in unit)
    except etree.C14NError:
        raise BrokenContainer(label, "declares a namespace that is no absolute address", _REMAKE) from None
    return hashlib.sha256(taken + rows).hexdigest()


def _fingerprint(units: Mapping[str, Unit], version: str) -> str:
    from mx_changeclass.readers.mpr import model_digest  # loads bson; only snapshots by hand need it

    return model_digest(units.values(), version)
