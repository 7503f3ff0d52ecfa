"""Whole-process time of ``diff`` as a ratio to merely decoding both models with ``bson``.

Usage: python benchmarks/ratio.py OLD NEW [--runs N] [--most RATIO]

OLD and NEW are ``.mpr`` files or project folders. Both are measured as whole processes, one after the
other in turn, so that a slow machine slows both, and without a cache; the package is compiled to byte
code first, as an installed one is. CPU time is told beside wall time, since it suffers less from what
else a machine does. Memory is the peak of the ``diff`` process against the bytes of the two models.
Exits with 1 where the ratio of the medians is above ``--most``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

DECODE = """
import sqlite3, sys, bson, uuid, pathlib
size = 0
for name in sys.argv[1:]:
    path = pathlib.Path(name)
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
        inside = "Contents" in {c[1] for c in connection.execute("pragma table_info(Unit)")}
        for row in connection.execute(f"select UnitID{', Contents' if inside else ''} from Unit"):
            unit = str(uuid.UUID(bytes_le=row[0]))
            file = path.parent / "mprcontents" / unit[:2] / unit[2:4] / f"{unit}.mxunit"
            content = row[1] if inside else file.read_bytes() if file.exists() else None
            if content:
                size += len(content)
                bson.decode(content)
print(size)
"""
# What a command pays before it looks at a model, each in a process of its own.
STARTS = {
    "python": "pass",
    "import mx_changeclass": "import mx_changeclass",
    "the libraries": "import attrs, bson, click, hashlib, sqlite3",
    "the command": "import mx_changeclass.cli",
    "all rules": "from mx_changeclass.rules import catalogue; catalogue()",
}


class Spent(NamedTuple):
    """Seconds and peak memory in bytes of a process, and what it wrote."""

    wall: float
    cpu: float
    peak: int
    output: str


def run(arguments: list[str], environment: dict[str, str]) -> Spent:
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        output, complaint = process.stdout.read(), ""  # type: ignore[union-attr]
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode not in (0, 1):
            complaint = process.stderr.read()  # type: ignore[union-attr]
            sys.exit(complaint)
    scale = 1 if sys.platform == "darwin" else 1024
    return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * scale, output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--most", type=float, help="fail where the ratio is above")
    given = parser.parse_args()
    sides = [given.old, given.new]
    models = [str(next(side.glob("*.mpr")) if side.is_dir() else side) for side in sides]
    diff_them = ["-m", "mx_changeclass", "diff", *map(str, sides), "--format", "json", "--no-cache"]
    diff_them += ["--fail-on", "never"]
    with tempfile.TemporaryDirectory() as compiled:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        run(diff_them, environment)
        decoded, diffed = [], []
        for _ in range(given.runs):
            decoded.append(run(["-c", DECODE, *models], environment))
            diffed.append(run(diff_them, environment))
        starts = {
            name: min(run(["-c", code], environment).cpu for _ in range(given.runs)) for name, code in STARTS.items()
        }
    size = int(decoded[0].output)
    for kind in ("wall", "cpu"):
        decode, diff = (statistics.median(getattr(spent, kind) for spent in each) for each in (decoded, diffed))
        print(f"{kind:4}  decode {decode:.3f} s   diff {diff:.3f} s   ratio {diff / decode:.2f}")
    peak = max(spent.peak for spent in diffed)
    print(f"models {size / 1e6:.1f} MB   peak {peak / 1e6:.0f} MB   {peak / size:.1f} times the models' bytes")
    print("started: " + "   ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in starts.items()))
    if given.most is not None and diff / decode > given.most:
        sys.exit(1)


if __name__ == "__main__":
    main()
