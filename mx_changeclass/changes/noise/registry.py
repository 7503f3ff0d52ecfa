"""What a save, an editor or an upgrade changes by itself: named rules, each a row of a table.

Source: docs/storage.md, "Noise", and what upgrades of real apps showed. A rule sees one differing
key, or one row without a partner, and never hides content: what it names holds a default, is gone from
the metamodel, is drawn on the canvas only, or stands on the closed list of conversions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from mx_changeclass.changes.noise.defaults import came_after, gone_by, holds_default, is_default
from mx_changeclass.changes.noise.ignored_keys import IGNORED_NAMES, ignored_by
from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import PAGE, WIDGET_PROPERTY
from mx_changeclass.model.versions import Version
from mx_changeclass.regex import regex

ABSENT: Final = None  # no value of a row is None
_SYSTEM_TEXT = "Texts$SystemText"
_PLAIN_VALUES = ("primitiveValue", "expression")
_CODE = regex(r"(expression|argument|xpathconstraint|initialvalue)$", re.IGNORECASE)

# New keys with a default that acts: they are noise, and a rule tells them once beside the version move.
_DEFAULT_EFFECT: dict[str, tuple[Any, ...]] = {
    "networkTimeoutMs": (60000,),
    "nativeNavigationEnabled": (False,),
    "useListParameterByReference": (False, True),
    "decimalScale": (8,),
}
# Other values than the metamodel's default that an upgrade writes into a new key (ABSENT: whatever it is).
_CONVERTED: dict[tuple[str, str], Any] = {
    (PAGE, "autofocus"): "DesktopOnly",
    ("Navigation$NavigationProfile", "throwPartialSyncError"): True,
    ("Images$Image", "imageFormat"): ABSENT,
    ("Settings$WebUIProjectSettingsPart", "useOptimizedClient"): "No",
    ("Settings$RuntimeSettings", "bcryptCost"): 10,
    ("Security$ProjectSecurity", "strictPageUrlCheck"): False,
}
# Code that an upgrade across a version wrote in another form with the same meaning: owner, key, before, after. From
# 11.0 on a required text box states that its text has a length, which no longer follows from its not being empty.
_REWRITTEN: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "11.0.0": (("Pages$WidgetValidation", "expression", "$value != empty", "length(toString($value)) > 0"),),
}
_HIDDEN_WITHOUT_TEXT: Final = Version(10, 24, 0)
# Keys that took the place of others: steps of a dotted key before and after.
_RENAMED = (
    ("appStorePackageId", "appStorePackageIdString"),
    ("javaVersion", "javaMajorVersion"),
    ("placeholder", "placeholderTemplate.template"),
    ("class", "appearance.class"),
    ("style", "appearance.style"),
)


@frozen(slots=True)
class KeyDifference:
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

    @property
    def value(self) -> Any:
        """The value, where one side has none."""
        return self.new if self.old is ABSENT else self.old


@frozen(slots=True)
class Unmatched:
    """One row without a partner, what stands below it, and whether it is part of a pluggable widget whose
    definition differs. ``absent_version`` is the version of the side that does not have it."""

    row: Element
    below: Sequence[Element]
    redefined: bool
    absent_version: Version | None


def key_differences(old_row: Element, new_row: Element) -> Iterator[KeyDifference]:
    """Every key that differs between two partners."""
    old, new = old_row.props, new_row.props
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before != after:
            owner, key = (new_row if before is ABSENT else old_row).part(path)
            yield KeyDifference(old_row, new_row, path, owner, key, before, after)


def is_ignored(owner: str, key: str, value: Any) -> bool:
    """Whether a key of a type says nothing about what it stands in, on whatever side: noise, or a default."""
    return bool(ignored_by(owner, key)) or holds_default(owner, key, value)


@frozen
class Noise:
    """The rules for one pair of versions."""

    old: Version | None
    new: Version | None

    @property
    def moved(self) -> bool:
        """Whether the versions differ: only then does a conversion explain anything."""
        return self.old is not None and self.new is not None and self.old != self.new

    def lacks(self, leaf: KeyDifference) -> Version | None:
        """The version of the side that does not have a key."""
        return self.old if leaf.old is ABSENT else self.new

    def of_key(self, leaf: KeyDifference) -> str:
        """The name of the rule that explains a differing key, "" where it means something."""
        return ignored_by(leaf.owner, leaf.key) or next((name for name, says in _KEY_RULES if says(leaf, self)), "")

    def of_unmatched(self, unmatched: Unmatched) -> str:
        """The name of the rule that explains a row without a partner, "" where it means something."""
        return ignored_by(unmatched.row.type, "") or next(
            (name for name, says in _ROW_RULES if says(unmatched, self)), ""
        )


# -- rules for keys -----------------------------------------------------------------------------


def _list_order(leaf: KeyDifference, _: Noise) -> bool:
    """Lists of names (roles above all) and of flags are sets."""
    if not isinstance(leaf.old, tuple) or not isinstance(leaf.new, tuple):
        return False
    if sorted(map(repr, leaf.old)) != sorted(map(repr, leaf.new)):  # a damaged list may hold several types
        return False
    declared = property_of(leaf.owner, leaf.key)
    return declared is not None and declared.kind in ("byNameReference", "enum")


def _white_space(leaf: KeyDifference, _: Noise) -> bool:
    """An expression or XPath with other blanks around it."""
    if not isinstance(leaf.old, str) or not isinstance(leaf.new, str) or leaf.old.strip() != leaf.new.strip():
        return False
    return bool(_CODE.search(leaf.key)) or (leaf.key == "value" and leaf.owner.startswith("Microflows$"))


def _system_text(leaf: KeyDifference, noise: Noise) -> bool:
    return noise.moved and leaf.old_row.type == _SYSTEM_TEXT


def _default_effect(leaf: KeyDifference, noise: Noise) -> bool:
    return (
        leaf.one_sided
        and noise.moved
        and leaf.value in _DEFAULT_EFFECT.get(leaf.key, ())
        and came_after(noise.lacks(leaf), leaf.holder, leaf.path)
    )


def _renamed_key(leaf: KeyDifference, noise: Noise) -> bool:
    """The value stands under the key that took the place of this one."""
    if not leaf.one_sided or not noise.moved:
        return False
    other = leaf.old_row if leaf.old is ABSENT else leaf.new_row
    padded = f".{leaf.path}."
    twins = [
        padded.replace(f".{here}.", f".{there}.", 1)[1:-1]
        for pair in _RENAMED
        for here, there in (pair, pair[::-1])
        if f".{here}." in padded
    ]
    return any(t in other.props and _plain_text(other.props[t]) == _plain_text(leaf.value) for t in twins)


def _plain_text(value: object) -> str:
    return str(value).removeprefix("Java")  # "Java21" became "21"


def _converted(leaf: KeyDifference, noise: Noise) -> bool:
    """An upgrade wrote a value of its own into a new key."""
    declared = property_of(leaf.owner, leaf.key)
    if not leaf.one_sided or not noise.moved or declared is None:
        return False
    if declared.introduced and not came_after(noise.lacks(leaf), leaf.holder, leaf.path):
        return False  # a version that knew the key, and did without
    return any(
        leaf.key == key and is_a(leaf.owner, owner) and written in (ABSENT, leaf.value)
        for (owner, key), written in _CONVERTED.items()
    )


def _rewritten(leaf: KeyDifference, noise: Noise) -> bool:
    """An upgrade wrote the code in another form."""
    if noise.old is None or noise.new is None or leaf.one_sided:
        return False
    edit = leaf.owner, leaf.key, _tight(leaf.old), _tight(leaf.new)
    crossed = (told for at, told in _REWRITTEN.items() if (v := Version.of(at)) and noise.old < v <= noise.new)
    return any(edit == (owner, key, _tight(old), _tight(new)) for told in crossed for owner, key, old, new in told)


def _hidden_text(leaf: KeyDifference, noise: Noise) -> bool:
    """From 10.24 on a widget property that other choices hide has no text at all, not even an empty one, which is
    what remains where somebody deletes it."""
    crossed = noise.old is not None and noise.new is not None and noise.old < _HIDDEN_WITHOUT_TEXT <= noise.new
    texts = [r.props.get("value.textTemplate") for r in (leaf.old_row, leaf.new_row)]
    of_text = leaf.old_row.type == WIDGET_PROPERTY and leaf.path.startswith("value.textTemplate")
    return crossed and of_text and bool(texts[0]) and not texts[1]


def _tight(code: object) -> str:
    return "".join(str(code).split())


def _new_default(leaf: KeyDifference, noise: Noise) -> bool:
    return noise.moved and _absent_default(leaf, noise) and came_after(noise.lacks(leaf), leaf.holder, leaf.path)


def _absent_default(leaf: KeyDifference, _: Noise) -> bool:
    return leaf.one_sided and is_default(leaf.holder, leaf.path, leaf.value)


def _gone_key(leaf: KeyDifference, noise: Noise) -> bool:
    return leaf.one_sided and noise.moved and gone_by(noise.lacks(leaf), leaf.holder, leaf.path)


def _kind_of_value(leaf: KeyDifference, _: Noise) -> bool:
    """A definition made an expression of a plain widget property, or the reverse; the value is the same."""
    if leaf.key not in _PLAIN_VALUES or leaf.old_row.type != WIDGET_PROPERTY:
        return False
    old, new = ([r.props.get(f"value.{k}", "") for k in _PLAIN_VALUES] for r in (leaf.old_row, leaf.new_row))
    return old == new[::-1] and "" in old


_KEY_RULES: tuple[tuple[str, Callable[[KeyDifference, Noise], bool]], ...] = (
    ("list-order", _list_order),
    ("white-space", _white_space),
    ("system-text", _system_text),
    ("default-effect", _default_effect),
    ("renamed-key", _renamed_key),
    ("conversion-default", _converted),
    ("conversion-rewrite", _rewritten),
    ("conversion-rewrite", _hidden_text),
    ("new-default", _new_default),
    ("absent-default", _absent_default),
    ("gone-key", _gone_key),
    ("widget-definition", _kind_of_value),
)


# -- rules for rows -----------------------------------------------------------------------------


def _came_with_definition(unmatched: Unmatched, _: Noise) -> bool:
    """A property that a new definition of a widget brought or took, bound to nothing."""
    row = unmatched.row
    return (
        unmatched.redefined
        and row.type == WIDGET_PROPERTY
        and not unmatched.below
        and all(is_default(row, k, v) or ignored_by(*row.part(k)) or _unbound(k, v) for k, v in row.props.items())
    )


def _unbound(path: str, value: object) -> bool:
    """A plain choice, a text, or an expression that mentions nothing."""
    if path == "value.expression":
        return isinstance(value, str) and set("$@/.").isdisjoint(value)
    return path in ("value.primitiveValue", "value.selection") or path.startswith("value.textTemplate")


def _new_row(unmatched: Unmatched, noise: Noise) -> bool:
    """A row of a type that one side does not know, or a tab of the settings, that holds defaults only."""
    row = unmatched.row
    return (
        noise.moved
        and (row.slot == "settingsParts" or came_after(unmatched.absent_version, row, ""))
        and not unmatched.below
        and all(is_default(row, k, v) for k, v in row.props.items())
    )


_ROW_RULES: tuple[tuple[str, Callable[[Unmatched, Noise], bool]], ...] = (
    ("widget-definition", _came_with_definition),
    ("system-text", lambda unmatched, noise: noise.moved and unmatched.row.type == _SYSTEM_TEXT),
    ("new-default", _new_row),
    ("gone-key", lambda unmatched, noise: noise.moved and gone_by(unmatched.absent_version, unmatched.row, "")),
)

PATTERN_NAMES = IGNORED_NAMES.union(name for name, _ in (*_KEY_RULES, *_ROW_RULES))
