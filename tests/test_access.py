"""Where points and polygons enter the network, and where streets leave the extent."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box
from shapely.affinity import rotate, translate
from worlds import ORIGIN, Row, gate, ground, shop, street, world

from pujin_geo.walking.access import access_exits, access_facilities, access_points, crosses
from pujin_geo.walking.network import Network, build_network


def network_of(*rows: Row, **options: Any) -> Network:
    return build_network(world(streets=rows).streets, **options)


def at(*xy: tuple[float, float]) -> np.ndarray:
    return np.array([Point(x + ORIGIN[0], y + ORIGIN[1]) for x, y in xy])


def here(geometry: shapely.Geometry) -> shapely.Geometry:
    return translate(geometry, *ORIGIN)


def ways_in(
    *facilities: Row, streets: list[Row], max_snap_m: float = 150.0, gates: tuple[Row, ...] = ()
) -> pd.DataFrame:
    given = world(streets=streets, shops=facilities, entrances=gates)
    access = access_facilities(
        build_network(given.streets), given.facilities, given.entrances, max_snap_m=max_snap_m
    )
    return access.round(3)


def rows_of(access: pd.DataFrame) -> list[tuple[float, ...]]:
    return list(access[["edge", "offset_m", "span_m", "leg_m"]].itertuples(index=False, name=None))


BAR = street((0, 0), (1000, 0))


# Points


def test_a_point_goes_to_the_nearest_line_not_the_nearest_node() -> None:
    """At the middle of a 1,000 m street the nodes are 500 m away, the street 40 m."""
    access = access_points(network_of(BAR), at((500, 40)), max_snap_m=150)
    assert rows_of(access.round(3)) == [(0, 500.0, 0.0, 40.0)]


def test_beyond_an_end_the_nearest_place_is_the_end() -> None:
    access = access_points(network_of(BAR), at((1030, 40), (-3, 4)), max_snap_m=150)
    assert rows_of(access.round(3)) == [(0, 1000.0, 0.0, 50.0), (0, 0.0, 0.0, 5.0)]


@pytest.mark.parametrize(("y", "reaches"), [(150.0, True), (149.999, True), (150.001, False), (0.0, True)])
def test_the_limit_itself_is_in_reach(y: float, reaches: bool) -> None:
    access = access_points(network_of(BAR), at((500, y)), max_snap_m=150)
    assert len(access) == reaches


@pytest.mark.parametrize("angle", [10, 33, 45, 71])
def test_the_limit_is_met_on_slanted_streets_too(angle: float) -> None:
    """Turned by any angle, 150 m stay 150 m although coordinates are rounded."""
    bar = {**BAR, "geometry": rotate(BAR["geometry"], angle, origin=(0, 0))}
    home = rotate(Point(500, 150), angle, origin=(0, 0))
    assert len(access_points(network_of(bar), at((home.x, home.y)), max_snap_m=150)) == 1


def test_a_limit_of_zero_takes_points_on_the_line_only() -> None:
    access = access_points(network_of(BAR), at((10, 0), (20, 0.002)), max_snap_m=0)
    assert access["item"].tolist() == [0]


@pytest.mark.parametrize("nearer_m", [0.0, 0.0004])
def test_of_streets_equally_near_the_first_row_counts(nearer_m: float) -> None:
    """Half way between two streets (to 1 mm), in either order of the rows."""
    low, high = street((0, 0), (100, 0)), street((0, 80), (100, 80))
    for rows in ((low, high), (high, low)):
        network = network_of(*rows)
        access = access_points(network, at((50, 40 + nearer_m), (50, 40 - nearer_m)), max_snap_m=150)
        assert network.edge_street[access["edge"]].tolist() == [0, 0]


def test_a_nearer_street_wins_over_an_earlier_row() -> None:
    access = access_points(
        network_of(street((0, 0), (100, 0)), street((0, 80), (100, 80))), at((50, 40.01)), max_snap_m=150
    )
    assert access["edge"].tolist() == [1]


def test_many_points_on_one_spot_each_get_their_row() -> None:
    points = np.concatenate([at((30, 5)), at((900, 400)), np.repeat(at((30, 5)), 3), [None], at((40, 1))])
    access = access_points(network_of(BAR), points, max_snap_m=150)
    assert access["item"].tolist() == [0, 2, 3, 4, 6]
    assert access["offset_m"].round(3).tolist() == [30, 30, 30, 30, 40]


# Facilities


def test_a_polygon_is_entered_where_streets_cross_its_edge() -> None:
    """The street runs through a square from x = 300 to x = 400: two ways in, no leg."""
    assert rows_of(ways_in(ground(box(300, -50, 400, 50)), streets=[BAR])) == [(0, 300, 0, 0), (0, 400, 0, 0)]


def test_a_polygon_is_entered_where_streets_end_on_its_edge() -> None:
    """Two lanes end on the square's west and east side; the street 20 m south is none of its entrances."""
    lanes = [street((0, 0), (300, 0)), street((400, 10), (900, 10)), street((0, -70), (900, -70))]
    assert rows_of(ways_in(ground(box(300, -50, 400, 50)), streets=lanes)) == [(0, 300, 0, 0), (1, 0, 0, 0)]


