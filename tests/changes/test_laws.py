"""What holds for the changes between any two models."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.changes.diff import diff
from mx_changeclass.changes.ledger import account
from mx_changeclass.changes.noise.order import is_ordered, moved
from mx_changeclass.changes.patch import patch
from mx_changeclass.model.snapshot import Element, Snapshot
from tests.builders.models import Model
from tests.builders.strategies import models, pairs

law = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rows(snapshot: Snapshot) -> dict[str, Element]:
    return dict(snapshot.table)


def ordered(snapshot: Snapshot) -> dict[tuple[str | None, str], list[str]]:
    """The members of each list whose order means something."""
    table = rows(snapshot)
    lists: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for row in sorted(table.values(), key=lambda r: r.index):
        if row.parent in table and is_ordered(table[row.parent], row.slot):
            lists[row.parent, row.slot].append(row.id)
    return dict(lists)


def stored_anew(snapshot: Snapshot) -> Snapshot:
    """The same content under other digests, as another form of the model has them."""
    units = {i: attrs.evolve(u, digest=f"other {u.digest}") if not u.missing else u for i, u in snapshot.units.items()}
    return Snapshot(units, snapshot.version, side_files=snapshot.side_files)


def turned(change: Change) -> Change:
    match change:
        case Added():
            return Removed(change.new_row, change.part_of, change.reason)
        case Removed():
            return Added(change.old_row, change.part_of, change.reason)
    return Changed(change.new_row, change.old_row, change.fields, change.matched_by, change.noise)


def told(changes: tuple[Change, ...]) -> list[str]:
    return sorted(
        repr(
            (
                type(c).__name__,
                getattr(c, "old_row", None),
                getattr(c, "new_row", None),
                c.part_of,
                getattr(c, "reason", ""),
                sorted(getattr(c, "fields", ())),
                sorted(getattr(c, "noise", {}).items()),
                getattr(c, "matched_by", ""),
            )
        )
        for c in changes
    )


@law
@given(models())
def test_a_model_does_not_differ_from_itself(model: Model) -> None:
    snapshot = model.snapshot()
    for other in (snapshot, stored_anew(snapshot)):
        changes = diff(snapshot, other)
        assert not changes.meaningful
        assert not changes.noise


@law
@given(pairs())
def test_patch_of_old_is_new(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    patched = patch(old, diff(old, new))
    unread = {i for i, u in new.live.items() if u.missing} | {i for i, u in old.live.items() if u.missing}
    want = {i: r for i, r in rows(new).items() if i not in unread}
    assert {i: r for i, r in rows(patched).items() if i in want} == want
    assert {k: v for k, v in ordered(patched).items() if k[0] in want} == ordered(new)
    if not unread:
        assert rows(patched).keys() == rows(new).keys()
        again = diff(patched, new)
        assert not again.meaningful
        assert not again.noise


@law
@given(pairs())
def test_the_other_way_round_is_the_mirror_image(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    there, back = diff(old, new), diff(new, old)
    assert told(tuple(map(turned, there.meaningful))) == told(back.meaningful)
    assert told(tuple(map(turned, there.noise))) == told(back.noise)


@law
@given(models())
def test_new_ids_alone_are_silent(model: Model) -> None:
    again = model.edit()
    again.renew()
    changes = diff(model.snapshot(), again.snapshot())
    assert not changes.meaningful
    assert {reason for c in changes.noise if isinstance(c, Changed) for reason in c.noise.values()} <= {
        "new-id",
        "follows-id",
    }


@law
@given(pairs())
def test_every_differing_leaf_has_an_owner(pair: tuple[Model, Model]) -> None:
    changes = diff(*(m.snapshot() for m in pair))
    counted = account(changes)
    assert counted.unexplained == 0
    assert counted.leaves == counted.explained + counted.noise + counted.fallback
    assert counted.noise == sum(counted.by_noise.values())
    assert bool(changes.meaningful or changes.noise) == bool(counted.leaves)


@law
@given(pairs())
def test_a_part_names_a_whole_that_came_or_went_with_it(pair: tuple[Model, Model]) -> None:
    changes = diff(*(m.snapshot() for m in pair))
    for verb in (Added, Removed):
        wholes = {c.row.id: c for c in (*changes.meaningful, *changes.noise) if isinstance(c, verb)}
        for change in wholes.values():
            if change.part_of is not None:
                assert wholes[change.part_of].part_of is None
                assert change.reason or not wholes[change.part_of].reason


@law
@given(pairs())
def test_partners_are_one_to_one_and_on_both_sides(pair: tuple[Model, Model]) -> None:
    old, new = (m.snapshot() for m in pair)
    changes = diff(old, new)
    assert len(set(changes.partner.values())) == len(changes.partner)
    for old_id, new_id in changes.partner.items():
        assert old_id in changes.old_tree.rows or old_id in old.live
        assert new_id in changes.new_tree.rows or new_id in new.live
    told_twice = [c.row.id for c in (*changes.meaningful, *changes.noise) if not isinstance(c, Removed)]
    assert len(told_twice) == len(set(told_twice))


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(9)))
def test_no_fewer_members_could_have_moved(order: list[int]) -> None:
    """The longest part that keeps its order is found by trying all."""
    old, new = [f"m{n}" for n in range(9)], [f"m{n}" for n in order]
    gone = moved(old, new, {m: m for m in old})
    stay = [m for m in old if m not in gone]
    assert stay == [m for m in new if m not in gone]
    rising = (
        kept for size in range(len(stay) + 1, 10) for kept in combinations(order, size) if list(kept) == sorted(kept)
    )
    assert next(rising, None) is None


def test_what_moved_in_a_long_list_is_found_in_few_steps() -> None:
    """Each member was weighed against each before it: 200,000 of them are 20,000,000,000 pairs."""
    old = [f"m{n}" for n in range(200_000)]
    assert moved(old, [*old[1:], old[0]], dict(zip(old, old, strict=True))) == {"m0"}
