"""What a flow commits, and what a committed object refers to that the flow made and never commits."""

from __future__ import annotations

from mx_changeclass.model.snapshot import Rows
from mx_changeclass.model.types import CHANGE_OBJECT, CREATE_OBJECT

_MADE = {CREATE_OBJECT: "action.outputVariableName", CHANGE_OBJECT: "action.changeVariableName"}


def uncommitted_objects(rows: Rows) -> tuple[tuple[str, str, str], ...]:
    """Two variables each, one that is committed, and one it refers to that is created here and not committed; and
    the association by which it does."""
    actions = {row.id: row.props for row in rows if row.props.get("action") and not row.props.get("disabled")}
    created = {str(p["action.outputVariableName"]) for p in actions.values() if p["action"] == CREATE_OBJECT}
    committed = {str(p["action.commitVariableName"]) for p in actions.values() if "action.commitVariableName" in p}
    for props in actions.values():
        if props["action"] in _MADE and str(props.get("action.commit", "No")) != "No":
            committed.add(str(props.get(_MADE[props["action"]], "")))
    for props in actions.values():
        if props["action"] == "Microflows$ChangeListAction" and props.get("action.changeVariableName") in committed:
            committed.add(_variable(props.get("action.value")))
    pairs, left = set(), created - committed
    for row in rows:
        around = actions.get(row.parent or "", {})
        if row.props.get("association") and around.get("action") in _MADE:
            owner, other = str(around.get(_MADE[around["action"]], "")), _variable(row.props.get("value"))
            if owner in committed and other in left:
                pairs.add((owner, other, str(row.props["association"])))
    return tuple(sorted(pairs))


def _variable(expression: object) -> str:
    """The variable that an expression is, "" where it is more than that."""
    text = str(expression or "").strip()
    return text[1:] if text[:1] == "$" and "/" not in text else ""
