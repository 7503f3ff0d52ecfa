"""Where a project lies: a folder, a revision or a package, seen as files below the project's own folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Protocol

from attrs import evolve

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.readers.cache import KeptUnit
from mx_changeclass.readers.limits import ENTRIES, FOLDERS, MOST_BYTES, STREAMED, TooLarge
from mx_changeclass.readers.mpr import BESIDE, CLOSE, Listed, Place, ReadModel, model_digest, read_mpr

# Without waiting: a pipe in the place of a file has nobody at its other end.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_CHUNK = 1 << 20


class ProjectFiles(Place, Protocol):
    """Files under names with slashes, relative to the folder of the project."""

    def paths(self) -> Iterable[str]:
        """The names of all files that may belong to the app."""

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
    for end, begins in BESIDE.items():
        if (place.fetch(mpr + end) or b"").startswith(begins):
            raise BrokenContainer(label, f"is in use, or was when it was kept: {mpr}{end} changes what it says", CLOSE)
    model = read_mpr(content, place, label)
    if not model.inside:
        listed = {unit.file for unit in model.units.values()}
        for path in place.stored():
            if path.endswith(".mxunit") and path not in listed:
                model.notes.warning("unlisted", f"{path} is there but not listed in the .mpr")
    if side_files:
        from mx_changeclass.readers.side_files.collect import (
            side_units,  # loads what looks into archives, code and styles
        )

        found, unseen = side_units(place.paths(), place.fetch, place.identity, label=label)
        model.units.update(found)
        for text in (*unseen, *place.unseen()):
            model.notes.missing("side", text)
    if not model.version:
        model.notes.missing("version", f"{mpr} states no Studio Pro version")
    form = form or ("mpr-v1" if model.inside else "mpr-v2")
    return evolve(as_snapshot(model, label, form, side_files=side_files, mpr=mpr), source=place)


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


def nothing(label: str) -> Snapshot:
    """What was released where nothing was."""
    return Snapshot({}, label=label, form="none", digest=hashlib.sha256().hexdigest(), side_files=True)


def in_repository(folder: Path) -> str | None:
    """The path of a folder from the top of the repository around it, with slashes; None where there is none."""
    at = full = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(at, ".git")):
        at, below = os.path.dirname(at), at
        if at == below:
            return None
    path = os.path.relpath(full, at).replace(os.sep, "/")
    return "" if path == "." else path


def find_mpr(names: Iterable[str], label: str, advice: str) -> str:
    """The one ``.mpr`` among the files of a project folder."""
    found = sorted(n for n in names if n.lower().endswith(".mpr") and not n.startswith("."))
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownFormat(label, "holds no .mpr file at its top", advice)
    raise ReadError(label, f"holds several .mpr files ({', '.join(found[:4])})", "Name the one that is meant")


class ProjectFolder:
    """A folder of the file system. As in a revision no link in it is followed; ``named`` is the file in it that
    the user named, which may be one."""

    rereads = True

    def __init__(self, root: Path, label: str, named: str = "") -> None:
        self._root, self._label, self._named = root, label, named
        self.units: dict[Listed, Unit] = {}
        self._unseen: list[str] = []
        self._inside = {"": True}  # folders by their path: whether no link leads there

    def paths(self) -> Iterator[str]:
        from mx_changeclass.readers.side_files.collect import enters, wanted

        count = 0
        todo = [""]
        while todo:
            prefix = todo.pop()
            inner: list[str] = []
            for entry in self._entries(prefix):
                path = prefix + entry.name
                count += 1
                if count > ENTRIES:
                    raise BrokenContainer(self._label, f"holds more than {ENTRIES} files", "Give the folder of one app")
                if entry.is_symlink():
                    self._note_link(path, entry, enters(path), wanted(path))
                if entry.is_dir(follow_symlinks=False):
                    inner += [path] if enters(path) else []
                elif not entry.is_dir():
                    yield path
            if inner and prefix.count("/") >= FOLDERS:
                self._unseen.append(f"{prefix} holds folders nested deeper than {FOLDERS}, which were not looked into")
            else:
                todo += [f"{path}/" for path in reversed(inner)]

    def stored(self) -> Iterator[str]:
        for folder, _, files in os.walk(self._root / "mprcontents"):
            at = os.path.relpath(folder, self._root).replace(os.sep, "/")
            yield from (f"{at}/{name}" for name in files)

    def _entries(self, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(f"{self._root}/{prefix}") as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._unseen.append(f"{prefix or '.'} cannot be listed ({error.strerror})")
            return []

    def _note_link(self, path: str, entry: os.DirEntry[str], enters: bool, wanted: bool) -> None:
        if entry.is_dir() and enters:
            self._unseen.append(f"{path} is a symbolic link to a folder and was not followed")
        elif wanted and not entry.is_dir():
            self._unseen.append(f"{path} is a symbolic link and was not followed")

    def absent(self, path: str) -> tuple[str, str]:  # noqa: ARG002 - the system tells nobody more
        return "cannot be read", "Check the path and its rights; links are not followed"

    def unseen(self) -> Iterator[str]:
        return iter(self._unseen)

    def identity(self, path: str) -> str | None:
        """The git blob id of a large file, so that it need not be held; None for any other."""
        with suppress(OSError):
            file = self._open(path)
            if file is not None:
                with closing(file):
                    size = os.fstat(file.fileno()).st_size
                    return _blob_id(file, size) if size > STREAMED else None
        return None

    def oid(self, path: str) -> str:  # noqa: ARG002 - nobody keeps it
        return ""

    def kept(self) -> Mapping[str, KeptUnit]:
        return {}

    def fetch(self, path: str) -> bytes | None:
        with suppress(OSError):
            file = self._open(path)
            if file is not None:
                with closing(file):
                    return whole_file(file, self._label, path)
        return None

    def _open(self, path: str) -> FileIO | None:
        """A regular file below the folder, None for anything else. Raises ``OSError``."""
        if path == self._named:
            return open_file(f"{self._root}/{path}", follow=True)
        return open_file(f"{self._root}/{path}") if self._is_inside(path.rpartition("/")[0]) else None

    def _is_inside(self, folder: str) -> bool:
        if folder not in self._inside:
            above = self._is_inside(folder.rpartition("/")[0])
            self._inside[folder] = above and S_ISDIR(os.lstat(f"{self._root}/{folder}").st_mode)
        return self._inside[folder]


def open_file(path: str | os.PathLike[str], *, follow: bool = False) -> FileIO | None:
    """A regular file, open for reading; None for a pipe, a device, a folder. Raises ``OSError``, also for a link
    that is not to be followed."""
    if not (follow or _NO_LINK) and os.path.islink(path):
        return None
    file = FileIO(os.open(path, _READ | (0 if follow else _NO_LINK)), "rb")
    if S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return None


def whole_file(file: FileIO, label: str, name: str) -> bytes:
    """What an open file holds. Raises ``TooLarge`` for one beyond all measure."""
    size = os.fstat(file.fileno()).st_size
    if size > MOST_BYTES:
        raise TooLarge(label, name)
    content = file.read(size)
    while len(content) < size and (more := file.read(size - len(content))):  # a read may stop short
        content += more
    return content


def _blob_id(file: FileIO, size: int) -> str:
    found = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    while chunk := file.read(_CHUNK):
        found.update(chunk)
    return found.hexdigest()
