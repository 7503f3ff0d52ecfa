"""Widget packages (``widgets/*.mpk``): zips with a manifest, widget definitions, client bundles and sidecars.

Source: docs/storage.md, "Widget packages". Nothing is unpacked: bundles are compared by their content, for what the
zip states of it (size, CRC-32) is easily made to fit; only the few XML and JSON members are looked into, each within
bounds.
A zip inside of a zip stays shut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mx_changeclass.errors import BrokenContainer
from mx_changeclass.model.snapshot import Element, Rows
from mx_changeclass.readers.limits import MOST_FACTS
from mx_changeclass.readers.side_files.contents import (
    MAX_TEXT,
    Unreadable,
    as_json,
    bounded,
    content_digest,
    native_dependencies,
    short_digest,
    suffix,
)
from mx_changeclass.regex import regex

_MOST_LIBRARIES = 100
_FLAGS = ("offlineCapable", "needsEntityContext", "pluginWidget")
_DESIGN_TIME = (".editorconfig.js", ".editorpreview.js", ".webmodeler.js", ".d.ts", "tile.png", "icon.png", "dark.png")
_NOTES = frozenset(("map", "md", "txt", "id", "license", "html", "flow", "sln"))
_CLIENT = frozenset(("js", "mjs", "cjs", "jsx", "ts", "tsx", "css", "json"))
_TESTS = regex(r"node_modules/.*/src/(?:test|androidtest)/|node_modules/.*/ios/[^/]*tests/")
_NATIVE = frozenset(("java", "kt", "m", "mm", "swift", "h", "cpp", "gradle", "podspec"))


def widget_rows(unit_id: str, path: str, content: bytes) -> Rows:
    """The rows of one package: the package (named after its widget, or after itself where it holds
    several), and one row a widget where it holds several. Raises ``Unreadable``."""
    members = _Members(content, path)
    manifest = _manifest(members)
    widgets = [w for w in map(members.widget, members.definitions(manifest["paths"])) if w]
    names = tuple(str(w["name"]) for w in widgets)
    props: dict[str, Any] = {
        "path": path,
        "packageName": manifest["name"],
        "version": manifest["version"],
        "platform": _shared({str(w["platform"]) for w in widgets}),
        **{flag: all(w[flag] for w in widgets) for flag in _FLAGS if widgets},
        **members.digests(),
        **members.dependencies(),
        "content": content_digest(content, path),
        **({"widgets": names} if names else {}),
    }
    root = Element(unit_id, "File$Widget", names[0] if len(names) == 1 else manifest["name"], None, "", _some(props))
    if len(widgets) < 2:
        return (root,)
    return root, *(
        Element(
            f"{unit_id}#{w['name']}",
            "File$Widget",
            str(w["name"]),
            unit_id,
            "widgets",
            _some({**w, "path": path, "name": ""}),
            i,
        )
        for i, w in enumerate(widgets)
    )


def _some(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if value != ""}


def _shared(platforms: set[str]) -> str:
    return next(iter(platforms)) if len(platforms) == 1 else "All" if platforms else ""


class _Members:
    """The members of a package."""

    def __init__(self, content: bytes, path: str) -> None:
        from mx_changeclass.readers.archive import Archive

        try:
            self._archive = Archive(content, path)
        except BrokenContainer as error:
            raise Unreadable(error.problem) from None
        self._names = list(self._archive)

    def read(self, name: str) -> bytes:
        """A small member. Raises ``Unreadable`` where it is absent, broken or longer than ``MAX_TEXT``."""
        content = self._content(name)
        if len(content) > MAX_TEXT:
            raise Unreadable(f"holds {name} of more than {MAX_TEXT >> 20} MB")
        return content

    def _content(self, name: str) -> bytes:
        try:
            content = self._archive.read(name)
        except BrokenContainer as error:
            raise Unreadable(error.problem) from None
        if content is None:
            raise Unreadable(f"lacks {name}")
        return content

    def definitions(self, paths: Iterable[str]) -> Iterator[str]:
        """The widget definitions: those the manifest lists, else every XML at the top that is not the manifest."""
        listed = [p for p in paths if p in self._archive]
        yield from listed or (n for n in self._names if suffix(n) == "xml" and "/" not in n and n != "package.xml")

    def widget(self, name: str) -> dict[str, Any] | None:
        """Id, platform and flags of one widget definition; None where the XML defines no widget."""
        content = self.read(name)
        root = _xml(content, name)
        if not root.tag.endswith("widget") or not root.get("id"):
            return None
        return {
            "name": root.get("id"),
            "platform": root.get("supportedPlatform") or "Web",
            **{flag: root.get(flag, "").lower() == "true" for flag in _FLAGS},
            "definition": short_digest(content.replace(b"\r\n", b"\n")),
        }

    def digests(self) -> dict[str, str]:
        """What the package holds, each as a digest over names and contents: ``code`` (what the client runs),
        ``native`` (sources of native modules), ``definition`` (widget XML) and ``metadata`` (the rest)."""
        sorts: dict[str, list[str]] = {}
        for name in self._names:
            sorts.setdefault(_sort(name), []).append(f"{name} {short_digest(self._content(name))}")
        return {sort: short_digest(*lines) for sort, lines in sorts.items()}

    def dependencies(self) -> dict[str, Any]:
        """``nativeDependencies.<package>`` of all sidecars, ``bundled.<package>`` for packages with native
        sources inside, and ``libraries``: the client libraries that the package names itself."""
        found: dict[str, Any] = {}
        libraries: dict[str, None] = {}
        for name in self._names:
            base = name.rpartition("/")[2]
            if suffix(name) != "json" or "node_modules" in name.split("/"):
                continue
            if base == "dependencies.json":
                libraries |= dict.fromkeys(self._libraries(name))
            elif base != "package.json" and not name.startswith("locales/"):
                found |= native_dependencies(self.read(name))
                bounded(found)
            if len(libraries) > MOST_FACTS:
                raise Unreadable(f"names more than {MOST_FACTS:,} libraries")
        if "nativeDependencies" in found:
            found = {k: v for k, v in found.items() if not k.startswith("nativeDependencies.")}
        return bounded(found | dict(self._bundled())) | ({"libraries": tuple(libraries)} if libraries else {})

    def _libraries(self, name: str) -> tuple[str, ...]:
        try:
            listed = as_json(self.read(name))
        except Unreadable:
            return ()
        entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
        own = {
            f"{library} {facts.get('version', '')}"
            for entry in entries
            for library, facts in entry.items()
            if isinstance(facts, dict) and not facts.get("transitive")
        }
        return tuple(sorted(own)[:_MOST_LIBRARIES])

    def _bundled(self) -> Iterator[tuple[str, str]]:
        manifests = {n.rpartition("node_modules/")[2]: n for n in reversed(self._names) if n.endswith("/package.json")}
        for package in sorted({p for n in self._names if (p := native_package(n))}):
            manifest = manifests.get(f"{package}/package.json")
            try:
                facts = as_json(self.read(manifest)) if manifest else {}
            except Unreadable:
                facts = {}
            yield f"bundled.{package}", str(facts.get("version", "")) if isinstance(facts, Mapping) else ""


def native_package(path: str) -> str:
    """The npm package for whose native code a path is evidence, "" where it is none: ``android/build.gradle``,
    anything of ``ios/``, or a podspec right in the package's folder."""
    _, inside, rest = path.rpartition("node_modules/")
    if not inside:
        return ""
    parts = rest.split("/")
    own = 2 if rest.startswith("@") else 1
    if len(parts) <= own:
        return ""
    native = (parts[own] in ("android", "ios") and len(parts) > own + 1) or (
        len(parts) == own + 1 and suffix(path) == "podspec"
    )
    return "/".join(parts[:own]) if native else ""


