"""The one way in which this package parses XML from outside.

No DTD, no entities, no network, no tree beyond libxml2's own limits (depth 256, 10 MB a value). A document
that declares a DTD is refused: nothing that Mendix or this package writes has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from lxml import etree

from mx_changeclass.errors import BrokenContainer

_ADVICE = "Make it again from what it was made of"
_FED = 1 << 15  # bytes at once; with more, what was made of them is gone from the processor's cache when it is taken
_CLOSED: Mapping[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
    "remove_comments": True,
    "remove_pis": True,
}


def parse(content: bytes, what: str) -> etree._Element:
    """The root of a whole document. Raises ``BrokenContainer`` naming ``what``."""
    return stream([content], what)


def stream(
    chunks: Iterable[bytes],
    what: str,
    tag: str | None = None,
    take: Callable[[etree._Element], None] = lambda _: None,
) -> etree._Element:
    """The root of a document that comes in pieces. ``take`` gets each element ``tag`` as soon as it is finished, and
    may empty it, so that no more of the document is held at once.

    Raises ``BrokenContainer`` naming ``what`` where the document is cut, malformed or hostile.
    """
    parser = etree.XMLPullParser(events=("end",) if tag else (), tag=tag, huge_tree=False, **_CLOSED)
    checked = False
    try:
        for piece in (chunk[i : i + _FED] for chunk in chunks for i in range(0, len(chunk), _FED)):
            parser.feed(piece)
            for _, element in parser.read_events():
                if isinstance(element, etree._Element):
                    checked = checked or _without_dtd(element, what)
                    take(element)
        root = parser.close()
    except etree.LxmlError as error:
        problem = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BrokenContainer(what, f"is no sound XML ({problem})", _ADVICE) from None
    _without_dtd(root, what)
    return root


def written(element: etree._Element) -> bytes:
    """An element that was parsed here, as bytes for ``again``."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def again(content: bytes) -> etree._Element:
    """The element that was ``written``: what is in it has passed the limits, whatever its escapes add to it."""
    return etree.fromstring(content, _passed())


@cache
def _passed() -> etree.XMLParser:
    return etree.XMLParser(huge_tree=True, **_CLOSED)


def _without_dtd(element: etree._Element, what: str) -> bool:
    if element.getroottree().docinfo.internalDTD is not None:
        raise BrokenContainer(what, "declares a DTD, which no input of this tool needs", _ADVICE)
    return True
