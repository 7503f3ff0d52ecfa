"""What devices keep: the offline sync set, and how each entity in it is synchronised.

Most rules hear a ``SyncChange``: the place of one entity in the sync sets of both sides, whatever edit moved
it, an explicit row of the profile or a page.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App, Synced
from mx_changeclass.graphs.sync_set import ALL, CLEAR, CONSTRAINED, NEVER, ONLINE, SYNC_KEYS
from mx_changeclass.model.kinds.domain import Association, Attribute, Entity
from mx_changeclass.model.kinds.navigation import OfflineEntityConfig
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.types import ASSOCIATION
from mx_changeclass.model.xpath import conditions
from mx_changeclass.rules.engine.release import Release, SyncChange
from mx_changeclass.rules.engine.rule import Hit, rule
from mx_changeclass.rules.questions import locked_out, never_synchronised, profiles_of
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import mode_in_words, several

# -- who is in the set ----------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Introduction",
    mitigation="Deploy; expect a synchronisation at the first start.",
)
def sync_entity_joined_set(move: SyncChange, release: Release) -> bool:
    """Entity joins the offline sync set

    The server must know how it is synchronised before a client asks for it; old clients ignore it.
    """
    return move.joins and not _by_parent(move, release) and (bool(move.rows) or not _by_row_alone(move.new))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    since="-; 11.0.0; 11.7.0",
    until="10.24.21; 11.6.6; 11.11.99",
    remedy=Remedy.REPLACE,
    source="RN10.24 10.24.22; RN11.6 11.6.7; RN11.12 11.12.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Grant those users a module role of the module, or move to 10.24.22, 11.6.7 or 11.12.0.",
)
def sync_entity_joined_no_access(move: SyncChange, release: Release) -> bool | str:
    """Entity joins the offline sync set, and some users of the app have no module role of its module

    The app crashes at start for these users; their rows stay on the device, and a deploy with the role repairs it.
    """
    roles = locked_out(move, release) if move.joins else ()
    return f"user role {', '.join(roles)} has no module role of {_module(move.entity)}" if roles else False


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    remedy=Remedy.NONE,
    source="REAL 2",
    certainty=Certainty.DOCUMENTED,
    mitigation="See what is said of the generalisation.",
)
def sync_specialization_joins(move: SyncChange, release: Release) -> bool | str:
    """Specialisation joins or leaves the offline sync set with its generalisation

    The generalisation is what is synchronised; it is told on its own.
    """
    return _by_parent(move, release) and f"{move.words}; with {_parent(move, release)}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    remedy=Remedy.LATER,
    meanwhile="an explicit row in the synchronisation settings keeps it in the set",
    source="S6; SYNC Limitations; REAL 3",
    mitigation="Keep it for one more release: give it a mode of its own in the settings of offline synchronisation of "
    "the profile, until every device has synchronised; of mode Never only selected objects are ever sent.",
)
def sync_entity_left_set(move: SyncChange, release: Release) -> bool | str:
    """Entity leaves the offline sync set

    Its rows are dropped from devices with the new schema, and what was not uploaded is gone or refused.
    """
    return _left(move) if move.leaves and _holds_rows(move.old) else False


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="REAL 3",
    certainty=Certainty.DOCUMENTED,
)
def sync_entity_left_set_referenced(move: SyncChange, release: Release) -> bool | str:
    """Entity that was only referred to leaves the offline sync set

    Devices hold no rows of it that wait for an upload.
    """
    return _left(move) if move.leaves and not _holds_rows(move.old) and not _by_parent(move, release) else False


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Introduction",
    mitigation="Check that the other entity is wanted on devices.",
)
def sync_set_reference_change(move: SyncChange, release: Release) -> bool | str:
    """Association to another entity comes into use offline

    It may pull the other entity into the offline sync set.
    """
    if move.joins:
        through = move.new.why[-2:-1] if move.new else ()
        used = {name for name in through if release.new.symbols.ends(name)}
        return f"reached through the association {used.pop()}" if used else False
    old, new = (_associations(c, release.new) for c in move.constraints)
    return f"the constraint now uses {', '.join(sorted(new - old))}" if new - old else False


# -- explicit rows --------------------------------------------------------------------------------


@rule(
    NONE,
    on=SYNC_KEYS,
    source="REAL 1; SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
)
def sync_config_added_default(
    change: Added[OfflineEntityConfig] | Changed[OfflineEntityConfig], release: Release
) -> bool:
    """Explicit sync row that says what holds anyway

    The entity is synchronised as before; Studio Pro 11 writes the automatic choice out as a row.
    """
    if isinstance(change, Changed):
        entities = {str(change.old.entity), str(change.new.entity)}
        return entities.isdisjoint(release.memo(release, _mattering))
    entry = _entry(change, release.new, release)
    return entry is None or (entry.mode == entry.computed and not _by_row_alone(entry))


def _mattering(_: Release, release: Release) -> frozenset[str]:
    """The entities whose place in the sync set moved, by both names."""
    return frozenset(name for m in release.sync_changes if m.matters for name in (m.entity, m.old_entity))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="REAL 1; SYNC Customizable Synchronization",
    mitigation="See what is said of the entity itself.",
)
def sync_config_added_other(change: Added[OfflineEntityConfig], release: Release) -> bool | str:
    """Explicit sync row added with another mode than the automatic one

    The effective mode changes; what that costs is told of the entity.
    """
    entry = _entry(change, release.new, release)
    if entry is None or _by_row_alone(entry) or entry.mode == entry.computed:
        return False
    return f"sync mode {mode_in_words(entry.mode)}, the automatic one would be {mode_in_words(entry.computed)}"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check that code on the client uses it.",
)
def sync_config_entity_for_code(change: Added[OfflineEntityConfig], release: Release) -> bool | str:
    """Explicit sync row added for an entity that no page or nanoflow in reach uses

    It widens the offline sync set for code that uses the entity.
    """
    entry = _entry(change, release.new, release)
    return entry is not None and _by_row_alone(entry) and "by its row alone"


@rule(
    NONE,
    instead_of="sync-config-row-removed",
    source="REAL 1; SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
)
def sync_config_removed_default(change: Removed[OfflineEntityConfig], release: Release) -> bool:
    """Explicit sync row removed that said what holds anyway

    The automatic mode is the same, so the entity is synchronised as before.
    """
    entry, now = _entry(change, release.old, release), _entry(change, release.new, release)
    return entry is not None and now is not None and entry.mode == entry.computed == now.mode


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="SYNC Customizable Synchronization; REAL 1",
    mitigation="See what is said of the entity itself.",
)
def sync_config_row_removed(change: Removed[OfflineEntityConfig], release: Release) -> bool:
    """Explicit sync row removed

    The automatic mode takes over; where that changes what devices hold, it is told of the entity.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on=("downloadMode", "shouldDownload"),
    source="MSDK",
    mitigation="See what is said of the entity itself.",
)
def sync_download_mode_legacy(change: Changed[OfflineEntityConfig], release: Release) -> bool:
    """Download mode of an entity changed (before Studio Pro 9.24)

    It is the old form of the sync mode; what the change costs is told of the entity.
    """
    return True


