"""The verdict as JSON, version 1. Same input, same bytes; the schema ships as ``data/verdict.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mx_changeclass.findings.document import document
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.legible import json_text

if TYPE_CHECKING:
    from mx_changeclass.findings.fleet import Fleet


def json(verdict: Verdict, *, everything: bool = False, fleet: Fleet | None = None) -> str:
    """JSON text, UTF-8, two spaces of indent, a line end at the end. ``fleet`` is what NEW means for the versions in
    the field."""
    told = document(verdict, everything=everything)
    return json_text({**told, "fleet": fleet.to_dict()} if fleet else told)
