"""The native app: what its template tells, in the repository, beside it, and in a facts file."""

from __future__ import annotations

import json
import struct
import subprocess
import time
from pathlib import Path

import pytest

from mx_changeclass.errors import ReadError, UnknownFormat
from mx_changeclass.model.kinds import view
from mx_changeclass.model.kinds.native import BINARY_ID, NativeBinary
from mx_changeclass.model.native_templates import (
    accepts,
    android_minimum_of,
    binary_version_of,
    disjoint,
    expected_binary_version,
    ios_minimum_of,
    pinned,
    react_native_of,
    template_range,
)
from mx_changeclass.model.tables import known_until
from mx_changeclass.model.versions import Version
from mx_changeclass.readers.native_app import facts_unit, native_json, native_unit, read_native
from mx_changeclass.reports.catalogue import coverage
from tests.builders.side_files import Files, differing, row, template, units


def facts(files: Files) -> NativeBinary:
    kind = view(native_unit(files, files.get, "template").load()[0])
    assert isinstance(kind, NativeBinary)
    return kind


def fact_diff(new: Files) -> set[str]:
    a, b = facts(template()).row.props, facts(new).row.props
    return {k for k in {*a, *b} if a.get(k) != b.get(k)}


# -- the native app ---------------------------------------------------------------------------


def test_a_native_template_tells_the_app_it_builds() -> None:
    app = facts(template())
    assert (app.template, app.react_native, app.binary_version) == ("14.1.13", "0.77.3", 14)
    assert (app.app_name, app.bundle_id, app.version, app.build) == ("Field", "com.acme.field", "1.4.0", "27")
    props = app.row.props
    assert props["ios.appName"] == props["android.appName"] == "Field"
    assert props["ios.bundleId"] == props["android.bundleId"] == "com.acme.field"
    assert props["ios.runtimeUrl"] == props["android.runtimeUrl"] == "https://field.acme.com"
    assert (props["ios.minimum"], props["android.minimum"], props["android.targetSdk"]) == ("15.5", "24", "35")
    assert (props["ios.cleartext"], props["android.deepLinks"]) == (False, ("field://open",))
    assert app.linked == {"react-native-video": "6.10.0"}
    assert app.dependencies["react-native-svg"] == "15.11.1"
    assert app.permissions == {
        "NSCameraUsageDescription": "To scan parts.",
        "android.permission.CAMERA": "True",
        "android.permission.READ_PHONE_STATE": "removed",
    }
    assert app.database_name == "default"
    assert app.unread == ()


MANIFEST = "android/app/src/main/AndroidManifest.xml"
PLIST = "ios/nativeTemplate/Info.plist"


def referring(depth: int, *, to_itself: bool) -> bytes:
    """A binary property list of lists that each name the next one twice, the last one nothing or the first."""
    objects = [b"\xd1\x01\x02", b"\x51k"]  # a dictionary of one key, object 1, and one value, object 2
    objects += [b"\xa2" + bytes([n + 3, n + 3]) for n in range(depth)]
    objects.append(b"\xa1\x02" if to_itself else b"\xa0")
    offsets, at = [], 8
    for each in objects:
        offsets.append(at)
        at += len(each)
    trailer = struct.pack(">6xBBQQQ", 2, 1, len(objects), 0, at)
    return b"bplist00" + b"".join(objects) + b"".join(struct.pack(">H", o) for o in offsets) + trailer


@pytest.mark.parametrize(
    ("depth", "to_itself", "said"),
    [(30, False, "of more than 100000 values"), (30, True, "property list"), (3, True, "property list")],
)
def test_a_property_list_is_counted_before_it_is_spelled_out(depth: int, to_itself: bool, said: str) -> None:
    """Thirty lists of two spell out to a thousand million values; one in itself never ends."""
    read = facts({**template(), PLIST: referring(depth, to_itself=to_itself)})
    assert [n for n in read.unread if n.startswith(PLIST) and said in n]


def test_a_property_list_that_names_one_value_many_times_is_read() -> None:
    """The builder above is right: what it makes of few lists is sound."""
    assert not facts({**template(), PLIST: referring(5, to_itself=False)}).unread


