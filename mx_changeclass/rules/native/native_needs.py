"""What files beside the model need from the binary."""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.changes.change import Added, Change, Changed
from mx_changeclass.graphs.native_dependencies import PREFIX, resolved
from mx_changeclass.model.kinds.native import NativeBinary
from mx_changeclass.model.native_templates import pinned
from mx_changeclass.model.snapshot import Element
from mx_changeclass.rules.engine.release import Release


def native_needs(change: Change, release: Release) -> tuple[str, ...]:
    """Native modules that a file lists now and did not list before, that native profiles reach through it, and
    that neither the released binary's template nor anything else in the old version has."""
    if not isinstance(change, (Added, Changed)) or not meets_binary(change, release):
        return ()
    before = _listed(change.old_row) if isinstance(change, Changed) else {}
    linked = in_released_binary(release)
    needed = []
    for name, version in sorted(_listed(change.new_row).items()):
        known = release.old.dependencies.packages.get(name)
        had = linked.get(name) == resolved(version) or (known is not None and resolved(version) in known.resolved)
        if name not in before and not had:
            needed.append(f"{name} {version}")
    return tuple(needed)


def meets_binary(change: Change, release: Release) -> bool:
    """Whether native clients get the change, and binaries are out that may lack what it needs."""
    return release.old.native and release.reached_native(change)


def in_released_binary(release: Release) -> Mapping[str, str]:
    """The npm packages that released binaries were built with, each with its version without range mark: those that
    the native template pins, that its folder asks for, and that the build linked for the project."""
    binary = NativeBinary(release.old.binary) if release.old.binary else None
    own = {**binary.dependencies, **binary.linked} if binary else {}
    return {name: resolved(version) for name, version in {**pinned(release.template), **own}.items()}


def _listed(row: Element) -> Mapping[str, str]:
    return {k.removeprefix(PREFIX): str(v) for k, v in row.props.items() if k.startswith(PREFIX)}
