"""How each entity on devices is synchronised: its mode, its constraint, and who is served as before.

A mode is *automatic* where it is the one that reachability alone gives, whether a row says so too or not.
"""

from __future__ import annotations

from mx_changeclass.graphs.sync_set import ALL, CLEAR, CONSTRAINED, NEVER, ONLINE, PRESERVE
from mx_changeclass.model.versions import Version
from mx_changeclass.model.xpath import conditions, is_wider
from mx_changeclass.rules.domain.domain_questions import between
from mx_changeclass.rules.engine.release import Release, SyncChange
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires

_DOWNLOADED = (ALL, CONSTRAINED)
_NOT_DOWNLOADED = (CLEAR, PRESERVE)
_UPLOADED = (*_DOWNLOADED, *_NOT_DOWNLOADED)
_ONLINE_ALONE_BLOCKS = Version(11, 11)  # before it, 11.10 refused uploads of None, NoneAndPreserveData and Never too

# -- how it is synchronised -----------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync first.",
)
def sync_mode_all_to_xpath(move: SyncChange, release: Release) -> bool | str:
    """Sync mode from All Objects to By XPath

    At the next full synchronisation objects outside the constraint leave the device; uploads run first, so only
    failed uploads are lost.
    """
    limit = move.constraints[1]
    return move.modes == (ALL, CONSTRAINED) and (not limit or f"{move.words}; limited to {limit}")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Watch the volume that comes down.",
)
def sync_mode_xpath_to_all(move: SyncChange, release: Release) -> bool:
    """Sync mode from By XPath to All Objects

    More data is downloaded and nothing is lost.
    """
    return move.modes == (CONSTRAINED, ALL)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    in_bundle=True,
    source="SYNC Customizable Synchronization; SYNC After Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync first.",
)
def sync_xpath_narrowed(move: SyncChange, release: Release) -> bool | str:
    """Sync constraint changed, and not provably wider

    Objects that stop matching leave the device at the next full synchronisation.
    """
    return _constrained_anew(move) and not is_wider(*move.constraints)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
)
def sync_xpath_widened(move: SyncChange, release: Release) -> bool | str:
    """Sync constraint made wider

    More objects come down.
    """
    return _constrained_anew(move) and is_wider(*move.constraints)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="SYNC Customizable Synchronization; RN11.10; RN11.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device upload first: by a synchronisation, and of mode Never by one of selected objects. "
    "Compatibility mode helps clients that have not updated.",
)
def sync_mode_to_nothing_clear(move: SyncChange, release: Release) -> bool:
    """Sync mode to Nothing (clear data)

    The next synchronisation clears the entity on the device.
    """
    return _moves(move, (*_DOWNLOADED, NEVER), (CLEAR,)) and not _automatic(move)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Customizable Synchronization; RN11.10; RN11.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Compatibility mode on 11.10.0; a synchronise-to-device activity for what must stay fresh.",
)
def sync_mode_to_nothing_preserve(move: SyncChange, release: Release) -> bool:
    """Sync mode to Nothing (preserve data)

    The data stays on the device but is no longer refreshed.
    """
    return _moves(move, (*_DOWNLOADED, CLEAR), (PRESERVE,))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    remedy=Remedy.LATER,
    source="SYNC Customizable Synchronization; SYNC Limitations; RN10.24 10.24.17; RN11.6 11.6.6; RN11.10",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep the old mode for one release, until every device has uploaded.",
)
def sync_mode_to_never(move: SyncChange, release: Release) -> bool | str:
    """Sync mode to Never

    Full and unsynchronised synchronisation skip the entity from now on, and a reset of the local database wipes it.
    """
    if not _moves(move, _UPLOADED, (NEVER,)):
        return False
    unrepaired = between(release.new.version, ("0.0.0", "10.24.16"), ("11.0.0", "11.6.5"), ("11.7.0", "11.9.99"))
    return not unrepaired or "below 10.24.17, 11.6.6 and 11.10.0 synchronising such objects selectively fails as well"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    remedy=Remedy.LATER,
    source="ONL; RN11.10; RN11.11; docs PR 10995",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep the old mode for one release, until every device has uploaded: by a synchronisation, and of "
    "mode Never by one of selected objects. Keep compatibility mode on until all of them are updated.",
)
def sync_mode_to_online(move: SyncChange, release: Release) -> bool:
    """Sync mode to Online

    The local copy is no longer used, and from 11.10 on the server refuses uploads for Online entities.
    """
    return _moves(move, (*_UPLOADED, NEVER), (ONLINE,))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="ONL; SYNC",
)
def sync_mode_online_to_offline(move: SyncChange, release: Release) -> bool:
    """Sync mode from Online to an offline one

    Devices get a new local table, filled by the first synchronisation.
    """
    return _moves(move, (ONLINE,), (*_UPLOADED, NEVER))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    remedy=Remedy.LATER,
    meanwhile="the client removes local objects that must not reach the server",
    source="SYNC Limitations",
    mitigation="Clean up local objects that must not reach the server in a release before.",
)
def sync_mode_never_to_all(move: SyncChange, release: Release) -> bool:
    """Sync mode from Never to one that uploads

    Objects that lived on the device only start to be uploaded: nothing is lost, but unwanted uploads and conflicts
    are possible.
    """
    return _moves(move, (NEVER,), (*_DOWNLOADED, PRESERVE))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
)
def sync_mode_nothing_to_all(move: SyncChange, release: Release) -> bool:
    """Sync mode from Nothing to one that downloads

    Objects start to come down; nothing is lost.
    """
    return _moves(move, _NOT_DOWNLOADED, _DOWNLOADED) and not _automatic(move)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device sync first.",
)
def sync_mode_nothing_preserve_to_clear(move: SyncChange, release: Release) -> bool:
    """Sync mode from Nothing (preserve data) to Nothing (clear data)

    What was kept on purpose is cleared at the next synchronisation.
    """
    return _moves(move, (PRESERVE,), (CLEAR,)) and not _automatic(move)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="REAL 1",
)
def sync_mode_computed_raised(move: SyncChange, release: Release) -> bool:
    """Automatic sync mode rises: more is done with the entity in reach of the profile

    Where it is now retrieved from the database, objects start to come down.
    """
    return _automatic(move) and (_moves(move, _NOT_DOWNLOADED, (ALL,)) or _moves(move, (PRESERVE,), (CLEAR,)))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    in_bundle=True,
    remedy=Remedy.LATER,
    meanwhile="an explicit row in the synchronisation settings keeps its mode",
    source="REAL 1; SYNC Customizable Synchronization",
    mitigation="Add an explicit row with mode All for one release.",
)
def sync_mode_computed_lowered(move: SyncChange, release: Release) -> bool:
    """Automatic sync mode falls to Nothing (clear data): nothing in reach retrieves the entity any more

    The next synchronisation clears it on the device, though no sync setting was touched.
    """
    return _automatic(move) and _moves(move, (ALL,), (CLEAR,))


