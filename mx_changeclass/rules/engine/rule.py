"""A rule is a decorated predicate; the annotation of its first argument says what it hears.

* ``Added[K]``, ``Removed[K]``, ``Changed[K]`` or a union of them: each such change of that kind;
  ``Changed[In[K]]`` each in a document of that kind, the document itself among them. ``on`` narrows a
  ``Changed`` to some fields, ``noise`` makes a rule hear changes that were set aside under those names
  instead.
* ``VersionChange``, ``SyncChange``, ``DependencyChange``: what follows from comparing both sides.
* ``Release``: once a release.
* ``Hit``: each thing another rule has said (escalations).
* ``Hits``: everything said so far, once (aggregates).
* ``Uncovered``: the fields of a change that no rule took (the fallback).
* ``Failed``: a rule that raised where it was asked, or gave no answer.

It answers False, True, or a text that says what it saw.

Of a ``Changed`` a rule takes the fields that it names: by ``on``, else by the fields of the ``Detail`` it
answers with; one that is marked ``whole`` takes all of them. What no rule takes is undecided. A key that no
version of Mendix is known to have is shown only to a rule that names it in ``on``, by itself or by a pattern
(``action.*Wait*``).
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self, TypeVar

from attrs import evolve, field, frozen

from mx_changeclass.changes.change import Added, Change, Changed, Of, Removed
from mx_changeclass.errors import RuleError
from mx_changeclass.model.kinds import Kind
from mx_changeclass.model.versions import Version
from mx_changeclass.policy import Policy
from mx_changeclass.rules.engine.release import DependencyChange, Observation, Release, SyncChange, VersionChange
from mx_changeclass.vocabulary import (
    BLOCKED,
    DESTRUCTIVE,
    HARD_LOSS,
    NONE,
    OTA_SAFE,
    POSTPONED,
    SOFT_LOSS,
    Certainty,
    Hazard,
    Maybe,
    ReleaseClass,
    Remedy,
    Requires,
)

Test = Callable[[Any, Release], "bool | str"]
F = TypeVar("F", bound=Test)
K = TypeVar("K", bound=Kind)

Subject = Change | Observation | Release  # what a rule speaks about


class In(Kind, Of[K]):
    """A document of kind ``K`` or anything in it, as something a rule hears: ``Changed[In[Nanoflow]]``."""

    @staticmethod
    def of(kind: type[Kind]) -> Any:
        """``In[kind]`` for a kind that is known when the program runs."""
        return In.__class_getitem__(kind)


class Settlement(NamedTuple):
    """What would decide something that is open: the fact under which it stays as it is told (``unless``), and
    the line of the configuration that states it."""

    unless: str
    line: str


@frozen(kw_only=True, eq=False)
class Rule:
    """One row of the catalogue with the code that decides it. ``listens_to`` lists (verb, kind) pairs, a kind
    ``K`` or ``In[K]``; the verb of an observation, an escalation or an aggregate is its own class and
    its kind ``Kind``."""

    id: str
    title: str
    reason: str
    chapter: str
    channel: ReleaseClass
    hazard: Hazard
    requires: Requires
    breaks_old_clients: Maybe
    server_data_loss: Maybe
    in_bundle: bool = False
    undecided: bool
    at_most: ReleaseClass = DESTRUCTIVE
    settled_by: Callable[[Any, Release], Settlement | None] | None = None
    breaks_by_bundle: bool = False
    source: str
    certainty: Certainty
    mitigation: str
    remedy: Remedy
    meanwhile: str = ""
    on: tuple[str, ...] = ()
    whole: bool = False
    noise: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    clears_break_of: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    since: tuple[Version | None, ...] = ()
    until: tuple[Version | None, ...] = ()
    listens_to: tuple[tuple[type, Any], ...]
    test: Test = field(repr=False)

    def __repr__(self) -> str:
        return f"<Rule {self.id}: {self.title}>"

    def __eq__(self, other: object) -> bool:
        """Two rules are the same where they say the same, whoever decides them."""
        return self is other or (isinstance(other, Rule) and self.to_dict() == other.to_dict())

    def __hash__(self) -> int:
        return hash(self.id)

    def to_dict(self) -> dict[str, Any]:
        """What a report says of the rule, as plain values."""
        plain = {name: getattr(self, name) for name in _TOLD}
        return {
            **{name: value if isinstance(value, bool) else str(value) for name, value in plain.items()},
            "hears": sorted({_HEARD_AS[verb] for verb, _ in self.listens_to}),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Rule:
        """The rule that says this: one of the catalogue, or else one that can be shown but is never asked. Raises
        ``ValueError`` for a fixed word that is not known, ``KeyError`` where a key of ``Rule.to_dict`` is missing."""
        from mx_changeclass.rules import catalogue

        declared = catalogue().get(told["id"]) or RULES.get(told["id"])
        if declared is not None and declared.to_dict() == told:
            return declared
        verbs = {name: verb for verb, name in _HEARD_AS.items()}
        if unknown := {*told["hears"]} - {*verbs}:
            raise ValueError(f"{min(unknown)!r} is nothing that a rule hears")
        return cls(
            **{name: _TOLD[name](told[name]) for name in _TOLD},
            listens_to=tuple((verbs[name], Kind) for name in told["hears"]),
            test=_never,
        )

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], Rule], tuple[dict[str, Any]]]:
        """A rule crosses to another process by what it says; its code is that of the catalogue there."""
        return Rule.from_dict, (self.to_dict(),)

    def in_force(self, *judged: Version | None) -> bool:
        """Whether the rule's dates hold for one of the versions, or there is nothing to judge them by. What came
        with a version is in its candidates too."""
        known = [version for version in judged if version is not None]
        if not self.since or not known:
            return True
        return any(
            (low is None or evolve(low, released=False) <= version) and (high is None or version <= high)
            for low, high in zip(self.since, self.until, strict=True)
            for version in known
        )


class Detail(str):
    """What a rule saw, in words, with the fields of the change that the words tell of: those the rule takes. Where it
    speaks about the release as a whole, ``changes`` are those that it speaks for."""

    fields: frozenset[str]
    changes: tuple[Change, ...]

    def __new__(cls, text: str, fields: Iterable[str] = (), changes: Iterable[Change] = ()) -> Self:
        made = super().__new__(cls, text)
        made.fields = frozenset(fields)
        made.changes = tuple(changes)
        return made


@frozen
class Hit:
    """One rule that said yes, what it spoke about, what it saw ("" where it only said yes), and the fields of a
    ``Changed`` that it took."""

    rule: Rule
    subject: Subject
    detail: str = ""
    fields: frozenset[str] = frozenset()


@frozen
class Uncovered:
    """A change, or some fields of it, that no rule of the catalogue took."""

    change: Change
    fields: tuple[str, ...] = ()


@frozen
class Failed:
    """A rule that raised where it was asked about a subject, or gave no answer; ``error`` is the name of the class of
    what it raised, or what was wrong with the answer."""

    rule: Rule
    subject: Subject
    error: str


@frozen
class Hits:
    """Everything that was said before the aggregates are asked."""

    hits: tuple[Hit, ...]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def any(self, *rule_ids: str) -> bool:
        return any(s.rule.id in rule_ids for s in self.hits)


RULES: dict[str, Rule] = {}
_LISTENS: dict[tuple[str, Any], tuple[tuple[type, Any], ...]] = {}  # by chapter and annotation


# What reports say of a rule, and as what values; the rest of its facts say when it is asked.
_TOLD: Mapping[str, Callable[[Any], Any]] = {
    "id": str,
    "title": str,
    "reason": str,
    "chapter": str,
    "channel": ReleaseClass,
    "hazard": Hazard,
    "requires": Requires,
    "breaks_old_clients": Maybe,
    "server_data_loss": Maybe,
    "undecided": bool,
    "certainty": Certainty,
    "mitigation": str,
    "remedy": Remedy,
    "meanwhile": str,
    "source": str,
}
_HEARD_AS: Mapping[type, str] = {
    Added: "change",
    Removed: "change",
    Changed: "change",
    Uncovered: "change",
    Failed: "failure",
    VersionChange: "version",
    SyncChange: "sync set",
    DependencyChange: "native dependency",
    Release: "release",
    Hit: "finding",
    Hits: "all findings",
}


def _never(_: object, release: Release) -> bool:
    """Of a rule that is known by what it said alone."""
    return False


def rule(
    channel: ReleaseClass,
    *,
    source: str,
    certainty: Certainty = Certainty.JUDGEMENT,
    mitigation: str = "",
    remedy: Remedy | None = None,
    meanwhile: str = "",
    hazard: Hazard = Hazard.NONE,
    requires: Requires = Requires.EITHER_ORDER,
    breaks_old_clients: Maybe = Maybe.NO,
    server_data_loss: Maybe = Maybe.NO,
    in_bundle: bool = False,
    undecided: bool = False,
    at_most: ReleaseClass = DESTRUCTIVE,
    settled_by: Callable[[Any, Release], Settlement | None] | None = None,
    breaks_by_bundle: bool = False,
    on: tuple[str, ...] | str = (),
    whole: bool = False,
    noise: tuple[str, ...] | str = (),
    instead_of: tuple[str, ...] | str = (),
    clears_break_of: tuple[str, ...] | str = (),
    aliases: tuple[str, ...] | str = (),
    since: str | None = None,
    until: str | None = None,
) -> Callable[[F], F]:
    """Declare a rule. The function's name is its id, the first line of its docstring its title, the rest
    its reason. ``in_bundle`` says that part of the change enters the client bundle: such a rule is asked
    only where a profile reaches the subject, and is lifted where there is no over-the-air channel.
    ``undecided`` says that the class is the least it can be; ``at_most`` is the highest, and ``settled_by``
    answers, for what the rule spoke about, what a team can state to decide it.
    ``remedy`` is what its reader does about it, where ``requires`` does not say it by itself (``Remedy.of``),
    ``mitigation`` the same in words, and ``meanwhile`` what the release must hold from which the change is put off.
    ``breaks_by_bundle`` says that old clients break because a new bundle meets an old binary, so only where
    updates go over the air. ``whole`` says that the rule speaks of a changed element as a whole, whatever of it
    differs. ``instead_of`` names rules that this one stands in for: of the same change they are asked about the
    fields only that it does not take. ``clears_break_of`` names rules that break no old client where this one speaks
    of the same subject, ``aliases`` other ids of the catalogue that it answers for. ``since``/``until`` are Studio
    Pro versions, both included; several ranges are paired by position (``"10.24.17; 11.6.5"``).

    Declared again by the same function (a cell of a notebook that runs twice), a rule takes the place of the
    earlier one. Raises ``RuleError`` where another function has the id, a text is missing, a value is
    none that may stand there, or the annotation names nothing that can be heard. That the rules and names of noise
    which it names are there is seen when the catalogue is put together.
    """

    def register(test: F) -> F:
        rule_id = test.__name__.replace("_", "-")
        title, _, reason = (test.__doc__ or "").strip().partition("\n\n")
        if rule_id in RULES and _home(RULES[rule_id].test) != _home(test):
            raise RuleError(f"rule {rule_id}: declared twice")
        if not title or not reason or not source:
            raise RuleError(f"rule {rule_id}: needs a title line, a reason and a source")
        low, high = _ranges(since, until)
        made = Rule(
            id=rule_id,
            title=" ".join(title.split()).rstrip("."),
            reason=" ".join(reason.split()),
            chapter=test.__module__.rpartition(".")[2],
            channel=channel,
            hazard=hazard,
            requires=requires,
            breaks_old_clients=breaks_old_clients,
            server_data_loss=server_data_loss,
            in_bundle=in_bundle,
            undecided=undecided,
            at_most=at_most,
            settled_by=settled_by,
            breaks_by_bundle=breaks_by_bundle,
            source=source,
            certainty=certainty,
            mitigation=mitigation,
            remedy=Remedy.of(requires, undecided=undecided) if remedy is None else remedy,
            meanwhile=meanwhile,
            on=_tuple(on),
            whole=whole,
            noise=_tuple(noise),
            instead_of=_tuple(instead_of),
            clears_break_of=_tuple(clears_break_of),
            aliases=_tuple(aliases),
            since=low,
            until=high,
            listens_to=_listens_to(test),
            test=test,
        )
        if problem := _problem(made) or _unlike_a_version(since) or _unlike_a_version(until):
            raise RuleError(f"rule {rule_id}: {problem}")
        RULES[rule_id] = made
        return test

    return register


_FIXED_WORDS: Mapping[str, type[enum.StrEnum]] = {
    "channel": ReleaseClass,
    "hazard": Hazard,
    "requires": Requires,
    "breaks_old_clients": Maybe,
    "server_data_loss": Maybe,
    "certainty": Certainty,
    "at_most": ReleaseClass,
    "remedy": Remedy,
}
_MAY_STAND: Mapping[str, tuple[enum.StrEnum, ...]] = {
    name: tuple(word for word in kind if (name, word) != ("channel", DESTRUCTIVE))
    for name, kind in _FIXED_WORDS.items()
}


def _problem(rule: Rule) -> str:
    """What is wrong with the facts of a rule and what may stand there, "" where nothing is."""
    for name, allowed in _MAY_STAND.items():
        value, kind = getattr(rule, name), _FIXED_WORDS[name]
        if not isinstance(value, kind) or value not in allowed:
            return f"{name} cannot be {value!r}. Use one of {', '.join(f'{kind.__name__}.{w.name}' for w in allowed)}"
    if rule.meanwhile and rule.remedy not in POSTPONED:
        return "only what is put off to a later release holds something 'meanwhile'. Leave it out"
    if rule.whole and rule.on:
        return "it takes the fields that it names in 'on', or the whole. Leave one of the two out"
    return ""


def _unlike_a_version(stated: str | None) -> str:
    if stated is None or all(Version.of(part) or part.strip() in ("", "-") for part in stated.split(";")):
        return ""
    return f"{stated!r} is no version. Write '10.24.17', for several ranges '10.24.17; 11.6.5', '-' for an open end"


def _home(test: Test) -> tuple[str, str]:
    return test.__module__, test.__qualname__


def _tuple(value: tuple[str, ...] | str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _ranges(since: str | None, until: str | None) -> tuple[tuple[Version | None, ...], tuple[Version | None, ...]]:
    low = [Version.of(x) for x in since.split(";")] if since else []
    high = [Version.of(x) for x in until.split(";")] if until else []
    size = max(len(low), len(high))
    return tuple(low + [None] * (size - len(low))), tuple(high + [None] * (size - len(high)))


def _listens_to(test: Test) -> tuple[tuple[type, Any], ...]:
    """What the first argument of a rule is annotated with. Each annotation is looked at once a chapter:
    ``typing.get_type_hints`` takes ten times as long as importing the chapters does."""
    first = test.__annotations__.get(next(iter(test.__code__.co_varnames), ""))
    key = test.__module__, first
    if key not in _LISTENS:
        try:
            hint = eval(first, test.__globals__) if isinstance(first, str) else first  # noqa: S307 - an annotation of our own
            _LISTENS[key] = tuple(_pairs(hint))
        except (NameError, AttributeError, SyntaxError, TypeError, RuleError) as error:
            heard = "Added[K], Removed[K], Changed[K] or Changed[In[K]] of a kind K"
            others = ", ".join(verb.__name__ for verb in _HEARD_AS if verb not in (Added, Removed, Changed))
            raise RuleError(
                f"rule {test.__name__.replace('_', '-')}: its first argument cannot be {first!r} ({error}). "
                f"Annotate it with {heard}, or one of {others}"
            ) from None
    return _LISTENS[key]


def _pairs(hint: Any) -> Iterator[tuple[type, Any]]:
    for member in _members(hint):
        verb = typing.get_origin(member) or member
        if verb in (Added, Removed, Changed):
            for kind in _members(*typing.get_args(member)):
                if typing.get_origin(kind) is In:
                    yield from ((verb, In.of(_kind(k))) for k in _members(*typing.get_args(kind)))
                else:
                    yield verb, _kind(kind)
        elif verb in _HEARD_AS:
            yield verb, Kind
        else:
            raise RuleError(f"{member} cannot be heard")


def _kind(hint: Any) -> type[Kind]:
    if not (isinstance(hint, type) and issubclass(hint, Kind)):
        raise RuleError(f"{getattr(hint, '__name__', hint)} is no kind of element")
    return hint


def _members(hint: Any) -> tuple[Any, ...]:
    return (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
        else (hint,)
    )


def class_of(rule: Rule, policy: Policy | None = None, hazard: Hazard | None = None) -> ReleaseClass:
    """The class that a rule leads to, where need be under the policy of a team and with another ``hazard`` than its
    own: DESTRUCTIVE for one that counts as loss, else its channel, of which ``none`` is told as OTA_SAFE."""
    policy = policy or Policy()
    soft = frozenset() if policy.soft_hazards else SOFT_LOSS
    blocked = BLOCKED if policy.blocked_is_loss else frozenset()
    if (rule.hazard if hazard is None else hazard) in HARD_LOSS | soft | blocked:
        return DESTRUCTIVE
    return OTA_SAFE if rule.channel is NONE else rule.channel
