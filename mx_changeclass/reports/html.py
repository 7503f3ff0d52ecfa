"""The verdict as a page for a browser, and the same page in a frame for a notebook."""

from __future__ import annotations

import html as markup
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import frozen

from mx_changeclass.data import raw
from mx_changeclass.findings.finding import Row, RowPart, Verdict
from mx_changeclass.findings.plan import outline
from mx_changeclass.legible import legible, xml_text
from mx_changeclass.regex import regex
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, ReleaseClass
from mx_changeclass.wording import plans, sentences
from mx_changeclass.wording.accepted import accepted, waived_mark
from mx_changeclass.wording.changes import explanation
from mx_changeclass.wording.values import label, plural, sentence, whole

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

CELL = 1_000_000  # characters that a page may take in a notebook
_BREAKS = regex(r"(?<=[./_])(?=\w)")
_LEFT_OUT = "left-out"  # the anchor of what stands at no change
_NOTES = 20  # so many notes of a kind are told in a cell that cannot hold all
_NAMED = 5  # so many undecided changes are named above
_CALM = 60  # so many changes of a class below FULL_RELEASE are shown unfolded


def html(verdict: Verdict, *, everything: bool = False) -> str:
    """A document that needs nothing but itself, with every change of the verdict. Its script only adds search and
    filters; ``everything`` also lists what was set aside as noise."""
    return _page(verdict, verdict.rows, everything=everything)


