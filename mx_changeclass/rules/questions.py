"""Questions that rules of several chapters ask of a release. Pure functions; none of them is a rule."""

from __future__ import annotations

from collections.abc import Iterable

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
    security = next((u for u in side.snapshot.live.values() if u.type == "Security$ProjectSecurity"), None)
    if not natives or security is None or module == SYSTEM_MODULE:
        return ()
    root, *rows = side.snapshot.rows(security.id)
    if root.props.get("securityLevel", "CheckNothing") == "CheckNothing":
        return ()
    return tuple(
        row.name
        for row in rows
        if row.type == "Security$UserRole"
        and not any(str(r).partition(".")[0] == module for r in row.props.get("moduleRoles", ()))
        and any(_may_enter(row, profile, side) for profile in natives)
    )


def _may_enter(role: Element, profile: Profile, side: App) -> bool:
    """Whether a user role may open its home page in a native profile; yes where no roles are stated."""
    homes = [profile.row.props.get(f"nativeHomePage.{k}", "") for k in ("homePagePage", "homePageNanoflow")]
    for row in side.reachability.navigation.rows:
        if row.parent == profile.row.id and row.props.get("userRole") == role.name:
            homes = [row.props.get(k, "") for k in ("homePagePage", "homePageNanoflow")]
    home = next((found for name in homes if name and (found := side.named(name))), None)
    roles = (home.props.get("allowedRoles") or home.props.get("allowedModuleRoles") or ()) if home else ()
    return not roles or not set(roles).isdisjoint(role.props.get("moduleRoles", ()))
