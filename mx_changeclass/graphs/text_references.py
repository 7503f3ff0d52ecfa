"""Names that hide in text: expressions, XPath constraints and OQL queries.

Only keys that hold one of the three languages are scanned, never captions or documentation; string
literals and comments inside the text are left out. What a name stands for is decided later, by the
model around it: a text alone does not tell an association from an entity.

Source: docs/storage.md, "Names in text".
"""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.model.types import CONSTANT, ENUMERATION_VALUE, SYNC_ROW
from mx_changeclass.regex import regex

MEMBER_KIND = "DomainModels$"  # an entity, association or attribute; which one the model says
ANYTHING = ""

# Keys that hold an expression in every type that has them.
_EXPRESSION_KEYS = frozenset({"argument", "returnValue", "initialValue", "dynamicClasses", "node"})
# Keys too plain to be trusted by name alone: elsewhere they hold captions or data.
_EXPRESSION_IN = {
    "value": frozenset(
        {
            "Microflows$AdditionalAttribute",
            "Microflows$ChangeListAction",
            "Microflows$ChangeVariableAction",
            "Microflows$CounterMeterAction",
            "Microflows$FormDataPart",
            "Microflows$GaugeMeterAction",
            "Microflows$MemberChange",
            "Microflows$MeterTagMapping",
            "Microflows$QueryParameterMapping",
            "Microflows$RestOperationParameterMapping",
            "Microflows$RestParameterMapping",
            "Pages$DatabaseConstraint",
            "DatabaseConnector$ConnectionParameterMapping",
            "DatabaseConnector$QueryParameterMapping",
        }
    ),
    "defaultValue": frozenset(
        {
            "Pages$LocalVariable",
            "Pages$PageParameter",
            "Microflows$MicroflowParameterObject",
        }
    ),
}
_XPATH_KEYS = frozenset({"xpath", "xpathconstraint"})  # both spellings are stored

_REVERSED = "[reversed()]"
_OPEN = regex(r"['\"]|/\*|\[%|\[reversed\(\)\]")
_CLOSED_BY = {"'": "'", '"': '"', "/*": "*/", "[%": "%]"}  # a quote within quotes is doubled, so two literals touch
_PATH = regex(r"[$@]?[A-Za-z_][\w.]*(?:\s*/\s*[A-Za-z_][\w.]*)*")
_NAME = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")

TextReference = tuple[str, str, str]  # verb, kind, name


def language(type_name: str, key: str) -> str:
    """``expression``, ``xpath`` or ``oql`` for a key that holds that language, "" for any other key."""
    low = key.lower()
    if low in _XPATH_KEYS or (key == "constraint" and type_name == SYNC_ROW):
        return "xpath"
    if low == "oql":
        return "oql"
    if low.endswith("expression") or key in _EXPRESSION_KEYS or type_name in _EXPRESSION_IN.get(key, ()):
        return "expression"
    return ""


def text_references(text: str, syntax: str) -> Iterator[TextReference]:
    """``(verb, kind, name)`` of each name in a text, in order of appearance.

    ``syntax`` is a language as above, or ``name``: the whole text may be one qualified name. An attribute
    that a path reads is named ``Module.Entity.Attribute`` where the step before it is an entity, and
    ``/Attribute`` where only a variable or the context tells the entity.

    >>> list(text_references("$Order/Field.Order_Customer/Field.Customer/Name != ''", "expression"))[-1]
    ('reads', 'DomainModels$', 'Field.Customer.Name')
    """
    if syntax == "name":
        if _NAME.fullmatch(text):
            yield "mentions", ANYTHING, text
    elif syntax != "expression" or "." in text or "/" in text:
        for found in _PATH.finditer(_without_literals(text)):
            yield from _token(found.group(), syntax)


def _without_literals(text: str) -> str:
    """A text without its literals, comments and tokens. One that is not closed is none; that there is no end
    for it is looked for once, not from every place where one seems to begin."""
    kept: list[str] = []
    unclosed: set[str] = set()
    start = at = 0
    while found := _OPEN.search(text, at):
        mark, at = found.group(), found.end()
        if mark in unclosed:
            continue
        if mark != _REVERSED:
            end = text.find(_CLOSED_BY[mark], at)
            if end < 0:
                unclosed.add(mark)
                continue
            at = end + len(_CLOSED_BY[mark])
        kept.append(text[start : found.start()])
        start = at
    return "".join([*kept, text[start:]])


def _token(token: str, syntax: str) -> Iterator[TextReference]:
    if token[0] == "@":
        yield "reads", CONSTANT, token[1:].partition("/")[0].strip()
    elif token[0] == "$" or "/" in token or syntax == "xpath":
        yield from _steps([step.strip() for step in token.split("/")], syntax)
    elif syntax == "oql" and "." in token:
        yield "reads", MEMBER_KIND, token
    elif token.count(".") == 2:
        yield "reads", ENUMERATION_VALUE, token
    elif token.count(".") == 1:
        yield "mentions", ANYTHING, token


def _steps(steps: list[str], syntax: str) -> Iterator[TextReference]:
    """The names on a path such as ``$Var/Module.Association/Module.Entity/Attribute``; without a variable
    an XPath starts at the context object, and an OQL path at an entity or at an alias."""
    if steps[0][0] == "$" or (syntax == "oql" and "." not in steps[0]):
        steps = steps[1:]
    before = ""
    for step in steps:
        if "." in step:
            yield "follows", MEMBER_KIND, step
        elif before or syntax != "oql":
            yield "reads", MEMBER_KIND, f"{before}.{step}" if before else f"/{step}"
        before = step if "." in step else ""
