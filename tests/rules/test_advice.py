"""What rules advise: followed by the person who reads it, it saves data and costs none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mx_changeclass.errors import RuleError
from mx_changeclass.model.versions import Version
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import Rule, class_of, rule
from mx_changeclass.vocabulary import (
    BEFOREHAND,
    BLOCKED,
    DESTRUCTIVE,
    FULL_RELEASE,
    HARD_LOSS,
    NONE,
    POSTPONED,
    SOFT_LOSS,
    UNORDERED,
    Hazard,
    Maybe,
    Remedy,
    Requires,
)

# Commands that lose data, by what a release note says of them.
WARNED_OF = re.compile(r"module-import|'replace'|--import-mode")


# How a text says what its remedy is. Whoever reads only the one does the same as whoever reads only the other.
SAYS = {
    Remedy.SYNC_FIRST: r"sync|upload",
    Remedy.RETIRE: r"sync|users",
    Remedy.KEEP_SERVER_PART: r"when every device is updated",
    Remedy.LATER: r"\blater\b|\bone release\b|two releases|a release before|until every device|every device is updated"
    r"|First release",
    Remedy.OTHER_VERSION: r"^(On SQL Server, )?(Choose|Go to|Move to|Raise|Release|Skip|Upgrade|Use)\b",
    Remedy.STOP: r"^(Agree on one|Bring|Build from|Do not|Give|Keep|Leave|Never|Open|Put|Repair|Restore|Sign)\b"
    r"|^Write it again",
}
SYNCHRONISES = re.compile(r"\b(have|let) (every|all) \w+ (sync|upload)|\bdevices? syncs? first", re.IGNORECASE)
# The Studio Pro versions that a text sends its reader to; "a newer 10.24" is one of the same minor version.
NUMBER = r"\d+\.\d+(?:\.\d+)?"
SENT = re.compile(
    rf"\b(?:(?:upgrade|move|go)(?: Studio Pro)? to|choose)(?: Studio Pro)?\b"
    rf"((?:[\s,]|or|and|later|newer\b(?! {NUMBER})|{NUMBER})+)",
    re.IGNORECASE,
)


def _with(*remedies: Remedy) -> list[Rule]:
    found = [r for r in catalogue().values() if r.remedy in remedies]
    assert found
    return found


def sent_to(r: Rule) -> Iterator[tuple[Version, bool]]:
    """The Studio Pro versions that an advice sends its reader to, and whether to those after it as well."""
    for told in SENT.findall(r.mitigation):
        versions = [Version.of(text) for text in re.findall(NUMBER, told)]
        onward = re.search(r"\b(later|newer)\b", told) is not None
        yield from ((v, onward and v is versions[-1]) for v in versions if v)


def test_nobody_is_sent_to_a_version_whose_clients_do_not_start_or_synchronise_or_lose_data() -> None:
    """Who follows one release note must not end in another, nor on the way to a later version of the same major one.
    A range without a start was met before, and the photos of offline web apps are asked about by more than the version.
    """
    faulty = [
        (r.id, first, last)
        for r in catalogue().values()
        if VersionChange in {heard for heard, _ in r.listens_to} and r.id != "sp-upgrade-photo-upload"
        if r.hazard in BLOCKED | HARD_LOSS
        for first, last in zip(r.since, r.until, strict=False)
        if first and last
    ]
    assert len(faulty) > 15
    sent = [(r.id, *to) for r in catalogue().values() for to in sent_to(r)]
    assert len(sent) > 40
    named = {r.id for r in _with(Remedy.OTHER_VERSION) if re.search(NUMBER, r.mitigation) and r.id[:3] != "nt-"}
    assert named <= {who for who, _, _ in sent}
    found = [
        (who, str(to), why)
        for who, to, onward in sent
        for why, first, last in faulty
        if first <= to <= last or (onward and to < first and first.major == to.major)
    ]
    assert found == []


def test_nobody_is_asked_to_upload_into_what_the_deploy_then_drops() -> None:
    lossy = [r for r in catalogue().values() if r.server_data_loss is not Maybe.NO or r.hazard is Hazard.SERVER_LOSS]
    assert [r.id for r in lossy if r.requires is Requires.DRAIN or r.remedy in BEFOREHAND] == []


def test_where_the_deploy_drops_rows_the_advice_puts_it_off_or_keeps_them() -> None:
    """What is uploaded stays on the server until the next release, or is backed up, or never goes."""
    lossy = [r for r in catalogue().values() if r.server_data_loss is Maybe.YES]
    assert [r.id for r in lossy if r.remedy not in {Remedy.LATER, Remedy.PREPARE_SERVER} | UNORDERED] == []


def test_only_a_text_whose_remedy_waits_for_devices_lets_them_synchronise() -> None:
    waiting = BEFOREHAND | POSTPONED | {Remedy.REPLACE}
    others = [r for r in catalogue().values() if r.remedy not in waiting]
    assert [r.id for r in others if SYNCHRONISES.search(r.mitigation)] == []


@pytest.mark.parametrize("remedy", SAYS)
def test_the_text_of_an_advice_says_its_remedy(remedy: Remedy) -> None:
    assert [(r.id, r.mitigation) for r in _with(remedy) if not re.search(SAYS[remedy], r.mitigation)] == []


def test_what_is_no_order_of_a_deploy_is_told_in_words_as_well() -> None:
    by_the_deploy = {Remedy.NONE, Remedy.SERVER_FIRST, Remedy.STORE}
    assert [r.id for r in catalogue().values() if r.remedy not in by_the_deploy and not r.mitigation] == []


def test_a_binary_is_asked_for_where_the_change_travels_in_one() -> None:
    assert [r.id for r in _with(Remedy.STORE) if r.channel is not FULL_RELEASE] == []


def test_what_waits_for_a_deploy_travels_in_one() -> None:
    prepared = _with(Remedy.PREPARE_SERVER, Remedy.KEEP_SERVER_PART)
    # where the server is at stake by an edit that nothing deploys, only a version moves
    assert [r.id for r in prepared if r.channel is NONE] == ["ent-constraint-dropped-rollback"]


def test_data_at_stake_on_devices_is_never_left_to_an_ordinary_deploy() -> None:
    costly = [r for r in catalogue().values() if class_of(r) is DESTRUCTIVE]
    assert [r.id for r in costly if r.remedy not in BEFOREHAND | POSTPONED | UNORDERED | {Remedy.PREPARE_SERVER}] == []


def test_what_is_open_is_asked_or_repaired() -> None:
    assert [r.id for r in catalogue().values() if r.undecided and r.remedy not in (Remedy.ASK, Remedy.STOP)] == []


def test_what_blocks_a_start_or_a_synchronisation_is_no_matter_of_an_ordinary_deploy() -> None:
    blocking = [r for r in catalogue().values() if r.hazard in (Hazard.START_FAILURE, Hazard.SYNC_BLOCKED)]
    assert [r.id for r in blocking if r.remedy in (Remedy.NONE, Remedy.SERVER_FIRST, Remedy.STORE)] == []


def test_a_right_taken_away_is_put_off_until_the_client_no_longer_uses_it() -> None:
    """Each release that puts something off says what holds meanwhile, where keeping it is not all there is to it: a
    rule of the server that grows stricter while the client still enters what it will refuse gains nothing by waiting.
    """
    refused = [r for r in _with(*POSTPONED) if r.hazard in (Hazard.UPLOAD_REFUSED, Hazard.REFUSAL_POSSIBLE)]
    assert [r.id for r in refused if not r.meanwhile] == ["sync-compat-off"]  # it refuses old clients alone


def test_what_clients_name_anew_is_no_matter_of_waiting() -> None:
    """A rename one release later is the same rename: the clients of the release before name what is gone."""
    renamed = [r for r in catalogue().values() if "-renamed" in r.id and r.breaks_old_clients is Maybe.YES]
    assert renamed
    assert [r.id for r in renamed if r.remedy in POSTPONED] == []


def test_only_what_is_put_off_holds_something_meanwhile() -> None:
    def early(heard: Release, release: Release) -> bool:
        """A title

        A reason.
        """
        return False

    with pytest.raises(RuleError, match="meanwhile"):
        rule(FULL_RELEASE, source="-", remedy=Remedy.STORE, meanwhile="the client waits")(early)


def test_what_only_a_repair_saves_says_what_to_put_back() -> None:
    repaired = [r for r in catalogue().values() if r.requires is Requires.REPAIR]
    assert repaired
    assert [r.id for r in repaired if not r.mitigation.startswith(("Do not release: ", "Do not deploy: "))] == []


def test_no_advice_names_a_command_that_a_release_note_warns_of() -> None:
    assert [r.id for r in catalogue().values() if WARNED_OF.search(r.mitigation)] == []


def test_every_rule_that_may_cost_data_on_devices_says_what_to_do_instead() -> None:
    costly = [r for r in catalogue().values() if r.hazard in HARD_LOSS | SOFT_LOSS]
    assert [r.id for r in costly if not r.mitigation or r.mitigation == "Deploy."] == []
