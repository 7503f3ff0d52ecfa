"""Options that several commands take. Each decorator gathers some into one argument of the command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from mx_changeclass.console.frame import AT_OR_ABOVE, BELOW, UNDECIDED
from mx_changeclass.console.output import Written, is_terminal, output_option, write_all
from mx_changeclass.reports import ENDINGS, FORMATS

if TYPE_CHECKING:
    from mx_changeclass.findings.finding import Verdict
    from mx_changeclass.findings.fleet import Fleet, FleetVersion
    from mx_changeclass.policy import Policy
    from mx_changeclass.vocabulary import ReleaseClass

CONFIGURATION = "mx-changeclass.toml"
_NEVER = "never"
_CLASSES = ("ota-safe", "needs-redeploy", "full-release", "destructive", _NEVER)

F = TypeVar("F", bound=Callable[..., Any])


def _gathered(name: str, make: Callable[..., Any], *options: Callable[[F], F]) -> Callable[[F], F]:
    """A decorator that adds options to a command, which hears of them as the one argument ``name``: what ``make``
    makes of their values."""

    def decorate(command: F) -> F:
        taken: list[str] = []

        @wraps(command)
        def with_one(**arguments: Any) -> Any:
            own = {each: arguments.pop(each) for each in taken}
            return command(**arguments, **{name: make(**own)})

        before = len(getattr(with_one, "__click_params__", ()))
        for option in reversed(options):
            option(with_one)
        added: list[click.Parameter] = getattr(with_one, "__click_params__")[before:]  # noqa: B009
        taken += [str(each.name) for each in added]
        return with_one  # type: ignore[return-value]

    return decorate


# -- the configuration ---------------------------------------------------------------------


@frozen
class Settings:
    """What the configuration and the options beside it state."""

    policy: Policy
    native: tuple[str | None, str | None]
    today: date
    versions: tuple[FleetVersion, ...]

    def in_field(self, *named: str) -> list[FleetVersion]:
        """The versions of these labels or models, the last of which the server runs; without any, those configured."""
        from attrs import evolve

        from mx_changeclass.findings.fleet import FleetVersion

        known = {each.label: each for each in self.versions}
        found = [known.get(each) or FleetVersion(each, each) for each in named]
        return [evolve(each, server=each is found[-1]) for each in found] or list(self.versions)


def _settings(
    config: Path | None,
    no_config: bool,
    native_template: str | None,
    native_old: str | None,
    native_new: str | None,
    waivers: Path | None,
    today: datetime | None,
    no_cache: bool,
) -> Settings:
    from attrs import evolve

    from mx_changeclass.policy import Policy
    from mx_changeclass.readers.cache import cache
    from mx_changeclass.readers.configuration import ConfigurationFile, read_configuration, read_waivers

    if not no_cache:
        click.get_current_context().with_resource(cache())
    named = click.get_current_context().params
    judged = _folder(named.get("new") or named.get("candidate") or "")
    if no_config and config:
        raise click.UsageError("--config and --no-config exclude each other")
    if no_config or (config is None and not os.path.lexists(CONFIGURATION)):
        file = ConfigurationFile()
    else:
        file = read_configuration(config or Path(CONFIGURATION), chosen=config is not None, judged=judged)
    over = {} if native_template is None else {"native_template": native_template}
    Policy.of(over, "--native-template")  # a mistake in it is none of the file
    policy = file.policy(**over)
    if waivers:
        policy = evolve(policy, waivers=(*policy.waivers, *read_waivers(waivers, chosen=True, judged=judged)))
    native = native_old or file.native[0], native_new or file.native[1]
    return Settings(policy, native, day_of(today), file.versions)


def _folder(model: str) -> str:
    """The folder of a model that is judged: of a revision, or the index, the one around here."""
    return (model if os.path.isdir(model) else os.path.dirname(model)) if os.path.exists(model) else os.curdir


def day_of(today: datetime | None) -> date:
    """The day that was given, else this one, the same for everybody on earth."""
    return (today or datetime.now(UTC)).date()


today_option = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="Day on which waivers are judged [default: this one, UTC]."
)


configured = _gathered(
    "settings",
    _settings,
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Configuration [default: {CONFIGURATION} if there is one].",
    ),
    click.option(
        "--no-config", is_flag=True, help=f"Read no {CONFIGURATION}, which may come from the change that is judged."
    ),
    click.option("--native-template", help="Version of the native template in the released binary, e.g. 14.1.13."),
    click.option(
        "--native-old",
        metavar="NATIVE",
        help="Native app that is released: a native template folder, a revision, or a facts file.",
    ),
    click.option("--native-new", metavar="NATIVE", help="Native app of this release."),
    click.option(
        "--waivers",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File of further waivers.",
    ),
    today_option,
    click.option(
        "--no-cache", is_flag=True, help="Keep no facts of what is read for later runs, and take none that are kept."
    ),
)

# -- how a verdict ends the command --------------------------------------------------------


@frozen
class Bar:
    """What a verdict is held against. ``at`` is the class that fails, None for never."""

    at: ReleaseClass | None
    maybe: bool
    strict: bool

    def exit_code(self, verdict: Verdict | Fleet) -> int:
        if self.at is not None and (verdict.unwaived_at_most if self.maybe else verdict.unwaived_class) >= self.at:
            return AT_OR_ABOVE
        # Half a commit is a state that nobody saved: a hook that lets it pass on the other half would be wrong.
        open_ = (self.strict and not verdict.decided) or (self.at is not None and verdict.half_saved)
        return UNDECIDED if open_ else BELOW


def _bar(fail_on: str, fail_on_maybe: bool, strict: bool) -> Bar:
    from mx_changeclass.vocabulary import ReleaseClass

    at = None if fail_on == _NEVER else ReleaseClass(fail_on.replace("-", "_").upper())
    return Bar(at, fail_on_maybe, strict)


class ClassName(click.Choice[str]):
    """A class, as options write it or as reports do."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(str(value).lower().replace("_", "-"), param, ctx)


