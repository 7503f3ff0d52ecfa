from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import bson
import pytest

from mx_changeclass.errors import ReadError
from mx_changeclass.forms import FORMS, GIVE_MODEL
from mx_changeclass.model.snapshot import Element, Snapshot, Tree
from mx_changeclass.pipeline import compare
from mx_changeclass.readers import read
from mx_changeclass.readers.history import history, history_between
from mx_changeclass.readers.units.secrets import sealed
from mx_changeclass.readers.units.stored_unit import decode
from tests.builders.build import (
    Document,
    content_of,
    documents,
    uid,
    write_dump,
    write_mpk,
    write_v1,
    write_v2,
    write_zip,
)
from tests.builders.specimen import PROJECTS, READERS, SECRETS, SIDE, specimen

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"


def rows(snapshot: Snapshot) -> dict[str, tuple[Element, ...]]:
    """The rows of everything stored in the model itself."""
    return {i: snapshot.rows(i) for i in snapshot.units if not i.startswith("file:")}


def places(snapshot: Snapshot) -> set[tuple[object, ...]]:
    stored = (u for u in snapshot.units.values() if not u.id.startswith("file:"))
    return {(u.id, u.type, u.name, u.container, u.slot, u.excluded, u.missing) for u in stored}


def problem(*model: object, **options: object) -> str:
    """The error that reading gives: one line that names the input."""
    with pytest.raises(ReadError) as caught:
        read(*model, **options)  # type: ignore[arg-type]
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{caught.value.source}: ")
    return line


def named(snapshot: Snapshot, name: str) -> str:
    return next(u.id for u in snapshot.units.values() if u.name == name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_v2(specimen(), tmp_path / "project", side=SIDE)


# One tree whatever the form


def test_every_form_of_input_has_a_kept_project_and_is_told() -> None:
    """A form is one line in ``FORMS``; each test over the kept projects, of damage too, then asks for it."""
    assert PROJECTS.keys() | {"git"} == FORMS.keys()
    assert {path.name for path in READERS.iterdir()} == {*PROJECTS.values()}
    assert all(told in GIVE_MODEL for told in FORMS.values())
    (row,) = re.findall(r"^\| `form` \| .*", (READERS.parents[1] / "docs" / "json.md").read_text(), re.MULTILINE)
    assert set(re.findall(r"`([^`]+)`", row)) == {"form", "none", *FORMS}
    assert read("none").form == "none"


@pytest.mark.parametrize(("form", "path"), [*PROJECTS.items(), ("mpr-v2", "v2/Field.mpr")])
def test_every_form_gives_the_same_rows(form: str, path: str) -> None:
    model = read(READERS / path)
    expected = read(READERS / "v2")
    assert model.form == form
    assert rows(model) == rows(expected)
    assert places(model) == places(expected)
    assert (model.incomplete, model.warnings) == ((), ())


@pytest.mark.parametrize("path", PROJECTS.values())
def test_the_kept_files_hold_what_the_builder_writes(path: str, tmp_path: Path) -> None:
    assert rows(read(READERS / path)) == rows(read(write_v1(specimen(), tmp_path / "fresh.mpr")))


def test_rows_can_be_written_and_read_again(project: Path, tmp_path: Path) -> None:
    model = read(project)
    again = read(write_v2(model, tmp_path / "again"))
    assert places(again) == places(model)
    sealed = {"Images", "Token", "Home", "Thing"}  # they hold digests, of which new digests are made
    plain = {i for i, u in model.units.items() if u.slot == "documents" and u.name not in sealed}
    assert len(plain) == 5
    assert {i: again.rows(i) for i in plain} == {i: model.rows(i) for i in plain}
    assert {i: len(r) for i, r in rows(again).items()} == {i: len(r) for i, r in rows(model).items()}


def test_reading_twice_is_equal_and_changes_nothing(project: Path) -> None:
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in project.rglob("*") if p.is_file()}
    first, second = read(project), read(project)
    assert rows(first) == rows(second)
    assert first.digest == second.digest
    assert {i: u.digest for i, u in first.units.items()} == {i: u.digest for i, u in second.units.items()}
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in project.rglob("*") if p.is_file()} == before


