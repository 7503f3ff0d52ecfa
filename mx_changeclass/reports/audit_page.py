"""Audits as one page that needs nothing but itself, and the same page in a frame for a notebook."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from mx_changeclass.data import raw
from mx_changeclass.errors import MxError
from mx_changeclass.findings.steps import Recurring, Step, other_bases, recurring, worst_steps
from mx_changeclass.legible import xml_text
from mx_changeclass.reports import charts
from mx_changeclass.reports.audit import (
    SERVER_LOSS,
    Audits,
    audit_headline,
    binaries_told,
    errors_of,
    in_sentences,
    losses_told,
)
from mx_changeclass.reports.html import digest, escaping, in_frame
from mx_changeclass.vocabulary import NONE, OTA_SAFE, ReleaseClass
from mx_changeclass.wording.values import plural

if TYPE_CHECKING:
    from jinja2 import Template

    from mx_changeclass.timeline import Audit

_WORST = 10
_RECURRING = 15
_ROWS = 12  # so many changes of a step are told
_MONTHS = 40  # of so many apps the months are drawn
_APPS = 3  # of so many apps at most all steps are told, each with pictures; more are folded


@frozen
class _App:
    name: str
    anchor: str
    anchors: Mapping[str, str]
    steps: Sequence[Step]
    unread: Sequence[MxError]
    told: str
    stores: str
    bases: Mapping[str, str]
    recurring: Sequence[Recurring]
    worst_steps: Sequence[Step]
    shown: Sequence[Step]
    trend: str
    modules: str
    modules_left: int
    binaries: str

    @property
    def release_class(self) -> ReleaseClass:
        return max((s.verdict.release_class for s in self.steps), default=OTA_SAFE)

    @property
    def at_most(self) -> ReleaseClass:
        return max((s.verdict.at_most for s in self.steps), default=OTA_SAFE)

    @property
    def server_data_loss(self) -> int:
        """How many steps delete data on the server."""
        return sum(s.verdict.server_data_loss for s in self.steps)

    @property
    def classes(self) -> list[int]:
        """How many steps are of each class, worst first."""
        worst_first = (c for c in reversed(ReleaseClass) if c is not NONE)
        return [sum(s.verdict.release_class is c for s in self.steps) for c in worst_first]

    @property
    def span(self) -> tuple[str, str]:
        days = sorted(step.day for step in self.steps if step.day)
        return (days[0], days[-1]) if days else ("", "")


def page(audits: Audits, reports: str = "") -> str:
    """A document with pictures and tables of all steps. ``reports`` is the address of the folder with the pages of the
    steps (see ``shown_steps``), relative to this one. Raises ``MxError`` where Altair is not installed."""
    apps = [_app(*each, drawn=len(audits) <= _APPS) for each in _told(audits)]
    steps = [step for app in apps for step in app.steps]
    worst_first = sorted(apps, key=lambda app: app.classes, reverse=True)
    errors = errors_of(audits)
    title = f"Audit of {apps[0].name}" if len(apps) == 1 and not errors else f"Audit of {plural(len(apps), 'app')}"
    whole = _template().render(
        title=title,
        lead=in_sentences(audit_headline(steps), losses_told(steps)),
        worst=max((app.release_class for app in apps), default=OTA_SAFE),
        apps=apps,
        worst_first=worst_first,
        errors=list(errors.items()),
        folded=len(apps) > _APPS,
        reports=reports,
        most=_ROWS,
        months=_months(worst_first[:_MONTHS]) if len(apps) > 1 else "",
        months_left=max(len(apps) - _MONTHS, 0),
    )
    return xml_text(whole)


def shown_steps(audits: Audits) -> Iterator[tuple[str, Step]]:
    """The steps that the page tells, each with the name that its own page has to bear."""
    return ((f"{anchors[step.new]}.html", step) for _, _, anchors, _, shown in _told(audits) for step in shown)


def _told(audits: Audits) -> Iterator[tuple[int, str, Mapping[str, str], Audit, Sequence[Step]]]:
    """The apps by number and name, where on the page their steps stand, and which of them do: all of few apps, the
    worst of many. Two apps may lie in one repository, so a commit alone is no place."""
    few = len(audits) <= _APPS
    for number, (name, audit) in enumerate(audits.items(), 1):
        anchors = {step.new: f"app-{number}-{step.new}" for step in audit.steps}
        shown = audit.steps[::-1] if few else worst_steps(audit.steps, _WORST // 2)
        yield number, name, anchors, audit, shown


def audits_framed(audits: Audits) -> str:
    """The page in a frame of its own, for a cell of a notebook."""
    return in_frame(page(audits), "Audit")


def _app(
    number: int, name: str, anchors: Mapping[str, str], audit: Audit, shown: Sequence[Step], *, drawn: bool
) -> _App:
    steps = audit.steps
    heat, left = charts.module_map(steps, anchors) if drawn and steps else ("", 0)
    return _App(
        name=name,
        anchor=f"app-{number}",
        anchors={step.new: anchors[step.new] for step in shown},
        steps=steps,
        unread=audit.unread,
        told=in_sentences(audit_headline(steps), losses_told(steps), binaries_told(steps)),
        stores=binaries_told(steps),
        bases=other_bases(steps),
        recurring=[r for r in recurring(steps) if r.steps > 1][:_RECURRING],
        worst_steps=worst_steps(steps, _WORST) if 1 < len(steps) == len(shown) else [],
        shown=shown,
        trend=charts.trend(steps, anchors) if drawn and any(step.verdict.rows for step in steps) else "",
        modules=heat,
        modules_left=left,
        binaries=charts.binaries(steps, anchors) if drawn else "",
    )


def _command(step: Step) -> str:
    """What gives the whole report of a step."""
    old, new = step.verdict.old.label, step.verdict.new.label
    return shlex.join(["mx-changeclass", "diff", old, new, "--format", "html", "-o", "report.html"])


def _months(apps: Sequence[_App]) -> str:
    """The picture of all apps by month."""
    worst: dict[tuple[str, str], ReleaseClass] = {}
    for app in apps:
        for step in app.steps:
            cell = app.name, step.day[:7] or "no day"
            worst[cell] = max(worst.get(cell, OTA_SAFE), step.verdict.release_class)
    return charts.apps((app, month, found) for (app, month), found in worst.items()) if worst else ""


@cache
def _template() -> Template:
    environment = escaping()
    environment.filters.update(digest=digest)
    environment.globals.update(
        command=_command,
        plural=plural,
        server_loss=SERVER_LOSS,
        classes=[c for c in reversed(ReleaseClass) if c is not NONE],
        style=(raw("verdict.css") + raw("audit.css")).decode(),
    )
    return environment.from_string(raw("audit.html.j2").decode())
