"""Facilities: 545 existing functions inside the boundary, those that the report plans, and the neighbours'."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from shapely import LineString, Point, Polygon

from . import places, report
from .dice import Dice, share_out
from .estates import Roadside, Settlement
from .frame import from_lonlat, smooth
from .kinds import AT_CENTRE, AT_VILLAGE_CENTRE, GREENWAYS, HUBS, KINDS, NAMED_STOPS, TOTAL
from .land import Ground
from .people import Group
from .settle import Settled
from .streets import Street, lines_of


@dataclass(frozen=True)
class Facility:
    """One function at a place; ``position`` is 已知, 推算 or 示意."""

    name: str
    type_id: str
    site_id: str
    status: str
    at: Point
    area_m2: int | None
    source: str
    note: str
    position: str
    committee_id: str = ""


STOPS_APART_M = 460.0
USUAL_WALK_M = 300.0
NORTH_EAST = {"J08", "J09", "J10", "J11", "J12", "J13", "J14", "J15", "J16", "J17"}


class Placer:
    """Places functions one by one and keeps account of sites and numbers."""

    def __init__(self, ground: Ground, settled: Settled, groups: list[Group], roadside: Roadside) -> None:
        self.ground, self.settled, self.roadside = ground, settled, roadside
        self.dice = Dice("facilities")
        self.found: list[Facility] = []
        self.people = Counter[str]()
        for group in groups:
            self.people[group.committee_id] += group.ages["常住人口"]
        self._doors = np.array([(group.at.x, group.at.y) for group in groups])
        self._persons = np.array([group.ages["常住人口"] for group in groups])
        self._inside = ground.outline.buffer(-12).difference(ground.water.buffer(9))
        self._homes: dict[str, list[Settlement]] = {}
        for item in [*settled.estates, *settled.hamlets]:
            self._homes.setdefault(item.committee_id, []).append(item)
        self._sites = Counter[str]()
        self._centres: dict[str, tuple[str, Point]] = {}

    def site(self, prefix: str) -> str:
        """Return the next site id of a committee or area."""
        self._sites[prefix] += 1
        return f"{prefix}-S{self._sites[prefix]:03d}"

    def centre(self, committee_id: str) -> tuple[str, Point]:
        """Return the site of a committee's own building."""
        if committee_id not in self._centres:
            self._centres[committee_id] = (self.site(committee_id), self._central_spot(committee_id))
        return self._centres[committee_id]

    def spot(self, committee_id: str, alike: list[Point]) -> Point:
        """Return a street-side place in a committee: of a few, the one that serves most people whom none alike serves."""
        tries: list[Point] = []
        while len(tries) < 6:
            home = self.dice.pick(self._homes[committee_id])
            at = self._lane_side(home) if home.walls == [] else self._street_front(home)
            if at is not None and self._inside.contains(at):
                tries.append(at)
        free = np.ones(len(self._persons), dtype=bool)
        for other in alike:
            free &= self._apart(other)
        return max(tries, key=lambda p: int(self._persons[free & ~self._apart(p)].sum()))

    def _apart(self, point: Point) -> np.ndarray:
        """Tell which house groups lie farther from a point than people like to walk."""
        east, north = (self._doors - (point.x, point.y)).T
        return np.asarray(np.hypot(east, north) > USUAL_WALK_M)

    def _central_spot(self, committee_id: str) -> Point:
        """Return the most central of a dozen places in a committee."""
        homes = [at for home in self._homes[committee_id] for at in home.homes]
        tries = [self.spot(committee_id, []) for _ in range(12)]
        return min(tries, key=lambda p: round(sum(p.distance(at) for at in homes), 1))

    def _street_front(self, home: Settlement) -> Point | None:
        """Return a place between wall and street, mostly beside a gate."""
        ring = home.plot.exterior
        gate = ring.project(self.dice.pick(home.gates))
        aside = self.dice.between(12, 55) * (1 if self.dice.chance(0.5) else -1)
        along = gate + aside if self.dice.chance(0.8) else self.dice.between(0, ring.length)
        at = ring.interpolate(along % ring.length)
        return at if self.roadside.distance(at) < 27 else None

    def _lane_side(self, home: Settlement) -> Point | None:
        lane = self.dice.pick(home.paths).line
        at = lane.interpolate(self.dice.between(0.1, 0.9), normalized=True)
        turn = Point(at.x + self.dice.between(-9, 9), at.y + self.dice.between(-9, 9))
        return turn if home.plot.contains(turn) else None

    def same(self, type_id: str) -> list[Point]:
        """Return the existing and future places of a type."""
        return [f.at for f in self.found if f.type_id == type_id]

    def has(self, site_id: str, type_id: str) -> bool:
        """Tell whether a site has the function already."""
        return any(f.site_id == site_id and f.type_id == type_id for f in self.found)

    def add(self, facility: Facility) -> None:
        """Take a function into the table."""
        self.found.append(facility)

    def count_inside(self) -> int:
        """Return the number of existing functions inside the boundary."""
        return sum(f.status == "existing" and self.ground.outline.contains(f.at) for f in self.found)


