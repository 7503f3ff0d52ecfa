"""Twice the input is at most little more than twice the work: no function is called far more often than that.

Calls are counted, not timed. What is weighed pair by pair up to a bound has that bound lowered, so that it holds here.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

import attrs
import pytest

from mx_changeclass import render
from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.classify import classify
from mx_changeclass.model.snapshot import Element, Snapshot, Unit
from mx_changeclass.reports import FORMATS
from tests.builders.elements import (
    association,
    attribute,
    calls_flow,
    changes,
    entity,
    enumeration,
    lists,
    lists_over,
    menu_item,
    nanoflow,
    page,
    shows_attribute,
    splits,
    sync_row,
    text,
)
from tests.builders.models import Model, Node, new_id

N = 40
MOST, SELDOM = 2.6, 250  # times as many calls for twice the input; what is called less often is not looked at
BOUNDS = {
    "changes.matching.alignment._MOST_COMPARED": 200,
    "rules.domain.merging._MOST_HOLDERS": 5,
    "findings.classify._EVIDENCE": 5,
    "graphs.reachability.LONGEST_WAY": 5,
    "graphs.native_dependencies._MOST_ASKED": 50,
}
Pair = tuple[Model | Snapshot, Model | Snapshot]


def app(*parts: Node, home: tuple[Node, ...] = ()) -> Model:
    model = Model()
    model.module("F", *parts)
    model.page("F.Home", *home)
    return model.native(home="F.Home")


def renamed(model: Model, kind: str) -> Model:
    other = model.edit()
    for each in (n for d in other.docs for n in d.root.walk() if n.type == kind):
        each.name = f"New{each.name}"
    return other


def entities_replaced(n: int) -> Pair:
    old, new = (
        app(
            *(entity(f"{side}{i}", attribute("A"), attribute("B")) for i in range(n)),
            home=tuple(lists(f"F.{side}{i}") for i in range(n)),
        )
        for side in ("Old", "New")
    )
    return old, new


def entities_split(n: int) -> Pair:
    old = app(
        *(entity(f"E{i}", attribute("A"), attribute("B"), attribute("C")) for i in range(n)),
        home=tuple(lists(f"F.E{i}") for i in range(n)),
    )
    new = old.edit()
    for each in new.domain("F").kids:
        del each.kids[1:]
    new.domain("F").kids += [entity(f"G{i}", attribute("B"), attribute("C")) for i in range(n)]
    return old, new


def attributes_inherited(n: int) -> Pair:
    special = [entity(f"S{i}") for i in range(n)]
    for each in special:
        each.props |= {"generalization": "DomainModels$Generalization", "generalization.generalization": "F.E"}
    old = app(entity("E", *(attribute(f"A{i}") for i in range(n))), *special, home=(lists(f"F.S{n - 1}"),))
    return old, renamed(old, "DomainModels$Attribute")


def associations_removed(n: int) -> Pair:
    old = app(home=(lists("F.A"), *(lists_over((f"F.L{i}", "F.B")) for i in range(n))))
    a, b = entity("A"), entity("B")
    old.domain("F").kids += [a, b, *(association(f"L{i}", a, b) for i in range(n))]
    new = old.edit()
    del new.domain("F").kids[2:]
    return old, new


def widgets_shuffled(n: int) -> Pair:
    old = app()
    old.add(page("Page", *(text(f"t{i}", f"{i}") for i in range(n))), home=old.doc("F"))
    new = old.edit()
    widgets = new.find("Page").kids[0].kids
    widgets.sort(key=lambda w: w.name[::-1])
    return old, new


def widgets_named(n: int) -> Pair:
    old = app(entity("E", attribute("A")), home=(lists("F.E"),))
    new = old.edit()
    new.find("Home").kids += [shows_attribute(f"F.E.X{i}", box=True) for i in range(n)]
    return old, new


def secured(model: Model, users: int) -> Model:
    roles = [Node("Security$ModuleRole", f"R{i}", "moduleRoles") for i in range(users)]
    model.add(Node("Security$ModuleSecurity", kids=roles), "moduleSecurity", model.doc("F"))
    kept = [Node("Security$UserRole", f"U{i}", "userRoles", {"moduleRoles": (f"F.R{i}",)}) for i in range(users)]
    project = Node("Security$ProjectSecurity", "", "", {"securityLevel": "CheckEverything"}, kept)
    model.add(project, "projectDocuments")
    return model


def grant(role: str, *members: str) -> Node:
    props = {"moduleRoles": (role,), "allowCreate": True, "defaultMemberAccessRights": "ReadWrite"}
    given = [
        Node("DomainModels$MemberAccess", "", "memberAccesses", {"attribute": m, "accessRights": "ReadWrite"})
        for m in members
    ]
    return Node("DomainModels$AccessRule", "", "accessRules", props, given)


def access_rules(n: int) -> Pair:
    rules = tuple(grant(f"F.R{i}", "F.E.A") for i in range(n))
    old = secured(app(entity("E", attribute("A"), rules=rules), home=(lists("F.E"),)), n)
    return old, less(old)


def member_accesses(n: int) -> Pair:
    members = [f"A{i}" for i in range(n)]
    rule = grant("F.R0", *(f"F.E.{m}" for m in members))
    old = secured(app(entity("E", *map(attribute, members), rules=(rule,)), home=(lists("F.E"),)), n)
    return old, less(old)


def access_over_entities(n: int) -> Pair:
    entities = (entity(f"E{i}", attribute("A"), rules=(grant(f"F.R{i}", f"F.E{i}.A"),)) for i in range(n))
    old = secured(app(*entities, home=tuple(lists(f"F.E{i}") for i in range(n))), n)
    return old, less(old)


def less(model: Model) -> Model:
    other = model.edit()
    for each in (n for d in other.docs for n in d.root.walk() if n.type == "DomainModels$MemberAccess"):
        each.props["accessRights"] = "ReadOnly"
    return other


def user_roles(n: int) -> Pair:
    entities = (entity(f"E{i}", rules=(grant(f"F.R{i}"),)) for i in range(n))
    old = secured(app(*entities, home=tuple(lists(f"F.E{i}") for i in range(n))), n)
    new = old.edit()
    for each in (k for d in new.docs for k in d.root.kids if k.type == "Security$UserRole"):
        each.props["moduleRoles"] = ("F.R0",)
    return old, new


def modules_renamed(n: int) -> Pair:
    old = Model()
    for i in range(n):
        module = old.module(f"M{i}", entity("E", rules=(grant(f"M{i}.R"),)))
        role = Node("Security$ModuleRole", "R", "moduleRoles")
        old.add(Node("Security$ModuleSecurity", kids=[role]), "moduleSecurity", module)
    old.page("M0.Home", *(lists(f"M{i}.E") for i in range(n))).native(home="M0.Home")
    return old, renamed(old, "Projects$Module")


def enumeration_values(n: int) -> Pair:
    old = app()
    old.add(enumeration("N", *(f"v{i}" for i in range(n))), home=old.doc("F"))
    old.add(nanoflow("NF_", *(splits(f"$a = F.N.v{i}") for i in range(n))), home=old.doc("F"))
    return old, renamed(old, "Enumerations$EnumerationValue")


def enumerations(n: int) -> Pair:
    old = app(home=tuple(lists(f"F.E{i}") for i in range(n)))
    for i in range(n):
        old.add(enumeration(f"N{i}", "a", "b"), home=old.doc("F"))
        old.entity(f"F.E{i}", attributes=(f"A:F.N{i}",))
    return old, renamed(old, "Enumerations$EnumerationValue")


def flows_in_a_row(n: int) -> Pair:
    old = app(home=(Node("Pages$ActionButton", "", "layoutCall.arguments", {
        "action": "Pages$CallNanoflowClientAction", "action.nanoflow": "F.NF_0"}),))  # fmt: skip
    for i in range(n):
        old.add(nanoflow(f"NF_{i}", calls_flow(f"F.NF_{i + 1}")), home=old.doc("F"))
    new = old.edit()
    for each in (d.root for d in new.docs if d.name.startswith("NF_")):
        each.kids[1].props["action.errorHandlingType"] = "Custom"
    return old, new


def steps(n: int) -> Pair:
    old = app(entity("E", attribute("A")))
    old.add(nanoflow("NF_", *(changes("F.E.A", f"{i}") for i in range(n))), home=old.doc("F"))
    new = old.edit()
    for each in new.find("NF_").walk():
        if each.type == "Microflows$MemberChange":
            each.props["value"] += "1"
    return old, new


def navigation_items(n: int) -> Pair:
    old = app()
    profile = next(d.root for d in old.docs if d.root.type.startswith("Navigation$")).kids[0]
    profile.kids += [menu_item("F.Home") for _ in range(n)]
    new = old.edit()
    for each in (k for d in new.docs if d.root.type.startswith("Navigation$") for k in d.root.kids[0].kids):
        each.id, each.props["caption.en_US"] = new_id(), "X"
    return old, new


def sync_rows(n: int) -> Pair:
    old = app(*(entity(f"E{i}") for i in range(n)))
    profile = next(d.root for d in old.docs if d.root.type.startswith("Navigation$")).kids[0]
    profile.kids += [sync_row(f"F.E{i}", "All") for i in range(n)]
    new = old.edit()
    for each in (k for d in new.docs if d.root.type.startswith("Navigation$") for k in d.root.kids[0].kids):
        each.props["syncMode"] = "Never"
    return old, new


def unknown_keys(n: int) -> Pair:
    old = app().document("Acme$Thing", "F.Thing", **{f"k{i}": "a" for i in range(n)})  # type: ignore[arg-type]
    new = old.edit()
    new.find("Thing").props = dict.fromkeys(new.find("Thing").props, "b")
    return old, new


def pointers(n: int) -> Pair:
    ends = [Node("Acme$End", f"e{i}", "ends") for i in range(n)]
    joins = Node("Acme$Join", "", "joins", links={f"k{i}Pointer": end for i, end in enumerate(ends)})
    old = app().document("Acme$Thing", "F.Thing", *ends, joins)
    new = old.edit()
    new.renew(new.doc("Thing"))
    return old, new


def beside(model: Model, *rows: Element) -> Snapshot:
    bare = model.snapshot()
    units = {
        row.id: Unit(
            row.id, row.type, row.name, None, "files", str(row.props), partial(lambda row: (row,), row), file=row.name
        )
        for row in rows
    }
    return attrs.evolve(bare, units={**bare.units, **units}, side_files=True)


def native_dependencies(n: int) -> Pair:
    def side(version: str) -> Snapshot:
        return beside(app(), *(
            Element(f"file:w{i}", "File$Widget", f"w{i}", None, "files", {
                "path": f"widgets/w{i}.mpk", "widgets": (f"w{i}",), f"nativeDependencies.react-{i}": version})
            for i in range(n)))  # fmt: skip

    return side("1.0.0"), side("2.0.0")


def scripts(n: int) -> Pair:
    def side(content: str) -> Snapshot:
        model = app()
        for i in range(n):
            model.document("JavaScriptActions$JavaScriptAction", f"F.JS_{i}")
        return beside(model, *(
            Element(f"file:{i}", "File$JavaScript", f"x{i}", None, "files", {
                "path": f"javascriptsource/f/x{i}.js", "content": content})
            for i in range(n)))  # fmt: skip

    return side("1"), side("2")


MODELS: tuple[Callable[[int], Pair], ...] = (
    entities_replaced, entities_split, attributes_inherited, associations_removed, widgets_shuffled, widgets_named,
    access_rules, member_accesses, access_over_entities, user_roles, modules_renamed, enumeration_values, enumerations,
    flows_in_a_row, steps, navigation_items, sync_rows, unknown_keys, pointers, native_dependencies, scripts,
)  # fmt: skip


def calls(pair: Pair) -> tuple[Counter[CodeType], int]:
    """How often each function of the package is called for a whole comparison with all its reports, and how long
    these are."""
    old, new = (side.snapshot() if isinstance(side, Model) else side for side in pair)
    found: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and "/mx_changeclass/" in frame.f_code.co_filename:
            found[frame.f_code] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        verdict = classify(diff(old, new))
        length = sum(len(render(verdict, kind)) for kind in FORMATS)
    finally:
        sys.setprofile(before)
    assert not [f for f in verdict.findings if f.rule.id.startswith("agg-rule-failed")]
    return found, length


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_twice_the_input_is_twice_the_work(model: Callable[[int], Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, bound in BOUNDS.items():
        monkeypatch.setattr(f"mx_changeclass.{name}", bound)
    calls(model(2))  # what is found once and kept
    (few, short), (many, long) = calls(model(N)), calls(model(2 * N))
    grown = {f"{code.co_filename}:{code.co_qualname}": (few[code], n) for code, n in many.items() if n > SELDOM}
    assert {where: n for where, n in grown.items() if n[1] > MOST * n[0]} == {}
    assert long < MOST * short
