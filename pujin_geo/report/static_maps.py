"""Results to static vector maps for slides and the wall: facilities, coverage, circles and gaps, through matplotlib.

No browser is needed. Chinese is set in a font of the system (``fonts``).
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..catalogue import suitability_names
from ..coverage.disclosure import suppressed
from ..definitions import DEFINITIONS
from ..errors import SettingsError
from ..maps.coverage import (
    VERDICTS,
    basic_reach,
    counting_words,
    threshold_words,
    whole_coverage,
)
from ..maps.figures import percent, whole
from ..maps.overview import WORST
from ..maps.palette import (
    CIRCLE_COLOURS,
    DEMAND_CLASSES,
    RANK_CLASSES,
    SUITABILITY_COLOURS,
    VERDICT_COLOURS,
    demand_class,
)
from ..maps.reached_streets import counting_facilities, thresholds_m
from ..maps.words import STATUSES
from ..tables import ALL
from ..texts import Text
from ..walking.reach import reach_streets
from ..walking.verdicts import demand_points
from .charts import few
from .sentences import circle_means
from .sheet import A3_MM, Sheet, save

if TYPE_CHECKING:
    from ..results import Results

MapKind = Literal["facilities", "coverage", "circles", "gaps"]
KINDS: tuple[MapKind, ...] = get_args(MapKind)
FORMATS = ("pdf", "png", "svg")
STATUS_MARKERS = {
    "existing": ("o", False),
    "under_construction": ("^", False),
    "planned": ("D", True),
    "closed": ("X", False),
}
"""Status → marker of matplotlib, and whether it is hollow."""

REACH_COLOUR = "#2ca089"

TITLES: dict[MapKind, Text] = {
    "facilities": Text("“五宜”设施分布", "Facilities of the five suitabilities"),
    "coverage": Text("步行可达的基础类设施", "Basic types within walking reach"),
    "circles": Text("社区生活圈", "Living circles"),
    "gaps": Text("步行缺口片区", "Walking gaps"),
}


def static_map(
    results: "Results",
    kind: MapKind,
    *,
    facility_type: str | None = None,
    title: str | None = None,
    size_mm: tuple[float, float] = A3_MM,
) -> Figure:
    """Return a map as a matplotlib figure, with title, legend, scale bar, north arrow, notice, date and source.

    Args:
        results: an analysed study.
        kind: ``facilities`` by suitability and status; ``coverage``: demand points by the share of basic types within
            reach, or with ``facility_type`` their verdicts, the streets within its threshold and its facilities;
            ``circles``; ``gaps``: gap areas by rank.
        facility_type: a judged type, for ``coverage`` only.
        title: in place of the usual one.
        size_mm: width and height of the sheet; A3 landscape, or ``sheet.SLIDE_MM`` for a slide.

    Returns:
        The figure, in the study's CRS; save it with ``sheet.save`` for equal bytes.

    Raises:
        SettingsError: there is no such map or judged type, the study has no circles, or the computer has no Chinese font.

    >>> from pujin_geo import analyse, load_study, static_map
    >>> figure = static_map(analyse(load_study("geodata/xiaohe")), "gaps")
    >>> round(float(figure.get_figwidth()), 2)
    16.54
    """
    if kind not in KINDS:
        listed = ", ".join(KINDS)
        raise SettingsError(
            Text(f"没有名为 {kind} 的静态地图; 可选: {listed}。", f"There is no static map {kind}; there are {listed}.")
        )  # fmt: skip
    if facility_type is not None and kind == "coverage":
        return _type_coverage(results, facility_type, title, size_mm)
    if facility_type is not None:
        raise SettingsError(
            Text("facility_type 只用于 coverage 地图。", "facility_type belongs to the map coverage only.")
        )
    drawers: dict[MapKind, Callable[[Sheet], None]] = {
        "facilities": _facilities, "coverage": _coverage, "circles": _circles, "gaps": _gaps,
    }  # fmt: skip
    if kind == "circles" and results.inputs.circles.empty:
        raise SettingsError(
            Text(
                "研究中没有生活圈图层 (circles), 请先用 pujin-geo circles 划示。",
                "The study has no circles layer: draw one with pujin-geo circles.",
            )
        )
    sheet = Sheet(results, title or TITLES[kind].of(results.lang), size_mm=size_mm)
    drawers[kind](sheet)
    sheet.scale_and_north()
    return sheet.figure


def static_kinds(results: "Results") -> list[MapKind]:
    """Return the maps that a study has: circles and gaps only where there are any."""
    absent = {"circles": results.inputs.circles.empty, "gaps": results.tables["gap_areas"].empty}
    return [kind for kind in KINDS if not absent.get(kind, False)]


def write_static_maps(
    results: "Results",
    folder: Path,
    *,
    formats: Iterable[str] = FORMATS,
    size_mm: tuple[float, float] = A3_MM,
) -> list[Path]:
    """Write every map of a study in each format; the same results give the same bytes.

    Args:
        results: an analysed study.
        folder: made if it is missing.
        formats: of ``FORMATS``.
        size_mm: width and height of the sheets.

    Returns:
        The files written.

    Raises:
        SettingsError: the computer has no Chinese font.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in static_kinds(results):
        figure = static_map(results, kind, size_mm=size_mm)
        for name in formats:
            written.append(folder / f"{kind}.{name}")
            save(figure, written[-1])
    return written


