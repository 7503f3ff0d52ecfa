"""Files beside the model: what is looked at, what each tells, and what an edit of it changes."""

from __future__ import annotations

import hashlib
import subprocess
import time
import zipfile
import zlib

import pytest

from mx_changeclass.graphs.native_dependencies import DependencyMap, dependency_changes, dependency_map
from mx_changeclass.model.kinds import view
from mx_changeclass.model.kinds.files import JavaScriptSource, ThemeFile, WidgetPackage
from mx_changeclass.readers.side_files.collect import enters, side_units, wanted
from mx_changeclass.readers.side_files.contents import blob_id
from tests.builders.side_files import Files, action, differing, package, row, units, widget_xml, zipped


def widget_diff(old: bytes, new: bytes) -> set[str]:
    return differing({"widgets/a.mpk": old}, {"widgets/a.mpk": new}, "widgets/a.mpk")


# -- which files count ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "widgets/com.acme.Scanner.mpk",
        "javascriptsource/field/actions/JS_Vibrate.js",
        "javascriptsource/field/actions/node_modules/react-native-video/package.json",
        "javascriptsource/field/actions/node_modules/@acme/x/x.podspec",
        "javascriptsource/field/actions/node_modules/react-native-video/android/build.gradle",
        "javasource/field/actions/JA_Sum.java",
        "userlib/commons-io.jar",
        "vendorlib/guava.jar",
        "theme/native/custom-variables.js",
        "themesource/atlas_core/web/main.scss",
        "nativemobile/.config",
        "resources/letter.docx",
        "package.json",
        "native/android/app/build.gradle",
    ],
)
def test_files_of_an_app_are_wanted(path: str) -> None:
    assert wanted(path)


@pytest.mark.parametrize(
    "path",
    [
        "deployment/model/model.mdp",
        ".mendix-cache/theme-cache/web/theme.compiled.css",
        "theme-cache/web/theme.css",
        "javascriptsource/field/actions/node_modules/react-native-video/src/Video.js",
        "javascriptsource/field/actions/node_modules/a/node_modules/b/package.json",
        "node_modules/react/package.json",
        "resources/native/node_modules/react-native/package.json",
        ".git/config",
        "project-settings.user.json",
        "Field.launch",
        "Field.mpr.bak",
        "resources/native/ios/Pods/Podfile",
        "resources/native/android/app/build/outputs/app.apk",
        "_corpus_missing.json",
        "javasource/._.DS_Store",
        "README.md",
        "docs/guide.md",
    ],
)
def test_caches_builds_and_personal_files_are_not_wanted(path: str) -> None:
    assert not wanted(path)


def test_ignore_patterns_take_files_out() -> None:
    assert not wanted("theme/web/old/a.scss", ["theme/web/old/*"])
    assert wanted("theme/web/new/a.scss", ["theme/web/old/*"])
    found, _ = side_units(["theme/web/a.scss", "theme/web/b.scss"], lambda p: b"", ignore=["*/b.scss"])
    assert list(found) == ["file:theme/web/a.scss"]


def test_a_walk_may_skip_every_folder_that_holds_nothing_wanted() -> None:
    for path in (
        "javascriptsource/f/actions/node_modules/@a/b/package.json",
        "javascriptsource/f/actions/node_modules/c/android/build.gradle",
    ):
        folders = path.split("/")[:-1]
        assert wanted(path)
        assert all(enters("/".join(folders[: i + 1])) for i in range(len(folders)))
    assert not enters("javascriptsource/f/actions/node_modules/c/src")
    assert not enters("deployment")
    assert not enters("resources/native/node_modules")


def test_a_digest_is_the_same_from_bytes_and_from_git() -> None:
    content = b"scan()\n"
    git = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    assert blob_id(content) == git.stdout.decode().strip()
    read, _ = side_units(["theme/web/a.scss"], lambda p: content)
    told, _ = side_units(["theme/web/a.scss"], lambda p: content, lambda p: blob_id(content))
    assert read["file:theme/web/a.scss"].digest == told["file:theme/web/a.scss"].digest


