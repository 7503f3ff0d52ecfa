"""Questions about pages, layouts and snippets: what a changed part is about, does, and takes its data from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from mx_changeclass.changes.change import NAME, ORDER, PARENT, TYPE, Added, Change, Changed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.aspects import Aspect, aspect, aspect_of_row
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import MICROFLOW, NANOFLOW, PAGE, WIDGET, WIDGET_PROPERTY
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Detail
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.rules.reference_changes import gained, lost, new_rows, old_rows

WIDGET_OBJECT = "CustomWidgets$WidgetObject"
ACTION, SOURCE = "Pages$ClientAction", "Pages$DataSource"
# What a page or snippet consists of, whatever it does: told in one finding a layout or snippet.
APPEARANCE = (Aspect.LAYOUT, Aspect.STYLE, Aspect.VISIBILITY, Aspect.VALIDATION, Aspect.ACCESSIBILITY, Aspect.OTHER)

_LOCAL_ACTIONS = (
    "Pages$SaveChangesClientAction",
    "Pages$CancelChangesClientAction",
    "Pages$CreateObjectClientAction",
    "Pages$DeleteClientAction",
    "Pages$ClosePageClientAction",
)
_ACTIONS = {  # what an action is, by its type
    **dict.fromkeys(_LOCAL_ACTIONS, "local"),
    "Pages$SyncClientAction": "sync",
    "Pages$CancelSynchronizationClientAction": "sync",
    "Pages$SignOutClientAction": "sign-out",
    "Pages$CallWorkflowClientAction": "workflow",
    "Pages$OpenWorkflowClientAction": "workflow",
    "Pages$OpenUserTaskClientAction": "workflow",
    "Pages$SetTaskOutcomeClientAction": "workflow",
    "Pages$SyncButton": "sync",
    "Pages$LogoutButton": "sign-out",
    "Pages$SaveButton": "local",
    "Pages$CancelButton": "local",
    "Pages$NewButton": "local",
}
_CALL_OPTIONS = frozenset(
    {"asynchronous", "progressBar", "confirmationInfo", "disabledDuringExecution", "formValidations"}
)


def aspects_of(change: Change, release: Release) -> Mapping[Aspect, tuple[str, ...]]:
    """The fields of a changed part by what they are about; for an added or removed part what it is about as
    a whole, with no fields."""
    return release.memo(change, _about)


def _about(change: Change, release: Release) -> Mapping[Aspect, tuple[str, ...]]:
    whole = aspect_of_row(release.changes.tree(change), change.row)
    if not isinstance(change, Changed):
        return {whole: ()}
    found: dict[Aspect, list[str]] = defaultdict(list)
    for field in sorted(change.fields):
        found[_of_field(change, field, whole)].append(field)
    return {a: tuple(fields) for a, fields in found.items()}


def _of_field(change: Changed[Kind], field: str, whole: Aspect) -> Aspect:
    if whole is not Aspect.OTHER or field in (NAME, TYPE):
        return whole
    if field in (PARENT, ORDER):
        return Aspect.LAYOUT if change.new_row.parent else Aspect.OTHER
    return aspect(change.new_row if field in change.new_row.props else change.old_row, field)


def describe(change: Change, release: Release, *aspects: Aspect, leave: Iterable[str] = ()) -> str:
    """What of a part differs that is about one of some aspects, in words; "" where nothing does."""
    found = aspects_of(change, release)
    fields = [f for a in aspects for f in found.get(a, ()) if f not in leave]
    if not fields and (isinstance(change, Changed) or not any(a in found for a in aspects)):
        return ""
    return detail_of(change, release, fields)


def told(change: Change, release: Release, text: str, *aspects: Aspect) -> str:
    """What a rule says in words of its own of all that is about some aspects; "" where it says nothing."""
    return Detail(text, (f for a in aspects for f in aspects_of(change, release).get(a, ()))) if text else ""


def is_inside_widget(change: Change, release: Release) -> bool:
    """The row is a property of a pluggable widget, a group of them or a part of one; not a widget in it."""
    parent = release.changes.tree(change).rows.get(change.row.parent or "")
    part_of_one = parent is not None and parent.type == WIDGET_PROPERTY and not is_a(change.row.type, WIDGET)
    return change.row.type in (WIDGET_PROPERTY, WIDGET_OBJECT) or part_of_one


# -- actions --------------------------------------------------------------------------------


def in_action(row: Element, key: str) -> bool:
    """Whether a key of a part of a page belongs to an action."""
    return aspect(row, key) is Aspect.ACTION


def in_source(row: Element, key: str) -> bool:
    """Whether a key of a part of a page belongs to a data source."""
    return aspect(row, key) is Aspect.SOURCE


def in_neither(row: Element, key: str) -> bool:
    """Whether a key of a part of a page belongs to neither an action nor a data source."""
    return aspect(row, key) not in (Aspect.ACTION, Aspect.SOURCE)


def actions_of(rows: Iterable[Element]) -> set[str]:
    """What the actions of some parts are, in a word each: sync, sign-out, workflow, local."""
    found = set()
    for row in rows:
        found.add(_ACTIONS.get(row.type, ""))
        found |= {_ACTIONS.get(str(value), "") for key, value in row.props.items() if value and _is_action(row, key)}
        if any(key.endswith("syncAutomatically") and value for key, value in row.props.items()):
            found.add("sync")
    return found - {""}


def _is_action(row: Element, key: str) -> bool:
    declared = property_of(*row.part(key))
    return declared is not None and declared.type == ACTION


def starts(change: Change, release: Release) -> set[str]:
    """What a part does now that it did not do before."""
    return actions_of(new_rows(change, release)) - actions_of(old_rows(change, release))


def stops(change: Change, release: Release) -> set[str]:
    """What a part did and does no more."""
    return actions_of(old_rows(change, release)) - actions_of(new_rows(change, release))


def call_options(change: Change, release: Release) -> tuple[str, ...]:
    """The fields that change how a call runs, not what is called: progress bar, confirmation, asynchronous."""
    fields = aspects_of(change, release).get(Aspect.ACTION, ())
    return tuple(f for f in fields if not _CALL_OPTIONS.isdisjoint(f.split(".")))


# -- data sources -----------------------------------------------------------------------------


def source_kind(change: Change, release: Release) -> str:
    """Where the part that a change is about takes its data from, on the new side where it has a source:
    microflow, nanoflow, database, association, widget or context; "" for nowhere."""
    for side, row in reversed(list(release.sides(change))):
        tree = release.changes.old_tree if side is release.old else release.changes.new_tree
        for around in (row, *tree.ancestors(row)):
            if kind := _source_of(around):
                return kind
            if is_a(around.type, WIDGET) or around.type == WIDGET_PROPERTY:
                break
    return ""


def _source_of(row: Element) -> str:
    for key, value in row.props.items():
        declared = property_of(*row.part(key))
        if declared is not None and declared.type in (SOURCE, "Pages$SelectorSource"):
            return _source_kind(str(value))
    return ""


def _source_kind(source: str) -> str:
    for end, kind in (
        ("MicroflowSource", "microflow"),
        ("NanoflowSource", "nanoflow"),
        ("XPathSource", "database"),
        ("DatabaseSource", "database"),
        ("AssociationSource", "association"),
        ("ReferenceSetSource", "association"),
        ("ListenTargetSource", "widget"),
    ):
        if source.endswith(end):
            return kind
    return "context"


def databases(change: Change, release: Release) -> Iterable[tuple[App, str]]:
    """Each entity that the part reads straight from a database, with the side on which it does."""
    for side, rows in ((release.old, old_rows(change, release)), (release.new, new_rows(change, release))):
        for row in rows:
            for key, value in row.props.items():
                owner, last = row.part(key)
                direct = last == "entity" and owner == "DomainModels$DirectEntityRef"
                if direct and aspect(row, key) is Aspect.SOURCE and _source_of(row) == "database":
                    yield side, str(value)


def reads_online(change: Change, release: Release) -> bool:
    """The part reads an entity that is in Online mode straight from the server."""
    return any(side.mode(entity) == ONLINE for side, entity in databases(change, release))


def newly_synced(change: Change, release: Release) -> tuple[str, ...]:
    """Entities that the part uses now, that devices did not hold and from now on do."""
    if not isinstance(change, (Added, Changed)):
        return ()
    used = {_entity(name) for name in gained(change, release, "DomainModels$")}
    return tuple(
        sorted(e for e in used if release.new.synced(e) and not release.old.synced(release.old_names.get(e, e)))
    )


def _entity(name: str) -> str:
    """The entity of a name in a domain model: an attribute answers for its entity."""
    return ".".join(name.split(".")[:2])


# -- what no special rule tells ---------------------------------------------------------------

_TOLD_OF_DOCUMENTS = frozenset(
    {
        NAME,
        PARENT,
        "url",
        "allowedRoles",
        "popupWidth",
        "popupHeight",
        "popupResizable",
        "popupCloseAction",
        "exportLevel",
        "markAsUsed",
    }
)
_PARAMETERS = ("Pages$PageParameter", "Pages$SnippetParameter")


def unmasked(change: Change) -> tuple[str, ...]:
    """The fields by which an input shows or stores what it hid: the mask, and auto-complete."""
    if not isinstance(change, Changed):
        return ()
    old, new = change.old_row.props, change.new_row.props
    masked = old.get("isPasswordBox") is True and new.get("isPasswordBox") is not True
    stored = old.get("autocomplete") is False and new.get("autocomplete") is not False
    return ("isPasswordBox",) * masked + ("autocomplete",) * stored


def appearance(change: Change, release: Release, *aspects: Aspect) -> str:
    """What of a part differs that is about one of some aspects and has no rule of its own, in words."""
    if change.row.type in _PARAMETERS or is_inside_widget(change, release):
        return ""
    leave = {*unmasked(change), *(_TOLD_OF_DOCUMENTS if change.row.parent is None else ())}
    return describe(change, release, *aspects, leave=leave)


def rest_of_widget(change: Change, release: Release) -> str:
    """What differs in the action, the arguments or the data source of a built-in widget, and is no new target."""
    return "" if is_inside_widget(change, release) else rest_of_action(change, release)


def rest_of_action(change: Change, release: Release) -> str:
    """What differs in the action, the arguments or the data source of a part, and is no new target: what no
    special rule tells."""
    found = aspects_of(change, release)
    left: list[Aspect] = []
    if Aspect.ACTION in found and not (targets(change, release) or call_options(change, release)):
        left.append(Aspect.ACTION)
    if Aspect.ARGUMENT in found and not redirected(change, release):
        left.append(Aspect.ARGUMENT)
    if Aspect.SOURCE in found and source_kind(change, release) in ("microflow", ""):
        moved = gained(change, release, MICROFLOW, in_source) or lost(change, release, MICROFLOW, in_source)
        left += [] if moved else [Aspect.SOURCE]
    return describe(change, release, *left)


def targets(change: Change, release: Release) -> bool:
    """The action of a part has a new target, or is of another sort now."""
    return (
        bool(starts(change, release))
        or any(gained(change, release, kind, in_action) for kind in (PAGE, NANOFLOW, MICROFLOW))
        or bool(stops(change, release) & {"sync"})
    )


def redirected(change: Change, release: Release) -> bool:
    """A call or an action that stays what it is works on another object, or gets another value."""
    fields = aspects_of(change, release).get(Aspect.ARGUMENT, ())
    return isinstance(change, Changed) and bool(fields) and "parameter" not in fields and NAME not in fields
