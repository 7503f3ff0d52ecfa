"""Facts of stored content that outlive a run, so that the next one reads what changed and little else.

What is kept is what one document or file tells by itself: what a unit is (by the git blob id of its content), what it
refers to, the rows of a file beside a model (by their digests). Never a verdict: whatever is asked of these facts is
asked anew, and they may go at any time. They lie in one SQLite file a version of this package, which other runs may use
at the same time. Whatever is wrong with it, a run goes without.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from mx_changeclass import __version__
from mx_changeclass.errors import PolicyError
from mx_changeclass.graphs.references import KNOWN, Reference, UnitReferences
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.regex import regex

SWITCH = "MX_CHANGECLASS_CACHE"  # "0" for none, or the folder it lies in
_OFF, _ON = frozenset({"0", "off", "no", "none", "false", "disabled"}), frozenset({"1", "on", "yes", "true"})
# What SQLite says of a file that may be sound: somebody writes to it, or the machine has no room or no rights.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_OURS = regex(r"facts-[\w.+]+-[0-9a-f]{16}\.sqlite(?:-journal)?")
_MOST = 256 << 20  # bytes of the file
_LEFT = 3 * _MOST // 4  # of them what is left when it was more
_LARGE = 4 << 20  # characters of a fact that is worth keeping at most
_PENDING = 64 << 20  # characters that wait to be written
_WAIT = 0.2  # seconds that another run may keep us waiting
_STALE = 14  # days after which the file of another version goes
_DAY = 24 * 60 * 60
_TABLE = (
    "create table if not exists fact (kind text, key text, day integer, fact text, sum blob, primary key (kind, key))"
    " without rowid"
)
_DECIDING = ("readers", "model", "graphs")  # the parts of this package that decide on facts, beside what all use


class Cache:
    """The facts in one file, as plain values of JSON by their kind and key. Raises ``OSError`` or ``sqlite3.Error``
    where it cannot be had."""

    def __init__(self, folder: Path) -> None:
        self._file = own_folder(folder) / f"facts-{__version__}-{_state()}.sqlite"
        self._today = int(time.time()) // _DAY
        self._process = os.getpid()
        self._turn = RLock()
        self._fresh: dict[tuple[str, str], str] = {}
        self._waiting = 0
        self._used: set[tuple[str, str]] = set()
        if not os.path.lexists(self._file):
            _clear(folder, self._today)
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        self._connection: sqlite3.Connection | None = sqlite3.connect(
            self._file, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        with self._trying():
            self._connection.executescript(f"pragma trusted_schema = off; pragma synchronous = off; {_TABLE}")
            table = "select 1 from sqlite_master where type = 'table' and name = 'fact' and rootpage > 0"
            if not self._connection.execute(table).fetchone():
                raise sqlite3.DatabaseError("no table of ours")

    def get(self, kind: str, key: str) -> Any:
        """One fact, None where it is not kept."""
        return self._told(kind, "select key, day, fact, sum from fact where kind = ? and key = ?", key).get(key)

    def some(self, kind: str, keys: Collection[str]) -> Mapping[str, Any]:
        """Those of some facts that are kept, by their keys."""
        asked = "select key, day, fact, sum from fact where kind = ? and key in (select value from json_each(?))"
        return self._told(kind, asked, json.dumps([*keys]))

    def _told(self, kind: str, asked: str, which: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        with self._trying() as connection:
            for key, day, fact, told in connection.execute(asked, (kind, which)) if connection else ():
                if told == _sum(kind, key, fact):  # else it is damaged where SQLite does not see it
                    found[key] = json.loads(fact)
                    if day != self._today:
                        self._used.add((kind, key))
        return found

    def put(self, kind: str, key: str, fact: object) -> None:
        """Keep a fact. It is written at the end, or when many wait."""
        try:
            text = json.dumps(fact, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError):  # what is no value of JSON is not kept
            return
        if len(text) > _LARGE:
            return
        with self._turn:
            self._fresh[kind, key] = text
            self._waiting += len(text)
            if self._waiting > _PENDING:
                self._write()

    def close(self) -> None:
        """Write what is new, and let go of the file."""
        with self._turn:
            self._write()
            with self._trying() as connection:
                if connection and self._size(connection) > _MOST:
                    self._shrink(connection)
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _write(self) -> None:
        fresh, self._fresh, self._waiting = self._fresh, {}, 0
        used, self._used = self._used, set()
        with self._trying() as connection:
            if connection and (fresh or used):
                connection.execute("begin immediate")
                connection.executemany(
                    "insert or replace into fact values (?, ?, ?, ?, ?)",
                    ((kind, key, self._today, text, _sum(kind, key, text)) for (kind, key), text in fresh.items()),
                )
                connection.executemany(
                    "update fact set day = ? where kind = ? and key = ?", ((self._today, *each) for each in used)
                )
                connection.execute("commit")

    @staticmethod
    def _size(connection: sqlite3.Connection) -> int:
        (pages,), (free,), (size,) = (
            connection.execute(f"pragma {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _shrink(self, connection: sqlite3.Connection) -> None:
        """What was used last the longest ago goes."""
        while self._size(connection) > _LEFT:
            (day,) = connection.execute("select min(day) from fact").fetchone()
            if day is None:
                break
            connection.execute("delete from fact where day = ?", (day,))
        connection.execute("vacuum")

    @contextmanager
    def _trying(self) -> Iterator[sqlite3.Connection | None]:
        """The connection where there is one. What goes wrong with it ends it; a damaged file is removed."""
        with self._turn:
            try:
                yield self._connection if os.getpid() == self._process else None
            except (sqlite3.Error, ValueError, RecursionError) as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _PASSING:
                    with suppress(OSError):
                        self._file.unlink()


def own_folder(folder: Path) -> Path:
    """The folder, where it is ours alone to write to. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = os.lstat(folder)
    foreign = hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o022)
    if foreign or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is not ours")
    return folder


