"""What differs between two snapshots, in three verbs. A rename is a changed name, a move a changed parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

from attrs import field, frozen

from mx_changeclass.model.kinds import Kind, view
from mx_changeclass.model.snapshot import Element, Snapshot, Tree

K = TypeVar("K", bound=Kind, covariant=True)  # noqa: PLC0105 - it stands in signatures that people read

# Fields of a Changed that are no key of a row:
NAME = "name"  # the element's own name
PARENT = "$parent"  # it stands in another parent or slot (for a unit: in another folder or module)
ORDER = "$order"  # only its place among its siblings differs, in a list whose order means something
CONTENT = "$content"  # a unit whose content cannot be read on one side, and whose digest differs
TYPE = "$type"  # the same element under another type
ID = "$id"  # the same element under another id; always noise
UNSEEN = "not-seen"  # the reason of what the other side may hold in what of it cannot be read


class Of(Generic[K]):
    """What is said of a kind: ``Added[Entity]``. Hundreds of rules name one; the alias that ``typing`` makes
    of it takes thirty times as long."""

    __slots__ = ()

    def __class_getitem__(cls, kind: Any) -> Any:
        return GenericAlias(cls, kind)


@frozen(slots=True)
class Added(Of[K]):
    """An element of the new side without a partner. ``part_of`` is the id of the outermost added whole
    that answers for it, None where it speaks for itself; ``reason`` the noise rule that sets it aside,
    "" where it means something."""

    new_row: Element
    part_of: str | None = None
    reason: str = ""

    def __repr__(self) -> str:
        return f"<Added {self.row.type} {self.row.name!r}>"

    @property
    def new(self) -> K:
        return cast(K, view(self.new_row))

    @property
    def row(self) -> Element:
        return self.new_row


@frozen(slots=True)
class Removed(Of[K]):
    """An element of the old side without a partner; ``part_of`` and ``reason`` as in ``Added``."""

    old_row: Element
    part_of: str | None = None
    reason: str = ""

    def __repr__(self) -> str:
        return f"<Removed {self.row.type} {self.row.name!r}>"

    @property
    def old(self) -> K:
        return cast(K, view(self.old_row))

    @property
    def row(self) -> Element:
        return self.old_row


@frozen(slots=True)
class Changed(Of[K]):
    """One element on both sides. ``fields`` are the keys that differ and mean something, ``noise`` the
    keys that differ without meaning, each with the name of the noise rule that says so."""

    old_row: Element
    new_row: Element
    fields: frozenset[str]
    matched_by: str = "id"
    noise: Mapping[str, str] = field(factory=dict, hash=False)
    part_of: None = None

    def __repr__(self) -> str:
        return f"<Changed {self.row.type} {self.row.name!r}: {len(self.fields)} fields>"

    @property
    def old(self) -> K:
        return cast(K, view(self.old_row))

    @property
    def new(self) -> K:
        return cast(K, view(self.new_row))

    @property
    def row(self) -> Element:
        return self.new_row

    def values(self, key: str) -> tuple[object, object]:
        """The value of a field on both sides; None where it is absent."""
        if key == NAME:
            return self.old_row.name, self.new_row.name
        return self.old_row.props.get(key), self.new_row.props.get(key)

    @property
    def known(self) -> frozenset[str]:
        """The fields that some version of Mendix is known to have, on each side that has them."""
        return frozenset(
            f
            for f in self.fields
            if f == NAME
            or f.startswith("$")
            or all(row.knows(f) for row in (self.old_row, self.new_row) if f in row.props)
        )

    def touches(self, prefix: str) -> bool:
        """Whether a field is ``prefix`` or lies under it (``type`` also means ``type.length``)."""
        return any(f == prefix or f.startswith(prefix + ".") for f in self.fields)


Change = Added[Kind] | Removed[Kind] | Changed[Kind]


@frozen(eq=False)
class Changes:
    """All differences of two snapshots.

    ``meaningful`` are the changes that mean something, parts of an added or removed whole among them (their
    ``part_of`` is set); ``noise`` are those that are noise altogether, kept so that ``patch`` is exact and
    the ledger can count them. ``old_tree`` and ``new_tree`` hold the rows of the units that differ or
    moved; ``partner`` leads from each matched old row of them to the new one, and from each matched old
    unit to the new one. ``renames`` leads from old to new qualified names of matched elements whose name
    differs, by a rename of their own or of the module or entity around them. Of a ``detached`` verdict no change is
    left: whoever asks for one gets a ``ReadError``.
    """

    old: Snapshot
    new: Snapshot
    meaningful: tuple[Change, ...]
    noise: tuple[Change, ...]
    old_tree: Tree
    new_tree: Tree
    partner: Mapping[str, str]
    renames: Mapping[str, str]

    def __repr__(self) -> str:
        gone = self.old.is_detached or self.new.is_detached
        counts = "detached" if gone else f"{len(self.meaningful)}, {len(self.noise)} set aside"
        return f"<Changes {counts}: {self.old.label!r} -> {self.new.label!r}>"

    @classmethod
    def detached(cls, old: Snapshot, new: Snapshot) -> Changes:
        """What is left of changes where the models are gone: of which models they were."""
        old, new = old.detached(), new.detached()
        return cls(old, new, (), (), Tree(old, {}, {}), Tree(new, {}, {}), {}, {})

    def __iter__(self) -> Iterator[Change]:
        return iter(self._kept())

    def __len__(self) -> int:
        return len(self._kept())

    def _kept(self) -> tuple[Change, ...]:
        for side in (self.old, self.new):
            iter(side.units)  # refuses where the model is gone
        return self.meaningful

    def tree(self, change: Change) -> Tree:
        """The tree that the row of a change stands in."""
        return self.old_tree if isinstance(change, Removed) else self.new_tree
