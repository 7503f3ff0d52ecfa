"""What a team decides about its own releases: which hazards count, what is out in the field."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Policy:
    """Answers to what the two models cannot tell.

    ``soft_hazards`` lowers ``removed-from-device`` and ``upload-refused`` to their channel;
    ``blocked_is_loss`` raises ``sync-blocked`` and ``start-failure`` to DESTRUCTIVE.
    ``native_template`` is the version of the native template in the released binary (``14.1.13``),
    ``new_native_template`` that of the binary planned for this release; "" means not known.
    ``ota_in_binary`` says whether the released binary takes over-the-air updates; None means the old
    model's own switch counts. ``declared`` holds statements about the release by name, for rules
    that no model can answer (``purpose-changed``, ``codepush``, ``several-users-a-device``).
    """

    soft_hazards: bool = False
    blocked_is_loss: bool = False
    strict_types: bool = False
    native_template: str = ""
    new_native_template: str = ""
    ota_in_binary: bool | None = None
    declared: Mapping[str, str] = field(factory=dict)
