import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from towns import ORIGIN, Town, points, towns

from pujin_geo.errors import SettingsError
from pujin_geo.walking.access import access_points
from pujin_geo.walking.distances import nearest
from pujin_geo.walking.network import QUANTUM_M
from pujin_geo.walking.pairs import pairs_within
from pujin_geo.walking.reach import origins_within, reach_area, reach_streets

NONE = np.array([], dtype=object)
LONG = Town([[(0, 0), (1000, 0)], [(1000, 0), (1000, 500)]], [(0, 0)], [(600, 40)])


@settings(max_examples=40, deadline=None)
@given(towns(), st.sampled_from([0.0, 12.5, 100.0, 150.0, 333.3]))
def test_a_place_is_reachable_if_and_only_if_the_walk_to_it_is_short_enough(
    town: Town, limit_m: float
) -> None:
    network = town.network
    _, shops = town.access(network)
    found = reach_streets(network, shops, limit_m=limit_m)
    edge = np.repeat(np.arange(len(network.edge_length_m)), 21)
    share = np.tile(np.linspace(0.0, 1.0, 21), len(network.edge_length_m))
    offset_m = np.round(share * network.edge_length_m[edge] / QUANTUM_M) * QUANTUM_M
    every = shops.iloc[[0] * len(edge)] if len(shops) else shops
    if every.empty:
        assert found.empty
        return
    every = every.assign(item=np.arange(len(edge)), edge=edge, offset_m=offset_m, span_m=0.0, leg_m=0.0)
    group = np.zeros(len(town.shops), dtype=int)
    walk_m = nearest(network, every, shops, group, len(every), groups=1)[0][:, 0]
    inside = np.zeros(len(every), dtype=bool)
    for one in found.itertuples():
        inside |= (edge == one.edge) & (offset_m >= one.from_m) & (offset_m <= one.to_m)
    # A single place at exactly the limit has no length.
    assert (inside <= (walk_m <= limit_m)).all()
    assert ((walk_m < limit_m) <= inside).all()


@settings(max_examples=25, deadline=None)
@given(towns(), st.sampled_from([100.0, 333.3]))
def test_stretches_are_as_long_as_their_lines_and_do_not_overlap(town: Town, limit_m: float) -> None:
    network = town.network
    found = reach_streets(network, town.access(network)[1], limit_m=limit_m)
    assert found.geometry.length.to_numpy() == pytest.approx(
        (found["to_m"] - found["from_m"]).to_numpy(), abs=1e-4
    )
    again = found["edge"].to_numpy()[1:] == found["edge"].to_numpy()[:-1]
    assert (found["from_m"].to_numpy()[1:][again] > found["to_m"].to_numpy()[:-1][again]).all()


def test_hand_worked_edges_cut_at_the_threshold() -> None:
    network = LONG.network
    found = reach_streets(network, LONG.access(network)[1], limit_m=540.0)
    assert found[["street", "from_m", "to_m"]].values.tolist() == [[0, 100, 1000], [1, 0, 100]]
    assert (shapely.get_coordinates(found.geometry[0])[0] - ORIGIN).tolist() == pytest.approx([100, 0])


def test_both_ends_of_a_street_reached_and_not_its_middle() -> None:
    block = Town([[(0, 0), (0, 100), (300, 100), (300, 0)], [(0, 0), (300, 0)]], [], [(150, 0)])
    network = block.network
    found = reach_streets(network, block.access(network)[1], limit_m=200.0)
    stretch = found[found["street"] == 0]
    assert stretch[["from_m", "to_m"]].values.tolist() == [[0, 50], [450, 500]]


def test_a_leg_beyond_the_limit_reaches_nothing() -> None:
    network = LONG.network
    shops = LONG.access(network)[1]
    assert reach_streets(network, shops, limit_m=39.999).empty
    assert reach_streets(network, shops, limit_m=40.0).empty
    assert reach_streets(network, shops.iloc[:0], limit_m=500.0).empty


def test_a_set_reaches_what_one_of_its_members_reaches() -> None:
    network = LONG.network
    both = access_points(network, points([(100, 0), (900, 0)]), max_snap_m=60)
    assert reach_streets(network, both, limit_m=50)[["from_m", "to_m"]].values.tolist() == [
        [50, 150],
        [850, 950],
    ]
    assert reach_streets(network, both, limit_m=400)["to_m"].tolist() == [1000, 300]


