"""What rules about the domain model ask: what an entity stores, who holds it, and who took whose place."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import frozen

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model import system
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import ASSOCIATION, ATTRIBUTE, ENTITY
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import Release


class Storage(enum.Enum):
    """Where the objects of an entity live."""

    TABLE = "table"  # in the database, and on devices where the entity is synchronised
    MEMORY = "memory"
    VIEW = "view"  # computed from other tables
    ELSEWHERE = "elsewhere"  # in another app


@frozen
class EntityState:
    """The entity that a change is about, or that its member belongs to, on both sides.

    ``old`` and ``new`` are its names ("" where there is none), ``was`` and ``now`` say where its objects
    live, ``on_devices`` and ``synced`` whether devices hold rows of it before and after. A member added to an
    entity that exists has the old entity too, and one removed the new one.
    """

    old: str
    new: str
    was: Storage | None
    now: Storage | None
    on_devices: bool
    synced: bool

    @property
    def keeps_table(self) -> bool:
        return self.was is Storage.TABLE and self.now is Storage.TABLE


def storage(side: App, name: str) -> Storage | None:
    """Where the objects of an entity live, None where there is no such entity."""
    row = side.entity(name)
    if row is None and not system.is_system(name):
        return None
    source = str(row.props.get("source") or "") if row else ""
    if is_a(source, "DomainModels$ViewEntitySource"):
        return Storage.VIEW
    if source or (row and row.props.get("isRemote")):
        return Storage.ELSEWHERE
    return Storage.TABLE if side.persistable(name) else Storage.MEMORY


def entity_of(change: Change, release: Release) -> EntityState:
    """The entity that a change is about, that it lies in, or that owns the changed association."""
    return release.memo(change, _state_of_entity)


def on_devices(change: Change, release: Release) -> bool:
    """Devices hold what changed, and the server has a table for it."""
    about = entity_of(change, release)
    return about.was is Storage.TABLE and about.on_devices


def stored_in(change: Change, release: Release) -> Storage | None:
    """Where lives what came, went or changed; None for an entity that is coming to a table, or leaving it."""
    about = entity_of(change, release)
    if isinstance(change, Added):
        return about.now
    if isinstance(change, Removed) or change.row.type != ENTITY or about.was is about.now:
        return about.was
    kinds = {about.was, about.now}
    if Storage.TABLE in kinds:
        return None
    return Storage.VIEW if Storage.VIEW in kinds else Storage.ELSEWHERE


def in_call(change: Change, release: Release) -> bool:
    """Whether clients give a non-persistable entity to a microflow, or take it from one, and notice the change:
    its name, or a member of it."""
    about = entity_of(change, release)
    sent = about.old in release.old.signature_entities
    if isinstance(change, Added):
        if change.row.type == ATTRIBUTE:
            return about.new in release.new.signature_entities
        both = ends(release.new, change.new_row) if is_a(change.row.type, ASSOCIATION) else ()
        return any(e in release.new.signature_entities for e in both) and any(map(release.new.persistable, both))
    if isinstance(change, Removed) or is_a(change.row.type, ASSOCIATION):
        return sent
    if change.row.type == ATTRIBUTE:
        return sent and (NAME in change.fields or change.touches("type"))
    return sent and not change.fields.isdisjoint({NAME, PARENT, "generalization", "generalization.generalization"})


def _state_of_entity(change: Change, release: Release) -> EntityState:
    old, new = _names(change, release)
    return EntityState(
        old, new, storage(release.old, old) if old else None, storage(release.new, new) if new else None,
        bool(old) and release.old.synced(old), bool(new) and release.new.synced(new),
    )  # fmt: skip


def _names(change: Change, release: Release) -> tuple[str, str]:
    """Old and new name of the entity; an entity that came or went has the name of the one in its place."""
    changes = release.changes
    if isinstance(change, Removed):
        row = _entity_of(change.old_row, changes.old_tree, release.old)
        if row is None:
            return "", ""
        name, other = release.old.entity_by_id(row.id), changes.partner.get(row.id)
        return name, release.new.entity_by_id(other) if other else _name(counterpart(row, release), release.new)
    row = _entity_of(change.new_row, changes.new_tree, release.new)
    if row is None:
        return "", ""
    name, other = release.new.entity_by_id(row.id), release.partner.get(row.id)
    if isinstance(change, Added) and other is None:
        return _name(counterpart(row, release, gone=True), release.old), name
    if isinstance(change, Added):
        return release.old.entity_by_id(other or ""), name
    before = _entity_of(change.old_row, changes.old_tree, release.old)
    return release.old.entity_by_id(before.id) if before else "", name


def _entity_of(row: Element, tree: Tree, side: App) -> Element | None:
    if is_a(row.type, ASSOCIATION):
        parent, child = ends(side, row)
        both = row.props.get("owner") == "Both" and side.synced(child) and not side.synced(parent)
        return side.entity(child if both else parent)
    return next((r for r in (row, *tree.ancestors(row)) if r.type == ENTITY), None)


def _name(row: Element | None, side: App) -> str:
    return side.entity_by_id(row.id) if row else ""


# -- who took whose place -----------------------------------------------------------------------


def recreated_as(change: Change, release: Release) -> Element | None:
    """Of a removed entity, attribute or association the added one of the same name, of an added one the
    removed one: it was deleted and made again."""
    return counterpart(change.row, release, gone=isinstance(change, Added))


def counterpart(row: Element, release: Release, *, gone: bool = False) -> Element | None:
    """The element without a partner that bears the name of a row on the other side; ``gone`` asks about an
    added row what it replaced."""
    here, there = (release.new, release.old) if gone else (release.old, release.new)
    tree, taken = (
        (release.changes.new_tree, release.changes.partner) if gone else (release.changes.old_tree, release.partner)
    )
    parent = tree.rows.get(row.parent or "")
    if row.type == ATTRIBUTE and parent is not None:
        partner = (release.partner if gone else release.changes.partner).get(parent.id)
        around = there.entity_by_id(partner) if partner else _name(counterpart(parent, release, gone=gone), there)
    else:
        around = _module(here.snapshot.module(tree.unit_of.get(row.id, "")), release, gone=gone)
    other = there.named(f"{around}.{row.name}", ENTITY) if around else None
    if other is None or other.id in taken or _family(other) != _family(row):
        return None
    return other


def _module(name: str, release: Release, *, gone: bool) -> str:
    return (release.old_names if gone else release.changes.renames).get(name, name)


def _family(row: Element) -> str:
    return ASSOCIATION if is_a(row.type, ASSOCIATION) else row.type


def recreated(change: Change, release: Release) -> bool:
    """It was deleted and made again under its name: the database takes it for another."""
    other = recreated_as(change, release)
    return other is not None and other.props.get("dataStorageGuid") != change.row.props.get("dataStorageGuid")


def guid_words(change: Changed[Kind]) -> str:
    """What became of a storage GUID; the old one is what has to be restored. "" where a side does not state it."""
    old, new = change.values("dataStorageGuid")
    is_id = ", the id of the element" if new == change.new_row.id else ""
    return f"storage GUID was {old} and is {new}{is_id}" if old and new else ""


def same_entity(old_name: str, new_name: str, release: Release) -> bool:
    """Whether two names stand for one entity on both sides."""
    old, new = release.old.entity(old_name), release.new.entity(new_name)
    if old is None or new is None:
        return old is new and old_name == new_name
    return release.changes.partner.get(old.id, old.id) == new.id


# -- what stands in an entity ---------------------------------------------------------------------


def attributes(side: App, entity: str) -> Mapping[str, Element]:
    """The entity's own attributes by their short names."""
    return side.symbols.attributes(entity)