def test_known_identities_save_reading() -> None:
    asked: list[str] = []

    def fetch(path: str) -> bytes | None:
        asked.append(path)
        return b""

    side_units([f"theme/web/{i}.scss" for i in range(50)], fetch, lambda p: "0" * 40)
    assert asked == []


def test_a_file_that_is_listed_and_not_there_is_missing_not_empty() -> None:
    found, notes = side_units(["userlib/a.jar"], lambda p: None)
    assert found["file:userlib/a.jar"].missing
    assert notes == ("userlib/a.jar is listed and its file is missing",)


def test_line_ends_alone_change_no_row() -> None:
    old, new = {"theme/web/main.scss": b"a {\n}\n"}, {"theme/web/main.scss": b"a {\r\n}\r\n"}
    assert units(old)["file:theme/web/main.scss"].digest != units(new)["file:theme/web/main.scss"].digest
    assert differing(old, new, "theme/web/main.scss") == set()


def test_an_lfs_pointer_stands_for_the_file_it_points_to() -> None:
    jar = b"PK real jar"
    oid = hashlib.sha256(jar).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(jar)}\n".encode()
    _, notes = side_units(["userlib/a.jar"], lambda p: pointer)
    assert notes == ("userlib/a.jar is a Git LFS pointer, its content is not here",)
    found, _ = side_units(["userlib/a.jar"], lambda p: pointer)
    assert (
        found["file:userlib/a.jar"].load()[0].props["content"]
        == row({"userlib/a.jar": jar}, "userlib/a.jar").props["content"]
    )


# -- widgets ----------------------------------------------------------------------------------


def test_a_widget_package_tells_id_version_platform_and_dependencies() -> None:
    found = view(row({"widgets/a.mpk": package(sidecar={"react-native-vision-camera": "4.6.0"})}, "widgets/a.mpk"))
    assert isinstance(found, WidgetPackage)
    assert (found.name, found.version, found.platform, found.offline_capable) == (
        "com.acme.Scanner",
        "1.0.0",
        "Native",
        True,
    )
    assert found.native_dependencies == {"react-native-vision-camera": "4.6.0"}
    assert found.widgets == ("com.acme.Scanner",)


def test_a_bumped_dependency_inside_a_widget_package_is_named() -> None:
    old, new = (package(sidecar={"react-native-video": version}) for version in ("6.0.0", "6.10.0"))
    assert widget_diff(old, new) == {"nativeDependencies.react-native-video", "metadata", "content"}


def test_a_javascript_only_change_of_a_widget_is_code() -> None:
    assert widget_diff(package(code=b"a()"), package(code=b"b()")) == {"code", "content"}


def test_a_widget_packed_anew_differs_in_its_bytes_alone() -> None:
    assert widget_diff(package(), package(date=(2025, 5, 5, 1, 2, 4), compression=zipfile.ZIP_STORED)) == {"content"}


def test_a_bundle_under_the_checksum_that_the_zip_states_of_another_is_code() -> None:
    """Four bytes make any content fit a CRC-32, so what the zip says of it proves nothing."""
    bundle = b"harmless()"
    forged = b"harmful();" + forging(b"harmful();", zlib.crc32(bundle + b"    "))
    assert zlib.crc32(forged) == zlib.crc32(bundle + b"    ")
    assert len(forged) == len(bundle) + 4
    assert widget_diff(package(code=bundle + b"    "), package(code=forged)) == {"code", "content"}


def forging(start: bytes, wanted: int) -> bytes:
    """The four bytes that bring a CRC-32 to a wanted value: it is linear, so its bits are solved one by one."""
    base = zlib.crc32(start + bytes(4)) ^ wanted
    rows = [
        (zlib.crc32(start + (1 << bit).to_bytes(4, "big")) ^ zlib.crc32(start + bytes(4)), 1 << bit)
        for bit in range(32)
    ]
    found = 0
    for bit in range(32):
        at = next(i for i, (effect, _) in enumerate(rows) if effect >> bit & 1)
        effect, choice = rows.pop(at)
        rows = [(e ^ effect, c ^ choice) if e >> bit & 1 else (e, c) for e, c in rows]
        if base >> bit & 1:
            base, found = base ^ effect, found ^ choice
    return found.to_bytes(4, "big")


