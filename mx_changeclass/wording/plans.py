"""A plan in words: each step a title, and the points below it."""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.findings.plan import Advice, Plan, PlanStep, StepKind
from mx_changeclass.vocabulary import OTA_SAFE
from mx_changeclass.wording.values import plural, several

_LISTED = 20
PROVEN = "'mx-changeclass plan OLD NEW' builds each of these releases as a model, and proves the steps"
LATE = "what is entered between its last synchronisation and its update a device loses: have nobody work in it then"

Told = list[tuple[str, list[str]]]


def steps_told(plan: Plan) -> Told:
    """The steps of a plan in their order: a title, and the points below it. What was not built points to what is."""
    points = [list(_points(step)) for step in plan.steps]
    split = next((at for at, step in enumerate(plan.steps) if step.model), None)
    if split is not None and not plan.old:
        points[split].append(PROVEN)
    if plan.waiting:
        points[0].append(f"waits with it: {several(plan.waiting)}")
    return [(_title(step, plan), points_of) for step, points_of in zip(plan.steps, points, strict=True)]


def _title(step: PlanStep, plan: Plan) -> str:
    model = f" {step.model}" if step.model else ""
    match step.kind:
        case StepKind.CHANGE_THE_MODEL:
            whole = any(not advice.subjects for advice in step.do)  # what follows is said of the app as it is
            again = "; then compare anew" if whole or len(plan.steps) == 1 else ""
            return f"Change this first, no order of steps makes it safe{again}"
        case StepKind.FIND_OUT:
            return "Find out first"
        case StepKind.WAIT:
            return f"Wait until {step.until}"
        case StepKind.DEPLOY:
            first = plan.over_the_air and step is next(s for s in plan.steps if s.kind is StepKind.DEPLOY)
            taken = "; devices take the client over the air at their next start" if first else ""
            return f"Deploy{model}: {step.after_the_wait}, {plural(len(step.changes), 'change')}{taken}"
        case StepKind.PUBLISH:
            return f"Publish{model or ' the update'} through CodePush"
        case StepKind.STORE:
            of = model and f" from{model}"
            return f"Build a new binary{of} and release it through the app stores: {', '.join(step.reasons)}"


def _points(step: PlanStep) -> Iterator[str]:
    if step.names:
        yield f"with what release 1 left: {_listed(step.names)}"
    for advice in step.prepare:
        yield f"before: {_advice(advice)}"
    for advice in step.leaves:
        yield f"leave for the next release {_advice(advice, 'what happens to ')}"
    for advice in step.edit:
        yield f"in it meanwhile, for {several(advice.subjects)}: {advice.text}"
    yield from map(_advice, step.do)
    if step.loses:
        yield f"the server drops the data of {several(step.loses)}: back it up before"
    if step.fails_until_updated:
        yield f"fails on devices until they update: {several(step.fails_until_updated)}"
    for advice in step.better:
        yield f"better: {_advice(advice)}"
    if step.late_entries_lost:
        yield LATE
    if step.release_class is not step.after_the_wait and step.release_class > OTA_SAFE:
        yield f"without the steps above this is {step.release_class}"


def _listed(names: tuple[str, ...]) -> str:
    """Names that somebody has to know one by one."""
    shown, rest = names[:_LISTED], len(names) - _LISTED
    return ", ".join(shown) + (f" and {rest} more, which --format json lists" if rest > 0 else "")


def _advice(advice: Advice, before: str = "") -> str:
    if advice.subjects:
        return f"{before}{several(advice.subjects)}: {advice.text}"
    return f"{advice.text.rstrip('.')} ({'; '.join(advice.because)})"
