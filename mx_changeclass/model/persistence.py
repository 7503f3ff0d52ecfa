"""Whether rows of an entity live in the database: one answer for those who pair entities and those who follow them."""

from __future__ import annotations

from collections.abc import Callable

from mx_changeclass.model import system
from mx_changeclass.model.snapshot import Element

LONGEST_LINE = 200  # generalisations above one another; real lines have a dozen


def generalization(row: Element) -> str:
    """The name of the entity that an entity specialises, "" for none."""
    return str(row.props.get("generalization.generalization") or "")


def persistable(row: Element, entity: Callable[[str], Element | None]) -> bool:
    """Whether an entity has a table; ``entity`` finds the entity of a name, None where there is none.

    The root of its generalisations decides. A view entity and one of another app (a remote source) hold no rows of
    their own, nor does what specialises them. Doubt says yes: where a generalisation is not found, leads back in a
    circle or stands above more than any real line has, nobody can say that the rows are safe.
    """
    seen: set[str] = set()
    while not (row.props.get("source") or row.props.get("isRemote")):
        above = generalization(row)
        if not above:
            return row.props.get("generalization.persistable", True) is not False
        if system.is_system(above):
            return system.has_table(above)
        found = entity(above)
        if found is None or above in seen or len(seen) >= LONGEST_LINE:
            return True
        seen.add(above)
        row = found
    return False
