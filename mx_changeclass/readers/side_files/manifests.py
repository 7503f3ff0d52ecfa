"""The single files of a native template that state plain facts: plist, manifests, package.json and their like.

Each function takes the bytes of one file and raises ``Unreadable`` where they cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mx_changeclass.errors import BrokenContainer
from mx_changeclass.model.kinds.native import Fact
from mx_changeclass.readers.meaning import ordered, requirements
from mx_changeclass.readers.side_files.contents import (
    MAX_TEXT,
    Unreadable,
    as_json,
    as_text,
    package_versions,
    short_digest,
)
from mx_changeclass.regex import regex

TemplateFacts = dict[str, Fact]

_ANDROID = "{http://schemas.android.com/apk/res/android}"
_TOOLS = "{http://schemas.android.com/tools}"
_VARIABLE = regex(r"\$[({](\w+)[)}]")
_LOCALIZED = regex(r"""^\s*"?(CFBundle\w+)"?\s*=\s*"([^"\n]*)"\s*;""", re.MULTILINE)
_DEEPEST = 40
_MOST_VALUES = 100_000  # of a property list, each as often as it is referred to
_LONGEST = 400
_PLIST = {
    "CFBundleDisplayName": "appName",
    "CFBundleIdentifier": "bundleId",
    "CFBundleShortVersionString": "version",
    "CFBundleVersion": "build",
    "Runtime url": "runtimeUrl",
}


def package_facts(content: bytes) -> TemplateFacts:
    """``package.json``: what it has installed, ``reactNative``, and ``template`` where it is the template's own."""
    package = as_json(content)
    found = requirements(package)
    found["reactNative"] = found.get("dependency.react-native", "")
    if "native-template" in str(package.get("name", "")).lower():
        found["template"] = str(package.get("version", ""))
    return found


def version_facts(content: bytes) -> TemplateFacts:
    """``.template_version``: ``template``."""
    text = as_text(content).strip()
    if not re.fullmatch(r"v?\d+(\.\d+){1,3}[\w.\-+]{0,40}", text):
        raise Unreadable("states no version")
    return {"template": text.lstrip("v")}


def linked_facts(content: bytes) -> TemplateFacts:
    """``native_dependencies.json``: ``linked.<package>``."""
    return {**package_versions("linked", as_json(content))}


def plist_facts(content: bytes, variables: Mapping[str, str]) -> TemplateFacts:
    """``Info.plist``, with the build settings that it refers to by name."""
    plist = _load_plist(content)
    found: TemplateFacts = {}
    rest: dict[str, Any] = {}
    for key, value in plist.items():
        if key in _PLIST:
            found[_PLIST[key]] = _expanded(str(value), variables)
        elif key.endswith("UsageDescription"):
            found[f"permission.{key}"] = str(value) or True
        elif key == "UIAppFonts" and isinstance(value, list):
            found["fonts"] = tuple(sorted(map(str, value)))
        elif key.startswith("UISupportedInterfaceOrientations") and isinstance(value, list):
            found["orientation" + key.partition("~")[2]] = tuple(
                str(v).removeprefix("UIInterfaceOrientation") for v in value
            )
        elif key == "CFBundleURLTypes" and isinstance(value, list):
            found["deepLinks"] = tuple(
                sorted(str(s) for v in value if isinstance(v, Mapping) for s in _listed(v.get("CFBundleURLSchemes")))
            )
        elif key == "NSAppTransportSecurity" and isinstance(value, Mapping):
            found["cleartext"] = value.get("NSAllowsArbitraryLoads") is True
            found["localCleartext"] = value.get("NSAllowsLocalNetworking") is True
            rest[key] = value
        else:
            rest[key] = value
    found["plist"] = short_digest(repr(ordered(rest)))
    return found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _load_plist(content: bytes) -> dict[str, Any]:
    import plistlib

    if len(content) > MAX_TEXT:
        raise Unreadable(f"is longer than {MAX_TEXT >> 20} MB")
    try:
        plist = plistlib.loads(content)
    except Exception as error:  # plistlib raises a dozen kinds on hostile bytes, those of expat among them
        raise Unreadable(f"is no sound property list ({str(error) or type(error).__name__})") from None
    if not isinstance(plist, dict):
        raise Unreadable("is a property list without keys")
    _check_size(plist)
    return {str(k): v for k, v in plist.items()}


