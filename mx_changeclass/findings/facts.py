"""The facts that decide how a verdict is read: what is out in the field, what is open, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from mx_changeclass.changes.change import UNSEEN
from mx_changeclass.vocabulary import FULL_RELEASE, ReleaseClass

if TYPE_CHECKING:
    from mx_changeclass.findings.finding import Row, Verdict
    from mx_changeclass.rules.engine.release import Release

# Rules that ask for a binary only because the released one takes no updates over the air.
BY_SWITCH = frozenset({"nav-ota-off-client-change", "nav-ota-off-rename"})


@frozen
class Released:
    """The app that people have. ``ota`` says whether it takes updates over the air, None where that is not known or
    no native app was released; ``template`` is its native template, "" where not known. Each is known from the
    ``configuration``, the ``model`` or the ``native app`` beside it; "" where it is not known. ``installed``: it
    lives on devices, as native or offline web apps do."""

    installed: bool = False
    ota: bool | None = None
    ota_from: str = ""
    template: str = ""
    template_from: str = ""


@frozen
class Facts:
    """What decides how a verdict is read, each with a way to its rows.

    ``waiting`` are the fingerprints of the rows that need the stores only because the released binary takes no
    updates over the air, of ``store`` rows that need them; ``undecided`` those of rows of which something is open.
    ``ignored`` counts the changed files that the configuration left out, ``unseen`` tells what was not compared,
    ``set_aside`` counts the differing values without meaning.
    """

    release_class: ReleaseClass
    at_most: ReleaseClass
    studio_pro: tuple[str, str]
    released: Released
    store: int
    waiting: tuple[str, ...]
    undecided: tuple[str, ...]
    ignored: int
    unseen: tuple[str, ...]
    set_aside: int


def released_of(release: Release) -> Released:
    """What is known of the app that people have before a release."""
    stated = release.policy
    switches = {p.ota for p in release.old.profiles if p.kind == "native"}
    by_model = None if not switches or None in switches else False not in switches
    ota = by_model if stated.ota_in_binary is None else stated.ota_in_binary
    by = "configuration" if stated.ota_in_binary is not None else "model" if by_model is not None else ""
    template_by = "configuration" if stated.native_template else "native app" if release.template else ""
    return Released(release.installed, ota, by, release.template, template_by)


def facts_of(verdict: Verdict) -> Facts:
    """The facts of a verdict."""
    noise = verdict.accountability.by_noise
    return Facts(
        release_class=verdict.release_class,
        at_most=verdict.at_most,
        studio_pro=(str(verdict.old.version or ""), str(verdict.new.version or "")),
        released=verdict.released,
        store=sum(row.channel is FULL_RELEASE for row in verdict.rows),
        waiting=tuple(row.fingerprint for row in verdict.rows if waits_for_a_binary(row)),
        undecided=tuple(row.fingerprint for row in verdict.rows if row.undecided),
        ignored=sum(told.changed for told in verdict.ignored),
        unseen=_unseen(verdict),
        set_aside=sum(count for name, count in noise.items() if name != UNSEEN),
    )


def waits_for_a_binary(row: Row) -> bool:
    """A row that would go over the air if the released binary took updates."""
    lifting = {f.rule.id for f in row.findings if f.channel is FULL_RELEASE}
    return bool(lifting) and lifting <= BY_SWITCH


def _unseen(verdict: Verdict) -> tuple[str, ...]:
    """What the two inputs did not show; parts of one kind together."""
    old, new = dict.fromkeys(verdict.old.incomplete), dict.fromkeys(verdict.new.incomplete)
    sides = [("both versions" if note in new else "old version", note) for note in old]
    sides += [("new version", note) for note in new if note not in old]
    alike: dict[tuple[str, str], list[str]] = {}
    for side, note in sides:
        subject, gap, said = note.partition(" is ")
        alike.setdefault((side, gap + said), []).append(subject)
    told = [f"{side}: {_few(subjects)}{said}" for (side, said), subjects in alike.items()]
    if verdict.old.form == "none":
        return tuple(told)
    bare = [side for side, s in (("old", verdict.old), ("new", verdict.new)) if not s.side_files]
    if bare:
        told.append(
            f"files beside the model ({' and '.join(bare)} came without them): styles, JavaScript, widgets and "
            "native dependencies were not compared"
        )
    if verdict.native and not verdict.new.native_given:
        told.append(
            "the native app (name, identifier, launcher icons, splash screen, permissions, native code): "
            "give it with --native-old and --native-new"
        )
    return tuple(told)


def _few(subjects: list[str]) -> str:
    return subjects[0] if len(subjects) == 1 else f"{subjects[0]} and {len(subjects) - 1} more, each"
