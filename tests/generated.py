"""What is generated and kept in the repository: reports of the story, and what commands print in README and pages.

``python -m tests.generated`` writes all of it; ``test_generated.py`` holds it current.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mx_changeclass import compare, render
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.reports import FORMATS
from tests.builders.shell import with_output

ROOT = Path(__file__).parent.parent
STORY = "fixtures/field-service"
README = ROOT / "README.md"
_ENDINGS = {
    "text": "txt",
    "markdown": "md",
    "junit": "junit.xml",
    "github": "github.txt",
    "gitlab": "gitlab.json",
    "azure": "azure.txt",
}
_OUTPUT = re.compile(r"(<!-- output -->\n```\n).*?(```\n)", re.DOTALL)


def story() -> Verdict:
    """The verdict on the field-service app, with the labels that the README's command gives."""
    old, new = (f"{STORY}/{version}.snapshot.xml" for version in ("v1", "v2"))
    from mx_changeclass.readers import read

    return compare(read(old, cwd=ROOT), read(new, cwd=ROOT))


def readme() -> str:
    """The README with the real output of its first command."""
    told = render(story(), "text")
    return _OUTPUT.sub(lambda found: found[1] + told + found[2], README.read_text(encoding="utf-8"))


def _report(name: str) -> Callable[[], str]:
    return lambda: render(story(), name)


def _page(path: Path) -> Callable[[], str]:
    return lambda: with_output(path.read_text(encoding="utf-8"))


GENERATED: Mapping[str, Callable[[], str]] = {
    **{f"fixtures/reports/field-service.{_ENDINGS.get(name, name)}": _report(name) for name in FORMATS},
    "README.md": readme,
    **{path.relative_to(ROOT).as_posix(): _page(path) for path in sorted((ROOT / "docs").rglob("*.md"))},
}


def main() -> None:
    for path, make in GENERATED.items():
        target = ROOT / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
