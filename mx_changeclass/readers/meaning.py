"""What of a file of a native template takes effect in a build: without comments, layout, and what only
developers use. Two contents with one meaning build the same app."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mx_changeclass.model.kinds.native import Fact
from mx_changeclass.readers.side_files.contents import (
    Unreadable,
    as_json,
    as_text,
    content_digest,
    lfs_target,
    short_digest,
    suffix,
)
from mx_changeclass.readers.side_files.scripts import split_comments
from mx_changeclass.regex import regex

_CODE = ("java", "kt", "swift", "m", "mm", "h", "hpp", "c", "cc", "cpp", "gradle", "kts")
_MARKUP = ("xml", "storyboard", "xib")
_PROPERTY_LISTS = ("plist", "entitlements", "xcprivacy", "stringsdict")
_LINES = ("properties", "rb", "pro", "toml", "xcconfig", "cmake", "mk", "env")
_HOOKS = ("preinstall", "install", "postinstall", "prepare")
_LINE_COMMENT = regex(r"\s*(?:#(?!include)|//).*")


def meaning(path: str, content: bytes) -> str:
    """A digest of what of a file takes effect. A file that cannot be looked into is known by its bytes."""
    name, kind = path.rpartition("/")[2].lower(), suffix(path)
    read: Callable[[bytes], str] | None = None
    if name == "package.json":
        read = lambda c: _dumped(requirements(as_json(c)))  # noqa: E731
    elif name in ("package-lock.json", "npm-shrinkwrap.json"):
        read = lambda c: _dumped(sorted(_locked(as_json(c))))  # noqa: E731
    elif kind == "json":
        read = lambda c: _dumped(as_json(c))  # noqa: E731
    elif kind in _PROPERTY_LISTS:
        read = _property_list
    elif kind in _MARKUP:
        read = lambda c: re.sub(r">\s+<", "><", _without_remarks(as_text(c)))  # noqa: E731
    elif kind in _CODE:
        read = lambda c: "\n".join(split_comments(as_text(c), java=True)[0])  # noqa: E731
    elif kind in _LINES or name == "podfile":
        read = lambda c: without_line_comments(as_text(c))  # noqa: E731
    try:
        return short_digest(read(content)) if read and not lfs_target(content) else content_digest(content, path)
    except Unreadable:
        return content_digest(content, path)


def without_line_comments(text: str) -> str:
    """The lines of a text that are neither blank nor a comment from their first sign on."""
    return "\n".join(line for line in text.split("\n") if line.strip() and not _LINE_COMMENT.fullmatch(line))


def _without_remarks(markup: str) -> str:
    first, *rest = markup.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


def requirements(package: Any) -> dict[str, Fact]:
    """What a ``package.json`` has installed for the app: ``dependency.<package>``, and the versions that are forced on
    every package: ``override.<package>`` by npm, ``resolution.<package>`` by yarn, ``pnpm.<package>`` by pnpm; and
    ``hook.<name>``, the scripts that an installation runs, by which packages are patched.
    Raises ``Unreadable``."""
    if not isinstance(package, Mapping):
        raise Unreadable("is no package manifest")
    pnpm = package.get("pnpm")
    places = (
        ("dependency", package.get("optionalDependencies")),
        ("dependency", package.get("dependencies")),
        ("override", package.get("overrides")),
        ("resolution", package.get("resolutions")),
        ("pnpm", pnpm.get("overrides") if isinstance(pnpm, Mapping) else None),
    )
    found = {key: value for prefix, place in places for key, value in _named(prefix, place or {}).items()}
    scripts = package.get("scripts")
    return found | {
        f"hook.{name}": str(script)
        for name, script in (scripts.items() if isinstance(scripts, Mapping) else ())
        if name in _HOOKS
    }


def _named(prefix: str, packages: object) -> dict[str, Fact]:
    if not isinstance(packages, Mapping):
        raise Unreadable("holds a dependency map of another shape")
    nested = {f"{prefix}.{name}": _dumped(v) for name, v in packages.items() if isinstance(v, Mapping)}
    plain = {n: v for n, v in packages.items() if not isinstance(v, Mapping)}
    if not all(isinstance(v, (str, int, float)) for v in plain.values()):
        raise Unreadable("holds a dependency map of another shape")
    return {**{f"{prefix}.{name}": str(version) for name, version in sorted(plain.items())}, **nested}


def _locked(lock: Any) -> Iterator[str]:
    """Each package that npm's lock file installs for the app, with its version; those of developers left out."""
    if not isinstance(lock, Mapping):
        raise Unreadable("is no lock file")
    todo: list[tuple[str, Any]] = [("", lock.get("packages") or lock.get("dependencies") or {})]
    while todo:
        where, packages = todo.pop()
        for name, entry in packages.items() if isinstance(packages, Mapping) else ():
            if not name or not isinstance(entry, Mapping) or entry.get("dev") is True:
                continue
            yield f"{where}{name} {entry.get('version', '')} {entry.get('resolved', '')} {entry.get('integrity', '')}"
            todo.append((f"{where}{name} ", entry.get("dependencies") if "packages" not in lock else None))


def _property_list(content: bytes) -> str:
    import plistlib

    try:
        return repr(ordered(plistlib.loads(content)))
    except Exception as error:  # plistlib raises a dozen kinds on hostile bytes, those of expat among them
        raise Unreadable(str(error)) from None


def ordered(value: object, depth: int = 0) -> object:
    """A value with its keys in order; what is nested beyond all measure counts by its kind."""
    if depth > 40:
        return type(value).__name__
    if isinstance(value, Mapping):
        return [(str(k), ordered(v, depth + 1)) for k, v in sorted(value.items(), key=lambda item: str(item[0]))]
    return [ordered(v, depth + 1) for v in value] if isinstance(value, list) else value


def _dumped(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
