"""Ways to damage what is sound: bytes, the values in a document, the members of a package."""

from __future__ import annotations

import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import bson

Random = random.Random

_TOKENS = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b'"', b"'", b"<", b">",
    b"</", b"<!--", b"<![CDATA[",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"/*", b"*/", b"//", b"`", b"${", b"://",
    b"@", b"\\ud800", b"\\u0000",
    b"1e999", b"-1", b"9" * 30, b"NaN", b"null", b"true", b"PK\3\4", b"PK\1\2",
    b"SQLite format 3\0", b"\x1f\x8b\x08", b"bplist00",
    b"version https://git-lfs.github.com/spec/v1\n", b"<<<<<<< ours\n", b"../", b"/", b"$", b"%",
    b"=", b"\r", b"\n", b"\xc3\x28",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63 - 1, -(2**63), 1.5, float("nan"), float("inf"), "", "x",
    "\0", "a.b.c", ".", "..", "$",
    "Field.Job", "Field.Job.Title", "1.2.3", "9" * 40, "x" * 300, "\u202e", "https://u:p@h/", "[%",
    "/*", "{", "'", b"", b"\0" * 16,
    b"abc", [], [1], [3, {}], [None], [[]], ["a", {"$Type": "X"}], {}, {"$Type": 1},
    {"$Type": "DomainModels$Entity"}, {"a": {"a": {}}},
)  # fmt: skip

_NAMES = ("", ".", "../x", "/x", "C:\\x", "a\\b", "x/", "\u202e", "x" * 200)


def bytes_damaged(content: bytes, by: Random) -> bytes:
    """A few of: cut, bits turned, bytes put in, left out, repeated, moved, numbers made large."""
    data = bytearray(content)
    for _ in range(by.choice((1, 1, 1, 2, 4, 16))):
        size = len(data)
        at = by.randrange(size) if size else 0
        span = min(by.choice((1, 2, 4, 16, 64, 1024)), size - at)
        way = by.randrange(8)
        if way == 0:
            del data[at:]
        elif way == 1 and size:
            data[at] ^= 1 << by.randrange(8)
        elif way == 2:
            data[at:at] = by.choice(_TOKENS)
        elif way == 3:
            del data[at : at + span]
        elif way == 4:
            data[at:at] = data[at : at + span] * by.choice((1, 2, 50))
        elif way == 5 and size:
            to = by.randrange(size)
            data[to : to + span] = data[at : at + span]
        elif way == 6:
            data[at : at + 4] = by.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80"))
        else:
            data[at : at + span] = by.randbytes(span)
    return bytes(data)


def value_damaged(value: Any, by: Random) -> Any:
    """A document with one value somewhere in it made another, left out, repeated, or put under another key."""
    places: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        inner = todo.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        for key in keys:
            places.append((inner, key))
            todo.append(inner[key])
    for _ in range(by.choice((1, 1, 2, 5))):
        if not places:
            return by.choice(_VALUES)
        inner, key = by.choice(places)
        try:
            way = by.randrange(5)
            if way == 0:
                del inner[key]
            elif way == 1 and isinstance(inner, list):
                inner.insert(key, inner[key])
            elif way == 2 and isinstance(inner, dict):
                inner[by.choice(("", "$ID", "$Type", "Name", "name", "x", "a.b", key.upper()))] = inner[key]
            elif way == 3:
                other, name = by.choice(places)
                inner[key] = json.loads(json.dumps(other[name], default=str))
            else:
                inner[key] = by.choice(_VALUES)
        except (KeyError, IndexError, AttributeError, ValueError, RecursionError):
            continue  # the place went with an earlier damage
    return value


def json_damaged(content: bytes, by: Random) -> bytes:
    document = value_damaged(json.loads(content.decode("utf-8-sig")), by)
    return json.dumps(document, default=lambda v: v.hex() if isinstance(v, bytes) else str(v)).encode()


def bson_damaged(content: bytes, by: Random) -> bytes:
    try:
        return bson.encode(value_damaged(bson.decode(content), by))
    except Exception:  # a value that BSON cannot hold, or a root that is no document
        return bytes_damaged(content, by)


def zip_damaged(content: bytes, by: Random) -> bytes:
    """A zip with one member damaged, left out, renamed or doubled."""
    damaged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(damaged, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = by.choice(old.namelist())
        for name in old.namelist():
            inside, way = old.read(name), by.randrange(5) if name == chosen else 9
            if way == 0:
                continue
            if way == 1:
                inside = bytes_damaged(inside, by)
            new.writestr(zipfile.ZipInfo(by.choice((name.upper(), *_NAMES)) if way == 2 else name), inside)
            if way == 3:
                new.writestr(zipfile.ZipInfo(f"{name}/x"), inside)
    return damaged.getvalue()


def gzip_damaged(content: bytes, by: Random) -> bytes:
    """Under gzip, damaged before or after."""
    packer = zlib.compressobj(wbits=31)
    if by.randrange(2):
        return bytes_damaged(packer.compress(content) + packer.flush(), by)
    inside = bytes_damaged(content, by)
    return packer.compress(inside) + packer.flush()


def damaged_as(name: str) -> tuple[Callable[[bytes, Random], bytes], ...]:
    """The ways that fit a kind of file, by its name."""
    if name.endswith((".json", ".config", "facts", "report")):
        return bytes_damaged, json_damaged, json_damaged
    if name.endswith(".mpk"):
        return bytes_damaged, zip_damaged, zip_damaged
    if name.endswith("snapshot.xml"):
        return bytes_damaged, bytes_damaged, gzip_damaged
    return (bytes_damaged,)
