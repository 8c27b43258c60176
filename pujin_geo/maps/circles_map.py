"""The map of living circles: polygons, hubs, committees, the streets within 5, 10 and 15 minutes of each hub."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from ..catalogue import suitability_names
from ..definitions import DEFINITIONS
from ..texts import Lang, Text
from ..walking.access import Ways
from ..walking.minutes import RING_MINUTES, WALKERS, speed_note, walk_in_minutes, walk_minutes
from ..walking.network import Floats, Network
from ..walking.pairs import pairs_within
from ..walking.verdicts import Placed
from .all_facilities import circle_names
from .basemap import Background
from .figures import percent, whole
from .packing import pack
from .page import MapPage, folium_map, map_page
from .palette import CIRCLE_COLOURS, MINUTE_COLOURS
from .reached_streets import Edges, packed_reach
from .shared import Shared
from .words import committee_names, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap

MOST_GAPS = 8
WALKER = WALKERS["default"]
HUB_COLUMNS = ["circle_id", "name", "lon", "lat", "proposed", "ways"]


def circles_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return the map of living circles of a study that has them.

    Streets are coloured by the minutes on foot to the nearest hub, or to that of the circle chosen; a
    click on a circle opens its card. Minutes rest on the stated speed of walking adults.

    Args:
        results: an analysed study.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, circles_map, load_study
    >>> circles_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Living circles'
    """
    return folium_map(circles_page(Shared(results, background)))


def circles_page(shared: Shared) -> MapPage:
    """Return the page of ``circles_map``."""
    results = shared.results
    lang, inputs = results.lang, results.inputs
    circles = results.tables["circles"]
    names = circle_names(circles)
    hubs = _hubs(shared)
    cards = _cards(results, hubs, names)
    labelled = replace(shared.background, labels=[*_labels(inputs.circles), *shared.background.labels])
    title = Text(f"{inputs.study.name} · 社区生活圈", f"{inputs.study.name} · Living circles")
    return map_page(
        shared,
        title=title.of(lang),
        template="circles.html.j2",
        words=_words(results, names, proposed=bool(hubs["proposed"].any())),
        data={
            "base": labelled.as_json(),
            "circles": [
                {
                    "id": circle_id,
                    "name": name,
                    "colour": colour,
                    "rings": pack(shape, shared.background.grid, simplify_m=0.5),
                    "card": cards[circle_id],
                }
                for circle_id, name, colour, shape in zip(
                    shared.circle_ids,
                    names,
                    _colours(inputs.circles),
                    inputs.circles.geometry.to_numpy()[:, None],
                    strict=True,
                )
            ],
            "hubs": [
                [row.circle_id, row.name, round(row.lon, 6), round(row.lat, 6), int(row.proposed)]
                for row in hubs.itertuples()
            ],
            "edges": shared.edges.as_json,
            "reach": _reaches(shared.edges, hubs),
            "minutes": [[minutes, MINUTE_COLOURS[minutes]] for minutes in RING_MINUTES],
            "text": page_texts(
                lang,
                gaps=Text("未达标人数最多的类型", "types with most people not met"),
                facilities=Text("现状设施", "existing facilities"),
                hub=Text("中心", "hub"),
                proposed=Text("建议的中心 (现无设施)", "proposed hub (no facility yet)"),
                type=Text("类型", "type"),
                notMetPeople=Text("未达标人数", "people not met"),
                share=Text("覆盖率", "coverage"),
            ),
        },
        scripts=("signs.js", "streets.js", "circles.js"),
        start="pujin.circles",
    )


def _hubs(shared: Shared) -> pd.DataFrame:
    """Return the hub of each circle that has one: ``circle_id``, name, place, ``proposed``, ``ways``, ``within``.

    The open hub of the circles table, else the demand point that the layer proposes. ``ways`` is its access
    table; ``within`` the residents of the circle by minutes.
    """
    results, origins = shared.results, shared.placed.demand_access
    demand, people = _judged_people(results)
    found = pd.concat(
        [_open_hubs(results, shared.placed), _proposed_hubs(results, demand, origins)], ignore_index=True
    )
    place = pd.Index(results.tables["circles"]["circle_id"]).get_indexer(found["circle_id"])
    found = found.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)
    own = [np.where(demand["circle_id"].to_numpy() == one, people, 0.0) for one in found["circle_id"]]
    return found.assign(within=_people_within(results.network, origins, found["ways"].tolist(), own))


