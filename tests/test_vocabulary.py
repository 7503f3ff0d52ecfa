"""The fixed words: what their order and their text promise."""

from __future__ import annotations

import pickle
from itertools import product
from operator import ge, gt, le, lt
from typing import Any

import pytest

from mx_changeclass.vocabulary import ReleaseClass

ORDER = ("none", "OTA_SAFE", "NEEDS_REDEPLOY", "FULL_RELEASE", "DESTRUCTIVE")  # mildest first; no alphabet gives it


def test_a_class_is_its_text() -> None:
    assert [f"{c}" for c in ReleaseClass] == list(ORDER)
    assert ReleaseClass.DESTRUCTIVE == "DESTRUCTIVE"


@pytest.mark.parametrize(("one", "other"), list(product(ORDER, repeat=2)))
def test_classes_sort_by_what_they_ask_also_beside_a_text(one: str, other: str) -> None:
    for compares in (lt, le, gt, ge):
        expected = compares(ORDER.index(one), ORDER.index(other))
        assert compares(ReleaseClass(one), ReleaseClass(other)) is expected
        assert compares(ReleaseClass(one), other) is expected
        assert compares(one, ReleaseClass(other)) is expected


def test_no_order_is_made_up_for_a_text_that_is_no_class() -> None:
    with pytest.raises(ValueError, match="SEVERE"):
        _ = ReleaseClass.OTA_SAFE < "SEVERE"


@pytest.mark.parametrize("compares", [lt, le, gt, ge])
@pytest.mark.parametrize("other", [3, None, ("OTA_SAFE",)])
def test_a_class_has_no_order_with_what_is_no_text(compares: Any, other: Any) -> None:
    for pair in ((ReleaseClass.OTA_SAFE, other), (other, ReleaseClass.OTA_SAFE)):
        with pytest.raises(TypeError, match="not supported between"):
            compares(*pair)


def test_a_class_crosses_to_another_process_as_itself() -> None:
    assert [pickle.loads(pickle.dumps(c)) is c for c in ReleaseClass] == [True] * len(ORDER)
