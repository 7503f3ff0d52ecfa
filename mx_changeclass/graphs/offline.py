"""What lives on devices: the entities each native or offline profile synchronises, and how.

Source: rules catalogue, "Audience" 4 and 5, and what real apps taught about it: the automatic mode is
All where a reachable document retrieves the entity from the database, None where it is only created
or changed, NoneAndPreserveData where it is only referenced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.graphs.audience import Audience, Links, Reach
from mx_changeclass.graphs.names import ATTRIBUTE, DOCUMENT, ENTITY, MEMBER, Names, Node

ALL, CONSTRAINED, NONE, PRESERVE, NEVER, ONLINE = "All", "Constrained", "None", "NoneAndPreserveData", "Never", "Online"
# How much a mode leaves on a device, most first.
_WEIGHT = {mode: i for i, mode in enumerate((ALL, CONSTRAINED, NEVER, NONE, PRESERVE, ONLINE))}
_RETRIEVING = frozenset({"retrieves"})
_EDITING = frozenset({"creates", "changes"})


@frozen
class Synced:
    """An entity of the sync set. ``mode`` is what holds, ``computed`` what reachability alone gives;
    ``explicit`` says that a row of the profile sets the mode. With several profiles the one that leaves
    most on a device speaks."""

    entity: str
    mode: str
    computed: str
    explicit: bool = False
    compatibility: bool = False
    profiles: tuple[str, ...] = ()
    constraint: str = ""
    why: tuple[str, ...] = ()


def sync_set(audience: Audience) -> Mapping[str, Mapping[str, Synced]]:
    """Per native or offline profile its entities by name."""
    return {
        profile.name: _of_profile(audience, audience.reaches[profile.name])
        for profile in audience.profiles
        if profile.holds_data
    }


def merged(sets: Mapping[str, Mapping[str, Synced]]) -> Mapping[str, Synced]:
    """One entry an entity over all profiles."""
    found: dict[str, Synced] = {}
    for profile in sorted(sets):
        for name, entry in sets[profile].items():
            other = found.get(name)
            if other is None:
                found[name] = entry
                continue
            first = min(other, entry, key=lambda e: _WEIGHT.get(e.mode, 0))
            found[name] = evolve(first, profiles=(*other.profiles, *entry.profiles))
    return dict(sorted(found.items()))


def _of_profile(audience: Audience, reach: Reach) -> dict[str, Synced]:
    names, profile = audience.names, reach.profile
    uses = _uses(audience.links, reach)
    for name in [n for n in uses if not names.persistable(n)]:
        del uses[name]
    for name in sorted(uses):
        for special in names.descendants(name):
            uses.setdefault(special, set())
    configured = _configured(audience, reach)
    found = {}
    for name in sorted({*uses, *configured}):
        computed = _computed(uses.get(name, set()))
        row = configured.get(name, {})
        why = reach.why((name, MEMBER)) or _why_through_parent(names, reach, name) or (profile.name, name)
        found[name] = Synced(
            name, _mode(row) if row else computed, computed, bool(row), row.get("compatibilityMode") is True,
            (profile.name,), str(row.get("constraint", "")), why,
        )
    return found


def _uses(links: Links, reach: Reach) -> dict[str, set[str]]:
    """What reachable documents do with each entity, by verb."""
    uses: dict[str, set[str]] = {}
    for node in reach.came_from:
        if node[1] != DOCUMENT:
            continue
        for verb, target in links.of(node):
            if target[1] == MEMBER:
                for entity in _entities(links.names, target):
                    uses.setdefault(entity, set()).add(verb)
    return uses


def _entities(names: Names, node: Node) -> Iterable[str]:
    """The entities that a use of a member touches: itself, the owner of an attribute, both ends of an association."""
    name = node[0]
    if name.count(".") >= 2:
        return (name.rpartition(".")[0],)
    row = names.member(name)
    if row is not None and row.type not in (ENTITY, ATTRIBUTE):
        return names.ends(name)
    return (name,)


def _computed(verbs: set[str]) -> str:
    if verbs & _RETRIEVING:
        return ALL
    return NONE if verbs & _EDITING else PRESERVE


def _configured(audience: Audience, reach: Reach) -> dict[str, Mapping[str, Any]]:
    """The explicit rows of a profile by entity."""
    unit = audience.navigation
    return {
        str(row.props["entity"]): row.props
        for row in (audience.names.snapshot.rows(unit.id) if unit else ())
        if row.type == "Navigation$OfflineEntityConfig" and row.parent == reach.profile.row.id
        and row.props.get("entity")
    }


def _mode(props: Mapping[str, Any]) -> str:
    """The mode a row sets: ``syncMode`` from 9.24, ``downloadMode`` from 8.9, ``shouldDownload`` before."""
    mode = props.get("syncMode") or props.get("downloadMode")
    return str(mode) if mode else (NONE if props.get("shouldDownload") is False else ALL)


def _why_through_parent(names: Names, reach: Reach, name: str) -> tuple[str, ...]:
    """The way to a specialisation leads through the generalisation it joined with."""
    below = [name]
    parent = names.generalization(name)
    while parent and parent not in below:
        if way := reach.why((parent, MEMBER)):
            return (*way, *below[::-1])
        below.append(parent)
        parent = names.generalization(parent)
    return ()
