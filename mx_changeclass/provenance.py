"""Who brought what: the findings on two revisions, led back to the commits between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from os import PathLike
from pathlib import Path

from attrs import evolve

from mx_changeclass.changes.change import Changes
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.blame import Blame, blamed
from mx_changeclass.model.snapshot import RowPool, Snapshot
from mx_changeclass.pipeline import changes_between, check_readable, compare
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.readers import read
from mx_changeclass.readers.git import check_clone
from mx_changeclass.readers.history import named_range
from mx_changeclass.vocabulary import OTA_SAFE, ReleaseClass
from mx_changeclass.waivers import class_named

_KEPT = 64  # models that are kept for when they are asked for again


def blame(
    old: str,
    new: str,
    *,
    least: ReleaseClass | str = OTA_SAFE,
    fingerprints: Sequence[str] = (),
    policy: Policy | None = None,
    native: tuple[str | None, str | None] = (None, None),
    cwd: str | PathLike[str] | None = None,
    today: date | None = None,
) -> Blame:
    """The commits that brought each finding on two revisions of the repository around ``cwd``.

    ``least`` leaves out what cannot have that class; ``fingerprints``, or how they begin, name the rows of a report
    that are asked for. ``native`` is as for ``compare``: what is given beside the repository no commit brought. Where
    ``old`` does not lead to ``new``, work on the line of ``old`` that ``new`` lacks is told as undone. Nothing is
    written to the repository. Raises what ``compare`` raises, ``PolicyError`` where the two are no revisions and for a
    fingerprint that no row has, ``ReadError`` where a clone lacks its past.
    """
    folder, policy = Path(cwd or ""), policy_or_default(policy)
    bar = class_named(least, "least")
    history = named_range(old, new, folder)
    if history is None:
        check_clone(f"{old}, {new}", folder)
        raise PolicyError(f"{old}, {new}: blame needs two revisions of one repository, such as 'blame v1.4 main'")
    before = read(old, cwd=folder)
    verdict = compare(before, read(new, cwd=folder, beside=before), policy, native=native, today=today)
    pool, last = RowPool(), verdict.new

    @lru_cache(_KEPT)
    def model(commit: str) -> Snapshot:
        nonlocal last
        last = history.read(commit, last)
        check_readable(last)
        return pool.shared(last)

    def changes(one: Snapshot, other: Snapshot) -> Changes:
        return changes_between(one, other, policy)

    found = blamed(verdict, history.way, model, changes, history.branches, least=bar, fingerprints=fingerprints)
    stories = history.stories(commit.id for commit in found.commits)
    told = tuple(evolve(commit, stories=stories.get(commit.id, ())) for commit in found.commits)
    return evolve(found, commits=told, base=history.branched_at, released=history.released)
