"""Faults of the machine around: places to write to, git, closed streams. The right answer, or a line that helps."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders.build import write_v2
from tests.builders.specimen import READERS, specimen
from tests.test_cli import V1, V2, is_one_line, run

ROOT = Path(__file__).parent.parent
DESTRUCTIVE = 1  # the exit code of the story


def git(at: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of a project."""
    root = write_v2(specimen(), tmp_path / "repository")
    git(root, "init", "-q")
    for message in ("one", "two"):
        (root / "notes.md").write_text(message)
        git(root, "add", ".")
        git(root, "commit", "-qm", message)
    git(root, "config", "uploadpack.allowFilter", "true")
    return root


# Where an answer is written to


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    assert run("diff", V1, V2, "--format", "json", "-o", "pipe", cwd=tmp_path).returncode == DESTRUCTIVE
    reader.join(10)
    assert json.loads(read[0])["schema"] == 1
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


def test_a_device_stays_one(tmp_path: Path) -> None:
    assert run("diff", V1, V2, "-o", os.devnull, cwd=tmp_path).returncode == DESTRUCTIVE
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full is known to Linux")
def test_a_full_device_is_said(tmp_path: Path) -> None:
    done = run("diff", V1, V2, "-o", "/dev/full", cwd=tmp_path)
    assert done.returncode == 2
    assert is_one_line(done)


def test_a_link_leads_to_the_file_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "report").write_text("before")
    (tmp_path / "link").symlink_to("real/report")
    (tmp_path / "new").symlink_to("real/other")
    for name, there in (("link", "report"), ("new", "other")):
        assert run("diff", V1, V2, "-o", name, cwd=tmp_path).returncode == DESTRUCTIVE
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "real" / there).read_text().startswith("DESTRUCTIVE")
    assert sorted(p.name for p in (tmp_path / "real").iterdir()) == ["other", "report"]  # nothing half-written


@pytest.mark.parametrize("name", ["", ".", "missing/report", "report/inside", "x" * 300])
def test_a_place_that_cannot_be_written_to_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("before")
    done = run("diff", V1, V2, "-o", name, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert is_one_line(done)
    assert (tmp_path / "report").read_text() == "before"


def test_a_long_name_is_no_fault(tmp_path: Path) -> None:
    assert run("diff", V1, V2, "-o", "x" * 255, cwd=tmp_path).returncode == DESTRUCTIVE


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_closed_stream_changes_no_answer(closed: str, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m mx_changeclass diff "{V1}" "{V2}" --fail-on never {closed}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr  # which is not what Python ends with when it falls


def test_a_report_from_a_stream_that_is_closed_is_said(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m mx_changeclass explain x --report - <&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"standard input is closed" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev")
def test_a_pipe_that_only_the_system_can_name_is_written_to(tmp_path: Path) -> None:
    done = run("diff", V1, V2, "--report", "json=/dev/stdout", "-o", "report.txt", cwd=tmp_path)
    assert done.returncode == DESTRUCTIVE, done.stderr
    assert json.loads(done.stdout)["schema"] == 1


def test_several_at_once_leave_a_whole_report(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "mx_changeclass", "diff", V1, V2, "--format", "json", "-o", "report.json"]
    several = [subprocess.Popen(command, cwd=tmp_path, env=environment) for _ in range(3)]
    assert [one.wait(120) for one in several] == [DESTRUCTIVE] * 3
    assert json.loads((tmp_path / "report.json").read_text())["schema"] == 1
    facts, last = sorted((tmp_path / "mx-changeclass").iterdir())
    assert facts.suffix == ".sqlite"
    assert json.loads(last.read_text())["changes"]
    assert len(list(tmp_path.rglob("*"))) == 4  # the report, the folder of what is kept, the two files in it


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"changes": 1}', '{"changes": [1, null, []]}', "[" * 100_000, "\x00",
        '{"changes": [{"fingerprint": "0123456789ab"}]}',
        '{"changes": [{"fingerprint": "0123456789ab", "element": [], "verb": 1}]}',
        '{"changes": [{"fingerprint": ["0123456789ab"]}]}',
    ],
)  # fmt: skip
def test_a_report_that_is_none_is_said(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    done = run("explain", "0123456789ab", "--report", "report.json", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert is_one_line(done)


# git


def test_without_git_the_line_says_so(repository: Path) -> None:
    done = run("diff", "HEAD~1", "HEAD", cwd=repository, PATH="")
    assert done.returncode == 3
    assert "git is not installed. Install git" in done.stderr
    assert is_one_line(done)


def test_a_repository_of_another_user_is_told_with_what_git_advises(repository: Path) -> None:
    done = run("diff", "HEAD~1", "HEAD", cwd=repository, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert done.returncode == 3
    assert f"safe.directory '{repository}'" in done.stderr


def test_a_shallow_clone_is_told_with_what_helps(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
    done = run("diff", "HEAD~1", "HEAD", cwd=tmp_path / "shallow")
    assert done.returncode == 3
    assert "fetch --unshallow" in done.stderr
    assert "unshallow" not in run("diff", "nowhere", "HEAD", cwd=repository).stderr


@pytest.mark.parametrize("filter", ["blob:none", "tree:0"])
def test_a_partial_clone_is_told_with_what_helps(filter: str, repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--no-checkout", f"--filter={filter}", repository.as_uri(), "partial")
    done = run("diff", "HEAD~1", "HEAD", cwd=tmp_path / "partial")
    assert done.returncode == 3
    assert "The clone is partial: check the revision out once" in done.stderr


def test_a_damaged_object_is_told_with_what_helps(repository: Path) -> None:
    oid = git(repository, "rev-parse", "HEAD:App.mpr")
    place = repository / ".git" / "objects" / oid[:2] / oid[2:]
    place.chmod(0o644)
    place.write_bytes(b"junk" * 9)
    done = run("diff", "HEAD~1", "HEAD", cwd=repository)
    assert done.returncode == 3
    assert "App.mpr is damaged in the repository. Run 'git fsck'" in done.stderr


def test_a_model_that_is_being_written_is_told_with_what_helps(tmp_path: Path) -> None:
    shutil.copy(READERS / "v1.mpr", tmp_path / "App.mpr")
    with closing(sqlite3.connect(tmp_path / "App.mpr")) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table other (x)")
        done = run("export", "App.mpr", cwd=tmp_path)
    assert done.returncode == 3
    assert "Close it in Studio Pro" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a folder in use stays")
def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f'rmdir "{gone}"; "{sys.executable}" -P -m mx_changeclass diff v1 .'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", command], cwd=gone, env=environment, capture_output=True, check=False)
    assert done.returncode == 3, done.stderr
    assert b"no folder to start from" in done.stderr


# Names


def test_a_file_whose_name_is_no_utf8_is_a_file(tmp_path: Path) -> None:
    for side in ("old", "new"):
        write_v2(specimen(), tmp_path / side)
    for where in ("resources", "theme/web", "userlib", "javascriptsource/field/actions", "widgets"):
        place = tmp_path / "new" / where
        place.mkdir(parents=True)
        (Path(os.fsdecode(os.fsencode(place) + b"/caf\xe9.js"))).write_bytes(b"x")
    for format_ in ("text", "json", "sarif", "junit"):
        done = run("diff", "old", "new", "--format", format_, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("caf") >= 5
    assert run("export", "new", "-o", "new.xml", cwd=tmp_path).returncode == 0
    assert run("diff", "new", "new.xml", cwd=tmp_path).stdout.startswith("OTA_SAFE: no change")
