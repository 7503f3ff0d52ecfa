"""A plan that is proven: the model of each step is built, compared with the one before it and classified.

What no order makes safe stays out, with all that needs it. What may go one release later is put off, with all that
needs that. What only shows once the rest stays away is put off as well, or, where that is all there is to it, an entity
is kept in the sync set by an explicit row: the one element that is made up here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import attrs
from attrs import define, field, frozen

from mx_changeclass.changes.change import Added
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.carriers import VERSION
from mx_changeclass.findings.classify import classify_release
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.parts import Parts
from mx_changeclass.findings.plan import (
    ON_BINARY,
    SYNCHRONISED,
    UPDATED_AND_SYNCHRONISED,
    Advice,
    Asked,
    Plan,
    PlanStep,
    StepKind,
    Steps,
    asked,
    breaks_binaries,
    by_codepush,
    deployed,
    of_the_whole,
    over_the_air,
    waiting,
)
from mx_changeclass.graphs.sync_set import ALL, CONSTRAINED
from mx_changeclass.model.snapshot import Element, Snapshot
from mx_changeclass.model.types import ENTITY, SYNC_ROW
from mx_changeclass.rules.engine.release import Release, SyncChange
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Maybe, Remedy
from mx_changeclass.wording.values import plural

NAVIGATION = "Navigation$NavigationDocument"
_KEEPING = "an explicit row, mode {mode}, in the synchronisation settings of {profiles}"


@frozen
class Kept:
    """An entity that an explicit row keeps in the sync set of some profiles until the release after."""

    mode: str
    profiles: tuple[str, ...]


def proven_plan(verdict: Verdict, *, nobody_fails: bool = False) -> Plan:
    """The steps of a release, each proven. With ``nobody_fails``, what would fail on devices until they update is as
    good a reason to put a change off as data that would be lost.

    Asks for the models, so no ``detached`` verdict does. Raises ``PolicyError`` where nothing was released yet.
    """
    if verdict.old.form == "none":
        raise PolicyError("nothing is released yet, so there is no order to keep. Give the version that is released")
    proof = Proof(verdict, attrs.evolve(Steps.of(verdict), nobody_fails=nobody_fails))
    proof.search()
    return proof.plan()


@define(eq=False, slots=False)
class Proof:
    whole: Verdict
    make: Steps
    parts: Parts = field(init=False)
    out: set[str] = field(factory=set, init=False)  # what no order makes safe
    later: set[str] = field(factory=set, init=False)  # what is put off
    kept: dict[str, Kept] = field(factory=dict, init=False)  # by entity
    grounds: list[Asked] = field(factory=list, init=False)  # why, beyond what the whole release says
    model1: Snapshot = field(init=False)  # what goes out first
    model2: Snapshot = field(init=False)  # and what follows
    first: Verdict = field(init=False)
    second: Verdict | None = field(default=None, init=False)
    unserved: bool = field(default=False, init=False)  # a binary would go out before the server that it needs

    def __attrs_post_init__(self) -> None:
        self.parts = Parts(Release.of(self.whole.changes, self.whole.policy))

    # -- what goes when ---------------------------------------------------------------------------

    def search(self) -> None:
        self._sort_out(self.whole, self.parts.release, frozenset(self.parts))
        while True:
            self.model1 = self._model(self.now, keeping=True)
            release, self.first = self._judged(self.model1)
            if self._sort_out(self.first, release, self.now):
                continue
            self.model2 = self._model(self.now | self.put_off)
            self.second = self._judged_after(self.model1, self.model2) if self.put_off or self.kept else None
            if self.second is None or not self._sort_out(self.second, None, self.put_off):
                return

    @property
    def kept_out(self) -> frozenset[str]:
        return self.parts.relying_on(self.out)

    @property
    def put_off(self) -> frozenset[str]:
        return self.parts.relying_on(self.later) - self.kept_out

    @property
    def now(self) -> frozenset[str]:
        return frozenset(self.parts) - self.kept_out - self.put_off

    def _sort_out(self, verdict: Verdict, release: Release | None, going: frozenset[str]) -> bool:
        """Keep out and put off what a verdict on some parts says of them; whether anything moved. Of what was put off,
        ``release`` None, nothing is put off once more."""
        moved = False
        for row, finding in asked(verdict.rows):
            out, later = self.make.keeps_out(finding), self.make.puts_off(finding)
            later &= release is not None and not of_the_whole(row)  # what it is made of says the same of itself
            if not (out or later):
                continue
            if release is not None and later and self._keep(finding, release):
                moved = True
                continue
            guilty = self._hangs_on(finding) & going
            if later and not out:  # an entity that comes costs nothing; what it takes the place of says so of itself
                guilty = frozenset(key for key in guilty if not self._comes(key))
            fresh = guilty - (self.out if out else self.later)
            if fresh and verdict is not self.whole:
                self.grounds.append((row, finding))
            (self.out if out else self.later).update(fresh)
            moved |= bool(fresh)
        return moved

    def _hangs_on(self, finding: Finding) -> frozenset[str]:
        """The parts that carry a finding; none where only the version of Studio Pro does, or the whole release: it
        cannot be left out."""
        return self.parts.carrying(finding.carriers) - {VERSION}

    def _comes(self, key: str) -> bool:
        part = self.parts[key]
        return part.kind == ENTITY and all(isinstance(change, Added) for change in part.changes)

    def _keep(self, finding: Finding, release: Release) -> bool:
        """Keep an entity in the sync set by an explicit row, where it lost what brought it in and no row of its own."""
        if not _of_the_sync_set(finding):
            return False
        change = next((c for c in release.sync_changes if c.entity == finding.subject), None)
        if change is None or change.old is None or change.old.explicit or change.old_entity in self.kept:
            return False
        if change.new is not None and change.new.explicit:
            return False
        mode = ALL if change.old.mode == CONSTRAINED else change.old.mode
        self.kept[change.old_entity] = Kept(mode, tuple(sorted(change.profiles)))
        return True

    # -- models -------------------------------------------------------------------------------------

    def _model(self, keys: frozenset[str], *, keeping: bool = False) -> Snapshot:
        model = self.parts.take(keys)
        return _keeping(model, self.kept) if keeping and self.kept else model

    def _judged(self, model: Snapshot) -> tuple[Release, Verdict]:
        """The verdict on what goes out first, against what runs."""
        known = self.parts.release.old
        release = Release.of(diff(known.snapshot, model), self.whole.policy, known)
        return release, classify_release(release)

    def _judged_after(self, old: Snapshot, new: Snapshot) -> Verdict:
        """The verdict on what follows the first release: the binary that is out then is the planned one."""
        policy = self.whole.policy
        if self.first.channel is FULL_RELEASE and policy.new_native_template:
            policy = attrs.evolve(policy, native_template=policy.new_native_template, new_native_template="")
        return classify_release(Release.of(diff(old, new), policy))

    # -- steps --------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        old, new = self.whole.old, self.whole.new
        left = self._judged_after(self.model2, new)
        steps = tuple(self._steps(left))
        open_ = tuple(self._open(steps))
        with_them = {self.parts[k].name for k in self.kept_out - self.out if self.parts[k].meaningful}
        return Plan(
            steps,
            over_the_air=over_the_air(self.whole),
            open=open_,
            waiting=tuple(sorted(with_them)),
            proven=not open_,
            old=old.digest,
            new=new.digest,
        )

    def _open(self, steps: tuple[PlanStep, ...]) -> Iterator[str]:
        """What keeps the plan from being proven."""
        if open_ := len({f for f in self.whole.findings if f.undecided}):
            yield f"{plural(open_, 'finding')} could not be decided"
        elif any(step.kind is StepKind.FIND_OUT for step in steps):
            yield "something has to be found out first"
        shown = [f for r, f in asked(self.first.rows) if not of_the_whole(r)]
        if any(self.make.keeps_out(f) or self.make.puts_off(f) for f in shown):
            yield "something shows in the first release that could not be put off"
        if self.unserved:
            yield "the new binary holds what calls parts of the server that are deployed after it"
        if any(step.after_the_wait is DESTRUCTIVE for step in steps):
            yield "a release costs data after all that it waits for"
        if any(v.accountability.unexplained for v in (self.whole, self.first, self.second or self.first)):
            yield "some differences were explained by nothing"

    def _steps(self, left: Verdict) -> Iterator[PlanStep]:
        make, stated = self.make, [*asked(self.whole.rows), *self.grounds]
        stopped = any(
            of_the_whole(r) and f.release_class is DESTRUCTIVE and make.keeps_out(f) and not self._hangs_on(f)
            for r, f in asked(self.whole.rows)
        )
        yield from make.first(stated, self.whole.rows if stopped else left.rows)
        if stopped:
            return
        later = list(self.second.rows) if self.second else []
        yield from make.wait([(r, f) for r, f in asked(self.first.rows) if not make.puts_off(f)])
        first = list(self._first_release(later))
        yield from first
        if later:
            until = (UPDATED_AND_SYNCHRONISED if self.kept else make.until(later)) if first else SYNCHRONISED
            yield make.wait_on(later, until)
            name, runs = ("release 2", ("the server runs release 1",)) if first else ("", ())
            yield attrs.evolve(make.deploy(later, name, waited=True), checks=runs)
            if stored := [r for r in later if r.channel is FULL_RELEASE]:
                yield make.store(stored, name)

    def _first_release(self, later: list[Row]) -> Iterator[PlanStep]:
        make, rows, name = self.make, list(self.first.rows), "release 1" if later else ""
        runs = (f"the server runs {self.whole.old.label} (digest {self.whole.old.digest[:12]})",)
        stored = [r for r in rows if r.channel is FULL_RELEASE]
        if stored and breaks_binaries(stored):
            name = "release 1"
            early = self._before_the_binary()
            if sent := [r for r in early if deployed(r)]:
                yield attrs.evolve(make.deploy(sent, "release 1a"), checks=runs)
                runs = ("the server runs release 1a",)
                seen = {r.fingerprint for r in sent}
                rows = [r for r in rows if r.fingerprint not in seen]
            self.unserved = any(f.channel is NEEDS_REDEPLOY for _, f in asked(rows))
            yield make.store(stored, name)
            yield waiting(ON_BINARY)
            yield attrs.evolve(self._deploy(rows, name, later, on_binary=True), checks=runs)
        else:
            if any(map(deployed, rows)) or self.kept or self._holds(later):
                yield attrs.evolve(self._deploy(rows, name, later), checks=runs)
            if stored:
                yield make.store(stored, name)
        if by_codepush(self.whole.policy) and any(r.channel is OTA_SAFE for r in rows):
            yield PlanStep(kind=StepKind.PUBLISH, model=name)

    def _holds(self, later: Iterable[Row]) -> bool:
        """Whether the first release must hold something until the next."""
        return any(f.meanwhile and self.make.puts_off(f) for _, f in asked(later))

    def _deploy(self, rows: list[Row], name: str, later: Iterable[Row], *, on_binary: bool = False) -> PlanStep:
        """A deploy of the first release, with the explicit rows that it holds."""
        kept = (
            Advice(Remedy.LATER, _KEEPING.format(mode=held.mode, profiles=", ".join(held.profiles)), (entity,))
            for entity, held in sorted(self.kept.items())
        )
        left = [attrs.evolve(r, findings=tuple(f for f in r.findings if not self._is_kept(f))) for r in later]
        step = self.make.deploy([r for r in rows if deployed(r)], name, later=left, on_binary=on_binary)
        return attrs.evolve(step, edit=(*kept, *step.edit))

    def _is_kept(self, finding: Finding) -> bool:
        return finding.subject in self.kept and _of_the_sync_set(finding)

    def _before_the_binary(self) -> tuple[Row, ...]:
        """What installed binaries can run; nothing where it cannot be told what they cannot."""
        breaking = (f for f in self.first.findings if f.rule.breaks_by_bundle and f.breaks_old_clients is Maybe.YES)
        native = self.parts.carrying(c for f in breaking for c in f.carriers)
        rows = self._judged(self._model(self.now - self.parts.relying_on(native), keeping=True))[1].rows
        return () if breaks_binaries(rows) else rows


def _of_the_sync_set(finding: Finding) -> bool:
    return any(verb is SyncChange for verb, _ in finding.rule.listens_to)


def _keeping(model: Snapshot, kept: Mapping[str, Kept]) -> Snapshot:
    """A model with an explicit row for each entity that is to stay in the sync set."""
    unit_id, unit = next((i, u) for i, u in model.live.items() if u.type == NAVIGATION)
    rows = list(model.rows(unit_id))
    profiles = [r for r in rows if r.slot == "profiles"]
    for entity, held in sorted(kept.items()):
        for profile in (p for p in profiles if p.name in held.profiles):
            mark = hashlib.sha256(f"{profile.id}|{entity}".encode()).hexdigest()
            props = {"entity": entity, "syncMode": held.mode, "constraint": ""}
            made = f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:32]}"
            rows.append(Element(made, SYNC_ROW, "", profile.id, "offlineEntityConfigs", props, len(rows)))
    digest = hashlib.sha256(f"{unit.digest} {sorted(kept.items())}".encode()).hexdigest()
    unit = attrs.evolve(unit, digest=digest, load=partial(tuple, rows), stored=None)
    return attrs.evolve(model, units={**model.units, unit_id: unit}, digest=digest)
