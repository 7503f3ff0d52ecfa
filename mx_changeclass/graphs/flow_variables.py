"""Which entity each object variable of a flow holds, as far as the flow itself tells.

What a called flow or action returns stands in another unit and stays unknown here.
"""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.model.snapshot import Rows

# Where a variable of a loop is taken from another one.
_LOOPS = (
    ("loopVariableName", "iteratedListVariableName"),
    ("loopSource.variableName", "loopSource.listVariableName"),
)


def flow_variables(rows: Rows, known: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Entity name by variable name; ``known`` are those that the flow alone does not tell."""
    held: dict[str, str] = dict(known or {})
    taken: dict[str, list[str]] = {}  # by the variable that they are taken from
    for row in rows:
        props = row.props
        if row.name and (entity := props.get("variableType.entity")):
            held[row.name] = entity
        if result := props.get("action.outputVariableName"):
            if entity := props.get("action.retrieveSource.entity") or props.get("action.entity"):
                held[result] = entity
            if source := props.get("action.operation.listVariableName"):
                taken.setdefault(source, []).append(result)
        elif "loopVariableName" in props or "loopSource" in props:
            for to, of in _LOOPS:
                if props.get(to) and props.get(of):
                    taken.setdefault(props[of], []).append(props[to])
    _follow(held, taken)
    return held


def _follow(held: dict[str, str], taken: Mapping[str, list[str]]) -> None:
    """What is taken from a variable that holds an entity holds it too."""
    todo = [source for source in taken if source in held]
    for source in todo:  # a list may be taken from one that stands further down
        for result in taken[source]:
            if result not in held:
                held[result] = held[source]
                todo += [result] if result in taken else []
