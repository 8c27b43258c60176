"""Streets to a walking graph, and the places where points and polygons enter it.

Lines meet where they share a vertex (to 1 mm); a line end near another line is joined to it; lines
that merely cross meet only on request. Nothing is simplified: an edge keeps the drawn geometry.

Every length is rounded once to a multiple of 2⁻²⁰ m (about 1 µm). Sums of such numbers are exact in
float64 up to millions of kilometres, so a distance does not depend on the order or direction in
which it is added up, and equality at a threshold means equality.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from ..errors import SourceError
from ..inputs import Inputs
from ..reuse import kept
from ..tables import Problem
from ..texts import Text

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUANTUM_M = 2.0**-20
SAME_PLACE_M = 0.001
"""Vertices this near are one; two candidate streets whose distances differ by less are a tie."""


def quantise(length_m: Floats) -> Floats:
    """Round lengths to multiples of 2⁻²⁰ m, which float64 adds without error.

    >>> float(quantise(np.array([0.1]))[0]) * 2**20
    104858.0
    """
    rounded: Floats = np.round(np.asarray(length_m, dtype=float) / QUANTUM_M) * QUANTUM_M
    return rounded


def to_mm(length_m: Floats) -> Floats:
    """Round to the millimetre, as lengths are printed; limits are compared with such lengths.

    >>> to_mm(np.array([150.0000004])).tolist()
    [150.0]
    """
    rounded: Floats = np.round(np.asarray(length_m, dtype=float), 3)
    return rounded


@dataclass(frozen=True)
class Network:
    """A walking graph: nodes where streets meet or end, edges with the drawn geometry between them.

    Attributes:
        crs: projected, metres.
        node_xy: (nodes, 2).
        edge_from, edge_to: (edges,) node numbers; a loop has both the same.
        edge_length_m: (edges,) multiples of ``QUANTUM_M``, above 0.
        edge_geometry: (edges,) LineStrings from ``edge_from`` to ``edge_to``.
        edge_street: (edges,) position in the streets table; -1 for the bridge across a joined gap.
        node_part: (nodes,) number of the connected part.
        main_part: the part with the greatest length of street.
        matrix: symmetric (nodes, nodes) lengths; of parallel edges the shortest, loops left out.
        problems: findings while building.
    """

    crs: CRS
    node_xy: Floats
    edge_from: Ints
    edge_to: Ints
    edge_length_m: Floats
    edge_geometry: NDArray[np.object_]
    edge_street: Ints
    node_part: Ints
    main_part: int
    matrix: csr_array
    problems: tuple[Problem, ...]

    @cached_property
    def edge_tree(self) -> shapely.STRtree:
        """Spatial index of the edges' geometry."""
        return shapely.STRtree(self.edge_geometry)

    @property
    def edge_part(self) -> Ints:
        """(edges,) number of the connected part that each edge belongs to."""
        return self.node_part[self.edge_from]


def build_network(
    streets: gpd.GeoDataFrame,
    *,
    join_tolerance_m: float = 0.5,
    join_crossings: bool = False,
    include_planned: bool = False,
) -> Network:
    """Build the walking graph of a streets layer.

    Args:
        streets: lines in a projected CRS in metres with columns ``walkable`` (bool), ``status``,
            ``row`` and ``source_row``. Streets that are not walkable, closed, or (unless
            ``include_planned``) not yet built take no part.
        join_tolerance_m: a line end this near to another line is joined to it by a straight piece
            of its true length, and reported.
        join_crossings: lines that cross without a shared vertex meet there.
        include_planned: streets under construction or planned take part.

    Raises:
        SourceError: no walkable street is left.

    >>> from shapely import LineString
    >>> streets = gpd.GeoDataFrame(
    ...     {"walkable": True, "status": "existing", "row": [1, 2], "source_row": [1, 2]},
    ...     geometry=[LineString([(0, 0), (100, 0)]), LineString([(50, 0.25), (50, 80)])], crs="EPSG:32651")
    >>> network = build_network(streets)
    >>> len(network.edge_length_m), float(network.edge_length_m.sum())
    (4, 180.0)
    """
    return _network(streets, join_tolerance_m, join_crossings, include_planned, checked=True)


