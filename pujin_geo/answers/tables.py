"""The tables that a notebook shows: one view per question, filtered by circle, type or suitability."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ..choices import chosen, circle_named, facility_type_named, suitability_named
from ..coverage.rates.combined import TARGET_FAMILIES, TARGETS
from ..definitions import DEFINITIONS
from ..errors import SettingsError
from ..gaps.requirements import reasons
from ..report.briefing import headline_cards, problem_counts
from ..sources.datum_check import compare_datums
from ..tables import ALL, STATUSES
from ..texts import Text
from .words import TableInWords, in_words

if TYPE_CHECKING:
    from ..results import Results

Rows = Callable[["Results", str], pd.DataFrame]


@dataclass(frozen=True)
class View:
    """A question and the table that answers it.

    Attributes:
        title: what the table shows.
        rows: results and circle → rows, in the order in which they are shown.
        columns: what is shown of them, in order.
        nothing: what an empty table means.
    """

    title: Text
    rows: Rows
    columns: tuple[str, ...]
    nothing: Text


def show_table(
    results: "Results",
    name: str,
    *,
    circle_id: str = ALL,
    suitability: str = "",
    facility_type: str = "",
    most: int | None = None,
) -> TableInWords:
    """Return a table of an analysed study in words, to be looked at.

    Args:
        results: from ``analyse``.
        name: one of ``VIEWS``, such as ``coverage``, ``detours`` or ``requirements``.
        circle_id: only this circle (id or name); ``all`` is the whole study.
        suitability: only this one; all if blank.
        facility_type: only this type (id, name or alias); all if blank.
        most: at most so many rows from the top; the note says how many there are.

    Raises:
        SettingsError: no such table, circle, suitability or type, or a type that was not judged.

    >>> from pujin_geo import analyse, load_study
    >>> results = analyse(load_study("geodata/xiaohe"), lang="en")
    >>> show_table(results, "coverage", facility_type="菜市场").frame[["met (people)", "coverage on foot"]].values.tolist()
    [['1,193', '25.1%']]
    """
    known = {one: (view.title.zh, view.title.en) for one, view in VIEWS.items()}
    view = VIEWS[chosen(name, known, what=Text("表", "table"))]
    circle = circle_named(results.inputs, circle_id)
    rows = view.rows(results, circle)
    if suitability:
        rows = _only(rows, "suitability", suitability_named(suitability))
    if facility_type:
        rows = _only(rows, "facility_type", judged_type_named(results, facility_type))
    shown = rows if most is None else rows.head(most)
    table = in_words(results, shown, view.columns, title=_titled(view.title, results, circle))
    return _with_note(table, len(rows), view, results)


def judged_type_named(results: "Results", name: str) -> str:
    """Return a facility type that was judged, by id, Chinese or English name, or alias.

    Raises:
        SettingsError: no such type, or it is in the catalogue but was not judged; the sentence says why.

    >>> from pujin_geo import analyse, load_study
    >>> judged_type_named(analyse(load_study("geodata/xiaohe")), "助餐点")
    'meal_point'
    """
    catalogue = results.inputs.catalogue
    judged = results.tables["coverage"].query("people > 0")["facility_type"]
    one = facility_type_named(catalogue, name)
    if one in set(judged):
        return one
    listed = ", ".join(dict.fromkeys(judged))
    why = results.types_without_rows.set_index("facility_type")["reason"].get(one, "")
    raise SettingsError(
        Text(
            f"{name} 在本研究中没有判定 ({why or '没有服务对象'}); 已判定的类型: {listed}。",
            f"{name} was not judged in this study ({why or 'nobody to serve'}); judged were: {listed}.",
        )
    )


def _only(rows: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return rows[rows[column] == value] if column in rows else rows


def _titled(title: Text, results: "Results", circle: str) -> Text:
    if circle == ALL:
        return title
    names = results.inputs.circles.set_index("circle_id")["name"]
    called = names[circle] or circle
    return Text(f"{title.zh} · {called}", f"{title.en} · {called}")


def _with_note(table: TableInWords, rows: int, view: View, results: "Results") -> TableInWords:
    note = Text("", "")
    if not rows:
        note = view.nothing
    elif len(table) < rows:
        note = Text(
            f"共 {rows:,} 行, 只列前 {len(table)} 行。", f"{rows:,} rows; the first {len(table)} are shown."
        )
    return TableInWords(table.title, table.frame, table.numeric, table.marks, note.of(results.lang))


# Rows of each view


def _layers(results: "Results", _: str) -> pd.DataFrame:
    return results.inputs.row_counts


def _problems(results: "Results", _: str) -> pd.DataFrame:
    return problem_counts(results.tables["problems"])


def _headlines(results: "Results", _: str) -> pd.DataFrame:
    return pd.DataFrame(headline_cards(results), columns=["figure", "value", "notes", "mark"])


def _datums(results: "Results", _: str) -> pd.DataFrame:
    return compare_datums(results.inputs)


def _network(results: "Results", _: str) -> pd.DataFrame:
    network, streets = results.network, results.inputs.streets
    on_main = network.edge_part == network.main_part
    length_km = network.edge_length_m / 1000.0
    codes = results.tables["problems"].query("layer == 'streets'")["code"]
    rows = [
        (Text("道路 (条)", "streets (lines)"), len(streets)),
        (Text("其中不可步行 (条)", "of them not walkable"), int((~streets["walkable"]).sum())),
        (Text("可步行道路 (公里)", "walkable streets (km)"), float(length_km.sum())),
        (
            Text("其中与主路网不连通 (公里)", "of them cut off from the main network (km)"),
            float(length_km[~on_main].sum()),
        ),
        (Text("路口和端点 (个)", "junctions and ends"), len(network.node_xy)),
        (Text("路段 (段)", "pieces between them"), len(network.edge_length_m)),
        (Text("自动连接的断头 (处)", "ends that were joined"), int((codes == "end_joined").sum())),
    ]
    return pd.DataFrame([(text.of(results.lang), value) for text, value in rows], columns=["figure", "value"])


def _facilities(results: "Results", circle: str) -> pd.DataFrame:
    here = _in_circle(results.tables["facilities"], circle)
    counts = pd.crosstab(here["facility_type"], here["status"]).reindex(columns=list(STATUSES), fill_value=0)
    catalogue = results.inputs.catalogue[["facility_type", "suitability"]]
    return catalogue.merge(counts, left_on="facility_type", right_index=True)


def _coverage(results: "Results", circle: str) -> pd.DataFrame:
    table = results.tables["coverage"].query("scope == 'all' and people > 0")
    table = table[table["circle_id"] == circle]
    return table.assign(overstated_share=table["straight_line_share"] - table["coverage_share"])


def _by_circle(results: "Results", circle: str) -> pd.DataFrame:
    table = results.tables["coverage"].query("circle_id != 'all' and scope == 'all' and people > 0")
    return _in_circle(table, circle).sort_values(["facility_type", "coverage_share"], kind="stable")


def _straight(results: "Results", circle: str) -> pd.DataFrame:
    return _coverage(results, circle).sort_values("overstated_share", ascending=False, kind="stable")


def _detours(results: "Results", circle: str) -> pd.DataFrame:
    gaps = _in_circle(results.tables["gaps"].query("cause == 'detour'"), circle)
    keys = ["demand_id", "facility_type"]
    walks = results.tables["distances"][[*keys, "straight_m", "threshold_m", "facility_id"]]
    committees = results.tables["residents"][["demand_id", "committee_id"]]
    suited = results.inputs.catalogue[["facility_type", "suitability"]]
    rows = gaps.merge(walks, on=keys).merge(committees, on="demand_id").merge(suited, on="facility_type")
    return rows.sort_values("detour_ratio", ascending=False, kind="stable")


def _definitions(results: "Results", circle: str) -> pd.DataFrame:
    rates = _of_place(results.tables["rates"], circle)
    shares = [
        "coverage_share", "share_if_unknown_met", "straight_line_share", "residents_share", "land_share",
        "land_straight_share", "has_one_share",
    ]  # fmt: skip
    long = rates.melt(["facility_type", "suitability"], shares, "share", "value_share")
    meanings = {one: DEFINITIONS[one].of(results.lang) for one in shares}
    return long.dropna(subset="value_share").assign(
        definition=long["share"].map({one: text.of(results.lang) for one, text in SHARE_NAMES.items()}),
        meaning=long["share"].map(meanings),
    )


def _combined(results: "Results", circle: str) -> pd.DataFrame:
    families = ["basic", "must_have", *TARGET_FAMILIES, TARGETS]
    table = _of_place(results.tables["combined"], circle)
    return table[table["family"].isin(families) & (table["types"] > 0)]


def _causes(results: "Results", circle: str) -> pd.DataFrame:
    gaps = _in_circle(results.tables["gaps"], circle)
    suited = results.inputs.catalogue[["facility_type", "suitability"]]
    sums = gaps.groupby(["facility_type", "verdict", "cause"], sort=False).agg(
        people=("people", "sum"), demand_points=("demand_id", "nunique")
    )
    rows = sums.reset_index().merge(suited, on="facility_type")
    return rows.sort_values("people", ascending=False, kind="stable")


def _gap_areas(results: "Results", circle: str) -> pd.DataFrame:
    return _in_circle(results.tables["gap_areas"], circle)


def _spaces(results: "Results", _: str) -> pd.DataFrame:
    return results.tables["best_spaces"].query("people_newly_served > 0")


def _projects(results: "Results", circle: str) -> pd.DataFrame:
    here = _in_circle(results.tables["projects"], circle)
    return here.sort_values("people_newly_served", ascending=False, kind="stable")


def _outlook(results: "Results", circle: str) -> pd.DataFrame:
    return _of_place(results.tables["outlook"], circle).query("projects > 0")


def _requirements(results: "Results", circle: str) -> pd.DataFrame:
    table = _in_circle(results.tables["requirements"], circle)
    smallest = results.inputs.study.settings.smallest_count_shown
    return table.assign(reason=reasons(table, lang=results.lang, smallest=smallest))


def _reconciliation(results: "Results", _: str) -> pd.DataFrame:
    return results.tables["reconciliation"]


def _circles(results: "Results", circle: str) -> pd.DataFrame:
    table = _in_circle(results.tables["circles"], circle)
    called = results.tables["facilities"].set_index("facility_id")["name"]
    return table.assign(hub_name=table["hub_facility_id"].map(called))


def _in_circle(table: pd.DataFrame, circle: str) -> pd.DataFrame:
    return table if circle == ALL else table[table["circle_id"] == circle]


def _of_place(table: pd.DataFrame, circle: str) -> pd.DataFrame:
    kind = ALL if circle == ALL else "circle"
    return table[(table["place_kind"] == kind) & (table["place_id"] == circle)]


SHARE_NAMES: dict[str, Text] = {
    "coverage_share": Text("步行覆盖率 (服务人群)", "on foot, the group served"),
    "share_if_unknown_met": Text("同上, 无法判定全部当作达标", "the same, if everybody unknown were met"),
    "straight_line_share": Text("直线覆盖率 (服务人群)", "by straight line, the group served"),
    "residents_share": Text("步行覆盖率 (全体居民)", "on foot, all residents"),
    "land_share": Text("居住用地步行覆盖率", "residential land on foot"),
    "land_straight_share": Text("居住用地服务半径覆盖率", "residential land by radius"),
    "has_one_share": Text("辖区内“有一处”的比例", "units that have one"),
}

_NO_GAPS = Text("没有缺口。", "There are no gaps.")
_NO_CIRCLES = Text("没有生活圈图层。", "There is no circles layer.")
_NONE_JUDGED = Text("没有可判定的设施类型。", "No facility type can be judged.")

VIEWS: dict[str, View] = {
    "headlines": View(
        Text("主要结论", "Headline figures"), _headlines, ("figure", "value", "notes", "mark"), _NONE_JUDGED
    ),
    "layers": View(
        Text("读入的图层: 读入 = 采用 + 剔除", "Layers: read = accepted + left out"),
        _layers,
        ("layer", "file", "rows_read", "accepted", "rejected"),
        Text("没有图层。", "There are no layers."),
    ),
    "problems": View(
        Text("数据问题 (附一例)", "Findings about the data, with an example each"),
        _problems,
        ("severity", "layer", "code", "count", "message"),
        Text("没有发现问题。", "Nothing was found."),
    ),
    "datums": View(
        Text("设施坐标: 如果换一种坐标系", "The facilities, if their coordinates were in another datum"),
        _datums,
        ("datum", "outside_share", "in_water_share", "off_street_share", "street_distance_m", "moved_m"),
        Text("这些坐标无法按别的基准读取。", "These coordinates cannot be read in another datum."),
    ),
    "network": View(
        Text("步行路网", "The walking network"),
        _network,
        ("figure", "value"),
        Text("没有道路。", "There are no streets."),
    ),
    "facilities": View(
        Text("各类设施的数目 (按功能计)", "Facilities by type (functions)"),
        _facilities,
        ("suitability", "facility_type", *STATUSES),
        Text("没有设施。", "There are no facilities."),
    ),
    "reconciliation": View(
        Text("与报告数字对账", "The report's figures beside the study's"),
        _reconciliation,
        ("item", "report_figure", "study_figure", "difference", "source", "note"),
        Text("研究中没有对账表。", "The study has no figures to reconcile."),
    ),
    "circles": View(
        Text("社区生活圈", "Living circles"),
        _circles,
        ("circle_id", "hub_name", "committees", "area_km2", "population", "farthest_walk_m"),
        _NO_CIRCLES,
    ),
    "coverage": View(
        Text("各类设施的步行覆盖", "Coverage on foot by type"),
        _coverage,
        (
            "facility_type", "threshold_m", "people_basis", "people", "people_met", "people_unknown", "coverage_share",
            "coverage_share_low", "coverage_share_high", "straight_line_share", "mean_walk_m", "threshold_confidence",
        ),
        _NONE_JUDGED,
    ),
    "by_circle": View(
        Text("各生活圈的步行覆盖, 低者在前", "Coverage on foot by circle, lowest first"),
        _by_circle,
        (
            "circle_id", "facility_type", "threshold_m", "people", "people_not_met", "people_unknown", "coverage_share",
            "straight_line_share", "mean_walk_m",
        ),
        _NO_CIRCLES,
    ),
    "straight_lines": View(
        Text("直线高估多少", "How much straight lines overstate"),
        _straight,
        (
            "facility_type", "threshold_m", "people", "straight_line_share", "coverage_share", "overstated_share",
            "mean_walk_m",
        ),
        _NONE_JUDGED,
    ),
    "detours": View(
        Text("直线够近、步行绕远", "Near by straight line, far on foot"),
        _detours,
        (
            "demand_id", "committee_id", "facility_type", "facility_id", "straight_m", "walk_m", "threshold_m",
            "detour_ratio", "crossed", "people",
        ),
        Text("没有绕行。", "There are no detours."),
    ),
    "definitions": View(
        Text("同一类设施, 不同口径", "One type, several definitions"),
        _definitions,
        ("facility_type", "definition", "value_share", "meaning"),
        _NONE_JUDGED,
    ),
    "combined": View(
        Text("综合口径: “都能走到”不等于“各类平均”", "Reaching all is not the mean over types"),
        _combined,
        (
            "family", "types", "people_basis", "people", "people_unknown", "reach_share", "mean_share",
            "mean_types_reached", "mean_types_applying", "target_share",
        ),
        _NONE_JUDGED,
    ),
    "causes": View(
        Text("走不到的人和原因", "Who cannot walk there, and why"),
        _causes,
        ("facility_type", "verdict", "cause", "people", "demand_points"),
        _NO_GAPS,
    ),
    "gap_areas": View(
        Text("缺口片区, 大者在前", "Gap areas, largest first"),
        _gap_areas,
        (
            "rank", "area_name", "circle_id", "population", "must_have_missing", "types_missing", "people_type_pairs",
            "pairs_too_far", "pairs_detour", "pairs_no_facility", "pairs_unknown", "crossed",
        ),
        _NO_GAPS,
    ),
    "best_spaces": View(
        Text("闲置空间优选", "Which idle spaces serve most people"),
        _spaces,
        (
            "facility_type", "spaces", "space_names", "people_newly_served", "people_not_met", "gap_share", "result",
            "threshold_confidence",
        ),
        Text("没有闲置空间能新增服务。", "No idle space newly serves anybody."),
    ),
    "projects": View(
        Text("在建和规划设施新覆盖多少人", "Whom facilities under way newly serve"),
        _projects,
        (
            "name", "facility_type", "status", "circle_id", "people_basis", "people_within", "people_newly_served",
            "aged_60_plus_newly_served",
        ),
        Text("没有在建或规划的设施。", "Nothing is under construction or planned."),
    ),
    "outlook": View(
        Text("今天与以后的步行覆盖率", "Coverage on foot today and later"),
        _outlook,
        (
            "facility_type", "projects", "people", "coverage_share_today", "coverage_share_under_construction",
            "coverage_share_planned", "coverage_share_planned_with_streets",
        ),
        Text("没有在建或规划的设施。", "Nothing is under construction or planned."),
    ),
    "requirements": View(
        Text("需求清单, 急者在前", "Requirements list, most urgent first"),
        _requirements,
        (
            "priority", "circle_id", "committee_id", "need_text", "people_basis", "people_not_met", "reason", "standard",
            "planned_nearby", "space_name", "people_space_serves",
        ),
        Text("没有未达标或无法判定的需求。", "Nothing is lacking or unknown."),
    ),
}  # fmt: skip
"""Name → the view that ``show_table`` shows."""
