"""The keys of one BSON document without decoding what stands in them, as far as it has the plain kinds of values.

Source: bsonspec.org, version 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STRING, _DOCUMENT, _LIST, _BINARY, _BOOLEAN = 2, 3, 4, 5, 8
_FIXED = {1: 8, 7: 12, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8}  # bytes of a double, an object id, a date, null, numbers


def plain_keys(content: bytes) -> Mapping[str, Any] | None:
    """The keys of a document with their values where these are texts, flags or plain binary content, and with None
    for all others. None where it has other kinds of values or does not add up."""
    end = len(content) - 1
    if int.from_bytes(content[:4], "little") != end + 1 or content[end:] != b"\0":
        return None
    found: dict[str, Any] = {}
    at = 4
    try:
        while at < end:
            kind, start = content[at], content.index(0, at + 1, end) + 1
            size = _FIXED.get(kind)
            if size is None:
                size = 1 if kind == _BOOLEAN else _measured(content, kind, start)
            after = start + size
            if size < 0 or after > end:
                return None
            found[content[at + 1 : start - 1].decode()] = _value(content, kind, start, after)
            at = after
    except ValueError:  # no end of a key, or no text
        return None
    return found


def _measured(content: bytes, kind: int, start: int) -> int:
    """The bytes of a value that says how many they are, -1 for one of no such kind."""
    stated = int.from_bytes(content[start : start + 4], "little", signed=True)
    more = {_STRING: 4, _BINARY: 5, _DOCUMENT: 0, _LIST: 0}.get(kind)
    least = {_STRING: 1, _BINARY: 0}.get(kind, 5)
    if more is None or stated < least:
        return -1
    return stated + more


def _value(content: bytes, kind: int, start: int, after: int) -> str | bytes | bool | None:
    if kind == _BOOLEAN:
        if content[start] > 1:
            raise ValueError
        return content[start] == 1
    if kind in (_STRING, _DOCUMENT, _LIST) and content[after - 1]:
        raise ValueError
    if kind == _STRING:
        return content[start + 4 : after - 1].decode()
    if kind == _BINARY and content[start + 4] == 0:
        return content[start + 5 : after]
    return None
