"""Histories in git that tests make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import mx_changeclass as mx
from tests.builders.build import write_v2

STORY = Path(__file__).parents[2] / "fixtures" / "field-service"
PROJECT = "apps/field"


def git(at: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=at, check=True, capture_output=True,
        env={**environment, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    return done.stdout.decode().strip()


class History:
    """A repository in the making, with the commits by their names."""

    def __init__(self, at: Path) -> None:
        self.at, self.named = at, dict[str, str]()
        self.at.mkdir()
        git(self.at, "init", "-q", "-b", "main")

    def put(self, name: str, version: str | mx.Snapshot = "", **files: str) -> None:
        """Commit a version of the story, or a model, and files beside it."""
        if version:
            model = mx.read(STORY / f"{version}.snapshot.xml") if isinstance(version, str) else version
            shutil.rmtree(self.at / PROJECT, ignore_errors=True)
            write_v2(model, self.at / PROJECT, name="Field.mpr")
        for path, content in files.items():
            (self.at / path.replace("__", "/")).write_text(content)
        git(self.at, "add", "-A")
        git(self.at, "commit", "-qm", name)
        self.keep(name)

    def keep(self, name: str) -> None:
        self.named[git(self.at, "rev-parse", "HEAD")] = name
