"""The audits of one app, or of a portfolio of them, in each format but the page."""

from __future__ import annotations

import csv
import io
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Any

from mx_changeclass import __version__
from mx_changeclass.errors import MxError, PolicyError
from mx_changeclass.findings.document import document
from mx_changeclass.findings.steps import (
    STEP_COLUMNS,
    Recurring,
    Step,
    between_binaries,
    other_bases,
    recurring,
    table_rows,
    worst_steps,
)
from mx_changeclass.legible import json_text, plain_line
from mx_changeclass.reports import AUDIT_FORMATS
from mx_changeclass.reports.markdown import escaped
from mx_changeclass.vocabulary import NONE, ReleaseClass
from mx_changeclass.wording.values import plural, sentence

if TYPE_CHECKING:
    from mx_changeclass.timeline import Audit

Audits = Mapping[str, "Audit"]  # by the name of the app

_WORST = 5  # so many of the worst steps, and of the rules that recur, are told above the steps
_WIDTH = 100
_WIDEST = 40  # characters of a column; what is longer moves the rest of its line alone
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would reckon, were it to begin a cell
SERVER_LOSS = "deletes data on the server"
_SHORT = {c: str(c).lower().replace("_", "-") for c in ReleaseClass}


def render_audits(audits: Audits, format: str = "text", *, everything: bool = False, reports: str = "") -> str:
    """The audits in one of ``FORMATS``. ``everything`` puts the whole report of each step into the JSON; ``reports``
    is the address of the folder to whose pages the page leads (see ``audit_page.shown_steps``)."""
    if format not in AUDIT_FORMATS:
        raise PolicyError(f"unknown format {format!r}; use one of {', '.join(AUDIT_FORMATS)}")
    if format == "html":
        page: str = import_module("mx_changeclass.reports.audit_page").page(audits, reports)
        return page
    if format == "json":
        return json_text(audit_document(audits, everything=everything))
    if format == "csv":
        return _csv(audits)
    return "".join(plain_line(line) + "\n" for line in (_markdown if format == "markdown" else _text)(audits))


def audit_document(audits: Audits, *, everything: bool = False) -> dict[str, Any]:
    """The document of ``audit --format json`` as plain values."""
    return {
        "schema": 1,
        "tool": {"name": "mx-changeclass", "version": __version__},
        "apps": [
            {
                "name": name,
                "steps": [_step(step, everything=everything) for step in audit.steps],
                "unread": [str(error) for error in audit.unread],
                "recurring": [_recurring(r) for r in recurring(audit.steps)],
                "binaries": [{"commit": step.new, "days": days} for step, days in between_binaries(audit.steps)],
            }
            for name, audit in audits.items()
        ],
        "errors": [{"name": name, "error": str(e)} for name, e in errors_of(audits).items()],
    }


def _recurring(told: Recurring) -> dict[str, Any]:
    return {
        "rule": told.rule.id,
        "title": told.rule.title,
        "mitigation": told.rule.mitigation,
        "steps": told.steps,
        "findings": told.findings,
        "last": told.last.new,
    }


def _step(step: Step, *, everything: bool) -> dict[str, Any]:
    verdict = step.verdict
    told: dict[str, Any] = {
        "old": step.old,
        "new": step.new,
        "date": step.commit.date or None,
        "author": step.commit.author or None,
        "subject": step.commit.subject or None,
        "tags": list(step.commit.tags),
        "class": str(verdict.release_class),
        "at_most": str(verdict.at_most),
        "channel": str(verdict.channel),
        "undecided": verdict.undecided,
        "breaks_old_clients": verdict.breaks_old_clients,
        "server_data_loss": verdict.server_data_loss,
        "counts": {str(c): n for c, n in verdict.counts.items()},
        "summary": list(verdict.summary),
        "skipped": [str(error) for error in step.skipped],
        "changes": [
            {
                "fingerprint": row.fingerprint,
                "class": str(row.release_class),
                "kind": row.kind,
                "module": row.module,
                "name": row.name,
                "what": row.what,
                "rules": [f.rule.id for f in row.findings],
            }
            for row in verdict.rows
        ],
    }
    if everything:
        told["report"] = document(verdict)
    return told


def _csv(audits: Audits) -> str:
    """One row a step, and one for what could not be judged. A text that a spreadsheet would reckon begins with an
    apostrophe."""
    written = io.StringIO()
    table = csv.DictWriter(written, STEP_COLUMNS, lineterminator="\n")
    table.writeheader()
    for name, audit in audits.items():
        table.writerows(map(_cells, table_rows(name, audit.steps, audit.unread)))
    for name, error in errors_of(audits).items():
        table.writerows(map(_cells, table_rows(name, (), (error,))))
    return written.getvalue()


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = plain_line(" ".join(value.split()))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _counts(step: Step) -> str:
    told = ", ".join(f"{n} {_SHORT[c]}" for c, n in reversed([*step.verdict.counts.items()]) if n) or "no change"
    return f"{told}; {SERVER_LOSS}" if step.verdict.server_data_loss else told


