"""Whether a release may be taken back once devices have run it, at what cost, and until when.

The server gets the old model again, as an ordinary deploy, and devices take the old client with their next update. What
that costs is the verdict on the way from the new version to the old one; what the release itself dropped stays gone.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Finding, Verdict
from mx_changeclass.findings.plan import Plan, asked, of_the_whole
from mx_changeclass.findings.planning import proven_plan
from mx_changeclass.policy import Policy
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, Hazard, Maybe, Remedy


class May(enum.StrEnum):
    """Whether a release may be taken back once devices have run it."""

    YES = "yes"
    AT_A_COST = "at a cost"
    NO = "no"


@frozen
class WayBack:
    """The way back from a release. ``until`` says up to when it costs nothing, ``because`` why there is none. ``drops``
    are names whose data the server drops with it, ``costs`` those of which devices lose what they entered, ``fails``
    those that fail on devices until they take the old client; ``gone`` are names whose data the release itself dropped,
    which does not come back. ``binaries`` says that a binary went out with it, which no store takes back.
    ``plan`` are the steps."""

    may: May
    until: str
    plan: Plan
    drops: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    binaries: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The way back as plain values."""
        names = {name: list(getattr(self, name)) for name in ("because", "drops", "costs", "fails", "gone")}
        return {"may": str(self.may), "until": self.until, "binaries": self.binaries, **names, **self.plan.to_dict()}


ALWAYS = "at any time"
UNTIL_ENTERED = "until something is entered in what the release brought"
UNTIL_RUN = "until the first device has run it"
UNTIL_DEPLOYED = "until it is deployed"


def way_back(release: Verdict) -> WayBack:
    """Whether a release may be taken back once devices have run it, by the verdict on it and that on its reverse. Asks
    for the models, so no ``detached`` verdict does. Raises ``PolicyError`` where there is nothing to go back to."""
    if release.old.form == "none":
        raise PolicyError("nothing was released before, so there is nothing to go back to. Give the version before it")
    back = classify(diff(release.new, release.old), _reversed(release.policy))
    stops = [f for _, f in asked(filter(of_the_whole, back.rows)) if f.remedy is Remedy.STOP and _costs(f)]
    drops = _names(back, lambda f: f.server_data_loss is not Maybe.NO or f.hazard is Hazard.SERVER_LOSS)
    costs = _names(back, _costs)
    gone = _names(release, lambda f: f.server_data_loss is Maybe.YES)
    may = May.NO if stops else May.AT_A_COST if drops or costs or gone else May.YES
    until = UNTIL_DEPLOYED if gone else UNTIL_RUN if stops else UNTIL_ENTERED if drops or costs else ALWAYS
    return WayBack(
        may,
        until,
        proven_plan(back),
        drops=drops,
        costs=costs,
        fails=_names(back, lambda f: f.breaks_old_clients is Maybe.YES),
        gone=gone,
        because=tuple(dict.fromkeys(f.rule.title for f in stops)),
        binaries=release.channel is FULL_RELEASE,
    )


def _reversed(policy: Policy) -> Policy:
    """The policy of the way back: the binary that is out is the planned one."""
    if not policy.new_native_template:
        return policy
    return evolve(policy, native_template=policy.new_native_template, new_native_template=policy.native_template)


def _costs(finding: Finding) -> bool:
    return finding.release_class is DESTRUCTIVE


def _names(verdict: Verdict, wanted: Callable[[Finding], bool]) -> tuple[str, ...]:
    """The names of what one of the findings says; what comes back costs nothing by itself."""
    named = (row for row in verdict.rows if (row.name or row.old_name) and row.verb != "added")
    return tuple(dict.fromkeys(row.subject_name for row in named if any(map(wanted, row.findings))))
