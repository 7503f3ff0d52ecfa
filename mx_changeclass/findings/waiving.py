"""Which findings the waivers of a team cover, and what is wrong with those that cover none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase

from mx_changeclass.findings.finding import Finding, Row
from mx_changeclass.legible import legible
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.vocabulary import OTA_SAFE, ReleaseClass
from mx_changeclass.waivers import Covered, Waiver, WaiverState, WaiverUse
from mx_changeclass.wording.values import several

Spoken = tuple[Row | None, Finding]  # a finding with its row, None for one that stands at none


def waiver_uses(
    waivers: Sequence[Waiver], rows: Iterable[Row], findings: Iterable[Finding], old: Snapshot, today: date | None
) -> tuple[WaiverUse, ...]:
    """What came of each waiver on a day. Without a day none is in force: nobody can say whether it has ended."""
    if not waivers:
        return ()
    at_rows = [(row, finding) for row in rows for finding in row.findings]
    shown = {id(finding) for _, finding in at_rows}
    by_row: dict[str, list[Spoken]] = defaultdict(list)
    by_rule: dict[str, list[Spoken]] = defaultdict(list)
    for row, finding in (*at_rows, *((None, finding) for finding in findings if id(finding) not in shown)):
        if finding.at_most > OTA_SAFE:  # of the others nothing has to be accepted
            by_row[row.fingerprint if row else ""].append((row, finding))
            by_rule[finding.rule.id].append((row, finding))
    near = (
        by_row[waiver.fingerprint] if waiver.fingerprint else [s for rule in waiver.rule for s in by_rule[rule]]
        for waiver in waivers
    )
    return tuple(_use(waiver, spoken, old, today) for waiver, spoken in zip(waivers, near, strict=True))


def _use(waiver: Waiver, spoken: Iterable[Spoken], old: Snapshot, today: date | None) -> WaiverUse:
    if today is None:
        return WaiverUse(waiver, WaiverState.NOT_APPLIED, problem="is not applied, as no day was given to judge it by")
    named = [(row, f) for row, f in spoken if _fits(waiver.element, row, f)]
    if today > waiver.until:
        left = "what it named is still there" if named else "what it named is gone, take it out"
        return WaiverUse(waiver, WaiverState.EXPIRED, problem=f"ended on {waiver.until.isoformat()}; {left}")
    told = [(row, f, _refusal(waiver, row, f, old)) for row, f in named]
    refused = dict.fromkeys(problem for _, _, problem in told if problem)
    covered = [(row, f) for row, f, problem in told if not problem]
    if not covered:
        problem = several(refused) or "covers nothing of this release"
        return WaiverUse(waiver, WaiverState.UNUSED, problem=problem)
    wide = _too_wide(waiver, max(f.at_most if f.undecided else f.release_class for _, f in covered))
    places = dict.fromkeys(Covered(row.fingerprint if row else "", f.rule.id, f.subject) for row, f in covered)
    return WaiverUse(waiver, WaiverState.IN_FORCE, tuple(places), several((*wide, *refused)))


def _fits(element: str, row: Row | None, finding: Finding) -> bool:
    names = {finding.subject} | ({row.name, row.old_name} if row else set())
    return not element or any(fnmatchcase(name, element) for name in names)


def _refusal(waiver: Waiver, row: Row | None, finding: Finding, old: Snapshot) -> str:
    """Why a waiver does not cover what it names, "" where it does."""
    version = str(old.version) if old.version else ""
    if waiver.baseline and waiver.baseline.removeprefix("sha256:") not in (old.label, old.digest, version):
        return f"is for the baseline {waiver.baseline}, not for {old.label}"
    if waiver.what and (row is None or legible(row.what) != waiver.what):
        return f'was given for "{waiver.what}", not for "{row.what if row else finding.message}"'
    if waiver.rule and finding.rule.id not in waiver.rule:
        return f"does not name {finding.rule.id}, which speaks there too"
    if finding.release_class > waiver.up_to:
        return f"covers up to {waiver.up_to}, {finding.rule.id} is {finding.release_class}"
    if finding.undecided and not waiver.undecided:
        return f"does not cover what is undecided, {finding.rule.id} may be {finding.at_most}"
    if finding.at_most > waiver.up_to:
        return f"covers up to {waiver.up_to}, {finding.rule.id} may be {finding.at_most}"
    return ""


def _too_wide(waiver: Waiver, worst: ReleaseClass) -> Iterator[str]:
    """What a waiver leaves open beyond what it covers now: the next change would be covered unseen."""
    if waiver.up_to > worst:
        yield f"is wider than it has to be: covers up to {waiver.up_to}, where {worst} is the worst"
    if not waiver.fingerprint and not waiver.element.strip("*?."):
        yield f"is wider than it has to be: {waiver.element} fits every element; a rule is judged in [severity]"
