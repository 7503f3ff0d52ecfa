"""What rules advise: followed by the person who reads it, it saves data and costs none."""

from __future__ import annotations

import re

from mx_changeclass.rules import catalogue
from mx_changeclass.vocabulary import HARD_LOSS, SOFT_LOSS, Hazard, Maybe, Requires
from mx_changeclass.wording.sentences import STEPS

# Commands that lose data, by what a release note says of them.
WARNED_OF = re.compile(r"module-import|'replace'|--import-mode")


def test_nobody_is_asked_to_upload_into_what_the_deploy_then_drops() -> None:
    lossy = [r for r in catalogue().values() if r.server_data_loss is not Maybe.NO or r.hazard is Hazard.SERVER_LOSS]
    assert [r.id for r in lossy if r.requires is Requires.DRAIN] == []


def test_what_only_a_repair_saves_says_what_to_put_back() -> None:
    repaired = [r for r in catalogue().values() if r.requires is Requires.REPAIR]
    assert repaired
    assert [r.id for r in repaired if not r.mitigation.startswith(("Do not release: ", "Do not deploy: "))] == []


def test_no_advice_names_a_command_that_a_release_note_warns_of() -> None:
    assert [r.id for r in catalogue().values() if WARNED_OF.search(r.mitigation)] == []


def test_every_rule_that_may_cost_data_on_devices_says_what_to_do_instead() -> None:
    costly = [r for r in catalogue().values() if r.hazard in HARD_LOSS | SOFT_LOSS]
    assert [r.id for r in costly if not r.mitigation or r.mitigation == "Deploy."] == []


def test_every_step_that_a_rule_may_ask_for_has_its_sentence() -> None:
    asked = {r.requires for r in catalogue().values()} - {Requires.EITHER_ORDER}
    assert {r.slug for r in asked} == set(STEPS)


def test_no_step_takes_a_tightened_rule_for_a_removal() -> None:
    assert "remove" not in STEPS[Requires.TWO_STEP.slug]
