"""What holds for the parts of any release: each may go with what it needs, and leaves nothing half done."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache

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
from tests.builders.models import Model
from tests.builders.strategies import pairs
from tests.cases import Case, Table, labelled_cases, rule_cases

law = settings(
    max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def parts_of(old: Snapshot, new: Snapshot) -> Parts:
    return Parts(Release.of(diff(old, new)))


def part(parts: Parts, name: str) -> str:
    """The key of the part of that name that means something."""
    (key,) = (k for k in parts if parts[k].name == name and parts[k].meaningful)
    return key


def expected(parts: Parts, taken: Collection[str]) -> dict[str, Element]:
    """The rows of the old side, where a part is taken as the new side has them; found row by row, key by key."""
    changes = parts.changes
    rows = dict(changes.old.table)
    pieces = [(c, keys) for key in taken for c, keys in parts[key].pieces]
    whole: dict[int, set[str]] = {}
    for change, keys in pieces:
        if not isinstance(change, Added):
            rows.pop(change.old_row.id, None)
        if isinstance(change, Changed):
            whole.setdefault(id(change), set()).update(change.fields | change.noise.keys() if keys is None else keys)
    for change, _ in pieces:
        if isinstance(change, Changed):
            if whole[id(change)] == change.fields | change.noise.keys():
                rows[change.new_row.id] = change.new_row
            else:
                props = {**change.old_row.props}
                for key in whole[id(change)]:
                    props.pop(key, None)
                    if key in change.new_row.props:
                        props[key] = change.new_row.props[key]
                rows[change.new_row.id] = evolve(change.old_row, props=props)
                if whole[id(change)] - change.new_row.props.keys() - change.old_row.props.keys():
                    rows[change.new_row.id] = evolve(change.new_row, props=props)
        elif isinstance(change, Added):
            rows[change.new_row.id] = change.new_row
    return rows


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
        again = diff(parts.take(taken), side)
        assert not again.meaningful
        assert not again.noise or any(u.missing for s in (old, new) for u in s.units.values())


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
