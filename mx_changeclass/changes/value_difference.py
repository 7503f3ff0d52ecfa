"""What differs inside one long value (an expression, an XPath, a list), in a few words."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"'(?:[^']|'')*'|[\w$@.]+|\s+|.")
_MOST = 3  # so many pieces are told
_LONGEST = 40  # characters of a piece


def value_difference(old: object, new: object) -> str:
    """What has to change in ``old`` to get ``new``: ``"'Open' to 'Busy'; added [Active]"``. "" for equal
    values. Loads deepdiff, so ask only where a report shows it."""
    from deepdiff import DeepDiff

    as_sets = isinstance(old, tuple) and isinstance(new, tuple)
    found = DeepDiff(_pieces(old), _pieces(new), ignore_order=as_sets, report_repetition=as_sets, verbose_level=2)
    told = [f"{_quoted(c['old_value'])} to {_quoted(c['new_value'])}" for c in found.get("values_changed", {}).values()]
    told += [f"{_quoted(c['old_value'])} to {_quoted(c['new_value'])}" for c in found.get("type_changes", {}).values()]
    told += [f"added {_quoted(v)}" for v in found.get("iterable_item_added", {}).values()]
    told += [f"removed {_quoted(v)}" for v in found.get("iterable_item_removed", {}).values()]
    more = f"; and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return "; ".join(told[:_MOST]) + more


def _pieces(value: object) -> object:
    """A text in its words, so that what stayed the same around an edit is left out."""
    return [t for t in _TOKEN.findall(value) if not t.isspace()] if isinstance(value, str) else value


def _quoted(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
