"""What a command loads, and what it decodes. How long it takes is shown by ``benchmarks/ratio.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mx_changeclass import read
from mx_changeclass.graphs.app import App

ROOT = Path(__file__).parent.parent
V1, V2 = ROOT / "fixtures" / "readers" / "v1.mpr", ROOT / "fixtures" / "readers" / "v2" / "Field.mpr"

# A bare model needs none of these: each costs milliseconds at every commit.
HEAVY = (
    "deepdiff",
    "jinja2",
    "lxml",
    "networkx",
    "pandas",
    "plistlib",
    "tempfile",
    "tomlkit",
    "zipfile",
    "mx_changeclass.readers.git",
    "mx_changeclass.readers.side_files.file_rows",
    "mx_changeclass.readers.xml",
)


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


def test_what_did_not_change_is_decoded_once_for_both_sides() -> None:
    old, new = read(V2), read(V2)
    App.pair(old, new)
    assert all(new.rows(unit_id) is old.rows(unit_id) for unit_id, unit in old.units.items() if not unit.missing)
