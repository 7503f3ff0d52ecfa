"""A module that came, went or was updated answers for what is in it, unless that is worse than the module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from mx_changeclass.findings.finding import Row
from mx_changeclass.model.types import MODULE
from mx_changeclass.vocabulary import HARD_LOSS, NEEDS_REDEPLOY, SOFT_LOSS, Hazard, Maybe, Requires

_UPDATED = "appStoreVersion"
_MAYBE = {Maybe.NO: 0, Maybe.MAYBE: 1, Maybe.YES: 2}
_ORDER = (Requires.EITHER_ORDER, Requires.SERVER_FIRST)  # what an ordinary deploy does anyway
_WORST = NEEDS_REDEPLOY.rank


def grouped(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each part of a module that is told as a whole with the fingerprint of that module's row."""
    told = list(rows)
    wholes = {r.name.lower(): r for r in told if r.kind == MODULE and (r.verb != "changed" or r.prop == _UPDATED)}
    for row in told:
        whole = wholes.get(row.module.lower()) if wholes and row.kind != MODULE else None
        yield attrs.evolve(row, part_of=whole.fingerprint) if whole is not None and _answers(whole, row) else row


def _answers(whole: Row, row: Row) -> bool:
    """Whether the row of the module says all that its reader must know of the part."""
    if whole.verb not in ("changed", row.verb):
        return False
    least = (_WORST, 0, 0, 0, 0, 0) if whole.verb == "changed" else (0, 0, 0, 0, 0, 0)
    bounds = map(max, _weight(whole), least)
    return all(part <= bound for part, bound in zip(_weight(row), bounds, strict=True))


def _weight(row: Row) -> tuple[int, ...]:
    """How bad a row is: its channel, danger to devices, to the server, to installed apps, order, doubt."""
    dangers = {f.hazard for f in row.findings} - {Hazard.NONE, Hazard.SERVER_LOSS}
    return (
        row.channel.rank,
        2 * bool(dangers & (HARD_LOSS | SOFT_LOSS)) or int(bool(dangers)),
        max(_MAYBE[f.server_data_loss] for f in row.findings),
        max(_MAYBE[f.breaks_old_clients] for f in row.findings),
        int(any(f.requires not in _ORDER for f in row.findings)),
        int(any(f.rule.undecided for f in row.findings)),
    )
