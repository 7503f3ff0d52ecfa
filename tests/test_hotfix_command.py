"""``mx-changeclass hotfix``: exit codes, formats, and texts of strangers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from mx_changeclass.findings.hotfix import Choice, Hotfix, Need, Piece
from mx_changeclass.legible import legible
from mx_changeclass.model.commits import Commit
from mx_changeclass.reports import STEP_FORMATS
from mx_changeclass.reports.hotfix import render_hotfix
from tests.builders.histories import field_service
from tests.generated import story
from tests.test_cli import run

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
SIDES = [str(Path(__file__).parents[1] / "fixtures" / "field-service" / f"v{n}.snapshot.xml") for n in (1, 2)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (SIDES, 0, "1 of 7 parts may go up to OTA_SAFE"),
        ([*SIDES, "--up-to", "needs-redeploy"], 0, "4 of 7 parts may go up to NEEDS_REDEPLOY"),
        ([*SIDES, "--without", "Service.Home"], 1, "0 of 7 parts may go up to OTA_SAFE"),
        ([SIDES[0], SIDES[0]], 1, "0 of 0 parts may go"),
    ],
)
def test_the_exit_code_says_whether_something_may_go(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    done = run("hotfix", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(said)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([*SIDES, "--with", "Service.None"], 2, "'Service.None' is no part of this release"),
        ([*SIDES, "--by", "commit"], 2, "two revisions are needed"),
        (["none", SIDES[1]], 2, "nothing is released yet"),
        (["nowhere", SIDES[1]], 3, "nowhere"),
        ([*SIDES, "--up-to", "never"], 2, "never"),
    ],
)
def test_wrong_use_is_one_line_and_no_answer(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    done = run("hotfix", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_where_updates_are_off_one_line_says_so_and_what_to_ask(tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text("ota_in_binary = false\n")
    done = run("hotfix", *SIDES, cwd=tmp_path)
    assert done.returncode == 1
    wanted = "Over-the-air updates are off in the released app, so nothing goes over the air. Ask again with --up-to"
    assert " ".join(done.stdout.split()) == f"{wanted} needs-redeploy."


@needs_git
def test_a_list_of_commits_can_be_ticked_off(tmp_path: Path) -> None:
    at = field_service(tmp_path / "story")
    done = run("hotfix", "v1.0", "main", "--format", "markdown", cwd=at)
    assert done.returncode == 0
    assert done.stdout.count("- [ ] ") == 1
    assert "Ben Correct the greeting" in done.stdout
    told = json.loads(run("hotfix", "v1.0", "main", "--format", "json", cwd=at).stdout)
    assert [commit["state"] for commit in told["commits"]] == ["pick", "blocks", "blocks"]


STRANGE = ("\x1b[31m", "##[error]x", "\n::error::x", "a\u202eb", "<b>x</b> [a](http://b.c) @all", "`|\\", "\0", "")


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("format", STEP_FORMATS)
def test_no_text_of_a_stranger_is_more_than_a_text(text: str, format: str) -> None:
    piece = Piece("Pages$Page", text, rules=("text-changed",), frees=(text,), needs=(Need(text, text),))
    commit = Commit("0" * 40, text, text, text)
    choices = [Choice(commit, state, because=(("text-changed", text),), needs=Need("0" * 40, text), why=text)
               for state in ("pick", "there", "blocks", "held", "late", "reverted", "unread")]  # fmt: skip
    verdict = story()
    by_part = Hotfix(verdict.release_class, "part", verdict, True, text, (piece,), (piece,), (piece,))
    for found in (by_part, evolve(by_part, by="commit", commits=tuple(choices), proven=False)):
        told = render_hotfix(found, format)
        assert all(legible(line) == line for line in told.split("\n"))
        assert "##[" not in told
        assert not any(line.lstrip().startswith("::") for line in told.split("\n"))
        if format == "markdown":
            assert "<b>" not in told
            assert "[a](http" not in told
            assert "@all" not in told
        if format == "json":
            json.loads(told)
