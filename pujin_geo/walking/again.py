"""Access, walks and counts again after streets opened or closed: only where the change can be felt.

A walk that uses no removed edge stays. One that used such an edge is found by its length alone, for all
sums are exact: the way to the edge's end and the shortest walk from there add up to it. A walk gets
shorter only by way of a new edge, so past one of its ends.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from .access import Geometries, Ways
from .alter import Altered
from .distances import nearest, rank_bits, rank_in_group, split_rank, walks_between
from .network import QUANTUM_M, Floats, Ints, Network
from .pairs import counts_within, pairs_within

Flags = NDArray[np.bool_]

NEAR_M = 0.01
"""Added to distances by which the places that a change can touch are chosen."""


def changed_lines(before: Network, altered: Altered) -> Geometries:
    """Return the geometry of the edges that went and of those that came."""
    went = np.ones(len(before.edge_geometry), dtype=bool)
    went[altered.origin[altered.origin >= 0]] = False
    came = altered.origin < 0
    lines: Geometries = np.concatenate([before.edge_geometry[went], altered.network.edge_geometry[came]])
    return lines


def carried_over(access: pd.DataFrame, before: Network, altered: Altered) -> pd.DataFrame:
    """Return an access table with the edges' new numbers, -1 for edges that went."""
    number = np.full(len(before.edge_from), -1, dtype=np.int64)
    stays = np.flatnonzero(altered.origin >= 0)
    number[altered.origin[stays]] = stays
    return access.assign(edge=number[access["edge"].to_numpy()])


def replaced_access(carried: pd.DataFrame, items: Ints, anew: pd.DataFrame) -> tuple[pd.DataFrame, Ints]:
    """Put in the ways of some items that were led onto the streets anew.

    Args:
        carried: access table from ``carried_over``.
        items: those led anew.
        anew: their access table.

    Returns:
        The whole access table, and those of the items whose ways did change.
    """
    mine = np.isin(carried["item"].to_numpy(), items)
    rows = pd.concat([carried[mine].drop_duplicates(), anew.drop_duplicates()])
    moved = np.unique(rows.drop_duplicates(keep=False)["item"].to_numpy())
    access = pd.concat([carried[~mine], anew], ignore_index=True)
    return access.sort_values(["item", "edge", "offset_m"], kind="stable", ignore_index=True), moved


def walks_again(
    before: Network,
    altered: Altered,
    origins: tuple[pd.DataFrame, pd.DataFrame],
    targets: tuple[pd.DataFrame, pd.DataFrame],
    moved: tuple[Ints, Ints],
    group: Ints,
    walk_m: Floats,
    walk_to: Ints,
) -> tuple[Floats, Ints]:
    """Return what ``distances.nearest`` would find in the altered network.

    Args:
        before: the network before.
        altered: the network after.
        origins, targets: access tables before and after.
        moved: items of the origins and of the targets whose ways changed.
        group: (targets,) group of each target; -1 takes no part.
        walk_m, walk_to: (origins, groups) as they were before.
    """
    network, groups = altered.network, walk_m.shape[1]
    went = np.setdiff1d(np.arange(len(before.edge_from)), altered.origin)
    came = np.flatnonzero(altered.origin < 0)
    old_ends = np.unique([before.edge_from[went], before.edge_to[went]])
    new_ends = np.unique([network.edge_from[came], network.edge_to[came]])
    everything = (origins[1], targets[1], group, len(walk_m))
    if max(len(old_ends), len(new_ends)) > groups:
        return nearest(network, *everything, groups=groups)
    # As in ``nearest`` the rank rides below the quantum, so that ties are decided alike.
    bits = rank_bits(group)
    rank_m = rank_in_group(group) * (QUANTUM_M / 2**bits)
    ranked = np.where(walk_to >= 0, walk_m + np.append(rank_m, 0.0)[walk_to], np.inf)
    homes = [Ways.of(access) for access in origins]
    sites = [_Sites.of(access, group, rank_m) for access in targets]

    suspect = np.isin(walk_to, moved[1])
    suspect[moved[0]] = True
    _mark_users(suspect, ranked, before, went, old_ends, homes[0], sites[0])
    ranked[suspect] = np.inf
    into = np.flatnonzero(np.isin(sites[1].ways.item, moved[1]))
    _shorten(ranked, suspect, network, new_ends, homes[1], sites[1], into)
    after_m, after_to = split_rank(ranked, group, bits)
    item, columns, anew_m, anew_to = _ask_anew(suspect, network, origins[1], targets[1], group, sites[1])
    after_m[np.ix_(item, columns)], after_to[np.ix_(item, columns)] = anew_m, anew_to
    return after_m, after_to


