"""Ways to upload: what in a page or nanoflow sends all changes of a device to the server."""

from __future__ import annotations

from mx_changeclass.graphs.app import App
from mx_changeclass.model.snapshot import Element, Unit
from mx_changeclass.model.types import NANOFLOW
from mx_changeclass.rules.engine.release import Release

SYNCHRONIZE = "Microflows$SynchronizeAction"
_CLIENT = ("Pages$", NANOFLOW)
_CLIENT_ACTION = "Pages$SyncClientAction"
_ALL_CHANGES = ("All", "Unsynchronized")  # a Specific synchronisation leaves deletions and other objects behind


def uploads_all(row: Element) -> bool:
    """A part of a page, or an activity, that synchronises all changes of the device."""
    props = row.props
    if props.get("action") == SYNCHRONIZE:
        return props.get("action.type", "All") in _ALL_CHANGES
    if row.type.startswith("Microflows$"):
        return False  # most rows of an app, and none of them holds what a user taps
    if row.type == "Pages$SyncButton" or _CLIENT_ACTION in props.values():
        return True
    return any(value is True and key.endswith("syncAutomatically") for key, value in props.items())


def left_without_upload(release: Release) -> tuple[str, ...]:
    """Profiles that hold data and that reached a way to upload in old, and reach none in new."""
    kept = {p.name for p in release.new.profiles if p.holds_data}
    fallen = []
    for profile in release.old.profiles:
        if profile.name not in kept or not _may_have_lost(release, profile.name):
            continue
        had = any(_uploads(release.old, u) for u in release.old.documents(profile.name))
        if had and not any(_uploads(release.new, u) for u in release.new.documents(profile.name)):
            fallen.append(profile.name)
    return tuple(fallen)


def _may_have_lost(release: Release, profile: str) -> bool:
    """A way to upload stood in what changed, or something is reached no more. Spares a look at the whole model."""
    changed = release.changes.old_tree
    if any(uploads_all(row) for row in changed.rows.values()):
        return True
    seen = {changed.snapshot.units[i].digest for i in set(changed.unit_of.values())}
    seen |= {unit.digest for unit in release.new.documents(profile)}
    return any(unit.digest not in seen for unit in release.old.documents(profile))


def _uploads(side: App, unit: Unit) -> bool:
    return unit.type.startswith(_CLIENT) and any(uploads_all(row) for row in side.snapshot.rows(unit.id))
