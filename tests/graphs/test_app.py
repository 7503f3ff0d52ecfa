from __future__ import annotations

from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.reference_graph import graph
from tests.builders import elements
from tests.builders.models import Model, Node


def example() -> App:
    app = Model().entity("Field.Order", attributes=("Title",)).entity("Field.Rush", "Field.Order")
    member = Node("DomainModels$MemberAccess", "", "memberAccesses", {"attribute": "Field.Order.Title"})
    app.domain("Field").kids.append(Node("DomainModels$Entity", "Guarded", "entities", kids=[member]))
    own = Node("DomainModels$MemberAccess", "", "memberAccesses", {"attribute": "Field.Owner.Title"})
    app.domain("Field").kids.append(Node("DomainModels$Entity", "Owner", "entities", kids=[own]))
    app.entity("Field.Line").association("Field.Line_Order", "Field.Line", "Field.Order")
    busy = Node("Enumerations$EnumerationValue", "Busy", "values")
    app.document("Enumerations$Enumeration", "Field.Status", busy)
    app.page("Field.Order", elements.shows("Field.Order")).native(home="Field.Order")
    return App(app.snapshot())


def test_rows_are_found_by_name() -> None:
    side = example()
    for name, kind in {
        "Field.Order.Title": "DomainModels$Attribute",
        "Field.Line_Order": "DomainModels$Association",
        "Field.Status": "Enumerations$Enumeration",
        "Field.Status.Busy": "Enumerations$EnumerationValue",
        "Field.Order": "Pages$Page",
    }.items():
        row = side.named(name)
        assert row is not None, name
        assert row.type == kind
    entity = side.named("Field.Order", "DomainModels$Entity")
    assert entity is side.entity("Field.Order") is not None
    assert side.named("Field.Nothing") is None
    assert side.named("Nowhere.Field.Order") is None


def test_entities_know_their_family_and_their_row_id() -> None:
    side = example()
    assert side.generalization("Field.Rush") == "Field.Order"
    assert side.specialisations("Field.Order") == ("Field.Rush",)
    order = side.entity("Field.Order")
    assert order is not None
    assert side.entity_by_id(order.id) == "Field.Order"
    assert side.entity_by_id("nobody") == ""


def test_system_entities_are_persistable_but_for_a_few() -> None:
    side = example()
    assert side.persistable("System.User")
    assert not side.persistable("System.HttpRequest")
    assert not side.persistable("Nowhere.Order")


def test_a_loop_of_generalisations_ends() -> None:
    app = (
        Model().entity("Field.A", "Field.B").entity("Field.B", "Field.A").page("Field.Home", elements.shows("Field.A"))
    )
    side = App(app.native(home="Field.Home").snapshot())
    assert side.specialisations("Field.A") == ("Field.B",)
    assert not side.reached("Field.C")
    assert set(side.sync) <= {"Field.A", "Field.B"}


def test_a_part_of_the_settings_is_found_by_type() -> None:
    app = Model()
    runtime = Node("Settings$RuntimeSettings", "", "settingsParts", {"hashAlgorithm": "BCrypt"})
    app.add(Node("Settings$ProjectSettings", kids=[runtime]), "projectDocuments")
    side = App(app.snapshot())
    part = side.settings_part("Settings$RuntimeSettings")
    assert part is not None
    assert part.props["hashAlgorithm"] == "BCrypt"
    assert side.settings_part("Settings$LanguageSettings") is None


def test_the_graph_holds_documents_entities_and_profiles_with_verbs() -> None:
    found = graph(example().snapshot)
    assert found.nodes["Field.Order"]["type"] == "Pages$Page"
    assert found.nodes["Field.Order (entity)"] == {"name": "Field.Order", "type": "DomainModels$Entity"}
    edges = {(a, b, data["verb"]) for a, b, data in found.edges(data=True)}
    assert edges >= {
        ("NativePhone", "Field.Order", "opens"),
        ("Field.Order", "Field.Order (entity)", "mentions"),
        ("Field.Line", "Field.Order (entity)", "connects"),
        ("Field.Rush", "Field.Order (entity)", "specialises"),
        ("Field.Guarded", "Field.Order (entity)", "mentions"),
    }
    assert not any(a == b for a, b, _ in edges)


def test_the_graph_keeps_a_flow_that_calls_itself() -> None:
    app = Model().nanoflow("Field.NF", elements.calls_flow("Field.NF"))
    assert graph(app.snapshot()).has_edge("Field.NF", "Field.NF", "calls")
