"""One stored unit (BSON, or an object of a dump) to rows under SDK names.

Facts: how models are stored, sections 2 (BSON encoding), 4.3 (storage names), 6.3 (widgets), 10 (dump).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from mx_changeclass.model.metamodel import Property, sdk_name, type_named
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.sources.secrets import is_secret, sealed

MAX_DEPTH = 400  # real units nest below 60; more is an attack on the reader
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_WIDGET_TYPE = "CustomWidgets$CustomWidgetType"


class BrokenUnit(ValueError):
    """The bytes of a unit are no valid document."""


def header(content: bytes) -> tuple[str, str, str, bool]:
    """``(id, SDK type, name, excluded)`` of a unit without decoding what it holds."""
    try:
        root = RawBSONDocument(content, _RAW)
        return guid(root["$ID"]), sdk_name(str(root["$Type"])), str(root.get("Name") or ""), root.get("Excluded") is True
    except Exception as error:  # bson raises a dozen kinds on hostile bytes, struct.error and IndexError among them
        raise BrokenUnit(str(error) or type(error).__name__) from error


def decode(content: bytes) -> Rows:
    """The rows of a unit's BSON, root first."""
    try:
        document = bson.decode(content)
    except Exception as error:  # as above
        raise BrokenUnit(str(error) or type(error).__name__) from error
    return tuple(_rows(document, stored=True))


def from_dump(document: Mapping[str, Any]) -> Rows:
    """The rows of one unit of a ``mx dump-mpr`` file, which uses SDK names and plain lists."""
    return tuple(_rows(document, stored=False))


def guid(value: object) -> str:
    """Text form of a stored id: 16 bytes in .NET order, or text already."""
    if isinstance(value, bytes) and len(value) == 16:
        h = value.hex()
        return f"{h[6:8]}{h[4:6]}{h[2:4]}{h[:2]}-{h[10:12]}{h[8:10]}-{h[14:16]}{h[12:14]}-{h[16:20]}-{h[20:]}"
    if isinstance(value, str):
        return value.lower()
    raise BrokenUnit("an id is neither 16 bytes nor text")


@cache
def _keys(type_name: str, stored: bool) -> Mapping[str, Property]:
    known = type_named(type_name)
    return (known.by_storage if stored else known.properties) if known else {}


def _rows(root: Mapping[str, Any], *, stored: bool) -> Iterator[Element]:
    """Walk a document. Single parts fold into the row under dotted keys, list items become rows."""
    queue: list[tuple[Mapping[str, Any], str | None, str, int, Mapping[str, str], int]] = [(root, None, "", 0, {}, 0)]
    while queue:
        document, parent, slot, index, labels, depth = queue.pop()
        own_id = guid(document.get("$ID"))
        props: dict[str, Any] = {}
        name = ""
        row_type = _type(document)
        children: list[tuple[Mapping[str, Any], str, int]] = []
        parts = [(document, "", row_type, depth)]
        while parts:
            part, prefix, part_type, depth = parts.pop()
            if depth > MAX_DEPTH:
                raise BrokenUnit(f"nested deeper than {MAX_DEPTH} levels")
            known = _keys(part_type, stored)
            for key, value in part.items():
                if key[:1] == "$" or value is None:
                    continue
                declared = known.get(key)
                label = prefix + (declared.name if declared else key[:1].lower() + key[1:])
                if isinstance(value, Mapping):
                    if "$Type" not in value:
                        props[label] = _point(value)
                        continue
                    inner = _type(value)
                    if inner == _WIDGET_TYPE:
                        labels = {**labels, **_widget_type(value, label, props, stored=stored)}
                        continue
                    props[label] = inner
                    parts.append((value, label + ".", inner, depth + 1))
                elif isinstance(value, list):
                    items = value[1:] if stored and value and isinstance(value[0], int) else value
                    if not items:
                        continue
                    if isinstance(items[0], Mapping):
                        children += [(x, label, i) for i, x in enumerate(items) if isinstance(x, Mapping)]
                    else:
                        props[label] = tuple(_scalar(x, declared) for x in items)
                elif label == "name":
                    name = str(value)
                else:
                    props[label] = _scalar(value, declared)
                    if is_secret(part_type, declared.name if declared else label):
                        props[label] = sealed(own_id, props[label])
        if labels:
            name = _resolve_pointers(props, labels) or name
        yield Element(own_id, row_type, name, parent, slot, props, index)
        for child, label, i in reversed(children):
            if child.get("$Type") == "Texts$Translation":
                _fold_translation(child, label, props, stored=stored)
            else:
                queue.append((child, own_id, label, i, labels, depth + 1))


def _type(document: Mapping[str, Any]) -> str:
    return sdk_name(str(document.get("$Type", "")))


def _scalar(value: Any, declared: Property | None) -> Any:
    if isinstance(value, bytes):
        if len(value) == 16 and (declared is None or declared.type != "Blob"):
            return guid(value)
        return f"sha256:{hashlib.sha256(value).hexdigest()[:32]} ({len(value)} bytes)" if value else ""
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return _point(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _point(value: Mapping[str, Any]) -> str:
    """A dump writes points and sizes as objects, a stored unit as ``x;y``."""
    return ";".join(str(x) for x in value.values())


def _fold_translation(item: Mapping[str, Any], label: str, props: dict[str, Any], *, stored: bool) -> None:
    code, text = ("LanguageCode", "Text") if stored else ("languageCode", "text")
    props[f"{label.rpartition('.')[0] or label}.{item.get(code, '')}"] = str(item.get(text) or "")


def _widget_type(document: Mapping[str, Any], label: str, props: dict[str, Any], *, stored: bool) -> dict[str, str]:
    """Every instance of a pluggable widget holds a copy of the widget's definition. Keep its few plain
    facts and one digest of the rest; return the property key of each type id in it."""
    known = _keys(_WIDGET_TYPE, stored)
    for key, value in document.items():
        if isinstance(value, (str, bool)) and key[:1] != "$":
            declared = known.get(key)
            props[f"{label}.{declared.name if declared else key[:1].lower() + key[1:]}"] = value
    labels: dict[str, str] = {}
    content = hashlib.sha256()
    todo: list[Any] = [document]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            kind = str(item.get("$Type", ""))
            key = item.get("PropertyKey" if stored else "propertyKey")
            labels[guid(item["$ID"])] = str(key or "")
            content.update(f"<{kind}>".encode())
            for k in sorted(item):
                v = item[k]
                if k[:1] == "$" or isinstance(v, bytes) or v is None:
                    continue
                if isinstance(v, (Mapping, list)):
                    todo.append(v)
                else:
                    content.update(f"{k[:1].lower()}{k[1:]}={v};".encode())
        elif isinstance(item, list):
            todo += [x for x in item if isinstance(x, (Mapping, list))]
    props[label] = _WIDGET_TYPE
    props[f"{label}.definition"] = content.hexdigest()[:16]
    return labels


def _resolve_pointers(props: dict[str, Any], labels: Mapping[str, str]) -> str:
    """Replace pointers into the widget definition by the property key they stand for."""
    name = ""
    for key in [k for k, v in props.items() if isinstance(v, str) and v in labels and k.rpartition(".")[2] == "type"]:
        name = name or labels[props[key]]
        del props[key]
    return name
