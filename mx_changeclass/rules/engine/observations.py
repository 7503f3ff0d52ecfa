"""What follows from comparing both sides of a release, and no single edit tells."""

from __future__ import annotations

from attrs import frozen

from mx_changeclass.changes.change import Changed
from mx_changeclass.graphs.app import Synced
from mx_changeclass.graphs.sync_set import SYNC_KEYS
from mx_changeclass.model.kinds.navigation import OfflineEntityConfig
from mx_changeclass.model.versions import Version
from mx_changeclass.model.xpath import conditions
from mx_changeclass.wording.changes import sync


@frozen
class VersionChange:
    """The Studio Pro version differs."""

    old: Version
    new: Version

    @property
    def subject(self) -> str:
        return f"Studio Pro {self.new}"

    @property
    def words(self) -> str:
        return f"Studio Pro {self.old} to {self.new}"

    def crosses(self, *milestones: str) -> bool:
        """Whether the move comes from below a milestone and reaches it or goes beyond."""
        return any(self.old < m <= self.new for m in _versions(milestones))

    def enters(self, since: str, until: str) -> bool:
        """Whether the new version lies in the range (both included) and the old one does not."""
        low, high = _versions((since, until))
        return low <= self.new <= high and not low <= self.old <= high


@frozen
class SyncChange:
    """An entity that exists on both sides, or is new, and whose place in the sync set of ``profiles`` differs.

    ``old``/``new`` are its entries in that set (None where it is not in it); ``causes`` names the changed
    subjects on the way that led to it, or now does; ``rows`` are its changed explicit rows.
    """

    entity: str
    old_entity: str
    old: Synced | None
    new: Synced | None
    profiles: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    rows: tuple[Changed[OfflineEntityConfig], ...] = ()

    @property
    def subject(self) -> str:
        return self.entity

    @property
    def took(self) -> tuple[tuple[Changed[OfflineEntityConfig], frozenset[str]], ...]:
        """The fields of the explicit rows that what is said of the move tells of."""
        return tuple((row, row.fields.intersection(SYNC_KEYS)) for row in self.rows)

    @property
    def joins(self) -> bool:
        return self.old is None

    @property
    def leaves(self) -> bool:
        return self.new is None

    @property
    def modes(self) -> tuple[str, str]:
        """Effective mode before and after, "" where the entity is not in the set."""
        return (self.old.mode if self.old else "", self.new.mode if self.new else "")

    @property
    def constraints(self) -> tuple[str, str]:
        """The constraint that holds before and after: only mode Constrained obeys one."""
        return _constraint(self.old), _constraint(self.new)

    @property
    def compatibility(self) -> tuple[bool, bool]:
        """Whether it works in compatibility mode before and after; False where it joins or leaves the set."""
        if self.old is None or self.new is None:
            return False, False
        return self.old.compatibility, self.new.compatibility

    @property
    def words(self) -> str:
        """What happened to the entity: "leaves the offline sync set (was All)"."""
        return sync(self.modes, self.constraints, self.compatibility)

    @property
    def matters(self) -> bool:
        """Something else than the mere presence of an explicit row differs."""
        if self.old is None or self.new is None:
            return True
        return (self.modes[0], conditions(self.constraints[0]), self.old.compatibility) != (
            self.modes[1], conditions(self.constraints[1]), self.new.compatibility
        )  # fmt: skip


def _constraint(entry: Synced | None) -> str:
    return " ".join(entry.constraint.split()) if entry and entry.mode == "Constrained" else ""


def _versions(texts: tuple[str, ...]) -> list[Version]:
    return [v for v in map(Version.of, texts) if v is not None]
