"""Project files outside the model that no other chapter tells."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.files import (
    BuilderFile,
    JavaScriptFile,
    JavaScriptSource,
    NpmPackage,
    OtherFile,
    Resource,
    TemplateFile,
)
from mx_changeclass.rules.edits import ThemeEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.native.native_needs import in_released_binary, meets_binary
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Maybe, Requires

OtherEdit = Added[OtherFile] | Removed[OtherFile] | Changed[OtherFile]

_IN_BINARY = ("facts", "code", "build", "platform", "font", "icon", "splash", "patch", "config")
_OWN_RULES = ("variables", "style", "script", "design-properties", "design-time", "note")


def _role(change: Change) -> str:
    return str(change.row.props.get("role", ""))


def _platform(change: Change) -> str:
    return str(change.row.props.get("platform", ""))


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1", certainty=Certainty.DOCUMENTED)
def file_theme_native(change: ThemeEdit, release: Release) -> bool:
    """Other file of the native theme changed

    Part of the bundle.
    """
    return _platform(change) == "native" and _role(change) not in _OWN_RULES


@rule(NEEDS_REDEPLOY, whole=True, source="OFF")
def file_theme_web(change: ThemeEdit, release: Release) -> bool:
    """Other file of the web theme changed

    The runtime serves the web client.
    """
    path = str(change.row.props.get("path", "")).split("/")
    told = {*_OWN_RULES, "settings", "manifest", "font", *(("image", "asset") if "public" in path else ())}
    return _platform(change) != "native" and _role(change) not in told


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def file_resources(change: Added[Resource] | Removed[Resource] | Changed[Resource], release: Release) -> bool:
    """File in resources changed

    It is copied to the server.
    """
    return _role(change) != "note"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    whole=True,
    source="REAL 17; S3.2",
    certainty=Certainty.DOCUMENTED,
)
def file_native_template(
    change: Added[TemplateFile] | Removed[TemplateFile] | Changed[TemplateFile], release: Release
) -> bool:
    """Native template in the repository changed

    It is the binary.
    """
    return _role(change) in _IN_BINARY and _has_native(release)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    whole=True,
    source="REAL 17; S3.2",
    certainty=Certainty.DOCUMENTED,
)
def file_nativemobile(
    change: Added[BuilderFile] | Removed[BuilderFile] | Changed[BuilderFile], release: Release
) -> bool:
    """Settings of the native builder changed

    They go into the binary.
    """
    return _role(change) != "note" and _has_native(release)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    undecided=True,
    whole=True,
    source="no source (what Gradle, Xcode and CocoaPods build)",
    mitigation="See whether the build compiles, links or packs the file; if not, nothing is to be done.",
)
def file_template_unknown(
    change: Added[TemplateFile] | Removed[TemplateFile] | Changed[TemplateFile], release: Release
) -> bool:
    """File of the native template changed of which it is not known what a build does with it

    Neither its place nor its kind says it, or the Xcode project does not list it.
    """
    return _role(change) == "unknown" and _has_native(release)


def _has_native(release: Release) -> bool:
    return release.old.native or release.new.native


@rule(NONE, whole=True, source="RN11.11", aliases=("file-deployment", "style-cache"))
def file_gitignore(change: Added[Kind] | Removed[Kind] | Changed[Kind], release: Release) -> bool:
    """Note, script or other file without effect changed

    Nothing is built from it. What a build makes, the folder of deployments and compiled styles, is not even read.
    """
    kind, role = change.row.type, _role(change)
    if kind in ("File$NativeTemplate", "File$NativeBuilder"):
        return not _has_native(release) or role in ("dev", "bundle", "script", "notes", "note")
    return kind in ("File$Jar", "File$Theme", "File$Resource") and role == "note"


@rule(NONE, whole=True, source="RN11.11")
def file_maia_skills(change: ThemeEdit | OtherEdit, release: Release) -> bool:
    """File of design time changed

    Studio Pro alone reads it.
    """
    return _role(change) == "design-time" or change.row.name.startswith("skillssource/")


@rule(
    OTA_SAFE,
    breaks_old_clients=Maybe.MAYBE,
    whole=True,
    source="WT",
    mitigation="See whether one of them holds native code.",
)
def file_packages_json(change: Added[NpmPackage] | Removed[NpmPackage] | Changed[NpmPackage], release: Release) -> bool:
    """List of npm packages changed

    Packages of plain JavaScript travel with the bundle.
    """
    return _role(change) != "module"


@rule(NONE, whole=True, source="WT")
def file_npm_native(change: Added[NpmPackage] | Removed[NpmPackage] | Changed[NpmPackage], release: Release) -> bool:
    """npm package for React Native beside JavaScript actions changed

    What that means is said of the native modules.
    """
    props = change.row.props
    return _role(change) == "module" and bool(props.get("native") or props.get("forNative"))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    undecided=True,
    at_most=FULL_RELEASE,
    instead_of="file-npm-native",
    whole=True,
    source="DEV; WT",
    mitigation="List it in the sidecar of the action that uses it, or remove it.",
)
def file_npm_native_unlisted(change: Added[NpmPackage] | Changed[NpmPackage], release: Release) -> bool:
    """npm package for React Native beside JavaScript actions that no list of native modules names

    It holds native code, or is written for React Native and lies there without its native half. Whether an action
    needs it cannot be told; a binary that lacks it would fail.
    """
    new = change.new
    named = new.package_name in release.new.dependencies.packages or new.package_name in in_released_binary(release)
    native = _role(change) == "module" and (new.native or new.for_native)
    return native and not named and meets_binary(change, release)


@rule(NONE, whole=True, source="RN11.6 11.6.6", certainty=Certainty.DOCUMENTED)
def file_appstore_metadata(change: OtherEdit, release: Release) -> bool:
    """Bookkeeping of the Marketplace changed

    Studio Pro alone reads it.
    """
    return _role(change) == "bookkeeping"


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def file_mlsource(change: OtherEdit, release: Release) -> bool:
    """Machine learning model changed

    The server runs it.
    """
    return _role(change) == "ml"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    undecided=True,
    at_most=FULL_RELEASE,
    whole=True,
    source="no source",
    mitigation="Look at what it is for.",
)
def file_unknown(change: OtherEdit, release: Release) -> bool:
    """File of unknown purpose changed

    What it does is not known; it is taken for a part of the server.
    """
    return _role(change) == "unknown" and not change.row.name.startswith("skillssource/")


@rule(NONE, on=("nativeDependencies", "sidecar", "unread"), source="JSA Platform")
def file_javascriptsource(change: Changed[JavaScriptSource | JavaScriptFile], release: Release) -> bool:
    """Native modules that JavaScript of web pages asks for changed

    No binary needs them.
    """
    return release.reached(change) and not release.covered_by_observations(change)
