"""The verbs chained: two models, or what leads to them, to a verdict. No module is named as a public verb is:
once loaded it would stand in the package in place of the verb."""

from __future__ import annotations

import os
from datetime import date
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path

from attrs import evolve

from mx_changeclass.changes.change import Changes
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import BrokenContainer, ReadError
from mx_changeclass.findings.classify import Rules, classify_release
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.findings.plan import Plan
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.footprint import Footprint, footprint_of
from mx_changeclass.graphs.profiles import MOST_PROFILES, Navigation
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.readers import read
from mx_changeclass.rules.engine.release import Release

Model = str | PathLike[str] | Snapshot


def compare(
    old: Model,
    new: Model,
    policy: Policy | None = None,
    *,
    native: tuple[str | None, str | None] = (None, None),
    rules: Rules | None = None,
    today: date | None = None,
) -> Verdict:
    """Read both models, find what changed, and classify it.

    A model is anything that ``read`` takes, or a ``Snapshot``. ``old`` may be ``"none"``: nothing was released yet,
    or ``"newest-tag"``: the release before ``new``. ``native`` names the native app of each side where it is not part
    of the project: a native template folder, a revision of it, or a facts file. ``rules`` is the catalogue that is
    asked, as ``classify`` takes it, and ``today`` the day on which the waivers of the policy are judged. Raises
    ``ReadError`` where an input cannot be read, ``PolicyError`` and ``RuleError`` for what is no policy and no rule.
    """
    policy = policy_or_default(policy)
    before = read(old, before=new)
    after = read(new, beside=before)
    if after.form == "none":
        raise ReadError(after.label, "nothing to release", "'none' may only stand for the old side")
    check_readable(before)
    check_readable(after)
    before, after = with_native(before, native[0]), with_native(after, native[1])
    return verdict_on(before, after, policy, rules, today)


def verdict_on(
    before: Snapshot, after: Snapshot, policy: Policy, rules: Rules | None = None, today: date | None = None
) -> Verdict:
    """The verdict on two models that were read."""
    return classify_release(released(before, after, policy), rules, today)


def released(before: Snapshot, after: Snapshot, policy: Policy | None, known: App | None = None) -> Release:
    """The release that leads from one model that was read to another. ``known`` is what was asked of the older one
    before, see ``Release.of``."""
    policy = policy_or_default(policy)
    return Release.of(changes_between(before, after, policy), policy, known)


def changes_between(before: Snapshot, after: Snapshot, policy: Policy) -> Changes:
    """What changed between two models that were read, as a verdict sees it: a native app that only one side brings is
    that of both, and files that a policy leaves out are not there."""
    if before.form != "none":
        before, after = _shared_native(before, after), _shared_native(after, before)
    if policy.ignore:
        before, after = _without(before, policy.ignore), _without(after, policy.ignore)
    return diff(before, after)


def prepared(snapshot: Snapshot, policy: Policy, native: str | None = None) -> Snapshot:
    """A model as it is compared: with the native app that is named, and without the files that a policy leaves out.
    Raises ``ReadError`` where nothing can be said of it."""
    check_readable(snapshot)
    held = with_native(snapshot, native)
    return _without(held, policy.ignore) if policy.ignore else held


def footprint(model: Model) -> Footprint:
    """What lives on devices: per navigation profile the data, the documents, and what they call. ``model`` is
    anything that ``read`` takes, or a ``Snapshot``; one without navigation has no profile. Raises ``ReadError``."""
    snapshot = read(model)
    check_readable(snapshot)
    return footprint_of(snapshot)


def plan(
    old: Model,
    new: Model,
    policy: Policy | None = None,
    *,
    native: tuple[str | None, str | None] = (None, None),
    nobody_fails: bool = False,
) -> Plan:
    """The steps that lead from one version to another without loss, each proven: its model was built, compared with the
    one before and classified. ``nobody_fails`` puts off, too, what would fail on devices until they update. The other
    arguments and errors are those of ``compare``; ``PolicyError`` where ``old`` is "none"."""
    from mx_changeclass.findings.planning import proven_plan

    return proven_plan(compare(old, new, policy, native=native), nobody_fails=nobody_fails)


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
    if len(Navigation(snapshot).profiles) > MOST_PROFILES:
        problem = f"has more than {MOST_PROFILES} navigation profiles"
        raise BrokenContainer(snapshot.label, problem, "Remove those that nobody uses")


def _without(snapshot: Snapshot, ignore: tuple[str, ...]) -> Snapshot:
    """Without the files beside the model that a pattern names."""
    out = {
        i: u
        for i, u in snapshot.units.items()
        if u.slot == "files" and any(fnmatchcase(u.file, pattern) for pattern in ignore)
    }
    kept = {i: u for i, u in snapshot.units.items() if i not in out}
    return evolve(snapshot, units=kept, ignored={u.file: u.digest for u in out.values()})


def with_native(snapshot: Snapshot, app: str | None) -> Snapshot:
    """A model with the native app that is named, if any."""
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