# -- what lives on devices alone ------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.LOCAL_WIPE,
    on=("name", "generalization", "type", "value", "owner", "parent", "child"),
    remedy=Remedy.LATER,
    meanwhile="the client uploads the objects of mode Never by a synchronisation of selected ones",
    source="SYNC Limitations",
    certainty=Certainty.DOCUMENTED,
    mitigation="Hold the schema change back for one release that lets devices upload these objects by a "
    "synchronisation of selected ones. Keep in mode Never only what can be made again.",
)
def sync_never_present_schema_change(
    change: Added[Entity | Attribute | Association]
    | Removed[Entity | Attribute | Association]
    | Changed[Entity | Attribute | Association]
    | SyncChange,
    release: Release,
) -> bool | str:
    """Offline schema changes while devices hold objects that are never synchronised

    A change of the domain model can reset the local database, and that removes objects of mode Never for good.
    """
    held = never_synchronised(release)
    touches = change.joins or change.leaves if isinstance(change, SyncChange) else _on_devices(change, release)
    return bool(held) and touches and f"{several(held)} is never synchronised"


@rule(
    NONE,
    hazard=Hazard.LOCAL_WIPE,
    remedy=Remedy.LATER,
    meanwhile="the client uploads the objects of mode Never by a synchronisation of selected ones",
    source="SYNC Limitations; SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="First release a client that uploads these objects by a synchronisation of selected ones: one of "
    "everything passes over them.",
)
def sync_never_wiped(said: Hit, release: Release) -> bool | str:
    """Local database emptied while devices hold objects that are never synchronised

    What a synchronisation before the release uploads comes back; objects of mode Never are not among it.
    """
    emptied = said.rule.hazard is Hazard.LOCAL_WIPE and said.rule.requires is Requires.DRAIN
    held = never_synchronised(release) if emptied else ()
    return bool(held) and f"{several(held)} is never synchronised"


