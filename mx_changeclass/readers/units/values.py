"""Single values of a model, in one form wherever they come from."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
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
    if isinstance(value, (bool, float)):
        return value if value == value else "NaN"  # noqa: PLR0124 - what differs from itself would always be a change
    if isinstance(value, int):
        return int(value)  # bson has a class of its own for 64 bits
    if isinstance(value, bytes):
        return guid(value) if len(value) == 16 and (declared is None or declared.type != "Blob") else blob(value)
    if isinstance(value, datetime):
        return _moment(value)
    return blob(repr(value).encode(errors="replace"))


def blob(content: bytes) -> str:
    """Stand-in for binary content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()[:32]} ({len(content)} bytes)" if content else ""


def _text(value: str, kind: str) -> str:
    """What a dump writes as text and a stored unit does not: binary content and moments."""
    try:
        if kind == "Blob":
            return blob(base64.b64decode(value, validate=True))
        return _moment(datetime.fromisoformat(value))
    except (ValueError, binascii.Error):
        return value


def _moment(value: datetime) -> str:
    return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()
