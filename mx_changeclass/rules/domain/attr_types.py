"""Domain model: types, lengths and values of attributes."""

from __future__ import annotations

from mx_changeclass.changes.change import Changed
from mx_changeclass.graphs.app import App
from mx_changeclass.model.kinds.app import RuntimeSettings
from mx_changeclass.model.kinds.domain import Attribute
from mx_changeclass.model.types import ENUMERATION_VALUE, STRING
from mx_changeclass.rules.devices import (
    AUTONUMBER,
    CALCULATED,
    HASHED,
    KnownMember,
    columnless,
    entered,
    known_on,
    on_server_alone,
)
from mx_changeclass.rules.domain.conversion import ColumnOutcome, column_outcome, type_words
from mx_changeclass.rules.domain.domain_questions import Storage, attributes, entity_of, stored_in
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

ENUM = "DomainModels$EnumerationAttributeType"
INTEGER, LONG = "DomainModels$IntegerAttributeType", "DomainModels$LongAttributeType"
STORED_VALUE = "DomainModels$StoredValue"

# -- types ----------------------------------------------------------------------------------------

_KIND = ("type", "value")  # a value that becomes calculated, or stored, is another column as well


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    remedy=Remedy.REPLACE,
    source="BP; ATM Data Type Change Behavior",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new attribute, convert the values with a microflow, and drop the old one in a later release.",
)
def attr_type_changed_sync(change: Changed[Attribute], release: Release) -> bool | str:
    """Type of an attribute of a synced entity changed

    Devices hold values of the old type, and the server converts or drops its own column.
    """
    return entered(change, release) and _retyped(change) and _told(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    remedy=Remedy.PREPARE_SERVER,
    source="ATM Conversion Table",
    certainty=Certainty.DOCUMENTED,
    mitigation="Back up first; where the server drops the column, add a new attribute and convert the values by hand.",
)
def attr_type_changed_server(change: Changed[Attribute], release: Release) -> bool | str:
    """Type of an attribute changed of which devices hold nothing of their own

    The server converts the column where the conversion table allows it; otherwise it drops it and fills in defaults.
    """
    if not on_server_alone(change, release) or columnless(change.old_row):
        return False
    if _calculated(change, after=True):
        return "became calculated: the server drops the column"
    if "type.localizeDate" in change.fields and not _retyped(change):
        return _localize_words(change)
    if "type.enumeration" in change.fields and not _retyped(change):
        return _swap_words(change, release)
    return _retyped(change) and _told(change)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    on=_KIND,
    instead_of=("attr-type-changed-sync", "attr-type-changed-server"),
    source="ATM Conversion Table; BP",
    mitigation="Deploy the server first. With strict types this counts as a change of type, which is destructive.",
)
def attr_int_to_long(change: Changed[Attribute], release: Release) -> bool | str:
    """Integer attribute made Long, or another one widened that is not synchronised

    Every old value stays valid. On devices it is strictly a change of type, which the best practices for offline apps
    forbid.
    """
    if not _retyped(change) or columnless(change.old_row):
        return False
    long = (change.old.value_type, change.new.value_type) == (INTEGER, LONG) and entered(change, release)
    widened = on_server_alone(change, release) and column_outcome(change.old, change.new) is ColumnOutcome.KEPT
    return ((long and not release.policy.strict_types) or widened) and _told(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    instead_of="attr-type-changed-sync",
    remedy=Remedy.REPLACE,
    source="ATM",
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_long_to_int(change: Changed[Attribute], release: Release) -> bool | str:
    """Long attribute of a synced entity made Integer

    Values out of range cannot be stored, and the server does not convert its column.
    """
    return _became(change, release, INTEGER, LONG)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    instead_of="attr-type-changed-sync",
    remedy=Remedy.REPLACE,
    source="BP Hashed String Attributes",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_to_hashed(change: Changed[Attribute], release: Release) -> bool | str:
    """Attribute of a synced entity made a hashed string

    Hashed strings are not synchronised, so the attribute leaves the device.
    """
    return _became(change, release, HASHED)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    instead_of="attr-type-changed-sync",
    remedy=Remedy.REPLACE,
    source="BP Autonumbers and Calculated Attributes; RN11.13",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_to_autonumber(change: Changed[Attribute], release: Release) -> bool | str:
    """Attribute of a synced entity made an AutoNumber

    The server gives out the numbers; offline they can be neither shown nor set.
    """
    return _became(change, release, AUTONUMBER)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on=_KIND,
    instead_of="attr-type-changed-sync",
    remedy=Remedy.REPLACE,
    source="ATM; BP",
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_string_to_enum(change: Changed[Attribute], release: Release) -> bool | str:
    """String attribute of a synced entity made an enumeration

    Free text does not match the names of values.
    """
    return _became(change, release, ENUM, STRING)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on="type.enumeration",
    remedy=Remedy.REPLACE,
    source="BP; ENUM",
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_enum_swapped(change: Changed[Attribute], release: Release) -> bool | str:
    """Enumeration of an attribute of a synced entity replaced by another one

    Values on devices belong to the old list.
    """
    swapped = "type.enumeration" in change.fields and not _retyped(change)
    return swapped and entered(change, release) and _swap_words(change, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on="type.localizeDate",
    remedy=Remedy.REPLACE,
    source="ATTR Localize",
    mitigation="Leave it as it is, or add a new attribute in this release and drop the old one in a later one.",
)
def attr_localize_date(change: Changed[Attribute], release: Release) -> bool | str:
    """Localisation of a date of a synced entity switched

    The same stored moment is read in another time zone, so values that were not synchronised shift.
    """
    switched = "type.localizeDate" in change.fields and not _retyped(change)
    return switched and entered(change, release) and _localize_words(change)


def _retyped(change: Changed[Attribute]) -> bool:
    return "type" in change.fields


def _became(change: Changed[Attribute], release: Release, kind: str, before: str = "") -> bool | str:
    """Whether an attribute that devices hold is of another kind now, and was of a certain one before."""
    if not _retyped(change) or not entered(change, release) or change.new.value_type != kind:
        return False
    return _told(change) if not before or change.old.value_type == before else False


_FATES = {
    ColumnOutcome.KEPT: "the server converts every value",
    ColumnOutcome.DOUBTFUL: "the server cannot convert or keep every value",
    ColumnOutcome.DROPPED: "the server drops the column",
}


def _told(change: Changed[Attribute]) -> str:
    return f"{type_words(change.old)} became {type_words(change.new)}: {_FATES[column_outcome(change.old, change.new)]}"


def _localize_words(change: Changed[Attribute]) -> str:
    return f"localisation switched {'on' if change.new.localize_date else 'off'}"


def _swap_words(change: Changed[Attribute], release: Release) -> str:
    old, new = change.old.enumeration, change.new.enumeration
    gone = sorted(_values(release.old, old) - _values(release.new, new))
    return f"enumeration {old} became {new}" + (f", without {several(gone)}" if gone else ", with all of its values")


def _values(side: App, enumeration: str) -> frozenset[str]:
    unit = side.symbols.documents.get(enumeration)
    rows = side.snapshot.rows(unit.id) if unit else ()
    return frozenset(r.name for r in rows if r.type == ENUMERATION_VALUE)


# -- lengths --------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on="type.length",
    source="ATM",
)
def attr_string_longer(change: Changed[Attribute], release: Release) -> bool | str:
    """String made longer or unlimited

    Every old value fits; new clients may send longer ones, so the server goes first.
    """
    return entity_of(change, release).was is Storage.TABLE and _resized(change) > 0 and _lengths(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.MAYBE,
    on="type.length",
    meanwhile="the client takes no longer values any more",
    source="ATM; SYNC Model- or Data-Related Errors",
    mitigation="Limit the input first, clean up, and shorten it in a later release.",
)
def attr_string_shorter(change: Changed[Attribute], release: Release) -> bool | str:
    """String of a synced entity made shorter

    Longer values on devices fail when they are uploaded.
    """
    return entered(change, release) and _resized(change) < 0 and _lengths(change)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.MAYBE,
    on="type.length",
    remedy=Remedy.PREPARE_SERVER,
    source="ATM",
    mitigation="Look for longer values first.",
)
def attr_string_shorter_server(change: Changed[Attribute], release: Release) -> bool | str:
    """String made shorter of which devices hold nothing of their own

    The server cuts longer values.
    """
    return on_server_alone(change, release) and _resized(change) < 0 and _lengths(change)


