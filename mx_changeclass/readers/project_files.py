"""Where a project lies: a folder, a revision or a package, seen as files below the project's own folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Protocol, TypeVar

from attrs import evolve

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.readers.cache import KeptUnit
from mx_changeclass.readers.limits import ENTRIES, FOLDERS, LFS_POINTER, MOST_BYTES, STREAMED, TooLarge
from mx_changeclass.readers.mpr import BESIDE, CLOSE, Listed, Place, ReadModel, model_digest, read_mpr

# Without waiting: a pipe in the place of a file has nobody at its other end.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_CHUNK = 1 << 20

T = TypeVar("T")


class ProjectFiles(Place, Protocol):
    """Files under names with slashes, relative to the folder of the project."""

    def paths(self) -> Iterable[str]:
        """The names of all files that may belong to the app."""

    def identity(self, path: str) -> str | None:
        """The git blob id of a file that is no Git LFS pointer, where it is known without holding the file."""

    def stored(self) -> Iterable[str]:
        """The names of the files below ``mprcontents``."""

    def absent(self, path: str) -> tuple[str, str]:
        """Why a file that is listed cannot be read, and what helps."""

    def unseen(self) -> Iterable[str]:
        """What in words cannot be seen in this place, however one asks."""


def read_project(
    place: ProjectFiles, mpr: str, label: str, *, form: str = "", side_files: bool, beside: Snapshot | None = None
) -> Snapshot:
    """The snapshot of the ``.mpr`` of that name in a place, with the files beside it where they are wanted. Units that
    are the same in the version ``beside`` it are those of that one."""
    content = place.fetch(mpr)
    if content is None:
        problem, advice = place.absent(mpr)
        raise BrokenContainer(label, f"{mpr} {problem}", advice)
    for end, begins in BESIDE.items():
        if (place.fetch(mpr + end) or b"").startswith(begins):
            raise BrokenContainer(label, f"is in use, or was when it was kept: {mpr}{end} changes what it says", CLOSE)
    stored = {path for path in place.stored() if path.endswith(".mxunit")}  # which tells a folder where no link leads
    model = read_mpr(content, place, label, beside.units if beside is not None and not beside.is_detached else {})
    if not model.inside:
        for path in stored.difference(unit.file for unit in model.units.values()):
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
        self._root, self._label, self._named = f"{root}/", label, named
        self.units: dict[Listed, Unit] = {}
        self._unseen: list[str] = []
        self._inside = {"": True}  # folders by their path: whether no link leads there

    def paths(self) -> Iterator[str]:
        from mx_changeclass.readers.side_files.collect import enters, wanted

        for path, entry in self._below("", enters, self._unseen):
            to_folder = entry.is_symlink() and os.path.isdir(entry.path)
            if to_folder and enters(path):
                self._unseen.append(f"{path} is a symbolic link to a folder and was not followed")
            elif entry.is_symlink() and not to_folder and wanted(path):
                self._unseen.append(f"{path} is a symbolic link and was not followed")
            if not to_folder:
                yield path

    def stored(self) -> Iterator[str]:
        if self._is_inside("mprcontents"):
            for path, entry in self._below("mprcontents/", lambda _: True, []):
                if not (entry.is_symlink() and os.path.isdir(entry.path)):
                    yield path

    def _below(
        self, top: str, enters: Callable[[str], bool], unseen: list[str]
    ) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """What lies in a folder and in those in it that are entered: files, and links wherever they lead."""
        count = 0
        todo = [top]
        while todo:
            prefix = todo.pop()
            inner: list[str] = []
            for entry in self._entries(prefix, unseen):
                path = prefix + entry.name
                count += 1
                if count > ENTRIES:
                    raise BrokenContainer(self._label, f"holds more than {ENTRIES} files", "Give the folder of one app")
                if not entry.is_dir(follow_symlinks=False):
                    yield path, entry
                elif enters(path):
                    self._inside[path] = True
                    inner.append(f"{path}/")
            if inner and prefix.count("/") >= FOLDERS:
                unseen.append(f"{prefix} holds folders nested deeper than {FOLDERS}, which were not looked into")
            else:
                todo += inner

    def _entries(self, prefix: str, unseen: list[str]) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root + prefix) as entries:
                return list(entries)
        except OSError as error:
            unseen.append(f"{prefix or '.'} cannot be listed ({error.strerror})")
            return []

    def absent(self, path: str) -> tuple[str, str]:  # noqa: ARG002 - the system tells nobody more
        return "cannot be read", "Check the path and its rights; links are not followed"

    def unseen(self) -> Iterator[str]:
        return iter(self._unseen)

    def identity(self, path: str) -> str | None:
        return self._taken(path, _blob_id)

    def oid(self, path: str) -> str:  # noqa: ARG002 - nobody keeps it
        return ""

    def kept(self) -> Mapping[str, KeptUnit]:
        return {}

    def fetch(self, path: str) -> bytes | None:
        return self._taken(path, partial(_whole, self._label, path))

    def _taken(self, path: str, take: Callable[[int, int], T]) -> T | None:
        """What is made of a regular file below the folder, None for anything else."""
        try:
            if path == self._named:
                return opened(self._root + path, take, follow=True)
            return opened(self._root + path, take) if self._is_inside(path.rpartition("/")[0]) else None
        except OSError:
            return None

    def _is_inside(self, folder: str) -> bool:
        if folder not in self._inside:
            above = self._is_inside(folder.rpartition("/")[0])
            self._inside[folder] = above and _is_folder(self._root + folder)
        return self._inside[folder]


def read_file(path: str | os.PathLike[str], label: str, name: str, *, follow: bool = False) -> bytes | None:
    """The content of a regular file; None for a pipe, a device, a folder. Raises ``OSError``, also for a link that is
    not to be followed, and ``TooLarge`` for a file beyond all measure."""
    return opened(path, partial(_whole, label, name), follow=follow)


def opened(path: str | os.PathLike[str], take: Callable[[int, int], T], *, follow: bool = False) -> T | None:
    """What ``take`` makes of the descriptor and the size of a regular file; None and errors as ``read_file``."""
    if not (follow or _NO_LINK) and os.path.islink(path):
        return None
    file = os.open(path, _READ if follow else _READ | _NO_LINK)
    try:
        facts = os.fstat(file)
        return take(file, facts.st_size) if S_ISREG(facts.st_mode) else None
    finally:
        os.close(file)


def _whole(label: str, name: str, file: int, size: int) -> bytes:
    if size > MOST_BYTES:
        raise TooLarge(label, name)
    content = os.read(file, size)
    while len(content) < size and (more := os.read(file, size - len(content))):  # a read may stop short
        content += more
    return content


def _blob_id(file: int, size: int) -> str | None:
    """The git blob id of a file, which is not held for it; None for one that may be a Git LFS pointer, or that is
    shorter than it was said to be."""
    found = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    left = size
    while left and (chunk := os.read(file, min(left, _CHUNK))):
        if left == size <= STREAMED and chunk.startswith(LFS_POINTER):
            return None
        found.update(chunk)
        left -= len(chunk)
    return None if left else found.hexdigest()


def _is_folder(path: str) -> bool:
    try:
        return S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
