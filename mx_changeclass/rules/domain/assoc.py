"""Domain model: associations. Devices and server keep the reference with the owner, the entity it starts from."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, TYPE, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.domain import Association
from mx_changeclass.rules.devices import copied, entered, may_delete, on_server_alone
from mx_changeclass.rules.domain.domain_questions import (
    Storage,
    between,
    ends,
    entity_of,
    guid_words,
    recreated,
    same_entity,
    stored_in,
)
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires

REFERENCE, SET, BOTH = "Reference", "ReferenceSet", "Both"
CASCADE = "DeleteMeAndReferences"

# -- associations that come and go ----------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    source="S6; RN10.24 10.24.10; RN11.5",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device synchronise before this release; below 10.24.10, and from 11.0 to 11.4, upgrade to "
    "10.24.22 or 11.6.7 as well.",
)
def assoc_added_sync(change: Added[Association], release: Release) -> bool:
    """Association added between two synced entities

    New relations between offline entities are a change to avoid; before 10.24.10, and in 11.0 to 11.4, the upgrade of
    the local database failed on them.
    """
    return _grows(change, release) and _other_end_synced(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="SYNC Limitations",
    mitigation="Deploy the server first; entities in mode Never may not have such an association.",
)
def assoc_added_to_server(change: Added[Association], release: Release) -> bool:
    """Association added from a synced entity, to one outside the sync set or of an entity new to devices

    It may pull the other entity into the sync set.
    """
    about = entity_of(change, release)
    return (
        about.now is Storage.TABLE
        and about.synced
        and not (_grows(change, release) and _other_end_synced(change, release))
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.MAYBE,
    instead_of="assoc-added-to-server",
    since="-; 11.0.0",
    until="10.24.9; 11.4.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.24 10.24.10; RN11.5",
    mitigation="Upgrade Studio Pro to 10.24.22 or 11.6.7 first.",
)
def assoc_added_to_server_old(change: Added[Association], release: Release) -> bool:
    """Association added from a synced entity to one outside the sync set, in a version that fails on it

    The new column and its index sit on the owner, so the upgrade of the local database is taken to fail as it does
    between two synced entities.
    """
    risky = between(release.new.version, ("0.0.0", "10.24.9"), ("11.0.0", "11.4.99"))
    return risky and _grows(change, release) and not _other_end_synced(change, release)


@rule(
    NEEDS_REDEPLOY,
    source="ASTO",
    certainty=Certainty.DOCUMENTED,
)
def assoc_added_server(change: Added[Association], release: Release) -> bool:
    """Association added, owner not synchronised

    Only the server database gains a column or table.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and not about.synced


def _grows(change: Added[Association], release: Release) -> bool:
    """The new reference goes into a table that devices have already."""
    about = entity_of(change, release)
    return about.now is Storage.TABLE and about.on_devices and about.synced


def _other_end_synced(change: Added[Association], release: Release) -> bool:
    return release.new.synced(ends(release.new, change.new_row)[1])


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    source="BP; S6",
    mitigation="Stop using it in this release, and delete it one release later, when every device has synchronised.",
)
def assoc_deleted_sync(change: Removed[Association], release: Release) -> bool:
    """Association of a synced entity deleted

    References that were not synchronised are lost, and the server drops its own.
    """
    return entered(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    remedy=Remedy.PREPARE_SERVER,
    source="BLOG",
    certainty=Certainty.DOCUMENTED,
    mitigation="Back up the data first.",
)
def assoc_deleted_server(change: Removed[Association], release: Release) -> bool:
    """Association deleted, owner not synchronised

    The server drops the references.
    """
    return on_server_alone(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    instead_of=(
        "assoc-deleted-sync", "assoc-added-sync", "assoc-added-to-server", "assoc-added-to-server-old",
        "assoc-added-server",
    ),
    source="BLOG; MXCLI 1169; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: give it the storage GUID of the old association.",
)  # fmt: skip
def assoc_recreated_same_name(change: Removed[Association] | Added[Association], release: Release) -> bool | str:
    """Association of a synced entity deleted and made again under the same name

    It looks unchanged, but its storage GUID is another: all references are gone, on the server and with the next
    download on devices.
    """
    return copied(change, release) and _made_again(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    instead_of=("assoc-deleted-server", "assoc-added-to-server", "assoc-added-server"),
    remedy=Remedy.STOP,
    source="BLOG; MXCLI 1169; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Give it the storage GUID of the old association, or migrate the references by hand.",
)
def assoc_recreated_same_name_server(change: Removed[Association] | Added[Association], release: Release) -> bool | str:
    """Association deleted and made again under the same name, owner not synchronised

    Its storage GUID is another, so all references are gone on the server.
    """
    return not copied(change, release) and _made_again(change, release)


