"""The JSON documents follow their schemas, which know every key that is written, and are described key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from mx_changeclass import (
    Blame,
    Blamed,
    Fleet,
    FleetVersion,
    How,
    Policy,
    ReleaseClass,
    Severity,
    Verdict,
    Version,
    Waiver,
    classify,
    compare,
    fleet,
    footprint,
    hotfix,
    read,
    render,
)
from mx_changeclass.changes.diff import diff
from mx_changeclass.data import load
from mx_changeclass.errors import BrokenContainer
from mx_changeclass.findings.back import way_back
from mx_changeclass.findings.finding import worst_first
from mx_changeclass.findings.hotfix import hotfix_by_part
from mx_changeclass.findings.planning import proven_plan
from mx_changeclass.findings.steps import Step
from mx_changeclass.model.commits import Commit
from mx_changeclass.reports import catalogue
from mx_changeclass.reports.audit import audit_document
from mx_changeclass.reports.blame import blame_document
from mx_changeclass.reports.footprint import footprint_document
from mx_changeclass.reports.hotfix import hotfix_document
from mx_changeclass.reports.plans import plan_document
from tests.builders.histories import History, field_service
from tests.builders.specimen import PROJECTS, READERS
from tests.cases import labelled_cases, rule_cases
from tests.findings.test_hotfix import COLOUR, SHOWN, after, picked
from tests.generated import ROOT, story

NAMES = {
    "report": "verdict",
    "release plan": "plan",
    "footprint": "footprint",
    "fleet": "fleet",
    "blame": "blame",
    "hotfix": "hotfix",
    "rules": "rules",
    "audit": "audit",
}


def closed(schema: Any) -> Any:
    """The schema without room for keys it does not name. It ships open, so that keys can be added."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    return (
        {"additionalProperties": False, **parts} if "properties" in parts and parts.get("type") == "object" else parts
    )


VALIDATORS = {name: Draft202012Validator(closed(load(f"{file}.schema"))) for name, file in NAMES.items()}


def verdicts() -> Iterator[Verdict]:
    """Cases of all chapters, the story, and models in several forms."""
    yield story()
    yield apart()
    yield with_ignored()
    yield with_waivers()
    yield from (case.verdict() for case in list(labelled_cases())[::4])
    for path in PROJECTS.values():
        yield compare("none", read(READERS / path))


def apart() -> Verdict:
    """A verdict in which a finding is about something else than the change it stands at."""
    verdict = story()
    first = verdict.rows[0]
    other = evolve(first.findings[0], subject="Field.Other", kind="Pages$Page", audience=("Web",), why=("Web",))
    rows = (evolve(first, findings=(*first.findings, other)), *verdict.rows[1:])
    return evolve(verdict, rows=rows, findings=tuple(sorted((*verdict.findings, other), key=worst_first)))


def with_ignored() -> Verdict:
    """A verdict on a model of which the configuration leaves files out."""
    return compare("none", READERS / "v2", Policy(ignore=("theme/*",)))


def with_waivers() -> Verdict:
    """A verdict of which something is waived, by waivers that say all that they may, and a rule is judged anew."""
    day = date(2026, 12, 31)
    stated = Waiver(
        fingerprint="6908ee294c6a",
        rule=("ent-merged",),
        element="Service.*",
        what="removed",
        reason="agreed",
        by="Ada",
        until=day,
        up_to=ReleaseClass.DESTRUCTIVE,
        undecided=True,
        baseline="10.24.18",
        source="waivers.toml",
        found=True,
    )
    severity = {"text-changed": Severity(ReleaseClass.NEEDS_REDEPLOY, "agreed")}
    return classify(story().changes, Policy(waivers=(stated,), severity=severity), today=day)


def plans() -> Iterator[Any]:
    """The plan of the story, the way back from it, and plans that have to wait for a change of the model."""
    about = story()
    yield plan_document(proven_plan(about), about.old, about.new)
    way = way_back(about)
    yield plan_document(way.plan, about.new, about.old, way)
    rules = ("attr-deleted-server", "ent-renamed-sync", "mf-deleted", "native-dep-added", "nav-native-profile-removed")
    told = {f"{rule} hit" for rule in rules}
    for case in (case for case in rule_cases() if case.id in told):
        old, new = case.sides()
        yield plan_document(proven_plan(classify(diff(old, new), case.policy)), old, new)


def in_field() -> Fleet:
    """The second version of the story against the first, of which the server ran another before."""
    old, new = story().old, story().new
    return fleet(new, [FleetVersion("1.0", old, "14.1.13", True, 0.1, 30), FleetVersion("1.1", new)])


def brought() -> Blame:
    """The story led to two commits, of which one could not be read."""
    first, second = (Commit(n * 40, "2025-03-03T09:00:00Z", "Ada", "Merge", (), (), ("AB-12",)) for n in "12")
    hands = first.id, second.id
    told = [
        Blamed(f, ("6908ee294c6a",), how, hands[:n], hands[:n], hands[:1])
        for n, (f, how) in enumerate(zip(story().findings, How, strict=False))
    ]
    return Blame(story(), tuple(told), (first, second), 3, (first.id,), "0" * 40, "0" * 40)


def hotfixes() -> Iterator[Any]:
    """The story by part and by commit, with commits in each state."""
    for bar in (ReleaseClass.OTA_SAFE, ReleaseClass.NEEDS_REDEPLOY):
        yield hotfix_document(hotfix_by_part(story(), bar, without=("Service.Home",)))
    yield hotfix_document(hotfix_by_part(upgraded(), ReleaseClass.OTA_SAFE))
    with TemporaryDirectory() as folder:
        yield hotfix_document(hotfix("v1.0", "main", cwd=field_service(Path(folder) / "story")))
        line = History(Path(folder) / "line")
        for name, model in (("base", after()), ("colour", after(COLOUR)), ("shown", after(COLOUR, SHOWN))):
            line.put(name, model)
        yield hotfix_document(picked(line, "main~2"))


