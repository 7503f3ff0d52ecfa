"""Why edits are set aside as without meaning, in words: by the name of the noise rule."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "absent-default": "a default that is written on one side and left out on the other",
    "action-info": "where the toolbox of Studio Pro shows an action",
    "activity-colour": "colours of activities in the editor",
    "conversion-default": "a value that an upgrade of Studio Pro writes into a new key",
    "conversion-marker": "the list of conversions that an upgrade has done",
    "conversion-rewrite": "code that an upgrade writes in another form of the same meaning",
    "default-effect": "a new setting with its default, which is told once beside the version",
    "documentation": "documentation, annotations and descriptions",
    "editor-image": "pictures that the editor shows",
    "follows-id": "references to elements that got other ids",
    "follows-rename": "references to elements that were renamed, under the new names",
    "geometry": "places and sizes on the canvas",
    "gone-key": "a key that the newer version of Studio Pro no longer has",
    "list-order": "the order of a list in which order means nothing",
    "module-ids": "ids of a module that was imported again",
    "new-default": "a key that the newer version of Studio Pro brings, with its default",
    "new-id": "elements that got other ids and are the same",
    "no-action": "the empty action of something that does nothing when clicked",
    "renamed-key": "a key that the newer version of Studio Pro names otherwise",
    "sort-index": "the order in which Studio Pro shows modules",
    "stable-id": "ids that steps of flows carry for the editor",
    "system-text": "texts of Mendix that an upgrade brings",
    "white-space": "white space in code",
    "widget-definition": "the copy of a widget's definition on a page",
}
