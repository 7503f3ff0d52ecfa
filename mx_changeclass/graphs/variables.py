"""Which entity each object variable of a flow holds, as far as the flow itself tells.

What a called flow or action returns stands in another unit and stays unknown here.
"""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.model.snapshot import Rows

# Where a variable gets its entity: the key of its name and the key of the entity, in one row.
_TOLD = (
    ("action.outputVariableName", "action.entity"),
    ("action.outputVariableName", "action.retrieveSource.entity"),
)
# Where a variable is taken from another one.
_TAKEN = (
    ("action.outputVariableName", "action.operation.listVariableName"),
    ("loopVariableName", "iteratedListVariableName"),
    ("loopSource.variableName", "loopSource.listVariableName"),
)


def variables(rows: Rows) -> Mapping[str, str]:
    """Entity name by variable name."""
    held: dict[str, str] = {}
    taken: list[tuple[str, str]] = []
    for row in rows:
        props = row.props
        if row.name and (entity := props.get("variableType.entity")):
            held[row.name] = entity
        for variable, entity in _TOLD:
            if props.get(variable) and props.get(entity):
                held[props[variable]] = props[entity]
        taken += [(props[to], props[of]) for to, of in _TAKEN if props.get(to) and props.get(of)]
    for _ in taken:  # a list may be taken from one that stands further down
        fresh = {to: held[of] for to, of in taken if of in held and to not in held}
        if not fresh:
            break
        held |= fresh
    return held