def test_side_files_come_with_folders_and_packages_only(project: Path) -> None:
    for path in (project, READERS / "v2", READERS / "app.mpk"):
        model = read(path)
        assert model.side_files
        assert {i for i in model.units if i.startswith("file:")} == {f"file:{p}" for p in SIDE}
    for path in (project / "App.mpr", READERS / "v1.mpr", READERS / "dump.json"):
        model = read(path)
        assert not model.side_files
        assert not [i for i in model.units if i.startswith("file:")]


def test_a_package_without_side_files_does_not_claim_them(tmp_path: Path) -> None:
    assert not read(write_mpk(specimen(), tmp_path / "bare.mpk")).side_files


def test_a_dump_is_read_with_and_without_bom_and_from_a_shell(tmp_path: Path) -> None:
    plain = read(write_dump(specimen(), tmp_path / "plain.json", bom=False))
    wide = tmp_path / "wide.json"
    wide.write_bytes((tmp_path / "plain.json").read_text("utf-8").encode("utf-16"))
    assert rows(read(READERS / "dump.json")) == rows(plain) == rows(read(wide))


def test_the_order_of_keys_in_a_dump_means_nothing(tmp_path: Path) -> None:
    turned = [dict(reversed(d.items())) for d in specimen()]
    model, other = read(READERS / "dump.json"), read(write_dump(turned, tmp_path / "turned.json"))
    assert rows(model) == rows(other)
    assert model.digest == other.digest


def test_the_system_module_of_a_dump_is_not_live(tmp_path: Path) -> None:
    system: list[Document] = [
        {"$ID": uid("s"), "$Type": "Projects$Module", "name": "System", "$ContainerID": uid("project")},
        {"$ID": uid("d"), "$Type": "DomainModels$DomainModel", "$ContainerID": uid("s")},
    ]
    model = read(write_dump([*specimen(), *system], tmp_path / "full.json"))
    assert set(model.units) - set(model.live) == {uid("s"), uid("d"), named(model, "OldCheck")}


# What the rows say


def test_single_parts_are_folded_and_ids_and_names_are_those_of_the_sdk() -> None:
    model = read(READERS / "v1.mpr")
    tree = Tree.of(model, model.units)
    by_name = {tree.qualified(r): r for r in tree.rows.values() if r.name}
    title = by_name["Field.Job.Title"]
    assert title.props["type"] == "DomainModels$StringAttributeType"
    assert title.props["type.length"] == 200
    assert type(title.props["type.length"]) is int
    assert title.part("type.length") == ("DomainModels$StringAttributeType", "length")
    link = by_name["Field.Note_Job"]
    assert (link.props["parent"], link.props["child"]) == (by_name["Field.Note"].id, by_name["Field.Job"].id)
    assert by_name["Responsive"].props["appTitle.nl_NL"] == "Veld"
    assert {**by_name["Field.Thing"].props, "password": ""} == {
        "weight": 7,
        "ratio": 0.5,
        "inner": "Acme$Part",
        "inner.list": ("a", "b"),
        "password": "",
    }


def test_widgets_are_read_by_property_keys_and_their_definition_is_one_digest() -> None:
    model = read(READERS / "v1.mpr")
    home = model.rows(named(model, "Home"))
    widget = next(r for r in home if r.name == "jobs")
    assert widget.props["type.widgetId"] == "com.acme.jobs.Jobs"
    assert [r.name for r in home if r.parent == widget.id] == ["datasource", "caption", "columns"]
    assert not [k for r in home for k in r.props if r.type.startswith("CustomWidgets$Widget") and k.endswith("type")]
    assert not [r for r in home if "PropertyType" in r.type]


def test_no_secret_is_in_the_rows() -> None:
    for path in PROJECTS.values():
        text = repr([(row.name, row.props) for found in rows(read(READERS / path)).values() for row in found])
        assert not [s for s in SECRETS if s in text]
        assert text.count("sealed:") == 6
        assert "'passwordPolicySettings.minimumLength': 12" in text


