"""A verdict as a pandas frame, one row a finding."""

from __future__ import annotations

from typing import Any

from mx_changeclass.findings.finding import Verdict


def frame(verdict: Verdict) -> Any:
    """Columns: subject, kind, class, at_most, channel, hazard, requires, breaks_old_clients, rule, title, message,
    mitigation, why, audience. Classes are ordered categories, so that ``frame[frame["class"] >= "FULL_RELEASE"]``
    works."""
    import pandas

    told = [
        {
            "subject": f.subject,
            "kind": f.kind,
            "class": str(f.release_class),
            "at_most": str(f.at_most),
            "channel": str(f.channel),
            "hazard": str(f.hazard),
            "requires": str(f.requires),
            "breaks_old_clients": str(f.breaks_old_clients),
            "rule": f.rule.id,
            "title": f.rule.title,
            "message": f.message,
            "mitigation": f.mitigation,
            "why": " > ".join(f.why),
            "audience": ", ".join(f.audience),
        }
        for f in verdict.findings
    ]
    columns = [
        "subject", "kind", "class", "at_most", "channel", "hazard", "requires", "breaks_old_clients", "rule", "title",
        "message", "mitigation", "why", "audience",
    ]  # fmt: skip
    table = pandas.DataFrame(told, columns=columns)
    order = ["OTA_SAFE", "NEEDS_REDEPLOY", "FULL_RELEASE", "DESTRUCTIVE"]
    table["class"] = pandas.Categorical(table["class"], order, ordered=True)
    table["at_most"] = pandas.Categorical(table["at_most"], order, ordered=True)
    table["channel"] = pandas.Categorical(table["channel"], ["none", *order[:-1]], ordered=True)
    return table
