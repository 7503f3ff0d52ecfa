"""Every way to touch what a domain model stores, in tables: nothing that costs data may slip through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import permutations, product
from typing import Any

import pytest

from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model import system
from mx_changeclass.vocabulary import DESTRUCTIVE, NEEDS_REDEPLOY, Hazard, Maybe
from tests.cases import Case

SYNCED, SERVER = "Field.Feedback", "Office.Order_Note"


def verdict(**table: Any) -> Verdict:
    return Case("table", table, {}).verdict()


def spoken(found: Verdict, subject: str, start: str = "") -> set[str]:
    return {f.rule.id for f in found.findings if f.subject == subject and f.rule.id.startswith(start)}


# -- identity: storage GUID, id, name -----------------------------------------------------------------

KINDS = {  # address of something synced, of something that is not, and the start of their rules
    "ent": (SYNCED, SERVER),
    "attr": (f"{SYNCED}.Text", f"{SERVER}.Text"),
    "assoc": ("Field.Order_Customer", "Office.Invoice_Customer"),
}


@pytest.mark.parametrize(("kind", "synced"), list(product(KINDS, (True, False))))
@pytest.mark.parametrize(("new_id", "new_guid", "new_name"), list(product((True, False), repeat=3)))
def test_who_loses_what_when_identity_changes(
    kind: str, synced: bool, new_id: bool, new_guid: bool, new_name: bool
) -> None:
    address = KINDS[kind][0 if synced else 1]
    table: dict[str, Any] = {"rename": {address: "Another"}} if new_name else {}
    now = f"{address.rpartition('.')[0]}.Another" if new_name else address
    table |= {"reid": [now]} if new_id else {}
    table |= {"reguid": [now]} if new_guid else {}
    found = verdict(**table)
    said = spoken(found, now, kind) | spoken(found, address, kind)
    assert said == _expected(kind, synced, new_id, new_guid, new_name)
    loses = new_guid or (new_name and synced)
    assert found.destructive == (synced and loses)
    assert found.server_data_loss == new_guid


def _expected(kind: str, synced: bool, new_id: bool, new_guid: bool, new_name: bool) -> set[str]:
    twin = "" if synced else "-server"
    side = "sync" if synced else "server"
    if new_id and new_guid:  # nothing is left to know it by
        return {f"{kind}-deleted-{side}", f"{kind}-added-{side}"} if new_name else {f"{kind}-recreated-same-name{twin}"}
    said = {f"{kind}-renamed-{side}"} if new_name else set()
    return said | ({f"{kind}-guid-only{twin}"} if new_guid else set())


@pytest.mark.parametrize("synced", [True, False])
def test_the_storage_guid_may_equal_the_id_from_the_start(synced: bool) -> None:
    address = (SYNCED if synced else SERVER) + ".Text"
    found = verdict(base={"reguid": {address: "$ID"}}, set={address: {"documentation": "Words."}})
    assert not found.findings or {f.rule.id for f in found.findings} == {"agg-nothing"}


def test_two_elements_that_swap_their_storage_guids_lose_their_values() -> None:
    one, other = "00000000-0000-0001-0000-00000000aaaa", "00000000-0000-0001-0000-00000000bbbb"
    names = ("Field.Order.Number", "Field.Order.Title")
    found = verdict(
        base={"reguid": dict(zip(names, (one, other), strict=True))}, reguid=dict(zip(names, (other, one), strict=True))
    )
    assert spoken(found, names[0]) == spoken(found, names[1]) == {"attr-guid-only"}


# -- types of attributes ------------------------------------------------------------------------------

TYPES: Mapping[str, Mapping[str, Any]] = {
    "AutoNumber": {"value.defaultValue": "1"},
    "Binary": {},
    "Boolean": {"value.defaultValue": "false"},
    "DateTime": {"type.localizeDate": True},
    "Decimal": {"value.defaultValue": "0"},
    "Enumeration": {"type.enumeration": "Field.OrderStatus"},
    "HashedString": {},
    "Integer": {"value.defaultValue": "0"},
    "Long": {"value.defaultValue": "0"},
    "String": {"type.length": 200},
}
PAIRS = sorted(permutations(TYPES, 2))
SPECIAL = {
    ("Integer", "Long"): "attr-int-to-long",
    ("Long", "Integer"): "attr-long-to-int",
    ("String", "Enumeration"): "attr-string-to-enum",
}
# Of those that the server keeps or converts: Attribute Type Migration, conversion table.
KEPT = {
    *product(("Integer", "Long", "AutoNumber"), ("Decimal", "String")), ("Integer", "Long"), ("AutoNumber", "Long"),
    ("Decimal", "String"),
}  # fmt: skip
CUT = {("Enumeration", "String"), ("HashedString", "String"), ("Boolean", "String")}


@cache
def retyped(entity: str) -> Verdict:
    """All changes of type at once: an attribute for each pair."""
    names = {pair: f"{entity}.{pair[0]}To{pair[1]}" for pair in PAIRS}
    base = {names[p]: {"like": f"{entity}.Text", **_typed(p[0], "String")} for p in PAIRS}
    return verdict(base={"add": base}, set={names[p]: _typed(p[1], p[0]) for p in PAIRS})


def _typed(name: str, before: str) -> dict[str, Any]:
    gone: dict[str, Any] = {key: {} for key in TYPES[before]}
    return {**gone, "value.defaultValue": "", "type": f"DomainModels${name}AttributeType", **TYPES[name]}


# What no device enters: hashes are not synchronised, numbers are given out by the server.
NOT_ENTERED = ("HashedString", "AutoNumber")


@pytest.mark.parametrize("pair", [p for p in PAIRS if p[0] in NOT_ENTERED], ids="-to-".join)
def test_a_change_of_type_of_what_no_device_enters_is_one_of_the_server(pair: tuple[str, str]) -> None:
    found = retyped(SYNCED)
    name = f"{SYNCED}.{pair[0]}To{pair[1]}"
    assert spoken(found, name) == {"attr-int-to-long" if pair in KEPT else "attr-type-changed-server"}
    assert {f.release_class for f in found.findings if f.subject == name} == {NEEDS_REDEPLOY}


@pytest.mark.parametrize("pair", [p for p in PAIRS if p[0] not in NOT_ENTERED], ids="-to-".join)
def test_a_change_of_type_on_devices_is_destructive_but_for_integer_to_long(pair: tuple[str, str]) -> None:
    found = retyped(SYNCED)
    rule = SPECIAL.get(pair) or {"HashedString": "attr-to-hashed", "AutoNumber": "attr-to-autonumber"}.get(
        pair[1], "attr-type-changed-sync"
    )
    name = f"{SYNCED}.{pair[0]}To{pair[1]}"
    assert spoken(found, name) == {rule}
    (said,) = (f for f in found.findings if f.subject == name)
    assert (said.release_class is DESTRUCTIVE) == (pair != ("Integer", "Long"))


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_a_change_of_type_on_the_server_says_what_becomes_of_the_column(pair: tuple[str, str]) -> None:
    found = retyped(SERVER)
    (said,) = (f for f in found.findings if f.subject == f"{SERVER}.{pair[0]}To{pair[1]}")
    assert said.release_class is NEEDS_REDEPLOY
    if pair in KEPT:
        assert (said.rule.id, said.hazard) == ("attr-int-to-long", Hazard.NONE)
        return
    assert (said.rule.id, said.server_data_loss) == ("attr-type-changed-server", Maybe.MAYBE)
    doubtful = pair in CUT or (pair[1] == "AutoNumber" and pair[0] in ("Integer", "Long", "Decimal"))
    assert ("cannot convert or keep every value" if doubtful else "drops the column") in said.message


# -- where objects live -------------------------------------------------------------------------------

STORAGE: Mapping[str, Mapping[str, Any]] = {
    "table": {},
    "memory": {"generalization.persistable": False},
    "view": {"source": "DomainModels$OqlViewEntitySource", "source.sourceDocument": "Field.Query"},
    "elsewhere": {"source": "Rest$ODataRemoteEntitySource", "source.sourceDocument": "Ext.Catalog"},
}
MOVES = sorted(permutations(STORAGE, 2))


@pytest.mark.parametrize("move", MOVES, ids="-to-".join)
@pytest.mark.parametrize("entity", [SYNCED, SERVER])
@pytest.mark.parametrize("made_again", [False, True])
def test_leaving_the_table_loses_its_rows(move: tuple[str, str], entity: str, made_again: bool) -> None:
    old, new = move
    back: dict[str, Any] = {key: {} for key in STORAGE[old] if key.startswith("source")} | {
        "generalization.persistable": True
    }
    again = {"reid": [f"{entity}/**"], "reguid": [f"{entity}/**"]} if made_again else {}
    query = {"Field.Query": {"kind": "DomainModels$ViewEntitySourceDocument", "oql": "select Name from Field.Contact"}}
    base = {"add": query, "set": {entity: STORAGE[old]}}
    found = verdict(base=base, set={entity: {**back, **STORAGE[new]}}, **again)
    leaves = old == "table"
    assert found.destructive == (leaves and entity == SYNCED)
    assert found.server_data_loss == leaves
    assert not [f for f in found.findings if f.rule.undecided]


# -- what specialises an entity of the System module ---------------------------------------------------

_INHERITING = {"System.HttpRequest", "System.HttpResponse", "System.SoapFault"}


@pytest.mark.parametrize("general", sorted(system.NON_PERSISTABLE | _INHERITING))
def test_no_table_hangs_on_what_specialises_a_system_entity_without_one(general: str) -> None:
    """Imported again, with another id and storage id, it is what it was."""
    found = _imported_again(general)
    assert {f.rule.id for f in found.findings} == {"ent-guid-npe"}
    assert (found.release_class, found.channel) == ("OTA_SAFE", "none")


@pytest.mark.parametrize("general", ["System.User", "System.Image", "System.SynchronizationErrorFile", "System.New"])
def test_a_table_hangs_on_what_specialises_any_other_system_entity(general: str) -> None:
    assert spoken(_imported_again(general), "Office.Special", "ent") == {"ent-recreated-same-name-server"}


def _imported_again(general: str) -> Verdict:
    props = {"generalization": "DomainModels$Generalization", "generalization.generalization": general}
    special = {"like": "Field.LoginRequest", **props, "generalization.persistable": {}}
    return verdict(base={"add": {"Office.Special": special}}, reid=["Office.Special"], reguid=["Office.Special"])
