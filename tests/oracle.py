"""A second, slow and plain answer to every question of the core, sharing no code with it.

Streets are noded with plain arithmetic, every point becomes a node of its own in a networkx graph, and
the verdicts are written straight from the contract's table. Shapely serves for polygons only.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import networkx as nx
import shapely
from shapely import LineString, Point

XY = tuple[float, float]
MM = 0.001
CLEAR = 0.01
"""Two places at the same distance (to 1 mm) that lie farther apart than this: the drawing is ambiguous."""


class AmbiguousError(Exception):
    """The drawing has a tie that the contract does not decide."""


@dataclass
class Way:
    """One drawn line (a part of a street row), or the piece across a joined gap."""

    row: int
    points: list[XY]
    cuts: list[tuple[int, float, Any]] = field(default_factory=list)  # segment, share along it, node


@dataclass(frozen=True)
class Snap:
    way: int
    segment: int
    share: float
    leg_m: float


def foot(p: XY, a: XY, b: XY) -> tuple[float, XY, float]:
    """Return share along a-b, place and distance of the place on a-b nearest to p."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy)
    share = min(1.0, max(0.0, share))
    at = (a[0] + share * dx, a[1] + share * dy)
    return share, at, math.dist(p, at)


def meeting(a: XY, b: XY, c: XY, d: XY) -> list[XY]:
    """Return where two segments meet: nothing, one point, or the ends of what they share."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    cross = ux * vy - uy * vx
    found = [p for p in (a, b) if foot(p, c, d)[2] < MM] + [p for p in (c, d) if foot(p, a, b)[2] < MM]
    if abs(cross) > 1e-9 and not found:
        s = ((c[0] - a[0]) * vy - (c[1] - a[1]) * vx) / cross
        t = ((c[0] - a[0]) * uy - (c[1] - a[1]) * ux) / cross
        if 0 <= s <= 1 and 0 <= t <= 1:
            return [(a[0] + s * ux, a[1] + s * uy)]
    return found


class Streets:
    """The walking graph, grown point by point."""

    def __init__(
        self, rows: list[list[list[XY]]], *, tolerance_m: float = 0.5, join_crossings: bool = False
    ) -> None:
        self.places: list[XY] = []
        self.ways: list[Way] = []
        for row, parts in enumerate(rows):
            for part in parts:
                points = self._without_repeats([self._place(p) for p in part])
                if len(points) > 1:
                    self.ways.append(Way(row, points))
        self.crossings = self._crossings()
        if join_crossings:
            for p, touching in self.crossings:
                for number in touching:
                    self._add_vertex(self.ways[number], p)
        self.joins = self._join_ends(tolerance_m)
        self.unjoined_crossings = [
            p for p, _ in self._crossings() if all(math.dist(p, q) > tolerance_m + MM for q in self.joined)
        ]
        self.graph = nx.Graph()
        self._counter = 0

    def _place(self, p: XY) -> XY:
        for known in self.places:
            if math.dist(p, known) <= MM:
                return known
        self.places.append(p)
        return p

    @staticmethod
    def _without_repeats(points: list[XY]) -> list[XY]:
        return points[:1] + [b for a, b in pairwise(points) if a != b]

    def _crossings(self) -> list[tuple[XY, set[int]]]:
        """Return the places where segments meet that are not a vertex of both, with the ways there."""
        found: list[tuple[XY, set[int]]] = []
        drawn = [(n, way) for n, way in enumerate(self.ways) if way.row >= 0]
        segments = [(n, a, b) for n, way in drawn for a, b in pairwise(way.points)]
        for i, (m, a, b) in enumerate(segments):
            for n, c, d in segments[i + 1 :]:
                for p in meeting(a, b, c, d):
                    inside = [min(math.dist(p, q), math.dist(p, r)) > MM for q, r in ((a, b), (c, d))]
                    if any(inside):
                        self._note(found, p, {m, n})
        return found

    @staticmethod
    def _note(found: list[tuple[XY, set[int]]], p: XY, ways: set[int]) -> None:
        for known, touching in found:
            if math.dist(p, known) <= MM:
                touching.update(ways)
                return
        found.append((p, ways))

    def _add_vertex(self, way: Way, p: XY) -> None:
        """Give a way a vertex wherever it passes over p."""
        p = self._place(p)
        points = way.points[:1]
        for a, b in pairwise(way.points):
            if foot(p, a, b)[2] < MM and p not in (a, b):
                points.append(p)
            points.append(b)
        way.points = self._without_repeats(points)

    def _join_ends(self, tolerance_m: float) -> list[tuple[int, int, float]]:
        """Join ends to the other ways nearby: (row that ends, row it joins, gap) of every join."""
        wanted: dict[tuple[XY, int], tuple[float, XY, int]] = {}
        for number, way in enumerate(self.ways):
            if way.points[0] == way.points[-1]:
                continue
            for end in (way.points[0], way.points[-1]):
                for other_number, other in enumerate(self.ways):
                    if other_number == number or end in other.points:
                        continue
                    near = [foot(end, a, b)[1:] for a, b in pairwise(other.points)]
                    at, gap = min(near, key=lambda found: found[1])
                    if round(gap, 3) > tolerance_m:
                        continue
                    self.refuse_ties(near, gap)
                    wanted.setdefault((end, other_number), (gap, at, number))
        bridges = []
        self.joined = [p for (end, _), (_, nearest, _) in wanted.items() for p in (end, nearest)]
        for (end, other_number), (gap, nearest, _) in wanted.items():
            at = end if gap <= MM else self._place(nearest)
            self._add_vertex(self.ways[other_number], at)
            if at != end:
                bridges.append(Way(-1, [end, at]))
        self.ways += bridges
        return [(self.ways[n].row, self.ways[o].row, gap) for (_, o), (gap, _, n) in wanted.items()]

    @staticmethod
    def refuse_ties(near: list[tuple[XY, float]], best_m: float) -> None:
        tied = [at for at, distance_m in near if distance_m <= best_m + MM]
        if any(math.dist(tied[0], at) > CLEAR for at in tied):
            raise AmbiguousError

    def snap(self, p: XY, max_m: float) -> Snap | None:
        """Return where a point goes: the nearest place on the first of the nearest ways, in reach."""
        near = [
            (number, segment, *foot(p, a, b))
            for number, way in enumerate(self.ways)
            for segment, (a, b) in enumerate(pairwise(way.points))
        ]
        least = min(distance_m for *_, distance_m in near)
        if round(least, 3) > max_m:
            return None
        tied = [found for found in near if found[-1] <= least + MM]
        first = [found for found in tied if found[0] == tied[0][0]]
        self.refuse_ties([(found[3], found[4]) for found in first], least)
        exact = min(found[-1] for found in first)
        # A way may pass a place twice, there and back: the first pass counts.
        number, segment, share, _, distance_m = next(found for found in first if found[-1] < exact + 1e-7)
        return Snap(number, segment, share, distance_m)

    def insert(self, snap: Snap) -> Any:
        """Make a place on a way a node; return the node."""
        self._counter += 1
        node = ("point", self._counter)
        self.ways[snap.way].cuts.append((snap.segment, snap.share, node))
        return node

    def nodes_within(self, low: Snap, high: Snap) -> list[Any]:
        """Return the nodes on a stretch of one segment, its two ends made nodes too."""
        self.insert(low)
        self.insert(high)
        cuts = self.ways[low.way].cuts
        return [n for segment, t, n in cuts if segment == low.segment and low.share <= t <= high.share]

    def finish(self) -> None:
        """Build the graph, once everything is inserted."""
        for way in self.ways:
            for segment, (a, b) in enumerate(pairwise(way.points)):
                length_m = math.dist(a, b)
                cuts = sorted((share, node) for at, share, node in way.cuts if at == segment)
                run = [(0.0, a), *cuts, (1.0, b)]
                for (here, tail), (there, head) in pairwise(run):
                    self._link(tail, head, (there - here) * length_m)
        self.parts = list(nx.connected_components(self.graph))
        total = [sum(d["drawn_m"] for *_, d in self.graph.subgraph(p).edges(data=True)) for p in self.parts]
        order = sorted(range(len(total)), key=total.__getitem__)
        if len(order) > 1 and total[order[-1]] - total[order[-2]] < MM:
            raise AmbiguousError
        self.main = self.parts[order[-1]]

    def _link(self, a: Any, b: Any, length_m: float) -> None:
        if self.graph.has_edge(a, b):
            held = self.graph[a][b]
            held["weight"] = min(held["weight"], length_m)
            held["drawn_m"] += length_m
        else:
            self.graph.add_edge(a, b, weight=length_m, drawn_m=length_m)


@dataclass(frozen=True)
class Place:
    """A facility: its shape, type and the gates of its site."""

    facility_id: str
    facility_type: str
    geometry: shapely.Geometry
    gates: tuple[XY, ...] = ()


@dataclass(frozen=True)
class Answer:
    verdict: str
    cause: str
    walk_m: float
    straight_m: float
    walks: dict[str, float]
    straights: dict[str, float]
    is_close_call: bool


def entries(streets: Streets, place: Place, max_m: float) -> list[tuple[Any, float]]:
    """Return the (node, leg) pairs through which a facility is entered."""
    if place.gates:
        return _legs(streets, list(place.gates), max_m)
    if isinstance(place.geometry, Point):
        return _legs(streets, [(place.geometry.x, place.geometry.y)], max_m)
    edge = place.geometry.boundary
    touching = list(_contacts(streets, edge))
    if touching:
        return [(node, 0.0) for stretch in touching for node in streets.nodes_within(*stretch)]
    return _legs(streets, [_nearest_on_edge(streets, edge)], max_m)


def _legs(streets: Streets, points: list[XY], max_m: float) -> list[tuple[Any, float]]:
    snaps = [streets.snap(p, max_m) for p in points]
    return [(streets.insert(snap), snap.leg_m) for snap in snaps if snap]


def _contacts(streets: Streets, edge: shapely.Geometry) -> list[tuple[Snap, Snap]]:
    """Return where ways meet a line: first and last place of every stretch, the same twice for a point."""
    found = []
    for number, way in enumerate(streets.ways):
        for segment, (a, b) in enumerate(pairwise(way.points)):
            shared = LineString([a, b]).intersection(edge)
            along = LineString([a, b]).intersection(edge.buffer(MM))
            if along.length > shared.length + CLEAR:  # almost along the edge, or almost touching it
                raise AmbiguousError
            for part in getattr(shared, "geoms", [shared]):
                if not part.is_empty:
                    shares = sorted(foot(p, a, b)[0] for p in (part.coords[0], part.coords[-1]))
                    low, high = (Snap(number, segment, share, 0.0) for share in shares)
                    found.append((low, high))
    return found


def _nearest_on_edge(streets: Streets, edge: shapely.Geometry) -> XY:
    """Return the place of a polygon's edge nearest to a way; the two nearest lie at a vertex of either."""
    sides = [s for ring in getattr(edge, "geoms", [edge]) for s in pairwise(ring.coords)]
    near: list[tuple[XY, float, int]] = []
    for number, way in enumerate(streets.ways):
        for a, b in pairwise(way.points):
            for c, d in sides:
                near += [(c, foot(c, a, b)[2], number), (d, foot(d, a, b)[2], number)]
                near += [(foot(v, c, d)[1], foot(v, c, d)[2], number) for v in (a, b)]
    least = min(distance_m for _, distance_m, _ in near)
    tied = [found for found in near if found[1] <= least + MM]
    first = [found for found in tied if found[2] == min(number for *_, number in tied)]
    streets.refuse_ties([(at, distance_m) for at, distance_m, _ in first], least)
    return min(first, key=lambda found: found[1])[0]


