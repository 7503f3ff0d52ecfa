"""What may go out now: never above its bar, everything accounted for, and proven by building it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

import mx_changeclass as mx
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError, ReadError
from mx_changeclass.findings.hotfix import Hotfix, hotfix_by_part
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass
from tests.builders.histories import PROJECT, STORY, History, field_service, git
from tests.cases import Case
from tests.corpus import real_pair
from tests.findings.test_parts import edited, several

law = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
BARS = (OTA_SAFE, NEEDS_REDEPLOY, FULL_RELEASE)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
POLICY = mx.Policy(native_template="14.1.13", ota_in_binary=True)


def judged(old: Snapshot, new: Snapshot) -> mx.Verdict:
    return mx.classify(diff(old, new), POLICY)


def names(pieces: tuple[mx.Piece, ...]) -> set[tuple[str, str]]:
    return {(piece.kind, piece.name) for piece in pieces}


def holds(verdict: mx.Verdict) -> None:
    """The laws of any release."""
    before: set[tuple[str, str]] = set()
    told = set()
    for bar in BARS:
        found = hotfix_by_part(verdict, bar)
        if found.proven:
            assert found.verdict.at_most <= bar
        assert found.verdict.accountability.unexplained == 0
        assert before <= names(found.goes), "a higher bar drops a part"
        before = names(found.goes)
        told.add((found.total, frozenset(names((*found.goes, *found.blockers, *found.held)))))
        assert not names(found.goes) & names((*found.blockers, *found.held))
        assert all(piece.needs for piece in found.held)
    assert len(told) == 1, "a part is told once, whatever the bar"


@law
@given(edited())
def test_what_goes_stays_below_its_bar_and_a_higher_bar_drops_nothing(pair: tuple[Snapshot, Snapshot]) -> None:
    holds(judged(*pair))


@pytest.mark.parametrize("pair_id", ["SIGARA-019", "Native-Mobile-Resources-004", "Native-Mobile-Resources-001"])
def test_the_laws_hold_for_real_releases(pair_id: str) -> None:
    holds(judged(*map(mx.read, real_pair(pair_id))))


def test_of_equal_models_nothing_goes() -> None:
    (old, _) = several({}).sides()
    found = hotfix_by_part(judged(old, old))
    assert (found.going, found.total, found.proven, found.note) == (0, 0, True, "")


def story(bar: ReleaseClass, **options: tuple[str, ...]) -> Hotfix:
    old, new = (mx.read(STORY / f"{version}.snapshot.xml") for version in ("v1", "v2"))
    return hotfix_by_part(mx.compare(old, new), bar, **options)


def plain(pieces: tuple[mx.Piece, ...]) -> list[str]:
    return [piece.name for piece in pieces]


def test_over_the_air_goes_the_text_and_not_the_list_whose_entity_stays() -> None:
    """That the list of measurements goes from the page is OTA_SAFE while the entity goes, too. Alone it takes the
    entity out of the sync set, and what devices have not uploaded of it."""
    found = story(OTA_SAFE)
    assert plain(found.goes) == ["Service.Home"]
    alone = {piece.name: piece.rules for piece in found.blockers if piece.only_alone}
    assert alone == {"Service.Inspections": ("sync-entity-left-set",)}
    assert {"Service.Measurement", "Service.Inspection.Value", "Office.MF_CalcInvoice"} <= set(plain(found.blockers))


def test_with_a_deploy_go_the_invoices_and_the_new_attributes_too() -> None:
    found = story(NEEDS_REDEPLOY)
    assert found.proven
    wanted = ["Office.MF_CalcInvoice", "Service.Home", "Service.Inspection.TakenOn", "Service.Inspection.Value"]
    assert plain(found.goes) == wanted
    assert {"Service.Measurement", "Service.Measurement_Inspection"} <= set(plain((*found.blockers, *found.held)))


def test_one_element_goes_with_what_it_needs_and_no_more() -> None:
    assert plain(story(NEEDS_REDEPLOY, only=("Office.MF_CalcInvoice",)).goes) == ["Office.MF_CalcInvoice"]
    found = story(NEEDS_REDEPLOY, without=("Service.Home",))
    assert "Service.Home" not in plain(found.goes)
    assert [piece.rules for piece in found.blockers if piece.name == "Service.Home"] == [()]
    with pytest.raises(PolicyError, match=r"'Service\.Nothing' is no part of this release"):
        story(OTA_SAFE, only=("Service.Nothing",))


def test_a_page_waits_for_the_attribute_that_it_shows_and_says_so() -> None:
    table = {
        "add": {"Field.Order.Colour": {"like": "Field.Order.Title"}},
        "set": {"Field.Order_Edit/titleBox": {"attributeRef.attribute": "Field.Order.Colour"}},
    }
    found = hotfix_by_part(judged(*several(table).sides()), OTA_SAFE)
    (blocker,) = found.blockers
    assert (blocker.name, blocker.frees) == ("Field.Order.Colour", ("Field.Order_Edit",))
    (held,) = found.held
    assert held.needs == (mx.Need("Field.Order.Colour", "uses Field.Order.Colour, which comes with it"),)


@pytest.mark.parametrize(
    ("policy", "note"),
    [(mx.Policy(ota_in_binary=False), "Over-the-air updates are off in the released app")],
)
def test_where_updates_are_off_one_line_says_so(policy: mx.Policy, note: str) -> None:
    old, new = several({"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}).sides()
    found = hotfix_by_part(mx.classify(diff(old, new), policy), OTA_SAFE)
    assert found.note.startswith(note)
    assert (found.total, found.proven, found.no_channel) == (0, True, True)
    assert not hotfix_by_part(mx.classify(diff(old, new), policy), NEEDS_REDEPLOY).no_channel


def test_an_upgrade_above_the_bar_holds_everything() -> None:
    """11.0 needs another native template than 10.24 (docs.mendix.com, Native Template)."""
    table = {"version": "11.0.0", "set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}
    found = hotfix_by_part(judged(*several(table).sides()), OTA_SAFE)
    assert (found.going, plain(found.held)) == (0, ["Field.Home"])
    assert found.note.startswith("Studio Pro 10.24.18 to 11.0.0 is above the bar")


@pytest.mark.parametrize("side", ["old", "new"])
def test_with_a_side_that_is_not_whole_nothing_is_proven(side: str) -> None:
    old, new = several({"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}).sides()
    broken = {"old": old, "new": new}
    gone = next(u for u in old.units.values() if u.name == "Contacts")
    units = {i: evolve(u, missing=True) if i == gone.id else u for i, u in broken[side].units.items()}
    broken[side] = evolve(broken[side], units=units, incomplete=("Contacts is listed but not there",))
    assert not hotfix_by_part(judged(broken["old"], broken["new"]), OTA_SAFE).proven


def test_of_a_first_release_there_is_nothing_to_mend() -> None:
    with pytest.raises(PolicyError, match="nothing is released yet"):
        mx.hotfix("none", str(STORY / "v1.snapshot.xml"))


# -- by commit --------------------------------------------------------------------------------------


def states(found: Hotfix) -> dict[str, str]:
    return {choice.commit.subject: choice.state for choice in found.commits}


@needs_git
def test_commits_that_may_go_are_picked_and_the_others_say_why(tmp_path: Path) -> None:
    at = field_service(tmp_path / "story")
    greeting, invoices, measurements = (
        "Correct the greeting", "Round invoices to whole euros", "Make measurements part of inspections",
    )  # fmt: skip
    found = mx.hotfix("v1.0", "main", cwd=at)
    assert (found.by, found.proven) == ("commit", True)
    assert states(found) == {greeting: "pick", invoices: "blocks", measurements: "blocks"}
    found = mx.hotfix("v1.0", "main", "needs-redeploy", cwd=at)
    assert states(found) == {greeting: "pick", invoices: "pick", measurements: "blocks"}
    blocked = found.commits[-1]
    assert ("ent-merged", "Service.Measurement") in blocked.because
    assert blocked.release_class is DESTRUCTIVE


@needs_git
def test_all_commits_made_again_are_the_new_version(tmp_path: Path) -> None:
    at = field_service(tmp_path / "story")
    found = mx.hotfix("v1.0", "main", DESTRUCTIVE, cwd=at)
    assert {*states(found).values()} == {"pick"}
    assert dict(found.verdict.new.table) == dict(mx.read("main", cwd=at).table)


TEXT = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}
OTHER = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hi"}}}
HINT = {"set": {"Field.Home/hintText": {"content.template.en_US": "Pull"}}}
COLOUR = {"add": {"Field.Order.Colour": {"like": "Field.Order.Title"}}}
SHOWN = {"set": {"Field.Order_Edit/titleBox": {"attributeRef.attribute": "Field.Order.Colour"}}}
UPGRADE = {"version": "11.0.0"}


def after(*tables: object) -> Snapshot:
    return Case("after", {"then": list(tables)}, {}).sides()[1]


@pytest.fixture
def line(tmp_path: Path) -> History:
    made = History(tmp_path / "line")
    made.put("base", after())
    git(made.at, "tag", "out")
    return made


def picked(line: History, old: str = "out", up_to: str = "ota-safe") -> Hotfix:
    return mx.hotfix(f"{old}:{PROJECT}", f"main:{PROJECT}", up_to, policy=POLICY, cwd=line.at)


@needs_git
def test_a_commit_waits_for_the_one_whose_attribute_it_shows(line: History) -> None:
    line.put("colour", after(COLOUR))
    line.put("text", after(COLOUR, HINT))
    line.put("shown", after(COLOUR, HINT, SHOWN))
    found = picked(line)
    assert states(found) == {"colour": "blocks", "text": "pick", "shown": "held"}
    colour, _, shown = found.commits
    assert colour.holds_back == 1
    assert shown.needs == mx.Need(colour.commit.id, "builds on Field.Order.Colour")


@needs_git
def test_a_commit_and_the_one_that_takes_it_back_are_undone(line: History) -> None:
    """Once by going back to what was, as git does; once with something in between."""
    line.put("upgrade", after(UPGRADE))
    git(line.at, "revert", "--no-edit", "HEAD")
    line.put("colour", after(COLOUR))
    line.put("text", after(COLOUR, TEXT))
    line.put("no colour", after(TEXT))
    found = picked(line)
    told = states(found)
    assert told.pop('Revert "upgrade"') == "reverted"
    assert told == {"upgrade": "reverted", "colour": "reverted", "text": "pick", "no colour": "reverted"}
    assert found.stops_at == ""


@needs_git
def test_nothing_after_an_upgrade_above_the_bar_is_read(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("upgrade", after(TEXT, UPGRADE))
    line.put("broken", **{"apps__field__Field.mpr": "no database"})
    line.put("hint", after(TEXT, UPGRADE, HINT))
    found = picked(line)
    assert states(found) == {"text": "pick", "upgrade": "blocks", "broken": "held", "hint": "held"}
    assert found.stops_at == found.commits[1].commit.id
    assert found.commits[3].needs == mx.Need(found.stops_at, "saved by a newer Studio Pro")
    assert found.commits[3].release_class is None


@needs_git
def test_a_commit_that_cannot_be_read_holds_the_next_one_which_brings_its_changes(line: History) -> None:
    line.put("broken", **{"apps__field__Field.mpr": "no database"})
    line.put("text", after(TEXT))
    line.put("hint", after(TEXT, HINT))
    found = picked(line)
    assert states(found) == {"broken": "unread", "text": "held", "hint": "pick"}


@needs_git
def test_on_a_line_of_its_own_what_is_out_already_is_no_pick_and_what_differs_is_late(line: History) -> None:
    git(line.at, "checkout", "-qb", "patch")
    line.put("patched hint", after(HINT))
    line.put("patched text", after(HINT, OTHER))
    git(line.at, "checkout", "-q", "main")
    line.put("hint", after(HINT))
    line.put("text", after(HINT, TEXT))
    found = picked(line, "patch")
    assert states(found) == {"hint": "there", "text": "late"}
    assert found.commits[1].why == "in conflict with what is released: Field.Home content.template.en_US differs there"
    assert found.released != found.branched_at


@needs_git
def test_a_shallow_clone_and_what_is_no_revision_are_refused(line: History, tmp_path: Path) -> None:
    line.put("text", after(TEXT))
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{line.at}", "shallow")
    with pytest.raises(ReadError, match="git fetch --unshallow"):
        mx.hotfix(f"HEAD:{PROJECT}", f"main:{PROJECT}", cwd=tmp_path / "shallow")
    with pytest.raises(PolicyError, match="two revisions are needed"):
        mx.hotfix("none", f"main:{PROJECT}", by="commit", cwd=line.at)


@needs_git
def test_the_repository_is_left_as_it_was(line: History) -> None:
    line.put("text", after(TEXT))
    before = {p: p.stat().st_mtime_ns for p in line.at.rglob("*")}
    picked(line)
    assert {p: p.stat().st_mtime_ns for p in line.at.rglob("*")} == before


# -- in words ------------------------------------------------------------------------------------------


@needs_git
def test_what_is_told_is_the_same_every_time(line: History) -> None:
    from mx_changeclass.reports import STEP_FORMATS
    from mx_changeclass.reports.hotfix import render_hotfix

    line.put("colour", after(COLOUR))
    line.put("shown", after(COLOUR, SHOWN))
    for name in STEP_FORMATS:
        first, second = (render_hotfix(picked(line), name) for _ in range(2))
        assert first == second
    document = json.loads(render_hotfix(picked(line), "json"))
    assert [c["state"] for c in document["commits"]] == ["blocks", "held"]
