"""What a comparison costs, as ratios to merely decoding both models: ``python -m benchmarks [OLD NEW ...]``.

Whole processes are measured in turn, CPU time of user and system, so that a slow or busy machine slows all alike; the
medians are told as the rows of a table in Markdown (docs/benchmarks.md keeps one). Pairs of folders that are named are
measured beside apps that are made for it (``benchmarks.grown``).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.grown import write
from benchmarks.ratio import DECODE, Spent, run

WARM = ["-m", "mx_changeclass", "diff", "--no-config", "--fail-on", "never", "--format", "json"]
DIFF = [*WARM, "--no-cache"]
DECODE_GIT = """
import bson, subprocess, sys
for revision in sys.argv[1:]:
    listed = subprocess.run(["git", "ls-tree", "-r", revision], capture_output=True, text=True, check=True).stdout
    ids = [line.split()[2] for line in listed.splitlines() if line.endswith(".mxunit")]
    asked = "".join(oid + chr(10) for oid in ids).encode()
    found = subprocess.run(["git", "cat-file", "--batch"], input=asked, capture_output=True, check=True).stdout
    at = 0
    for _ in ids:
        end = found.index(b"\\n", at)
        size = int(found[at:end].split()[2])
        bson.decode(found[end + 1 : end + 1 + size])
        at = end + size + 2
"""
AUDIT = "import sys, mx_changeclass as mx; print(sum(1 for _ in mx.audit('HEAD')))"
Case = tuple[str, list[str], list[str], Path]  # what it is called, what it is held against, what is measured, where


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="OLD NEW, as often as wanted")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--units", type=int, nargs="*", default=[250, 2500, 25000])
    parser.add_argument("--changed", type=int, nargs="*", default=[1, 10, 100, 1000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": f"{made}/compiled", "PYTHONPATH": str(Path(__file__).parent.parent)}
        environment |= {"XDG_CACHE_HOME": f"{made}/cache"}
        print("| case | decode, s | measured, s | ratio | peak, MB |\n| --- | --- | --- | --- | --- |")
        for name, limit, measured, cwd in cases(given, Path(made)):
            os.chdir(cwd)
            spent = [(run(limit, environment), run(measured, environment)) for _ in range(given.runs + 1)][1:]
            print(_row(name, *zip(*spent, strict=True)), flush=True)


def _row(name: str, limit: tuple[Spent, ...], measured: tuple[Spent, ...]) -> str:
    least, most = (statistics.median(s.cpu for s in side) for side in (limit, measured))
    peak = max(s.peak for s in measured) / 1e6
    return f"| {name} | {least:.2f} | {most:.2f} | {most / least:.2f} | {peak:.0f} |"


def cases(given: argparse.Namespace, made: Path) -> Iterator[Case]:
    named = list(zip(given.folders[::2], given.folders[1::2], strict=True))
    for number, (old, new) in enumerate(named):
        yield from of_pair(new.resolve().parent.name, old.resolve(), new.resolve(), made / f"named{number}")
    for units in given.units:
        for changed in (n for n in given.changed if n <= units // 3):
            folder = made / f"{units}-{changed}"
            old, new = write(units, changed, folder)
            name = f"{units:,} units, {changed} changed"
            if changed == given.changed[0]:
                yield from of_pair(name, old, new, folder)
            else:
                yield name, _decoding(old, new), [*DIFF, str(old), str(new)], made
            shutil.rmtree(folder)


def of_pair(name: str, old: Path, new: Path, made: Path) -> Iterator[Case]:
    """Two folders, the same as commits, as a hook that judges what is staged, and as a history."""
    yield name, _decoding(old, new), [*DIFF, str(old), str(new)], made.parent
    yield f"{name}, warm", _decoding(old, new), [*WARM, str(old), str(new)], made.parent
    repository = made / "repository"
    repository.mkdir(parents=True)
    _git(repository, "init", "-q")
    for n, side in enumerate((old, new) * 4):
        _commit(repository, side, f"{n}")
    yield f"{name}, two commits", ["-c", DECODE_GIT, "HEAD~1", "HEAD"], [*DIFF, "HEAD~1", "HEAD"], repository
    _lay_out(repository, old)
    yield f"{name}, hook", ["-c", DECODE_GIT, "HEAD~1", "HEAD"], [*DIFF, "HEAD", ":"], repository
    yield f"{name}, hook, warm", ["-c", DECODE_GIT, "HEAD~1", "HEAD"], [*WARM, "HEAD", ":"], repository
    yield f"{name}, audit of 7 steps : two commits", [*DIFF, "HEAD~1", "HEAD"], ["-c", AUDIT], repository


def _decoding(*sides: Path) -> list[str]:
    return ["-c", DECODE, *(str(next(side.glob("*.mpr"))) for side in sides)]


def _commit(repository: Path, side: Path, name: str) -> None:
    _lay_out(repository, side)
    _git(repository, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-q", "-m", name)


def _lay_out(repository: Path, side: Path) -> None:
    for entry in repository.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.copytree(side, repository, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    _git(repository, "add", "-A", "-f")


def _git(at: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=at, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
