"""The kinds of cases: each damages a seed by a source of chance, reads it, and says how that ended."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from mx_changeclass import compare, render
from mx_changeclass.errors import MxError, ReadError
from mx_changeclass.graphs.footprint import footprint_of
from mx_changeclass.model.snapshot import Rows, Snapshot
from mx_changeclass.readers import read
from mx_changeclass.readers.configuration import read_configuration
from mx_changeclass.readers.native_app import facts_unit, native_unit
from mx_changeclass.readers.side_files.collect import side_units
from mx_changeclass.readers.units import stored_unit
from mx_changeclass.reports import FORMATS, catalogue
from mx_changeclass.reports.footprint import footprint_text
from tests.builders.build import write_v2
from tests.builders.specimen import specimen
from tests.fuzz import seeds
from tests.fuzz.damage import Random, bson_damaged, bytes_damaged, damaged_as

READ, REFUSED = "read", "refused"
_PLAIN = (str, bool, int, float)
Case = Callable[[Random], str]


class Fault(AssertionError):
    """What was read breaks a promise."""


def check_rows(rows: Rows) -> None:
    """Rows hold plain values only, root first, ids once."""
    if len({row.id for row in rows}) < len(rows):
        raise Fault("an id stands twice in a unit")
    for row in rows:
        if not (isinstance(row.id, str) and isinstance(row.type, str) and isinstance(row.name, str)):
            raise Fault(f"a head is no text: {row!r:.200}")
        for key, value in row.props.items():
            if not isinstance(key, str) or not all(isinstance(v, _PLAIN) for v in _each(value)):
                raise Fault(f"a value is none of a row: {key!r:.50}: {value!r:.100}")


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def check_line(error: MxError) -> str:
    """An error is one line that says what to do."""
    line = str(error)
    if not line.strip() or "\n" in line or not line.isprintable():
        raise Fault(f"no line of error: {line!r:.200}")
    return REFUSED


def expanded(model: Snapshot) -> str:
    for unit_id in model.units:
        try:
            check_rows(model.rows(unit_id))
        except ReadError as error:
            check_line(error)
    return READ


@cache
def folder() -> Path:
    """A place for files: a sound project, and the same one to be damaged."""
    place = Path(tempfile.mkdtemp(prefix="fuzz-"))
    side = {path: content for path, content in seeds.side_files().items() if not path.startswith("app/")}
    for name in ("sound", "other"):
        write_v2(specimen(), place / name, side=side)
    return place


@cache
def sound() -> Snapshot:
    return read(folder() / "sound")


def unit(by: Random) -> str:
    """The BSON of a document."""
    content = by.choice(list(seeds.units().values()))
    content = (bytes_damaged, bson_damaged, bson_damaged)[by.randrange(3)](content, by)
    try:
        stored_unit.header(content)
        check_rows(stored_unit.decode(content, "unit"))
    except stored_unit.BrokenUnit:
        return REFUSED
    return READ


def model(by: Random) -> str:
    """A model that is one file."""
    name = by.choice(list(seeds.models()))
    content = by.choice(damaged_as(name))(seeds.models()[name], by)
    path = folder() / "model"
    path.write_bytes(content)
    try:
        return expanded(read(path))
    except ReadError as error:
        return check_line(error)


def side_file(by: Random) -> str:
    """One of the files beside a model."""
    files = dict(seeds.side_files())
    path = by.choice(list(files))
    files[path] = by.choice(damaged_as(path))(files[path], by)
    try:
        found, _ = side_units(files, files.get)
        for one in found.values():
            check_rows(one.load())
    except ReadError as error:
        return check_line(error)
    return READ


def native(by: Random) -> str:
    """A native app: a template folder or a facts file."""
    try:
        if by.randrange(2):
            check_rows(facts_unit(by.choice(damaged_as("facts"))(seeds.texts()["facts"], by), "facts").load())
        else:
            files = {p[4:]: c for p, c in seeds.side_files().items() if p.startswith("app/")}
            path = by.choice(list(files))
            files[path] = by.choice(damaged_as(path))(files[path], by)
            check_rows(native_unit(files, files.get, "template").load())
    except ReadError as error:
        return check_line(error)
    return READ


def configuration(by: Random) -> str:
    """A configuration."""
    path = folder() / "mx-changeclass.toml"
    path.write_bytes(bytes_damaged(seeds.texts()["configuration"], by))
    try:
        read_configuration(path, chosen=False).policy()
    except MxError as error:
        return check_line(error)
    return READ


def report(by: Random) -> str:
    """A JSON report that a row is looked up in."""
    content = by.choice(damaged_as("report"))(seeds.texts()["report"], by)
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return REFUSED
    rows = json.loads(seeds.texts()["report"])["changes"]
    try:
        catalogue.explain(by.choice(rows)["fingerprint"], told if isinstance(told, dict) else None)
    except MxError as error:
        return check_line(error)
    return READ


def verdict(by: Random) -> str:
    """A project with one damaged document or file, compared with the sound one, in any report."""
    place = folder() / "other"
    paths = [p for p in sorted(place.rglob("*")) if p.is_file() and p.name != "mprname"]
    path = by.choice(paths)
    content = path.read_bytes()
    ways = (bytes_damaged, bson_damaged, bson_damaged) if path.suffix == ".mxunit" else damaged_as(path.name)
    path.write_bytes(by.choice(ways)(content, by))
    try:
        other = read(place)
        pair = (sound(), other) if by.randrange(2) else (other, sound())
        render(compare(*pair), by.choice(FORMATS), everything=bool(by.randrange(2)))
        footprint_text(footprint_of(other))
    except MxError as error:
        return check_line(error)
    finally:
        path.write_bytes(content)
    return READ


# A kind, and how many of a hundred cases it gets.
KINDS: Mapping[str, tuple[Case, int]] = {
    "unit": (unit, 38),
    "model": (model, 12),
    "side_file": (side_file, 20),
    "native": (native, 12),
    "configuration": (configuration, 8),
    "report": (report, 6),
    "verdict": (verdict, 4),
}