def place_all(
    ground: Ground, settled: Settled, groups: list[Group], streets: list[Street]
) -> tuple[list[Facility], dict[str, list[str]]]:
    """Return all facilities, and for each place of the ledger the ids of its rows."""
    placer = Placer(ground, settled, groups, Roadside(streets))
    _stations(placer)
    _parks(placer)
    _greenway(placer)
    ids = _report(placer)
    _hubs(placer)
    _by_type(placer)
    _bus_stops(placer)
    _fill(placer)
    _neighbours(placer, streets)
    ids["居村远程帮办服务点"] = [_id(f) for f in placer.found if f.type_id == "remote_kiosk"]
    ids["平安屋"] = [_id(f) for f in placer.found if f.type_id == "safety_law" and f.source != REPORT]
    return placer.found, ids


def _id(facility: Facility) -> str:
    return f"{facility.site_id}/{facility.type_id}"


REPORT = "街道2023上半年报告"
INVENTED = "合成"


def _short(committee_id: str) -> str:
    name = next(c.name for c in places.COMMITTEES if c.id == committee_id)
    return re.sub("(第.)?居委会$|村委会$", "", name)


def _office(committee_id: str) -> str:
    """Return the everyday name of a committee, as the report writes it: 滨浦三居委."""
    name = next(c.name for c in places.COMMITTEES if c.id == committee_id)
    return re.sub("第(.)(居委会)$", r"\1\2", name).removesuffix("会")


def _area(placer: Placer, type_id: str) -> int | None:
    sizes = KINDS[type_id].area_m2
    if sizes is None:
        return None
    size = placer.dice.between(*sizes)
    return round(size / 10) * 10 if sizes[1] > 100 else round(size)


def _stations(placer: Placer) -> None:
    for k, (name, lonlat) in enumerate(places.STATIONS_LONLAT.items(), 1):
        source = "轨道交通8号线, 公开坐标 (约 50 米)"
        placer.add(
            Facility(
                name,
                "metro",
                f"M-S{k:03d}",
                "existing",
                Point(from_lonlat(*lonlat)),
                None,
                source,
                "",
                "已知",
            )
        )
    plaza = Point(from_lonlat(*places.KNOWN_LONLAT["浦江城市生活广场"]))
    note = "江月路1850弄; 坐标按 GCJ-02 推算"
    placer.add(
        Facility(
            "浦江城市生活广场超市",
            "fresh_super",
            "M-S006",
            "existing",
            plaza,
            2600,
            "公开地址",
            note,
            "推算",
            "J01",
        )
    )


def _gate_of(placer: Placer, plot: Polygon) -> Point:
    """Return the place inside a plot nearest to a street."""
    inner = plot.buffer(-6)
    ring = (inner if not inner.is_empty else plot).exterior
    steps = [ring.interpolate(k / 40, normalized=True) for k in range(40)]
    return min(steps, key=lambda p: round(placer.roadside.distance(p), 1))


def _parks(placer: Placer) -> None:
    for park in placer.settled.parks:
        source = REPORT if park.known or park.name == "锦习园" else INVENTED
        note = "入口位置示意" if park.known else ""
        at = _gate_of(placer, park.polygon)
        area = round(park.polygon.area)
        placer.add(
            Facility(park.name, park.type_id, placer.site("P"), "existing", at, area, source, note, "示意")
        )


def _greenway(placer: Placer) -> None:
    shore = placer.ground.river.buffer(24, quad_segs=3).exterior
    east = max(lines_of(shore.intersection(placer.ground.outline)), key=lambda line: line.length)
    entries = [
        (
            f"滨江步道{k}号入口",
            east.interpolate(share, normalized=True),
            "滨江步道 2023 年 3 月贯通; 入口位置示意",
        )
        for k, share in enumerate((0.12, 0.34, 0.58, 0.83), 1)
    ]
    entries += [(name, Point(at), "") for name, at in GREENWAYS]
    for name, at, note in entries:
        site = placer.site("P")
        placer.add(Facility(name, "greenway", site, "existing", at, None, INVENTED, note, "示意"))


