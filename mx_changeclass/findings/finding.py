"""Findings and the verdict they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from attrs import evolve, field, fields, frozen

from mx_changeclass.changes.change import Changes
from mx_changeclass.changes.ledger import Accountability
from mx_changeclass.findings.aside import Aside, aside_of
from mx_changeclass.findings.carriers import Carrier
from mx_changeclass.findings.facts import Facts, Released, facts_of
from mx_changeclass.frozen_dict import FrozenDict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.release import Ignored
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.vocabulary import DESTRUCTIVE, NONE, OTA_SAFE, Hazard, Maybe, ReleaseClass, Remedy, Requires
from mx_changeclass.waivers import Covered, Severity, WaiverUse
from mx_changeclass.wording.changes import explanation
from mx_changeclass.wording.values import kind_in_words


@frozen
class Finding:
    """What one rule says about one subject.

    ``subject`` is a qualified name, "" for the app as a whole; ``why`` the shortest way from a profile
    to it; ``audience`` the profiles that reach it; ``evidence`` what the rule saw, and ``details`` the same
    with the changes in words where it only said yes.
    ``requires`` is what the rule asks for, as far as this app has clients to wait for, and ``hazard`` what it may
    cost, as far as there is something to lose. ``at_most`` is the class it may have once it is decided,
    ``release_class`` itself where nothing is open; ``unless`` is the fact under which it stays at ``release_class``,
    and ``setting`` the line of the configuration that states that fact, both "" where no statement helps.
    ``remedy`` is what to do about it, and ``meanwhile`` what the release must hold from which it is put off.
    ``carriers`` are the rows that it hangs on; of a finding out of a JSON report there are none.
    """

    rule: Rule
    kind: str
    subject: str
    release_class: ReleaseClass
    channel: ReleaseClass
    breaks_old_clients: Maybe
    requires: Requires
    evidence: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    hazard: Hazard = Hazard.NONE
    at_most: ReleaseClass = NONE
    unless: str = ""
    setting: str = ""
    remedy: Remedy = Remedy.NONE
    meanwhile: str = ""
    carriers: tuple[Carrier, ...] = field(default=(), eq=False, repr=False)

    def __repr__(self) -> str:
        return f"<Finding {self.rule.id} {self.release_class}: {self.kind} {self.subject!r}>"

    @property
    def undecided(self) -> bool:
        return self.rule.undecided

    @property
    def message(self) -> str:
        """What happened and what it means, for a reader who sees nothing else of the finding."""
        return explanation(self.details, self.rule.reason, whole=self.rule.undecided)

    @property
    def server_data_loss(self) -> Maybe:
        return self.rule.server_data_loss

    @property
    def mitigation(self) -> str:
        return self.rule.mitigation


def worst_first(finding: Finding) -> tuple[object, ...]:
    """The order of the findings of a verdict; no two of them stand at one place in it."""
    ranks = -finding.release_class.rank, finding.hazard.gravity, -finding.channel.rank
    return (*ranks, finding.subject, finding.rule.id, finding.kind)


@frozen
class RowPart:
    """One value that differs in what a row tells of: ``place`` is the part of the element that holds it, in words, ""
    where the element does; ``prop`` its key; ``old`` and ``new`` the value, None where it is absent or only a digest
    of it is known."""

    place: str
    prop: str
    old: object
    new: object


@frozen
class Row:
    """One reported change: a subject, what of it changed, and the findings about that.

    ``prop`` is the field of the subject, the slot its changed parts stand in, or "" where the
    subject as a whole came or went; ``old``/``new`` are set for a single value, ``parts`` where values of several
    keys differ, or of another than ``prop``; of what came or went they hold what is no default. ``part_of`` is the
    fingerprint of the row of the module that answers for this one, "" where it speaks for itself. ``module`` is the one
    it lies in, of a file the one whose folder it lies in or whose action it is, "" for what lies in none.
    """

    fingerprint: str
    verb: str
    kind: str
    name: str
    old_name: str
    id: str
    file: str
    prop: str
    findings: tuple[Finding, ...]
    what: str
    old: object = None
    new: object = None
    part_of: str = ""
    parts: tuple[RowPart, ...] = ()
    module: str = ""

    def __repr__(self) -> str:
        return f"<Row {self.fingerprint} {self.release_class}: {self.kind} {self.name!r} {self.verb}>"

    @property
    def subject_name(self) -> str:
        """The subject as a reader knows it; the old name where it was renamed or removed."""
        named = self.old_name if self.prop == "name" and self.old_name else self.name or "the app"
        return named.removeprefix("widget:")

    @property
    def subject_kind(self) -> str:
        """The kind in words: ``DomainModels$Entity`` is "entity"."""
        return kind_in_words(self.kind)

    @property
    def subject_with_kind(self) -> str:
        """The subject with its kind before it: "entity Field.Order"."""
        named = bool(self.name or self.old_name)
        return f"{self.subject_kind} {self.subject_name}" if named else self.subject_name

    @property
    def heading(self) -> str:
        """The subject and what happened to it."""
        return f"{self.subject_with_kind}: {self.what or self.findings[0].rule.title}"

    def explained(self, finding: Finding) -> str:
        """What a finding of the row means, for below its heading, which tells what the first one is about."""
        seen: Iterable[str] = finding.evidence
        if finding is not self.findings[0] and not seen:
            seen = (fact for detail in finding.details for fact in detail.split(", "))
        return explanation(seen, finding.rule.reason, self.heading, whole=finding.rule.undecided)

    @property
    def release_class(self) -> ReleaseClass:
        return max((f.release_class for f in self.findings), default=OTA_SAFE)

    @property
    def at_most(self) -> ReleaseClass:
        """The class it may have once all that is said of it is decided."""
        return max((f.at_most for f in self.findings), default=OTA_SAFE)

    @property
    def undecided(self) -> bool:
        return any(f.undecided for f in self.findings)

    @property
    def channel(self) -> ReleaseClass:
        return max((f.channel for f in self.findings), default=NONE)

    @property
    def audience(self) -> tuple[str, ...]:
        return tuple(sorted({name for f in self.findings for name in f.audience}))

    @property
    def why(self) -> tuple[str, ...]:
        return next((f.why for f in self.findings if f.why), ())


def _models(changes: Changes) -> tuple[tuple[object, ...], ...]:
    """What a report says of the two models, for comparing verdicts."""
    return tuple(
        (
            s.label,
            s.form,
            str(s.version),
            s.digest,
            s.incomplete,
            s.warnings,
            s.side_files,
            s.mpr,
            s.folder,
            s.native_given,
        )
        for s in (changes.old, changes.new)
    )


@frozen(slots=False)
class Verdict:
    """The answer for a release: the worst finding decides, and everything said is kept.

    ``rows`` are the changes that mean something, worst first; ``noise`` what was said about changes that
    were set aside. Verdicts are equal where they say the same, about models of which they say the same.
    Pickled, or made of JSON, a verdict is ``detached``.
    """

    changes: Changes = field(eq=_models)
    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]
    noise: tuple[Finding, ...]
    policy: Policy
    accountability: Accountability
    native: bool = False  # the app has a native profile
    ignored: tuple[Ignored, ...] = ()  # what the configuration left out, by pattern
    waivers: tuple[WaiverUse, ...] = ()  # what came of the waivers of the policy, in their order
    released: Released = field(factory=Released)
    _aside: tuple[Aside, ...] | None = field(default=None, eq=False, repr=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {c}" for c, n in reversed([*self.counts.items()]) if n) or "no change"
        most = f" (may be {self.at_most})" if self.at_most is not self.release_class else ""
        return f"<Verdict {self.release_class}{most}: {counts}; {self.old.label!r} -> {self.new.label!r}>"

    def __reduce__(self) -> tuple[type[Verdict], tuple[Any, ...]]:
        bare = self.detached()
        return type(self), tuple(getattr(bare, a.name) for a in fields(type(self)))

    def detached(self) -> Verdict:
        """The verdict without the two models, no larger than its report: of them, what a report says, and of a native
        app that it was there. It renders and is equal as before; to ask for its changes, or for what its models hold,
        is a ``ReadError``."""
        return evolve(self, changes=Changes.detached(self.old, self.new), aside=self.aside)

    def to_dict(self, *, everything: bool = True) -> dict[str, Any]:
        """The report of ``render(verdict, "json", everything=True)`` as plain values; without ``everything`` all but
        what was set aside."""
        from mx_changeclass.findings.document import document

        return document(self, everything=everything)

    @classmethod
    def from_dict(cls, report: Mapping[str, Any]) -> Verdict:
        """The verdict that a JSON report tells, ``detached``. It renders as the one that was reported; of a report
        without ``everything`` all but what was set aside as noise.

        Raises ``UnsupportedVersion`` for a report of another version, ``BrokenContainer`` for what is none.
        """
        from mx_changeclass.findings.document import verdict_of

        return verdict_of(report)

    @classmethod
    def from_json(cls, text: str | bytes) -> Verdict:
        """The verdict that the text of a JSON report tells; see ``from_dict``."""
        from mx_changeclass.findings.document import parsed

        return cls.from_dict(parsed(text))

    @property
    def old(self) -> Snapshot:
        return self.changes.old

    @property
    def new(self) -> Snapshot:
        return self.changes.new

    @property
    def release_class(self) -> ReleaseClass:
        """DESTRUCTIVE where data on devices is at stake, else the channel; what is certain, see ``at_most``."""
        return max((f.release_class for f in self.findings), default=OTA_SAFE)

    @property
    def at_most(self) -> ReleaseClass:
        """The class that the release may have once everything open is decided: ``release_class`` where nothing
        is."""
        return max((f.at_most for f in self.findings), default=OTA_SAFE)

    @property
    def channel(self) -> ReleaseClass:
        """How the release travels; ``none`` where nothing needs to."""
        return max((f.channel for f in self.findings), default=NONE)

    @property
    def destructive(self) -> bool:
        return self.release_class is DESTRUCTIVE

    @property
    def breaks_old_clients(self) -> bool:
        return any(f.breaks_old_clients is Maybe.YES for f in self.findings)

    @property
    def server_data_loss(self) -> bool:
        return any(f.server_data_loss is Maybe.YES for f in self.findings)

    @property
    def undecided(self) -> int:
        """How many findings could not be decided."""
        return sum(f.undecided for f in self.findings)

    @property
    def requires(self) -> tuple[str, ...]:
        """What the release asks for, in the order in which it is done."""
        order = (
            Requires.REPAIR,
            Requires.DRAIN,
            Requires.TWO_STEP,
            Requires.SERVER_FIRST,
            Requires.ALL_CLIENTS_FIRST,
            Requires.NEW_BINARY,
        )
        asked = {f.requires for f in self.findings}
        return tuple(r.slug for r in order if r in asked)

    @cached_property
    def aside(self) -> tuple[Aside, ...]:
        """What was set aside as without meaning, by reason, element and field. Made when it is asked for."""
        return aside_of(self.changes) if self._aside is None else self._aside

    @cached_property
    def _waived(self) -> Mapping[Covered, WaiverUse]:
        return {place: use for use in reversed(self.waivers) for place in use.covers}

    def waived(self, row: Row, finding: Finding) -> WaiverUse | None:
        """The waiver that covers a finding at a row, the first of several; None where none does."""
        return self._waived.get(Covered(row.fingerprint, finding.rule.id, finding.subject))

    @cached_property
    def unwaived(self) -> tuple[Finding, ...]:
        """The findings that no waiver covers at one of the rows where they stand. They alone decide whether a release
        is refused; how it travels, and what it costs, no waiver changes."""
        if not self._waived:
            return self.findings
        places: dict[int, list[str]] = {id(f): [] for f in self.findings}
        for row in self.rows:
            for f in row.findings:
                places.setdefault(id(f), []).append(row.fingerprint)
        return tuple(
            f
            for f in self.findings
            if not all(Covered(at, f.rule.id, f.subject) in self._waived for at in places[id(f)] or ("",))
        )

    @property
    def unwaived_class(self) -> ReleaseClass:
        """The class of what no waiver covers; ``release_class`` is that of all."""
        return max((f.release_class for f in self.unwaived), default=OTA_SAFE)

    @property
    def unwaived_at_most(self) -> ReleaseClass:
        """The class that what no waiver covers may have once everything open is decided."""
        return max((f.at_most for f in self.unwaived), default=OTA_SAFE)

    @property
    def severities(self) -> Mapping[Rule, tuple[ReleaseClass, Severity]]:
        """The rules that spoke to which the policy gives another class, with that of the catalogue."""
        spoke = {f.rule.id: f.rule for f in self.findings}
        judged = ((spoke[i], s) for i, s in sorted(self.policy.severity.items()) if i in spoke)
        return {rule: (class_of(rule, self.policy), severity) for rule, severity in judged}

    @cached_property
    def facts(self) -> Facts:
        """What decides how the verdict is read."""
        return facts_of(self)

    @cached_property
    def summary(self) -> tuple[str, ...]:
        """Three to five plain sentences, for people outside of the project: what happens to whom, how the release
        reaches them, what is open."""
        from mx_changeclass.findings.summary import summary

        return summary(self)

    @cached_property
    def counts(self) -> Mapping[ReleaseClass, int]:
        """Reported changes by class, mildest first."""
        counted = Counter(row.release_class for row in self.rows)
        return FrozenDict({c: counted[c] for c in ReleaseClass if c is not NONE})

    @property
    def half_saved(self) -> bool:
        """The list of documents of a side and its documents disagree, as after half a commit."""
        return any(f.rule.id == "agg-half-saved" for f in self.findings)

    @property
    def decided(self) -> bool:
        """Nothing is open but what a waiver says it accepts as undecided."""
        return not any(f.undecided for f in self.unwaived) and not self.accountability.unexplained

    def to_frame(self, by: str = "finding") -> Any:
        """A pandas frame, in the order of ``rows``. ``by="finding"``: one row for each finding at each change, then
        those that stand at no change, whose ``fingerprint`` is empty; ``by="change"``: one row a change, with what
        its first finding says and its gravest hazard. Columns are named as the keys of the JSON. Classes are ordered
        categories, so that ``frame[frame["class"] >= "FULL_RELEASE"]`` works, and the changes by class are ``counts``.
        What lies in no module, or is said of the app as a whole, has ``the app`` as its module or subject.

        Needs the extra ``notebook``; raises ``MxError`` without it, ``PolicyError`` for another ``by``.
        """
        from mx_changeclass.findings.frame import frame

        return frame(self, by)

    def _repr_html_(self) -> str:
        """The verdict as a page in a frame, shown by a notebook; see ``framed``."""
        from importlib import import_module

        page: str = import_module("mx_changeclass.reports.html").framed(self)
        return page
