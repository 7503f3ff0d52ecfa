"""What the widgets of a page do: calls, pages they open, synchronising, sign-out.

A part that is moved inside its page calls nothing new. Entities and microflows are told by the page
that starts to use them; where a microflow loses its last caller, rules of the microflow speak.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Change, Changed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds.pages import Form
from mx_changeclass.model.types import MICROFLOW, NANOFLOW, PAGE
from mx_changeclass.rules.client.page_questions import describe, in_action, redirected, starts, stops, told
from mx_changeclass.rules.edits import FormEdit, FormGain
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.reference_changes import gained
from mx_changeclass.rules.sync.uploads import left_without_upload
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Hazard, Remedy, Requires
from mx_changeclass.wording.changes import part
from mx_changeclass.wording.values import several


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def page_action_page(change: Changed[In[Form]], release: Release) -> str:
    """Widget opens another page

    Both pages are in the bundle.
    """
    return _now(change, release, "opens", gained(change, release, PAGE, in_action))


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
    mitigation="See what the nanoflow does.",
)
def page_action_nanoflow(change: Changed[In[Form]], release: Release) -> str:
    """Widget calls another nanoflow

    Nanoflows are in the bundle.
    """
    return _now(change, release, "calls", gained(change, release, NANOFLOW, in_action))


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="BP Offline Microflow Best Practices; MFC",
)
def page_action_microflow(change: FormGain, release: Release) -> str:
    """Widget calls a microflow that it did not call before

    The server must offer the operation to clients before a client calls it.
    """
    return _now(change, release, "calls", gained(change, release, MICROFLOW, in_action))


def _now(change: Change, release: Release, verb: str, names: tuple[str, ...]) -> str:
    return told(change, release, f"now {verb} {several(names)}" if names else "", Aspect.ACTION)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="RN10.18 10.18.1; RN10.19; RN10.24 10.24.3",
    certainty=Certainty.DOCUMENTED,
    mitigation="Look at the page: is this the object that was meant?",
)
def page_action_argument_changed(change: Changed[In[Form]], release: Release) -> str:
    """Call or action of a widget works on another object

    The button does what it did, but to something else. Upgrades have rewritten arguments by mistake
    (10.4 to 10.18.0, 9.24 to 10.24.2), so this is never taken for a conversion.
    """
    return describe(change, release, Aspect.ARGUMENT) if redirected(change, release) else ""


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="SYNC Synchronization",
    mitigation="Make sure that users still have a way to upload.",
)
def page_action_sync(change: FormEdit, release: Release) -> str:
    """Synchronise action of a page added or removed

    It uses the synchronisation that is there.
    """
    if "sync" in starts(change, release):
        return _part_of(change, release, "synchronises now")
    return _part_of(change, release, "synchronises no more") if "sync" in stops(change, release) else ""


def _part_of(change: Change, release: Release, what: str) -> str:
    """A part of a page and what it does now."""
    where = part(release.changes.tree(change), change.row)
    return told(change, release, f"{where} {what}".strip(), Aspect.ACTION)


@rule(
    OTA_SAFE,
    hazard=Hazard.STRANDED,
    in_bundle=True,
    remedy=Remedy.STOP,
    source="BP Generic Best Practices; SYNC Customizable Synchronization",
    mitigation="Keep a button or nanoflow that synchronises all objects, and one that chooses those of mode Never.",
)
def page_action_sync_removed_last(whole: Release, release: Release) -> str:
    """Last way to upload removed

    Nothing that users can reach uploads these changes any more: a synchronisation of everything passes over objects of
    mode Never. They stay on the device, and a later reset of the local database loses them.
    """
    return several(left_without_upload(whole))


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="SYNC Introduction; BP Generic Best Practices",
    mitigation="Synchronise before signing out.",
)
def page_action_signout(change: FormGain, release: Release) -> str:
    """Sign-out action added to a page

    After sign-out the data of that user is synchronised no more; what was not uploaded is at risk.
    """
    return _part_of(change, release, "signs out now") if "sign-out" in starts(change, release) else ""


@rule(OTA_SAFE, in_bundle=True, source="OFF Local Database")
def page_action_save_cancel(change: Changed[In[Form]], release: Release) -> str:
    """Widget saves, cancels, creates, deletes or closes now

    Offline pages work on the local database.
    """
    return describe(change, release, Aspect.ACTION) if "local" in starts(change, release) else ""


@rule(NEEDS_REDEPLOY, requires=Requires.SERVER_FIRST, in_bundle=True, source="MSDK")
def page_action_workflow(change: FormGain, release: Release) -> str:
    """Workflow action added to a page

    Workflows run on the server.
    """
    return _part_of(change, release, "works on a workflow now") if "workflow" in starts(change, release) else ""
