"""What a team accepts of its releases, or judges in another way than the catalogue: each with a reason, and a waiver
until a day. Values only; whether one covers anything is found where a release is classified."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import fields, frozen

from mx_changeclass.errors import PolicyError
from mx_changeclass.regex import regex
from mx_changeclass.vocabulary import NONE, ReleaseClass

_FINGERPRINT = regex(r"[0-9a-f]{12}")
CLASSES = tuple(c for c in ReleaseClass if c is not NONE)


def class_named(value: object, setting: str) -> ReleaseClass:
    """A class as reports or options write it, ``FULL_RELEASE`` or ``full-release``. Raises ``PolicyError``."""
    written = value.replace("-", "_").upper() if isinstance(value, str) else value
    if written not in CLASSES:
        raise PolicyError(f"{setting!r} cannot be {value!r}. Use one of {', '.join(CLASSES)}")
    return ReleaseClass(str(written))


def day(value: object, setting: str) -> date:
    """A day of the calendar, as such or as ``2026-12-31``. Raises ``PolicyError``."""
    try:
        return value if type(value) is date else date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise PolicyError(f"{setting!r} cannot be {value!r}. Give a day, such as 2026-12-31") from None


def _text(table: Mapping[str, Any], key: str, *, needed: bool = False) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise PolicyError(f'{key!r} must be a text. Write {key} = "…"')
    return value


@frozen
class Severity:
    """The class that a team gives to a rule in place of that of the catalogue, and why."""

    release_class: ReleaseClass
    reason: str

    @classmethod
    def of(cls, value: object, rule: str) -> Severity:
        """Of a table ``{class = …, reason = …}``. Raises ``PolicyError``."""
        if isinstance(value, Severity):
            return value
        if not isinstance(value, Mapping) or {*value} != {"class", "reason"}:
            raise PolicyError(f'severity of {rule!r} must be a table. Write {{class = "NEEDS_REDEPLOY", reason = "…"}}')
        return cls(class_named(value["class"], "class"), _text(value, "reason", needed=True))

    def to_dict(self) -> dict[str, str]:
        return {"class": str(self.release_class), "reason": self.reason}


@frozen(kw_only=True)
class Waiver:
    """Findings that a team accepts, why, and through which day.

    It names a row of a report by its ``fingerprint``, or one or more rules (``rule``) at the elements that fit the
    pattern ``element`` (``Field.*``); where it names more, all of it must fit. ``what`` are the words of the change
    that was accepted: another change of the same element has others. ``up_to`` is the worst class that it covers,
    and what is ``undecided`` only where it says so, up to the class that it may have. ``baseline`` binds it to one old
    model: its label, digest or Studio Pro version. ``source`` is the file it stands in; ``found`` says that the file
    lay in the checkout, so that whoever wrote the change may have written it too.
    """

    reason: str
    until: date
    up_to: ReleaseClass
    fingerprint: str = ""
    rule: tuple[str, ...] = ()
    element: str = ""
    what: str = ""
    by: str = ""
    baseline: str = ""
    undecided: bool = False
    source: str = ""
    found: bool = False

    @classmethod
    def of(cls, value: object, *, source: str = "", found: bool = False) -> Waiver:
        """Of a ``[[waiver]]`` table. Raises ``PolicyError``."""
        if isinstance(value, Waiver):
            return value
        known = [a.name for a in fields(cls) if a.name not in ("source", "found")]
        if not isinstance(value, Mapping):
            raise PolicyError("a waiver must be a table. Write [[waiver]]")
        if unknown := sorted({*value} - {*known}):
            raise PolicyError(f"{unknown[0]!r} is nothing that a waiver has. Use {', '.join(known)}")
        if missing := [key for key in ("reason", "until", "up_to") if key not in value]:
            raise PolicyError(f"a waiver needs {missing[0]!r}. Say why, until which day, and up to which class")
        rule = value.get("rule", ())
        rules = (rule,) if isinstance(rule, str) else rule
        if not isinstance(rules, (list, tuple)) or not all(isinstance(r, str) and r for r in rules):
            raise PolicyError("'rule' must be the id of a rule, or a list of them. Correct it")
        texts = {key: _text(value, key) for key in ("fingerprint", "element", "what", "by", "baseline")}
        if texts["fingerprint"] and not _FINGERPRINT.fullmatch(texts["fingerprint"]):
            raise PolicyError(f"'fingerprint' cannot be {texts['fingerprint']!r}. Give the 12 digits that reports show")
        if not texts["fingerprint"] and not (rules and texts["element"]):
            raise PolicyError("a waiver needs 'fingerprint', or 'rule' and 'element'. Say what it covers")
        undecided = value.get("undecided", False)
        if not isinstance(undecided, bool):
            raise PolicyError("'undecided' must be true or false. Correct it")
        return cls(
            reason=_text(value, "reason", needed=True),
            until=day(value["until"], "until"),
            up_to=class_named(value["up_to"], "up_to"),
            rule=tuple(rules),
            undecided=undecided,
            source=source,
            found=found,
            **texts,
        )

    def to_dict(self) -> dict[str, Any]:
        """What it says as plain values, without what it leaves open."""
        told = {"until": self.until.isoformat(), "up_to": str(self.up_to), "rule": list(self.rule)}
        names = (a.name for a in fields(type(self)) if a.name not in ("source", "found"))
        return {name: value for name in names if (value := told.get(name, getattr(self, name)))}

    @property
    def subject(self) -> str:
        """What it names, in a few words: "6908ee294c6a", "ent-renamed-sync at Field.*"."""
        place = " at ".join(filter(None, (", ".join(self.rule), self.element)))
        return self.fingerprint or place


class WaiverState(enum.StrEnum):
    """What came of a waiver."""

    IN_FORCE = "in force"
    UNUSED = "unused"
    EXPIRED = "expired"
    NOT_APPLIED = "not applied"


@frozen
class Covered:
    """A finding that a waiver covers: the fingerprint of its row, "" where it stands at none, its rule and subject."""

    fingerprint: str
    rule: str
    subject: str


@frozen
class WaiverUse:
    """A waiver and what came of it in a release: what it ``covers``, and in ``problem`` why it covers nothing, or not
    all that it names, or more than it has to; "" where nothing is to be said."""

    waiver: Waiver
    state: WaiverState
    covers: tuple[Covered, ...] = ()
    problem: str = ""
