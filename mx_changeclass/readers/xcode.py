"""What an Xcode project builds the app for the stores from.

Facts: ``project.pbxproj`` is a flat list of objects. Targets lead over build phases and build files to file
references; groups give these their folders; a synchronised folder (Xcode 16) is built with all it holds.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from attrs import frozen

from mx_changeclass.regex import regex

_HEAD = regex(r"\t\t(?P<id>[0-9A-Za-z_]{8,40})(?: /\*.{0,300}?\*/)? = \{(?P<rest>.*)")
_KEY = regex(r"""\b(\w+)\s*=\s*(\([^()]*\)|"(?:[^"\\]|\\.){0,2000}"|[^;({"\s][^;\n]{0,2000});""")
_ID = regex(r"^\s*([0-9A-Za-z_]{8,40})\b", re.M)
_SETTING = regex(r"""\b(INFOPLIST_FILE|CODE_SIGN_ENTITLEMENTS|SWIFT_OBJC_BRIDGING_HEADER)\s*=\s*"?([^";\n]+)"?;""")
_REMARK = regex(r"\s*/\*.*?\*/")
_TESTS = ("unit-test", "ui-testing")
_SYNCHRONIZED = "PBXFileSystemSynchronizedRootGroup"

ObjectsById = Mapping[str, Mapping[str, str]]


@frozen
class XcodeProject:
    """Paths from the root of the template: of files and folders the project lists (``listed``), of what only targets
    of tests and developer builds are made of (``apart``), and of the Info.plist of the app (``plist``)."""

    listed: frozenset[str]
    apart: frozenset[str]
    plist: str

    def lists(self, path: str) -> bool:
        return _within(path, self.listed) and not self.sets_apart(path)

    def sets_apart(self, path: str) -> bool:
        return _within(path, self.apart)


@lru_cache(maxsize=8)
def xcode_project(text: str, folder: str) -> XcodeProject | None:
    """The project whose file has this text; ``folder`` is the one its container lies in. None where it has no
    target, so that nothing is known of what it builds."""
    objects = {name: dict(_KEY.findall(body)) for name, body in _bodies(text)}
    targets = [o for o in objects.values() if o.get("isa") == "PBXNativeTarget"]
    if not targets:
        return None
    places = _places(objects, folder)
    store: set[str] = set()
    other: set[str] = set()
    plist = ""
    for target in targets:
        sold = not any(kind in target.get("productType", "") for kind in _TESTS) and _plain(target, "name") != "dev"
        named = [(key, _joined(folder, path)) for key, path in _settings(target, objects, text)]
        built = {places[ref] for ref in _built(target, objects) if ref in places}
        (store if sold else other).update(built, (path for _, path in named))
        if sold and not plist and _plain(target, "productType").endswith("product-type.application"):
            plist = next((path for key, path in reversed(named) if key == "INFOPLIST_FILE"), "")
    return XcodeProject(frozenset(places.values()) | store | other, frozenset(other - store), plist)


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    """The text of each object by its id: one line, or the lines until the brace below its head."""
    name = ""
    body: list[str] = []
    for line in text.split("\n"):
        if name:
            if line.startswith("\t\t}"):
                yield name, "\n".join(body)
                name = ""
            else:
                body.append(line)
        elif found := _HEAD.match(line):
            if found["rest"].rstrip().endswith("};"):
                yield found["id"], found["rest"]
            else:
                name, body = found["id"], [found["rest"]]


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path.replace("$(SRCROOT)/", "").strip()))


def _within(path: str, places: frozenset[str]) -> bool:
    """Whether a path is one of the places or lies below one."""
    parts = path.split("/")
    return any("/".join(parts[:n]) in places for n in range(len(parts), 0, -1))


def _places(objects: ObjectsById, folder: str) -> dict[str, str]:
    """The path of each file reference and synchronised folder by its id. What Xcode, the system or CocoaPods
    provides has none."""
    inside = {child: group for group, o in objects.items() for child in _ids(o.get("children", ""))}
    found: dict[str, str] = {}
    for name, o in objects.items():
        if o.get("isa") not in ("PBXFileReference", _SYNCHRONIZED):
            continue
        steps: list[str] = []
        at: str | None = name
        for _ in range(40):  # a broken file may lead in a circle
            each = objects.get(at or "", {})
            tree = _plain(each, "sourceTree")
            if tree not in ("", "<group>", "SOURCE_ROOT"):
                break
            steps.append(_plain(each, "path"))
            at = inside.get(at or "") if tree != "SOURCE_ROOT" else None
            if at is None:
                found[name] = posixpath.normpath(posixpath.join(folder, *reversed(steps)))
                break
    return found


def _built(target: Mapping[str, str], objects: ObjectsById) -> Iterator[str]:
    """The ids of the files and folders that a target is built from, with those of the variants of each."""
    yield from _ids(target.get("fileSystemSynchronizedGroups", ""))
    for phase in _ids(target.get("buildPhases", "")):
        for build_file in _ids(objects.get(phase, {}).get("files", "")):
            ref = _plain(objects.get(build_file, {}), "fileRef")
            yield ref
            yield from _ids(objects.get(ref, {}).get("children", ""))


def _settings(target: Mapping[str, str], objects: ObjectsById, text: str) -> list[tuple[str, str]]:
    """The files that the build settings of a target name, in the order of its configurations: Release is the last."""
    configurations = _plain(target, "buildConfigurationList")
    found: list[tuple[str, str]] = []
    for each in _ids(objects.get(configurations, {}).get("buildConfigurations", "")):
        start = text.find("= {\n", text.find(f"\n\t\t{each} "))
        found += _SETTING.findall(text[start : text.find("\n\t\t};", start)])
    return found


def _plain(o: Mapping[str, str], key: str) -> str:
    """A value without its quotes and the remark behind it."""
    return _REMARK.sub("", o.get(key, "")).strip().strip('"')


def _ids(listed: str) -> Iterable[str]:
    return _ID.findall(listed.strip("()"))
