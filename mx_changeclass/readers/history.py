"""The history of a project: the commits that touched its folder, or those that were released."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from attrs import frozen

from mx_changeclass.errors import ReadError, UnknownFormat
from mx_changeclass.model.commits import MODEL_FILE, Commit, Leg
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers.git import SPEC, Repository, is_revision, project_in, projects, read_git
from mx_changeclass.readers.names import FORCED
from mx_changeclass.readers.side_files.contents import Unreadable, as_json

_METADATA = "refs/notes/mx_metadata"  # where Studio Pro keeps what a commit was for
_FEW = 20  # stories of a commit that are told


@frozen
class History:
    """Commits that touched a project, oldest first. ``path`` leads to its folder or ``.mpr`` from the top of the
    repository around ``cwd``. Where the history is that of a range (see ``history_between``), ``released`` is the
    commit that it is to be added to, and ``branched_at`` the one at which its line left that; else both are "".
    ``bases`` tells with what each is compared where that is not the one before it. ``label`` is the ``path``, or the
    name of the ``.mpr`` where that lies at the top."""

    commits: tuple[Commit, ...]
    path: str
    cwd: Path
    released: str = ""
    branched_at: str = ""
    bases: Mapping[str, str] | None = None
    label: str = ""

    @property
    def contents(self) -> Mapping[str, str]:
        """What stands for all that is in the project's folder, by commit; equal where the folder is."""
        commits = (self.branched_at, *(commit.id for commit in self.commits))
        return Repository(self.cwd, self.path).contents(commits, self._folder)

    @property
    def way(self) -> tuple[Leg, ...]:
        """The way from what is released to the newest commit: back to where the line of it branched, and up from
        there."""
        repository = Repository(self.cwd, self.path)
        gone = repository.commits(self.released, self._folder, after=self.branched_at)[::-1]
        back = self._legs(repository, self.branched_at, gone, back=True)
        return (*back, *self._legs(repository, self.branched_at, self.commits))

    def branches(self, leg: Leg) -> Iterator[tuple[Leg, ...]]:
        """What led to each further parent of a merge and not to its first one."""
        repository = Repository(self.cwd, self.path)
        first, *others = leg.commit.parents
        for parent in others:
            base = repository.common(first, parent)
            commits = repository.commits(parent, self._folder, after=first)[::-1] if base else []
            if commits:
                yield self._legs(repository, base, commits, back=leg.back)

    def stories(self, commits: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The stories that Studio Pro has noted for commits, where it has."""
        told = Repository(self.cwd, self.path).noted(_METADATA, commits)
        return {commit: found for commit, note in told if (found := _stories(note))}

    @property
    def _folder(self) -> str:
        return self.path.rpartition("/")[0] if self.path.lower().endswith(".mpr") else self.path

    def _legs(
        self, repository: Repository, base: str, commits: Sequence[Commit], *, back: bool = False
    ) -> tuple[Leg, ...]:
        """A line of commits, oldest first, from the one before it; taken ``back`` in the other direction."""
        steps = [*pairwise((base, *(commit.id for commit in commits)))]
        touched = repository.touched(steps, self._folder) if steps else []
        prefix = self._folder + "/" if self._folder else ""
        legs = [
            Leg(*(step[::-1] if back else step), commit, back, _around(files, prefix))
            for step, commit, files in zip(steps, commits, touched, strict=True)
        ]
        return tuple(legs[::-1] if back else legs)

    def read(self, commit: str, beside: Snapshot | None = None) -> Snapshot:
        """The project as a commit left it, with the files beside the model; what is the same in the commit ``beside``
        is taken over. Raises ``ReadError``."""
        label = f"{commit[:12]}:{self.path}".rstrip(":")
        return read_git(f"{commit}:/{self.path}", self.cwd, label, side_files=True, beside=beside)

    def steps(self) -> Iterator[tuple[str, Commit]]:
        """Each commit with the id of the one that it is compared with."""
        bases = self.bases
        if bases is not None:
            return ((bases[commit.id], commit) for commit in self.commits if commit.id in bases)
        return ((old.id, new) for old, new in pairwise(self.commits))


def history(
    revision: str,
    path: str,
    cwd: Path,
    *,
    limit: int | None = None,
    tags: str = "",
    since: str = "",
    until: str = "",
    merges: bool = True,
) -> History:
    """The history that led to a revision, or from one to another (``v1..main``), along first parents: what was merged
    counts as one commit. Without ``merges`` it is that of all other commits, each beside its own parent.

    ``tags`` takes the commits with a tag of that pattern instead, each beside the nearest of them that leads to it: the
    release that its line had before. For ``HEAD`` these are all such tags, on whatever line; for any other revision
    those that lead to it. ``since`` and ``until`` are days (``2026-04-22``); the version before the first of them is
    what that is compared with. Of many steps the last ``limit`` are given. ``path`` is as for ``read_git``. Raises
    ``ReadError``, also where the clone is shallow and ends before what was asked for.
    """
    if not cwd.is_dir():
        raise ReadError(cwd, "is no folder", "Give that of a clone")
    old, dots, new = revision.partition("..")
    if new.startswith("."):
        raise ReadError(revision, "is no range of commits", f"Give '{old}..{new[1:]}'")
    new = (new or "HEAD") if dots else revision
    repository = Repository(cwd, revision)
    entries = repository.tree(new)
    try:
        folder, mpr = project_in(entries, path or None, repository.prefix, new)
    except UnknownFormat as error:
        if path or not (folders := projects(entries)):
            raise
        told = " or ".join(f"'{each}'" for each in folders[:3])
        raise UnknownFormat(error.source, error.problem, f"Give the path of one: {told}") from None
    base = repository.branching(old or "HEAD", new) if dots else ""
    bases: Mapping[str, str] | None = None
    if tags:
        tagged = repository.tagged(tags)
        found = _leading(repository, tagged, tags, "" if revision == "HEAD" else new, base)
        bases = repository.nearest([commit.id for commit in tagged])
    else:
        found = repository.commits(new, folder, after=base, merges=merges)
        if base and merges:
            found += repository.commits(base, folder, 1)
        if not merges:
            bases = {commit.id: commit.parents[0] for commit in found if commit.parents}
    chosen = _dated(found[::-1], since, until, line=bases is None)
    begun = [commit for commit in chosen if bases is None or commit.id in bases]
    if limit is not None:
        chosen = begun[max(len(begun) - limit - (bases is None), 0) :]
    enough = limit is not None and len(chosen) == limit + (bases is None)
    if not (base or enough) and (chosen[:1] == found[-1:] or len(begun) < len(chosen)):
        repository.check_whole()
    at = _joined(folder, mpr)
    label = at or min(name for name in entries if "/" not in name and name.lower().endswith(".mpr"))
    return History(tuple(chosen), at, cwd, branched_at=base, bases=bases, label=label)


def _leading(repository: Repository, tagged: list[Commit], pattern: str, new: str, base: str) -> list[Commit]:
    """Of the commits with a tag those that lead to ``new`` and not to ``base`` where these are named."""
    within = repository.between(base, new) if new else None
    found = [commit for commit in tagged if within is None or commit.id in within]
    if not found:
        advice = "Fetch the tags with 'git fetch --tags', or give another pattern"
        raise ReadError(pattern, "is the name of no tag that could be audited", advice)
    return found


def _dated(commits: list[Commit], since: str, until: str, *, line: bool) -> list[Commit]:
    """The commits of a time. A commit says itself when it was written, so of a ``line`` all from the first of that
    time to the last count, whatever those between say; with them the one before, which the first is compared with."""
    if not line:
        return [c for c in commits if since <= c.date[:10] and (not until or c.date[:10] <= until)]
    first = next((n for n, c in enumerate(commits) if c.date[:10] >= since), len(commits))
    last = max((n for n, c in enumerate(commits) if not until or c.date[:10] <= until), default=-1)
    return commits[max(first - 1, 0) : last + 1] if first <= last else []


def history_between(old: str, new: str, path: str, cwd: Path) -> History:
    """The history that led from ``old`` to ``new``: the commits of ``new`` since its line left that of ``old``. Raises
    ``ReadError`` where the clone lacks its past, too."""
    repository = Repository(cwd, new)
    folder, mpr = project_in(repository.tree(new), path or None, repository.prefix, new)
    base = repository.branching(old, new)
    commits = repository.commits(new, folder, after=base)
    return History(tuple(reversed(commits)), _joined(folder, mpr), cwd, repository.commit(old), base)


def named_range(old: str, new: str, cwd: Path) -> History | None:
    """The history between two models that are named as ``read`` takes them, None where one is no revision. Where one
    names a folder of the project, that is the one."""
    found = [_revision(name, cwd) for name in (old, new)]
    if not all(found):
        return None
    (before, of_old), (after, of_new) = found  # type: ignore[misc]
    return history_between(before, after, of_new or of_old, cwd)


def _revision(name: str, cwd: Path) -> tuple[str, str] | None:
    """A revision and the path in it; None for a path that exists, the index, and what is neither."""
    forced = name.startswith(FORCED)
    spec = SPEC.fullmatch(name.removeprefix(FORCED))
    if spec is None or not spec[1] or (not forced and os.path.exists(cwd / name)):
        return None
    return (spec[1], spec[2] or "") if is_revision(spec[1], cwd) else None


def _around(files: Iterable[str], prefix: str) -> frozenset[str]:
    """The files of a project with the folders around them, and what stands for a model file."""
    found: set[str] = set()
    for file in files:
        at = file.removeprefix(prefix)
        if "/" not in at and at.lower().endswith(MODEL_FILE):
            found.add(MODEL_FILE)
        while at and at not in found:
            found.add(at)
            at = at.rpartition("/")[0]
    return frozenset(found)


def _stories(note: bytes) -> tuple[str, ...]:
    """The stories in what Studio Pro notes of a commit: ids, or tables that hold ids and names."""
    try:
        told = as_json(note)
    except Unreadable:
        return ()
    stories = told.get("RelatedStories") if isinstance(told, dict) else None
    values = [list(s.values()) if isinstance(s, dict) else [s] for s in stories] if isinstance(stories, list) else []
    named = (" ".join(str(v) for v in each if v and isinstance(v, (str, int))) for each in values[:_FEW])
    return tuple(name for name in named if name)


def _joined(folder: str, mpr: str) -> str:
    return "/".join(filter(None, (folder, mpr)))
