"""What the door accepts, what it leaves out, and what it says about it."""

import ast
import math
import re
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import prcoords
import pytest
import shapely
from pyproj import CRS
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box
from study_folders import BOUNDARY, STREETS, coded, codes, counts, read, write_study

from pujin_geo.errors import PujinError, SettingsError, SourceError
from pujin_geo.inputs import Inputs, empty_layer
from pujin_geo.sources.facilities import near_pairs
from pujin_geo.tables import LAYERS


def facilities(
    tmp_path: Path, *rows: str, header: str = "name,facility_type,site_id,lon,lat,status", **entry: str
) -> Inputs:
    text = "\n".join([header, *rows])
    return read(write_study(tmp_path, {"facilities": entry} if entry else None, facilities=text))


def residents(
    tmp_path: Path, *rows: str, header: str = "name,population,demand_id,lon,lat", **files: object
) -> Inputs:
    return read(write_study(tmp_path, residents="\n".join([header, *rows]), **files))


GOOD = "菜场,wet_market,A,121.500,31.080,"
GOOD_PEOPLE = "东苑,100,d1,121.502,31.082"


def test_every_layer_has_its_declared_columns(tmp_path: Path) -> None:
    inputs = read(write_study(tmp_path))
    for name in LAYERS:
        frame, model = inputs.layer(name), empty_layer(name, CRS("EPSG:32651"))
        assert set(frame.columns) == set(model.columns)
        assert frame.crs == CRS("EPSG:32651")
        for column in model.columns.drop("geometry"):
            assert frame[column].dtype == model[column].dtype, (name, column)
    assert inputs.row_counts["layer"].tolist() == ["facilities", "residents", "streets", "boundary"]


# Facilities


def test_one_row_per_function_of_one_site(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, '站,"日间照料、助餐点",S1,121.5,31.08,现状', GOOD)
    frame = inputs.facilities
    assert frame["facility_id"].tolist() == ["S1/day_care", "S1/meal_point", "A/wet_market"]
    assert frame["suitability"].tolist() == ["caring", "caring", "livable"]
    assert frame["source_row"].tolist() == [2, 2, 3]
    assert counts(inputs, "facilities") == (3, 3, 0)


def test_one_unknown_function_leaves_the_others(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, '站,"日间照料、飞机场、助餐点",S1,121.5,31.08,')
    assert counts(inputs, "facilities") == (3, 2, 1)
    (problem,) = coded(inputs, "type_unknown")
    assert (problem.row, problem.source_row, problem.value) == (1, 2, "飞机场")


def test_an_unknown_type_is_told_the_nearest(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "x,日间照料所,B,121.5,31.08,", "y,wet_markt,C,121.5,31.08,")
    first, second = coded(inputs, "type_unknown")
    assert "day_care" in first.message.zh and "wet_market" in second.message.en


@pytest.mark.parametrize("written", ["wet_market", "WET MARKET", "菜市场", "农贸市场", " 菜场 "])
def test_types_by_id_name_or_alias(tmp_path: Path, written: str) -> None:
    assert facilities(tmp_path, f"x,{written},B,121.5,31.08,").facilities["facility_type"].tolist() == [
        "wet_market"
    ]


def test_a_status_that_cannot_be_read_does_not_count_as_existing(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "x,health_station,B,121.5,31.08,待定")
    assert inputs.facilities["status"].tolist() == ["existing"]
    assert coded(inputs, "status_unknown")[0].severity == "error"


def test_the_first_of_a_duplicate_is_kept(tmp_path: Path) -> None:
    inputs = facilities(
        tmp_path, GOOD, "旧菜场,菜市场,A,121.5001,31.08,", "诊所,health_station,A,121.5,31.08,"
    )
    assert inputs.facilities["name"].tolist() == ["菜场", "诊所"]
    (problem,) = coded(inputs, "duplicate")
    assert (problem.severity, problem.row, problem.source_row, problem.value) == (
        "error",
        2,
        3,
        "A/wet_market",
    )
    assert "第 1 行" in problem.message.zh


