"""What a command writes: to standard output, to files that are whole or not there, and a line while it works."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from mx_changeclass.errors import one_line

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE, not to standard output."
)
_CLEAR = "\r\x1b[K"
_USUAL = 80  # columns of a terminal that does not tell
_QUIET = 1.0  # seconds that a command may take before it says what it does


@frozen
class Written:
    """Something to write: to a file, at the end of one where it is ``added``, or to standard output."""

    content: str | bytes
    target: Path | None
    added: bool = False

    @property
    def data(self) -> bytes:
        """Half a surrogate pair, which a dump may hold, is written as a question mark."""
        return self.content if isinstance(self.content, bytes) else self.content.encode("utf-8", "replace")


def write(content: str | bytes, output: Path | None) -> None:
    """To standard output, or to a file that is replaced as a whole or not at all."""
    write_all([Written(content, output)])


def write_all(several: Iterable[Written]) -> None:
    """All of them, or none: whatever can fail is done before the first file takes its name."""
    several = list(several)
    with contextlib.ExitStack() as stack:
        staged = [(one, _staged(one, stack)) for one in several if one.target is not None]
        for one in several:
            if one.target is None:
                _print(one.data)
        for one, beside in staged:
            with _told(one.target):
                _put(one, beside)


def _print(content: bytes) -> None:
    if sys.stdout is None:  # closed from the start, so nobody reads it; the answer stays the same
        return
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader of the pipe has seen enough; the answer stays the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise click.UsageError(f"standard output: {error.strerror or error}. Give it some room") from None


@contextlib.contextmanager
def _told(target: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"{target}: {error.strerror or error}. Give a file that can be written") from None


def make_folder(target: Path) -> None:
    """A folder to write to, where it is not there."""
    with _told(target):
        target.mkdir(parents=True, exist_ok=True)


def _staged(one: Written, stack: contextlib.ExitStack) -> Path | None:
    """A file beside the target that holds all of it already, and goes with the stack unless it takes its place. A link
    leads to the file that is meant; a pipe or a device has no whole, and what is added to is not replaced."""
    with _told(one.target):
        given = Path(str(one.target))
        target = Path(os.path.realpath(given))
        if one.added or (
            given.exists() and not given.is_file()
        ):  # of /dev/stdout the system alone knows where it leads
            os.close(os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)) if one.added else None
            return None
        beside = target.with_name(f".mx-changeclass.{os.urandom(8).hex()}")
        stack.callback(_remove, beside)
        with beside.open("xb") as file:
            file.write(one.data)
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        return beside


def _remove(beside: Path) -> None:
    with contextlib.suppress(OSError):  # it took its place, or never came to be
        beside.unlink()


def _put(one: Written, beside: Path | None) -> None:
    given = str(one.target)
    if beside is not None:
        beside.replace(os.path.realpath(given))
        return
    flags = os.O_WRONLY | (os.O_APPEND if one.added else 0)
    with contextlib.suppress(BrokenPipeError), open(os.open(given, flags), "wb") as file:
        file.write(one.data)


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal; None is one that was closed from the start."""
    return stream is not None and bool(stream.isatty())


def _columns() -> int:
    """How wide the terminal at stderr is. A line that breaks could not be taken back."""
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL
    return _USUAL


@contextlib.contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal's stderr once something takes long, gone when it is done; nothing in a pipe. What it gives
    says how far that is."""
    if not is_terminal(sys.stderr):
        yield lambda _: None
        return
    from threading import Timer

    now, shown = [doing], list[str]()

    def show() -> None:
        click.echo(f"{_CLEAR if shown else ''}{one_line(now[0])[: _columns() - 3]} …", err=True, nl=False)
        shown.append(now[0])

    def say(what: str) -> None:
        now[0] = what
        if shown:
            show()

    later = Timer(_QUIET, show)
    later.daemon = True
    later.start()
    try:
        yield say
    finally:
        later.cancel()
        later.join()
        if shown:
            click.echo(_CLEAR, err=True, nl=False)
