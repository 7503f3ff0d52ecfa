"""The pictures of an audit, drawn by Altair and Vega as SVG: a page that holds them needs no script and no network.

Colours are those of the page around them, by the names of its style (``--destructive``), so one picture does for a
light page and a dark one. A picture says nothing that the page does not tell in words, so it is for the eye and the
pointer only: keys and screen readers pass it over, and do not meet a link for each of its bars.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mx_changeclass.errors import MxError
from mx_changeclass.findings.steps import Step, between_binaries, heat
from mx_changeclass.legible import legible
from mx_changeclass.regex import regex
from mx_changeclass.vocabulary import NONE, ReleaseClass
from mx_changeclass.wording.values import plural

if TYPE_CHECKING:
    from altair import Chart

_WIDTH = 900
_STEP = 36  # so wide is a step where few of them leave room
_LEAST = 4  # and so wide where there are many; the picture grows then
_MODULES = 30  # so many rows has a map; the rest is counted
_NAMED = 22  # so much room takes a name below a picture
_LONGEST = 24  # characters of it
# Vega wants colours, a page has names for them: each stands for one.
_COLORS = {str(c): f"#01020{n}" for n, c in enumerate(c for c in ReleaseClass if c is not NONE)}
_NAMES = {color: f"var(--{name.lower().replace('_', '-')})" for name, color in _COLORS.items()}
_INK, _LINE = "#010208", "#010209"
_PAGE = {**_NAMES, _INK: "currentColor", _LINE: "var(--line)"}
_MONTH, _MOST_MONTHS = regex(r"\d{4}-(?:0[1-9]|1[0-2])"), 240
_FOR_READERS = {"role", "aria-roledescription", "aria-hidden"}
_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"


def trend(steps: Sequence[Step], anchors: Mapping[str, str]) -> str:
    """How many changes of each class each step brought."""
    alt = _altair()
    classes = [name for name in reversed(_COLORS) if any(s.verdict.counts[ReleaseClass(name)] for s in steps)]
    values = [
        {**_of(step, anchors, f"{plural(changes, 'change')} {name}"), "class": name, "changes": changes}
        for step in steps
        for name in classes
        if (changes := step.verdict.counts[ReleaseClass(name)])
    ]
    bars = alt.Chart(alt.InlineData(values=values)).mark_bar()
    encoded = bars.encode(
        x=_steps(steps),
        y=alt.Y("changes:Q", title=None, axis=_whole(3)),
        row=alt.Row("class:N", sort=classes, title=None, header=alt.Header(labelAngle=0, labelAlign="left")),
        color=_colors(),
        href="anchor:N",
        description="told:N",
    )
    return _svg(encoded.properties(width=_wide(steps), height=56).resolve_scale(y="independent"))


def module_map(steps: Sequence[Step], anchors: Mapping[str, str]) -> tuple[str, int]:
    """The worst class of each module in each step, modules with the worst first; and how many are not shown."""
    alt = _altair()
    cells = list(heat(steps))
    harm: dict[str, list[int]] = {}
    for _, module, release_class, _ in cells:
        harm.setdefault(module, [0] * len(_COLORS))[-release_class.rank] += 1
    order = sorted(harm, key=lambda module: ([-n for n in harm[module]], module))
    names = {module: _line(module or "the app") for module in order[:_MODULES]}
    values = [
        {
            **_of(step, anchors, f"{names[module]}, {plural(changes, 'change')}, the worst {worst}"),
            "module": names[module],
            "class": str(worst),
        }
        for step, module, worst, changes in cells
        if module in names
    ]
    squares = alt.Chart(alt.InlineData(values=values)).mark_rect()
    encoded = squares.encode(
        x=_steps(steps),
        y=alt.Y("module:N", sort=[*names.values()], title=None, axis=_rows()),
        color=_colors(),
        href="anchor:N",
        description="told:N",
    )
    drawn = _svg(encoded.properties(width=_wide(steps), height={"step": 14})) if values else ""
    return drawn, max(len(order) - _MODULES, 0)


def binaries(steps: Sequence[Step], anchors: Mapping[str, str]) -> str:
    """The days between steps that need a binary in the stores; "" where there are not two of them."""
    alt = _altair()
    found = [(step, days) for step, days in between_binaries(steps) if days is not None]
    if not found:
        return ""
    values = [{**_of(step, anchors, plural(days, "day")), "days": days} for step, days in found]
    bars = alt.Chart(alt.InlineData(values=values)).mark_bar(color=_COLORS["FULL_RELEASE"])
    encoded = bars.encode(
        x=_steps([step for step, _ in found]),
        y=alt.Y("days:Q", title=None, axis=_whole(4)),
        href="anchor:N",
        description="told:N",
    )
    return _svg(encoded.properties(width=_wide(found), height=110))


def apps(cells: Iterable[tuple[str, str, ReleaseClass]]) -> str:
    """The worst class of each app in each month: of cells with the app, the month (``2026-04``) and the class."""
    alt = _altair()
    values = [
        {"app": _line(app), "month": month, "class": str(worst), "told": f"{_line(app)} {month}: {worst}"}
        for app, month, worst in cells
    ]
    squares = alt.Chart(alt.InlineData(values=values)).mark_rect()
    months = _months(sorted({value["month"] for value in values}))
    encoded = squares.encode(
        x=alt.X("month:O", title=None, axis=_named_months(months), scale=alt.Scale(domain=months)),
        y=alt.Y("app:N", sort=None, title=None, axis=_rows()),
        color=_colors(),
        description="told:N",
    )
    return _svg(encoded.properties(width=_wide(months), height={"step": 14}))


def _months(found: Sequence[str]) -> list[str]:
    """The months from the first to the last, and what is none, where they are few enough to be told apart."""
    days = [month for month in found if _MONTH.fullmatch(month)]
    if not days:
        return [*found]
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (days[0], days[-1]))
    if last - first > _MOST_MONTHS:
        return [*found]
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(first, last + 1)] + [m for m in found if m not in days]


def _altair() -> Any:
    try:
        import altair
        import vl_convert  # noqa: F401
    except ImportError:
        raise MxError("the page of an audit needs Altair. Run 'pip install mx-changeclass[audit]'") from None
    return altair


def _of(step: Step, anchors: Mapping[str, str], told: str) -> dict[str, str]:
    return {"step": step.new, "told": f"{_named(step)}: {told}", "anchor": f"#{anchors[step.new]}"}


def _named(step: Step) -> str:
    return f"{step.day} {_line(step.name)}".strip()


def _steps(steps: Sequence[Step]) -> Any:
    """The steps from left to right, as many of them named as there is room for. Names may be alike, so a step stands at
    the place of its commit."""
    import altair as alt

    places = [step.new for step in steps]
    some = steps[:: -(-len(steps) * _NAMED // _wide(steps))]
    named = {step.new: _cut(_named(step)) if step.commit.tags or not step.day else step.day for step in some}
    labels = "{" + ",".join(f"{_quoted(key)}:{_quoted(name)}" for key, name in named.items()) + "}"
    axis = alt.Axis(labelExpr=f"{labels}[datum.value]", labelAngle=-60, labelLimit=160, values=[*named])
    return alt.X("step:O", scale=alt.Scale(domain=places), title=None, axis=axis)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _named_months(months: Sequence[str]) -> Any:
    """Months from left to right: all of them named, or as many a year as there is room for."""
    import altair as alt

    every = next((n for n in (1, 2, 3, 6) if len(months) * _NAMED <= n * _wide(months)), 12)
    named = [month for month in months if every == 1 or not month[5:].isdecimal() or int(month[5:]) % every == 1]
    return alt.Axis(orient="top", labelAngle=-60, values=named)


def _rows() -> Any:
    """Names of rows, each between two lines: from there to its cells is a long way."""
    import altair as alt

    return alt.Axis(grid=True, tickBand="extent")


def _whole(ticks: int) -> Any:
    """An axis of whole numbers."""
    import altair as alt

    return alt.Axis(tickCount=ticks, format="d", labelExpr="datum.value % 1 ? '' : datum.label")


def _wide(steps: Sequence[Any]) -> int:
    return max(min(_WIDTH, _STEP * len(steps)), _LEAST * len(steps))


def _quoted(text: str) -> str:
    """A text of a Vega expression."""
    import json

    return json.dumps(text)


def _colors() -> Any:
    import altair as alt

    scale = alt.Scale(domain=[*_COLORS], range=[*_COLORS.values()])
    return alt.Color("class:N", scale=scale, legend=None)


def _line(text: str) -> str:
    return legible(" ".join(text.split()))


def _svg(chart: Chart) -> str:
    import vl_convert

    axis = {"labelColor": _INK, "titleColor": _INK, "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE}
    styled = (
        chart.configure(background="transparent", font="sans-serif")
        .configure_view(strokeWidth=0)
        .configure_axis(**axis, titleFontWeight="normal")
        .configure_header(labelColor=_INK)
        .configure_scale(bandPaddingInner=0.08)
    )
    return _fitted(vl_convert.vegalite_to_svg(styled.to_dict()))


def _fitted(drawn: str) -> str:
    """The picture as a part of a page: in its colours, with links within it, and what a mark tells where it is pointed
    at."""
    from lxml import etree

    root = etree.fromstring(drawn, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))
    for element in root.iter():
        said = {str(name): str(value) for name, value in element.attrib.items()}
        told, address = said.pop("aria-label", ""), said.pop(f"{_XLINK}href", "")
        kept = {name: _PAGE.get(value, value) for name, value in said.items() if name not in _FOR_READERS}
        if address:  # Vega makes a whole one of an anchor
            kept |= {"href": address[address.index("#") :], "tabindex": "-1"}
        element.attrib.clear()
        element.attrib.update(tuple(kept.items()))
        if told and element.tag == f"{_SVG}path":
            etree.SubElement(element, f"{_SVG}title").text = told
    root.set("aria-hidden", "true")
    etree.cleanup_namespaces(root)
    fitted: str = etree.tostring(root, encoding="unicode")
    return fitted
