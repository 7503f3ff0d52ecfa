"""The verdict as JSON, version 1. Same input, same bytes; the schema ships as ``data/verdict.schema.json``."""

from __future__ import annotations

import json as codec
import re

from mx_changeclass.findings.document import document
from mx_changeclass.findings.finding import Verdict

_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")  # halves of one, which UTF-8 cannot hold, and non-characters


def json(verdict: Verdict, *, everything: bool = False) -> str:
    """JSON text, UTF-8, two spaces of indent, a line end at the end."""
    text = codec.dumps(document(verdict, everything=everything), ensure_ascii=False, indent=2)
    return _NO_CHARACTERS.sub("\ufffd", text) + "\n"
