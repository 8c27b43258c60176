"""The walking network: skeleton roads, local streets, bank paths and bridges, noded at every meeting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from . import places
from .dice import Dice
from .frame import GRID_M, smooth
from .land import BANK_M, Cut, Face, Ground, skeleton

RANK = {
    "arterial": 0,
    "collector": 1,
    "local": 2,
    "village_lane": 3,
    "riverside": 4,
    "path": 5,
    "estate_path": 6,
}
"""Kinds of street, the most important first; where two lines coincide the first one counts."""

OVERRUN_M = 20.0
"""Streets run this far beyond the extent, so that they really leave it."""

SHORTEST_M = 1.5
"""Meetings nearer to each other than this become one."""


@dataclass(frozen=True)
class Street:
    """One line feature; ``structure`` is ``bridge``, ``tunnel`` or ""; ``known`` names a real road."""

    line: LineString
    kind: str
    name: str = ""
    status: str = "existing"
    walkable: bool = True
    structure: str = ""


def lines_of(geometry: BaseGeometry) -> list[LineString]:
    """Return the lines of a geometry."""
    return [
        part
        for part in getattr(geometry, "geoms", [geometry])
        if isinstance(part, LineString) and part.length > 0
    ]


def draw(ground: Ground, cuts: list[Cut]) -> list[Street]:
    """Return the public network: roads, local streets, bank paths, footbridges, the tunnel."""
    shore = ground.water.buffer(BANK_M, quad_segs=3).simplify(1.0)
    fence = shapely.union_all(list(ground.expressways.values())).buffer(28)
    sources = _roads(ground) + _locals(cuts, shore, fence) + _bank_paths(ground, shore, fence)
    streets = node(sources + _footbridges(ground))
    streets = _bridges(streets, ground)
    streets = _thin(streets, ground)
    return [*streets, *_tunnel(ground)]


def _roads(ground: Ground) -> list[Street]:
    frame = ground.extent.buffer(OVERRUN_M)
    found = []
    for road, line in skeleton():
        dry = line.intersection(frame).difference(ground.river.buffer(BANK_M))
        found += [Street(part, road.kind, road.name, road.status) for part in lines_of(dry)]
    return found


def _locals(cuts: list[Cut], shore: BaseGeometry, fence: BaseGeometry) -> list[Street]:
    kinds = {"urban": "local", "outside": "local", "rural": "village_lane"}
    closed = shore.union(fence)
    found = []
    for cut in cuts:
        parts = lines_of(cut.line.difference(closed))
        found += [Street(part, kinds[cut.zone]) for part in parts if part.length > 25]
    return found


def _bank_paths(ground: Ground, shore: BaseGeometry, fence: BaseGeometry) -> list[Street]:
    frame = ground.extent.buffer(OVERRUN_M)
    banks = shore.boundary.intersection(frame).difference(fence)
    found = []
    for line in lines_of(shapely.line_merge(banks) if not isinstance(banks, LineString) else banks):
        by_river = line.distance(ground.river) < BANK_M + 2
        found.append(Street(line, "riverside" if by_river else "path"))
    return found


def _footbridges(ground: Ground) -> list[Street]:
    """Bridge every canal's mouth, so that the riverside path is joined up, and a few canals in town."""
    found = []
    bank = ground.stream.buffer(places.HUANGPU_WIDTH_M / 2 + BANK_M + 14, quad_segs=4).exterior
    for canal in places.CANALS:
        bed = ground.waters[canal.name].buffer(BANK_M + 1.5)
        over = lines_of(bank.intersection(bed))
        east = [line for line in over if line.centroid.x > _river_x(ground, line.centroid.y)]
        found += [_extended(line, "riverside") for line in east]
    dice = Dice("footbridges")
    for canal in places.CANALS[:6]:
        centre = smooth(canal.points).intersection(ground.outline.buffer(-60))
        for part in lines_of(centre):
            steps = [s * 430 + dice.between(90, 330) for s in range(int(part.length // 430))]
            found += [_over(part, along, canal.width_m) for along in steps if dice.chance(0.34)]
    return found


def _river_x(ground: Ground, y: float) -> float:
    return float(ground.stream.interpolate(ground.stream.project(Point(3800, y))).x)


def _extended(line: LineString, kind: str) -> Street:
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    return Street(LineString([(x0, y0), (x1, y1)]), kind)


def _over(centre: LineString, along: float, width_m: float) -> Street:
    a, b = centre.interpolate(along - 5), centre.interpolate(along + 5)
    at, half = centre.interpolate(along), width_m / 2 + BANK_M + 1.5
    dx, dy = (b.x - a.x) / 10, (b.y - a.y) / 10
    return Street(
        LineString([(at.x - dy * half, at.y + dx * half), (at.x + dy * half, at.y - dx * half)]), "path"
    )


def node(sources: Iterable[Street]) -> list[Street]:
    """Split lines wherever they meet, on the common grid; each piece keeps the attributes of its most important line."""
    ranked = sorted(sources, key=lambda s: RANK[s.kind])
    noded = shapely.union_all([s.line for s in ranked], grid_size=GRID_M)
    pieces = sorted(lines_of(noded), key=_where)
    tree = shapely.STRtree([s.line for s in ranked])
    found = []
    for piece in pieces:
        middle = piece.interpolate(0.5, normalized=True)
        best = min(int(i) for i in tree.query(middle, predicate="dwithin", distance=0.5))
        found.append(replace(ranked[best], line=piece))
    return _attached(_contracted(found))


def _contracted(pieces: list[Street]) -> list[Street]:
    """Draw meetings less than ``SHORTEST_M`` apart together into one."""
    joined = _Joined()
    for piece in pieces:
        if piece.line.length < SHORTEST_M:
            joined.join(*ends(piece.line))
    found = []
    for piece in pieces:
        first, last = (joined.root(end) for end in ends(piece.line))
        if first != last or piece.line.length >= SHORTEST_M:
            found.append(replace(piece, line=LineString([first, *piece.line.coords[1:-1], last])))
    return found


def _attached(streets: list[Street]) -> list[Street]:
    """Lead lines that pass within ``SHORTEST_M`` / 2 of an end which is not theirs through that end."""
    tree = shapely.STRtree([s.line for s in streets])
    ways: dict[int, list[Point]] = {}
    for place in sorted({end for s in streets for end in ends(s.line)}):
        for k in tree.query(Point(place), predicate="dwithin", distance=SHORTEST_M / 2):
            if place not in ends(streets[k].line):
                ways.setdefault(int(k), []).append(Point(place))
    found = []
    for k, street in enumerate(streets):
        parts = [street.line]
        for point in ways.get(k, []):
            near = min(range(len(parts)), key=lambda i: parts[i].distance(point))
            parts[near : near + 1] = _through(parts[near], point)
        found += [replace(street, line=part) for part in parts]
    return found


def _through(line: LineString, point: Point) -> list[LineString]:
    """Split a line at a point beside it; the line is bent to pass through the point."""
    at = line.project(point)
    coords = list(line.coords)
    before = [c for c in coords if line.project(Point(c)) < at - 0.3]
    after = [c for c in coords if line.project(Point(c)) > at + 0.3]
    here = point.coords[0]
    return [LineString(part) for part in ([*before, here], [here, *after]) if len(part) > 1]


def _where(line: LineString) -> tuple[float, float, float]:
    middle = line.interpolate(0.5, normalized=True)
    return round(-middle.y, 1), round(middle.x, 1), round(line.length, 1)


def _bridges(streets: list[Street], ground: Ground) -> list[Street]:
    """Mark the pieces over water; they reach from bank to bank because bank paths meet the street on both sides."""
    shapely.prepare(ground.water)
    return [replace(s, structure="bridge") if ground.water.intersects(s.line) else s for s in streets]


def ends(line: LineString) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two ends of a line, to the centimetre."""
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    return (round(x0, 2), round(y0, 2)), (round(x1, 2), round(y1, 2))


class _Joined:
    """Which places hang together (union-find)."""

    def __init__(self) -> None:
        self._up: dict[tuple[float, float], tuple[float, float]] = {}

    def root(self, place: tuple[float, float]) -> tuple[float, float]:
        while (up := self._up.get(place, place)) != place:
            self._up[place] = self._up.get(up, up)
            place = up
        return place

    def join(self, a: tuple[float, float], b: tuple[float, float]) -> bool:
        """Join two places; False where they were joined before."""
        first, second = self.root(a), self.root(b)
        self._up[first] = second
        return first != second


def _thin(streets: list[Street], ground: Ground) -> list[Street]:
    """Leave out some bank paths and lanes, but never one that a place hangs on."""
    dice = Dice("thin")
    kept: list[Street] = []
    spare: list[Street] = []
    for street in streets:
        (spare if dice.chance(_dropped(street, ground)) else kept).append(street)
    joined = _Joined()
    for street in kept:
        if street.status == "existing":
            joined.join(*ends(street.line))
    back = [s for s in sorted(spare, key=lambda s: s.line.length) if joined.join(*ends(s.line))]
    return _without_stubs(kept + back, ground)


def _dropped(street: Street, ground: Ground) -> float:
    if street.kind == "riverside":
        return 0.0 if street.line.centroid.x > _river_x(ground, street.line.centroid.y) else 0.9
    if street.structure == "bridge" or street.status != "existing":
        return 0.0
    return {"path": 0.6, "village_lane": 0.06, "local": 0.03}.get(street.kind, 0.0)


def _without_stubs(streets: list[Street], ground: Ground) -> list[Street]:
    """Drop dangling path ends and stumps of a few metres, again and again until none is left."""
    rim = ground.extent.exterior
    while True:
        count: dict[tuple[float, float], int] = {}
        for street in streets:
            for end in ends(street.line):
                count[end] = count.get(end, 0) + 1
        kept = []
        for street in streets:
            loose = any(
                count[end] == 1 and rim.distance(Point(end)) > OVERRUN_M + 5 for end in ends(street.line)
            )
            stub = street.kind in ("path", "riverside") or street.line.length < 30
            if not (loose and stub):
                kept.append(street)
        if len(kept) == len(streets):
            return sorted(kept, key=lambda s: _where(s.line))
        streets = kept


def without_scraps(streets: list[Street], shortest_m: float = 500.0) -> list[Street]:
    """Leave out connected parts of the open network that are shorter than ``shortest_m``, unless a site closes them off."""
    joined = _Joined()
    for street in streets:
        joined.join(*ends(street.line))
    length: Counter[tuple[float, float]] = Counter()
    for street in streets:
        length[joined.root(ends(street.line)[0])] += street.line.length
    return [s for s in streets if length[joined.root(ends(s.line)[0])] >= shortest_m]


def _tunnel(ground: Ground) -> list[Street]:
    return [
        Street(part, "arterial", "银都路越江隧道", "under_construction", walkable=False, structure="tunnel")
        for part in lines_of(smooth(places.TUNNEL).intersection(ground.extent.buffer(OVERRUN_M)))
    ]


def open_faces(faces: list[Face], ground: Ground, streets: list[Street]) -> list[Face]:
    """Return the faces without roads and banks: the ground that can be built on."""
    widths = {"arterial": 18.0, "collector": 12.0, "local": 8.0, "village_lane": 5.0}
    taken = [s.line.buffer(widths.get(s.kind, 4.0), quad_segs=2) for s in streets if s.walkable]
    tree = shapely.STRtree(taken)
    shore = ground.water.buffer(BANK_M + 5, quad_segs=2)
    found = []
    for face in faces:
        near = [taken[i] for i in sorted(int(i) for i in tree.query(face.polygon))]
        free = face.polygon.difference(shapely.union_all([*near, shore]))
        parts = [p for p in getattr(free, "geoms", [free]) if p.area > 2500]
        if parts:
            biggest = max(parts, key=lambda p: (round(p.area), -p.centroid.y))
            found.append(replace(face, polygon=biggest.simplify(1.0)))
    return found
