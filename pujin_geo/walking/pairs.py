"""All walks within a distance: pairs of places, counts, and the nearest few of every group.

Streets are walked both ways, so a search from each target gives the same walks as one from each
origin; targets (facilities) are fewer. The searches of one tile of targets run on the part of the
graph that lies within the distance of them by straight line: no walk is shorter than the straight
line. Memory grows with the pairs found, not with origins × nodes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ..errors import SettingsError
from ..texts import Text
from .access import Ways
from .distances import START_M, runs, with_starts
from .network import Floats, Ints, Network

DECIMALS = 3
"""Walks are compared with distances as they are printed: to the millimetre, equality is within."""

MOST_NEAREST = 5
FIRST_LIMIT_M = 1000.0
SMALLEST_TILE_M = 200.0
TARGETS_PER_TILE = 16
CELLS_AT_ONCE = 4_000_000
HALF_MM = 0.5e-3


def pairs_within(
    network: Network, origins: pd.DataFrame, targets: pd.DataFrame, *, limit_m: float
) -> pd.DataFrame:
    """Return every pair of an origin and a target whose walk, to the millimetre, is at most ``limit_m``.

    Args:
        network: the walking graph.
        origins: access table (see ``access``), at most one row per ``item``.
        targets: access table; of several ways into one ``item`` the shortest walk counts.
        limit_m: longest walk; infinite for all pairs that a path connects.

    Returns:
        Columns ``origin``, ``target`` (items) and ``walk_m`` (exact, a multiple of 2⁻²⁰ m), ordered by
        origin and target.

    Raises:
        SettingsError: ``limit_m`` is negative or not a number.

    >>> import geopandas as gpd
    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (1000, 0)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> homes = access_points(network, np.array([Point(100, 0), Point(900, 0)]), max_snap_m=150)
    >>> shops = access_points(network, np.array([Point(400, 0), Point(800, 5)]), max_snap_m=150)
    >>> pairs_within(network, homes, shops, limit_m=300)
       origin  target  walk_m
    0       0       0   300.0
    1       1       1   105.0
    """
    _refuse_limit(limit_m)
    found = list(_search(network, origins, targets, limit_m))
    origin, target, walk_m = (
        [np.concatenate(column) for column in zip(*found, strict=True)]
        if found
        else [np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)]
    )
    origin = origins["item"].to_numpy()[origin]
    order = np.lexsort((target, origin))
    return pd.DataFrame({"origin": origin[order], "target": target[order], "walk_m": walk_m[order]})


def counts_within(
    pairs: pd.DataFrame, group: Ints, count: int, *, groups: int, limits_m: Sequence[float]
) -> Ints:
    """Count each origin's targets per group within each of the given walks.

    Args:
        pairs: from ``pairs_within``, whose limit is at least the greatest of ``limits_m``.
        group: (targets,) group 0..groups-1 of each target; -1 takes no part.
        count: number of origins.
        groups: number of groups.
        limits_m: walks, compared to the millimetre, equality within.

    Returns:
        (count, groups, limits) numbers of targets.

    >>> pairs = pd.DataFrame({"origin": [0, 0, 1], "target": [0, 1, 1], "walk_m": [300.0, 420.5, 90.0]})
    >>> counts_within(pairs, np.array([0, 0]), 2, groups=1, limits_m=[300, 500]).tolist()
    [[[1, 2]], [[1, 1]]]
    """
    member = group[pairs["target"].to_numpy()]
    cell = pairs["origin"].to_numpy() * groups + member
    walk_m = np.round(pairs["walk_m"].to_numpy(), DECIMALS)
    counts = [
        np.bincount(cell[(walk_m <= limit_m) & (member >= 0)], minlength=count * groups)
        for limit_m in limits_m
    ]
    shape = (count, groups, len(counts))
    return np.stack(counts, axis=-1).reshape(shape) if counts else np.zeros(shape, dtype=np.int64)


def nearest_of_pairs(pairs: pd.DataFrame, group: Ints, site: Ints, *, k: int) -> pd.DataFrame:
    """Return each origin's ``k`` nearest targets of every group among the pairs, no site twice.

    Of targets equally near the lower number comes first.

    Args:
        pairs: from ``pairs_within``.
        group: (targets,) group of each target; -1 takes no part.
        site: (targets,) number of the place that each target stands at.
        k: 1 to 5.

    Returns:
        Columns ``origin``, ``group``, ``rank`` (1 is nearest), ``target``, ``walk_m``, in that order.

    >>> pairs = pd.DataFrame({"origin": 0, "target": [0, 1, 2], "walk_m": [300.0, 120.0, 250.0]})
    >>> nearest_of_pairs(pairs, np.array([0, 0, 0]), np.array([7, 8, 8]), k=2)[["rank", "target"]].values.tolist()
    [[1, 1], [2, 0]]
    """
    _refuse_k(k)
    pairs = pairs[group[pairs["target"].to_numpy()] >= 0]
    origin, target = pairs["origin"].to_numpy(), pairs["target"].to_numpy()
    walk_m = pairs["walk_m"].to_numpy()
    member = group[target]
    order = np.lexsort((target, walk_m, origin * (int(group.max(initial=0)) + 1) + member))
    if len(np.unique(site)) < len(site):
        order = order[_first_of_site(origin[order], member[order], site[target[order]])]
    rank = _rank_in_run(origin[order], member[order])
    order, rank = order[rank <= k], rank[rank <= k]
    columns = {
        "origin": origin[order], "group": member[order], "rank": rank, "target": target[order],
        "walk_m": walk_m[order],
    }  # fmt: skip
    return pd.DataFrame(columns)


def nearest_k(
    network: Network,
    origins: pd.DataFrame,
    targets: pd.DataFrame,
    group: Ints,
    site: Ints,
    *,
    k: int,
    limit_m: float = np.inf,
) -> pd.DataFrame:
    """Return each origin's ``k`` nearest targets of every group on foot, no site twice.

    Searches within 1,000 m first, then within twice that, and so on, each time only for the origins
    and groups that still lack some of the sites that a path leads to.

    Args:
        network: the walking graph.
        origins: access table, at most one row per ``item``.
        targets: access table; ``item`` numbers the targets.
        group: (targets,) group 0.. of each target; -1 takes no part.
        site: (targets,) number of the place that each target stands at.
        k: 1 to 5.
        limit_m: longest walk.

    Returns:
        As ``nearest_of_pairs``; fewer than ``k`` rows where there are no more sites on foot.

    Raises:
        SettingsError: ``k`` or ``limit_m`` is out of range.

    >>> import geopandas as gpd
    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (9000, 0)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> home = access_points(network, np.array([Point(0, 0)]), max_snap_m=150)
    >>> shops = access_points(network, np.array([Point(8000, 0), Point(200, 0), Point(210, 0)]), max_snap_m=150)
    >>> nearest_k(network, home, shops, np.zeros(3, int), np.array([0, 1, 1]), k=3)["walk_m"].tolist()
    [200.0, 8000.0]
    """
    _refuse_k(k)
    _refuse_limit(limit_m)
    targets = targets[group[targets["item"]] >= 0]
    wanted = np.minimum(_sites_on_foot(network, origins, targets, group, site), k)
    within_m, done = min(FIRST_LIMIT_M, limit_m), [_NOTHING]
    while wanted.any():
        ranked = _nearest_missing(network, origins, targets, group, site, wanted=wanted, limit_m=within_m)
        row, member = ranked["origin"].to_numpy(), ranked["group"].to_numpy()
        found = np.bincount(row * wanted.shape[1] + member, minlength=wanted.size).reshape(wanted.shape)
        complete = (found == wanted) | np.array([within_m == limit_m])
        done.append(ranked[complete[row, member] & (wanted[row, member] > 0)])
        wanted[complete] = 0
        within_m = min(2.0 * within_m, limit_m)
    table = pd.concat(done, ignore_index=True)
    table["origin"] = origins["item"].to_numpy()[table["origin"]]
    return table.sort_values(["origin", "group", "rank"], ignore_index=True)


_NOTHING = pd.DataFrame(
    {
        **{name: np.empty(0, dtype=np.int64) for name in ("origin", "group", "rank", "target")},
        "walk_m": np.empty(0),
    }
)


def _nearest_missing(
    network: Network, origins: pd.DataFrame, targets: pd.DataFrame, group: Ints, site: Ints,
    *, wanted: Ints, limit_m: float,
) -> pd.DataFrame:  # fmt: skip
    """Return the nearest targets within the limit where some are wanted; ``origin`` is the row."""
    asking = np.flatnonzero(wanted.any(axis=1))
    asked = targets[np.asarray(wanted.any(axis=0))[group[targets["item"]]]]
    kept = []
    for row, target, walk_m in _search(network, origins.iloc[asking], asked, limit_m):
        keep = wanted[asking[row], group[target]] > 0
        kept.append(
            pd.DataFrame({"origin": asking[row[keep]], "target": target[keep], "walk_m": walk_m[keep]})
        )
    pairs = pd.concat(kept, ignore_index=True) if kept else _NOTHING
    return nearest_of_pairs(pairs, group, site, k=int(wanted.max()))


def _sites_on_foot(
    network: Network, origins: pd.DataFrame, targets: pd.DataFrame, group: Ints, site: Ints
) -> Ints:
    """Return (origins, groups) numbers of sites on the origin's part of the network."""
    part = network.edge_part[targets["edge"].to_numpy()]
    item = targets["item"].to_numpy()
    distinct = np.unique(np.stack([part, group[item], site[item]], axis=1), axis=0)
    groups = int(group.max(initial=-1)) + 1
    sites = np.zeros((int(network.node_part.max()) + 1, groups), dtype=np.int64)
    np.add.at(sites, (distinct[:, 0], distinct[:, 1]), 1)
    on_foot: Ints = sites[network.edge_part[origins["edge"].to_numpy()]]
    return on_foot


