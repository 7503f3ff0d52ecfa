"""What devices know of the members of entities: by name alone, as a copy, or as something a user may have entered.

What no user of a device can enter cannot be lost on one. Sources: Access Rules (calculated values and AutoNumbers
cannot be written); Offline Best Practices, Hashed String Attributes (never synchronised); Offline Data Security,
Configuring Domain Model Access Rules (the client stores only what its user may read).
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator

from mx_changeclass.changes.change import Added, Change
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import ATTRIBUTE, ENTITY
from mx_changeclass.rules.domain.domain_questions import Storage, ends, entity_of
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.security.rights import ACCESS_RULE, MEMBER_ACCESS, device_users, enforced, users
from mx_changeclass.rules.sync.uploads import uploaded

CALCULATED = "DomainModels$CalculatedValue"
HASHED, AUTONUMBER = "DomainModels$HashedStringAttributeType", "DomainModels$AutoNumberAttributeType"


class KnownMember(enum.IntEnum):
    """How much of a member lies on devices; each is more than the one before."""

    NOTHING = 0
    NAME = 1  # an Online entity: asked for by its name, and kept nowhere
    COPY = 2  # downloaded, and for every user of a device read-only
    ENTRIES = 3  # values that a user may have entered, and that no upload has taken


def known(change: Change, release: Release) -> KnownMember:
    """What devices of the old version know of a changed or removed attribute or association, or of the one that an
    added one took the place of."""
    return release.memo(change, _known)


def entered(change: Change, release: Release) -> bool:
    """A member of a table of the server of which devices may hold values that no upload has taken."""
    return entity_of(change, release).was is Storage.TABLE and known(change, release) is KnownMember.ENTRIES


def on_server_alone(change: Change, release: Release) -> bool:
    """A member of a table of the server of which devices hold nothing that the server has not."""
    return entity_of(change, release).was is Storage.TABLE and known(change, release) is not KnownMember.ENTRIES


def copied(change: Change, release: Release) -> bool:
    """A member of which devices hold values at all."""
    return known(change, release) >= KnownMember.COPY


def columnless(row: Element) -> bool:
    """A calculated attribute: it is computed when it is asked for, and no column holds it."""
    return row.props.get("value") == CALCULATED


def stored_names(side: App, module: str) -> list[str]:
    """The entities and associations of a module that devices keep under their names: those that they synchronise, and
    what these inherit."""
    found = []
    for name, row in side.symbols.members(module).items():
        if row.type == ATTRIBUTE:
            continue
        mine = (name,) if row.type == ENTITY else ends(side, row)[: 2 if row.props.get("owner") == "Both" else 1]
        if any(side.synced(each) for each in mine if each):
            found.append(name)
    return sorted(found)


def said_names(side: App, module: str) -> list[str]:
    """The entities of a module that clients name without keeping rows of them: in calls of microflows, and online."""
    entities = (name for name, row in side.symbols.members(module).items() if row.type == ENTITY)
    return sorted(name for name in entities if name in side.signature_entities or side.mode(name) == ONLINE)


def _known(change: Change, release: Release) -> KnownMember:
    if isinstance(change, Added):
        about, row = entity_of(change, release), change.new_row
        name = f"{about.old}.{row.name}" if row.type == ATTRIBUTE else f"{about.old.partition('.')[0]}.{row.name}"
        old = release.old.named(name, ENTITY) if about.old else None
        return known_on(release.old, name, old) if old is not None else KnownMember.NOTHING
    row = change.old_row
    return known_on(release.old, release.old_name(change), row)


def known_on(side: App, name: str, member: Element) -> KnownMember:
    """What devices of one version know of a member, by its qualified name and row."""
    if member.type == ATTRIBUTE:
        owners: tuple[str, ...] = (name.rpartition(".")[0],)
    else:
        owners = ends(side, member)[: 2 if member.props.get("owner") == "Both" else 1]
    most = KnownMember.NOTHING
    for each in (each for o in owners if o for each in side.memo(_holders, o)):
        most = max(most, _of_holder(side, each, name, member))
        if most is KnownMember.ENTRIES:
            break
    return most


def _holders(side: App, owner: str) -> tuple[str, ...]:
    """An entity and what specialises it, as far as devices synchronise it."""
    return tuple(each for each in (owner, *side.symbols.descendants(owner)) if each in side.sync)


def _of_holder(side: App, entity: str, name: str, member: Element) -> KnownMember:
    """What devices know of a member through one entity of the sync set that has it."""
    readable, writable = _granted(side, entity, name)
    if not readable:
        return KnownMember.NOTHING
    if side.sync[entity].mode == ONLINE:
        return KnownMember.NAME
    if columnless(member) or member.props.get("type") in (HASHED, AUTONUMBER):
        return KnownMember.NOTHING
    return KnownMember.ENTRIES if writable else KnownMember.COPY


def _granted(side: App, entity: str, member: str) -> tuple[bool, bool]:
    """Whether some user of a device may read a member of an entity, and write it. A rule that does not list the member,
    as models written by tools have, counts as one that grants both."""
    if side.entity(entity) is None or not enforced(side):
        return True, True
    rules, listed, given = side.memo(_listed, entity)
    if listed[member] < rules:
        return True, True
    writable = (member, "ReadWrite") in given
    return writable or (member, "ReadOnly") in given, writable


def _listed(side: App, entity: str) -> tuple[int, Counter[str], frozenset[tuple[str, str]]]:
    """How many access rules an entity has for users of devices, how many of them list each member, and each member
    with each of the rights given on it."""
    rules, listed, given = 0, Counter[str](), set[tuple[str, str]]()
    for _, parts in _rules(side, entity):
        rules += 1
        rights = {
            (str(member), str(r.props.get("accessRights")))
            for r in parts
            if r.type == MEMBER_ACCESS
            for member in (r.props.get("attribute"), r.props.get("association"))
            if member
        }
        listed.update({member for member, _ in rights})
        given |= rights
    return rules, listed, frozenset(given)


def uploads(side: App, entity: str) -> bool:
    """Devices may upload something of an entity: what synchronises it, and what their users may do with it."""
    return uploaded(side, entity) and (may_change(side, entity) or may_delete(side, entity))


def may_change(side: App, entity: str) -> bool:
    """Some user of a device may create objects of an entity that devices hold, or write a member of them."""
    return side.memo(_may_change, entity)


def _may_change(side: App, entity: str) -> bool:
    for each in (entity, *side.symbols.descendants(entity)):
        if each not in side.sync or side.sync[each].mode == ONLINE:
            continue
        if not enforced(side) or side.entity(each) is None:
            return True
        for rule, parts in _rules(side, each):
            if rule.props.get("allowCreate") or any(r.props.get("accessRights") == "ReadWrite" for r in parts):
                return True
    return False


def may_delete(side: App, entity: str) -> bool:
    """Some user of a device may delete objects of an entity that devices hold."""
    return side.memo(_may_delete, entity)


def _may_delete(side: App, entity: str) -> bool:
    holders = [e for e in (entity, *side.symbols.descendants(entity)) if e in side.sync and side.sync[e].mode != ONLINE]
    free = not enforced(side)
    return any(free or any(rule.props.get("allowDelete") for rule, _ in _rules(side, e)) for e in holders)


def without_rules(side: App) -> list[str]:
    """The entities that devices hold and for which no access rule grants their users anything."""
    held = (e for e in side.sync if side.synced(e) and side.entity(e) is not None)
    return sorted(e for e in held if not any(True for _ in _rules(side, e)))


def _rules(side: App, entity: str) -> Iterator[tuple[Element, list[Element]]]:
    """The access rules of an entity that hold for users of devices, each with its parts."""
    unit, row = side.symbols.domain_models.get(entity.partition(".")[0]), side.entity(entity)
    if unit is None or row is None:
        return
    tree, on_devices = side.tree_of(unit.id), side.memo(_device_roles)
    for access in (r for r in tree.whole(row) if r.type == ACCESS_RULE):
        if on_devices is None or not on_devices.isdisjoint(access.props.get("moduleRoles", ())):
            yield access, list(tree.whole(access))


def _device_roles(side: App) -> frozenset[str] | None:
    """The module roles of users of devices; None in a model without users, where every rule counts."""
    every, on_devices = users(side), device_users(side)
    return frozenset().union(*(u.roles for u in every if u.name in on_devices)) if every else None
