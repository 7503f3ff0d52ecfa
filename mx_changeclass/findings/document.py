"""A verdict as plain values and back: the document of ``--format json``, version 1. What its keys mean stands in
``docs/json.md``, what they may hold in ``data/verdict.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from attrs import AttrsInstance, asdict, evolve, fields

from mx_changeclass import __version__
from mx_changeclass.changes.change import Changes
from mx_changeclass.changes.ledger import Accountability
from mx_changeclass.errors import BrokenContainer, PolicyError, UnsupportedVersion
from mx_changeclass.findings.aside import Aside
from mx_changeclass.findings.facts import Released
from mx_changeclass.findings.finding import Finding, Row, RowPart, Verdict, worst_first
from mx_changeclass.findings.plan import outline
from mx_changeclass.model.snapshot import Detached, Snapshot
from mx_changeclass.model.versions import Version
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.release import Ignored
from mx_changeclass.rules.engine.rule import Rule
from mx_changeclass.vocabulary import Hazard, Maybe, ReleaseClass, Remedy, Requires
from mx_changeclass.waivers import Covered, Waiver, WaiverState, WaiverUse
from mx_changeclass.wording.harms import MEANING
from mx_changeclass.wording.reasons import REASONS

T = TypeVar("T", bound=AttrsInstance)

_ADVICE = "Give a report of 'mx-changeclass diff --format json'"


def document(verdict: Verdict, *, everything: bool = False) -> dict[str, Any]:
    """The document as plain values. ``everything`` adds ``noise``, what was said of changes set
    aside, and ``set_aside``, which those are."""
    account = verdict.accountability
    told: dict[str, Any] = {
        "schema": 1,
        "tool": {"name": "mx-changeclass", "version": __version__},
        "old": model(verdict.old),
        "new": model(verdict.new),
        "verdict": {
            "class": str(verdict.release_class),
            "at_most": str(verdict.at_most),
            "channel": str(verdict.channel),
            "destructive": verdict.destructive,
            "breaks_old_clients": verdict.breaks_old_clients,
            "server_data_loss": verdict.server_data_loss,
            "undecided": verdict.undecided,
            "requires": list(verdict.requires),
            "native": verdict.native,
            "unwaived": {
                "class": str(verdict.unwaived_class),
                "at_most": str(verdict.unwaived_at_most),
                "undecided": sum(f.undecided for f in verdict.unwaived),
            },
            "summary": list(verdict.summary),
        },
        "facts": _facts(verdict),
        "configuration": {
            "file": verdict.policy.source or None,
            "stated": list(verdict.policy.stated),
            "ignored": [asdict(told) for told in verdict.ignored],
            "waived": [_waiver(use) for use in verdict.waivers],
            "severities": [
                {"rule": rule.id, "was": str(was), **severity.to_dict()}
                for rule, (was, severity) in verdict.severities.items()
            ],
        },
        "counts": {str(c): n for c, n in verdict.counts.items()},
        "plan": outline(verdict).to_dict(),
        "changes": [_row(row) for row in verdict.rows],
        "accountability": {
            "leaves": account.leaves,
            "explained": account.explained,
            "noise": account.noise,
            "fallback": account.fallback,
            "unexplained": account.unexplained,
            "by_noise": dict(sorted(account.by_noise.items())),
        },
        "remarks": [{**_place(f), **_finding(f, f.message)} for f in _remarks(verdict)],
        "rules": {rule.id: _without(rule.to_dict(), "id") for rule in _rules(verdict, everything=everything)},
        "policy": _policy(verdict.policy),
    }
    if everything:
        told["noise"] = [{**_place(f), **_finding(f, f.message)} for f in verdict.noise]
        told["set_aside"] = [
            {
                "reason": aside.reason,
                "meaning": REASONS[aside.reason],
                "element": {"kind": aside.kind, "name": aside.name},
                "properties": list(aside.fields),
                "edits": aside.edits,
            }
            for aside in verdict.aside
        ]
    return told


def _facts(verdict: Verdict) -> dict[str, Any]:
    """What decides how the verdict is read; the rest of it stands in ``verdict``, ``old`` and ``new``."""
    facts, released = verdict.facts, verdict.released
    return {
        "installed": released.installed,
        "over_the_air": {
            "on": released.ota,
            "from": released.ota_from or None,
            "store_changes": facts.store,
            "changes": list(facts.waiting),
        },
        "native_template": {"version": released.template or None, "from": released.template_from or None},
        "undecided": list(facts.undecided),
        "ignored": facts.ignored,
        "unseen": list(facts.unseen),
        "set_aside": facts.set_aside,
    }


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
        "mpr": snapshot.mpr or None,
        "folder": snapshot.folder,
        "native_app": snapshot.native_given,
    }


def _waiver(use: WaiverUse) -> dict[str, Any]:
    waiver = use.waiver
    return {
        **waiver.to_dict(),
        "source": waiver.source or None,
        "found": waiver.found,
        "state": str(use.state),
        "problem": use.problem or None,
        "covers": [asdict(place) for place in use.covers],
    }


def _waiver_of(told: Mapping[str, Any]) -> WaiverUse:
    said = {a.name: told[a.name] for a in fields(Waiver) if a.name in told and a.name not in ("source", "found")}
    return WaiverUse(
        Waiver.of(said, source=told["source"] or "", found=told["found"]),
        WaiverState(told["state"]),
        tuple(Covered(**_known(Covered, place)) for place in told["covers"]),
        told["problem"] or "",
    )


def _row(row: Row) -> dict[str, Any]:
    element = {
        "kind": row.kind,
        "name": row.name,
        "old_name": row.old_name or None,
        "id": row.id or None,
        "file": row.file or None,
    }
    shared = {"kind": row.kind, "subject": row.name, "audience": list(row.audience), "why": list(row.why)}
    return {
        "fingerprint": row.fingerprint,
        "verb": row.verb,
        "element": {k: v for k, v in element.items() if v is not None or k == "name"},
        "property": row.prop or None,
        "old": _plain(row.old),
        "new": _plain(row.new),
        "parts": [
            {"part": p.place or None, "property": p.prop, "old": _plain(p.old), "new": _plain(p.new)} for p in row.parts
        ],
        "what": row.what,
        "module": row.module or None,
        "class": str(row.release_class),
        "meaning": MEANING[row.release_class],
        "undecided": row.undecided,
        "at_most": str(row.at_most),
        "channel": str(row.channel),
        "audience": shared["audience"],
        "why": shared["why"],
        "within": row.part_of or None,
        "findings": [
            {**_finding(f, row.explained(f)), **{k: v for k, v in _place(f).items() if v != shared[k]}}
            for f in row.findings
        ],
    }


def _finding(finding: Finding, message: str) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "title": finding.rule.title,
        "class": str(finding.release_class),
        "at_most": str(finding.at_most),
        "channel": str(finding.channel),
        "hazard": str(finding.hazard),
        "breaks_old_clients": str(finding.breaks_old_clients),
        "server_data_loss": str(finding.server_data_loss),
        "requires": str(finding.requires),
        "certainty": str(finding.rule.certainty),
        "undecided": finding.undecided,
        "unless": finding.unless or None,
        "setting": finding.setting or None,
        "message": message,
        "evidence": list(finding.evidence),
        **({} if finding.details == finding.evidence else {"details": list(finding.details)}),
        "remedy": str(finding.remedy),
        "meanwhile": finding.meanwhile or None,
        "mitigation": finding.mitigation,
        "source": finding.rule.source,
    }


def _place(finding: Finding) -> dict[str, Any]:
    """What a finding is about; at a change only what differs from the change is told."""
    return {
        "subject": finding.subject,
        "kind": finding.kind,
        "audience": list(finding.audience),
        "why": list(finding.why),
    }


def _remarks(verdict: Verdict) -> Iterator[Finding]:
    """The findings that stand at no change: what is said of the release as a whole and asks for nothing."""
    at_changes = {f for row in verdict.rows for f in row.findings}
    return (f for f in verdict.findings if f not in at_changes)


def _rules(verdict: Verdict, *, everything: bool) -> list[Rule]:
    """The rules that spoke, in the order of their ids."""
    spoke = (*verdict.findings, *(verdict.noise if everything else ()))
    return sorted({f.rule for f in spoke}, key=lambda rule: rule.id)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _without(table: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in table.items() if k != key}


# -- and back -----------------------------------------------------------------------------


def parsed(text: str | bytes) -> dict[str, Any]:
    """The document in a JSON text. Raises ``BrokenContainer`` where there is none."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenContainer("report", f"is no JSON ({error})", _ADVICE) from None
    if not isinstance(report, dict):
        raise BrokenContainer("report", "holds no table of keys", _ADVICE)
    return report


