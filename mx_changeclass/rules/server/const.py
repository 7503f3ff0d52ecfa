"""Constants. An exposed one reaches clients with its value when a user signs in."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, Added, Changed, Removed
from mx_changeclass.model.kinds.app import Constant, ConstantValue
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Maybe, Remedy, Requires


@rule(
    NEEDS_REDEPLOY,
    on=("defaultValue", "type"),
    remedy=Remedy.PREPARE_SERVER,
    source="CONST Default Value",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check the value of each environment.",
)
def const_value_server(change: Changed[Constant], release: Release) -> bool:
    """Value or type of a constant changed that is not exposed to clients

    The server reads it; environments override the default.
    """
    return not _exposed(change)


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="defaultValue",
    aliases="const-feature-flag",
    source="CONST Exposed to Client; docs PR 11839",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have users sign in again, or pair it with a release that changes the offline domain model.",
)
def const_value_exposed(change: Changed[Constant], release: Release) -> bool:
    """Value of an exposed constant changed that devices read

    Devices keep the old value until their user signs in or out, or a release changes the offline domain model: a
    feature that it switches goes on or off late.
    """
    return _exposed(change) and release.reached_offline(change)


@rule(
    NEEDS_REDEPLOY,
    on=("defaultValue", "type"),
    source="CONST Exposed to Client",
    certainty=Certainty.DOCUMENTED,
)
def const_value_exposed_web(change: Changed[Constant], release: Release) -> bool:
    """Value or type of an exposed constant changed that no device reads

    Web clients read it when they are refreshed.
    """
    return _exposed(change) and not release.reached_offline(change)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on="exposedToClient",
    source="CONST Exposed to Client",
    certainty=Certainty.DOCUMENTED,
    mitigation="Deploy the server first; make sure that the value is no secret.",
)
def const_exposed_on(change: Changed[Constant], release: Release) -> bool | str:
    """Constant exposed to clients, or hidden from them where no device read it

    The server must send it before new nanoflows read it, and everybody can see the value.
    """
    if change.new.exposed:
        return "exposed to clients"
    return not release.old.reached_offline(release.old_name(change)) and "no longer exposed to clients"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on="exposedToClient",
    meanwhile="the client no longer reads it",
    source="CONST; OFF Backwards-Compatibility",
    mitigation="Remove the uses first, and hide it when every device is updated.",
)
def const_exposed_off(change: Changed[Constant], release: Release) -> bool | str:
    """Constant hidden from clients that old clients read

    Devices that still read it stop getting a value.
    """
    read = release.old.reached_offline(release.old_name(change))
    return read and not change.new.exposed and "no longer exposed to clients"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    remedy=Remedy.PREPARE_SERVER,
    source="CONST",
    mitigation="Set the value of each environment before the start.",
)
def const_added(change: Added[Constant], release: Release) -> bool:
    """Constant added

    Environments need a value for it before the app starts.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on=(NAME, PARENT),
    remedy=Remedy.REPLACE,
    source="OFF Backwards-Compatibility",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep both constants for one release.",
)
def const_renamed_exposed(change: Changed[Constant], release: Release) -> bool:
    """Exposed constant renamed or moved to another module that old clients read

    Old clients ask for the old name.
    """
    return _renamed(change, release) and _old_clients_read(change, release)


@rule(
    NEEDS_REDEPLOY,
    on=(NAME, PARENT),
    remedy=Remedy.PREPARE_SERVER,
    source="CONST Introduction",
    certainty=Certainty.DOCUMENTED,
    mitigation="Give each environment the value under the new name.",
)
def const_renamed_server(change: Changed[Constant], release: Release) -> bool:
    """Constant renamed or moved to another module that no device reads

    The configuration of environments uses the full name.
    """
    return _renamed(change, release) and not _old_clients_read(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    meanwhile="the client no longer reads it",
    source="OFF Backwards-Compatibility",
    certainty=Certainty.DOCUMENTED,
    mitigation="Remove the uses first, and the constant when every device is updated.",
)
def const_removed_exposed(change: Removed[Constant], release: Release) -> bool:
    """Exposed constant removed that old clients read

    Old clients still ask for it.
    """
    return _old_clients_read(change, release)


@rule(
    NEEDS_REDEPLOY,
    source="CONST Exposed to Client",
    certainty=Certainty.DOCUMENTED,
)
def const_removed_server(change: Removed[Constant], release: Release) -> bool:
    """Constant removed that no device reads

    Only the server, or pages that it serves, read it.
    """
    return not _old_clients_read(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="type",
    remedy=Remedy.REPLACE,
    source="CONST; OFF",
    mitigation="Add a new constant.",
)
def const_type(change: Changed[Constant], release: Release) -> bool:
    """Type of an exposed constant changed that devices read

    Old expressions treat the value as one of the old type.
    """
    return _exposed(change) and release.reached_offline(change)


@rule(
    NONE,
    on=("constant", "value", "sharedOrPrivateValue"),
    source="CONST; MSDK",
    certainty=Certainty.DOCUMENTED,
)
def const_config_value(
    change: Added[ConstantValue] | Removed[ConstantValue] | Changed[ConstantValue], release: Release
) -> bool | str:
    """Value of a constant changed in a run configuration

    Only local runs use it.
    """
    return f"value of {change.row.props.get('constant') or 'a constant'}"


def _exposed(change: Changed[Constant]) -> bool:
    return bool(change.old.exposed or change.new.exposed)


def _renamed(change: Changed[Constant], release: Release) -> bool:
    """A move to another folder of the module keeps the name."""
    return release.old_name(change) != release.new_name(change)


def _old_clients_read(change: Changed[Constant] | Removed[Constant], release: Release) -> bool:
    return bool(change.old.exposed) and release.old.reached_offline(release.old_name(change))
