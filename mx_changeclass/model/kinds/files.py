"""Kinds of the files beside a model, as their rows tell of them.

Every row has ``path``; ``content`` is a digest of a whole file where nothing finer tells of it, and
``unread`` says why a file that is there could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.model.kinds import Kind, key, kind


class SideFile(Kind):
    """A file. ``role`` is a word for what it is for within its kind."""

    path = key("path", "")
    role = key("role", "")
    content = key("content", "")
    unread = key("unread", "")

    def under(self, prefix: str) -> Mapping[str, str]:
        """The facts of the row under a dotted prefix, without it."""
        return {k.removeprefix(prefix): str(v) for k, v in self.row.props.items() if k.startswith(prefix)}


class BringsNative(SideFile):
    """A file that may list native dependencies; ``dependencies_unread`` says that its list cannot be read."""

    dependencies_unread = key("nativeDependencies", "")

    @property
    def native_dependencies(self) -> Mapping[str, str]:
        return self.under("nativeDependencies.")


@kind("File$Widget")
class WidgetPackage(BringsNative):
    """A widget package, or one widget of a package of several.

    ``code`` (what the client runs), ``native`` (sources of native modules), ``definition`` (the widget's
    own XML) and ``metadata`` (the rest) are digests; where only ``content`` differs, it was packed anew.
    """

    widgets = key[tuple[str, ...]]("widgets", ())
    version = key("version", "")
    platform = key("platform", "")
    offline_capable = key("offlineCapable", False)
    code = key("code", "")
    native = key("native", "")
    definition = key("definition", "")
    metadata = key("metadata", "")


class Source(SideFile):
    """Code of an action: ``user_code`` is what people wrote, ``generated`` what Studio Pro writes around it."""

    module = key("module", "")  # as its folder is written: in lower case
    natives = key[tuple[str, ...]]("natives", ())  # native modules and views that JavaScript asks for by name
    user_code = key("userCode", "")
    generated = key("generated", "")
    comments = key("comments", "")
    imports = key[tuple[str, ...]]("imports", ())


@kind("File$JavaScriptAction")
class JavaScriptSource(Source, BringsNative):
    """``javascriptsource/<module>/actions/<name>.js`` with its sidecar. ``names`` are texts in it that read like
    an entity or attribute, ``storage`` calls that take data off the device."""

    names = key[tuple[str, ...]]("names", ())
    storage = key[tuple[str, ...]]("storage", ())


@kind("File$JavaScript")
class JavaScriptFile(BringsNative):
    """Other files of ``javascriptsource``: role ``helper``, ``lock``, ``sidecar``, ``patch``, ``note`` or ``asset``."""

    module = key("module", "")
    imports = key[tuple[str, ...]]("imports", ())
    natives = key[tuple[str, ...]]("natives", ())


@kind("File$JavaAction")
class JavaSource(Source):
    """``javasource/<module>/actions/<Name>.java``."""


@kind("File$Java")
class JavaFile(SideFile):
    """Another file in ``javasource``: role ``source``, ``generated`` (proxies), ``note`` or ``asset``."""

    module = key("module", "")


@kind("File$Jar")
class Jar(SideFile):
    """A file in ``userlib`` or ``vendorlib``: role ``jar``, ``note`` or ``asset``."""


@kind("File$Theme")
class ThemeFile(SideFile):
    """A file in ``theme`` or ``themesource``: role ``variables``, ``style``, ``script``, ``design-properties``,
    ``design-time``, ``settings``, ``manifest``, ``font``, ``image``, ``asset`` or ``note``; a ``stub`` where nothing is
    in it but what Studio Pro makes for every module."""

    stub = key("stub", False)
    platform = key("platform", "")  # native, web or both
    module = key("module", "")
    code = key("code", "")  # of a native style: without its comments
    imports = key[tuple[str, ...]]("imports", ())
    natives = key[tuple[str, ...]]("natives", ())

    @property
    def tokens(self) -> Mapping[str, str]:
        """Design tokens of a native style file by name, such as ``brand.primary``."""
        return self.under("token.")


@kind("File$NativeBuilder")
class BuilderFile(SideFile):
    """A file in ``nativemobile``: role ``config`` (its facts beside it, named as those of a native app), ``icon``,
    ``splash``, ``font``, ``note`` or ``other``."""


@kind("File$NativeTemplate")
class TemplateFile(SideFile):
    """A file of a native template inside the repository: role ``facts``, ``code``, ``build``, ``platform``, ``font``,
    ``icon``, ``splash``, ``patch``, ``config``; or ``dev``, ``bundle``, ``script``, ``notes``, which no store gets of
    its own; or ``unknown``. Of what goes into the binary ``content`` is a digest of what takes effect: without
    comments, layout, and what only developers use."""

    template = key("template", "")


@kind("File$Package")
class NpmPackage(SideFile):
    """A ``package.json``: role ``project``, or ``module`` for an installed package; ``native`` where that one
    holds native code, ``for_native`` where it is written for React Native and may need native code of another."""

    package_name = key("packageName", "")
    version = key("version", "")
    native = key("native", False)
    for_native = key("forNative", False)


@kind("File$Resource")
class Resource(SideFile):
    """A file in ``resources``, which is copied to the server; role ``note`` where it is for readers alone."""


@kind("File$Other")
class OtherFile(SideFile):
    """A file of no other kind: role ``bookkeeping``, ``widget-source``, ``ml`` or ``unknown``."""
