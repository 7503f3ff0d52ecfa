"""How far the tables reach that the package ships."""

from __future__ import annotations

from mx_changeclass.data import load
from mx_changeclass.model.native_templates import checked, newest_template


def known_until() -> dict[str, str]:
    """Where the tables end that the package ships: what is newer is told as undecided."""
    (end, day), (template, released) = checked(), newest_template()
    return {
        "native templates of Studio Pro": f"{end} (read on {day})",
        "releases of the native template": f"{template}{f' ({released})' if released else ''}",
        "metamodel": str(load("metamodel")["version"]),
    }
