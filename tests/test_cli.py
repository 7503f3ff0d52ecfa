"""The command: what it prints, how it ends, and that errors are one line."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mx_changeclass.reports import FORMATS
from tests.builders.side_files import template

ROOT = Path(__file__).parent.parent
STORY = ROOT / "fixtures" / "field-service"
V1, V2 = str(STORY / "v1.snapshot.xml"), str(STORY / "v2.snapshot.xml")


def run(*arguments: str, cwd: Path = ROOT, seed: str = "0", **extra: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(cwd), **extra}
    return subprocess.run(
        [sys.executable, "-m", "mx_changeclass", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def is_one_line(done: subprocess.CompletedProcess[str]) -> bool:
    return done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("mx-changeclass: ")


def test_the_story_is_destructive_and_exits_with_1(tmp_path: Path) -> None:
    done = run("diff", V1, V2, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("DESTRUCTIVE")
    assert "Service.Measurement" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("destructive", 1), ("ota-safe", 1)])
def test_fail_on_decides_the_exit_code(fail_on: str, code: int, tmp_path: Path) -> None:
    assert run("diff", V1, V2, "--fail-on", fail_on, cwd=tmp_path).returncode == code


@pytest.mark.parametrize(("fail_on", "failures"), [("never", 0), ("destructive", 3), ("needs-redeploy", 6)])
def test_fail_on_decides_what_fails_in_junit(fail_on: str, failures: int, tmp_path: Path) -> None:
    done = run("diff", V1, V2, "--format", "junit", "--fail-on", fail_on, cwd=tmp_path)
    assert done.stdout.count("<failure ") == failures


def test_a_model_against_itself_has_no_change(tmp_path: Path) -> None:
    done = run("diff", V1, V1, "--format", "json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["verdict"]["class"] == "OTA_SAFE"
    assert told["verdict"]["channel"] == "none"
    assert told["changes"] == []
    assert told["accountability"]["leaves"] == 0


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A report in every format, made three times, each with other hashes."""
    code = (
        "from mx_changeclass.cli import cli\n"
        f"for name in {list(FORMATS)!r}:\n"
        f"    try: cli(['diff', {V1!r}, {V2!r}, '--format', name, '--all', '-o', name])\n"
        "    except SystemExit: pass"
    )
    folders = [tmp_path_factory.mktemp(f"seed{seed}") for seed in "123"]
    for folder in folders:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": folder.name[4]}
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, timeout=120)
    return folders


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_input_gives_the_same_bytes(format_: str, outputs: list[Path]) -> None:
    first, *others = ((folder / format_).read_bytes() for folder in outputs)
    assert first
    assert others == [first, first]


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    done = run("diff", V1, V2, "--format", "json", "-o", "report.json", cwd=tmp_path)
    assert done.stdout == ""
    assert json.loads((tmp_path / "report.json").read_text())["verdict"]["destructive"] is True


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = run("diff", V1, V2, "-o", "no/such/folder/report.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert is_one_line(done)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["diff", "missing.mpr", V1], 3),
        (["diff", V1, "none"], 3),
        (["diff", V1], 2),
        (["diff", V1, V2, "--format", "poem"], 2),
        (["explain", "no-such-rule"], 2),
        (["explain", "0123456789ab", "--report", "missing.json"], 2),
        (["frobnicate"], 2),
    ],
)
def test_errors_are_one_line(arguments: list[str], code: int, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert is_one_line(done), done.stderr


def test_a_wrong_configuration_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text("native_templat = '14.1.13'")
    done = run("diff", V1, V2, cwd=tmp_path)
    assert done.returncode == 2
    assert "native_templat" in done.stderr
    assert is_one_line(done)


def test_an_export_gives_the_verdict_of_the_project(tmp_path: Path) -> None:
    for version, name in ((V1, "one"), (V2, "two")):
        assert run("export", version, "-o", f"{name}.snapshot.xml.gz", cwd=tmp_path).returncode == 0
    assert gzip.decompress((tmp_path / "one.snapshot.xml.gz").read_bytes()).startswith(b"<?xml")
    told = [
        json.loads(run("diff", *pair, "--format", "json", cwd=tmp_path).stdout)
        for pair in ((V1, V2), ("one.snapshot.xml.gz", "two.snapshot.xml.gz"))
    ]
    assert told[0]["changes"] == told[1]["changes"]
    assert told[0]["verdict"] == told[1]["verdict"]


def test_explain_answers_for_a_rule_a_class_and_a_row(tmp_path: Path) -> None:
    done = run("diff", V1, V2, "--format", "json", "-o", "report.json", cwd=tmp_path)
    assert done.returncode == 1
    row = json.loads((tmp_path / "report.json").read_text())["changes"][0]
    for topic in (row["findings"][0]["rule"], row["class"].lower().replace("_", "-"), row["fingerprint"]):
        told = run("explain", topic, "--report", "report.json", cwd=tmp_path)
        assert told.returncode == 0, told.stderr
        assert len(told.stdout.splitlines()) > 2
    assert row["element"]["name"] in run("explain", row["fingerprint"], cwd=tmp_path).stdout


def test_rules_lists_the_whole_catalogue(tmp_path: Path) -> None:
    told = json.loads(run("rules", "--format", "json", cwd=tmp_path).stdout)["rules"]
    assert all(r["title"] and r["reason"] and r["source"] for r in told)
    assert "ent-renamed-sync" in {r["id"] for r in told}


def test_footprint_shows_what_lives_on_devices(tmp_path: Path) -> None:
    told = json.loads(run("footprint", V1, "--format", "json", cwd=tmp_path).stdout)
    phone = next(p for p in told["profiles"] if p["kind"] == "native")
    entities = {e["name"]: e for e in phone["entities"]}
    assert entities["Service.WorkOrder"]["mode"] == "All"
    assert entities["Service.WorkOrder"]["why"][0] == phone["name"]
    assert "Office.AuditLog" not in entities


@pytest.fixture
def native_app(tmp_path: Path) -> Path:
    """A native template folder as a release manager has it beside the project."""
    for path, content in template().items():
        (tmp_path / "native" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "native" / path).write_bytes(content)
    return tmp_path / "native"


def test_a_change_of_the_native_app_needs_a_new_binary(native_app: Path, tmp_path: Path) -> None:
    assert run("native", "export", "native", "-o", "released.json", cwd=tmp_path).returncode == 0
    same = run("diff", V1, V1, "--native-old", "released.json", "--native-new", "native", cwd=tmp_path)
    assert same.stdout.startswith("OTA_SAFE: no change")
    plist = next(native_app.glob("ios/**/Info.plist"))
    plist.write_bytes(
        plist.read_bytes().replace(b"</dict>", b"<key>NSMicrophoneUsageDescription</key><string>x</string></dict>", 1)
    )
    told = run(
        "diff", V1, V1, "--native-old", "released.json", "--native-new", "native", "--format", "json", cwd=tmp_path
    )
    assert json.loads(told.stdout)["verdict"]["class"] == "FULL_RELEASE"


def test_without_a_native_app_the_report_says_what_it_could_not_look_at(tmp_path: Path) -> None:
    assert "launcher icons" in run("diff", V1, V2, cwd=tmp_path).stdout


def test_half_a_surrogate_pair_in_a_dump_ends_in_one_line(tmp_path: Path) -> None:
    dump = json.loads((ROOT / "fixtures" / "readers" / "dump.json").read_text("utf-8-sig"))
    dump["units"][0]["documentation"] = "x\ud800y"
    (tmp_path / "odd.json").write_text(json.dumps(dump))
    done = run("diff", "odd.json", "odd.json", cwd=tmp_path)
    assert done.returncode == 3
    assert is_one_line(done)


def test_ignored_files_beside_the_model_play_no_part(tmp_path: Path) -> None:
    for name in ("old", "new"):
        shutil.copytree(ROOT / "fixtures" / "readers" / "v2", tmp_path / name)
    (tmp_path / "new" / "userlib" / "draft.jar").write_bytes(b"PK")
    assert "draft.jar" in run("diff", "old", "new", cwd=tmp_path).stdout
    (tmp_path / "mx-changeclass.toml").write_text('ignore = ["userlib/draft*"]')
    assert run("diff", "old", "new", cwd=tmp_path).stdout.startswith("OTA_SAFE: no change")
    (tmp_path / "mx-changeclass.toml").write_text('ignore = "userlib"')
    assert is_one_line(run("diff", "old", "new", cwd=tmp_path))


def test_a_reader_that_leaves_early_changes_no_answer(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mx_changeclass diff {V1} {V2} --all | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")


FAULT = """
import sys
import {module}
from mx_changeclass.__main__ import main

def broken(*_, **__):
    raise {error}("secret of the model\\nin two lines")

{module}.{name} = broken
sys.argv = ["mx-changeclass", *{arguments!r}]
main()
"""


def with_a_fault(at: Path, module: str, name: str, error: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with a function of the program that raises."""
    code = FAULT.format(module=module, name=name, error=error, arguments=arguments)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(at)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=at, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("module", "name", "error", "arguments"),
    [
        ("mx_changeclass.pipeline", "read", "KeyError", ("diff", V1, V2)),
        ("mx_changeclass.readers.xml", "read_xml", "EOFError", ("diff", V1, V2)),  # click takes it for a user who left
        (
            "mx_changeclass.pipeline",
            "diff",
            "BrokenPipeError",
            ("diff", V1, V2),
        ),  # click takes it for a reader who left
        ("mx_changeclass.pipeline", "classify_release", "RecursionError", ("diff", V1, V2)),
        ("mx_changeclass.reports.json", "document", "MemoryError", ("diff", V1, V2, "--format", "json")),
        ("mx_changeclass.findings.document", "document", "ValueError", ("diff", V1, V2)),  # what explain remembers
        ("mx_changeclass.pipeline", "classify_release", "SystemExit", ("diff", V1, V2)),
        ("mx_changeclass.pipeline", "read", "GeneratorExit", ("diff", V1, V2)),
        ("mx_changeclass.pipeline", "diff", "BaseException", ("diff", V1, V2)),
    ],
)
def test_a_fault_of_the_program_is_no_verdict(
    module: str, name: str, error: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = with_a_fault(tmp_path, module, name, error, *arguments, "--fail-on", "never", "-o", "report")
    assert done.returncode == 70
    assert is_one_line(done), done.stderr
    assert re.search(rf"fault of the program at mx_changeclass\.[a-z_.]+:\d+ \({error}\)", done.stderr)
    assert "Report this line" in done.stderr
    assert "secret" not in done.stderr
    assert not (tmp_path / "report").exists()


def test_a_fault_prints_nothing_on_standard_output(tmp_path: Path) -> None:
    done = with_a_fault(tmp_path, "mx_changeclass.findings.document", "document", "ValueError", "diff", V1, V2)
    assert (done.returncode, done.stdout) == (70, "")
    done = with_a_fault(
        tmp_path, "mx_changeclass.readers.native_app", "export_native", "KeyError", "native", "export", "x"
    )
    assert (done.returncode, done.stdout) == (70, "")


@pytest.mark.parametrize("leaving", ["SystemExit(0)", "SystemExit('bye')", "SystemExit", "GeneratorExit"])
@pytest.mark.parametrize(
    ("module", "name", "argument"),
    [
        ("mx_changeclass.pipeline", "compare", "diff"),  # in a command
        ("mx_changeclass.model.tables", "known_until", "--version"),  # before any
    ],
)
def test_what_leaves_by_itself_is_no_verdict(
    module: str, name: str, argument: str, leaving: str, tmp_path: Path
) -> None:
    arguments = (argument, V1, V2) if argument == "diff" else (argument,)
    code = (
        f"import sys; import {module} as place; from mx_changeclass.__main__ import main\n"
        f"def leave(*_, **__): raise {leaving}\n"
        f"place.{name} = leave; sys.argv = ['mx-changeclass', *{arguments!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 70
    assert is_one_line(done), done.stderr


@pytest.mark.parametrize(
    ("fails", "error"),
    [
        ("sys.modules['click'] = None", "ModuleNotFoundError"),
        ("sys.path.insert(0, '.')", "SystemExit"),
    ],
)
def test_a_command_that_cannot_be_loaded_is_a_fault(fails: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit(0)")
    code = f"import sys; from mx_changeclass.__main__ import main; {fails}; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 70
    assert is_one_line(done)
    assert f"({error})" in done.stderr


def test_who_stops_the_command_gets_no_verdict(tmp_path: Path) -> None:
    done = with_a_fault(tmp_path, "mx_changeclass.pipeline", "read", "KeyboardInterrupt", "diff", V1, V2)
    assert (done.returncode, done.stdout) == (130, "")
    assert "stopped" in done.stderr


def test_errors_that_nobody_reads_keep_their_exit_code(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mx_changeclass diff missing.mpr {V1} 2>&1 | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=120
    )
    assert done.returncode == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_standard_output_is_said(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mx_changeclass", "diff", V1, V2],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("mx-changeclass: standard output: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ignore = " + "[" * 5000, "nested too deep"),
        ("native_template = " + "1" * 6000, "digits"),
        ("native_template = 14", "native_template"),
        ("native_old = 3", "native_old"),
        ("ignore = [1]", "ignore"),
        ("declared = {codepush = true}", "declared"),
        ("ignore = [\xff", ""),
        ('native_old = "/"', "leads out"),
        ('native_new = "../elsewhere"', "leads out"),
        ('native_new = "link"', "leads out"),
        ('native_new = "a\\u0000b"', "leads out"),
    ],
)
def test_no_configuration_ends_in_more_than_a_line(content: str, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "mx-changeclass.toml").write_text(content, encoding="latin-1")
    done = run("diff", V1, V2, cwd=folder)
    assert done.returncode == 2, done.stderr
    assert is_one_line(done)
    assert said in done.stderr


def test_a_configuration_that_is_no_file_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "mx-changeclass.toml"
    place.symlink_to("/etc/passwd")
    assert run("diff", V1, V2, cwd=tmp_path).returncode == 2
    place.unlink()
    os.mkfifo(place)
    assert run("diff", V1, V2, cwd=tmp_path).returncode == 2
    assert run("diff", V1, V2, "--no-config", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("format_", FORMATS)
def test_every_report_names_the_configuration_in_force(format_: str, tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text('ignore = ["theme/*"]\nsoft_hazards = true\n')
    told = run("diff", V1, V2, "--format", format_, cwd=tmp_path).stdout
    for word in ("mx-changeclass.toml", "theme/", "soft_hazards = true"):
        assert word in told.replace("\\_", "_")
    assert "soft_hazards = true" not in run("diff", V1, V2, "--format", format_, "--no-config", cwd=tmp_path).stdout


def test_a_pipeline_pins_its_own_configuration(native_app: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "mx-changeclass.toml").write_text("soft_hazards = true\n")
    pinned = tmp_path / "pinned.toml"
    pinned.write_text(f'native_old = "{native_app}"\n')  # what the command line names may lie anywhere
    done = run("diff", V1, V2, "--config", str(pinned), cwd=project)
    assert "soft_hazards" not in done.stdout
    assert f"native_old = {native_app}" in " ".join(done.stdout.split())
    assert run("diff", V1, V2, "--config", str(pinned), "--no-config", cwd=project).returncode == 2


def test_an_option_goes_before_the_configuration(native_app: Path, tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text('native_old = "missing"\n')
    done = run("diff", V1, V2, "--native-old", str(native_app), "--native-new", str(native_app), cwd=tmp_path)
    assert done.returncode == 1, done.stderr


# Errors, help and places to write to


@pytest.mark.parametrize("arguments", [(), ("native",)])
def test_a_bare_call_is_answered_with_help_and_is_no_verdict(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A pipeline whose variable is empty must not read it as a verdict below: exit code 0 has a meaning."""
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    first, usage, *_ = done.stderr.splitlines()
    assert first == "mx-changeclass: no command was given. Choose one of these"
    assert usage.startswith("Usage: mx-changeclass")
    assert "export" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "help_of"),
    [
        (("diff", V1), "mx-changeclass diff"),
        (("diff", V1, V2, "--format", "poem"), "mx-changeclass diff"),
        (("diff", V1, V2, "-o", "no/folder/x"), "mx-changeclass diff"),
        (("native", "export"), "mx-changeclass native export"),
        (("explain", "nothing"), "mx-changeclass explain"),
        (("frobnicate",), "mx-changeclass"),
    ],
)
def test_an_error_names_the_help_of_its_command(arguments: tuple[str, ...], help_of: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith(f"Run '{help_of} --help'\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("diff", "--help"), ("rules",), ("explain", "ent-merged")]
)
def test_a_full_disk_is_never_a_verdict(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mx_changeclass", *arguments],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("mx-changeclass: standard output: ")


@pytest.mark.parametrize("written", ["FULL_RELEASE", "full-release", "Full-Release", "full_release"])
def test_a_class_is_taken_as_reports_write_it(written: str, tmp_path: Path) -> None:
    assert run("diff", V1, V2, "--fail-on", written, cwd=tmp_path).returncode == 1


def test_a_wrong_option_is_not_said_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text('native_template = "14.1.13"')
    done = run("diff", V1, V2, "--native-template", "banana", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("mx-changeclass: --native-template: 'native_template' cannot be 'banana'")


def test_all_keys_are_named_where_one_is_wrong_and_stand_in_the_readme(tmp_path: Path) -> None:
    (tmp_path / "mx-changeclass.toml").write_text("strict = true")
    done = run("diff", V1, V2, cwd=tmp_path)
    keys = done.stderr.partition("Use one of ")[2].strip().split(", ")
    assert {"native_old", "native_new", "native_template", "waiver", "ignore"} <= set(keys)
    table = re.findall(r"^\| `(?:\[+)?(\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(keys) <= set(table)


# Several reports


def test_one_comparison_writes_several_reports(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("before\n")
    done = run(
        "diff", V1, V2, "--report", "sarif=mx.sarif", "--report", "page.html", "--report", "a.b.XML",
        "--report", "summary", "-o", "told.json", cwd=tmp_path, GITHUB_STEP_SUMMARY="summary",
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert json.loads((tmp_path / "mx.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((tmp_path / "told.json").read_text())["schema"] == 1
    assert "<testsuites" in (tmp_path / "a.b.XML").read_text()
    assert "DESTRUCTIVE" in (tmp_path / "page.html").read_text()
    assert (tmp_path / "summary").read_text().startswith("before\n## DESTRUCTIVE")
    assert run("diff", V1, V2, cwd=tmp_path).stdout.startswith("DESTRUCTIVE")


def test_a_summary_takes_the_room_that_is_left_of_a_step(tmp_path: Path) -> None:
    """A step has a mebibyte; what is beyond it is not shown at all."""
    (tmp_path / "summary").write_text("x" * ((1 << 20) - 2500))
    run("diff", V1, V2, "--report", "summary", "-o", "text", cwd=tmp_path, GITHUB_STEP_SUMMARY="summary")
    assert (tmp_path / "summary").stat().st_size <= 1 << 20
    assert "in the whole report" in (tmp_path / "summary").read_text()[-3000:]


@pytest.mark.parametrize(
    "wrong",
    [
        ("sraf=mx.sarif", "give FORMAT=FILE with a format of text, json"),
        ("mx.report", "a FILE that ends in .htm"),
        ("sarif=", "give FORMAT=FILE"),
        ("summary", "GITHUB_STEP_SUMMARY is not set"),
        ("html=.", "is a folder"),
        ("html=missing/page.html", "No such file or directory"),
        ("json=same.json", "two reports go to same.json"),
    ],
)
def test_where_one_report_cannot_be_written_none_is(wrong: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "kept.html").write_text("before")
    done = run(
        "diff", V1, V2, "--report", "same.json", "--report", "kept.html", "--report", wrong[0],
        cwd=tmp_path, GITHUB_STEP_SUMMARY="",
    )  # fmt: skip
    assert done.returncode == 2
    assert is_one_line(done)
    assert wrong[1] in done.stderr
    assert (tmp_path / "kept.html").read_text() == "before"
    assert not (tmp_path / "same.json").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".mx-changeclass.")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_leaves_no_report(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mx_changeclass", "diff", V1, V2, "--report", "page.html"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


# explain


def test_explain_takes_how_a_fingerprint_begins_and_an_element(tmp_path: Path) -> None:
    run("diff", V1, V2, "-o", "new.json", cwd=tmp_path)
    rows = json.loads((tmp_path / "new.json").read_text())["changes"]
    row = next(r for r in rows if r["element"]["name"] == "Service.Measurement")
    for topic in (row["fingerprint"][:4], row["fingerprint"].upper(), "Service.Measurement"):
        for source in ((), ("--report", "new.json")):
            told = run("explain", topic, *source, cwd=tmp_path)
            assert told.stdout.startswith("Service.Measurement: removed\n"), (topic, source, told.stderr)
    piped = subprocess.run(
        [sys.executable, "-m", "mx_changeclass", "explain", "Service.Measurement", "--report", "-"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, input=(tmp_path / "new.json").read_text(),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert piped.stdout.startswith("Service.Measurement: removed\n")


def test_explain_keeps_reports_and_folders_apart(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    run("diff", V1, V2, "-o", "forth.json", cwd=one, **cache)
    run("diff", V2, V1, "-o", "back.json", cwd=other, **cache)
    assert "removed" in run("explain", "Service.Measurement", cwd=one, **cache).stdout.partition("\n")[0]
    assert "added" in run("explain", "Service.Measurement", cwd=other, **cache).stdout.partition("\n")[0]
    both = run(
        "explain", "Service.Measurement", "--report", "one/forth.json", "--report", "other/back.json", cwd=tmp_path
    )
    assert re.findall(r"^v(\d)\.snapshot\.xml -> v(\d)\.snapshot\.xml$", both.stdout, re.MULTILINE) == [
        ("1", "2"),
        ("2", "1"),
    ]


def test_explain_asks_for_more_digits_where_several_begin_so(tmp_path: Path) -> None:
    rows = [{"fingerprint": f"abcd{n:08x}", "element": {"name": "A.B"}} for n in range(2)]
    (tmp_path / "two.json").write_text(json.dumps({"changes": rows}))
    done = run("explain", "ABCD", "--report", "two.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "abcd00000000, abcd00000001. Give more digits" in done.stderr
    assert is_one_line(done)


@pytest.mark.parametrize("name", ["DESTRUCTIVE", "full-release", "needs_redeploy", "OTA-SAFE"])
def test_a_class_is_explained_in_words(name: str, tmp_path: Path) -> None:
    told = run("explain", name, cwd=tmp_path).stdout
    assert told.startswith(name.upper().replace("-", "_") + ": ")
    assert len(told.splitlines()) < 50
    assert re.search(r"\[[a-z0-9-]+\]$", told, re.MULTILINE)


def test_footprint_says_modes_as_studio_pro_does_and_all_names_where_asked(tmp_path: Path) -> None:
    told = run("footprint", V1, cwd=tmp_path).stdout
    assert "Service.Photo  Nothing (preserve data) (configured)" in told
    assert "Service.Customer  By XPath (configured)" in told
    assert " more" not in run("footprint", V1, "--all", cwd=tmp_path).stdout


# -- plan ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--format", "markdown"), ("--format", "json")])
def test_a_plan_that_leads_there_without_loss_exits_with_0(options: tuple[str, ...], tmp_path: Path) -> None:
    done = run("plan", V1, V2, *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if "json" in options:
        told = json.loads(done.stdout)
        assert (told["proven"], told["leads_there"]) == (True, True)
        assert [step["step"] for step in told["steps"]] == ["deploy", "wait", "deploy"]
    elif options:
        assert done.stdout.count("- [ ] **") == 3
        assert "  - [ ] " in done.stdout
    else:
        assert "3. Deploy release 2" in done.stdout


def test_the_way_back_with_a_cost_exits_with_1(tmp_path: Path) -> None:
    done = run("plan", V1, V2, "--back", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("Once devices have run it, it may be taken back at a cost")
    assert "Service.Inspection.TakenOn" in done.stdout


def test_a_plan_of_which_the_model_has_to_change_exits_with_1(tmp_path: Path) -> None:
    """What was given on the way back of an upgrade: devices that moved on meet an older client."""
    newer = tmp_path / "newer.snapshot.xml"
    newer.write_text(Path(V1).read_text("utf-8").replace(' version="10.24.18"', ' version="10.24.19"'), "utf-8")
    assert newer.read_bytes() != Path(V1).read_bytes()
    done = run("plan", str(newer), V1, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("The model has to change first")


def test_a_plan_that_is_not_proven_exits_with_4(tmp_path: Path) -> None:
    """A file of the second version is not there, so what it holds may differ."""
    half = tmp_path / "half.snapshot.xml"
    whole = Path(V2).read_text("utf-8")
    note = '<incomplete text="mprcontents/ab is listed but not there"/>'
    half.write_text(re.sub(r"(<snapshot [^>]*>)", rf"\1{note}", whole, count=1), "utf-8")
    done = run("plan", V1, str(half), cwd=tmp_path)
    assert done.returncode == 4
    assert "NOT PROVEN" in done.stdout


def test_of_a_first_release_there_is_no_plan(tmp_path: Path) -> None:
    done = run("plan", "none", V1, cwd=tmp_path)
    assert done.returncode == 2
    assert is_one_line(done)
