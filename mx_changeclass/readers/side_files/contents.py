"""What the bytes of one file tell whatever its kind: identity, text, JSON within bounds, native dependencies."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from mx_changeclass.readers.limits import MOST_FACTS
from mx_changeclass.regex import regex

F = TypeVar("F")
Fetch = Callable[[str], bytes | None]  # a path with slashes -> the content of the file, None where there is none

TOO_MANY = f"tells more than {MOST_FACTS:,} things by name"
MAX_TEXT = 4 << 20  # bytes of a text that is looked into; a longer one is only hashed
UNREAD = "unread"  # a dependency map that is there and cannot be read: unknown, never empty
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_OID = regex(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_TEXTS = frozenset(
    (
        "js",
        "ts",
        "mjs",
        "jsx",
        "tsx",
        "java",
        "kt",
        "kts",
        "m",
        "mm",
        "h",
        "swift",
        "gradle",
        "rb",
        "scss",
        "sass",
        "css",
        "less",
        "html",
        "xml",
        "json",
        "plist",
        "properties",
        "xcconfig",
        "pbxproj",
        "storyboard",
        "txt",
        "md",
        "yml",
        "yaml",
        "csv",
        "lock",
        "svg",
        "webmanifest",
        "patch",
        "entitlements",
        "strings",
        "podspec",
        "pro",
        "config",
    )
)


class Unreadable(ValueError):
    """A file is there and cannot be read; the message says why, in the middle of a sentence."""


def blob_id(content: bytes) -> str:
    """The id git gives a file of that content."""
    found = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    found.update(content)
    return found.hexdigest()


def short_digest(*parts: bytes | str) -> str:
    """A short digest that shows whether something changed."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode(errors="surrogatepass") if isinstance(part, str) else part)
        whole.update(b"\0")
    return whole.hexdigest()[:16]


def content_digest(content: bytes, path: str) -> str:
    """Hex SHA-256 of a file as it is meant: a text without regard to its line ends (git may rewrite
    them on checkout), a Git LFS pointer as the file it points to."""
    pointed = lfs_target(content)
    if pointed:
        return pointed
    if suffix(path) in _TEXTS and b"\0" not in content[:1024]:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def lfs_target(content: bytes) -> str:
    """The SHA-256 that a Git LFS pointer states, "" where the content is no pointer."""
    if not content.startswith(_LFS):
        return ""
    found = _LFS_OID.search(content[:1024])
    return found.group(1).decode() if found else "0" * 64


def suffix(path: str) -> str:
    """The extension in lower case, without its dot; a dot file has its name as one."""
    return path.rpartition("/")[2].rpartition(".")[2].lower()


def as_text(content: bytes) -> str:
    """A text file as text. Raises ``Unreadable`` for a pointer, and for what is too long to look into."""
    if lfs_target(content):
        raise Unreadable("is a Git LFS pointer")
    if len(content) > MAX_TEXT:
        raise Unreadable(f"is longer than {MAX_TEXT >> 20} MB")
    return content.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def as_json(content: bytes) -> Any:
    """A JSON file. Raises ``Unreadable`` where it is broken, too long or nested without end."""
    text = as_text(content)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE):
            raise Unreadable("holds git conflict markers") from None
        raise Unreadable("is no valid JSON") from None


def native_dependencies(content: bytes) -> dict[str, str]:
    """The ``nativeDependencies`` of a sidecar as ``nativeDependencies.<package>`` = version as written; where the
    sidecar cannot be read ``nativeDependencies`` = why: "holds git conflict markers". Other JSON has none."""
    try:
        sidecar = as_json(content)
        if not isinstance(sidecar, Mapping) or "nativeDependencies" not in sidecar:
            return {}
        return package_versions("nativeDependencies", sidecar["nativeDependencies"])
    except Unreadable as error:
        return {"nativeDependencies": str(error)}


def package_versions(prefix: str, packages: object) -> dict[str, str]:
    """``<prefix>.<package>`` = version for each entry of a JSON object of versions. Raises ``Unreadable``."""
    if not isinstance(packages, Mapping) or not all(isinstance(v, (str, int, float)) for v in packages.values()):
        raise Unreadable("holds a dependency map of another shape")
    return bounded({f"{prefix}.{name}": str(version) for name, version in sorted(packages.items())})


def bounded(facts: dict[str, F]) -> dict[str, F]:
    """The facts of a file. Raises ``Unreadable`` where those that have names of their own are more than any has."""
    if len(facts) > MOST_FACTS and sum("." in key for key in facts) > MOST_FACTS:
        raise Unreadable(TOO_MANY)
    return facts


def combined(digests: Iterable[str]) -> str:
    """One digest of several files that make one unit; of a single file, its own."""
    each = list(digests)
    if len(each) == 1:
        return each[0]
    return hashlib.sha1(" ".join(each).encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
