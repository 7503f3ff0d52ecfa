"""Storage identity and the domain model as a whole: what no single change shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping

from mx_changeclass.changes.change import Added, Change, Changed, Removed
from mx_changeclass.changes.matching.content import pointers
from mx_changeclass.changes.matching.identity import GUID
from mx_changeclass.graphs.app import App
from mx_changeclass.graphs.unresolved import names_in
from mx_changeclass.model.kinds.domain import Association, Attribute, Entity
from mx_changeclass.model.metamodel import is_a, is_referable, property_of
from mx_changeclass.model.snapshot import Element, Tree
from mx_changeclass.model.types import ASSOCIATION, ENTITY, MODULE
from mx_changeclass.regex import regex
from mx_changeclass.rules.domain.domain_questions import Storage, ends, entity_of, same_entity
from mx_changeclass.rules.domain.merging import merged_into
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import kind_in_words, several

_WORD = regex(rb"\w+")
_FEW = 20  # names that are looked for one by one


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.STRANDED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    source="S6.1",
    certainty=Certainty.DOCUMENTED,
    mitigation="Make two releases with a full synchronisation of every device between them.",
)
def agg_consolidation(whole: Release, release: Release) -> bool | str:
    """Synced entities consolidated while people may be offline

    Their synchronisation fails first, and the update then takes the rest of what they entered.
    """
    told = [
        f"{release.old_name(c)} into {into}"
        for c in release.all(Removed)
        if isinstance(c, Removed) and c.old_row.type == ENTITY and (into := merged_into(c, release))  # type: ignore[arg-type]
    ]
    return bool(told) and several(sorted(told))


# -- storage GUIDs ----------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.YES,
    source="MXCLI 1119, 1169; SUP",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not deploy: restore the domain model from the old version.",
)
def agg_guid_mass_reset(whole: Release, release: Release) -> bool | str:
    """Storage GUIDs of a domain model with synced entities reset to the ids of its elements

    The mark of a tool that writes models, not of a person: tables, columns and references are dropped and made anew,
    and devices are emptied with their next download.
    """
    return _reset_words(release, held=True)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    remedy=Remedy.STOP,
    source="MXCLI 1119, 1169; SUP",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not deploy: restore the domain model from the old version.",
)
def agg_guid_mass_reset_server(whole: Release, release: Release) -> bool | str:
    """Storage GUIDs of a domain model without synced entities reset to the ids of its elements

    Tables, columns and references are dropped and made anew when the app is deployed.
    """
    return _reset_words(release, held=False)


def _reset_words(release: Release, *, held: bool) -> str:
    """The domain models with more than one storage GUID that became the id of its element, and which these are."""
    found: dict[str, list[Change]] = defaultdict(list)
    for c in release.all(Changed):
        if not isinstance(c, Changed) or GUID not in c.fields:
            continue
        old, new = c.values(GUID)
        if old and new == c.new_row.id and entity_of(c, release).keeps_table:
            found[release.new_name(c).partition(".")[0]].append(c)
    told = [
        f"{module}: {len(every)} storage GUIDs, of {several(sorted(release.new_name(c) for c in every))}"
        for module, every in sorted(found.items())
        if len(every) > 1 and held == any(entity_of(c, release).on_devices for c in every)
    ]
    return "; ".join(told)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.MAYBE,
    undecided=True,
    on=GUID,
    remedy=Remedy.STOP,
    source="no source",
    mitigation="Give the copy a storage GUID of its own.",
)
def agg_guid_duplicate(
    change: Added[Entity | Attribute | Association] | Changed[Entity | Attribute | Association], release: Release
) -> bool | str:
    """Two elements of the new version with one storage GUID

    Which of them owns the stored data cannot be told.
    """
    if entity_of(change, release).now is not Storage.TABLE:
        return False
    shared = release.memo(release, _shared)
    rows = release.changes.new_tree.whole(change.new_row) if isinstance(change, Added) else (change.new_row,)
    told = [", ".join(shared[guid]) for r in rows if (guid := str(r.props.get(GUID) or "")) in shared]
    return bool(told) and f"one storage GUID for {told[0]}"


def _shared(whole: Release, release: Release) -> Mapping[str, list[str]]:
    """Storage GUIDs of the new version that more than one stored element has, with the names of these."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in sorted(release.new.symbols.domain_models):
        for name, row in release.new.symbols.members(module).items():
            if guid := row.props.get(GUID):
                found[str(guid)].append(name)
    return {guid: sorted(names) for guid, names in found.items() if len(names) > 1}


