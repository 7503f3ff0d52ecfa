"""Hypothesis strategies: whole models, and pairs of a model with an edited copy."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.builders.elements import (
    association,
    attribute,
    box,
    button,
    entity,
    enumeration,
    nanoflow,
    page,
    setting,
    step,
    text,
    widget,
)
from tests.builders.models import Doc, Model, Node, new_id

NAMES = ("A", "B", "C", "D")
_some = st.integers(0, 3)
_names = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)


@st.composite
def widgets(draw: st.DrawFn, depth: int = 2) -> list[Node]:
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
        kind = draw(st.integers(0, 3 if depth else 2))
        if kind == 0:
            found.append(text(name, draw(st.sampled_from(("Hello", "Bye")))))
        elif kind == 1:
            found.append(button(name, draw(st.sampled_from(("A.B", "B.A", "A.A")))))
        elif kind == 2:
            values = [setting(k, primitiveValue=draw(st.sampled_from(("x", "y")))) for k in draw(_names)]
            found.append(widget("com.acme.Badge", *values, name=name, definition=draw(st.sampled_from(("d1", "d2")))))
        else:
            found.append(box(name, *draw(widgets(depth - 1))))
    return found


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A small model: modules with entities, pages, nanoflows, enumerations, perhaps in folders."""
    model = Model(version=draw(st.sampled_from(("10.24.0", "11.0.0"))))
    for module_name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=2)):
        entities = [
            entity(n, *(attribute(a) for a in draw(_names)), persistable=draw(st.booleans())) for n in draw(_names)
        ]
        links = (
            tuple(
                association(f"{n}_x", draw(st.sampled_from(entities)), draw(st.sampled_from(entities)))
                for n in draw(_names)
            )
            if entities
            else ()
        )
        home = model.module(module_name, *entities, links=links)
        if draw(st.booleans()):
            home = model.add(Node("Projects$Folder", draw(st.sampled_from(NAMES))), "folders", home)
        for name in draw(_names):
            model.add(page(name, *draw(widgets())), home=home)
        for name in draw(_names):
            steps = [step("ChangeVariableAction", value=draw(st.sampled_from(("1", "2")))) for _ in range(draw(_some))]
            model.add(nanoflow(name, *steps), home=home)
        for name in draw(_names):
            model.add(enumeration(f"E{name}", *draw(_names)), home=home)
    return model


# -- edits: each takes a model and leaves another ------------------------------------------------


def _nodes(model: Model) -> list[tuple[Doc, Node]]:
    return [(d, n) for d in model.docs for n in d.root.walk()]


def _inner(model: Model) -> list[tuple[Node, Node]]:
    return [(n, kid) for _, n in _nodes(model) for kid in n.kids]


def rename(draw: st.DrawFn, model: Model) -> None:
    _, node = draw(st.sampled_from([(d, n) for d, n in _nodes(model) if n.name]))
    node.name += "z"


def remove(draw: st.DrawFn, model: Model) -> None:
    inner = _inner(model)
    from_inside: bool = draw(st.booleans())
    if inner and from_inside:
        outer, kid = draw(st.sampled_from(inner))
        outer.kids.remove(kid)
    elif documents := [d for d in model.docs if d.slot == "documents"]:
        model.docs.remove(draw(st.sampled_from(documents)))


def add(draw: st.DrawFn, model: Model) -> None:
    frames = [n for _, n in _nodes(model) if n.type in ("Pages$DivContainer", "Pages$LayoutCallArgument")]
    into_frame: bool = draw(st.booleans())
    if frames and into_frame:
        into = draw(st.sampled_from(frames))
        into.kids.insert(draw(st.integers(0, len(into.kids))), text("new", "Hello"))
    else:
        model.add(page(draw(st.sampled_from(NAMES)) + "n", *draw(widgets())), home=model.docs[0])


def put(draw: st.DrawFn, model: Model) -> None:
    _, node = draw(st.sampled_from(_nodes(model)))
    key = draw(st.sampled_from(("appearance.class", "documentation", "location", "unheard", "content.template.en_US")))
    node.props[key] = draw(st.sampled_from(("", "p", "q")))


def reset_guid(draw: st.DrawFn, model: Model) -> None:
    if stored := [n for _, n in _nodes(model) if "dataStorageGuid" in n.props]:
        draw(st.sampled_from(stored)).props["dataStorageGuid"] = new_id()


def renew(draw: st.DrawFn, model: Model) -> None:
    model.renew(*draw(st.lists(st.sampled_from(model.docs), min_size=1, max_size=4)))


def shuffle(draw: st.DrawFn, model: Model) -> None:
    _, node = draw(st.sampled_from(_nodes(model)))
    node.kids = draw(st.permutations(node.kids))


def move(draw: st.DrawFn, model: Model) -> None:
    modules = [d for d in model.docs if d.slot == "modules"]
    if documents := [d for d in model.docs if d.slot in ("documents", "folders")]:
        draw(st.sampled_from(documents)).home = draw(st.sampled_from(modules))


def move_inside(draw: st.DrawFn, model: Model) -> None:
    frames = [n for _, n in _nodes(model) if n.type == "Pages$DivContainer"]
    movable = [(o, k) for o, k in _inner(model) if k.slot == "widgets"]
    if frames and movable:
        outer, kid = draw(st.sampled_from(movable))
        into = draw(st.sampled_from(frames))
        if into not in list(kid.walk()):
            outer.kids.remove(kid)
            into.kids.append(kid)


def exclude(draw: st.DrawFn, model: Model) -> None:
    if documents := [d for d in model.docs if d.slot == "documents"]:
        doc = draw(st.sampled_from(documents))
        doc.excluded = not doc.excluded


def lose(draw: st.DrawFn, model: Model) -> None:
    draw(st.sampled_from(model.docs)).missing = True


def upgrade(draw: st.DrawFn, model: Model) -> None:
    model.version = "11.3.0"
    for _, node in _nodes(model):
        if node.type == "Pages$Page":
            node.props["autofocus"] = "DesktopOnly"


EDITS = (rename, remove, add, put, reset_guid, renew, shuffle, move, move_inside, exclude, lose, upgrade)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Model, Model]:
    """A model with an edited copy of it, or two models that have nothing to do with each other."""
    old = draw(models())
    if draw(st.integers(0, 9)) == 0:
        return old, draw(models())
    new = old.edit()
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=6)):
        edit(draw, new)
    return old, new
