"""The ``.mpr`` container: SQLite, with the contents of units inside (v1) or beside it (v2).

Source: docs/storage.md, "Containers" and "Units". The form is decided by columns, not by product version.
"""

from __future__ import annotations

import binascii
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import closing
from typing import NamedTuple, Protocol

from attrs import define, field

from mx_changeclass.errors import BrokenContainer, UnsupportedVersion
from mx_changeclass.model.snapshot import Rows, Unit
from mx_changeclass.readers.cache import KeptUnit, keep_unit
from mx_changeclass.readers.limits import KEPT, LFS_POINTER, MOST_BYTES, MOST_DOCUMENT, RESTORE, UNITS
from mx_changeclass.readers.notes import Notes, check_places
from mx_changeclass.readers.units import stored_unit
from mx_changeclass.readers.units.numbering import Numbered, numbered
from mx_changeclass.readers.units.sieve import Unusual, Wanted, sieve_of
from mx_changeclass.readers.units.values import guid

Fetch = Callable[[str], bytes | None]  # a path beside the .mpr, with slashes -> content, None where there is none

# What is listed of a unit: its id, container, slot and hash, and the git blob id of its file.
Listed = tuple[str, str, str, str, str]


class Place(Protocol):
    """Where a model lies."""

    @property
    def rereads(self) -> bool:
        """Whether a file can be fetched twice at little cost."""

    @property
    def units(self) -> MutableMapping[Listed, Unit]:
        """What was read without a note in other versions that lie there."""

    def oid(self, path: str) -> str:
        """The git blob id of a file where git has it, else ""."""

    def kept(self) -> Mapping[str, KeptUnit]:
        """What earlier runs kept of units whose files lie there, by git blob ids."""

    def fetch(self, path: str) -> bytes | None:
        """The content of a file, None where it is not there."""


_SQLITE = b"SQLite format 3\0"
_WRITE_AHEAD = b"\2\2"  # at 18, how the database is written and read
# What SQLite keeps beside a database that is written to, and how it begins where it counts: whoever opens the database
# with it sees another one.
BESIDE = {"-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",)}
CLOSE = "Close it in Studio Pro, or run 'sqlite3 FILE \"pragma journal_mode = delete\"'"
_GIVE_MPR = "Give the .mpr of a Mendix project"
_KNOWN_FORMAT = 2
_MOST_HEADERS = 1 << 15  # kept in mind; the largest apps have some 5,000 units
_NOTHING: Mapping[str, Unit] = {}
_HEADERS: dict[str, stored_unit.Header] = {}  # by digest


@define
class ReadModel:
    """What a reader found: units, product version as it is stated, whether contents were inside (v1), and how many
    bytes they had."""

    units: dict[str, Unit]
    version: str = ""
    inside: bool = False
    size: int = 0
    notes: Notes = field(factory=Notes)


def is_mpr(content: bytes) -> bool:
    """Whether content starts like an ``.mpr`` file."""
    return content.startswith(_SQLITE)


def read_mpr(content: bytes, place: Place, label: str, beside: Mapping[str, Unit] = _NOTHING) -> ReadModel:
    """Read the content of an ``.mpr`` file; ``place`` is where it lies, ``beside`` are the units of another version.

    Raises ``BrokenContainer`` where the database itself cannot be read; a unit that is missing or
    broken is noted and kept as a missing unit.
    """
    if content.startswith(LFS_POINTER):
        raise BrokenContainer(label, "is a Git LFS pointer, not the model", "Fetch it with 'git lfs pull'")
    if not is_mpr(content):
        raise BrokenContainer(label, "is no .mpr file (no SQLite header)", _GIVE_MPR)
    if len(content) < _stated_size(content):
        raise BrokenContainer(label, f"is cut: {len(content)} of {_stated_size(content)} bytes", RESTORE)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(content)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(max(len(content), 1 << 16), MOST_DOCUMENT))
            connection.executescript("pragma trusted_schema = off; pragma ignore_check_constraints = on")
            table = _table(connection, label, len(content))
            sound = str(connection.execute("pragma quick_check(1)").fetchone()[0])
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        if content[18:20] == _WRITE_AHEAD:
            raise BrokenContainer(
                label, "is in use: what was saved last stands in a file beside it (-wal)", CLOSE
            ) from None
        raise BrokenContainer(label, f"is a damaged .mpr file ({error})", RESTORE) from None
    model = ReadModel({}, table.version, table.inside)
    if sound != "ok":
        model.notes.missing("damaged", f"the .mpr is damaged and may lack units ({sound})")
    kept = {} if table.inside else place.kept()
    for row in table.rows:
        _add(model, row, place, label, kept, beside)
        if model.size > MOST_BYTES:
            raise BrokenContainer(label, f"holds more than {MOST_BYTES >> 30} GB of documents", _GIVE_MPR)
    if not model.units:
        raise BrokenContainer(label, "holds no units", RESTORE)
    check_places(model.units, model.notes, label)
    return model


