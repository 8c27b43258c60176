"""A table as a planner reads it: headings with units, names instead of ids, and the marks that it must bear."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import class_names, confidence_names, suitability_names
from ..compare.data_changes import CHANGES
from ..coverage.disclosure import suppressed
from ..gaps.requirements import group_words
from ..maps.coverage import CAUSE_WORDS, VERDICTS
from ..maps.escape import escape
from ..maps.figures import figure, percent, whole
from ..maps.words import STATUSES, notices
from ..report.requirements_book import RESULT_WORDS
from ..tables import ALL, LAYERS
from ..texts import Lang, Text

if TYPE_CHECKING:
    from ..results import Results

TITLES: dict[str, Text] = {
    "facility_type": Text("设施类型", "facility type"),
    "suitability": Text("五宜", "suitability"),
    "class": Text("类别", "class"),
    "status": Text("状态", "status"),
    "circle_id": Text("生活圈", "circle"),
    "committee_id": Text("居村委", "committee"),
    "name": Text("名称", "name"),
    "layer": Text("图层", "layer"),
    "file": Text("文件", "file"),
    "rows_read": Text("读入 (行)", "rows read"),
    "accepted": Text("采用 (行)", "accepted"),
    "rejected": Text("剔除 (行)", "left out"),
    "threshold_m": Text("步行标准 (米)", "threshold (m)"),
    "threshold_confidence": Text("标准的可信程度", "confidence of the threshold"),
    "people_basis": Text("服务人群", "people served"),
    "people": Text("人数 (人)", "people"),
    "people_met": Text("达标 (人)", "met (people)"),
    "people_not_met": Text("未达标 (人)", "not met (people)"),
    "people_unknown": Text("无法判定 (人)", "unknown (people)"),
    "coverage_share": Text("步行覆盖率", "coverage on foot"),
    "coverage_share_low": Text("下限 (步行长 10%)", "low (walks 10 % longer)"),
    "coverage_share_high": Text("上限 (步行短 10%)", "high (walks 10 % shorter)"),
    "straight_line_share": Text("直线覆盖率", "by straight line"),
    "overstated_share": Text("直线高估", "overstated by"),
    "mean_walk_m": Text("平均步行 (米)", "mean walk (m)"),
    "verdict": Text("判定", "verdict"),
    "cause": Text("原因", "cause"),
    "demand_points": Text("居民点 (处)", "demand points"),
    "demand_id": Text("居民点", "demand point"),
    "facility_id": Text("设施", "facility"),
    "walk_m": Text("步行 (米)", "walk (m)"),
    "straight_m": Text("直线 (米)", "straight line (m)"),
    "detour_ratio": Text("绕行系数", "detour ratio"),
    "crossed": Text("阻隔", "what lies across"),
    "population": Text("常住人口 (人)", "residents"),
    "area_km2": Text("面积 (平方公里)", "area (km²)"),
    "farthest_walk_m": Text("到中心最远步行 (米)", "farthest walk to the hub (m)"),
    "hub_name": Text("中心", "hub"),
    "committees": Text("居村委", "committees"),
    "committee_count": Text("居村委 (个)", "committees"),
    "must_have_missing": Text("缺少的必配设施", "must-have types missing"),
    "nearer_elsewhere_share": Text("离他圈中心更近的人", "people nearer to another hub"),
    "breach_count": Text("不合规则 (条)", "broken rules"),
    "message": Text("说明", "message"),
    "rule": Text("规则", "rule"),
    "severity": Text("性质", "severity"),
    "code": Text("问题", "finding"),
    "count": Text("数目", "count"),
    "figure": Text("指标", "figure"),
    "value": Text("数值", "value"),
    "notes": Text("范围与不确定", "range and doubt"),
    "mark": Text("标记", "mark"),
    "before": Text("之前", "before"),
    "after": Text("之后", "after"),
    "change": Text("变化", "change"),
    "item": Text("项目", "item"),
    "report_figure": Text("报告数字", "the report's figure"),
    "study_figure": Text("本研究", "this study"),
    "difference": Text("相差", "difference"),
    "source": Text("来源", "source"),
    "note": Text("说明", "note"),
    "existing": Text("现状 (处)", "existing"),
    "under_construction": Text("在建 (处)", "under construction"),
    "planned": Text("规划 (处)", "planned"),
    "closed": Text("已停用 (处)", "closed"),
    "family": Text("口径", "group of types"),
    "types": Text("类数", "types"),
    "reach_share": Text("都能走到的人占比", "share who reach them"),
    "mean_share": Text("各类平均", "mean over types"),
    "mean_types_reached": Text("人均可达 (类)", "types reached, mean"),
    "mean_types_applying": Text("其中适用 (类)", "types applying, mean"),
    "target_share": Text("全市目标", "city target"),
    "rank": Text("名次", "rank"),
    "priority": Text("序号", "no."),
    "pairs_too_far": Text("太远 (人次)", "too far"),
    "pairs_detour": Text("绕行 (人次)", "detour"),
    "pairs_no_facility": Text("没有设施 (人次)", "no facility"),
    "pairs_unknown": Text("无法判定 (人次)", "unknown"),
    "spaces": Text("空间 (处)", "spaces"),
    "space_names": Text("最佳组合", "best choice"),
    "space_name": Text("可用闲置空间", "idle space"),
    "people_space_serves": Text("该空间新覆盖 (人)", "people it newly serves"),
    "gap_share": Text("占缺口", "share of the gap"),
    "result": Text("求解结果", "result"),
    "projects": Text("项目 (处)", "projects"),
    "need_text": Text("需求", "need"),
    "reason": Text("原因", "reason"),
    "standard": Text("标准 (出处; 可信程度)", "standard (source; confidence)"),
    "planned_nearby": Text("附近在建与规划", "planned nearby"),
    "value_share": Text("占比", "share"),
    "detail": Text("内容", "what"),
    "id": Text("编号", "id"),
    "sentence": Text("结论", "in a sentence"),
    "people_met_before": Text("之前达标 (人)", "met before (people)"),
    "people_met_after": Text("之后达标 (人)", "met after (people)"),
    "people_met_change": Text("变化 (人)", "change (people)"),
    "by_facilities": Text("因设施", "by facilities"),
    "by_streets": Text("因道路", "by streets"),
    "by_residents": Text("因人口", "by residents"),
    "by_rules": Text("因标准", "by rules"),
    "by_circles": Text("因划圈", "by circles"),
    "coverage_share_before": Text("之前覆盖率", "coverage before"),
    "coverage_share_after": Text("之后覆盖率", "coverage after"),
    "people_alone": Text("单独的作用 (人)", "alone (people)"),
    "people_last": Text("最后加入的作用 (人)", "added last (people)"),
    "walk_m_before": Text("之前步行 (米)", "walk before (m)"),
    "walk_m_after": Text("之后步行 (米)", "walk after (m)"),
    "verdict_before": Text("之前判定", "verdict before"),
    "verdict_after": Text("之后判定", "verdict after"),
    "definition": Text("口径", "definition"),
    "meaning": Text("含义", "meaning"),
    "people_within": Text("标准内服务人群 (人)", "people within the threshold"),
    "people_newly_served": Text("新覆盖 (人)", "newly served (people)"),
    "aged_60_plus_newly_served": Text("新可达的 60 岁以上居民 (人)", "aged 60+ newly in reach"),
    "coverage_share_today": Text("今天", "today"),
    "coverage_share_under_construction": Text("在建开放后", "once under construction is open"),
    "coverage_share_planned": Text("规划开放后", "once planned is open"),
    "coverage_share_planned_with_streets": Text("道路也开通后", "with the planned streets"),
    "area_name": Text("片区", "area"),
    "people_type_pairs": Text("缺少 (人次)", "people × types missing"),
    "types_missing": Text("缺少 (类)", "types missing"),
    "people_moved": Text("迁移人口 (人)", "people moved"),
    "from_circle": Text("原属生活圈", "from circle"),
    "to_circle": Text("改属生活圈", "to circle"),
    "saved_person_m": Text("少走 (人·米)", "walking saved (person-m)"),
    "mean_walk_before_m": Text("原平均步行 (米)", "mean walk before (m)"),
    "mean_walk_after_m": Text("改后平均步行 (米)", "mean walk after (m)"),
    "datum": Text("当作哪种坐标", "read as"),
    "lon": Text("经度 (WGS84)", "longitude (WGS84)"),
    "lat": Text("纬度 (WGS84)", "latitude (WGS84)"),
    "moved_m": Text("相差 (米)", "apart (m)"),
    "in_water_share": Text("落在水中", "in water"),
    "off_street_share": Text("离道路过远", "off every street"),
    "outside_share": Text("落在范围外", "outside the area"),
    "street_distance_m": Text("到道路的中位距离 (米)", "median distance to a street (m)"),
    "check": Text("核对", "check"),
    "holds": Text("成立", "holds"),
}
"""Column → its heading, with its unit; a column that is not here keeps its name."""

FAMILIES: dict[str, Text] = {
    "basic": Text("全部基础保障类", "every basic type"),
    "must_have": Text("全部必配类型", "every must-have type"),
    "health": Text("卫生 (15 分钟内至少一处)", "health (one within 15 minutes)"),
    "elder_care": Text("养老 (15 分钟内至少一处)", "elder care (one within 15 minutes)"),
    "culture": Text("文化 (15 分钟内至少一处)", "culture (one within 15 minutes)"),
    "sport": Text("体育 (15 分钟内至少一处)", "sport (one within 15 minutes)"),
    "targets": Text("以上四项都满足", "all four of them"),
    **suitability_names,
}

_VALUES: dict[str, Mapping[str, Text]] = {
    "suitability": suitability_names,
    "class": class_names,
    "status": STATUSES,
    "verdict": VERDICTS,
    "change": CHANGES,
    "verdict_before": VERDICTS,
    "verdict_after": VERDICTS,
    "cause": CAUSE_WORDS,
    "family": FAMILIES,
    "threshold_confidence": confidence_names,
    "layer": {name: layer.title for name, layer in LAYERS.items()},
    "result": RESULT_WORDS,
    "datum": {
        "wgs84": Text("WGS84 (GPS、国家2000)", "WGS84 (GPS, CGCS2000)"),
        "gcj02": Text("GCJ-02 (高德、腾讯)", "GCJ-02 (Amap, Tencent)"),
        "bd09": Text("BD-09 (百度)", "BD-09 (Baidu)"),
    },
    "severity": {"error": Text("剔除", "left out"), "warning": Text("提醒", "warning")},
}
"""Column of ids → the words for them."""

_LISTS = ("committees", "crossed", "space_names", "must_have_missing")
"""Columns of several ids or names, joined by semicolons."""

_DEGREES = ("lon", "lat")


@dataclass(frozen=True)
class TableInWords:
    """A table that is read, not computed with: every cell is text; a notebook shows it with title and marks.

    Attributes:
        title: what the table shows.
        frame: the words; headings as columns.
        numeric: the headings under which numbers stand, to be set to the right.
        marks: what a reader must know: synthetic, schematic, scenario, the date of the data.
        note: a sentence below the table.
    """

    title: str
    frame: pd.DataFrame
    numeric: frozenset[str] = field(default_factory=frozenset)
    marks: tuple[str, ...] = ()
    note: str = ""

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        """Return the table as text, for a terminal."""
        return f"{self.title}\n{self.frame.to_string(index=False)}"

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        head = "".join(self._cell("th", name, name) for name in self.frame.columns)
        rows = "".join(
            "<tr>" + "".join(self._cell("td", name, one) for name, one in row.items()) + "</tr>"
            for row in self.frame.to_dict("records")
        )
        marks = "".join(f" · {escape(mark)}" for mark in self.marks)
        note = f'<div style="opacity:.75;margin-top:2px">{escape(self.note)}</div>' if self.note else ""
        return (
            f'<div style="overflow-x:auto"><table style="margin:0">'
            f'<caption style="text-align:left;padding:4px 0;caption-side:top"><b>{escape(self.title)}</b>'
            f'<span style="opacity:.75">{marks}</span></caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}</div>"
        )

    def _cell(self, tag: str, name: str, text: str) -> str:
        side = "right" if name in self.numeric else "left"
        style = f"text-align:{side};vertical-align:top;white-space:normal;min-width:2.8em;max-width:34em"
        return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def in_words(results: "Results", table: pd.DataFrame, columns: Iterable[str], *, title: Text) -> TableInWords:
    """Return columns of a table in words: headings with units, names instead of ids, shares in percent.

    Counts of people below the study's ``smallest_count_shown`` read "<5" as in everything that is handed out.

    Args:
        results: an analysed study; its language and names are used.
        table: any of its tables, or one that was put together from them.
        columns: which columns, in order; those that the table lacks are left out.
        title: what the table shows.

    >>> from pujin_geo import analyse, load_study
    >>> results = analyse(load_study("geodata/xiaohe"), lang="en")
    >>> in_words(results, results.tables["coverage"].head(1), ["facility_type", "coverage_share"], title=Text("", "Coverage"))
    Coverage
        facility type coverage on foot
    neighbourhood hub            83.4%
    """
    lang = results.lang
    names = _names(results)
    kept = [one for one in columns if one in table]
    shown = suppressed(table[kept], smallest=results.inputs.study.settings.smallest_count_shown)
    headings = {one: TITLES[one].of(lang) if one in TITLES else one for one in kept}
    numeric = {headings[one] for one in kept if pd.api.types.is_numeric_dtype(table[one])}
    words = pd.DataFrame(
        {headings[one]: [_word(one, value, names, lang) for value in shown[one]] for one in kept},
        columns=[headings[one] for one in kept],
    )
    return TableInWords(title.of(lang), words, frozenset(numeric), marks_of(results))


def marks_of(results: "Results") -> tuple[str, ...]:
    """Return what every table and chart in a notebook says of itself: study, date of the data, notices.

    >>> from pujin_geo import analyse, load_study
    >>> marks_of(analyse(load_study("geodata/xiaohe"), lang="en"))
    ('小河镇', '2023-06-30', 'synthetic data', 'for internal discussion', 'schematic')
    """
    study = results.inputs.study
    return (study.name, *([study.data_date] if study.data_date else []), *notices(results))


def _names(results: "Results") -> dict[str, dict[str, str]]:
    """Return per column of ids the names of what they stand for."""
    inputs, lang = results.inputs, results.lang
    catalogue = inputs.catalogue
    facilities, residents = results.tables["facilities"], results.tables["residents"]
    whole_study = {
        ALL: Text("全域", "whole study").of(lang),
        "": Text("(不在任何圈)", "(in no circle)").of(lang),
    }
    names = {
        "facility_type": dict(
            zip(catalogue["facility_type"], catalogue[f"name_{lang}"], strict=True),
        ),
        "circle_id": whole_study | _named(inputs.circles, "circle_id"),
        "committee_id": _named(inputs.committees, "committee_id"),
        "demand_id": _named(residents, "demand_id"),
        "facility_id": _named(facilities, "facility_id"),
        "people_basis": {
            one: group_words(one, lang) for one in results.tables["coverage"]["people_basis"].unique()
        },
    }
    return names | dict.fromkeys(("from_circle", "to_circle"), names["circle_id"])


def _named(layer: pd.DataFrame, column: str) -> dict[str, str]:
    return {
        str(one): f"{called} ({one})" if column in ("circle_id", "committee_id") else str(called)
        for one, called in zip(layer[column], layer["name"], strict=True)
        if called
    }


def _word(column: str, value: Any, names: Mapping[str, Mapping[str, str]], lang: Lang) -> str:
    if isinstance(value, str):
        text = _VALUES.get(column, {}).get(value)
        listed = value.replace(";", Text("、", ", ").of(lang)) if column in _LISTS else value
        plain = text.of(lang) if text else listed
        return names.get(column, {}).get(value, plain)
    if pd.api.types.is_bool(value):
        return (Text("是", "yes") if value else Text("否", "no")).of(lang)
    return "—" if pd.isna(value) else _number(column, float(value))


def _number(column: str, value: float) -> str:
    if column in _DEGREES:
        return f"{value:.4f}"
    if "share" in column:
        return percent(value)
    return whole(value) if column.endswith("_m") or abs(value) >= 1000 else figure(value)
