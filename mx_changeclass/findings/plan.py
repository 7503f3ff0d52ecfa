"""What to do with a release, in the order in which it is done."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from mx_changeclass.findings.facts import BY_SWITCH, waits_for_a_binary
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.rows import DEPENDENCY, NATIVE_BINARY
from mx_changeclass.model.types import PROJECT
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.rule import Hits
from mx_changeclass.vocabulary import (
    BEFOREHAND,
    BLOCKED,
    DESTRUCTIVE,
    FULL_RELEASE,
    HARD_LOSS,
    NEEDS_REDEPLOY,
    NONE,
    OTA_SAFE,
    POSTPONED,
    UNORDERED,
    Hazard,
    Maybe,
    ReleaseClass,
    Remedy,
)
from mx_changeclass.wording.values import plural

SYNCHRONISED = "every device has synchronised"
REPLACED = "the users of devices that cannot install the new binary have others"
ON_BINARY = "every device runs the new binary"
UPDATED = "every device runs release 1"
UPDATED_AND_SYNCHRONISED = "every device runs release 1 and has synchronised since"

_ADVISED = ("do", "prepare", "leaves", "edit", "better")
_SHORT = 60  # characters of what happened to the app that are told as they are
_MODULE, _CLIENT = "native module", "client change"
_FILES = {"File$NativeTemplate": "file of the native template"}
# What has to be seen before what is waited for is taken to have happened. The server sees who synchronises, and not
# what still waits on a device.
_SEEN: Mapping[str, tuple[str, ...]] = {
    SYNCHRONISED: ("the server has logged a synchronisation of every device since its users stopped",),
    ON_BINARY: ("no device reports the version of an older binary",),
    UPDATED: (
        "every device reports release 1: a constant that each release raises, logged when a device synchronises",
        "the longest time that a device stays offline has passed since the deploy",
    ),
}


class StepKind(enum.StrEnum):
    """What a step of a plan is."""

    CHANGE_THE_MODEL = "change-the-model"  # no order of steps makes it safe
    FIND_OUT = "find-out"
    WAIT = "wait"
    DEPLOY = "deploy"  # which publishes it as well where the runtime's own updates over the air are used
    PUBLISH = "publish"  # through CodePush, which is a step of its own
    STORE = "store"  # a binary


@frozen
class Advice:
    """What the findings of one remedy ask for in the same words. ``subjects`` are the names it is for, none where it
    is the app as a whole; ``because`` are the titles of the rules that say it."""

    remedy: Remedy
    text: str
    subjects: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        told = {"advice": str(self.remedy), "text": self.text, "for": self.subjects, "because": self.because}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}


@frozen(kw_only=True)
class PlanStep:
    """One step. ``changes`` are the fingerprints of the rows that it is about: of a deploy those that go out with it,
    of a store step those that need the binary, and of a change of the model those that stay out. ``names`` are those
    of what a release holds that the one before was to leave.

    ``release_class`` is the class of a deploy as it stands, ``after_the_wait`` once what the steps before it wait for
    has happened. ``do`` is what the step is about, ``prepare`` what comes before a deploy, ``leaves`` what its model
    leaves to the next, ``edit`` what it must hold meanwhile, ``better`` what would spare those who meet its changes.
    ``loses`` are names whose data the server drops, ``checks`` what has to be seen before it is done.
    """

    kind: StepKind
    model: str = ""
    until: str = ""
    release_class: ReleaseClass = NONE
    after_the_wait: ReleaseClass = NONE
    changes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    do: tuple[Advice, ...] = ()
    prepare: tuple[Advice, ...] = ()
    leaves: tuple[Advice, ...] = ()
    edit: tuple[Advice, ...] = ()
    better: tuple[Advice, ...] = ()
    fails_until_updated: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    late_entries_lost: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The step as plain values; what says nothing is left out."""
        told = {
            "step": str(self.kind),
            "model": self.model,
            "until": self.until,
            "class": str(self.release_class) if self.release_class is not NONE else "",
            "after_the_wait": str(self.after_the_wait) if self.after_the_wait is not NONE else "",
            "changes": list(self.changes),
            "names": list(self.names),
            "reasons": list(self.reasons),
            **{
                name: [a.to_dict() for a in getattr(self, name)]
                for name in ("do", "prepare", "leaves", "edit", "better")
            },
            "fails_until_updated": list(self.fails_until_updated),
            "loses": list(self.loses),
            "checks": list(self.checks),
            "late_entries_lost": self.late_entries_lost,
        }
        return {key: value for key, value in told.items() if value or key in ("step", "changes")}