def _class(step: Step) -> str:
    verdict = step.verdict
    open_end = f", at most {verdict.at_most}" if verdict.at_most is not verdict.release_class else ""
    return f"{verdict.release_class}{open_end}"


def audit_headline(steps: Sequence[Step]) -> str:
    """How many steps, from when to when, and how many of each class."""
    if not steps:
        return "no step"
    days = sorted(step.day for step in steps if step.day)
    span = "" if not days else f" on {days[0]}" if days[0] == days[-1] else f" from {days[0]} to {days[-1]}"
    counted = (_counted(c, steps) for c in reversed(ReleaseClass) if c is not NONE)
    return f"{plural(len(steps), 'step')}{span}: " + ", ".join(filter(None, counted))


def _counted(release_class: ReleaseClass, steps: Sequence[Step]) -> str:
    """ "6 FULL_RELEASE (2 may be DESTRUCTIVE)": what is certain, and what those steps may be once it is decided."""
    found = Counter(s.verdict.at_most for s in steps if s.verdict.release_class is release_class)
    maybe = ", ".join(f"{found[c]} may be {c}" for c in reversed(ReleaseClass) if c > release_class and found[c])
    return f"{found.total()} {release_class}{maybe and f' ({maybe})'}" if found else ""


def losses_told(steps: Sequence[Step]) -> str:
    """How many steps delete data on the server, in words; "" where none does."""
    losing = sum(step.verdict.server_data_loss for step in steps)
    told = SERVER_LOSS if losing == 1 else SERVER_LOSS.replace("deletes", "delete")
    return f"{plural(losing, 'step')} {told}" if losing else ""


def binaries_told(steps: Sequence[Step]) -> str:
    """How often the stores were needed, in words; "" where they never were."""
    found = between_binaries(steps)
    if not found:
        return ""
    days = [days for _, days in found if days is not None]
    if not days:
        return f"{plural(len(found), 'step')} needed a new binary"
    apart = plural(int(median(days)), "day")
    return f"{plural(len(found), 'step')} needed a new binary, a median of {apart} apart"


def in_sentences(*told: str) -> str:
    """What there is of these texts, a sentence each."""
    return " ".join(map(sentence, filter(None, told)))


def _text(audits: Audits) -> Iterator[str]:
    for number, (name, audit) in enumerate(audits.items()):
        yield from ([""] if number else [])
        yield f"{name}: {audit_headline(audit.steps)}"
        yield from filter(None, [losses_told(audit.steps), binaries_told(audit.steps)])
        grave = [r for r in recurring(audit.steps) if r.steps > 1][:_WORST]
        if grave:
            yield ""
            yield "Again and again"
            for r in grave:
                yield f"  in {plural(r.steps, 'step')}: {r.rule.title} [{r.rule.id}]"
                if r.rule.mitigation:
                    yield from _wrapped(f"do: {r.rule.mitigation}", "    ", "      ")
        yield ""
        table = [(step.day or "-", step.name, _class(step), _counts(step)) for step in audit.steps]
        bases = other_bases(audit.steps)
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*table, strict=True)]
        for step, cells in zip(audit.steps, table, strict=True):
            yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
            below = " " * (widths[0] + 2)
            yield f"{below}{step.commit.author}: {step.commit.subject}"
            if step.new in bases:
                yield f"{below}compared with {bases[step.new]}"
            yield from (f"{below}! not judged: {error}" for error in step.skipped)
        yield from (f"! not judged after the last step: {error}" for error in audit.unread)
    yield from _errors(audits)


def _wrapped(line: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        line, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def errors_of(audits: Audits) -> Mapping[str, MxError]:
    """The apps of a portfolio that could not be audited."""
    found: Mapping[str, MxError] = getattr(audits, "errors", {})
    return found


def _errors(audits: Audits) -> Iterator[str]:
    yield from (f"{name}: not audited: {error}" for name, error in errors_of(audits).items())


def _markdown(audits: Audits) -> Iterator[str]:
    for name, audit in audits.items():
        yield f"## {escaped(name)}"
        yield ""
        steps = audit.steps
        yield escaped(in_sentences(audit_headline(steps), losses_told(steps), binaries_told(steps)))
        yield ""
        yield "| release | day | class | changes | by | subject |"
        yield "| --- | --- | --- | --- | --- | --- |"
        bases = other_bases(steps)
        for step in steps:
            base = f" (compared with {bases[step.new]})" if step.new in bases else ""
            cells = (
                escaped(step.name + base), step.day, _class(step), _counts(step), escaped(step.commit.author),
                escaped(step.commit.subject),
            )  # fmt: skip
            yield "| " + " | ".join(cells) + " |"
        skipped = [f"not judged: {error}" for step in audit.steps for error in step.skipped]
        skipped += [f"not judged after the last step: {error}" for error in audit.unread]
        if skipped:
            yield ""
            yield from (f"- {escaped(line)}" for line in skipped)
        worst = worst_steps(audit.steps, _WORST)
        yield ""
        for step in worst:
            yield f"- {escaped(step.name)} ({_class(step)}): {escaped(' '.join(step.verdict.summary))}"
        yield ""
    yield from map(escaped, _errors(audits))
