"""What changes below an app when it moves to another Studio Pro version: engine, cookies, files, browser store."""

from __future__ import annotations

from collections.abc import Iterable

from mx_changeclass.graphs.app import App
from mx_changeclass.model import system
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.questions import both, denied, keeps_data
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- what changes below the app -------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    since="11.0.0",
    source="NNAV; native-template mendix_version.json",
    mitigation="Build anew; look at the headers where native navigation is on.",
)
def sp_upgrade_native_navigation_11(move: VersionChange, release: Release) -> bool:
    """Studio Pro 10 to 11: native navigation may be another system

    In 11.0 it moves to the platforms' own interfaces, and some styling of headers stops working; from 11.1 on an app
    keeps what it had until native navigation is switched on. The native template changes in any case.
    """
    return move.crosses("11.0.0") and both(release, "native")


@rule(
    FULL_RELEASE,
    hazard=Hazard.SESSION_LOSS,
    requires=Requires.NEW_BINARY,
    since="10.21.0",
    remedy=Remedy.SYNC_FIRST,
    source="RN10.21; NT13 13.0.0",
    mitigation="Have every device sync before the update, or set SessionCookieEncryptionEnabled on in the native "
    "profile.",
)
def sp_upgrade_cookie_default_10_21(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 10.21: session cookies are no longer encrypted by default

    The handling of cookies is part of the binary; Android users may have to sign in again.
    """
    natives = [p for p in release.new.profiles if p.kind == "native"]
    kept = all(p.row.props.get("sessionCookieEncryptionEnabled") is True for p in natives)
    return move.crosses("10.21.0") and both(release, "native") and not kept


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    since="10.18.0",
    source="MIN 3.1.2; MSDK",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build anew, and test JavaScript actions on Hermes.",
)
def sp_upgrade_hermes_10_18(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 10.18 while the JavaScript engine Hermes was off

    Only Hermes is supported afterwards, and the engine is part of the binary.
    """
    natives = [p for p in release.old.profiles if p.kind == "native"]
    off = any(p.row.props.get("hermesEnabled") is not True for p in natives)
    return move.crosses("10.18.0") and move.old >= Version(10, 11) and off and both(release, "native")


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    since="10.6.6",
    source="RN10.6 10.6.6; RN10.9; NT8 8.0.4",
    certainty=Certainty.DOCUMENTED,
    mitigation="Switch on the over-the-air updates of the runtime.",
)
def sp_upgrade_codepush_removed(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 10.6.6 while updates go through CodePush

    The next binary no longer carries it, so updates end with it.
    """
    used = bool(release.policy.declared.get("codepush")) and not denied(release, "codepush")
    return used and move.crosses("10.6.6") and both(release, "native")


@rule(
    NEEDS_REDEPLOY,
    since="10.9.0",
    source="RN10.9; SESS Native and Offline PWA Applications",
    certainty=Certainty.DOCUMENTED,
)
def sp_upgrade_auth_token_10_9(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 10.9: sessions are kept by authentication tokens

    The runtime goes on serving older clients.
    """
    return move.crosses("10.9.0") and keeps_data(release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.DRAIN,
    since="11.15.0",
    source="RN11.15 Other Improvements",
    mitigation="Have every device sync its files before the upgrade.",
)
def sp_upgrade_offline_files_11_15(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro across 11.15: files on devices move to another store

    Files that were found by name are listed in the local database from then on.
    """
    files = _file_entities(release.old, release.old.sync) if move.crosses("11.15.0") else ()
    return bool(files) and f"files on devices: {several(files)}"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    since="9.24.14; 10.6.1; 10.7.0",
    until="9.24.17; 10.6.5; 10.8.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN9.24 9.24.14, 9.24.18; RN10.6 10.6.1, 10.6.6; RN10.9",
    certainty=Certainty.DOCUMENTED,
    mitigation="Choose 9.24.18, 10.6.6, or 10.24.22 or later.",
)
def sp_upgrade_file_path(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro version that does not find files stored on Azure

    Only files in that storage are meant; where files are stored is not in the model.
    """
    files = _file_entities(release.new, release.new.symbols.entities) if move.old != move.new else ()
    return bool(files) and f"files in {several(files)}"


# -- offline web apps -----------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    since="11.5.0",
    remedy=Remedy.SYNC_FIRST,
    source="RN11.5 Improvements",
    certainty=Certainty.DOCUMENTED,
    mitigation="Warn users of a slow first start; have them sync first.",
)
def sp_upgrade_pwa_opfs(move: VersionChange, release: Release) -> bool:
    """Studio Pro across 11.5: offline web apps move their local database to another store

    It happens at the first start and delays it.
    """
    return move.crosses("11.5.0") and both(release, "offline")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.DRAIN,
    since="9.24.18; 10.6.6; 10.9.0",
    until="9.99.99; 10.6.99; -",
    source="RN9.24 9.24.18; RN10.6 10.6.6; RN10.9; docs PR 7504",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have users sync first, and serve the app over https.",
)
def sp_upgrade_pwa_websql_9_24_18(move: VersionChange, release: Release) -> bool:
    """Studio Pro version that replaces the local store of offline web apps

    The store in use so far is gone from browsers; the new one needs a secure context.
    """
    return not _past_websql(move.old) and _past_websql(move.new) and both(release, "offline")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    since="-; 11.0.0; 11.7.0",
    until="10.24.22; 11.6.7; 11.12.0",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.10, 10.24.23; RN11.6 11.6.8; RN11.12",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade; until then count on old web clients for long, or have them skip waiting.",
)
def sp_pwa_stale_client(release: Release, _: Release) -> bool:
    """Browsers may keep the old client of an offline web app after a deployment

    In this version a new bundle does not always replace the one that a browser holds.
    """
    version = release.new.version
    if version is None or not both(release, "offline") or not _keeps_stale_bundle(release.new, version):
        return False
    offline = {p.name for p in release.new.profiles if p.kind == "offline"}
    return any(release.audience(change) & offline for change in release.all(object))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SESSION_LOSS,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    until="9.6.10",
    remedy=Remedy.OTHER_VERSION,
    source="RN9.6 9.6.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade to 9.6.11, 9.10 or newer.",
)
def sp_pwa_session_on_deploy(release: Release, _: Release) -> bool:
    """Each deployment of this version drops the sessions of offline web apps

    Users must sign in again before they can synchronise.
    """
    version = release.new.version
    repaired = Version(9, 6, 11), Version(9, 12)  # of 9.6, and of what came after it
    dropped = version is not None and version < repaired[version >= Version(9, 7)]
    return dropped and both(release, "offline") and len(release.changes) > 0


def _past_websql(version: Version) -> bool:
    later = (Version(9, 24, 18), Version(10)), (Version(10, 6, 6), Version(10, 7))
    return version >= Version(10, 9) or any(low <= version < high for low, high in later)


def _keeps_stale_bundle(side: App, version: Version) -> bool:
    """The React client below 10.24.10 and 11.4; with the Rspack bundler below 10.24.23, 11.6.8 and 11.12.1."""
    part = side.settings_part("Settings$WebUIProjectSettingsPart")
    props = part.props if part else {}
    if version < Version(10, 24, 10) or Version(11) <= version < Version(11, 4):
        return str(props.get("useOptimizedClient", "No")) not in ("No", "False")
    return props.get("enableRspackBundler") is True


def _file_entities(side: App, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(n for n in names if system.FILE_DOCUMENT in side.symbols.lineage(n))