def _report(placer: Placer) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for entry in report.ENTRIES:
        if entry.where == "park":
            ids[entry.place] = [_id(f) for f in placer.found if f.name == entry.place]
        if not entry.types or entry.where in ("", "*", "park") or entry.where.startswith("street:"):
            continue
        if entry.where.startswith("park:"):
            at = next(f.at for f in placer.found if f.name == entry.where.removeprefix("park:"))
            prefix = "P"
        else:
            at, prefix = placer.spot(entry.where, []), entry.where
        site = placer.site(prefix)
        for type_id in entry.types.split(";"):
            area = 59_000 if entry.place == "陈行公园改扩建" else _area(placer, type_id)
            item = Facility(
                entry.place, type_id, site, entry.status, at, area, REPORT, entry.remark, "示意", entry.where
            )
            placer.add(item)
            ids.setdefault(entry.place, []).append(_id(item))
    return ids


def _hubs(placer: Placer) -> None:
    for committee_id, (name, types) in HUBS.items():
        at, site = placer.spot(committee_id, []), placer.site(committee_id)
        for type_id in types:
            label = name if type_id == "hub" else f"{name}{KINDS[type_id].name}"
            placer.add(
                Facility(
                    label,
                    type_id,
                    site,
                    "existing",
                    at,
                    _area(placer, type_id),
                    INVENTED,
                    "",
                    "示意",
                    committee_id,
                )
            )


def _by_type(placer: Placer) -> None:
    done = Counter(f.type_id for f in placer.found if f.status == "existing" and f.source == INVENTED)
    for type_id, kind in KINDS.items():
        if type_id in ("bus_stop", "metro", "greenway", "park_10", "park_15", "biz_station"):
            continue
        taken = 0 if type_id == "pocket_park" else done[type_id]
        for village, number in ((False, kind.town - taken), (True, kind.village)):
            for committee_id in _spread(placer, number, village, type_id):
                _place(placer, type_id, committee_id, village)


def _spread(placer: Placer, number: int, village: bool, type_id: str) -> list[str]:
    """Return the committees that get one, by people, more readily in the north-east."""
    if number <= 0:
        return []
    ids = [c.id for c in places.COMMITTEES if (c.kind == "village") == village]
    if number == len(ids):
        return ids
    weights = [
        placer.people[i] ** 0.8 * (1.5 if i in NORTH_EAST else 1.0) * placer.dice.between(0.4, 1.6)
        for i in ids
    ]
    shares = share_out(number, weights)
    if type_id in AT_CENTRE and number < len(ids):
        order = sorted(range(len(ids)), key=lambda k: -weights[k])[:number]
        shares = [int(k in order) for k in range(len(ids))]
    return [i for i, share in zip(ids, shares, strict=True) for _ in range(share)]


def _place(placer: Placer, type_id: str, committee_id: str, village: bool) -> None:
    kind = KINDS[type_id]
    centre_types = AT_VILLAGE_CENTRE if village else AT_CENTRE
    site, at = "", Point()
    if type_id in centre_types:
        site, at = placer.centre(committee_id)
    if (
        not site
        or placer.has(site, type_id)
        or (type_id not in AT_CENTRE and not village and placer.dice.chance(0.3))
    ):
        at, site = _own_site(placer, type_id, committee_id)
    words = {"remote_kiosk": "远程帮办服务点", "culture_room": "文化活动室"}
    words |= {"health_station": "卫生室", "greenway": "绿道"} if village else {}
    words |= {"party_station": "党群服务点"}  # the report keeps the longer name for those in design
    word = words.get(type_id, kind.name)
    name = (_office if type_id in AT_CENTRE and not village else _short)(committee_id) + word
    alike = sum(f.name.startswith(name) for f in placer.found)
    name += f"{alike + 1}" if alike else ""
    placer.add(
        Facility(
            name, type_id, site, "existing", at, _area(placer, type_id), INVENTED, "", "示意", committee_id
        )
    )


def _own_site(placer: Placer, type_id: str, committee_id: str) -> tuple[Point, str]:
    """Return a new site: schools and the like on a free plot of the committee, the rest at the street."""
    if type_id in (
        "kindergarten",
        "primary",
        "junior",
        "health_centre",
        "nursing_home",
        "wet_market",
        "shelter",
    ):
        free = [c for c in placer.settled.campuses if c.committee_id == committee_id]
        used = (
            placer.same("kindergarten")
            + placer.same("primary")
            + placer.same("junior")
            + placer.same("wet_market")
        )
        free = [c for c in free if all(not c.polygon.contains(p) for p in used)]
        if free:
            return _gate_of(placer, free[0].polygon), placer.site(committee_id)
    return placer.spot(committee_id, placer.same(type_id)), placer.site(committee_id)


