"""Write models as Studio Pro stores them, for tests: rows to documents, documents to files.

A *document* is one unit as nested objects under SDK names, the way ``mx dump-mpr`` writes it: ``$ID``,
``$Type``, ``$ContainerID``, ``$ContainerProperty`` and properties; points are objects, blobs are base64.
Every writer takes documents, or a ``Snapshot`` whose rows it unfolds into documents first::

    write_v2(snapshot, tmp_path)      # a project folder; also write_v1, write_mpk, write_dump

What a reader reduces cannot be brought back: sealed secrets and digests of blobs are written as they
are, and a widget gets a definition made up of the properties it uses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import bson
from bson.int64 import Int64

from mx_changeclass.data import load
from mx_changeclass.model.metamodel import Property, property_of, type_named
from mx_changeclass.model.snapshot import Element, Snapshot

Document = dict[str, Any]
Files = Mapping[str, bytes]  # path with slashes -> content
Models = Snapshot | Iterable[Mapping[str, Any]]

VERSION = "10.24.13.86719"
DEFINITION = "CustomWidgets$CustomWidgetType"
MISSING = "$missing"  # of a document whose content is not there: its stated SHA-256, or ""
KEY = "$key"  # of a widget property: its key, which a definition turns into a pointer

_NAMESPACE = uuid.UUID("6f6e7c1c-1f0a-4f5e-9d0b-3b1c7c5f7a10")


def uid(text: str) -> str:
    """An id: ``text`` itself where it is a GUID, else one made of it."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, text))


# Rows to documents


def documents(model: Models) -> list[Document]:
    """The documents of a model, in the order of their ids."""
    if not isinstance(model, Snapshot):
        return sorted((dict(d) for d in model), key=lambda d: str(d["$ID"]))
    found = []
    for unit in model.units.values():
        if unit.id.startswith("file:"):
            continue
        place = {"$ContainerID": uid(unit.container or unit.id), "$ContainerProperty": unit.slot}
        if unit.missing:
            found.append({"$ID": uid(unit.id), "$Type": unit.type, MISSING: unit.digest, **place})
        else:
            found.append({**_unfold(unit.id, model.rows(unit.id)), **place})
    return sorted(found, key=lambda d: str(d["$ID"]))


def _unfold(unit_id: str, rows: Iterable[Element]) -> Document:
    inner: dict[str | None, list[Element]] = {}
    root: Element | None = None
    for row in rows:
        root = root or row
        inner.setdefault(row.parent, []).append(row)
    if root is None:
        raise ValueError(f"unit {unit_id} has no rows")
    return _document(root, inner)


def _document(row: Element, inner: Mapping[str | None, list[Element]]) -> Document:
    whole: Document = {"$ID": uid(row.id), "$Type": row.type}
    if row.name:
        whole["name" if row.type != "CustomWidgets$WidgetProperty" else KEY] = row.name
    parts = {"": whole}
    for key in sorted(row.props):
        owner, _, last = key.rpartition(".")
        part = _part(parts, owner)
        declared = property_of(part.get("$Type", ""), last)
        single = declared.kind == "part" if declared else any(k.startswith(key + ".") for k in row.props)
        if single:
            parts[key] = part[last] = {"$ID": uid(f"{row.id}/{key}"), "$Type": row.props[key]}
        elif part.get("$Type") == "Texts$Text" and declared is None:
            text = {"$Type": "Texts$Translation", "languageCode": last, "text": row.props[key]}
            part.setdefault("translations", []).append({"$ID": uid(f"{row.id}/{key}"), **text})
        else:
            part[last] = _written(row.props[key], declared)
    for child in sorted(inner.get(row.id, ()), key=lambda r: r.index):
        owner, _, last = child.slot.rpartition(".")
        _part(parts, owner).setdefault(last, []).append(_document(child, inner))
    if isinstance(whole.get("type"), dict) and whole["type"].get("$Type") == DEFINITION:
        define(whole)
    return whole


def _part(parts: dict[str, Document], key: str) -> Document:
    """The part under a dotted key; one that no row speaks of has the type that is declared for it."""
    if key not in parts:
        owner, _, last = key.rpartition(".")
        around = _part(parts, owner)
        declared = property_of(around.get("$Type", ""), last)
        own_id = uid(f"{parts['']['$ID']}/{key}")
        parts[key] = around[last] = {"$ID": own_id, "$Type": declared.type if declared else ""}
    return parts[key]


