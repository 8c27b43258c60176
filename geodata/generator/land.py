"""The ground: outline, extent, waters, and the faces that roads, canals and local cuts divide the land into."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from . import places
from .dice import Dice
from .frame import GRID_M, from_lonlat, smooth

EXTENT_M = 1000.0
BANK_M = 7.0
"""Paths and trimmed streets keep this far from the water."""


@dataclass(frozen=True)
class Ground:
    """Outline, extent and waters, in the working frame; ``stream`` is the middle of the river."""

    outline: Polygon
    extent: Polygon
    stream: LineString
    river: Polygon
    waters: dict[str, BaseGeometry]
    water: BaseGeometry
    land: Polygon
    expressways: dict[str, LineString]


@dataclass(frozen=True)
class Cut:
    """A local street that divides a cell; ``zone`` is ``urban``, ``rural`` or ``outside``."""

    line: LineString
    zone: str


@dataclass(frozen=True)
class Face:
    """A piece of ground between streets and waters, with its committee; ``use`` is ``public`` beside a park."""

    polygon: Polygon
    zone: str
    committee_id: str
    use: str = ""


def survey() -> Ground:
    """Return the outline, the extent (1 km wider) and the waters."""
    outline = Polygon([from_lonlat(*p) for p in places.OUTLINE_LONLAT])
    extent = outline.buffer(EXTENT_M, quad_segs=3).simplify(20)
    stream = smooth(places.HUANGPU)
    river = stream.buffer(places.HUANGPU_WIDTH_M / 2, quad_segs=4)
    river = shapely.set_precision(river.intersection(extent.envelope.buffer(200)), GRID_M)
    waters: dict[str, BaseGeometry] = {"黄浦江": river}
    for canal in places.CANALS:
        bed = smooth(canal.points).buffer(canal.width_m / 2, quad_segs=3)
        waters[canal.name] = bed.intersection(extent.buffer(60)).difference(river)
    lake = smooth(places.LAKE).coords
    waters["江月湖"] = Polygon(lake)
    return Ground(
        outline=outline,
        extent=extent,
        stream=stream,
        river=river,
        waters=waters,
        water=shapely.union_all(list(waters.values())),
        land=shapely.set_precision(outline.difference(river), GRID_M),
        expressways={name: smooth(points) for name, points in places.EXPRESSWAYS.items()},
    )


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """Return the polygons of a geometry in a stable order."""
    found = [part for part in getattr(geometry, "geoms", [geometry]) if isinstance(part, Polygon)]
    return sorted((p for p in found if p.area > 0), key=_order)


def _order(polygon: Polygon) -> tuple[float, float]:
    point = polygon.centroid
    return round(-point.y, 0), round(point.x, 2)


def skeleton() -> list[tuple[places.Road, LineString]]:
    """Return the roads with their lines; an end that stops just short of another road is led onto it."""
    drawn = [(road, smooth(road.points)) for road in places.ROADS]
    return [
        (road, _led(line, [other for k, (_, other) in enumerate(drawn) if k != i]))
        for i, (road, line) in enumerate(drawn)
    ]


def _led(line: LineString, others: list[LineString]) -> LineString:
    points = list(line.coords)
    for at in (0, -1):
        end = Point(points[at])
        near = min(others, key=end.distance)
        if end.distance(near) < 45 and not line.intersection(near).dwithin(end, 60):
            foot = near.interpolate(near.project(end))
            beyond = (2 * foot.x - end.x, 2 * foot.y - end.y)
            points.insert(0 if at == 0 else len(points), beyond)
    return LineString(points)


def cells(ground: Ground) -> list[Polygon]:
    """Return the cells between skeleton roads, canals, expressways and the edge of the working area."""
    area = ground.extent.buffer(25)
    lines: list[BaseGeometry] = [area.exterior, ground.river.boundary, *ground.expressways.values()]
    lines += [line for _, line in skeleton()]
    lines += [smooth(canal.points) for canal in places.CANALS]
    noded = shapely.union_all(lines, grid_size=GRID_M)
    found = polygons(shapely.polygonize(list(noded.geoms)))
    dry = ground.river.buffer(-1)
    return [c for c in found if area.buffer(1).contains(c) and not dry.contains(c.representative_point())]


def nearest_committee(point: Point) -> places.Committee:
    """Return the committee whose seed is nearest, by distance over reach."""
    return min(
        places.COMMITTEES,
        key=lambda c: min(math.dist((point.x, point.y), seed) for seed in c.seeds) / c.reach,
    )


def zone_at(ground: Ground) -> Callable[[Point], str]:
    """Return the function that tells the zone at a point."""
    prepared = ground.outline
    shapely.prepare(prepared)

    def zone(point: Point) -> str:
        if not prepared.contains(point):
            return "outside"
        return "urban" if nearest_committee(point).kind == "residential" else "rural"

    return zone


OVERSHOOT_M = 2.0
"""Local streets are drawn this much too long, so that they surely meet; the stump is dropped later."""

TARGET_M2 = {"urban": 62_000.0, "rural": 135_000.0, "outside": 110_000.0}
"""A face larger than this is divided."""


def divide(ground: Ground) -> tuple[list[Cut], list[Polygon]]:
    """Divide the cells by local streets; return the cuts and the faces between them."""
    dice, zone = Dice("cuts"), zone_at(ground)
    cuts: list[Cut] = []
    faces: list[Polygon] = []
    queue = cells(ground)
    while queue:
        cell = queue.pop()
        kind = zone(cell.representative_point())
        if cell.area < TARGET_M2[kind] * dice.between(0.8, 1.5) or not (found := _cut(cell, kind, dice)):
            faces.append(cell)
            continue
        lines, pieces = found
        cuts += [Cut(line, kind) for line in lines]
        queue += pieces
    return cuts, sorted(faces, key=_order)


def _cut(cell: Polygon, zone: str, dice: Dice) -> tuple[list[LineString], list[Polygon]] | None:
    """Cut a cell across its long side; None where no cut leaves two sound pieces."""
    tilt = 4 if zone == "urban" else 13
    for _ in range(6):
        line = _across(cell, dice.between(0.38, 0.62), math.radians(dice.between(-tilt, tilt)), zone, dice)
        pieces = polygons(shapely.polygonize(list(_node(cell, line))))
        if (
            len(pieces) == 2
            and min(p.area for p in pieces) > 0.25 * cell.area
            and min(map(_roundness, pieces)) > 0.3
        ):
            inside = line.intersection(cell.buffer(OVERSHOOT_M))
            return [
                part for part in getattr(inside, "geoms", [inside]) if isinstance(part, LineString)
            ], pieces
    return None


def _node(cell: Polygon, line: LineString) -> list[LineString]:
    return list(shapely.union_all([cell.boundary, line], grid_size=GRID_M).geoms)


def _roundness(polygon: Polygon) -> float:
    return 4 * math.pi * float(polygon.area) / float(polygon.length) ** 2


def _across(cell: Polygon, share: float, turn: float, zone: str, dice: Dice) -> LineString:
    """Return a line across the cell's long side at a share of its length, gently bent outside town."""
    box = shapely.minimum_rotated_rectangle(cell)
    a, b, c = (box.exterior.coords[i] for i in range(3))
    if math.dist(a, b) < math.dist(b, c):
        a, b, c = b, c, box.exterior.coords[3]
    x, y = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
    half = math.dist(b, c) * 1.3
    angle = math.atan2(c[1] - b[1], c[0] - b[0]) + turn
    x, y = x + math.cos(angle - turn) * math.dist(b, c) / 2, y + math.sin(angle - turn) * math.dist(b, c) / 2
    bend = {"urban": 5.0, "outside": 12.0, "rural": 38.0}[zone]
    points = []
    for k in range(-4, 5):
        aside = dice.between(-bend, bend)
        along = half * k / 4
        points.append(
            (
                x + along * math.cos(angle) - aside * math.sin(angle),
                y + along * math.sin(angle) + aside * math.cos(angle),
            )
        )
    return smooth(points, 40)


