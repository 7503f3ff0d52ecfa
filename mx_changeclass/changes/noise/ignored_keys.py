"""Keys that mean nothing wherever they differ, each under the name of the noise rule that says so.

Source: docs/storage.md, "Noise" (4 and 5), and what tools and upgrades write into real apps.
"""

from __future__ import annotations

from functools import cache

from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.types import ENTITY, MODULE, WIDGET_DEFINITION

# Reason -> type or namespace ("" is any) -> keys ("*" is every key).
_IGNORED: dict[str, dict[str, str]] = {
    "conversion-marker": {"Projects$ProjectConversion": "*", "Projects$OneTimeConversionMarker": "*"},
    "module-ids": {
        "Projects$ModuleGuidMapping": "*",
        "Projects$GuidMappingEntry": "*",
        "Projects$ModuleSettings": "packageId originalPackageId checksum convertedChecksum",
    },
    "geometry": {
        "DomainModels$": "location parentConnection childConnection",
        "Microflows$": (
            "relativeMiddlePoint size line lineType segmentPositions originConnectionIndex destinationConnectionIndex"
            " originBezierVector destinationBezierVector originControlVector destinationControlVector"
        ),
        "Workflows$": (
            "relativeMiddlePoint size line segmentPositions originControlVector destinationControlVector"
            " originConnectionSide originalConnectionFactor destinationConnectionSide destinationConnectionFactor"
        ),
        "": "canvasWidth canvasHeight",
    },
    "documentation": {
        "": "documentation",
        "CodeActions$CodeActionParameter": "description category",
        "Security$ModuleRole": "description",
        "Microflows$Annotation": "*",
        "Microflows$AnnotationFlow": "*",
        "DomainModels$Annotation": "*",
        "Workflows$FloatingAnnotation": "*",
    },
    "action-info": {"CodeActions$MicroflowActionInfo": "*"},
    "sort-index": {MODULE: "sortIndex newSortIndex"},
    "stable-id": {"Microflows$": "stableId"},
    "activity-colour": {"Microflows$ActionActivity": "backgroundColor"},
    "editor-image": {ENTITY: "imageData image", "Pages$TemplateFormBase": "imageData imageUrl"},
    "no-action": {"Pages$NoClientAction": "*"},
    "widget-definition": {WIDGET_DEFINITION: "*"},
}
IGNORED_NAMES = frozenset(_IGNORED)
_PUBLISHED = ("Rest$", "ODataPublish$", "WebServices$")  # here documentation is part of the contract


@cache
def ignored_by(owner: str, key: str) -> str:
    """The noise rule for a key of a type wherever it differs, "" where there is none. With the key
    "" the one for the type with all it holds."""
    if key == "widgetId":
        return ""  # which widget it is
    for reason, places in _IGNORED.items():
        for place, keys in places.items():
            if (keys == "*" or key in keys.split()) and _lies_in(owner, place):
                return "" if reason == "documentation" and owner.startswith(_PUBLISHED) else reason
    return ""


def _lies_in(owner: str, place: str) -> bool:
    """Whether a type lies in a namespace (``Pages$``) or is of a type (``Pages$Page``)."""
    return owner.startswith(place) if not place or place.endswith("$") else is_a(owner, place)
