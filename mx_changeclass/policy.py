"""What a team decides about its own releases: which hazards count, what is out in the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, fields, frozen

from mx_changeclass.errors import PolicyError

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


@frozen
class Policy:
    """Answers to what the two models cannot tell.

    ``soft_hazards`` lowers ``removed-from-device`` and ``upload-refused`` to their channel;
    ``blocked_is_loss`` raises ``sync-blocked`` and ``start-failure`` to DESTRUCTIVE.
    ``native_template`` is the version of the native template in the released binary (``14.1.13``),
    ``new_native_template`` that of the binary planned for this release; "" means not known.
    ``ota_in_binary`` says whether the released binary takes over-the-air updates; None means the old
    model's own switch counts. ``declared`` holds statements about the release, by their name in
    ``DECLARATIONS``, for rules that no model can answer. ``ignore`` are patterns of paths beside the model
    that are no part of the app (``theme/web/old/*``; ``*`` crosses folders).
    ``source`` is the file that states all this, "" where none does, and ``stated`` what stands in it: reports
    name both.
    """

    soft_hazards: bool = False
    blocked_is_loss: bool = False
    strict_types: bool = False
    native_template: str = ""
    new_native_template: str = ""
    ota_in_binary: bool | None = None
    declared: Mapping[str, str] = field(factory=dict)
    ignore: tuple[str, ...] = ()
    source: str = ""
    stated: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str = "configuration") -> Policy:
        """A policy of plain values, such as a parsed TOML file holds. ``source`` names it in errors.

        Raises ``PolicyError`` for a key that does not exist or a value of the wrong type.
        """
        types = {a.name: type(a.default) if isinstance(a.default, (bool, str)) else None for a in fields(cls)}
        types = {name: kind for name, kind in types.items() if name not in ("source", "stated")}
        types["ota_in_binary"] = bool
        for key, value in values.items():
            if key not in types:
                raise PolicyError(f"{source}: {key!r} is no setting. Use one of {', '.join(sorted(types))}")
            if key == "declared":
                _check_declarations(value, source)
            elif key == "ignore":
                if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
                    raise PolicyError(f"{source}: 'ignore' must be a list of path patterns. Correct it")
            elif not isinstance(value, types[key] or object):
                kind = "true or false" if types[key] is bool else "a text"
                raise PolicyError(f"{source}: {key!r} must be {kind}. Correct it")
        return cls(**{**values, "ignore": tuple(values.get("ignore", ()))})


def _check_declarations(stated: object, source: str) -> None:
    if not isinstance(stated, Mapping) or not all(isinstance(v, str) for v in stated.values()):
        raise PolicyError(f"{source}: 'declared' must be a table of texts. Write [declared] and name = \"reason\"")
    for name in stated:
        if name not in DECLARATIONS:
            raise PolicyError(f"{source}: {name!r} cannot be declared. Use one of {', '.join(DECLARATIONS)}")
