"""Where each figure comes from: ``figures`` (page → table and rows) and ``columns`` (what each column means)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from ..catalogue import suitability_names
from ..definitions import DEFINITIONS
from ..tables import LAYERS
from ..texts import Lang, Text

if TYPE_CHECKING:
    from ..results import Results


class Figure(NamedTuple):
    """A figure on a page, and the rows of the table that it is read or worked out from.

    Attributes:
        page: the file.
        figure: in words.
        table: where it is read.
        rows: key columns that pick the rows, joined by ``;``, with the value where it is always the same.
        columns: what is read, joined by ``,``; the first is the figure's own.
    """

    page: str
    figure: Text
    table: str
    rows: str
    columns: str


_WHOLE = "circle_id=all;scope=all;facility_type"
_OF_CIRCLE = "circle_id;scope=all;facility_type"
_SHARES = "coverage_share,people,people_met,people_not_met,people_unknown"
_THEME = Text("各处设施", "facilities")

FIGURES = (
    Figure("index.html", Text("五个主要数字", "the five headline figures"), "headlines", "headline", "value,low,high,value_if_unknown_met,target"),
    Figure("index.html", Text("首句和第一个回答", "the first sentences"), "combined", "place_kind=all;family=basic;rule=every", "mean_share,reach_share,people,types,mean_types_reached,mean_types_applying"),
    Figure("index.html", Text("参与判定的居民和居民点", "residents and demand points judged"), "residents", "inside_boundary=True", "population"),
    Figure("index.html", Text("总图各色的人数", "people by colour of the overview"), "reached", "", "basic_reached,basic_types,population"),
    Figure("index.html", Text("各类覆盖率", "coverage by type"), "coverage", _WHOLE, f"{_SHARES},coverage_share_low,coverage_share_high,straight_line_share,mean_walk_m"),
    Figure("index.html", Text("未核实的标准", "unverified thresholds"), "coverage", "circle_id=all;scope=all;threshold_confidence", "threshold_confidence"),
    Figure("index.html", Text("各圈基础类平均和最低", "mean and lowest of basic types by circle"), "coverage", "circle_id;scope=all;class=basic;facility_type", "coverage_share,straight_line_share"),
    Figure("index.html", Text("各圈人口和面积", "population and area of circles"), "circles", "circle_id", "population,area_km2"),
    Figure("index.html", Text("缺口片区", "gap areas"), "gap_areas", "area_id;rank", "people_type_pairs,population,pop_60_plus,must_have_missing"),
    Figure("index.html", Text("缺口项数", "number of gaps"), "gaps", "verdict", "verdict"),
    Figure("index.html", Text("项目开放前后", "before and after projects"), "outlook", "place_kind=all;facility_type", "people_newly_served_planned,coverage_share_today,coverage_share_planned,projects"),
    Figure("index.html", Text("各个项目", "projects"), "projects", "facility_id", "people_newly_served,people_within,aged_60_plus_newly_served"),
    Figure("index.html", Text("规划点位评价", "planned places"), "planned_places", "facility_type", "people_newly_served,planned,best_people_newly_served,next_people_newly_served,people_left"),
    Figure("index.html", Text("闲置空间优选", "best idle spaces"), "best_spaces", "facility_type;spaces=1;must_have", "people_newly_served,people_not_met,gap_share,spaces"),
    Figure("index.html", Text("需求清单", "requirements"), "requirements", "priority;need", "people_not_met,priority"),
    Figure("index.html", Text("与报告对账", "reconciliation"), "reconciliation", "item", "study_figure,report_figure,difference"),
    Figure("index.html", Text("问题", "problems"), "problems", "layer;code;severity", "message"),
    Figure("index.html", Text("读入、采用、剔除的行数", "rows read, accepted, rejected"), "manifest.row_counts", "layer", "rows_read,accepted,rejected"),
    Figure("index.html", Text("步行距离的分布", "spread of walks"), "distances", "", "walk_m"),
    Figure("cards.html", Text("每圈人口、面积、到中心最远步行", "population, area and farthest walk to the hub"), "circles", "circle_id", "population,area_km2,farthest_walk_m"),
    Figure("cards.html", Text("其中乡村人口", "rural residents of a circle"), "residents", "circle_id;scope=rural;inside_boundary=True", "population"),
    Figure("cards.html", Text("现状设施", "open facilities"), "facilities", "circle_id;status=existing", "facility_type"),
    Figure("cards.html", Text("每圈各类人数与覆盖率", "people and coverage by type"), "coverage", f"{_OF_CIRCLE};class=basic", _SHARES),
    Figure("maps/facilities.html", _THEME, "facilities", "facility_id", "status"),
    *(Figure(f"maps/{one}.html", _THEME, "facilities", f"suitability={one};facility_id", "status") for one in suitability_names),
    *(Figure(f"maps/{one}.html", Text("各类覆盖率", "coverage by type"), "coverage", _WHOLE, f"{_SHARES},straight_line_share") for one in suitability_names),
    Figure("maps/coverage.html", Text("每个居民点的人数", "people of each demand point"), "residents", "demand_id", "population"),
    Figure("maps/coverage.html", Text("每个居民点的判定", "verdict of each demand point"), "distances", "demand_id;facility_type", "verdict,walk_m,facility_id"),
    Figure("maps/coverage.html", Text("各类覆盖率", "coverage by type"), "coverage", _WHOLE, f"{_SHARES},straight_line_share,mean_walk_m"),
    Figure("maps/gaps.html", Text("缺口", "gaps"), "gaps", "demand_id;facility_type", "people,walk_m,shortfall_m"),
    Figure("maps/gaps.html", Text("片区的人数和缺少的类型数", "people of an area and types it lacks"), "gap_areas", "area_id", "population,pop_60_plus,pop_0_3,demand_points,types_missing,must_have_missing"),
    Figure("maps/gaps.html", Text("片区缺少的各类", "types that an area lacks"), "gap_area_types", "area_id;facility_type", "people_not_met"),
    Figure("maps/circles.html", Text("生活圈", "circles"), "circles", "circle_id", "population,area_km2,farthest_walk_m"),
    Figure("maps/before_after.html", Text("项目开放前后", "before and after projects"), "outlook", "place_kind=all;facility_type", "people_newly_served_planned_with_streets,people_met_today,coverage_share_today,people_met_planned_with_streets,coverage_share_planned_with_streets,people_cleared_planned_with_streets,people_lost_planned_with_streets"),
    Figure("maps/ask.html", Text("步行距离 (点击处另算)", "walks (those from a click are worked out in the page)"), "distances", "demand_id;facility_type", "walk_m"),
    Figure("charts/matrix.svg", Text("各圈各类覆盖率", "coverage by circle and type"), "coverage", _OF_CIRCLE, "coverage_share"),
    Figure("charts/gaps.svg", Text("缺口片区排序", "gap areas by size"), "gap_areas", "area_id", "shortfall_person_m"),
    Figure("charts/walks.svg", Text("步行距离的分布", "spread of walks"), "distances", "demand_id;facility_type", "walk_m"),
    Figure("charts/profile_*.svg", Text("一个生活圈的五宜", "the five suitabilities of a circle"), "coverage", _OF_CIRCLE, "coverage_share"),
    Figure("requirements.xlsx", Text("需求清单各行", "rows of the requirements list"), "requirements", "priority", "people_not_met"),
)  # fmt: skip
"""In the order of the pages, as their ``data-source`` names them."""

_IDS = {
    "demand_id": Text("居民点编号", "id of a demand point"),
    "facility_id": Text("设施编号 (场所编号/类型)", "id of a facility: site_id/facility_type"),
    "facility_type": Text("设施类型, 目录中的编号", "facility type, the catalogue's id"),
    "site_id": Text("场所编号", "id of a site"),
    "circle_id": Text("生活圈编号, all 为全域", "id of a circle; all is the whole study"),
    "committee_id": Text("居村委编号", "id of a committee"),
    "area_id": Text("缺口片区编号", "id of a gap area"),
    "space_id": Text("闲置空间编号", "id of an idle space"),
    "place_kind": Text("地方的种类: all、urban、rural、circle、committee", "kind of place: all, urban, rural, circle, committee"),
    "place_id": Text("地方的编号", "id of the place"),
    "place_name": Text("地方的名称", "name of the place"),
    "scope": Text("urban 城镇, rural 农村, all 全部", "urban, rural or all"),
    "suitability": Text("所属五宜", "one of the five suitabilities"),
    "class": Text("基础或提升", "basic or further"),
    "status": Text("现状、在建、规划、停用", "existing, under construction, planned or closed"),
    "inside_boundary": Text("是否在边界内", "whether it lies inside the boundary"),
    "lon": Text("经度, WGS84", "longitude, WGS84"),
    "lat": Text("纬度, WGS84", "latitude, WGS84"),
    "population": Text("常住人口", "residents"),
    "people": Text("服务人群的人数", "people of the group served"),
    "residents": Text("全体居民的人数", "all residents"),
    "verdict": Text("达标 met、未达标 not_met、无法判定 unknown", "met, not_met or unknown"),
    "cause": Text("判定的原因", "cause of the verdict"),
    "data_notice": Text("合成数据的标记", "mark of synthetic data"),
}  # fmt: skip
_BEGINNINGS = {
    "people_met": Text("达标的人数", "people met"),
    "people_not_met": Text("未达标的人数", "people not met"),
    "people_unknown": Text("无法判定的人数", "people who cannot be judged"),
    "people_too_far": Text("因太远未达标的人数", "people not met because it is too far"),
    "people_detour": Text("因绕行未达标的人数", "people not met because of a detour"),
    "people_no_facility": Text("因没有设施未达标的人数", "people not met for want of any facility"),
    "people_cleared": Text("今天无法判定、那时达标的人数", "people unknown today and met then"),
    "people_lost": Text("今天达标、那时不达标的人数", "people met today and not then"),
    "aged_60_plus": Text("其中 60 岁及以上的人数", "of whom aged 60 and over"),
    "pop_": Text("该年龄段的居民人数", "residents of the age group"),
    "nearest_": Text("最近的一处设施", "the nearest facility"),
    "pairs_": Text("按原因分的人次", "people × types by cause"),
    "land_": Text("居住用地口径 (C1、C2)", "residential land (C1, C2)"),
    "quota_": Text("目录中的定额", "the catalogue's quota"),
    "catchment_": Text("两步移动搜索法的供给 (2SFCA)", "supply by floating catchments (2SFCA)"),
    "threshold_": Text("步行标准及其出处", "the threshold and its source"),
    "types": Text("类型数或类型清单", "number or list of types"),
    "best_": Text("最佳组合", "the best choice"),
    "next_": Text("建成后的下一处", "the next place once these stand"),
    "planned": Text("在建、规划的设施", "facilities under construction or planned"),
}
"""Beginning of a column's name → meaning, for families of columns."""
_UNITS = (
    ("_person_m", Text("人·米", "person metres")),
    ("_km2", Text("平方公里", "km²")),
    ("_m2", Text("平方米", "m²")),
    ("_m", Text("米", "m")),
    ("_share", Text("比例 0–1", "share 0–1")),
    ("lon", Text("度", "degrees")),
    ("lat", Text("度", "degrees")),
)
_PEOPLE = ("people", "residents", "population", "pop_", "aged_60_plus")


