"""Enumerations. What is stored, on devices and on the server, is the name of a value."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, ORDER, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds import view
from mx_changeclass.model.kinds.domain import Enumeration, EnumerationValue
from mx_changeclass.rules.devices import KnownMember, known_on
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Hazard, Maybe, Remedy, Requires

# -- what users see -------------------------------------------------------------------------------


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="caption",
    source="S3.1; ENUM Enumeration Value Properties",
    certainty=Certainty.DOCUMENTED,
)
def enum_caption(change: Changed[EnumerationValue], release: Release) -> bool:
    """Caption of a value changed

    A text of the client bundle; what is stored stays the same.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="image",
    source="S3.1; ENUM Enumeration Value Properties",
    certainty=Certainty.DOCUMENTED,
)
def enum_image(change: Changed[EnumerationValue], release: Release) -> bool:
    """Image of a value changed

    A static asset of the client bundle.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=ORDER,
    source="ENUM",
)
def enum_value_reordered(change: Changed[EnumerationValue], release: Release) -> bool:
    """Order of values changed

    They are listed in another order.
    """
    return True


# -- values that come and go ----------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="ENUM; OFF",
    mitigation="Deploy the server first, and let pages cope with a value they do not know.",
)
def enum_value_added(change: Added[EnumerationValue], release: Release) -> bool:
    """Value added that clients use

    The server must accept it before new clients send it; old clients may receive a value they have no caption for.
    """
    return release.reached_offline(change)


@rule(
    NEEDS_REDEPLOY,
    on=("caption", "image", ORDER, NAME, PARENT),
    source="ENUM",
    certainty=Certainty.DOCUMENTED,
)
def enum_value_added_server(
    change: Added[Enumeration | EnumerationValue]
    | Removed[Enumeration | EnumerationValue]
    | Changed[Enumeration | EnumerationValue],
    release: Release,
) -> bool:
    """Enumeration or value changed that no device uses, or removed or renamed that nothing stores

    What is stored, on devices and on the server, stays as it is.
    """
    if isinstance(change, Added):
        return isinstance(change.new, Enumeration) or not release.reached_offline(change)
    if isinstance(change, Removed) or (NAME in change.fields and isinstance(change.new, EnumerationValue)):
        return not _stored(change, release)
    return not release.reached(change) and (
        change.fields != {PARENT} or release.old_name(change) != release.new_name(change)
    )


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on=NAME,
    instead_of="enum-value-added-server",
    source="ENUM; REAL 11",
    mitigation="Deploy, and look at the pages and nanoflows that use it.",
)
def enum_value_gone_client(change: Removed[EnumerationValue] | Changed[EnumerationValue], release: Release) -> bool:
    """Value removed or renamed that clients use and none enters

    Pages and nanoflows in the bundle name the values.
    """
    return release.reached_offline(change) and not _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    in_bundle=True,
    meanwhile="the client no longer offers the value",
    source="ENUM; BP; SYNC Model- or Data-Related Errors",
    mitigation="Stop offering the value in this release, and remove it in a later one.",
)
def enum_value_removed_sync(change: Removed[EnumerationValue], release: Release) -> bool:
    """Value removed that users of devices may have entered

    Objects with it that were not synchronised are refused when they are uploaded.
    """
    return _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.MAYBE,
    remedy=Remedy.PREPARE_SERVER,
    source="ENUM",
    mitigation="Migrate the rows that hold it first.",
)
def enum_value_removed_server(change: Removed[Enumeration | EnumerationValue], release: Release) -> bool:
    """Enumeration or value removed that no user of a device enters

    Rows on the server that hold it keep a name that nobody knows.
    """
    return _stored(change, release) and not _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    in_bundle=True,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="ENUM Enumeration Value Properties",
    certainty=Certainty.DOCUMENTED,
    mitigation="Change the caption only; or add a value, migrate the rows, and drop the old one in a later release.",
)
def enum_value_renamed_sync(change: Changed[EnumerationValue], release: Release) -> bool:
    """Name of a value changed that users of devices may have entered

    The name is what is stored, on devices and on the server: rows with the old one become invalid.
    """
    return _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on=NAME,
    remedy=Remedy.PREPARE_SERVER,
    source="ENUM Enumeration Value Properties",
    certainty=Certainty.DOCUMENTED,
    mitigation="Migrate the rows with the old name, or change the caption only.",
)
def enum_value_renamed_server(change: Changed[EnumerationValue], release: Release) -> bool:
    """Name of a value changed that no user of a device enters

    The name is what is stored: rows on the server with the old one become invalid.
    """
    return _stored(change, release) and not _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    mitigation="Only add values; remove them when every device is updated.",
)
def enum_parameter(change: Removed[EnumerationValue] | Changed[EnumerationValue], release: Release) -> bool:
    """Value gone that old clients may send to a microflow, or receive from one

    To old clients it is a change in what the microflow takes or gives.
    """
    return _enumeration(change, release) in _signatures(release.old)


# -- the enumeration as a whole -------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on=(NAME, PARENT),
    source="ENUM",
    mitigation="Deploy; check JavaScript that names it.",
)
def enum_renamed(change: Changed[Enumeration], release: Release) -> bool | str:
    """Enumeration renamed or moved to another module

    Rows hold the names of values, and old clients carry the old definition with them.
    """
    old = release.old_name(change)
    return old != release.new_name(change) and f"renamed from {old}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    in_bundle=True,
    source="BP",
    mitigation="Keep it, and the attributes that use it, until every device has synchronised.",
)
def enum_deleted(change: Removed[Enumeration], release: Release) -> bool:
    """Enumeration deleted whose values users of devices may have entered

    An attribute that used it is gone with it or has another type, so values that were entered and not synchronised
    fit nothing any more.
    """
    return _held(change, release)


@rule(
    NEEDS_REDEPLOY,
    on=("remoteSource", "remoteValue"),
    source="MSDK",
)
def enum_remote(change: Changed[Enumeration | EnumerationValue], release: Release) -> bool:
    """Source of an external enumeration changed

    The values come from another app.
    """
    return True


def _enumeration(change: Change, release: Release) -> str:
    """The enumeration of a change under its old name, or the only one it has."""
    name = release.old_name(change) or release.new_name(change)
    return name.rpartition(".")[0] if isinstance(view(change.row), EnumerationValue) else name


def _taken_over(change: Change, release: Release) -> bool:
    """Another value, added in this release, bears the old name now: what is stored under it stays valid."""
    if not isinstance(change, Changed) or NAME not in change.fields:
        return False
    return (change.new_row.parent, change.old_row.name) in release.memo(release, _new_values)


def _new_values(_: Release, release: Release) -> frozenset[tuple[str | None, str]]:
    """The values of enumerations that came, each with the enumeration."""
    came = (c.new_row for c in release.changes if isinstance(c, Added))
    return frozenset((row.parent, row.name) for row in came if isinstance(view(row), EnumerationValue))


def _held(change: Change, release: Release) -> bool:
    """Devices may hold a value of the enumeration that no upload has taken."""
    return not _taken_over(change, release) and _enumeration(change, release) in release.old.memo(_entered)


def _entered(side: App) -> frozenset[str]:
    """The enumerations of which devices may hold values that no upload has taken."""
    lines = {above for entity in side.sync if side.synced(entity) for above in side.symbols.lineage(entity)}
    return frozenset(
        str(a.props.get("type.enumeration"))
        for entity in lines
        for a in side.symbols.enumerated(entity)
        if known_on(side, f"{entity}.{a.name}", a) is KnownMember.ENTRIES
    )


def _stored(change: Change, release: Release) -> bool:
    """An attribute of an entity with a table has a value of the enumeration."""
    return not _taken_over(change, release) and _enumeration(change, release) in release.old.memo(_in_tables)


def _in_tables(side: App) -> frozenset[str]:
    """The enumerations of the attributes of entities with a table."""
    names = side.symbols
    persistable = (entity for entity in names.entities if names.persistable(entity))
    return frozenset(str(a.props.get("type.enumeration")) for e in persistable for a in names.enumerated(e))


def _signatures(side: App) -> frozenset[str]:
    """The enumerations in the parameters and results of the microflows that clients call."""
    found = {
        str(row.props.get(key, ""))
        for name in side.called
        for row in side.snapshot.rows(side.symbols.documents[name].id)
        for key in ("variableType.enumeration", "microflowReturnType.enumeration")
    }
    found |= {str(a.props.get("type.enumeration")) for e in side.signature_entities for a in side.symbols.enumerated(e)}
    return frozenset(found)
