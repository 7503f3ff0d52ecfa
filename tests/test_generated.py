"""Kept outputs are what the code gives today."""

from __future__ import annotations

import pytest

from tests.generated import GENERATED, ROOT


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_a_kept_output_is_current(path: str) -> None:
    """Where this fails and the change is meant: ``python -m tests.generated``, then read the difference."""
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path]()
