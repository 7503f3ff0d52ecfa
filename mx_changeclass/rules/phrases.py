"""Short words for what rules saw: values, parts of pages, activities of flows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mx_changeclass.changes.change import CONTENT, NAME, ORDER, PARENT, TYPE, Added, Change, Changed, Removed
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree

_LONGEST = 60
_MOST = 2  # so many edits of one part are told
_LANGUAGE = re.compile(r"\.[a-z]{2,3}(?:_[A-Za-z]+)*$")
_SHELLS = ("value", "template", "text", "appearance", "action")  # parts of a key that tell a reader nothing
_NAMED = ("Pages$Widget", "CustomWidgets$WidgetProperty", "Pages$FormBase")


def plain(value: object) -> str:
    """A value as a reader writes it, cut to a length that fits a line."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return cut(", ".join(map(str, value)))
    return cut(short(str(value)))


# Modes of synchronisation as Studio Pro shows them.
_MODES = {
    "All": "All Objects", "Constrained": "By XPath", "None": "Nothing (clear data)",
    "NoneAndPreserveData": "Nothing (preserve data)",
}  # fmt: skip


def mode_words(mode: object) -> str:
    """A mode of synchronisation under the name that Studio Pro gives it: ``None`` is "Nothing (clear data)"."""
    return _MODES.get(str(mode), str(mode))


def short(text: str) -> str:
    """A type without its namespace; any other text as it is."""
    head, dollar, tail = text.partition("$")
    return tail if dollar and head.isalnum() and tail.isalnum() else text


def cut(text: str) -> str:
    """A text on one line, at most as long as a line of a report bears."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def spaced(type_name: str) -> str:
    """A type in words: ``Pages$ActionButton`` is an "action button".

    >>> spaced("Microflows$MicroflowCallAction")
    'microflow call action'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", short(type_name)).lower()


def several(names: Iterable[str]) -> str:
    """Names in a row, the first few of many."""
    told = list(names)
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def part(tree: Tree, row: Element) -> str:
    """A part inside its document: "text box textBox1", "property onChange of combo box comboBox2"; what has
    no name of its own is told by the widget around it. "" for the document itself."""
    inside = "" if any(is_a(row.type, t) for t in _NAMED) else spaced(str(row.props.get("action") or row.type))
    for around in (row, *tree.ancestors(row)):
        if around.parent is None:
            break
        if around.type == "CustomWidgets$WidgetProperty" and around.name:
            inside = f"property {around.name}"
        elif is_a(around.type, "Pages$Widget"):
            kind = str(around.props.get("type.name") or spaced(around.type)).lower()
            return f"{inside + ' of ' if inside else ''}{kind} {around.name}".strip()
    return f"{inside} {row.name}".strip() if inside and row.parent is not None else ""


def edits(change: Change, fields: Iterable[str] = ()) -> str:
    """What of a part differs: "caption Save to Store, width 3 to 4"; "added" or "removed" for a whole one."""
    if isinstance(change, Added):
        return "added"
    if isinstance(change, Removed):
        return "removed"
    told = list(dict.fromkeys(_edit(change, f) for f in sorted(fields or change.fields)))
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST} more" if len(told) > _MOST else "")


def _edit(change: Changed[Kind], field: str) -> str:
    if field in (PARENT, ORDER):
        return "moved"
    if field == CONTENT:
        return "differs, content not readable"
    old, new = (change.old_row.type, change.new_row.type) if field == TYPE else change.values(field)
    if field == TYPE:
        return f"{spaced(str(old))} became {spaced(str(new))}"
    if field == "syncMode":
        return f"sync mode {mode_words(old)} to {mode_words(new)}"
    if field == NAME:
        return f"renamed from {plain(old)} to {plain(new)}"
    return f"{label(field)} {plain(old)} to {plain(new)}".strip()


def label(field: str) -> str:
    """A key as a reader writes it: ``value.dataSource.xPathConstraint`` is the "data source xpath constraint".

    >>> label("labelTemplate.template.en_US")
    'label'
    """
    steps = _LANGUAGE.sub("", field).split(".")
    kept = [s for s in steps if s not in _SHELLS] or steps[-1:]
    words = " ".join(kept[-2:] if kept[-1] != kept[0] else kept)
    return re.sub(r" template$", "", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words.replace("xPath", "xpath")).lower())