def test_a_faulty_row_does_not_make_a_good_one_a_duplicate(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, "菜场,wet_market,A,,31.08,", GOOD)
    assert len(inputs.facilities) == 1
    assert not coded(inputs, "duplicate")


def test_one_row_can_have_several_faults(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "x,飞机场,B,abc,31.08,待定")
    assert {p.code for p in inputs.problems if p.row == 2} == {
        "type_unknown",
        "coordinate_unreadable",
        "status_unknown",
    }
    assert counts(inputs, "facilities") == (2, 1, 1)


def test_missing_site_ids_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    header = "name,facility_type,lon,lat"
    rows = [
        "菜场,wet_market,121.5,31.08",
        "站,day_care,121.501,31.081",
        "站,meal_point,121.501,31.081",
        ",health_station,121.502,31.08",
    ]
    one = facilities(tmp_path, *rows, header=header).facilities.set_index("facility_type")["site_id"]
    other = facilities(tmp_path, *rows[::-1], header=header).facilities.set_index("facility_type")["site_id"]
    assert one.sort_index().equals(other.sort_index())
    assert one["day_care"] == one["meal_point"]
    assert one.nunique() == 3


def test_like_names_within_thirty_metres(tmp_path: Path) -> None:
    step = 0.0001  # about 9.5 m of longitude here
    rows = [
        GOOD,
        f"菜 场（新）,wet_market,B,{121.5 + 2 * step:.6f},31.08,",
        f"菜场,wet_market,C,{121.5 + 40 * step:.6f},31.08,",
        f"菜场,health_station,D,{121.5 + step:.6f},31.08,",
        "滨浦二村助餐点,meal_point,E,121.510,31.08,",
        f"滨浦七村助餐点,meal_point,F,{121.510 + step:.6f},31.08,",
    ]
    (problem,) = coded(facilities(tmp_path, *rows), "near_duplicate")
    assert (problem.severity, problem.row) == ("warning", 2)


def test_one_point_twice_under_other_names(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "超级集市,wet_market,B,121.500,31.080,")
    assert [p.row for p in coded(inputs, "same_point")] == [2]
    assert len(inputs.facilities) == 2


def test_one_site_in_two_places(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "诊所,health_station,A,121.503,31.080,")
    assert [p.row for p in coded(inputs, "site_spread")] == [2]


def test_a_suitability_that_contradicts_the_catalogue(tmp_path: Path) -> None:
    header = "name,facility_type,site_id,lon,lat,五宜"
    inputs = facilities(
        tmp_path,
        GOOD + "宜游",
        "x,health_station,B,121.5,31.08,宜养",
        "y,day_care,C,121.5,31.08,备用",
        header=header,
    )
    (problem,) = coded(inputs, "suitability_differs")
    assert (problem.row, problem.value) == (1, "宜游")
    assert inputs.facilities["suitability"].tolist() == ["livable", "caring", "caring"]


def test_figures_that_cannot_be_are_blank_with_a_warning(tmp_path: Path) -> None:
    header = "name,facility_type,site_id,lon,lat,area_m2,capacity"
    rows = [
        "a,health_station,A,121.50,31.08,约300平,30张",
        "b,health_station,B,121.51,31.08,0,-3",
        "c,health_station,C,121.49,31.08,大,",
    ]
    inputs = facilities(tmp_path, *rows, header=header)
    assert inputs.facilities["area_m2"].tolist()[:2] == [300, 0]
    assert inputs.facilities["capacity"].tolist()[0] == 30
    assert inputs.facilities[["area_m2", "capacity"]].iloc[2].isna().all()
    assert [(p.code, p.row, p.severity) for p in inputs.problems if p.row] == [
        ("number_approximate", 1, "warning"),
        ("number_negative", 2, "warning"),
        ("area_implausible", 2, "warning"),
        ("number_unreadable", 3, "warning"),
    ]


