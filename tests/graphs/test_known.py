"""Facts that follow from a unit alone are found once, kept within bounds, and never mixed up."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs

from mx_changeclass import diff, read
from mx_changeclass.changes.patch import patch
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.references import Known, Reference, UnitReferences, unit_references
from mx_changeclass.readers.xml import read_xml, write_xml

READERS = Path(__file__).parent.parent.parent / "fixtures" / "readers"


def _facts(count: int) -> UnitReferences:
    return UnitReferences((Reference("opens", "Pages$Page", "Field.Home", "row", "page"),) * count)


def test_what_was_found_is_not_looked_for_again() -> None:
    known, made = Known(100), list[str]()
    for digest in ("a", "b", "a", "a"):
        known.of(digest, lambda digest=digest: made.append(digest) or _facts(len(made)))  # type: ignore[func-returns-value,misc]
    assert made == ["a", "b"]
    assert len(known.of("a", lambda: _facts(9)).references) == 1


def test_what_was_asked_for_least_lately_goes_first() -> None:
    known = Known(10)
    for digest in ("a", "b", "a", "c"):  # four of weight each, so two have room
        known.of(digest, lambda: _facts(3))
    assert len(known.of("a", lambda: _facts(5)).references) == 3
    assert len(known.of("b", lambda: _facts(5)).references) == 5


def test_what_is_larger_than_all_room_is_given_and_not_kept() -> None:
    known = Known(3)
    assert len(known.of("a", lambda: _facts(9)).references) == 9
    assert len(known.of("a", lambda: _facts(2)).references) == 2


def test_a_model_that_was_made_of_another_refers_to_what_its_own_rows_say() -> None:
    """The bytes of the old version say nothing of a unit that changes were applied to."""
    old = read(READERS / "v2" / "Field.mpr")
    page = next(u for u in old.units.values() if u.type == "Pages$Page")
    rows = tuple(attrs.evolve(r, props=_silent(r.props)) for r in old.rows(page.id))
    edited = attrs.evolve(page, digest="other", load=lambda: rows, stored=None)
    made = patch(old, diff(old, attrs.evolve(old, units={**old.units, page.id: edited})))
    assert unit_references(made.rows(page.id)) != unit_references(old.rows(page.id))
    for side in App.pair(old, made):
        unit = side.snapshot.units[page.id]
        assert side.reachability.unit_references(unit) == unit_references(side.snapshot.rows(page.id))


def test_a_digest_that_a_file_states_is_believed_of_that_file_alone() -> None:
    """Else one exported snapshot that lies would decide what is known of the documents of another model."""
    true = read(READERS / "v2" / "Field.mpr")
    page = next(u for u in true.units.values() if u.type == "Pages$Page")
    rows = tuple(attrs.evolve(r, props=_silent(r.props)) for r in true.rows(page.id))
    target = BytesIO()
    write_xml(attrs.evolve(true, units={**true.units, page.id: attrs.evolve(page, load=lambda: rows)}), target)
    lies = read_xml(target.getvalue(), "it")
    assert lies.units[page.id].digest == page.digest
    for side in (lies, true):
        found = App(side).reachability.unit_references(side.units[page.id])
        assert found == unit_references(side.rows(page.id))


def _silent(props: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a row that hold no qualified name."""
    return {k: v for k, v in props.items() if "." not in str(v)}
