"""A public name at the top of a module means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import mx_changeclass

PACKAGE = Path(mx_changeclass.__file__).parent


def values(source: str) -> Iterator[tuple[str, str]]:
    """Each public name that a module makes, with what it makes it of. Type variables are names of nothing."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, ast.dump(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, ast.dump(node.value)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _pairs(target, node.value)
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.asname, f"{node.module}.{a.name}") for a in node.names if a.asname not in (None, a.name))


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, its)
    elif isinstance(target, ast.Tuple):
        yield from (
            (one.id, f"{ast.dump(value)}[{i}]") for i, one in enumerate(target.elts) if isinstance(one, ast.Name)
        )
    elif isinstance(target, ast.Name) and not ast.unparse(value).startswith(("TypeVar(", "TypeVarTuple(")):
        yield target.id, ast.dump(value)


def meanings(sources: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Of each name its values, each with the modules that give it."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for module, source in sources.items():
        for name, value in values(source):
            if not name.startswith("_"):
                found[name][value].append(module)
    return found


def twice(sources: dict[str, str]) -> dict[str, list[list[str]]]:
    return {name: [*found.values()] for name, found in meanings(sources).items() if len(found) > 1}


def test_no_public_name_has_two_meanings() -> None:
    sources = {str(p.relative_to(PACKAGE)): p.read_text(encoding="utf-8") for p in sorted(PACKAGE.rglob("*.py"))}
    assert len(meanings(sources)) > 1000
    assert twice(sources) == {}


def test_two_meanings_are_seen() -> None:
    one = 'A, B = "a", "b"\nC: str = "c"\ndef f(): return 1\nT = TypeVar("T")\nfrom x import y as z'
    assert twice({"one": one, "same": one}) == {}
    other = 'A = "a"\nB = "x"\nC = "y"\ndef f(): return 2\nT = TypeVar("T", int)\nfrom x import w as z'
    assert twice({"one": one, "other": other}).keys() == {"B", "C", "f", "z"}
