from __future__ import annotations

from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.references import Reference, unit_references
from tests.builders import elements
from tests.builders.models import Model, Node, rows


def said(*inside: Node, kind: str = "Pages$Page") -> set[tuple[str, str, str]]:
    found = unit_references(rows(Node(kind, kids=list(inside)))).references
    return {(r.verb, r.kind.rpartition("$")[2], r.target) for r in found}


def test_a_folded_reference_is_found_under_its_dotted_key() -> None:
    button = elements.opens("Field.Edit")
    found = unit_references(rows(Node("Pages$Page", kids=[button]))).references
    assert found == (Reference("opens", "Pages$Page", "Field.Edit", button.id, "action.pageSettings.page"),)


def test_every_name_of_a_list_is_a_reference() -> None:
    page = Node("Pages$Page", "", "", {"allowedRoles": ("Field.User", "Field.Admin")})
    assert [r.target for r in unit_references(rows(page)).references] == ["Field.User", "Field.Admin"]


def test_a_data_source_over_the_database_retrieves_and_a_parameter_only_mentions() -> None:
    assert said(elements.lists("Field.Order")) == {("retrieves", "Entity", "Field.Order")}
    assert said(elements.shows("Field.Order")) == {("mentions", "Entity", "Field.Order")}


def test_a_list_over_an_association_retrieves_and_a_shown_attribute_follows() -> None:
    step = ("Field.Line_Order", "Field.Line")
    assert ("retrieves", "Entity", "Field.Line") in said(elements.lists_over(step))
    assert ("follows", "Entity", "Field.Line") in said(elements.shows_attribute("Field.Line.Text", step))


def test_an_input_changes_its_attribute_unless_it_is_read_only() -> None:
    assert said(elements.shows_attribute("Field.Order.Title", box=True)) == {
        ("changes", "Attribute", "Field.Order.Title")
    }
    read_only = elements.shows_attribute("Field.Order.Title", box=True, editable="Never")
    assert said(read_only) == {("reads", "Attribute", "Field.Order.Title")}


def test_a_widget_names_its_definition_and_the_values_of_its_properties() -> None:
    found = said(
        elements.widget("com.acme.Map", elements.widget_value(nanoflow="Field.NF_Pin", image="Field.Images.Pin"))
    )
    assert found == {
        ("shows", "CustomWidgetType", "widget:com.acme.Map"),
        ("calls", "Nanoflow", "Field.NF_Pin"),
        ("mentions", "Image", "Field.Images.Pin"),
    }


def test_captions_and_translations_hold_no_references() -> None:
    activity = Node("Microflows$ActionActivity", "", "objectCollection.objects", {
        "caption": "Field.Order", "documentation": "Field.Order", "text": "Texts$Text", "text.en_US": "Field.Order",
    })  # fmt: skip
    assert said(activity) == set()


def test_a_key_nobody_knows_may_hold_a_name() -> None:
    assert said(Node("Future$Thing", "", "things", {"target": "Field.Order"})) == {("mentions", "", "Field.Order")}


def test_ends_of_an_association_are_named_without_the_module() -> None:
    app = Model().entity("Field.Order").entity("Field.Line")
    app.association("Field.Line_Order", "Field.Line", "Field.Order")
    found = unit_references(rows(app.domain("Field"))).references
    assert [(r.verb, r.target) for r in found] == [("connects", ".Line"), ("connects", ".Order")]


def test_a_flow_tells_what_its_variables_hold() -> None:
    flow = Node("Microflows$Nanoflow", kids=[
        elements.step("ListOperationAction", outputVariableName="Head", operation__listVariableName="Orders"),
        elements.parameter("Line", "Field.Line"),
        elements.retrieves("Field.Order", into="Orders"),
        elements.creates("Field.Note", into="NewNote"),
    ])  # fmt: skip
    assert flow_variables(rows(flow)) == {
        "Line": "Field.Line", "Orders": "Field.Order", "NewNote": "Field.Note", "Head": "Field.Order",
    }  # fmt: skip


def test_commit_and_delete_reach_the_entity_of_their_variable() -> None:
    found = said(
        elements.parameter("Order", "Field.Order"),
        elements.commits("Order"),
        elements.step("DeleteAction", deleteVariableName="Unknown"),
        kind="Microflows$Nanoflow",
    )
    assert ("changes", "Entity", "Field.Order") in found
    assert not any(verb == "deletes" for verb, _, _ in found)


def test_an_address_of_its_own_is_a_fact() -> None:
    assert unit_references(rows(Node("Pages$Page", "", "", {"url": "orders"}))).addressed
    assert not unit_references(rows(Node("Pages$Page", "", "", {"url": ""}))).addressed