# -- names that do not tell who is meant -------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.MAYBE,
    undecided=True,
    remedy=Remedy.STOP,
    source="MXCLI 389, 432; RN10.24 10.24.16",
    certainty=Certainty.DOCUMENTED,
    mitigation="Open the project in Studio Pro, and rename or delete one of them.",
)
def agg_duplicate_name(whole: Release, release: Release) -> bool | str:
    """Two elements under one name

    References go by name: which of them is called, shown, synchronised or protected cannot be told.
    """
    if release.first:
        return False
    was = _told_twice(release.changes.old_tree, release.old)
    told = sorted(_told_twice(release.changes.new_tree, release.new) - was)
    return bool(told) and several(f"{kind_in_words(kind)} {name}" for name, kind in told)


def _told_twice(tree: Tree, side: App) -> frozenset[tuple[str, str]]:
    """The names that two documents of a kind, two modules, or two elements of a document bear, with their kind."""
    live = (u for u in side.snapshot.live.values() if u.name and u.slot != "files" and u.type != "Projects$Folder")
    every = [("" if u.type == MODULE else side.snapshot.module(u.id), u.name, u.type) for u in live]
    rows = [row for row in tree.rows.values() if row.name and row.parent is not None and is_referable(row.type)]
    inside = [(row.parent, row.name, ASSOCIATION if is_a(row.type, ASSOCIATION) else row.type) for row in rows]
    twice = {key for key, times in Counter([*every, *inside]).items() if times > 1}
    parts = {(tree.qualified(row), row.type) for row, key in zip(rows, inside, strict=True) if key in twice}
    return frozenset(parts | {(f"{at}.{name}".lstrip("."), kind) for at, name, kind in twice.intersection(every)})


# -- pointers at nothing ----------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    server_data_loss=Maybe.MAYBE,
    undecided=True,
    remedy=Remedy.STOP,
    source="MXCLI 4, 854, 1146",
    certainty=Certainty.DOCUMENTED,
    mitigation="Repair the project: open it in Studio Pro and solve the errors.",
)
def agg_dangling_reference(whole: Release, release: Release) -> bool | str:
    """Something refers to an element that is nowhere

    The build or the runtime cannot load the model, so nothing can be promised about it.
    """
    if release.first:
        return False
    told = {*_pointing_at_nothing(release), *_naming_nothing(release)}
    return bool(told) and several(f"{name} refers to {target}" for name, target in sorted(told))


def _pointing_at_nothing(release: Release) -> Iterator[tuple[str, str]]:
    """Who holds the id of what is gone, in documents that differ; some tools write ids in the place of names."""
    old, new = release.changes.old_tree, release.changes.new_tree
    for row in new.rows.values():
        for target in {*pointers(row).values(), *_named_by_id(row)}:
            if target in old.rows and target not in new.rows and target not in release.maybe_unread:
                yield new.qualified(new.subject(row)), old.qualified(old.rows[target]) or "what is gone"


def _named_by_id(row: Element) -> Iterator[str]:
    for key, value in row.props.items():
        declared = property_of(*row.part(key)) if type(value) is str and len(value) == 36 else None
        if declared is not None and declared.is_reference:
            yield value