def _stated_size(content: bytes) -> int:
    """The size of a database by its header: size of a page and number of pages, where that number is valid."""
    page, pages = int.from_bytes(content[16:18], "big"), int.from_bytes(content[28:32], "big")
    return (page if page > 1 else 1 << 16) * pages if content[24:28] == content[92:96] else 100


def model_digest(all_units: Iterable[Unit], version: str) -> str:
    """One digest of a whole model: of its version and of what each unit holds and where it stands."""
    lines = sorted(f"{u.id} {u.container} {u.slot} {u.digest}" for u in all_units)
    return hashlib.sha256("\n".join([version, *lines]).encode(errors="surrogatepass")).hexdigest()


class _Row(NamedTuple):
    unit_id: object
    container: object
    slot: object
    stated_hash: object
    content: object


class _Table(NamedTuple):
    version: str
    inside: bool
    rows: list[_Row]


def _table(connection: sqlite3.Connection, label: str, size: int) -> _Table:
    """The rows of ``Unit`` and the facts of ``_MetaData``. Columns are found by name."""
    columns = _columns(connection, "Unit")
    if not {"UnitID", "ContainerID", "ContainmentName"} <= columns:
        raise UnsupportedVersion(label, "is a SQLite file without the tables of a Mendix model", _GIVE_MPR)
    stated, version = next(_select(connection, "_MetaData", ("_FormatVersion", "_ProductVersion")), (None, None))
    if isinstance(stated, int) and stated > _KNOWN_FORMAT:
        raise UnsupportedVersion(label, f"is stored in format {stated}, unknown here", "Update mx-changeclass")
    rows: list[_Row] = []
    for found in _select(connection, "Unit", ("UnitID", "ContainerID", "ContainmentName", "ContentsHash", "Contents")):
        rows.append(_Row(*found))
        if len(rows) > UNITS:
            raise BrokenContainer(label, f"lists more than {UNITS} documents", _GIVE_MPR)
        size -= 32 + sum([len(x) for x in found if isinstance(x, (str, bytes))])
        if size < 0:  # pages that are linked many times over
            raise BrokenContainer(label, "lists more than the file can hold", RESTORE)
    return _Table(str(version or ""), "Contents" in columns, rows)


