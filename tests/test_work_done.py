"""How much is done for what changed, in calls, which no busy machine moves; ``python -m benchmarks`` tells seconds."""

from __future__ import annotations

import cProfile
import os
import pstats
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.grown import UNITS, edited, grown
from mx_changeclass import compare, export, read, render
from mx_changeclass.graphs.references import KNOWN
from tests.builders.build import write_v2
from tests.builders.models import Model

MODULES = 10
DOCUMENTS = MODULES * (UNITS - 2)  # less the modules and their domain models


class Work(Counter[str]):
    """Calls by ``module.function`` of a comparison with its report; ``all`` is their sum."""

    @classmethod
    def of(cls, old: Path, new: Path, *, forget: bool = True) -> Work:
        render(compare(old, new), "json")  # what is learnt of types, once a process
        if forget:
            KNOWN.forget()
        profile = cProfile.Profile()
        profile.runcall(lambda: render(compare(old, new), "json"))
        found = cls()
        for (file, _, name), (_, calls, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
            found[f"{Path(file).stem}.{name}"] += calls
            found["all"] += calls
        return found

    def system(self, call: Callable[..., object]) -> int:
        """The calls of a function of the system."""
        return self[f"~.<built-in method {call.__module__}.{call.__name__}>"]


def _written(app: Model, folder: Path) -> Path:
    return write_v2(app.snapshot(), folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Work, Work, Work]:
    """The work for one page changed, for twenty, and for a module imported over itself."""
    at = tmp_path_factory.mktemp("small")
    app = grown(MODULES * UNITS)
    old, one = _written(app, at / "old"), _written(edited(app.edit(), 1), at / "one")
    twenty = _written(edited(app.edit(), 20), at / "twenty")
    app.renew(*(d for d in app.docs if d.home is app.doc("Part0001") and d.slot == "documents"))
    return Work.of(old, one), Work.of(old, twenty), Work.of(old, _written(app, at / "renewed"))


def test_rows_are_made_of_what_changed_and_of_domain_models(small: tuple[Work, Work, Work]) -> None:
    one, twenty, _ = small
    assert one["stored_unit.decode"] <= MODULES + 2 + 2  # both sides of the page, navigation, the project
    assert twenty["stored_unit.decode"] - one["stored_unit.decode"] == 2 * 19


def test_who_refers_to_what_is_looked_up_once_a_document_for_both_sides(small: tuple[Work, Work, Work]) -> None:
    one, _, _ = small
    assert 0 < one["sieve.rows"] <= DOCUMENTS


def test_what_a_unit_is_is_looked_up_once_for_both_sides(small: tuple[Work, Work, Work]) -> None:
    """Nor is the digest made again of what has the same bytes."""
    one, twenty, _ = small
    assert twenty["mpr.unit"] - one["mpr.unit"] == 19
    assert one["mpr.unit"] <= DOCUMENTS + 2 * MODULES + 2 + 1  # with the modules, their domain models, the project


def test_a_file_is_opened_once_and_a_folder_is_listed_once(tmp_path: Path) -> None:
    side = {f"theme/web/{i}.scss": b"a {}" for i in range(30)}
    app = grown(UNITS)
    old = write_v2(app.snapshot(), tmp_path / "old", side=side)
    new = write_v2(edited(app, 1).snapshot(), tmp_path / "new", side={**side, "theme/web/0.scss": b"b {}"})
    work = Work.of(old, new)
    inside = [*old.rglob("*"), *new.rglob("*")]
    files = sum(path.is_file() for path in inside)
    again = 2 * 2 + 2  # what SQLite may keep beside the model, and both versions of the style that changed
    assert files <= work.system(os.open) <= files + again
    assert work.system(os.fstat) <= files + 2
    assert work.system(os.scandir) <= len(inside) - files + 2 * 2  # the project's own folder is looked at for its model


def test_a_document_that_is_the_same_but_for_its_ids_is_not_made_rows_of(small: tuple[Work, Work, Work]) -> None:
    one, _, renewed = small
    assert renewed["numbering.numbered"] == 2 * (UNITS - 2)
    assert renewed["stored_unit.decode"] <= one["stored_unit.decode"]


def test_what_a_row_points_at_is_looked_up_once_for_each_side(small: tuple[Work, Work, Work]) -> None:
    """Once to match the rows, and once by the rule that looks for what is gone, of the new side."""
    _, twenty, _ = small
    assert 0 < twenty["content.pointers"] <= 2 * twenty["stored_unit.__init__"]


def test_of_exported_snapshots_only_what_is_asked_for_is_parsed_again(tmp_path: Path) -> None:
    app, sides = grown(MODULES * UNITS), (tmp_path / "old.xml", tmp_path / "new.xml")
    for side, changed in zip(sides, (0, 1), strict=True):
        side.write_bytes(export(read(_written(edited(app, changed), tmp_path / f"{changed}"))))
    work = Work.of(*sides)
    reached = DOCUMENTS + MODULES + 1  # what leads from page to page, the domain models, the navigation
    assert 0 < work["xml._rows"] <= reached + 2 + 2 + 1  # both sides of the page for the walk and the diff, the project


def test_work_grows_with_the_app_and_not_faster(small: tuple[Work, Work, Work], tmp_path: Path) -> None:
    app = grown(2 * MODULES * UNITS)
    old = _written(app, tmp_path / "old")
    large = Work.of(old, _written(edited(app, 1), tmp_path / "new"))
    assert large["all"] < 2.1 * small[0]["all"]


def test_a_step_of_a_history_costs_no_more_than_what_it_changed(tmp_path: Path) -> None:
    """What was looked up for one comparison is known in the next."""
    app = grown(MODULES * UNITS)
    old, new = _written(app, tmp_path / "old"), _written(edited(app, 1), tmp_path / "new")
    assert Work.of(old, new)["sieve.rows"] > 0
    assert Work.of(old, new, forget=False)["sieve.rows"] == 0
