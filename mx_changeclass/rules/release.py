"""What a rule may ask: both sides of a release, every change, and what follows from comparing the sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs
from attrs import frozen

from mx_changeclass.changes.change import Added, Change, Changed, Changes, Removed
from mx_changeclass.graphs.side import Side, Synced
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.versions import Version
from mx_changeclass.policy import Policy


@frozen
class VersionMove:
    """The Studio Pro version differs."""

    old: Version
    new: Version

    @property
    def subject(self) -> str:
        return f"Studio Pro {self.new}"

    def crosses(self, *milestones: str) -> bool:
        """Whether the move comes from below a milestone and reaches it or goes beyond."""
        return any(self.old < m <= self.new for m in _versions(milestones))

    def enters(self, since: str, until: str) -> bool:
        """Whether the new version lies in the range (both included) and the old one does not."""
        low, high = _versions((since, until))
        return low <= self.new <= high and not low <= self.old <= high


@frozen
class SyncMove:
    """An entity that exists on both sides, or is new, and whose place in the offline sync set differs.

    ``old``/``new`` are its entries in the sync set (None where it is not in it); ``causes`` names the
    changed subjects on the way that led to it, or now does.
    """

    entity: str
    old_entity: str
    old: Synced | None
    new: Synced | None
    causes: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.entity

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


Observation = VersionMove | SyncMove


@attrs.define(slots=False, eq=False)
class Release:
    """Both sides and all changes between them."""

    old: Side
    new: Side
    changes: Changes
    policy: Policy = attrs.field(factory=Policy)
    _subjects: dict[int, tuple[tuple[Side, str], ...]] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, changes: Changes, policy: Policy | None = None) -> Release:
        old, new = Side.pair(changes.old, changes.new)
        return cls(old, new, changes, policy or Policy())

    # -- the sides of a change --------------------------------------------------------------

    def sides(self, change: Change) -> Iterator[tuple[Side, Element]]:
        """The sides a change is judged on with its row there: removed in old, added in new, changed in both."""
        if not isinstance(change, Added):
            yield self.old, change.old_row
        if not isinstance(change, Removed):
            yield self.new, change.new_row

    def old_name(self, change: Change) -> str:
        """Qualified name of the changed row in old, "" for an added one."""
        return "" if isinstance(change, Added) else self.changes.old_tree.qualified(change.old_row)

    def new_name(self, change: Change) -> str:
        """Qualified name of the changed row in new, "" for a removed one."""
        return "" if isinstance(change, Removed) else self.changes.new_tree.qualified(change.new_row)

    def subject_row(self, change: Change) -> Element:
        """The nearest thing a reader would name, on the new side where there is one."""
        return self.changes.tree(change).subject(change.row)

    def document(self, change: Change) -> Element:
        """The document or file that the changed row stands in, on the new side where there is one."""
        tree = self.changes.tree(change)
        unit = tree.unit_of.get(change.row.id)
        return tree.snapshot.rows(unit)[0] if unit else change.row

    def subjects(self, change: Change) -> tuple[tuple[Side, str], ...]:
        """Each side a change is judged on, with the qualified name of its subject there."""
        if id(change) not in self._subjects:  # asked by every rule that hears the change
            out = []
            for side, row in self.sides(change):
                tree = self.changes.old_tree if side is self.old else self.changes.new_tree
                out.append((side, tree.qualified(tree.subject(row))))
            self._subjects[id(change)] = tuple(out)
        return self._subjects[id(change)]

    # -- who is reached ---------------------------------------------------------------------

    def audience(self, change: Change) -> frozenset[str]:
        """Names of the profiles that reach the subject on any side it is judged on."""
        return frozenset().union(*(side.audience(name) for side, name in self.subjects(change)))

    def reached(self, change: Change) -> bool:
        return any(side.reached(name) for side, name in self.subjects(change))

    def reached_native(self, change: Change) -> bool:
        return any(side.reached_native(name) for side, name in self.subjects(change))

    def reached_offline(self, change: Change) -> bool:
        """A native or offline web profile reaches the subject."""
        return any(side.reached_offline(name) for side, name in self.subjects(change))

    def web_only(self, change: Change) -> bool:
        """The subject is reached, and by online web profiles only."""
        return self.reached(change) and not self.reached_offline(change)

    def shipped(self, change: Change) -> bool:
        """The subject reaches somebody with the client bundle. Pages, layouts and snippets that online web
        profiles alone reach are not bundled: the runtime serves them."""
        served = is_a(self.document(change).type, "Pages$FormBase")
        return self.reached_offline(change) if served else self.reached(change)

    def why(self, change: Change) -> tuple[str, ...]:
        """Shortest way from a profile to the subject, on the first side that has one."""
        return next((way for side, name in self.subjects(change) if (way := side.why(name))), ())

    # -- data on devices ----------------------------------------------------------------------

    def entity_names(self, change: Change) -> tuple[tuple[Side, str], ...]:
        """Each side a change is judged on, with the entity that the changed row is, or lies in."""
        out = []
        for side, row in self.sides(change):
            tree = self.changes.old_tree if side is self.old else self.changes.new_tree
            for r in (row, *tree.ancestors(row)):
                if r.type == "DomainModels$Entity":
                    out.append((side, tree.qualified(r)))
                    break
        return tuple(out)

    def synced(self, change: Change) -> bool:
        """The entity of the change is in the sync set, on any side it is judged on."""
        return any(side.synced(name) for side, name in self.entity_names(change))

    def was_synced(self, change: Change) -> bool:
        """The entity of the change is in the old sync set: devices hold rows of it."""
        return any(side is self.old and side.synced(name) for side, name in self.entity_names(change))

    def persistable(self, change: Change) -> bool:
        """The entity of the change is persistable on any side it is judged on."""
        return any(side.persistable(name) for side, name in self.entity_names(change))

    # -- the whole release ------------------------------------------------------------------

    @property
    def web_app(self) -> bool:
        """No native or offline profile on either side: there is no over-the-air channel."""
        return not (self.old.offline or self.new.offline)

    @property
    def first(self) -> bool:
        """Nothing was released before."""
        return self.changes.old.form == "none"

    @property
    def ota_off(self) -> bool:
        """The released binary of a native profile that lives on takes no updates over the air."""
        if self.policy.ota_in_binary is not None:
            return not self.policy.ota_in_binary
        kept = {p.name for p in self.new.profiles if p.kind == "native"}
        return any(p.kind == "native" and p.ota is False and p.name in kept for p in self.old.profiles)

    @cached_property
    def moved_version(self) -> VersionMove | None:
        old, new = self.old.version, self.new.version
        return VersionMove(old, new) if old and new and (old.text or old) != (new.text or new) else None

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        moved = self.moved_version
        return (*((moved,) if moved else ()), *self.sync_moves)

    @cached_property
    def sync_moves(self) -> tuple[SyncMove, ...]:
        """Every difference of the two sync sets, entities matched across renames; deleted ones left out."""
        back: Mapping[str, str] = {new: old for old, new in self.changes.renames.items()}
        moves = []
        for name in sorted({*self.new.sync, *(self.changes.renames.get(n, n) for n in self.old.sync)}):
            old_name = back.get(name, name)
            old, new = self.old.sync.get(old_name), self.new.sync.get(name)
            if new is None and not self.new.persistable(name):
                continue  # deleted, or made non-persistable: rules of the entity speak
            if (
                old is None
                or new is None
                or (old.mode, old.constraint, old.explicit, old.compatibility)
                != (new.mode, new.constraint, new.explicit, new.compatibility)
            ):
                way = (new or old).why if (new or old) else ()  # type: ignore[union-attr]
                moves.append(SyncMove(name, old_name, old, new, self._changed_on(way)))
        return tuple(moves)

    def _changed_on(self, way: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in way[:-1] if name in self.changed_subjects)

    @cached_property
    def changed_subjects(self) -> frozenset[str]:
        """Qualified names of everything that has a loud change."""
        return frozenset(name for change in self.changes for _, name in self.subjects(change))

    def all(self, verb: type) -> Iterator[Change]:
        """The changes of one verb that speak for themselves."""
        return (c for c in self.changes if isinstance(c, verb) and c.within is None)


__all__ = ["Added", "Changed", "Observation", "Release", "Removed", "SyncMove", "VersionMove"]


def _versions(texts: tuple[str, ...]) -> list[Version]:
    return [v for v in map(Version.of, texts) if v is not None]
