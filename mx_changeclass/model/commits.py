"""What git says of a version of a model beside the model."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class Commit:
    """A commit: its ``id`` and those of its ``parents`` in full, when it was written (``date``, as
    ``2026-04-22T10:11:12+02:00``) and by whom, the first line of what its author says of it, the ``tags`` that stand on
    it, the highest version first, and the ``stories`` that Studio Pro keeps for it, where they were asked for. All but
    ids are texts of strangers."""

    id: str
    date: str = ""
    author: str = ""
    subject: str = ""
    parents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Commit {self.id[:12]} {self.date[:10]} {self.subject!r}>"


MODEL_FILE = ".mpr"  # stands for the model file among the files of a leg, whatever its name


@frozen
class Leg:
    """A part of the way from one version to another along a history: from the model as the commit ``old`` left it to
    the one that ``new`` left. ``commit`` is the one between them; ``back`` says that it is taken back, as it is of
    the line that the way leaves. ``files`` are those of the project that differ, and the folders around them."""

    old: str
    new: str
    commit: Commit
    back: bool = False
    files: frozenset[str] = field(default=frozenset(), repr=False)
