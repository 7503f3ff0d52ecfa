"""What a team accepts, or judges in another way: what it covers, what it never covers, and that all of it is told."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mx_changeclass import Policy, Verdict, WaiverState, catalogue, classify, compare, diff, read, render
from mx_changeclass.changes.change import Changes
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.finding import Row
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.reports import FORMATS
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Hazard, ReleaseClass
from mx_changeclass.waivers import CLASSES, Waiver
from mx_changeclass.wording.accepted import notes
from tests.cases import Case, labelled_cases
from tests.generated import STORY
from tests.test_cli import ROOT

DAY = date(2026, 11, 29)
MERGED, LINK, CONSOLIDATED = "6908ee294c6a", "e954afaaafaf", "87d4c8f257cf"  # what is DESTRUCTIVE in the story
INVOICE = "ba600bffc3a4"  # a microflow of the server, NEEDS_REDEPLOY


def waiver(**stated: Any) -> dict[str, Any]:
    return {"reason": "agreed", "until": "2026-12-31", "up_to": "DESTRUCTIVE", **stated}


def sides(**edits: Any) -> tuple[Snapshot, Snapshot]:
    return Case("", edits, {}).sides()


def judged(
    pair: tuple[Snapshot, Snapshot], *waivers: dict[str, Any], today: date | None = DAY, **stated: Any
) -> Verdict:
    policy = Policy(native_template="14.1.13", waivers=waivers, **stated)
    return classify(diff(*pair), policy, today=today)


@pytest.fixture(scope="module")
def story() -> tuple[Snapshot, Snapshot]:
    old, new = (read(f"{STORY}/{version}.snapshot.xml", cwd=ROOT) for version in ("v1", "v2"))
    return old, new


def row_of(verdict: Verdict, name: str, prop: str | None = None) -> Row:
    (row,) = (r for r in verdict.rows if name in (r.name, r.old_name) and prop in (None, r.prop))
    return row


# -- what is covered ---------------------------------------------------------------------------


def test_what_is_waived_stays_what_it_is_and_no_longer_decides(story: tuple[Snapshot, Snapshot]) -> None:
    """Of the story three changes are DESTRUCTIVE, and NEEDS_REDEPLOY the worst of the others."""
    bare = judged(story)
    verdict = judged(story, *(waiver(fingerprint=f) for f in (MERGED, LINK, CONSOLIDATED)))
    assert bare.unwaived_class is bare.release_class is DESTRUCTIVE
    assert verdict.unwaived_class is NEEDS_REDEPLOY
    assert verdict.release_class is DESTRUCTIVE
    assert verdict.rows == bare.rows
    assert verdict.requires == bare.requires
    assert [use.state for use in verdict.waivers] == [WaiverState.IN_FORCE] * 3
    assert notes(verdict) == []
    assert judged(story, waiver(fingerprint=MERGED), waiver(fingerprint=LINK)).unwaived_class is DESTRUCTIVE


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({}, ""),
        ({"up_to": "full-release"}, "covers up to FULL_RELEASE, ent-merged is DESTRUCTIVE"),
        ({"rule": "ent-merged"}, ""),
        ({"rule": ["attr-added-sync", "ent-merged"]}, ""),
        ({"rule": "assoc-deleted-sync"}, "does not name ent-merged, which speaks there too"),
        ({"element": "Service.*"}, ""),
        ({"element": "Office.*"}, "covers nothing of this release"),
        ({"what": "removed"}, ""),
        ({"what": "added"}, 'was given for "added", not for "removed"'),
        ({"baseline": "fixtures/field-service/v1.snapshot.xml"}, ""),
        ({"baseline": "10.24.18"}, ""),
        ({"baseline": "v1.3"}, "is for the baseline v1.3, not for fixtures/field-service/v1.snapshot.xml"),
        ({"until": "2026-11-29"}, ""),
        ({"until": "2026-11-28"}, "ended on 2026-11-28; what it named is still there"),
        ({"until": "2026-11-28", "element": "Office.*"}, "ended on 2026-11-28; what it named is gone, take it out"),
        ({"until": date(2026, 12, 1)}, ""),
    ],
)
def test_a_waiver_covers_what_fits_all_that_it_names(
    stated: dict[str, Any], said: str, story: tuple[Snapshot, Snapshot]
) -> None:
    (use,) = judged(story, waiver(fingerprint=MERGED, **stated)).waivers
    assert use.problem == said
    assert bool(use.covers) is not bool(said)


def test_the_digest_of_the_old_model_is_a_baseline_too(story: tuple[Snapshot, Snapshot]) -> None:
    for baseline in (story[0].digest, f"sha256:{story[0].digest}"):
        assert judged(story, waiver(fingerprint=MERGED, baseline=baseline)).waivers[0].covers
    assert not judged(story, waiver(fingerprint=MERGED, baseline=story[1].digest)).waivers[0].covers


def test_rules_at_the_elements_of_a_pattern_and_nothing_else(story: tuple[Snapshot, Snapshot]) -> None:
    verdict = judged(story, waiver(rule="attr-added-sync", element="Service.Inspection.*", up_to="NEEDS_REDEPLOY"))
    (use,) = verdict.waivers
    assert {place.subject for place in use.covers} == {"Service.Inspection.TakenOn", "Service.Inspection.Value"}
    (one,) = judged(story, waiver(rule="attr-added-sync", element="Service.Inspection.V*")).waivers
    assert {place.subject for place in one.covers} == {"Service.Inspection.Value"}


def test_without_a_day_no_waiver_is_in_force(story: tuple[Snapshot, Snapshot]) -> None:
    verdict = judged(story, waiver(fingerprint=MERGED), today=None)
    assert [use.state for use in verdict.waivers] == [WaiverState.NOT_APPLIED]
    assert verdict.unwaived == verdict.findings
    assert "no day was given" in render(verdict)


def test_wider_than_it_has_to_be_is_told_and_covers(story: tuple[Snapshot, Snapshot]) -> None:
    (high, exact, everywhere) = judged(
        story,
        waiver(fingerprint=INVOICE),
        waiver(fingerprint=INVOICE, up_to="NEEDS_REDEPLOY"),
        waiver(rule="ent-merged", element="*.*"),
    ).waivers
    assert high.covers == exact.covers
    assert "covers up to DESTRUCTIVE, where NEEDS_REDEPLOY is the worst" in high.problem
    assert exact.problem == ""
    assert everywhere.covers
    assert "fits every element" in everywhere.problem


# -- what never is -----------------------------------------------------------------------------


def test_another_change_of_the_same_element_is_not_covered() -> None:
    """An attribute that was made Integer and is made Boolean instead has the fingerprint of before, as it is the
    same property of the same attribute; the words of the change differ."""
    to_integer = sides(set={"Field.Order.Title": {"type": "DomainModels$IntegerAttributeType"}})
    to_boolean = sides(set={"Field.Order.Title": {"type": "DomainModels$BooleanAttributeType"}})
    first, second = (row_of(judged(pair), "Field.Order.Title") for pair in (to_integer, to_boolean))
    assert first.fingerprint == second.fingerprint
    assert first.release_class is second.release_class is DESTRUCTIVE
    given_for = waiver(fingerprint=first.fingerprint, what=first.what)
    assert judged(to_integer, given_for).unwaived_class < DESTRUCTIVE
    after = judged(to_boolean, given_for)
    assert after.unwaived_class is DESTRUCTIVE
    assert "was given for" in after.waivers[0].problem


def test_the_same_change_in_a_later_pair_is_covered_still() -> None:
    """Compared with the same release, and with more changes around it."""
    renamed = {"Field.Order.Title": "Subject"}
    more = {"Field.Order.Subject": {"documentation": "x"}, "Field.Customer": {"documentation": "y"}}
    first, later = sides(rename=renamed), sides(rename={**renamed, "Office.Order_Note": "Remark"}, set=more)
    row = row_of(judged(first), "Field.Order.Subject")
    given_for = waiver(fingerprint=row.fingerprint, what=row.what, element="Field.Order.Subject")
    for pair in (first, later):
        verdict = judged(pair, given_for)
        assert [place.rule for place in verdict.waivers[0].covers] == ["attr-renamed-sync"]
    assert judged(first, given_for).unwaived_class < DESTRUCTIVE


def test_what_is_undecided_is_covered_only_where_the_waiver_says_so() -> None:
    """The native template of the binary is not known: NEEDS_REDEPLOY, FULL_RELEASE at most."""
    case = next(c for c in labelled_cases() if c.verdict().at_most > c.verdict().release_class)
    changes, policy = diff(*case.sides()), case.policy
    verdict = classify(changes, policy)
    open_ = [row for row in verdict.rows if row.undecided]
    assert open_
    for row in open_:
        highest = row.at_most
        for more, covered in (
            ({}, False),
            ({"undecided": True, "up_to": str(max(f.release_class for f in row.findings if f.undecided))}, False),
            ({"undecided": True}, True),
            ({"undecided": True, "up_to": str(highest)}, True),
        ):
            stated = evolve(policy, waivers=(waiver(fingerprint=row.fingerprint, **more),))
            (use,) = classify(changes, stated, today=DAY).waivers
            undecided = {f.rule.id for f in row.findings if f.undecided}
            assert undecided.isdisjoint({place.rule for place in use.covers}) is not covered


def test_a_finding_at_two_changes_decides_until_both_are_waived() -> None:
    pair = sides(set={"Field.Order.Title": {"type": "DomainModels$IntegerAttributeType"}})
    bare = judged(pair)
    first = row_of(bare, "Field.Order.Title")
    twice = evolve(bare, rows=(first, evolve(first, fingerprint="0123456789ab", prop="value")))
    (use,) = judged(pair, waiver(fingerprint=first.fingerprint)).waivers
    both = tuple(evolve(place, fingerprint="0123456789ab") for place in use.covers)
    half = evolve(twice, waivers=(use,))
    assert half.unwaived_class is DESTRUCTIVE
    assert evolve(half, waivers=(use, evolve(use, covers=both))).unwaived_class < DESTRUCTIVE


law = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
CASES = labelled_cases()[::9]


@st.composite
def stated_waivers(draw: st.DrawFn, verdict: Verdict) -> list[dict[str, Any]]:
    """Waivers that name changes or rules of a verdict, up to any class."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.sampled_from(verdict.rows))
        finding = draw(st.sampled_from(row.findings))
        names = draw(st.sampled_from((
            {"fingerprint": row.fingerprint},
            {"fingerprint": row.fingerprint, "rule": finding.rule.id},
            {"rule": finding.rule.id, "element": "*"},
        )))  # fmt: skip
        found.append(
            waiver(
                **names,
                up_to=str(draw(st.sampled_from(CLASSES))),
                undecided=draw(st.booleans()),
                until=DAY + timedelta(days=draw(st.integers(-1, 1))),
            )
        )
    return found


