"""Domain model: validation rules and the patterns they use. The server asks them of every upload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from mx_changeclass.changes.change import NAME, PARENT, Added, Change, Changed, Removed
from mx_changeclass.model.kinds.domain import Attribute, RegularExpression, ValidationRule
from mx_changeclass.model.snapshot import Element
from mx_changeclass.model.types import STRING
from mx_changeclass.rules.devices import AUTONUMBER, uploads
from mx_changeclass.rules.domain.domain_questions import attributes, entity_of, on_devices
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import NEEDS_REDEPLOY, Certainty, Hazard, Maybe, Remedy, Requires
from mx_changeclass.wording.values import several

# -- validation rules -----------------------------------------------------------------------------

REQUIRED, UNIQUE = "DomainModels$RequiredRuleInfo", "DomainModels$UniqueRuleInfo"
MAX_LENGTH = "DomainModels$MaxLengthRuleInfo"
BOOLEAN = "DomainModels$BooleanAttributeType"
_ASKED = ("attribute", "ruleInfo", PARENT)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_ASKED,
    meanwhile="the client asks for a value",
    source="SYNC Model- or Data-Related Errors; BP",
    certainty=Certainty.DOCUMENTED,
    mitigation="Validate in nanoflows, and enforce it in a later release.",
)
def val_required_added(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool:
    """Required rule added on a synced attribute

    Objects made offline without a value are refused when they are uploaded.
    """
    return _bites(change, release) and change.new.rule_type == REQUIRED


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_ASKED,
    remedy=Remedy.STOP,
    source="SYNC After Synchronization; BP",
    certainty=Certainty.DOCUMENTED,
    mitigation="Leave the rule out: avoid unique rules on offline entities.",
)
def val_unique_added(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool:
    """Unique rule added on a synced attribute

    A device cannot know the values of other devices, so uploads are refused.
    """
    return _bites(change, release) and change.new.rule_type == UNIQUE


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on=_ASKED,
    meanwhile="the client checks the new rule",
    source="SYNC Model- or Data-Related Errors",
    certainty=Certainty.DOCUMENTED,
    mitigation="Loosen it, or enforce it in a later release.",
)
def val_range_tightened(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool | str:
    """Range, length, equality or pattern rule added or tightened on a synced attribute

    Values that were valid before are refused when they are uploaded.
    """
    if not _bites(change, release) or change.new.rule_type in (REQUIRED, UNIQUE):
        return False
    return f"{_attribute(change)}: {_rule_words(change)}"


@rule(
    NEEDS_REDEPLOY,
    on=_ASKED,
    source="BP",
)
def val_removed(change: Removed[ValidationRule] | Changed[ValidationRule], release: Release) -> bool | str:
    """Validation rule of a synced entity removed or loosened

    The server accepts more than before.
    """
    if not _judges_uploads(change, release):
        return False
    if isinstance(change, Removed):
        return True
    return not _tightened(change) and f"{_attribute(change)}: {_rule_words(change)}"


@rule(
    NEEDS_REDEPLOY,
    on="errorMessage",
    source="S3.1",
)
def val_message(change: Changed[ValidationRule], release: Release) -> bool:
    """Message of a validation rule changed

    The server or the bundle shows another text.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    on=(*_ASKED, "regEx", NAME),
    source="SYNC",
    certainty=Certainty.DOCUMENTED,
)
def val_server_only(
    change: Added[ValidationRule | RegularExpression]
    | Removed[ValidationRule | RegularExpression]
    | Changed[ValidationRule | RegularExpression],
    release: Release,
) -> bool:
    """Validation changed that refuses nothing that devices upload

    No device uploads such objects, or nothing that they hold can fail it.
    """
    if change.row.type == "RegularExpressions$RegularExpression":
        return not isinstance(change, Changed) or "regEx" not in change.fields or not _pattern_users(change, release)
    if isinstance(change, Removed) or not _judges_uploads(change, release):
        return not _judges_uploads(change, release)
    asked = cast("Added[ValidationRule] | Changed[ValidationRule]", change)
    return _asks_more(asked) and not _bites(asked, release)


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.UPLOAD_REFUSED,
    requires=Requires.TWO_STEP,
    breaks_old_clients=Maybe.YES,
    on="regEx",
    meanwhile="the client checks the new pattern",
    source="SYNC",
    mitigation="Loosen it, or enforce it in a later release.",
)
def regex_changed(change: Changed[RegularExpression], release: Release) -> bool | str:
    """Pattern changed that a validation rule of a synced entity uses

    Unless it is looser, values that were valid before are refused when they are uploaded.
    """
    users = _pattern_users(change, release)
    return bool(users) and f"used by {several(users)}"


