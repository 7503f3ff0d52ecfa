"""What moves between two versions beyond single edits: sync sets, native modules, the form of storage."""

from __future__ import annotations

import pytest
from attrs import evolve

from mx_changeclass.changes.diff import diff
from mx_changeclass.graphs.uncommitted import uncommitted_objects
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.xpath import conditions, is_wider
from mx_changeclass.rules.engine.release import Release
from tests.cases import Case


def release_of(**table: object) -> Release:
    return Release.of(diff(*Case("case", table, {}).sides()))


def test_a_mode_lowered_in_one_profile_is_seen_though_another_profile_keeps_it() -> None:
    row = {"kind": "Navigation$OfflineEntityConfig", "in": "Responsive", "entity": "Field.Contact", "syncMode": "All"}
    base = {"set": {"Responsive": {"kind": "ResponsiveOffline"}}, "add": {"Responsive/contact": row}}
    release = release_of(base=base, set={"Responsive/Field.Contact": {"syncMode": "None"}})
    assert [(m.entity, m.modes, m.profiles) for m in release.sync_changes] == [
        ("Field.Contact", ("All", "None"), ("Responsive",))
    ]


def test_one_move_tells_of_all_profiles_in_which_it_is_the_same() -> None:
    base = {"set": {"Responsive": {"kind": "ResponsiveOffline"}}}
    row = {"kind": "Navigation$OfflineEntityConfig", "in": "Responsive", "entity": "Shared.Setting", "syncMode": "All"}
    native = {**row, "in": "NativePhone"}
    base |= {"add": {"Responsive/setting": row, "NativePhone/setting": native}}
    release = release_of(base=base, set={"Navigation$NavigationDocument/Shared.Setting": {"syncMode": "Never"}})
    assert [m.profiles for m in release.sync_changes] == [("NativePhone", "Responsive")]


def test_an_entity_that_leaves_names_the_way_it_was_reached_and_the_edit_that_cut_it() -> None:
    verdict = Case(
        "case",
        {"remove": ["Field.Orders_Overview/customersButton"], "base": {"remove": ["NativePhone/Field.Customer"]}},
        {},
    ).verdict()
    (left,) = [f for f in verdict.findings if f.rule.id.startswith("sync-entity-left-set")]
    assert left.subject == "Field.Customer"
    assert "Field.Customer_View" in left.message
    assert "changed: Field.Orders_Overview" in left.message


def test_a_deleted_entity_leaves_no_set_by_itself() -> None:
    assert release_of(remove=["Shared.Setting"]).sync_changes == ()


def test_a_renamed_entity_neither_leaves_nor_joins() -> None:
    assert release_of(rename={"Field.Contact": "Person"}).sync_changes == ()


def test_compatibility_mode_spares_old_clients_of_the_same_entity_alone() -> None:
    base = {"version": "11.11.0", "set": {"NativePhone/Field.Customer": {"syncMode": "All", "constraint": ""}}}
    edit = {"NativePhone/Field.Customer": {"syncMode": "Online", "compatibilityMode": True}}
    spared = Case("case", {"base": base, "template": "19.1.1", "set": edit}, {}).verdict()
    assert not spared.breaks_old_clients
    photo = {"NativePhone/Field.Photo": {"syncMode": "Online"}}
    assert Case("case", {"base": base, "template": "19.1.1", "set": edit | photo}, {}).verdict().breaks_old_clients


def test_an_unknown_sync_mode_is_not_decided() -> None:
    verdict = Case("case", {"set": {"NativePhone/Field.Customer": {"syncMode": "Sometimes"}}}, {}).verdict()
    assert verdict.undecided == 1


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ("[A = 1 and B]", "[B]", True),
        ("[A=1][B]", "[ A = 1 ]", True),
        ("[A]", "", True),
        ("[A]", "[A and B]", False),
        ("[A]", "[A or B]", True),
        ("[A or B]", "[B or A]", False),
        ("[A and (B or C)]", "[B or C or D]", True),
        ("[A][B or C]", "[(A and B) or C]", True),
        ("[A or B]", "[A or (B and C)]", False),
        ("[not(A and B)]", "[not(A)]", False),
        ("[A or B]", "[A]", False),
        ("[(A or B) and C]", "[( A or B )]", True),
        ("[X.Y/X.Z[Name = 'a and b' and C]]", "[X.Y/X.Z[C]]", False),
        ("[A]", "[A]", False),
    ],
)
def test_a_constraint_is_wider_only_where_its_text_proves_it(old: str, new: str, wider: bool) -> None:
    assert is_wider(old, new) is wider


