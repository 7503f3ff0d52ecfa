"""What git says of a version of a model beside the model."""

from __future__ import annotations

from attrs import frozen


@frozen
class Commit:
    """A commit: its ``id`` and those of its ``parents`` in full, when it was written (``date``, as
    ``2026-04-22T10:11:12+02:00``) and by whom, the first line of what its author says of it, and the ``tags`` that
    stand on it, the highest version first. Author, subject and tags are texts of strangers."""

    id: str
    date: str = ""
    author: str = ""
    subject: str = ""
    parents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Commit {self.id[:12]} {self.date[:10]} {self.subject!r}>"
