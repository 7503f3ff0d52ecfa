"""Hits to reported rows: a subject, what of it changed, and the findings about that."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attrs

from mx_changeclass.changes.change import Change, Changed, Removed
from mx_changeclass.findings.finding import Finding, Row
from mx_changeclass.findings.grouping import grouped
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.side_files import file_spelling
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import (
    DOMAIN_MODEL,
    ENTITY,
    JAVA_ACTION,
    JAVASCRIPT_ACTION,
    MODULE,
    PROJECT,
    PROJECT_SETTINGS,
)
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange, VersionChange
from mx_changeclass.rules.engine.rule import Hit, Subject
from mx_changeclass.vocabulary import BLOCKED, DESTRUCTIVE, NONE, Hazard, Maybe
from mx_changeclass.wording.changes import dependency, telling, words
from mx_changeclass.wording.values import is_id

DEPENDENCY = "File$NativeDependency"
NATIVE_BINARY = "File$NativeBinary"
_CODE_OF = {"File$JavaScriptAction": JAVASCRIPT_ACTION, "File$JavaAction": JAVA_ACTION}
CONTENTS = "contents"  # of a document or a file: all its parts answer together

_STOPS = BLOCKED | {Hazard.CANNOT_INSTALL}
_MOST = 3  # so many changes of one row are told in words
_LINKS = ("sequence flow", "annotation flow")  # what connects is told after what it connects


def subject_of(about: Subject, release: Release) -> tuple[str, str]:
    """Kind and qualified name of what a hit is about; the app has the name ""."""
    if isinstance(about, SyncChange):
        return ENTITY, about.entity
    if isinstance(about, DependencyChange):
        return DEPENDENCY, about.subject
    if isinstance(about, (VersionChange, Release)):
        return PROJECT, ""
    old, new = _both(about, release)
    row = new or old or about.row
    return row.type or "Projects$Document", _name(old, new, release)


def in_words(about: Subject, release: Release, fields: tuple[str, ...] = ()) -> str:
    """What happened, without the subject: "renamed to Field.Job"; "" for the release as a whole."""
    if isinstance(about, (VersionChange, SyncChange)):
        return about.words
    if isinstance(about, DependencyChange):
        return dependency(about)
    return "" if isinstance(about, Release) else words(about, release.changes, fields)


def _both(change: Change, release: Release) -> tuple[Element | None, Element | None]:
    """The subject of a change on the old and on the new side, None where there is none."""
    old, new = release.changes.old_tree, release.changes.new_tree
    if isinstance(change, Removed):
        subject = old.subject(change.row)
        return subject, new.rows.get(release.changes.partner.get(subject.id, ""))
    subject = new.subject(change.row)
    if isinstance(change, Changed) and change.new_row.id == subject.id:
        return change.old_row, subject
    return old.rows.get(release.partner.get(subject.id, "")), subject


def _name(old: Element | None, new: Element | None, release: Release) -> str:
    """The name of a subject: what it is called now, or was called at last."""
    if new is not None:
        return _qualified(new, release.new, release)
    return _qualified(old, release.old, release) if old is not None else ""


def _qualified(row: Element, side: App, release: Release) -> str:
    """The name of a subject on a side; code of an action goes by the name of the action, not of its folder."""
    tree = release.changes.old_tree if side is release.old else release.changes.new_tree
    name = tree.qualified(row)
    return release.memo(side, _actions).get((row.type, name), name) if row.type in _CODE_OF else name


def _actions(side: App, _: Release) -> Mapping[tuple[str, str], str]:
    """The actions of a model by the kind and name of the files that hold their code."""
    code = {action: file for file, action in _CODE_OF.items()}
    return {
        (code[unit.type], file_spelling(name)): name
        for name, unit in side.symbols.documents.items()
        if unit.type in code
    }


@attrs.define
class _Draft:
    """A row in the making: what its changes are in words, each with how often, and what was said."""

    row: Row
    whats: Counter[str] = attrs.field(factory=Counter)
    counted: set[int] = attrs.field(factory=set)  # changes whose words are counted
    findings: dict[tuple[str, str, str], Finding] = attrs.field(factory=dict)

    def made(self) -> Row:
        findings = sorted(self.findings.values(), key=_first)
        return attrs.evolve(self.row, what=_together(self.whats), findings=tuple(findings))


def rows(hits: tuple[Hit, ...], said: Mapping[tuple[str, str, str], Finding], release: Release) -> tuple[Row, ...]:
    """The reported changes, worst first. Each hit lands in the row of each field it took."""
    drafts: dict[tuple[str, ...], _Draft] = {}
    for s in hits:
        finding_key = (s.rule.id, *subject_of(s.subject, release))
        for key, row in _places(s, release):
            draft = drafts.setdefault(key, _Draft(row))
            if (draft.row.old, draft.row.new) != (row.old, row.new):
                draft.row = attrs.evolve(draft.row, old=None, new=None)  # several parts under one name
            draft.findings[finding_key] = said[finding_key]
            if id(s.subject) not in draft.counted:
                draft.counted.add(id(s.subject))
                draft.whats[row.what] += 1
    made = list(_made_again(draft.made() for draft in drafts.values()))
    if release.first:  # all is new: the release as a whole is told, and what its profiles and its binary are
        made = [row for row in made if row.kind in (PROJECT, NATIVE_BINARY) or row.kind.startswith("Navigation$")]
    return tuple(sorted(grouped(made), key=_order))


def _made_again(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, with one for what was removed and added again under its name, where the same is said of both."""
    told = list(rows)
    added = {(r.kind, r.name, r.findings): r for r in told if r.verb == "added" and not r.prop}
    again = {id(added[key]) for r in told if r.verb == "removed" and (key := (r.kind, r.name, r.findings)) in added}
    for row in told:
        twin = added.get((row.kind, row.name, row.findings)) if row.verb == "removed" and not row.prop else None
        if twin is not None:
            yield attrs.evolve(row, verb="changed", what="removed and added again", id=twin.id)
        elif id(row) not in again:
            yield row


