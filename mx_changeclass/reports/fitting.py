"""A Markdown report within the size that a code host takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from mx_changeclass.regex import regex

# Bytes, which never are fewer than characters. GitHub refuses a comment of more than 65,536 characters ("Body is too
# long"), Azure DevOps one of more than 150,000 ("A discussion comment cannot be longer"), GitLab one above a megabyte.
COMMENT = 65_536
# GitHub: "Job summaries are isolated between steps and each step is restricted to a maximum size of 1MiB."
SUMMARY = 1 << 20

_ROW, _RULE, _ITEM = regex(r"\| "), regex(r"\|( -+:? \|)+"), regex(r" *(- |\d+\. )")
_TOLD = 100  # bytes, at most, of the line that tells how many went


def fitting(lines: Sequence[str], budget: int) -> list[str]:
    """The lines without as many rows of tables, and then items of lists, as it takes for them to need no more bytes
    than ``budget``: the last ones first, as the worst stand first. Where some went, a line tells how many."""
    sizes = [len(line.encode("utf-8", "replace")) + 1 for line in lines]
    over = sum(sizes) - budget
    kept: list[str | None] = [*lines]
    for run in [*reversed(_runs(lines, _ROW)), *reversed(_runs(lines, _ITEM))]:
        if over <= 0:
            break
        over += _TOLD
        left = list(run)
        while left and over > 0:
            over -= sizes[left[-1]]
            kept[left.pop()] = None
        went = len(run) - len(left)
        told = f"{went} more {'line is' if went == 1 else 'lines are'} in the whole report"
        columns = lines[run[0] - 1].count("---") if _ROW.match(lines[run[0]]) else 0
        kept[run[-went]] = f"| **{told}** |{' |' * (columns - 1)}" if columns else f"- **{told}**"
    return [line for line in kept if line is not None]


def _runs(lines: Sequence[str], kind: re.Pattern[str]) -> list[range]:
    """The places of the lines of each table, below its head, or of each list."""
    found: list[range] = []
    for is_one, members in groupby(range(len(lines)), key=lambda at: kind.match(lines[at]) is not None):
        if is_one:
            first, *rest = members
            start = first + 2 if rest and _RULE.fullmatch(lines[first + 1]) else first
            found += [range(start, first + 1 + len(rest))] if start <= first + len(rest) else []
    return found
