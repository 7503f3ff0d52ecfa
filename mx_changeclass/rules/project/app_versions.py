"""What is known to happen to devices when an app moves from one Studio Pro version to another."""

from __future__ import annotations

from collections.abc import Iterable

from mx_changeclass.changes.change import Change, Changed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import CLEAR, NEVER, PRESERVE
from mx_changeclass.graphs.uncommitted import uncommitted_objects
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import NANOFLOW, PROJECT_SETTINGS
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.client.flow_questions import rewrites_unwaited
from mx_changeclass.rules.domain.domain_questions import between
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.questions import both, denied, keeps_data
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- any move -------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    remedy=Remedy.PREPARE_SERVER,
    source="SYNC Introduction",
    certainty=Certainty.DOCUMENTED,
    mitigation="Plan the deploy for a quiet hour.",
)
def sp_upgrade_full_sync(move: VersionChange, release: Release) -> bool:
    """New Studio Pro version: every device synchronises at its first start

    Expect a peak of load after the deployment.
    """
    return move.old != move.new and keeps_data(release)


@rule(
    FULL_RELEASE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.STOP,
    source="no source",
    mitigation="Do not go below a version that was released.",
)
def sp_downgrade(move: VersionChange, release: Release) -> bool:
    """Studio Pro version lowered

    Devices that already moved their local database on meet an older client, and no way back is documented.
    """
    return move.new < move.old and keeps_data(release)


@rule(
    NONE,
    source="REAL 15, 19; RN11.15; RN11.12; RN11.10; RN11.6 11.6.6; RN10.24 10.24.17",
    certainty=Certainty.DOCUMENTED,
    mitigation="None; what has an effect is told on its own.",
)
def sp_upgrade_conversion_noise(move: VersionChange, release: Release) -> bool | str:
    """Parts that Studio Pro rewrites when it opens a model of another version

    They are on a closed list and have no behaviour of their own; the move itself carries the class.
    """
    found = sum(not _CONVERSIONS.isdisjoint(_noises(change)) for change in _quiet(release))
    return bool(found) and f"{found} parts rewritten on opening"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="REAL 15; MSDK",
    mitigation="Read what the settings do, and test.",
)
def sp_upgrade_default_effect(move: VersionChange, release: Release) -> bool | str:
    """Setting that is new in this Studio Pro version acts with its default

    The key is written with its default when the model is converted, but the default has an effect at run time.
    """
    keys = {
        key
        for change in _quiet(release)
        if isinstance(change, Changed)
        for key, name in change.noise.items()
        if name == "default-effect" and key in change.new_row.props
    }
    return bool(keys) and f"now set: {', '.join(sorted(keys))}"


