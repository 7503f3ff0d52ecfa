"""The forms of input, how much one may ask for, and how its errors advise. Limits are far above real models, far
below harm."""

from __future__ import annotations

from collections.abc import Mapping

MOST_BYTES = 2 << 30  # bytes of one file, and of all that comes out of one package
RATIO = 200  # times that a package may grow when it is unpacked; real ones grow some 20 times
SMALL = 64 << 20  # bytes that are harmless whatever the ratio
FILES = 200_000  # members of a package

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
RESTORE = "Restore it, for example from git"

# The forms a model comes in, as ``Snapshot.form`` names them, and as people do.
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
