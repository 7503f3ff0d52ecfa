"""Text of a model on its way out: what a terminal, the log of a build server or a parser would take for a command.

A name is chosen by whoever wrote the model. Each format escapes what is special in it at one place of its own;
what is special everywhere is here.
"""

from __future__ import annotations

import json

from mx_changeclass.regex import regex

# Controls (escape sequences start with one), what turns the direction of writing or cannot be seen, halves of
# characters and non-characters. The joiners that scripts and emoji need may stay.
_ILLEGIBLE = regex(
    "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)
# GitHub runs "##[name]" anywhere in a line and "::name::" at its start, blanks before it or not (actions/runner,
# ActionCommand.cs); Azure runs "##vso[name]", TeamCity "##teamcity[name]".
_MARK = regex(r"#(?=#[\w.]*\[)")
_LINE_COMMAND = regex(r"^(\s*):(?=:)")


def legible(text: str) -> str:
    """The text with every character that a line cannot hold replaced by the replacement character."""
    return _ILLEGIBLE.sub("\ufffd", text)


def plain_line(text: str) -> str:
    """A line to print: legible, and no command to whoever reads it.

    >>> plain_line("  ::error::Boo"), plain_line("a ##[error]b")
    ('  : :error::Boo', 'a # #[error]b')
    """
    return _LINE_COMMAND.sub(r"\1: ", _MARK.sub("# ", legible(text)))


def plain_lines(text: str) -> str:
    """``plain_line`` for each line of a text."""
    return "\n".join(map(plain_line, text.split("\n")))


def json_text(document: object, *, indent: int = 2) -> str:
    """JSON with a line end at its end: letters as they are; what is illegible or a command as an escape, which
    says the same to every parser. Half a character, which many parsers refuse, is the replacement character."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    text = _ILLEGIBLE.sub(lambda found: _told(found[0]), text)
    return _MARK.sub(lambda _: "\\u0023", text) + "\n"


def xml_text(text: str) -> str:
    """Written XML, in which a command stands as a character reference."""
    return _MARK.sub("&#35;", text)


def _told(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    return character if character == "\n" else json.dumps(character)[1:-1]
