"""A plan for those who carry it out: as text, as a list to tick off, and as a JSON document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from mx_changeclass import __version__
from mx_changeclass.findings.back import May, WayBack
from mx_changeclass.findings.document import model
from mx_changeclass.findings.plan import Plan, StepKind
from mx_changeclass.legible import json_text, plain_line
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.reports.markdown import escaped
from mx_changeclass.wording.plans import steps_told
from mx_changeclass.wording.values import plural, several

_WIDTH = 100
_MADE = (
    "Each release is made in Studio Pro. Before you deploy it, see with 'mx-changeclass diff' that it is what the step "
    "says, and let Studio Pro check it for errors."
)
_MAY = {
    May.YES: "It may be taken back once devices have run it, {until}.",
    May.AT_A_COST: "Once devices have run it, it may be taken back at a cost; without one {until}.",
    May.NO: "Once devices have run it, it may not be taken back: {because}. It may {until}.",
}


def render_plan(plan: Plan, old: Snapshot, new: Snapshot, format: str = "text", back: WayBack | None = None) -> str:
    """A plan that leads from one model to another, or the way back from it, in one of ``FORMATS``."""
    if format == "json":
        return json_text(plan_document(plan, old, new, back))
    lines = _markdown(plan, old, new, back) if format == "markdown" else _text(plan, old, new, back)
    return "".join(plain_line(line) + "\n" for line in lines)


def plan_document(plan: Plan, old: Snapshot, new: Snapshot, back: WayBack | None = None) -> dict[str, Any]:
    """A plan as plain values, version 1: the document of ``plan --format json``."""
    return {
        "schema": 1,
        "tool": {"name": "mx-changeclass", "version": __version__},
        "old": model(old),
        "new": model(new),
        **plan.to_dict(),
        **({"back": back.to_dict()} if back else {}),
    }


def _head(plan: Plan, new: Snapshot) -> Iterator[str]:
    if not plan.steps:
        yield "Nothing to release."
    elif not plan.leads_there:
        yield f"The model has to change first: no order of steps leads to {new.label} without loss."
    elif plan.proven:
        yield f"{plural(len(plan.steps), 'step')} to {new.label}, proven: each release was built and classified."
    else:
        yield f"{plural(len(plan.steps), 'step')} to {new.label}, NOT PROVEN."
    yield from (f"! {reason}" for reason in plan.open)


def _foot(plan: Plan, old: Snapshot) -> Iterator[str]:
    if any(step.kind is StepKind.DEPLOY and step.model for step in plan.steps):
        yield _MADE
    if plan.steps:
        yield f"This holds while the server runs {old.label} (digest {plan.old[:12]}); afterwards plan anew."


def _back(back: WayBack) -> Iterator[str]:
    yield _MAY[back.may].format(until=back.until, because="; ".join(back.because))
    if back.gone:
        yield f"- what the release dropped on the server stays gone, but for a back-up: {several(back.gone)}"
    if back.drops:
        yield f"- the server drops what was entered since in {several(back.drops)}"
    if back.costs:
        yield f"- devices lose what they entered and did not synchronise in {several(back.costs)}"
    if back.fails:
        yield f"- fails on devices until they take the old client: {several(back.fails)}"
    if back.binaries:
        yield "- no store takes a binary back: build the old version again under a higher version number"


def _text(plan: Plan, old: Snapshot, new: Snapshot, back: WayBack | None) -> Iterator[str]:
    if back:
        yield from (piece for line in _back(back) for piece in _wrap(line, "", "  "))
        yield ""
    yield from (piece for line in _head(plan, new) for piece in _wrap(line, "", "  "))
    yield f"{old.label} -> {new.label}"
    for number, (step, (title, points)) in enumerate(zip(plan.steps, steps_told(plan), strict=True), 1):
        yield ""
        yield from _wrap(f"{number}. {title}", "", "   ")
        yield from (piece for check in step.checks for piece in _wrap(f"[ ] {check}", "   ", "       "))
        yield from (piece for point in points for piece in _wrap(f"- {point}", "   ", "     "))
    for line in _foot(plan, old):
        yield ""
        yield from _wrap(line, "", "")


def _markdown(plan: Plan, old: Snapshot, new: Snapshot, back: WayBack | None) -> Iterator[str]:
    if back:
        first, *costs = _back(back)
        yield from (f"## {escaped(first)}", "", *(f"- {escaped(cost.removeprefix('- '))}" for cost in costs), "")
    first, *open_ = _head(plan, new)
    yield from (f"## {escaped(first)}", "", *(f"- **{escaped(reason.removeprefix('! '))}**" for reason in open_))
    for number, (step, (title, points)) in enumerate(zip(plan.steps, steps_told(plan), strict=True), 1):
        yield f"- [ ] **{number}. {escaped(title)}**"
        yield from (f"  - [ ] {escaped(check)}" for check in step.checks)
        yield from (f"  - {escaped(point)}" for point in points)
    for line in _foot(plan, old):
        yield from ("", escaped(line))


def _wrap(line: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
