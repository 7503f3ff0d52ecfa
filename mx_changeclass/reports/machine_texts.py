"""What formats for machines say of a row: its sentence, and the file a code host shows it at."""

from __future__ import annotations

import re

from mx_changeclass.findings.finding import Row, Verdict
from mx_changeclass.legible import legible
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.vocabulary import FULL_RELEASE, Hazard, ReleaseClass
from mx_changeclass.wording import sentences
from mx_changeclass.wording.accepted import all_waived, left_over, notes, waived_mark

_IN_PLACE = ("mpr-v1", "mpr-v2", "git")  # forms whose label leads to the project's folder


def heading(row: Row) -> str:
    """The subject of a row and what happened to it, in one line."""
    return single_line(row.heading)


def message(row: Row) -> str:
    """What it means, what to do, the way to it and what else was said, in one line."""
    led = sentences.deciding(row)
    told = [row.explained(led), led.mitigation]
    if any(f.rule.undecided for f in row.findings):
        told.append(f"This could not be decided: it may be {row.at_most}.")
    if len(row.why) > 1:
        told.append(f"Reached through {' > '.join(row.why)}.")
    for other in sentences.further([row]):
        danger = f" {other.rule.reason} {other.mitigation}" if other.hazard is not Hazard.NONE else ""
        told.append(f"Also: {other.rule.title} [{other.rule.id}].{danger}".rstrip())
    return single_line(" ".join(filter(None, told)))


def weight(row: Row) -> ReleaseClass:
    """The class that a host is to rank a row by: what may be worse than it is certain to be is no mere notice."""
    return max(row.release_class, min(row.at_most, FULL_RELEASE))


def marks(row: Row, verdict: Verdict) -> str:
    """What has to be known beside its class, " (undecided, at most DESTRUCTIVE)"; "" where nothing has."""
    told = waived(row, verdict) or sentences.open_mark([row])
    return f" ({told})" if told else ""


def file(row: Row, verdict: Verdict) -> str:
    """The file of a row with slashes, from the top of the repository or else from the folder that the new model was
    named from; of something removed where it was. What has no file of its own stands in the file of the model."""
    new = verdict.new
    own = row.file or (new.mpr if new.form in _IN_PLACE else "")
    return path(_folder(new), own) or path("", new.label) or "model"


def _folder(model: Snapshot) -> str:
    """The folder of a project from the top of its repository; else as far as the label tells: ``apps/field`` does."""
    if model.folder is not None:
        return model.folder
    if model.form not in _IN_PLACE:
        return ""
    place = model.label.partition(":")[2] if model.form == "git" else model.label
    return place.replace("\\", "/").rpartition("/")[0] if place.lower().endswith(".mpr") else place


def path(folder: str, name: str) -> str:
    """A relative path that leads nowhere outside: no drive, no root, no way up."""
    parts = f"{folder}/{name}".replace("\\", "/").split("/") if name else []
    return single_line("/".join(p for p in parts if p not in ("", ".", "..") and not re.fullmatch("[A-Za-z]:", p)))


def configuration(verdict: Verdict) -> str:
    """Which configuration is in force, what it waives, and what is wrong with that, in one line; "" where none is."""
    told = (sentences.settings_in_force(verdict), left_over(verdict), *notes(verdict))
    return single_line("; ".join(filter(None, told)))


def waived(row: Row, verdict: Verdict) -> str:
    """Who accepts what is said of a row, until when and why, in one line; "" where something of it is not waived."""
    return single_line(waived_mark(verdict, [row])) if all_waived(verdict, [row]) else ""


def single_line(text: str) -> str:
    """A legible text without line breaks."""
    return legible(" ".join(text.split()))
