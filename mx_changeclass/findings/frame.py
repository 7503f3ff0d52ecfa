"""Verdicts, and the steps of audits, as pandas frames: one row a finding at a change, a change, or a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from mx_changeclass.errors import MxError, PolicyError
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.steps import STEP_COLUMNS, Step, table_rows
from mx_changeclass.vocabulary import NONE, ReleaseClass
from mx_changeclass.wording.harms import MEANING

_APP = "the app"  # subject and module of what lies in none
_CLASSES = [str(c) for c in ReleaseClass if c is not NONE]
_OF_CHANGE = (
    "fingerprint", "verb", "kind", "subject", "old_name", "module", "property", "old", "new", "what", "class",
    "meaning", "at_most", "undecided", "channel",
)  # fmt: skip
_OF_FINDING = (
    "rule", "title", "message", "mitigation", "hazard", "requires", "breaks_old_clients", "server_data_loss",
    "certainty", "unless", "setting", "source", "audience", "why",
)  # fmt: skip
_ELSEWHERE = ("within", "file", "id")
FRAME_COLUMNS = {
    "finding": (*_OF_CHANGE, *_OF_FINDING, *_ELSEWHERE),
    "change": (
        *_OF_CHANGE,
        "findings",
        "rule",
        "title",
        "message",
        "mitigation",
        "hazard",
        "audience",
        "why",
        *_ELSEWHERE,
    ),
}


def frame(verdict: Verdict, by: str) -> Any:
    """See ``Verdict.to_frame``."""
    if by not in FRAME_COLUMNS:
        raise PolicyError(f"a frame has no rows by {by!r}; use one of {', '.join(map(repr, FRAME_COLUMNS))}")
    return _table(list(_ROWS[by](verdict)), FRAME_COLUMNS[by])


def steps_frame(apps: Mapping[str, tuple[Sequence[Step], Sequence[MxError]]], by: str) -> Any:
    """See ``Audit.to_frame``: the rows of each step, with what a step tells of its commit before them, under a name
    with ``step_`` where a row has one like it. Of each app there are its steps, and the errors of what came later."""
    if by == "step":
        return _table([row for app, told in apps.items() for row in table_rows(app, *told)], STEP_COLUMNS)
    if by not in FRAME_COLUMNS:
        raise PolicyError(f"a frame has no rows by {by!r}; use one of 'step', {', '.join(map(repr, FRAME_COLUMNS))}")
    of_commit = STEP_COLUMNS[: STEP_COLUMNS.index("class")]
    names = {name: f"step_{name}" if name in FRAME_COLUMNS[by] else name for name in of_commit}
    told = [
        {**{name: row[of] for of, name in names.items()}, **each}
        for app, (steps, _) in apps.items()
        for row, step in zip(table_rows(app, steps, ()), steps, strict=True)
        for each in _ROWS[by](step.verdict)
    ]
    return _table(told, [*names.values(), *FRAME_COLUMNS[by]])


def _table(told: list[dict[str, Any]], columns: Sequence[str]) -> Any:
    try:
        pandas = import_module("pandas")
    except ModuleNotFoundError:
        raise MxError("to_frame needs pandas, which is not installed. Install mx-changeclass[notebook]") from None
    table = pandas.DataFrame(told, columns=list(columns))
    for column in {"old", "new"} & {*columns} if "fingerprint" in columns else ():  # values of any type, as they are
        table[column] = pandas.Series([row.get(column) for row in told], dtype=object)
    for column in ("class", "at_most"):
        table[column] = pandas.Categorical(table[column], _CLASSES, ordered=True)
    table["channel"] = pandas.Categorical(table["channel"], [str(NONE), *_CLASSES[:-1]], ordered=True)
    return table


def _changes(verdict: Verdict) -> Iterator[dict[str, Any]]:
    for row in verdict.rows:
        gravest = min((f.hazard for f in row.findings), key=lambda hazard: hazard.gravity)
        yield {
            **_of_finding(row.findings[0]),
            **_of_change(row),
            **_judged(row),
            "audience": ", ".join(row.audience),
            "why": " > ".join(row.why),
            "hazard": str(gravest),
            "findings": len(row.findings),
        }


def _findings(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """What is said of each change, then what is said of no change."""
    at_changes = set[Finding]()
    for row in verdict.rows:
        at_changes.update(row.findings)
        yield from ({**_of_change(row), **_judged(f), **_of_finding(f)} for f in row.findings)
    for finding in verdict.findings:
        if finding not in at_changes:
            yield {"module": _APP, **_judged(finding), **_of_finding(finding)}


def _of_change(row: Row) -> dict[str, Any]:
    return {
        "fingerprint": row.fingerprint,
        "verb": row.verb,
        "kind": row.kind,
        "subject": row.name or _APP,
        "old_name": row.old_name or None,
        "module": row.module or _APP,
        "property": row.prop or None,
        "old": row.old,
        "new": row.new,
        "what": row.what,
        "within": row.part_of or None,
        "file": row.file or None,
        "id": row.id or None,
    }


def _judged(told: Row | Finding) -> dict[str, Any]:
    return {
        "class": str(told.release_class),
        "meaning": MEANING[told.release_class],
        "at_most": str(told.at_most),
        "undecided": told.undecided,
        "channel": str(told.channel),
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "subject": finding.subject or _APP,
        "rule": finding.rule.id,
        "title": finding.rule.title,
        "message": finding.message,
        "mitigation": finding.mitigation,
        "hazard": str(finding.hazard),
        "requires": str(finding.requires),
        "breaks_old_clients": str(finding.breaks_old_clients),
        "server_data_loss": str(finding.server_data_loss),
        "certainty": str(finding.rule.certainty),
        "unless": finding.unless or None,
        "setting": finding.setting or None,
        "source": finding.rule.source,
        "audience": ", ".join(finding.audience),
        "why": " > ".join(finding.why),
    }


_ROWS = {"finding": _findings, "change": _changes}
