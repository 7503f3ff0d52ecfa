"""The native dependencies of a whole project, who brings them, and how they move between two versions.

Facts: a widget package and a JavaScript action list the native modules they need in a JSON sidecar.
A sidecar that cannot be read is an unknown map, never an empty one. The version counts without its
range mark: ``^6.0.0`` and ``6.0.0`` ask for the same module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from mx_changeclass.model.snapshot import Element

PREFIX = "nativeDependencies."
WIDGET = "widget:"
_MARKS = "^~=v><* "


@frozen
class Dependency:
    """One native module: the version that each owner asks for, as written. An owner is a JavaScript action
    (``Module.Action``, the module as its folder is written) or a widget (``widget:`` and its id)."""

    package: str
    asked: Mapping[str, str] = field(hash=False)

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(sorted(self.asked))

    @property
    def version(self) -> str:
        """The versions asked for as a reader sees them: one, or several with a comma."""
        return _told(self.asked)

    @property
    def resolved(self) -> frozenset[str]:
        """The versions without range marks; more than one is a conflict, for only one can be linked."""
        return frozenset(resolved(version) for version in self.asked.values())


@frozen
class DependencyMap:
    """All native modules by package, and the owners whose list could not be read, each with a digest of it."""

    packages: Mapping[str, Dependency] = field(hash=False)
    unread: Mapping[str, str] = field(hash=False)


@frozen
class DependencyMove:
    """How one native module differs. ``kind`` is ``added``, ``removed``, ``version``, ``range-mark`` or
    ``unread``; an unread move has no package: a list of its owner is unknown on a side and may hold anything."""

    package: str
    old: str
    new: str
    kind: str
    owners: tuple[str, ...]

    @property
    def subject(self) -> str:
        return self.package or ", ".join(self.owners)


def resolved(version: str) -> str:
    """A version without its range mark."""
    return version.strip().lstrip(_MARKS)


def dependency_map(rows: Iterable[Element]) -> DependencyMap:
    """The map of a project out of the rows of its side files; rows of other kinds bring nothing."""
    asked: dict[str, dict[str, str]] = {}
    unread: dict[str, str] = {}
    for row in rows:
        if row.parent is not None or not row.type.startswith("File$"):
            continue
        owners = tuple(_owners(row))
        if "nativeDependencies" in row.props:
            unread.update(dict.fromkeys(owners, str(row.props.get("sidecar", ""))))
        for key, version in row.props.items():
            if key.startswith(PREFIX):
                asked.setdefault(key.removeprefix(PREFIX), {}).update(dict.fromkeys(owners, str(version)))
    return DependencyMap({p: Dependency(p, a) for p, a in sorted(asked.items())}, dict(sorted(unread.items())))


def dependency_moves(old: DependencyMap, new: DependencyMap) -> tuple[DependencyMove, ...]:
    """What differs between two maps. What an unread list may hold is neither added nor removed."""
    moves = list(_unread_moves(old, new))
    for package in sorted({*old.packages, *new.packages}):
        before = _asked(old.packages.get(package), new.unread)
        after = _asked(new.packages.get(package), old.unread)
        was, now = package in old.packages, package in new.packages
        if after and not was:
            kind = "added"
        elif before and not now:
            kind = "removed"
        elif before and after and set(before.values()) != set(after.values()):
            kind = "range-mark" if {*map(resolved, before.values())} == {*map(resolved, after.values())} else "version"
        else:
            continue
        moves.append(DependencyMove(package, _told(before), _told(after), kind, tuple(sorted(after or before))))
    return tuple(moves)


def _asked(dependency: Dependency | None, unknown: Mapping[str, str]) -> dict[str, str]:
    """What owners ask for whose list can be read on the other side too."""
    return {owner: version for owner, version in dependency.asked.items() if owner not in unknown} if dependency else {}


def _told(asked: Mapping[str, str]) -> str:
    return ", ".join(sorted(set(asked.values())))


def _unread_moves(old: DependencyMap, new: DependencyMap) -> Iterator[DependencyMove]:
    """Lists that are unknown on a side, unless they are equally unknown on both."""
    for owner in sorted({*old.unread, *new.unread}):
        before, after = old.unread.get(owner), new.unread.get(owner)
        if before is None or after is None or before != after:
            told = ["unread" if side is not None else "" for side in (before, after)]
            yield DependencyMove("", told[0], told[1], "unread", (owner,))


def _owners(row: Element) -> Iterator[str]:
    if row.type == "File$Widget":
        names = row.props.get("widgets") or (row.name,)
        yield from (WIDGET + str(name) for name in names)
    else:
        yield row.name
