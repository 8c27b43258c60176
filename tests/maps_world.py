"""A small study drawn by a formula, with every layer, status and verdict, for the tests of maps and pages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import LineString, Polygon, box

from pujin_geo.analysis import analyse
from pujin_geo.catalogue import read_catalogue
from pujin_geo.inputs import Inputs, empty_layer
from pujin_geo.results import Results
from pujin_geo.study import Settings, Study
from pujin_geo.tables import LAYERS, Problem
from pujin_geo.texts import Lang, Text

CRS_ = CRS("EPSG:32651")
X0, Y0 = 354_000.0, 3_438_000.0

PAYLOADS = (
    "</script><img src=x onerror=alert(1)>",
    "`backtick`",
    "${1+1}",
    r"\9 \u0041 C:\new",
    "\"double\" 'single' &amp; <b>bold</b>",
    "\u202eright to left\u202c שלום",
    "长" * 500,
    "",
    "--><!-- <script>alert(2)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "https://example.com/x.js L.tileLayer('https://example.com')",
)


def study(**changes: Any) -> Study:
    fields: dict[str, Any] = {
        "folder": Path(),
        "name": "示例街道",
        "crs": CRS_,
        "profile": "shanghai",
        "data_date": "2023-06-30",
        "synthetic": True,
        "layers": {},
        "settings": Settings(),
    }
    return Study(**(fields | changes))


def layer(name: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Fill up the declared columns as the reading of a study does."""
    if not rows:
        return empty_layer(name, CRS_)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS_)
    for column in LAYERS[name].columns:
        blank: Any = {"text": "", "number": np.nan, "yes_no": True}[column.kind]
        if column.name not in frame:
            frame[column.name] = blank
        if column.kind == "number":
            frame[column.name] = frame[column.name].astype(float)
    frame["row"] = frame["source_row"] = np.arange(1, len(frame) + 1)
    return frame


def inputs(*, cells: int = 6, step_m: float = 200.0, named: tuple[str, ...] = (), **changes: Any) -> Inputs:
    """Return a lattice of streets with residents in the cells and facilities along it."""
    size = cells * step_m
    catalogue = read_catalogue("shanghai", folder=Path())
    outline = box(X0, Y0, X0 + size, Y0 + size)
    fields: dict[str, Any] = {
        "study": study(),
        "catalogue": catalogue,
        "facilities": _facilities(catalogue, cells, step_m, named),
        "residents": _residents(cells, step_m, named),
        "streets": _streets(cells, step_m, named),
        "boundary": layer("boundary", [{"geometry": outline}]),
        "extent": layer("extent", [{"geometry": outline.buffer(250, join_style="mitre")}]),
        "water": layer("water", [{"geometry": _river(size), "name": named[0] if named else "周浦塘"}]),
        "green": layer(
            "green", [{"geometry": box(X0 + 420, Y0 + 420, X0 + 560, Y0 + 580), "name": "小公园"}]
        ),
        "residential_land": layer(
            "residential_land", [{"geometry": box(X0 + 20, Y0 + 20, X0 + 380, Y0 + 180)}]
        ),
        "barriers": layer(
            "barriers", [{"geometry": LineString([(X0 + 100, Y0 + 100), (X0 + 300, Y0 + 100)])}]
        ),
        "committees": layer(
            "committees",
            [
                {
                    "geometry": box(X0, Y0, X0 + size / 2, Y0 + size),
                    "committee_id": "A",
                    "name": named[1] if named else "甲居委",
                },
                {
                    "geometry": box(X0 + size / 2, Y0, X0 + size, Y0 + size),
                    "committee_id": "B",
                    "name": "乙村",
                },
            ],
        ),
        "circles": layer("circles", []),
        "entrances": layer("entrances", []),
        "spaces": layer("spaces", []),
        "problems": (
            Problem(
                "facilities",
                "error",
                "unknown_type",
                Text("类型不认识", "unknown type"),
                "facilities.csv",
                7,
                8,
                "facility_type",
                named[0] if named else "游泳池",
            ),
        ),
        "row_counts": pd.DataFrame(
            {
                "layer": ["facilities", "residents", "streets"],
                "file": ["facilities.csv", "residents.csv", named[0] if named else "streets.geojson"],
                "rows_read": [41, 30, 20],
                "accepted": [40, 30, 20],
                "rejected": [1, 0, 0],
            }
        ),
    }
    return Inputs(**(fields | changes))


def results(*, lang: Lang = "zh", include_planned: bool = False, **options: Any) -> Results:
    return analyse(inputs(**options), lang=lang, include_planned=include_planned)


