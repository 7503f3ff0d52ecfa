"""A candidate against the versions in the field: laws over edits of the base project, made lines of releases whose
traps no single release shows, and the command."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mx_changeclass import Fleet, FleetVersion, InField, Policy, Waiver, classify, diff, fleet, read
from mx_changeclass.data import load
from mx_changeclass.errors import PolicyError, ReadError
from mx_changeclass.model.snapshot import Rows, Snapshot, Unit
from mx_changeclass.reports.fleet import fleet_markdown, fleet_text
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, Maybe
from tests.cases import Case
from tests.test_cli import V1, V2, is_one_line, run
from tests.test_schemas import closed

STUDIO_PRO = "11.6.6"
REPAIRED, LOOPING = "17.4.1", "17.0.0"  # templates for it; the second restarts again and again after an update
REMOVE = {"remove": ["Field.Order.Remarks"]}
RESTORE_OTHER = {"add": {"Field.Order.Remarks": {"like": "Field.OrderLine.Quantity", "value.defaultValue": "0"}}}
TO_CLIENT, TO_BUYER = {"rename": {"Field.Customer": "Client"}}, {"rename": {"Field.Client": "Buyer"}}
BACK = {"rename": {"Field.Client": "Customer"}}
WELCOME = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Hello"}}}
BACK_TO_WELCOME = {"set": {"Field.Home/welcomeLabel": {"content.template.en_US": "Welcome to field service"}}}
TRANSITION = {"set": {"NativePhone": {"applyScreenTransition": True}}}


@lru_cache(maxsize=256)
def _model(steps: str) -> Snapshot:
    case = Case("", {"base": {"version": STUDIO_PRO}, "then": json.loads(steps)}, {})
    return evolve(case.sides()[1], label=f"{len(json.loads(steps))} steps")


def model(*steps: dict[str, Any]) -> Snapshot:
    """The base project after some edits."""
    return _model(json.dumps(steps))


def line(*steps: dict[str, Any], **templates: str) -> Fleet:
    """Releases v1, v2, …, of which each makes one more edit, and the last is the candidate."""
    *old, candidate = (model(*steps[:n]) for n in range(len(steps) + 1))
    return fleet(candidate, [version(f"v{n}", each, **templates) for n, each in enumerate(old, 1)])


def version(label: str, snapshot: Snapshot, **templates: str) -> FleetVersion:
    return FleetVersion(label, snapshot, native_template=templates.get(label, REPAIRED), over_the_air=True)


def by_label(found: Fleet) -> dict[str, InField]:
    return {each.version.label: each for each in found.versions}


def told(dangers: tuple[Any, ...]) -> set[tuple[str, str]]:
    return {(danger.rule, danger.subject) for danger in dangers}


def groups(found: Fleet) -> tuple[list[str], ...]:
    document = found.to_dict()
    return tuple(document[key] for key in ("may_stay", "must_sync_first", "at_stake_already", "undecided"))


# -- the made line -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> Fleet:
    """An attribute goes in v2 and is back in v3 as another one; an entity is renamed in v2 and again in v3; the binary
    of v2 restarts again and again."""
    second, third = {**REMOVE, **TO_CLIENT}, {**RESTORE_OTHER, **TO_BUYER}
    return line(second, third, WELCOME, TRANSITION, v2=LOOPING)


RECREATED = ("attr-recreated-same-name", "Field.Order.Remarks")
RENAMED = ("ent-renamed-sync", "Field.Buyer")
LOOP = ("nt-restart-loop", "")


def test_each_version_meets_what_lies_between_it_and_the_candidate(made: Fleet) -> None:
    classes = {label: each.verdict.release_class for label, each in by_label(made).items()}
    assert classes == {"v1": DESTRUCTIVE, "v2": DESTRUCTIVE, "v3": OTA_SAFE, "v4": OTA_SAFE}
    first, second, third, _ = made.versions
    assert {RECREATED, RENAMED} <= told(first.stands_already + first.added)
    assert RECREATED not in told(second.stands_already + second.added)
    assert {RENAMED, LOOP} <= told(second.stands_already + second.added)
    assert told(third.stands_already + third.added) == set()


def test_what_one_version_alone_meets_is_told(made: Fleet) -> None:
    only = {label: told(each.only_here) for label, each in by_label(made).items()}
    assert only == {"v1": {RECREATED}, "v2": {LOOP}, "v3": set(), "v4": set()}


def test_the_trap_is_what_no_release_showed(made: Fleet) -> None:
    """The attribute was removed by one release and added by another, and each of them said so; that devices of v1
    meet another attribute of the same name, none of them said. The renames each release showed."""
    traps = {label: told(each.over_several_releases) for label, each in by_label(made).items()}
    assert traps == {"v1": {RECREATED}, "v2": set(), "v3": set(), "v4": set()}


def test_what_stands_with_what_the_server_runs_is_no_news(made: Fleet) -> None:
    assert [each.added for each in made.versions] == [(), (), (), ()]
    assert [each.today and each.today.release_class for each in made.versions[:3]] == [
        DESTRUCTIVE, DESTRUCTIVE, OTA_SAFE
    ]  # fmt: skip
    assert made.server.version.label == "v4"
    assert made.server.today is None
    assert made.server.verdict.channel is OTA_SAFE
    assert groups(made) == (["v3", "v4"], [], ["v1", "v2"], [])


def test_a_binary_is_told_of_its_own_version_only(made: Fleet) -> None:
    channels = {label: each.verdict.channel for label, each in by_label(made).items()}
    assert channels["v2"] is FULL_RELEASE
    assert FULL_RELEASE not in {channels[label] for label in ("v1", "v3", "v4")}


# -- lines of our own --------------------------------------------------------------------------


def test_who_may_stay_is_a_set_and_not_the_newest() -> None:
    """A rename is taken back: devices of v1 meet the names they know, those of v2 do not."""
    found = line(TO_CLIENT, BACK)
    first, second = found.versions
    assert first.verdict.release_class is OTA_SAFE
    assert first.today is not None
    assert first.today.release_class is DESTRUCTIVE
    assert second.verdict.release_class is DESTRUCTIVE
    assert groups(found) == (["v1"], ["v2"], [], [])


def test_an_attribute_that_comes_back_as_it_was_costs_nothing() -> None:
    candidate, without = model(), model(REMOVE)
    found = fleet(candidate, [version("v1", model()), version("v2", without)])
    first, second = found.versions
    assert first.verdict.rows == ()
    assert second.verdict.release_class is NEEDS_REDEPLOY
    assert groups(found) == (["v1", "v2"], [], [], [])


def test_elements_are_compared_and_not_names() -> None:
    """The type of an attribute changes while its entity has another name for one release: the release that changed it
    said so, under that name."""
    retyped = {"set": {"Field.Client.Name": {"type": "DomainModels$BooleanAttributeType"}}}
    found = line(TO_CLIENT, retyped, BACK)
    changed = ("attr-type-changed-sync", "Field.Customer.Name")
    first = found.versions[0]
    assert changed in told(first.stands_already)
    assert changed in told(found.versions[1].stands_already)
    assert all(each.over_several_releases == () for each in found.versions)


def test_what_an_earlier_release_showed_is_a_trap_for_a_later_version_all_the_same() -> None:
    """An attribute is another one from v2 on, which that release said; it is removed and restored after v2."""
    anew = {"reid": ["Field.Order.Remarks"], "reguid": ["Field.Order.Remarks"]}
    traps = {label: told(e.over_several_releases) for label, e in by_label(line(anew, REMOVE, RESTORE_OTHER)).items()}
    assert traps == {"v1": set(), "v2": {RECREATED}, "v3": set()}


def test_another_danger_of_the_same_element_does_not_stand_already() -> None:
    """What devices hold as a text is a number for the server today, and yes or no for the candidate."""
    number, yes_or_no = (
        {"set": {"Field.Order.Title": {"type": f"DomainModels${kind}AttributeType"}}} for kind in ("Integer", "Boolean")
    )
    found = line(number, yes_or_no)
    first = found.versions[0]
    assert first.today is not None
    assert first.today.release_class is DESTRUCTIVE
    assert ("attr-type-changed-sync", "Field.Order.Title") in told(first.added)
    assert groups(found) == ([], ["v1", "v2"], [], [])
    again = fleet(model(number, WELCOME), [version("v1", model()), version("v2", model(number))])
    assert groups(again) == (["v2"], [], ["v1"], [])


def test_the_server_may_run_another_than_the_newest() -> None:
    """Devices of a version that went to the stores before the server was deployed."""
    old, new = version("v1", model()), version("v2", model(TO_CLIENT))
    found = fleet(model(TO_CLIENT, WELCOME), [evolve(old, server=True), new])
    first, second = found.versions
    assert found.server is first
    assert first.today is None
    assert second.today is not None
    assert second.today.release_class is DESTRUCTIVE  # it knows a name that the server does not
    assert second.verdict.release_class is OTA_SAFE
    assert ("ent-renamed-sync", "Field.Client") in told(first.added)
    assert groups(found) == (["v2"], ["v1"], [], [])


def test_what_cannot_be_decided_does_not_stay() -> None:
    candidate = evolve(model(WELCOME), incomplete=("page Field.Home is listed but not there",))
    found = fleet(candidate, [version("v1", model())])
    assert found.release_class < DESTRUCTIVE
    assert found.at_most is DESTRUCTIVE
    assert groups(found) == ([], [], [], ["v1"])
    assert "agg-incomplete-side" in {danger.rule for danger in found.versions[0].undecided}
    assert "Cannot be decided" in fleet_text(found)


def test_a_waiver_holds_for_each_version() -> None:
    versions = [version("v1", model()), version("v2", model(WELCOME))]
    candidate = model(WELCOME, TO_CLIENT)
    bare = fleet(candidate, versions)
    row = next(row for row, _ in bare.destructive)
    accepted = Waiver(fingerprint=row.fingerprint, reason="x", until=date(2026, 12, 31), up_to=DESTRUCTIVE)
    waived = fleet(candidate, versions, Policy(waivers=(accepted,)), today=date(2026, 12, 31))
    assert bare.unwaived_class is waived.release_class is DESTRUCTIVE
    assert waived.unwaived_class < DESTRUCTIVE
    assert f"what is not waived is {waived.unwaived_class}" in fleet_text(waived)


# -- laws --------------------------------------------------------------------------------------

EDITS: tuple[dict[str, Any], ...] = (
    TO_CLIENT,
    REMOVE,
    WELCOME,
    TRANSITION,
    {"rename": {"Office.Order_Note": "Remark"}},
    {"rename": {"Field.Order.Title": "Subject"}},
    {"remove": ["Field.Contact"]},
    {"set": {"Field.OrderLine.Quantity": {"type": "DomainModels$StringAttributeType"}}},
    {"add": {"Field.Order.Priority": {"like": "Field.Order.Number"}}},
    {"add": {"Office.Invoice.Note": {"like": "Office.Invoice.Number"}}},
)
law = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def lines(draw: st.DrawFn) -> tuple[Snapshot, list[FleetVersion]]:
    """A candidate and one to three versions before it, each an edit or none further; one of them on the server."""
    edits = draw(st.permutations(EDITS))
    size = draw(st.integers(1, 3))
    cuts = sorted(draw(st.lists(st.integers(0, 4), min_size=size + 1, max_size=size + 1)))
    *old, candidate = (model(*edits[:cut]) for cut in cuts)
    server = draw(st.integers(0, size - 1))
    versions = [
        FleetVersion(
            f"v{n}",
            each,
            native_template=draw(st.sampled_from((REPAIRED, LOOPING))),
            over_the_air=draw(st.booleans()),
            server=n == server,
        )
        for n, each in enumerate(old)
    ]
    return candidate, versions


def dangers_of(each: InField) -> int:
    return sum(f.release_class is DESTRUCTIVE or f.breaks_old_clients is Maybe.YES for f in each.verdict.findings)


@law
@given(lines())
def test_laws_of_a_fleet(given_line: tuple[Snapshot, list[FleetVersion]]) -> None:
    candidate, versions = given_line
    found = fleet(candidate, versions)
    assert found.release_class is max(each.verdict.release_class for each in found.versions)
    for each, stated in zip(found.versions, versions, strict=True):
        binary = Policy(native_template=stated.native_template, ota_in_binary=stated.over_the_air)
        assert each.verdict == classify(diff(read(stated.model), candidate), binary)
        assert set(each.added).isdisjoint(each.stands_already)
        assert len(each.added) + len(each.stands_already) <= dangers_of(each)
        assert bool(each.added or each.stands_already) is bool(dangers_of(each))
        is_servers = read(stated.model).digest == read(found.server.version.model).digest
        assert (each.today is None) is (stated.server or (is_servers and bool(read(stated.model).digest)))
        assert each.today is not None or not each.stands_already
    alone = fleet(candidate, [versions[0]])
    assert alone.versions[0].verdict == found.versions[0].verdict
    assert (alone.versions[0].today, alone.versions[0].only_here) == (None, ())
    turned = by_label(fleet(candidate, versions[::-1]))
    for label, each in by_label(found).items():
        assert turned[label].verdict == each.verdict
        assert turned[label].today == each.today
        assert turned[label].verdict.release_class is each.verdict.release_class
    assert Counter(label for group in groups(found) for label in group) == {v.label: 1 for v in versions}
    assert fleet_text(found) == fleet_text(fleet(candidate, versions))
    Draft202012Validator(closed(load("fleet.schema"))).validate(found.to_dict())


def test_what_versions_share_is_decoded_once() -> None:
    """A unit that differs between neighbours is asked for in each version that has it."""
    loaded: Counter[tuple[str, str]] = Counter()

    def counted(unit: Unit) -> Unit:
        def load() -> Rows:
            loaded[unit.id, unit.digest] += 1
            return unit.load()

        return evolve(unit, load=load)

    steps = (WELCOME, REMOVE, BACK_TO_WELCOME, RESTORE_OTHER)
    plain = [model(*steps[:n]) for n in range(len(steps) + 1)]
    *old, candidate = (evolve(m, units={i: counted(u) for i, u in m.units.items()}) for m in plain)
    fleet(candidate, [version(f"v{n}", each) for n, each in enumerate(old)])
    held = Counter((u.id, u.digest) for m in plain for u in m.units.values() if u.digest)
    shared = {unit for unit, number in held.items() if number > 1}
    assert len(shared & loaded.keys()) > 10
    assert {unit for unit in shared if loaded[unit] > 1} == set()


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"model": "v1"}, "a version needs 'label'"),
        ({"label": "1.0"}, "a version needs 'model'"),
        ({"label": " ", "model": "v1"}, "'label' cannot be ' '"),
        ({"label": "1.0", "model": "none"}, "'model' cannot be 'none'"),
        ({"label": "1.0", "model": "v1", "devices": 68}, "'devices' cannot be 68. Give a share from 0 to 1"),
        ({"label": "1.0", "model": "v1", "devices": True}, "'devices' cannot be True"),
        ({"label": "1.0", "model": "v1", "offline_days": -1}, "'offline_days' cannot be -1"),
        ({"label": "1.0", "model": "v1", "native_template": "17"}, "'native_template' cannot be '17'"),
        ({"label": "1.0", "model": "v1", "server": "yes"}, "'server' cannot be 'yes'"),
        ({"label": "1.0", "model": "v1", "binary": "17"}, "'binary' is nothing that a version has"),
        ("v1", "a version must be a table"),
    ],
)
def test_what_is_no_version_is_refused(table: Any, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        fleet(model(), [table])


def test_what_is_no_fleet_is_refused() -> None:
    one, two = version("v1", model()), version("v2", model(WELCOME))
    with pytest.raises(PolicyError, match="no version is in the field"):
        fleet(model(), [])
    with pytest.raises(PolicyError, match="two versions are called 'v1'"):
        fleet(model(), [one, evolve(two, label="v1")])
    with pytest.raises(PolicyError, match="the server cannot run both 'v1' and 'v2'"):
        fleet(model(), [evolve(one, server=True), evolve(two, server=True)])
    with pytest.raises(ReadError, match="none: is no version"):
        fleet("none", [one])


def test_no_label_breaks_out_of_a_report() -> None:
    mark = "\n::error::a|b <img> @acme \x1b[31m #12 \u202e"
    found = fleet(model(TO_CLIENT), [evolve(version("v1", model()), label=mark)])
    for text in (fleet_text(found), fleet_markdown(found)):
        assert not any(ord(c) < 32 and c != "\n" for c in text)
        assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
        assert "\u202e" not in text
    assert "<img>" not in fleet_markdown(found)
    rows = [row for row in fleet_markdown(found).split("\n") if row.startswith("| ")]
    assert {row.count(" | ") for row in rows} == {5}


# -- the command -------------------------------------------------------------------------------

VERSIONS = """
[[version]]
label = "1.0"
model = "v1.snapshot.xml"
native_template = "14.1.13"
over_the_air = true
devices = 0.3
offline_days = 21

