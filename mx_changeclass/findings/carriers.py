"""What a finding hangs on: the rows whose changes brought it about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from attrs import evolve, field, frozen

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.native_dependencies import DependencyChange
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import ENTITY
from mx_changeclass.rules.engine.release import Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Detail, Hit

VERSION = "$version"  # stands for the row that changed where the version of Studio Pro did
_NAME = re.compile(r"[\w$-]+(?:\.[\w$-]+)*")


@frozen
class Carrier:
    """A changed row: its ids on the old and on the new side, "" where it has none there. Both are ``VERSION`` where
    what changed is the version of Studio Pro. ``fields`` are the keys that the rule took, none where it took all."""

    old: str
    new: str
    fields: frozenset[str] = field(default=frozenset(), eq=False)


def carriers(hits: Iterable[Hit], release: Release) -> tuple[Carrier, ...]:
    """The rows that what a rule said hangs on, in a fixed order; none where the release as a whole brought it about,
    or nobody can tell what did."""
    found: dict[Carrier, list[frozenset[str]]] = {}
    for hit in hits:
        for change in _changes(hit, release):
            found.setdefault(_carrier(change), []).append(hit.fields)
    if any(isinstance(hit.subject, VersionChange) for hit in hits):
        found[Carrier(VERSION, VERSION)] = []
    told = (evolve(c, fields=frozenset().union(*taken) if all(taken) else frozenset()) for c, taken in found.items())
    return tuple(sorted(told, key=lambda c: (c.new, c.old)))


def _carrier(change: Change) -> Carrier:
    old = "" if isinstance(change, Added) else change.old_row.id
    return Carrier(old, "" if isinstance(change, Removed) else change.new_row.id)


def _changes(hit: Hit, release: Release) -> Iterable[Change]:
    about = hit.subject
    if isinstance(about, (Added, Removed, Changed)):
        return (about,)
    named = release.memo(release, _by_subject)
    if isinstance(about, SyncChange):
        entry = about.new or about.old
        side, other = (release.new, release.old) if about.new else (release.old, release.new)
        own = [c for name in {about.entity, about.old_entity} for c in named.get(name, ()) if c.row.type == ENTITY]
        return about.rows or list(_on_the_way(entry.why if entry else (), side, other, release)) or own
    if isinstance(about, DependencyChange):
        return [*_listing(about, release), *_to_owners(about, release)]
    if not isinstance(about, Release):
        return ()
    stated = hit.detail.changes if isinstance(hit.detail, Detail) else ()
    return stated or [c for name in _NAME.findall(hit.detail) for c in named.get(name, ())]


def _by_subject(release: Release, _: Release) -> Mapping[str, list[Change]]:
    """The changes by the names of their subjects, where these have one, and of their modules; of files by those of
    what they serve."""
    found: dict[str, list[Change]] = {}
    for change in release.changes:
        tree = release.changes.tree(change)
        named = {name for _, name in release.subjects(change)} if tree.subject(change.row).name else set()
        module = tree.snapshot.module(tree.unit_of.get(change.row.id, change.row.id))
        for name in named | {module} - {""}:
            found.setdefault(name, []).append(change)
    return found


def _on_the_way(way: tuple[str, ...], side: App, other: App, release: Release) -> Iterator[Change]:
    """The changes that lead along a way which only one side has: of each step that the other side does not make,
    those of what makes it."""
    named = release.memo(release, _by_subject)
    for step, following in pairwise(way):
        led = release.memo(named[step], _leading) if step in named else {}
        if not led.get((other is release.old, following)):
            yield from led.get((side is release.old, following), ())


def _leading(changes: list[Change], release: Release) -> Mapping[tuple[bool, str], list[Change]]:
    """By side (whether it is the old one) and name those of some changes whose row names it there."""
    found: dict[tuple[bool, str], list[Change]] = {}
    for change in changes:
        for side, row in release.sides(change):
            for name in _named_by(row, side, release):
                found.setdefault((side is release.old, name), []).append(change)
    return found


def _named_by(row: Element, side: App, release: Release) -> set[str]:
    tree = release.changes.old_tree if side is release.old else release.changes.new_tree
    unit = tree.unit_of.get(row.id)
    module = tree.snapshot.module(unit) if unit else ""
    held = side.references(unit).get(row.id, ()) if unit else ()
    return {name for r in held for name in (*r.target.split("/"), f"{module}{r.target}")}


def _listing(about: DependencyChange, release: Release) -> Iterator[Change]:
    """The changed files that ask for a native module."""
    maps = release.old.dependencies, release.new.dependencies
    paths = {files[owner] for files in (m.files for m in maps) for owner in about.owners if owner in files}
    by_path = release.memo(release, _by_path)
    return (c for path in sorted(paths) for c in by_path.get(path, ()))


def _by_path(release: Release, _: Release) -> Mapping[object, list[Change]]:
    found: dict[object, list[Change]] = {}
    for change in release.changes:
        found.setdefault(change.row.props.get("path"), []).append(change)
    return found


def _to_owners(about: DependencyChange, release: Release) -> Iterator[Change]:
    """The changes by which a native profile comes to what asks for a native module, or no longer does."""
    for side, other in ((release.new, release.old), (release.old, release.new)):
        for name in (n for owner in about.owners for n in side.names_of_owner(owner)):
            if side.reached_native(name) and not other.reached_native(name):
                yield from _on_the_way(side.why(name), side, other, release)