# -- compatibility mode ---------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    clears_break_of="sync-mode-to-online",
    since="11.10.0",
    source="RN11.10; RN11.11; docs PR 10995",
    certainty=Certainty.DOCUMENTED,
    mitigation="Use it while devices migrate; in 11.10.0 it does not fully restore downloads, from 11.11.0 on it does.",
)
def sync_compat_on(move: SyncChange, release: Release) -> bool | str:
    """Compatibility mode of an entity switched on

    The runtime serves clients that have not updated as if the mode were All Objects.
    """
    return move.compatibility == (False, True)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    since="11.10.0",
    remedy=Remedy.LATER,
    source="RN11.11; docs PR 10995",
    certainty=Certainty.DOCUMENTED,
    mitigation="Switch it off only after every device is updated.",
)
def sync_compat_off(move: SyncChange, release: Release) -> bool | str:
    """Compatibility mode of an entity switched off while its mode blocks uploads

    Uploads of clients that have not updated are refused; the change is kept only as a synchronisation error.
    """
    return move.compatibility == (True, False) and _blocks(move, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    since="11.10.0",
    source="RN11.11",
    certainty=Certainty.DOCUMENTED,
)
def sync_compat_off_upload_modes(move: SyncChange, release: Release) -> bool | str:
    """Compatibility mode of an entity switched off, and its mode takes uploads all the same

    From 11.11.0 on only Online blocks uploads.
    """
    return move.compatibility == (True, False) and not _blocks(move, release)


# -- questions about a move -----------------------------------------------------------------------


def _moves(move: SyncChange, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    old, new = move.modes
    return old in before and new in after and old != new


def _automatic(move: SyncChange) -> bool:
    """Both modes are those that reachability alone gives."""
    return all(entry is not None and entry.mode == entry.computed for entry in (move.old, move.new))


def _constrained_anew(move: SyncChange) -> bool:
    old, new = move.constraints
    return move.modes == (CONSTRAINED, CONSTRAINED) and conditions(old) != conditions(new)


def _blocks(move: SyncChange, release: Release) -> bool:
    """The new mode makes the server refuse uploads of the entity."""
    mode, version = move.modes[1], release.new.version
    if mode in (CLEAR, PRESERVE, NEVER):
        return version is not None and version < _ONLINE_ALONE_BLOCKS
    return mode == ONLINE
