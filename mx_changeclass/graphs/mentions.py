"""Names that hide in text: expressions, XPath constraints and OQL queries.

Only keys that hold one of the three languages are scanned, never captions or documentation; string
literals and comments inside the text are left out. What a name stands for is decided later, by the
model around it: a text alone does not tell an association from an entity.

Source: how models are stored, section 4.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DOMAIN = "DomainModels$"  # an entity, association or attribute; which one the model says
CONSTANT = "Constants$Constant"
VALUE = "Enumerations$EnumerationValue"
ANYTHING = ""

# Keys that hold an expression in every type that has them.
_EXPRESSION_KEYS = frozenset({"argument", "returnValue", "initialValue", "dynamicClasses", "node"})
# Keys too plain to be trusted by name alone: elsewhere they hold captions or data.
_EXPRESSION_VALUES = frozenset({
    "Microflows$AdditionalAttribute", "Microflows$ChangeListAction", "Microflows$ChangeVariableAction",
    "Microflows$CounterMeterAction", "Microflows$FormDataPart", "Microflows$GaugeMeterAction",
    "Microflows$MemberChange", "Microflows$MeterTagMapping", "Microflows$QueryParameterMapping",
    "Microflows$RestOperationParameterMapping", "Microflows$RestParameterMapping", "Pages$DatabaseConstraint",
    "DatabaseConnector$ConnectionParameterMapping", "DatabaseConnector$QueryParameterMapping",
})
_EXPRESSION_DEFAULTS = frozenset({"Pages$LocalVariable", "Pages$PageParameter", "Microflows$MicroflowParameterObject"})

_LITERALS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|/\*.*?\*/|\[%.*?%\]", re.DOTALL)
_CONSTANT = re.compile(r"@([A-Za-z_]\w*\.[A-Za-z_]\w*)")
_PATH = re.compile(r"[$@]?[A-Za-z_][\w.]*(?:\s*/\s*[A-Za-z_][\w.]*)*")


def language(type_name: str, key: str) -> str:
    """``expression``, ``xpath`` or ``oql`` for a key that holds that language, "" for any other key."""
    low = key.lower()
    if low in ("xpath", "xpathconstraint") or (key == "constraint" and type_name == "Navigation$OfflineEntityConfig"):
        return "xpath"
    if low == "oql":
        return "oql"
    if (
        low.endswith("expression")
        or key in _EXPRESSION_KEYS
        or (key == "value" and type_name in _EXPRESSION_VALUES)
        or (key == "defaultValue" and type_name in _EXPRESSION_DEFAULTS)
    ):
        return "expression"
    return ""


def mentions(text: str, spoken: str) -> Iterator[tuple[str, str, str]]:
    """``(verb, kind, name)`` of each name in a text of that language, in order of appearance.

    A step of a path is ``follows``; its last attribute is ``reads``, named ``Module.Entity.Attribute``
    where the step before it has a module, ``/Attribute`` where only a variable or the context tells
    the entity.
    """
    if "." not in text and "/" not in text and spoken == "expression":
        return
    bare = _LITERALS.sub(" ", text)
    for found in _PATH.finditer(bare):
        token = found.group()
        if token[0] == "@":
            yield "reads", CONSTANT, token[1:].partition("/")[0]
        elif token[0] == "$" or "/" in token or spoken == "xpath":
            yield from _steps(token, context=spoken == "xpath")
        elif spoken == "oql":
            yield from _oql(token)
        elif token.count(".") == 2:
            yield "reads", VALUE, token
        elif token.count(".") == 1:
            yield "mentions", ANYTHING, token


def _steps(path: str, *, context: bool) -> Iterator[tuple[str, str, str]]:
    """The names on a path ``$Var/Module.Association/Module.Entity/Attribute``; a path without a variable
    starts at the context object."""
    steps = [step.strip() for step in path.split("/")]
    before = ""
    for step in steps[1:] if steps[0][0] == "$" else steps:
        if "." in step:
            yield "follows", DOMAIN, step
        elif before or context or steps[0][0] == "$":
            yield "reads", DOMAIN, f"{before}.{step}" if before else f"/{step}"
        before = step if "." in step else ""


def _oql(token: str) -> Iterator[tuple[str, str, str]]:
    if "." in token:
        yield "reads", DOMAIN, token
