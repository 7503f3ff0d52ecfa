"""Kinds of the app settings."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind
from mx_changeclass.model.kinds.app import SettingsPart


@kind("Settings$ProjectSettings")
class ProjectSettings(Kind):
    """The document that all parts of the settings stand in."""


@kind("Settings$WebUIProjectSettingsPart")
class WebSettings(SettingsPart):
    react_client = key("useOptimizedClient", "No")


@kind("Settings$LanguageSettings")
class LanguageSettings(SettingsPart):
    pass


@kind("Settings$Language")
class Language(Kind):
    code = key("code", "")


@kind("Settings$ConfigurationSettings")
class ConfigurationSettings(SettingsPart):
    pass


@kind("Settings$Configuration")
class Configuration(Kind):
    """A run configuration of the developer's machine."""


@kind("Settings$CustomSetting")
class CustomSetting(Kind):
    value = key("value", "")


@kind("Settings$ModelerSettings")
class ModelerSettings(SettingsPart):
    pass


@kind("Settings$CertificateSettings", "Settings$Certificate")
class Certificates(SettingsPart):
    pass


@kind("Settings$WorkflowsProjectSettingsPart")
class WorkflowSettings(SettingsPart):
    pass


@kind("Settings$ThemeModuleEntry")
class ThemeModule(Kind):
    """A place in the order in which the styles of modules are applied."""


@kind("Settings$JarDeploymentSettings", "Settings$JarLocationBase")
class JarDeployment(SettingsPart):
    """Which Java libraries are deployed."""
