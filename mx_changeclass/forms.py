"""The forms that a model comes in."""

from __future__ import annotations

from collections.abc import Mapping

# As ``Snapshot.form`` names them, and as people do.
FORMS: Mapping[str, str] = {
    "mpr-v2": "a project folder",
    "mpr-v1": "an .mpr",
    "mpk": "an app or module .mpk",
    "dump": "a dump of 'mx dump-mpr'",
    "snapshot": "a snapshot written by 'export'",
    "git": "a git revision (v1.4, main:apps/field, : for the index)",
}
A_MODEL = " or ".join((", ".join([*FORMS.values()][:-1]), [*FORMS.values()][-1]))
GIVE_MODEL = f"Give {A_MODEL}"