def test_a_seal_shows_that_a_secret_changed(project: Path, tmp_path: Path) -> None:
    changed = [{**d, "defaultValue": "token-5"} if d.get("name") == "Token" else d for d in specimen()]
    old, new = read(project), read(write_v2(changed, tmp_path / "new"))
    token = named(old, "Token")
    assert old.rows(token)[0].props["defaultValue"] != new.rows(token)[0].props["defaultValue"]


# Recognising


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for path in ("v1.mpr", "app.mpk", "dump.json", "snapshot.xml"):
        shutil.copy(READERS / path, tmp_path / "model.bin")
        assert rows(read(tmp_path / "model.bin")) == rows(read(READERS / path))


def test_labels_are_as_given_without_the_machine(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(project).label == "project"
    assert read(f"{project}/").label == "project"
    monkeypatch.chdir(project)
    assert read(".").label == "."
    assert read("App.mpr").label == read(Path("App.mpr")).label == "App.mpr"
    assert read("project", cwd=project.parent).label == "project"


def test_a_snapshot_passes_through_and_none_is_empty() -> None:
    model = read("none")
    assert read(model) is model
    assert (model.form, dict(model.units), model.version) == ("none", {}, None)


def test_a_folder_needs_exactly_one_mpr(project: Path) -> None:
    shutil.copy(project / "App.mpr", project / "App.mpr.bak")
    assert read(project).form == "mpr-v2"
    shutil.copy(project / "App.mpr", project / "Other.mpr")
    assert "several .mpr files (App.mpr, Other.mpr)" in problem(project)
    (project / "App.mpr").unlink()
    (project / "Other.mpr").unlink()
    assert "no .mpr" in problem(project)


def test_a_widget_package_is_said_to_be_one(tmp_path: Path) -> None:
    manifest = (
        b'<package xmlns="http://www.mendix.com/package/1.0/"><clientModule name="Jobs" version="1.2.3"'
        b' xmlns="http://www.mendix.com/clientModule/1.0/"/></package>'
    )
    widget = write_zip(tmp_path / "widget.mpk", {"package.xml": manifest})
    assert "is a widget package (Jobs 1.2.3), not a model" in problem(widget)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"[]", b"{}", b'{"units": 5}', b"<a/>", b"PK\3\4", b"\x1f\x8b", LFS], ids=repr
)
def test_what_is_no_model_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "thing").write_bytes(content)
    assert problem(tmp_path / "thing").startswith("thing: ")


def test_a_later_storage_format_is_not_guessed_at(project: Path) -> None:
    with closing(sqlite3.connect(project / "App.mpr")) as connection, connection:
        connection.execute("update _MetaData set _FormatVersion = 3")
    assert "format 3" in problem(project)


def test_a_package_may_hold_contents_beside_its_mpr(project: Path, tmp_path: Path) -> None:
    manifest = (
        b'<package xmlns="http://www.mendix.com/package/1.0/"><modelerProject'
        b' xmlns="http://www.mendix.com/modelerProject/1.0/"><projectFile path=".\\app\\App.mpr"/>'
        b"</modelerProject></package>"
    )
    files = [p for p in project.rglob("*") if p.is_file()]
    inside = {f"app/{p.relative_to(project).as_posix()}".replace("/", "\\"): p.read_bytes() for p in files}
    model = read(write_zip(tmp_path / "v2.mpk", {"package.xml": manifest, **inside}))
    assert rows(model) == rows(read(project))
    assert model.digest == read(project).digest


# What is not there


def unit_file(project: Path, name: str) -> Path:
    unit_id = named(read(project), name)
    return project / "mprcontents" / unit_id[:2] / unit_id[2:4] / f"{unit_id}.mxunit"


def test_a_missing_unit_is_told_and_keeps_its_digest(project: Path) -> None:
    before = read(project)
    home = unit_file(project, "Home")
    home.unlink()
    model = read(project)
    unit = model.units[named(before, "Home")]
    assert unit.missing
    assert unit.digest == before.units[unit.id].digest
    assert model.rows(unit.id) == ()
    assert model.incomplete == (f"{home.relative_to(project).as_posix()} is listed and its file is missing",)
    assert model.digest == before.digest


