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
from typing import Any, NamedTuple

import bson

from mx_changeclass.model.metamodel import Property
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.readers.limits import DENSE_VALUES, FEW_VALUES, MAX_DEPTH, MAX_KEY, MOST_VALUES
from mx_changeclass.readers.units.key_names import STORED, KeyNames
from mx_changeclass.readers.units.secrets import may_hold_credentials, sealed, without_credentials
from mx_changeclass.readers.units.values import guid, put, scalar
from mx_changeclass.readers.units.widget_definitions import DEFINITION

_MOST = 1 << 14  # kept in mind: elements by their type, place and keys
_PARTS = frozenset({"part", "partList", "structuralChild", "structuralChildList", "unknownList"})
_CONVERTED = frozenset({"Boolean", "Integer", "Double"})  # a text that is none of these stands under a key of its own
_MARKS = ([1], [2], [3])  # lists of nothing but their mark
_POINTS = ({"x", "y"}, {"width", "height"})

# Whether a key of a type (SDK names) is wanted; None where the question needs all of a unit that has it.
Wanted = Callable[[str, str], bool | None]
_Document = dict[str, Any]


class Unusual(Exception):
    """What a unit holds is not told by a glance at it."""


class _Key(NamedTuple):
    """What becomes of the value of a key: ``taken`` into its row, which is ``wanted`` for it. ``strict`` says that a
    text in it would count for something else, ``doubtful`` that it would in a pluggable widget."""

    label: str
    declared: Property | None
    secret: bool
    plain: tuple[type, ...]
    inside: str
    taken: bool
    wanted: bool
    strict: bool
    doubtful: bool


_Keys = tuple[tuple[bool, _Key | None], ...]  # whether a single value of a key is looked at, and the key


