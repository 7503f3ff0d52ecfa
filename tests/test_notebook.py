"""The notebook that the documentation shows runs as it is kept, and shows what it says."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
READ: Any = nbformat.read  # it bears no types
NOTEBOOK = ROOT / "docs" / "notebooks" / "audit-a-release.ipynb"


@cache
def run() -> list[Any]:
    """The cells that hold code, after each was run in a new kernel of this interpreter."""
    notebook = READ(NOTEBOOK, as_version=4)
    place = {"metadata": {"path": NOTEBOOK.parent}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place)
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(source: str, kind: str) -> str:
    """What the cell with this line shows, as a kind of text."""
    (cell,) = (cell for cell in run() if source in cell.source.splitlines())
    return "".join(out.get("data", {}).get(kind, "") or out.get("text", "") for out in cell.outputs)


def test_it_is_kept_without_outputs_and_places_of_a_machine() -> None:
    kept = READ(NOTEBOOK, as_version=4)
    nbformat.validate(kept)
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []
    assert not re.search(r"/(home|root|Users|tmp|work)/", NOTEBOOK.read_text(encoding="utf-8"))


def test_the_verdict_is_shown_as_a_page_and_told_in_a_line() -> None:
    assert shown("verdict", "text/html").count("<iframe ") == 1
    assert re.fullmatch(r"<Verdict DESTRUCTIVE: .*>", shown("verdict", "text/plain"))


def test_tables_hold_what_the_fixtures_change() -> None:
    assert "Service.Measurement_Inspection" in shown("findings = verdict.to_frame()", "text/html")
    rows = shown("    for synced in profile.entities:", "text/plain")
    assert re.search(r"^NativePhone: Service\.Inspection \(.*\) by NativePhone > ", rows, re.MULTILINE)


def test_the_history_ends_in_the_release_that_costs_data() -> None:
    cell = '    audit = mx.audit("HEAD", cwd=field_service(Path(folder)))'
    classes = re.findall(r"<td>([A-Z_]{8,})</td>", shown(cell, "text/html"))
    assert classes == ["OTA_SAFE", "NEEDS_REDEPLOY", "DESTRUCTIVE"]
    assert shown("audit", "text/html").count("<iframe ") == 1
    assert shown("audit", "text/plain") == "<Audit 'FieldService.mpr': 3 of 3 steps>"
    by_module = shown('history = audit.to_frame(by="change")', "text/html")
    assert {"Office", "Service"} <= set(re.findall(r"<th>(\w+)</th>", by_module))


def test_a_policy_changes_what_it_says() -> None:
    said = shown('print(verdict.channel, "becomes", stated.channel)', "text/plain")
    assert said == "NEEDS_REDEPLOY becomes FULL_RELEASE\n"