def _network(
    streets: gpd.GeoDataFrame,
    join_tolerance_m: float,
    join_crossings: bool,
    include_planned: bool,
    *,
    checked: bool,
) -> Network:
    """Return the network, with the problems of its streets if they are checked."""
    usable = np.flatnonzero(usable_streets(streets, include_planned=include_planned))
    if not len(usable):
        raise SourceError(NO_STREET)
    built = _built(
        streets.geometry.to_numpy(),
        usable,
        pd.DataFrame({name: streets[name].to_numpy() for name in ("row", "source_row")}) if checked else None,
        join_tolerance_m=join_tolerance_m,
        join_crossings=join_crossings,
    )
    edges = (built.edge_from, built.edge_to, built.length_m)
    geometry = shapely.linestrings(built.xy, indices=built.edge)
    network = network_from(streets.crs, built.node_xy, *edges, geometry, built.street)
    return replace(network, problems=built.problems)


@dataclass(frozen=True)
class _Built:
    """The edges of a network as plain arrays: ``edge`` says which one each vertex ``xy`` belongs to."""

    node_xy: Floats
    edge_from: Ints
    edge_to: Ints
    length_m: Floats
    xy: Floats
    edge: Ints
    street: Ints
    problems: tuple[Problem, ...]


@kept
def _built(
    geometry: NDArray[np.object_],
    usable: Ints,
    rows: pd.DataFrame | None,
    *,
    join_tolerance_m: float,
    join_crossings: bool,
) -> _Built:
    """Build the edges of the usable streets of a drawing; look for problems if it is known which row each came from."""
    noded = node_streets(geometry, usable, join_tolerance_m=join_tolerance_m, join_crossings=join_crossings)
    pieces = noded.pieces
    if not len(pieces.length_m):
        raise SourceError(NO_STREET)
    used, numbered = np.unique(np.concatenate([pieces.from_place, pieces.to_place]), return_inverse=True)
    edge_from, edge_to = np.split(numbered.astype(np.int64), 2)
    problems: list[Problem] = []
    if rows is not None:
        problems += _length_problems(noded.vertices, rows)
        if join_crossings:
            problems.append(_crossings_problem(noded.crossings, joined=True))
        problems += _join_problems(rows, noded.joins)
        if not join_crossings:
            count = _count_crossings(noded.vertices, noded.joins.places, join_tolerance_m)
            if count:
                problems.append(_crossings_problem(count, joined=False))
        problems += _island_problems(len(used), edge_from, edge_to, pieces, rows)
    xy, edge = shapely.get_coordinates(pieces.geometry, return_index=True)
    return _Built(
        noded.place_xy[used], edge_from, edge_to, pieces.length_m, xy, edge, pieces.street, tuple(problems)
    )


def network_of(inputs: Inputs, *, include_planned: bool = False) -> Network:
    """Build the walking graph of a study, with the study's own settings; see ``build_network``."""
    settings = inputs.study.settings
    return build_network(
        inputs.streets,
        join_tolerance_m=settings.join_tolerance_m,
        join_crossings=settings.join_crossings,
        include_planned=include_planned,
    )


def unchecked_network_of(inputs: Inputs, *, include_planned: bool) -> Network:
    """Return what ``network_of`` does, without looking for problems."""
    settings = inputs.study.settings
    return _network(
        inputs.streets, settings.join_tolerance_m, settings.join_crossings, include_planned, checked=False
    )


NO_STREET = Text(
    "道路图层中没有可步行的道路 (walkable 为是、status 为现状的线); 请检查 walkable 和 status 两列。",
    "The streets layer has no walkable street (walkable = yes, status existing); check these two columns.",
)


def usable_streets(streets: gpd.GeoDataFrame, *, include_planned: bool) -> NDArray[np.bool_]:
    """Return which streets are open to walkers."""
    statuses = ["existing", "under_construction", "planned"] if include_planned else ["existing"]
    usable: NDArray[np.bool_] = (streets["walkable"] & streets["status"].isin(statuses)).to_numpy(dtype=bool)
    return usable


