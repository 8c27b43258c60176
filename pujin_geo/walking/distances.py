"""Walking distances over the graph, exact from place to place along the streets.

A walk is the straight leg to the street, the way along the streets, and the straight leg at the far
end; two places on one edge may also walk along it. The engine is ``scipy.sparse.csgraph.dijkstra``.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ..errors import SettingsError
from ..texts import Text
from .access import Ways
from .network import QUANTUM_M, Floats, Ints, Network

START_M = 1.0
"""Added to every walk from a virtual start and taken off again: a sparse matrix loses arcs of length 0."""

BATCH_ROWS = 8
PAIRS_AT_ONCE = 2_000_000
CELLS_AT_ONCE = 4_000_000


def nearest(
    network: Network,
    origins: pd.DataFrame,
    targets: pd.DataFrame,
    group: Ints,
    count: int,
    *,
    groups: int,
    limit_m: float = np.inf,
) -> tuple[Floats, Ints]:
    """Return each origin's walk to the nearest target of every group, and which target it is.

    One search over the whole graph per group, from all its targets at once. A tie goes to the target
    with the lower number.

    Args:
        network: the walking graph.
        origins: access table (see ``access``); ``item`` in 0..count-1, at most one row each.
        targets: access table; ``item`` numbers the targets.
        group: (targets,) group 0..groups-1 of each target number; -1 takes no part.
        count: number of origins.
        groups: number of groups.
        limit_m: the search ends here; longer walks may be left out.

    Returns:
        ``walk_m`` (count, groups), infinite where there is no path or no way onto a street, and
        ``target`` (count, groups), -1 there.

    >>> import geopandas as gpd
    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (100, 0)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> home = access_points(network, np.array([Point(30, 5)]), max_snap_m=150)
    >>> shops = access_points(network, np.array([Point(90, 0), Point(10, 2)]), max_snap_m=150)
    >>> walk_m, which = nearest(network, home, shops, np.array([0, 0]), 1, groups=1)
    >>> float(walk_m[0, 0]), int(which[0, 0])
    (27.0, 1)
    """
    ways = Ways.of(targets)
    ways = ways.take(group[ways.item] >= 0)
    bits = rank_bits(group)
    # The rank rides in bits below the quantum: the least sum is the least walk, then the least rank.
    ranked_m = ways.leg_m + rank_in_group(group)[ways.item] * (QUANTUM_M / 2**bits)
    sites = _distinct_ways(replace(ways, item=group[ways.item], leg_m=ranked_m))
    homes = Ways.of(origins)
    best = np.full((count, groups), np.inf)
    for first in range(0, groups, BATCH_ROWS):
        batch = range(first, min(first + BATCH_ROWS, groups))
        by_node = _from_groups(network, sites, batch, limit_m)
        best[homes.item, first : first + len(batch)] = _at_origins(network, homes, by_node)
    best[homes.item] = np.minimum(best[homes.item], _along_one_edge(homes, sites, groups))
    return split_rank(best, group, bits)


def node_walks(network: Network, ways: Ways, *, limit_m: float = np.inf) -> Floats:
    """Return each node's walk to the nearest of the ways in, infinite beyond the limit."""
    node, walk_m = ways.ends(network)
    nodes = len(network.node_xy)
    extended = with_starts(network.matrix, np.zeros(len(node), dtype=np.int64), node, walk_m + START_M, 1)
    found: Floats = dijkstra(extended, directed=True, indices=nodes, limit=limit_m + START_M)
    return found[:nodes] - START_M


def walks_to(network: Network, origins: Ways, ways: Ways, *, limit_m: float = np.inf) -> Floats:
    """Return each origin's walk to the nearest of a few ways in; walks beyond the limit may be left out.

    What ``nearest`` finds for one group, without its preparations: for a single facility.
    """
    node, end_m = origins.ends(network)
    walk_m: Floats = (node_walks(network, ways, limit_m=limit_m)[node] + end_m).reshape(2, -1).min(axis=0)
    for edge, there_m, span_m, leg_m in zip(ways.edge, ways.offset_m, ways.span_m, ways.leg_m, strict=True):
        same = np.flatnonzero(origins.edge == edge)
        apart_m = _apart(origins.offset_m[same], origins.span_m[same], there_m, span_m)
        walk_m[same] = np.minimum(walk_m[same], origins.leg_m[same] + apart_m + leg_m)
    return walk_m


