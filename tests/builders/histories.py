"""Histories in git that tests make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from attrs import evolve

import mx_changeclass as mx
from tests.builders.build import VERSION, write_v2

STORY = Path(__file__).parents[2] / "fixtures" / "field-service"
PROJECT = "apps/field"


def git(at: Path, *arguments: str, author: str = "Test", day: str = "") -> str:
    """What git prints. Whoever names the day of a commit gets the same id for it everywhere."""
    who = {"NAME": author, "EMAIL": f"{author.lower()}@example.com", **({"DATE": f"{day}T09:00:00Z"} if day else {})}
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        **{f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    settings = ["-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=at, check=True, capture_output=True, env=environment)
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
            stated = VERSION if isinstance(version, str) else str(model.version)
            write_v2(model, self.at / PROJECT, name="Field.mpr", version=stated)
        for path, content in files.items():
            (self.at / path.replace("__", "/")).write_text(content)
        git(self.at, "add", "-A")
        git(self.at, "commit", "-qm", name)
        self.keep(name)

    def keep(self, name: str) -> None:
        self.named[git(self.at, "rev-parse", "HEAD")] = name


class Told(NamedTuple):
    """A commit: its day, author and subject, the documents it takes from the new version (None: all), its tag."""

    day: str
    author: str
    subject: str
    documents: tuple[str, ...] | None
    tag: str = ""


COMMITS = (
    Told("2025-03-03", "Ada", "Inspections with measurements", (), "v1.0"),
    Told("2025-03-10", "Ben", "Correct the greeting", ("Home",)),
    Told("2025-03-17", "Ada", "Round invoices to whole euros", ("MF_CalcInvoice",), "v1.1"),
    Told("2025-03-24", "Ben", "Make measurements part of inspections", None),
)


def versions() -> list[mx.Snapshot]:
    """The model at each commit."""
    old, new = (mx.read(STORY / f"{version}.snapshot.xml") for version in ("v1", "v2"))
    at, found = old, []
    for told in COMMITS:
        taken = {unit.id: unit for unit in new.units.values() if told.documents and unit.name in told.documents}
        at = new if told.documents is None else evolve(at, units={**at.units, **taken})
        found.append(at)
    return found


def field_service(folder: Path) -> Path:
    """Write the repository into a folder, the last commit checked out. Gives the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    for told, model in zip(COMMITS, versions(), strict=True):
        shutil.rmtree(folder / "mprcontents", ignore_errors=True)
        write_v2(model, folder, name="FieldService.mpr")
        git(folder, "add", "--all")
        git(folder, "commit", "-q", "-m", told.subject, author=told.author, day=told.day)
        if told.tag:
            git(folder, "tag", told.tag)
    return folder
