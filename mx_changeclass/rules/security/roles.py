"""Roles, and who may open a page or run a flow."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import ALL, CONSTRAINED
from mx_changeclass.model.kinds.app import ModuleRole, UserRole
from mx_changeclass.model.kinds.flows import Microflow, Nanoflow
from mx_changeclass.model.kinds.pages import Page
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.security.rights import (
    READ,
    RightsChange,
    device_users,
    enforced,
    left_alone,
    managed,
    role_change,
)
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- module roles ---------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    on=("moduleRoles", NAME),
    source="MSDK",
)
def role_module_added(change: Added[ModuleRole] | Changed[ModuleRole | UserRole], release: Release) -> bool | str:
    """Module role added, renamed, or given to a user role

    The server applies it.
    """
    if change.row.type == "Security$ModuleRole" or isinstance(change, Added):
        return True
    given = set(_module_roles(change, new=True)) - set(_module_roles(change, new=False))
    return bool(given) and f"{several(sorted(given))} given"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on="moduleRoles",
    source="SYNC; ACC; RN10.24 10.24.22; RN11.6 11.6.7; RN11.12 11.12.0",
    mitigation="Have every device synchronise before this release.",
)
def role_module_removed(change: Removed[ModuleRole] | Changed[UserRole], release: Release) -> bool | str:
    """Users of devices lost a module role that gave them access to synced data

    It acts like removing their rights. Below 10.24.22, 11.6.7 and 11.12.0 the native app crashes at the start for
    users who have no access to a synced entity left.
    """
    return _takes(change) and (_lost_words(role_change(change, release)) or left_alone(change, release))


@rule(
    NEEDS_REDEPLOY,
    on="moduleRoles",
    source="ACC",
)
def role_module_removed_server(change: Removed[ModuleRole] | Changed[UserRole], release: Release) -> bool:
    """Module role removed, or taken from a user role, without effect on synced data

    The server applies it with the next request.
    """
    return _takes(change) and not _lost_words(role_change(change, release)) and not left_alone(change, release)


def _takes(change: Removed[ModuleRole] | Changed[UserRole]) -> bool:
    if isinstance(change, Removed):
        return True
    return not set(_module_roles(change, new=False)) <= set(_module_roles(change, new=True))


def _module_roles(change: Change, *, new: bool) -> tuple[str, ...]:
    row = change.row if new or not isinstance(change, Changed) else change.old_row
    return tuple(row.props.get("moduleRoles", ()))


def _lost_words(shift: RightsChange) -> str:
    """Which entities whoever loses rights by it can no longer read, or not all of."""
    lost = {(entity, user) for users, entity, _ in (*shift.lost, *shift.narrowed) for user in users}
    whole = {(entity, user) for users, entity, (right, _) in shift.lost if right == READ for user in users}
    return f"access lost: {several(f'{entity} for {user}' for entity, user in sorted(whole or lost))}" if lost else ""


# -- user roles -----------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=(NAME, "manageAllRoles", "manageableRoles", "manageUsersWithoutRoles", "description"),
    source="MSDK",
)
def role_user_renamed(change: Changed[UserRole], release: Release) -> bool:
    """User role renamed, or which users it manages changed

    Role-based home pages refer to a role by name, but the server holds who has it by GUID.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=("manageAllRoles", "manageableRoles", "manageUsersWithoutRoles"),
    instead_of="role-user-renamed",
    source="ROLES User Management Properties; ACC Introduction; SYNC After Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device synchronise before this release.",
)
def role_manages_less(change: Changed[UserRole], release: Release) -> bool | str:
    """Users of devices manage fewer roles, and devices hold users

    Which roles a user manages is what access to System.User hangs on, and with it access to entities that specialise
    it: users with other roles leave the device, and edits to them are refused.
    """
    if change.old_row.name not in device_users(release.old) or not (enforced(release.old) and enforced(release.new)):
        return False
    lost = managed(change.old_row, release.old, release) - managed(change.new_row, release.new, release)
    return bool(lost) and bool(release.old.memo(_users_on_devices)) and f"no longer manages {several(sorted(lost))}"


