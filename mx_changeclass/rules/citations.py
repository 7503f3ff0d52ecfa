"""Where the facts behind rules come from: short keys to pages."""

from __future__ import annotations

from mx_changeclass.data import load


def with_pages(source: str) -> str:
    """A rule's source with each key followed by the page it stands for.

    >>> with_pages("SYNC Introduction")
    'SYNC Introduction (https://docs.mendix.com/refguide/mobile/building-efficient-mobile-apps/offlinefirst-data/synchronization/)'
    """
    return "; ".join(_one(part.strip()) for part in source.split(";"))


def _one(part: str) -> str:
    pages: dict[str, str] = load("citations")
    key = next((k for k in sorted(pages, key=len, reverse=True) if part == k or part.startswith(k + " ")), None)
    return f"{part} ({pages[key]})" if key else part
