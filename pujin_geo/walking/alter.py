"""Open or close streets in a network that stands: only what lies near them is noded anew.

Whether and where two streets meet depends on what is drawn near their meeting, so a change reaches no
farther than the streets beside the changed ones. These are noded again among their neighbours; every
other edge stays. The network is the one that ``build_network`` would make, to the last bit and in the
same order; findings are not repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from ..errors import SourceError
from .network import (
    NO_STREET,
    Floats,
    Ints,
    Network,
    Noded,
    network_from,
    node_streets,
    read_vertices,
)

Flags = NDArray[np.bool_]
Geometries = NDArray[np.object_]

CHAIN_M = 0.05
"""Vertices and joins that become one place in a chain may lie this far apart; beyond, all streets are noded."""


@dataclass(frozen=True)
class Drawing:
    """All drawn streets, open or not.

    Attributes:
        geometry: (streets,) lines.
        join_tolerance_m, join_crossings: as ``build_network`` takes them.
    """

    geometry: Geometries
    join_tolerance_m: float
    join_crossings: bool

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the streets."""
        return shapely.STRtree(self.geometry)

    @cached_property
    def _loose(self) -> tuple[Ints, Ints, float]:
        """Streets and places where vertices that differ become one (to 1 mm), and how far apart such lie."""
        vertices = read_vertices(self.geometry, np.arange(len(self.geometry)))
        loose = vertices.place_spread_m[vertices.place] > 0
        apart_m = float(vertices.place_spread_m.max(initial=0.0))
        return vertices.line_street[vertices.line[loose]], vertices.place[loose], apart_m

    def shaping(self, streets: Flags) -> Flags:
        """Return the streets that may shift a vertex of the given ones, and these."""
        street, place, _ = self._loose
        shaping = streets.copy()
        shaping[street[np.isin(place, place[streets[street]])]] = True
        return shaping

    def beside(self, streets: Flags) -> Flags:
        """Return the streets that may meet the given ones, and these.

        Crossings that are joined shift what crosses them, so that the streets beside count too.
        """
        reach_m = self.join_tolerance_m + 2 * self._loose[2] + 4 * CHAIN_M
        for _ in range(2 if self.join_crossings else 1):
            chosen = self.geometry[streets]
            _, found = self.tree.query(chosen, predicate="dwithin", distance=reach_m)
            streets = streets.copy()
            streets[found] = True
        return streets


@dataclass(frozen=True)
class Altered:
    """A network after a change.

    Attributes:
        network: as ``build_network`` would make it; without findings.
        origin: (edges,) number that each edge had before, -1 for a new one.
    """

    network: Network
    origin: Ints


def alter_network(network: Network, drawing: Drawing, before: Flags, after: Flags) -> Altered:
    """Return the network after some streets of a drawing opened or closed.

    Args:
        network: of the streets that were open before.
        drawing: all streets.
        before, after: (streets,) which are open to walkers.

    Raises:
        SourceError: no street is left.
    """
    affected = drawing.beside(drawing.shaping(before != after)) & (before | after)
    noded = _node(drawing, drawing.shaping(drawing.beside(affected)) & after)
    if noded is not None and noded.spread_m > CHAIN_M:
        affected, noded = before | after, _node(drawing, after)
    replaced = _edges_of(affected, network.edge_street, network.edge_from, network.edge_to)
    fresh = _NONE
    if noded is not None:
        pieces, xy = noded.pieces, as_complex(noded.place_xy)
        fresh = _Fresh(
            xy[pieces.from_place], xy[pieces.to_place], pieces.length_m, pieces.geometry, pieces.street
        ).take(_edges_of(affected, pieces.street, pieces.from_place, pieces.to_place))
    return _spliced(network, replaced, fresh)


def _node(drawing: Drawing, streets: Flags) -> Noded | None:
    if not streets.any():
        return None
    return node_streets(
        drawing.geometry,
        np.flatnonzero(streets),
        join_tolerance_m=drawing.join_tolerance_m,
        join_crossings=drawing.join_crossings,
    )


def _edges_of(streets: Flags, edge_street: Ints, edge_from: Ints, edge_to: Ints) -> Flags:
    """Return the edges of some streets, and the bridges (street -1) that end on them."""
    mine: Flags = streets[edge_street] & (edge_street >= 0)
    bridges = np.flatnonzero(edge_street < 0)
    nodes = np.concatenate([edge_from[mine], edge_to[mine]])
    mine[bridges] = np.isin(edge_from[bridges], nodes) | np.isin(edge_to[bridges], nodes)
    return mine


