"""A history in git: each commit that touched the project, in order, on any executor."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

import mx_changeclass as mx
from mx_changeclass import ReadError, ReleaseClass
from mx_changeclass.cli import cli
from mx_changeclass.errors import BrokenContainer
from mx_changeclass.findings.steps import Step
from mx_changeclass.reports import FORMATS
from mx_changeclass.rules import catalogue
from tests.builders.build import write_v2
from tests.builders.deadly import CALM, DEADLY, FAULTY, deadly_history
from tests.builders.histories import PROJECT, STORY, History, field_service, git

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


STEPS = 40


@pytest.fixture(scope="module")
def long(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story over and over."""
    at = tmp_path_factory.mktemp("long") / "long"
    git(at.parent, "clone", "-q", str(releases), "long")
    trees = [git(at, "rev-parse", f"HEAD~{n}^{{tree}}") for n in range(4)]
    commit = git(at, "rev-parse", "HEAD")
    for n in range(STEPS - 3):
        commit = git(at, "commit-tree", trees[(n + 1) % 4], "-p", commit, "-m", f"{n}")
    git(at, "update-ref", "refs/heads/main", commit)
    return at


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize(
    ("apps", "jobs", "send", "number", "code"),
    [
        (0, 1, "killpg", "SIGINT", 130),  # as a terminal does
        (0, 2, "killpg", "SIGINT", 130),
        (3, 1, "kill", "SIGINT", 130),
        (3, 2, "kill", "SIGINT", 130),
        (0, 2, "kill", "SIGTERM", 143),
        (3, 1, "kill", "SIGTERM", 143),
        (3, 2, "kill", "SIGKILL", -9),
    ],
)
def test_who_stops_an_audit_leaves_no_process_and_a_journal_that_goes_on(
    apps: int, jobs: int, send: str, number: str, code: int, long: Path, tmp_path: Path
) -> None:
    kept, listed = tmp_path / "kept", tmp_path / "apps.toml"
    tables = (f'[[app]]\nname = "{n}"\nrepository = "{long}"\nlimit = {STEPS - n}\n' for n in range(apps))
    listed.write_text("".join(tables))
    asked = ["--journal", str(kept), "--jobs", str(jobs), *(["--portfolio", str(listed)] if apps else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "mx_changeclass", "audit", *asked],
        cwd=long,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        while not kept.exists() or not kept.stat().st_size:
            assert running.poll() is None
            time.sleep(0.02)
        getattr(os, send)(running.pid, getattr(signal, number))
        out, error = running.communicate(timeout=60)  # it waits for whoever may still write
    assert (running.returncode, out) == (code, b"")
    if number != "SIGKILL":
        assert error.strip() == b"mx-changeclass: stopped. Run it again; it goes on from the journal"
    end = time.monotonic() + 30  # the keeper of what they share goes last
    while _lives(running.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(running.pid)
    before = kept.read_bytes().splitlines()
    assert before
    found = mx.portfolio(listed, journal=kept)["0"] if apps else mx.audit(cwd=long, journal=kept)
    assert len(found.steps) == STEPS
    after = kept.read_bytes().splitlines()
    assert after[: len(before)] == before
    known, all_known = ({(told["old"], told["new"]) for told in map(json.loads, lines)} for lines in (before, after))
    assert len(known) < STEPS == len(all_known), "it was stopped on its way"
    assert len(after) - len(before) == STEPS - len(known), "what was known was not done again"


def test_a_history_that_begins_unread_begins_where_it_can_be_read(tmp_path: Path) -> None:
    made = History(tmp_path / "repository")
    (made.at / PROJECT).mkdir(parents=True)
    made.put("broken", **{"apps__field__Field.mpr": "no database"})
    made.put("first", "v1")
    made.put("story", "v2")
    (step,) = mx.audit(path=PROJECT, cwd=made.at)
    assert told(made, [step]) == WANTED[:1]
    assert len(step.skipped) == 1


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Of five commits the last and the second can be read; one of the others has no project at all."""
    made = History(tmp_path_factory.mktemp("gaps") / "repository")
    broken = {"apps__field__Field.mpr": "no database"}
    (made.at / PROJECT).mkdir(parents=True)
    made.put("broken", **broken)
    made.put("good", "v1")
    git(made.at, "rm", "-rq", PROJECT)
    (made.at / PROJECT).mkdir(parents=True)
    made.put("empty", apps__field__notes="none")
    made.put("worse", **{"apps__field__Field.mpr": "no database either"})
    made.put("last", "v2")
    return made


@pytest.mark.parametrize(
    "asked", [{"limit": 1}, {"limit": 2}, {"revision": "HEAD~1..HEAD"}, {"limit": 1, "merges": False}, {}]
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_part_begins_with_is_compared_with_the_last_before_it_that_can_be_read(
    asked: dict[str, Any], jobs: int, gaps: History, tmp_path: Path
) -> None:
    kept, sizes = tmp_path / "kept", list[int]()
    for _ in range(2):
        steps = mx.audit(path=PROJECT, cwd=gaps.at, jobs=jobs, journal=kept, **asked).steps
        assert told(gaps, list(steps)) == [("good", "last", "DESTRUCTIVE")]
        sizes.append(kept.stat().st_size)
    assert sizes[0] == sizes[1], "what was known was not done again"
    (part,) = steps
    (again,), (whole,) = (mx.audit(path=PROJECT, cwd=gaps.at, journal=file).steps for file in (kept, None))
    assert part.verdict == again.verdict == whole.verdict
    wanted = list(map(str, whole.skipped))
    assert list(map(str, again.skipped)) == wanted
    assert list(map(str, part.skipped)) == (wanted if not asked else wanted[1:]), "of those since the base"


def test_a_part_that_nothing_readable_stands_before_says_so(gaps: History) -> None:
    with pytest.raises(ReadError, match=r"SQLite.*has nothing to be compared with"):
        _ = mx.audit("HEAD~3", PROJECT, cwd=gaps.at, limit=1).steps


def test_a_clone_that_lacks_what_the_first_step_is_compared_with_is_told(gaps: History, tmp_path: Path) -> None:
    made = tmp_path / "cut"
    git(tmp_path, "clone", "-q", str(gaps.at), "more")
    (tmp_path / "more" / PROJECT / "notes").write_text("more")
    git(tmp_path / "more", "add", "-A")
    git(tmp_path / "more", "commit", "-qm", "more")
    git(tmp_path, "clone", "-q", "--depth", "3", f"file://{tmp_path / 'more'}", "cut")
    assert len(mx.audit(path=PROJECT, cwd=made, limit=1).steps) == 1
    with pytest.raises(ReadError, match="fetch --unshallow"):  # else nobody is told of what "last" destroys
        _ = mx.audit(path=PROJECT, cwd=made, limit=2).steps


def test_tags_go_further_back_by_tags(gaps: History) -> None:
    for name, commit in {"v1": "good", "v2": "worse", "v3": "last"}.items():
        git(gaps.at, "tag", name, next(id for id, known in gaps.named.items() if known == commit))
    steps = mx.audit(path=PROJECT, cwd=gaps.at, tags="v*", limit=1).steps
    assert told(gaps, list(steps)) == [("good", "last", "DESTRUCTIVE")]


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


class Held(Executor):
    """Does the first piece of work once so many others are in the journal."""

    def __init__(self, kept: Path, others: int) -> None:
        self.kept, self.others = kept, others
        self.first: Future[Any] | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.first is None:
            self.first = future
            Thread(target=self._wait, args=(fn, args), daemon=True).start()
        else:
            Thread(target=lambda: future.set_result(fn(*args, **kwargs)), daemon=True).start()
        return future

    def _wait(self, fn: Callable[..., Any], args: Any) -> None:
        end = time.monotonic() + 60
        while len(self.kept.read_bytes().splitlines()) < self.others and time.monotonic() < end:
            time.sleep(0.02)
        self.lines = self.kept.read_bytes().splitlines()
        assert self.first is not None
        self.first.set_result(fn(*args))


def test_a_journal_keeps_what_is_done_before_its_turn(releases: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    executor = Held(kept, 2)
    steps = mx.audit(cwd=releases, executor=executor, ahead=3, journal=kept).steps
    assert steps == mx.audit(cwd=releases).steps
    pairs = [(told["old"], told["new"]) for told in map(json.loads, kept.read_bytes().splitlines())]
    assert len(executor.lines) == 2, "the first was not waited for"
    assert sorted(pairs[:2]) == sorted((s.old, s.new) for s in steps[1:])
    assert pairs[2:] == [(steps[0].old, steps[0].new)]


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


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"jobs": 0}, "'jobs' cannot be 0"),
        ({"jobs": "2"}, "'jobs' cannot be '2'"),
        ({"jobs": True}, "'jobs' cannot be True"),
        ({"limit": -1}, "'limit' cannot be -1"),
        ({"limit": 0.0}, "'limit' cannot be 0.0"),
        ({"ahead": 0}, "'ahead' cannot be 0"),
        ({"since": "2025-03-18", "until": date(2025, 3, 17)}, "'since' 2025-03-18 is after 'until' 2025-03-17"),
    ],
)
def test_what_is_no_number_and_no_time_is_told(wrong: dict[str, Any], told: str, releases: Path) -> None:
    with pytest.raises(mx.PolicyError, match=told):
        mx.audit(cwd=releases, **wrong)


def test_a_portfolio_says_why_it_lacks_an_app(tmp_path: Path) -> None:
    listed = tmp_path / "apps.toml"
    listed.write_text('[[app]]\nname = "Gone"\nrepository = "nowhere"\n')
    apps = mx.portfolio(listed)
    with pytest.raises(KeyError, match=r"'Gone' could not be audited: .*nowhere: is no folder"):
        apps["Gone"]
    assert "Gone" not in apps
    with pytest.raises(mx.PolicyError, match="'jobs' cannot be 0"):
        mx.portfolio(listed, jobs=0)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (
            ["v1.1..v1.0"],
            0,
            "v1.1..v1.0 holds no commit to compare. A range leads from the older version to the newer one",
        ),
        (["--since", "2026-01-01"], 0, "no commit to compare is of those days"),
        (["--tags", "v1.0"], 0, "no commit with a tag like 'v1.0' has another one"),
        (["v1.0"], 0, "no commit that touched the project has another one"),
        (["--limit", "0"], 0, ""),
        (["--since", "2025-03-18", "--until", "2025-03-17"], 2, "no day lies between"),
        (["--all"], 2, "Add --format json"),
    ],
)
def test_who_asks_for_nothing_is_told(
    asked: list[str], code: int, said: str, releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(releases)
    done = CliRunner().invoke(cli, ["audit", *asked])
    assert (done.exit_code, done.stderr.count("\n")) == (code, bool(said))
    assert said in done.stderr


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


def test_a_line_that_was_cut_is_done_again(releases: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.journal"
    wanted = mx.audit(cwd=releases, journal=file).steps
    first, *rest = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first[:-50] + b"}\n" + b"".join(rest))
    assert mx.audit(cwd=releases, journal=file).steps == wanted
    assert len(file.read_bytes().splitlines()) == 4


def test_two_projects_of_one_repository_may_share_a_journal(tmp_path: Path) -> None:
    at = tmp_path / "both"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    for versions in (("v1", "v1"), ("v2", "v1")):
        for app, version in zip(("one", "other"), versions, strict=True):
            write_v2(mx.read(STORY / f"{version}.snapshot.xml"), at / app, name="App.mpr")
            (at / app / "theme").mkdir(exist_ok=True)
            (at / app / "theme" / f"{versions[0]}.txt").write_text("changed in each commit")
        git(at, "add", "-A")
        git(at, "commit", "-qm", versions[0])
    wanted = {app: mx.audit(path=app, cwd=at).steps for app in ("one", "other")}
    assert wanted["one"][0].verdict.release_class > wanted["other"][0].verdict.release_class
    for app, steps in wanted.items():
        assert mx.audit(path=app, cwd=at, journal=tmp_path / "kept").steps == steps


def test_a_journal_keeps_what_could_not_be_read(project: History, tmp_path: Path) -> None:
    first, again = (mx.audit(path=PROJECT, cwd=project.at, journal=tmp_path / "kept").steps for _ in range(2))
    assert [(s.old, s.new, s.verdict, list(map(str, s.skipped))) for s in first] == [
        (s.old, s.new, s.verdict, list(map(str, s.skipped))) for s in again
    ]


def test_a_journal_that_cannot_be_written_is_told(releases: Path, tmp_path: Path) -> None:
    with pytest.raises(mx.PolicyError, match="Give a journal that can be written"):
        mx.audit(cwd=releases, journal=tmp_path)
    with pytest.raises(mx.PolicyError, match="is no regular file"):
        mx.audit(cwd=releases, journal="/dev/zero")


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"{\n", b"\n", b"{"])
@pytest.mark.parametrize("portfolio", [False, True])
def test_a_file_that_is_no_journal_is_left_as_it_is(
    content: bytes, portfolio: bool, releases: Path, tmp_path: Path
) -> None:
    file, listed = tmp_path / "App.mpr", tmp_path / "apps.toml"
    file.write_bytes(content)
    listed.write_text(f'[[app]]\nname = "field"\nrepository = "{releases}"\n')
    with pytest.raises(mx.PolicyError, match="is no journal of an audit"):
        _ = mx.portfolio(listed, journal=file) if portfolio else mx.audit(cwd=releases, journal=file).steps
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("report", 5), ("report", {}), ("report", None), ("error", 5), ("error", ["a"]), ("base", ["x"]),
        ("unread", {"a": 1}), ("unread", None),
    ],
)  # fmt: skip
def test_a_line_of_a_journal_that_is_none_is_no_verdict(key: str, value: Any, releases: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.journal"
    mx.audit(cwd=releases, journal=file).steps  # noqa: B018
    first, *rest = map(json.loads, file.read_text().splitlines())
    if key == "error":
        first["report"] = None
    file.write_text("\n".join(map(json.dumps, [{**first, key: value}, *rest])) + "\n")
    with pytest.raises(mx.PolicyError, match="is damaged"):
        mx.audit(cwd=releases, journal=file).steps  # noqa: B018


@pytest.mark.parametrize("key", ["old", "new"])
def test_a_line_of_a_journal_without_its_pair_is_passed_over(key: str, releases: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.journal"
    wanted = mx.audit(cwd=releases, journal=file).steps
    first, *rest = map(json.loads, file.read_text().splitlines())
    file.write_text("\n".join(map(json.dumps, [{**first, key: [1]}, *rest])) + "\n")
    assert mx.audit(cwd=releases, journal=file).steps == wanted


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


@pytest.mark.parametrize(
    ("deadly", "judged", "unread", "renewed"),
    [
        ({2}, [(0, 1), (1, 3)], [], False),
        ({2}, [(0, 1), (1, 3)], [], True),
        ({0}, [(1, 2), (2, 3)], [], True),
        ({2, 3}, [(0, 1)], [2, 3], True),
    ],
)
def test_a_commit_that_ends_every_worker_is_told_and_holds_up_no_other(
    deadly: set[int], judged: list[tuple[int, int]], unread: list[int], renewed: bool, tmp_path: Path
) -> None:
    commits = deadly_history(tmp_path / "field", 4, deadly)
    kept = tmp_path / "kept"
    with _processes() as breaking:  # at the first of them, and for good
        shared: dict[str, Any] = {"jobs": 2} if renewed else {"executor": breaking}
        found = mx.audit(cwd=tmp_path / "field", policy=DEADLY, journal=kept, **shared)
        steps = found.steps
    assert [(commits.index(s.old), commits.index(s.new)) for s in steps] == judged
    told = [str(error) for s in steps for error in s.skipped] + [str(error) for error in found.unread]
    assert told == [
        f"{commits[n][:12]}: ended the process that compared it. Compare it with 'diff' to see why"
        for n in sorted(deadly)
    ]
    assert [commits.index(next(c for c in commits if c[:12] == str(e)[:12])) for e in found.unread] == unread
    for step in steps:
        old, new = (mx.read(commit, cwd=tmp_path / "field") for commit in (step.old, step.new))
        assert step.verdict.rows == mx.compare(old, new, CALM).rows
    known = {told["new"] for told in map(json.loads, kept.read_bytes().splitlines())}
    assert known == {s.new for s in steps}, "what may go well the next time is not kept"


def test_a_fault_of_the_program_is_told_at_its_step(tmp_path: Path) -> None:
    commits = deadly_history(tmp_path / "field", 6, {3})
    kept = tmp_path / "kept"
    for _ in range(2):  # it is not taken for what is known
        steps = mx.audit(cwd=tmp_path / "field", policy=FAULTY, journal=kept).steps
        assert [(commits.index(s.old), commits.index(s.new)) for s in steps] == [(0, 1), (1, 2), (2, 4), (4, 5)]
        (error,) = steps[2].skipped
        assert str(error).startswith(f"{commits[3][:12]}: a fault of the program at mx_changeclass.")
        assert "(ZeroDivisionError), not a verdict" in str(error)
    assert len(kept.read_bytes().splitlines()) == 4


def test_a_document_that_turns_out_to_be_damaged_is_told_at_its_step(releases: Path, tmp_path: Path) -> None:
    at = tmp_path / "field"
    git(tmp_path, "clone", "-q", str(releases), "field")
    home = next(u for u in mx.read(at).units.values() if u.name == "Home")
    content = (at / home.file).read_bytes()
    broken = content[:-24] + b"\xff" * 8 + content[-16:]  # within what it holds; it is what it says of itself before
    (at / home.file).write_bytes(broken)
    with closing(sqlite3.connect(at / "FieldService.mpr")) as connection, connection:
        stated = base64.b64encode(hashlib.sha256(broken).digest()).decode()
        key = uuid.UUID(home.id).bytes_le
        connection.execute("update Unit set ContentsHash = ? where UnitID = ?", (stated, key))
    git(at, "commit", "-qam", "damaged")
    git(at, "checkout", "-q", "v1.0", "--", ".")
    git(at, "commit", "-qm", "back")
    steps = mx.audit(cwd=at).steps
    assert subjects(steps) == ["Correct", "Round", "Make", "back"]
    (error,) = steps[-1].skipped
    assert "is damaged" in str(error)
    assert steps[-1].old == steps[-2].new