def _open_hubs(results: "Results", placed: Placed) -> pd.DataFrame:
    facilities, access = placed.facilities, placed.facility_access
    table = results.tables["facilities"].set_index("facility_id")
    at = pd.Index(facilities["facility_id"]).get_indexer(results.tables["circles"]["hub_facility_id"])
    rows = []
    for circle_id, item in zip(results.tables["circles"]["circle_id"], at, strict=True):
        if item >= 0:
            hub = table.loc[facilities["facility_id"].iat[item]]
            ways = access[access["item"] == item]
            rows.append((circle_id, hub["name"], hub["lon"], hub["lat"], False, ways))
    return pd.DataFrame(rows, columns=HUB_COLUMNS)


def _proposed_hubs(results: "Results", demand: pd.DataFrame, origins: pd.DataFrame) -> pd.DataFrame:
    """Return the proposals of circles without an open hub, where these are judged demand points."""
    layer = results.inputs.circles
    bare = (results.tables["circles"]["hub_facility_id"] == "").to_numpy()
    at = pd.Index(demand["demand_id"]).get_indexer(layer["hub_demand_id"])
    rows = []
    for circle_id, item in zip(layer["circle_id"][bare], at[bare], strict=True):
        if item >= 0:
            point = demand.iloc[item]
            ways = origins[origins["item"] == item]
            rows.append(
                (circle_id, point["name"] or point["demand_id"], point["lon"], point["lat"], True, ways)
            )
    return pd.DataFrame(rows, columns=HUB_COLUMNS)


def _judged_people(results: "Results") -> tuple[pd.DataFrame, Floats]:
    """Return the judged residents, and how many people they are."""
    residents = results.tables["residents"]
    demand = residents[residents["inside_boundary"]].reset_index(drop=True)
    return demand, demand["population"].to_numpy(dtype=float)


def _limits_m() -> dict[int, float]:
    return {minutes: walk_in_minutes(minutes, WALKER) for minutes in RING_MINUTES}


def _people_within(
    network: Network, origins: pd.DataFrame, hubs: list[pd.DataFrame], people: list[Floats]
) -> list[dict[int, float]]:
    """Return, per hub with its ways, how many of its people come to it within each of the minutes."""
    limits_m = _limits_m()
    numbered = [ways.assign(item=number) for number, ways in enumerate(hubs)]
    if not numbered:
        return []
    pairs = pairs_within(network, origins, pd.concat(numbered), limit_m=max(limits_m.values()))
    origin, hub, walk_m = (pairs[name].to_numpy() for name in ("origin", "target", "walk_m"))
    return [
        {
            minutes: float(own[origin[(hub == number) & (walk_m <= limit_m)]].sum())
            for minutes, limit_m in limits_m.items()
        }
        for number, own in enumerate(people)
    ]


def _reaches(edges: Edges, hubs: pd.DataFrame) -> dict[str, list[Any]]:
    """Return, per circle and (under "") for all open hubs together, the packed streets within each of the minutes.

    Longest first, so that what is nearer is drawn over it.
    """
    opened = hubs.loc[~hubs["proposed"].astype(bool), "ways"].tolist()
    found = {"": pd.concat(opened)} if opened else {}
    found |= dict(zip(hubs["circle_id"], hubs["ways"], strict=True))
    limits_m = sorted(_limits_m().items(), reverse=True)
    return {
        circle_id: [[minutes, packed_reach(edges, Ways.of(ways), limit_m)] for minutes, limit_m in limits_m]
        for circle_id, ways in found.items()
    }


def _colours(circles: gpd.GeoDataFrame) -> list[str]:
    """Return the fill of each circle: by the layer's colour number, by position where it has none."""
    position = pd.Series(np.arange(len(circles)), index=circles.index, dtype=float)
    number = circles["colour"].fillna(position).astype(int)
    return [CIRCLE_COLOURS[one % len(CIRCLE_COLOURS)] for one in number]


def _labels(circles: gpd.GeoDataFrame) -> list[list[Any]]:
    """Return the ids as labels; the names are long, and stand in the legend."""
    points = circles.representative_point().to_crs(4326)
    return [
        [circle_id, round(float(point.x), 6), round(float(point.y), 6), "circle"]
        for circle_id, point in zip(circles["circle_id"], points, strict=True)
    ]


