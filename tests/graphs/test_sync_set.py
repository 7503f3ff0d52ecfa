from __future__ import annotations

import pytest

from mx_changeclass.graphs.app import App
from tests.builders import elements
from tests.builders.models import Model, Node


def side(app: Model) -> App:
    return App(app.snapshot())


def started(*activities: Node) -> App:
    """A native app with two associated entities that starts with a nanoflow."""
    app = Model().entity("Field.Order", attributes=("Title",)).entity("Field.Line", attributes=("Text",))
    app.association("Field.Line_Order", "Field.Line", "Field.Order")
    app.nanoflow("Field.NF_Start", *activities)
    return side(app.native(nanoflow="Field.NF_Start"))


@pytest.mark.parametrize(
    ("activities", "mode"),
    [
        ((elements.retrieves("Field.Order"), elements.creates("Field.Order")), "All"),
        ((elements.creates("Field.Order"),), "None"),
        ((elements.parameter("Order", "Field.Order"), elements.changes("Field.Order.Title")), "None"),
        ((elements.parameter("Order", "Field.Order"), elements.commits("Order")), "None"),
        ((elements.parameter("Order", "Field.Order"),), "NoneAndPreserveData"),
        ((), None),
    ],
)
def test_the_mode_follows_from_what_reachable_flows_do(activities: tuple[Node, ...], mode: str | None) -> None:
    assert started(*activities).mode("Field.Order") == mode


def test_a_retrieve_by_association_retrieves_the_other_end() -> None:
    asked = started(elements.parameter("Line", "Field.Line"), elements.retrieves_over("Field.Line_Order", "Line"))
    assert (asked.mode("Field.Order"), asked.mode("Field.Line")) == ("All", "NoneAndPreserveData")


def test_a_retrieve_by_association_from_an_unknown_start_retrieves_both_ends() -> None:
    asked = started(elements.retrieves_over("Field.Line_Order", "Unknown"))
    assert (asked.mode("Field.Order"), asked.mode("Field.Line")) == ("All", "All")


def test_an_association_in_xpath_brings_its_other_end() -> None:
    asked = started(elements.retrieves("Field.Line", xpath="[Field.Line_Order/Field.Order/Title = 'x']"))
    assert (asked.mode("Field.Line"), asked.mode("Field.Order")) == ("All", "NoneAndPreserveData")
    assert asked.reached("Field.Line_Order")


def test_an_association_in_an_expression_brings_its_other_end() -> None:
    path = "$Line/Field.Line_Order/Field.Order/Title = ''"
    asked = started(elements.parameter("Line", "Field.Line"), elements.splits(path))
    assert asked.mode("Field.Order") == "NoneAndPreserveData"


def test_an_association_alone_brings_both_its_ends() -> None:
    asked = started(elements.splits("$Line/Field.Line_Order != empty"))
    assert set(asked.sync) == {"Field.Line", "Field.Order"}


def test_data_sources_of_pages_count_like_flows() -> None:
    app = Model().entity("Field.Order").entity("Field.Line", attributes=("Text",)).entity("Field.Note")
    app.association("Field.Line_Order", "Field.Line", "Field.Order")
    app.association("Field.Order_Note", "Field.Order", "Field.Note")
    over = elements.lists_over(("Field.Line_Order", "Field.Line"))
    shown = elements.shows_attribute("Field.Note.Text", ("Field.Order_Note", "Field.Note"))
    app.page("Field.Home", elements.lists("Field.Order"), over, shown).native(home="Field.Home")
    assert {n: e.mode for n, e in side(app).sync.items()} == {
        "Field.Line": "All",
        "Field.Note": "NoneAndPreserveData",
        "Field.Order": "All",
    }


def test_an_association_across_modules_brings_its_other_end() -> None:
    app = Model().entity("Field.Order").entity("Shared.Person")
    app.association("Field.Order_P", "Field.Order", "Shared.Person")
    app.page("Field.Home", elements.shows_attribute("Shared.Person.Name", ("Field.Order_P", "Shared.Person")))
    assert set(side(app.native(home="Field.Home")).sync) == {"Field.Order", "Shared.Person"}


