"""The verdict as SARIF 2.1.0, the exchange format of static analysis: a result a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mx_changeclass import __version__
from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.legible import json_text, legible
from mx_changeclass.regex import regex
from mx_changeclass.reports import machine_texts
from mx_changeclass.rules.citations import with_pages
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import sentences

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "error",
    FULL_RELEASE: "warning",
    NEEDS_REDEPLOY: "warning",
    OTA_SAFE: "note",
}
# Results of a run that GitHub takes; it shows the worst 5,000 (SARIF support for code scanning, limits).
_MOST = 25_000
_PAGE = regex(r"https://[^\s()]+")


def sarif(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text. The rules are those that spoke; what the models did not show are notifications."""
    rules = {f.rule.id: f.rule for row in verdict.rows for f in row.findings}
    order = {rule_id: number for number, rule_id in enumerate(sorted(rules))}
    driver = {"name": "mx-changeclass", "version": __version__, "rules": [_rule(rules[i]) for i in order]}
    notes = [(_LEVELS[verdict.release_class], " ".join((f"{sentences.headline(verdict)}.", *verdict.summary)))]
    notes += [("warning", note) for note in sentences.not_shown(verdict)]
    if settings := machine_texts.configuration(verdict):
        notes.append(("note", settings))
    if more := len(verdict.rows[_MOST:]):
        notes.append(("warning", f"{more} more changes are left out, the mildest: GitHub takes no more than {_MOST}"))
    lines: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [_note(*n) for n in notes]}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(row, verdict, order, lines) for row in verdict.rows[:_MOST]],
        "properties": {
            "class": str(verdict.release_class),
            "at_most": str(verdict.at_most),
            "channel": str(verdict.channel),
            "unwaived": str(verdict.unwaived_class),
        },
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    source = with_pages(rule.source)
    page = _PAGE.search(source)
    advice = " ".join(filter(None, (rule.reason, rule.mitigation, f"Source: {source}.")))
    told = {
        "id": rule.id,
        "shortDescription": _message(rule.title),
        "fullDescription": _message(rule.reason),
        "help": _message(advice),
        "defaultConfiguration": {"level": _LEVELS[class_of(rule)]},
        "properties": {"tags": [rule.chapter, str(rule.certainty)]},
    }
    return {**told, "helpUri": page[0]} if page else told


def _note(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": _message(text)}


def _result(row: Row, verdict: Verdict, order: Mapping[str, int], lines: Counter[str]) -> dict[str, Any]:
    """A file of a model has no lines. Rows of one file stand on lines of their own, counted in ``lines``, since what
    a host finds at one place it takes for one."""
    rule = sentences.deciding(row).rule
    uri = quote(machine_texts.file(row, verdict))
    lines[uri] += 1
    artifact, region = {"uri": uri, "uriBaseId": "%SRCROOT%"}, {"startLine": lines[uri]}
    where: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if name := row.name or row.old_name:
        where["logicalLocations"] = [{"fullyQualifiedName": legible(name), "kind": row.kind}]
    waived = machine_texts.waived(row, verdict)
    accepted = {"kind": "external", "status": "accepted", "justification": waived}
    return {
        "ruleId": rule.id,
        "ruleIndex": order[rule.id],
        "level": _LEVELS[machine_texts.weight(row)],
        "message": _message(f"{machine_texts.heading(row)}. {machine_texts.message(row)}"),
        "locations": [where],
        # GitHub knows an alert again by the first (a hash and a count); the second is ours in any tool.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{row.fingerprint}:1",
            "mxChangeclass/v1": row.fingerprint,
        },
        **({"suppressions": [accepted]} if waived else {}),
        "properties": {
            "class": str(row.release_class),
            "at_most": str(row.at_most),
            "undecided": row.undecided,
            "channel": str(row.channel),
            "rules": [f.rule.id for f in row.findings],
        },
    }


def _message(text: str) -> dict[str, str]:
    """A plain text: braces would be placeholders in it, brackets before a parenthesis a link (3.11.5, 3.11.6)."""
    return {"text": legible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}
