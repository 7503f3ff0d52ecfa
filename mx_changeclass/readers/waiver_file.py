"""A waiver written into a file of the team, whose comments and order stay."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any

from mx_changeclass.errors import PolicyError
from mx_changeclass.legible import legible
from mx_changeclass.readers.configuration import read_configuration
from mx_changeclass.waivers import Waiver

_KEYS = ("fingerprint", "element", "what", "rule", "up_to", "undecided", "baseline", "reason", "by", "until")


def naming(change: Mapping[str, Any], **accepted: Any) -> Waiver:
    """The waiver of one change of a report: it names all that is said of the change, so that another change of the
    same element, or one of which more is said, is not covered. Raises ``PolicyError``."""
    said = [f for f in change["findings"] if f["at_most"] != "OTA_SAFE"]
    name = change["element"]["name"]
    table = {
        "fingerprint": change["fingerprint"],
        "element": escape(name) if name == legible(name) else "",
        "what": legible(change["what"]),
        "rule": [f["rule"] for f in said],
        **accepted,
    }
    return Waiver.of(table)


def with_waiver(file: Path, waiver: Waiver, *, chosen: bool = True) -> bytes:
    """The content of a configuration or a file of waivers, which may not be there yet, with one more waiver. One that
    was not ``chosen`` may come with what is judged, so it may be no link to somewhere else.
    Raises ``PolicyError`` where the file is wrong, or the change is waived in it already."""
    import tomlkit

    there = read_configuration(file, chosen=chosen).waivers if os.path.lexists(file) else ()
    for other in there:
        if other.fingerprint == waiver.fingerprint:
            until = other.until.isoformat()
            raise PolicyError(f"{other.source}: waives {waiver.fingerprint} already, until {until}. Change it there")
    content = file.read_bytes() if file.exists() else b""
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    text = content.removeprefix(mark).decode()
    document = tomlkit.parse(text)
    tables: Any = document.setdefault("waiver", tomlkit.aot())
    if not isinstance(tables, tomlkit.items.AoT):
        raise PolicyError(f"{file}: 'waiver' is written in one line. Write each as [[waiver]]")
    if text and not text.endswith("\n\n"):
        (tables[-1] if tables else document).add(tomlkit.nl())
    table = tomlkit.table()
    told = {**waiver.to_dict(), "until": waiver.until}
    for key in _KEYS:
        if key in told:
            table.add(key, told[key])
    tables.append(table)
    written = tomlkit.dumps(document)
    if "\r\n" in text:
        written = written.replace("\r\n", "\n").replace("\n", "\r\n")
    if [Waiver.of(t) for t in tomllib.loads(written)["waiver"]][-1] != waiver:
        raise PolicyError(f"{file}: the waiver cannot be written into it. Write it by hand")
    return mark + written.encode()