@dataclass(frozen=True)
class _Sites:
    """Ways into targets that take part, ordered by group, their ranks below the quantum of the legs."""

    ways: Ways
    group: Ints
    first: Ints

    @staticmethod
    def of(access: pd.DataFrame, group: Ints, rank_m: Floats) -> "_Sites":
        ways = Ways.of(access)
        order = np.argsort(group[ways.item], kind="stable")
        ways = ways.take(order[group[ways.item[order]] >= 0])
        mine = group[ways.item]
        ranked = replace(ways, leg_m=ways.leg_m + rank_m[ways.item])
        return _Sites(ranked, mine, np.flatnonzero(np.diff(mine, prepend=-1)))

    def nearest(self, walk_m: Floats, groups: int) -> Floats:
        """Return (rows, groups) shortest of the given (rows, ways) walks."""
        best = np.full((len(walk_m), groups), np.inf)
        if len(self.first):
            best[:, self.group[self.first]] = np.minimum.reduceat(walk_m, self.first, axis=1)
        return best


def _by_way_of(by_node: Floats, network: Network, ways: Ways) -> Floats:
    """Return (rows, ways) walks, given (rows, nodes) walks."""
    node, end_m = ways.ends(network)
    (back, ahead), (back_m, ahead_m) = np.split(node, 2), np.split(end_m, 2)
    walk_m: Floats = np.minimum(by_node[:, back] + back_m, by_node[:, ahead] + ahead_m)
    return walk_m


def _mark_users(
    suspect: Flags, ranked: Floats, before: Network, went: Ints, ends: Ints, homes: Ways, sites: _Sites
) -> None:
    """Mark, in place, the origins and groups whose shortest walk may use an edge that went."""
    limit_m = float(ranked[np.isfinite(ranked)].max(initial=0.0)) + 1.0
    by_node = dijkstra(before.matrix, directed=True, indices=ends, limit=limit_m)
    onward = sites.nearest(_by_way_of(by_node, before, sites.ways), ranked.shape[1])
    home_m = _by_way_of(by_node, before, homes)
    tail, head = (np.searchsorted(ends, end[went]) for end in (before.edge_from, before.edge_to))
    length_m = before.edge_length_m[went][:, None]
    uses = np.zeros(onward.shape, dtype=bool)
    for here, there in ((tail, head), (head, tail)):
        np.logical_or.at(uses, here, (onward[here] == length_m + onward[there]) & np.isfinite(onward[here]))
    for number, columns in enumerate(uses):
        through = home_m[number][:, None] + onward[number][columns]
        suspect[np.ix_(homes.item, columns)] |= ranked[np.ix_(homes.item, columns)] == through