def test_the_text_and_of_a_value_joins_no_conditions() -> None:
    assert conditions("[Name = 'salt and pepper']") == {"Name = 'salt and pepper'"}


def activity(row_id: str, **action: object) -> Element:
    props = {"action" if k == "type" else f"action.{k}": v for k, v in action.items()}
    return Element(row_id, "Microflows$ActionActivity", "", "flow", "objects", props)


def test_a_commit_dangles_where_what_it_refers_to_is_made_here_and_never_committed() -> None:
    made = [
        activity("1", type="Microflows$CreateObjectAction", outputVariableName="Customer", commit="No"),
        activity("2", type="Microflows$CreateObjectAction", outputVariableName="Order", commit="Yes"),
        Element("3", "Microflows$MemberChange", "", "2", "items", {"association": "A.B", "value": "$Customer"}),
    ]
    assert uncommitted_objects(tuple(made)) == (("Order", "Customer", "A.B"),)
    committed = activity("4", type="Microflows$CommitAction", commitVariableName="Customer")
    assert uncommitted_objects((*made, committed)) == ()
    listed = activity("5", type="Microflows$ChangeListAction", changeVariableName="All", value="$Customer")
    whole = activity("6", type="Microflows$CommitAction", commitVariableName="All")
    assert uncommitted_objects((*made, listed, whole)) == ()


SCANNER = {
    "in": "Field.Home/LayoutCallArgument", "kind": "CustomWidgets$CustomWidget", "object": "CustomWidgets$WidgetObject",
    "type": "CustomWidgets$CustomWidgetType", "type.widgetId": "com.acme.scanner.Scanner",
}  # fmt: skip
WIDGET = {"widget": "com.acme.scanner.Scanner", "native": {"rn-camera": "4.6.0"}}
PACKAGE = {"files": {"widgets/com.acme.scanner.mpk": WIDGET}}


def test_a_native_module_is_added_when_a_page_first_shows_a_widget_that_was_there() -> None:
    moves = release_of(base=PACKAGE, add={"Field.Home/scanner": SCANNER}).dependency_changes
    assert [(m.package, m.kind, m.reached) for m in moves] == [("rn-camera", "added", True)]


def test_a_native_module_of_a_widget_that_nobody_shows_moves_unreached() -> None:
    moves = release_of(**PACKAGE).dependency_changes
    assert [(m.package, m.kind, m.reached) for m in moves] == [("rn-camera", "added", False)]


def test_without_a_native_profile_no_native_module_moves() -> None:
    base = {**PACKAGE, "remove": ["NativePhone"]}
    assert release_of(base=base, files={"widgets/com.acme.scanner.mpk": False}).dependency_changes == ()


def test_a_package_that_cannot_be_read_on_one_side_is_neither_added_nor_removed() -> None:
    base = {**PACKAGE, "add": {"Field.Home/scanner": SCANNER}}
    moves = release_of(base=base, files={"widgets/com.acme.scanner.mpk": "no zip"}).dependency_changes
    assert [(m.package, m.kind, m.reached) for m in moves] == [("", "unread", True)]


def test_a_style_is_part_of_the_profiles_of_its_platform() -> None:
    side = release_of().new
    native = Element("f", "File$Theme", "f", None, "", {"platform": "native"})
    assert side.served_by(native) == ("NativePhone",)
    assert side.served_by(evolve(native, props={"platform": "web"})) == ("Responsive",)
    assert side.served_by(evolve(native, type="File$Jar")) == ()
