"""What differs inside one long value (an expression, an XPath, a list), in a few words."""

from __future__ import annotations

from collections import Counter

from mx_changeclass.regex import regex

_TOKEN = regex(r"'(?:[^']|'')*'|[\w$@.]+|\s+|.")
_MOST = 3  # so many pieces are told
_LONGEST = 40  # characters of a piece
_MOST_PIECES = 100  # so many words are aligned; of more, only what stands between equal ends is told


def value_difference(old: object, new: object) -> str:
    """What has to change in ``old`` to get ``new``: ``"'Open' to 'Busy'; added [Active]"``. "" for equal
    values. Loads deepdiff, so ask only where a report shows it."""
    from deepdiff import DeepDiff

    as_sets = isinstance(old, tuple) and isinstance(new, tuple)
    before, after = _pieces(old), _pieces(new)
    if max(len(before), len(after)) > _MOST_PIECES:
        if as_sets:
            return _told(_of_sets(Counter(before), Counter(after)))
        before, after = _without_common_ends(before, after)
        if max(len(before), len(after)) > _MOST_PIECES:
            return f"{_quoted(' '.join(map(str, before)))} to {_quoted(' '.join(map(str, after)))}"
    found = DeepDiff(before, after, ignore_order=as_sets, report_repetition=as_sets, verbose_level=2)
    told = [f"{_quoted(c['old_value'])} to {_quoted(c['new_value'])}" for c in found.get("values_changed", {}).values()]
    told += [f"{_quoted(c['old_value'])} to {_quoted(c['new_value'])}" for c in found.get("type_changes", {}).values()]
    told += [f"added {_quoted(v)}" for v in found.get("iterable_item_added", {}).values()]
    told += [f"removed {_quoted(v)}" for v in found.get("iterable_item_removed", {}).values()]
    return _told(told)


def _told(told: list[str]) -> str:
    more = f"; and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return "; ".join(told[:_MOST]) + more


def _of_sets(before: Counter[object], after: Counter[object]) -> list[str]:
    gone = [f"removed {_quoted(v)}" for v in (before - after).elements()]
    return [*(f"added {_quoted(v)}" for v in (after - before).elements()), *gone]


def _without_common_ends(old: list[object], new: list[object]) -> tuple[list[object], list[object]]:
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    return old[start : len(old) - end], new[start : len(new) - end]


def _pieces(value: object) -> list[object]:
    """A text in its words, so that what stayed the same around an edit is left out."""
    if isinstance(value, str):
        return [t for t in _TOKEN.findall(value) if not t.isspace()]
    return list(value) if isinstance(value, tuple) else [value]


def _quoted(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
