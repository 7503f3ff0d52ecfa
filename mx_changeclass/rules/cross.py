"""Across chapters: what nobody reaches, what the channel lifts, what is not known, what a release is as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from mx_changeclass.changes.change import CONTENT, TYPE, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds import Kind, kind_of
from mx_changeclass.model.kinds.assets import IconCollection, ImageCollection, JavaScriptAction
from mx_changeclass.model.kinds.files import JavaScriptFile, JavaScriptSource, NpmPackage, ThemeFile
from mx_changeclass.model.kinds.flows import Nanoflow
from mx_changeclass.model.kinds.pages import Layout, Menu, Page, Snippet
from mx_changeclass.model.metamodel import type_named
from mx_changeclass.model.persistence import LONGEST_LINE
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Detail, Failed, Hit, Hits, In, Uncovered, rule
from mx_changeclass.rules.reference_changes import new_rows
from mx_changeclass.vocabulary import (
    FULL_RELEASE,
    HARD_LOSS,
    NEEDS_REDEPLOY,
    NONE,
    OTA_SAFE,
    SOFT_LOSS,
    Certainty,
    Hazard,
    Maybe,
    Remedy,
    Requires,
)
from mx_changeclass.wording.values import kind_in_words, several

Client = Page | Layout | Snippet | Menu | Nanoflow | JavaScriptAction | ImageCollection | IconCollection
ClientFile = JavaScriptSource | JavaScriptFile | ThemeFile | NpmPackage
# Noise that says something to somebody, so that a rule of its own tells it.
_TOLD = frozenset(
    {
        "documentation",
        "editor-image",
        "action-info",
        "widget-definition",
        "default-effect",
        "conversion-default",
    }
)


@rule(NONE, whole=True, source="REAL 10; SYNC Introduction", certainty=Certainty.DOCUMENTED)
def client_unreachable(
    change: Added[In[Client | ClientFile]] | Removed[In[Client | ClientFile]] | Changed[In[Client | ClientFile]],
    release: Release,
) -> bool:
    """Page, nanoflow or other part of the client changed that nobody reaches

    No navigation profile leads to it, so nothing of it is shipped.
    """
    return _unreached(change, release)


@rule(NONE, whole=True, instead_of="client-unreachable", source="REAL 10; SYNC Introduction")
def client_reached_on_other_side(
    change: Added[In[Client | ClientFile]] | Removed[In[Client | ClientFile]] | Changed[In[Client | ClientFile]],
    release: Release,
) -> bool:
    """Part of the client that was never shipped, of what is reached only now or was reached only before

    What came to it is shipped where the new version is, and what went was shipped where the old one was.
    """
    sides = (release.old, release.changes.old_tree), (release.new, release.changes.new_tree)
    around = zip(sides, release.documents(change), strict=True)
    reached = any(row is not None and side.reached(tree.qualified(row)) for (side, tree), row in around)
    return reached and _unreached(change, release)


def _unreached(change: Change, release: Release) -> bool:
    props, kind = change.row.props, change.row.type
    if (kind == "File$Theme" and props.get("platform") != "native") or (kind == "File$Package" and _of_server(props)):
        return False
    return not release.reached(change)


def _of_server(props: Mapping[str, object]) -> bool:
    """A list of npm packages that is no package beside JavaScript actions, or has a rule of its own."""
    return props.get("role") != "module" or bool(props.get("native"))


# -- escalations ----------------------------------------------------------------------------------


@rule(NEEDS_REDEPLOY, source="OFF; REAL 10", certainty=Certainty.DOCUMENTED)
def agg_no_native(said: Hit, release: Release) -> bool | str:
    """Change of the client, in an app or part of it that has no over-the-air channel

    Only native and offline clients take updates over the air. Online web clients load from the runtime.
    """
    if said.rule.channel is not OTA_SAFE:
        return False
    about = said.subject
    lifted = release.web_app or (isinstance(about, (Added, Removed, Changed)) and release.web_only(about))
    return (said.detail or True) if lifted else False


# -- what is not known ----------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    undecided=True,
    source="no source",
    mitigation="Look at it by hand.",
)
def agg_unknown_type(rest: Uncovered, release: Release) -> bool | str:
    """Change that no rule knows

    What it means for installed devices is not decided. It is taken for a change of the server.
    """
    return _unknown(rest, release) if not release.synced(rest.change) else False


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.MAYBE,
    undecided=True,
    source="no source",
    mitigation="Look at it by hand.",
)
def agg_unknown_in_sync_set(rest: Uncovered, release: Release) -> bool | str:
    """Change that no rule knows, in an entity that devices hold

    What it means for the data on devices is not decided. It is taken for a loss.
    """
    return _unknown(rest, release) if release.synced(rest.change) else False


_FIELDS = 20  # so many are named; what nobody knows may have any number of them


def _unknown(rest: Uncovered, release: Release) -> str:
    what = kind_in_words(rest.change.row.type) or "part of an unknown type"
    if CONTENT in rest.fields:
        return f"{what} differs, content not readable"
    verb = "changed" if rest.fields else type(rest.change).__name__.lower()
    told, more = rest.fields[:_FIELDS], len(rest.fields) - _FIELDS
    named = ", ".join(told) + (f" and {more} more" if more > 0 else "")
    return f"{what} {verb}{': ' if rest.fields else ''}{named}"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    undecided=True,
    source="no source",
    mitigation="Look at it by hand, and mend the rule.",
)
def agg_failed_rule(failed: Failed, release: Release) -> str:
    """Rule that failed

    What it would have said is not decided. It is taken for a change of the server.
    """
    return "" if failed.rule.channel is FULL_RELEASE or _may_lose(failed, release) else _failed(failed)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    undecided=True,
    source="no source",
    mitigation="Look at it by hand, and mend the rule.",
)
def agg_failed_rule_binary(failed: Failed, release: Release) -> str:
    """Rule that failed, and may have asked for a new binary

    What it would have said is not decided. It is taken for a need of a new binary.
    """
    return _failed(failed) if failed.rule.channel is FULL_RELEASE else ""


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.MAYBE,
    undecided=True,
    source="no source",
    mitigation="Look at it by hand, and mend the rule.",
)
def agg_failed_rule_in_sync_set(failed: Failed, release: Release) -> str:
    """Rule that failed, and may have told a loss of data on devices

    What it would have said is not decided. It is taken for a loss.
    """
    return _failed(failed) if _may_lose(failed, release) else ""


def _may_lose(failed: Failed, release: Release) -> bool:
    """The rule tells of a loss, or was asked about what devices hold."""
    about = failed.subject
    synced = not isinstance(about, (VersionChange, SyncChange, DependencyChange, Release)) and release.synced(about)
    return failed.rule.hazard in HARD_LOSS | SOFT_LOSS or synced or isinstance(about, SyncChange)


def _failed(failed: Failed) -> str:
    return f"rule {failed.rule.id} failed ({failed.error})"


@rule(
    NONE,
    undecided=True,
    source="REAL 20",
    certainty=Certainty.DOCUMENTED,
    mitigation="Complete the checkout with what is listed as not seen, and compare anew.",
)
def agg_incomplete_side(whole: Release, release: Release) -> str:
    """Version that could not be read in full

    What is missing on a side counts as neither added nor removed, and what it holds is not decided.
    """
    cut = {name: _cut_lines(side) for name, side in _sides(whole)}
    seen = {name: (*side.snapshot.incomplete, *cut[name]) for name, side in _sides(whole)}
    differs = any((isinstance(c, Changed) and CONTENT in c.fields) or any(cut.values()) for c in whole.changes)
    alike = seen["old"] == seen["new"] and not differs
    hanging = [c for c in whole.changes if _hangs_on_what_is_missing(c, whole)] if alike and whole.gaps else []
    if alike and not hanging:
        return ""  # the same parts are missing, by their hashes they are equal, and nothing else hangs on them
    return Detail(_told_by_side(seen), changes=hanging)


def _cut_lines(side: App) -> tuple[str, ...]:
    """What is not followed of the generalisations of entities that may live on devices."""
    cut = side.symbols.cut_lines if side.offline else ()
    more = f" and {len(cut) - 1} more" if len(cut) > 1 else ""
    lies = "and what lies above them was not looked at"
    return (f"{cut[0]}{more} inherit through more than {LONGEST_LINE} entities, {lies}",) if cut else ()


def _hangs_on_what_is_missing(change: Change, release: Release) -> bool:
    """A part of the client that nobody reaches, as far as can be seen: what is missing may lead to it."""
    client = issubclass(kind_of(release.document(change).type), get_args(Client | ClientFile))
    return client and change.part_of is None and not release.reached(change)


@rule(
    NONE,
    undecided=True,
    source="REAL 20",
    certainty=Certainty.DOCUMENTED,
    mitigation="Stage or check out the .mpr and all of mprcontents together.",
)
def agg_half_saved(whole: Release, release: Release) -> str:
    """Version whose list of documents and documents disagree

    Studio Pro never saved it like this: one half of it is older than the other, or was left behind.
    """
    seen = {name: side.snapshot.warnings for name, side in _sides(whole)}
    return _told_by_side(seen) if seen["old"] != seen["new"] else ""


def _sides(release: Release) -> tuple[tuple[str, App], ...]:
    return (("old", release.old), ("new", release.new))


def _told_by_side(notes: Mapping[str, tuple[str, ...]]) -> str:
    """The first notes of both sides, and how many more there are."""
    alike = notes["old"] == notes["new"]
    sides = {"both versions": notes["new"]} if alike else {f"{name} version": told for name, told in notes.items()}
    return "; ".join(f"{side}: {told[0]}{_more(told)}" for side, told in sides.items() if told)


def _more(notes: tuple[str, ...]) -> str:
    return f" and {len(notes) - 1} more" if len(notes) > 1 else ""


@rule(
    NONE,
    source="gitrevisions(7); interface of this command",
    mitigation="Write what is meant: rev:NAME for a revision, ./NAME for a path, HEAD for what is checked out.",
)
def agg_ambiguous_name(whole: Release, release: Release) -> str:
    """Name that could mean another version

    A path that a change under review brings along, or a tag on it, would else choose what it is compared with.
    """
    return "; ".join(filter(None, (side.snapshot.ambiguity for _, side in _sides(whole))))


@rule(NONE, source="no source", mitigation="Correct the patterns where this is more than was meant.")
def agg_ignored(whole: Release, release: Release) -> str:
    """Files that the configuration leaves out

    They are part of the project, and no rule has looked at them.
    """
    return "; ".join(
        f"{told.pattern}: {told.changed} changed of {told.files} file{'' if told.files == 1 else 's'}"
        if told.files
        else f"{told.pattern}: matches no file"
        for told in whole.ignored
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    undecided=True,
    on=TYPE,
    remedy=Remedy.STOP,
    source="MXCLI 846",
    certainty=Certainty.DOCUMENTED,
    mitigation="Write it again with a tool of the right version.",
)
def agg_type_not_in_version(change: Added[Kind] | Changed[Kind], release: Release) -> str:
    """Part of a type that this Studio Pro version does not have

    The model may not load although checks pass.
    """
    version = release.new.version
    if version is None:
        return ""
    strange = {row.type for row in new_rows(change, release) if _foreign(row.type, version)}
    return several(sorted(strange))


def _foreign(type_name: str, version: Version) -> bool:
    """A type that the metamodel knows, and that is gone by a version."""
    known = type_named(type_name)
    gone = Version.of(known.deleted) if known and known.deleted else None
    return gone is not None and gone <= version


# -- the release as a whole -----------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    source="S4",
    mitigation="Take this release as the base line of updates over the air.",
)
def agg_ota_on_later(said: Hits, release: Release) -> bool:
    """Updates over the air switched on together with other changes

    Released binaries take no update, so everything in this release rides with its binary.
    """
    others = any(s.rule.id != "nav-ota-enabled" and s.rule.channel in (OTA_SAFE, NEEDS_REDEPLOY) for s in said)
    return said.any("nav-ota-enabled") and others


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    source="docs PR 11839; OFF",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship compatible server parts and a hidden feature first, then the binary, then switch it on.",
)
def agg_binary_plus_server(said: Hits, release: Release) -> bool:
    """New binary and a change of the server in one release

    Old binaries meet the new server while the stores review the new one.
    """
    if not release.old.native or not any(s.rule.channel is FULL_RELEASE for s in said):
        return False
    return any(s.rule.channel is NEEDS_REDEPLOY and not isinstance(s.subject, VersionChange) for s in said)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    remedy=Remedy.LATER,
    source="docs PR 11839",
    certainty=Certainty.DOCUMENTED,
    mitigation="Upgrade in a release of its own, and leave the other changes to a later one.",
)
def agg_version_plus_features(said: Hits, release: Release) -> bool:
    """Studio Pro upgrade that needs a new binary, together with other changes

    Upgrades should be kept apart, so that old and new clients both work with the new runtime.
    """
    binary = any(s.rule.channel is FULL_RELEASE and isinstance(s.subject, VersionChange) for s in said)
    features = any(not isinstance(s.subject, (VersionChange, Release)) and s.rule.channel is not NONE for s in said)
    return binary and release.new.native and features


@rule(NONE, source="MSDK")
def agg_nothing(said: Hits, release: Release) -> bool:
    """No effective change

    Only bookkeeping differs: ids, positions on the canvas, the order of lists without an order.
    """
    if said.hits or release.changes.meaningful:
        return False
    return not any(_told(change) for change in release.changes.noise)


def _told(change: Change) -> bool:
    """A change that means nothing, but that a rule of its own tells."""
    names = set(change.noise.values()) if isinstance(change, Changed) else {change.reason}
    return bool(names & _TOLD) or ("geometry" in names and change.row.type.startswith("DomainModels$"))
