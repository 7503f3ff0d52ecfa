"""What JavaScript and Java sources tell: the code people wrote apart from what Studio Pro generates.

A source is never run and never fully parsed: a scanner that knows strings, templates and regular
expressions sets the comments aside, and the few statements that Studio Pro writes into every action
are known by their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mx_changeclass.readers.side_files.contents import short_digest
from mx_changeclass.regex import regex

_MOST = 60  # so many imports, names or calls of one file are kept

_IMPORT = regex(r"""\b(?:import|export)\s{1,20}(?:[^'"();]{0,600}?\bfrom\s*+)?["']([^"'\n]+)["']""")
_LATE_IMPORT = regex(r"""\b(?:import|require)\s*\(\s*["'`]([^"'`\n]+)["'`]\s*\)""")
_GENERATED_IMPORTS = ("big.js", "mx-global")
_SKELETON = regex(
    r"""^\s*+(?:import\s++(?:\{[^}'"]*+\}\s*+from\s*+)?["'](?:big\.js|mx-global)["']\s*+;?"""
    r"""|(?:export\s++)?(?:async\s++)?function\s++(?P<function>[\w$]++)\s*+\([^)]*+\)\s*+\{?"""
    r"""|export\s*+\{\s*+(?P<export>[\w$]++)\s*+\}\s*+;?)\s*+$"""
)
# Calls by which hand-written code takes data off the device, whatever the library they belong to.
_STORAGE = regex(
    r"\b(\w*(?:[sS]torage|SInfo|Keychain|indexedDB|MMKV|SQLite))\s*\??\.\s*((?:clear|remove|multiRemove|delete|reset)\w*)\s*\("
)
# How JavaScript gets at a native module or view by its name; those that React Native brings itself are in every app.
_NATIVE_CALL = regex(
    r"""\bNativeModules(?:\s+as\s+\w+\s*\))?\s*(?:\?\.)?\s*(?:\.\s*(\w+)|\[\s*["'`](\w+)["'`]\s*\])"""
    r"""|\b(?:TurboModuleRegistry\s*\.\s*get(?:Enforcing)?|requireNativeComponent|codegenNativeComponent"""
    r"""|requireNativeModule|requireOptionalNativeModule|getViewManagerConfig)\s*(?:<[^>()]{0,200}>)?\s*\(\s*["'`]([\w.]+)["'`]"""
)
_NATIVES_TAKEN = regex(r"""\{([^{}]{1,400})\}\s*=\s*(?:[\w$.]+\.)?NativeModules\b""")
_NATIVES_USED = regex(r"\bNativeModules\b(?!\s*[,}])")  # in another way than by a name that is seen
_OF_REACT_NATIVE = frozenset(
    (
        "UIManager",
        "I18nManager",
        "PlatformConstants",
        "StatusBarManager",
        "SettingsManager",
        "DevSettings",
        "SourceCode",
    )
) | {"AppState", "DeviceInfo", "ImageLoader", "Linking", "LinkingManager", "Networking", "Timing", "Vibration"}
_TAKING = r"(?:clear|remove|multiRemove|delete|reset)\w*"
_STORAGE_IMPORT = regex(
    r"\bimport\s*\{([^}]*)\}\s*from\s*[\"'][^\"']*(?:storage|sensitive-info|keychain|mmkv|sqlite)[^\"']*[\"']",
    re.IGNORECASE,
)
_IMPORTED = regex(rf"\b({_TAKING})(?:\s+as\s+(\w+))?")
_NAMED = regex(r"""["'`](?://)?([A-Za-z]\w*\.[A-Za-z]\w*)(?=["'`\[/])""")

_JAVA_REGIONS = (("// BEGIN USER CODE", "// END USER CODE"), ("// BEGIN EXTRA CODE", "// END EXTRA CODE"))
_JAVA_IMPORT = regex(r"^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.*]+)[ \t]*;", re.MULTILINE)
_JAVA_GENERATED = regex(
    r"com\.mendix\.(?:systemwideinterfaces\.core\.(?:IContext|IMendixObject|UserAction)|webui\.CustomJavaAction)$"
)

_COMMENT_ENDS = {"//": "\n", "/*": "*/"}
_NEXT = {False: regex(r"""//|/\*|["'`{}/]"""), True: regex(r"""//|/\*|["']""")}
_QUOTED = {q: regex(rf"""{q}(?:[^{q}\\\n]++|\\.)*+{q}?""", re.DOTALL) for q in "\"'"}
_TEMPLATE = regex(r"(?:[^`\\$]++|\\.|\$(?!\{))*+(?:`|\$\{|\Z)", re.DOTALL)
_REGEX = regex(r"/(?:[^/\\\[\n]++|\\.|\[(?:[^\]\\\n]++|\\.)*+\])++/")
_LONGEST_REGEX = 1_000  # characters; a longer one is read as a division and what follows
_OPERAND = regex(r"[\w$)\]}\"'`]$")
_BEFORE_REGEX = regex(r"\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|yield|await)$")


def javascript_action(text: str, name: str) -> dict[str, Any]:
    """``userCode``, ``generated`` and ``comments`` as short digests, and ``imports``, ``names`` (texts that
    read like an entity or attribute) and ``storage`` (calls that take data off the device).

    User code is all code but the skeleton of the action; marketplace actions carry libraries outside
    of the markers. So a file that Studio Pro wrote anew differs in ``generated`` and ``comments`` alone.
    """
    code, comments = split_comments(text)
    own: list[str] = []
    skeleton: list[str] = []
    for line in code:
        found = _SKELETON.match(line)
        generated = found is not None and (found["function"] or found["export"] or name) == name
        (skeleton if generated else own).append(line)
    if own and own[-1].strip() == "}":
        skeleton.append(own.pop())
    return {
        "userCode": short_digest(*own),
        "generated": short_digest(*skeleton),
        "comments": short_digest(*comments),
        **javascript_facts("\n".join(own)),
    }


def javascript_facts(code: str) -> dict[str, Any]:
    """``imports``, ``names``, ``storage`` and ``natives`` (native modules and views that it asks for by name) of code
    without comments; absent where there are none."""
    imports = {m for pattern in (_IMPORT, _LATE_IMPORT) for m in pattern.findall(code)} - set(_GENERATED_IMPORTS)
    facts = {
        "imports": imports,
        "names": set(_NAMED.findall(code)) - imports,
        "storage": {f"{owner}.{call}" for owner, call in _STORAGE.findall(code)} | set(_imported_calls(code)),
        "natives": _natives(code) - _OF_REACT_NATIVE,
    }
    return {key: tuple(sorted(found)[:_MOST]) for key, found in facts.items() if found}


def _natives(code: str) -> set[str]:
    named = {name for found in _NATIVE_CALL.findall(code) for name in found if name}
    taken = (part.partition(":")[0].strip() for group in _NATIVES_TAKEN.findall(code) for part in group.split(","))
    found = named | {name for name in taken if name.isidentifier()}
    return found or ({"NativeModules"} if _NATIVES_USED.search(code) else set())


def _imported_calls(code: str) -> Iterator[str]:
    """Calls that take data off the device by names that were imported from a storage library."""
    for names in _STORAGE_IMPORT.findall(code):
        for call, alias in _IMPORTED.findall(names):
            if re.search(rf"(?<![\w.]){alias or call}\s*\(", code):
                yield f"storage.{call}"


def java_action(text: str) -> dict[str, Any]:
    """``userCode``, ``generated`` and ``comments`` as short digests, and ``imports``. What stands outside
    of the markers and the import list is written anew at every deployment; a file without markers is not
    of that form, and all of it is somebody's own."""
    rest, regions = text, []
    for begin, end in _JAVA_REGIONS:
        before, started, after = rest.partition(begin)
        if started:
            region, _, behind = after.partition(end)
            regions.append(region)
            rest = before + behind
    if not regions:
        regions, rest = [text], ""
    imports = {i for i in _JAVA_IMPORT.findall(rest or text) if not _JAVA_GENERATED.match(i)}
    own = [line.rstrip() for region in regions for line in region.split("\n") if line.strip()]
    skeleton, comments = split_comments(_JAVA_IMPORT.sub("", rest), java=True)
    facts: dict[str, Any] = {
        "userCode": short_digest(*sorted(imports), *own),
        "generated": short_digest(*skeleton),
        "comments": short_digest(*comments),
    }
    if imports:
        facts["imports"] = tuple(sorted(imports)[:_MOST])
    return facts


def split_comments(text: str, *, java: bool = False) -> tuple[list[str], list[str]]:
    """The lines of code that are not blank, and the comments. An unfinished string or comment ends with the text."""
    code: list[str] = []
    comments: list[str] = []
    open_braces: list[int] = []  # of each ${ that is open, how many braces are open inside it
    at = 0
    while (found := _NEXT[java].search(text, at)) is not None:
        start, mark = found.start(), found.group()
        code.append(text[at:start])
        if mark in _COMMENT_ENDS:
            end = text.find(_COMMENT_ENDS[mark], start + 2)
            at = len(text) if end < 0 else end + (2 if mark == "/*" else 0)
            comments.append(text[start:at].strip())
            code.append(" " if mark == "/*" else "")
            continue
        at = _java_literal(text, start) if java else _javascript_literal(text, start, mark, code, open_braces)
        code.append(text[start:at])
    code.append(text[at:])
    return [line.rstrip() for line in "".join(code).split("\n") if line.strip()], comments


def _java_literal(text: str, start: int) -> int:
    """Where the string or text block ends that starts at a quote."""
    if text.startswith('"""', start):
        end = text.find('"""', start + 3)
        return len(text) if end < 0 else end + 3
    return _end(_QUOTED[text[start]], text, start)


def _javascript_literal(text: str, start: int, mark: str, code: list[str], open_braces: list[int]) -> int:
    """Where the string, template, regular expression or brace ends that starts here. A template ends, for now,
    at each ``${`` in it; the brace that closes that one takes it up again."""
    if mark in _QUOTED:
        return _end(_QUOTED[mark], text, start)
    if mark == "`" or (mark == "}" and open_braces and open_braces[-1] == 0):
        if mark == "}":
            open_braces.pop()
        end = _end(_TEMPLATE, text, start + 1)
        if text.startswith("${", end - 2) and end > start + 2:
            open_braces.append(0)
        return end
    if mark == "/":
        found = _REGEX.match(text, start, start + _LONGEST_REGEX) if _may_start_regex(code) else None
        return found.end() if found else start + 1
    if open_braces:
        open_braces[-1] += 1 if mark == "{" else -1
    return start + 1


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start + 1


def _may_start_regex(code: list[str]) -> bool:
    """Whether a slash after this code starts a regular expression: it does unless an operand stands before it."""
    for piece in reversed(code):
        before = piece.rstrip()
        if before:
            return not _OPERAND.search(before[-1:]) or bool(_BEFORE_REGEX.search(before[-12:]))
    return True