def test_a_pointer_of_git_lfs_is_no_content(project: Path) -> None:
    unit_file(project, "Home").write_bytes(LFS)
    assert [n for n in read(project).incomplete if "is a Git LFS pointer" in n]
    (project / "App.mpr").write_bytes(LFS)
    assert "is a Git LFS pointer" in problem(project)


def test_a_damaged_unit_is_told_and_has_the_digest_of_what_is_there(project: Path) -> None:
    before = read(project)
    home = unit_file(project, "Home")
    content = home.read_bytes()
    home.write_bytes(content[:400] + b"\xff" * 8 + content[408:])
    model = read(project)
    unit = model.units[named(before, "Home")]
    assert unit.missing
    assert unit.digest == hashlib.sha256(home.read_bytes()).hexdigest()
    assert "is damaged" in model.incomplete[0]


def test_a_wrong_hash_alone_is_a_warning(project: Path) -> None:
    home = unit_file(project, "Home")
    changed = next(d for d in specimen() if d.get("name") == "Home")
    home.write_bytes(content_of({**changed, "canvasWidth": 900}))
    model = read(project)
    unit = model.units[named(model, "Home")]
    assert (model.incomplete, unit.missing) == ((), False)
    assert unit.digest == hashlib.sha256(home.read_bytes()).hexdigest()
    assert "does not match its ContentsHash" in model.warnings[0]


def test_what_is_the_same_in_the_version_beside_is_taken_over_and_told_alike(project: Path, tmp_path: Path) -> None:
    ids = {name: uid(f"project/Field/{name}") for name in ("Finish", "Check", "State", "OldCheck")}
    home, check = (next(d for d in specimen() if d.get("name") == name) for name in ("Home", "Check"))
    unit_file(project, "Home").write_bytes(content_of({**home, "canvasWidth": 900}))  # not what its hash says
    strange = content_of({**check, "$ID": ids["State"]})
    unit_file(project, "Check").write_bytes(strange)
    unit_file(project, "Finish").unlink()
    with closing(sqlite3.connect(project / "App.mpr")) as connection, connection:
        stated = base64.b64encode(hashlib.sha256(strange).digest()).decode()
        change = "update Unit set ContentsHash = ? where UnitID = ?"
        connection.execute(change, (stated, uuid.UUID(ids["Check"]).bytes_le))
    old = read(project)
    new = shutil.copytree(project, tmp_path / "new")
    state = next(d for d in specimen() if d.get("name") == "State")
    unit_file(new, "State").write_bytes(content_of({**state, "documentation": "x"}))
    with closing(sqlite3.connect(new / "App.mpr")) as connection, connection:
        change = "update Unit set ContainmentName = 'other' where UnitID = ?"
        connection.execute(change, (uuid.UUID(ids["OldCheck"]).bytes_le,))
    alone, beside = read(new), read(new, beside=old)
    assert rows(beside) == rows(alone)
    assert places(beside) == places(alone)
    for facts in ("digest", "incomplete", "warnings"):
        assert getattr(beside, facts) == getattr(alone, facts)
    own = {i for i, unit in beside.units.items() if unit is not old.units[i] and unit.slot != "files"}
    assert own == {named(old, "Home"), *ids.values()}


def test_files_without_a_row_are_no_units(project: Path) -> None:
    before = read(project)
    orphan = project / "mprcontents" / "aa" / "bb" / "aabb0000-0000-0000-0000-000000000000.mxunit"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(unit_file(project, "Home").read_bytes())
    assert set(read(project).units) == set(before.units)


def test_many_missing_units_are_told_in_few_lines(project: Path) -> None:
    shutil.rmtree(project / "mprcontents")
    model = read(project)
    assert all(u.missing for u in model.units.values() if not u.id.startswith("file:"))
    assert len(model.incomplete) == 6
    assert model.incomplete[-1] == "and 16 more like the last"


# Git


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    root = project.parent
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "v1")
    git(root, "tag", "v1")
    monkeypatch.chdir(root)
    return root


def git(at: Path, *arguments: str, **environment: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=at, check=True, capture_output=True, env={**os.environ, **environment}
    )
    return done.stdout.decode(errors="replace").strip()


