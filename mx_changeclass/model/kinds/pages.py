"""Kinds of the client: pages, layouts, snippets, widgets, menus."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind

_NONE: tuple[str, ...] = ()


@kind("Pages$FormBase")
class Form(Kind):
    """A page, layout, snippet, building block or page template."""


@kind("Pages$Page", "NativePages$NativePage")
class Page(Form):
    layout = key("layoutCall.layout", "")
    roles = key("allowedRoles", _NONE)
    url = key("url", "")


@kind("Pages$Layout", "NativePages$NativeLayout")
class Layout(Form):
    content = key("content", "")


@kind("Pages$Snippet")
class Snippet(Form):
    pass


@kind("Pages$BuildingBlock", "Pages$PageTemplate")
class Template(Form):
    """Exists in the editor only."""


@kind("Pages$Widget")
class Widget(Kind):
    pass


@kind("CustomWidgets$CustomWidget")
class CustomWidget(Widget):
    """A pluggable widget on a page."""

    widget_id = key("type.widgetId", "")


@kind("CustomWidgets$WidgetProperty")
class WidgetProperty(Kind):
    """One configured property of a pluggable widget; its name is the property key."""

    action = key("value.action", "")
    microflow = key("value.microflow", "")
    nanoflow = key("value.nanoflow", "")
    data_source = key("value.dataSource", "")


@kind("Pages$PageParameter")
class PageParameter(Kind):
    value_type = key("parameterType", "")


@kind("Pages$SnippetParameter")
class SnippetParameter(Kind):
    value_type = key("parameterType", "")


@kind("Menus$MenuDocument")
class Menu(Kind):
    pass


@kind("Menus$MenuItem")
class MenuItem(Kind):
    action = key("action", "")
