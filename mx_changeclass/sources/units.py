"""One stored unit (BSON, or an object of a dump) to rows under SDK names.

Facts: how models are stored, sections 2 (BSON encoding), 4.3 (storage names), 10 (dump). Both forms
give the same rows. Content that breaks those rules is kept as far as it can be: an element without a
valid id is known by its place, an unknown value by its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from mx_changeclass.model.metamodel import Property
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.sources.definitions import DEFINITION, definition
from mx_changeclass.sources.naming import Names, names_of
from mx_changeclass.sources.secrets import sealed
from mx_changeclass.sources.values import guid, scalar

MAX_DEPTH = 400  # real units nest below 60; more is an attack on the reader
MAX_KEY = 4000  # characters of a dotted key; real ones stay below 200
_POINTS = (("x", "y"), ("width", "height"))  # a dump writes these as objects, a stored unit as "1;2"
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

Document = Mapping[str, Any]


class BrokenUnit(ValueError):  # noqa: N818 - what is broken is the unit
    """The bytes of a unit are no valid document."""


class Header(NamedTuple):
    """What a unit says of itself; ``id`` is "" where it states none that is valid."""

    id: str
    type: str
    name: str
    excluded: bool


def header(content: bytes) -> Header:
    """The header of a stored unit, without decoding what it holds."""
    try:
        return _header(RawBSONDocument(content, _RAW), stored=True)
    except Exception as error:  # bson raises a dozen kinds on hostile bytes, struct.error and IndexError among them
        raise BrokenUnit(str(error) or type(error).__name__) from error


def dump_header(document: Document) -> Header:
    """The header of one unit of a dump."""
    return _header(document, stored=False)


def decode(content: bytes, unit_id: str) -> Rows:
    """The rows of a unit's BSON, root first; the root has the id of the unit. Raises ``BrokenUnit``."""
    try:
        return tuple(_rows(bson.decode(content), unit_id, stored=True))
    except Exception as error:  # as above
        raise BrokenUnit(str(error) or type(error).__name__) from error


def from_dump(document: Document, unit_id: str) -> Rows:
    """The rows of one unit of a dump, which uses SDK names and plain lists. Raises ``BrokenUnit``."""
    try:
        return tuple(_rows(document, unit_id, stored=False))
    except RecursionError as error:
        raise BrokenUnit("nested too deep") from error


def _header(document: Document, *, stored: bool) -> Header:
    names = names_of(document.get("$Type"), stored=stored)
    name, excluded = ("Name", "Excluded") if stored else ("name", "excluded")
    return Header(
        guid(document.get("$ID")), names.type, str(document.get(name) or ""), document.get(excluded) is True
    )


class _Place(NamedTuple):
    """An element that waits for its turn: where it stands, and what it needs to know of its surroundings."""

    document: Document
    parent: str | None
    slot: str
    at: int
    depth: int
    secret: bool = False
    labels: Mapping[str, str] = {}  # ids in the definition of the widget around it -> property key


def _rows(root: Document, unit_id: str, *, stored: bool) -> Iterator[Element]:
    """Walk a document in the order of slots: single parts fold into their row, list items become rows."""
    taken: set[str] = set()
    todo = [_Place(root, None, "", 0, 0)]
    while todo:
        place = todo.pop()
        row_id = guid(place.document.get("$ID")) if place.parent is not None else unit_id
        if not row_id or row_id in taken:
            row_id = f"{place.parent}/{place.slot}/{place.at}"
        taken.add(row_id)
        fold = _Fold(place, stored=stored)
        for slot, items, depth, secret in sorted(fold.lists, key=lambda x: x[0], reverse=True):
            todo += [
                _Place(items[i], row_id, slot, i, depth, secret, fold.labels) for i in range(len(items) - 1, -1, -1)
            ]
        yield Element(row_id, fold.type, fold.name, place.parent, place.slot, fold.props, place.at)


class _Part(NamedTuple):
    """A single part of a row; ``prefix`` is its dotted key with the last dot."""

    document: Document
    prefix: str
    names: Names
    depth: int
    secret: bool


class _Fold:
    """One row made of an element and of the single parts in it."""

    def __init__(self, place: _Place, *, stored: bool) -> None:
        self.stored, self.labels = stored, place.labels
        self.props: dict[str, Any] = {}
        self.lists: list[tuple[str, list[Document], int, bool]] = []
        names = names_of(place.document.get("$Type"), stored=stored)
        self.type = names.type
        self._parts = [_Part(place.document, "", names, place.depth, place.secret)]
        while self._parts:
            self._part(self._parts.pop())
        self.name = str(self.props.pop("name", ""))
        if self.labels:
            self.name = self._resolve_pointers() or self.name

    def _part(self, part: _Part) -> None:
        document, prefix, names, depth, sealing = part
        props = self.props
        if depth > MAX_DEPTH or len(prefix) > MAX_KEY:
            raise BrokenUnit(f"nested deeper than {MAX_DEPTH} levels")
        for key, value in document.items():
            if value is None or key[:1] == "$":
                continue
            name, declared, secret, plain = names[key]
            if plain and not sealing and isinstance(value, (str, bool)):
                props[prefix + name] = value
            elif isinstance(value, dict):
                self._single(part, prefix + name, value, secret=secret or sealing)
            elif isinstance(value, list):
                self._list(part, prefix + name, declared, value, secret=secret or sealing)
            else:
                self._put(prefix + name, scalar(value, declared), declared, secret=secret or sealing)

    def _put(self, label: str, value: Any, declared: Property | None, *, secret: bool) -> None:
        self.props[label] = sealed(value) if secret and (declared is None or declared.kind == "attribute") else value

    def _single(self, part: _Part, label: str, value: dict[str, Any], *, secret: bool) -> None:
        names = names_of(value.get("$Type"), stored=self.stored)
        if names.type:
            self.props[label] = names.type
        else:
            for point in _POINTS:
                if value.keys() == set(point):
                    self.props[label] = ";".join(str(value[k]) for k in point)
                    return
        if names.type == DEFINITION:
            facts, self.labels = definition(value, stored=self.stored)
            self.props.update({f"{label}.{k}": v for k, v in facts.items()})
        else:
            self._parts.append(_Part(value, label + ".", names, part.depth + 1, secret))

    def _list(self, part: _Part, label: str, declared: Property | None, value: list[Any], *, secret: bool) -> None:
        items = value[1:] if self.stored and value and isinstance(value[0], int) else value
        if not items:
            return
        elements: list[Document] = [x for x in items if isinstance(x, dict)]
        if len(elements) < len(items):
            plain = tuple(scalar(x, declared) for x in items if not isinstance(x, dict))
            self._put(label, plain, declared, secret=secret)
        if not elements:
            return
        if elements[0].get("$Type") == "Texts$Translation":
            self._translations(part.prefix[:-1] or label, elements, secret=secret)
        else:
            self.lists.append((label, elements, part.depth + 1, secret))

    def _translations(self, label: str, items: list[Document], *, secret: bool) -> None:
        code, text = ("LanguageCode", "Text") if self.stored else ("languageCode", "text")
        for item in items:
            self._put(f"{label}.{item.get(code) or ''}", str(item.get(text) or ""), None, secret=secret)

    def _resolve_pointers(self) -> str:
        """Drop the pointers into the definition of the widget; the property key that one of them stands for."""
        found = ""
        for key in [k for k, v in self.props.items() if k.endswith("type") and v in self.labels]:
            if key.rpartition(".")[2] == "type":
                label = self.labels[self.props.pop(key)]
                found = found or label
        return found
