"""Pluggable widgets: their packages, and how pages configure them."""

from __future__ import annotations

from collections import Counter

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds.files import OtherFile, WidgetPackage
from mx_changeclass.model.kinds.pages import Form, WidgetProperty
from mx_changeclass.model.types import MICROFLOW
from mx_changeclass.rules.client.page_questions import (
    describe,
    in_neither,
    is_inside_widget,
    newly_synced,
    rest_of_action,
    told,
)
from mx_changeclass.rules.edits import FormEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.native.native_needs import native_needs
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.rules.reference_changes import gained
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Maybe, Requires
from mx_changeclass.wording.values import several

PackageEdit = Added[WidgetPackage] | Removed[WidgetPackage] | Changed[WidgetPackage]

_PACKED = frozenset({"metadata", "content"})
_BUILT_IN = frozenset({"native", "bundled"})
_FACTS = ("platform", "offlineCapable", "nativeDependencies", "unread", *_PACKED, *_BUILT_IN)
_WORKING = ("action", "dataSource", "attributeRef", "entityRef", "microflow", "nanoflow", "page", "expression")


# -- packages -----------------------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def wid_added_js(change: Added[WidgetPackage], release: Release) -> bool:
    """Widget package added

    Widgets of plain JavaScript are on the list of what may go over the air.
    """
    return not release.web_only(change) and not native_needs(change, release)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    source="S3.2; OTA When a Full Release Is Required; DEV; WT; REAL 11",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship the store release first.",
)
def wid_added_native(change: Added[WidgetPackage], release: Release) -> str:
    """Widget package added that needs a native module the binary lacks

    The module must be linked into the binary before a bundle uses it.
    """
    return several(native_needs(change, release))


@rule(
    OTA_SAFE,
    in_bundle=True,
    undecided=True,
    at_most=FULL_RELEASE,
    whole=True,
    source="RN11.6 11.6.4",
    mitigation="Repair the file, or import the widget again, and compare anew.",
)
def wid_unreadable(change: Added[WidgetPackage] | Changed[WidgetPackage], release: Release) -> bool:
    """Widget package that cannot be read, in one of the versions

    No app can be built with such a package, and what differs in it is not decided.
    """
    return bool(change.new.unread or (isinstance(change, Changed) and change.old.unread))


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1", aliases="file-widgets-mpk")
def wid_updated_js(change: Changed[WidgetPackage], release: Release) -> str:
    """Widget package updated

    Its code is part of the bundle. A native module that it asks for has findings of its own.
    """
    return _updated(change) if not release.web_only(change) else ""


def _updated(change: Changed[WidgetPackage]) -> str:
    fields = {f for f in change.fields if f.partition(".")[0] not in _FACTS}
    old, new = change.old.version, change.new.version
    return (f"version {old} to {new}" if old != new else "same version, other contents") if fields else ""


@rule(OTA_SAFE, in_bundle=True, instead_of="wid-updated-js", whole=True, source="WT")
def wid_source_widgets(change: Changed[WidgetPackage], release: Release) -> bool:
    """Widget built anew from source, under the same version

    Its code is part of the bundle.
    """
    return change.old.version == change.new.version and bool(_updated(change)) and not release.web_only(change)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.YES,
    breaks_by_bundle=True,
    on=("native", "bundled", "content", "metadata"),
    source="WT; REAL 11",
    mitigation="Ship the store release first.",
)
def wid_updated_native(change: Changed[WidgetPackage], release: Release) -> bool:
    """Native sources inside a widget package changed

    They are built into the binary.
    """
    built_in = any(f.partition(".")[0] in _BUILT_IN for f in change.fields)
    return built_in and release.reached_native(change)


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def wid_removed(change: Removed[WidgetPackage], release: Release) -> bool:
    """Widget package removed

    The binary keeps what native modules it needed; they do no harm.
    """
    return not release.web_only(change)


@rule(NONE, whole=True, source="no source (bundling)")
def wid_unused(change: PackageEdit, release: Release) -> bool:
    """Widget package changed that no page uses

    It is not bundled, as far as known.
    """
    return not release.reached(change)


@rule(NEEDS_REDEPLOY, whole=True, source="OFF")
def wid_web_only(change: PackageEdit, release: Release) -> bool:
    """Widget package of web pages changed

    The runtime serves the web client.
    """
    return release.web_only(change) and not _packed_anew(change, release)