def test_a_revision_gives_what_its_checkout_gives(repository: Path) -> None:
    folder = read("project")
    shutil.rmtree(repository / "project")
    before = sorted(repository.rglob("*"))
    for spec in ("v1:project", "HEAD:project/", "HEAD:/project", ":project", "HEAD@{0}:./project"):
        model = read(spec)
        assert (model.label, model.form) == (spec, "git")
        assert rows(model) == rows(folder)
        assert model.digest == folder.digest
        assert {i: u.digest for i, u in model.units.items()} == {i: u.digest for i, u in folder.units.items()}
    assert sorted(repository.rglob("*")) == before


def test_of_a_version_beside_another_only_what_differs_is_read(repository: Path) -> None:
    first = read("HEAD:project")
    file = next(u.file for u in first.units.values() if u.type == "Pages$Page")
    (repository / "project" / file).write_bytes(b"no longer a document")
    git(repository, "add", "-A")
    beside, alone = read(":project", beside=first), read(":project")
    documents = {i: u for i, u in beside.units.items() if u.slot != "files"}
    assert {i for i, u in documents.items() if u is not first.units.get(i)} == {Path(file).stem}
    assert (beside.digest, beside.incomplete, beside.label) == (alone.digest, alone.incomplete, alone.label)
    assert rows(beside) == rows(alone) != rows(first)


def test_the_project_around_the_current_folder_is_meant_by_default(repository: Path) -> None:
    inside = repository / "project" / "themesource"
    assert rows(read("HEAD", cwd=inside)) == rows(read("project"))
    assert rows(read(":", cwd=inside)) == rows(read("project"))
    assert rows(read("HEAD:./..", cwd=inside)) == rows(read("project"))
    assert "no .mpr file at its top. Try 'HEAD:project'" in problem("HEAD")


def test_an_mpr_in_a_revision_comes_without_side_files(repository: Path) -> None:
    model = read("HEAD:project/App.mpr")
    assert not model.side_files
    assert rows(model) == rows(read("project"))


def test_the_index_is_what_would_be_committed(repository: Path) -> None:
    old = read("project")
    changed = [{**d, "exposedToClient": True} if d.get("name") == "Token" else d for d in specimen()]
    write_v2(changed, repository / "project")
    git(repository, "add", ".")
    new = read("project")
    shutil.rmtree(repository / "project")
    token = named(old, "Token")
    assert read(":project").rows(token) == new.rows(token) != old.rows(token)
    assert read("HEAD:project").rows(token) == old.rows(token)


def test_a_hook_reads_the_index_it_was_given(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = named(read("project"), "Token")
    other = repository / ".git" / "other-index"
    shutil.copy(repository / ".git" / "index", other)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(other))
    changed = [{**d, "exposedToClient": True} if d.get("name") == "Token" else d for d in specimen()]
    write_v2(changed, repository / "project")
    git(repository, "add", ".")
    assert read(":project").rows(token)[0].props["exposedToClient"] is True
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert read(":project").rows(token)[0].props["exposedToClient"] is False


def test_an_existing_path_wins_over_a_revision(repository: Path) -> None:
    shutil.copytree(repository / "project", repository / "v1")
    assert read("v1").form == "mpr-v2"


def test_a_name_that_is_a_path_and_a_revision_is_told(repository: Path) -> None:
    """A change under review that adds a folder would else choose what it is compared with."""
    assert read("project").warnings == ()
    shutil.copytree(repository / "project", repository / "v1")
    unit_file(repository / "v1", "Home").unlink()
    assert read("v1").ambiguity == "'v1' is a path and a revision: the path was read, 'rev:v1' is the revision"
    assert read("v1").incomplete
    forced = read("rev:v1:project")
    assert (forced.form, forced.warnings, forced.incomplete) == ("git", (), ())
    assert read(repository / "v1").ambiguity == ""


def test_a_file_called_as_a_revision_leads_to_it(repository: Path) -> None:
    """In a bare repository the file HEAD lies where the command is run."""
    (repository / "HEAD").write_text("ref: refs/heads/main")
    assert problem("HEAD").endswith("'HEAD' is a path and a revision: the path was read, 'rev:HEAD' is the revision")


