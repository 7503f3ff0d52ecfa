"""The native app itself: what its template folder, or the configuration of its builder, tells of the binary.

Facts have plain names (``appName``), the name of a platform before them where the platform's own files
state them (``ios.appName``), and that of a configuration where it is not the default one.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.model.kinds.files import BuilderFile, TemplateFile
from mx_changeclass.model.kinds.native import NativeBinary
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import FULL_RELEASE, NONE, Certainty, Hazard, Maybe, Remedy, Requires

BinaryEdit = Changed[NativeBinary] | Changed[BuilderFile]


def _facts(*names: str) -> tuple[str, ...]:
    """The keys under which facts stand: their own, and those of each platform."""
    return tuple(f"{place}{name}" for name in names for place in ("", "ios.", "android."))


_CODE = _facts(
    "code", "patches", "dependency", "override", "resolution", "pnpm", "hook", "linked", "lock", "files", "plist",
    "manifest", "strings", "settings", "other", "cleartext", "localCleartext", "hermes", "cookieEncryption",
)  # fmt: skip


# -- who the app is ---------------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("appName"),
    source="S3.2; OTA When a Full Release Is Required",
    certainty=Certainty.DOCUMENTED,
)
def bin_app_name(change: BinaryEdit, release: Release) -> bool:
    """Name of the app under its icon changed

    It is part of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=_facts("bundleId"),
    remedy=Remedy.STOP,
    source="DEP Building Your Native App",
    mitigation="Keep the identifier: with another one it is a new app beside the old one, and users are moved by hand.",
)
def bin_app_id(change: BinaryEdit, release: Release) -> bool:
    """Identifier of the app changed

    Stores and devices see another app; the old one keeps its data and never gets the update.
    """
    return bool(_moved(change, "bundleId"))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("icons"),
    source="S3.2; OTA When a Full Release Is Required; NT Assets",
    certainty=Certainty.DOCUMENTED,
)
def bin_launcher_icon(change: BinaryEdit, release: Release) -> bool:
    """Launcher icon of the app changed

    It is part of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("splash"),
    source="S3.2; OTA When a Full Release Is Required; NT Assets",
    certainty=Certainty.DOCUMENTED,
)
def bin_splash(change: BinaryEdit, release: Release) -> bool:
    """Splash screen of the app changed

    It is part of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("version", "build"),
    source="NSRC OTA bundle provider",
    certainty=Certainty.DOCUMENTED,
    mitigation="Embed a bundle that fits the server that is deployed.",
)
def bin_version_number(change: BinaryEdit, release: Release) -> bool:
    """Version or build number of the app changed

    A new binary drops the update that was downloaded and starts from its own bundle.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    on=_facts("version", "build"),
    remedy=Remedy.STOP,
    source="NSRC OTA bundle provider",
    mitigation="Build from the revision that is deployed.",
)
def bin_version_older_bundle(change: BinaryEdit, release: Release) -> bool:
    """New binary built from an older model than the one deployed

    Right after it is installed, the older bundle inside it runs until the next update.
    """
    stated = release.policy.declared.get("binary-of-older-model", "").lower() not in {"", "no", "false"}
    move = release.version_change
    older = move is not None and move.new < move.old
    return stated or older


# -- where it connects, what it keeps ---------------------------------------------------------------


@rule(
    FULL_RELEASE,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=_facts("runtimeUrl"),
    remedy=Remedy.PREPARE_SERVER,
    source="DEP; NSRC",
    mitigation="Let the old address lead to the new server, and keep it so until every device runs the new binary.",
)
def bin_runtime_url(change: BinaryEdit, release: Release) -> bool:
    """Address of the server in the binary changed

    Installed apps keep talking to the old server.
    """
    return _left_behind(change)


@rule(
    FULL_RELEASE,
    hazard=Hazard.LOCAL_WIPE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=_facts("databaseName", "filesDirectory"),
    remedy=Remedy.STOP,
    source="NSRC MxConfiguration DATABASE_NAME",
    mitigation="Never change it.",
)
def bin_database_name(change: BinaryEdit, release: Release) -> bool:
    """Name of the local database, or of the folder of local files, changed

    The client opens another one and finds nothing.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    on=_facts("cleartext", "localCleartext"),
    source="NT14 14.1.10; NT17 17.0.1",
    mitigation="Serve the app over https.",
)
def bin_cleartext(change: BinaryEdit, release: Release) -> bool:
    """Clear text traffic of the app switched

    An app that talks to its server over http stops connecting where it is off, or off for the local network.
    """
    return not _over_https(change)


# -- what the platforms are told --------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=("permission", "configured.permission"),
    source="NT Mobile Toolkit; S3.2",
    certainty=Certainty.DOCUMENTED,
)
def bin_permissions(change: BinaryEdit, release: Release) -> bool:
    """Permission of the app, or the text that explains it, changed

    Android reads it from the manifest and iOS from Info.plist, which are part of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("capability", "capabilities"),
    source="NT Mobile Toolkit Configuration Structure",
    certainty=Certainty.DOCUMENTED,
)
def firebase_capability(change: BinaryEdit, release: Release) -> bool:
    """Capability of the app switched: push messages, crash reports, maps, deep links

    Capabilities are compiled in.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("orientation", "orientationipad", "devices"),
    source="NT Mobile Toolkit",
    certainty=Certainty.DOCUMENTED,
)
def bin_orientation(change: BinaryEdit, release: Release) -> bool:
    """Orientation or kinds of devices of the app changed

    A setting of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("deepLink", "deepLinks"),
    source="NT Mobile Toolkit",
    certainty=Certainty.DOCUMENTED,
)
def bin_deep_link(change: BinaryEdit, release: Release) -> bool:
    """Deep link of the app changed

    A setting of the binary.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=("font", *_facts("fonts")),
    source="FONT",
    certainty=Certainty.DOCUMENTED,
)
def bin_custom_fonts(change: BinaryEdit, release: Release) -> bool:
    """Font in the native app added, removed or changed

    Fonts are linked into the native projects.
    """
    return True