def _resized(change: Changed[Attribute]) -> float:
    """More or less than 0 where a string that stays a string became longer or shorter; 0 is unlimited."""
    if {change.old.value_type, change.new.value_type} != {STRING}:
        return 0
    old, new = (float(length or "inf") for length in (change.old.length, change.new.length))
    return (new > old) - (new < old)


def _lengths(change: Changed[Attribute]) -> str:
    old, new = (str(length or "unlimited") for length in (change.old.length, change.new.length))
    return f"length {old} to {new}"


# -- values ---------------------------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on="value",
    remedy=Remedy.REPLACE,
    source="BP Autonumbers and Calculated Attributes; ATTR Value",
    certainty=Certainty.DOCUMENTED,
    mitigation="Add a new attribute in this release, and drop the old one in a later one.",
)
def attr_to_calculated(change: Changed[Attribute], release: Release) -> bool | str:
    """Attribute of a synced entity made calculated

    The server computes it now: values on devices are no longer taken, and the stored column is dropped.
    """
    return entered(change, release) and _calculated(change, after=True) and "became calculated"


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on="value",
    source="ATM",
)
def attr_calculated_to_stored(change: Changed[Attribute], release: Release) -> bool | str:
    """Calculated attribute made stored

    The server gains a column; old clients just do not send it.
    """
    stored = entity_of(change, release).was is Storage.TABLE
    return stored and _calculated(change, after=False) and "is stored now"


