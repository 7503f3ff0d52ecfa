"""App and module packages (``.mpk``): a zip with a whole project in it.

Source: docs/storage.md, "Packages". A widget package has the same suffix and is no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mx_changeclass.errors import BrokenContainer, UnknownFormat
from mx_changeclass.forms import GIVE_MODEL
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.readers.archive import Archive
from mx_changeclass.readers.cache import KeptUnit
from mx_changeclass.readers.mpr import Listed
from mx_changeclass.readers.project_files import read_project
from mx_changeclass.readers.safe_xml import parse
from mx_changeclass.readers.side_files.collect import wanted

_MANIFEST = "package.xml"
_PACKAGE = "{http://www.mendix.com/package/1.0/}"
_PROJECT = "{http://www.mendix.com/modelerProject/1.0/}"
_CLIENT = "{http://www.mendix.com/clientModule/1.0/}"


def read_mpk(content: bytes, label: str) -> Snapshot:
    """Read an app or module package. Raises ``UnknownFormat`` for a zip that is no such package."""
    archive = Archive(content, label)
    manifest = archive.read(_MANIFEST)
    if manifest is None:
        raise UnknownFormat(label, "is a zip without a package.xml, so no Mendix package", GIVE_MODEL)
    path = _project_file(manifest, label)
    if path not in archive:
        raise BrokenContainer(label, f"announces {path} and does not hold it", "Export the package again")
    folder, _, mpr = path.rpartition("/")
    place = _Inside(archive, folder + "/" if folder else "")
    return read_project(place, mpr, label, form="mpk", side_files=any(map(wanted, place.paths())))


def _project_file(manifest: bytes, label: str) -> str:
    root = parse(manifest, f"{label}: package.xml")
    for path in (e.get("path") for e in root.iter(f"{_PROJECT}projectFile", "projectFile")):
        if path:
            return path.replace("\\", "/").removeprefix("./")
    for client in root.iter(f"{_CLIENT}clientModule", "clientModule", f"{_PACKAGE}clientModule"):
        what = " ".join(x for x in (client.get("name"), client.get("version")) if x)
        raise UnknownFormat(label, f"is a widget package ({what}), not a model", GIVE_MODEL)
    raise UnknownFormat(label, "is a package whose package.xml names no project file", GIVE_MODEL)


class _Inside:
    """The folder of the project in a package."""

    rereads = False

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive, self._prefix = archive, prefix
        self.units: dict[Listed, Unit] = {}

    def paths(self) -> Iterator[str]:
        inside = (name for name in self._archive if name != _MANIFEST and name.startswith(self._prefix))
        return (name.removeprefix(self._prefix) for name in inside)

    def oid(self, path: str) -> str:  # noqa: ARG002 - nobody keeps it
        return ""

    def kept(self) -> Mapping[str, KeptUnit]:
        return {}

    def fetch(self, path: str) -> bytes | None:
        return self._archive.read(self._prefix + path)

    def stored(self) -> Iterator[str]:
        return (path for path in self.paths() if path.startswith("mprcontents/"))

    def identity(self, path: str) -> None:  # noqa: ARG002 - a package knows none
        return None

    def absent(self, path: str) -> tuple[str, str]:  # noqa: ARG002 - what is announced is there
        return "cannot be read", "Export the package again"

    def unseen(self) -> tuple[str, ...]:
        return ()