@rule(
    NEEDS_REDEPLOY,
    hazard=Hazard.START_FAILURE,
    on=_ASKED,
    remedy=Remedy.PREPARE_SERVER,
    source="VAL Existing Entities",
    certainty=Certainty.DOCUMENTED,
    mitigation="Look for equal values on the server, and clean them up in a release before.",
)
def val_unique_existing(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool | str:
    """Unique rule added to an entity that may have objects already

    The deployment checks all of them, and the app does not start where two have the same value.
    """
    asked = _asks_more(change) and change.new.rule_type == UNIQUE and entity_of(change, release).keeps_table
    return asked and _may_repeat(change, release) and f"{_attribute(change)} must be unique, of existing objects too"


def _may_repeat(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool:
    """Whether two existing objects may have one value of the attribute that a rule judges: an attribute that is new has
    the same default in all of them, and numbers that the server gives out are never the same."""
    name, row = _judged(change, release)
    if row is None:
        return True
    new = release.old.symbols.member(release.old_names.get(name, name)) is None
    return row.props.get("type") != AUTONUMBER and (not new or bool(row.props.get("value.defaultValue")))


def _bites(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool:
    """Whether a new or tightened rule can refuse values that devices hold, or objects that old clients make."""
    loose = _new_with_default(change, release) or _always_met(change, release)
    return _asks_more(change) and _judges_uploads(change, release) and not loose


def _asks_more(change: Added[ValidationRule] | Changed[ValidationRule]) -> bool:
    return isinstance(change, Added) or _tightened(change)


def _judges_uploads(change: Change, release: Release) -> bool:
    """Whether devices upload objects of the entity that a rule stands in."""
    return on_devices(change, release) and uploads(release.old, entity_of(change, release).old)


def _always_met(change: Added[ValidationRule] | Changed[ValidationRule], release: Release) -> bool:
    """Whether no value of the attribute can break a rule: a Boolean is never empty, a number that the server gives out
    is neither empty nor there twice, and no string is longer than its type allows."""
    (_, row), rule_type = _judged(change, release), change.new.rule_type
    if row is None:
        return False
    if rule_type in (REQUIRED, UNIQUE):
        return row.props.get("type") == AUTONUMBER or (rule_type == REQUIRED and row.props.get("type") == BOOLEAN)
    attribute = Attribute(row)
    sized = rule_type == MAX_LENGTH and attribute.value_type == STRING and attribute.length
    return bool(sized) and change.new.max_length >= attribute.length


def _judged(change: Change, release: Release) -> tuple[str, Element | None]:
    """The attribute that a rule judges, on the new side: where it is declared, and its row."""
    name = str(change.row.props.get("attribute") or "")
    declared = release.new.symbols.attribute(name) or name
    return declared, release.new.symbols.member(declared)


def _new_with_default(change: Change, release: Release) -> bool:
    """Whether a rule requires an attribute that is new and has a default: the server fills it in for old clients."""
    about, name = entity_of(change, release), _attribute(change)
    new = attributes(release.new, about.new).get(name) if about.new else None
    is_new = new is not None and new.id not in release.partner and name not in attributes(release.old, about.old)
    return is_new and change.row.props.get("ruleInfo") == REQUIRED and bool(new and new.props.get("value.defaultValue"))


def _attribute(change: Change) -> str:
    """The short name of the attribute that a rule judges, on the new side where there is one."""
    return str(change.row.props.get("attribute") or "").rpartition(".")[2]


def _tightened(change: Changed[ValidationRule]) -> bool:
    """Whether a changed rule judges another attribute, asks something else, or asks more. Doubt says yes."""
    moved = not change.fields.isdisjoint({"attribute", PARENT})
    if not change.touches("ruleInfo") or moved or change.old.rule_type != change.new.rule_type:
        return any(change.touches(f) for f in _ASKED)
    old, new = change.old.row.props, change.new.row.props
    if change.new.rule_type == MAX_LENGTH:
        return change.new.max_length < change.old.max_length
    if change.new.rule_type == "DomainModels$RangeRuleInfo":
        return not (_looser(old, new, "min") and _looser(old, new, "max"))
    return True


def _looser(old: Mapping[str, Any], new: Mapping[str, Any], end: str) -> bool:
    """Whether one end of a range lets through at least what it did."""
    low = end == "min"
    open_kind = "SmallerThanOrEqualTo" if low else "GreaterThanOrEqualTo"
    if new.get("ruleInfo.typeOfRange", "Between") == open_kind:
        return True
    keys = [f"ruleInfo.{end}Value", f"ruleInfo.{end}Attribute", f"ruleInfo.use{end.title()}Value"]
    if old.get("ruleInfo.typeOfRange", "Between") == open_kind or any(old.get(k) != new.get(k) for k in keys[1:]):
        return False
    before, after = _number(old.get(keys[0])), _number(new.get(keys[0]))
    if before is None or after is None:
        return old.get(keys[0]) == new.get(keys[0])
    return after <= before if low else after >= before


def _number(text: object) -> Decimal | None:
    try:
        return Decimal(str(text)) if re.fullmatch(r"\s*[-+]?[\d.]+\s*", str(text)) else None
    except InvalidOperation:
        return None


def _rule_words(change: Added[ValidationRule] | Changed[ValidationRule]) -> str:
    kind = change.new.rule_type.removeprefix("DomainModels$").removesuffix("RuleInfo")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower().replace("reg ex", "pattern")
    return f"{words} rule {'added' if isinstance(change, Added) else 'changed'}"


def _pattern_users(change: Change, release: Release) -> list[str]:
    """The attributes on devices that are judged by a pattern, under their old names."""
    side, pattern = release.old, release.old_name(change)
    found = set()
    for entity in side.sync:
        if not uploads(side, entity):
            continue
        for above in side.symbols.lineage(entity):
            found |= {str(r.props.get("attribute")) for r in _rules_of(above, release) if _asks_for(r, pattern)}
    return sorted(found)


def _rules_of(entity: str, release: Release) -> list[Element]:
    row, unit = release.old.entity(entity), release.old.symbols.domain_models.get(entity.partition(".")[0])
    rows = release.old.snapshot.rows(unit.id) if unit and row else ()
    return [r for r in rows if row and r.parent == row.id and r.type == "DomainModels$ValidationRule"]


def _asks_for(row: Element, pattern: str) -> bool:
    return ValidationRule(row).regular_expression == pattern
