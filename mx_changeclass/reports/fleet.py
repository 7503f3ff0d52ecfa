"""A candidate against the versions in the field: for the release manager as text or Markdown, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from mx_changeclass.findings.fleet import Danger, Fleet, InField
from mx_changeclass.legible import json_text, plain_line
from mx_changeclass.reports.markdown import escaped
from mx_changeclass.wording.harms import MEANING
from mx_changeclass.wording.values import plural

_WIDTH = 100
_NAMED = 3  # so many dangers are told; JSON holds them all
_CHANGES = 12  # so many changes


def fleet_text(fleet: Fleet) -> str:
    """Plain text: a line a version, what it has to know, and who may stay."""
    return "".join(plain_line(line) + "\n" for line in _lines(fleet))


def fleet_json(fleet: Fleet) -> str:
    """The document of ``Fleet.to_dict``."""
    return json_text(fleet.to_dict())


def fleet_markdown(fleet: Fleet) -> str:
    """A table of the versions, then the same as text."""
    lines = [f"## {escaped(_headline(fleet))}", "", "| version | binary | devices | offline | today | then |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(map(escaped, _cells(each))) + " |" for each in fleet.versions]
    lines += ["", *(f"- {escaped(told)}" for told in _notes(fleet))]
    if fleet.destructive:
        lines += ["", "### Data on devices is at stake", "", *(f"- {escaped(told)}" for told in _changes(fleet))]
    lines += ["", *(f"- **{escaped(told)}**" for told in _who(fleet))]
    return "".join(plain_line(line) + "\n" for line in lines)


def _lines(fleet: Fleet) -> Iterator[str]:
    yield _headline(fleet)
    table = [("version", "binary", "devices", "offline", "today", "then"), *map(_cells, fleet.versions)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    for told in _notes(fleet):
        yield from _wrapped(told)
    if fleet.destructive:
        yield ""
        yield "Data on devices is at stake"
        for told in _changes(fleet):
            yield from _wrapped(told, "  - ", "    ")
    yield ""
    for told in _who(fleet):
        yield from _wrapped(told)


def _headline(fleet: Fleet) -> str:
    at_most = f", at most {fleet.at_most}" if fleet.at_most is not fleet.release_class else ""
    channel = fleet.server.verdict.channel
    move = f"is {channel}" if channel in MEANING else "is none"
    loss = ", and loses data there" if fleet.server.verdict.server_data_loss else ""
    waived = (
        f"; what is not waived is {fleet.unwaived_class}" if fleet.unwaived_class is not fleet.release_class else ""
    )
    number = plural(len(fleet.versions), "version")
    return f"{fleet.release_class}{at_most} over {number} in the field{waived}; the server's own move {move}{loss}"


def _cells(each: InField) -> tuple[str, ...]:
    version, verdict = each.version, each.verdict
    at_most = f", at most {verdict.at_most}" if verdict.at_most is not verdict.release_class else ""
    travels = f" (travels as {verdict.channel})" if verdict.destructive else ""
    today = str(each.today.release_class) if each.today else "on the server"
    return (
        " ".join(version.label.split()),
        version.native_template or "?",
        "?" if version.devices is None else f"{version.devices:.0%}",
        "?" if version.offline_days is None else plural(version.offline_days, "day"),
        today,
        f"{verdict.release_class}{at_most}{travels}",
    )


def _notes(fleet: Fleet) -> Iterator[str]:
    """What a version alone meets, what no single release shows, and what stands there already."""
    for each in fleet.versions:
        if each.only_here:
            yield f"Only {each.version.label}: {_named(each.only_here)}"
    for each in fleet.versions:
        if each.over_several_releases:
            yield f"Shown by no single release, for {each.version.label}: {_named(each.over_several_releases)}"
    open_: dict[tuple[Danger, ...], list[InField]] = {}
    for each in fleet.versions:
        open_.setdefault(each.undecided, []).append(each)
    for dangers, where in open_.items():
        if dangers:
            yield f"Undecided for {_labels(where)}: {_named(dangers)}"
    for each in fleet.versions:
        if each.stands_already:
            stands = plural(len(each.stands_already), "danger")
            adds = f"the candidate adds {len(each.added)}" if each.added else "the candidate adds none"
            yield f"{each.version.label}: {stands} with what the server runs already; {adds}"


def _changes(fleet: Fleet) -> Iterator[str]:
    for row, where in fleet.destructive[:_CHANGES]:
        shares = [each.version.devices for each in where]
        share = f" ({sum(s for s in shares if s is not None):.0%} of devices)" if None not in shares else ""
        labels = ", ".join(each.version.label for each in where)
        yield f"{row.heading} [{row.fingerprint}]: {labels}{share}"
    if rest := len(fleet.destructive[_CHANGES:]):
        yield f"and {rest} more"


def _who(fleet: Fleet) -> Iterator[str]:
    """Who may stay, who must synchronise first and by when, and of whom it cannot be said."""
    staying = [each for each in fleet.versions if each.may_stay]
    failing = [each for each in staying if each.verdict.breaks_old_clients]
    yield f"May stay: {_labels(staying)}" + (
        f" (until they update, functions fail on {_labels(failing)})" if failing else ""
    )
    if syncing := [each for each in fleet.versions if each.must_sync_first]:
        yield f"Must synchronise before the deploy: {_labels(syncing)}{_until(syncing)}"
    if already := [each for each in fleet.versions if each.at_stake_already]:
        yield f"At stake with what the server runs already, the candidate adds nothing to it: {_labels(already)}"
    if rest := [each for each in fleet.versions if each.is_open]:
        yield f"Cannot be decided, so treat them as those that must synchronise: {_labels(rest)}{_until(rest)}"


def _until(versions: list[InField]) -> str:
    days = [each.version.offline_days for each in versions]
    known = [d for d in days if d is not None]
    if len(known) < len(days):
        return "; how long they may be offline is not stated"
    return f"; a device may be offline for {plural(max(known), 'day')}"


def _labels(versions: list[InField]) -> str:
    return ", ".join(each.version.label for each in versions) or "none"


def _named(dangers: tuple[Danger, ...]) -> str:
    told = [f"{danger.subject or 'the app'} [{danger.rule}]" for danger in dangers[:_NAMED]]
    return ", ".join(told) + (f" and {len(dangers) - _NAMED} more" if len(dangers) > _NAMED else "")


def _wrapped(line: str, first: str = "", later: str = "  ") -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