def _first(finding: Finding) -> tuple[object, ...]:
    """What costs data first, then what keeps a client or the server from working, then by class; of equal findings
    that which asks for most care."""
    calm = (not finding.undecided, finding.breaks_old_clients is Maybe.NO, finding.server_data_loss is Maybe.NO)
    danger = (finding.release_class is not DESTRUCTIVE, finding.hazard not in _STOPS)
    return (*danger, -finding.release_class.rank, -finding.channel.rank, *calm, finding.rule.id)


def _order(row: Row) -> tuple[object, ...]:
    """Worst first; then what is a cause of its own, what was lifted by something else, remarks on the whole."""
    lifted = any(verb is Hit for verb, _ in row.findings[0].rule.listens_to)
    remark = row.kind == PROJECT and row.prop != "productVersion"
    return (-row.release_class.rank, -row.channel.rank, remark, lifted, row.name, row.kind, row.verb, row.prop)


def _together(whats: Counter[str]) -> str:
    """Several changes in one phrase: the telling ones first, how often where it is more than once."""
    ranked = sorted((w for w in whats if w), key=lambda w: (w.startswith(_LINKS), w))
    told = [w if whats[w] == 1 else f"{w} ({whats[w]} times)" for w in ranked[:_MOST]]
    rest = sum(whats[w] for w in ranked[_MOST:])
    return ", ".join(told) + (f" and {rest} more" if rest else "")


def _places(s: Hit, release: Release) -> list[tuple[tuple[str, ...], Row]]:
    about = s.subject
    if isinstance(about, VersionChange):
        old, new = str(about.old), str(about.new)
        return [_make(PROJECT, "", "", "changed", "productVersion", about.words, old=old, new=new)]
    if isinstance(about, SyncChange):
        kind, what, (old, new) = ENTITY, about.words, about.modes
        return [_make(kind, about.entity, about.old_entity, "changed", "syncMode", what, old=old, new=new)]
    if isinstance(about, DependencyChange):
        name, what = about.subject, dependency(about)
        old, new = about.old, about.new
        return [_make(DEPENDENCY, name, name, "changed", "version", what, old=old or None, new=new or None)]
    if isinstance(about, Release):
        if s.rule.channel is NONE and not (s.detail or s.rule.undecided):
            return []  # a remark on the release, no change
        return [_make(PROJECT, "", "", "changed", s.rule.id, s.detail)]
    if s.rule.channel is NONE and _ids_alone(about, s, release):  # a module imported again: it is what a reader knows
        module = release.changes.tree(about).qualified(about.row).partition(".")[0]
        return [_make(MODULE, module, module, "changed", s.rule.id, in_words(about, release, tuple(_taken(about, s))))]
    taken = _taken(about, s)
    return [_of_change(about, prop, release, taken) for prop in _properties(about, s, release)]