def _users_on_devices(side: App) -> list[str]:
    """The entities with users that devices download."""
    downloaded = (name for name, entry in side.sync.items() if entry.mode in (ALL, CONSTRAINED))
    return [name for name in downloaded if "System.User" in side.symbols.lineage(name)]


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on="guid",
    source="SYNC",
    mitigation="Have every device synchronise before this release, and give its users another role.",
)
def role_user_removed(change: Removed[UserRole] | Changed[UserRole], release: Release) -> bool | str:
    """User role of devices removed, or made again with another GUID

    Its users lose their access, and with it the data on their devices.
    """
    return release.old.offline and change.old.name in device_users(release.old) and _gone_words(change)


@rule(
    NEEDS_REDEPLOY,
    on="guid",
    remedy=Remedy.PREPARE_SERVER,
    source="ACC",
    mitigation="Give its users another role.",
)
def role_user_removed_server(change: Removed[UserRole] | Changed[UserRole], release: Release) -> bool | str:
    """User role removed, or made again with another GUID, that holds no data on devices

    The server applies it with the next request.
    """
    on_devices = release.old.offline and change.old.name in device_users(release.old)
    return not on_devices and _gone_words(change)


def _gone_words(change: Removed[UserRole] | Changed[UserRole]) -> str:
    return "removed" if isinstance(change, Removed) else "has another GUID"


@rule(
    NEEDS_REDEPLOY,
    source="MSDK",
)
def role_user_added(change: Added[UserRole], release: Release) -> bool:
    """User role added

    The server knows it after the deploy.
    """
    return True


# -- who may open or run something ------------------------------------------------------------------


@rule(
    OTA_SAFE,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="allowedRoles",
    source="NAV Menu; OFF",
    mitigation="Protect data with access rules of entities.",
)
def page_access(change: Changed[Page], release: Release) -> bool | str:
    """Allowed roles of a page changed

    The client hides what a role may not open. Offline the check lives in the bundle, so taking a role away does not
    protect devices that are not updated.
    """
    return release.reached_offline(change) and _roles_words(change, "allowedRoles")


@rule(
    OTA_SAFE,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="allowedModuleRoles",
    source="MSDK",
    mitigation="Protect data with access rules of entities.",
)
def flow_access_nanoflow(change: Changed[Nanoflow], release: Release) -> str:
    """Allowed roles of a nanoflow changed

    The client checks them.
    """
    return _roles_words(change, "allowedModuleRoles")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on="allowedModuleRoles",
    meanwhile="the client no longer calls it for that role",
    source="BP Offline Microflow Best Practices",
    mitigation="Remove the calls first, and take the role away when every device is updated.",
)
def flow_access_microflow(change: Changed[Microflow], release: Release) -> bool | str:
    """Role taken from a microflow that old clients call

    Old clients of that role are refused when they call it.
    """
    called = release.old.calls(release.old_name(change))
    return called and bool(_difference(change, -1)) and _roles_words(change, "allowedModuleRoles")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on="allowedModuleRoles",
    source="BP",
)
def flow_access_microflow_added(change: Changed[Microflow], release: Release) -> bool | str:
    """Role given to a microflow that clients call

    New clients of that role need it.
    """
    called = release.new.calls(release.new_name(change))
    return called and bool(_difference(change, 1)) and _roles_words(change, "allowedModuleRoles")


@rule(
    NEEDS_REDEPLOY,
    on="applyEntityAccess",
    source="MSDK",
)
def flow_entity_access(change: Changed[Microflow], release: Release) -> bool:
    """Entity access in a microflow switched

    The server applies access rules in it now, or no longer.
    """
    return True


def _difference(change: Changed[Microflow], sign: int) -> frozenset[str]:
    """The roles given (1) or taken (-1)."""
    old, new = frozenset(change.old.roles), frozenset(change.new.roles)
    return new - old if sign > 0 else old - new


def _roles_words(change: Changed[Page] | Changed[Nanoflow] | Changed[Microflow], key: str) -> str:
    old, new = (frozenset(row.props.get(key, ())) for row in (change.old_row, change.new_row))
    told = [f"{several(sorted(new - old))} added"] if new - old else []
    told += [f"{several(sorted(old - new))} taken away"] if old - new else []
    return ", ".join(told) or "allowed roles changed"
