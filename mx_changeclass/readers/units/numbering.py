"""A stored unit without its ids, which a module that is imported over itself gets anew, all of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import bson

from mx_changeclass.readers.units.key_names import STORED, KeyName
from mx_changeclass.readers.units.values import guid

_Document = dict[str, Any]


class Numbered(NamedTuple):
    """What a unit holds with its ids as their numbers, so that it equals what has other ids and nothing else; and the
    ids. Only what states an ``$ID`` or points by its key at an element of the unit counts as one."""

    content: object
    ids: tuple[str, ...]


def numbered(content: bytes) -> Numbered | None:
    """A unit with numbers for ids; None where an id is stated twice, and for broken content."""
    try:
        document = bson.decode(content)
    except Exception:  # bson raises a dozen kinds on hostile bytes
        return None
    places: list[tuple[_Document, str]] = []
    todo: list[_Document] = [document]
    for element in todo:  # grows while it runs
        names = STORED.of(element)
        for key, value in element.items():
            kind = type(value)
            if kind is dict:
                todo.append(value)
            elif kind is list:
                todo += [x for x in value if type(x) is dict]
            elif kind is bytes and len(value) == 16 and (key == "$ID" or _points(names[key])):
                places.append((element, key))
    ids = [element[key] for element, key in places if key == "$ID"]
    numbers = {value: (i,) for i, value in enumerate(ids)}  # no value of a unit is a tuple
    if len(numbers) < len(ids):
        return None
    for element, key in places:
        element[key] = numbers.get(element[key], element[key])
    return Numbered(document, tuple(map(guid, ids)))


def _points(name: KeyName | None) -> bool:
    if name is None:
        return False
    label, declared = name[:2]
    return declared.kind == "byIdReference" if declared is not None else label.endswith("Pointer")
