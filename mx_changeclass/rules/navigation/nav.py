"""Navigation profiles: where an app begins, who is served, and what its binary was told."""

from __future__ import annotations

from typing import Any

from mx_changeclass.changes.change import NAME, ORDER, PARENT, TYPE, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import Profile as Served
from mx_changeclass.model.kinds.navigation import BottomBarItem, NativeProfile, NavigationDocument, RoleHome, WebProfile
from mx_changeclass.model.kinds.pages import Menu
from mx_changeclass.model.types import SYNC_ROW
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import profiles_of, stands_in
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires

BOTTOM_BAR_ITEM = "NativePages$BottomBarItem"

# The keys of a web profile, of its home pages and menu items, and of what an item hands to a page or a flow.
_PROFILE = (
    NAME, "kind", "enabled", "offlineEnabled", "offlineEnabled6", "homePage", "appIcon", "throwPartialSyncError",
    "home", "errorHome", "page", "microflow", "userRole",
)  # fmt: skip
_MENU = ("caption", "alternativeText", "icon", "action", ORDER, PARENT, TYPE)
_ARGUMENT = ("parameter", "variable", "argument", "expression", "widget", "useAllPages")

# -- profiles that come and go --------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="S3.2; OTA When a Full Release Is Required; NAV Native Mobile",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build the app for distribution and submit it to the stores.",
)
def nav_native_profile_added(change: Added[NativeProfile], release: Release) -> bool:
    """Native profile added

    There is no native app before this point, so only a store build can reach users.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.RETIRE,
    source="S6; SYNC Upload Phase",
    mitigation="Have every device sync and retire the app before this release.",
)
def nav_native_profile_removed(change: Removed[NativeProfile], release: Release) -> bool:
    """Native profile removed

    Installed apps lose their server side, and objects that were not synchronised have nowhere to go.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="PWA Enabling PWA Features",
    certainty=Certainty.DOCUMENTED,
)
def nav_offline_web_profile_added(change: Added[WebProfile], release: Release) -> bool:
    """Offline web profile added

    The runtime serves it, with a new local database in the browser.
    """
    return _kinds(change, release) == ["offline"]


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=("kind", "offlineEnabled"),
    remedy=Remedy.RETIRE,
    source="PWA Example of Profile Selection; SYNC",
    mitigation="Have every browser sync, and nobody enter anything in the offline profile after that, before this "
    "release.",
)
def nav_offline_web_profile_removed(change: Removed[WebProfile] | Changed[WebProfile], release: Release) -> bool:
    """Offline web profile removed, or turned into an online one

    Browsers switch to the online profile, and local objects that were not synchronised are left behind.
    """
    return _kinds(change, release) in (["offline"], ["offline", "web"])


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=("kind", "offlineEnabled"),
    source="PWA; BP",
    mitigation="Deploy; check the pages against the restrictions of offline apps.",
)
def nav_online_profile_to_offline(change: Changed[WebProfile], release: Release) -> bool:
    """Web profile turned from online to offline

    New restrictions hold and the first start synchronises everything; there is no old local data to lose.
    """
    return _kinds(change, release) == ["web", "offline"]


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    instead_of=("nav-offline-web-profile-removed", "nav-hybrid-profile-removed", "nav-web-profile-changed"),
    source="RN10.24 10.24.16; RN11.6 11.6.5",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check that the profile which survived is the one in use.",
)
def nav_profile_duplicate_removed(change: Removed[WebProfile], release: Release) -> bool:
    """Duplicate of a web profile removed

    Studio Pro had bugs that removed the wrong one of two profiles of the same kind.
    """
    (gone,) = profiles_of(change, release) or (None,)
    return (
        gone is not None
        and any(_twins(p, gone) and p.name != gone.name for p in release.old.profiles)
        and any(_twins(p, gone) for p in release.new.profiles)
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=("kind", "offlineEnabled"),
    remedy=Remedy.RETIRE,
    source="NAV Profiles",
    mitigation="Have every device sync, and move the users to a native app or a web app, before this release.",
)
def nav_hybrid_profile_removed(change: Removed[WebProfile] | Changed[WebProfile], release: Release) -> bool:
    """Hybrid profile that keeps data on devices removed, or turned into one that keeps none

    Installed hybrid apps load their client from the server, and with it the local database goes that holds what they
    did not upload. Mendix 10 has no hybrid profiles.
    """
    return _stops_being_hybrid(change, release)


def _stops_being_hybrid(change: Removed[Any] | Changed[Any], release: Release) -> bool:
    """What a profile keeps on devices counts, not what it is called."""
    old, *now = profiles_of(change, release) or (None,)
    return old is not None and old.kind == "hybrid" and old.holds_data and not any(p.holds_data for p in now if p)


@rule(
    NEEDS_REDEPLOY,
    since="11.12.0",
    on=(*_PROFILE, *_MENU, *_ARGUMENT),
    source="RN11.12",
)
def nav_embedded_profile(
    change: Added[In[NavigationDocument]] | Removed[In[NavigationDocument]] | Changed[In[NavigationDocument]],
    release: Release,
) -> bool:
    """Embedded profile added, removed or changed

    One more entry point for browsers, served by the runtime.
    """
    return stands_in(change, release, "Navigation$EmbeddedNavigationProfile")


# -- web profiles ---------------------------------------------------------------------------------