CHANGES: dict[str, Changes] = {}


@law
@given(st.data())
def test_waivers_only_take_away_and_nothing_above_their_class(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    changes = CHANGES.setdefault(case.id, diff(*case.sides()))
    bare = classify(changes, case.policy, rules=case.rules)
    assume(bare.rows)
    stated = data.draw(stated_waivers(bare))
    verdict = classify(changes, evolve(case.policy, waivers=stated), rules=case.rules, today=DAY)
    assert (verdict.findings, verdict.rows) == (bare.findings, bare.rows)
    assert set(map(id, verdict.unwaived)) <= set(map(id, verdict.findings))
    assert verdict.unwaived_class <= bare.release_class
    assert verdict.unwaived_at_most <= bare.at_most
    highest = max((use.waiver.up_to for use in verdict.waivers if use.covers), default=OTA_SAFE)
    for finding in verdict.findings:
        if finding not in verdict.unwaived:
            assert finding.at_most <= highest
            assert not finding.undecided or any(use.waiver.undecided for use in verdict.waivers if use.covers)
    for use in verdict.waivers:
        assert bool(use.covers) is (use.state is WaiverState.IN_FORCE)
        assert (use.state is WaiverState.EXPIRED) is (use.waiver.until < DAY)
    more = classify(changes, evolve(case.policy, waivers=stated[:1]), rules=case.rules, today=DAY)
    assert more.unwaived_class >= verdict.unwaived_class


# -- what a waiver is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"reason": ""}, "'reason' must be a text"),
        ({"reason": 3}, "'reason' must be a text"),
        ({"until": "soon"}, "'until' cannot be 'soon'. Give a day"),
        ({"until": 20261231}, "'until' cannot be 20261231"),
        ({"up_to": "all"}, "'up_to' cannot be 'all'"),
        ({"fingerprint": "6908"}, "'fingerprint' cannot be '6908'"),
        ({"fingerprint": "", "rule": "ent-merged"}, "needs 'fingerprint', or 'rule' and 'element'"),
        ({"fingerprint": "", "element": "*"}, "needs 'fingerprint', or 'rule' and 'element'"),
        ({"rule": 3}, "'rule' must be the id of a rule"),
        ({"undecided": "yes"}, "'undecided' must be true or false"),
        ({"expires": "2026-12-31"}, "'expires' is nothing that a waiver has. Use reason, until"),
        ({"by": 3}, "'by' must be a text"),
    ],
)
def test_what_is_no_waiver_is_refused(stated: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said.replace(".", r"\.")):
        Waiver.of(waiver(**{"fingerprint": MERGED, **stated}))


