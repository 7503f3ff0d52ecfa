"""Images, icons, fonts, texts and languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.aspects import Aspect
from mx_changeclass.model.kinds.assets import IconCollection, Image, ImageCollection, SystemTexts
from mx_changeclass.model.kinds.files import BuilderFile, ThemeFile
from mx_changeclass.model.kinds.flows import Microflow, Nanoflow
from mx_changeclass.model.kinds.native import NativeBinary
from mx_changeclass.model.kinds.settings import Language, LanguageSettings
from mx_changeclass.model.types import NANOFLOW
from mx_changeclass.regex import regex
from mx_changeclass.rules.client.flow_questions import texts
from mx_changeclass.rules.client.page_questions import aspects_of, describe
from mx_changeclass.rules.edits import FormEdit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import In, rule
from mx_changeclass.rules.questions import detail_of
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, Certainty, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

ImageEdit = Added[In[ImageCollection]] | Removed[In[ImageCollection]] | Changed[In[ImageCollection]]
IconEdit = Added[In[IconCollection]] | Removed[In[IconCollection]] | Changed[In[IconCollection]]

_LARGE = 500_000  # bytes of an image that make an update over a mobile network noticeably slower
_SIZE = regex(r"\((\d+) bytes\)$")
_SYSTEM_FONTS = ("system", "undefined", "null", "inherit", "sansserif", "serif", "monospace", "expression")


# -- images and icons -----------------------------------------------------------------------------


@rule(
    OTA_SAFE,
    in_bundle=True,
    on=("imageData", "imageFormat"),
    source="S3.1; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
)
def img_changed(change: Changed[Image], release: Release) -> bool:
    """Image changed

    Static images are on the list of what may go over the air.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on=(NAME, PARENT), source="S3.1; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def img_added_removed(change: ImageEdit, release: Release) -> bool:
    """Image or image collection added, removed or renamed

    Images are part of the bundle.
    """
    return not isinstance(change, Changed) or _renamed(change, release)


def _renamed(change: Change, release: Release) -> bool:
    return release.old_name(change) != release.new_name(change)


@rule(NEEDS_REDEPLOY, instead_of="client-unreachable", whole=True, source="OFF")
def img_server(change: ImageEdit, release: Release) -> bool:
    """Image of a document template changed

    The server puts it into the documents it makes.
    """
    used = any(name in side.memo(_in_documents) for side, name in release.subjects(change))
    return used and not release.reached(change)


def _in_documents(side: App) -> frozenset[str]:
    """The images that document templates show."""
    templates = (u for u in side.snapshot.live.values() if u.type == "DocumentTemplates$DocumentTemplate")
    found = (r for u in templates for refs in side.references(u.id).values() for r in refs)
    return frozenset(r.target for r in found if r.kind == "Images$Image")


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="imageData",
    source="NSTART Over-the-Air Updates",
    certainty=Certainty.DOCUMENTED,
    mitigation="Make it smaller, or load it from the server.",
)
def img_large(change: Added[Image] | Changed[Image], release: Release) -> str:
    """Large image

    It makes the update slow to download.
    """
    size = _SIZE.search(change.new.data)
    return f"{int(size.group(1)) // 1000} kB" if size and int(size.group(1)) > _LARGE else ""


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="imageData",
    source="FONT Unsupported Elements",
    certainty=Certainty.DOCUMENTED,
    mitigation="Look at it on a device.",
)
def img_svg_unsupported(change: Added[Image] | Changed[Image], release: Release) -> bool:
    """SVG image on native devices

    Native devices leave out some elements of SVG; whether this image has such is not read.
    """
    is_svg = str(change.new_row.props.get("imageFormat", "")).lower() == "svg"
    return is_svg and release.reached_native(change)


@rule(OTA_SAFE, in_bundle=True, source="S3.1")
def icon_glyph(change: FormEdit, release: Release) -> str:
    """Icon of a widget changed

    A static part of the bundle.
    """
    return describe(change, release, Aspect.ICON)


@rule(OTA_SAFE, in_bundle=True, whole=True, source="S3.1")
def icon_collection(change: IconEdit, release: Release) -> bool:
    """Icon collection changed

    Its data is part of the bundle.
    """
    if not isinstance(change, Changed):
        return True
    font = change.touches("fontData") and not release.reached_native(change)
    return font or bool(change.fields - {"fontData", PARENT, "exportLevel"}) or _renamed(change, release)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    on="fontData",
    source="FONT; MSDK",
    mitigation="Build a new binary; a test may prove that an update over the air is enough.",
)
def icon_collection_font(change: Changed[IconCollection], release: Release) -> bool:
    """Font of an icon collection of native pages replaced

    How the font reaches native devices is not documented; other custom fonts need a binary.
    """
    return release.reached_native(change)


# -- fonts ----------------------------------------------------------------------------------------


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on=("font", "content"),
    source="FONT Adding Custom Fonts; DEV",
    certainty=Certainty.DOCUMENTED,
    mitigation="Ship the store release first, then the style that uses the font.",
)
def font_file_added(change: Added[BuilderFile] | Changed[BuilderFile | NativeBinary], release: Release) -> str:
    """Custom font of the native app added

    Fonts are linked into both native projects.
    """
    if change.row.type == "File$NativeBuilder" or not isinstance(change, Changed):
        return change.row.name.rpartition("/")[2] if change.row.props.get("role") == "font" else ""
    added = (f for f in sorted(change.fields) if f.startswith("font.") and f not in change.old_row.props)
    return several(f.removeprefix("font.") for f in added)


