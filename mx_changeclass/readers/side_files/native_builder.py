"""Configuration of a native app as the native builder writes it: ``nativemobile/.config`` of a project,
``config.json`` of a native template.

Only plain facts are named; everything else, keys of map services and certificates among it, goes into
one digest that shows a change and tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mx_changeclass.model.kinds.native import Fact
from mx_changeclass.readers.side_files.contents import Unreadable, as_json, short_digest

_NAMES = {
    "appName": "appName",
    "appIdentifier": "bundleId",
    "appVersion": "version",
    "buildNumber": "build",
    "runtimeUrl": "runtimeUrl",
    "databaseName": "databaseName",
    "hermesEnabled": "hermes",
    "cookieEncryptionEnabled": "cookieEncryption",
    "templateVersion": "template",
    "nativeTemplateVersion": "template",
}
_SIGNING = ("iOSCertificates", "androidCertificates")
_DRAWN = frozenset(("icons", "splashScreens"))  # lists of files, which are looked at themselves
_TOOLING = frozenset(
    ("id", "github", "gitHubTokenId", "usesGitHub", "usesAppCenter", "appcenter", "prepared", "configVersion")
)


def builder_facts(content: bytes) -> dict[str, Fact]:
    """The facts of a builder's configuration. Those of its default configuration have plain names, those
    of further ones their configuration before them (``Test.appName``). Raises ``Unreadable``."""
    whole = as_json(content)
    if not isinstance(whole, Mapping):
        raise Unreadable("is no configuration object")
    named = whole.get("configurations")
    configurations = (
        {str(k): v for k, v in named.items() if isinstance(v, Mapping)} if isinstance(named, Mapping) else {"": whole}
    )
    default = "Default" if "Default" in configurations else min(configurations, default="")
    facts: dict[str, Fact] = {}
    for name, configuration in sorted(configurations.items()):
        prefix = "" if name == default else f"{name}."
        facts |= {prefix + key: value for key, value in _facts(configuration).items()}
    if isinstance(named, Mapping):
        facts |= _fonts(whole.get("fonts"))
        rest = {k: v for k, v in whole.items() if k not in {"configurations", "fonts", *_DRAWN, *_TOOLING}}
        facts["settings"] = _digest(rest)
    return facts


def _facts(configuration: Mapping[str, Any]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    rest: dict[str, Any] = {}
    for key, value in configuration.items():
        if key in _NAMES and isinstance(value, (str, int, bool)):
            facts[_NAMES[key]] = value if isinstance(value, bool) else str(value)
        elif key in ("orientation", "deviceTarget") and isinstance(value, Mapping):
            facts["orientation" if key == "orientation" else "devices"] = tuple(
                sorted(k for k, on in value.items() if on)
            )
        elif key == "permissions" and isinstance(value, list):
            facts |= {
                f"permission.{p['name']}": str(p.get("purpose") or "") or True for p in value if _is_permission(p)
            }
        elif key == "capabilities" and isinstance(value, Mapping):
            facts |= {
                f"capability.{k}": True for k, v in value.items() if isinstance(v, Mapping) and v.get("enabled") is True
            }
            facts["capabilities"] = _digest({k: v for k, v in value.items() if f"capability.{k}" in facts})
            deep = value.get("deepLink")
            if isinstance(deep, Mapping) and deep.get("enabled") is True:
                facts["deepLink"] = str(deep.get("value", ""))
        elif key in _SIGNING:
            facts[f"{'ios' if key.startswith('iOS') else 'android'}.signing"] = _digest(value)
        elif key not in _TOOLING and key not in _DRAWN:
            rest[key] = value
    if rest:
        facts["other"] = _digest(rest)
    return {k: v for k, v in facts.items() if v not in ("", ())}


def _is_permission(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str)


def _fonts(families: object) -> dict[str, Fact]:
    """``font.<family>`` = the files of the family, in the order of their slots."""
    if not isinstance(families, Mapping):
        return {}
    found: dict[str, Fact] = {}
    for family, facts in families.items():
        slots = facts.get("fontSlots") if isinstance(facts, Mapping) else None
        files = (
            [str(s.get("fileName", "")) for _, s in sorted(slots.items()) if isinstance(s, Mapping)]
            if isinstance(slots, Mapping)
            else []
        )
        found[f"font.{family}"] = tuple(files) or ("",)
    return found


def _digest(value: object) -> str:
    return short_digest(json.dumps(value, sort_keys=True, default=str))
