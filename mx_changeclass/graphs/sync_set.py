"""What lives on devices: the entities each native or offline profile synchronises, and how.

Source: docs/storage.md, "Sync set". Without a row of its own the mode of an entity is
All where a reachable document retrieves the entity from the database, None where it is only created
or changed, NoneAndPreserveData where it is only referenced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.graphs.reachability import Reach, Reachability
from mx_changeclass.graphs.symbols import DOCUMENT, MEMBER, Symbols
from mx_changeclass.model import system

ALL, CONSTRAINED, CLEAR, PRESERVE, NEVER, ONLINE = (
    "All",
    "Constrained",
    "None",
    "NoneAndPreserveData",
    "Never",
    "Online",
)
# How much a mode leaves on a device, most first.
_WEIGHT = {mode: i for i, mode in enumerate((ALL, CONSTRAINED, NEVER, CLEAR, PRESERVE, ONLINE))}
# The keys of an explicit row that say which entity is synchronised, and how.
SYNC_KEYS = ("entity", "syncMode", "downloadMode", "shouldDownload", "constraint", "compatibilityMode")
_RETRIEVING = frozenset({"retrieves"})
_EDITING = frozenset({"creates", "changes", "deletes"})

UsesByEntity = dict[str, set[str]]  # entity name to the verbs of reachable documents


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


def sync_sets(reachability: Reachability) -> Mapping[str, Mapping[str, Synced]]:
    """Per native or offline profile its entities by name."""
    profiles = reachability.navigation.profiles
    return {p.name: _of_profile(reachability, reachability.reaches[p.name]) for p in profiles if p.holds_data}


def merged(sets: Mapping[str, Mapping[str, Synced]]) -> Mapping[str, Synced]:
    """One entry an entity over all profiles."""
    found: dict[str, Synced] = {}
    for profile in sorted(sets):
        for name, entry in sets[profile].items():
            other = found.get(name, entry)
            first = min(other, entry, key=lambda e: _WEIGHT.get(e.mode, 0))
            found[name] = evolve(first, profiles=tuple(sorted({*other.profiles, *entry.profiles})))
    return dict(sorted(found.items()))


def _of_profile(reachability: Reachability, reach: Reach) -> dict[str, Synced]:
    symbols, profile = reachability.symbols, reach.profile
    uses = used(reachability, reach)
    config = {str(row.props.get("entity", "")): row.props for row in reachability.navigation.sync_config(profile)}
    found = {}
    for name in sorted({*uses, *filter(symbols.persistable, config)}):
        row = config.get(name, {})
        computed = _computed(uses.get(name, set()))
        found[name] = Synced(
            name,
            _mode(row) if row else computed,
            computed,
            bool(row),
            row.get("compatibilityMode") is True,
            (profile.name,),
            str(row.get("constraint", "")),
            _why(symbols, reach, name),
        )
    return found


def used(reachability: Reachability, reach: Reach) -> UsesByEntity:
    """The persistable entities that reachability alone brings into the sync set of a profile."""
    symbols = reachability.symbols
    uses, through_attributes = _uses(reachability, reach)
    # An attribute names the entity that declares it, also where a specialisation is what is used.
    named = frozenset(uses)
    for owner, verbs in through_attributes.items():
        users = [owner] if owner in named else [d for d in symbols.descendants(owner) if d in named]
        for user in users or [owner]:
            uses.setdefault(user, set()).update(verbs)
    uses = {name: verbs for name, verbs in uses.items() if symbols.persistable(name)}
    # A file or user of the System module that is only referenced stands for the specialisation in use.
    for name in [n for n in uses if system.is_system(n) and not uses[n] & (_RETRIEVING | _EDITING)]:
        if any(d in uses for d in symbols.descendants(name)):
            del uses[name]
    for special in symbols.all_descendants(uses):
        uses[special] = set()
    return uses


def _uses(reachability: Reachability, reach: Reach) -> tuple[UsesByEntity, UsesByEntity]:
    """What reachable documents do with each entity, and with the attributes of each entity."""
    symbols = reachability.symbols
    direct: UsesByEntity = {}
    through: UsesByEntity = {}
    for node in reach.came_from:
        if node[1] != DOCUMENT:
            continue
        for verb, (name, space) in reachability.links(node):
            if space != MEMBER or name[0] == "/":
                continue
            if name.count(".") >= 2:
                through.setdefault(name.rpartition(".")[0], set()).add(verb)
            elif ends := symbols.ends(name):
                # The owner's row holds the reference; the entity at the other end is only referred to.
                direct.setdefault(ends[0], set()).add(verb)
                for end in ends[1:]:
                    direct.setdefault(end, set()).add("follows")
            else:
                direct.setdefault(name, set()).add(verb)
    return direct, through


def _computed(verbs: set[str]) -> str:
    if verbs & _RETRIEVING:
        return ALL
    return CLEAR if verbs & _EDITING else PRESERVE


def _mode(props: Mapping[str, Any]) -> str:
    """The mode a row sets: ``syncMode`` from 9.24, ``downloadMode`` from 8.9, ``shouldDownload`` before."""
    mode = props.get("syncMode") or props.get("downloadMode")
    return str(mode) if mode else (CLEAR if props.get("shouldDownload") is False else ALL)


def _why(symbols: Symbols, reach: Reach, name: str) -> tuple[str, ...]:
    """The way to an entity: its own, or through the generalisation it joined with, or its explicit row."""
    line = symbols.lineage(name)
    for i, each in enumerate(line):
        if way := reach.path((each, MEMBER)):
            return (*way, *line[:i][::-1])
    return (reach.profile.name, name)
