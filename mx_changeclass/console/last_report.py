"""The rows of the last comparison, kept so that 'explain' can be asked for one by its fingerprint."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mx_changeclass.console.output import write

if TYPE_CHECKING:
    from mx_changeclass.findings.finding import Verdict


def _place() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "mx-changeclass" / "last.json"


def remember(verdict: Verdict) -> None:
    """Keep the rows of a verdict."""
    with contextlib.suppress(
        OSError, RuntimeError, click.UsageError
    ):  # a convenience: a machine without a home goes without
        _place().parent.mkdir(parents=True, exist_ok=True)
        write(json.dumps({"changes": verdict.to_dict()["changes"]}).encode(), _place())


def report(file: Path | None) -> dict[str, Any] | None:
    """The report in a file, or what was kept of the last one; None where nothing was."""
    try:
        content: Any = json.loads((file or _place()).read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content.get("changes"), list):
            raise ValueError("holds no changes")
        return content
    except (OSError, ValueError, RuntimeError) as error:  # nested too deep is a RecursionError, a RuntimeError
        if file is None:
            return None
        raise click.UsageError(
            f"{file}: {getattr(error, 'strerror', None) or error}. Give a report of 'diff --format json'"
        ) from None
