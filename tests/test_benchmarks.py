import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from pujin_geo.walking.network import build_network

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import accuracy
from networks import OFF_STREET_M, Town, town


@pytest.fixture(scope="module")
def small() -> Town:
    return town(400, homes=60, facilities=20, types=4)


def test_the_same_seed_draws_the_same_town(small: Town) -> None:
    again = town(400, homes=60, facilities=20, types=4)
    other = town(400, homes=60, facilities=20, types=4, seed=2)
    assert small.streets.geometry.geom_equals_exact(again.streets.geometry, 0).all()
    assert shapely.equals(small.homes, again.homes).all()
    assert not shapely.equals(small.homes, other.homes).any()


def test_the_town_is_of_the_size_asked_for_and_homes_stand_beside_streets(small: Town) -> None:
    network = build_network(small.streets)
    assert len(network.node_xy) == pytest.approx(400, rel=0.1)
    assert (
        shapely.STRtree(small.streets.geometry).query_nearest(small.homes, return_distance=True)[1].max()
        <= OFF_STREET_M
    )


def test_snapping_and_straight_lines_are_measured_as_what_they_are(
    small: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    network = build_network(small.streets)
    walk_m = accuracy.walks(network, small, small.homes, small.facilities)
    straight_m = accuracy.straight(small)
    assert (straight_m <= walk_m + 1e-6).all()
    brute = shapely.distance(small.homes[:, None], small.facilities[None])
    for number in range(small.types):
        assert straight_m[:, number] == pytest.approx(brute[:, small.group == number].min(axis=1))
    nodes = accuracy.at_nodes(network, small.homes)
    assert np.isin(shapely.get_coordinates(nodes)[:, 0], network.node_xy[:, 0]).all()
    accuracy.report(small, network)
    assert capsys.readouterr().out.count("| straight line |") == len(accuracy.THRESHOLDS_M)
