"""What a verdict tells its readers: the paragraph in plain words, the facts, rows by harm, every value, every edit."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from attrs import evolve

from mx_changeclass import Verdict, classify, diff, render
from mx_changeclass.changes.change import UNSEEN
from mx_changeclass.changes.diff import NOISE_NAMES
from mx_changeclass.policy import Policy
from mx_changeclass.rules import catalogue
from mx_changeclass.vocabulary import FULL_RELEASE, Hazard
from mx_changeclass.wording import sentences
from mx_changeclass.wording.changes import words
from mx_changeclass.wording.harms import CONSEQUENCES
from mx_changeclass.wording.reasons import REASONS
from mx_changeclass.wording.values import many
from tests.cases import Case, labelled_cases
from tests.generated import story

VERDICTS = {case.id: case for case in list(labelled_cases())[::9]}


@pytest.fixture(params=VERDICTS, name="verdict")
def each_verdict(request: pytest.FixtureRequest) -> Verdict:
    return VERDICTS[request.param].verdict()


# -- the paragraph --------------------------------------------------------------------------------


def test_the_paragraph_leaves_no_harm_and_nothing_open_out(verdict: Verdict) -> None:
    told = " ".join(verdict.summary)
    assert 3 <= len(verdict.summary) <= 5
    assert all(s[0] == s[0].upper() and s.endswith(".") and not s.endswith("..") for s in verdict.summary)
    decided = {f.hazard for row in verdict.rows for f in row.findings if not f.undecided} - {Hazard.NONE}
    assert [h for h in decided if CONSEQUENCES[h].lower() not in told.lower()] == []
    assert ("no data on devices is at stake" in told.lower()) <= (not decided)
    assert ("nothing is left open" in told.lower()) <= (not verdict.undecided and not verdict.facts.unseen)
    assert (verdict.channel is FULL_RELEASE) <= ("from the app stores" in told)
    assert [rule for rule in catalogue() if f"[{rule}]" in told or f" {rule} " in told] == []


ATTRIBUTES = "whoever has entered values and not synchronised can lose them."


@pytest.mark.parametrize(
    ("edit", "first"),
    [
        ({"remove": ["Field.Order.Title"]}, f"One attribute disappears (Field.Order.Title): {ATTRIBUTES}"),
        (
            {"remove": ["Field.Order.Title", "Field.Order.Amount"]},
            f"Two attributes disappear (Field.Order.Amount, Field.Order.Title): {ATTRIBUTES}",
        ),
        (
            {"rename": {"Field.Order": "Job"}},
            "One kind of record gets another name (Field.Order): whoever has entered data and not synchronised can no "
            "longer send it, and can lose it.",
        ),
        ({"rename": {"Office.Order_Note": "Remark"}}, "No data on devices is at stake."),
    ],
)
def test_what_happens_to_whom_is_said_first(edit: dict[str, Any], first: str) -> None:
    assert Case("case", edit, {}).verdict().summary[0] == first


def test_each_harm_and_each_reason_has_words() -> None:
    assert CONSEQUENCES.keys() == {*Hazard} - {Hazard.NONE}
    assert REASONS.keys() == NOISE_NAMES - {UNSEEN}
    assert [*map(many, ("entity", "key", "index", "process", "module settings"))] == [
        "entities", "keys", "indexes", "processes", "module settings",
    ]  # fmt: skip


# -- facts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "ota", "by"),
    [(Policy(), True, "model"), (Policy(ota_in_binary=False), False, "configuration")],
)
def test_whether_updates_go_over_the_air_and_who_says_so(policy: Policy, ota: bool, by: str) -> None:
    verdict = classify(story().changes, policy)
    assert (verdict.released.installed, verdict.released.ota, verdict.released.ota_from) == (True, ota, by)
    switched = {
        r.fingerprint for r in verdict.rows if any(f.rule.id == "nav-ota-off-client-change" for f in r.findings)
    }
    assert {*verdict.facts.waiting} == (set() if ota else switched)
    assert bool(switched) is not ota


def test_the_native_template_and_who_states_it() -> None:
    stated = classify(story().changes, Policy(native_template="14.1.13")).released
    assert (stated.template, stated.template_from) == ("14.1.13", "configuration")
    assert (story().released.template, story().released.template_from) == ("", "")


# -- rows -----------------------------------------------------------------------------------------


def test_the_worst_stands_first_and_every_harm_is_told_with_its_reason(verdict: Verdict) -> None:
    ranks = [(-r.release_class.rank, min(f.hazard.gravity for f in r.findings)) for r in verdict.rows]
    assert ranks == sorted(ranks)
    text, page = (" ".join(render(verdict, name).split()) for name in ("text", "markdown"))
    for row in verdict.rows:
        if row.part_of:
            continue
        gravest = min(row.findings, key=lambda f: f.release_class is not max(g.release_class for g in row.findings))
        assert row.findings[0].hazard.gravity <= gravest.hazard.gravity
        for finding in row.findings:
            if finding.hazard is not Hazard.NONE:
                assert finding.rule.reason in text
    assert "Also: " not in page


def test_what_is_undecided_is_marked_where_it_stands(verdict: Verdict) -> None:
    marked = [row for row in verdict.rows if row.undecided and not row.part_of]
    assert {row.fingerprint for row in marked} <= {*verdict.facts.undecided}
    text = render(verdict)
    assert (text.count("? undecided") > 0) is bool(marked)
    assert [c["undecided"] for c in verdict.to_dict()["changes"]] == [row.undecided for row in verdict.rows]


def test_every_value_that_differs_is_in_the_data() -> None:
    edit = {"set": {"Field.Order_Edit/priceButton": {"buttonStyle": "Success", "renderType": "Link"}}}
    (row,) = (r for r in Case("case", edit, {}).verdict().rows if r.name == "Field.Order_Edit")
    assert (row.old, row.new, row.module) == (None, None, "Field")
    assert {(p.place, p.prop, p.old, p.new) for p in row.parts} == {
        ("action button priceButton", "buttonStyle", "Default", "Success"),
        ("action button priceButton", "renderType", "Button", "Link"),
    }
    (single,) = (r for r in Case("case", {"set": {"Field.Order.Title": {"type.length": 20}}}, {}).verdict().rows
                 if r.name == "Field.Order.Title")  # fmt: skip
    assert (single.prop, single.new, single.parts) == ("type.length", 20, ())


def test_what_a_finding_took_is_told_before_what_it_did_not() -> None:
    keys = {"popupWidth": 300, "popupHeight": 200, "markAsUsed": True, "url": "job", "popupResizable": False}
    changes = diff(*Case("case", {"set": {"Field.Order_Edit": keys}}, {}).sides())
    (change,) = (c for c in changes if c.row.name == "Order_Edit")
    for key, told in (("url", "URL"), ("popupWidth", "popup width")):
        assert words(change, changes, (), (key,)).startswith(told)
    assert "and 2 more" in words(change, changes)


# -- what was set aside -----------------------------------------------------------------------------


def test_every_edit_that_was_set_aside_is_listed_once(verdict: Verdict) -> None:
    counted: Counter[str] = Counter()
    for aside in verdict.aside:
        counted[aside.reason] += aside.edits
    by_noise = {name: n for name, n in verdict.accountability.by_noise.items() if name != UNSEEN}
    assert dict(counted) == by_noise
    told = json.loads(render(verdict, "json", everything=True))["set_aside"]
    assert sum(a["edits"] for a in told) == verdict.facts.set_aside
    assert "set_aside" not in json.loads(render(verdict, "json"))


def test_the_set_aside_is_told_to_whoever_asks() -> None:
    new = story().new
    found = classify(diff(new, new))
    assert [*sentences.asides(found)] == []
    edit = {"set": {"Field.NF_Old/EndEvent": {"relativeMiddlePoint": "9;9"}}}
    text = render(Case("case", edit, {}).verdict(), everything=True)
    assert "Set aside as geometry (1 edit): places and sizes on the canvas" in text
    assert "nanoflow Field.NF_Old: relativeMiddlePoint" in text


def test_a_report_from_before_these_facts_is_read() -> None:
    report = story().to_dict()
    del report["facts"], report["set_aside"], report["verdict"]["summary"]
    for change in report["changes"]:
        del change["parts"], change["module"], change["meaning"], change["undecided"]
    assert [row.what for row in Verdict.from_dict(report).rows] == [row.what for row in story().rows]


def test_nobody_is_told_to_wait_for_an_update_of_an_app_that_is_taken_away() -> None:
    gone, stays = (Case(str(t), t, t).verdict() for t in ({"remove": ["NativePhone"]}, {"remove": ["Field.Order"]}))
    for verdict, ended in ((gone, True), (stays, False)):
        told = " ".join((*verdict.summary, *sentences.warnings(verdict)))
        assert ("no update follows" in told) is ended
        assert ("until people have the new version" in told) is not ended
        assert ("until they update" in told) is not ended
        assert ("no app has to be installed anew" in told) is not ended


def test_a_verdict_that_saw_nothing_says_so_where_something_is_open() -> None:
    """ "No change" and "it may be DESTRUCTIVE" in one line contradict each other."""
    same = classify(diff(story().new, story().new))
    cut = evolve(story().new, incomplete=("mprcontents/00/00/gone.mxunit is listed and its file is missing",))
    assert sentences.headline(same).startswith("OTA_SAFE: no change that means anything")
    assert sentences.headline(classify(diff(story().new, cut))).startswith(
        "at least OTA_SAFE: no change was seen that means anything; it may be DESTRUCTIVE"
    )
