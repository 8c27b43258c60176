"""``OUT.history/index.csv``: one row per run with when, from what, what came out, and where it is kept."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from ..formulas import as_cell, from_cell
from .files import MANIFEST, replace_text, sha256_of

INDEX = "index.csv"
FIXED_COLUMNS = (
    "run",
    "when",
    "stored",
    "study",
    "data_date",
    "synthetic",
    "input_hash",
    "inputs",
    "profile",
    "include_planned",
    "lang",
    "version",
    "format_version",
    "manifest_sha256",
    "problems",
    "demand_points",
    "people",
    "met",
    "not_met",
    "unknown",
)
"""The headline figures follow, by name; a new headline adds a column at the end."""

Row = dict[str, str]


def entry(folder: Path, *, run: int, when: str) -> Row:
    """Return the row of a complete folder of results.

    Args:
        folder: with its manifest.
        run: number of the run, which also names its folder in the history.
        when: time of the run with its offset, ISO 8601; the only place that holds one.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    counts = manifest.get("counts", {})  # a comparison has none
    verdicts = counts.get("verdicts", {})
    row: dict[str, Any] = {
        "run": run,
        "when": when,
        "study": manifest["study"],
        "data_date": manifest["data_date"],
        "synthetic": manifest["synthetic"],
        "input_hash": manifest.get("input_hash", ""),
        "inputs": ";".join(f"{one['file']}={one['sha256'][:12]}" for one in manifest["inputs"]),
        "profile": manifest["profile"],
        "include_planned": manifest["include_planned"],
        "lang": manifest["lang"],
        "version": manifest["versions"]["pujin_geo"],
        "format_version": manifest["format_version"],
        "manifest_sha256": sha256_of(folder / MANIFEST),
        "problems": manifest["table_rows"].get("problems", ""),
        "demand_points": counts.get("demand_points_judged", ""),
        "people": counts.get("people_judged", ""),
        **{verdict: verdicts.get(verdict, 0) if counts else "" for verdict in ("met", "not_met", "unknown")},
        **manifest.get("headlines", {}),
    }
    return {name: "" if value is None else _written(value) for name, value in row.items()}


def read_index(history: Path) -> list[Row]:
    """Return the rows of the index, oldest first; none where there is no index yet."""
    path = history / INDEX
    if not path.is_file():
        return []
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    return [
        {name: from_cell(cell or "") for name, cell in row.items() if name}
        for row in rows
        if (row.get("run") or "").isdigit()
    ]


def write_index(history: Path, rows: list[Row], *, out: Path, latest: int) -> None:
    """Write the index anew, each row with where its results are kept now: in ``OUT``, the history, or no more."""
    for row in rows:
        number = int(row["run"])
        kept = history / folder_name(number)
        row["stored"] = (
            out.name if number == latest else f"{history.name}/{kept.name}" if kept.is_dir() else ""
        )
    names = dict.fromkeys([*FIXED_COLUMNS, *(name for row in rows for name in row)])
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: as_cell(text) for name, text in row.items()} for row in rows)
    replace_text(history / INDEX, "\ufeff" + text.getvalue())


def folder_name(run: int) -> str:
    """Return the name of a run's folder in the history.

    >>> folder_name(7)
    '0007'
    """
    return f"{run:04d}"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
