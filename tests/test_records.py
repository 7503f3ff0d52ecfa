"""Classes that share how they compare do so as those that attrs writes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
from attrs import field

from mx_changeclass import records


def _classes(frozen: Callable[..., Any], define: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, made by one package or the other."""

    @frozen
    class Point:
        x: int
        y: object = 0

    @frozen(slots=False)
    class Told(Point):
        note: str = field(default="", eq=False)
        at: Mapping[str, int] = field(factory=dict, hash=False, repr=False)
        size: str = field(default="", eq=str.lower)

    @frozen(eq=False)
    class Apart:
        x: int

    @define
    class Open:
        x: int

    @frozen
    class Own:
        x: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, int) and other == self.x

        def __hash__(self) -> int:
            return self.x

        def __repr__(self) -> str:
            return "own"

    @frozen
    class Empty:
        pass

    return {c.__name__: c for c in (Point, Told, Apart, Open, Own, Empty)}


OURS, THEIRS = _classes(records.frozen, records.define), _classes(attrs.frozen, attrs.define)
PAIRS = [
    "Point(1), Point(1)",
    "Point(1), Point(2)",
    "Point(1), Point(1, 2)",
    "Point(1, float('nan')), Point(1, float('nan'))",
    "Point(1), Told(1)",
    "Point(Point(1)), Point(Point(1))",
    "Point([1]), Point([1])",
    "Told(1, note='a'), Told(1, note='b')",
    "Told(1, at={'a': 1}), Told(1, at={'a': 2})",
    "Told(1, at={'a': 1}), Told(1, at={'a': 1})",
    "Told(1, size='A'), Told(1, size='a')",
    "Apart(1), Apart(1)",
    "Open(1), Open(1)",
    "Own(1), 1",
    "Own(1), Own(1)",
    "Empty(), Empty()",
    "Point(1), (1, 0)",
]


def _hash_of(value: Any) -> object:
    try:
        return hash(value)
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("pair", PAIRS)
def test_they_are_equal_hashed_and_shown_alike(pair: str) -> None:
    (a, b), (c, d) = (eval(pair, {**classes}) for classes in (OURS, THEIRS))
    assert ((a == b), (a != b), repr(a), repr(b)) == ((c == d), (c != d), repr(c), repr(d))
    if isinstance(_hash_of(c), str):
        assert _hash_of(a) == _hash_of(c)
    elif "eq=False" not in pair and c == d:
        assert _hash_of(a) == _hash_of(b)


def test_what_holds_itself_is_shown() -> None:
    for classes in (OURS, THEIRS):
        holder: list[Any] = []
        holder.append(classes["Point"](1, holder))
        assert repr(holder[0]) == "Point(x=1, y=[...])"
