"""Kinds of application logic: microflows, nanoflows and what stands in them."""

from __future__ import annotations

from mx_changeclass.model.kinds import Kind, key, kind

_NONE: tuple[str, ...] = ()


@kind("Microflows$MicroflowBase")
class Flow(Kind):
    """A microflow, nanoflow or rule."""

    return_type = key("microflowReturnType", "")


@kind("Microflows$Microflow", "Microflows$ServerSideMicroflow")
class Microflow(Flow):
    roles = key("allowedModuleRoles", _NONE)
    concurrent = key("allowConcurrentExecution", True)
    url = key("url", "")
    stable_id = key("stableId", "")


@kind("Microflows$Rule")
class MicroflowRule(Flow):
    pass


@kind("Microflows$Nanoflow")
class Nanoflow(Flow):
    roles = key("allowedModuleRoles", _NONE)
    by_reference = key("useListParameterByReference", False)


@kind("Microflows$MicroflowObject")
class FlowObject(Kind):
    """Anything on the canvas of a flow: an activity, a decision, an event, a loop."""


@kind("Microflows$MicroflowParameterObject")
class Parameter(FlowObject):
    value_type = key("variableType", "")
    entity = key("variableType.entity", "")


@kind("Microflows$ActionActivity")
class Activity(FlowObject):
    """``action`` is the SDK type of what the activity does (``Microflows$CommitAction``)."""

    action = key("action", "")
    microflow = key("action.microflowCall.microflow", "")
    nanoflow = key("action.nanoflowCall.nanoflow", "")
    javascript_action = key("action.javaScriptAction", "")
    java_action = key("action.javaAction", "")


@kind("Microflows$Flow")
class SequenceFlow(Kind):
    origin = key("origin", "")
    destination = key("destination", "")
    error_handler = key("isErrorHandler", False)
