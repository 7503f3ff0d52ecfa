"""What cannot be read, or is left out, is never told as calm."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner

from mx_changeclass import ReleaseClass, Snapshot, classify, compare, diff, read, render
from mx_changeclass.cli import cli
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.persistence import LONGEST_LINE
from mx_changeclass.policy import Policy
from mx_changeclass.reports import FORMATS
from tests.builders.build import write_v2
from tests.builders.elements import lists, text
from tests.builders.models import Model
from tests.cases import Case, rule_cases

STORY = Path(__file__).parent.parent / "fixtures" / "field-service" / "v1.snapshot.xml"
Which = Callable[[str], bool]


@pytest.fixture(scope="module")
def story() -> Snapshot:
    return read(STORY)


def without(model: Snapshot, which: Which, label: str = "cut") -> Snapshot:
    """A model some documents of which are listed and not there."""
    units = {
        i: evolve(u, type="", name="", missing=True, load=tuple) if which(u.type) else u for i, u in model.units.items()
    }
    lost = sum(u.missing for u in units.values())
    return evolve(model, units=units, label=label, incomplete=(f"{lost} documents are listed and its file is missing",))


@pytest.mark.parametrize(
    "which",
    [
        lambda _: True,
        lambda kind: kind == "Projects$Project",
        lambda kind: kind == "Navigation$NavigationDocument",
        lambda kind: kind == "DomainModels$DomainModel",
    ],
    ids=["everything", "project", "navigation", "domain-models"],
)
def test_a_side_of_which_nothing_can_be_said_is_an_error(story: Snapshot, which: Which) -> None:
    cut = without(story, which)
    for old, new in ((cut, story), (story, cut), (cut, cut)):
        with pytest.raises(ReadError, match="cut: holds no"):
            compare(old, new)


def test_one_missing_page_takes_nothing_away_and_leaves_the_verdict_open(story: Snapshot) -> None:
    page = next(u for u in story.units.values() if u.name == "Inspections")
    cut = without(story, lambda _: False)
    cut = evolve(cut, units={**story.units, page.id: evolve(page, type="", name="", missing=True, load=tuple)})
    for old, new in ((story, cut), (cut, story)):
        verdict = compare(old, new)
        assert {f.rule.id for f in verdict.findings} == {"agg-incomplete-side"}
        assert (verdict.release_class, verdict.at_most) == (ReleaseClass.OTA_SAFE, ReleaseClass.DESTRUCTIVE)


def cell(text: str) -> str:
    return " ".join(text.replace("&#39;", "'").replace("%3A", ":").replace("\\*", "*").split())


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_marks_what_could_not_be_decided(story: Snapshot, form: str) -> None:
    cut = evolve(story, incomplete=("widgets/map.mpk is listed and its file is missing",))
    told = cell(render(compare(story, cut), form))
    assert "widgets/map.mpk is listed and its file is missing" in told
    assert "DESTRUCTIVE" in told


def ignoring(patterns: tuple[str, ...], tmp_path: Path, story: Snapshot) -> Verdict:
    old, new = tmp_path / "old", tmp_path / "new"
    write_v2(story, old)
    write_v2(story, new)
    for draft in ("a", "b"):
        (new / "resources" / "drafts").mkdir(parents=True, exist_ok=True)
        (new / "resources" / "drafts" / f"{draft}.png").write_bytes(draft.encode())
    return compare(old, new, Policy(ignore=patterns))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_what_the_configuration_leaves_out(form: str, tmp_path: Path, story: Snapshot) -> None:
    verdict = ignoring(("resources/drafts/*", "theme/old/*"), tmp_path, story)
    told = cell(render(verdict, form))
    assert "resources/drafts/*: 2 changed of 2 files" in told
    assert "theme/old/*: matches no file" in told


def test_nothing_is_said_of_a_configuration_that_leaves_nothing_out(tmp_path: Path, story: Snapshot) -> None:
    assert "agg-ignored" not in {f.rule.id for f in ignoring((), tmp_path, story).findings}


def half(tmp_path: Path, story: Snapshot, edit: Callable[[Path], None]) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        write_v2(story, folder)
    edit(new)
    return old, new


def _stale(project: Path) -> None:
    """The .mpr of a later version beside the documents of the earlier one."""
    later = project.parent / "later"
    write_v2(read(STORY.with_name("v2.snapshot.xml")), later)
    mpr = next(later.glob("*.mpr"))
    next(project.glob("*.mpr")).write_bytes(mpr.read_bytes())


def _left_behind(project: Path) -> None:
    stray = project / "mprcontents" / "ab" / "cd" / "abcd0000-0000-0000-0000-000000000000.mxunit"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(next(project.rglob("*.mxunit")).read_bytes())


@pytest.mark.parametrize("edit", [_stale, _left_behind], ids=["list-alone", "file-without-row"])
def test_half_a_commit_does_not_pass_and_is_told(
    edit: Callable[[Path], None], tmp_path: Path, story: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = half(tmp_path, story, edit)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    verdict = compare(old, new)
    assert verdict.half_saved
    assert verdict.at_most is ReleaseClass.DESTRUCTIVE
    done = CliRunner().invoke(cli, ["diff", str(old), str(new), "--format", "json"])
    assert done.exit_code == (4 if verdict.release_class is not ReleaseClass.DESTRUCTIVE else 1)
    rows = [row for row in json.loads(done.stdout)["changes"] if row["property"] == "agg-half-saved"]
    assert [row["at_most"] for row in rows] == ["DESTRUCTIVE"]


def test_the_whole_commit_passes(tmp_path: Path, story: Snapshot) -> None:
    old, new = half(tmp_path, story, lambda _: None)
    assert not compare(old, new).half_saved


def test_a_verdict_may_be_judged_by_its_higher_end(
    tmp_path: Path, story: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    old, new = half(tmp_path, story, lambda project: (project / "widgets").mkdir())
    (new / "widgets" / "map.mpk").symlink_to(tmp_path / "nowhere.mpk")
    codes = [
        CliRunner().invoke(cli, ["diff", str(old), str(new), *options]).exit_code
        for options in ((), ("--fail-on-maybe",), ("--strict",), ("--fail-on-maybe", "--fail-on", "never"))
    ]
    assert codes == [0, 1, 4, 0]


def open_template() -> Verdict:
    case = next(c for c in rule_cases() if c.id == "sp-upgrade-template-unknown hit")
    return case.verdict()


def test_what_is_open_counts_upward_and_names_what_settles_it() -> None:
    verdict = open_template()
    assert (verdict.release_class, verdict.at_most) == (ReleaseClass.NEEDS_REDEPLOY, ReleaseClass.FULL_RELEASE)
    (finding,) = (f for f in verdict.findings if f.undecided)
    assert finding.at_most is ReleaseClass.FULL_RELEASE
    assert tomllib.loads(finding.setting) == {"native_template": "17.0.0"}
    told = cell(render(verdict, "text"))
    assert told.startswith("at least NEEDS_REDEPLOY: needs a deploy of the server; FULL_RELEASE unless the stores hold")
    assert f"write into mx-changeclass.toml: {finding.setting}" in told


def test_the_stated_fact_settles_it() -> None:
    case = next(c for c in rule_cases() if c.id == "sp-upgrade-template-unknown hit")
    finding = next(f for f in open_template().findings if f.setting)
    verdict = classify(diff(*case.sides()), Policy.of(tomllib.loads(finding.setting)))
    assert verdict.at_most is verdict.release_class
    assert verdict.decided
    assert "sp-upgrade-same-template" in {f.rule.id for f in verdict.findings}
    assert not render(verdict, "text").startswith("at least")


def test_no_data_may_be_lost_where_no_device_holds_any() -> None:
    case = Case("web", {"base": {"remove": ["NativePhone"]}, "set": {"Office.Tag": {"unheardOf": "1"}}}, {})
    verdict = case.verdict()
    assert verdict.undecided
    assert verdict.at_most is ReleaseClass.NEEDS_REDEPLOY


@pytest.mark.parametrize(("above", "told"), [(LONGEST_LINE, True), (LONGEST_LINE - 1, False)])
def test_generalisations_beyond_those_that_are_followed_leave_the_verdict_open(above: int, told: bool) -> None:
    """What an entity inherits from above the cut, and whether it has a table, nobody looked at."""

    old = Model()
    old.module("F")
    old.entity("F.E0", attributes=("A",))
    for i in range(above):
        old.entity(f"F.E{i + 1}", f"F.E{i}")
    old.page("F.Home", lists(f"F.E{above}"), text("t", "a"))
    old.native(home="F.Home")
    new = old.edit()
    new.find("t").props["content.template.en_US"] = "b"
    verdict = classify(diff(old.snapshot(), new.snapshot()))
    found = [(f.undecided, f.at_most) for f in verdict.findings if f.rule.id == "agg-incomplete-side"]
    assert found == ([(True, ReleaseClass.DESTRUCTIVE)] if told else [])
