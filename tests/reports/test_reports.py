"""What a reader of a report sees: causes once, names and kinds in words, nothing that asks for nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.findings.plan import StepKind, outline
from mx_changeclass.reports.rendering import render
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.wording import sentences
from mx_changeclass.wording.changes import explanation
from mx_changeclass.wording.harms import MEANING
from mx_changeclass.wording.values import kind_in_words
from tests.builders.elements import attribute, entity, step
from tests.builders.models import Doc, Model, Node
from tests.cases import Case


def app() -> Model:
    """A web app with one module."""
    model = Model()
    sales = model.module("Sales", entity("Order", attribute("Title")))
    model.add(Node("Pages$Page", "Home", props={"url": "home"}), home=sales)
    model.add(
        Node(
            "Navigation$NavigationDocument",
            kids=[Node("Navigation$NavigationProfile", "Responsive", "profiles", {"homePage.page": "Sales.Home"})],
        ),
        "projectDocuments",
    )
    return model


def verdict(old: Model, new: Model) -> Verdict:
    return classify(diff(old.snapshot(), new.snapshot()))


def shop(model: Model) -> Doc:
    module = model.module("Shop", entity("Basket", attribute("Code")), entity("Item"))
    model.add(Node("Microflows$Microflow", "Pay"), home=module)
    return module


def test_a_new_module_answers_for_what_is_in_it() -> None:
    old = app()
    new = old.edit()
    shop(new)
    found = verdict(old, new)
    module = next(r for r in found.rows if r.name == "Shop")
    assert {r.name for r in found.rows if r.part_of == module.fingerprint} >= {"Shop.Basket", "Shop.Item", "Shop.Pay"}
    text = render(found)
    assert "in module Shop (added): 2 entities, 1 microflow" in text
    assert "Shop.Basket" not in text
    assert "Shop.Basket" in render(found, everything=True)


def test_what_is_worse_than_its_module_speaks_for_itself() -> None:
    old = app()
    new = old.edit()
    module = shop(new)
    new.add(Node("Constants$Constant", "Key", props={"type": "DataTypes$StringType"}), home=module)
    found = verdict(new, old)  # the module goes, and tables with it
    gone = next(r for r in found.rows if r.name == "Shop")
    assert any(f.server_data_loss == "yes" for f in gone.findings)
    assert {r.part_of for r in found.rows if r.name.startswith("Shop.")} == {gone.fingerprint}


def test_a_web_app_waits_for_no_device() -> None:
    old = app()
    new = old.edit()
    shop(new)
    found = verdict(old, new)
    assert found.requires == ()
    assert [step.kind for step in outline(found).steps] == [StepKind.DEPLOY]


def test_what_changes_in_a_renamed_document_is_told_under_its_new_name() -> None:
    old = app()
    old.add(Node("Microflows$Microflow", "Save", kids=[step("CommitAction")]), home=old.docs[0])
    new = old.edit()
    flow = new.find("Save")
    flow.name, flow.kids = "Keep", [step("DeleteAction")]
    names = {r.name for r in verdict(old, new).rows if r.kind == "Microflows$Microflow"}
    assert names == {"Sales.Keep"}


def test_parts_missing_alike_on_both_sides_are_told_once_and_leave_nothing_open() -> None:
    old = app()
    new = old.edit()
    new.find("Title").props["type.length"] = 50
    for model in (old, new):
        next(d for d in model.docs if d.name == "Home").missing = True
    assert verdict(old, new).undecided == 0


def test_what_the_unread_part_of_the_new_version_may_hold_is_not_gone() -> None:
    old = app()
    shop(old)
    new = old.edit()
    lost = new.inside(new.doc("Shop"))
    new.renew(*lost)
    for doc in lost:
        doc.missing = True
    found = verdict(old, new)
    assert not found.server_data_loss
    assert "Shop" not in {r.name for r in found.rows if r.verb == "removed"}


def test_kinds_and_keys_are_words() -> None:
    assert kind_in_words("DomainModels$CrossAssociation") == "association"
    assert kind_in_words("JavaScriptActions$JavaScriptAction") == "JavaScript action"
    assert kind_in_words("XmlSchemas$XmlSchema") == "XML schema"
    old = app()
    new = old.edit()
    new.find("Title").props["type.length"] = 50
    (row,) = (r for r in verdict(old, new).rows if r.name == "Sales.Order.Title")
    assert row.what.startswith("length set to 50")


@pytest.mark.parametrize(
    ("edit", "name", "what"),
    [
        ({"set": {"Field.Customer/AccessRule/Field.Customer.Phone": {"accessRights": "None"}}},
         "Field.Customer", "member access Phone"),
        ({"set": {"NativePhone/Field.Customer": {"constraint": "[Region = 'South']"}}},
         "Field.Customer", "sync constraint"),
        ({"add": {"Field.Order/(rule)": {"kind": "DomainModels$ValidationRule", "attribute": "Field.Order.Title",
                                         "ruleInfo": "DomainModels$RequiredRuleInfo"}}},
         "Field.Order.Title", "required rule added"),
        ({"add": {"Field.Order/(handler)": {"kind": "DomainModels$EventHandler", "moment": "Before",
                                            "microflow": "Field.ACT_BeforeCommitOrder"}}},
         "Field.Order", "before commit added"),
    ],
)  # fmt: skip
def test_what_has_no_name_says_which_it_is(edit: dict[str, Any], name: str, what: str) -> None:
    rows = Case("case", edit, {}).verdict().rows
    assert [r.what[: len(what)] for r in rows if r.name == name] == [what]


def test_a_long_value_is_told_by_what_differs_in_it() -> None:
    before = "[Field.Order_Engineer = '[%CurrentUser%]' and Status = 'Open']"
    assert sentences.difference(before, before.replace("Open", "Busy")) == "'Open' to 'Busy'"
    assert sentences.difference("North", "South") == ""


# -- one voice ------------------------------------------------------------------------------------

HEADING = 'nanoflow Field.NF_Save: microflow call Field.MF_Check: label Old to "New one"'


@pytest.mark.parametrize(
    ("saw", "told"),
    [
        ("calls Field.MF_Check", ""),
        ("label Old to New one; it is used by Field.Home", "It is used by Field.Home. "),
        ("label Old to New two", "Label Old to New two. "),
        ("calls Field.MF_Check_2", "Calls Field.MF_Check_2. "),
    ],
)
def test_an_explanation_keeps_every_fact_that_its_heading_lacks_and_no_other(saw: str, told: str) -> None:
    assert explanation((saw,), "Why it matters.", HEADING) == f"{told}Why it matters."
    assert explanation((saw,), "Why it matters.") == f"{saw[:1].upper()}{saw[1:]}. Why it matters."


@pytest.mark.parametrize("rule", list(catalogue().values()), ids=lambda rule: rule.id)
def test_advice_says_more_than_the_class_and_the_order(rule: Rule) -> None:
    known = f"{MEANING[class_of(rule)]} {MEANING.get(rule.channel, '')}"
    known += f" {rule.remedy} {rule.requires} none"
    words = {word.removesuffix("s") for word in re.findall(r"\w+", known.lower())}
    advice = {word.removesuffix("s") for word in re.findall(r"\w+", rule.mitigation.lower())}
    assert not advice or advice - words
