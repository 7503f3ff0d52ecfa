"""The names of types that several rooms ask for, as the metamodel spells them."""

from __future__ import annotations

PROJECT = "Projects$Project"
MODULE = "Projects$Module"
FOLDER = "Projects$Folder"
PROJECT_SETTINGS = "Settings$ProjectSettings"

DOMAIN_MODEL = "DomainModels$DomainModel"
ENTITY = "DomainModels$Entity"
ATTRIBUTE = "DomainModels$Attribute"
STRING = "DomainModels$StringAttributeType"
ASSOCIATION = "DomainModels$AssociationBase"  # of one module or across two
INDEX = "DomainModels$Index"
ENUMERATION = "Enumerations$Enumeration"
ENUMERATION_VALUE = "Enumerations$EnumerationValue"
CONSTANT = "Constants$Constant"

MICROFLOW = "Microflows$Microflow"
NANOFLOW = "Microflows$Nanoflow"
WORKFLOW = "Workflows$Workflow"
JAVA_ACTION = "JavaActions$JavaAction"
JAVASCRIPT_ACTION = "JavaScriptActions$JavaScriptAction"
CREATE_OBJECT = "Microflows$CreateObjectAction"
CHANGE_OBJECT = "Microflows$ChangeObjectAction"

PAGE = "Pages$Page"
WIDGET = "Pages$Widget"  # any, pluggable ones too
CUSTOM_WIDGET = "CustomWidgets$CustomWidget"  # a pluggable one on a page
WIDGET_DEFINITION = "CustomWidgets$CustomWidgetType"  # the copy of its definition that lies in the page
WIDGET_PROPERTY = "CustomWidgets$WidgetProperty"

SYNC_ROW = "Navigation$OfflineEntityConfig"
