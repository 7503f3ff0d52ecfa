"""Faults of Studio Pro versions that hit only apps with a certain model: told where a release brings such a part, or
moves to a version that has the fault.

The ranges end before the version whose release notes tell of the repair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.kinds.domain import Association, ValidationRule
from mx_changeclass.model.kinds.flows import Nanoflow
from mx_changeclass.model.kinds.pages import Page, Snippet
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import NANOFLOW
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import both, denied, keeps_data
from mx_changeclass.rules.reference_changes import new_rows, old_rows
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_NEGATED = regex(r"\bnot\s*\(\s*[A-Za-z_]\w*\.[A-Za-z_]\w*\s*\)")  # no object over an association
_TIMER = regex(r"time|interval", re.IGNORECASE)  # of a property of a widget that calls something by itself
_MAPPING = "Microflows$MicroflowCallParameterMapping"

# -- synchronisation in the background --------------------------------------------------------------


@rule(
    NONE,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.EITHER_ORDER,
    remedy=Remedy.REPLACE,
    source="SYN Background Synchronization",
    mitigation="Synchronise only unsynchronised objects there, or where the user asks for it.",
)
def nano_sync_timer(change: Added[In[Nanoflow]] | Changed[In[Nanoflow]], release: Release) -> bool | str:
    """Synchronisation of all objects added to a nanoflow that a timer starts

    It runs in the background, whatever the user does meanwhile, and rewrites the local database: what is entered
    while it runs is lost.
    """
    before = sum(_synchronises_all(row) for row in old_rows(change, release))
    if (
        not release.reached_offline(change)
        or sum(_synchronises_all(row) for row in new_rows(change, release)) <= before
    ):
        return False
    name = release.changes.new_tree.qualified(release.document(change))
    return name in release.new.memo(_timed) and "Synchronize All added to the nanoflow of a timer, in the background"


def _synchronises_all(row: Element) -> bool:
    return (row.props.get("action"), row.props.get("action.type")) == ("Microflows$SynchronizeAction", "All")


def _timed(side: App) -> frozenset[str]:
    """The nanoflows that widgets of reached pages start by themselves after some time."""
    units = {u.id: u for p in side.profiles if p.holds_data for u in side.documents(p.name)}
    return frozenset(
        reference.target
        for unit in units.values()
        for row, references in side.references(unit.id).items()
        for reference in references
        if reference.kind == NANOFLOW and _TIMER.search(side.tree_of(unit.id).rows[row].name)
    )


# -- calls of the server ------------------------------------------------------------------------------


@rule(
    NONE,
    hazard=Hazard.SYNC_BLOCKED,
    breaks_old_clients=Maybe.NO,
    since="-; 11.0.0",
    until="10.24.21; 11.12.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.22; RN11.13",
    certainty=Certainty.DOCUMENTED,
    mitigation="Move to 10.24.22, 11.13.0 or later, or pass a persistable object.",
)
def nano_call_hash_lost(change: Added[In[Nanoflow]] | Changed[In[Nanoflow]], release: Release) -> bool | str:
    """Non-persistable object passed to a microflow, in a Studio Pro version that loses its hash

    Below 10.24.22 and 11.13 such a call fails with "Object hash is invalid!" once the session was renewed in the
    background.
    """
    if not release.reached_offline(change):
        return False
    known = {row.props.get("parameter") for row in old_rows(change, release)}
    taken = {
        entity
        for row in new_rows(change, release)
        if row.type == _MAPPING and row.props.get("parameter") not in known
        for entity, _ in [_expected(release.new, str(row.props.get("parameter", "")))]
        if release.new.entity(entity) is not None and not release.new.persistable(entity)
    }
    return bool(taken) and f"passes {several(sorted(taken))}"


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    source="RN10.24 10.24.14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Synchronise before the call, or read the objects on the server.",
)
def sp_upgrade_unsynced_left_out_10_24_14(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro across 10.24.14: objects that are not synchronised are left out of lists that go to the server

    A nanoflow that passes a list to a microflow silently leaves unsynced objects out of it: those not synchronised
    since they were made.
    """
    crosses = move.crosses("10.24.14") and (move.new.major, move.new.minor) == (10, 24)
    if not crosses or not keeps_data(release):
        return False
    flows = {
        name
        for name, unit in release.new.symbols.documents.items()
        if unit.type == NANOFLOW and release.new.reached_offline(name)
        for row in release.new.snapshot.rows(unit.id)
        if row.type == _MAPPING and _takes_list(release.new, str(row.props.get("parameter", "")))
    }
    return bool(flows) and f"Studio Pro {move.new}; a list is passed by {several(sorted(flows))}"


def _expected(side: App, parameter: str) -> tuple[str, str]:
    """The entity and the type that a parameter of a microflow expects, "" where it is no object."""
    row = side.named(parameter)
    return (str(row.props.get("variableType.entity", "")), str(row.props.get("variableType", ""))) if row else ("", "")


def _takes_list(side: App, parameter: str) -> bool:
    entity, kind = _expected(side, parameter)
    return kind == "DataTypes$ListType" and side.persistable(entity)


# -- the server ---------------------------------------------------------------------------------------

_ROLLED_BACK = {"since": "-; 11.0.0; 11.7.0", "until": "10.24.22; 11.6.7; 11.12.0"}


