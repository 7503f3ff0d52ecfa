"""The verdict as a page: whole by itself, every change on it, legible in both schemes; and the page in a notebook."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

import lxml.html
import pytest
from attrs import evolve

from mx_changeclass import ReleaseClass, Verdict, render
from mx_changeclass.data import raw
from mx_changeclass.reports.html import CELL
from tests.builders.browser import shown
from tests.cases import labelled_cases
from tests.generated import story

CASES = [pytest.param(case, id=case.id) for case in list(labelled_cases())[::12]]
STYLE = raw("verdict.css").decode()


def page(verdict: Verdict, **options: Any) -> Any:
    return lxml.html.document_fromstring(render(verdict, "html", **options))


def many(times: int) -> Verdict:
    """The story with each of its changes so many times over."""
    verdict = story()
    rows = [
        evolve(row, fingerprint=f"{number:04x}{row.fingerprint[4:]}", name=row.name and f"{row.name}{number}")
        for row in verdict.rows for number in range(times)
    ]  # fmt: skip
    return evolve(verdict, rows=tuple(rows))


# -- a document that needs nothing but itself -----------------------------------------------------------------------


def test_it_is_a_whole_document() -> None:
    text = render(story(), "html")
    assert text.startswith("<!doctype html>\n<html lang=")
    assert text.index("<meta charset=") < 1024  # where a browser looks for it
    document = page(story())
    assert document.get("lang") == "en"
    assert document.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert document.findtext("head/title").startswith("DESTRUCTIVE: fixtures/field-service/v1.snapshot.xml")


def test_its_policy_allows_its_own_style_and_script_alone() -> None:
    document = page(story(), everything=True)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules.pop("default-src") == rules.pop("form-action") == "'none'"
    for name in ("style", "script"):
        (element,) = document.xpath(f"//{name}")
        digest = b64encode(sha256(element.text.encode()).digest()).decode()
        assert rules.pop(f"{name}-src") == f"'sha256-{digest}'"
    assert rules == {}
    assert document.xpath("//@style | //@*[starts-with(name(), 'on')] | //@src | //link") == []


@pytest.mark.parametrize("case", CASES)
def test_every_link_leads_to_one_place_of_the_page(case: Any) -> None:
    document = page(case.verdict())
    marks = Counter(document.xpath("//@id"))
    assert [mark for mark, times in marks.items() if times > 1] == []
    links = document.xpath("//@href")
    assert links
    assert [link for link in links if not link.startswith("#") or link[1:] not in marks] == []
    assert [name for name in document.xpath("//@aria-labelledby") if name not in marks] == []


@pytest.mark.parametrize("case", CASES)
def test_headings_go_down_step_by_step_and_landmarks_stand_once(case: Any) -> None:
    document = page(case.verdict())
    levels = [int(heading.tag[1]) for heading in document.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(above, below) for above, below in pairwise(levels) if below > above + 1] == []
    assert [len(document.xpath(f"//{mark}")) for mark in ("header", "main", "nav", "form")] == [1, 1, 1, 1]


# -- every change ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [*CASES, pytest.param(None, id="many")])
def test_every_change_stands_under_its_class_and_module(case: Any) -> None:
    verdict = many(300) if case is None else case.verdict()
    document = page(verdict)
    told = {
        (change.get("id"), *change.xpath("ancestor::section[1]/@id"), *change.xpath("ancestor::details/@data-m"))
        for change in document.find_class("change")
    }
    assert told == {(row.fingerprint, str(row.release_class), row.module or "The app") for row in verdict.rows}
    assert len(document.find_class("change")) == len(verdict.rows)


@pytest.mark.parametrize("case", CASES)
def test_the_counts_add_up(case: Any) -> None:
    verdict = case.verdict()
    document = page(verdict)
    for class_ in ReleaseClass:
        for section in document.xpath(f"//section[@id='{class_}']"):
            count = int(section.xpath("string(h2/*[@data-count])"))
            assert count == verdict.counts[class_] == len(section.find_class("change"))
            modules = section.find_class("module")
            assert [int(m.xpath("string(summary/*[@data-count])")) for m in modules] == [
                len(m.find_class("change")) for m in modules
            ]
            entry = document.xpath(f"//nav//li[a/@href='#{class_}']")[0]
            assert int(entry.xpath("string(a/span)")) == count
            assert sum(int(n) for n in entry.xpath("details//a/span/text()")) == count
    assert {s.get("id") for s in document.find_class("class")} == {str(c) for c, n in verdict.counts.items() if n}


def test_nothing_waits_for_the_script() -> None:
    document = page(story())
    (form,) = document.xpath("//form")
    assert form.get("hidden") is not None
    assert document.xpath("//*[@hidden]") == [form]
    assert document.xpath("//template | //*[not(self::form or ancestor::form)][self::button or self::input]") == []


def test_a_drawing_of_the_way_is_a_list_of_its_steps() -> None:
    row = next(row for row in story().rows if len(row.why) > 2)
    change = page(story()).get_element_by_id(row.fingerprint)
    (way,) = change.xpath("ancestor::li[1]/descendant-or-self::ol[@class='way'] | ../..//ol[@class='way']")
    assert tuple(step.text_content() for step in way) == row.why


# -- legible --------------------------------------------------------------------------------------------------------

TEXTS = ("ink", "quiet", "link", "destructive", "full-release", "needs-redeploy", "ota-safe")
SURFACES = ("page", "card")
FILLS = ("destructive-fill", "full-release-fill", "needs-redeploy-fill", "ota-safe-fill")


def schemes() -> dict[str, Mapping[str, str]]:
    """The colours of the page by their names, in light and in dark."""
    light, dark = re.findall(r":root \{([^}]*)\}", STYLE)
    of = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": of[0], "dark": {**of[0], **of[1]}}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48  # the grey that just fails


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_every_surface(scheme: str) -> None:
    colours = schemes()[scheme]
    pairs = [(text, on) for text in TEXTS for on in SURFACES] + [("on-fill", fill) for fill in FILLS]
    assert {name for pair in pairs for name in pair} | {"line"} == set(colours)
    assert [(*pair, round(contrast(*(colours[name] for name in pair)), 2)) for pair in pairs
            if contrast(*(colours[name] for name in pair)) < 4.5] == []  # fmt: skip


def test_a_colour_stands_in_the_palette_alone() -> None:
    assert re.findall(r"(?m)^(?!\s+--).*(#[0-9a-f]{3,8}\b|rgba?\()", STYLE) == []


# What Chromium makes of it: the least contrast of a text, what is wider than the window, and the filters at work.
LOOK = """
const rgb = (text) => { const c = document.createElement("canvas").getContext("2d");
  c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) =>
  v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c[3] === 255) return c; } return [255, 255, 255]; };
