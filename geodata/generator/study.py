"""Compose the study: build everything once, then write each layer, the ledger and the reconciliation."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from . import places, report
from .estates import Roadside
from .facilities import Facility, place_all
from .kinds import KINDS, TOTAL
from .land import Face, Ground, assign, committee_areas, divide, survey
from .people import Group, populate
from .settle import Settled, settle
from .spaces import Space, spare_spaces
from .streets import Street, draw, node, open_faces, without_scraps
from .write import Feature, lonlat, write_csv, write_geojson

STATUS_ZH = {"existing": "现状", "under_construction": "在建", "planned": "规划"}
SCOPE_ZH = {"urban": "城镇", "rural": "乡村"}
ASSUMED = "示意"


@dataclass(frozen=True)
class Pujin:
    """The whole reconstruction in the working frame."""

    ground: Ground
    faces: list[Face]
    streets: list[Street]
    settled: Settled
    groups: list[Group]
    facilities: list[Facility]
    ledger_ids: dict[str, list[str]]
    spaces: list[Space]


def build() -> Pujin:
    """Build the reconstruction; the same on every run."""
    ground = survey()
    cuts, raw_faces = divide(ground)
    faces = assign(ground, raw_faces)
    public = draw(ground, cuts)
    settled = settle(ground, open_faces(faces, ground, public), Roadside(public))
    homes = [*settled.estates, *settled.hamlets]
    walked = node([s for s in public if s.walkable] + [path for home in homes for path in home.paths])
    streets = without_scraps(walked) + [s for s in public if not s.walkable]
    groups = populate(settled.estates, settled.hamlets)
    facilities, ledger_ids = place_all(ground, settled, groups, streets)
    return Pujin(
        ground=ground,
        faces=faces,
        streets=streets,
        settled=settled,
        groups=groups,
        facilities=facilities,
        ledger_ids=ledger_ids,
        spaces=spare_spaces(settled.estates, settled.hamlets),
    )


def write(pujin: Pujin, folder: Path) -> None:
    """Write every generated file of the study into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ground = pujin.ground
    write_geojson(
        folder / "boundary.geojson", [(ground.outline, {"name": "浦锦街道", "position": "示意轮廓"})]
    )
    write_geojson(folder / "extent.geojson", [(ground.extent, {"name": "边界外 1 公里"})])
    for name, features in _layers(pujin).items():
        write_geojson(folder / f"{name}.geojson", features)
    _write_facilities(folder / "facilities.csv", pujin.facilities)
    _write_residents(folder / "residents.csv", pujin.groups)
    _write_spaces(folder / "spaces.csv", pujin.spaces)
    _write_ledger(folder / "ledger.csv", pujin)
    _write_reconciliation(folder / "reconciliation.csv", pujin)


def _layers(pujin: Pujin) -> dict[str, list[Feature]]:
    ground, settled = pujin.ground, pujin.settled
    areas = committee_areas(pujin.faces)
    frame = ground.extent.buffer(20)
    walls = [(w, {"kind": "wall", "name": f"{e.name}围墙"}) for e in settled.estates for w in e.walls]
    expressways: list[Feature] = [
        (line.intersection(frame), {"kind": "expressway", "name": name})
        for name, line in ground.expressways.items()
    ]
    homes = [*settled.estates, *settled.hamlets]
    return {
        "water": [(shape, {"name": name, "position": ASSUMED}) for name, shape in ground.waters.items()],
        "streets": [(s.line, _street(s)) for s in pujin.streets],
        "barriers": expressways + walls,
        "committees": [
            (areas[c.id], {"committee_id": c.id, "name": c.name, "kind": c.kind, "note": c.note})
            for c in places.COMMITTEES
        ],
        "residential_land": [(h.plot, {"name": h.name, "committee_id": h.committee_id}) for h in homes],
        "green": _green(pujin),
    }