class Sieve:
    """What one question lets through. Made once, it learns the types it meets."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._known: dict[tuple[str, str, tuple[str, ...]], _Keys] = {}

    def rows(self, content: bytes, unit_id: str) -> Rows:
        """What is wanted of the rows of a unit's BSON, and its root. Raises ``Unusual``, for broken content too."""
        try:
            found = self._rows(bson.decode(content), unit_id, FEW_VALUES + len(content) // DENSE_VALUES)
        except Exception as error:  # bson raises a dozen kinds on hostile bytes
            raise Unusual from error
        return without_credentials(found) if may_hold_credentials(content) else found

    def _rows(self, root: _Document, unit_id: str, most: int) -> Rows:
        left = min(most, MOST_VALUES)
        ids: list[bytes] = []
        folds: list[tuple[_Fold, int, str, int]] = []
        kept = {0}
        todo: list[tuple[_Document, int, str, int, int, bool, bool]] = [(root, -1, "", 0, 0, False, False)]
        while todo:
            document, above, slot, at, depth, sealing, labelled = todo.pop()
            row_id = document["$ID"]
            if type(row_id) is not bytes or len(row_id) != 16:
                raise Unusual
            index = len(ids)
            ids.append(row_id)
            fold = _Fold(self, document, depth, sealing, labelled)
            left -= fold.items
            if left < 0:
                raise Unusual
            folds.append((fold, above, slot, at))
            if fold.wanted:
                kept.update((index, above))  # some rows are understood by what they stand in
            if len(fold.lists) > 1:
                fold.lists.sort(key=itemgetter(0), reverse=True)
            for inner, elements, below, secret in fold.lists:
                places = [(x, index, inner, i, below, secret, fold.labelled) for i, x in enumerate(elements)]
                places.reverse()
                todo += places
        ids[0] = _as_stored(unit_id)  # by which the root goes whatever it states
        if len(set(ids)) < len(ids):
            raise Unusual
        return tuple(
            Element(
                guid(ids[i]),
                fold.type,
                str(fold.props.pop("name", "")),
                guid(ids[above]) if above >= 0 else None,
                slot,
                fold.props,
                at,
            )
            for i in sorted(kept - {-1})
            for fold, above, slot, at in folds[i : i + 1]
        )

    def keys(self, names: KeyNames, written: tuple[str, ...]) -> _Keys:
        """What becomes of the keys of an element, in their order."""
        found = self._known.get((names.type, names.prefix, written))
        if found is None:
            keys = [self._key(names, key) for key in written]
            found = tuple((key is not None and (key.taken or key.strict), key) for key in keys)
            labels = [key.label for key in keys if key is not None]
            if len(set(labels)) < len(labels):
                raise Unusual
            if len(self._known) < _MOST:
                self._known[names.type, names.prefix, written] = found
        return found

    def _key(self, names: KeyNames, key: str) -> _Key | None:
        name = names[key]
        if name is None:
            return None
        label, declared, secret, plain, _, inside = name
        own = label[len(names.prefix) :]
        wanted = self.wanted(names.type, own)
        if wanted is None or "." in own:
            raise Unusual
        heads = own == "name" and not names.prefix  # the name of the row
        strict = declared is not None and declared.type in _CONVERTED and declared.kind == "attribute"
        doubtful = wanted and (heads or own == "type")
        return _Key(label, declared, secret, plain, inside, wanted or heads, wanted and not heads, strict, doubtful)


@cache
def sieve_of(wanted: Wanted) -> Sieve:
    """The sieve of a question."""
    return Sieve(wanted)


class _Fold:
    """What is wanted of one row, made of an element and of the single parts in it; see ``stored_unit``."""

    __slots__ = ("_doubtful", "_sieve", "_todo", "items", "labelled", "lists", "props", "type", "wanted")

    def __init__(self, sieve: Sieve, document: _Document, depth: int, sealing: bool, labelled: bool) -> None:
        self.props: _Document = {}
        self.lists: list[tuple[str, list[_Document], int, bool]] = []
        self.items = 0
        self.wanted = self._doubtful = False
        self.labelled = labelled  # whether it stands in a pluggable widget
        self._sieve = sieve
        names = STORED.of(document)
        self.type = names.type
        self._todo = [(document, names, depth, sealing)]
        self._parts()
        if self._doubtful and self.labelled:
            raise Unusual

    def _parts(self) -> None:
        """The keys of the element and of each part in it; a model has millions, so every step counts here."""
        todo, keys_of = self._todo, self._sieve.keys
        while todo:
            document, names, depth, sealing = todo.pop()
            if depth > MAX_DEPTH or len(names.prefix) > MAX_KEY:
                raise Unusual
            for (looked_at, key), value in zip(keys_of(names, tuple(document)), document.values(), strict=True):
                kind = type(value)
                if kind is dict:
                    if key is not None:
                        self._single(key, value, depth + 1, key.secret or sealing)
                elif kind is list:
                    if key is not None and value and value not in _MARKS:
                        self._list(key, names, value, depth + 1, key.secret or sealing)
                elif looked_at and value and key is not None:
                    self._value(key, value, kind, sealing)

    def _value(self, key: _Key, value: Any, kind: type, sealing: bool) -> None:
        if not key.taken:
            if kind is str and "." in value:
                raise Unusual
        elif kind in key.plain and not sealing:
            self.props[key.label] = value
            self._take(key)
        else:
            self._put(key, scalar(value, key.declared), key.secret or sealing)

    def _take(self, key: _Key) -> None:
        self.wanted = self.wanted or key.wanted
        self._doubtful = self._doubtful or key.doubtful

    def _put(self, key: _Key, value: Any, secret: bool) -> None:
        if secret and (key.declared is None or key.declared.kind == "attribute"):
            value = sealed(value, self.type)
        put(self.props, key.label, value, key.declared)
        self._take(key)

    def _single(self, key: _Key, value: _Document, depth: int, secret: bool) -> None:
        names = STORED.of(value, key.inside)
        if names.type:
            if key.declared is not None and key.declared.kind not in _PARTS:
                raise Unusual
            self.props[key.label] = names.type
            self._take(key)
        elif value.keys() in _POINTS:
            if key.wanted:
                raise Unusual
            return
        if names.type == DEFINITION:
            self.labelled = True
            self._definition(key, value)
        else:
            self._todo.append((value, names, depth, secret))

    def _definition(self, key: _Key, value: _Document) -> None:
        for (_, inner), fact in zip(self._sieve.keys(STORED.of(value), tuple(value)), value.values(), strict=True):
            if inner is not None and inner.wanted and isinstance(fact, str):
                self.props[key.inside + inner.label] = fact
                self.wanted = True

    def _list(self, key: _Key, names: KeyNames, value: list[Any], depth: int, secret: bool) -> None:
        items = value[1:] if isinstance(value[0], int) else value  # after its mark
        self.items += len(items)
        elements: list[_Document] = [x for x in items if type(x) is dict]
        if len(elements) < len(items):
            self._texts(key, [x for x in items if x is not None and type(x) is not dict], secret)
        if not elements:
            return
        if elements[0].get("$Type") == "Texts$Translation":
            self._translations(names, key, elements, secret)
        else:
            self.lists.append((key.label, elements, depth, secret))

    def _texts(self, key: _Key, items: list[Any], secret: bool) -> None:
        declared = key.declared
        if key.taken and items:
            self._put(key, tuple(scalar(x, declared) for x in items), secret)
        elif (
            declared is not None
            and (key.strict or not declared.many)
            and any("." in x for x in items if type(x) is str)
        ):
            raise Unusual

    def _translations(self, names: KeyNames, key: _Key, items: list[_Document], secret: bool) -> None:
        owner = names.type if names.prefix else ""
        for item in items:
            code = str(item.get("LanguageCode") or "")
            if self._sieve.wanted(owner, code) is not False or "." in code:
                if secret:
                    raise Unusual
                self.props[f"{names.prefix or key.inside}{code}"] = str(item.get("Text") or "")
                self.wanted = True


def _as_stored(unit_id: str) -> bytes:
    """The bytes of an id; ``guid`` makes a text of them."""
    text = bytes.fromhex(unit_id.replace("-", ""))
    return text[3::-1] + text[5:3:-1] + text[7:5:-1] + text[8:]
