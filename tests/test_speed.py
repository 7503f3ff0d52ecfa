"""What a command loads and starts, and what it decodes. How long it takes is shown by ``benchmarks/ratio.py``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mx_changeclass import read
from mx_changeclass.graphs.app import App
from tests.builders.histories import History

ROOT = Path(__file__).parent.parent
V1, V2 = ROOT / "fixtures" / "readers" / "v1.mpr", ROOT / "fixtures" / "readers" / "v2" / "Field.mpr"

# A bare model needs none of these: each costs milliseconds at every commit.
HEAVY = (
    "bz2",
    "deepdiff",
    "difflib",
    "jinja2",
    "lxml",
    "networkx",
    "pandas",
    "plistlib",
    "tempfile",
    "tomlkit",
    "tomllib",
    "zipfile",
    "mx_changeclass.findings.fleet",
    "mx_changeclass.readers.git",
    "mx_changeclass.readers.side_files.file_rows",
    "mx_changeclass.readers.xml",
)
# What does a command's work: no arguments are read with it.
WORKING = (
    "bson",
    "lxml",
    "sqlite3",
    *(f"mx_changeclass.{part}" for part in ("changes", "findings", "graphs", "pipeline", "readers", "rules")),
)
# Prints what is loaded in the end, whatever was printed before.
LOADED = "import atexit, sys; atexit.register(lambda: print('\\n', *sys.modules, file=sys.__stdout__))\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As an installed package runs: compiled to byte code."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled")), "PYTHONPATH": str(ROOT)}


def _output(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    return done.stdout


def test_a_comparison_of_bare_models_loads_nothing_that_it_does_not_use(environment: dict[str, str]) -> None:
    told = _output(
        "import sys; from mx_changeclass import compare, render\n"
        f"for old in ('none', {str(V1)!r}): render(compare(old, {str(V2)!r}), 'json')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])",
        environment,
    )
    assert told.strip() == "[]"


@pytest.mark.parametrize("arguments", ["--help", "diff --help", "plan --help", "diff one", "no-command", "--version"])
def test_arguments_are_read_without_what_does_the_work(arguments: str, environment: dict[str, str]) -> None:
    told = _output(
        f"{LOADED}sys.argv = ['mx-changeclass', *{arguments.split()!r}]\n"
        "from mx_changeclass.cli import cli\n"
        "try: cli()\n"
        "except SystemExit: pass",
        environment,
    )
    loaded = told.rpartition("\n ")[2].split()
    assert "mx_changeclass.console.frame" in loaded
    assert set(WORKING).isdisjoint(loaded)


EVERY_MODULE = """
import importlib, pkgutil, re, mx_changeclass
from mx_changeclass.regex import regex
names = [m.name for m in pkgutil.walk_packages(mx_changeclass.__path__, "mx_changeclass.")]
modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
def held(value):
    return value if isinstance(value, (list, tuple)) else value.values() if isinstance(value, dict) else (value,)
values = [(m.__name__, name, each) for m in modules for name, value in vars(m).items() for each in held(value)]
"""


def test_no_expression_is_compiled_before_it_is_used_and_each_can_be(environment: dict[str, str]) -> None:
    told = _output(
        f"{EVERY_MODULE}\n"
        "own = [(at, name, each) for at, name, each in values if isinstance(each, regex)]\n"
        "early = [(at, name) for at, name, each in values if isinstance(each, re.Pattern)]\n"
        "print(early + [(at, name) for at, name, each in own if len(vars(each)) > 1])\n"
        "print(sum(each.groups >= 0 for *_, each in own) > 50)",
        environment,
    )
    versions_of_rules = ("mx_changeclass.model.versions", "_VERSION")
    assert told.split("\n") == [f"[{versions_of_rules}]", "True", ""]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("sides", [("HEAD~1", "HEAD"), ("HEAD", ":")])
def test_a_process_of_git_answers_more_than_one_question(
    sides: tuple[str, str], tmp_path: Path, environment: dict[str, str]
) -> None:
    """One tells where the repository is, one for each side its files, one for each its tree and its contents."""
    history = History(tmp_path / "repository")
    history.put("one", "v1")
    history.put("two", "v2")
    history.put("three", "v1")
    trace = tmp_path / "trace"
    told = _output(
        f"import os, mx_changeclass as mx; os.chdir({str(tmp_path / 'repository' / 'apps' / 'field')!r})\n"
        f"print(mx.compare(*{sides!r}).release_class)",
        {**environment, "GIT_TRACE": str(trace)},
    )
    assert told.strip() == ("OTA_SAFE" if sides == ("HEAD", ":") else "DESTRUCTIVE")
    built_in = (line.partition("built-in: git ")[2] for line in trace.read_text().splitlines())
    asked = sorted(line.split()[0] for line in built_in if line)
    listed = ["ls-tree", "ls-tree"] if sides == ("HEAD~1", "HEAD") else ["ls-files", "ls-tree"]
    assert asked == sorted(["rev-parse", "cat-file", "cat-file", *listed])


def test_what_did_not_change_is_decoded_once_for_both_sides() -> None:
    old, new = read(V2), read(V2)
    App.pair(old, new)
    assert all(new.rows(unit_id) is old.rows(unit_id) for unit_id, unit in old.units.items() if not unit.missing)