def walks_from(network: Network, origin: pd.DataFrame, ways: pd.DataFrame) -> Floats:
    """Return the walk from one origin into each of many ways in, infinite where there is no path.

    What ``nearest`` finds, by a single search from the other end: for one place and all facilities.

    Args:
        network: the walking graph.
        origin: access table of one place: one row, or none if it is on no street.
        ways: access table.

    >>> import geopandas as gpd
    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (100, 0)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> home = access_points(network, np.array([Point(30, 5)]), max_snap_m=150)
    >>> shops = access_points(network, np.array([Point(90, 0), Point(10, 2)]), max_snap_m=150)
    >>> walks_from(network, home, shops).tolist()
    [65.0, 27.0]
    """
    if origin.empty:
        return np.full(len(ways), np.inf)
    edge = ways["edge"].to_numpy()
    first_m, leg_m = ways["offset_m"].to_numpy(), ways["leg_m"].to_numpy()
    last_m = first_m + ways["span_m"].to_numpy()
    node_m = node_walks(network, Ways.of(origin))
    beyond_m = network.edge_length_m[edge] - last_m
    walk_m = np.minimum(node_m[network.edge_from[edge]] + first_m, node_m[network.edge_to[edge]] + beyond_m)
    here_m, own_leg_m = float(origin["offset_m"].iat[0]), float(origin["leg_m"].iat[0])
    apart_m = np.maximum(np.maximum(first_m - here_m, here_m - last_m), 0.0)
    same = edge == origin["edge"].iat[0]
    walk_m[same] = np.minimum(walk_m[same], apart_m[same] + own_leg_m)
    into: Floats = walk_m + leg_m
    return into


def _apart(here_m: Floats, here_span_m: Floats, there_m: Floats, there_span_m: Floats) -> Floats:
    """Return the way between two stretches of one edge, 0 where they overlap."""
    apart_m: Floats = np.maximum(
        np.maximum(there_m - (here_m + here_span_m), here_m - (there_m + there_span_m)), 0.0
    )
    return apart_m


