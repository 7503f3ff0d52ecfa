"""How much an input may ask for, and how its errors advise. Limits are far above real models, far below harm."""

from __future__ import annotations

from mx_changeclass.errors import BrokenContainer

MOST_BYTES = 2 << 30  # bytes of one file, and of all that comes out of one package
RATIO = 200  # times that a package may grow when it is unpacked; real ones grow some 20 times
SMALL = 64 << 20  # bytes that are harmless whatever the ratio
FILES = 200_000  # members of a package
MOST_DOCUMENT = 128 << 20  # bytes of one document; those that were seen stay below 8 MB
UNITS = 200_000  # documents of a model; the largest apps have some 20,000
ENTRIES = 1_000_000  # files of a project folder or of a revision
SIDE_FILES = 50_000  # of them beside a model that may belong to the app; real apps have some 2,000
MOST_FACTS = 10_000  # facts that one of them tells by name, such as packages; real ones have some 1,000
LISTING_BYTES = 1 << 28  # bytes of git's list of them
MOST_NOTE = 1 << 20  # bytes of what Studio Pro notes of a commit; real ones have some 20,000
FOLDERS = 100  # folders in one another, in the model and beside it; real ones stay below 20
MOST_VALUES = 1_000_000  # members of all lists of a document; those of real ones have some 50,000
FEW_VALUES, DENSE_VALUES = 10_000, 16  # bytes that such a member has at least on average, where it is not one of a few
MOST_KEYS = 2_000  # keys of one element of a document with all its single parts; real ones have some 200
MAX_DEPTH = 400  # elements in one another; real units nest below 60
MAX_KEY = 4000  # characters of a dotted key; real ones stay below 200
KEPT = 64 << 20  # bytes of a model that are kept; of what comes after them each document is read when it is asked for
STREAMED = 16 << 20  # bytes of a file beside the model that is never held whole only to learn its id

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
RESTORE = "Restore it, for example from git"


class TooLarge(BrokenContainer):
    """A file beyond all measure. It ends the reading of a model, and no more than itself where it lies beside one."""

    def __init__(self, source: str, file: str) -> None:
        super().__init__(source, f"{file} {self.why}", "Give the model of an app")

    why = f"is larger than {MOST_BYTES >> 30} GB"
