"""The front door: what public signatures show is public, what is listed is there, and type checkers can read it."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, assert_type

import pytest

import mx_changeclass as mx
from mx_changeclass import authoring
from mx_changeclass.model.kinds import Kind
from tests.test_names import values

PAGES = (mx, authoring)
PACKAGE = Path(mx.__file__).parent
STORY = PACKAGE.parent / "fixtures" / "field-service"


def hints(thing: Any) -> dict[str, Any]:
    """The annotations of a function, or of the fields, properties and methods of a class, private ones left out."""
    if not isinstance(thing, type):
        return typing.get_type_hints(thing)
    found = {name: hint for name, hint in typing.get_type_hints(thing).items() if not name.startswith("_")}
    for name, plain in functions(thing):
        found |= {f"{name}.{part}": hint for part, hint in typing.get_type_hints(plain).items()}
    return found


def functions(thing: type) -> Iterator[tuple[str, Any]]:
    """How a class is made, and its properties and methods."""
    for name, member in vars(thing).items():
        plain = getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
        if inspect.isfunction(plain) and (not name.startswith("_") or name == "__init__"):
            yield name, plain


def written(thing: Any) -> set[str]:
    """The names that stand in the annotations of a function or class, as they are written."""
    texts = [*getattr(thing, "__annotations__", {}).items()]
    if isinstance(thing, type):
        texts = [(name, text) for name, text in texts if not name.startswith("_")]
        texts += [each for _, plain in functions(thing) for each in plain.__annotations__.items()]
    trees = (ast.parse(text) for _, text in texts if isinstance(text, str))
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_an_alias_in_a_public_signature_is_public_too() -> None:
    """What it stands for is seen by the type checker; a person, and an annotation of their own, needs its name."""
    aliases = {name for path in PACKAGE.rglob("*.py") for name, _ in values(path.read_text(encoding="utf-8"))}
    known = {name for page in PAGES for name in page.__all__}
    hidden = {
        f"{name}: {alias}"
        for page in PAGES for name in page.__all__
        for alias in written(getattr(page, name)) & aliases - known
    }  # fmt: skip
    assert hidden == set()


def classes(hint: Any) -> Iterator[type]:
    """The classes of this package that an annotation names, however deep."""
    for part in (typing.get_origin(hint) or hint, *typing.get_args(hint)):
        if isinstance(part, list):
            for inner in part:
                yield from classes(inner)
        elif part is not hint:
            yield from classes(part)
        elif isinstance(part, type) and part.__module__.startswith("mx_changeclass"):
            yield part


def public() -> dict[int, str]:
    return {id(getattr(page, name)): name for page in PAGES for name in page.__all__}


def shown() -> Iterator[tuple[str, type]]:
    """Each class that the signature of a public thing shows, with where it does."""
    for page in PAGES:
        for name in page.__all__:
            thing = getattr(page, name)
            if inspect.isfunction(thing) or (isinstance(thing, type) and thing.__module__.startswith("mx_changeclass")):
                for part, hint in hints(thing).items():
                    yield from ((f"{name}.{part}", found) for found in classes(hint))


def test_nothing_that_a_public_signature_shows_is_private() -> None:
    known = public()
    hidden = {f"{where}: {found.__module__}.{found.__name__}" for where, found in shown() if id(found) not in known}
    assert hidden == set()


def test_the_walk_finds_what_signatures_show() -> None:
    """Through containers, unions, properties, methods and type parameters."""
    found = {(where, cls.__name__) for where, cls in shown()}
    assert found >= {
        ("compare.return", "Verdict"),
        ("classify.policy", "Policy"),
        ("Verdict.rows", "Row"),
        ("Verdict.counts.return", "ReleaseClass"),
        ("Changes.meaningful", "Added"),
        ("Changes.meaningful", "Kind"),
        ("Rule.test", "Release"),
        ("Release.sides.return", "App"),
        ("Snapshot.native.return", "Unit"),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_what_is_listed_is_there_once_and_says_what_it_is(page: ModuleType) -> None:
    assert len(page.__all__) == len(set(page.__all__))
    for name in page.__all__:
        thing = getattr(page, name)
        if inspect.isfunction(thing) or (isinstance(thing, type) and not issubclass(thing, Kind)):
            assert thing.__doc__, f"{name} has no docstring"
    assert set(page.__all__) <= set(dir(page))


def test_a_name_means_the_same_on_both_pages() -> None:
    for name in set(mx.__all__) & set(authoring.__all__):
        assert getattr(mx, name) is getattr(authoring, name)


def test_every_kind_of_element_is_on_the_page_of_rule_writers() -> None:
    known = public()
    todo: list[type[Kind]] = [Kind]
    for kind in todo:
        todo += kind.__subclasses__()
    model = [kind for kind in todo if kind.__module__.startswith("mx_changeclass.model")]
    assert len(model) > 100
    assert [kind for kind in model if id(kind) not in known] == []


def test_every_error_that_a_caller_can_meet_is_public() -> None:
    todo: list[type[mx.MxError]] = [mx.MxError]
    for error in todo:
        todo += error.__subclasses__()
    errors = [error for error in todo if error.__module__.startswith("mx_changeclass")]
    assert {error.__name__ for error in errors} <= set(mx.__all__)


def test_names_are_loaded_from_where_type_checkers_see_them() -> None:
    """The list, the table of homes and the imports for type checkers are one."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (alias.name, str(node.module).removeprefix("mx_changeclass").lstrip("."))
        for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }  # fmt: skip
    assert {(name, home) for home, names in mx._HOME.items() for name in names} == seen
    assert {name for name, _ in seen} == set(mx.__all__)


def test_no_public_name_is_hidden_by_a_module() -> None:
    """What a package gives under the name of a module in it turns into that module once it is imported."""
    assert [name for name in mx.__all__ if find_spec(f"mx_changeclass.{name}")] == []


def test_type_checkers_see_the_front_door_as_it_is() -> None:
    """Checked by mypy with the tests: an ignore that is not needed fails there."""
    verdict = mx.compare(STORY / "v1.snapshot.xml", STORY / "v2.snapshot.xml", mx.Policy(strict_types=True))
    assert_type(verdict, mx.Verdict)
    assert_type(verdict.rows[0].findings, tuple[mx.Finding, ...])
    assert_type(verdict.findings[0].rule, mx.Rule)
    assert_type(mx.Verdict.from_dict(verdict.to_dict()).release_class, mx.ReleaseClass)
    assert_type(mx.export(verdict.new, compress=True), bytes)
    assert_type(mx.footprint(verdict.new).profiles[0].entities, tuple[mx.Synced, ...])
    assert_type(mx.catalogue(), Mapping[str, mx.Rule])
    assert_type(authoring.Entity(verdict.new.table[verdict.rows[-1].id]).persistable, bool)
    with pytest.raises(AttributeError):
        mx.nothing  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError):
        verdict.findings = ()  # type: ignore[misc]
