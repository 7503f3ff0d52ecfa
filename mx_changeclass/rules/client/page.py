"""Pages, layouts, snippets and their widgets: how they look and what they consist of.

What a page does and where its data comes from stands in ``page_actions`` and ``page_data``. Every rule
here is asked only where a native or offline profile reaches the page; pages that online web profiles
alone reach are answered by ``page_web_only``.
"""

from __future__ import annotations

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.pages import Form, Layout, Page, PageParameter, Snippet, SnippetParameter, Template
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import WIDGET
from mx_changeclass.rules.client.page_questions import (
    APPEARANCE,
    appearance,
    aspects_of,
    describe,
    rest_of_widget,
    unmasked,
)
from mx_changeclass.rules.edits import FormEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.rules.reference_changes import new_rows, old_rows
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Maybe, Remedy, Requires
from mx_changeclass.wording.values import kind_in_words, several

_EXPORTS = ("Pages$DataGridExportToCSVButton", "Pages$DataGridExportToExcelButton")

PageEdit = Added[In[Page]] | Removed[In[Page]] | Changed[In[Page]]


@rule(NEEDS_REDEPLOY, whole=True, source="OFF Backwards-Compatibility")
def page_web_only(change: FormEdit, release: Release) -> bool:
    """Page, layout or snippet of an online web profile changed

    Web clients load pages from the runtime; the native bundle does not contain them.
    """
    return release.web_only(change) and not is_a(release.document(change).type, "Pages$TemplateFormBase")


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Introduction", certainty=Certainty.DOCUMENTED)
def page_added(change: Added[Page], release: Release) -> bool:
    """Page added

    It is part of the client bundle. Where it calls microflows or brings new entities, those have their own findings.
    """
    return True


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1",
    mitigation="See whether an entity leaves the sync set with it.",
)
def page_removed(change: Removed[Page], release: Release) -> bool:
    """Page removed

    Devices keep their copy until they update.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on=(NAME, PARENT), source="OTA", mitigation="Check deep links that name it.")
def page_renamed(change: Changed[Form], release: Release) -> bool:
    """Page, layout or snippet renamed or moved to another module

    References to it are inside one bundle and travel along.
    """
    return release.old_name(change) != release.new_name(change)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.YES,
    in_bundle=True,
    on=(NAME, PARENT),
    instead_of="page-renamed",
    remedy=Remedy.REPLACE,
    source="no source (deep links)",
    mitigation="Keep a page under the old name for one release.",
)
def page_renamed_deep_link(change: Changed[Page], release: Release) -> bool:
    """Page renamed that deep links or push notifications open

    Links sent by the server name a page that one of the two client generations lacks. The model does not
    tell which pages these are: the project states them.
    """
    linked = {name.strip() for name in release.policy.declared.get("deep-links", "").split(",")}
    return release.old_name(change) in linked and release.old_name(change) != release.new_name(change)


@rule(NEEDS_REDEPLOY, on="url", source="RT URL Prefix", mitigation="Deploy; links to the old address end.")
def page_url(change: Changed[Page], release: Release) -> bool:
    """Address of a page changed

    The runtime routes web addresses.
    """
    return release.shipped(change)


@rule(OTA_SAFE, in_bundle=True, on="title", source="S3.1; S5; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_title(change: Changed[Page], release: Release) -> str:
    """Page title changed

    A static text of the bundle.
    """
    return describe(change, release, Aspect.TEXT)


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def page_popup(change: Changed[Page], release: Release) -> str:
    """Size or closing of a pop-up page changed

    Layout of the bundle.
    """
    fields = [f for f in change.fields if f.startswith("popup")]
    return detail_of(change, release, fields) if fields else ""


@rule(OTA_SAFE, in_bundle=True, source="OTA; RN11.6 11.6.0")
def page_parameter_added(change: Added[PageParameter], release: Release) -> bool:
    """Page parameter added

    Callers and page travel together in the bundle.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, whole=True, source="OTA")
def page_parameter_removed(change: Removed[PageParameter] | Changed[PageParameter], release: Release) -> bool:
    """Page parameter removed or changed

    Callers and page travel together in the bundle.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1")
def page_snippet_parameter(
    change: Added[SnippetParameter] | Removed[SnippetParameter] | Changed[SnippetParameter], release: Release
) -> bool:
    """Snippet parameter added, removed or changed

    Callers and snippet travel together in the bundle.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, source="OTA")
def page_variable(change: FormEdit, release: Release) -> str:
    """Variable of a page or snippet added, removed or changed

    State of the client, inside the bundle.
    """
    return describe(change, release, Aspect.VARIABLE)


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_layout_document(
    change: Added[In[Layout]] | Removed[In[Layout]] | Changed[In[Layout]], release: Release
) -> str:
    """Layout changed

    Layouts are on the list of what may go over the air.
    """
    return (
        "" if _native_content(change) else appearance(change, release, *APPEARANCE) or rest_of_widget(change, release)
    )


@rule(OTA_SAFE, in_bundle=True, source="S3.1; NNAV")
def page_layout_native(change: Changed[Layout], release: Release) -> str:
    """Header, bottom bar or type of a native layout changed

    It is part of the bundle.
    """
    fields = _native_content(change)
    return detail_of(change, release, fields) if fields else ""


def _native_content(change: Change) -> tuple[str, ...]:
    """The fields of a native layout that stand for its header, its bottom bar and its type."""
    if not isinstance(change, Changed) or change.new_row.props.get("content") != "Pages$NativeLayoutContent":
        return ()
    return tuple(f for f in sorted(change.fields) if f.partition(".")[0] == "content")


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_snippet(change: Added[In[Snippet]] | Removed[In[Snippet]] | Changed[In[Snippet]], release: Release) -> str:
    """Snippet changed

    It is part of the bundle.
    """
    return appearance(change, release, *APPEARANCE) or rest_of_widget(change, release)


