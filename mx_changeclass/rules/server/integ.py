"""Services, workflows, scheduled events, task queues and other documents of the server."""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.documents import (
    ChangeCapture,
    Connector,
    ConsumedRest,
    DatabaseConnection,
    EventService,
    ModelMapping,
    PublishedOData,
    PublishedRest,
    Queue,
    RemoteSource,
    ScheduledEvent,
    WebService,
    Workflow,
)
from mx_changeclass.model.kinds.flows import Microflow
from mx_changeclass.model.types import NANOFLOW, PAGE
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.reference_changes import gained, lost
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

RestEdit = Added[In[PublishedRest]] | Removed[In[PublishedRest]] | Changed[In[PublishedRest]]
WorkflowEdit = Added[In[Workflow]] | Removed[In[Workflow]] | Changed[In[Workflow]]

_PUSH_MODULES = ("pushnotification",)


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK", mitigation="Deploy; give a changed contract a new version.")
def int_rest_published(change: RestEdit, release: Release) -> bool:
    """Published REST service changed

    A contract with other systems, not with the mobile client.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    instead_of="int-rest-published",
    whole=True,
    remedy=Remedy.REPLACE,
    source="OFF",
    mitigation="Publish a new version beside it, and keep this one until every device is updated.",
)
def int_custom_rest_native(change: RestEdit, release: Release) -> str:
    """Published REST service changed that the app calls itself

    Installed devices use the old contract. Told where a nanoflow calls the address of the service, or the
    project states that code of the client does.
    """
    stated = {name.strip() for name in release.policy.declared.get("rest-called-by-app", "").split(",")}
    for side, name in release.subjects(change):
        if side is not release.old:
            continue
        if name in stated:
            return "the project states that the app calls it"
        callers = [flow for flow, address in side.memo(_client_calls) if _path(change) and _path(change) in address]
        if callers:
            return f"called by {several(sorted(callers))}"
    return ""


def _path(change: Change) -> str:
    """The address of the service on the old side, without what leads to it."""
    old = change.old_row if not isinstance(change, Added) else change.new_row
    return str(old.props.get("path", "")).strip("/") if old.parent is None else ""


def _client_calls(side: App) -> tuple[tuple[str, str], ...]:
    return tuple(_addresses(side))


def _addresses(side: App) -> Iterator[tuple[str, str]]:
    """Each REST call of a nanoflow that somebody reaches, with the address it calls."""
    for name, unit in side.symbols.documents.items():
        if unit.type == NANOFLOW and side.reached(name):
            for row in side.snapshot.rows(unit.id):
                if row.props.get("action") == "Microflows$RestCallAction":
                    yield name, str(row.props.get("action.httpConfiguration.customLocationTemplate.text", ""))


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def int_odata_published(
    change: Added[In[PublishedOData]] | Removed[In[PublishedOData]] | Changed[In[PublishedOData]], release: Release
) -> bool:
    """Published OData service changed

    A contract with other systems, not with the mobile client.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def int_soap(
    change: Added[In[WebService]] | Removed[In[WebService]] | Changed[In[WebService]], release: Release
) -> bool:
    """Web service changed

    A contract of the server with other systems.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def int_rest_consumed(
    change: Added[In[ConsumedRest | Connector]]
    | Removed[In[ConsumedRest | Connector]]
    | Changed[In[ConsumedRest | Connector]],
    release: Release,
) -> bool:
    """Consumed REST service, connector or its sign-in changed

    Microflows call it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    whole=True,
    source="MSDK",
)
def int_odata_consumed(
    change: Added[In[RemoteSource]] | Removed[In[RemoteSource]] | Changed[In[RemoteSource]], release: Release
) -> bool:
    """Consumed OData service changed

    Its entities may be shown by pages.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def int_database_connector(
    change: Added[In[DatabaseConnection]] | Removed[In[DatabaseConnection]] | Changed[In[DatabaseConnection]],
    release: Release,
) -> bool:
    """External database connection or query changed

    The server queries it.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def int_business_events(
    change: Added[In[EventService]] | Removed[In[EventService]] | Changed[In[EventService]], release: Release
) -> bool:
    """Business event service changed

    The server sends and receives events.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK; RN11.14")
def int_cdc(
    change: Added[In[ChangeCapture]] | Removed[In[ChangeCapture]] | Changed[In[ChangeCapture]], release: Release
) -> bool:
    """Change data capture changed

    The server tells other systems of changes.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK", mitigation="Deploy; see to instances that are running.")
def wf_changed(change: WorkflowEdit, release: Release) -> bool:
    """Workflow changed

    It runs on the server; running instances may have conflicts of their own.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    instead_of="wf-changed",
    whole=True,
    source="MSDK",
)
def wf_user_task_page(change: WorkflowEdit, release: Release) -> str:
    """Workflow shows its users another page of the client

    The page is in the client, what it works on is on the server.
    """
    pages = [p for p in gained(change, release, PAGE) if release.new.reached_offline(p)]
    pages += [p for p in lost(change, release, PAGE) if release.old.reached_offline(p)]
    return several(sorted(set(pages)))


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def sched_changed(
    change: Added[In[ScheduledEvent]] | Removed[In[ScheduledEvent]] | Changed[In[ScheduledEvent]], release: Release
) -> bool:
    """Scheduled event changed

    The server runs it.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def queue_changed(change: Added[In[Queue]] | Removed[In[Queue]] | Changed[In[Queue]], release: Release) -> bool:
    """Task queue changed

    The server works on it.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def ml_mapping(
    change: Added[In[ModelMapping]] | Removed[In[ModelMapping]] | Changed[In[ModelMapping]], release: Release
) -> bool:
    """Mapping of a machine learning model changed

    The server runs the model.
    """
    return True


@rule(NEEDS_REDEPLOY, instead_of="mfs-any", whole=True, source="NT")
def push_config(
    change: Added[In[Microflow]] | Removed[In[Microflow]] | Changed[In[Microflow]], release: Release
) -> bool:
    """Server side of push notifications changed

    What the binary needs for push notifications has findings of its own.
    """
    modules = {name.partition(".")[0].lower() for _, name in release.subjects(change)}
    return any(module.startswith(_PUSH_MODULES) for module in modules)