def _bus_stops(placer: Placer) -> None:
    for name, at in NAMED_STOPS:
        placer.add(
            Facility(
                f"{name}站",
                "bus_stop",
                placer.site("B"),
                "existing",
                Point(at),
                None,
                "公交线路站名",
                "978路等",
                "示意",
            )
        )
    drawn = [(r.name, smooth(r.points)) for r in places.ROADS if r.status == "existing" and r.name]
    for name, road in drawn:
        others = [(other, line) for other, line in drawn if other != name]
        for part in lines_of(road.intersection(placer.ground.outline.buffer(-8))):
            number = max(1, round(part.length / 700)) if part.length >= 420 else 0
            for k in range(number):
                at = part.interpolate((k + 0.5) / number, normalized=True)
                _stop(placer, name, others, at)


def _stop(placer: Placer, road: str, others: list[tuple[str, LineString]], at: Point) -> None:
    """Place a stop, named after its road and the nearest crossing one, unless another is near."""
    if placer.ground.water.distance(at) < 8 or not placer.ground.outline.contains(at):
        return
    if any(at.distance(other) < STOPS_APART_M for other in placer.same("bus_stop")):
        return
    cross = min(others, key=lambda other: round(other[1].distance(at)))[0]
    site = placer.site("B")
    placer.add(Facility(f"{road}{cross}站", "bus_stop", site, "existing", at, None, INVENTED, "", "示意"))


def _fill(placer: Placer) -> None:
    """Fill up to 545 with convenience shops, one committee after the other by people."""
    number = TOTAL - placer.count_inside()
    if not 25 <= number <= 70:
        raise ValueError(f"{number} convenience shops would be needed to reach {TOTAL}")
    for committee_id in _spread(placer, number, False, "convenience"):
        _place(placer, "convenience", committee_id, False)


def _neighbours(placer: Placer, streets: list[Street]) -> None:
    """Place the neighbours' facilities along the streets east and north of the boundary."""
    ground, dice = placer.ground, Dice("neighbours")
    frame = (
        ground.extent.buffer(-60).difference(ground.outline.buffer(30)).difference(ground.water.buffer(15))
    )
    lines = [
        s.line
        for s in streets
        if s.status == "existing" and s.walkable and s.kind in ("collector", "local", "arterial")
    ]
    lines = [
        line
        for line in lines
        if line.length > 60 and frame.contains(line.centroid) and _near_side(line.centroid)
    ]
    kinds = (
        ["convenience"] * 26 + ["parcel"] * 12 + ["bus_stop"] * 16 + ["pharmacy"] * 8 + ["fitness_point"] * 8
    )
    kinds += (
        ["kindergarten"] * 5 + ["primary"] * 3 + ["junior"] * 2 + ["wet_market"] * 3 + ["fresh_super"] * 6
    )
    kinds += (
        ["health_station"] * 4
        + ["pocket_park"] * 5
        + ["elder_room"] * 5
        + ["meal_point"] * 3
        + ["culture_room"] * 4
    )
    kinds += ["court"] * 2 + [
        "health_centre",
        "culture_centre",
        "day_care",
        "day_care",
        "nursery",
        "library",
        "park_10",
    ]
    for type_id in kinds:
        spots = [dice.pick(lines).interpolate(dice.between(0.2, 0.8), normalized=True) for _ in range(6)]
        at = max(spots, key=lambda p: round(min((p.distance(q) for q in placer.same(type_id)), default=0.0)))
        at = Point(at.x + dice.between(-12, 12), at.y + dice.between(-12, 12))
        town, prefix = (
            ("三林镇", "SL") if at.y > 14_150 or (at.x < 5600 and at.y > 12_500) else ("浦江镇", "PJ")
        )
        number = 1 + sum(f.type_id == type_id and f.site_id.startswith(prefix) for f in placer.found)
        name = f"{town}{KINDS[type_id].name}{number}"
        placer.add(
            Facility(
                name,
                type_id,
                placer.site(prefix),
                "existing",
                at,
                _area(placer, type_id),
                INVENTED,
                "边界外, 不计入 545",
                "示意",
            )
        )


def _near_side(point: Point) -> bool:
    """Tell whether a place lies on this bank of the Huangpu, east or north of the boundary (the south is fields)."""
    return bool(point.y > 7000 and point.x > 3400 + (13_300 - point.y) * 0.26)
