"""Real apps, where their corpus is at hand: two versions of one, unpacked into a folder of the test."""

from __future__ import annotations

import json
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def real_pair(pair_id: str, folder: Path) -> tuple[Path, Path]:
    """The project folders of both versions of a pair; skips the test where the corpus is not there."""
    return real_pairs([pair_id], folder)[pair_id]


def real_pairs(pair_ids: Iterable[str], folder: Path) -> dict[str, tuple[Path, Path]]:
    """The same for several pairs; each archive is read once."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real apps (../shared/corpus) is not here")
    known = {p["pair_id"]: p for p in json.loads((CORPUS / "index.json").read_text())}
    found: dict[str, tuple[Path, Path]] = {}
    tops: defaultdict[str, set[str]] = defaultdict(set)
    for pair_id in pair_ids:
        old, new = (str(Path(known[pair_id][side]).parent) for side in ("old_path", "new_path"))
        found[pair_id] = folder / old, folder / new
        tops[known[pair_id]["archive"]] |= {f"{old}/", f"{new}/"}
    for archive, wanted in tops.items():
        _unpack(CORPUS / archive, tuple(wanted), folder)
    return found


def _unpack(archive: Path, tops: tuple[str, ...], folder: Path) -> None:
    """Equal files of several versions are packed once, the others are links to the first."""
    contents: dict[str, bytes] = {}
    with tarfile.open(archive, "r|xz") as packed:
        for member in packed:
            if member.isreg():
                content = packed.extractfile(member)
                contents[member.name] = content.read() if content else b""
            if member.name.startswith(tops) and (member.isreg() or member.islnk()):
                place = folder / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(contents[member.linkname or member.name])
