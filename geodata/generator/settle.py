"""What stands on each face: estates, natural villages, parks, schools, shops; and everything's name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import shapely
from shapely import Point, Polygon, affinity

from . import places
from .dice import Dice
from .estates import Roadside, Settlement, estate, hamlet
from .frame import from_lonlat
from .land import Face, Ground, polygons

ESTATE_NAMES = {
    "J01": ["世博家园二街坊", "世博家园四街坊"],
    "J02": ["世博家园五街坊", "世博家园六街坊"],
    "J03": ["世博家园七街坊", "世博家园八街坊"],
    "J04": ["世博家园九街坊", "世博家园十街坊"],
    "J05": ["世博家园十一街坊", "世博家园十二街坊"],
    "J06": ["世博家园十三街坊", "世博家园十四街坊", "世博家园十五街坊"],
    "J07": ["陈行新村", "陈行老街"],
    "J08": ["景江苑", "浦恒馨苑"],
    "J09": ["景舒苑一村", "景舒苑二村"],
    "J10": ["景舒苑三村", "景舒苑四村"],
    "J11": ["景舒苑五村", "景舒苑六村", "红醍半岛"],
    "J12": ["滨浦一村", "滨浦二村", "滨浦三村"],
    "J13": ["滨浦四村", "滨浦五村", "滨浦六村"],
    "J14": ["滨浦七村", "滨浦新苑三期"],
    "J15": ["滨浦八村", "滨浦新苑四期"],
    "J16": ["新浦江城一期", "新浦江城二期"],
    "J17": ["新浦江城三期", "新浦江城四期"],
    "J18": ["新浦江城五期", "新浦江城六期"],
    "J19": ["一品漫城一期", "一品漫城二期"],
    "J20": ["一品漫城三期", "一品漫城四期"],
    "J21": ["茉莉名邸"],
    "J22": ["浦江颐城"],
    "J23": ["浦秀苑"],
}
"""Names after the committees; which estate stands where is illustrative."""

WARDS = ["", "东区", "西区", "南区", "北区", "中区", "新区", "二区", "三区"]
FAMILIES = "张王李沈陆顾朱徐周吴陈杨赵金唐孙奚乔康潘瞿庄秦倪丁谈方"
HAMLET_ENDS = ["家宅", "家塘", "家浜", "家湾", "家桥"]


@dataclass(frozen=True)
class Park:
    """A green of a given area; ``type_id`` is the catalogue's type."""

    name: str
    type_id: str
    polygon: Polygon
    known: bool


@dataclass(frozen=True)
class Settled:
    """Everything that stands on the land, and the faces left for schools, shops and fields."""

    estates: list[Settlement]
    hamlets: list[Settlement]
    parks: list[Park]
    campuses: list[Face]
    commerce: list[Face]
    fields: list[Face]


NAMED_PARKS = [
    ("陈行公园", "park_10", (7050, 10215), 39_000.0, True),
    ("悠乐园", "pocket_park", (6610, 10620), 5_179.47, True),
    ("锦习园", "pocket_park", (6150, 12420), 4_300.0, False),
    ("夏日森林", "pocket_park", (6860, 9200), 4_800.0, False),
    ("滨浦公园", "park_10", (6300, 11760), 14_000.0, False),
    ("世博家园中心绿地", "park_10", (6900, 9560), 12_000.0, False),
    ("芦恒路公园", "park_10", (6250, 13250), 11_500.0, False),
    ("浦秀绿地", "pocket_park", (6760, 8480), 5_200.0, False),
    ("浦江颐城公园", "park_10", (7300, 8180), 10_400.0, False),
    ("一品漫城绿地", "pocket_park", (5960, 10420), 4_600.0, False),
    ("陈行绿地", "pocket_park", (6760, 11450), 4_200.0, False),
]
"""Name, type, place, area in square metres, and whether name and area are on record."""

KEPT = {"hospital": (6700, 9970), "plaza": (6939, 9967)}


