"""What a team states of its releases in a file (``mx-changeclass.toml``), as plain values for a ``Policy``.

A file that was found where the command ran may come from the change that is judged. So what it names is read
within its own folder only, and reports tell what it states.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, field, frozen

from mx_changeclass.errors import PolicyError
from mx_changeclass.policy import Policy
from mx_changeclass.waivers import Waiver

if TYPE_CHECKING:
    from mx_changeclass.findings.fleet import FleetVersion

_MOST_BYTES = 1 << 20
_NATIVE = ("native_old", "native_new")
_OUTSIDE = {name: f"Give it with --{name.replace('_', '-')}" for name in (*_NATIVE, "waivers")}
_GIVE = "Give the configuration with --config"


@frozen
class ConfigurationFile:
    """The settings of a file, ``source`` its name in errors and reports, the native app of each side, what it or
    a file that it names waives, and the versions in the field."""

    source: str = ""
    settings: Mapping[str, Any] = field(factory=dict)
    native: tuple[str | None, str | None] = (None, None)
    waivers: tuple[Waiver, ...] = ()
    versions: tuple[FleetVersion, ...] = ()

    def policy(self, **over: Any) -> Policy:
        """The policy that the file states, with what was said beside it. Raises ``PolicyError``."""
        policy = evolve(Policy.of(self.settings, self.source or "configuration", beside=(*_NATIVE, "waiver")), **over)
        native = {name: value for name, value in zip(_NATIVE, self.native, strict=True) if value is not None}
        said = {**self.settings, **native}
        if policy.severity:  # its reasons stand where it is told what came of it
            said["severity"] = {rule: str(given.release_class) for rule, given in policy.severity.items()}
        if self.waivers:
            said["waivers"] = len(self.waivers)
        stated = (f"{name} = {_written(value)}" for name, value in said.items())
        return evolve(policy, source=self.source, stated=tuple(sorted(stated)), waivers=self.waivers)


def read_configuration(file: Path, *, chosen: bool, judged: str = "") -> ConfigurationFile:
    """Read a configuration. One that was not ``chosen`` by whoever runs the command, but lay there, leads nowhere
    outside of its folder. ``judged`` is the folder of the model that is judged, where it has one: waivers that lie
    in it may come with the change. Raises ``PolicyError``."""
    settings = _table(file, chosen=chosen)
    old, new = (_place(settings.pop(name, None), name, file, chosen=chosen) for name in _NATIVE)
    own = _waivers(settings.pop("waiver", []), file, found=not chosen or _lies_in(file, judged))
    beside = _place(settings.pop("waivers", None), "waivers", file, chosen=chosen)
    listed = read_waivers(file.parent / beside, chosen=chosen, judged=judged) if beside else ()
    versions = _versions(settings.pop("version", []), file, chosen=chosen)
    return ConfigurationFile(str(file), settings, (old, new), (*own, *listed), versions)


def read_waivers(file: Path, *, chosen: bool, judged: str = "") -> tuple[Waiver, ...]:
    """The ``[[waiver]]`` tables of a file that holds nothing else. Raises ``PolicyError``."""
    table = _table(file, chosen=chosen)
    waivers = _waivers(table.pop("waiver", []), file, found=not chosen or _lies_in(file, judged))
    if table:
        raise PolicyError(f"{file}: {min(table)!r} is no waiver. A file of waivers holds [[waiver]] and nothing else")
    return waivers


def _lies_in(file: Path, folder: str) -> bool:
    return bool(folder) and os.path.realpath(file).startswith(os.path.join(os.path.realpath(folder), ""))


def _table(file: Path, *, chosen: bool) -> dict[str, Any]:
    import tomllib

    try:
        if not chosen and not stat.S_ISREG(file.lstat().st_mode):
            raise ValueError("is a link or no regular file")
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"is larger than {_MOST_BYTES >> 20} MB")
        return tomllib.loads(content.decode("utf-8-sig"))
    except RecursionError:
        raise PolicyError(f"{file}: is nested too deep. Correct the configuration") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise PolicyError(f"{file}: {problem}. Correct the configuration") from None


T = TypeVar("T")


def _tables(value: object, name: str, file: Path, make: Callable[[object], T]) -> tuple[T, ...]:
    """What each of some ``[[name]]`` tables stands for; one that is wrong is named by its number."""
    if not isinstance(value, list):
        raise PolicyError(f"{file}: {name!r} must be a list of tables. Write [[{name}]]")
    made = []
    for number, table in enumerate(value, 1):
        try:
            made.append(make(table))
        except PolicyError as error:
            raise PolicyError(f"{file}: {name} {number}: {error}") from None
    return tuple(made)


def _waivers(tables: object, file: Path, *, found: bool) -> tuple[Waiver, ...]:
    return _tables(tables, "waiver", file, partial(Waiver.of, source=str(file), found=found))


def _versions(tables: object, file: Path, *, chosen: bool) -> tuple[FleetVersion, ...]:
    versions = _tables(tables, "version", file, _version)
    for version in versions:
        _place(version.model, "model", file, chosen=chosen)
    return versions


def _version(table: object) -> FleetVersion:
    from mx_changeclass.findings.fleet import FleetVersion

    return FleetVersion.of(table)


def _place(value: object, name: str, file: Path, *, chosen: bool) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise PolicyError(f"{file}: {name!r} must be a text. Correct it")
    if value is None or chosen:
        return value
    folder = os.path.realpath(file.parent)
    place = os.path.realpath(os.path.join(folder, value)) if "\0" not in value else ""
    if place != folder and not place.startswith(os.path.join(folder, "")):
        raise PolicyError(f"{file}: {name!r} leads out of the folder. {_OUTSIDE.get(name, _GIVE)}")
    return value


def _written(value: object) -> str:
    """A value about as TOML writes it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(inner)}" for key, inner in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_written, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
