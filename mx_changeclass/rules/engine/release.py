"""What a rule may ask: both sides of a release, every change, and what follows from comparing the sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeVar, cast

import attrs
from attrs import define, frozen

from mx_changeclass.changes.change import UNSEEN, Added, Change, Changed, Changes, Removed
from mx_changeclass.graphs.app import App, Synced
from mx_changeclass.graphs.native_dependencies import LISTING, DependencyChange, dependency_changes, of_owners
from mx_changeclass.model.kinds.navigation import OfflineEntityConfig
from mx_changeclass.model.metamodel import is_a
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import DOMAIN_MODEL, ENTITY, MODULE, PROJECT_SETTINGS, SYNC_ROW
from mx_changeclass.model.xpath import under_new_names
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.observations import SyncChange, VersionChange

S = TypeVar("S")
T = TypeVar("T")


@frozen
class Ignored:
    """The files that a pattern of the configuration leaves out, and how many of them differ."""

    pattern: str
    files: int
    changed: int


Observation = VersionChange | SyncChange | DependencyChange


@define(slots=False, eq=False)
class Release:
    """Both sides and all changes between them."""

    old: App
    new: App
    changes: Changes
    policy: Policy = attrs.field(factory=Policy)
    _answers: dict[tuple[int, object], tuple[object, Any]] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, changes: Changes, policy: Policy | None = None, known: App | None = None) -> Release:
        """The release of some changes. ``known`` is what was asked of its old side before, in another release."""
        old = known if known is not None and known.snapshot is changes.old else App(changes.old)
        return cls(old, old.beside(changes.new), changes, policy or Policy())

    # -- the sides of a change --------------------------------------------------------------

    def sides(self, change: Change) -> Iterator[tuple[App, Element]]:
        """The sides a change is judged on with its row there: removed in old, added in new, changed in both."""
        if not isinstance(change, Added):
            yield self.old, change.old_row
        if not isinstance(change, Removed):
            yield self.new, change.new_row

    def old_name(self, change: Change) -> str:
        """Qualified name of the changed row in old, "" for an added one."""
        return "" if isinstance(change, Added) else self.changes.old_tree.qualified(change.old_row)

    def new_name(self, change: Change) -> str:
        """Qualified name of the changed row in new, "" for a removed one."""
        return "" if isinstance(change, Removed) else self.changes.new_tree.qualified(change.new_row)

    def subject_row(self, change: Change) -> Element:
        """The nearest thing a reader would name, on the new side where there is one."""
        return self.changes.tree(change).subject(change.row)

    def documents(self, change: Change) -> tuple[Element | None, Element | None]:
        """The document or file around a change on the old and on the new side, None where there is none."""
        unit = self.changes.tree(change).unit_of.get(change.row.id, change.row.id)
        removed = isinstance(change, Removed)
        old, new = (unit, self.changes.partner.get(unit)) if removed else (self.partner.get(unit), unit)
        return _root(self.changes.old_tree, old), _root(self.changes.new_tree, new)

    def document(self, change: Change) -> Element:
        """The document or file that the changed row stands in, on the new side where there is one."""
        old, new = self.documents(change)
        return new or old or change.row

    @cached_property
    def old_names(self) -> Mapping[str, str]:
        """From each qualified name that is new for something old to the name that had."""
        return {new: old for old, new in self.changes.renames.items()}

    @cached_property
    def partner(self) -> Mapping[str, str]:
        """From each matched new row and unit to the old one."""
        return {new: old for old, new in self.changes.partner.items()}

    def subjects(self, change: Change) -> tuple[tuple[App, str], ...]:
        """Each side a change is judged on, with the qualified name of its subject there; of a file beside the
        model, with the names of what it is part of, and of what concerns every client, with the profiles."""
        return self.memo(change, _subjects)

    def memo(self, about: S, question: Callable[[S, Release], T]) -> T:
        """The answer to a question that many rules ask about one change, or about the release itself."""
        key = (id(about), question)
        if key not in self._answers:
            self._answers[key] = about, question(about, self)  # kept with its answer, so that its id stays its own
        answer: T = self._answers[key][1]
        return answer

    # -- who is reached ---------------------------------------------------------------------

    def audience(self, change: Change) -> frozenset[str]:
        """Names of the profiles that reach the subject on any side it is judged on."""
        return frozenset().union(*(side.audience(name) for side, name in self.subjects(change)))

    def reached(self, change: Change) -> bool:
        return any(side.reached(name) for side, name in self.subjects(change))

    def reached_native(self, change: Change) -> bool:
        return any(side.reached_native(name) for side, name in self.subjects(change))

    def reached_offline(self, change: Change) -> bool:
        """A native or offline web profile reaches the subject."""
        return any(side.reached_offline(name) for side, name in self.subjects(change))

    def web_only(self, change: Change) -> bool:
        """The subject is reached, and by online web profiles only."""
        return self.reached(change) and not self.reached_offline(change)

    def shipped(self, change: Change) -> bool:
        """The subject reaches somebody with the client bundle. Pages, layouts and snippets that online web
        profiles alone reach are not bundled: the runtime serves them."""
        return self.memo(change, _shipped)

    def why(self, change: Change) -> tuple[str, ...]:
        """Shortest way from a profile to the subject, on the first side that has one."""
        return next((way for side, name in self.subjects(change) if (way := side.why(name))), ())

    # -- data on devices ----------------------------------------------------------------------

    def entity_names(self, change: Change) -> tuple[tuple[App, str], ...]:
        """Each side a change is judged on, with the entity that the changed row is, or lies in."""
        out = []
        for side, row in self.sides(change):
            tree = self.changes.old_tree if side is self.old else self.changes.new_tree
            for r in (row, *tree.ancestors(row)):
                if r.type == ENTITY:
                    out.append((side, tree.qualified(r)))
                    break
        return tuple(out)

    def synced(self, change: Change) -> bool:
        """The entity of the change is in the sync set, on any side it is judged on."""
        return any(side.synced(name) for side, name in self.entity_names(change))

    def was_synced(self, change: Change) -> bool:
        """The entity of the change is in the old sync set: devices hold rows of it."""
        return any(side is self.old and side.synced(name) for side, name in self.entity_names(change))

    def persistable(self, change: Change) -> bool:
        """The entity of the change is persistable on any side it is judged on."""
        return any(side.persistable(name) for side, name in self.entity_names(change))

    # -- the whole release ------------------------------------------------------------------

    @property
    def web_app(self) -> bool:
        """No native or offline profile on either side: there is no over-the-air channel."""
        return not (self.old.offline or self.new.offline)

    @property
    def installed(self) -> bool:
        """The old version has clients that live on devices: a native or an offline profile."""
        return self.old.offline

    @property
    def first(self) -> bool:
        """Nothing was released before."""
        return self.changes.old.form == "none"

    def nothing_to_lose(self, audience: frozenset[str]) -> bool:
        """No device holds anything yet that a change for these profiles could cost: none was released before that
        keeps data, or all of them that do are new."""
        if not self.installed:
            return True
        keeping = self._keeping & audience
        return bool(keeping) and keeping.isdisjoint(self._known_keeping)

    @cached_property
    def _keeping(self) -> frozenset[str]:
        return frozenset(p.name for side in (self.old, self.new) for p in side.profiles if p.holds_data)

    @cached_property
    def _known_keeping(self) -> frozenset[str]:
        """The profiles with data on devices that installed apps have."""
        old = (p.name for p in self.old.profiles if p.holds_data)
        return frozenset((*old, *(new for _, new in self._kept_profiles())))

    @cached_property
    def gaps(self) -> bool:
        """A document of the model is missing on a side: who is reached, and what is synchronised, may be more
        than can be seen."""
        sides = (self.changes.old, self.changes.new)
        return any(u.missing and u.slot != "files" for side in sides for u in side.units.values())

    @cached_property
    def ignored(self) -> tuple[Ignored, ...]:
        """What each pattern of the configuration leaves out, in its order; a file counts for the first one."""
        old, new = self.changes.old.ignored, self.changes.new.ignored
        found = {pattern: [0, 0] for pattern in self.policy.ignore}
        for path in {**old, **new}:
            pattern = next(p for p in self.policy.ignore if fnmatchcase(path, p))
            found[pattern][0] += 1
            found[pattern][1] += old.get(path) != new.get(path)
        return tuple(Ignored(pattern, *counts) for pattern, counts in found.items())

    @property
    def ota_off(self) -> bool:
        """The released binary of a native profile that lives on takes no updates over the air."""
        if self.policy.ota_in_binary is not None:
            return not self.policy.ota_in_binary
        kept = {p.name for p in self.new.profiles if p.kind == "native"}
        return any(p.kind == "native" and p.ota is False and p.name in kept for p in self.old.profiles)

    @property
    def template(self) -> str:
        """The native template of the released binary: stated, or found beside the old model; "" where not known."""
        return self.policy.native_template or _template(self.old)

    @property
    def planned_template(self) -> str:
        """The native template of the next binary: stated, or found beside the new model; "" where not known."""
        return self.policy.new_native_template or _template(self.new)

    @cached_property
    def version_change(self) -> VersionChange | None:
        old, new = self.old.version, self.new.version
        if old and new and attrs.evolve(old, released=new.released) == new:
            old = attrs.evolve(old, released=new.released)  # a candidate and its release are one version
        return VersionChange(old, new) if old and new and (old.text or old) != (new.text or new) else None

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        moved = self.version_change
        return (*((moved,) if moved else ()), *self.sync_changes, *self.dependency_changes)

    @cached_property
    def sync_changes(self) -> tuple[SyncChange, ...]:
        """Every difference of the sync sets of each profile that lives on, entities matched across renames.
        Deleted ones, and those made non-persistable, are left out: rules of the entity speak of them."""
        moves: dict[tuple[object, ...], SyncChange] = {}
        for profile, other in self._kept_profiles():
            old_set, new_set = self.old.synced_by_profile[profile], self.new.synced_by_profile[other]
            for name in sorted({*new_set, *(self.changes.renames.get(n, n) for n in old_set)}):
                old_name = self.old_names.get(name, name)
                old, new = self._under_new_names(old_set.get(old_name)), new_set.get(name)
                if (new is None and not self.new.persistable(name)) or _state(old) == _state(new):
                    continue
                if self._unseen_use(old, new):
                    continue
                causes = self._changed_on((new or old).why if (new or old) else ())  # type: ignore[union-attr]
                move = SyncChange(name, old_name, old, new, (other,), causes, self._sync_rows.get(name, ()))
                seen = moves.setdefault((name, _state(old), _state(new)), move)
                if seen is not move:
                    moves[name, _state(old), _state(new)] = attrs.evolve(seen, profiles=(*seen.profiles, other))
        return tuple(sorted(moves.values(), key=lambda m: (m.entity, m.profiles)))

    def _under_new_names(self, entry: Synced | None) -> Synced | None:
        """An entry of the old side whose constraint names things as the new side does."""
        if entry is None or not entry.constraint:
            return entry
        return attrs.evolve(entry, constraint=under_new_names(entry.constraint, self.changes.renames))

    def _unseen_use(self, old: Synced | None, new: Synced | None) -> bool:
        """What a document brings into the sync set that is missing on one side alone may be there all the same."""
        cut_old, cut_new = self.cut
        by_row = (old is None or old.explicit) and new is not None and new.explicit
        return (cut_new and not by_row) or (cut_old and not (new is not None and new.explicit) and old is None)

    @cached_property
    def cut(self) -> tuple[bool, bool]:
        """Whether a document of the model is missing in the old version alone, and in the new one alone."""
        old, new = (
            {i for i, u in side.units.items() if u.missing and u.slot != "files"}
            for side in (self.changes.old, self.changes.new)
        )
        return bool(old - new), bool(new - old)

    def _kept_profiles(self) -> Iterator[tuple[str, str]]:
        """The profiles that keep data on devices on both sides, by their old and new names."""
        for old in self.old.profiles:
            for new in self.new.profiles:
                same = old.name == new.name or self.changes.partner.get(old.row.id) == new.row.id
                if same and old.holds_data and new.holds_data:
                    yield old.name, new.name

    @cached_property
    def _sync_rows(self) -> Mapping[str, tuple[Changed[OfflineEntityConfig], ...]]:
        """The changed explicit rows of the sync set by the (new) name of the entity."""
        found: dict[str, list[Changed[OfflineEntityConfig]]] = {}
        for change in self.changes:
            if isinstance(change, Changed) and change.row.type == SYNC_ROW:
                names = [str(v or "") for v in change.values("entity")]
                for name in sorted({self.changes.renames.get(names[0], names[0]), names[1]}):
                    found.setdefault(name, []).append(cast("Changed[OfflineEntityConfig]", change))
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def dependency_changes(self) -> tuple[DependencyChange, ...]:
        """How native modules move: those of what native profiles reach, then those that nobody reaches."""
        if not self._modules_may_differ or self.old.dependency_inputs == self.new.dependency_inputs:
            return ()
        whole = dependency_changes(self.old.dependencies, self.new.dependencies)
        keep = (self.old.reached_owner, self.new.reached_owner)
        if any(self.cut):  # what is missing on one side may lead to what the other shows to be reached
            keep = (self._reached_owner, self._reached_owner)
        old, new = of_owners(self.old.dependencies, keep[0]), of_owners(self.new.dependencies, keep[1])
        reached = {move.subject: move for move in dependency_changes(old, new) if self._may_be_reached(move)}
        return (*reached.values(), *(attrs.evolve(m, reached=False) for m in whole if m.subject not in reached))

    def _reached_owner(self, owner: str) -> bool:
        return self.old.reached_owner(owner) or self.new.reached_owner(owner)

    def _may_be_reached(self, move: DependencyChange) -> bool:
        """An unread list counts as reached where nobody can say whose it is: its owner is the package itself."""
        nameless = any(owner.endswith(".mpk") for owner in move.owners)
        return move.kind != "unread" or nameless or bool(self.owners_reached(move)[0])

    def covered_by_observations(self, change: Change) -> tuple[str, ...]:
        """The fields of a file that the moves of native modules tell of; of a widget package the bytes of its
        list, too."""
        if change.row.type not in LISTING or not self._modules_may_differ:
            return ()
        listed = isinstance(change, Changed) and change.touches("nativeDependencies")
        packed = ("content", "metadata") if listed and change.row.type == "File$Widget" else ()
        return ("nativeDependencies", "sidecar", *packed)

    @property
    def _modules_may_differ(self) -> bool:
        """There is a native app on both sides (before the first binary none can lack a module), and what its modules
        are can be told on both."""
        sides = self.old, self.new
        return all(side.native for side in sides) and all(side.snapshot.side_files for side in sides)

    def is_frame_of_another(self, change: Change) -> bool:
        """Something else answers for the change: what every module has comes and goes with its module, and
        what leads from one step of a flow to the next changes with the steps."""
        if change.row.type in _FRAME:
            return self.changes.tree(change).qualified(change.row) in self._modules[type(change)]
        if any(is_a(change.row.type, wiring) for wiring in WIRING):
            return self.document(change).id in self._rewired
        return False

    @cached_property
    def _modules(self) -> Mapping[type, set[str]]:
        """The modules that came, went or changed, by the verb."""
        found: dict[type, set[str]] = {Added: set(), Removed: set(), Changed: set()}
        for change in self.changes:
            if change.row.type == MODULE:
                found[type(change)].add(change.row.name)
        return found

    @cached_property
    def _rewired(self) -> frozenset[str]:
        """The flows in which a step differs, not only what leads from one to the next."""
        inside = (
            c for c in self.changes if c.part_of is None and c.row.parent and c.row.type.startswith("Microflows$")
        )
        apart = (*WIRING, "Microflows$MicroflowParameterObject")
        return frozenset(self.document(c).id for c in inside if not any(is_a(c.row.type, t) for t in apart))

    def owners_reached(self, move: DependencyChange) -> tuple[frozenset[str], tuple[str, ...]]:
        """The native profiles that reach an owner of a native module, and the way to the first one."""
        found = [
            (p.name, side.why(name))
            for side in (self.new, self.old)
            for owner in move.owners
            for name in side.names_of_owner(owner)
            for p in side.profiles
            if p.kind == "native" and p.name in side.audience(name)
        ]
        return frozenset(name for name, _ in found), found[0][1] if found else ()

    def _changed_on(self, way: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in way[:-1] if name in self.changed_subjects)

    @cached_property
    def maybe_unread(self) -> frozenset[str]:
        """Ids of old rows that the new version may still hold, in what of it could not be read."""
        return frozenset(c.row.id for c in self.changes.noise if isinstance(c, Removed) and c.reason == UNSEEN)

    @cached_property
    def changed_subjects(self) -> frozenset[str]:
        """Qualified names of everything that has a change with a meaning."""
        return frozenset(name for change in self.changes for _, name in self.subjects(change))

    def all(self, verb: type) -> Iterator[Change]:
        """The changes of one verb that speak for themselves."""
        return (c for c in self.changes if isinstance(c, verb) and c.part_of is None)


__all__ = ["Added", "Changed", "DependencyChange", "Observation", "Release", "Removed", "SyncChange", "VersionChange"]


def _state(entry: Synced | None) -> tuple[object, ...]:
    return (entry.mode, " ".join(entry.constraint.split()), entry.explicit, entry.compatibility) if entry else ()


def _template(side: App) -> str:
    return str(side.binary.props.get("template", "")) if side.binary else ""


_FRAME = frozenset({DOMAIN_MODEL, "Security$ModuleSecurity", "Projects$ModuleSettings"})
WIRING = ("Microflows$Flow", "Microflows$CaseValue", "Microflows$ExclusiveMerge", "Microflows$StartEvent")
_FOR_EVERYBODY = frozenset({"Texts$SystemTextCollection", PROJECT_SETTINGS})


def _shipped(change: Change, release: Release) -> bool:
    served = is_a(release.document(change).type, "Pages$FormBase")
    return release.reached_offline(change) if served else change.row.type == SYNC_ROW or release.reached(change)


def _subjects(change: Change, release: Release) -> tuple[tuple[App, str], ...]:
    out: list[tuple[App, str]] = []
    for side, row in release.sides(change):
        tree = release.changes.old_tree if side is release.old else release.changes.new_tree
        subject = tree.subject(row)
        everybody = tuple(p.name for p in side.profiles) if subject.type in _FOR_EVERYBODY else ()
        out += [(side, name) for name in side.subjects(subject) or everybody or (tree.qualified(subject),)]
    return tuple(out)


def _root(tree: Tree, unit: str | None) -> Element | None:
    return tree.rows.get(unit) if unit else None
