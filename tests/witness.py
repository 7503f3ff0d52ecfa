"""A witness of data loss that knows nothing of rules: rows in databases shaped by the old model, and what is
left of them under the new one.

Two databases in memory. The *server* has a table for each persistable entity under its storage id and a column
for each attribute under its storage id (Data Storage: names of tables and columns follow, ids decide what is
kept). The *device* has a table for each synchronised entity under its name (the client knows no storage ids),
with rows that were edited offline, as far as access rules let a user write them. A release moves the server to
the new model; then the device uploads by name, and what the server takes is written over its rows. A value of the
device that is not on the server afterwards is lost, and so is a value of the server whose table or column is gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from attrs import field, frozen

from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.domain import Association, Attribute, ValidationRule
from mx_changeclass.model.snapshot import Element, Snapshot

ENTITY, ATTRIBUTE = "DomainModels$Entity", "DomainModels$Attribute"
KEPT_ON_DEVICE = frozenset({"All", "Constrained", "None", "NoneAndPreserveData", "Never"})
UPLOADS = KEPT_ON_DEVICE - {"Never"}


@frozen
class Loss:
    """Qualified old names of what loses values, on devices and on the server."""

    device: frozenset[str] = frozenset()
    server: frozenset[str] = frozenset()


@frozen
class Member:
    """A column: an attribute or an association of the entity that owns it."""

    name: str  # as the client sends it: the bare name of an attribute, the qualified one of an association
    storage: str
    type: str
    length: int = 0
    target: str = ""  # storage id of the other entity of an association, enumeration of an attribute
    default: str = ""


@frozen
class Table:
    """An entity as a database sees it. ``required`` and ``unique`` are bare names of members."""

    name: str
    storage: str
    persistable: bool
    parent: str
    members: Mapping[str, Member]
    required: frozenset[str] = field(factory=frozenset)
    unique: frozenset[str] = field(factory=frozenset)


@frozen
class Shape:
    """A model as databases see it."""

    tables: Mapping[str, Table]
    values: Mapping[str, tuple[str, ...]]  # of each enumeration
    modes: Mapping[str, str]  # sync mode of each entity on devices
    closed: Mapping[str, frozenset[str]]  # members of each entity that no access rule lets users write

    @classmethod
    def of(cls, snapshot: Snapshot) -> Shape:
        side = App(snapshot)
        units = [u for u in snapshot.live.values() if not u.missing]
        rows = {r.id: r for u in units if u.type == "DomainModels$DomainModel" for r in snapshot.rows(u.id)}
        tables = {t.name: t for t in (_table(r, rows, side) for r in rows.values() if r.type == ENTITY)}
        values = {
            f"{snapshot.module(u.id)}.{u.name}": tuple(
                r.name for r in snapshot.rows(u.id) if r.type == "Enumerations$EnumerationValue"
            )
            for u in units
            if u.type == "Enumerations$Enumeration"
        }
        # What is only referred to has rows of its own on no device.
        held = {n: e for n, e in side.sync.items() if e.explicit or e.computed != "NoneAndPreserveData"}
        closed = {side.entity_by_id(r.id): _closed(r, rows) for r in rows.values() if r.type == ENTITY}
        return cls(tables, values, {name: entry.mode for name, entry in held.items()}, closed)

    def enters(self, entity: str, member: Member) -> bool:
        """Whether a client may send a value of a member: the server gives out numbers and keeps hashes to itself."""
        name = member.name if "." in member.name else f"{entity}.{member.name}"
        return member.type not in ("AutoNumber", "HashedString") and name not in self.closed.get(entity, ())

    def members(self, name: str) -> Mapping[str, Member]:
        """The columns of an entity with those it inherits."""
        found: dict[str, Member] = {}
        seen: set[str] = set()
        while name in self.tables and name not in seen:
            seen.add(name)
            found = {**self.tables[name].members, **found}
            name = self.tables[name].parent
        return found


def _closed(entity: Element, rows: Mapping[str, Element]) -> frozenset[str]:
    """The members that rules of an entity list, and that none of them lets anybody write."""
    granted: dict[str, set[str]] = {}
    for access in (r for r in rows.values() if r.parent == entity.id and r.type == "DomainModels$AccessRule"):
        for right in (r.props for r in rows.values() if r.parent == access.id):
            member = str(right.get("attribute") or right.get("association"))
            granted.setdefault(member, set()).add(str(right.get("accessRights")))
    return frozenset(member for member, rights in granted.items() if "ReadWrite" not in rights)


def _table(entity: Element, rows: Mapping[str, Element], side: App) -> Table:
    name = side.entity_by_id(entity.id)
    inner = [r for r in rows.values() if r.parent == entity.id]
    members = {
        r.name: _attribute(r)
        for r in inner
        if r.type == ATTRIBUTE and not str(r.props.get("value")).endswith("CalculatedValue")
    }
    for row in rows.values():
        if row.type.endswith("Association") and row.props.get("parent") == entity.id:
            ends = Association(row)
            other = ends.child if row.type.endswith("CrossAssociation") else side.entity_by_id(ends.child)
            found = side.entity(other)
            target = str(found.props.get("dataStorageGuid")) if found else other
            qualified = f"{name.partition('.')[0]}.{row.name}"
            members[qualified] = Member(qualified, ends.guid, ends.association_type, target=target)
    for flag in ("hasOwner", "hasChangedBy", "hasCreatedDate", "hasChangedDate"):
        if entity.props.get(f"generalization.{flag}"):
            members[flag] = Member(flag, flag, "System")
    rules = [ValidationRule(r) for r in inner if r.type == "DomainModels$ValidationRule"]
    given_out = {name for name, member in members.items() if member.type == "AutoNumber"}  # never the same twice
    return Table(
        name,
        str(entity.props.get("dataStorageGuid", "")),
        side.persistable(name),
        side.generalization(name),
        members,
        frozenset(r.attribute.rpartition(".")[2] for r in rules if r.rule_type.endswith("RequiredRuleInfo")),
        frozenset(r.attribute.rpartition(".")[2] for r in rules if r.rule_type.endswith("UniqueRuleInfo")) - given_out,
    )


def _attribute(row: Element) -> Member:
    view = Attribute(row)
    kind = view.value_type.rpartition("$")[2].removesuffix("AttributeType")
    return Member(row.name, view.guid, kind, view.length if kind == "String" else 0, view.enumeration, view.default)


# -- what devices hold -----------------------------------------------------------------------

_SAMPLES: Mapping[str, object] = {
    "Integer": 2**31 - 1,
    "Long": 2**62,
    "Decimal": "1234.56789",
    "Boolean": 1,
    "DateTime": "2026-05-04T03:02:01Z",
    "AutoNumber": 7,
    "HashedString": "{hash}",
    "Binary": "ff00",
}


def _samples(member: Member, shape: Shape) -> tuple[object, ...]:
    """Values that the old model allows, the awkward ones among them."""
    if member.type == "String":
        return ("x" * (member.length or 5000), "")
    if member.type == "Enumeration":
        return (*shape.values.get(member.target, ()), "")
    if member.type in ("Reference", "ReferenceSet"):
        return (f"{member.type} to {member.target}",)
    return (_SAMPLES.get(member.type, "value"),)


def accepted(member: Member, value: object, shape: Shape) -> bool:
    """Whether the server of the new model takes a value that a client of the old one sends."""
    text = str(value)
    if text == "":
        return True  # an empty value fits everywhere but under a required rule
    if member.type == "String":
        return isinstance(value, str) and (not member.length or len(text) <= member.length)
    if member.type == "Enumeration":
        return text in shape.values.get(member.target, ())
    if member.type in ("Integer", "Long"):
        return isinstance(value, int) and value != 1 and abs(value) < (2**31 if member.type == "Integer" else 2**63)
    if member.type in ("Reference", "ReferenceSet"):
        return text == f"{member.type} to {member.target}"
    return value == _SAMPLES.get(member.type, "value")


# -- the release -----------------------------------------------------------------------------


def lost(old: Snapshot, new: Snapshot) -> Loss:
    """What a release from one model to the other costs on devices and on the server."""
    before, after = Shape.of(old), Shape.of(new)
    with closing(sqlite3.connect(":memory:")) as server, closing(sqlite3.connect(":memory:")) as device:
        _fill(server, device, before)
        gone = set(_migrate(server, before, after))
        return Loss(frozenset(_upload(server, device, before, after)), frozenset(gone))


def _fill(server: sqlite3.Connection, device: sqlite3.Connection, shape: Shape) -> None:
    server.execute("create table stored (entity text, object text, member text, value text)")
    device.execute("create table held (entity text, object integer, member text, value)")
    for name, table in sorted(shape.tables.items()):
        if table.persistable:
            server.execute("insert into stored values (?, ?, '', '')", (table.storage, name))
            cells = [(m, v) for m in table.members.values() for v in _samples(m, shape)]
            server.executemany(
                "insert into stored values (?, ?, ?, ?)", [(table.storage, name, m.storage, str(v)) for m, v in cells]
            )
    for name, mode in sorted(shape.modes.items()):
        if mode in KEPT_ON_DEVICE and name in shape.tables:
            entered = {n: m for n, m in shape.members(name).items() if shape.enters(name, m)}
            if shape.members(name) and not entered:
                continue  # nobody can have edited a row
            samples = {n: _samples(member, shape) for n, member in entered.items()}
            for number in range(max(map(len, samples.values()), default=1)):
                device.execute("insert into held values (?, ?, '', '')", (name, number))
                held = [(name, number, m, values[min(number, len(values) - 1)]) for m, values in samples.items()]
                device.executemany("insert into held values (?, ?, ?, ?)", held)


def _migrate(server: sqlite3.Connection, before: Shape, after: Shape) -> Iterator[str]:
    """Drop the tables and columns whose storage id is gone, and empty values that the new enumeration does not
    have; yield what was in them."""
    kept = {t.storage: {m.storage: m for m in t.members.values()} for t in after.tables.values() if t.persistable}
    names = {
        (t.storage, m.storage): m.name if "." in m.name else f"{t.name}.{m.name}"
        for t in before.tables.values()
        for m in t.members.values()
    } | {(t.storage, ""): t.name for t in before.tables.values()}
    found = server.execute("select entity, member, value from stored order by entity, member, value").fetchall()
    for entity, member, value in found:
        column = kept.get(entity, {}).get(member)
        gone = entity not in kept or (member and column is None)
        if gone or (column is not None and column.type == "Enumeration" and not accepted(column, value, after)):
            server.execute("delete from stored where entity = ? and member = ?", (entity, member))
            yield names[entity, member]


def _upload(server: sqlite3.Connection, device: sqlite3.Connection, before: Shape, after: Shape) -> Iterator[str]:
    """Send what devices hold, by name; yield what does not arrive or has nothing to arrive at."""
    for entity, number in device.execute("select entity, object from held where member = '' order by 1, 2").fetchall():
        table = after.tables.get(entity)
        there = server.execute(
            "select 1 from stored where entity = ? and member = ''", (table.storage if table else "",)
        )
        if table is None or not table.persistable or after.modes.get(entity) not in UPLOADS or not there.fetchone():
            if before.modes[entity] != "Never" or table is None:
                yield entity
            continue
        held, takes = before.members(entity), after.members(entity)
        rows = device.execute(
            "select member, value from held where entity = ? and object = ? and member <> ''", (entity, number)
        )
        values: dict[str, object] = dict(rows.fetchall())
        demanded = {m for m in table.required - before.tables[entity].required if not takes[m].default or m in values}
        if any(str(values.get(m, "")) == "" for m in demanded) or table.unique - before.tables[entity].unique:
            yield entity  # the object is refused as a whole
        for member, value in values.items():
            taker = takes.get(member)
            if taker is None or taker.storage != held[member].storage or not accepted(taker, value, after):
                yield member if "." in member else f"{entity}.{member}"
