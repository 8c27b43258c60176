import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from shapely import Polygon
from towns import ORIGIN, Town, points, towns
from worlds import gate, ground, home, river, shop, street, world

from pujin_geo.errors import SettingsError
from pujin_geo.inputs import Inputs
from pujin_geo.walking.network import build_network
from pujin_geo.walking.pairs import pairs_within
from pujin_geo.walking.routes import routes, walking_routes
from pujin_geo.walking.verdicts import judge, judged_types, place


def routes_of(inputs: Inputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the distances table and the routes to its nearest facilities."""
    network = build_network(inputs.streets)
    placed = place(inputs, network, include_planned=False)
    distances = judge(network, placed, judged_types(inputs)[0])
    return distances, walking_routes(network, placed, inputs.entrances, distances)


def drawn(line: shapely.LineString) -> list[list[float]]:
    """Return a line's vertices as metres from the drawings' origin."""
    return np.round(shapely.get_coordinates(line) - ORIGIN, 6).tolist()


@settings(max_examples=40, deadline=None)
@given(towns())
def test_every_route_is_as_long_as_its_walk_and_stays_on_the_streets(town: Town) -> None:
    network = town.network
    homes, shops = town.access(network)
    pairs = pairs_within(network, homes, shops, limit_m=np.inf)
    found = routes(network, homes, points(town.homes), shops, points(town.shops), pairs)
    assert (found["walk_m"] == pairs["walk_m"]).all()
    drawing = shapely.multilinestrings(network.edge_geometry)
    leg_of = {name: dict(zip(t["item"], t["leg_m"], strict=True)) for name, t in (("h", homes), ("s", shops))}
    for one in found.itertuples():
        assert one.geometry.length == pytest.approx(one.walk_m, abs=1e-4)
        ends = shapely.get_coordinates(one.geometry)[[0, -1]] - ORIGIN
        assert ends == pytest.approx(np.array([town.homes[one.origin], town.shops[one.target]]))
        along_m = np.linspace(leg_of["h"][one.origin], one.walk_m - leg_of["s"][one.target], 20)
        assert (shapely.distance(one.geometry.interpolate(along_m), drawing) < 1e-4).all()


def test_the_bridge_is_part_of_the_way() -> None:
    distances, found = routes_of(river())
    assert found["walk_m"].tolist() == distances["walk_m"].tolist() == [1700.0]
    assert drawn(found.geometry[0]) == [[800, 0], [0, 0], [0, 100], [800, 100]]


def test_two_places_on_one_street_walk_along_it_past_no_node() -> None:
    _, found = routes_of(
        world(streets=[street((0, 0), (1000, 0))], homes=[home(700, 30)], shops=[shop(100, -40)])
    )
    assert drawn(found.geometry[0]) == [[700, 30], [700, 0], [100, 0], [100, -40]]


def test_the_shorter_of_two_parallel_streets() -> None:
    both = [street((0, 0), (50, 80), (100, 0)), street((0, 0), (50, 10), (100, 0))]
    ends = [street((-100, 0), (0, 0)), street((100, 0), (200, 0))]
    _, found = routes_of(world(streets=both + ends, homes=[home(-100, 0)], shops=[shop(200, 0)]))
    assert drawn(found.geometry[0]) == [[-100, 0], [0, 0], [50, 10], [100, 0], [200, 0]]


def test_the_shorter_side_of_a_loop() -> None:
    loop = street((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    streets = [loop, street((0, 0), (-100, 0))]
    _, found = routes_of(world(streets=streets, homes=[home(0, 60)], shops=[shop(-100, 0)]))
    assert drawn(found.geometry[0]) == [[0, 60], [0, 0], [-100, 0]]


def test_the_leg_starts_at_the_gate_that_is_used() -> None:
    inputs = world(
        streets=[street((0, 0), (1000, 0)), street((0, 0), (0, 300)), street((0, 300), (1000, 300))],
        homes=[home(0, 150)],
        shops=[shop(500, 150, site_id="park")],
        entrances=[gate(500, 20, "park"), gate(480, 290, "park")],
    )
    distances, found = routes_of(inputs)
    assert distances["walk_m"].tolist() == [640.0]
    assert drawn(found.geometry[0]) == [[0, 150], [0, 300], [480, 300], [480, 290]]


def test_a_street_along_a_polygon_is_entered_at_its_near_end() -> None:
    park = Polygon([(400, 0), (600, 0), (600, 90), (400, 90)])
    inputs = world(streets=[street((0, 0), (1000, 0))], homes=[home(900, 10)], shops=[ground(park)])
    _, found = routes_of(inputs)
    assert drawn(found.geometry[0]) == [[900, 10], [900, 0], [600, 0]]


def test_without_a_path_there_is_no_line_but_a_row() -> None:
    streets = [street((0, 0), (1000, 0)), street((0, 500), (400, 500))]
    inputs = world(streets=streets, homes=[home(10, 0)], shops=[shop(100, 500)])
    network = build_network(inputs.streets)
    placed = place(inputs, network, include_planned=False)
    asked = pd.DataFrame({"demand_id": ["h1"], "facility_id": ["s1/shop"]})
    found = walking_routes(network, placed, inputs.entrances, asked)
    assert found["walk_m"].isna().all()
    assert found.geometry.isna().all()
    with pytest.raises(SettingsError, match="s9/shop"):
        walking_routes(network, placed, inputs.entrances, asked.assign(facility_id="s9/shop"))


def test_a_place_on_the_spot_gives_a_line_without_length() -> None:
    inputs = world(streets=[street((0, 0), (1000, 0))], homes=[home(10, 0)], shops=[shop(10, 0)])
    _, found = routes_of(inputs)
    assert found.geometry[0].length == 0.0
