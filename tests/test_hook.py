"""The hook under the real pre-commit, in real repositories of both storage forms."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers import read
from tests.builders.build import write_v1, write_v2

ROOT = Path(__file__).parent.parent
STORY = ROOT / "fixtures" / "field-service"
NAME = "FieldService.mpr"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
pre_commit = pytest.importorskip("pre_commit", reason="needs pre-commit, a part of the dev extra")


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "PYTHONPATH": str(ROOT),
        "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
        "XDG_CACHE_HOME": str(folder.parent / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def write(form: str, model: Snapshot, folder: Path) -> None:
    if form == "v1":
        folder.mkdir(exist_ok=True)
        write_v1(model, folder / NAME)
    else:
        shutil.rmtree(folder / "mprcontents", ignore_errors=True)
        write_v2(model, folder, name=NAME)


def install(folder: Path, project: str = "") -> None:
    """The hooks, as the hook file declares them; with the arguments that it tells for a project in a folder."""
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    hooks = hooks.replace("entry: mx-changeclass", f"entry: {sys.executable} -m mx_changeclass")
    hooks = hooks.replace("language: python", "language: system")
    if project:
        hooks = re.sub(r"args: .*?  # (?:for a project in a folder:|or) (.*)", r"args: \1", hooks)
        hooks = hooks.replace("apps/field", project)
    indented = "".join(f"      {line}\n" for line in hooks.splitlines())
    (folder / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{indented}")
    kinds = ["--hook-type=pre-commit", "--hook-type=pre-push"]
    installed = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install", *kinds], cwd=folder, capture_output=True, check=False
    )
    assert installed.returncode == 0


@pytest.fixture(params=["v1", "v2"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A repository with the hooks installed and the first version committed: the first commit of all is looked at."""
    folder = tmp_path / "app"
    write(request.param, read(STORY / "v1.snapshot.xml"), folder)
    assert git(folder, "init", "-q").returncode == 0
    install(folder)
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "first")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "Mendix release class.....................................................Passed" in done.stdout + done.stderr
    )
    return request.param, folder


def test_a_destructive_commit_is_stopped_and_told_why(repository: tuple[str, Path]) -> None:
    form, folder = repository
    write(form, read(STORY / "v2.snapshot.xml"), folder)
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "consolidate")
    assert done.returncode == 1
    assert "DESTRUCTIVE" in done.stdout + done.stderr
    assert "Service.Measurement" in done.stdout + done.stderr


def test_a_harmless_commit_goes_through(repository: tuple[str, Path]) -> None:
    _, folder = repository
    (folder / "javasource").mkdir()
    (folder / "javasource" / "Notes.java").write_text("// nothing yet")
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "a note")
    assert done.returncode == 0, done.stdout + done.stderr


def test_half_a_commit_does_not_pass(repository: tuple[str, Path]) -> None:
    """The list of documents is staged, the documents are not: nobody saved the app like that."""
    form, folder = repository
    if form == "v1":
        pytest.skip("one file holds both")
    write(form, read(STORY / "v2.snapshot.xml"), folder)
    git(folder, "add", NAME)
    done = git(folder, "commit", "-m", "the list alone")
    assert done.returncode == 1
    assert "does not match its ContentsHash" in " ".join((done.stdout + done.stderr).split())


def test_only_what_is_staged_counts(repository: tuple[str, Path]) -> None:
    form, folder = repository
    (folder / "readme.txt").write_text("notes")
    git(folder, "add", "readme.txt")
    write(form, read(STORY / "v2.snapshot.xml"), folder)
    done = git(folder, "commit", "-m", "notes only")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", ["package.json", "userlib/a.jar", "vendorlib/a.jar", "resources/a.txt", "theme/a.css"])
def test_whatever_belongs_to_the_app_is_looked_at_wherever_the_project_lies(
    path: str, repository: tuple[str, Path]
) -> None:
    """Also where the commit does nothing but delete it, which is no staged file to pre-commit."""
    form, folder = repository
    if form == "v1":
        pytest.skip("what lies beside the model is the same")
    git(folder, "mv", NAME, f"{folder}/app.moved")
    (folder / "app").mkdir()
    git(folder, "mv", "app.moved", f"app/{NAME}")
    git(folder, "mv", "mprcontents", "app/mprcontents")
    assert git(folder, "commit", "--no-verify", "-qm", "into a folder").returncode == 0
    install(folder, "app")
    (folder / "app" / path).parent.mkdir(exist_ok=True)
    (folder / "app" / path).write_text("{}")
    for doing in ("come", "gone"):
        git(folder, "add", "-A")
        done = git(folder, "commit", "-m", doing)
        told = done.stdout + done.stderr
        assert done.returncode == 0, told
        assert "Passed" in told
        (folder / "app" / path).unlink(missing_ok=True)


def test_the_commit_that_brings_the_app_into_a_repository_goes_through(tmp_path: Path) -> None:
    """What was committed before holds no project, so nothing was released; a project elsewhere is one."""
    folder = tmp_path / "app"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "readme.txt").write_text("soon")
    git(folder, "add", ".")
    assert git(folder, "commit", "-qm", "nothing yet").returncode == 0
    install(folder)
    write("v2", read(STORY / "v1.snapshot.xml"), folder)
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "the app")
    assert done.returncode == 0, done.stdout + done.stderr
    install(folder, "moved")
    (folder / "moved").mkdir()
    git(folder, "mv", NAME, "mprcontents", "moved")
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "the app goes elsewhere")
    assert done.returncode == 1
    assert "there is no 'moved' in it" in done.stdout + done.stderr


def test_a_push_is_compared_with_the_newest_release(repository: tuple[str, Path], tmp_path: Path) -> None:
    form, folder = repository
    git(tmp_path, "init", "-q", "--bare", "server")
    git(folder, "remote", "add", "origin", str(tmp_path / "server"))
    none = git(folder, "push", "origin", "HEAD:refs/heads/main")
    assert none.returncode == 1
    assert "no tag leads to HEAD. Run 'git fetch --tags', or give 'none'" in none.stdout + none.stderr
    git(folder, "tag", "v1")
    (folder / "notes.txt").write_text("harmless")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "notes")
    assert git(folder, "push", "origin", "HEAD:refs/heads/main").returncode == 0
    write(form, read(STORY / "v2.snapshot.xml"), folder)
    git(folder, "add", ".")
    assert git(folder, "commit", "--no-verify", "-qm", "consolidate").returncode == 0
    (folder / "notes.txt").write_text("more")
    git(folder, "add", ".")
    done = git(folder, "commit", "-m", "notes")
    assert done.returncode == 0  # against the last commit, nothing; against the release, all of it
    done = git(folder, "push", "origin", "HEAD:refs/heads/main")
    assert done.returncode == 1
    assert "v1 (Studio Pro" in done.stdout + done.stderr
    assert "Service.Measurement" in done.stdout + done.stderr
