"""The catalogue: a room a subject, a chapter a group, a function a rule."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from mx_changeclass.rules.engine.rule import RULES, Rule


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule by id. A chapter is found by lying below this folder; there is no list to keep."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
    return dict(sorted(RULES.items()))