# Where rows lie


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("", "31.08", "coordinate_missing"),
        ("—", "31.08", "coordinate_missing"),
        ("abc", "31.08", "coordinate_unreadable"),
        ("nan", "31.08", "coordinate_missing"),
        ("inf", "31.08", "coordinate_unreadable"),
        ("31.08", "121.5", "coordinate_swapped"),
        ("0", "0", "coordinate_implausible"),
        ("-3.7", "40.4", "coordinate_implausible"),
        ("999", "31.08", "coordinate_implausible"),
        ("120.5", "31.08", "coordinate_implausible"),
    ],
)
def test_a_coordinate_that_cannot_be(tmp_path: Path, lon: str, lat: str, code: str) -> None:
    inputs = facilities(tmp_path, GOOD, f"x,health_station,B,{lon},{lat},")
    (problem,) = [p for p in inputs.problems if p.row == 2]
    assert (problem.severity, problem.code) == ("error", code)
    assert counts(inputs, "facilities") == (2, 1, 1)


def test_a_neighbour_outside_the_boundary_is_kept(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "x,health_station,B,121.56,31.08,")
    assert len(inputs.facilities) == 2


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_point_outside_china_does_not_refuse_the_layer(tmp_path: Path, datum: str) -> None:
    inputs = facilities(tmp_path, GOOD, "x,health_station,B,2.35,48.85,", datum=datum)
    assert codes(inputs, layer="facilities") == ["coordinate_implausible"]


def test_a_layer_wholly_outside_china_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="境"):
        facilities(tmp_path, "x,health_station,B,2.35,48.85,", datum="gcj02")


def test_swapped_plane_coordinates_are_detected(tmp_path: Path) -> None:
    rows = ["a,health_station,A,3437400,356900,", "b,health_station,B,356900,3437400,"]
    inputs = facilities(tmp_path, *rows, header="name,facility_type,site_id,x,y,status", datum="EPSG:32651")
    assert [(p.code, p.row) for p in inputs.problems if p.layer == "facilities"] == [
        ("coordinate_swapped", 1)
    ]


def test_swapped_survey_coordinates_of_the_shanghai_plane(tmp_path: Path) -> None:
    # Survey X is north: both numbers stay within 50 km of the study, so only the mirror tells.
    rows = ["a,health_station,A,-17000,3300,", "b,health_station,B,3300,-17000,"]
    inputs = facilities(tmp_path, *rows, header="name,facility_type,site_id,X,Y,status", datum="shanghai2000")
    assert [(p.code, p.row) for p in inputs.problems if p.layer == "facilities"] == [
        ("coordinate_swapped", 1)
    ]


def test_all_swapped_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="写反了"):
        facilities(tmp_path, "x,health_station,B,31.08,121.5,")


def test_swapped_where_both_orders_are_on_the_globe(tmp_path: Path) -> None:
    area = gpd.GeoDataFrame({"name": ["x"]}, geometry=[box(24.9, 60.1, 25.0, 60.2)], crs=4326)
    streets = gpd.GeoDataFrame(geometry=[LineString([(24.92, 60.15), (24.95, 60.15)])], crs=4326)
    folder = write_study(
        tmp_path,
        facilities="name,facility_type,lon,lat\na,health_station,24.93,60.15\nb,health_station,60.15,24.93\n",
        residents="population,lon,lat\n5,24.93,60.15\n",
        streets=streets,
        boundary=area,
    )
    (folder / "study.toml").write_text(
        (folder / "study.toml").read_text(encoding="utf-8").replace("32651", "3067"), encoding="utf-8"
    )
    assert [p.row for p in coded(read(folder), "coordinate_swapped")] == [2]


def test_without_a_boundary_the_layer_itself_tells_what_is_far(tmp_path: Path) -> None:
    rows = [f"s{i},health_station,S{i},{121.49 + i / 500:.4f},31.08," for i in range(8)]
    text = "\n".join(["name,facility_type,site_id,lon,lat,status", *rows, "x,health_station,X,122.9,31.08,"])
    inputs = read(write_study(tmp_path, facilities=text, boundary=None))
    assert [p.row for p in coded(inputs, "coordinate_implausible")] == [9]


