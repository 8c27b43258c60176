"""Walled estates with gates and inner paths, and natural villages along their lanes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from .dice import Dice
from .land import Face, polygons
from .streets import Street, lines_of

WALL_M = 5.0
"""An estate's wall stands this far inside the edge of its plot."""

GATE_WIDTH_M = 8.0
LONGEST_GATE_PATH_M = 75.0


@dataclass(frozen=True)
class Settlement:
    """An estate or a natural village: its plot, inner paths, walls, gates (on the street) and house groups."""

    committee_id: str
    plot: Polygon
    paths: list[Street]
    gates: list[Point]
    homes: list[Point]
    walls: list[LineString] = field(default_factory=list)
    name: str = ""


class Roadside:
    """The streets that a gate or lane can open onto."""

    def __init__(self, streets: list[Street]) -> None:
        open_ = [s for s in streets if s.walkable and s.status == "existing" and not s.structure]
        self._lines = [s.line for s in open_ if s.kind in ("arterial", "collector", "local", "village_lane")]
        self._tree = shapely.STRtree(self._lines)

    def nearest(self, point: Point) -> Point:
        """Return the nearest place on a street; it lies on the line, so noding on the grid finds it."""
        line = self._lines[int(self._tree.nearest(point))]
        return line.interpolate(line.project(point))

    def distance(self, geometry: BaseGeometry) -> float:
        """Return the distance to the nearest street, metres."""
        return float(geometry.distance(self._lines[int(self._tree.nearest(geometry))]))


def estate(face: Face, roadside: Roadside, water: BaseGeometry, dice: Dice) -> Settlement | None:
    """Lay out a walled estate in a face; None where it is too small or no gate reaches a street."""
    inner = face.polygon.buffer(-24)
    inner = max(polygons(inner), key=lambda p: p.area, default=None)
    if inner is None or inner.area < 5000:
        return None
    inner = inner.simplify(6.0)
    ring = face.polygon.buffer(-WALL_M).simplify(0.8)
    ribs = _ribs(inner, dice.between(62, 88))
    core = inner.exterior if dice.chance(0.55) else _spine(inner)
    gates = _gates(inner, core, ribs, roadside, face.polygon, water, dice)
    if not gates or not ribs:
        return None
    paths = [Street(line, "estate_path") for line in [*lines_of(core), *ribs, *gates]]
    openings = shapely.union_all([gate.buffer(GATE_WIDTH_M / 2) for gate in gates])
    walls = [w for w in lines_of(shapely.line_merge(ring.exterior.difference(openings))) if w.length > 5]
    homes = [Point(p.coords[0]) for rib in ribs for p in _along(rib, dice)]
    return Settlement(
        face.committee_id, face.polygon, paths, [Point(g.coords[-1]) for g in gates], homes, walls
    )


def _frame(polygon: Polygon) -> tuple[Point, tuple[float, float], float, float]:
    """Return the centre, unit vector of the long side, and both sides of the least rectangle around a polygon."""
    box = shapely.minimum_rotated_rectangle(polygon).exterior.coords
    a, b, c = box[0], box[1], box[2]
    if math.dist(a, b) < math.dist(b, c):
        a, b, c = b, c, box[3]
    length, width = math.dist(a, b), math.dist(b, c)
    centre = Point((a[0] + c[0]) / 2, (a[1] + c[1]) / 2)
    return centre, ((b[0] - a[0]) / length, (b[1] - a[1]) / length), length, width


def _line(
    centre: Point, direction: tuple[float, float], along: float, aside: float, half: float, across: bool
) -> LineString:
    ux, uy = direction
    x, y = centre.x + ux * along - uy * aside, centre.y + uy * along + ux * aside
    vx, vy = (-uy, ux) if across else (ux, uy)
    return LineString([(x - vx * half, y - vy * half), (x + vx * half, y + vy * half)])


def _ribs(inner: Polygon, spacing_m: float) -> list[LineString]:
    centre, direction, length, width = _frame(inner)
    count = max(1, round(length / spacing_m))
    found = []
    for k in range(count):
        line = _line(centre, direction, -length / 2 + (k + 0.5) * length / count, 0, width, across=True)
        parts = sorted(lines_of(line.intersection(inner)), key=lambda p: -p.length)
        found += [p for p in parts[:1] if p.length > 25 and _free(p, inner)]
    return [_rounded(rib) for rib in found]


def _free(rib: LineString, inner: Polygon) -> bool:
    """Tell whether a rib keeps clear of the edge, so that it does not graze the ring path."""
    return bool(rib.intersection(inner.buffer(-9)).length > 0.5 * rib.length)


def _spine(inner: Polygon) -> LineString:
    centre, direction, length, _ = _frame(inner)
    parts = lines_of(_line(centre, direction, 0, 0, length, across=False).intersection(inner))
    return _rounded(max(parts, key=lambda p: p.length)) if parts else LineString(inner.exterior.coords)


def _rounded(line: LineString) -> LineString:
    return LineString([(round(x, 1), round(y, 1)) for x, y in line.coords])


