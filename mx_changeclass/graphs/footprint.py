"""What lives on devices: per navigation profile the data, the documents, and what they call."""

from __future__ import annotations

from attrs import frozen

from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.profiles import Profile
from mx_changeclass.graphs.symbols import DOCUMENT
from mx_changeclass.graphs.sync_set import Synced
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.model.types import CONSTANT, JAVASCRIPT_ACTION, MICROFLOW, NANOFLOW, PAGE


@frozen
class ProfileFootprint:
    """What one profile brings to its devices; all names qualified and in order. ``entities`` is the sync
    set, empty for a profile that keeps no data; ``microflows`` are those its clients call."""

    profile: Profile
    entities: tuple[Synced, ...]
    pages: tuple[str, ...]
    nanoflows: tuple[str, ...]
    microflows: tuple[str, ...]
    javascript_actions: tuple[str, ...]
    constants: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<ProfileFootprint {self.profile.name} ({self.profile.kind}): {len(self.entities)} entities>"


@frozen
class Footprint:
    """The footprint of a model, one entry a profile, by name."""

    model: Snapshot
    profiles: tuple[ProfileFootprint, ...]

    def __repr__(self) -> str:
        return (
            f"<Footprint of {self.model.label!r}: {', '.join(p.profile.name for p in self.profiles) or 'no profile'}>"
        )


def footprint_of(model: Snapshot) -> Footprint:
    """The footprint of a model; without profiles for one without navigation."""
    side = App(model)
    return Footprint(model, tuple(_of_profile(side, profile) for profile in side.profiles))


def _of_profile(side: App, profile: Profile) -> ProfileFootprint:
    reached: dict[str, list[str]] = {}
    for name, space in sorted(side.reachability.reaches[profile.name].came_from):
        unit = side.symbols.documents.get(name) if space == DOCUMENT else None
        if unit is not None:
            reached.setdefault(unit.type, []).append(name)
    return ProfileFootprint(
        profile,
        tuple(side.synced_by_profile.get(profile.name, {}).values()),
        *(
            tuple(reached.get(kind, ()))
            for kind in (
                PAGE,
                NANOFLOW,
                MICROFLOW,
                JAVASCRIPT_ACTION,
                CONSTANT,
            )
        ),
    )
