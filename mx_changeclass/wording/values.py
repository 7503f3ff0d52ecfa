"""Short words for values, keys and kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mx_changeclass.regex import regex

_LONGEST = 60
_LANGUAGE = regex(r"\.[a-z]{2,3}(?:_[A-Za-z]+)*$")
_SHELLS = ("value", "template", "text", "appearance", "action")  # parts of a key that tell a reader nothing
_ID = regex(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|sealed:[0-9a-f]+|sha256:.*|[0-9a-f]{16,64}")
_TYPE = regex(r"[A-Z]\w+\$[A-Z]\w+")
# Keys whose own words tell a reader little, in words; a key ending in "." stands for all below it.
_KEYS: Mapping[str, str] = {
    "actionDefaultReturnName": "name of the result",
    "allowedModuleRoles": "allowed roles",
    "appStoreGuid": "marketplace id",
    "appStoreVersion": "marketplace version",
    "appStoreVersionGuid": "marketplace version id",
    "android.gradle": "build.gradle",
    "android.manifest": "AndroidManifest.xml",
    "code": "code",
    "code.": "",
    "configured.permission.": "configured permission ",
    "dataStorageGuid": "storage GUID",
    "deleteBehavior.childDeleteBehavior": "on deletion of the owner",
    "deleteBehavior.parentDeleteBehavior": "on deletion of the other side",
    "exportLevel": "export level",
    "generalization.hasChangedBy": "changedBy",
    "generalization.hasChangedDate": "changedDate",
    "generalization.hasCreatedDate": "createdDate",
    "generalization.hasOwner": "owner",
    "dependency.": "npm package ",
    "font.": "font ",
    "generated": "generated part",
    "homePage.microflow": "microflow of the home page",
    "homePage.page": "home page",
    "guestUserRoleName": "role of anonymous users",
    "enableGuestAccess": "anonymous users",
    "enableDemoUsers": "demo users",
    "ios.plist": "Info.plist",
    "isThemeModule": "use as a theme module",
    "linked.": "linked native module ",
    "nativeDependencies.": "native module ",
    "override.": "forced version of ",
    "permission": "reading and writing",
    "permission.android.permission.": "permission ",
    "permission.": "permission ",
    "securityLevel": "security level",
    "token.": "",
    "type": "type",
    "type.length": "length",
    "useOQLVersion2": "OQL version 2",
    "userCode": "code",
    "value.defaultValue": "default value",
    "variableType": "type",
    "xPathConstraint": "XPath constraint",
}
_KINDS: Mapping[str, str] = {
    "CustomWidgets$CustomWidget": "widget",
    "CustomWidgets$WidgetObject": "item of a widget",
    "DomainModels$ViewEntitySourceDocument": "query of view entity",
    "DomainModels$CrossAssociation": "association",
    "File$Java": "Java file",
    "File$JavaAction": "Java source",
    "File$JavaScript": "JavaScript file",
    "File$JavaScriptAction": "JavaScript source",
    "File$NativeBuilder": "file of the native app",
    "File$NativeDependency": "native module",
    "File$Package": "npm package",
    "File$Theme": "theme file",
    "File$Widget": "widget package",
    "Microflows$ActionActivity": "activity",
    "Navigation$NativeNavigationProfile": "native profile",
    "Navigation$OfflineEntityConfig": "synchronisation row",
    "ODataPublish$PublishedODataService2": "published OData service",
    "Pages$DivContainer": "container",
    "Settings$WebUIProjectSettingsPart": "web settings",
}
_SPELLED = regex(r"\b(?:json|xml|oql|rest|odata|ssl|url|ui|xpath|java(?: script)?|android|ios)\b")
_SPELLING = {
    "android": "Android",
    "ios": "iOS",
    "java": "Java",
    "java script": "JavaScript",
    "odata": "OData",
    "xpath": "XPath",
}


_MODES: Mapping[str, str] = {
    "All": "All Objects",
    "Constrained": "By XPath",
    "None": "Nothing (clear data)",
    "NoneAndPreserveData": "Nothing (preserve data)",
}
_ON_DELETE: Mapping[str, str] = {
    "DeleteMeAndReferences": "delete associated objects as well",
    "DeleteMeButKeepReferences": "keep associated objects",
    "DeleteMeIfNoReferences": "delete only if not associated",
}
_RIGHTS: Mapping[str, str] = {"None": "none", "ReadOnly": "read", "ReadWrite": "read and write"}
# Values for which the storage has other words than Studio Pro, by the last part of their key: what "None" says
# depends on where it stands. Studio Pro's words are those of the reference guide: Offline Synchronization,
# Association Properties, Access Rules, Error Handling in Microflows, Commit Object(s), App Security, App Settings.
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "accessRights": _RIGHTS,
    "childDeleteBehavior": _ON_DELETE,
    "commit": {"YesWithoutEvents": "yes without events", "Yes": "yes", "No": "no"},
    "defaultMemberAccessRights": _RIGHTS,
    "downloadMode": _MODES,
    "errorHandlingType": {
        "Custom": "custom with rollback",
        "CustomWithoutRollBack": "custom without rollback",
        "Rollback": "rollback",
        "Continue": "continue",
    },
    "mode": _MODES,
    "parentDeleteBehavior": _ON_DELETE,
    "securityLevel": {"CheckEverything": "production", "CheckFormsAndMicroflows": "prototype", "CheckNothing": "off"},
    "syncMode": _MODES,
    "type": {"ReferenceSet": "reference set"},
    "useOptimizedClient": {"Yes": "yes", "No": "no", "MigrationMode": "migration mode"},
}


def mode_in_words(mode: object) -> str:
    """A mode of synchronisation under the name that Studio Pro gives it: ``None`` is "Nothing (clear data)"."""
    return _MODES.get(str(mode), str(mode))


def plain(value: object) -> str:
    """A value as a reader writes it, cut to a length that fits a line."""
    return _cut(whole(value))


def whole(value: object) -> str:
    """A value as a reader writes it, however long."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else _short(str(value))