def _gates(
    inner: Polygon,
    core: LineString,
    ribs: list[LineString],
    roadside: Roadside,
    plot: Polygon,
    water: BaseGeometry,
    dice: Dice,
) -> list[LineString]:
    """Return one to four straight paths from the inner network to the street, well apart from each other."""
    if core.is_ring:
        starts = [core.interpolate(dice.between(0, 1), normalized=True) for _ in range(24)]
    else:
        starts = [
            Point(core.coords[0]),
            Point(core.coords[-1]),
            *(Point(r.coords[i]) for r in ribs for i in (0, -1)),
        ]
        starts = starts[:2] + dice.shuffled(starts[2:])
    wanted = 2 + dice.chance(0.55) + (inner.area > 25_000 and dice.chance(0.7)) - dice.chance(0.12)
    outside = plot.buffer(30)
    found: list[LineString] = []
    for place in starts:
        start = Point(round(place.x, 1), round(place.y, 1))
        end = roadside.nearest(start)
        path = LineString([start, end]) if start != end else None
        if path is None or not 8 < path.length < LONGEST_GATE_PATH_M or not outside.contains(path):
            continue
        if path.intersects(water) or path.intersection(inner.buffer(4)).length > 11:
            continue
        if all(path.distance(other) > 70 for other in found):
            found.append(path)
        if len(found) == wanted:
            break
    return found


def _along(line: LineString, dice: Dice) -> list[LineString]:
    """Return short steps from a path to the doors beside it."""
    count = max(1, int(line.length // 95))
    steps = []
    for k in range(count):
        at = line.length * (k + dice.between(0.35, 0.65)) / count
        a, b = line.interpolate(max(at - 1, 0)), line.interpolate(min(at + 1, line.length))
        size = math.dist(a.coords[0], b.coords[0]) or 1.0
        side = dice.between(7, 13) * (1 if dice.chance(0.5) else -1)
        p = line.interpolate(at)
        steps.append(
            LineString([(p.x - (b.y - a.y) / size * side, p.y + (b.x - a.x) / size * side), p.coords[0]])
        )
    return steps


def hamlet(face: Face, roadside: Roadside, others: list[Polygon], dice: Dice) -> Settlement | None:
    """Lay out a natural village: a crooked lane from the street into a rural face, with side lanes."""
    room = face.polygon.buffer(-18)
    if room.is_empty:
        return None
    for _ in range(25):
        lane = _lane(room, roadside, dice)
        if lane is None or any(lane.distance(other) < 70 for other in others):
            continue
        sides = [side for side in _side_lanes(lane, dice) if room.contains(side)]
        sides += _way_out(lane, room, roadside)
        plot = shapely.union_all([lane, *sides]).buffer(27, quad_segs=2).intersection(face.polygon)
        plot = max(polygons(plot), key=lambda p: p.area).simplify(1.5)
        homes = [Point(step.coords[0]) for line in [lane, *sides[:2]] for step in _along(line, dice)[:2]]
        homes = [home for home in homes if room.contains(home)][:3]
        if len(homes) >= 1:
            paths = [Street(line, "village_lane") for line in [lane, *sides]]
            return Settlement(face.committee_id, plot, paths, [Point(lane.coords[0])], homes)
    return None


def _lane(room: BaseGeometry, roadside: Roadside, dice: Dice) -> LineString | None:
    west, south, east, north = room.bounds
    inside = Point(dice.between(west, east), dice.between(south, north))
    if not room.contains(inside):
        return None
    start = roadside.nearest(inside)
    first = math.dist(start.coords[0], inside.coords[0])
    if not 25 < first < 170:
        return None
    heading = math.atan2(inside.y - start.y, inside.x - start.x)
    points = [start.coords[0]]
    length, done = dice.between(150, 290), 0.0
    while done < length:
        step = dice.between(32, 52)
        x, y = points[-1]
        points.append((round(x + step * math.cos(heading), 1), round(y + step * math.sin(heading), 1)))
        heading += dice.between(-0.38, 0.38)
        done += step
    lane = LineString(points)
    tail = LineString(points[1:])
    return lane if room.contains(tail) and lane.is_simple else None


def _way_out(lane: LineString, room: BaseGeometry, roadside: Roadside) -> list[LineString]:
    """Return a second way to a street from the lane's far end, where one is near."""
    end = Point(lane.coords[-1])
    way = LineString([end, roadside.nearest(end)])
    clear = way.intersection(lane).geom_type == "Point" and way.length < 150
    return [way] if clear and way.difference(room).length < 26 else []


def _side_lanes(lane: LineString, dice: Dice) -> list[LineString]:
    found = []
    for k, (x, y) in enumerate(lane.coords[2:-1]):
        if dice.chance(0.55):
            bx, by = lane.coords[k + 1]
            heading = math.atan2(y - by, x - bx) + (1 if dice.chance(0.5) else -1) * dice.between(1.2, 1.8)
            size = dice.between(38, 85)
            end = (round(x + size * math.cos(heading), 1), round(y + size * math.sin(heading), 1))
            found.append(LineString([(x, y), end]))
    return [side for side in found if side.intersection(lane).geom_type == "Point"]
