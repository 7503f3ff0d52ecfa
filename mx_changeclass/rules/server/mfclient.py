"""Microflows that native and offline clients call: their name and signature is a contract with installed devices.

A contract is judged on the old side: what counts is what clients in the field call. Calls go by name.
"""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.flows import Microflow, Parameter
from mx_changeclass.model.kinds.pages import Form
from mx_changeclass.rules.client.flow_questions import action, logic
from mx_changeclass.rules.client.page_questions import call_options
from mx_changeclass.rules.edits import MicroflowEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.rules.server.microflow_questions import PUSH, SHOWS, called, contents, queued, was_called
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_BESIDE = "Add a new microflow beside it; remove this one when every device is updated."


@rule(
    NEEDS_REDEPLOY,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep it tolerant: old clients run the new version.",
)
def mf_contents(change: MicroflowEdit, release: Release) -> str:
    """Contents of a microflow that clients call changed

    The docs allow it: the contract with installed devices is as before.
    """
    if change.row.parent is None and isinstance(change, Added):
        return ""
    return logic(change, release) if called(change, release) and contents(change) and not _special(change) else ""


def _special(change: Change) -> bool:
    """A step that a rule of its own tells."""
    return (isinstance(change, Added) and action(change.row) in (*SHOWS, PUSH)) or queued(change)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="BP; MFC",
)
def mf_added(change: Added[Microflow], release: Release) -> bool:
    """Microflow added that clients call

    It must exist on the server before a client calls it.
    """
    return called(change, release)


# -- the contract ---------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices; OFF Backwards-Compatibility",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_renamed(change: Changed[Microflow], release: Release) -> bool:
    """Microflow that clients call renamed

    Installed devices call the old name.
    """
    return was_called(change, release) and not _moved(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=(PARENT, NAME),
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_moved(change: Changed[Microflow], release: Release) -> bool:
    """Microflow that clients call moved to another module

    Installed devices call it by its old module.
    """
    return was_called(change, release) and _moved(change, release)


def _moved(change: Changed[Microflow], release: Release) -> bool:
    return release.old_name(change).partition(".")[0] != release.new_name(change).partition(".")[0]


@rule(NONE, on=PARENT, source="MSDK")
def mf_moved_folder(change: Changed[Microflow], release: Release) -> bool:
    """Microflow moved to another folder of its module

    Its qualified name is the same.
    """
    return not _moved(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_parameter_added(change: Added[Parameter], release: Release) -> bool:
    """Parameter added to a microflow that clients call

    Installed devices do not send it.
    """
    return was_called(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_parameter_removed(change: Removed[Parameter], release: Release) -> bool:
    """Parameter of a microflow that clients call removed

    Installed devices still send it.
    """
    return was_called(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=NAME,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_parameter_renamed(change: Changed[Parameter], release: Release) -> bool:
    """Parameter of a microflow that clients call renamed

    Arguments are sent by name.
    """
    return was_called(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=("variableType", "isRequired"),
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_parameter_type(change: Changed[Parameter], release: Release) -> bool:
    """Type of a parameter of a microflow that clients call changed

    The values that installed devices send do not fit.
    """
    return was_called(change, release)


@rule(NONE, noise="geometry", source="MFC")
def mf_parameter_order(change: Changed[Parameter], release: Release) -> bool:
    """Parameter of a microflow stands elsewhere on the canvas

    Arguments are sent by name, so their order means nothing.
    """
    return was_called(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on="microflowReturnType",
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation=_BESIDE,
)
def mf_return_type(change: Changed[Microflow], release: Release) -> bool:
    """Return type of a microflow that clients call changed

    Nanoflows on installed devices expect the old type.
    """
    return was_called(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    source="BP Offline Microflow Best Practices",
    certainty=Certainty.DOCUMENTED,
    mitigation="Delete it when every device is updated.",
)
def mf_deleted(change: Removed[Microflow], release: Release) -> bool:
    """Microflow that clients call deleted

    Installed devices still call it.
    """
    return was_called(change, release) and not _put_aside(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    source="BP",
    mitigation="Exclude it when every device is updated.",
)
def mf_excluded(change: Removed[Microflow], release: Release) -> bool:
    """Microflow that clients call excluded from the build

    For installed devices that is the same as a deletion.
    """
    return was_called(change, release) and _put_aside(change, release)


def _put_aside(change: Removed[Microflow], release: Release) -> bool:
    unit = release.new.snapshot.units.get(change.old_row.id)
    return unit is not None and unit.excluded


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    remedy=Remedy.REPLACE,
    source="BP Offline Microflow Best Practices",
    mitigation="Keep a caller in the client, one that users do not reach, until every device is updated.",
)
def mf_last_caller_removed(whole: Release, release: Release) -> str:
    """Microflow that installed devices call has no caller in the client any more

    The server may stop offering it to clients although it is still there.
    """
    if not whole.new.offline:
        return ""
    called_on = {whole.changes.renames.get(name, name): name for name in whole.old.called}
    there = whole.new.symbols.documents
    return several(sorted(old for new, old in called_on.items() if new in there and not whole.new.calls(new)))


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    on="allowConcurrentExecution",
    source="MSDK",
    mitigation="Make sure that parallel calls are not refused.",
)
def mf_concurrency(change: Changed[Microflow], release: Release) -> bool:
    """Parallel execution of a microflow that clients call switched

    Calls of several devices at once may be refused.
    """
    return called(change, release)


@rule(NONE, breaks_old_clients=Maybe.MAYBE, noise="stable-id", source="MSDK", mitigation="Test with an old client.")
def mf_stable_id(change: Changed[Microflow], release: Release) -> bool:
    """Stable id of a microflow that clients call changed

    Calls go by name as far as documented; what part this id has in them is not.
    """
    return was_called(change, release)


@rule(NONE, breaks_old_clients=Maybe.MAYBE, source="BP", mitigation="Test with an old client.")
def mf_recreated(whole: Release, release: Release) -> str:
    """Microflow that clients call made anew under the same name

    Calls go by name as far as documented. A module that was imported again, with new ids for all it holds, is told as
    a whole.
    """
    old, partner = whole.old.snapshot, whole.changes.partner
    kept = {old.module(i) for i, u in old.live.items() if u.slot == "documents" and partner.get(i) == i}
    made = (
        c
        for c in (*whole.changes.noise, *whole.changes.meaningful)
        if isinstance(c, Changed) and c.row.type == "Microflows$Microflow" and "new-id" in c.noise.values()
    )
    names = {whole.new_name(c) for c in made if was_called(c, whole)}
    return several(sorted(name for name in names if name.partition(".")[0] in kept))


@rule(NEEDS_REDEPLOY, on=("url", "urlSearchParameters"), source="RT", mitigation="Deploy; old links end.")
def mf_url(change: Changed[Microflow], release: Release) -> bool:
    """Address of a microflow changed

    The runtime routes web addresses.
    """
    return True


@rule(NEEDS_REDEPLOY, source="MFC Task Queue", certainty=Certainty.DOCUMENTED)
def mf_task_queue(change: MicroflowEdit, release: Release) -> str:
    """Call put into a task queue, or taken out of it

    The server runs it; nanoflows cannot use queues.
    """
    return logic(change, release) if queued(change) else ""


@rule(OTA_SAFE, in_bundle=True, source="MSDK")
def mf_async(change: Changed[In[Form]], release: Release) -> str:
    """How a call of a page waits changed: asynchronous, progress bar, confirmation

    Behaviour of the client.
    """
    fields = call_options(change, release)
    return detail_of(change, release, fields) if fields else ""
