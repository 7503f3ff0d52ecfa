"""Compare two versions of a Mendix app and say how each change may be released.

Examples:
    >>> from mx_changeclass import ReleaseClass
    >>> ReleaseClass.OTA_SAFE < ReleaseClass.DESTRUCTIVE
    True

This page lists every public name, and ``authoring`` those for writing rules; nothing else is promised.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mx_changeclass.changes.change import Added, Changed, Changes, Removed
    from mx_changeclass.changes.diff import diff
    from mx_changeclass.changes.ledger import Accountability
    from mx_changeclass.errors import (
        BrokenContainer,
        MxError,
        PolicyError,
        ReadError,
        RuleError,
        UnknownFormat,
        UnsupportedVersion,
    )
    from mx_changeclass.findings.aside import Aside
    from mx_changeclass.findings.back import May, WayBack, way_back
    from mx_changeclass.findings.blame import Blame, Blamed, How
    from mx_changeclass.findings.carriers import Carrier
    from mx_changeclass.findings.classify import Rules, classify
    from mx_changeclass.findings.facts import Facts, Released
    from mx_changeclass.findings.finding import Finding, Row, RowPart, Verdict
    from mx_changeclass.findings.fleet import Danger, Fleet, FleetVersion, InField
    from mx_changeclass.findings.hotfix import Choice, Hotfix, Need, Piece
    from mx_changeclass.findings.plan import Advice, Plan, PlanStep, StepKind, outline
    from mx_changeclass.findings.steps import Step
    from mx_changeclass.fleets import fleet
    from mx_changeclass.graphs.footprint import Footprint, ProfileFootprint
    from mx_changeclass.graphs.profiles import Profile
    from mx_changeclass.graphs.reference_graph import graph
    from mx_changeclass.graphs.sync_set import Synced
    from mx_changeclass.model.commits import Commit
    from mx_changeclass.model.kinds import Kind
    from mx_changeclass.model.snapshot import Element, Rows, Snapshot, StoredBytes, Tree, Unit
    from mx_changeclass.model.versions import Version
    from mx_changeclass.pipeline import Model, compare, footprint, plan
    from mx_changeclass.policy import Policy
    from mx_changeclass.portfolios import Portfolio, portfolio
    from mx_changeclass.provenance import blame
    from mx_changeclass.readers import export, read
    from mx_changeclass.readers.cache import cache
    from mx_changeclass.readers.limits import TooLarge
    from mx_changeclass.releases import hotfix
    from mx_changeclass.reports.rendering import render
    from mx_changeclass.rules import catalogue
    from mx_changeclass.rules.engine.release import Ignored
    from mx_changeclass.rules.engine.rule import Rule, Settlement, rule
    from mx_changeclass.timeline import Audit, audit
    from mx_changeclass.vocabulary import Certainty, Hazard, Maybe, ReleaseClass, Remedy, Requires
    from mx_changeclass.waivers import Covered, Severity, Waiver, WaiverState, WaiverUse

__version__ = "0.1.0"

__all__ = [
    "Accountability",
    "Added",
    "Advice",
    "Aside",
    "Audit",
    "Blame",
    "Blamed",
    "BrokenContainer",
    "Carrier",
    "Certainty",
    "Changed",
    "Changes",
    "Choice",
    "Commit",
    "Covered",
    "Danger",
    "Element",
    "Facts",
    "Finding",
    "Fleet",
    "FleetVersion",
    "Footprint",
    "Hazard",
    "Hotfix",
    "How",
    "Ignored",
    "InField",
    "Kind",
    "May",
    "Maybe",
    "Model",
    "MxError",
    "Need",
    "Piece",
    "Plan",
    "PlanStep",
    "Policy",
    "PolicyError",
    "Portfolio",
    "Profile",
    "ProfileFootprint",
    "ReadError",
    "ReleaseClass",
    "Released",
    "Remedy",
    "Removed",
    "Requires",
    "Row",
    "RowPart",
    "Rows",
    "Rule",
    "RuleError",
    "Rules",
    "Settlement",
    "Severity",
    "Snapshot",
    "Step",
    "StepKind",
    "StoredBytes",
    "Synced",
    "TooLarge",
    "Tree",
    "Unit",
    "UnknownFormat",
    "UnsupportedVersion",
    "Verdict",
    "Version",
    "Waiver",
    "WaiverState",
    "WaiverUse",
    "WayBack",
    "audit",
    "blame",
    "cache",
    "catalogue",
    "classify",
    "compare",
    "diff",
    "export",
    "fleet",
    "footprint",
    "graph",
    "hotfix",
    "outline",
    "plan",
    "portfolio",
    "read",
    "render",
    "rule",
    "way_back",
]

# Each name is loaded from its module when it is first used: a commit hook starts this package at every commit.
_HOME = {
    "changes.change": ("Added", "Changed", "Changes", "Removed"),
    "changes.diff": ("diff",),
    "changes.ledger": ("Accountability",),
    "errors": (
        "BrokenContainer",
        "MxError",
        "PolicyError",
        "ReadError",
        "RuleError",
        "UnknownFormat",
        "UnsupportedVersion",
    ),
    "findings.aside": ("Aside",),
    "findings.blame": ("Blame", "Blamed", "How"),
    "findings.carriers": ("Carrier",),
    "findings.classify": ("Rules", "classify"),
    "findings.facts": ("Facts", "Released"),
    "findings.steps": ("Step",),
    "findings.finding": ("Finding", "Row", "RowPart", "Verdict"),
    "graphs.reference_graph": ("graph",),
    "graphs.footprint": ("Footprint", "ProfileFootprint"),
    "graphs.sync_set": ("Synced",),
    "graphs.profiles": ("Profile",),
    "model.kinds": ("Kind",),
    "model.commits": ("Commit",),
    "model.snapshot": ("Element", "Rows", "Snapshot", "StoredBytes", "Tree", "Unit"),
    "model.versions": ("Version",),
    "findings.hotfix": ("Choice", "Hotfix", "Need", "Piece"),
    "findings.fleet": ("Danger", "Fleet", "FleetVersion", "InField"),
    "fleets": ("fleet",),
    "pipeline": ("Model", "compare", "footprint", "plan"),
    "findings.back": ("May", "WayBack", "way_back"),
    "findings.plan": ("Advice", "Plan", "PlanStep", "StepKind", "outline"),
    "policy": ("Policy",),
    "portfolios": ("Portfolio", "portfolio"),
    "provenance": ("blame",),
    "releases": ("hotfix",),
    "reports.rendering": ("render",),
    "rules": ("catalogue",),
    "rules.engine.release": ("Ignored",),
    "rules.engine.rule": ("Rule", "Settlement", "rule"),
    "waivers": ("Covered", "Severity", "Waiver", "WaiverState", "WaiverUse"),
    "vocabulary": ("Certainty", "Hazard", "Maybe", "ReleaseClass", "Remedy", "Requires"),
    "readers": ("export", "read"),
    "readers.cache": ("cache",),
    "readers.limits": ("TooLarge",),
    "timeline": ("Audit", "audit"),
}


if not TYPE_CHECKING:  # a type checker would take any name

    def __getattr__(name: str) -> Any:
        home = next((module for module, names in _HOME.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