def edited(path: str, old: bytes, new: bytes) -> Files:
    files = template()
    assert old in files[path]
    return {**files, path: files[path].replace(old, new)}


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("android/app/src/main/res/values/strings.xml", b"Field", b"Farm", {"android.appName"}),
        ("ios/Config/config.xcconfig", b"DISPLAY_NAME = Field", b"DISPLAY_NAME = Farm", {"ios.appName", "ios.files"}),
        ("android/app/build.gradle", b'"com.acme.field"', b'"com.acme.farm"', {"android.bundleId"}),
        ("android/app/build.gradle", b"versionCode 27", b"versionCode 28", {"android.build"}),
        (PLIST, b"<string>27</string>", b"<string>28</string>", {"ios.build"}),
        (PLIST, b"To scan parts.", b"To scan.", {"permission.NSCameraUsageDescription"}),
        (
            MANIFEST,
            b"permission.CAMERA",
            b"permission.RECORD_AUDIO",
            {"permission.android.permission.CAMERA", "permission.android.permission.RECORD_AUDIO"},
        ),
        (MANIFEST, b'screenOrientation="user"', b'screenOrientation="portrait"', {"android.orientation"}),
        (MANIFEST, b'scheme="field"', b'scheme="farm"', {"android.deepLinks", "android.manifest"}),
        ("android/app/src/main/res/raw/runtime_url", b"field.acme", b"farm.acme", {"android.runtimeUrl"}),
        ("android/app/src/main/res/mipmap-hdpi/ic_launcher.png", b"icon", b"ikon", {"android.icons"}),
        ("ios/nativeTemplate/Images.xcassets/SplashScreen.imageset/splash@2x.png", b"splash", b"smash", {"ios.splash"}),
        ("ios/AppDelegate.swift", b'"default"', b'"field"', {"databaseName", "code.ios/AppDelegate.swift"}),
        (
            "android/app/src/main/java/com/acme/MainApplication.java",
            b"{ }",
            b"{ int x; }",
            {"code.android/app/src/main/java/com/acme/MainApplication.java"},
        ),
        ("ios/Fonts/AcmeSans.ttf", b"font", b"fond", {"font.AcmeSans.ttf"}),
        ("ios/Podfile", b'"15.5"', b'"16.0"', {"ios.minimum"}),
        ("android/build.gradle", b"minSdkVersion = 24", b"minSdkVersion = 29", {"android.minimum"}),
        (".template_version", b"14.1.13", b"15.0.0", {"template"}),
        ("package.json", b"15.11.1", b"15.12.0", {"dependency.react-native-svg"}),
        (".native_dependencies", b"6.10.0", b"6.11.0", {"linked.react-native-video"}),
    ],
)
def test_each_cause_of_a_full_release_has_its_fact(path: str, old: bytes, new: bytes, changed: set[str]) -> None:
    assert fact_diff(edited(path, old, new)) == changed


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("ios/nativeTemplate/Info-dev.plist", b"<string>1</string>", b"<string>2</string>"),
        ("android/app/src/dev/AndroidManifest.xml", b"<manifest/>", b"<manifest a='b'/>"),
        ("ios/AppDelegate.swift", b"// app", b"// the app"),
        ("ios/Podfile", b"# a note", b"# another"),
        ("android/build.gradle", b"// lowest", b"// the lowest"),
    ],
)
def test_comments_and_developer_builds_change_no_fact(path: str, old: bytes, new: bytes) -> None:
    assert fact_diff(edited(path, old, new)) == set()


@pytest.mark.parametrize("path", [PLIST, MANIFEST, "package.json", "config.json", ".template_version"])
@pytest.mark.parametrize(
    "content",
    [b"", b"<plist><dict>", b"bplist00" + b"\xff" * 40, b"{" * 100_000, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ids=["empty", "cut", "binary", "deep", "entity"],
)
def test_a_broken_file_of_a_template_is_named_as_unread(path: str, content: bytes) -> None:
    app = facts({**template(), path: content})
    assert [note.partition(" ")[0] for note in app.unread] == [path]


@pytest.mark.parametrize(
    "path",
    [
        "android/app/build.gradle",
        "ios/Config/config.xcconfig",
        "ios/Podfile",
        "ios/AppDelegate.swift",
        "ios/a.xcodeproj/project.pbxproj",
    ],
)
@pytest.mark.parametrize(
    "text", ["applicationId", "A = ", "deployment_target", "defaultDatabaseName", "\n", "CODE_SIGN"]
)
def test_no_build_file_takes_long_to_read(path: str, text: str) -> None:
    started = time.monotonic()
    facts({**template(), path: (text + " " * 200_000 + "x" + text * 20_000).encode()})
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "text",
    ["\t\tF1E1D00000000000000000A1 = {\n", "\t\tF1E1D000 = {isa = PBXNativeTarget; a = (", "a = b ", "<!-- ", "> "],
)
def test_no_project_or_markup_takes_long_to_read(text: str) -> None:
    started = time.monotonic()
    long = (text * 100_000).encode()
    facts(
        {**template(), "ios/a.xcodeproj/project.pbxproj": long, "ios/a/b.storyboard": long, "ios/a/c.xcprivacy": long}
    )
    assert time.monotonic() - started < 10