def upgraded() -> Verdict:
    """The story, made in a later version of Studio Pro."""
    return compare(story().old, evolve(story().new, version=Version.of("11.0.0")))


class Audited(dict[str, Any]):
    """An audit of an app, and another app that could not be audited."""

    errors = {"Other": BrokenContainer("other", "is cut", "Fetch it again")}  # noqa: RUF012


def audits() -> Audited:
    skipped = (BrokenContainer("0123", "is cut", "Fetch it again"),)
    commit = Commit("1" * 40, "2025-03-03T09:00:00Z", "Ada", "Merge measurements", (), ("v1",))
    grave = next(c.verdict() for c in labelled_cases() if c.verdict().channel == "FULL_RELEASE")
    steps = (Step("0" * 40, "1" * 40, story(), skipped, commit), Step("1" * 40, "2" * 40, grave))
    return Audited(field=SimpleNamespace(steps=steps, unread=skipped))


def documents(name: str) -> Iterator[Any]:
    if name == "report":
        yield from (verdict.to_dict() for verdict in verdicts())
        yield json.loads(render(story(), "json", fleet=in_field()))
    elif name == "release plan":
        yield from plans()
    elif name == "footprint":
        for model in (
            *sorted((ROOT / "fixtures" / "field-service").glob("*.xml")),
            ROOT / "fixtures" / "base.snapshot.xml",
        ):
            yield footprint_document(footprint(read(model)))
    elif name == "audit":
        for everything in (False, True):
            yield audit_document(audits(), everything=everything)
    elif name == "fleet":
        yield in_field().to_dict()
    elif name == "blame":
        yield blame_document(brought())
    elif name == "hotfix":
        yield from hotfixes()
    else:
        yield json.loads(catalogue.rules("json"))


@pytest.fixture(scope="module", params=NAMES)
def written(request: pytest.FixtureRequest) -> tuple[str, list[Any]]:
    return request.param, list(documents(request.param))


def test_every_document_follows_its_schema(written: tuple[str, list[Any]]) -> None:
    name, told = written
    for document in told:
        error = next(VALIDATORS[name].iter_errors(document), None)
        assert error is None, f"{error.json_path}: {error.message}"


def test_a_key_that_the_schema_does_not_know_is_seen(written: tuple[str, list[Any]]) -> None:
    """At every table of a document, however deep."""
    name, told = written
    document = json.loads(json.dumps(told[0]))
    if name == "rules":
        del document["rules"][2:]
    tables = [table for table in _tables(document) if table and not table.keys() & {"unknown"}]
    named = [t for t in tables if t is not document.get("rules")]
    for table in named:
        table["unknown"] = {"of": "no type"}
        assert not VALIDATORS[name].is_valid(document)
        del table["unknown"]
    assert len(named) > 3


def test_every_key_of_a_schema_is_written_somewhere(written: tuple[str, list[Any]]) -> None:
    name, told = written
    schema = load(f"{NAMES[name]}.schema")
    found: set[tuple[int, str]] = set()
    for document in told:
        found |= set(_used(schema, schema, document))
    assert {key for key in _named(schema) if key not in found} == set()


def test_the_shipped_schemas_take_further_keys() -> None:
    for name, file in NAMES.items():
        open_ = Draft202012Validator(load(f"{file}.schema"))
        assert open_.is_valid({**next(documents(name)), "added_later": 1})


def test_every_key_is_described() -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    sections = {
        part.partition("\n")[0].partition(":")[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }
    described = {name: re.findall(r"^\| `([^`]+)` \|", part, flags=re.MULTILINE) for name, part in sections.items()}
    wanted: dict[str, list[str]] = {}
    for name, file in NAMES.items():
        schema = load(f"{file}.schema")
        wanted[name] = list(_paths(schema))
        wanted |= {part: list(_paths(sub)) for part, sub in schema["$defs"].items() if "properties" in sub}
    of_change = wanted.pop("finding_of_change")
    assert sorted(of_change) == sorted(wanted["finding"])
    assert described == wanted


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _tables(part)


def _resolved(schema: Any, part: Any) -> Any:
    return schema["$defs"][part["$ref"].rpartition("/")[2]] if isinstance(part, dict) and "$ref" in part else part


def _named(schema: Any) -> Iterator[tuple[int, str]]:
    """Each key that a schema names, by the table it stands in."""
    for table in _tables(schema):
        if isinstance(table.get("properties"), dict) and table.get("type") == "object":
            yield from ((id(table), key) for key in table["properties"])


def _used(schema: Any, part: Any, value: Any) -> Iterator[tuple[int, str]]:
    part = _resolved(schema, part)
    if isinstance(value, list):
        for item in value:
            yield from _used(schema, part.get("items", {}), item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in part.get("properties", {}):
                yield id(part), key
            yield from _used(schema, part.get("properties", {}).get(key, part.get("additionalProperties", {})), inner)


def _paths(part: Any, path: str = "") -> Iterator[str]:
    """The keys of a schema as ``docs/json.md`` writes them; what has a table of its own is not entered."""
    if part.get("properties"):
        for key, inner in part["properties"].items():
            yield from _paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(part.get("additionalProperties"), dict):
        yield f"{path}.<{'id' if '$ref' in part['additionalProperties'] else 'name'}>"
    elif part.get("items", {}).get("properties"):
        yield from _paths(part["items"], f"{path}[]")
    else:
        yield path
