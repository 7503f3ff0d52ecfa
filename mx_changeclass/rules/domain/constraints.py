"""Domain model: indexes and event handlers."""

from __future__ import annotations

from mx_changeclass.changes.change import ORDER, PARENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.domain import EventHandler, Index, IndexedAttribute
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import INDEX
from mx_changeclass.rules.domain.domain_questions import entity_of
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Requires

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

_DONE = ("microflow", "event", "moment", "passEventObject", "raiseErrorOnFalse", PARENT)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on=("microflow", "event", "moment", "passEventObject", PARENT),
    source="SYNC Upload Phase",
    mitigation="Make it accept what old clients send.",
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
    on=("microflow", "event", "moment", "passEventObject", PARENT),
    source="SYNC Upload Phase",
    mitigation="Make it accept what old clients send.",
)
def event_delete_handler(change: Added[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler before a delete of a synced entity added or replaced

    It can refuse deletions made offline when they are uploaded; the object comes back then, so nothing entered is lost.
    """
    return _runs_before(change, release, "Delete") and _handler_words(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on="raiseErrorOnFalse",
    source="SYNC After Synchronization",
    mitigation="Let the handler log refusals first, and raise errors in a later release.",
)
def event_raise_error(change: Changed[EventHandler], release: Release) -> bool | str:
    """Handler of a synced entity raises an error where it returns false now

    Uploads that it let pass before are refused.
    """
    before = _runs_before(change, release, "Commit", "Create", "Delete")
    return before and change.new.raises_error and "raises an error on false"


@rule(
    NEEDS_REDEPLOY,
    on=_DONE,
    source="SYNC Upload Phase",
    certainty=Certainty.DOCUMENTED,
)
def event_after(change: Added[EventHandler] | Removed[EventHandler] | Changed[EventHandler], release: Release) -> bool:
    """Event handler changed that refuses no upload

    It runs after the fact, or on objects that no device holds.
    """
    return not any(_refuses(row, change, release) for _, row in release.sides(change))


@rule(
    NEEDS_REDEPLOY,
    on=_DONE,
    source="SYNC Upload Phase",
    mitigation="Check that uploads no longer need it.",
)
def event_removed(change: Removed[EventHandler] | Changed[EventHandler], release: Release) -> bool | str:
    """Handler before an event of a synced entity removed or made lenient

    Uploads pass that it could refuse.
    """
    if not _refuses(change.old.row, change, release):
        return False
    if isinstance(change, Removed):
        return f"{_moment(change.old)} handler removed"
    lenient = "raiseErrorOnFalse" in change.fields and not change.new.raises_error
    return (lenient and "raises no error any more") or (
        not _refuses(change.new_row, change, release) and f"{_moment(change.old)} handler became {_moment(change.new)}"
    )


def _refuses(row: Element, change: Change, release: Release) -> bool:
    """Whether a handler runs before uploads of objects that devices hold."""
    handler = EventHandler(row)
    return handler.moment == "Before" and handler.event != "RollBack" and entity_of(change, release).on_devices


def _runs_before(change: Added[EventHandler] | Changed[EventHandler], release: Release, *events: str) -> bool:
    return change.new.event in events and _refuses(change.new_row, change, release)


def _moment(handler: EventHandler) -> str:
    return f"{handler.moment} {handler.event}".lower()


def _handler_words(change: Added[EventHandler] | Changed[EventHandler]) -> str:
    return f"{_moment(change.new)}: {change.new.microflow or 'no microflow'}"
