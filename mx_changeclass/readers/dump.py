"""The JSON that ``mx dump-mpr`` writes.

Source: docs/storage.md, "Dump". Names are SDK names already, lists are plain, ids are text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from mx_changeclass.errors import BrokenContainer, UnknownFormat
from mx_changeclass.forms import GIVE_MODEL
from mx_changeclass.model.snapshot import Rows, Snapshot, Unit
from mx_changeclass.readers.limits import DENSE_VALUES, FEW_VALUES, UNITS
from mx_changeclass.readers.mpr import ReadModel
from mx_changeclass.readers.notes import check_places
from mx_changeclass.readers.project_files import as_snapshot
from mx_changeclass.readers.units import stored_unit
from mx_changeclass.readers.units.values import guid
from mx_changeclass.regex import regex

_PLACE = ("$ContainerID", "$ContainerProperty", "$QualifiedName")  # where a unit stands, not what it holds
_HALVES = regex(rb"\\u[dD][89a-fA-F]")  # halves of characters, which may lack their other half
_MOST = 1 << 30  # bytes of JSON, which take several times as much memory
_AGAIN = "Write it again with 'mx dump-mpr'"


def read_dump(content: bytes, label: str) -> Snapshot:
    """Read a dump; UTF-8 with or without BOM, or UTF-16 as a shell may redirect it."""
    if len(content) > _MOST:
        raise BrokenContainer(label, f"is longer than {_MOST >> 30} GB", "Give a package or the .mpr")
    if content.count(b"{") + content.count(b"[") > FEW_VALUES + len(content) // DENSE_VALUES:
        raise BrokenContainer(label, f"has more brackets than one in {DENSE_VALUES} bytes", _AGAIN)
    try:
        document = json.loads(content, parse_constant=str)
        if _HALVES.search(content):
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenContainer(label, f"is no sound JSON ({error})", _AGAIN) from None
    listed = document.get("units") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise UnknownFormat(label, "is JSON without a list of units, so no dump of a model", GIVE_MODEL)
    if len(listed) > UNITS:
        raise BrokenContainer(label, f"lists more than {UNITS} documents", GIVE_MODEL)
    model = ReadModel({})
    for item in listed:
        _add(model, item, label)
    if not model.units:
        raise BrokenContainer(label, "holds no units", _AGAIN)
    check_places(model.units, model.notes, label)
    return as_snapshot(model, label, "dump")


def _add(model: ReadModel, item: object, label: str) -> None:
    header = stored_unit.dump_header(item) if isinstance(item, dict) else None
    if not isinstance(item, dict) or header is None or not header.id:
        model.notes.missing("bad-id", "an entry of the dump has no valid id")
        return
    if header.id in model.units:
        model.notes.missing("twice", f"{header.id} is listed twice; the first was read")
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
        return stored_unit.from_dump(item, unit_id)
    except stored_unit.BrokenUnit as error:
        raise BrokenContainer(label, f"unit {unit_id} is damaged ({error})", _AGAIN) from None