def _shorten(
    ranked: Floats, suspect: Flags, network: Network, ends: Ints, homes: Ways, sites: _Sites, moved: Ints
) -> None:
    """Put in, in place, the walks that lead past the ends of edges that came, or into targets that moved."""
    longest_m = ranked[homes.item][~suspect[homes.item]].max(initial=0.0)
    limit_m = float(longest_m) + 1.0
    by_node = dijkstra(network.matrix, directed=True, indices=ends, limit=limit_m)
    onward = sites.nearest(_by_way_of(by_node, network, sites.ways), ranked.shape[1])
    best = ranked[homes.item]
    for home_m, onward_m in zip(_by_way_of(by_node, network, homes), onward, strict=True):
        np.minimum(best, home_m[:, None] + onward_m, out=best)
    into = sites.ways.take(moved)
    for column, walk_m in zip(
        sites.group[moved], walks_between(network, into, homes, limit_m=limit_m), strict=True
    ):
        best[:, column] = np.minimum(best[:, column], walk_m)
    ranked[homes.item] = best


def _ask_anew(
    suspect: Flags, network: Network, origins: pd.DataFrame, targets: pd.DataFrame, group: Ints, sites: _Sites
) -> tuple[Ints, Ints, Floats, Ints]:
    """Measure the suspects: from each origin, or to each group, whichever are fewer.

    Returns origins and groups, and the walks between all of these and where they lead.
    """
    asking = origins[suspect[origins["item"].to_numpy()].any(axis=1)]
    item, columns = asking["item"].to_numpy(), np.flatnonzero(suspect.any(axis=0))
    if len(item) <= len(columns):
        ranked = sites.nearest(walks_between(network, Ways.of(asking), sites.ways), suspect.shape[1])
        walk_m, walk_to = split_rank(ranked, group, rank_bits(group))
        return item, np.arange(suspect.shape[1]), walk_m, walk_to
    number = np.full(suspect.shape[1] + 1, -1, dtype=np.int64)
    number[columns] = np.arange(len(columns))
    walk_m, walk_to = nearest(network, asking, targets, number[group], len(suspect), groups=len(columns))
    return item, columns, walk_m[item], walk_to[item]


def counts_again(
    before: Network,
    altered: Altered,
    origins: tuple[pd.DataFrame, pd.DataFrame],
    targets: tuple[pd.DataFrame, pd.DataFrame],
    group: Ints,
    counts: Ints,
    *,
    limits_m: tuple[float, ...],
    max_snap_m: float,
) -> Ints:
    """Return what ``pairs.counts_within`` would count in the altered network.

    Args:
        before, altered, origins, targets, group: as for ``walks_again``.
        counts: (origins, groups, limits) before.
        limits_m: walks within which targets are counted.
        max_snap_m: longest leg from a point to a street.
    """
    if not limits_m or not len(lines := changed_lines(before, altered)):
        return counts
    limit_m = max(limits_m)
    # A pair whose walk changes has an end whose way in changed, so lies near, or walks along the change.
    reach_m = (limit_m + 2 * max_snap_m) * 1.001 + 1.0
    near = shapely.buffer(shapely.box(*shapely.total_bounds(lines)), reach_m)
    shapely.prepare(near)
    counted = counts.copy()
    networks = (before, altered.network)
    items = [
        np.unique(np.concatenate([_near(n, access, near) for n, access in zip(networks, table, strict=True)]))
        for table in (origins, targets)
    ]
    for sign, network, homes, sites in zip((-1, 1), networks, origins, targets, strict=True):
        pairs = pairs_within(
            network,
            homes[np.isin(homes["item"], items[0])],
            sites[np.isin(sites["item"], items[1]) & (group[sites["item"]] >= 0)],
            limit_m=limit_m,
        )
        counted += sign * counts_within(pairs, group, len(counts), groups=counts.shape[1], limits_m=limits_m)
    return counted


def _near(network: Network, access: pd.DataFrame, area: shapely.Geometry) -> Ints:
    """Return the items with a way in that lies in the area."""
    line = network.edge_geometry[access["edge"].to_numpy()]
    inside = shapely.intersects(area, shapely.line_interpolate_point(line, access["offset_m"].to_numpy()))
    items: Ints = access["item"].to_numpy()[inside]
    return items
