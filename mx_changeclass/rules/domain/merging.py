"""Entities whose attributes went elsewhere: merged into another entity, or split in two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mx_changeclass.changes.change import Added, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.domain import Entity
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import ATTRIBUTE, ENTITY
from mx_changeclass.rules.domain.domain_questions import Storage, attributes, entity_of
from mx_changeclass.rules.engine.release import Release

_ENOUGH = 2  # one in so many attributes of an entity has to turn up elsewhere


def merged_into(change: Removed[Entity], release: Release) -> str:
    """The entity that took over the attributes of a synced entity that is gone, "" for none."""
    about = entity_of(change, release)
    if not about.on_devices or about.was is not Storage.TABLE or about.new:
        return ""
    lost = _kinds(attributes(release.old, about.old))
    return _taker(lost, (n for n in _changed_entities(release) if release.new.synced(n)), release)


def split_from(change: Added[Entity], release: Release) -> str:
    """The synced entity whose lost attributes a new entity took over, "" for none."""
    about = entity_of(change, release)
    if about.now is not Storage.TABLE or about.old:
        return ""
    taken = _kinds(attributes(release.new, about.new))
    for name in _changed_entities(release):
        old_name = release.old.entity_by_id(release.partner.get(_id(release.new, name), ""))
        if release.old.synced(old_name):
            lost = _kinds(attributes(release.old, old_name)) - _kinds(attributes(release.new, name))
            if _most(lost, taken):
                return old_name
    return ""


def _taker(lost: frozenset[tuple[str, str]], candidates: Iterable[str], release: Release) -> str:
    for name in candidates:
        old_name = release.old.entity_by_id(release.partner.get(_id(release.new, name), ""))
        gained = _kinds(attributes(release.new, name)) - _kinds(attributes(release.old, old_name))
        if _most(lost, gained):
            return name
    return ""


def _most(lost: frozenset[tuple[str, str]], taken: frozenset[tuple[str, str]]) -> bool:
    return bool(lost & taken) and len(lost & taken) * _ENOUGH >= len(lost)


def _kinds(members: Mapping[str, Element]) -> frozenset[tuple[str, str]]:
    """Attributes as they are told apart after a move: by name and type."""
    return frozenset((name, str(row.props.get("type"))) for name, row in members.items())


def _changed_entities(release: Release) -> tuple[str, ...]:
    """Entities that are there on both sides and have a changed, new or lost member."""
    return release.memo(release, _find_changed)


def _find_changed(_: Release, release: Release) -> tuple[str, ...]:
    about = (entity_of(c, release) for c in release.changes if c.part_of is None and c.row.type in (ENTITY, ATTRIBUTE))
    return tuple(sorted({o.new for o in about if o.new and _id(release.new, o.new) in release.partner}))


def _id(side: App, name: str) -> str:
    row = side.entity(name)
    return row.id if row else ""