# -- loss of local data ---------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    since="10.19.0; 11.0.0",
    until="10.24.17; -",
    source="RN10.24 10.24.18 (ticket 274811)",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync first, or move to 10.24.22 or a newer 10.24.",
)
def sp_upgrade_data_loss_10_18(move: VersionChange, release: Release) -> bool:
    """Studio Pro from 10.18 or older across 10.19: local data that was not synchronised is lost

    The new binary looks for the local database in another place. 10.24.18 brings the data along; no release note says
    so of any 11.x.
    """
    return move.crosses("10.19.0") and both(release, "native")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    since="11.10.0",
    until="11.10.0",
    remedy=Remedy.OTHER_VERSION,
    source="RN11.10; RN11.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 11.11.0, or switch compatibility mode on for these entities.",
)
def sp_upgrade_upload_blocked_11_10(release: Release, _: Release) -> bool | str:
    """Studio Pro 11.10.0 refuses uploads of entities in mode Nothing or Never

    Its check is too strict and hits new clients too; from 11.11.0 on only Online blocks uploads.
    """
    if release.new.version != Version(11, 10) or not release.old.offline:
        return False
    refused = {
        name
        for entries in release.new.synced_by_profile.values()
        for name, entry in entries.items()
        if entry.mode in (CLEAR, PRESERVE, NEVER) and not entry.compatibility
    }
    moved = release.version_change
    if moved is None or moved.old == moved.new:
        refused &= {move.entity for move in release.sync_changes}
    return bool(refused) and f"no longer uploaded: {several(sorted(refused))}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    server_data_loss=Maybe.YES,
    since="9.18.0",
    remedy=Remedy.PREPARE_SERVER,
    source="RN9.18; AUTO",
    certainty=Certainty.DOCUMENTED,
    mitigation="Deploy it with com.mendix.offline.DeleteAutoCommittedObjectsAfterSync set to false until every "
    "device has the repaired nanoflows.",
)
def sp_upgrade_autocommit_9_18(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro across 9.18: objects that were committed by reference alone are deleted

    From 9.18 on synchronisation deletes objects that nanoflows refer to and never commit, on the server as well.
    """
    if not move.crosses("9.18.0") or not both(release, "native", "offline") or _keeps_auto_committed(release.new):
        return False
    flows = {name for name in _flows(release.new) if uncommitted_objects(_rows(release.new, name))}
    return bool(flows) and f"commits an object that refers to one it never commits: {several(sorted(flows))}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    since="11.15.0",
    remedy=Remedy.REPLACE,
    source="SYN Background Synchronization",
    mitigation="Let nanoflows synchronise unsynchronized or selected objects in place of all, or wait for it.",
)
def sp_upgrade_sync_background_11_15(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro across 11.15: nanoflows no longer wait for a synchronisation by default

    One of all objects rewrites the local database, so what is entered while it runs is lost. Whether an activity that
    is there already takes the new default is not published.
    """
    if not move.crosses("11.15.0") or not keeps_data(release):
        return False
    flows = {n for n in _flows(release.new) if any(rewrites_unwaited(r, release.new) for r in _rows(release.new, n))}
    return bool(flows) and f"synchronises all objects: {several(sorted(flows))}"


# -- clients that cannot start or synchronise -----------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    since="10.24.17; 11.6.5; 11.9.0",
    until="10.24.19; 11.6.6; 11.10.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.20; RN11.6 11.6.7; RN11.11; REAL 14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22, 11.6.7, 11.11.0 or later.",
)
def sp_upgrade_old_client_560(move: VersionChange, release: Release) -> bool:
    """Studio Pro version that turns older clients away (HTTP 560)

    Older clients cannot synchronise and may not load until they take the update; their data stays on the device.
    """
    ranges = (("10.24.17", "10.24.19"), ("11.6.5", "11.6.6"), ("11.9.0", "11.10.99"))
    return move.old < move.new and any(move.enters(*r) for r in ranges) and keeps_data(release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.YES,
    since="11.0.0",
    until="11.4.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.11; RN11.5; REAL 14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Go to 11.6.7, 11.11.0 or newer.",
)
def sp_upgrade_local_db_column(move: VersionChange, release: Release) -> bool:
    """Studio Pro from 10.24 to 11.0 until 11.4: the client does not start

    The migration of the local database adds a column that is there already. Whether coming from 10.24.11 or newer is
    safe is not stated.
    """
    return (move.old.major, move.old.minor) == (10, 24) and keeps_data(release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    since="-; 11.0.0; 11.7.0",
    until="10.24.14; 11.6.3; 11.7.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.15; RN11.6 11.6.4; RN11.8",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22, 11.6.7, 11.11.0 or later; where no device is shared, write several-users-a-device = "
    '"no" under [declared] in mx-changeclass.toml.',
)
def sp_upgrade_multi_user_db(move: VersionChange, release: Release) -> bool:
    """Studio Pro version whose local migration misses further users of a device

    Where several users share a device, the synchronisation of some of them fails until a repaired client arrives; their
    rows stay on the device.
    """
    return move.old != move.new and keeps_data(release) and not denied(release, "several-users-a-device")


