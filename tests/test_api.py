"""The library as notebooks and tools use it."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path

import mx_changeclass as mx

STORY = Path(__file__).parent.parent / "fixtures" / "field-service"
V1, V2 = STORY / "v1.snapshot.xml", STORY / "v2.snapshot.xml"


def test_the_verbs_chained_are_the_verbs_one_by_one() -> None:
    whole = mx.compare(V1, V2)
    steps = mx.classify(mx.diff(mx.read(V1), mx.read(V2)))
    assert mx.render(whole, "json") == mx.render(steps, "json")
    assert whole.release_class is mx.ReleaseClass.DESTRUCTIVE


def test_every_finding_says_what_why_and_what_to_do() -> None:
    for finding in mx.compare(V1, V2).findings:
        assert finding.rule.id
        assert finding.message
        if finding.release_class is mx.ReleaseClass.DESTRUCTIVE:
            assert finding.mitigation


def test_a_notebook_gets_a_frame_and_a_page() -> None:
    verdict = mx.compare(V1, V2)
    frame = verdict.to_frame()
    assert "Service.Measurement" in set(frame[frame["class"] >= "DESTRUCTIVE"]["subject"])
    assert "Service.<wbr>Measurement" in html.unescape(verdict._repr_html_())
    assert len(repr(verdict).splitlines()) == 1


def test_texts_of_a_model_are_escaped_in_a_page(tmp_path: Path) -> None:
    for source, name in ((V1, "one.xml"), (V2, "two.xml")):
        text = source.read_text().replace("Welcom", "&lt;script&gt;alert(1)&lt;/script&gt;Welcom")
        (tmp_path / name).write_text(text)
    verdict = mx.compare(tmp_path / "one.xml", tmp_path / "two.xml")
    for page in (mx.render(verdict, "html"), html.unescape(verdict._repr_html_())):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Importing networkx alone takes longer than a commit hook should."""
    code = (
        "import sys, mx_changeclass;"
        "heavy = {'networkx', 'deepdiff', 'lxml', 'bson', 'pandas', 'jinja2', 'click', 'sqlite3', 'attrs'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_stands_in_the_way_of_a_public_name() -> None:
    modules = {path.stem for path in Path(mx.__file__).parent.iterdir()}
    assert not modules & set(mx.__all__)
