"""The verdict as a page; a notebook shows it for a ``Verdict``."""

from __future__ import annotations

import pkgutil

from mx_changeclass.findings.finding import Verdict
from mx_changeclass.findings.plan import outline
from mx_changeclass.legible import legible, xml_text
from mx_changeclass.wording import plans, sentences
from mx_changeclass.wording.accepted import accepted, waived_mark


def html(verdict: Verdict, *, everything: bool = False) -> str:
    """A self-contained fragment: no scripts, nothing fetched, all text of the model escaped."""
    from jinja2 import Environment

    source = pkgutil.get_data("mx_changeclass.data", "verdict.html.j2")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_inline)
    template = environment.from_string((source or b"").decode())
    words = {"accepted": accepted, "waived_mark": waived_mark, "steps": plans.told(outline(verdict))}
    return xml_text(template.render(verdict=verdict, sentences=sentences, everything=everything, **words))


def _inline(value: object) -> object:
    """A text that is put into the page, on one line of it."""
    return legible(" ".join(value.split())) if isinstance(value, str) and not hasattr(value, "__html__") else value
