"""The rules that circles should keep, one function per group: each returns the breaches of a case."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from ..texts import Text
from ..walking.network import Floats, Ints
from ..walking.verdicts import DECIMALS, demand_points
from .case import Case, Walks
from .hubs import unit_shares
from .land import WORTH_SAYING_M2, land_area
from .links import components

RURAL_FLOOR = ("party_station", "health_station", "elder_room", "convenience", "fitness_point")
"""三室两点 of the village guideline of 2015 as catalogue types; the village office is taken as party_station."""

SLIVER_M = 1.0
"""Land missed or overstepped by strips thinner than this is the rounding of drawn borders."""

SPLIT_SHARE = 0.01


@dataclass(frozen=True)
class Breach:
    """One broken rule; ``circle_id`` is "" where it concerns the whole."""

    circle_id: str
    rule: str
    value: float
    limit: float
    text: Text


def land_parts(shape: shapely.Geometry) -> int:
    """Return the number of separate pieces; strips narrower than ``SLIVER_M`` neither join nor part."""
    pieces = shapely.get_parts(shapely.buffer(shape, SLIVER_M / 2))
    return int((shapely.area(pieces) > WORTH_SAYING_M2).sum())


def _solid(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape without strips narrower than ``SLIVER_M``."""
    return shapely.buffer(shapely.buffer(shape, -SLIVER_M / 2), SLIVER_M / 2)


def land_breaches(case: Case) -> list[Breach]:
    """Return overlaps, torn circles, holes and land missed, split committees, land beyond the boundary."""
    circles = case.circles
    union = shapely.union_all(circles.geometry.to_numpy())
    inputs, settings = case.terrain.inputs, case.terrain.settings
    land = shapely.union_all(case.terrain.units.geometry.to_numpy())
    breaches = [*_overlaps(case), *_unconnected(case), *_uncovered(case, land, union), *_split(case)]
    if len(inputs.boundary):
        inside = land_area(inputs.boundary, inputs.water, wide_water_m=settings.wide_water_m)
        whole = shapely.union_all([inside, *inputs.water.geometry, land])
        for number, circle in enumerate(case.ids):
            area_m2 = _solid(shapely.difference(circles.geometry.iat[number], whole)).area
            if area_m2 > WORTH_SAYING_M2:
                text = Text(
                    f"有 {area_m2 / 1e4:,.2f} 公顷在边界之外。",
                    f"{area_m2 / 1e4:,.2f} ha lie outside the boundary.",
                )
                breaches.append(Breach(circle, "outside_boundary", area_m2, WORTH_SAYING_M2, text))
    return breaches