def settle(ground: Ground, faces: list[Face], roadside: Roadside) -> Settled:
    """Settle the faces; each committee of the town gets at least one estate."""
    faces, parks = _carve_parks(faces)
    dice = Dice("settle")
    estates: list[Settlement] = []
    campuses: list[Face] = []
    commerce: list[Face] = []
    by_committee: dict[str, list[Face]] = {}
    for face in faces:
        by_committee.setdefault(face.committee_id, []).append(face)
    for committee in places.COMMITTEES:
        if committee.kind != "residential":
            continue
        for k, face in enumerate(sorted(by_committee[committee.id], key=lambda f: -round(f.polygon.area))):
            fixed = _fixed_use(face)
            use = dice.between(0, 1)
            homes = None if fixed or (k >= 2 and use > 0.72) else estate(face, roadside, ground.water, dice)
            if homes:
                estates.append(homes)
            elif fixed == "commerce" or use > 0.88:
                commerce.append(face)
            elif face.polygon.area > 6000:
                campuses.append(face)
    fields = [face for face in faces if face.zone == "rural"]
    return Settled(
        _closed_off(_named_estates(estates)), _hamlets(fields, roadside), parks, campuses, commerce, fields
    )


def _fixed_use(face: Face) -> str:
    if face.use == "public":
        return "campus"
    if face.polygon.contains(Point(from_lonlat(*places.KNOWN_LONLAT["上海市向明中学浦江校区"]))):
        return "campus"
    return "commerce" if any(face.polygon.contains(Point(p)) for p in KEPT.values()) else ""


def _carve_parks(faces: list[Face]) -> tuple[list[Face], list[Park]]:
    """Cut the parks out of the faces that they lie in."""
    faces, parks = list(faces), []
    for name, type_id, at, area_m2, known in NAMED_PARKS:
        point = Point(at)
        k = min(range(len(faces)), key=lambda i: (round(faces[i].polygon.distance(point), 1), i))
        green = _of_area(faces[k].polygon, point, area_m2)
        parks.append(Park(name, type_id, green, known))
        rest = polygons(faces[k].polygon.difference(green.buffer(6, join_style="mitre")))
        largest = max(rest, key=lambda p: round(p.area), default=None)
        if largest is not None and largest.area > 4000:
            faces[k] = replace(faces[k], polygon=largest, use="public")
        else:
            del faces[k]
    return faces, parks


def _of_area(plot: Polygon, at: Point, area_m2: float) -> Polygon:
    """Return a rounded piece of a plot about a point that has the area (bisection on its reach)."""
    low, high = 1.0, 1500.0

    def piece(reach: float) -> Polygon:
        block = affinity.rotate(
            shapely.box(at.x - reach, at.y - 0.7 * reach, at.x + reach, at.y + 0.7 * reach), 9
        )
        cut = block.buffer(0.15 * reach, quad_segs=3).intersection(plot)
        return max(polygons(cut), key=lambda p: p.area, default=Polygon())

    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if piece(middle).area < area_m2 else (low, middle)
    return piece(high)


def _named_estates(estates: list[Settlement]) -> list[Settlement]:
    count: Counter[str] = Counter()
    found = []
    for item in estates:
        names = ESTATE_NAMES[item.committee_id]
        k = count[item.committee_id]
        count[item.committee_id] += 1
        found.append(replace(item, name=names[k % len(names)] + WARDS[k // len(names)]))
    return found


CLOSED_OFF = {"J20", "J22"}
"""The last estate of these committees waits for its gates: cut off today, joined with what is under construction."""


def _closed_off(estates: list[Settlement]) -> list[Settlement]:
    last = {e.committee_id: k for k, e in enumerate(estates)}
    return [
        _waiting(item) if item.committee_id in CLOSED_OFF and k == last[item.committee_id] else item
        for k, item in enumerate(estates)
    ]


def _waiting(item: Settlement) -> Settlement:
    inner, gates = item.paths[: -len(item.gates)], item.paths[-len(item.gates) :]
    return replace(item, paths=inner + [replace(gate, status="under_construction") for gate in gates])


def _hamlets(fields: list[Face], roadside: Roadside) -> list[Settlement]:
    """Return the natural villages: one to three in a rural face by its size, at most sixteen in a village."""
    dice = Dice("hamlets")
    found: list[Settlement] = []
    count: Counter[str] = Counter()
    for least_m2 in (0, 80_000, 150_000):  # one in each face first, so that the far ends are not left empty
        for face in fields:
            if face.polygon.area < least_m2 or count[face.committee_id] >= 16:
                continue
            item = hamlet(face, roadside, [h.plot for h in found], dice)
            if item:
                count[item.committee_id] += 1
                found.append(item)
    names = dice.shuffled([family + end for family in FAMILIES for end in HAMLET_ENDS])
    villages = {c.id: c.name.removesuffix("村委会") for c in places.COMMITTEES}
    return [replace(h, name=villages[h.committee_id] + name) for h, name in zip(found, names, strict=False)]