def test_icons_previews_and_notes_of_a_widget_are_metadata() -> None:
    more = {"Scanner.editorPreview.js": b"preview", "LICENSE": b"MIT", "Scanner.tile.png": b"tile"}
    assert widget_diff(package(), package(more=more)) == {"metadata", "content"}


def test_a_new_property_of_a_widget_is_its_definition() -> None:
    old, new = package(), package(more={"Scanner.xml": widget_xml("com.acme.Scanner").replace(b"<name>W", b"<name>V")})
    assert "definition" in widget_diff(old, new)
    assert "code" not in widget_diff(old, new)


def test_native_sources_inside_a_widget_are_told_apart() -> None:
    inside = {
        "node_modules/react-native-x/package.json": b'{"version": "2.0.0"}',
        "node_modules/react-native-x/android/build.gradle": b"a",
    }
    props = row({"widgets/a.mpk": package(more=inside)}, "widgets/a.mpk").props
    assert props["bundled.react-native-x"] == "2.0.0"
    changed = {**inside, "node_modules/react-native-x/android/build.gradle": b"b"}
    assert widget_diff(package(more=inside), package(more=changed)) == {"native", "content"}


def test_pure_javascript_libraries_inside_a_widget_bring_nothing_native() -> None:
    inside = {"node_modules/lodash/package.json": b'{"version": "4.0.0"}', "node_modules/lodash/index.js": b"x"}
    props = row({"widgets/a.mpk": package(more=inside)}, "widgets/a.mpk").props
    assert not [k for k in props if k.startswith(("bundled", "native"))]


def test_a_package_of_several_widgets_gives_a_row_for_each() -> None:
    manifest = (
        b'<package xmlns="http://www.mendix.com/package/1.0/"><clientModule name="Charts" version="6.0.0"'
        b' xmlns="http://www.mendix.com/clientModule/1.0/"><widgetFiles><widgetFile path="A.xml"/>'
        b'<widgetFile path="B\\B.xml"/></widgetFiles></clientModule></package>'
    )
    content = zipped(
        {"package.xml": manifest, "A.xml": widget_xml("com.acme.A"), "B/B.xml": widget_xml("com.acme.B", "Web")}
    )
    root, *inner = units({"widgets/Charts.mpk": content})["file:widgets/Charts.mpk"].load()
    assert (root.name, root.props["widgets"], root.props["platform"]) == ("Charts", ("com.acme.A", "com.acme.B"), "All")
    assert [(r.name, r.parent, r.slot, r.props["platform"]) for r in inner] == [
        ("com.acme.A", root.id, "widgets", "Native"),
        ("com.acme.B", root.id, "widgets", "Web"),
    ]


def test_a_legacy_widget_without_platform_is_for_the_web() -> None:
    content = package(more={"Scanner.xml": b'<widget id="a.B" xmlns="http://www.mendix.com/widget/1.0/"/>'})
    props = row({"widgets/a.mpk": content}, "widgets/a.mpk").props
    assert (props["platform"], props["offlineCapable"]) == ("Web", False)


# -- hostile and broken packages --------------------------------------------------------------


