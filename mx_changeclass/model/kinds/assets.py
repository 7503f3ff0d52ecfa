"""Kinds of assets and code: images, icons, texts, JavaScript and Java actions."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind


@kind("Images$ImageCollection")
class ImageCollection(Kind):
    pass


@kind("Images$Image")
class Image(Kind):
    data = key("imageData", "")


@kind("CustomIcons$CustomIconCollection")
class IconCollection(Kind):
    pass


@kind("JavaScriptActions$JavaScriptAction")
class JavaScriptAction(Kind):
    platform = key("platform", "All")


@kind("JavaActions$JavaAction")
class JavaAction(Kind):
    pass


@kind("Texts$SystemTextCollection", "Texts$SystemText")
class SystemTexts(Kind):
    pass
