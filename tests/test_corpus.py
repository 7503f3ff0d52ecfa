"""Releases of real apps get the class that a careful reader gives them, and reports name what matters."""

from __future__ import annotations

import pytest

from mx_changeclass import compare
from mx_changeclass.vocabulary import NONE
from tests.corpus import LABELS, real_pair


@pytest.mark.parametrize("pair_id", LABELS)
def test_a_real_release_is_judged_as_a_careful_reader_does(pair_id: str) -> None:
    label = LABELS[pair_id]
    verdict = compare(*real_pair(pair_id))
    assert (str(verdict.release_class), str(verdict.channel)) == (label["class"], label["channel"]), label["why"]
    told = {name for row in verdict.rows for name in (row.name, row.old_name)}
    assert set(label.get("names", ())) <= told
    spoken = {finding.rule.id for finding in verdict.findings}
    assert set(label.get("rules", ())) <= spoken
    assert not spoken.intersection(label.get("silent", ()))
    assert verdict.breaks_old_clients is label.get("breaks", verdict.breaks_old_clients)
    assert verdict.server_data_loss is label.get("loss", False)
    assert verdict.accountability.unexplained == 0
    assert verdict.accountability.fallback == 0
    speaking = [row for row in verdict.rows if not row.part_of and row.channel is not NONE]
    assert len(speaking) <= label.get("at_most", len(speaking))