_TOLD_ELSEWHERE = (  # what other rules say of a web profile
    "loginPageSettings", "notFoundHomepage", "progressiveWebAppSettings", "appTitle", "applicationTitle",
)  # fmt: skip


@rule(
    NEEDS_REDEPLOY,
    on=(*_PROFILE, *_MENU, *_ARGUMENT),
    source="NAV Navigation Profile Properties; OFF Backwards-Compatibility",
    certainty=Certainty.DOCUMENTED,
)
def nav_web_profile_changed(
    change: Added[In[NavigationDocument]]
    | Removed[In[NavigationDocument]]
    | Changed[In[NavigationDocument]]
    | Added[In[Menu]]
    | Removed[In[Menu]]
    | Changed[In[Menu]],
    release: Release,
) -> bool:
    """Web profile or its menu changed

    Browsers read home pages, menus and icons from the runtime; native devices are not touched.
    """
    if release.document(change).type == "Menus$MenuDocument":
        return release.web_only(change)
    if not stands_in(change, release, "Navigation$NavigationProfile") or change.row.type == SYNC_ROW:
        return False
    if change.row.id != release.subject_row(change).id:
        return True
    kinds = _kinds(change, release)
    if not isinstance(change, Changed):
        return kinds in (["web"], ["hybrid"]) and not (
            isinstance(change, Removed) and _stops_being_hybrid(change, release)
        )
    told = {f for f in change.fields if f.partition(".")[0] in _TOLD_ELSEWHERE}
    if len(set(kinds)) > 1 and "offline" in kinds:
        told |= {f for f in ("kind", "offlineEnabled") if f in change.fields}
    if _stops_being_hybrid(change, release):
        told |= {"kind", "offlineEnabled"}
    if "offline" in kinds:
        told |= change.fields & {"throwPartialSyncError"}
    return bool(change.fields - told)


@rule(NEEDS_REDEPLOY, on="notFoundHomepage", source="NAV")
def nav_not_found_page(change: Changed[WebProfile], release: Release) -> bool:
    """Not-found page of a web profile changed

    The runtime serves it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on="loginPageSettings",
    source="NAV Authentication; NAV Native Mobile",
    certainty=Certainty.DOCUMENTED,
)
def nav_login_page(change: Changed[WebProfile], release: Release) -> bool:
    """Login page of a web profile changed

    The runtime serves it; a native login page is a page like any other.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on="progressiveWebAppSettings",
    source="PWA Publishing; PWA Preloading Static Resources",
    certainty=Certainty.DOCUMENTED,
)
def nav_pwa_settings(change: Changed[WebProfile], release: Release) -> bool:
    """Precaching or install prompt of a web app changed

    It goes into the service worker when the app is deployed.
    """
    return True


# -- where a native app begins --------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    on=("nativeHomePage", "homePage"),
    source="S6; NAV Home Pages; NSTART Nanoflow Home Page",
    mitigation="Deploy; an entity that leaves the sync set by it is told on its own.",
)
def nav_native_home_page(change: Changed[NativeProfile], release: Release) -> bool:
    """Default home page or home nanoflow of the native app changed

    Entry points decide what is bundled and what is synchronised.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    on=("userRole", "page", "homePagePage", "homePageNanoflow"),
    source="S6; NAV Role-Based Home Pages",
    mitigation="Deploy; an entity that leaves the sync set by it is told on its own.",
)
def nav_native_role_home(change: Added[RoleHome] | Removed[RoleHome] | Changed[RoleHome], release: Release) -> bool:
    """Role-based home page of the native app added, removed or changed

    It depends on user roles that the server sends, and it is an entry point of the app.
    """
    return change.row.type == "Navigation$RoleBasedNativeHomePage"


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=("page", "action", ORDER, PARENT, *_ARGUMENT),
    source="S3.1; S6",
    mitigation="None; an entity that leaves the sync set by it is told on its own.",
)
def nav_native_bottom_bar(
    change: Added[In[NavigationDocument]] | Removed[In[NavigationDocument]] | Changed[In[NavigationDocument]],
    release: Release,
) -> bool:
    """Bottom bar item added, removed, moved or led elsewhere

    The bottom bar is part of the client bundle.
    """
    return stands_in(change, release, BOTTOM_BAR_ITEM)


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=("caption", "icon"),
    source="S3.1; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
)
def nav_native_bottom_bar_caption(change: Changed[BottomBarItem], release: Release) -> bool:
    """Caption or icon of a bottom bar item changed

    A static text or asset in the client bundle.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=(*_MENU, *_ARGUMENT),
    source="NAV Menu; S3.1",
    mitigation="None; an entity that leaves the sync set by it is told on its own.",
)
def nav_menu_document(change: Added[In[Menu]] | Removed[In[Menu]] | Changed[In[Menu]], release: Release) -> bool:
    """Menu document changed

    Its items travel with the pages that show it.
    """
    return release.reached_offline(change)


def _kinds(change: Change, release: Release) -> list[str]:
    """What the profile of a change is on each side it is judged on."""
    return [p.kind for p in profiles_of(change, release)]


def _twins(one: Served, other: Served) -> bool:
    """Whether two profiles serve the same devices."""
    return (one.kind, one.holds_data, one.row.props.get("kind")) == (
        other.kind,
        other.holds_data,
        other.row.props.get("kind"),
    )
