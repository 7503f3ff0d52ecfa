"""The design tokens that a native style file exports, so that a report can name the ones that changed.

Source: JavaScript without comments, of the form ``export const brand = { primary: "#264AE5", … };``.
"""

from __future__ import annotations

import re

from mx_changeclass.readers.side_files.contents import short_digest
from mx_changeclass.regex import regex

MOST_TOKENS = 600
_LONGEST = 80  # characters of a value that is shown as it is written
_DEEPEST = 12

_EXPORT = regex(r"\bexport\s+(?:default\b|(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::[^=;{}]{0,200})?=)\s*")
_KEY = regex(
    r"""\s*(?:(?P<end>\})|,|(?P<spread>\.\.\.)|(?:(?P<key>[\w$-]+)|"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)')\s*(?P<colon>:\s*)?)"""
)
_PIECE = regex(
    r"""(?:[^"'`()\[\]{},;]++|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|`(?:[^`\\]++|\\.)*+`)""", re.DOTALL
)
_TEXT = regex(r"""\s*(["'])([^"'\\\n]*)\1\s*$""")


def tokens(code: str) -> dict[str, str]:
    """``brand.primary`` = ``#264AE5`` for each plain value in what a module exports, at most ``MOST_TOKENS``;
    an expression is given as it is written, a long one by its digest."""
    found: dict[str, str] = {}
    at = 0
    while len(found) < MOST_TOKENS and (export := _EXPORT.search(code, at)) is not None:
        at = _values(code, export.end(), export["name"] or "default", found)
    return found


def _values(code: str, at: int, name: str, found: dict[str, str]) -> int:
    """Note the plain values of the expression that starts at a place, walking into objects; say where it ends."""
    if not code.startswith("{", at):
        end = _end_of_value(code, at)
        found[name] = _shown(code[at:end])
        return end
    names = [name]
    at += 1
    while names and len(found) < MOST_TOKENS and (key := _KEY.match(code, at)) is not None:
        at = key.end()
        own = key["key"] or key["double"] or key["single"] or ""
        if key["end"]:
            names.pop()
        elif key["colon"] and code.startswith("{", at) and len(names) < _DEEPEST:
            names.append(own)
            at += 1
        elif key["colon"]:
            end = _end_of_value(code, at)
            found[".".join([*names, own])] = _shown(code[at:end])
            at = end
        elif key["spread"] or own:
            at = _end_of_value(code, at)
    return at


def _end_of_value(code: str, at: int) -> int:
    """Where an expression ends: at a comma, a semicolon or a closing brace that is not its own."""
    depth = 0
    while at < len(code):
        piece = _PIECE.match(code, at)
        if piece:
            at = piece.end()
            continue
        mark = code[at]
        if depth == 0 and mark in ",;)]}":
            break
        depth += (mark in "([{") - (mark in ")]}")
        at += 1
    return at


def _shown(value: str) -> str:
    text = _TEXT.match(value)
    plain = text.group(2) if text else " ".join(value.split())
    return plain if len(plain) <= _LONGEST else f"expression {short_digest(plain)}"
