"""The verdict as JSON, version 1. Same input, same bytes; the schema ships as ``data/verdict.schema.json``."""

from __future__ import annotations

from typing import Any

from mx_changeclass import __version__
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.legible import json_text
from mx_changeclass.model.snapshot import Snapshot


def json(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text, UTF-8, two spaces of indent, a line end at the end."""
    return json_text(document(verdict, everything=everything))


def document(verdict: Verdict, *, everything: bool = False) -> dict[str, Any]:
    """The document as plain values. ``everything`` adds ``noise``: what was said of changes set aside."""
    account = verdict.accountability
    told: dict[str, Any] = {
        "schema": 1,
        "tool": {"name": "mx-changeclass", "version": __version__},
        "old": model(verdict.old),
        "new": model(verdict.new),
        "verdict": {
            "class": str(verdict.release_class),
            "channel": str(verdict.channel),
            "destructive": verdict.destructive,
            "breaks_old_clients": verdict.breaks_old_clients,
            "server_data_loss": verdict.server_data_loss,
            "undecided": verdict.undecided,
            "requires": list(verdict.requires),
        },
        "configuration": {"file": verdict.policy.source or None, "stated": list(verdict.policy.stated)},
        "counts": {str(c): n for c, n in verdict.counts.items()},
        "changes": [_row(row) for row in verdict.rows],
        "accountability": {
            "leaves": account.leaves,
            "explained": account.explained,
            "noise": account.noise,
            "fallback": account.fallback,
            "unexplained": account.unexplained,
            "by_noise": dict(sorted(account.by_noise.items())),
        },
    }
    if everything:
        told["noise"] = [{"subject": f.subject, **_finding(f)} for f in verdict.noise]
    return told


def model(snapshot: Snapshot) -> dict[str, Any]:
    """What a report says of the model it read."""
    return {
        "label": snapshot.label,
        "form": snapshot.form,
        "studio_pro": str(snapshot.version) if snapshot.version else None,
        "digest": f"sha256:{snapshot.digest}" if snapshot.digest else None,
        "incomplete": list(snapshot.incomplete),
        "warnings": list(snapshot.warnings),
        "side_files": snapshot.side_files,
    }


def _row(row: Row) -> dict[str, Any]:
    element = {
        "kind": row.kind,
        "name": row.name,
        "old_name": row.old_name or None,
        "id": row.id or None,
        "file": row.file or None,
    }
    return {
        "fingerprint": row.fingerprint,
        "verb": row.verb,
        "element": {k: v for k, v in element.items() if v is not None or k == "name"},
        "property": row.prop or None,
        "old": _plain(row.old),
        "new": _plain(row.new),
        "what": row.what,
        "class": str(row.release_class),
        "channel": str(row.channel),
        "audience": list(row.audience),
        "why": list(row.why),
        "within": row.part_of or None,
        "findings": [_finding(f) for f in row.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "class": str(finding.release_class),
        "channel": str(finding.channel),
        "hazard": str(finding.hazard),
        "breaks_old_clients": str(finding.breaks_old_clients),
        "server_data_loss": str(finding.server_data_loss),
        "requires": str(finding.requires),
        "certainty": str(finding.rule.certainty),
        "undecided": finding.rule.undecided,
        "message": finding.message,
        "mitigation": finding.mitigation,
        "source": finding.rule.source,
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
