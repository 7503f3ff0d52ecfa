"""Facts that follow from a unit alone are found once, kept within bounds, and never mixed up."""

from __future__ import annotations

from mx_changeclass.graphs.references import Known, Reference, UnitReferences


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
