"""Formats for machines: their structure, and that no text of a model breaks out of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from attrs import evolve
from lxml import etree

from mx_changeclass import ReleaseClass, Verdict, compare, render
from mx_changeclass.changes.diff import diff
from mx_changeclass.data import load
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.document import document
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.readers import read
from mx_changeclass.reports import FORMATS, machine_texts
from mx_changeclass.reports.fitting import fitting
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, OTA_SAFE
from tests.builders.build import write_v1, write_v2
from tests.builders.elements import attribute, entity
from tests.builders.models import Model
from tests.cases import labelled_cases
from tests.generated import story

FOR_READERS = {"text", "markdown", "html"}
MACHINE = tuple(name for name in FORMATS if name not in FOR_READERS)  # each has its check below
HOSTILE = "Or\"der'</failure>]]>&lt;\n::error title=x::y\r##[error]%0A,:{0}[click](http://e) \x00\x1b[31m\ud800\ufffe"
ROOT = Path(__file__).parents[2]

_TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
# What of the schema of SARIF 2.1.0 our documents use, closed against all else.
SARIF: dict[str, Any] = {
    "$defs": {
        "rule": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "shortDescription", "help"],
            "properties": {
                "id": {"type": "string"},
                "shortDescription": _TEXT,
                "fullDescription": _TEXT,
                "help": _TEXT,
                "helpUri": {"type": "string", "pattern": "^https://[!-~]+$"},
                "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}},
                "properties": {
                    "type": "object",
                    "properties": {"tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True}},
                },
            },
        },
        "location": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "uri": {"type": "string", "pattern": r"^([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
                                "uriBaseId": {"type": "string"},
                            },
                        },
                        "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
                    },
                },
                "logicalLocations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"fullyQualifiedName": {"type": "string"}, "kind": {"type": "string"}},
                    },
                },
            },
        },
        "result": {
            "type": "object",
            "additionalProperties": False,
            "required": ["message"],
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": _LEVEL,
                "message": _TEXT,
                "locations": {"type": "array", "items": {"$ref": "#/$defs/location"}},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "properties": {"type": "object"},
            },
        },
    },
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}}
                                },
                            }
                        },
                    },
                    "invocations": {
                        "type": "array",
                        "items": {"type": "object", "required": ["executionSuccessful"]},
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                    "properties": {"type": "object"},
                },
            },
        },
    },
}


def check_sarif(text: str, verdict: Verdict) -> None:
    told = json.loads(text)
    jsonschema.validate(told, SARIF)
    (run,) = told["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted({f.rule.id for row in verdict.rows for f in row.findings})
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == [r["ruleId"] for r in run["results"]]
    marks_told = [r["partialFingerprints"]["mxChangeclass/v1"] for r in run["results"]]
    assert marks_told == [row.fingerprint for row in verdict.rows]
    assert [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]] == [
        f"{m}:1" for m in marks_told
    ]
    places = [json.dumps(r["locations"][0]["physicalLocation"]) for r in run["results"]]
    assert len(set(places)) == len(places)
    told_first = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert str(verdict.release_class) in told_first


# Of each element of a JUnit report what may stand in it, in order, and what it must say of itself.
_JUNIT: dict[str, tuple[list[str], set[str]]] = {
    "testsuites": (["testsuite"], {"name", "tests", "failures"}),
    "testsuite": (["properties", "testcase"], {"name", "tests", "failures"}),
    "properties": (["property"], set()),
    "property": ([], {"name", "value"}),
    "testcase": (["failure", "system-out"], {"name", "classname"}),
    "failure": ([], {"type", "message"}),
    "system-out": ([], set()),
}


def check_junit(text: str, verdict: Verdict) -> None:
    top = etree.fromstring(text.encode())
    tests, failures = top.findall("testsuite/testcase"), top.findall("testsuite/testcase/failure")
    assert len(tests) == int(top.get("tests", "")) == max(1, len(verdict.rows))
    assert len(failures) == int(top.get("failures", "")) == verdict.counts[ReleaseClass.DESTRUCTIVE]
    assert len({(t.get("classname"), t.get("name")) for t in tests}) == len(tests)
    for element in top.iter():  # as the schemas of JUnit readers have it: these, in this order
        children, attributes = _JUNIT[str(element.tag)]
        order = [children.index(str(child.tag)) for child in element]
        assert order == sorted(order)
        assert attributes <= set(element.attrib)


def check_github(text: str, verdict: Verdict) -> None:
    first, *lines = [line for line in re.split(r"[\r\n]", text) if line]
    assert re.match(r"::(error|warning|notice) title=Mendix release class::(at least )?[A-Z_]+: ", first), first
    assert first.startswith("::error") == verdict.destructive
    for line in lines:
        assert re.fullmatch(r"::(error|warning|notice) file=[^,:]+,title=[^,:]+::.+", line), line
    kinds = Counter(line.split(" ")[0] for line in (first, *lines))
    assert max(kinds.values()) <= 10
    assert f"{len(verdict.rows) - len(lines)} more change" in first or len(lines) == len(verdict.rows)


def check_azure(text: str, verdict: Verdict) -> None:
    """As the agent reads a line: a command is what stands between its mark and the first bracket."""
    first, *lines = [line for line in re.split(r"[\r\n]", text) if line]
    assert ("type=error" in first) == verdict.destructive
    assert f"{verdict.release_class}: " in first
    for line in (first, *lines):
        command, bracket, said = line.partition("]")
        if not command.startswith("##vso["):
            assert not re.search(r"##\w*\[", line)
            continue
        assert bracket
        assert said
        assert re.fullmatch(
            r"##vso\[task\.logissue type=(error|warning);(sourcepath=[^;\]]+;linenumber=1;code=[a-z0-9-]+;)?", command
        ), command
        assert not re.search(r"##\w*\[|%(?!AZP25)", said)


def check_gitlab(text: str, verdict: Verdict) -> None:
    issues = json.loads(text)
    assert [i["fingerprint"] for i in issues] == [row.fingerprint for row in verdict.rows]
    for issue in issues:
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["description"]
        assert issue["check_name"]
        assert issue["location"]["lines"] == {"begin": 1}
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert not issue["location"]["path"].startswith(("/", "./"))


def check_json(text: str, verdict: Verdict) -> None:
    told, meant = json.loads(text), document(verdict)
    assert told.keys() == meant.keys()
    assert [row["fingerprint"] for row in told["changes"]] == [row.fingerprint for row in verdict.rows]
    jsonschema.validate(told, load("verdict.schema"))


def test_every_format_for_machines_has_a_check() -> None:
    """Of its structure, which every hostile text is then held against."""
    assert [name for name in MACHINE if f"check_{name}" not in globals()] == []
    assert {*FORMATS} > FOR_READERS


def check(verdict: Verdict) -> None:
    for name in FORMATS:
        text = render(verdict, name)
        if name in MACHINE:
            text.encode()  # no half of a character
            globals()[f"check_{name}"](text, verdict)


def test_every_format_tells_the_story() -> None:
    check(story())


@pytest.mark.parametrize("case", list(labelled_cases())[::5], ids=lambda case: case.id)
def test_every_format_takes_a_labelled_case(case: Any) -> None:
    check(case.verdict())


def test_no_change_is_a_report_too() -> None:
    model = Model()
    model.module("Sales", entity("Order"))
    verdict = classify(diff(model.snapshot(), model.snapshot()))
    check(verdict)
    assert json.loads(render(verdict, "gitlab")) == []
    assert render(verdict, "github").startswith("::notice title=Mendix release class::OTA_SAFE: no change")
    assert render(verdict, "azure").startswith("Mendix release class. OTA_SAFE: no change")


@pytest.fixture
def hostile() -> Verdict:
    """An entity, an attribute and a file whose names try to break out of a report."""
    old, new = Model(), Model()
    old.module("Sales", entity("Order", attribute("Title")))
    new.module("Sales", entity("Order", attribute("Title")), entity(HOSTILE, attribute(HOSTILE)))
    after = new.snapshot()
    units = {i: evolve(u, file=f"../../{HOSTILE}/C:/x.mxunit") for i, u in after.units.items()}
    return classify(diff(old.snapshot(), Snapshot(units, label=HOSTILE, form="mpr-v2")))


def test_names_of_a_model_stay_inside_every_format(hostile: Verdict) -> None:
    assert any("Or" in row.name and "failure" in row.name for row in hostile.rows)
    check(hostile)
    for name in MACHINE:
        assert not re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff\ufffe]", render(hostile, name))


def test_a_command_for_github_says_what_the_model_says(hostile: Verdict) -> None:
    titles = [line.partition("title=")[2].partition("::")[0] for line in render(hostile, "github").splitlines()]
    assert any("%3A%3Aerror title=x%3A%3Ay ##[error]%250A%2C%3A{0}" in title for title in titles)


def test_texts_are_no_placeholders_and_no_links_in_sarif(hostile: Verdict) -> None:
    texts = [r["message"]["text"] for r in json.loads(render(hostile, "sarif"))["runs"][0]["results"]]
    assert any("{{0}}[click] (http://e)" in t for t in texts)
    assert not any("](" in t for t in texts)


def test_a_page_is_the_help_of_a_rule_in_sarif() -> None:
    rules = {r["id"]: r for r in json.loads(render(story(), "sarif"))["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["acc-default-rights"]["helpUri"].startswith("https://docs.mendix.com/")
    assert "helpUri" not in rules["ent-merged"]  # its source is no page
    assert "Keep both entities" in rules["ent-merged"]["help"]["text"]


def test_what_was_not_seen_is_a_notification_in_sarif() -> None:
    (invocation,) = json.loads(render(story(), "sarif"))["runs"][0]["invocations"]
    assert "launcher icons" in invocation["toolExecutionNotifications"][1]["message"]["text"]


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        (None, set()),
        (ReleaseClass.FULL_RELEASE, {"DESTRUCTIVE"}),
        (ReleaseClass.OTA_SAFE, {"DESTRUCTIVE", "NEEDS_REDEPLOY", "OTA_SAFE"}),
    ],
)
def test_tests_fail_from_the_class_that_is_asked_for(fail_on: ReleaseClass | None, failing: set[str]) -> None:
    top = etree.fromstring(render(story(), "junit", fail_on=fail_on).encode())
    assert {s.get("name") for s in top.iter("testsuite") if s.find("testcase/failure") is not None} == failing


@pytest.mark.parametrize(
    ("name", "option", "known"),
    [
        ("json", "color", "everything, fleet"),
        ("text", "fail_on", "color, everything, fleet"),
        ("junit", "colour", "everything, fail_on, maybe"),
    ],
)
def test_an_option_of_another_format_is_refused_by_name(name: str, option: str, known: str) -> None:
    with pytest.raises(PolicyError, match=f"'{name}' has no option '{option}'; it has {known}$"):
        render(story(), name, **{option: True})


def test_a_change_lies_in_its_file_below_the_folder_of_the_project(tmp_path: Path) -> None:
    v1, v2 = (ROOT / "fixtures" / "field-service" / f"{v}.snapshot.xml" for v in ("v1", "v2"))
    write_v2(read(v2), tmp_path / "apps" / "field", name="Field.mpr")
    write_v1(read(v2), tmp_path / "apps" / "Old.mpr")
    for model, wanted in (
        ("apps/field", r"apps/field/(mprcontents/../../[0-9a-f-]+\.mxunit|Field\.mpr)"),
        ("apps/field/Field.mpr", r"apps/field/(mprcontents/../../[0-9a-f-]+\.mxunit|Field\.mpr)"),
        ("apps/Old.mpr", r"apps/Old\.mpr"),
    ):
        verdict = compare(v1, read(model, cwd=tmp_path))
        for row in verdict.rows:
            assert re.fullmatch(wanted, machine_texts.file(row, verdict)), machine_texts.file(row, verdict)


@pytest.mark.parametrize(
    ("label", "form", "wanted"),
    [
        ("v1.4", "git", "App.mpr"),
        ("main:apps/field", "git", "apps/field/App.mpr"),
        (":apps/field", "git", "apps/field/App.mpr"),
        ("main:apps/App.mpr", "git", "apps/App.mpr"),
        (".", "mpr-v1", "App.mpr"),
        ("..\\field\\", "mpr-v1", "field/App.mpr"),
        ("packages/App.mpk", "mpk", "packages/App.mpk"),
    ],
)
def test_what_has_no_file_of_its_own_lies_in_that_of_the_model(label: str, form: str, wanted: str) -> None:
    verdict = story()
    changes = evolve(verdict.changes, new=Snapshot({}, label=label, form=form, mpr="App.mpr"))
    row = next(r for r in verdict.rows if not r.file)
    assert machine_texts.file(row, Verdict(changes, (), (), (), verdict.policy, verdict.accountability)) == wanted


def many(count: int, *, like: int = 0) -> Verdict:
    """The story with so many rows like one of its own, each with a fingerprint of its own."""
    verdict = story()
    rows = tuple(evolve(verdict.rows[like], fingerprint=f"{n:012x}", name=f"Service.E{n}") for n in range(count))
    return evolve(verdict, rows=rows)


@pytest.mark.parametrize("name", ["github", "azure"])
def test_no_more_is_annotated_than_hosts_show(name: str) -> None:
    verdict = many(50)
    lines = render(verdict, name).splitlines()
    assert len(lines) == 10  # the verdict and nine errors; the first ten of a kind are kept
    assert "41 more changes stand in the whole report" in lines[0]
    assert len(render(verdict, name, everything=True).splitlines()) == 51
    check(verdict)


def test_an_annotation_is_no_longer_than_hosts_take() -> None:
    verdict = story()
    long = evolve(verdict, rows=(evolve(verdict.rows[0], name="Service." + "x,%" * 30_000),))
    line = render(long, "github").splitlines()[1]
    title, _, message = line.partition("title=")[2].partition("::")
    told = [re.sub("%(25|2C|3A)", "x", text) for text in (title, message)]
    assert (len(told[0]), told[0][-1]) == (255, "…")
    assert len(message.encode()) < 65_536
    assert line.endswith(f"[ent-merged {verdict.rows[0].fingerprint}]")


def test_what_may_be_worse_is_no_mere_notice() -> None:
    verdict = story()
    found = tuple(
        evolve(f, release_class=ReleaseClass.OTA_SAFE, channel=ReleaseClass.OTA_SAFE, at_most=ReleaseClass.DESTRUCTIVE)
        for f in verdict.findings
    )
    open_ = evolve(verdict, findings=found)
    assert render(open_, "github").startswith("::warning title=Mendix release class::at least OTA_SAFE")


def test_a_row_that_may_be_worst_is_shown_before_what_is_certain_to_be_less() -> None:
    """GitHub keeps ten warnings; "it may be DESTRUCTIVE" needs its reason among them, the near miss needs no place."""
    verdict = many(30)
    certain = evolve(verdict.rows[0].findings[0], at_most=OTA_SAFE, release_class=OTA_SAFE, channel=OTA_SAFE)
    open_ = evolve(certain, at_most=DESTRUCTIVE, rule=evolve(certain.rule, undecided=True))
    rest = tuple(
        evolve(r, findings=tuple(evolve(f, release_class=FULL_RELEASE, at_most=FULL_RELEASE) for f in r.findings))
        for r in verdict.rows
    )
    for finding, at in ((open_, 0), (certain, -1)):
        last = evolve(verdict.rows[0], name="Last", findings=(finding,))
        told = render(evolve(verdict, rows=(*rest, last)), "github").splitlines()[1:]
        assert "Last" in told[at]
        assert told[at].startswith("::warning" if at == 0 else "::notice")
        assert ("at most DESTRUCTIVE" in told[at]) is (at == 0)


def test_sarif_keeps_to_what_code_scanning_takes() -> None:
    (run,) = json.loads(render(many(25_010), "sarif"))["runs"]
    assert len(run["results"]) == 25_000
    notes = [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]]
    assert any(note.startswith("10 more changes are left out") for note in notes)


@pytest.mark.parametrize("budget", [200, 2_000, 65_536])
def test_a_comment_keeps_to_its_size_and_stays_a_table(budget: int) -> None:
    verdict = many(2_000)
    whole, text = (render(verdict, "markdown", budget=most) for most in (None, budget))
    head = [line for line in whole.splitlines() if not re.match(r"\| |- |\d+\. ", line)]
    assert len(text.encode()) <= max(budget, len("\n".join(head).encode()) + 700)
    assert text.count("<details>") == text.count("</details>")
    columns = {line.count("|") for line in text.splitlines() if line.startswith("| ")}
    assert len(columns) <= 1
    if len(whole.encode()) > budget:
        assert "in the whole report" in text


def test_a_comment_is_cut_from_its_end_and_no_further_than_it_must() -> None:
    rows = [f"| {n:03d} | {'x' * 90} |" for n in range(100)]
    page = ["## title", "", "| a | b |", "| --- | --- |", *rows, "", "- note"]
    size = sum(len(line) + 1 for line in page)
    assert fitting(page, size) == page
    cut = fitting(page, size - 1)
    assert cut[:-4] == page[: len(cut) - 4]  # the worst stand first, and stay
    assert cut[-3] == "| **1 more line is in the whole report** | |"
    assert fitting(page, 300)[-1] == "- note"
    assert fitting(page, 1)[-1] == "- **1 more line is in the whole report**"
