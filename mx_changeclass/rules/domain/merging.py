"""Entities whose attributes went elsewhere: merged into another entity, or split in two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mx_changeclass.changes.change import Added, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.domain import Entity
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import ATTRIBUTE, ENTITY
from mx_changeclass.rules.domain.domain_questions import Storage, attributes, entity_of
from mx_changeclass.rules.engine.release import Release

_ENOUGH = 2  # one in so many attributes of an entity has to turn up elsewhere
_MOST_HOLDERS = 200


def merged_into(change: Removed[Entity], release: Release) -> str:
    """The entity that took over the attributes of a synced entity that is gone, "" for none."""
    about = entity_of(change, release)
    if not about.on_devices or about.was is not Storage.TABLE or about.new:
        return ""
    lost = _kinds(attributes(release.old, about.old))
    found = _shared(lost, release.memo(release, _gained))
    return min((name for name, count in found.items() if count * _ENOUGH >= len(lost)), default="")


def split_from(change: Added[Entity], release: Release) -> str:
    """The synced entity whose lost attributes a new entity took over, "" for none."""
    about = entity_of(change, release)
    if about.now is not Storage.TABLE or about.old:
        return ""
    lost = release.memo(release, _lost)
    found = _shared(_kinds(attributes(release.new, about.new)), lost)
    sizes = release.memo(release, _losses)
    enough = (name for name, count in found.items() if count * _ENOUGH >= sizes[name])
    new = min(enough, default="")
    return _before(new, release) if new else ""


NamedType = tuple[str, str]  # name and type: by these attributes are told apart after a move
Holders = Mapping[NamedType, list[str]]  # the entities (by their new names) that gained or lost an attribute, in order


def _shared(attributes: Iterable[NamedType], holders: Holders) -> Counter[str]:
    """How many of some attributes each entity gained, or lost. An attribute that so many did says nothing of who
    took it over: the first ones alone are asked."""
    return Counter(name for each in attributes for name in holders.get(each, ())[:_MOST_HOLDERS])


def _gained(_: Release, release: Release) -> Holders:
    synced = (n for n in _changed_entities(release) if release.new.synced(n))
    return _by_attribute((n, _members(n, release, new=True) - _members(n, release, new=False)) for n in synced)


def _lost(_: Release, release: Release) -> Holders:
    return _by_attribute((name, _loss(name, release)) for name in release.memo(release, _losses))


def _losses(_: Release, release: Release) -> Mapping[str, int]:
    """The synced entities that lost attributes, by their new names, with how many."""
    synced = (n for n in _changed_entities(release) if release.old.synced(_before(n, release)))
    return {name: count for name in synced if (count := len(_loss(name, release)))}


def _loss(name: str, release: Release) -> frozenset[NamedType]:
    return _members(name, release, new=False) - _members(name, release, new=True)


def _by_attribute(found: Iterable[tuple[str, frozenset[NamedType]]]) -> Holders:
    holders: dict[NamedType, list[str]] = {}
    for name, members in found:
        for each in members:
            holders.setdefault(each, []).append(name)
    return holders


def _members(name: str, release: Release, *, new: bool) -> frozenset[NamedType]:
    """The attributes of an entity that is there on both sides, by its new name, on one of them."""
    return _kinds(attributes(release.new, name) if new else attributes(release.old, _before(name, release)))


def _before(name: str, release: Release) -> str:
    return release.old.entity_by_id(release.partner.get(_id(release.new, name), ""))


def _kinds(members: Mapping[str, Element]) -> frozenset[NamedType]:
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
