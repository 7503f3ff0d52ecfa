"""What an audit has done so far, kept in a file: a line a pair of commits. A later audit goes on where one ended.

A line holds good for the same project in its repository, under the same version of this package, the same rules and the
same policy only; others are passed over, as are lines that a machine that stopped left half-written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from typing import Any

from attrs import asdict, define, field

from mx_changeclass import __version__
from mx_changeclass.errors import PolicyError, ReadError
from mx_changeclass.findings.document import document, verdict_of
from mx_changeclass.findings.steps import Judged
from mx_changeclass.model.commits import Commit
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.regex import regex

_LINE = 1 << 28  # bytes of a line that is looked at
_BEGIN = b'{"under": "'  # of a line, whichever version wrote it
_HEAD = regex(rb'\{"under": "([0-9a-f]+)", "old": "([0-9a-f]+)", "new": "([0-9a-f]+)", ')  # of a line


@define
class Journal:
    """What is known of pairs of commits. One without a ``file`` knows nothing and keeps nothing."""

    file: Path | None = None
    _under: str = ""
    _places: dict[tuple[str, str], int] = field(factory=dict)

    @classmethod
    def of(cls, file: str | os.PathLike[str] | None, policy: Policy | None, project: str) -> Journal:
        """The journal in a file, which need not be there yet, as far as it tells of the project at a path in its
        repository: two projects may change in the same commits. Raises ``PolicyError`` for one that cannot be used."""
        if file is None:
            return cls()
        check_journal(file)
        journal = cls(Path(file), _under(policy_or_default(policy), project))
        try:
            journal._places = {pair: at for at, pair in journal._lines()}
        except OSError as error:
            raise _unusable(file, error) from None
        return journal

    def __contains__(self, pair: tuple[str, Commit]) -> bool:
        return self._told(pair) is not None

    def _told(self, pair: tuple[str, Commit]) -> dict[str, Any] | None:
        """What the line of a pair says, None where there is none that is whole."""
        at = self._places.get((pair[0], pair[1].id))
        if at is None:
            return None
        with self._opened("rb") as stream:
            stream.seek(at)
            line = stream.readline(_LINE)
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return told if isinstance(told, dict) else None

    def get(self, pair: tuple[str, Commit]) -> Judged | None:
        """What was found of a pair, None where it is not known."""
        told = self._told(pair)
        if told is None:
            return None
        try:
            return _judged(told)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, ReadError):
            where = f"{self.file}: what it says of {pair[1].id[:12]} is damaged"
            raise PolicyError(f"{where}. Give a journal that is not there yet") from None

    def keep(self, pair: tuple[str, Commit], judged: Judged) -> None:
        """Write what was found of a pair, as one line at once: others may write to the same file. Raises
        ``PolicyError`` where it cannot be written; what is kept stays. An error that may not come again is not kept."""
        error = judged.error
        if self.file is None or not (judged.verdict or isinstance(error, ReadError)):
            return
        told = {
            "under": self._under,
            "old": pair[0],
            "new": pair[1].id,
            "base": judged.old,
            "unread": judged.unread,
            "error": [error.source, error.problem, error.advice] if isinstance(error, ReadError) else None,
            "report": document(judged.verdict) if judged.verdict else None,
        }
        try:
            with self._opened("ab") as stream:
                stream.write(json.dumps(told).encode() + b"\n")
        except OSError as error:
            raise _unusable(self.file, error) from None

    def _lines(self) -> Iterator[tuple[int, tuple[str, str]]]:
        """Where the lines begin that hold good, and the pair of each."""
        at, whole = 0, True
        with self._opened("rb") as stream:
            while line := stream.readline(_LINE):
                head, whole = _HEAD.match(line), line.endswith(b"\n")
                if whole and head and head[1].decode() == self._under:
                    yield at, (head[2].decode(), head[3].decode())
                at += len(line)
        if not whole:
            with self._opened("ab") as stream:
                stream.write(b"\n")

    def _opened(self, mode: str) -> Any:
        return open(self.file or os.devnull, mode)


def check_journal(file: str | os.PathLike[str]) -> None:
    """Raise ``PolicyError`` where a file cannot be a journal: it cannot be written, or holds something else, which
    stays as it is. A file that is not there is made."""
    try:
        with open(file, "a+b") as stream:
            if not S_ISREG(os.fstat(stream.fileno()).st_mode):  # a device has no end
                raise OSError(EINVAL, "is no regular file")
            stream.seek(0)
            begin = stream.read(len(_BEGIN))
    except OSError as error:
        raise _unusable(file, error) from None
    if begin not in (b"", _BEGIN):
        raise PolicyError(f"{file}: is no journal of an audit. Give one, or a file that is not there yet")


def _unusable(file: str | os.PathLike[str] | None, error: OSError) -> PolicyError:
    return PolicyError(f"{file}: {error.strerror or error}. Give a journal that can be written")


def _judged(told: dict[str, Any]) -> Judged:
    """What a line says of a pair: a verdict, or why there is none."""
    base, unread, report = told["base"], told["unread"], told["report"]
    if not isinstance(base, str) or not isinstance(unread, str):
        raise TypeError("no id of a commit")
    error = None if report else ReadError(*map(str, told["error"]))
    return Judged(base, verdict_of(report) if report else None, unread, error)


def _under(policy: Policy, project: str) -> str:
    """What a verdict depends on beside the two commits."""
    from mx_changeclass.rules import catalogue

    rules = [rule.to_dict() for rule in catalogue().values()]
    told = json.dumps([__version__, asdict(policy), rules, project], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
