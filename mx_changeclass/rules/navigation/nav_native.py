"""Switches of the native profile: what the binary was told, and how the client behaves."""

from __future__ import annotations

import re

from mx_changeclass.changes.change import NAME, Added, Changed
from mx_changeclass.changes.diff import FOLLOWS_RENAME
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.navigation import NativeProfile, NavigationProfile
from mx_changeclass.model.types import SYNC_ROW
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Hit, rule
from mx_changeclass.rules.questions import profiles_of
from mx_changeclass.vocabulary import FULL_RELEASE, NONE, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_ENCRYPTS_DATABASES = Version(6, 3)  # native template
_BUNDLED = ("Pages$Page", "Pages$Layout", "Pages$Snippet", "Menus$MenuDocument", "Microflows$Nanoflow")

# -- what the binary was told ---------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="otaEnabled",
    since="9.7.0",
    source="S4; OTA Enabling and Building",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release; updates over the air count from the next release on.",
)
def nav_ota_enabled(change: Changed[NativeProfile], release: Release) -> bool:
    """Over-the-air updates switched on

    Only binaries that were built with the setting on take updates.
    """
    return change.new.ota


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    on="otaEnabled",
    since="9.7.0",
    remedy=Remedy.STOP,
    source="S4; NSTART Over-the-Air Updates",
    mitigation="Leave it on: a server that moves on needs clients that can follow.",
)
def nav_ota_disabled(change: Changed[NativeProfile], release: Release) -> bool:
    """Over-the-air updates switched off

    From now on the runtime publishes no update bundle: client changes wait for a store build while the server
    moves on.
    """
    return not change.new.ota


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="S4; OFF Backwards-Compatibility; RN11.10 Improvements; REAL 11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release, and switch over-the-air updates on in it.",
)
def nav_ota_off_client_change(said: Hit, release: Release) -> bool:
    """Client change while the released binary takes no over-the-air updates

    The bundle inside the binary is the only one devices have, so the change needs a new binary.
    """
    if not said.rule.in_bundle or not NONE < said.rule.channel < FULL_RELEASE or not release.ota_off:
        return False
    switched_on = {p.name for p in release.new.profiles if p.ota} - {p.name for p in release.old.profiles if p.ota}
    kept = {p.name for p in release.new.profiles if p.kind == "native"} & {p.name for p in release.old.profiles}
    if isinstance(said.subject, DependencyChange):
        audience, _ = release.owners_reached(said.subject)
    elif isinstance(said.subject, SyncChange):
        audience = frozenset(said.subject.profiles)
    elif isinstance(said.subject, (VersionChange, Release)):
        return False
    elif said.subject.row.type == SYNC_ROW:
        audience = frozenset(p.name for p in profiles_of(said.subject, release))
    else:
        audience = release.audience(said.subject)
    return bool(audience & (kept - switched_on))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=NAME,
    source="S4; OFF Backwards-Compatibility",
    mitigation="Keep the name, or ship a store release, and switch over-the-air updates on in it.",
)
def nav_ota_off_rename(change: Changed[Kind], release: Release) -> str:
    """Renamed element that the client knows by name, while the released binary takes no over-the-air updates

    What refers to it was rewritten, and that part of the bundle reaches devices with a new binary only.
    """
    if not release.ota_off:
        return ""
    name = release.new_name(change)
    written = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)|/{re.escape(name.rpartition('.')[2])}(?!\w)")
    return several(sorted(doc for doc, text in release.memo(release, _rewritten) if written.search(text)))


def _rewritten(whole: Release, release: Release) -> tuple[tuple[str, str], ...]:
    """The documents of native profiles that changed only as a rename asks for, with the values that follow it."""
    found: dict[str, list[str]] = {}
    for change in (*release.changes.noise, *release.changes.meaningful):
        if isinstance(change, Changed) and FOLLOWS_RENAME in change.noise.values():
            document = release.document(change)
            if document.type in _BUNDLED and release.reached_native(change):
                keys = [key for key, reason in change.noise.items() if reason == FOLLOWS_RENAME]
                name = release.changes.new_tree.qualified(document)
                found.setdefault(name, []).extend(str(change.values(key)[1]) for key in keys)
    return tuple((name, " ".join(texts)) for name, texts in found.items())


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="loggingEnabled",
    source="LOG Enabling Native App Logging",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release, or leave the switch for the next one.",
)
def nav_logging(change: Changed[NativeProfile], release: Release) -> bool:
    """Logging of the native app switched

    The setting takes effect in a new build only.
    """
    return True


@rule(
    OTA_SAFE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.DRAIN,
    in_bundle=True,
    on="encryptionDbEnabled",
    source="SEC Enabling Database Encryption for Existing Apps",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync, then switch it on; the released binary needs native template 6.3.0.",
)
def nav_db_encryption_on(change: Changed[NativeProfile], release: Release) -> bool:
    """Encryption of the local database switched on

    The client drops the plain database, signs the user out and starts with an empty one.
    """
    return change.new.db_encryption


