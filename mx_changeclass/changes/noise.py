"""What a save, an editor or an upgrade changes by itself: named rules, each a row of a table.

Facts: how models are stored, section 8, and what upgrades of real apps showed. A rule sees one differing
key, or one added or removed row, and never hides content: what it names must hold a default, be gone
from the metamodel, be drawn on the canvas only, or be on the closed list of conversions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from attrs import frozen

from mx_changeclass.model.metamodel import is_a, property_of, type_named
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.versions import Version

ABSENT: Final = None  # no value of a row is None
WIDGET, WIDGET_PROPERTY = "CustomWidgets$CustomWidget", "CustomWidgets$WidgetProperty"

# Reason -> namespaces or types ("" is any) -> keys. These keys mean nothing wherever they differ.
_SILENT: dict[str, dict[str, frozenset[str]]] = {
    "geometry": {
        "DomainModels$": frozenset({"location", "parentConnection", "childConnection"}),
        "Microflows$": frozenset({
            "relativeMiddlePoint", "size", "line", "lineType", "originConnectionIndex", "destinationConnectionIndex",
            "originBezierVector", "destinationBezierVector", "originControlVector", "destinationControlVector",
        }),
        "Workflows$": frozenset({
            "relativeMiddlePoint", "size", "line", "originControlVector", "destinationControlVector", "originConnectionSide",
            "originalConnectionFactor", "destinationConnectionSide", "destinationConnectionFactor",
        }),
        "": frozenset({"canvasWidth", "canvasHeight"}),
    },
    "documentation": {"": frozenset({"documentation"})},
    "sort-index": {"Projects$": frozenset({"sortIndex", "newSortIndex"})},
    "activity-colour": {"Microflows$ActionActivity": frozenset({"backgroundColor"})},
    "editor-image": {
        "DomainModels$Entity": frozenset({"imageData", "image"}),
        "Pages$BuildingBlock": frozenset({"imageData"}),
        "Pages$PageTemplate": frozenset({"imageData"}),
    },
}
_PUBLISHED = ("Rest$", "ODataPublish$", "WebServices$")  # here documentation is part of the contract
_NOTES = ("Microflows$Annotation", "Microflows$AnnotationFlow", "DomainModels$Annotation", "Workflows$FloatingAnnotation")
_BOOKKEEPING = {"Projects$ProjectConversion": "conversion-marker", "Projects$OneTimeConversionMarker": "conversion-marker"}
_DEFAULT_EFFECT = frozenset({"networkTimeoutMs", "nativeNavigationEnabled", "useListParameterByReference", "decimalScale"})


@frozen(slots=True)
class Leaf:
    """One key that differs between two partners: owner type of the key, its last name, both values."""

    old_row: Element
    new_row: Element
    path: str
    owner: str
    key: str
    old: Any
    new: Any

    @property
    def present(self) -> Any:
        """The value of the side that has one, where the other has none."""
        return self.new if self.old is ABSENT else self.old


def leaves(old_row: Element, new_row: Element) -> Iterator[Leaf]:
    """Every key that differs between two partners."""
    old, new = old_row.props, new_row.props
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before != after:
            owner, key = (new_row if before is ABSENT else old_row).part(path)
            yield Leaf(old_row, new_row, path, owner, key, before, after)


@frozen
class Noise:
    """The rules for one pair of versions."""

    old: Version | None
    new: Version | None

    def is_silent(self, row: Element, path: str, value: Any) -> bool:
        """Whether a key says nothing about what a row is, on whatever side: noise, or a default."""
        owner, key = row.part(path)
        return bool(silent(row.type, path, owner, key)) or is_default(row, path, value)

    def of_leaf(self, leaf: Leaf) -> str:
        """The name of the rule that explains a differing key, "" where it means something."""
        return silent(leaf.old_row.type, leaf.path, leaf.owner, leaf.key) or next(
            (name for name, rule in _LEAF_RULES if rule(leaf, self)), ""
        )

    def of_row(self, row: Element, *, refreshed: bool) -> str:
        """The name of the rule that explains an added or removed row, "" where it means something.
        ``refreshed`` says that it is part of a pluggable widget whose definition differs."""
        return next((name for name, rule in _ROW_RULES if rule(row, refreshed, self)), "")

    def lacking(self, *, old: bool) -> Version | None:
        """The version of one side."""
        return self.old if old else self.new

    @property
    def moved(self) -> bool:
        """Whether the versions differ: only then does a conversion explain anything."""
        return self.old is not None and self.new is not None and self.old != self.new


@cache
def silent(row_type: str, path: str, owner: str, key: str) -> str:
    """The rule that silences a key wherever it differs, "" where there is none."""
    if row_type in _BOOKKEEPING:
        return _BOOKKEEPING[row_type]
    if row_type in _NOTES:
        return "documentation"
    if ".microflowActionInfo." in f".{path}.":
        return "action-info"
    if row_type == WIDGET and (path == "type" or path.startswith("type.")) and path != "type.widgetId":
        return "widget-definition"
    for reason, places in _SILENT.items():
        for place, keys in places.items():
            if (key in keys or (reason == "geometry" and not keys.isdisjoint(path.split(".")))) and owner_in(owner, place):
                return "" if reason == "documentation" and owner.startswith(_PUBLISHED) else reason
    return ""


def owner_in(owner: str, place: str) -> bool:
    """Whether a type lies in a namespace (``Pages$``) or is of a type (``Pages$Page``)."""
    return owner.startswith(place) if not place or place.endswith("$") else is_a(owner, place)


# -- defaults ---------------------------------------------------------------------------------


def is_default(row: Element, path: str, value: Any) -> bool:
    """Whether a key holds what its absence would mean. A part does where all it holds does."""
    owner, key = row.part(path)
    declared = property_of(owner, key)
    kind = declared.kind if declared else ""
    if kind in ("part", "structuralChild") or (not declared and isinstance(value, str) and "$" in value):
        return _is_plain_part(value, declared.type if declared else "") and all(
            is_default(row, k, v) for k, v in row.props.items() if k.startswith(path + ".")
        )
    if declared is not None and declared.default is not None:
        return bool(value == declared.default) or value == ""
    return value in ("", False, 0, "00000000-0000-0000-0000-000000000000") or value == ()


def _is_plain_part(part_type: str, declared: str) -> bool:
    """A part that stands for nothing: of the declared type itself, or a ``No...`` of it."""
    return part_type == declared or part_type.rpartition("$")[2].startswith("No")


def _introduced_after(version: Version | None, stated: str) -> bool:
    known = Version.of(stated) if stated else None
    return known is not None and version is not None and (known.major, known.minor, known.patch) > (version.major, version.minor, version.patch)


def _deleted_by(version: Version | None, stated: str) -> bool:
    known = Version.of(stated) if stated else None
    return known is not None and version is not None and (known.major, known.minor, known.patch) <= (version.major, version.minor, version.patch)


def _unknown_to(version: Version | None, row: Element, path: str) -> bool:
    """Whether a key, or a part it lies in, came after a version."""
    return any(_introduced_after(version, p.introduced) for p in _declared(row, path))


def _gone_by(version: Version | None, row: Element, path: str) -> bool:
    """Whether a key, or a part it lies in, went by a version."""
    return any(_deleted_by(version, p.deleted) for p in _declared(row, path))


def _declared(row: Element, path: str) -> Iterable[Any]:
    steps = path.split(".")
    for i in range(1, len(steps) + 1):
        owner, key = row.part(".".join(steps[:i]))
        if declared := property_of(owner, key):
            yield declared
        if known := type_named(owner):
            yield known


# -- rules for keys -----------------------------------------------------------------------------


def _default_effect(leaf: Leaf, noise: Noise) -> bool:
    return leaf.key in _DEFAULT_EFFECT and _one_side(leaf) and noise.moved


def _new_default(leaf: Leaf, noise: Noise) -> bool:
    if not _one_side(leaf) or not noise.moved:
        return False
    row = leaf.new_row if leaf.old is ABSENT else leaf.old_row
    return is_default(row, leaf.path, leaf.present) and _unknown_to(_lacking(leaf, noise), row, leaf.path)


def _absent_default(leaf: Leaf, noise: Noise) -> bool:
    row = leaf.new_row if leaf.old is ABSENT else leaf.old_row
    return _one_side(leaf) and is_default(row, leaf.path, leaf.present)


def _gone_key(leaf: Leaf, noise: Noise) -> bool:
    row = leaf.new_row if leaf.old is ABSENT else leaf.old_row
    return _one_side(leaf) and noise.moved and _gone_by(_lacking(leaf, noise), row, leaf.path)


def _list_order(leaf: Leaf, noise: Noise) -> bool:
    """Lists of names (roles above all) and of flags are sets."""
    if not isinstance(leaf.old, tuple) or not isinstance(leaf.new, tuple) or sorted(leaf.old) != sorted(leaf.new):
        return False
    declared = property_of(leaf.owner, leaf.key)
    return declared is not None and declared.kind in ("byNameReference", "enum")


def _one_side(leaf: Leaf) -> bool:
    return leaf.old is ABSENT or leaf.new is ABSENT


def _lacking(leaf: Leaf, noise: Noise) -> Version | None:
    return noise.lacking(old=leaf.old is ABSENT)


_LEAF_RULES: tuple[tuple[str, Callable[[Leaf, Noise], bool]], ...] = (
    ("list-order", _list_order),
    ("default-effect", _default_effect),
    ("new-default", _new_default),
    ("absent-default", _absent_default),
    ("gone-key", _gone_key),
)


# -- rules for rows -----------------------------------------------------------------------------


_ROW_RULES: tuple[tuple[str, Callable[[Element, bool, Noise], bool]], ...] = (
    ("conversion-marker", lambda row, refreshed, noise: row.type in _BOOKKEEPING),
    ("documentation", lambda row, refreshed, noise: row.type in _NOTES),
)

