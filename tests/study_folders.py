"""A tiny study folder for the tests of reading: streets, boundary, two committees and tables as given."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
from shapely.geometry import LineString, box

from pujin_geo.inputs import Inputs
from pujin_geo.sources.reading import read_inputs
from pujin_geo.study import read_study
from pujin_geo.tables import Problem

STREETS = [
    LineString([(121.48, 31.08), (121.52, 31.08)]),
    LineString([(121.50, 31.06), (121.50, 31.10)]),
]
BOUNDARY = box(121.48, 31.06, 121.52, 31.10)

FACILITIES = """name,facility_type,site_id,lon,lat
菜场,wet_market,A,121.500,31.080
站,day_care,B,121.501,31.081
"""
RESIDENTS = """name,population,demand_id,lon,lat
东苑,100,d1,121.502,31.082
西苑,200,d2,121.498,31.078
"""


def write_study(folder: Path, layers: dict[str, dict[str, Any]] | None = None, **files: Any) -> Path:
    """Write a study folder; ``files`` maps a layer to its CSV text or frame, ``layers`` adds settings.

    A file that is already in the folder may be named with ``path`` in ``layers``.
    """
    contents = {
        "facilities": FACILITIES,
        "residents": RESIDENTS,
        "streets": gpd.GeoDataFrame({"name": ["横路", "竖路"]}, geometry=STREETS, crs=4326),
        "boundary": gpd.GeoDataFrame({"name": ["界"]}, geometry=[BOUNDARY], crs=4326),
    } | files
    entries = {name: dict(entry) for name, entry in (layers or {}).items()}
    for name, content in contents.items():
        if content is None:
            entries.pop(name, None)
            continue
        entry = entries.setdefault(name, {})
        if "path" not in entry:
            entry["path"] = _write(folder, name, content)
    (folder / "study.toml").write_text(_toml(entries), encoding="utf-8")
    return folder


def _write(folder: Path, name: str, content: Any) -> str:
    if isinstance(content, str):
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
        return f"{name}.csv"
    if isinstance(content, gpd.GeoDataFrame):
        content.to_file(folder / f"{name}.geojson")
        return f"{name}.geojson"
    assert isinstance(content, pd.DataFrame)
    content.to_excel(folder / f"{name}.xlsx", index=False)
    return f"{name}.xlsx"


def _toml(entries: dict[str, dict[str, Any]]) -> str:
    lines = ['name = "试验"', 'crs = "EPSG:32651"']
    for name, entry in entries.items():
        lines.append(f"[layers.{name}]")
        for key, value in entry.items():
            if isinstance(value, dict):
                inner = ", ".join(f"{k} = '{v}'" for k, v in value.items())
                lines.append(f"{key} = {{ {inner} }}")
            else:
                lines.append(f"{key} = '{value}'")
    return "\n".join(lines)


def read(folder: Path) -> Inputs:
    return read_inputs(read_study(folder))


def coded(inputs: Inputs, code: str) -> list[Problem]:
    return [p for p in inputs.problems if p.code == code]


def codes(inputs: Inputs, *, layer: str | None = None) -> list[str]:
    return [p.code for p in inputs.problems if layer in (None, p.layer)]


def counts(inputs: Inputs, layer: str) -> tuple[int, int, int]:
    row = inputs.row_counts.set_index("layer").loc[layer]
    return int(row["rows_read"]), int(row["accepted"]), int(row["rejected"])


def write_workbook(path: Path, sheets: dict[str, list[list[Any]]], merge: tuple[str, ...] = ()) -> Path:
    """Write a workbook cell by cell; ``merge`` are ranges of the first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for area in merge:
        book.worksheets[0].merge_cells(area)
    book.save(path)
    return path
