"""Dependencies: bounded on both sides, and locked with hashes to versions within the bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", LOCK, re.MULTILINE))
RUN = [
    *PROJECT["dependencies"],
    *PROJECT["optional-dependencies"]["notebook"],
    *PROJECT["optional-dependencies"]["color"],
]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


@pytest.mark.parametrize("requirement", RUN)
def test_a_dependency_is_bounded_and_locked_within(requirement: str) -> None:
    found = re.fullmatch(r"([a-z0-9-]+)>=([\d.]+),<(\d+)", requirement)
    assert found, "no lower or no upper bound"
    name, low, high = found.groups()
    assert numbers(low) <= numbers(LOCKED[name])[:3] < numbers(high)


def test_the_lock_holds_what_development_needs_by_hash_and_from_nowhere() -> None:
    needed = [r for extra in ("test", "dev") for r in PROJECT["optional-dependencies"][extra]]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in needed} - {PROJECT["name"]}
    assert names <= set(LOCKED)
    assert len(LOCKED) == len(re.findall(r"^\S+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", LOCK, re.MULTILINE))
    assert not re.search(r"://|@ |--index|--find|/simple", LOCK)
