"""The paragraph for people outside of the project: what happens to whom, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.rules.engine.release import VersionChange
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Hazard
from mx_changeclass.wording.harms import CONSEQUENCES, GRAVITY, KINDS, VERBS
from mx_changeclass.wording.values import counted, kind_in_words, plural, sentence

_NAMED = 3  # so many subjects are named; of more the number is told
_TOLD = 2  # so many kinds of harm are told each in a sentence


def summary(verdict: Verdict) -> tuple[str, ...]:
    """Three to five sentences, in the order of their weight: harm to people and their data, how the release
    travels, what the server loses, what is open."""
    travels = _travels(verdict)
    if verdict.breaks_old_clients:
        travels += "; until people have the new version, their app fails in some function"
    return tuple(map(sentence, (*_harms(verdict), travels, _open(verdict))))


def _harms(verdict: Verdict) -> Iterator[str]:
    """What people can lose or meet: the gravest, the next, and in how many changes there is more."""
    found: dict[Hazard, list[tuple[Row, Finding]]] = {}
    for row in verdict.rows:
        for finding in row.findings:
            if finding.hazard is not Hazard.NONE and not finding.undecided:
                found.setdefault(finding.hazard, []).append((row, finding))
    by_gravity = [(CONSEQUENCES[hazard], found[hazard]) for hazard in GRAVITY if hazard in found]
    if not by_gravity:
        at_stake = "no data on devices is at stake" if verdict.released.installed else "there is no app on devices yet"
        yield f"as far as it could be decided, {at_stake}" if verdict.undecided else at_stake
    for consequence, said in by_gravity[:_TOLD]:
        yield f"{_what(said)}: {consequence}"
    if rest := by_gravity[_TOLD:]:
        yield "besides, " + ", ".join(f"{consequence}" for consequence, said in rest)


def _what(said: Iterable[tuple[Row, Finding]]) -> str:
    """What happened to which subjects, in words."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row, finding in said:
        if not finding.subject:
            about = "the new Studio Pro version" if _of_version(finding) else finding.rule.title
            found.setdefault(("", about), {})
        else:
            found.setdefault((row.kind, _verb(row)), {})[row.subject_name] = None
    return ", and ".join(_happened(kind, verb, list(names)) if kind else verb for (kind, verb), names in found.items())


def _happened(kind: str, verb: str, names: list[str]) -> str:
    """Of so many of a kind, the same: "two attributes disappear (Field.Order.Note, Field.Order.Photo)"."""
    one, many = KINDS.get(kind) or (kind_in_words(kind), plural(2, kind_in_words(kind)).removeprefix("2 "))
    does = VERBS[verb][len(names) > 1]
    named = f" ({', '.join(names)})" if len(names) <= _NAMED else ""
    return f"{counted(len(names))} {many if len(names) > 1 else one} {does}{named}"


def _verb(row: Row) -> str:
    if row.prop == "syncMode":
        return "kept" if row.old and row.new else "leaves" if row.old else "joins"
    return "renamed" if row.prop == "name" else row.verb


def _of_version(finding: Finding) -> bool:
    return any(verb is VersionChange for verb, _ in finding.rule.listens_to)


def _travels(verdict: Verdict) -> str:
    """How the release reaches people."""
    facts = verdict.facts
    if verdict.channel is FULL_RELEASE:
        why = "updates over the air are switched off in the app that people have"
        if facts.waiting and len(facts.waiting) == facts.store:
            return f"people need a new version from the app stores, for one reason alone: {why}"
        return "people need a new version from the app stores" + (
            f"; {counted(len(facts.waiting))} of {plural(facts.store, 'change')} need it only because {why}"
            if facts.waiting
            else ""
        )
    if verdict.channel is NEEDS_REDEPLOY:
        return "the server has to be deployed" + ("; no new version from the app stores" if verdict.native else "")
    if verdict.channel is OTA_SAFE:
        return "all of it may be published over the air; nobody has to install anything"
    return "nothing of it reaches a device or the server"


def _open(verdict: Verdict) -> str:
    facts = verdict.facts
    told = []
    if verdict.undecided:
        worst = f"; in the worst case it is {verdict.at_most}" if verdict.at_most is not verdict.release_class else ""
        told.append(f"{plural(verdict.undecided, 'finding')} could not be decided{worst}")
    if facts.unseen:
        told.append("not everything could be compared")
    if facts.ignored:
        told.append(f"{plural(facts.ignored, 'changed file')} are left out by configuration")
    return "still open: " + "; ".join(told) if told else "nothing is left open"


__all__ = ["summary"]