def as_complex(xy: Floats) -> NDArray[np.complex128]:
    """Return points as complex numbers, which sort by x, then by y."""
    points: NDArray[np.complex128] = np.ascontiguousarray(xy).view(np.complex128)[:, 0]
    return points


@dataclass(frozen=True)
class _Fresh:
    """Edges noded anew, with their ends as complex numbers."""

    tail: NDArray[np.complex128]
    head: NDArray[np.complex128]
    length_m: Floats
    geometry: Geometries
    street: Ints

    def take(self, chosen: Flags) -> "_Fresh":
        return _Fresh(
            self.tail[chosen],
            self.head[chosen],
            self.length_m[chosen],
            self.geometry[chosen],
            self.street[chosen],
        )


_NONE = _Fresh(
    np.empty(0, dtype=np.complex128),
    np.empty(0, dtype=np.complex128),
    np.empty(0),
    np.empty(0, dtype=object),
    np.empty(0, dtype=np.int64),
)


def _spliced(network: Network, replaced: Flags, fresh: _Fresh) -> Altered:
    """Return the network with some edges replaced, in the order of the streets, bridges last."""
    kept = np.flatnonzero(~replaced)
    node_xy, number = _nodes(network, kept, fresh)
    edge_from = np.append(number[network.edge_from[kept]], np.searchsorted(node_xy, fresh.tail))
    edge_to = np.append(number[network.edge_to[kept]], np.searchsorted(node_xy, fresh.head))
    street = np.append(network.edge_street[kept], fresh.street)
    origin = np.append(kept, _same_edges(network, np.flatnonzero(replaced), fresh))
    if not len(street):
        raise SourceError(NO_STREET)
    order = np.argsort(np.where(street < 0, len(street) + street.max(), street), kind="stable")
    bridges = order[street[order] < 0]
    bridges = bridges[np.lexsort((edge_to[bridges], edge_from[bridges]))]
    order[len(order) - len(bridges) :] = bridges
    altered = network_from(
        network.crs,
        node_xy.view(np.float64).reshape(-1, 2),
        edge_from[order],
        edge_to[order],
        np.append(network.edge_length_m[kept], fresh.length_m)[order],
        np.append(network.edge_geometry[kept], fresh.geometry)[order],
        street[order],
    )
    return Altered(altered, origin[order])


def _nodes(network: Network, kept: Ints, fresh: _Fresh) -> tuple[NDArray[np.complex128], Ints]:
    """Return the nodes' places in their order, and the new number of each old node that is still used."""
    before = as_complex(network.node_xy)
    is_used = np.zeros(len(before), dtype=bool)
    is_used[network.edge_from[kept]] = True
    is_used[network.edge_to[kept]] = True
    added = np.unique(np.concatenate([fresh.tail, fresh.head]))
    at = np.searchsorted(before, added)
    inside = at < len(before)
    known = np.zeros(len(added), dtype=bool)
    known[inside] = (before[at[inside]] == added[inside]) & is_used[at[inside]]
    added, at = added[~known], at[~known]
    is_used_before = np.append(0, np.cumsum(is_used))
    shift = np.cumsum(np.bincount(at, minlength=len(before) + 1))[:-1]
    after = np.insert(before[is_used], is_used_before[at], added)
    number: Ints = is_used_before[:-1] + shift
    return after, number


def _same_edges(network: Network, replaced: Ints, fresh: _Fresh) -> Ints:
    """Return, for each fresh edge, the replaced edge that it repeats, -1 if none."""
    waiting: dict[tuple[int, float, bytes], list[int]] = {}
    keys = _keys(
        network.edge_street[replaced], network.edge_length_m[replaced], network.edge_geometry[replaced]
    )
    for edge, key in zip(replaced.tolist(), keys, strict=True):
        waiting.setdefault(key, []).append(edge)
    same = [
        waiting[key].pop(0) if waiting.get(key) else -1
        for key in _keys(fresh.street, fresh.length_m, fresh.geometry)
    ]
    return np.array(same, dtype=np.int64)


def _keys(street: Ints, length_m: Floats, geometry: Geometries) -> Iterator[tuple[int, float, bytes]]:
    return zip(street.tolist(), length_m.tolist(), shapely.to_wkb(geometry).tolist(), strict=True)
