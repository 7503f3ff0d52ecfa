"""The apps of a portfolio, as a file lists them.

    [[app]]
    name = "Field service"
    repository = "../field-service"   # a clone, from the folder of this file
    path = "apps/field"               # of the project in it; may be left out where there is one
    branch = "main"                   # or a range, v1..main
    tags = "v*"                       # releases only
    since = 2025-01-01

All but ``name`` and ``repository`` may be left out.
"""

from __future__ import annotations

import datetime
import os
import tomllib
from pathlib import Path
from typing import Any

from attrs import fields, frozen

from mx_changeclass.errors import PolicyError

_MOST_BYTES = 1 << 20


@frozen
class ListedApp:
    """An app of a portfolio: where its history lies, and which part of it is audited (see ``audit``)."""

    name: str
    repository: Path
    path: str = ""
    branch: str = "HEAD"
    tags: str = ""
    since: str = ""
    until: str = ""
    merges: bool = True
    limit: int | None = None


_TYPES = {"merges": bool, "limit": int}  # all others are texts


def read_portfolio(file: str | os.PathLike[str]) -> tuple[ListedApp, ...]:
    """The apps that a file lists. Raises ``PolicyError`` for one that lists none, or one wrongly."""
    path = Path(file)
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"is larger than {_MOST_BYTES >> 20} MB")
        listed = tomllib.loads(content.decode("utf-8-sig")).get("app")
    except RecursionError:
        raise PolicyError(f"{path}: is nested too deep. Correct the portfolio") from None
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path}: {getattr(error, 'strerror', None) or error}. Correct the portfolio") from None
    if not isinstance(listed, list) or not listed or not all(isinstance(table, dict) for table in listed):
        raise PolicyError(f"{path}: lists no app. Write [[app]] with a name and a repository")
    apps = tuple(_app(table, path, number) for number, table in enumerate(listed, 1))
    names = [app.name for app in apps]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PolicyError(f"{path}: {twice!r} is the name of two apps. Give each its own")
    return apps


def _app(table: dict[str, Any], file: Path, number: int) -> ListedApp:
    known = {a.name for a in fields(ListedApp)}
    told: dict[str, Any] = {k: v.isoformat() if isinstance(v, datetime.date) else v for k, v in table.items()}
    for key, value in told.items():
        if key not in known:
            raise PolicyError(f"{file}: app {number}: {key!r} is no key. Use one of {', '.join(sorted(known))}")
        wanted = _TYPES.get(key, str)
        if type(value) is not wanted:
            word = {bool: "true or false", int: "a number", str: "a text"}[wanted]
            raise PolicyError(f"{file}: app {number}: {key!r} must be {word}. Correct it")
        if (isinstance(value, str) and "\0" in value) or (isinstance(value, int) and value < 0):
            raise PolicyError(f"{file}: app {number}: {key!r} cannot be {value!r}. Correct it")
    for key in ("name", "repository"):
        if not told.get(key):
            raise PolicyError(f"{file}: app {number}: {key!r} is not given. Write [[app]] with a name and a repository")
    given: dict[str, Any] = {**told, "repository": file.parent / told["repository"]}
    return ListedApp(**given)