@rule(
    NONE,
    hazard=Hazard.START_FAILURE,
    since=_ROLLED_BACK["since"],
    until=_ROLLED_BACK["until"],
    remedy=Remedy.PREPARE_SERVER,
    source="RN10.24 10.24.23; RN11.6 11.6.8; RN11.12",
    certainty=Certainty.DOCUMENTED,
    mitigation="On SQL Server, see that the database has the constraint, or move to 10.24.23, 11.6.8 or 11.12.1 first.",
)
def ent_constraint_dropped_rollback(
    change: Changed[Association] | Removed[ValidationRule], release: Release
) -> bool | str:
    """Uniqueness dropped, in a Studio Pro version that may fail to drop it from SQL Server

    Where the constraint is not in the database, the whole database synchronisation is rolled back.
    """
    if isinstance(change, Changed):
        loosened = change.old.owner == "Both" != change.new.owner and change.old.association_type == "Reference"
        return loosened and f"{release.new_name(change)} is one-to-one no longer; seen on SQL Server"
    unique = "Unique" in str(change.old_row.props.get("ruleInfo", ""))
    return unique and "unique rule removed; seen on SQL Server"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    since="11.0.0",
    remedy=Remedy.PREPARE_SERVER,
    source="RN11.0 Breaking Changes; RN10.24 10.24.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ask the database for files that were made before Mendix 5.12, and convert them before the upgrade.",
)
def sp_upgrade_old_files_11(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro across 11.0 with entities that hold files

    Files that were made before Mendix 5.12 keep the app from starting.
    """
    files = _files(release.new)
    return move.crosses("11.0.0") and bool(files) and f"Studio Pro {move.new}; files in {several(files)}"


def _files(side: App) -> list[str]:
    return sorted(name for name in side.symbols.descendants("System.FileDocument") if not name.startswith("System."))


# -- clients ------------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    breaks_old_clients=Maybe.MAYBE,
    since="-; 11.0.0",
    until="10.24.24; 11.13.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.25; RN11.14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.25, 11.14.0 or later.",
)
def sp_upgrade_photo_upload(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro version whose offline web apps do not upload photos from iOS 26.5.2 and above

    On iOS 26.5.2 and above new photos stay on the device until a repaired client uploads them.
    """
    if move.old == move.new or not both(release, "offline"):
        return False
    webs = [p.name for p in release.new.profiles if p.kind == "offline"]
    held = [n for n in _files(release.new) if any(n in release.new.synced_by_profile.get(web, {}) for web in webs)]
    return bool(held) and f"Studio Pro {move.new}; files in {several(held)}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    breaks_old_clients=Maybe.MAYBE,
    since="10.24.0",
    until="10.24.21",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.22",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22 or later; where no device is shared, write several-users-a-device = "
    '"no" under [declared] in mx-changeclass.toml.',
)
def sp_upgrade_second_user_crash(move: VersionChange, release: Release) -> bool:
    """Studio Pro version whose app crashes at the start when another user signs in

    The client crashes where another user signs in after a former session of a different user on the same device.
    """
    return move.old != move.new and keeps_data(release) and not denied(release, "several-users-a-device")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    breaks_old_clients=Maybe.MAYBE,
    since="-; 11.0.0",
    until="10.24.1; 11.0.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.2; RN11.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Move to 10.24.22, 11.6.7, 11.11.0 or later first.",
)
def sync_online_refers_offline(move: SyncChange, release: Release) -> bool | str:
    """Entity goes online while it and offline entities refer to each other, in a version that cannot save that

    Below 10.24.2 and 11.1 the server fails to read the id of an object that was not synchronised yet.
    """
    offline_before = move.modes[0] not in ("", ONLINE)
    if not offline_before or move.modes[1] not in ("", ONLINE):
        return False
    others = [
        name
        for name, row in release.new.symbols.members(move.entity.partition(".")[0]).items()
        if row.type not in ("DomainModels$Entity", "DomainModels$Attribute")
        and move.entity in (ends := release.new.symbols.ends(name))
        and any(release.new.synced(end) for end in ends if end != move.entity)
    ]
    return bool(others) and f"over {several(sorted(others))}"


@rule(
    NONE,
    since="-; 11.0.0; 11.7.0",
    until="10.24.16; 11.6.5; 11.9.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.17; RN11.6 11.6.6; RN11.10",
    certainty=Certainty.DOCUMENTED,
    mitigation="Move to 10.24.22, 11.6.7, 11.11 or later, or filter in the flow.",
)
def client_constraint_negated(
    change: Added[In[Nanoflow | Page | Snippet]] | Changed[In[Nanoflow | Page | Snippet]], release: Release
) -> bool | str:
    """Offline constraint asks for objects without a reference, in a version that finds none

    Below 10.24.17, 11.6.6 and 11.10 the list is empty on devices.
    """
    if not release.reached_offline(change):
        return False
    came = _negations(new_rows(change, release)) - _negations(old_rows(change, release))
    return bool(came) and f"asks for {several(sorted(came))}; repaired in 10.24.17"


def _negations(rows: Iterable[Element]) -> set[str]:
    return {
        " ".join(found.split())
        for row in rows
        for key, value in row.props.items()
        if isinstance(value, str) and "xpathconstraint" in key.lower()
        for found in _NEGATED.findall(value)
    }
