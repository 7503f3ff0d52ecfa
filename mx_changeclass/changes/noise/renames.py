"""References that name the same element as before under its new name. They follow a rename and are no edit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Set
from typing import Any

from attrs import define, field

from mx_changeclass.changes.matching.identity import Pairing
from mx_changeclass.model.metamodel import is_a, is_referable, property_of
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import DOMAIN_MODEL
from mx_changeclass.regex import regex

# Keys whose text is an expression, an XPath, OQL or a bare name: renames are followed inside them.
_CODE = regex(
    r"(expression|xpathconstraint|constraint|oql|argument|value|initialvalue|defaultvalue|dynamicclasses|limit|offset"
    r"|variablename|rolename|attribute|entity|xpath|condition)s?(model)?$",
    re.IGNORECASE,
)
_MOST_TEXTS = 100  # so many texts of one list are compared with each that is gone; more of them are an edit
_NAME = regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@define
class Renames:
    """How matched elements were and are called. ``local`` holds bare names by unit (old id)."""

    qualified: dict[str, dict[str, set[str]]] = field(factory=dict)  # old -> by type what is new
    bare: set[tuple[str, str]] = field(factory=set)
    local: dict[str, set[tuple[str, str]]] = field(factory=lambda: defaultdict(set))

    def add(self, row_type: str, old: str, new: str) -> None:
        """An element that others refer to, under its qualified names."""
        self.qualified.setdefault(old, {}).setdefault(row_type, set()).add(new)
        self.bare.add((old.rpartition(".")[2], new.rpartition(".")[2]))

    def is_same_under_new_name(self, row: Element, path: str, old: Any, new: Any, unit_id: str) -> bool:
        """Whether the new value of a key of a row only calls by its new name what the old one called."""
        if isinstance(old, tuple) and isinstance(new, tuple):
            gone, came = set(old) - set(new), {each for each in new if isinstance(each, str)} - {*old, ""}
            return bool(gone) and len(old) == len(new) and all(self._is_any(row, path, a, came, unit_id) for a in gone)
        return isinstance(new, str) and bool(new) and self._is_any(row, path, old, {new}, unit_id)

    def _is_any(self, row: Element, path: str, old: object, news: Set[str], unit_id: str) -> bool:
        """Whether one of some values calls by its new name what the old one called."""
        if not isinstance(old, str) or not old:
            return False
        few = len(news) <= _MOST_TEXTS
        owner, key = row.part(path)
        declared = property_of(owner, key)
        if declared is not None and declared.kind == "byNameReference":
            return self._became(old, news, declared.type)
        if declared is not None and declared.kind == "localByNameReference":
            return few and any((old, new) in self.local[unit_id] for new in news)
        if "." in old and self._became(old, news):
            return True
        return few and bool(_CODE.search(key)) and any(self._text_is_same(old, new, unit_id) for new in news)

    def _text_is_same(self, old: str, new: str, unit_id: str) -> bool:
        if _NAME.sub("\0", old) != _NAME.sub("\0", new):
            return False
        local = self.local.get(unit_id, set())
        return all(
            a == b or self._became(a, {b}) or (a, b) in local or (a, b) in self.bare
            for a, b in zip(_NAME.findall(old), _NAME.findall(new), strict=True)
        )

    def _became(self, name: str, news: Set[str], wanted: str = "") -> bool:
        """Whether one of some names is what a qualified name became: by the element's own rename, or by that of one
        around it."""
        kinds = self.qualified.get(name, {})
        if any(not news.isdisjoint(new) for kind, new in kinds.items() if not wanted or is_a(kind, wanted)):
            return True
        around, _, rest = name.rpartition(".")
        while around:
            if around in self.qualified:
                inside = {new.removesuffix(f".{rest}") for new in news if new.endswith(f".{rest}")}
                return any(not inside.isdisjoint(new) for new in self.qualified[around].values())
            around, _, step = around.rpartition(".")
            rest = f"{step}.{rest}"
        return False


def all_renames(names: Renames, a: Tree, b: Tree, units: Pairing, rows: Pairing) -> dict[str, str]:
    """Old to new qualified names of everything known to be called otherwise: what was renamed or moved
    itself, and what lies in it. Of a renamed module that is every document and its domain model."""
    if not names.qualified:
        return {}
    found = {
        a.qualified(o): b.qualified(b.rows[rows.to_new[i]])
        for i, o in a.rows.items()
        if i in rows.to_new
        and o.name
        and (i in units.to_new or is_referable(o.type))
        and _placed(a, b, a.unit_of[i], units)
    }
    for old_id, new_id in units.to_new.items():
        before, after = a.snapshot.module(old_id), b.snapshot.module(new_id)
        if before == after or old_id in a.rows or not _placed(a, b, old_id, units):
            continue
        unit = a.snapshot.units[old_id]
        tree = Tree.of(a.snapshot, [old_id] if unit.type == DOMAIN_MODEL else [])
        inside = [tree.qualified(r) for r in tree.rows.values() if r.name and is_referable(r.type)]
        for name in inside or ([f"{before}.{unit.name}"] if unit.name else []):
            found[name] = after + name.removeprefix(before)
    return {old: new for old, new in sorted(found.items()) if old != new}


def _placed(a: Tree, b: Tree, old_id: str, units: Pairing) -> bool:
    """Whether both sides know a unit's module, or that it has none: a module that cannot be read has no name."""
    new_id = units.to_new.get(old_id)
    return new_id is not None and bool(a.snapshot.module(old_id)) == bool(b.snapshot.module(new_id))
