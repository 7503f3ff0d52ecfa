"""The same input gives the same bytes: whatever the hash seed, locale, time zone, folder and order of files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mx_changeclass.reports import FORMATS
from tests.builders.build import write_v2
from tests.builders.specimen import READERS, SIDE, specimen

ROOT = Path(__file__).parent.parent
# Of one run each: what may differ from machine to machine.
MACHINES: tuple[dict[str, str], ...] = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata", "PYTHONUTF8": "1"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns", "COLUMNS": "40"},
    {"PYTHONHASHSEED": "77", "LC_ALL": "xx_XX", "TZ": "nonsense", "PYTHONIOENCODING": "ascii", "TERM": "dumb"},
)  # fmt: skip
_SCRIPT = """
import sys
from pathlib import Path
from mx_changeclass import compare, read, render
from mx_changeclass.readers.xml import write_xml
from mx_changeclass.reports import FORMATS
out = Path(sys.argv[1])
verdict = compare("old", "new")
for name in FORMATS:
    (out / name).write_text(render(verdict, name, everything=True), encoding="utf-8")
with (out / "export").open("wb") as file:
    write_xml(read("new"), file)
"""


def edited() -> list[dict[str, object]]:
    """The specimen with one of each: a value, a name, an element and a document changed, gone and new."""
    found = []
    for document in specimen():
        if document.get("name") == "Nightly":
            continue
        if document.get("name") == "Token":
            document = {**document, "defaultValue": "token-5", "exposedToClient": True}  # noqa: PLW2901
        if document.get("name") == "Home":
            document = {**document, "url": "start"}  # noqa: PLW2901
        found.append(document)
    return found


def lay(folder: Path, *, backwards: bool) -> None:
    """Both sides in a folder, their files made in one order or in the other."""
    for side, documents in (("old", specimen()), ("new", edited())):
        made = write_v2(documents, folder / f"{side}.made", side={**SIDE, "theme/web/é.css": side.encode()})
        for path in sorted((p for p in made.rglob("*") if p.is_file()), reverse=backwards):
            target = folder / side / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        shutil.rmtree(made)


def answers(folder: Path, machine: dict[str, str]) -> dict[str, bytes]:
    out = folder / "out"
    out.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **machine}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(out)],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_every_machine_gives_the_same_bytes(tmp_path: Path) -> None:
    found: list[dict[str, bytes]] = []
    for number, machine in enumerate(MACHINES):
        folder = tmp_path / ("a" if number % 2 else "some folder é") / str(number)
        folder.mkdir(parents=True)
        lay(folder, backwards=bool(number % 2))
        found.append(answers(folder, machine))
    assert set(found[0]) == {*FORMATS, "export"}
    assert b"Field.Home" in found[0]["text"]
    for other in found[1:]:
        for name, content in other.items():
            assert content == found[0][name], name


@pytest.mark.parametrize("format", ["text", "json"])
def test_the_command_prints_the_same_bytes_on_every_machine(format: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mx_changeclass", "diff", "none", str(READERS / "v1.mpr"), "--format", format]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    printed = {
        subprocess.run(command, cwd=tmp_path, env={**environment, **m}, capture_output=True, check=False).stdout
        for m in MACHINES
    }
    assert len(printed) == 1
    assert b"FULL_RELEASE" in printed.pop()