def _cards(results: "Results", hubs: pd.DataFrame, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the card of each circle: figures, open facilities by suitability, types with most people not met."""
    lang = results.lang
    catalogue = results.inputs.catalogue
    called = catalogue["name_en" if lang == "en" else "name_zh"]
    type_name = dict(zip(catalogue["facility_type"], called, strict=True))
    table = results.tables["facilities"]
    opened = table[table["status"] == "existing"].groupby(["circle_id", "suitability"]).size().to_dict()
    coverage = results.tables["coverage"]
    gaps = coverage[(coverage["scope"] == "all") & (coverage["people_not_met"] > 0)]
    gaps = gaps.sort_values(["people_not_met", "facility_type"], ascending=[False, True], kind="stable")
    gaps = gaps.groupby("circle_id").head(MOST_GAPS)
    columns = ("circle_id", "facility_type", "people_not_met", "coverage_share")
    of_circle: dict[str, list[list[str]]] = {}
    for circle_id, facility_type, people, share in zip(*(gaps[one].tolist() for one in columns), strict=True):
        of_circle.setdefault(circle_id, []).append([type_name[facility_type], whole(people), percent(share)])
    hub_of = {hub["circle_id"]: hub for hub in hubs.to_dict("records")}
    committees = committee_names(results)
    return {
        circle["circle_id"]: {
            "title": name,
            "figures": _figures(circle, hub_of.get(circle["circle_id"]), committees, lang),
            "facilities": [
                [text.of(lang), opened.get((circle["circle_id"], key), 0)]
                for key, text in suitability_names.items()
            ],
            "gaps": of_circle.get(circle["circle_id"], []),
        }
        for circle, name in zip(results.tables["circles"].to_dict("records"), names, strict=True)
    }


def _figures(
    circle: dict[str, Any], hub: dict[str, Any] | None, committees: dict[str, str], lang: Lang
) -> list[list[str]]:
    """Return the figures of a circle as printed, each with its name, given its row and that of its hub."""
    members = [committees.get(one, one) for one in str(circle["committees"]).split(";") if one]
    metres, minute = ("m", "min") if lang == "en" else ("米", "分钟")
    rows = [
        (Text("常住人口", "residents"), whole(circle["population"])),
        (Text("面积", "area"), f"{circle['area_km2']:.2f} km²"),
        (Text("居村委", "committees"), ", ".join(members) if lang == "en" else "、".join(members)),
        (Text("中心", "hub"), _hub_words(hub).of(lang)),
    ]
    for minutes, people in hub["within"].items() if hub else ():
        share = people / circle["population"] if circle["population"] > 0 else float("nan")
        rows.append(
            (
                Text(f"步行 {minutes} 分钟内可到中心", f"within {minutes} min of the hub"),
                f"{whole(people)} ({percent(share)})",
            )
        )
    farthest_m = circle["farthest_walk_m"]
    if pd.notna(farthest_m):
        longest = float(walk_minutes(np.array([farthest_m]), WALKER)[0])
        rows.append(
            (
                Text("到中心最远步行", "farthest walk to the hub"),
                f"{whole(farthest_m)} {metres} ({whole(longest)} {minute})",
            )
        )
    return [[name.of(lang), value] for name, value in rows]


def _hub_words(hub: dict[str, Any] | None) -> Text:
    """Return what the card says of a circle's hub, given its row or none."""
    if hub is None:
        return Text("无现状中心", "none open")
    name = str(hub["name"])
    if hub["proposed"]:
        return Text(f"无现状中心; 建议: {name}", f"none open; proposed: {name}")
    return Text(name, name)


def _words(results: "Results", names: list[str], *, proposed: bool) -> dict[str, Any]:
    lang = results.lang
    circles = results.tables["circles"]
    limits = {minutes: f"{limit_m:,.0f}" for minutes, limit_m in _limits_m().items()}
    texts = (
        Text(
            "生活圈边界为示意, 供内部讨论, 不是法定界线。",
            "The borders of circles are schematic, for internal discussion, and have no legal force.",
        ),
        Text(
            "道路按走到中心的时间着色: 含接入段, 在恰好等于时限处截断。未选生活圈时, 计到最近的中心。",
            "Streets are coloured by the walk to the hub, access leg included, and cut exactly at the limit; to the "
            "nearest hub while no circle is chosen.",
        ),
        speed_note(WALKER),
        DEFINITIONS["coverage_share"],
    )
    return {
        "circles": list(
            zip(
                circles["circle_id"],
                names,
                circles["population"].map(whole),
                _colours(results.inputs.circles),
                strict=True,
            )
        ),
        "proposed": proposed,
        "minutes": [(minutes, MINUTE_COLOURS[minutes], limits[minutes]) for minutes in RING_MINUTES],
        "definitions": [text.of(lang) for text in texts],
    }