def test_build_settings_that_name_each_other_stay_short() -> None:
    laughs = (
        b"".join(b"V%d = %s\n" % (i, b"$(V%d)" % (i + 1) * 60) for i in range(9)) + b"BUNDLE_DISPLAY_NAME = $(V0)\n"
    )
    assert len(str(facts({**template(), "ios/Config/config.xcconfig": laughs}).row.props["ios.appName"])) <= 400


def test_a_native_template_in_the_repository_is_found_and_its_files_are_not_resources() -> None:
    root = "resources/native_template/"
    files = {root + path: content for path, content in template().items()} | {"resources/letter.docx": b"letter"}
    found = units(files)
    assert found["file:resources/letter.docx"].type == "File$Resource"
    assert found[f"file:{root}android/app/build.gradle"].type == "File$NativeTemplate"
    assert found[f"file:{root}android/app/build.gradle"].load()[0].props["role"] == "build"
    binary = view(found[BINARY_ID].load()[0])
    assert isinstance(binary, NativeBinary)
    assert binary.template == "14.1.13"


def test_a_native_template_that_moves_stays_the_same_app() -> None:
    old, new = ({f"{root}/{p}": c for p, c in template().items()} for root in ("resources/native", "mobile"))
    assert units(old)[BINARY_ID].load()[0].props == units(new)[BINARY_ID].load()[0].props
    both = units({**old, **new})
    assert BINARY_ID not in both
    assert both["file:mobile/"].type == both["file:resources/native/"].type == "File$NativeBinary"


def test_a_folder_without_both_platforms_is_no_native_template() -> None:
    files = {f"resources/site/{p}": c for p, c in template().items() if not p.startswith(("ios/", ".template"))}
    assert {u.type for u in units(files).values()} <= {"File$Resource", "File$Package"}


def test_a_template_outside_of_the_known_folders_is_found_too() -> None:
    files = {f"mobile/{path}": content for path, content in template().items()}
    assert units(files)[BINARY_ID].type == "File$NativeBinary"
    stray = {"mobile/android/readme.txt": b"x", "tools/package.json": b"{}"}
    assert units(stray) == {}


def test_facts_written_to_a_file_read_back_the_same(tmp_path: Path) -> None:
    app = facts(template())
    text = native_json(app)
    again = view(facts_unit(text.encode(), "facts.json").load()[0])
    assert isinstance(again, NativeBinary)
    assert again.row.props == app.row.props
    assert native_json(again) == text
    kept = tmp_path / "release.json"
    kept.write_text(text, "utf-8")
    assert read_native("release.json", tmp_path).load()[0].props == app.row.props


def test_a_native_app_reads_the_same_from_folder_and_revision(tmp_path: Path) -> None:
    for path, content in template().items():
        target = tmp_path / "native" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    folder, revision = read_native("native", tmp_path), read_native("HEAD:native", tmp_path)
    assert folder.digest == revision.digest
    assert folder.load() == revision.load() == read_native(".", tmp_path).load()


def test_what_is_no_native_app_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    (tmp_path / "empty").mkdir()
    for source in ("a.json", "empty"):
        with pytest.raises(UnknownFormat) as caught:
            read_native(source, tmp_path)
        assert str(caught.value).startswith(f"{source}: ")
    with pytest.raises(ReadError):
        read_native("gone", tmp_path)