def encrypted() -> bytes:
    content = bytearray(package())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(magic)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(magic, at + 4)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        package()[:200],
        package()[:-30],
        encrypted(),
        zipped({"package.xml": b"<package"}),
        zipped({"package.xml": b"<package/>"}),
        zipped({"package.xml": b'<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]><package>&e;</package>'}),
        zipped({"../../evil.xml": b"x", "package.xml": b"<package/>"}),
        zipped({"Other.xml": b"<widget/>"}),
        package(more={"Scanner.xml": b"<widget" + b" " * (5 << 20) + b"/>"}),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "cut at the end",
        "encrypted",
        "cut xml",
        "no module",
        "entity",
        "escape",
        "no manifest",
        "bomb",
    ],
)
def test_a_broken_or_hostile_package_ends_in_one_clear_line(content: bytes) -> None:
    started = time.monotonic()
    props = row({"widgets/a.mpk": content}, "widgets/a.mpk").props
    assert props["nativeDependencies"] == "unread"
    assert "\n" not in props["unread"]
    assert "passwd" not in str(props)
    assert time.monotonic() - started < 5


def test_a_zip_inside_of_a_widget_stays_shut() -> None:
    inner = zipped({"Inner.json": b'{"nativeDependencies": {"react-native-x": "1"}}'})
    props = row({"widgets/a.mpk": package(more={"inner.zip": inner})}, "widgets/a.mpk").props
    assert "nativeDependencies.react-native-x" not in props


# -- JavaScript -------------------------------------------------------------------------------

JS = "javascriptsource/field/actions/JS_Vibrate.js"


def js_diff(old: bytes, new: bytes) -> set[str]:
    return differing({JS: old}, {JS: new}, JS)


def test_a_javascript_action_is_known_by_module_and_name() -> None:
    found = row({JS: action()}, JS)
    assert (found.type, found.name, found.props["module"]) == ("File$JavaScriptAction", "field.JS_Vibrate", "field")


def test_user_code_of_an_action_is_told_apart_from_what_studio_pro_writes() -> None:
    assert js_diff(action("return 1;"), action("return 2;")) == {"userCode"}
    assert js_diff(action(), action(extra="const x = 1;")) == {"userCode"}
    assert js_diff(action(), action(header="Mendix Studio Pro 11")) == {"comments"}
    assert js_diff(action(), action().replace(b"(duration)", b"(duration, strength)")) == {"generated"}
    assert js_diff(action(), action().replace(b'import "mx-global";\n', b"")) == {"generated"}


def test_a_comment_in_user_code_changes_no_code() -> None:
    assert js_diff(action("return 1;"), action("return 1; // why")) == {"comments"}
    assert js_diff(action(), action(doc="Vibrates long.")) == {"comments"}


def test_what_looks_like_a_comment_in_a_string_is_code() -> None:
    for old, new in (
        ('f("http://a");', 'f("http://b");'),
        ("f(`//${`//a`}`);", "f(`//${`//b`}`);"),
        ("f(/\\/\\/a/);", "f(/\\/\\/b/);"),
        ("f('it\\'s //a');", "f('it\\'s //b');"),
    ):
        assert js_diff(action(old), action(new)) == {"userCode"}


def test_a_moved_brace_is_a_change_of_code() -> None:
    assert js_diff(action("if (a) {\n b();\n }\n c();"), action("if (a) {\n b();\n c();\n }")) == {"userCode"}


def test_libraries_packed_outside_of_the_markers_are_code() -> None:
    new = action().replace(b"// BEGIN EXTRA CODE", b"function helper() { return 2; }\n// BEGIN EXTRA CODE")
    assert js_diff(action(), new) == {"userCode"}


def test_imports_of_an_action_are_listed_without_those_of_studio_pro() -> None:
    code = action(
        'const p = (await import("react-native-permissions")).default; require("b");',
        imports='import A, { B } from "react-native-video";',
    )
    assert row({JS: code}, JS).props["imports"] == ("b", "react-native-permissions", "react-native-video")
    assert "imports" not in row({JS: action()}, JS).props


def test_an_entity_named_as_text_and_a_call_that_clears_storage_are_told() -> None:
    found = view(
        row(
            {JS: action('mx.data.get({ xpath: "//Field.Order[Id=1]" }); AsyncStorage.clear(); Storage.getItem("a")')},
            JS,
        )
    )
    assert isinstance(found, JavaScriptSource)
    assert found.names == ("Field.Order",)
    assert found.storage == ("AsyncStorage.clear",)


