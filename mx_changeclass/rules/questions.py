"""Questions that rules of several chapters ask of a release. Pure functions; none of them is a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mx_changeclass.changes.change import Change
from mx_changeclass.graphs.app import App, Profile
from mx_changeclass.graphs.sync_set import NEVER
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.system import SYSTEM_MODULE
from mx_changeclass.rules.engine.release import Release, SyncChange
from mx_changeclass.rules.engine.rule import Detail
from mx_changeclass.wording.changes import words


def detail_of(change: Change, release: Release, fields: Iterable[str] = ()) -> Detail:
    """What of a change differs, in words: "text box textBox1: placeholder Name to Your name"; ``fields`` narrows it
    to some."""
    fields = tuple(fields) or tuple(getattr(change, "fields", ()))
    return Detail(words(change, release.changes, fields), fields)


def profiles_of(change: Change, release: Release) -> tuple[Profile, ...]:
    """The navigation profile that the changed row is or lies in, one for each side it is judged on."""
    found: list[Profile] = []
    for side, row in release.sides(change):
        tree = release.changes.old_tree if side is release.old else release.changes.new_tree
        around = {row.id, *(r.id for r in tree.ancestors(row))}
        found += [p for p in side.profiles if p.row.id in around]
    return tuple(found)


def stands_in(change: Change, release: Release, *types: str) -> bool:
    """Whether the changed row is, or lies in, an element of one of those SDK types."""
    tree = release.changes.tree(change)
    return any(is_a(row.type, name) for row in (change.row, *tree.ancestors(change.row)) for name in types)


def both(release: Release, *kinds: str) -> bool:
    """Profiles of these kinds are there before and after: installed apps live on."""
    return all(any(p.kind in kinds for p in side.profiles) for side in (release.old, release.new))


def keeps_data(release: Release) -> bool:
    """Devices or browsers that keep data live on."""
    return release.old.offline and release.new.offline


def denied(release: Release, name: str) -> bool:
    """The team states that something is not so."""
    return release.policy.declared.get(name, "").lower() in {"no", "false"}


def meets_clients(release: Release) -> bool:
    """The release brings native devices something new: another version, or an edit of what they reach."""
    return release.version_change is not None or any(release.reached_native(c) for c in release.all(object))


def never_synchronised(release: Release) -> tuple[str, ...]:
    """The entities whose objects live on devices alone."""
    return release.memo(release, _never)


def _never(release: Release, _: Release) -> tuple[str, ...]:
    sets = release.old.synced_by_profile.values()
    return tuple(sorted({name for entries in sets for name, entry in entries.items() if entry.mode == NEVER}))


def locked_out(move: SyncChange, release: Release) -> tuple[str, ...]:
    """User roles that can enter a native app and have no module role of the module of an entity."""
    side, module = release.new, move.entity.partition(".")[0]
    natives = [p for p in side.profiles if p.kind == "native" and p.name in move.profiles]
    if not natives or module == SYSTEM_MODULE:
        return ()
    inside = side.memo(_users_by_module).get(module, ())
    may_enter = frozenset().union(*(side.memo(_entering, p.row.id) for p in natives))
    return tuple(r.name for r in side.memo(_user_roles) if r.name in may_enter and r.name not in inside)


def _user_roles(side: App) -> Sequence[Element]:
    """The user roles of a model, none where no security is checked."""
    security = next((u for u in side.snapshot.live.values() if u.type == "Security$ProjectSecurity"), None)
    root, *rows = side.snapshot.rows(security.id) if security else (None,)
    checked = root is not None and root.props.get("securityLevel", "CheckNothing") != "CheckNothing"
    return [row for row in rows if row.type == "Security$UserRole"] if checked else []


def _users_by_module(side: App) -> Mapping[str, set[str]]:
    """The user roles that have a module role of each module."""
    found: dict[str, set[str]] = {}
    for row in side.memo(_user_roles):
        for role in row.props.get("moduleRoles", ()):
            found.setdefault(str(role).partition(".")[0], set()).add(row.name)
    return found


def _entering(side: App, row_id: str) -> frozenset[str]:
    """The user roles that may open their home page in the profile of a row."""
    profile = next(p for p in side.profiles if p.row.id == row_id)
    own = {r.props.get("userRole"): r for r in side.reachability.navigation.rows if r.parent == profile.row.id}
    users = side.memo(_user_roles)
    return frozenset(role.name for role in users if _may_enter(role, own.get(role.name), profile, side))


def _may_enter(role: Element, own: Element | None, profile: Profile, side: App) -> bool:
    """Whether a user role may open its home page in a native profile, its ``own`` one where it has one; yes where no
    roles are stated."""
    homes = [profile.row.props.get(f"nativeHomePage.{k}", "") for k in ("homePagePage", "homePageNanoflow")]
    if own is not None:
        homes = [own.props.get(k, "") for k in ("homePagePage", "homePageNanoflow")]
    home = next((found for name in homes if name and (found := side.named(name))), None)
    roles = (home.props.get("allowedRoles") or home.props.get("allowedModuleRoles") or ()) if home else ()
    return not roles or not set(roles).isdisjoint(role.props.get("moduleRoles", ()))