judged = _gathered(
    "bar",
    _bar,
    click.option(
        "--fail-on",
        type=ClassName(_CLASSES),
        default="destructive",
        show_default=True,
        help="Exit with 1 at this class or above.",
    ),
    click.option(
        "--fail-on-maybe",
        is_flag=True,
        help="Compare with --fail-on the highest class that the verdict may have, not only the certain one.",
    ),
    click.option("--strict", is_flag=True, help="Exit with 4 where something could not be decided."),
)

# -- the reports ---------------------------------------------------------------------------

_SUMMARY = "summary"  # of the job, in the file that GitHub Actions names
_SUMMARY_FILE = "GITHUB_STEP_SUMMARY"


@frozen
class Report:
    """One report: its format, and the file it is written to; None is standard output. ``summary`` is added to its
    file."""

    format: str
    target: Path | None

    def written(self, verdict: Verdict, bar: Bar, *, everything: bool, fleet: Fleet | None) -> Written:
        from mx_changeclass.reports.rendering import options_of, render

        options: dict[str, Any] = {"everything": everything, "fail_on": bar.at, "maybe": bar.maybe}
        if self.target is None:
            options["color"] = is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
        if self.format == _SUMMARY:
            from mx_changeclass.reports.fitting import SUMMARY

            room = SUMMARY - (os.path.getsize(self.target) if self.target and self.target.exists() else 0)
            return Written(render(verdict, "markdown", budget=room, fleet=fleet), self.target, added=True)
        known = options_of(self.format)
        if fleet is not None:
            options["fleet"] = fleet
        return Written(render(verdict, self.format, **{k: v for k, v in options.items() if k in known}), self.target)


@frozen
class Reports:
    """What is written of a verdict, and where: all of it or nothing."""

    several: tuple[Report, ...]
    everything: bool

    def write(self, verdict: Verdict, bar: Bar, fleet: Fleet | None = None) -> None:
        write_all([one.written(verdict, bar, everything=self.everything, fleet=fleet) for one in self.several])

    def check_fleet(self) -> None:
        """Refuse formats that tell nothing of a fleet."""
        from mx_changeclass.reports.rendering import options_of

        for one in self.several:
            if one.format != _SUMMARY and "fleet" not in options_of(one.format):
                raise click.UsageError(f"--against is not told in {one.format}. Use text, markdown or json")


def _reports(format: str | None, output: Path | None, report: tuple[str, ...], everything: bool) -> Reports:
    main = Report(format or (output and ENDINGS.get(output.suffix.lower())) or "text", output)
    several = (main, *map(_report, report))
    files = [os.path.realpath(one.target) for one in several if one.target is not None]
    if twice := next((file for file in files if files.count(file) > 1), None):
        raise click.UsageError(f"two reports go to {os.path.basename(twice)}. Give each a file of its own")
    return Reports(several, everything)


def _report(text: str) -> Report:
    """What ``--report`` says: FORMAT=FILE, FILE where its ending tells the format, or summary."""
    if text == _SUMMARY:
        if not (file := os.environ.get(_SUMMARY_FILE)):
            raise click.UsageError(
                f"--report {text}: {_SUMMARY_FILE} is not set, as GitHub Actions does. Give markdown=FILE"
            )
        return Report(text, Path(file))
    format, named, file = text.partition("=")
    if not named:
        format, file = ENDINGS.get(os.path.splitext(text)[1].lower(), ""), text
    if format not in FORMATS or not file:
        raise click.UsageError(
            f"--report {text}: give FORMAT=FILE with a format of {', '.join(FORMATS)}; "
            f"a FILE that ends in {', '.join(ENDINGS)}; or {_SUMMARY}"
        )
    if os.path.isdir(file):
        raise click.UsageError(f"--report {text}: {file} is a folder. Give a file")
    return Report(format, Path(file))


reported = _gathered(
    "reports",
    _reports,
    click.option(
        "--format", type=click.Choice(FORMATS), help="Format of the report [default: what -o FILE ends in, or text]."
    ),
    output_option,
    click.option(
        "--report",
        metavar="FORMAT=FILE",
        multiple=True,
        help="A further report of the same comparison, as often as wanted; FILE alone where its ending tells the "
        "format; 'summary' for the summary of a job in GitHub Actions.",
    ),
    click.option("--all", "everything", is_flag=True, help="Fold nothing; list why edits were set aside as noise."),
)