def test_a_sidecar_belongs_to_its_action() -> None:
    sidecar = JS.replace(".js", ".json")
    old = {JS: action()}
    new = {JS: action(), sidecar: b'{"nativeDependencies": {"react-native-haptic-feedback": "^2.0.0"}}'}
    assert differing(old, new, JS) == {"nativeDependencies.react-native-haptic-feedback"}
    assert f"file:{sidecar}" not in units(new)
    assert units(old)[f"file:{JS}"].digest != units(new)[f"file:{JS}"].digest


def test_git_conflict_markers_in_a_sidecar_make_an_unknown_list() -> None:
    broken = b'{\n<<<<<<< HEAD\n"nativeDependencies": {}\n=======\n>>>>>>> x\n}'
    props = row({JS: action(), JS.replace(".js", ".json"): broken}, JS).props
    assert props["nativeDependencies"] == "holds git conflict markers"
    assert not [k for k in props if k.startswith("nativeDependencies.")]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("javascriptsource/field/actions/yarn.lock", "lock"),
        ("javascriptsource/field/shared.js", "helper"),
        ("javascriptsource/field/actions/lib/a.js", "helper"),
        ("javascriptsource/field/actions/JS_Gone.json", "sidecar"),
        ("javascriptsource/field/actions/dependencies.json", "note"),
        ("javascriptsource/field/patches/a.patch", "patch"),
    ],
)
def test_other_files_beside_javascript_actions_have_their_role(path: str, role: str) -> None:
    found = row({path: b"{}"}, path)
    assert (found.type, found.props["role"]) == ("File$JavaScript", role)


def test_an_installed_npm_package_tells_version_and_native_code() -> None:
    root = "javascriptsource/field/actions/node_modules/react-native-video"
    files = {
        f"{root}/package.json": b'{"name": "react-native-video", "version": "6.0.0"}',
        f"{root}/react-native-video.podspec": b"spec",
    }
    found = row(files, f"{root}/package.json")
    assert (found.type, found.props["version"], found.props["native"]) == ("File$Package", "6.0.0", True)
    assert len(units(files)) == 1
    pure = {f"{root}/package.json": b'{"version": "6.0.0"}'}
    assert "native" not in row(pure, f"{root}/package.json").props


