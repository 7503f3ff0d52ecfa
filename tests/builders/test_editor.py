"""The edits of the cases leave a model as the modeller would leave it."""

from __future__ import annotations

import pytest

from mx_changeclass.graphs.app import App
from tests.builders.editor import Draft, EditError
from tests.cases import base_project, through_xml


@pytest.fixture
def draft() -> Draft:
    return base_project()


def values(draft: Draft) -> set[str]:
    return {v for rows in draft.rows.values() for r in rows for v in r.props.values() if isinstance(v, str)}


def test_the_base_project_syncs_what_its_description_says(draft: Draft) -> None:
    side = App(through_xml(draft, "base"))
    assert {name: entry.mode for name, entry in side.sync.items()} == {
        "Field.Order": "All",
        "Field.OrderLine": "All",
        "Field.Customer": "Constrained",
        "Field.Contact": "All",
        "Field.Inspection": "All",
        "Field.Measurement": "All",
        "Field.Photo": "NoneAndPreserveData",
        "Field.Feedback": "None",
        "Shared.Setting": "All",
    }
    assert {"Field.MF_Login", "Field.MF_GetQuote"} <= side.called
    assert not side.calls("Office.MF_CalcInvoice")
    assert side.signature_entities == {"Field.LoginRequest"}


def test_references_follow_a_rename_also_inside_expressions(draft: Draft) -> None:
    draft.rename("Field.OrderLine_Order", "Line_Order")
    draft.rename("Shared.FeatureNewFlow", "Fresh")
    assert "[Field.Line_Order = '[%CurrentObject%]']" in values(draft)
    assert "@Shared.Fresh" in values(draft)
    assert not any("OrderLine_Order" in v or "FeatureNewFlow" in v for v in values(draft))


def test_a_longer_name_does_not_follow_the_rename_of_a_shorter_one(draft: Draft) -> None:
    draft.rename("Field.Order", "Job")
    assert draft.find("Field.Order_Edit").name == "Order_Edit"
    assert {"Field.OrderLine", "Field.Job.Title"} <= values(draft)


def test_what_cannot_stand_without_a_removed_entity_goes_with_it(draft: Draft) -> None:
    draft.remove("Field.Measurement")
    assert not any(v.startswith("Field.Measurement") for v in values(draft))
    with pytest.raises(EditError):
        draft.find("Field.Measurement_Inspection")


def test_a_moved_entity_leaves_cross_associations_behind(draft: Draft) -> None:
    draft.move("Field.Customer", "Shared")
    association = draft.find("Field.Order_Customer")
    assert association.type == "DomainModels$CrossAssociation"
    assert association.props["child"] == "Shared.Customer"


def test_a_copy_has_ids_and_identities_of_its_own(draft: Draft) -> None:
    draft.add("Office.Note", {"like": "Office.AuditLog"})
    ids = [r.id for rows in draft.rows.values() for r in rows]
    guids = [r.props["dataStorageGuid"] for rows in draft.rows.values() for r in rows if "dataStorageGuid" in r.props]
    assert len(ids) == len(set(ids))
    assert len(guids) == len(set(guids))
    assert "Office.Note.LoggedOn" in values(draft)


def test_a_removed_activity_leaves_no_gap_in_its_flow(draft: Draft) -> None:
    draft.remove("Field.NF_SaveOrder/CommitAction")
    rows = draft.rows[draft.find("Field.NF_SaveOrder").id]
    ids = {r.id for r in rows}
    flows = [r for r in rows if r.type == "Microflows$SequenceFlow"]
    assert all(f.props["origin"] in ids and f.props["destination"] in ids for f in flows)
    assert len(flows) == 2


def test_pointers_follow_new_ids(draft: Draft) -> None:
    draft.reid("Field.Order/**")
    assert draft.find("Field.Order_Customer").props["parent"] == draft.find("Field.Order").id


def test_an_address_of_nothing_or_of_several_is_an_error(draft: Draft) -> None:
    with pytest.raises(EditError, match="nothing"):
        draft.find("Field.Nothing")
    with pytest.raises(EditError, match="2 elements"):
        draft.find("Field.Order_Edit/LayoutGridColumn")
