"""The paragraph for people outside of the project: what happens to whom, how it reaches them, what is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mx_changeclass.findings.facts import BY_SWITCH
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.plan import ended_apps, fails_until_updated
from mx_changeclass.model.types import PROJECT
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import Hit, Hits
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Hazard, Maybe
from mx_changeclass.wording.harms import CONSEQUENCES, KINDS, VERBS, WORST
from mx_changeclass.wording.values import counted, inside, kind_in_words, many, plural, sentence

_NAMED = 3  # so many subjects are named; of more the number is told
_TOLD = 2  # so many of a kind are told, the gravest; the rest is counted
_REASONS = 3  # so many reasons for a binary


def summary(verdict: Verdict) -> tuple[str, ...]:
    """Three to five sentences, in the order of their weight."""
    return tuple(map(sentence, (*_harms(verdict), _travels(verdict), _open(verdict))))


# -- harm ---------------------------------------------------------------------------------


def _harms(verdict: Verdict) -> Iterator[str]:
    """What people can lose or meet, the gravest first; where that is nothing, that, and what changes."""
    found: dict[Hazard, list[tuple[Row, Finding]]] = {}
    for row in verdict.rows:
        for finding in row.findings:
            if finding.hazard is not Hazard.NONE and not finding.undecided:
                found.setdefault(finding.hazard, []).append((row, finding))
    if not found:
        yield _harmless(verdict)
        if touched := _touched(verdict):
            yield f"the release touches {touched}"
        return
    told: dict[str, list[str]] = {}
    for hazard in sorted(found, key=lambda h: h.gravity):
        causes = [(row, f) for row, f in found[hazard] if not (_about_others(f) or _of_the_whole(f))]
        told.setdefault(_what(causes or found[hazard]), []).append(CONSEQUENCES[hazard])
    every = [(what, ", and ".join(consequences)) for what, consequences in told.items()]
    yield from (f"{what}: {consequence}" for what, consequence in every[:_TOLD])
    if rest := [consequence for _, consequence in every[_TOLD:]]:
        yield "besides, " + "; ".join(rest)


def _harmless(verdict: Verdict) -> str:
    if verdict.old.form == "none":
        return "nothing was released before, so nothing can be lost"
    if not verdict.released.installed:
        return "the released version keeps nothing on devices, so no data is at stake there"
    told = "no data on devices is at stake"
    return f"as far as it could be decided, {told}" if verdict.undecided else told


def _touched(verdict: Verdict) -> str:
    """What changes, by kind, in the order of the rows; of a release that asks for something what asks for it."""
    asking = [r for r in verdict.rows if r.channel > OTA_SAFE] or [r for r in verdict.rows if r.channel is OTA_SAFE]
    subjects = dict.fromkeys((row.kind, row.name) for row in asking if row.kind != PROJECT)
    counts = [*Counter(kind for kind, _ in subjects).items()]
    told = [_so_many(kind, count) for kind, count in counts[:_NAMED]]
    return _and([*told, *_rest(sum(count for _, count in counts[_NAMED:]), "other thing")])


def _what(said: Iterable[tuple[Row, Finding]]) -> str:
    """What happened to which subjects: "two attributes disappear (Field.Order.Note, Field.Order.Photo)"."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row, finding in said:
        verb = _verb(row)
        if any(heard is VersionChange for heard, _ in finding.rule.listens_to):
            found.setdefault(("", f"the move to {row.new and 'Studio Pro'} {row.new}"), {})
        elif finding.subject and verb != "changed":
            found.setdefault((row.kind, verb), {})[row.subject_name] = None
        else:
            names = found.setdefault(("", inside(finding.rule.title)), {})
            names |= {row.subject_name: None} if finding.subject else {}
    told = [_happened(kind, verb, list(names)) for (kind, verb), names in found.items()]
    counted_kinds = all(kind for kind, _ in [*found][:_TOLD])
    shown = [*told[:_TOLD], *_rest(len(told) - _TOLD, "other kind of change", "other kinds of change")]
    return _and(shown) if counted_kinds else "; ".join(shown)


def _happened(kind: str, verb: str, names: Sequence[str]) -> str:
    if kind:
        verb = f"{_so_many(kind, len(names))} {VERBS[verb][len(names) > 1]}"
    if len(names) <= _NAMED:
        return f"{verb} ({', '.join(names)})" if names else verb
    return verb if kind else f"{verb} ({counted(len(names))} times)"


