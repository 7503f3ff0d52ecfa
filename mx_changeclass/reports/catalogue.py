"""The rules as a list, and one rule, class or report row explained."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mx_changeclass.errors import PolicyError
from mx_changeclass.legible import json_text, plain_lines
from mx_changeclass.model.tables import known_until
from mx_changeclass.policy import DECLARATIONS
from mx_changeclass.regex import regex
from mx_changeclass.reports.examples import example
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.citations import with_pages
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.vocabulary import Hazard, Maybe, ReleaseClass, Remedy, Requires
from mx_changeclass.wording.harms import CONSEQUENCES, MEANING
from mx_changeclass.wording.sentences import difference
from mx_changeclass.wording.values import sentence

_BEGINNING = regex("[0-9a-f]{4,12}")  # of a fingerprint
_EXAMPLES = 3  # so many rules of a kind are named
_WHAT_TO_DO: Mapping[ReleaseClass, str] = {
    ReleaseClass.DESTRUCTIVE: "What people entered on a device and have not synchronised can be lost with this "
    "release. Do not publish it as it is: make two releases of it, or let every device synchronise before it "
    "goes out, as each row says; a deploy of the server alone can do the damage.",
    ReleaseClass.FULL_RELEASE: "Build a new native app and release it through the app stores. Over the air it would "
    "not arrive, or break the apps that it reaches. Data on devices is not at stake.",
    ReleaseClass.NEEDS_REDEPLOY: "Deploy the server; devices that run the version before go on working unless a row "
    "says otherwise. Installed apps take their part over the air.",
    ReleaseClass.OTA_SAFE: "Publish it over the air: no deploy of the server is asked for, and no data is at stake.",
}


def as_document(rule: Rule) -> dict[str, Any]:
    """A rule as plain values, for JSON."""
    return {
        "id": rule.id,
        "chapter": rule.chapter,
        "title": rule.title,
        "class": str(class_of(rule)),
        "channel": str(rule.channel),
        "hazard": str(rule.hazard),
        "requires": str(rule.requires),
        "breaks_old_clients": str(rule.breaks_old_clients),
        "server_data_loss": str(rule.server_data_loss),
        "client": rule.in_bundle,
        "undecided": rule.undecided,
        "at_most": str(rule.at_most if rule.undecided else class_of(rule)),
        "certainty": str(rule.certainty),
        "since": "; ".join(str(v or "-") for v in rule.since) or None,
        "until": "; ".join(str(v or "-") for v in rule.until) or None,
        "reason": rule.reason,
        "mitigation": rule.mitigation,
        "remedy": str(rule.remedy),
        "meanwhile": rule.meanwhile,
        "source": rule.source,
        "also": list(rule.aliases),
        "example": example(rule.id),
    }


def rules(format: str = "text") -> str:
    """The whole catalogue as ``text``, ``json`` or ``markdown``."""
    every = list(catalogue().values())
    if format == "json":
        return json_text({"schema": 1, "rules": [as_document(r) for r in every]})
    chapters: dict[str, list[Rule]] = {}
    for rule in every:
        chapters.setdefault(rule.chapter, []).append(rule)
    lines: list[str] = []
    for chapter, members in sorted(chapters.items()):
        if format == "markdown":
            lines += [
                "",
                f"## {chapter}",
                "",
                "| rule | class | channel | what | why | what to do | source |",
                "| --- " * 7 + "|",
            ]
            lines += [_cells(r) for r in members]
        else:
            lines += ["", f"{chapter} ({len(members)})"]
            lines += [f"  {r.id:<42} {class_of(r)!s:<15} {r.title}" for r in members]
    head = "# Rules" if format == "markdown" else f"{len(every)} rules. 'mx-changeclass explain RULE' tells one."
    return "\n".join([head, *lines]) + "\n"


def coverage() -> str:
    """What the catalogue answers for: rules by chapter, ids that another rule answers, what is answered by
    a statement of the team, what is told as undecided."""
    every = catalogue()
    chapters = Counter(rule.chapter for rule in every.values())
    others = sorted((other, rule.id) for rule in every.values() for other in rule.aliases)
    lines = [f"{len(every) + len(others)} kinds of change, {len(every)} rules"]
    lines += [f"  {chapter:<16}{count:>4}" for chapter, count in sorted(chapters.items())]
    lines += ["", f"answered by another rule ({len(others)})", *(f"  {other:<32} by {rule}" for other, rule in others)]
    lines += ["", f"answered by declaration ({len(DECLARATIONS)}): [declared] in the configuration"]
    lines += [f"  {name:<32} {what}" for name, what in DECLARATIONS.items()]
    open_ = [rule.id for rule in every.values() if rule.undecided]
    lines += ["", f"told as undecided ({len(open_)})", *(f"  {rule_id}" for rule_id in open_)]
    lines += ["", "known until", *(f"  {what:<32} {until}" for what, until in known_until().items())]
    return "\n".join(lines) + "\n"


def _cells(rule: Rule) -> str:
    cells = (
        f"`{rule.id}`",
        str(class_of(rule)),
        str(rule.channel),
        rule.title,
        rule.reason,
        rule.mitigation,
        rule.source,
    )
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def explain(topic: str, *reports: Mapping[str, Any] | None) -> str | None:
    """A rule by id, a class by name, or rows of JSON reports: one by its fingerprint or how that begins, or those of
    an element by its name. None where nothing fits. Raises ``PolicyError`` where several fingerprints begin so, and
    for a row that is none."""
    every = catalogue()
    if topic in every:
        return _rule(every[topic])
    by_other_name = next((r for r in every.values() if topic in r.aliases), None)
    if by_other_name is not None:
        return _rule(by_other_name)
    wanted = topic.upper().replace("-", "_")
    for c, meaning in MEANING.items():
        if wanted == str(c):
            return _class(c, meaning)
    try:
        told = [
            (_between(report) if len(reports) > 1 else "") + "\n".join(map(_row, rows))
            for report in reports
            if report and (rows := rows_of(topic, report))
        ]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):  # anybody may have written it
        raise PolicyError(f"the row {topic} is no row of a report. Give a report of 'diff --format json'") from None
    return plain_lines("\n".join(told)) if told else None


def rows_of(topic: str, report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a JSON report that a fingerprint, or how it begins, or the name of an element names. Raises
    ``PolicyError`` where several fingerprints begin so."""
    changes = report.get("changes")
    rows = [r for r in changes if isinstance(r, Mapping)] if isinstance(changes, list) else []
    if _BEGINNING.fullmatch(mark := topic.lower()):
        found = {str(r.get("fingerprint")): r for r in rows if str(r.get("fingerprint")).startswith(mark)}
        if len(found) > 1:
            raise PolicyError(
                f"{topic}: so begin {', '.join(sorted(found))}. Give more digits of the one that is meant"
            )
        if found:
            return [*found.values()]
    return [
        r for r in rows if isinstance(e := r.get("element"), Mapping) and topic in (e.get("name"), e.get("old_name"))
    ]


