"""What holds for changes that are made to another version of a model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mx_changeclass.changes.change import ID, Changed
from mx_changeclass.changes.diff import diff
from mx_changeclass.changes.rebase import cherry_pick, rebase
from mx_changeclass.model.snapshot import Snapshot
from tests.builders.elements import enumeration
from tests.builders.models import Model
from tests.builders.strategies import EDITS, lose, models, pairs
from tests.cases import Case

law = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SEEN = tuple(edit for edit in EDITS if edit is not lose)


@st.composite
def branches(draw: st.DrawFn) -> tuple[Snapshot, Snapshot, Snapshot]:
    """A model and two copies, each edited by somebody else."""
    base = draw(models())
    lines = [base.edit(), base.edit()]
    for line in lines:
        for edit in draw(st.lists(st.sampled_from(SEEN), min_size=1, max_size=3)):
            edit(draw, line)
    return base.snapshot(), lines[0].snapshot(), lines[1].snapshot()


@law
@given(pairs())
def test_changes_made_to_their_own_base_give_what_they_led_to(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    assume(not any(u.missing for s in (old, new) for u in s.units.values()))
    made = cherry_pick(diff(old, new), old)
    assert isinstance(made, Snapshot)
    assert dict(made.table) == dict(new.table)
    assert made.version == new.version


@law
@given(pairs())
def test_changes_made_again_change_nothing(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    assume(not any(u.missing for s in (old, new) for u in s.units.values()))
    rebased, conflicts = rebase(diff(old, new), new)
    assert [c.why for c in conflicts] == []
    made = cherry_pick(diff(old, new), new)
    assert isinstance(made, Snapshot)
    assert dict(made.table) == dict(new.table), rebased.meaningful


@law
@given(branches())
def test_the_order_of_two_lines_of_work_means_nothing(made: tuple[Snapshot, Snapshot, Snapshot]) -> None:
    """Where each can be put on the other, both ways lead to the same; of what means nothing the base keeps its own.
    An element is known by its id, so neither may have renewed any."""
    base, one, other = made
    lines = [diff(base, one), diff(base, other)]
    assume(not any(ID in c.noise for line in lines for c in line if isinstance(c, Changed)))
    ways = [cherry_pick(diff(base, b), a) for a, b in ((one, other), (other, one))]
    assume(all(isinstance(way, Snapshot) for way in ways))
    first, second = (way for way in ways if isinstance(way, Snapshot))
    assert not diff(first, second).meaningful


def test_an_id_that_is_given_away_to_a_row_alike_goes_to_it() -> None:
    """The enumeration of one module comes again under another id, and the first id is that of one alike in another
    module: both roots are equal rows, and the one that takes the id is to be added all the same."""
    old = Model()
    field, office = old.module("Field"), old.module("Office")
    first = old.add(enumeration("Colour", "Red"), home=field)
    new = old.edit()
    kept = new.doc("Colour")
    kept.home = new.doc("Office")
    new.add(enumeration("Colour", "Red"), home=new.doc("Field"))
    changes = diff(old.snapshot(), new.snapshot())
    assert changes.partner[first.root.id] != first.root.id == kept.root.id  # the name counts, and the id is free
    made = cherry_pick(changes, old.snapshot())
    assert isinstance(made, Snapshot)
    assert dict(made.table) == dict(new.snapshot().table)
    assert made.units[kept.root.id].container == office.root.id


def sides(*lines: dict[str, Any]) -> tuple[Snapshot, ...]:
    return tuple(Case("line", line, {}).sides()[1] for line in lines)


LABEL, HINT = "Field.Home/welcomeLabel", "Field.Home/hintText"


def text(address: str, told: str) -> dict[str, Any]:
    return {"set": {address: {"content.template.en_US": told}}}


def test_two_texts_of_one_page_both_come() -> None:
    base, one, other = sides({}, text(LABEL, "Hello"), text(HINT, "Pull"))
    made = cherry_pick(diff(base, other), one)
    assert isinstance(made, Snapshot)
    told = {r.name: r.props.get("content.template.en_US") for r in made.table.values()}
    assert (told["welcomeLabel"], told["hintText"]) == ("Hello", "Pull")


def test_two_keys_of_one_row_both_come() -> None:
    base, one, other = sides({}, text(LABEL, "Hello"), {"set": {LABEL: {"appearance.class": "big"}}})
    made = cherry_pick(diff(base, other), one)
    assert isinstance(made, Snapshot)
    (label,) = (r for r in made.table.values() if r.name == "welcomeLabel")
    assert (label.props["content.template.en_US"], label.props["appearance.class"]) == ("Hello", "big")


@pytest.mark.parametrize(
    ("line", "step", "why"),
    [
        (text(LABEL, "Hello"), text(LABEL, "Hi"), "content.template.en_US differs there"),
        ({"rename": {"Field.NF_Old": "Older"}}, {"rename": {"Field.NF_Old": "Gone"}}, "name differs there"),
        ({"remove": [LABEL]}, text(LABEL, "Hi"), "is not there"),
        ({"remove": ["Field.Contacts"]}, {"set": {"Field.Contacts": {"title.en_US": "Hi"}}}, "is not there"),
    ],
)
def test_what_two_lines_changed_otherwise_is_a_conflict(line: Any, step: Any, why: str) -> None:
    base, one, other = sides({}, line, step)
    found = cherry_pick(diff(base, other), one)
    assert isinstance(found, tuple)
    assert {c.why for c in found} == {why}


def test_what_two_lines_changed_alike_is_no_conflict() -> None:
    base, one, other = sides({}, text(LABEL, "Hello"), text(LABEL, "Hello"))
    rebased, conflicts = rebase(diff(base, other), one)
    assert (rebased.meaningful, conflicts) == ((), ())


def test_an_upgrade_comes_with_the_change_that_made_it_and_with_no_other() -> None:
    base, one, other = sides({}, {"version": "10.24.19"}, text(LABEL, "Hello"))
    for step, line, version in ((one, other, "10.24.19"), (other, base, "10.24.18"), (other, one, "10.24.19")):
        made = cherry_pick(diff(base, step), line)
        assert isinstance(made, Snapshot)
        assert str(made.version) == version
