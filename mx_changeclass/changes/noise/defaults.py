"""What the absence of a key would mean, and which version of the metamodel knows it.

Source: docs/storage.md, "Values" (a missing key stands for its default) and "Noise", 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mx_changeclass.changes.noise.ignored_keys import ignored_by
from mx_changeclass.model.metamodel import Property, Type, property_of, type_named
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.versions import Version
from mx_changeclass.regex import regex

_NOTHING = regex(r"\w+\$No[A-Z]\w*")
_NO_ID = "00000000-0000-0000-0000-000000000000"


def is_default(row: Element, path: str, value: Any) -> bool:
    """Whether a key holds what its absence would mean. Of a part, that it is there says nothing: what
    it holds are keys of their own; only a special kind of part is content."""
    return holds_default(*row.part(path), value)


def holds_default(owner: str, key: str, value: Any) -> bool:
    """The same of a key of a type."""
    declared = property_of(owner, key)
    if declared is not None and declared.kind in ("part", "structuralChild"):
        return bool(value == declared.type) or _does_nothing(value) or bool(ignored_by(str(value), ""))
    if declared is not None and declared.default is not None:
        return bool(value == declared.default or (declared.kind == "enum" and value == ""))  # no value at all
    return value in ("", False, 0, _NO_ID) or _does_nothing(value)


def _does_nothing(value: object) -> bool:
    """A type that stands for nothing: ``Pages$NoClientAction``, ``Microflows$NoCase``."""
    return isinstance(value, str) and _NOTHING.fullmatch(value) is not None


def came_after(version: Version | None, row: Element, path: str) -> bool:
    """Whether a key, or a part it lies in, is newer than a version; with the path "" the type of the row."""
    return version is not None and any(
        (since := Version.of(known.introduced)) is not None and _numbers(since) > _numbers(version)
        for known in _declared(row, path)
    )


def gone_by(version: Version | None, row: Element, path: str) -> bool:
    """Whether a version has a key, or a part it lies in, no more; with the path "" the type of the row."""
    return version is not None and any(
        (until := Version.of(known.deleted)) is not None and _numbers(until) <= _numbers(version)
        for known in _declared(row, path)
    )


def _numbers(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def _declared(row: Element, path: str) -> Iterator[Property | Type]:
    steps = path.split(".")
    for i in range(1, len(steps) + 1):
        owner, key = row.part(".".join(steps[:i]))
        yield from (known for known in (type_named(owner), property_of(owner, key)) if known is not None)
