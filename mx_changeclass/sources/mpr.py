"""The ``.mpr`` container: SQLite, with the contents of units inside (v1) or beside it (v2).

Facts: how models are stored, sections 1 and 3. The form is decided by columns, not by product version.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

from mx_changeclass.errors import BrokenContainer, UnsupportedVersion
from mx_changeclass.model.snapshot import Rows, Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.sources import units

Fetch = Callable[[str], bytes | None]  # a path beside the .mpr, with slashes -> content, None where there is none

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_SQLITE = b"SQLite format 3\0"
_FOLD_AFTER = 5  # so many notes of one kind are told one by one


def read_mpr(database: Path | bytes, fetch: Fetch, label: str, *, form: str = "mpr") -> Snapshot:
    """Read a model. ``database`` is the ``.mpr`` file or its content, ``fetch`` opens what lies beside it.

    Raises ``BrokenContainer`` where the database itself cannot be read; a unit that is missing or
    broken is noted in ``incomplete`` and kept as a missing unit.
    """
    if isinstance(database, bytes):
        content = database
    else:
        try:
            content = database.read_bytes()
        except OSError as error:
            raise BrokenContainer(label, error.strerror or "cannot be read", "Check the path and its rights") from None
    if content.startswith(_LFS_POINTER):
        raise BrokenContainer(label, "is a Git LFS pointer, not the model", "Fetch it with 'git lfs pull'")
    if not content.startswith(_SQLITE):
        raise BrokenContainer(label, "is no .mpr file (no SQLite header)", "Give the .mpr of a Mendix project")
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(content)
            meta, rows, inside = _tables(connection, label)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise BrokenContainer(label, f"is a damaged .mpr file ({error})", "Restore it, for example from git") from None
    notes = _Notes()
    built = dict(_units(rows, inside, fetch, notes))
    if not built:
        raise BrokenContainer(label, "holds no units", "Restore it, for example from git")
    version = meta.get("_ProductVersion", "")
    return Snapshot(
        units=built,
        version=Version.of(version),
        label=label,
        form=f"{form}-v1" if inside else f"{form}-v2",
        digest=fingerprint(built.values(), version),
        incomplete=notes.incomplete(),
        warnings=notes.warnings(),
    )


def fingerprint(all_units: Iterable[Unit], version: str) -> str:
    """One digest of a whole model: of its version and of what each unit holds and where it stands."""
    lines = sorted(f"{u.id} {u.container} {u.slot} {u.digest}" for u in all_units)
    return hashlib.sha256("\n".join([version, *lines]).encode()).hexdigest()


def _tables(connection: sqlite3.Connection, label: str) -> tuple[dict[str, str], list[dict[str, object]], bool]:
    """``_MetaData``, the rows of ``Unit``, and whether contents are inside. Columns are read by name."""
    columns = {str(c[1]) for c in connection.execute("pragma table_info(Unit)")}
    if not {"UnitID", "ContainerID", "ContainmentName"} <= columns:
        raise UnsupportedVersion(label, "is a SQLite file without the tables of a Mendix model", "Give the .mpr of a Mendix project")
    connection.row_factory = sqlite3.Row
    found = connection.execute("select * from _MetaData").fetchone()
    meta = {k: str(found[k]) for k in found.keys()} if found else {}
    inside = "Contents" in columns
    wanted = ["UnitID", "ContainerID", "ContainmentName", *({"ContentsHash", "Contents"} & columns)]
    rows = [dict(r) for r in connection.execute(f"select {', '.join(wanted)} from Unit")]
    return meta, rows, inside


def _units(rows: list[dict[str, object]], inside: bool, fetch: Fetch, notes: _Notes) -> Iterable[tuple[str, Unit]]:
    for row in rows:
        try:
            unit_id, container = units.guid(row["UnitID"]), units.guid(row["ContainerID"])
        except units.BrokenUnit:
            notes.add("bad-id", "a row of the Unit table has no valid id")
            continue
        slot = str(row["ContainmentName"] or "")
        file = "" if inside else f"mprcontents/{unit_id[:2]}/{unit_id[2:4]}/{unit_id}.mxunit"
        content = row.get("Contents") if inside else fetch(file)
        yield unit_id, stored_unit(
            unit_id, None if container == unit_id else container, slot[:1].lower() + slot[1:], file,
            content if isinstance(content, bytes) else None, str(row.get("ContentsHash") or ""), notes,
        )


def stored_unit(
    unit_id: str, container: str | None, slot: str, file: str, content: bytes | None, stated_hash: str, notes: _Notes
) -> Unit:
    """A unit of its content; a missing, pointed-to or broken content makes a missing unit."""
    where = file or unit_id
    problem = ""
    if content is None:
        problem = "no-content", f"{where} is listed but not there"
    elif content.startswith(_LFS_POINTER):
        problem = "lfs", f"{where} is a Git LFS pointer"
    else:
        digest = hashlib.sha256(content).hexdigest()
        if stated_hash and stated_hash != base64.b64encode(bytes.fromhex(digest)).decode():
            notes.add("hash", f"{where} does not match its ContentsHash")
        try:
            own_id, kind, name, excluded = units.header(content)
            if own_id != unit_id:
                notes.add("id", f"{where} holds another unit, {own_id}")
            return Unit(unit_id, kind, name, container, slot, digest, partial(_load, content, where), excluded, file=file)
        except units.BrokenUnit as error:
            problem = "broken", f"{where} is damaged ({error})"
            stated_hash = base64.b64encode(bytes.fromhex(digest)).decode()
    notes.add(*problem)
    return Unit(unit_id, "", "", container, slot, _digest_of(stated_hash), _nothing, missing=True, file=file)


def _digest_of(stated_hash: str) -> str:
    """The stated ContentsHash as hex, so that a missing unit still shows whether it changed."""
    try:
        return base64.b64decode(stated_hash, validate=True).hex()
    except ValueError:
        return ""


def _nothing() -> Rows:
    return ()


def _load(content: bytes, where: str) -> Rows:
    try:
        return units.decode(content)
    except (units.BrokenUnit, RecursionError) as error:
        raise BrokenContainer(where, f"is damaged ({error})", "Restore it, for example from git") from None


class _Notes:
    """What a reader could not see or found odd, by kind; a long list of one kind is told by its number."""

    _SEEN_ELSEWHERE = frozenset({"hash", "id"})  # odd, but everything was read

    def __init__(self) -> None:
        self._by_kind: dict[str, list[str]] = {}

    def add(self, kind: str, text: str) -> None:
        self._by_kind.setdefault(kind, []).append(text)

    def incomplete(self) -> tuple[str, ...]:
        return self._told(lambda kind: kind not in self._SEEN_ELSEWHERE)

    def warnings(self) -> tuple[str, ...]:
        return self._told(lambda kind: kind in self._SEEN_ELSEWHERE)

    def _told(self, wanted: Callable[[str], bool]) -> tuple[str, ...]:
        out: list[str] = []
        for kind, texts in sorted(self._by_kind.items()):
            if wanted(kind):
                texts = sorted(texts)
                out += texts[:_FOLD_AFTER]
                if len(texts) > _FOLD_AFTER:
                    out.append(f"and {len(texts) - _FOLD_AFTER} more like: {texts[_FOLD_AFTER]}")
        return tuple(out)
