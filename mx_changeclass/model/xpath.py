"""XPath constraints, as far as their text tells what they let through."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mx_changeclass.regex import regex

_NAMES = regex(r"""'[^']*'|"[^"]*"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*""")
_MOST_HELD = 50  # conditions that are weighed against alternatives; real constraints have a handful
_WORD = regex(r"""'[^']*'|"[^"]*"|[()\[\]]|[=<>!]+|[^\s'"()\[\]=<>!]+""")

_INSIDE = 2  # dots in the name of what stands in an entity or an enumeration


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


def under_new_names(constraint: str, renames: Mapping[str, str]) -> str:
    """A constraint with everything it names under its new name: what is qualified, attributes by their bare names, and
    quoted values of enumerations. ``renames`` leads from old to new qualified names.

    >>> under_new_names("[Shop.Order_Buyer/Shop.Buyer/Town = 'A']", {"Shop.Buyer.Town": "Shop.Buyer.City"})
    "[Shop.Order_Buyer/Shop.Buyer/City = 'A']"
    """
    if not renames or not constraint:
        return constraint
    members = {old: new for old, new in renames.items() if old.count(".") >= _INSIDE}
    bare = {old.rpartition(".")[2]: new.rpartition(".")[2] for old, new in members.items()}

    def told(found: re.Match[str]) -> str:
        text = found.group()
        if text[0] in "'\"":
            return text[0] + bare.get(text[1:-1], text[1:-1]) + text[-1]
        return renames.get(text, bare.get(text, text))

    return _NAMES.sub(told, constraint)


def is_wider(old: str, new: str) -> bool:
    """Whether an XPath constraint lets through all it did before and more, as far as its text proves it."""
    before, after = conditions(old), conditions(new)
    return implies(before, after) and not implies(after, before)


def implies(strict: frozenset[str], loose: frozenset[str]) -> bool:
    """Whether whatever meets all conditions of one constraint meets those of another, as far as their text
    proves it: each is among them, or allows as an alternative what they ask for."""
    return all(_met(condition, strict) for condition in loose)


def _met(condition: str, held: frozenset[str]) -> bool:
    if condition in held:
        return True
    if len(held) > _MOST_HELD:
        return False
    allowed = _alternatives(condition)
    cases = [[frozenset({*held, *asked}) for asked in _alternatives(each)] for each in sorted(held)]
    return any(all(any(each <= case for each in allowed) for case in split) for split in ([held], *cases))


def _alternatives(condition: str) -> tuple[frozenset[str], ...]:
    """The conditions of each side of an ``or``, with or without brackets around it; of anything else the
    conditions that it asks for."""
    sides: list[list[str]] = [[]]
    depth = 0
    for word in _bare(_WORD.findall(condition)):
        depth += word in ("[", "(")
        if not depth and word == "or":
            sides.append([])
        else:
            sides[-1].append(word)
        depth -= word in ("]", ")")
    return tuple(conditions(f"[{' '.join(_bare(side))}]") for side in sides)


def _bare(words: list[str]) -> list[str]:
    """Without the brackets around all of them."""
    open_at: list[int] = []
    closed_by: dict[int, int] = {}
    for i, word in enumerate(words):
        if word == "(":
            open_at.append(i)
        elif word == ")" and open_at:
            closed_by[open_at.pop()] = i
    around = 0
    while closed_by.get(around) == len(words) - 1 - around:
        around += 1
    return words[around : len(words) - around]
