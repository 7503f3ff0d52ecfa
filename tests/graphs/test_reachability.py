from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bson
import pytest

from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.reachability import ADDRESS
from tests.builders import elements
from tests.builders.models import Model, Node


def side(app: Model) -> App:
    return App(app.snapshot())


def test_pages_nanoflows_snippets_layouts_and_menus_are_walked() -> None:
    app = Model().page("Field.Home", elements.calls("Field.NF_Open"), layout="Field.Phone")
    app.nanoflow("Field.NF_Open", elements.shows_page("Field.Edit")).page("Field.Edit")
    app.document("Pages$Layout", "Field.Phone", Node("Pages$SnippetCallWidget", "", "content.widgets", {
        "snippetCall": "Pages$SnippetCall", "snippetCall.snippet": "Field.Bar",
    }))  # fmt: skip
    app.document("Pages$Snippet", "Field.Bar", Node("Pages$NavigationTree", "", "widgets", {
        "menuSource": "Pages$MenuDocumentSource", "menuSource.menu": "Field.Menu",
    }))  # fmt: skip
    app.document("Menus$MenuDocument", "Field.Menu", elements.menu_item("Field.About")).page("Field.About")
    app.page("Field.Alone")
    app.native(home="Field.Home")
    asked = side(app)
    for name in ("Home", "NF_Open", "Edit", "Phone", "Bar", "Menu", "About"):
        assert asked.audience(f"Field.{name}") == {"NativePhone"}, name
    assert not asked.reached("Field.Alone")
    assert asked.why("Field.About") == (
        "NativePhone", "Field.Home", "Field.Phone", "Field.Bar", "Field.Menu", "Field.About",
    )  # fmt: skip


def test_the_walk_stops_at_a_microflow_but_follows_the_page_it_shows() -> None:
    app = Model().entity("Field.Order").entity("Field.Secret")
    app.page("Field.Home", elements.calls("Field.MF_Server")).page("Field.Result", elements.shows("Field.Order"))
    app.microflow("Field.MF_Server", elements.retrieves("Field.Secret"), elements.calls_flow("Field.MF_Inner"))
    app.microflow("Field.MF_Inner", elements.shows_page("Field.Result"))
    app.native(home="Field.Home")
    asked = side(app)
    assert asked.called == {"Field.MF_Server"}
    assert not asked.reached("Field.Secret")
    assert not asked.reached("Field.MF_Inner"), "no client knows it"
    assert asked.why("Field.Result") == (
        "NativePhone", "Field.Home", "Field.MF_Server", "Field.MF_Inner", "Field.Result",
    )  # fmt: skip
    assert asked.synced("Field.Order")
    assert not asked.synced("Field.Secret")


@pytest.mark.parametrize(
    "entry",
    [
        {"home": "Field.Start"},
        {"nanoflow": "Field.NF_Start"},
    ],
)
def test_home_page_and_home_nanoflow_are_entries(entry: dict[str, str]) -> None:
    app = Model().page("Field.Start").nanoflow("Field.NF_Start", elements.shows_page("Field.Start")).native(**entry)
    assert side(app).reached_native("Field.Start")


@pytest.mark.parametrize("part", [elements.role_home("Supervisor", "Field.Start"), elements.bottom_bar("Field.Start")])
def test_role_based_homes_and_bottom_bar_items_are_entries(part: Node) -> None:
    assert side(Model().page("Field.Start").native(part)).why("Field.Start") == ("NativePhone", "Field.Start")


def test_menu_login_and_role_homes_are_entries_of_a_web_profile() -> None:
    app = Model()
    for name in ("Home", "Item", "Login", "Role"):
        app.page(f"Office.{name}")
    role = Node("Navigation$RoleBasedHomePage", "", "roleBasedHomePages", {"userRole": "Clerk", "page": "Office.Role"})
    login = {"loginPageSettings": "Pages$PageSettings", "loginPageSettings.page": "Office.Login"}
    app.web(elements.menu_item("Office.Item"), role, home="Office.Home", **login)
    asked = side(app)
    assert all(asked.web_only(f"Office.{name}") for name in ("Home", "Item", "Login", "Role"))


def test_an_embedded_profile_of_a_newer_version_has_an_audience() -> None:
    app = Model().page("Office.Embedded")
    app.profile(Node("Navigation$EmbeddedNavigationProfile", "Embedded", "profiles", {
        "homePage": "Navigation$EmbeddedHomePage", "homePage.page": "Office.Embedded",
    }))  # fmt: skip
    asked = side(app)
    assert asked.audience("Office.Embedded") == {"Embedded"}
    assert [p.kind for p in asked.profiles] == ["web"]