def _made_again(change: Removed[Association] | Added[Association], release: Release) -> bool | str:
    kept = entity_of(change, release).keeps_table
    return kept and recreated(change, release) and "deleted and made again with another storage GUID"


# -- names and storage identity -------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=(NAME, PARENT),
    remedy=Remedy.REPLACE,
    source="BP; S6",
    mitigation="Add a new association, copy the references on the server, and drop the old one in a later release.",
)
def assoc_renamed_sync(change: Changed[Association], release: Release) -> bool | str:
    """Association of a synced entity renamed or moved to another module

    Devices keep and upload references under the name.
    """
    return entered(change, release) and _renamed_words(change, release)


@rule(
    NEEDS_REDEPLOY,
    on=(NAME, PARENT),
    source="BLOG; MXCLI 1169",
    certainty=Certainty.DOCUMENTED,
)
def assoc_renamed_server(change: Changed[Association], release: Release) -> bool | str:
    """Association renamed or moved to another module, owner not synchronised

    The references are tied to the storage GUID and stay.
    """
    return on_server_alone(change, release) and _renamed_words(change, release)


def _renamed_words(change: Changed[Association], release: Release) -> str:
    old = release.old_name(change)
    return f"renamed from {old}" if old != release.new_name(change) else ""


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    source="BLOG; MXCLI 1169; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: restore the storage GUID of the old version.",
)
def assoc_guid_only(change: Changed[Association], release: Release) -> bool | str:
    """Storage GUID of an association of a synced entity changed

    All of its references are lost on the server, and with the next download on devices.
    """
    return entity_of(change, release).keeps_table and copied(change, release) and guid_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    remedy=Remedy.STOP,
    source="BLOG; MXCLI 1169; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Restore the storage GUID of the old version.",
)
def assoc_guid_only_server(change: Changed[Association], release: Release) -> bool | str:
    """Storage GUID of an association changed, owner not synchronised

    All of its references are lost on the server.
    """
    return entity_of(change, release).keeps_table and not copied(change, release) and guid_words(change)


# -- multiplicity and ends ------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on="type",
    remedy=Remedy.REPLACE,
    source="BP Many-to-Many Associations; BP Association Ownership Types",
    mitigation="Put an entity in between in this release, and drop the association in a later one.",
)
def assoc_type_ref_to_set(change: Changed[Association], release: Release) -> bool:
    """Association of a synced entity made many-to-many

    What was one reference becomes a list: devices hold it in the old form, and the server takes the new one. Offline a
    many-to-many association works with the default owner only.
    """
    return entered(change, release) and change.new.association_type == SET


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on="type",
    remedy=Remedy.REPLACE,
    source="ATM Association Type Changes",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new association in this release, copy the references that are to stay on the server, and drop "
    "the old one in a later one.",
)
def assoc_type_set_to_ref(change: Changed[Association], release: Release) -> bool | str:
    """Many-to-many association of a synced entity narrowed

    Only one reference of each object can be kept, and the runtime does not start on duplicates.
    """
    return entered(change, release) and change.new.association_type == REFERENCE and "reference set became a reference"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on="owner",
    remedy=Remedy.REPLACE,
    source="ASSOC Navigability; ATM",
    mitigation="Add a new association in this release, and drop the old one in a later one.",
)
def assoc_owner(change: Changed[Association], release: Release) -> bool:
    """Owner of an association of a synced entity changed

    The side that stores the reference changes: one-to-many becomes one-to-one, or the reverse.
    """
    return entered(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    server_data_loss=Maybe.MAYBE,
    on=("type", "owner"),
    remedy=Remedy.PREPARE_SERVER,
    source="ATM Association Type Changes; VAL Association Uniqueness",
    certainty=Certainty.DOCUMENTED,
    mitigation="Clean up the data in a release before.",
)
def assoc_narrowed_server(change: Changed[Association], release: Release) -> bool | str:
    """Association narrowed, and the server may hold references that it no longer allows

    Duplicate references stop the start of the runtime with a constraint error.
    """
    return entity_of(change, release).keeps_table and _narrowed(change) and _kinds(change)