@pytest.mark.parametrize("path", [JS, "theme/native/main.js", "javasource/field/actions/A.java"])
@pytest.mark.parametrize(
    "text",
    [
        "`", "/", "a/", "=/[", "{`${", "import ", "import" + " " * 50_000, "aStorage", "(", "\n", "/**/ ",
        "function a()" + " " * 50_000 + "x", "export const a = {", "a:{", "'", '"a.b',
        "// BEGIN USER CODE", "// END USER CODE\n",
    ],
)  # fmt: skip
def test_no_source_takes_long_to_scan(path: str, text: str) -> None:
    started = time.monotonic()
    row({path: ("export const a = {" + text * (400_000 // len(text))).encode()}, path)
    assert time.monotonic() - started < 10


# -- Java, jars, styles -----------------------------------------------------------------------

JAVA = "javasource/field/actions/JA_Sum.java"


def java(body: str, imports: str = "", around: str = "") -> bytes:
    return f"""package field.actions;
import com.mendix.systemwideinterfaces.core.IContext;
{imports}
public class JA_Sum {{
{around}
\t// BEGIN USER CODE
\t{body}
\t// END USER CODE
\t// BEGIN EXTRA CODE
\t// END EXTRA CODE
}}
""".encode()


def java_diff(old: bytes, new: bytes) -> set[str]:
    return differing({JAVA: old}, {JAVA: new}, JAVA)


def test_java_user_code_is_told_apart_from_generated_code() -> None:
    assert java_diff(java("return 1;"), java("return 2;")) == {"userCode"}
    assert java_diff(java("return 1;"), java("return 1; // one")) == {"userCode"}
    assert java_diff(java("return 1;"), java("return 1;", around="// generated")) == {"comments"}
    assert java_diff(java("return 1;"), java("return 1;", around="int generated;")) == {"generated"}
    assert java_diff(java("return 1;"), java("return 1;", imports="import java.util.List;")) == {"userCode", "imports"}
    assert row({JAVA: java("")}, JAVA).name == "field.JA_Sum"


def test_java_without_markers_is_all_user_code() -> None:
    bare = b"public class JA_Sum { int one() { return 1; } }"
    assert java_diff(bare, bare.replace(b"1;", b"2;")) == {"userCode"}
    assert java_diff(b"// BEGIN USER CODE\nreturn 1;", b"// BEGIN USER CODE\nreturn 2;") == {"userCode"}


@pytest.mark.parametrize(
    ("path", "kind", "role"),
    [
        ("javasource/field/proxies/Order.java", "File$Java", "generated"),
        ("javasource/field/impl/Sums.java", "File$Java", "source"),
        ("userlib/commons-io.jar", "File$Jar", "jar"),
        ("userlib/commons-io.jar.Field.RequiredLib", "File$Jar", "note"),
        ("theme/native/custom-variables.js", "File$Theme", "variables"),
        ("themesource/acme/native/design-properties.json", "File$Theme", "design-properties"),
        ("theme/web/custom-variables.scss", "File$Theme", "variables"),
        ("theme/web/main.scss", "File$Theme", "style"),
        ("theme/web/settings.json", "File$Theme", "settings"),
        ("themesource/acme/public/fonts/a.woff2", "File$Theme", "font"),
        ("themesource/acme/web/buildingblocks/block.png", "File$Theme", "design-time"),
        ("themesource/acme/web/buildingblocks/_block.scss", "File$Theme", "style"),
        ("widgets/widgets-appstore-metadata.json", "File$Other", "bookkeeping"),
        ("mlsource/model.onnx", "File$Other", "ml"),
        ("nativemobile/assets/icons/app@2x.png", "File$NativeBuilder", "icon"),
        ("nativemobile/assets/splashScreens/splash@2x.png", "File$NativeBuilder", "splash"),
        ("nativemobile/fonts/Acme/AcmeSans.ttf", "File$NativeBuilder", "font"),
    ],
)
def test_a_file_is_known_by_its_place(path: str, kind: str, role: str) -> None:
    found = row({path: b"x"}, path)
    assert (found.type, found.props["role"]) == (kind, role)


@pytest.mark.parametrize(
    ("path", "platform"),
    [
        ("theme/native/main.js", "native"),
        ("themesource/acme/native/core/a.js", "native"),
        ("theme/web/main.scss", "web"),
        ("themesource/acme/public/logo.png", "web"),
        ("themesource/acme/settings.json", "both"),
    ],
)
def test_styles_are_told_apart_by_platform(path: str, platform: str) -> None:
    assert row({path: b"{}"}, path).props["platform"] == platform


def test_the_design_token_that_changed_is_named() -> None:
    path = "theme/native/custom-variables.js"
    style = b"""// Brand
export const brand = { primary: "#264AE5", success: '#3CB33D', /* not this: "#000" */ };
export const darkMode = Appearance.getColorScheme() === "dark";
export const button = { header: { fontSize: font.small, paddingLeft: 0 }, shadow: fn({ a: 1 }, 2) };
"""
    found = view(row({path: style}, path))
    assert isinstance(found, ThemeFile)
    assert dict(found.tokens) == {
        "brand.primary": "#264AE5",
        "brand.success": "#3CB33D",
        "darkMode": 'Appearance.getColorScheme() === "dark"',
        "button.header.fontSize": "font.small",
        "button.header.paddingLeft": "0",
        "button.shadow": "fn({ a: 1 }, 2)",
    }
    new = style.replace(b"#264AE5", b"#0A7F3F")
    assert differing({path: style}, {path: new}, path) == {"token.brand.primary", "code", "content"}
    assert differing({path: style}, {path: style.replace(b"// Brand", b"// Brands")}, path) == {"content"}


def test_web_styles_tell_no_tokens() -> None:
    assert not [
        k
        for k in row({"theme/web/a.js": b"export const a = { b: 1 };"}, "theme/web/a.js").props
        if k.startswith("token")
    ]


# -- native dependencies of a project ---------------------------------------------------------


def mapped(files: Files) -> DependencyMap:
    return dependency_map(r for u in units(files).values() for r in u.load())


def moves(old: Files, new: Files) -> list[tuple[str, str, str, str]]:
    return [(m.kind, m.package, m.old, m.new) for m in dependency_changes(mapped(old), mapped(new))]


def scanner(version: str, path: str = "widgets/a.mpk", id: str = "com.acme.Scanner") -> Files:
    return {path: package(id=id, sidecar={"react-native-video": version})}


def test_the_map_tells_who_brings_a_dependency_and_where_versions_clash() -> None:
    files = {
        **scanner("6.0.0"),
        JS: action(),
        JS.replace(".js", ".json"): b'{"nativeDependencies": {"react-native-video": "^6.1.0"}}',
    }
    found = mapped(files).packages["react-native-video"]
    assert found.owners == ("field.JS_Vibrate", "widget:com.acme.Scanner")
    assert found.resolved == {"6.0.0", "6.1.0"}
    assert len(mapped(scanner("6.0.0")).packages["react-native-video"].resolved) == 1


def test_dependencies_added_removed_and_moved_are_told_apart() -> None:
    assert moves({}, scanner("6.0.0")) == [("added", "react-native-video", "", "6.0.0")]
    assert moves(scanner("6.0.0"), {}) == [("removed", "react-native-video", "6.0.0", "")]
    assert moves(scanner("6.0.0"), scanner("6.10.0")) == [("version", "react-native-video", "6.0.0", "6.10.0")]
    assert moves(scanner("6.0.0"), scanner("6.0.0", id="com.acme.Other")) == []


def test_a_range_mark_alone_is_not_another_version() -> None:
    assert moves(scanner("^6.0.0"), scanner("6.0.0")) == [("range-mark", "react-native-video", "^6.0.0", "6.0.0")]
    assert moves(scanner("~6.0.0"), scanner("6.0.1")) == [("version", "react-native-video", "~6.0.0", "6.0.1")]


def test_a_second_owner_of_the_same_version_moves_nothing() -> None:
    assert moves(scanner("6.0.0"), {**scanner("6.0.0"), **scanner("6.0.0", "widgets/b.mpk", "com.acme.B")}) == []


def test_an_unread_list_is_neither_empty_nor_full() -> None:
    broken = {"widgets/a.mpk": b"no zip"}
    (move,) = dependency_changes(mapped(scanner("6.0.0")), mapped(broken))
    assert (move.kind, move.package, move.owners) == ("unread", "", ("widget:com.acme.Scanner",))
    (move,) = dependency_changes(mapped(broken), mapped(scanner("6.0.0")))
    assert (move.kind, move.owners) == ("unread", ("widget:com.acme.Scanner",))
    assert moves(broken, broken) == []
    assert [m[0] for m in moves(broken, {"widgets/a.mpk": b"no zip either"})] == ["unread"]


def test_an_unread_list_hides_no_other_owner() -> None:
    broken = {"widgets/a.mpk": b"no zip"}
    other = scanner("6.0.0", "widgets/b.mpk", "com.acme.B")
    assert ("added", "react-native-video", "", "6.0.0") in moves(broken, {**broken, **other})


# -- speed ------------------------------------------------------------------------------------


def test_thousands_of_side_files_are_listed_within_a_second() -> None:
    files = {f"themesource/m{i % 40}/web/a{i}.scss": b"a { b: c }" * 100 for i in range(4_500)}
    started = time.monotonic()
    assert len(units(files)) == 4_500
    assert time.monotonic() - started < 3
