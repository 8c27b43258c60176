"""The datum check speaks up for displaced points, stays silent for right ones, and moves nothing."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import prcoords
import pytest
from shapely.geometry import LineString, box
from study_folders import coded, read, write_study

from pujin_geo.inputs import Inputs

MAKERS = {"wgs84": lambda p: p, "gcj02": prcoords.wgs_gcj, "bd09": prcoords.wgs_bd}
# Two north-south streets 1.5 km apart: 480 m off either is off every street.
STREETS = gpd.GeoDataFrame(
    geometry=[LineString([(lon, 31.05), (lon, 31.11)]) for lon in (121.490, 121.5057)], crs=4326
)
AREA = gpd.GeoDataFrame({"name": ["界"]}, geometry=[box(121.47, 31.04, 121.53, 31.12)], crs=4326)


def study(tmp_path: Path, made_in: str, declared: str, *, count: int = 60, **files: object) -> Inputs:
    rng = np.random.default_rng(5)
    lines = ["name,population,demand_id,lon,lat"]
    for i in range(count):
        lon = (121.490, 121.5057)[i % 2] + rng.uniform(-0.0003, 0.0003)
        lat, lon = MAKERS[made_in]((rng.uniform(31.055, 31.105), lon))
        lines.append(f"p{i},10,d{i},{lon:.7f},{lat:.7f}")
    layers = {"residents": {"datum": declared}, "facilities": {"datum": "wgs84"}}
    return read(
        write_study(tmp_path, layers, residents="\n".join(lines), streets=STREETS, boundary=AREA, **files)
    )


@pytest.mark.parametrize("made_in", MAKERS)
@pytest.mark.parametrize("declared", MAKERS)
def test_the_right_datum_is_named_and_only_where_needed(tmp_path: Path, made_in: str, declared: str) -> None:
    doubts = coded(study(tmp_path, made_in, declared), "datum_doubt")
    if made_in == declared:
        assert doubts == []
    else:
        (doubt,) = doubts
        assert (doubt.layer, doubt.severity, doubt.value, doubt.column) == (
            "residents",
            "warning",
            declared,
            "datum",
        )
        assert f'datum = "{made_in}"' in doubt.message.zh and "%" in doubt.message.en


def test_points_that_are_merely_far_from_streets_raise_no_doubt(tmp_path: Path) -> None:
    # In the middle of large blocks every shift brings points nearer to a street; that is no evidence.
    lon, lat = np.arange(121.475, 121.53, 0.0021), np.arange(31.045, 31.12, 0.0018)
    lines = [LineString([(x, lat[0]), (x, lat[-1])]) for x in lon] + [
        LineString([(lon[0], y), (lon[-1], y)]) for y in lat
    ]
    rows = [f"10,{x + 0.00105:.5f},{y + 0.0009:.5f}" for x in lon[5:18] for y in lat[10:30]]
    streets = gpd.GeoDataFrame(geometry=lines, crs=4326)
    text = "\n".join(["population,lon,lat", *rows])
    inputs = read(
        write_study(
            tmp_path, {"residents": {"datum": "wgs84"}}, residents=text, streets=streets, boundary=AREA
        )
    )
    assert coded(inputs, "datum_doubt") == []


def test_nothing_is_moved(tmp_path: Path) -> None:
    wrong = study(tmp_path, "gcj02", "wgs84").residents
    right = study(tmp_path, "gcj02", "gcj02").residents
    assert wrong.distance(right).between(400, 600).all()


def test_few_points_say_nothing(tmp_path: Path) -> None:
    assert coded(study(tmp_path, "gcj02", "wgs84", count=9), "datum_doubt") == []


def test_points_in_the_river(tmp_path: Path) -> None:
    # Only the river tells: streets lie everywhere.
    dense = [LineString([(lon, 31.05), (lon, 31.11)]) for lon in np.arange(121.48, 121.52, 0.001)]
    river = gpd.GeoDataFrame(geometry=[box(121.4925, 31.04, 121.497, 31.12)], crs=4326)
    files = {"streets": gpd.GeoDataFrame(geometry=dense, crs=4326), "water": river}
    assert coded(_on_bank(tmp_path, "wgs84", files), "datum_doubt")[0].message.en.count("in water") == 2
    assert coded(_on_bank(tmp_path, "gcj02", files), "datum_doubt") == []


def _on_bank(tmp_path: Path, declared: str, files: dict[str, gpd.GeoDataFrame]) -> Inputs:
    lines = ["population,demand_id,lon,lat"]
    for i in range(40):
        lat, lon = prcoords.wgs_gcj((31.06 + i / 1000, 121.4901))
        lines.append(f"10,d{i},{lon:.7f},{lat:.7f}")
    layers = {"residents": {"datum": declared}}
    return read(write_study(tmp_path, layers, residents="\n".join(lines), boundary=AREA, **files))


def test_outside_china_only_what_is_defined_is_compared(tmp_path: Path) -> None:
    streets = gpd.GeoDataFrame(geometry=[LineString([(24.93, 60.15), (24.95, 60.15)])], crs=4326)
    area = gpd.GeoDataFrame({"name": ["x"]}, geometry=[box(24.9, 60.1, 25.0, 60.2)], crs=4326)
    rows = "\n".join(f"5,{24.93 + i / 2000:.4f},60.16" for i in range(20))
    folder = write_study(
        tmp_path,
        facilities="facility_type,lon,lat\nwet_market,24.94,60.15\n",
        residents=f"population,lon,lat\n{rows}\n",
        streets=streets,
        boundary=area,
    )
    toml = folder / "study.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("32651", "3067"), encoding="utf-8")
    assert coded(read(folder), "datum_doubt") == []
