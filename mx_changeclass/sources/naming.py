"""How the keys of a type are called: storage names (``NewType``) or SDK names (``type``) to SDK names."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mx_changeclass.model.metamodel import Property, sdk_name, type_named
from mx_changeclass.sources.secrets import is_secret

_MOST = 4096  # types and keys kept in mind; a hostile model may invent more


class Name(NamedTuple):
    """A key: its SDK name, its declaration, whether it may hold a credential, whether text in it stays as it is."""

    name: str
    declared: Property | None
    secret: bool
    plain: bool


class Names(dict[str, Name]):
    """The names of the keys of one type, by the key as it is written."""

    def __init__(self, type_name: str, *, stored: bool) -> None:
        super().__init__()
        self.type = type_name
        known = type_named(type_name)
        self._declared = known.properties if known else {}
        self._written = (known.by_storage if stored else known.properties) if known else {}

    def __missing__(self, key: str) -> Name:
        declared = self._written.get(key)
        name = declared.name if declared else key[:1].lower() + key[1:]
        if declared is None and name in self._declared:
            name = key  # another key has that SDK name
        secret = is_secret(self.type, name)
        found = Name(name, declared, secret, not secret and not (declared and declared.type in ("Blob", "DateTime")))
        if len(self) < _MOST:
            self[key] = found
        return found


def names_of(written_type: object, *, stored: bool) -> Names:
    """The names for a ``$Type`` as it is written; no type and an unknown type have the naming rule only."""
    if not isinstance(written_type, str):
        written_type = "" if written_type is None else str(written_type)
    return _names_of(written_type, stored)


@lru_cache(maxsize=_MOST)
def _names_of(written_type: str, stored: bool) -> Names:
    return Names(sdk_name(written_type) if stored else written_type, stored=stored)
