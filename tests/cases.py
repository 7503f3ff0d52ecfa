"""Labelled cases: an edit of the base project and what the verdict on it must say.

A case is a TOML table. ``base`` changes both sides first, the verbs beside it the new side alone; they come
in this order: ``folder`` (fixture folders to lay into the project), ``files``, ``version``, ``rename``,
``move``, ``remove``, ``add``, ``set``, ``reid``, ``reguid``; ``then`` is a list of further such steps.
``like`` names cases, or tables without a label, whose edits are made first; in ``base`` too.
``old = "none"`` stands for a first release, ``turned`` swaps the sides. ``template`` and ``new_template`` are the
native templates of the released and the planned binary, ``declared`` what the team states of the release. ``read``
says of a side, where it matters, what its reader says: its ``form``, what is ``incomplete``, ``warnings`` and so on;
``ignore`` are the patterns of the configuration. ``failing`` is a
rule that raises.

``python -m tests.cases c043`` prints the verdict on one case, ``python -m tests.cases`` all that fail.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Finding, Row, Verdict
from mx_changeclass.model.snapshot import Rows, Snapshot, Unit
from mx_changeclass.model.versions import Version
from mx_changeclass.policy import Policy
from mx_changeclass.readers import read
from mx_changeclass.readers.side_files.collect import side_units
from mx_changeclass.readers.xml import read_xml, write_xml
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.engine.rule import Rule
from mx_changeclass.vocabulary import Hazard, Maybe, Remedy, Requires
from tests.builders.editor import Draft

FIXTURES = Path(__file__).parent.parent / "fixtures"
TEMPLATE = "14.1.13"  # of the released binary of the base project

Table = Mapping[str, Any]

_FRAME = attrgetter("type", "name", "container", "slot", "excluded", "missing", "file")  # of a unit, around its rows


@frozen(eq=False)
class Case:
    """One edit. ``label`` is what is expected of it: exact ``speaks`` for the case of a rule; ``class``,
    ``at_most``, ``channel`` and the least ``rules`` for a labelled case, and where they matter rules that must be
    ``silent``, ``hazards``, what the release ``requires`` and words of a message (``says``).

    ``rule`` is the rule that the case belongs to, "" for none. Where it speaks, ``finding`` is what it says there by
    itself (see ``stated``); then the verdict has the same ``class`` and ``channel`` unless the label tells others,
    because another rule is worse."""

    id: str
    table: Table
    label: Table
    rule: str = ""

    @property
    def policy(self) -> Policy:
        return Policy(
            native_template=self._of("template", TEMPLATE),
            new_native_template=self._of("new_template", ""),
            declared=self._of("declared", {}),
            ignore=tuple(self._of("ignore", ())),
        )

    def _of(self, key: str, otherwise: Any) -> Any:
        return next((t[key] for t in reversed(list(_line(self.table))) if key in t), otherwise)

    @property
    def speaking(self) -> tuple[str, ...]:
        """The rules that speak: all of them, or of a first release, where everything is new, the ``rules`` it names."""
        return tuple(self.label.get("speaks", self.label.get("rules", ())))

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The catalogue, with the rule that the case calls ``failing`` raising whenever it is asked."""
        rules = catalogue()
        failing = self._of("failing", "")
        return {**rules, failing: evolve(rules[failing], test=_fails)} if failing else rules

    def drafts(self) -> tuple[Draft, Draft]:
        """The base project as the case wants it, and the same after the edit."""
        old = base_project()
        for table in _line(self.table):
            for shared in _line(table.get("base", {})):
                _step(old, shared)
        new = old.copy()
        for table in _line(self.table):
            _step(new, table)
        return old, new

    def sides(self) -> tuple[Snapshot, Snapshot]:
        """Both snapshots, written and read again."""
        old, new = self.drafts()
        before = read("none") if self._of("old", "") == "none" else through_xml(old, "old")
        after = through_xml(new, "new")
        before, after = _as_read(before, self._of("base", {}).get("read", {})), _as_read(after, self._of("read", {}))
        return (after, before) if self._of("turned", False) else (before, after)

    def verdict(self) -> Verdict:
        """What the program says of the case, without the models; it is judged once, whoever asks."""
        return _judged(self)

    def own(self, verdict: Verdict) -> list[Table]:
        """What the rule of the case says in a verdict."""
        return [stated(f) for f in (*verdict.findings, *verdict.noise) if f.rule.id == self.rule]

    def complaints(self, verdict: Verdict) -> list[str]:
        """What the verdict says otherwise than the label."""
        said = {f.rule.id for f in verdict.findings} | {f.rule.id for f in verdict.noise}
        told = self.label.get("finding", {})
        out = [f"finding is {own}, should be {told}" for own in self.own(verdict) if told and own != told]
        label = {**{key: told[key] for key in ("class", "channel") if key in told}, **self.label}
        out += [
            f"{key} is {is_}, should be {label[key]}"
            for key, is_ in (
                ("class", verdict.release_class.name),
                ("at_most", verdict.at_most.name),
                ("channel", verdict.channel.name),
                ("breaks_old_clients", verdict.breaks_old_clients),
                ("server_data_loss", verdict.server_data_loss),
                ("undecided", verdict.undecided > 0),
            )
            if key in label and str(is_).upper() != str(label[key]).upper()
        ]
        out += [f"{rule} does not speak" for rule in self.label.get("rules", ()) if rule not in said]
        out += [f"{rule} speaks" for rule in self.label.get("silent", ()) if rule in said]
        hazards = {str(f.hazard) for f in verdict.findings}
        out += [f"no hazard {hazard}" for hazard in self.label.get("hazards", ()) if hazard not in hazards]
        out += [f"does not ask for {step}" for step in self.label.get("requires", ()) if step not in verdict.requires]
        messages = " ".join(f.message for f in verdict.findings)
        out += [f"does not say {text!r}" for text in self.label.get("says", ()) if text not in messages]
        if "speaks" in self.label:
            loud = sorted({f.rule.id for f in verdict.findings})
            out += [f"{rule} does not speak" for rule in sorted(set(self.label["speaks"]) - said)]
            out += [f"{rule} speaks" for rule in loud if rule not in self.label["speaks"]]
        out += [f"tells of {row.name} again: {told}" for row in verdict.rows for told in _told_again(row)]
        if verdict.accountability.unexplained:
            out.append(f"{verdict.accountability.unexplained} leaves are unexplained")
        return out