def _verb(row: Row) -> str:
    if row.prop == "syncMode":
        modes = [p for p in (row.parts or (row,)) if p.prop == "syncMode"]
        return "changed" if not modes or (modes[0].old and modes[0].new) else "leaves" if modes[0].old else "joins"
    return "renamed" if row.prop == "name" else row.verb


# -- the way to people --------------------------------------------------------------------


def _travels(verdict: Verdict) -> str:
    """How the release reaches people, and what happens until it has."""
    told = [_way(verdict)]
    losing = [f for f in verdict.findings if f.server_data_loss is Maybe.YES]
    if any(f.hazard is not Hazard.SERVER_LOSS for f in losing):
        names = list(dict.fromkeys(f.subject for f in losing if f.subject))
        told.append(_happened("", "the deployment deletes data on the server", names if len(names) <= _NAMED else ()))
    if ended := ended_apps(verdict):
        told.append(_happened("", "the installed app stops working, and no update follows", ended))
    if fails_until_updated(verdict):
        told.append("until people have the new version, their app fails in some function")
    return "; ".join(told)


def _way(verdict: Verdict) -> str:
    if verdict.channel is FULL_RELEASE:
        return _store(verdict)
    sure = "as far as it could be decided, " if verdict.at_most > verdict.release_class else ""
    if verdict.channel is NEEDS_REDEPLOY:
        stays = verdict.native and not ended_apps(verdict)
        return "the server has to be deployed" + (f"; {sure}no app has to be installed anew" if stays else "")
    if verdict.channel is OTA_SAFE:
        return f"{sure}all of it may be published over the air, and no app has to be installed anew"
    return f"{sure}nothing of it reaches a device or the server"


def _store(verdict: Verdict) -> str:
    facts = verdict.facts
    told = f"people {'need a new version' if verdict.released.installed else 'get the app'} from the app stores"
    reasons = dict.fromkeys(
        inside(f.rule.title)
        for row in verdict.rows
        for f in row.findings
        if f.channel is FULL_RELEASE and f.rule.id not in BY_SWITCH and not _about_others(f)
    )
    if reasons:
        named = list(reasons)[:_REASONS]
        told += f" ({'; '.join([*named, *_rest(len(reasons) - _REASONS, 'further reason')])})"
    if facts.waiting:
        some = f"; for {len(facts.waiting):,} of {facts.store:,} changes" if reasons else ","
        told += f"{some} only because the app that people have takes no updates over the air"
    return told


def _about_others(finding: Finding) -> bool:
    return any(heard in (Hit, Hits) for heard, _ in finding.rule.listens_to)


def _of_the_whole(finding: Finding) -> bool:
    return any(heard is Release for heard, _ in finding.rule.listens_to)


# -- what is open ---------------------------------------------------------------------------


def _open(verdict: Verdict) -> str:
    told = []
    if verdict.undecided:
        told.append(f"{_rest(verdict.undecided, 'point')[0]} could not be decided{_worst(verdict)}")
    if verdict.old.incomplete or verdict.new.incomplete:
        told.append("parts of the two versions could not be read")
    if verdict.old.form != "none" and not (verdict.old.side_files and verdict.new.side_files):
        told.append("files beside the model were not compared")
    if verdict.old.form != "none" and verdict.native and not verdict.new.native_given:
        told.append("the native app itself was not compared")
    if ignored := verdict.facts.ignored:
        told.append(f"{plural(ignored, 'changed file')} left out by configuration")
    return "still open: " + "; ".join(told) if told else "nothing is left open"


def _worst(verdict: Verdict) -> str:
    """What may be at worst, where that is more than what is certain, and what rules it out where a fact does."""
    at_most = verdict.at_most
    if at_most is verdict.release_class:
        return ""
    deciding = dict.fromkeys(f.unless for f in verdict.findings if f.at_most is at_most)
    return f" (at worst {WORST[at_most]}{f', unless {_and(list(deciding))}' if all(deciding) else ''})"


# -- words ----------------------------------------------------------------------------------


def _so_many(kind: str, count: int) -> str:
    """A count of a kind in everyday words."""
    one, several = KINDS.get(kind) or (kind_in_words(kind), many(kind_in_words(kind)))
    return f"{counted(count)} {one if count == 1 else several}"


def _rest(count: int, one: str, several: str = "") -> list[str]:
    return [f"{counted(count)} {one if count == 1 else several or many(one)}"] if count > 0 else []


def _and(texts: Sequence[str]) -> str:
    """Texts in a row, the last after "and"."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))
