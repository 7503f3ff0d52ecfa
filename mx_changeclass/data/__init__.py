"""Facts shipped with the package, one JSON file a subject."""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import Any


@cache
def load(name: str) -> Any:
    """The parsed content of ``<name>.json`` in this folder. Treat it as read-only."""
    content = pkgutil.get_data(__name__, f"{name}.json")
    if content is None:
        raise FileNotFoundError(f"package data {name}.json is missing; install mx-changeclass again")
    return json.loads(content)
