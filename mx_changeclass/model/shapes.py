"""The shape of a row: its type, its keys, and the types of its parts.

What a key means depends on nothing else, and the rows of a model have a few hundred shapes, so what is
asked of the keys of each row is answered once a shape.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mx_changeclass.model.snapshot import Element

MOST_SHAPES = 1 << 14  # shapes kept in mind; a hostile model may have more

Shape = tuple[str, tuple[str, ...], tuple[str, ...]]


class Standing(NamedTuple):
    """Where a key of a row stands: the type of the part it belongs to, its own name in it, and the type
    around that part. A key of the row itself has nothing around it."""

    key: str
    owner: str
    name: str
    around: str


def shape_of(row: Element) -> Shape:
    """The shape of a row, to be given to ``standings`` or to an answer of one's own that is kept."""
    keys = tuple(row.props)
    return row.type, keys, tuple([str(row.props[part]) for part in _parts(keys)])


@lru_cache(maxsize=MOST_SHAPES)
def _parts(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that hold the types of parts: others stand under them."""
    above = {key.rpartition(".")[0] for key in keys}
    return tuple(key for key in keys if key in above)


@lru_cache(maxsize=MOST_SHAPES)
def standings(shape: Shape) -> tuple[Standing, ...]:
    """Where each key of a row of that shape stands, in their order."""
    row_type, keys, types = shape
    type_of = dict(zip(_parts(keys), types, strict=True))
    found = []
    for key in keys:
        part, _, name = key.rpartition(".")
        outer = part.rpartition(".")[0]
        around = type_of.get(outer, "") if outer else row_type if part else ""
        found.append(Standing(key, type_of.get(part, "") if part else row_type, name, around))
    return tuple(found)
