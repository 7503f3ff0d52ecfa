"""The catalogue: a room a subject, a chapter a group, a function a rule."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from mx_changeclass.rules.engine.rule import RULES, Rule


def catalogue() -> Mapping[str, Rule]:
    """Every rule by id: those of this folder, where a chapter is found by lying in it, and those that were
    declared elsewhere until now."""
    _load()
    return dict(sorted(RULES.items()))


@cache
def _load() -> None:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