def waiting(until: str, *, do: tuple[Advice, ...] = (), late_entries_lost: bool = False) -> PlanStep:
    """A wait, with what has to be seen before it is over."""
    checks = next((checks for start, checks in _SEEN.items() if until.startswith(start)), ())
    return PlanStep(kind=StepKind.WAIT, until=until, checks=checks, do=do, late_entries_lost=late_entries_lost)


@frozen
class Plan:
    """The steps of a release. ``proven`` says that the model of each step was built and classified, and that nothing is
    ``open``; the order of an outline rests on what the verdict says of each change alone. ``over_the_air``: deploying
    publishes. ``waiting`` are names of what stays out together with what no order makes safe. ``old`` and ``new`` are
    the digests of the models it leads from and to: once the server runs another than ``old``, the plan is void."""

    steps: tuple[PlanStep, ...]
    proven: bool = False
    over_the_air: bool = False
    open: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    old: str = ""
    new: str = ""

    @property
    def leads_there(self) -> bool:
        """Whether the steps lead to the new version, and none costs data once what it waits for has happened."""
        stays_out = any(step.kind is StepKind.CHANGE_THE_MODEL for step in self.steps)
        return not stays_out and all(step.after_the_wait < DESTRUCTIVE for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain values."""
        steps = [step.to_dict() for step in self.steps]
        told = {"proven": self.proven, "over_the_air": self.over_the_air, "steps": steps}
        if not self.old:
            return told
        return {**told, "leads_there": self.leads_there, "open": list(self.open), "waiting": list(self.waiting)}


def outline(verdict: Verdict) -> Plan:
    """What to do, as far as a verdict alone tells, a ``detached`` one too: nothing is built and nothing proven."""
    return Plan(tuple(_outline(verdict, Steps.of(verdict))), over_the_air=over_the_air(verdict))


def over_the_air(verdict: Verdict) -> bool:
    """Whether something of a release goes over the air, so that deploying publishes it."""
    return bool(verdict.released.ota) and any(r.channel is OTA_SAFE for r in verdict.rows)


def keeps_out(finding: Finding) -> bool:
    """Whether a finding keeps its change out of a release until its remedy was followed: it costs data, on devices or
    on the server, or keeps a client, the server or an installation from working."""
    stops = finding.hazard in BLOCKED or finding.hazard is Hazard.CANNOT_INSTALL
    return finding.release_class is DESTRUCTIVE or finding.server_data_loss is Maybe.YES or stops


def ended_apps(verdict: Verdict) -> list[str]:
    """The profiles that a release takes away from those who have the app."""
    return sorted(Steps.of(verdict).retired)


def fails_until_updated(verdict: Verdict) -> bool:
    """Whether installed apps fail in some function until they take an update: one that is taken away gets none."""
    ends = Steps.of(verdict).ends
    return any(f.breaks_old_clients is Maybe.YES and not ends(f) for f in verdict.findings)


def of_the_whole(row: Row) -> bool:
    """A row about the app as a whole, which no release can leave out."""
    return row.kind == PROJECT


Asked = tuple[Row, Finding]


def asked(rows: Iterable[Row]) -> list[Asked]:
    return [(row, finding) for row in rows for finding in row.findings]


@frozen
class Steps:
    """Makes steps of rows. ``retired`` are the profiles that a release takes away. With ``nobody_fails`` what fails on
    devices until they update is as bad as data that is lost."""

    retired: frozenset[str] = frozenset()
    nobody_fails: bool = False

    @classmethod
    def of(cls, verdict: Verdict) -> Steps:
        profiles = (row for row in verdict.rows if row.kind.startswith("Navigation$"))
        return cls(frozenset(r.name for r in profiles if any(f.remedy is Remedy.RETIRE for f in r.findings)))

    def ends(self, finding: Finding) -> bool:
        """Whether all profiles that a finding concerns are taken away, so that no client of theirs runs a release."""
        return bool(finding.audience) and self.retired.issuperset(finding.audience)

    def remedy(self, finding: Finding) -> Remedy:
        """The remedy of a finding. What waits for devices is done with the retirement of all that hold it."""
        lossless = finding.server_data_loss is Maybe.NO
        done = self.ends(finding) and (lossless or finding.remedy in POSTPONED) and finding.remedy is not Remedy.RETIRE
        return Remedy.NONE if done else finding.remedy

    def keeps_out(self, finding: Finding) -> bool:
        """Whether no order makes it safe."""
        return self._weighs(finding) and self.remedy(finding) in UNORDERED

    def puts_off(self, finding: Finding) -> bool:
        """Whether it is right one release later."""
        return self._weighs(finding) and self.remedy(finding) in POSTPONED

    def _weighs(self, finding: Finding) -> bool:
        return keeps_out(finding) or (self.nobody_fails and finding.breaks_old_clients is Maybe.YES)

    def first(self, stated: list[Asked], left: Iterable[Row]) -> Iterator[PlanStep]:
        """What comes before any release: changes of the model, and what is to be found out. ``left`` are the rows that
        stay out for it."""
        changed = [(r, f) for r, f in stated if self.keeps_out(f) and f.remedy is not Remedy.ASK]
        opened = [(r, f) for r, f in stated if self.remedy(f) is Remedy.ASK]
        by_change = {r.fingerprint for r, _ in changed}
        to_ask = {r.fingerprint for r, f in opened if self.keeps_out(f)} - by_change if changed else None
        asking = _marks(r for r in left if to_ask is None or r.fingerprint in to_ask) if opened else ()
        if changed:
            rest = _marks(r for r in left if r.fingerprint not in asking)
            yield PlanStep(kind=StepKind.CHANGE_THE_MODEL, do=_advice(changed), changes=rest)
        if opened:
            yield PlanStep(kind=StepKind.FIND_OUT, do=_advice(opened), changes=asking)

    def wait(self, stated: list[Asked]) -> Iterator[PlanStep]:
        """What devices do before a release."""
        waited = [(r, f) for r, f in stated if self.remedy(f) in BEFOREHAND]
        replaced = [f.hazard is Hazard.CANNOT_INSTALL for _, f in waited]
        until = [text for text, there in ((SYNCHRONISED, not all(replaced)), (REPLACED, any(replaced))) if there]
        lost = any(f.hazard in HARD_LOSS for _, f in waited)
        if waited:
            yield waiting(" and ".join(until), do=_advice(waited), late_entries_lost=lost)

    def wait_on(self, rows: list[Row], until: str) -> PlanStep:
        """What devices do before the release that holds what was put off."""
        stated = asked(rows)
        still = any(f.hazard in HARD_LOSS and f.remedy in BEFOREHAND for _, f in stated) or until == SYNCHRONISED
        lost = still and any(f.hazard in HARD_LOSS for _, f in stated)
        advice = _advice([(r, f) for r, f in stated if self.remedy(f) in BEFOREHAND])
        return waiting(until, do=advice, late_entries_lost=lost)

    def deploy(
        self,
        rows: list[Row],
        model: str = "",
        *,
        later: Iterable[Row] = (),
        waited: bool = False,
        on_binary: bool = False,
    ) -> PlanStep:
        """A deploy of these rows, which leaves some for ``later``, or for which all ``waited``. That they need a binary
        as well is said by a step of its own; ``on_binary`` says that all have it."""
        stated = asked(rows)
        met = BEFOREHAND | {Remedy.PREPARE_SERVER, Remedy.NONE} | (POSTPONED if waited else frozenset())
        after = (f.channel if self.remedy(f) in met else f.release_class for _, f in stated)
        failing = [
            (r, f)
            for r, f in stated
            if f.breaks_old_clients is Maybe.YES and not self.ends(f) and not (on_binary and f.rule.breaks_by_bundle)
        ]
        losing = [(r, f) for r, f in stated if f.server_data_loss is Maybe.YES]
        put_off = [(r, f) for r, f in asked(later) if self.puts_off(f)]
        return PlanStep(
            kind=StepKind.DEPLOY,
            model=model,
            release_class=_deployed_as(f.release_class for _, f in stated),
            after_the_wait=_deployed_as(after),
            changes=_marks(rows),
            names=_names(stated) if waited and model else (),
            prepare=_advice([(r, f) for r, f in stated if self.remedy(f) is Remedy.PREPARE_SERVER]),
            leaves=_advice(put_off),
            edit=_advice(put_off, lambda finding: finding.meanwhile),
            better=self._better(stated, all_=waited and not model),
            fails_until_updated=() if waited else _names(failing),
            loses=_names([(r, f) for r, f in losing if self.remedy(f) is not Remedy.PREPARE_SERVER]),
        )

    def store(self, rows: list[Row], model: str = "") -> PlanStep:
        """A binary for these rows. That it comes before a bundle which needs it, the order of the steps says."""
        stated = [(r, f) for r, f in asked(rows) if f.channel is FULL_RELEASE]
        return PlanStep(
            kind=StepKind.STORE,
            model=model,
            changes=_marks(rows),
            reasons=_reasons(rows),
            do=_advice([(r, f) for r, f in stated if self.remedy(f) is Remedy.STORE and not f.rule.breaks_by_bundle]),
            prepare=_advice([(r, f) for r, f in stated if self.remedy(f) is Remedy.PREPARE_SERVER and not deployed(r)]),
            leaves=_advice([(r, f) for r, f in stated if self.puts_off(f)]),
            edit=_advice([(r, f) for r, f in stated if self.puts_off(f)], lambda finding: finding.meanwhile),
            better=self._better([(r, f) for r, f in stated if not deployed(r)]),
        )

    def until(self, rows: Iterable[Row]) -> str:
        """What a release waits for that holds what was put off from the one before."""
        synchronised = any(self.puts_off(f) and self.remedy(f) is Remedy.LATER for _, f in asked(rows))
        return UPDATED_AND_SYNCHRONISED if synchronised else UPDATED

    def _better(self, stated: list[Asked], *, all_: bool = False) -> tuple[Advice, ...]:
        """What is advised of changes that go out all the same; ``all_`` where what should have been put off does."""
        kinds = (UNORDERED | POSTPONED) - {Remedy.ASK}
        advised = (
            (r, f) for r, f in stated if (all_ and self.puts_off(f)) or (not keeps_out(f) and self.remedy(f) in kinds)
        )
        return _advice(list(advised))


def _outline(verdict: Verdict, make: Steps) -> Iterator[PlanStep]:
    rows = list(verdict.rows)
    out = [r for r in rows if not of_the_whole(r) and any(map(make.keeps_out, r.findings))]
    staying = _but(rows, out)
    later = [r for r in staying if any(map(make.puts_off, r.findings))]
    now = _but(staying, later)
    stopped = any(of_the_whole(r) and f.release_class is DESTRUCTIVE for r, f in asked(rows) if make.keeps_out(f))
    yield from make.first(asked(rows), rows if stopped else out)
    if stopped:
        return
    yield from make.wait(asked(now))
    early = [r for r in later if any(make.puts_off(f) and f.channel is FULL_RELEASE for f in r.findings)]
    sent, stored = [r for r in now if deployed(r)], [r for r in (*now, *early) if r.channel is FULL_RELEASE]
    left = _but(later, early)
    held = any(f.meanwhile and make.puts_off(f) for _, f in asked(left))
    first = bool(sent or stored or held)
    name = "release 1" if first and later else ""
    if stored and breaks_binaries(stored):
        server = [r for r in sent if _server_alone(r)]
        if server:
            yield make.deploy(server, "release 1a")
        name = "release 1"
        yield make.store(stored, name)
        yield waiting(ON_BINARY)
        yield make.deploy(_but(sent, server), name, later=left)
    else:
        if sent or held:
            yield make.deploy(sent, name, later=left)
        if stored:
            yield make.store(stored, name)
    if by_codepush(verdict.policy) and any(r.channel is OTA_SAFE for r in now):
        yield PlanStep(kind=StepKind.PUBLISH, model=name)
    if later:
        name = "release 2" if first else ""
        yield make.wait_on(later, make.until(later) if first else SYNCHRONISED)
        yield make.deploy(later, name, waited=True)
        if rest := [r for r in left if r.channel is FULL_RELEASE]:
            yield make.store(rest, name)


def _but(rows: list[Row], others: list[Row]) -> list[Row]:
    """The rows without these; a row is itself, and not whatever says the same."""
    gone = set(map(id, others))
    return [row for row in rows if id(row) not in gone]


def by_codepush(policy: Policy) -> bool:
    return policy.declared.get("codepush") == "yes"


def breaks_binaries(stored: Iterable[Row]) -> bool:
    """Whether an update over the air breaks the binaries that are installed. They take none where a new Studio Pro
    version asks for another template."""
    breaks = any(f.rule.breaks_by_bundle and f.breaks_old_clients is Maybe.YES for _, f in asked(stored))
    return breaks and not any(of_the_whole(r) and r.prop == "productVersion" for r in stored)


def deployed(row: Row) -> bool:
    """Whether a change reaches anybody by a deploy: a part of it is on the server, or goes over the air, which a deploy
    does. The rest waits for a binary."""
    version = of_the_whole(row) and row.prop == "productVersion"
    return row.channel is OTA_SAFE or version or any(f.channel is NEEDS_REDEPLOY for f in row.findings)


def _server_alone(row: Row) -> bool:
    """Whether no bundle holds a part of the change."""
    channels = {f.channel for f in row.findings}
    return channels <= {NONE, NEEDS_REDEPLOY} and not any(f.rule.in_bundle for f in row.findings)


def _deployed_as(classes: Iterable[ReleaseClass]) -> ReleaseClass:
    """The class of a deploy: what needs a binary as well needs at least a deploy."""
    return max((NEEDS_REDEPLOY if c is FULL_RELEASE else c for c in classes if c is not NONE), default=OTA_SAFE)


def _marks(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.fingerprint for row in rows))


def _names(stated: Iterable[Asked]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.subject_name for row, _ in stated if row.name or row.old_name))


def _advice(stated: list[Asked], text: Callable[[Finding], str] = lambda f: f.mitigation) -> tuple[Advice, ...]:
    """The advice of findings, one for each text, in the order of the rows: worst first. What is said of all findings
    together adds nothing to those that it is made of."""
    found: dict[tuple[Remedy, str], list[Asked]] = {}
    own = {f.remedy for r, f in stated if not _adds_nothing(r, f)}
    for row, finding in stated:
        if text(finding) and not (_adds_nothing(row, finding) and finding.remedy in own):
            found.setdefault((finding.remedy, text(finding)), []).append((row, finding))
    return tuple(
        Advice(remedy, words, _named(group), tuple(dict.fromkeys(f.rule.title for _, f in group)))
        for (remedy, words), group in found.items()
    )


def _named(group: list[Asked]) -> tuple[str, ...]:
    """The names that an advice is for; what concerns the released binary is not for whatever waits for another."""
    return () if all(f.rule.id in BY_SWITCH for _, f in group) else _names(group)


def _adds_nothing(row: Row, finding: Finding) -> bool:
    """Whether others say the same of what the finding is made of."""
    return _aggregate(finding) or (of_the_whole(row) and finding.remedy in POSTPONED)


def _aggregate(finding: Finding) -> bool:
    return any(verb is Hits for verb, _ in finding.rule.listens_to)


def _reasons(rows: Iterable[Row]) -> tuple[str, ...]:
    """Why a binary is needed: "7 native modules", "native template 14.1.13 to 19.1.1", "177 client changes"."""
    counted: dict[str, dict[str, None]] = {}
    told: dict[str, None] = {}
    for row in rows:
        if all(map(_aggregate, row.findings)):
            continue
        if waits_for_a_binary(row):
            counted.setdefault(_CLIENT, {})[row.fingerprint] = None
        elif row.kind == DEPENDENCY:
            counted.setdefault(f"undecided {_MODULE}" if row.undecided else _MODULE, {})[row.name] = None
        elif row.kind == PROJECT:
            asking = next((f for f in row.findings if f.channel is FULL_RELEASE), row.findings[0])
            told[row.what if 0 < len(row.what) <= _SHORT else asking.rule.title] = None
        elif row.kind == NATIVE_BINARY:
            counted.setdefault("setting of the native app", {})[row.fingerprint] = None
        else:
            counted.setdefault(_FILES.get(row.kind, row.subject_kind), {})[row.fingerprint] = None
    words = sorted(counted, key=lambda word: (word == _CLIENT, not word.endswith(_MODULE)))  # what it is about first
    return (*told, *(plural(len(counted[word]), word) for word in words))
