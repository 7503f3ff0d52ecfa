"""Single values of a model, in one form wherever they come from."""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from mx_changeclass.model.metamodel import Property


def guid(value: object) -> str:
    """Text form of an id: 16 bytes in .NET order, or text already; "" for anything else."""
    if isinstance(value, bytes) and len(value) == 16:
        a, b, c, d, e = value[3::-1], value[5:3:-1], value[7:5:-1], value[8:10], value[10:]
        return f"{a.hex()}-{b.hex()}-{c.hex()}-{d.hex()}-{e.hex()}"
    return value.lower() if isinstance(value, str) else ""


def scalar(value: Any, declared: Property | None) -> str | bool | int | float:
    """A value of a row. Binary content is a digest with its length; what no model holds is one too."""
    if isinstance(value, str):
        return _text(value, declared.type) if declared and declared.type in ("Blob", "DateTime") else value
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else json.dumps(value)  # what no report holds, as a dump spells it
    if isinstance(value, int):
        return int(value)  # bson has a class of its own for 64 bits
    if isinstance(value, bytes):
        return guid(value) if len(value) == 16 and (declared is None or declared.type != "Blob") else blob(value)
    if isinstance(value, datetime):
        return _moment(value)
    return blob(repr(value).encode(errors="replace"))


def put(props: dict[str, Any], key: str, value: Any, declared: Property | None) -> None:
    """Put a value into a row as its property is declared. One that is of another type and cannot be taken for the
    declared one stands under a key that says so, which no rule knows: so it is nothing that a rule could trip over,
    and a difference of it is undecided."""
    found = value if declared is None else _as_declared(value, declared)
    if found is None and declared is not None:
        key = f"{key} (no {declared.type if declared.kind == 'attribute' else 'single value'})"
    props[key] = value if found is None else found


def _as_declared(value: Any, declared: Property) -> Any:
    """A value as its declared type, None where it is of none of its kind."""
    if declared.kind.endswith("List"):
        return value
    as_type = _AS_TYPE.get(declared.type, _as_text) if declared.kind == "attribute" else _as_text
    if declared.many:
        items = [as_type(x) for x in (value if isinstance(value, tuple) else (value,))]
        return None if None in items else tuple(items)
    if isinstance(value, tuple):
        return as_type(value[0]) if len(value) == 1 else None
    return as_type(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _as_flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value)[:6].strip().lower())


def _as_integer(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", value) else None
    return int(value) if value == int(value) else None


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", value) else None
    return value if isinstance(value, float) else int(value)


_AS_TYPE: dict[str, Callable[[Any], Any]] = {"Boolean": _as_flag, "Integer": _as_integer, "Double": _as_number}


def property_of_file(type_name: str, key: str) -> Property | None:
    """What the view of a file beside the model takes a key for; None where it has no such key."""
    if not type_name.startswith("File$"):
        return None
    from mx_changeclass.model.kinds import files, keys_of, native  # noqa: F401 - they say which views there are

    default = keys_of(type_name).get(key)
    if default is None:
        return None
    types = {bool: "Boolean", int: "Integer", float: "Double"}
    return Property(key, "attribute", types.get(type(default), "String"), many=isinstance(default, tuple))


def blob(content: bytes) -> str:
    """Stand-in for binary content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()[:32]} ({len(content)} bytes)" if content else ""


def _text(value: str, kind: str) -> str:
    """What a dump writes as text and a stored unit does not: binary content and moments."""
    try:
        if kind == "Blob":
            return blob(binascii.a2b_base64(value, strict_mode=True))
        return _moment(datetime.fromisoformat(value))
    except (ValueError, binascii.Error):
        return value


def _moment(value: datetime) -> str:
    return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()
