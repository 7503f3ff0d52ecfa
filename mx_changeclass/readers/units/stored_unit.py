"""One stored unit (BSON, or an object of a dump) to rows under SDK names.

Source: docs/storage.md, "Values", "Names of storage" and "Dump". Both forms
give the same rows. Content that breaks those rules is kept as far as it can be: an element without a
valid id is known by its place, an unknown value by its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from mx_changeclass.model.metamodel import Property
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.readers.limits import DENSE_VALUES, FEW_VALUES, MAX_DEPTH, MAX_KEY, MOST_KEYS, MOST_VALUES
from mx_changeclass.readers.units.key_names import DUMPED, STORED, KeyName, KeyNames, TypeKeys
from mx_changeclass.readers.units.secrets import may_hold_credentials, sealed, without_credentials
from mx_changeclass.readers.units.stepping import plain_keys
from mx_changeclass.readers.units.values import guid, put, scalar
from mx_changeclass.readers.units.widget_definitions import DEFINITION, Labels, definition

_POINTS = (("x", "y"), ("width", "height"))  # a dump writes these as objects, a stored unit as "1;2"
_IDS = (bytes, str)  # how an id is written
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

StoredDocument = Mapping[str, Any]


class BrokenUnit(ValueError):
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
        return _header(plain_keys(content) or RawBSONDocument(content, _RAW), STORED)
    except Exception as error:  # bson raises a dozen kinds on hostile bytes, struct.error and IndexError among them
        raise BrokenUnit(str(error) or type(error).__name__) from error


def dump_header(document: StoredDocument) -> Header:
    """The header of one unit of a dump."""
    return _header(document, DUMPED)


def decode(content: bytes, unit_id: str) -> Rows:
    """The rows of a unit's BSON, root first; the root has the id of the unit. Raises ``BrokenUnit``."""
    try:
        rows = tuple(_rows(bson.decode(content), unit_id, STORED, FEW_VALUES + len(content) // DENSE_VALUES))
    except Exception as error:  # as above
        raise BrokenUnit(str(error) or type(error).__name__) from error
    return without_credentials(rows) if may_hold_credentials(content) else rows


def from_dump(document: StoredDocument, unit_id: str) -> Rows:
    """The rows of one unit of a dump, which uses SDK names and plain lists. Raises ``BrokenUnit``."""
    try:
        return without_credentials(_rows(document, unit_id, DUMPED, MOST_VALUES))
    except RecursionError as error:
        raise BrokenUnit("nested too deep") from error


def _header(document: StoredDocument, types: TypeKeys) -> Header:
    name, excluded = ("Name", "Excluded") if types.stored else ("name", "excluded")
    stated = str(document.get(name) or "")
    return Header(guid(document.get("$ID")), types.of(document).type, stated, document.get(excluded) is True)


# An element that waits for its turn: the id of its parent row, its slot and place there, its depth, whether it
# stands in a secret, and the ids in the definition of the widget around it.
_Place = tuple[StoredDocument, str | None, str, int, int, bool, Labels]


def _rows(root: StoredDocument, unit_id: str, types: TypeKeys, most: int) -> Iterator[Element]:
    """Walk a document in the order of slots: single parts fold into their row, list items become rows; so many
    of them as its size makes believable."""
    left = min(most, MOST_VALUES)
    taken: set[str] = set()
    todo: list[_Place] = [(root, None, "", 0, 0, False, {})]
    while todo:
        document, parent, slot, at, depth, sealing, labels = todo.pop()
        row_id = guid(document.get("$ID")) if parent is not None else unit_id
        if not row_id or row_id in taken:
            row_id = f"{parent}/{slot}/{at}"
            while row_id in taken:  # two keys that have one name in a row, or an id that looks like a place
                row_id += "+"
        taken.add(row_id)
        fold = _Fold(document, labels, types, depth, sealing)
        left -= fold.items
        if left < 0:
            raise BrokenUnit("more values than its size makes believable")
        if len(fold.props) > MOST_KEYS:
            raise BrokenUnit(f"an element with more than {MOST_KEYS:,} keys")
        if len(fold.lists) > 1:
            fold.lists.sort(key=itemgetter(0), reverse=True)
        for inner, items, below, secret in fold.lists:
            places = [(x, row_id, inner, i, below, secret, fold.labels) for i, x in enumerate(items)]
            todo += reversed(places)
        yield Element(row_id, fold.type, fold.name, parent, slot, fold.props, at)


_Part = tuple[StoredDocument, KeyNames, int, bool]  # a single part with the names of its keys, its depth, in a secret


class _Fold:
    """One row made of an element and of the single parts in it."""

    __slots__ = ("_todo", "items", "label", "labels", "lists", "name", "props", "type", "types")

    def __init__(self, document: StoredDocument, labels: Labels, types: TypeKeys, depth: int, sealing: bool) -> None:
        self.types, self.labels = types, labels
        self.props: dict[str, Any] = {}
        self.lists: list[tuple[str, list[StoredDocument], int, bool]] = []
        self.label = ""
        self.items = 0  # in lists
        names = types.of(document)
        self.type = names.type
        self._todo: list[_Part] = [(document, names, depth, sealing)]
        self._parts()
        self.name = self.label or str(self.props.pop("name", ""))

    def _parts(self) -> None:
        """The keys of the element and of each part in it; a model has millions, so every step counts here."""
        props, todo, stored = self.props, self._todo, self.types.stored
        while todo:
            document, names, depth, sealing = todo.pop()
            if depth > MAX_DEPTH or len(names.prefix) > MAX_KEY:
                raise BrokenUnit(f"nested deeper than {MAX_DEPTH} levels")
            for key, value in document.items():
                name = names[key]
                if value is None or name is None:
                    continue
                label, declared, secret, plain, _, _ = name
                kind = type(value)
                if kind in plain and not sealing:
                    props[label] = value
                elif kind is dict:
                    self._single(name, value, depth + 1, secret or sealing)
                elif kind is list:
                    items = value[1:] if stored and value and isinstance(value[0], int) else value  # after its mark
                    if items:
                        self.items += len(items)
                        self._list(name, names.prefix, items, depth + 1, secret or sealing)
                elif kind in _IDS and value in self.labels and label[len(names.prefix) :] == "type":
                    self.label = self.label or self.labels[value]  # a pointer into the definition of the widget
                else:
                    self._put(label, scalar(value, declared), declared, secret or sealing)

    def _put(self, label: str, value: Any, declared: Property | None, secret: bool) -> None:
        if secret and (declared is None or declared.kind == "attribute"):
            value = sealed(value, self.type)
        put(self.props, label, value, declared)

    def _single(self, name: KeyName, value: dict[str, Any], depth: int, secret: bool) -> None:
        label, declared, _, plain, _, inside = name
        names = self.types.of(value, inside)
        if names.type and str in plain:
            self.props[label] = names.type
        elif names.type:
            put(self.props, label, names.type, declared)
        else:
            for point in _POINTS:
                if value.keys() == set(point):
                    put(self.props, label, ";".join(str(value[k]) for k in point), declared)
                    return
        if names.type == DEFINITION:
            facts, self.labels = definition(value, self.types)
            self.props.update({inside + k: v for k, v in facts.items()})
        else:
            self._todo.append((value, names, depth, secret))

    def _list(self, name: KeyName, prefix: str, items: list[Any], depth: int, secret: bool) -> None:
        label, declared, _, _, _, inside = name
        elements: list[StoredDocument] = [x for x in items if isinstance(x, dict)]
        if len(elements) < len(items):
            plain = tuple(scalar(x, declared) for x in items if x is not None and not isinstance(x, dict))
            if plain:
                self._put(label, plain, declared, secret)
        if not elements:
            return
        if elements[0].get("$Type") == "Texts$Translation":
            self._translations(prefix or inside, elements, secret)
        else:
            self.lists.append((label, elements, depth, secret))

    def _translations(self, prefix: str, items: list[StoredDocument], secret: bool) -> None:
        code, text = ("LanguageCode", "Text") if self.types.stored else ("languageCode", "text")
        for item in items:
            self._put(f"{prefix}{item.get(code) or ''}", str(item.get(text) or ""), None, secret)