@dataclass(frozen=True)
class Noded:
    """Lines cut where they meet.

    Attributes:
        pieces: the lines between two nodes, in the order of the streets; then the bridges across gaps.
        place_xy: (places, 2) coordinates that ``pieces`` number.
        vertices: the lines before the cut, with their joins.
        joins: line ends joined to other lines.
        crossings: number of crossings joined on request.
        spread_m: the greatest extent of vertices that were merged to one.
    """

    pieces: "Pieces"
    place_xy: Floats
    vertices: "_Vertices"
    joins: "_Joins"
    crossings: int
    spread_m: float


def node_streets(
    geometry: NDArray[np.object_], street: Ints, *, join_tolerance_m: float, join_crossings: bool
) -> Noded:
    """Cut the given streets of a drawing where they meet each other; the rest of the drawing is not looked at."""
    vertices = read_vertices(geometry[street], street)
    crossings, spread_m = 0, vertices.place_spread_m.max(initial=0.0)
    if join_crossings:
        met = _meetings(vertices)
        crossings = met.count()
        vertices = _insert(vertices, met.start, met.along, met.xy)
        spread_m = max(spread_m, vertices.place_spread_m.max(initial=0.0))
    vertices, joins = _join_ends(vertices, join_tolerance_m)
    spread_m = max(spread_m, vertices.place_spread_m.max(initial=0.0))
    pieces = _cut_at_nodes(vertices, _bridges(joins.places))
    return Noded(pieces, vertices.place_xy, vertices, joins, crossings, float(spread_m))


@dataclass(frozen=True)
class _Vertices:
    """All lines' vertices in one run: which line, which place (distinct to 1 mm); no two in a row equal.

    ``place_spread_m`` is the extent of the vertices that became one place; 0 where they are the same.
    """

    line: Ints
    place: Ints
    place_xy: Floats
    line_street: Ints
    place_spread_m: Floats

    def segments(self) -> tuple[Ints, NDArray[np.object_]]:
        """Return the positions where segments start, and their geometry."""
        start: Ints = np.flatnonzero(self.line[1:] == self.line[:-1])
        ends = np.stack([self.place_xy[self.place[start]], self.place_xy[self.place[start + 1]]], axis=1)
        return start, shapely.linestrings(ends)


def read_vertices(geometry: NDArray[np.object_], street: Ints) -> _Vertices:
    """Return the vertices of lines, given with the street that each belongs to."""
    lines, of_geometry = shapely.get_parts(shapely.force_2d(geometry), return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    return _merge_places(line.astype(np.int64), xy, street[of_geometry])


def _tree(xy: Floats) -> "cKDTree":
    from scipy.spatial import cKDTree  # noqa: PLC0415 - a kept network needs none

    return cKDTree(xy)


def _merge_places(line: Ints, xy: Floats, line_street: Ints) -> _Vertices:
    """Number the places: coordinates within 1 mm of each other are one, at the first one's position."""
    distinct, place = _distinct(xy)
    near = _tree(distinct).query_pairs(SAME_PLACE_M + 1e-9, output_type="ndarray")
    spread_m = np.zeros(len(distinct))
    if len(near):
        links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(distinct),) * 2)
        _, group = connected_components(links, directed=False)
        _, first = np.unique(group, return_index=True)
        spread_m = _extent_m(distinct, group)
        distinct, place = distinct[first], group[place]
    keep = np.ones(len(line), dtype=bool)
    keep[1:] = (line[1:] != line[:-1]) | (place[1:] != place[:-1])
    return _Vertices(line[keep], place[keep].astype(np.int64), distinct, line_street, spread_m)


def _extent_m(xy: Floats, group: Ints) -> Floats:
    order = np.argsort(group, kind="stable")
    start = np.flatnonzero(np.diff(group[order], prepend=-1))
    extent = np.maximum.reduceat(xy[order], start) - np.minimum.reduceat(xy[order], start)
    across_m: Floats = np.hypot(*extent.T)
    return across_m


def _distinct(xy: Floats) -> tuple[Floats, Ints]:
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    ordered = xy[order]
    fresh = np.ones(len(xy), dtype=bool)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(xy), dtype=np.int64)
    place[order] = np.cumsum(fresh) - 1
    return ordered[fresh], place