def _first_of_site(origin: Ints, member: Ints, site: Ints) -> NDArray[np.bool_]:
    """Whether each row is the first of its origin, group and site; rows stand in order of walk."""
    again = np.lexsort((site, member, origin))
    fresh = np.ones(len(site), dtype=bool)
    same = np.ones(max(len(site) - 1, 0), dtype=bool)
    for column in (origin, member, site):
        same &= column[again][1:] == column[again][:-1]
    fresh[again[1:]] = ~same
    return fresh


def _rank_in_run(origin: Ints, member: Ints) -> Ints:
    """Count 1, 2, … within each run of one origin and group."""
    starts = np.ones(len(origin), dtype=bool)
    starts[1:] = (origin[1:] != origin[:-1]) | (member[1:] != member[:-1])
    first = np.flatnonzero(starts)
    rank: Ints = np.arange(len(origin)) - np.repeat(first, np.diff(np.append(first, len(origin)))) + 1
    return rank


def _refuse_limit(limit_m: float) -> None:
    if not limit_m >= 0:
        raise SettingsError(
            Text(
                f"步行距离 limit_m = {limit_m} 应不小于 0 (米)。",
                f"The walk limit_m = {limit_m} should be 0 or more (metres).",
            )
        )


def _refuse_k(k: int) -> None:
    if not 1 <= k <= MOST_NEAREST:
        raise SettingsError(
            Text(
                f"最近设施的个数 k = {k} 应在 1 到 {MOST_NEAREST} 之间。",
                f"The number of nearest facilities k = {k} should be 1 to {MOST_NEAREST}.",
            )
        )


