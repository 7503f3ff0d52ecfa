"""What a finding hangs on: the rows whose changes brought it about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from attrs import evolve, field, frozen

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.native_dependencies import DependencyChange
from mx_changeclass.model.types import ENTITY
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Detail, Hit

VERSION = "$version"  # stands for the row that changed where the version of Studio Pro did
_NAME = regex(r"[\w$-]+(?:\.[\w$-]+)*")


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
    new = side is release.new
    here, there = (release.memo(release, _new_steps if each else _old_steps) for each in (new, not new))
    for step in pairwise(way):
        made = here.get(step, ())
        if made and step not in there:
            yield from made


def _old_steps(release: Release, _: Release) -> Mapping[tuple[str, str], list[Change]]:
    return _steps(release, release.old)


def _new_steps(release: Release, _: Release) -> Mapping[tuple[str, str], list[Change]]:
    return _steps(release, release.new)


def _steps(release: Release, side: App) -> Mapping[tuple[str, str], list[Change]]:
    """The changed rows of a side by what they are told under and what they name."""
    found: dict[tuple[str, str], list[Change]] = {}
    for subject, changes in release.memo(release, _by_subject).items():
        for change in changes:
            for name in _named(change, side, release):
                found.setdefault((subject, name), []).append(change)
    return found


def _named(change: Change, side: App, release: Release) -> set[str]:
    """What the changed row names on a side."""
    row = next((row for app, row in release.sides(change) if app is side), None)
    if row is None:
        return set()
    tree = release.changes.old_tree if side is release.old else release.changes.new_tree
    unit = tree.unit_of.get(row.id)
    module = tree.snapshot.module(unit) if unit else ""
    held = side.references(unit).get(row.id, ()) if unit else ()
    return {name for r in held for name in (*r.target.split("/"), f"{module}{r.target}")}


def _by_path(release: Release, _: Release) -> Mapping[object, list[Change]]:
    found: dict[object, list[Change]] = {}
    for change in release.changes:
        if path := change.row.props.get("path"):
            found.setdefault(path, []).append(change)
    return found


def _listing(about: DependencyChange, release: Release) -> Iterator[Change]:
    """The changed files that ask for a native module."""
    maps = release.old.dependencies, release.new.dependencies
    paths = sorted({files[owner] for files in (m.files for m in maps) for owner in about.owners if owner in files})
    found = release.memo(release, _by_path)
    return (change for path in paths for change in found.get(path, ()))


def _to_owners(about: DependencyChange, release: Release) -> Iterator[Change]:
    """The changes by which a native profile comes to what asks for a native module, or no longer does."""
    for side, other in ((release.new, release.old), (release.old, release.new)):
        for name in (n for owner in about.owners for n in side.names_of_owner(owner)):
            if side.reached_native(name) and not other.reached_native(name):
                yield from _on_the_way(side.why(name), side, other, release)
