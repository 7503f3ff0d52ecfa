"""Sayings to reported rows: a subject, what of it changed, and the findings about that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs

from mx_changeclass.changes.change import Added, Change, Changed
from mx_changeclass.findings.finding import Finding, Row
from mx_changeclass.findings.words import words
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.rules.release import Release, SyncMove, VersionMove
from mx_changeclass.rules.rule import Spoken, Subject
from mx_changeclass.rules.terms import ReleaseClass

APP = "Projects$Project"


def subject_of(about: Subject, release: Release) -> tuple[str, str]:
    """Kind and qualified name of what a saying is about; the app has the name ""."""
    if isinstance(about, SyncMove):
        return "DomainModels$Entity", about.entity
    if isinstance(about, (VersionMove, Release)):
        return APP, ""
    tree = release.changes.tree(about)
    row = tree.subject(about.row)
    return row.type or "Projects$Document", tree.qualified(row)


@attrs.define
class _Draft:
    row: Row
    findings: dict[tuple[str, str, str], Finding] = attrs.field(factory=dict)


def rows(spoken: tuple[Spoken, ...], said: Mapping[tuple[str, str, str], Finding], release: Release) -> tuple[Row, ...]:
    """The reported changes, worst first. Each saying lands in the row of each field it took."""
    drafts: dict[tuple[str, ...], _Draft] = {}
    for s in spoken:
        finding_key = (s.rule.id, *subject_of(s.about, release))
        for key, row in _places(s, release):
            drafts.setdefault(key, _Draft(row)).findings[finding_key] = said[finding_key]
    ranks = list(ReleaseClass)
    made = [attrs.evolve(d.row, findings=tuple(d.findings[k] for k in sorted(d.findings))) for d in drafts.values()]
    made = [
        attrs.evolve(r, findings=tuple(sorted(r.findings, key=lambda f: (-ranks.index(f.release_class), f.rule.id))))
        for r in made
    ]
    return tuple(
        sorted(
            made,
            key=lambda r: (-ranks.index(r.release_class), -ranks.index(r.channel), r.name, r.kind, r.verb, r.prop),
        )
    )


def _places(s: Spoken, release: Release) -> list[tuple[tuple[str, ...], Row]]:
    about = s.about
    if isinstance(about, VersionMove):
        return [_make(release, APP, "", "", "changed", "productVersion", about, old=str(about.old), new=str(about.new))]
    if isinstance(about, SyncMove):
        old, new = about.modes
        return [
            _make(
                release,
                "DomainModels$Entity",
                about.entity,
                about.old_entity,
                "changed",
                "syncMode",
                about,
                old=old or None,
                new=new or None,
            )
        ]
    if isinstance(about, Release):
        return [_make(release, APP, "", "", "changed", s.rule.id, about)]
    return [_of_change(about, field, release) for field in _properties(about, s, release)]


def _properties(change: Change, s: Spoken, release: Release) -> list[str]:
    """The properties of the subject that a saying is about."""
    tree = release.changes.tree(change)
    subject = tree.subject(change.row)
    if change.row.id != subject.id:
        return [_slot(change.row, subject, tree)]
    if not isinstance(change, Changed):
        return [""]
    taken = s.rule.on or tuple(change.fields)
    fields = sorted(f for f in change.fields if any(f == t or f.startswith(t + ".") for t in taken))
    return fields or sorted(change.fields) or [""]


def _slot(row: Element, subject: Element, tree: Tree) -> str:
    """The slot of the subject below which a part stands."""
    slot = row.slot
    for above in tree.ancestors(row):
        if above.id == subject.id:
            break
        slot = above.slot
    return slot


def _of_change(change: Change, prop: str, release: Release) -> tuple[tuple[str, ...], Row]:
    tree = release.changes.tree(change)
    subject = tree.subject(change.row)
    direct = change.row.id == subject.id
    verb = type(change).__name__.lower() if direct else "changed"
    old_name = _old_name(change, subject, release)
    values: dict[str, Any] = {}
    if direct and isinstance(change, Changed) and prop:
        old, new = change.values(prop)
        values = {"old": old, "new": new}
    unit = tree.snapshot.units.get(tree.unit_of.get(subject.id, ""))
    what = words(change, release, (prop,) if direct and isinstance(change, Changed) and prop else ())
    return _make(
        release,
        subject.type,
        tree.qualified(subject),
        old_name,
        verb,
        prop,
        change,
        id=subject.id,
        what=what,
        file=unit.file if unit else "",
        storage=str(subject.props.get("dataStorageGuid") or ""),
        **values,
    )


def _old_name(change: Change, subject: Element, release: Release) -> str:
    """The name of the subject on the old side, where it has one."""
    if isinstance(change, Added):
        return ""
    tree = release.changes.old_tree
    if isinstance(change, Changed):
        return tree.qualified(tree.subject(change.old_row))
    return tree.qualified(subject)


def _make(
    release: Release,
    kind: str,
    name: str,
    old_name: str,
    verb: str,
    prop: str,
    about: Subject,
    *,
    id: str = "",
    file: str = "",
    storage: str = "",
    what: str = "",
    old: object = None,
    new: object = None,
) -> tuple[tuple[str, ...], Row]:
    identity = storage or old_name or name
    mark = hashlib.sha256("|".join((kind, identity, prop, verb)).encode()).hexdigest()[:12]
    row = Row(mark, verb, kind, name, old_name, id, file, prop, (), what or words(about, release), old, new)
    return (kind, id or name, verb, prop), row


__all__ = ["APP", "rows", "subject_of"]
