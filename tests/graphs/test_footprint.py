from __future__ import annotations

import json
from functools import partial

import pytest

from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.footprint import Footprint, footprint_of
from mx_changeclass.model.snapshot import Snapshot, Unit
from mx_changeclass.readers import read
from mx_changeclass.reports.footprint import footprint_document, footprint_text
from tests.builders import elements
from tests.builders.models import Model
from tests.corpus import NATIVE, newest


def example() -> Footprint:
    app = Model().entity("Field.Order").entity("Office.Invoice")
    app.page("Field.Home", elements.lists("Field.Order"), elements.calls("Field.NF_Save")).page("Field.Alone")
    app.nanoflow(
        "Field.NF_Save",
        elements.calls_flow("Field.MF_Save"),
        elements.calls_javascript("Shared.JS_Beep"),
        elements.splits("@Shared.Flag"),
    )
    app.microflow("Field.MF_Save").document("JavaScriptActions$JavaScriptAction", "Shared.JS_Beep")
    app.document("Constants$Constant", "Shared.Flag")
    app.page("Office.Home", elements.lists("Office.Invoice"))
    app.native(elements.sync_row("Field.Order", "Never"), home="Field.Home", otaEnabled=True).web(home="Office.Home")
    return footprint_of(app.snapshot())


def test_the_document_has_the_keys_of_its_contract() -> None:
    document = footprint_document(example())
    assert document["schema"] == 1
    assert document["model"]["label"] == "model"
    assert document["profiles"] == [
        {
            "name": "NativePhone",
            "kind": "native",
            "ota": True,
            "entities": [
                {
                    "name": "Field.Order",
                    "mode": "Never",
                    "explicit": True,
                    "why": ["NativePhone", "Field.Home", "Field.Order"],
                }
            ],
            "pages": ["Field.Home"],
            "nanoflows": ["Field.NF_Save"],
            "microflows": ["Field.MF_Save"],
            "javascript_actions": ["Shared.JS_Beep"],
            "constants": ["Shared.Flag"],
        },
        {
            "name": "Responsive",
            "kind": "web",
            "ota": None,
            "entities": [],
            "pages": ["Office.Home"],
            "nanoflows": [],
            "microflows": [],
            "javascript_actions": [],
            "constants": [],
        },
    ]
    json.dumps(document)


def test_the_text_tells_each_entity_with_its_mode_and_its_way() -> None:
    assert footprint_text(example()) == (
        "NativePhone (native, over-the-air updates on)\n"
        "  entities (1)\n"
        "    Field.Order  Never (configured)\n"
        "      by Field.Home\n"
        "  pages (1): Field.Home\n"
        "  nanoflows (1): Field.NF_Save\n"
        "  microflows (1): Field.MF_Save\n"
        "  javascript actions (1): Shared.JS_Beep\n"
        "  constants (1): Shared.Flag\n"
        "\n"
        "Responsive (web)\n"
        "  no data on devices\n"
        "  pages (1): Office.Home\n"
    )


def test_a_model_without_navigation_has_no_footprint() -> None:
    assert footprint_of(Snapshot({})).profiles == ()
    assert footprint_text(footprint_of(Snapshot({}))) == "No navigation profile: nothing lives on devices.\n"


def test_what_could_not_be_seen_is_told_first() -> None:
    text = footprint_text(footprint_of(Snapshot({}, incomplete=("a.mxunit is listed and its file is missing",))))
    assert text.startswith("! a.mxunit is listed and its file is missing\nNo navigation profile")


# Against Studio Pro's own list: from 11.0 it writes the automatic choice out as explicit rows.


LISTED = dict(zip(NATIVE, (32, 2), strict=True))  # how many rows Studio Pro wrote


def _without_sync_rows(snapshot: Snapshot) -> tuple[Snapshot, dict[str, str]]:
    """The model as if nobody had configured synchronisation, and what its rows say."""
    listed: dict[str, str] = {}
    units = dict(snapshot.units)
    for unit in snapshot.units.values():
        if unit.type == "Navigation$NavigationDocument":
            rows = snapshot.rows(unit.id)
            listed |= {r.props["entity"]: r.props["syncMode"] for r in rows if r.slot == "offlineEntityConfigs"}
            kept = tuple(r for r in rows if r.slot != "offlineEntityConfigs")
            units[unit.id] = Unit(unit.id, unit.type, unit.name, unit.container, unit.slot, "", partial(tuple, kept))
    return Snapshot(units), listed


@pytest.mark.parametrize(("archive", "rows"), LISTED.items())
def test_reachability_alone_finds_what_studio_pro_lists(archive: str, rows: int) -> None:
    bare, listed = _without_sync_rows(read(newest(archive)))
    side = App(bare)
    assert len(listed) == rows
    assert sorted(set(listed) - set(side.sync)) == [], "missed"
    assert len(set(side.sync) - set(listed)) <= 1, sorted(set(side.sync) - set(listed))
    assert {name: side.sync[name].computed for name in listed} == listed
    for name in listed:
        way = side.sync[name].why
        assert (way[0], way[-1]) == ("NativePhone", name)
        assert len(way) > 2, "a way leads over a page or nanoflow"