@rule(NONE, whole=True, source="MSDK")
def page_building_block(
    change: Added[In[Template]] | Removed[In[Template]] | Changed[In[Template]], release: Release
) -> bool:
    """Building block or page template changed

    Material of the editor; pages made from it hold their own copy.
    """
    return True


# -- widgets of a page ------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_layout_change(change: PageEdit, release: Release) -> str:
    """Layout of a page changed: grids, tabs, containers, places

    Layout changes are on the list of what may go over the air.
    """
    return "" if _brings_widgets(change, release) else describe(change, release, Aspect.LAYOUT)


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_widget_added(change: Added[In[Page]], release: Release) -> str:
    """Widget added to a page

    Widgets are on the list of what may go over the air. What the widget calls, reads or needs from the
    binary has its own findings.
    """
    return (appearance(change, release, Aspect.OTHER) if change.row.parent else "") or _brings_widgets(change, release)


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
    mitigation="See whether an entity leaves the sync set with it.",
)
def page_widget_removed(change: Removed[In[Page]], release: Release) -> str:
    """Widget removed from a page

    Widgets are on the list of what may go over the air.
    """
    return appearance(change, release, Aspect.OTHER) if change.row.parent else ""


def _brings_widgets(change: Change, release: Release) -> str:
    """The widgets that come with a new row, tab or cell, in words."""
    if not isinstance(change, Added) or Aspect.LAYOUT not in aspects_of(change, release):
        return ""
    rows = new_rows(change, release)
    return several(f"{kind_in_words(r.type)} {r.name} added" for r in rows if is_a(r.type, WIDGET))


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def page_widget_property(change: PageEdit, release: Release) -> str:
    """Property of a widget changed

    Label, format, editability and the like are part of the bundle.
    """
    plain = appearance(change, release, Aspect.OTHER) if isinstance(change, Changed) else ""
    return plain or rest_of_widget(change, release)


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def page_design_property(change: PageEdit, release: Release) -> str:
    """Design property or style class of a page changed

    Style of the bundle.
    """
    inline = [f for f in aspects_of(change, release).get(Aspect.STYLE, ()) if f.endswith(".style")]
    return describe(change, release, Aspect.STYLE, leave=inline)


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="S3.1",
    mitigation="From 11.11 widgets with a constant false are left out of the bundle.",
)
def page_conditional(change: PageEdit, release: Release) -> str:
    """Condition of visibility or editability changed

    Evaluated by the client, inside the bundle.
    """
    return describe(change, release, Aspect.VISIBILITY, leave=_by_role(change, release))


@rule(OTA_SAFE, in_bundle=True, source="NAV Menu", mitigation="The roles must exist on the server.")
def page_conditional_role(change: Changed[In[Page]], release: Release) -> str:
    """Visibility by module role changed

    Evaluated by the client with the roles of the session.
    """
    fields = _by_role(change, release)
    return detail_of(change, release, fields) if fields else ""


def _by_role(change: Change, release: Release) -> tuple[str, ...]:
    return tuple(f for f in aspects_of(change, release).get(Aspect.VISIBILITY, ()) if f.endswith("moduleRoles"))


@rule(OTA_SAFE, in_bundle=True, source="BP Generic Best Practices")
def page_validation_widget(change: Changed[In[Page]], release: Release) -> str:
    """Validation of an input changed

    The client validates; rules of the entity stay as they are.
    """
    return describe(change, release, Aspect.VALIDATION)


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def page_autofocus(change: Changed[In[Page]], release: Release) -> str:
    """Focus, tab order or accessibility text changed

    Part of the bundle.
    """
    return describe(change, release, Aspect.ACCESSIBILITY)


@rule(
    OTA_SAFE,
    in_bundle=True,
    source="MXCLI 1146",
    certainty=Certainty.DOCUMENTED,
    mitigation="Restore it, unless what is typed may be seen.",
)
def page_security_property(change: Changed[In[Form]], release: Release) -> str:
    """Input no longer masked, or its text may be stored by the device

    A secret becomes readable. The change may go over the air; that it is seen is the point.
    """
    fields = unmasked(change)
    return detail_of(change, release, fields) if fields else ""


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    remedy=Remedy.REPLACE,
    source="BP Differences with Regular Web Apps",
    mitigation="Replace it by something that works offline.",
)
def page_offline_unsupported(change: Added[In[Form]] | Changed[In[Form]], release: Release) -> str:
    """Page of an offline profile gets what works online only

    Reports, exports and grids filled by a microflow need the server. Studio Pro refuses most of them.
    """
    before = {r.type for r in old_rows(change, release)}
    found = [r for r in new_rows(change, release) if r.type not in before and _is_online_only(r)]
    return several(f"{kind_in_words(r.type)} {r.name}".strip() for r in found)


def _is_online_only(row: Element) -> bool:
    grid = row.type == "Pages$DataGrid" and row.props.get("dataSource") == "Pages$MicroflowSource"
    return grid or row.type in _EXPORTS or row.type.startswith("Reports$")


@rule(
    NONE,
    source="MSDK",
    mitigation="See what is said of the document as added or removed.",
)
def page_excluded(change: Added[Kind] | Removed[Kind], release: Release) -> bool:
    """Document excluded from the build, or taken back into it

    An excluded document counts as absent: it is judged as removed or added.
    """
    side = release.new if isinstance(change, Removed) else release.old
    unit = side.snapshot.units.get(change.row.id)
    return unit is not None and unit.excluded