def test_lon_lat_in_one_cell_and_in_degrees_and_minutes(tmp_path: Path) -> None:
    one = facilities(tmp_path, '菜场,wet_market,"121.500，31.080"', header="name,facility_type,经纬度")
    two = facilities(tmp_path, "菜场,wet_market,121°30′00″,31°04′48″", header="name,facility_type,经度,纬度")
    assert one.facilities.distance(two.facilities).max() < 0.01


def test_wkt(tmp_path: Path) -> None:
    rows = [
        'a,health_station,"POLYGON ((121.5 31.08, 121.501 31.08, 121.501 31.081, 121.5 31.08))"',
        "b,health_station,POINT EMPTY",
        "c,health_station,oops",
        "d,health_station,",
    ]
    inputs = facilities(tmp_path, *rows, header="name,facility_type,geometry")
    assert inputs.facilities.geom_type.tolist() == ["Polygon"]
    assert [(p.code, p.row) for p in inputs.problems if p.row] == [
        ("geometry_unreadable", 2),
        ("geometry_unreadable", 3),
        ("geometry_missing", 4),
    ]


# Datums


def test_degrees_without_datum_are_wgs84_with_a_warning(tmp_path: Path) -> None:
    (problem,) = coded(facilities(tmp_path, GOOD), "datum_assumed")[:1]
    assert (problem.layer, problem.value) == ("facilities", "wgs84")
    assert "datum_assumed" not in codes(facilities(tmp_path, GOOD, datum="WGS-84"), layer="facilities")


def test_metres_without_datum_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="datum"):
        facilities(
            tmp_path, "a,health_station,A,356900,3437400,", header="name,facility_type,site_id,x,y,status"
        )


def test_x_and_y_in_degrees_are_read_as_such(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, header="name,facility_type,site_id,X,Y,status")
    assert "datum_assumed" in codes(inputs, layer="facilities")


def test_an_unknown_datum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wgs48"):
        facilities(tmp_path, GOOD, datum="wgs48")


@pytest.mark.parametrize("datum", ["shanghai2000", "EPSG:4549"])
def test_degrees_declared_as_metres_are_refused(tmp_path: Path, datum: str) -> None:
    with pytest.raises(SourceError, match="像经纬度"):
        facilities(tmp_path, GOOD, datum=datum)


def test_a_layer_that_lies_mostly_outside_is_mentioned(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "a,primary,B,121.56,31.08,", "b,primary,C,121.57,31.08,")
    assert coded(inputs, "mostly_outside")[0].value == "67%"
    assert len(inputs.facilities) == 3
    assert not coded(facilities(tmp_path, GOOD, "a,primary,B,121.56,31.08,"), "mostly_outside")


def test_a_place_called_total_is_data(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, "Total,convenience,B,121.501,31.081,", "Total,9,,,,")
    assert inputs.facilities["name"].tolist() == ["菜场", "Total"]
    assert [p.row for p in coded(inputs, "not_data")] == [3]


POINTS = gpd.GeoDataFrame({"type": ["health_station"]}, geometry=[Point(121.5, 31.08)], crs=4326)
EXPECTED = POINTS.to_crs("EPSG:32651").geometry.iloc[0]


def geodata(tmp_path: Path, frame: gpd.GeoDataFrame, ending: str, datum: str | None = None) -> shapely.Point:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # geopandas mentions a missing CRS, which is meant here
        frame.to_file(tmp_path / f"f.{ending}")
    entry = {"path": f"f.{ending}"} | ({"datum": datum} if datum else {})
    return read(write_study(tmp_path, {"facilities": entry}, facilities="")).facilities.geometry.iloc[0]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:32651", "EPSG:3857"])
@pytest.mark.parametrize("ending", ["gpkg", "shp"])
def test_the_files_own_crs(tmp_path: Path, crs: str, ending: str) -> None:
    assert geodata(tmp_path, POINTS.to_crs(crs), ending).distance(EXPECTED) < 1e-3


