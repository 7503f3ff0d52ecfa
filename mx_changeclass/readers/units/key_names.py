"""How the keys of a type are called: storage names (``NewType``) or SDK names (``type``) to SDK names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mx_changeclass.model.metamodel import Property, sdk_name, type_named
from mx_changeclass.readers.units.secrets import is_secret

_MOST = 4096  # kept in mind of each: types where they stand, keys of one; a hostile model may invent more
_CARE = frozenset({"Blob", "DateTime"})  # types whose text is not taken as it is


# A key: its SDK name behind the prefix it stands under, its declaration, whether it may hold a credential,
# the types whose values stay as they are, its default (None: whatever is empty), and the prefix of what stands in
# it. A bare tuple, for each key of each element unpacks one.
KeyName = tuple[str, Property | None, bool, tuple[type, ...], Any, str]


class KeyNames(dict[str, KeyName | None]):
    """The names of the keys of one type, by the key as it is written; None for what is no property (``$ID``).

    A dotted name is spelled once for all the elements of a type that stand under the same prefix: to
    spell it again for each would be a third of the work of making rows.
    """

    def __init__(self, type_name: str, prefix: str = "", *, stored: bool) -> None:
        super().__init__()
        self.type, self.prefix = type_name, prefix
        known = type_named(type_name)
        self._declared = known.properties if known else {}
        self._written = (known.by_storage if stored else known.properties) if known else {}
        self._sorted: dict[tuple[str, ...], tuple[tuple[str, KeyName], ...]] = {}

    def __missing__(self, key: str) -> KeyName | None:
        found = None if key[:1] == "$" else self._name(key)
        if len(self) < _MOST:
            self[key] = found
        return found

    def _name(self, key: str) -> KeyName:
        declared = self._written.get(key)
        name = declared.name if declared else key[:1].lower() + key[1:]
        if declared is None and name in self._declared:
            name = key  # another key has that SDK name
        secret = is_secret(self.type, name)
        label, default = self.prefix + name, declared.default if declared else None
        return label, declared, secret, () if secret else _plain(declared), default, label + "."

    def sorted(self, keys: tuple[str, ...]) -> tuple[tuple[str, KeyName], ...]:
        """The properties among the keys of an element in the order of their SDK names."""
        found = self._sorted.get(keys)
        if found is None:
            named = [(key, name) for key in keys if (name := self[key])]
            found = tuple(sorted(named, key=lambda x: x[1][0]))
            if len(self._sorted) < _MOST:
                self._sorted[keys] = found
        return found


def _plain(declared: Property | None) -> tuple[type, ...]:
    if declared is None:
        return (str, bool)
    if declared.many or declared.type in _CARE or declared.kind == "byIdReference":
        return ()
    if declared.kind != "attribute":
        return (str,)
    return {"Boolean": (bool,), "Integer": (int,), "Double": (int,)}.get(declared.type, (str,))


class TypeKeys(dict[tuple[str, str], KeyNames]):
    """The names for each ``$Type`` as one form of models writes it, and each prefix it stands under. No type
    and an unknown type have the naming rule only."""

    def __init__(self, *, stored: bool) -> None:
        super().__init__()
        self.stored = stored

    def __missing__(self, written: tuple[str, str]) -> KeyNames:
        type_name, prefix = written
        found = KeyNames(sdk_name(type_name) if self.stored else type_name, prefix, stored=self.stored)
        if len(self) < _MOST:
            self[written] = found
        return found

    def of(self, document: Mapping[str, Any], prefix: str = "") -> KeyNames:
        """The names for an element; ``prefix`` ends with its dot."""
        written = document.get("$Type")
        return self[written if isinstance(written, str) else str(written or ""), prefix]


STORED = TypeKeys(stored=True)  # units of an .mpr
DUMPED = TypeKeys(stored=False)  # units of a dump