def two_circles() -> gpd.GeoDataFrame:
    """Return a west and an east circle over the six by six lattice."""
    rows = [
        {"geometry": box(X0, Y0, X0 + 600, Y0 + 1_200), "circle_id": "LC1", "name": "西圈", "colour": 1.0},
        {
            "geometry": box(X0 + 600, Y0, X0 + 1_200, Y0 + 1_200),
            "circle_id": "LC2",
            "name": "东圈",
            "colour": 2.0,
        },
    ]
    return layer("circles", rows)


def without(result: Results, *layers: str) -> Results:
    """Return results whose inputs lack some optional layers."""
    gone = {name: empty_layer(name, CRS_) for name in layers}
    return replace(result, inputs=replace(result.inputs, **gone))


def _river(size: float) -> Polygon:
    return Polygon(
        [(X0 - 200, Y0 - 200), (X0 - 40, Y0 - 200), (X0 - 10, Y0 + size + 200), (X0 - 200, Y0 + size)]
    )


def _streets(cells: int, step_m: float, named: tuple[str, ...]) -> gpd.GeoDataFrame:
    rows = []
    kinds = ("primary", "residential", "footway")
    at = np.arange(-1, cells + 2) * step_m
    for number in range(cells + 1):
        for across in (False, True):
            points = [(number * step_m, v) if across else (v, number * step_m) for v in at]
            line = LineString([(X0 + x, Y0 + y) for x, y in points])
            name = named[number % len(named)] if named else f"{'经' if across else '纬'}{number + 1}路"
            rows.append(
                {
                    "geometry": line,
                    "kind": kinds[number % 3],
                    "name": name,
                    "walkable": True,
                    "status": "existing",
                }
            )
    high = Y0 + 90.0
    rows.append(
        {
            "geometry": LineString([(X0 - 200, high), (X0 + cells * step_m, high)]),
            "kind": "motorway",
            "name": "高速",
            "walkable": False,
            "status": "existing",
        }
    )
    rows.append(
        {
            "geometry": LineString([(X0, Y0 + 50), (X0 + 400, Y0 + 350)]),
            "kind": "local",
            "name": "",
            "walkable": True,
            "status": "planned",
        }
    )
    return layer("streets", rows)


def _residents(cells: int, step_m: float, named: tuple[str, ...]) -> gpd.GeoDataFrame:
    rows = []
    for i in range(cells * cells):
        x, y = X0 + (i % cells + 0.5) * step_m, Y0 + (i // cells + 0.4) * step_m
        rows.append(
            {
                "geometry": gpd.points_from_xy([x], [y])[0],
                "demand_id": f"d{i:03d}",
                "name": named[i % len(named)] if named else f"小区{i + 1}",
                "population": float(50 + 37 * i % 400),
                "committee_id": "A" if i % cells < cells / 2 else "B",
                "scope": "urban",
            }
        )
    outside = gpd.points_from_xy([X0 - 120], [Y0 + 300])[0]
    rows.append(
        {
            "geometry": outside,
            "demand_id": "out",
            "name": "界外",
            "population": 10.0,
            "committee_id": "",
            "scope": "urban",
        }
    )
    return layer("residents", rows)


def _facilities(
    catalogue: pd.DataFrame, cells: int, step_m: float, named: tuple[str, ...]
) -> gpd.GeoDataFrame:
    statuses = ("existing", "existing", "existing", "under_construction", "planned", "closed")
    rows = []
    types = catalogue["facility_type"].tolist()
    suitability = dict(zip(types, catalogue["suitability"], strict=True))
    for i, facility_type in enumerate(types * 2):
        x = X0 + (i * 7 % (cells * 2)) * step_m / 2
        y = Y0 + (i * 5 % cells) * step_m + 6
        site = f"s{i // 3:03d}" if i < 30 else f"t{i:03d}"
        if i < 30:  # three functions of one site stand at one place
            x, y = X0 + (i // 3 % cells) * step_m + 60, Y0 + (i // 9 % cells) * step_m + 8
        rows.append(
            {
                "geometry": gpd.points_from_xy([x], [y])[0],
                "facility_id": f"{site}/{facility_type}",
                "facility_type": facility_type,
                "site_id": site,
                "suitability": suitability[facility_type],
                "name": named[i % len(named)] if named else f"设施{i + 1}",
                "status": statuses[i % len(statuses)],
                "capacity": 30.0 if i % 4 == 0 else np.nan,
                "area_m2": 120.5 if i % 3 == 0 else np.nan,
                "source": named[i % len(named)] if named else "街道资料",
                "note": named[(i + 1) % len(named)] if named else "",
            }
        )
    return layer("facilities", rows)
