"""Native modules that widgets and JavaScript actions ask for: does the released binary have them.

A module counts where a native profile reaches what asks for it, whether the file changed or a page now
shows the widget.
"""

from __future__ import annotations

from mx_changeclass.changes.change import Added, Changed, Removed
from mx_changeclass.graphs.native_dependencies import resolved
from mx_changeclass.model.kinds.app import Module
from mx_changeclass.model.kinds.files import BringsNative, JavaScriptFile, JavaScriptSource, NpmPackage, ThemeFile
from mx_changeclass.model.native_templates import accepts, pinned, template_range
from mx_changeclass.regex import regex
from mx_changeclass.rules.engine.release import DependencyChange, Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.rules.native.native_needs import in_released_binary, meets_binary
from mx_changeclass.vocabulary import FULL_RELEASE, NONE, OTA_SAFE, Certainty, Maybe, Remedy, Requires

Script = Added[JavaScriptSource | JavaScriptFile | ThemeFile] | Changed[JavaScriptSource | JavaScriptFile | ThemeFile]

_NATIVE = regex(r"(?:^|[@/-])react-native(?:$|[/-])")
_STORES = regex(r"sensitive-info|keychain|async-storage|encrypted-storage|secure-store|sqlite|mmkv|realm|watermelon")
_OF_CLIENT = frozenset(("react", "react-native", "react-dom", "mendix", "mx-api", "mx-global", "big.js", "@mendix"))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="S3.2; OTA When a Full Release Is Required; DEV; WT; REAL 11",
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
    instead_of=("native-dep-added", "native-dep-version"),
    source="native-template package.json",
)
def native_dep_in_template(move: DependencyChange, release: Release) -> bool:
    """Native module that the released binary has

    It comes with the native template, or was built in: it is linked into the binary already, in the same version.
    """
    return move.reached and move.kind in ("added", "version") and _linked(move, release) == _asked(move)


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


@rule(
    NONE,
    source="no source (what a library has written, another version of it may not read)",
    mitigation="Read what the release notes of the library say of stored data, and try the update on a device in use.",
)
def native_dep_storage(move: DependencyChange, release: Release) -> bool:
    """Native module that keeps data on devices removed, or in another version

    What the old one wrote, such as keys and tokens, the new app may not be able to read.
    """
    return move.reached and move.kind in ("version", "removed") and bool(_STORES.search(move.package))


@rule(NONE, source="REAL 16; DEV", mitigation="State the exact version: ranges are not supported.")
def native_dep_range_mark(move: DependencyChange, release: Release) -> bool:
    """Version of a native module written with another range mark

    The number in it is the same, and only exact versions are supported.
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
    mitigation="Repair the file that holds its list of native modules, and compare anew.",
)
def native_dep_unread(move: DependencyChange, release: Release) -> bool:
    """List of native modules that cannot be read

    What it asks for is not known, so nothing in it counts as added or removed.
    """
    return move.reached and move.kind == "unread"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    remedy=Remedy.STOP,
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
def native_platform_js_api(change: Script, release: Release) -> bool | str:
    """JavaScript imports a native package that its sidecar file does not list

    An import written by hand passes by the list that builds are made from.
    """
    hidden = [name for name in _unlisted(change, release) if _is_native(name, release)]
    return bool(hidden) and f"imports {', '.join(hidden)}"


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    undecided=True,
    on=("imports", "natives", "unread", "content"),
    source="WT; DEV",
    mitigation="See whether the binary has it; if not, list the package in the sidecar file, and ship a store release.",
)
def native_module_by_code(change: Script, release: Release) -> bool | str:
    """JavaScript asks for what may be a native module that no list names

    Where the released binary lacks the module, the app fails when the code runs.
    """
    if change.new.unread and meets_binary(change, release):
        return "what it asks for could not be read"
    known = release.memo(release, _beside)
    asked = [name for name in _unlisted(change, release) if not _is_native(name, release)]
    open_ = [name for name in asked if name not in known or known[name].for_native]
    before = change.old.natives if isinstance(change, Changed) else ()
    explained = isinstance(change.new, BringsNative) and change.new.native_dependencies
    new = [n for n in change.new.natives if n not in before]
    named = new if meets_binary(change, release) and not explained else []
    told = (*(f"imports {name}" for name in open_), *(f"asks for the native module {name}" for name in named))
    return ", ".join(told)


def _unlisted(change: Script, release: Release) -> list[str]:
    """The npm packages that a script imports anew, and that neither a list of native modules nor the released binary
    is known to have; what the client provides itself left out."""
    if not meets_binary(change, release):
        return []
    before = set(change.old.imports) if isinstance(change, Changed) else set()
    own = change.new.native_dependencies if isinstance(change.new, BringsNative) else ()
    listed = {*own, *release.new.dependencies.packages, *in_released_binary(release)}
    packages = {_package(name) for name in set(change.new.imports) - before if not name.startswith((".", "/"))}
    return sorted(n for n in packages - listed if n.partition("/")[0] not in _OF_CLIENT)


def _is_native(name: str, release: Release) -> bool:
    """A package that holds native code, as its files or its name say."""
    beside = release.memo(release, _beside).get(name)
    return beside.native if beside else bool(_NATIVE.search(name))


def _beside(release: Release, _: Release) -> dict[str, NpmPackage]:
    """The npm packages beside the model by name; one that holds native code before others of its name."""
    live = release.new.snapshot.live.values()
    rows = (release.new.snapshot.rows(u.id)[0] for u in live if u.type == "File$Package" and not u.missing)
    found = [NpmPackage(row) for row in rows if row.props.get("role") == "module"]
    return {each.package_name: each for each in sorted(found, key=lambda p: p.native)}


def _asked(move: DependencyChange) -> str:
    return resolved(move.new)


def _linked(move: DependencyChange, release: Release) -> str:
    """The version of the module in the released binary, "" where it has none or that is not known."""
    return in_released_binary(release).get(move.package, "")


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
