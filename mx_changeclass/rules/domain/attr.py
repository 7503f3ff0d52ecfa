"""Domain model: attributes that come, go, and are called otherwise."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, TYPE, Added, Changed, Removed
from mx_changeclass.model.kinds.domain import Association, Attribute, Entity
from mx_changeclass.model.types import STRING
from mx_changeclass.rules.devices import KnownMember, columnless, copied, entered, known, on_server_alone
from mx_changeclass.rules.domain.domain_questions import Storage, entity_of, guid_words, recreated, required
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires

BINARY, DATE = "DomainModels$BinaryAttributeType", "DomainModels$DateTimeAttributeType"
OWN_VALUES = frozenset({"DomainModels$StoredValue", "DomainModels$CalculatedValue"})

# -- attributes that come and go ------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="S3.1; BP",
    mitigation="Deploy the server first; beware of entities in mode Never in the same profile.",
)
def attr_added_sync(change: Added[Attribute], release: Release) -> bool:
    """Attribute added to a synced entity

    Old clients do not send it and the server fills in the default; the local table gains a column with the update.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and about.synced


@rule(
    NEEDS_REDEPLOY,
    source="BLOG",
    certainty=Certainty.DOCUMENTED,
)
def attr_added_server(change: Added[Attribute], release: Release) -> bool:
    """Attribute added to an entity that is not synchronised

    Only the server database gains a column.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and not about.synced


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    instead_of="attr-added-sync",
    remedy=Remedy.REPLACE,
    source="SYNC Model- or Data-Related Errors; BP",
    certainty=Certainty.DOCUMENTED,
    mitigation="Give it a default, or leave the rule out and add it one release later.",
)
def attr_added_required(change: Added[Attribute], release: Release) -> bool | str:
    """Required attribute without a default added to a synced entity

    Objects that old clients make lack the value, so they fail validation when they are uploaded and are skipped.
    """
    about = entity_of(change, release)
    asked = about.on_devices and required(release.new, about.new, change.new.name) and not change.new.default
    return asked and "added with a required rule and no default"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    source="BP Preventing Synchronization Issues; ATTR Name",
    certainty=Certainty.DOCUMENTED,
    mitigation="Hide it in this release and delete it one release later, when every device has synchronised.",
)
def attr_deleted_sync(change: Removed[Attribute], release: Release) -> bool:
    """Attribute of a synced entity deleted

    Values that were not synchronised are lost or make the upload fail, and the server column is dropped.
    """
    return entered(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on=PARENT,
    remedy=Remedy.PREPARE_SERVER,
    source="ATTR Name",
    certainty=Certainty.DOCUMENTED,
    mitigation="Back up the data first.",
)
def attr_deleted_server(change: Removed[Attribute] | Changed[Attribute], release: Release) -> bool | str:
    """Attribute deleted or moved to another entity, of which devices hold nothing of their own

    The server column goes with its values.
    """
    about = entity_of(change, release)
    if not on_server_alone(change, release) or columnless(change.old_row):
        return False
    return f"moved to {about.new}" if isinstance(change, Changed) else True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    instead_of="attr-deleted-sync",
    source="BP",
    mitigation="Delete it one release later, when every device has synchronised; a file entity can take over its "
    "content.",
)
def attr_binary(change: Removed[Attribute], release: Release) -> bool:
    """Binary attribute of a synced entity deleted

    The content that it holds on devices and on the server is lost.
    """
    return entered(change, release) and change.old.value_type == BINARY


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on=PARENT,
    remedy=Remedy.REPLACE,
    source="S6.1; BP",
    mitigation="Add a new attribute to the other entity in this release, and remove this one in a later one.",
)
def attr_moved_entity(change: Changed[Attribute], release: Release) -> bool | str:
    """Attribute of a synced entity moved to another entity

    For devices and for the database it is deleted in one place and added in another.
    """
    about = entity_of(change, release)
    return entered(change, release) and f"moved to {about.new}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    instead_of=("attr-deleted-sync", "attr-binary", "attr-added-sync", "attr-added-server", "attr-added-required"),
    source="ATTR Name; ATM Data Type Change Behavior; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: give it the storage GUID of the old attribute, or migrate the values by hand.",
)
def attr_recreated_same_name(change: Removed[Attribute] | Added[Attribute], release: Release) -> bool | str:
    """Attribute of a synced entity deleted and made again under the same name

    It looks unchanged, but its storage GUID is another: the server column is emptied, and the next download empties
    the devices.
    """
    return copied(change, release) and _made_again(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    instead_of=("attr-deleted-server", "attr-added-sync", "attr-added-server", "attr-added-required"),
    remedy=Remedy.STOP,
    source="ATTR Name; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Give it the storage GUID of the old attribute, or migrate the values by hand.",
)
def attr_recreated_same_name_server(change: Removed[Attribute] | Added[Attribute], release: Release) -> bool | str:
    """Attribute deleted and made again under the same name, not synchronised

    Its storage GUID is another, so the server column is dropped and made anew.
    """
    return not copied(change, release) and _made_again(change, release)


def _made_again(change: Removed[Attribute] | Added[Attribute], release: Release) -> bool | str:
    kept = entity_of(change, release).keeps_table and not columnless(change.row)
    return kept and recreated(change, release) and "deleted and made again with another storage GUID"


@rule(
    NEEDS_REDEPLOY,
    until="11.6.99",
    source="RN11.7 11.7.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Set the values of existing objects after the deploy, or upgrade to 11.8.0 first.",
)
def attr_added_default_old(change: Added[Attribute], release: Release) -> bool:
    """Unlimited string or date with a default added to an entity that may have objects

    In this version existing objects get a wrong value in the place of the default.
    """
    new, about = change.new, entity_of(change, release)
    stored = about.was is Storage.TABLE and about.now is Storage.TABLE and bool(new.default)
    return stored and (new.value_type == DATE or (new.value_type == STRING and not new.length))


# -- what no device has to upload -----------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    on=(NAME, PARENT, "type"),
    source="ATTR Value; BP Autonumbers and Calculated Attributes",
    certainty=Certainty.DOCUMENTED,
)
def attr_calculated(change: Removed[Attribute] | Changed[Attribute], release: Release) -> bool:
    """Calculated attribute deleted, renamed, moved or of another type

    The server computes it whenever it is asked for: no column holds it, and no client writes it.
    """
    return entity_of(change, release).was is Storage.TABLE and columnless(change.old_row)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=(NAME, PARENT, TYPE, "type", "owner", "parent", "child"),
    remedy=Remedy.REPLACE,
    source="BP Preventing Synchronization Issues; OFF Backwards-Compatibility; ONL",
    mitigation="Add a new member beside it, and take the old one away when every device is updated.",
)
def member_read_by_name(
    change: Removed[Attribute | Association] | Changed[Attribute | Association], release: Release
) -> bool:
    """Member that clients ask for by name, and keep nothing of their own in, removed, renamed or retyped

    Their users may only read it, or its entity is Online: nothing that was entered waits on a device, but installed
    clients show it, or save it online, under its old name and type.
    """
    told = isinstance(change, Removed) or change.fields - {"type.length", "type.localizeDate"}
    return bool(told) and known(change, release) in (KnownMember.NAME, KnownMember.COPY)


# -- names and storage identity -------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="BP Preventing Synchronization Issues; S6",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new attribute, copy the values on the server, and drop the old one in a later release.",
)
def attr_renamed_sync(change: Changed[Attribute], release: Release) -> bool:
    """Attribute of a synced entity renamed

    Values that devices hold under the old name are no longer accepted.
    """
    return entered(change, release)


@rule(
    NEEDS_REDEPLOY,
    on=NAME,
    source="ATM Manual Conversion; MXCLI 1119",
    certainty=Certainty.DOCUMENTED,
)
def attr_renamed_server(change: Changed[Attribute], release: Release) -> bool:
    """Attribute renamed of which devices hold nothing of their own

    The column is tied to the storage GUID, so its values stay.
    """
    return on_server_alone(change, release) and not columnless(change.old_row)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    source="MXCLI 1119; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: restore the storage GUID of the old version.",
)
def attr_guid_only(change: Changed[Attribute], release: Release) -> bool | str:
    """Storage GUID of an attribute of a synced entity changed

    The runtime finds columns by it: the column is dropped and made anew, and the next download empties the devices.
    """
    stored = entity_of(change, release).keeps_table and not columnless(change.old_row)
    return stored and copied(change, release) and guid_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    remedy=Remedy.STOP,
    source="MXCLI 1119; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Restore the storage GUID of the old version.",
)
def attr_guid_only_server(change: Changed[Attribute], release: Release) -> bool | str:
    """Storage GUID of an attribute changed, not synchronised

    The server column is dropped and made anew.
    """
    stored = entity_of(change, release).keeps_table and not columnless(change.old_row)
    return stored and not copied(change, release) and guid_words(change)


# -- the rest -------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    on=("capabilities", "value"),
    source="MSDK",
)
def attr_capabilities(change: Changed[Attribute | Entity], release: Release) -> bool:
    """What an external or view entity says of its members changed

    Whether a member can be filtered, sorted or counted, and under which name its source knows it, matters to the
    server alone.
    """
    values = {str(row.props.get("value", "")) for row in (change.old_row, change.new_row)} - {""}
    return change.touches("capabilities") or not values <= OWN_VALUES


@rule(
    NONE,
    noise="documentation",
    source="MSDK",
)
def attr_doc(change: Changed[Attribute], release: Release) -> bool:
    """Documentation of an attribute changed

    No effect at run time.
    """
    return True
