"""Studio Pro versions, compared as numbers (``10.24.9`` is older than ``10.24.18``)."""

from __future__ import annotations

from attrs import field, frozen

from mx_changeclass.regex import regex

_VERSION = regex(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)")


@frozen(order=True)
class Version:
    """A product version. Order is by major, minor, patch, then candidates before the release build
    (``11.10.0-rc.5`` < ``11.10.0``); the build number after the patch plays no part."""

    major: int
    minor: int = 0
    patch: int = 0
    released: bool = True
    text: str = field(default="", eq=False, order=False)

    @classmethod
    def of(cls, text: str) -> Version | None:
        """The version a text such as ``10.24.0.73019`` or ``11.12.0-alpha.build.1`` states, or None."""
        found = _VERSION.match(text.strip())
        if not found:
            return None
        major, minor, patch, rest = found.groups()
        return cls(int(major), int(minor or 0), int(patch or 0), "-" not in rest, text.strip())

    def __str__(self) -> str:
        return self.text or f"{self.major}.{self.minor}.{self.patch}"