def _state() -> str:
    """A digest of what decides on facts: the smallest edit of this package forgets what it found before."""
    at = Path(__file__).parent.parent
    code = sorted((*at.glob("*.py"), *(file for folder in _DECIDING for file in (at / folder).rglob("*.py"))))
    found = hashlib.sha256(sys.version.encode())
    for file in (at / "data" / "metamodel.json", *code):
        content = file.read_bytes()
        found.update(f"{file.relative_to(at).as_posix()} {len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def _clear(folder: Path, today: int) -> None:
    """Remove what other versions of this package left and nobody uses any more."""
    for file in folder.iterdir():
        with suppress(OSError):
            if _OURS.fullmatch(file.name) and today - os.lstat(file).st_mtime // _DAY > _STALE:
                file.unlink()


def _sum(kind: str, key: str, fact: str) -> bytes:
    return hashlib.blake2b(f"{kind}\0{key}\0{fact}".encode(errors="surrogatepass"), digest_size=8).digest()


# -- the one of this run -------------------------------------------------------------------

_cache: Cache | None = None


def _in_checkout(folder: Path) -> bool:
    """Whether a folder lies in the repository around the current one."""
    here = Path(os.path.realpath("."))
    top = next((place for place in (here, *here.parents) if os.path.lexists(place / ".git")), None)
    return top is not None and Path(os.path.realpath(folder)).is_relative_to(top)


def is_open() -> bool:
    """Whether this run keeps facts."""
    return _cache is not None


def default_folder() -> Path:
    """Where a user's caches lie. Raises ``RuntimeError`` for a user without a home."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mx-changeclass"


@contextmanager
def cache(folder: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """Keep facts of what is read within the block on disk, and take those that are kept there.

    ``folder`` is where, by default what ``MX_CHANGECLASS_CACHE`` names, or ``mx-changeclass`` below
    ``XDG_CACHE_HOME`` or ``~/.cache``; where that variable is ``0``, or nothing can be kept, the block runs without.
    Results are the same with and without it. It serves all threads of the process, and no process that it starts.
    Raises ``PolicyError`` for a folder in the checkout around the current one: a change under review could bring it.
    """
    global _cache  # noqa: PLW0603 - one a process, as what is kept in memory
    named = os.environ.get(SWITCH, "").strip()
    if _cache is not None or (folder is None and named.lower() in _OFF):
        yield
        return
    chosen = folder or ("" if named.lower() in _ON else named)
    with suppress(OSError, RuntimeError, sqlite3.Error):
        place = Path(chosen).expanduser() if chosen else default_folder()
        if not _in_checkout(place):
            _cache = Cache(place)
        elif chosen:
            where = chosen if folder else f"{SWITCH}={chosen}"
            raise PolicyError(f"{where}: lies in the checkout, which may bring facts of its own. Keep them outside")
    if _cache is None:
        yield
        return
    KNOWN.below = _References(_cache)
    try:
        yield
    finally:
        closing, _cache, KNOWN.below = _cache, None, None
        closing.close()


# -- what is kept --------------------------------------------------------------------------


class KeptUnit(NamedTuple):
    """What the bytes of a unit tell, without them."""

    digest: str
    size: int
    id: str
    type: str
    name: str
    excluded: bool


def kept_units(oids: Collection[str]) -> Mapping[str, KeptUnit]:
    """The units that are kept, by the git blob ids of their content."""
    if _cache is None:
        return {}
    return {oid: KeptUnit(*fact) for oid, fact in _cache.some("unit", oids).items()}


def keep_unit(oid: str, unit: KeptUnit) -> None:
    if _cache is not None:
        _cache.put("unit", oid, unit)


def kept_rows(key: Iterable[str], make: Callable[[], Rows], sound: Callable[[], bool]) -> Rows:
    """The rows of files that the key tells apart by their content; ``make`` makes them, and they are kept where that
    was ``sound``."""
    if _cache is None:
        return make()
    name = json.dumps([*key])
    found = _cache.get("rows", name)
    if found is not None:
        return tuple(map(_element, found))
    rows = make()
    if sound() and not any("unread" in row.props for row in rows):  # what could not be read may be otherwise elsewhere
        _cache.put("rows", name, [(r.id, r.type, r.name, r.parent, r.slot, dict(r.props), r.index) for r in rows])
    return rows


def _element(kept: tuple[Any, ...]) -> Element:
    id_, type_, name, parent, slot, props, index = kept
    values = {key: tuple(value) if type(value) is list else value for key, value in props.items()}
    return Element(id_, type_, name, parent, slot, values, index)


class _References:
    """What units refer to, below what is kept of them in memory."""

    def __init__(self, below: Cache) -> None:
        self._below = below

    def get(self, content: str) -> UnitReferences | None:
        found = self._below.get("references", content)
        return found and UnitReferences(tuple(Reference(*each) for each in found[0]), found[1])

    def put(self, content: str, facts: UnitReferences) -> None:
        self._below.put("references", content, (facts.references, facts.addressed))