def _check_size(plist: object) -> None:
    """Refuse a list that is larger spelled out than any real one: in a binary one an object may refer to others,
    or to itself, many times over."""
    todo, count = [(plist, 0)], 0
    while todo:
        value, depth = todo.pop()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += 1 + len(inner)
        if count > _MOST_VALUES:
            raise Unreadable(f"is a property list of more than {_MOST_VALUES} values")
        if depth > _DEEPEST:
            raise Unreadable(f"is a property list nested deeper than {_DEEPEST} levels")
        todo += [(each, depth + 1) for each in inner]


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """A value with the build settings put in that are known."""
    for _ in range(5):
        text = _VARIABLE.sub(lambda m: variables.get(m.group(1), m.group(0)), text[:_LONGEST])
    return text[:_LONGEST]


def strings_facts(content: bytes) -> TemplateFacts:
    """A file of Android's string resources: ``appName``; ``strings`` is the rest."""
    root = _xml(content, "strings.xml")
    rest = [f"{e.tag} {sorted(e.attrib.items())} {e.text}" for e in root.iter() if e.get("name") != "app_name"]
    name = next((e.text or "" for e in root.iter("string") if e.get("name") == "app_name"), "")
    return {"appName": name, "strings": short_digest(*rest) if len(rest) > 1 else ""}


def localized_facts(content: bytes) -> TemplateFacts:
    """``InfoPlist.strings``, the Info.plist of one language: ``appName``."""
    named = dict(_LOCALIZED.findall(as_text(content)))
    return {"appName": named.get("CFBundleDisplayName") or named.get("CFBundleName", "")}


def capability_facts(content: bytes) -> TemplateFacts:
    """``capabilities.<platform>.json``: ``capability.<name>`` for each that is switched on."""
    switches = as_json(content)
    if not isinstance(switches, Mapping):
        raise Unreadable("is no list of capabilities")
    return {f"capability.{name}": True for name, on in switches.items() if on is True}


def manifest_facts(content: bytes) -> TemplateFacts:
    """``AndroidManifest.xml``: permissions, deep links, orientation, clear text traffic; ``manifest`` is the rest."""
    root = _xml(content, "AndroidManifest.xml")
    found: TemplateFacts = {}
    links: set[str] = set()
    rest: list[str] = []
    for element in root.iter():
        attributes = dict(element.attrib)
        name = attributes.get(f"{_ANDROID}name", "")
        if element.tag.startswith("uses-permission") and name:
            found[f"permission.{name}"] = "removed" if attributes.get(f"{_TOOLS}node") == "remove" else True
            continue
        if element.tag == "data" and _in_activity(element):
            links.add("".join((attributes.get(f"{_ANDROID}scheme", ""), "://", attributes.get(f"{_ANDROID}host", ""))))
        if element.tag == "application":
            found["cleartext"] = attributes.pop(f"{_ANDROID}usesCleartextTraffic", "") == "true"
        if element.tag == "activity" and name.endswith("MainActivity"):
            found["orientation"] = attributes.pop(f"{_ANDROID}screenOrientation", "")
        rest.append(f"{element.tag} {sorted(attributes.items())} {(element.text or '').strip()}")
    if links:
        found["deepLinks"] = tuple(sorted(links))
    return {**found, "manifest": short_digest(*rest)}


def _in_activity(element: Any) -> bool:
    return any(above.tag in ("activity", "activity-alias") for above in element.iterancestors())


def _xml(content: bytes, name: str) -> Any:
    from mx_changeclass.readers.safe_xml import parse

    try:
        return parse(content, name)
    except BrokenContainer as error:
        raise Unreadable(error.problem) from None