@rule(
    NEEDS_REDEPLOY,
    server_data_loss=Maybe.MAYBE,
    on=("type", "owner", "parent", "child", TYPE, PARENT),
    remedy=Remedy.PREPARE_SERVER,
    source="ATM Association Type Changes; ASSOC",
    mitigation="Back up first where an end changes.",
)
def assoc_changed_server(change: Changed[Association], release: Release) -> bool | str:
    """Association widened, turned or given another end, owner not synchronised

    Widening keeps the references; a turned direction or another end does not.
    """
    kinds = "" if _narrowed(change) else _kinds(change)
    return on_server_alone(change, release) and (_ends_words(change, release) or kinds or _crossing(change))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on=("parent", "child", TYPE, PARENT),
    instead_of=("assoc-retarget", "assoc-cross-module"),
    remedy=Remedy.REPLACE,
    source="S6; ASSOC",
    mitigation="Add a new association in this release, and drop the old one in a later one.",
)
def assoc_parent_child_swap(change: Changed[Association], release: Release) -> bool | str:
    """Direction of an association of a synced entity turned

    The other entity owns the reference now, so what devices hold stands on the wrong side.
    """
    return entered(change, release) and _turned(change, release) and _ends_words(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=("parent", "child", TYPE, PARENT),
    instead_of="assoc-cross-module",
    remedy=Remedy.REPLACE,
    source="S6",
    mitigation="Add a new association in this release, and drop the old one in a later one.",
)
def assoc_retarget(change: Changed[Association], release: Release) -> bool | str:
    """Association of a synced entity given another end

    References that devices hold point to objects of the wrong entity.
    """
    return entered(change, release) and _other_ends(change, release) and _ends_words(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=("parent", "child", TYPE, PARENT),
    remedy=Remedy.REPLACE,
    source="S6",
    mitigation="Add a new association in this release, and drop the old one in a later one.",
)
def assoc_cross_module(change: Changed[Association], release: Release) -> bool | str:
    """Association of a synced entity came to lead to another module, or ceased to

    One end moved to another module, so old clients know it under a name that is gone.
    """
    return entered(change, release) and _crossing(change)


def _crossing(change: Changed[Association]) -> str:
    if TYPE not in change.fields:
        return ""
    return "crosses modules now" if change.new_row.type.endswith("CrossAssociation") else "no longer crosses modules"


def _narrowed(change: Changed[Association]) -> bool:
    """Fewer references are allowed than before: a set became a single one, or only one object may have it."""
    old, new = ((r.association_type == REFERENCE, r.owner == BOTH) for r in (change.old, change.new))
    return new[0] and ((not old[0]) or (new[1] and not old[1]))


def _kinds(change: Changed[Association]) -> str:
    old, new = (_kind(r) for r in (change.old, change.new))
    return f"{old} became {new}" if old != new else ""


def _kind(association: Association) -> str:
    if association.association_type == SET:
        return "many-to-many" + (" with both owners" if association.owner == BOTH else "")
    return "one-to-one" if association.owner == BOTH else "one-to-many"


def _other_ends(change: Changed[Association], release: Release) -> bool:
    old, new = ends(release.old, change.old_row), ends(release.new, change.new_row)
    return not all(same_entity(o, n, release) for o, n in zip(old, new, strict=True))


def _turned(change: Changed[Association], release: Release) -> bool:
    (owner_, other), new = ends(release.old, change.old_row), ends(release.new, change.new_row)
    return owner_ != other and all(same_entity(o, n, release) for o, n in zip((other, owner_), new, strict=True))


