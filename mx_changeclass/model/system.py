"""The System module: every app has it, no project stores it.

Source: the module as Studio Pro 11.6.4 and 11.10 show it, in ``ako/mxcli`` (``systemEntities``) and in published
exports of whole apps; "HttpRequest and HttpResponse System Entities" (docs.mendix.com/refguide/http-request-and-
response-entities/) and "Jumping to Different Activities in a Workflow" (docs.mendix.com/refguide/jump-to/).
"""

from __future__ import annotations

from collections.abc import Mapping

SYSTEM_MODULE = "System"
FILE_DOCUMENT = "System.FileDocument"  # of all that holds a file
USER = "System.User"

# Of what models use; a file of a synchronisation error is written and read by the server alone.
GENERALIZATIONS: Mapping[str, str] = {
    "System.HttpRequest": "System.HttpMessage",
    "System.HttpResponse": "System.HttpMessage",
    "System.Image": "System.FileDocument",
    "System.SoapFault": "System.Error",
}

# Without a table of their own; what specialises one of them has none either.
NON_PERSISTABLE = frozenset(
    {
        "System.ConsumedODataConfiguration",
        "System.Error",
        "System.HttpHeader",
        "System.HttpMessage",
        "System.ODataResponse",
        "System.Paging",
        "System.WorkflowActivityDetails",
        "System.WorkflowActivityRecord",
        "System.WorkflowCurrentActivity",
        "System.WorkflowEvent",
        "System.WorkflowJumpToDetails",
        "System.WorkflowRecord",
    }
)


def is_system(name: str) -> bool:
    """Whether a qualified name belongs to the System module."""
    return name.startswith(f"{SYSTEM_MODULE}.")


def has_table(name: str) -> bool:
    """Whether an entity of the System module has a table; one that is not known here counts as having one."""
    while name in GENERALIZATIONS:
        name = GENERALIZATIONS[name]
    return name not in NON_PERSISTABLE
