"""What the server does with a column whose attribute is of another type now.

Source: Attribute Type Migration, conversion table (the reference guide of Mendix 6 has it as text).
"""

from __future__ import annotations

import enum

from mx_changeclass.model.kinds.domain import Attribute

_STRING = "String"


class ColumnOutcome(enum.Enum):
    """What becomes of the stored values."""

    KEPT = "kept"
    DOUBTFUL = "doubtful"  # cut, or written as the database writes them
    DROPPED = "dropped"


# Conversions between numbers: those that keep every value, and those that are possible but round it, or leave
# further values to the database.
_KEEPING = {
    "AutoNumber": frozenset({"Decimal", "Float", "Currency", "Long"}),
    "Float": frozenset({"Currency"}),
    "Currency": frozenset({"Float"}),
    "Integer": frozenset({"Decimal", "Float", "Currency", "Long"}),
    "Long": frozenset({"Decimal", "Float", "Currency"}),
}
_CHANGING = {
    "Decimal": frozenset({"AutoNumber"}),
    "Float": frozenset({"AutoNumber", "Decimal", "Long"}),
    "Currency": frozenset({"AutoNumber", "Decimal", "Long"}),
    "Integer": frozenset({"AutoNumber"}),
    "Long": frozenset({"AutoNumber"}),
}
# What can become a string, with the length it takes; 0 cuts what is longer.
_TO_STRING = {
    "AutoNumber": 20, "Boolean": 5, "Decimal": 20, "Enumeration": 0, "Float": 24, "Currency": 24, "HashedString": 0,
    "Integer": 11, "Long": 20,
}  # fmt: skip


def column_outcome(old: Attribute, new: Attribute) -> ColumnOutcome:
    """What becomes of the values of an attribute that changed its type."""
    before, after = _type(old), _type(new)
    if after == _STRING and before in _TO_STRING:
        return _to_string(before, new.length)
    if after in _KEEPING.get(before, ()):
        return ColumnOutcome.KEPT
    return ColumnOutcome.DOUBTFUL if after in _CHANGING.get(before, ()) else ColumnOutcome.DROPPED


def _to_string(before: str, length: int) -> ColumnOutcome:
    needed = _TO_STRING[before]
    if length and length < needed:
        return ColumnOutcome.DROPPED
    return ColumnOutcome.DOUBTFUL if before == "Boolean" or (length and not needed) else ColumnOutcome.KEPT


def type_words(attribute: Attribute) -> str:
    """The type of an attribute as Studio Pro shows it: ``String(200)``, ``Decimal``."""
    name = _type(attribute)
    return f"{name}({attribute.length or 'unlimited'})" if name == _STRING else name


def _type(attribute: Attribute) -> str:
    return attribute.value_type.removeprefix("DomainModels$").removesuffix("AttributeType")
