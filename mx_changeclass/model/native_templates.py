"""Which native template a Studio Pro version accepts, and what each template release carries.

Source: github.com/mendix/native-template, ``mendix_version.json`` on master, and the files of its
release tags; the package data names the commit. A release or version that is not listed is unknown,
never guessed: neither is a Studio Pro version newer than ``checked()`` says, nor a template above all ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import frozen

from mx_changeclass.data import load
from mx_changeclass.model.versions import Version

_HIGH = 1 << 30  # stands for the wildcard in an upper bound
Triple = tuple[int, int, int]


@frozen
class TemplateRange:
    """The templates that the Studio Pro versions from ``since`` on accept. ``minimum_for_ota`` is higher than
    ``minimum`` where a template fits and yet takes no over-the-air update; ``binary_version`` is what the
    runtime asks of the client, None where it is not published."""

    since: Version
    minimum: str
    maximum: str
    minimum_for_ota: str = ""
    binary_version: int | None = None

    def __str__(self) -> str:
        return f"{self.minimum} to {self.maximum}"


def checked() -> tuple[Version, str]:
    """The newest Studio Pro version that was out when the ranges were read, and the day on which they were."""
    end = load("native_templates")["checked"]
    return Version.of(end["studio_pro"]) or Version(0), str(end["on"])


def newest_template() -> tuple[str, str]:
    """The newest template release that is listed, and its date where it is known."""
    releases = load("native_templates")["releases"]
    newest = max(releases, key=lambda release: _triple(release) or (0, 0, 0))
    return newest, str(releases[newest].get("date", ""))


def template_range(version: Version) -> TemplateRange | None:
    """The range with the highest start that is not above a Studio Pro version; None below all of them, and for a
    version that is newer than the ranges."""
    plain = Version(version.major, version.minor, version.patch)
    end, _ = checked()
    if (plain.major, plain.minor) > (end.major, end.minor):
        return None
    return max((r for r in _ranges() if r.since <= plain), key=lambda r: r.since, default=None)


def accepts(templates: TemplateRange, template: str) -> bool | None:
    """Whether a template release lies in a range; None where the text states no release, and for one above all ranges
    where the newest of them is asked: it may be wider by now."""
    release = _triple(template)
    if release is None or (templates == _ranges()[-1] and release > _high(templates)):
        return None
    return _low(templates) <= release <= _high(templates)


def disjoint(a: TemplateRange, b: TemplateRange) -> bool:
    """Whether no template lies in both ranges, so that a new binary is certain."""
    return _high(a) < _low(b) or _high(b) < _low(a)


def expected_binary_version(version: Version) -> int | None:
    """The native binary version that a Studio Pro version asks the client for; None where unknown."""
    found = template_range(version)
    return found.binary_version if found else None


def binary_version_of(template: str) -> int | None:
    """The native binary version that a template release carries; None where it has none or it is unknown."""
    found: int | None = _release(template).get("binary_version")
    return found


def react_native_of(template: str) -> str:
    """The React Native version of a template release, "" where unknown."""
    return str(_release(template).get("react_native", ""))


def android_minimum_of(template: str) -> int | None:
    """The lowest Android API level that a template release installs on."""
    found: int | None = _release(template).get("android_min")
    return found


def ios_minimum_of(template: str) -> str:
    """The lowest iOS version that a template release installs on, "" where unknown."""
    return str(_release(template).get("ios_min", ""))


def pinned(template: str) -> Mapping[str, str]:
    """The native packages that a template release ships, with the version it pins; empty where not listed."""
    packages = load("native_templates")["packages"]
    return dict(packages[i] for i in _release(template).get("pins", ()))


def _release(template: str) -> Mapping[str, Any]:
    triple = _triple(template)
    found: Mapping[str, Any] = load("native_templates")["releases"].get(
        ".".join(map(str, triple)) if triple else "", {}
    )
    return found


@cache
def _ranges() -> tuple[TemplateRange, ...]:
    return tuple(
        TemplateRange(
            Version.of(r["from"]) or Version(0),
            r["min"],
            r["max"],
            r.get("min_for_ota", ""),
            r.get("expected_binary_version"),
        )
        for r in load("native_templates")["ranges"]
    )


def _low(templates: TemplateRange) -> Triple:
    return _triple(templates.minimum) or (0, 0, 0)


def _high(templates: TemplateRange) -> Triple:
    major, minor, patch = (_HIGH if part == "*" else int(part) for part in templates.maximum.split("."))
    return major, minor, patch


def _triple(template: str) -> Triple | None:
    found = Version.of(template.strip().lstrip("v"))
    return (found.major, found.minor, found.patch) if found else None
