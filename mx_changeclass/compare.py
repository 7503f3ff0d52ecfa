"""The verbs chained: two models, or what leads to them, to a verdict."""

from __future__ import annotations

from os import PathLike

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import ReadError
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.sources import read

Model = str | PathLike[str] | Snapshot


def compare(old: Model, new: Model, policy: Policy | None = None) -> Verdict:
    """Read both models, find what changed, and classify it.

    A model is anything that ``read`` takes, or a ``Snapshot``. ``old`` may be ``"none"``: nothing was
    released yet. Raises ``ReadError`` where a model cannot be read.
    """
    before, after = (model if isinstance(model, Snapshot) else read(model) for model in (old, new))
    if after.form == "none":
        raise ReadError(after.label, "nothing to release", "'none' may only stand for the old side")
    return classify(diff(before, after), policy)
