"""The native dependencies of a whole project, who brings them, and how they move between two versions.

Facts: a widget package and a JavaScript action list the native modules they need in a JSON sidecar.
A sidecar that cannot be read is an unknown list, never an empty one. The version counts without its
range mark: ``^6.0.0`` and ``6.0.0`` ask for the same module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import field, frozen

from mx_changeclass.model.snapshot import Element

PREFIX = "nativeDependencies."
WIDGET_OWNER = "widget:"
_MARKS = "^~=v><* "
_MOST_ASKED = 10_000  # modules times owners of one file; a widget package has a few of each


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
    """All native modules by package; the file each owner stands in; and the files whose list could not be read,
    each with a digest of it, and why."""

    packages: Mapping[str, Dependency] = field(hash=False)
    files: Mapping[str, str] = field(hash=False)
    unread: Mapping[str, str] = field(hash=False)
    problems: Mapping[str, str] = field(factory=dict, hash=False)


@frozen
class DependencyChange:
    """How one native module differs. ``kind`` is ``added``, ``removed``, ``version``, ``range-mark`` or
    ``unread``; an unread move has no package: the list of its owners is unknown on a side and may hold anything.
    ``owners`` are those of the new side, of the old side where it has none; ``reached`` says that they are
    part of the native client. Of an unread one ``problem`` names the file and what is wrong with it."""

    package: str
    old: str
    new: str
    kind: str
    owners: tuple[str, ...]
    reached: bool = True
    problem: str = ""

    @property
    def subject(self) -> str:
        return self.package or ", ".join(self.owners)


def resolved(version: str) -> str:
    """A version without its range mark."""
    return version.strip().lstrip(_MARKS)


def dependency_map(rows: Iterable[Element], missing: Iterable[str] = ()) -> DependencyMap:
    """The map of a project out of the rows of its side files; rows of other kinds bring nothing. ``missing`` are the
    paths of files that are listed and not there: what they ask for is unknown."""
    asked: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    unread: dict[str, str] = dict.fromkeys(missing, "missing")
    problems: dict[str, str] = {path: f"{path} is not there" for path in missing}
    for row in rows:
        if row.parent is not None or not row.type.startswith("File$"):
            continue
        path = str(row.props.get("path", ""))
        owners = tuple(_owners(row))
        if "nativeDependencies" in row.props:
            unread[path] = str(row.props.get("sidecar") or row.props.get("content", ""))
            problems[path] = _problem(row, path)
        listed = {k.removeprefix(PREFIX): str(v) for k, v in row.props.items() if k.startswith(PREFIX)}
        if len(listed) * len(owners) > _MOST_ASKED:  # no list that anybody wrote
            unread[path], listed = str(row.props.get("content", "")), {}
            problems[path] = f"{path} lists more than can be followed"
        if listed or path in unread:
            files.update(dict.fromkeys(owners, path))
        for package, version in listed.items():
            asked.setdefault(package, {}).update(dict.fromkeys(owners, version))
    return DependencyMap(
        {p: Dependency(p, a) for p, a in sorted(asked.items())}, files, dict(sorted(unread.items())), problems
    )


def _problem(row: Element, path: str) -> str:
    """Which file holds the list that cannot be read, and why it cannot; an earlier snapshot does not say why."""
    where = f"{path.rpartition('.')[0]}.json" if "sidecar" in row.props else path
    why = str(row.props.get("unread") or row.props["nativeDependencies"])
    return f"{where} {'cannot be read' if why == 'unread' else why}"


LISTING = frozenset({"File$Widget", "File$JavaScriptAction", "File$JavaScript"})


def of_owners(whole: DependencyMap, keep: Callable[[str], bool]) -> DependencyMap:
    """The part of a map that some owners bring. An unread list whose owners nobody knows stays: it may be theirs."""
    packages = {
        name: Dependency(name, asked)
        for name, found in whole.packages.items()
        if (asked := {owner: version for owner, version in found.asked.items() if keep(owner)})
    }
    kept = {path for owner, path in whole.files.items() if keep(owner) or owner == WIDGET_OWNER + path}
    return DependencyMap(packages, whole.files, {p: d for p, d in whole.unread.items() if p in kept}, whole.problems)


def dependency_changes(old: DependencyMap, new: DependencyMap) -> tuple[DependencyChange, ...]:
    """What differs between two maps. What an unread list may hold is neither added nor removed."""
    moves = list(_unread_moves(old, new))
    for package in sorted({*old.packages, *new.packages}):
        before, after = _asked(package, old, new), _asked(package, new, old)
        was, now = package in old.packages, package in new.packages
        if after and not was:
            kind = "added"
        elif before and not now:
            kind = "removed"
        elif before and after and set(before.values()) != set(after.values()):
            same = {*map(resolved, before.values())} == {*map(resolved, after.values())}
            kind = "range-mark" if same else "version"
        else:
            continue
        moves.append(DependencyChange(package, _told(before), _told(after), kind, tuple(sorted(after or before))))
    return tuple(moves)


def _asked(package: str, side: DependencyMap, other: DependencyMap) -> dict[str, str]:
    """What owners ask for whose list can be read on the other side too."""
    found = side.packages.get(package)
    return {o: v for o, v in found.asked.items() if side.files[o] not in other.unread} if found else {}


def _told(asked: Mapping[str, str]) -> str:
    return ", ".join(sorted(set(asked.values())))


def _unread_moves(old: DependencyMap, new: DependencyMap) -> Iterator[DependencyChange]:
    """Lists that are unknown on a side, unless they are equally unknown on both."""
    owners = [_by_file(side) for side in (new, old)]
    for path in sorted({*old.unread, *new.unread}):
        before, after = old.unread.get(path), new.unread.get(path)
        if before is None or after is None or before != after:
            told = ["unread" if side is not None else "" for side in (before, after)]
            problem = (new if after is not None else old).problems[path]
            yield DependencyChange("", told[0], told[1], "unread", _owners_in(path, *owners), problem=problem)


def _by_file(side: DependencyMap) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for owner, path in side.files.items():
        found.setdefault(path, set()).add(owner)
    return found


def _owners_in(path: str, *sides: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Who stands in a file; an unread widget package does not say, so the side that could read it is asked."""
    named = {owner for side in sides for owner in side.get(path, ())}
    return tuple(sorted({o for o in named if o != WIDGET_OWNER + path} or named))


def _owners(row: Element) -> Iterator[str]:
    if row.type == "File$Widget":
        names = row.props.get("widgets") or (row.name,)
        yield from (WIDGET_OWNER + str(name) for name in names)
    else:
        yield row.name
