"""How far one can walk: the exact part of every street within a distance, who lives there, the ground.

The streets and the people are exact. The area around the streets is a picture of them with a stated
half-width, which stays on the side of water and barriers where its street is.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from ..errors import SettingsError
from ..texts import Text
from .access import Geometries, Ways
from .distances import node_walks
from .network import Floats, Ints, Network
from .pairs import pairs_within

BARRIER_M = 0.01
"""Half of the gap that a barrier line leaves in an area."""


def reach_streets(network: Network, ways: pd.DataFrame, *, limit_m: float) -> gpd.GeoDataFrame:
    """Return the part of every street that lies within a walk of any of the places.

    A place on a street belongs if the walk to it, leg included, is at most ``limit_m``; edges are cut
    there.

    Args:
        network: the walking graph.
        ways: access table of one facility or of several; the nearest counts.
        limit_m: longest walk.

    Returns:
        One row per stretch: ``edge``, ``street`` (position in the streets table, -1 for a joined gap),
        ``from_m`` and ``to_m`` along the edge (multiples of 2⁻²⁰ m), and the line; by edge and offset.

    Raises:
        SettingsError: ``limit_m`` is negative, infinite or not a number.

    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": True, "status": "existing", "row": [1, 2], "source_row": [1, 2]},
    ...     geometry=[LineString([(0, 0), (100, 0)]), LineString([(100, 0), (100, 90)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> shop = access_points(network, np.array([Point(60, 10)]), max_snap_m=150)
    >>> reach_streets(network, shop, limit_m=80)[["edge", "from_m", "to_m"]].values.tolist()
    [[0.0, 0.0, 100.0], [1.0, 0.0, 30.0]]
    """
    stretches = reach_stretches(network, ways, limit_m=limit_m)
    edge = stretches["edge"].to_numpy()
    line = _cut(network, edge, stretches["from_m"].to_numpy(), stretches["to_m"].to_numpy())
    stretches.insert(1, "street", network.edge_street[edge])
    return gpd.GeoDataFrame(stretches, geometry=line, crs=network.crs)


def reach_stretches(network: Network, ways: pd.DataFrame, *, limit_m: float) -> pd.DataFrame:
    """Return ``edge``, ``from_m`` and ``to_m`` of ``reach_streets`` without the lines."""
    _refuse_length(limit_m, "limit_m", least=0.0)
    return _stretches(network, ways, limit_m)


def origins_within(
    network: Network, origins: pd.DataFrame, ways: pd.DataFrame, *, limit_m: float
) -> pd.DataFrame:
    """Return the origins within a walk of any of the places: ``origin`` (item) and ``walk_m``.

    To the millimetre and with equality, as verdicts are.

    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (1000, 0)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> homes = access_points(network, np.array([Point(0, 0), Point(600, 0)]), max_snap_m=150)
    >>> shops = access_points(network, np.array([Point(300, 0), Point(500, 0)]), max_snap_m=150)
    >>> people = np.array([120.0, 80.0])
    >>> inside = origins_within(network, homes, shops, limit_m=300)
    >>> inside["walk_m"].tolist(), float(people[inside["origin"]].sum())
    ([300.0, 100.0], 200.0)
    """
    pairs = pairs_within(network, origins, ways.assign(item=0), limit_m=limit_m)
    return pairs[["origin", "walk_m"]]


def reach_area(
    streets: gpd.GeoDataFrame, *, width_m: float, water: Geometries, barriers: Geometries
) -> shapely.MultiPolygon:
    """Return the ground beside reachable streets, up to ``width_m`` from them.

    No place of it is farther than ``width_m`` from a reachable street, and none is on water or, seen
    from its street, behind water or a barrier: street by street, what the obstacles cut off is left out.

    Args:
        streets: from ``reach_streets``.
        width_m: greatest distance from the street, above 0.
        water: polygons that the area never holds or jumps.
        barriers: lines that it never jumps; a street that passes one has ground on both sides.

    Raises:
        SettingsError: ``width_m`` is not above 0.

    >>> from shapely import LineString, box
    >>> quay = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (100, 0)])])
    >>> river = np.array([box(-100, 10, 200, 20)])
    >>> area = reach_area(quay, width_m=30, water=river, barriers=np.array([]))
    >>> [round(bound, 3) for bound in area.bounds]
    [-30.0, -30.0, 130.0, 10.0]
    """
    _refuse_length(width_m, "width_m", least=np.nextafter(0.0, 1.0))
    lines = shapely.get_parts(streets.geometry.to_numpy())
    walls = [
        shapely.buffer(part, BARRIER_M) for part in shapely.get_parts(np.asarray(barriers, dtype=object))
    ]
    obstacles = np.array([*shapely.get_parts(np.asarray(water, dtype=object)), *walls], dtype=object)
    tree = shapely.STRtree(obstacles)
    is_near = _is_near(tree, lines, width_m)
    sections = _sections(lines[is_near], width_m)
    section_near = _is_near(tree, sections, width_m)
    free = np.concatenate([lines[~is_near], sections[~section_near]])
    ground = shapely.buffer(free, width_m)
    cut = [_beside(section, tree, obstacles, width_m) for section in sections[section_near]]
    union = shapely.union_all([*ground, *cut])
    polygons = [part for part in shapely.get_parts(union) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon(polygons)


def _stretches(network: Network, ways: pd.DataFrame, limit_m: float) -> pd.DataFrame:
    """Return the reachable stretches of edges, those that touch or overlap made one."""
    ways_in = Ways.of(ways)
    node_m = node_walks(network, ways_in, limit_m=limit_m)
    length_m = network.edge_length_m
    here = np.flatnonzero(np.isfinite(node_m[network.edge_from]))
    there = np.flatnonzero(np.isfinite(node_m[network.edge_to]))
    near = ways_in.take(ways_in.leg_m <= limit_m)
    left_m = limit_m - near.leg_m
    edge = np.concatenate([here, there, near.edge])
    from_m = np.concatenate(
        [
            np.zeros(len(here)),
            length_m[there] - (limit_m - node_m[network.edge_to[there]]),
            near.offset_m - left_m,
        ]
    )
    to_m = np.concatenate(
        [
            limit_m - node_m[network.edge_from[here]],
            length_m[there],
            near.offset_m + near.span_m + left_m,
        ]
    )
    return _merged(edge, np.maximum(from_m, 0.0), np.minimum(to_m, length_m[edge]))


def _merged(edge: Ints, from_m: Floats, to_m: Floats) -> pd.DataFrame:
    order = np.lexsort((to_m, from_m, edge))
    edge, from_m, to_m = edge[order], from_m[order], to_m[order]
    # The farthest end so far on the same edge: ends by their rank, so that later edges outrank earlier ones.
    ends, rank = np.unique(to_m, return_inverse=True)
    farthest = ends[np.maximum.accumulate(edge * len(ends) + rank) % max(len(ends), 1)]
    is_first = np.append(True, (edge[1:] != edge[:-1]) | (from_m[1:] > farthest[:-1]))[: len(edge)]
    first = np.flatnonzero(is_first)
    end_m = np.maximum.reduceat(to_m, first) if len(first) else to_m
    # A street reached at a single place has no length to show.
    long = end_m > from_m[first]
    return pd.DataFrame({"edge": edge[first][long], "from_m": from_m[first][long], "to_m": end_m[long]})


def _cut(network: Network, edge: Ints, from_m: Floats, to_m: Floats) -> Geometries:
    line: Geometries = network.edge_geometry[edge].copy()
    length_m = network.edge_length_m[edge]
    for row in np.flatnonzero((from_m > 0) | (to_m < length_m)):
        # The exact length and that of the drawing differ by rounding only.
        scale = line[row].length / length_m[row]
        line[row] = substring(line[row], from_m[row] * scale, to_m[row] * scale)
    return line


def _is_near(tree: shapely.STRtree, lines: Geometries, width_m: float) -> NDArray[np.bool_]:
    near, _ = tree.query(lines, predicate="dwithin", distance=width_m)
    answer = np.zeros(len(lines), dtype=bool)
    answer[near] = True
    return answer


def _sections(lines: Geometries, width_m: float) -> Geometries:
    """Cut lines into straight pieces no longer than the width, so that each has its own side of a wall."""
    fine = shapely.segmentize(lines, width_m)
    xy, line = shapely.get_coordinates(fine, return_index=True)
    inside = line[1:] == line[:-1]
    pieces: Geometries = shapely.linestrings(np.stack([xy[:-1][inside], xy[1:][inside]], axis=1))
    return pieces


def _beside(
    section: shapely.LineString, tree: shapely.STRtree, obstacles: Geometries, width_m: float
) -> shapely.Geometry:
    """Return the ground around a section that no obstacle cuts off from it."""
    ground = shapely.buffer(section, width_m)
    blocked = shapely.union_all(obstacles[tree.query(ground, predicate="intersects")])
    parts = shapely.get_parts(ground.difference(blocked))
    return shapely.union_all(parts[shapely.intersects(parts, section.difference(blocked))])


def _refuse_length(length_m: float, name: str, *, least: float) -> None:
    if not (least <= length_m < np.inf):
        above = "不小于 0" if least == 0 else "大于 0"
        above_en = "0 or more" if least == 0 else "above 0"
        raise SettingsError(
            Text(
                f"{name} = {length_m} 应为{above}的长度 (米)。",
                f"{name} = {length_m} should be a length of {above_en} (metres).",
            )
        )
