"""The history of a project: the commits that touched its folder."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers.git import Repository, project_in, read_git


@frozen
class History:
    """Commits that touched a project, oldest first. ``path`` leads to its folder or ``.mpr`` from the top of the
    repository around ``cwd``."""

    commits: tuple[str, ...]
    path: str
    cwd: Path

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
    return History(tuple(reversed(commits)), "/".join(filter(None, (folder, mpr))), cwd)
