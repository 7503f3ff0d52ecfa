"""The definition of a pluggable widget, of which every instance in a model holds a full copy.

Facts: how models are stored, section 6.3. A copy is reduced to its plain facts and one digest of the
rest; instances are then read by the keys of their properties instead of ids in their own copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mx_changeclass.model.metamodel import Property
from mx_changeclass.sources.naming import Types

DEFINITION = "CustomWidgets$CustomWidgetType"

Labels = Mapping[bytes | str, str]  # an id as it is written -> property key, "" for what is no property


def definition(document: Mapping[str, Any], types: Types) -> tuple[dict[str, Any], Labels]:
    """The facts of a definition, its digest under ``definition``, and the property key of each id in it.

    The digest sees SDK names and leaves out ids, defaults and absent values, so that it is the same
    for a stored unit and a dump, and stays when an upgrade merely writes a new key.
    """
    names = types.of(document)
    facts = {names[k].name: v for k, v in document.items() if isinstance(v, (str, bool)) and k[:1] != "$"}
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


def _spelled(item: Mapping[str, Any], types: Types) -> tuple[str, list[Mapping[str, Any]]]:
    """One element in a fixed order of keys, and the elements in it."""
    names = types.of(item)
    words: dict[str, str] = {}
    inner: dict[str, list[Mapping[str, Any]]] = {}
    for key, value in item.items():
        if value is None or key[:1] == "$":
            continue
        name, declared, _, _ = names[key]
        if isinstance(value, dict):
            inner[name] = [value]
            words[name] = "1"
        elif isinstance(value, list):
            items = value[1:] if types.stored and value and isinstance(value[0], int) else value
            if items:
                inner[name] = [x for x in items if isinstance(x, dict)]
                words[name] = f"{len(inner[name])}{[x for x in items if not isinstance(x, dict)]}"
        elif not isinstance(value, bytes) and not _is_default(value, declared):
            words[name] = repr(value)
    line = f"{names.type} " + ";".join([f"{name}={words[name]}" for name in sorted(words)])
    return line, [x for name in sorted(inner) for x in inner[name]]


def _is_default(value: object, declared: Property | None) -> bool:
    default = declared.default if declared else None
    return value == default if default is not None else value in ("", False, 0)
