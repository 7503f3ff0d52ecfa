from __future__ import annotations

from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.references import Reference, unit_references
from tests.builders import small
from tests.builders.small import Part


def said(*inside: Part, kind: str = "Pages$Page") -> set[tuple[str, str, str]]:
    rows = small.rows_of("u", Part(kind, "", inside=inside))
    return {(r.verb, r.kind.rpartition("$")[2], r.target) for r in unit_references(rows).references}


def test_a_folded_reference_is_found_under_its_dotted_key() -> None:
    found = unit_references(small.rows_of("u", Part("Pages$Page", "", inside=(small.opens("Field.Edit"),)))).references
    assert found == (Reference("opens", "Pages$Page", "Field.Edit", "u/0", "action.pageSettings.page"),)


def test_every_name_of_a_list_is_a_reference() -> None:
    page = Part("Pages$Page", "", {"allowedRoles": ("Field.User", "Field.Admin")})
    assert [r.target for r in unit_references(small.rows_of("u", page)).references] == ["Field.User", "Field.Admin"]


def test_a_data_source_over_the_database_retrieves_and_a_parameter_only_mentions() -> None:
    assert said(small.lists("Field.Order")) == {("retrieves", "Entity", "Field.Order")}
    assert said(small.shows("Field.Order")) == {("mentions", "Entity", "Field.Order")}


def test_a_list_over_an_association_retrieves_and_a_shown_attribute_follows() -> None:
    step = ("Field.Line_Order", "Field.Line")
    assert ("retrieves", "Entity", "Field.Line") in said(small.lists_over(step))
    assert ("follows", "Entity", "Field.Line") in said(small.shows_attribute("Field.Line.Text", step))


def test_an_input_changes_its_attribute_unless_it_is_read_only() -> None:
    assert said(small.shows_attribute("Field.Order.Title", box=True)) == {("changes", "Attribute", "Field.Order.Title")}
    read_only = small.shows_attribute("Field.Order.Title", box=True, editable="Never")
    assert said(read_only) == {("reads", "Attribute", "Field.Order.Title")}


def test_a_widget_names_its_definition_and_the_values_of_its_properties() -> None:
    found = said(small.widget("com.acme.Map", small.widget_value(nanoflow="Field.NF_Pin", image="Field.Images.Pin")))
    assert found == {
        ("shows", "CustomWidgetType", "widget:com.acme.Map"),
        ("calls", "Nanoflow", "Field.NF_Pin"),
        ("mentions", "Image", "Field.Images.Pin"),
    }


def test_captions_and_translations_hold_no_references() -> None:
    activity = Part("Microflows$ActionActivity", "objectCollection.objects", {
        "caption": "Field.Order", "documentation": "Field.Order", "text": "Texts$Text", "text.en_US": "Field.Order",
    })  # fmt: skip
    assert said(activity) == set()


def test_a_key_nobody_knows_may_hold_a_name() -> None:
    assert said(Part("Future$Thing", "things", {"target": "Field.Order"})) == {("mentions", "", "Field.Order")}


def test_ends_of_an_association_are_named_without_the_module() -> None:
    app = small.SmallApp().entity("Field.Order").entity("Field.Line")
    app.association("Field.Line_Order", "Field.Line", "Field.Order")
    found = unit_references(app.snapshot().rows("Field/domain")).references
    assert [(r.verb, r.target) for r in found] == [("connects", ".Line"), ("connects", ".Order")]


def test_a_flow_tells_what_its_variables_hold() -> None:
    rows = small.rows_of("u", Part("Microflows$Nanoflow", "", inside=(
        small.action("Microflows$ListOperationAction", outputVariableName="Head", operation__listVariableName="Orders"),
        small.parameter("Line", "Field.Line"),
        small.retrieves("Field.Order", into="Orders"),
        small.creates("Field.Note", into="NewNote"),
    )))  # fmt: skip
    assert flow_variables(rows) == {
        "Line": "Field.Line", "Orders": "Field.Order", "NewNote": "Field.Note", "Head": "Field.Order",
    }  # fmt: skip


def test_commit_and_delete_reach_the_entity_of_their_variable() -> None:
    found = said(
        small.parameter("Order", "Field.Order"),
        small.commits("Order"),
        small.action("Microflows$DeleteAction", deleteVariableName="Unknown"),
        kind="Microflows$Nanoflow",
    )
    assert ("changes", "Entity", "Field.Order") in found
    assert not any(verb == "deletes" for verb, _, _ in found)


def test_an_address_of_its_own_is_a_fact() -> None:
    assert unit_references(small.rows_of("u", Part("Pages$Page", "", {"url": "orders"}))).addressed
    assert not unit_references(small.rows_of("u", Part("Pages$Page", "", {"url": ""}))).addressed