@dataclass(frozen=True)
class _Ground:
    """What every tile's search looks up: nodes by grid cell, origins by node, scratch space."""

    network: Network
    homes: Ways
    cell_m: float
    corner: Floats
    cells: Ints
    cell_nodes: Ints
    cell_start: Ints
    node_homes: Ints
    node_start: Ints
    local: Ints

    def cell_at(self, xy: Floats) -> Ints:
        """Return (points, 2) column and row of the grid cell that holds each point, or the nearest one."""
        return _cells_at(xy, self.corner, self.cell_m, self.cells)


def _search(
    network: Network, origins: pd.DataFrame, targets: pd.DataFrame, limit_m: float
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield (origin row, target item, walk) of the pairs within the limit, tile by tile."""
    if not len(origins) or not len(targets):
        return
    item, row = np.unique(targets["item"].to_numpy(), return_inverse=True)
    ways = replace(Ways.of(targets), item=row)
    ground = _ground(network, replace(Ways.of(origins), item=np.arange(len(origins))), limit_m, len(item))
    tile = _tiles(ground, ways, len(item))
    order = np.lexsort((row, tile[row]))
    ways = ways.take(order)
    cuts = np.flatnonzero(np.diff(tile[ways.item])) + 1
    for mine in np.split(np.arange(len(order)), cuts):
        for origin, target, walk_m in _search_tile(ground, ways.take(mine), limit_m):
            yield origin, item[target], walk_m


def _ground(network: Network, homes: Ways, limit_m: float, targets: int) -> _Ground:
    xy = network.node_xy
    corner = xy.min(axis=0)
    size_m = xy.max(axis=0) - corner + 1.0
    cell_m = _tile_side_m(size_m, limit_m, targets)
    cells = (size_m // cell_m).astype(np.int64) + 1
    at = _cells_at(xy, corner, cell_m, cells)
    cell_nodes, cell_start = _by_key(at[:, 1] * cells[0] + at[:, 0], int(cells.prod()))
    ends, _ = homes.ends(network)
    order, node_start = _by_key(ends, len(xy))
    return _Ground(
        network=network,
        homes=homes,
        cell_m=cell_m,
        corner=corner,
        cells=cells,
        cell_nodes=cell_nodes,
        cell_start=cell_start,
        node_homes=order % len(homes.item),
        node_start=node_start,
        local=np.full(len(xy), -1, dtype=np.int64),
    )


def _cells_at(xy: Floats, corner: Floats, cell_m: float, cells: Ints) -> Ints:
    cell: Ints = np.clip((xy - corner) / cell_m, 0, cells - 1).astype(np.int64)
    return cell


def _tile_side_m(size_m: Floats, limit_m: float, targets: int) -> float:
    """Return a tile's side: about 16 targets, at least the limit and at most three times it."""
    apart_m = float(np.sqrt(size_m.prod() / targets))
    side_m = np.clip(apart_m * TARGETS_PER_TILE**0.5, limit_m, 3.0 * limit_m)
    return float(min(max(side_m, SMALLEST_TILE_M, size_m.max() / 4096), size_m.max()))


def _by_key(key: Ints, keys: int) -> tuple[Ints, Ints]:
    """Return positions ordered by key, and where each key's run starts (one more than keys)."""
    start = np.zeros(keys + 1, dtype=np.int64)
    np.cumsum(np.bincount(key, minlength=keys), out=start[1:])
    return np.argsort(key, kind="stable"), start


def _tiles(ground: _Ground, ways: Ways, targets: int) -> Ints:
    """Return the tile of each target: the grid cell at its first way in."""
    first = np.full(targets, len(ways.item), dtype=np.int64)
    np.minimum.at(first, ways.item, np.arange(len(ways.item)))
    node = ground.network.edge_from[ways.edge[first]]
    cell = ground.cell_at(ground.network.node_xy[node])
    tile: Ints = cell[:, 1] * ground.cells[0] + cell[:, 0]
    return tile


def _search_tile(ground: _Ground, ways: Ways, limit_m: float) -> Iterator[tuple[Ints, Ints, Floats]]:
    network = ground.network
    node, start_m = ways.ends(network)
    entered = start_m <= limit_m + HALF_MM
    nodes = _nodes_around(ground, node, entered, limit_m)
    ground.local[nodes] = np.arange(len(nodes))
    arcs = _arcs_between(network.matrix, nodes, ground.local)
    near = _Near.of(ground, _homes_at(ground, nodes))
    node, start_m, target = ground.local[node[entered]], start_m[entered], np.tile(ways.item, 2)[entered]
    ground.local[nodes] = -1
    targets, row = np.unique(ways.item, return_inverse=True)
    target = np.searchsorted(targets, target)
    batch = max(1, CELLS_AT_ONCE // max(len(nodes), len(near.home), 1))
    for first in range(0, len(targets), batch):
        last = min(first + batch, len(targets))
        mine = (target >= first) & (target < last)
        extended = with_starts(arcs, target[mine] - first, node[mine], start_m[mine] + START_M, last - first)
        sources = np.arange(len(nodes), len(nodes) + last - first)
        bound_m = limit_m + HALF_MM + START_M
        by_node = dijkstra(extended, directed=True, indices=sources, limit=bound_m)
        walk_m = near.walks(by_node[:, : len(nodes)] - START_M)
        near.along_one_edge(walk_m, ways, row - first)
        found, home = np.nonzero(np.round(walk_m, DECIMALS) <= min(limit_m, _LONGEST_M))
        yield near.home[home], targets[first + found], walk_m[found, home]


_LONGEST_M = float(np.finfo(float).max)


def _nodes_around(ground: _Ground, node: Ints, entered: NDArray[np.bool_], limit_m: float) -> Ints:
    """Return the nodes within the limit's box around those entered, and all the given ones."""
    if not entered.any():
        return np.unique(node)
    at = ground.network.node_xy[node[entered]]
    # Rounding shortens a street by less than 1 in 1,000.
    margin_m = limit_m * 1.001 + 1.0
    low, high = at.min(axis=0) - margin_m, at.max(axis=0) + margin_m
    (west, south), (east, north) = ground.cell_at(low), ground.cell_at(high)
    row = np.arange(south, north + 1) * ground.cells[0]
    begin, end = ground.cell_start[row + west], ground.cell_start[row + east + 1]
    nodes = ground.cell_nodes[runs(begin, end - begin)]
    xy = ground.network.node_xy[nodes]
    inside = (xy[:, 0] >= low[0]) & (xy[:, 0] <= high[0]) & (xy[:, 1] >= low[1]) & (xy[:, 1] <= high[1])
    nodes = nodes[inside]
    ground.local[nodes] = 0
    beyond = np.unique(node[ground.local[node] < 0])
    return np.concatenate([nodes, beyond])


def _arcs_between(matrix: csr_array, nodes: Ints, local: Ints) -> csr_array:
    """Return the part of the graph among some nodes, numbered as ``local`` has them."""
    begin, end = matrix.indptr[nodes], matrix.indptr[nodes + 1]
    size = (end - begin).astype(np.int64)
    arc = runs(begin.astype(np.int64), size)
    head = local[matrix.indices[arc]]
    inside = head >= 0
    kept = np.append(0, np.cumsum(inside))
    pointer = kept[np.append(0, np.cumsum(size))].astype(np.int32)
    return csr_array(
        (matrix.data[arc[inside]], head[inside].astype(np.int32), pointer), shape=(len(nodes),) * 2
    )


def _homes_at(ground: _Ground, nodes: Ints) -> Ints:
    """Return the origins on the edges that meet any of the nodes, each once."""
    start = ground.node_start
    homes = ground.node_homes[runs(start[nodes], start[nodes + 1] - start[nodes])]
    # Of an origin found at both ends of its edge one mention stays.
    order = np.argsort(homes, kind="stable")
    homes = homes[order]
    fresh = np.ones(len(homes), dtype=bool)
    fresh[1:] = homes[1:] != homes[:-1]
    return homes[fresh]


@dataclass(frozen=True)
class _Near:
    """The origins of one tile, with the ends of their edges as local node numbers (-1: none)."""

    home: Ints
    edge: Ints
    offset_m: Floats
    leg_m: Floats
    ahead: Ints
    ahead_m: Floats
    back: Ints
    back_m: Floats

    @staticmethod
    def of(ground: _Ground, home: Ints) -> "_Near":
        ways = ground.homes.take(home)
        node, walk_m = ways.ends(ground.network)
        (back, ahead), (back_m, ahead_m) = np.split(ground.local[node], 2), np.split(walk_m, 2)
        return _Near(home, ways.edge, ways.offset_m, ways.leg_m, ahead, ahead_m, back, back_m)

    def walks(self, by_node: Floats) -> Floats:
        """Return (targets, origins) walks by way of either end of each origin's edge."""
        # A node outside the tile is number -1: the column appended here, which nothing reaches.
        by_node = np.concatenate([by_node, np.full((len(by_node), 1), np.inf)], axis=1)
        walk_m: Floats = np.minimum(
            by_node[:, self.back] + self.back_m, by_node[:, self.ahead] + self.ahead_m
        )
        return walk_m

    def along_one_edge(self, walk_m: Floats, ways: Ways, row: Ints) -> None:
        """Shorten, in place, the walks of origins that share an edge with a way into a target."""
        order = np.argsort(self.edge, kind="stable")
        edges = self.edge[order]
        mine = np.flatnonzero((row >= 0) & (row < len(walk_m)))
        low = np.searchsorted(edges, ways.edge[mine], side="left")
        shared = np.searchsorted(edges, ways.edge[mine], side="right") - low
        way, home = np.repeat(mine, shared), order[runs(low, shared)]
        here_m, there_m = self.offset_m[home], ways.offset_m[way]
        apart_m = np.maximum(np.maximum(there_m - here_m, here_m - (there_m + ways.span_m[way])), 0.0)
        np.minimum.at(walk_m, (row[way], home), self.leg_m[home] + apart_m + ways.leg_m[way])
