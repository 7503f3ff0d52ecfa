"""A history in git: each commit that touched the project, in order, on any executor."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import mx_changeclass as mx
from mx_changeclass import ReadError, ReleaseClass
from mx_changeclass.errors import BrokenContainer
from mx_changeclass.reports import FORMATS
from mx_changeclass.rules import catalogue
from mx_changeclass.timeline import Step
from tests.builders.histories import PROJECT, History, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def told(history: History, steps: list[Step]) -> list[tuple[str, str, str]]:
    return [(history.named[s.old], history.named[s.new], str(s.verdict.release_class)) for s in steps]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A first version, a commit beside the project, the story, a commit that breaks the model, its repair by
    going back, and a branch of two commits that is merged."""
    made = History(tmp_path_factory.mktemp("audit") / "repository")
    made.put("first", "v1")
    made.put("beside", readme="notes")
    made.put("story", "v2")
    made.put("broken", apps__field__Field=".", **{"apps__field__Field.mpr": "no database"})
    made.put("back", "v1")
    git(made.at, "checkout", "-qb", "branch")
    made.put("half", "v2")
    made.put("whole", apps__field__notes="more")
    git(made.at, "checkout", "-q", "main")
    git(made.at, "merge", "-q", "--no-ff", "-m", "merge", "branch")
    made.keep("merge")
    return made


WANTED = [
    ("first", "story", "DESTRUCTIVE"),
    ("story", "back", "DESTRUCTIVE"),
    ("back", "merge", "DESTRUCTIVE"),
]


def test_each_commit_that_touched_the_project_is_a_step_oldest_first(project: History) -> None:
    assert told(project, list(mx.audit(path=PROJECT, cwd=project.at))) == WANTED


def test_the_project_is_found_from_within_it(project: History) -> None:
    assert told(project, list(mx.audit(cwd=project.at / PROJECT))) == WANTED


def test_the_mpr_can_be_named(project: History) -> None:
    steps = list(mx.audit(path=f"{PROJECT}/Field.mpr", cwd=project.at))
    assert told(project, steps) == WANTED
    assert all(step.verdict.new.side_files for step in steps), "the files beside it are part of the app"


def test_a_step_says_what_comparing_its_two_commits_says(project: History) -> None:
    step = next(iter(mx.audit(path=PROJECT, cwd=project.at)))
    old, new = (mx.read(f"{commit}:{PROJECT}", cwd=project.at) for commit in (step.old, step.new))
    told, wanted = (json.loads(mx.render(v, "json")) for v in (step.verdict, mx.compare(old, new)))
    assert told["old"].pop("label") == f"{step.old[:12]}:{PROJECT}"
    assert told["new"].pop("label") == f"{step.new[:12]}:{PROJECT}"
    for side in ("old", "new"):
        wanted[side].pop("label")
    assert told == wanted


def test_what_a_commit_that_cannot_be_read_changed_is_part_of_the_next_step(project: History) -> None:
    steps = list(mx.audit(path=PROJECT, cwd=project.at))
    assert [len(s.skipped) for s in steps] == [0, 1, 0]
    assert "Field.mpr" in str(steps[1].skipped[0]) or "SQLite" in str(steps[1].skipped[0])


def test_a_history_that_ends_unread_is_an_error(project: History) -> None:
    broken = next(commit for commit, name in project.named.items() if name == "broken")
    steps = mx.audit(broken, PROJECT, cwd=project.at)
    assert told(project, [next(steps)]) == WANTED[:1]
    with pytest.raises(ReadError, match="SQLite"):
        next(steps)


def test_a_history_that_begins_unread_begins_where_it_can_be_read(tmp_path: Path) -> None:
    made = History(tmp_path / "repository")
    (made.at / PROJECT).mkdir(parents=True)
    made.put("broken", **{"apps__field__Field.mpr": "no database"})
    made.put("first", "v1")
    made.put("story", "v2")
    (step,) = mx.audit(path=PROJECT, cwd=made.at)
    assert told(made, [step]) == WANTED[:1]
    assert len(step.skipped) == 1


@pytest.mark.parametrize(("limit", "steps"), [(0, []), (1, WANTED[2:]), (9, WANTED)])
def test_a_limit_takes_the_last_steps(limit: int, steps: list[Any], project: History) -> None:
    assert told(project, list(mx.audit(path=PROJECT, cwd=project.at, limit=limit))) == steps


def _processes() -> Executor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("executor", [lambda: ThreadPoolExecutor(3), _processes], ids=["threads", "processes"])
def test_any_executor_gives_the_same_reports(executor: Callable[[], Executor], project: History) -> None:
    alone = list(mx.audit(path=PROJECT, cwd=project.at))
    with executor() as workers:
        shared = list(mx.audit(path=PROJECT, cwd=project.at, executor=workers))
    assert told(project, shared) == WANTED
    for one, other in zip(alone, shared, strict=True):
        assert [str(e) for e in one.skipped] == [str(e) for e in other.skipped]
        for name in FORMATS:
            assert mx.render(one.verdict, name) == mx.render(other.verdict, name)


class Lazy(Executor):
    """Does the first piece of work at once and never begins another one."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not self.futures:
            future.set_result(fn(*args, **kwargs))
        self.futures.append(future)
        return future


def test_few_steps_are_worked_on_ahead_and_none_once_nobody_asks(project: History) -> None:
    executor = Lazy()
    steps = mx.audit(path=PROJECT, cwd=project.at, executor=executor)
    assert not executor.futures
    next(iter(steps))
    assert 1 < len(executor.futures) <= 2 * (os.cpu_count() or 1) + 1
    steps.close()  # type: ignore[attr-defined]
    assert all(f.cancelled() for f in executor.futures[1:])


def test_a_policy_holds_for_every_step(project: History) -> None:
    policy = mx.Policy(native_template="14.1.13")
    assert all(s.verdict.policy == policy for s in mx.audit(path=PROJECT, cwd=project.at, policy=policy))


@pytest.mark.parametrize(
    ("revision", "path", "problem"),
    [
        ("nope", PROJECT, "'nope' is neither"),
        ("--all", PROJECT, "'--all' is neither"),
        ("HEAD", "apps/none", "there is no 'apps/none' in it"),
        ("HEAD", "", "holds no .mpr"),
        ("HEAD:apps", PROJECT, "neither|no commit|no 'apps/field'"),
    ],
)
def test_what_is_no_history_is_an_error(revision: str, path: str, problem: str, project: History) -> None:
    with pytest.raises(ReadError, match=problem):
        list(mx.audit(revision, path, cwd=project.at))


def test_rules_and_errors_cross_to_other_processes() -> None:
    every = tuple(catalogue().values())
    assert all(a is b for a, b in zip(pickle.loads(pickle.dumps(every)), every, strict=True))
    error = pickle.loads(pickle.dumps(BrokenContainer("App.mpr", "is cut", "Fetch it again")))
    assert (type(error), str(error)) == (BrokenContainer, "App.mpr: is cut. Fetch it again")
    assert ReleaseClass.DESTRUCTIVE is pickle.loads(pickle.dumps(ReleaseClass.DESTRUCTIVE))
