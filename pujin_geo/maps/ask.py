"""Click to ask: the walking graph in the page, so that it answers and tries changes without Python."""

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..catalogue import UNCERTAIN, confidence_names, is_uncertain, suitability_names
from ..circles.describe import circle_of
from ..definitions import DEFINITIONS
from ..texts import Lang, Text
from ..walking.network import Floats, Network
from ..walking.verdicts import (
    Placed,
    demand_points,
    exit_walks,
    people_served,
    surveyed_extent,
)
from ..walking.verdicts import judged_types as types_with_threshold
from .basemap import Background, drawn_box
from .coverage import CAUSES, VERDICTS, basic_reach, definition_words, legend_words
from .packing import pack_numbers
from .page import MapPage, folium_map, map_page
from .palette import DEMAND_CLASSES, VERDICT_COLOURS, demand_class, type_colour
from .shared import Shared
from .words import committee_names, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap

NONE_MM = 2**32 - 1
"""Stands for a length that is infinite."""

_DEGREE = 5
_SAMPLES = 13

Point = tuple[float, float]


def ask_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return the map that answers: walks from any place to the nearest facility of every type, and what if.

    The page holds the walking graph, every way into it, thresholds and people, and decides by the rules
    of ``verdicts``: its walks are those of the ``distances`` table.

    Args:
        results: an analysed study.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, ask_map, load_study
    >>> ask_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Ask how far on foot'
    """
    return folium_map(ask_page(Shared(results, background)))


def ask_page(shared: Shared) -> MapPage:
    """Return the page of ``ask_map``."""
    results, types = shared.results, asked_types(shared)
    lang, study = results.lang, results.inputs.study
    title = Text(f"{study.name} · 步行问答", f"{study.name} · Ask how far on foot")
    return map_page(
        shared,
        title=title.of(lang),
        template="ask.html.j2",
        words=_words(results, types),
        data=ask_data(shared, types)
        | {
            "text": page_texts(lang, **_TEXTS),
            "verdictColours": VERDICT_COLOURS,
            "classes": [colour for _, colour, _ in DEMAND_CLASSES],
        },
        scripts=("demand.js", "router.js", "scenario.js", "ask.js"),
        start="pujin.ask",
    )


def ask_data(shared: Shared, types: pd.DataFrame) -> dict[str, Any]:
    """Return what the page computes with; metres from ``origin``, lengths exact.

    Numbers are base64 texts of little-endian arrays: coordinates ``int32`` millimetres, lengths along
    streets ``float64`` metres (multiples of 2⁻²⁰), so that sums in the page are Python's.
    """
    results, placed = shared.results, shared.placed
    inputs, network = results.inputs, results.network
    box = _box(results)
    origin = (float(np.floor(box[0])), float(np.floor(box[1])))
    to_metres, to_degrees = projection(box, origin, network)
    people, basis = people_served(placed.demand, types)
    extent = surveyed_extent(inputs)
    boundary = inputs.boundary.geometry.to_numpy()
    return {
        "network": _network(network, origin),
        "toMetres": to_metres,
        "toDegrees": to_degrees,
        "maxSnap": inputs.study.settings.max_snap_m,
        "types": [_type_json(row, basis, results.lang) for row in types.to_dict("records")],
        "people": {
            basis[name]: pack_numbers(people[name].to_numpy(dtype=float), "<f8")
            for name in types["facility_type"]
        },
        "demand": _demand(results, placed, origin),
        "facilities": _facilities(results, placed, types, origin),
        "exits": _ways(placed.exits),
        "extent": _shapes(_listed([] if extent is None else [extent]), origin),
        "boundary": _shapes(_listed([shapely.union_all(boundary)] if len(boundary) else []), origin),
        "circles": inputs.circles["name"].where(inputs.circles["name"] != "", inputs.circles["circle_id"]).tolist(),
    }  # fmt: skip


def projection(
    box: tuple[float, float, float, float], origin: Point, network: Network
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return polynomials degrees → metres from the origin, and back, fitted over a box of the study's CRS.

    Over 100 km they follow the projection to about a millimetre.
    """
    x, y = (np.linspace(low, high, _SAMPLES) for low, high in ((box[0], box[2]), (box[1], box[3])))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    lonlat = gpd.GeoSeries(shapely.points(grid), crs=network.crs).to_crs(4326)
    degrees = np.column_stack([lonlat.x, lonlat.y])
    metres = grid - np.array(origin)
    return _fit(degrees, metres, decimals=7), _fit(metres, degrees, decimals=13)


