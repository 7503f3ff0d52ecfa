"""Modules and the Marketplace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mx_changeclass.changes.change import NAME, PARENT, Added, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.app import Folder, Module, ModuleSettings
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Unit
from mx_changeclass.model.types import (
    CONSTANT,
    DOMAIN_MODEL,
    ENUMERATION,
    FOLDER,
    JAVASCRIPT_ACTION,
    MICROFLOW,
    MODULE,
    NANOFLOW,
)
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.devices import said_names, stored_names
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_CLIENT = (
    "Pages$FormBase",
    NANOFLOW,
    JAVASCRIPT_ACTION,
    "Images$ImageCollection",
    "CustomIcons$CustomIconCollection",
    "Menus$MenuDocument",
    ENUMERATION,
)
_FRAME = (
    MODULE,
    FOLDER,
    "Projects$ModuleSettings",
    "Security$ModuleSecurity",
    DOMAIN_MODEL,
)
_STORE = (
    "appStoreVersion",
    "appStoreGuid",
    "appStoreVersionGuid",
    "appStorePackageId",
    "appStorePackageIdString",
    "fromAppStore",
    "isReusableComponent",
)
_SETTINGS = (
    "version",
    "basedOnVersion",
    "solutionIdentifier",
    "extensionName",
    "checksum",
    "convertedChecksum",
    "packageId",
    "originalPackageId",
    "moduleDependencies",
    "enableDetailedTroubleshooting",
)
_EXPORT = ("exportLevel", "protectedModuleType", "markAsUsed")


# -- what a module holds ----------------------------------------------------------------------------


def _units(side: App, module: str) -> Sequence[Unit]:
    return side.memo(_units_by_module).get(module, ())


def _units_by_module(side: App) -> Mapping[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for unit in side.snapshot.live.values():
        found.setdefault(side.snapshot.module(unit.id), []).append(unit)
    return found


def _entities(side: App, module: str) -> Sequence[str]:
    return side.memo(_entities_by_module).get(module, ())


def _entities_by_module(side: App) -> Mapping[str, list[str]]:
    return _in_modules(side.symbols.entities)


def _called_by_module(side: App) -> Mapping[str, list[str]]:
    return _in_modules(sorted(side.called))


def _in_modules(names: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition(".")[0], []).append(name)
    return found


def _stored(side: App, module: str) -> list[str]:
    """The entities of a module that have a table."""
    return [name for name in _entities(side, module) if side.persistable(name)]


def _has_server_parts(side: App, module: str) -> bool:
    units = (u for u in _units(side, module) if u.type not in _FRAME)
    return bool(_entities(side, module)) or any(not any(is_a(u.type, t) for t in _CLIENT) for u in units)


def _runs_on_server(side: App, module: str) -> bool:
    """A module has tables or logic of the server: not only what clients bring along."""
    logic = ("Microflows$ServerSideMicroflow", "JavaActions$JavaAction", "ScheduledEvents$ScheduledEvent")
    units = _units(side, module)
    return bool(_stored(side, module)) or any(is_a(u.type, t) for u in units for t in logic)


def _called(side: App, module: str) -> Sequence[str]:
    return side.memo(_called_by_module).get(module, ())


def _exposed(side: App, module: str) -> list[str]:
    """The constants of a module that clients read."""
    units = (u for u in _units(side, module) if u.type == CONSTANT)
    shown = (u for u in units if side.snapshot.rows(u.id)[0].props.get("exposedToClient") is True)
    return sorted(name for u in shown if side.reached(name := f"{module}.{u.name}"))


def _external(side: App, module: str) -> bool:
    rows = (side.entity(name) for name in _entities(side, module))
    return any("Remote" in str(row.props.get("source", "")) for row in rows if row is not None)


# -- added and removed ------------------------------------------------------------------------------


@rule(OTA_SAFE, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def mod_added_js(change: Added[Module] | Removed[Module], release: Release) -> bool:
    """Module that holds parts of the client only added or removed

    Modules of pages, nanoflows and JavaScript are on the list of what may go over the air.
    """
    side = release.old if isinstance(change, Removed) else release.new
    return not _has_server_parts(side, change.row.name)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="DS",
)
def mod_added_server(change: Added[Module], release: Release) -> bool:
    """Module added that holds entities, microflows or other parts of the server

    They must be deployed.
    """
    return _has_server_parts(release.new, change.new.name)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    meanwhile="the client no longer uses it",
    source="BP",
    mitigation="Take it out of the client first; remove it in a later release, when every device has synchronised.",
)
def mod_removed_offline(change: Removed[Module], release: Release) -> str:
    """Module removed whose entities devices hold

    What devices have not uploaded has no place to go, and its tables go with it.
    """
    return several(stored_names(release.old, change.old.name))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    remedy=Remedy.PREPARE_SERVER,
    source="DS",
    mitigation="Back up its tables first.",
)
def mod_removed_server(change: Removed[Module], release: Release) -> str:
    """Module with tables removed, none of them on devices

    Its tables are dropped.
    """
    name = change.old.name
    return "" if stored_names(release.old, name) else several(_stored(release.old, name))


@rule(NEEDS_REDEPLOY, source="DS")
def mod_removed_empty(change: Removed[Module], release: Release) -> bool:
    """Module with server logic and without tables removed

    No stored data goes with it; what clients called in it has findings of its own.
    """
    name = change.old.name
    return _has_server_parts(release.old, name) and not (_stored(release.old, name) or stored_names(release.old, name))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    source="MSDK",
    mitigation="See what is said of its documents as removed.",
)
def mod_excluded(whole: Release, release: Release) -> str:
    """Every document of a module excluded from the build

    That equals a removal of the module.
    """
    old, new = whole.old.snapshot, whole.new.snapshot
    gone: dict[str, bool] = {}
    for unit in new.units.values():
        if unit.type not in _FRAME and (module := new.module(unit.id)):
            gone[module] = gone.get(module, True) and unit.excluded
    had = {old.module(u.id) for u in old.live.values() if u.type not in _FRAME}
    return several(sorted(m for m, out in gone.items() if out and whole.old_names.get(m, m) in had))


# -- renamed ----------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on=NAME,
    remedy=Remedy.STOP,
    source="BP; OFF; REAL 9",
    mitigation="Do not rename it.",
)
def mod_renamed_offline_entities(change: Changed[Module], release: Release) -> str:
    """Module renamed whose entities or associations devices keep

    Everything in it has another qualified name, what synchronised entities of other modules inherit included: what
    devices have not uploaded has no place to go.
    """
    return several(stored_names(release.old, change.old.name))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.STOP,
    source="BP Offline Microflow Best Practices; ONL; OFF Backwards-Compatibility",
    mitigation="Do not rename it.",
)
def mod_renamed_said(change: Changed[Module], release: Release) -> str:
    """Module renamed whose entities clients name without keeping rows of them

    Installed devices send its objects in calls, or ask for them online, under the old name of the module.
    """
    return several(said_names(release.old, change.old.name))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on=NAME,
    remedy=Remedy.STOP,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not rename it.",
)
def mod_renamed_offline_flows(change: Changed[Module], release: Release) -> str:
    """Module renamed whose microflows clients call

    Installed devices call them by the old name of the module.
    """
    return several(_called(release.old, change.old.name))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on=NAME,
    remedy=Remedy.STOP,
    source="OFF; CONST",
    mitigation="Do not rename it.",
)
def mod_renamed_constants(change: Changed[Module], release: Release) -> str:
    """Module renamed whose constants clients read

    Installed devices ask for them by the old name of the module.
    """
    return several(_exposed(release.old, change.old.name))


@rule(
    NEEDS_REDEPLOY,
    on=NAME,
    remedy=Remedy.PREPARE_SERVER,
    source="CONST; REAL 9",
    mitigation="Set its constants in the environments anew.",
)
def mod_renamed_server(change: Changed[Module], release: Release) -> bool:
    """Module renamed that no installed device names

    Names of the server change, those of its constants in environments among them.
    """
    side, name = release.old, change.old.name
    named = stored_names(side, name) or said_names(side, name)
    return not (named or _called(side, name) or _exposed(side, name))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    on=NAME,
    since="; 9.7.0; 9.11.0",
    until="9.6.10; 9.10.3; 9.12.0",
    remedy=Remedy.OTHER_VERSION,
    source="RN9.6 9.6.11, 9.6.3; RN9.10 9.10.4; RN9.12 9.12.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade Studio Pro first.",
)
def mod_renamed_external_old(heard: Changed[Module] | Release, release: Release) -> bool | str:
    """Module with external entities renamed or replaced, in a version that does not start then

    The runtime failed to start after a rename below 9.6.11 and 9.12.1, and after a replacement below 9.6.3.
    """
    if isinstance(heard, Changed):
        return _external(release.old, heard.old.name)
    version = release.new.version
    if version is None or version >= Version(9, 6, 3):
        return False
    return several(new for old, new in imported(release) if old == new and _external(release.old, old))


# -- the Marketplace --------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    source="MKT; REAL 12",
    mitigation="Look at the findings on its parts.",
)
def mod_updated(whole: Release, release: Release) -> str:
    """Module with parts of the server updated or imported again

    Each change inside is judged by itself; new ids with the same storage ids lose nothing. Versions of the
    Marketplace are never compared as an order.
    """
    return several(
        _versions(whole, old, new)
        for old, new in imported(whole)
        if not _replaced(whole, old, new) and _runs_on_server(whole.new, new) and _differs(whole, old, new)
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    source="DS Consequence of Sharing a Database; RN11.14 Known Issues; RN11.15 Known Issues",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: go back to the old module, update it in Studio Pro itself, and compare the storage ids "
    "before you commit.",
)
def mod_updated_replaced(whole: Release, release: Release) -> str:
    """Module replaced by one with other storage ids, and devices hold its entities

    Entities with other storage ids are new tables: rows of the server go, and those of devices point at nothing. The
    command line of 11.14 and 11.15 imports modules so.
    """
    return several(
        told for old, new in imported(whole) if stored_names(whole.old, old) and (told := _replaced(whole, old, new))
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    remedy=Remedy.STOP,
    source="DS Consequence of Sharing a Database; RN11.14 Known Issues; RN11.15 Known Issues",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: go back to the old module, update it in Studio Pro itself, and compare the storage ids "
    "before you commit.",
)
def mod_updated_replaced_server(whole: Release, release: Release) -> str:
    """Module replaced by one with other storage ids, no device holds its entities

    Entities with other storage ids are new tables.
    """
    free = ((old, new) for old, new in imported(whole) if not stored_names(whole.old, old))
    return several(told for old, new in free if (told := _replaced(whole, old, new)))


def imported(release: Release) -> list[tuple[str, str]]:
    """Modules that came in anew, by their old and new names: with new ids for all they hold, or with another
    version of the Marketplace and something that differs."""
    return release.memo(release, _find_imported)


def _find_imported(whole: Release, release: Release) -> list[tuple[str, str]]:
    old, new = whole.old.snapshot, whole.new.snapshot
    kept: dict[tuple[str, str], set[bool]] = {}
    for old_id, new_id in whole.changes.partner.items():
        if old_id in old.units and new_id in new.units and old.units[old_id].type not in _FRAME[:2]:
            kept.setdefault((old.module(old_id), new.module(new_id)), set()).add(old_id == new_id)
    versioned = {
        (c.old_row.name, c.new_row.name)
        for c in whole.changes
        if isinstance(c, Changed) and c.row.type == MODULE and "appStoreVersion" in c.fields
    }
    renewed = {names for names, ids in kept.items() if ids == {False} and all(names)}
    changed = release.memo(release, _changed_modules) if versioned else frozenset[str]()
    return sorted(renewed | {names for names in versioned if names[1] in changed})


def _differs(release: Release, old: str, new: str) -> bool:
    """Another version of a module, or one of the Marketplace with something else in it: new ids are no change."""
    if _version(release.old, old) != _version(release.new, new):
        return True
    return _from_store(release.new, new) and new in release.memo(release, _changed_modules)


def _changed_modules(_: Release, release: Release) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in release.changed_subjects if "." in name)


def _versions(release: Release, old: str, new: str) -> str:
    told = [_version(side, name) for side, name in ((release.old, old), (release.new, new))]
    return f"{new} {told[0]} to {told[1]}" if told[0] != told[1] else f"{new} {told[1]}".strip()


def _version(side: App, module: str) -> str:
    return str(_module(side, module).get("appStoreVersion", ""))


def _from_store(side: App, module: str) -> bool:
    return _module(side, module).get("fromAppStore") is True


def _module(side: App, name: str) -> Mapping[str, Any]:
    units = (u for u in side.snapshot.live.values() if u.type == MODULE and u.name == name)
    return next((side.snapshot.rows(u.id)[0].props for u in units), {})


def _replaced(release: Release, old: str, new: str) -> str:
    """The tables of a module that is there under the same names with other storage ids throughout, in words."""
    tables = _stored(release.old, old)
    for name in tables:
        before, after = release.old.entity(name), release.new.entity(f"{new}.{name.partition('.')[2]}")
        guids = [row.props.get("dataStorageGuid") for row in (before, after) if row is not None]
        if len(guids) < 2 or guids[0] == guids[1]:
            return ""
    return f"{new}: {several(name.partition('.')[2] for name in tables)}" if tables else ""


@rule(NONE, on=(*_STORE, *_SETTINGS), source="RN11.6 11.6.6; MKT; REAL 12", certainty=Certainty.DOCUMENTED)
def mod_appstore_metadata(
    change: Added[ModuleSettings] | Removed[ModuleSettings] | Changed[Module | ModuleSettings], release: Release
) -> bool:
    """Marketplace data of a module changed

    Bookkeeping. Its version turns into a number and back, so it is no order. Whether the widgets and the code of that
    version came along shows in findings of their own; where there are none, the import may have left them out.
    """
    return change.row.type == "Projects$ModuleSettings" or isinstance(change, Changed)


@rule(NONE, on=(NAME, PARENT), source="MSDK")
def mod_order(change: Added[Folder] | Removed[Folder] | Changed[Kind], release: Release) -> bool:
    """Folder added, removed or renamed, or a document moved to another folder

    Folders are no part of names.
    """
    if not isinstance(change, Changed) or change.row.type == FOLDER:
        return True
    if change.row.parent is not None or PARENT not in change.fields or change.row.type == MICROFLOW:
        return False
    return release.old_name(change) == release.new_name(change)


@rule(NONE, on=_EXPORT, source="MSDK")
def mod_export_level(change: Changed[Kind], release: Release) -> bool:
    """Export level, protection or mark of use changed

    It matters to those who model with the module only.
    """
    told = change.fields & {"protectedModuleType", "markAsUsed"}
    return bool(told) or change.row.type in (MODULE, "Projects$ModuleSettings")