def test_the_builders_configuration_tells_its_facts() -> None:
    config = {
        "projectName": "Field",
        "fonts": {"Acme Sans": {"fontSlots": {"bold": {"fileName": "AcmeSans-Bold.ttf"}}}},
        "configurations": {
            "Default": {
                "appName": "Field", "appIdentifier": "com.acme.field", "buildNumber": "12", "runtimeUrl": "https://field.acme.com",
                "orientation": {"portrait": True, "landscape": False},
                "permissions": [{"name": "NSCameraUsageDescription", "purpose": "To scan."},
                    {"name": "android.permission.CAMERA"}],
                "capabilities": {"maps": {"enabled": True, "value": "AIza-secret"}, "nativeOTA": {"enabled": False}},
            },
            "Test": {"appName": "Field Test"},
        },
    }  # fmt: skip
    path = "nativemobile/.config"
    props = row({path: json.dumps(config).encode()}, path).props
    assert (props["appName"], props["bundleId"], props["build"], props["Test.appName"]) == (
        "Field",
        "com.acme.field",
        "12",
        "Field Test",
    )
    assert props["permission.NSCameraUsageDescription"] == "To scan."
    assert props["permission.android.permission.CAMERA"] is True
    assert props["capability.maps"] is True
    assert props["font.Acme Sans"] == ("AcmeSans-Bold.ttf",)
    assert "AIza" not in str(props)
    config["configurations"]["Default"]["appName"] = "Farm"  # type: ignore[index]
    config["gitHubTokenId"] = "another"
    assert (
        differing(
            {path: json.dumps({**config, "gitHubTokenId": "one"}).encode()}, {path: json.dumps(config).encode()}, path
        )
        == set()
    )


def test_a_builders_configuration_in_conflict_is_unread() -> None:
    props = row(
        {"nativemobile/.config": b'{\n<<<<<<< HEAD\n"a": 1\n=======\n>>>>>>> b\n}'}, "nativemobile/.config"
    ).props
    assert props["unread"] == "holds git conflict markers"


# -- which template a Studio Pro version accepts ----------------------------------------------


def version(text: str) -> Version:
    found = Version.of(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("studio_pro", "minimum", "maximum"),
    [
        ("9.24.0", "7.0.0", "7.*.*"),
        ("10.23.1", "14.0.0", "14.1.2"),
        ("10.24.0.73019", "14.1.3", "14.*.*"),
        ("11.6.4", "17.0.0", "17.0.*"),
        ("11.6.5", "17.1.0", "17.*.*"),
        ("11.7.0", "17.0.0", "17.0.*"),
        ("11.12.5", "19.1.0", "19.*.*"),
    ],
)
def test_the_range_with_the_highest_start_not_above_the_version_holds(
    studio_pro: str, minimum: str, maximum: str
) -> None:
    found = template_range(version(studio_pro))
    assert found is not None
    assert (found.minimum, found.maximum) == (minimum, maximum)


def test_of_a_version_outside_of_the_table_nothing_is_known() -> None:
    assert template_range(version("7.23.0")) is None
    assert template_range(version("11.13.0-rc.1")) is template_range(version("12.0.0")) is None
    assert expected_binary_version(version("7.23.0")) is None


def test_a_range_accepts_what_lies_in_it() -> None:
    found = template_range(version("10.23.0"))
    assert found is not None
    assert [accepts(found, t) for t in ("14.0.0", "14.1.2", "14.1.3", "13.9.9", "15.0.0", "main")] == [
        True, True, False, False, False, None,
    ]  # fmt: skip


def test_a_template_above_all_ranges_is_refused_by_closed_ranges_only() -> None:
    closed, newest = template_range(version("11.6.8")), template_range(version("11.12.0"))
    assert closed
    assert newest
    assert (accepts(closed, "20.0.0"), accepts(newest, "20.0.0"), accepts(newest, "18.0.1")) == (False, None, False)


def test_ranges_without_a_common_template_are_disjoint() -> None:
    old, patched, new, later = (template_range(version(v)) for v in ("11.6.0", "11.6.5", "11.7.0", "11.11.0"))
    assert old
    assert patched
    assert new
    assert later
    assert disjoint(patched, new)
    assert disjoint(new, later)
    assert not disjoint(old, new)


def test_a_template_release_tells_what_it_carries() -> None:
    assert (binary_version_of("14.1.3"), binary_version_of("17.3.0"), binary_version_of("99.0.0")) == (13, 32, None)
    assert expected_binary_version(version("10.24.0")) == 14
    assert react_native_of("19.0.0").startswith("0.83")
    assert (android_minimum_of("18.0.1"), android_minimum_of("19.0.0"), ios_minimum_of("14.1.4")) == (24, 29, "15.5")
    assert pinned("14.1.13")["react-native-svg"] == "15.11.1"
    assert pinned("99.0.0") == {}


def test_the_end_of_the_tables_is_shown() -> None:
    assert known_until() == {
        "native templates of Studio Pro": "11.12 (read on 2026-07-23)",
        "releases of the native template": "20.0.0 (2026-08-03)",
        "metamodel": "11.10.0",
    }
    assert all(f"{what:<32} {until}" in coverage() for what, until in known_until().items())
