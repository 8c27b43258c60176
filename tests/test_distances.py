"""Walks over the graph: hand-worked ways, ties, loops, parallel edges, islands."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from worlds import ORIGIN, Row, one_street, street, world

from pujin_geo.walking.access import access_points
from pujin_geo.walking.distances import nearest
from pujin_geo.walking.network import QUANTUM_M, build_network


def walks(
    streets: list[Row],
    origins: list[tuple[float, float]],
    targets: list[tuple[float, float]],
    group: list[int] | None = None,
    **options: Any,
) -> tuple[list[list[float]], list[list[int]]]:
    """Return walk (mm) and target per origin and group; all targets one group unless told."""
    network = build_network(world(streets=streets).streets, **options)
    groups = np.array(group if group is not None else [0] * len(targets), dtype=np.int64)

    def access(points: list[tuple[float, float]]) -> Any:
        placed = np.array([Point(x + ORIGIN[0], y + ORIGIN[1]) for x, y in points], dtype=object)
        return access_points(network, placed, max_snap_m=150)

    count = int(groups.max(initial=0)) + 1
    walk_m, which = nearest(network, access(origins), access(targets), groups, len(origins), groups=count)
    return walk_m.round(3).tolist(), which.tolist()


INF = float("inf")
BAR = street((0, 0), (1000, 0))
RING = street((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))


def test_leg_along_and_leg() -> None:
    """30 to the street, 600 along, 40 to the shop."""
    assert walks([BAR], [(100, 30)], [(700, -40)]) == ([[670.0]], [[0]])


def test_two_points_at_one_place_of_the_street_walk_their_legs() -> None:
    assert walks([BAR], [(100, 30)], [(100, -40)]) == ([[70.0]], [[0]])


def test_points_beyond_the_ends_walk_from_the_ends() -> None:
    assert walks([BAR], [(-3, 4)], [(1003, 4)]) == ([[1010.0]], [[0]])


def test_around_a_river_by_its_one_bridge() -> None:
    bank, other = street((0, 0), (2000, 0)), street((0, 100), (2000, 100))
    bridge = street((0, 0), (0, 100))
    assert walks([bank, other, bridge], [(800, 0)], [(800, 100)])[0] == [[1700.0]]


def test_without_the_bridge_there_is_no_way() -> None:
    bank, other = street((0, 0), (2000, 0)), street((0, 100), (2000, 100))
    assert walks([bank, other], [(800, 0)], [(800, 100)]) == ([[INF]], [[-1]])


@pytest.mark.parametrize(
    ("target", "walk_m"), [((90, 0), 80.0), ((0, 20), 30.0), ((0, 80), 90.0), ((60, 100), 170.0)]
)
def test_a_loop_is_walked_the_shorter_way(target: tuple[float, float], walk_m: float) -> None:
    """Ring of 400 m with its seam at (0, 0); the home at (10, 0): clockwise or counter-clockwise."""
    assert walks([RING], [(10, 0)], [target])[0] == [[walk_m]]


def test_of_two_ways_between_the_same_ends_the_shorter_counts() -> None:
    """Straight 60, by the detour 100; home and shop on the tails at either end."""
    streets = [
        street((0, 0), (30, 40), (60, 0)), street((0, 0), (60, 0)), street((-50, 0), (0, 0)), street((60, 0), (110, 0)),
    ]  # fmt: skip
    assert walks(streets, [(-20, 0)], [(80, 0)])[0] == [[100.0]]
    assert walks(list(reversed(streets)), [(-20, 0)], [(80, 0)])[0] == [[100.0]]


def test_two_points_on_parallel_edges_meet_at_a_node() -> None:
    """Home 20 m from (0, 0) on the straight way, shop 30 m from it on the detour."""
    streets = [street((0, 0), (60, 0)), street((0, 0), (30, 40), (60, 0))]
    assert walks(streets, [(20, 0)], [(18, 24)])[0] == [[50.0]]


def test_around_the_block_can_be_shorter_than_along_the_street() -> None:
    """A long loop road of 1,000 m whose ends are joined by 10 m: 10 + 10 + 20, not 960."""
    road = street((0, 0), (0, 495), (10, 495), (10, 0))
    assert walks([road, street((0, 0), (10, 0))], [(0, 10)], [(10, 20)])[0] == [[40.0]]


def test_a_tie_goes_to_the_lower_number() -> None:
    for order in itertools.permutations([(400, 10), (600, 10), (400, -10)]):
        assert walks([BAR], [(500, 0)], list(order)) == ([[110.0]], [[0]])


def test_groups_are_apart() -> None:
    walk_m, which = walks([BAR], [(500, 0)], [(510, 0), (400, 0), (900, 0), (505, 0)], [1, 0, 1, -1])
    assert (walk_m, which) == ([[100.0, 10.0]], [[1, 0]])


def test_a_group_without_targets_is_out_of_reach() -> None:
    assert walks([BAR], [(500, 0)], [(510, 0)], [1]) == ([[INF, 10.0]], [[-1, 0]])


def test_more_groups_than_one_batch() -> None:
    targets = [(10.0 * n, 0.0) for n in range(1, 21)]
    walk_m, which = walks([BAR], [(0, 0)], targets, list(range(20)))
    assert walk_m == [[10.0 * n for n in range(1, 21)]]
    assert which == [list(range(20))]


def test_nobody_and_nothing() -> None:
    assert walks([BAR], [], []) == ([], [])
    assert walks([BAR], [(1, 1)], []) == ([[INF]], [[-1]])


def test_a_point_off_the_streets_walks_nowhere() -> None:
    assert walks([BAR], [(500, 200), (500, 10)], [(500, 300), (520, 0)]) == ([[INF], [30.0]], [[-1], [1]])


def test_on_an_island_the_walk_stays_there() -> None:
    island = street((0, 500), (300, 500))
    assert walks([BAR, island], [(100, 500)], [(100, 0), (250, 500)]) == ([[150.0]], [[1]])


def test_places_on_nodes_cost_nothing() -> None:
    """A home and a shop both exactly at a crossing: a sparse matrix would lose an arc of length 0."""
    streets = [street((0, 0), (50, 0)), street((50, 0), (100, 0)), street((50, 0), (50, 70))]
    assert walks(streets, [(50, 0)], [(50, 0), (0, 0)]) == ([[0.0]], [[0]])


def test_all_islands_each_on_its_own() -> None:
    streets = [street((0, 50 * n), (10, 50 * n)) for n in range(40)]
    homes = [(2.0, 50.0 * n) for n in range(40)]
    shops = [(9.0, 50.0 * n) for n in range(0, 40, 2)]
    walk_m, which = walks(streets, homes, shops)
    assert walk_m == [[7.0] if n % 2 == 0 else [INF] for n in range(40)]
    assert which == [[n // 2] if n % 2 == 0 else [-1] for n in range(40)]


def test_a_street_through_every_point() -> None:
    """A star of 60 spokes with a home and a shop on each hub and rim: exact, and no hang."""
    rim = [(200 * np.cos(a), 200 * np.sin(a)) for a in np.linspace(0, 6.2, 60)]
    walk_m, which = walks([street((0, 0), p) for p in rim], [(0, 0), *rim], [rim[7], (0, 0)])
    assert walk_m[0] == [0.0]
    assert which[0] == [1]
    assert [w for [w] in walk_m[1:]] == pytest.approx(
        [0.0 if n == 7 else 200.0 for n in range(60)], abs=0.001
    )


def test_a_hundred_thousand_points_on_one_spot() -> None:
    """All on one spot, homes and shops alike: everyone walks the same to the first shop, at once."""
    many = 100_000
    inputs = one_street()
    network = build_network(inputs.streets)
    home, target = inputs.residents.geometry.to_numpy(), inputs.facilities.geometry.to_numpy()
    walk_m, which = nearest(
        network,
        access_points(network, np.repeat(home, many), max_snap_m=150),
        access_points(network, np.repeat(target, many), max_snap_m=150),
        np.zeros(many, dtype=np.int64),
        many,
        groups=1,
    )
    assert (walk_m == 670.0).all()
    assert (which == 0).all()


place = st.tuples(st.integers(0, 20).map(lambda n: n * 12.5), st.integers(0, 12).map(lambda n: n * 12.5))


@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(place, place), min_size=2, max_size=8), st.lists(place, min_size=2, max_size=6))
def test_walks_are_symmetric_and_keep_the_triangle(lines: list[Any], points: list[Any]) -> None:
    """To and fro equal bit by bit; going by a third point is never shorter (up to its two legs)."""
    streets = [street(a, b) for a, b in [*lines, ((0, 0), (250, 150))]]
    network = build_network(world(streets=streets).streets, join_crossings=True)
    geometry = np.array([Point(x + ORIGIN[0], y + ORIGIN[1]) for x, y in points], dtype=object)
    access = access_points(network, geometry, max_snap_m=500)
    group = np.arange(len(points))
    walk_m, _ = nearest(network, access, access, group, len(points), groups=len(points))
    assert (walk_m == walk_m.T).all()
    finite = walk_m[np.isfinite(walk_m)]
    assert (finite / QUANTUM_M % 1 == 0).all()
    leg_m = access["leg_m"].to_numpy()
    for a, b, c in itertools.permutations(range(len(points)), 3):
        if np.isfinite(walk_m[a, b]) and np.isfinite(walk_m[b, c]):
            assert walk_m[a, c] <= walk_m[a, b] + walk_m[b, c] - 2 * leg_m[b] + 1e-9


def test_the_network_is_not_changed() -> None:
    network = build_network(one_street().streets)
    before = network.matrix.toarray()
    walks([BAR], [(1, 1)], [(2, 2)])
    assert (network.matrix.toarray() == before).all()