@pytest.mark.parametrize(
    ("crs", "datum"),
    [
        ("EPSG:4326", "cgcs2000"),
        ("EPSG:4490", "wgs84"),
        ("EPSG:32651", "wgs84"),
        ("EPSG:4549", "cgcs2000"),
        ("EPSG:4549", "EPSG:4549"),
    ],
)
def test_a_declaration_that_agrees_with_the_file(tmp_path: Path, crs: str, datum: str) -> None:
    assert geodata(tmp_path, POINTS.to_crs(crs), "gpkg", datum).distance(EXPECTED) < 1e-3


@pytest.mark.parametrize(
    ("crs", "datum"), [("EPSG:4326", "EPSG:32651"), ("EPSG:4549", "EPSG:32651"), ("EPSG:4214", "wgs84")]
)
def test_a_declaration_that_contradicts_the_file_is_refused(tmp_path: Path, crs: str, datum: str) -> None:
    with pytest.raises(SourceError, match="不符"):
        geodata(tmp_path, POINTS.to_crs(crs), "gpkg", datum)


def test_without_prj_the_datum_must_be_declared(tmp_path: Path) -> None:
    plane = POINTS.to_crs("EPSG:4549").set_crs(None, allow_override=True)
    with pytest.raises(SourceError, match=re.escape("没有坐标系说明")):
        geodata(tmp_path, plane, "shp")
    assert geodata(tmp_path, plane, "shp", "EPSG:4549").distance(EXPECTED) < 1e-3


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_displaced_coordinates_win_over_what_the_file_says(tmp_path: Path, crs: str) -> None:
    displaced = POINTS.set_geometry([Point(prcoords.wgs_gcj((31.08, 121.5))[::-1])], crs=4326).to_crs(crs)
    assert geodata(tmp_path, displaced, "gpkg", "gcj02").distance(EXPECTED) < 0.01


def test_a_geojson_of_plane_coordinates_with_a_datum(tmp_path: Path) -> None:
    plane = POINTS.to_crs("EPSG:4549").set_crs(None, allow_override=True)
    (tmp_path / "f.geojson").write_text(plane.to_json(), encoding="utf-8")
    inputs = read(
        write_study(tmp_path, {"facilities": {"path": "f.geojson", "datum": "EPSG:4549"}}, facilities="")
    )
    assert inputs.facilities.geometry.iloc[0].distance(EXPECTED) < 1e-3


# Geometry


def lines(*shapes: object, **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[*STREETS, *shapes], crs=4326)


def test_streets_that_cannot_be_walked_on_paper(tmp_path: Path) -> None:
    shapes = [
        None,
        LineString(),
        LineString([(121.5, 31.08)] * 2),
        Point(121.5, 31.08),
        LineString([(0, 0), (0.1, 0)]),
    ]
    frame = lines(*shapes)
    frame.to_file(tmp_path / "s.gpkg")
    inputs = read(write_study(tmp_path, {"streets": {"path": "s.gpkg"}}, streets=""))
    assert codes(inputs, layer="streets") == [
        "geometry_missing",
        "geometry_missing",
        "geometry_degenerate",
        "geometry_type",
        "coordinate_implausible",
    ]
    assert counts(inputs, "streets") == (7, 2, 5)


def test_a_line_with_nan_and_one_with_height(tmp_path: Path) -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.from_wkt("LINESTRING (121.5 31.07, 121.5 nan)")
    frame = lines(
        broken,
        LineString([(121.5, 31.07, 3), (121.5, 31.09, 4)]),
    )
    frame.to_parquet(tmp_path / "s.parquet")
    inputs = read(write_study(tmp_path, {"streets": {"path": "s.parquet"}}, streets=""))
    assert codes(inputs, layer="streets") == ["geometry_nan"]
    assert not inputs.streets.has_z.any()