def _short(text: str) -> str:
    """A type without its namespace; any other text as it is."""
    head, dollar, tail = text.partition("$")
    return tail if dollar and head.isalnum() and tail.isalnum() else text


def _cut(text: str) -> str:
    """A text on one line, at most as long as a line of a report bears."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def value(value: object, key: str = "") -> str:
    """A value inside a phrase; a text of several words in quotes, so that its ends show."""
    options = _OPTIONS.get(key.rpartition(".")[2], {})
    if isinstance(value, str) and value in options:
        return options[value]
    if isinstance(value, str) and _TYPE.fullmatch(value):
        return kind_in_words(value).removesuffix(" attribute type")
    text = plain(value)
    return f'"{text}"' if isinstance(value, str) and " " in text else text


def is_id(value: object) -> bool:
    """A value that tells a reader nothing: an id, a digest, a sealed secret."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def several(names: Iterable[str]) -> str:
    """Names in a row, the first few of many."""
    told = list(names)
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def plural(count: int, word: str) -> str:
    """A count with its word: "2 entities", "2 files of the native app"."""
    return f"1 {word}" if count == 1 else f"{count:,} {many(word)}"


def many(word: str) -> str:
    """A word for several.

    >>> many("entity"), many("key"), many("index"), many("module settings"), many("file of the native app")
    ('entities', 'keys', 'indexes', 'module settings', 'files of the native app')
    """
    head, of, whole = word.partition(" of ")
    if re.search("[^aeiou]y$", head):
        return f"{head[:-1]}ies{of}{whole}"
    return head + ("es" if re.search("(?:ss|x|[cs]h)$", head) else "" if head.endswith("s") else "s") + of + whole


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def counted(count: int) -> str:
    """A count as a sentence has it: in words as far as twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def sentence(text: str) -> str:
    """A text that starts and ends as a sentence does."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


_PROPER = regex(r"(?:Android|Java|JavaScript|Mendix|OData|React|Studio)\b|\W|.[A-Z]")


def inside(title: str) -> str:
    """A title as it stands in a sentence: with a small letter first, but for a name."""
    return title if _PROPER.match(title) else f"{title[:1].lower()}{title[1:]}"


def kind_in_words(kind: str) -> str:
    """A kind in words.

    >>> kind_in_words("Pages$ListView"), kind_in_words("JsonStructures$JsonStructure"), kind_in_words("File$Theme")
    ('list view', 'JSON structure', 'theme file')
    """
    return _KINDS.get(kind) or _spelled(_apart(_short(kind)).lower())


def label(field: str) -> str:
    """A key as a reader writes it: ``type.length`` is the "length", ``value.dataSource.xPathConstraint`` the
    "data source XPath constraint".

    >>> label("labelTemplate.template.en_US")
    'label'
    """
    for key, told in _KEYS.items():
        if field == key:
            return told
        if key.endswith(".") and field.startswith(key):
            return told + field.removeprefix(key)
    steps = _LANGUAGE.sub("", field.removeprefix("generalization.")).split(".")
    kept = [s for s in steps if s not in _SHELLS] or steps[-1:]
    words = " ".join(kept[-2:] if kept[-1] != kept[0] else kept)
    return _spelled(re.sub(r" template$", "", _apart(words.replace("xPath", "xpath")).lower()))


def _apart(text: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)


def _spelled(text: str) -> str:
    return _SPELLED.sub(lambda word: _SPELLING.get(word[0], word[0].upper()), text)
