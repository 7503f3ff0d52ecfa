"""Whatever the names, values, paths and labels of a model say, no report is broken or steered by them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from mx_changeclass import compare, render
from mx_changeclass.data import raw
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.back import way_back
from mx_changeclass.findings.blame import Blame, Blamed, How
from mx_changeclass.findings.document import document
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.findings.planning import proven_plan
from mx_changeclass.graphs.footprint import footprint_of
from mx_changeclass.legible import plain_line
from mx_changeclass.model.commits import Commit
from mx_changeclass.model.snapshot import Rows, Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.readers import read
from mx_changeclass.reports import catalogue
from mx_changeclass.reports.blame import blame_document, render_blame
from mx_changeclass.reports.footprint import footprint_document, footprint_text
from mx_changeclass.reports.plans import plan_document, render_plan
from mx_changeclass.vocabulary import DESTRUCTIVE
from mx_changeclass.waivers import Severity, Waiver
from tests.builders.browser import shown
from tests.builders.parts import rewritten

STORY = Path(__file__).parents[2] / "fixtures" / "field-service"
PIECES = (
    "\n::error file=a::b", "  ::set-output name=x::y", "::warning::", "##[command]rm", "##vso[task.setvariable]x",
    "\x1b[31m", "\x1b]8;;http://e\x07", "\x9b2J", "\r", "\x08", "\x00", "\u202e", "\u2028::error::", "\u200b", "\ud800",
    "</td><script>alert(1)</script>",
    "<img src=x onerror=y>", "</details>", "&#64;acme", "<!--", "]]>", "]]]]><![CDATA[",
    "@acme", "@acme/team", "#12", "acme/app#1", "!7", "GH-5", "https://evil.example", "www.evil.example", "a@b.example",
    "![x](http://e/p.png)", "[x](http://e)", "[x]: http://e", "|", "\\|", "`", "``", "\\`", "*", "__", "~~x~~", "$x$",
    "# x", "\n\n# x", "- [ ] x", "{0}", "](1)", "%0A::error::", ",title=x", "=1+1", "'", '"', "\\", "..", "/",
)  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=4).map("".join)
everywhere = example("\n::error::".join(PIECES))
some = settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
COMMAND = re.compile(r"##[\w.]*\[|^\s*::", re.MULTILINE)
ELEMENTS = {
    "html", "head", "meta", "base", "title", "style", "body", "a", "header", "div", "h1", "p", "main", "section", "h2",
    "ol", "li", "ul", "dl", "dt", "dd", "nav", "details", "summary", "span", "form", "label", "input", "select",
    "option", "button", "output", "h3", "h4", "code", "small", "wbr", "b", "del", "ins", "script",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "aria-labelledby", "aria-label",
    "tabindex", "role", "hidden", "type", "autocomplete", "value", "open", "data-count", "data-m", "data-title",
    "data-r", "data-p", "data-u",
}  # fmt: skip
HOSTS = re.compile(r"@\w|[#!$&]\d|[~%][\w\"']|\bGH-\d|://|www\.", re.IGNORECASE)


@cache
def story(side: str) -> Snapshot:
    return read(STORY / f"{side}.snapshot.xml")


@cache
def names() -> re.Pattern[str]:
    """Every name in both versions, as a whole word."""
    found: set[str] = set()
    for model in (story("v1"), story("v2")):
        found |= {row.name for i in model.units for row in model.rows(i)} | {u.name for u in model.units.values()}
    words = {word for name in found for word in re.findall(r"\w+", name)}
    return re.compile(rf"(?<![\w$])(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?![\w$])")


def marked(side: str, mark: str) -> Snapshot:
    """A version of the story in which each name, and each text that says it, ends in a mark."""

    def change(text: str) -> str:
        return text if re.fullmatch(r"\w+\$\w+", text) else names().sub(lambda found: found[0] + mark, text)

    def load(rows: Rows) -> Rows:
        return tuple(evolve(rewritten(row, change), name=change(row.name)) for row in rows)

    model = story(side)
    units = {
        i: evolve(
            u, name=change(u.name), file=change(u.file), load=partial(load, model.rows(i)), digest=u.digest + mark
        )
        for i, u in model.units.items()
    }
    notes = (f"{mark} is listed and its file is missing", *model.incomplete)
    return Snapshot(units, model.version, mark, model.form, incomplete=notes, side_files=model.side_files, mpr=mark)


@cache
def verdict(mark: str) -> Verdict:
    day = date(2026, 1, 31)
    given = Waiver(
        rule=("ent-merged",), element="*", reason=mark, by=mark, until=day, up_to=DESTRUCTIVE, source=mark, found=True
    )
    stated = Policy(
        source=mark,
        stated=(f"ignore = {mark}",),
        severity={"attr-added-sync": Severity(DESTRUCTIVE, mark)},
        waivers=(given, evolve(given, what=mark, baseline=mark), evolve(given, element=mark)),
    )
    return compare(marked("v1", mark), marked("v2", mark), stated, today=day)


def check_line_by_line(text: str) -> None:
    assert not CONTROL.search(text)
    assert not COMMAND.search(text)


def check_json(text: str, told: object) -> None:
    check_line_by_line(text)
    assert json.loads(text) == json.loads(re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(told, ensure_ascii=False)))


def check_html(text: str) -> None:
    check_line_by_line(text)
    document: Any = lxml.html.document_fromstring(text)
    for element in document.iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        assert re.fullmatch(r"[\w.%~-]*", element.get("id", ""), re.ASCII)
        assert re.fullmatch(r"#[\w.%~-]+|about:srcdoc", element.get("href", "#x"), re.ASCII)
    assert [e.text for e in document.iter("script", "style")] == [raw(f"verdict.{x}").decode() for x in ("css", "js")]
    (policy,) = document.xpath("//meta[@http-equiv]/@content")
    assert re.fullmatch(r"default-src 'none'(; \w+-src 'sha256-[\w+/]+='){2}; form-action 'none'", policy)


def check_frame(text: str) -> None:
    check_line_by_line(text)
    cell = lxml.html.fragment_fromstring(text)
    assert (cell.tag, cell.keys()) == ("div", ["style"])
    (frame,) = cell
    assert (frame.tag, set(frame.attrib)) == ("iframe", {"title", "sandbox", "style", "srcdoc"})
    check_html(frame.get("srcdoc"))


def check_markdown(text: str, columns: int = 4) -> None:
    check_line_by_line(text)
    tables: list[int] = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        assert token.type not in ("fence", "code_block", "hr", "reference")
        if token.type == "html_block":
            assert re.fullmatch(r"<details><summary>[A-Z_]+ \(\d+\)</summary>\n|</details>\n", token.content)
        if token.type == "tr_open":
            tables.append(0)
        if token.type in ("td_open", "th_open"):
            tables[-1] += 1
        said = ""
        for inner in token.children or ():
            assert inner.type in ("text", "code_inline", "strong_open", "strong_close", "softbreak"), inner
            said += inner.content if inner.type == "text" else "\n"
        assert not HOSTS.search(said), HOSTS.findall(said)
    assert set(tables) == ({columns} if columns else set())


def check_sarif(text: str) -> None:
    check_line_by_line(text)
    for result in json.loads(text)["runs"][0]["results"]:
        assert not re.search(r"\]\(|(?<!\{)\{(?:\{\{)*(?!\{)", result["message"]["text"])
        assert re.fullmatch(
            r"[A-Za-z0-9._~/%-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        )


def check_junit(text: str) -> None:
    check_line_by_line(text)
    tags = {element.tag for element in etree.fromstring(text.encode()).iter()}
    assert tags <= {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out", "properties", "property"}


def check_github(text: str) -> None:
    assert not CONTROL.search(text)
    for line in text.splitlines():
        assert re.fullmatch(r"::(error|warning|notice) (file=[^,:]+,)?title=[^,:]+::.+", line), line


def check_azure(text: str) -> None:
    assert not CONTROL.search(text)
    for line in text.splitlines():
        command = re.match(
            r"##vso\[task\.logissue type=(error|warning);(sourcepath=[^;\]]+;linenumber=1;code=[a-z0-9-]+;)?\]", line
        )
        said = line[command.end() :] if command else line
        assert not re.search(r"##[\w.]*\[|^\s*::", said), line
        assert not command or not re.search(r"%(?!AZP25)", said), line
        assert line.count("##vso[") == bool(command)


def check_gitlab(text: str) -> None:
    check_line_by_line(text)
    assert {tuple(sorted(issue)) for issue in json.loads(text)} == {
        ("check_name", "description", "fingerprint", "location", "severity")
    }


CHECKS: dict[str, Callable[[str], None]] = {
    "text": check_line_by_line,
    "html": check_html,
    "markdown": check_markdown,
    "sarif": check_sarif,
    "junit": check_junit,
    "github": check_github,
    "gitlab": check_gitlab,
    "azure": check_azure,
}


def rendered(mark: str, format: str) -> Iterable[str]:
    for everything in (False, True):
        yield render(verdict(mark), format, everything=everything)


@pytest.mark.parametrize("format", CHECKS)
@some
@given(hostile)
@everywhere
def test_no_name_breaks_out_of_a_report(format: str, mark: str) -> None:
    for text in rendered(mark, format):
        CHECKS[format](text)


@some
@given(hostile)
@everywhere
def test_no_name_breaks_out_of_a_plan(mark: str) -> None:
    way = way_back(verdict(mark))
    for plan, sides in ((proven_plan(verdict(mark)), ("old", "new")), (way.plan, ("new", "old"))):
        old, new = (getattr(verdict(mark), side) for side in sides)
        back = way if plan is way.plan else None
        check_line_by_line(render_plan(plan, old, new, "text", back))
        check_markdown(render_plan(plan, old, new, "markdown", back), columns=0)
        check_json(render_plan(plan, old, new, "json", back), plan_document(plan, old, new, back))


@some
@given(hostile)
@everywhere
def test_json_says_what_the_model_says_and_commands_nothing(mark: str) -> None:
    check_json(render(verdict(mark), "json", everything=True), document(verdict(mark), everything=True))


@some
@given(hostile)
@everywhere
def test_colours_are_the_only_escapes_of_text(mark: str) -> None:
    text = render(verdict(mark), "text", color=True)
    check_line_by_line(re.sub(r"^\x1b\[1;3[1-5]m(.*)\x1b\[0m$", r"\1", text, flags=re.MULTILINE))


@some
@given(hostile)
@everywhere
def test_no_name_breaks_out_of_a_footprint_an_explanation_or_an_error(mark: str) -> None:
    found = footprint_of(marked("v2", mark))
    check_line_by_line(footprint_text(found))
    json.dumps(footprint_document(found))
    report: dict[str, Any] = json.loads(json.dumps(document(verdict(mark))))
    for row in report["changes"][:20]:
        check_line_by_line(catalogue.explain(row["fingerprint"], report) or "")
    line = str(ReadError(mark, f"holds {mark}", f"Try {mark}"))
    assert "\n" not in line
    check_line_by_line(line)


def brought(mark: str) -> Blame:
    """The findings of a verdict, each in another way by commits of which all that people write is hostile."""
    commits = tuple(Commit(n * 40, mark, mark, mark, (), (mark,), (mark, mark)) for n in "ab")
    ids = tuple(commit.id for commit in commits)
    told = [
        Blamed(f, (), how, ids, ids if how in (How.ONE, How.SEVERAL) else (), ids[:n])
        for n, (f, how) in enumerate(zip(verdict(mark).findings, [*How] * 99, strict=False))
    ]
    return Blame(verdict(mark), tuple(told), commits, 3, ids, mark, ids[0])


@some
@given(hostile)
@everywhere
def test_nothing_that_is_said_of_a_commit_breaks_out_of_who_brought_what(mark: str) -> None:
    found = brought(mark)
    for everything in (False, True):
        check_line_by_line(render_blame(found, everything=everything))
        check_markdown(render_blame(found, "markdown", everything=everything), columns=0)
    check_json(render_blame(found, "json"), blame_document(found))
    assert "hitherto" in render_blame(brought("hitherto"))


@some
@given(hostile)
@everywhere
def test_no_name_breaks_out_of_the_frame_of_a_notebook(mark: str) -> None:
    check_frame(verdict(mark)._repr_html_())


# The filters at work on names that would be markup, were they put into the page anew.
AT_WORK = """
window.broken = 0;
addEventListener("error", () => window.broken++);
const form = document.getElementById("filter"), before = document.querySelectorAll("*").length;
for (const field of form.elements) {
  for (const value of field.options ? [...field.options].map((option) => option.value) : ["<img src=x onerror=y>"]) {
    field.value = value;
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }
  await later();
  form.reset();
}
await later();
return { before, after: document.querySelectorAll("*").length, broken: window.broken,
  left: document.getElementById("shown").textContent };
"""


def test_no_name_breaks_out_of_the_script_of_a_page() -> None:
    mark = "\n::error::".join(PIECES)
    told = shown(verdict(mark)._repr_html_(), AT_WORK)
    assert told["before"] == told["after"]
    assert told["broken"] == 0
    assert told["left"] == f"All {len(verdict(mark).rows)} changes shown"


def test_the_mark_is_in_every_report() -> None:
    """Otherwise the tests above would look at nothing."""
    for format in (*CHECKS, "json"):
        assert all("hitherto" in text for text in rendered("hitherto", format)), format


@pytest.mark.parametrize(
    ("line", "printed"),
    [("# a [b]", "# a [b]"), ("a :: b", "a :: b"), ("## [x]", "## [x]"), ("##[x", "# #[x"), ("  ::x", "  : :x")],
)
def test_only_what_is_a_command_changes(line: str, printed: str) -> None:
    assert plain_line(line) == printed