def test_walkable_words(tmp_path: Path) -> None:
    frame = lines(*STREETS, walkable=["是", "否", "", "也许"])
    inputs = read(write_study(tmp_path, streets=frame))
    assert inputs.streets["walkable"].tolist() == [True, False, True]
    assert inputs.streets["walkable"].dtype == bool
    assert [p.row for p in coded(inputs, "yes_no_unreadable")] == [4]


def test_no_walkable_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="没有可步行的道路"):
        read(write_study(tmp_path, streets=lines(walkable=["否", "no"])))


def test_a_polygon_that_crosses_itself_is_repaired_and_listed(tmp_path: Path) -> None:
    bow = Polygon([(121.49, 31.07), (121.51, 31.09), (121.51, 31.07), (121.49, 31.09)])
    flat = Polygon([(121.49, 31.07), (121.51, 31.07), (121.49, 31.07)])
    inputs = read(write_study(tmp_path, water=gpd.GeoDataFrame(geometry=[bow, flat], crs=4326)))
    assert [(p.code, p.severity) for p in inputs.problems if p.layer == "water"] == [
        ("geometry_repaired", "warning"),
        ("geometry_invalid", "error"),
    ]
    assert inputs.water.is_valid.all()
    half = gpd.GeoSeries([box(121.49, 31.07, 121.51, 31.09)], crs=4326).to_crs(32651).area.iloc[0] / 2
    assert inputs.water.area.iloc[0] == pytest.approx(half, rel=1e-3)


def test_multipoints_of_one_point_are_points(tmp_path: Path) -> None:
    shapes = [MultiPoint([(121.5, 31.08)]), MultiPoint([(121.5, 31.08), (121.6, 31.08)])]
    frame = gpd.GeoDataFrame({"type": ["health_station"] * 2}, geometry=shapes, crs=4326)
    inputs = read(write_study(tmp_path, facilities=frame))
    assert inputs.facilities.geom_type.tolist() == ["Point"]
    assert codes(inputs, layer="facilities") == ["geometry_type"]


def test_a_boundary_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="边界"):
        read(write_study(tmp_path, boundary=gpd.GeoDataFrame(geometry=[BOUNDARY.boundary], crs=4326)))


# Residents


@pytest.mark.parametrize(
    ("population", "code"),
    [
        ("-1", "number_negative"),
        ("很多", "number_unreadable"),
        ("", "value_missing"),
        ("—", "value_missing"),
        ("1e12", "number_implausible"),
    ],
)
def test_a_population_that_cannot_be(tmp_path: Path, population: str, code: str) -> None:
    inputs = residents(tmp_path, GOOD_PEOPLE, f"西苑,{population},d2,121.498,31.078")
    (problem,) = [p for p in inputs.problems if p.row == 2]
    assert (problem.severity, problem.code, problem.column, problem.source_row) == (
        "error",
        code,
        "population",
        3,
    )


def test_nobody_is_fine(tmp_path: Path) -> None:
    assert residents(tmp_path, "空苑,0,d1,121.5,31.08").residents["population"].tolist() == [0]


def test_duplicate_demand_ids_and_one_point_twice(tmp_path: Path) -> None:
    inputs = residents(tmp_path, GOOD_PEOPLE, "西苑,5,d1,121.498,31.078", "南苑,5,d3,121.502,31.082")
    assert inputs.residents["name"].tolist() == ["东苑", "南苑"]
    assert [(p.code, p.row) for p in inputs.problems if p.row] == [("duplicate", 2), ("same_point", 3)]


def test_missing_demand_ids_lose_nobody(tmp_path: Path) -> None:
    header = "name,population,lon,lat"
    rows = ["楼,10,121.5,31.08", "楼,20,121.5,31.08", "楼,10,121.5,31.08", "苑,10,121.5,31.081"]
    one, other = residents(tmp_path, *rows, header=header), residents(tmp_path, *rows[::-1], header=header)
    assert one.residents["population"].tolist() == [10, 20, 10]
    assert [p.row for p in coded(one, "duplicate")] == [3]
    by_people = [
        dict(zip(i.residents["demand_id"], i.residents["population"], strict=True)) for i in (one, other)
    ]
    assert by_people[0] == by_people[1]
    assert len(by_people[0]) == 3


