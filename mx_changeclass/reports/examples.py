"""A change on which a rule speaks and one on which it does not, told from the cases that the rule is tested with."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mx_changeclass.regex import regex
from mx_changeclass.wording.values import kind_in_words

_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "data" / "cases", _PACKAGE.parent / "fixtures" / "rules")  # of a wheel, of a checkout
_LONG = 60  # a value longer than that is cut
_PLACE = ("in", "slot", "rows", "before", "at")  # where something is added, not what
_TYPE = regex(r"[A-Z]\w+\$\w+")


def example(rule_id: str) -> dict[str, str]:
    """What a ``hit`` of a rule and a ``near_miss`` change, and the class of each; {} for a rule without cases."""
    path = _cases().get(rule_id)
    if path is None:
        return {}
    cases = tomllib.loads(path.read_text(encoding="utf-8"))
    near = next(iter(cases["near-miss"].values()))
    return {
        "hit": f"{_told(cases['hit'])}: {cases['hit']['finding']['class']}",
        "near_miss": f"{_told(near)}: {near['class']} ({', '.join(near.get('speaks') or near.get('rules', ()))})",
    }


@cache
def _cases() -> Mapping[str, Path]:
    return {path.stem: path for place in _PLACES for path in place.rglob("*.toml")}


def _told(case: Mapping[str, Any]) -> str:
    """The edit of a case in words, with what its author says of it or what was so before; an edit that lies
    elsewhere in the words of its author alone."""
    base = dict(case.get("base", {}))
    if "version" in case and "version" in base:
        case = {**case, "version": f"{base.pop('version')} to {case['version']}"}
    edit, before = "; ".join(_steps(case)), "; ".join(_steps(base))
    about = case.get("why") or (before and f"before: {before}")
    turned = "the other way round: " if case.get("turned") else ""
    return turned + (f"{edit} ({about})" if edit and about else edit or about)


def _steps(table: Mapping[str, Any]) -> Iterator[str]:
    for verb, told in _VERBS.items():
        yield from (told(what, how).strip() for what, how in _each(table.get(verb, {})))
    for step in table.get("then", ()):
        yield from _steps(step)


def _each(told: Any) -> Iterable[tuple[str, Any]]:
    """What a verb is used on, and how; elements alone, and values alone, where it needs no more."""
    if isinstance(told, Mapping):
        return told.items()
    if isinstance(told, list):
        return [("", each) if isinstance(each, Mapping) else (each, None) for each in told]
    return [("", told)] if told else []


_VERBS: Mapping[str, Callable[[str, Any], str]] = {
    "old": lambda _, how: "first release" if how == "none" else "",
    "version": lambda _, how: f"Studio Pro {how}",
    "template": lambda _, how: f"released binary of native template {how}",
    "new_template": lambda _, how: f"planned binary of native template {how}",
    "declared": lambda what, how: f'declared {what} = "{how}"',
    "read": lambda what, how: f"{what} {_value(how)}",
    "folder": lambda what, _: f"files in {what}",
    "files": lambda what, how: f"{what} {'removed' if how is False else 'written'}",
    "rename": lambda what, how: f"{what} renamed to {how}",
    "move": lambda what, how: f"{what} moved to {how['target'] if isinstance(how, Mapping) else how}",
    "remove": lambda what, _: f"{what} removed",
    "add": lambda what, how: f"{what} added{_values(how)}",
    "set": lambda what, how: f"{what}:{_values(how)}",
    "reid": lambda what, _: f"{what} under another id",
    "reguid": lambda what, _: f"{what} under another storage id",
}


def _values(values: Mapping[str, Any]) -> str:
    told = (
        f"{kind_in_words(key)} {_value(value)}" for key, value in values.items() if key not in _PLACE and value != {}
    )
    return "".join(f" {each}," for each in told).removesuffix(",")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value == "":
        return "empty"
    text = ", ".join(map(_value, value)) if isinstance(value, list) else str(value)
    return kind_in_words(text) if _TYPE.fullmatch(text) else text if len(text) <= _LONG else f"{text[:_LONG]}…"
