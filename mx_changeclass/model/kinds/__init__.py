"""Typed views over rows, made only for the rows that a rule looks at.

A kind names the keys it reads once, with their type and their default::

    @kind("DomainModels$Entity")
    class Entity(Kind):
        guid = key("dataStorageGuid", "")

Kinds follow the metamodel: a row is viewed as the most special kind registered for its type or for a
type it specialises, and a class for a special type derives from the class of the general one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Generic, TypeVar, overload

from mx_changeclass.model.metamodel import type_named
from mx_changeclass.model.snapshot import Element

T = TypeVar("T")
K = TypeVar("K", bound="Kind")


class key(Generic[T]):  # noqa: N801 - reads like a declaration
    """A value of the row: its (dotted) key and what an absent key stands for."""

    def __init__(self, name: str, default: T) -> None:
        self.name, self.default = name, default

    @overload
    def __get__(self, instance: None, owner: type[Kind]) -> key[T]: ...
    @overload
    def __get__(self, instance: Kind, owner: type[Kind]) -> T: ...
    def __get__(self, instance: Kind | None, owner: type[Kind]) -> T | key[T]:
        if instance is None:
            return self
        value: T = instance.row.props.get(self.name, self.default)
        return value


class Kind:
    """Any row, as a rule sees it. Also the view of a type nobody knows."""

    __slots__ = ("row",)

    def __init__(self, row: Element) -> None:
        self.row = row

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def type(self) -> str:
        return self.row.type


_KINDS: dict[str, type[Kind]] = {}


def kind(*types: str) -> Callable[[type[K]], type[K]]:
    """Register a view for SDK types (and, through them, for types that specialise them)."""

    def register(cls: type[K]) -> type[K]:
        _KINDS.update(dict.fromkeys(types, cls))
        kind_of.cache_clear()
        return cls

    return register


@cache
def kind_of(type_name: str) -> type[Kind]:
    """The most special view for a type; ``Kind`` itself where none is registered."""
    known = type_named(type_name)
    for name in known.ancestors if known else (type_name,):
        if name in _KINDS:
            return _KINDS[name]
    return Kind


def keys_of(type_name: str) -> Mapping[str, object]:
    """The keys that the view of a type names, with what stands for an absent value."""
    classes = reversed(kind_of(type_name).__mro__)
    return {each.name: each.default for cls in classes for each in vars(cls).values() if isinstance(each, key)}


def view(row: Element) -> Kind:
    """The typed view of a row."""
    return kind_of(row.type)(row)
