"""What of a release may go out now, up to a class, and what holds back the rest: by parts of the model.

Nothing is asserted: what is said to go is built on the old version, compared with it and classified, and where that
is above the bar, who is guilty stays, too, until it is not. A part alone may mean more than together with the rest:
a list view goes over the air while its entity goes as well, and alone throws the entity out of the sync set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from attrs import define, field, frozen

from mx_changeclass.changes.diff import diff
from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.carriers import VERSION
from mx_changeclass.findings.classify import classify, classify_release
from mx_changeclass.findings.facts import Released
from mx_changeclass.findings.finding import Finding, Verdict
from mx_changeclass.findings.parts import Parts
from mx_changeclass.model.commits import Commit
from mx_changeclass.rules.engine.release import Release
from mx_changeclass.vocabulary import OTA_SAFE, ReleaseClass

_MOST = 400  # models that are built at most for one answer; then what is in doubt stays as a whole


@frozen
class Need:
    """What something cannot go without, by its name or commit id, and why."""

    name: str
    why: str


@frozen
class Piece:
    """A part of a release: its ``kind`` and ``name`` as in a report. Of one that blocks, ``rules`` say why, none where
    it was left out as asked; ``only_alone`` is set where they speak only while the rest stays away, and ``frees`` names
    what could go with it gone. Of one that waits, ``needs`` names what it waits for."""

    kind: str
    name: str
    rules: tuple[str, ...] = ()
    only_alone: bool = False
    frees: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


@frozen
class Choice:
    """A commit of a range and what becomes of it: ``pick`` it; it is ``there`` already in what is released; it
    ``blocks``, ``because`` of rules and subjects, and ``holds_back`` so many; it is ``held`` by one that it ``needs``;
    it is ``late``: by itself it may go, and not on top of the others (``why``); it is ``reverted`` by another in the
    range; or ``unread``. ``release_class`` is what it means by itself, and ``at_most`` what it may mean; None where it
    was not read, as none after an upgrade is that cannot be picked."""

    commit: Commit
    state: str
    release_class: ReleaseClass | None = None
    at_most: ReleaseClass | None = None
    because: tuple[tuple[str, str], ...] = ()
    holds_back: int = 0
    needs: Need | None = None
    why: str = ""


@frozen
class Hotfix:
    """What may go out up to a class. ``verdict`` is the one on what goes, against what is released; ``proven`` says
    that it stays below the bar and that nothing in it is open. By ``part``, ``goes``, ``blockers`` and ``held`` are
    parts of the model; by ``commit``, ``commits`` are those of the range, oldest first, ``released`` the commit that
    is out, ``branched_at`` where the line left it, and ``stops_at`` the upgrade after which none was read. ``note`` is
    the one line that says why nothing may go, where that is no matter of single parts."""

    up_to: ReleaseClass
    by: Literal["part", "commit"]
    verdict: Verdict
    proven: bool
    note: str = ""
    goes: tuple[Piece, ...] = ()
    blockers: tuple[Piece, ...] = ()
    held: tuple[Piece, ...] = ()
    commits: tuple[Choice, ...] = ()
    released: str = ""
    branched_at: str = ""
    stops_at: str = ""

    def __repr__(self) -> str:
        told = f"{self.going} of {self.total} {self.by}s" + ("" if self.proven else ", not proven")
        return f"<Hotfix up to {self.up_to}: {told}>"

    @property
    def going(self) -> int:
        """How many parts or commits may go."""
        return len(self.goes) + sum(choice.state == "pick" for choice in self.commits)

    @property
    def no_channel(self) -> bool:
        """Nothing may go, whatever it is: ``note`` is all that there is to say."""
        return (
            bool(self.note) and not self.going and not self.blockers and not any(c.release_class for c in self.commits)
        )

    @property
    def total(self) -> int:
        return sum(map(len, (self.goes, self.blockers, self.held, self.commits)))


def is_above(bar: ReleaseClass, said: Verdict | Finding) -> bool:
    """Whether what is said, or what it may become once it is decided, is above a bar."""
    return said.at_most > bar


def channel_note(released: Released, up_to: ReleaseClass) -> str:
    """Why nothing at all may go over the air, where that lies in the app that is released; "" where something may."""
    if up_to > OTA_SAFE:
        return ""
    if not released.installed:
        return "The released app lives on no devices, so nothing goes over the air"
    return (
        ""
        if released.ota is not False
        else "Over-the-air updates are off in the released app, so nothing goes over the air"
    )


def hotfix_by_part(
    verdict: Verdict, up_to: ReleaseClass = OTA_SAFE, *, only: Collection[str] = (), without: Collection[str] = ()
) -> Hotfix:
    """What of a release may go out now, by parts of the model.

    ``only`` names the elements that are to go, with all that they need; ``without`` those that are to stay, with all
    that needs them: that something relies on what a changed flow does now is seen by nobody else. Raises
    ``PolicyError`` for a name that nothing in the release bears. Asks for the models, so no ``detached`` verdict does.
    """
    if verdict.old.form == "none":
        raise PolicyError("nothing is released yet, so there is nothing to mend. Give the version that is released")
    if verdict.changes.meaningful and (note := channel_note(verdict.released, up_to)):
        nothing = classify(diff(verdict.old, verdict.old), verdict.policy)
        return Hotfix(up_to, "part", nothing, proven=True, note=note)
    search = _Search(verdict, up_to)
    search.choose(only, without)
    search.prove()
    return search.told()


@define(eq=False, slots=False)
class _Search:
    whole: Verdict
    up_to: ReleaseClass
    parts: Parts = field(init=False)
    chosen: frozenset[str] = field(init=False)
    why: dict[str, set[str]] = field(factory=dict, init=False)  # what blocks, with the rules that say so
    late: set[str] = field(factory=set, init=False)  # of these, those that do only by themselves
    verdict: Verdict = field(init=False)  # on what goes
    _built: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.parts = Parts(Release.of(self.whole.changes, self.whole.policy))
        self.chosen = frozenset(self.parts)
        self._hold(self.whole, frozenset(self.parts))

    def choose(self, only: Collection[str], without: Collection[str]) -> None:
        if only:
            self.chosen = self.parts.closed(self._named(only))
        for key in self._named(without):
            self.why.setdefault(key, set())

    def _named(self, names: Collection[str]) -> Iterable[str]:
        found = {key: self.parts[key].name for key in self.parts}
        for name in names:
            if name not in found.values():
                raise PolicyError(f"{name!r} is no part of this release. Name an element as the report does")
        return [key for key, name in found.items() if name in names]

    def prove(self) -> None:
        """Build what goes until it is under the bar, or nobody can tell what lifts it."""
        while is_above(self.up_to, self._judged(going := self._going())):
            self.late |= self._hold(self.verdict, going) or self._search(going)
            if going == self._going():
                return

    def _hold(self, verdict: Verdict, going: frozenset[str]) -> set[str]:
        """Hold each part that carries what is above the bar, and say which."""
        found: set[str] = set()
        for finding in self._grave(verdict):
            for key in self.parts.carrying(finding.carriers) & going:
                self.why.setdefault(key, set()).add(finding.rule.id)
                found.add(key)
        return found

    def _search(self, going: frozenset[str]) -> set[str]:
        """Hold somebody who is guilty of what nobody is said to carry."""
        guilty = self._guilty(going, going)
        for key in guilty:
            self.why.setdefault(key, set()).update(finding.rule.id for finding in self._grave(self.verdict))
        return guilty

    def _guilty(self, going: frozenset[str], suspects: frozenset[str]) -> set[str]:
        """Of some suspects the first, in the order of needs, with whom what goes is above the bar; nobody where it is
        so without any of them."""
        order = sorted(suspects, key=lambda key: (len(self.parts.closed([key])), self.parts[key].name, key))
        if self._built > _MOST or not order:
            return set(order)
        if self._is_above(going - self.parts.relying_on(order)):
            return set()
        low, high = 0, len(order)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (low, middle) if self._is_above(going - self.parts.relying_on(order[middle:])) else (middle, high)
            )
        return {order[low]}

    def _is_above(self, keys: Collection[str]) -> bool:
        return is_above(self.up_to, self._classified(keys))

    def _classified(self, keys: Collection[str]) -> Verdict:
        self._built += 1
        known = self.parts.release.old
        return classify_release(Release.of(diff(known.snapshot, self.parts.take(keys)), self.whole.policy, known))

    def _judged(self, keys: Collection[str]) -> Verdict:
        self.verdict = self._classified(keys)
        return self.verdict

    def _going(self) -> frozenset[str]:
        return self.chosen - self.parts.relying_on(self.why)

    def _grave(self, verdict: Verdict) -> list[Finding]:
        return [finding for finding in verdict.findings if is_above(self.up_to, finding)]

    # -- in words ---------------------------------------------------------------------------------

    def told(self) -> Hotfix:
        going = self._going()
        waiting = self.chosen - going - self.why.keys()
        return Hotfix(
            self.up_to,
            "part",
            self.verdict,
            proven=not is_above(self.up_to, self.verdict) and not self.verdict.accountability.unexplained,
            note=self._upgrade(),
            goes=tuple(self._piece(key) for key in self._shown(going)),
            blockers=self._blockers(waiting),
            held=tuple(self._piece(key, needs=self._needs(key, waiting)) for key in self._shown(waiting)),
        )

    def _upgrade(self) -> str:
        if VERSION not in self.why or VERSION in self.late:
            return ""
        name = self.parts[VERSION].name
        return f"{name} is above the bar, and all else was saved by it: make it again in the released version"

    def _blockers(self, waiting: frozenset[str]) -> tuple[Piece, ...]:
        """Those who block, who frees most first."""
        holding = {key: self.parts.closed([key]) & self.why.keys() for key in waiting}
        pieces = [
            self._piece(
                key,
                rules=tuple(sorted(self.why[key])),
                only_alone=key in self.late,
                frees=tuple(sorted({self.parts[k].name for k in self._shown(holding) if holding[k] == {key}})),
            )
            for key in self._shown(self.why.keys() & self.chosen)
        ]
        return tuple(sorted(pieces, key=lambda piece: -len(piece.frees)))

    def _needs(self, key: str, waiting: frozenset[str]) -> tuple[Need, ...]:
        graph, stays = self.parts.needs, waiting | self.why.keys()
        found = {Need(self.parts[k].name, graph.edges[key, k]["why"]) for k in graph.successors(key) if k in stays}
        return tuple(sorted(found, key=lambda need: (need.name, need.why)))

    def _shown(self, keys: Iterable[str] | Mapping[str, object]) -> list[str]:
        """Those in which something means something, by their names."""
        return sorted((k for k in keys if self.parts[k].meaningful), key=lambda k: (self.parts[k].name, k))

    def _piece(self, key: str, **told: object) -> Piece:
        return Piece(self.parts[key].kind, self.parts[key].name, **told)  # type: ignore[arg-type]
