"""A verdict as text, one file a format."""

from __future__ import annotations

from collections.abc import Mapping

# Format -> the module that renders it; its function has the same name.
FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab", "azure")
# The format of a file, where its name tells.
ENDINGS: Mapping[str, str] = {
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".markdown": "markdown",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "text",
    ".xml": "junit",
}
# The formats of what is told step by step: plans, hotfixes, blame.
STEP_FORMATS = ("text", "json", "markdown")
AUDIT_FORMATS = ("text", "json", "csv", "markdown", "html")
