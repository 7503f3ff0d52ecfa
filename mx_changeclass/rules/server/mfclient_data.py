"""Microflows that clients call and the data on devices: what they send, and the objects of their calls."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, Added, Change, Changed, Removed
from mx_changeclass.graphs.flow_variables import flow_variables
from mx_changeclass.graphs.sync_set import NEVER, PRESERVE
from mx_changeclass.model.kinds.domain import Association, Attribute
from mx_changeclass.model.kinds.flows import Microflow
from mx_changeclass.model.snapshot import Element
from mx_changeclass.rules.client.flow_questions import action, logic
from mx_changeclass.rules.devices import may_change
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.reference_changes import new_rows, old_rows
from mx_changeclass.rules.server.microflow_questions import PUSH, SHOWS, called
from mx_changeclass.rules.sync.uploads import entities_of
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- what the microflow does to devices -----------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    source="BP UI Actions",
    certainty=Certainty.DOCUMENTED,
    mitigation="Show it in the nanoflow that calls the microflow.",
)
def mf_ui_action(change: Added[In[Microflow]], release: Release) -> str:
    """Microflow that clients call shows a page, a message or feedback

    Offline clients ignore it.
    """
    return logic(change, release) if action(change.row) in SHOWS and called(change, release) else ""


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.SERVER_FIRST,
    remedy=Remedy.REPLACE,
    source="STD Remarks",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upload the same objects before the call.",
)
def mf_sync_to_device(change: Added[In[Microflow]], release: Release) -> str:
    """Microflow sends objects to the device that calls it

    They overwrite the local copies of the same objects, changes that are committed there included.
    """
    sent = [row for row in new_rows(change, release) if action(row) == PUSH]
    risky = any(_may_overwrite(row, release) for row in sent)
    return "synchronize to device added" if risky and _for_device(change, release) else ""


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="STD Remarks",
    certainty=Certainty.DOCUMENTED,
)
def mf_sync_to_device_unchanged(change: Added[In[Microflow]], release: Release) -> str:
    """Microflow sends objects to the device that calls it, and no device can have changed them

    There is nothing that they could overwrite: devices hold none yet, or may only read them.
    """
    sent = [row for row in new_rows(change, release) if action(row) == PUSH]
    harmless = bool(sent) and not any(_may_overwrite(row, release) for row in sent)
    return "synchronize to device added" if harmless and _for_device(change, release) else ""


def _may_overwrite(row: Element, release: Release) -> bool:
    """Whether the objects that a new step sends may be on devices with changes of their users."""
    tree = release.changes.new_tree
    held = entities_of(release.new, tree.snapshot.rows(tree.unit_of[row.id]))
    entity = held.get(str(row.props.get("action.dataVariableName", "")), "")
    old = release.old_names.get(entity, entity)
    return not entity or (release.old.synced(old) and may_change(release.old, old))


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    requires=Requires.SERVER_FIRST,
    instead_of=("mf-contents", "mfs-called-by-client-called"),
    source="STD; SYNC",
    mitigation="See what else fills the entity on the device.",
)
def mf_sync_to_device_removed(change: Removed[In[Microflow]], release: Release) -> str:
    """Microflow no longer sends objects to the device, and no synchronisation does

    Nothing fills the entity on the device any more.
    """
    sent = [row for row in old_rows(change, release) if action(row) == PUSH]
    unfilled = [e for e in (_sent(row, release) for row in sent) if release.old.mode(e) in (NEVER, PRESERVE)]
    return several(unfilled) if unfilled and _for_device(change, release) else ""


def _for_device(change: Change, release: Release) -> bool:
    """A client's call makes the microflow run."""
    return any(side.calls(name) or side.runs_for_client(name) for side, name in release.subjects(change))


def _sent(row: Element, release: Release) -> str:
    """The entity of the objects that a step sends to the device."""
    tree = release.changes.old_tree
    held = flow_variables(tree.snapshot.rows(tree.unit_of[row.id]))
    return held.get(str(row.props.get("action.dataVariableName", "")), "")


# -- the objects of a call ------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=(NAME, "type"),
    remedy=Remedy.REPLACE,
    source="BP; OFF",
    mitigation="Only add members; remove this one when every device is updated.",
)
def mf_npe_member_removed(change: Removed[Attribute] | Changed[Attribute], release: Release) -> bool:
    """Member of an object that clients send or receive removed, renamed or retyped

    Installed devices send or read it in their calls.
    """
    told = isinstance(change, Removed) or change.touches(NAME) or change.touches("type")
    return told and any(
        side is release.old and name in side.signature_entities for side, name in release.entity_names(change)
    )


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="BP",
)
def mf_npe_member_added(change: Added[Attribute], release: Release) -> bool:
    """Member added to an object that clients send or receive

    Installed devices ignore it.
    """
    return any(name in release.new.signature_entities for _, name in release.entity_names(change))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    remedy=Remedy.REPLACE,
    source="BP Microflow Arguments Type",
    certainty=Certainty.DOCUMENTED,
    mitigation="Copy the values into the object instead.",
)
def mf_npe_association(change: Added[Association], release: Release) -> bool:
    """Object that clients send or receive refers to a persistable entity

    Offline clients do not support it, not even through other objects.
    """
    name = release.new_name(change)
    ends = release.new.symbols.ends(name)
    sent = any(e in release.new.signature_entities for e in ends)
    return sent and any(release.new.persistable(e) for e in ends)
