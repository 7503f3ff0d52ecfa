"""Every error a caller can meet. Each message is one line: what was read, what is wrong, what to do."""

from __future__ import annotations

from mx_changeclass.legible import plain_line

FAULT = 70  # exit code of a fault of the program, as in sysexits.h


class MxError(Exception):
    """Root of all errors of this package."""


class ReadError(MxError):
    """An input cannot be read.

    ``source`` names the input as the user gave it, ``problem`` says what is wrong with it and
    ``advice`` what to do. ``str()`` is the whole line.
    """

    def __init__(self, source: object, problem: str, advice: str) -> None:
        self.source, self.problem, self.advice = str(source), problem, advice
        super().__init__(one_line(f"{self.source}: {problem.rstrip('.')}. {advice}"))

    def __reduce__(self) -> tuple[type[ReadError], tuple[str, str, str]]:
        """An error crosses to another process in its three parts."""
        return type(self), (self.source, self.problem, self.advice)


class UnknownFormat(ReadError):
    """The input is none of the forms that a model comes in."""


class UnsupportedVersion(ReadError):
    """The input is a model, but of a version or schema this release does not read."""


class BrokenContainer(ReadError):
    """The input is a model file or package that is cut, corrupt or hostile."""


class PolicyError(MxError):
    """A setting of the configuration, or an argument, is wrong."""


class RuleError(MxError):
    """A rule is declared wrongly: no title, no reason, or an id used twice. Raised at import."""


def fault(error: BaseException) -> str:
    """What a user is told of a fault of the program: where it lies and how to report it. What the error says is left
    out, as it may quote the model."""
    place, at = "outside of it", error.__traceback__
    while at is not None:
        module = str(at.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == __package__:
            place = f"{module}:{at.tb_lineno}"
        at = at.tb_next
    return (
        f"a fault of the program at {place} ({type(error).__name__}), not a verdict. "
        "Report this line, with what 'mx-changeclass --version' prints, to those who maintain it"
    )


def one_line(text: str) -> str:
    """``text`` without line breaks or control characters, so that an error stays one line, and is no command."""
    return plain_line(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
