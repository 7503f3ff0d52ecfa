"""What users may do with the rows of an entity, over all access rules together, before and after.

Access rules add up: a user has what any rule grants one of their module roles. They hold at security
level Production only. Sources: Access Rules; App Security.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain

from attrs import field, frozen

from mx_changeclass.changes.change import Change, Changed
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.sync_set import ONLINE
from mx_changeclass.model import system
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import PAGE
from mx_changeclass.model.xpath import conditions, implies, under_new_names
from mx_changeclass.rules.domain.domain_questions import entity_of
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.sync.uploads import uploaded
from mx_changeclass.wording.values import several

ACCESS_RULE, MEMBER_ACCESS = "DomainModels$AccessRule", "DomainModels$MemberAccess"
_WITHOUT_ROLES = "users without a role"
READ, WRITE, CREATE, DELETE = "read", "write", "create", "delete"

Right = tuple[str, str]  # what, and on which member ("" for the object)
Rights = Mapping[Right, frozenset[frozenset[str]]]  # the conditions under which each is granted, any of them


@frozen
class User:
    """A user role and its module roles."""

    id: str
    name: str
    roles: frozenset[str]


UserPair = tuple[User, User]  # before and after
Differing = tuple[tuple[tuple[str, ...], str, Right], ...]  # (users, entity, right) each


@frozen(eq=False)
class RightsChange:
    """How the rights of users on some entities differ. Every rule about access asks the same of it, for each access
    rule and each member in it: an answer is found once."""

    lost: Differing = ()
    narrowed: Differing = ()
    widened: Differing = ()
    gained: Differing = ()
    newcomers: tuple[str, ...] = ()  # users that had no right on the entity
    _told: dict[tuple[str, ...], str] = field(factory=dict, init=False)
    _users: dict[tuple[str, ...], frozenset[str]] = field(factory=dict, init=False)

    def who(self, what: str, *kinds: str) -> str:
        """Who is concerned, and on which members: ``Phone for Engineer, Supervisor``; "" for nobody. ``kinds`` are
        ``lost``, ``narrowed``, ``widened`` and ``gained``."""
        if (what, *kinds) not in self._told:
            self._told[what, *kinds] = self._who(what, kinds)
        return self._told[what, *kinds]

    def users(self, kind: str, *rights: str) -> frozenset[str]:
        """Whom a kind of difference concerns, in those rights, or in any."""
        if (kind, *rights) not in self._users:
            found = getattr(self, kind)
            concerned = {who for who, _, (right, _) in found if right in (rights or (right,))}
            self._users[kind, *rights] = frozenset(chain.from_iterable(concerned))
        return self._users[kind, *rights]

    def _who(self, what: str, kinds: tuple[str, ...]) -> str:
        members: dict[tuple[str, ...], set[str]] = {}
        for users, _, (right, member) in chain.from_iterable(getattr(self, kind) for kind in kinds):
            if right == what:
                members.setdefault(users, set()).add(member.rpartition(".")[2])
        by_members: dict[str, list[str]] = {}
        for users, names in members.items():
            by_members.setdefault(several(sorted(names - {""})), []).extend(users)
        return "; ".join(
            f"{m + ' for ' if m else ''}{several(sorted(set(who)))}" for m, who in sorted(by_members.items())
        )


_KINDS = ("lost", "narrowed", "widened", "gained", "newcomers")


def _sum(several: Iterable[RightsChange]) -> RightsChange:
    whole = tuple(several)
    return RightsChange(*(tuple(chain.from_iterable(getattr(each, kind) for each in whole)) for kind in _KINDS))


def enforced(side: App) -> bool:
    """Access rules of entities apply."""
    security = side.memo(_security)
    return security is None or security.props.get("securityLevel") == "CheckEverything"


def users(side: App) -> tuple[User, ...]:
    """The user roles of a model."""
    return side.memo(_users)


def _users(side: App) -> tuple[User, ...]:
    unit = _security_unit(side)
    rows = [r for r in side.snapshot.rows(unit) if r.type == "Security$UserRole"] if unit else []
    return tuple(User(r.id, r.name, frozenset(r.props.get("moduleRoles", ()))) for r in rows)


def device_users(side: App) -> frozenset[str]:
    """Names of the user roles that hold data on devices: those that may open a page of a native or offline
    profile, or all where no page says who may; and the guest."""
    return side.memo(_device_users)


def _device_users(side: App) -> frozenset[str]:
    allowed: set[str] = set()
    for profile in side.profiles:
        if profile.holds_data:
            for unit in side.documents(profile.name):
                if unit.type == PAGE:
                    allowed.update(side.snapshot.rows(unit.id)[0].props.get("allowedRoles", ()))
    return frozenset(u.name for u in users(side) if not allowed or allowed & u.roles) | ({guest(side)} - {""})


def guest(side: App) -> str:
    """The user role of those who did not sign in, "" where they are not let in."""
    security = side.memo(_security)
    if security is None or not security.props.get("enableGuestAccess"):
        return ""
    return str(security.props.get("guestUserRoleName", ""))


def _security_unit(side: App) -> str:
    return next((u.id for u in side.snapshot.live.values() if u.type == "Security$ProjectSecurity"), "")


def _security(side: App) -> Element | None:
    unit = _security_unit(side)
    return side.snapshot.rows(unit)[0] if unit else None


# -- the rights on one entity ---------------------------------------------------------------------


@frozen
class Grants:
    """What each module role may do with an entity, and what anybody may, whatever their role."""

    by_role: Mapping[str, Rights]
    anybody: Rights


def rights(side: App, entity: str, roles: frozenset[str] | None) -> Rights:
    """What some module roles may do with an entity; None asks for anybody."""
    granted = side.memo(_grants, entity)
    if roles is None:
        return granted.anybody
    told = [granted.by_role[role] for role in sorted(roles & granted.by_role.keys())]
    return told[0] if len(told) == 1 else _together(told)


def _together(several: Iterable[Rights]) -> Rights:
    found: dict[Right, set[frozenset[str]]] = {}
    for each in several:
        for right, under in each.items():
            found.setdefault(right, set()).update(under)
    return {right: frozenset(under) for right, under in found.items()}


def _grants(side: App, entity: str) -> Grants:
    unit, row = side.symbols.domain_models.get(entity.partition(".")[0]), side.entity(entity)
    if unit is None or row is None:
        return Grants({}, {})
    tree = side.tree_of(unit.id)
    by_role: dict[str, list[Rights]] = {}
    every: list[Rights] = []
    for access in (r for r in tree.whole(row) if r.type == ACCESS_RULE):
        under = conditions(str(access.props.get("xPathConstraint", "")))
        granted = {
            right: frozenset([frozenset() if right[0] == CREATE else under])
            for right in _granted(access, tree.whole(access))
        }
        every.append(granted)
        for role in access.props.get("moduleRoles", ()):
            by_role.setdefault(role, []).append(granted)
    return Grants({role: _together(told) for role, told in by_role.items()}, _together(every))


def _granted(access: Element, rows: Iterable[Element]) -> Iterable[Right]:
    if access.props.get("allowCreate"):
        yield CREATE, ""
    if access.props.get("allowDelete"):
        yield DELETE, ""
    for row in rows:
        if row.type == MEMBER_ACCESS:
            member = str(row.props.get("attribute") or row.props.get("association") or "")
            granted = row.props.get("accessRights")
            if granted in ("ReadOnly", "ReadWrite"):
                yield READ, member
            if granted == "ReadWrite":
                yield WRITE, member


# -- what a release does to them --------------------------------------------------------------------


def rights_lost(change: Change, release: Release) -> RightsChange:
    """What a change takes from users whose devices hold rows of the entity, and download or upload them."""
    about = entity_of(change, release)
    asked = about.on_devices and about.old in release.old.sync and uploaded(release.old, about.old)
    return release.memo(change, _shift) if asked else RightsChange()


def taken_from_calls(change: Change, release: Release) -> RightsChange:
    """What a change takes from users whose clients name objects of the entity without keeping rows of them: online, or
    in calls of microflows."""
    side, name = release.old, entity_of(change, release).old
    said = name in side.signature_entities or (name in side.sync and side.sync[name].mode == ONLINE)
    return release.memo(change, _shift) if said else RightsChange()


def rights_gained(change: Change, release: Release) -> RightsChange:
    """What a change gives to users whose devices hold rows of the entity now."""
    about = entity_of(change, release)
    return release.memo(change, _shift) if about.synced and about.new in release.new.sync else RightsChange()


def _shift(change: Change, release: Release) -> RightsChange:
    """By entity: each of its rules, and each member in them, may be a change."""
    about = entity_of(change, release)
    if not about.old or not about.new or not (enforced(release.old) and enforced(release.new)):
        return RightsChange()
    known = release.memo(release, _shifts)
    if (about.old, about.new) not in known:
        concerned = _concerned(about.old, about.new, release).values()
        known[about.old, about.new] = _sum(_of(about.old, about.new, pairs, release) for pairs in concerned)
    return known[about.old, about.new]


def _concerned(old_name: str, new_name: str, release: Release) -> dict[Hashable, list[UserPair]]:
    """The users of devices that a module role gives some right on an entity, before or after, together where they
    have the same ones of these roles."""
    sides = release.old.memo(_grants, old_name).by_role, release.new.memo(_grants, new_name).by_role
    by_role = release.memo(release, _by_role)
    found: dict[Hashable, list[UserPair]] = {}
    pairs = {
        pair[0].id: pair for role in sorted(sides[0].keys() | sides[1].keys() | {""}) for pair in by_role.get(role, ())
    }
    for old, new in pairs.values():
        alike = frozenset(old.roles & sides[0].keys()), frozenset(new.roles & sides[1].keys())
        found.setdefault(alike, []).append((old, new))
    return found


def _shifts(whole: Release, release: Release) -> dict[tuple[str, str], RightsChange]:
    return {}


def role_change(change: Change, release: Release) -> RightsChange:
    """How a changed user role, or a removed module role, shifts the rights on what devices hold."""
    return release.memo(change, _role_shift)


def _role_shift(change: Change, release: Release) -> RightsChange:
    if not (enforced(release.old) and enforced(release.new)):
        return RightsChange()
    pairs = release.memo(release, _by_role)
    concerned = pairs.get(change.old_row.id if isinstance(change, Changed) else release.old_name(change), ())
    granting = release.old.memo(_granting)
    return _sum(
        _of(entity, new_name, [(old, new)], release)
        for old, new in concerned
        for entity in sorted(frozenset().union(*(granting.get(role, ()) for role in old.roles)))
        if release.new.entity(new_name := release.changes.renames.get(entity, entity))
    )


def _by_role(whole: Release, release: Release) -> dict[str, list[UserPair]]:
    """The users of devices before and after by their old id, and by each of their module roles on either side."""
    found: dict[str, list[UserPair]] = {}
    for old, new in release.memo(release, _both):
        for key in {old.id, *old.roles, *new.roles}:
            found.setdefault(key, []).append((old, new))
    return found


def _granting(side: App) -> dict[str, set[str]]:
    """The entities whose objects devices upload, by the module roles that may do something with them."""
    found: dict[str, set[str]] = {}
    for entity in side.sync:
        for role in side.memo(_grants, entity).by_role if uploaded(side, entity) else ():
            found.setdefault(role, set()).add(entity)
    return found


def managed(role: Element, side: App, release: Release) -> frozenset[str]:
    """The user roles whose users a role manages, of those that are there on both sides, under their new names;
    "users without a role" among them."""
    if role.props.get("manageAllRoles"):
        return release.memo(side, _all_managed)
    found = {str(name) for name in role.props.get("manageableRoles", ())}
    found |= {_WITHOUT_ROLES} if role.props.get("manageUsersWithoutRoles") else set()
    return _still_there(found, side, release)


def _all_managed(side: App, release: Release) -> frozenset[str]:
    return _still_there(side.memo(_names_of_users), side, release)


def _still_there(names: Iterable[str], side: App, release: Release) -> frozenset[str]:
    """Those of some user roles that are there on both sides, under their new names."""
    renames = release.changes.renames if side is release.old else {}
    there = release.new.memo(_names_of_users)
    return frozenset(name for each in names if (name := renames.get(each, each)) in there)


def _names_of_users(side: App) -> frozenset[str]:
    return frozenset({_WITHOUT_ROLES, *(u.name for u in users(side))})


def left_alone(change: Change, release: Release) -> str:
    """The module with synced entities in which a user of devices has no module role left, "" for none."""
    if not isinstance(change, Changed) or change.old_row.name not in device_users(release.old):
        return ""
    old, new = (frozenset(row.props.get("moduleRoles", ())) for row in (change.old_row, change.new_row))
    modules = {role.partition(".")[0] for role in old - new} - {role.partition(".")[0] for role in new}
    synced = release.old.memo(_synced_modules)
    return next((f"no module role in {module} left" for module in sorted(modules & synced)), "")


def _synced_modules(side: App) -> frozenset[str]:
    return frozenset(entity.partition(".")[0] for entity in side.sync if side.synced(entity))


def _both(whole: Release, release: Release) -> list[UserPair]:
    """The device users that exist before and after."""
    old, new = users(release.old), {u.id: u for u in users(release.new)}
    if not old:  # a model without user roles: whoever has any module role
        return [(User("", "everybody", frozenset()), User("", "everybody", frozenset()))]
    on_devices = device_users(release.old)
    pairs = ((u, new.get(release.changes.partner.get(u.id, u.id))) for u in old if u.name in on_devices)
    return [(u, n) for u, n in pairs if n is not None]


def _of(old_name: str, new_name: str, pairs: Sequence[UserPair], release: Release) -> RightsChange:
    """What some users gain and lose who have the same roles, as far as the entity knows them."""
    names, (old, new) = tuple(old.name for old, _ in pairs), pairs[0]
    before = _known(rights(release.old, old_name, old.roles if old.id else None), release)
    after = rights(release.new, new_name, new.roles if new.id else None)
    lost = [r for r in before if r not in after]
    if any(r == READ for r, _ in lost) and not any(r == READ for r, _ in after):
        lost = [r for r in lost if r[0] == READ]  # who may not see it any more may do nothing else with it
    lost = [r for r in lost if r[0] != WRITE or (READ, r[1]) in after]
    gained = [r for r in after if r not in before and _exists(release.old, release.old_names.get(r[1], r[1]))]
    both = [r for r in before if r in after]

    def told(found: Iterable[Right]) -> Differing:
        return tuple((names, new_name, r) for r in sorted(found))

    return RightsChange(
        told(lost),
        told(r for r in both if not _covers(after[r], before[r])),
        told(r for r in both if _covers(after[r], before[r]) and not _covers(before[r], after[r])),
        told(gained),
        names if after and not before else (),
    )


def _covers(wide: frozenset[frozenset[str]], narrow: frozenset[frozenset[str]]) -> bool:
    """Whether each condition of one grant lets through no more than some condition of the other, as far as
    their texts prove it."""
    return all(any(implies(n, w) for w in wide) for n in narrow)


def _known(found: Rights, release: Release) -> Rights:
    """Rights of the old side under the new names of members that are still there."""
    names = release.changes.renames
    renamed = {(right, names.get(member, member)): _retold(under, names) for (right, member), under in found.items()}
    return {r: under for r, under in renamed.items() if _exists(release.new, r[1])}


def _retold(under: frozenset[frozenset[str]], renames: Mapping[str, str]) -> frozenset[frozenset[str]]:
    """Conditions of the old side as the new side would write them."""
    return frozenset(frozenset(under_new_names(each, renames) for each in together) for together in under)


def _exists(side: App, member: str) -> bool:
    return not member or system.is_system(member) or side.symbols.member(member) is not None
