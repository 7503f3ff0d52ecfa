"""What kind of file lies where, and the row that its content makes.

Every row has ``path``; ``content`` is a digest of the whole file where nothing finer tells of it.
``unread`` says why a file that is there could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from attrs import frozen

from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.readers.limits import TooLarge
from mx_changeclass.readers.meaning import meaning
from mx_changeclass.readers.side_files.contents import (
    UNREAD,
    Fetch,
    Unreadable,
    as_json,
    as_text,
    bounded,
    content_digest,
    native_dependencies,
    package_versions,
    short_digest,
    suffix,
)
from mx_changeclass.readers.side_files.native_builder import builder_facts
from mx_changeclass.readers.side_files.native_template import in_binary, project_of
from mx_changeclass.readers.side_files.native_template import role as template_role
from mx_changeclass.readers.side_files.scripts import java_action, javascript_action, javascript_facts, split_comments
from mx_changeclass.readers.side_files.styles import tokens
from mx_changeclass.readers.side_files.widgets import widget_rows
from mx_changeclass.regex import regex

Props = dict[str, Any]

_SCRIPTS = ("js", "mjs", "cjs", "jsx", "ts", "tsx")
_LOCKS = ("yarn.lock", "package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json")
_IMAGES = ("png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp")
_FONTS = ("ttf", "otf", "woff", "woff2", "eot")
_NOTES = ("md", "txt", "version", "license", "map", "gitignore", "requiredlib", "id", "html~")
_LARGEST_STUB = 1_000  # bytes
_OF_THE_APP = regex(
    r"""^[ \t]*@?import\s+(?:[^"';]{1,80}\sfrom\s+)?["'][./]*"""
    r"""/theme/(?:web|native)/custom-variables(?:\.\w+)?["'][ \t]*;?""",
    re.MULTILINE,
)
_DESIGN_FOLDERS = {"buildingblocks", "pagetemplates"}


@frozen
class FilePart:
    """A file, its digest, the root of the native template around it with the file of its Xcode project, and the files
    that tell more about it."""

    path: str
    digest: str
    template: str = ""
    more: tuple[str, ...] = ()
    project: str = ""


def file_kind(path: str) -> tuple[str, str]:
    """The kind of a file outside of native templates, and the name it goes by."""
    parts = path.split("/")
    top, name = parts[0], parts[-1]
    stem = name.rpartition(".")[0]
    if name == "package.json":
        return "File$Package", path
    if top == "widgets":
        return ("File$Widget", path) if suffix(path) == "mpk" else ("File$Other", path)
    if top == "javascriptsource":
        action = len(parts) == 4 and parts[2] == "actions" and suffix(path) in ("js", "ts")
        return (
            ("File$JavaScriptAction", f"{parts[1]}.{stem}")
            if action and not stem.endswith(".d")
            else ("File$JavaScript", path)
        )
    if top == "javasource":
        action = len(parts) == 4 and parts[2] == "actions" and suffix(path) == "java"
        return ("File$JavaAction", f"{parts[1]}.{stem}") if action else ("File$Java", path)
    kinds = {
        "userlib": "File$Jar",
        "vendorlib": "File$Jar",
        "theme": "File$Theme",
        "themesource": "File$Theme",
        "nativemobile": "File$NativeBuilder",
        "resources": "File$Resource",
    }
    return kinds.get(top, "File$Other"), path


def side_rows(unit_id: str, kind: str, name: str, part: FilePart, fetch: Fetch) -> Rows:
    """The rows of a file. Of a file that is not there only its digest is told, which still shows whether it changed."""
    content: bytes | None = None
    base: Props = {"path": part.path}
    try:
        content = fetch(part.path)
        if content is None:
            return (Element(unit_id, kind, name, None, "", {**base, "content": part.digest, "unread": "is not there"}),)
        if kind == "File$Widget":
            return widget_rows(unit_id, part.path, content)
        props = bounded(_READERS[kind](part, content, fetch))
    except (Unreadable, TooLarge) as error:
        told = part.digest if content is None else content_digest(content, part.path)
        props = {"content": told, "unread": error.why if isinstance(error, TooLarge) else str(error)}
        if kind in ("File$Widget", "File$Package"):
            props["nativeDependencies" if kind == "File$Widget" else "dependencies"] = UNREAD
    return (
        Element(unit_id, kind, name, None, "", {k: v for k, v in {**base, **props}.items() if v not in ("", (), None)}),
    )


def _javascript_action(part: FilePart, content: bytes, fetch: Fetch) -> Props:
    _, module, _, file = part.path.split("/")
    name = file.rpartition(".")[0]
    props: Props = {"module": module, **_code(content, part.path, lambda text: javascript_action(text, name))}
    for sidecar in part.more:
        listed = fetch(sidecar) or b""
        props |= native_dependencies(listed)
        if "nativeDependencies" in props:
            props["sidecar"] = short_digest(listed)
    return props


def _javascript(part: FilePart, content: bytes, fetch: Fetch) -> Props:
    parts = part.path.split("/")
    name, kind = parts[-1], suffix(part.path)
    props: Props = {"module": parts[1] if len(parts) > 2 else "", "content": content_digest(content, part.path)}
    if name in _LOCKS:
        return {**props, "role": "lock"}
    if kind in _SCRIPTS and not name.endswith(".d.ts"):
        return {
            **props,
            "role": "helper",
            **_code(content, part.path, lambda text: javascript_facts("\n".join(split_comments(text)[0]))),
        }
    if (
        name.startswith("dependencies.")
        or kind in _NOTES
        or name.upper().startswith(("LICENSE", "README"))
        or name.endswith(".d.ts")
    ):
        return {**props, "role": "note"}
    if kind == "json":
        return {**props, "role": "sidecar", **native_dependencies(content)}
    return {**props, "role": "patch" if kind == "patch" else "asset"}


def _java_action(part: FilePart, content: bytes, _: Fetch) -> Props:
    return {"module": part.path.split("/")[1], **_code(content, part.path, java_action)}


def _java(part: FilePart, content: bytes, _: Fetch) -> Props:
    parts = part.path.split("/")
    generated = "proxies" in parts[2:3] or parts[1:2] == ["system"] or "datasets" in parts[2:3]
    role = (
        "generated"
        if generated
        else "source"
        if suffix(part.path) == "java"
        else "note"
        if suffix(part.path) in _NOTES
        else "asset"
    )
    return {"module": parts[1] if len(parts) > 2 else "", "role": role, "content": content_digest(content, part.path)}


def _jar(part: FilePart, content: bytes, _: Fetch) -> Props:
    kind = suffix(part.path)
    role = "jar" if kind in ("jar", "war", "zip", "so", "dll") else "note" if kind in _NOTES else "asset"
    return {"role": role, "content": content_digest(content, part.path)}


def _theme(part: FilePart, content: bytes, _: Fetch) -> Props:
    parts = part.path.split("/")
    platform = "native" if "native" in parts[1:-1] else "web" if {"web", "public"} & set(parts[1:-1]) else "both"
    props: Props = {
        "platform": platform,
        "module": parts[1] if parts[0] == "themesource" and len(parts) > 2 else "",
        "role": _theme_role(parts),
        "content": content_digest(content, part.path),
        "stub": _is_stub(content) or None,
    }
    if platform == "native" and suffix(part.path) in _SCRIPTS:
        found = _code(content, part.path, _tokens)
        props |= found
    return props


def _is_stub(content: bytes) -> bool:
    """A file of a theme as Studio Pro makes it for every module: nothing in it but the import of the variables of
    the app, or an empty table."""
    if len(content) > _LARGEST_STUB:
        return False
    code, _ = split_comments(content.decode(errors="replace"))
    return "".join(_OF_THE_APP.sub("", "\n".join(code)).split()) in ("", "{}")


def _tokens(text: str) -> Props:
    code = "\n".join(split_comments(text)[0])
    asked = {k: v for k, v in javascript_facts(code).items() if k in ("imports", "natives")}
    return {"code": short_digest(code), **asked, **{f"token.{name}": value for name, value in tokens(code).items()}}


def _theme_role(parts: list[str]) -> str:
    name, kind = parts[-1].lower(), suffix(parts[-1])
    if name == "design-properties.json":
        return "design-properties"
    if kind in _SCRIPTS or kind in ("scss", "sass", "css", "less"):
        return "variables" if "variables" in name else "script" if kind in _SCRIPTS else "style"
    if {*map(str.lower, parts[1:-1])} & _DESIGN_FOLDERS:
        return "design-time"
    if name in ("settings.json", "package.json") or kind in ("yml", "yaml"):
        return "settings"
    if kind == "webmanifest" or name in ("offline.html", "manifest.json"):
        return "manifest"
    if kind in _FONTS:
        return "font"
    if kind in _IMAGES:
        return "image"
    return "note" if kind in ("version", "md") or name.startswith("license") else "asset"


def _builder(part: FilePart, content: bytes, _: Fetch) -> Props:
    low = part.path.lower()
    if low in ("nativemobile/.config", "nativemobile/config.json"):
        return {"role": "config", **builder_facts(content)}
    name = low.rpartition("/")[2]
    if suffix(low) in _NOTES or name.startswith(("license", "readme", ".git")):
        return {"role": "note", "content": content_digest(content, part.path)}
    role = "icon" if "/icons/" in low else "splash" if "splash" in low else "font" if suffix(low) in _FONTS else "other"
    return {"role": role, "content": content_digest(content, part.path)}


def _template(part: FilePart, content: bytes, fetch: Fetch) -> Props:
    path = part.path.removeprefix(part.template)
    project = project_of(part.project, fetch(part.template + part.project)) if part.project else None
    role = template_role(path, project)
    told = meaning(path, content) if in_binary(role) else content_digest(content, part.path)
    return {"template": part.template, "role": role, "content": told}


def _package(part: FilePart, content: bytes, _: Fetch) -> Props:
    module = "node_modules/" in part.path
    try:
        package = as_json(content)
        if not isinstance(package, dict):
            raise Unreadable("is no package manifest")
    except Unreadable as error:
        if not module:
            raise
        # it may be written for React Native; its folder tells its name
        name = part.path.rpartition("node_modules/")[2].rpartition("/")[0]
        told = {"packageName": name, "role": "module", "native": bool(part.more) or None, "forNative": True}
        return {**told, "content": content_digest(content, part.path), "unread": str(error)}
    props: Props = {"packageName": str(package.get("name", "")), "version": str(package.get("version", ""))}
    if module:
        peers = package.get("peerDependencies")
        written_for = (
            (isinstance(peers, dict) and "react-native" in peers)
            or "codegenConfig" in package
            or "react-native" in props["packageName"]
        )
        return {**props, "role": "module", "native": bool(part.more) or None, "forNative": written_for or None}
    props |= package_versions("dependency", package.get("dependencies") or {})
    return {**props, "role": "project", "content": content_digest(content, part.path)}


def _resource(part: FilePart, content: bytes, _: Fetch) -> Props:
    name = part.path.rpartition("/")[2].lower()
    note = suffix(name) == "md" or name.startswith(("readme", "license"))
    return {"role": "note" if note else "", "content": content_digest(content, part.path)}


def _other(part: FilePart, content: bytes, _: Fetch) -> Props:
    known = {"widgets": "widget-source", "mlsource": "ml"}
    bookkeeping = part.path.rpartition("/")[2].endswith("appstore-metadata.json")
    role = "bookkeeping" if bookkeeping else known.get(part.path.partition("/")[0], "unknown")
    return {"role": role, "content": content_digest(content, part.path)}


def _code(content: bytes, path: str, facts: Callable[[str], Props]) -> Props:
    """The facts of a source; a source that is too long to look into is known by its digest."""
    try:
        return facts(as_text(content))
    except Unreadable as error:
        return {"content": content_digest(content, path), "unread": str(error)}


_READERS: dict[str, Callable[[FilePart, bytes, Fetch], Props]] = {
    "File$JavaScriptAction": _javascript_action,
    "File$JavaScript": _javascript,
    "File$JavaAction": _java_action,
    "File$Java": _java,
    "File$Jar": _jar,
    "File$Theme": _theme,
    "File$NativeBuilder": _builder,
    "File$NativeTemplate": _template,
    "File$Package": _package,
    "File$Resource": _resource,
    "File$Other": _other,
}
