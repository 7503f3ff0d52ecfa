"""A proven plan: what its steps hold is what differs, and no step costs more than it says."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mx_changeclass import PolicyError, Verdict, classify, compare, diff, plan, way_back
from mx_changeclass.findings.back import ALWAYS, UNTIL_DEPLOYED, UNTIL_RUN, May
from mx_changeclass.findings.plan import Plan, StepKind, Steps
from mx_changeclass.findings.planning import Proof, proven_plan
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.vocabulary import DESTRUCTIVE, NEEDS_REDEPLOY, OTA_SAFE, Remedy
from tests.builders.editor import EditError
from tests.cases import FIXTURES, Case, Table, rule_cases
from tests.corpus import real_pair
from tests.generated import story

CHANGE, FIND_OUT, WAIT, DEPLOY, PUBLISH, STORE = StepKind
law = settings(
    derandomize=True,
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def judged(*tables: Table, **table: Any) -> Verdict:
    case = Case("several", {"then": list(tables), **table}, {})
    return classify(diff(*case.sides()), case.policy)


def steps(verdict: Verdict, **how: Any) -> list[StepKind]:
    return [step.kind for step in proven_plan(verdict, **how).steps]


def proved(verdict: Verdict) -> Proof:
    proof = Proof(verdict, Steps.of(verdict))
    proof.search()
    return proof


def marks(*verdicts: Verdict | None) -> set[str]:
    """The changes of elements; what is said of the app as a whole hangs on all that differs."""
    return {row.fingerprint for v in verdicts if v for row in v.rows if row.kind != "Projects$Project"}


# -- by hand ------------------------------------------------------------------------------------------

RENAME = {"rename": {"Field.Order": "Orders"}}
STOCK = {"add": {"Office.Stock": {"kind": "DomainModels$Entity", "in": "Office"}}}
FEEDBACK = {"remove": ["Field.Feedback", "Field.NF_SendFeedback"]}
TEXT = {"set": {"Field.Home/hintText": {"content.template.en_US": "Pull to refresh"}}}
RIGHT = {"set": {"Field.Customer/AccessRule/Field.Customer.Phone": {"accessRights": "ReadOnly"}}}
LAST_PAGE = {"remove": ["NativePhone/Field.Settings"]}
MICROFLOW = {"remove": ["Field.MF_Check"]}


def test_a_version_against_itself_is_a_plan_of_no_step() -> None:
    (old, _) = Case("nothing", {}, {}).sides()
    found = proven_plan(classify(diff(old, old)))
    assert (found.steps, found.proven, found.leads_there) == ((), True, True)


def test_what_has_nothing_to_do_with_a_rename_goes_without_it() -> None:
    found = proven_plan(judged(RENAME, STOCK))
    assert [step.kind for step in found.steps] == [CHANGE, DEPLOY]
    assert not found.leads_there
    assert found.steps[1].after_the_wait is NEEDS_REDEPLOY
    assert proved(judged(RENAME, STOCK)).first.release_class is NEEDS_REDEPLOY  # no step of it is the rename


def test_what_goes_later_is_in_no_model_before() -> None:
    proof = proved(judged(FEEDBACK, TEXT))
    assert "Field.Feedback" in Release.of(diff(proof.model1, proof.model1)).old.symbols.entities
    assert "Field.Feedback" not in Release.of(diff(proof.model2, proof.model2)).old.symbols.entities
    found = proof.plan()
    assert [step.kind for step in found.steps] == [DEPLOY, WAIT, DEPLOY]
    assert (found.proven, found.leads_there) == (True, True)


def test_an_entity_that_loses_its_last_page_is_kept_by_a_row_of_its_own() -> None:
    """The page goes at once, so that nothing is entered any more, and the row keeps what waits on devices."""
    verdict = judged(LAST_PAGE)
    proof = proved(verdict)
    assert proof.kept.keys() == {"Shared.Setting", "Field.Feedback"}
    assert proof.first.release_class < DESTRUCTIVE
    found = proof.plan()
    assert [step.kind for step in found.steps] == [DEPLOY, WAIT, DEPLOY]
    assert [advice.subjects for advice in found.steps[0].edit] == [("Field.Feedback",), ("Shared.Setting",)]
    assert marks(proof.first, proof.second) - marks(verdict) == {
        row.fingerprint
        for v in (proof.first, proof.second)
        if v
        for row in v.rows
        if row.kind == "Navigation$OfflineEntityConfig"
    }


def test_a_row_that_keeps_an_entity_leaves_devices_with_a_binary_where_nothing_goes_over_the_air() -> None:
    """Devices have their synchronisation modes in the bundle (release notes of 11.10, "older offline clients that have
    an All Objects or By XPath synchronization mode"), so the release that takes the row out is a binary as well."""
    verdict = judged(LAST_PAGE, base={"set": {"NativePhone": {"otaEnabled": False}}})
    proof = proved(verdict)
    assert proof.kept.keys() == {"Shared.Setting", "Field.Feedback"}
    found = proof.plan()
    assert [(step.kind, step.model) for step in found.steps] == [
        (DEPLOY, "release 1"),
        (STORE, "release 1"),
        (WAIT, ""),
        (DEPLOY, "release 2"),
        (STORE, "release 2"),
    ]
    assert proof.second is not None
    assert {row.name for row in proof.second.rows if row.fingerprint in found.steps[-1].changes} == {
        "",  # the app as a whole: what devices meet until they have the binary
        *proof.kept,
    }


def test_what_a_binary_needs_of_the_server_is_there_before_it() -> None:
    case = next(case for case in rule_cases() if case.id == "native-dep-added hit")
    verdict = judged(TEXT, STOCK, base=case.table["base"], files=case.table["files"])
    found = proven_plan(verdict)
    assert [step.kind for step in found.steps] == [DEPLOY, STORE, WAIT, DEPLOY]
    assert [step.model for step in found.steps] == ["release 1a", "release 1", "", "release 1"]
    early, _, _, last = found.steps
    assert {row.fingerprint for row in verdict.rows if row.name in ("Office.Stock", "Field.Home")} <= {*early.changes}
    assert {*early.changes}.isdisjoint(last.changes)
    assert early.fails_until_updated == last.fails_until_updated == ()
    assert found.leads_there


def test_what_fails_until_devices_update_is_put_off_where_nobody_may_fail() -> None:
    case = next(case for case in rule_cases() if case.id == "mf-deleted hit")
    verdict = classify(diff(*case.sides()), case.policy)
    assert steps(verdict) == [DEPLOY]
    assert proven_plan(verdict).steps[0].fails_until_updated
    assert steps(verdict, nobody_fails=True) == [DEPLOY, WAIT, DEPLOY]  # who called it stops calling first


def test_of_a_release_before_which_there_was_none_there_is_no_plan() -> None:
    with pytest.raises(PolicyError, match="nothing is released yet"):
        plan("none", FIXTURES / "field-service" / "v1.snapshot.xml")


def test_a_version_that_could_not_be_read_in_full_proves_nothing() -> None:
    old, new = Case("text", TEXT, {}).sides()
    found = proven_plan(classify(diff(old, evolve(new, incomplete=("mprcontents/ab is listed but not there",)))))
    assert (found.proven, found.leads_there) == (False, True)
    assert found.open == ("1 finding could not be decided",)


def test_a_plan_names_the_models_it_leads_from_and_to() -> None:
    verdict = story()
    found = proven_plan(verdict)
    assert (found.old, found.new) == (verdict.old.digest, verdict.new.digest)
    assert any(verdict.old.digest[:12] in check for step in found.steps for check in step.checks)


# -- the way back -----------------------------------------------------------------------------------------


def test_a_text_may_be_taken_back_at_any_time() -> None:
    way = way_back(judged(TEXT))
    assert (way.may, way.until, way.drops, way.costs) == (May.YES, ALWAYS, (), ())


def test_what_was_entered_in_a_new_attribute_goes_with_the_way_back() -> None:
    case = next(case for case in rule_cases() if case.id == "attr-added-sync hit")
    way = way_back(classify(diff(*case.sides()), case.policy))
    assert way.may is May.AT_A_COST
    assert way.costs == way.drops != ()
    assert way.gone == ()


def test_what_a_release_dropped_on_the_server_does_not_come_back() -> None:
    way = way_back(judged(FEEDBACK))
    assert (way.may, way.until) == (May.AT_A_COST, UNTIL_DEPLOYED)
    assert "Field.Feedback" in way.gone
    assert "Field.Feedback" not in (*way.drops, *way.costs)  # it comes, and nothing is entered in it yet


def test_what_comes_goes_before_what_it_takes_the_place_of() -> None:
    """The second version of the story taken back: the entity comes at once, and the attributes go when all that was
    entered in them is on the server."""
    verdict = story()
    proof = proved(classify(diff(verdict.new, verdict.old)))
    later = {proof.parts[key].name for key in proof.put_off}
    assert {"Service.Inspection.TakenOn", "Service.Inspection.Value"} <= later
    assert "Service.Measurement" not in later
    assert proof.plan().proven


def test_the_story_is_split_where_its_entities_merge() -> None:
    """What the new place of the data is goes first, so that the server can migrate it."""
    proof = proved(story())
    later = {proof.parts[key].name for key in proof.put_off if proof.parts[key].meaningful}
    assert later == {"Service.Measurement", "Service.Measurement_Inspection"}
    assert proof.kept.keys() == {"Service.Measurement"}


def test_no_way_leads_back_over_an_upgrade_that_devices_have_run() -> None:
    way = way_back(judged(version="10.24.19", base={"version": "10.24.18"}))
    assert (way.may, way.until) == (May.NO, UNTIL_RUN)
    assert way.because == ("Studio Pro version lowered",)
    assert [step.kind for step in way.plan.steps] == [CHANGE]


def test_a_binary_that_went_out_is_taken_back_by_no_store() -> None:
    case = next(case for case in rule_cases() if case.id == "native-dep-added hit")
    assert way_back(classify(diff(*case.sides()), case.policy)).binaries
    assert not way_back(judged(TEXT)).binaries


# -- laws -------------------------------------------------------------------------------------------------

EDITS = {
    case.rule: case.table
    for case in rule_cases()
    if case.id.endswith(" hit")
    and not {"base", "old", "turned", "template", "version", "read", "files", "folder", "declared"} & case.table.keys()
}


edited = st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3, unique=True).map(tuple)


