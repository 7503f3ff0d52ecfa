"""Navigation profiles: whom an app is built for, and where each of them starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from attrs import field, frozen

from mx_changeclass.model.snapshot import Element, Rows, Snapshot, Unit
from mx_changeclass.model.types import SYNC_ROW

NATIVE = "Navigation$NativeNavigationProfile"
MOST_PROFILES = 100  # an app has one a kind of device; each is followed through the whole of it


@frozen
class Profile:
    """One navigation profile. ``kind`` is native, offline (an offline web app), web or hybrid; ``ota``
    whether the binary takes updates over the air, None where the profile has no such switch."""

    name: str
    kind: str
    ota: bool | None
    row: Element = field(repr=False)
    holds_data: bool = False  # devices of this profile keep rows in a local database

    @classmethod
    def of(cls, row: Element) -> Profile:
        if row.type == NATIVE:
            ota = row.props.get("otaEnabled")
            return cls(row.name, "native", ota if isinstance(ota, bool) else None, row, holds_data=True)
        kind = str(row.props.get("kind", ""))
        offline = kind.endswith("Offline") or row.props.get("offlineEnabled") is True
        if "Hybrid" in (kind[:6], row.name[:6]):  # a stored hybrid profile may say ``Kind: Responsive``
            return cls(row.name, "hybrid", None, row, offline)
        return cls(row.name, "offline" if offline else "web", None, row, offline)


class Navigation:
    """The navigation document of a model."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @cached_property
    def unit(self) -> Unit | None:
        live = self._snapshot.live.values()
        documents = (u for u in live if u.type == "Navigation$NavigationDocument")
        return min(documents, key=lambda u: u.id, default=None)

    @cached_property
    def rows(self) -> Rows:
        return self._snapshot.rows(self.unit.id) if self.unit else ()

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """All profiles by name."""
        tops = set(self.profile_of.values())
        return tuple(sorted((Profile.of(row) for row in self.rows if row.id in tops), key=lambda p: p.name))

    @cached_property
    def profile_of(self) -> Mapping[str, str]:
        """Row id to the id of the profile row it is, or stands under."""
        found: dict[str, str] = {}
        for row in self.rows[1:]:
            if row.parent == self.rows[0].id and row.slot == "profiles":
                found[row.id] = row.id
            elif row.parent in found:
                found[row.id] = found[row.parent]
        return found

    @cached_property
    def sync_rows(self) -> frozenset[str]:
        """Ids of the rows that configure synchronisation."""
        return frozenset(row.id for row in self.rows if row.type == SYNC_ROW)

    def sync_config(self, profile: Profile) -> Iterator[Element]:
        """The explicit synchronisation rows of a profile."""
        return (row for row in self.rows if row.id in self.sync_rows and row.parent == profile.row.id)