def walks_between(network: Network, starts: Ways, ends: Ways, *, limit_m: float = np.inf) -> Floats:
    """Return (starts, ends) walks from each of a few ways in to every other; those beyond the limit are infinite."""
    walk_m = np.empty((len(starts.item), len(ends.item)))
    node, end_m = ends.ends(network)
    (back, ahead), (back_m, ahead_m) = np.split(node, 2), np.split(end_m, 2)
    nodes = len(network.node_xy)
    batch = max(1, CELLS_AT_ONCE // nodes)
    for first in range(0, len(starts.item), batch):
        mine = starts.take(np.arange(first, min(first + batch, len(starts.item))))
        count = len(mine.item)
        start_node, start_m = mine.ends(network)
        row = np.tile(np.arange(count), 2)
        extended = with_starts(network.matrix, row, start_node, start_m + START_M, count)
        sources = np.arange(nodes, nodes + count)
        by_node = dijkstra(extended, directed=True, indices=sources, limit=limit_m + START_M)
        found = np.minimum(by_node[:, back] + back_m, by_node[:, ahead] + ahead_m) - START_M
        walk_m[first : first + count] = found
    edge_order = np.argsort(ends.edge, kind="stable")
    edges = ends.edge[edge_order]
    low = np.searchsorted(edges, starts.edge, side="left")
    shared = np.searchsorted(edges, starts.edge, side="right") - low
    start, end = np.repeat(np.arange(len(starts.item)), shared), edge_order[runs(low, shared)]
    apart_m = _apart(starts.offset_m[start], starts.span_m[start], ends.offset_m[end], ends.span_m[end])
    along_m = starts.leg_m[start] + apart_m + ends.leg_m[end]
    walk_m[start, end] = np.minimum(walk_m[start, end], along_m)
    return walk_m


def rank_in_group(group: Ints) -> Ints:
    """Number the members of each group 0, 1, … in their order."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group[order] + 1)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first
    return rank


def rank_bits(group: Ints) -> int:
    """Return the bits that number the members of the greatest group."""
    most = int(np.bincount(group[group >= 0], minlength=1).max())
    return max(1, math.ceil(math.log2(most)) if most > 1 else 1)


def _distinct_ways(sites: Ways) -> Ways:
    """Of ways into one group (their ``item``) at one place on one edge keep the nearest: thousands may share a spot."""
    order = np.lexsort((sites.leg_m, sites.span_m, sites.offset_m, sites.edge, sites.item))
    fresh = np.zeros(len(order), dtype=bool)
    fresh[:1] = True
    for column in (sites.item, sites.edge, sites.offset_m, sites.span_m):
        fresh[1:] |= column[order[1:]] != column[order[:-1]]
    return sites.take(np.sort(order[fresh]))


def _from_groups(network: Network, sites: Ways, batch: range, limit_m: float) -> Floats:
    """Search from one virtual start per group; return (groups in batch, nodes) walks to every node."""
    mine = sites.take((sites.item >= batch.start) & (sites.item < batch.stop))
    node, walk_m = mine.ends(network)
    row = np.tile(mine.item - batch.start, 2)
    extended = with_starts(network.matrix, row, node, walk_m + START_M, len(batch))
    nodes = len(network.node_xy)
    starts = np.arange(nodes, nodes + len(batch))
    # The rank below the quantum adds up to one quantum.
    most_m = limit_m + START_M + QUANTUM_M
    by_node: Floats = dijkstra(extended, directed=True, indices=starts, limit=most_m)[:, :nodes] - START_M
    return by_node


def with_starts(matrix: csr_array, row: Ints, node: Ints, walk_m: Floats, starts: int) -> csr_array:
    """Append rows of virtual starts; of several ways from one start to one node the shortest counts."""
    order = np.lexsort((walk_m, node, row))
    row, node, walk_m = row[order], node[order], walk_m[order]
    shortest = np.ones(len(row), dtype=bool)
    shortest[1:] = (row[1:] != row[:-1]) | (node[1:] != node[:-1])
    row, node, walk_m = row[shortest], node[shortest], walk_m[shortest]
    size = matrix.shape[0] + starts
    pointer = np.concatenate(
        [matrix.indptr, matrix.indptr[-1] + np.cumsum(np.bincount(row, minlength=starts))]
    )
    return csr_array(
        (
            np.concatenate([matrix.data, walk_m]),
            np.concatenate([matrix.indices, node]).astype(np.int32),
            pointer.astype(np.int32),
        ),
        shape=(size, size),
    )


def _at_origins(network: Network, homes: Ways, by_node: Floats) -> Floats:
    """Return (origins, groups) walks by way of either end of each origin's edge."""
    edge = homes.edge
    back = by_node[:, network.edge_from[edge]] + (homes.leg_m + homes.offset_m)
    ahead = by_node[:, network.edge_to[edge]] + (homes.leg_m + (network.edge_length_m[edge] - homes.offset_m))
    walk: Floats = np.minimum(back, ahead).T
    return walk


def _along_one_edge(homes: Ways, sites: Ways, groups: int) -> Floats:
    """Return (origins, groups) walks along a shared edge, infinite where none is shared."""
    place, spot = np.unique(homes.edge + 1j * homes.offset_m, return_inverse=True)
    spot_edge, spot_m = place.real.astype(np.int64), place.imag
    best = np.full((len(place), groups), np.inf)
    by_edge = sites.take(np.argsort(sites.edge, kind="stable"))
    low = np.searchsorted(by_edge.edge, spot_edge, side="left")
    shared = np.searchsorted(by_edge.edge, spot_edge, side="right") - low
    block = np.cumsum(shared) // PAIRS_AT_ONCE
    for chunk in np.split(np.arange(len(place)), np.flatnonzero(np.diff(block)) + 1):
        here = np.repeat(chunk, shared[chunk])
        there = by_edge.take(runs(low[chunk], shared[chunk]))
        apart_m = _apart(spot_m[here], np.zeros(len(here)), there.offset_m, there.span_m)
        np.minimum.at(best, (here, there.item), apart_m + there.leg_m)
    walk_m: Floats = best[spot] + homes.leg_m[:, None]
    return walk_m


def runs(start: Ints, size: Ints) -> Ints:
    """Return start, start + 1, … for ``size`` numbers each, one run after the other."""
    shift: Ints = np.repeat(start - (np.cumsum(size) - size), size)
    return shift + np.arange(size.sum())


def split_rank(best: Floats, group: Ints, bits: int) -> tuple[Floats, Ints]:
    """Split (origins, groups) walks, with the rank in the bits below the quantum, into walks and targets."""
    reached = np.isfinite(best)
    if best[reached].max(initial=0.0) + START_M >= 2.0 ** (53 - 20 - bits):
        raise SettingsError(
            Text(
                "路网过大, 距离无法精确到微米; 请把研究范围分成几部分。",
                "The network is too large for exact distances; split the study into parts.",
            )
        )
    walk_m = np.full(best.shape, np.inf)
    walk_m[reached] = np.floor(best[reached] / QUANTUM_M) * QUANTUM_M
    row, column = np.nonzero(reached)
    rank = np.round((best[row, column] - walk_m[row, column]) / QUANTUM_M * 2**bits).astype(np.int64)
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(best.shape[1]))
    target = np.full(best.shape, -1, dtype=np.int64)
    target[row, column] = order[first[column] + rank]
    return walk_m, target
