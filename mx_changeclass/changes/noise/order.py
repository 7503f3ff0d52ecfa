"""Lists whose order means something, and what moved in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import CHANGE_OBJECT, CREATE_OBJECT, INDEX

# Source: docs/storage.md, "Values". Order means nothing anywhere else.
_ORDERED = frozenset(
    {
        "widgets",
        "firstWidgets",
        "secondWidgets",
        "leftWidgets",
        "rightWidgets",
        "footerWidgets",
        "sidebarWidgets",
        "toplevels",
        "columns",
        "rows",
        "cells",
        "tabPages",
        "objects",
        "items",
        "sortItems",
        "bottomBarItems",
        "parameters",
        "actionParameters",
        "arguments",
        "values",
        "steps",
        "activities",
        "themeModuleOrder",
    }
)
_ORDERED_IN = frozenset({(INDEX, "attributes")})
_UNORDERED = frozenset(
    {
        ("Microflows$MicroflowObjectCollection", "objects"),
        ("Pages$LayoutCall", "arguments"),
        (CREATE_OBJECT, "items"),
        (CHANGE_OBJECT, "items"),
    }
)


def is_ordered(parent: Element, slot: str) -> bool:
    """Whether the order of the rows that stand in this slot of a row means something."""
    owner, last = parent.part(slot)
    return (owner, last) in _ORDERED_IN or (last in _ORDERED and (owner, last) not in _UNORDERED)


def moved(old: Sequence[str], new: Sequence[str], partner: Mapping[str, str]) -> frozenset[str]:
    """The fewest members of ``old`` that have to move to come to the order of ``new`` (the same members).

    Among equally good answers the choice does not depend on which side is the older one: both ids of a
    member (``partner`` leads to the new one) weigh in alike.
    """
    rank = {member: i for i, member in enumerate(new)}
    path = [rank[member] for member in old]
    if path == sorted(path):
        return frozenset()
    weights = [_weight(m, partner[m]) for m in old]
    best: list[tuple[int, int, int]] = []  # members kept, their weight, previous kept index
    before = _Best(len(path))
    for i, place in enumerate(path):
        count, weight, j = before.below(place)
        best.append((count + 1, weight + weights[i], j))
        before.put(place, (count + 1, weight + weights[i], i))
    kept: set[int] = set()
    i = max(range(len(best)), key=lambda k: best[k][:2])
    while i >= 0:
        kept.add(i)
        i = best[i][2]
    return frozenset(m for i, m in enumerate(old) if i not in kept)


class _Best:
    """The best of what is put at places, as far as it stands below one: a Fenwick tree, so that a long list takes
    hardly more time for each member than a short one."""

    def __init__(self, size: int) -> None:
        self._tree = [(0, 0, -1)] * (size + 1)

    def put(self, place: int, found: tuple[int, int, int]) -> None:
        at = place + 1
        while at < len(self._tree):
            self._tree[at] = max(self._tree[at], found)
            at += at & -at

    def below(self, place: int) -> tuple[int, int, int]:
        found = self._tree[0]
        while place > 0:
            found = max(found, self._tree[place])
            place -= place & -place
        return found


def _weight(*ids: str) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(sorted(ids)).encode(errors="surrogatepass")).digest()[:6], "big")
