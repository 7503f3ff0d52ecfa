"""What a save, an editor or an upgrade changes by itself: named rules, each a row of a table.

Facts: how models are stored, section 8, and what upgrades of real apps showed. A rule sees one differing
key, or one row without a partner, and never hides content: what it names holds a default, is gone from
the metamodel, is drawn on the canvas only, or stands on the closed list of conversions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from attrs import frozen

from mx_changeclass.model.metamodel import Property, Type, is_a, property_of, type_named
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.versions import Version

ABSENT: Final = None  # no value of a row is None
WIDGET, WIDGET_PROPERTY = "CustomWidgets$CustomWidget", "CustomWidgets$WidgetProperty"

# Reason -> type or namespace ("" is any) -> keys ("*" is every key). Wherever such a key differs, it means nothing.
_SILENT: dict[str, dict[str, frozenset[str]]] = {
    "conversion-marker": {"Projects$ProjectConversion": frozenset("*"), "Projects$OneTimeConversionMarker": frozenset("*")},
    "module-ids": {
        "Projects$ModuleGuidMapping": frozenset("*"),
        "Projects$GuidMappingEntry": frozenset("*"),
        "Projects$ModuleSettings": frozenset({"packageId", "originalPackageId", "checksum", "convertedChecksum"}),
    },
    "geometry": {
        "DomainModels$": frozenset({"location", "parentConnection", "childConnection"}),
        "Microflows$": frozenset({
            "relativeMiddlePoint", "size", "line", "lineType", "originConnectionIndex", "destinationConnectionIndex",
            "originBezierVector", "destinationBezierVector", "originControlVector", "destinationControlVector",
            "segmentPositions",
        }),
        "Workflows$": frozenset({
            "relativeMiddlePoint", "size", "line", "originControlVector", "destinationControlVector", "originConnectionSide",
            "originalConnectionFactor", "destinationConnectionSide", "destinationConnectionFactor",
        }),
        "": frozenset({"canvasWidth", "canvasHeight"}),
    },
    "documentation": {
        "": frozenset({"documentation"}),
        "CodeActions$CodeActionParameter": frozenset({"description", "category"}),
        "Security$ModuleRole": frozenset({"description"}),
        "Microflows$Annotation": frozenset("*"),
        "Microflows$AnnotationFlow": frozenset("*"),
        "DomainModels$Annotation": frozenset("*"),
        "Workflows$FloatingAnnotation": frozenset("*"),
    },
    "action-info": {"CodeActions$MicroflowActionInfo": frozenset("*")},
    "sort-index": {"Projects$Module": frozenset({"sortIndex", "newSortIndex"})},
    "stable-id": {"Microflows$": frozenset({"stableId"})},
    "activity-colour": {"Microflows$ActionActivity": frozenset({"backgroundColor"})},
    "editor-image": {
        "DomainModels$Entity": frozenset({"imageData", "image"}),
        "Pages$TemplateFormBase": frozenset({"imageData", "imageUrl"}),
    },
    "no-action": {"Pages$NoClientAction": frozenset("*")},
    "widget-definition": {"CustomWidgets$CustomWidgetType": frozenset("*")},
}
_PUBLISHED = ("Rest$", "ODataPublish$", "WebServices$")  # here documentation is part of the contract

# New keys with a default that acts: they are quiet, and a rule tells them once beside the version move.
_DEFAULT_EFFECT = frozenset({"networkTimeoutMs", "nativeNavigationEnabled", "useListParameterByReference", "decimalScale"})
# Other values than the metamodel's default that an upgrade writes into a new key (ABSENT: whatever it is).
_CONVERTED: dict[tuple[str, str], Any] = {
    ("Pages$Page", "autofocus"): "DesktopOnly",
    ("Navigation$NavigationProfile", "throwPartialSyncError"): True,
    ("Images$Image", "imageFormat"): ABSENT,
}
# Keys that took the place of others: steps of a dotted key before and after.
_RENAMED = (
    ("appStorePackageId", "appStorePackageIdString"),
    ("javaVersion", "javaMajorVersion"),
    ("placeholder", "placeholderTemplate.template"),
    ("class", "appearance.class"),
    ("style", "appearance.style"),
)


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
    def one_sided(self) -> bool:
        return self.old is ABSENT or self.new is ABSENT

    @property
    def holder(self) -> Element:
        """The row that has the key, where one side has none."""
        return self.new_row if self.old is ABSENT else self.old_row


@frozen(slots=True)
class Orphan:
    """One row without a partner, what stands below it, and whether it is part of a pluggable widget whose
    definition differs. ``lacking`` is the version of the side that does not have it."""

    row: Element
    below: Sequence[Element]
    refreshed: bool
    lacking: Version | None


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

    @property
    def moved(self) -> bool:
        """Whether the versions differ: only then does a conversion explain anything."""
        return self.old is not None and self.new is not None and self.old != self.new

    def lacks(self, leaf: Leaf) -> Version | None:
        """The version of the side that does not have a key."""
        return self.old if leaf.old is ABSENT else self.new

    def is_silent(self, row: Element, path: str, value: Any) -> bool:
        """Whether a key says nothing about what a row is, on whatever side: noise, or a default."""
        owner, key = row.part(path)
        return bool(silent(owner, key)) or is_default(row, path, value)

    def of_leaf(self, leaf: Leaf) -> str:
        """The name of the rule that explains a differing key, "" where it means something."""
        return silent(leaf.owner, leaf.key) or next((name for name, says in _LEAF_RULES if says(leaf, self)), "")

    def of_orphan(self, orphan: Orphan) -> str:
        """The name of the rule that explains a row without a partner, "" where it means something."""
        return silent(orphan.row.type, "") or next((name for name, says in _ORPHAN_RULES if says(orphan, self)), "")


@cache
def silent(owner: str, key: str) -> str:
    """The rule that silences a key of a type wherever it differs, "" where there is none. With the key
    "" the rule that silences the type with all it holds."""
    if key == "widgetId":
        return ""  # which widget it is
    for reason, places in _SILENT.items():
        for place, keys in places.items():
            if ("*" in keys or key in keys) and _lies_in(owner, place):
                return "" if reason == "documentation" and owner.startswith(_PUBLISHED) else reason
    return ""


def _lies_in(owner: str, place: str) -> bool:
    """Whether a type lies in a namespace (``Pages$``) or is of a type (``Pages$Page``)."""
    return owner.startswith(place) if not place or place.endswith("$") else is_a(owner, place)


# -- defaults and versions --------------------------------------------------------------------


def is_default(row: Element, path: str, value: Any) -> bool:
    """Whether a key holds what its absence would mean. Of a part, that it is there says nothing: what
    it holds are keys of their own; only a special kind of part is content."""
    owner, key = row.part(path)
    declared = property_of(owner, key)
    if declared is not None and declared.kind in ("part", "structuralChild"):
        return bool(value == declared.type) or _does_nothing(value) or bool(silent(str(value), ""))
    if declared is not None and declared.default is not None:
        return bool(value == declared.default)
    return value in ("", False, 0, _NO_ID) or _does_nothing(value)


_NOTHING = re.compile(r"\w+\$No[A-Z]\w*")
_NO_ID = "00000000-0000-0000-0000-000000000000"


def _does_nothing(value: object) -> bool:
    """A type that stands for nothing: ``Pages$NoClientAction``, ``Microflows$NoCase``."""
    return isinstance(value, str) and _NOTHING.fullmatch(value) is not None


def _came_after(version: Version | None, row: Element, path: str) -> bool:
    """Whether a key, or a part it lies in, is newer than a version."""
    return version is not None and any(
        (known := Version.of(p.introduced)) is not None and _numbers(known) > _numbers(version) for p in _declared(row, path)
    )


def _gone_by(version: Version | None, row: Element, path: str) -> bool:
    """Whether a version has a key, or a part it lies in, no more."""
    return version is not None and any(
        (known := Version.of(p.deleted)) is not None and _numbers(known) <= _numbers(version) for p in _declared(row, path)
    )


def _numbers(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def _declared(row: Element, path: str) -> Iterable[Property | Type]:
    steps = path.split(".")
    for i in range(1, len(steps) + 1):
        owner, key = row.part(".".join(steps[:i]))
        yield from (known for known in (type_named(owner), property_of(owner, key)) if known is not None)


# -- rules for keys -----------------------------------------------------------------------------


def _list_order(leaf: Leaf, noise: Noise) -> bool:
    """Lists of names (roles above all) and of flags are sets."""
    if not isinstance(leaf.old, tuple) or not isinstance(leaf.new, tuple) or sorted(leaf.old) != sorted(leaf.new):
        return False
    declared = property_of(leaf.owner, leaf.key)
    return declared is not None and declared.kind in ("byNameReference", "enum")


def _system_text(leaf: Leaf, noise: Noise) -> bool:
    return noise.moved and leaf.old_row.type == _SYSTEM_TEXT


def _default_effect(leaf: Leaf, noise: Noise) -> bool:
    return leaf.key in _DEFAULT_EFFECT and leaf.one_sided and noise.moved


def _renamed_key(leaf: Leaf, noise: Noise) -> bool:
    """The value stands under the key that took the place of this one."""
    if not leaf.one_sided or not noise.moved:
        return False
    other = leaf.old_row if leaf.old is ABSENT else leaf.new_row
    value = leaf.new if leaf.old is ABSENT else leaf.old
    padded = f".{leaf.path}."
    candidates = (
        padded.replace(f".{here}.", f".{there}.", 1)[1:-1]
        for pair in _RENAMED for here, there in (pair, pair[::-1]) if f".{here}." in padded
    )
    return any(c in other.props and _plain_text(other.props[c]) == _plain_text(value) for c in candidates)


def _plain_text(value: object) -> str:
    return str(value).removeprefix("Java")  # "Java21" became "21"


def _converted(leaf: Leaf, noise: Noise) -> bool:
    """An upgrade wrote a value of its own into a key that the older version does not have."""
    if not leaf.one_sided or not noise.moved:
        return False
    value = leaf.new if leaf.old is ABSENT else leaf.old
    return any(
        leaf.key == key and is_a(leaf.owner, owner) and written in (ABSENT, value) for (owner, key), written in _CONVERTED.items()
    )


def _new_default(leaf: Leaf, noise: Noise) -> bool:
    return _absent_default(leaf, noise) and noise.moved and _came_after(noise.lacks(leaf), leaf.holder, leaf.path)


def _absent_default(leaf: Leaf, noise: Noise) -> bool:
    return leaf.one_sided and is_default(leaf.holder, leaf.path, leaf.holder.props[leaf.path])


def _gone_key(leaf: Leaf, noise: Noise) -> bool:
    return leaf.one_sided and noise.moved and _gone_by(noise.lacks(leaf), leaf.holder, leaf.path)


def _kind_of_value(leaf: Leaf, noise: Noise) -> bool:
    """A definition made an expression of a plain widget property, or the reverse; the value is the same."""
    if leaf.key not in _PLAIN_VALUES or leaf.old_row.type != WIDGET_PROPERTY:
        return False
    old, new = ([r.props.get(f"value.{k}", "") for k in _PLAIN_VALUES] for r in (leaf.old_row, leaf.new_row))
    return old == new[::-1] and "" in old


_SYSTEM_TEXT = "Texts$SystemText"
_PLAIN_VALUES = ("primitiveValue", "expression")
_LEAF_RULES: tuple[tuple[str, Callable[[Leaf, Noise], bool]], ...] = (
    ("list-order", _list_order),
    ("system-text", _system_text),
    ("default-effect", _default_effect),
    ("renamed-key", _renamed_key),
    ("conversion-default", _converted),
    ("new-default", _new_default),
    ("absent-default", _absent_default),
    ("gone-key", _gone_key),
    ("widget-definition", _kind_of_value),
)


# -- rules for rows -----------------------------------------------------------------------------


def _came_with_definition(orphan: Orphan, noise: Noise) -> bool:
    """A property that a new definition of a widget brought or took, bound to nothing."""
    return orphan.refreshed and orphan.row.type == WIDGET_PROPERTY and not orphan.below and all(
        is_default(orphan.row, k, v) or silent(*orphan.row.part(k)) or _unbound(k, v) for k, v in orphan.row.props.items()
    )


def _unbound(path: str, value: object) -> bool:
    """A plain choice, a text, or an expression that mentions nothing."""
    if path.startswith("value.textTemplate"):
        return True
    return path in ("value.primitiveValue", "value.selection") or (
        path == "value.expression" and isinstance(value, str) and not set("$@/.") & set(value)
    )


def _new_row(orphan: Orphan, noise: Noise) -> bool:
    """A row of a type that one side does not know, or a tab of the settings, that holds defaults only."""
    row = orphan.row
    known = type_named(row.type)
    came = row.slot == "settingsParts" or (
        known is not None and orphan.lacking is not None and (since := Version.of(known.introduced)) is not None
        and _numbers(since) > _numbers(orphan.lacking)
    )
    return noise.moved and came and not orphan.below and all(is_default(row, k, v) for k, v in row.props.items())


def _gone_row(orphan: Orphan, noise: Noise) -> bool:
    known = type_named(orphan.row.type)
    gone = Version.of(known.deleted) if known is not None else None
    return noise.moved and gone is not None and orphan.lacking is not None and _numbers(gone) <= _numbers(orphan.lacking)


_ORPHAN_RULES: tuple[tuple[str, Callable[[Orphan, Noise], bool]], ...] = (
    ("widget-definition", _came_with_definition),
    ("system-text", lambda orphan, noise: noise.moved and orphan.row.type == _SYSTEM_TEXT),
    ("new-default", _new_row),
    ("gone-key", _gone_row),
)