@pytest.mark.parametrize("missing", ["reason", "until", "up_to"])
def test_a_waiver_says_why_until_when_and_up_to_which_class(missing: str) -> None:
    stated = waiver(fingerprint=MERGED)
    del stated[missing]
    with pytest.raises(PolicyError, match=f"a waiver needs '{missing}'"):
        Waiver.of(stated)


def test_a_rule_that_is_not_there_is_refused_with_one_that_is(story: tuple[Snapshot, Snapshot]) -> None:
    with pytest.raises(PolicyError, match=r"'ent-merge' is no rule. Did you mean 'ent-merged'\?"):
        judged(story, waiver(rule="ent-merge", element="*"))
    with pytest.raises(PolicyError, match=r"severity: 'zzz' is no rule. 'mx-changeclass rules' lists them"):
        judged(story, severity={"zzz": {"class": "OTA_SAFE", "reason": "x"}})


# -- a rule judged in another way --------------------------------------------------------------


def severity(rule: str, release_class: str) -> dict[str, Any]:
    return {rule: {"class": release_class, "reason": "nobody is offline"}}


def test_a_rule_that_is_lowered_counts_as_it_is_told_everywhere(story: tuple[Snapshot, Snapshot]) -> None:
    verdict = judged(story, severity=severity("ent-merged", "NEEDS_REDEPLOY"))
    row = row_of(verdict, "Service.Measurement")
    assert row.release_class is NEEDS_REDEPLOY
    assert verdict.release_class is DESTRUCTIVE  # two others are
    assert verdict.counts[DESTRUCTIVE] == 2
    assert [r.release_class.rank for r in verdict.rows] == sorted(
        (r.release_class.rank for r in verdict.rows), reverse=True
    )
    (told,) = verdict.to_dict()["configuration"]["severities"]
    assert told == {
        "rule": "ent-merged", "class": "NEEDS_REDEPLOY", "was": "DESTRUCTIVE", "reason": "nobody is offline"
    }  # fmt: skip
    assert notes(verdict) == [
        "data on devices is held to be safe: ent-merged counts as NEEDS_REDEPLOY, not DESTRUCTIVE (1 finding), "
        "by the policy: nobody is offline"
    ]


