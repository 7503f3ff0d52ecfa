"""What rules call a loss, seen by a witness that moves rows through databases and knows nothing of rules."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mx_changeclass.rules import catalogue
from mx_changeclass.vocabulary import DESTRUCTIVE, HARD_LOSS, Hazard, Maybe
from tests.cases import Case, labelled_cases, rule_cases
from tests.witness import lost

CHAPTERS = frozenset({
    "assoc", "attr", "attr_types", "constraints", "entity", "entity_kind", "enum", "identity", "validation",
})  # fmt: skip

# Rules that speak of a loss which no row in a table shows, and why they speak.
UNWITNESSED: Mapping[str, str] = {
    "assoc-added-sync": "the migration of the local database fails, its tables are not at fault",
    "assoc-added-to-server-old": "the migration of the local database fails below 10.24.10",
    "assoc-delete-cascade-sync": "objects go when others are deleted, which a release alone does not do",
    "assoc-owner": "both sides may change the reference, whose change wins is not in the tables",
    "attr-decimal-scale-lower": "digits are cut by the runtime, by a setting of the whole app",
    "attr-localize-date": "the moment that a value stands for shifts, the value stays",
    "ent-file-specialization": "contents of files lie outside the tables",
    "ent-generalization-set": "how a client moves rows between layouts is not published",
    "enum-deleted": "the attribute that used it changes with it and is witnessed there",
    "event-raise-error": "a microflow decides at run time",
    "regex-changed": "an expression decides at run time",
    "val-range-tightened": "a bound of values is not in the tables",
}


def _cases() -> list[Case]:
    chapters = {rule.id: rule.chapter for rule in catalogue().values()}
    return [case for case in rule_cases() if chapters.get(case.id.partition(" ")[0]) in CHAPTERS]


@pytest.mark.parametrize("case", [*labelled_cases(), *_cases()], ids=lambda case: case.id)
def test_what_the_witness_loses_is_told(case: Case) -> None:
    old, new = case.sides()
    if old.form == "none":
        return
    verdict, loss = case.verdict(), lost(old, new)
    if loss.device:
        assert verdict.release_class is DESTRUCTIVE, sorted(loss.device)
    if loss.server:
        assert any(f.server_data_loss is not Maybe.NO for f in verdict.findings), sorted(loss.server)


@pytest.mark.parametrize("case", [c for c in _cases() if c.id.endswith(" hit")], ids=lambda case: case.id)
def test_a_rule_that_speaks_of_loss_has_a_witness(case: Case) -> None:
    rule = catalogue()[case.id.partition(" ")[0]]
    if rule.hazard not in HARD_LOSS | {Hazard.UPLOAD_REFUSED} or rule.id in UNWITNESSED:
        return
    assert lost(*case.sides()).device


def test_only_rules_of_the_catalogue_go_without_a_witness() -> None:
    assert set(UNWITNESSED) <= set(catalogue())


def test_new_ids_alone_lose_nothing() -> None:
    again = Case("again", {"reid": ["Field.Order", "Field.OrderLine", "Office.Invoice"]}, {})
    assert lost(*again.sides()) == lost(*Case("same", {}, {}).sides())


def test_the_witness_sees_a_plain_loss() -> None:
    loss = lost(*Case("gone", {"rename": {"Field.Order": "Job"}}, {}).sides())
    assert "Field.Order" in loss.device
    assert not loss.server