def test_a_page_with_a_web_address_is_reached_by_web_profiles_only() -> None:
    app = Model().page("Office.Deep", elements.opens("Office.Next"), url="deep").page("Office.Next").page("Field.Home")
    app.web(home="Field.Home").native(home="Field.Home")
    assert side(app).audience("Office.Next") == {"Responsive"}


def test_a_page_of_a_workflow_task_is_reached_on_the_web() -> None:
    task = Node("Workflows$UserTask", "", "flow.activities", {
        "taskPage": "Workflows$PageReference", "taskPage.page": "Office.Task",
    })  # fmt: skip
    app = Model().page("Office.Task").document("Workflows$Workflow", "Office.WF", task).web(home="Office.Home")
    assert side(app).web_only("Office.Task")


def test_a_widget_that_shows_the_menu_of_a_profile_leads_to_its_pages() -> None:
    tree = Node("Pages$NavigationTree", "", "widgets", {
        "menuSource": "Pages$NavigationSource", "menuSource.navigationProfile": "Responsive",
    })  # fmt: skip
    app = Model().page("Office.Home", tree).page("Office.Item").page("Office.WebHome")
    app.web(elements.menu_item("Office.Item"), home="Office.WebHome").web(home="Office.Home", kind="Tablet")
    asked = side(app)
    assert asked.audience("Office.Item") == {"Responsive", "Tablet"}
    assert asked.audience("Office.WebHome") == {"Responsive"}


def test_an_excluded_document_reaches_nobody_and_leaves_its_name_to_its_twin() -> None:
    app = Model().page("Field.Home", elements.calls("Field.NF_Go"), elements.opens("Field.Gone"))
    app.document("Microflows$Nanoflow", "Field.NF_Go", elements.shows_page("Field.Old"), excluded=True)
    app.nanoflow("Field.NF_Go", elements.shows_page("Field.New"))
    app.document("Pages$Page", "Field.Gone", excluded=True)
    app.page("Field.Old").page("Field.New").native(home="Field.Home")
    asked = side(app)
    assert asked.reached("Field.New")
    assert not asked.reached("Field.Old")
    assert not asked.reached("Field.Gone")


def test_values_of_widgets_and_of_javascript_actions_are_followed() -> None:
    app = Model().page("Field.Home", elements.widget("com.acme.Map", elements.widget_value(nanoflow="Field.NF_Pin")))
    app.nanoflow(
        "Field.NF_Pin", elements.calls_javascript("Shared.JS_Watch", elements.passes_nanoflow("Field.NF_Back"))
    )
    app.nanoflow("Field.NF_Back").document("JavaScriptActions$JavaScriptAction", "Shared.JS_Watch")
    app.native(home="Field.Home")
    asked = side(app)
    for name in ("widget:com.acme.Map", "Field.NF_Pin", "Shared.JS_Watch", "Field.NF_Back"):
        assert asked.reached_native(name), name
    assert not asked.reached("widget:com.acme.Chart")


def test_constants_enumerations_and_images_are_reached_through_text_and_through_their_parts() -> None:
    app = Model().page(
        "Field.Home",
        elements.widget("com.acme.Pic", elements.widget_value(image="Field.Images.Logo")),
    )
    app.nanoflow("Field.NF_Start", elements.splits("@Shared.Flag and $Order/Status = Field.Status.Busy"))
    app.document("Constants$Constant", "Shared.Flag").document("Constants$Constant", "Shared.Other")
    busy = Node("Enumerations$EnumerationValue", "Busy", "values")
    app.document("Enumerations$Enumeration", "Field.Status", busy)
    app.document("Images$ImageCollection", "Field.Images", Node("Images$Image", "Logo", "images"))
    app.native(home="Field.Home", nanoflow="Field.NF_Start")
    asked = side(app)
    for name in ("Shared.Flag", "Field.Status", "Field.Status.Busy", "Field.Images", "Field.Images.Logo"):
        assert asked.reached(name), name
    assert not asked.reached("Shared.Other")


def test_the_enumeration_of_an_attribute_is_reached_with_its_entity() -> None:
    app = Model().entity("Field.Order", attributes=("Status:Field.Status",))
    app.page("Field.Home", elements.lists("Field.Order"))
    app.document("Enumerations$Enumeration", "Field.Status").native(home="Field.Home")
    assert side(app).why("Field.Status") == ("NativePhone", "Field.Home", "Field.Order", "Field.Status")


