"""A GeoPackage put together from a kept file and the layer that changes is the one written layer by layer."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import MultiPolygon, Point, box

from pujin_geo.layer_files import parquet, write_geopackage
from pujin_geo.reuse import Store, reusing

SQUARE = box(600_000, 3_440_000, 600_100, 3_440_100)
FACILITIES: dict[str, list[Any]] = {
    "points": [Point(600_000, 3_440_000), Point(600_050, 3_440_020), Point(600_090, 3_440_080)],
    "polygons": [SQUARE, SQUARE.buffer(5), SQUARE.buffer(9)],
    "parts": [SQUARE, MultiPolygon([SQUARE, SQUARE.buffer(-3)]), SQUARE],
    "mixed": [SQUARE, Point(600_000, 3_440_000), SQUARE],
    "heights": [Point(600_000, 3_440_000, 5), Point(600_050, 3_440_020, 5), Point(600_090, 3_440_080, 5)],
}


def facilities(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    table = {
        "name": pd.Series(["甲", "", "丙"], dtype="str"),
        "area_m2": [1.5, None, 3.0],
        "circle_id": pd.Series(["old", "old", "old"], dtype="str"),
        "row": [1, 2, 4],
        "source_row": [2, 3, 5],
    } | columns
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:32651")


RESULTS = {
    "facilities": pd.DataFrame({"circle_id": ["C1", "", "C2"], "inside_boundary": [True, False, True]}),
    "homes": pd.DataFrame({"circle_id": ["C2", "C1", "C1"]}),
}


def layers(shapes: list[Any], **columns: Any) -> dict[str, gpd.GeoDataFrame]:
    return {
        "facilities": facilities(shapes, **columns),
        "homes": facilities(FACILITIES["points"]).drop(columns="circle_id"),
        "water": facilities(FACILITIES["polygons"]),
    }


def content(path: Path) -> list[tuple[Any, ...]]:
    """Return per layer, in order, its name, fields, kind of geometry, extent and rows."""
    found = []
    for name, kind in pyogrio.list_layers(path):
        about = pyogrio.read_info(path, layer=name)
        kept = [str(about[key]) for key in ("crs", "fields", "dtypes", "features", "total_bounds")]
        table = pyogrio.read_dataframe(path, layer=name, fid_as_index=True)
        found.append((name, kind, kept, table.dtypes.astype(str).tolist(), table.to_wkb().to_csv()))
    return found


def written_layer_by_layer(world: dict[str, gpd.GeoDataFrame], path: Path) -> Path:
    for name, layer in world.items():
        added = RESULTS.get(name, pd.DataFrame(index=layer.index))
        table = layer.drop(columns=[one for one in added if one in layer]).join(added).to_crs("EPSG:4326")
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", append=path.exists())
    return path


@pytest.mark.parametrize("shapes", FACILITIES.values(), ids=FACILITIES)
def test_it_is_the_file_written_layer_by_layer(shapes: list[Any], tmp_path: Path) -> None:
    expected = content(written_layer_by_layer(layers(shapes), tmp_path / "expected.gpkg"))
    assert [name for name, *_ in expected] == ["facilities", "homes", "water"]
    for run in ("plain", "first", "again"):
        path = tmp_path / f"{run}.gpkg"
        with reusing(Store(tmp_path / "cache" / run.replace("again", "first"))):
            write_geopackage(path, layers(shapes), RESULTS, changing="facilities")
        assert content(path) == expected


def test_changed_rows_of_the_changing_layer_need_no_new_file_of_the_rest(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    moved = [Point(600_001, 3_440_000), *FACILITIES["points"][1:]]
    worlds = [
        layers(FACILITIES["points"]),
        layers(moved, name=pd.Series(["乙", "=1", "丙"], dtype="str")),
        {**layers(moved), "facilities": facilities(moved).iloc[:1]},
        layers(FACILITIES["polygons"]),  # a layer of another kind
    ]
    with reusing(store):
        for number, world in enumerate(worlds):
            path = tmp_path / f"{number}.gpkg"
            write_geopackage(path, world, RESULTS, changing="facilities")
            expected = written_layer_by_layer(world, tmp_path / f"{number}_expected.gpkg")
            assert content(path) == content(expected), number
    assert store.counts() == {"layer_files._geopackage": {"reused": 2, "made": 2}}


def test_settings_of_gdal_are_as_they_were(tmp_path: Path) -> None:
    pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "FULL", "OGR_CURRENT_DATE": None})
    try:
        write_geopackage(tmp_path / "a.gpkg", layers(FACILITIES["points"]), RESULTS, changing="facilities")
        assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") == "FULL"
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    finally:
        pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": None})


def test_a_parquet_file_holds_the_layer_without_its_places(tmp_path: Path) -> None:
    layer = facilities(FACILITIES["mixed"])
    (tmp_path / "a.parquet").write_bytes(parquet(layer))
    back = gpd.read_parquet(tmp_path / "a.parquet")
    assert back.crs == layer.crs
    assert back.columns.tolist() == ["name", "area_m2", "circle_id", "geometry"]
    assert back.to_wkb().to_csv() == layer.drop(columns=["row", "source_row"]).to_wkb().to_csv()
