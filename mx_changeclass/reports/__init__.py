"""A verdict as text, one file a format."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.finding import Verdict

# Format -> the module that renders it; its function has the same name.
FORMATS = ("text", "json", "markdown", "html")


def render(verdict: Verdict, format: str = "text", **options: Any) -> str:
    """The verdict in a format: ``text``, ``json``, ``markdown`` or ``html``. ``everything=True`` also
    lists what was set aside as noise and folds nothing; ``color=True`` is for ``text`` on a terminal."""
    if format not in FORMATS:
        raise PolicyError(f"unknown format {format!r}; use one of {', '.join(FORMATS)}")
    rendered: str = getattr(import_module(f"{__name__}.{format}"), format)(verdict, **options)
    return rendered
