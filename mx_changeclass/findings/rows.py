"""Hits to reported rows: a subject, what of it changed, and the findings about that."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs
from attrs import define, frozen

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.changes.noise.defaults import is_default
from mx_changeclass.changes.noise.ignored_keys import ignored_by
from mx_changeclass.findings.finding import Finding, Row, RowPart
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
from mx_changeclass.vocabulary import DESTRUCTIVE, NONE, Maybe
from mx_changeclass.wording.changes import as_told, dependency, part, telling, words
from mx_changeclass.wording.values import is_id

DEPENDENCY = "File$NativeDependency"
NATIVE_BINARY = "File$NativeBinary"
_MODULE_FOLDERS = ("themesource", "javascriptsource", "javasource")  # each holds a folder a module, in small letters
_CODE_OF = {"File$JavaScriptAction": JAVASCRIPT_ACTION, "File$JavaAction": JAVA_ACTION}
CONTENTS = "contents"  # of a document or a file: all its parts answer together

_Key = tuple[str, str, str]  # of a finding: the id of its rule, the kind and the name of its subject
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


@frozen
class _Place:
    """What one hit adds to one row: ``row`` without findings and values, what the hit is about in ``words``, told of
    the given fields first, the ``fields`` it took, and the ``parts`` that differ in them."""

    row: Row
    words: Callable[[tuple[str, ...]], str]
    fields: tuple[str, ...] = ()
    parts: tuple[RowPart, ...] = ()


@define
class _Draft:
    """A row in the making: what its hits are about, and what was said. ``took`` holds of each finding the fields of
    each subject that it took, by the id of the subject."""

    row: Row
    words: dict[int, Callable[[tuple[str, ...]], str]] = attrs.field(factory=dict)
    parts: dict[RowPart, None] = attrs.field(factory=dict)
    findings: dict[_Key, Finding] = attrs.field(factory=dict)
    took: dict[_Key, dict[int, tuple[str, ...]]] = attrs.field(factory=dict)

    def add(self, key: _Key, finding: Finding, about: Subject, place: _Place) -> None:
        self.findings[key] = finding
        self.took.setdefault(key, {})[id(about)] = place.fields
        self.words.setdefault(id(about), place.words)
        self.parts |= dict.fromkeys(place.parts)

    def made(self) -> Row:
        """The row; what its first finding took is told first."""
        ranked = sorted(self.findings, key=lambda key: _first(self.findings[key]))
        led = self.took[ranked[0]]
        whats = [(about in led, words(led.get(about, ()))) for about, words in self.words.items()]
        parts = tuple(self.parts)
        single = len(parts) == 1 and self.row.verb == "changed"
        old, new = (parts[0].old, parts[0].new) if single else (None, None)
        plain = single and (parts[0].place, parts[0].prop) == ("", self.row.prop)
        return attrs.evolve(
            self.row,
            what=_together(Counter(w for _, w in whats), {w for first, w in whats if first}),
            findings=tuple(self.findings[key] for key in ranked),
            old=old,
            new=new,
            parts=() if plain else parts,
        )


def rows(hits: tuple[Hit, ...], said: Mapping[_Key, Finding], release: Release) -> tuple[Row, ...]:
    """The reported changes, worst first. Each hit lands in the row of each field it took."""
    drafts: dict[tuple[str, ...], _Draft] = {}
    for s in hits:
        finding_key = (s.rule.id, *subject_of(s.subject, release))
        for place in _places(s, release):
            row = place.row
            draft = drafts.setdefault((row.fingerprint, row.kind, row.name), _Draft(row))
            draft.add(finding_key, said[finding_key], s.subject, place)
    made = list(_made_again(draft.made() for draft in drafts.values()))
    if release.first:  # all is new: the release as a whole is told, and what its profiles and its binary are
        made = [row for row in made if row.kind in (PROJECT, NATIVE_BINARY) or row.kind.startswith("Navigation$")]
    sides = release.old.snapshot, release.new.snapshot
    spelled = {u.name.lower(): u.name for side in sides for u in side.live.values() if u.type == MODULE}
    made = [attrs.evolve(row, module=spelled.get(_module(row).lower(), _module(row))) for row in made]
    return tuple(sorted(grouped(made), key=_order))


def _module(row: Row) -> str:
    """The module of a row by its name; of a file as its folder is written, in small letters."""
    name = row.name or row.old_name
    if row.kind == MODULE:
        return name
    path = name.split("/")
    if row.kind.startswith("File$") and row.kind not in _CODE_OF:
        return path[1] if len(path) > 1 and path[0] in _MODULE_FOLDERS else ""
    return name.partition(".")[0] if "." in name and len(path) == 1 else ""


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
    """The worst first: what costs data on devices, then by what it may cost, then by class; of equal findings that
    which asks for most care."""
    calm = (not finding.undecided, finding.breaks_old_clients is Maybe.NO, finding.server_data_loss is Maybe.NO)
    harm = (finding.release_class is not DESTRUCTIVE, finding.hazard.gravity)
    return (*harm, -finding.release_class.rank, -finding.channel.rank, *calm, finding.rule.id)


def _order(row: Row) -> tuple[object, ...]:
    """By harm: class, then what it may cost; of equal rows causes, then what was lifted by something else, then
    remarks on the whole; what more profiles reach before what fewer do."""
    lifted = any(verb is Hit for verb, _ in row.findings[0].rule.listens_to)
    remark = row.kind == PROJECT and row.prop != "productVersion"
    harm = (-row.release_class.rank, min(f.hazard.gravity for f in row.findings), -row.channel.rank)
    return (*harm, remark, lifted, -len(row.audience), row.name, row.kind, row.verb, row.prop)


def _together(whats: Counter[str], led: set[str]) -> str:
    """Several changes in one phrase: those that lead and telling ones first, how often where it is more than once."""
    ranked = sorted((w for w in whats if w), key=lambda w: (w not in led, w.startswith(_LINKS), w))
    told = [w if whats[w] == 1 else f"{w} ({whats[w]} times)" for w in ranked[:_MOST]]
    rest = sum(whats[w] for w in ranked[_MOST:])
    return ", ".join(told) + (f" and {rest} more" if rest else "")


def _places(s: Hit, release: Release) -> list[_Place]:
    about = s.subject
    if isinstance(about, VersionChange):
        values = (RowPart("", "productVersion", str(about.old), str(about.new)),)
        return [_Place(_row(PROJECT, "", "", "changed", "productVersion"), _always(about.words), parts=values)]
    if isinstance(about, SyncChange):
        row = _row(ENTITY, about.entity, about.old_entity, "changed", "syncMode")
        return [_Place(row, _always(about.words), parts=tuple(_moved(about)))]
    if isinstance(about, DependencyChange):
        row = _row(DEPENDENCY, about.subject, about.subject, "changed", "version")
        values = (RowPart("", "version", about.old or None, about.new or None),)
        return [_Place(row, _always(dependency(about)), parts=values if about.old or about.new else ())]
    if isinstance(about, Release):
        if s.rule.channel is NONE and not (s.detail or s.rule.undecided):
            return []  # a remark on the release, no change
        return [_Place(_row(PROJECT, "", "", "changed", s.rule.id), _always(s.detail))]
    taken = _taken(about, s)
    if s.rule.channel is NONE and _ids_alone(about, s, release):  # a module imported again: it is what a reader knows
        module = release.changes.tree(about).qualified(about.row).partition(".")[0]
        row = _row(MODULE, module, module, "changed", s.rule.id)
        return [_Place(row, _always(in_words(about, release, taken)))]
    return [_of_change(about, prop, release, taken) for prop in _properties(about, s, release)]


def _always(text: str) -> Callable[[tuple[str, ...]], str]:
    """Words that are the same whatever of them is told first."""
    return lambda _: text


def _moved(move: SyncChange) -> Iterator[RowPart]:
    """What differs in the place of an entity in the sync set."""
    (*old, old_works), (*new, new_works) = zip(move.modes, move.constraints, move.compatibility, strict=True)
    values = (("syncMode", old[0], new[0]), ("constraint", old[1], new[1]), ("compatibility", old_works, new_works))
    return (RowPart("", prop, before, after) for prop, before, after in values if before != after)


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
    fields = list(_taken(change, s))
    if s.rule.channel is NONE:  # beside what a reader understands, ids that move with it say nothing
        fields = [f for f in fields if not any(map(is_id, change.values(f)))] or fields
    return fields or [""]


def _taken(change: Change, s: Hit) -> tuple[str, ...]:
    """The fields of a change that the rule speaks about: one tuple, which the place of each field holds."""
    return tuple(telling(tuple(s.fields)) or sorted(change.fields)) if isinstance(change, Changed) else ()


def _slot(row: Element, subject: Element, tree: Tree) -> str:
    """The slot of the subject below which a part stands."""
    slot = row.slot
    for above in tree.ancestors(row):
        if above.id == subject.id:
            break
        slot = above.slot
    return slot


def _of_change(change: Change, prop: str, release: Release, taken: tuple[str, ...]) -> _Place:
    tree = release.changes.tree(change)
    subject = tree.subject(change.row)
    direct = change.row.id == subject.id
    field = (prop,) if direct and isinstance(change, Changed) and prop not in ("", CONTENTS) else ()
    if subject.type == PROJECT_SETTINGS and isinstance(change, Changed):
        field = (prop.partition(".")[2],)  # the settings are one document of many parts; each key is a row
    unit = tree.snapshot.units.get(tree.unit_of.get(subject.id, ""))
    before, after = _both(change, release)
    row = _row(
        subject.type or "Projects$Document",
        _name(before, after, release),
        _qualified(before, release.old, release) if before is not None else "",
        type(change).__name__.lower() if direct else "changed",
        prop,
        id=(after or subject).id,
        file=unit.file if unit else "",
        storage=str(subject.props.get("dataStorageGuid") or ""),
    )
    place = "" if direct else part(tree, change.row)
    return _Place(
        row,
        lambda first: words(change, release.changes, field, first),
        taken,
        tuple(_differing(change, release, field or taken, place, prop if field else "")),
    )


def _differing(change: Change, release: Release, fields: tuple[str, ...], place: str, prop: str) -> Iterator[RowPart]:
    """The values of some fields of a change; of what came or went those that say something. ``prop`` is the name of
    a single one in the report."""
    old, new = release.changes.old_tree, release.changes.new_tree
    if isinstance(change, Changed):
        for name in fields:
            before, after = change.values(name)
            known = as_told(old, before), as_told(new, after)
            yield RowPart(place, prop or name, *((before, after) if prop and known == (None, None) else known))
        return
    tree = release.changes.tree(change)
    for name, value in sorted(change.row.props.items()):
        alone = as_told(tree, value)
        if alone is not None and not (is_default(change.row, name, value) or ignored_by(*change.row.part(name))):
            yield RowPart(place, name, *((None, alone) if isinstance(change, Added) else (alone, None)))


def _row(
    kind: str, name: str, old_name: str, verb: str, prop: str, *, id: str = "", file: str = "", storage: str = ""
) -> Row:
    """A row that says what it is about alone."""
    identity = storage or old_name or name
    mark = hashlib.sha256("|".join((kind, identity, prop, verb)).encode(errors="surrogatepass")).hexdigest()[:12]
    return Row(mark, verb, kind, name, old_name, id, file, prop, (), "")