def _fit(given: Floats, wanted: Floats, *, decimals: int) -> dict[str, Any]:
    low, high = given.min(axis=0), given.max(axis=0)
    centre, scale = (low + high) / 2, (high - low) / 2
    u, v = ((given - centre) / scale).T
    powers = np.polynomial.polynomial.polyvander2d(u, v, [_DEGREE, _DEGREE])
    terms = np.linalg.lstsq(powers, wanted, rcond=None)[0].T.reshape(2, _DEGREE + 1, _DEGREE + 1)
    # Fewer digits than the solver gives: its last ones differ from machine to machine.
    return {"centre": centre.tolist(), "scale": scale.tolist(), "terms": np.round(terms, decimals).tolist()}


def _box(results: "Results") -> tuple[float, float, float, float]:
    """Return the box of everything that the page knows, in metres of the study's CRS."""
    bounds = np.array([drawn_box(results.inputs), shapely.total_bounds(results.network.edge_geometry)])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def asked_types(shared: Shared) -> pd.DataFrame:
    """Return the judged types that have rows, in catalogue order, with their number in the suitability."""
    judged, _ = types_with_threshold(shared.results.inputs)
    with_rows = shared.results.tables["distances"]["facility_type"].unique()
    judged = judged[judged["facility_type"].isin(with_rows)].reset_index(drop=True)
    return judged.merge(shared.types[["facility_type", "number"]], on="facility_type", how="left")


def _type_json(row: dict[str, Any], basis: dict[str, str], lang: Lang) -> dict[str, Any]:
    urban = None if row["scope"] == "rural" else _length(row["threshold_urban_m"])
    rural = None if row["scope"] == "urban" else _length(row["threshold_rural_m"])
    mark = row["threshold_confidence"]
    return {
        "id": row["facility_type"],
        "number": row["number"],
        "name": row["name_en"] if lang == "en" else row["name_zh"],
        "suitability": suitability_names[row["suitability"]].of(lang),
        "colour": type_colour(row["number"]),
        "basic": row["class"] == "basic",
        "urban": urban,
        "rural": rural,
        "mark": mark if is_uncertain(mark) else "",
        "basis": basis[row["facility_type"]],
        "served": _served(basis[row["facility_type"]]).of(lang),
    }


def _served(basis: str) -> Text:
    """Return whom the counted people are.

    >>> _served("60+").zh
    '服务人群: 60+ 岁'
    """
    if basis == "all":
        return Text("服务人群: 全体居民", "people served: all residents")
    if basis.startswith("all"):
        return Text("服务人群: 无分年龄数据, 按全体居民", "people served: all residents (no age data)")
    return Text(f"服务人群: {basis.replace(';', '、')} 岁", f"people served: aged {basis.replace(';', ', ')}")


