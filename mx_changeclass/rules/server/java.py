"""Java actions and server libraries."""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.kinds.app import JarDependency, RuntimeSettings
from mx_changeclass.model.kinds.assets import JavaAction
from mx_changeclass.model.kinds.files import Jar, JavaFile, JavaSource
from mx_changeclass.model.kinds.settings import JarDeployment
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, Certainty, Hazard, Maybe, Remedy

SourceEdit = Added[JavaFile | JavaSource] | Removed[JavaFile | JavaSource] | Changed[JavaFile | JavaSource]
ActionEdit = Added[In[JavaAction]] | Removed[In[JavaAction]] | Changed[In[JavaAction]]

_GENERATED = frozenset({"generated", "comments"})


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK", aliases="file-javasource")
def java_code(change: SourceEdit, release: Release) -> bool:
    """Java source changed

    It is compiled into the deployment.
    """
    return not _generated(change)


@rule(NONE, whole=True, source="RN11.11")
def java_proxies(change: SourceEdit, release: Release) -> bool:
    """Generated Java source changed

    It is made again at every deployment.
    """
    return _generated(change)


def _generated(change: Change) -> bool:
    if isinstance(change, Changed) and change.row.type == "File$JavaAction":
        return change.fields <= _GENERATED
    return change.row.props.get("role") in ("generated", "note")


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.REFUSAL_POSSIBLE,
    breaks_old_clients=Maybe.MAYBE,
    instead_of="java-code",
    whole=True,
    remedy=Remedy.ASK,
    source="SYNC Upload Phase; RN11.14",
    mitigation="See that it still accepts what old clients upload.",
)
def java_listener(change: Added[JavaSource] | Changed[JavaSource], release: Release) -> str:
    """Java listener of commits or deletions changed

    It runs for uploads too. Whether it refuses them cannot be read from the model.
    """
    listeners = [i for i in change.new.imports if "Listener" in i.rpartition(".")[2]]
    told = isinstance(change, Added) or bool(change.fields - _GENERATED)
    return listeners[0] if listeners and told and release.new.sync else ""


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def java_signature(change: ActionEdit, release: Release) -> bool:
    """Name, parameters or result of a Java action changed

    They are internal to the server.
    """
    return change.row.parent is not None or (isinstance(change, Changed) and change.fields != {"exportLevel"})


@rule(NEEDS_REDEPLOY, source="MSDK")
def java_added_removed(change: Added[JavaAction] | Removed[JavaAction], release: Release) -> bool:
    """Java action added or removed

    It runs on the server.
    """
    return True


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK", aliases="file-userlib")
def java_jar_dependency(
    change: Added[JarDependency | JarDeployment | Jar]
    | Removed[JarDependency | JarDeployment | Jar]
    | Changed[JarDependency | JarDeployment | Jar],
    release: Release,
) -> bool:
    """Java library of the server changed

    Libraries are deployed with the server.
    """
    return str(change.row.props.get("role", "")) != "note"


@rule(
    NEEDS_REDEPLOY,
    on=("javaVersion", "javaMajorVersion"),
    remedy=Remedy.PREPARE_SERVER,
    source="RT Java Version; RN11.14",
    certainty=Certainty.DOCUMENTED,
    mitigation="Make sure that the platform has that version.",
)
def java_version(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Java version changed

    The server runs on it.
    """
    return True
