"""What may go out now, as JSON document, as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mx_changeclass.findings.document import model
from mx_changeclass.findings.hotfix import Choice, Hotfix, Piece
from mx_changeclass.legible import json_text, plain_lines
from mx_changeclass.model.types import PROJECT
from mx_changeclass.reports.markdown import escaped
from mx_changeclass.rules import catalogue
from mx_changeclass.wording.values import kind_in_words, plural, several

_WIDTH = 100
_LISTED = 12  # so many of a list are told; ``everything`` tells them all
_SHORT = 12  # digits of a commit id
_HOW = (
    "Take over what goes on a branch of the released version, or take back the rest on one of the new version; then "
    "see with 'mx-changeclass diff' that nothing else came along."
)
_CHECK = (
    "What goes was built on the released version, compared with it and classified. Studio Pro's own check for errors "
    "remains to be run."
)


def render_hotfix(found: Hotfix, format: str = "text", *, everything: bool = False) -> str:
    """What may go out, in one of ``FORMATS``. ``everything`` folds nothing."""
    if format == "json":
        return json_text(hotfix_document(found))
    lines = _lines(found, everything=everything)
    if format == "markdown":
        marked = "\n".join(one for level, line in lines for one in _marked(level, line))
        return plain_lines(marked.strip("\n") + "\n")
    wrapped = (one for level, line in lines for one in _wrapped(line.removeprefix(_PICK), 2 * level))
    return plain_lines("\n".join(wrapped) + "\n")


def _wrapped(text: str, indent: int) -> list[str]:
    first, further = " " * indent, " " * (indent + 2)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def _marked(level: int, line: str) -> tuple[str, ...]:
    if level == 0:
        return "", f"**{escaped(line)}**", ""
    box = "[ ] " if line.startswith(_PICK) else ""
    return (f"{'  ' * (level - 1)}- {box}{escaped(line.removeprefix(_PICK))}",)


_PICK = "\0"  # before a line that is a thing to do


def _lines(found: Hotfix, *, everything: bool) -> Iterator[tuple[int, str]]:
    """What is told, with how deep it stands."""
    if found.no_channel:
        yield 0, f"{found.note}. Ask again with --up-to needs-redeploy."
        return
    state = "" if found.proven else ": NOT PROVEN"
    yield 0, f"{found.going} of {plural(found.total, found.by)} may go up to {found.up_to}{state}"
    if found.note:
        yield 1, found.note
    if not found.proven:
        yield from ((1, f"open: {told}") for told in _open(found))
    limit = 10**9 if everything else _LISTED
    yield from _of_commits(found, limit) if found.by == "commit" else _of_parts(found, limit)
    if found.going:
        yield 0, _CHECK
        if found.by == "part":
            yield 0, _HOW


def _open(found: Hotfix) -> Iterator[str]:
    grave = [f for f in found.verdict.findings if f.at_most > found.up_to]
    for finding in grave[:_LISTED]:
        yield f"{finding.rule.title} [{finding.rule.id}] {finding.subject}".rstrip()


# -- by part ----------------------------------------------------------------------------------


def _of_parts(found: Hotfix, limit: int) -> Iterator[tuple[int, str]]:
    if found.goes:
        yield 0, f"Goes ({len(found.goes)})"
        yield from ((1, told) for told in _kinds(found.goes, limit))
    if found.blockers:
        yield 0, f"Holds back ({len(found.blockers)})"
        yield from _blocking(found.blockers, limit)
    if found.held:
        yield 0, f"Waits ({len(found.held)})"
        yield from _waiting(found.held, limit)


def _kinds(pieces: Iterable[Piece], limit: int) -> Iterator[str]:
    """Names with their kind, those of a kind together."""
    kinds: dict[str, list[str]] = {}
    for piece in pieces:
        kinds.setdefault(kind_in_words(piece.kind), []).append(_bare(piece.name))
    for kind, names in sorted(kinds.items()):
        yield f"{kind} {_some(names, limit)}"


def _blocking(pieces: Sequence[Piece], limit: int) -> Iterator[tuple[int, str]]:
    """Those that free something each for itself, then the others by what speaks against them."""
    freeing = [piece for piece in pieces if piece.frees]
    for piece in freeing:
        yield 1, f"{_named(piece)}: {_reason(piece)}"
        yield 2, f"without it also go: {_some(piece.frees, limit)}"
    alike: dict[str, list[Piece]] = {}
    for piece in pieces:
        if not piece.frees:
            alike.setdefault(_reason(piece), []).append(piece)
    for reason, group in alike.items():
        yield 1, f"{reason}: {'; '.join(_kinds(group, limit))}"


def _reason(piece: Piece) -> str:
    if not piece.rules:
        return "left out as asked"
    rules = catalogue()
    told = [f"{rules[rule].title} [{rule}]" if rule in rules else rule for rule in piece.rules]
    return (
        "; ".join(told[:2])
        + (f" and {len(told) - 2} more" if len(told) > 2 else "")
        + (" (only while the rest stays away)" if piece.only_alone else "")
    )


def _waiting(pieces: Sequence[Piece], limit: int) -> Iterator[tuple[int, str]]:
    """Those that wait for the same thing, together."""
    alike: dict[str, list[Piece]] = {}
    for piece in pieces:
        need = piece.needs[0] if piece.needs else None
        reason = f"for {_bare(need.name)} ({need.why})" if need else "for what holds back"
        alike.setdefault(reason, []).append(piece)
    for reason, group in list(alike.items())[:limit]:
        yield 1, f"{'; '.join(_kinds(group, limit))}: {reason}"
    if len(alike) > limit:
        yield 1, f"and {len(alike) - limit} more"


def _named(piece: Piece) -> str:
    if piece.kind == PROJECT:  # the version of Studio Pro
        return piece.name
    return f"{kind_in_words(piece.kind)} {_bare(piece.name)}".rstrip()


def _bare(name: str) -> str:
    return name.removeprefix("widget:")


def _some(names: Sequence[str], limit: int) -> str:
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest


# -- by commit --------------------------------------------------------------------------------


def _of_commits(found: Hotfix, limit: int) -> Iterator[tuple[int, str]]:
    state = {name: [c for c in found.commits if c.state == name] for name in ("pick", "blocks", "reverted", "there")}
    if state["pick"]:
        together = f"(together {found.verdict.release_class})"
        yield 0, f"On a branch from {found.released[:_SHORT]}, cherry-pick in this order {together}"
        yield from ((1, _PICK + _told(choice)) for choice in state["pick"])
    if state["blocks"]:
        yield 0, "Hold"
        for choice in state["blocks"]:
            yield 1, f"{_told(choice)}  [{_means(choice)}{_holds(choice)}]"
            yield 2, _because(choice)
    waits = _waits(found)
    if waits:
        yield 0, "Wait"
        for reason, ids in list(waits.items())[:limit]:
            yield 1, f"{_some(ids, 6)}: {reason}"
    if state["there"]:
        yield 0, f"Nothing to pick in: {_some([c.commit.id[:_SHORT] for c in state['there']], limit)}"
    if state["reverted"]:
        yield 0, f"Undone within the range: {_some([c.commit.id[:_SHORT] for c in state['reverted']], limit)}"


def _told(choice: Choice) -> str:
    commit = choice.commit
    merge = " (a merge)" if len(commit.parents) > 1 else ""
    return "  ".join(filter(None, (commit.id[:_SHORT], commit.date[:10], commit.author, commit.subject + merge)))


def _means(choice: Choice) -> str:
    open_ = choice.at_most != choice.release_class
    return f"{choice.release_class}, may be {choice.at_most}" if open_ else str(choice.release_class)


def _holds(choice: Choice) -> str:
    return f"; holds back {choice.holds_back}" if choice.holds_back else ""


def _because(choice: Choice) -> str:
    rules: dict[str, list[str]] = {}
    for rule, subject in choice.because:
        rules.setdefault(rule, []).append(_bare(subject) or "the app")
    order = sorted(rules, key=lambda rule: rule.startswith("agg-"))  # what single changes say tells more
    told = [f"{rule} {several(rules[rule])}" for rule in order]
    return "; ".join(told[:3]) + (f" and {plural(len(told) - 3, 'rule')} more" if len(told) > 3 else "")


def _waits(found: Hotfix) -> dict[str, list[str]]:
    waits: dict[str, list[str]] = {}
    for choice in found.commits:
        if choice.state == "held" and choice.needs:
            reason = f"for {choice.needs.name[:_SHORT]} ({choice.needs.why})"
        elif choice.state in ("late", "unread", "held"):
            reason = choice.why or "for what holds back"
        else:
            continue
        waits.setdefault(reason, []).append(choice.commit.id[:_SHORT])
    return waits


# -- JSON -------------------------------------------------------------------------------------


def hotfix_document(found: Hotfix) -> dict[str, Any]:
    """What may go out as plain values, version 1: the document of ``hotfix --format json``."""
    told: dict[str, Any] = {
        "schema": 1,
        "by": found.by,
        "up_to": str(found.up_to),
        "proven": found.proven,
        "class": str(found.verdict.release_class),
        "at_most": str(found.verdict.at_most),
        "note": found.note or None,
        "old": model(found.verdict.old),
    }
    if found.by == "commit":
        places = {
            "released": found.released,
            "branched_at": found.branched_at,
            "stops_at_upgrade": found.stops_at or None,
        }
        return {**told, **places, "commits": [_choice(choice) for choice in found.commits]}
    return {
        **told,
        "goes": [_piece(piece) for piece in found.goes],
        "blockers": [
            {**_piece(p), "rules": list(p.rules), "only_alone": p.only_alone, "frees": list(p.frees)}
            for p in found.blockers
        ],
        "held": [
            {**_piece(p), "needs": [{"name": need.name, "why": need.why} for need in p.needs]} for p in found.held
        ],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    return {"kind": piece.kind, "name": piece.name}


def _choice(choice: Choice) -> dict[str, Any]:
    commit, needs = choice.commit, choice.needs
    return {
        "commit": commit.id,
        "date": commit.date,
        "author": commit.author,
        "subject": commit.subject,
        "merge": len(commit.parents) > 1,
        "state": choice.state,
        "class": str(choice.release_class) if choice.release_class else None,
        "at_most": str(choice.at_most) if choice.at_most else None,
        "because": [list(pair) for pair in choice.because],
        "holds_back": choice.holds_back,
        "needs": [{"commit": needs.name, "why": needs.why}] if needs else [],
        "why": choice.why or None,
    }
