"""What a report says to do: every change in the step that carries it, in an order that costs nothing."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from mx_changeclass import Verdict
from mx_changeclass.findings.plan import Advice, Plan, PlanStep, StepKind, keeps_out, outline
from mx_changeclass.reports.rendering import render
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Hits
from mx_changeclass.vocabulary import (
    DESTRUCTIVE,
    FULL_RELEASE,
    NEEDS_REDEPLOY,
    OTA_SAFE,
    Remedy,
)
from mx_changeclass.wording.plans import steps_told
from tests.cases import Case, rule_cases

CHANGE, FIND_OUT, WAIT, DEPLOY, PUBLISH, STORE = StepKind


def verdict(**table: Any) -> Verdict:
    return Case(str(table), table, table).verdict()


def plan(**table: Any) -> Plan:
    return outline(verdict(**table))


def kinds(found: Plan) -> list[StepKind]:
    return [step.kind for step in found.steps]


def marks(found: Verdict, *names: str) -> set[str]:
    return {row.fingerprint for row in found.rows if row.name in names}


# -- what its parts say ---------------------------------------------------------------------------


def test_nothing_to_release_is_no_step() -> None:
    assert plan().steps == ()


def test_a_deploy_publishes_what_goes_over_the_air() -> None:
    """Updating Native Apps, Deploying an OTA Update: deploy, and apps update at the next start."""
    text = {"Field.Home/hintText": {"content.template.en_US": "Pull to refresh"}}
    found = plan(set=text)
    assert (kinds(found), found.over_the_air, found.steps[0].after_the_wait) == ([DEPLOY], True, OTA_SAFE)
    assert kinds(plan(set=text, declared={"codepush": "yes"})) == [DEPLOY, PUBLISH]


def test_a_rename_stays_out_and_what_has_nothing_to_do_with_it_goes() -> None:
    table: dict[str, Any] = {"rename": {"Field.Order": "Orders"}, "set": {"Office.Order_Note": {"documentation": "x"}}}
    found = plan(rename=table["rename"], add={"Office.Stock": {"kind": "DomainModels$Entity", "in": "Office"}})
    first = found.steps[0]
    assert first.kind is CHANGE
    assert [(advice.remedy, advice.subjects) for advice in first.do] == [(Remedy.REPLACE, ("Field.Order",))]
    assert len(found.steps) == 2
    assert found.steps[1].kind is DEPLOY
    assert not {*found.steps[1].changes} & {*first.changes}


def test_what_may_go_one_release_later_waits_for_every_device() -> None:
    table = {"remove": ["Field.Feedback", "Field.NF_SendFeedback"]}
    found, about = plan(**table), verdict(**table)
    assert kinds(found) == [DEPLOY, WAIT, DEPLOY]
    now, _, later = found.steps
    assert {*later.changes} == marks(about, "Field.Feedback")
    assert {*now.changes}.isdisjoint(later.changes)
    assert (later.release_class, later.after_the_wait) == (DESTRUCTIVE, NEEDS_REDEPLOY)
    assert later.loses == ("Field.Feedback",)  # the deploy drops the table, when all of it is there


def test_what_release_1_holds_meanwhile_is_a_release_even_where_nothing_else_goes() -> None:
    right = {"Field.Customer/AccessRule/Field.Customer.Phone": {"accessRights": "ReadOnly"}}
    found = plan(set=right)
    assert kinds(found) == [DEPLOY, WAIT, DEPLOY]
    assert [advice.text for advice in found.steps[0].edit] == ["the client no longer edits them"]
    assert found.steps[0].changes == ()


def test_with_the_only_profile_that_holds_data_all_that_waits_for_its_devices_goes_too() -> None:
    """No client of it will ever run another release: to split one for it makes nobody safer."""
    found = plan(
        remove=["NativePhone"], set={"Field.Customer/AccessRule/Field.Customer.Phone": {"accessRights": "ReadOnly"}}
    )
    assert kinds(found) == [WAIT, DEPLOY]
    wait, deploy = found.steps
    assert [advice.remedy for advice in wait.do] == [Remedy.RETIRE]
    assert (wait.late_entries_lost, deploy.release_class, deploy.after_the_wait) == (True, DESTRUCTIVE, NEEDS_REDEPLOY)


def test_a_module_that_installed_binaries_lack_comes_to_them_after_the_new_binary() -> None:
    """Deploying publishes: a bundle that loads what is not linked into the binary crashes on every device."""
    sidecar = "javascriptsource/shared/actions/JS_Vibrate.json"
    lists = '{"nativeDependencies": {"react-native-haptic-feedback": "2.3.3"MORE}}'
    base, more = lists.replace("MORE", ""), lists.replace("MORE", ', "react-native-nfc-manager": "6.0.0"')
    table: dict[str, Any] = {"base": {"files": {sidecar: base}}, "files": {sidecar: more}}
    page = {"Field.Home/hintText": {"content.template.en_US": "Pull to refresh"}}
    assert kinds(plan(**table, set=page)) == [STORE, WAIT, DEPLOY]
    entity = {"Office.Stock": {"kind": "DomainModels$Entity", "in": "Office"}}
    found = plan(**table, set=page, add=entity)
    assert kinds(found) == [DEPLOY, STORE, WAIT, DEPLOY]
    assert [step.model for step in found.steps if step.model] == ["release 1a", "release 1", "release 1"]
    assert found.steps[1].reasons == ("1 native module", "1 JavaScript source")


def test_a_downgrade_ends_with_the_change_of_the_model() -> None:
    about = verdict(version="10.24.16")
    (only,) = outline(about).steps
    assert only.kind is CHANGE
    assert {*only.changes} == {row.fingerprint for row in about.rows}


def test_a_release_that_is_split_points_to_the_plan_that_is_built_and_no_other_does() -> None:
    """What a verdict alone advises is proven by nothing."""
    server = {"add": {"Office.Stock": {"kind": "DomainModels$Entity", "in": "Office"}}}
    gone = {"remove": ["Field.Order"], **server}
    for table, split in ((gone, True), (server, False)):
        points = [point for _, below in steps_told(plan(**table)) for point in below]
        assert ("'mx-changeclass plan OLD NEW'" in " ".join(points)) is split, table


def test_what_is_said_of_the_app_as_a_whole_asks_for_another_comparison() -> None:
    """The steps that follow are those of the version that is not to be chosen; of a part that stays out they hold."""
    crash = plan(base={"version": "10.22.0"}, version="10.24.0.73019")
    assert kinds(crash)[0] is CHANGE
    assert steps_told(crash)[0][0].endswith("; then compare anew")
    part = plan(rename={"Field.Order": "Orders"}, add={"Office.Stock": {"kind": "DomainModels$Entity", "in": "Office"}})
    assert kinds(part) == [CHANGE, DEPLOY]
    assert "anew" not in steps_told(part)[0][0]


def test_a_binary_is_needed_for_the_move_and_not_for_what_else_is_wrong_with_the_version() -> None:
    """That an app crashes where a second user signs in asks for another version, and for no binary."""
    found = plan(template="13.0.0", base={"version": "10.22.0.67652"}, version="10.24.0.73019")
    (store,) = (step for step in found.steps if step.kind is STORE)
    assert store.reasons[0] == "Studio Pro 10.22.0.67652 to 10.24.0.73019"


# -- laws over what every rule says ---------------------------------------------------------------

LAWFUL = [
    case
    for case in rule_cases()
    if case.id.endswith(" hit") and catalogue()[case.rule].remedy not in (Remedy.NONE, Remedy.SERVER_FIRST)
]


@cache
def planned(case: Case) -> tuple[Verdict, Plan]:
    return case.verdict(), outline(case.verdict())


def _all(steps: tuple[PlanStep, ...], *wanted: StepKind) -> list[str]:
    return [mark for step in steps if step.kind in wanted for mark in step.changes]


def _advised(step: PlanStep) -> tuple[Advice, ...]:
    return (*step.do, *step.prepare, *step.leaves, *step.edit, *step.better)


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_every_change_stands_in_the_step_that_carries_it_once(case: Case) -> None:
    about, found = planned(case)
    sent, kept = _all(found.steps, DEPLOY), _all(found.steps, CHANGE, FIND_OUT)
    stored = _all(found.steps, STORE)
    assert [mark for mark, count in Counter(sent + kept).items() if count > 1] == []
    assert [mark for mark, count in Counter(stored).items() if count > 1] == []
    assert {*sent, *kept, *stored} <= {row.fingerprint for row in about.rows}
    for row in about.rows:
        channels = {f.channel for f in row.findings}
        if NEEDS_REDEPLOY in channels or row.channel is OTA_SAFE:
            assert row.fingerprint in {*sent, *kept}
        if FULL_RELEASE in channels:
            assert row.fingerprint in {*stored, *kept}


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_no_step_costs_data_once_what_it_waits_for_has_happened(case: Case) -> None:
    _, found = planned(case)
    assert all(step.after_the_wait < DESTRUCTIVE for step in found.steps)


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_all_that_is_advised_below_is_said_above(case: Case) -> None:
    about, found = planned(case)
    kept = {*_all(found.steps, CHANGE, FIND_OUT)}  # planned anew once it was changed
    said = {a.text for step in found.steps for a in _advised(step)}
    retired = {r.name for r in about.rows if any(f.remedy is Remedy.RETIRE for f in r.findings)}
    owed = [
        (f.rule.id, f.mitigation)
        for row in about.rows
        for f in row.findings
        if row.fingerprint not in kept
        and f.remedy not in (Remedy.NONE, Remedy.SERVER_FIRST, Remedy.STORE)
        and f.mitigation
        and not (f.audience and retired >= {*f.audience})
        and not any(verb in (Hits, Release) for verb, _ in f.rule.listens_to)
    ]
    assert [each for each in owed if each[1] not in said] == []


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_a_title_is_no_subject(case: Case) -> None:
    about, found = planned(case)
    names = {row.subject_name for row in about.rows}
    for step in found.steps:
        advised = [name for a in _advised(step) for name in a.subjects]
        assert {*advised, *step.fails_until_updated, *step.loses} <= names


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_what_devices_upload_in_a_wait_is_not_dropped_by_the_deploy_after_it(case: Case) -> None:
    """Unless the deploy says so, and what to do before it."""
    _, found = planned(case)
    waited = {name for step in found.steps if step.kind is WAIT for a in step.do for name in a.subjects}
    for step in found.steps:
        assert waited.isdisjoint(step.loses)


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_what_costs_data_in_any_order_is_said_before_any_release(case: Case) -> None:
    about, found = planned(case)
    stopping = {Remedy.STOP, Remedy.REPLACE, Remedy.OTHER_VERSION}
    retired = {r.name for r in about.rows if any(f.remedy is Remedy.RETIRE for f in r.findings)}
    grave_ones = [f for r in about.rows for f in r.findings if keeps_out(f) and f.remedy in stopping]
    if any(not f.audience or not retired >= {*f.audience} for f in grave_ones):
        assert found.steps[0].kind is CHANGE


@pytest.mark.parametrize("case", LAWFUL[::6], ids=lambda case: case.id)
def test_a_verdict_of_a_report_is_planned_alike(case: Case) -> None:
    about, found = planned(case)
    assert outline(Verdict.from_json(render(about, "json"))) == found


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.id)
def test_the_plan_in_words_says_each_step_with_its_points(case: Case) -> None:
    _, found = planned(case)
    words = steps_told(found)
    assert len(words) == len(found.steps)
    for title, points in words:
        assert re.match(r"[A-Z]", title)
        assert "  " not in title
        assert all(point.strip() and not point.endswith(": ") for point in points)


def test_the_laws_are_asked_of_many_rules() -> None:
    assert len({case.rule for case in LAWFUL}) > 200
