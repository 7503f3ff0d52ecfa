"""The files beside a model, as units of rows.

Facts: how models are stored, sections 6.1 (code of actions), 6.3 and 9.2 (widget packages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath

from mx_changeclass.model.snapshot import Element, Rows, Unit

Fetch = Callable[[str], bytes | None]
Identity = Callable[[str], str | None]

SLOT = "files"
_ROOTS = ("widgets", "javascriptsource", "javasource", "userlib", "vendorlib", "theme", "themesource", "nativemobile", "resources")


def wanted(path: str, ignore: Iterable[str] = ()) -> bool:
    """Whether a file (path with slashes, from the project's root) belongs to the app and not to its making."""
    parts = path.split("/")
    if any(p in (".git", "deployment", "releases", ".mendix-cache", "theme-cache") for p in parts) or path.endswith(".bak"):
        return False
    if any(fnmatchcase(path, pattern) for pattern in ignore):
        return False
    return parts[0] in _ROOTS or parts[-1] == "package.json"


def side_units(
    paths: Iterable[str], fetch: Fetch, identity: Identity | None = None, ignore: Iterable[str] = ()
) -> tuple[dict[str, Unit], tuple[str, ...]]:
    """Units of the files beside a model, by id, and what of them could not be seen.

    ``paths`` are relative to the project's root, with slashes; those that are not ``wanted`` are passed
    over. ``fetch`` gives the content of one, None where it is not there. ``identity`` may give the git
    blob id of a file without reading it. The digest of a unit is the git blob id of its bytes, whatever
    it was read from, so that a folder and a revision compare. ``fetch`` is asked again when a unit is loaded.
    """
    units: dict[str, Unit] = {}
    notes: list[str] = []
    for path in sorted({p for p in paths if wanted(p, ignore)}):
        digest = identity(path) if identity else None
        if digest is None:
            content = fetch(path)
            digest = blob_id(content) if content is not None else ""
        if not digest:
            notes.append(f"{path} is listed but not there")
        kind = _kind(path)
        unit_id = f"file:{path}"
        units[unit_id] = Unit(
            unit_id, kind, path, None, SLOT, digest, partial(_load, unit_id, kind, path, digest), missing=not digest, file=path
        )
    return units, tuple(notes)


def blob_id(content: bytes) -> str:
    """The id git gives a file of that content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _kind(path: str) -> str:
    parts = PurePosixPath(path).parts
    kinds = {
        "widgets": "File$Widget", "javascriptsource": "File$JavaScript", "javasource": "File$Java", "userlib": "File$Jar",
        "vendorlib": "File$Jar", "theme": "File$Theme", "themesource": "File$Theme", "nativemobile": "File$NativeBuilder",
        "resources": "File$Resource",
    }
    return kinds.get(parts[0], "File$Other")


def _load(unit_id: str, kind: str, path: str, digest: str) -> Rows:
    return (Element(unit_id, kind, path, None, SLOT, {"path": path, "content": digest}),)
