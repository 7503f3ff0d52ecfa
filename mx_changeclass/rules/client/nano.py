"""Nanoflows: logic that travels with the client bundle, and what in it needs the server or touches local data."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.flows import Nanoflow
from mx_changeclass.model.types import CONSTANT, MICROFLOW
from mx_changeclass.rules.client.flow_questions import CALL_ARGUMENT, logic, meanings, signature, texts, wholly_its_own
from mx_changeclass.rules.client.page_questions import newly_synced
from mx_changeclass.rules.edits import NanoflowEdit, NanoflowGain, NanoflowLoss
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.rules.reference_changes import gained, lost
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, OTA_SAFE, Certainty, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

_BY_REFERENCE = "useListParameterByReference"


# -- the nanoflow as a whole --------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def nano_added(change: Added[Nanoflow], release: Release) -> bool:
    """Nanoflow added, without a call to the server

    It is part of the client bundle.
    """
    return not gained(change, release, MICROFLOW)


@rule(OTA_SAFE, in_bundle=True, source="S3.1", mitigation="See whether a microflow loses its last caller with it.")
def nano_removed(change: Removed[Nanoflow], release: Release) -> bool:
    """Nanoflow removed

    Devices keep their copy until they update.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on=(NAME, PARENT), source="S3.1")
def nano_renamed(change: Changed[Nanoflow], release: Release) -> bool:
    """Nanoflow renamed or moved to another module

    References to it stay inside the bundle.
    """
    return release.old_name(change) != release.new_name(change)


@rule(OTA_SAFE, in_bundle=True, whole=True, source="REAL 8", certainty=Certainty.DOCUMENTED)
def nano_excluded_twin(change: Changed[In[Nanoflow]], release: Release) -> bool:
    """Nanoflow put aside and replaced by a copy of the same name

    The old one was renamed and excluded, a copy took its name: the contents changed, not four names.
    """
    before, after = release.documents(change)
    if before is None or after is None or before.id == after.id:
        return False
    aside = release.new.snapshot.units.get(before.id)
    return aside is not None and aside.excluded


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1")
def nano_signature(change: NanoflowEdit, release: Release) -> bool:
    """Parameter or return type of a nanoflow changed

    Callers travel along in the bundle.
    """
    return signature(change)


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=_BY_REFERENCE,
    since="11.9.0",
    source="RN11.9",
    certainty=Certainty.DOCUMENTED,
    mitigation="Test the callers of this nanoflow.",
)
def nano_list_by_reference(change: Changed[Nanoflow], release: Release) -> bool:
    """Nanoflow takes its lists by reference, or no longer

    By reference it changes the list of its caller, as microflows do.
    """
    return True


# -- logic ----------------------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def nano_logic(change: NanoflowEdit, release: Release) -> str:
    """Logic of a nanoflow changed, without a new call to the server

    Nanoflows are on the list of what may go over the air.
    """
    return logic(change, release) if _is_plain(change, release) else ""


@rule(
    OTA_SAFE,
    in_bundle=True,
    instead_of="nano-logic",
    source="NSTART Nanoflow Home Page",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep it short: the splash screen waits for it.",
)
def nano_startup(change: NanoflowEdit, release: Release) -> str:
    """Logic of the start-up nanoflow changed

    It runs while the splash screen shows.
    """
    starts = any(name in _home_nanoflows(side) for side, name in release.subjects(change))
    return logic(change, release) if starts and _is_plain(change, release) else ""


def _is_plain(change: Change, release: Release) -> bool:
    """Whether a change in a nanoflow is one of logic, and no other rule says more."""
    if change.row.parent is None and (not isinstance(change, Changed) or wholly_its_own(change)):
        return False
    if isinstance(change, Changed) and change.fields <= {*texts(change), _BY_REFERENCE}:
        return False
    special = meanings(change, release) or signature(change) or _arguments(change)
    calls = any(gained(change, release, kind) for kind in (MICROFLOW, CONSTANT)) or _calls_dropped(change, release)
    return not (special or calls or newly_synced(change, release))


def _home_nanoflows(side: App) -> frozenset[str]:
    rows = side.reachability.navigation.rows
    keys = ("nativeHomePage.homePageNanoflow", "homePageNanoflow")
    return frozenset(str(row.props[k]) for row in rows for k in keys if row.props.get(k))


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def nano_error_handling(change: NanoflowEdit, release: Release) -> str:
    """Error handling of a nanoflow changed

    Part of the bundle.
    """
    return meanings(change, release).get("errors", "")


