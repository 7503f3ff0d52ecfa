"""Nanoflows and the data on a device: commits, deletions, synchronising, retrieves."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.model.kinds.flows import Activity, Nanoflow
from mx_changeclass.model.snapshot import Element
from mx_changeclass.rules.client.flow_questions import cleared_unsaved, left_uncommitted, meanings, uncommits
from mx_changeclass.rules.client.page_questions import newly_synced
from mx_changeclass.rules.edits import NanoflowEdit, NanoflowGain, NanoflowLoss
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="SYNC Dangling References; OFF",
    mitigation="Commit both ends of a new association.",
)
def nano_commit_added(change: Added[In[Nanoflow]], release: Release) -> str:
    """Nanoflow creates, changes or commits data that devices hold

    It works on the local database. An object committed without one that it refers to leaves a dangling reference.
    """
    return meanings(change, release).get("commit-added", "")


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="SYNC Upload Phase; BP",
    mitigation="Prefer an attribute that marks an object as deleted.",
)
def nano_delete_entity_loop(change: Added[In[Nanoflow]], release: Release) -> str:
    """Nanoflow deletes data that devices hold

    Deletions are uploaded and applied on the server.
    """
    return meanings(change, release).get("delete", "")


@rule(OTA_SAFE, in_bundle=True, source="SYNC Synchronization", mitigation="See that the object is committed elsewhere.")
def nano_commit_removed(change: NanoflowLoss, release: Release) -> str:
    """Nanoflow no longer commits an object

    What is not committed is not uploaded.
    """
    return meanings(change, release).get("commit-removed", "")


@rule(
    OTA_SAFE,
    hazard=Hazard.UPLOAD_REFUSED,
    in_bundle=True,
    since="9.6.9",
    instead_of="nano-commit-removed",
    whole=True,
    remedy=Remedy.REPLACE,
    source="RN9.6 9.6.9; SYNC Dangling References; AUTO",
    certainty=Certainty.DOCUMENTED,
    mitigation="Commit both objects.",
)
def nano_commit_removed_dangling(change: Removed[Activity] | Changed[Activity], release: Release) -> str:
    """Nanoflow commits an object, but no longer the new one that it refers to

    The server skips the object with the dangling reference and keeps only an error of it; from 9.18 an
    auto-committed object is deleted as well.
    """
    return left_uncommitted(change, release) if release.reached_offline(change) and uncommits(change) else ""


@rule(
    OTA_SAFE,
    hazard=Hazard.UPLOAD_REFUSED,
    in_bundle=True,
    since="9.6.9",
    remedy=Remedy.REPLACE,
    source="RN9.6 9.6.9; SYNC Dangling References; AUTO",
    certainty=Certainty.DOCUMENTED,
    mitigation="Commit both objects.",
)
def nano_commit_dangling(change: NanoflowGain, release: Release) -> str:
    """Nanoflow commits an object that now refers to a new one, and never commits that

    The server skips the object with the dangling reference and keeps only an error of it; from 9.18 an
    auto-committed object is deleted as well.
    """
    return left_uncommitted(change, release) if release.reached_offline(change) and not uncommits(change) else ""


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="SYN Synchronization Modes",
    certainty=Certainty.DOCUMENTED,
    mitigation="Make sure that users still have a way to upload everything.",
)
def nano_sync_mode(change: NanoflowGain, release: Release) -> str:
    """Synchronise activity added, or another mode of it

    The client decides what it uploads. Specific uploads no deletions and ignores the sync configuration.
    """
    return meanings(change, release).get("sync-mode", "")


@rule(OTA_SAFE, in_bundle=True, source="BP", mitigation="Make sure that users still have a way to upload.")
def nano_sync_removed(change: Removed[In[Nanoflow]], release: Release) -> str:
    """Synchronise activity removed

    Changes go up by other ways, where there are any.
    """
    return meanings(change, release).get("sync-removed", "")


@rule(
    OTA_SAFE,
    hazard=Hazard.VALUE_LOSS,
    in_bundle=True,
    since="11.15.0",
    on=("action", "action.*[wW]ait*", "action.*[bB]ackground*"),  # how the key is stored is not documented
    remedy=Remedy.REPLACE,
    source="SYN Background Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Use Unsynchronized or Specific, or wait for it.",
)
def nano_sync_background(change: NanoflowGain, release: Release) -> str:
    """Everything is synchronised without waiting

    A full synchronisation rewrites the local database: what is written meanwhile is lost.
    """
    return meanings(change, release).get("background", "")


@rule(
    OTA_SAFE,
    hazard=Hazard.LOCAL_WIPE,
    in_bundle=True,
    since="10.0.0",  # the metamodel has the activity that early
    remedy=Remedy.REPLACE,
    source="CLEAR Limitations; RN11.14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Synchronise everything right before it in the same nanoflow, and end the nanoflow where that fails.",
)
def nano_clear_from_device(change: NanoflowEdit, release: Release) -> str:
    """Nanoflow clears objects from the device that it has not uploaded

    It deletes local objects; those that were not uploaded are gone.
    """
    cleared = cleared_unsaved(change, release) if release.reached_offline(change) else ""
    return cleared and f"clears {cleared}"


@rule(OTA_SAFE, in_bundle=True, since="10.0.0", source="CLEAR Introduction", certainty=Certainty.DOCUMENTED)
def nano_clear_after_sync(change: Added[In[Nanoflow]], release: Release) -> str:
    """Nanoflow clears objects from the device of which nothing waits for an upload

    A synchronisation goes before it on every way, and ends the nanoflow where it fails; or users may only read them.
    """
    return meanings(change, release).get("clear", "") if not cleared_unsaved(change, release) else ""


@rule(OTA_SAFE, in_bundle=True, source="MSDK")
def nano_cancel_sync(change: Added[In[Nanoflow]], release: Release) -> str:
    """Nanoflow cancels a synchronisation

    The changes stay on the device.
    """
    return meanings(change, release).get("cancel-sync", "")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    whole=True,
    source="SYNC Introduction",
)
def nano_retrieve_new_entity(change: NanoflowGain, release: Release) -> str:
    """Nanoflow uses an entity that devices did not hold

    It widens the sync set, so it cannot go out before the server.
    """
    entities = newly_synced(change, release)
    return f"uses {several(entities)}" if entities else ""


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="ONL",
)
def nano_retrieve_online(change: NanoflowGain, release: Release) -> str:
    """Retrieve of an Online entity changed

    The query runs on the server, which must know it before a client sends it.
    """
    return meanings(change, release).get("retrieve-online", "")


@rule(
    OTA_SAFE,
    hazard=Hazard.VALUE_LOSS,
    in_bundle=True,
    remedy=Remedy.STOP,
    source="S3.1",
    mitigation="Put the constraint back, or see that the whole list is meant to go.",
)
def nano_delete_unfiltered(change: Changed[In[Nanoflow]], release: Release) -> str:
    """Nanoflow deletes a list whose constraint is gone

    It deletes every object of the entity on the device now, and the server follows with the next synchronisation.
    """
    old, new = (str(value or "").strip() for value in change.values(_CONSTRAINT))
    entity = str(change.new_row.props.get("action.retrieveSource.entity", ""))
    if not old or new or not release.reached_offline(change) or not release.new.persistable(entity):
        return ""
    held = change.new_row.props.get("action.outputVariableName")
    gone = held and held in release.memo(release.document(change), _deleted)
    return f"every {entity} is deleted now" if gone else ""


def _deleted(document: Element, release: Release) -> frozenset[str]:
    """The variables whose objects a flow deletes."""
    inside = release.changes.new_tree.whole(document)
    return frozenset(str(row.props.get("action.deleteVariableName", "")) for row in inside)


_CONSTRAINT = "action.retrieveSource.xPathConstraint"
