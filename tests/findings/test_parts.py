"""What holds for the parts of any release: each may go with what it needs, and leaves nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mx_changeclass as mx
from mx_changeclass.changes.change import Added, Changed
from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.carriers import VERSION
from mx_changeclass.findings.parts import Parts
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.unresolved import names_in
from mx_changeclass.model.snapshot import Element, Snapshot
from mx_changeclass.readers.xml import read_xml
from mx_changeclass.rules.engine.release import Release
from tests.builders.editor import EditError
from tests.builders.models import Model, Node
from tests.builders.strategies import pairs
from tests.cases import Case, Table, labelled_cases, rule_cases

law = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def parts_of(old: Snapshot, new: Snapshot) -> Parts:
    return Parts(Release.of(diff(old, new)))


def part(parts: Parts, name: str) -> str:
    """The key of the part of that name that means something."""
    (key,) = (k for k in parts if parts[k].name == name and parts[k].meaningful)
    return key


def expected(parts: Parts, chosen: Collection[str]) -> dict[str, Element]:
    """The rows of the old side, where a part is taken as the new side has them; found row by row, key by key."""
    rows = dict(parts.changes.old.table)
    pieces = [piece for key in chosen for piece in parts[key].pieces]
    for change, _ in pieces:
        if not isinstance(change, Added):
            rows.pop(change.old_row.id, None)
    for change, _ in pieces:
        if isinstance(change, Added):
            rows[change.new_row.id] = change.new_row
        elif isinstance(change, Changed):
            taken_of_it = {
                k for c, some in pieces if c is change for k in some or (change.fields | change.noise.keys())
            }
            rows[change.new_row.id] = merged(change, taken_of_it)
    return rows


def merged(change: Changed[Any], keys: set[str]) -> Element:
    """A row as the new side has it under some keys, and as the old side has it under the others."""
    left = {k: v for k, v in change.old_row.props.items() if k not in keys}
    came = {k: v for k, v in change.new_row.props.items() if k in keys}
    frame = change.new_row if keys - change.old_row.props.keys() - change.new_row.props.keys() else change.old_row
    return evolve(frame, props={**left, **came})


def hold_their_own(parts: Parts, taken: Collection[str]) -> None:
    made = parts.take(taken)
    want, have = expected(parts, taken), dict(made.table)
    assert have.keys() == want.keys()
    assert {i: (r, want[i]) for i, r in have.items() if r != want[i]} == {}
    assert made.version == (parts.changes.new if VERSION in taken else parts.changes.old).version


def dangling(model: Snapshot) -> set[tuple[str, str]]:
    """The names in a model that nothing in it bears, each with the document that holds it."""
    app = App(model)
    units = [u for u in model.live.values() if u.slot != "files" and not u.missing]
    return {(u.id, named.name) for u in units for named in names_in(app, u) if named.known is False}


def subset(draw: st.DataObject, parts: Parts) -> frozenset[str]:
    keys = list(parts)
    return parts.closed(draw.draw(st.lists(st.sampled_from(keys), unique=True, max_size=5)) if keys else ())


# -- any models --------------------------------------------------------------------------------------


@law
@given(pairs(), st.data())
def test_what_is_taken_is_as_the_new_side_has_it_and_nothing_else_differs(
    pair: tuple[Model, Model], data: st.DataObject
) -> None:
    old, new = (m.snapshot() for m in pair)
    assume(not any(u.missing for s in (old, new) for u in s.units.values()))
    parts = parts_of(old, new)
    hold_their_own(parts, subset(data, parts))


@law
@given(pairs())
def test_all_parts_are_the_new_side_and_none_the_old(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    parts = parts_of(old, new)
    for taken, side in (((), old), (tuple(parts), new)):
        made = parts.take(taken)
        again = diff(made, side)
        assert (again.meaningful, again.noise) == ((), ())
        assert shown(made) == shown(side)


def shown(model: Snapshot) -> dict[str, tuple[Any, ...]]:
    """All that a model says of what is built: of what is missing, too."""
    units = model.live.values()
    return {
        u.id: (u.type, u.name, u.container, u.slot, u.digest, u.missing, {r.id: r for r in model.rows(u.id)})
        for u in units
    }


# -- what a side cannot show ----------------------------------------------------------------------------


def a_module() -> Model:
    """A module with a folder of two nanoflows, and another folder."""
    model = Model()
    home = model.module("Field")
    flows = model.add(Node("Projects$Folder", "Flows"), "folders", home)
    model.add(Node("Projects$Folder", "Other"), "folders", home)
    for name in ("NF_One", "NF_Two"):
        model.add(Node("Microflows$Nanoflow", name), home=flows)
    return model


def moved(old: Model, new: Model) -> None:
    new.doc("NF_One").missing, new.doc("NF_One").home = True, new.doc("Other")


def edited_unread(old: Model, new: Model) -> None:
    old.doc("NF_One").missing = True
    new.find("NF_One").props["documentation"] = "Asks."


def same_bytes(old: Model, new: Model) -> None:
    new.doc("NF_One").missing = True


def folder_anew(old: Model, new: Model) -> None:
    """A folder that can be read in neither, and has another id in the new one."""
    for model in (old, new):
        model.doc("Flows").missing = True
    new.renew(new.doc("Flows"))
    new.find("NF_Two").props["documentation"] = "Asks."


def document_in_it_unread(old: Model, new: Model) -> None:
    folder_anew(old, new)
    new.doc("NF_Two").missing = True


def other_in_its_place(old: Model, new: Model) -> None:
    """Where a nanoflow was stands one of which nothing but its place is known."""
    new.doc("NF_One").missing = True
    new.renew(new.doc("NF_One"))


def put_aside(old: Model, new: Model) -> None:
    old.doc("NF_One").missing = True
    new.doc("NF_One").excluded = True


UNREAD = (moved, edited_unread, same_bytes, folder_anew, document_in_it_unread, other_in_its_place, put_aside)


def without_reading(edit: Callable[[Model, Model], None], *, back: bool) -> Parts:
    old = a_module()
    new = old.edit()
    edit(old, new)
    sides = (new, old) if back else (old, new)
    return parts_of(*(m.snapshot() for m in sides))


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("edit", UNREAD, ids=lambda edit: edit.__name__)
def test_what_a_side_cannot_show_comes_with_all_parts_as_that_side_has_it(
    edit: Callable[[Model, Model], None], back: bool
) -> None:
    parts = without_reading(edit, back=back)
    old, new = parts.changes.old, parts.changes.new
    assert shown(parts.take(tuple(parts))) == shown(new) != shown(old) == shown(parts.take(()))


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("edit", UNREAD, ids=lambda edit: edit.__name__)
def test_what_only_cannot_be_read_comes_or_goes_in_no_part_of_a_release(
    edit: Callable[[Model, Model], None], back: bool
) -> None:
    """Of no edit here anything is known to come or go, so no step on the way may say it."""
    parts = without_reading(edit, back=back)
    old, new = parts.changes.old, parts.changes.new
    for keys in (parts.closed([key]) for key in parts):
        made = parts.take(keys)
        told = [c for step in (diff(old, made), diff(made, new)) for c in step.meaningful]
        assert [c for c in told if not isinstance(c, Changed)] == []


# -- edits of a real kind, several at once -------------------------------------------------------------


@cache
def edits() -> tuple[Case, ...]:
    """The cases that change nothing beside the model and start from the base project as it is."""
    return tuple(
        case
        for case in (*labelled_cases(), *rule_cases())
        if not {"base", "like", "old", "turned", "read", "files", "folder"} & case.table.keys()
    )


@st.composite
def edited(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """The base project, and the same with several edits that people make; one that another leaves no room for is not
    made."""
    made: list[Table] = []
    for case in draw(st.lists(st.sampled_from(edits()), min_size=1, max_size=4, unique=True)):
        with suppress(EditError, KeyError, ValueError, StopIteration):
            several(*made, case.table).drafts()
            made.append(case.table)
    return several(*made).sides()


def several(*tables: Table) -> Case:
    return Case("several", {"then": list(tables)}, {})


@law
@given(edited(), st.data())
def test_a_closed_set_of_parts_of_edits_holds_its_own(pair: tuple[Snapshot, Snapshot], data: st.DataObject) -> None:
    parts = parts_of(*pair)
    hold_their_own(parts, subset(data, parts))


@law
@given(edited(), st.data())
def test_a_closed_set_of_parts_leaves_no_name_that_leads_nowhere(
    pair: tuple[Snapshot, Snapshot], data: st.DataObject
) -> None:
    parts = parts_of(*pair)
    taken = subset(data, parts)
    loose = dangling(parts.take(taken)) - dangling(pair[0]) - dangling(pair[1])
    assert loose == set(), [parts[k].name for k in sorted(taken)]


@law
@given(edited(), st.data())
def test_what_is_built_is_a_model_like_any_other(pair: tuple[Snapshot, Snapshot], data: st.DataObject) -> None:
    """It is written and read again as it is, and a second look at it sees what the first one saw."""
    parts = parts_of(*pair)
    made = parts.take(subset(data, parts))
    again = read_xml(mx.export(made), "again")
    assert dict(again.table) == dict(made.table)
    verdict = mx.classify(diff(pair[0], made))
    told = [(f.rule.id, f.subject) for f in mx.classify(diff(pair[0], again)).findings]
    assert told == [(f.rule.id, f.subject) for f in verdict.findings]
    assert verdict.accountability.unexplained == 0
    assert mx.footprint(made) is not None


# -- what needs what --------------------------------------------------------------------------------


def needs(parts: Parts, name: str) -> Iterator[str]:
    return (parts[k].name for k in sorted(parts.needs.successors(part(parts, name))))


def both(**table: object) -> Parts:
    """The parts of an edit of the base project."""
    return parts_of(*several(table).sides())


def test_a_text_on_a_page_does_not_wait_for_the_rename_that_passes_it() -> None:
    """The page shows Field.Order: its references follow the rename, and go with it; its text goes alone."""
    parts = both(rename={"Field.Order": "Job"}, set={"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}})
    home = part(parts, "Field.Home")
    assert parts.closed([home]) == {home}
    rename = part(parts, "Field.Job")
    made = parts.take(parts.closed([rename]))
    assert dangling(made) == dangling(parts.changes.old)
    assert "Field.Order" not in {name for _, name in dangling(made)}


def test_a_page_that_uses_what_is_new_needs_it_and_what_is_new_goes_alone() -> None:
    parts = both(
        add={"Field.Order.Colour": {"like": "Field.Order.Title"}},
        set={"Field.Order_Edit/titleBox": {"attributeRef.attribute": "Field.Order.Colour"}},
    )
    colour, page = part(parts, "Field.Order.Colour"), part(parts, "Field.Order_Edit")
    assert parts.closed([colour]) == {colour}
    assert parts.closed([page]) >= {page, colour}
    assert parts.needs.edges[page, colour]["why"] == "uses Field.Order.Colour, which comes with it"


def test_what_is_removed_needs_all_who_stopped_using_it() -> None:
    parts = both(remove=["Field.NF_Old"])
    gone = part(parts, "Field.NF_Old")
    users = {parts[k].name for k in parts.closed([gone])} - {"Field.NF_Old"}
    wanted = {parts.changes.old.units[unit].name for unit, _ in dangling(without(parts.changes.old, "NF_Old"))}
    assert {name.rpartition(".")[2] for name in users} == wanted


def without(model: Snapshot, name: str) -> Snapshot:
    """A model from which a document was taken, whoever uses it."""
    return evolve(model, units={i: u for i, u in model.units.items() if u.name != name})


def test_an_upgrade_is_a_part_that_all_others_need() -> None:
    parts = both(version="10.24.19", set={"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}})
    home = part(parts, "Field.Home")
    assert parts.closed([home]) == {home, VERSION}
    assert str(parts.take({VERSION}).version) == "10.24.19"
    assert parts[VERSION].meaningful


def test_rights_on_a_new_attribute_go_with_it() -> None:
    """The modeller gives every access rule a right on it: the rule itself is no change of its own."""
    parts = both(add={"Field.Order.Colour": {"like": "Field.Order.Title"}})
    assert [parts[k].name for k in parts] == ["Field.Order.Colour"]


def test_a_finding_names_the_part_that_it_hangs_on() -> None:
    """A list view brings the entity to devices: the page is what carries it, not what else lies on the way."""
    old, new = several({"remove": ["Field.Inspections/measurementList"], "set": TEXT}).sides()
    verdict = mx.classify(diff(new, old))
    (joined,) = (f for f in verdict.findings if f.rule.id.startswith("sync-entity-joined") or "joins" in f.message)
    parts = Parts(Release.of(verdict.changes))
    assert [parts[k].name for k in parts.carrying(joined.carriers)] == ["Field.Inspections"]


TEXT = {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}
