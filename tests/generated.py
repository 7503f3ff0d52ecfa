"""What is generated and kept in the repository: reports of the story, the page of the catalogue, the examples.

``python -m tests.generated`` writes all of it; ``test_generated.py`` holds it current.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mx_changeclass import compare, render
from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.reports import FORMATS, catalogue, wording
from tests.cases import Case, rule_cases

ROOT = Path(__file__).parent.parent
STORY = "fixtures/field-service"
README = ROOT / "README.md"
_ENDINGS = {"text": "txt", "markdown": "md", "junit": "junit.xml", "github": "github.txt", "gitlab": "gitlab.json"}
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


def examples() -> str:
    """The example of each rule, a line each: a change on which it speaks, and one that is judged otherwise."""
    found: dict[str, dict[str, str]] = {}
    for case in rule_cases():
        rule, _, name = case.id.partition(" ")
        key = name.partition(" ")[0].replace("-", "_")
        if key == "further" or key in found.setdefault(rule, {}):
            continue
        if told := _told(case, rule if key == "hit" else ""):
            found[rule][key] = told
    lines = (
        f"{json.dumps(rule)}: {json.dumps(told, ensure_ascii=False, sort_keys=True)}"
        for rule, told in sorted(found.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _told(case: Case, rule: str) -> str:
    verdict = case.verdict()
    row = next((r for r in verdict.rows if not rule or any(f.rule.id == rule for f in r.findings)), None)
    if row is None:
        return "" if rule else f"only set aside: {verdict.release_class}"
    return _words(row) if rule else f"{_words(row)}: {row.release_class} ({wording.deciding(row).rule.id})"


def _words(row: Row) -> str:
    return f"{wording.subject_with_kind(row)}: {row.what or wording.deciding(row).rule.title}"


def _report(name: str) -> Callable[[], str]:
    return lambda: render(story(), name)


GENERATED: Mapping[str, Callable[[], str]] = {
    **{f"fixtures/reports/field-service.{_ENDINGS.get(name, name)}": _report(name) for name in FORMATS},
    "mx_changeclass/data/examples.json": examples,
    "mx_changeclass/rules/README.md": lambda: catalogue.rules("markdown"),
    "README.md": readme,
}


def main() -> None:
    for path, make in GENERATED.items():
        target = ROOT / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
