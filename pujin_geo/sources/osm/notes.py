"""What an import has to tell: findings, and the README of the study folder."""

import geopandas as gpd
from shapely import Geometry

from ...texts import Text
from .facilities import Found
from .pbf import CutStreets
from .people import (
    FLOOR_AREA_PER_PERSON_M2,
    LAND_PERSONS_PER_HA,
    STOREYS,
    Estimated,
    Shared,
)
from .streets import StreetLines

ATTRIBUTION = "© OpenStreetMap contributors (ODbL 1.0)"


def extent_notes(outline: gpd.GeoDataFrame | None, box: Geometry, *, is_known: bool) -> list[Text]:
    """Say where the extent is a guess, and where the extract does not cover the boundary (lon/lat)."""
    notes = []
    if not is_known:
        notes.append(
            Text(
                "文件没有写明数据范围, 以全部道路的外包凸多边形代替; 靠近边缘的结论请留意。",
                "The file does not say which area it covers; the convex hull of its streets stands in. Mind results near "
                "the edge.",
            )
        )
    if outline is not None and not outline.geometry.iloc[0].within(box):
        area = outline.geometry.iloc[0]
        share = area.intersection(box).area / area.area
        notes.append(
            Text(
                f"数据只覆盖边界内面积的 {share:.0%}, 其余部分没有道路、设施和居民点; 请换一份更大的数据。",
                f"The extract covers {share:.0%} of the boundary; beyond it there are no streets, facilities or residents. "
                "Use a larger extract.",
            )
        )
    return notes


def facility_notes(found: Found, searched: list[str]) -> list[Text]:
    """Say what was found twice, what nobody can search for, and that there is nothing at all."""
    notes = []
    if found.facilities.empty:
        notes.append(
            Text(
                "按标签对照表没有找到任何设施。",
                "The tag table found no facility at all.",
            )
        )
    if found.same_place:
        notes.append(
            Text(
                f"{found.same_place} 个设施点与同类设施面是同一处, 只保留面。",
                f"{found.same_place} facility points lie in an area of the same facility; the area was kept.",
            )
        )
    others = sorted(set(found.facilities["facility_type"]) - set(searched))
    if others:
        notes.append(
            Text(
                f"偶然找到但 OpenStreetMap 不会普遍绘制的类型只上图、不评判: {', '.join(others)}; "
                "如已查全, 请加入 study.toml 的 surveyed。",
                f"Found by chance, but not commonly drawn in OpenStreetMap, so shown and not judged: {', '.join(others)}; "
                "add them to surveyed in study.toml if they are complete.",
            )
        )
    return notes


def people_notes(people: Shared | Estimated) -> list[Text]:
    """Say where the people come from and what was assumed or left out."""
    return _shared_notes(people) if isinstance(people, Shared) else _estimate_notes(people)


def street_notes(lines: StreetLines, cut: CutStreets, streets_outside: int) -> list[Text]:
    """Say what may not be walked, what was left out, and where the file cuts streets off."""
    notes = []
    closed = int((~lines.streets["walkable"]).sum())
    if closed:
        notes.append(
            Text(
                f"{closed} 条道路不可步行 (快速路、禁行、私有等), 保留并记为 walkable = 否。",
                f"{closed} streets may not be walked (expressways, private, foot=no ...); they are kept with walkable = no.",
            )
        )
    if lines.areas_apart:
        notes.append(
            Text(
                f"其中 {lines.areas_apart} 处步行广场的轮廓不与任何道路相接, 走不到, 记为不可步行; 若确实相通, 请在图上补画连接。",
                f"Among them are {lines.areas_apart} outlines of squares that meet no street: nobody gets there, so they are "
                "not walkable. Draw the connection if there is one.",
            )
        )
    if lines.zero_length or lines.duplicates:
        notes.append(
            Text(
                f"去掉长度为零的道路 {lines.zero_length} 条、重复绘制的 {lines.duplicates} 条。",
                f"Left out {lines.zero_length} streets without length and {lines.duplicates} drawn twice.",
            )
        )
    if lines.unknown:
        listed = ", ".join(f"{value} ({count})" for value, count in lines.unknown.items())
        notes.append(
            Text(
                f"不认识的 highway 类型: {listed}; 除非 foot 标签允许, 记为不可步行。",
                f"Unknown highway classes: {listed}; not walkable unless foot= allows it.",
            )
        )
    if streets_outside:
        notes.append(
            Text(
                f"{streets_outside} 条道路完全在数据范围之外, 未写入。",
                f"{streets_outside} streets lie wholly outside the extent and were left out.",
            )
        )
    if len(cut.streets):
        notes.append(
            Text(
                f"{len(cut.streets)} 条道路有一部分不在文件中, 断开处 {len(cut.ends)} 个已从数据范围中扣除, 按数据边缘处理。",
                f"{len(cut.streets)} streets lie partly outside the file; the {len(cut.ends)} ends where they stop were "
                "taken out of the extent and count as its edge.",
            )
        )
    return notes