def _insert(vertices: _Vertices, after: Ints, along: Floats, xy: Floats) -> _Vertices:
    """Insert vertices behind the given positions, ordered by how far along the segment they lie."""
    position = np.concatenate([np.arange(len(vertices.line)), after])
    share = np.concatenate([np.zeros(len(vertices.line)), np.clip(along, 0.0, 1.0)])
    order = np.lexsort((share, position))
    all_xy = np.concatenate([vertices.place_xy[vertices.place], xy])[order]
    line = np.concatenate([vertices.line, vertices.line[after]])[order]
    return _merge_places(line, all_xy, vertices.line_street)


@dataclass(frozen=True)
class _Meetings:
    """Places where a segment is met without a vertex: position where the segment starts, and the place."""

    start: Ints
    along: Floats
    xy: Floats

    def count(self) -> int:
        """Return the number of distinct places."""
        return len(_merge_places(np.arange(len(self.xy)), self.xy, np.empty(0, np.int64)).place_xy)


def _meetings(vertices: _Vertices) -> _Meetings:
    """Find where segments cross, touch (to 1 mm) or overlap and at least one of the two has no vertex."""
    at = vertices.place_xy[vertices.place]
    one, other = _segment_pairs(vertices)
    touches = np.zeros(len(one), dtype=bool)
    on, places = [], []
    for end, host in ((one, other), (one + 1, other), (other, one), (other + 1, one)):
        near = _distance_to_segment(at[end], at[host], at[host + 1]) <= SAME_PLACE_M
        touches |= near
        on.append(host[near])
        places.append(at[end[near]])
    one, other = one[~touches], other[~touches]
    step, across = at[one + 1] - at[one], at[other + 1] - at[other]
    between, turn = at[other] - at[one], _cross(step, across)
    turn = np.where(turn == 0.0, np.inf, turn)  # parallel and apart
    share, other_share = _cross(between, across) / turn, _cross(between, step) / turn
    meets = (share > 0) & (share < 1) & (other_share > 0) & (other_share < 1)
    one, other = one[meets], other[meets]
    crossing = at[one] + share[meets, None] * step[meets]
    on += [one, other]
    places += [crossing, crossing]
    host, xy = np.concatenate(on), np.concatenate(places)
    from_a, from_b = np.hypot(*(xy - at[host]).T), np.hypot(*(xy - at[host + 1]).T)
    inside = (from_a > SAME_PLACE_M) & (from_b > SAME_PLACE_M)
    along = from_a[inside] / (from_a + from_b)[inside]
    return _Meetings(host[inside], along, xy[inside])


def _segment_pairs(vertices: _Vertices) -> tuple[Ints, Ints]:
    """Return pairs of segments that may meet without a common vertex, by the positions where they start."""
    start, segment = vertices.segments()
    place = vertices.place
    reach = shapely.bounds(segment) + SAME_PLACE_M * np.array([-1, -1, 1, 1])
    one, other = shapely.STRtree(segment).query(shapely.box(*reach.T))
    pair = one < other
    one, other = start[one[pair]], start[other[pair]]
    shares = np.zeros(len(one), dtype=bool)
    for shift, other_shift in ((0, 0), (0, 1), (1, 0), (1, 1)):
        shares |= place[one + shift] == place[other + other_shift]
    # Neighbours at a vertex meet elsewhere too only where one runs back over the other.
    at = vertices.place_xy[place]
    step, across = at[one + 1] - at[one], at[other + 1] - at[other]
    longer_m = np.maximum(np.hypot(*step.T), np.hypot(*across.T))
    apart = shares & (np.abs(_cross(step, across)) > SAME_PLACE_M * longer_m)
    return one[~apart], other[~apart]


def _cross(a: Floats, b: Floats) -> Floats:
    product: Floats = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def _distance_to_segment(point: Floats, a: Floats, b: Floats) -> Floats:
    step, way = b - a, point - a
    share = np.clip((way * step).sum(axis=1) / (step * step).sum(axis=1), 0.0, 1.0)
    distance_m: Floats = np.hypot(*(way - share[:, None] * step).T)
    return distance_m


def _count_crossings(vertices: _Vertices, joins: Ints, tolerance_m: float) -> int:
    """Count the places where lines cross without meeting; not those where an end was joined."""
    found = _meetings(vertices)
    if len(joins) and len(found.xy):
        joined_m, _ = _tree(vertices.place_xy[joins.ravel()]).query(found.xy)
        apart = joined_m > tolerance_m + SAME_PLACE_M
        found = _Meetings(found.start[apart], found.along[apart], found.xy[apart])
    return found.count()


