"""What the steps of a history say together, and how an audit is told."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Generator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lxml.html
import pytest
from attrs import evolve
from click.testing import CliRunner

import mx_changeclass as mx
from mx_changeclass.cli import cli
from mx_changeclass.errors import BrokenContainer, MxError
from mx_changeclass.findings.steps import (
    STEP_COLUMNS,
    Step,
    between_binaries,
    heat,
    other_bases,
    recurring,
    worst_steps,
)
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.types import MODULE
from mx_changeclass.reports import AUDIT_FORMATS
from mx_changeclass.reports.audit import audit_headline, binaries_told, losses_told, render_audits
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, NONE, Maybe
from tests.builders.histories import field_service, git
from tests.cases import labelled_cases
from tests.generated import ROOT, story

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


def altered(verdict: mx.Verdict, loss: Maybe, at_most: mx.ReleaseClass) -> mx.Verdict:
    """The verdict with findings that cost the server so much and may be so grave."""
    findings = (evolve(f, rule=evolve(f.rule, server_data_loss=loss), at_most=at_most) for f in verdict.findings)
    return evolve(verdict, findings=tuple(findings))


@pytest.fixture(scope="module")
def redeploys(verdicts: dict[str, mx.Verdict]) -> list[Step]:
    """Steps of one class: an ordinary one, one that may be worse, and one that deletes data on the server."""
    choices = ((Maybe.NO, NEEDS_REDEPLOY), (Maybe.MAYBE, DESTRUCTIVE), (Maybe.YES, NEEDS_REDEPLOY))
    found = [altered(verdicts["NEEDS_REDEPLOY"], loss, at_most) for loss, at_most in choices]
    return [step(n, verdict, f"2025-01-0{n + 1}") for n, verdict in enumerate(found)]


def test_of_one_class_the_worst_delete_data_on_the_server_or_may_be_more(redeploys: list[Step]) -> None:
    plain, open_, losing = redeploys
    assert worst_steps([losing, open_, plain]) == [losing, open_, plain]


def test_every_sum_tells_what_steps_may_be_and_what_they_delete(redeploys: list[Step]) -> None:
    sums = ("3 NEEDS_REDEPLOY (1 may be DESTRUCTIVE)", "1 step deletes data on the server")
    assert audit_headline([redeploys[0]]).endswith(": 1 NEEDS_REDEPLOY")
    assert losses_told(redeploys[:2]) == "", "what may be deleted is not told as what is"
    assert losses_told(redeploys[2:] * 2) == "2 steps delete data on the server"
    audits = {"field": told(*redeploys)}
    for name in ("text", "markdown", "html"):
        report = render_audits(audits, name)
        assert all(told in report for told in sums), name
        told_rows = [line for line in report.splitlines() if "2025-01-03" in line and "deletes data" in line]
        assert told_rows, f"{name}: at its own step"
    assert [b.text for b in page(audits).xpath("//p[@class='worst NEEDS_REDEPLOY']/b")] == [
        "deletes data on the server", "at most DESTRUCTIVE",
    ]  # fmt: skip
    table = page({"field": told(*redeploys), "calm": told(redeploys[0])}).xpath("//table")[0]
    column = [cell.text for cell in table.xpath(".//thead//th")].index("Delete server data")
    assert [row[column].text for row in table.xpath("./tbody/tr")] == ["1", "0"]
    assert table.xpath("./tbody/tr[1]/td[1]/b/text()") == ["at most DESTRUCTIVE"]


def test_a_rule_that_recurs_is_counted_by_steps_and_findings(verdicts: dict[str, mx.Verdict]) -> None:
    grave = verdicts["DESTRUCTIVE"]
    steps = [step(0, grave), step(1, verdicts["OTA_SAFE"]), step(2, grave)]
    rule = next(f.rule for f in grave.findings if f.release_class is mx.ReleaseClass.DESTRUCTIVE)
    told = {r.rule.id: r for r in recurring(steps)}[rule.id]
    assert (told.steps, told.findings, told.last) == (2, 2 * sum(f.rule is rule for f in grave.findings), steps[2])
    assert all(r.rule.id in {f.rule.id for f in grave.findings} for r in recurring(steps)), "mild ones are not told"


def test_a_rule_that_recurs_tells_what_to_do(verdicts: dict[str, mx.Verdict]) -> None:
    audits = {"field": told(*(step(n, verdicts["DESTRUCTIVE"]) for n in range(2)))}
    advice = [f.rule.mitigation for f in verdicts["DESTRUCTIVE"].findings if f.release_class is DESTRUCTIVE]
    assert all(advice)
    text = " ".join(render_audits(audits).split())
    (again,) = page(audits).xpath("//ul[contains(@class, 'again')]")
    assert all(f"do: {do}" in text and do in again.text_content() for do in advice)


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


def told(*steps: Step, unread: tuple[MxError, ...] = ()) -> mx.Audit:
    """An audit of these steps, and of commits after them that could not be judged."""

    def source() -> Generator[Step, None, tuple[MxError, ...]]:
        yield from steps
        return unread

    return mx.Audit("field", len(steps), source())


def test_columns_stand_apart_whatever_is_long(redeploys: list[Step]) -> None:
    tagged = [evolve(s, commit=evolve(s.commit, tags=("v2.0", "release-2" * n))) for n, s in enumerate(redeploys, 1)]
    tagged.append(evolve(tagged[0], commit=Commit("1" * 40, "", "", "", (), ("v" * 99,))))
    report = render_audits({"field": told(*tagged)})
    lines = [line for line in report.splitlines() if " NEEDS_REDEPLOY" in line][1:]
    assert [re.split(" {2,}", line)[:3] for line in lines] == [
        [s.day or "-", s.name, f"NEEDS_REDEPLOY{', at most DESTRUCTIVE' if s is tagged[1] else ''}"] for s in tagged
    ]
    assert len({line.index(" NEEDS_REDEPLOY") for line in lines[:3]}) == 1, "one below the other"


def test_the_median_of_days_between_binaries_is_told(verdicts: dict[str, mx.Verdict]) -> None:
    store = next(v for v in verdicts.values() if v.channel is FULL_RELEASE)
    steps = [step(n, store, f"2025-01-{day:02}") for n, day in enumerate((1, 3, 23, 24))]  # 2, 20 and 1 days apart
    assert binaries_told(steps) == "4 steps needed a new binary, a median of 2 days apart"
    assert binaries_told(steps[:3]) == "3 steps needed a new binary, a median of 11 days apart"
    assert binaries_told(steps[2:]) == "2 steps needed a new binary, a median of 1 day apart"
    assert binaries_told(steps[:1]) == "1 step needed a new binary"


def test_no_line_of_markdown_ends_with_a_blank(verdicts: dict[str, mx.Verdict]) -> None:
    lines = render_audits({"field": told(step(0, verdicts["NEEDS_REDEPLOY"]))}, "markdown").splitlines()
    assert lines[2] == "1 step: 1 NEEDS_REDEPLOY."
    assert all(line == line.rstrip() for line in lines)


def test_a_step_that_was_not_compared_with_the_one_before_it_tells_with_what(redeploys: list[Step]) -> None:
    named = [evolve(s, commit=evolve(s.commit, tags=(f"v{n}",), author="Ada")) for n, s in enumerate(redeploys)]
    assert other_bases(named) == {}
    assert other_bases([named[0], named[2]]) == {named[2].new: named[2].old[:12]}, "one that is no step, by its commit"
    aside = [*named[:2], evolve(named[2], old=named[0].new)]
    assert other_bases(aside) == {named[2].new: "v0"}
    audits = {"field": told(*aside)}
    assert all(render_audits(audits, name).count("compared with") == 1 for name in ("text", "markdown"))
    (newest, *others) = page(audits).xpath("//details/summary")
    assert "compared with v0" in newest.text_content()
    assert not any("compared" in other.text_content() for other in others)


HOSTILE = "=cmd|' /C calc'!A0 ##vso[task.complete]\n::error::boo | <b>`x`</b> \x1b[31m @everyone"


def hostile(said: str = HOSTILE) -> dict[str, mx.Audit]:
    verdict = story()
    verdict = evolve(
        verdict, rows=tuple(evolve(row, kind=MODULE, name=f"{n}{said}") for n, row in enumerate(verdict.rows))
    )
    commits = [Commit("1" * 40, f"2025-01-0{n}T00:00:00Z", said, said, (), (said,)) for n in (1, 2)]
    steps = [evolve(step(n, verdict), commit=commit) for n, commit in enumerate(commits)]
    return {said: told(*steps, unread=(BrokenContainer(said, said, said),))}


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
        ("[[app]]\nname = 'x'\nrepository = '.'\nlimit = -5", "'limit' cannot be -5"),
        ('[[app]]\nname = "x"\nrepository = "\\u0000"', "'repository' cannot be"),
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
    assert table.columns.is_unique
    assert by == "step" or set(table["step_subject"]) == {""}
    assert list(table["class"].cat.categories) == CLASSES[::-1]


def test_a_frame_has_no_other_rows(verdicts: dict[str, mx.Verdict]) -> None:
    with pytest.raises(mx.PolicyError, match="'step', 'finding', 'change'"):
        told(step(0, next(iter(verdicts.values())))).to_frame("module")


UNREAD = BrokenContainer("0123:field", "is cut", "Fetch it again")


@pytest.mark.parametrize("name", AUDIT_FORMATS)
def test_every_format_tells_what_could_not_be_judged_at_last(name: str) -> None:
    assert str(UNREAD) in render_audits({"field": told(step(0, story()), unread=(UNREAD,))}, name)


def test_a_table_of_steps_ends_with_what_could_not_be_judged(verdicts: dict[str, mx.Verdict]) -> None:
    table = told(step(0, story()), unread=(UNREAD,)).to_frame()
    assert list(table["not_judged"]) == ["", str(UNREAD)]
    assert list(table["class"].isna()) == [False, True]
    portfolio = mx.Portfolio({"field": told(step(0, story()))}, {"Gone": UNREAD})
    assert list(portfolio.to_frame()["app"]) == ["field", "Gone"]
    rows = list(csv.DictReader(io.StringIO(render_audits(portfolio, "csv"))))
    assert [(row["app"], row["not_judged"]) for row in rows] == [("field", ""), ("Gone", str(UNREAD))]


# -- the page -------------------------------------------------------------------------------------------------------


def page(audits: Any, **options: Any) -> Any:
    return lxml.html.document_fromstring(render_audits(audits, "html", **options))


@pytest.fixture(scope="module")
def several(verdicts: dict[str, mx.Verdict]) -> mx.Audit:
    """Steps of each class and one without a change, with days and tags."""
    calm = mx.compare(story().old, story().old)
    days = [f"2025-0{n}-1{n}T09:00:00Z" for n in range(1, 8)]
    steps = [
        step(n, v, day)
        for n, (v, day) in enumerate(
            zip([*verdicts.values(), story(), calm, verdicts["FULL_RELEASE"]], days, strict=True)
        )
    ]
    return told(*(evolve(each, commit=evolve(each.commit, tags=(f"v{n}",))) for n, each in enumerate(steps)))


def test_the_page_needs_nothing_but_itself(several: mx.Audit) -> None:
    text = render_audits({"field": several}, "html")
    assert text.startswith("<!doctype html>\n<html lang=")
    assert text.index("<meta charset=") < 1024
    document: Any = lxml.html.document_fromstring(text)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = document.xpath("//style")
    digest = b64encode(sha256(style.text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'"
    assert "url(" not in style.text
    assert "@import" not in style.text
    loads = (
        "//script | //link | //img | //image | //use | //iframe | //@src | //@style | //@*[starts-with(name(), 'on')]"
    )
    assert document.xpath(loads) == []
    assert "xlink" not in text
    assert re.findall(r"https?://[^\"\s]*", text) == ["http://www.w3.org/2000/svg"] * len(document.xpath("//svg"))
    assert len(document.xpath("//svg")) == 3


def test_each_step_stands_on_the_page_and_each_link_leads_to_one_place(several: mx.Audit) -> None:
    document = page({"field": several})
    marks = Counter(document.xpath("//@id"))
    assert [mark for mark, times in marks.items() if times > 1] == []
    links = document.xpath("//@href")
    assert [link for link in links if not link.startswith("#") or link[1:] not in marks] == []
    assert document.xpath("//details/@id | //summary//@id") == [], "a browser opens what holds the place, not the place"
    places = document.xpath("//details/div/@id")
    assert len(places) == len(several.steps)
    changed = {place for place, each in zip(places[::-1], several.steps, strict=True) if each.verdict.rows}
    drawn = document.xpath("//figure//svg//@href")
    assert {link[1:] for link in drawn} == changed
    levels = [int(heading.tag[1]) for heading in document.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_pictures_hold_up_neither_keys_nor_screen_readers(several: mx.Audit) -> None:
    document = page({"field": several})
    assert set(document.xpath("//svg/@aria-hidden")) == {"true"}
    assert set(document.xpath("//svg//a/@tabindex")) == {"-1"}
    regions = document.xpath("//figure/div")
    assert all(region.get("tabindex") == "0" and region.get("aria-label") for region in regions)


def test_what_is_pointed_at_says_what_it_is(several: mx.Audit) -> None:
    document = page({"field": several})
    words = set(document.xpath("//svg//title/text()"))
    for each in several.steps:
        for name, changes in each.verdict.counts.items():
            told = f"{each.day} {each.name}: {changes} change{'s' * (changes != 1)} {name}"
            assert (told in words) == (changes > 0)


PIECES = (
    "</title><script>alert(1)</script>", "</svg><img src=x onerror=y>", "]]>", "<!--", "&lt;b&gt;", '"', "'", "\\",
    '"}[0]+(1)//', "{{7*7}}", "datum.value", "${x}", "\x1b[31m", "\x00", "\u202e", "\ud800", "\u2028", "##vso[x]",
    "https://evil.example", "\n::error::x",
)  # fmt: skip
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "h1", "p", "main", "section", "h2", "h3",
    "ul", "li", "figure", "figcaption", "details", "summary", "span", "code", "b", "br", "table", "thead", "tbody",
    "tr", "th", "td", "svg", "g", "path", "line", "text",
}  # fmt: skip


@pytest.mark.parametrize("said", [HOSTILE, "".join(PIECES), *PIECES])
def test_nobody_steers_the_page_or_its_pictures(said: str) -> None:
    text = render_audits(hostile(said), "html")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\ud800-\udfff]", text)
    assert "##vso[" not in text
    document: Any = lxml.html.document_fromstring(text)
    elements = {element.tag for element in document.iter() if isinstance(element.tag, str)}
    assert elements <= ELEMENTS
    assert document.xpath("//comment()") == []
    assert document.xpath("//@*[starts-with(name(), 'on') or name() = 'src' or name() = 'style']") == []
    assert all(link.startswith("#") for link in document.xpath("//@href"))
    shown = " ".join(said.split())
    if shown and shown.isprintable():
        name = f"2025-01-01 {shown}"
        assert (name if len(name) <= 24 else f"{name[:23]}…") in document.xpath("//svg//text/text()"), (
            "a name stands as it is"
        )


def test_an_audit_without_steps_and_one_of_a_single_step_are_pages() -> None:
    assert page({"field": told()}).xpath("//svg | //details") == []
    assert len(page({"field": told(step(0, story(), "2025-01-01"))}).xpath("//details")) == 1
    assert page({"field": told(step(0, mx.compare(story().old, story().old)))}).xpath("//svg") == []


def test_apps_of_one_repository_have_places_of_their_own(several: mx.Audit) -> None:
    one, other = (told(*several.steps) for _ in range(2))
    document = page(mx.Portfolio({"one": one, "other": other}, {"gone": UNREAD}))
    marks = Counter(document.xpath("//@id"))
    assert max(marks.values()) == 1
    assert all(link[1:] in marks for link in document.xpath("//@href"))
    assert [row.text_content() for row in document.xpath("//tbody/tr/th")] == ["gone", "one", "other"]


def test_of_many_apps_the_page_tells_the_worst_steps(several: mx.Audit) -> None:
    document = page({f"app {n}": told(*several.steps) for n in range(9)})
    marks = set(document.xpath("//@id"))
    assert all(link[1:] in marks for link in document.xpath("//@href"))
    assert len(document.xpath("//tbody/tr")) == 9
    apps = {"calm": told(*(s for s in several.steps if s.verdict.release_class < FULL_RELEASE)), "wild": several}
    assert page(apps).xpath("//tbody/tr/th/a/text()") == ["wild", "calm"], "the worst first"
    assert len(document.xpath("//details/details")) == 9 * 5, "folded, each app by itself"
    assert document.xpath("//details/@id | //summary//@id") == [], "a browser opens what holds the place, not the place"


@pytest.mark.parametrize("shown", [told(step(0, story())), mx.Portfolio({"field": told(step(0, story()))}, {})])
def test_a_notebook_shows_the_page_in_a_frame(shown: Any) -> None:
    cell: Any = lxml.html.fragment_fromstring(shown._repr_html_())
    (inner,) = cell.xpath(".//iframe/@srcdoc")
    document: Any = lxml.html.document_fromstring(inner)
    assert len(document.xpath("//details")) == 1


def _alone(code: str, seed: str = "0") -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True
    ).stdout


def test_the_page_has_the_same_bytes_in_every_process() -> None:
    code = (
        "import sys; from tests.reports.test_audit import *\n"
        "sys.stdout.buffer.write(render_audits({'field': told(step(0, story(), '2025-01-01'))}, 'html').encode())"
    )
    assert _alone(code, "1") == _alone(code, "2")


def test_without_altair_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['altair'] = None\n"
        "from tests.reports.test_audit import *\n"
        "try: render_audits({'field': told(step(0, story()))}, 'html')\n"
        "except mx.MxError as error: print(error)"
    )
    assert _alone(code) == b"the page of an audit needs Altair. Run 'pip install mx-changeclass[audit]'\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_page_leads_to_the_whole_report_of_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    releases = field_service(tmp_path / "field")
    monkeypatch.chdir(releases)
    target, folder = tmp_path / "out" / "audit.html", tmp_path / "out" / "step s#1"
    target.parent.mkdir()
    done = CliRunner().invoke(cli, ["audit", "--format", "html", "-o", str(target), "--reports", str(folder)])
    assert done.exit_code == 0, done.output
    steps = mx.audit().steps
    document: Any = lxml.html.document_fromstring(target.read_bytes())
    links = document.xpath("//details//@href")
    assert len(links) == len(set(links)) == 3
    for link, each in zip(links[::-1], steps, strict=True):
        assert (target.parent / unquote(link)).read_text("utf-8") == mx.render(each.verdict, "html")
    assert sorted(folder.iterdir()) == sorted(target.parent / unquote(link) for link in links)
    assert CliRunner().invoke(cli, ["audit", "--reports", str(folder)]).exit_code == 2


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_could_not_be_audited_is_told_and_ends_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = field_service(tmp_path / "field")
    (releases / "FieldService.mpr").write_text("no database")
    git(releases, "commit", "-qam", "broken")
    monkeypatch.chdir(releases)
    done = CliRunner().invoke(cli, ["audit"])
    assert done.exit_code == 3
    assert done.stdout.count("2025-03-") == 5, "the steps before are told, and from when to when they are"
    assert "! not judged after the last step: " in done.stdout
    assert done.stderr == "mx-changeclass: not all could be audited; the report tells what and why\n"


def test_months_without_a_step_are_drawn_too() -> None:
    steps = [step(n, story(), day) for n, day in enumerate(["2024-11-05", "2025-02-01", ""])]
    words = page({"one": told(*steps), "other": told(*steps[:1])}).xpath("//section[1]//svg//text/text()")
    assert words[:5] == ["2024-11", "2024-12", "2025-01", "2025-02", "no day"]


def test_names_below_a_picture_leave_room_for_each_other() -> None:
    steps = [step(n, story(), f"{2000 + n // 12}-{n % 12 + 1:02}-01") for n in range(300)]
    found = page({"one": told(*steps), "other": told(*steps[:1])})
    months = found.xpath("//section[1]//svg")[0]
    assert [text for text in months.xpath(".//text/text()") if re.match(r"\d{4}-", text)] == [
        f"{2000 + n // 2}-{month}" for n, month in enumerate(["01", "07"] * 25)
    ]
    trend = found.xpath("//section[2]//svg")[0]
    assert int(trend.get("width")) > 4 * 300, "a step is wide enough to be seen"
    assert 40 < len([text for text in trend.xpath(".//text/text()") if text.startswith("20")]) <= 1200 // 22


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_portfolio_is_the_audits_of_its_apps_whoever_does_the_work(tmp_path: Path) -> None:
    releases = field_service(tmp_path / "field")
    listed = [f'[[app]]\nname = "{n}"\nrepository = "field"\nlimit = {n}' for n in (1, 2, 3)]
    (tmp_path / "apps.toml").write_text("\n".join(listed))
    alone, shared = (mx.portfolio(tmp_path / "apps.toml", jobs=jobs) for jobs in (1, 2))
    assert list(alone) == list(shared) == ["1", "2", "3"]
    for name, found in shared.items():
        assert found.steps == alone[name].steps == mx.audit(cwd=releases, limit=int(name)).steps