def _ends_words(change: Changed[Association], release: Release) -> str:
    if not _other_ends(change, release):
        return ""
    old, new = ends(release.old, change.old_row), ends(release.new, change.new_row)
    told = [
        f"{o or 'nothing'} became {n or 'nothing'}" if o != n else f"{n} was deleted and made again"
        for o, n in zip(old, new, strict=True)
        if not same_entity(o, n, release)
    ]
    return "; ".join(told)


# -- storage and deletion -------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    on="storageFormat",
    remedy=Remedy.PREPARE_SERVER,
    source="ASTO Association Tables vs. Direct Associations",
    certainty=Certainty.DOCUMENTED,
    mitigation="Plan time for the migration of the database.",
)
def assoc_storage_format(change: Changed[Association], release: Release) -> bool:
    """Storage of an association changed between table and column

    The server stores it otherwise; XPath and clients see no difference.
    """
    return stored_in(change, release) is Storage.TABLE


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on="deleteBehavior",
    source="ASSOC Delete Behavior; SYNC Upload Phase",
)
def assoc_delete_behavior(change: Changed[Association], release: Release) -> bool:
    """Delete behaviour of an association changed

    The server applies it when a deletion is uploaded. A stricter rule can refuse a deletion made offline; then the
    object comes back, and nothing entered is lost.
    """
    return stored_in(change, release) is Storage.TABLE


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    server_data_loss=Maybe.MAYBE,
    on="deleteBehavior",
    instead_of="assoc-delete-behavior",
    remedy=Remedy.ASK,
    source="ASSOC Delete Behavior; AUTO Delete behavior issues",
    mitigation="Check which objects go along, and leave it off where they hold work of others.",
)
def assoc_delete_cascade_sync(change: Changed[Association], release: Release) -> bool | str:
    """Deleting an object on a device deletes associated objects that devices hold now

    A deletion that is uploaded removes related objects as well, on the server and from devices.
    """
    return _cascade_words(change, release, held=True)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.MAYBE,
    on="deleteBehavior",
    instead_of="assoc-delete-behavior",
    remedy=Remedy.PREPARE_SERVER,
    source="ASSOC Delete Behavior",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check which objects go along.",
)
def assoc_delete_cascade_server(change: Changed[Association], release: Release) -> bool | str:
    """Deleting an object deletes associated objects on the server now

    No device holds them, or none may delete what they hang on: what goes with a deletion are rows of the server.
    """
    return not _cascade_words(change, release, held=True) and _cascade_words(change, release, held=False)


def _cascade_words(change: Changed[Association], release: Release, *, held: bool) -> str:
    """What deletes the other side now: of an association that is kept on devices, or of any that is stored."""
    if stored_in(change, release) is not Storage.TABLE:
        return ""
    one, other = ends(release.old, change.old_row)
    keys = ("deleteBehavior.parentDeleteBehavior", "deleteBehavior.childDeleteBehavior")
    on = [
        deleted
        for key, deleted, goes in zip(keys, (one, other), (other, one), strict=True)
        if key in change.fields and change.values(key)[1] == CASCADE
        if not held or (release.old.synced(goes) and may_delete(release.old, deleted))
    ]
    return f"deleting {' or '.join(on)} deletes the other side" if on else ""


@rule(
    NEEDS_REDEPLOY,
    on=(NAME, PARENT, TYPE, "type", "owner", "parent", "child", "storageFormat", "deleteBehavior", "source",
        "capabilities", "remoteSourceDocument"),
    source="ASSOC One-Way Navigable",
)  # fmt: skip
def assoc_navigability(
    change: Added[Association] | Removed[Association] | Changed[Association], release: Release
) -> bool:
    """Association of a view or external entity added, removed or changed

    The server follows it in its queries; no reference is stored here.
    """
    return stored_in(change, release) in (Storage.VIEW, Storage.ELSEWHERE) or _from_source(change)


def _from_source(change: Change) -> bool:
    keys = ("source", "capabilities", "remoteSourceDocument")
    return isinstance(change, Changed) and any(map(change.touches, keys))


# -- without effect -------------------------------------------------------------------------------


@rule(
    NONE,
    noise=("documentation", "geometry"),
    source="MSDK",
)
def assoc_doc(change: Changed[Association], release: Release) -> bool:
    """Documentation or line of an association changed

    No effect at run time.
    """
    return True
