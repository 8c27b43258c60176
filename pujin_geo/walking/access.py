"""Where points and polygons enter the walking graph, and where streets leave the surveyed extent.

An access table has one row per way in: ``item`` (position in the caller's table), ``edge``,
``offset_m`` (along the edge from its start), ``span_m`` (length of street that counts as the way in;
0 but where a street runs along a polygon's edge) and ``leg_m`` (straight walk to the street).
Lengths are multiples of ``network.QUANTUM_M``.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..reuse import kept
from .network import SAME_PLACE_M, Floats, Ints, Network, quantise, to_mm

Geometries = NDArray[np.object_]

EXIT_TOLERANCE_M = 1.0
"""A street that ends this near to the extent's edge is taken to go on beyond it."""

EDGE_MARGIN_M = 1.0


@dataclass(frozen=True)
class Ways:
    """An access table as arrays, one element per way in; see the top of this module."""

    item: Ints
    edge: Ints
    offset_m: Floats
    span_m: Floats
    leg_m: Floats

    @staticmethod
    def of(access: pd.DataFrame) -> "Ways":
        """Return the columns of an access table."""
        return Ways(*(access[name].to_numpy() for name in WAY_COLUMNS))

    def take(self, chosen: Ints | NDArray[np.bool_] | slice) -> "Ways":
        """Return the chosen ways."""
        return Ways(*(getattr(self, name)[chosen] for name in WAY_COLUMNS))

    def rows(self) -> Floats:
        """Return all but the item, a row per way: what the ways are, whatever else there is."""
        return np.column_stack([self.edge, self.offset_m, self.span_m, self.leg_m])

    @staticmethod
    def of_rows(rows: Floats) -> "Ways":
        """Return the ways of ``rows``, all into item 0."""
        edge, offset_m, span_m, leg_m = rows.T
        return Ways(np.zeros(len(rows), dtype=np.int64), edge.astype(np.int64), offset_m, span_m, leg_m)

    def table(self) -> pd.DataFrame:
        """Return the access table of these ways."""
        return pd.DataFrame({name: getattr(self, name) for name in WAY_COLUMNS})

    def ends(self, network: Network) -> tuple[Ints, Floats]:
        """Return both end nodes of each way's edge and the walks to there, first all starts of edges."""
        beyond_m = network.edge_length_m[self.edge] - self.offset_m - self.span_m
        node = np.concatenate([network.edge_from[self.edge], network.edge_to[self.edge]])
        return node, np.concatenate([self.leg_m + self.offset_m, self.leg_m + beyond_m])


WAY_COLUMNS = ("item", "edge", "offset_m", "span_m", "leg_m")


def access_points(network: Network, points: Geometries, *, max_snap_m: float) -> pd.DataFrame:
    """Lead each point straight to the nearest place on the nearest walkable line.

    Points farther than ``max_snap_m`` (to the millimetre) from every line (or missing) get no row. Of
    lines whose distances differ by less than 1 mm the first in the streets table is taken.

    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (100, 0)])], crs="EPSG:32651")
    >>> access_points(build_network(streets), np.array([Point(30, 40)]), max_snap_m=150)
       item  edge  offset_m  span_m  leg_m
    0     0     0      30.0     0.0   40.0
    """
    # Points on one spot go one way, however many they are.
    spot_of, spots = _spots(points)
    tree = network.edge_tree
    near, distance_m = tree.query_nearest(
        spots, max_distance=max_snap_m + SAME_PLACE_M, return_distance=True, all_matches=False
    )
    in_reach = to_mm(distance_m) <= max_snap_m
    spot, distance_m = near[0][in_reach], distance_m[in_reach]
    tied, edge = tree.query(spots[spot], predicate="dwithin", distance=distance_m + SAME_PLACE_M)
    first_edge = np.full(len(spot), len(network.edge_geometry), dtype=np.int64)
    np.minimum.at(first_edge, tied, edge)
    offset_m = _offset(network, first_edge, spots[spot])
    leg_m = quantise(shapely.distance(spots[spot], network.edge_geometry[first_edge]))
    access_of = np.full(len(spots) + 1, -1, dtype=np.int64)
    access_of[spot] = np.arange(len(spot))
    item = np.flatnonzero(access_of[spot_of] >= 0)
    of = access_of[spot_of[item]]
    return _table(item, first_edge[of], offset_m[of], np.zeros(len(item)), leg_m[of])


