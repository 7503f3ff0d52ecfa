"""JavaScript actions: what the model says of them, and the files that hold their code."""

from __future__ import annotations

from typing import Any, cast

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.side_files import file_spelling
from mx_changeclass.model.kinds import view
from mx_changeclass.model.kinds.assets import JavaScriptAction
from mx_changeclass.model.kinds.files import JavaScriptFile, JavaScriptSource, NpmPackage
from mx_changeclass.model.kinds.flows import Nanoflow
from mx_changeclass.model.types import JAVASCRIPT_ACTION
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.native.native_needs import native_needs
from mx_changeclass.rules.reference_changes import gained
from mx_changeclass.vocabulary import (
    FULL_RELEASE,
    NONE,
    OTA_SAFE,
    Certainty,
    Maybe,
    Requires,
)
from mx_changeclass.wording.values import several

NewCode = Added[JavaScriptSource] | Changed[JavaScriptSource]
FileEdit = Added[JavaScriptFile] | Removed[JavaScriptFile] | Changed[JavaScriptFile]

_DEFINED = ("actionReturnType", "javaReturnType", "actionDefaultReturnName", "useLegacyCodeGeneration", "returnType")
_REMOVING_ONE = ("removeitem", "deleteitem", "remove")  # takes away one key that the code names
_CLEARS = frozenset({"NanoflowCommons.ClearLocalStorage"})  # by what the module says of it
_CLIENT_API = "mx-api/"


# -- the action in the model ----------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def js_added(change: Added[JavaScriptAction | JavaScriptSource], release: Release) -> bool:
    """JavaScript action added

    Its code is part of the bundle. What it needs from the binary has its own findings.
    """
    return not _of_renamed(change, release)


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def js_removed(change: Removed[JavaScriptAction | JavaScriptSource], release: Release) -> bool | str:
    """JavaScript action removed

    Devices keep their copy until they update.
    """
    return not _of_renamed(change, release) and (_in_other_case(change, release) or True)


def _in_other_case(change: Removed[JavaScriptAction | JavaScriptSource], release: Release) -> str:
    """That only the letter case of a file differs; "" where there is no such file."""
    file = release.changes.old.units[release.changes.old_tree.unit_of[change.old_row.id]].file
    others = (u.file for u in release.new.snapshot.live.values() if u.file.lower() == file.lower() != "")
    other = next(others, file)
    if other == file:
        return ""
    return f"renamed in its letter case only, to {other}: where that counts, the action is left without code"


@rule(OTA_SAFE, in_bundle=True, on=(NAME, PARENT), source="JSA Name")
def js_renamed(
    change: Changed[JavaScriptAction] | Added[JavaScriptSource] | Removed[JavaScriptSource], release: Release
) -> bool:
    """JavaScript action renamed or moved to another module

    Callers travel along in the bundle.
    """
    if isinstance(change, Changed):
        return release.old_name(change) != release.new_name(change)
    return _of_renamed(change, release)


def _of_renamed(change: Change, release: Release) -> bool:
    """The file of an action that goes by another name on the other side: Studio Pro writes it under that name."""
    elsewhere = {*release.changes.renames, *release.changes.renames.values()}
    return any(name in elsewhere for side, row in release.sides(change) for name in side.served_by(row))


@rule(OTA_SAFE, in_bundle=True, whole=True, source="JSA Parameters")
def js_parameter(
    change: Added[In[JavaScriptAction]] | Removed[In[JavaScriptAction]] | Changed[In[JavaScriptAction]],
    release: Release,
) -> bool:
    """Parameter of a JavaScript action added, removed or changed

    Callers travel along in the bundle.
    """
    return change.row.parent is not None