@pytest.mark.parametrize("angle", [0, 17, 45, 77])
def test_lanes_that_end_on_a_slanted_edge_touch_it(angle: float) -> None:
    """Such an end lies beside the edge by nanometres; both lanes stay entrances."""
    square = rotate(box(300, -50, 400, 50), angle, origin=(0, 0))
    lanes = [
        {**lane, "geometry": rotate(lane["geometry"], angle, origin=(0, 0))}
        for lane in (street((0, 7), (300, 7)), street((400, 13), (900, 13)))
    ]
    access = ways_in(ground(square), streets=lanes)
    assert access["edge"].tolist() == [0, 1]
    assert access["leg_m"].tolist() == [0, 0]


@pytest.mark.parametrize("angle", [0, 30, 45])
def test_a_street_along_the_edge_is_one_long_way_in(angle: float) -> None:
    """The square's south side lies on the street from x = 300 to x = 400."""
    bar = {**BAR, "geometry": rotate(BAR["geometry"], angle, origin=(0, 0))}
    square = rotate(box(300, 0, 400, 100), angle, origin=(0, 0))
    assert rows_of(ways_in(ground(square), streets=[bar])) == [(0, 300, 100, 0)]


def test_a_ring_street_around_a_park_is_a_way_in_all_along() -> None:
    ring = street((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    assert rows_of(ways_in(ground(box(0, 0, 100, 100)), streets=[ring])) == [(0, 0, 400, 0)]


def test_an_untouched_polygon_is_entered_at_its_edge_nearest_to_a_street() -> None:
    """The corner (200, 30) of a diamond is nearest: 30 m from the street."""
    diamond = Polygon([(200, 30), (240, 70), (200, 110), (160, 70)])
    assert rows_of(ways_in(ground(diamond), streets=[BAR])) == [(0, 200, 0, 30)]


def test_an_untouched_polygon_out_of_reach_has_no_way_in() -> None:
    diamond = Polygon([(200, 30), (240, 70), (200, 110), (160, 70)])
    assert len(ways_in(ground(diamond), streets=[BAR], max_snap_m=30.0)) == 1
    assert len(ways_in(ground(diamond), streets=[BAR], max_snap_m=29.9)) == 0


def test_a_courtyard_street_touches_the_inner_edge() -> None:
    block = box(0, -50, 100, 50).difference(box(40, -10, 60, 10))
    assert rows_of(ways_in(ground(block), streets=[street((45, 0), (60, 0))])) == [(0, 15, 0, 0)]


def test_every_piece_of_a_multipolygon_has_its_entrances() -> None:
    two = MultiPolygon([box(100, 0, 120, 20), box(300, -20, 310, 20)])
    assert rows_of(ways_in(ground(two), streets=[BAR])) == [(0, 100, 20, 0), (0, 300, 0, 0), (0, 310, 0, 0)]


def test_gates_come_before_touching_streets() -> None:
    """The street crosses the campus, but its gates are at (350, -50) and (350, 50)."""
    access = ways_in(
        ground(box(300, -50, 400, 50), site_id="s1"), shop(700, 5),
        streets=[BAR], gates=(gate(350, -50, "s1"), gate(360, 50, "s1"), gate(1, 1, "another")),
    )  # fmt: skip
    assert rows_of(access[access["item"] == 0]) == [(0, 350, 0, 50), (0, 360, 0, 50)]
    assert rows_of(access[access["item"] == 1]) == [(0, 700, 0, 5)]


def test_gates_out_of_reach_are_not_replaced() -> None:
    """A site whose only gate is off the network cannot be entered elsewhere."""
    campus = ground(box(300, -50, 400, 50), site_id="s1")
    assert ways_in(campus, streets=[BAR], gates=(gate(350, 400, "s1"),)).empty


def test_functions_of_one_site_share_its_gates() -> None:
    campus = box(300, 10, 400, 50)
    access = ways_in(
        ground(campus, site_id="a"),
        ground(campus, "park", site_id="a"),
        streets=[BAR],
        gates=(gate(310, 10, "a"),),
    )
    assert access["item"].tolist() == [0, 1]


def test_frames_of_the_caller_are_not_changed() -> None:
    given = world(streets=[BAR], shops=[shop(1, 1), ground(box(5, 0, 9, 9))], entrances=[gate(1, 0, "s1")])
    before = given.facilities.copy(deep=True), given.entrances.copy(deep=True)
    access_facilities(build_network(given.streets), given.facilities, given.entrances, max_snap_m=9)
    assert given.facilities.equals(before[0])
    assert given.entrances.equals(before[1])


# Exits


def exits(extent: Polygon, *rows: Row) -> list[tuple[float, float]]:
    streets = world(streets=rows).streets
    network = build_network(streets)
    access = access_exits(network, streets, here(extent))
    assert access["item"].tolist() == list(range(len(access)))
    places = shapely.line_interpolate_point(network.edge_geometry[access["edge"]], access["offset_m"])
    xy = shapely.get_coordinates(places) - ORIGIN
    return sorted({(round(x, 3) + 0.0, round(y, 3) + 0.0) for x, y in xy})


AREA = box(0, -100, 500, 100)


def test_a_street_leaves_where_it_crosses_the_edge() -> None:
    assert exits(AREA, street((100, 0), (900, 0))) == [(500, 0)]


def test_a_street_inside_does_not_leave() -> None:
    assert exits(AREA, street((100, 0), (400, 0))) == []


@pytest.mark.parametrize(("end", "leaves"), [(500.0, True), (499.5, True), (499.0, True), (498.999, False)])
def test_an_end_within_a_metre_of_the_edge_leaves(end: float, leaves: bool) -> None:
    assert exits(AREA, street((100, 0), (end, 0))) == ([(end, 0)] if leaves else [])


def test_a_street_that_bends_near_the_edge_does_not_leave() -> None:
    """The bend lies 0.5 m inside the edge, the ends far from it."""
    assert exits(AREA, street((100, 0), (499.5, 0), (100, 50))) == []


def test_touching_the_edge_from_inside_is_not_leaving() -> None:
    assert exits(AREA, street((100, 0), (500, 0), (100, 50))) == []


def test_a_street_that_touches_and_then_leaves_does_so_only_where_it_leaves() -> None:
    assert exits(AREA, street((100, 0), (500, 0), (400, 50), (600, 50))) == [(500, 50)]


def test_a_ring_has_no_end_wherever_its_drawing_starts() -> None:
    corners = [(499.5, 0), (400, 0), (400, 50)]
    for turn in range(3):
        ring = corners[turn:] + corners[:turn]
        assert exits(AREA, street(*ring, ring[0])) == []


def test_a_street_out_and_in_again_leaves_twice() -> None:
    assert exits(AREA, street((400, 0), (600, 0), (600, 50), (400, 50))) == [(500, 0), (500, 50)]


def test_a_hole_in_the_extent_is_outside() -> None:
    """Where nothing was surveyed in the middle, streets lead into the unknown as well."""
    holed = AREA.difference(box(200, -20, 240, 20))
    assert exits(holed, street((100, 0), (400, 0))) == [(200, 0), (240, 0)]


def test_an_exit_belongs_to_the_street_that_leaves() -> None:
    """One street bends on the edge where a bridge over it leaves; only the bridge does."""
    rows = [street((400, -50), (500, 0), (400, 50)), street((400, 0), (600, 0))]
    streets = world(streets=rows).streets
    network = build_network(streets)
    access = access_exits(network, streets, here(AREA))
    assert network.edge_street[access["edge"]].tolist() == [1]


# Legs over obstacles


WALL = shapely.LineString([(0, 20), (1000, 20)])


@pytest.mark.parametrize(
    ("obstacle", "is_crossed"),
    [
        (WALL, True),
        (box(0, 10, 1000, 30), True),
        (box(0, -30, 1000, -10), False),
        (shapely.LineString([(0, 40), (1000, 40)]), False),  # the wall that the home stands at
        (shapely.LineString([(0, 0), (1000, 0)]), False),  # the kerb
        (shapely.LineString([(500, 5), (500, 35)]), True),  # along the leg itself
        (box(0, -10, 1000, 100), True),  # home and street on one island of water
    ],
)
def test_a_leg_that_crosses_an_obstacle_is_known(obstacle: shapely.Geometry, is_crossed: bool) -> None:
    network, home = network_of(BAR), at((500, 40))
    access = access_points(network, home, max_snap_m=150)
    assert crosses(access, network, home, np.array([here(obstacle)])).tolist() == [is_crossed]


def test_no_leg_no_crossing() -> None:
    network, home = network_of(BAR), at((500, 0))
    access = access_points(network, home, max_snap_m=150)
    assert crosses(access, network, home, np.array([here(box(0, -9, 999, 9))])).tolist() == [False]
