"""Styling and theme."""

from __future__ import annotations

from mx_changeclass.changes.change import ORDER, Added, Change, Changed, Removed
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds.app import Module
from mx_changeclass.model.kinds.files import ThemeFile
from mx_changeclass.model.kinds.pages import Page
from mx_changeclass.model.kinds.settings import ThemeModule
from mx_changeclass.rules.client.page_questions import aspects_of
from mx_changeclass.rules.edits import ThemeEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty
from mx_changeclass.wording.values import plain, several

_STYLES = ("variables", "style", "script")
_BESIDE_MODULES = (*_STYLES, "design-properties", "settings")


def _is(change: Change, platform: str, *roles: str) -> bool:
    """A file of the theme of that platform (web also means a file of both) and of one of some roles."""
    props = change.row.props
    of_platform = props.get("platform") == platform or (platform == "web" and props.get("platform") == "both")
    return of_platform and props.get("role") in roles


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def style_native(change: ThemeEdit, release: Release) -> bool | str:
    """Native style changed

    Styles are on the list of what may go over the air.
    """
    if not _is(change, "native", *_STYLES):
        return False
    if not isinstance(change, Changed):
        return True
    tokens = [f for f in sorted(change.fields) if f.startswith("token.")]
    told = (f"{f.removeprefix('token.')} {plain(a)} to {plain(b)}" for f in tokens for a, b in (change.values(f),))
    return several(told) or True


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1")
def style_native_design_properties(change: ThemeEdit, release: Release) -> bool:
    """Native design properties changed

    Style of the bundle.
    """
    return _is(change, "native", "design-properties")


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="token",
    source="NNAV Breaking Changes",
    certainty=Certainty.DOCUMENTED,
    mitigation="Look at the header on a device.",
)
def style_native_header_unsupported(change: Changed[ThemeFile], release: Release) -> str:
    """Style of headers changed in an app with native navigation

    Native navigation ignores some keys of header styles.
    """
    native = any(p.kind == "native" and p.row.props.get("nativeNavigationEnabled") for p in release.new.profiles)
    tokens = [f.removeprefix("token.") for f in sorted(change.fields) if f.startswith("token.")]
    return several(t for t in tokens if "header" in t.lower()) if native and _is(change, "native", *_STYLES) else ""


@rule(NEEDS_REDEPLOY, whole=True, source="OFF")
def style_web(change: ThemeEdit, release: Release) -> bool:
    """Web style changed

    It is compiled into the web theme; native apps are untouched.
    """
    return _is(change, "web", *_STYLES, "design-properties")


@rule(
    NONE,
    whole=True,
    instead_of=("style-web", "style-native", "style-native-design-properties", "style-settings-json"),
    source="no source (what Studio Pro lays beside every new module)",
)
def style_stub(change: ThemeEdit, release: Release) -> bool:
    """Style file without styles, as every module has

    It adds nothing to any theme.
    """
    rows = [row for _, row in release.sides(change)]
    return all(r.props.get("module") and r.props.get("stub") and r.props.get("role") in _BESIDE_MODULES for r in rows)


@rule(NEEDS_REDEPLOY, whole=True, source="PWA")
def style_public(change: ThemeEdit, release: Release) -> bool:
    """Public file of the web theme changed

    The runtime serves it.
    """
    return _is(change, "web", "image", "asset") and "public" in str(change.row.props.get("path", "")).split("/")


@rule(NEEDS_REDEPLOY, whole=True, source="PWA Web App Manifest; PWA Publishing", certainty=Certainty.DOCUMENTED)
def style_manifest(change: ThemeEdit, release: Release) -> bool:
    """Manifest or offline page of the web app changed

    Files of the progressive web app, served by the runtime.
    """
    return _is(change, "web", "manifest")


@rule(NEEDS_REDEPLOY, whole=True, source="MSDK")
def style_settings_json(change: ThemeEdit, release: Release) -> bool:
    """Build settings of the web theme changed

    The web theme is made by them.
    """
    return _is(change, "web", "settings")


@rule(OTA_SAFE, on=("isThemeModule", "themeModuleName", ORDER), source="MSDK")
def style_module_order(
    change: Added[ThemeModule] | Removed[ThemeModule] | Changed[ThemeModule | Module], release: Release
) -> bool:
    """Order of style modules changed, or which modules hold styles

    Styles apply in another order.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def style_inline(change: Changed[In[Page]], release: Release) -> str:
    """Inline style of a page changed

    Style of the bundle.
    """
    fields = [f for f in aspects_of(change, release).get(Aspect.STYLE, ()) if f.endswith(".style")]
    return detail_of(change, release, fields) if fields else ""
