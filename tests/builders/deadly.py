"""Histories that end whoever compares some of their commits, as where a library crashes or memory runs out."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import mx_changeclass as mx
from tests.builders.histories import field_service, git


class _Deadly(str):
    """A pattern of files. Whoever holds a file against it is gone, without a word."""

    def __getitem__(self, key: Any) -> Any:
        os._exit(9)


class _Faulty(str):
    """A pattern of files that this program does not expect."""

    def __getitem__(self, key: Any) -> Any:
        raise ZeroDivisionError


# They say the same of versions without such a file.
CALM = mx.Policy(ignore=("theme/*",))
DEADLY = mx.Policy(ignore=(_Deadly("theme/*"),))
FAULTY = mx.Policy(ignore=(_Faulty("theme/*"),))


def deadly_history(folder: Path, commits: int, deadly: Collection[int]) -> list[str]:
    """Write a history of so many commits, and give their ids; each of the ``deadly`` ones has a file in its theme."""
    at = field_service(folder)
    trees = [git(at, "rev-parse", f"HEAD~{n}^{{tree}}") for n in range(4)]
    (at / "theme").mkdir()
    (at / "theme" / "custom.css").write_text("p {}")
    found: list[str] = []
    for n in range(commits):
        git(at, "read-tree", trees[n % 4])
        if n in deadly:
            git(at, "add", "theme")
        parent = ["-p", found[-1]] if found else []
        found.append(git(at, "commit-tree", git(at, "write-tree"), *parent, "-m", f"Commit {n}"))
    git(at, "update-ref", "refs/heads/main", found[-1])
    return found
