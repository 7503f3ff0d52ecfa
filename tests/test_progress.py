"""What a terminal sees of a command that takes long, and what nobody else sees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORK = """
import threading
from mx_changeclass.console import output
output._QUIET = {quiet}
with output.progress("reading a\\x1b[31m ##[error]model"):
    for thread in threading.enumerate():
        if {long} and thread is not threading.main_thread():
            thread.join()  # until the line is due
"""


def seen(quiet: float, *, long: bool, terminal: bool) -> bytes:
    """What is written to standard error, where that is a terminal or a pipe."""
    command = [sys.executable, "-c", WORK.format(quiet=quiet, long=long)]
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
    assert seen(0.01, long=True, terminal=False) == b""