def test_a_native_app_whose_name_is_a_path_and_a_revision_is_told(repository: Path) -> None:
    (repository / "v1").write_text('{"schema": 1, "facts": {"template": "14.1.13"}}')
    verdict = compare("project", "project", native=("v1", None))
    assert "'v1' is a path and a revision" in verdict.old.ambiguity
    with pytest.raises(ReadError, match="holds no native template"):
        compare("project", "project", native=("rev:v1", None))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nope", "'nope' is neither an existing path nor a git revision"),
        ("--help", "neither an existing path nor a git revision"),
        ("-n1:project", "neither an existing path nor a git revision"),
        ("HEAD:elsewhere", "there is no 'elsewhere' in it. Try 'HEAD:project'"),
        ("HEAD:../..", "there is no"),
        ("HEAD:project/widgets.xml", "there is no"),
        (":elsewhere", "there is no 'elsewhere' in it"),
        ("HEAD\nHEAD", "neither an existing path nor a git revision"),
        ("", "names no model"),
    ],
)
def test_a_wrong_revision_is_said_in_one_line(spec: str, said: str, repository: Path) -> None:
    assert said in problem(spec)


def test_several_models_in_a_revision_must_be_told_apart(repository: Path) -> None:
    shutil.copy(repository / "project" / "App.mpr", repository / "project" / "Two.mpr")
    git(repository, "add", ".")
    assert "several .mpr files (App.mpr, Two.mpr)" in problem(":project")
    assert read(":project/Two.mpr").form == "git"


def test_outside_a_repository_a_revision_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "does not exist, and git cannot be asked (not a git repository" in problem("v1.4", cwd=tmp_path)


PROGRAMS: tuple[str, ...] = (
    "core.fsmonitor",
    "core.pager",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "credential.helper",
)
PROGRAMS += ("diff.external", "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv", "gpg.program")
PROGRAMS += tuple(
    f"alias.{name}" for name in ("cat-file", "ls-tree", "ls-files", "rev-parse", "merge-base", "rev-list")
)
PROGRAMS += ("alias.for-each-ref", "uploadpack.packObjectsHook")


def test_no_program_that_a_repository_names_is_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one called git that lies in it, where the search path leads into the current folder."""
    program = repository / "git"
    program.write_text(f"#!/bin/sh\necho $0 >> {repository}/ran\n")
    program.chmod(0o755)
    for name in PROGRAMS:
        git(repository, "config", name, str(program))
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
        shutil.copy(program, repository / ".git" / "hooks" / hook)
    monkeypatch.setenv("PATH", os.pathsep.join(("", ".", os.environ["PATH"])))
    for spec in ("HEAD:project", ":project", "project"):
        assert read(spec).units
    assert history("HEAD", "project", repository).commits
    assert history_between("v1", "HEAD", "project", repository).branched_at
    assert not (repository / "ran").exists()


def test_an_object_that_stands_in_for_another_is_not_read(repository: Path) -> None:
    before = read("v1:project")
    unit_file(repository / "project", "Home").unlink()
    git(repository, "commit", "-qam", "v2")
    git(repository, "replace", "v1", "HEAD")
    assert read("v1:project").digest == before.digest


def test_trees_that_name_each_other_many_times_over_are_a_bomb(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven trees of ten entries list ten million files."""
    monkeypatch.setattr("mx_changeclass.readers.git.LISTING_BYTES", 1 << 20)
    entry = f"100644 blob {git(repository, 'rev-parse', 'HEAD:project/App.mpr')}"
    for _ in range(7):
        listed = "".join(f"{entry}\t{n}\n" for n in range(10))
        made = subprocess.run(
            ["git", "mktree"], cwd=repository, input=listed, capture_output=True, text=True, check=True
        )
        entry = f"040000 tree {made.stdout.strip()}"
    assert "lists more than 1000000 files" in problem(f"{entry.rpartition(' ')[2]}:0")


def test_threads_over_one_revision_see_what_one_alone_sees(repository: Path) -> None:
    alone, shared = read("HEAD:project"), read("HEAD:project")
    wanted = {i: alone.rows(i) for i in alone.units}

    def rows_of(start: int) -> dict[str, object]:
        order = [*list(shared.units)[start:], *list(shared.units)[:start]]
        return {i: shared.units[i].load() for i in order}

    with ThreadPoolExecutor(4) as pool:
        assert all(found == wanted for found in pool.map(rows_of, range(0, 40, 5)))


