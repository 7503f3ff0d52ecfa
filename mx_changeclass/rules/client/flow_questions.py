"""Questions about microflows and nanoflows: what a changed step does, and in a word each, what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import CHANGE_OBJECT, CREATE_OBJECT, JAVASCRIPT_ACTION, NANOFLOW, PAGE
from mx_changeclass.rules.engine.release import WIRING, Release
from mx_changeclass.rules.engine.rule import Detail
from mx_changeclass.rules.reference_changes import gained
from mx_changeclass.rules.sync.uploads import SYNCHRONIZE
from mx_changeclass.wording.changes import ACTIVITY, step, words
from mx_changeclass.wording.values import several

PARAMETER = "Microflows$MicroflowParameterObject"
COMMIT, DELETE = "Microflows$CommitAction", "Microflows$DeleteAction"
CHANGE = (CHANGE_OBJECT, "Microflows$ChangeMembersAction")
CALL, CALL_ARGUMENT = "Microflows$MicroflowCallAction", "Microflows$MicroflowCallParameterMapping"
_GRAVE = ("clear", "background")  # told of a new flow too
_SIGNATURE = ("microflowReturnType",)
_OWN_RULES = frozenset({NAME, PARENT, "allowedModuleRoles", "exportLevel", "markAsUsed"})


def action(row: Element) -> str:
    """The SDK type of what an activity does, "" for other rows."""
    return str(row.props.get("action", "")) if row.type == ACTIVITY else ""


def activity(tree: Tree, row: Element) -> Element:
    """The step that a row is or lies in: the activity around an argument or a member change."""
    return next((r for r in (row, *tree.ancestors(row)) if is_a(r.type, "Microflows$MicroflowObject")), row)


def logic(change: Change, release: Release) -> Detail:
    """What of a flow differs, in words: "decision Is it valid? added". A step is told as a whole."""
    return Detail(_logic(change, release), _fields(change))


def _logic(change: Change, release: Release) -> str:
    if any(is_a(change.row.type, t) for t in (*WIRING, "Microflows$EndEvent")):
        return "order of steps"
    if change.row.parent is None:
        return words(change, release.changes, _fields(change) - _OWN_RULES)
    around = activity(release.changes.tree(change), change.row)
    whole = around.id == change.row.id and not isinstance(change, Changed)
    return words(change, release.changes) if whole else f"{step(around)} changed"


def _fields(change: Change) -> frozenset[str]:
    return change.fields if isinstance(change, Changed) else frozenset()


def wholly_its_own(change: Change) -> bool:
    """A flow differs in nothing but what rules of its name and its access tell."""
    return isinstance(change, Changed) and change.row.parent is None and change.fields <= _OWN_RULES


def signature(change: Change) -> bool:
    """The parameters or the result of a flow differ."""
    if is_a(change.row.type, PARAMETER):
        return True
    return isinstance(change, Changed) and change.row.parent is None and any(change.touches(f) for f in _SIGNATURE)


def texts(change: Change) -> tuple[str, ...]:
    """The fields that hold words for users: messages and validation feedback."""
    if not isinstance(change, Changed):
        return ()
    shown = ("action.template.", "action.feedbackTemplate.", "action.pageSettings.titleOverride.")
    return tuple(f for f in sorted(change.fields) if f.startswith(shown))


def meanings(change: Change, release: Release) -> Mapping[str, str]:
    """What a changed part of a nanoflow means, beside plain logic: a word for each meaning, with what was
    seen. Empty for plain logic."""
    return release.memo(change, _steps)


def _steps(change: Change, release: Release) -> Mapping[str, str]:
    found: dict[str, str] = {}
    fields = _fields(change)
    if change.row.parent is not None:
        for word, kind, verb in (
            ("js", JAVASCRIPT_ACTION, "calls"),
            ("nanoflow", NANOFLOW, "calls"),
            ("page", PAGE, "shows"),
        ):
            if names := gained(change, release, kind):
                found[word] = Detail(f"{verb} {several(names)}", fields)
        if _handles_errors(change):
            found["errors"] = Detail("error handling" + _verb(change), fields)
    for word, rows in _by_meaning(change, release).items():
        if change.row.parent is not None or word in _GRAVE:
            found[word] = Detail(several(dict.fromkeys(step(r) for r in rows)) + _verb(change), fields)
    return found


def _verb(change: Change) -> str:
    return " added" if isinstance(change, Added) else " removed" if isinstance(change, Removed) else " changed"


def _by_meaning(change: Change, release: Release) -> Mapping[str, list[Element]]:
    """The steps that a change adds, takes away or alters, by what they mean."""
    tree = release.changes.tree(change)
    alone = isinstance(change, Changed)
    rows: Iterable[Element] = (activity(tree, change.row),) if alone else tree.whole(change.row)
    found: dict[str, list[Element]] = {}
    for row in rows:
        if word := _meaning(change, row, release):
            found.setdefault(word, []).append(row)
    return found


def _meaning(change: Change, row: Element, release: Release) -> str:  # noqa: C901 - a decision table
    does = action(row)
    if does == "Microflows$LogMessageAction":
        return "log"
    if does in ("Microflows$RestCallAction", "Microflows$RestOperationCallAction"):
        return "rest"
    if does == "Microflows$RetrieveAction" and _entity_mode(row, release) == ONLINE:
        return "retrieve-online"
    if does == SYNCHRONIZE:
        if isinstance(change, Removed):
            return "sync-removed"
        if does_not_wait(row) and not (isinstance(change, Changed) and does_not_wait(change.old_row)):
            return "background"
        return "sync-mode" if isinstance(change, Added) or change.touches("action.type") else ""
    if isinstance(change, Removed):
        return "commit-removed" if commits(row) else ""
    if isinstance(change, Changed):
        lost = change.row.id == row.id and commits(change.old_row) and not commits(change.new_row)
        return "commit-removed" if lost else ""
    if does == "Microflows$ClearFromClientAction":
        return "clear"
    if does == "Microflows$CancelSynchronizationAction":
        return "cancel-sync"
    if not _of_devices(row, release):
        return ""
    return "delete" if does == DELETE else "commit-added" if does in (COMMIT, CREATE_OBJECT, *CHANGE) else ""


def does_not_wait(row: Element) -> bool:
    """A synchronisation of everything that the flow does not wait for."""
    return row.props.get("action.type", "All") == "All" and any(
        ("wait" in key.lower() and value is False) or ("background" in key.lower() and value is True)
        for key, value in row.props.items()
        if key.startswith("action.")
    )


def commits(row: Element) -> bool:
    """The step writes an object to the database."""
    does = action(row)
    return does == COMMIT or (does in (CREATE_OBJECT, *CHANGE) and row.props.get("action.commit", "No") != "No")


def variable_of(row: Element) -> str:
    """The variable that a step creates, changes, commits or deletes."""
    keys = ("action.commitVariableName", "action.changeVariableName", "action.deleteVariableName")
    return str(next((row.props[k] for k in (*keys, "action.outputVariableName") if row.props.get(k)), ""))


def _of_devices(row: Element, release: Release) -> bool:
    """The object that a step works on is one that devices hold."""
    tree = release.changes.new_tree
    unit = tree.unit_of.get(row.id, "")
    entity = str(row.props.get("action.entity") or flow_variables(tree.snapshot.rows(unit)).get(variable_of(row), ""))
    return release.new.synced(entity)


def _entity_mode(row: Element, release: Release) -> str | None:
    entity = str(row.props.get("action.retrieveSource.entity", ""))
    return release.new.mode(entity) or release.old.mode(entity)


def _handles_errors(change: Change) -> bool:
    if is_a(change.row.type, "Microflows$SequenceFlow") and not isinstance(change, Changed):
        return change.row.props.get("isErrorHandler") is True
    keys = ("errorHandlingType", "isErrorHandler")
    return isinstance(change, Changed) and any(f.endswith(keys) for f in change.fields)


# -- commits that leave a reference dangling ----------------------------------------------------


def left_uncommitted(change: Change, release: Release) -> str:
    """The object that is created and no longer committed, while one that refers to it still is; "" for none."""
    before, after = release.documents(change)
    if before is None or after is None or change.row.type != ACTIVITY:
        return ""
    row = change.row if isinstance(change, Removed) else change.old_row if isinstance(change, Changed) else None
    variable = variable_of(row) if row is not None and commits(row) else ""
    left = list(release.changes.new_tree.whole(after))
    committed = {variable_of(r) for r in left if commits(r)}
    created = {variable_of(r) for r in left if action(r) == CREATE_OBJECT}
    if not variable or variable in committed or variable not in created:
        return ""
    tree = release.changes.new_tree
    for r in left:
        refers = r.type == "Microflows$MemberChange" and r.props.get("association")
        other = variable_of(activity(tree, r)) if refers else ""
        if other in committed and str(r.props.get("value", "")).strip() == f"${variable}":
            return f"{other} refers to {variable}, which is no longer committed"
    return ""
