"""Audits as one page that needs nothing but itself, and the same page in a frame for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from attrs import frozen

from mx_changeclass.data import raw
from mx_changeclass.findings.steps import Recurring, Step, recurring, worst_steps
from mx_changeclass.legible import xml_text
from mx_changeclass.reports import charts
from mx_changeclass.reports.audit import Audits, audit_headline, binaries_told
from mx_changeclass.reports.html import escaping, in_frame
from mx_changeclass.vocabulary import NONE, OTA_SAFE, ReleaseClass
from mx_changeclass.wording.values import plural, sentence

if TYPE_CHECKING:
    from jinja2 import Template
_WORST = 10
_RECURRING = 15
_ROWS = 12  # so many changes of a step are told
_APPS = 3  # of so many apps at most all steps are told, each with pictures


@frozen
class _App:
    name: str
    anchor: str
    steps: Sequence[Step]
    told: str
    recurring: Sequence[Recurring]
    worst_steps: Sequence[Step]
    shown: Sequence[Step]
    trend: str
    modules: str
    modules_left: int
    binaries: str

    @property
    def worst(self) -> ReleaseClass:
        return max((s.verdict.release_class for s in self.steps), default=OTA_SAFE)

    @property
    def classes(self) -> list[int]:
        """How many steps are of each class, worst first."""
        worst_first = (c for c in reversed(ReleaseClass) if c is not NONE)
        return [sum(s.verdict.release_class is c for s in self.steps) for c in worst_first]

    @property
    def span(self) -> tuple[str, str]:
        days = sorted(step.day for step in self.steps)
        return (days[0], days[-1]) if days else ("", "")


def page(audits: Audits, reports: Mapping[str, str] | None = None) -> str:
    """A document with pictures and tables of all steps. ``reports`` leads from the id of a commit to the page of its
    step, relative to this one. Raises ``MxError`` where Altair is not installed."""
    few = len(audits) <= _APPS
    number = count(1)
    anchors = {step.new: f"step-{next(number)}" for audit in audits.values() for step in audit.steps}
    apps = [_app(n, name, audit.steps, anchors, whole=few) for n, (name, audit) in enumerate(audits.items(), 1)]
    steps = [step for app in apps for step in app.steps]
    errors = getattr(audits, "errors", {})
    title = f"Audit of {apps[0].name}" if len(apps) == 1 and not errors else f"Audit of {plural(len(apps), 'app')}"
    told = _template().render(
        title=title,
        lead=sentence(audit_headline(steps)),
        worst=max((app.worst for app in apps), default=OTA_SAFE),
        apps=apps,
        errors=list(errors.items()),
        anchors=anchors,
        reports=reports or {},
        most=_ROWS,
        months=_months(apps) if len(apps) > 1 else "",
    )
    return xml_text(told)


def audits_framed(audits: Audits) -> str:
    """The page in a frame of its own, for a cell of a notebook."""
    return in_frame(page(audits), "Audit")


def _app(number: int, name: str, steps: Sequence[Step], anchors: Mapping[str, str], *, whole: bool) -> _App:
    worst = worst_steps(steps, _WORST if whole else _WORST // 2)
    heat, left = charts.module_map(steps, anchors) if whole and steps else ("", 0)
    return _App(
        name=name,
        anchor=f"app-{number}",
        steps=steps,
        told=". ".join(filter(None, [sentence(audit_headline(steps)).rstrip("."), binaries_told(steps)])) + ".",
        recurring=[r for r in recurring(steps) if r.steps > 1][:_RECURRING],
        worst_steps=worst if len(steps) > 1 else [],
        shown=list(steps)[::-1] if whole else worst,
        trend=charts.trend(steps, anchors) if whole and steps else "",
        modules=heat,
        modules_left=left,
        binaries=charts.binaries(steps, anchors) if whole else "",
    )


def _months(apps: Sequence[_App]) -> str:
    """The picture of all apps by month."""
    worst: dict[tuple[str, str], ReleaseClass] = {}
    for app in apps:
        for step in app.steps:
            cell = app.name, step.day[:7]
            worst[cell] = max(worst.get(cell, OTA_SAFE), step.verdict.release_class)
    return charts.apps((app, month, found) for (app, month), found in worst.items()) if worst else ""


@cache
def _template() -> Template:
    environment = escaping()
    environment.globals.update(plural=plural, style=(raw("verdict.css") + raw("audit.css")).decode())
    return environment.from_string(raw("audit.html.j2").decode())
