"""What a changed part of a page or flow refers to: the names it gained, and those it lost.

A part that was moved inside its document gains nothing: what counts is that the document as a whole
names something more often, or less often, than before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.rules.engine.release import Release

Where = Callable[[Element, str], bool]


def anywhere(row: Element, key: str) -> bool:
    """Every key of every row."""
    return True


def gained(change: Change, release: Release, kind: str, where: Where = anywhere) -> tuple[str, ...]:
    """Names of a kind that the changed part refers to now, and its document more often than before. The
    kind is an SDK type or a namespace (``DomainModels$``); ``where`` says in which keys to look."""
    return tuple(sorted(_difference(change, release, kind, where, 1)))


def lost(change: Change, release: Release, kind: str, where: Where = anywhere) -> tuple[str, ...]:
    """Names of a kind that the changed part referred to, and its document refers to less often than before.
    They are the names of the old side."""
    return tuple(sorted(_difference(change, release, kind, where, -1)))


def named(side: App, tree: Tree, rows: Iterable[Element], kind: str, where: Where = anywhere) -> Counter[str]:
    """How often some rows of one tree name each thing of a kind."""
    found: Counter[str] = Counter()
    for row in rows:
        for reference in side.references(tree.unit_of[row.id]).get(row.id, ()):
            of_kind = reference.kind.startswith(kind) if kind.endswith("$") else is_a(reference.kind, kind)
            if of_kind and "/" not in reference.target and where(row, reference.key):
                found[reference.target] += 1
    return found


def old_rows(change: Change, release: Release) -> Iterable[Element]:
    """What a change is about on the old side: a removed part as a whole, a changed row alone."""
    if isinstance(change, Removed):
        return release.changes.old_tree.whole(change.old_row)
    return (change.old_row,) if isinstance(change, Changed) else ()


def new_rows(change: Change, release: Release) -> Iterable[Element]:
    """What a change is about on the new side: an added part as a whole, a changed row alone."""
    if isinstance(change, Added):
        return release.changes.new_tree.whole(change.new_row)
    return (change.new_row,) if isinstance(change, Changed) else ()


def _difference(change: Change, release: Release, kind: str, where: Where, sign: int) -> Iterable[str]:
    """The names that a part and its document name more often on one side, under their names on that side."""
    changes = release.changes
    old = _renamed(named(release.old, changes.old_tree, old_rows(change, release), kind, where), changes.renames)
    new = named(release.new, changes.new_tree, new_rows(change, release), kind, where)
    more = new - old if sign > 0 else old - new
    if not more:
        return ()
    before, after = release.documents(change)
    had = release.old.memo(_in_document, before.id, kind, where) if before else Counter[str]()
    has = release.new.memo(_in_document, after.id, kind, where) if after else Counter[str]()
    names = {n for n in more if sign * (has[n] - sum(had[o] for o in _called_before(n, release))) > 0}
    return names if sign > 0 else {release.old_names.get(n, n) for n in names}


def _in_document(side: App, unit_id: str, kind: str, where: Where) -> Counter[str]:
    """How often a document names each thing of a kind: asked for each of its parts."""
    tree = side.tree_of(unit_id)
    return named(side, tree, tree.whole(tree.rows[unit_id]), kind, where)


def _called_before(name: str, release: Release) -> set[str]:
    """What the old side calls what has a name on the new one."""
    return {release.old_names.get(name, name)} | ({name} - release.changes.renames.keys())


def _renamed(counted: Counter[str], renames: Mapping[str, str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, n in counted.items():
        found[renames.get(name, name)] += n
    return found
