"""One file a command; ``cli.py`` loads only the one that is asked for. The file of ``diff`` is ``diff.py`` and holds
``diff_command``."""

from __future__ import annotations

# In the order of the help.
COMMANDS = (
    "diff",
    "plan",
    "hotfix",
    "blame",
    "footprint",
    "export",
    "native",
    "rules",
    "explain",
    "waive",
    "fleet",
    "audit",
)
