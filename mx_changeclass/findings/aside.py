"""What was set aside as without meaning, edit by edit: asked for by whoever doubts, so made only then."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from mx_changeclass.changes.change import ID, NAME, PARENT, TYPE, UNSEEN, Change, Changed, Changes
from mx_changeclass.wording.values import kind_in_words

_FRAME = {ID: "id", PARENT: "owner", TYPE: "type", NAME: "name"}


@frozen
class Aside:
    """Edits of one element that were set aside for one ``reason``, the name of a noise rule: of which ``fields`` (the
    kind of a part in words, where that came or went as a whole), and how many differing values they are."""

    reason: str
    kind: str
    name: str
    fields: tuple[str, ...]
    edits: int


def aside_of(changes: Changes) -> tuple[Aside, ...]:
    """Every edit that was set aside, by reason, element and field."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    named: dict[tuple[int, str], tuple[str, str]] = {}
    for change in (*changes.noise, *changes.meaningful):
        edits = list(_edits(change))
        if not edits:
            continue
        tree = changes.tree(change)
        subject = tree.subject(change.row)
        place = id(tree), subject.id
        if place not in named:
            named[place] = subject.type, tree.qualified(subject)
        for reason, field, count in edits:
            fields = found.setdefault((reason, *named[place]), {})
            fields[field] = fields.get(field, 0) + count
    return tuple(Aside(*key, tuple(sorted(fields)), sum(fields.values())) for key, fields in sorted(found.items()))


def _edits(change: Change) -> Iterator[tuple[str, str, int]]:
    """The edits of a change that were set aside: reason, field, number of values."""
    if isinstance(change, Changed):
        yield from ((reason, _FRAME.get(key, key), 1) for key, reason in change.noise.items() if reason != UNSEEN)
    elif change.reason and change.reason != UNSEEN:
        values = 1 + bool(change.row.name) + len(change.row.props)
        yield change.reason, f"{kind_in_words(change.row.type)} {type(change).__name__.lower()}", values
