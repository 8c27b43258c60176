from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import STEP_M, Town, points, towns

from pujin_geo.errors import SettingsError
from pujin_geo.walking import pairs
from pujin_geo.walking.access import access_points
from pujin_geo.walking.distances import nearest
from pujin_geo.walking.network import QUANTUM_M, Network, build_network
from pujin_geo.walking.pairs import counts_within, nearest_k, nearest_of_pairs, pairs_within

CORRIDOR = Town([[(0, 0), (1000, 0)], [(1000, 0), (2000, 0)]], [(100, 0), (1900, 10)], [(400, 0), (1600, 20)])


def all_walks(network: Network, homes: pd.DataFrame, shops: pd.DataFrame) -> dict[tuple[int, int], float]:
    """Every place becomes a node: edges are cut at each, and networkx walks from home to home."""
    graph = nx.MultiGraph()
    on_edge: dict[int, list[tuple[float, object]]] = {}
    for kind, table in (("home", homes), ("shop", shops)):
        for number, way in enumerate(table.itertuples()):
            on_edge.setdefault(way.edge, []).append((way.offset_m, (kind, number)))
            graph.add_edge((kind, number), (kind, "item", way.item), weight=way.leg_m)
    for edge, length_m in enumerate(network.edge_length_m):
        stops = sorted(on_edge.get(edge, []), key=lambda stop: stop[0])
        run = [(0.0, int(network.edge_from[edge])), *stops, (length_m, int(network.edge_to[edge]))]
        for (a_m, a), (b_m, b) in pairwise(run):
            graph.add_edge(a, b, weight=b_m - a_m)
    walks = {}
    for home in homes["item"]:
        found = nx.single_source_dijkstra_path_length(graph, ("home", "item", home))
        walks |= {
            (home, shop): found["shop", "item", shop]
            for shop in set(shops["item"])
            if ("shop", "item", shop) in found
        }
    return walks


@settings(max_examples=40, deadline=None)
@given(towns(), st.sampled_from([0.0, 37.5, STEP_M, 250.0, np.inf]))
def test_pairs_are_those_of_a_graph_in_which_every_place_is_a_node(town: Town, limit_m: float) -> None:
    network = town.network
    homes, shops = town.access(network)
    expected = {k: v for k, v in all_walks(network, homes, shops).items() if round(v, 3) <= limit_m}
    found = pairs_within(network, homes, shops, limit_m=limit_m)
    assert (
        dict(zip(zip(found["origin"], found["target"], strict=True), found["walk_m"], strict=True))
        == expected
    )


@settings(max_examples=40, deadline=None)
@given(towns(shops=9), st.integers(1, 3))
def test_small_tiles_and_batches_change_nothing(town: Town, batch: int) -> None:
    network = town.network
    homes, shops = town.access(network)
    whole = pairs_within(network, homes, shops, limit_m=250.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "SMALLEST_TILE_M", 30.0)
        patch.setattr(pairs, "TARGETS_PER_TILE", 1e-6)
        patch.setattr(pairs, "CELLS_AT_ONCE", batch)
        tiled = pairs_within(network, homes, shops, limit_m=250.0)
    pd.testing.assert_frame_equal(whole, tiled)


@settings(max_examples=40, deadline=None)
@given(towns(shops=9), st.lists(st.integers(-1, 2), min_size=9, max_size=9))
def test_the_nearest_one_is_what_the_core_says(town: Town, members: list[int]) -> None:
    network = town.network
    homes, shops = town.access(network)
    group = np.array(members)[: len(town.shops)]
    walk_m, target = nearest(network, homes, shops, group, len(town.homes), groups=3)
    first = nearest_k(network, homes, shops, group, np.arange(len(group)), k=1)
    assert len(first) == np.isfinite(walk_m).sum()
    at = first["origin"], first["group"]
    assert (walk_m[at] == first["walk_m"]).all()
    assert (target[at] == first["target"]).all()


@settings(max_examples=40, deadline=None)
@given(towns(shops=9), st.lists(st.integers(0, 3), min_size=9, max_size=9), st.integers(1, 5))
def test_nearest_few_are_the_shortest_of_all_pairs_with_no_site_twice(
    town: Town, sites: list[int], k: int
) -> None:
    network = town.network
    homes, shops = town.access(network)
    group = np.arange(len(town.shops)) % 2
    found = nearest_k(network, homes, shops, group, np.array(sites)[: len(group)], k=k)
    expected = []
    walks = all_walks(network, homes, shops)
    for home in sorted(set(homes["item"])):
        for member in (0, 1):
            ordered = sorted(
                (walk_m, shop) for (h, shop), walk_m in walks.items() if h == home and group[shop] == member
            )
            taken: list[int] = []
            for walk_m, shop in ordered:
                if sites[shop] not in taken and len(taken) < k:
                    taken.append(sites[shop])
                    expected.append((home, member, len(taken), shop, walk_m))
    assert list(found.itertuples(index=False, name=None)) == expected


