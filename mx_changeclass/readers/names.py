"""Names of revisions, and those that may be a path as well."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mx_changeclass.regex import regex

FORCED = "rev:"  # before a name: it is a revision, whatever path is called so

# The nearest release among the tags, those of a pattern or any; a path of the project may follow.
NEWEST_TAG = regex(r"(?:newest-tag|tag:([^:]+))(?::(.*))?", re.DOTALL)

# What git may take for a revision: no name of one begins with a dot, holds two of them or ends with a slash.
_REVISION = regex(r"(?!\.)(?!.*\.\.)[^\s\\*?\[\0-\x1f\x7f]+(?<!/)")


def named_twice(given: str, cwd: Path) -> str:
    """The note that a name of an existing path is also a revision of the repository around ``cwd``; "" where it
    is none."""
    if os.path.isabs(given) or not _REVISION.fullmatch(given):
        return ""
    from mx_changeclass.readers.git import is_revision

    if not is_revision(given, cwd):
        return ""
    return f"'{given}' is a path and a revision: the path was read, '{FORCED}{given}' is the revision"
