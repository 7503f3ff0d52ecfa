from __future__ import annotations

from typing import Any

import pytest

from mx_changeclass.graphs.text_references import language, text_references


def names(text: str, spoken: str = "expression") -> list[str]:
    return [name for _, _, name in text_references(text, spoken)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$Order/Status = Field.OrderStatus.Busy", ["/Status", "Field.OrderStatus.Busy"]),
        ("if @Shared.FeatureNewFlow then 1 else 2", ["Shared.FeatureNewFlow"]),
        (
            "$Order/Field.Order_Customer/Field.Customer/Name",
            ["Field.Order_Customer", "Field.Customer", "Field.Customer.Name"],
        ),
        ("$Order / Field.Order_Customer != empty", ["Field.Order_Customer"]),
        ("getCaption(Field.OrderStatus.Open) + ' Field.Nothing.Here '", ["Field.OrderStatus.Open"]),
        ("'it''s Field.A.B' + $x", []),
        ("/* Field.Old.Value */ $Total div 2", []),
        ("1.5 + $Price", []),
        ("", []),
        ("$a + /* Field.Old.Value */ Field.A.B /* Field.C.D", ["Field.A.B", "Field.C.D"]),
        ("[%CurrentUser%] = Field.A.B or [% Field.C.D", ["Field.A.B", "Field.C.D"]),
        ("'' + 'Field.A.B", ["Field.A.B"]),
        ("[reversed()] Field.A.B", ["Field.A.B"]),
    ],
)
def test_names_in_expressions(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[Region = 'North.East.Sea']", ["/Region"]),
        (
            "[Field.Order_Customer/Field.Customer/Name = $Name]",
            ["Field.Order_Customer", "Field.Customer", "Field.Customer.Name"],
        ),
        ("[Field.Order_Engineer = '[%CurrentUser%]']", ["Field.Order_Engineer"]),
        (
            "[System.grantableRoles[reversed()]/System.UserRole/System.UserRoles = '[%CurrentUser%]']",
            ["System.grantableRoles", "System.UserRole", "System.UserRoles"],
        ),
    ],
)
def test_names_in_xpath(text: str, found: list[str]) -> None:
    assert names(text, "xpath") == found


def test_names_in_oql_leave_aliases_and_keywords_out() -> None:
    text = "FROM Field.Order AS o JOIN o/Field.Order_Customer/Field.Customer AS c WHERE Field.Order/Total > 'a.b'"
    assert names(text, "oql") == [
        "Field.Order", "Field.Order_Customer", "Field.Customer", "Field.Order", "Field.Order.Total",
    ]  # fmt: skip


def test_a_key_nobody_knows_is_a_name_only_as_a_whole() -> None:
    assert names("Field.Order", "name") == ["Field.Order"]
    assert names("see Field.Order", "name") == []
    assert names("11.12.0", "name") == []


@pytest.mark.parametrize(
    ("kind", "key", "spoken"),
    [
        ("Microflows$DatabaseRetrieveSource", "xPathConstraint", "xpath"),
        ("Some$FutureSource", "xpathConstraint", "xpath"),
        ("Navigation$OfflineEntityConfig", "constraint", "xpath"),
        ("DomainModels$ViewEntitySourceDocument", "oql", "oql"),
        ("Microflows$MemberChange", "value", "expression"),
        ("Pages$ConditionalVisibilitySettings", "expression", "expression"),
        ("Microflows$CustomRange", "limitExpression", "expression"),
        ("Microflows$Annotation", "caption", ""),
        ("Pages$CustomDesignPropertyValue", "value", ""),
        ("DomainModels$StoredValue", "defaultValue", ""),
        ("DomainModels$AccessRule", "xPathConstraintCaption", ""),
    ],
)
def test_only_keys_that_hold_a_language_are_scanned(kind: str, key: str, spoken: str) -> None:
    assert language(kind, key) == spoken


@pytest.mark.parametrize("opened", ["/* ", "[% "])
def test_what_is_never_closed_is_looked_for_once(opened: str) -> None:
    """From each of 200,000 places the end of the text would be 400,000 characters away."""
    looked: list[str] = []

    class Counted(str):
        def find(self, *arguments: Any) -> int:
            looked.append(str(arguments[0]))
            return str.find(self, *arguments)

    assert names(Counted(opened * 200_000 + " Field.A.B")) == ["Field.A.B"]
    assert len(looked) == 1