@rule(
    NEEDS_REDEPLOY,
    on="value",
    source="ATTR Microflow; BP Autonumbers and Calculated Attributes",
    certainty=Certainty.DOCUMENTED,
)
def attr_calculated_microflow(change: Changed[Attribute], release: Release) -> bool:
    """Microflow of a calculated attribute changed

    The server computes another value.
    """
    return change.old.value == change.new.value == CALCULATED


@rule(
    NEEDS_REDEPLOY,
    on=("value.defaultValue", "value.defaultValueDesignTime"),
    source="ATTR Default Value; OFF Backwards-Compatibility",
    mitigation="Let the server accept both.",
)
def attr_default_changed(change: Changed[Attribute], release: Release) -> bool:
    """Default value changed

    Objects made offline take the default of the bundle in use, so two defaults live side by side for a while.
    """
    plain = not _retyped(change) and "value" not in change.fields
    return plain and stored_in(change, release) is not Storage.MEMORY


def _calculated(change: Changed[Attribute], *, after: bool) -> bool:
    """Whether the value is calculated on one side and stored on the other."""
    one, other = (change.new, change.old) if after else (change.old, change.new)
    return one.value == CALCULATED and other.value == STORED_VALUE


# -- all attributes of a type ---------------------------------------------------------------------


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    on="decimalScale",
    since="11.6.0",
    source="RN11.6 11.6.0; RT Digits After Decimal Point",
    certainty=Certainty.DOCUMENTED,
)
def attr_decimal_scale(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Digits after the decimal point raised

    More digits fit into every decimal attribute; nothing is lost.
    """
    return change.new.decimal_scale > change.old.decimal_scale


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.VALUE_LOSS,
    requires=Requires.REPAIR,
    breaks_old_clients=Maybe.YES,
    server_data_loss=Maybe.YES,
    on="decimalScale",
    since="11.6.0",
    source="RN11.6 11.6.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Do not release: keep the scale.",
)
def attr_decimal_scale_lower(change: Changed[RuntimeSettings], release: Release) -> bool | str:
    """Digits after the decimal point lowered, with decimals on devices

    Extra digits are dropped, on devices and on the server; the release notes name loss of data.
    """
    held = _synced_decimals(release)
    return (
        change.new.decimal_scale < change.old.decimal_scale
        and bool(held)
        and (f"digits {change.old.decimal_scale} to {change.new.decimal_scale}, of {several(held)}")
    )


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.SERVER_LOSS,
    server_data_loss=Maybe.YES,
    on="decimalScale",
    since="11.6.0",
    remedy=Remedy.STOP,
    source="RN11.6 11.6.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep the scale.",
)
def attr_decimal_scale_lower_server(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Digits after the decimal point lowered, no decimals on devices

    Extra digits are dropped on the server.
    """
    return change.new.decimal_scale < change.old.decimal_scale and not _synced_decimals(release)


def _synced_decimals(release: Release) -> list[str]:
    """The decimal attributes that devices hold."""
    side = release.old
    return sorted(
        {
            f"{above}.{name}"
            for entity in side.sync
            if side.synced(entity)
            for above in side.symbols.lineage(entity)
            for name, row in attributes(side, above).items()
            if row.props.get("type") == "DomainModels$DecimalAttributeType"
            and known_on(side, f"{above}.{name}", row) is KnownMember.ENTRIES
        }
    )
