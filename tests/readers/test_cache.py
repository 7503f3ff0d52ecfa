"""Facts on disk change how long a comparison takes, and nothing else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import mx_changeclass as mx
from mx_changeclass.graphs.references import KNOWN
from mx_changeclass.model.snapshot import Rows
from mx_changeclass.readers import cache as kept
from mx_changeclass.readers.git import Objects
from mx_changeclass.readers.side_files.file_rows import side_rows
from tests.builders.histories import field_service, git
from tests.corpus import real_pair
from tests.readers.test_secrets import forms

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with files beside the model, one of which changes; the process knows nothing and stands in it."""
    folder = field_service(tmp_path / "app")
    for number in (1, 2):
        (folder / "javascriptsource" / "m" / "actions").mkdir(parents=True, exist_ok=True)
        (folder / "javascriptsource" / "m" / "actions" / "Go.js").write_text(
            f"// BEGIN USER CODE\nreturn {number};\n// END USER CODE\n"
        )
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"action {number}")
    monkeypatch.chdir(folder)
    KNOWN.forget()
    return folder


def judged(old: str | Path, new: str | Path, folder: Path | None = None) -> str:
    """The report, by a process that remembers nothing; with the facts of a folder where one is named."""
    KNOWN.forget()
    if folder is None:
        return mx.render(mx.compare(old, new), "json")
    with mx.cache(folder):
        return mx.render(mx.compare(old, new), "json")


def file_of(folder: Path) -> Path:
    (found,) = folder.glob("facts-*.sqlite")
    return found


