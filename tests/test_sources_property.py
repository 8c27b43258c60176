"""Messy tables of every sort: rows read = accepted + rejected, and refusals only in words."""

import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from study_folders import read, write_study

from pujin_geo.errors import PujinError
from pujin_geo.inputs import Inputs
from pujin_geo.tables import LAYERS

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)

TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "—",
            "无",
            "日间照料、助餐",
            "菜场",
            "wet_market",
            "飞机场",
            "约200",
            "300平",
            "１，２００",
            "-5",
            "1e400",
            "合计",
            "现状",
            "在建",
            "?",
            "是",
            "否",
            "NaN",
            "inf",
            "=1+1",
            "a,b",
            'x"y',
            "居委会",
            "A",
            "B",
            "d1",
            "\x00",
            "\ud800",
            "121.5",
            "31.08",
            "121°30′",
            "POINT (121.5 31.08)",
            "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))",
            "POINT EMPTY",
            "LINESTRING (121.5 31.08, 121.5 31.08)",
            "LINESTRING (121.5 31.08, 121.6 nan)",
            "MULTIPOINT (1 1, 2 2)",
        ]
    ),
    st.text(max_size=6),
    st.floats(width=32).map(str),
)
GOOD_LON, GOOD_LAT = (
    st.floats(121.48, 121.52).map("{:.6f}".format),
    st.floats(31.06, 31.10).map("{:.6f}".format),
)
WKT = st.sampled_from(
    [
        "POLYGON ((121.49 31.07, 121.51 31.07, 121.51 31.09, 121.49 31.07))",
        "LINESTRING (121.49 31.07, 121.51 31.09)",
    ]
)


@st.composite
def csv_layer(draw: st.DrawFn, name: str) -> str:
    """A table of a layer with its real headers and mostly wrong cells."""
    layer = LAYERS[name]
    optional = [c.name for c in layer.columns if not c.required]
    chosen = [c.name for c in layer.columns if c.required]
    chosen += draw(st.lists(st.sampled_from(optional), unique=True)) if optional else []
    place = ["geometry"] if layer.geometry in ("line", "polygon") else ["lon", "lat"]
    headers = draw(st.permutations([*chosen, *place]))
    good = {"lon": GOOD_LON, "lat": GOOD_LAT, "geometry": WKT, "population": st.integers(0, 900).map(str)}
    count = draw(st.integers(0, 6))
    rows = [[draw(st.one_of(good.get(h, TEXTS), TEXTS)) for h in headers] for _ in range(count)]
    mark = draw(st.sampled_from([",", ";", "\t"]))
    quote = draw(st.booleans())
    cells = [
        [f'"{c.replace(chr(34), chr(34) * 2)}"' if quote else c for c in row] for row in [headers, *rows]
    ]
    return "\n".join(mark.join(row) for row in cells)


def check(folder: Path) -> Inputs | None:
    try:
        inputs = read(folder)
    except PujinError as refusal:
        assert refusal.of("zh") and refusal.of("en")
        return None
    counts = inputs.row_counts
    assert (counts["rows_read"] == counts["accepted"] + counts["rejected"]).all()
    errors = {(p.layer, p.file, p.row) for p in inputs.problems if p.severity == "error"}
    for row in counts.itertuples():
        frame = inputs.layer(row.layer)
        assert len(frame) == row.accepted
        assert (row.rejected > 0) == any(layer == row.layer for layer, _, _ in errors)
        assert not frame.geometry.is_empty.any() and not frame.geometry.isna().any()
        assert np.isfinite(shapely.get_coordinates(frame.geometry.to_numpy())).all()
        assert frame.index.tolist() == list(range(len(frame)))
    return inputs


@settings(SETTINGS, max_examples=60)
@given(data=st.data())
def test_rows_read_are_accepted_or_rejected(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(LAYERS)))
    text = data.draw(csv_layer(name))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.csv"
        path.write_bytes(
            text.encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])), "replace")
        )
        check(write_study(Path(folder), {name: {"path": path.name}}, **{name: ""}))


@settings(SETTINGS, max_examples=30)
@given(
    data=st.binary(max_size=300),
    ending=st.sampled_from(["csv", "xlsx", "geojson", "gpkg", "shp", "parquet", "osm.pbf"]),
)
def test_a_broken_file_is_refused_in_words(data: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"streets.{ending}").write_bytes(data)
        assert (
            check(write_study(Path(folder), {"streets": {"path": f"streets.{ending}"}}, streets="")) is None
        )


CELLS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 500),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    TEXTS.map(lambda t: "".join(c for c in t if c.isprintable())),
)


@settings(SETTINGS, max_examples=30)
@given(data=st.data())
def test_a_messy_workbook_loses_no_row(data: st.DataObject) -> None:
    book = openpyxl.Workbook()
    headers = ["设施名称", "设施类型", "经度", "纬度", "状态", "建筑面积(㎡)"]
    for _ in range(data.draw(st.integers(1, 3))):
        sheet = book.create_sheet()
        for _ in range(data.draw(st.integers(0, 2))):
            sheet.append(["浦锦街道设施统计表"])
        if data.draw(st.booleans()):
            sheet.append(headers)
        for _ in range(data.draw(st.integers(0, 5))):
            sheet.append(
                [data.draw(st.one_of(CELLS, st.just(v))) for v in ["站", "菜场", 121.5, 31.08, "现状", 300]]
            )
        if sheet.max_row > 3 and data.draw(st.booleans()):
            column = data.draw(st.sampled_from("ABCDEF"))
            sheet.merge_cells(f"{column}2:{column}{sheet.max_row}")
    with tempfile.TemporaryDirectory() as folder:
        book.save(Path(folder) / "f.xlsx")
        check(write_study(Path(folder), {"facilities": {"path": "f.xlsx"}}, facilities=""))


SHAPES = st.sampled_from(
    [
        None,
        shapely.Point(),
        shapely.Point(121.5, 31.08),
        shapely.Point(31.08, 121.5),
        shapely.Point(999, 999),
        shapely.MultiPoint([(121.5, 31.08)]),
        shapely.LineString([(121.5, 31.07), (121.5, 31.09)]),
        shapely.LineString([(121.5, 31.07), (121.5, 31.07)]),
        shapely.box(121.49, 31.07, 121.51, 31.09),
        shapely.Polygon([(121.49, 31.07), (121.51, 31.09), (121.51, 31.07), (121.49, 31.09)]),
        shapely.GeometryCollection([shapely.Point(121.5, 31.08)]),
        shapely.Point(121.5, 31.08, 4.0),
    ]
)


@settings(SETTINGS, max_examples=40)
@given(data=st.data())
def test_any_geometry_in_any_layer(data: st.DataObject) -> None:
    ending = data.draw(st.sampled_from(["geojson", "gpkg", "parquet"]))
    name = data.draw(st.sampled_from(sorted(LAYERS)))
    shapes = data.draw(st.lists(SHAPES, min_size=1, max_size=6))
    columns = {c.name: [data.draw(TEXTS.map(_plain)) for _ in shapes] for c in LAYERS[name].columns}
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.{ending}"
        frame.to_parquet(path) if ending == "parquet" else frame.to_file(path)
        check(write_study(Path(folder), {name: {"path": path.name}}, **{name: ""}))


def _plain(text: str) -> str:
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")