def _shared_notes(shared: Shared) -> list[Text]:
    notes = [
        Text(
            f"人口按住宅建筑面积在每个人口单元内分摊; {shared.cells_without_homes} 个单元内没有住宅, 以单元本身为居民点。",
            f"People were shared out by floor area within each cell; {shared.cells_without_homes} cells have no residential "
            "building and are demand points themselves.",
        )
    ]
    if shared.cells_cut:
        notes.append(
            Text(
                f"{shared.cells_cut} 个人口单元 ({shared.people_cut:g} 人) 被数据边缘切开, 人口全部计入范围内的部分。",
                f"The edge of the data cuts {shared.cells_cut} cells ({shared.people_cut:g} people); all their people were "
                "placed inside.",
            )
        )
    if shared.cells_outside:
        notes.append(
            Text(
                f"{shared.cells_outside} 个人口单元 ({shared.people_outside:g} 人) 在数据范围之外, 未计入。",
                f"{shared.cells_outside} cells ({shared.people_outside:g} people) lie outside the extent and were left out.",
            )
        )
    if shared.homes_without_cell:
        notes.append(
            Text(
                f"{shared.homes_without_cell} 幢住宅不在任何有人口的单元内, 没有分到人口。",
                f"{shared.homes_without_cell} residential buildings lie in no cell with people and got none.",
            )
        )
    return notes


def _estimate_notes(estimated: Estimated) -> list[Text]:
    notes = [
        Text(
            f"人口是估算的: 住宅占地面积 × 层数 ÷ 每人 {FLOOR_AREA_PER_PERSON_M2:g} 平方米 (假设值); 未注层数的按独栋 "
            f"{STOREYS['house']:g} 层、公寓 {STOREYS['block']:g} 层、其他 {STOREYS['unknown']:g} 层。有人口数据请用 --population。",
            f"People are estimated: footprint × storeys ÷ {FLOOR_AREA_PER_PERSON_M2:g} m² per person (assumed); without "
            f"tagged storeys {STOREYS['house']:g} for houses, {STOREYS['block']:g} for flats, {STOREYS['unknown']:g} for "
            "others. Use --population if there are real figures.",
        )
    ]
    if estimated.bare_land_m2 > 0:
        share = estimated.bare_land_m2 / estimated.land_m2
        notes.append(
            Text(
                f"居住用地的 {share:.0%} 没有画出建筑, 按每公顷 {LAND_PERSONS_PER_HA:g} 人 (假设值) 估算。",
                f"On {share:.0%} of the residential land no building is drawn; there {LAND_PERSONS_PER_HA:g} people per "
                "hectare are assumed.",
            )
        )
    return notes


def study_readme(
    name: str, extract: str, data_date: str, words: Text, facility_counts: dict[str, int]
) -> str:
    """Return the README of an imported study: what it is, whose data, what was assumed."""
    dated_zh = f", 数据日期 {data_date}" if data_date else ""
    dated_en = f", data of {data_date}" if data_date else ""
    counted = "\n".join(f"| {facility_type} | {count} |" for facility_type, count in facility_counts.items())
    return f"""# {name}

由 OpenStreetMap 数据 `{extract}`{dated_zh} 导入 (`pujin-geo import-osm`)。
Imported from the OpenStreetMap extract `{extract}`{dated_en} by `pujin-geo import-osm`.

## 来源与许可 · Source and licence

{ATTRIBUTION}, <https://www.openstreetmap.org/copyright>。
使用和发布由本文件夹得出的地图与表格时, 须注明该来源; 由它派生的数据库须以同一许可公开。
Maps and tables made from this folder must carry this attribution; a database derived from it must be
offered under the same licence.

## 说明 · Notes

{words.zh}

{words.en}

`residents.gpkg` 的 `basis` 列写明每个居民点人口的依据 · column `basis` says where each figure comes from:

| basis | 含义 | meaning |
|---|---|---|
| population_file | 人口文件, 按建筑面积分摊 | population file, shared out by floor area |
| population_file_cell | 人口文件, 单元内没有住宅 | population file, cell without residential buildings |
| estimated_from_floor_area | 按建筑面积估算 | estimated from floor area |
| estimated_from_residential_land | 按居住用地面积估算 | estimated from residential land |

## 设施数 · Facilities by type

| facility_type | 数量 number |
|---|---|
{counted}

图层都是 GeoPackage, 可在 QGIS 中修改; 修改后再次导入不会覆盖本文件夹。
All layers are GeoPackages and may be edited in QGIS; a folder that was edited is never overwritten.
"""
