"""Findings and the verdict they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from attrs import field, frozen

from mx_changeclass.changes.change import Changes
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.release import Ignored
from mx_changeclass.rules.engine.rule import Rule
from mx_changeclass.vocabulary import DESTRUCTIVE, NONE, OTA_SAFE, Hazard, Maybe, ReleaseClass, Requires

if TYPE_CHECKING:
    from mx_changeclass.changes.ledger import Accountability


@frozen
class Finding:
    """What one rule says about one subject.

    ``subject`` is a qualified name, "" for the app as a whole; ``why`` the shortest way from a profile
    to it; ``audience`` the profiles that reach it; ``message`` says what happened and what it means.
    ``requires`` is what the rule asks for, as far as this app has clients to wait for. ``at_most`` is the class
    it may have once it is decided, ``release_class`` itself where nothing is open; ``unless`` is the fact under
    which it stays at ``release_class``, and ``setting`` the line of the configuration that states that fact, both
    "" where no statement helps.
    """

    rule: Rule
    kind: str
    subject: str
    release_class: ReleaseClass
    channel: ReleaseClass
    breaks_old_clients: Maybe
    requires: Requires
    message: str
    audience: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    at_most: ReleaseClass = NONE
    unless: str = ""
    setting: str = ""

    @property
    def undecided(self) -> bool:
        return self.rule.undecided

    @property
    def hazard(self) -> Hazard:
        return self.rule.hazard

    @property
    def server_data_loss(self) -> Maybe:
        return self.rule.server_data_loss

    @property
    def mitigation(self) -> str:
        return self.rule.mitigation


@frozen
class Row:
    """One reported change: a subject, what of it changed, and the findings about that.

    ``prop`` is the field of the subject, the slot its changed parts stand in, or "" where the
    subject as a whole came or went; ``old``/``new`` are set for a single plain value. ``part_of`` is the
    fingerprint of the row of the module that answers for this one, "" where it speaks for itself.
    """

    fingerprint: str
    verb: str
    kind: str
    name: str
    old_name: str
    id: str
    file: str
    prop: str
    findings: tuple[Finding, ...]
    what: str
    old: object = None
    new: object = None
    part_of: str = ""

    @property
    def release_class(self) -> ReleaseClass:
        return max((f.release_class for f in self.findings), default=OTA_SAFE)

    @property
    def at_most(self) -> ReleaseClass:
        """The class it may have once all that is said of it is decided."""
        return max((f.at_most for f in self.findings), default=OTA_SAFE)

    @property
    def undecided(self) -> bool:
        return any(f.undecided for f in self.findings)

    @property
    def channel(self) -> ReleaseClass:
        return max((f.channel for f in self.findings), default=NONE)

    @property
    def audience(self) -> tuple[str, ...]:
        return tuple(sorted({name for f in self.findings for name in f.audience}))

    @property
    def why(self) -> tuple[str, ...]:
        return next((f.why for f in self.findings if f.why), ())


@attrs.define(slots=False, eq=False)
class Verdict:
    """The answer for a release: the worst finding decides, and everything said is kept.

    ``rows`` are the changes that mean something, worst first; ``noise`` what was said about changes that
    were set aside. ``noise`` counts set-aside leaves by the name of the noise rule.
    """

    changes: Changes
    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]
    noise: tuple[Finding, ...]
    policy: Policy
    accountability: Accountability = field(repr=False)
    native: bool = False  # the app has a native profile
    ignored: tuple[Ignored, ...] = ()  # what the configuration left out, by pattern

    @property
    def old(self) -> Snapshot:
        return self.changes.old

    @property
    def new(self) -> Snapshot:
        return self.changes.new

    @property
    def release_class(self) -> ReleaseClass:
        """DESTRUCTIVE where data on devices is at stake, else the channel; what is certain, see ``at_most``."""
        return max((f.release_class for f in self.findings), default=OTA_SAFE)

    @property
    def at_most(self) -> ReleaseClass:
        """The class that the release may have once everything open is decided: ``release_class`` where nothing
        is."""
        return max((f.at_most for f in self.findings), default=OTA_SAFE)

    @property
    def channel(self) -> ReleaseClass:
        """How the release travels; ``none`` where nothing needs to."""
        return max((f.channel for f in self.findings), default=NONE)

    @property
    def destructive(self) -> bool:
        return self.release_class is DESTRUCTIVE

    @property
    def breaks_old_clients(self) -> bool:
        return any(f.breaks_old_clients is Maybe.YES for f in self.findings)

    @property
    def server_data_loss(self) -> bool:
        return any(f.server_data_loss is Maybe.YES for f in self.findings)

    @property
    def undecided(self) -> int:
        """How many findings could not be decided."""
        return sum(f.undecided for f in self.findings)

    @property
    def requires(self) -> tuple[str, ...]:
        """What the release asks for, in the order in which it is done."""
        order = (
            Requires.DRAIN,
            Requires.TWO_STEP,
            Requires.SERVER_FIRST,
            Requires.ALL_CLIENTS_FIRST,
            Requires.NEW_BINARY,
        )
        asked = {f.requires for f in self.findings}
        return tuple(r.slug for r in order if r in asked)

    @cached_property
    def counts(self) -> Mapping[ReleaseClass, int]:
        """Reported changes by class, mildest first."""
        counted = Counter(row.release_class for row in self.rows)
        return {c: counted[c] for c in ReleaseClass if c is not NONE}

    @property
    def half_saved(self) -> bool:
        """The list of documents of a side and its documents disagree, as after half a commit."""
        return any(f.rule.id == "agg-half-saved" for f in self.findings)

    @property
    def decided(self) -> bool:
        return not self.undecided and not self.accountability.unexplained

    def to_frame(self) -> Any:
        """A pandas frame with one row a finding. Needs the ``notebook`` extra."""
        from mx_changeclass.findings.frame import frame

        return frame(self)

    def _repr_html_(self) -> str:
        """The verdict as a page, shown by a notebook."""
        from importlib import import_module

        page: str = import_module("mx_changeclass.reports.html").html(self)
        return page