def _told_again(row: Row) -> Iterator[str]:
    """What the explanations of a row take over from its heading: four words in a row, or all that they tell."""
    heading = _words(row.heading)
    runs = {tuple(heading[i : i + 4]) for i in range(len(heading) - 3)}
    for finding in row.findings:
        told = row.explained(finding).removesuffix(finding.rule.reason)
        words = _words(told)
        alike = runs.intersection(tuple(words[i : i + 4]) for i in range(len(words) - 3))
        if alike or (words and {*words} <= {*heading}):
            yield told


def _words(text: str) -> list[str]:
    return re.findall(r"[^\s\"',;:()]+", text.lower().removesuffix(". "))


def _fails(heard: object, release: object) -> bool:
    raise LookupError("as the case wants it")


@cache
def _judged(case: Case) -> Verdict:
    return classify(diff(*case.sides()), case.policy, rules=case.rules).detached()


def stated(finding: Finding) -> Table:
    """What a finding says, as a label states it: ``class`` and ``channel``; ``hazard``, ``requires``,
    ``breaks_old_clients``, ``server_data_loss`` and ``undecided`` where they say something, and ``remedy`` where that
    is not what they say."""
    said = {
        "class": str(finding.release_class),
        "channel": str(finding.channel),
        "hazard": str(finding.hazard) if finding.hazard is not Hazard.NONE else "",
        "requires": finding.requires.slug if finding.requires is not Requires.EITHER_ORDER else "",
        "breaks_old_clients": str(finding.breaks_old_clients) if finding.breaks_old_clients is not Maybe.NO else "",
        "server_data_loss": str(finding.server_data_loss) if finding.server_data_loss is not Maybe.NO else "",
        "undecided": finding.rule.undecided,
        "remedy": str(finding.remedy) if finding.remedy is not _usual(finding) else "",
    }
    return {key: value for key, value in said.items() if value}


