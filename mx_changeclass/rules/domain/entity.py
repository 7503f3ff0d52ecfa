"""Domain model: entities."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, TYPE, Added, Changed, Removed
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.domain import Association, Attribute, Entity, Index
from mx_changeclass.model.types import ENTITY, MODULE
from mx_changeclass.rules.devices import columnless, stored_names
from mx_changeclass.rules.domain.domain_questions import (
    EntityState,
    Storage,
    entity_of,
    guid_words,
    in_call,
    recreated,
    stored_in,
)
from mx_changeclass.rules.domain.merging import merged_into, split_from
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- entities that come and go --------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    source="DS Database Table Names",
    certainty=Certainty.DOCUMENTED,
)
def ent_added_server(change: Added[Entity], release: Release) -> bool:
    """Entity added, not synchronised

    Only the server database gains a table.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and not about.synced


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="S3.1 Non-destructive model changes; SYNC Introduction",
    mitigation="Deploy the server before new clients synchronise; a normal deploy does that.",
)
def ent_added_sync(change: Added[Entity], release: Release) -> bool:
    """Synced entity added

    The server must have it before a new client synchronises; old clients do not ask for it.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and about.synced


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    source="BP Preventing Synchronization Issues; BLOG",
    certainty=Certainty.DOCUMENTED,
    mitigation="Stop using it in this release, and delete it one release later, when every device has synchronised.",
)
def ent_deleted_sync(change: Removed[Entity], release: Release) -> bool:
    """Synced entity deleted

    Objects on devices that were not synchronised cannot be uploaded any more, and the server table is dropped.
    """
    about = entity_of(change, release)
    return about.was is Storage.TABLE and about.on_devices


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    remedy=Remedy.PREPARE_SERVER,
    source="DS Consequence of Sharing a Database; BLOG",
    certainty=Certainty.DOCUMENTED,
    mitigation="Back up the data first.",
)
def ent_deleted_server(change: Removed[Entity], release: Release) -> bool:
    """Entity deleted, not synchronised

    The server table goes with its rows; no device holds any of it.
    """
    about = entity_of(change, release)
    return about.was is Storage.TABLE and not about.on_devices


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    instead_of=("ent-deleted-sync", "ent-added-sync", "ent-added-server"),
    source="DS Consequence of Sharing a Database; BP; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: bring the old entity back, or give the new one its storage GUID.",
)
def ent_recreated_same_name(change: Removed[Entity] | Added[Entity], release: Release) -> bool | str:
    """Synced entity deleted and made again under the same name

    It looks the same, but its storage GUID is another: the server drops the table and creates an empty one, and
    objects on devices refer to ids that no longer exist.
    """
    about = entity_of(change, release)
    return about.on_devices and _made_again(change, about, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    instead_of=("ent-deleted-server", "ent-added-sync", "ent-added-server"),
    remedy=Remedy.STOP,
    source="DS Consequence of Sharing a Database; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Bring the old entity back, give the new one its storage GUID, or migrate the rows by hand.",
)
def ent_recreated_same_name_server(change: Removed[Entity] | Added[Entity], release: Release) -> bool | str:
    """Entity deleted and made again under the same name, not synchronised

    Its storage GUID is another, so the server drops the table with its rows; no device holds them.
    """
    about = entity_of(change, release)
    return not about.on_devices and _made_again(change, about, release)


def _made_again(change: Removed[Entity] | Added[Entity], about: EntityState, release: Release) -> bool | str:
    return about.keeps_table and recreated(change, release) and "deleted and made again with another storage GUID"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    instead_of="ent-deleted-sync",
    source="S6.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep both entities, migrate on the server, and remove the old one in a later release.",
)
def ent_merged(change: Removed[Entity], release: Release) -> bool | str:
    """Synced entity merged into another one

    Field data of the entity that is gone cannot be synchronised: devices hold it under a name the server no longer
    knows.
    """
    into = merged_into(change, release)
    return bool(into) and f"deleted, its attributes are now on {into}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    instead_of=("ent-added-sync", "ent-added-server"),
    source="S6.1; BP",
    mitigation="Add the new entity in this release, and remove the old attributes in a later one.",
)
def ent_split(change: Added[Entity], release: Release) -> bool | str:
    """Synced entity split in two

    Members move to an entity that old clients do not know, so what they hold there cannot be uploaded.
    """
    origin = split_from(change, release)
    return bool(origin) and f"added, with attributes taken from {origin}"


# -- names ----------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="S6; OFF Backwards-Compatibility; BP Preventing Synchronization Issues",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep the old entity and add the new one; drop the old one when every device has synchronised.",
)
def ent_renamed_sync(change: Changed[Entity], release: Release) -> bool:
    """Synced entity renamed

    The server keeps its table, but devices hold rows under the old name, and their uploads meet a name that is gone.
    """
    return entity_of(change, release).on_devices


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    instead_of="ent-renamed-sync",
    remedy=Remedy.STOP,
    source="BP",
    mitigation="Keep the old spelling; change captions only.",
)
def ent_name_case(change: Changed[Entity], release: Release) -> bool:
    """Synced entity renamed by letter case only

    Devices and server compare names as text, so another spelling counts as another name until shown otherwise.
    """
    return entity_of(change, release).on_devices and change.old.name.lower() == change.new.name.lower()


@rule(
    NEEDS_REDEPLOY,
    on=NAME,
    source="DS Database Table Names",
    certainty=Certainty.DOCUMENTED,
    mitigation="Deploy; check REST and OData contracts.",
)
def ent_renamed_server(change: Changed[Entity], release: Release) -> bool:
    """Entity renamed, not synchronised

    The table is tied to the storage GUID, so the data stays; no client knows the name.
    """
    about = entity_of(change, release)
    return _in_table(about) and not about.on_devices and not release.reached(change)


@rule(
    NEEDS_REDEPLOY,
    on=NAME,
    source="OFF Backwards-Compatibility",
    certainty=Certainty.DOCUMENTED,
)
def ent_renamed_web(change: Changed[Entity], release: Release) -> bool:
    """Entity renamed that only online web pages use

    Web clients take the new model when they are refreshed.
    """
    about = entity_of(change, release)
    return _in_table(about) and not about.on_devices and release.web_only(change)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=(NAME, PARENT, TYPE, "generalization", "type", "owner", "parent", "child", "storageFormat", "deleteBehavior"),
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    mitigation="Add a new entity and a new microflow beside the old ones.",
)
def ent_renamed_npe_called(
    change: Changed[Entity | Association] | Removed[Entity | Association], release: Release
) -> bool:
    """Entity or association renamed, removed or otherwise inherited that old clients name, but do not store

    Old clients send and expect it under its old name and with its old members, in calls of microflows or online; no
    stored data is at risk.
    """
    if stored_in(change, release) is Storage.MEMORY:
        return in_call(change, release)
    about = entity_of(change, release)
    named = isinstance(change, Removed) or not change.fields.isdisjoint({NAME, PARENT})
    online = release.old.mode(about.old) == ONLINE or release.reached_offline(change)
    return change.row.type == ENTITY and named and _in_table(about) and not about.on_devices and online


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=PARENT,
    remedy=Remedy.REPLACE,
    source="BP; OFF",
    mitigation="Leave it where it is and add a new one; drop the old one when every device has synchronised.",
)
def ent_moved_module_sync(change: Changed[Entity], release: Release) -> bool | str:
    """Synced entity moved to another module

    Devices know an entity, and the associations that it owns, by their names with the module, so a move acts like a
    rename.
    """
    about = entity_of(change, release)
    if about.on_devices:
        return f"moved to {about.new}"
    along = _kept_associations(about.old, release)
    return bool(along) and f"moved to {about.new}, and {several(along)} with it"


@rule(
    NEEDS_REDEPLOY,
    on=PARENT,
    source="DS",
)
def ent_moved_module_server(change: Changed[Entity], release: Release) -> bool | str:
    """Entity moved to another module, not synchronised

    The table is tied to the storage GUID and stays.
    """
    about = entity_of(change, release)
    alone = not about.on_devices and not _kept_associations(about.old, release)
    return about.was is Storage.TABLE and alone and f"moved to {about.new}"


def _kept_associations(entity: str, release: Release) -> list[str]:
    """The associations that an entity owns, and that go where it goes, of which devices keep references."""
    module = entity.partition(".")[0]
    return [n for n in stored_names(release.old, module) if release.old.symbols.ends(n)[:1] == (entity,)]


def _in_table(about: EntityState) -> bool:
    return about.was is Storage.TABLE


# -- storage identity -----------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    source="DS Consequence of Sharing a Database; SUP; REAL 5, 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: restore the storage GUID of the old version.",
)
def ent_guid_only(change: Changed[Entity], release: Release) -> bool | str:
    """Storage GUID of a synced entity changed

    The server drops the table and makes an empty one, as if the entity were deleted and made again, and devices take
    the emptied state with their next download.
    """
    about = entity_of(change, release)
    return about.keeps_table and about.on_devices and guid_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on="dataStorageGuid",
    remedy=Remedy.STOP,
    source="DS Consequence of Sharing a Database; SUP; REAL 7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Restore the storage GUID of the old version.",
)
def ent_guid_only_server(change: Changed[Entity], release: Release) -> bool | str:
    """Storage GUID of an entity changed, not synchronised

    The server drops the table and makes an empty one.
    """
    about = entity_of(change, release)
    return about.keeps_table and not about.on_devices and guid_words(change)


@rule(
    NONE,
    on="dataStorageGuid",
    source="REAL 5",
    certainty=Certainty.DOCUMENTED,
)
def ent_guid_npe(change: Changed[Entity | Attribute | Association], release: Release) -> bool:
    """Storage GUID changed where no table hangs on it

    It happens when a module is imported again, and harms nothing: the entity has no table on one side at least, or the
    attribute is calculated.
    """
    return not entity_of(change, release).keeps_table or columnless(change.old_row)


@rule(
    NONE,
    on="dataStorageGuid",
    source="REAL 6; MXCLI 1119",
    certainty=Certainty.DOCUMENTED,
)
def guid_equals_id(change: Release | Changed[Entity | Attribute | Association | Index], release: Release) -> bool | str:
    """New storage GUIDs equal to the ids of their elements

    Usual in models written by tools. Nothing was stored under other ones, so nothing is lost.
    """
    if isinstance(change, Changed):
        old, new = change.values("dataStorageGuid")
        return not old and new == change.new_row.id
    rows = (c.new_row for c in release.all(Added) if isinstance(c, Added))
    told = [release.changes.new_tree.qualified(r) for r in rows if r.props.get("dataStorageGuid") == r.id]
    return bool(told) and f"those of {several(sorted(told))}"


# -- without effect -------------------------------------------------------------------------------


@rule(
    NONE,
    noise=("documentation", "geometry", "editor-image"),
    source="MSDK",
)
def ent_documentation(change: Changed[Entity], release: Release) -> bool:
    """Documentation, place on the canvas or image of an entity changed

    No effect at run time.
    """
    return True


@rule(
    NONE,
    on="exportLevel",
    source="ASSOC Export Level",
    certainty=Certainty.DOCUMENTED,
)
def ent_export_level(change: Changed[Kind], release: Release) -> bool:
    """Export level changed

    It says what modellers of other modules see, and means nothing at run time.
    """
    return change.row.type not in (MODULE, "Projects$ModuleSettings")
