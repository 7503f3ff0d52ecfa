"""App settings."""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, ORDER, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.app import RuntimeSettings
from mx_changeclass.model.kinds.documents import ExtensionDocument
from mx_changeclass.model.kinds.settings import CustomSetting, ProjectSettings
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.project.settings_client import BUNDLING
from mx_changeclass.rules.questions import detail_of, keeps_data, never_synchronised
from mx_changeclass.vocabulary import (
    NEEDS_REDEPLOY,
    NONE,
    Certainty,
    Hazard,
    Maybe,
    Remedy,
    Requires,
)
from mx_changeclass.wording.values import several

SettingsEdit = Added[In[ProjectSettings]] | Removed[In[ProjectSettings]] | Changed[In[ProjectSettings]]

_LIFECYCLE = ("afterStartupMicroflow", "beforeShutdownMicroflow", "healthCheckMicroflow")
_AUTO_COMMITTED = "autocommitted"


# -- the life of the server -----------------------------------------------------------------------


@rule(NEEDS_REDEPLOY, on=_LIFECYCLE, source="RT", certainty=Certainty.DOCUMENTED)
def set_after_startup(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Another microflow for start, shutdown or health check

    The life cycle of the server.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on=("hashAlgorithm", "bcryptCost"),
    source="RT Hash Algorithm",
    certainty=Certainty.DOCUMENTED,
)
def set_hash(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Hash algorithm changed

    It holds for passwords that are stored from now on.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on=("defaultTimeZoneCode", "scheduledEventTimeZoneCode"),
    source="RT",
    certainty=Certainty.DOCUMENTED,
)
def set_timezone(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Time zone changed

    The server works by it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SESSION_LOSS,
    breaks_old_clients=Maybe.MAYBE,
    on="allowUserMultipleSessions",
    remedy=Remedy.STOP,
    source="RT Multiple Sessions",
    certainty=Certainty.DOCUMENTED,
    mitigation="Leave several sessions on for a mobile app.",
)
def set_multi_session(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Several sessions of one user switched off

    A sign-in on the web ends the session of the phone.
    """
    return change.new_row.props.get("allowUserMultipleSessions") is not True


@rule(
    NEEDS_REDEPLOY,
    on="useOQLVersion2",
    source="RT OQL version 2",
    certainty=Certainty.DOCUMENTED,
)
def set_oql_v2(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Version of OQL changed

    Queries of the server are read by it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    on="useDatabaseForeignKeyConstraints",
    remedy=Remedy.PREPARE_SERVER,
    source="RT Foreign Key Constraints; SYNC Dangling References",
    mitigation="Repair dangling references first.",
)
def set_fk(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Foreign key constraints switched on

    Commits with dangling references fail. Synchronisation sets such objects aside already, so nothing new
    is lost by it.
    """
    return change.new_row.props.get("useDatabaseForeignKeyConstraints") is True


@rule(
    NEEDS_REDEPLOY,
    on="enableDataStorageOptimisticLocking",
    since="11.5.0",
    source="OPTL; RN11.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Deploy; expect a full synchronisation.",
)
def set_optimistic_locking(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Optimistic locking switched

    It adds a version column to every entity. Uploads of offline clients are not blocked by it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.LOCAL_WIPE,
    on="enableDataStorageOptimisticLocking",
    since="11.5.0",
    remedy=Remedy.LATER,
    meanwhile="the client uploads the objects of mode Never by a synchronisation of selected ones",
    source="OPTL; SYNC Limitations",
    mitigation="Wait with it for one release that lets devices upload the objects of mode Never by a synchronisation "
    "of selected ones.",
)
def set_optimistic_locking_never(change: Changed[RuntimeSettings], release: Release) -> bool | str:
    """Optimistic locking switched while devices hold objects that are never synchronised

    Every entity gains or loses an attribute for its version. Such a change of the domain model can reset the local
    database, and that removes objects of mode Never for good.
    """
    held = never_synchronised(release)
    return bool(held) and keeps_data(release) and f"{several(held)} is never synchronised"


@rule(
    NEEDS_REDEPLOY,
    on="enableDataStorageOptimisticLocking",
    instead_of="set-optimistic-locking",
    since="11.5.0",
    until="11.10.99",
    remedy=Remedy.OTHER_VERSION,
    source="RN11.11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade to 11.11 first.",
)
def set_optimistic_locking_offline_old(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Optimistic locking on with an offline profile, below 11.11

    The consistency check does not allow it.
    """
    return release.new.offline and change.new_row.props.get("enableDataStorageOptimisticLocking") is True


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    on=("sslCertificateAlgorithm", "type", "data"),
    source="RT SSL",
    mitigation="Deploy; a certificate inside the app needs a new binary.",
)
def set_ssl(change: SettingsEdit, release: Release) -> bool:
    """Certificates or their algorithm changed

    The server connects by them.
    """
    return _part(change, release) == "Settings$CertificateSettings" or _touches(change, "sslCertificateAlgorithm")


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def set_workflow(change: SettingsEdit, release: Release) -> bool:
    """Workflow settings changed

    Workflows run on the server.
    """
    return _part(change, release) == "Settings$WorkflowsProjectSettingsPart"


@rule(NEEDS_REDEPLOY, source="MSDK")
def set_integration_part(change: SettingsEdit, release: Release) -> str:
    """Another setting of the server changed

    The server works by it.
    """
    told = _TOLD.get(_part(change, release), frozenset())
    if told is None:
        return ""
    if not isinstance(change, Changed):
        return detail_of(change, release)
    left = [f for f in sorted(change.fields) if f not in told] + _harmless(change)
    return detail_of(change, release, left) if left else ""


def _harmless(change: Changed[In[ProjectSettings]]) -> list[str]:
    """Switches that a rule tells in one direction only, moved in the other."""
    props = change.new_row.props
    harmless = {"allowUserMultipleSessions": True, "useDatabaseForeignKeyConstraints": False}
    return [f for f, to in harmless.items() if f in change.fields and (props.get(f) is True) is to]


# What rules of their own tell of each part of the settings; None where they tell all of it.
_TOLD: dict[str, frozenset[str] | None] = {
    "Settings$RuntimeSettings": frozenset(
        {
            *_LIFECYCLE,
            "hashAlgorithm",
            "bcryptCost",
            "defaultTimeZoneCode",
            "scheduledEventTimeZoneCode",
            "allowUserMultipleSessions",
            "useOQLVersion2",
            "useDatabaseForeignKeyConstraints",
            "sslCertificateAlgorithm",
            "enableDataStorageOptimisticLocking",
            "roundingMode",
            "firstDayOfWeek",
            "decimalScale",
            "javaVersion",
            "javaMajorVersion",
        }
    ),
    "Settings$WebUIProjectSettingsPart": frozenset(
        {
            "useOptimizedClient",
            *BUNDLING,
            "enableNewStringBehavior",
            "enableMicroflowReachabilityAnalysis",
            "urlPrefix",
            "theme",
            "themeModuleName",
            "themeConversionStatus",
        }
    ),
    "Settings$ThemeModuleEntry": None,
    "Settings$ConfigurationSettings": None,
    "Settings$ModelerSettings": None,
    "Settings$CertificateSettings": None,
    "Settings$WorkflowsProjectSettingsPart": None,
    "Settings$LanguageSettings": None,
    "Settings$DistributionSettings": None,
    "Settings$JarDeploymentSettings": None,
    "Settings$JavaActionsSettings": None,
}


def _part(change: Change, release: Release) -> str:
    """The part of the settings that a change stands in; the order of style modules counts as one."""
    if change.row.type == "Settings$ThemeModuleEntry":
        return change.row.type
    rows = (change.row, *release.changes.tree(change).ancestors(change.row))
    return next((r.type for r in rows if is_a(r.type, "Settings$ProjectSettingsPart")), "")


def _touches(change: Change, field: str) -> bool:
    return isinstance(change, Changed) and change.touches(field)


@rule(NEEDS_REDEPLOY, requires=Requires.SERVER_FIRST, source="BP Language Switching")
def set_language_settings(change: SettingsEdit, release: Release) -> str:
    """Languages of the app changed in another way

    The server keeps the list of languages.
    """
    if _part(change, release) != "Settings$LanguageSettings":
        return ""
    if not isinstance(change, Changed):
        return "" if change.row.type == "Settings$Language" else detail_of(change, release)
    told = ("defaultLanguageCode", "customDateFormat", "customTimeFormat", "customDateTimeFormat", "checkCompleteness")
    left = [f for f in change.fields if f not in (*told, ORDER)]
    return detail_of(change, release, left) if left else ""


# -- what stays on the developer's machine --------------------------------------------------------


@rule(NONE, whole=True, source="MSDK", mitigation="Set what environments need in the environments.")
def set_configurations(change: SettingsEdit, release: Release) -> bool:
    """Run configuration changed

    It holds for local runs only.
    """
    constant = change.row.type == "Settings$ConstantValue"
    return _part(change, release) == "Settings$ConfigurationSettings" and not constant and not _auto_committed(change)


@rule(NONE, whole=True, source="MSDK")
def set_modeler(
    change: SettingsEdit
    | Added[In[ExtensionDocument]]
    | Removed[In[ExtensionDocument]]
    | Changed[In[ExtensionDocument]],
    release: Release,
) -> bool:
    """Preferences of Studio Pro, or a document of an extension of it, changed

    They have no effect at run time.
    """
    within = _part(change, release)
    if within == "Settings$DistributionSettings":
        return not isinstance(change, Changed)
    own = release.document(change).type == "CustomBlobDocuments$CustomBlobDocument"
    return own or within in ("Settings$ModelerSettings", "Settings$JavaActionsSettings")


# -- auto-committed objects -----------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    since="9.18.0",
    on=(NAME, "value"),
    remedy=Remedy.STOP,
    source="AUTO Customizing; RN9.18",
    certainty=Certainty.DOCUMENTED,
    mitigation="Leave the default.",
)
def set_delete_autocommitted(change: Added[CustomSetting] | Changed[CustomSetting], release: Release) -> bool:
    """Auto-committed objects are removed after synchronisation

    Objects that synchronisation made by side effect are deleted on the server and then on the device;
    releases that did so have lost data.
    """
    return _auto_committed(change) and change.new.value.strip().lower() == "true" and release.new.offline


@rule(NEEDS_REDEPLOY, on=(NAME, "value"), source="AUTO Customizing", certainty=Certainty.DOCUMENTED)
def set_keep_autocommitted(
    change: Added[CustomSetting] | Removed[CustomSetting] | Changed[CustomSetting], release: Release
) -> bool:
    """Auto-committed objects stay after synchronisation

    Nothing is deleted that was kept before.
    """
    deletes = not isinstance(change, Removed) and change.new.value.strip().lower() == "true"
    return _auto_committed(change) and not (deletes and release.new.offline)


def _auto_committed(change: Change) -> bool:
    return change.row.type == "Settings$CustomSetting" and _AUTO_COMMITTED in change.row.name.lower().replace("-", "")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SESSION_LOSS,
    breaks_old_clients=Maybe.MAYBE,
    remedy=Remedy.ASK,
    source="SESS Authentication Token Expiry",
    certainty=Certainty.DOCUMENTED,
    mitigation="Check by hand how long devices stay signed in.",
)
def set_session_timeout(whole: Release, release: Release) -> str:
    """Time-out of sessions or tokens changed

    The model does not hold it: the project states it.
    """
    return whole.policy.declared.get("session-timeout", "")