@rule(
    OTA_SAFE,
    in_bundle=True,
    on="token",
    source="FONT Using Custom Fonts; OTA Use Cases",
    certainty=Certainty.DOCUMENTED,
)
def font_family_used(change: Changed[ThemeFile], release: Release) -> str:
    """Native style uses another font that the released binary has

    Only the style changes.
    """
    return several(f for f in _families(change) if _has_font(f, release))


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    on="token",
    source="FONT Introduction to Fonts",
    mitigation="Ship the store release with the font first.",
)
def font_family_missing(change: Changed[ThemeFile], release: Release) -> str:
    """Native style uses a font that the released binary lacks

    Devices show another font, or fail to style the text. Told only where the fonts of the binary are known.
    """
    known = release.old.memo(_fonts)
    return several(f for f in _families(change) if known and not _has_font(f, release))


def _families(change: Changed[ThemeFile]) -> Iterator[str]:
    """The font families that a native style names now and did not name before."""
    if change.new.platform != "native":
        return
    old = set(change.old.tokens.values())
    for name, value in sorted(change.new.tokens.items()):
        if "font" in name.lower() and ("family" in name.lower() or name.lower().endswith("font")) and value not in old:
            yield value


def _has_font(family: str, release: Release) -> bool:
    bare = _bare(family)
    return bare.startswith(_SYSTEM_FONTS) or any(f.startswith(bare) for f in release.old.memo(_fonts))


def _fonts(side: App) -> frozenset[str]:
    """The fonts of the binary: those of the builder's folder and of the native template."""
    found: set[str] = set()
    for unit in side.snapshot.live.values():
        if unit.type == "File$NativeBinary":
            rows = side.snapshot.rows(unit.id)
            found |= {k.removeprefix("font.") for row in rows for k in row.props if k.startswith("font.")}
        elif unit.type == "File$NativeBuilder" and "/fonts/" in unit.name.lower():
            found.add(unit.name.rpartition("/")[2])
    return frozenset(_bare(f.rpartition(".")[0] or f) for f in found)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@rule(NEEDS_REDEPLOY, whole=True, source="FONT")
def font_web(change: Added[ThemeFile] | Removed[ThemeFile] | Changed[ThemeFile], release: Release) -> bool:
    """Web font changed

    Native apps do not use it.
    """
    return change.row.props.get("role") == "font" and change.row.props.get("platform") != "native"


# -- texts ----------------------------------------------------------------------------------------


@rule(OTA_SAFE, in_bundle=True, source="S3.1; S5; OTA Use Cases", certainty=Certainty.DOCUMENTED)
def text_changed(change: FormEdit | Changed[In[Nanoflow]], release: Release) -> str:
    """Text of a page or message changed

    Static texts are on the list of what may go over the air.
    """
    if release.document(change).type == NANOFLOW:
        fields = texts(change)
        return detail_of(change, release, fields) if fields else ""
    title = [f for f in aspects_of(change, release).get(Aspect.TEXT, ()) if change.row.parent is None]
    return describe(change, release, Aspect.TEXT, leave=title)


@rule(NEEDS_REDEPLOY, in_bundle=True, whole=True, source="MSDK; RN10.24 10.24.15")
def text_system(
    change: Added[In[SystemTexts]] | Removed[In[SystemTexts]] | Changed[In[SystemTexts]], release: Release
) -> bool:
    """System text changed

    Server and client use it; the client gets it with the bundle.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    instead_of=("mf-contents", "mfs-any", "mfs-called-by-client-called"),
    source="MSDK",
)
def text_server(change: Changed[In[Microflow]], release: Release) -> str:
    """Message of a microflow changed

    The server sends it.
    """
    fields = texts(change)
    return detail_of(change, release, fields) if fields and set(fields) == change.fields else ""


# -- languages ------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    in_bundle=True,
    source="BP Language Switching",
    mitigation="Deploy; switching to it needs a connection.",
)
def lang_added(change: Added[Language], release: Release) -> str:
    """Language added

    The server keeps the list of languages.
    """
    return change.new.code


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    remedy=Remedy.PREPARE_SERVER,
    source="BP Language Switching",
    mitigation="Give users of the language another one first.",
)
def lang_removed(change: Removed[Language], release: Release) -> str:
    """Language removed

    Users who have it fall back to another; devices hold its texts until they update.
    """
    return change.old.code


@rule(NEEDS_REDEPLOY, in_bundle=True, on="defaultLanguageCode", source="MSDK")
def lang_default(change: Changed[LanguageSettings], release: Release) -> bool:
    """Default language changed

    New users get it from the server.
    """
    return True


@rule(OTA_SAFE, in_bundle=True, on=("customDateFormat", "customTimeFormat", "customDateTimeFormat"), source="MSDK")
def lang_format(change: Changed[Language], release: Release) -> bool:
    """Date or time format of a language changed

    The client shows and reads dates by it.
    """
    return True


@rule(NONE, on="checkCompleteness", source="MSDK")
def lang_check(change: Changed[Language], release: Release) -> bool:
    """Check for missing translations switched

    An aid of Studio Pro.
    """
    return True
