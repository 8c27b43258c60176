"""The map of gaps: ranked areas, who lacks what and why, the way round of a detour, idle spaces that could help."""

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..definitions import DEFINITIONS
from ..gaps.siting import CHOOSABLE
from ..tables import lookup
from ..texts import Lang, Text
from ..walking.network import Ints
from ..walking.routes import walking_routes
from ..walking.verdicts import demand_points
from .basemap import Background
from .coverage import CAUSE_WORDS, uncertain_marks
from .figures import whole
from .functions import number_or_none
from .packing import pack_whole
from .page import MapPage, folium_map, map_page
from .palette import RANK_CLASSES
from .shared import Shared
from .words import committee_names, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap

AROUND_M = 45.0
"""Margin around the demand points of an area, so that one point has an area as well."""

MOST_OPTIONS = 6
GAP_CAUSES = ("too_far", "detour", "no_facility")

FITS: dict[str, Text] = {
    "fits": Text("面积够", "large enough"),
    "no_minimum": Text("没有面积下限", "no minimum is known"),
    "area_unknown": Text("面积不详", "its area is unknown"),
}


def gaps_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return the map of gap areas, ranked over all types or for one chosen in the map.

    A click on an area shows its people, the types they lack and why; where the greatest of its gaps is
    a detour, the straight line and the real walk. Idle spaces show which types they could take in.

    Args:
        results: an analysed study.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, gaps_map, load_study
    >>> gaps_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Walking gaps'
    """
    return folium_map(gaps_page(Shared(results, background)))


def gaps_page(shared: Shared) -> MapPage:
    """Return the page of ``gaps_map``."""
    results = shared.results
    lang, inputs = results.lang, results.inputs
    types = shared.types
    areas = results.tables["gap_areas"]
    members = _members(results)
    spaces = _spaces(results, types)
    title = Text(f"{inputs.study.name} · 步行缺口", f"{inputs.study.name} · Walking gaps")
    return map_page(
        shared,
        title=title.of(lang),
        template="gaps.html.j2",
        words=_words(shared, areas, spaces),
        data={
            "types": [_type_json(row, lang) for row in shared.type_rows],
            "areas": _area_rows(results, areas),
            "outlines": pack_whole(_outlines(results, areas, members), inputs.study.crs),
            **_gap_rows(results, areas, types),
            "detours": _detours(shared, areas),
            "spaces": spaces,
            "ranks": [[bound, colour] for bound, colour, _ in RANK_CLASSES],
            "causes": {key: CAUSE_WORDS[key].of(lang) for key in GAP_CAUSES},
            "fits": {key: text.of(lang) for key, text in FITS.items()},
            "text": _texts(lang),
        },
        scripts=("signs.js", "streets.js", "gaps.js"),
        start="pujin.gaps",
    )


def _members(results: "Results") -> pd.DataFrame:
    """Return which demand point lies in which gap area: ``demand_id``, ``area_id``."""
    return results.tables["gaps"][["demand_id", "area_id"]].drop_duplicates("demand_id")


def _outlines(results: "Results", areas: pd.DataFrame, members: pd.DataFrame) -> Any:
    """Return one closed line per area around its demand points, in the order of the areas."""
    residents = results.inputs.residents
    points = demand_points(residents)[pd.Index(residents["demand_id"]).get_indexer(members["demand_id"])]
    area = pd.Index(areas["area_id"]).get_indexer(members["area_id"])
    order = np.argsort(area, kind="stable")
    order = order[area[order] >= 0]
    together = shapely.multipoints(points[order], indices=area[order])
    return shapely.get_exterior_ring(shapely.buffer(shapely.convex_hull(together), AROUND_M))


def _area_rows(results: "Results", areas: pd.DataFrame) -> list[list[Any]]:
    """Return per area: id, name, circle, committee, points, residents, of them 60+ and 0-3, shortfall, crossed."""
    known = committee_names(results)
    return [
        [
            row.area_id, row.area_name, row.circle_id, known.get(row.committee_id, row.committee_id),
            row.demand_points, whole(row.population), whole(row.pop_60_plus), whole(row.pop_0_3),
            round(row.shortfall_person_m), row.crossed.replace(";", ", "), row.types_missing, row.must_have_missing,
        ]
        for row in areas.itertuples()
    ]  # fmt: skip


def _gap_rows(results: "Results", areas: pd.DataFrame, types: pd.DataFrame) -> dict[str, Any]:
    """Return one row per area and type for the page, and the names of the nearest facilities.

    A row is: area, type (from 0), people not met, of them by ``GAP_CAUSES``, people unknown, shortfall, mean walk,
    nearest facility (-1 for none), walk to it.
    """
    table = results.tables["gap_area_types"]
    table = table[(table["people_not_met"] > 0) | (table["people_unknown"] > 0)]
    area = pd.Index(areas["area_id"]).get_indexer(table["area_id"])
    kind = pd.Index(types["facility_type"]).get_indexer(table["facility_type"])
    nearest, names = pd.factorize(table["nearest_facility_name"].where(table["nearest_facility_id"] != ""))
    counted = (
        "people_not_met",
        *(f"people_{cause}" for cause in GAP_CAUSES),
        "people_unknown",
        "shortfall_person_m",
    )
    columns = (
        area.tolist(),
        kind.tolist(),
        *(np.rint(table[name]).astype("int64").tolist() for name in counted),
        _metres(table["mean_walk_m"]),
        nearest.tolist(),
        _metres(table["nearest_walk_m"]),
    )
    rows = [list(row) for row in zip(*columns, strict=True)]
    return {"gaps": rows, "nearest": [str(name) for name in names]}


def _metres(lengths_m: pd.Series) -> list[int | None]:
    return [None if math.isnan(length_m) else round(length_m) for length_m in lengths_m.tolist()]


def _detours(shared: Shared, areas: pd.DataFrame) -> dict[str, Any]:
    """Return the greatest detour of each area: the real walk and the straight line.

    ``of``: per area the row in ``rows``, -1 for none. A row: type (from 0), demand point, facility walked to,
    walk, facility nearest by straight line, straight distance. ``walks`` and ``straights`` are the packed lines.
    """
    results, types = shared.results, shared.types
    inputs = results.inputs
    chosen = _greatest_detours(results)
    routes = walking_routes(results.network, shared.placed, inputs.entrances, chosen)
    has_route = routes.geometry.notna().to_numpy()
    chosen, routes = chosen[has_route].reset_index(drop=True), routes[has_route]
    names = lookup(inputs.facilities, "facility_id", "name")
    homes = lookup(inputs.residents, "demand_id", "name")
    kind = pd.Index(types["facility_type"]).get_indexer(chosen["facility_type"])
    rows = [
        [
            int(number),
            homes[row.demand_id],
            names[row.facility_id],
            round(row.walk_m),
            names[row.straight_facility_id],
            round(row.straight_m),
        ]
        for number, row in zip(kind, chosen.itertuples(), strict=True)
    ]
    position = pd.Index(chosen["area_id"]).get_indexer(areas["area_id"])
    return {
        "of": position.tolist(),
        "rows": rows,
        "walks": pack_whole(routes.geometry.to_numpy(), inputs.study.crs),
        "straights": pack_whole(
            _straight_lines(inputs.residents, inputs.facilities, chosen), inputs.study.crs
        ),
    }


def _greatest_detours(results: "Results") -> pd.DataFrame:
    """Return, per area with a detour, the row of ``distances`` with most people × shortfall."""
    gaps = results.tables["gaps"]
    found = gaps[(gaps["cause"] == "detour") & gaps["walk_m"].notna()]
    found = found.assign(weight=found["people"] * found["shortfall_m"])
    found = found.sort_values(
        ["weight", "demand_id", "facility_type"], ascending=[False, True, True], kind="stable"
    )
    found = found.drop_duplicates("area_id")[["area_id", "demand_id", "facility_type"]]
    keys = ["demand_id", "facility_type"]
    distances = results.tables["distances"]
    detours = distances[distances["cause"] == "detour"]
    return found.merge(detours, on=keys, how="left").reset_index(drop=True)


def _straight_lines(residents: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, rows: pd.DataFrame) -> Any:
    homes = pd.Series(demand_points(residents), index=residents["demand_id"])
    places = pd.Series(facilities.geometry.to_numpy(), index=facilities["facility_id"])
    return shapely.shortest_line(
        homes[rows["demand_id"]].to_numpy(), places[rows["straight_facility_id"]].to_numpy()
    )


def _spaces(results: "Results", types: pd.DataFrame) -> list[list[Any]]:
    """Return per idle space: id, name, longitude, latitude, area and its best options.

    An option: type (from 0), people newly served, how it fits.
    """
    layer = results.inputs.spaces
    points = gpd.GeoSeries(demand_points(layer), crs=layer.crs).to_crs(4326)
    options = results.tables["space_options"]
    options = options[options["fit"].isin(CHOOSABLE) & (options["people_newly_served"] > 0)]
    options = options.sort_values("rank_in_space", kind="stable").groupby("space_id").head(MOST_OPTIONS)
    kind: Ints = pd.Index(types["facility_type"]).get_indexer(options["facility_type"])
    columns = (options[name].tolist() for name in ("space_id", "people_newly_served", "fit"))
    best: dict[str, list[list[Any]]] = {}
    for number, space_id, people, fit in zip(kind.tolist(), *columns, strict=True):
        best.setdefault(space_id, []).append([number, whole(people), fit])
    return [
        [space_id, name, round(x, 6), round(y, 6), number_or_none(area_m2), best.get(space_id, [])]
        for space_id, name, x, y, area_m2 in zip(
            layer["space_id"].tolist(), layer["name"].tolist(), points.x.tolist(), points.y.tolist(), layer["area_m2"].tolist(),
            strict=True,
        )
    ]  # fmt: skip


def _type_json(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    return {
        "id": row["facility_type"],
        "number": row["number"],
        "name": row["name_en" if lang == "en" else "name_zh"],
        "basic": row["class"] == "basic",
    }


def _words(shared: Shared, areas: pd.DataFrame, spaces: list[list[Any]]) -> dict[str, Any]:
    lang, types = shared.results.lang, shared.types
    table = shared.results.tables["gap_area_types"]
    lacking = set(table.loc[table["people_not_met"] > 0, "facility_type"])
    shown = types[types["facility_type"].isin(lacking)]
    texts = (
        Text(
            "缺口片区: 同一居村委、同一生活圈内, 步行 500 米以内的未达标居民点归为一处, 按人数最多的居民点取名。",
            "A gap area gathers demand points with a gap within 500 m on foot, of one committee and one circle; it is "
            "named after the most populous.",
        ),
        Text(
            "排序依据: 未达标人数 × 超出标准的米数, 各类设施相加; 选择一类后只计该类。没有步行路径的按一个标准距离计。",
            "Ranked by people not met × metres beyond the threshold, summed over types, or for the type chosen. Without "
            "a path one threshold is counted.",
        ),
        Text(
            "片区外框只示意位置, 不是测量的边界。",
            "The outline of an area shows where it is; it is not a measured border.",
        ),
        Text(
            "只有“无法判定”而没有未达标人数的片区不排序, 也不画出, 见 tables/gap_areas.csv。",
            "Areas with nobody not met but somebody unknown are neither ranked nor drawn: see tables/gap_areas.csv.",
        ),
        DEFINITIONS["detour"],
    )
    return {
        "areas": len(areas),
        "spaces": len(spaces),
        "types": [
            (row.facility_type, row.number, row.name_en if lang == "en" else row.name_zh)
            for row in shown.itertuples()
        ],
        "ranks": [(colour, text.of(lang)) for _, colour, text in RANK_CLASSES],
        "marks": uncertain_marks(types, lang),
        "definitions": [text.of(lang) for text in texts],
    }


def _texts(lang: Lang) -> dict[str, str]:
    return page_texts(
        lang,
        rank=Text("第 {} 位", "rank {}"),
        residents=Text("居民", "residents"),
        aged=Text("其中 60 岁及以上", "aged 60 and over"),
        small=Text("其中 0-3 岁", "aged 0-3"),
        points=Text("居民点", "demand points"),
        circle=Text("生活圈", "circle"),
        lacking=Text("缺少的类型", "types missing"),
        must=Text("其中必配", "must-have"),
        crossed=Text("直线被阻隔", "in the straight way"),
        type=Text("类型", "type"),
        count=Text("人数", "people"),
        meanWalk=Text("平均步行", "mean walk"),
        cause=Text("主因", "main cause"),
        nearest=Text("最近", "nearest"),
        moreTypes=Text(
            "另有 {} 类, 见 tables/gap_area_types.csv", "{} more types: tables/gap_area_types.csv"
        ),
        unknownPeople=Text("无法判定", "unknown"),
        detour=Text("绕行示例", "a detour here"),
        walked=Text("步行", "on foot"),
        line=Text("直线", "straight"),
        space=Text("闲置空间", "idle space"),
        couldServe=Text("可设置的类型 (新增达标人数)", "could take in (people newly served)"),
        noOption=Text("没有可新增达标人数的类型", "no type would newly serve anybody"),
    )