@rule(OTA_SAFE, breaks_old_clients=Maybe.MAYBE, in_bundle=True, on="platform", source="MSDK", mitigation="Test it.")
def wid_platform(change: Changed[WidgetPackage], release: Release) -> bool:
    """Platform of a widget package changed

    Part of the bundle.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on="offlineCapable", source="MSDK")
def wid_offline_capable(change: Changed[WidgetPackage], release: Release) -> bool:
    """Widget package works offline now, or no longer

    Studio Pro checks it.
    """
    return True


@rule(NONE, instead_of="wid-unused", whole=True, source="RN11.6 11.6.6", certainty=Certainty.DOCUMENTED)
def wid_mpk_metadata(change: Changed[WidgetPackage], release: Release) -> bool:
    """Widget package packed anew

    What the client runs is the same.
    """
    return _packed_anew(change, release)


def _packed_anew(change: Change, release: Release) -> bool:
    """Nothing differs that a client runs; native sources count where a native profile reaches the widget."""
    heads = {f.partition(".")[0] for f in change.fields} if isinstance(change, Changed) else {""}
    return heads <= (_PACKED if release.reached_native(change) else _PACKED | _BUILT_IN)


@rule(NONE, whole=True, source="WT")
def wid_source_folder(change: Added[OtherFile] | Removed[OtherFile] | Changed[OtherFile], release: Release) -> bool:
    """Source of a widget beside its package changed

    What is bundled is the package.
    """
    return change.row.props.get("role") == "widget-source"


# -- on pages -----------------------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def wid_property(change: FormEdit, release: Release) -> str:
    """Property of a pluggable widget changed

    Part of the bundle. What it calls and reads has findings of its own.
    """
    if not is_inside_widget(change, release):
        return ""
    plain = "" if gained(change, release, MICROFLOW, in_neither) else describe(change, release, Aspect.OTHER)
    return plain or rest_of_action(change, release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="BP Offline Microflow Best Practices",
)
def wid_microflow_property(change: Added[In[Form]] | Changed[In[Form]], release: Release) -> str:
    """Pluggable widget calls a microflow that it did not call before

    The server must offer the operation to clients before a client calls it.
    """
    names = gained(change, release, MICROFLOW, in_neither)
    return told(change, release, f"calls {several(names)}" if names else "", Aspect.OTHER)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    instead_of=("page-widget-attribute", "page-datasource-db", "page-datasource-association", "wid-property"),
    source="SYNC",
)
def wid_entity_property(change: Added[WidgetProperty] | Changed[WidgetProperty], release: Release) -> str:
    """Pluggable widget shows an entity that devices did not hold

    The page widens the sync set, so it cannot go out before the server.
    """
    entities = newly_synced(change, release)
    return told(change, release, f"shows {several(entities)}" if entities else "", Aspect.BINDING, Aspect.SOURCE)


@rule(
    OTA_SAFE,
    in_bundle=True,
    instead_of=(
        "wid-property",
        "page-widget-attribute",
        "page-action-save-cancel",
        "page-datasource-db",
        "page-datasource-nanoflow",
        "page-datasource-association",
        "page-datasource-listen",
    ),
    source="WW 2178",
    certainty=Certainty.DOCUMENTED,
    mitigation="Set it again.",
)
def wid_value_lost_on_update(change: Changed[WidgetProperty], release: Release) -> str:
    """Pluggable widget lost a value while its definition was refreshed

    The page silently does less: an action, a data source or an attribute fell to empty.
    """
    lost = [f for f in sorted(change.fields) if _fell(change, f)]
    return detail_of(change, release, lost) if lost and _refreshed(change, release) else ""


def _fell(change: Changed[WidgetProperty], field: str) -> bool:
    """A key that makes the widget work holds nothing any more."""
    if field.partition(".")[2].partition(".")[0] not in _WORKING:
        return False
    old, new = change.values(field)
    return old not in (None, "", "Pages$NoClientAction") and new in (None, "", "Pages$NoClientAction")


def _refreshed(change: Changed[WidgetProperty], release: Release) -> bool:
    """The copy of the widget's definition around a property differs."""
    old, new = release.changes.old_tree.ancestors(change.old_row), release.changes.new_tree.ancestors(change.new_row)
    pairs = zip(old, new, strict=False)
    return any(a.props.get("type.definition") != b.props.get("type.definition") for a, b in pairs)


@rule(OTA_SAFE, source="MSDK")
def wid_type_definition(whole: Release, release: Release) -> str:
    """Definitions of pluggable widgets refreshed on pages

    They follow the widget packages. Values that were lost with it have findings of their own.
    """
    refreshed: Counter[str] = Counter()
    for change in (*whole.changes.noise, *whole.changes.meaningful):
        if isinstance(change, Changed) and "type.definition" in change.noise and whole.shipped(change):
            refreshed[str(change.new_row.props.get("type.name") or change.new_row.props.get("type.widgetId"))] += 1
    return several(f"{name} ({n})" for name, n in sorted(refreshed.items()))