def _between(report: Mapping[str, Any]) -> str:
    """Which two versions a report compares."""
    return " -> ".join(str(report[side]["label"]) for side in ("old", "new")) + "\n"


def _rule(rule: Rule) -> str:
    facts = [
        ("class", str(class_of(rule))),
        ("channel", str(rule.channel)),
        ("hazard", str(rule.hazard) if rule.hazard is not Hazard.NONE else ""),
        ("order", str(rule.requires) if rule.requires is not Requires.EITHER_ORDER else ""),
        ("remedy", str(rule.remedy) if rule.remedy is not Remedy.NONE else ""),
        ("meanwhile", rule.meanwhile),
        (
            "installed apps",
            "fail in some function"
            if rule.breaks_old_clients is Maybe.YES
            else "may fail in some function"
            if rule.breaks_old_clients is Maybe.MAYBE
            else "",
        ),
        (
            "server data",
            "is lost"
            if rule.server_data_loss is Maybe.YES
            else "may be lost"
            if rule.server_data_loss is Maybe.MAYBE
            else "",
        ),
        ("decided", "no: it says that something could not be decided" if rule.undecided else ""),
        (
            "Studio Pro",
            " or ".join(f"{a or 'any'} to {b or 'any'}" for a, b in zip(rule.since, rule.until, strict=True)),
        ),
        ("certainty", str(rule.certainty)),
        ("source", with_pages(rule.source)),
    ]
    body = [f"{rule.id}: {rule.title}", "", *textwrap.wrap(rule.reason, 96)]
    if rule.mitigation:
        body += ["", *textwrap.wrap(f"What to do: {rule.mitigation}", 96)]
    shown = example(rule.id)
    for key, title in (("hit", "Example"), ("near_miss", "Near miss")):
        if key in shown:
            body += ["", *textwrap.wrap(f"{title}: {shown[key]}", 96, subsequent_indent="  ")]
    return "\n".join([*body, "", *(f"{k + ':':<16}{v}" for k, v in facts if v)]) + "\n"


