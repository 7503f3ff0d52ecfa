"""A candidate against every released version that is still in the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from attrs import evolve, fields, frozen

from mx_changeclass.errors import PolicyError
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.policy import Policy
from mx_changeclass.regex import regex
from mx_changeclass.vocabulary import DESTRUCTIVE, Hazard, Maybe, ReleaseClass

_TEMPLATE = regex(r"v?\d+\.\d+\.\d+")
Judge = Callable[[Snapshot, Snapshot, Policy], Verdict]


@frozen
class FleetVersion:
    """A released version that devices still run, as a ``[[version]]`` table of the configuration states it.

    ``model`` is what ``read`` takes; ``native_template`` that of its binary, "" where not known; ``over_the_air``
    whether that binary takes updates, None where the model's own switch counts. ``devices`` is its share of them, from
    0 to 1, and ``offline_days`` the longest that one is offline, None where not known. ``server``: the server runs it.
    """

    label: str
    model: str | Snapshot
    native_template: str = ""
    over_the_air: bool | None = None
    devices: float | None = None
    offline_days: int | None = None
    server: bool = False

    @classmethod
    def of(cls, table: object) -> FleetVersion:
        """Of plain values. Raises ``PolicyError``."""
        if isinstance(table, FleetVersion):
            return table
        if not isinstance(table, Mapping):
            raise PolicyError("a version must be a table. Write [[version]]")
        known = [a.name for a in fields(cls)]
        if unknown := sorted({*table} - {*known}):
            raise PolicyError(f"{unknown[0]!r} is nothing that a version has. Use {', '.join(known)}")
        for key, fits, advice in _SHAPES:
            if key in table and not fits(table[key]):
                raise PolicyError(f"{key!r} cannot be {table[key]!r}. Give {advice}")
        if missing := [key for key in ("label", "model") if key not in table]:
            raise PolicyError(f"a version needs {missing[0]!r}. Say what it is called, and where its model is")
        return cls(**table)


_SHAPES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("label", lambda v: isinstance(v, str) and bool(v.strip()), "a text"),
    ("model", lambda v: isinstance(v, (str, Snapshot)) and v not in ("", "none"), "the model that was released"),
    ("native_template", lambda v: isinstance(v, str) and bool(_TEMPLATE.fullmatch(v)), "a version, such as 14.1.13"),
    ("over_the_air", lambda v: isinstance(v, bool), "true or false"),
    ("devices", lambda v: type(v) in (int, float) and 0 <= v <= 1, "a share from 0 to 1"),
    ("offline_days", lambda v: type(v) is int and v >= 0, "a number of days"),
    ("server", lambda v: isinstance(v, bool), "true or false"),
)


@frozen(order=True)
class Danger:
    """What a rule says of a subject, under the name that it has in the candidate, or had at last; "" is the app."""

    subject: str
    rule: str


@frozen
class InField:
    """What the candidate means for one version in the field.

    ``verdict`` compares it with the candidate, ``today`` with what the server runs, None where that is it. Of what is
    DESTRUCTIVE or breaks installed apps, ``added`` comes with the candidate, ``stands_already`` with what the server
    runs, and ``over_several_releases`` is shown by none of the releases between the version and the candidate.
    ``only_here`` are dangers that no other version meets, ``undecided`` what may be worse than its class says.
    ``adds_loss``: what comes with the candidate costs data, or
    may do so.
    """

    version: FleetVersion
    verdict: Verdict
    today: Verdict | None
    added: tuple[Danger, ...]
    stands_already: tuple[Danger, ...]
    only_here: tuple[Danger, ...]
    over_several_releases: tuple[Danger, ...]
    undecided: tuple[Danger, ...]
    adds_loss: bool

    @property
    def may_stay(self) -> bool:
        """No data of its devices is at stake, nor may it be."""
        return self.verdict.at_most is not DESTRUCTIVE

    @property
    def must_sync_first(self) -> bool:
        """The candidate costs data of its devices that have not synchronised before it is deployed."""
        return self.verdict.release_class is DESTRUCTIVE and self.adds_loss

    @property
    def at_stake_already(self) -> bool:
        """What the server runs costs data of its devices already; the candidate adds nothing to that."""
        return self.verdict.release_class is DESTRUCTIVE and not self.adds_loss

    @property
    def is_open(self) -> bool:
        """It could not be decided whether data of its devices is at stake."""
        return self.verdict.release_class < self.verdict.at_most is DESTRUCTIVE


@frozen
class Fleet:
    """A candidate against the versions in the field, in the order given. ``server`` is the one that the server runs.
    The verdicts are ``detached``."""

    candidate: Snapshot
    versions: tuple[InField, ...]
    server: InField

    def __repr__(self) -> str:
        told = ", ".join(f"{each.version.label} {each.verdict.release_class}" for each in self.versions)
        return f"<Fleet {self.release_class}: {told}>"

    @property
    def release_class(self) -> ReleaseClass:
        """The worst that the candidate means for any of them."""
        return max(each.verdict.release_class for each in self.versions)

    @property
    def at_most(self) -> ReleaseClass:
        """The worst that it may mean once all is decided."""
        return max(each.verdict.at_most for each in self.versions)

    @property
    def unwaived_class(self) -> ReleaseClass:
        """The worst of what no waiver covers."""
        return max(each.verdict.unwaived_class for each in self.versions)

    @property
    def unwaived_at_most(self) -> ReleaseClass:
        return max(each.verdict.unwaived_at_most for each in self.versions)

    @property
    def decided(self) -> bool:
        return all(each.verdict.decided for each in self.versions)

    @property
    def half_saved(self) -> bool:
        return any(each.verdict.half_saved for each in self.versions)

    @property
    def destructive(self) -> tuple[tuple[Row, tuple[InField, ...]], ...]:
        """The changes that are DESTRUCTIVE for a version, each as the first tells it, with those for which it is."""
        found: dict[tuple[str, ...], tuple[Row, list[InField]]] = {}
        for each in self.versions:
            for row in each.verdict.rows:
                if row.release_class is DESTRUCTIVE:
                    key = row.fingerprint, row.kind, row.name, row.what
                    found.setdefault(key, (row, []))[1].append(each)
        return tuple((row, tuple(where)) for row, where in found.values())

    def to_dict(self) -> dict[str, Any]:
        """The document of ``fleet --format json``, version 1."""
        from mx_changeclass.findings.document import model

        return {
            "schema": 1,
            "candidate": model(self.candidate),
            "worst": str(self.release_class),
            "at_most": str(self.at_most),
            "unwaived": {"class": str(self.unwaived_class), "at_most": str(self.unwaived_at_most)},
            "deploy": {
                "channel": str(self.server.verdict.channel),
                "server_data_loss": self.server.verdict.server_data_loss,
            },
            "versions": [_told(each) for each in self.versions],
            "may_stay": [e.version.label for e in self.versions if e.may_stay],
            "must_sync_first": [e.version.label for e in self.versions if e.must_sync_first],
            "at_stake_already": [e.version.label for e in self.versions if e.at_stake_already],
            "undecided": [e.version.label for e in self.versions if e.is_open],
            "changes": [
                {
                    "fingerprint": row.fingerprint,
                    "name": row.name,
                    "what": row.what,
                    "class": {
                        each.version.label: str(r.release_class)
                        for each in self.versions
                        for r in each.verdict.rows
                        if (r.fingerprint, r.kind, r.name, r.what) == (row.fingerprint, row.kind, row.name, row.what)
                    },
                }
                for row, _ in self.destructive
            ],
        }


def _told(each: InField) -> dict[str, Any]:
    from mx_changeclass.findings.document import model

    version, verdict = each.version, each.verdict
    return {
        "label": version.label,
        "model": model(verdict.old),
        "native_template": version.native_template or None,
        "over_the_air": version.over_the_air,
        "devices": version.devices,
        "offline_days": version.offline_days,
        "server": version.server,
        "today": str(each.today.release_class) if each.today else None,
        "class": str(verdict.release_class),
        "at_most": str(verdict.at_most),
        "channel": str(verdict.channel),
        "breaks_old_clients": verdict.breaks_old_clients,
        **{
            key: [[danger.rule, danger.subject] for danger in getattr(each, key)]
            for key in ("added", "stands_already", "only_here", "over_several_releases", "undecided")
        },
    }


def fleet_of(
    candidate: Snapshot, versions: Sequence[FleetVersion], models: Sequence[Snapshot], policy: Policy, judge: Judge
) -> Fleet:
    """A candidate against versions whose models are given beside them, oldest first; ``judge`` classifies what lies
    between two models. Each version is judged under its own binary. Raises ``PolicyError`` for versions that cannot be
    a fleet."""
    server = _server(versions)
    versions = [evolve(each, server=i == server) for i, each in enumerate(versions)]
    chain = [*models, candidate]
    last = len(models)

    @cache
    def judged(old: int, new: int) -> Verdict:
        return judge(chain[old], chain[new], _under_binary(policy, versions[old], newest=old == last - 1))

    names = _Names([judged(i, i + 1).changes.renames for i in range(last)])
    dangers = [names.dangers(judged(i, last), i, last) for i in range(last)]
    shown = [{danger for _, danger in names.dangers(judged(i, i + 1), i, i + 1)} for i in range(last)]
    found = []
    for i, each in enumerate(versions):
        same = i == server or bool(models[i].digest and models[i].digest == models[server].digest)
        today = None if same else judged(i, server)
        # The same words, or else it is another danger of the same element: what it costs may be more now.
        said = {(danger, f.details) for f, danger in names.dangers(today, i, server)} if today else set()
        grave = {danger for f, danger in dangers[i] if _is_grave(f)}
        fresh = [(f, danger) for f, danger in dangers[i] if _is_grave(f) and (danger, f.details) not in said]
        added = {danger for _, danger in fresh}
        elsewhere = {danger for j in range(last) if j != i for _, danger in dangers[j]}
        feared = {danger for f, danger in dangers[i] if f.hazard is not Hazard.NONE or _is_grave(f)}
        verdict = judged(i, last)
        found.append(
            InField(
                version=each,
                verdict=verdict,
                today=today,
                added=tuple(sorted(added)),
                stands_already=tuple(sorted(grave - added)),
                only_here=tuple(sorted(feared - elsewhere)) if last > 1 else (),
                over_several_releases=tuple(sorted(grave - set().union(*shown[i:]))),
                undecided=tuple(sorted({danger for f, danger in dangers[i] if f.at_most > verdict.release_class})),
                adds_loss=any(f.at_most is DESTRUCTIVE for f, _ in fresh),
            )
        )
    bare = [evolve(e, verdict=e.verdict.detached(), today=e.today and e.today.detached()) for e in found]
    return Fleet(candidate.detached(), tuple(bare), bare[server])


def _server(versions: Sequence[FleetVersion]) -> int:
    """Which of the versions the server runs: the one that says so, else the newest."""
    if not versions:
        raise PolicyError("no version is in the field. Write [[version]] tables, or give --against")
    labels = [each.label for each in versions]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise PolicyError(f"two versions are called {twice!r}. Give each a label of its own")
    running = [i for i, each in enumerate(versions) if each.server]
    if len(running) > 1:
        raise PolicyError(f"the server cannot run both {labels[running[0]]!r} and {labels[running[1]]!r}. Correct one")
    return running[0] if running else len(versions) - 1


def _under_binary(policy: Policy, version: FleetVersion, *, newest: bool) -> Policy:
    """The policy with what is known of the binary of a version; what is stated of "the released binary" alone is that
    of the newest."""
    template = version.native_template or (policy.native_template if newest else "")
    takes = policy.ota_in_binary if version.over_the_air is None and newest else version.over_the_air
    return evolve(policy, native_template=template, ota_in_binary=takes)


def _is_grave(finding: Finding) -> bool:
    return finding.release_class is DESTRUCTIVE or finding.breaks_old_clients is Maybe.YES


@frozen
class _Names:
    """The names of elements in each version of a chain, led on to the last; ``renames`` are those of each step."""

    renames: Sequence[Mapping[str, str]]

    def dangers(self, verdict: Verdict, old: int, new: int) -> list[tuple[Finding, Danger]]:
        """What is said between two versions, under the last name of each subject. A finding names its subject as the
        new model does, and what is gone as the old one did."""
        gone = {(row.kind, row.name) for row in verdict.rows if row.verb == "removed"}
        since = ((f, old if (f.kind, f.subject) in gone else new) for f in verdict.findings)
        return [(f, Danger(self._led_on(f.subject, version), f.rule.id)) for f, version in since]

    def _led_on(self, name: str, version: int) -> str:
        for renames in self.renames[version:]:
            name = renames.get(name, name)
        return name