def _length(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _network(network: Network, origin: Point) -> dict[str, Any]:
    on_main = network.edge_part == network.main_part
    return {
        "nodes": len(network.node_xy),
        "from": pack_numbers(network.edge_from, "<i4"),
        "to": pack_numbers(network.edge_to, "<i4"),
        "length": pack_numbers(network.edge_length_m, "<f8"),
        "onMain": pack_numbers(on_main, "u1"),
        "vertices": pack_numbers(shapely.get_num_coordinates(network.edge_geometry), "<u4"),
        "xyMm": _xy_mm(shapely.get_coordinates(network.edge_geometry), origin),
    }


def _demand(results: "Results", placed: Placed, origin: Point) -> dict[str, Any]:
    demand, network = placed.demand, results.network
    on_main = placed.demand_part == network.main_part
    edge_m = np.where(on_main, exit_walks(network, placed), placed.edge_straight_m)
    committees = committee_names(results)
    circle = circle_of(demand_points(demand), results.inputs.circles)
    circle_number = {name: i for i, name in enumerate(results.inputs.circles["circle_id"])}
    names = demand["name"].where(demand["name"].str.strip() != "", demand["demand_id"])
    reached = basic_reach(results).set_index("demand_id")["met_share"].reindex(demand["demand_id"])
    return {
        "xyMm": _xy_mm(shapely.get_coordinates(demand_points(demand)), origin),
        "ways": _ways(placed.demand_access),
        "edgeMm": pack_numbers(np.where(np.isinf(edge_m), NONE_MM, np.rint(edge_m * 1000)), "<u4"),
        "rural": pack_numbers(demand["scope"] == "rural", "u1"),
        "population": pack_numbers(demand["population"].to_numpy(dtype=float), "<f8"),
        "circle": [circle_number.get(one, -1) for one in circle],
        "name": names.tolist(),
        "committee": [committees.get(one, one) for one in demand["committee_id"].fillna("").tolist()],
        "reached": demand_class(reached.to_numpy(dtype=float)).tolist(),
        "crossing": _crossing(results, "residents", demand["demand_id"]),
    }


def _facilities(results: "Results", placed: Placed, types: pd.DataFrame, origin: Point) -> dict[str, Any]:
    number = {name: i for i, name in enumerate(types["facility_type"])}
    judged = placed.facilities["facility_type"].isin(number).to_numpy()
    facilities = placed.facilities[judged]
    position = np.cumsum(judged) - 1
    access = placed.facility_access
    access = access[judged[access["item"].to_numpy()]]
    access = access.assign(item=position[access["item"].to_numpy()])
    return {
        "type": [number[one] for one in facilities["facility_type"].tolist()],
        "name": facilities["name"].tolist(),
        "xyMm": _xy_mm(shapely.get_coordinates(demand_points(facilities)), origin),
        "shapes": _shapes(facilities.geometry.to_numpy(), origin),
        "ways": _ways(access),
        "gatesMm": _gates(results, facilities, origin),
        "crossing": _crossing(results, "facilities", facilities["facility_id"]),
    }


def _gates(results: "Results", facilities: gpd.GeoDataFrame, origin: Point) -> list[list[int]]:
    """Return facility number, x and y (mm) of each entrance of its site: where the drawn route ends."""
    entrances = results.inputs.entrances
    sites = pd.DataFrame({"site_id": facilities["site_id"], "facility": np.arange(len(facilities))})
    x, y = (
        np.rint((v - o) * 1000)
        for v, o in zip((entrances.geometry.x, entrances.geometry.y), origin, strict=True)
    )
    gates = pd.DataFrame({"site_id": entrances["site_id"], "x": x, "y": y}).merge(sites, on="site_id")
    rows: list[list[int]] = gates[["facility", "x", "y"]].astype("int64").to_numpy().tolist()
    return rows


def _crossing(results: "Results", layer: str, ids: pd.Series) -> list[int]:
    """Return the positions of rows whose way to the street was found to cross water or a barrier."""
    problems = results.tables["problems"]
    found = problems[(problems["layer"] == layer) & (problems["code"] == "access_crosses_barrier")]
    positions: list[int] = np.flatnonzero(ids.isin(found["value"])).tolist()
    return positions


def _ways(access: pd.DataFrame) -> dict[str, str]:
    packed = {name: pack_numbers(access[name].to_numpy(), "<i4") for name in ("item", "edge")}
    for name in ("offset", "span", "leg"):
        packed[name] = pack_numbers(access[f"{name}_m"].to_numpy(dtype=float), "<f8")
    return packed


def _shapes(geometry: NDArray[np.object_], origin: Point) -> dict[str, str]:
    """Pack points and polygons: rings per shape (a point is a ring of one vertex), vertices per ring, places."""
    parts, of_shape = shapely.get_parts(geometry, return_index=True)
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, of_part = shapely.get_rings(parts[is_area], return_index=True)
    pieces = np.concatenate([parts[~is_area], rings])
    owner = np.concatenate([of_shape[~is_area], of_shape[is_area][of_part]])
    order = np.argsort(owner, kind="stable")
    pieces = pieces[order]
    return {
        "rings": pack_numbers(np.bincount(owner, minlength=len(geometry)), "<u4"),
        "vertices": pack_numbers(shapely.get_num_coordinates(pieces), "<u4"),
        "xyMm": _xy_mm(shapely.get_coordinates(pieces), origin),
    }


def _listed(geometry: list[shapely.Geometry]) -> NDArray[np.object_]:
    array = np.empty(len(geometry), dtype=object)
    array[:] = geometry
    return array


def _xy_mm(xy: Floats, origin: Point) -> str:
    return pack_numbers(np.rint((xy - np.array(origin)) * 1000), "<i4")


def _words(results: "Results", types: pd.DataFrame) -> dict[str, Any]:
    lang = results.lang
    groups: dict[str, list[tuple[int, str]]] = {}
    for position, row in enumerate(types.to_dict("records")):
        name = row["name_en"] if lang == "en" else row["name_zh"]
        groups.setdefault(suitability_names[row["suitability"]].of(lang), []).append(
            (position, f"{row['number']} {name}")
        )
    used = set(types["threshold_confidence"])
    return {
        "groups": groups,
        "verdicts": [(key, VERDICT_COLOURS[key], text.of(lang)) for key, text in VERDICTS.items()],
        "classes": legend_words(lang)["classes"],
        "not_judged_colour": VERDICT_COLOURS["none"],
        "marks": [(mark, confidence_names[mark].of(lang)) for mark in UNCERTAIN if mark in used],
        "has_rural": bool((types["threshold_rural_m"] != types["threshold_urban_m"]).any()),
        "definitions": definition_words(results),
    }


_TEXTS: dict[str, Text] = {
    **{key: DEFINITIONS[key] for key in CAUSES},
    **VERDICTS,
    "persons": Text("人", "people"),
    "invite": Text("点击地图任意位置", "Click anywhere on the map"),
    "hintLook": Text(
        "点击地图任意位置, 查看步行到各类设施的距离; 选一类设施可看谁达标。",
        "Click anywhere for the walk to each type of facility; choose a type to see who is served.",
    ),
    "hintType": Text("先选择一类设施。", "Choose a type of facility first."),
    "hintAdd": Text(
        "点击地图, 试加一处所选类型的设施; 按住设施可拖到别处。",
        "Click the map to try a new facility of this type; drag a facility to move it.",
    ),
    "hintRemove": Text(
        "点击设施, 试移除它; 按住设施可拖到别处。",
        "Click a facility to take it away; drag one to move it.",
    ),
    "outsideExtent": Text(
        "该处在数据范围之外, 不计入; 请选范围内的位置。",
        "This place is outside the surveyed extent and would not count; choose one inside.",
    ),
    "outsideBoundary": Text("边界以外, 仅供参考。", "Outside the boundary: for orientation only."),
    "place": Text("所选位置", "Chosen place"),
    "newFacility": Text("试加的设施", "New facility"),
    "moved": Text("已移动", "moved"),
    "toStreet": Text("到最近的可步行道路", "To the nearest walkable street"),
    "noStreet": Text(
        "附近没有可步行道路 (超过 {0} 米), 无法计算步行距离。",
        "No walkable street within {0} m, so no walk can be measured.",
    ),
    "onIsland": Text(
        "所在道路与主路网不连通。",
        "The street here is cut off from the main network.",
    ),
    "crossesBarrier": Text(
        "到道路的直线穿过水面或屏障, 请核对实际能否通行。",
        "The straight way to the street crosses water or a barrier: check whether people can pass.",
    ),
    "urban": Text("按城镇标准", "urban thresholds"),
    "rural": Text("按乡村标准", "rural thresholds"),
    "straight": Text("直线", "straight"),
    "byDetour": Text("绕行: 直线 {0}", "a detour: straight {0}"),
    "none": Text("没有该类设施", "no such facility"),
    "metOf": Text("适用的 {0} 类中 {1} 类达标", "{1} of {0} types that apply are met"),
    "limit": Text("标准 {0} 米", "limit {0} m"),
    "notApplying": Text("标准不适用于此处", "no standard applies here"),
    "took": Text("页内计算 {0} 毫秒", "computed here in {0} ms"),
    "newlyMet": Text("新达标", "Newly met"),
    "fromUnknown": Text("原无法判定、现达标", "Met, unknown before"),
    "noLongerMet": Text("不再达标", "No longer met"),
    "noChangeForType": Text("这一类设施尚无改动。", "No change of this type yet."),
    "all": Text("全部", "All"),
    "added": Text("加", "Added"),
    "removed": Text("移除", "Removed"),
    "movedTo": Text("移动", "Moved"),
    "notOnNetwork": Text(
        "新位置接不上路网 (附近 {0} 米内没有可步行道路)。",
        "The new place is on no street (none within {0} m).",
    ),
    "notOnMain": Text(
        "新位置所在道路与主路网不连通。",
        "The street at the new place is cut off from the main network.",
    ),
}
