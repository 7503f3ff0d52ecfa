"""How the keys of a type are called: storage names (``NewType``) or SDK names (``type``) to SDK names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mx_changeclass.model.metamodel import Property, sdk_name, type_named
from mx_changeclass.sources.secrets import is_secret

_MOST = 4096  # types and keys kept in mind; a hostile model may invent more
_CARE = frozenset({"Blob", "DateTime"})  # types whose text is not taken as it is


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
        care = secret or bool(declared and (declared.type in _CARE or declared.kind == "byIdReference"))
        found = Name(name, declared, secret, not care)
        if len(self) < _MOST:
            self[key] = found
        return found


class Types(dict[str, Names]):
    """The names for each ``$Type`` as one form of models writes it. No type and an unknown type have the
    naming rule only."""

    def __init__(self, *, stored: bool) -> None:
        super().__init__()
        self.stored = stored

    def __missing__(self, written_type: str) -> Names:
        found = Names(sdk_name(written_type) if self.stored else written_type, stored=self.stored)
        if len(self) < _MOST:
            self[written_type] = found
        return found

    def of(self, document: Mapping[str, Any]) -> Names:
        """The names for an element."""
        written = document.get("$Type")
        return self[written] if isinstance(written, str) else self["" if written is None else str(written)]


STORED = Types(stored=True)  # units of an .mpr
DUMPED = Types(stored=False)  # units of a dump
