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
