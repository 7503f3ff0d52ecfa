"""Changes and rules to one verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from mx_changeclass.changes.change import Changes
from mx_changeclass.changes.ledger import account
from mx_changeclass.findings.finding import Finding, Verdict
from mx_changeclass.findings.rows import rows, subject_of
from mx_changeclass.findings.words import words
from mx_changeclass.policy import Policy
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.release import DependencyChange, Release, SyncChange
from mx_changeclass.rules.engine.rule import Hit, Rule, channel_class
from mx_changeclass.rules.engine.run import listeners, run, run_on_noise
from mx_changeclass.vocabulary import (
    BLOCKED,
    DESTRUCTIVE,
    FULL_RELEASE,
    HARD_LOSS,
    RANK,
    SOFT_LOSS,
    Maybe,
    ReleaseClass,
    Requires,
)

# What waits for installed clients: where there are none yet, all comes from the server or in a first binary.
_FOR_DEVICES = frozenset({Requires.DRAIN, Requires.SERVER_FIRST, Requires.ALL_CLIENTS_FIRST})
_MOST_TOLD = 3  # so many places of one subject are told in a message


def classify(changes: Changes, policy: Policy | None = None) -> Verdict:
    """Ask the whole catalogue about every change and take the worst answer as the verdict."""
    release = Release.of(changes, policy)
    rules = listeners(catalogue().values())
    hits = run(release, rules)
    said = _findings(hits, release)
    findings = sorted(said.values(), key=_order)
    fallback = {id(s.subject) for s in hits if s.rule.chapter == "cross" and s.rule.id.startswith("agg-unknown")}
    return Verdict(
        changes=changes,
        findings=tuple(findings),
        rows=rows(hits, said, release),
        noise=tuple(sorted(_findings(run_on_noise(release, rules), release).values(), key=_order)),
        policy=release.policy,
        accountability=account(changes, frozenset(fallback)),
        native=release.old.native or release.new.native,
        ignored=release.ignored,
    )


def _order(finding: Finding) -> tuple[int, int, str, str]:
    return (-RANK[finding.release_class], -RANK[finding.channel], finding.subject, finding.rule.id)


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
    elif kind != "Projects$Project" and not isinstance(about, Release) and hasattr(about, "row"):
        audience = frozenset().union(*(release.audience(s.subject) for s in group))  # type: ignore[arg-type]
        why = release.why(about)  # type: ignore[arg-type]
    late = rule.breaks_by_bundle and release.ota_off  # the bundle that would meet an old binary does not get there
    release_class = _class(rule, release.policy)
    settled = rule.settled_by(about, release) if rule.settled_by else None
    return Finding(
        rule=rule,
        kind=kind,
        subject=subject,
        release_class=release_class,
        channel=rule.channel,
        breaks_old_clients=rule.breaks_old_clients if release.installed and not spared and not late else Maybe.NO,
        requires=rule.requires if release.installed or rule.requires not in _FOR_DEVICES else Requires.EITHER_ORDER,
        message=_message(group, release),
        audience=tuple(sorted(audience)),
        why=why,
        at_most=max(release_class, _ceiling(rule, release)) if rule.undecided else release_class,
        unless=settled.unless if settled else "",
        setting=settled.line if settled else "",
    )


def _ceiling(rule: Rule, release: Release) -> ReleaseClass:
    """The highest class of what a rule leaves open, in this app: no data is lost where no device holds any, and
    no binary is needed where there is none."""
    holds = {DESTRUCTIVE: release.installed, FULL_RELEASE: release.old.native or release.new.native}
    return next(c for c in sorted(ReleaseClass, reverse=True) if c <= rule.at_most and holds.get(c, True))


def _class(rule: Rule, policy: Policy) -> ReleaseClass:
    loss = (
        HARD_LOSS
        | (frozenset() if policy.soft_hazards else SOFT_LOSS)
        | (BLOCKED if policy.blocked_is_loss else frozenset())
    )
    return DESTRUCTIVE if rule.hazard in loss else channel_class(rule.channel)


def _message(group: list[Hit], release: Release) -> str:
    """What happened, then what it means."""
    told = list(dict.fromkeys(s.detail or words(s.subject, release, s.rule.on and _touched(s)) for s in group))
    told = [t for t in told if t]
    more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    what = "; ".join(told[:_MOST_TOLD]) + more
    return f"{what[:1].upper()}{what[1:]}. {group[0].rule.reason}" if what else group[0].rule.reason


def _touched(hits: Hit) -> tuple[str, ...]:
    fields: frozenset[str] = getattr(hits.subject, "fields", frozenset())
    return tuple(f for f in fields if any(f == on or f.startswith(on + ".") for on in hits.rule.on))