def _written(value: Any, declared: Property | None) -> Any:
    if isinstance(value, tuple):
        return [_written(v, declared) for v in value]
    if declared and isinstance(value, str) and value:
        if declared.kind == "byIdReference" or declared.type == "Guid":
            return uid(value)
        if declared.type in ("Point", "Size") and ";" in value:
            names = ("x", "y") if declared.type == "Point" else ("width", "height")
            return dict(zip(names, map(int, value.split(";")), strict=True))
        if declared.type == "Blob":
            return base64.b64encode(value.encode()).decode()
    return value


def define(widget: Document) -> None:
    """Give a pluggable widget a definition with the properties it uses, and point to it from them."""
    definition = widget["type"]
    mark = definition.pop("definition", None)
    objects = [widget["object"]] if isinstance(widget.get("object"), dict) else []
    definition["objectType"] = _object_type(objects, definition["$ID"])
    if mark:
        last = {"$Type": "CustomWidgets$WidgetPropertyType", "key": "", "caption": mark}
        definition["objectType"]["propertyTypes"].append({"$ID": uid(f"{definition['$ID']}/mark"), **last})


def _object_type(objects: list[Document], place: str) -> Document:
    made: Document = {"$ID": uid(f"{place}/object"), "$Type": "CustomWidgets$WidgetObjectType", "propertyTypes": []}
    by_key: dict[str, list[Document]] = {}
    for one in objects:
        one["type"] = made["$ID"]
        for each in one.get("properties", ()):
            by_key.setdefault(each.pop(KEY, ""), []).append(each)
    for key, properties in sorted(by_key.items()):
        values = [p["value"] for p in properties if isinstance(p.get("value"), dict)]
        nested = [o for v in values for o in v.get("objects", ())]
        value_type: Document = {"$ID": uid(f"{place}/{key}/value"), "$Type": "CustomWidgets$WidgetValueType"}
        value_type["type"] = "Object" if nested else "String"
        if nested:
            value_type["objectType"] = _object_type(nested, f"{place}/{key}")
        property_type: Document = {"$ID": uid(f"{place}/{key}"), "$Type": "CustomWidgets$WidgetPropertyType"}
        property_type |= {"key": key, "valueType": value_type}
        made["propertyTypes"].append(property_type)
        for each in properties:
            each["type"] = property_type["$ID"]
        for value in values:
            value["type"] = value_type["$ID"]
    return made


# Documents to stored units


def stored(document: Mapping[str, Any]) -> Document:
    """A document as it is stored: storage names, ids as bytes, lists with their marker."""
    made: Document = {"$ID": _bytes(document["$ID"]), "$Type": _storage_type(document["$Type"])}
    keys = _storage_keys(document["$Type"])
    for name, value in document.items():
        if not name.startswith("$"):
            made[keys.get(name) or name[:1].upper() + name[1:]] = _encoded(value, property_of(document["$Type"], name))
    return made


def content_of(document: Mapping[str, Any]) -> bytes:
    """The bytes of a stored unit."""
    return bson.encode(stored(document))


def _encoded(value: Any, declared: Property | None) -> Any:
    if isinstance(value, Mapping):
        return stored(value) if "$Type" in value else ";".join(str(v) for v in value.values())
    if isinstance(value, list):
        marker = 3 if any(isinstance(v, Mapping) for v in value) or (declared and "art" in declared.kind) else 1
        return [marker, *(_encoded(v, declared) for v in value)]
    if isinstance(value, int) and not isinstance(value, bool):
        return Int64(value)
    if isinstance(value, str) and declared:
        if declared.type == "Blob":
            return base64.b64decode(value)
        if declared.type == "DateTime" and value:
            return datetime.fromisoformat(value)
        if value and (declared.type == "Guid" or declared.kind == "byIdReference"):
            return _bytes(value)
    return value