def _line_ends(vertices: _Vertices) -> tuple[Ints, Ints]:
    """Return the places where open lines end, each once, and the line that ends there first."""
    first = np.ones(len(vertices.line), dtype=bool)
    first[1:] = vertices.line[1:] != vertices.line[:-1]
    last = np.roll(first, -1)
    a, b = vertices.place[first], vertices.place[last]
    line = vertices.line[first]
    is_open = a != b
    place = np.concatenate([a[is_open], b[is_open]])
    owner = np.concatenate([line[is_open], line[is_open]])
    order = np.lexsort((owner, place))
    place, owner = place[order], owner[order]
    fresh = np.ones(len(place), dtype=bool)
    fresh[1:] = place[1:] != place[:-1]
    return place[fresh], owner[fresh]


@dataclass(frozen=True)
class _Joins:
    """Line ends joined to other lines.

    Attributes:
        places: (joins, 2) places of each end and its foot, one and the same where the end lies on the line.
        end_line, other_line: (joins,) the line that ends, and the one that it was joined to.
        gap_m: (joins,) how far they were apart.
    """

    places: Ints
    end_line: Ints
    other_line: Ints
    gap_m: Floats
    line_street: Ints


def _join_ends(vertices: _Vertices, tolerance_m: float) -> tuple[_Vertices, _Joins]:
    """Join line ends to other lines within the tolerance; return the vertices with one added at every foot."""
    end, owner = _line_ends(vertices)
    start, segment = vertices.segments()
    end_xy = vertices.place_xy[end]
    point = shapely.points(end_xy)
    which, on = shapely.STRtree(segment).query(
        point, predicate="dwithin", distance=tolerance_m + SAME_PLACE_M
    )
    line = vertices.line[start[on]]
    gap = shapely.distance(point[which], segment[on])
    apart = (to_mm(gap) <= tolerance_m) & ~_passes_through(vertices, line, end[which])
    which, on, line, gap = which[apart], on[apart], line[apart], gap[apart]
    nearest = np.lexsort((on, gap, line, which))
    which, on, line, gap = which[nearest], on[nearest], line[nearest], gap[nearest]
    if not len(which):
        none = np.empty(0, dtype=np.int64)
        return vertices, _Joins(
            np.empty((0, 2), dtype=np.int64), none, none, np.empty(0), vertices.line_street
        )
    fresh = np.ones(len(which), dtype=bool)
    fresh[1:] = (which[1:] != which[:-1]) | (line[1:] != line[:-1])
    best = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    along, foot = _feet(vertices, start[on], point[which], end_xy[which], gap)
    # A line may pass the foot more than once, there and back: it is joined on every pass.
    passes = np.hypot(*(foot - foot[best]).T) <= 2 * SAME_PLACE_M
    joined = _insert(vertices, start[on[passes]], along[passes], foot[best[passes]])
    which, line, gap, foot = which[fresh], line[fresh], gap[fresh], foot[fresh]
    _, found = _tree(joined.place_xy).query(np.concatenate([end_xy[which], foot]))
    places = np.stack(np.split(found.astype(np.int64), 2), axis=1)
    return joined, _Joins(places, owner[which], line, gap, vertices.line_street)


def _feet(
    vertices: _Vertices, start: Ints, point: NDArray[np.object_], xy: Floats, gap: Floats
) -> tuple[Floats, Floats]:
    """Return how far along its segment (share) and where each point's nearest place lies."""
    a, b = vertices.place_xy[vertices.place[start]], vertices.place_xy[vertices.place[start + 1]]
    segment = shapely.linestrings(np.stack([a, b], axis=1))
    along = shapely.line_locate_point(segment, point, normalized=True)
    # A foot on the end itself takes the end's own coordinates, so that the two become one place.
    foot: Floats = np.where((gap <= SAME_PLACE_M)[:, None], xy, a + along[:, None] * (b - a))
    return along, foot


