"""What a change is in words: short, true for any change, without ids."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mx_changeclass.changes.change import CONTENT, NAME, ORDER, PARENT, TYPE, Added, Change, Changed, Removed
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.domain import EventHandler
from mx_changeclass.model.snapshot import Element
from mx_changeclass.rules import phrases
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Subject
from mx_changeclass.rules.phrases import mode_words, plain, several

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|sealed:[0-9a-f]+|sha256:.*|[0-9a-f]{16,64}")
_TYPE = re.compile(r"[A-Z]\w+\$[A-Z]\w+")
# Keys whose own words tell a reader little, in words; a key ending in "." stands for all below it.
_KEYS: Mapping[str, str] = {
    "actionDefaultReturnName": "name of the result",
    "allowedModuleRoles": "allowed roles",
    "appStoreGuid": "marketplace id",
    "appStoreVersion": "marketplace version",
    "appStoreVersionGuid": "marketplace version id",
    "code": "code",
    "dataStorageGuid": "storage id",
    "deleteBehavior.childDeleteBehavior": "on deletion of the owner",
    "deleteBehavior.parentDeleteBehavior": "on deletion of the other side",
    "exportLevel": "export level",
    "generated": "generated part",
    "homePage.microflow": "microflow of the home page",
    "homePage.page": "home page",
    "guestUserRoleName": "role of anonymous users",
    "enableGuestAccess": "anonymous users",
    "enableDemoUsers": "demo users",
    "isThemeModule": "use as a theme module",
    "nativeDependencies.": "native module ",
    "permission": "reading and writing",
    "securityLevel": "security level",
    "token.": "",
    "type": "type",
    "type.length": "length",
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
_SPELLED = re.compile(r"\b(?:json|xml|oql|rest|odata|url|ui|xpath|java(?: script)?)\b")
_SPELLING = {"odata": "OData", "xpath": "XPath", "java": "Java", "java script": "JavaScript"}


def words(about: Subject, release: Release, fields: tuple[str, ...] = ()) -> str:
    """What happened to the subject of a finding, as a phrase without the subject: "renamed to Field.Job"."""
    if isinstance(about, VersionChange):
        return f"Studio Pro {about.old} to {about.new}"
    if isinstance(about, SyncChange):
        return _sync(about)
    if isinstance(about, DependencyChange):
        return _dependency(about)
    if isinstance(about, Release):
        return ""
    change: Change = about
    subject = release.subject_row(change)
    part = _which(change.row) if change.row.id == subject.id else _part(change)
    if isinstance(change, Added):
        return f"{part} added" if part else "added"
    if isinstance(change, Removed):
        return f"{part} removed" if part else "removed"
    told = list(dict.fromkeys(_field(change, f, release) for f in telling(fields or tuple(change.fields))))
    return ": ".join(x for x in (part, several(told)) if x)


def telling(fields: tuple[str, ...]) -> list[str]:
    """The fields worth a word: a part that became another says all of what is in it, what differs in a file
    more than that it differs."""
    plenty = len(fields) > 1
    told = sorted(f for f in fields if not (plenty and f == "content"))
    return [f for f in told if not any(f.startswith(above + ".") for above in told)]


def _which(row: Element) -> str:
    """Which of several without a name: "required rule", "before commit", "for Field.User"."""
    if row.type == "DomainModels$ValidationRule":
        return kind_in_words(str(row.props.get("ruleInfo", ""))).removesuffix(" info")
    if row.type == "DomainModels$EventHandler":
        handler = EventHandler(row)
        return f"{handler.moment} {handler.event}".lower()
    if row.type == "DomainModels$AccessRule":
        return f"for {several(map(str, row.props.get('moduleRoles') or ('nobody',)))}"
    return ""


def _part(change: Change) -> str:
    """A part inside its document: "text box textBox1", "microflow call action", "member access Title"."""
    row = change.row
    member = str(row.props.get("attribute") or row.props.get("association") or "")
    name = row.name or ("" if is_id(member) else member.rpartition(".")[2])
    return f"{kind_in_words(str(row.props.get('action') or row.type))} {name}".strip()


def kind_in_words(kind: str) -> str:
    """A kind in words.

    >>> spaced("Pages$ListView"), spaced("JsonStructures$JsonStructure"), spaced("File$Theme")
    ('list view', 'JSON structure', 'theme file')
    """
    return _KINDS.get(kind) or _SPELLED.sub(_spelled, phrases.spaced(kind))


def _spelled(word: re.Match[str]) -> str:
    return _SPELLING.get(word[0], word[0].upper())


def _key(field: str) -> str:
    """A key in words: ``type.length`` is the "length"."""
    for key, told in _KEYS.items():
        if field == key:
            return told
        if key.endswith(".") and field.startswith(key):
            return told + field.removeprefix(key)
    return _SPELLED.sub(_spelled, phrases.label(field.removeprefix("generalization.")))


def _field(change: Changed[Kind], name: str, release: Release) -> str:
    if name == NAME:
        return f"renamed to {release.new_name(change)}"
    if name == PARENT:
        return "moved"
    if name == ORDER:
        return "order changed"
    if name == CONTENT:
        return "differs, content not readable"
    if name == TYPE:
        return f"{kind_in_words(change.old_row.type)} became {kind_in_words(change.new_row.type)}"
    old, new = change.values(name)
    if is_id(old) or is_id(new):
        return f"{_key(name)} changed"
    if isinstance(old, tuple) or isinstance(new, tuple):
        return f"{_key(name)}: {_members(old, new)}"
    return f"{_key(name)} {_values(old, new)}"


def _values(old: object, new: object) -> str:
    """Two plain values, of which one may be absent."""
    if isinstance(old, bool) or isinstance(new, bool):
        return f"{plain(bool(old))} to {plain(bool(new))}"
    if old in (None, "") or new in (None, ""):
        return f"set to {_value(new)}" if old in (None, "") else f"{_value(old)} removed"
    before, after = _value(old), _value(new)
    return "changed" if before == after else f"{before} to {after}"  # what differs was cut off


def _members(old: object, new: object) -> str:
    """What came to a list and what went."""
    before, after = (tuple(map(str, v)) if isinstance(v, tuple) else (str(v),) if v else () for v in (old, new))
    told = (
        ("added " + several(plain(m) for m in after if m not in before), set(after) - set(before)),
        ("removed " + several(plain(m) for m in before if m not in after), set(before) - set(after)),
    )
    return ", ".join(text for text, some in told if some) or "order changed"


def _value(value: object) -> str:
    """A value; a text of several words in quotes, so that its ends show."""
    if isinstance(value, str) and _TYPE.fullmatch(value):
        return kind_in_words(value).removesuffix(" attribute type")
    text = plain(value)
    return f'"{text}"' if isinstance(value, str) and " " in text else text


def is_id(value: object) -> bool:
    """A value that tells a reader nothing: an id, a digest, a sealed secret."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _dependency(move: DependencyChange) -> str:
    owners = [owner.removeprefix("widget:") for owner in move.owners]
    whose = ", ".join(owners[:2]) + (f" and {len(owners) - 2} more" if len(owners) > 2 else "")
    if not move.package:
        return "list of native modules cannot be read"
    if not (move.old and move.new):
        return f"{move.new or move.old} {move.kind}, asked for by {whose}"
    return f"{move.old} to {move.new}, asked for by {whose}"


def _sync(move: SyncChange) -> str:
    if move.joins:
        return f"joins the offline sync set ({mode_words(move.modes[1])})"
    if move.leaves:
        return f"leaves the offline sync set (was {mode_words(move.modes[0])})"
    if move.modes[0] != move.modes[1]:
        return f"sync mode {mode_words(move.modes[0])} to {mode_words(move.modes[1])}"
    if move.constraints[0] != move.constraints[1]:
        return f"sync constraint {_values(*move.constraints)}"
    return "sync configuration changed"
