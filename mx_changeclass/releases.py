"""What goes out of a release: of two models, or of the commits between two revisions."""

from __future__ import annotations

from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import Literal

from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.hotfix import Hotfix, hotfix_by_part
from mx_changeclass.findings.picks import hotfix_by_commit
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.pipeline import Model, compare, prepared
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.readers.history import History, named_range
from mx_changeclass.vocabulary import OTA_SAFE, ReleaseClass
from mx_changeclass.waivers import class_named

_GIVE_TWO = "Give two revisions of one repository, such as 'hotfix v1.4 main'"


def hotfix(
    old: Model,
    new: Model,
    up_to: ReleaseClass | str = OTA_SAFE,
    *,
    by: Literal["part", "commit"] | None = None,
    only: Collection[str] = (),
    without: Collection[str] = (),
    policy: Policy | None = None,
    native: tuple[str | None, str | None] = (None, None),
    cwd: str | PathLike[str] | None = None,
) -> Hotfix:
    """What of a release may go out now, up to a class, what holds back the rest, and the proof.

    ``old`` is what is released, ``new`` what is to come, as for ``compare``. Where both are revisions of the repository
    around ``cwd``, the answer is by ``commit``: which to pick onto a branch cut at ``old``, in which order; else it is
    by ``part`` of the model. ``only`` names the elements that are to go, with all that they need, and ``without`` those
    that are to stay, with all that needs them; both are by part. Nothing is written to the repository. Raises what
    ``compare`` raises, ``ReadError`` where a clone lacks its past, ``PolicyError`` for what is no class and no part.
    """
    bar, policy = class_named(up_to, "up_to"), policy_or_default(policy)
    folder = Path(cwd or "")
    history = None
    if by == "commit" or (by is None and not only and not without):
        names = [model for model in (old, new) if isinstance(model, str)]
        history = named_range(names[0], names[1], folder) if len(names) == 2 else None
    if by == "commit" and (history is None or only or without):
        raise PolicyError(f"by commit: two revisions are needed, and no elements. {_GIVE_TWO}")
    if history is not None:
        return _by_commit(history, bar, policy, native[0])
    return hotfix_by_part(compare(old, new, policy, native=native), bar, only=only, without=without)


def _by_commit(history: History, up_to: ReleaseClass, policy: Policy, native: str | None) -> Hotfix:
    def read(commit: str) -> Snapshot:
        return prepared(history.read(commit), policy, native)

    return hotfix_by_commit(
        history.commits,
        read,
        policy,
        up_to,
        released=history.released,
        branched_at=history.branched_at,
        contents=history.contents,
    )
