"""What it costs to run a study again: whole cold processes, tables, maps and pages included.

    python benchmarks/rerun.py [STUDY] [--rounds 3]

A copy of the study is run with an empty cache, unchanged, with --fresh, and with one row of its facilities moved by
about 250 m, renamed, or given another status, each in turn on another row. After every changed run the same
input is run with --fresh, and all files must be equal (GeoPackages, whose bytes vary, and the manifest aside).
"""

import argparse
import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

VARYING = {"manifest.json", "layers.gpkg"}
Row = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", type=Path, default=Path("geodata/pujin"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--file", default="facilities.csv", help="the facilities' CSV file in the study")
    parser.add_argument("--lon", default="经度", help="its column of longitudes")
    parser.add_argument("--name", default="设施名称")
    parser.add_argument("--status", default="状态")
    asked = parser.parse_args()

    def moved(row: Row) -> None:
        row[asked.lon] = f"{float(row[asked.lon]) + 0.0026:.6f}"

    def renamed(row: Row) -> None:
        row[asked.name] += " (更名)"

    def closed(row: Row) -> None:
        row[asked.status] = "closed" if row[asked.status] != "closed" else "existing"

    kinds: dict[str, Callable[[Row], None]] = {
        "one facility moved": moved,
        "one facility renamed": renamed,
        "one facility closed": closed,
    }
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        study = here / "study"
        shutil.copytree(asked.study, study)
        rows = read(study / asked.file)
        times: dict[str, list[tuple[float, float]]] = {}

        def timed(what: str, out: str, *options: str) -> None:
            times.setdefault(what, []).append(run(study, here / out, here / "cache", *options))

        for number in range(asked.rounds):
            shutil.rmtree(here / "cache", ignore_errors=True)
            timed("first run, empty cache", "out")
            timed("nothing changed", "out")
            for offset, (what, change) in enumerate(kinds.items()):
                changed = [dict(row) for row in rows]
                change(changed[(37 + 101 * number + 53 * offset) % len(rows)])
                write(study / asked.file, changed)
                timed(what, "out")
                timed("--fresh", "fresh", "--fresh")
                check(here / "out", here / "fresh")
                write(study / asked.file, rows)
                run(study, here / "out", here / "cache")
    print("| cold process | wall s | CPU s | of --fresh |\n|---|---|---|---|")
    whole = statistics.median(wall for wall, _ in times["--fresh"])
    for what, measured in times.items():
        wall = statistics.median(one for one, _ in measured)
        cpu = statistics.median(one for _, one in measured)
        most = max(one for one, _ in measured)
        print(f"| {what} | {wall:.2f} (most {most:.2f}) | {cpu:.2f} | {wall / whole:.2f} |")


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def run(study: Path, out: Path, cache: Path, *options: str) -> tuple[float, float]:
    """Run the command in a process of its own; return wall and CPU seconds of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pujin_geo", "run", str(study), "-o", str(out), *options],
        env=os.environ | {"PUJIN_GEO_CACHE": str(cache)},
        check=True,
        capture_output=True,
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def check(out: Path, fresh: Path) -> None:
    """Stop if the two results differ in a file."""
    one, other = hashes(out), hashes(fresh)
    differing = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    if differing:
        sys.exit(f"not equal to --fresh: {', '.join(differing)}")


def hashes(out: Path) -> dict[str, str]:
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
    return {entry["file"]: entry["sha256"] for entry in listed if entry["file"] not in VARYING}


if __name__ == "__main__":
    main()