def test_hand_worked_corridor() -> None:
    network = CORRIDOR.network
    homes, shops = CORRIDOR.access(network)
    found = pairs_within(network, homes, shops, limit_m=1520.0)
    assert found.values.tolist() == [[0, 0, 300.0], [0, 1, 1520.0], [1, 0, 1510.0], [1, 1, 330.0]]
    assert len(pairs_within(network, homes, shops, limit_m=1519.999)) == 3


def test_the_limit_is_compared_to_the_millimetre() -> None:
    over = Town([[(0, 0), (1000, 0)]], [(0, 0)], [(300.0004, 0), (300.0006, 0)])
    network = over.network
    found = pairs_within(network, *over.access(network), limit_m=300.0)
    assert found["target"].tolist() == [0]
    assert found["walk_m"].tolist() == pytest.approx([300.0004], abs=2 * QUANTUM_M)


def test_no_pair_without_path_or_ways_in() -> None:
    island = Town([[(0, 0), (500, 0)], [(0, 200), (400, 200)]], [(100, 0)], [(100, 200), (0, 900)])
    network = island.network
    homes, shops = island.access(network)
    assert len(shops) == 1
    assert pairs_within(network, homes, shops, limit_m=np.inf).empty
    assert pairs_within(network, homes.iloc[:0], shops, limit_m=np.inf).empty
    assert nearest_k(network, homes, shops, np.zeros(2, int), np.arange(2), k=3).empty


def test_both_places_on_one_edge_whose_ends_are_out_of_reach() -> None:
    long = Town([[(0, 0), (50_000, 0)]], [(25_000, 0)], [(25_100, 5)])
    network = long.network
    assert pairs_within(network, *long.access(network), limit_m=150.0)["walk_m"].tolist() == [105.0]


def test_counts_agree_with_pairs_counted_by_hand() -> None:
    found = pd.DataFrame(
        {"origin": [0, 0, 0, 1], "target": [0, 1, 2, 2], "walk_m": [300.0, 300.0004, 800.0, 0.0]}
    )
    counts = counts_within(found, np.array([0, 0, 1]), 3, groups=2, limits_m=[300, 500, 1000])
    assert counts.tolist() == [[[2, 2, 2], [0, 0, 1]], [[0, 0, 0], [1, 1, 1]], [[0, 0, 0], [0, 0, 0]]]
    without = counts_within(found, np.array([-1, -1, 0]), 2, groups=1, limits_m=[1000])
    assert without.tolist() == [[[1]], [[1]]]


def test_equally_near_targets_come_in_order_of_number() -> None:
    tie = Town([[(0, 0), (1000, 0)]], [(500, 0)], [(600, 0), (400, 0), (600, 0)])
    network = tie.network
    found = pairs_within(network, *tie.access(network), limit_m=500.0)
    ranked = nearest_of_pairs(found, np.zeros(3, int), np.arange(3), k=3)
    assert ranked["target"].tolist() == [0, 1, 2]


def test_a_thousand_places_on_one_spot() -> None:
    crowd = Town([[(0, 0), (1000, 0)]], [(500, 0)] * 1000, [(510, 0)] * 50)
    network = crowd.network
    found = pairs_within(network, *crowd.access(network), limit_m=10.0)
    assert len(found) == 50_000
    assert (found["walk_m"] == 10.0).all()


def test_several_ways_in_count_once() -> None:
    network = CORRIDOR.network
    homes, _ = CORRIDOR.access(network)
    gates = access_points(network, points([(300, 0), (150, 5)]), max_snap_m=60).assign(item=0)
    found = pairs_within(network, homes, gates, limit_m=1000.0)
    assert found.values.tolist() == [[0, 0, 55.0]]


def test_a_stretch_of_street_that_is_the_way_in_is_entered_anywhere_along_it() -> None:
    network = CORRIDOR.network
    homes = access_points(network, points([(100, 0), (500, 0), (900, 0)]), max_snap_m=60)
    park = pd.DataFrame({"item": [0], "edge": [0], "offset_m": [300.0], "span_m": [400.0], "leg_m": [5.0]})
    found = pairs_within(network, homes, park, limit_m=1000.0)
    assert found["walk_m"].tolist() == [205.0, 5.0, 205.0]
    beyond = access_points(network, points([(1900, 0)]), max_snap_m=60)
    assert pairs_within(network, beyond, park, limit_m=2000.0)["walk_m"].tolist() == [1205.0]


@pytest.mark.parametrize("limit_m", [-1.0, float("nan")])
def test_refuses_a_walk_below_nothing(limit_m: float) -> None:
    network = CORRIDOR.network
    with pytest.raises(SettingsError, match="limit_m"):
        pairs_within(network, *CORRIDOR.access(network), limit_m=limit_m)


@pytest.mark.parametrize("k", [0, 6])
def test_refuses_too_many_nearest(k: int) -> None:
    network = build_network(CORRIDOR.streets)
    with pytest.raises(SettingsError, match="k ="):
        nearest_k(network, *CORRIDOR.access(network), np.zeros(2, int), np.arange(2), k=k)
