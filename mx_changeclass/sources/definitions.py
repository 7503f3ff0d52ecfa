"""The definition of a pluggable widget, of which every instance in a model holds a full copy.

Facts: how models are stored, section 6.3. A copy is reduced to its plain facts and one digest of the
rest; instances are then read by the keys of their properties instead of ids in their own copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mx_changeclass.model.metamodel import Property
from mx_changeclass.sources.naming import names_of
from mx_changeclass.sources.values import guid

DEFINITION = "CustomWidgets$CustomWidgetType"


def definition(document: Mapping[str, Any], *, stored: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The facts of a definition, its digest under ``definition``, and the property key of each id in it.

    The digest sees SDK names and leaves out ids, defaults and absent values, so that it is the same
    for a stored unit and a dump, and stays when an upgrade merely writes a new key.
    """
    names = names_of(document.get("$Type"), stored=stored)
    facts = {names[k].name: v for k, v in document.items() if isinstance(v, (str, bool)) and k[:1] != "$"}
    labels: dict[str, str] = {}
    content = hashlib.sha256()
    todo: list[Mapping[str, Any]] = [document]
    while todo:
        item = todo.pop()
        own_id = guid(item.get("$ID"))
        if own_id:
            labels[own_id] = str(item.get("PropertyKey" if stored else "key") or "")
        line, inner = _spelled(item, stored=stored)
        content.update(line.encode(errors="replace"))
        todo += reversed(inner)
    facts["definition"] = content.hexdigest()[:16]
    return facts, labels


def _spelled(item: Mapping[str, Any], *, stored: bool) -> tuple[str, list[Mapping[str, Any]]]:
    """One element in a fixed order of keys, and the elements in it."""
    names = names_of(item.get("$Type"), stored=stored)
    words: list[str] = []
    inner: list[Mapping[str, Any]] = []
    for key, value in sorted(((names[k], v) for k, v in item.items() if k[:1] != "$"), key=lambda x: x[0].name):
        if isinstance(value, dict):
            inner.append(value)
            words.append(f"{key.name}:1")
        elif isinstance(value, list):
            items = value[1:] if stored and value and isinstance(value[0], int) else value
            elements = [x for x in items if isinstance(x, dict)]
            inner += elements
            if items:
                words.append(f"{key.name}:{len(elements)}{[x for x in items if not isinstance(x, dict)]}")
        elif not isinstance(value, bytes) and value is not None and not _is_default(value, key.declared):
            words.append(f"{key.name}={value!r}")
    return f"<{names.type} {';'.join(words)}>", inner


def _is_default(value: object, declared: Property | None) -> bool:
    default = declared.default if declared else None
    return value == default if default is not None else value in ("", False, 0)
