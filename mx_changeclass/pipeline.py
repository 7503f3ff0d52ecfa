"""The verbs chained: two models, or what leads to them, to a verdict. No module is named as a public verb is:
once loaded it would stand in the package in place of the verb."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path

from attrs import evolve

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import BrokenContainer, ReadError
from mx_changeclass.findings.classify import Rules, classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.readers import read

Model = str | PathLike[str] | Snapshot


def compare(
    old: Model,
    new: Model,
    policy: Policy | None = None,
    *,
    native: tuple[str | None, str | None] = (None, None),
    rules: Rules | None = None,
) -> Verdict:
    """Read both models, find what changed, and classify it.

    A model is anything that ``read`` takes, or a ``Snapshot``. ``old`` may be ``"none"``: nothing was
    released yet. ``native`` names the native app of each side where it is not part of the project: a native
    template folder, a revision of it, or a facts file. ``rules`` is the catalogue that is asked, as ``classify``
    takes it. Raises ``ReadError`` where an input cannot be read, ``PolicyError`` and ``RuleError``
    for what is no policy and no rule.
    """
    policy = policy_or_default(policy)
    before = read(old)
    after = read(new, beside=before)
    if after.form == "none":
        raise ReadError(after.label, "nothing to release", "'none' may only stand for the old side")
    check_readable(before)
    check_readable(after)
    before, after = _with_native(before, native[0]), _with_native(after, native[1])
    if before.form != "none":
        before, after = _shared_native(before, after), _shared_native(after, before)
    if policy.ignore:
        before, after = _without(before, policy.ignore), _without(after, policy.ignore)
    return classify(diff(before, after), policy, rules=rules)


_NEEDED = {
    "Projects$Project": "project",
    "Navigation$NavigationDocument": "navigation document",
    "DomainModels$DomainModel": "domain model",
}


def check_readable(snapshot: Snapshot) -> None:
    """Raise ``BrokenContainer`` for a model of which nothing can be said: what is not there would be read as
    nothing on devices, nothing new, or nothing released yet."""
    if snapshot.form == "none":
        return
    model = [unit for unit in snapshot.units.values() if unit.slot != "files"]
    missing = sum(unit.missing for unit in model)
    seen = {unit.type for unit in model if not unit.missing}
    lacking = [word for kind, word in _NEEDED.items() if kind not in seen]
    if lacking:
        what = f"no {' and no '.join(lacking)}" if seen else "no document"
        gap = f": {missing} of {len(model)} documents are missing or damaged" if missing else ""
        raise BrokenContainer(snapshot.label, f"holds {what} that can be read{gap}", "Complete the checkout")


def _without(snapshot: Snapshot, ignore: tuple[str, ...]) -> Snapshot:
    """Without the files beside the model that a pattern names."""
    out = {
        i: u
        for i, u in snapshot.units.items()
        if u.slot == "files" and any(fnmatchcase(u.file, pattern) for pattern in ignore)
    }
    kept = {i: u for i, u in snapshot.units.items() if i not in out}
    return evolve(snapshot, units=kept, ignored={u.file: u.digest for u in out.values()})


def _with_native(snapshot: Snapshot, app: str | None) -> Snapshot:
    if app is None:
        return snapshot
    from mx_changeclass.readers.names import named_twice
    from mx_changeclass.readers.native_app import read_native

    told = named_twice(app, Path()) if os.path.exists(app) else ""
    held = _holding(snapshot, read_native(app))
    return evolve(held, ambiguity="; ".join(filter(None, (held.ambiguity, told))))


def _shared_native(snapshot: Snapshot, other: Snapshot) -> Snapshot:
    """Where only the other side brings a native app, that is the one this side is known to run in: nothing
    is added or removed, but a change of it cannot be seen."""
    if snapshot.native is not None or other.native is None:
        return snapshot
    note = "the native app of this version was not given, so changes of it could not be compared"
    return evolve(_holding(snapshot, other.native), incomplete=(*snapshot.incomplete, note))


def _holding(snapshot: Snapshot, unit: Unit) -> Snapshot:
    return evolve(snapshot, units={**{i: u for i, u in snapshot.units.items() if u.type != unit.type}, unit.id: unit})
