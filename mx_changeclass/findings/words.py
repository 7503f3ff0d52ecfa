"""What a change is in words: short, true for any change, without ids."""

from __future__ import annotations

import re

from mx_changeclass.changes.change import CONTENT, NAME, ORDER, PARENT, TYPE, Added, Change, Removed
from mx_changeclass.rules.release import DependencyMove, Release, SyncMove, VersionMove
from mx_changeclass.rules.rule import Subject

_LONGEST = 60
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|sealed:[0-9a-f]+|sha256:.*|[0-9a-f]{16}|[0-9a-f]{64}")


def words(about: Subject, release: Release, fields: tuple[str, ...] = ()) -> str:
    """What happened to the subject of a finding, as a phrase without the subject: "renamed to Field.Job"."""
    if isinstance(about, VersionMove):
        return f"Studio Pro {about.old} to {about.new}"
    if isinstance(about, SyncMove):
        return _sync(about)
    if isinstance(about, DependencyMove):
        return _dependency(about)
    if isinstance(about, Release):
        return ""
    change: Change = about
    subject = release.subject_row(change)
    part = "" if change.row.id == subject.id else _part(change)
    if isinstance(change, Added):
        return f"{part} added" if part else "added"
    if isinstance(change, Removed):
        return f"{part} removed" if part else "removed"
    told = [_field(change, f, release) for f in sorted(fields or change.fields)]
    return ": ".join(
        x for x in (part, ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")) if x
    )


def _part(change: Change) -> str:
    """A part inside its document: "text box textBox1", "activity MicroflowCallAction"."""
    row = change.row
    return f"{spaced(str(row.props.get('action') or row.type))} {row.name}".strip()


def spaced(kind: str) -> str:
    """A kind in words: ``Pages$ListView`` is "list view"."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind.rpartition("$")[2]).strip()
    return words.replace("java script", "JavaScript")


def _field(change: Change, name: str, release: Release) -> str:
    if isinstance(change, (Added, Removed)):
        return ""
    if name == NAME:
        return f"renamed to {release.new_name(change)}"
    if name == PARENT:
        return "moved"
    if name == ORDER:
        return "order changed"
    if name == CONTENT:
        return "differs, content not readable"
    if name == TYPE:
        return f"{_short(change.old_row.type)} became {_short(change.new_row.type)}"
    old, new = change.values(name)
    if _is_id(old) or _is_id(new):
        return f"{name} changed"
    return f"{name} {plain(old)} to {plain(new)}"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _dependency(move: DependencyMove) -> str:
    owners = [owner.removeprefix("widget:") for owner in move.owners]
    whose = ", ".join(owners[:2]) + (f" and {len(owners) - 2} more" if len(owners) > 2 else "")
    if not move.package:
        return f"list of native modules of {whose} cannot be read"
    if not (move.old and move.new):
        return f"{move.new or move.old} {move.kind}, asked for by {whose}"
    return f"{move.old} to {move.new}, asked for by {whose}"


def _sync(move: SyncMove) -> str:
    if move.joins:
        return f"joins the offline sync set ({move.modes[1]})"
    if move.leaves:
        return f"leaves the offline sync set (was {move.modes[0]})"
    if move.modes[0] != move.modes[1]:
        return f"sync mode {move.modes[0]} to {move.modes[1]}"
    return "sync configuration changed"


def plain(value: object) -> str:
    """A value as a reader writes it, cut to a length that fits a line."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return _cut(", ".join(map(str, value)))
    return _cut(_short(str(value)))


def _short(text: str) -> str:
    head, dollar, tail = text.partition("$")
    return tail if dollar and head.isalnum() and tail.isalnum() else text


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
