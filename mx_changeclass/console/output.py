"""What a command writes: to standard output, to files that are whole or not there, and a line while it works."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE, not to standard output."
)


def write(content: str | bytes, output: Path | None) -> None:
    """To standard output, or to a file that is replaced as a whole or not at all. Half a surrogate pair, which a
    dump may hold, is written as a question mark."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if output is None:
        if sys.stdout is None:  # closed from the start, so nobody reads it; the answer stays the same
            return
        try:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the reader of the pipe has seen enough; the answer stays the same
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise click.UsageError(f"standard output: {error.strerror or error}. Give it some room") from None
        return
    try:
        replace(output, content)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror or error}. Give a file that can be written") from None


def replace(target: Path, content: bytes) -> None:
    """Write a file as a whole or not at all. A link leads to the file that is meant; a pipe or a device has no
    whole, it is written to."""
    target = Path(os.path.realpath(target))
    if target.exists() and not target.is_file():
        with contextlib.suppress(BrokenPipeError), open(os.open(target, os.O_WRONLY), "wb") as file:
            file.write(content)
        return
    beside = target.with_name(f".mx-changeclass.{os.urandom(8).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(content)
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal; None is one that was closed from the start."""
    return stream is not None and bool(stream.isatty())


@contextlib.contextmanager
def progress(doing: str) -> Iterator[None]:
    """A line on a terminal's stderr while something takes long; nothing in a pipe."""
    show: Callable[[str], None] = (
        (lambda text: click.echo(text, err=True, nl=False)) if is_terminal(sys.stderr) else (lambda _: None)
    )
    show(f"{doing} …")
    try:
        yield
    finally:
        show("\r\x1b[K")