def _overlaps(case: Case) -> list[Breach]:
    shapes = case.circles.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    breaches = []
    for a, b in sorted({(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b}):
        area_m2 = shapely.intersection(shapes[a], shapes[b]).area
        if area_m2 > WORTH_SAYING_M2:
            text = Text(
                f"与 {case.ids[b]} 重叠 {area_m2:,.0f} 平方米; 重叠处居民计入 {case.ids[a]}, 请修正边界。",
                f"Overlaps {case.ids[b]} by {area_m2:,.0f} m²; residents there count to {case.ids[a]}. Correct the border.",
            )
            breaches.append(Breach(case.ids[a], "overlap", area_m2, WORTH_SAYING_M2, text))
    return breaches


def _unconnected(case: Case) -> list[Breach]:
    breaches = []
    for number, circle in enumerate(case.ids):
        parts = land_parts(case.circles.geometry.iat[number])
        if parts > 1:
            text = Text(f"分成不相连的 {parts} 块。", f"Is in {parts} separate pieces.")
            breaches.append(Breach(circle, "not_connected", parts, 1, text))
    return breaches


def _uncovered(case: Case, land: shapely.Geometry, union: shapely.Geometry) -> list[Breach]:
    missed = shapely.get_parts(_solid(shapely.difference(land, union)))
    missed = missed[shapely.area(missed) > WORTH_SAYING_M2]
    breaches = []
    for number, circle in enumerate(case.ids):
        polygons = shapely.get_parts(case.circles.geometry.iat[number])
        rings = [ring for polygon in polygons for ring in polygon.interiors]
        enclosed = shapely.union_all([shapely.Polygon(ring) for ring in rings])
        hole_m2 = float(shapely.area(shapely.intersection(missed, enclosed)).sum())
        if hole_m2 > WORTH_SAYING_M2:
            text = Text(
                f"内部有空洞 {hole_m2 / 1e4:,.2f} 公顷, 不属于任何生活圈。",
                f"Has holes of {hole_m2 / 1e4:,.2f} ha that belong to no circle.",
            )
            breaches.append(Breach(circle, "hole", hole_m2, WORTH_SAYING_M2, text))
    area_m2 = float(shapely.area(missed).sum())
    if area_m2 > WORTH_SAYING_M2:
        text = Text(
            f"有 {area_m2 / 1e4:,.2f} 公顷陆地不在任何生活圈内。",
            f"{area_m2 / 1e4:,.2f} ha of land lie in no circle.",
        )
        breaches.append(Breach("", "uncovered_land", area_m2, WORTH_SAYING_M2, text))
    return breaches


def _split(case: Case) -> list[Breach]:
    if case.terrain.drafted:
        return []
    areas = unit_shares(case.terrain, case.circles)
    whole = case.terrain.units.geometry.area.to_numpy()
    part_of = (areas > WORTH_SAYING_M2) & (areas > SPLIT_SHARE * whole[:, None])
    breaches = []
    for unit in np.flatnonzero(part_of.sum(axis=1) > 1):
        circles = np.flatnonzero(part_of[unit])
        shares = ", ".join(f"{case.ids[c]} {areas[unit, c] / whole[unit]:.0%}" for c in circles)
        name = case.terrain.units["unit_id"].iat[unit]
        text = Text(
            f"居村委 {name} 被拆分: {shares}; 一般应保持完整。",
            f"Committee {name} is split: {shares}; it should be kept whole.",
        )
        main = int(circles[np.argmax(areas[unit, circles])])
        breaches.append(Breach(case.ids[main], "committee_split", float(len(circles)), 1, text))
    return breaches


# People


def people_outside(case: Case) -> list[Breach]:
    """Return the residents who are in no circle."""
    lost = case.lies_in < 0
    if not lost.any():
        return []
    people = float(case.terrain.people[lost].sum())
    text = Text(
        f"有 {lost.sum()} 个居民点、{people:,.0f} 人不在任何生活圈内。",
        f"{lost.sum()} demand points with {people:,.0f} people are in no circle.",
    )
    return [Breach("", "people_in_no_circle", people, 0, text)]


def band_breaches(case: Case, scorecard: pd.DataFrame) -> list[Breach]:
    """Return circles with too few or too many people, or too much land."""
    breaches = []
    for number, circle in enumerate(case.ids):
        band, people = case.band(number), float(scorecard["population"].iat[number])
        area_km2 = float(scorecard["area_km2"].iat[number])
        if people < band.population_min:
            text = Text(
                f"人口 {people:,.0f}, 少于下限 {band.population_min:,.0f}。",
                f"{people:,.0f} people, fewer than {band.population_min:,.0f}.",
            )
            breaches.append(Breach(circle, "population_low", people, band.population_min, text))
        if people > band.population_max:
            text = Text(
                f"人口 {people:,.0f}, 多于上限 {band.population_max:,.0f}。",
                f"{people:,.0f} people, more than {band.population_max:,.0f}.",
            )
            breaches.append(Breach(circle, "population_high", people, band.population_max, text))
        if area_km2 > band.area_max_km2:
            text = Text(
                f"面积 {area_km2:.2f} 平方公里, 大于上限 {band.area_max_km2:g}。",
                f"{area_km2:.2f} km², more than {band.area_max_km2:g}.",
            )
            breaches.append(Breach(circle, "area_high", area_km2, band.area_max_km2, text))
    return breaches


def walk_breaches(case: Case, walk: Walks, lost: list[Ints]) -> list[Breach]:
    """Return circles without a hub, walks beyond the band, and people without a way."""
    breaches = []
    for number, circle in enumerate(case.ids):
        if case.hub[number] < 0:
            text = Text(
                "没有中心设施, 也没有居民点可作中心。", "Has neither a facility nor a demand point for a hub."
            )
            breaches.append(Breach(circle, "no_hub", 0, 1, text))
            continue
        breaches += _far_breaches(case, number, walk)
        pathless = (case.lies_in == number) & ~walk.measured
        pathless[lost[number]] = False  # told as cut off already
        people = float(case.terrain.people[pathless].sum())
        if people > 0:
            text = Text(
                f"{people:,.0f} 人到中心没有可量测的步行路线 (未接入道路或道路不连通)。",
                f"{people:,.0f} people have no measurable walk to the hub (off the streets, or streets not connected).",
            )
            breaches.append(Breach(circle, "no_path", people, 0, text))
    return breaches


def _far_breaches(case: Case, number: int, walk: Walks) -> list[Breach]:
    terrain, circle = case.terrain, case.ids[number]
    here = case.lies_in == number
    breaches = []
    for scope, is_scope, band, zh in (
        ("urban", ~terrain.is_rural, terrain.settings.urban, "城镇"),
        ("rural", terrain.is_rural, terrain.settings.rural, "乡村"),
    ):
        far = here & is_scope & walk.measured & (np.round(walk.own_m, DECIMALS) > band.walk_max_m)
        if far.any():
            longest, people = float(walk.own_m[far].max()), float(terrain.people[far].sum())
            text = Text(
                f"{zh}居民到中心最远步行 {longest:,.0f} 米, 超过 {band.walk_max_m:,.0f} 米, 涉及 {people:,.0f} 人。",
                f"The farthest {scope} walk to the hub is {longest:,.0f} m, above {band.walk_max_m:,.0f} m, for "
                f"{people:,.0f} people.",
            )
            breaches.append(
                Breach(circle, f"walk_far_{scope}", round(longest, DECIMALS), band.walk_max_m, text)
            )
    return breaches


# Barriers


def cut_off_places(case: Case) -> list[Ints]:
    """Return the demand points of each circle from which its main part is beyond the excursion on foot."""
    terrain = case.terrain
    entry = terrain.pieces.of_access(terrain.network, terrain.placed.demand_access)
    item = terrain.placed.demand_access["item"].to_numpy()
    here = [case.lies_in[item] == number for number in range(len(case.ids))]
    return [_lost_items(case, n, item[inside], entry[inside]) for n, inside in enumerate(here)]


def _lost_items(case: Case, number: int, items: Ints, entry: Ints) -> Ints:
    terrain = case.terrain
    if not len(items):
        return items
    area = shapely.buffer(case.circles.geometry.iat[number], terrain.settings.excursion_m)
    shapely.prepare(area)
    chosen = np.flatnonzero(shapely.intersects(area, terrain.pieces.middle))
    chosen = np.union1d(chosen, entry)
    label = components(terrain.pieces, chosen)[np.searchsorted(chosen, entry)]
    weight = np.bincount(label, weights=terrain.people[items] + 1e-9)
    lost: Ints = items[label != int(np.argmax(weight))]
    return lost


def _between(case: Case, number: int, lost: Ints) -> list[str]:
    """Return the names of waters and barriers between those cut off and the hub."""
    if case.hub[number] < 0:
        return []
    inputs = case.terrain.inputs
    hub = case.terrain.hubs.geometry.iat[case.hub[number]]
    points = demand_points(case.terrain.placed.demand.iloc[lost])
    lines = shapely.shortest_line(points, hub)
    names: list[str] = []
    for layer in (inputs.water, inputs.barriers):
        if len(layer):
            _, hit = shapely.STRtree(layer.geometry.to_numpy()).query(lines, predicate="intersects")
            names += [str(name) for name in layer["name"].iloc[np.unique(hit)] if name]
    return list(dict.fromkeys(names))


def cut_off_breaches(case: Case, lost: list[Ints], cut_off: Floats) -> list[Breach]:
    """Return the people who are cut off inside their circle, and by what."""
    breaches = []
    for number, circle in enumerate(case.ids):
        if cut_off[number] <= 0:
            continue
        excursion_m = case.terrain.settings.excursion_m
        names = _between(case, number, lost[number])
        zh = f", 中间隔着 {'、'.join(names)}" if names else ""
        en = f", past {', '.join(names)}" if names else ""
        text = Text(
            f"圈内有 {cut_off[number]:,.0f} 人不能在圈内 (绕出不超过 {excursion_m:g} 米) 步行到主体部分{zh}。",
            f"{cut_off[number]:,.0f} people cannot walk to its main part without leaving it by more than "
            f"{excursion_m:g} m{en}.",
        )
        breaches.append(Breach(circle, "barrier_inside", float(cut_off[number]), 0, text))
    return breaches


# Must-have facilities


def missing_types(case: Case) -> list[list[str]]:
    """Return the must-have types without an open facility in each circle.

    Urban: the catalogue's must-have types, but those of which the quota is per subdistrict; rural: 三室两点.
    Types that the catalogue lacks are not asked for.
    """
    catalogue, facilities = case.terrain.inputs.catalogue, case.terrain.placed.facilities
    of_circle = catalogue[
        (catalogue["must_have"] == "yes")
        & (catalogue["scope"] != "rural")
        & (catalogue["quota_per"] != "subdistrict")
        & (catalogue["level"] != "subdistrict")
    ]
    wanted = {
        "urban": of_circle["facility_type"].tolist(),
        "rural": [one for one in RURAL_FLOOR if one in set(catalogue["facility_type"])],
    }
    missing = []
    for number in range(len(case.ids)):
        shape = case.circles.geometry.iat[number]
        here = set(facilities["facility_type"][shapely.intersects(shape, facilities.geometry.to_numpy())])
        missing.append([one for one in wanted[case.scope[number]] if one not in here])
    return missing


def missing_breaches(case: Case, missing: list[list[str]]) -> list[Breach]:
    """Return the must-have types that circles lack."""
    catalogue = case.terrain.inputs.catalogue.set_index("facility_type")
    breaches = []
    for number, circle in enumerate(case.ids):
        types = missing[number]
        if not types:
            continue
        zh = "、".join(str(catalogue.at[one, "name_zh"]) for one in types)
        en = ", ".join(str(catalogue.at[one, "name_en"]) for one in types)
        text = Text(f"缺少 {len(types)} 类必配设施: {zh}。", f"Lacks {len(types)} must-have types: {en}.")
        breaches.append(Breach(circle, "must_have_missing", float(len(types)), 0, text))
    return breaches