@cache
def several(rules: tuple[str, ...]) -> Verdict | None:
    """The base project after the edits of these rules; None where one leaves no room for another."""
    try:
        return judged(*(EDITS[rule] for rule in rules))
    except (EditError, ValueError, KeyError, StopIteration):
        return None


def made(rules: tuple[str, ...]) -> Verdict:
    verdict = several(rules)
    assume(verdict is not None)
    assert verdict is not None
    return verdict


def follow(verdict: Verdict) -> tuple[Proof, Plan, Verdict]:
    proof = proved(verdict)
    left = classify(diff(proof.model2, verdict.new), verdict.policy)
    return proof, proof.plan(), left


@law
@given(edited)
def test_the_steps_and_what_is_left_out_hold_what_differs(rules: tuple[str, ...]) -> None:
    """Two rows more for each entity that is kept: its row comes, and goes."""
    verdict = made(rules)
    proof, found, left = follow(verdict)
    placed = marks(proof.first, proof.second, left)
    assert marks(verdict) <= placed
    kept = {
        row.fingerprint
        for v in (proof.first, proof.second)
        if v
        for row in v.rows
        if row.kind == "Navigation$OfflineEntityConfig" or row.name in proof.kept
    }
    assert placed - marks(verdict) <= kept
    stated = {mark for step in found.steps for mark in step.changes}
    owed = {
        r.fingerprint
        for v in (proof.first, proof.second)
        if v
        for r in v.rows
        if r.channel in (OTA_SAFE, NEEDS_REDEPLOY)
    }
    assert owed <= stated


