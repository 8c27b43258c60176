"""Where points and polygons enter the walking graph, and where streets leave the surveyed extent.

An access table has one row per way in: ``item`` (position in the caller's table), ``edge``,
``offset_m`` (along the edge from its start), ``span_m`` (length of street that counts as the way in;
0 but where a street runs along a polygon's edge) and ``leg_m`` (straight walk to the street).
Lengths are multiples of ``network.QUANTUM_M``.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from .network import SAME_PLACE_M, Floats, Ints, Network, quantise

Geometries = NDArray[np.object_]

EXIT_TOLERANCE_M = 1.0
"""A street that ends this near to the extent's edge is taken to go on beyond it."""


def access_points(network: Network, points: Geometries, *, max_snap_m: float) -> pd.DataFrame:
    """Lead each point straight to the nearest place on the nearest walkable line.

    Points farther than ``max_snap_m`` from every line (or missing) get no row. Of lines whose
    distances differ by less than 1 mm the first in the streets table is taken.

    >>> from shapely import LineString, Point
    >>> from pujin_geo.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (100, 0)])], crs="EPSG:32651")
    >>> access_points(build_network(streets), np.array([Point(30, 40)]), max_snap_m=150)
       item  edge  offset_m  span_m  leg_m
    0     0     0      30.0     0.0   40.0
    """
    tree = network.edge_tree
    near, distance_m = tree.query_nearest(
        points, max_distance=_just_above(max_snap_m), return_distance=True, all_matches=False
    )
    item = near[0]
    in_reach = distance_m <= max_snap_m
    item, distance_m = item[in_reach], distance_m[in_reach]
    tied, edge = tree.query(points[item], predicate="dwithin", distance=distance_m + SAME_PLACE_M)
    first_edge = np.full(len(item), len(network.edge_geometry), dtype=np.int64)
    np.minimum.at(first_edge, tied, edge)
    offset_m = _offset(network, first_edge, points[item])
    leg_m = quantise(shapely.distance(points[item], network.edge_geometry[first_edge]))
    return _table(item, first_edge, offset_m, np.zeros(len(item)), leg_m)


def _just_above(distance_m: float) -> float:
    # STRtree wants a positive distance; the exact test follows.
    return max(distance_m, 0.0) * (1 + 1e-12) + 1e-9


def _offset(network: Network, edge: Ints, points: Geometries) -> Floats:
    offset_m = quantise(shapely.line_locate_point(network.edge_geometry[edge], points))
    clipped: Floats = np.clip(offset_m, 0.0, network.edge_length_m[edge])
    return clipped


def _table(item: Ints, edge: Ints, offset_m: Floats, span_m: Floats, leg_m: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": np.asarray(item, dtype=np.int64),
            "edge": np.asarray(edge, dtype=np.int64),
            "offset_m": offset_m,
            "span_m": span_m,
            "leg_m": leg_m,
        }
    )


def access_facilities(
    network: Network,
    facilities: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    *,
    max_snap_m: float,
) -> pd.DataFrame:
    """Return every way into every facility.

    A facility whose ``site_id`` has entrances is entered there; else a polygon where walkable lines
    touch its edge, or, where none does, at the place on its edge nearest to a line; else a point goes
    straight to the street like any other. ``item`` is the position in ``facilities``.
    """
    gates = _gates(facilities, entrances)
    through = access_points(network, entrances.geometry.to_numpy()[gates["gate"]], max_snap_m=max_snap_m)
    through["item"] = gates["facility"].to_numpy()[through["item"]]
    without = np.setdiff1d(np.arange(len(facilities)), gates["facility"])
    geometry = facilities.geometry.to_numpy()
    is_point = shapely.get_type_id(geometry[without]) == shapely.GeometryType.POINT
    points, polygons = without[is_point], without[~is_point]
    straight = access_points(network, geometry[points], max_snap_m=max_snap_m)
    straight["item"] = points[straight["item"]]
    edges = shapely.boundary(geometry[polygons])
    touching = _touching(network, edges)
    untouched = np.setdiff1d(np.arange(len(polygons)), touching["item"])
    nearest = access_points(network, _nearest_on(network, edges[untouched]), max_snap_m=max_snap_m)
    nearest["item"] = untouched[nearest["item"]]
    around = pd.concat([touching, nearest], ignore_index=True)
    around["item"] = polygons[around["item"]]
    access = pd.concat([through, straight, around], ignore_index=True)
    return access.sort_values(["item", "edge", "offset_m"], ignore_index=True)