def required(side: App, entity: str, attribute: str) -> bool:
    """Whether a validation rule requires an attribute of an entity."""
    row = side.entity(entity)
    return row is not None and (row.id, f"{entity}.{attribute}") in side.memo(_required, entity.partition(".")[0])


def _required(side: App, module: str) -> frozenset[tuple[str | None, str]]:
    """The attributes of a module that validation rules require, each with the row of the entity that has the rule."""
    unit = side.symbols.domain_models.get(module)
    return frozenset(
        (row.parent, str(row.props.get("attribute")))
        for row in (side.snapshot.rows(unit.id) if unit else ())
        if row.props.get("ruleInfo") == "DomainModels$RequiredRuleInfo"
    )


def is_file(side: App, entity: str) -> bool:
    """Whether objects of the entity are files or images."""
    return system.FILE_DOCUMENT in side.symbols.lineage(entity)


def ends(side: App, row: Element) -> tuple[str, str]:
    """The entities at both ends of an association: the owner of the reference, and what it refers to."""
    parent, child = str(row.props.get("parent", "")), str(row.props.get("child", ""))
    return side.entity_by_id(parent), side.entity_by_id(child) or (child if "." in child else "")


def between(version: Version | None, *ranges: tuple[str, str]) -> bool:
    """Whether a version lies in one of some ranges, both ends included; one that is not known may."""
    return version is None or any(_version(low) <= version <= _version(high) for low, high in ranges)


def _version(text: str) -> Version:
    return Version.of(text) or Version.of("0.0.0")  # type: ignore[return-value]
