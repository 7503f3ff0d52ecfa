"""Domain model: indexes and event handlers."""

from __future__ import annotations

from mx_changeclass.changes.change import ORDER, PARENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.domain import EventHandler, Index, IndexedAttribute
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import INDEX
from mx_changeclass.rules.devices import uploads
from mx_changeclass.rules.domain.domain_questions import entity_of
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy, Requires

# -- indexes --------------------------------------------------------------------------------------

_COLUMNS = ("type", "attribute", "ascending", "associationPointer", "includeInOffline", PARENT, ORDER)


@rule(
    NEEDS_REDEPLOY,
    on=_COLUMNS,
    source="INDEX",
    certainty=Certainty.DOCUMENTED,
)
def index_added(
    change: Added[Index | IndexedAttribute] | Removed[Index | IndexedAttribute] | Changed[Index | IndexedAttribute],
    release: Release,
) -> bool:
    """Index of the server database added, removed or changed

    Results stay the same.
    """
    return not _offline_index(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=_COLUMNS,
    source="MSDK; RN10.24 10.24.10",
    mitigation="Deploy; expect a longer first start.",
)
def index_offline(
    change: Added[Index | IndexedAttribute] | Removed[Index | IndexedAttribute] | Changed[Index | IndexedAttribute],
    release: Release,
) -> bool:
    """Index of the local database added, removed or changed

    Devices build it with the update; results stay the same.
    """
    return _offline_index(change, release)


def _offline_index(change: Change, release: Release) -> bool:
    """The index is one of the local database on a side it is judged on."""
    for _, row in release.sides(change):
        tree = release.changes.old_tree if row.id in release.changes.old_tree.rows else release.changes.new_tree
        around = (row, *tree.ancestors(row))
        if any(r.type == INDEX and r.props.get("includeInOffline") for r in around):
            return release.synced(change)
    return False


@rule(
    NONE,
    on="dataStorageGuid",
    source="REAL 6",
    certainty=Certainty.DOCUMENTED,
)
def index_guid_only(change: Changed[Index], release: Release) -> bool:
    """Storage GUID of an index changed

    An index holds no data; tools give it a new GUID at every save.
    """
    return True


# -- event handlers -------------------------------------------------------------------------------

_REPLACED = ("microflow", "event", "moment", "passEventObject", PARENT)
_DONE = (*_REPLACED, "raiseErrorOnFalse")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on=_REPLACED,
    remedy=Remedy.ASK,
    source="SYNC Upload Phase",
    mitigation="See that it accepts what old clients send.",
)
def event_added_before(change: Added[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler before a commit or create of a synced entity added or replaced

    It runs on the server for every upload, and returning false or an error skips the object. Whether it does so for
    data of old clients cannot be read from the model.
    """
    return _runs_before(change, release, "Commit", "Create") and _handler_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on=_REPLACED,
    remedy=Remedy.ASK,
    source="SYNC Upload Phase",
    mitigation="See that it accepts what old clients send.",
)
def event_delete_handler(change: Added[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler before a delete of a synced entity added or replaced

    It can refuse deletions made offline when they are uploaded; the object comes back then, so nothing entered is lost.
    """
    return _runs_before(change, release, "Delete") and _handler_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on=_REPLACED,
    remedy=Remedy.ASK,
    source="SYNC Model- or Data-Related Errors; SYNC Upload Phase",
    certainty=Certainty.DOCUMENTED,
    mitigation="See that it accepts what old clients send.",
)
def event_added_after(change: Added[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler after an event of a synced entity added or replaced

    It runs on the server for every upload, and an error in it skips the object. Whether it fails on data of old clients
    cannot be read from the model.
    """
    return _fails(change.new_row, change, release) and _handler_words(change)


@rule(
    NEEDS_REDEPLOY,
    on="raiseErrorOnFalse",
    source="EVENT Microflow; EVENT Raise an Error When the Microflow Returns False; SYNC Model- or Data-Related Errors",
    certainty=Certainty.DOCUMENTED,
)
def event_raise_error(change: Changed[EventHandler], release: Release) -> bool | str:
    """Handler of a synced entity raises an error where it returns false now

    False cancels the event with the switch on or off. With it on what was refused is kept as a synchronisation error,
    too.
    """
    before = _refuses(change.new_row, change, release)
    return before and change.new.raises_error and "raises an error on false"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on="raiseErrorOnFalse",
    remedy=Remedy.STOP,
    source="EVENT Microflow; EVENT Raise an Error When the Microflow Returns False",
    mitigation="Leave it on, so that nothing is refused without a trace.",
)
def event_raise_error_off(change: Changed[EventHandler], release: Release) -> bool | str:
    """Handler of a synced entity no longer raises an error where it returns false

    False still cancels the event, and no error tells of it any more: what is refused may be gone without a trace.
    """
    before = _refuses(change.new_row, change, release)
    return before and not change.new.raises_error and "raises no error any more"


@rule(
    NEEDS_REDEPLOY,
    on=_DONE,
    source="SYNC Upload Phase",
    certainty=Certainty.DOCUMENTED,
)
def event_after(change: Added[EventHandler] | Removed[EventHandler] | Changed[EventHandler], release: Release) -> bool:
    """Event handler changed that stops no upload

    No device uploads objects of its entity, or what ran after an upload is gone.
    """
    if any(_refuses(row, change, release) for _, row in release.sides(change)):
        return False
    told = isinstance(change, Added) or (isinstance(change, Changed) and any(map(change.touches, _REPLACED)))
    return not (told and _fails(change.row, change, release))


@rule(
    NEEDS_REDEPLOY,
    on=_REPLACED,
    source="SYNC Upload Phase",
    mitigation="Check that uploads no longer need it.",
)
def event_removed(change: Removed[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler before an event of a synced entity removed

    Uploads pass that it could refuse.
    """
    if not _refuses(change.old.row, change, release):
        return False
    if isinstance(change, Removed):
        return f"{_moment(change.old)} handler removed"
    gone = not _refuses(change.new_row, change, release)
    return gone and f"{_moment(change.old)} handler became {_moment(change.new)}"


def _refuses(row: Element, change: Change, release: Release) -> bool:
    """Whether a handler runs before uploads of objects: returning false, or an error, refuses them."""
    return EventHandler(row).moment == "Before" and _runs(row, change, release)


def _fails(row: Element, change: Change, release: Release) -> bool:
    """Whether a handler runs after uploads of objects: an error in it refuses them."""
    return EventHandler(row).moment == "After" and _runs(row, change, release)


def _runs(row: Element, change: Change, release: Release) -> bool:
    """Whether uploads set a handler off."""
    about = entity_of(change, release)
    return EventHandler(row).event != "RollBack" and about.on_devices and uploads(release.old, about.old)


def _runs_before(change: Added[EventHandler] | Changed[EventHandler], release: Release, *events: str) -> bool:
    return change.new.event in events and _refuses(change.new_row, change, release)


def _moment(handler: EventHandler) -> str:
    return f"{handler.moment} {handler.event}".lower()


def _handler_words(change: Added[EventHandler] | Changed[EventHandler]) -> str:
    return f"{_moment(change.new)}: {change.new.microflow or 'no microflow'}"
