"""The release that a version is compared with, found among the tags; and what was there before the first commit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mx_changeclass import compare, footprint, read, render
from mx_changeclass.errors import ReadError
from mx_changeclass.reports import machine_texts
from tests.builders.build import write_v2
from tests.builders.specimen import specimen

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
PROJECT = "apps/field"


class History:
    """A repository with a project in a folder."""

    def __init__(self, at: Path) -> None:
        self.at = at
        write_v2(specimen(), at / PROJECT)
        self("init", "-q", "-b", "main")

    def __call__(self, *arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=self.at, check=True, capture_output=True)

    def commit(self, note: str, *tags: str) -> None:
        (self.at / PROJECT / "notes.txt").write_text(note)
        self("add", "-A")
        self("commit", "-qm", note)
        for tag in tags:
            self("tag", tag)


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.chdir(tmp_path)
    return History(tmp_path)


def base(old: str, new: str) -> str:
    return compare(old, new).old.label


def test_the_nearest_tag_is_the_one_with_the_most_of_the_history(history: History) -> None:
    """Also where a younger tag stands on a branch that was merged: v1.1 mends v1.0 long after v2.0 went out."""
    history.commit("one", "v1.0")
    history.commit("two")
    history.commit("three", "v2.0")
    history("checkout", "-qb", "mend", "v1.0")
    history.commit("mended", "v1.1")
    history("checkout", "-q", "main")
    history("merge", "-q", "-s", "ours", "-m", "merge", "mend")
    history.commit("four")
    assert base(f"newest-tag:{PROJECT}", f"HEAD:{PROJECT}") == f"v2.0:{PROJECT}"
    assert base(f"tag:v1*:{PROJECT}", f"HEAD:{PROJECT}") == f"v1.1:{PROJECT}"
    assert base(f"newest-tag:{PROJECT}", f"mend:{PROJECT}") == f"v1.0:{PROJECT}"  # mend is v1.1 itself


def test_a_release_is_compared_with_the_one_before_it(history: History) -> None:
    """In a pipeline for a tag the newest tag would else be the release that is judged, and nothing a change."""
    history.commit("one", "v1")
    history.commit("two", "v2", "latest")
    for new in (f"HEAD:{PROJECT}", f"v2:{PROJECT}", f"rev:latest:{PROJECT}", f"main:{PROJECT}"):
        assert base(f"newest-tag:{PROJECT}", new) == f"v1:{PROJECT}"
    assert base(f"tag:v*:{PROJECT}", f":{PROJECT}") == f"v2:{PROJECT}"  # what is staged comes after it
    assert read(f"newest-tag:{PROJECT}").label in (f"v2:{PROJECT}", f"latest:{PROJECT}")


def test_that_the_folder_is_the_release_itself_is_told(history: History) -> None:
    """Whoever judges a release by its folder is told that nothing was compared; whoever works on from it goes on."""
    history.commit("one", "v1")
    history.commit("two", "v2")
    verdict = compare(f"newest-tag:{PROJECT}", PROJECT)
    assert verdict.old.label == f"v2:{PROJECT}"
    (told,) = (f for f in verdict.findings if f.rule.id == "agg-ambiguous-name")
    assert told.evidence == ("v2 is the commit that is checked out: HEAD as NEW tells what led to it",)
    assert "HEAD as NEW" in render(verdict, "text")
    history.commit("three")
    later = compare(f"newest-tag:{PROJECT}", PROJECT)
    assert "agg-ambiguous-name" not in {f.rule.id for f in later.findings}


def test_a_project_is_found_around_the_folder(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.commit("one", "v1")
    history.commit("two")
    monkeypatch.chdir(history.at / PROJECT)
    verdict = compare("newest-tag", "HEAD")
    assert (verdict.old.label, verdict.old.folder, verdict.new.folder) == ("v1", PROJECT, PROJECT)


def test_no_path_and_no_branch_takes_the_place_of_the_newest_tag(history: History) -> None:
    """A change under review must not choose what it is compared with."""
    history.commit("one", "v1")
    history("branch", "newest-tag")
    history("branch", "v1")
    (history.at / "newest-tag").mkdir()
    history.commit("two")
    assert base(f"newest-tag:{PROJECT}", f"HEAD:{PROJECT}") == f"v1:{PROJECT}"
    with pytest.raises(ReadError, match=r"^v1: holds no \.mpr file at its top"):
        read("newest-tag")


@pytest.mark.parametrize(
    ("old", "problem"),
    [
        ("newest-tag", "no tag leads to HEAD. Run 'git fetch --tags', or give 'none'"),
        ("tag:v*", r"no tag called v\* leads to HEAD"),
        ("tag:--help", "no tag called --help leads to HEAD"),
    ],
)
def test_where_no_tag_leads_there_the_line_says_what_helps(old: str, problem: str, history: History) -> None:
    history.commit("one")
    with pytest.raises(ReadError, match=problem):
        compare(f"{old}:{PROJECT}", f"HEAD:{PROJECT}")


def test_before_the_first_commit_head_is_nothing(history: History) -> None:
    history("add", "-A")
    first = compare("HEAD", f":{PROJECT}")
    assert (first.old.form, first.old.label) == ("none", "HEAD")
    with pytest.raises(ReadError, match="nothing to release"):
        compare("none", "HEAD")
    with pytest.raises(ReadError, match="neither an existing path nor a git revision"):
        compare("main", f":{PROJECT}")


def test_a_branch_without_commits_is_not_the_first_of_all(history: History) -> None:
    """What was released may stand on another one."""
    history.commit("one")
    history("checkout", "-q", "--orphan", "other")
    with pytest.raises(ReadError, match="'HEAD' is neither an existing path nor a git revision"):
        compare(f"HEAD:{PROJECT}", f":{PROJECT}")


@pytest.mark.parametrize(
    ("here", "model"), [("", PROJECT), (PROJECT, "."), ("apps", "field/App.mpr"), (PROJECT, "HEAD")]
)
def test_files_are_named_from_the_top_of_the_repository(
    here: str, model: str, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit("one")
    monkeypatch.chdir(history.at / here)
    verdict = compare("none", model)
    places = {machine_texts.file(row, verdict) for row in verdict.rows}
    assert places
    assert all(place.startswith(f"{PROJECT}/") for place in places), places


def test_a_footprint_is_that_of_whatever_can_be_read(history: History) -> None:
    history.commit("one", "v1")
    names = [p.profile.name for p in footprint(PROJECT).profiles]
    assert names
    for model in (f"HEAD:{PROJECT}", f"newest-tag:{PROJECT}", history.at / PROJECT, read(PROJECT)):
        assert [p.profile.name for p in footprint(model).profiles] == names
