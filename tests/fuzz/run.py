"""Cases in number, each the same whenever it is run, and how they ended."""

from __future__ import annotations

import random
import signal
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from attrs import define, field

from tests.fuzz.cases import KINDS

SECONDS = 30  # far more than any case takes, also on a machine that is busy


@define
class Outcome:
    """How the cases of a run ended: by kind, and each fault by the place where it happened."""

    ends: dict[str, Counter[str]] = field(factory=dict)
    faults: dict[str, list[str]] = field(factory=dict)

    def told(self) -> str:
        lines = [
            f"{kind:<16}" + "".join(f"{ends[e]:>9} {e:<8}" for e in sorted(ends)) for kind, ends in self.ends.items()
        ]
        lines.append(f"{'all':<16}{sum(map(Counter.total, self.ends.values())):>9} cases")
        for place, cases in sorted(self.faults.items(), key=lambda item: -len(item[1])):
            lines.append(f"{len(cases)} times {place}: {', '.join(cases[:3])}")
        return "\n".join(lines)


def shares(cases: int, kinds: tuple[str, ...]) -> dict[str, int]:
    """How many cases each kind gets of so many."""
    whole = sum(KINDS[kind][1] for kind in kinds)
    return {kind: max(1, cases * KINDS[kind][1] // whole) for kind in kinds}


def run(cases: int, *, seed: int = 0, first: int = 0, kinds: tuple[str, ...] = tuple(KINDS)) -> Outcome:
    """So many cases over all kinds, from the case of that number on."""
    outcome = Outcome()
    for kind, share in shares(cases, kinds).items():
        ends = outcome.ends.setdefault(kind, Counter())
        for number in range(first, first + share):
            try:
                ends[case(kind, number, seed)] += 1
            except Exception as error:  # whatever it is, it is what is looked for
                ends["fault"] += 1
                outcome.faults.setdefault(_place(error), []).append(f"{kind} {number}")
    return outcome


def case(kind: str, number: int, seed: int = 0) -> str:
    """One case; raises whatever the fault is."""
    with _in_time():
        return KINDS[kind][0](random.Random(f"{seed} {kind} {number}"))


@contextmanager
def _in_time() -> Iterator[None]:
    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"longer than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _place(error: Exception) -> str:
    """Where a fault happened: the innermost line of the package, and the kind of error."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/mx_changeclass/" in f.filename]
    where = f"{frames[-1].filename.rpartition('/mx_changeclass/')[2]}:{frames[-1].lineno}" if frames else "a check"
    return (
        f"{type(error).__name__} at {where} ({str(error)[:60]!r})"
        if not frames
        else f"{type(error).__name__} at {where}"
    )
