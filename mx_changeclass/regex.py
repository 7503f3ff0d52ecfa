"""Regular expressions that are compiled when they are first used.

The package names a hundred, of which a run uses some thirty, and to compile one takes as long as to load a module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a type checker takes it for what it stands for
    from re import compile as regex
else:

    class regex:  # noqa: N801 - stands in the place of re.compile
        """``re.compile``, with the same arguments."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._made_of = text, flags

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._made_of), name)  # which keeps what it compiled
            setattr(self, name, found)
            return found


__all__ = ["regex"]
