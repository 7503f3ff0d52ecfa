"""Questions about microflows: who calls them, and what of them differs."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed
from mx_changeclass.graphs.app import App
from mx_changeclass.rules.client.flow_questions import signature
from mx_changeclass.rules.engine.release import Release

# What shows something to users, and what sends objects to the device that calls.
SHOWS = (
    "Microflows$ShowPageAction",
    "Microflows$ShowHomePageAction",
    "Microflows$ShowMessageAction",
    "Microflows$CloseFormAction",
    "Microflows$ValidationFeedbackAction",
)
PUSH = "Microflows$PushToClientAction"
LIFECYCLE = ("afterStartupMicroflow", "beforeShutdownMicroflow", "healthCheckMicroflow")

# Keys of the microflow itself that have rules of their own, whoever calls it.
_OWN_RULES = frozenset(
    {
        NAME,
        PARENT,
        "allowedModuleRoles",
        "applyEntityAccess",
        "allowConcurrentExecution",
        "url",
        "urlSearchParameters",
        "exportLevel",
        "markAsUsed",
    }
)
_QUEUE = ("action.microflowCall.queueSettings", "action.microflowCall.queue", "action.queueSettings", "action.queue")


def was_called(change: Change, release: Release) -> bool:
    """Clients in the field call the microflow of a change: native or offline clients of the old side."""
    return any(side is release.old and side.calls(name) for side, name in _microflow(change, release))


def called(change: Change, release: Release) -> bool:
    """Native or offline clients call the microflow of a change, on either side."""
    return any(side.calls(name) for side, name in _microflow(change, release))


def _microflow(change: Change, release: Release) -> tuple[tuple[App, str], ...]:
    """The microflow around a change on each side that has it: a new step counts for the old microflow too."""
    return release.memo(change, _sides)


def _sides(change: Change, release: Release) -> tuple[tuple[App, str], ...]:
    before, after = release.documents(change)
    changes = release.changes
    old = ((release.old, changes.old_tree.qualified(before)),) if before is not None else ()
    new = ((release.new, changes.new_tree.qualified(after)),) if after is not None else ()
    return old + new


def contents(change: Change) -> bool:
    """What a microflow does differs, or it is new: not what it is called or takes."""
    if signature(change):
        return False
    if change.row.parent is not None or isinstance(change, Added):
        return True
    return isinstance(change, Changed) and not change.fields <= _OWN_RULES


def queued(change: Change) -> bool:
    """A call goes into a task queue, or leaves it."""
    return isinstance(change, Changed) and any(change.touches(key) for key in _QUEUE)


def for_no_client(change: Change, release: Release) -> bool:
    """Something of a microflow differs that clients in the field do not call, and new ones neither where it
    is what the microflow does. Settings that have rules of their own are left out."""
    if was_called(change, release) or queued(change):
        return False
    renamed = isinstance(change, Changed) and release.old_name(change) != release.new_name(change)
    if signature(change) or (renamed and change.row.parent is None):
        return True
    if called(change, release):
        return False
    told = {PARENT, "applyEntityAccess", "url", "urlSearchParameters", "exportLevel", "markAsUsed"}
    return change.row.parent is not None or not isinstance(change, Changed) or not change.fields <= told


def handles_uploads(change: Change, release: Release) -> bool:
    """The microflow runs when devices upload: it handles events of an entity that they hold."""
    return any(name in side.memo(_handlers) for side, name in _microflow(change, release))


def _handlers(side: App) -> frozenset[str]:
    """The event handlers of the entities that devices hold, and of what these specialise."""
    names = set(side.sync)
    while fresh := {side.generalization(name) for name in names} - names - {""}:
        names |= fresh
    ids = {row.id for name in names if (row := side.entity(name)) is not None}
    return frozenset(
        str(row.props["microflow"])
        for unit in side.symbols.domain_models.values()
        for row in side.snapshot.rows(unit.id)
        if row.type == "DomainModels$EventHandler" and row.parent in ids and row.props.get("microflow")
    )


def is_lifecycle(change: Change, release: Release) -> bool:
    """The runtime starts, stops or is checked with the microflow."""
    return any(name in side.memo(_lifecycle) for side, name in _microflow(change, release))


def _lifecycle(side: App) -> frozenset[str]:
    part = side.settings_part("Settings$RuntimeSettings")
    return frozenset(str(part.props[k]) for k in LIFECYCLE if part is not None and part.props.get(k))


def is_sign_in(change: Change, release: Release) -> bool:
    """The microflow runs when somebody signs in."""
    return any(name == side.memo(_sign_in) for side, name in _microflow(change, release))


def _sign_in(side: App) -> str:
    for unit in side.snapshot.live.values():
        if unit.type == "Security$ProjectSecurity":
            return str(side.snapshot.rows(unit.id)[0].props.get("signInMicroflow", ""))
    return ""
