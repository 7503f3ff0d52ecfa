"""XPath constraints, as far as their text tells what they let through."""

from __future__ import annotations

import re

_WORD = re.compile(r"""'[^']*'|"[^"]*"|[()\[\]]|[=<>!]+|[^\s'"()\[\]=<>!]+""")


def conditions(constraint: str) -> frozenset[str]:
    """The conditions of an XPath constraint that must all hold, with even blanks; an ``or`` is one condition."""
    words = _WORD.findall(constraint)
    if words and words[0] != "[":
        words = ["[", *words, "]"]
    found: set[str] = set()
    parts: list[list[str]] = []
    depth = 0
    for word in words:
        depth += word in ("[", "(")
        if depth == 1 and word == "[":
            parts = [[]]
        elif depth == 1 and word == "and":
            parts.append([])
        elif depth == 1 and word == "]":
            one = any("or" in _outside(part) for part in parts)
            found |= {" and ".join(map(" ".join, parts))} if one else {" ".join(part) for part in parts}
        elif parts:
            parts[-1].append(word)
        depth -= word in ("]", ")")
    return frozenset(found) - {""}


def _outside(words: list[str]) -> list[str]:
    """The words that stand in no bracket."""
    depth, found = 0, []
    for word in words:
        depth += word in ("[", "(")
        if not depth:
            found.append(word)
        depth -= word in ("]", ")")
    return found


def is_wider(old: str, new: str) -> bool:
    """Whether an XPath constraint lets through all it did before and more, as far as its text proves it."""
    return conditions(new) < conditions(old)
