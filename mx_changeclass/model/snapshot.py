"""What a model is: units of rows.

A *unit* is what Mendix stores as one document (a page, a nanoflow, a domain model), or one file
beside the model. A *row* is an element of a unit. Single parts are folded into the row that owns
them under dotted keys (``type`` and ``type.length`` of an attribute), texts under their language
(``caption.en_US``); what stands in a list is a row of its own. A value is a string, number, boolean
or a tuple of them; an absent part, an empty list and an absent key are the same: no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, Protocol
from weakref import ref

import attrs
from attrs import define, field, frozen

from mx_changeclass.errors import ReadError
from mx_changeclass.model.metamodel import is_a, property_of, type_named
from mx_changeclass.model.system import SYSTEM_MODULE
from mx_changeclass.model.types import (
    ATTRIBUTE,
    DOMAIN_MODEL,
    ENTITY,
    ENUMERATION_VALUE,
    FOLDER,
    INDEX,
    MODULE,
    PROJECT,
    PROJECT_SETTINGS,
    SYNC_ROW,
)
from mx_changeclass.model.versions import Version

# What a reader would name inside a unit; everything else answers under the nearest of these.
HEADLINES = frozenset(
    {
        ENTITY,
        ATTRIBUTE,
        "DomainModels$Association",
        "DomainModels$CrossAssociation",
        INDEX,
        "DomainModels$ValidationRule",
        "DomainModels$EventHandler",
        "DomainModels$AccessRule",
        ENUMERATION_VALUE,
        "Images$Image",
        "Security$ModuleRole",
        "Security$UserRole",
        "Navigation$NavigationProfile",
        "Navigation$NativeNavigationProfile",
        "Navigation$EmbeddedNavigationProfile",
        SYNC_ROW,
    }
)
# A container never answers for what it holds: each entity of a new module is heard.
CONTAINERS = frozenset(
    {
        PROJECT,
        MODULE,
        FOLDER,
        DOMAIN_MODEL,
        "Security$ModuleSecurity",
        "Security$ProjectSecurity",
        "Navigation$NavigationDocument",
        PROJECT_SETTINGS,
    }
)


@frozen(slots=True)
class Element:
    """One row: ``type`` and keys under SDK names, ``slot`` the (dotted) property of the parent row it
    stands in, ``index`` its place there (only relative order means anything)."""

    id: str
    type: str
    name: str
    parent: str | None
    slot: str
    props: Mapping[str, Any]
    index: int = field(default=0, eq=False)

    def __repr__(self) -> str:
        return f"<Element {self.type} {self.name!r}: {len(self.props)} keys>"

    def part(self, key: str) -> tuple[str, str]:
        """The type that owns a dotted key, and the key in it: ``type.length`` of an attribute is
        ``("DomainModels$StringAttributeType", "length")``."""
        owner, _, last = key.rpartition(".")
        return (str(self.props.get(owner, "")), last) if owner else (self.type, key)

    def knows(self, key: str) -> bool:
        """Whether some version of Mendix has a (dotted) key, and each part around it, as far as known. Rows of files
        hold what the readers of this package write."""
        if self.type.startswith("File$"):
            return True
        steps = key.split(".")
        return all(_known(*self.part(".".join(steps[: i + 1]))) for i in range(len(steps)))


# Keys that are open by nature (a text has its languages), or made while reading; "*" is any key.
_MADE = frozenset({("Texts$Text", "*"), ("CustomWidgets$CustomWidgetType", "definition")})


def _known(owner: str, key: str) -> bool:
    return property_of(owner, key) is not None or not _MADE.isdisjoint(((owner, key), (owner, "*")))


Rows = tuple[Element, ...]

_MOST = 1 << 16  # pairs kept in mind
_MOST_ROWS = 1 << 15  # of documents that a version takes over from another
_SAME: dict[tuple[str, str], bool] = {}  # by the digests of two units, whether they differ in ids only


class StoredBytes(Protocol):
    """The bytes of a unit, where texts stand in them as they are, and what they tell at less cost than its rows."""

    @property
    def size(self) -> int:
        """How many they are."""

    def bytes(self) -> bytes:
        """All of them."""

    def sifted(self, wanted: Callable[[str, str], bool | None]) -> Rows:
        """As ``Snapshot.sifted``."""

    def numbered(self) -> tuple[object, tuple[str, ...]] | None:
        """What they hold with numbers in the place of ids, and these; None where that cannot be told."""


@frozen(slots=True, eq=False)
class Unit:
    """A stored document or a file beside the model; its rows are decoded only when asked for.

    ``digest`` is the hex SHA-256 of the stored bytes: equal means equal content. It is ``stated`` where a file says so
    and those bytes are not here: within a comparison that is believed, beyond it it is not. ``container`` is the
    id of the folder, module or project around it; ``stored`` are its bytes, where the rows are made of such.
    ``missing`` says that the content is not there
    (an incomplete checkout): such a unit is never a deletion.
    """

    id: str
    type: str
    name: str
    container: str | None
    slot: str
    digest: str
    load: Callable[[], Rows] = field(repr=False)
    excluded: bool = False
    missing: bool = False
    file: str = ""
    stored: StoredBytes | None = field(default=None, repr=False)
    stated: bool = False

    def renumbered(self, other: Unit) -> frozenset[str]:
        """The ids of both units where they differ in nothing but ids, one for one; none where they differ in more, or
        where that is not seen without making rows of them."""
        a, b = self.stored, other.stored
        if a is None or b is None or a.size != b.size or self.digest == other.digest:
            return frozenset()
        mine, others = a.numbered(), b.numbered()
        same = mine is not None and others is not None and mine[0] == others[0] and len(mine[1]) == len(others[1])
        if len(_SAME) < _MOST and not (self.stated or other.stated):
            _SAME[self.digest, other.digest] = same
        return frozenset((*mine[1], *others[1])) if same and mine is not None and others is not None else frozenset()

    def same_but_ids(self, other: Unit) -> bool:
        """Whether they are ``renumbered``."""
        known = None if self.stated or other.stated else _SAME.get((self.digest, other.digest))
        return bool(self.renumbered(other)) if known is None else known

    def may_hold(self, found: Callable[[bytes], object]) -> bool:
        """Whether a text may stand in the unit, as far as that is ``found`` in its bytes without decoding them."""
        return self.stored is None or bool(found(self.stored.bytes()))


@frozen
class Detached(Mapping[str, Unit]):
    """The units of a model of which only what a report says was kept: to ask for them is an error, so that nothing
    is taken for nothing. ``native_given`` says whether the native app was among them."""

    label: str
    native_given: bool

    def __getitem__(self, unit_id: str) -> Unit:
        raise self._gone()

    def __iter__(self) -> Iterator[str]:
        raise self._gone()

    def __len__(self) -> int:
        raise self._gone()

    def _gone(self) -> ReadError:
        problem = "the model is not here, only what a report says of it"
        return ReadError(self.label, problem, "Read the two models again and compare them")


def _nobody() -> None:
    """What a snapshot shares its rows with, where that is nothing."""


@define(slots=False, eq=False)
class Snapshot:
    """One version of an app. ``incomplete`` says in words what of it could not be seen, ``warnings`` where what
    the model lists and what it holds disagree, ``ambiguity`` what else the name it was given could mean.
    ``side_files`` is False where the form brings no files beside the model. ``mpr`` is the name of the model file in
    the project's folder, "" where the form has none; ``folder`` leads to that from the top of the repository, None
    where it lies in none. ``ignored`` are the digests of files that a configuration left
    out of ``units``, by path. ``twins`` are ids that elements of several units state; each such element is given one
    of its own. ``source`` is where a reader found it, which may serve to read another version. Of a ``detached`` one
    only the facts are left: whoever asks for what it holds gets a ``ReadError``."""

    units: Mapping[str, Unit]
    version: Version | None = None
    label: str = ""
    form: str = ""
    digest: str = ""
    incomplete: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ambiguity: str = ""
    side_files: bool = False
    mpr: str = ""
    folder: str | None = None
    ignored: Mapping[str, str] = field(factory=dict, repr=False)
    twins: frozenset[str] = field(default=frozenset(), repr=False)
    source: object = field(default=None, repr=False)
    _rows: dict[str, Rows] = field(factory=dict, repr=False, init=False)
    _modules: dict[str, str] = field(factory=dict, repr=False, init=False)
    _shares_with: Callable[[], Snapshot | None] = field(default=_nobody, repr=False, init=False)

    def __repr__(self) -> str:
        version = f", Studio Pro {self.version}" if self.version else ""
        units = "detached" if self.is_detached else f"{len(self.units)} units"
        return f"<Snapshot {self.label!r} ({self.form}{version}): {units}>"

    def rows(self, unit_id: str) -> Rows:
        """The rows of a unit, its root first."""
        if unit_id not in self._rows:
            rows = self._shared(unit_id) or self.units[unit_id].load()
            self._rows[unit_id] = _apart(rows, unit_id, self.twins) if self.twins else rows
        return self._rows[unit_id]

    def sifted(self, unit_id: str, wanted: Callable[[str, str], bool | None]) -> Rows:
        """The rows of a unit as far as a question needs them: its root, each row with a key that is wanted and a value
        in it, and the row around that. There may be more, and values of pluggable widgets may lack their names.
        ``wanted`` says whether it asks for a key of a type (SDK names), None where it needs all of such a unit."""
        unit = self.units[unit_id]
        if unit.stored is None or unit.missing or self.twins or unit_id in self._rows:
            return self.rows(unit_id)
        return unit.stored.sifted(wanted)

    def share_rows(self, other: Snapshot) -> None:
        """Share the rows of units that are the same in another version, so that they are decoded once."""
        if other is not self and other.form == self.form and not self.twins and not other.twins:
            self._shares_with = ref(other)

    def keep_rows(self, other: Snapshot) -> None:
        """Take over the rows that were made of units that are the same in another version, which may go then; of many
        so many that they take some 40 MB."""
        if other.form != self.form or self.twins or other.twins:
            return
        room = _MOST_ROWS - sum(map(len, self._rows.values()))
        for unit_id, rows in other._rows.items():
            if unit_id not in self._rows and len(rows) <= room and self._same_in(other, unit_id):
                self._rows[unit_id] = rows
                room -= len(rows)

    def _same_in(self, other: Snapshot, unit_id: str) -> bool:
        mine, others = self.units.get(unit_id), other.units.get(unit_id)
        same = mine is not None and others is not None and mine.digest == others.digest
        return same and mine is not None and bool(mine.digest) and not mine.missing

    def _shared(self, unit_id: str) -> Rows:
        shared = self._shares_with()
        if shared is None or not self._same_in(shared, unit_id):
            return ()
        if unit_id not in shared._rows:
            shared._rows[unit_id] = shared.units[unit_id].load()
        return shared._rows[unit_id]

    @cached_property
    def live(self) -> Mapping[str, Unit]:
        """The units that are built: no excluded document, no System module (it is not stored in a project)."""
        hidden = {u.id for u in self.units.values() if u.type == MODULE and u.name == SYSTEM_MODULE}
        return {i: u for i, u in self.units.items() if not u.excluded and not (hidden and hidden & {i, *self._path(u)})}

    @cached_property
    def native(self) -> Unit | None:
        """The native app that this version runs in, where the input brings it."""
        return next((u for u in self.live.values() if u.type == "File$NativeBinary"), None)

    @property
    def native_given(self) -> bool:
        """Whether the input brings the native app; of a detached snapshot too."""
        return self.units.native_given if isinstance(self.units, Detached) else self.native is not None

    @property
    def is_detached(self) -> bool:
        return isinstance(self.units, Detached)

    def detached(self) -> Snapshot:
        """The snapshot without what it holds, a few bytes. Of no model at all nothing is lost."""
        return (
            self
            if self.form == "none"
            else attrs.evolve(self, units=Detached(self.label, self.native_given), source=None)
        )

    def _path(self, unit: Unit) -> Iterator[str]:
        """The containers of a unit, innermost first; a loop in a broken file ends it."""
        seen = {unit.id}
        container = unit.container
        while container is not None and container in self.units and container not in seen:
            seen.add(container)
            yield container
            container = self.units[container].container

    def module(self, unit_id: str) -> str:
        """Name of the module a unit lies in, "" for documents of the project itself and for files."""
        if unit_id in self._modules:
            return self._modules[unit_id]
        path: list[str] = []
        name, at = "", unit_id
        while at in self.units and at not in path:
            if at in self._modules:
                name = self._modules[at]
                break
            path.append(at)
            if self.units[at].type == MODULE:
                name = self.units[at].name
                break
            at = self.units[at].container or ""
        self._modules.update(dict.fromkeys(path, name))
        return name

    @cached_property
    def table(self) -> Mapping[str, Element]:
        """Every row of every live unit by id. Decodes the whole model: for export and the ledger only."""
        return {row.id: row for i in self.live for row in self.rows(i)}


class RowPool:
    """The rows of several versions, each unit that they share decoded once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], Rows] = {}

    def shared(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with its rows taken from here, and kept here."""
        units = {i: attrs.evolve(u, load=partial(self._load, snapshot.form, u)) for i, u in snapshot.units.items()}
        return attrs.evolve(snapshot, units=units)

    def _load(self, form: str, unit: Unit) -> Rows:
        if not unit.digest or unit.missing:
            return unit.load()
        key = form, unit.id, unit.digest
        if key not in self._rows:
            self._rows[key] = unit.load()
        return self._rows[key]


def _apart(rows: Rows, unit_id: str, twins: frozenset[str]) -> Rows:
    """The rows of a unit with other ids, the same on both sides of a comparison, for those that are twins."""
    own = {row.id: _own_id(unit_id, row.id) for row in rows if row.id in twins and row.id != unit_id}
    if not own:
        return rows
    return tuple(
        attrs.evolve(
            row,
            id=own.get(row.id, row.id),
            parent=None if row.parent is None else own.get(row.parent, row.parent),
            props={k: own.get(v, v) if type(v) is str else v for k, v in row.props.items()},
        )
        for row in rows
    )


def _own_id(unit_id: str, row_id: str) -> str:
    made = hashlib.sha256(f"{unit_id} {row_id}".encode(errors="surrogatepass")).hexdigest()
    return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:32]}"


@define(slots=False, eq=False)
class Tree:
    """Rows of some units with their ancestry and names; the part of a snapshot that was expanded. ``twins`` are the
    ids that rows of several units state, or a row that is the root of none states with a unit: the rows hold one
    of them."""

    snapshot: Snapshot
    unit_of: Mapping[str, str]  # row id -> unit id
    rows: Mapping[str, Element]
    twins: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Tree {len(self.rows)} rows of {self.snapshot.label!r}>"

    @classmethod
    def of(cls, snapshot: Snapshot, unit_ids: Iterable[str]) -> Tree:
        unit_of: dict[str, str] = {}
        rows: dict[str, Element] = {}
        twins: set[str] = set()
        for i in unit_ids:
            for row in snapshot.rows(i):
                if row.id in rows or (row.id in snapshot.units and row.id != i):
                    twins.add(row.id)
                rows[row.id] = row
                unit_of[row.id] = i
        return cls(snapshot, unit_of, rows, frozenset(twins))

    def ancestors(self, row: Element) -> Iterator[Element]:
        """The rows around a row inside its unit, innermost first."""
        seen = {row.id}
        while row.parent is not None and row.parent in self.rows and row.parent not in seen:
            seen.add(row.parent)
            row = self.rows[row.parent]
            yield row

    def whole(self, row: Element) -> Iterator[Element]:
        """A row and everything in it."""
        found = {row.id: row}
        todo = [row]
        for each in todo:
            fresh = [r for r in self._children.get(each.id, ()) if r.id not in found]
            found |= {r.id: r for r in fresh}
            todo += fresh
        return iter(todo)

    @cached_property
    def _children(self) -> Mapping[str, list[Element]]:
        found: dict[str, list[Element]] = {}
        for row in self.rows.values():
            if row.parent is not None and row.parent != row.id:
                found.setdefault(row.parent, []).append(row)
        return found

    def qualified(self, row: Element) -> str:
        """The name Mendix gives an element: ``Module.Entity.Attribute``, ``Module.Page``, ``Module.Role``;
        a widget or activity is named under its document, a row of the sync configuration by its entity, a
        validation rule by its attribute."""
        told_by = _NAMED_BY.get(row.type)
        if told_by and row.props.get(told_by):
            return str(row.props[told_by])
        module = self.snapshot.module(self.unit_of.get(row.id, row.id))
        if row.type == MODULE:
            return row.name
        above = [r.name for r in self.ancestors(row) if r.name and _names_children(r)]
        own = [row.name] if row.name else []
        return ".".join(([module] if module else []) + above[::-1] + own)

    def subject(self, row: Element) -> Element:
        """The nearest thing a reader would name: a document, an entity, an attribute."""
        for r in (row, *self.ancestors(row)):
            if r.type in HEADLINES or r.parent is None or r.parent not in self.rows:
                return r
        return row


_NAMED_BY = {SYNC_ROW: "entity", "DomainModels$ValidationRule": "attribute"}


def _names_children(row: Element) -> bool:
    known = type_named(row.type)
    return bool(known and (known.is_namespace or known.is_unit)) or is_a(row.type, "Projects$Document")
