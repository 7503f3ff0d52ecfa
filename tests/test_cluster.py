"""An audit on a Dask cluster: the same steps as at home, whoever of the workers dies."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import mx_changeclass as mx
from mx_changeclass.cli import cli
from tests.builders.deadly import CALM, DEADLY, deadly_history
from tests.builders.histories import field_service, git

distributed = pytest.importorskip("distributed", reason="needs the extra 'dask'")
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
COMMITS = 40


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story over and over."""
    at = field_service(tmp_path_factory.mktemp("long") / "field")
    trees = [git(at, "rev-parse", f"HEAD~{n}^{{tree}}") for n in range(4)]
    commit = git(at, "rev-parse", "HEAD")
    for n in range(COMMITS - 4):
        commit = git(at, "commit-tree", trees[(n + 1) % 4], "-p", commit, "-m", f"Commit {n}")
    git(at, "update-ref", "refs/heads/main", commit)
    return at


@pytest.fixture(scope="module")
def wanted(long: Path) -> tuple[mx.Step, ...]:
    return mx.audit(cwd=long).steps


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Of a cluster of two processes on this machine. They import what the tests import."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    try:
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
        with (
            distributed.LocalCluster(scheduler_kwargs={"dashboard": False}, **options) as cluster,
            distributed.Client(cluster) as found,
        ):
            yield found
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


class Watched(Executor):
    """An executor, and what crosses to it and back, in bytes."""

    def __init__(self, executor: Executor, act: Callable[[int], None] = lambda number: None) -> None:
        self._client = executor._client  # type: ignore[attr-defined]  # as a Dask executor tells its size
        self.executor, self.act = executor, act
        self.tasks, self.results = list[int](), list[int]()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.act(len(self.tasks))
        self.tasks.append(len(pickle.dumps((fn, args, kwargs))))
        future = self.executor.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda done: self.results.append(len(pickle.dumps(done.result()))))
        return future


def test_a_cluster_gives_the_same_steps_in_their_order(long: Path, wanted: tuple[mx.Step, ...], client: Any) -> None:
    with client.get_executor() as executor:
        watched = Watched(executor)
        assert mx.audit(cwd=long, executor=watched).steps == wanted
    assert len(watched.tasks) == 5  # 39 steps for two workers, two tasks each begun ahead: runs of 9
    assert max(watched.tasks) < 9 * 1_000, "a task names commits"
    assert max(watched.results) < 9 * 100_000, "a result is what was found"
    assert all(side.is_detached for step in wanted for side in (step.verdict.old, step.verdict.new)), "and no model"


def test_a_worker_that_is_killed_costs_no_step(long: Path, wanted: tuple[mx.Step, ...], client: Any) -> None:
    pids = list(client.run(os.getpid).values())

    def kill(number: int) -> None:
        if number == 3:
            os.kill(pids[0], signal.SIGKILL)

    with client.get_executor() as executor:
        assert mx.audit(cwd=long, executor=Watched(executor, kill)).steps == wanted
    assert pids[0] not in client.run(os.getpid).values()


def test_a_commit_that_ends_every_worker_it_comes_to_is_told(client: Any, tmp_path: Path) -> None:
    commits = deadly_history(tmp_path / "field", 8, {4})
    died = list[str]()

    class Heard(Watched):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = self.executor.submit(fn, *args, **kwargs)
            future.add_done_callback(lambda done: died.append(type(done.exception()).__name__))
            return future

    with client.get_executor() as executor:
        steps = mx.audit(cwd=tmp_path / "field", policy=DEADLY, executor=Heard(executor), ahead=2).steps
    assert "KilledWorker" in died, "the cluster gave up on it"
    assert [commits.index(step.old) for step in steps] == [0, 1, 2, 3, 5, 6]
    assert [str(error) for step in steps for error in step.skipped] == [
        f"{commits[4][:12]}: ended the process that compared it. Compare it with 'diff' to see why"
    ]
    calm = {step.new: step for step in mx.audit(cwd=tmp_path / "field", policy=CALM).steps}
    for step in steps:
        if step.old == calm[step.new].old:
            assert step.verdict == calm[step.new].verdict


def test_the_command_works_on_a_scheduler(
    long: Path, wanted: tuple[mx.Step, ...], client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(long)
    for name, options in {"here": [], "there": ["--scheduler", client.scheduler.address]}.items():
        done = CliRunner().invoke(cli, ["audit", "--format", "csv", "-o", str(tmp_path / name), *options])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    assert len((tmp_path / "there").read_text().splitlines()) == len(wanted) + 1


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, long: Path) -> None:
    monkeypatch.chdir(long)
    done = CliRunner().invoke(cli, ["audit", "--scheduler", "nonsense://"])
    assert done.exit_code == 2
    assert "Give the address of a scheduler" in done.stderr