def _manifest(members: _Members) -> dict[str, Any]:
    root = _xml(members.read("package.xml"), "package.xml")
    module = next((e for e in root.iter() if isinstance(e.tag, str) and e.tag.endswith("clientModule")), None)
    if module is None:
        raise Unreadable("has a package.xml that names no client module")
    paths = [
        e.get("path", "").replace("\\", "/")
        for e in module.iter()
        if isinstance(e.tag, str) and e.tag.endswith("widgetFile")
    ]
    return {"name": module.get("name") or "", "version": module.get("version") or "", "paths": paths}


def _xml(content: bytes, name: str) -> Any:
    from mx_changeclass.readers.safe_xml import parse  # lxml: loaded only where a package is looked into

    try:
        return parse(content, name)
    except BrokenContainer as error:
        raise Unreadable(f"holds {name}, which {error.problem}") from None


def _sort(name: str) -> str:
    """What a member is: sidecars, design-time files and notes are metadata, whatever their extension."""
    low = name.lower()
    kind = suffix(low)
    if kind in _NOTES or ("node_modules/" in low and _TESTS.search(low)):
        return "metadata"
    if native_package(low) or kind in _NATIVE:
        return "native"
    if kind == "xml" and low != "package.xml":
        return "definition"
    listed = "/" not in low and kind in ("json", "xml")
    if listed or low.endswith(_DESIGN_TIME) or kind in _NOTES or low.endswith("/dependencies.json"):
        return "metadata"
    return "code" if "node_modules/" not in low or kind in _CLIENT else "metadata"
