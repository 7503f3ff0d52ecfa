"""Domain model: where the objects of an entity live, what it specialises, and its system members."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, TYPE, Added, Changed, Removed
from mx_changeclass.model import system
from mx_changeclass.model.kinds import view
from mx_changeclass.model.kinds.domain import Association, Attribute, Entity, ViewSource
from mx_changeclass.rules.domain.domain_questions import (
    EntityState,
    Storage,
    attributes,
    between,
    entity_of,
    in_call,
    is_file,
    stored_in,
)
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires

# -- what an entity stores ------------------------------------------------------------------------

_STORAGE = ("generalization", "source", "isRemote", "remoteSource", "remoteSourceDocument")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on=_STORAGE,
    instead_of=("ent-deleted-sync", "ent-generalization-set", "ent-generalization-removed"),
    source="BP; SEC Using Non-Persistent Entities",
    mitigation="Stop using it in this release, and change it one release later, when every device has synchronised.",
)
def ent_persistable_to_npe(change: Changed[Entity] | Removed[Entity], release: Release) -> bool | str:
    """Synced entity made non-persistable

    It leaves the local database and the server; objects that were not uploaded have no place to go.
    """
    about = entity_of(change, release)
    return about.on_devices and _became(about, Storage.MEMORY) and "became non-persistable"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on=_STORAGE,
    instead_of=("ent-deleted-server", "ent-generalization-server"),
    remedy=Remedy.PREPARE_SERVER,
    source="DS",
    mitigation="Back up the data first.",
)
def ent_persistable_to_npe_server(change: Changed[Entity] | Removed[Entity], release: Release) -> bool | str:
    """Entity made non-persistable, not synchronised

    The server table goes with its rows.
    """
    about = entity_of(change, release)
    return not about.on_devices and _became(about, Storage.MEMORY) and "became non-persistable"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    on=(*_STORAGE, NAME, PARENT),
    instead_of=("ent-added-sync", "ent-added-server"),
    source="BP Microflow Arguments Type",
    mitigation="Check the microflows that clients call with it.",
)
def ent_npe_to_persistable(change: Changed[Entity] | Added[Entity], release: Release) -> bool | str:
    """Entity made persistable

    The server gains a table. Offline, microflow calls no longer take its objects as arguments, so old nanoflows may
    break.
    """
    about = entity_of(change, release)
    return about.now is Storage.TABLE and about.was not in (None, Storage.TABLE) and "became persistable"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on=_STORAGE,
    instead_of=("ent-deleted-sync", "ent-generalization-set", "ent-generalization-removed"),
    source="VIEW Introduction",
    mitigation="Stop using it in this release, and replace it one release later, when every device has synchronised.",
)
def ent_to_view(change: Changed[Entity] | Removed[Entity], release: Release) -> bool | str:
    """Synced entity replaced by a view or external entity

    Neither is stored: objects that were not uploaded have no place to go, and the server table is dropped.
    """
    about = entity_of(change, release)
    return about.on_devices and _replaced(about)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on=_STORAGE,
    instead_of=("ent-deleted-server", "ent-generalization-server"),
    remedy=Remedy.PREPARE_SERVER,
    source="VIEW Introduction",
    mitigation="Back up the data first.",
)
def ent_to_view_server(change: Changed[Entity] | Removed[Entity], release: Release) -> bool | str:
    """Entity replaced by a view or external entity, not synchronised

    The stored rows go.
    """
    about = entity_of(change, release)
    return not about.on_devices and _replaced(about)


def _became(about: EntityState, kind: Storage) -> bool:
    return about.was is Storage.TABLE and about.now is kind


def _replaced(about: EntityState) -> bool | str:
    if _became(about, Storage.VIEW):
        return "became a view entity"
    return _became(about, Storage.ELSEWHERE) and "became an external entity"


# What is told of an entity without a table, and of its members.
_ANYTHING = (*_STORAGE, NAME, PARENT, TYPE, "type", "owner", "parent", "child", "storageFormat", "deleteBehavior")


@rule(
    NEEDS_REDEPLOY,
    on=(*_ANYTHING, "value"),
    source="REAL 5; BP",
)
def ent_npe_server(
    change: Added[Entity | Attribute | Association]
    | Removed[Entity | Attribute | Association]
    | Changed[Entity | Attribute | Association],
    release: Release,
) -> bool:
    """Non-persistable entity or a member of it added, removed or changed

    Nothing of it is stored anywhere, and no microflow that clients call takes or gives what changed.
    """
    return stored_in(change, release) is Storage.MEMORY and not in_call(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=(*_ANYTHING, "oql"),
    source="VIEW",
)
def ent_view_oql(
    change: Added[Entity | Attribute | ViewSource]
    | Removed[Entity | Attribute | ViewSource]
    | Changed[Entity | Attribute | ViewSource],
    release: Release,
) -> bool:
    """View entity or its query added, removed or changed

    The server computes the result; a column that is gone breaks its readers.
    """
    return isinstance(view(change.row), ViewSource) or stored_in(change, release) is Storage.VIEW


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    on=_ANYTHING,
    source="VIEW; MSDK",
    mitigation="Deploy; old nanoflows that use it may fail.",
)
def ent_external(
    change: Added[Entity | Attribute] | Removed[Entity | Attribute] | Changed[Entity | Attribute], release: Release
) -> bool:
    """External entity or an attribute of it added, removed or changed

    Its data lives in another app, so nothing is lost here; what used it may fail.
    """
    return stored_in(change, release) is Storage.ELSEWHERE


# -- generalisation -------------------------------------------------------------------------------

_GENERALIZATION = "generalization"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_GENERALIZATION,
    remedy=Remedy.REPLACE,
    source="BP Inheritance; S6",
    mitigation="Use an association in place of inheritance.",
)
def ent_generalization_set(change: Changed[Entity], release: Release) -> bool | str:
    """Synced entity given a generalisation, or another one

    Table layout and type change under the rows that devices hold. Up to Studio Pro 10.20 no more than one entity of a
    hierarchy can be used offline at all.
    """
    about = entity_of(change, release)
    new = change.new.generalization
    return _other_parent(change) and bool(new) and about.on_devices and f"now specialises {new}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on=_GENERALIZATION,
    source="BP; S6",
    mitigation="Keep the generalisation until every device has synchronised.",
)
def ent_generalization_removed(change: Changed[Entity], release: Release) -> bool | str:
    """Synced entity lost its generalisation

    The inherited members vanish with their values.
    """
    about = entity_of(change, release)
    gone = _other_parent(change) and not change.new.generalization
    return gone and about.on_devices and f"no longer specialises {change.old.generalization}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.MAYBE,
    on=_GENERALIZATION,
    remedy=Remedy.PREPARE_SERVER,
    source="DS; RN9.24 9.24.23",
    mitigation="Back up first where a generalisation goes.",
)
def ent_generalization_server(change: Changed[Entity], release: Release) -> bool | str:
    """Generalisation of an entity changed, not synchronised

    The server migrates its tables. A generalisation that goes takes the inherited values with it; below 9.24.23 an
    imported module kept attribute ids that no longer describe what they stood for.
    """
    about = entity_of(change, release)
    if not _other_parent(change) or about.on_devices or about.was is not Storage.TABLE:
        return False
    new = change.new.generalization
    return f"now specialises {new}" if new else f"no longer specialises {change.old.generalization}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_GENERALIZATION,
    instead_of=("ent-generalization-set", "ent-generalization-removed"),
    remedy=Remedy.REPLACE,
    source="SYNC Upload Phase; SYNC Broken or Missing File Contents; RN10.24 10.24.10; RN11.4 11.4.0",
    mitigation="Add a new file entity in this release, and drop the old one in a later one.",
)
def ent_file_specialization(change: Changed[Entity] | Added[Entity], release: Release) -> bool | str:
    """Synced entity became a file or image entity, or ceased to be one

    File contents on devices are tied to the type. Below 10.24.10, and in 11.0 to 11.3, a new specialisation of a
    synced file entity also made the synchronisation fail.
    """
    about = entity_of(change, release)
    if isinstance(change, Added):
        parent = release.new.generalization(about.new)
        old_parent = _old_name(parent, release)
        old_versions = between(release.new.version, ("0.0.0", "10.24.9"), ("11.0.0", "11.3.99"))
        new_level = about.synced and is_file(release.new, about.new) and bool(old_parent)
        return new_level and old_versions and release.old.synced(old_parent) and f"added below the file entity {parent}"
    was, now = is_file(release.old, about.old), is_file(release.new, about.new)
    if not about.on_devices or was == now:
        return False
    return "became a file entity" if now else "is no file entity any more"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    on=_GENERALIZATION,
    since="-; 10.7.0",
    until="10.6.11; 10.12.1",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.6 10.6.12; RN10.12 10.12.2, 10.12.5; RN10.13; RN10.15",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade Studio Pro to 10.6.12, 10.12.5 or 10.15.0 first.",
)
def ent_generalization_decimal(change: Changed[Entity] | Added[Entity], release: Release) -> bool | str:
    """Existing entity with a decimal attribute made a generalisation

    The database synchronisation fails at the start in this version.
    """
    about = entity_of(change, release)
    parent = release.new.generalization(about.new)
    before = _old_name(parent, release)
    if about.now is not Storage.TABLE or not before or release.old.specialisations(before):
        return False
    decimal = any(
        row.props.get("type") == "DomainModels$DecimalAttributeType"
        for name in release.old.symbols.lineage(before)
        for row in attributes(release.old, name).values()
    )
    return decimal and f"now specialises {parent}, which has a decimal attribute"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    since="-; 11.0.0",
    until="10.24.7; 11.2.99",
    remedy=Remedy.PREPARE_SERVER,
    source="RN10.24 10.24.8; RN11.3 11.3.0; RN9.12 9.12.2",
    certainty=Certainty.DOCUMENTED,
    mitigation="On SQL Server move the users to another entity first, or upgrade to 10.24.22 or 11.6.7.",
)
def ent_user_specialization_removed(change: Removed[Entity], release: Release) -> bool:
    """Entity that specialises System.User removed

    On SQL Server, owner and changedBy references to such users break the database synchronisation (below 9.12.2: reads
    on any database), and these users lose their session.
    """
    about = entity_of(change, release)
    return about.was is Storage.TABLE and system.USER in release.old.symbols.lineage(about.old)


def _other_parent(change: Changed[Entity]) -> bool:
    """The entity specialises something else, or nothing any more, or something now."""
    return not change.fields.isdisjoint({_GENERALIZATION, "generalization.generalization"}) and (
        change.old.generalization != change.new.generalization
    )


def _old_name(name: str, release: Release) -> str:
    """What an entity of the new side was called, "" where it is new or stored in no project."""
    row = release.new.entity(name) if name else None
    return release.old.entity_by_id(release.partner.get(row.id, row.id)) if row else ""


# -- system members -------------------------------------------------------------------------------

_SYSTEM_MEMBERS = {
    "generalization.hasOwner": "owner",
    "generalization.hasChangedBy": "changedBy",
    "generalization.hasCreatedDate": "createdDate",
    "generalization.hasChangedDate": "changedDate",
}


@rule(
    NEEDS_REDEPLOY,
    on=tuple(_SYSTEM_MEMBERS),
    source="BP System Members",
    certainty=Certainty.DOCUMENTED,
)
def ent_system_members(change: Changed[Entity], release: Release) -> bool:
    """System members switched on

    The server gains columns for owner, changedBy, createdDate or changedDate; offline they are not supported.
    """
    return bool(_switched(change, release, on=True))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on=tuple(_SYSTEM_MEMBERS),
    aliases="ent-changeddate-off-file",
    remedy=Remedy.PREPARE_SERVER,
    source="BLOG; MXCLI 657; BP System Members; SYNC Download Phase",
    certainty=Certainty.DOCUMENTED,
    mitigation="Export the values first, or switch them back on.",
)
def ent_system_members_off(change: Changed[Entity], release: Release) -> bool:
    """System members switched off

    The server drops the columns with all their values, in every specialisation as well.
    """
    return bool(_switched(change, release, on=False))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    on=("generalization.hasOwner", "generalization.hasChangedBy"),
    until="10.18.1",
    remedy=Remedy.OTHER_VERSION,
    source="RN10.18 10.18.2; RN10.19",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade Studio Pro to 10.24.22 or newer first.",
)
def ent_second_system_assoc(change: Changed[Entity], release: Release) -> bool:
    """Owner switched on where changedBy is on already, or the reverse

    Below 10.18.2 the deployment fails.
    """
    on = _switched(change, release, on=True)
    was = {"owner": change.old.has_owner, "changedBy": change.old.has_changed_by}
    return any(was[other] for one, other in (("owner", "changedBy"), ("changedBy", "owner")) if one in on)


def _switched(change: Changed[Entity], release: Release, *, on: bool) -> list[str]:
    """The system members that a stored entity without a generalisation, before and after, gained or lost."""
    plain = change.old.generalization_type == change.new.generalization_type == "DomainModels$NoGeneralization"
    if not plain or not entity_of(change, release).keeps_table:
        return []
    flips = ((name, change.values(key)) for key, name in _SYSTEM_MEMBERS.items() if key in change.fields)
    return sorted(name for name, (old, new) in flips if bool(new) is on and bool(old) is not on)