def _passes_through(vertices: _Vertices, line: Ints, place: Ints) -> NDArray[np.bool_]:
    """Whether each line has a vertex at the place asked for with it."""
    width = len(vertices.place_xy)
    has = np.unique(vertices.line * width + vertices.place)
    asked = line * width + place
    at = np.minimum(np.searchsorted(has, asked), len(has) - 1)
    answer: NDArray[np.bool_] = has[at] == asked
    return answer


def _bridges(joins: Ints) -> Ints:
    """Return the distinct pairs of places that a straight piece must connect."""
    bridges = np.sort(joins, axis=1)
    bridges = bridges[bridges[:, 0] != bridges[:, 1]]
    return np.unique(bridges, axis=0)


def _length_problems(vertices: _Vertices, streets: pd.DataFrame) -> list[Problem]:
    vertex_count = np.bincount(vertices.line, minlength=len(vertices.line_street))
    text = Text("线段长度为 0, 不参与分析。", "The piece has no length and takes no part.")
    return [
        _street_problem(streets, street, "zero_length", text)
        for street in vertices.line_street[vertex_count < 2]
    ]


def _street_problem(streets: pd.DataFrame, street: int, code: str, text: Text, value: str = "") -> Problem:
    row, source_row = streets["row"].iat[street], streets["source_row"].iat[street]
    return Problem("streets", "warning", code, text, row=int(row), source_row=int(source_row), value=value)


def _join_problems(streets: pd.DataFrame, joins: _Joins) -> list[Problem]:
    row = streets["row"].to_numpy()
    problems = []
    ends, others = joins.line_street[joins.end_line], joins.line_street[joins.other_line]
    for ending, other, gap_m in zip(ends, others, joins.gap_m, strict=True):
        zh = f"线端与第 {row[other]} 行的道路相距 {gap_m:.3f} 米, 已连接; 如不相通请修改图形。"
        en = f"The line's end lies {gap_m:.3f} m from the street of row {row[other]} and was joined to it; redraw it if they do not meet."
        problems.append(_street_problem(streets, ending, "end_joined", Text(zh, en), f"{gap_m:.3f}"))
    return problems


@dataclass(frozen=True)
class Pieces:
    """Lines cut at every place where something meets or ends."""

    from_place: Ints
    to_place: Ints
    length_m: Floats
    geometry: NDArray[np.object_]
    street: Ints