def _naming_nothing(release: Release) -> Iterator[tuple[str, str]]:
    """Who names what is nowhere and was not nowhere before: in documents that differ, and in all others where this
    release took a name away."""
    gone = _gone_names(release)
    spelled = _spelling(gone)
    for unit in release.new.snapshot.live.values():
        if unit.slot == "files" or unit.missing:
            continue
        differs = unit.id in release.changes.new_tree.rows
        if not differs and not (gone and unit.may_hold(spelled)):
            continue
        found = [each for each in names_in(release.new, unit) if each.known is False]
        was = release.old.snapshot.units.get(release.partner.get(unit.id, unit.id)) if found else None
        seen = was is not None and not was.missing and not was.excluded
        before = {each.name: each.known for each in names_in(release.old, was)} if was is not None and seen else {}
        tree = release.new.tree_of(unit.id)
        for each in found:
            if each.hidden and release.cut[1]:
                continue  # what is missing in the new version alone may bear it
            if before.get(each.name, not (each.vague or each.hidden)):
                yield tree.qualified(tree.subject(each.row)), each.name


def _spelling(names: frozenset[str]) -> Callable[[bytes], bool]:
    """What tells whether one of some names stands in a text on its own. A pattern of them all would be tried at each
    letter: of few names to look for each takes a tenth of that, of many to look at each word a half."""
    wanted = {name.encode(errors="surrogatepass") for name in names}
    words = {name for name in wanted if _WORD.fullmatch(name)}
    few, others = sorted(wanted) if len(wanted) <= _FEW else [], wanted - words

    def found(text: bytes) -> bool:
        if few and not any(name in text for name in few):
            return False
        return any(name in text for name in others) or not words.isdisjoint(_WORD.findall(text))

    return found


def _gone_names(release: Release) -> frozenset[str]:
    """The last steps of all names that the old version has and the new one has not; modules as a whole."""
    old, new = release.changes.old_tree, release.changes.new_tree
    left = {old.qualified(row) for row in old.rows.values() if row.name and is_referable(row.type)}
    kept = {new.qualified(row) for row in new.rows.values() if row.name and is_referable(row.type)}
    units = {n.rpartition(".")[2] for n in release.old.symbols.documents.keys() - release.new.symbols.documents.keys()}
    return frozenset(name.rpartition(".")[2] for name in left - kept) | units


# -- edits that fail together -------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.TWO_STEP,
    server_data_loss=Maybe.YES,
    since="-; 11.0.0",
    until="10.24.24; 11.14.99",
    source="RN10.24 10.24.25; RN11.15",
    certainty=Certainty.DOCUMENTED,
    mitigation="Split the edit: remove the association in a later release.",
)
def agg_assoc_and_generalization(change: Removed[Association], release: Release) -> bool | str:
    """Association of an entity to its own specialisation removed together with that relation

    In this version the runtime does not start when both go in one release.
    """
    general, special = ends(release.old, change.old_row)
    if general == special or general not in release.old.symbols.lineage(special) or not entity_of(change, release).was:
        return False
    row = release.old.entity(special)
    now = release.new.entity_by_id(release.changes.partner.get(row.id, row.id)) if row else ""
    kept = any(same_entity(general, above, release) for above in release.new.symbols.lineage(now)[1:])
    return not kept and f"{special} is no longer a specialisation of {general}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    requires=Requires.TWO_STEP,
    on="storageFormat",
    since="-; 11.0.0",
    until="10.24.5; 11.2.99",
    source="RN10.24 10.24.6; RN11.3 11.3.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Split the edit: change the storage of the association in a later release.",
)
def agg_fk_plus_storage_format(change: Changed[Association], release: Release) -> bool | str:
    """Foreign keys switched on and the storage of an association changed in one release

    Dangling references in the database break the migration in this version.
    """
    key = "useDatabaseForeignKeyConstraints"
    parts = (side.settings_part("Settings$RuntimeSettings") for side in (release.old, release.new))
    old, new = (bool(part and part.props.get(key)) for part in parts)
    return new and not old and "foreign keys are switched on as well"
