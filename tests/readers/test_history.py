"""What git says of the commits of a project."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mx_changeclass.errors import ReadError
from mx_changeclass.model.commits import Commit
from mx_changeclass.readers.history import history, history_between
from tests.builders.histories import PROJECT, History, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def project(tmp_path: Path) -> History:
    """A first version; a branch of one commit; on the line itself a commit beside the project, and a merge."""
    made = History(tmp_path / "repository")
    made.put("first", "v1")
    git(made.at, "checkout", "-qb", "branch")
    made.put("half", apps__field__notes="more")
    git(made.at, "checkout", "-q", "main")
    made.put("beside", readme="notes")
    git(made.at, "merge", "-q", "--no-ff", "-m", "merge", "branch")
    made.keep("merge")
    return made


def ids(project: History) -> dict[str, str]:
    return {name: oid for oid, name in project.named.items()}


def test_a_commit_says_when_by_whom_and_what(project: History) -> None:
    known = ids(project)
    git(project.at, "tag", "v1.0", known["first"])
    git(project.at, "tag", "-am", "with a message", "release/1", known["first"])
    first, merge = history("HEAD", PROJECT, project.at).commits
    date = git(project.at, "show", "-s", "--format=%aI", known["first"])
    assert first == Commit(known["first"], date, "Test", "first", (), ("v1.0", "release/1"))
    assert (merge.subject, merge.parents, merge.tags) == ("merge", (known["beside"], known["half"]), ())


def test_what_a_user_or_a_tree_sets_for_names_and_dates_changes_nothing(project: History) -> None:
    before = history("HEAD", PROJECT, project.at).commits
    project.put("map", **{".mailmap": "Someone Else <test@example.com>\n"})
    for name, value in {"i18n.logOutputEncoding": "UTF-16", "log.date": "relative", "log.mailmap": "true"}.items():
        git(project.at, "config", name, value)
    assert history("HEAD", PROJECT, project.at).commits == before


def written_anew(at: Path, author: bytes, message: bytes) -> str:
    """The last commit, with an author line and a message that git itself would not write."""
    tree, parent = (git(at, "rev-parse", name).encode() for name in ("HEAD^{tree}", "HEAD~1"))
    by = b"author %s\ncommitter %s\n" % (author, author)
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=at, input=b"tree %s\nparent %s\n%s\n%s" % (tree, parent, by, message), capture_output=True, check=True,
    )  # fmt: skip
    return made.stdout.decode().strip()


@pytest.mark.parametrize(
    ("author", "message", "wanted"),
    [
        (b"T <t> 1700000000 +0200", b"commit 01234567\r\x1b[31m", ("T", "commit 01234567\r\x1b[31m")),
        (b"A\x85B <t> 1700000000 +0200", b"one\ntwo\n\nthree", ("A\ufffdB", "one two")),
        (b"<> 99999999999999999999 +9999", b"", ("", "")),
        (b"T", b"\xff\xfe", ("", "\ufffd\ufffd")),
    ],
)
def test_what_is_odd_in_a_commit_makes_no_other_one(
    author: bytes, message: bytes, wanted: tuple[str, str], tmp_path: Path
) -> None:
    made = History(tmp_path / "repository")
    made.put("first", "v1")
    made.put("odd", apps__field__notes="x")
    oid = written_anew(made.at, author, message)
    git(made.at, "reset", "-q", "--hard", oid)
    made.put("last", apps__field__notes="y")
    first, odd, last = history("main", PROJECT, made.at).commits
    assert (first.subject, last.subject, last.parents) == ("first", "last", (oid,))
    assert (odd.id, odd.author, odd.subject) == (oid, *wanted)


def test_a_commit_that_says_it_is_old_is_no_less_part_of_the_time(tmp_path: Path) -> None:
    made = History(tmp_path / "repository")
    made.put("first", "v1")
    made.put("second", apps__field__notes="x")
    made.put("hidden", apps__field__notes="y")
    git(made.at, "reset", "-q", "--hard", written_anew(made.at, b"T <t> 0 +0000", b"hidden"))
    subjects = [c.subject for c in history("main", PROJECT, made.at, since="2020-01-01").commits]
    assert subjects == ["first", "second", "hidden"]


def test_a_name_of_a_tag_or_of_a_folder_holds_any_letter(tmp_path: Path) -> None:
    made = History(tmp_path / "repository")
    made.put("first", "v1")
    (made.at / "a\nb").mkdir()
    git(made.at, "mv", PROJECT, "a\nb/app")
    git(made.at, "commit", "-qm", "moved")
    git(made.at, "tag", "v\u20281\u0085 x".replace(" ", "-"))
    (commit,) = history("HEAD", "", made.at / "a\nb" / "app", tags="v*").commits
    assert commit.tags == ("v\u20281\u0085-x",)


def test_a_graft_hides_no_commit(project: History) -> None:
    before = history("HEAD", PROJECT, project.at).commits
    (project.at / ".git" / "info").mkdir(exist_ok=True)
    (project.at / ".git" / "info" / "grafts").write_text(git(project.at, "rev-parse", "HEAD") + "\n")
    assert history("HEAD", PROJECT, project.at).commits == before


def test_a_range_begins_where_the_lines_part(project: History) -> None:
    known = ids(project)
    found = history_between(known["beside"], "main", PROJECT, project.at)
    assert [c.subject for c in found.commits] == ["merge"]
    assert (found.released, found.branched_at) == (known["beside"], known["beside"])
    found = history_between("branch", known["beside"], "", project.at / PROJECT)
    assert (found.released, found.branched_at) == (known["half"], known["first"])
    assert found.commits == (), "'beside' touched another folder"
    assert found.path == PROJECT


def test_a_range_without_a_common_commit_or_without_its_past_is_refused(project: History, tmp_path: Path) -> None:
    git(project.at, "checkout", "-q", "--orphan", "other")
    project.put("alone", apps__field__notes="x")
    with pytest.raises(ReadError, match="'other' and 'main' have no commit in common"):
        history_between("other", "main", PROJECT, project.at)
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "main", f"file://{project.at}", "shallow")
    with pytest.raises(ReadError, match=r"cut off\. .*shallow: run 'git fetch --unshallow --tags'"):
        history_between("HEAD", "HEAD", PROJECT, tmp_path / "shallow")
    for name in ("--all", "nope", "HEAD:apps"):
        with pytest.raises(ReadError):
            history_between(name, "main", PROJECT, project.at)
        with pytest.raises(ReadError):
            history_between("main", name, PROJECT, project.at)


@pytest.fixture
def releases(tmp_path: Path) -> History:
    """1.0, 2.0 and 3.0 on the line itself; 1.0.1, a hotfix of 1.0 that came after 2.0 and is in 3.0; 2.0.1, of 2.0."""
    made = History(tmp_path / "repository")
    day = iter(range(1, 20))

    def commit(name: str, *arguments: str) -> None:
        at = f"2025-01-{next(day):02}"
        (made.at / "apps").mkdir(exist_ok=True)
        (made.at / "apps" / "App.mpr").write_text(name)
        git(made.at, "add", "-A")
        git(made.at, *(arguments or ("commit", "-qm", name)), day=at)
        git(made.at, "tag", name, "HEAD")
        made.keep(name)

    commit("r1.0")
    commit("r2.0")
    git(made.at, "checkout", "-qb", "old", "r1.0")
    commit("r1.0.1")
    git(made.at, "checkout", "-q", "main")
    git(made.at, "merge", "-q", "--no-commit", "--no-ff", "-s", "ours", "old")
    commit("r3.0")
    git(made.at, "checkout", "-qb", "newer", "r2.0")
    commit("r2.0.1")
    git(made.at, "checkout", "-q", "main")
    return made


def named(project: History, **asked: str | int) -> list[tuple[str, str]]:
    revision = str(asked.pop("revision", "HEAD"))
    found = history(revision, "apps", project.at, tags="r*", **asked)  # type: ignore[arg-type]
    return [(project.named[base], project.named[commit.id]) for base, commit in found.steps()]


def test_a_release_stands_beside_the_one_that_its_line_had_before(releases: History) -> None:
    hotfix, third, second = ("r1.0", "r1.0.1"), ("r2.0", "r3.0"), ("r1.0", "r2.0")
    assert named(releases) == [second, hotfix, third, ("r2.0", "r2.0.1")]
    assert named(releases, revision="r3.0") == [second, hotfix, third]
    assert named(releases, revision="r2.0") == [second]
    assert named(releases, revision="r2.0..r3.0") == [hotfix, third]
    assert named(releases, limit=2) == [third, ("r2.0", "r2.0.1")]
    assert named(releases, since="2025-01-04") == [third, ("r2.0", "r2.0.1")]


def test_releases_of_a_clone_that_lacks_their_past_are_not_told_as_none(releases: History, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{releases.at}", "shallow")
    with pytest.raises(ReadError, match="--unshallow"):
        history("HEAD", "apps", tmp_path / "shallow", tags="r*")


def test_a_commit_counts_whose_side_a_merge_took_as_it_is(releases: History) -> None:
    """As a conflict in a model is usually settled."""
    git(releases.at, "checkout", "-q", "r2.0.1")
    git(releases.at, "merge", "-q", "-s", "ours", "-m", "merge", "r3.0")
    alone = history("HEAD", "apps", releases.at, merges=False).commits
    assert {releases.named[commit.id] for commit in alone} >= {"r1.0", "r2.0", "r1.0.1", "r2.0.1"}


def test_where_the_project_may_lie_is_told_as_it_is_asked_for(releases: History) -> None:
    with pytest.raises(ReadError, match="Give the path of one: 'apps'"):
        history("HEAD", "", releases.at)


def test_before_the_first_commit_there_is_no_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(ReadError, match="there is no commit yet"):
        history("HEAD", "", tmp_path)
