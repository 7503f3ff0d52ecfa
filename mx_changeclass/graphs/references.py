"""What one unit refers to: declared references and the names hidden in its texts.

The facts of a unit depend on nothing but its content, so two versions of a model share the facts of
every unit whose digest is equal. They do not know the module the unit lies in: a name in the unit's
own module is written with a leading dot (``.Order`` for an entity of the same domain model).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from threading import Lock
from typing import NamedTuple, Protocol

from attrs import frozen

from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.reference_verbs import verb_of
from mx_changeclass.graphs.text_references import MEMBER_KIND, TextReference, language, text_references
from mx_changeclass.model.metamodel import property_of
from mx_changeclass.model.shapes import MOST_SHAPES, Shape, shape_of, standings
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.model.types import ASSOCIATION, ATTRIBUTE, ENTITY, MICROFLOW, NANOFLOW, WIDGET_DEFINITION

# Variables that an activity does something to: the entity is the one the variable holds.
_ON_VARIABLES = {
    "action.changeVariableName": "changes",
    "action.commitVariableName": "changes",
    "action.deleteVariableName": "deletes",
}
_IN_UNIT = frozenset({ENTITY, ATTRIBUTE, ASSOCIATION})
_FLOWS = frozenset({MICROFLOW, NANOFLOW, "Microflows$Rule"})
_ID = "id"
# Keys that name nothing themselves, but tell more of those that do.
_TELLING = frozenset(
    {
        "url",
        "editable",
        "outputVariableName",
        "listVariableName",
        "startVariableName",
        "loopVariableName",
        "iteratedListVariableName",
        "variableName",
        "changeVariableName",
        "commitVariableName",
        "deleteVariableName",
    }
)


class Reference(NamedTuple):
    """One name that a row holds: what the row does with it, the SDK type of what is named ("" or
    ``DomainModels$`` where only the model around can tell), the name, the id of the row and its key.

    A retrieve by association names ``Module.Start/Module.Association``, with nothing before the slash
    where the flow does not tell the entity it starts from.
    """

    verb: str
    kind: str
    target: str
    row: str
    key: str


class KeyRole(NamedTuple):
    """What a key holds: a name of that kind where ``language`` is "", a row id, or text in a language."""

    verb: str
    kind: str
    language: str


Roles = tuple[tuple[str, KeyRole], ...]  # the keys of a row that hold names, with what each does


@frozen(slots=True)
class UnitReferences:
    """What the graphs need of a unit: its references in the order of its rows and keys, and whether it has
    a web address of its own, so that it can be opened without a way to it."""

    references: tuple[Reference, ...]
    addressed: bool = False


class Store(Protocol):
    """What may hold facts of units longer than this process lives."""

    def get(self, content: str) -> UnitReferences | None: ...

    def put(self, content: str, facts: UnitReferences) -> None: ...


class Known:
    """The facts of units by their ids and digests, for as long as the process lives: a history or a fleet of apps holds
    most units many times. No more than so many references are kept; those asked for least lately go. What is not kept
    is asked of a store ``below``, where there is one."""

    below: Store | None = None

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._found: dict[str, UnitReferences] = {}
        self._turn = Lock()

    def of(self, content: str, make: Callable[[], UnitReferences]) -> UnitReferences:
        """The facts of the unit of that content, which ``make`` finds where they are not kept."""
        with self._turn:
            found = self._found.pop(content, None)
            if found is not None:
                self._found[content] = found  # the latest now
                return found
        found = self.below.get(content) if self.below else None
        if found is None:
            found = make()
            if self.below:
                self.below.put(content, found)
        with self._turn:
            if content not in self._found:
                self._held += _weight(found)
            self._found[content] = found
            while self._held > self._most:
                self._held -= _weight(self._found.pop(next(iter(self._found))))
        return found

    def forget(self) -> None:
        """Keep nothing of what was found."""
        with self._turn:
            self._found.clear()
            self._held = 0


def _weight(facts: UnitReferences) -> int:
    return len(facts.references) + 1


KNOWN = Known(1 << 18)  # some 40 MB


def unit_references(rows: Rows) -> UnitReferences:
    """The facts of a unit."""
    if not rows:
        return UnitReferences(())
    by_id = {row.id: row for row in rows}
    found: list[Reference] = []
    for row in rows:
        if roles := _roles(shape_of(row)):
            found += _of_row(row, roles, by_id)
    if rows[0].type in _FLOWS:
        found += _of_flow(rows)
    return UnitReferences(tuple(found), addressed=bool(rows[0].props.get("url")))


def refers(type_name: str, key: str) -> bool | None:
    """Whether ``unit_references`` looks at a key of a type; None where it looks up what the key leads to."""
    role = _role("", type_name, key)
    if role is not None:
        return None if role.language == _ID else True
    return key in _TELLING


def _of_row(row: Element, roles: Roles, by_id: Mapping[str, Element]) -> Iterator[Reference]:
    props = row.props
    for key, role in roles:
        value = props[key]
        if not value or (type(value) is not str and type(value) is not tuple):
            continue
        if row.type == "DomainModels$EntityRefStep":
            role = _step(row, role, by_id)  # noqa: PLW2901 - the same role, seen in its place
        elif role.verb == "changes" and props.get("editable") == "Never":
            role = role._replace(verb="reads")  # noqa: PLW2901 - as above
        for text in (value,) if isinstance(value, str) else (v for v in value if isinstance(v, str)):
            if role.language:
                for mention in _hidden(role, text, by_id):
                    yield Reference(*mention, row.id, key)
            else:
                name = f"widget:{text}" if role.kind == WIDGET_DEFINITION else text
                yield Reference(role.verb, role.kind, name, row.id, key)


@lru_cache(maxsize=MOST_SHAPES)
def _roles(shape: Shape) -> Roles:
    found = ((at.key, _role(at.around, at.owner, at.name)) for at in standings(shape))
    return tuple((key, role) for key, role in found if role is not None)


def _hidden(role: KeyRole, text: str, by_id: Mapping[str, Element]) -> Iterator[TextReference]:
    """What a text names that is no name itself."""
    if role.language != _ID:
        yield from text_references(text, role.language)
    elif name := _local(by_id.get(text), by_id):
        yield role.verb, role.kind, name


def _local(target: Element | None, by_id: Mapping[str, Element]) -> str:
    """The name of an element of the same domain model, without the module: ``.Entity.Attribute``."""
    if target is None or not target.name:
        return ""
    parent = by_id.get(target.parent or "")
    return f"{'.' + parent.name if parent is not None and parent.name else ''}.{target.name}"


def _step(step: Element, role: KeyRole, by_id: Mapping[str, Element]) -> KeyRole:
    """A data source that goes over an association retrieves the entity it comes to; a path that only
    shows an attribute of it refers to it."""
    parent = by_id.get(step.parent or "")
    source = parent.props.get(step.slot.removesuffix(".entityRef.steps"), "") if parent is not None else ""
    arrives = role.kind == ENTITY and str(source).endswith("Source")
    return role._replace(verb="retrieves") if arrives else role


@cache
def _role(outer: str, owner: str, key: str) -> KeyRole | None:
    """What a key of a type holds, standing in a part of type ``outer``; None where it refers to nothing."""
    if (owner, key) == (WIDGET_DEFINITION, "widgetId"):
        return KeyRole("shows", WIDGET_DEFINITION, "")
    declared = property_of(owner, key)
    if declared is not None and declared.kind == "byNameReference":
        return KeyRole(verb_of(outer, owner, key), declared.type, "")
    if declared is not None and declared.kind == "byIdReference":
        return KeyRole(verb_of(outer, owner, key), declared.type, _ID) if declared.type in _IN_UNIT else None
    if syntax := language(owner, key):
        return KeyRole("", "", syntax)
    # A key nobody knows may hold a name; a translation is a text.
    return KeyRole("", "", "name") if declared is None and owner != "Texts$Text" else None


def _of_flow(rows: Rows) -> Iterator[Reference]:
    """What a flow does to the objects in its variables."""
    held = flow_variables(rows)
    for row in rows:
        if "action" not in row.props:
            continue
        for key, verb in _ON_VARIABLES.items():
            if entity := held.get(row.props.get(key, "")):
                yield Reference(verb, ENTITY, entity, row.id, key)
        if association := row.props.get("action.retrieveSource.association"):
            start = held.get(row.props.get("action.retrieveSource.startVariableName", ""), "")
            yield Reference("retrieves", MEMBER_KIND, f"{start}/{association}", row.id, "action.retrieveSource")