def _ids_alone(change: Change, s: Hit, release: Release) -> bool:
    """Nothing but ids differ in what the rule speaks about, in the domain model."""
    if not isinstance(change, Changed) or release.document(change).type != DOMAIN_MODEL:
        return False
    return all(is_id(v) for field in _taken(change, s) for v in change.values(field))


def _properties(change: Change, s: Hit, release: Release) -> list[str]:
    """The properties of the subject that a hit is about."""
    tree = release.changes.tree(change)
    subject = tree.subject(change.row)
    if subject.type == PROJECT_SETTINGS and isinstance(change, Changed):
        part = change.row.type.partition("$")[2]
        return [f"{part}.{field}" for field in _taken(change, s)]
    if change.row.id != subject.id:
        return [CONTENTS if is_a(subject.type, "Projects$Document") else _slot(change.row, subject, tree)]
    if not isinstance(change, Changed):
        return [""]
    if subject.type.startswith("File$") and subject.type != NATIVE_BINARY:
        return [CONTENTS]
    fields = _taken(change, s)
    if s.rule.channel is NONE:  # beside what a reader understands, ids that move with it say nothing
        fields = [f for f in fields if not any(map(is_id, change.values(f)))] or fields
    return fields or [""]


def _taken(change: Change, s: Hit) -> list[str]:
    """The fields of a change that the rule speaks about."""
    return (telling(tuple(s.fields)) or sorted(change.fields)) if isinstance(change, Changed) else []


def _slot(row: Element, subject: Element, tree: Tree) -> str:
    """The slot of the subject below which a part stands."""
    slot = row.slot
    for above in tree.ancestors(row):
        if above.id == subject.id:
            break
        slot = above.slot
    return slot


def _of_change(change: Change, prop: str, release: Release, taken: list[str]) -> tuple[tuple[str, ...], Row]:
    tree = release.changes.tree(change)
    subject = tree.subject(change.row)
    direct = change.row.id == subject.id
    field = (prop,) if direct and isinstance(change, Changed) and prop not in ("", CONTENTS) else ()
    if subject.type == PROJECT_SETTINGS and isinstance(change, Changed):
        field = (prop.partition(".")[2],)  # the settings are one document of many parts; each key is a row
    one = field or (tuple(taken) if len(taken) == 1 else ())  # a part with one difference has two values as well
    old, new = change.values(one[0]) if one and isinstance(change, Changed) else (None, None)
    if not field and (is_id(old) or is_id(new)):
        old, new = None, None
    unit = tree.snapshot.units.get(tree.unit_of.get(subject.id, ""))
    before, after = _both(change, release)
    return _make(
        subject.type or "Projects$Document",
        _name(before, after, release),
        _qualified(before, release.old, release) if before is not None else "",
        type(change).__name__.lower() if direct else "changed",
        prop,
        words(change, release.changes, field),
        id=(after or subject).id,
        file=unit.file if unit else "",
        storage=str(subject.props.get("dataStorageGuid") or ""),
        old=old,
        new=new,
    )


def _make(
    kind: str,
    name: str,
    old_name: str,
    verb: str,
    prop: str,
    what: str,
    *,
    id: str = "",
    file: str = "",
    storage: str = "",
    old: object = None,
    new: object = None,
) -> tuple[tuple[str, ...], Row]:
    identity = storage or old_name or name
    mark = hashlib.sha256("|".join((kind, identity, prop, verb)).encode(errors="surrogatepass")).hexdigest()[:12]
    return (mark, kind, name), Row(mark, verb, kind, name, old_name, id, file, prop, (), what, old, new)
