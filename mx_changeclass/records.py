"""Classes of attrs that are made in half the time: they share how they compare, hash and show themselves.

attrs writes these methods anew for each class and compiles them, together with ``__init__``, whenever the package is
loaded, which a commit hook does at every commit. A class that has one of its own, or an order, keeps that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

__all__ = ["define", "frozen"]

if TYPE_CHECKING:  # a type checker knows those of attrs
    from attrs import define, frozen
else:

    def define(cls: type | None = None, **options: Any) -> Any:
        """``attrs.define``, with the same options."""
        if cls is None:
            return lambda cls: define(cls, **options)
        if not options.get("order"):
            own, eq = vars(cls), options.get("eq", True)
            if eq and "__eq__" not in own:
                cls.__eq__ = _equal
                if "__hash__" not in own:
                    cls.__hash__ = _hash if options.get("frozen") else None
            if "__repr__" not in own:
                cls.__repr__ = _repr
            options |= {"eq": False, "repr": False}
        return attrs.define(cls, **options)

    def frozen(cls: type | None = None, **options: Any) -> Any:
        """``attrs.frozen``, with the same options."""
        return define(cls, frozen=True, **options)


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = _compared(self.__class__)
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(_hashed(self.__class__)(self))


@recursive_repr()
def _repr(self: Any) -> str:
    told = ", ".join(f"{a.name}={getattr(self, a.name)!r}" for a in attrs.fields(self.__class__) if a.repr)
    return f"{self.__class__.__qualname__.rpartition('>.')[2]}({told})"


@cache
def _compared(cls: type[Any]) -> Callable[[Any], object]:
    return _values([(a.name, a.eq_key) for a in attrs.fields(cls) if a.eq])


@cache
def _hashed(cls: type[Any]) -> Callable[[Any], object]:
    return _values([(a.name, a.eq_key) for a in attrs.fields(cls) if (a.eq if a.hash is None else a.hash)])


def _values(named: list[tuple[str, Callable[[Any], object] | None]]) -> Callable[[Any], object]:
    """What gives the values of some fields, each as its key makes it."""
    if named and not any(key for _, key in named):
        return attrgetter(*(name for name, _ in named))
    return lambda made: tuple(key(getattr(made, name)) if key else getattr(made, name) for name, key in named)