@rule(OTA_SAFE, in_bundle=True, source="LOG")
def nano_log(change: NanoflowEdit, release: Release) -> str:
    """Log message of a nanoflow changed

    It reaches the server only where logging is enabled in the binary.
    """
    return meanings(change, release).get("log", "")


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1; OTA Use Cases; JSA",
    certainty=Certainty.DOCUMENTED,
    mitigation="See whether it needs anything of the binary.",
)
def nano_js_call(change: NanoflowGain, release: Release) -> str:
    """Nanoflow calls another JavaScript action

    Its code is in the bundle; a native dependency of it has a finding of its own.
    """
    return meanings(change, release).get("js", "")


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def nano_call_nanoflow(change: NanoflowGain, release: Release) -> str:
    """Nanoflow calls another nanoflow

    Both are in the bundle.
    """
    return meanings(change, release).get("nanoflow", "")


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def nano_show_page(change: NanoflowGain, release: Release) -> str:
    """Nanoflow shows another page

    Pages are in the bundle.
    """
    return meanings(change, release).get("page", "")


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="MSDK",
    mitigation="Network security settings of the binary must allow the address.",
)
def nano_rest_call(change: NanoflowEdit, release: Release) -> str:
    """REST call of a nanoflow changed

    The client calls the service itself; the service has a life of its own.
    """
    return meanings(change, release).get("rest", "")


# -- calls to the server --------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    whole=True,
    source="BP Offline Microflow Best Practices; MFC",
)
def nano_new_microflow_call(change: NanoflowGain, release: Release) -> str:
    """Nanoflow calls a microflow that it did not call before

    The client stores what the call needs, and the server must know it: an old server refuses the call.
    """
    known = [m for m in gained(change, release, MICROFLOW) if _was_there(m, release)]
    return f"calls {several(known)}" if known else ""


def _was_there(microflow: str, release: Release) -> bool:
    return release.old_names.get(microflow, microflow) in release.old.symbols.documents


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    whole=True,
    source="BP; MFC",
)
def nano_new_microflow_new(change: NanoflowGain, release: Release) -> str:
    """Nanoflow calls a microflow that is new in this release

    The microflow must exist on the server before a client calls it.
    """
    fresh = [m for m in gained(change, release, MICROFLOW) if not _was_there(m, release)]
    return f"calls {several(fresh)}" if fresh else ""


@rule(
    OTA_SAFE,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    whole=True,
    source="BP",
    mitigation="Keep one caller in the client for a release.",
)
def nano_call_removed(change: NanoflowLoss, release: Release) -> str:
    """Nanoflow no longer calls a microflow that stays

    Old clients go on calling it, and the server may have dropped the operation.
    """
    names = _calls_dropped(change, release)
    return f"called {several(names)}" if names else ""


def _calls_dropped(change: Change, release: Release) -> tuple[str, ...]:
    """The microflows that a nanoflow calls no more although they are still there."""
    if change.row.parent is None:
        return ()
    left = release.new.symbols.documents
    return tuple(m for m in lost(change, release, MICROFLOW) if release.changes.renames.get(m, m) in left)


@rule(OTA_SAFE, in_bundle=True, source="BP")
def nano_call_arguments(change: Changed[In[Nanoflow]], release: Release) -> str:
    """Argument of a microflow call changed

    The contract of the microflow is the same.
    """
    return detail_of(change, release) if _arguments(change) else ""


def _arguments(change: Change) -> bool:
    return isinstance(change, Changed) and change.row.type == CALL_ARGUMENT and change.fields == {"argument"}


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    whole=True,
    remedy=Remedy.REPLACE,
    source="BP Microflow Arguments Type; MFC Argument",
    certainty=Certainty.DOCUMENTED,
    mitigation="Pass a non-persistable request object instead.",
)
def nano_persistable_argument(change: NanoflowGain, release: Release) -> str:
    """Nanoflow passes a persistable object to a microflow

    Offline clients do not support it; Studio Pro reports it as an error.
    """
    if not release.reached_offline(change):
        return ""
    found = [m for m in gained(change, release, MICROFLOW) if any(_persistable_parameters(m, release.new))]
    return f"calls {several(found)}" if found else ""


def _persistable_parameters(microflow: str, side: App) -> list[str]:
    unit = side.symbols.documents.get(microflow)
    rows = side.snapshot.rows(unit.id) if unit else ()
    entities = [str(r.props.get("variableType.entity", "")) for r in rows if r.parent is not None]
    return [e for e in entities if e and side.persistable(e)]


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    whole=True,
    source="CONST Exposed to Client",
)
def nano_constant_used(change: NanoflowGain, release: Release) -> str:
    """Nanoflow reads a constant that it did not read before

    The value comes from the server.
    """
    names = gained(change, release, CONSTANT)
    return f"reads {several(names)}" if names else ""
