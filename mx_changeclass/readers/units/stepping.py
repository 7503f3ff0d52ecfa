"""The keys of one BSON document without decoding what stands in them, as far as it has the plain kinds of values.

Source: bsonspec.org, version 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

_STRING, _BINARY, _BOOLEAN = 2, 5, 8
# Values that begin with their size (texts, documents, lists, binary content): the bytes that it leaves out, and the
# least that it can be.
_SIZED = {_STRING: (4, 1), 3: (0, 5), 4: (0, 5), _BINARY: (5, 0)}
_FIXED = {
    1: 8,
    7: 12,
    _BOOLEAN: 1,
    9: 8,
    10: 0,
    16: 4,
    17: 8,
    18: 8,
}  # bytes of a double, an object id, a date, numbers
_size_at = struct.Struct("<i").unpack_from


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
            if kind in _SIZED:
                (more, least), (size,) = _SIZED[kind], _size_at(content, start)
                after = start + size + more
                if size < least or (kind != _BINARY and content[after - 1]):
                    return None
            else:
                after = start + _FIXED[kind]
            if after > end:
                return None
            found[content[at + 1 : start - 1].decode()] = _value(content, kind, start, after)
            at = after
    except (ValueError, LookupError, struct.error):  # no end of a key, no text, another kind, no room for a size
        return None
    return found


def _value(content: bytes, kind: int, start: int, after: int) -> str | bytes | bool | None:
    if kind == _STRING:
        return content[start + 4 : after - 1].decode()
    if kind == _BINARY and not content[start + 4]:
        return content[start + 5 : after]
    if kind == _BOOLEAN:
        return (False, True)[content[start]]
    return None