def verdict_of(report: Mapping[str, Any]) -> Verdict:
    """The verdict that a document tells; see ``Verdict.from_dict``."""
    if report.get("schema") != 1:
        raise UnsupportedVersion("report", f"is of version {report.get('schema')!r}, not 1", _ADVICE)
    try:
        return _verdict(report)
    except ValueError as error:  # a fixed word that is none, such as a hazard
        tool = report.get("tool")
        version = tool.get("version") if isinstance(tool, dict) else None
        advice = f"Read it with the version that wrote it, mx-changeclass {version}"
        raise UnsupportedVersion("report", f"holds a word that is not known here ({error})", advice) from None
    except (KeyError, TypeError, AttributeError, PolicyError) as error:
        raise BrokenContainer("report", f"is not whole ({type(error).__name__}: {error})", _ADVICE) from None


def _verdict(report: Mapping[str, Any]) -> Verdict:
    rules = {rule_id: Rule.from_dict({"id": rule_id, **told}) for rule_id, told in report["rules"].items()}
    rows = tuple(_row_of(told, rules) for told in report["changes"])
    marks = {"", *(row.fingerprint for row in rows)}
    if lost := next((row.part_of for row in rows if row.part_of not in marks), None):
        raise KeyError(lost)
    remarks = (_finding_of(told, rules) for told in report["remarks"])
    waivers = tuple(map(_waiver_of, report["configuration"].get("waived", ())))
    return Verdict(
        changes=Changes.detached(_snapshot_of(report["old"]), _snapshot_of(report["new"])),
        findings=tuple(sorted({*(f for row in rows for f in row.findings), *remarks}, key=worst_first)),
        rows=rows,
        noise=tuple(_finding_of(told, rules) for told in report.get("noise", ())),
        policy=evolve(
            Policy.of(_settings(report["policy"]), "policy"),
            source=report["configuration"]["file"] or "",
            stated=tuple(report["configuration"]["stated"]),
            waivers=tuple(use.waiver for use in waivers),
        ),
        accountability=Accountability(**_known(Accountability, report["accountability"])),
        native=report["verdict"]["native"],
        ignored=tuple(Ignored(**_known(Ignored, told)) for told in report["configuration"]["ignored"]),
        waivers=waivers,
        released=_released_of(report.get("facts")),
        aside=tuple(
            Aside(a["reason"], a["element"]["kind"], a["element"]["name"], tuple(a["properties"]), a["edits"])
            for a in report.get("set_aside", ())
        ),
    )


