"""The catalogue: a room a subject, a chapter a group, a function a rule."""

from __future__ import annotations

import pkgutil
from collections.abc import Container, Mapping
from functools import cache
from importlib import import_module

from mx_changeclass.changes.diff import NOISE_NAMES
from mx_changeclass.errors import RuleError
from mx_changeclass.rules.engine.rule import RULES, Rule


def catalogue() -> Mapping[str, Rule]:
    """Every rule by id: those of this folder, where a chapter is found by lying in it, and those that were
    declared elsewhere until now. Raises ``RuleError`` where one names a rule, or noise, that is not there."""
    _load()
    for rule in RULES.values():
        check_names(rule, RULES)
    return dict(sorted(RULES.items()))


def check_names(rule: Rule, rules: Container[str]) -> None:
    """Raise ``RuleError`` where a rule names one that is not among ``rules``, or noise that nobody sets aside."""
    for what, names, known in (
        ("instead_of", rule.instead_of, rules),
        ("clears_break_of", rule.clears_break_of, rules),
        ("noise", rule.noise, NOISE_NAMES),
    ):
        for name in names:
            if name not in known:
                raise RuleError(f"rule {rule.id}: {what} names {name!r}, which is not there. Correct the name")


@cache
def _load() -> None:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
