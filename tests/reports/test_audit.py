"""What the steps of a history say together, and how an audit is told."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve

import mx_changeclass as mx
from mx_changeclass.findings.steps import STEP_COLUMNS, Step, between_binaries, heat, recurring, worst_steps
from mx_changeclass.model.commits import Commit
from mx_changeclass.reports.audit import AUDIT_FORMATS, render_audits
from mx_changeclass.vocabulary import FULL_RELEASE, NONE
from tests.builders.histories import field_service
from tests.cases import labelled_cases
from tests.generated import story

CLASSES = [str(c) for c in reversed(mx.ReleaseClass) if c is not NONE]


def step(number: int, verdict: mx.Verdict, day: str = "") -> Step:
    return Step(f"{number:040x}", f"{number + 1:040x}", verdict, (), Commit(f"{number + 1:040x}", day))


@pytest.fixture(scope="module")
def verdicts() -> dict[str, mx.Verdict]:
    """A verdict of each class."""
    found: dict[str, mx.Verdict] = {}
    for case in labelled_cases():
        verdict = case.verdict()
        if verdict.rows:
            found.setdefault(str(verdict.release_class), verdict)
        if len(found) == len(CLASSES):
            break
    return found


def test_the_worst_come_first_and_of_two_alike_the_later(verdicts: dict[str, mx.Verdict]) -> None:
    names = ["OTA_SAFE", "DESTRUCTIVE", "NEEDS_REDEPLOY", "DESTRUCTIVE", "FULL_RELEASE"]
    steps = [step(n, verdicts[name]) for n, name in enumerate(names)]
    assert [int(s.old, 16) for s in worst_steps(steps)] == [3, 1, 4, 2, 0]
    assert len(worst_steps(steps, 2)) == 2


def test_a_rule_that_recurs_is_counted_by_steps_and_findings(verdicts: dict[str, mx.Verdict]) -> None:
    grave = verdicts["DESTRUCTIVE"]
    steps = [step(0, grave), step(1, verdicts["OTA_SAFE"]), step(2, grave)]
    rule = next(f.rule for f in grave.findings if f.release_class is mx.ReleaseClass.DESTRUCTIVE)
    told = {r.rule.id: r for r in recurring(steps)}[rule.id]
    assert (told.steps, told.findings, told.last) == (2, 2 * sum(f.rule is rule for f in grave.findings), steps[2])
    assert all(r.rule.id in {f.rule.id for f in grave.findings} for r in recurring(steps)), "mild ones are not told"


def test_heat_adds_up_to_the_rows(verdicts: dict[str, mx.Verdict]) -> None:
    steps = [step(n, verdict) for n, verdict in enumerate(verdicts.values())]
    for each in steps:
        cells = [(release_class, count) for at, _, release_class, count in heat(steps) if at is each]
        assert sum(count for _, count in cells) == len(each.verdict.rows)
        assert max(c for c, _ in cells) is each.verdict.release_class


def test_days_between_the_steps_that_need_the_stores(verdicts: dict[str, mx.Verdict]) -> None:
    store = next(v for v in verdicts.values() if v.channel is FULL_RELEASE)
    days = ["2025-01-01T23:00:00+02:00", "2025-01-11T01:00:00+00:00", "", "2025-02-01T00:00:00+00:00"]
    steps = [step(n, store, day) for n, day in enumerate(days)]
    steps.insert(1, step(9, verdicts["OTA_SAFE"], "2025-01-05"))
    assert [d for _, d in between_binaries(steps)] == [None, 10, None, None]


def told(*steps: Step) -> mx.Audit:
    """An audit of these steps."""
    return mx.Audit("field", len(steps), (step for step in steps))


HOSTILE = "=cmd|' /C calc'!A0 ##vso[task.complete]\n::error::boo | <b>`x`</b> \x1b[31m @everyone"


def hostile() -> dict[str, mx.Audit]:
    commit = Commit("1" * 40, "2025-01-01T00:00:00Z", HOSTILE, HOSTILE, (), (HOSTILE,))
    return {HOSTILE: told(evolve(step(0, story()), commit=commit))}


@pytest.mark.parametrize("name", [f for f in AUDIT_FORMATS if f != "html"])
def test_who_wrote_a_commit_cannot_steer_a_report(name: str) -> None:
    text = render_audits(hostile(), name)
    assert "\x1b" not in text
    assert "##vso[" not in text
    assert not any(line.lstrip().startswith("::error") for line in text.splitlines())
    if name == "markdown":
        assert "<b>" not in text
        assert "@everyone" not in text


def test_a_table_begins_no_cell_with_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(render_audits(hostile(), "csv"))))
    assert list(rows[0]) == list(STEP_COLUMNS)
    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_csv_counts_what_the_verdict_counts() -> None:
    (row,) = csv.DictReader(io.StringIO(render_audits({"field": told(step(0, story()))}, "csv")))
    assert {c: int(row[c.lower()]) for c in CLASSES} == {c: story().counts[mx.ReleaseClass(c)] for c in CLASSES}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_portfolio_goes_on_where_an_app_cannot_be_read(tmp_path: Path) -> None:
    releases = field_service(tmp_path / "field")
    file = tmp_path / "apps.toml"
    file.write_text(
        f"""
        [[app]]
        name = "Field service"
        repository = "{releases.name}"
        tags = "v*"

        [[app]]
        name = "Gone"
        repository = "nowhere"
        """
    )
    found = mx.portfolio(file)
    assert list(found) == ["Field service"]
    assert [s.name for s in found["Field service"].steps] == ["v1.1"]
    assert list(found.errors) == ["Gone"]
    assert "Gone" in render_audits(found)
    assert [e["name"] for e in json.loads(render_audits(found, "json"))["errors"]] == ["Gone"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "lists no app"),
        ("app = 3", "lists no app"),
        ("[[app]]\nname = 'x'", "'repository' is not given"),
        ("[[app]]\nname = 'x'\nrepository = '.'\nbrnach = 'main'", "'brnach' is no key"),
        ("[[app]]\nname = 'x'\nrepository = '.'\nlimit = true", "'limit' must be a number"),
        ("[[app]]\nname = 'x'\nrepository = '.'\n[[app]]\nname = 'x'\nrepository = '.'", "name of two apps"),
        ("[[app", "Correct the portfolio"),
        ("a = " + "[" * 9999, "too deep"),
    ],
)
def test_a_file_that_is_no_portfolio_is_told(content: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "apps.toml").write_text(content)
    with pytest.raises(mx.PolicyError, match=problem):
        mx.portfolio(tmp_path / "apps.toml")


@pytest.mark.parametrize("by", ["step", "finding", "change"])
def test_a_frame_adds_up_to_the_steps(by: str, verdicts: dict[str, mx.Verdict]) -> None:
    steps = [step(n, verdict) for n, verdict in enumerate(verdicts.values())]
    table = told(*steps).to_frame(by)
    rows = {"step": 1, "change": None, "finding": None}
    for each in steps:
        own = table[table["commit"] == each.new]
        wanted = rows[by] or len(each.verdict.to_frame(by))
        assert len(own) == wanted
    assert list(table["class"].cat.categories) == CLASSES[::-1]


def test_a_frame_has_no_other_rows(verdicts: dict[str, mx.Verdict]) -> None:
    with pytest.raises(mx.PolicyError, match="'step', 'finding', 'change'"):
        told(step(0, next(iter(verdicts.values())))).to_frame("module")
