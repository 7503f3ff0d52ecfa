"""Releases that lost people's data or stopped their app, replayed: each is caught, and what looks like it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.vocabulary import DESTRUCTIVE, Maybe
from tests.builders.build import write_v1, write_v2
from tests.builders.editor import Draft
from tests.cases import Case, base_project
from tests.incidents import Incident, incidents, pairs, stored_verdict
from tests.test_cli import run
from tests.witness import lost

# Incidents of which neither the models nor their versions show anything.
NOT_SHOWN: Mapping[int, str] = {}

# Parts of replayed incidents that no pair of models shows.
PARTLY_SHOWN: Mapping[int, str] = {
    10: "reading an object whose owner was such a user fails at run time, whatever the release changes",
    22: "that the oldest installed app had the mode already is a fact about several releases, not about two",
    24: "rows missing from lists after a full synchronisation come with the version, whatever the release changes",
    31: "that a session expires while changes wait on the device happens at run time",
    34: "that an invalid token restarts the app again and again happens at run time",
    39: "where files are stored is a setting of the environment",
    49: "the platforms that a team builds for are not in the model: both are told",
    50: "whether each device has the client that moves its secrets is not in a model: an encrypted database stays loud",
    52: "that updates go through CodePush is not in the model: it is caught where the team declares it",
    54: "a renamed caption of a property is inside the definition of a widget, of which a digest is read",
    57: "that a newer Studio Pro can only replace modules is a fact about the tool; its result is judged",
}

# The same mechanisms in other stacks; they are not about Mendix.
OTHER_STACKS: Mapping[int, str] = {
    59: "microsoft/react-native-code-push#1093",
    60: "expo/expo#11138",
    61: "amplitude/Amplitude-TypeScript#467",
    62: "Nozbe/WatermelonDB#1609",
    63: "tutao/tutanota#4129",
}


@pytest.mark.parametrize("case", list(pairs()), ids=lambda case: case.id)
def test_an_incident_is_caught_and_its_near_miss_is_not(case: Case) -> None:
    assert case.complaints(case.verdict()) == []


@pytest.mark.parametrize("form", ["v1", "v2"])
@pytest.mark.parametrize("case", list(pairs(stored=True)), ids=lambda case: case.id)
def test_an_incident_in_stored_bytes_is_caught_in_project_files(case: Case, form: str, tmp_path: Path) -> None:
    assert case.complaints(stored_verdict(case, tmp_path, form)) == []


@pytest.mark.parametrize("incident", list(incidents()), ids=lambda incident: incident.name)
def test_a_near_miss_does_not_pass_for_its_incident(incident: Incident) -> None:
    for near in incident.near_misses:
        verdict = near.verdict()
        for hit in incident.hits:
            assert Case(near.id, near.table, hit.label).complaints(verdict), (near.id, hit.id)


@pytest.mark.parametrize("case", list(pairs()), ids=lambda case: case.id)
def test_what_the_witness_loses_in_an_incident_is_told(case: Case) -> None:
    old, new = case.sides()
    if old.form != "none":
        verdict, loss = case.verdict(), lost(old, new)
        assert not loss.device or verdict.release_class is DESTRUCTIVE, sorted(loss.device)
        told = any(f.server_data_loss is not Maybe.NO for f in verdict.findings)
        assert not loss.server or told, sorted(loss.server)


def test_every_incident_is_replayed_or_listed_with_a_reason() -> None:
    replayed = [incident.number for incident in incidents()]
    assert sorted([*replayed, *NOT_SHOWN, *OTHER_STACKS]) == list(range(1, 65))
    assert set(replayed) >= set(PARTLY_SHOWN)
    assert all(incident.hits and incident.near_misses and incident.source for incident in incidents())


def _wide(columns: int) -> Draft:
    """The base project with an invoice of so many attributes, on the server alone."""
    draft = base_project()
    for n in range(columns - 3):
        draft.add(f"Office.Invoice.Column{n}", {"like": "Office.Invoice.Number"})
    return draft


def _guids(snapshot: Snapshot) -> Mapping[str, str]:
    rows = [r for u in snapshot.units for r in snapshot.rows(u)]
    return {r.id: str(r.props["dataStorageGuid"]) for r in rows if "dataStorageGuid" in r.props}


@pytest.mark.parametrize("form", ["v1", "v2"])
def test_28_columns_emptied_by_a_tool_are_counted(form: str, tmp_path: Path) -> None:
    old = _wide(28)
    new = old.copy()
    new.reguid("Office.Invoice/*", "$ID")
    assert len(lost(old.snapshot(), new.snapshot()).server) == 28
    told = _told(old, new, form, tmp_path)
    assert told["verdict"]["class"] == "NEEDS_REDEPLOY"
    assert told["verdict"]["server_data_loss"] is True
    (reset,) = [f for f in _findings(told) if f["rule"] == "agg-guid-mass-reset-server"]
    assert "28 storage GUIDs" in " ".join(reset["evidence"])
    assert sum(f["rule"] == "attr-guid-only-server" for f in _findings(told)) == 28


@pytest.mark.parametrize("form", ["v1", "v2"])
def test_every_storage_id_of_a_domain_model_reset_by_a_tool_is_told_once_with_its_count(
    form: str, tmp_path: Path
) -> None:
    old = base_project()
    new = old.copy()
    new.set("Field.OrderLine_Order", {"documentation": "The order that a line belongs to."})
    new.reguid("Field/**", "$ID")
    before, after = _guids(old.snapshot()), _guids(new.snapshot())
    reset = {row for row, guid in before.items() if after[row] != guid}
    kept = {r.id for r in old.whole(old.find("Field.LoginRequest"))}
    told = _told(old, new, form, tmp_path)
    assert told["verdict"]["class"] == "DESTRUCTIVE"
    assert told["verdict"]["server_data_loss"] is True
    (finding,) = [f for f in _findings(told) if f["rule"] == "agg-guid-mass-reset"]
    assert f"{len(reset - kept)} storage GUIDs" in " ".join(finding["evidence"])


def _told(old: Draft, new: Draft, form: str, folder: Path) -> Mapping[str, Any]:
    places = []
    for side, draft in (("old", old), ("new", new)):
        place = folder / side
        place.mkdir()
        if form == "v1":
            write_v1(draft.snapshot(), place / "App.mpr", version=str(draft.version))
        else:
            write_v2(draft.snapshot(), place, version=str(draft.version))
        places.append(str(place / "App.mpr"))
    done = run("diff", *places, "--format", "json", cwd=folder)
    assert done.stderr == ""
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def _findings(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [f for change in told["changes"] for f in change["findings"]]