@rule(
    FULL_RELEASE,
    hazard=Hazard.START_FAILURE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    on="encryptionDbEnabled",
    remedy=Remedy.LATER,
    meanwhile="the binary in the stores has native template 6.3.0 or newer",
    source="SEC Native Database Encryption and the Make It Native App; SEC Prerequisites",
    certainty=Certainty.DOCUMENTED,
    mitigation="Release a binary with native template 6.3.0 or newer first, and switch it on in a later one.",
)
def nav_db_encryption_old_template(change: Changed[NativeProfile], release: Release) -> bool | str:
    """Encryption of the local database switched on, and the released binary is too old for it

    Below native template 6.3.0 the app may not start with it.
    """
    template = Version.of(release.template.strip().lstrip("v")) if change.new.db_encryption else None
    old = template is not None and template < _ENCRYPTS_DATABASES
    return old and f"the released binary is of native template {release.template}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="SEC Enabling Database Encryption for New Apps",
    certainty=Certainty.DOCUMENTED,
)
def nav_db_encryption_on_new(change: Added[NativeProfile], release: Release) -> bool:
    """Encryption of the local database is on in the first native release

    It is part of the first build, and there is nothing to lose yet.
    """
    return change.new.db_encryption


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="encryptionDbEnabled",
    source="SEC Disabling Database Encryption",
    certainty=Certainty.DOCUMENTED,
    mitigation="Know that from now on there are two populations of devices.",
)
def nav_db_encryption_off(change: Changed[NativeProfile], release: Release) -> bool:
    """Encryption of the local database switched off

    Installed apps keep their encrypted database; only new installs get a plain one.
    """
    return not change.new.db_encryption


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="localFileEncryptionEnabled",
    source="SEC Enabling Local File Encryption",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check that the released template is 6.3 or newer; an older one only logs a warning.",
)
def nav_file_encryption_on(change: Changed[NativeProfile], release: Release) -> bool:
    """Encryption of local files switched on

    New files are encrypted, old ones stay as they are.
    """
    return change.new.file_encryption


@rule(
    OTA_SAFE,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.DRAIN,
    in_bundle=True,
    on="localFileEncryptionEnabled",
    remedy=Remedy.STOP,
    source="SEC Disabling Local File Encryption",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not switch it off in a released app.",
)
def nav_file_encryption_off(change: Changed[NativeProfile], release: Release) -> bool:
    """Encryption of local files switched off

    This is not supported once released: devices that hold encrypted files may not read them.
    """
    return not change.new.file_encryption


@rule(
    FULL_RELEASE,
    hazard=Hazard.SESSION_LOSS,
    requires=Requires.NEW_BINARY,
    on="sessionCookieEncryptionEnabled",
    since="10.21.0",
    remedy=Remedy.SYNC_FIRST,
    source="NT13 notes; MSDK",
    mitigation="Have every device sync before the change.",
)
def nav_cookie_encryption(change: Changed[NativeProfile], release: Release) -> bool:
    """Encryption of the session cookie switched

    The binary stores cookies in another form; users may have to sign in again.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="hermesEnabled",
    since="10.11.0",
    until="10.17.99",
    source="HERMES; docs c07ad3a Enabling Hermes; RN10.11; RN10.18; MIN 3.1.2",
    certainty=Certainty.DOCUMENTED,
)
def nav_hermes(change: Changed[NativeProfile], release: Release) -> bool:
    """JavaScript engine Hermes switched

    The engine and the form of its code belong to the binary.
    """
    return True


# -- how the client behaves -----------------------------------------------------------------------


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=("screenNavigationTransition", "popupNavigationTransition", "applyScreenTransition"),
    source="S3.1",
)
def nav_screen_transition(change: Changed[NativeProfile], release: Release) -> bool:
    """Transition between native screens changed

    Visual behaviour in the client bundle.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="nativeNavigationEnabled",
    since="11.1.0",
    source="NNAV",
    mitigation="Test it; ship it with a store build when in doubt.",
)
def nav_native_navigation(change: Changed[NativeProfile], release: Release) -> bool:
    """Native navigation system switched

    The client uses another navigator; styling of headers may stop working.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on="networkTimeoutMs", since="11.0.0", source="NET")
def nav_network_timeout(change: Changed[NativeProfile], release: Release) -> bool:
    """Network timeout of the native client changed

    A setting of the client; synchronisation and microflow calls do not obey it.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="throwPartialSyncError",
    since="11.12.0",
    source="RN11.12",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add or review error handlers; keep it on.",
)
def nav_throw_partial_sync(change: Changed[NavigationProfile], release: Release) -> bool:
    """Error for objects that the server rejects switched

    Nanoflows see an error of a partial synchronisation, or no longer see it; what is rejected stays the same.
    """
    return any(p.holds_data for p in profiles_of(change, release))