def exits(streets: Streets, extent: shapely.Geometry) -> list[Any]:
    """Return the nodes where streets leave the extent: cross its edge, or end within 1 m of it."""
    edge = extent.boundary
    found = []
    for number, way in enumerate(streets.ways):
        ends = [] if way.row < 0 or way.points[0] == way.points[-1] else [way.points[0], way.points[-1]]
        for segment, (a, b) in enumerate(pairwise(way.points)):
            outside = LineString([a, b]).difference(extent)
            for piece in getattr(outside, "geoms", [outside]):
                if piece.length > MM:
                    leaving = [p for p in (piece.coords[0], piece.coords[-1]) if edge.distance(Point(p)) < MM]
                    found += [Snap(number, segment, foot(p, a, b)[0], 0.0) for p in leaving]
        for end in ends:
            if round(edge.distance(Point(end)), 3) <= 1.0:
                at_start = end == way.points[0]
                last = len(way.points) - 2
                found.append(Snap(number, 0 if at_start else last, 0.0 if at_start else 1.0, 0.0))
    return [streets.insert(snap) for snap in found]


def judge_all(
    streets: Streets,
    homes: dict[str, XY],
    places: list[Place],
    thresholds_m: dict[str, float],
    *,
    max_snap_m: float,
    extent: shapely.Geometry | None = None,
) -> dict[tuple[str, str], Answer]:
    """Return the answer for every (home, facility type)."""
    snaps = {name: streets.snap(p, max_snap_m) for name, p in homes.items()}
    nodes = {name: streets.insert(snap) for name, snap in snaps.items() if snap}
    # After the homes: a home on a street that runs along a polygon's edge is at its way in.
    ways_in = {place.facility_id: entries(streets, place, max_snap_m) for place in places}
    ways_out = exits(streets, extent) if extent is not None else []
    streets.finish()
    answers = {}
    for name, p in homes.items():
        walk_to = nx.single_source_dijkstra_path_length(streets.graph, nodes[name]) if name in nodes else {}
        leg_m = snaps[name].leg_m if snaps[name] else math.inf
        exit_m = min((leg_m + walk_to[n] for n in ways_out if n in walk_to), default=math.inf)
        edge_m = extent.boundary.distance(Point(p)) if extent is not None else math.inf
        for facility_type, threshold_m in thresholds_m.items():
            mine = [place for place in places if place.facility_type == facility_type]
            walks = {
                place.facility_id: min(
                    (leg_m + walk_to[n] + leg for n, leg in ways_in[place.facility_id] if n in walk_to),
                    default=math.inf,
                )
                for place in mine
            }
            straights = {place.facility_id: place.geometry.distance(Point(p)) for place in mine}
            doubtful = [
                straights[place.facility_id]
                for place in mine
                if not any(n in streets.main for n, _ in ways_in[place.facility_id])
            ]
            answers[name, facility_type] = decide(
                walks,
                straights,
                threshold_m,
                exit_m=exit_m,
                edge_m=edge_m,
                off_m=min(doubtful, default=math.inf),
                is_snapped=name in nodes,
                is_on_main=name in nodes and nodes[name] in streets.main,
            )
    return answers