def _on_devices(change: Change, release: Release) -> bool:
    """Whether devices hold the entity of a change, or both ends of an association."""
    if not is_a(change.row.type, ASSOCIATION):
        return release.synced(change)
    return any(all(map(side.synced, side.symbols.ends(name) or ("",))) for side, name in release.subjects(change))


# -- questions about a move -----------------------------------------------------------------------


def _holds_rows(entry: Synced | None) -> bool:
    """Devices may hold rows of the entity that matter: downloaded, created or kept there."""
    if entry is None or entry.mode == ONLINE:
        return False
    return entry.mode in (ALL, CONSTRAINED, NEVER) or entry.computed in (ALL, CLEAR)


def _by_parent(move: SyncChange, release: Release) -> bool:
    """The entity joins or leaves for no other reason than that its generalisation is, or was, in the set."""
    entry, side = (move.new, release.new) if move.joins else (move.old, release.old)
    if entry is None or entry.explicit or not (move.joins or move.leaves):
        return False
    parent = side.generalization(entry.entity)
    if move.leaves and (_holds_rows(entry) or _new_name(parent, release) in release.new.sync):
        return False
    return bool(parent) and entry.why[-2:-1] == (parent,)


def _new_name(name: str, release: Release) -> str:
    return release.changes.renames.get(name, name)


def _parent(move: SyncChange, release: Release) -> str:
    return (release.new if move.joins else release.old).generalization(move.entity if move.joins else move.old_entity)


def _by_row_alone(entry: Synced | None) -> bool:
    """Nothing in reach uses the entity: its row alone puts it into the set."""
    return entry is not None and entry.explicit and entry.why == (*entry.profiles, entry.entity)


def _left(move: SyncChange) -> str:
    """What led to the entity before: the place to look for the edit that cut it off."""
    way = move.old.why[1:-1] if move.old else ()
    seen = f"; it was reached through {' > '.join(way)}" if way else ""
    changed = f" (changed: {', '.join(move.causes)})" if move.causes else ""
    return f"{move.words}{seen}{changed}"


def _entry(change: Change, side: App, release: Release) -> Synced | None:
    """The entry that an explicit row makes in the sync set of its profile."""
    profile = next(iter(profiles_of(change, release)), None)
    entries = side.synced_by_profile.get(profile.name, {}) if profile else {}
    return entries.get(str(change.row.props.get("entity", "")))


def _associations(constraint: str, side: App) -> set[str]:
    """The associations that a constraint names."""
    words = {part for condition in conditions(constraint) for word in condition.split() for part in word.split("/")}
    return {word for word in words if "." in word and side.symbols.ends(word)}


def _module(name: str) -> str:
    return name.partition(".")[0]
