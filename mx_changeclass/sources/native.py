"""A native template: the folder from which the app of the stores is built, in the repository or beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from mx_changeclass.errors import ReadError, UnknownFormat
from mx_changeclass.model.native import BINARY_ID, NativeBinary, native_binary
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.sources.contents import Unreadable, as_json, blob_id, combined, suffix
from mx_changeclass.sources.platforms import platform_facts

Fetch = Callable[[str], bytes | None]

_SCHEMA = 1
_NATIVE_CODE = frozenset(("java", "kt", "swift", "m", "mm", "h", "hpp", "c", "cc", "cpp"))
_BUILD = frozenset(
    ("gradle", "kts", "properties", "pbxproj", "xcconfig", "xcscheme", "rb", "pro", "bzl", "jar", "podspec")
)
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
        "native_dependencies.json",
    )
)
_ADVICE = "Give the folder or revision of a native template, or facts written by 'mx-changeclass native export'"


def read_native(path: Path) -> Unit:
    """The native app of a template folder or of a facts file. Raises ``ReadError``."""
    if path.is_dir():
        from mx_changeclass.sources.place import Folder

        folder = Folder(path, str(path))
        return native_unit(folder.paths(), folder.fetch, str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReadError(path, error.strerror or "cannot be read", _ADVICE) from None
    return facts_unit(content, str(path))


def read_native_revision(spec: str, cwd: Path) -> Unit:
    """The native app of ``rev`` or ``rev:folder`` in the repository around ``cwd``, read from git's own objects."""
    from mx_changeclass.sources.git import Objects, Repository, Revision

    revision, _, folder = spec.partition(":")
    repository = Repository(cwd, spec)
    entries = repository.tree(revision) if revision else repository.index()
    with Objects(repository) as objects:
        place = Revision(objects, entries, folder.strip("/"))
        return native_unit(place.paths(), place.fetch, spec)


def native_unit(paths: Iterable[str], fetch: Fetch, label: str) -> Unit:
    """The unit of a native app outside of the project. Raises ``UnknownFormat`` where it is no template."""
    known = sorted(p for p in paths if belongs(p))
    if not is_template(known, fetch):
        raise UnknownFormat(
            label, "is no native template (no .template_version, and no android/, ios/ and React Native)", _ADVICE
        )
    contents = ((path, fetch(path)) for path in known if is_fact(path))
    digests = {path: blob_id(content) for path, content in contents if content is not None}
    return binary_unit(BINARY_ID, "native app", "", known, fetch, digests)


def binary_unit(
    unit_id: str, name: str, root: str, paths: Iterable[str], fetch: Fetch, digests: Mapping[str, str]
) -> Unit:
    """The facts of the template below ``root`` (with its slash at the end) as a unit. ``paths`` and ``digests``
    are relative to it."""
    facts = [p for p in paths if is_fact(p)]

    def load() -> Rows:
        return (native_binary(platform_facts(facts, lambda path: fetch(root + path), role), unit_id, name),)

    digest = combined(f"{path} {digests.get(path, '')}" for path in facts)
    return Unit(unit_id, "File$NativeBinary", name, None, "files", digest, load, file=root.rstrip("/"))


def facts_unit(content: bytes, label: str) -> Unit:
    """The unit of a facts file. Raises ``UnknownFormat``."""
    try:
        whole = as_json(content)
    except Unreadable as error:
        raise UnknownFormat(label, str(error), _ADVICE) from None
    facts = whole.get("facts") if isinstance(whole, Mapping) and whole.get("schema") == _SCHEMA else None
    if not isinstance(facts, Mapping) or not all(isinstance(v, (str, int, list)) for v in facts.values()):
        raise UnknownFormat(label, "holds no facts of a native app", _ADVICE)
    plain = {str(k): tuple(map(str, v)) if isinstance(v, list) else v for k, v in facts.items()}
    row = native_binary(plain)
    return Unit(BINARY_ID, row.type, row.name, None, "files", blob_id(content), partial(_kept, (row,)), file=label)


def _kept(rows: Rows) -> Rows:
    return rows


def native_json(binary: NativeBinary) -> str:
    """The facts file of a native app, for a machine that has no native checkout: same facts, same bytes."""
    return (
        json.dumps({"schema": _SCHEMA, "facts": dict(sorted(binary.row.props.items()))}, indent=1, ensure_ascii=False)
        + "\n"
    )


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
