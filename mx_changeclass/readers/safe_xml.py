"""The one way in which this package parses XML from outside.

No DTD, no entities, no network, no tree beyond libxml2's own limits (depth 256, 10 MB a value). A document
that declares a DTD is refused: nothing that Mendix or this package writes has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from mx_changeclass.errors import BrokenContainer

_ADVICE = "Make it again from what it was made of"


def parse(content: bytes, what: str) -> etree._Element:
    """The root of a whole document. Raises ``BrokenContainer`` naming ``what``."""
    *_, root = iterparse([content], what)
    return root


def iterparse(chunks: Iterable[bytes], what: str, tag: str | None = None) -> Iterator[etree._Element]:
    """Each element ``tag`` as soon as it is finished, then the root.

    Raises ``BrokenContainer`` naming ``what`` where the document is cut, malformed or hostile.
    """
    parser = etree.XMLPullParser(
        events=("end",) if tag else (),
        tag=tag,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    checked = False
    try:
        for chunk in chunks:
            parser.feed(chunk)
            for _, element in parser.read_events():
                if isinstance(element, etree._Element):
                    checked = checked or _without_dtd(element, what)
                    yield element
        root = parser.close()
    except etree.LxmlError as error:
        problem = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BrokenContainer(what, f"is no sound XML ({problem})", _ADVICE) from None
    _without_dtd(root, what)
    yield root


def _without_dtd(element: etree._Element, what: str) -> bool:
    if element.getroottree().docinfo.internalDTD is not None:
        raise BrokenContainer(what, "declares a DTD, which no input of this tool needs", _ADVICE)
    return True
