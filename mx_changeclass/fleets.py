"""A candidate against all versions that are still in the field, from what leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from mx_changeclass.errors import ReadError
from mx_changeclass.findings.classify import Rules
from mx_changeclass.findings.fleet import Fleet, FleetVersion, fleet_of
from mx_changeclass.model.snapshot import RowPool
from mx_changeclass.pipeline import Model, check_readable, verdict_on, with_native
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.readers import read


def fleet(
    candidate: Model,
    versions: Iterable[FleetVersion | Mapping[str, Any]],
    policy: Policy | None = None,
    *,
    native: tuple[str | None, str | None] = (None, None),
    rules: Rules | None = None,
    today: date | None = None,
) -> Fleet:
    """Compare a candidate with every released version that is still in the field, each under its own binary.

    ``versions`` are those, oldest first, as values or as the tables of ``[[version]]``. ``native`` names the native app
    of the newest of them and of the candidate; ``policy``, ``rules`` and ``today`` are as for ``compare``. A unit that
    several models share is decoded once. Raises ``ReadError`` where a model cannot be read, ``PolicyError`` for what is
    no version.
    """
    policy, pool = policy_or_default(policy), RowPool()
    released = [FleetVersion.of(each) for each in versions]
    given = (*(version.model for version in released), candidate)
    models = [pool.shared(read(each, before=candidate)) for each in given]
    for one in models:
        check_readable(one)
        if one.form == "none":
            raise ReadError(one.label, "is no version", "Give models that were or will be released")
    models[-2:] = map(with_native, models[-2:], native[-len(models) :])
    *old, new = models
    return fleet_of(new, released, old, policy, partial(verdict_on, rules=rules, today=today))
