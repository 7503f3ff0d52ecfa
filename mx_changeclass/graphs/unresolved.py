"""References that lead nowhere: names that nothing in a model bears, though its module is there.

What lies outside of a model (the System module, what could not be read, other modules of a module package)
is never said to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.references import Reference
from mx_changeclass.graphs.symbols import MEMBER, space_of
from mx_changeclass.graphs.text_references import ANYTHING, MEMBER_KIND, language, text_references
from mx_changeclass.model.metamodel import type_named
from mx_changeclass.model.snapshot import Element, Tree, Unit
from mx_changeclass.model.system import SYSTEM_MODULE
from mx_changeclass.model.types import CONSTANT, ENTITY, WIDGET_DEFINITION
from mx_changeclass.regex import regex

if TYPE_CHECKING:
    from mx_changeclass.graphs.app import App

_READ = regex(r"\$(\w+)/(\w+)(?![\w.]|\s*/)")  # an attribute of the object in a variable
_ENTITY_OF = ("entity", "action.retrieveSource.entity")  # keys beside an XPath that name what it filters
_OFTEN_BUILT_IN = (ANYTHING, "Pages$LayoutParameter")  # such as the header of a native layout
_STORED = {
    "createdDate": "hasCreatedDate",
    "changedDate": "hasChangedDate",
    "owner": "hasOwner",
    "changedBy": "hasChangedBy",
}
_ROLE, _USER_ROLE = "Security$ModuleRole", "Security$UserRole"


class Named(NamedTuple):
    """A name that a row holds, as it is written there, and whether something in the model bears it (None where
    that cannot be told). That nothing does is certain only where something did before, if the name is ``vague``: it
    stands in a text that may mean something else. Something ``hidden`` may be borne by a document that cannot be read.
    """

    row: Element
    name: str
    known: bool | None
    vague: bool = False
    hidden: bool = False


def names_in(side: App, unit: Unit) -> Iterator[Named]:
    """What a document refers to."""
    module = side.snapshot.module(unit.id)
    tree = side.tree_of(unit.id)
    for reference in side.reachability.unit_references(unit).references:
        name = module + reference.target if reference.target.startswith(".") else reference.target
        there = name.partition(".")[0] if "." in name else module
        alias = reference.kind == MEMBER_KIND and not side.symbols.has_module(there)
        hidden = "." in name and side.symbols.may_hide(there, space_of(reference.kind))
        vague = alias or reference.kind in _OFTEN_BUILT_IN
        yield Named(tree.rows[reference.row], name, bears(side, reference, name), vague, hidden)
    yield from _attributes(side, tree)


def bears(side: App, reference: Reference, name: str) -> bool | None:
    """Whether something of the kind that a reference wants bears a name; None where that cannot be told."""
    kind = reference.kind
    if kind == _USER_ROLE:
        return _among(side, "Security$ProjectSecurity", kind, name, "")
    if "/" in name or kind in (WIDGET_DEFINITION, "Navigation$NavigationProfile"):
        return None
    module, dot, _ = name.partition(".")
    if not dot:
        return False if type_named(kind) else None
    if module == SYSTEM_MODULE or (side.snapshot.form == "mpk" and not side.symbols.has_module(module)):
        return None
    if kind == _ROLE:
        return _among(side, "Security$ModuleSecurity", kind, name.partition(".")[2], module)
    return _borne(side, kind, name)


def _borne(side: App, kind: str, name: str) -> bool | None:
    names = side.symbols
    if kind == MEMBER_KIND or space_of(kind) == MEMBER:
        if names.member(name) is not None or (kind != ENTITY and _has_attribute(side, name)):
            return True
        return None if kind != ENTITY and _may_inherit(side, name.rpartition(".")[0]) else False
    if kind == ANYTHING:
        if names.member(name) is not None or name in names.documents:
            return True
        return _inside(side, name) is not False if name.count(".") > 1 else False
    if name in names.documents:
        return True
    declared = type_named(kind)
    whole = bool(declared and declared.is_unit) or kind == CONSTANT
    return _inside(side, name) if not whole else False


def _inside(side: App, name: str) -> bool | None:
    """Whether a document holds a part of that name; None where there is no such document, as that is told."""
    unit = side.symbols.documents.get(".".join(name.split(".")[:2]))
    if unit is None:
        return None
    last = name.rpartition(".")[2]
    return last in side.parts(unit.id) or any(row.name == last for row in side.snapshot.rows(unit.id)[:1])


def _has_attribute(side: App, name: str) -> bool:
    """Whether an entity has an attribute, of its own, inherited, or one that every entity can store."""
    entity, _, last = name.rpartition(".")
    if last == "id" or (name.count(".") == 2 and side.symbols.attribute(name)):
        return True
    root = side.entity(side.symbols.lineage(entity)[-1]) if entity and last in _STORED else None
    return root is not None and root.props.get(f"generalization.{_STORED[last]}") is True


def _may_inherit(side: App, entity: str) -> bool:
    """Whether an entity takes members from one that the model does not hold, or is not there itself."""
    line = side.symbols.lineage(entity)
    return entity.count(".") == 1 and (side.entity(entity) is None or side.entity(line[-1]) is None)


def _among(side: App, document: str, kind: str, name: str, module: str) -> bool | None:
    """Whether a row of a document without a name of its own bears a name; None where there is no such document."""
    names = side.memo(_names_among, document, kind, module)
    if names is None:
        return None if not module or side.symbols.has_module(module) else False
    return name in names


def _names_among(side: App, document: str, kind: str, module: str) -> frozenset[str] | None:
    units = side.memo(_by_module, document).get(module, ())
    if not units or any(u.missing for u in units):
        return None
    return frozenset(row.name for u in units for row in side.snapshot.rows(u.id) if row.type == kind)


def _by_module(side: App, kind: str) -> dict[str, list[Unit]]:
    """The documents of a type by their module."""
    found: dict[str, list[Unit]] = {}
    for unit in side.snapshot.live.values():
        if unit.type == kind:
            found.setdefault(side.snapshot.module(unit.id), []).append(unit)
    return found


def _attributes(side: App, tree: Tree) -> Iterator[Named]:
    """Attributes that expressions and constraints read, with the entity that these tell. Where a constraint
    filters other entities too, a bare name may be theirs."""
    held = flow_variables(tuple(tree.rows.values()))
    for row in tree.rows.values():
        for key, value in row.props.items():
            if type(value) is not str or not value:
                continue
            syntax = language(*row.part(key))
            if syntax == "expression" and "/" in value:
                for variable, attribute in _READ.findall(value):
                    if entity := held.get(variable, ""):
                        yield _attribute(side, row, f"${variable}/{attribute}", f"{entity}.{attribute}")
            elif syntax == "xpath" and (entity := _filtered(row, tree)):
                for _, _, name in text_references(value, syntax):
                    if name.startswith("/"):
                        found = _attribute(side, row, f"{entity}.{name[1:]}", f"{entity}.{name[1:]}")
                        yield found._replace(vague=True)


def _attribute(side: App, row: Element, written: str, attribute: str) -> Named:
    entity = attribute.rpartition(".")[0]
    known = True if _has_attribute(side, attribute) else None if _may_inherit(side, entity) else False
    return Named(row, written, known, hidden=side.symbols.may_hide(entity.partition(".")[0], MEMBER))


def _filtered(row: Element, tree: Tree) -> str:
    """The entity that the constraint of a row filters, "" where the row does not tell."""
    around = tree.rows.get(row.parent or "")
    if row.type == "DomainModels$AccessRule" and around is not None:
        return tree.qualified(around)
    return next((str(row.props[key]) for key in _ENTITY_OF if row.props.get(key)), "")
