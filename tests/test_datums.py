import geopandas as gpd
import numpy as np
import prcoords
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from pujin_geo.datums import (
    CHINA_LAT,
    CHINA_LON,
    DATUM_NAMES,
    crs_of,
    from_wgs84,
    outside_china,
    project,
    to_wgs84,
)
from pujin_geo.errors import SettingsError

UTM = CRS("EPSG:32651")
PUJIN = (np.array([121.49]), np.array([31.09]))


def distance_m(a, b) -> np.ndarray:
    return Geod(ellps="WGS84").inv(*a, *b)[2]


def grid(step: float) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.meshgrid(np.arange(*CHINA_LON, step), np.arange(*CHINA_LAT, step))
    return lon.ravel(), lat.ravel()


# An independent implementation


def test_gcj02_equals_the_independent_package():
    lon, lat = grid(1.37)
    ours = from_wgs84(lon, lat, "gcj02")
    theirs = np.array([prcoords.wgs_gcj((y, x)) for x, y in zip(lon, lat, strict=True)])
    assert np.abs(ours[0] - theirs[:, 1]).max() < 1e-11
    assert np.abs(ours[1] - theirs[:, 0]).max() < 1e-11


def test_bd09_equals_the_independent_package():
    lon, lat = grid(1.37)
    ours = from_wgs84(lon, lat, "bd09")
    theirs = np.array([prcoords.wgs_bd((y, x)) for x, y in zip(lon, lat, strict=True)])
    assert np.abs(ours[0] - theirs[:, 1]).max() < 1e-11
    assert np.abs(ours[1] - theirs[:, 0]).max() < 1e-11


@pytest.mark.parametrize(
    ("datum", "inverse"), [("gcj02", prcoords.gcj_wgs_bored), ("bd09", prcoords.bd_wgs_bored)]
)
def test_inverse_equals_the_independent_package_to_its_accuracy(datum, inverse):
    lon, lat = (v + 0.1 for v in grid(3.1))  # its own intermediate points must lie in China too
    ours = to_wgs84(lon, lat, datum)
    theirs = np.array([inverse((y, x), False) for x, y in zip(lon, lat, strict=True)])
    assert distance_m(ours, (theirs[:, 1], theirs[:, 0])).max() < 1.0


def test_inverse_is_closer_than_one_rough_step():
    there = from_wgs84(*PUJIN, "gcj02")
    rough = prcoords.gcj_wgs((there[1][0], there[0][0]))
    assert distance_m((np.array([rough[1]]), np.array([rough[0]])), PUJIN)[0] > 0.01
    assert distance_m(to_wgs84(*there, "gcj02"), PUJIN)[0] < 1e-4


# There and back

lons, lats = st.floats(*CHINA_LON), st.floats(*CHINA_LAT)


@settings(deadline=None)
@given(lons, lats, st.sampled_from(["gcj02", "bd09"]))
def test_round_trip_within_a_centimetre(lon, lat, datum):
    start = np.array([lon]), np.array([lat])
    back = to_wgs84(*from_wgs84(*start, datum), datum)
    assert distance_m(start, back)[0] < 1e-4


@settings(deadline=None)
@given(lons, lats, st.sampled_from(["gcj02", "bd09"]))
def test_round_trip_from_the_other_side(lon, lat, datum):
    start = np.array([lon]), np.array([lat])
    lon_there, lat_there = to_wgs84(*start, datum)
    if outside_china(lon_there, lat_there).any():
        return
    assert distance_m(start, from_wgs84(lon_there, lat_there, datum))[0] < 1e-4


def test_round_trip_where_the_displacement_has_a_kink():
    lon = 105.0 + np.array([0.0, 1e-14, -1e-13, 1e-12, -1e-9, 1e-6])
    lat = np.full(6, 35.0)
    for datum in ("gcj02", "bd09"):
        back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
        assert distance_m((lon, lat), back).max() < 1e-4


@pytest.mark.parametrize("datum", ["shanghai2000", "EPSG:4549"])
def test_planes_go_there_and_back(datum):
    lon, lat = (v.ravel() for v in np.meshgrid(np.linspace(121.3, 121.7, 21), np.linspace(30.9, 31.3, 21)))
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert distance_m((lon, lat), back).max() < 1e-4


