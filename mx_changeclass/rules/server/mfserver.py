"""Server-only logic: microflows that no native or offline client calls, rules, mappings, queries, documents."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.kinds.app import ProjectSecurity
from mx_changeclass.model.kinds.documents import DocumentTemplate, MappingDocument, Query
from mx_changeclass.model.kinds.flows import MicroflowRule
from mx_changeclass.rules.client.flow_questions import logic
from mx_changeclass.rules.edits import MicroflowEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import Detail, In, rule
from mx_changeclass.rules.server.microflow_questions import (
    contents,
    for_no_client,
    handles_uploads,
    is_lifecycle,
    is_sign_in,
)
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy

_GENERAL = ("mf-contents", "mfs-any", "mfs-called-by-client-called")


@rule(NEEDS_REDEPLOY, source="MFNF Differences; OFF Backwards-Compatibility", certainty=Certainty.DOCUMENTED)
def mfs_any(change: MicroflowEdit, release: Release) -> str:
    """Microflow changed that no native or offline client calls

    Server code; the deploy makes it live.
    """
    apart = release.memo(change, _runs_for_client)
    return logic(change, release) if not apart and for_no_client(change, release) else ""


@rule(NEEDS_REDEPLOY, source="BP")
def mfs_called_by_client_called(change: MicroflowEdit, release: Release) -> str:
    """Microflow changed that clients run through another one

    Clients do not call it themselves, so its signature is internal to the server.
    """
    apart = release.memo(change, _runs_for_client)
    return logic(change, release) if apart and for_no_client(change, release) else ""


def _runs_for_client(change: Change, release: Release) -> bool:
    return any(side.runs_for_client(name) for side, name in release.subjects(change))


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    instead_of=_GENERAL,
    remedy=Remedy.ASK,
    source="SYNC Upload Phase; SYNC After Synchronization; SYNC Model- or Data-Related Errors",
    certainty=Certainty.DOCUMENTED,
    mitigation="See that it still accepts what old clients upload.",
)
def mfs_event_logic(change: MicroflowEdit, release: Release) -> str:
    """Event handler of an entity that devices hold changed

    It runs for uploads from old clients too: an error or false makes the server skip the object. Whether
    the new logic refuses what the old accepted cannot be read from the model.
    """
    return logic(change, release) if contents(change) and handles_uploads(change, release) else ""


@rule(
    NEEDS_REDEPLOY,
    instead_of=_GENERAL,
    source="RT After Startup; RT Before Shutdown; RT Health Check",
    certainty=Certainty.DOCUMENTED,
)
def mfs_after_startup(change: MicroflowEdit, release: Release) -> str:
    """Microflow of start, shutdown or health check changed

    It runs in the life cycle of the server.
    """
    return logic(change, release) if contents(change) and is_lifecycle(change, release) else ""


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SESSION_LOSS,
    breaks_old_clients=Maybe.MAYBE,
    instead_of=_GENERAL,
    remedy=Remedy.ASK,
    source="SESS; MSDK",
    mitigation="Test signing in with the released app.",
)
def mfs_sign_in(change: MicroflowEdit | Changed[ProjectSecurity], release: Release) -> str:
    """Sign-in microflow changed

    It runs at sign-in; where it fails, native users cannot synchronise.
    """
    if change.row.type == "Security$ProjectSecurity":
        signs_in = isinstance(change, Changed) and change.touches("signInMicroflow")
        return Detail("another microflow", ("signInMicroflow",)) if signs_in else ""
    return logic(change, release) if contents(change) and is_sign_in(change, release) else ""


@rule(NEEDS_REDEPLOY, source="MSDK")
def mfs_rule(
    change: Added[In[MicroflowRule]] | Removed[In[MicroflowRule]] | Changed[In[MicroflowRule]], release: Release
) -> str:
    """Rule changed

    Server logic.
    """
    return logic(change, release)


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def mfs_mappings(
    change: Added[In[MappingDocument]] | Removed[In[MappingDocument]] | Changed[In[MappingDocument]], release: Release
) -> bool:
    """Mapping, structure, schema or message definition changed

    Integration code of the server.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def mfs_dataset(change: Added[In[Query]] | Removed[In[Query]] | Changed[In[Query]], release: Release) -> bool:
    """Data set or OQL query changed

    A query of the server.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def mfs_document_template(
    change: Added[In[DocumentTemplate]] | Removed[In[DocumentTemplate]] | Changed[In[DocumentTemplate]],
    release: Release,
) -> bool:
    """Document template changed

    Documents are made on the server.
    """
    return True
