"""A stored unit to no more of its rows than one question needs: who refers to what, in hundreds of documents.

To make all rows of a unit costs some times as much as to decode it, and most of their keys name nothing. What is
made is as ``stored_unit.decode`` makes it: the same rows in the same order with the same keys, less those that are
empty or not wanted, and less the names of the values of pluggable widgets. Where a unit holds what those of Studio Pro
do not, so that this might not be so, it is ``Unusual``, and all of it has to be decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any

import bson

from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.readers.limits import DENSE_VALUES, FEW_VALUES, MAX_DEPTH, MAX_KEY, MOST_KEYS, MOST_VALUES
from mx_changeclass.readers.units.key_names import STORED, KeyName, KeyNames
from mx_changeclass.readers.units.secrets import may_hold_credentials, sealed, without_credentials
from mx_changeclass.readers.units.values import guid, put, scalar
from mx_changeclass.readers.units.widget_definitions import DEFINITION

_MOST = 1 << 14  # shapes kept in mind; those of a model are some hundreds
_PARTS = frozenset({"part", "partList", "structuralChild", "structuralChildList", "unknownList"})
_CONVERTED = frozenset({"Boolean", "Integer", "Double"})  # a text that is none of these stands under a key of its own
_POINTS = ({"x", "y"}, {"width", "height"})

# Whether a key of a type (SDK names) is wanted; None where the question needs all of a unit that has it.
Wanted = Callable[[str, str], bool | None]
_Document = dict[str, Any]


class Unusual(Exception):
    """What a unit holds is not told by a glance at it."""


class _Key:
    """What becomes of the value of a key: ``taken`` into its row, which is ``wanted`` for it. ``strict`` says that a
    text in it would count for something else, ``doubtful`` that it would in a pluggable widget, ``tells`` that more is
    taken of a part than what stands in it."""

    __slots__ = (
        "declared",
        "doubtful",
        "inside",
        "is_head",
        "label",
        "plain",
        "secret",
        "strict",
        "taken",
        "tells",
        "wanted",
    )

    def __init__(self, names: KeyNames, name: KeyName, wanted: bool) -> None:
        self.label, self.declared, self.secret, self.plain, _, self.inside = name
        own = self.label[len(names.prefix) :]
        self.is_head = own == "name" and not names.prefix  # the name of the row
        self.taken, self.wanted = wanted or self.is_head, wanted and not self.is_head
        declared = self.declared
        self.strict = declared is not None and declared.type in _CONVERTED and declared.kind == "attribute"
        self.doubtful = wanted and (self.is_head or own == "type")
        self.tells = self.taken or (declared is not None and declared.type == DEFINITION)

    def counts(self, kind: type) -> bool:
        """Whether a value of that kind is looked at for itself."""
        if kind is dict:
            return self.tells
        return kind is list or (kind is not type(None) and self.taken) or (kind is str and self.strict)


class _Shape:
    """What elements of one type and place have in common whose keys are the same, with values of the same kinds: which
    of them are looked at, each by its key as it is written. Of ``parts`` nothing is taken but what stands in them.
    ``silent`` are elements of which nothing is looked at; ``deep`` says how many parts are around."""

    __slots__ = ("deep", "is_part", "names", "parts", "rest", "silent", "size", "type")

    def __init__(self, names: KeyNames, size: int, keys: list[tuple[str, type, _Key]]) -> None:
        self.names, self.type, self.size, self.deep = names, names.type, size, names.prefix.count(".")
        self.parts = tuple((written, key) for written, kind, key in keys if kind is dict and not key.tells)
        self.rest = tuple(x for x in keys if x[2].counts(x[1]))
        self.is_part = bool(names.type) and names.type != DEFINITION
        self.silent = self.is_part and not self.parts and not self.rest


class Sieve:
    """What one question lets through. Made once, it learns the shapes it meets."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._known: dict[tuple[object, ...], _Shape] = {}

    def rows(self, content: bytes, unit_id: str) -> Rows:
        """What is wanted of the rows of a unit's BSON, and its root. Raises ``Unusual``, for broken content too."""
        try:
            found = _Walk(self, FEW_VALUES + len(content) // DENSE_VALUES).elements(bson.decode(content), unit_id)
        except Exception as error:  # bson raises a dozen kinds on hostile bytes
            raise Unusual from error
        return without_credentials(found) if may_hold_credentials(content) else found

    def shape(self, document: _Document, prefix: str = "") -> _Shape:
        """The shape of an element that stands under a prefix; most of a model is known by it to name nothing."""
        look = (prefix, document.get("$Type"), *document, *map(type, document.values()))
        found = self._known.get(look)
        if found is None:
            found = self._shape(document, prefix)
            if len(self._known) < _MOST:
                self._known[look] = found
        return found

    def _shape(self, document: _Document, prefix: str) -> _Shape:
        names = STORED.of(document, prefix)
        keys = [(written, type(x), key) for written, x in document.items() if (key := self._key(names, written))]
        found = _Shape(names, len(document), keys)
        labels = {key.label for _, _, key in keys}
        if len(labels) < len(keys) or found.size > MOST_KEYS or len(prefix) > MAX_KEY or found.deep > MAX_DEPTH // 2:
            raise Unusual
        for _, kind, key in keys:
            is_part = (key.declared is None or key.declared.kind in _PARTS) and not key.is_head
            if (kind is dict and not is_part) or (key.secret and kind in (dict, list)):
                raise Unusual
        return found

    def _key(self, names: KeyNames, written: str) -> _Key | None:
        name = names[written]
        if name is None:
            return None
        own = name[0][len(names.prefix) :]
        wanted = self.wanted(names.type, own)
        if wanted is None or "." in own:
            raise Unusual
        return _Key(names, name, wanted)


@cache
def sieve_of(wanted: Wanted) -> Sieve:
    """The sieve of a question."""
    return Sieve(wanted)


class _Row:
    """What is wanted of one row, made of an element and of the single parts in it."""

    __slots__ = ("above", "at", "depth", "id", "is_widget", "kept", "props", "slot", "type")

    def __init__(self, row_id: bytes, type_name: str, above: _Row | None, slot: str, at: int, depth: int) -> None:
        self.id: bytes | str = row_id
        self.type, self.above, self.slot, self.at, self.depth = type_name, above, slot, at, depth
        self.kept = self.is_widget = False
        self.props: _Document = {}

    def keep(self) -> None:
        self.kept = True
        if self.above is not None:
            self.above.kept = True  # some rows are understood by what they stand in

    def in_widget(self) -> bool:
        """Whether it is a pluggable widget, or stands in one."""
        row: _Row | None = self
        while row is not None and not row.is_widget:
            row = row.above
        return row is not None

    def element(self) -> Element:
        self.id = guid(self.id)
        above = guid(self.above.id) if self.above is not None else None
        return Element(self.id, self.type, str(self.props.pop("name", "")), above, self.slot, self.props, self.at)


_Shaped = tuple[_Document, _Shape]  # an element, and what is looked at in it


class _Walk:
    """The way through one unit, in the order of ``stored_unit``. A model has millions of keys, so every step counts."""

    def __init__(self, sieve: Sieve, most: int) -> None:
        self._shape, self._wanted = sieve.shape, sieve.wanted
        self._left = min(most, MOST_VALUES)
        self._ids: list[bytes] = []
        self._doubtful: list[_Row] = []
        self._lists: list[tuple[str, list[tuple[_Row, _Shaped]]]] = []  # of one row, where something in it is looked at

    def elements(self, root: _Document, unit_id: str) -> Rows:
        shape, ids = self._shape(root), self._ids
        ids.append(root["$ID"])
        top = _Row(_as_stored(unit_id), shape.type, None, "", 0, 0)
        top.keep()
        seen: list[_Row] = []
        todo: list[tuple[_Row, _Shaped]] = [(top, (root, shape))]
        while todo:
            row, element = todo.pop()
            seen.append(row)
            if self._fold(row, element) > MOST_KEYS:  # so many may be too many: what decodes it tells
                raise Unusual
            if self._lists:
                lists, self._lists = self._lists, []
                for _, below in sorted(lists, key=itemgetter(0), reverse=True):
                    below.reverse()
                    todo += below
        if {*map(type, ids)} != {bytes} or {*map(len, ids)} != {16}:
            raise Unusual
        ids[0] = _as_stored(unit_id)  # by which the root goes whatever it states
        if len(set(ids)) < len(ids) or any(row.in_widget() for row in self._doubtful):
            raise Unusual
        return tuple([row.element() for row in seen if row.kept])

    def _fold(self, row: _Row, element: _Shaped) -> int:
        """The keys of the element and of each part in it, and how many they are."""
        shape_of, props = self._shape, row.props
        todo, size = [element], 0
        while todo:
            document, shape = todo.pop()
            size += shape.size
            for written, key in shape.parts:
                part = document[written]
                inner = shape_of(part, key.inside)
                if inner.silent:
                    size += inner.size
                elif inner.is_part:
                    props[key.label] = inner.type
                    todo.append((part, inner))
                else:
                    raise Unusual
            for written, kind, key in shape.rest:
                value = document[written]
                if kind is list:
                    if len(value) > 1 or (value and type(value[0]) is not int):
                        size += self._list(row, key, shape, value)
                elif kind is dict:
                    todo += self._part(row, key, (value, shape_of(value, key.inside)))
                elif value or kind not in key.plain:  # False may be the text "false"
                    self._value(row, key, value, kind)
        return size

    def _part(self, row: _Row, key: _Key, part: _Shaped) -> tuple[_Shaped, ...]:
        """Takes what a part tells itself. The part, where it has to be looked into."""
        value, shape = part
        if shape.type:
            row.props[key.label] = shape.type
        elif value.keys() in _POINTS:
            raise Unusual
        self._take(row, key)
        if shape.type != DEFINITION:
            return (part,)
        row.is_widget = True
        for written, kind, fact in shape.rest:
            if kind is str and fact.wanted:
                row.props[fact.label] = value[written]
                self._take(row, fact)
        return ()

    def _take(self, row: _Row, key: _Key) -> None:
        if key.doubtful:
            self._doubtful.append(row)
        if key.wanted and not row.kept:
            row.keep()

    def _value(self, row: _Row, key: _Key, value: Any, kind: type) -> None:
        if not key.taken:
            if "." in value:
                raise Unusual
        elif kind in key.plain:
            row.props[key.label] = value
            self._take(row, key)
        else:
            self._put(row, key, scalar(value, key.declared))

    def _put(self, row: _Row, key: _Key, value: Any) -> None:
        if key.secret and (key.declared is None or key.declared.kind == "attribute"):
            value = sealed(value, row.type)
        put(row.props, key.label, value, key.declared)
        self._take(row, key)

    def _list(self, row: _Row, key: _Key, around: _Shape, value: list[Any]) -> int:
        """Takes up what a list holds, and how many keys of the row that makes."""
        marked = isinstance(value[0], int)
        depth = row.depth + around.deep + 1
        self._left -= len(value) - marked
        if self._left < 0 or depth > MAX_DEPTH // 2:  # as above
            raise Unusual
        elements: list[_Document] = [x for x in value if type(x) is dict]
        if len(elements) + marked < len(value):
            self._texts(row, key, [x for x in value[marked:] if x is not None and type(x) is not dict])
        if elements and elements[0].get("$Type") == "Texts$Translation":
            self._translations(row, around.names, key, elements)
            return len(elements)
        below: list[tuple[_Row, _Shaped]] = []
        for i, x in enumerate(elements):
            row_id, shape = x["$ID"], self._shape(x)
            self._ids.append(row_id)
            if not shape.silent:
                below.append((_Row(row_id, shape.type, row, key.label, i, depth), (x, shape)))
        if below:
            self._lists.append((key.label, below))
        return 0

    def _texts(self, row: _Row, key: _Key, items: list[Any]) -> None:
        declared = key.declared
        if key.taken and items:
            self._put(row, key, tuple(scalar(x, declared) for x in items))
        elif (
            declared is not None
            and (key.strict or not declared.many)
            and any("." in x for x in items if type(x) is str)
        ):
            raise Unusual

    def _translations(self, row: _Row, names: KeyNames, key: _Key, items: list[_Document]) -> None:
        owner = names.type if names.prefix else ""
        for item in items:
            code = str(item.get("LanguageCode") or "")
            if self._wanted(owner, code) is not False or "." in code:
                row.props[f"{names.prefix or key.inside}{code}"] = str(item.get("Text") or "")
                row.keep()


def _as_stored(unit_id: str) -> bytes:
    """The bytes of an id; ``guid`` makes a text of them."""
    text = bytes.fromhex(unit_id.replace("-", ""))
    return text[3::-1] + text[5:3:-1] + text[7:5:-1] + text[8:]