def _spots(points: Geometries) -> tuple[Ints, Geometries]:
    """Return which distinct point each point is (-1 a missing one), and the distinct points."""
    codes, _ = pd.factorize(shapely.to_wkb(points))
    _, first = np.unique(codes[codes >= 0], return_index=True)
    spots: Geometries = points[np.flatnonzero(codes >= 0)[first]]
    return codes.astype(np.int64), spots


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
    ways = [through, straight]
    if len(polygons):
        ways.append(
            _around(network, geometry[polygons], max_snap_m).assign(item=lambda w: polygons[w["item"]])
        )
    access = pd.concat(ways, ignore_index=True)
    return access.sort_values(["item", "edge", "offset_m"], ignore_index=True)


def _around(network: Network, polygons: Geometries, max_snap_m: float) -> pd.DataFrame:
    """Lead polygons onto the network where streets touch their edges, else where a street is nearest."""
    edges = shapely.boundary(polygons)
    touching = _touching(network, edges)
    untouched = np.setdiff1d(np.arange(len(polygons)), touching["item"])
    nearest = access_points(network, _nearest_on(network, edges[untouched]), max_snap_m=max_snap_m)
    nearest["item"] = untouched[nearest["item"]]
    return pd.concat([touching, nearest], ignore_index=True)


def _gates(facilities: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame) -> pd.DataFrame:
    if entrances.empty:
        return pd.DataFrame({"facility": np.empty(0, np.int64), "gate": np.empty(0, np.int64)})
    # A table without rows need not know that its ids are text.
    sites = pd.DataFrame(
        {"site_id": facilities["site_id"].astype("str"), "facility": np.arange(len(facilities))}
    )
    gates = pd.DataFrame({"site_id": entrances["site_id"].astype("str"), "gate": np.arange(len(entrances))})
    return sites.merge(gates, on="site_id")[["facility", "gate"]].astype("int64")


def _nearest_on(network: Network, lines: Geometries) -> Geometries:
    """Return, for each line, its place nearest to a street (the first street of a tie to 1 mm)."""
    nearest, distance_m = network.edge_tree.query_nearest(lines, return_distance=True, all_matches=False)
    which, edge = network.edge_tree.query(
        lines[nearest[0]], predicate="dwithin", distance=distance_m + SAME_PLACE_M
    )
    first_edge = np.full(len(lines), len(network.edge_geometry), dtype=np.int64)
    np.minimum.at(first_edge, which, edge)
    shortest = shapely.shortest_line(lines, network.edge_geometry[first_edge])
    points: Geometries = shapely.get_point(shortest, 0)
    return points


def _touching(network: Network, lines: Geometries) -> pd.DataFrame:
    """Return where streets meet the given lines (to 1 mm): points, and stretches that run along them.

    A corner drawn on another line is on it to a few nanometres only, so places are taken from both
    sides: where the two intersect, the street's vertices on the line, and the line's on the street.
    """
    item, edge = network.edge_tree.query(lines, predicate="dwithin", distance=SAME_PLACE_M)
    street, line = network.edge_geometry[edge], lines[item]
    contacts = [_contacts(network, edge, line), _corners(network, edge, street, line)]
    contacts.append(_contacts_of_vertices(network, edge, street, line))
    found = pd.concat(contacts, ignore_index=True)
    found = found.drop_duplicates().sort_values(["pair", "offset_m"], ignore_index=True)
    return _stretches(found, item, edge, street, line)


def _contacts(network: Network, edge: Ints, line: Geometries) -> pd.DataFrame:
    """Return where each pair of street and line intersects: pair, offset_m."""
    shared = shapely.intersection(line, network.edge_geometry[edge])
    xy, pair = shapely.get_coordinates(shared, return_index=True)
    return _offsets(network, edge, pair, xy)


def _corners(network: Network, edge: Ints, street: Geometries, line: Geometries) -> pd.DataFrame:
    """Return the line's vertices that lie on the street."""
    xy, pair = shapely.get_coordinates(line, return_index=True)
    near = shapely.dwithin(shapely.points(xy), street[pair], SAME_PLACE_M)
    return _offsets(network, edge, pair[near], xy[near])


def _contacts_of_vertices(network: Network, edge: Ints, street: Geometries, line: Geometries) -> pd.DataFrame:
    """Return the street's vertices that lie on the line; of a ring's seam both ends."""
    xy, pair = shapely.get_coordinates(street, return_index=True)
    near = shapely.dwithin(shapely.points(xy), line[pair], SAME_PLACE_M)
    is_last = np.append(pair[1:] != pair[:-1], True)
    found = _offsets(network, edge, pair[near], xy[near])
    found["offset_m"] = np.where(is_last[near], network.edge_length_m[edge[found["pair"]]], found["offset_m"])
    return found


