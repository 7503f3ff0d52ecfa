"""Who brought what: a commit is named where by itself it does the same, and whoever only touches is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mx_changeclass as mx
from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError, ReadError
from mx_changeclass.findings.blame import Blame, Blamed, How, blamed
from mx_changeclass.model.commits import MODEL_FILE, Commit, Leg
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.reports import STEP_FORMATS
from mx_changeclass.reports.blame import render_blame
from tests.builders.editor import EditError
from tests.builders.histories import PROJECT, History, field_service, git
from tests.cases import Case, Table
from tests.corpus import real_pair
from tests.findings.test_parts import edits
from tests.test_cli import is_one_line, run

law = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

TEXT = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}
OTHER = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hi"}}}
HINT = {"set": {"Field.Home/hintText": {"content.template.en_US": "Pull"}}}
COLOUR = {"add": {"Field.Order.Colour": {"like": "Field.Order.Title"}}}
GONE = {"remove": ["Field.Order.Title"]}
JOB = {"rename": {"Field.Order": "Job"}}
ANEW = {"reid": ["Field.Order/**"]}
UPGRADE = {"version": "11.0.0"}


def after(*tables: Table) -> Snapshot:
    return Case("after", {"then": list(tables)}, {}).sides()[1]


# -- laws, without git --------------------------------------------------------------------------------


def along(versions: Sequence[Snapshot], names: Sequence[str] = ()) -> Blame:
    """Who brought what from the first version to the last, where each is a commit: its number, or its name."""
    names = ["", *(names or map(str, range(1, len(versions))))]
    models = dict(zip(names, versions, strict=True))
    legs = [Leg(old, new, Commit(new), files=frozenset({MODEL_FILE, ""})) for old, new in pairwise(names)]
    verdict = mx.classify(diff(versions[0], versions[-1]))
    return blamed(verdict, _everywhere(legs, versions), models.__getitem__, diff, lambda _: ())


def _everywhere(legs: Sequence[Leg], versions: Sequence[Snapshot]) -> list[Leg]:
    """Legs that touched every file there is."""
    files = {unit.file for model in versions for unit in model.units.values()} | {MODEL_FILE}
    around = {file.rpartition("/")[0] for file in files}
    return [Leg(leg.old, leg.new, leg.commit, files=frozenset(files | around)) for leg in legs]


def holds(found: Blame, versions: Sequence[Snapshot]) -> None:
    """The laws of any history: a finding has a commit or says why not, and who is named does the same alone."""
    alone = {str(at): mx.classify(diff(*pair)) for at, pair in enumerate(pairwise(versions), 1)}
    assert [each.finding for each in found.findings] == [f for f in found.verdict.findings if f.at_most >= "OTA_SAFE"]
    for each in found.findings:
        assert (each.how is How.WHOLE) == (not each.commits)
        assert (each.how is How.ONE) == (len(each.alone) == 1)
        assert (each.how is How.SEVERAL) == (len(each.alone) > 1)
        assert {*each.alone} <= {*each.commits} <= {commit.id for commit in found.commits}
        for commit in each.alone:
            assert each.finding.rule.id in {f.rule.id for f in alone[commit].findings}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Table, ...]]:
    """The edits that lead to each of some versions, one a commit; one that another leaves no room for is not made."""
    made: list[tuple[Table, ...]] = [()]
    for case in draw(st.lists(st.sampled_from(edits()), min_size=1, max_size=4, unique=True)):
        with suppress(EditError, KeyError, ValueError, StopIteration):
            after(*made[-1], case.table)
            made.append((*made[-1], case.table))
    return made


@law
@given(histories())
def test_a_finding_has_a_commit_or_says_why_not_and_who_is_named_shows_it(made: list[tuple[Table, ...]]) -> None:
    versions = [after(*tables) for tables in made]
    holds(along(versions), versions)


@law
@given(histories(), st.data())
def test_what_is_only_imported_anew_takes_no_blame(made: list[tuple[Table, ...]], data: st.DataObject) -> None:
    """A commit that gives elements new ids and changes nothing else is not named, and hides nobody."""
    at = data.draw(st.integers(0, len(made) - 1))
    module = data.draw(st.sampled_from(["Field.Order/**", "Tickets/**", "Office.Invoice/**"]))
    versions = [after(*tables) for tables in made]
    try:
        anew = [after(*made[at], {"reid": [module]}, *tables[len(made[at]) :]) for tables in made[at:]]
    except (EditError, KeyError, ValueError, StopIteration):
        assume(False)
    names = [str(n) for n in range(1, len(made))]
    names.insert(at, "anew")
    found = along([*versions[: at + 1], *anew], names)
    assert "anew" not in {commit for each in found.findings for commit in each.by}
    now = {(each.finding.rule.id, each.finding.subject): each.by for each in found.findings}
    for each in along(versions).findings:
        key = each.finding.rule.id, each.finding.subject
        if each.how is How.ONE and key in now:
            assert now[key] == each.by


@pytest.mark.parametrize("pairs", [("SIGARA-002", "SIGARA-003")])
def test_the_laws_hold_for_a_real_history(pairs: tuple[str, ...]) -> None:
    folders = [real_pair(pair) for pair in pairs]
    versions = [mx.read(path) for path in (folders[0][0], *(new for _, new in folders))]
    found = along(versions)
    holds(found, versions)
    hung = [each for each in found.findings if each.finding.carriers]
    assert len([each for each in hung if each.how is How.ONE]) > 0.8 * len(hung)


# -- in git --------------------------------------------------------------------------------------------


@pytest.fixture
def line(tmp_path: Path) -> History:
    made = History(tmp_path / "line")
    made.put("base", after())
    git(made.at, "tag", "out")
    return made


def asked(line: History, old: str = "out") -> Blame:
    return mx.blame(f"{old}:{PROJECT}", f"main:{PROJECT}", cwd=line.at)


def named(found: Blame, line: History) -> Callable[..., tuple[str, ...]]:
    """Who brought the finding of a rule, and how, with the commits by their names."""

    def of(rule: str, subject: str = "") -> tuple[str, ...]:
        (each,) = [b for b in found.findings if b.finding.rule.id == rule and subject in ("", b.finding.subject)]
        return (str(each.how), *(line.named[commit] for commit in each.by))

    return of


def of_rule(found: Blame, rule: str) -> Blamed:
    return next(each for each in found.findings if each.finding.rule.id == rule)


@needs_git
def test_each_finding_of_the_story_is_led_to_its_commit(tmp_path: Path) -> None:
    """The second commit corrects a text, the third changes one microflow, all else comes with the fourth."""
    found = mx.blame("v1.0", "main", cwd=field_service(tmp_path / "story"))
    subjects = {commit.id: commit.subject for commit in found.commits}
    told = {each.finding.subject: {subjects[commit] for commit in each.by} for each in found.findings}
    assert {each.how for each in found.findings} == {How.ONE}
    assert told.pop("Service.Home") == {"Correct the greeting"}
    assert told.pop("Office.MF_CalcInvoice") == {"Round invoices to whole euros"}
    assert set().union(*told.values()) == {"Make measurements part of inspections"}
    assert (found.looked_at, [c.author for c in found.commits]) == (3, ["Ben", "Ada", "Ben"])


@needs_git
def test_a_rename_in_between_hides_nobody(line: History) -> None:
    line.put("colour", after(COLOUR))
    line.put("job", after(COLOUR, JOB))
    line.put("text", after(COLOUR, JOB, TEXT))
    found = asked(line)
    told = named(found, line)
    assert told("attr-added-sync") == ("one", "colour")
    assert of_rule(found, "attr-added-sync").finding.subject == "Field.Job.Colour"
    assert told("ent-renamed-sync") == ("one", "job")
    assert told("text-changed") == ("one", "text")


@needs_git
def test_a_module_that_is_imported_anew_takes_no_blame(line: History) -> None:
    line.put("colour", after(COLOUR))
    line.put("anew", after(COLOUR, ANEW))
    line.put("hint", after(COLOUR, ANEW, HINT))
    found = asked(line)
    assert named(found, line)("attr-added-sync") == ("one", "colour")
    assert "anew" not in {line.named[commit.id] for commit in found.commits}


@needs_git
def test_what_is_gone_is_led_to_who_removed_it(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("gone", after(TEXT, GONE))
    line.put("hint", after(TEXT, GONE, HINT))
    assert named(asked(line), line)("attr-deleted-sync") == ("one", "gone")


@needs_git
def test_what_was_restored_is_nobodys_and_what_came_back_as_another_is_both(line: History) -> None:
    """Who has the first version loses the data of the attribute: neither to remove it nor to add one does that by
    itself in the words of the rule, which speaks of a new one under the old name."""
    line.put("gone", after(GONE))
    git(line.at, "revert", "--no-edit", "HEAD")
    line.put("text", after(TEXT))
    assert [line.named[c.id] for c in asked(line).commits] == ["text"]
    line.put("gone again", after(TEXT, GONE))
    line.put("another", after(TEXT, {"reid": ["Field.Order.Title"], "reguid": ["Field.Order.Title"]}))
    assert named(asked(line), line)("attr-recreated-same-name") == ("together", "gone again", "another")


@needs_git
def test_what_was_taken_back_has_no_hand_in_what_came_after(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("back", after())
    line.put("other", after(OTHER))
    assert named(asked(line), line)("text-changed") == ("one", "other")


@needs_git
def test_of_two_that_do_the_same_both_are_named(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("hint", after(TEXT, {"set": {"Field.Settings": {"documentation": "New"}}}))
    line.put("other", after(OTHER, {"set": {"Field.Settings": {"documentation": "New"}}}))
    assert named(asked(line), line)("text-changed") == ("several", "text", "other")


@needs_git
def test_a_merge_is_followed_into_what_it_merged_and_answers_for_the_rest(line: History) -> None:
    git(line.at, "checkout", "-qb", "side")
    line.put("colour", after(COLOUR))
    line.put("gone", after(COLOUR, GONE))
    git(line.at, "checkout", "-q", "main")
    line.put("hint", after(HINT))
    git(line.at, "merge", "-q", "--no-commit", "--no-ff", "-s", "ours", "side")
    line.put("merge", after(HINT, COLOUR, GONE, UPGRADE))
    found = asked(line)
    told = named(found, line)
    assert told("attr-added-sync") == ("one", "colour")
    assert told("attr-deleted-sync") == ("one", "gone")
    assert told("text-changed", "Field.Home") == ("one", "hint")
    assert told("sp-upgrade-template-change") == ("one", "merge")
    assert found.looked_at == 4


@needs_git
def test_what_the_new_line_lacks_undoes_work_of_the_old_one(line: History) -> None:
    git(line.at, "checkout", "-qb", "patch")
    line.put("colour", after(COLOUR))
    line.put("patched text", after(COLOUR, OTHER))
    git(line.at, "checkout", "-q", "main")
    line.put("text", after(TEXT))
    found = asked(line, "patch")
    told = named(found, line)
    assert told("attr-deleted-sync") == ("undoes", "colour")
    assert told("text-changed") == ("one", "text")
    assert [line.named[c] for c in of_rule(found, "text-changed").undone] == ["patched text"]
    assert found.base != found.released
    text = " ".join(render_blame(found).split())
    assert "Undoes work of the old line: " in text
    assert "the new line lacks " in text


@needs_git
def test_what_a_commit_did_that_cannot_be_read_is_told_with_the_one_after_it(line: History) -> None:
    line.put("broken", **{"apps__field__Field.mpr": "no database"})
    line.put("text", after(TEXT))
    line.put("hint", after(TEXT, {"set": {"Field.Settings": {"documentation": "New"}}}, COLOUR))
    found = asked(line)
    told = named(found, line)
    assert told("text-changed") == ("together", "broken", "text")
    assert told("attr-added-sync") == ("one", "hint")
    assert [line.named[commit] for commit in found.unread] == ["broken"]
    assert "Cannot be read, and is told with the commit after it" in render_blame(found)


@needs_git
def test_an_upgrade_is_led_to_its_commit_and_the_release_as_a_whole_to_none(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("upgrade", after(TEXT, UPGRADE))
    line.put("colour", after(TEXT, UPGRADE, COLOUR))
    told = named(asked(line), line)
    assert told("sp-upgrade-template-change") == ("one", "upgrade")
    assert told("agg-version-plus-features") == ("whole",)


@needs_git
def test_rows_and_classes_are_chosen(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("gone", after(TEXT, GONE))
    every = asked(line)
    (mark,) = of_rule(every, "text-changed").fingerprints
    ends = f"out:{PROJECT}", f"main:{PROJECT}"
    (each,) = mx.blame(*ends, fingerprints=[mark[:6]], cwd=line.at).findings
    assert each.finding.rule.id == "text-changed"
    grave = mx.blame(*ends, least="destructive", cwd=line.at).findings
    assert {each.finding.release_class for each in grave} == {mx.ReleaseClass.DESTRUCTIVE}
    assert len(grave) < len(every.findings)
    for wrong in ("", "ffffffffffff"):
        with pytest.raises(PolicyError, match="fingerprint of no change"):
            mx.blame(*ends, fingerprints=[wrong], cwd=line.at)


@needs_git
def test_a_shallow_clone_and_what_is_no_revision_are_refused(line: History, tmp_path: Path) -> None:
    line.put("text", after(TEXT))
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{line.at}", "shallow")
    with pytest.raises(ReadError, match="git fetch --unshallow"):
        mx.blame(f"HEAD:{PROJECT}", f"main:{PROJECT}", cwd=tmp_path / "shallow")
    with pytest.raises(ReadError, match="git fetch --unshallow"):  # what it has no name for may be there then
        mx.blame(f"out:{PROJECT}", f"main:{PROJECT}", cwd=tmp_path / "shallow")
    for old in ("none", str(line.at / PROJECT)):
        with pytest.raises(PolicyError, match="two revisions"):
            mx.blame(old, f"main:{PROJECT}", cwd=line.at)


@needs_git
@pytest.mark.parametrize(
    ("note", "stories"),
    [
        ('{"RelatedStories": ["AB-12", 34]}', ("AB-12", "34")),
        ('{"RelatedStories": [{"Id": "AB-12", "Name": "Colours"}, {}]}', ("AB-12 Colours",)),
        ('{"RelatedStories": []}', ()),
        ('{"RelatedStories": "AB-12"}', ()),
        ("no JSON", ()),
        ("[" * 100_000, ()),
        ('{"RelatedStories": ["' + "x" * (1 << 20) + '"]}', ()),
    ],
    ids=["ids", "tables", "none", "no list", "no JSON", "deep", "large"],
)
def test_stories_are_told_where_studio_pro_has_noted_them(
    note: str, stories: tuple[str, ...], line: History, tmp_path: Path
) -> None:
    line.put("text", after(TEXT))
    (tmp_path / "note").write_text(note)
    git(line.at, "notes", "--ref=mx_metadata", "add", "-F", str(tmp_path / "note"), "HEAD")
    (commit,) = asked(line).commits
    assert commit.stories == stories
    assert commit in mx.blame(f"out:{PROJECT}", f"main:{PROJECT}", cwd=line.at).commits


@needs_git
def test_the_repository_is_left_as_it_was_and_what_is_told_is_the_same(line: History) -> None:
    line.put("text", after(TEXT))
    line.put("gone", after(TEXT, GONE))
    before = {p: p.stat().st_mtime_ns for p in line.at.rglob("*")}
    for name in STEP_FORMATS:
        assert render_blame(asked(line), name) == render_blame(asked(line), name)
    assert {p: p.stat().st_mtime_ns for p in line.at.rglob("*")} == before


@needs_git
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["v1.0", "main"], 1),  # as diff: the verdict is DESTRUCTIVE
        (["v1.0", "main", "--least", "DESTRUCTIVE", "--format", "json"], 1),
        (["v1.0", "v1.1", "--format", "markdown"], 0),  # NEEDS_REDEPLOY
        (["v1.0", "main", "ffff"], 2),
        (["v1.0", "fixtures"], 2),
        (["v1.0"], 2),
    ],
)
def test_the_command_ends_as_diff_does(arguments: list[str], code: int, tmp_path: Path) -> None:
    said = run("blame", *arguments, cwd=field_service(tmp_path / "story"))
    assert said.returncode == code
    assert bool(said.stdout) == (code < 2)
    assert is_one_line(said) == (code >= 2)
    if "json" in arguments:
        assert {f["class"] for f in json.loads(said.stdout)["findings"]} == {"DESTRUCTIVE"}