def test_many_points_at_once_equal_one_by_one():
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(73, 135, 500), rng.uniform(3, 53, 500)
    for datum in ("gcj02", "bd09"):
        together = to_wgs84(lon, lat, datum)
        alone = [to_wgs84(lon[i : i + 1], lat[i : i + 1], datum) for i in range(500)]
        assert np.abs(together[0] - np.concatenate([a for a, _ in alone])).max() < 1e-11
        assert np.abs(together[1] - np.concatenate([b for _, b in alone])).max() < 1e-11


# Places whose coordinates are known


def test_one_written_coordinate_read_in_three_datums():
    # 浦星公路800号, written as 121.5001, 31.1048 without a datum
    written = np.array([121.5001]), np.array([31.1048])
    as_gcj02 = to_wgs84(*written, "gcj02")
    as_bd09 = to_wgs84(*written, "bd09")
    assert np.round(np.ravel(as_gcj02), 4).tolist() == [121.4957, 31.1069]
    assert np.round(np.ravel(as_bd09), 4).tolist() == [121.4890, 31.1012]
    assert 1000 < distance_m(written, as_bd09)[0] < 1150


def test_shifts_in_pujin():
    gcj02, bd09 = from_wgs84(*PUJIN, "gcj02"), from_wgs84(*PUJIN, "bd09")
    assert gcj02[0][0] - 121.49 == pytest.approx(0.00445, abs=2e-5)
    assert gcj02[1][0] - 31.09 == pytest.approx(-0.00207, abs=2e-5)
    assert distance_m(PUJIN, gcj02)[0] == pytest.approx(480, abs=10)
    assert bd09[0][0] - 121.49 == pytest.approx(0.0111, abs=1e-4)
    assert bd09[1][0] - 31.09 == pytest.approx(0.0036, abs=1e-4)


def test_gcj02_at_the_centre_of_the_polynomial():
    # at 105° E 35° N every sine is 0 and what remains is 300 m east, 100 m south
    lon, lat = from_wgs84(np.array([105.0]), np.array([35.0]), "gcj02")
    krasovsky = Geod(a=6378245.0, f=1 / 298.3)
    assert krasovsky.inv(105, 35, lon[0], 35)[2] == pytest.approx(300, abs=0.01)
    assert krasovsky.inv(105, 35, 105, lat[0])[2] == pytest.approx(100, abs=0.01)
    assert lat[0] < 35


def test_shanghai_plane():
    x, y = from_wgs84(
        np.array([121 + 28 / 60 + 1 / 3600]), np.array([31 + 14 / 60 + 7 / 3600]), "shanghai2000"
    )
    assert abs(x[0]) < 1
    assert abs(y[0]) < 1
    # the outline of Pujin
    x, y = from_wgs84(np.array([121.459, 121.508]), np.array([31.126, 31.054]), "shanghai2000")
    assert x.tolist() == pytest.approx([-760, 3920], abs=10)
    assert y.tolist() == pytest.approx([-12_100, -20_100], abs=30)
    lon, lat = to_wgs84(np.array([3500.0]), np.array([-15_000.0]), "shanghai2000")
    assert 121.459 < lon[0] < 121.508
    assert 31.054 < lat[0] < 31.126


def test_gauss_krueger_on_its_meridian():
    # at the central meridian: false easting, and the length of the meridian from the equator to 30°
    x, y = from_wgs84(np.array([120.0]), np.array([30.0]), "EPSG:4549")
    assert x[0] == pytest.approx(500_000, abs=0.01)
    assert y[0] == pytest.approx(3_320_113.4, abs=0.1)


def test_cgcs2000_is_wgs84():
    assert [v.tolist() for v in to_wgs84(*PUJIN, "cgcs2000")] == [[121.49], [31.09]]
    assert distance_m(to_wgs84(*PUJIN, "EPSG:4490"), PUJIN)[0] < 1e-3


# Faults


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize("turn", [to_wgs84, from_wgs84])
def test_outside_china_is_refused_with_a_sentence(datum, turn):
    lon, lat = np.array([np.nan, 121.5, 24.94, 31.1]), np.array([np.nan, 31.1, 60.17, 121.5])
    with pytest.raises(SettingsError) as refusal:
        turn(lon, lat, datum)
    for lang in ("zh", "en"):
        assert "24.940000, 60.170000" in refusal.value.of(lang)
        assert "2" in refusal.value.of(lang)
    assert "中国境内" in refusal.value.of("zh")