def test_a_reached_enumeration_brings_all_its_values_and_a_collection_all_its_images() -> None:
    app = Model().nanoflow("Field.NF_Start", elements.splits("$Status = Field.Status.Busy"))
    app.page(
        "Field.Home",
        elements.widget("com.acme.Pic", elements.widget_value(image="Field.Images.Logo")),
    )
    values = (Node("Enumerations$EnumerationValue", n, "values") for n in ("Busy", "Done"))
    app.document("Enumerations$Enumeration", "Field.Status", *values)
    app.document("Images$ImageCollection", "Field.Images").document("Images$ImageCollection", "Field.Unused")
    app.native(home="Field.Home", nanoflow="Field.NF_Start")
    asked = side(app)
    assert asked.why("Field.Status.Done") == ("NativePhone", "Field.NF_Start", "Field.Status", "Field.Status.Done")
    assert asked.reached("Field.Images.Other")
    assert not asked.reached("Field.Unused.Other")


def test_loops_end() -> None:
    app = Model().page("Field.A", elements.opens("Field.B")).page("Field.B", elements.opens("Field.A"))
    app.nanoflow("Field.NF", elements.calls_flow("Field.NF"))
    app.native(home="Field.A", nanoflow="Field.NF")
    assert side(app).why("Field.B") == ("NativePhone", "Field.A", "Field.B")


def test_the_way_is_the_shortest_and_of_equals_the_first_by_name() -> None:
    app = Model().page("Field.Home", elements.opens("Field.B"), elements.opens("Field.A"), elements.opens("Field.C"))
    app.page("Field.C", elements.opens("Field.Near")).page("Field.Near", elements.opens("Field.Goal"))
    app.page("Field.B", elements.opens("Field.Goal")).page("Field.A", elements.opens("Field.Goal")).page("Field.Goal")
    app.native(home="Field.Home")
    assert side(app).why("Field.Goal") == ("NativePhone", "Field.Home", "Field.A", "Field.Goal")


def test_a_profile_that_keeps_data_tells_the_way_first() -> None:
    app = Model().page("Field.Home", elements.opens("Field.Both")).page("Field.Both")
    app.web(home="Field.Both").native(home="Field.Home")
    assert side(app).why("Field.Both") == ("NativePhone", "Field.Home", "Field.Both")


def test_a_page_and_an_entity_of_one_name_are_told_apart_by_kind() -> None:
    app = Model().entity("Field.Order").page("Field.Order").page("Field.Home", elements.opens("Field.Order"))
    app.native(home="Field.Home")
    asked = side(app)
    assert asked.reached("Field.Order")
    assert asked.reached("Field.Order", "Pages$Page")
    assert not asked.reached("Field.Order", "DomainModels$Entity")
    assert not asked.synced("Field.Order")


def test_an_attribute_is_reached_by_name_by_bare_name_or_with_the_data_of_its_entity() -> None:
    app = Model().entity("Office.Invoice", attributes=("Total", "Note", "Paid"))
    app.page("Office.Home", elements.shows("Office.Invoice"), elements.shows_attribute("Office.Invoice.Total"))
    app.nanoflow("Office.NF", elements.splits("$Invoice/Paid"))
    app.page("Office.Next", elements.calls("Office.NF"), url="next")
    app.web(home="Office.Home")
    asked = side(app)
    assert asked.reached("Office.Invoice.Total")
    assert asked.reached("Office.Invoice.Paid")
    assert not asked.reached("Office.Invoice.Note")
    offline = side(app.web(home="Office.Home", kind="PhoneOffline"))
    assert offline.audience("Office.Invoice.Note") == {"PhoneOffline"}
    assert offline.why("Office.Invoice.Note")[-2:] == ("Office.Invoice", "Office.Invoice.Note")


def test_a_path_to_an_inherited_attribute_reaches_it_where_it_is_declared() -> None:
    app = Model().entity("Office.Base", attributes=("Code",)).entity("Office.Invoice", "Office.Base")
    app.entity("Office.Line")
    app.association("Office.Line_Invoice", "Office.Line", "Office.Invoice")
    app.page("Office.Home", elements.calls("Office.NF")).web(home="Office.Home")
    app.nanoflow("Office.NF", elements.splits("$Line/Office.Line_Invoice/Office.Invoice/Code = ''"))
    assert side(app).why("Office.Base.Code") == ("Responsive", "Office.Home", "Office.NF", "Office.Base.Code")


