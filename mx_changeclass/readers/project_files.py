"""Where a project lies: a folder, a revision or a package, seen as files below the project's own folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.model.versions import Version
from mx_changeclass.readers.limits import MOST_BYTES
from mx_changeclass.readers.mpr import ReadModel, model_digest, read_mpr

# Without waiting: a pipe in the place of a file has nobody at its other end.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class ProjectFiles(Protocol):
    """Files under names with slashes, relative to the folder of the project."""

    def paths(self) -> Iterable[str]:
        """The names of all files that may belong to the app."""

    def fetch(self, path: str) -> bytes | None:
        """The content of a file, None where it is not there."""

    def identity(self, path: str) -> str | None:
        """The git blob id of a file, where it is known without reading the file."""

    def stored(self) -> Iterable[str]:
        """The names of the files below ``mprcontents``."""

    def absent(self, path: str) -> tuple[str, str]:
        """Why a file that is listed cannot be read, and what helps."""

    def unseen(self) -> Iterable[str]:
        """What in words cannot be seen in this place, however one asks."""


def read_project(place: ProjectFiles, mpr: str, label: str, *, form: str = "", side_files: bool) -> Snapshot:
    """The snapshot of the ``.mpr`` of that name in a place, with the files beside it where they are wanted."""
    content = place.fetch(mpr)
    if content is None:
        problem, advice = place.absent(mpr)
        raise BrokenContainer(label, f"{mpr} {problem}", advice)
    model = read_mpr(content, place.fetch, label)
    if not model.inside:
        listed = {unit.file for unit in model.units.values()}
        for path in place.stored():
            if path.endswith(".mxunit") and path not in listed:
                model.notes.warning("unlisted", f"{path} is there but not listed in the .mpr")
    if side_files:
        from mx_changeclass.readers.side_files.collect import (
            side_units,  # loads what looks into archives, code and styles
        )

        found, unseen = side_units(place.paths(), place.fetch, place.identity)
        model.units.update(found)
        for text in (*unseen, *place.unseen()):
            model.notes.missing("side", text)
    if not model.version:
        model.notes.missing("version", f"{mpr} states no Studio Pro version")
    form = form or ("mpr-v1" if model.inside else "mpr-v2")
    return as_snapshot(model, label, form, side_files=side_files, mpr=mpr)


def as_snapshot(model: ReadModel, label: str, form: str, *, side_files: bool = False, mpr: str = "") -> Snapshot:
    """What a reader found, as a snapshot."""
    return Snapshot(
        units=model.units,
        version=Version.of(model.version),
        label=label,
        form=form,
        digest=model_digest(model.units.values(), model.version),
        incomplete=model.notes.incomplete,
        warnings=model.notes.warnings,
        side_files=side_files,
        mpr=mpr,
    )


def find_mpr(names: Iterable[str], label: str, advice: str) -> str:
    """The one ``.mpr`` among the files of a project folder."""
    found = sorted(n for n in names if n.lower().endswith(".mpr") and not n.startswith("."))
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownFormat(label, "holds no .mpr file at its top", advice)
    raise ReadError(label, f"holds several .mpr files ({', '.join(found[:4])})", "Name the one that is meant")


class ProjectFolder:
    """A folder of the file system."""

    def __init__(self, root: Path, label: str) -> None:
        self._root, self._label = root, label
        self._links: list[str] = []

    def paths(self) -> Iterator[str]:
        from mx_changeclass.readers.side_files.collect import enters

        for folder, folders, files in os.walk(self._root):
            at = os.path.relpath(folder, self._root).replace(os.sep, "/")
            prefix = "" if at == "." else f"{at}/"
            folders[:] = sorted(n for n in folders if enters(prefix + n))
            self._links += [prefix + n for n in folders if os.path.islink(os.path.join(folder, n))]
            yield from (prefix + n for n in sorted(files))

    def stored(self) -> Iterator[str]:
        for folder, _, files in os.walk(self._root / "mprcontents"):
            at = os.path.relpath(folder, self._root).replace(os.sep, "/")
            yield from (f"{at}/{name}" for name in files)

    def identity(self, path: str) -> None:  # noqa: ARG002 - a folder knows none
        return None

    def absent(self, path: str) -> tuple[str, str]:  # noqa: ARG002 - the system tells nobody more
        return "cannot be read", "Check the path and its rights"

    def unseen(self) -> Iterator[str]:
        return (f"{path} is a symbolic link to a folder and was not followed" for path in self._links)

    def fetch(self, path: str) -> bytes | None:
        try:
            file = os.open(f"{self._root}/{path}", _READ)
        except OSError:
            return None
        try:
            status = os.fstat(file)
            if not S_ISREG(status.st_mode):
                return None
            if status.st_size > MOST_BYTES:
                raise BrokenContainer(
                    self._label, f"{path} is larger than {MOST_BYTES >> 30} GB", "Give the model of an app"
                )
            return _whole(file, status.st_size)
        except OSError:
            return None
        finally:
            os.close(file)


def _whole(file: int, size: int) -> bytes:
    """What an open file holds; a read may stop short."""
    content = os.read(file, size)
    while len(content) < size and (more := os.read(file, size - len(content))):
        content += more
    return content
