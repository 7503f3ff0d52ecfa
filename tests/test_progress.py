"""What a terminal sees of a command that takes long, and what nobody else sees."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.histories import field_service

ROOT = Path(__file__).parent.parent
WORK = """
import threading
from mx_changeclass.console import output
output._QUIET = {quiet}
with output.progress({doing!r}) as say:
    for thread in threading.enumerate():
        if {long} and thread is not threading.main_thread():
            thread.join()  # until the line is due
    {work}
"""


def seen(
    quiet: float, *, long: bool, terminal: bool, doing: str = "reading a\x1b[31m ##[error]model", work: str = ""
) -> bytes:
    """What is written to standard error, where that is a terminal or a pipe."""
    command = [sys.executable, "-c", WORK.format(quiet=quiet, long=long, doing=doing, work=work)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    if not terminal:
        return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60).stderr
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                more = os.read(ours, 1024)
            except OSError:  # Linux says so that the other end is closed
                break
            if not more:
                break
            told += more
        process.wait(60)
    os.close(ours)
    return told


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_is_told_what_takes_long_and_is_left_clean() -> None:
    told = seen(0.01, long=True, terminal=True).decode()
    assert told.endswith("\r\x1b[K")
    assert told.removesuffix("\r\x1b[K") == "reading a [31m # #[error]model …"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_what_is_quick_says_nothing() -> None:
    assert seen(3600, long=False, terminal=True) == b""


def test_a_pipe_is_told_nothing() -> None:
    assert seen(0.01, long=True, terminal=False, work="say('half of it')") == b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_line_stays_one_line() -> None:
    told = seen(0.01, long=True, terminal=True, doing="reading", work="say('x' * 500)").decode()
    *lines, end = told.split("\r\x1b[K")
    assert [len(line) for line in lines] == [len("reading …"), 79], "of 80 columns, where it is not known how many"
    assert end == ""


@pytest.mark.skipif(sys.platform == "win32" or shutil.which("git") is None, reason="needs a pseudo-terminal and git")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_portfolio_tells_how_many_of_its_apps_and_steps_are_done(jobs: int, tmp_path: Path) -> None:
    field_service(tmp_path / "field")
    listed = tmp_path / "apps.toml"
    listed.write_text("".join(f'[[app]]\nname = "App {n}"\nrepository = "field"\nlimit = {n}\n' for n in (1, 2, 3)))
    work = f"import mx_changeclass as mx; mx.portfolio({str(listed)!r}, jobs={jobs}, say=say)"
    told = seen(0.01, long=True, terminal=True, doing="auditing", work=work).decode()
    first, *lines, end = told.split("\r\x1b[K")
    assert (first, end) == ("auditing …", "")
    counted = [re.fullmatch(r"(\d) of 3 apps, (\d) steps?(?:; (App \d) (\d) of (\d): \S+)? …", line) for line in lines]
    numbers = [(int(line[1]), int(line[2])) for line in counted if line]
    assert len(numbers) == len(lines) == 6 + 3, "a line a step, and one as an app ends"
    assert numbers == sorted(numbers), "no number goes back, whoever is done first"
    assert numbers[-1] == (3, 6)
    steps = [(line[3], int(line[4]), int(line[5])) for line in counted if line and line[3]]
    assert sorted(steps) == [(f"App {n}", at, n) for n in (1, 2, 3) for at in range(1, n + 1)]