def test_only_persistable_entities_are_in_the_set() -> None:
    app = Model().entity("Field.Login", persistable=False).entity("Field.Special", "Field.Login")
    app.entity("Field.View", source="DomainModels$OqlViewEntitySource").entity("Field.Order")
    app.page("Field.Home", *(elements.shows(f"Field.{n}") for n in ("Login", "Special", "View", "Order")))
    asked = side(app.native(elements.sync_row("Field.Login", "All"), home="Field.Home"))
    assert set(asked.sync) == {"Field.Order"}


def test_a_specialisation_joins_with_its_generalisation() -> None:
    app = (
        Model().entity("Administration.Account", "System.User").entity("Administration.Chief", "Administration.Account")
    )
    app.nanoflow("Field.NF", elements.retrieves("System.User")).native(nanoflow="Field.NF")
    asked = side(app)
    assert {n: e.mode for n, e in asked.sync.items()} == {
        "Administration.Account": "NoneAndPreserveData",
        "Administration.Chief": "NoneAndPreserveData",
        "System.User": "All",
    }
    assert asked.sync["Administration.Chief"].why == (
        "NativePhone", "Field.NF", "System.User", "Administration.Account", "Administration.Chief",
    )  # fmt: skip
    assert asked.audience("Administration.Chief") == {"NativePhone"}
    assert asked.why("Administration.Chief") == asked.sync["Administration.Chief"].why


def test_the_system_parent_of_a_used_file_entity_is_not_listed_and_brings_no_sisters() -> None:
    app = Model().entity("Field.Photo", "System.Image").entity("Field.Other", "System.Image")
    app.page("Field.Home", elements.lists("Field.Photo"), elements.shows_attribute("System.FileDocument.Name"))
    app.nanoflow("Field.NF", elements.parameter("File", "System.FileDocument"))
    assert set(side(app.native(home="Field.Home", nanoflow="Field.NF")).sync) == {"Field.Photo"}


def test_an_inherited_attribute_counts_for_the_entity_that_is_used() -> None:
    app = Model().entity("Field.Base", attributes=("Title",)).entity("Field.Order", "Field.Base")
    app.nanoflow("Field.NF", elements.parameter("Order", "Field.Order"), elements.changes("Field.Base.Title"))
    asked = side(app.native(nanoflow="Field.NF"))
    assert {n: e.mode for n, e in asked.sync.items()} == {"Field.Order": "None"}
    assert asked.synced("Field.Base"), "devices hold its rows as rows of the specialisation"
    assert asked.reached("Field.Base.Title")


def test_an_explicit_row_wins_over_the_computed_mode() -> None:
    app = Model().entity("Field.Order").entity("Field.Draft").page("Field.Home", elements.lists("Field.Order"))
    app.native(
        elements.sync_row("Field.Order", "Constrained", "[Region = 'North']", compatibilityMode=True),
        elements.sync_row("Field.Draft", "Never"),
        elements.sync_row("Field.Nowhere", "All"),
        home="Field.Home",
    )
    asked = side(app)
    order, draft = asked.sync["Field.Order"], asked.sync["Field.Draft"]
    assert set(asked.sync) == {"Field.Order", "Field.Draft"}
    assert (order.mode, order.computed, order.explicit, order.compatibility) == ("Constrained", "All", True, True)
    assert order.constraint == "[Region = 'North']"
    assert (draft.mode, draft.computed) == ("Never", "NoneAndPreserveData")
    assert draft.why == ("NativePhone", "Field.Draft")
    assert asked.audience("Field.Draft") == {"NativePhone"}


def test_the_constraint_of_an_explicit_row_brings_no_entity() -> None:
    app = Model().entity("Field.Order").entity("Field.Region").association("Field.O_R", "Field.Order", "Field.Region")
    asked = side(app.native(elements.sync_row("Field.Order", "Constrained", "[Field.O_R/Field.Region/Name = 'x']")))
    assert set(asked.sync) == {"Field.Order"}
    assert not asked.reached("Field.Region")