def _usual(finding: Finding) -> Remedy:
    """The remedy that the order of a finding says by itself."""
    return Remedy.of(finding.requires, undecided=finding.rule.undecided)


@cache
def labelled_cases() -> tuple[Case, ...]:
    """The cases of ``fixtures/cases``, in order of their ids."""
    return tuple(Case(name, table, labels()[name]) for name, table in sorted(_tables().items()) if name in labels())


@cache
def labels() -> Mapping[str, Table]:
    """What each labelled case must give, by its id."""
    found: Mapping[str, Table] = json.loads((FIXTURES / "cases" / "labels.json").read_text(encoding="utf-8"))
    return found


@cache
def rule_cases() -> tuple[Case, ...]:
    """A hit, near misses and further hits for each rule: ``fixtures/rules/<room>/<chapter>/<rule-id>.toml``."""
    found = []
    for path in rule_files():
        content, rule = tomllib.loads(path.read_text(encoding="utf-8")), path.stem
        found.append(Case(f"{rule} hit", content["hit"], content["hit"], rule))
        for kind in ("near-miss", "further"):
            for name, table in content.get(kind, {}).items():
                found.append(Case(f"{rule} {kind} {name}", table, table, rule))
    return tuple(found)


def rule_files() -> list[Path]:
    return sorted((FIXTURES / "rules").rglob("*.toml"))


@cache
def _tables() -> Mapping[str, Table]:
    tables: dict[str, Table] = {}
    for path in sorted((FIXTURES / "cases").glob("*.toml")):
        tables |= tomllib.loads(path.read_text(encoding="utf-8"))
    return tables


def _line(table: Table) -> Iterator[Table]:
    """The tables a case is made of: those it is like first."""
    names = table.get("like", [])
    for name in [names] if isinstance(names, str) else names:
        yield from _line(_tables()[name])
    yield table


@cache
def _base() -> tuple[Snapshot, Mapping[str, bytes]]:
    return read_xml((FIXTURES / "base.snapshot.xml").read_bytes(), "base"), _folder("base")


@cache
def _folder(name: str) -> Mapping[str, bytes]:
    """The files below a folder of fixtures by their path in it."""
    folder = FIXTURES / name
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def base_project() -> Draft:
    return Draft.of(*_base())


def through_xml(draft: Draft, label: str) -> Snapshot:
    """What a reader of the written snapshot sees, its files read as those beside a project. What is as in the base
    project is not written and read anew for every case."""
    snapshot = draft.snapshot()
    beside, notes = side_units(sorted(draft.files), draft.files.get)
    base, stored = _base()[0], _base_read()
    same = {i: stored.units[i] for i, u in snapshot.units.items() if _is_same(u, draft.rows[i], base)}
    edited = {i: u for i, u in {**snapshot.units, **beside}.items() if i not in same}
    read_again = _through_xml(evolve(snapshot, units=edited, incomplete=notes), label)
    whole = evolve(read_again, units={**same, **read_again.units})
    whole.share_rows(stored)
    return whole


def _is_same(unit: Unit, rows: Rows, base: Snapshot) -> bool:
    other = base.units.get(unit.id)
    return other is not None and rows == base.rows(unit.id) and _FRAME(unit) == _FRAME(other)


@cache
def _base_read() -> Snapshot:
    return _through_xml(base_project().snapshot(), "base")


def _through_xml(snapshot: Snapshot, label: str) -> Snapshot:
    written = io.BytesIO()
    write_xml(snapshot, written)
    return read_xml(written.getvalue(), label)