@rule(
    FULL_RELEASE,
    hazard=Hazard.START_FAILURE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    since="10.19.0; 10.24.0; 11.0.0",
    until="10.23.99; 10.24.2; 11.0.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.0, 10.24.3; RN11.0; RN11.1; NT14 14.1.3",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22 or a newer 10.24: of no 11.x is it told that it brings local data along from there.",
)
def sp_upgrade_start_error(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 10.19 to a version whose app does not start, or starts with an error

    The rows stay on the device until a repaired client arrives.
    """
    late = move.new >= Version(10, 24)
    return move.old < (Version(10, 13) if late else Version(10, 19)) and both(release, "native")


@rule(
    FULL_RELEASE,
    hazard=Hazard.START_FAILURE,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    since="9.4.0; 9.7.0",
    until="9.6.6; 9.9.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN9.6 9.6.7; RN9.10",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 9.6.7, or 9.10 or later.",
)
def sp_upgrade_old_client_start(move: VersionChange, release: Release) -> bool:
    """Studio Pro from 9.4.0, below 9.6.7 and 9.10: clients from before 9.4.0 do not start

    An old client waits until it is replaced; its rows stay on the device.
    """
    return move.old < Version(9, 4) and both(release, "native")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    since="10.9.0; 10.13.0; 10.24.0",
    until="10.12.4; 10.14.99; 10.24.6",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.7; RN10.12 10.12.5; RN10.15 (ticket 225198)",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22 or later.",
)
def sp_upgrade_login_loop(move: VersionChange, release: Release) -> bool:
    """Studio Pro version with a sign-in loop

    Nobody gets in, and data that was not synchronised waits behind it. From 10.9 to 10.14 it hits those whose
    sign-in token has expired; 10.12.5 is repaired.
    """
    expired = ("10.9.0", "10.12.4"), ("10.13.0", "10.14.99")
    entered = between(move.new, *expired) and not between(move.old, *expired)
    return (entered or move.enters("10.24.0", "10.24.6")) and both(release, "native")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    hazard=Hazard.START_FAILURE,
    since="10.24.7; 11.6.0; 11.6.5",
    until="10.24.7; 11.6.0; 11.6.5",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.7; RN11.6 11.6.0, 11.6.5",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 10.24.22, 11.6.7, 11.11.0 or later.",
)
def sp_target_retracted(move: VersionChange, release: Release) -> bool:
    """Studio Pro build that was withdrawn or does not start everywhere

    10.24.7 was withdrawn, early builds of 11.6.0 were corrected, 11.6.5 does not start on Oracle.
    """
    return move.old != move.new


# -- questions ------------------------------------------------------------------------------------

# Noise that stands for a conversion: reasons that only a move of versions gives.
_CONVERSIONS = frozenset({
    "new-default", "conversion-default", "conversion-rewrite", "gone-key", "renamed-key", "conversion-marker",
    "module-ids", "system-text",
})  # fmt: skip


def _quiet(release: Release) -> Iterable[Change]:
    return (*release.changes.noise, *release.changes.meaningful)


def _noises(change: Change) -> frozenset[str]:
    return frozenset(change.noise.values()) if isinstance(change, Changed) else frozenset({change.reason})


def _flows(side: App) -> frozenset[str]:
    """Nanoflows that a profile with local data reaches."""
    return frozenset(
        name for name, unit in side.symbols.documents.items() if unit.type == NANOFLOW and side.reached_offline(name)
    )


def _rows(side: App, name: str) -> tuple[Element, ...]:
    return side.snapshot.rows(side.symbols.documents[name].id)


def _keeps_auto_committed(side: App) -> bool:
    """A custom setting states what becomes of auto-committed objects; nobody states the default."""
    unit = next((u for u in side.snapshot.live.values() if u.type == PROJECT_SETTINGS), None)
    rows = side.snapshot.rows(unit.id) if unit else ()
    return any(r.name == "com.mendix.offline.DeleteAutoCommittedObjectsAfterSync" for r in rows)
