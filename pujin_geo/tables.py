"""What a row means: the layers that a study may hold and the tables that a run writes.

Column names are declared here once. Sources rename to them at the border; everything behind the
border relies on them.
"""

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from .texts import Lang, Text

GeometryKind = Literal["point", "line", "polygon", "point_or_polygon", "none"]
Kind = Literal["text", "number", "yes_no"]
Severity = Literal["error", "warning"]

ALL = "all"
"""Stands for the whole study where a circle or a scope is named."""

STATUSES = ("existing", "under_construction", "planned", "closed")
SCOPES = ("urban", "rural")
AGE_GROUPS = {
    "0-3": "pop_0_3",
    "3-6": "pop_3_6",
    "6-11": "pop_6_11",
    "11-15": "pop_11_15",
    "16-59": "pop_16_59",
    "60+": "pop_60_plus",
    "80+": "pop_80_plus",
}
"""Population group code → column of the residents layer; 80+ is a part of 60+, the others are disjoint."""


@dataclass(frozen=True)
class Column:
    """A column of an input layer: canonical name, kind of value, and the headers it is known by."""

    name: str
    kind: Kind
    meaning: Text
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Layer:
    """An input layer: its geometry, its columns, and whether a study can do without it."""

    name: str
    title: Text
    geometry: GeometryKind
    columns: tuple[Column, ...]
    required: bool = False

    def column_names(self) -> list[str]:
        """Return the canonical column names in declared order."""
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class Problem:
    """One finding about the data: a row of the ``problems`` table.

    ``row`` counts data rows from 1; ``source_row`` is the number that the file's own program shows.
    ``error`` means that the row was left out, ``warning`` that it was kept.
    """

    layer: str
    severity: Severity
    code: str
    message: Text
    file: str = ""
    row: int | None = None
    source_row: int | None = None
    column: str = ""
    value: str = ""


PROBLEM_COLUMNS = ["layer", "file", "row", "source_row", "column", "value", "severity", "code", "message"]


def problems_table(problems: list[Problem], *, lang: Lang = "zh") -> pd.DataFrame:
    """Return the ``problems`` table: one row per finding, messages in one language.

    >>> found = [Problem("streets", "warning", "end_joined", Text("已连接", "joined"), row=3)]
    >>> problems_table(found, lang="en")[["layer", "row", "message"]].values.tolist()
    [['streets', 3, 'joined']]
    """
    rows = [
        (p.layer, p.file, p.row, p.source_row, p.column, p.value, p.severity, p.code, p.message.of(lang))
        for p in problems
    ]
    table = pd.DataFrame(rows, columns=PROBLEM_COLUMNS)
    return table.astype({"row": "Int64", "source_row": "Int64"})


def _text(name: str, zh: str, en: str, *aliases: str, required: bool = False) -> Column:
    return Column(name, "text", Text(zh, en), aliases, required)


def _number(name: str, zh: str, en: str, *aliases: str, required: bool = False) -> Column:
    return Column(name, "number", Text(zh, en), aliases, required)


_NAME = _text(
    "name", "名称", "name", "名称", "设施名称", "点位名称", "道路名称", "路名", "小区名称", "title",
    "设施点名称", "场所名称", "机构名称", "单位名称", "居民点名称", "楼盘名称", "自然村", "小区", "点位", "河道名称",
    "绿地名称", "生活圈名称", "空间名称",
)  # fmt: skip
_STATUS = _text(
    "status",
    "状态: existing 现状, under_construction 在建, planned 规划, closed 关闭; 空白即现状",
    "existing (default), under_construction, planned or closed",
    "状态", "建设状态", "现状状态", "设施状态", "运营状态", "使用状态", "建设情况",
)  # fmt: skip
_COMMITTEE_ID = _text(
    "committee_id",
    "居村委编号",
    "committee id",
    "居村委",
    "居委会",
    "村委会",
    "居村",
    "居(村)委",
    "committee",
    "所属居村委",
    "所属居委会",
    "所属居委",
    "村居",
    "村(居)委会",
    "居(村)委会",
    "居委",
    "居村委名称",
    "居村委编号",
)
_AREA = _number(
    "area_m2",
    "面积, 平方米",
    "area, square metres",
    "面积",
    "建筑面积",
    "面积(m2)",
    "面积(㎡)",
    "面积(平方米)",
    "area",
)
_KIND = _text("kind", "类别", "kind", "类别", "类型", "等级", "道路等级")

LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer(
            "facilities",
            Text("设施", "facilities"),
            "point_or_polygon",
            (
                _text(
                    "facility_type",
                    "设施类型: 目录中的编号、中文名、英文名或别名",
                    "type: id, name or alias of the catalogue",
                    "设施类型",
                    "类型",
                    "功能",
                    "设施功能",
                    "type",
                    "设施类别",
                    "设施种类",
                    "服务功能",
                    "功能类型",
                    "设施小类",
                    "category",
                    "类别",
                    required=True,
                ),
                _NAME,
                _text(
                    "site_id",
                    "场所编号; 同一编号的各行是同一处场所的不同功能",
                    "place; rows with one site_id are one place",
                    "场所编号",
                    "点位编号",
                    "设施编号",
                    "编号",
                    "site",
                ),
                _STATUS,
                _number(
                    "capacity",
                    "容量 (座、床、班等)",
                    "capacity (places, beds, classes)",
                    "容量",
                    "规模",
                    "床位数",
                    "座位数",
                    "床位",
                    "座位",
                    "学位数",
                    "班数",
                ),
                _AREA,
                _text("source", "数据来源", "where the row comes from", "来源", "数据来源"),
                _text("note", "备注", "note", "备注", "说明", "remark"),
                _text(
                    "suitability",
                    "五宜类别 (只用于核对目录)",
                    "suitability as written by the source (checked, not used)",
                    "五宜",
                    "五宜类别",
                    "类别",
                ),
            ),
            required=True,
        ),
        Layer(
            "residents",
            Text("居民点", "residents"),
            "point_or_polygon",
            (
                _number(
                    "population",
                    "常住人口",
                    "residents",
                    "人口",
                    "常住人口",
                    "人口数",
                    "居住人口",
                    "实有人口",
                    "pop",
                    "总人口",
                    "人口总数",
                    "居民人数",
                    "人数",
                    required=True,
                ),
                _text(
                    "demand_id",
                    "需求点编号",
                    "demand point id",
                    "居民点编号",
                    "需求点编号",
                    "小区编号",
                    "编号",
                ),
                _NAME,
                _COMMITTEE_ID,
                _text(
                    "scope",
                    "urban 城镇 或 rural 乡村",
                    "urban or rural",
                    "城乡",
                    "城乡属性",
                    "城乡类型",
                    "城乡分类",
                ),
                _number("pop_0_3", "0-3 岁人口", "residents aged 0-3", "0-3岁", "0-3岁人口"),
                _number("pop_3_6", "3-6 岁人口", "residents aged 3-6", "3-6岁", "3-6岁人口"),
                _number("pop_6_11", "6-11 岁人口", "residents aged 6-11", "6-11岁", "6-11岁人口"),
                _number("pop_11_15", "11-15 岁人口", "residents aged 11-15", "11-15岁", "11-15岁人口"),
                _number("pop_16_59", "16-59 岁人口", "residents aged 16-59", "16-59岁", "16-59岁人口"),
                _number(
                    "pop_60_plus",
                    "60 岁及以上人口",
                    "residents aged 60 and over",
                    "60岁以上",
                    "60岁及以上",
                    "60岁以上人口",
                    "60岁及以上人口",
                    "老年人口",
                    "60+",
                    "60岁以上老人",
                    "60周岁以上",
                    "60周岁及以上",
                ),
                _number(
                    "pop_80_plus",
                    "80 岁及以上人口 (包含在 60+ 内)",
                    "residents aged 80 and over (part of 60+)",
                    "80岁以上",
                    "80岁及以上",
                    "80岁以上人口",
                    "80岁及以上人口",
                    "80+",
                    "80岁以上老人",
                    "80周岁以上",
                    "80周岁及以上",
                ),
                _text(
                    "basis",
                    "人口依据: 空白即填报数, estimated_… 为估算",
                    "where the population comes from; estimated_… is an estimate",
                    "人口依据",
                    "人口来源",
                ),
            ),
            required=True,
        ),
        Layer(
            "streets",
            Text("道路", "streets"),
            "line",
            (
                Column(
                    "walkable",
                    "yes_no",
                    Text("可步行: 是/否; 空白即是", "yes or no; blank is yes"),
                    ("可步行", "步行", "是否可步行", "能否步行"),
                ),
                _STATUS,
                _KIND,
                _NAME,
            ),
            required=True,
        ),
        Layer("boundary", Text("边界", "boundary"), "polygon", (_NAME,)),
        Layer("extent", Text("数据范围", "data extent"), "polygon", (_NAME,)),
        Layer("water", Text("水面", "water"), "polygon", (_NAME,)),
        Layer("green", Text("绿地", "green"), "polygon", (_NAME,)),
        Layer("residential_land", Text("居住用地", "residential land"), "polygon", (_NAME,)),
        Layer("barriers", Text("屏障", "barriers"), "line", (_KIND, _NAME)),
        Layer(
            "committees",
            Text("居村委", "committees"),
            "polygon",
            (
                _text(
                    "committee_id",
                    "居村委编号",
                    "committee id",
                    "居村委编号",
                    "编号",
                    "居村委",
                    "居委会",
                    "居村委代码",
                    "居委会编号",
                    "id",
                    required=True,
                ),
                _text(
                    "name",
                    "名称",
                    "name",
                    "名称",
                    "居村委名称",
                    "居委会名称",
                    "村名",
                    "居委会",
                    "居村委",
                    "title",
                ),
                _text(
                    "kind", "residential 居委会 或 village 村委会", "residential or village", "类别", "类型"
                ),
            ),
        ),
        Layer(
            "circles",
            Text("社区生活圈", "living circles"),
            "polygon",
            (
                _text(
                    "circle_id",
                    "生活圈编号",
                    "circle id",
                    "生活圈编号",
                    "生活圈",
                    "编号",
                    "id",
                    required=True,
                ),
                _NAME,
                _text(
                    "hub_facility_id",
                    "中心设施的 facility_id; 空白即按步行距离选取",
                    "facility_id of the hub; blank: chosen by walking",
                ),
                _text(
                    "hub_demand_id",
                    "没有现状中心时, 建议作中心的居民点 demand_id",
                    "demand point proposed as the hub where there is no facility",
                ),
                _number(
                    "colour",
                    "着色号, 相邻生活圈不同",
                    "colour number, different from every neighbour's",
                ),
            ),
        ),
        Layer(
            "entrances",
            Text("出入口", "entrances"),
            "point",
            (
                _text(
                    "site_id",
                    "场所编号",
                    "place that is entered here",
                    "场所编号",
                    "点位编号",
                    "设施编号",
                    "所属场所编号",
                    "site",
                    required=True,
                ),
            ),
        ),
        Layer(
            "spaces",
            Text("闲置空间", "idle spaces"),
            "point_or_polygon",
            (
                _text("space_id", "空间编号", "space id", "空间编号", "编号", "id", required=True),
                _NAME,
                _AREA,
                _STATUS,
            ),
        ),
    )
}
"""Every layer that a study folder may hold, by name; the three required ones first."""

REGISTERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer(
            "ledger",
            Text("台账", "ledger"),
            "none",
            (
                _text("name", "事项名称", "what was announced", "名称", "事项", "项目名称", "点位", required=True),
                _text("kind", "类型 (原文)", "kind, as written", "类型", "类别"),
                _text(
                    "facility_type",
                    "设施类型: 目录编号, 几项用分号隔开",
                    "types of the catalogue, joined by semicolons",
                    "类型编号",
                    "设施类型",
                ),
                _text("suitability", "五宜", "suitability", "五宜", "五宜类别"),
                _STATUS,
                _number("count", "数量", "how many", "数量", "处数", "个数"),
                _text(
                    "facility_ids",
                    "设施编号: 场所编号/类型, 几处用分号隔开",
                    "facility ids (site/type), joined by semicolons",
                    "设施编号",
                    "对应设施",
                ),
                _text("sentence", "报告原句", "the report's sentence", "报告原句", "原句", "出处"),
                _text("note", "备注", "note", "备注", "说明"),
            ),
        ),
        Layer(
            "reconciliation",
            Text("对账", "reconciliation"),
            "none",
            (
                _text("item", "项目 (带单位)", "item, with its unit", "项目", "指标", required=True),
                _number("report_figure", "报告数字", "the report's figure", "报告数字", required=True),
                _text("source", "来源", "source", "来源", "出处"),
                _number("study_figure", "本研究数字; 有口径时由程序计算", "the study's figure; counted where there is a measure",
                        "本研究数字"),
                _text("measure", "口径: facilities, sites, circles, committees, residential_committees, villages, "
                      "spaces, spaces_m2, people, boundary_km2; 空白即按所填数字",
                      "how it is counted; blank keeps the figure as written", "口径"),
                _text("note", "说明", "note", "说明", "备注"),
            ),
        ),
    )
}  # fmt: skip
"""Optional tables without geometry that a study folder may hold, named under ``[layers.…]`` like a layer."""


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as mappings of plain values; faster than pandas on columns of text.

    >>> records(pd.DataFrame({"name": ["a", "b"], "people": [1.0, 2.0]}))
    [{'name': 'a', 'people': 1.0}, {'name': 'b', 'people': 2.0}]
    """
    names, columns = list(table), [table[name].tolist() for name in table]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def lookup(table: pd.DataFrame, key: str, value: str) -> dict[str, Any]:
    """Return one column by another; of equal keys the last counts.

    >>> lookup(pd.DataFrame({"id": ["a", "b"], "name": ["甲", "乙"]}), "id", "name")
    {'a': '甲', 'b': '乙'}
    """
    return dict(zip(table[key].tolist(), table[value].tolist(), strict=True))