def _offsets(network: Network, edge: Ints, pair: Ints, xy: Floats) -> pd.DataFrame:
    return pd.DataFrame({"pair": pair, "offset_m": _offset(network, edge[pair], shapely.points(xy))})


def _stretches(
    found: pd.DataFrame, item: Ints, edge: Ints, street: Geometries, line: Geometries
) -> pd.DataFrame:
    """Join contacts between which the street runs along the line to stretches."""
    pair, offset_m = found["pair"].to_numpy(), found["offset_m"].to_numpy()
    middle = shapely.line_interpolate_point(street[pair[1:]], (offset_m[1:] + offset_m[:-1]) / 2)
    goes_on = (pair[1:] == pair[:-1]) & shapely.dwithin(middle, line[pair[1:]], SAME_PLACE_M)
    first = np.append(True, ~goes_on)[: len(pair)]
    last = np.append(~goes_on, True)[: len(pair)]
    low, high = offset_m[first], offset_m[last]
    pair = pair[first]
    return _table(item[pair], edge[pair], low, high - low, np.zeros(len(pair)))


def access_exits(
    network: Network,
    streets: gpd.GeoDataFrame,
    extent: shapely.Geometry,
    *,
    at_edge: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the places where streets leave the extent: cross its edge, or end within 1 m of it.

    ``item`` counts the exits; a line's end is where the drawn line ends, whatever meets it there.

    Args:
        network: the walking graph.
        streets: the streets layer that it was made of.
        extent: polygons.
        at_edge: from ``streets_at_edge``, if it is at hand.
    """
    if at_edge is None:
        at_edge = streets_at_edge(streets.geometry.to_numpy(), extent)
    looked_at = np.flatnonzero(at_edge[network.edge_street] | (network.edge_street < 0))
    used = np.unique(network.edge_street[looked_at])
    lines = shapely.get_parts(shapely.force_2d(streets.geometry.to_numpy()[used[used >= 0]]))
    ending = access_points(network, _ends_near(lines, shapely.boundary(extent)), max_snap_m=SAME_PLACE_M * 2)
    exits = pd.concat([_leaving(network, looked_at, extent), ending], ignore_index=True)
    return exits.assign(item=np.arange(len(exits)))


@kept
def streets_at_edge(lines: Geometries, extent: shapely.Geometry) -> NDArray[np.bool_]:
    """Return which drawn streets may leave the extent; no other can, joined or not."""
    edge = shapely.boundary(extent)
    shapely.prepare([extent, edge])
    # As a street is joined to others its vertices may shift a little.
    at_edge: NDArray[np.bool_] = ~shapely.covers(extent, lines)
    at_edge |= shapely.dwithin(edge, lines, EXIT_TOLERANCE_M + EDGE_MARGIN_M)
    return at_edge


def _leaving(network: Network, looked_at: Ints, extent: shapely.Geometry) -> pd.DataFrame:
    """Return where streets cross the edge: the ends, on the edge, of what is drawn outside."""
    shapely.prepare(extent)
    leaving = looked_at[~shapely.covers(extent, network.edge_geometry[looked_at])]
    outside, of = shapely.get_parts(
        shapely.difference(network.edge_geometry[leaving], extent), return_index=True
    )
    drawn = shapely.length(outside) > SAME_PLACE_M
    outside, edge = outside[drawn], np.tile(leaving[of[drawn]], 2)
    ends = np.concatenate([shapely.get_point(outside, 0), shapely.get_point(outside, -1)])
    on_edge = shapely.dwithin(ends, shapely.boundary(extent), SAME_PLACE_M)
    edge, ends = edge[on_edge], ends[on_edge]
    none = np.zeros(len(edge))
    return _table(np.arange(len(edge)), edge, _offset(network, edge, ends), none, none)


def _ends_near(lines: Geometries, edge: shapely.Geometry) -> Geometries:
    """Return the ends of drawn lines near the edge; a ring has none, wherever its drawing starts."""
    first, last = shapely.get_point(lines, 0), shapely.get_point(lines, -1)
    is_open = shapely.distance(first, last) > SAME_PLACE_M
    ends = np.concatenate([first[is_open], last[is_open]])
    near: Geometries = ends[to_mm(shapely.distance(ends, edge)) <= EXIT_TOLERANCE_M]
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