def assign(ground: Ground, faces: list[Polygon]) -> list[Face]:
    """Clip the faces to the land and give each to a committee, so that every committee is one piece."""
    lines = [ground.land.boundary, *(face.boundary for face in faces)]
    noded = shapely.union_all(lines, grid_size=GRID_M)
    pieces = polygons(shapely.polygonize(list(noded.geoms)))
    inner = ground.land.buffer(0.05)
    shapely.prepare(inner)
    inside = [p for p in pieces if inner.contains(p.representative_point())]
    owner = [nearest_committee(p.representative_point()).id for p in inside]
    owner = _joined(inside, owner)
    kinds = {c.id: "urban" if c.kind == "residential" else "rural" for c in places.COMMITTEES}
    return [Face(p, kinds[o], o) for p, o in zip(inside, owner, strict=True)]


def _joined(pieces: list[Polygon], owner: list[str]) -> list[str]:
    """Give parts that are cut off from their committee's largest part to the neighbour they share most edge with."""
    tree = shapely.STRtree(pieces)
    edges: dict[int, list[tuple[int, float]]] = {}
    for i, piece in enumerate(pieces):
        near = [int(j) for j in tree.query(piece) if j != i]
        shared = [(j, piece.boundary.intersection(pieces[j].boundary).length) for j in sorted(near)]
        edges[i] = [(j, length) for j, length in shared if length > 0.5]
    owner = list(owner)
    for _ in range(20):
        stray = _strays(pieces, owner, edges)
        if not stray:
            return owner
        for i in stray:
            length_by: dict[str, float] = {}
            for j, length in edges[i]:
                if owner[j] != owner[i]:
                    length_by[owner[j]] = length_by.get(owner[j], 0.0) + length
            if length_by:
                owner[i] = max(sorted(length_by), key=lambda k: length_by[k])
    return owner


def _strays(pieces: list[Polygon], owner: list[str], edges: dict[int, list[tuple[int, float]]]) -> list[int]:
    seen: set[int] = set()
    parts: dict[str, list[list[int]]] = {}
    for start in range(len(pieces)):
        if start in seen:
            continue
        part, queue = [], [start]
        seen.add(start)
        while queue:
            i = queue.pop()
            part.append(i)
            for j, _ in edges[i]:
                if j not in seen and owner[j] == owner[i]:
                    seen.add(j)
                    queue.append(j)
        parts.setdefault(owner[start], []).append(part)
    stray = []
    for found in parts.values():
        found.sort(key=lambda part: -sum(pieces[i].area for i in part))
        stray += [i for part in found[1:] for i in part]
    return sorted(stray)


def committee_areas(faces: list[Face]) -> dict[str, Polygon | MultiPolygon]:
    """Return each committee's land, shared borders vertex for vertex."""
    return {
        committee.id: shapely.union_all([f.polygon for f in faces if f.committee_id == committee.id])
        for committee in places.COMMITTEES
    }
