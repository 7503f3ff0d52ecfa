"""From a red pipeline to a green one: ``mx-changeclass waive`` and the waivers of a configuration."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.test_cli import ROOT, V1, V2, is_one_line, run

GRAVE = ("6908ee294c6a", "e954afaaafaf", "87d4c8f257cf")
AGREED = ("--reason", "the depot is closed", "--until", "2026-12-31", "--today", "2026-11-29")
ON_TIME = ("--today", "2026-12-31")
STORY = tuple(f"fixtures/field-service/{version}.snapshot.xml" for version in ("v1", "v2"))
TOML = "mx-changeclass.toml"
OURS = '# ours\n\n[declared]\ncodepush = "no"  # agreed\n\n# the end\n'


@pytest.fixture
def red(tmp_path: Path) -> Path:
    """A folder in which the story was compared."""
    assert run("diff", V1, V2, cwd=tmp_path).returncode == 1
    return tmp_path


def test_from_red_to_green_and_red_again_when_it_is_over(red: Path) -> None:
    for fingerprint in GRAVE:
        done = run("waive", fingerprint, *AGREED, "--by", "Ada", cwd=red)
        assert (done.returncode, done.stderr) == (0, "")
        assert fingerprint in done.stdout
    told = run("diff", V1, V2, *ON_TIME, cwd=red)
    assert told.returncode == 0
    assert "3 findings waived, what is left is NEEDS_REDEPLOY" in told.stdout
    assert "until 2026-12-31 by Ada" in told.stdout
    assert "whoever wrote the change may have written them" in told.stdout
    assert run("diff", V1, V2, "--fail-on", "needs-redeploy", *ON_TIME, cwd=red).returncode == 1
    assert run("diff", V1, V2, "--no-config", *ON_TIME, cwd=red).returncode == 1
    assert run("diff", V1, V2, "--today", "2027-01-01", cwd=red).returncode == 1
    assert run("diff", V2, V1, *ON_TIME, cwd=red).returncode == 1


def test_comments_order_and_line_ends_stay(red: Path) -> None:
    place = red / TOML
    for ours in (OURS, OURS.replace("\n", "\r\n"), "\ufeff" + OURS):
        place.write_bytes(ours.encode())
        assert run("waive", "6908", *AGREED, cwd=red).returncode == 0
        assert run("waive", "e954", *AGREED, cwd=red).returncode == 0
        written = place.read_bytes().decode()
        assert written.startswith(ours)
        assert written.count("\r\n") == (written.count("\n") if "\r" in ours else 0)
        table = tomllib.loads(written.removeprefix("\ufeff"))
        assert [w["fingerprint"] for w in table["waiver"]] == list(GRAVE[:2])
        assert table["declared"] == {"codepush": "no"}
        assert run("diff", V1, V2, *ON_TIME, cwd=red).returncode == 1  # of three, two


def test_a_link_that_lay_there_is_not_followed(red: Path) -> None:
    for target in (red / "elsewhere", red / "there"):
        (red / TOML).unlink(missing_ok=True)
        (red / TOML).symlink_to(target)
        (red / "there").write_text(OURS)
        done = run("waive", "6908", *AGREED, cwd=red)
        assert (done.returncode, is_one_line(done)) == (2, True)
        assert not (red / "elsewhere").exists()
        assert (red / "there").read_text() == OURS
    assert run("waive", "6908", *AGREED, "--config", TOML, cwd=red).returncode == 0, "a choice of one's own is"
    assert (red / "there").read_text() != OURS


def test_an_element_names_its_change(red: Path) -> None:
    done = run("waive", "Service.Measurement", *AGREED, cwd=red)
    assert done.returncode == 0, done.stderr
    assert "entity Service.Measurement: removed [6908ee294c6a] is waived up to DESTRUCTIVE" in done.stdout


@pytest.mark.parametrize("row", [{"fingerprint": "6908ee294c6a"}, {"fingerprint": "6908ee294c6a", "at_most": "BAD"}])
def test_a_row_that_is_none_is_refused(row: dict[str, str], red: Path) -> None:
    (red / "report.json").write_text(json.dumps({"changes": [row]}))
    done = run("waive", "6908", *AGREED, "--report", "report.json", cwd=red)
    assert done.returncode == 2, done.stderr
    assert is_one_line(done)
    assert "is no row of a report" in done.stderr


def test_it_names_all_that_was_accepted(red: Path) -> None:
    assert run("waive", "6908", *AGREED, "--by", "Ada", "--baseline", "v1.4", cwd=red).returncode == 0
    (written,) = tomllib.loads((red / TOML).read_text())["waiver"]
    assert {**written, "until": str(written["until"])} == {
        "fingerprint": "6908ee294c6a",
        "element": "Service.Measurement",
        "what": "removed",
        "rule": ["ent-merged"],
        "up_to": "DESTRUCTIVE",
        "baseline": "v1.4",
        "reason": "the depot is closed",
        "by": "Ada",
        "until": "2026-12-31",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("6908", "--reason", "x", "--until", "2026-11-28"), "--until: 2026-11-28 is over"),
        (("6908", "--reason", "x", "--until", "tomorrow"), "tomorrow"),
        (("6908", "--reason", " ", "--until", "2026-12-31"), "'reason' must be a text"),
        (("6908", "--until", "2026-12-31"), "--reason"),
        (("6908", "--reason", "x"), "--until"),
        (("0123456789ab", "--reason", "x", "--until", "2026-12-31"), "has no such change"),
        (("", "--reason", "x", "--until", "2026-12-31"), "has no such change"),
        (("Service.Inspections.None", "--reason", "x", "--until", "2026-12-31"), "has no such change"),
        (("Service.Home", "--reason", "x", "--until", "2026-12-31"), "6af85f8ce2be: is OTA_SAFE and needs no waiver"),
        (("f0017c57b400", "--reason", "x", "--until", "2026-12-31"), "is OTA_SAFE and needs no waiver"),
        (("6908", "--reason", "x", "--until", "2026-12-31", "--up-to", "full-release"), "does not cover it"),
        (("6908", "--reason", "x", "--until", "2026-12-31", "--up-to", "all"), "'--up-to' cannot be 'all'"),
        (("6908", "--reason", "x", "--until", "2026-12-31", "--report", "none.json"), "none.json"),
    ],
)
def test_what_cannot_be_waived_is_refused_and_nothing_written(arguments: tuple[str, ...], said: str, red: Path) -> None:
    done = run("waive", *arguments, "--today", "2026-11-29", cwd=red)
    assert done.returncode == 2, done.stderr
    assert is_one_line(done)
    assert said in done.stderr
    assert not (red / TOML).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("waiver = 3\n", "'waiver' must be a list"),
        ("= \n", "Correct the configuration"),
        ('[[waiver]]\nfingerprint = "6908ee294c6a"\n', "waiver 1: a waiver needs 'reason'"),
        (
            '[[waiver]]\nfingerprint = "6908ee294c6a"\nreason = "x"\nuntil = 2026-01-01\nup_to = "DESTRUCTIVE"\n',
            "waives 6908ee294c6a already, until 2026-01-01",
        ),
        ("waiver = []\n", "is written in one line"),
    ],
)
def test_a_file_that_cannot_take_it_is_left_as_it_was(content: str, said: str, red: Path) -> None:
    (red / TOML).write_text(content)
    done = run("waive", "6908", *AGREED, cwd=red)
    assert done.returncode == 2
    assert is_one_line(done)
    assert said in done.stderr
    assert (red / TOML).read_text() == content


def test_without_a_report_it_says_what_to_do(tmp_path: Path) -> None:
    done = run("waive", "6908", *AGREED, cwd=tmp_path)
    assert done.returncode == 2
    assert "no report is kept. Run 'mx-changeclass diff' first" in done.stderr


def test_waivers_may_stand_in_a_file_of_their_own(red: Path) -> None:
    for fingerprint in GRAVE:
        assert run("waive", fingerprint, *AGREED, "--config", "waivers.toml", cwd=red).returncode == 0
    assert run("diff", V1, V2, *ON_TIME, cwd=red).returncode == 1  # nobody named the file
    assert run("diff", V1, V2, "--waivers", "waivers.toml", *ON_TIME, cwd=red).returncode == 0
    (red / TOML).write_text('waivers = "waivers.toml"\n')
    told = run("diff", V1, V2, *ON_TIME, cwd=red)
    assert told.returncode == 0
    assert "waivers = 3" in " ".join(told.stdout.split())
    (red / TOML).write_text('waivers = "../waivers.toml"\n')
    done = run("diff", V1, V2, cwd=red)
    assert done.returncode == 2
    assert "leads out of the folder" in done.stderr


def test_a_file_of_waivers_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    for content, said in (
        ("strict_types = true\n", "'strict_types' is no waiver"),
        ("[", "Correct"),
        (None, "waivers"),
    ):
        if content is not None:
            (tmp_path / "waivers.toml").write_text(content)
        else:
            (tmp_path / "waivers.toml").unlink()
        done = run("diff", V1, V2, "--waivers", "waivers.toml", cwd=tmp_path)
        assert done.returncode == 2
        assert is_one_line(done)
        assert said in done.stderr


def test_waivers_that_the_pipeline_brings_are_told_without_the_remark(red: Path) -> None:
    """Where they lie decides, not how they were named: a file in the project may come with the change."""
    project, pipeline = red / "project", red / "pipeline"
    pipeline.mkdir()
    shutil.copytree(Path(V1).parent, project)
    for fingerprint in GRAVE:
        assert run("waive", fingerprint, *AGREED, "--config", "pipeline/waivers.toml", cwd=red).returncode == 0
    shutil.copy(pipeline / "waivers.toml", project)
    for folder, told in ((pipeline, False), (project, True)):
        place = str(folder / "waivers.toml")
        for option in ("--waivers", "--config"):
            done = run("diff", V1, "project/v2.snapshot.xml", option, place, *ON_TIME, cwd=red)
            assert done.returncode == 0, done.stderr
            assert ("whoever wrote the change" in done.stdout) is told


def test_a_severity_is_part_of_the_configuration(tmp_path: Path) -> None:
    lowered = "".join(
        f'{rule} = {{class = "NEEDS_REDEPLOY", reason = "nobody is offline"}}\n'
        for rule in ("ent-merged", "assoc-deleted-sync", "agg-consolidation")
    )
    (tmp_path / TOML).write_text(f"[severity]\n{lowered}")
    done = run("diff", V1, V2, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("NEEDS_REDEPLOY")
    assert "ent-merged counts as NEEDS_REDEPLOY, not DESTRUCTIVE" in " ".join(done.stdout.split())
    (tmp_path / TOML).write_text('[severity]\nent-merge = {class = "NEEDS_REDEPLOY", reason = "x"}\n')
    done = run("diff", V1, V2, cwd=tmp_path)
    assert done.returncode == 2
    assert "mx-changeclass.toml: severity: 'ent-merge' is no rule. Did you mean 'ent-merged'?" in done.stderr


@pytest.mark.parametrize("page", ["waivers", "fleets"])
def test_the_page_is_what_happens(page: str, tmp_path: Path) -> None:
    """Its commands print what it shows, and the files it shows are those that are read and written."""
    shutil.copytree(ROOT / "fixtures" / "field-service", tmp_path / "app" / "fixtures" / "field-service")
    here, beside = tmp_path / "app", tmp_path / "pipeline" / "waivers.toml"
    beside.parent.mkdir()
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(console|toml|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    told = ""
    for kind, block in blocks:
        if kind == "console":
            for command, shown in re.findall(r"^\$ mx-changeclass (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                if (here / TOML).exists() and "--waivers" in command:
                    shutil.copy(here / TOML, beside)
                done = run(*shlex.split(command), "--today", "2026-11-29", cwd=here)
                assert done.stderr == ""
                assert done.stdout == shown
            told = run("diff", *STORY, "--today", "2026-11-29", cwd=here).stdout if page == "waivers" else ""
        elif kind == "text":
            assert block in told
        elif "[[version]]" in block:
            (here / TOML).write_text(block)
        elif "[[waiver]]" in block:
            assert (here / TOML).read_text().startswith(block)
        else:
            (here / "severity.toml").write_text(block)
            assert run("diff", *STORY, "--config", "severity.toml", cwd=here).returncode == 1
    if page == "waivers":
        done = run("diff", *STORY, "--no-config", "--waivers", str(beside), "--today", "2026-11-29", cwd=here)
        assert done.returncode == 0
        assert "whoever wrote the change" not in done.stdout
