"""What every report says of waivers and of rules that a team judges in another way."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.vocabulary import DESTRUCTIVE
from mx_changeclass.waivers import Waiver, WaiverState
from mx_changeclass.wording.values import plural, several


@frozen
class Accepted:
    """What waivers cover that say the same: who accepts it, until when and why, and the changes, each in a line."""

    said: str
    changes: tuple[str, ...]


def left_over(verdict: Verdict) -> str:
    """What decides beside what was waived, for the headline; "" where no waiver is in force."""
    if not any(use.covers for use in verdict.waivers):
        return ""
    at_most = verdict.unwaived_at_most
    maybe = f", at most {at_most}" if at_most is not verdict.unwaived_class else ""
    number = plural(len({place for use in verdict.waivers for place in use.covers}), "finding")
    return f"{number} waived, what is left is {verdict.unwaived_class}{maybe}"


def accepted(verdict: Verdict) -> list[Accepted]:
    """The waivers in force, each with what it covers; those that say the same together."""
    rows = {row.fingerprint: row for row in reversed(verdict.rows)}
    said: dict[str, dict[str, list[str]]] = {}
    for use in verdict.waivers:
        for place in use.covers:
            row = rows.get(place.fingerprint)
            name = f"{row.heading} [{row.fingerprint}]" if row else place.subject or "the app"
            said.setdefault(_said(use.waiver), {}).setdefault(name, []).append(place.rule)
    return [
        Accepted(why, tuple(f"{name}: {several(rules)}" for name, rules in places.items()))
        for why, places in said.items()
    ]


def _said(waiver: Waiver) -> str:
    return f"{_given(waiver)}, up to {waiver.up_to}: {waiver.reason}"


def _given(waiver: Waiver) -> str:
    return f"until {waiver.until.isoformat()}" + (f" by {waiver.by}" if waiver.by else "")


def waived_mark(verdict: Verdict, rows: Sequence[Row]) -> str:
    """That what is said of a subject is waived, as far as it is; "" where nothing is."""
    uses = [verdict.waived(row, finding) for row in rows for finding in row.findings]
    covering = sorted((use.waiver for use in uses if use is not None), key=lambda waiver: waiver.until)
    if not covering:
        return ""
    part = "" if all_waived(verdict, rows) else "in part "
    return f"{part}waived {_given(covering[0])}: {covering[0].reason}"  # the one that ends first


def all_waived(verdict: Verdict, rows: Sequence[Row]) -> bool:
    """Whether a waiver covers each finding of some rows that is of their class, or may be of a higher one."""
    worst = max(row.release_class for row in rows)
    grave = ((row, f) for row in rows for f in row.findings if f.release_class is worst or f.at_most > worst)
    return all(verdict.waived(row, finding) for row, finding in grave)


def notes(verdict: Verdict) -> list[str]:
    """What must be known of the rules that a team judges in another way, and of waivers that do not do what they
    say or that lay in the checkout."""
    told = []
    for rule, (was, severity) in verdict.severities.items():
        number = plural(sum(f.rule.id == rule.id for f in verdict.findings), "finding")
        danger = "data on devices is held to be safe: " if was is DESTRUCTIVE else ""
        counts = f"{rule.id} counts as {severity.release_class}, not {was} ({number})"
        told.append(f"{danger}{counts}, by {verdict.policy.source or 'the policy'}: {severity.reason}")
    told += [f"waiver {use.waiver.subject}{_of(use.waiver)}: {use.problem}" for use in verdict.waivers if use.problem]
    in_force = [use.waiver for use in verdict.waivers if use.state is WaiverState.IN_FORCE]
    for source in sorted({waiver.source for waiver in in_force if waiver.found}):
        told.append(f"the waivers of {source} lie in what is judged: whoever wrote the change may have written them")
    return told


def _of(waiver: Waiver) -> str:
    return f" of {waiver.source}" if waiver.source else ""
