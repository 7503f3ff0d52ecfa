"""A native template in a folder: whether it is one, what each file of it is for, and its app as a unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from mx_changeclass.model.kinds.native import native_binary
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.readers.side_files.contents import Fetch, Unreadable, as_json, combined, suffix
from mx_changeclass.readers.side_files.platforms import platform_facts
from mx_changeclass.readers.units.secrets import without_credentials

_NATIVE_CODE = frozenset(("java", "kt", "swift", "m", "mm", "h", "hpp", "c", "cc", "cpp"))
_BUILD = frozenset(("gradle", "kts", "properties", "pbxproj", "xcconfig", "rb", "pro", "bzl", "jar", "podspec"))
_BUILD_NAMES = frozenset(
    ("podfile", "podfile.lock", "gemfile", "gemfile.lock", "buck", "gradlew", "gradlew.bat", "contents.xcworkspacedata")
)
_FACT_NAMES = frozenset(
    (
        "info.plist",
        "androidmanifest.xml",
        "config.json",
        "strings.xml",
        ".template_version",
        "package.json",
        "runtime_url",
        ".native_dependencies",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "native_dependencies.json",
    )
)


def binary_unit(
    unit_id: str, name: str, root: str, paths: Iterable[str], fetch: Fetch, digests: Mapping[str, str]
) -> Unit:
    """The facts of the template below ``root`` (with its slash at the end) as a unit. ``paths`` and ``digests``
    are relative to it."""
    facts = [p for p in paths if is_fact(p)]

    def load() -> Rows:
        told = platform_facts(facts, lambda path: fetch(root + path), role)
        return without_credentials((native_binary(told, unit_id, name),))

    digest = combined(f"{path} {digests.get(path, '')}" for path in facts)
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
    if not {"node_modules", "pods", ".gradle", ".idea", "deriveddata", "xcuserdata", ".git"}.isdisjoint(parts):
        return False
    return not (parts[0] in ("android", "ios") and "build" in parts[:-1])


def is_fact(path: str) -> bool:
    """Whether a file bears on the facts of the app."""
    return role(path) not in ("dev", "bundle", "notes", "script")


def role(path: str) -> str:
    """What a file of a template is for, by where it lies and what it is called: ``facts``, ``code``, ``build``,
    ``platform``, ``font``, ``icon``, ``splash``, ``patch``; and what no store gets of its own: ``dev``,
    ``bundle`` (built from the model), ``script``, ``notes``."""
    low = path.lower()
    parts = low.split("/")
    name, kind = parts[-1], suffix(low)
    if _is_dev(parts):
        return "dev"
    if "fastlane" in parts and not {"metadata", "screenshots"}.isdisjoint(parts):
        return "notes"
    if low.startswith("ios/bundle/") or name.endswith(".bundle"):
        return "bundle"
    if name in _FACT_NAMES:
        return "facts"
    if parts[0] in ("android", "ios", "assets"):
        return _platform_role(low, name, kind)
    if parts[0] in ("patches", "intermediary-patches"):
        return "patch"
    noted = (
        kind in ("md", "txt", "") or parts[0] in ("docs", ".mx") or name.startswith((".", "license", "mendix_version"))
    )
    return "notes" if noted else "script"


def _platform_role(low: str, name: str, kind: str) -> str:
    """What a file of one platform, or a drawing for both, is for."""
    if kind in ("ttf", "otf"):
        return "font"
    if kind in _NATIVE_CODE:
        return "code"
    if any(word in low for word in ("splash", "launchscreen", "launch_screen")):
        return "splash"
    if "ic_launcher" in name or "appiconset" in low or "/icons/" in low:
        return "icon"
    if kind in _BUILD or name in _BUILD_NAMES:
        return "build"
    if kind == "xcscheme":
        return "script"
    return "bundle" if "/res/drawable" in low or "/src/main/assets/" in low else "platform"


def _is_dev(parts: list[str]) -> bool:
    """Files of developer builds, which no store gets."""
    if parts[0] == "ios":
        return "dev" in parts[1:2] or parts[-1].startswith(("info-dev", "dev-", "dev."))
    return (
        parts[:3] == ["android", "app", "src"]
        and parts[3:4] != []
        and parts[3] in ("dev", "debug", "androidtest", "test")
    )
