"""The tables planners really have give the same as the clean ones they were made from, faults named by row."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import prcoords
import pytest
from shapely.geometry import LineString, Point, box
from study_folders import counts, read, write_study, write_workbook

from pujin_geo.analysis import analyse
from pujin_geo.inputs import Inputs

CENTIMETRE = 0.01
RNG = np.random.default_rng(20230630)


def grid_streets() -> gpd.GeoDataFrame:
    """A street grid of about 250 m, one line per block edge."""
    lon, lat = np.linspace(121.485, 121.515, 13), np.linspace(31.065, 31.095, 14)
    rows = [LineString([(a, y), (b, y)]) for y in lat for a, b in pairwise(lon)]
    rows += [LineString([(x, a), (x, b)]) for x in lon for a, b in pairwise(lat)]
    return gpd.GeoDataFrame({"name": [f"路{i}" for i in range(len(rows))]}, geometry=rows, crs=4326)


def clean_tables() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    kinds = ["日间照料", "助餐点", "菜市场", "小学", "公交站"]
    xy = RNG.uniform([121.486, 31.066], [121.514, 31.094], (40, 2))
    facilities = gpd.GeoDataFrame(
        {"name": [f"{kinds[i % 5]}{i}" for i in range(40)], "site_id": [f"S{i}" for i in range(40)]},
        geometry=[Point(p) for p in xy],
        crs=4326,
    ).assign(facility_type=[kinds[i % 5] for i in range(40)])
    xy = RNG.uniform([121.486, 31.066], [121.514, 31.094], (60, 2))
    residents = gpd.GeoDataFrame(
        {"name": [f"{i}号楼" for i in range(60)], "demand_id": [f"D{i}" for i in range(60)]},
        geometry=[Point(p) for p in xy],
        crs=4326,
    ).assign(population=RNG.integers(20, 1500, 60).astype(float))
    return facilities, residents


FACILITIES, RESIDENTS = clean_tables()
AREA = gpd.GeoDataFrame({"name": ["界"]}, geometry=[box(121.484, 31.064, 121.516, 31.096)], crs=4326)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("clean")
    tables = {"facilities": FACILITIES, "residents": RESIDENTS, "streets": grid_streets(), "boundary": AREA}
    for name, frame in tables.items():
        frame.to_crs(32651).to_file(folder / "clean.gpkg", layer=name)
    return read(write_study(folder, {n: {"path": "clean.gpkg"} for n in tables}, **dict.fromkeys(tables, "")))


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("messy")
    _gbk_csv_in_gcj02(folder / "设施.csv")
    _workbook_in_bd09(folder / "居民.xlsx")
    _shapefile_without_prj(folder / "道路.shp")
    layers = {
        "facilities": {"path": "设施.csv", "datum": "gcj02"},
        "residents": {"path": "居民.xlsx", "datum": "bd09"},
        "streets": {"path": "道路.shp", "datum": "EPSG:4549"},
    }
    return read(write_study(folder, layers, facilities="", residents="", streets="", boundary=AREA))


def _gbk_csv_in_gcj02(path: Path) -> None:
    lines = ["浦锦街道设施点位表,,,,,", "点位编号,设施名称,设施类型,经度,纬度,建设状态"]
    for row in FACILITIES.itertuples():
        lat, lon = prcoords.wgs_gcj((row.geometry.y, row.geometry.x))
        lines.append(f"{row.site_id},{row.name},{row.facility_type},{lon:.9f},{lat:.9f},现状")
    lines.insert(10, "X1,某机场,飞机场,121.5045,31.0779,现状")  # row 9 of the data, row 11 of the file
    lines.insert(20, "X2,颠倒,菜市场,31.0779,121.5045,现状")
    lines.append("X3,待定,菜市场,121.5045,31.0779,再议")
    lines.append("S0,重复,日间照料,121.5045,31.0779,现状")
    lines.append("合计,44,,,,")
    path.write_bytes("\r\n".join(lines).encode("gbk"))


def _workbook_in_bd09(path: Path) -> None:
    header = ["居村委", "小区编号", "小区名称", "常住人口(人)", "经度", "纬度"]
    sheets: dict[str, list[list[object]]] = {
        "近浦村": [["2023年居民点汇总表"], [], header],
        "景江苑": [header],
        "填表说明": [["逐行填写"]],
    }
    for i, row in enumerate(RESIDENTS.itertuples()):
        lat, lon = prcoords.wgs_bd((row.geometry.y, row.geometry.x))
        people = f"{row.population:,.0f}人".translate(str.maketrans("0123456789,", "０１２３４５６７８９，"))
        title = "近浦村" if i < 30 else "景江苑"
        committee = title if i in (0, 30) else None
        sheets[title].append([committee, row.demand_id, row.name, people, f"{lon:.9f}", lat])
    sheets["景江苑"] += [
        ["", "Y1", "缺人口", "—", 121.511, 31.083],
        ["", "Y2", "负", -5, 121.511, 31.083],
        ["", "Y3", "远", 5, 21.5, 31.08],
    ]
    write_workbook(path, sheets, merge=("A1:F1", "A4:A33"))


def _shapefile_without_prj(path: Path) -> None:
    streets = grid_streets().rename(columns={"name": "路名"})
    broken = gpd.GeoDataFrame({"路名": ["零"]}, geometry=[LineString([(121.5, 31.07)] * 2)], crs=4326)
    both = pd.concat([streets, broken], ignore_index=True).to_crs("EPSG:4549")
    both.to_file(path, encoding="gbk")
    path.with_suffix(".prj").unlink()
    path.with_suffix(".cpg").unlink()


@pytest.mark.parametrize(
    ("layer", "key"), [("facilities", "facility_id"), ("residents", "demand_id"), ("streets", "name")]
)
def test_the_same_places(clean: Inputs, messy: Inputs, layer: str, key: str) -> None:
    one, other = clean.layer(layer).set_index(key), messy.layer(layer).set_index(key)
    assert one.index.tolist() == other.index.tolist()
    assert one.geometry.hausdorff_distance(other.geometry).max() < CENTIMETRE


def test_the_same_values(clean: Inputs, messy: Inputs) -> None:
    assert clean.residents["population"].tolist() == messy.residents["population"].tolist()
    assert clean.facilities["facility_type"].tolist() == messy.facilities["facility_type"].tolist()
    assert clean.facilities["name"].tolist() == messy.facilities["name"].tolist()
    assert clean.streets["name"].tolist() == messy.streets["name"].tolist()
    assert messy.residents["committee_id"].tolist()[:31] == ["近浦村"] * 30 + ["景江苑"]


def test_the_same_distances(clean: Inputs, messy: Inputs) -> None:
    one, other = (
        analyse(i).tables["distances"].set_index(["demand_id", "facility_type"]) for i in (clean, messy)
    )
    assert len(one) > 200
    assert one.index.equals(other.index)
    for column in ("walk_m", "straight_m"):
        assert (one[column] - other[column]).abs().max() < CENTIMETRE
    assert one["walk_m"].notna().any()


def test_every_planted_fault_is_named_by_its_row(messy: Inputs) -> None:
    errors = {
        (p.layer, p.file, p.row, p.source_row, p.column, p.code)
        for p in messy.problems
        if p.severity == "error"
    }
    assert errors == {
        ("facilities", "设施.csv", 9, 11, "facility_type", "type_unknown"),
        ("facilities", "设施.csv", 19, 21, "geometry", "coordinate_swapped"),
        ("facilities", "设施.csv", 43, 45, "status", "status_unknown"),
        ("facilities", "设施.csv", 44, 46, "facility_id", "duplicate"),
        ("facilities", "设施.csv", 45, 47, "", "not_data"),
        ("residents", "居民.xlsx [景江苑]", 61, 32, "population", "value_missing"),
        ("residents", "居民.xlsx [景江苑]", 62, 33, "population", "number_negative"),
        ("residents", "居民.xlsx [景江苑]", 63, 34, "geometry", "coordinate_implausible"),
        ("streets", "道路.shp", 338, 337, "geometry", "geometry_degenerate"),
    }  # fmt: skip
    assert counts(messy, "facilities") == (45, 40, 5)
    assert counts(messy, "residents") == (63, 60, 3)
    assert {p.code for p in messy.problems if p.severity == "warning"} == {"sheet_skipped"}
