"""The only place that opens files: any form of a model to a ``Snapshot``."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import evolve

from mx_changeclass.errors import BrokenContainer, ReadError, UnknownFormat, one_line
from mx_changeclass.forms import GIVE_MODEL
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers.limits import LFS_POINTER
from mx_changeclass.readers.names import FORCED, NEWEST_TAG, named_twice

_HEAD = 512  # bytes that tell a form


def read(
    model: str | os.PathLike[str] | Snapshot,
    *,
    cwd: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | Snapshot = "",
    beside: Snapshot | None = None,
) -> Snapshot:
    """Read a model in any of its forms; the content decides, not the name.

    ``model`` is a project folder, an ``.mpr``, an app or module package, a dump, a snapshot, a git
    revision of the repository around ``cwd`` (``rev``, ``rev:path``, ``:`` for the index), or ``"none"``
    for an empty model. An existing path wins over a revision, and ``Snapshot.ambiguity`` says so where a name is
    both; ``rev:`` before a revision forces it. ``newest-tag`` is the nearest release among the tags, ``tag:v*`` that of
    a pattern; the nearest to the model ``before`` which it came, where that is a revision. What is ``HEAD`` before the
    first commit, or holds no project, is no model yet. ``beside`` is another version, from which what is the same in
    this one is taken over: of a revision one in the same repository. A ``Snapshot`` is given back as it is.
    Raises ``ReadError``; what of a model could not be seen stands in ``Snapshot.incomplete``.
    """
    if isinstance(model, Snapshot):
        return model
    given = os.fspath(model)
    label = one_line(os.path.basename(given.rstrip("/\\")) if os.path.isabs(given) else given) or repr(given)
    if not given:
        raise UnknownFormat(label, "names no model", GIVE_MODEL)
    folder = Path(cwd) if cwd is not None else Path()
    if isinstance(model, str) and NEWEST_TAG.fullmatch(given):  # whatever lies there: no change chooses its base
        from mx_changeclass.readers.git import read_newest_tag

        return read_newest_tag(given, before if isinstance(before, str) else "", folder)
    forced = given.removeprefix(FORCED) if isinstance(model, str) and given.startswith(FORCED) else ""
    path = folder / given
    if not forced and "\0" not in given and os.path.exists(path):
        return _read_named(path, given, folder, label, beside)
    if given == "none":
        from mx_changeclass.readers.project_files import nothing

        return nothing(label)
    if not isinstance(model, str) or os.path.isabs(given):
        raise ReadError(label, "does not exist", GIVE_MODEL)
    from mx_changeclass.readers.git import read_git

    return read_git(forced or given, folder, label, beside=beside)


def _read_named(path: Path, given: str, folder: Path, label: str, beside: Snapshot | None) -> Snapshot:
    """What lies at a path. A change under review must not choose what it is compared with, so a name that is a
    revision too is told."""
    told = named_twice(given, folder)
    try:
        snapshot = _read_path(path, label, beside)
    except ReadError as error:
        if told:
            raise type(error)(error.source, error.problem, f"{error.advice}; {told}") from None
        raise
    return evolve(snapshot, ambiguity=told) if told else snapshot


def export(model: Snapshot, *, compress: bool = False) -> bytes:
    """The canonical snapshot of a model, to keep beside a release: XML that ``read`` takes, the same bytes for the
    same model. ``compress`` makes it gzip. Raises ``ReadError`` where a
    document of it turns out to be broken."""
    import io

    from mx_changeclass.readers.xml import write_xml

    target = io.BytesIO()
    write_xml(model, target, compress=compress)
    return target.getvalue()


def _read_path(path: Path, label: str, beside: Snapshot | None) -> Snapshot:
    if path.is_dir():
        return _read_folder(path, label, beside)
    if not path.is_file():
        raise UnknownFormat(label, "is no regular file", GIVE_MODEL)
    from mx_changeclass.readers.mpr import is_mpr
    from mx_changeclass.readers.project_files import ProjectFolder, in_repository, read_project

    folder = ProjectFolder(path.parent, label, named=path.name)
    head = _head(path, label)
    if is_mpr(head):
        found = read_project(folder, path.name, label, side_files=False, beside=beside)
        return evolve(found, folder=in_repository(path.parent))
    content = folder.fetch(path.name)
    return _read_content(head, content or b"", label, beside)


def _head(path: Path, label: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise BrokenContainer(label, f"cannot be read ({error.strerror})", "Check its rights") from None


def _read_content(head: bytes, content: bytes, label: str, beside: Snapshot | None) -> Snapshot:
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        from mx_changeclass.readers.mpk import read_mpk

        return read_mpk(content, label)
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").lstrip(b"\0 \t\r\n")
    if text.startswith(b"<") or head.startswith(b"\x1f\x8b"):
        from mx_changeclass.readers.xml import read_xml

        return read_xml(content, label, beside)
    if text.startswith((b"{", b"[")):
        from mx_changeclass.readers.dump import read_dump

        return read_dump(content, label)
    if head.startswith(LFS_POINTER):
        raise BrokenContainer(label, "is a Git LFS pointer, not the file", "Fetch it with 'git lfs pull'")
    raise UnknownFormat(label, "is empty" if not head else "is no form of a model", GIVE_MODEL)


def _read_folder(path: Path, label: str, beside: Snapshot | None) -> Snapshot:
    from mx_changeclass.readers.project_files import ProjectFolder, find_mpr, in_repository, read_project

    try:
        entries = list(os.scandir(path))
    except OSError as error:
        raise ReadError(label, f"cannot be listed ({error.strerror})", "Check its rights") from None
    # a link is told when it is read
    names = (entry.name for entry in entries if entry.is_file(follow_symlinks=False) or os.path.isfile(entry))
    place, mpr = ProjectFolder(path, label), find_mpr(names, label, GIVE_MODEL)
    found = read_project(place, mpr, label, side_files=True, beside=beside)
    return evolve(found, folder=in_repository(path))