def test_a_path_object_is_never_a_revision(repository: Path) -> None:
    assert "HEAD: does not exist" in problem(Path("HEAD"))


def test_links_and_submodules_are_told_and_no_deletion(repository: Path) -> None:
    project = repository / "project"
    (project / "userlib" / "clock.jar").unlink()
    (project / "userlib" / "clock.jar").symlink_to("../App.mpr")
    home = unit_file(project, "Home")
    home.unlink()
    home.symlink_to("elsewhere")
    git(repository, "add", ".")
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},project/themesource/shared")
    git(repository, "commit", "-qm", "odd")
    model = read("HEAD:project")
    told = "\n".join(model.incomplete)
    assert "userlib/clock.jar is a symbolic link" in told
    assert "themesource/shared is a submodule" in told
    assert f"{home.name} is listed and its file is missing" in told
    assert model.units["file:userlib/clock.jar"].missing


def test_a_pointer_in_a_revision_is_told(repository: Path) -> None:
    (repository / "project" / "userlib" / "clock.jar").write_bytes(LFS)
    git(repository, "add", ".")
    assert [n for n in read(":project").incomplete if n.startswith("userlib/clock.jar is a Git LFS pointer")]


def test_a_conflict_in_the_index_is_told(repository: Path) -> None:
    home = unit_file(repository / "project", "Home").relative_to(repository).as_posix()
    blob = git(repository, "rev-parse", f"HEAD:{home}")
    stages = "".join(f"100644 {blob} {stage}\t{home}\n" for stage in (1, 2, 3))
    git(repository, "update-index", "--force-remove", home)
    subprocess.run(["git", "update-index", "--index-info"], cwd=repository, input=stages, text=True, check=True)
    model = read(":project")
    assert [n for n in model.incomplete if "is listed and its file is missing" in n]
    assert model.units[named(read("HEAD:project"), "Home")].missing


def test_blobs_that_a_partial_clone_left_behind_are_missing_and_not_fetched(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:limit=1k", repository.as_uri(), str(clone))
    before = sorted(p.name for p in (clone / ".git" / "objects").rglob("*"))
    assert "is not in this clone. The clone is partial" in problem("HEAD:project", cwd=clone)
    git(clone, "cat-file", "blob", "HEAD:project/App.mpr", GIT_ALLOW_PROTOCOL="file")
    fetched = sorted(p.name for p in (clone / ".git" / "objects").rglob("*"))
    assert fetched != before
    model = read("HEAD:project", cwd=clone)
    assert [n for n in model.incomplete if "is listed and its file is missing" in n]
    assert 0 < sum(u.missing for u in model.units.values()) < len(model.units)
    assert sorted(p.name for p in (clone / ".git" / "objects").rglob("*")) == fetched


def test_documents_of_a_missing_unit_can_be_written(project: Path, tmp_path: Path) -> None:
    unit_file(project, "Home").unlink()
    model = read(project)
    again = read(write_v2(documents(model), tmp_path / "again"))
    assert {i for i, u in again.units.items() if u.missing} == {i for i, u in model.units.items() if u.missing}


def test_a_custom_setting_that_is_a_flag_stays_readable_and_any_other_is_sealed() -> None:
    """Whether a setting is on decides what a release costs; any other value may be a credential."""

    def kept(value: str) -> object:
        setting = {"$ID": uid("setting"), "$Type": "Settings$CustomSetting", "Name": "x", "Value": value}
        part = {"$ID": uid("part"), "$Type": "Settings$ServerConfiguration", "CustomSettings": [2, setting]}
        root = {"$ID": uid("root"), "$Type": "Settings$ProjectSettings", "Settings": [2, part]}
        rows = decode(bson.encode(root), uid("root"))
        return next(r.props["value"] for r in rows if r.type == "Settings$CustomSetting")

    assert kept("true") == "true"
    assert kept("hunter2") == sealed("hunter2") != "hunter2"