@pytest.mark.parametrize("datum", [*DATUM_NAMES, "EPSG:4549", "EPSG:4490"])
def test_nan_passes_through_and_moves_no_other_point(datum):
    start = from_wgs84(np.array([121.49, 121.5]), np.array([31.09, 31.1]), datum)
    x, y = start[0].copy(), start[1].copy()
    x[1] = y[1] = np.nan
    lon, lat = to_wgs84(x, y, datum)
    assert np.isnan([lon[1], lat[1]]).all()
    assert lon[0] == pytest.approx(121.49, abs=1e-9)
    assert lat[0] == pytest.approx(31.09, abs=1e-9)


def test_coordinates_beyond_a_projection_become_nan():
    lon, lat = to_wgs84(np.array([500_000.0, 9e30]), np.array([3_440_000.0, 9e30]), "EPSG:4549")
    assert np.isfinite([lon[0], lat[0]]).all()
    assert np.isnan([lon[1], lat[1]]).all()


@pytest.mark.parametrize("datum", ["", "gcj", "EPSG:0", "EPSG:5773", "上海"])
def test_unknown_datums_are_refused(datum):
    with pytest.raises(SettingsError, match="无法识别"):
        crs_of(datum)


@pytest.mark.parametrize("spelt", ["GCJ-02", "gcj_02", " GCJ 02 "])
def test_spellings(spelt):
    assert to_wgs84(*PUJIN, spelt)[0] == to_wgs84(*PUJIN, "gcj02")[0]
    assert project(shapely.points([PUJIN[0][0]], [PUJIN[1][0]]), spelt, UTM) == project(
        shapely.points([PUJIN[0][0]], [PUJIN[1][0]]), "gcj02", UTM
    )


def test_arguments_are_left_alone():
    lon, lat = np.array([121.49]), np.array([31.09])
    for datum in DATUM_NAMES:
        out = to_wgs84(lon, lat, datum)
        out[0][:] = 0
    assert (lon[0], lat[0]) == (121.49, 31.09)


# Geometries


@pytest.mark.parametrize("datum", [*DATUM_NAMES, "EPSG:4549"])
def test_project_brings_every_datum_to_one_place(datum):
    lon, lat = np.array([121.49, 121.50, 121.50, 121.49]), np.array([31.09, 31.09, 31.10, 31.09])
    ring = np.column_stack(from_wgs84(lon, lat, datum))
    shapes = np.array([shapely.Polygon(ring), shapely.LineString(ring), shapely.Point(ring[0])])
    before = shapely.to_wkb(shapes).tolist()
    moved = project(shapes, datum, UTM)
    expected = project(np.array([shapely.Polygon(np.column_stack([lon, lat]))] * 3), "wgs84", UTM)
    assert shapely.get_type_id(moved).tolist() == [3, 1, 0]
    assert shapely.hausdorff_distance(shapely.boundary(moved[0]), shapely.boundary(expected[0])) < 1e-3
    assert shapely.get_coordinates(moved[1]) == pytest.approx(shapely.get_coordinates(expected[1]), abs=1e-3)
    assert shapely.to_wkb(shapes).tolist() == before


def test_project_agrees_with_geopandas():
    points = gpd.GeoSeries(gpd.points_from_xy([121.46, 121.51], [31.05, 31.13]), crs="EPSG:4326")
    ours = shapely.get_coordinates(project(points, "wgs84", UTM))
    assert ours == pytest.approx(points.to_crs(UTM).get_coordinates().to_numpy(), abs=1e-6)


def test_project_keeps_missing_and_empty_geometries_and_the_order():
    shapes = np.array([None, shapely.Point(121.5, 31.1), shapely.Polygon(), shapely.Point(121.4, 31.0)])
    moved = project(shapes, "gcj02", UTM)
    assert moved[0] is None
    assert moved[2].is_empty
    assert moved[1].x > moved[3].x


def test_project_does_not_mistake_displaced_degrees_for_wgs84():
    point = shapely.points([121.49], [31.09])
    degrees = project(point, "gcj02", CRS("EPSG:4326"))
    assert shapely.get_x(degrees)[0] == pytest.approx(121.49 - 0.00445, abs=5e-5)


def test_project_of_a_metre_datum_into_its_own_crs_changes_nothing():
    point = shapely.points([356_943.5], [3_441_652.25])
    assert shapely.get_coordinates(project(point, "EPSG:32651", UTM)).tolist() == [[356_943.5, 3_441_652.25]]
