"""What a file beside the model is part of, by the names that the walk from a profile knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from mx_changeclass.graphs.native_dependencies import WIDGET_OWNER
from mx_changeclass.graphs.symbols import Symbols
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import JAVASCRIPT_ACTION

if TYPE_CHECKING:
    from mx_changeclass.graphs.app import App


def served_by(row: Element, side: App) -> tuple[str, ...]:
    """The actions, widgets or profiles that a file serves; () for a file that is no part of a client.

    Code of an action is part of it, another script of all actions of its module, a package of its widgets,
    a style of every profile of its platform.
    """
    props = row.props
    if row.type == "File$JavaScriptAction":
        return side.memo(actions_by_file).get(row.name, ())
    if module := script_module(row):
        return side.memo(_actions_by_folder).get(module, ())
    if row.type == "File$Widget":
        return tuple(WIDGET_OWNER + str(name) for name in props.get("widgets") or (row.name,))
    if row.type == "File$Theme":
        platform = props.get("platform")
        return tuple(p.name for p in side.profiles if platform in ("both", "native" if p.kind == "native" else "web"))
    return ()


def actions_by_file(side: App) -> Mapping[str, tuple[str, ...]]:
    """The JavaScript actions of a model by the name that their file states."""
    return _grouped(javascript_actions(side.symbols), file_spelling)


def _actions_by_folder(side: App) -> Mapping[str, tuple[str, ...]]:
    """The JavaScript actions of a model by the folder of their module."""
    return _grouped(javascript_actions(side.symbols), lambda name: name.partition(".")[0].lower())


def told_apart(side: App, folder: str) -> tuple[str, ...]:
    """Of the actions of a module the first of all that reach the same profiles: each script there serves them all."""
    return tuple({side.audience(n): n for n in reversed(side.memo(_actions_by_folder).get(folder, ()))}.values())[::-1]


def _grouped(names: Iterable[str], key: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(key(name), []).append(name)
    return {group: tuple(members) for group, members in found.items()}


def javascript_actions(symbols: Symbols) -> tuple[str, ...]:
    """The JavaScript actions of a model by name."""
    return tuple(sorted(name for name, unit in symbols.documents.items() if unit.type == JAVASCRIPT_ACTION))


def file_spelling(action: str) -> str:
    """The name of an action as its file states it: the folder of its module is in lower case."""
    module, _, name = action.partition(".")
    return f"{module.lower()}.{name}"


def script_module(row: Element) -> str:
    """The folder of the module that a script serves which is no action; "" for any other file."""
    path = str(row.props.get("path", "")).split("/")
    script = row.type == "File$JavaScript" or (row.type == "File$Package" and path[0] == "javascriptsource")
    return path[1] if script and len(path) > 1 else ""