def _bytes(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


@cache
def _storage_type(name: str) -> str:
    written = {sdk: storage for storage, sdk in load("metamodel")["storage_index"].items()}
    return written.get(name) or ("Forms$" + name[6:] if name.startswith("Pages$") else name)


@cache
def _storage_keys(type_name: str) -> Mapping[str, str]:
    known = type_named(type_name)
    return {p.name: storage for storage, p in known.by_storage.items()} if known else {}


# Files


def write_dump(model: Models, path: Path, *, bom: bool = True) -> Path:
    """A dump as ``mx dump-mpr`` writes it, with a BOM."""
    units = [{k: v for k, v in d.items() if k != MISSING} for d in documents(model)]
    text = json.dumps({"units": units}, indent=1, ensure_ascii=False)
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    return path


def write_v1(model: Models, path: Path, *, version: str = VERSION) -> Path:
    """An ``.mpr`` with its contents inside."""
    _write_database(path, version, model, inside=True)
    return path


def write_v2(
    model: Models, folder: Path, *, name: str = "App.mpr", version: str = VERSION, side: Files | None = None
) -> Path:
    """A project folder: ``.mpr``, ``mprcontents`` and the given files beside them. Gives the folder back."""
    files: dict[str, bytes] = {**(side or {}), "mprcontents/mprname": name.encode()}
    folder.mkdir(parents=True, exist_ok=True)
    for unit_id, content in _write_database(folder / name, version, model, inside=False):
        files[f"mprcontents/{unit_id[:2]}/{unit_id[2:4]}/{unit_id}.mxunit"] = content
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def write_mpk(
    model: Models, path: Path, *, module: str = "", version: str = VERSION, side: Files | None = None
) -> Path:
    """An app package, or a module package where ``module`` names one."""
    database = path.with_suffix(".tmp")
    write_v1(model, database, version=version)
    what = f'<module name="{module}"/>' if module else "<project/>"
    listed = "".join('<file path="{}"/>'.format(name.replace("/", "\\")) for name in side or {})
    manifest = (
        '<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.mendix.com/package/1.0/">'
        f'<modelerProject xmlns="http://www.mendix.com/modelerProject/1.0/">{what}<projectFile path="project.mpr"/>'
        f"<files>{listed}</files></modelerProject></package>"
    )
    write_zip(path, {"package.xml": manifest.encode(), "project.mpr": database.read_bytes(), **(side or {})})
    database.unlink()
    return path


def write_zip(path: Path, files: Files) -> Path:
    """A zip that is the same whenever it is written."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    path.write_bytes(packed.getvalue())
    return path


def _write_database(path: Path, version: str, model: Models, *, inside: bool) -> list[tuple[str, bytes]]:
    """Write the database; the id and content of each unit that has content."""
    path.unlink(missing_ok=True)
    contents: list[tuple[str, bytes]] = []
    meta = "_ProductVersion text, _BuildVersion text, _SchemaHash text"
    unit = (
        "UnitID blob primary key, ContainerID blob, ContainmentName text, TreeConflict long, ContentsHash text,"
        " ContentsConflicts text"
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        if inside:
            connection.execute(f"create table _MetaData ({meta})")
            connection.execute("insert into _MetaData values (?, ?, '')", (version, version))
            connection.execute(f"create table Unit ({unit}, Contents blob)")
        else:
            connection.execute(f"create table _MetaData (_FormatVersion integer, {meta})")
            connection.execute("insert into _MetaData values (2, ?, ?, '')", (version, version))
            connection.execute("create table _Transaction (LastTransactionID text)")
            connection.execute(f"create table Unit ({unit})")
        for row in _unit_rows(documents(model), contents):
            cells = row if inside else row[:-1]
            connection.execute(f"insert into Unit values ({', '.join('?' * len(cells))})", cells)
    return contents


def _unit_rows(found: Iterable[Document], contents: list[tuple[str, bytes]]) -> Iterator[tuple[object, ...]]:
    for document in found:
        content = None if MISSING in document else content_of(document)
        digest = document[MISSING] if content is None else hashlib.sha256(content).hexdigest()
        if content is not None:
            contents.append((document["$ID"], content))
        slot = str(document.get("$ContainerProperty", ""))
        container = _bytes(document.get("$ContainerID") or document["$ID"])
        stated = base64.b64encode(bytes.fromhex(digest)).decode()
        yield _bytes(document["$ID"]), container, slot[:1].upper() + slot[1:], 0, stated, "", content
