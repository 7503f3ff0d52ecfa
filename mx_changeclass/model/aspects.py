"""What a part of a page, layout or snippet is about: its words, its style, what it does, where its data comes from."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.snapshot import Element, Tree


class Aspect(StrEnum):
    """What a key or a row of a page is about."""

    TEXT = "text"
    STYLE = "style"
    ICON = "icon"
    VISIBILITY = "visibility"
    VALIDATION = "validation"
    ACCESSIBILITY = "accessibility"
    ARGUMENT = "argument"  # which object a call, an action or a data source works on
    ACTION = "action"
    SOURCE = "source"
    BINDING = "binding"  # the attribute, association or entity that a widget shows
    LAYOUT = "layout"
    VARIABLE = "variable"
    OTHER = "other"


_BY_TYPE = {
    "Texts$Text": Aspect.TEXT,
    "Pages$ClientTemplate": Aspect.TEXT,
    "Pages$Appearance": Aspect.STYLE,
    "Pages$DesignPropertyValue": Aspect.STYLE,
    "Pages$Icon": Aspect.ICON,
    "Pages$ConditionalSettings": Aspect.VISIBILITY,
    "Pages$ConditionalVisibilitySettings": Aspect.VISIBILITY,
    "Pages$ConditionalEditabilitySettings": Aspect.VISIBILITY,
    "Pages$WidgetValidation": Aspect.VALIDATION,
    "Pages$AccessibilitySettings": Aspect.ACCESSIBILITY,
    "Pages$PageVariable": Aspect.ARGUMENT,
    "Pages$MicroflowParameterMapping": Aspect.ARGUMENT,
    "Pages$NanoflowParameterMapping": Aspect.ARGUMENT,
    "Pages$PageParameterMapping": Aspect.ARGUMENT,
    "Pages$SnippetParameterMapping": Aspect.BINDING,
    "Pages$ClientAction": Aspect.ACTION,
    "Pages$MicroflowSettings": Aspect.ACTION,
    "Pages$PageSettings": Aspect.ACTION,
    "Pages$OnClickBehavior": Aspect.ACTION,
    "Pages$DataSource": Aspect.SOURCE,
    "Pages$SelectorSource": Aspect.SOURCE,
    "DomainModels$AttributeRef": Aspect.BINDING,
    "DomainModels$EntityRef": Aspect.BINDING,
    "Pages$LayoutCall": Aspect.LAYOUT,
    "Pages$LayoutGridRow": Aspect.LAYOUT,
    "Pages$LayoutGridColumn": Aspect.LAYOUT,
    "Pages$TableRow": Aspect.LAYOUT,
    "Pages$TableColumn": Aspect.LAYOUT,
    "Pages$TableCell": Aspect.LAYOUT,
    "Pages$TabPage": Aspect.LAYOUT,
    "Pages$ScrollContainerRegion": Aspect.LAYOUT,
    "Pages$MasterDetailMasterRegion": Aspect.LAYOUT,
    "Pages$MasterDetailDetailRegion": Aspect.LAYOUT,
    "Pages$LocalVariable": Aspect.VARIABLE,
}
_BY_KEY = {
    "tabIndex": Aspect.ACCESSIBILITY,
    "autofocus": Aspect.ACCESSIBILITY,
    "autoFocus": Aspect.ACCESSIBILITY,
    "ariaRequired": Aspect.ACCESSIBILITY,
    "ariaRole": Aspect.ACCESSIBILITY,
    "ariaLabel": Aspect.ACCESSIBILITY,
    "screenReaderLabel": Aspect.ACCESSIBILITY,
    "screenReaderHidden": Aspect.ACCESSIBILITY,
    "alternativeText": Aspect.ACCESSIBILITY,
}
# Containers whose plain keys are about the place of what they hold.
_FRAMES = frozenset(
    {
        "Pages$LayoutGrid",
        "Pages$ScrollContainer",
        "Pages$Table",
        "Pages$TabContainer",
        "Pages$DivContainer",
        "Pages$GroupBox",
        "Pages$VerticalFlow",
        "Pages$HorizontalSplitPane",
        "Pages$VerticalSplitPane",
        "Pages$MasterDetail",
        "Pages$Header",
        "Pages$Placeholder",
    }
)
# Hints in an empty input: told with the other properties of the input.
_HINTS = ("placeholder", "placeholderTemplate")
# Words in an action are still words, the class of a header is still style.
_ALWAYS = frozenset(
    {
        Aspect.TEXT,
        Aspect.STYLE,
        Aspect.ICON,
        Aspect.VISIBILITY,
        Aspect.VALIDATION,
        Aspect.ACCESSIBILITY,
    }
)


def aspect(row: Element, key: str) -> Aspect:
    """What a (dotted) key of a part of a page is about: the outermost part around it decides, but for
    words and looks inside an action, and the object that an action works on."""
    found = Aspect.OTHER
    steps = key.split(".")
    if steps[0] in _HINTS:
        return found
    for i in range(len(steps)):
        step = _step(*row.part(".".join(steps[: i + 1])))
        if step in _ALWAYS:
            return step
        if step is Aspect.ARGUMENT:
            return Aspect.ARGUMENT if found is Aspect.ACTION else Aspect.BINDING if found is Aspect.OTHER else found
        if found is Aspect.OTHER:
            found = step
    if found is Aspect.OTHER and (row.type in _FRAMES or _of_type(row.type) is Aspect.LAYOUT):
        return Aspect.LAYOUT
    return found


@cache
def _step(owner: str, key: str) -> Aspect:
    if key in _BY_KEY:
        return _BY_KEY[key]
    declared = property_of(owner, key)
    return _of_type(declared.type) if declared else Aspect.OTHER


@cache
def _of_type(type_name: str) -> Aspect:
    for base, found in _BY_TYPE.items():
        if is_a(type_name, base):
            return found
    return Aspect.OTHER


def aspect_of_row(tree: Tree, row: Element) -> Aspect:
    """What a whole row of a page is about: a design property is style, a parameter mapping an argument.
    ``OTHER`` for widgets, properties of pluggable widgets and the document itself."""
    own = _of_type(row.type)
    if own is not Aspect.OTHER:
        return own
    parent = tree.rows.get(row.parent or "")
    if parent is None or is_a(row.type, "Pages$Widget"):
        return Aspect.OTHER
    return aspect(parent, row.slot)