def decide(
    walks: dict[str, float],
    straights: dict[str, float],
    threshold_m: float,
    *,
    exit_m: float,
    edge_m: float,
    off_m: float,
    is_snapped: bool,
    is_on_main: bool,
) -> Answer:
    """Read the contract's verdict table from top to bottom."""
    walk_m = min(walks.values(), default=math.inf)
    straight_m = min(straights.values(), default=math.inf)
    way_out_m = exit_m if is_on_main else edge_m

    def within(length_m: float) -> bool:
        return math.isfinite(length_m) and round(length_m, 3) <= threshold_m

    def row() -> tuple[str, str]:  # noqa: PLR0911 - the table has eight rows
        if within(walk_m):
            return "met", ""
        if within(straight_m) and not is_snapped:
            return "unknown", "unsnapped"
        if within(straight_m) and not is_on_main:
            return "unknown", "island"
        if within(off_m):
            return "unknown", "facility_off_network"
        if within(way_out_m):
            return "unknown", "data_edge"
        if not walks:
            return "not_met", "no_facility"
        if within(straight_m):
            return "not_met", "detour"
        return "not_met", "too_far"

    close = any(
        1e-4 < abs(length_m - threshold_m) < 2e-3 for length_m in (walk_m, straight_m, way_out_m, off_m)
    )
    return Answer(*row(), walk_m, straight_m, walks, straights, close)
