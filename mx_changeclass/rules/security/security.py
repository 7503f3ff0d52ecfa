"""Security of the app: its level, guests, and what applies to everybody."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.kinds.app import DemoUser, ProjectSecurity, UserRole
from mx_changeclass.model.kinds.domain import AccessRule, MemberAccess
from mx_changeclass.rules.devices import without_rules
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.security.rights import guest, rights_lost, role_change
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_LEVELS = ("CheckNothing", "CheckFormsAndMicroflows", "CheckEverything")

# -- the level ------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on="securityLevel",
    source="ACC; SEC",
    mitigation="Define access rules first, and have every device synchronise before this release.",
)
def sec_level_up(change: Changed[ProjectSecurity], release: Release) -> bool | str:
    """Security level raised, with data on devices

    Access rules begin to apply: data that no rule grants disappears from devices.
    """
    if not _on_devices(release) or _steps(change) <= 0:
        return False
    bare = without_rules(release.new)
    return f"no rule grants anything of {several(bare)}" if bare else True


@rule(
    NEEDS_REDEPLOY,
    on="securityLevel",
    source="ACC",
)
def sec_level_up_web(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Security level raised, no data on devices

    The server applies it.
    """
    return not _on_devices(release) and _steps(change) > 0


def _on_devices(release: Release) -> bool:
    return any(map(release.old.synced, release.old.sync))


@rule(
    NEEDS_REDEPLOY,
    on="securityLevel",
    remedy=Remedy.STOP,
    source="ACC",
    mitigation="Do not release it.",
)
def sec_level_down(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Security level lowered

    Everybody may do more; never do it in production.
    """
    return _steps(change) < 0


def _steps(change: Changed[ProjectSecurity]) -> int:
    old, new = (_LEVELS.index(s.level) if s.level in _LEVELS else 0 for s in (change.old, change.new))
    return new - old


# -- strict mode and addresses --------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SYNC_BLOCKED,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on="strictMode",
    source="RN10.24 10.24.17; RN11.6 11.6.5; RN11.9; REAL 14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Switch it on only when every device is updated.",
)
def sec_strict_mode_on(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Strict mode switched on, with released offline clients

    Older clients use an API for a full synchronisation that strict mode takes away: they are locked out until they
    are updated, and lose nothing. Offline apps may use it from 10.24.17, 11.6.5 and 11.9.0 on.
    """
    return change.new.strict and release.old.offline


@rule(
    NEEDS_REDEPLOY,
    on="strictMode",
    source="STRICT Restricted Client APIs",
    certainty=Certainty.DOCUMENTED,
    mitigation="Test JavaScript actions and widgets.",
)
def sec_strict_mode_web(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Strict mode switched on, no offline clients

    Some client APIs stop working in JavaScript actions and widgets.
    """
    return change.new.strict and not release.old.offline


@rule(
    NEEDS_REDEPLOY,
    on="strictMode",
    source="STRICT",
    mitigation="Review the security.",
)
def sec_strict_mode_off(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Strict mode switched off

    More client APIs are open.
    """
    return not change.new.strict


@rule(
    NEEDS_REDEPLOY,
    on="strictPageUrlCheck",
    source="MSDK",
)
def sec_page_url_check(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Strict check of page addresses switched

    It concerns the addresses of web pages.
    """
    return True


# -- guests ---------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=("enableGuestAccess", "guestUserRoleName"),
    source="NAV Native Mobile",
    certainty=Certainty.DOCUMENTED,
)
def sec_guest_on(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Guest access switched on, or changed where no device relies on it

    Native profiles need anonymous users for their login page.
    """
    return change.new.guest_access if "enableGuestAccess" in change.fields else not _guests_on_devices(release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=("enableGuestAccess", "guestUserRoleName"),
    remedy=Remedy.STOP,
    source="NAV Native Mobile",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep it on.",
)
def sec_guest_off(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Guest access switched off

    The login page of a native profile no longer starts for users who are signed out.
    """
    return "enableGuestAccess" in change.fields and not change.new.guest_access


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=("guestUserRoleName", "moduleRoles", "allowCreate", "xPathConstraint", "accessRights"),
    source="SYNC Introduction; NAV Native Mobile",
    mitigation="Have every device synchronise before this release.",
)
def sec_guest_role(
    change: Changed[ProjectSecurity | UserRole | AccessRule | MemberAccess] | Removed[AccessRule | MemberAccess],
    release: Release,
) -> bool | str:
    """Role of guests changed, or its rights on synced data taken

    After signing out the app synchronises the data of the anonymous user, so the rights of that role decide what
    stays on the device.
    """
    if change.row.type == "Security$ProjectSecurity":
        return "guestUserRoleName" in _fields(change) and _guests_on_devices(release) and "guest role changed"
    lost = role_change(change, release) if change.row.type == "Security$UserRole" else rights_lost(change, release)
    role = guest(release.old)
    return role in lost.users("lost") | lost.users("narrowed") and f"{role} lost rights on synced data"


def _fields(change: Change) -> frozenset[str]:
    return change.fields if isinstance(change, Changed) else frozenset()


def _guests_on_devices(release: Release) -> bool:
    return release.old.offline and bool(guest(release.old))


# -- administration -------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    on="passwordPolicySettings",
    source="MSDK",
)
def sec_password_policy(change: Changed[ProjectSecurity], release: Release) -> bool:
    """Password policy changed

    The server checks it when a password is changed.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on=("adminUserName", "adminPassword", "adminUserRoleName", "signInMicroflow"),
    source="MSDK",
)
def sec_admin_user(change: Changed[ProjectSecurity], release: Release) -> str:
    """Administrator or sign-in changed

    Only the server knows it.
    """
    return "administrator or sign-in changed"


@rule(
    NONE,
    on=("enableDemoUsers", "checkSecurity", "userName", "password", "entity", "userRoles"),
    source="MSDK; ACC",
)
def sec_demo_users(
    change: Added[DemoUser] | Removed[DemoUser] | Changed[ProjectSecurity | DemoUser | UserRole], release: Release
) -> str:
    """Demo users, or the consistency check of the security changed

    Both are for development only.
    """
    check = isinstance(change, Changed) and "checkSecurity" in change.fields
    return "consistency check switched" if check else "demo users changed"
