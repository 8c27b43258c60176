"""Cards, reach of hubs, alternatives side by side; names, colours and reading order of printed circles."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from circle_towns import committee, hub, town
from shapely import box
from worlds import home, street

from pujin_geo.analysis import analyse
from pujin_geo.circles import Band, CircleSettings, alternatives, circle_card, draw, hub_reach, survey
from pujin_geo.circles.polygons import (
    as_read_back,
    circle_names,
    colours,
    place_name,
    reading_order,
    smooth_coverage,
)
from pujin_geo.errors import SettingsError

FREE = Band(0, np.inf, np.inf, 1e9)
NO_BANDS = CircleSettings(urban=FREE, rural=FREE)


def test_card_by_hand() -> None:
    shops = [hub(0, 0), hub(1, 0, "shop"), hub(3, 0, "shop"), hub(0, 0, "shop", status="planned")]
    circles = [
        {"circle_id": "C1", "name": "西圈", "geometry": box(0, 0, 800, 400)},
        {"circle_id": "C2", "geometry": box(800, 0, 1600, 400)},
    ]
    results = analyse(town(4, 1, shops=shops, circles=circles))
    card = circle_card(results, "C1")
    assert card.title == "西圈 (C1) · 示意 · 内部讨论"
    figures = dict(zip(card.figures["figure"], card.figures["value"], strict=True))
    assert figures["常住人口"] == "200"
    assert figures["居村委"] == "A1居委会 (A1)、B1居委会 (B1)"
    assert figures["中心设施"] == "s1/hub"  # it has no name
    assert figures["到中心最远步行 (米)"] == "400"
    assert card.facilities[["facility_type", "count"]].to_numpy().tolist() == [["hub", 1], ["shop", 1]]
    # Shops at B1 and D1 serve all within 500 m; the hub at A1 serves up to 1000 m: C1 (800 m) but not D1 (1200 m).
    assert card.gaps.empty
    called = results.tables["facilities"].assign(name="邻里中心")
    renamed = circle_card(replace(results, tables=results.tables | {"facilities": called}), "C1", lang="en")
    assert renamed.figures["value"].tolist()[3:5] == ["A1居委会 (A1), B1居委会 (B1)", "邻里中心 (s1/hub)"]
    other = circle_card(results, "C2", lang="en")
    assert other.gaps[["facility_type", "people_not_met", "coverage_share"]].to_numpy().tolist() == [
        ["hub", 100, 0.5]
    ]
    assert "schematic" in other.title
    with pytest.raises(SettingsError, match="C1, C2"):
        circle_card(results, "C3")


def test_reach_follows_streets_not_discs() -> None:
    # One street of 1,200 m with the hub 200 m from its west end; 5 minutes at 60 m/min are 300 m.
    inputs = town(3, 1, streets=[street((0, 200), (1200, 200))], shops=[hub(0, 0)])
    terrain = survey(inputs, settings=NO_BANDS)
    circles = draw(terrain, count=1).circles
    reach = hub_reach(terrain, circles, walk_m_per_min=60.0)
    assert reach["limit_m"].tolist() == [300, 600, 900]
    assert reach["street_m"].tolist() == [pytest.approx(v, abs=20) for v in (500, 300, 300)]
    assert reach["people"].tolist() == [100, 100, 100]
    assert reach.geometry.length.tolist() == pytest.approx(reach["street_m"].tolist())
    assert reach.geometry.iat[0].bounds[0] == terrain.units.total_bounds[0]
    assert reach["street_m"].sum() <= terrain.network.edge_length_m.sum()


def test_reach_of_a_circle_without_a_hub_is_left_out() -> None:
    terrain = survey(town(2, 1, homes=[home(200, 200)]), settings=NO_BANDS)
    circles = draw(terrain, count=1).circles
    far = circles.assign(circle_id="X", geometry=[shapely.affinity.translate(circles.geometry.iat[0], 9e4)])
    assert hub_reach(terrain, far.drop(columns=["hub_facility_id", "hub_demand_id"])).empty


def test_alternatives() -> None:
    terrain = survey(town(4, 3), settings=NO_BANDS)
    drawings, table = alternatives(terrain, (2, 3, 4))
    assert table["count"].tolist() == [2, 3, 4]
    assert table["walking_person_m"].tolist() == [drawings[n].walking_person_m for n in (2, 3, 4)]
    assert table["walking_person_m"].is_monotonic_decreasing
    assert (table["mean_walk_m"] * 1200 == table["walking_person_m"]).all()


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("世博家园第一居委会", "世博家园第一"),
        ("近浦村村民委员会", "近浦村"),
        ("浦江颐城居民委员会", "浦江颐城"),
        ("居委会", "居委会"),
        (" 陈行邻里中心 ", "陈行邻里中心"),
    ],
)
def test_place_names(name: str, short: str) -> None:
    assert place_name(name) == short


def test_names_are_distinct() -> None:
    names = circle_names(["甲", "甲", ""], ["", "", "乙居委会"])
    assert names == ["甲生活圈1", "甲生活圈2", "乙生活圈"]


def test_neighbours_never_share_a_colour_and_few_colours_do() -> None:
    dice = np.random.default_rng(1)
    points = shapely.MultiPoint(dice.uniform(0, 1000, (60, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box(0, 0, 1000, 1000)))
    colour = colours(cells)
    one, other = shapely.STRtree(cells).query(cells, predicate="dwithin", distance=1.0)
    assert (colour[one[one != other]] != colour[other[one != other]]).all()
    assert colour.max() <= 6


def test_reading_order_goes_row_by_row() -> None:
    places = np.array([[x, y] for y in (0.0, 10.0) for x in (5.0, 1.0)])
    assert reading_order(places, 2.0).tolist() == [3, 2, 1, 0]
    assert reading_order(places, 20.0).tolist() == [3, 1, 2, 0]


def test_smoothing_gives_way_to_a_point_at_the_border() -> None:
    left = shapely.Polygon([(0, 0), (50, 0), (55, 50), (50, 100), (0, 100)])
    right = shapely.Polygon([(50, 0), (100, 0), (100, 100), (50, 100), (55, 50)])
    pair = np.array([left, right])
    inside, owner = np.array([shapely.Point(53, 50)]), np.array([0])
    kept = smooth_coverage(pair, inside, owner, tolerance_m=50)
    assert kept[0].equals(left)
    overlapping = np.array([left, box(40, 0, 100, 100)])
    assert smooth_coverage(overlapping, inside, owner, tolerance_m=50) is overlapping


def test_printed_polygons_have_no_slivers_or_holes() -> None:
    grid = [committee(c, r) for r in range(3) for c in range(4)]
    # Borders that miss each other by a hand's breadth, as drawn by different people.
    grid[5]["geometry"] = box(400.2, 399.9, 800.1, 800.15)
    inputs = town(4, 3, committees=grid)
    shapes = draw(survey(inputs, settings=NO_BANDS), count=4).circles.geometry
    assert (shapes.geom_type == "Polygon").all()
    assert shapely.coverage_is_valid(shapes.to_numpy())
    assert not any(polygon.interiors for polygon in shapes)
    thin = shapes.buffer(-1).buffer(1.01)
    assert (shapes.area - thin.area < 50).all()


def test_a_round_trip_through_wgs84_is_stable() -> None:
    crs = town(1, 2).study.crs
    shapes = np.array([box(350_000.123, 3_450_000.456, 350_400, 3_450_400)])
    once = as_read_back(shapes, crs)
    assert shapely.equals_exact(once, as_read_back(once, crs), 0)[0]
    assert shapely.hausdorff_distance(once, shapes)[0] < 0.02
