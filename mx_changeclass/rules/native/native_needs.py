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
    if not isinstance(change, (Added, Changed)) or not release.reached_native(change):
        return ()
    before = _listed(change.old_row) if isinstance(change, Changed) else {}
    built_in = NativeBinary(release.old.binary).linked if release.old.binary else {}
    linked = {name: resolved(version) for name, version in {**pinned(release.template), **built_in}.items()}
    needed = []
    for name, version in sorted(_listed(change.new_row).items()):
        known = release.old.dependencies.packages.get(name)
        had = linked.get(name) == resolved(version) or (known is not None and resolved(version) in known.resolved)
        if name not in before and not had:
            needed.append(f"{name} {version}")
    return tuple(needed)


def _listed(row: Element) -> Mapping[str, str]:
    return {k.removeprefix(PREFIX): str(v) for k, v in row.props.items() if k.startswith(PREFIX)}
