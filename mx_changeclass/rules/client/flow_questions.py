"""Questions about microflows and nanoflows: what a changed step does, and in a word each, what it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.sync_set import NEVER, ONLINE
from mx_changeclass.graphs.uncommitted import uncommitted_objects as uncommitted
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import CHANGE_OBJECT, CREATE_OBJECT, JAVASCRIPT_ACTION, NANOFLOW, PAGE
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.devices import may_change
from mx_changeclass.rules.engine.release import WIRING, Release
from mx_changeclass.rules.engine.rule import Detail
from mx_changeclass.rules.reference_changes import gained
from mx_changeclass.rules.sync.uploads import SYNCHRONIZE, is_disabled, uploads_all
from mx_changeclass.wording.changes import ACTIVITY, step, words
from mx_changeclass.wording.values import several

PARAMETER = "Microflows$MicroflowParameterObject"
COMMIT, DELETE_OBJECT = "Microflows$CommitAction", "Microflows$DeleteAction"
CHANGE = (CHANGE_OBJECT, "Microflows$ChangeMembersAction")
CLEAR_FROM_CLIENT = "Microflows$ClearFromClientAction"
CALL_ARGUMENT = "Microflows$MicroflowCallParameterMapping"
_GRAVE = ("clear", "background")  # told of a new flow too
_SIGNATURE = ("microflowReturnType",)
_WAITS_NO_MORE = Version(11, 15)  # from it on a synchronisation does not block the nanoflow by default
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
        before = isinstance(change, Changed) and rewrites_unwaited(change.old_row, release.old)
        if rewrites_unwaited(row, release.new) and not before:
            return "background"
        return "sync-mode" if isinstance(change, Added) or change.touches("action.type") else ""
    if isinstance(change, Removed):
        return "commit-removed" if commits(row) else ""
    if isinstance(change, Changed):
        return "commit-removed" if change.row.id == row.id and uncommits(change) else ""
    if does == CLEAR_FROM_CLIENT:
        return "clear"
    if does == "Microflows$CancelSynchronizationAction":
        return "cancel-sync"
    if not _of_devices(row, release):
        return ""
    return "delete" if does == DELETE_OBJECT else "commit-added" if does in (COMMIT, CREATE_OBJECT, *CHANGE) else ""


def rewrites_unwaited(row: Element, side: App) -> bool:
    """A synchronisation of all objects that the nanoflow does not wait for."""
    everything = row.props.get("action") == SYNCHRONIZE and row.props.get("action.type", "All") == "All"
    return everything and not is_disabled(row) and not _waits(row, side)


def _waits(row: Element, side: App) -> bool:
    """Whether a nanoflow waits for a synchronisation: as that says itself, else until 11.15 by default."""
    for key, value in row.props.items():
        if key.startswith("action.") and isinstance(value, bool):
            if "wait" in key.lower():
                return value
            if "background" in key.lower():
                return not value
    return side.version is None or side.version < _WAITS_NO_MORE


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
    """What a changed step of a nanoflow, or a new nanoflow, leaves dangling that did not: an object that is committed
    while one it refers to is made here and is not; "" for none."""
    _, after = release.documents(change)
    if after is None or after.type != NANOFLOW:
        return ""
    told = release.memo(after, _newly_dangling)
    mine = {""} if change.row.id == after.id else _variables(change, release)
    pairs = {pair for variable in mine for pair in told.get(variable, ())}
    return several(f"{owner} refers to {other}, which is not committed" for _, owner, other in sorted(pairs))


def _newly_dangling(after: Element, release: Release) -> Mapping[str, list[tuple[str, str, str]]]:
    """What a nanoflow leaves dangling that it did not: each association with the variable that refers and the one that
    is referred to, by these variables, and under "" all."""
    before = release.partner.get(after.id)
    row = release.changes.old_tree.rows.get(before) if before else None
    new = release.memo(after, _left_dangling)
    old = release.memo(row, _left_dangling) if new and row is not None else Counter[str]()
    found: dict[str, list[tuple[str, str, str]]] = {}
    for association, pair in _pairs(after, release).items():
        for variable in ("", *pair) if new[association] > old[association] else ():
            found.setdefault(variable, []).append((association, *pair))
    return found


def uncommits(change: Change) -> bool:
    """A step goes, or stays, that committed an object and does so no more."""
    if isinstance(change, Removed):
        return commits(change.old_row)
    return isinstance(change, Changed) and commits(change.old_row) and not commits(change.new_row)


def _left_dangling(document: Element, release: Release) -> Counter[str]:
    """How often each association of data on devices is left dangling in a nanoflow, by their new names."""
    new = release.changes.new_tree.rows.get(document.id) is document
    side, tree = (release.new, release.changes.new_tree) if new else (release.old, release.changes.old_tree)
    rows = tuple(tree.whole(document))
    renames = {} if new else release.changes.renames
    spared = _committed_by_callees(rows, side)
    return Counter(
        renames.get(association, association)
        for _, other, association in uncommitted(rows)
        if all(map(side.synced, side.symbols.ends(association) or ("",))) and other not in spared
    )


def _pairs(document: Element, release: Release) -> Mapping[str, tuple[str, str]]:
    rows = tuple(release.changes.new_tree.whole(document))
    return {association: (owner, other) for owner, other, association in uncommitted(rows)}


def _variables(change: Change, release: Release) -> frozenset[str]:
    """The variables that the step of a change works on, before and after."""
    rows = [(release.changes.tree(change), change.row)]
    rows += [(release.changes.old_tree, change.old_row)] if isinstance(change, Changed) else []
    return frozenset(variable_of(activity(tree, row)) for tree, row in rows) - {""}


def _committed_by_callees(rows: Iterable[Element], side: App) -> frozenset[str]:
    """The variables that nanoflows are called with which commit what they are given."""
    found = set()
    for row in rows:
        argument = str(row.props.get("argument") or row.props.get("argumentModel.expression") or "")
        flow, _, parameter = str(row.props.get("parameter", "")).rpartition(".")
        if argument[:1] == "$" and flow in side.symbols.documents and parameter in side.memo(_committed_in, flow):
            found.add(argument[1:])
    return frozenset(found)


def _committed_in(side: App, flow: str) -> frozenset[str]:
    """The variables that a flow commits."""
    rows = side.snapshot.rows(side.symbols.documents[flow].id)
    return frozenset(variable_of(row) for row in rows if commits(row))


# -- what is cleared without an upload before it -------------------------------------------------

_MAY_COMMIT = ("Microflows$NanoflowCallAction", "Microflows$JavaScriptActionCallAction")


def cleared_unsaved(change: Change, release: Release) -> str:
    """The entities that the nanoflow of a change clears from the device where it did not, or where nothing it was sure
    to have uploaded goes before any more; "" for none."""
    before, after = release.documents(change)
    if after is None or after.type != NANOFLOW:
        return ""
    new = release.memo(after, _cleared)
    old = release.memo(before, _cleared) if new and before is not None else {}
    known = {release.changes.renames.get(entity, entity) for entity, saved in old.items() if not saved}
    return several(sorted(entity for entity, saved in new.items() if not saved and entity not in known))


def _cleared(document: Element, release: Release) -> Mapping[str, bool]:
    """The entities that a nanoflow clears, and whether nothing of each is lost: no user of a device may change it, or a
    synchronisation uploads it first on every way."""
    new = release.changes.new_tree.rows.get(document.id) is document
    side, tree = (release.new, release.changes.new_tree) if new else (release.old, release.changes.old_tree)
    rows = {r.id: r for r in tree.whole(document)}
    led: dict[str, list[tuple[str, bool]]] = {}
    for r in rows.values():
        if is_a(r.type, "Microflows$SequenceFlow"):
            ends = str(r.props.get("destination", "")), str(r.props.get("origin", ""))
            led.setdefault(ends[0], []).append((ends[1], r.props.get("isErrorHandler") is True))
    found: dict[str, bool] = {}
    unsaved: dict[bool, frozenset[str]] = {}
    for r in rows.values():
        if action(r) == CLEAR_FROM_CLIENT and not is_disabled(r):
            entity = str(r.props.get("action.entity", ""))
            never = side.mode(entity) == NEVER
            if never not in unsaved:
                unsaved[never] = _not_uploaded_first(never, rows, led, side)
            found[entity] = found.get(entity, True) and (not may_change(side, entity) or r.id not in unsaved[never])
    return found


def _not_uploaded_first(
    never: bool, rows: Mapping[str, Element], led: Mapping[str, list[tuple[str, bool]]], side: App
) -> frozenset[str]:
    """The steps of a flow to which some way leads that does not come over a synchronisation that uploads all objects
    (of mode ``never``, or of any other) and ends the flow where it fails, with nothing after it that may write more."""
    onward: dict[str, list[str]] = {}
    found: list[str] = []
    for at in rows:
        ways = led.get(at, ())
        begins = not ways
        for origin, failed in ways:
            row = rows.get(origin)
            if row is None or commits(row) or action(row) in _MAY_COMMIT:
                begins = True
            elif failed or not _uploads_for_sure(row, never, side):
                onward.setdefault(origin, []).append(at)
        found += [at] if begins else []
    seen = set(found)
    for at in found:
        fresh = [each for each in onward.get(at, ()) if each not in seen]
        seen.update(fresh)
        found += fresh
    return frozenset(seen)


def _uploads_for_sure(row: Element, never: bool, side: App) -> bool:
    if action(row) != SYNCHRONIZE or not uploads_all(row) or never:
        return False
    return _waits(row, side) and row.props.get("action.errorHandlingType") != "Continue"
