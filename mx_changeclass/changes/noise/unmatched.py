"""What becomes of rows without a partner: which whole answers for them, and what sets them aside."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from mx_changeclass.changes.noise.registry import Noise, Unmatched
from mx_changeclass.model.snapshot import CONTAINERS, Element, Tree
from mx_changeclass.model.types import WIDGET_PROPERTY
from mx_changeclass.model.versions import Version

WholeAndReason = tuple[str | None, str]  # id of the whole that answers for a row, noise rule that sets it aside


@define(eq=False)
class UnmatchedRows:
    """The rows of one side that have no partner. ``redefined`` holds the ids of pluggable widgets whose
    definition differs, ``absent_version`` is the version of the other side."""

    tree: Tree
    below: Mapping[str, list[Element]]
    partners: Mapping[str, str]
    redefined: frozenset[str]
    noise: Noise
    absent_version: Version | None
    _known: dict[str, WholeAndReason] = field(factory=dict, init=False)

    def of(self, row: Element) -> WholeAndReason:
        """The outermost whole around a row that has no partner either, and the noise rule for the row.
        Parts go the way of their whole."""
        path = [row]
        while path[-1].id not in self._known and (above := self._above(path[-1])) is not None and above not in path:
            path.append(above)
        for part in reversed(path):
            if part.id not in self._known:
                self._known[part.id] = self._judge(part)
        return self._known[row.id]

    def _above(self, row: Element) -> Element | None:
        parent = self.tree.rows.get(row.parent or "")
        return parent if parent is not None and parent.id not in self.partners else None

    def _judge(self, row: Element) -> WholeAndReason:
        above = self._above(row)
        if above is None or above.id not in self._known:  # unknown still: rows that stand in each other
            return None, self._reason(row)
        part_of, reason = self._known[above.id]
        if part_of is None and above.type not in CONTAINERS:
            part_of = above.id
        return part_of, reason or self._reason(row)

    def _reason(self, row: Element) -> str:
        redefined = row.type == WIDGET_PROPERTY and any(r.id in self.redefined for r in self.tree.ancestors(row))
        return self.noise.of_unmatched(Unmatched(row, self.below.get(row.id, ()), redefined, self.absent_version))