def _select(connection: sqlite3.Connection, table: str, names: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    """Rows of a table by the names of columns; None for a column that it has not."""
    there = _columns(connection, table)
    if there:
        wanted = ", ".join(n if n in there else "null" for n in names)
        yield from connection.execute(f"select {wanted} from {table}")  # noqa: S608 - words of our own


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a real table; a view or virtual table could compute without end."""
    query = "select 1 from sqlite_master where type = 'table' and name = ? and rootpage > 0"
    if not connection.execute(query, (table,)).fetchone():
        return set()
    return {str(column[1]) for column in connection.execute(f"pragma table_info({table})")}


def _add(
    model: ReadModel, row: _Row, place: Place, label: str, kept: Mapping[str, KeptUnit], beside: Mapping[str, Unit]
) -> None:
    """Take up the unit of a row."""
    unit_id = guid(row.unit_id) if isinstance(row.unit_id, bytes) else ""
    if not unit_id:
        model.notes.missing("bad-id", "a row of the Unit table has no valid id")
        return
    if unit_id in model.units:
        model.notes.missing("twice", f"{unit_id} is listed twice; the first was read")
        return
    container, slot = guid(row.container), str(row.slot or "")
    stated = str(row.stated_hash or "")
    file = "" if model.inside else f"mprcontents/{unit_id[:2]}/{unit_id[2:4]}/{unit_id}.mxunit"
    stored = UnitRecord(
        unit_id,
        None if container == unit_id else container,
        slot[:1].lower() + slot[1:],
        file,
        _as_hex(stated),
        bool(stated),
        label,
        place.fetch if place.rereads and not model.inside and model.size > KEPT else None,
    )
    oid = place.oid(file) if file else ""
    listed = (unit_id, container, slot, stated, oid)
    known = place.units.get(listed) if oid else None
    if known is None and (told := kept.get(oid)) is not None and (told.id, told.digest) == (unit_id, stored.stated):
        known = place.units[listed] = stored.kept(told, place.fetch)
        model.size += told.size
    if known is None:
        found = row.content if model.inside else place.fetch(file)
        content = found if isinstance(found, bytes) else None
        known = stored.taken_over(beside.get(unit_id), content)
        if known is None:
            notes = len(model.notes)
            known = stored.unit(content, model.notes)
            model.size += len(content or b"")
            if oid and content is not None and len(model.notes) == notes:
                place.units[listed] = known
                keep_unit(oid, KeptUnit(known.digest, len(content), unit_id, known.type, known.name, known.excluded))
    model.units[unit_id] = known


def _as_hex(stated_hash: str) -> str:
    """A stated ContentsHash as hex, "" where it is no hash."""
    try:
        return binascii.a2b_base64(stated_hash, strict_mode=True).hex()
    except ValueError:
        return ""


class UnitRecord(NamedTuple):
    """What the ``Unit`` table says of a unit; ``stated`` is its ContentsHash as hex, ``again`` reads its file."""

    id: str
    container: str | None
    slot: str
    file: str
    stated: str
    hashed: bool
    label: str
    again: Fetch | None = None

    def taken_over(self, other: Unit | None, content: bytes | None) -> Unit | None:
        """The unit of another version in the place of this one, where nothing in it differs and nothing is to note."""
        body = other.stored if other is not None else None
        if other is None or content is None or not isinstance(body, _Body) or not body.holds(content):
            return None
        listed = (other.container, other.slot, other.file, other.digest, _header(content, other.digest).id)
        return other if listed == (self.container, self.slot, self.file, self.stated, self.id) else None

    def unit(self, content: bytes | None, notes: Notes) -> Unit:
        """The unit with its content. Content that is absent, a pointer or damaged makes a missing unit.

        Content that matches its stated hash is as it was saved, so its body is decoded when it is asked
        for; any other body is tried now.
        """
        where = self.file or self.id
        if content is None:
            notes.missing("absent", f"{where} is listed and its file is missing")
            notes.warning("absent", f"{where} is listed and its file is missing")
            return self._missing()
        if content.startswith(LFS_POINTER):
            notes.missing("lfs", f"{where} is a Git LFS pointer")
            return self._missing()
        digest = hashlib.sha256(content).hexdigest()
        if len(content) > MOST_DOCUMENT:
            notes.missing("broken", f"{where} is larger than {MOST_DOCUMENT >> 20} MB")
            return self._missing(digest)
        try:
            header = _header(content, digest)
            if digest != self.stated:
                stored_unit.decode(content, self.id)
        except stored_unit.BrokenUnit as error:
            notes.missing("broken", f"{where} is damaged ({error})")
            return self._missing(digest)
        if self.hashed and digest != self.stated:
            notes.warning("hash", f"{where} does not match its ContentsHash")
        if header.id != self.id:
            notes.warning("id", f"{where} states another id, {header.id or 'none'}")
        return self._unit(header, digest, len(content), content if self.again is None else self.again)

    def kept(self, told: KeptUnit, fetch: Fetch) -> Unit:
        """The unit without its content, of which an earlier run kept what it told."""
        return self._unit(told, told.digest, told.size, fetch)

    def _unit(self, header: stored_unit.Header | KeptUnit, digest: str, size: int, content: bytes | Fetch) -> Unit:
        body = _Body(content, size, digest, self.id, self.label, self.file or self.id)
        return Unit(
            self.id,
            header.type,
            header.name,
            self.container,
            self.slot,
            digest,
            body.rows,
            header.excluded,
            file=self.file,
            stored=body,
        )

    def _missing(self, digest: str = "") -> Unit:
        """Of what is not there, the stated hash still shows whether it changed."""
        digest = digest or self.stated
        return Unit(self.id, "", "", self.container, self.slot, digest, tuple, missing=True, file=self.file)


def _header(content: bytes, digest: str) -> stored_unit.Header:
    """The header of a unit; two versions of an app share most units, so it is looked at once."""
    found = _HEADERS.get(digest)
    if found is None:
        found = stored_unit.header(content)
        if len(_HEADERS) < _MOST_HEADERS:
            _HEADERS[digest] = found
    return found


class _Body(NamedTuple):
    """The content of a unit, or what reads it again: of most units nobody asks for more than the header, so of a large
    model not all are kept."""

    content: bytes | Fetch
    size: int
    digest: str
    id: str
    label: str
    where: str

    def holds(self, content: bytes) -> bool:
        """Whether these are the bytes; to compare them costs a fifth of making their digest."""
        if isinstance(self.content, bytes):
            return self.content == content
        return hashlib.sha256(content).hexdigest() == self.digest

    def bytes(self) -> bytes:
        """Raises ``BrokenContainer`` where the file is no more what it was."""
        if isinstance(self.content, bytes):
            return self.content
        content = self.content(self.where)
        if content is None:
            raise BrokenContainer(self.label, f"{self.where} cannot be read, as it could before", RESTORE)
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise BrokenContainer(self.label, f"{self.where} changed while it was compared", "Compare again")
        return content

    def rows(self) -> Rows:
        try:
            return stored_unit.decode(self.bytes(), self.id)
        except stored_unit.BrokenUnit as error:
            raise BrokenContainer(self.label, f"{self.where} is damaged ({error})", RESTORE) from None

    def numbered(self) -> Numbered | None:
        return numbered(self.bytes())

    def sifted(self, wanted: Wanted) -> Rows:
        try:
            return sieve_of(wanted).rows(self.bytes(), self.id)
        except Unusual:
            return self.rows()