@pytest.mark.parametrize(
    ("rule", "given_class", "release_class", "channel"),
    [
        ("text-changed", "DESTRUCTIVE", DESTRUCTIVE, OTA_SAFE),  # raised: what it costs, not how it travels
        ("text-changed", "FULL_RELEASE", FULL_RELEASE, FULL_RELEASE),
        ("mfs-any", "OTA_SAFE", OTA_SAFE, OTA_SAFE),
        ("mfs-any", "NEEDS_REDEPLOY", NEEDS_REDEPLOY, NEEDS_REDEPLOY),
        ("ent-merged", "FULL_RELEASE", FULL_RELEASE, FULL_RELEASE),
    ],
)
def test_a_class_is_a_channel_unless_data_is_at_stake(
    rule: str, given_class: str, release_class: ReleaseClass, channel: ReleaseClass, story: tuple[Snapshot, Snapshot]
) -> None:
    verdict = judged(story, severity=severity(rule, given_class))
    found = [f for f in verdict.findings if f.rule.id == rule]
    assert found
    assert {(f.release_class, f.channel) for f in found} == {(release_class, channel)}


def test_what_a_rule_costs_can_be_denied_and_not_how_it_travels(story: tuple[Snapshot, Snapshot]) -> None:
    with pytest.raises(PolicyError, match="'ent-merged' travels as NEEDS_REDEPLOY, whatever it costs"):
        judged(story, severity=severity("ent-merged", "OTA_SAFE"))


