"""Every labelled edit, from bytes through the real reader, diff and rules to its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.finding import Finding, Verdict
from mx_changeclass.reports.catalogue import explain
from mx_changeclass.reports.examples import example
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.rules.engine.run import listeners, run
from mx_changeclass.vocabulary import DESTRUCTIVE, Hazard, Maybe, ReleaseClass, Remedy, Requires
from tests.cases import FIXTURES, Case, labelled_cases, labels, rule_cases, rule_files

# What a rule claims beside its condition, and all that it may claim there.
CLAIMS: Mapping[str, tuple[Any, ...]] = {
    "channel": tuple(c for c in ReleaseClass if c is not DESTRUCTIVE),
    "hazard": tuple(Hazard),
    "requires": tuple(Requires),
    "breaks_old_clients": tuple(Maybe),
    "server_data_loss": tuple(Maybe),
    "undecided": (False, True),
    "remedy": tuple(Remedy),
}
_OF_FINDINGS = frozenset(
    {"channel", "hazard", "requires", "breaks_old_clients", "remedy"}
)  # the rest a finding asks of its rule


@pytest.mark.parametrize("case", labelled_cases(), ids=lambda case: case.id)
def test_a_labelled_case_gets_its_label(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


@pytest.mark.parametrize("case", rule_cases(), ids=lambda case: case.id)
def test_a_rule_speaks_on_its_hit_and_no_rule_out_of_turn(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


def test_every_rule_has_a_hit_and_a_near_miss() -> None:
    rules = set(catalogue())
    for kind in ("hit", "near-miss"):
        shown = {case.rule for case in rule_cases() if case.id.split()[1] == kind}
        assert sorted(rules ^ shown) == [], f"rules without a {kind} in fixtures/rules, or a {kind} without its rule"


@pytest.mark.parametrize("case", rule_cases(), ids=lambda case: case.id)
def test_the_case_of_a_rule_says_whether_it_speaks(case: Case) -> None:
    assert (case.rule in case.speaking) is (case.id.split()[1] != "near-miss")


def test_the_case_of_a_rule_says_its_class() -> None:
    """Add what is missing: ``finding = { class = "...", channel = "..." }`` to a hit, with ``hazard``, ``requires``,
    ``breaks_old_clients`` and ``server_data_loss`` where the rule claims one, and ``class = "..."`` to a near miss."""
    owed = {"hit": "finding", "further": "finding", "near-miss": "class"}
    assert [f"{c.id}: no {key}" for c in rule_cases() if (key := owed[c.id.split()[1]]) not in c.label] == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_rule_claims_something_else_unnoticed(claim: str) -> None:
    """Whatever else a rule claimed, of its class, hazard, order or the rest, one of its cases would turn red."""
    cases: dict[str, list[Case]] = {rule: [] for rule in catalogue()}
    for case in rule_cases():
        cases[case.rule].append(case)
    unnoticed = [
        f"{rule.id}: {claim} {getattr(rule, claim)} could be {other}"
        for rule in catalogue().values()
        for other in CLAIMS[claim]
        if other != getattr(rule, claim)
        and not any(case.complaints(_claiming(case.verdict(), rule, claim, other)) for case in cases[rule.id])
    ]
    assert unnoticed == []


def _claiming(verdict: Verdict, rule: Rule, claim: str, value: Any) -> Verdict:
    """A verdict as it were if a rule claimed something else. What was held back of a claim, because no client is
    installed or another rule spares it, is held back still."""
    other = evolve(rule, **{claim: value})

    def claimed(finding: Finding) -> Finding:
        if finding.rule.id != rule.id:
            return finding
        own = claim in _OF_FINDINGS and getattr(finding, claim) == getattr(rule, claim)
        moved = evolve(finding, rule=other, **({claim: value} if own else {}))
        return evolve(moved, release_class=class_of(other, verdict.policy, moved.hazard))

    return evolve(verdict, findings=tuple(map(claimed, verdict.findings)), noise=tuple(map(claimed, verdict.noise)))


SPECIAL = [rule for rule in catalogue().values() if rule.instead_of]


@pytest.mark.parametrize("rule", SPECIAL, ids=lambda rule: rule.id)
def test_a_special_rule_stands_in_for_a_general_one_that_would_speak(rule: Rule) -> None:
    """On a hit of its own, a rule that it names and that is silent there would speak of the same change. And a near
    miss of one of the two lies across the line: there it is silent, and the other speaks."""
    alone = listeners(evolve(rule, instead_of=()) if r is rule else r for r in catalogue().values())
    muted: set[str] = set()
    for case in (c for c in rule_cases() if c.rule == rule.id and rule.id in c.speaking):
        said = run(Release.of(diff(*case.sides()), case.policy), alone).hits
        about = {id(s.subject) for s in said if s.rule.id == rule.id}
        muted |= {s.rule.id for s in said if id(s.subject) in about} - set(case.speaking)
    assert muted & set(rule.instead_of)
    across = [
        case.id
        for general in rule.instead_of
        for one, other in ((rule.id, general), (general, rule.id))
        for case in rule_cases()
        if case.rule == one and one not in case.speaking and other in case.speaking
    ]
    assert across


def test_explain_tells_a_hit_and_a_near_miss_of_every_rule() -> None:
    told = explain("ent-renamed-sync") or ""
    assert "\nExample: Field.Order renamed to Orders: DESTRUCTIVE\n" in told
    assert "\nNear miss: Office.Order_Note renamed to Remark: NEEDS_REDEPLOY (ent-renamed-server)\n" in told
    every = {rule: example(rule) for rule in catalogue()}
    assert [rule for rule, texts in every.items() if sorted(texts) != ["hit", "near_miss"]] == []
    assert [text for texts in every.values() for text in texts.values() if text.startswith(":")] == []


def test_a_case_lies_in_the_room_and_chapter_of_its_rule() -> None:
    places = {rule.id: "/".join(rule.test.__module__.split(".")[2:]) for rule in catalogue().values()}
    folder = FIXTURES / "rules"
    assert [str(p) for p in rule_files() if p.parent.relative_to(folder).as_posix() != places.get(p.stem)] == []


def test_every_label_has_its_case() -> None:
    assert [case.id for case in labelled_cases()] == sorted(labels())


def test_the_base_project_against_itself_is_silent() -> None:
    verdict = Case("nothing", {}, {}).verdict()
    assert (verdict.release_class.name, verdict.channel.name, verdict.rows) == ("OTA_SAFE", "NONE", ())
