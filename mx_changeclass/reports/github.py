"""The verdict as workflow commands, which GitHub shows as annotations: a line a change, worst first."""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.legible import legible
from mx_changeclass.reports import machine_texts
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, OTA_SAFE, ReleaseClass
from mx_changeclass.wording import sentences

_COMMANDS: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "error",
    FULL_RELEASE: "warning",
    NEEDS_REDEPLOY: "warning",
    OTA_SAFE: "notice",
}


def github(verdict: Verdict, *, everything: bool = False) -> str:
    """Commands and nothing else. GitHub shows the first ten of each kind, so what a module answers for is left
    out unless ``everything`` is asked for."""
    settings = machine_texts.configuration(verdict)
    title = _property(f"configuration {verdict.policy.source}")
    told = f"::notice title={title}::{_data(settings)}\n" if settings else ""
    return told + "".join(_command(row, verdict) for row in verdict.rows if everything or not row.part_of)


def _command(row: Row, verdict: Verdict) -> str:
    waived = machine_texts.waived(row, verdict)
    title = f"{row.release_class}{f' ({waived})' if waived else ''}: {machine_texts.heading(row)}"
    message = f"{machine_texts.message(row)} [{sentences.deciding(row).rule.id} {row.fingerprint}]"
    where = f"file={_property(machine_texts.file(row, verdict))},title={_property(title)}"
    return f"::{_COMMANDS[OTA_SAFE if waived else row.release_class]} {where}::{_data(message)}\n"


def _data(text: str) -> str:
    return legible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
