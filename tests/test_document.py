"""A verdict as a value: it cannot be changed, and crosses to other processes and to JSON and back whole."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from mx_changeclass import (
    Accountability,
    Policy,
    Verdict,
    classify,
    compare,
    diff,
    export,
    footprint,
    graph,
    read,
    render,
)
from mx_changeclass.errors import BrokenContainer, ReadError, UnsupportedVersion
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.reports import FORMATS
from mx_changeclass.rules.engine.release import Ignored
from tests.builders.histories import git
from tests.builders.specimen import PROJECTS, READERS
from tests.cases import labelled_cases
from tests.generated import story
from tests.test_schemas import apart, with_waivers

REPORT = story().to_dict()

WAYS: dict[str, Callable[[Verdict], Verdict]] = {
    "pickle": lambda verdict: pickle.loads(pickle.dumps(verdict)),
    "JSON": lambda verdict: Verdict.from_json(render(verdict, "json", everything=True)),
    "dict": lambda verdict: Verdict.from_dict(verdict.to_dict()),
    "detached": Verdict.detached,
}


def comes_back(verdict: Verdict, *ways: str) -> None:
    """It is equal, and told alike in every format."""
    formats = [(name, everything) for name in FORMATS for everything in (False, True)]
    told = [render(verdict, name, everything=everything) for name, everything in formats]
    for way in ways or WAYS:
        found = WAYS[way](verdict)
        assert found == verdict, way
        assert hash(found) == hash(verdict), way
        assert repr(found) == repr(verdict), way
        assert found.findings == verdict.findings, way
        assert [render(found, name, everything=everything) for name, everything in formats] == told, way


@pytest.mark.parametrize("case", list(labelled_cases())[::12], ids=lambda case: case.id)
def test_a_verdict_comes_back_as_it_went(case: Any) -> None:
    comes_back(case.verdict())


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    """A model in every form it comes in."""
    found = {form: read(READERS / path) for form, path in PROJECTS.items()}
    if shutil.which("git"):
        repository = tmp_path_factory.mktemp("forms")
        shutil.copytree(READERS / "v2", repository / "app")
        git(repository, "init", "-q")
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "one")
        found["revision"] = read("HEAD:app", cwd=repository)
        found["index"] = read(":app", cwd=repository)
    return found


def test_a_verdict_crosses_from_every_form(forms: dict[str, Snapshot]) -> None:
    new = story().new
    for snapshot in forms.values():
        verdict = compare(snapshot, new)
        assert verdict.rows
        comes_back(verdict, "pickle")


def test_the_policy_and_a_native_app_are_part_of_what_is_told() -> None:
    policy = Policy(native_template="14.1.13", declared={"codepush": "yes"}, ignore=("a/*",), ota_in_binary=False)
    verdict = classify(story().changes, policy)
    assert Verdict.from_dict(verdict.to_dict()).policy == policy
    assert verdict != story()


def test_a_rule_that_nobody_knows_any_more_is_told_as_it_spoke() -> None:
    """A report of another version, or a rule of a team: its texts come with the report."""
    report = json.loads(json.dumps(story().to_dict()).replace("ent-merged", "acme-merged"))
    report["rules"]["acme-merged"]["title"] = "Merged, says Acme"
    found = Verdict.from_dict(report)
    assert "Merged, says Acme [acme-merged]" in render(found)
    comes_back(found)


def test_what_a_finding_says_apart_from_its_change_comes_back() -> None:
    comes_back(apart())


def test_of_a_plain_report_all_but_the_noise_comes_back() -> None:
    found = Verdict.from_json(render(story(), "json"))
    for name in FORMATS:
        assert render(found, name) == render(story(), name)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, b"\xff"])
def test_what_is_no_report_is_an_error(text: str | bytes) -> None:
    with pytest.raises(BrokenContainer, match=r"^report: "):
        Verdict.from_json(text)


def _grown(part: Any, at: str = "") -> Any:
    """A document of a later version: with a further key in each table whose keys are not names."""
    if isinstance(part, list):
        return [_grown(each, at) for each in part]
    if not isinstance(part, dict):
        return part
    named = at in ("rules", "by_noise", "declared", "severity")
    grown = {key: _grown(value, "" if named else key) for key, value in part.items()}
    return grown if named else {**grown, "later": "x"}


def test_what_a_later_version_adds_is_passed_over() -> None:
    ignored = (Ignored("a/*", 2, 1),)
    verdict = evolve(story(), policy=Policy(declared={"codepush": "yes"}, ignore=("a/*",)), ignored=ignored)
    assert "later" in json.dumps(_grown(verdict.to_dict())["policy"])
    for told in (verdict, with_waivers()):
        assert Verdict.from_dict(_grown(told.to_dict())) == told


@pytest.mark.parametrize(("key", "word"), [("hazard", "set-on-fire"), ("hears", ["dreams"]), ("channel", "PIGEON")])
def test_a_word_that_a_later_version_adds_asks_for_that_version(key: str, word: Any) -> None:
    report = story().to_dict()
    report["tool"]["version"] = "0.9.0"
    next(iter(report["rules"].values()))[key] = word
    with pytest.raises(UnsupportedVersion, match=r"(set-on-fire|dreams|PIGEON).*mx-changeclass 0\.9\.0"):
        Verdict.from_dict(report)


def test_a_report_of_another_version_is_an_error() -> None:
    with pytest.raises(UnsupportedVersion, match="version 2"):
        Verdict.from_dict({**REPORT, "schema": 2})


@pytest.mark.parametrize("key", ["old", "verdict", "changes", "remarks", "rules", "policy", "accountability"])
@pytest.mark.parametrize("value", [None, 7, "x", [7], {"x": 7}])
def test_a_report_that_is_not_whole_is_an_error(key: str, value: Any) -> None:
    with pytest.raises(ReadError, match=r"^report: "):
        Verdict.from_dict({**REPORT, key: value})
    with pytest.raises(ReadError, match=r"^report: "):
        Verdict.from_dict({k: v for k, v in REPORT.items() if k != key})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fingerprint", 5), ("fingerprint", ["x"]), ("verb", "joined"), ("verb", None), ("property", ["x"]),
        ("old", {"a": 1}), ("new", [["x"]]), ("what", 5), ("within", "0123456789ab"), ("within", 5), ("audience", [5]),
    ],
)  # fmt: skip
def test_a_change_of_another_shape_is_an_error(key: str, value: Any) -> None:
    first, *rest = REPORT["changes"]
    with pytest.raises(ReadError, match=r"^report: "):
        Verdict.from_dict({**REPORT, "changes": [{**first, key: value}, *rest]})


def test_a_verdict_cannot_be_changed() -> None:
    verdict = story()
    for value in (verdict, verdict.findings[0], verdict.rows[0], verdict.policy, verdict.accountability):
        name = next(iter(value.__attrs_attrs__)).name
        with pytest.raises(AttributeError):
            setattr(value, name, ())


CHANGE: tuple[Callable[[Any, Any], Any], ...] = (
    lambda table, key: table.__setitem__(key, 9),
    lambda table, key: table.__delitem__(key),
    lambda table, key: table.__ior__({key: 9}),
    lambda table, key: table.update({key: 9}),
    lambda table, key: table.pop(key),
    lambda table, _: table.popitem(),
    lambda table, _: table.setdefault("new", 9),
    lambda table, _: table.clear(),
)


def _same(verdict: Verdict) -> Verdict:
    return verdict


@pytest.mark.parametrize("way", [*WAYS, "as it is"])
def test_the_tables_of_a_verdict_cannot_be_changed(way: str) -> None:
    stated = evolve(
        story(),
        policy=Policy(declared={"codepush": "yes"}),
        accountability=Accountability(1, noise=1, by_noise={"x": 1}),
    )
    verdict = WAYS.get(way, _same)(stated)
    kept = verdict.to_dict()
    for table in (verdict.counts, verdict.accountability.by_noise, verdict.policy.declared):
        for change in CHANGE:
            with pytest.raises(TypeError, match=r"make a copy with dict\(\)"):
                change(table, next(iter(table)))
    assert verdict.to_dict() == kept


def test_each_value_is_shown_in_one_short_line() -> None:
    verdict = story()
    for value in (
        verdict, verdict.changes, verdict.old, verdict.changes.old_tree, verdict.policy, verdict.findings[0],
        verdict.rows[0], verdict.findings[0].rule, *verdict.changes, footprint(verdict.new),
        *footprint(verdict.new).profiles, *(element for element in verdict.changes.new_tree.rows.values()),
    ):  # fmt: skip
        assert len(repr(value)) < 200
        assert "\n" not in repr(value)
    assert repr(verdict) == (
        "<Verdict DESTRUCTIVE: 3 DESTRUCTIVE, 3 NEEDS_REDEPLOY, 3 OTA_SAFE; "
        "'fixtures/field-service/v1.snapshot.xml' -> 'fixtures/field-service/v2.snapshot.xml'>"
    )
    same = classify(diff(verdict.new, verdict.new))
    assert repr(same).startswith("<Verdict OTA_SAFE: no change; ")


ASKED: dict[str, Callable[[Verdict, Snapshot], Any]] = {
    "classify": lambda verdict, _: classify(verdict.changes),
    "compare with a model": lambda verdict, model: compare(verdict.old, model),
    "compare both": lambda verdict, _: compare(verdict.old, verdict.new),
    "diff": lambda verdict, _: diff(verdict.old, verdict.new),
    "graph": lambda verdict, _: graph(verdict.new),
    "footprint": lambda verdict, _: footprint(verdict.new),
    "export": lambda verdict, _: export(verdict.new),
    "table": lambda verdict, _: verdict.new.table,
    "native app": lambda verdict, _: verdict.new.native,
    "each change": lambda verdict, _: list(verdict.changes),
    "number of changes": lambda verdict, _: len(verdict.changes),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("asked", ASKED)
def test_a_model_that_is_gone_is_never_taken_for_an_empty_one(way: str, asked: str) -> None:
    verdict = story()
    with pytest.raises(ReadError, match=r"snapshot\.xml: the model is not here.*Read the two models again"):
        ASKED[asked](WAYS[way](verdict), verdict.new)
    assert len(verdict.changes) > 0  # the verdict itself keeps its models


@pytest.mark.parametrize("way", WAYS)
def test_a_side_that_never_was_is_there_altogether(way: str) -> None:
    new = story().new
    first = WAYS[way](compare("none", new))
    assert compare(first.old, new) == first