for (const fold of document.querySelectorAll("details")) fold.open = true;
let least = 99, where = "";
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || e.closest("script, [hidden]") || !e.getClientRects().length) continue;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => x - y);
  if ((b + .05) / (a + .05) < least) { least = (b + .05) / (a + .05); where = e.outerHTML.slice(0, 80); }
}
const wide = [...document.body.querySelectorAll("*")].filter((e) => !e.matches(".skip")
  && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80));
const read = getComputedStyle(document.querySelector(".change"));
document.querySelector("nav a").click();
await later();
return { least, where, wide, inner: innerWidth, scroll: document.documentElement.scrollWidth,
  place: location.href, dark: matchMedia("(prefers-color-scheme: dark)").matches,
  align: read.textAlign, size: read.fontSize, page: getComputedStyle(document.body).backgroundColor };
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_frame_keeps_styles_apart_and_is_legible_at_every_width(width: int, dark: bool) -> None:
    told = shown(long_names()._repr_html_(), LOOK, width=width, dark=dark)
    assert told["dark"] is dark
    assert told["least"] >= 4.5, told["where"]
    assert told["wide"] == []
    assert told["scroll"] <= told["inner"] <= told["frame"]["width"] <= width
    assert (told["align"], told["size"]) == ("start", "16px")  # the page around says right and 7px
    assert told["page"] == ("rgb(17, 20, 26)" if dark else "rgb(244, 245, 248)")
    assert told["place"] == "about:srcdoc#DESTRUCTIVE"  # a link of the page leads to a place of the page


def long_names() -> Verdict:
    """The story, in which a name, a value and a way are too long for any line."""
    verdict, long = story(), "A" * 300
    finding = evolve(verdict.rows[0].findings[0], why=("NativePhone", long, "Service." + "b" * 200))
    row = evolve(verdict.rows[0], name=f"Service.{long}", what=f"text {long}", findings=(finding,))
    return evolve(verdict, rows=(row, *verdict.rows[1:]))