[[version]]
label = "1.1"
model = "copy.snapshot.xml"
native_template = "14.1.13"
devices = 0.7
offline_days = 7
server = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in (V1, V2):
        shutil.copy(path, tmp_path)
    shutil.copy(V2, tmp_path / "copy.snapshot.xml")
    (tmp_path / "mx-changeclass.toml").write_text(VERSIONS)
    return tmp_path


def test_the_command_tells_of_the_versions_of_the_configuration(folder: Path) -> None:
    done = run("fleet", "v2.snapshot.xml", cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    text = " ".join(done.stdout.split())
    assert done.stdout.startswith("DESTRUCTIVE over 2 versions in the field; the server's own move is none")
    assert "1.0 14.1.13 30% 21 days DESTRUCTIVE DESTRUCTIVE" in text
    assert "1.1 14.1.13 70% 7 days on the server OTA_SAFE" in text
    assert "entity Service.Measurement: removed [6908ee294c6a]: 1.0 (30% of devices)" in text
    assert "May stay: 1.1 At stake with what the server runs already, the candidate adds nothing to it: 1.0" in text
    assert run("fleet", "v2.snapshot.xml", "--fail-on", "never", cwd=folder).returncode == 0
    document = json.loads(run("fleet", "v2.snapshot.xml", "--format", "json", cwd=folder).stdout)
    Draft202012Validator(closed(load("fleet.schema"))).validate(document)
    assert [each["today"] for each in document["versions"]] == ["DESTRUCTIVE", None]
    markdown = run("fleet", "v2.snapshot.xml", "--format", "markdown", "-o", "fleet.md", cwd=folder)
    assert markdown.stdout == ""
    assert "| 1.0 | 14.1.13 | 30% | 21 days |" in (folder / "fleet.md").read_text()


def test_a_comparison_tells_of_older_versions_too(folder: Path) -> None:
    plain = run("diff", "copy.snapshot.xml", "v2.snapshot.xml", cwd=folder)
    assert plain.returncode == 0
    done = run("diff", "copy.snapshot.xml", "v2.snapshot.xml", "--against", "1.0", cwd=folder)
    assert done.returncode == 1  # the server's own move is nothing, devices of 1.0 lose data
    assert done.stdout.startswith(plain.stdout)
    assert "30%" in done.stdout  # what the configuration says of the label
    compared = ("diff", "v1.snapshot.xml", "v2.snapshot.xml", "--against")
    told = json.loads(run(*compared, "copy.snapshot.xml", "--format", "json", cwd=folder).stdout)
    assert [each["label"] for each in told["fleet"]["versions"]] == ["copy.snapshot.xml", "v1.snapshot.xml"]
    Draft202012Validator(closed(load("fleet.schema"))).validate(told["fleet"])
    done = run(*compared, "1.0", "--format", "markdown", cwd=folder)
    assert "| version | binary |" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "content", "code", "said"),
    [
        (("fleet", "v2.snapshot.xml", "--no-config"), VERSIONS, 2, "no version is in the field"),
        (("fleet", "missing.xml"), VERSIONS, 3, "missing.xml: does not exist"),
        (("fleet", "v2.snapshot.xml", "--against", "gone.xml"), VERSIONS, 3, "gone.xml: does not exist"),
        (("fleet", "v2.snapshot.xml"), "[[version]]\nlabel = 3\n", 2, "version 1: 'label' cannot be 3"),
        (
            ("fleet", "v2.snapshot.xml"),
            '[[version]]\nlabel = "x"\nmodel = "../v1"\n',
            2,
            "'model' leads out of the folder",
        ),
        (("fleet", "v2.snapshot.xml"), 'version = "x"\n', 2, "'version' must be a list of tables"),
        (("diff", "v1.snapshot.xml", "v2.snapshot.xml", "--against", "1.0", "--format", "sarif"), VERSIONS, 2, "sarif"),
    ],
)
def test_errors_are_one_line(arguments: tuple[str, ...], content: str, code: int, said: str, folder: Path) -> None:
    (folder / "mx-changeclass.toml").write_text(content)
    done = run(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    assert is_one_line(done)
    assert said in done.stderr
