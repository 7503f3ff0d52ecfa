"""``python -m tests.fuzz --cases 1000000``: many cases, their ends by kind; exit 1 where one is a fault.

``--kind unit --first 123 --cases 1`` runs a case of that number again.
"""

from __future__ import annotations

import sys

import click

from tests.fuzz.cases import KINDS
from tests.fuzz.run import case, run


@click.command()
@click.option("--cases", default=100_000, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--first", default=0, show_default=True, help="Number of the first case of each kind.")
@click.option("--kind", "kinds", type=click.Choice(tuple(KINDS)), multiple=True, help="Only of this kind.")
@click.option("--raise", "raising", is_flag=True, help="Show the traceback of the first case.")
def main(cases: int, seed: int, first: int, kinds: tuple[str, ...], raising: bool) -> None:
    if raising:
        print(case(kinds[0], first, seed))
        return
    outcome = run(cases, seed=seed, first=first, kinds=kinds or tuple(KINDS))
    print(outcome.told())
    sys.exit(1 if outcome.faults else 0)


if __name__ == "__main__":
    main()
