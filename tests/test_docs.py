"""What the code cites of the pages in ``docs`` is there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CITED = re.compile(r'docs/storage\.md((?:,? (?:and )?"[^"]+"(?: \([^)]*\))?)+)')


def citations() -> list[tuple[str, str]]:
    found = []
    for path in sorted((ROOT / "mx_changeclass").rglob("*.py")):
        for sections in CITED.findall(path.read_text(encoding="utf-8")):
            found += [(path.relative_to(ROOT).as_posix(), name) for name in re.findall(r'"([^"]+)"', sections)]
    return found


@pytest.mark.parametrize(("path", "section"), citations())
def test_a_cited_section_of_the_storage_page_exists(path: str, section: str) -> None:
    page = (ROOT / "docs" / "storage.md").read_text(encoding="utf-8")
    assert section in re.findall(r"^#{2,3} (.+)$", page, re.MULTILINE)


def test_every_mention_of_the_storage_page_names_a_section() -> None:
    texts = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "mx_changeclass").rglob("*.py"))]
    assert sum(t.count("docs/storage.md") for t in texts) == sum(len(CITED.findall(t)) for t in texts) > 0


def test_the_recipe_for_a_rule_is_a_rule_that_is_there() -> None:
    """Code and cases as they stand in the two files that it names."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^   ```(python|toml)\n(.*?)^   ```$", page, re.MULTILINE | re.DOTALL))
    files = dict(
        zip(("python", "toml"), re.findall(r"`((?:mx_changeclass|fixtures)/rules/domain/[\w./-]+)`", page), strict=True)
    )
    for language, block in blocks.items():
        assert textwrap.dedent(block).strip() in (ROOT / files[language]).read_text(encoding="utf-8"), language
    assert blocks.keys() == files.keys()
