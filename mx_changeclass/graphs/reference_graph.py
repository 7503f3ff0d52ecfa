"""The reference graph of a whole model, for those who want to ask their own questions.

networkx is loaded here and nowhere else: a ``diff`` never needs it, because the walk from the profiles
(``audience``) expands only what it reaches, and loading networkx alone takes as long as that walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import networkx

from mx_changeclass.graphs.reachability import PROFILE, Reachability
from mx_changeclass.graphs.symbols import DOCUMENT, MEMBER, Node, Symbols
from mx_changeclass.model.snapshot import Element, Snapshot, Unit
from mx_changeclass.model.types import DOMAIN_MODEL, ENTITY, WIDGET_DEFINITION

if TYPE_CHECKING:
    Drawn = networkx.MultiDiGraph[str]
else:
    Drawn = networkx.MultiDiGraph  # generic for type checkers alone


def graph(snapshot: Snapshot) -> Drawn:
    """Documents, entities and navigation profiles with their references. Decodes the whole model.

    A node is a qualified name with ``type`` (SDK name, "" for what the model does not hold, such as the
    System module) and ``name``; where an entity shares its name with a document, the node of the entity
    is ``Module.Name (entity)``. The key and the attribute ``verb`` of an edge say what the source does:
    ``opens``, ``calls``, ``retrieves``, ``reads``, ``mentions`` ...
    """
    walked = Reachability(Symbols(snapshot))
    symbols = walked.symbols
    drawn: Drawn = networkx.MultiDiGraph()
    types = {(n, DOCUMENT): u.type for n, u in symbols.documents.items()}
    types |= {(u.type, DOCUMENT): u.type for u in snapshot.live.values() if u.slot == "projectDocuments"}
    types |= {(n, MEMBER): ENTITY for n in symbols.entities}
    types |= {(p.name, PROFILE): p.row.type for p in walked.navigation.profiles}
    edges = sorted(_edges(walked))
    for node in sorted({*types, *(e[0] for e in edges), *(e[2] for e in edges)}):
        kind = WIDGET_DEFINITION if node[0].startswith("widget:") else types.get(node, "")
        drawn.add_node(_label(node, symbols), name=node[0], type=kind)
    for source, verb, target in edges:
        drawn.add_edge(_label(source, symbols), _label(target, symbols), key=verb, verb=verb)
    return drawn


def _label(node: Node, symbols: Symbols) -> str:
    name, space = node
    return f"{name} (entity)" if space == MEMBER and name in symbols.documents else name


def _edges(walked: Reachability) -> set[tuple[Node, str, Node]]:
    symbols = walked.symbols
    found = set()
    for unit in symbols.snapshot.live.values():
        module = symbols.snapshot.module(unit.id)
        rows = {row.id: row for row in symbols.snapshot.rows(unit.id)}
        for reference in walked.unit_references(unit).references:
            if reference.verb == "connects" and reference.key == "parent":
                continue  # the source of the edge, not its end
            source = _source(symbols, unit, rows, rows[reference.row])
            for verb, target in walked.resolve(reference, module):
                for whole in _wholes(symbols, target):
                    if whole != source or whole == target:  # not: an access rule of an entity names its attribute
                        found.add((source, verb, whole))
    return found


def _source(symbols: Symbols, unit: Unit, rows: dict[str, Element], row: Element) -> Node:
    """Who holds a reference: a profile, an entity, the owner of an association, else the document."""
    while row.parent in rows and rows[row.parent].parent in rows:
        row = rows[row.parent]
    module = symbols.snapshot.module(unit.id)
    name = f"{module}.{row.name}" if module else row.name
    if unit.type == DOMAIN_MODEL:
        return (next(iter(symbols.ends(name)), name), MEMBER)
    if unit.type == "Navigation$NavigationDocument":
        return row.name, PROFILE
    return f"{module}.{unit.name}" if module else unit.name or unit.type, DOCUMENT


def _wholes(symbols: Symbols, node: Node) -> Iterator[Node]:
    """The document or entity a node belongs to; an association stands for both its ends."""
    name, space = node
    if name.startswith("widget:"):
        yield node
    elif name.count(".") >= 2:
        yield ".".join(name.split(".")[:2]), space
    elif space == MEMBER and (ends := symbols.ends(name)):
        yield from ((end, MEMBER) for end in ends)
    elif "/" not in name:
        yield node
