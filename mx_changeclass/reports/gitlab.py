"""The verdict as a Code Quality report of GitLab: a list of issues, one a change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.legible import json_text
from mx_changeclass.reports import machine_texts
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import sentences

_SEVERITIES: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "critical",
    FULL_RELEASE: "major",
    NEEDS_REDEPLOY: "minor",
    OTA_SAFE: "info",
}


def gitlab(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text; GitLab tells a new issue from a known one by the fingerprint."""
    settings = machine_texts.configuration(verdict)
    told = [_configuration(settings, verdict)] if settings else []
    return json_text([*told, *(_issue(row, verdict) for row in verdict.rows)])


def _configuration(settings: str, verdict: Verdict) -> dict[str, object]:
    return {
        "description": settings,
        "check_name": "configuration",
        "fingerprint": hashlib.sha256(settings.encode()).hexdigest()[:12],
        "severity": "info",
        "location": {"path": machine_texts.path("", verdict.policy.source), "lines": {"begin": 1}},
    }


def _issue(row: Row, verdict: Verdict) -> dict[str, object]:
    told = f"{machine_texts.heading(row)}. {machine_texts.message(row)}"
    return {
        "description": f"{row.release_class}{machine_texts.marks(row, verdict)}: {told}",
        "check_name": sentences.deciding(row).rule.id,
        "fingerprint": row.fingerprint,
        "severity": _SEVERITIES[OTA_SAFE if machine_texts.waived(row, verdict) else machine_texts.weight(row)],
        "location": {"path": machine_texts.file(row, verdict), "lines": {"begin": 1}},
    }
