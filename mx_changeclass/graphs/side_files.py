"""What a file beside the model is part of, by the names that the walk from a profile knows."""

from __future__ import annotations

from collections.abc import Iterable

from mx_changeclass.graphs.native_dependencies import WIDGET_OWNER
from mx_changeclass.graphs.profiles import Profile
from mx_changeclass.graphs.symbols import Symbols
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import JAVASCRIPT_ACTION


def served_by(row: Element, symbols: Symbols, profiles: Iterable[Profile]) -> tuple[str, ...]:
    """The actions, widgets or profiles that a file serves; () for a file that is no part of a client.

    Code of an action is part of it, another script of all actions of its module, a package of its widgets,
    a style of every profile of its platform.
    """
    props = row.props
    if row.type == "File$JavaScriptAction":
        return tuple(n for n in javascript_actions(symbols) if file_spelling(n) == row.name)
    path = str(props.get("path", "")).split("/")
    if row.type == "File$JavaScript" or (row.type == "File$Package" and path[0] == "javascriptsource"):
        return tuple(n for n in javascript_actions(symbols) if n.partition(".")[0].lower() == path[1])
    if row.type == "File$Widget":
        return tuple(WIDGET_OWNER + str(name) for name in props.get("widgets") or (row.name,))
    if row.type == "File$Theme":
        platform = props.get("platform")
        return tuple(p.name for p in profiles if platform in ("both", "native" if p.kind == "native" else "web"))
    return ()


def javascript_actions(symbols: Symbols) -> tuple[str, ...]:
    """The JavaScript actions of a model by name."""
    return tuple(sorted(name for name, unit in symbols.documents.items() if unit.type == JAVASCRIPT_ACTION))


def file_spelling(action: str) -> str:
    """The name of an action as its file states it: the folder of its module is in lower case."""
    module, _, name = action.partition(".")
    return f"{module.lower()}.{name}"
