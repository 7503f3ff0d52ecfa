"""Where the widgets of a page take their data from: data sources and bindings."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds.pages import Form
from mx_changeclass.model.types import MICROFLOW, WIDGET_PROPERTY
from mx_changeclass.rules.client.page_questions import (
    describe,
    in_source,
    newly_synced,
    reads_online,
    source_kind,
    told,
)
from mx_changeclass.rules.edits import FormEdit, FormGain
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.reference_changes import gained, lost
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

FormLoss = Removed[In[Form]] | Changed[In[Form]]


@rule(OTA_SAFE, in_bundle=True, source="S3.1", mitigation="Where the attribute is new, see what is said of it.")
def page_widget_attribute(change: FormEdit, release: Release) -> str:
    """Widget shows another attribute or object

    The data is on the device already.
    """
    return describe(change, release, Aspect.BINDING)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    instead_of=("page-widget-attribute", "page-datasource-db", "page-datasource-association", "wid-property"),
    source="SYNC Introduction",
)
def page_widget_new_entity(change: FormGain, release: Release) -> str:
    """Page shows an entity that devices did not hold

    The page widens the sync set, so it cannot go out before the server.
    """
    entities = () if change.row.type == WIDGET_PROPERTY else newly_synced(change, release)
    return told(change, release, f"shows {several(entities)}" if entities else "", Aspect.BINDING, Aspect.SOURCE)


@rule(OTA_SAFE, in_bundle=True, source="OFF Local Database")
def page_datasource_db(change: FormEdit, release: Release) -> str:
    """Database source of an offline page changed

    The query runs on the local database.
    """
    return "" if reads_online(change, release) else _source(change, release, "database")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    source="ONL; OFF",
)
def page_datasource_db_online(change: FormGain, release: Release) -> str:
    """Page reads an Online entity in another way

    The query runs on the server, which must know it before a client sends it.
    """
    if not reads_online(change, release):
        return ""
    return "added" if isinstance(change, Added) else _source(change, release, "database")


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
    mitigation="See what the nanoflow does.",
)
def page_datasource_nanoflow(change: FormEdit, release: Release) -> str:
    """Nanoflow source of a widget changed

    Nanoflows are in the bundle.
    """
    return _source(change, release, "nanoflow")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="BP Offline Microflow Best Practices",
)
def page_datasource_microflow_added(change: FormGain, release: Release) -> str:
    """Widget takes its data from a microflow now

    The server must offer the operation to clients before a client calls it.
    """
    names = gained(change, release, MICROFLOW, in_source)
    return told(change, release, f"reads {several(names)}" if names else "", Aspect.SOURCE)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    remedy=Remedy.REPLACE,
    source="BP",
    mitigation="Keep a caller in the client, one that users do not reach, until every device is updated.",
)
def page_datasource_microflow_removed(change: FormLoss, release: Release) -> str:
    """Widget takes its data from a microflow no more

    Old clients still call it, and the server may have dropped the operation.
    """
    names = lost(change, release, MICROFLOW, in_source)
    return told(change, release, f"read {several(names)}" if names else "", Aspect.SOURCE)


@rule(OTA_SAFE, in_bundle=True, source="OFF")
def page_datasource_association(change: FormEdit, release: Release) -> str:
    """Association source of a widget changed

    A look-up in the local database.
    """
    return _source(change, release, "association")


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def page_datasource_listen(change: FormEdit, release: Release) -> str:
    """Widget takes its object from another widget, a parameter or a variable

    State of the client.
    """
    return _source(change, release, "widget") or _source(change, release, "context")


def _source(change: Change, release: Release, kind: str) -> str:
    """What of a data source differs, where the source is of that kind now (or was, where it is gone)."""
    return describe(change, release, Aspect.SOURCE) if source_kind(change, release) == kind else ""
