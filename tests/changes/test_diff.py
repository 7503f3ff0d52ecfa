"""What the diff says of single edits, and what it does not say."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest

from mx_changeclass.changes.change import CONTENT, ID, NAME, ORDER, PARENT, Added, Changed, Changes, Removed
from mx_changeclass.changes.diff import diff
from mx_changeclass.changes.ledger import account
from mx_changeclass.changes.patch import patch
from mx_changeclass.changes.value_difference import value_difference
from mx_changeclass.model.snapshot import Element, Snapshot, Unit
from tests.builders.elements import (
    association,
    attribute,
    box,
    button,
    entity,
    enumeration,
    nanoflow,
    page,
    setting,
    step,
    text,
    widget,
)
from tests.builders.models import Model, Node, new_id


@pytest.fixture
def old() -> Model:
    """An app of two modules: orders with their lines, a page that shows one, and what it calls."""
    model = Model()
    order = entity("Order", attribute("Title"), attribute("Amount", "Decimal"))
    line = entity("OrderLine", attribute("Text"))
    login = entity("Login", attribute("Pin"), persistable=False)
    field = model.module("Field", order, line, login, links=(association("OrderLine_Order", line, order),))
    model.module("Shared")
    model.add(
        page(
            "Home",
            text("title", "Welcome"),
            box("frame", button("save", "Field.NF_Save"), text("note", "Order")),
            Node("Pages$TextBox", "edit", "widgets", {"attributeRef.attribute": "Field.Order.Title"}),
        ),
        home=field,
    )
    model.add(
        nanoflow(
            "NF_Save",
            step(
                "RetrieveAction",
                **{"retrieveSource.xPathConstraint": "[Field.OrderLine_Order/Field.Order/Title = 'x']"},
            ),
            step("ChangeVariableAction", value="$Order/Title + toString(Field.Status.Open)"),
            step("ShowPageAction", **{"pageSettings.page": "Field.Home"}),
        ),
        home=field,
    )
    model.add(enumeration("Status", "Open", "Busy", "Done"), home=field)
    return model


@pytest.fixture
def new(old: Model) -> Model:
    return old.edit()


def compare(old: Model, new: Model) -> Changes:
    return diff(old.snapshot(), new.snapshot())


def told(changes: Changes) -> list[str]:
    """The heard changes in short: verb, name and fields."""
    verbs = {Added: "+", Removed: "-", Changed: "~"}
    return sorted(
        f"{verbs[type(c)]} {changes.tree(c).qualified(c.row)}{_fields(c.fields) if isinstance(c, Changed) else ''}"
        for c in changes
        if c.part_of is None
    )


def _fields(fields: Iterable[str]) -> str:
    return " " + ",".join(sorted(fields))


def reasons(changes: Changes) -> set[str]:
    """The noise rules that had something to say."""
    found: set[str] = set()
    for change in (*changes.noise, *changes.meaningful):
        found |= set(change.noise.values()) if isinstance(change, Changed) else {change.reason}
    return found - {""}


# -- what is not expanded -----------------------------------------------------------------------


def test_units_that_did_not_change_are_never_decoded(old: Model, new: Model) -> None:
    new.find("title").props["content.template.en_US"] = "Hello"
    sides = [m.snapshot() for m in (old, new)]
    kept = {i for i, u in sides[0].units.items() if u.type != "Pages$Page"}
    for snapshot in sides:
        for i in kept:
            snapshot.units[i] = attrs.evolve(snapshot.units[i], load=_must_not_be_asked)  # type: ignore[index]
    assert told(diff(*sides)) == ["~ Field.Home.title content.template.en_US"]


def _must_not_be_asked() -> tuple[()]:
    raise AssertionError("decoded for nothing")


# -- renames and moves ----------------------------------------------------------------------------


def test_a_rename_is_heard_once_and_references_follow(old: Model, new: Model) -> None:
    new.find("Order").name = "Job"
    new.find("edit").props["attributeRef.attribute"] = "Field.Job.Title"
    retrieve, change, _ = new.find("NF_Save").kids[1:4]
    retrieve.props["action.retrieveSource.xPathConstraint"] = "[Field.OrderLine_Order/Field.Job/Title = 'x']"
    change.props["action.value"] = "$Order/Title + toString(Field.Status.Busy)"
    changes = compare(old, new)
    assert told(changes) == ["~ Field.Job name", "~ Field.NF_Save action.value"]
    assert changes.renames["Field.Order"] == "Field.Job"
    assert changes.renames["Field.Order.Title"] == "Field.Job.Title"
    assert "follows-rename" in reasons(changes)


def test_bare_names_follow_a_rename_inside_code_but_not_in_captions(old: Model, new: Model) -> None:
    new.find("Title").name = "Subject"
    new.find("Order").name = "Job"
    new.find("NF_Save").kids[2].props["action.value"] = "$Order/Subject + toString(Field.Status.Open)"
    new.find("note").props["content.template.en_US"] = "Job"
    new.find("edit").props["attributeRef.attribute"] = "Field.Job.Subject"
    assert told(compare(old, new)) == [
        "~ Field.Home.note content.template.en_US",
        "~ Field.Job name",
        "~ Field.Job.Subject name",
    ]


def test_a_reference_to_something_else_is_an_edit_even_beside_a_rename(old: Model, new: Model) -> None:
    new.find("Order").name = "Job"
    new.find("edit").props["attributeRef.attribute"] = "Field.Job.Amount"
    assert told(compare(old, new)) == ["~ Field.Home.edit attributeRef.attribute", "~ Field.Job name"]


def test_a_renamed_module_is_one_change_and_its_contents_follow(old: Model, new: Model) -> None:
    new.doc("Field").root.name = "Site"
    for doc in new.docs:
        for node in doc.root.walk():
            node.props = {k: v.replace("Field.", "Site.") if isinstance(v, str) else v for k, v in node.props.items()}
    changes = compare(old, new)
    assert told(changes) == ["~ Site name"]
    assert changes.renames["Field.NF_Save"] == "Site.NF_Save"
    assert changes.renames["Field.Order.Title"] == "Site.Order.Title"


def test_a_document_in_another_folder_moved_and_one_in_another_module_is_called_otherwise(
    old: Model, new: Model
) -> None:
    folder = new.add(Node("Projects$Folder", "Pages"), "folders", new.doc("Field"))
    new.doc("Home").home = folder
    new.doc("Status").home = new.doc("Shared")
    changes = compare(old, new)
    assert told(changes) == ["+ Field.Pages", f"~ Field.Home {PARENT}", f"~ Shared.Status {PARENT}"]
    assert changes.renames["Field.Status"] == "Shared.Status"
    assert "Field.Home" not in changes.renames


def test_a_document_whose_folder_went_to_another_module_has_moved(old: Model) -> None:
    folder = old.add(Node("Projects$Folder", "Pages"), "folders", old.doc("Field"))
    old.doc("Home").home = folder
    new = old.edit()
    new.doc("Pages").home = new.doc("Shared")
    assert told(compare(old, new)) == [f"~ Shared.Home {PARENT}", f"~ Shared.Pages {PARENT}"]


def test_an_entity_keeps_its_identity_on_the_way_to_another_module(old: Model, new: Model) -> None:
    order = new.find("Order")
    new.domain("Field").kids.remove(order)
    new.domain("Shared").kids.append(order)
    for node in order.walk():
        node.id = new_id()
    changes = compare(old, new)
    assert f"~ Shared.Order {PARENT}" in told(changes)
    assert not [line for line in told(changes) if line[0] in "+-"]


# -- storage identity -----------------------------------------------------------------------------


def test_a_guid_reset_in_place_is_a_changed_guid(old: Model, new: Model) -> None:
    new.find("Order").props["dataStorageGuid"] = new_id()
    new.find("OrderLine_Order").props["dataStorageGuid"] = new_id()
    assert told(compare(old, new)) == ["~ Field.Order dataStorageGuid", "~ Field.OrderLine_Order dataStorageGuid"]


def test_an_entity_made_again_under_its_name_came_and_went(old: Model, new: Model) -> None:
    for node in new.find("Order").walk():
        node.id = new_id()
        node.props["dataStorageGuid"] = new_id()
    changes = compare(old, new)
    assert told(changes) == ["+ Field.Order", "- Field.Order", "~ Field.OrderLine_Order child"]
    assert {c.part_of for c in changes if c.row.type == "DomainModels$Attribute"} == {
        old.find("Order").id,
        new.find("Order").id,
    }


def test_an_attribute_made_again_under_its_name_came_and_went(old: Model, new: Model) -> None:
    title = new.find("Title")
    title.id, title.props["dataStorageGuid"] = new_id(), new_id()
    assert told(compare(old, new)) == ["+ Field.Order.Title", "- Field.Order.Title"]


def test_no_table_hangs_on_the_guid_of_a_non_persistable_entity(old: Model, new: Model) -> None:
    for node in new.find("Login").walk():
        node.id = new_id()
        node.props["dataStorageGuid"] = new_id()
    assert told(compare(old, new)) == ["~ Field.Login dataStorageGuid", "~ Field.Login.Pin dataStorageGuid"]


def test_a_specialisation_is_as_persistable_as_its_generalisation(old: Model) -> None:
    special = entity("Special")
    special.props |= {"generalization": "DomainModels$Generalization", "generalization.generalization": "Field.Login"}
    old.domain("Shared").kids.append(special)
    new = old.edit()
    again = new.find("Special")
    again.id, again.props["dataStorageGuid"] = new_id(), new_id()
    assert told(compare(old, new)) == ["~ Shared.Special dataStorageGuid"]


# -- re-imports and twins -------------------------------------------------------------------------


def test_an_imported_module_is_told_by_what_changed_in_it(old: Model, new: Model) -> None:
    new.renew(*new.inside(new.doc("Field")))
    new.find("title").props["content.template.en_US"] = "Hello"
    login = new.find("Login")
    login.props["dataStorageGuid"] = new_id()
    status = new.find("Status")
    status.kids.append(Node("Enumerations$EnumerationValue", "Closed", "values", {"caption.en_US": "Closed"}))
    assert told(compare(old, new)) == [
        "+ Field.Status.Closed",
        "~ Field.Home.title content.template.en_US",
        "~ Field.Login dataStorageGuid",
    ]


def test_flows_of_an_imported_flow_pair_by_what_they_join(old: Model, new: Model) -> None:
    flow = new.doc("NF_Save")
    new.renew(flow)
    flow.root.kids.reverse()
    changes = compare(old, new)
    assert not changes.meaningful
    assert reasons(changes) == {"new-id", "follows-id"}


def test_a_copy_that_took_the_place_of_an_excluded_document_is_its_new_content(old: Model, new: Model) -> None:
    copy = old.edit().doc("NF_Save")
    for node in copy.root.walk():
        node.id = new_id()
    copy.home = new.doc("Field")
    copy.root.kids[2].props["action.value"] = "'other'"
    first = new.doc("NF_Save")
    first.root.name, first.excluded = "NF_Save_old", True
    new.docs.append(copy)
    assert told(compare(old, new)) == ["~ Field.NF_Save action.value"]


def test_excluding_a_document_removes_it(old: Model, new: Model) -> None:
    new.doc("NF_Save").excluded = True
    assert told(compare(old, new)) == ["- Field.NF_Save"]


# -- order ----------------------------------------------------------------------------------------


def test_order_is_heard_where_it_means_something(old: Model, new: Model) -> None:
    status = new.find("Status")
    status.kids.insert(0, status.kids.pop())
    new.domain("Field").kids.reverse()
    new.find("Order").kids.reverse()
    assert told(compare(old, new)) == [f"~ Field.Status.Done {ORDER}"]


def test_an_insertion_does_not_reorder_what_stands_behind_it(old: Model, new: Model) -> None:
    argument = new.find("Home").kids[0]
    argument.kids.insert(0, text("first", "New"))
    assert told(compare(old, new)) == ["+ Field.Home.first"]


def test_lists_of_roles_are_sets(old: Model) -> None:
    old.find("Home").props["allowedRoles"] = ("Field.User", "Field.Admin")
    new = old.edit()
    new.find("Home").props["allowedRoles"] = ("Field.Admin", "Field.User")
    changes = compare(old, new)
    assert not changes.meaningful
    assert reasons(changes) == {"list-order"}


# -- noise, and what looks like it ------------------------------------------------------------------


def test_canvas_and_documentation_are_set_aside_with_their_reason(old: Model, new: Model) -> None:
    new.find("Order").props |= {"location": "5;5", "documentation": "About orders"}
    changes = compare(old, new)
    assert not changes.meaningful
    assert reasons(changes) == {"geometry", "documentation"}


def test_blanks_around_an_expression_are_noise_and_blanks_in_a_text_are_not(old: Model, new: Model) -> None:
    new.find("NF_Save").kids[2].props["action.value"] += "\n"
    new.find("title").props["content.template.en_US"] += " "
    changes = compare(old, new)
    assert told(changes) == ["~ Field.Home.title content.template.en_US"]
    assert reasons(changes) == {"white-space"}


def test_a_default_that_came_with_the_version_is_noise_and_another_value_is_not(old: Model, new: Model) -> None:
    new.version = "11.4.0"
    new.find("Home").props["autofocus"] = "Off"
    profile = Node("Navigation$NativeNavigationProfile", "Phone", "profiles", {"kind": "NativePhone"})
    for model in (old, new):
        model.add(Node("Navigation$NavigationDocument", kids=[copy_of(profile)]), "projectDocuments")
    new.docs[-1].root.id, new.docs[-1].root.kids[0].id = old.docs[-1].root.id, old.docs[-1].root.kids[0].id
    new.find("Phone").props |= {"networkTimeoutMs": 60000, "sessionCookieEncryptionEnabled": True}
    changes = compare(old, new)
    assert told(changes) == ["~ Phone sessionCookieEncryptionEnabled"]
    assert reasons(changes) == {"new-default", "default-effect"}


def copy_of(node: Node) -> Node:
    return Node(node.type, node.name, node.slot, dict(node.props))


def test_what_an_upgrade_writes_of_its_own_needs_an_upgrade(old: Model, new: Model) -> None:
    new.find("Home").props["autofocus"] = "DesktopOnly"
    assert told(compare(old, new)) == ["~ Field.Home autofocus"]
    old.version, new.version = "11.0.0", "11.3.0"
    assert reasons(compare(old, new)) == {"conversion-default"}


def test_a_required_value_that_an_upgrade_wrote_anew_is_noise(old: Model) -> None:
    stated, rewritten = "$value != empty", "length(toString($value)) > 0"
    for model_version, after, heard in (
        (("10.24.0", "11.0.0"), rewritten, []),
        (("11.0.0", "11.6.0"), rewritten, ["~ Field.Home.edit validation.expression"]),
        (("10.24.0", "11.0.0"), "length(toString($value)) > 1", ["~ Field.Home.edit validation.expression"]),
    ):
        old.find("edit").props |= {"validation": "Pages$WidgetValidation", "validation.expression": stated}
        new = old.edit()
        old.version, new.version = model_version
        new.find("edit").props["validation.expression"] = after
        assert told(compare(old, new)) == heard


def test_the_text_of_a_hidden_widget_property_goes_with_an_upgrade(old: Model) -> None:
    texts = {"value.textTemplate": "Pages$ClientTemplate", "value.textTemplate.template.en_US": "Load more"}
    with_widget(old, "1", Node("CustomWidgets$WidgetProperty", "more", "object.properties", dict(texts)))
    heard = ["~ Field.Home.more value.textTemplate,value.textTemplate.template.en_US"]
    emptied = {"value.textTemplate": "Pages$ClientTemplate", "value.textTemplate.template.en_US": ""}
    for before, after, left, told_ in (
        ("10.23.0", "10.24.0", {}, []),
        ("10.24.0", "10.24.9", {}, heard),
        ("10.23.0", "10.24.0", emptied, ["~ Field.Home.more value.textTemplate.template.en_US"]),
    ):
        new = old.edit()
        old.version, new.version = before, after
        new.find("more").props = dict(left)
        assert told(compare(old, new)) == told_


def test_a_value_under_the_new_name_of_its_key_is_noise(old: Model, new: Model) -> None:
    old.version, new.version = "10.24.0", "11.0.0"
    old.doc("Field").root.props["appStorePackageId"] = 117
    new.doc("Field").root.props["appStorePackageIdString"] = "117"
    assert reasons(compare(old, new)) == {"renamed-key"}
    new.doc("Field").root.props["appStorePackageIdString"] = "118"
    assert told(compare(old, new)) == ["~ Field appStorePackageIdString"]


def test_an_argument_that_points_elsewhere_is_never_conversion_noise(old: Model, new: Model) -> None:
    mapping = Node(
        "Pages$PageParameterMapping",
        "",
        "action.pageSettings.parameterMappings",
        {"parameter": "Field.Home.Order", "argument": "$outer"},
    )
    old.find("save").kids.append(mapping)
    new = old.edit()
    new.version = "11.0.0"
    new.find("save").kids[0].props["argument"] = "$inner"
    assert told(compare(old, new)) == ["~ Field.Home argument"]


def with_widget(model: Model, definition: str, *properties: Node) -> None:
    model.find("frame").kids.append(widget("com.acme.Badge", *properties, name="badge", definition=definition))


def test_a_refreshed_widget_definition_is_quiet_with_the_properties_it_brings(old: Model) -> None:
    with_widget(old, "d1", setting("caption", primitiveValue="x"), setting("gone", primitiveValue="1"))
    new = old.edit()
    badge = new.find("badge")
    badge.props["type.definition"] = "d2"
    badge.kids[1] = setting("fresh", primitiveValue="left", action="Pages$NoClientAction")
    changes = compare(old, new)
    assert not changes.meaningful
    assert reasons(changes) == {"widget-definition"}


def test_a_value_that_is_lost_in_a_refresh_is_heard(old: Model) -> None:
    call = {"action": "Pages$MicroflowClientAction", "action__microflowSettings__microflow": "Field.MF_Pay"}
    with_widget(old, "d1", setting("onClick", **call), setting("onLeave", **call))
    new = old.edit()
    badge = new.find("badge")
    badge.props["type.definition"] = "d2"
    badge.kids = [setting("onClick", action="Pages$NoClientAction")]
    badge.kids[0].id = old.find("onClick").id
    assert told(compare(old, new)) == [
        "- Field.Home.onLeave",
        "~ Field.Home.onClick value.action,value.action.microflowSettings.microflow",
    ]


def test_another_widget_under_the_same_name_is_another_widget(old: Model) -> None:
    with_widget(old, "d1")
    new = old.edit()
    frame = new.find("frame")
    frame.kids[-1] = widget("com.acme.Chart", name="badge", definition="d1")
    assert told(compare(old, new)) == ["+ Field.Home.badge", "- Field.Home.badge"]


# -- likeness ---------------------------------------------------------------------------------------


def test_configuration_of_one_entity_never_pairs_with_that_of_another(old: Model) -> None:
    def config(name: str) -> Node:
        return Node("Navigation$OfflineEntityConfig", "", "offlineEntityConfigs", {"entity": name, "syncMode": "All"})

    profile = Node("Navigation$NativeNavigationProfile", "Phone", "profiles", kids=[config("Field.Order")])
    old.add(Node("Navigation$NavigationDocument", kids=[profile]), "projectDocuments")
    new = old.edit()
    new.find("Phone").kids = [config("Field.OrderLine")]
    assert told(compare(old, new)) == ["+ Field.OrderLine", "- Field.Order"]


def test_the_contents_of_a_page_stay_themselves_under_another_layout(old: Model, new: Model) -> None:
    home = new.find("Home")
    home.props["layoutCall.layout"] = "Atlas.Tablet"
    home.kids[0].props["parameter"] = "Atlas.Tablet.Main"
    new.renew(new.doc("Home"))
    assert told(compare(old, new)) == ["~ Field.Home layoutCall.layout", "~ Field.Home parameter"]


def test_an_enumeration_value_under_a_new_id_and_another_name_is_another_value(old: Model, new: Model) -> None:
    new.renew(new.doc("Status"))
    new.find("Busy").name = "Active"
    assert told(compare(old, new)) == ["+ Field.Status.Active", "- Field.Status.Busy"]


# -- what cannot be read ------------------------------------------------------------------------------


def test_a_missing_unit_is_never_a_removal_but_shows_that_it_changed(old: Model, new: Model) -> None:
    new.doc("Home").missing = True
    assert not compare(old, new).meaningful  # the stated digest is that of the old content
    new.find("title").props["content.template.en_US"] = "Hello"
    assert told(compare(old, new)) == [f"~ Field.Home {CONTENT}"]
    new.docs.remove(new.doc("Status"))
    assert told(compare(old, new)) == ["- Field.Status", f"~ Field.Home {CONTENT}"]


def test_a_module_that_cannot_be_read_does_not_move_its_documents(old: Model, new: Model) -> None:
    new.doc("Field").missing = True
    changes = compare(old, new)
    assert not changes.meaningful
    assert not changes.renames


def test_files_beside_the_model_count_where_both_sides_have_them(old: Model, new: Model) -> None:
    old.files, new.files = {"theme/a.scss": "1", "theme/b.scss": "1"}, {"theme/a.scss": "2"}
    assert told(compare(old, new)) == ["- theme/b.scss", "~ theme/a.scss content"]
    new.files = None
    assert not compare(old, new).meaningful


# -- the rest -----------------------------------------------------------------------------------------


def test_a_slice_of_the_changes_can_be_applied(old: Model, new: Model) -> None:
    new.find("title").props["content.template.en_US"] = "Hello"
    new.find("Order").name = "Job"
    changes = compare(old, new)
    texts = [c for c in changes if c.row.type == "Pages$DynamicText"]
    sliced = patch(changes.old, changes, texts)
    assert told(diff(changes.old, sliced)) == ["~ Field.Home.title content.template.en_US"]
    assert told(diff(sliced, changes.new)) == ["~ Field.Job name"]


def test_results_come_in_one_order_whatever_the_hash_seed(old: Model, new: Model) -> None:
    new.renew()
    new.find("Home").props |= {"b": 1, "a": 2, "c": 3}
    first, second = compare(old, new), compare(old, new)
    assert [repr(c) for c in first.noise] == [repr(c) for c in second.noise]
    home = next(c for c in first if isinstance(c, Changed))
    assert list(home.noise) == [ID, PARENT]


def test_nothing_compared_with_an_app_adds_all_of_it(old: Model) -> None:
    changes = diff(Snapshot({}, form="none"), old.snapshot())
    assert {type(c) for c in changes} == {Added}
    assert "+ Field.Order" in told(changes)
    assert "+ Field.Home" in told(changes)
    assert "+ Field.Order.Title" not in told(changes)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("$Order/Status = 'Open'", "$Order/Status = 'Busy'", "'Open' to 'Busy'"),
        ("[Active]", "[Active and Paid]", "added and; added Paid"),
        (("A", "B"), ("B", "C"), "added C; removed A"),
        (3, 4, "3 to 4"),
        ("A + " * 300 + "B" + " + C" * 300, "A + " * 300 + "D" + " + C" * 300, "B to D"),
        (
            "A + " * 200_000,
            "B - " * 200_000,
            "A + A + A + A + A + A + A + A + A + A +… to B - B - B - B - B - B - B - B - B - B -…",
        ),
        (("A",) * 2 + tuple(map(str, range(200_000))), ("A", *map(str, range(200_000)), "Z"), "added Z; removed A"),
        ("same", "same", ""),
    ],
)
def test_detail_tells_what_differs_inside_a_value(before: object, after: object, words: str) -> None:
    assert value_difference(before, after) == words


def test_name_is_the_field_of_a_rename(old: Model, new: Model) -> None:
    new.find("Order").name = "Job"
    (change,) = compare(old, new).meaningful
    assert isinstance(change, Changed)
    assert change.fields == {NAME}
    assert change.values(NAME) == ("Order", "Job")


def test_rows_that_stand_in_each_other_end_no_walk() -> None:
    def broken(*ids: str) -> Snapshot:
        root = Element("u", "Pages$Page", "P", None, "", {})
        inner, outer = (Element(i, "Pages$DivContainer", "", ids[1 - k], "widgets", {}) for k, i in enumerate(ids))
        unit = Unit("u", "Pages$Page", "P", None, "documents", "".join(ids), lambda: (root, inner, outer))
        return Snapshot({"u": unit})

    changes = diff(broken("a", "b"), broken("c", "d"))
    assert {type(c) for c in changes} == {Added, Removed}
    assert account(changes).unexplained == 0


def repeated(new: Model, *inside: Node) -> None:
    """A document that nobody reads, with elements under ids that others have."""
    new.add(Node("Menus$MenuDocument", "Stray", kids=[attrs.evolve(node, slot="items") for node in inside]))


def test_an_attribute_that_goes_is_gone_though_another_document_repeats_it(old: Model, new: Model) -> None:
    title = new.find("Title")
    new.find("Order").kids.remove(title)
    repeated(new, title)
    changes = compare(old, new)
    assert [c.old_row.name for c in changes.meaningful if isinstance(c, Removed)] == ["Title"]
    assert account(changes).unexplained == 0


def test_elements_of_two_documents_under_one_id_are_told_and_parted(old: Model, new: Model) -> None:
    """One was taken for the other, so that a rename of the first showed nothing."""
    for model in (old, new):
        repeated(model, *model.domain("Field").kids)
    new.find("Title").name = "Heading"
    new.doc("Stray").root.props["documentation"] = "other"
    changes = compare(old, new)
    renamed = [c for c in changes.meaningful if isinstance(c, Changed) and NAME in c.fields]
    assert ("Title", "Heading") in {(c.old_row.name, c.new_row.name) for c in renamed}
    assert account(changes).unexplained == 0
    for side in (changes.old, changes.new):
        assert side.warnings[-1].endswith(
            "state an $ID that one of another document has too; each was compared as its own"
        )


def test_an_element_under_the_id_of_a_document_is_parted_from_it(old: Model, new: Model) -> None:
    new.find("title").id = new.doc("NF_Save").root.id
    changes = compare(old, new)
    assert account(changes).unexplained == 0
    assert [w for w in changes.new.warnings if w.startswith("an element states an $ID")]
    assert not changes.old.warnings
