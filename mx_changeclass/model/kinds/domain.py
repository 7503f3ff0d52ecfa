"""Kinds of the domain model: entities, their members, associations, enumerations."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind


@kind("DomainModels$Entity")
class Entity(Kind):
    guid = key("dataStorageGuid", "")
    generalization_type = key("generalization", "DomainModels$NoGeneralization")
    generalization = key("generalization.generalization", "")
    persistable = key("generalization.persistable", True)
    has_owner = key("generalization.hasOwner", False)
    has_changed_by = key("generalization.hasChangedBy", False)
    has_created_date = key("generalization.hasCreatedDate", False)
    has_changed_date = key("generalization.hasChangedDate", False)
    source = key("source", "")


@kind("DomainModels$Attribute")
class Attribute(Kind):
    guid = key("dataStorageGuid", "")
    value_type = key("type", "")
    length = key("type.length", 200)
    localize_date = key("type.localizeDate", True)
    enumeration = key("type.enumeration", "")
    value = key("value", "DomainModels$StoredValue")
    default = key("value.defaultValue", "")
    microflow = key("value.microflow", "")


@kind("DomainModels$AssociationBase")
class Association(Kind):
    """``parent`` is the row id of the owning (FROM) entity; ``child`` the row id of the other entity, or
    its qualified name in a ``DomainModels$CrossAssociation``."""

    guid = key("dataStorageGuid", "")
    parent = key("parent", "")
    child = key("child", "")
    association_type = key("type", "Reference")
    owner = key("owner", "Default")
    storage = key("storageFormat", "Table")


@kind("DomainModels$Index")
class Index(Kind):
    guid = key("dataStorageGuid", "")
    include_in_offline = key("includeInOffline", False)


@kind("DomainModels$IndexedAttribute")
class IndexedAttribute(Kind):
    """One column of an index."""


@kind("DomainModels$ViewEntitySourceDocument")
class ViewSource(Kind):
    """The query of a view entity."""

    oql = key("oql", "")


@kind("DomainModels$ValidationRule")
class ValidationRule(Kind):
    """``rule_type`` is the SDK type of what it asks (``DomainModels$RequiredRuleInfo``)."""

    attribute = key("attribute", "")
    rule_type = key("ruleInfo", "")
    max_length = key("ruleInfo.maxLength", 0)
    regular_expression = key("ruleInfo.regularExpression", "")


@kind("DomainModels$EventHandler")
class EventHandler(Kind):
    moment = key("moment", "After")
    event = key("event", "Commit")
    microflow = key("microflow", "")
    raises_error = key("raiseErrorOnFalse", True)


_NO_ROLES: tuple[str, ...] = ()


@kind("DomainModels$AccessRule")
class AccessRule(Kind):
    roles = key("moduleRoles", _NO_ROLES)
    allow_create = key("allowCreate", False)
    allow_delete = key("allowDelete", False)
    default_rights = key("defaultMemberAccessRights", "None")
    constraint = key("xPathConstraint", "")


@kind("DomainModels$MemberAccess")
class MemberAccess(Kind):
    attribute = key("attribute", "")
    association = key("association", "")
    rights = key("accessRights", "None")


@kind("Enumerations$Enumeration")
class Enumeration(Kind):
    pass


@kind("Enumerations$EnumerationValue")
class EnumerationValue(Kind):
    image = key("image", "")


@kind("RegularExpressions$RegularExpression")
class RegularExpression(Kind):
    pattern = key("regEx", "")
