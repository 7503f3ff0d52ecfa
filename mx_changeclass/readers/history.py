"""The history of a project: the commits that touched its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers.git import SPEC, Repository, is_revision, project_in, read_git
from mx_changeclass.readers.names import FORCED


@frozen
class History:
    """Commits that touched a project, oldest first. ``path`` leads to its folder or ``.mpr`` from the top of the
    repository around ``cwd``. Where the history is that of a range (see ``history_between``), ``released`` is the
    commit that it is to be added to, and ``branched_at`` the one at which its line left that; else both are ""."""

    commits: tuple[Commit, ...]
    path: str
    cwd: Path
    released: str = ""
    branched_at: str = ""

    @property
    def contents(self) -> Mapping[str, str]:
        """What stands for all that is in the project's folder, by commit; equal where the folder is."""
        folder = self.path.rpartition("/")[0] if self.path.lower().endswith(".mpr") else self.path
        commits = (self.branched_at, *(commit.id for commit in self.commits))
        return Repository(self.cwd, self.path).contents(commits, folder)

    def read(self, commit: str, beside: Snapshot | None = None) -> Snapshot:
        """The project as a commit left it, with the files beside the model; what is the same in the commit ``beside``
        is taken over. Raises ``ReadError``."""
        label = f"{commit[:12]}:{self.path}"
        return read_git(f"{commit}:/{self.path}", self.cwd, label, side_files=True, beside=beside)


def history(revision: str, path: str, cwd: Path, most: int | None = None) -> History:
    """The history that led to a revision, along first parents: what was merged counts as one commit. ``path``
    is as for ``read_git``; of many commits the newest ``most`` are given. Raises ``ReadError``."""
    repository = Repository(cwd, revision)
    folder, mpr = project_in(repository.tree(revision), path or None, repository.prefix, revision)
    commits = repository.commits(revision, folder, most)
    return History(tuple(reversed(commits)), _joined(folder, mpr), cwd)


def history_between(old: str, new: str, path: str, cwd: Path) -> History:
    """The history that led from ``old`` to ``new``: the commits of ``new`` since its line left that of ``old``. Raises
    ``ReadError`` where the clone lacks its past, too."""
    repository = Repository(cwd, new)
    folder, mpr = project_in(repository.tree(new), path or None, repository.prefix, new)
    base = repository.branching(old, new)
    commits = repository.commits(new, folder, None, base)
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


def _joined(folder: str, mpr: str) -> str:
    return "/".join(filter(None, (folder, mpr)))
