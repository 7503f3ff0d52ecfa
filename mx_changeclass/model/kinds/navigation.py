"""Kinds of navigation: profiles, home pages, offline configuration."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind


@kind("Navigation$NavigationDocument")
class NavigationDocument(Kind):
    pass


@kind("Navigation$NavigationProfileBase")
class NavigationProfile(Kind):
    throw_partial_sync_error = key("throwPartialSyncError", True)


@kind("Navigation$NavigationProfile")
class WebProfile(NavigationProfile):
    """``profile_kind`` is Responsive, Tablet, Phone, Hybrid…, each with an …Offline variant."""

    profile_kind = key("kind", "Responsive")


@kind("Navigation$EmbeddedNavigationProfile")
class EmbeddedProfile(NavigationProfile):
    pass


@kind("Navigation$NativeNavigationProfile")
class NativeProfile(NavigationProfile):
    ota = key("otaEnabled", False)
    logging = key("loggingEnabled", False)
    db_encryption = key("encryptionDbEnabled", False)
    file_encryption = key("localFileEncryptionEnabled", False)
    cookie_encryption = key("sessionCookieEncryptionEnabled", False)
    hermes = key("hermesEnabled", False)


@kind("Navigation$RoleBasedHomePage", "Navigation$RoleBasedNativeHomePage")
class RoleHome(Kind):
    role = key("userRole", "")


@kind("NativePages$BottomBarItem")
class BottomBarItem(Kind):
    page = key("page", "")


@kind("Navigation$OfflineEntityConfig")
class OfflineEntityConfig(Kind):
    entity = key("entity", "")
    mode = key("syncMode", "Online")
    constraint = key("constraint", "")
    compatibility = key("compatibilityMode", False)
    download_mode = key("downloadMode", "All")
    should_download = key("shouldDownload", True)