def figures_table(
    lang: Lang, figures: Iterable[Figure] = FIGURES, definitions: Mapping[str, Text] | None = None
) -> pd.DataFrame:
    """Return the ``figures`` table: page, figure, table, row_key, rows, columns, definition of the first of these.

    ``row_key`` names the columns that pick rows, ``rows`` their values where they are always the same, else ``*``.

    Args:
        lang: language of the words.
        figures: what to list.
        definitions: column or table → what it means, where this is no run's own table.
    """

    def defined(one: Figure) -> Text:
        column = one.columns.split(",")[0]
        own = definitions or {}
        return own.get(column) or own.get(one.table) or meaning(one.table, column)

    rows = [
        (
            one.page,
            one.figure.of(lang),
            one.table,
            ";".join(part.split("=")[0] for part in one.rows.split(";")),
            ";".join(part if "=" in part or not part else f"{part}=*" for part in one.rows.split(";")),
            one.columns,
            defined(one).of(lang),
        )
        for one in figures
    ]
    return pd.DataFrame(rows, columns=["page", "figure", "table", "row_key", "rows", "columns", "definition"])


def columns_table(headings: Mapping[str, Iterable[str]], lang: Lang) -> pd.DataFrame:
    """Return the ``columns`` table: every column of every table with its unit and meaning.

    Args:
        headings: table → its columns.
        lang: language of units and meanings.
    """
    rows = [
        (name, column, unit_of(column).of(lang), meaning(name, column).of(lang))
        for name, columns in headings.items()
        for column in columns
    ]
    return pd.DataFrame(rows, columns=["table", "column", "unit", "definition"])


