"""What is shown of circles: the card of one circle, the reach of its hub, alternatives side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from ..catalogue import suitability_names
from ..errors import SettingsError
from ..results import Results
from ..tables import ALL
from ..texts import Lang, Text
from ..walking.access import access_points
from ..walking.distances import nearest
from ..walking.network import Ints
from .check import check
from .draw import Drawing, draw
from .hubs import hubs_of
from .layer import MARK
from .options import Wishes
from .terrain import Terrain, hub_access

RING_MINUTES = (5, 10, 15)
WALK_M_PER_MIN = 66.0
"""1.1 m/s, the lower end of the speed of walking adults; minutes are a view, the verdicts rest on metres."""


@dataclass(frozen=True)
class Card:
    """What the one-page card of a circle shows.

    Attributes:
        title: name and number, with the mark of drawn boundaries.
        figures: ``figure``, ``value``: name in words and as printed.
        facilities: open facilities in the circle: suitability (in official order), ``facility_type``,
            ``facility_name`` of the type, ``count``.
        gaps: per type with people not met or unknown: ``facility_type``, ``facility_name``, ``people``,
            ``people_not_met``, ``people_unknown``, ``coverage_share``; most people not met first.
    """

    title: str
    figures: pd.DataFrame
    facilities: pd.DataFrame
    gaps: pd.DataFrame


def circle_card(results: Results, circle_id: str, *, lang: Lang | None = None) -> Card:
    """Return the card of a circle of an analysed study.

    Args:
        results: from ``analysis.analyse``.
        circle_id: a circle of the study's layer.
        lang: language of the words; that of the results if None.

    Raises:
        SettingsError: there is no such circle.
    """
    lang = lang or results.lang
    circles = results.tables["circles"].set_index("circle_id")
    if circle_id not in circles.index:
        listed = ", ".join(circles.index) or "-"
        raise SettingsError(
            Text(
                f"没有编号为 {circle_id} 的生活圈; 现有: {listed}。",
                f"There is no circle {circle_id}; there are {listed}.",
            )
        )
    circle = circles.loc[circle_id]
    title = Text(
        f"{circle['name'] or circle_id} ({circle_id}) · {MARK}",
        f"{circle['name'] or circle_id} ({circle_id}) · schematic, for internal discussion",
    )
    return Card(
        title=title.of(lang),
        figures=_figures(results, circle_id, circle, lang),
        facilities=_facilities(results, circle_id, lang),
        gaps=_gaps(results, circle_id, lang),
    )


def _figures(results: Results, circle_id: str, circle: pd.Series, lang: Lang) -> pd.DataFrame:
    residents = results.tables["residents"]
    here = residents[(residents["circle_id"] == circle_id) & residents["inside_boundary"]]
    rural = float(here.loc[here["scope"] == "rural", "population"].sum())
    farthest_m = circle["farthest_walk_m"]
    committees = [one for one in str(circle["committees"]).split(";") if one]
    rows = [
        (Text("常住人口", "residents"), f"{circle['population']:,.0f}"),
        (Text("其中乡村", "of them rural"), f"{rural:,.0f}"),
        (Text("面积 (平方公里)", "area (km²)"), f"{circle['area_km2']:.2f}"),
        (Text("居村委", "committees"), ", ".join(committees) or "—"),
        (Text("中心设施", "hub"), str(circle["hub_facility_id"]) or Text("无", "none").of(lang)),
        (
            Text("到中心最远步行 (米)", "farthest walk to the hub (m)"),
            "—" if pd.isna(farthest_m) else f"{farthest_m:,.0f}",
        ),
    ]
    return pd.DataFrame([(name.of(lang), value) for name, value in rows], columns=["figure", "value"])


def _type_names(results: Results, lang: Lang) -> pd.Series:
    catalogue = results.inputs.catalogue.set_index("facility_type")
    return catalogue["name_en" if lang == "en" else "name_zh"]


def _facilities(results: Results, circle_id: str, lang: Lang) -> pd.DataFrame:
    table = results.tables["facilities"]
    here = table[(table["circle_id"] == circle_id) & (table["status"] == "existing")]
    counted = here.groupby(["suitability", "facility_type"]).size().rename("count").reset_index()
    order = {name: number for number, name in enumerate(suitability_names)}
    counted = counted.assign(rank=counted["suitability"].map(order)).sort_values(
        ["rank", "facility_type"], ignore_index=True
    )
    counted["facility_name"] = counted["facility_type"].map(_type_names(results, lang))
    counted["suitability"] = counted["suitability"].map({k: t.of(lang) for k, t in suitability_names.items()})
    return counted[["suitability", "facility_type", "facility_name", "count"]]


def _gaps(results: Results, circle_id: str, lang: Lang) -> pd.DataFrame:
    table = results.tables["coverage"]
    here = table[(table["circle_id"] == circle_id) & (table["scope"] == ALL)]
    here = here[(here["people_not_met"] > 0) | (here["people_unknown"] > 0)]
    here = here.assign(facility_name=here["facility_type"].map(_type_names(results, lang)))
    columns = [
        "facility_type", "facility_name", "people", "people_not_met", "people_unknown", "coverage_share",
    ]  # fmt: skip
    ranked = here.sort_values(["people_not_met", "people_unknown"], ascending=False, kind="stable")
    return ranked[columns].reset_index(drop=True)


def hub_reach(
    terrain: Terrain,
    circles: gpd.GeoDataFrame,
    *,
    minutes: Sequence[int] = RING_MINUTES,
    walk_m_per_min: float = WALK_M_PER_MIN,
) -> gpd.GeoDataFrame:
    """Return the streets that can be reached from each circle's hub within each number of minutes.

    Rings are bands of street, not discs: a piece of about 20 m of street belongs to the least number of
    minutes within which its middle is reached on foot.

    Args:
        terrain: from ``survey``.
        circles: a circles layer.
        minutes: ring limits, rising.
        walk_m_per_min: walking speed, metres per minute.

    Returns:
        One row per circle and ring: ``circle_id``, ``minutes``, ``limit_m``, ``street_m``, ``people``
        (judged residents whose walk is within the limit and beyond the ring before), MultiLineString
        in the study's CRS.
    """
    terrain, hub = hubs_of(terrain, circles)
    limits_m = [minute * walk_m_per_min for minute in minutes]
    rows = []
    for number, circle in enumerate(circles["circle_id"]):
        if hub[number] < 0:
            continue
        reached_m = _walks_to_pieces(terrain, hub[number : number + 1])
        own_m = np.where(terrain.has_path[:, hub[number]], terrain.walk_m[:, hub[number]], np.inf)
        inner = 0.0
        for minute, limit_m in zip(minutes, limits_m, strict=True):
            ring = np.flatnonzero((reached_m <= limit_m) & (reached_m > inner if inner else True))
            people = terrain.people[(own_m <= limit_m) & ((own_m > inner) if inner else True)].sum()
            length_m = float(terrain.pieces.length_m[ring].sum())
            rows.append((circle, minute, limit_m, length_m, float(people), _as_lines(terrain, ring)))
            inner = limit_m
    columns = ["circle_id", "minutes", "limit_m", "street_m", "people", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=terrain.units.crs)


def _walks_to_pieces(terrain: Terrain, hub: Ints) -> np.ndarray:
    """Return the walk from a hub to the middle of every piece; infinite where there is no way."""
    pieces, network = terrain.pieces, terrain.network
    origins = access_points(network, pieces.middle, max_snap_m=1.0)
    targets = hub_access(terrain.placed, terrain.hubs.iloc[hub].reset_index(drop=True))
    zero = np.zeros(1, dtype=np.int64)
    walk_m, _ = nearest(network, origins, targets, zero, len(pieces.middle), groups=1)
    walks: np.ndarray = walk_m[:, 0]
    return walks


def _as_lines(terrain: Terrain, chosen: Ints) -> shapely.MultiLineString:
    edge = np.searchsorted(terrain.pieces.first, chosen, side="right") - 1
    step = chosen - terrain.pieces.first[edge]
    count = terrain.pieces.first[edge + 1] - terrain.pieces.first[edge]
    lines = [
        substring(terrain.network.edge_geometry[e], s / n, (s + 1) / n, normalized=True)
        for e, s, n in zip(edge, step, count, strict=True)
    ]
    merged = shapely.line_merge(shapely.multilinestrings(lines)) if lines else shapely.MultiLineString()
    return shapely.multilinestrings(shapely.get_parts(merged))


def alternatives(
    terrain: Terrain, counts: Sequence[int] = (10, 12, 14), *, wishes: Wishes | None = None
) -> tuple[dict[int, Drawing], pd.DataFrame]:
    """Draw several numbers of circles and set them side by side.

    Returns:
        The drawings by count, and one row per count: ``count``, ``walking_person_m``, ``mean_walk_m``,
        ``farthest_walk_m``, ``population_min``, ``population_max``, ``breach_count``, ``status``,
        ``gap_share``.
    """
    drawings = {count: draw(terrain, count=count, wishes=wishes) for count in counts}
    rows = []
    for count, drawing in drawings.items():
        found = check(terrain, drawing.circles)
        card = found.scorecard
        reached = float((card["population"] - card["people_without_path"]).sum())
        rows.append(
            {
                "count": count,
                "walking_person_m": found.walking_person_m,
                "mean_walk_m": found.walking_person_m / reached if reached else np.nan,
                "farthest_walk_m": card["farthest_walk_m"].max(),
                "population_min": card["population"].min(),
                "population_max": card["population"].max(),
                "breach_count": len(found.breaches),
                "status": drawing.status,
                "gap_share": drawing.gap_share,
            }
        )
    return drawings, pd.DataFrame(rows)