def _street(street: Street) -> dict[str, str]:
    return {
        "name": street.name,
        "kind": street.kind,
        "status": street.status,
        "walkable": "yes" if street.walkable else "no",
        "structure": street.structure,
        "position": ASSUMED,
    }


def _green(pujin: Pujin) -> list[Feature]:
    parks: list[Feature] = [
        (p.polygon, {"name": p.name, "area_m2": round(p.polygon.area, 2), "position": ASSUMED})
        for p in pujin.settled.parks
    ]
    ground = pujin.ground
    shore = ground.river.buffer(70, quad_segs=3).intersection(ground.land).difference(ground.water.buffer(3))
    belt = shapely.union_all([part for part in getattr(shore, "geoms", [shore]) if part.area > 5000])
    return [*parks, (belt, {"name": "滨江绿带", "area_m2": round(belt.area, 2), "position": ASSUMED})]


def _write_facilities(path: Path, facilities: list[Facility]) -> None:
    header = [
        "设施名称",
        "设施类型",
        "五宜",
        "场所编号",
        "状态",
        "经度",
        "纬度",
        "面积",
        "来源",
        "备注",
        "位置",
    ]
    rows = [
        (
            f.name, KINDS[f.type_id].name, KINDS[f.type_id].suitability, f.site_id, STATUS_ZH[f.status],
            *lonlat(f.at), f.area_m2, f.source, f.note, f.position,
        )
        for f in facilities
    ]  # fmt: skip
    write_csv(path, header, rows)


def _write_residents(path: Path, groups: list[Group]) -> None:
    names = {c.id: c.name for c in places.COMMITTEES}
    header = [
        "居民点编号",
        "名称",
        "居村委编号",
        "居村委名称",
        "城乡",
        *groups[0].ages,
        "经度",
        "纬度",
        "位置",
    ]
    rows = [
        (
            g.id,
            g.name,
            g.committee_id,
            names[g.committee_id],
            SCOPE_ZH[g.scope],
            *g.ages.values(),
            *lonlat(g.at),
            ASSUMED,
        )
        for g in groups
    ]
    write_csv(path, header, rows)


def _write_spaces(path: Path, spaces: list[Space]) -> None:
    header = ["空间编号", "名称", "闲置类型", "面积", "状态", "居村委编号", "经度", "纬度", "位置"]
    rows = [(s.id, s.name, s.kind, s.area_m2, "现状", s.committee_id, *lonlat(s.at), ASSUMED) for s in spaces]
    write_csv(path, header, rows)


def _write_ledger(path: Path, pujin: Pujin) -> None:
    counted = {f"{f.site_id}/{f.type_id}" for f in _counted(pujin)}
    header = [
        "序号",
        "名称",
        "类型",
        "类型编号",
        "五宜",
        "状态",
        "数量",
        "计入545",
        "设施编号",
        "报告原句",
        "备注",
    ]
    rows = []
    for number, entry in enumerate(report.ENTRIES, 1):
        ids = pujin.ledger_ids.get(entry.place, [])
        remark = entry.remark or ("见 streets.geojson" if entry.where.startswith("street:") else "")
        inside = "是" if ids and all(i in counted for i in ids) else "否"
        rows.append(
            (number, entry.place, entry.kind, entry.types, entry.suitability, STATUS_ZH[entry.status], entry.many,
             inside, ";".join(ids), entry.sentence, remark)
        )  # fmt: skip
    write_csv(path, header, rows)


def _counted(pujin: Pujin) -> list[Facility]:
    return [f for f in pujin.facilities if f.status == "existing" and pujin.ground.outline.contains(f.at)]


MEASURES = {
    "“五宜”设施点 (处)": "facilities",
    "社区生活圈 (个)": "circles",
    "居村 (个)": "committees",
    "居委会 (个)": "residential_committees",
    "村 (个)": "villages",
    "回购闲置资产 (处)": "spaces",
    "回购闲置资产 (平方米)": "spaces_m2",
    "常住人口 (人)": "people",
    "面积 (平方公里)": "boundary_km2",
}
"""Line of the reconciliation → how the package counts it afresh."""


