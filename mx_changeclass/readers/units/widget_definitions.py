"""The definition of a pluggable widget, of which every instance in a model holds a full copy.

Source: docs/storage.md, "Widget definitions". A copy is reduced to its plain facts and one digest of the
rest; instances are then read by the keys of their properties instead of ids in their own copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mx_changeclass.model.types import WIDGET_DEFINITION
from mx_changeclass.readers.units.key_names import TypeKeys

DEFINITION = WIDGET_DEFINITION

Labels = Mapping[bytes | str, str]  # an id as it is written -> property key, "" for what is no property


def definition(document: Mapping[str, Any], types: TypeKeys) -> tuple[dict[str, Any], Labels]:
    """The facts of a definition, its digest under ``definition``, and the property key of each id in it.

    The digest sees SDK names and leaves out ids, defaults and absent values, so that it is the same
    for a stored unit and a dump, and stays when an upgrade merely writes a new key.
    """
    names = types.of(document)
    facts = {name[0]: v for k, v in document.items() if isinstance(v, (str, bool)) and (name := names[k])}
    labels: dict[bytes | str, str] = {}
    lines: list[str] = []
    todo: list[Mapping[str, Any]] = [document]
    while todo:
        item = todo.pop()
        own_id = item.get("$ID")
        if isinstance(own_id, (bytes, str)):
            labels[own_id] = str(item.get("PropertyKey" if types.stored else "key") or "")
        line, inner = _spelled(item, types)
        lines.append(line)
        todo += reversed(inner)
    facts["definition"] = hashlib.sha256("\n".join(lines).encode(errors="replace")).hexdigest()[:16]
    return facts, labels


def _spelled(item: Mapping[str, Any], types: TypeKeys) -> tuple[str, list[Mapping[str, Any]]]:
    """One element in a fixed order of keys, and the elements in it."""
    names = types.of(item)
    words: list[str] = []
    inner: list[Mapping[str, Any]] = []
    for key, (name, _, _, _, default, _) in names.sorted(tuple(item)):
        value = item[key]
        kind = type(value)
        if kind is dict:
            inner.append(value)
            words.append(f"{name}=1")
        elif kind is list:
            items = value[1:] if types.stored and value and isinstance(value[0], int) else value
            if items:
                elements = [x for x in items if isinstance(x, dict)]
                inner += elements
                words.append(f"{name}={len(elements)}{[x for x in items if not isinstance(x, dict)]}")
        elif (value if default is None else value != default) and value is not None and not isinstance(value, bytes):
            words.append(f"{name}={value!r}")
    return f"{names.type} {';'.join(words)}", inner
