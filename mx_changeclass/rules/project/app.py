"""The app as a whole: its first release, its name, the form it is stored in."""

from __future__ import annotations

from mx_changeclass.changes.change import Changed
from mx_changeclass.graphs.native_dependencies import of_owners
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.kinds.app import DistributionSettings
from mx_changeclass.model.kinds.navigation import WebProfile
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, NONE, Certainty, Requires
from mx_changeclass.wording.values import plural, several

_STORED = frozenset({"mpr-v1", "mpr-v2"})


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="S3.2; OTA When a Full Release Is Required",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build the app for distribution and submit it to the stores.",
)
def app_first_release(release: Release, _: Release) -> bool | str:
    """First release of the native app

    Nothing is installed yet, so only a store build can reach users, and nothing can be lost.
    """
    if not release.new.native or release.old.native:
        return False
    before = "there is no earlier version" if release.first else "the earlier version has no native profile"
    return f"{before}; the binary holds {_held(release)}"


@rule(
    NEEDS_REDEPLOY,
    source="S3.1",
)
def app_first_deployment(release: Release, _: Release) -> bool | str:
    """First deployment of the app

    Nothing runs yet: all comes with the server, and nothing can be lost.
    """
    return release.first and not release.new.native and f"there is no earlier version; it holds {_modules(release)}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="S3.2; OTA When a Full Release Is Required",
    certainty=Certainty.DOCUMENTED,
    mitigation="Submit the app for review.",
)
def app_functionality_fundamental(release: Release, _: Release) -> bool | str:
    """Purpose of the app fundamentally changed, as the team declares

    Stores ask for a new review when an app turns into something else; no model can tell.
    """
    stated = release.policy.declared.get("purpose-changed", "")
    return bool(release.new.native and stated and stated.lower() not in {"no", "false"}) and f"declared: {stated}"


@rule(
    NEEDS_REDEPLOY,
    on=("appTitle", "applicationTitle"),
    source="NAV Application Title",
)
def app_name_project(change: Changed[WebProfile], release: Release) -> bool:
    """Title of the web app changed

    The runtime serves it; the name under the icon of a native app lives in the binary.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on=("version", "basedOnVersion", "isDistributable"),
    source="MSDK",
)
def app_version_number(change: Changed[DistributionSettings], release: Release) -> bool:
    """Version of a solution changed

    Packaging data that the server side reads.
    """
    return True


@rule(NONE, source="no source")
def sp_metadata_hash(move: VersionChange, release: Release) -> bool:
    """Another build of the same Studio Pro version

    A marker of the storage, without behaviour.
    """
    return move.old == move.new


@rule(NONE, source="RN11.0 New Features", certainty=Certainty.DOCUMENTED)
def mpr_format_v1_v2(release: Release, _: Release) -> bool | str:
    """Model stored in another form

    Only the storage differs; the model is compared unit by unit.
    """
    old, new = release.old.snapshot.form, release.new.snapshot.form
    return old != new and {old, new} == _STORED and f"{old} to {new}"


def _held(release: Release) -> str:
    """What a first binary is built with, in words."""
    side = release.new
    natives = [p for p in side.profiles if p.kind == "native"]
    entities = {name for p in natives for name, entry in side.synced_by_profile[p.name].items() if entry.mode != ONLINE}
    linked = of_owners(side.dependencies, side.reached_owner).packages if side.snapshot.side_files else {}
    updates = "on" if any(p.ota for p in natives) else "off"
    template = release.planned_template or release.template
    return ", ".join(
        (
            f"{_modules(release)} behind {several(p.name for p in natives)}",
            f"{plural(len(entities), 'entity')} on devices",
            *((f"{plural(len(linked), 'native module')} ({several(linked)})",) if linked else ()),
            *((f"native template {template}",) if template else ()),
            f"updates over the air {updates}",
        )
    )


def _modules(release: Release) -> str:
    return f"{sum(u.type == 'Projects$Module' for u in release.new.snapshot.live.values())} modules"
