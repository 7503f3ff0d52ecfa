"""What ids leave open: top down inside matched parents by content, by name, by likeness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial

from attrs import define, field

from mx_changeclass.changes.matching.content import Content, is_caption, key_in_list
from mx_changeclass.changes.matching.identity import Pairing
from mx_changeclass.model.snapshot import Element

SIMILAR = 0.5  # share of content that two rows must have in common to be taken for one
_MOST_COMPARED = 40_000  # so many pairs are weighed in one list; in a longer one only neighbours are
_MOST_LOOKED = 1_000_000  # so many rows are looked at again and again before the rest is left to likeness

Key = Callable[[Element], Hashable]
Pairs = list[tuple[Element, Element]]
Ids = tuple[str, str]
Candidates = tuple[list[Element], list[Element]]


def align(left: Content, right: Content, pairs: Pairing) -> None:
    """Pair what is left inside matched parents: equal content, then equal names, then what is alike.

    Rows that others join (the activities of a flow) pair at first where only one has their content, then
    by what they are joined to. Rows that join them (the flows) come last: where they lead is what they are.
    """
    right.numbers = left.numbers
    work = _Alignment(left, right, pairs)
    work.descend(pairs.to_new.items())
    while work.looked < _MOST_LOOKED and work.spread():
        pass
    work.settle()


@define
class _Alignment:
    left: Content
    right: Content
    pairs: Pairing
    nodes: dict[Ids, None] = field(factory=dict)  # parents with joined rows that are open still
    edges: dict[Ids, None] = field(factory=dict)  # parents with rows that join others
    looked: int = 0  # rows that ``spread`` has looked at

    def descend(self, parents: Iterable[Ids]) -> None:
        """Pair the children of matched parents, level by level, as far as it needs no pointers."""
        todo = list(parents)
        for ids in todo:  # grows while it runs
            for group in self._open(ids):
                if self._join(group):
                    self.edges[ids] = None
                elif self._are_joined(group):
                    self.nodes[ids] = None
                    todo += self._add(_certain(self.left, self.right, group))
                else:
                    todo += self._add(_pair(self.left, self.right, group))

    def spread(self) -> bool:
        """Pair joined rows of equal content that alone are joined to what is paired already."""
        groups = [group for ids in self.nodes for group in self._open(ids)]
        self.looked += sum(len(olds) + len(news) for olds, news in groups)
        found = [
            (o, n, "place")
            for group in groups
            for o, n in _in_order(*_unkeyed(self.left, self.right, group), self._seen_old, self._seen_new, unique=True)
        ]
        self.descend(self._add(found))
        return bool(found)

    def settle(self) -> None:
        """Pair what is left with all that is known of pointers."""
        for parents in (self.nodes, self.edges):
            old, new = dict(self.pairs.to_new), dict(self.pairs.to_old)
            self.left.resolve(lambda i, old=old: i if i in old else None)  # type: ignore[misc]
            self.right.resolve(new.get)
            todo = list(parents)
            for ids in todo:
                for group in self._open(ids):
                    if parents is self.nodes and self._join(group):
                        self.edges[ids] = None
                    else:
                        todo += self._add(_pair(self.left, self.right, group))

    def _join(self, group: Candidates) -> bool:
        return any(map(self.left.points, group[0])) or any(map(self.right.points, group[1]))

    def _are_joined(self, group: Candidates) -> bool:
        return any(r.id in self.left.joined for r in group[0]) or any(r.id in self.right.joined for r in group[1])

    def _seen_old(self, row: Element) -> Hashable:
        around = self.left.around(row, lambda i: i if i in self.pairs.to_new else None)
        return (self.left.digest(row, exact=False), around) if around else row.id

    def _seen_new(self, row: Element) -> Hashable:
        around = self.right.around(row, self.pairs.to_old.get)
        return (self.right.digest(row, exact=False), around) if around else row.id

    def _add(self, found: Iterable[tuple[Element, Element, str]]) -> list[Ids]:
        added = [(o.id, n.id, how) for o, n, how in found]
        for old_id, new_id, how in added:
            self.pairs.add(old_id, new_id, how)
        return [(old_id, new_id) for old_id, new_id, _ in added]

    def _open(self, ids: Ids) -> Iterator[Candidates]:
        """Unpaired children of two parents by slot and type, where both sides have some."""
        olds = [r for r in self.left.children.get(ids[0], ()) if r.id not in self.pairs.to_new]
        news = [r for r in self.right.children.get(ids[1], ()) if r.id not in self.pairs.to_old] if olds else []
        by_place: dict[Hashable, Candidates] = defaultdict(lambda: ([], []))
        for row in olds:
            by_place[_place(row)][0].append(row)
        for row in news:
            by_place[_place(row)][1].append(row)
        return iter([group for group in by_place.values() if group[0] and group[1]])


def _place(row: Element) -> Hashable:
    """Slot and type; a pluggable widget is of the type that its widget id says."""
    return row.slot, row.type, row.props.get("type.widgetId")


def _certain(left: Content, right: Content, group: Candidates) -> Iterator[tuple[Element, Element, str]]:
    """Partners that alone have their content or their name."""
    olds, news = _unkeyed(left, right, group)
    for exact in (True, False):
        found = _in_order(
            olds, news, partial(left.digest, exact=exact), partial(right.digest, exact=exact), unique=True
        )
        yield from ((o, n, "place") for o, n in found)
        olds, news = _without(olds, news, found)
    yield from (
        (o, n, "name") for o, n in _in_order(olds, news, key_in_list, key_in_list, unique=True) if key_in_list(o)
    )


def _pair(left: Content, right: Content, group: Candidates) -> Iterator[tuple[Element, Element, str]]:
    """Partners within one slot. Rows of equal content are interchangeable and pair in their order."""
    olds, news = _unkeyed(left, right, group)
    for exact in (True, False):
        found = _in_order(olds, news, partial(left.digest, exact=exact), partial(right.digest, exact=exact))
        yield from ((o, n, "place") for o, n in found)
        olds, news = _without(olds, news, found)
    found = [(o, n) for o, n in _in_order(olds, news, key_in_list, key_in_list, unique=True) if key_in_list(o)]
    yield from ((o, n, "name") for o, n in found)
    olds, news = _without(olds, news, found)
    yield from ((o, n, "likeness") for o, n in _alike(left, right, olds, news))


def _unkeyed(left: Content, right: Content, group: Candidates) -> Candidates:
    """A row that the database knows by another storage GUID is never taken for another."""
    olds, news = group
    return [r for r in olds if not left.storage.keyed(r)], [r for r in news if not right.storage.keyed(r)]


def _in_order(olds: list[Element], news: list[Element], old_key: Key, new_key: Key, *, unique: bool = False) -> Pairs:
    if not olds or not news:
        return []
    index: dict[Hashable, tuple[list[Element], list[Element]]] = defaultdict(lambda: ([], []))
    for row in olds:
        index[old_key(row)][0].append(row)
    for row in news:
        index[new_key(row)][1].append(row)
    return [pair for o, n in index.values() if not unique or len(o) == len(n) == 1 for pair in zip(o, n, strict=False)]


def _without(olds: list[Element], news: list[Element], found: Pairs) -> tuple[list[Element], list[Element]]:
    taken = {id(row) for pair in found for row in pair}
    return [r for r in olds if id(r) not in taken], [r for r in news if id(r) not in taken]


def _alike(left: Content, right: Content, olds: list[Element], news: list[Element]) -> Pairs:
    """The best matches first. What has a handle never pairs with another, unless that is a mere label.
    Ties go to the nearest places, which is the same seen from either side."""
    if not olds or not news:
        return []
    said_old, said_new = [left.features(r) for r in olds], [right.features(r) for r in news]
    near = max(1, _MOST_COMPARED // max(len(olds), len(news)))
    looks = []
    for i, o in enumerate(olds):
        for j in range(max(0, i - near), min(len(news), i + near + 1)):
            if key_in_list(o) != key_in_list(news[j]) and not is_caption(o.type):
                continue
            total = said_old[i].total() + said_new[j].total()
            score = 2 * (said_old[i] & said_new[j]).total() / total if total else 1.0
            if score >= SIMILAR:
                looks.append((-score, abs(i - j), i + j, i, j))
    found: Pairs = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for *_, i, j in sorted(looks):
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            found.append((olds[i], news[j]))
    return found
