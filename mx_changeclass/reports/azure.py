"""The verdict as logging commands of Azure Pipelines, which shows them as issues of the build."""

from __future__ import annotations

from mx_changeclass.findings.finding import Verdict
from mx_changeclass.legible import plain_line
from mx_changeclass.reports.annotations import Annotation, announced


def azure(verdict: Verdict, *, everything: bool = False) -> str:
    """A command a line, the verdict first, then the worst changes: as many of each kind as the agent keeps of a step,
    or of ``everything``. Azure knows no mere notice, so what asks for nothing is a plain line of the log. Whether the
    step fails is for the exit code to say."""
    return "".join(map(_line, announced(verdict, everything=everything)))


def _line(told: Annotation) -> str:
    said = f"{told.title}. {told.message}"
    if told.level == "notice":
        return f"{plain_line(said)}\n"
    file = f"sourcepath={_property(told.file)};linenumber=1;" if told.file else ""
    code = f"code={_property(told.rule)};" if told.rule else ""
    return f"##vso[task.logissue type={told.level};{file}{code}]{_data(said)}\n"


# As azure-pipelines-task-lib writes them (taskcommand.ts): what ends a property is no end of the data.
def _data(text: str) -> str:
    return plain_line(text).replace("%", "%AZP25")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