def _cut_at_nodes(vertices: _Vertices, bridges: Ints) -> Pieces:
    line, place = vertices.line, vertices.place
    count = len(line)
    is_first, is_last = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
    is_first[1:] = line[1:] != line[:-1]
    is_last[:-1] = is_first[1:]
    uses = np.bincount(place, minlength=len(vertices.place_xy))
    is_node_place = uses > 1
    is_node_place[place[is_first | is_last]] = True
    is_node_place[bridges.ravel()] = True
    xy = vertices.place_xy[place]
    is_node_place[place[_turns_back(xy, is_first | is_last)]] = True
    is_node = is_node_place[place]

    starts = np.flatnonzero(is_node & ~is_last)
    stops = np.flatnonzero(is_node & ~is_first)
    # Interior nodes end one piece and begin the next, so starts and stops pair off in order.
    step_m = np.zeros(count)
    step_m[1:] = quantise(np.hypot(*(xy[1:] - xy[:-1]).T))
    step_m[is_first] = 0.0
    run_m = np.cumsum(step_m)  # exact: every step is a multiple of the quantum
    sizes = stops - starts + 1
    piece = np.repeat(np.arange(len(starts)), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    geometry = shapely.linestrings(xy[starts[piece] + within], indices=piece)
    length_m = run_m[stops] - run_m[starts]

    bridge_m = quantise(np.hypot(*(vertices.place_xy[bridges[:, 0]] - vertices.place_xy[bridges[:, 1]]).T))
    return Pieces(
        np.concatenate([place[starts], bridges[:, 0]]),
        np.concatenate([place[stops], bridges[:, 1]]),
        np.concatenate([length_m, bridge_m]),
        np.concatenate([geometry, shapely.linestrings(vertices.place_xy[bridges])]),
        np.concatenate([vertices.line_street[line[starts]], np.full(len(bridges), -1, dtype=np.int64)]),
    )


def _turns_back(xy: Floats, is_end: NDArray[np.bool_]) -> Ints:
    """Return the vertices where a line runs back over itself: one place would be twice on one edge."""
    middle: Ints = np.flatnonzero(~is_end)
    before, at, behind = xy[middle - 1], xy[middle], xy[middle + 1]
    apart_m = np.minimum(_distance_to_segment(before, at, behind), _distance_to_segment(behind, at, before))
    turning: Ints = middle[apart_m <= SAME_PLACE_M]
    return turning


def network_from(
    crs: CRS, node_xy: Floats, edge_from: Ints, edge_to: Ints, length_m: Floats,
    geometry: NDArray[np.object_], street: Ints,
) -> Network:  # fmt: skip
    """Return the network of these edges, with its connected parts."""
    matrix, node_part, main_part = _parts(len(node_xy), edge_from, edge_to, length_m)
    return Network(
        crs=crs,
        node_xy=node_xy,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_length_m=length_m,
        edge_geometry=geometry,
        edge_street=street,
        node_part=node_part,
        main_part=main_part,
        matrix=matrix,
        problems=(),
    )


def _parts(nodes: int, edge_from: Ints, edge_to: Ints, length_m: Floats) -> tuple[csr_array, Ints, int]:
    """Return the matrix of lengths, the connected part of each node, and the part with most street."""
    matrix = _matrix(nodes, edge_from, edge_to, length_m)
    parts, node_part = connected_components(matrix, directed=False)
    part_length_m = np.bincount(node_part[edge_from], weights=length_m, minlength=parts)
    return matrix, node_part.astype(np.int64), int(np.argmax(part_length_m))


def _matrix(nodes: int, edge_from: Ints, edge_to: Ints, length_m: Floats) -> csr_array:
    """Build the matrix of lengths; a sparse matrix would add parallel arcs up, so the minimum is taken first."""
    tail = np.concatenate([edge_from, edge_to])
    head = np.concatenate([edge_to, edge_from])
    arc = tail * nodes + head
    order = np.argsort(arc)
    order = order[(tail != head)[order]]
    start = np.flatnonzero(np.diff(arc[order], prepend=-1))
    weight = np.concatenate([length_m, length_m])[order]
    weight = np.minimum.reduceat(weight, start) if len(start) else weight
    tail, head = tail[order[start]], head[order[start]]
    pointer = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail, minlength=nodes), out=pointer[1:])
    return csr_array((weight, head.astype(np.int32), pointer), shape=(nodes, nodes))


def _crossings_problem(count: int, *, joined: bool) -> Problem:
    if joined:
        text = Text(
            f"按 join_crossings 设置, {count} 处交叉的道路已视为相通。",
            f"{count} crossings of streets were joined, as join_crossings asks.",
        )
        return Problem("streets", "warning", "crossings_joined", text, value=str(count))
    text = Text(
        f"有 {count} 处道路相交而没有共用节点, 按不相通计 (立交); 若图中路口本来没有节点, 请设 join_crossings = true。",
        f"{count} crossings of streets have no shared vertex and count as not connected (bridges); if crossings are "
        "drawn without vertices, set join_crossings = true.",
    )
    return Problem("streets", "warning", "crossings_not_joined", text, value=str(count))


def _island_problems(
    nodes: int, edge_from: Ints, edge_to: Ints, pieces: Pieces, streets: pd.DataFrame
) -> list[Problem]:
    _, node_part, main_part = _parts(nodes, edge_from, edge_to, pieces.length_m)
    part = node_part[edge_from]
    table = pd.DataFrame({"part": part, "length_m": pieces.length_m, "street": pieces.street})
    table = table[(table["part"] != main_part) & (table["street"] >= 0)]
    islands = table.groupby("part").agg(length_m=("length_m", "sum"), street=("street", "min"))
    problems = []
    for street, length_m in islands.sort_values("street")[["street", "length_m"]].itertuples(index=False):
        zh = f"此处 {length_m:.0f} 米道路与主路网不连通; 若实际相通, 请在路口补上共用节点。"
        en = f"{length_m:.0f} m of street here are cut off from the main network; add the shared vertex if they do meet."
        problems.append(
            _street_problem(streets, int(street), "street_island", Text(zh, en), f"{length_m:.3f}")
        )
    return problems