def meaning(table: str, column: str) -> Text:
    """Return what a column means: its own definition, else that of its family, else that of its table.

    >>> meaning("coverage", "coverage_share").en[:14]
    'Coverage (C4, '
    """
    if column in DEFINITIONS:
        return DEFINITIONS[column]
    if column in _IDS:
        return _IDS[column]
    layer = next((one for one in LAYERS.values() if one.name == table), None)
    declared = next((c.meaning for c in layer.columns if c.name == column), None) if layer else None
    if declared is not None:
        return declared
    families = [name for name in (*DEFINITIONS, *_BEGINNINGS) if column.startswith(name)]
    if families:
        longest = max(families, key=len)
        return _BEGINNINGS.get(longest) or DEFINITIONS[longest]
    return DEFINITIONS.get(
        table,
        Text(
            "见 docs/coverage.md 和 docs/gaps.md 中该表的说明。",
            "See this table in docs/coverage.md and docs/gaps.md.",
        ),
    )


def unit_of(column: str) -> Text:
    """Return the unit of a column, "" where it has none.

    >>> unit_of("walk_m").en, unit_of("people_met").en, unit_of("name").en
    ('m', 'people', '')
    """
    for ending, unit in _UNITS:
        if column.endswith(ending):
            return unit
    if column.startswith(_PEOPLE) and not column.endswith(("_basis", "_id", "_share", "_pairs")):
        return Text("人", "people")
    return Text("", "")


def trace_note(results: "Results") -> Text:
    """Return the sentence that ties the tables to their input."""
    return Text(
        f"数据指纹 (manifest.json 的 input_hash): {results.input_hash}。figures.csv: 页面上的数字出自哪张表、哪些行; "
        "columns.csv: 各列的单位和含义。",
        f"Input hash (input_hash in manifest.json): {results.input_hash}. figures.csv: the table and rows behind each figure of "
        "the pages; columns.csv: unit and meaning of each column.",
    )