def _write_reconciliation(path: Path, pujin: Pujin) -> None:
    kinds = Counter(c.kind for c in places.COMMITTEES)
    people = sum(g.ages["常住人口"] for g in pujin.groups)
    area = _km2(pujin.ground.outline)
    kiosks = sum(f.type_id == "remote_kiosk" for f in _counted(pujin))
    stations = sum(f.type_id == "party_station" and f.status == "planned" for f in pujin.facilities)
    parks = sum(e.where == "park" and e.types == "pocket_park" for e in report.ENTRIES)
    houses = len(pujin.ledger_ids["平安屋"])
    half = "街道2023上半年工作报告"
    drawn = _drawn_circles(path.parent)
    rows: list[tuple[str, float, str, float, str]] = [
        (
            "“五宜”设施点 (处)",
            TOTAL,
            f"{half}: 梳理“五宜”……设施点545处",
            len(_counted(pujin)),
            "合成数据, 按功能计; 报告按场所还是按功能计, 待核",
        ),
        (
            "社区生活圈 (个)",
            12,
            f"{half}: 初步划定社区生活圈12个",
            drawn,
            "由 pujin-geo circles 划示, 示意 · 内部讨论" if drawn else "待划示: 由 pujin-geo circles 划示",
        ),
        (
            "居村 (个)",
            32,
            f"{half}: 32个居村远程帮办服务点投入运行",
            len(places.COMMITTEES),
            "23 个居委会加 9 个村是推断",
        ),
        ("居委会 (个)", 23, "2015 年名单 21 个, 报告新增 2 个", kinds["residential"], ""),
        (
            "村 (个)",
            9,
            f"{half}: ……扶持街道9个村的集体经济发展",
            kinds["village"],
            "同一句另称 8 个行政村; 第 9 个取浦江村, 存疑",
        ),
        ("远程帮办服务点 (处)", 32, f"{half}: 32个居村远程帮办服务点投入运行", kiosks, "每个居村一处"),
        (
            "方案编制中的党群服务站 (家)",
            5,
            f"{half}: 完成景江苑等5家党群服务站设计方案编制",
            stations,
            "只有景江苑有名称",
        ),
        ("平安屋 (个)", 23, f"{half}: 完成23个平安屋、92个平安岗设施设备更新", houses, ""),
        ("新建口袋公园 (个)", 3, f"{half}: 完成锦习园等3个口袋公园建设", parks, ""),
        ("回购闲置资产 (处)", 43, f"{half}: 第一批43处2.6万m2浦江镇资产回购", len(pujin.spaces), ""),
        (
            "回购闲置资产 (平方米)",
            26_000,
            f"{half}: 第一批43处2.6万m2浦江镇资产回购",
            sum(s.area_m2 for s in pujin.spaces),
            "",
        ),
        ("常住人口 (人)", 115_000, "2015 年设立街道时的公开数字", people, "2020 年数字未见公开"),
        ("面积 (平方公里)", 23.99, "沪府〔2015〕44号", area, "示意轮廓, 西界在黄浦江中, 误差约 200 米"),
    ]
    header = ["项目", "报告数字", "来源", "本研究数字", "差额", "口径", "说明"]
    table = [
        (item, said, source, ours, round(ours - said, 2), MEASURES.get(item, ""), remark)
        for item, said, source, ours, remark in rows
    ]
    write_csv(path, header, table)


def _drawn_circles(folder: Path) -> int:
    """Return the number of living circles that the folder holds; they are drawn by the package, not here."""
    path = folder / "circles.geojson"
    return len(json.loads(path.read_text(encoding="utf-8"))["features"]) if path.exists() else 0


def _km2(shape: BaseGeometry) -> float:
    return round(float(shape.area) / 1e6, 2)