@pytest.mark.parametrize(
    ("stored", "kind", "holds_data"),
    [
        ("Responsive", "web", False),
        ("Phone", "web", False),
        ("ResponsiveOffline", "offline", True),
        ("HybridPhone", "hybrid", False),
        ("HybridTabletOffline", "hybrid", True),
    ],
)
def test_kinds_of_web_profiles(stored: str, kind: str, holds_data: bool) -> None:
    (profile,) = side(Model().web(kind=stored)).profiles
    assert (profile.kind, profile.holds_data, profile.ota) == (kind, holds_data, None)


def test_the_ota_switch_is_told_where_there_is_one() -> None:
    assert [p.ota for p in side(Model().native(otaEnabled=True)).profiles] == [True]
    assert [p.ota for p in side(Model().native(otaEnabled=False)).profiles] == [False]
    assert [p.ota for p in side(Model().native()).profiles] == [None]


def test_a_profile_is_its_own_audience() -> None:
    asked = side(Model().native().web())
    assert asked.audience("NativePhone") == {"NativePhone"}
    assert asked.why("NativePhone") == ("NativePhone",)


def test_an_empty_model_reaches_nobody() -> None:
    asked = App(type(Model().snapshot())({}))
    assert asked.profiles == ()
    assert not asked.native
    assert not asked.reached("Field.Home")
    assert asked.sync == {}
    assert asked.why("Field.Home") == ()


def test_only_what_is_reached_is_decoded() -> None:
    app = Model().page("Field.Home").native(home="Field.Home").entity("Field.Order")
    for i in range(20):
        app.page(f"Other.Page{i}")
        app.microflow(f"Other.MF_{i}")
    snapshot = app.snapshot()
    assert App(snapshot).reached("Field.Home")
    assert {snapshot.units[i].name for i in snapshot._rows} == {"", "Home"}


def test_both_sides_share_the_facts_of_units_that_are_equal() -> None:
    app = Model().page("Field.Home", elements.opens("Field.Edit")).page("Field.Edit").native(home="Field.Home")
    old, new = App.pair(app.snapshot(), app.snapshot())
    assert old.reached("Field.Edit")
    assert new.reached("Field.Edit")
    assert [new.snapshot.units[i].type for i in new.snapshot._rows] == ["Navigation$NavigationDocument"]


def _opens_another(app: Model) -> None:
    app.doc("Home").root.kids[:] = [elements.opens("Field.Other")]


def _specialises_another(app: Model) -> None:
    app.find("Order").props["generalization.generalization"] = "Field.Second"


def _is_there_now(app: Model) -> None:
    app.page("Field.Late", elements.opens("Field.Other"))


def _is_left_out(app: Model) -> None:
    app.doc("Edit").excluded = True


def _starts_elsewhere(app: Model) -> None:
    app.find("NativePhone").props["nativeHomePage.homePagePage"] = "Field.Other"


@pytest.mark.parametrize(
    ("edit", "found", "lost"),
    [
        (_opens_another, "Field.Other", "Field.Edit"),
        (_specialises_another, "Field.Second", "Field.First"),
        (_is_there_now, "Field.Other", ""),
        (_is_left_out, "", "Field.Edit"),
        (_starts_elsewhere, "Field.Other", "Field.Home"),
    ],
)
def test_what_one_side_leads_to_is_taken_over_as_far_as_the_other_leads_there(
    edit: Callable[[Model], None], found: str, lost: str
) -> None:
    app = Model().entity("Field.First").entity("Field.Second").entity("Field.Order", "Field.First")
    app.page("Field.Home", elements.opens("Field.Edit"), elements.opens("Field.Late")).page("Field.Other")
    app.page("Field.Edit", elements.shows("Field.Order")).native(home="Field.Home")
    edited = app.edit()
    edit(edited)
    old, new = App.pair(app.snapshot(), edited.snapshot())
    assert not old.reached(found or "Field.Other")
    assert not lost or old.reached(lost)
    assert not found or new.reached(found)
    assert not lost or not new.reached(lost)
    alone = App(edited.snapshot())
    assert [r.came_from for r in new.reachability.reaches.values()] == [
        r.came_from for r in alone.reachability.reaches.values()
    ]


@pytest.mark.parametrize(
    ("keys", "addressed"),
    [
        ({"Url": "orders"}, True),
        ({"url": "orders"}, True),
        ({"Url": 1}, True),
        ({"Url": ""}, False),
        ({}, False),
        ({"Url": "", "HelpUrl": "https://example.com", "Widgets": [2, {"HelpUrl": "Url"}]}, False),
    ],
)
def test_a_stored_page_without_an_address_is_known_at_a_glance(keys: dict[str, Any], addressed: bool) -> None:
    assert bool(ADDRESS.search(bson.encode({"$ID": b"1" * 16, "$Type": "Forms$Page", **keys}))) == addressed
