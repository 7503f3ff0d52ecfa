"""The sentences that every readable report shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.findings.words import spaced
from mx_changeclass.rules.terms import DESTRUCTIVE, FULL_RELEASE, NEEDS_REDEPLOY, NONE, OTA_SAFE, ReleaseClass

MEANING: Mapping[ReleaseClass, str] = {
    DESTRUCTIVE: "data on devices is at stake",
    FULL_RELEASE: "needs a new binary through the app stores",
    NEEDS_REDEPLOY: "needs a deploy of the server",
    OTA_SAFE: "safe to publish over the air",
}
STEPS: Mapping[str, str] = {
    "drain": "Let every device sync before this release goes out",
    "two-step-release": "Split the release: add the new part now, remove the old one when every device has synced",
    "server-first": "Deploy the server before the clients take the update",
    "all-clients-first": "Keep the old server part until every device runs the new client",
    "new-binary": "Build a new binary and release it through the app stores",
}


@frozen
class Step:
    """One thing to do, with the subjects that ask for it."""

    text: str
    subjects: tuple[str, ...]


def headline(verdict: Verdict) -> str:
    """The verdict in one line."""
    if not verdict.rows:
        return "OTA_SAFE: no change that means anything"
    text = f"{verdict.release_class}: {MEANING[verdict.release_class]}"
    if verdict.channel is NONE:
        return "OTA_SAFE: nothing of this reaches a device or the server"
    if verdict.destructive:
        text += f"; the release travels as {verdict.channel} ({MEANING[verdict.channel]})"
    return text


def cautions(verdict: Verdict) -> list[str]:
    """What a release manager must know beside the class."""
    told = []
    if verdict.breaks_old_clients:
        told.append("installed apps fail in some function until they update")
    if verdict.server_data_loss:
        told.append("the server loses data on deploy")
    if verdict.undecided:
        told.append(f"{verdict.undecided} finding{'s' if verdict.undecided > 1 else ''} could not be decided")
    return told


def unseen(verdict: Verdict) -> list[str]:
    """What the two inputs did not show."""
    old, new = dict.fromkeys(verdict.old.incomplete), dict.fromkeys(verdict.new.incomplete)
    told = [f"{'both' if note in new else 'old'}: {note}" for note in old] + [f"new: {n}" for n in new if n not in old]
    if verdict.old.form == "none":
        return told
    bare = [side for side, s in (("old", verdict.old), ("new", verdict.new)) if not s.side_files]
    if bare:
        told.append(
            f"files beside the model ({' and '.join(bare)} came without them): styles, JavaScript, widgets and "
            "native dependencies were not compared"
        )
    if verdict.native and verdict.new.native is None:
        told.append(
            "the native app (name, identifier, launcher icons, splash screen, permissions, native code): "
            "give it with --native-old and --native-new"
        )
    return told


def steps(verdict: Verdict) -> list[Step]:
    """What to do, in the order in which it is done; server-first and the like only beside a worse step
    where somebody needs to act on it."""
    told = []
    for slug in verdict.requires:
        asking = [f for f in verdict.findings if f.requires.slug == slug]
        told.append(Step(STEPS[slug], tuple(dict.fromkeys(f.subject or "the app" for f in asking))))
    return told


def leading(row: Row) -> Finding:
    """The finding that decides the class of a row."""
    return row.findings[0]


def name(row: Row) -> str:
    """The subject of a row as a reader knows it; the old name where it was renamed or removed."""
    return row.old_name if row.prop == "name" and row.old_name else row.name or "the app"


def kind(row: Row) -> str:
    """The kind in words: ``DomainModels$Entity`` is "entity"."""
    return spaced(row.kind)


def titled(row: Row) -> str:
    """The subject of a row with its kind before it: "entity Field.Order"."""
    return f"{kind(row)} {name(row)}" if row.name or row.old_name else name(row)


def groups(rows: Sequence[Row]) -> list[tuple[ReleaseClass, list[Row]]]:
    """Rows by class, worst first."""
    return [(c, same) for c in reversed(ReleaseClass) if (same := [r for r in rows if r.release_class is c])]


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def set_aside(verdict: Verdict) -> str:
    """How many differing leaves were set aside, by the name of the noise rule; "" where none were."""
    noise = verdict.accountability.by_noise
    if not noise:
        return ""
    most = sorted(noise.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{n} {count:,}" for n, count in most[:4]) + (", …" if len(most) > 4 else "")
    return f"{plural(sum(noise.values()), 'edit')} without meaning set aside ({told})"
