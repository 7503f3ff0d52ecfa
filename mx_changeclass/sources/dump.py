"""The JSON that ``mx dump-mpr`` writes.

Facts: how models are stored, section 10. Names are SDK names already, lists are plain, ids are text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from mx_changeclass.errors import BrokenContainer, UnknownFormat
from mx_changeclass.model.snapshot import Rows, Snapshot, Unit
from mx_changeclass.sources import units
from mx_changeclass.sources.bounds import GIVE_MODEL
from mx_changeclass.sources.mpr import Model
from mx_changeclass.sources.notes import check_places
from mx_changeclass.sources.place import snapshot
from mx_changeclass.sources.values import guid

_PLACE = ("$ContainerID", "$ContainerProperty", "$QualifiedName")  # where a unit stands, not what it holds
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")  # halves of characters, which may lack their other half
_AGAIN = "Write it again with 'mx dump-mpr'"


def read_dump(content: bytes, label: str) -> Snapshot:
    """Read a dump; UTF-8 with or without BOM, or UTF-16 as a shell may redirect it."""
    try:
        document = json.loads(content, parse_constant=str)
        if _HALVES.search(content):
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenContainer(label, f"is no sound JSON ({error})", _AGAIN) from None
    listed = document.get("units") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise UnknownFormat(label, "is JSON without a list of units, so no dump of a model", GIVE_MODEL)
    model = Model({})
    for item in listed:
        _add(model, item, label)
    if not model.units:
        raise BrokenContainer(label, "holds no units", _AGAIN)
    check_places(model.units, model.notes)
    return snapshot(model, label, "dump")


def _add(model: Model, item: object, label: str) -> None:
    header = units.dump_header(item) if isinstance(item, dict) else None
    if not isinstance(item, dict) or header is None or not header.id:
        model.notes.lost("bad-id", "an entry of the dump has no valid id")
        return
    if header.id in model.units:
        model.notes.lost("twice", f"{header.id} is listed twice; the first was read")
        return
    container = guid(item.get("$ContainerID"))
    slot = str(item.get("$ContainerProperty") or "")
    model.units[header.id] = Unit(
        header.id,
        header.type,
        header.name,
        container if container not in ("", header.id) else None,
        slot,
        _digest(item),
        partial(_load, item, header.id, label),
        header.excluded,
    )


def _digest(item: Mapping[str, Any]) -> str:
    """SHA-256 of what a unit holds, whatever the order of its keys. Only dumps compare by it: no other
    form has these bytes."""
    content = {k: v for k, v in item.items() if k not in _PLACE}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _load(item: Mapping[str, Any], unit_id: str, label: str) -> Rows:
    try:
        return units.from_dump(item, unit_id)
    except units.BrokenUnit as error:
        raise BrokenContainer(label, f"unit {unit_id} is damaged ({error})", _AGAIN) from None
