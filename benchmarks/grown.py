"""Apps of any size, written as Studio Pro stores them: pages, nanoflows and entities in modules, all of it reached
from a native profile, as in the worst of real apps."""

from __future__ import annotations

from pathlib import Path

from tests.builders.build import write_v2
from tests.builders.elements import (
    attribute,
    box,
    button,
    commits,
    creates,
    entity,
    lists,
    nanoflow,
    opens,
    page,
    shows,
)
from tests.builders.models import Doc, Model, Node

PAGES, FLOWS = 8, 4  # of a module, beside its domain model and itself
_CAPTION = "content.template.en_US"
UNITS = PAGES + FLOWS + 2


def grown(units: int) -> Model:
    """An app of so many units, rounded up to whole modules."""
    app = Model()
    app.add(Node("Projects$Project"), "")
    modules = max(1, units // UNITS)
    for m in range(modules):
        name = f"Part{m:04}"
        home = app.module(
            name, *(entity(f"Thing{i}", attribute("Title"), attribute("Done", "Boolean")) for i in range(3))
        )
        for i in range(PAGES):
            following = f"{name}.Page{i + 1}" if i + 1 < PAGES else f"Part{(m + 1) % modules:04}.Page0"
            app.add(_page(name, i, following), home=home)
        for i in range(FLOWS):
            app.add(nanoflow(f"Flow{i}", creates(f"{name}.Thing{i % 3}"), commits("New")), home=home)
    app.native(home="Part0000.Page0")
    return app


def _page(module: str, number: int, following: str) -> Node:
    rows = [_text(f"label{i}", f"Line {i} of page {number}") for i in range(12)]
    inside = box("frame", *rows, shows(f"{module}.Thing{number % 3}"), lists(f"{module}.Thing{number % 3}"))
    return page(f"Page{number}", inside, button("go", f"{module}.Flow{number % FLOWS}"), opens(following))


def _text(name: str, caption: str) -> Node:
    template = {"content": "Pages$ClientTemplate", "content.template": "Texts$Text", _CAPTION: caption}
    return Node("Pages$DynamicText", name, "widgets", template)


def edited(app: Model, changed: int) -> Model:
    """The app with another text on so many of its pages; it is edited in place."""
    pages = [doc for doc in app.docs if doc.root.type == "Pages$Page"]
    for doc in pages[:changed]:
        _said(doc).props[_CAPTION] = "Another text"
    return app


def _said(doc: Doc) -> Node:
    return doc.root.find("label3")


def write(units: int, changed: int, folder: Path) -> tuple[Path, Path]:
    """Two versions of an app below a folder."""
    app = grown(units)
    old = write_v2(app.snapshot(), folder / "old")
    return old, write_v2(edited(app, changed).snapshot(), folder / "new")
