"""Access rules of entities: what devices may no longer hold, and what of it the server refuses.

Rules are not compared one by one: what counts is what a user may do by all of them together.
"""

from __future__ import annotations

from mx_changeclass.changes.change import PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model import system
from mx_changeclass.model.kinds.app import ModuleRole
from mx_changeclass.model.kinds.domain import AccessRule, MemberAccess
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.questions import stands_in
from mx_changeclass.rules.security.rights import (
    CREATE,
    DELETE,
    MEMBER_ACCESS,
    READ,
    WRITE,
    rights_gained,
    rights_lost,
    taken_from_calls,
)
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Requires
from mx_changeclass.wording.changes import words

_GRANTS = (
    "moduleRoles", "allowCreate", "allowDelete", "xPathConstraint", "accessRights", "attribute", "association", PARENT,
)  # fmt: skip
Access = AccessRule | MemberAccess


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    meanwhile="the client no longer uses them",
    source="SYNC; RN10.24 10.24.22; RN11.6 11.6.7; RN11.12 11.12.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Stop using it in the client one release earlier, and let every device synchronise.",
)
def acc_read_removed_sync(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices lost the right to read synced data

    The data leaves the device with the next synchronisation, and edits to it are refused. Below 10.24.22, 11.6.7 and
    11.12.0 a user without any access also crashed the synchronisation at the start.
    """
    loss = rights_lost(change, release)
    who = loss.who(READ, "lost")
    return bool(who) and f"read right lost: {who}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    meanwhile="the client no longer edits them",
    source="SYNC Model- or Data-Related Errors",
    certainty=Certainty.DOCUMENTED,
    mitigation="Block editing in the client one release earlier.",
)
def acc_write_removed_sync(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices lost the right to write synced data

    Edits on devices to a member that is read-only now are not accepted.
    """
    loss = rights_lost(change, release)
    who = loss.who(WRITE, "lost")
    return bool(who) and f"write right lost: {who}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    meanwhile="the client no longer creates them",
    source="SYNC; ACC Create and Delete Rights",
    mitigation="Block creating in the client one release earlier.",
)
def acc_create_removed_sync(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices lost the right to create objects of a synced entity

    Objects made offline are refused.
    """
    loss = rights_lost(change, release)
    who = loss.who(CREATE, "lost")
    return bool(who) and f"create right lost: {who}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    meanwhile="the client no longer deletes them",
    source="ACC; SYNC",
    mitigation="Block deleting in the client one release earlier.",
)
def acc_delete_removed_sync(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices lost the right to delete objects of a synced entity, or some of them

    Deletions made offline are refused; the object comes back, and nothing entered is lost.
    """
    loss = rights_lost(change, release)
    constrained = () if loss.users("narrowed", READ, WRITE) else ("narrowed",)
    who = loss.who(DELETE, "lost", *constrained)
    return bool(who) and f"delete right lost: {who}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    source="SYNC After Synchronization; SYN Synchronization Behavior; BP Access Rules",
    certainty=Certainty.DOCUMENTED,
    mitigation="Have every device synchronise before this release.",
)
def acc_xpath_narrowed_sync(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Access of users of devices limited to fewer objects of a synced entity

    Objects outside the new constraint leave the device, and edits to them are refused and kept as a synchronisation
    error.
    """
    loss = rights_lost(change, release)
    who = sorted(loss.users("narrowed", READ, WRITE))
    return bool(who) and f"{_constraint(change, release)}access of {', '.join(who)} is constrained"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=_GRANTS,
    source="ACC",
    mitigation="Deploy; review who sees more now.",
)
def acc_xpath_widened(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Access of users of devices extended to more objects of a synced entity

    More rows reach them; a matter for a security review.
    """
    who = sorted(rights_gained(change, release).users("widened"))
    return bool(who) and f"{_constraint(change, release)}access of {', '.join(who)} is less constrained"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=_GRANTS,
    source="ACC",
)
def acc_read_added(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices gained rights on a synced entity

    The server decides, and new clients may rely on it.
    """
    more = rights_gained(change, release)
    if more.newcomers:
        return False
    told = [f"{what}: {who}" for what in (READ, WRITE, CREATE, DELETE) if (who := more.who(what, "gained"))]
    return bool(told) and f"rights gained, {told[0]}"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on=_GRANTS,
    source="ACC",
)
def acc_rule_added_role(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices gained access to a synced entity that they had none to

    The server decides, and new clients may rely on it.
    """
    more = rights_gained(change, release)
    return bool(more.newcomers) and f"access for {', '.join(sorted(set(more.newcomers)))}"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.ALL_CLIENTS_FIRST,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    meanwhile="the client no longer uses it",
    source="ACC Access Rule Evaluation; ONL; OFF Backwards-Compatibility",
    mitigation="Take it out of the client first, and take the right away when every device is updated.",
)
def acc_removed_said(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool | str:
    """Users of devices lost a right on objects that their clients name without keeping rows of them

    Installed clients make, show or save them online, or send them in calls; the server refuses that now.
    """
    loss = taken_from_calls(change, release)
    told = [f"{what} right lost: {who}" for what in (READ, WRITE, CREATE, DELETE) if (who := loss.who(what, "lost"))]
    return bool(told) and told[0]


@rule(
    NEEDS_REDEPLOY,
    on=_GRANTS,
    source="ACC",
    certainty=Certainty.DOCUMENTED,
)
def acc_rule_server(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool:
    """Access rule changed that takes nothing from devices

    No device holds rows of the entity, or its users may do with them what they could before.
    """
    loss, more = rights_lost(change, release), rights_gained(change, release)
    if stands_in(change, release, "Security$ProjectSecurity"):
        return not release.old.memo(_files_on_devices)
    shifted = loss.lost or loss.narrowed or more.widened or more.gained or more.newcomers
    shifted = shifted or taken_from_calls(change, release).lost
    return not shifted and not _follows_member(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REMOVED_FROM_DEVICE,
    requires=Requires.DRAIN,
    breaks_old_clients=Maybe.YES,
    on=_GRANTS,
    source="SYNC",
    mitigation="Have every device synchronise before this release.",
)
def sec_file_access(change: Added[Access] | Removed[Access] | Changed[Access], release: Release) -> bool:
    """Access rules of all files or images changed, with files on devices

    They work like access rules of an entity: files without access leave the device.
    """
    return stands_in(change, release, "Security$ProjectSecurity") and release.old.memo(_files_on_devices)


@rule(
    NONE,
    on=("defaultMemberAccessRights", "xPathConstraintCaption"),
    source="ACC Member Read and Write Rights",
    certainty=Certainty.DOCUMENTED,
)
def acc_default_rights(
    change: Changed[AccessRule] | Added[MemberAccess] | Removed[MemberAccess], release: Release
) -> bool | str:
    """Rights for new members: the default, or what a member brought along or took with it

    The default helps when modelling, and means nothing at run time; of a member its own rule tells.
    """
    return isinstance(change, Changed) or _follows_member(change, release)


@rule(
    NONE,
    noise="documentation",
    source="ACC",
    certainty=Certainty.DOCUMENTED,
)
def acc_rule_docs(change: Changed[AccessRule | ModuleRole], release: Release) -> bool:
    """Documentation of an access rule or module role changed

    No effect at run time.
    """
    return True


def _follows_member(change: Change, release: Release) -> bool | str:
    """Whether rights on a member came or went with the member itself."""
    if isinstance(change, Changed) or change.row.type != MEMBER_ACCESS:
        return False
    name = str(change.row.props.get("attribute") or change.row.props.get("association") or "")
    side, other, partner = (
        (release.new, release.old, release.partner) if isinstance(change, Added)
        else (release.old, release.new, release.changes.partner)
    )  # fmt: skip
    member = side.symbols.member(name)
    return (
        member is not None and member.id not in partner and other.symbols.member(name) is None and f"rights on {name}"
    )


def _constraint(change: Change, release: Release) -> str:
    """How the constraint of a changed rule moved, where that is what changed."""
    if not isinstance(change, Changed) or "xPathConstraint" not in change.fields:
        return ""
    return f"{words(change, release.changes, ('xPathConstraint',))}; "


def _files_on_devices(side: App) -> bool:
    return any(side.synced(e) and system.FILE_DOCUMENT in side.symbols.lineage(e) for e in side.sync)