def test_ages(tmp_path: Path) -> None:
    header = "name,population,demand_id,lon,lat,60岁以上,80岁以上,0-3岁"
    rows = [
        "a,100,1,121.50,31.08,90,95,",
        "b,100,2,121.501,31.08,60,10,",
        "c,50,3,121.502,31.08,70,—,",
        "d,9,4,121.503,31.08,x,1,",
    ]
    inputs = residents(tmp_path, *rows, header=header)
    assert inputs.residents["pop_60_plus"].tolist() == [90, 60, 70, 0]
    assert inputs.residents["pop_80_plus"].tolist() == [95, 10, 0, 1]
    assert inputs.residents["pop_0_3"].isna().all()  # the file has the header but no figure
    assert inputs.residents["pop_16_59"].isna().all()
    assert [
        (p.code, p.row) for p in inputs.problems if p.layer == "residents" and p.code != "datum_assumed"
    ] == [
        ("age_blank", None),
        ("age_blank", None),
        ("ages_exceed_population", 1),
        ("ages_exceed_population", 3),
        ("number_unreadable", 4),
    ]


COMMITTEES = gpd.GeoDataFrame(
    {
        "committee_id": ["V1", "R1", "R1", ""],
        "name": ["近浦村", "景江苑", "重复", "无名"],
        "kind": ["村委会", "residential", "居委", ""],
    },
    geometry=[box(121.48, 31.06, 121.50, 31.10), box(121.50, 31.06, 121.52, 31.10)] * 2,
    crs=4326,
)


def test_committee_and_scope_are_filled_from_the_place(tmp_path: Path) -> None:
    header = "name,population,demand_id,lon,lat,居委会,城乡"
    rows = [
        "a,1,1,121.49,31.08,,",
        "b,1,2,121.51,31.08,,",
        "c,1,3,121.51,31.08,近浦村,",
        "d,1,4,121.49,31.081,近浦邨,",
        "e,1,5,121.49,31.082,,城镇",
        "f,1,6,121.49,31.083,V1,海上",
        "g,1,7,121.53,31.08,,",
    ]
    inputs = residents(tmp_path, *rows, header=header, committees=COMMITTEES)
    assert inputs.residents["committee_id"].tolist() == ["V1", "R1", "V1", "近浦邨", "V1", "V1", ""]
    assert inputs.residents["scope"].tolist() == [
        "rural",
        "urban",
        "rural",
        "rural",
        "urban",
        "rural",
        "urban",
    ]
    found = [(p.layer, p.code, p.row) for p in inputs.problems if p.row and p.code != "same_point"]
    assert found == [
        ("residents", "committee_unknown", 4),
        ("residents", "scope_unknown", 6),
        ("committees", "duplicate", 3),
        ("committees", "value_missing", 4),
    ]
    assert "近浦村" in coded(inputs, "committee_unknown")[0].message.zh


# Other layers


def test_entrances_of_unknown_sites(tmp_path: Path) -> None:
    text = "site_id,lon,lat\nA,121.5,31.08\nZ,121.5,31.08\n,121.5,31.08\n"
    inputs = read(write_study(tmp_path, entrances=text))
    assert inputs.entrances["site_id"].tolist() == ["A", "Z"]
    assert [(p.code, p.row) for p in inputs.problems if p.layer == "entrances" and p.row] == [
        ("site_unknown", 2),
        ("value_missing", 3),
    ]