@pytest.mark.parametrize(
    ("kept", "mode"),
    [
        ({"syncMode": "Online", "downloadMode": "All"}, "Online"),
        ({"downloadMode": "Constrained"}, "Constrained"),
        ({"shouldDownload": False}, "None"),
        ({"shouldDownload": True}, "All"),
    ],
)
def test_the_mode_of_a_row_is_read_as_its_version_wrote_it(kept: dict[str, object], mode: str) -> None:
    asked = side(Model().entity("Field.Order").native(elements.sync_row("Field.Order", **kept)))  # type: ignore[arg-type]
    assert asked.mode("Field.Order") == mode


def test_an_online_entity_is_in_the_set_but_no_device_holds_it() -> None:
    asked = side(Model().entity("Field.Order").native(elements.sync_row("Field.Order", "Online")))
    assert "Field.Order" in asked.sync
    assert not asked.synced("Field.Order")


def test_of_several_profiles_the_one_that_leaves_most_on_devices_speaks() -> None:
    app = Model().entity("Field.Order").page("Field.Home", elements.lists("Field.Order"))
    app.native(elements.sync_row("Field.Order", "Online"), home="Field.Home").web(
        home="Field.Home", kind="PhoneOffline"
    )
    entry = side(app).sync["Field.Order"]
    assert (entry.mode, entry.profiles, entry.why[0]) == ("All", ("NativePhone", "PhoneOffline"), "PhoneOffline")


def test_data_on_devices_brings_what_no_document_names() -> None:
    app = Model().entity("Field.Base", attributes=("Code",))
    app.entity("Field.Draft", "Field.Base", attributes=("Kind:Field.Kind",))
    app.entity("Field.Order").association("Field.Draft_Order", "Field.Draft", "Field.Order")
    app.document("Enumerations$Enumeration", "Field.Kind", Node("Enumerations$EnumerationValue", "A", "values"))
    asked = side(app.native(elements.sync_row("Field.Draft", "Never")))
    way = ("NativePhone", "Field.Draft")
    for name in ("Field.Base", "Field.Base.Code", "Field.Draft.Kind", "Field.Draft_Order", "Field.Kind"):
        assert asked.why(name) == (*way, name), name
    assert asked.why("Field.Kind.A") == (*way, "Field.Kind", "Field.Kind.A")
    assert not asked.reached("Field.Order")


def test_a_web_profile_synchronises_nothing() -> None:
    app = Model().entity("Field.Order").page("Field.Home", elements.lists("Field.Order")).web(home="Field.Home")
    asked = side(app)
    assert asked.sync == {}
    assert not asked.offline
    assert asked.web_only("Field.Order")


def test_an_entity_whose_domain_model_is_missing_counts_as_stored() -> None:
    app = Model().page("Field.Home", elements.lists("Lost.Order")).native(home="Field.Home").entity("Lost.Order")
    next(d for d in app.docs if d.root is app.domain("Lost")).missing = True
    assert side(app).synced("Lost.Order")


def test_called_microflows_tell_the_entities_of_their_signature() -> None:
    app = (
        Model().entity("Field.Login", persistable=False).entity("Field.Order").entity("Field.Answer", persistable=False)
    )
    app.page("Field.Home", elements.calls("Field.MF_Login")).native(home="Field.Home")
    app.microflow(
        "Field.MF_Login",
        elements.parameter("Login", "Field.Login"),
        elements.parameter("Order", "Field.Order"),
        microflowReturnType="DataTypes$ObjectType",
        microflowReturnType__entity="Field.Answer",
    )
    app.microflow("Field.MF_Other", elements.parameter("Login", "Field.Unseen"))
    assert side(app).signature_entities == {"Field.Login", "Field.Answer"}


def test_a_line_of_generalisations_is_walked_no_further_than_a_real_one() -> None:
    """3,000 entities above one another took a step for each pair, and some for each three."""
    app = Model()
    for n in range(3_000):
        app.entity(f"Field.E{n}", f"Field.E{n + 1}" if n < 2_999 else "")
    asked = side(app.nanoflow("Field.NF", elements.retrieves("Field.E2999")).native(nanoflow="Field.NF"))
    assert len(asked.symbols.lineage("Field.E0")) == 200
    assert len(asked.symbols.descendants("Field.E2999")) == 200
    # what is not followed is told as not seen, see ``agg-incomplete-side``
    assert {"Field.E0", "Field.E2798"} <= {*asked.symbols.cut_lines}
    assert "Field.E2801" not in asked.symbols.cut_lines
