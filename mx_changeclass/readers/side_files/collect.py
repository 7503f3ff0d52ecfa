"""The files beside a model, as units of rows.

Source: docs/storage.md, "Files", "Widget definitions" and "Widget packages". A file is
known by its place; it is looked into only when its unit is loaded, which a comparison does for the
files that differ. What cannot be read is said in the row, under ``unread``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache, partial

from mx_changeclass.errors import BrokenContainer
from mx_changeclass.model.kinds.native import BINARY_ID, BINARY_NAME
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.readers.cache import is_open, kept_rows
from mx_changeclass.readers.limits import SIDE_FILES
from mx_changeclass.readers.side_files.contents import Fetch, blob_id, combined, lfs_target
from mx_changeclass.readers.side_files.file_rows import FilePart, file_kind, side_rows
from mx_changeclass.readers.side_files.native_template import belongs, binary_unit, project_file, role, template_roots
from mx_changeclass.readers.side_files.widgets import native_package
from mx_changeclass.readers.units.secrets import without_credentials

Identity = Callable[[str], str | None]

_ROOTS = frozenset(
    (
        "widgets",
        "javascriptsource",
        "javasource",
        "userlib",
        "vendorlib",
        "theme",
        "themesource",
        "nativemobile",
        "resources",
        "mlsource",
    )
)
# Made by a build, by an editor or for one user: no part of an app wherever they lie.
_NOT_APP = frozenset(
    (
        ".git",
        ".svn",
        ".idea",
        ".vscode",
        ".gradle",
        ".mendix-cache",
        "deployment",
        "releases",
        "mprcontents",
        "theme-cache",
        "themecache",
        "pods",
        "deriveddata",
        "xcuserdata",
        "__macosx",
    )
)
_NOT_APP_NAMES = frozenset(
    (
        ".ds_store",
        "thumbs.db",
        "project-settings.user.json",
        "_corpus_missing.json",
        ".gitignore",
        ".gitattributes",
        ".gitkeep",
    )
)
_NOT_APP_ENDS = (".bak", ".launch", ".mpr", ".mpr.lock", ".orig", ".log", ".tmp")


def wanted(path: str, ignore: Iterable[str] = ()) -> bool:
    """Whether a file (path with slashes, from the project's root) may belong to the app.

    ``ignore`` are patterns of paths to leave out (``theme/web/old/*``; ``*`` crosses folders). Outside of
    the folders that Mendix knows, only what is part of a native template counts in the end.
    """
    return _may_belong(path) and not any(fnmatchcase(path, pattern) for pattern in ignore)


@lru_cache(maxsize=1 << 16)  # asked of each path on both sides, and more than once
def _may_belong(path: str) -> bool:
    parts = path.split("/")
    low = [p.lower() for p in parts]
    if low[-1] in _NOT_APP_NAMES or low[-1].endswith(_NOT_APP_ENDS) or not _NOT_APP.isdisjoint(low[:-1]):
        return False
    if low[-1].startswith("._"):  # what macOS keeps beside a file on a foreign disk
        return False
    if "node_modules" in parts:
        return parts[0] == "javascriptsource" and _tells_of_package(path)
    if {"android", "ios"} & set(low[:-1]) and "build" in low[:-1]:
        return False
    return (
        parts[0] in _ROOTS
        or _may_be_template(low)
        or role(low[-1]) in ("facts", "config")
        or role("/".join(low)) not in ("notes", "script")
    )


def enters(folder: str) -> bool:
    """Whether a folder may hold a wanted file, for those who walk a tree."""
    parts = folder.split("/")
    low = [p.lower() for p in parts]
    if not _NOT_APP.isdisjoint(low):
        return False
    if "node_modules" in parts:
        inside = parts[len(parts) - parts[::-1].index("node_modules") :]
        package = 2 if inside[:1] and inside[0].startswith("@") else 1
        return (
            parts[0] == "javascriptsource"
            and parts.count("node_modules") == 1
            and (
                len(inside) <= package
                or inside[package:] == ["android"]
                or (inside[package : package + 1] == ["ios"] and len(inside) <= package + 2)
            )
        )
    return True


def side_units(
    paths: Iterable[str],
    fetch: Fetch,
    identity: Identity | None = None,
    ignore: Iterable[str] = (),
    *,
    label: str = "files",
) -> tuple[dict[str, Unit], tuple[str, ...]]:
    """Units of the files beside a model by id (``file:`` and the path), and what of them could not be seen.

    ``paths`` are relative to the project's root, with slashes; those that are not ``wanted`` are passed
    over. ``fetch`` gives the content of one, None where it is not there; it is asked again when a unit
    is loaded, so that no content is kept. ``identity`` may give the git blob id of a file that need not
    be read for it. The digest of a file is the git blob id of its bytes whatever it was read from, so
    that a folder and a revision compare; the digest of a unit of several files is made of theirs. Raises
    ``BrokenContainer`` naming ``label`` where they are more than any app has.
    """
    ignored = tuple(ignore)
    known = sorted({p for p in paths if wanted(p, ignored)})
    templates = template_roots(known, fetch)
    homes = {p: root for p in known if (root := _template_of(p, templates)) is not None or _by_itself(p)}
    known = list(homes)
    if len(known) > SIDE_FILES:
        raise BrokenContainer(label, f"holds more than {SIDE_FILES} files beside the model", "Give the model of an app")
    digests: dict[str, str] = {}
    notes: list[str] = []
    for path in known:
        found = identity(path) if identity else None
        if found is None and (content := fetch(path)) is not None:
            found = blob_id(content)
            if lfs_target(content):
                notes.append(f"{path} is a Git LFS pointer, its content is not here")
        digests[path] = found or ""
        if not found:
            notes.append(f"{path} is listed and its file is missing")
    projects = {root: project_file(p.removeprefix(root) for p in known if p.startswith(root)) for root in templates}
    units = {
        unit.id: unit
        for unit in (_unit(p, parts, homes[p], digests, projects, fetch) for p, parts in _grouped(homes).items())
    }
    for root in templates:
        inside = {p.removeprefix(root): digests[p] for p, home in homes.items() if home == root}
        only = len(templates) == 1  # the one app stays itself when its folder moves
        unit_id, name = (BINARY_ID, BINARY_NAME) if only else (f"file:{root}", root.rstrip("/"))
        units[unit_id] = binary_unit(unit_id, name, root, inside, fetch, inside)
    return units, tuple(notes)


def _unit(
    path: str,
    parts: tuple[str, ...],
    template: str | None,
    digests: Mapping[str, str],
    projects: Mapping[str, str],
    fetch: Fetch,
) -> Unit:
    kind, name = ("File$NativeTemplate", path) if template is not None else file_kind(path)
    missing = not digests[path]
    digest = "" if missing else combined(digests[p] for p in (path, *parts))
    part = FilePart(path, digest, template or "", parts, projects.get(template or "", ""))
    load = partial(_load, f"file:{path}", kind, name, part, fetch, digests)
    return Unit(f"file:{path}", kind, name, None, "files", digest, load, missing=missing, file=path)


def _load(unit_id: str, kind: str, name: str, part: FilePart, fetch: Fetch, digests: Mapping[str, str]) -> Rows:
    changed: list[str] = []

    def fetch_same(path: str) -> bytes | None:
        """A file, as it was when it was listed; a folder may change meanwhile."""
        content = fetch(path)
        changed.extend([path] if content is None or blob_id(content) != digests[path] else [])
        return content

    def make(fetch: Fetch) -> Rows:
        return without_credentials(side_rows(unit_id, kind, name, part, fetch))

    if part.project or not part.digest or not is_open():  # told by more than its own content, or by none
        return make(fetch)
    key = (unit_id, kind, name, part.path, part.digest, part.template, *part.more)
    return kept_rows(key, lambda: make(fetch_same), lambda: not changed)


def _grouped(homes: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The files that make a unit of their own, each with those that only tell more about it: the sidecar
    of a JavaScript action, the native sources in an npm package. ``homes`` are the native templates around files."""
    outside = [p for p, home in homes.items() if home is None]
    names = set(outside)
    groups: dict[str, list[str]] = {p: [] for p in homes}
    for path in outside:
        package = native_package(path)
        head = (
            f"{path.rpartition('node_modules/')[0]}node_modules/{package}/package.json"
            if package
            else path.removesuffix("json") + "js"
        )
        if head != path and head in names and (package or file_kind(head)[0] == "File$JavaScriptAction"):
            groups[head].append(path)
            del groups[path]
    return {path: tuple(parts) for path, parts in groups.items()}


def _template_of(path: str, templates: Iterable[str]) -> str | None:
    """The root of the native template that a file belongs to; None outside of all. A template at the root
    of the project takes nothing from the folders that Mendix knows."""
    for root in sorted(templates, key=len, reverse=True):
        if (
            path.startswith(root)
            and belongs(path.removeprefix(root))
            and (root or (path.partition("/")[0] not in _ROOTS and _may_be_template(path.lower().split("/"))))
        ):
            return root
    return None


def _by_itself(path: str) -> bool:
    """Whether a file counts without a native template around it."""
    return path.partition("/")[0] in _ROOTS or path == "package.json"


def _may_be_template(low: list[str]) -> bool:
    """Whether a file may belong to a native template that shares its folder with the project."""
    return bool({"android", "ios", "patches", "assets"} & set(low[:-1])) or (
        len(low) == 1 and role(low[0]) in ("facts", "config", "platform")
    )


def _tells_of_package(path: str) -> bool:
    """Of an npm package in ``node_modules`` its manifest tells, and one file that shows native code."""
    inside = path.rpartition("node_modules/")[2].split("/")
    own = 2 if inside[0].startswith("@") else 1
    if path.count("node_modules/") != 1 or len(inside) <= own:
        return False
    rest = inside[own:]
    return rest in (["package.json"], ["android", "build.gradle"], ["android", "build.gradle.kts"]) or (
        bool(native_package(path)) and (len(rest) == 1 or (rest[0] == "ios" and rest[-1] == "project.pbxproj"))
    )