def test_where_less_is_at_stake_a_lowered_rule_is_not_raised() -> None:
    """Before a first release no device holds anything, so a rule of stranded data tells its channel there."""
    changes = diff(read("none"), sides()[1])
    spoke = next(f.rule for f in classify(changes).findings if f.channel is NEEDS_REDEPLOY)
    rules = {**catalogue(), spoke.id: evolve(spoke, hazard=Hazard.STRANDED)}
    for given_class in ("NEEDS_REDEPLOY", "FULL_RELEASE"):
        verdict = classify(changes, Policy(severity=severity(spoke.id, given_class)), rules=rules)
        assert {f.release_class for f in verdict.findings if f.rule.id == spoke.id} == {NEEDS_REDEPLOY}


# -- what is told ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(story: tuple[Snapshot, Snapshot]) -> Verdict:
    return judged(
        story,
        waiver(fingerprint=MERGED, reason="depot is closed", by="Ada L.", what="removed"),
        waiver(fingerprint=LINK, until="2026-11-01", reason="last month"),
        waiver(fingerprint="0123456789ab", reason="of another release"),
        severity=severity("agg-consolidation", "NEEDS_REDEPLOY"),
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_report_tells_what_was_waived_why_by_whom_and_until_when(name: str, full: Verdict) -> None:
    text = " ".join(render(full, name).replace("\\", "").split())
    who = '"by": "Ada L."' if name == "json" else "by Ada L."
    for words in (
        "depot is closed",
        who,
        "2026-12-31",
        "2026-11-01",
        "covers nothing of this release",
        "nobody is offline",
    ):
        assert words in text, words
    assert "Service.Measurement" in text  # a waived finding still is listed


@pytest.mark.parametrize("name", FORMATS)
def test_every_report_tells_the_verdict_with_and_without(name: str, full: Verdict) -> None:
    text = " ".join(render(full, name).replace("\\", "").split())
    assert full.release_class is full.unwaived_class is DESTRUCTIVE
    assert "DESTRUCTIVE" in text
    assert "what is left is DESTRUCTIVE" in text or '"unwaived": { "class": "DESTRUCTIVE"' in text


def test_it_comes_back_from_json(full: Verdict) -> None:
    again = Verdict.from_json(render(full, "json", everything=True))
    assert again == full
    assert again.unwaived == full.unwaived
    for name in FORMATS:
        assert render(again, name) == render(full, name)


def test_formats_of_machines_say_it_in_their_own_words(full: Verdict) -> None:
    suppressed = {
        result["partialFingerprints"]["mxChangeclass/v1"]: result["suppressions"]
        for result in json.loads(render(full, "sarif"))["runs"][0]["results"]
        if "suppressions" in result
    }
    assert {mark: s[0]["status"] for mark, s in suppressed.items()} == {MERGED: "accepted"}
    tests = render(full, "junit")
    assert tests.count("<skipped ") == 1
    assert tests.count("<failure ") == 1  # the association, whose waiver has ended
    levels = {line.split()[0] for line in render(full, "github").splitlines() if MERGED in line and "file=" in line}
    assert levels == {"::notice"}
    severities = {issue["fingerprint"]: issue["severity"] for issue in json.loads(render(full, "gitlab"))}
    assert (severities[MERGED], severities[LINK]) == ("info", "critical")


def test_compare_takes_the_day(story: tuple[Snapshot, Snapshot]) -> None:
    policy = Policy.of({"waivers": [waiver(fingerprint=MERGED)]})
    assert compare(*story, policy, today=DAY).waivers[0].covers
    assert not compare(*story, policy, today=date(2027, 1, 1)).waivers[0].covers
