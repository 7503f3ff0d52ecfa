"""Small edits of a model, in the words of a person at the modeller: add, remove, set, rename, move.

An element is addressed by its qualified name (``Field.Order.Title``, ``NativePhone``), by its type where
there is one of it (``Settings$RuntimeSettings``), and what stands in it after a slash: by its name, by a
value it holds or by the end of its type, with ``#2`` for the second of several
(``Field.Home/welcomeLabel``, ``NativePhone/Field.Customer``, ``Field.Order/AccessRule``). ``/*`` means the
elements directly inside, ``/**`` an element and all inside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import evolve

from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Tree, Unit
from mx_changeclass.model.versions import Version
from tests.builders.parts import (
    SLOTS,
    SPEC,
    STORED,
    in_order,
    inner,
    is_document,
    outer,
    rewritten,
    specs,
    with_values,
    without,
)

Table = Mapping[str, Any]


class EditError(Exception):
    """An edit names something that is not there, or not one thing."""


def _loader(rows: Rows) -> Callable[[], Rows]:
    return lambda: rows


@attrs.define
class Draft:
    """A model that can be edited. Every verb leaves a whole model behind: what held a renamed element
    holds its new name, what stood on a removed one is gone."""

    units: dict[str, Unit]
    rows: dict[str, Rows]
    version: Version | None
    files: dict[str, bytes]
    fresh: int = 0
    _tree: Tree | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, files: Mapping[str, bytes]) -> Draft:
        return cls(dict(snapshot.units), {i: snapshot.rows(i) for i in snapshot.units}, snapshot.version, dict(files))

    def copy(self) -> Draft:
        return Draft(dict(self.units), dict(self.rows), self.version, dict(self.files), self.fresh)

    def snapshot(self) -> Snapshot:
        units = {i: evolve(u, load=_loader(self.rows[i]), digest="") for i, u in self.units.items()}
        return Snapshot(units, self.version, label="draft", side_files=True)

    # -- addresses ----------------------------------------------------------------------------

    @property
    def tree(self) -> Tree:
        if self._tree is None:
            snapshot = self.snapshot()
            self._tree = Tree.of(snapshot, snapshot.units)
        return self._tree

    def named(self, row: Element) -> str:
        return self.tree.qualified(row)

    def find(self, address: str) -> Element:
        """The one element of an address."""
        found = self.find_all(address)
        if len(found) != 1:
            raise EditError(f"{address!r} is {len(found)} elements: {[(r.type, r.name) for r in found[:5]]}")
        return found[0]

    def find_all(self, address: str) -> list[Element]:
        start, *path = address.split("/")
        found = self._starting(start)
        if not found:
            raise EditError(f"nothing is called {start!r}")
        for step in path:
            if step == "*":
                found = [r for f in found for r in self.tree.rows.values() if r.parent == f.id]
            elif step == "**":
                found = [r for f in found for r in self.whole(f)]
            else:
                found = self._inside(found, step)
            if not found:
                raise EditError(f"{address!r}: nothing is called {step!r}")
        return found

    def _starting(self, start: str) -> list[Element]:
        rows = self.tree.rows.values()
        if "$" in start:
            return [r for r in rows if r.type == start]
        found = [r for r in rows if r.name and self.named(r) == start]
        own = [r for r in found if r.parent is None or self.tree.subject(r).id == r.id]
        return own or found

    def _inside(self, found: Iterable[Element], step: str) -> list[Element]:
        step, _, place = step.partition("#")
        inside = [r for f in found for r in self.whole(f) if r.id != f.id]
        by_name = [r for r in inside if r.name == step]
        by_value = [r for r in inside if step in r.props.values()]
        by_type = [r for r in inside if f"{r.type} {r.props.get('action', '')} ".find(f"${step} ") >= 0]
        hits = by_name or by_value or by_type
        return [hits[int(place) - 1]] if place and hits else hits

    def whole(self, row: Element) -> list[Element]:
        """An element and everything in it; for a module or folder the documents in it too."""
        ids = {row.id}
        out = [row]
        if row.id in self.units:
            inside = [u.id for u in self.units.values() if row.id in self._containers(u)]
            return [*self.rows[row.id], *(r for i in inside for r in self.rows[i])]
        for r in self.rows[self.tree.unit_of[row.id]]:
            if r.parent in ids:
                ids.add(r.id)
                out.append(r)
        return out

    def _containers(self, unit: Unit) -> Iterator[str]:
        container = unit.container
        while container is not None:
            yield container
            container = self.units[container].container if container in self.units else None

    # -- the verbs ----------------------------------------------------------------------------

    def rename(self, address: str, name: str) -> None:
        """Give an element another name; every reference follows."""
        row = self.find(address)
        old = self.named(row)
        self._replace(evolve(row, name=name))
        if row.id in self.units:
            self.units[row.id] = evolve(self.units[row.id], name=name)
        new = self.named(self.tree.rows[row.id])
        if row.type.startswith(("Navigation$", "Security$UserRole")):
            return
        if row.type == "Projects$Module":
            old, new = f"{old}.", f"{new}."
        self._follow(old, new)
        if row.type == "Enumerations$EnumerationValue":
            self._follow_value(old, row.name, name)
        elif row.type == "DomainModels$Attribute":
            self._rewrite(lambda text: re.sub(rf"(?<=/){re.escape(row.name)}(?!\w)", name, text))

    def move(self, address: str, target: str, before: str = "") -> None:
        """Put an element elsewhere: an entity or a document into a module or folder, a part under another part."""
        row, goal = self.find(address), self.find(target)
        old = self.named(row)
        if row.id in self.units:
            self.units[row.id] = evolve(self.units[row.id], container=goal.id)
            self._tree = None
        elif goal.type == "Projects$Module":
            self._move_entity(row, goal)
        else:
            self._move_part(row, goal, before)
            return
        self._follow(old, self.named(self.tree.rows[row.id]))

    def remove(self, address: str) -> None:
        """Take elements out, with everything in them and what cannot stand without them."""
        for row in self.find_all(address):
            if row.id in self.tree.rows:
                self._remove(row)

    def set(self, address: str, values: Table) -> None:
        """Give values to elements; an empty table as a value takes the key away."""
        for row in self.find_all(address):
            props = dict(row.props)
            for key, value in values.items():
                if value == {}:
                    props.pop(key, None)
                elif key[:1] != "$":
                    props[key] = tuple(value) if isinstance(value, list) else self._named_id(value)
            facts = {k[1:]: v for k, v in values.items() if k[:1] == "$" and v != {}}
            self._replace(evolve(row, props=props, **facts))
            if row.id in self.units:
                unit = self.units[row.id]
                self.units[row.id] = evolve(
                    unit,
                    excluded=bool(props.get("excluded", unit.excluded)),
                    type=facts.get("type", unit.type),
                    name=facts.get("name", unit.name),
                )
                self._tree = None

    def reguid(self, address: str, value: str = "") -> None:
        """Give stored members another storage identity; ``$ID`` stands for their own id."""
        for row in self.find_all(address):
            if "dataStorageGuid" in row.props:
                guid = row.id if value == "$ID" else value or self._new_id()
                self._replace(evolve(row, props={**row.props, "dataStorageGuid": guid}))

    def reid(self, address: str) -> None:
        """Give elements other ids; pointers to them follow."""
        new = {row.id: self._new_id() for row in self.find_all(address)}
        self._reidentify(new)

    def add(self, name: str, spec: Table) -> None:
        """Put something new in: a copy of another element (``like``) or of a stated ``kind``."""
        made_in = {"@" + str(spec["id"]): self._new_id()} if "id" in spec else {}
        if "like" in spec:
            self._add_copy(name, spec)
        elif spec["kind"].startswith("Projects$Module"):
            self._add_module(name)
        elif is_document(name, spec):
            module, _, own = name.rpartition(".")
            self._add_unit(self.find(spec.get("in", module)).id, own, spec)
        else:
            parent = self._parent(name, spec, SLOTS.get(spec["kind"], ""))
            made = list(self._made(parent.id, inner(name), spec, made_in))
            self._insert(parent, made, spec)
            self._grant(parent, made[0])

    # -- how they do it -----------------------------------------------------------------------

    def _replace(self, *rows: Element) -> None:
        by_id = {r.id: r for r in rows}
        for i in {self.tree.unit_of[r.id] for r in rows}:
            self.rows[i] = tuple(by_id.get(r.id, r) for r in self.rows[i])
        self._tree = None

    def _rewrite(self, change: Callable[[str], str], only: Iterable[str] | None = None) -> None:
        for i in self.rows if only is None else only:
            self.rows[i] = tuple(rewritten(r, change) for r in self.rows[i])
        self._tree = None

    def _follow(self, old: str, new: str) -> None:
        end = r"(?=\w)" if old.endswith(".") else r"(?!\w)"
        pattern = re.compile(rf"(?<![\w.$]){re.escape(old)}{end}")
        if old != new:
            self._rewrite(lambda text: pattern.sub(new, text))

    def _follow_value(self, qualified: str, old: str, new: str) -> None:
        enumeration = qualified.rpartition(".")[0]
        for row in list(self.tree.rows.values()):
            if row.props.get("type.enumeration") == enumeration and row.props.get("value.defaultValue") == old:
                self._replace(evolve(row, props={**row.props, "value.defaultValue": new}))

    def _move_entity(self, row: Element, module: Element) -> None:
        moved = self.whole(row)
        ids = {r.id for r in moved}
        home = self.tree.unit_of[row.id]
        target = next(u.id for u in self.units.values() if u.container == module.id and u.slot == "domainModel")
        name = f"{module.name}.{row.name}"
        self.rows[home] = tuple(
            evolve(r, type="DomainModels$CrossAssociation", slot="crossAssociations", props={**r.props, "child": name})
            if r.type == "DomainModels$Association" and r.props.get("child") == row.id
            else r
            for r in self.rows[home]
            if r.id not in ids
        )
        self.rows[target] = (*self.rows[target], evolve(moved[0], parent=target), *moved[1:])
        self._tree = None

    def _move_part(self, row: Element, goal: Element, before: str) -> None:
        moved = [evolve(row, parent=goal.id), *self.whole(row)[1:]]
        ids = {r.id for r in moved}
        unit = self.tree.unit_of[row.id]
        mark = self.find(before).id if before else ""
        rest = [r for r in self.rows[unit] if r.id not in ids]
        place = next((i for i, r in enumerate(rest) if r.id == mark), len(rest))
        self.rows[unit] = in_order([*rest[:place], *moved, *rest[place:]])
        self._tree = None

    def _remove(self, row: Element) -> None:
        gone = self.whole(row)
        names = {self.named(r) for r in gone if r.name}
        ids = {r.id for r in gone}
        if row.slot.endswith("objects"):
            self._bridge(row)
        for i in ids & set(self.units):
            del self.units[i], self.rows[i]
        for i in self.rows:
            self.rows[i] = without(self.rows[i], ids, names)
        self._tree = None

    def _bridge(self, row: Element) -> None:
        """What led to a removed activity of a flow leads to what came after it."""
        unit = self.tree.unit_of[row.id]
        after = [r for r in self.rows[unit] if r.props.get("origin") == row.id]
        if after:
            led = after[0].props["destination"]
            gone = {r.id for r in after}
            self.rows[unit] = tuple(r for r in self.rows[unit] if not gone & {r.id, r.parent})
            self._redirect(unit, row.id, led)

    def _redirect(self, unit: str, old: str, new: str) -> None:
        """Flows that led to one object lead to another."""
        self.rows[unit] = tuple(
            with_values(r, destination=new) if r.props.get("destination") == old else r for r in self.rows[unit]
        )

    def _new_id(self) -> str:
        self.fresh += 1
        return f"00000000-0000-00ad-0000-{self.fresh:012d}"

    def _reidentify(self, new: Mapping[str, str]) -> None:
        self._rewrite(lambda text: new.get(text, text))
        for i in list(self.rows):
            rows = tuple(
                evolve(r, id=new.get(r.id, r.id), parent=new.get(r.parent or "", r.parent or "") or None)
                for r in self.rows.pop(i)
            )
            self.rows[new.get(i, i)] = rows
            unit = self.units.pop(i)
            container = new.get(unit.container or "", unit.container or "") or None
            self.units[new.get(i, i)] = evolve(unit, id=new.get(i, i), container=container)
        self._tree = None

    def _add_copy(self, name: str, spec: Table) -> None:
        model = self.find(spec["like"])
        rows = self.whole(model)
        new = {r.id: self._new_id() for r in rows}
        old_name, own = self.named(model), inner(name)
        full = own if "." not in old_name and "/" not in name else name.replace("/", ".")
        pattern = re.compile(rf"(?<![\w.$]){re.escape(old_name)}(?!\w)")

        def copied(row: Element, outer: str | None) -> Element:
            row = rewritten(row, lambda text: new.get(text, pattern.sub(full, text) if model.name else text))
            if "dataStorageGuid" in row.props:
                row = evolve(row, props={**row.props, "dataStorageGuid": self._new_id()})
            if row.id == model.id:
                row = evolve(row, name=own, props=self._with_values(row, spec), slot=spec.get("slot", row.slot))
            return evolve(row, id=new[row.id], parent=new.get(outer or "", outer or "") or None)

        if model.id in self.units:
            self._copy_units(rows, new, own, spec, copied)
            return
        parent = self._parent(name, spec, model.slot)
        made = [copied(r, parent.id if r.id == model.id else r.parent) for r in rows]
        made += [r for child in spec.get("rows", ()) for r in self._made(made[0].id, "", child, {})]
        self._insert(parent, made, spec)
        self._grant(parent, made[0])

    def _parent(self, name: str, spec: Table, slot: str) -> Element:
        if slot in ("entities", "associations", "crossAssociations"):
            return self._domain_of(name)
        return self.find(spec.get("in") or outer(name))

    def _copy_units(
        self,
        rows: list[Element],
        new: Mapping[str, str],
        own: str,
        spec: Table,
        copied: Callable[[Element, str | None], Element],
    ) -> None:
        units = [self.units[r.id] for r in rows if r.id in self.units]
        for n, unit in enumerate(units):
            made = tuple(copied(r, r.parent) for r in self.rows[unit.id])
            container = new.get(unit.container or "", unit.container or "") or None
            if n == 0 and "in" in spec:
                container = self.find(spec["in"]).id
            name = own if n == 0 else unit.name
            excluded = bool(made[0].props.get("excluded", False))
            self.units[new[unit.id]] = evolve(unit, id=new[unit.id], name=name, container=container, excluded=excluded)
            self.rows[new[unit.id]] = made
        self._tree = None

    def _add_module(self, name: str) -> None:
        project = next(u for u in self.units.values() if u.type == "Projects$Project")
        module = self._new_unit("Projects$Module", name, project.id, "modules", {"fromAppStore": False})
        self._new_unit("DomainModels$DomainModel", "", module, "domainModel", {})
        self._new_unit("Security$ModuleSecurity", "", module, "moduleSecurity", {})

    def _add_unit(self, container: str, name: str, spec: Table) -> None:
        unit = self._new_unit(spec["kind"], name, container, spec.get("slot", "documents"), self._values(spec))
        root = self.tree.rows[unit]
        made = [r for child in spec.get("rows", ()) for r in self._made(root.id, "", child, {})]
        self.rows[unit] = (root, *made)
        self._tree = None

    def _new_unit(self, kind: str, name: str, container: str, slot: str, props: Table) -> str:
        unit = self._new_id()
        self.units[unit] = Unit(unit, kind, name, container, slot, "", _loader(()))
        self.rows[unit] = (Element(unit, kind, name, None, "", dict(props)),)
        self._tree = None
        return unit

    def _made(self, parent: str, name: str, spec: Table, known: dict[str, str]) -> Iterator[Element]:
        """The rows of a specification, its children after it. ``id`` gives a row a label: ``@label`` is its id."""
        for child in specs(spec):
            if "id" in child:
                known.setdefault("@" + str(child["id"]), self._new_id())
        own_id = known["@" + str(spec["id"])] if "id" in spec else self._new_id()
        props = {k: known.get(v, v) if isinstance(v, str) else v for k, v in self._values(spec, known).items()}
        if spec["kind"] in STORED:
            props.setdefault("dataStorageGuid", self._new_id())
        slot = spec.get("slot") or SLOTS[spec["kind"]]
        yield Element(own_id, spec["kind"], name or spec.get("name", ""), parent, slot, props)
        for child in spec.get("rows", ()):
            yield from self._made(own_id, "", child, known)

    def _with_values(self, row: Element, spec: Table) -> dict[str, Any]:
        """The keys of a row with those of a specification; an empty table takes one away."""
        return {k: v for k, v in {**row.props, **self._values(spec)}.items() if v != {}}

    def _values(self, spec: Table, known: Mapping[str, str] | None = None) -> dict[str, Any]:
        values = {k: v for k, v in spec.items() if k not in SPEC}
        return {
            k: tuple(v) if isinstance(v, list) else v if known and v in known else self._named_id(v)
            for k, v in values.items()
        }

    def _named_id(self, value: Any) -> Any:
        """``@address`` stands for the id of what it names."""
        return self.find(value[1:]).id if isinstance(value, str) and value[:1] == "@" and "." in value else value

    def _insert(self, parent: Element, made: list[Element], spec: Table) -> None:
        unit = self.tree.unit_of[parent.id]
        rows = list(self.rows[unit])
        siblings = [i for i, r in enumerate(rows) if r.parent == parent.id and r.slot == made[0].slot]
        place = siblings[spec["at"]] if "at" in spec and spec["at"] < len(siblings) else len(rows)
        self.rows[unit] = in_order([*rows[:place], *made, *rows[place:]])
        self._tree = None
        if "before" in spec:
            self._lead_through(unit, made[0], self.find(spec["before"]), spec)

    def _lead_through(self, unit: str, made: Element, following: Element, spec: Table) -> None:
        """A new activity stands in the line before another."""
        self._redirect(unit, following.id, made.id)
        case = {"kind": "Microflows$NoCase"}
        if "case" in spec:
            case = {"kind": "Microflows$EnumerationCase", "value": spec["case"]}
        flow = {"kind": "Microflows$SequenceFlow", "isErrorHandler": False, "rows": [case]}
        ends = {"origin": made.id, "destination": following.id}
        self.rows[unit] = (*self.rows[unit], *self._made(unit, "", {**flow, **ends}, {}))
        self._tree = None

    def _domain_of(self, name: str) -> Element:
        module = self.find(name.partition(".")[0]).id
        domain = next(u for u in self.units.values() if (u.container, u.slot) == (module, "domainModel"))
        return self.tree.rows[domain.id]

    def _grant(self, parent: Element, member: Element) -> None:
        """The modeller gives every access rule of the entity a right on a new attribute or association."""
        if member.type == "DomainModels$Attribute":
            owner, key, name = parent, "attribute", f"{self.named(parent)}.{member.name}"
        elif member.type.endswith("Association"):
            owner, key = self.tree.rows[member.props["parent"]], "association"
            name = self.named(self.tree.rows[member.id])
        else:
            return
        for rule in [r for r in self.whole(owner) if r.type == "DomainModels$AccessRule"]:
            rights = rule.props["defaultMemberAccessRights"]
            right = {"kind": "DomainModels$MemberAccess", key: name, "accessRights": rights}
            self._insert(rule, list(self._made(rule.id, "", right, {})), {})
