"""Runs what a page shows as a command, so that a page never shows what the command does not print.

A block of a page that is marked ``<!-- run -->`` holds commands behind ``$`` and what each prints; one marked
``<!-- run in repository -->`` is run in the repository of the story (``tests/builders/histories.py``), which keeps
what earlier blocks of the page did to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.builders.histories import field_service

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(?<=<!-- run )(in repository )?(-->\n```\w*\n)(\$ .*?)(?=^```$)", re.DOTALL | re.MULTILINE)


def with_output(page: str) -> str:
    """The page with what its commands print now. Raises ``RuntimeError`` where the tool has a fault."""
    with TemporaryDirectory(prefix="page") as scratch:
        tools, repository = Path(scratch) / "tools", Path(scratch) / "field"
        tools.mkdir()
        command = tools / "mx-changeclass"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mx_changeclass "$@"\n')
        command.chmod(0o755)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MX_"))},
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(Path(scratch) / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "LC_ALL": "C.UTF-8",
        }

        def run(block: re.Match[str]) -> str:
            if block[1] and not repository.is_dir():
                field_service(repository)
            told = []
            for line in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block[3], re.MULTILINE):
                done = subprocess.run(
                    ["bash", "-c", line],
                    cwd=repository if block[1] else ROOT,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                if done.returncode in {70, 126, 127} or "Traceback" in done.stdout:
                    raise RuntimeError(f"{line}: {done.stdout}")
                told.append(f"$ {line}\n" + (f"{done.stdout.rstrip()}\n" if done.stdout.strip() else ""))
            return (block[1] or "") + block[2] + "".join(told)

        return _BLOCK.sub(run, page)
