"""Ways to upload: what in a page or nanoflow sends changes of a device to the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.sync_set import NEVER, ONLINE
from mx_changeclass.model.snapshot import Element, Rows, Unit
from mx_changeclass.model.types import NANOFLOW
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import Release

SYNCHRONIZE = "Microflows$SynchronizeAction"
_CLIENT = ("Pages$", NANOFLOW)
_CLIENT_ACTION = "Pages$SyncClientAction"
_SELECTED = "Specific"  # leaves deletions and all other objects behind, and heeds no sync mode
# How a unit that uploads spells it, whichever of the types and keys below it has; few do.
_SPELLED = regex(rb"ync(?:hronizeAction|ClientAction|Button|Automatically)")
_NANOFLOW, _CALL = "Microflows$Nanoflow", "action.nanoflowCall.nanoflow"


@frozen
class Ways:
    """What a profile reaches to upload with: ``all_changes`` says that something sends every change, ``selected`` names
    the entities of objects that are chosen to be sent, "" among them where a flow does not tell the entity."""

    all_changes: bool
    selected: frozenset[str]

    def select(self, entity: str, side: App) -> bool:
        """Objects of the entity, or of one that it specialises or that specialises it, are chosen somewhere."""
        line = {entity, *side.symbols.lineage(entity), *side.symbols.descendants(entity), ""}
        return not self.selected.isdisjoint(line)


def uploads_all(row: Element) -> bool:
    """A part of a page, or an activity, that synchronises all changes of the device but those of mode Never."""
    props = row.props
    if props.get("action") == SYNCHRONIZE:
        return props.get("action.type", "All") != _SELECTED and not is_disabled(row)
    if row.type.startswith("Microflows$"):
        return False  # most rows of an app, and none of them holds what a user taps
    if row.type == "Pages$SyncButton" or _CLIENT_ACTION in props.values():
        return True
    return any(value is True and key.endswith("syncAutomatically") for key, value in props.items())


def is_disabled(row: Element) -> bool:
    """An activity that is in its flow, and is passed over."""
    return row.props.get("disabled") is True


def left_without_upload(release: Release) -> tuple[str, ...]:
    """What reached a way to upload in old and reaches none in new: profiles that hold data, and entities of which only
    chosen objects go up, as those of mode Never do."""
    kept = {p.name for p in release.new.profiles if p.holds_data}
    fallen: list[str] = []
    for profile in release.old.profiles:
        if profile.name not in kept or not _may_have_lost(release, profile.name):
            continue
        before, after = ways(release.old, profile.name), ways(release.new, profile.name)
        if before.all_changes and not after.all_changes:
            fallen.append(f"profile {profile.name} synchronises nowhere any more")
        fallen += _unselected(before, after, profile.name, release)
    return tuple(dict.fromkeys(fallen))


def _unselected(before: Ways, after: Ways, profile: str, release: Release) -> Iterator[str]:
    """The entities whose objects were chosen, and that nothing sends any more."""
    now = release.new.synced_by_profile[profile]
    for name, entry in release.old.synced_by_profile[profile].items():
        new_name = release.changes.renames.get(name, name)
        stays = entry.mode != ONLINE and new_name in now and now[new_name].mode != ONLINE
        was_sent_with_all = before.all_changes and entry.mode != NEVER
        is_sent_with_all = after.all_changes and new_name in now and now[new_name].mode != NEVER
        if not stays or was_sent_with_all or is_sent_with_all or not before.select(name, release.old):
            continue
        if not after.select(new_name, release.new):
            yield f"objects of {new_name} are chosen for upload nowhere any more"


def uploaded(side: App, entity: str) -> bool:
    """Devices may upload objects of an entity: all of mode Never stay where they are unless a nanoflow chooses them."""
    return side.memo(_uploaded, entity)


def _uploaded(side: App, entity: str) -> bool:
    return any(
        entry.mode != ONLINE and (entry.mode != NEVER or ways(side, profile).select(name, side))
        for profile, entries in side.synced_by_profile.items()
        for name in (entity, *side.symbols.descendants(entity))
        if (entry := entries.get(name))
    )


def ways(side: App, profile: str) -> Ways:
    """The ways to upload that a profile reaches."""
    return side.memo(_ways, profile)


def _ways(side: App, profile: str) -> Ways:
    units = [u for u in side.documents(profile) if u.type.startswith(_CLIENT) and u.may_hold(_SPELLED.search)]
    return Ways(
        any(uploads_all(row) for u in units for row in side.snapshot.rows(u.id)),
        frozenset(name for u in units if u.type == _NANOFLOW for name in _selected(side, u)),
    )


def _selected(side: App, unit: Unit) -> Iterator[str]:
    rows = side.snapshot.rows(unit.id)
    steps = (r for r in rows if r.props.get("action") == SYNCHRONIZE and not is_disabled(r))
    chosen = [r for r in steps if r.props.get("action.type") == _SELECTED]
    held = entities_of(side, rows) if chosen else {}
    for row in chosen:
        yield from (held.get(name, "") for name in row.props.get("action.variableNames", ()))


def entities_of(side: App, rows: Rows) -> Mapping[str, str]:
    """Which entity each object variable of a flow holds, what called nanoflows return and associations lead to
    included."""
    return flow_variables(rows, dict(_from_elsewhere(side, rows)))


def _from_elsewhere(side: App, rows: Rows) -> Iterator[tuple[str, str]]:
    inside = flow_variables(rows)
    for row in rows:
        result = str(row.props.get("action.outputVariableName", ""))
        if result and (called := side.named(str(row.props.get(_CALL, "")), _NANOFLOW)):
            yield result, str(called.props.get("microflowReturnType.entity", ""))
        elif result and (association := row.props.get("action.retrieveSource.association")):
            start = inside.get(str(row.props.get("action.retrieveSource.startVariableName", "")), "")
            ends = side.symbols.other_ends(str(association), start)
            yield result, ends[0] if len(ends) == 1 else ""


def _may_have_lost(release: Release, profile: str) -> bool:
    """A way to upload stood in what changed, or something is reached no more. Spares a look at the whole model."""
    changed = release.changes.old_tree
    if any(uploads_all(row) or row.props.get("action") == SYNCHRONIZE for row in changed.rows.values()):
        return True
    seen = {changed.snapshot.units[i].digest for i in set(changed.unit_of.values())}
    seen |= {unit.digest for unit in release.new.documents(profile)}
    return any(unit.digest not in seen for unit in release.old.documents(profile))
