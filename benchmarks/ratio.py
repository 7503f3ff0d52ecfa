"""Whole-process time of ``diff`` as a ratio to merely decoding both models with ``bson``.

Usage: python benchmarks/ratio.py OLD.mpr NEW.mpr [--runs N]

Both are measured in the same run, as whole processes, alternately, so that a slow machine slows both.
Memory is the peak of the ``diff`` process against the bytes of the two models.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

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


def run(arguments: list[str]) -> tuple[float, str]:
    """Seconds of wall time of a process, and its output."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return time.perf_counter() - start, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    models = [str(given.old), str(given.new)]
    decoded, size = [], 0
    for _ in range(given.runs):
        seconds, output = run(["-c", DECODE, *models])
        decoded.append(seconds)
        size = int(output)
    decode_peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    diffed = [run(["-m", "mx_changeclass", "diff", *models, "--format", "json"])[0] for _ in range(given.runs)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    decode, diff = statistics.median(decoded), statistics.median(diffed)
    print(f"decode {decode:.3f} s   diff {diff:.3f} s   ratio {diff / decode:.2f}")
    print(
        f"models {size / 1e6:.1f} MB   decode peak {decode_peak / 1e3:.0f} MB   diff peak {peak / 1e6:.0f} MB", end=""
    )
    print(f"   {peak / size:.1f} times the models' bytes")


if __name__ == "__main__":
    main()
