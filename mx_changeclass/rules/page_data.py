"""Where the widgets of a page take their data from: data sources and bindings."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.pages import Form
from mx_changeclass.rules.forms import PROPERTY, in_source, joining, reads_online, source_kind, tells
from mx_changeclass.rules.phrases import several
from mx_changeclass.rules.release import Release
from mx_changeclass.rules.rule import In, rule
from mx_changeclass.rules.terms import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Maybe, Requires
from mx_changeclass.rules.uses import MICROFLOW, gained, lost

Edit = Added[In[Form]] | Removed[In[Form]] | Changed[In[Form]]
Gain = Added[In[Form]] | Changed[In[Form]]
Loss = Removed[In[Form]] | Changed[In[Form]]


@rule(OTA_SAFE, client=True, source="S3.1", mitigation="Where the attribute is new, see what is said of it.")
def page_widget_attribute(change: Edit, release: Release) -> str:
    """Widget shows another attribute or object

    The data is on the device already.
    """
    return tells(change, release, Aspect.BINDING)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    client=True,
    instead_of=("page-widget-attribute", "page-datasource-db", "page-datasource-association", "wid-property"),
    source="SYNC Introduction",
    mitigation="Deploy the server before clients take the update.",
)
def page_widget_new_entity(change: Gain, release: Release) -> str:
    """Page shows an entity that devices did not hold

    The page widens the sync set, so it cannot go out before the server.
    """
    entities = () if change.row.type == PROPERTY else joining(change, release)
    return f"shows {several(entities)}" if entities else ""


@rule(OTA_SAFE, client=True, source="OFF Local Database")
def page_datasource_db(change: Edit, release: Release) -> str:
    """Database source of an offline page changed

    The query runs on the local database.
    """
    return "" if reads_online(change, release) else _source(change, release, "database")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    client=True,
    source="ONL; OFF",
    mitigation="Deploy the server before clients take the update.",
)
def page_datasource_db_online(change: Gain, release: Release) -> str:
    """Page reads an Online entity in another way

    The query runs on the server, which must know it before a client sends it.
    """
    if not reads_online(change, release):
        return ""
    return "added" if isinstance(change, Added) else _source(change, release, "database")


@rule(OTA_SAFE, client=True, source="S3.1", certainty=Certainty.DOCUMENTED, mitigation="See what the nanoflow does.")
def page_datasource_nanoflow(change: Edit, release: Release) -> str:
    """Nanoflow source of a widget changed

    Nanoflows are in the bundle.
    """
    return _source(change, release, "nanoflow")


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    client=True,
    source="BP Offline Microflow Best Practices",
    mitigation="Deploy the server before clients take the update.",
)
def page_datasource_microflow_added(change: Gain, release: Release) -> str:
    """Widget takes its data from a microflow now

    The server must offer the operation to clients before a client calls it.
    """
    names = gained(change, release, MICROFLOW, in_source)
    return f"reads {several(names)}" if names else ""


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    client=True,
    source="BP",
    mitigation="Keep the microflow callable until every device is updated.",
)
def page_datasource_microflow_removed(change: Loss, release: Release) -> str:
    """Widget takes its data from a microflow no more

    Old clients still call it, and the server may have dropped the operation.
    """
    names = lost(change, release, MICROFLOW, in_source)
    return f"read {several(names)}" if names else ""


@rule(OTA_SAFE, client=True, source="OFF")
def page_datasource_association(change: Edit, release: Release) -> str:
    """Association source of a widget changed

    A look-up in the local database.
    """
    return _source(change, release, "association")


@rule(OTA_SAFE, client=True, source="S3.1")
def page_datasource_listen(change: Edit, release: Release) -> str:
    """Widget takes its object from another widget, a parameter or a variable

    State of the client.
    """
    return _source(change, release, "widget") or _source(change, release, "context")


def _source(change: Change, release: Release, kind: str) -> str:
    """What of a data source differs, where the source is of that kind now (or was, where it is gone)."""
    return tells(change, release, Aspect.SOURCE) if source_kind(change, release) == kind else ""
