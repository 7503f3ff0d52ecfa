"""What a team decides about its own releases: which hazards count, what is out in the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import Attribute, asdict, field, fields, frozen

from mx_changeclass.errors import PolicyError
from mx_changeclass.frozen_dict import FrozenDict
from mx_changeclass.regex import regex
from mx_changeclass.waivers import Severity, Waiver

# What a team may state of a release, and the value it gives; "no" denies it.
DECLARATIONS: Mapping[str, str] = {
    "binary-of-older-model": '"yes" where the new binary is built from an older version of the model',
    "codepush": '"yes" where updates go through CodePush',
    "deep-links": "the pages that deep links or push notifications open, separated by commas",
    "purpose-changed": "how the app turned into something else",
    "rest-called-by-app": "the published REST services that code of the app calls, separated by commas",
    "session-timeout": "how the time-out of sessions or tokens changed",
    "several-users-a-device": '"no" where a device belongs to one user',
}
# Of these the answer is one of two words; what is stated of the others is a text.
_YES_OR_NO = frozenset({"binary-of-older-model", "codepush", "several-users-a-device"})
_TEMPLATE = regex(r"v?\d+\.\d+\.\d+")


def _own(value: Any) -> Any:
    """A copy of a table or list, so that nobody changes a policy from outside or within."""
    return FrozenDict(value) if isinstance(value, Mapping) else tuple(value) if isinstance(value, list) else value


def _items(table: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(table.items()))


def _severities(value: Any) -> Any:
    """Of tables; what is none is left to be refused."""
    judged = isinstance(value, Mapping)
    return FrozenDict({rule: Severity.of(given, rule) for rule, given in value.items()}) if judged else value


def _waivers(value: Any) -> Any:
    return tuple(map(Waiver.of, value)) if isinstance(value, (list, tuple)) else value


@frozen
class Policy:
    """Answers to what the two models cannot tell. Raises ``PolicyError`` for a value that cannot be.

    ``soft_hazards`` lowers ``removed-from-device`` and ``upload-refused`` to their channel;
    ``blocked_is_loss`` raises ``sync-blocked`` and ``start-failure`` to DESTRUCTIVE; ``strict_types`` tells an
    Integer that is made Long on devices as any other change of type.
    ``native_template`` is the version of the native template in the released binary (``14.1.13``),
    ``new_native_template`` that of the binary planned for this release; "" means not known.
    ``ota_in_binary`` says whether the released binary takes over-the-air updates; None means the old
    model's own switch counts. ``declared`` holds statements about the release, by their name in
    ``DECLARATIONS``, for rules that no model can answer. ``ignore`` are patterns of paths beside the model
    that are no part of the app (``theme/web/old/*``; ``*`` crosses folders). ``severity`` gives rules, by their id,
    another class with a reason; ``waivers`` are the findings that are accepted, on a day that ``classify`` is given.
    ``source`` is the file that states all this, "" where none does, and ``stated`` what stands in it: reports
    name both.
    """

    soft_hazards: bool = False
    blocked_is_loss: bool = False
    strict_types: bool = False
    native_template: str = ""
    new_native_template: str = ""
    ota_in_binary: bool | None = None
    declared: Mapping[str, str] = field(factory=dict, eq=_items, converter=_own)
    ignore: tuple[str, ...] = field(default=(), converter=_own)
    severity: Mapping[str, Severity] = field(factory=dict, eq=_items, converter=_severities)
    waivers: tuple[Waiver, ...] = field(default=(), converter=_waivers)
    source: str = ""
    stated: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if problem := next(filter(None, (_problem(a, getattr(self, a.name)) for a in _settings(type(self)))), ""):
            raise PolicyError(problem)

    def __repr__(self) -> str:
        """What differs from the default."""
        stated = (
            (name, value) for name, value in asdict(self, recurse=False).items() if value != getattr(Policy(), name)
        )
        return f"Policy({', '.join(f'{name}={value!r}' for name, value in stated)})"

    @property
    def names_rules(self) -> bool:
        """It names rules of the catalogue, which may not be there."""
        return bool(self.severity) or any(waiver.rule for waiver in self.waivers)

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "configuration", *, beside: Iterable[str] = ()) -> Policy:
        """A policy of plain values, such as a parsed TOML file holds. ``source`` names it in errors, ``beside`` the
        settings that stand in the same place and are read by another.

        Raises ``PolicyError`` for a key that does not exist or a value of the wrong type.
        """
        known = {a.name for a in _settings(cls)}
        for key in values:
            if key not in known:
                raise PolicyError(f"{source}: {key!r} is no setting. Use one of {', '.join(sorted({*known, *beside}))}")
        try:
            return cls(**values)
        except PolicyError as error:
            raise PolicyError(f"{source}: {error}") from None


def _settings(cls: type[Policy]) -> tuple[Attribute[Any], ...]:
    """What a team may set: all but where it was read."""
    return tuple(a for a in fields(cls) if a.name not in ("source", "stated"))


def policy_or_default(policy: Policy | None) -> Policy:
    """A policy that was given, else the default; ``PolicyError`` for what is none."""
    if policy is not None and not isinstance(policy, Policy):
        raise PolicyError(f"{type(policy).__name__} is no policy. Policy.of() makes one of plain values")
    return policy or Policy()


_SHAPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "ignore": (
        lambda value: isinstance(value, tuple) and all(isinstance(v, str) for v in value),
        "'ignore' must be a list of path patterns. Correct it",
    ),
    "severity": (lambda value: isinstance(value, Mapping), "'severity' must be a table of rules. Write [severity]"),
    "waivers": (lambda value: isinstance(value, tuple), "'waivers' must be a list. Write [[waiver]]"),
}


def _problem(setting: Attribute[Any], value: object) -> str:
    """What is wrong with the value of a setting, "" where nothing is."""
    if setting.name == "declared":
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            return "'declared' must be a table of texts. Write [declared] and name = \"reason\""
        for name, stated in value.items():
            if name not in DECLARATIONS:
                return f"{name!r} cannot be declared. Use one of {', '.join(DECLARATIONS)}"
            if name in _YES_OR_NO and stated not in ("yes", "no"):
                return f'{name!r} cannot be {stated!r}. Declare "yes" or "no"'
        return ""
    if setting.name in _SHAPES:
        fits, problem = _SHAPES[setting.name]
        return "" if fits(value) else problem
    if isinstance(setting.default, str):
        if not isinstance(value, str):
            return f"{setting.name!r} must be a text. Correct it"
        known = not value or _TEMPLATE.fullmatch(value)
        return "" if known else f"{setting.name!r} cannot be {value!r}. Give the version of a release, such as 14.1.13"
    may_be_open = setting.default is None and value is None
    return "" if may_be_open or isinstance(value, bool) else f"{setting.name!r} must be true or false. Correct it"
