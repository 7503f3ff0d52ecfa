"""The facts of a native template: what its configuration, build files, drawings and sources say together.

Facts: the layout of github.com/mendix/native-template. Each file is asked for few plain values; what is
left of it goes into one digest, so that no difference is lost and nothing is told that nobody asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import islice

from mx_changeclass.readers.limits import MOST_FACTS
from mx_changeclass.readers.meaning import meaning, without_line_comments
from mx_changeclass.readers.side_files import manifests
from mx_changeclass.readers.side_files.contents import (
    TOO_MANY,
    UNREAD,
    Fetch,
    Unreadable,
    as_text,
    content_digest,
    lfs_target,
    short_digest,
    suffix,
)
from mx_changeclass.readers.side_files.manifests import TemplateFacts
from mx_changeclass.readers.side_files.native_builder import builder_facts
from mx_changeclass.readers.side_files.scripts import split_comments
from mx_changeclass.regex import regex

_MOST_FILES = 1_000  # so many of a kind are told one by one
_MAIN = "android/app/src/main/"
_SETTING = regex(r"^[ \t]*(\w+)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
_STORED = regex(r"""[dD]efault(DatabaseName|FilesDirectoryName)\s*(?:\(|=|:)\s*@?["']([^"'\n]{1,80})["']""")
_GRADLE = {
    "bundleId": regex(r"""\bapplicationId\s{0,9}[=( ]\s{0,9}["']([\w.\-]+)["']"""),
    "version": regex(r"""\bversionName\s{0,9}[=( ]\s{0,9}["']([^"'\n]+)["']"""),
    "build": regex(r"\bversionCode\s{0,9}[=( ]\s{0,9}(\d+)"),
    "minimum": regex(r"\bminSdk(?:Version)?\s{0,9}[=( ]\s{0,9}(\d+)"),
    "targetSdk": regex(r"\btargetSdk(?:Version)?\s{0,9}[=( ]\s{0,9}(\d+)"),
    "compileSdk": regex(r"\bcompileSdk(?:Version)?\s{0,9}[=( ]\s{0,9}(\d+)"),
}
_IOS_MINIMUM = regex(r"""(?:deployment_target\s*=\s*|platform\s+:ios\s*,\s*)["']([\d.]+)["']""")
_SIGNING = regex(r"^.*(?:CODE_SIGN(?!_ENTITLEMENTS)|DEVELOPMENT_TEAM|PROVISIONING_PROFILE).*$", re.MULTILINE)
_LINKED = (".native_dependencies", "ios/native_dependencies.json", "res/raw/native_dependencies.json")
_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
_FOR_STORES = ("facts", "build", "platform", "config")  # roles of which something is told in a digest of the rest


def platform_facts(roles: Mapping[str, str], fetch: Fetch, plist: str = "") -> TemplateFacts:
    """All facts of a template whose files have these roles in the build; ``plist`` is the Info.plist of the app where
    the Xcode project says so. What cannot be read is told under ``unread``."""
    return _Template(roles, fetch, plist).facts()


class _Template:
    def __init__(self, roles: Mapping[str, str], fetch: Fetch, plist: str) -> None:
        self._fetch, self._roles, self._plist = fetch, roles, plist
        self._paths = sorted(path for path, role in roles.items() if role not in ("dev", "bundle", "notes", "script"))
        self._known = frozenset(self._paths)
        self._named = 0  # facts that have names of their own
        self._told: set[str] = set()  # files of which everything stands in facts of their own
        self._unread: list[str] = []

    def facts(self) -> TemplateFacts:
        configured = self._read("config.json", builder_facts)
        found: TemplateFacts = {
            f"configured.{k}" if k.startswith("permission.") else k: v for k, v in configured.items()
        }
        found |= self._read("package.json", manifests.package_facts)
        found |= self._read(".template_version", manifests.version_facts)
        found |= self._linked()
        for platform, own in (("ios", self._ios()), ("android", self._android())):
            switched = self._read(f"capabilities.{platform}.json", manifests.capability_facts)
            told = {**own, **switched}
            found |= {k if k.startswith("permission.") else f"{platform}.{k}": v for k, v in told.items()}
        found |= self._sources()
        for path in self._of("font")[:_MOST_FILES]:
            found[f"font.{path.rpartition('/')[2]}"] = self._digest([path])
        if more := self._of("font")[_MOST_FILES:]:
            found["font"] = self._digest(more)
        if self._of("patch"):
            found["patches"] = self._digest(self._of("patch"))
        if locks := [p for p in self._paths if p in _NPM_LOCKS]:
            found["lock"] = self._digest(locks)
            self._told.update(locks)
        found |= self._rest("")
        if unknown := self._of("unknown"):
            found["unknown"] = self._digest(unknown)
        if self._unread:
            found["unread"] = tuple(sorted(self._unread))
        return {k: v for k, v in found.items() if v not in ("", ())}

    def _linked(self) -> TemplateFacts:
        """The map the binary was built with, which the builder leaves in several places."""
        places = [p for name in _LINKED if (p := self._first(name))]
        self._told.update(places)
        return next(
            (facts for path in places if (facts := self._read(path, manifests.linked_facts))),
            {"linked": UNREAD} if places else {},
        )

    def _ios(self) -> TemplateFacts:
        variables = {"BUNDLE_IDENTIFIER_APPEND": ""}
        for path in sorted(
            (p for p in self._paths if p.startswith("ios/") and suffix(p) == "xcconfig"), key=lambda p: "release" in p
        ):
            variables |= _settings(self._text(path).replace("\\/", "/"))
        at = self._first(".xcodeproj/project.pbxproj")
        project = self._text(at)
        stated = _settings(project)
        for name in ("MARKETING_VERSION", "CURRENT_PROJECT_VERSION"):
            variables.setdefault(name, stated.get(name, "").strip('"'))
        found = self._read(self._info_plist(), lambda content: manifests.plist_facts(content, variables))
        localized = (p for p in self._paths if p.startswith("ios/") and p.endswith(".lproj/InfoPlist.strings"))
        for path in islice(localized, _MOST_FILES):
            named = self._read(path, manifests.localized_facts, whole=False)
            found[f"appName.{path.split('/')[-2].removesuffix('.lproj')}"] = named.get("appName", "")
        podfile = without_line_comments(self._text("ios/Podfile"))
        minimum = _IOS_MINIMUM.search(podfile)
        found |= {
            "minimum": minimum.group(1) if minimum else "",
            "podfile": short_digest(_IOS_MINIMUM.sub("", podfile)) if podfile else "",
            "project": short_digest(_SIGNING.sub("", project)) if project else "",
            "signing": short_digest(*sorted(set(_SIGNING.findall(project)))) if _SIGNING.search(project) else "",
        }
        self._told.update(("ios/Podfile", at))
        return found | self._drawn("ios/", "assets/") | self._rest("ios/")

    def _info_plist(self) -> str:
        """The Info.plist of the app: the one its project names, else the nearest to the top that is called so."""
        if self._plist in self._paths:
            return self._plist
        here = [p for p in self._paths if p.startswith("ios/") and self._roles[p] in ("facts", "platform", "build")]
        own = [p for p in here if p.endswith("/Info.plist") and "framework/" not in p]
        older = [p for p in here if p.endswith("-Info.plist") and not p.endswith("GoogleService-Info.plist")]
        return min(own or older, key=lambda p: (p.count("/"), p), default="")

    def _android(self) -> TemplateFacts:
        app = self._first("android/app/build.gradle", "android/app/build.gradle.kts")
        top = self._first("android/build.gradle", "android/build.gradle.kts")
        found = self._read(f"{_MAIN}AndroidManifest.xml", manifests.manifest_facts)
        found |= self._read(f"{_MAIN}res/values/strings.xml", manifests.strings_facts)
        stated = (p for p in self._of("facts") if p.startswith("android/") and p not in self._told)
        for path in islice(stated, _MOST_FILES):
            if path.endswith("/AndroidManifest.xml"):  # of another source set or module: all are merged
                told = self._read(path, manifests.manifest_facts, whole=False)
                found |= {k: v for k, v in told.items() if k.startswith("permission.")}
            elif suffix(path) == "xml":
                where = path.partition("/src/")[2].replace("/res/values", "").partition("/")[0]  # main-nl, appstore
                named = self._read(path, manifests.strings_facts, whole=False)
                found[f"appName.{where.removeprefix('main').lstrip('-')}"] = named.get("appName", "")
        found["runtimeUrl"] = self._text(self._first("src/main/res/raw/runtime_url")).strip()
        gradle = "\n".join("\n".join(split_comments(self._text(path), java=True)[0]) for path in (app, top))
        for name, pattern in _GRADLE.items():
            value = pattern.search(gradle)
            if value:
                found[name] = value.group(1)
                gradle = pattern.sub("", gradle)
        if gradle.strip():
            found["gradle"] = short_digest(gradle)
        keys = [p for p in self._paths if p.startswith("android/") and suffix(p) in ("keystore", "jks")]
        if keys:
            found["signing"] = self._digest(keys)
        self._told.update((app, top, *keys, self._first("src/main/res/raw/runtime_url")))
        return found | self._drawn("android/") | self._rest("android/")

    def _drawn(self, *folders: str) -> TemplateFacts:
        """Digests of launcher icons and splash screen."""
        return {
            key: self._digest([p for p in self._of(one) if p.startswith(folders)])
            for one, key in (("icon", "icons"), ("splash", "splash"))
            if any(p.startswith(folders) for p in self._of(one))
        }

    def _rest(self, folder: str) -> TemplateFacts:
        """One digest of the files that nothing else tells of in full; ``""`` stands for those of no platform."""
        left = [
            p
            for p in self._paths
            if p not in self._told
            and self._roles[p] in _FOR_STORES
            and (p.startswith(folder) if folder else not p.startswith(("ios/", "android/")))
        ]
        return {"files": self._digest(left)} if left else {}

    def _sources(self) -> TemplateFacts:
        """A digest a native source, without its comments; and the names of local storage that they set."""
        found: TemplateFacts = {}
        for path in self._of("code")[:_MOST_FILES]:
            code = "\n".join(split_comments(self._text(path), java=True)[0])
            found[f"code.{path}"] = short_digest(code)
            for what, name in _STORED.findall(code):
                found["databaseName" if what.startswith("D") else "filesDirectory"] = name
        if more := self._of("code")[_MOST_FILES:]:
            found["code"] = self._digest(more)
        return found

    def _of(self, role: str) -> list[str]:
        return [p for p in self._paths if self._roles[p] == role]

    def _first(self, *ends: str) -> str:
        """The first file there is, the wanted ones in order; the nearest to the top where several end alike."""
        for end in ends:
            found = [
                p
                for p in self._paths
                if p == end or p.endswith("/" + end) or (end.startswith(".x") and p.endswith(end))
            ]
            if found:
                return min(found, key=lambda p: (p.count("/"), p))
        return ""

    def _digest(self, paths: list[str]) -> str:
        return short_digest(*(f"{p} {meaning(p, content)}" for p in paths if (content := self._fetch(p)) is not None))

    def _text(self, path: str) -> str:
        content = self._fetch(path) or b"" if path else b""
        try:
            return as_text(content)
        except Unreadable as error:
            self._not_read(path, content, error)
            return ""

    def _read(self, path: str, reader: Callable[[bytes], TemplateFacts], *, whole: bool = True) -> TemplateFacts:
        """The facts of a file; ``whole`` where they tell all of it."""
        content = self._fetch(path) if path in self._known else None
        if content is None:
            return {}
        if whole:
            self._told.add(path)
        try:
            if lfs_target(content):
                raise Unreadable("is a Git LFS pointer")
            return self._within(reader(content))
        except Unreadable as error:
            self._not_read(path, content, error)
            return {}

    def _within(self, facts: TemplateFacts) -> TemplateFacts:
        """The facts of one more file, where all of them together are not more than any app has."""
        named = self._named + sum("." in key for key in facts)
        if named > MOST_FACTS:
            raise Unreadable(TOO_MANY)
        self._named = named
        return facts

    def _not_read(self, path: str, content: bytes, error: Unreadable) -> None:
        """Note a file that cannot be read, with what shows whether it is another one that cannot be read."""
        self._unread.append(f"{path} {error} (content {content_digest(content, path)[:16]})")


def _settings(text: str) -> dict[str, str]:
    """``NAME = value`` of each line, in Xcode's configuration files and projects."""
    return {name: value.strip().rstrip(";").rstrip() for name, value in _SETTING.findall(text)}