def framed(verdict: Verdict) -> str:
    """The page in a frame of its own, for a cell of a notebook: neither sees the styles of the other, and scripts of
    the page reach nothing but the page. Of a verdict whose page is larger than ``CELL`` it shows the worst changes and
    says how to write all of them to a file."""
    rows: Sequence[Row] = verdict.rows
    page = _framed(verdict, rows)
    if len(page) > CELL:
        page = _framed(verdict, rows, brief=True)
    while len(page) > CELL and rows:
        rows = rows[: len(rows) * 9 * CELL // (10 * len(page))]
        page = _framed(verdict, rows, brief=True)
    return page


def _framed(verdict: Verdict, rows: Sequence[Row], *, brief: bool = False) -> str:
    return in_frame(_page(verdict, rows, framed=True, brief=brief), f"Verdict {verdict.release_class}")


def in_frame(page: str, title: str) -> str:
    """A page in a frame of its own. The strip below the frame is where the height is dragged: over a frame the pointer
    belongs to what is in it."""
    return (
        '<div style="box-sizing: border-box; height: 40rem; padding-bottom: 1rem; overflow: hidden; resize: vertical">'
        f'<iframe title="{markup.escape(legible(title))}" sandbox="allow-scripts" style="box-sizing: border-box; '
        'width: 100%; height: 100%; border: 1px solid #8888" '
        f'srcdoc="{markup.escape(page)}"></iframe></div>'
    )


@frozen
class _Module:
    """The changes of one class in one module: its own, and those that its coming or going answers for."""

    name: str
    anchor: str
    rows: tuple[Row, ...]
    open: bool

    @property
    def own(self) -> list[Row]:
        return [row for row in self.rows if not row.part_of]

    @property
    def parts(self) -> list[Row]:
        return sentences.unfolded([row for row in self.rows if row.part_of])


@frozen
class _Section:
    """The changes of one class, by module."""

    name: ReleaseClass
    count: int
    modules: tuple[_Module, ...]


def _sections(verdict: Verdict, shown: Sequence[Row]) -> Iterator[_Section]:
    for release_class, rows in sentences.classes(shown):
        by_module: dict[str, list[Row]] = {}
        for row in rows:
            by_module.setdefault(row.module, []).append(row)
        unfolded = release_class > NEEDS_REDEPLOY or len(rows) <= _CALM
        modules = (
            _Module(name or "The app", f"{release_class}.{quote(name, safe='')}", tuple(same), unfolded)
            for name, same in sorted(by_module.items(), key=lambda item: (bool(item[0]), item[0].lower(), item[0]))
        )
        yield _Section(release_class, verdict.counts[release_class], tuple(modules))


@frozen
class _Fact:
    """What decides how the verdict is read, with links to where on the page its changes stand."""

    name: str
    told: str
    links: Sequence[tuple[str, str]] = ()


def _facts(verdict: Verdict) -> Iterator[_Fact]:
    facts, told = verdict.facts, dict(sentences.facts(verdict))
    old, new = (version or "not known" for version in facts.studio_pro)
    yield _Fact("Studio Pro", new if old == new or verdict.old.form == "none" else f"{old} → {new}")
    waiting = [("see them", str(FULL_RELEASE))] if facts.waiting else []
    yield from (_Fact("Over the air", text, waiting) for name, text in told.items() if name == "over the air")
    yield from (_Fact("Native template", text) for name, text in told.items() if name == "native template")
    if facts.undecided:
        rows = [row for row in verdict.rows if row.undecided]
        shown, rest = sentences.first_of(rows, _NAMED)
        links = [(row.subject_with_kind, row.fingerprint) for row in shown]
        yield _Fact("Undecided", plural(len(rows), "change") + (", such as" if rest else ""), links)
    for name, counted in (
        ("Ignored", facts.ignored and plural(facts.ignored, "changed file")),
        ("Not seen", facts.unseen and plural(len(facts.unseen), "gap")),
        ("Set aside", facts.set_aside and f"{plural(facts.set_aside, 'edit')} without meaning"),
    ):
        if counted:
            yield _Fact(name, "", [(counted, _LEFT_OUT)])


def _left_out(verdict: Verdict, everything: bool) -> Iterator[tuple[str, list[str]]]:
    """What stands at no change, by title."""
    at_changes = {f for row in verdict.rows for f in row.findings}
    yield "Not seen", sentences.not_shown(verdict)
    yield "Ignored by configuration", [f"{i.pattern}: {plural(i.changed, 'changed file')}" for i in verdict.ignored]
    remarks = [f for f in verdict.findings if f not in at_changes]
    yield (
        "Said of no single change",
        [f"{f.subject or 'the app'}: {f.rule.title} [{f.rule.id}]. {f.message}" for f in remarks],
    )
    yield "Set aside", list(filter(None, [sentences.set_aside(verdict, everything=True)]))
    if everything:
        yield from ((f"Set aside as {reason}", edits) for reason, edits in sentences.asides(verdict))


def _values(rows: Iterable[Row]) -> list[RowPart]:
    """The values of a subject that differ and that the words of their change do not tell whole."""
    return [
        part
        for row in rows
        for part in row.parts or (RowPart("", row.prop, row.old, row.new),)
        if any(value is not None and whole(value) not in row.what for value in (part.old, part.new))
    ]


def _page(
    verdict: Verdict, shown: Sequence[Row], *, everything: bool = False, framed: bool = False, brief: bool = False
) -> str:
    """The page with some of the changes; ``framed`` for a frame, ``brief`` with few of the notes that stand at no
    change."""
    sections = list(_sections(verdict, shown))
    left_out = [(title, notes) for title, notes in _left_out(verdict, everything) if notes]
    cut = len(verdict.rows) - len(shown) + sum(max(len(notes) - _NOTES, 0) for _, notes in left_out if brief)
    places = {_LEFT_OUT, *(str(section.name) for section in sections), *(row.fingerprint for row in shown)}
    modules = sorted({module.name for section in sections for module in section.modules})
    rules = {f.rule.id: f.rule.title for row in shown for f in row.findings}
    profiles = {name: str(number) for number, name in enumerate(sorted({n for row in shown for n in row.audience}))}
    page = _template().render(
        verdict=verdict,
        framed=framed,
        sections=sections,
        profiles=profiles,
        facts=list(_facts(verdict)),
        places=places,
        left_out=[(title, notes[:_NOTES] if brief else notes) for title, notes in left_out],
        rest=cut,
        choices=(
            ("class", "Class", [(section.name, section.name) for section in sections]),
            ("module", "Module", zip(modules, modules, strict=True)),
            ("rule", "Rule", sorted(rules.items(), key=lambda rule: (rule[1], rule[0]))),
            ("profile", "Profile", [(number, name) for name, number in profiles.items()]),
        ),
    )
    return xml_text(page)


def escaping() -> Environment:
    """What makes a template of a page. Whatever is put into it is escaped here and nowhere else."""
    from jinja2 import Environment

    return Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_inline, keep_trailing_newline=True
    )


@cache
def _template() -> Template:
    """The template with all that it calls."""

    environment = escaping()
    environment.filters.update(digest=digest, breaking=_breaking)
    environment.globals.update(
        accepted=accepted, explanation=explanation, label=label, outline=outline, plans=plans, plural=plural,
        sentence=sentence, sentences=sentences, values=_values, waived_mark=waived_mark, whole=whole,
        style=raw("verdict.css").decode(), script=raw("verdict.js").decode(),
    )  # fmt: skip
    return environment.from_string(raw("verdict.html.j2").decode())


def digest(text: str) -> str:
    """By which a policy of the page lets a style or script of its own pass (Content Security Policy, level 3)."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _breaking(name: str) -> Markup:
    """A name that may break after its dots, strokes and the like, where a line is too short for it."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, _BREAKS.split(str(_inline(name)))))


def _inline(value: object) -> object:
    """A text that is put into the page, on one line of it."""
    return legible(" ".join(value.split())) if isinstance(value, str) and not hasattr(value, "__html__") else value
