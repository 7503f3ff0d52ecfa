"""The footprint as JSON document and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from mx_changeclass.findings.document import model
from mx_changeclass.graphs.footprint import Footprint, ProfileFootprint
from mx_changeclass.legible import plain_lines
from mx_changeclass.wording.sentences import first_of
from mx_changeclass.wording.values import mode_in_words

_WIDTH = 100
_NAMED = 12  # so many names of a list are told in text; JSON holds them all
_OTA = {True: ", over-the-air updates on", False: ", over-the-air updates off", None: ""}


def footprint_document(found: Footprint) -> dict[str, Any]:
    """What lives on devices as plain values, version 1: the document of ``footprint --format json``."""
    return {
        "schema": 1,
        "model": model(found.model),
        "profiles": [
            {
                "name": each.profile.name,
                "kind": each.profile.kind,
                "ota": each.profile.ota,
                "entities": [
                    {"name": e.entity, "mode": e.mode, "explicit": e.explicit, "why": list(e.why)}
                    for e in each.entities
                ],
                **{key: list(names) for key, names in _lists(each)},
            }
            for each in found.profiles
        ],
    }


def footprint_text(found: Footprint, *, everything: bool = False) -> str:
    """The same for a reader, one paragraph a profile, after what of the model could not be seen. Modes are called as
    Studio Pro calls them; ``everything`` tells all names of long lists."""
    unseen = "".join(f"! {one}\n" for one in found.model.incomplete)
    paragraphs = ["\n".join(_paragraph(each, everything)) for each in found.profiles]
    return plain_lines(unseen + "\n\n".join(paragraphs or ["No navigation profile: nothing lives on devices."]) + "\n")


def _lists(each: ProfileFootprint) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("pages", each.pages),
        ("nanoflows", each.nanoflows),
        ("microflows", each.microflows),
        ("javascript_actions", each.javascript_actions),
        ("constants", each.constants),
    )


def _paragraph(each: ProfileFootprint, everything: bool) -> Iterator[str]:
    profile = each.profile
    yield f"{profile.name} ({profile.kind}{_OTA[profile.ota]})"
    if profile.holds_data:
        yield f"  entities ({len(each.entities)})"
        for entry in each.entities:
            yield f"    {entry.entity}  {mode_in_words(entry.mode)}{' (configured)' if entry.explicit else ''}"
            yield from _wrapped("by " + " > ".join(entry.why[1:-1] or ("its own row",)), 6)
    else:
        yield "  no data on devices"
    for key, names in _lists(each):
        if names:
            shown, left = first_of(names, _NAMED, everything=everything)
            rest = f" and {len(left)} more" if left else ""
            yield from _wrapped(f"{key.replace('_', ' ')} ({len(names)}): {', '.join(shown)}{rest}", 2)


def _wrapped(text: str, indent: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        text, _WIDTH, initial_indent=pad, subsequent_indent=pad + "  ", break_long_words=False, break_on_hyphens=False
    )
