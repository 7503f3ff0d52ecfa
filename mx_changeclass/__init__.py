"""Compare two versions of a Mendix app and say how each change may be released.

>>> from mx_changeclass import ReleaseClass
>>> ReleaseClass.OTA_SAFE < ReleaseClass.DESTRUCTIVE
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mx_changeclass.changes.change import Changes as Changes
    from mx_changeclass.changes.diff import diff as diff
    from mx_changeclass.errors import MxError as MxError
    from mx_changeclass.errors import ReadError as ReadError
    from mx_changeclass.findings.classify import classify as classify
    from mx_changeclass.findings.finding import Finding as Finding
    from mx_changeclass.findings.finding import Verdict as Verdict
    from mx_changeclass.graphs.reference_graph import graph as graph
    from mx_changeclass.model.snapshot import Snapshot as Snapshot
    from mx_changeclass.pipeline import compare as compare
    from mx_changeclass.policy import Policy as Policy
    from mx_changeclass.readers import read as read
    from mx_changeclass.reports import render as render
    from mx_changeclass.rules.engine.rule import rule as rule
    from mx_changeclass.timeline import audit as audit
    from mx_changeclass.vocabulary import ReleaseClass as ReleaseClass

__version__ = "0.1.0"

# Each public name is loaded when it is first used: a commit hook starts this package at every commit.
_HOME = {
    "Changes": "changes.change",
    "Finding": "findings.finding",
    "MxError": "errors",
    "Policy": "policy",
    "ReadError": "errors",
    "ReleaseClass": "vocabulary",
    "Snapshot": "model.snapshot",
    "Verdict": "findings.finding",
    "audit": "timeline",
    "classify": "findings.classify",
    "compare": "pipeline",
    "diff": "changes.diff",
    "graph": "graphs.reference_graph",
    "read": "readers",
    "render": "reports",
    "rule": "rules.engine.rule",
}

__all__ = sorted(_HOME)  # noqa: PLE0605 - the table above is the one list of public names


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
