"""Real apps, where their corpus is at hand. What tests use of an archive is unpacked once a session."""

from __future__ import annotations

import json
import tarfile
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
# How a careful reader judges some pairs.
LABELS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "fixtures" / "corpus" / "labels.toml").read_text("utf-8")
)
NATIVE = ("native-mobile-resources", "farmworker-wallet-os")  # archives of native apps


def real_pair(pair_id: str) -> tuple[Path, Path]:
    """The project folders of both versions of a pair, not to be written to; skips the test where the corpus is not
    there."""
    pair = _index()[pair_id]
    folder = _unpacked(pair["archive"])
    return folder / _top(pair, "old"), folder / _top(pair, "new")


def newest(archive: str) -> Path:
    """The project folder of the last version of an app, in the same way."""
    return real_pair(_newest(f"{archive}.tar.xz"))[1]


@cache
def _index() -> Mapping[str, Mapping[str, Any]]:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real apps (../shared/corpus) is not here")
    return {p["pair_id"]: p for p in json.loads((CORPUS / "index.json").read_text())}


def _newest(archive: str) -> str:
    pairs = (p for p in _index().values() if p["archive"] == archive)
    return str(max(pairs, key=lambda p: p["new_version_id"])["pair_id"])


def _top(pair: Mapping[str, Any], side: str) -> str:
    return Path(pair[f"{side}_path"]).parent.as_posix()


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="corpus", ignore_cleanup_errors=True)


@cache
def _unpacked(archive: str) -> Path:
    """What tests use of an archive. Equal files of several versions are packed once, the others are links to the
    first."""
    used = {*LABELS, "Native-Mobile-Resources-003", *(_newest(f"{name}.tar.xz") for name in NATIVE)}
    pairs = [p for pair_id, p in _index().items() if pair_id in used and p["archive"] == archive]
    tops = tuple(f"{_top(p, side)}/" for p in pairs for side in ("old", "new"))
    folder, contents = Path(_folder().name), {}
    with tarfile.open(CORPUS / archive, "r|xz") as packed:
        for member in packed:
            if member.isreg():
                content = packed.extractfile(member)
                contents[member.name] = content.read() if content else b""
            if member.name.startswith(tops) and (member.isreg() or member.islnk()):
                place = folder / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(contents[member.linkname or member.name])
    return folder
