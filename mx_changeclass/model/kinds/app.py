"""Kinds of the app as a whole: modules, security, settings, documents of any type."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind

_NONE: tuple[str, ...] = ()


@kind("Projects$Document")
class Document(Kind):
    """A document of a type without a class of its own."""


@kind("Projects$Module")
class Module(Kind):
    from_marketplace = key("fromAppStore", False)
    marketplace_version = key("appStoreVersion", "")


@kind("Projects$Folder")
class Folder(Kind):
    pass


@kind("Projects$ModuleSettings")
class ModuleSettings(Kind):
    pass


@kind("Projects$JarDependency", "Projects$JarDependencyExclusion")
class JarDependency(Kind):
    """A Java library that a module asks for."""


@kind("Security$ModuleRole")
class ModuleRole(Kind):
    pass


@kind("Security$ProjectSecurity")
class ProjectSecurity(Kind):
    level = key("securityLevel", "CheckNothing")
    strict = key("strictMode", False)
    guest_access = key("enableGuestAccess", False)


@kind("Security$UserRole")
class UserRole(Kind):
    module_roles = key("moduleRoles", _NONE)


@kind("Security$DemoUser")
class DemoUser(Kind):
    pass


@kind("Settings$ProjectSettingsPart")
class SettingsPart(Kind):
    """One tab of the app settings."""


@kind("Settings$RuntimeSettings")
class RuntimeSettings(SettingsPart):
    decimal_scale = key("decimalScale", 8)


@kind("Settings$DistributionSettings")
class DistributionSettings(SettingsPart):
    """The app as a solution that others build on."""


@kind("Constants$Constant")
class Constant(Kind):
    """``default`` is sealed: it only shows whether it changed."""

    value_type = key("type", "")
    default = key("defaultValue", "")
    exposed = key("exposedToClient", False)


@kind("Settings$ConstantValue")
class ConstantValue(Kind):
    """What a run configuration gives a constant."""
