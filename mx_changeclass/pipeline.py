"""The verbs chained: two models, or what leads to them, to a verdict. No module is named as a public verb is:
once loaded it would stand in the package in place of the verb."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path

from attrs import evolve

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.policy import Policy
from mx_changeclass.readers import read

Model = str | PathLike[str] | Snapshot


def compare(
    old: Model, new: Model, policy: Policy | None = None, *, native: tuple[str | None, str | None] = (None, None)
) -> Verdict:
    """Read both models, find what changed, and classify it.

    A model is anything that ``read`` takes, or a ``Snapshot``. ``old`` may be ``"none"``: nothing was
    released yet. ``native`` names the native app of each side where it is not part of the project: a native
    template folder, a revision of it, or a facts file. Raises ``ReadError`` where an input cannot be read.
    """
    before, after = (model if isinstance(model, Snapshot) else read(model) for model in (old, new))
    if after.form == "none":
        raise ReadError(after.label, "nothing to release", "'none' may only stand for the old side")
    before, after = _with_native(before, native[0]), _with_native(after, native[1])
    if before.form != "none":
        before, after = _shared_native(before, after), _shared_native(after, before)
    if policy and policy.ignore:
        before, after = _without(before, policy.ignore), _without(after, policy.ignore)
    return classify(diff(before, after), policy)


def _without(snapshot: Snapshot, ignore: tuple[str, ...]) -> Snapshot:
    """Without the files beside the model that a pattern names."""
    kept = {
        i: u
        for i, u in snapshot.units.items()
        if u.slot != "files" or not any(fnmatchcase(u.file, pattern) for pattern in ignore)
    }
    return evolve(snapshot, units=kept)


def _with_native(snapshot: Snapshot, app: str | None) -> Snapshot:
    if app is None:
        return snapshot
    from mx_changeclass.readers.names import named_twice
    from mx_changeclass.readers.native_app import read_native

    told = named_twice(app, Path()) if os.path.exists(app) else ""
    held = _holding(snapshot, read_native(app))
    return evolve(held, warnings=(*held.warnings, told)) if told else held


def _shared_native(snapshot: Snapshot, other: Snapshot) -> Snapshot:
    """Where only the other side brings a native app, that is the one this side is known to run in: nothing
    is added or removed, but a change of it cannot be seen."""
    if snapshot.native is not None or other.native is None:
        return snapshot
    note = "the native app of this version was not given, so changes of it could not be compared"
    return evolve(_holding(snapshot, other.native), incomplete=(*snapshot.incomplete, note))


def _holding(snapshot: Snapshot, unit: Unit) -> Snapshot:
    return evolve(snapshot, units={**{i: u for i, u in snapshot.units.items() if u.type != unit.type}, unit.id: unit})
