"""The verdict as a table adds up to the verdict, and says what the JSON says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mx_changeclass import PolicyError, ReleaseClass, Verdict, compare, render
from tests.cases import Case, labelled_cases
from tests.corpus import LABELS, real_pair
from tests.generated import story

CASES = [pytest.param(case, id=case.id) for case in list(labelled_cases())[::7]]


def check(verdict: Verdict) -> None:
    findings, changes = verdict.to_frame(), verdict.to_frame(by="change")
    told = verdict.to_dict()
    assert list(changes["fingerprint"]) == [change["fingerprint"] for change in told["changes"]]
    assert {c: n for c, n in changes["class"].value_counts().items() if n} == {
        str(c): n for c, n in verdict.counts.items() if n
    }
    assert len(findings) == sum(len(change["findings"]) for change in told["changes"]) + len(told["remarks"])
    # The findings of a change are its class, and all that is undecided of it.
    by_change = findings.groupby("fingerprint", sort=False)
    assert dict(by_change["class"].max()) == dict(changes.set_index("fingerprint")["class"])
    assert dict(by_change["undecided"].any()) == dict(changes.set_index("fingerprint")["undecided"])
    assert dict(by_change.size()) == dict(changes.set_index("fingerprint")["findings"])
    # All of them are those of the verdict.
    subjects = findings["subject"].where(findings["subject"] != "the app", "")
    said = set(zip(findings["rule"], findings["kind"], subjects, strict=True))
    assert said == {(f.rule.id, f.kind, f.subject) for f in verdict.findings}
    if len(findings):
        assert findings["class"].max() == str(verdict.release_class)
        assert findings["at_most"].max() == str(verdict.at_most)


@pytest.mark.parametrize("case", CASES)
def test_a_case_adds_up(case: Any) -> None:
    check(case.verdict())


@pytest.mark.parametrize("pair", sorted(LABELS)[:2])
def test_a_real_pair_adds_up(pair: str) -> None:
    check(compare(*real_pair(pair)))


def test_nothing_changed_is_a_table_too() -> None:
    verdict = compare(story().new, story().new)
    assert list(verdict.to_frame(by="change")["class"].cat.categories) == [str(c) for c in ReleaseClass if c != "none"]
    check(verdict)


def test_a_row_says_what_the_json_says_of_a_change() -> None:
    told = {change["fingerprint"]: change for change in story().to_dict()["changes"]}
    for row in story().to_frame(by="change").to_dict("records"):
        change = told[row["fingerprint"]]
        element = change["element"]
        assert row["kind"] == element["kind"]
        for key in ("verb", "what", "class", "meaning", "at_most", "undecided", "channel"):
            assert row[key] == change[key]
        for key in ("old", "new"):
            assert row[key] == (tuple(change[key]) if isinstance(change[key], list) else change[key])
        assert row["subject"] == (element["name"] or "the app")
        assert row["module"] == (change["module"] or "the app")
        assert (row["rule"], row["title"]) == (change["findings"][0]["rule"], change["findings"][0]["title"])


def test_a_file_lies_in_the_module_whose_folder_it_lies_in() -> None:
    """Studio Pro writes the folder in small letters; counted by module, files stand with the model."""
    files = {
        f"themesource/{folder}/web/buildingblocks/card.png": "stands for a picture" for folder in ("field", "gone")
    }
    verdict = Case("files", {"files": files}, {"files": files}).verdict()
    for found in (verdict, Verdict.from_json(render(verdict, "json"))):
        assert set(found.to_frame(by="change")["module"]) == {"Field", "gone"}


def test_classes_compare_in_a_table() -> None:
    frame = story().to_frame()
    grave = frame[frame["class"] >= "DESTRUCTIVE"]
    assert {"Service.Measurement", "the app"} <= set(grave["subject"])
    assert set(grave["meaning"]) == {"data on devices is at stake"}
    assert set(frame["certainty"]) <= {"documented", "judgement"}


def test_other_rows_than_there_are_are_refused_by_name() -> None:
    with pytest.raises(PolicyError, match=r"no rows by 'module'; use one of 'finding', 'change'$"):
        story().to_frame(by="module")


def test_without_pandas_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None; import mx_changeclass as mx\n"
        "verdict = mx.compare(*sys.argv[1:])\n"
        "try: verdict.to_frame()\n"
        "except mx.MxError as error: print(error)"
    )
    folder = Path(__file__).parent.parent / "fixtures" / "field-service"
    sides = [str(folder / f"{side}.snapshot.xml") for side in ("v1", "v2")]
    done = subprocess.run([sys.executable, "-c", code, *sides], capture_output=True, text=True, check=True)
    assert done.stdout == "to_frame needs pandas, which is not installed. Install mx-changeclass[notebook]\n"