# -- how it is built --------------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    hazard=Hazard.CANNOT_INSTALL,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    on=("signing", "android.signing"),
    remedy=Remedy.STOP,
    source="DEP Signing Your Apps",
    mitigation="Sign updates with the key of the installed apps; Google Play resets a lost upload key on request.",
)
def bin_signing(change: BinaryEdit, release: Release) -> bool:
    """Signing key of the Android app changed

    Another key blocks updates over the installed app; then only uninstalling helps, and that deletes local data.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="ios.signing",
    source="DEP Signing Your Apps",
    mitigation="Stay in the same team; certificates and profiles expire and are renewed.",
)
def bin_provisioning(change: BinaryEdit, release: Release) -> bool:
    """Certificate or provisioning profile of the iOS app changed

    It takes effect in a new build. Devices install updates of the same team and identifier whatever the profile.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=_facts("targetSdk", "compileSdk", "minimum", "gradle", "podfile", "project"),
    source="native-template build files",
    certainty=Certainty.DOCUMENTED,
)
def bin_sdk_versions(change: BinaryEdit, release: Release) -> bool:
    """Build settings of the app changed: SDK, Xcode, Gradle

    They take effect in a new build.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=(*_CODE, *_facts("bundleId", "runtimeUrl")),
    source="S3.2; OTA When a Full Release Is Required",
    certainty=Certainty.DOCUMENTED,
)
def bin_native_code(change: Added[NativeBinary] | Removed[NativeBinary] | BinaryEdit, release: Release) -> bool:
    """Native code or another part of the iOS or Android project changed

    It is part of the binary.
    """
    if not isinstance(change, Changed) or any(map(change.touches, _CODE)):
        return True
    return not (_moved(change, "bundleId") or _left_behind(change))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    undecided=True,
    on="unknown",
    source="no source (what Gradle, Xcode and CocoaPods build)",
    mitigation="See whether the build compiles, links or packs the file; if not, nothing is to be done.",
)
def bin_unknown_file(change: BinaryEdit, release: Release) -> bool:
    """File of the native app changed of which it is not known what a build does with it

    Neither its place nor its kind says it, or the Xcode project does not list it.
    """
    return True


# -- what no store gets -----------------------------------------------------------------------------


@rule(
    NONE,
    instead_of=("file-native-template", "file-gitignore"),
    whole=True,
    source="no source",
)
def bin_store_metadata(
    change: Added[TemplateFile] | Removed[TemplateFile] | Changed[TemplateFile], release: Release
) -> bool:
    """Text or screenshots for the store changed

    They are no part of the app.
    """
    folders = str(change.row.props.get("path", "")).lower().split("/")[:-1]
    return "fastlane" in folders and not {"metadata", "screenshots"}.isdisjoint(folders)


@rule(
    NONE,
    instead_of=("file-native-template", "file-gitignore"),
    whole=True,
    source="NT14 14.1.10",
    certainty=Certainty.DOCUMENTED,
)
def bin_dev_settings(
    change: Added[TemplateFile] | Removed[TemplateFile] | Changed[TemplateFile], release: Release
) -> bool:
    """Settings of developer builds changed

    They are in no binary that a store gets.
    """
    return change.row.props.get("role") == "dev"


def _moved(change: Changed[NativeBinary] | Changed[BuilderFile], name: str) -> list[object]:
    """The old values of a fact that is stated on both sides and differs."""
    pairs = (change.values(key) for key in _facts(name) if key in change.fields)
    return [old for old, new in pairs if old and new]


def _left_behind(change: Changed[NativeBinary] | Changed[BuilderFile]) -> bool:
    """Installed apps were built with an address that no longer leads to the same server."""
    keys = [k for k in _facts("runtimeUrl") if k in change.fields]
    pairs = [(str(old), str(new)) for old, new in map(change.values, keys) if old and new]
    return any(_is_public(old) and _server(old) != _server(new) for old, new in pairs)


def _server(url: str) -> tuple[str, str]:
    """Host and path of an address, whatever its scheme and however it is written; a port only where it is no default
    one of its scheme."""
    scheme, _, rest = url.strip().partition("://")
    host, _, path = rest.partition("/")
    default = {"https": ":443", "http": ":80"}.get(scheme.lower(), "")
    return host.lower().removesuffix(default), path.rstrip("/")


def _is_public(url: str) -> bool:
    """An address that installed apps can have been built with: none of this machine or of a private network."""
    scheme, mark, rest = url.partition("://")
    host = rest.partition("/")[0].partition(":")[0].lower()
    return bool(mark and scheme and host) and not _PRIVATE.match(host)


_PRIVATE = regex(r"localhost$|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|.*\.local$")


def _over_https(change: Changed[NativeBinary] | Changed[BuilderFile]) -> bool:
    """The app is known to talk to its server over https alone."""
    keys = _facts("runtimeUrl")
    urls = [str(row.props[k]) for row in (change.old_row, change.new_row) for k in keys if k in row.props]
    return bool(urls) and all(url.lower().startswith("https:") for url in urls)
