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
    for i, place in enumerate(path):
        before = max(((best[j][0], best[j][1], j) for j in range(i) if path[j] < place), default=(0, 0, -1))
        best.append((before[0] + 1, before[1] + weights[i], before[2]))
    kept: set[int] = set()
    i = max(range(len(best)), key=lambda k: best[k][:2])
    while i >= 0:
        kept.add(i)
        i = best[i][2]
    return frozenset(m for i, m in enumerate(old) if i not in kept)


def _weight(*ids: str) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(sorted(ids)).encode(errors="surrogatepass")).digest()[:6], "big")
