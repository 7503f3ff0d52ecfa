"""The rows of the last comparison in a folder, kept so that 'explain' can be asked for one of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mx_changeclass.console.output import write

if TYPE_CHECKING:
    from mx_changeclass.findings.finding import Verdict


def _place() -> Path:
    """Each folder has its own, so that jobs beside each other do not take the place of one another."""
    from mx_changeclass.readers.cache import default_folder, own_folder

    here = hashlib.sha256(os.fsencode(os.getcwd())).hexdigest()[:16]
    return own_folder(default_folder()) / f"last-{here}.json"


def remember(verdict: Verdict) -> None:
    """Keep the rows of a verdict."""
    told = verdict.to_dict(everything=False)
    kept = {key: told[key] for key in ("old", "new", "changes")}
    with contextlib.suppress(OSError, RuntimeError, click.UsageError):  # a machine without a home goes without
        write(json.dumps(kept), _place())


def reports_in(files: Sequence[str]) -> list[dict[str, Any]]:
    """The reports in files, "-" for standard input; where none is named, what was kept of the last one, if any."""
    if files:
        return [_report(file) for file in files]
    with contextlib.suppress(click.UsageError, RuntimeError, OSError):
        return [_report(str(_place()))]
    return []


def _report(file: str) -> dict[str, Any]:
    try:
        if file == "-" and sys.stdin is None:
            raise ValueError("standard input is closed")
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        content: Any = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("changes"), list):
            raise ValueError("holds no changes")
        return content
    except (OSError, ValueError, RuntimeError) as error:  # nested too deep is a RecursionError, a RuntimeError
        problem = getattr(error, "strerror", None) or error
        raise click.UsageError(f"{file}: {problem}. Give a report of 'diff --format json'") from None
