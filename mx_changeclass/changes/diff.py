"""Two snapshots to their changes. Cost follows the change: what did not change is never decoded."""

from __future__ import annotations

from collections.abc import Iterator

from mx_changeclass.changes.change import (
    CONTENT,
    ID,
    NAME,
    ORDER,
    PARENT,
    TYPE,
    UNSEEN,
    Added,
    Change,
    Changed,
    Changes,
    Removed,
)
from mx_changeclass.changes.matching.partners import Partners, taking_part
from mx_changeclass.changes.noise.registry import PATTERN_NAMES, KeyDifference, Noise, key_differences
from mx_changeclass.changes.noise.renames import all_renames
from mx_changeclass.changes.noise.unmatched import UnmatchedRows
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.snapshot import Element, Snapshot, Unit

NEW_ID, FOLLOWS_ID, FOLLOWS_RENAME = "new-id", "follows-id", "follows-rename"
NOISE_NAMES = PATTERN_NAMES | {NEW_ID, FOLLOWS_ID, FOLLOWS_RENAME, UNSEEN}  # under which a change is set aside
_UNREAD = "unread"  # why a file beside the model could not be looked into
_PACKED = ("File$Widget", "File$Package")  # read as a whole or not at all
_SEEN_ANYWAY = ("content", "path", "sidecar", _UNREAD)


def diff(old: Snapshot, new: Snapshot) -> Changes:
    """Everything that differs between two versions of an app, in three verbs.

    Only units whose digest or place differs are expanded. Excluded documents and the System module play
    no part; files beside the model do where both sides have them. A unit that is missing on a side is
    never added or removed: where its digest differs it is a ``Changed`` with the field ``CONTENT`` on a
    bare root row, and what it may be on the other side is set aside as not seen.
    """
    noise = Noise(old.version, new.version)
    who = Partners.of(old, new)
    found = [*_without_partner(who, noise), *_changed(who, noise), *_unread(who), *_renumbered(who)]
    return Changes(
        old=who.old.tree.snapshot,
        new=who.new.tree.snapshot,
        meaningful=tuple(c for c in found if not _is_noise(c)),
        noise=tuple(c for c in found if _is_noise(c)),
        old_tree=who.old.tree,
        new_tree=who.new.tree,
        partner={**who.units.to_new, **who.rows.to_new},
        renames=all_renames(who.renames, who.old.tree, who.new.tree, who.units, who.rows),
    )


def unseen(changes: Changes) -> Iterator[Change]:
    """What no change tells of, as it is missing on a side, set aside as not seen: what is listed on one side and has no
    partner on the other, and what is the same by its digest and can be read on one side alone. Without it half of the
    changes would make a model in which something is gone for sure that ``new`` only cannot show."""
    old, new = taking_part(changes.old, changes.new)
    there = frozenset(changes.partner.values())
    told = {c.old_row.id for c in (*changes.meaningful, *changes.noise) if not isinstance(c, Added)}
    for o in old.values():
        n = new.get(changes.partner.get(o.id, ""))
        if n is None and o.missing:
            yield Removed(_bare(o, o, o.id), None, UNSEEN)
        elif n is not None and o.missing != n.missing and o.id not in told:
            yield Changed(_bare(o, n, o.id), _bare(o, n, n.id), frozenset(), noise={CONTENT: UNSEEN})
    yield from (Added(_bare(n, n, n.id), None, UNSEEN) for n in new.values() if n.missing and n.id not in there)


def _is_noise(change: Change) -> bool:
    return not change.fields if isinstance(change, Changed) else bool(change.reason)


def _without_partner(who: Partners, noise: Noise) -> Iterator[Change]:
    gone = UnmatchedRows(who.old.tree, who.old.children, who.rows.to_new, who.redefined, noise, noise.new)
    came = UnmatchedRows(who.new.tree, who.new.children, who.rows.to_old, who.redefined, noise, noise.old)
    ways = ((Removed, who.old, gone, who.rows.to_new), (Added, who.new, came, who.rows.to_old))
    for verb, side, unmatched, partners in ways:
        for row in side.tree.rows.values():
            if row.id not in partners:
                part_of, reason = unmatched.of(row)
                yield verb(row, part_of, UNSEEN if side.tree.unit_of[row.id] in who.unseen else reason)


def _changed(who: Partners, noise: Noise) -> Iterator[Changed[Kind]]:
    for o, n in who.each():
        fields, set_aside = _frame(o, n, who)
        unread = n.type in _PACKED and (_UNREAD in o.props or _UNREAD in n.props)
        if unread and NAME in fields:  # a file that cannot be read goes by its path
            fields.remove(NAME)
            set_aside[NAME] = UNSEEN
        if o.props != n.props:
            for leaf in key_differences(o, n):
                reason = _follows(leaf, who) or noise.of_key(leaf)
                if unread and leaf.path not in _SEEN_ANYWAY:
                    reason = UNSEEN
                if reason:
                    set_aside[leaf.path] = reason
                else:
                    fields.add(leaf.path)
        if fields or set_aside:
            yield Changed(o, n, frozenset(fields), who.rows.matched_by[o.id], set_aside)


def _frame(o: Element, n: Element, who: Partners) -> tuple[set[str], dict[str, str]]:
    """What differs around the keys of two partners, as fields and as noise."""
    home = who.at_home(o, n)
    differs = {TYPE: o.type != n.type, NAME: o.name != n.name, PARENT: not home, ORDER: o.id in who.reordered}
    set_aside = {ID: NEW_ID} if o.id != n.id else {}
    if home and who.parent_renewed(o, n):
        set_aside[PARENT] = FOLLOWS_ID
    return {field for field, yes in differs.items() if yes}, set_aside


def _follows(leaf: KeyDifference, who: Partners) -> str:
    """Whether both values lead to the same element, which has another id or another name now."""
    old = who.old.pointers.get(leaf.old_row.id, {}).get(leaf.path)
    new = who.new.pointers.get(leaf.new_row.id, {}).get(leaf.path)
    if old is not None and new is not None:
        return FOLLOWS_ID if who.rows.to_new.get(old) == new else ""
    unit_id = who.old.tree.unit_of[leaf.old_row.id]
    return (
        FOLLOWS_RENAME
        if who.renames.is_same_under_new_name(leaf.old_row, leaf.path, leaf.old, leaf.new, unit_id)
        else ""
    )


def _unread(who: Partners) -> Iterator[Changed[Kind]]:
    """What can be said of two units of which one cannot be read: where they stand, and their digests."""
    for o, n in who.unread:
        differs = {CONTENT: o.digest != n.digest, PARENT: o.id in who.moved_units}
        fields = frozenset(field for field, yes in differs.items() if yes)
        set_aside = {PARENT: FOLLOWS_ID} if PARENT not in fields and o.container != n.container else {}
        if fields or set_aside:
            yield Changed(_bare(o, n, o.id), _bare(o, n, n.id), fields, who.units.matched_by[o.id], set_aside)


def _renumbered(who: Partners) -> Iterator[Changed[Kind]]:
    """What is said of a document that came again under other ids, once for all that it holds."""
    for o, n in who.renumbered:
        set_aside = {ID: NEW_ID} | ({PARENT: FOLLOWS_ID} if o.container != n.container else {})
        yield Changed(_bare(o, n, o.id), _bare(o, n, n.id), frozenset(), who.units.matched_by[o.id], set_aside)


def _bare(o: Unit, n: Unit, unit_id: str) -> Element:
    return Element(unit_id, o.type or n.type, o.name or n.name, None, "", {})
