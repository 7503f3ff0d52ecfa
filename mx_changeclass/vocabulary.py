"""The fixed words of rules and findings."""

from __future__ import annotations

import enum


class ReleaseClass(enum.StrEnum):
    """What a change asks of a release, mildest first. ``NONE`` is a channel only: bookkeeping,
    design-time, or reached by nobody; as a class it is told as ``OTA_SAFE``.

    A class is its own text; ``<`` and its like go by ``rank``, also against the text of a class
    (``ValueError`` for any other text, ``TypeError`` for what is none).
    """

    rank: int

    NONE = "none"
    OTA_SAFE = "OTA_SAFE"
    NEEDS_REDEPLOY = "NEEDS_REDEPLOY"
    FULL_RELEASE = "FULL_RELEASE"
    DESTRUCTIVE = "DESTRUCTIVE"

    def __new__(cls, value: str) -> ReleaseClass:
        member = str.__new__(cls, value)
        member._value_ = value
        member.rank = len(cls.__members__)
        return member

    def __lt__(self, other: str) -> bool:
        return self.rank < ReleaseClass(other).rank if isinstance(other, str) else NotImplemented

    def __le__(self, other: str) -> bool:
        return self.rank <= ReleaseClass(other).rank if isinstance(other, str) else NotImplemented

    def __gt__(self, other: str) -> bool:
        return self.rank > ReleaseClass(other).rank if isinstance(other, str) else NotImplemented

    def __ge__(self, other: str) -> bool:
        return self.rank >= ReleaseClass(other).rank if isinstance(other, str) else NotImplemented


NONE, OTA_SAFE, NEEDS_REDEPLOY, FULL_RELEASE, DESTRUCTIVE = ReleaseClass


class Hazard(enum.StrEnum):
    """What a change may cost on a device or on the server."""

    NONE = "none"
    LOCAL_WIPE = "local-wipe"
    STRANDED = "stranded"
    VALUE_LOSS = "value-loss"
    REMOVED_FROM_DEVICE = "removed-from-device"
    UPLOAD_REFUSED = "upload-refused"
    REFUSAL_POSSIBLE = "refusal-possible"
    SYNC_BLOCKED = "sync-blocked"
    START_FAILURE = "start-failure"
    SERVER_LOSS = "server-loss"
    SESSION_LOSS = "session-loss"
    CANNOT_INSTALL = "cannot-install"

    @property
    def gravity(self) -> int:
        """Its place among all, 0 for the gravest."""
        return _GRAVEST_FIRST.index(self)


# What costs data for good, what takes it off devices, what stops an app, what hinders its users.
_GRAVEST_FIRST = (
    Hazard.LOCAL_WIPE,
    Hazard.STRANDED,
    Hazard.VALUE_LOSS,
    Hazard.UPLOAD_REFUSED,
    Hazard.REMOVED_FROM_DEVICE,
    Hazard.START_FAILURE,
    Hazard.SYNC_BLOCKED,
    Hazard.SERVER_LOSS,
    Hazard.CANNOT_INSTALL,
    Hazard.REFUSAL_POSSIBLE,
    Hazard.SESSION_LOSS,
    Hazard.NONE,
)

HARD_LOSS = frozenset({Hazard.LOCAL_WIPE, Hazard.STRANDED, Hazard.VALUE_LOSS})
SOFT_LOSS = frozenset({Hazard.REMOVED_FROM_DEVICE, Hazard.UPLOAD_REFUSED})
BLOCKED = frozenset({Hazard.SYNC_BLOCKED, Hazard.START_FAILURE})


class Requires(enum.StrEnum):
    """What has to be done before a release goes out, or the order in which its parts must."""

    EITHER_ORDER = "either order"
    REPAIR = "repair: do not release it as it is"
    SERVER_FIRST = "server first"
    ALL_CLIENTS_FIRST = "all clients first"
    TWO_STEP = "two-step release"
    DRAIN = "drain: every device syncs first"
    NEW_BINARY = "new binary"

    @property
    def slug(self) -> str:
        """The short form of a verdict: ``drain``, ``server-first``."""
        return self.value.partition(":")[0].replace(" ", "-")


class Remedy(enum.StrEnum):
    """What its reader does about a finding. A plan is made of these; the text of the advice only explains them."""

    NONE = "none"
    SERVER_FIRST = "server first"  # an ordinary deploy does it
    PREPARE_SERVER = "prepare the server"  # done before the deploy: a back-up, a clean-up, a setting
    STORE = "store"  # a new binary
    SYNC_FIRST = "synchronise first"  # every device, before the release
    RETIRE = "retire"  # the users of what goes are moved before the release
    KEEP_SERVER_PART = "keep the server part"  # one release later, when every device is updated
    LATER = "later"  # one release later, when every device is updated and has synchronised
    ASK = "ask"  # only the team can tell
    REPLACE = "replace"  # the same aim by another change of the model
    OTHER_VERSION = "other version"  # of Studio Pro or of the native template
    STOP = "stop"  # not to be released: keep or restore what was there

    @classmethod
    def of(cls, requires: Requires, *, undecided: bool) -> Remedy:
        """The remedy of a rule that names none: its order says it, and what is open is asked."""
        return cls.ASK if undecided else _REMEDIES.get(requires, cls.NONE)


POSTPONED = frozenset({Remedy.LATER, Remedy.KEEP_SERVER_PART})  # right, but one release later
BEFOREHAND = frozenset({Remedy.SYNC_FIRST, Remedy.RETIRE})  # right, once something happened on devices
UNORDERED = frozenset({Remedy.STOP, Remedy.OTHER_VERSION, Remedy.REPLACE, Remedy.ASK})  # no order makes it right

_REMEDIES = {
    Requires.EITHER_ORDER: Remedy.NONE,
    Requires.REPAIR: Remedy.STOP,
    Requires.SERVER_FIRST: Remedy.SERVER_FIRST,
    Requires.ALL_CLIENTS_FIRST: Remedy.KEEP_SERVER_PART,
    Requires.TWO_STEP: Remedy.LATER,
    Requires.DRAIN: Remedy.SYNC_FIRST,
    Requires.NEW_BINARY: Remedy.STORE,
}


class Maybe(enum.StrEnum):
    """An answer that may be open."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


class Certainty(enum.StrEnum):
    """Whether a public source or a real project says so, or it is our reading of how the parts work."""

    DOCUMENTED = "documented"
    JUDGEMENT = "judgement"
