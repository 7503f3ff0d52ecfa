"""The verdict as workflow commands, which GitHub shows as annotations: the verdict first, then the worst changes."""

from __future__ import annotations

from mx_changeclass.findings.finding import Verdict
from mx_changeclass.legible import legible
from mx_changeclass.reports.annotations import Annotation, announced


def github(verdict: Verdict, *, everything: bool = False) -> str:
    """Commands and nothing else, as many of each kind as GitHub shows of a step, or of ``everything``."""
    return "".join(map(_command, announced(verdict, everything=everything)))


def _command(told: Annotation) -> str:
    where = f"file={_property(told.file)}," if told.file else ""
    return f"::{told.level} {where}title={_property(told.title)}::{_data(told.message)}\n"


def _data(text: str) -> str:
    return legible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
