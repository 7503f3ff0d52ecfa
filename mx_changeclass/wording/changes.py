"""What a change is in words: short, true for any change, without ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from mx_changeclass.changes.change import (
    CONTENT,
    NAME,
    ORDER,
    PARENT,
    TYPE,
    Added,
    Change,
    Changed,
    Changes,
    Removed,
)
from mx_changeclass.graphs.native_dependencies import DependencyChange
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.kinds.domain import EventHandler
from mx_changeclass.model.metamodel import is_a, property_of
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import WIDGET, WIDGET_PROPERTY
from mx_changeclass.regex import regex
from mx_changeclass.wording.values import is_id, kind_in_words, label, mode_in_words, plain, several, value

ACTIVITY = "Microflows$ActionActivity"
_NAMED = (WIDGET, WIDGET_PROPERTY, "Pages$FormBase")
# What each activity works on, in the order in which the keys are asked.
_OBJECTS = (
    "action.microflowCall.microflow",
    "action.nanoflowCall.nanoflow",
    "action.javaScriptAction",
    "action.javaAction",
    "action.pageSettings.page",
    "action.entity",
    "action.retrieveSource.entity",
    "action.retrieveSource.association",
    "action.commitVariableName",
    "action.changeVariableName",
    "action.deleteVariableName",
    "action.type",
    "action.outputVariableName",
    "action.variableName",
)
_STEPS = {
    "Microflows$ExclusiveSplit": "decision",
    "Microflows$InheritanceSplit": "decision on the type",
    "Microflows$LoopedActivity": "loop",
    "Microflows$MicroflowParameterObject": "parameter",
}
_TOLD = 3  # so much of what a rule saw is told
_LINKS = frozenset({"changed", "i", "now", "to"})  # said by any words about a change; "is" is cut like a plural
_WORD = regex(r"[\w.$@/*+-]*[\w*]")


def words(change: Change, changes: Changes, fields: Iterable[str] = (), first: Collection[str] = ()) -> str:
    """What happened to the subject of a change, as a phrase without that subject: "renamed to Field.Job", "text box
    nameBox: placeholder set to Name". ``fields`` narrows it to some of those that differ; those ``first`` are told
    before others."""
    tree = changes.tree(change)
    subject = tree.subject(change.row)
    inside = _which(change.row) if change.row.id == subject.id else part(tree, change.row)
    if isinstance(change, Added):
        return f"{inside} added".strip()
    if isinstance(change, Removed):
        return f"{inside} removed".strip()
    above = sorted(telling(tuple(fields) or tuple(change.fields)), key=lambda f: f not in first)
    every = (g for f in above for g in (f, *_named_below(change, f)))
    told = list(dict.fromkeys(_field(change, f, changes) for f in every))
    return ": ".join(x for x in (inside, several(told)) if x)


def telling(fields: tuple[str, ...]) -> list[str]:
    """The fields worth a word: a part that became another says all of what is in it, what differs in a file
    more than that it differs."""
    plenty = len(fields) > 1
    told = sorted(f for f in fields if not (plenty and f == "content"))
    known = set(told)
    return [f for f in told if known.isdisjoint(_above(f))]


_CONTENT = regex(r" \(content [0-9a-f]+\)$")  # by which what cannot be read is known to differ


def _above(field: str) -> Iterator[str]:
    """The parts that a key lies in: of ``a.b.c`` ``a.b`` and ``a``."""
    while "." in field:
        field = field.rpartition(".")[0]
        yield field


@lru_cache(maxsize=8)
def _below(fields: frozenset[str]) -> Mapping[str, list[str]]:
    """The fields that lie in each part, in order."""
    found: dict[str, list[str]] = {}
    for field in sorted(fields):
        for above in _above(field):
            found.setdefault(above, []).append(field)
    return found


def _named_below(change: Changed[Kind], field: str) -> Iterator[str]:
    """The names that a part which became another leads to, or led to: which microflow, which page."""
    for below in _below(change.fields).get(field, ()):
        row = change.new_row if change.new_row.props.get(below) else change.old_row
        declared = property_of(*row.part(below))
        if declared is not None and declared.is_reference:
            yield below


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


def part(tree: Tree, row: Element) -> str:
    """A part inside its document: "text box textBox1", "property onChange of combo box comboBox2", "commit Order",
    "member access Title"; what has no name of its own is told by the widget around it."""
    if is_a(row.type, "Microflows$MicroflowObject"):
        return step(row)
    inside = "" if any(is_a(row.type, t) for t in _NAMED) else kind_in_words(str(row.props.get("action") or row.type))
    for around in (row, *tree.ancestors(row)):
        if around.parent is None:
            break
        if around.type == WIDGET_PROPERTY and around.name:
            inside = f"property {around.name}"
        elif is_a(around.type, WIDGET):
            kind = str(around.props.get("type.name") or kind_in_words(around.type)).lower()
            return f"{inside + ' of ' if inside else ''}{kind} {around.name}".strip()
    member = str(row.props.get("attribute") or row.props.get("association") or "")
    name = row.name or ("" if is_id(member) else member.rpartition(".")[2]) or _shown_as(row)
    return f"{inside or kind_in_words(row.type)} {name}".strip()


def _shown_as(row: Element) -> str:
    """What stands for a name that a part of menus and navigation does not have: its caption, or the role it is for."""
    captions = (text for key, text in sorted(row.props.items()) if key.startswith("caption.") and text)
    shown = next(captions, "") or row.props.get("userRole") or ""
    return value(shown) if shown else ""


def step(row: Element) -> str:
    """A step in words: "commit Order", "microflow call Field.MF_Login", "decision Is it valid?"."""
    does = str(row.props.get("action", "")) if row.type == ACTIVITY else ""
    if not does:
        caption = str(row.props.get("caption") or row.props.get("loopSource.listVariableName") or row.name)
        return f"{_STEPS.get(row.type, kind_in_words(row.type))} {plain(caption) if caption else ''}".strip()
    target = next((str(row.props[k]) for k in _OBJECTS if row.props.get(k)), "")
    return f"{kind_in_words(does).removesuffix(' action')} {target}".strip()


def _field(change: Changed[Kind], name: str, changes: Changes) -> str:
    if name == NAME:
        return f"renamed to {changes.new_tree.qualified(change.new_row)}"
    if name == PARENT:
        return "moved"
    if name == ORDER:
        return "order changed"
    if name == CONTENT:
        return "differs, content not readable"
    if name == TYPE:
        return f"{kind_in_words(change.old_row.type)} became {kind_in_words(change.new_row.type)}"
    old, new = change.values(name)
    if name in _PHRASES:
        return _PHRASES[name](old, new)
    if is_id(old) or is_id(new):
        old, new = as_told(changes.old_tree, old), as_told(changes.new_tree, new)
        if old is None or new is None or old == new:
            return f"{label(name)} changed"
    if isinstance(old, tuple) or isinstance(new, tuple):
        return f"{label(name)}: {_members(old, new)}"
    return f"{label(name)} {_values(old, new, name)}"


def as_told(tree: Tree, value: object) -> object:
    """A value as it may be told: of an id what has it, where that is there, else None, as for a digest."""
    if not is_id(value):
        return value
    row = tree.rows.get(str(value))
    return (tree.qualified(row) or None) if row is not None else None


def _marketplace_version(old: object, new: object) -> str:
    if not new:  # the module itself is still there
        return f"marketplace version no longer stated (was {plain(old)})"
    return f"marketplace version {_values(old, new)}"


def _unread(old: object, new: object) -> str:
    """Why what cannot be read now cannot, less what could not be read before either, as it was."""
    before, after = (x if isinstance(x, tuple) else (x,) if x else () for x in (old, new))
    told = [_CONTENT.sub("", str(why)) for why in after if why not in before]
    return "; ".join(told) if told else "can be read again"


# Keys with words of their own for both values.
_PHRASES: Mapping[str, Callable[[object, object], str]] = {
    "appStoreVersion": _marketplace_version,
    "syncMode": lambda old, new: f"sync mode {mode_in_words(old)} to {mode_in_words(new)}",
    "unread": _unread,
}


def _values(old: object, new: object, key: str = "") -> str:
    """Two plain values of a key, of which one may be absent."""
    if isinstance(old, bool) or isinstance(new, bool):
        return f"{plain(bool(old))} to {plain(bool(new))}"
    return _moved(*("" if v in (None, "") else value(v, key) for v in (old, new)))


def _moved(before: str, after: str) -> str:
    """From one text to another, of which one may be absent; what differs may have been cut off."""
    if not before or not after:
        return f"{before} removed" if before else f"set to {after}"
    return "changed" if before == after else f"{before} to {after}"


def _members(old: object, new: object) -> str:
    """What came to a list and what went."""
    before, after = (tuple(map(str, v)) if isinstance(v, tuple) else (str(v),) if v else () for v in (old, new))
    came, gone = set(after) - set(before), set(before) - set(after)
    told = (
        ("added " + several(plain(m) for m in after if m in came), came),
        ("removed " + several(plain(m) for m in before if m in gone), gone),
    )
    return ", ".join(text for text, some in told if some) or "order changed"


def dependency(move: DependencyChange) -> str:
    owners = [owner.removeprefix("widget:") for owner in move.owners]
    whose = ", ".join(owners[:2]) + (f" and {len(owners) - 2} more" if len(owners) > 2 else "")
    if not move.package:
        return f"its list of native modules cannot be read: {move.problem}"
    if not (move.old and move.new):
        return f"{move.new or move.old} {move.kind}, asked for by {whose}"
    return f"{move.old} to {move.new}, asked for by {whose}"


def sync(modes: tuple[str, str], constraints: tuple[str, str], compatibility: tuple[bool, bool]) -> str:
    """How the place of an entity in the sync set moved: its mode ("" outside of the set), its constraint and whether
    it works in compatibility mode, each before and after."""
    if not modes[0]:
        return f"joins the offline sync set ({mode_in_words(modes[1])})"
    if not modes[1]:
        return f"leaves the offline sync set (was {mode_in_words(modes[0])})"
    whole = (f'"{constraint}"' if constraint else "" for constraint in constraints)  # it decides what devices lose
    told = [
        (f"sync mode {mode_in_words(modes[0])} to {mode_in_words(modes[1])}", modes),
        (f"sync constraint {_moved(*whole)}", constraints if modes[0] == modes[1] else ("", "")),
        (f"compatibility mode switched {plain(compatibility[1])}", compatibility),
    ]
    return ", ".join(text for text, (old, new) in told if old != new) or "sync configuration changed"


def explanation(details: Iterable[str], reason: str, beside: str = "", *, whole: bool = False) -> str:
    """What rules saw, then what it means. Of what they saw only that is told which adds a fact to the words
    ``beside`` which it stands, "" where it stands alone; the first few, or the ``whole`` of it."""
    every = list(dict.fromkeys(filter(None, details)))
    most = len(every) if whole else _TOLD
    told = [more for detail in every[:most] if (more := _beyond(detail, beside))]
    if told and len(every) > most:
        told.append(f"and {len(every) - most} more")
    what = "; ".join(told)
    return f"{what[:1].upper()}{what[1:]}. {reason}" if what else reason


def _beyond(detail: str, beside: str) -> str:
    """The clauses of a text that hold a word which those words lack."""
    known = _vocabulary(beside)
    known |= {step for name in known for step in name.split(".")} | _LINKS
    return "; ".join(c for c in detail.split("; ") if not beside or not _vocabulary(c) <= known)


def _vocabulary(text: str) -> set[str]:
    """The words of a text, for one to be sought in another: "calls" is in "microflow call"."""
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)}