@law
@given(edited)
def test_no_release_of_a_proven_plan_costs_data_after_its_wait(rules: tuple[str, ...]) -> None:
    verdict = made(rules)
    proof, found, _ = follow(verdict)
    assert all(step.after_the_wait < DESTRUCTIVE for step in found.steps) or not found.proven
    if found.proven and found.steps and found.steps[0].kind is DEPLOY:
        assert met(proof.first) < DESTRUCTIVE


def met(verdict: Verdict) -> Any:
    """The class of a release where nothing was waited for."""
    waited = (Remedy.PREPARE_SERVER, Remedy.NONE)
    return max((f.channel if f.remedy in waited else f.release_class for f in verdict.findings), default=OTA_SAFE)


@law
@given(edited)
def test_followed_and_planned_again_only_what_stays_out_is_left(rules: tuple[str, ...]) -> None:
    verdict = made(rules)
    _, found, left = follow(verdict)
    assume(found.proven or not found.leads_there)
    again = proven_plan(left)
    if found.leads_there:
        assert again.steps == ()
    elif left.rows:
        assert not again.leads_there


@law
@given(edited)
def test_the_newer_version_against_itself_is_nothing(rules: tuple[str, ...]) -> None:
    verdict = made(rules)
    assert proven_plan(classify(diff(verdict.new, verdict.new), verdict.policy)).steps == ()


@law
@given(edited)
def test_a_half_read_side_is_never_proven(rules: tuple[str, ...]) -> None:
    verdict = made(rules)
    half = evolve(verdict.new, incomplete=("something is listed but not there",))
    assert not proven_plan(classify(diff(verdict.old, half), verdict.policy)).proven


# -- real apps ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair_id", ["Native-Mobile-Resources-003", "SIGARA-019"])
def test_the_plan_of_a_real_release_holds_what_differs_and_costs_no_data(pair_id: str) -> None:
    verdict = compare(*real_pair(pair_id))
    proof, found, left = follow(verdict)
    assert marks(proof.first, proof.second, left) == marks(verdict)
    assert left.rows == ()
    assert (found.proven, found.leads_there) == (True, True)
    assert all(step.after_the_wait < DESTRUCTIVE for step in found.steps)
    needing = {r.fingerprint for r in verdict.rows if any(f.channel is NEEDS_REDEPLOY for f in r.findings)}
    assert needing <= {mark for step in found.steps if step.kind is DEPLOY for mark in step.changes}
