"""Every labelled edit, from bytes through the real reader, diff and rules to its label."""

from __future__ import annotations

import pytest

from tests.cases import Case, labelled_cases, labels, rule_cases


@pytest.mark.parametrize("case", list(labelled_cases()), ids=lambda case: case.id)
def test_a_labelled_case_gets_its_label(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


@pytest.mark.parametrize("case", list(rule_cases()), ids=lambda case: case.id)
def test_a_rule_speaks_on_its_hit_and_no_rule_out_of_turn(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


def test_every_label_has_its_case() -> None:
    assert [case.id for case in labelled_cases()] == sorted(labels())


def test_the_base_project_against_itself_is_silent() -> None:
    verdict = Case("nothing", {}, {}).verdict()
    assert (verdict.release_class.name, verdict.channel.name, verdict.rows) == ("OTA_SAFE", "NONE", ())
