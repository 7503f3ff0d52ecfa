"""The verdict as JSON, version 1. Same input, same bytes; the schema ships as ``data/verdict.schema.json``."""

from __future__ import annotations

import json as codec

from mx_changeclass.findings.document import document
from mx_changeclass.findings.finding import Verdict


def json(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text, UTF-8, two spaces of indent, a line end at the end."""
    return codec.dumps(document(verdict, everything=everything), ensure_ascii=False, indent=2) + "\n"
