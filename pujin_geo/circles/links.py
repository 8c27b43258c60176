"""Which units are neighbours on foot: a shared border, and a way between them that leaves neither far.

The walking graph is cut into short pieces; a piece belongs to every unit that its middle is within the
excursion of. Two units are linked if their own streets hang together over the pieces of both.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..walking.access import Geometries
from ..walking.network import Floats, Ints, Network
from .land import shared_borders

PIECE_M = 20.0
"""Streets are cut into pieces of at most this length; the excursion is kept to within half of it."""

BORDER_MIN_M = 10.0
"""Units that share less border than this only touch at a corner."""


@dataclass(frozen=True)
class Pieces:
    """The walking graph in short pieces.

    Attributes:
        ends: (pieces, 2) node numbers.
        middle: (pieces,) points.
        length_m: (pieces,).
        first: (edges + 1,) number of each edge's first piece.
        near_piece, near_unit: pairs of a piece and a unit within the excursion of it, ordered by unit.
        home: (pieces,) the unit that the middle lies in, -1 for none.
    """

    ends: Ints
    middle: Geometries
    length_m: Floats
    first: Ints
    near_piece: Ints
    near_unit: Ints
    home: Ints

    def of_access(self, network: Network, access: pd.DataFrame) -> Ints:
        """Return the piece on which each row of an access table enters the graph."""
        edge = access["edge"].to_numpy()
        count = self.first[edge + 1] - self.first[edge]
        share = access["offset_m"].to_numpy() / network.edge_length_m[edge]
        which: Ints = self.first[edge] + np.minimum((share * count).astype(np.int64), count - 1)
        return which

    def near(self, unit: int) -> Ints:
        """Return the pieces within the excursion of a unit."""
        low, high = np.searchsorted(self.near_unit, [unit, unit + 1])
        return self.near_piece[low:high]


def cut_network(network: Network, units: Geometries, *, excursion_m: float) -> Pieces:
    """Cut the graph into pieces and find the units that each lies in or near."""
    count = np.maximum(np.ceil(network.edge_length_m / PIECE_M).astype(np.int64), 1)
    first = np.concatenate([[0], np.cumsum(count)])
    edge = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(edge)) - first[edge]
    # Interior nodes are numbered behind the graph's own, one less per edge than it has pieces.
    inner = len(network.node_xy) + first[:-1] - np.arange(len(count))
    start = np.where(step == 0, network.edge_from[edge], inner[edge] + step - 1)
    stop = np.where(step == count[edge] - 1, network.edge_to[edge], inner[edge] + step)
    middle = shapely.line_interpolate_point(
        network.edge_geometry[edge], (step + 0.5) / count[edge], normalized=True
    )
    tree = shapely.STRtree(units)
    piece, unit = tree.query(middle, predicate="dwithin", distance=excursion_m)
    order = np.lexsort((piece, unit))
    home = np.full(len(edge), len(units), dtype=np.int64)
    np.minimum.at(home, *tree.query(middle, predicate="intersects"))
    home[home == len(units)] = -1
    return Pieces(
        ends=np.stack([start, stop], axis=1),
        middle=middle,
        length_m=network.edge_length_m[edge] / count[edge],
        first=first,
        near_piece=piece[order],
        near_unit=unit[order],
        home=home,
    )


def components(pieces: Pieces, chosen: Ints) -> Ints:
    """Return the number of the connected part that each chosen piece is in, within the chosen ones."""
    nodes, ends = np.unique(pieces.ends[chosen], return_inverse=True)
    ends = ends.reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes),) * 2)
    _, label = connected_components(graph, directed=False)
    parts: Ints = label[ends[:, 0]].astype(np.int64)
    return parts


def main_pieces(pieces: Pieces, unit_count: int, people: Floats) -> list[Ints]:
    """Return, per unit, the pieces in it of the part on which most of its people live.

    Without people the part with the most street counts; a unit without streets has no pieces.

    Args:
        pieces: from ``cut_network``.
        unit_count: number of units.
        people: (pieces,) residents who enter the graph on each piece.
    """
    return [_main_of(pieces, unit, people) for unit in range(unit_count)]


def _main_of(pieces: Pieces, unit: int, people: Floats) -> Ints:
    chosen = pieces.near(unit)
    label = components(pieces, chosen) if len(chosen) else chosen
    own = pieces.home[chosen] == unit
    if not own.any():
        return np.empty(0, dtype=np.int64)
    weight = np.bincount(label[own], weights=people[chosen[own]])
    length_m = np.bincount(label[own], weights=pieces.length_m[chosen[own]])
    best = np.lexsort((-length_m, -weight))[0]
    main: Ints = chosen[own & (label == best)]
    return main


def borders(units: Geometries) -> tuple[Ints, Floats]:
    """Return (pairs, 2) units that share a border of some length, and that length."""
    one, other, length_m = shared_borders(units)
    long = length_m >= BORDER_MIN_M
    return np.stack([one[long], other[long]], axis=1), length_m[long]


def walkable_links(
    pieces: Pieces, main: list[Ints], pairs: Ints, units: Geometries, obstacles: Geometries
) -> Ints:
    """Return those of the bordering pairs whose streets hang together within the excursion of both.

    A unit without streets is linked where its border is open: not mostly along water or a barrier.
    """
    linked = [
        _hangs_together(pieces, main, int(one), int(other))
        if len(main[one]) and len(main[other])
        else _is_open(units[one], units[other], obstacles)
        for one, other in pairs
    ]
    return pairs[np.array(linked, dtype=bool)] if len(pairs) else pairs


def _hangs_together(pieces: Pieces, main: list[Ints], one: int, other: int) -> bool:
    chosen = np.union1d(pieces.near(one), pieces.near(other))
    label = components(pieces, chosen)
    here = label[np.searchsorted(chosen, main[one][:1])]
    there = label[np.searchsorted(chosen, main[other][:1])]
    return bool(here[0] == there[0])


def _is_open(one: shapely.Geometry, other: shapely.Geometry, obstacles: Geometries) -> bool:
    border = shapely.intersection(shapely.boundary(one), shapely.boundary(other))
    near = shapely.STRtree(obstacles).query(border, predicate="dwithin", distance=BORDER_MIN_M)
    if not len(near):
        return True
    closed = shapely.buffer(shapely.union_all(obstacles[near]), BORDER_MIN_M)
    return bool(shapely.difference(border, closed).length >= border.length / 2)


def facing_pairs(pairs: Ints, units: Geometries, line: shapely.Geometry, *, within_m: float = 40.0) -> Ints:
    """Return the bordering pairs that face each other across a street, water or barrier.

    That is: at least half of their border, or 200 m of it, lies within ``within_m`` of it.
    """
    area = shapely.buffer(line, within_m)
    edge = shapely.boundary(units)
    border = shapely.intersection(edge[pairs[:, 0]], edge[pairs[:, 1]])
    along_m = shapely.length(shapely.intersection(border, area))
    length_m = shapely.length(border)
    facing: Ints = pairs[(along_m >= length_m / 2) | (along_m >= 200.0)]
    return facing