def _gates(facilities: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame) -> pd.DataFrame:
    sites = pd.DataFrame({"site_id": facilities["site_id"], "facility": np.arange(len(facilities))})
    gates = pd.DataFrame({"site_id": entrances["site_id"], "gate": np.arange(len(entrances))})
    return sites.merge(gates, on="site_id")[["facility", "gate"]].astype("int64")


def _nearest_on(network: Network, lines: Geometries) -> Geometries:
    """Return, for each line, its place nearest to a street (the first street of a tie)."""
    which, edge = network.edge_tree.query_nearest(lines, all_matches=True)
    first_edge = np.full(len(lines), len(network.edge_geometry), dtype=np.int64)
    np.minimum.at(first_edge, which, edge)
    shortest = shapely.shortest_line(lines, network.edge_geometry[first_edge])
    points: Geometries = shapely.get_point(shortest, 0)
    return points


def _touching(network: Network, lines: Geometries) -> pd.DataFrame:
    """Return where streets meet the given lines: points, and stretches that run along them."""
    item, edge = network.edge_tree.query(lines, predicate="intersects")
    shared = shapely.intersection(lines[item], network.edge_geometry[edge])
    # Overlaps come back in pieces; merged, one stretch is one row.
    is_line = shapely.get_dimensions(shared) == 1
    shared[is_line] = shapely.line_merge(shared[is_line])
    parts, of_pair = shapely.get_parts(shared, return_index=True)
    item, edge = item[of_pair], edge[of_pair]
    ends = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    first, last = parts.copy(), parts.copy()
    first[ends], last[ends] = shapely.get_point(parts[ends], 0), shapely.get_point(parts[ends], -1)
    a, b = _offset(network, edge, first), _offset(network, edge, last)
    low, high = np.minimum(a, b), np.maximum(a, b)
    return _table(item, edge, low, high - low, np.zeros(len(item)))


def access_exits(network: Network, streets: gpd.GeoDataFrame, extent: shapely.Geometry) -> pd.DataFrame:
    """Return the places where streets leave the extent: cross its edge, or end within 1 m of it.

    ``item`` counts the exits; a line's end is where the drawn line ends, whatever meets it there.
    """
    edge_of_extent = np.array([shapely.boundary(extent)], dtype=object)
    shapely.prepare(extent)
    leaving = np.flatnonzero(~shapely.covers(extent, network.edge_geometry))
    crossing = _touching(network, edge_of_extent)
    crossing = crossing[crossing["edge"].isin(leaving)]
    ends = _ends_near(network, streets, edge_of_extent[0])
    ending = access_points(network, ends, max_snap_m=SAME_PLACE_M * 2)
    exits = pd.concat([crossing, ending], ignore_index=True)
    exits["item"] = np.arange(len(exits))
    return exits


def _ends_near(network: Network, streets: gpd.GeoDataFrame, line: shapely.Geometry) -> Geometries:
    used = np.unique(network.edge_street[network.edge_street >= 0])
    lines = shapely.get_parts(shapely.force_2d(streets.geometry.to_numpy()[used]))
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    near: Geometries = ends[shapely.dwithin(ends, line, EXIT_TOLERANCE_M + 1e-9)]
    return near


def crosses(
    access: pd.DataFrame, network: Network, origins: Geometries, obstacles: Geometries
) -> NDArray[np.bool_]:
    """Return, per access row, whether the straight leg from ``origins[item]`` runs over an obstacle.

    A leg that only touches one does not: a gate stands in its wall, a quay on the water's edge.
    """
    if not len(obstacles) or not len(access):
        return np.zeros(len(access), dtype=bool)
    street = network.edge_geometry[access["edge"].to_numpy()]
    entry = shapely.line_interpolate_point(street, access["offset_m"].to_numpy())
    start = shapely.get_point(shapely.shortest_line(origins[access["item"].to_numpy()], entry), 0)
    both = np.stack([shapely.get_coordinates(start), shapely.get_coordinates(entry)], axis=1)
    legs = shapely.linestrings(both)
    leg, obstacle = shapely.STRtree(obstacles).query(legs, predicate="intersects")
    answer = np.zeros(len(access), dtype=bool)
    answer[leg[~shapely.touches(legs[leg], obstacles[obstacle])]] = True
    answer &= access["leg_m"].to_numpy() > 0
    return answer
