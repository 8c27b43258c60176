"""The walk between a demand point and a facility as a line: leg, streets, leg.

The line is as long as the reported distance: the same search, the same edges, the same legs.
"""

from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from ..errors import SettingsError
from ..reuse import kept
from ..texts import Text
from .access import Geometries, Ways
from .distances import START_M, with_starts
from .network import Floats, Ints, Network
from .verdicts import DECIMALS, Placed


def walking_routes(
    network: Network, placed: Placed, entrances: gpd.GeoDataFrame, pairs: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the walk of each given demand point to the given facility.

    Args:
        network: the walking graph.
        placed: demand points and facilities on it.
        entrances: the entrances layer.
        pairs: ``demand_id`` and ``facility_id``; rows of the ``distances`` table will do.

    Returns:
        ``demand_id``, ``facility_id``, ``walk_m`` (as printed; NaN without a path) and the line
        (None without a path), in the network's CRS, rows as in ``pairs``.

    Raises:
        SettingsError: an id is not among the judged demand points or the counting facilities.
    """
    origin = _positions(placed.demand["demand_id"], pairs["demand_id"])
    target = _positions(placed.facilities["facility_id"], pairs["facility_id"])
    found = routes(
        network,
        placed.demand_access,
        placed.points,
        placed.facility_access,
        leg_starts(placed.facilities, entrances),
        pd.DataFrame({"origin": origin, "target": target}),
    )
    columns = {
        "demand_id": pairs["demand_id"].to_numpy(),
        "facility_id": pairs["facility_id"].to_numpy(),
        "walk_m": found["walk_m"].round(DECIMALS),
    }
    return gpd.GeoDataFrame(columns, geometry=found.geometry, crs=network.crs)


def leg_starts(facilities: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame) -> Geometries:
    """Return where each facility's access legs start: at its site's entrances, else at itself.

    >>> from shapely import Point
    >>> site = gpd.GeoDataFrame({"site_id": ["a", "b"]}, geometry=[Point(0, 0), Point(9, 9)])
    >>> gates = gpd.GeoDataFrame({"site_id": ["b", "b"]}, geometry=[Point(8, 9), Point(9, 8)])
    >>> [shapely.get_coordinates(g).tolist() for g in leg_starts(site, gates)]
    [[[0.0, 0.0]], [[8.0, 9.0], [9.0, 8.0]]]
    """
    gates = pd.Series(entrances.geometry.to_numpy(), dtype=object).groupby(entrances["site_id"].to_numpy())
    of_site = {site: shapely.union_all(list(members)) for site, members in gates}
    own = zip(facilities["site_id"], facilities.geometry, strict=True)
    starts = np.empty(len(facilities), dtype=object)
    starts[:] = [of_site.get(site, geometry) for site, geometry in own]
    return starts


def routes(
    network: Network,
    origins: pd.DataFrame,
    origin_points: Geometries,
    targets: pd.DataFrame,
    target_places: Geometries,
    pairs: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """Return the shortest walk of each pair as a line from the origin to the target.

    Args:
        network: the walking graph.
        origins: access table, at most one row per ``item``.
        origin_points: point of each origin item.
        targets: access table; ``item`` numbers the targets.
        target_places: where each target's legs start: a point, several, or a polygon.
        pairs: ``origin`` and ``target`` items.

    Returns:
        ``origin``, ``target``, ``walk_m`` (exact) and the line, rows as in ``pairs``; NaN and None
        without a path.

    >>> from shapely import LineString, Point
    >>> from pujin_geo.walking.access import access_points
    >>> from pujin_geo.walking.network import build_network
    >>> streets = gpd.GeoDataFrame({"walkable": [True], "status": "existing", "row": 1, "source_row": 1},
    ...     geometry=[LineString([(0, 0), (100, 0), (100, 80)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> home, shop = np.array([Point(30, 5)]), np.array([Point(90, 50)])
    >>> into = [access_points(network, place, max_snap_m=150) for place in (home, shop)]
    >>> route = routes(network, into[0], home, into[1], shop, pd.DataFrame({"origin": [0], "target": [0]}))
    >>> float(route["walk_m"][0]), route.geometry[0].wkt
    (135.0, 'LINESTRING (30 5, 30 0, 100 0, 100 50, 90 50)')
    """
    streets, home_row = _Streets.of(network), _first_row(origins, len(origin_points))
    homes, ways = Ways.of(origins).rows(), Ways.of(targets)
    order = np.argsort(ways.item, kind="stable")
    of_way, ways_in = ways.item[order], ways.rows()[order]
    wanted = pairs.reset_index(drop=True)
    origin, target = wanted["origin"].to_numpy(), wanted["target"].to_numpy()
    first, last = (np.searchsorted(of_way, target, side) for side in ("left", "right"))
    walk_m, line = np.full(len(pairs), np.nan), np.full(len(pairs), None, dtype=object)
    on_streets = (home_row[origin] >= 0) & (first < last)
    for one in np.unique(origin[on_streets]):
        asked = np.flatnonzero((origin == one) & on_streets)
        count = (last - first)[asked]
        into = np.concatenate([ways_in[first[row] : last[row]] for row in asked])
        ends = np.append(origin_points[[one]], target_places[target[asked]])
        found = _walks(streets, ends, homes[home_row[[one]]], into, count)
        for row, walk in zip(asked, found, strict=True):
            walk_m[row], line[row] = walk or (np.nan, None)
    columns = {"origin": wanted["origin"], "target": wanted["target"], "walk_m": walk_m}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(line, crs=network.crs))


@kept
def _walks(
    streets: "_Streets", ends: Geometries, home: Floats, into: Floats, count: Ints
) -> list[tuple[float, shapely.LineString] | None]:
    """Return ``_walk`` from one origin to several targets.

    Args:
        streets: the network.
        ends: the origin's point, then each target's place.
        home: the origin's way onto the streets, a row of ``Ways.rows``.
        into: such rows of the ways into the first target, the second ...
        count: how many ways lead into each target.
    """
    start = _Start.of(streets.network, ends[0], Ways.of_rows(home))
    ways = np.split(into, np.cumsum(count)[:-1])
    return [
        _walk(streets, start, Ways.of_rows(rows), place) for rows, place in zip(ways, ends[1:], strict=True)
    ]


@dataclass(frozen=True)
class _Streets:
    """The network, and its edges ordered by their ends and length: of parallel ones the shortest first."""

    network: Network
    order: Ints
    key: Ints

    @staticmethod
    def of(network: Network) -> "_Streets":
        key = _key(network, network.edge_from, network.edge_to)
        order = np.lexsort((network.edge_length_m, key))
        return _Streets(network, order, key[order])

    def between(self, tail: int, head: int) -> int:
        """Return the shortest edge between two neighbouring nodes."""
        asked = _key(self.network, np.array([tail]), np.array([head]))
        return int(self.order[np.searchsorted(self.key, asked)[0]])


def _key(network: Network, tail: Ints, head: Ints) -> Ints:
    key: Ints = np.minimum(tail, head) * len(network.node_xy) + np.maximum(tail, head)
    return key


@dataclass(frozen=True)
class _Start:
    """One origin, and the walks from it to every node."""

    point: shapely.Point
    edge: int
    offset_m: float
    leg_m: float
    node_m: Floats
    before: Ints

    @staticmethod
    def of(network: Network, point: shapely.Point, home: Ways) -> "_Start":
        edge, offset_m, leg_m = int(home.edge[0]), float(home.offset_m[0]), float(home.leg_m[0])
        ends = np.array([network.edge_from[edge], network.edge_to[edge]])
        beyond_m = network.edge_length_m[edge] - offset_m
        walk_m = np.array([leg_m + offset_m, leg_m + beyond_m]) + START_M
        nodes = len(network.node_xy)
        extended = with_starts(network.matrix, np.zeros(2, dtype=np.int64), ends, walk_m, 1)
        node_m, before = dijkstra(extended, directed=True, indices=nodes, return_predecessors=True)
        return _Start(point, edge, offset_m, leg_m, node_m[:nodes] - START_M, before.astype(np.int64))

    def nodes_to(self, node: int) -> list[int]:
        """Return the nodes passed on the way to a node, the first at the origin's edge."""
        last = len(self.node_m)
        passed = [node]
        while self.before[passed[-1]] != last:
            passed.append(int(self.before[passed[-1]]))
        return passed[::-1]


def _walk(
    streets: _Streets, start: _Start, ways: Ways, place: shapely.Geometry
) -> tuple[float, shapely.LineString] | None:
    """Return length and line of the shortest walk into any of the ways, None without a path."""
    network = streets.network
    edge, offset_m, leg_m = ways.edge, ways.offset_m, ways.leg_m
    end_m = offset_m + ways.span_m
    along_m = np.clip(start.offset_m, offset_m, end_m)
    direct_m = start.leg_m + abs(along_m - start.offset_m) + leg_m
    choices = np.stack(
        [
            np.where(edge == start.edge, direct_m, np.inf),
            start.node_m[network.edge_from[edge]] + offset_m + leg_m,
            start.node_m[network.edge_to[edge]] + (network.edge_length_m[edge] - end_m) + leg_m,
        ]
    )
    choice, row = np.unravel_index(np.argmin(choices), choices.shape)
    walk_m = float(choices[choice, row])
    if not np.isfinite(walk_m):
        return None
    last = int(edge[row])
    length_m = float(network.edge_length_m[last])
    stop_m = float((along_m, offset_m, end_m)[choice][row])
    if choice == 0:
        pieces = [_piece(network, last, start.offset_m, stop_m)]
    else:
        node = int((network.edge_from, network.edge_to)[choice - 1][last])
        pieces = _to_node(streets, start, node)
        pieces.append(_piece(network, last, 0.0 if choice == 1 else length_m, stop_m))
    entry = pieces[-1][-1]
    leg_start = _leg_start(place, shapely.Point(entry), float(leg_m[row]))
    home = shapely.get_coordinates(start.point)
    return walk_m, _line([home, *pieces, leg_start])


def _to_node(streets: _Streets, start: _Start, node: int) -> list[Floats]:
    """Return the coordinates along the streets from where the origin enters them to a node."""
    network = streets.network
    passed = start.nodes_to(node)
    length_m = float(network.edge_length_m[start.edge])
    back_m = start.offset_m if network.edge_from[start.edge] == passed[0] else np.inf
    ahead_m = length_m - start.offset_m if network.edge_to[start.edge] == passed[0] else np.inf
    pieces = [_piece(network, start.edge, start.offset_m, 0.0 if back_m <= ahead_m else length_m)]
    for tail, head in pairwise(passed):
        edge = streets.between(tail, head)
        xy = shapely.get_coordinates(network.edge_geometry[edge])
        pieces.append(xy if network.edge_from[edge] == tail else xy[::-1])
    return pieces


def _piece(network: Network, edge: int, from_m: float, to_m: float) -> Floats:
    """Return the coordinates of an edge between two offsets, in the direction of the walk."""
    line = network.edge_geometry[edge]
    # The exact length and that of the drawing differ by rounding only.
    scale = line.length / float(network.edge_length_m[edge])
    xy: Floats = shapely.get_coordinates(substring(line, from_m * scale, to_m * scale))
    return xy


def _leg_start(place: shapely.Geometry, entry: shapely.Point, leg_m: float) -> Floats:
    """Return the point of the place that the leg comes from: nearest, or the gate of the leg's length."""
    parts = shapely.get_parts(place)
    nearest = shapely.get_coordinates(shapely.shortest_line(parts, entry))[::2]
    distance_m = np.hypot(*(nearest - [entry.x, entry.y]).T)
    chosen: Floats = nearest[[np.argmin(abs(distance_m - leg_m))]]
    return chosen


def _line(pieces: list[Floats]) -> shapely.LineString:
    xy = np.concatenate(pieces)
    fresh = np.ones(len(xy), dtype=bool)
    fresh[1:] = (xy[1:] != xy[:-1]).any(axis=1)
    xy = xy[fresh]
    return shapely.LineString(xy if len(xy) > 1 else np.repeat(xy, 2, axis=0))


def _first_row(access: pd.DataFrame, count: int) -> Ints:
    row = np.full(count, -1, dtype=np.int64)
    row[access["item"].to_numpy()] = np.arange(len(access))
    return row


def _positions(known: pd.Series, asked: pd.Series) -> Ints:
    position: Ints = pd.Index(known).get_indexer(asked)
    if (position < 0).any():
        missing = asked.iloc[int(np.argmax(position < 0))]
        raise SettingsError(
            Text(
                f"没有编号为 {missing} 的{'居民点' if known.name == 'demand_id' else '设施'} (或不参与判定), 请核对 {known.name}。",
                f"There is no {known.name} {missing} among those judged; check it.",
            )
        )
    return position