def _class(release_class_: ReleaseClass, meaning: str) -> str:
    """What a class means, what to do, and by what may happen, the gravest first, its rules in number and by one."""
    members = [r for r in catalogue().values() if class_of(r) is release_class_]
    lines = [f"{release_class_}: {meaning}.", "", *textwrap.wrap(_WHAT_TO_DO[release_class_], 96)]
    lines += ["", f"{len(members)} rules lead to it, for example"]
    for hazard in sorted(Hazard, key=lambda h: h.gravity):
        alike = [r for r in members if r.hazard is hazard]
        if alike:
            lines += textwrap.wrap(
                f"{sentence(CONSEQUENCES.get(hazard, 'nothing is harmed by it'))}", 96, initial_indent="  "
            )
            shown = _one_a_chapter(alike)[:_EXAMPLES]
            lines += [f"    {r.title} [{r.id}]" for r in shown]
            lines += [f"    and {len(alike) - len(shown)} more"] if len(alike) > len(shown) else []
    return "\n".join([*lines, "", "'mx-changeclass rules' lists all, 'explain RULE' tells one."]) + "\n"


def _one_a_chapter(rules: list[Rule]) -> list[Rule]:
    """The rules, those first that are the first of their chapter."""
    seen = Counter[str]()
    ranked = []
    for rule in rules:
        ranked.append((seen[rule.chapter], rule.chapter, rule.id, rule))
        seen[rule.chapter] += 1
    return [rule for *_, rule in sorted(ranked, key=lambda one: one[:3])]


def _row(row: Mapping[str, Any]) -> str:
    element, may_be = row["element"], row.get("at_most", row["class"])
    name = (row.get("property") == "name" and element.get("old_name")) or element["name"]
    lines = [
        f"{name or 'the app'}: {row.get('what') or row['verb']}",
        f"class {row['class']}{f' or up to {may_be}' if may_be != row['class'] else ''}, channel {row['channel']}",
    ]
    if row["why"]:
        lines.append("reached through " + " > ".join(row["why"]))
    old, new = (tuple(v) if isinstance(v, list) else v for v in (row.get("old"), row.get("new")))
    if exact := difference(old, new):
        lines += textwrap.wrap(f"differs in {exact}", 96, subsequent_indent="  ")
    for finding in row["findings"]:
        lines += ["", f"{finding['rule']} ({finding['class']}, {finding['certainty']}; {finding['source']})"]
        if finding.get("undecided"):
            lines.append(f"  This could not be decided: it may be {finding.get('at_most')}.")
        if finding.get("setting"):
            lines.append(f"  Where {finding['unless']}, write into mx-changeclass.toml: {finding['setting']}")
        lines += textwrap.wrap(finding["message"], 96, initial_indent="  ", subsequent_indent="  ")
        if finding["mitigation"]:
            lines += textwrap.wrap(
                f"What to do: {finding['mitigation']}", 96, initial_indent="  ", subsequent_indent="  "
            )
    return "\n".join(lines) + "\n"
