"""A Studio Pro version and the native template of the released binary: does the new client fit the old binary.

Three answers hear a version move, and exactly one of them speaks: the binary must be renewed, it still fits,
or nobody said which template it was built with.
"""

from __future__ import annotations

from mx_changeclass.model.native_templates import (
    TemplateRange,
    accepts,
    binary_version_of,
    checked,
    disjoint,
    expected_binary_version,
    template_range,
)
from mx_changeclass.model.versions import Version
from mx_changeclass.rules.engine.release import Release, VersionChange
from mx_changeclass.rules.engine.rule import Settlement, rule
from mx_changeclass.rules.questions import both, meets_clients
from mx_changeclass.vocabulary import FULL_RELEASE, NEEDS_REDEPLOY, Certainty, Maybe, Remedy, Requires


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    source="S3.2; NT Versioning; native-template mendix_version.json; REAL 13",
    certainty=Certainty.DOCUMENTED,
    mitigation="Keep the upgrade apart from feature work, and ship a new binary.",
)
def sp_upgrade_template_change(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro version needs a newer native template than the released binary has

    The new client code expects native libraries that the installed binary lacks.
    """
    fit = _Fit.of(move, release)
    return fit is not None and not fit.within_patch and (fit.below or fit.apart) and fit.told


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    remedy=Remedy.OTHER_VERSION,
    source="NT Versioning; native-template mendix_version.json",
    certainty=Certainty.DOCUMENTED,
    mitigation="Skip the versions in between, or rebuild with the template that is allowed.",
)
def sp_upgrade_template_ceiling(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro version accepts only older native templates than the released binary has

    A binary that is too new is as wrong as one that is too old.
    """
    fit = _Fit.of(move, release)
    return fit is not None and not fit.within_patch and fit.above and fit.told


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    since="11.6.5",
    source="native-template mendix_version.json; NT17 17.1.0",
    certainty=Certainty.DOCUMENTED,
    mitigation="Compare full versions, never only major and minor; ship a new binary.",
)
def sp_upgrade_patch_template_trap(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro patch asks for another native template than the released binary has

    11.6.5 needs template 17.1 while 11.6.0 to 11.6.4 need 17.0, because a native list library was added.
    """
    fit = _Fit.of(move, release)
    return fit is not None and fit.within_patch and not fit.fits and not fit.open and fit.told


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    source="native-template PR 1043; NT14 14.1.4",
    certainty=Certainty.DOCUMENTED,
    mitigation="Build with a template that carries the expected binary version (14.1.4 or newer for 10.24).",
)
def sp_upgrade_binary_version_mismatch(release: Release, _: Release) -> bool | str:
    """Binary and server disagree on the native binary version, so no update over the air is taken

    The template range allows the template, and yet its binary version is not the one that the runtime asks for.
    """
    if not both(release, "native") or release.ota_off or not meets_clients(release):
        return False
    return _mismatch(release)


@rule(
    FULL_RELEASE,
    requires=Requires.NEW_BINARY,
    breaks_old_clients=Maybe.MAYBE,
    since="9.7.0",
    source="NT6 6.2.7",
    certainty=Certainty.DOCUMENTED,
    mitigation="Release binaries with 6.2.7 or a newer template first.",
)
def sp_upgrade_template_before_updates(release: Release, _: Release) -> bool | str:
    """Native template that takes no updates over the air yet

    Studio Pro accepts the template, but what loads updates from the runtime came with a later one.
    """
    if not both(release, "native") or release.ota_off or not meets_clients(release) or _mismatch(release):
        return False
    return _before_updates(release)


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    source="NT Versioning; OTA When a Full Release Is Required; REAL 11",
    certainty=Certainty.DOCUMENTED,
)
def sp_upgrade_same_template(move: VersionChange, release: Release) -> bool:
    """Studio Pro version moves, no new binary is needed

    Runtime and clients change together when the app is deployed.
    """
    if move.old == move.new:
        return False
    fit = _Fit.of(move, release)
    taken = release.ota_off or not (_mismatch(release) or _before_updates(release))
    return fit is None or ((fit.fits or fit.inside) and taken)


def _template_stated(move: VersionChange, release: Release) -> Settlement | None:
    """The templates that the new version takes, where they are known: one of them in the stores is enough."""
    taken = template_range(move.new)
    if release.template or taken is None:
        return None
    return Settlement(f"the stores hold native template {taken}", f'native_template = "{taken.minimum}"')


@rule(
    NEEDS_REDEPLOY,
    requires=Requires.SERVER_FIRST,
    breaks_old_clients=Maybe.MAYBE,
    breaks_by_bundle=True,
    undecided=True,
    at_most=FULL_RELEASE,
    settled_by=_template_stated,
    source="REAL 13; native-template mendix_version.json",
    mitigation="Write the native template of the released binary as native_template into mx-changeclass.toml; look a "
    "newer version up in mendix_version.json of mendix/native-template.",
)
def sp_upgrade_template_unknown(move: VersionChange, release: Release) -> bool | str:
    """Studio Pro version moves, and whether it takes the released binary is not known

    The native template of the binary is not stated, or one of both is newer than the table of what fits.
    """
    fit = _Fit.of(move, release)
    return fit is not None and fit.open and fit.told


class _Fit:
    """How the released binary stands to the templates that the new version accepts."""

    def __init__(
        self, move: VersionChange, old: TemplateRange | None, new: TemplateRange | None, template: str
    ) -> None:
        self.move, self.old, self.new, self.template = move, old, new, template
        self.release = Version.of(template.lstrip("v")) if template else None

    @classmethod
    def of(cls, move: VersionChange, release: Release) -> _Fit | None:
        """None where no installed native app lives on, or the version is the same."""
        if move.old == move.new or not both(release, "native"):
            return None
        return cls(move, template_range(move.old), template_range(move.new), release.template)

    @property
    def fits(self) -> bool:
        return self.new is not None and bool(accepts(self.new, self.template))

    @property
    def below(self) -> bool:
        """The template is too old."""
        low = Version.of(self.new.minimum) if self.new else None
        return self.release is not None and low is not None and self.release < low

    @property
    def above(self) -> bool:
        """The template is too new."""
        return self.new is not None and not self.below and accepts(self.new, self.template) is False

    @property
    def apart(self) -> bool:
        """The template is not known, but no template fits both versions."""
        return self.release is None and self.old is not None and self.new is not None and disjoint(self.old, self.new)

    @property
    def inside(self) -> bool:
        """The template is not known, but nothing about templates moved between the versions, and each one that
        fits takes updates over the air."""
        return self.release is None and self.new is not None and self.old == self.new and not self.new.minimum_for_ota

    @property
    def open(self) -> bool:
        return not (self.fits or self.below or self.above or self.apart or self.inside)

    @property
    def within_patch(self) -> bool:
        """Only the patch of the version differs, from 11.6.5 on: before it, no patch moved a template."""
        old, new = self.move.old, self.move.new
        return (old.major, old.minor) == (new.major, new.minor) and new >= Version(11, 6, 5)

    @property
    def told(self) -> str:
        if self.apart:
            return f"Studio Pro {self.move.old} takes native template {self.old}, {self.move.new} takes {self.new}"
        end, day = checked()
        newer = f"{self.move.new} is newer than the table of native templates, which ends at {end} of {day}"
        wanted = f"{self.move.new} takes native template {self.new}" if self.new else newer
        had = f"is {self.template}" if self.template else "is not stated"
        return f"Studio Pro {wanted}; that of the released binary {had}"


def _before_updates(release: Release) -> str:
    """The template that is allowed and older than updates over the air, "" where it is not so."""
    template = release.planned_template or release.template
    version = release.new.version
    templates = template_range(version) if version and version >= Version(9, 7) else None
    low, had = Version.of(templates.minimum_for_ota) if templates else None, Version.of(template.lstrip("v"))
    if templates is None or low is None or had is None or had >= low or not accepts(templates, template):
        return ""
    return f"template {template}, updates need {templates.minimum_for_ota}"


def _mismatch(release: Release) -> str:
    """The two binary versions that differ although the template is allowed, "" where they agree or are unknown."""
    version = release.new.version
    template = release.planned_template or release.template
    templates = template_range(version) if version else None
    if version is None or templates is None or not accepts(templates, template):
        return ""
    wanted, carried = expected_binary_version(version), binary_version_of(template)
    if wanted is None or carried is None or wanted == carried:
        return ""
    return f"Studio Pro {version} asks for native binary version {wanted}, template {template} carries {carried}"
