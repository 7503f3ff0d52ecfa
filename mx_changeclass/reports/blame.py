"""Who brought what, as JSON document, as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mx_changeclass.findings.blame import Blame, Blamed, How
from mx_changeclass.findings.document import model
from mx_changeclass.legible import json_text, plain_line
from mx_changeclass.model.commits import Commit
from mx_changeclass.reports.markdown import escaped
from mx_changeclass.wording.values import plural

_WIDTH = 100
_LISTED = 6  # so many subjects of a rule, and so many rules of a commit, are told; ``everything`` tells them all
_SHORT = 12  # digits of a commit id
_UNNAMED = {
    How.TOGETHER: "By no commit alone, only together",
    How.WHOLE: "By the release as a whole",
}


def render_blame(found: Blame, format: str = "text", *, everything: bool = False) -> str:
    """Who brought what, in one of ``STEP_FORMATS``. ``everything`` folds nothing."""
    if format == "json":
        return json_text(blame_document(found))
    lines = _lines(found, 10**9 if everything else _LISTED)
    if format == "markdown":
        marked = [plain_line(one) for level, line in lines for one in _marked(level, escaped(line))]
        return "".join(one + "\n" for last, one in zip(("", *marked), marked, strict=False) if one or last)
    wrapped = (one for level, line in lines for one in _wrapped(" ".join(line.split()), 2 * level))
    return "".join(plain_line(line) + "\n" for line in wrapped)


def _wrapped(text: str, indent: int) -> list[str]:
    first, further = " " * indent, " " * (indent + 2)
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def _marked(level: int, line: str) -> tuple[str, ...]:
    return (f"- {line}",) if level else ("", f"**{line}**", "")


def _lines(found: Blame, limit: int) -> Iterator[tuple[int, str]]:
    """What is told, with how deep it stands: the commits by the worst that they brought, then what none brought."""
    led: dict[tuple[bool, str], list[Blamed]] = {}
    for each in found.findings:
        if each.how not in _UNNAMED:
            led.setdefault((each.how is How.UNDOES, each.by[0]), []).append(each)
    commits = {commit.id: commit for commit in found.commits}
    yield 0, _headline(found, len({commit for _, commit in led}))
    for (undone, commit), brought in led.items():
        yield 0, f"{'Undoes work of the old line: ' if undone else ''}{_told(commits[commit])}"
        yield from _rules(brought, limit)
    for how, title in _UNNAMED.items():
        if rest := [each for each in found.findings if each.how is how]:
            yield 0, title
            yield from _rules(rest, limit)
    if found.unread:
        yield 0, f"Cannot be read, and is told with the commit after it: {_ids(found.unread, limit)}"


def _headline(found: Blame, commits: int) -> str:
    number = plural(len(found.findings), "finding")
    lines = "" if found.released == found.base else f"; the two lines part at {found.base[:_SHORT]}"
    looked = plural(found.looked_at, "commit")
    return f"{found.verdict.release_class}: {number}, brought by {commits} of {looked}{lines}"


def _told(commit: Commit) -> str:
    """A commit in a line: its id, day, author and subject, and the stories it was for."""
    merge = " (a merge)" if len(commit.parents) > 1 else ""
    stories = f" [{', '.join(commit.stories)}]" if commit.stories else ""
    return f"{commit.id[:_SHORT]} {commit.date[:10]} {commit.author}: {commit.subject}{merge}{stories}"


def _rules(brought: Iterable[Blamed], limit: int) -> Iterator[tuple[int, str]]:
    """What was brought, those of a rule and of the same commits in a line."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for each in brought:
        finding = each.finding
        key = str(finding.release_class), f"{finding.rule.title} [{finding.rule.id}]", _beside(each)
        alike.setdefault(key, []).append(finding.subject.removeprefix("widget:") or "the app")
    for (release_class, rule, beside), subjects in list(alike.items())[:limit]:
        rest = f" and {len(subjects) - limit} more" if len(subjects) > limit else ""
        yield 1, f"{release_class}: {rule}: {', '.join(subjects[:limit])}{rest}{beside}"
    if len(alike) > limit:
        more = sum(map(len, list(alike.values())[limit:]))
        yield 1, f"and {more} more"


def _beside(each: Blamed) -> str:
    """The other commits that a finding needs, that bring it, too, or that it takes back."""
    if each.how is How.UNDOES:
        return ""
    told = ""
    if each.how is How.SEVERAL:
        told = f"; also by {_ids(each.by[1:], 3)}, so to take back one is not enough"
    if each.how is How.TOGETHER:
        told = f"; {_ids(each.by, 3)}"
    lacking = [commit for commit in each.undone if commit in each.alone]
    return f"{told}; the new line lacks {_ids(lacking, 3)}" if lacking else told


def _ids(commits: Sequence[str], limit: int) -> str:
    rest = f" and {len(commits) - limit} more" if len(commits) > limit else ""
    return ", ".join(commit[:_SHORT] for commit in commits[:limit]) + rest


# -- JSON -------------------------------------------------------------------------------------


def blame_document(found: Blame) -> dict[str, Any]:
    """Who brought what as plain values, version 1: the document of ``blame --format json``."""
    return {
        "schema": 1,
        "old": model(found.verdict.old),
        "new": model(found.verdict.new),
        "class": str(found.verdict.release_class),
        "at_most": str(found.verdict.at_most),
        "base": found.base,
        "released": found.released,
        "looked_at": found.looked_at,
        "unread": list(found.unread),
        "commits": [_commit(commit, found) for commit in found.commits],
        "findings": [_finding(each) for each in found.findings],
    }


def _commit(commit: Commit, found: Blame) -> dict[str, Any]:
    return {
        "commit": commit.id,
        "date": commit.date,
        "author": commit.author,
        "subject": commit.subject,
        "stories": list(commit.stories),
        "merge": len(commit.parents) > 1,
        "findings": sum(commit.id in each.by for each in found.findings),
    }


def _finding(each: Blamed) -> dict[str, Any]:
    return {
        "rule": each.finding.rule.id,
        "kind": each.finding.kind,
        "subject": each.finding.subject,
        "class": str(each.finding.release_class),
        "at_most": str(each.finding.at_most),
        "fingerprints": list(each.fingerprints),
        "how": str(each.how),
        "commits": list(each.commits),
        "shown_alone_by": list(each.alone),
        "undone": list(each.undone),
    }
