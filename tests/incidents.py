"""Releases that went wrong in public, replayed: what each edit must give, and what looks like it and is harmless.

An incident is a table of ``fixtures/incidents``, under the name it goes by here: its ``number`` in our list, its
public ``source`` and, below ``hit`` and ``near-miss``, edits in the words of ``tests.cases`` with what the verdict
must say. Numbers run to 64; those of other stacks than Mendix are not replayed.

``python -m tests.incidents guid-reset`` prints the verdicts on incidents whose name holds a text,
``python -m tests.incidents`` all that fail.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from attrs import frozen

from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers import read
from tests.builders.build import write_v1, write_v2
from tests.builders.editor import Draft
from tests.cases import FIXTURES, Case, report


@frozen
class Incident:
    """``stored`` says that the incident is about what lies in the project file: its pairs run through one as well."""

    name: str
    number: int
    source: str
    stored: bool
    hits: tuple[Case, ...]
    near_misses: tuple[Case, ...]


@cache
def incidents() -> tuple[Incident, ...]:
    """All replayed incidents, by number."""
    found = []
    for path in sorted((FIXTURES / "incidents").glob("*.toml")):
        for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            hits, near = (
                tuple(Case(f"{name} {kind} {label}", edit, edit) for label, edit in table[kind].items())
                for kind in ("hit", "near-miss")
            )
            found.append(Incident(name, table["number"], table["source"], table.get("stored", False), hits, near))
    return tuple(sorted(found, key=lambda incident: incident.number))


def pairs(*, stored: bool = False) -> Iterator[Case]:
    """The edits of all incidents, or of those about stored bytes alone."""
    for incident in incidents():
        if incident.stored or not stored:
            yield from (*incident.hits, *incident.near_misses)


def stored_verdict(case: Case, folder: Path, form: str) -> Verdict:
    """The verdict on a case whose sides lie in project files of a form: ``v1`` or ``v2``."""
    old, new = case.drafts()
    sides = through_project(old, folder / "old", form), through_project(new, folder / "new", form)
    return classify(diff(*sides), case.policy)


def through_project(draft: Draft, folder: Path, form: str) -> Snapshot:
    """What a reader sees of a model written as a project file."""
    folder.mkdir(parents=True)
    version = str(draft.version)
    if form == "v1":
        return read(str(write_v1(draft.snapshot(), folder / "App.mpr", version=version)))
    return read(str(write_v2(draft.snapshot(), folder, version=version, side=draft.files) / "App.mpr"))


def main(wanted: list[str]) -> int:
    failing = 0
    for case in pairs():
        if wanted and not any(text in case.id for text in wanted):
            continue
        told = report(case)
        failing += "!" in told
        if wanted or "!" in told:
            print(told)
    return int(bool(failing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
