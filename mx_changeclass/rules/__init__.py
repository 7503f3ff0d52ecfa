"""The catalogue: one chapter a group, one function a rule."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from mx_changeclass.rules.rule import RULES, Rule

_MECHANISM = frozenset(
    {
        "rule",
        "release",
        "terms",
        "sources",
        "phrases",
        "questions",
        "uses",
        "forms",
        "flows",
        "microflows",
        "uploads",
        "needs",
        "members",
        "moves",
    }
)


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule by id. A chapter is found by lying in this folder; there is no list to keep."""
    for chapter in pkgutil.iter_modules(__path__):
        if chapter.name not in _MECHANISM:
            import_module(f"{__name__}.{chapter.name}")
    return dict(sorted(RULES.items()))