def _released_of(told: Mapping[str, Any] | None) -> Released:
    """The app that people have; an earlier report tells nothing of it."""
    if told is None:
        return Released()
    ota, template = told["over_the_air"], told["native_template"]
    return Released(told["installed"], ota["on"], ota["from"] or "", template["version"] or "", template["from"] or "")


def _policy(policy: Policy) -> dict[str, Any]:
    """The settings of a policy; where they were read, and its waivers, stand in ``configuration``."""
    apart = ("source", "stated", "waivers")
    told = {name: value for name, value in asdict(policy, recurse=False).items() if name not in apart}
    severity = {rule: given.to_dict() for rule, given in sorted(policy.severity.items())}
    return {**told, "declared": dict(policy.declared), "ignore": list(policy.ignore), "severity": severity}


def _settings(told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a table tells; an earlier report tells of no severity."""
    severity = {rule: {key: s[key] for key in ("class", "reason")} for rule, s in told.get("severity", {}).items()}
    return {**{key: told[key] for key in _policy(Policy()) if key != "severity"}, "severity": severity}


def _known(value: type[AttrsInstance], told: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a value that a table tells; what a later version adds is passed over."""
    return {a.name: told[a.name] for a in fields(value)}


def _snapshot_of(told: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        units={} if told["form"] == "none" else Detached(told["label"], told["native_app"]),
        version=Version.of(told["studio_pro"] or ""),
        label=told["label"],
        form=told["form"],
        digest=(told["digest"] or "").removeprefix("sha256:"),
        incomplete=tuple(told["incomplete"]),
        warnings=tuple(told["warnings"]),
        side_files=told["side_files"],
        mpr=told["mpr"] or "",
        folder=told.get("folder"),
    )


def _typed(value: T) -> T:
    """A value whose texts are texts, whoever wrote them. Raises ``TypeError``."""
    for part in fields(type(value)):
        held = getattr(value, part.name)
        texts = (held,) if part.type == "str" else held if part.type == "tuple[str, ...]" else ()
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{part.name} is no text")
    return value


def _row_of(told: Mapping[str, Any], rules: Mapping[str, Rule]) -> Row:
    element = told["element"]
    if told["verb"] not in ("added", "removed", "changed"):
        raise ValueError(repr(told["verb"]))
    shared = {"kind": element["kind"], "subject": element["name"], "audience": told["audience"], "why": told["why"]}
    row = Row(
        fingerprint=told["fingerprint"],
        verb=told["verb"],
        kind=element["kind"],
        name=element["name"],
        old_name=element.get("old_name", ""),
        id=element.get("id", ""),
        file=element.get("file", ""),
        prop=told["property"] or "",
        findings=tuple(_finding_of({**shared, **finding}, rules) for finding in told["findings"]),
        what=told["what"],
        old=_value(told["old"]),
        new=_value(told["new"]),
        part_of=told["within"] or "",
        parts=tuple(
            _typed(RowPart(p["part"] or "", p["property"], _value(p["old"]), _value(p["new"])))
            for p in told.get("parts", ())
        ),
        module=told.get("module") or "",
    )
    return _typed(row)


def _finding_of(told: Mapping[str, Any], rules: Mapping[str, Rule]) -> Finding:
    finding = Finding(
        rule=rules[told["rule"]],
        kind=told["kind"],
        subject=told["subject"],
        release_class=ReleaseClass(told["class"]),
        channel=ReleaseClass(told["channel"]),
        breaks_old_clients=Maybe(told["breaks_old_clients"]),
        requires=Requires(told["requires"]),
        evidence=tuple(told["evidence"]),
        details=tuple(told.get("details", told["evidence"])),
        audience=tuple(told["audience"]),
        why=tuple(told["why"]),
        hazard=Hazard(told["hazard"]),
        at_most=ReleaseClass(told["at_most"]),
        unless=told["unless"] or "",
        setting=told["setting"] or "",
        remedy=Remedy(told["remedy"]),
        meanwhile=told["meanwhile"] or "",
    )
    return _typed(finding)


def _value(told: object) -> object:
    value = tuple(told) if isinstance(told, list) else told
    hash(value)  # a table, or a list in a list, is none
    return value
