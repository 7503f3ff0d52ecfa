"""Every labelled edit, from bytes through the real reader, diff and rules to its label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mx_changeclass.rules import catalogue
from tests.cases import FIXTURES, Case, labelled_cases, labels, rule_cases, rule_files
from tests.rules import test_catalogue, test_observations

# Rules that no edit of the base project can show: why, and the test that shows each of them.
SHOWN_ELSEWHERE: Mapping[str, tuple[str, Callable[..., None]]] = {
    "agg-incomplete-side": (
        "what the editor makes is whole",
        test_catalogue.test_a_side_that_was_not_read_in_full_is_told_and_counts_as_undecided,
    ),
    "file-unknown": (
        "no file of unknown purpose is read from a folder, but snapshots may hold some",
        test_catalogue.test_a_file_of_no_known_kind_is_taken_for_a_part_of_the_server,
    ),
    "mpr-format-v1-v2": (
        "both sides of a case are snapshots",
        test_observations.test_a_model_stored_in_another_form_is_told_and_means_nothing,
    ),
}


@pytest.mark.parametrize("case", list(labelled_cases()), ids=lambda case: case.id)
def test_a_labelled_case_gets_its_label(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


@pytest.mark.parametrize("case", list(rule_cases()), ids=lambda case: case.id)
def test_a_rule_speaks_on_its_hit_and_no_rule_out_of_turn(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


def test_every_rule_has_a_hit_and_a_near_miss() -> None:
    rules = set(catalogue())
    for kind in ("hit", "near-miss"):
        shown = {case.id.split()[0] for case in rule_cases() if case.id.split()[1] == kind}
        assert sorted(rules - shown) == sorted(SHOWN_ELSEWHERE), kind
        assert shown <= rules, kind


@pytest.mark.parametrize("case", list(rule_cases()), ids=lambda case: case.id)
def test_the_case_of_a_rule_says_whether_it_speaks(case: Case) -> None:
    rule, kind, *_ = case.id.split()
    assert (rule in case.label["speaks"]) is (kind != "near-miss")


def test_a_case_lies_in_the_room_and_chapter_of_its_rule() -> None:
    places = {rule.id: "/".join(rule.test.__module__.split(".")[2:]) for rule in catalogue().values()}
    folder = FIXTURES / "rules"
    assert [str(p) for p in rule_files() if p.parent.relative_to(folder).as_posix() != places.get(p.stem)] == []


def test_every_label_has_its_case() -> None:
    assert [case.id for case in labelled_cases()] == sorted(labels())


def test_the_base_project_against_itself_is_silent() -> None:
    verdict = Case("nothing", {}, {}).verdict()
    assert (verdict.release_class.name, verdict.channel.name, verdict.rows) == ("OTA_SAFE", "NONE", ())
