"""Changes and rules to one verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from mx_changeclass.changes.change import Changes
from mx_changeclass.changes.ledger import account
from mx_changeclass.errors import PolicyError, RuleError
from mx_changeclass.findings.carriers import carriers
from mx_changeclass.findings.facts import released_of
from mx_changeclass.findings.finding import Finding, Verdict, worst_first
from mx_changeclass.findings.rows import in_words, rows, subject_of
from mx_changeclass.findings.waiving import waiver_uses
from mx_changeclass.graphs.sync_set import NEVER
from mx_changeclass.model.types import PROJECT
from mx_changeclass.policy import Policy, policy_or_default
from mx_changeclass.rules import catalogue, check_names
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange
from mx_changeclass.rules.engine.rule import Failed, Hit, Rule, Subject, Uncovered, class_of
from mx_changeclass.rules.engine.run import harms_devices, listeners, run
from mx_changeclass.vocabulary import DESTRUCTIVE, FULL_RELEASE, Hazard, Maybe, ReleaseClass, Remedy, Requires

# What waits for installed clients: where there are none yet, all comes from the server or in a first binary.
_FOR_DEVICES = frozenset({Requires.DRAIN, Requires.SERVER_FIRST, Requires.ALL_CLIENTS_FIRST})
_BY_DEVICES = frozenset({Remedy.SYNC_FIRST, Remedy.RETIRE, Remedy.SERVER_FIRST, Remedy.KEEP_SERVER_PART})
_BY_SELECTION = "the client uploads its objects by a synchronisation of selected ones"


_EVIDENCE = 100  # texts of one finding

Rules = Mapping[str, Rule] | Iterable[Rule]


def classify(
    changes: Changes, policy: Policy | None = None, *, rules: Rules | None = None, today: date | None = None
) -> Verdict:
    """Ask a whole catalogue about every change and take the worst answer as the verdict.

    ``rules`` is that catalogue; without it, it is the rules of this package and those that were declared with
    ``rule`` until now. Those that tell what no rule took, and which rule failed, are part of any catalogue.
    ``today`` is the day on which the waivers of the policy are judged; without it none is in force. Raises
    ``PolicyError`` where the policy names a rule that is not there.
    """
    return classify_release(Release.of(changes, policy_or_default(policy)), rules, today)


def classify_release(release: Release, rules: Rules | None = None, today: date | None = None) -> Verdict:
    """``classify`` of a release that may know its old side already, as one of several that start from it."""
    asked = _catalogue(rules)
    if release.policy.names_rules:
        _check_policy(release.policy, {rule.id: rule for rule in (*catalogue().values(), *asked)})
    answers = run(release, listeners(asked))
    said = _findings(answers.hits, release)
    findings = sorted(said.values(), key=worst_first)
    told = rows(answers.hits, said, release)
    return Verdict(
        changes=release.changes,
        findings=tuple(findings),
        rows=told,
        noise=tuple(sorted(_findings(answers.noise_hits, release).values(), key=worst_first)),
        policy=release.policy,
        accountability=account(release.changes, answers.uncovered),
        native=release.old.native or release.new.native,
        ignored=release.ignored,
        waivers=waiver_uses(release.policy.waivers, told, findings, release.changes.old, today),
        released=released_of(release),
    )


def _check_policy(policy: Policy, rules: Mapping[str, Rule]) -> None:
    """Raise ``PolicyError`` where a policy names a rule that is not there, or denies how one travels in denying what
    it costs: that are two statements, and the second would let a release out without its binary or its server."""
    source = policy.source or "policy"
    for waiver in policy.waivers:
        for name in waiver.rule:
            _check_rule(name, rules, f"{waiver.source or source}: waiver {waiver.subject!r}")
    for name, severity in policy.severity.items():
        _check_rule(name, rules, f"{source}: severity")
        if class_of(rules[name], policy) is DESTRUCTIVE and severity.release_class < rules[name].channel:
            channel = rules[name].channel
            raise PolicyError(
                f"{source}: severity: {name!r} travels as {channel}, whatever it costs. Give it {channel} or above"
            )


def _check_rule(name: str, rules: Collection[str], where: str) -> None:
    if name not in rules:
        from difflib import get_close_matches

        close = get_close_matches(name, rules, 1)
        hint = f"Did you mean {close[0]!r}?" if close else "'mx-changeclass rules' lists them"
        raise PolicyError(f"{where}: {name!r} is no rule. {hint}")


def _catalogue(rules: Rules | None) -> Iterable[Rule]:
    shipped = catalogue()
    if rules is None:
        return shipped.values()
    given = tuple(rules.values() if isinstance(rules, Mapping) else rules)
    known = {*shipped, *(r.id for r in given if isinstance(r, Rule))}
    for each in given:
        if not isinstance(each, Rule):
            raise RuleError(f"{getattr(each, '__name__', each)!r} is no rule. Give those of catalogue()")
        check_names(each, known)
    always = (r for r in shipped.values() if any(verb in (Uncovered, Failed) for verb, _ in r.listens_to))
    return {r.id: r for r in (*always, *given)}.values()


def _findings(hits: Iterable[Hit], release: Release) -> dict[tuple[str, str, str], Finding]:
    """One finding a rule and subject, however many of its parts made the rule speak."""
    grouped: dict[tuple[str, str, str], list[Hit]] = defaultdict(list)
    for s in hits:
        grouped[(s.rule.id, *subject_of(s.subject, release))].append(s)
    spared = {(rule_id, *key[1:]) for key, group in grouped.items() for rule_id in group[0].rule.clears_break_of}
    return {key: _finding(key, group, release, spared=key in spared) for key, group in grouped.items()}


def _finding(key: tuple[str, str, str], group: list[Hit], release: Release, *, spared: bool) -> Finding:
    rule, about = group[0].rule, group[0].subject
    _, kind, subject = key
    audience: frozenset[str] = frozenset()
    why: tuple[str, ...] = ()
    if isinstance(about, SyncChange):
        entry = about.new or about.old
        audience, why = frozenset(about.profiles), entry.why if entry else ()
    elif isinstance(about, DependencyChange):
        audience, why = release.owners_reached(about)
    elif kind != PROJECT and not isinstance(about, Release) and hasattr(about, "row"):
        audience = frozenset().union(*(release.audience(s.subject) for s in group))  # type: ignore[arg-type]
        why = release.why(about)  # type: ignore[arg-type]
    late = rule.breaks_by_bundle and release.ota_off  # the bundle that would meet an old binary does not get there
    hazard = Hazard.NONE if harms_devices(rule) and release.nothing_to_lose(audience) else rule.hazard
    release_class, channel = _judged(rule, class_of(rule, release.policy, hazard), release.policy)
    settled = rule.settled_by(about, release) if rule.settled_by else None
    remedy, meanwhile = _remedy(rule, channel, about, release)
    return Finding(
        rule=rule,
        kind=kind,
        subject=subject,
        release_class=release_class,
        channel=channel,
        breaks_old_clients=rule.breaks_old_clients if release.installed and not spared and not late else Maybe.NO,
        requires=_requires(rule, channel, about, release),
        evidence=_first(s.detail for s in group if s.detail),
        details=_first(s.detail or in_words(s.subject, release, tuple(s.fields)) for s in group),
        audience=tuple(sorted(audience)),
        why=why,
        hazard=hazard,
        at_most=max(release_class, _ceiling(rule, release)) if rule.undecided else release_class,
        unless=settled.unless if settled else "",
        setting=settled.line if settled else "",
        remedy=remedy,
        meanwhile=meanwhile,
        carriers=carriers(group, release),
    )


def _judged(rule: Rule, own: ReleaseClass, policy: Policy) -> tuple[ReleaseClass, ReleaseClass]:
    """The class and the channel of what a rule says, as far as a team judges the rule in another way: one that it
    lowers is never raised by that where less is at stake than the rule warns of, nor the other way round."""
    severity = policy.severity.get(rule.id)
    if severity is None:
        return own, rule.channel
    given = severity.release_class
    judged = (min if given < class_of(rule, policy) else max)(own, given)
    return judged, rule.channel if judged in (DESTRUCTIVE, own) else judged


def _first(texts: Iterable[str]) -> tuple[str, ...]:
    """The first of some texts, and how many more there are: each row that a finding explains carries them."""
    told = tuple(texts)
    return told if len(told) <= _EVIDENCE else (*told[:_EVIDENCE], f"and {len(told) - _EVIDENCE} more")


def _ceiling(rule: Rule, release: Release) -> ReleaseClass:
    """The highest class of what a rule leaves open, in this app: no data is lost where no device holds any, and
    no binary is needed where there is none."""
    holds = {DESTRUCTIVE: release.installed, FULL_RELEASE: release.old.native or release.new.native}
    return next(c for c in sorted(ReleaseClass, reverse=True) if c <= rule.at_most and holds.get(c, True))


def _requires(rule: Rule, channel: ReleaseClass, about: Subject, release: Release) -> Requires:
    """What a rule asks for: nothing that waits for devices where none are installed, no synchronisation of what
    none uploads, as of mode Never, and no binary for what a team says to travel without one."""
    if (
        (rule.requires in _FOR_DEVICES and not release.installed)
        or (rule.requires is Requires.DRAIN and _never_uploaded(about))
        or (rule.requires is Requires.NEW_BINARY and _spared_the_stores(rule, channel))
    ):
        return Requires.EITHER_ORDER
    return rule.requires


def _remedy(rule: Rule, channel: ReleaseClass, about: Subject, release: Release) -> tuple[Remedy, str]:
    """What to do, and what the release must hold meanwhile: nothing by devices where none are installed, and no new
    binary for what a team says to travel without one. What a synchronisation passes over, as objects of mode Never, is
    uploaded by one of selected objects only, and the client must have one."""
    if rule.remedy in _BY_DEVICES and not release.installed:
        return Remedy.NONE, ""
    if rule.remedy is Remedy.STORE and _spared_the_stores(rule, channel):
        return Remedy.NONE, ""
    if rule.remedy in (Remedy.SYNC_FIRST, Remedy.LATER) and _never_uploaded(about):
        return Remedy.LATER, "; ".join(filter(None, (rule.meanwhile, _BY_SELECTION)))
    return rule.remedy, rule.meanwhile


def _spared_the_stores(rule: Rule, channel: ReleaseClass) -> bool:
    """A team judges a rule in a way that what it speaks of travels without a new binary."""
    return channel is not rule.channel and channel < FULL_RELEASE


def _never_uploaded(about: Subject) -> bool:
    return isinstance(about, SyncChange) and about.modes[0] == NEVER
