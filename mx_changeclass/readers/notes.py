"""What a reader could not see, and what it found odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mx_changeclass.errors import BrokenContainer
from mx_changeclass.model.snapshot import Unit
from mx_changeclass.readers.limits import FOLDERS, RESTORE

_FOLD_AFTER = 5  # so many notes of one kind are told one by one


class Notes:
    """Notes by kind, told in a fixed order; a long list of one kind is told by its first and its number."""

    def __init__(self) -> None:
        self._lost: dict[str, list[str]] = {}
        self._odd: dict[str, list[str]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def missing(self, kind: str, text: str) -> None:
        """Something of the model was not seen."""
        self._lost.setdefault(kind, []).append(text)
        self._count += 1

    def warning(self, kind: str, text: str) -> None:
        """What the model holds and what it lists disagree."""
        self._odd.setdefault(kind, []).append(text)
        self._count += 1

    @property
    def incomplete(self) -> tuple[str, ...]:
        return _told(self._lost)

    @property
    def warnings(self) -> tuple[str, ...]:
        return _told(self._odd)


def _told(by_kind: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    out: list[str] = []
    for _, texts in sorted(by_kind.items()):
        first, rest = sorted(texts)[:_FOLD_AFTER], sorted(texts)[_FOLD_AFTER:]
        out += first
        if rest:
            out.append(f"and {len(rest)} more like the last" if len(rest) > 1 else rest[0])
    return tuple(out)


def check_places(units: Mapping[str, Unit], notes: Notes, label: str) -> None:
    """Note the units that hang in nothing: their container is not there, or contains itself.

    Raises ``BrokenContainer`` where containers nest deeper than in any real app, so that nobody who goes up
    from each unit goes far.
    """
    depth: dict[str, int] = {}
    for unit in units.values():
        path: dict[str, None] = {}
        at: Unit | None = unit
        while at is not None and at.id not in depth and at.id not in path:
            path[at.id] = None
            if len(path) > FOLDERS:
                break
            at = units.get(at.container) if at.container is not None else None
        below = depth.get(at.id, 0) if at is not None else 0
        if below + len(path) > FOLDERS:
            raise BrokenContainer(label, f"nests documents deeper than {FOLDERS} folders", RESTORE)
        if at is not None and at.id in path:
            notes.missing("loop", f"{unit.file or unit.id} lies in a loop of containers")
        elif at is None and units[next(reversed(path))].container is not None:
            notes.missing("stray", f"{unit.file or unit.id} lies in a container that is not there")
        else:
            depth |= {each: below + i for i, each in enumerate(reversed(path), 1)}