@settings(max_examples=25, deadline=None)
@given(towns(), st.sampled_from([0.0, 100.0, 250.0]))
def test_people_inside_are_those_with_a_short_walk(town: Town, limit_m: float) -> None:
    network = town.network
    homes, shops = town.access(network)
    pairs = pairs_within(network, homes, shops, limit_m=limit_m)
    found = origins_within(network, homes, shops, limit_m=limit_m)
    assert dict(found.values.tolist()) == pairs.groupby("origin")["walk_m"].min().to_dict()


def quay(*lines: LineString) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(lines))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=2, max_size=4, unique=True),
    st.floats(1.0, 80.0),
    st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(1, 60), st.floats(1, 200)),
    st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(-50, 300), st.floats(-50, 300)),
    st.integers(0, 2**32 - 1),
)
def test_no_ground_too_far_wet_or_behind_an_obstacle(
    line: list[tuple[float, float]],
    width_m: float,
    pond: tuple[float, float, float, float],
    wall_ends: tuple[float, float, float, float],
    seed: int,
) -> None:
    street = LineString(line)
    water = box(pond[0], pond[1], pond[0] + pond[2], pond[1] + pond[3])
    wall = LineString([wall_ends[:2], wall_ends[2:]]) if wall_ends[:2] != wall_ends[2:] else None
    barriers = np.array([wall] if wall else [], dtype=object)
    area = reach_area(quay(street), width_m=width_m, water=np.array([water]), barriers=barriers)
    assert area.is_valid
    places = np.random.default_rng(seed).uniform(-100, 400, (200, 2))
    inside = [Point(p) for p in places if area.contains(Point(p))]
    blocked = water.union(wall.buffer(0.01)) if wall else water
    dry = shapely.get_parts(street.buffer(width_m + 1e-6).difference(blocked))
    paved = street.difference(blocked)
    for place in inside:
        assert street.distance(place) <= width_m + 1e-9
        assert not water.contains(place)
        mine = [part for part in dry if part.distance(place) < 1e-6]
        assert any(part.distance(paved) < 1e-6 for part in mine)


def test_the_far_bank_is_left_out_though_another_street_there_is_reachable() -> None:
    near, far = LineString([(0, 0), (200, 0)]), LineString([(150, 100), (200, 100)])
    river = np.array([box(-500, 10, 500, 20)])
    area = reach_area(quay(near, far), width_m=50, water=river, barriers=NONE)
    assert not area.intersects(Point(50, 25))
    assert area.intersects(Point(175, 51))
    assert area.intersects(Point(50, 9))
    assert not area.intersects(Point(50, 15))


def test_a_wall_keeps_the_other_side_out_and_a_gate_in_it_lets_through() -> None:
    wall = np.array([LineString([(-500, 10), (500, 10)])])
    along = LineString([(0, 0), (100, 0)])
    through = LineString([(50, 0), (50, 15)])
    closed = reach_area(quay(along), width_m=30, water=NONE, barriers=wall)
    opened = reach_area(quay(along, through), width_m=30, water=NONE, barriers=wall)
    assert closed.bounds[3] == pytest.approx(10 - 0.01)
    assert opened.intersects(Point(50, 40))
    assert not opened.intersects(Point(95, 12))


def test_without_obstacles_the_area_is_the_buffer() -> None:
    bend = LineString([(0, 0), (100, 0), (100, 100)])
    area = reach_area(quay(bend), width_m=20, water=NONE, barriers=NONE)
    assert area.symmetric_difference(shapely.buffer(bend, 20)).area == pytest.approx(0, abs=1e-6)


def test_a_street_over_water_has_ground_on_both_banks_only() -> None:
    bridge = LineString([(0, -50), (0, 150)])
    river = Polygon([(-500, 0), (500, 0), (500, 100), (-500, 100)])
    area = reach_area(quay(bridge), width_m=20, water=np.array([river]), barriers=NONE)
    assert len(area.geoms) == 2
    assert area.intersection(river).area == 0


def test_nothing_reachable_is_an_empty_area() -> None:
    network = LONG.network
    found = reach_streets(network, LONG.access(network)[1], limit_m=0)
    assert reach_area(found, width_m=20, water=NONE, barriers=NONE).is_empty


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_refuses_lengths_that_are_none(value: float) -> None:
    network = LONG.network
    shops = LONG.access(network)[1]
    with pytest.raises(SettingsError, match="limit_m"):
        reach_streets(network, shops, limit_m=value)
    with pytest.raises(SettingsError, match="width_m"):
        reach_area(quay(), width_m=value, water=NONE, barriers=NONE)
