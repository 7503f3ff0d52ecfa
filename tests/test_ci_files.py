"""The files for build servers: every step of them, as it stands there, in a shell and a repository with releases."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from attrs import frozen

from mx_changeclass.data import load
from mx_changeclass.readers import read
from tests.builders.build import write_v2

ROOT = Path(__file__).parent.parent
STORY = ROOT / "fixtures" / "field-service"
PROJECT = "apps/field"

pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="needs git and bash")
yaml = pytest.importorskip("yaml", reason="needs PyYAML, which pre-commit brings")


def git(at: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an app in a folder: released as v1, then changed as in the story."""
    at = tmp_path_factory.mktemp("repository")
    git(at, "init", "-q")
    for version in ("v1", "v2"):
        shutil.rmtree(at / PROJECT, ignore_errors=True)
        write_v2(read(STORY / f"{version}.snapshot.xml"), at / PROJECT, name="Field.mpr")
        git(at, "add", "-A")
        git(at, "commit", "-qm", version)
    git(at, "tag", "v1", "HEAD~1")
    return at


@frozen
class Done:
    code: int
    out: str
    errors: str


def shell(script: str, at: Path, *flags: str, **variables: str) -> Done:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "MX_"))} | variables
    done = subprocess.run(
        ["bash", *flags, "-c", script],
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def installed(script: str, at: Path, *flags: str, **variables: str) -> None:
    """Run the steps that install; where no registry can be reached the test is passed over."""
    done = shell(script, at, *flags, **variables)
    if re.search(
        "No matching distribution|Could not find a version|Failed to establish|Temporary failure", done.errors
    ):
        pytest.skip("needs what pip installs")
    assert done.code == 0, done.errors


# GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
STRICT = ("--noprofile", "--norc", "-eo", "pipefail")  # how a runner calls 'shell: bash'
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a runner gives a step, with the first step done: the action installed from its own checkout."""
    temp = tmp_path_factory.mktemp("runner")
    (install, _) = ACTION["runs"]["steps"]
    installed(install["run"], temp, *STRICT, RUNNER_TEMP=str(temp), GITHUB_ACTION_PATH=str(ROOT))
    return temp


@frozen
class Step:
    done: Done
    outputs: dict[str, str]
    summary: str


def compared(runner: Path, at: Path, **given: str) -> Step:
    """The second step, its inputs put in as a runner does."""
    step = ACTION["runs"]["steps"][1]
    inputs = {name: told["default"] for name, told in ACTION["inputs"].items()} | {
        name.replace("_", "-"): value for name, value in given.items()
    }
    assert set(inputs) == set(ACTION["inputs"])
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], text)
        for name, text in step["env"].items()
    }
    assert not any("${{" in text for text in (step["run"], *variables.values()))  # no text becomes part of a script
    files = {name: runner / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in (*files.values(), runner / "mx-changeclass.json"):
        file.unlink(missing_ok=True)
    paths = {name: str(file) for name, file in files.items()}
    done = shell(step["run"], at, *STRICT, RUNNER_TEMP=str(runner), **paths, **variables)
    told = files["GITHUB_OUTPUT"].read_text().splitlines() if files["GITHUB_OUTPUT"].exists() else []
    summary = files["GITHUB_STEP_SUMMARY"].read_text() if files["GITHUB_STEP_SUMMARY"].exists() else ""
    return Step(done, dict(line.split("=", 1) for line in told), summary)


def test_the_action_compares_with_the_newest_release_and_writes_all_reports(runner: Path, repository: Path) -> None:
    step = compared(runner, repository, path=PROJECT, reports=f"sarif={runner}/mx.sarif\n{runner}/mx.html\n")
    assert step.done.code == 1, step.done.errors
    assert step.outputs == {"class": "DESTRUCTIVE", "at-most": "DESTRUCTIVE"}
    assert set(step.outputs) == set(ACTION["outputs"])
    assert step.done.out.startswith("::error title=Mendix release class::DESTRUCTIVE: ")
    assert step.summary.startswith("## DESTRUCTIVE")
    assert "`v1:apps/field`" in step.summary
    (run,) = json.loads((runner / "mx.sarif").read_text())["runs"]
    places = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert all(place.startswith(f"{PROJECT}/") for place in places)
    assert (runner / "mx.html").stat().st_size
    jsonschema.validate(json.loads((runner / "mx-changeclass.json").read_text()), load("verdict.schema"))


def test_the_action_fails_where_it_is_told_to(runner: Path, repository: Path) -> None:
    assert compared(runner, repository, path=PROJECT, fail_on="never").done.code == 0
    assert compared(runner, repository, path=PROJECT, old=f"HEAD:{PROJECT}").done.code == 0
    strange = compared(runner, repository, path=PROJECT, options="--fail-on\nFULL_RELEASE\n--no-config")
    assert strange.done.code == 1


def test_what_the_action_is_given_is_no_script(runner: Path, repository: Path) -> None:
    for given in ({"old": "$(touch pwned)"}, {"path": '"; touch pwned; "'}, {"reports": "--fail-on=never"}):
        assert compared(runner, repository, **given).done.code in (2, 3)
    assert compared(runner, repository, old="--help").done.code == 3
    assert not (repository / "pwned").exists()


def test_the_action_says_that_a_clone_is_shallow(runner: Path, repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
    step = compared(runner, tmp_path / "shallow", path=PROJECT)
    assert step.done.code == 3
    assert "fetch-depth: 0" in step.done.errors
    assert (step.outputs, step.summary, step.done.out) == ({}, "", "")


# GitLab: https://docs.gitlab.com/ci/yaml/
JOB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text(encoding="utf-8"))["mx-changeclass"]


def test_the_job_for_gitlab_runs_and_leaves_what_it_promises(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", repository.as_uri(), "build")
    at = tmp_path / "build"
    variables = {**JOB["variables"], "MX_CHANGECLASS": str(ROOT), "MX_PATH": PROJECT}
    *install, compare = JOB["script"]
    installed("\n".join(install), at, "-eo", "pipefail", **variables)
    done = shell(compare, at, "-eo", "pipefail", **variables)
    assert done.code == 1, done.errors
    assert done.out.startswith("DESTRUCTIVE")
    for promised in (*JOB["artifacts"]["paths"], *JOB["artifacts"]["reports"].values()):
        assert (at / promised).stat().st_size, promised
    issues = json.loads((at / JOB["artifacts"]["reports"]["codequality"]).read_text())
    assert all(issue["location"]["path"].startswith(f"{PROJECT}/") for issue in issues)
    never = {**variables, "MX_FAIL_ON": "never"}
    assert shell(compare, at, "-eo", "pipefail", **never).code == 0