FILTER = """
const form = document.getElementById("filter"), says = () => document.getElementById("shown").textContent;
const seen = (what) => [...document.querySelectorAll(what)].filter((each) => each.checkVisibility());
const open = () => seen(".change").map((row) => row.id);
const set = async (name, value) => { const field = form.elements[name];
  field[field.type === "checkbox" ? "checked" : "value"] = value;
  field.dispatchEvent(new Event("input", { bubbles: true })); await later();
  const heads = seen(".class > h2").map((head) => head.textContent.trim());
  const found = { says: says(), rows: open(), heads };
  form.reset(); await later(); return found; };
return { visible: form.checkVisibility(), text: await set("search", "measurement_inspection REMOVED"),
  class: await set("class", "OTA_SAFE"), module: await set("module", "Office"),
  rule: await set("rule", "attr-added-sync"), profile: await set("profile", "0"),
  undecided: await set("undecided", true), after: says(), rows: open().length };
"""


def test_search_and_filters_show_what_they_say() -> None:
    verdict = story()
    marks = {row.fingerprint: row for row in verdict.rows}
    told = shown(verdict._repr_html_(), FILTER)
    total = len(marks)

    def matching(test: Any) -> list[str]:
        return [mark for mark, row in marks.items() if test(row)]

    wanted = {
        "text": matching(lambda row: row.name == "Service.Measurement_Inspection"),
        "class": matching(lambda row: row.release_class == "OTA_SAFE"),
        "module": matching(lambda row: row.module == "Office"),
        "rule": matching(lambda row: any(f.rule.id == "attr-added-sync" for f in row.findings)),
        "profile": matching(lambda row: row.audience),
        "undecided": [],
    }
    assert told["visible"]
    for name, rows in wanted.items():
        assert set(told[name]["rows"]) == set(rows), name
        assert told[name]["says"] == f"{len(rows)} of {total} changes shown"
    assert told["class"]["heads"] == [f"OTA_SAFE {len(wanted['class'])} of {len(wanted['class'])}"]
    assert (told["after"], told["rows"]) == (f"All {total} changes shown", total)


# -- in a notebook --------------------------------------------------------------------------------------------------


def test_a_cell_holds_one_frame_that_reaches_nothing_outside() -> None:
    cell = lxml.html.fragment_fromstring(story()._repr_html_())
    (frame,) = cell
    assert (cell.tag, frame.tag) == ("div", "iframe")
    assert frame.get("sandbox") == "allow-scripts"
    assert frame.get("title")
    inside: Any = lxml.html.document_fromstring(frame.get("srcdoc"))
    assert inside.xpath("//base/@href") == ["about:srcdoc"]  # else a link of the page would load the notebook
    assert len(inside.find_class("change")) == len(story().rows)


def test_a_huge_verdict_stays_within_the_bound_of_a_cell_and_says_what_is_left() -> None:
    verdict = many(800)
    text = verdict._repr_html_()
    assert len(render(verdict, "html")) > CELL > len(text) > CELL // 2
    inside: Any = lxml.html.document_fromstring(lxml.html.fragment_fromstring(text)[0].get("srcdoc"))
    shown_here = [change.get("id") for change in inside.find_class("change")]
    assert set(shown_here) == {row.fingerprint for row in verdict.rows[: len(shown_here)]}
    rest = inside.get_element_by_id("rest").text_content()
    assert rest.startswith(f"{len(verdict.rows) - len(shown_here):,} further lines are not in this cell")
    assert 'render(verdict, "html")' in rest
    assert {link[1:] for link in inside.xpath("//a/@href")} <= set(inside.xpath("//@id"))


def test_what_stands_at_no_change_is_within_the_bound_too() -> None:
    """As in a first release, which tells of all that is in it."""
    verdict = story()
    told = (evolve(verdict.findings[0], subject=f"Service.Entity{number}") for number in range(9000))
    text = evolve(verdict, findings=(*verdict.findings, *told))._repr_html_()
    inside: Any = lxml.html.document_fromstring(lxml.html.fragment_fromstring(text)[0].get("srcdoc"))
    assert len(text) <= CELL
    assert len(inside.find_class("change")) == len(verdict.rows)
    assert inside.get_element_by_id("rest").text_content().startswith("8,980 further lines are not in this cell")