def _xy(points: NDArray[np.object_]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = shapely.get_coordinates(points)
    return found


def _judged_xy(results: "Results", demand_ids: pd.Series) -> NDArray[np.float64]:
    layer = results.inputs.residents.set_index("demand_id").loc[demand_ids]
    return _xy(demand_points(layer))


def _dot_sizes(people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many points across each dot is: three sizes by people, smaller where there are many dots."""
    positive = people[people > 0]
    limits = np.quantile(positive, [0.5, 0.9]) if len(positive) else [1.0, 1.0]
    crowding = float(np.clip(np.sqrt(1_000 / max(len(people), 1)), 0.35, 1.0))
    sizes: NDArray[np.float64] = np.array([3.6, 5.4, 7.8])[np.searchsorted(limits, people)] * crowding
    return sizes


def _suppressed_people(results: "Results", people: float) -> str:
    return few(people, results.inputs.study.settings.smallest_count_shown)


def _people_words(results: "Results", people: float) -> str:
    shown = _suppressed_people(results, people)
    return Text(f"{shown} 人", shown).of(results.lang)


def _facilities(sheet: Sheet) -> None:
    results, lang = sheet.results, sheet.results.lang
    layer = results.inputs.facilities
    xy = _xy(demand_points(layer))
    status, suitability = layer["status"].to_numpy(), layer["suitability"].to_numpy()
    for one, (marker, hollow) in STATUS_MARKERS.items():
        for name, colour in SUITABILITY_COLOURS.items():
            mine = (status == one) & (suitability == name)
            sheet.points(xy[mine], colour, size_pt=6.0 if hollow else 5.2, marker=marker, hollow=hollow)
    sheet.names()
    inside = results.tables["facilities"]["inside_boundary"].to_numpy(dtype=bool)
    sheet.heading(Text("五宜 (边界内现状处数)", "Suitability (existing, inside the boundary)").of(lang))
    for name, colour in SUITABILITY_COLOURS.items():
        count = int((inside & (status == "existing") & (suitability == name)).sum())
        sheet.key(suitability_names[name].of(lang), colour, number=whole(count))
    sheet.heading(Text("状态 (边界内)", "Status (inside the boundary)").of(lang))
    for one, (marker, hollow) in STATUS_MARKERS.items():
        count = int((inside & (status == one)).sum())
        sheet.key(STATUSES[one].of(lang), "#444444", kind=marker, hollow=hollow, number=whole(count))
    sheet.gap(6)
    note = Text(
        f"一行数据是一项功能: 共 {len(layer)} 项, 其中边界外 {int((~inside).sum())} 项 (供边缘居民使用, 计入步行可达)。",
        f"A row is one function: {len(layer)} in all, {int((~inside).sum())} of them outside the boundary, where people near "
        "the edge use them.",
    )
    sheet.text(note.of(lang), 9.5)
    sheet.foot([])


def _coverage(sheet: Sheet) -> None:
    results, lang = sheet.results, sheet.results.lang
    reach = basic_reach(results)
    xy, people = _judged_xy(results, reach["demand_id"]), reach["population"].to_numpy(dtype=float)
    sizes, group = _dot_sizes(people), demand_class(reach["met_share"].to_numpy(dtype=float))
    for code in (-1, *range(len(DEMAND_CLASSES))):
        mine = group == code
        colour = DEMAND_CLASSES[code][1] if code >= 0 else VERDICT_COLOURS["none"]
        sheet.points(xy[mine], colour, size_pt=sizes[mine])
    sheet.names()
    sheet.heading(
        Text("居民点: 基础类设施步行达标的占比", "Demand points: share of basic types within reach").of(lang)
    )
    for code, (_, colour, words) in enumerate(DEMAND_CLASSES):
        sheet.key(words.of(lang), colour, number=_people_words(results, float(people[group == code].sum())))
    sheet.gap(4)
    sheet.text(Text("圆点分三级大小, 人口多者大。", "Dots have three sizes by people.").of(lang), 9.5)
    if not results.inputs.circles.empty:
        sheet.heading(Text("各生活圈基础类平均覆盖率", "Mean coverage of basic types by circle").of(lang))
        names = results.tables["circles"].set_index("circle_id")["name"]
        for circle_id, share in circle_means(results)["mean_share"].items():
            sheet.row(f"{circle_id} {names[circle_id]}", percent(share))
    sheet.foot([DEFINITIONS["coverage_share"].of(lang), counting_words(results).of(lang)])


def _type_coverage(
    results: "Results", facility_type: str, title: str | None, size_mm: tuple[float, float]
) -> Figure:
    lang = results.lang
    judged = whole_coverage(results).set_index("facility_type")
    if facility_type not in judged.index:
        listed = ", ".join(judged.index)
        raise SettingsError(
            Text(f"没有判定类型 {facility_type}; 已判定: {listed}。", f"{facility_type} is not judged; judged are {listed}.")
        )  # fmt: skip
    row = judged.loc[facility_type]
    name = row["name_en"] if lang == "en" else row["name_zh"]
    usual = Text(f"{name}: 步行覆盖", f"{name}: walking coverage").of(lang)
    sheet = Sheet(results, title or usual, size_mm=size_mm)
    facilities, access = counting_facilities(results)
    mine = np.flatnonzero((facilities["facility_type"] == facility_type).to_numpy())
    for limit_m in thresholds_m(row["threshold_urban_m"], row["threshold_rural_m"]):
        ways = access[access["item"].isin(mine)]
        sheet.lines(
            reach_streets(results.network, ways, limit_m=limit_m).geometry, REACH_COLOUR, 2.4, alpha=0.55
        )
    distances = results.tables["distances"]
    rows = distances[distances["facility_type"] == facility_type]
    people = results.inputs.residents.set_index("demand_id")["population"].loc[rows["demand_id"]]
    sizes = _dot_sizes(people.to_numpy(dtype=float))
    xy, verdict = _judged_xy(results, rows["demand_id"]), rows["verdict"].to_numpy()
    for one in VERDICTS:
        sheet.points(xy[verdict == one], VERDICT_COLOURS[one], size_pt=sizes[verdict == one])
    sheet.names()
    sheet.points(_xy(demand_points(facilities.iloc[mine])), "#111111", size_pt=8.0, marker="s")
    sheet.foot(
        [DEFINITIONS[key].of(lang) for key in ("walk_m", "coverage_share")]
        + [counting_words(results).of(lang)]
    )
    sheet.heading(Text("居民点 (服务人群)", "Demand points (people served)").of(lang))
    for one, words in VERDICTS.items():
        sheet.key(
            words.of(lang), VERDICT_COLOURS[one], number=_people_words(results, float(row[f"people_{one}"]))
        )
    sheet.key(
        Text("计入的该类设施", "counting facilities of the type").of(lang),
        "#111111",
        kind="s",
        number=whole(len(mine)),
    )
    sheet.key(Text("标准内可走到的道路", "streets within the threshold").of(lang), REACH_COLOUR, kind="line")
    sheet.heading(Text("全域", "Whole study").of(lang))
    sheet.row(Text("步行标准", "threshold").of(lang), threshold_words(row.to_dict(), lang))
    small = results.inputs.study.settings.smallest_count_shown
    shown = suppressed(pd.DataFrame([row]), smallest=small).iloc[0]
    sheet.row(Text("步行覆盖率", "coverage on foot").of(lang), percent(shown["coverage_share"]))
    low, high = percent(shown["coverage_share_low"]), percent(shown["coverage_share_high"])
    sheet.row(Text("步行距离 ±10% 时", "with walks ±10 %").of(lang), f"{low} – {high}")
    sheet.row(Text("直线覆盖率 (对照)", "by straight line").of(lang), percent(shown["straight_line_share"]))
    if not results.inputs.circles.empty:
        sheet.heading(Text("各生活圈步行覆盖率", "Coverage by circle").of(lang))
        table = results.tables["coverage"]
        table = table[(table["scope"] == ALL) & (table["facility_type"] == facility_type)]
        table = suppressed(table, smallest=small).set_index("circle_id")["coverage_share"]
        names = results.tables["circles"].set_index("circle_id")["name"]
        size_pt = sheet.row_size(len(names))
        for circle_id, words in names.items():
            share = percent(float(table.get(circle_id, np.nan)))
            sheet.row(f"{circle_id} {words}", share, size_pt=size_pt)
    sheet.scale_and_north()
    return sheet.figure


def _circles(sheet: Sheet) -> None:
    results, lang = sheet.results, sheet.results.lang
    circles: gpd.GeoDataFrame = results.inputs.circles
    position = pd.Series(np.arange(len(circles)), index=circles.index, dtype=float)
    numbers = circles["colour"].fillna(position).astype(int)
    for geometry, number in zip(circles.geometry, numbers, strict=True):
        alone = gpd.GeoSeries([geometry], crs=circles.crs)
        sheet.fill(alone, CIRCLE_COLOURS[number % len(CIRCLE_COLOURS)], alpha=0.55)
    sheet.lines(circles.boundary, "#22303c", 1.8)
    hubs = results.tables["circles"]["hub_facility_id"]
    facilities = results.inputs.facilities
    opened = facilities[facilities["facility_id"].isin(hubs[hubs != ""])]
    xy = _xy(circles.representative_point().to_numpy())
    sheet.names(("committee", "water"), taken=xy)
    sheet.points(_xy(demand_points(opened)), "#7a4fc0", size_pt=11.0, marker="*")
    sheet.numbers(xy, "#22303c")
    sheet.key(Text("中心设施", "hub").of(lang), "#7a4fc0", kind="*", number=whole(len(opened)))
    sheet.key(Text("生活圈边界 (示意)", "border of a circle (schematic)").of(lang), "#22303c", kind="outline")
    sheet.heading(
        Text("生活圈: 人口, 基础类平均覆盖率", "Circle: residents, mean coverage of basic types").of(lang)
    )
    table = results.tables["circles"].join(circle_means(results), on="circle_id")
    for number, row in enumerate(table.itertuples(), start=1):
        people = _people_words(results, float(row.population))
        sheet.row(f"{row.circle_id} {row.name}", f"{people} · {percent(row.mean_share)}", badge=str(number))
    sheet.foot([DEFINITIONS["coverage_share"].of(lang), counting_words(results).of(lang)])


def _gaps(sheet: Sheet) -> None:
    results, lang = sheet.results, sheet.results.lang
    areas = results.tables["gap_areas"]
    xy = _judged_xy(results, areas["area_id"])
    first = WORST
    sheet.heading(Text("缺口片区名次", "Rank of the gap area").of(lang))
    sheet.key(RANK_CLASSES[0][2].of(lang), RANK_CLASSES[0][1])
    for last, colour, words in RANK_CLASSES[1:]:
        sheet.points(xy[first:last], colour, size_pt=8.0)
        sheet.key(words.of(lang), colour)
        first = last or len(xy)
    spaces = results.inputs.spaces
    if len(spaces):
        sheet.points(
            _xy(shapely.point_on_surface(spaces.geometry.to_numpy())),
            "#1f5fa8",
            size_pt=6.5,
            marker="s",
            hollow=True,
        )
        sheet.key(
            Text("闲置空间", "idle space").of(lang),
            "#1f5fa8",
            kind="s",
            hollow=True,
            number=whole(len(spaces)),
        )
    sheet.names(("committee",), taken=xy[:WORST])
    sheet.numbers(xy[:WORST], RANK_CLASSES[0][1])
    sheet.heading(
        Text("最大的十片: 居民, 缺必配类数", "The ten worst: residents, must-have types missing").of(lang)
    )
    for row in areas.head(WORST).itertuples():
        missing = Text(f"缺 {row.must_have_missing}", f"{row.must_have_missing} missing").of(lang)
        number = f"{_people_words(results, float(row.population))} · {missing}"
        sheet.row(row.area_name, number, badge=str(row.rank), badge_colour=RANK_CLASSES[0][1])
    sheet.foot([DEFINITIONS[key].of(lang) for key in ("gap_areas", "shortfall_person_m")])
