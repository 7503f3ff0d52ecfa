"""Facts shipped with the package, one JSON file a subject."""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import Any


@cache
def load(name: str) -> Any:
    """The parsed content of ``<name>.json`` in this folder. Treat it as read-only."""
    return json.loads(raw(f"{name}.json"))


def raw(file: str) -> bytes:
    """The bytes of a file in this folder."""
    content = pkgutil.get_data(__name__, file)
    if content is None:
        raise FileNotFoundError(f"package data {file} is missing; install mx-changeclass again")
    return content
