"""A verdict in the format that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.reports import FORMATS


def render(verdict: Verdict, format: str = "text", **options: Any) -> str:
    """The verdict in one of ``FORMATS``. ``everything=True`` folds nothing, and for readers also lists what was
    set aside as noise; ``color=True`` is for ``text`` on a terminal; ``fail_on`` is the class at which a
    change is a failure of ``junit``, DESTRUCTIVE unless told, None for never; ``budget`` is the most bytes of
    ``markdown``, those of a comment unless told. Raises ``PolicyError`` for another
    format, or an option that the format does not have."""
    if format not in FORMATS:
        raise PolicyError(f"unknown format {format!r}; use one of {', '.join(FORMATS)}")
    known = options_of(format)
    if unknown := sorted({*options} - {*known}):
        raise PolicyError(f"{format!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known)}")
    return _renderer(format)(verdict, **options)


def options_of(format: str) -> list[str]:
    """The names of the options that a format has."""
    return sorted(_renderer(format).__kwdefaults__ or ())


def _renderer(format: str) -> Callable[..., str]:
    renderer: Callable[..., str] = getattr(import_module(f"mx_changeclass.reports.{format}"), format)
    return renderer
