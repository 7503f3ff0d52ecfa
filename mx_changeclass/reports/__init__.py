"""A verdict as text, one file a format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.finding import Verdict

# Format -> the module that renders it; its function has the same name.
FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab")


def render(verdict: Verdict, format: str = "text", **options: Any) -> str:
    """The verdict in one of ``FORMATS``. ``everything=True`` folds nothing, and for readers also lists what was
    set aside as noise; ``color=True`` is for ``text`` on a terminal; ``fail_on`` is the class at which a
    change is a failure of ``junit``, DESTRUCTIVE unless told, None for never. Raises ``PolicyError`` for another
    format, or an option that the format does not have."""
    if format not in FORMATS:
        raise PolicyError(f"unknown format {format!r}; use one of {', '.join(FORMATS)}")
    renderer: Callable[..., str] = getattr(import_module(f"{__name__}.{format}"), format)
    known = sorted(renderer.__kwdefaults__ or ())
    if unknown := sorted({*options} - {*known}):
        raise PolicyError(f"{format!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known)}")
    return renderer(verdict, **options)
