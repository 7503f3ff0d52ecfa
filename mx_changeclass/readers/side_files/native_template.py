"""A native template in a folder: whether it is one, what each file of it is for, and its app as a unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from mx_changeclass.model.kinds.native import native_binary
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.readers.side_files.contents import Fetch, Unreadable, as_json, as_text, combined, suffix
from mx_changeclass.readers.side_files.platforms import platform_facts
from mx_changeclass.readers.units.secrets import without_credentials
from mx_changeclass.readers.xcode import XcodeProject, xcode_project
from mx_changeclass.regex import regex

# Files by what the build does with them. A kind that stands in none of these is of no known use.
_CODE = frozenset(("java", "kt", "swift", "m", "mm", "h", "hpp", "c", "cc", "cpp", "aidl", "rs", "metal"))
_LIBRARIES = frozenset(("so", "a", "aar", "jar", "dylib", "tbd", "tgz", "podspec"))
_WRAPPERS = (".framework", ".xcframework", ".xcassets", ".bundle", ".mlmodelc", ".mlpackage", ".xcdatamodeld", ".lproj")
_GRADLE = frozenset(("gradle", "kts", "properties", "toml", "pro", "cmake", "mk", "keystore", "jks"))
_GRADLE_NAMES = frozenset(("cmakelists.txt", "google-services.json"))
_XCODE = frozenset(
    ("pbxproj", "xcconfig", "rb", "plist", "entitlements", "xcprivacy", "storyboard", "xib", "strings", "stringsdict")
) | {"xcstrings", "intentdefinition", "mlmodel"}
_XCODE_NAMES = frozenset(("podfile", "podfile.lock", "contents.xcworkspacedata", ".xcode.env"))
_TOOLKIT = frozenset(
    (
        "capabilities.android.json",
        "capabilities.ios.json",
        "capabilities-setup-config.json",
        "unlinked-dependency-config.json",
        "react-native.config.js",
        "firebase.json",
    )
)
_MANIFESTS = frozenset(
    (
        "config.json",
        "package.json",
        ".template_version",
        ".native_dependencies",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
    )
)
_FONTS = ("ttf", "otf")
_NOTES = (
    "md",
    "markdown",
    "txt",
    "license",
    "log",
    "iml",
    "hprof",
    "lint",
    "html",
    "keep",
    "gitkeep",
    "orig",
    "rej",
    "bak",
    "swp",
    "tmp",
    "apk",
    "aab",
    "ipa",
    "xcresult",
)
_SCRIPTS = ("js", "cjs", "mjs", "ts", "tsx", "jsx", "sh", "bat", "cmd", "ps1", "yml", "yaml", "bzl", "buck", "xcscheme")
_SCRIPT_NAMES = frozenset(
    ("gemfile", "gemfile.lock", "rakefile", "gradlew", "stale_files", "tsconfig.json", "app.json", "lint.xml")
) | {"appcenter-build-config.json", "mendix_version.json", "exportoptions.plist"}
_MACHINE = frozenset(
    (
        ".ds_store",
        "thumbs.db",
        "local.properties",
        ".xcode.env.local",
        "ideworkspacechecks.plist",
        "output-metadata.json",
    )
)
_MACHINE_FOLDERS = frozenset(
    (".cxx", ".kotlin", ".idea", ".externalnativebuild", "captures", "xcuserdata", ".settings", "fastlane")
)
_BUNDLED = regex(r"/res/(?:drawable-\w*dpi|raw)/(?:node_modules_|img_|keep\.xml$)|/assets/[^/]*bundle(?:\.\w+)*$")
_STORELESS = ("dev", "bundle", "notes", "script")


def binary_unit(
    unit_id: str, name: str, root: str, paths: Iterable[str], fetch: Fetch, digests: Mapping[str, str]
) -> Unit:
    """The facts of the template below ``root`` (with its slash at the end) as a unit. ``paths`` and ``digests``
    are relative to it."""
    inside = sorted(paths)
    at = project_file(inside)

    def load() -> Rows:
        project = project_of(at, fetch(root + at)) if at else None
        roles = {path: role(path, project) for path in inside}
        facts = platform_facts(roles, lambda path: fetch(root + path), project.plist if project else "")
        return without_credentials((native_binary(facts, unit_id, name),))

    digest = combined(f"{path} {digests.get(path, '')}" for path in inside)
    return Unit(unit_id, "File$NativeBinary", name, None, "files", digest, load, file=root.rstrip("/"))


def template_roots(paths: Iterable[str], fetch: Fetch) -> tuple[str, ...]:
    """Folders (with a slash at the end, "" for the project itself) that hold a native template; none inside another."""
    known = [p for p in paths if "node_modules" not in p]
    stated, manifests, ios, android = (
        _holding(known, mark) for mark in (".template_version", "package.json", "ios/", "android/")
    )
    found: list[str] = []
    for root in sorted(stated | (manifests & ios & android)):
        if any(root.startswith(outer) for outer in found):
            continue
        if root in stated or is_template(
            [p.removeprefix(root) for p in known if p.startswith(root)], partial(_from, fetch, root)
        ):
            found.append(root)
    return tuple(found)


def _holding(paths: Iterable[str], mark: str) -> set[str]:
    """The folders in which a file, or a folder with its slash, of that name lies."""
    return {p[:at] for p in paths if (at := f"/{p}".find(f"/{mark}")) >= 0 and (mark.endswith("/") or p[at:] == mark)}


def _from(fetch: Fetch, root: str, path: str) -> bytes | None:
    return fetch(root + path)


def is_template(paths: Iterable[str], fetch: Fetch) -> bool:
    """Whether a folder is a native template: it states its release, or has both platforms and names React Native."""
    top = {p.partition("/")[0] for p in paths}
    if ".template_version" in top:
        return True
    if not {"android", "ios", "package.json"} <= top:
        return False
    try:
        package = as_json(fetch("package.json") or b"")
    except Unreadable:
        return True  # both platforms are there; what the manifest says is told as unread
    dependencies = package.get("dependencies") if isinstance(package, Mapping) else None
    return isinstance(dependencies, Mapping) and "react-native" in dependencies


def belongs(path: str) -> bool:
    """Whether a file of a template is source, and not the outcome of a build on this machine."""
    parts = path.lower().split("/")
    if not {"node_modules", "pods", ".gradle", "deriveddata", ".git"}.isdisjoint(parts):
        return False
    return not (parts[0] in ("android", "ios") and "build" in parts[:-1])


def project_file(paths: Iterable[str]) -> str:
    """The file of the Xcode project among the paths of a template, "" where there is none."""
    found = (p for p in paths if p.startswith("ios/") and p.endswith(".xcodeproj/project.pbxproj"))
    return min(found, key=lambda p: (p.count("/"), p), default="")


def project_of(path: str, content: bytes | None) -> XcodeProject | None:
    """What the project of a template builds; None where it cannot be told."""
    try:
        return xcode_project(as_text(content), path.rpartition("/")[0].rpartition("/")[0]) if content else None
    except Unreadable:
        return None


def in_binary(role: str) -> bool:
    """Whether what has this role is part of the app that the stores get, or may be."""
    return role not in _STORELESS


def role(path: str, project: XcodeProject | None = None) -> str:
    """What a file of a template is for in the build of the app.

    ``facts``, ``code``, ``build``, ``platform``, ``font``, ``icon``, ``splash``, ``patch`` and ``config`` (of the
    toolkit and of linking) go into the binary; what no store gets of its own are ``dev`` (developer builds and
    tests), ``bundle`` (built from the model), ``script`` and ``notes``. ``unknown`` is a file of which neither its
    place nor its kind says what a build does with it, or that ``project`` does not list.
    """
    low = path.lower()
    parts = low.split("/")
    name, kind = parts[-1], suffix(low)
    if name in _MACHINE or not _MACHINE_FOLDERS.isdisjoint(parts[:-1]) or "/vendor/bundle/" in f"/{low}":
        return "notes"
    if parts[0] == "android":
        return _android_role(low, parts, kind)
    if parts[0] == "ios":
        return _ios_role(path, parts, kind, project)
    if parts[0] == "assets":
        return "notes" if kind in _NOTES else _drawn(low) or "config"
    if parts[0] in ("patches", "intermediary-patches"):
        return "notes" if kind in _NOTES or name.startswith(("license", "readme", ".")) else "patch"
    if len(parts) == 1 and name in _MANIFESTS:
        return "facts"
    if name in _TOOLKIT:
        return "config"
    if parts[0] in ("scripts", "__tests__", "e2e"):
        return "script"
    if name.startswith(".env"):
        return "unknown"  # a library may compile it in
    return "notes" if parts[0] == "docs" or parts[0].startswith(".") else _by_kind(name, kind)


def _by_kind(name: str, kind: str) -> str:
    """The role of a file of which only its kind speaks."""
    if name in _SCRIPT_NAMES:
        return "script"
    if kind in _CODE:
        return "code"
    if kind in _LIBRARIES:
        return "platform"
    if kind in _GRADLE or kind in _XCODE or name in _GRADLE_NAMES or name in _XCODE_NAMES:
        return "build"
    if kind in _NOTES or name.startswith(("license", "readme", "notice")):
        return "notes"
    if name.startswith(".") and not name.startswith(".env"):
        return "notes"  # what editors, linters and version managers read
    return "script" if kind in _SCRIPTS else "unknown"


def _android_role(low: str, parts: list[str], kind: str) -> str:
    """What Gradle does with a file: it packs the source sets of the variants that are sold, and reads its own files."""
    name = parts[-1]
    if "src" not in parts[1:-2]:
        developers = "debug" in name and (kind in _GRADLE or "keystore" in name)
        return "dev" if developers else "font" if kind in _FONTS else _by_kind(name, kind)
    at = parts.index("src", 1)
    source_set, inside = parts[at + 1], parts[at + 2 :]
    if source_set.startswith(("dev", "debug", "test", "androidtest")) or source_set.endswith("debug"):
        return "dev"
    if name == "androidmanifest.xml" or (inside[0] == "res" and inside[1].startswith("values")):
        return "facts"
    if kind in _CODE:
        return "code"
    if name.startswith(".") or kind == "md" or inside[0] in ("java", "kotlin"):
        return "notes"  # of the folders of sources only these are compiled, and nothing is packed
    if _BUNDLED.search(low):
        return "bundle"
    packed = inside[0] in ("res", "assets", "jnilibs", "resources", "ml", "baselineprofiles")
    return _drawn(low) or ("platform" if packed else _by_kind(name, kind))


def _ios_role(path: str, parts: list[str], kind: str, project: XcodeProject | None) -> str:
    """What Xcode and CocoaPods do with a file: they build what the project lists, and read their own files."""
    name, low = parts[-1], path.lower()
    if "dev" in parts[1:2] or name.startswith(("info-dev", "dev-", "dev.")) or name.endswith(".debug.xcconfig"):
        return "dev"
    if project is not None and project.sets_apart(path):
        return "dev"
    if parts[1] == "bundle" or name.endswith((".bundle", ".jsbundle")):
        return "bundle"
    if any(part.endswith("tests") for part in parts[1:-1]):
        return "dev"
    if name == "native_dependencies.json":
        return "facts"
    if kind in ("pbxproj", "rb", "podspec") or name in _XCODE_NAMES:
        return "build"
    if name == "googleservice-info.plist":
        return "platform"  # the toolkit puts it there, and into the project when it configures the app
    listed = project is not None and project.lists(path)
    wrapped = any(part.endswith(_WRAPPERS) for part in parts[:-1])
    known = kind in _CODE or kind in _LIBRARIES or kind in _XCODE or wrapped or bool(_drawn(low))
    if listed or (project is None and known and name not in _SCRIPT_NAMES):
        if kind in _CODE:
            return "code"
        return "facts" if name == "info.plist" else "build" if kind == "xcconfig" else _drawn(low) or "platform"
    told = _by_kind(name, kind)
    return told if told in ("notes", "script") else "unknown"


def _drawn(low: str) -> str:
    """The role of fonts, launcher icons and splash screens, "" of anything else."""
    if suffix(low) in _FONTS:
        return "font"
    if any(word in low for word in ("splash", "launchscreen", "launch_screen", "bootsplash")):
        return "splash"
    return "icon" if "ic_launcher" in low or "appiconset" in low or "/icons/" in low else ""
