"""The verdict as a Code Quality report of GitLab: a list of issues, one a change."""

from __future__ import annotations

import json as codec
from collections.abc import Mapping

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.reports import marks, wording
from mx_changeclass.rules.terms import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass

_SEVERITIES: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "critical",
    FULL_RELEASE: "major",
    NEEDS_REDEPLOY: "minor",
    OTA_SAFE: "info",
}


def gitlab(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text; GitLab tells a new issue from a known one by the fingerprint."""
    return codec.dumps([_issue(row, verdict) for row in verdict.rows], ensure_ascii=False, indent=2) + "\n"


def _issue(row: Row, verdict: Verdict) -> dict[str, object]:
    return {
        "description": f"{row.release_class}: {marks.heading(row)}. {marks.explanation(row)}",
        "check_name": wording.leading(row).rule.id,
        "fingerprint": row.fingerprint,
        "severity": _SEVERITIES[row.release_class],
        "location": {"path": marks.file(row, verdict), "lines": {"begin": 1}},
    }
