"""The story of the field-service app as a repository: who changed what, in which commit, and what was released."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from attrs import evolve

from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers import read
from tests.builders.build import write_v2

STORY = Path(__file__).parents[2] / "fixtures" / "field-service"
PROJECT = "FieldService.mpr"


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


def git(folder: Path, *arguments: str, author: str = "Ada", day: str = "2025-03-03") -> str:
    """What git prints; the same commit ids on every machine."""
    who = {"NAME": author, "EMAIL": f"{author.lower()}@example.com", "DATE": f"{day}T09:00:00Z"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **{f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    settings = ["-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def versions() -> list[Snapshot]:
    """The model at each commit."""
    old, new = (read(STORY / f"{version}.snapshot.xml") for version in ("v1", "v2"))
    at, found = old, []
    for told in COMMITS:
        taken = {unit.id: unit for unit in new.units.values() if told.documents and unit.name in told.documents}
        at = new if told.documents is None else evolve(at, units={**at.units, **taken})
        found.append(at)
    return found


def field_service(folder: Path) -> Path:
    """Write the repository into a folder, the last commit checked out. Gives the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    for told, model in zip(COMMITS, versions(), strict=True):
        shutil.rmtree(folder / "mprcontents", ignore_errors=True)
        write_v2(model, folder, name=PROJECT)
        git(folder, "add", "--all")
        git(folder, "commit", "-q", "-m", told.subject, author=told.author, day=told.day)
        if told.tag:
            git(folder, "tag", told.tag)
    return folder
