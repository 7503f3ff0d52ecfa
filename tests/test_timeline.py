"""A history in git: each commit that touched the project, in order, on any executor."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import mx_changeclass as mx
from mx_changeclass import ReadError, ReleaseClass
from mx_changeclass.errors import BrokenContainer
from mx_changeclass.findings.steps import Step
from mx_changeclass.reports import FORMATS
from mx_changeclass.rules import catalogue
from tests.builders.histories import PROJECT, History, field_service, git

ROOT = Path(__file__).parent.parent
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


def test_a_history_that_ends_unread_says_so_to_whoever_goes_through_it(project: History) -> None:
    broken = next(commit for commit, name in project.named.items() if name == "broken")
    steps = mx.audit(broken, PROJECT, cwd=project.at)
    assert told(project, [next(steps)]) == WANTED[:1]
    for again in (steps, iter(steps), iter(steps)):  # nobody takes the step before for the last one
        with pytest.raises(ReadError, match="SQLite"):
            list(again)
    assert told(project, list(steps.steps)) == WANTED[:1]
    (error,) = steps.unread
    assert "SQLite" in str(error)


def test_what_breaks_an_audit_off_is_told_whenever_it_is_asked(releases: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = mx.audit(cwd=releases, journal=kept)
    next(found)
    kept.unlink()
    kept.mkdir()
    for _ in range(2):
        with pytest.raises(mx.PolicyError, match="Give a journal that can be written"):
            _ = found.steps


def test_a_disk_that_is_full_keeps_what_is_done(releases: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    code = (
        "import resource, signal, sys, mx_changeclass as mx\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"found = mx.audit(cwd={str(releases)!r}, journal={str(kept)!r})\n"
        "next(found)\n"
        f"full = {str(kept)!r}\n"
        "import os; size = os.path.getsize(full) + 100\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try: found.steps\n"
        "except mx.PolicyError as error: print(error)"
    )
    pytest.importorskip("resource", reason="only where the size of a file can be limited")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.endswith("Give a journal that can be written\n")
    assert mx.audit(cwd=releases, journal=kept).steps == mx.audit(cwd=releases).steps
    good = [line for line in kept.read_bytes().splitlines() if line.endswith(b"}")]
    assert len(good) == 3, "the first was not done again"


def test_two_audits_may_keep_one_journal(releases: Path, tmp_path: Path) -> None:
    kept, wanted = tmp_path / "kept", mx.audit(cwd=releases).steps
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: mx.audit(cwd=releases, journal=kept).steps, range(2)))
    assert both == [wanted, wanted]
    assert all(json.loads(line)["new"] for line in kept.read_bytes().splitlines())
    before = kept.read_bytes()
    assert mx.audit(cwd=releases, journal=kept).steps == wanted
    assert kept.read_bytes() == before, "all was known"


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_who_stops_an_audit_leaves_no_worker_and_a_journal_that_goes_on(releases: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    long = tmp_path / "long"
    git(tmp_path, "clone", "-q", str(releases), "long")
    trees = [git(long, "rev-parse", f"HEAD~{n}^{{tree}}") for n in range(4)]
    at = git(long, "rev-parse", "HEAD")
    for n in range(50):
        at = git(long, "commit-tree", trees[(n + 1) % 4], "-p", at, "-m", f"{n}")
    command = [sys.executable, "-m", "mx_changeclass", "audit", at, "--jobs", "2", "--journal", str(kept)]
    running = subprocess.Popen(
        command,
        cwd=long,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not kept.exists() or not kept.stat().st_size:
        assert running.poll() is None
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    out, error = running.communicate(timeout=60)
    assert (running.returncode, out, error.strip()) == (130, b"", b"mx-changeclass: stopped. Run it again")
    end = time.monotonic() + 30  # the keeper of what they share goes last
    while _lives(running.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(running.pid)
    done = len(kept.read_bytes().splitlines())
    assert 0 < done < 53
    assert len(mx.audit(at, cwd=long, journal=kept).steps) == 53
    assert len(kept.read_bytes().splitlines()) == 53


def test_a_history_that_begins_unread_begins_where_it_can_be_read(tmp_path: Path) -> None:
    made = History(tmp_path / "repository")
    (made.at / PROJECT).mkdir(parents=True)
    made.put("broken", **{"apps__field__Field.mpr": "no database"})
    made.put("first", "v1")
    made.put("story", "v2")
    (step,) = mx.audit(path=PROJECT, cwd=made.at)
    assert told(made, [step]) == WANTED[:1]
    assert len(step.skipped) == 1


def test_an_app_is_called_by_its_path_or_at_the_top_by_its_file(project: History, releases: Path) -> None:
    assert mx.audit(path=PROJECT, cwd=project.at, limit=0).label == PROJECT
    assert mx.audit(cwd=releases, limit=0).label == "FieldService.mpr"


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
    steps.close()
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


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return field_service(tmp_path_factory.mktemp("story") / "field")


def subjects(steps: Iterable[Step]) -> list[str]:
    return [step.commit.subject.partition(" ")[0] for step in steps]


def test_a_step_says_who_did_what_and_when(releases: Path) -> None:
    last = mx.audit(cwd=releases).steps[-1].commit
    assert (last.author, last.date[:10], last.subject) == ("Ben", "2025-03-24", "Make measurements part of inspections")


def test_tags_are_the_releases(releases: Path) -> None:
    (step,) = mx.audit(cwd=releases, tags="v*")
    assert (step.name, step.old[:7], step.verdict.counts[ReleaseClass.OTA_SAFE]) == ("v1.1", "6288ee3", 1)
    assert step.verdict.release_class is ReleaseClass.NEEDS_REDEPLOY
    with pytest.raises(ReadError, match="no tag"):
        mx.audit(cwd=releases, tags="release-*")


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"revision": "v1.0..v1.1"}, ["Correct", "Round"]),
        ({"revision": "v1.1.."}, ["Make"]),
        ({"revision": "v1.1..v1.1"}, []),
        ({"revision": "v1.0..main", "tags": "v*"}, ["Round"]),
        ({"since": "2025-03-17"}, ["Round", "Make"]),
        ({"since": date(2025, 3, 11), "until": "2025-03-20"}, ["Round"]),
        ({"until": "2025-03-10"}, ["Correct"]),
        ({"since": "2026-01-01"}, []),
    ],
)
def test_a_part_of_a_history(asked: dict[str, Any], wanted: list[str], releases: Path) -> None:
    assert subjects(mx.audit(cwd=releases, **asked)) == wanted


@pytest.mark.parametrize("wrong", [{"revision": "v1.0...main"}, {"since": "soon"}, {"jobs": 2, "executor": Executor()}])
def test_what_cannot_be_asked_of_a_history(wrong: dict[str, Any], releases: Path) -> None:
    with pytest.raises(mx.MxError):
        mx.audit(cwd=releases, **wrong)


def test_without_merges_each_commit_stands_beside_its_own_parent(project: History) -> None:
    steps = list(mx.audit(path=PROJECT, cwd=project.at, merges=False))
    pairs = {(project.named[s.old], project.named[s.new]) for s in steps}
    # of a merge nothing is told, of both commits of its branch everything; "broken" cannot be read
    assert pairs == {("beside", "story"), ("story", "back"), ("back", "half"), ("half", "whole")}


def test_a_clone_that_is_cut_off_is_told(releases: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{releases}", "cut")
    with pytest.raises(ReadError, match="fetch --unshallow"):
        mx.audit(cwd=tmp_path / "cut")
    assert subjects(mx.audit(cwd=tmp_path / "cut", limit=1)) == ["Make"], "as far as it goes it can be audited"


def test_an_audit_can_be_asked_again_and_from_several_sides(releases: Path) -> None:
    found = mx.audit(cwd=releases)
    first, second = iter(found), iter(found)
    assert next(first) is next(second) is next(iter(found))
    assert len(found.steps) == found.total == 3
    assert list(first) == list(second) == list(found.steps[1:])


def test_a_journal_is_where_a_later_audit_begins(releases: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.journal"
    wanted = mx.audit(cwd=releases).steps
    next(iter(mx.audit(cwd=releases, journal=file)))
    assert len(file.read_bytes().splitlines()) == 1
    file.write_bytes(file.read_bytes() + b'{"under": "cut')  # a machine that stopped
    assert mx.audit(cwd=releases, journal=file).steps == wanted
    lines = file.read_bytes().splitlines()
    assert len(lines) == 4, "what was known was not done again"
    assert mx.audit(cwd=releases, journal=file).steps == wanted
    assert file.read_bytes().splitlines() == lines
    mx.audit(cwd=releases, journal=file, policy=mx.Policy(blocked_is_loss=True)).steps  # noqa: B018
    assert len(file.read_bytes().splitlines()) == 7, "another policy may give another verdict"


def test_a_journal_keeps_what_could_not_be_read(project: History, tmp_path: Path) -> None:
    first, again = (mx.audit(path=PROJECT, cwd=project.at, journal=tmp_path / "kept").steps for _ in range(2))
    assert [(s.old, s.new, s.verdict, list(map(str, s.skipped))) for s in first] == [
        (s.old, s.new, s.verdict, list(map(str, s.skipped))) for s in again
    ]


def test_a_journal_that_cannot_be_written_is_told(releases: Path, tmp_path: Path) -> None:
    with pytest.raises(mx.PolicyError, match="Give a journal that can be written"):
        mx.audit(cwd=releases, journal=tmp_path)


class Dying(Executor):
    """Processes of which one is killed at its first task."""

    def __init__(self) -> None:
        self.pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self.killed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not self.killed:
            self.killed = True
            return self.pool.submit(os._exit, 9)
        return self.pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.pool.shutdown(wait, cancel_futures=cancel_futures)


def test_what_a_worker_that_is_killed_leaves_undone_is_done_again(releases: Path) -> None:
    with Dying() as dying:
        assert mx.audit(cwd=releases, executor=dying).steps == mx.audit(cwd=releases).steps


def test_jobs_are_processes_of_the_audit_itself(releases: Path) -> None:
    assert mx.audit(cwd=releases, jobs=2).steps == mx.audit(cwd=releases).steps
