"""Who is whose neighbour on foot: bridges, barriers, excursions, missing streets."""

import numpy as np
import pytest
import shapely
from circle_towns import town
from shapely import LineString, box
from worlds import home, street

from pujin_geo.circles import CircleSettings, survey
from pujin_geo.circles.links import borders, components, facing_pairs
from pujin_geo.inputs import Inputs


def linked(inputs: Inputs, **changes: float) -> set[str]:
    terrain = survey(inputs, settings=CircleSettings(**changes))
    ids = terrain.units["unit_id"]
    return {f"{ids.iat[a]}-{ids.iat[b]}" for a, b in terrain.links}


def quays(*bridges: float, length: float = 1200.0) -> Inputs:
    """Two rows of three committees on either side of a river of 40 m; bridges at the given x."""
    streets = [street(*((x, y) for x in sorted({0, *bridges, length}))) for y in (300.0, 500.0)]
    streets += [street((x, 300.0), (x, 500.0)) for x in bridges]
    homes = [home(200 + 400 * c, 300.0 + 200 * r) for r in range(2) for c in range(3)]
    return town(3, 2, streets=streets, homes=homes, water=box(-50, 380, 1250, 420))


def test_an_unbridged_river_parts_and_a_bridge_joins() -> None:
    assert linked(quays()) == {"A1-B1", "B1-C1", "A2-B2", "B2-C2"}
    assert linked(quays(200.0), excursion_m=10) == {"A1-B1", "B1-C1", "A2-B2", "B2-C2", "A1-A2"}


def test_the_excursion_reaches_a_bridge_of_the_neighbour() -> None:
    # The bridge stands 150 m inside A: B may use it with an excursion of 200 m, not with 100 m; C never.
    assert "B1-B2" not in linked(quays(250.0), excursion_m=100)
    assert "B1-B2" in linked(quays(250.0), excursion_m=200)
    assert "C1-C2" not in linked(quays(250.0), excursion_m=200)


def test_corners_are_no_border() -> None:
    assert linked(town(2, 2)) == {"A1-A2", "A1-B1", "A2-B2", "B1-B2"}


def test_a_unit_without_streets_is_linked_over_open_borders_only() -> None:
    streets = [
        street((0, 200), (400, 200)),
        street((900, 200), (1200, 200)),
        street((0, 200), (0, 390), (1200, 390), (1200, 200)),
    ]
    homes = [home(200, 200), home(1000, 200)]
    given = {
        "streets": streets[:1] + streets[1:2] + [street((0, 200), (0, -50), (1200, -50), (1200, 200))],
        "homes": homes,
    }
    assert linked(town(3, 1, **given), excursion_m=10) == {"A1-B1", "B1-C1"}
    wall = [{"geometry": LineString([(400, -10), (400, 410)]), "kind": "wall", "name": "墙"}]
    assert linked(town(3, 1, barriers=wall, **given), excursion_m=10) == {"B1-C1"}


def test_one_long_street_without_vertices_still_links() -> None:
    assert linked(town(3, 1, streets=[street((0, 200), (1200, 200))])) == {"A1-B1", "B1-C1"}


def test_components_of_pieces() -> None:
    terrain = survey(quays(200.0))
    every = np.arange(len(terrain.pieces.length_m))
    assert len(set(components(terrain.pieces, every).tolist())) == 1
    assert terrain.pieces.length_m.sum() == pytest.approx(terrain.network.edge_length_m.sum())
    assert terrain.pieces.length_m.max() <= 20


def test_borders_and_facing_pairs_by_hand() -> None:
    units = np.array(
        [box(0, 0, 400, 400), box(400, 0, 800, 400), box(0, 400, 400, 800), box(800, 0, 1200, 5)]
    )
    pairs, length_m = borders(units)
    assert pairs.tolist() == [[0, 1], [0, 2]]
    assert length_m.tolist() == [400.0, 400.0]
    along = LineString([(390, -100), (390, 900)])
    assert facing_pairs(pairs, units, along).tolist() == [[0, 1]]
    assert facing_pairs(pairs, units, LineString([(600, 0), (600, 400)])).tolist() == []


def test_points_in_no_unit_go_to_the_nearest() -> None:
    terrain = survey(town(2, 1, homes=[home(100, 200), home(700, 380)], water=box(-10, 300, 810, 410)))
    assert terrain.units["population"].tolist() == [1.0, 1.0]
    assert (
        shapely.intersects(terrain.units.geometry.iat[1], terrain.placed.demand.geometry.iat[1]) is np.False_
    )