def test_spaces_and_circles_have_unique_ids(tmp_path: Path) -> None:
    spaces = "空间编号,名称,面积,lon,lat\nK1,库,600,121.5,31.08\nK1,房,60,121.5,31.08\n"
    circles = gpd.GeoDataFrame({"circle_id": [1, 2, 2]}, geometry=[BOUNDARY] * 3, crs=4326)
    inputs = read(write_study(tmp_path, spaces=spaces, circles=circles))
    assert inputs.spaces["area_m2"].tolist() == [600]
    assert inputs.circles["circle_id"].tolist() == ["1", "2"]
    assert [p.layer for p in coded(inputs, "duplicate")] == ["circles", "spaces"]


def test_a_broken_optional_layer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(PujinError, match=re.escape("w.geojson")):
        read(write_study(tmp_path, {"water": {"path": "w.geojson"}}, water=""))


def test_a_misspelt_header_is_mentioned(tmp_path: Path) -> None:
    inputs = facilities(tmp_path, GOOD, header="name,facility_type,site_id,lon,lat,statuss")
    assert coded(inputs, "column_unused")[0].value == "status"


def test_every_sentence_is_in_both_languages(tmp_path: Path) -> None:
    header = "name,facility_type,site_id,lon,lat,status,area_m2"
    inputs = facilities(
        tmp_path,
        GOOD + ",大",
        "x,飞机场,B,abc,31.08,待定,-1",
        "y,health_station,A,31.08,121.5,,约3",
        header=header,
    )
    assert len(inputs.problems) > 5
    for problem in inputs.problems:
        assert re.search("[一-鿿]", problem.message.zh)
        assert problem.message.en.rstrip().endswith((".", "?"))
        assert "file" not in problem.column


def test_reading_many_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    n = 5000
    frame = pd.DataFrame(
        {
            "name": [f"点{i}" for i in range(n)],
            "facility_type": "health_station",
            "lon": rng.uniform(121.48, 121.52, n),
            "lat": rng.uniform(31.06, 31.1, n),
        }
    )
    inputs = read(write_study(tmp_path, facilities=frame.to_csv(index=False)))
    assert counts(inputs, "facilities") == (n, n, 0)


def test_every_code_is_explained_to_planners() -> None:
    root = Path(__file__).parents[1]
    page = (root / "docs" / "your-data.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z_]+)`", page.partition("| code |")[2]))
    used = {
        c
        for path in (root / "pujin_geo" / "sources").glob("*.py")
        for c in _codes(ast.parse(path.read_text("utf-8")))
    }
    assert len(used) > 30
    assert used <= explained


def _codes(tree: ast.AST) -> set[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [
        c
        for c in calls
        if getattr(c.func, "attr", getattr(c.func, "id", "")) in ("error", "warn", "about_layer", "list_row")
    ]
    texts = [
        [a.value for a in c.args if isinstance(a, ast.Constant) and isinstance(a.value, str)] for c in named
    ]
    return {found[0] for found in texts if found}


@pytest.mark.parametrize("seed", range(20))
def test_near_pairs_are_those_of_every_two_points(seed: int) -> None:
    random = np.random.default_rng(seed)
    xy = np.array([350_000.0, 3_450_000.0]) + random.choice([20.0, 200.0, 3000.0]) * random.random(
        (random.integers(0, 8), 2)
    )
    if seed % 3 == 0 and len(xy) > 1:
        xy[-1] = xy[0]
    apart = [
        (i, j, math.dist(xy[i], xy[j]))
        for i in range(len(xy))
        for j in range(i + 1, len(xy))
        if math.dist(xy[i], xy[j]) <= 30.0
    ]
    found = near_pairs(xy)
    assert [pair[:2] for pair in found] == [pair[:2] for pair in apart]
    assert [pair[2] for pair in found] == pytest.approx([pair[2] for pair in apart])


def test_points_exactly_as_far_apart_as_the_limit_are_near() -> None:
    assert near_pairs(np.array([[0.0, 0.0], [30.0, 0.0]])) == [(0, 1, 30.0)]
    assert near_pairs(np.array([[0.0, 0.0], [30.0000001, 0.0]])) == []
    assert near_pairs(np.array([[5.0, 5.0], [5.0, 5.0], [90.0, 5.0]])) == [(0, 1, 0.0)]
