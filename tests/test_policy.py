"""What a team states: what is no statement is refused, and each setting decides what its description says."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, fields

from mx_changeclass import Policy, classify, diff
from mx_changeclass.errors import PolicyError
from tests.cases import Case, rule_cases


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"declared": {"codpush": "yes"}}, "'codpush'"),
        ({"declared": {"codepush": True}}, "'declared'"),
        ({"declared": ["codepush"]}, "'declared'"),
        ({"ignore": "theme/*"}, "'ignore'"),
        ({"ignore": [1]}, "'ignore'"),
        ({"severity": ["text-changed"]}, "'severity'"),
        ({"severity": {"text-changed": "OTA_SAFE"}}, "severity of 'text-changed' must be a table"),
        ({"severity": {"text-changed": {"class": "HARMLESS", "reason": "x"}}}, "'class' cannot be 'HARMLESS'"),
        ({"severity": {"text-changed": {"class": "none", "reason": "x"}}}, "'class' cannot be 'none'"),
        ({"severity": {"text-changed": {"class": "OTA_SAFE", "reason": " "}}}, "'reason' must be a text"),
        ({"waivers": {"fingerprint": "0123456789ab"}}, "'waivers' must be a list"),
        ({"waivers": ["0123456789ab"]}, "a waiver must be a table"),
        ({"strict_types": 1}, "'strict_types'"),
        ({"soft_hazards": None}, "'soft_hazards'"),
        ({"blocked_is_loss": "yes"}, "'blocked_is_loss'"),
        ({"native_template": None}, "'native_template'"),
        ({"new_native_template": 14}, "'new_native_template'"),
        ({"ota_in_binary": "no"}, "'ota_in_binary'"),
        ({"native_template": "banana"}, "'native_template' cannot be 'banana'"),
        ({"native_template": "14"}, "'native_template' cannot be '14'"),
        ({"new_native_template": "14.1.13 or so"}, "'new_native_template'"),
        ({"declared": {"codepush": "maybe"}}, "'codepush' cannot be 'maybe'"),
        ({"declared": {"several-users-a-device": "No"}}, "'several-users-a-device' cannot be 'No'"),
        ({"declared": {"binary-of-older-model": ""}}, "'binary-of-older-model'"),
    ],
)
def test_what_cannot_be_stated_is_refused_however_a_policy_is_made(values: dict[str, Any], named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        Policy(**values)
    with pytest.raises(PolicyError, match=f"^app.toml: .*{named}"):
        Policy.of(values, "app.toml")
    with pytest.raises(PolicyError, match=named):
        evolve(Policy(), **values)


def test_a_setting_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(PolicyError, match=r"'strict' is no setting. Use one of .*strict_types"):
        Policy.of({"strict": True})


def test_policies_are_values() -> None:
    stated = {"codepush": "yes", "deep-links": "Field.Home"}
    one, other = Policy(declared=stated, ignore=("a/*",)), Policy.of({"declared": {**stated}, "ignore": ["a/*"]})
    assert one == other
    assert len({one, other, Policy()}) == 2
    stated["codepush"] = "no"  # the policy holds its own copy
    assert one == other
    assert repr(Policy(strict_types=True)) == "Policy(strict_types=True)"


RULES = {case.id: case for case in rule_cases()}
DECIDES = [
    # the case, what is stated, the class without and with it
    ("acc-read-removed-sync hit", {"soft_hazards": True}, "DESTRUCTIVE", "NEEDS_REDEPLOY"),  # removed-from-device
    ("attr-added-required hit", {"soft_hazards": True}, "DESTRUCTIVE", "NEEDS_REDEPLOY"),  # upload-refused
    ("attr-renamed-sync hit", {"soft_hazards": True}, "DESTRUCTIVE", "DESTRUCTIVE"),  # value-loss is never soft
    ("assoc-narrowed-server hit", {"blocked_is_loss": True}, "NEEDS_REDEPLOY", "DESTRUCTIVE"),  # start-failure
    ("attr-int-to-long hit", {"strict_types": True}, "NEEDS_REDEPLOY", "DESTRUCTIVE"),
    ("text-changed hit", {"ota_in_binary": False}, "OTA_SAFE", "FULL_RELEASE"),
    ("text-changed hit", {"ota_in_binary": True}, "OTA_SAFE", "OTA_SAFE"),
]


@pytest.mark.parametrize(("case_id", "stated", "without", "with_it"), DECIDES)
def test_a_setting_decides_what_it_says(case_id: str, stated: dict[str, Any], without: str, with_it: str) -> None:
    case: Case = RULES[case_id]
    changes = diff(*case.sides())
    assert str(classify(changes, case.policy).release_class) == without
    assert str(classify(changes, evolve(case.policy, **stated)).release_class) == with_it


def test_every_setting_is_decided_on_somewhere() -> None:
    """The templates, declarations and ignored files by cases of rules and ``test_cli``, waivers and severity by
    ``test_waivers``, the others here."""
    here = {name for _, stated, _, _ in DECIDES for name in stated}
    where = {"source", "stated"}  # where the settings were read
    own = {a.name for a in fields(Policy)} - here - where
    assert own == {"native_template", "new_native_template", "declared", "ignore", "severity", "waivers"}