def _as_read(side: Snapshot, how: Table) -> Snapshot:
    stated: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in how.items()}
    return evolve(side, **stated) if stated else side


def _step(draft: Draft, table: Table) -> None:
    for place, folder in table.get("folder", {}).items():
        draft.files |= {f"{place}/{path}": content for path, content in _folder(folder).items()}
    for path, content in table.get("files", {}).items():
        _put(draft.files, path, content)
    if "version" in table:
        draft.version = Version.of(table["version"])
    each: tuple[tuple[str, Callable[..., None]], ...] = (
        ("rename", draft.rename),
        ("move", draft.move),
        ("remove", draft.remove),
        ("add", draft.add),
        ("set", draft.set),
        ("reid", draft.reid),
        ("reguid", draft.reguid),
    )
    for verb, edit in each:
        told = table.get(verb, {})
        for address in told:
            if isinstance(told, list):
                edit(*(("", address) if verb == "add" else (address,)))
            elif verb == "move" and isinstance(told[address], dict):
                edit(address, **told[address])
            else:
                edit(address, told[address])
    for further in table.get("then", ()):
        _step(draft, further)


def _put(files: dict[str, bytes], path: str, content: Any) -> None:
    """``false`` deletes a file, a text replaces it, ``{old, new}`` edits it, ``{widget}`` packs a widget."""
    if content is False:
        del files[path]
    elif isinstance(content, str):
        files[path] = content.encode()
    elif "widget" in content:
        files[path] = widget_package(**content)
    else:
        text = files[path].decode()
        if content["old"] not in text:
            raise ValueError(f"{path} does not hold {content['old']!r}")
        files[path] = text.replace(content["old"], content["new"]).encode()


def widget_package(
    widget: str,
    version: str = "1.0.0",
    platform: str = "Native",
    native: Mapping[str, str] | str | None = None,
    code: str = "export default 1",
    appstore: str = "",
    offline: bool = True,
    inside: Mapping[str, str] | None = None,
) -> bytes:
    """A widget package as the widget tools make it; ``native`` is its sidecar of native dependencies, ``inside``
    are further files."""
    name = widget.rpartition(".")[2]
    members = {
        "package.xml": f'<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.mendix.com/package/1.0/">\n'
        f'<clientModule name="{name}" version="{version}" xmlns="http://www.mendix.com/clientModule/1.0/">'
        f'<widgetFiles><widgetFile path="{name}.xml"/></widgetFiles></clientModule></package>',
        f"{name}.xml": f'<?xml version="1.0" encoding="utf-8"?>\n<widget id="{widget}" pluginWidget="true" '
        f'offlineCapable="{str(offline).lower()}" supportedPlatform="{platform}" xmlns="http://www.mendix.com/widget/1.0/">'
        f"<name>{name}</name><properties/></widget>",
        f"{name}.android.js": code,
        f"{name}.ios.js": code,
    }
    if appstore:
        members["appstore.id"] = appstore
    if native is not None:
        members[f"{name}.json"] = native if isinstance(native, str) else json.dumps({"nativeDependencies": native})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for path, text in {**members, **(inside or {})}.items():
            package.writestr(zipfile.ZipInfo(path), text)
    return packed.getvalue()


def report(case: Case) -> str:
    """The verdict on a case in words, and what is wrong with it after ``!``."""
    verdict = case.verdict()
    lines = [f"{case.id}: {verdict.release_class.name}, channel {verdict.channel.name}"]
    lines += [
        f"  {f.release_class.name:14} {f.channel.name:14} {f.rule.id:32} {f.subject}"
        for f in (*verdict.findings, *verdict.noise)
    ]
    return "\n".join([*lines, *(f"  ! {c}" for c in case.complaints(verdict))])


def main(wanted: list[str]) -> int:
    failing = 0
    for case in (*labelled_cases(), *rule_cases()):
        if wanted and case.id.partition(" ")[0] not in wanted:
            continue
        told = report(case)
        failing += "!" in told
        if wanted or "!" in told:
            print(told)
    return int(bool(failing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
