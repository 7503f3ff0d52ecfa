"""Pages of the site that are made of the code: the rules by chapter, and the command's own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mx_changeclass.reports.examples import example
from mx_changeclass.rules import catalogue
from mx_changeclass.rules.citations import with_pages
from mx_changeclass.rules.engine.rule import Rule, class_of
from mx_changeclass.vocabulary import Hazard, Maybe, Requires

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

RULES = "reference/rules"
_INSTALLED = {Maybe.YES: "fail in some function until they update", Maybe.MAYBE: "may fail in some function"}
_SERVER = {Maybe.YES: "is lost", Maybe.MAYBE: "may be lost"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    for path, content in pages():
        files.append(File.generated(config, path, content=content))
    return files


def pages() -> Iterator[tuple[str, str]]:
    """Path and Markdown of each page that is made."""
    chapters: dict[str, list[Rule]] = {}
    for rule in catalogue().values():
        chapters.setdefault(rule.chapter, []).append(rule)
    lines = [f"- [{chapter}]({chapter}.md): {len(rules)}" for chapter, rules in sorted(chapters.items())]
    yield f"{RULES}/index.md", "\n".join(["# Rules", "", f"{len(catalogue())} rules, by chapter:", "", *lines, ""])
    for chapter, rules in sorted(chapters.items()):
        yield f"{RULES}/{chapter}.md", "\n".join([f"# Rules: {chapter}", *(line for r in rules for line in _rule(r))])
    yield "reference/command.md", "\n".join(["# The command", *_help()])


def _rule(rule: Rule) -> Iterator[str]:
    facts = {
        "class": f"**{class_of(rule)}**",
        "channel": str(rule.channel),
        "hazard": "" if rule.hazard is Hazard.NONE else str(rule.hazard),
        "order": "" if rule.requires is Requires.EITHER_ORDER else str(rule.requires),
        "installed apps": _INSTALLED.get(rule.breaks_old_clients, ""),
        "server data": _SERVER.get(rule.server_data_loss, ""),
        "decided": f"no, it may be {rule.at_most}" if rule.undecided else "",
        "certainty": str(rule.certainty),
        "source": with_pages(rule.source),
    }
    yield from ("", f"## {rule.id} {{ #{rule.id} }}", "", f"{_plain(rule.title)}. {_plain(rule.reason)}")
    if rule.mitigation:
        yield from ("", f"*What to do:* {_plain(rule.mitigation)}")
    shown = example(rule.id)
    for key, title in (("hit", "Example"), ("near_miss", "Near miss")):
        if key in shown:
            yield from ("", f"*{title}:* {_plain(shown[key])}")
    yield from ("", *(f"- {name}: {_plain(value)}" for name, value in facts.items() if value))


def _plain(text: str) -> str:
    """A text in which only our own stars mean something."""
    for mark in "\\`_<[|$":
        text = text.replace(mark, f"\\{mark}" if mark != "<" else "&lt;")
    return text


def _help() -> Iterator[str]:
    from mx_changeclass.cli import cli

    yield from ("", "`mx-changeclass` and `python -m mx_changeclass` are the same.")
    yield from _told("mx-changeclass", cli, None)


def _told(name: str, command: click.Command, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, parent=parent, info_name=name.rpartition(" ")[2], max_content_width=96)
    yield from ("", f"## {name}", "", "```text", command.get_help(context), "```")
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            if (found := command.get_command(context, inner)) is not None:
                yield from _told(f"{name} {inner}", found, context)
