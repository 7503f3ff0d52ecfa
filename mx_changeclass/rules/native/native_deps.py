"""Native modules that widgets and JavaScript actions ask for: does the released binary have them.

A module counts where a native profile reaches what asks for it, whether the file changed or a page now
shows the widget.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.graphs.native_dependencies import resolved
from mx_changeclass.model.kinds.app import Module
from mx_changeclass.model.kinds.files import BringsNative, JavaScriptFile, JavaScriptSource
from mx_changeclass.model.kinds.native import NativeBinary
from mx_changeclass.model.native_templates import accepts, pinned, template_range
from mx_changeclass.rules.engine.release import DependencyChange, Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.phrases import several
from mx_changeclass.vocabulary import FULL_RELEASE, NONE, OTA_SAFE, Certainty, Maybe, Requires

_NATIVE = ("react-native-", "@react-native")


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="S3.2; DEV; WT; REAL 11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release first, then bring the feature.",
)
def native_dep_added(move: DependencyChange, release: Release) -> bool:
    """Native module that the released binary does not have

    The bundle crashes when it loads a module that is not linked into the binary.
    """
    return move.reached and move.kind == "added"


@rule(
    OTA_SAFE,
    in_bundle=True,
    instead_of="native-dep-added",
    source="native-template package.json",
    mitigation="None.",
)
def native_dep_in_template(move: DependencyChange, release: Release) -> bool:
    """Native module that the released binary has

    It comes with the native template, or was built in: it is linked into the binary already, in the same version.
    """
    return move.reached and move.kind == "added" and _linked(move, release) == _asked(move)


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="WT",
    mitigation="Take it out with the next store build.",
)
def native_dep_removed(move: DependencyChange, release: Release) -> bool:
    """Native module no longer used

    The binary carries a module that nobody loads.
    """
    return move.reached and move.kind == "removed"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="NSRC MxConfiguration NATIVE_DEPENDENCIES; WT; REAL 11, 16",
    mitigation="Ship a store release; keep to the version of the template.",
)
def native_dep_version(move: DependencyChange, release: Release) -> bool:
    """Version of a native module changed

    The check before an update compares the modules of the binary, and the client may call what changed in them.
    """
    return move.reached and move.kind == "version"


@rule(NONE, source="REAL 16", certainty=Certainty.DOCUMENTED)
def native_dep_range_mark(move: DependencyChange, release: Release) -> bool:
    """Version of a native module written with another range mark

    The version that counts is the same.
    """
    return move.kind == "range-mark"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    undecided=True,
    at_most=FULL_RELEASE,
    source="REAL 16",
    mitigation="Repair the file.",
)
def native_dep_unread(move: DependencyChange, release: Release) -> bool | str:
    """List of native modules that cannot be read

    What it asks for is not known, so nothing in it counts as added or removed.
    """
    whose = several([owner.removeprefix("widget:") for owner in move.owners])
    return move.reached and move.kind == "unread" and f"the list of {whose or 'an unknown file'} cannot be read"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="native-template package.json; REAL 11",
    mitigation="Agree on one version before the build.",
)
def native_dep_conflict(move: DependencyChange, release: Release) -> bool | str:
    """Native module asked for in different versions

    Only one version can be linked into a binary.
    """
    if not move.reached or move.kind not in ("added", "version"):
        return False
    asked = {resolved(version) for version in move.new.split(", ")}
    template = release.planned_template or release.template
    taken = template_range(release.new.version) if release.new.version else None
    has = resolved(pinned(template).get(move.package, "")) if taken and accepts(taken, template) else ""
    if has and asked != {has}:
        return f"{move.new} asked for, template {template} has {has}"
    return len(asked) > 1 and f"{move.new} asked for"


@rule(NONE, on=("nativeDependencies", "sidecar"), source="no source (bundling)")
def native_dep_unreachable(about: DependencyChange | Changed[BringsNative], release: Release) -> bool:
    """Native module of a widget or action that no native profile reaches

    It is not part of the client; a build may link it all the same.
    """
    if isinstance(about, Changed):
        return not (release.old.native or release.new.native)
    return not about.reached and about.kind != "range-mark"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="S3.2; OTA When a Full Release Is Required; REAL 11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship a store release.",
)
def native_module_added(change: Added[Module], release: Release) -> bool | str:
    """Module with native code added

    What it needs is not in the released binary.
    """
    moves = _of_module(change.new.name, "added", release)
    brought = [move.package for move in moves if _linked(move, release) != _asked(move)]
    return bool(brought) and f"brings {', '.join(brought)}"


@rule(
    OTA_SAFE,
    source="OTA Use Cases",
    mitigation="Clean up with the next store build.",
)
def native_module_removed(change: Removed[Module], release: Release) -> bool | str:
    """Module with native code removed

    The bundle no longer uses it, and the old binary still works.
    """
    brought = [m.package for m in _of_module(change.old.name, "removed", release)]
    return bool(brought) and f"brought {', '.join(brought)}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    on="imports",
    source="WT; REAL 11",
    mitigation="List the package in the sidecar file of the action, and ship a store release.",
)
def native_platform_js_api(
    change: Added[JavaScriptSource] | Changed[JavaScriptSource] | Added[JavaScriptFile] | Changed[JavaScriptFile],
    release: Release,
) -> bool | str:
    """JavaScript imports a native package that its sidecar file does not list

    An import written by hand passes by the list that builds are made from.
    """
    if not release.reached_native(change):
        return False
    before = set(change.old.imports) if isinstance(change, Changed) else set()
    own = change.new.native_dependencies
    listed = {*release.new.dependencies.packages, *pinned(release.template)}
    packages = {_package(name) for name in set(change.new.imports) - before} - {*own, *listed}
    hidden = sorted(name for name in packages if name.startswith(_NATIVE) or name in _with_native_code(release))
    return bool(hidden) and f"imports {', '.join(hidden)}"


def _asked(move: DependencyChange) -> str:
    return resolved(move.new)


def _linked(move: DependencyChange, release: Release) -> str:
    """The version of the module in the released binary, "" where it has none or that is not known."""
    binary = release.old.binary
    built_in = NativeBinary(binary).linked if binary else {}
    return resolved(built_in.get(move.package) or pinned(release.template).get(move.package, ""))


def _of_module(module: str, kind: str, release: Release) -> list[DependencyChange]:
    """The moves of native modules that actions of a Mendix module ask for."""
    folder = module.lower() + "."
    return [
        move
        for move in release.dependency_changes
        if move.reached and move.kind == kind and any(owner.startswith(folder) for owner in move.owners)
    ]


def _package(name: str) -> str:
    """The npm package of an import: ``@scope/name`` or ``name``, without the path in it."""
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


def _with_native_code(release: Release) -> frozenset[str]:
    """The npm packages beside the model that hold native code."""
    live = release.new.snapshot.live.values()
    rows = (release.new.snapshot.rows(u.id)[0] for u in live if u.type == "File$Package" and not u.missing)
    return frozenset(str(row.props.get("packageName", "")) for row in rows if row.props.get("native") is True)