@rule(OTA_SAFE, in_bundle=True, on=_DEFINED, source="JSA Return Type")
def js_return(change: Changed[JavaScriptAction], release: Release) -> bool:
    """Return type of a JavaScript action changed

    Callers travel along in the bundle.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="platform",
    source="JSA Platform",
    certainty=Certainty.DOCUMENTED,
    mitigation="Look at the nanoflows that call it.",
)
def js_platform(change: Changed[JavaScriptAction], release: Release) -> bool:
    """Platform of a JavaScript action changed

    It restricts which nanoflows may call the action.
    """
    return True


@rule(
    NONE,
    noise=("action-info", "documentation"),
    source="JSA Expose as Nanoflow Action",
    certainty=Certainty.DOCUMENTED,
)
def js_expose(change: Changed[In[JavaScriptAction]], release: Release) -> bool:
    """Caption, icon, category or description of a JavaScript action changed

    An aid of Studio Pro.
    """
    return True


# -- its code -------------------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1; OTA Use Cases; JSA", certainty=Certainty.DOCUMENTED)
def js_code(change: Changed[JavaScriptSource], release: Release) -> bool:
    """Code of a JavaScript action changed

    JavaScript is on the list of what may go over the air.
    """
    return bool(change.fields & {"userCode", "imports", "names", "storage", "natives", "content"})


@rule(NONE, whole=True, source="JSA Code", certainty=Certainty.DOCUMENTED)
def js_regenerated(change: Changed[JavaScriptSource], release: Release) -> bool:
    """File of a JavaScript action written anew by Studio Pro

    What people wrote in it is the same.
    """
    return "generated" in change.fields and _beside_the_list(change) <= {"generated", "comments"}


@rule(NONE, whole=True, source="JSA Documentation")
def js_doc(change: Changed[JavaScriptSource], release: Release) -> bool:
    """Comments of a JavaScript action changed

    They have no effect.
    """
    return _beside_the_list(change) == {"comments"}


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="S3.2; OTA When a Full Release Is Required; WT; REAL 11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship the store release first.",
)
def js_native_dep(change: Changed[JavaScriptSource], release: Release) -> str:
    """JavaScript action needs a native module now that the binary lacks

    The module must be linked into the binary before a bundle uses it.
    """
    return several(native_needs(change, release))


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1; RN11.14")
def js_npm_pure(change: Added[NpmPackage] | Removed[NpmPackage] | Changed[NpmPackage], release: Release) -> bool:
    """npm package of plain JavaScript added, removed or changed beside JavaScript actions

    It is bundled with the actions that import it.
    """
    props = change.row.props
    return props.get("role") == "module" and not props.get("native") and not props.get("forNative")


@rule(OTA_SAFE, in_bundle=True, whole=True, source="JSA Code; REAL 18", mitigation="See which actions import it.")
def js_helper_file(change: FileEdit, release: Release) -> bool:
    """Other file of JavaScript actions changed

    It is bundled where an action of its module imports it.
    """
    return _told(change) and not _orphan(change)


@rule(NONE, instead_of="client-unreachable", whole=True, source="REAL 18", certainty=Certainty.DOCUMENTED)
def js_orphan_file(
    change: FileEdit | Added[JavaScriptSource] | Removed[JavaScriptSource] | Changed[JavaScriptSource],
    release: Release,
) -> bool:
    """File among JavaScript actions that nothing is bundled from

    A lock file, a note, or code that belongs to no action of the model.
    """
    if change.row.type == "File$JavaScript":
        return _orphan(change)
    return not any(side.served_by(row) for side, row in release.sides(change))


def _orphan(change: Change) -> bool:
    return change.row.props.get("role") in ("lock", "note")


def _told(change: Change) -> bool:
    return not isinstance(change, Changed) or bool(_beside_the_list(change))


def _beside_the_list(change: Changed[Any]) -> set[str]:
    """The fields of a file that differ, without its list of native modules, of which others tell."""
    return {f for f in change.fields if f.partition(".")[0] not in ("nativeDependencies", "sidecar")}


# -- what the code does ---------------------------------------------------------------------------


def _as_it_was(change: NewCode, release: Release) -> JavaScriptSource | None:
    """The code before; of a renamed action it stands in the file of the old name. None for a new action."""
    if isinstance(change, Changed):
        return change.old
    old = {file_spelling(release.old_names[n]) for n in release.new.served_by(change.row) if n in release.old_names}
    files = (c for c in release.changes if isinstance(c, Removed) and c.row.type == change.row.type)
    return next((cast("Removed[JavaScriptSource]", c).old for c in files if c.row.name in old), None)


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="names",
    source="SYNC Customizable Synchronization",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a row for the entity to the synchronisation settings of the profile.",
)
def js_entity_by_name(change: NewCode, release: Release) -> str:
    """Code names an entity in a text

    Studio Pro does not see it, so the entity may be missing in the sync set.
    """
    was = _as_it_was(change, release)
    before = was.names if was else ()
    named = (n for n in change.new.names if n not in before and release.new.entity(n) is not None)
    return several(named)


@rule(
    OTA_SAFE,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="imports",
    source="STRICT Restricted Client APIs",
    certainty=Certainty.DOCUMENTED,
    mitigation="Call a nanoflow instead.",
)
def js_client_api_strict(change: NewCode, release: Release) -> str:
    """Code uses the client API in an app with strict mode

    Strict mode blocks a part of it; such calls fail when they run.
    """
    was = _as_it_was(change, release)
    before = was.imports if was else ()
    used = [i for i in change.new.imports if i.startswith(_CLIENT_API) and i not in before]
    return several(used) if used and _strict(release) else ""


def _strict(release: Release) -> bool:
    units = release.new.snapshot.live.values()
    security = next((u for u in units if u.type == "Security$ProjectSecurity"), None)
    return security is not None and release.new.snapshot.rows(security.id)[0].props.get("strictMode") is True


@rule(
    OTA_SAFE,
    in_bundle=True,
    undecided=True,
    on="storage",
    source="no source (code scan)",
    mitigation="Look at the code: does it keep what was not uploaded?",
)
def js_localstorage(change: NewCode, release: Release) -> str:
    """Code takes data off the device

    Whether what it clears or deletes holds anything that was not uploaded, the code alone does not say.
    """
    if not _holds_data(change, release):
        return ""
    if was := _as_it_was(change, release):
        had = {c.rpartition(".")[2] for c in was.storage}  # what is called counts, not how it was imported
        calls = [c for c in change.new.storage if c.rpartition(".")[2] not in had]
    else:
        calls = [c for c in change.new.storage if not _removes_one(c)]
    return several(calls)


@rule(
    OTA_SAFE,
    in_bundle=True,
    undecided=True,
    source="no source (code scan)",
    mitigation="Look at the code of the action: does it keep what was not uploaded?",
)
def js_localstorage_called(change: Added[In[Nanoflow]] | Changed[In[Nanoflow]], release: Release) -> str:
    """Nanoflow begins to call an action whose code takes data off the device

    The action may be as old as the app: what it clears is gone from the first call on. Whether that holds anything
    that was not uploaded, the code alone does not say.
    """
    if not _holds_data(change, release):
        return ""
    called = gained(change, release, JAVASCRIPT_ACTION)
    code = {unit.name: unit for unit in release.new.snapshot.live.values() if unit.type == "File$JavaScriptAction"}
    told = []
    for name in called:
        unit = code.get(file_spelling(name))
        rows = release.new.snapshot.rows(unit.id) if unit is not None and not unit.missing else ()
        calls = [c for r in rows[:1] for c in cast("JavaScriptSource", view(r)).storage if not _removes_one(c)]
        told += [f"{name} calls {several(calls)}"] if calls else [f"{name}"] if name in _CLEARS else []
    return several(told)


def _holds_data(change: Change, release: Release) -> bool:
    """The code runs on devices that may hold something already."""
    return release.reached_offline(change) and not release.nothing_to_lose(release.audience(change))


def _removes_one(call: str) -> bool:
    return call.rpartition(".")[2].lower() in _REMOVING_ONE
