"""App settings that clients feel."""

from __future__ import annotations

from mx_changeclass.changes.change import Changed
from mx_changeclass.model.kinds.app import RuntimeSettings
from mx_changeclass.model.kinds.settings import WebSettings
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.rules.engine.rule import rule
from mx_changeclass.vocabulary import (
    FULL_RELEASE,
    NEEDS_REDEPLOY,
    Certainty,
    Maybe,
    Remedy,
    Requires,
)

BUNDLING = ("enableRspackBundler", "enableWidgetBundling", "enableNewWidgetGeneration", "exportEmbeddedEntrypoint")
# Lines of the native template with the first release whose iOS builds take the React client.
_REACT_READY: dict[tuple[int, ...], tuple[int, ...]] = {
    (14, 0): (14, 0, 1),
    (14, 1): (14, 1, 2),
    (15, 0): (15, 1, 1),
    (15, 1): (15, 1, 1),
}


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    on="useOptimizedClient",
    source="RT Use React Client; NT14; NT15",
    mitigation="Test the web client.",
)
def set_react_client(change: Changed[WebSettings], release: Release) -> bool:
    """React client switched

    Web users get another client.
    """
    return True


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    on="useOptimizedClient",
    instead_of="set-react-client",
    remedy=Remedy.OTHER_VERSION,
    source="NT14; NT15",
    certainty=Certainty.DOCUMENTED,
    mitigation="Raise the native template first.",
)
def set_react_client_ios_old(change: Changed[WebSettings], release: Release) -> str:
    """React client switched with a native template whose iOS builds fail with it

    iOS builds of these templates fail.
    """
    template = release.template if release.new.native else ""
    numbers = tuple(int(n) for n in template.split(".") if n.isdigit())
    ready = numbers >= _REACT_READY.get(numbers[:2], (11, 1, 1))
    return f"native template {template}" if numbers and not ready else ""


@rule(
    NEEDS_REDEPLOY,
    on=BUNDLING,
    source="RN11.9; RN11.10; RN11.15",
    certainty=Certainty.DOCUMENTED,
)
def set_bundler(change: Changed[WebSettings], release: Release) -> bool:
    """Bundler of the web client changed

    Only the web bundle is made by it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="enableNewStringBehavior",
    since="11.6.3",
    source="RT Use New String Behavior; RN11.6 11.6.3",
    certainty=Certainty.DOCUMENTED,
    mitigation="Test with data that devices hold already.",
)
def set_new_string_behavior(change: Changed[WebSettings], release: Release) -> bool:
    """New string behaviour switched

    Empty and missing strings are told apart, so conditions of nanoflows may act differently on rows that
    devices hold.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="enableMicroflowReachabilityAnalysis",
    source="RT Optimize Network Calls",
    certainty=Certainty.DOCUMENTED,
    mitigation="Test calls from the released app.",
)
def set_optimize_network(change: Changed[WebSettings], release: Release) -> bool:
    """Optimisation of network calls switched

    It decides which objects travel with a call.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    on="urlPrefix",
    source="RT URL Prefix",
    mitigation="Deploy; links to old addresses end.",
)
def set_url_prefix(change: Changed[WebSettings], release: Release) -> bool:
    """Prefix of web addresses changed

    The runtime routes by it.
    """
    return True


@rule(
    NEEDS_REDEPLOY,
    breaks_old_clients=Maybe.MAYBE,
    in_bundle=True,
    on="roundingMode",
    source="RT Round Numbers",
    mitigation="Accept small differences until devices are updated.",
)
def set_round(change: Changed[RuntimeSettings], release: Release) -> bool:
    """Rounding of numbers changed

    Server and client calculate differently until devices update; stored values stay.
    """
    return True


@rule(NEEDS_REDEPLOY, in_bundle=True, on="firstDayOfWeek", source="RT First Day of the Week")
def set_first_day(change: Changed[RuntimeSettings], release: Release) -> bool:
    """First day of the week changed

    Date pickers read it.
    """
    return True
