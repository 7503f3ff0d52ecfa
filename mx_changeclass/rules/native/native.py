"""The native template of the binary: what changes for devices when the next binary is built with another one.

Most rules hear the release and compare the template of the released binary with the planned one, whether
the team states them or a template folder beside the model does.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Changed
from mx_changeclass.model.kinds.native import NativeBinary
from mx_changeclass.model.native_templates import (
    accepts,
    android_minimum_of,
    ios_minimum_of,
    react_native_of,
    template_range,
)
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.questions import both, meets_clients
from mx_changeclass.vocabulary import FULL_RELEASE, Certainty, Hazard, Maybe, Remedy, Requires

# -- any other template -----------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="template",
    source="S3.2; NT Versioning",
    certainty=Certainty.DOCUMENTED,
)
def nt_major_change(about: Release | Changed[NativeBinary], release: Release) -> bool | str:
    """Native template of another major version

    The template is the binary.
    """
    move = _told(about, release)
    return move is not None and move.old.major != move.new.major and move.words


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="template",
    source="NT; S3.2",
    mitigation="Build anew where it is wanted; it is not forced while Studio Pro still takes the old template.",
)
def nt_minor_patch_change(about: Release | Changed[NativeBinary], release: Release) -> bool | str:
    """Native template of another minor or patch version

    A template takes effect in a new binary only.
    """
    move = _told(about, release)
    return move is not None and move.old.major == move.new.major and move.words


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="reactNative",
    source="NT14; NT17; NT19",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build all own native widgets anew as well.",
)
def nt_rn_version(about: Release | Changed[NativeBinary], release: Release) -> bool | str:
    """React Native version changes with the native template

    Native code and the client bundle must be built for the same React Native.
    """
    if isinstance(about, Changed):
        return True
    move = _stated(release)
    before, after = (react_native_of(t) for t in move.texts) if move else ("", "")
    return bool(before and after and before != after) and f"React Native {before} to {after}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="NT16",
    mitigation="Check that every native dependency supports the new architecture.",
)
def nt_new_architecture(release: Release, _: Release) -> bool | str:
    """Native template across 16: React Native's new architecture

    Native modules of third parties that do not support it stop working.
    """
    move = _move(release)
    return move is not None and move.crosses("16.0.0") and move.words


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="NT15 15.3.1, 15.4.0; NT14 14.1.12; NT17 17.0.4; NT7 7.0.6",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release, and declare the permissions to the stores.",
)
def nt_permission_change(release: Release, _: Release) -> bool | str:
    """Native template adds or removes a permission of the platform

    Permissions stand in the manifest and in Info.plist, which are part of the binary.
    """
    move = _move(release)
    return move is not None and move.crosses(*_PERMISSIONS) and move.words


# -- devices that are left behind -------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    hazard=Hazard.CANNOT_INSTALL,
    requires=Requires.NEW_BINARY,
    on="android.minimum",
    remedy=Remedy.RETIRE,
    source="native-template android/build.gradle",
    mitigation="Give the users of these devices another one first, or keep the server fit for the old client.",
)
def nt_android_min_sdk(about: Release | Changed[NativeBinary], release: Release) -> bool | str:
    """Lowest Android version raised

    Devices below it cannot install the new binary and stay on the old client for good.
    """
    if isinstance(about, Changed):
        before, after = (int(str(v)) if str(v).isdigit() else 0 for v in about.values("android.minimum"))
    else:
        move = _stated(release)
        before, after = (android_minimum_of(t) or 0 for t in move.texts) if move else (0, 0)
    return 0 < before < after and f"API level {before} to {after}"


@rule(
    FULL_RELEASE,
    hazard=Hazard.CANNOT_INSTALL,
    requires=Requires.NEW_BINARY,
    on="ios.minimum",
    remedy=Remedy.RETIRE,
    source="native-template ios/Podfile",
    mitigation="Give the users of these devices another one first, or keep the server fit for the old client.",
)
def nt_ios_min(about: Release | Changed[NativeBinary], release: Release) -> bool | str:
    """Lowest iOS version raised

    Devices below it cannot install the new binary and stay on the old client for good.
    """
    if isinstance(about, Changed):
        told = [str(v or "") for v in about.values("ios.minimum")]
    else:
        move = _stated(release)
        told = [ios_minimum_of(t) for t in move.texts] if move else ["", ""]
    before, after = map(Version.of, told)
    return before is not None and after is not None and before < after and f"iOS {told[0]} to {told[1]}"


# -- local data and sessions ------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    since="10.19.0",
    source="NT12 12.0.0; RN10.19 Improvements; MIN 4.0.0; RN10.24 10.24.18",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync first, or move to Studio Pro 10.24.22 or a newer 10.24.",
)
def nt_sqlite_library(release: Release, _: Release) -> bool | str:
    """Native template across 12: another library of the local database

    The new library looks for the database in another place; Studio Pro brings the data along from 10.24.18 on.
    """
    move, version = _move(release), release.new.version
    repaired = version is not None and Version(10, 24, 18) <= version < Version(11)
    return move is not None and move.crosses("12.0.0") and not repaired and move.words


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    remedy=Remedy.OTHER_VERSION,
    source="NT14 14.1.13",
    certainty=Certainty.DOCUMENTED,
    mitigation="Move to Studio Pro 10.24.22 or newer first, and roll the new build out.",
)
def nt_keychain(release: Release, _: Release) -> bool | str:
    """Native template across 14.1.13: secrets on iOS become readable once a device was unlocked after its start

    They are moved once, which needs Studio Pro 10.24.16 and a new build; what is not moved stays readable as before.
    """
    return _moves_secrets(release) and not _unmoved_key(release) and _move_words(release)


@rule(
    FULL_RELEASE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    until="10.24.15",
    source="NT14 14.1.13; SEC",
    mitigation="Have every device sync before the new build, or move to Studio Pro 10.24.22 or newer first.",
)
def nt_keychain_encrypted_db(release: Release, _: Release) -> bool | str:
    """Native template across 14.1.13 while the local database is encrypted, with a Studio Pro that moves no secrets

    The key of the database is one of the secrets that iOS stores in another way; whether old ones are found without
    the move is not stated.
    """
    return _moves_secrets(release) and _unmoved_key(release) and _move_words(release)


@rule(
    FULL_RELEASE,
    hazard=Hazard.SESSION_LOSS,
    requires=Requires.NEW_BINARY,
    remedy=Remedy.SYNC_FIRST,
    source="NT14 14.1.15; NT19 19.0.2; mendix-native tags 0.3.3, 0.3.4",
    mitigation="Have every device sync before the update.",
)
def nt_cookie_encryption(release: Release, _: Release) -> bool | str:
    """Native template with another cipher of Android cookies

    Users may have to sign in again.
    """
    move = _move(release)
    return move is not None and _new_cipher(move.old) != _new_cipher(move.new) and move.words


# -- releases of the template that are no good ------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    source="NT Versioning; native-template mendix_version.json",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build with a template of the range that this Studio Pro version accepts.",
)
def nt_out_of_range(release: Release, _: Release) -> bool | str:
    """Native template that this Studio Pro version does not accept

    A template that does not match leads to unexpected behaviour: the client expects other native libraries.
    """
    version = release.new.version
    templates = template_range(version) if version else None
    if templates is None:
        return False
    planned = _planned(release)
    if planned and release.new.native and accepts(templates, planned) is False:
        return f"planned template {planned}, Studio Pro {version} takes {templates}"
    had, here = release.template, both(release, "native") and meets_clients(release) and release.version_change is None
    outside = bool(had) and here and not planned and accepts(templates, had) is False
    return outside and f"released template {had}, Studio Pro {version} takes {templates}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.OTHER_VERSION,
    source="mendix-native tags 0.3.3, 0.3.4",
    mitigation="Use 17.4.1.",
)
def nt_17_3_0(release: Release, _: Release) -> bool | str:
    """Native template 17.3.0 planned: it takes no over-the-air updates of 11.6

    It carries binary version 32, the releases before and after it 31.
    """
    planned = _planned(release)
    return _is(planned, "17.3.0") and not release.ota_off and f"planned template {planned}"


@rule(
    FULL_RELEASE,
    hazard=Hazard.START_FAILURE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.OTHER_VERSION,
    source="NT17 17.3.0, 17.4.0, 17.4.1; mendix-native tags 0.3.1 to 0.5.1; native-template CHANGELOG 19.1.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Release binaries with a repaired template first: 17.4.1 for 11.6, else the newest that fits.",
)
def nt_restart_loop(release: Release, _: Release) -> bool | str:
    """Released native template restarts again and again after an over-the-air update

    The update must wait for a binary with a repaired template. Android is repaired in 17.3.0 and from 19.0.0 on, iOS in
    17.4.1 and from 19.1.1 on.
    """
    had = _updated(release)
    systems = [name for name, low, high in _LOOPS if had is not None and low <= had <= high]
    return bool(systems) and f"template {release.template} on {' and '.join(systems)}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    source="NT7 7.0.17; NT8 8.0.15, 8.2.7; NT9 9.0.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Release binaries with 7.0.17, 8.0.15, 8.2.7 or 9.0.1, or a newer template, first.",
)
def nt_ios_18_updates(release: Release, _: Release) -> bool | str:
    """Released native template takes no over-the-air updates on iOS 18

    Phones with iOS 18 or newer stay on the bundle of their binary.
    """
    had = _updated(release)
    old = had is not None and any(low <= had < repaired for low, repaired in _BEFORE_IOS_18)
    return old and f"released template {release.template}"


@rule(
    FULL_RELEASE,
    hazard=Hazard.SESSION_LOSS,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    since="9.8.0",
    remedy=Remedy.OTHER_VERSION,
    source="NT6 6.2.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Skip to 6.2.11.",
)
def nt_bad_release(release: Release, _: Release) -> bool | str:
    """Native template planned that signs users out at each start

    6.2.9 and 6.2.10 clear the keychain of iOS with clients of Studio Pro 9.8 and newer.
    """
    planned = _planned(release)
    return _is(planned, "6.2.9", "6.2.10") and f"planned template {planned}"


@rule(
    FULL_RELEASE,
    hazard=Hazard.START_FAILURE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.OTHER_VERSION,
    source="NT6 6.2.10; NT7 7.0.13; NT8 8.0.10, 8.2.3; NT14 14.1.2, 14.1.5; NT15 15.1.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Skip to the next release of the template.",
)
def nt_crashing_release(release: Release, _: Release) -> bool | str:
    """Native template planned whose app crashes or does not run

    6.2.9 with CodePush on Android; 7.0.13, 8.0.10 to 8.0.12, 8.2.3 and 8.2.4 with cookies of an older one; 14.0.0,
    14.1.0, 14.1.1, 15.0.0 and 15.1.0 with the React client on iOS; 14.x below 14.1.5 after a reload.
    """
    planned = _planned(release)
    found = _version(planned)
    if found is None:
        return False
    bad = any(low <= found <= high for low, high in _CRASHES)
    bad = bad or (_is(planned, *_NO_REACT) and _react_client(release))
    bad = bad or (_is(planned, "6.2.9") and bool(release.policy.declared.get("codepush")))
    return bad and f"planned template {planned}"


_PERMISSIONS = ("6.2.23", "6.3.1", "7.0.6", "14.1.12", "15.3.1", "15.4.0", "17.0.4")
_ANY = 1 << 30
_CRASHES = (
    (Version(7, 0, 13), Version(7, 0, 13)),
    (Version(8, 0, 10), Version(8, 0, 12)),
    (Version(8, 2, 3), Version(8, 2, 4)),
    (Version(14), Version(14, 1, 4)),
)
_NO_REACT = ("14.0.0", "14.1.0", "14.1.1", "15.0.0", "15.1.0")
_BEFORE_IOS_18 = (
    (Version(7), Version(7, 0, 17)),
    (Version(8), Version(8, 0, 15)),
    (Version(8, 1), Version(8, 2, 7)),
    (Version(9), Version(9, 0, 1)),
)
# By the release of mendix-native in them: Android is repaired in 0.3.3 and from 0.4.0 on, iOS in 0.3.4 and from 0.5.1
# on; the note of 17.4.1 repairs the iOS of 17.4.0 once more.
_LOOPS = (
    ("Android", Version(16), Version(17, 2, _ANY)),
    ("Android", Version(18), Version(18, _ANY)),
    ("iOS", Version(16), Version(17, 4)),
    ("iOS", Version(18), Version(19, 1)),
)


class _TemplateChange:
    """The template of the released binary and the one planned."""

    def __init__(self, old: str, new: str, before: Version, after: Version) -> None:
        self.texts, self.old, self.new = (old, new), before, after

    @classmethod
    def of(cls, old: str, new: str) -> _TemplateChange | None:
        """None where one of them is not known or they are the same."""
        before, after = _version(old), _version(new)
        return cls(old, new, before, after) if before is not None and after is not None and before != after else None

    def crosses(self, *milestones: str) -> bool:
        found = [v for v in map(Version.of, milestones) if v is not None]
        return any(self.old < m <= self.new for m in found)

    @property
    def words(self) -> str:
        return f"native template {self.texts[0]} to {self.texts[1]}"


def _move(release: Release) -> _TemplateChange | None:
    return _TemplateChange.of(release.template, release.planned_template) if both(release, "native") else None


def _stated(release: Release) -> _TemplateChange | None:
    """The move as the team states it: where a folder shows it, the facts of that folder speak."""
    return None if any(c.row.type == "File$NativeBinary" for c in release.all(Changed)) else _move(release)


def _told(about: Release | Changed[NativeBinary], release: Release) -> _TemplateChange | None:
    if isinstance(about, Changed):
        return _TemplateChange.of(*(str(v or "") for v in about.values("template")))
    return _stated(release)


def _planned(release: Release) -> str:
    """The template of the next binary where one is planned: stated, or another one lies beside the new model."""
    moved = _move(release)
    return release.policy.new_native_template or (release.planned_template if moved else "")


def _updated(release: Release) -> Version | None:
    """The template of released binaries that get an update over the air with this release."""
    updated = not release.ota_off and both(release, "native") and meets_clients(release)
    return _version(release.template) if updated else None


def _react_client(release: Release) -> bool:
    """The app is built with the React client, or with both while it moves to it."""
    part = release.new.settings_part("Settings$WebUIProjectSettingsPart")
    return part is not None and str(part.props.get("useOptimizedClient", "No")) not in ("No", "False")


def _moves_secrets(release: Release) -> bool:
    """The next binary stores secrets on iOS in another way: template 14.1.13 and later ones of that line do."""
    move = _move(release)
    return move is not None and not _stores_anew(move.old) and _stores_anew(move.new)


def _stores_anew(template: Version) -> bool:
    return Version(14, 1, 13) <= template < Version(15)


def _unmoved_key(release: Release) -> bool:
    """Devices hold an encrypted database whose key stays where it was."""
    version = release.new.version
    return _encrypts(release) and version is not None and version < Version(10, 24, 16)


def _move_words(release: Release) -> str:
    move = _move(release)
    return move.words if move else ""


def _version(template: str) -> Version | None:
    return Version.of(template.strip().lstrip("v"))


def _is(template: object, *releases: str) -> bool:
    found = _version(str(template or ""))
    return found is not None and any(found == Version.of(r) for r in releases)


def _encrypts(release: Release) -> bool:
    """Devices hold an encrypted database."""
    return any(p.row.props.get("encryptionDbEnabled") is True for p in release.old.profiles if p.kind == "native")


def _new_cipher(template: Version) -> bool:
    in_17 = Version(17, 3) <= template < Version(17, 4)
    return Version(14, 1, 15) <= template < Version(15) or in_17 or template >= Version(19, 0, 2)
