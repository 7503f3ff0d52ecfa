"""Labelled cases: an edit of the base project and what the verdict on it must say.

A case is a TOML table. ``base`` changes both sides first, the verbs beside it the new side alone; they come
in this order: ``folder`` (fixture folders to lay into the project), ``files``, ``version``, ``rename``,
``move``, ``remove``, ``add``, ``set``, ``reid``, ``reguid``; ``then`` is a list of further such steps.
``like`` names cases, or tables without a label, whose edits are made first; in ``base`` too.
``old = "none"`` stands for a first release, ``turned`` swaps the sides. ``template`` and ``new_template`` are the
native templates of the released and the planned binary, ``declared`` what the team states of the release.

``python -m tests.cases c043`` prints the verdict on one case, ``python -m tests.cases`` all that fail.
"""

from __future__ import annotations

import io
import json
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from mx_changeclass.changes.diff import diff
from mx_changeclass.findings.classify import classify
from mx_changeclass.findings.finding import Verdict
from mx_changeclass.model.snapshot import Snapshot
from mx_changeclass.model.versions import Version
from mx_changeclass.policy import Policy
from mx_changeclass.readers import read
from mx_changeclass.readers.side_files.collect import side_units
from mx_changeclass.readers.xml import read_xml, write_xml
from tests.builders.editor import Draft

FIXTURES = Path(__file__).parent.parent / "fixtures"
TEMPLATE = "14.1.13"  # of the released binary of the base project

Table = Mapping[str, Any]


@frozen
class Case:
    """One edit. ``label`` is what is expected of it: exact ``speaks`` for the case of a rule; ``class``,
    ``at_most``, ``channel`` and the least ``rules`` for a labelled case, and where they matter rules that must be
    ``silent``, ``hazards``, what the release ``requires`` and words of a message (``says``)."""

    id: str
    table: Table
    label: Table

    @property
    def policy(self) -> Policy:
        return Policy(
            native_template=self._of("template", TEMPLATE),
            new_native_template=self._of("new_template", ""),
            declared=self._of("declared", {}),
        )

    def _of(self, key: str, otherwise: Any) -> Any:
        return next((t[key] for t in reversed(list(_line(self.table))) if key in t), otherwise)

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
        return (after, before) if self._of("turned", False) else (before, after)

    def verdict(self) -> Verdict:
        return classify(diff(*self.sides()), self.policy)

    def complaints(self, verdict: Verdict) -> list[str]:
        """What the verdict says otherwise than the label."""
        said = {f.rule.id for f in verdict.findings} | {f.rule.id for f in verdict.noise}
        out = [
            f"{key} is {is_}, should be {self.label[key]}"
            for key, is_ in (
                ("class", verdict.release_class.name),
                ("at_most", verdict.at_most.name),
                ("channel", verdict.channel.name),
                ("breaks_old_clients", verdict.breaks_old_clients),
                ("server_data_loss", verdict.server_data_loss),
                ("undecided", verdict.undecided > 0),
            )
            if key in self.label and str(is_).upper() != str(self.label[key]).upper()
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
        if verdict.accountability.unexplained:
            out.append(f"{verdict.accountability.unexplained} leaves are unexplained")
        return out


def labelled_cases() -> Iterator[Case]:
    """The cases of ``fixtures/cases``, in order of their ids."""
    for name, table in sorted(_tables().items()):
        if name in labels():
            yield Case(name, table, labels()[name])


@cache
def labels() -> Mapping[str, Table]:
    """What each labelled case must give, by its id."""
    found: Mapping[str, Table] = json.loads((FIXTURES / "cases" / "labels.json").read_text(encoding="utf-8"))
    return found


def rule_cases() -> Iterator[Case]:
    """A hit, near misses and further hits for each rule: ``fixtures/rules/<room>/<chapter>/<rule-id>.toml``."""
    for path in rule_files():
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        yield Case(f"{path.stem} hit", content["hit"], content["hit"])
        for kind in ("near-miss", "further"):
            for name, table in content.get(kind, {}).items():
                yield Case(f"{path.stem} {kind} {name}", table, table)


def rule_files() -> list[Path]:
    return sorted((FIXTURES / "rules").glob("**/*.toml"))


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
    """What a reader of the written snapshot sees, its files read as those beside a project."""
    snapshot = draft.snapshot()
    beside, notes = side_units(sorted(draft.files), draft.files.get)
    whole = evolve(snapshot, units={**snapshot.units, **beside}, incomplete=notes)
    written = io.BytesIO()
    write_xml(whole, written)
    return read_xml(written.getvalue(), label)


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
