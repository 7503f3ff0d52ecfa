"""Real apps, where their corpus is at hand: two versions of one, unpacked into a folder of the test."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def real_pair(pair_id: str, folder: Path) -> tuple[Path, Path]:
    """The project folders of both versions of a pair; skips the test where the corpus is not there."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real apps (../shared/corpus) is not here")
    pair = next(p for p in json.loads((CORPUS / "index.json").read_text()) if p["pair_id"] == pair_id)
    old, new = (str(Path(pair[side]).parent) for side in ("old_path", "new_path"))
    _unpack(CORPUS / pair["archive"], (f"{old}/", f"{new}/"), folder)
    return folder / old, folder / new


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