def damaged_pages(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for at in range(4096, len(content), 97):
        content[at] ^= 0x55
    file.write_bytes(content)


def damaged_facts(file: Path) -> None:
    """Other facts under the keys, as no page of SQLite shows it."""
    with sqlite3.connect(file) as connection:
        facts = connection.execute("select kind, key, fact from fact order by kind, key").fetchall()
        for (kind, key, _), (_, _, other) in zip(facts, facts[1:] + facts[:1], strict=True):
            connection.execute("update fact set fact = ? where kind = ? and key = ?", (other, kind, key))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def no_database(file: Path) -> None:
    file.write_bytes(b"nothing that anybody wrote" * 99)


def other_table(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("create table fact (name text)")


def endless_view(file: Path) -> None:
    file.unlink()
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select 'unit' kind, i key from n"
    with sqlite3.connect(file) as connection:
        connection.execute(f"create view fact as {endless}")


def no_text(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("update fact set fact = cast(x'ff41' as text)")


def held(file: Path) -> None:
    """Somebody writes to it for longer than anybody waits."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("begin exclusive")
    HELD.append(connection)


HELD: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    "spoil", [None, damaged_pages, damaged_facts, cut, no_database, other_table, endless_view, no_text, held]
)
def test_reports_are_the_same_with_facts_of_every_kind(
    app: Path, tmp_path: Path, spoil: Callable[[Path], None] | None
) -> None:
    cases = [("HEAD~2", "HEAD"), ("HEAD~3", ":"), ("v1.0", str(app))]
    plain = [judged(*case) for case in cases]
    folder = tmp_path / "facts"
    assert [judged(*case, folder) for case in cases] == plain  # empty at first
    if spoil is not None:
        spoil(file_of(folder))
    try:
        assert [judged(*case, folder) for case in cases] == plain
        assert [judged(*case, folder) for case in cases] == plain
    finally:
        while HELD:
            HELD.pop().close()


@pytest.mark.parametrize("pair_id", ["Native-Mobile-Resources-022", "SIGARA-001"])
def test_reports_on_real_apps_are_the_same(pair_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = real_pair(pair_id)
    repository = tmp_path / "app"
    repository.mkdir()
    git(repository, "init", "-q")
    for side in (old, new):
        git(repository, "rm", "-rqf", "--ignore-unmatch", ".")
        shutil.copytree(side, repository, dirs_exist_ok=True)
        git(repository, "add", "-Af")
        git(repository, "commit", "-qm", side.name)
    monkeypatch.chdir(repository)
    plain, committed = judged(old, new), judged("HEAD~1", "HEAD")
    for _ in range(2):
        assert judged(old, new, tmp_path / "facts") == plain
        assert judged("HEAD~1", "HEAD", tmp_path / "facts") == committed


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The objects whose content git is asked for."""
    asked: list[str] = []
    content = Objects.content

    def told(self: Objects, oid: str) -> bytes | None:
        asked.append(oid)
        return content(self, oid)

    monkeypatch.setattr(Objects, "content", told)
    return asked


def test_what_did_not_change_is_not_read_again(app: Path, tmp_path: Path, fetched: list[str]) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    cold = len(fetched)
    fetched.clear()
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    listed = git(app, "ls-tree", "-r", "HEAD", "mprcontents").count("\n") + 1
    assert cold > listed
    assert len(fetched) < listed / 2  # the models, what changed, domain models


def test_what_changed_since_is_seen(app: Path, tmp_path: Path) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    action = app / "javascriptsource" / "m" / "actions" / "Go.js"
    action.write_text(action.read_text().replace("return 2", "return 3"))
    git(app, "add", "-A")
    assert judged("HEAD", ":", tmp_path / "facts") == judged("HEAD", ":") != judged("HEAD~1", "HEAD")


def test_a_file_that_changed_while_it_was_read_is_not_kept(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its rows would stand for the content it had before, for good."""
    action = app / "javascriptsource" / "m" / "actions" / "Go.js"
    sound = action.read_text()

    def late(*given: Any) -> Rows:
        action.write_text(sound.replace("return 2", 'import "x"; return 9'))
        return side_rows(*given)

    with monkeypatch.context() as during:
        during.setattr("mx_changeclass.readers.side_files.collect.side_rows", late)
        judged("HEAD~1", app, tmp_path / "facts")
    action.write_text(sound)
    assert judged("HEAD~1", app, tmp_path / "facts") == judged("HEAD~1", app)


def test_what_is_not_in_this_clone_is_told_whoever_had_it(app: Path, tmp_path: Path) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    oid = git(app, "ls-tree", "-r", "HEAD", "mprcontents").split("\n")[5].split()[2]
    (app / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    told = judged("HEAD~1", "HEAD", tmp_path / "facts")
    assert told == judged("HEAD~1", "HEAD")
    assert not mx.compare("HEAD~1", "HEAD").decided


def test_no_secret_is_kept(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for before, after in zip(forms(old, "one"), forms(new, "two"), strict=True):
        judged(before, after, tmp_path / "facts")
    content = file_of(tmp_path / "facts").read_bytes()
    assert len(content) > 10_000
    assert b"hunter2" not in content


def test_only_the_user_can_read_the_file(app: Path, tmp_path: Path) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    assert (tmp_path / "facts").stat().st_mode & 0o777 == 0o700
    assert file_of(tmp_path / "facts").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_write_to_is_not_used(app: Path, tmp_path: Path) -> None:
    plain, open_, link = judged("HEAD~1", "HEAD"), tmp_path / "open", tmp_path / "link"
    open_.mkdir()
    open_.chmod(0o777)
    (tmp_path / "elsewhere").mkdir(0o700)
    link.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").touch()
    for folder in (open_, link, tmp_path / "file" / "facts"):
        assert judged("HEAD~1", "HEAD", folder) == plain
        assert not folder.is_dir() or not list(folder.iterdir())


def test_a_link_in_the_place_of_the_file_is_not_followed(app: Path, tmp_path: Path) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    file, other = file_of(tmp_path / "facts"), tmp_path / "other"
    file.unlink()
    file.symlink_to(other)
    assert judged("HEAD~1", "HEAD", tmp_path / "facts") == judged("HEAD~1", "HEAD")
    assert not other.exists()


def test_it_stays_within_bounds_and_what_was_used_last_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 1 << 20)
    monkeypatch.setattr(kept, "_LEFT", 3 << 18)
    for day in range(20):
        monkeypatch.setattr("time.time", lambda day=day: day * 24 * 60 * 60.0)
        facts = kept.Cache(tmp_path / "facts")
        if day == 0:
            facts.put("rows", "of all days", ["x"])
        else:
            assert facts.get("rows", "of all days") == ["x"]
        facts.put("rows", f"of day {day}", ["y" * 100_000])
        facts.close()
    assert file_of(tmp_path / "facts").stat().st_size < 1 << 20
    facts = kept.Cache(tmp_path / "facts")
    assert facts.get("rows", "of day 19") is not None
    assert facts.get("rows", "of day 1") is None


def test_files_of_former_versions_go_when_nobody_used_them_for_weeks(tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    folder.mkdir(0o700)
    names = ("facts-0.0.1-0123456789abcdef.sqlite", "facts-0.0.2-0123456789abcdef.sqlite", "facts-2024.sqlite")
    old, recent, of_others = (folder / name for name in names)
    for file in (old, recent, of_others):
        file.write_bytes(b"")
    for file in (old, of_others):
        os.utime(file, (0, 0))
    kept.Cache(folder).close()
    assert not old.exists()
    assert recent.exists()
    assert of_others.exists()


@pytest.mark.parametrize("spoil", [no_text, other_table, no_database, endless_view])
def test_a_file_that_is_none_of_ours_is_made_anew(app: Path, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    judged("HEAD~1", "HEAD", tmp_path / "facts")
    spoil(file_of(tmp_path / "facts"))
    for _ in range(2):  # one removes it, the next fills it
        judged("HEAD~1", "HEAD", tmp_path / "facts")
    with sqlite3.connect(file_of(tmp_path / "facts")) as connection:
        assert connection.execute("select count(*) from fact where kind = 'unit'").fetchone()[0] > 10


def test_no_facts_are_taken_from_the_checkout_that_is_judged(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change could bring them."""
    for folder in (app / ".cache", Path(".cache")):
        with pytest.raises(mx.PolicyError, match="lies in the checkout"):
            judged("HEAD~1", "HEAD", folder)
    refused = command("HEAD~1", "HEAD", cwd=app, **{kept.SWITCH: ".cache"})
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"mx-changeclass: {kept.SWITCH}=.cache: lies in the checkout")
    monkeypatch.setenv("XDG_CACHE_HOME", str(app / ".cache"))
    monkeypatch.delenv(kept.SWITCH, raising=False)
    with mx.cache():
        assert not kept.is_open()
    assert not (app / ".cache").exists()


@pytest.mark.parametrize(
    ("value", "keeps"), [("0", False), ("none", False), ("1", True), (" on", True), ("~/facts", True)]
)
def test_the_switch_is_a_word_or_a_folder(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, keeps: bool
) -> None:
    monkeypatch.setenv(kept.SWITCH, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with mx.cache():
        assert kept.is_open() is keeps
    told = [path.parent.name for path in (tmp_path / "home").rglob("facts-*")]
    assert told == ([] if not keeps else ["facts"] if "/" in value else ["mx-changeclass"])


def test_the_last_report_is_kept_in_a_folder_of_ours_only(app: Path, tmp_path: Path) -> None:
    folder = tmp_path / "open" / "mx-changeclass"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    command("HEAD~1", "HEAD", cwd=app, XDG_CACHE_HOME=str(tmp_path / "open"))
    assert not list(folder.iterdir())


def command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {k: v for k, v in os.environ.items() if k not in ("XDG_CACHE_HOME", kept.SWITCH)}
    return subprocess.run(
        [sys.executable, "-m", "mx_changeclass", "diff", "--format", "json", *arguments],
        cwd=cwd,
        env=known | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_keeps_facts_unless_it_is_told_not_to(app: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    plain = command("--no-cache", "HEAD~1", "HEAD", cwd=app, HOME=str(home))
    off = command("HEAD~1", "HEAD", cwd=app, HOME=str(home), **{kept.SWITCH: "0"})
    assert not list(home.rglob("facts-*"))
    usual = command("HEAD~1", "HEAD", cwd=app, HOME=str(home))
    assert file_of(home / ".cache" / "mx-changeclass")
    named = command("HEAD~1", "HEAD", cwd=app, HOME=str(home), **{kept.SWITCH: str(tmp_path / "named")})
    assert file_of(tmp_path / "named")
    assert {each.stdout for each in (plain, off, usual, named)} == {plain.stdout}
    assert plain.stderr == usual.stderr == ""


def test_a_machine_without_a_home_goes_without(app: Path) -> None:
    told = command("HEAD~1", "HEAD", cwd=app, HOME="/dev/null")
    assert (told.returncode, told.stderr) == (0, "")


def test_many_may_use_it_at_once(app: Path, tmp_path: Path) -> None:
    plain = judged("HEAD~1", "HEAD")
    with ThreadPoolExecutor(6) as pool:
        several = pool.map(
            lambda _: command("HEAD~1", "HEAD", cwd=app, HOME=str(tmp_path), **{kept.SWITCH: str(tmp_path / "facts")}),
            range(6),
        )
        assert {told.stdout for told in several} == {plain}


def test_a_thread_serves_itself_of_the_same_facts(app: Path, tmp_path: Path) -> None:
    plain = judged("HEAD~1", "HEAD")
    with mx.cache(tmp_path / "facts"), ThreadPoolExecutor(4) as pool:
        told = pool.map(lambda _: mx.render(mx.compare("HEAD~1", "HEAD"), "json"), range(8))
        assert set(told) == {plain}
