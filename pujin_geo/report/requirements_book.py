"""Results to ``requirements.xlsx``: the requirements list (需求清单) as it is handed in, filtered and printed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import class_names, suitability_names
from ..coverage.disclosure import SMALLEST_SHOWN, suppressed
from ..definitions import DEFINITIONS
from ..gaps.requirements import group_words, reasons
from ..maps.figures import percent
from ..maps.references import ref
from ..texts import Lang, Text
from .books import Heading, Kind, Sheet, notice, write_sheets

if TYPE_CHECKING:
    from ..results import Results

NEED_WORDS: dict[str, Text] = {
    "provide": Text("增补设施", "provide"),
    "connect": Text("打通步行", "open a way"),
    "verify": Text("核实数据", "check data"),
}

RESULT_WORDS: dict[str, Text] = {
    "optimal": Text("已证明最优", "proven best"),
    "limit": Text("未证明最优", "not proven best"),
    "nobody_lacks_it": Text("无人缺少", "nobody lacks it"),
    "no_space_fits": Text("没有合适的空间", "no space fits"),
    "nobody_in_reach": Text("合适的空间附近无人缺少", "nobody who lacks it is near a fitting space"),
}

IS_BEST_WORDS: dict[str, Text] = {
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "unproven": Text("未证明", "not proven"),
    "no_alternative": Text("无其他候选", "no alternative"),
}

YES_NO: dict[str, Text] = {"yes": Text("必配", "must-have"), "no": Text("", "")}

REQUIREMENTS = Sheet(
    Text("需求清单", "requirements"),
    (
        Heading("priority", Text("序号", "no."), 6, "number"),
        Heading("circle_name", Text("生活圈", "circle"), 16),
        Heading("committee_name", Text("居村委", "committee"), 16),
        Heading("places", Text("片区", "places"), 26),
        Heading("need", Text("需求类别", "kind of need"), 10),
        Heading("need_text", Text("需求", "need"), 22),
        Heading("suitability", Text("五宜", "suitability"), 8),
        Heading("class", Text("类别", "class"), 12),
        Heading("must_have", Text("必配", "must-have"), 8),
        Heading("people_basis", Text("服务人群", "people served"), 14),
        Heading("people_not_met", Text("未达标人数", "people not met"), 10, "count"),
        Heading("people_unknown", Text("无法判定人数", "people unknown"), 10, "count"),
        Heading("reason", Text("原因", "reason"), 46),
        Heading("standard", Text("标准 (出处; 可信程度)", "standard (source; confidence)"), 30),
        Heading("planned_nearby", Text("附近在建与规划", "planned nearby"), 22),
        Heading("people_planned_serve", Text("规划可新增服务人数", "people planned ones serve"), 11, "count"),
        Heading("space_name", Text("可用闲置空间", "idle space"), 20),
        Heading("people_space_serves", Text("该空间可新增服务人数", "people it serves"), 11, "count"),
    ),
    Text("没有未达标或无法判定的需求。", "Nothing is lacking or unknown."),
)

AREAS = Sheet(
    Text("缺口片区", "gap areas"),
    (
        Heading("rank", Text("名次", "rank"), 6, "number"),
        Heading("area_name", Text("片区", "area"), 36),
        Heading("circle_name", Text("生活圈", "circle"), 18),
        Heading("committee_name", Text("居村委", "committee"), 18),
        Heading("population", Text("居民人数", "residents"), 10, "count"),
        Heading("pop_0_3", Text("0-3 岁", "aged 0-3"), 9, "count"),
        Heading("pop_60_plus", Text("60 岁及以上", "aged 60+"), 9, "count"),
        Heading("pop_80_plus", Text("80 岁及以上", "aged 80+"), 9, "count"),
        Heading("must_have_missing", Text("缺少必配类型数", "must-have types missing"), 10, "number"),
        Heading("types_missing", Text("缺少类型数", "types missing"), 10, "number"),
        Heading("type_names", Text("缺少的设施 (缺口大者在前)", "types missing, greatest gap first"), 60),
        Heading("crossed", Text("主要阻隔", "what lies across"), 26),
    ),
    Text("没有缺口片区。", "There are no gap areas."),
)

BEST = Sheet(
    Text("闲置空间优选", "best idle spaces"),
    (
        Heading("type_name", Text("设施类型", "facility type"), 20),
        Heading("spaces", Text("空间个数", "spaces"), 8, "number"),
        Heading("space_names", Text("最佳组合", "best choice"), 50),
        Heading("people_newly_served", Text("新增服务人数", "people newly served"), 12, "count"),
        Heading("people_not_met", Text("现未达标人数", "people not met today"), 12, "count"),
        Heading("gap_share", Text("占缺口", "share of the gap"), 9, "share"),
        Heading("people_basis", Text("服务人群", "people served"), 16),
        Heading("result", Text("求解结果", "result"), 20),
    ),
    Text("没有闲置空间或设施类型。", "There are no idle spaces or types."),
)

PLANNED = Sheet(
    Text("规划点位评价", "planned places"),
    (
        Heading("type_name", Text("设施类型", "facility type"), 18),
        Heading("planned", Text("规划处数", "planned"), 8, "number"),
        Heading("planned_names", Text("规划点位", "planned places"), 36),
        Heading("people_newly_served", Text("新增服务人数", "people newly served"), 12, "count"),
        Heading("is_best", Text("是否最佳组合", "best choice?"), 10),
        Heading("best_names", Text("同等处数的最佳组合", "best choice of as many"), 36),
        Heading(
            "best_people_newly_served", Text("最佳组合新增服务人数", "people it newly serves"), 12, "count"
        ),
        Heading("next_name", Text("建成后下一处建议", "next place"), 22),
        Heading("next_people_newly_served", Text("再新增服务人数", "people newly served then"), 12, "count"),
        Heading("people_left", Text("建成后仍未达标人数", "people still not met"), 12, "count"),
        Heading("worst_committee_name", Text("其中最多的居村委", "committee with most of them"), 20),
    ),
    Text("没有在建或规划的设施。", "Nothing is under construction or planned."),
)


def write_requirements(results: "Results", path: Path, *, smallest: int = SMALLEST_SHOWN) -> None:
    """Write the requirements list with gap areas, best spaces and planned places; equal input, equal bytes.

    Args:
        results: an analysed study.
        path: the workbook; its folder exists.
        smallest: counts of people above 0 and below this read "<5"; 0 shows all.
    """
    sheets = [(sheet, _shown(table, smallest)) for sheet, table in _sheets(results, smallest)]
    write_sheets(path, REQUIREMENTS.title.of(results.lang), sheets, _about(results, smallest), results)


def action_tables_in_words(
    results: "Results", *, smallest: int = SMALLEST_SHOWN
) -> list[tuple[str, str, list[tuple[str, bool, str]], list[tuple[str, list[str]]]]]:
    """Return what the briefing says of planned places and of the best idle space per must-have type.

    Args:
        results: an analysed study.
        smallest: counts of people above 0 and below this read "<5".

    Returns:
        Per table its key in the definitions, its title, its headings (words, whether numbers stand there, column) and its
        rows: the reference to the row of the table, and the cells in words.
    """
    best = results.tables["best_spaces"]
    first = ((best["must_have"] == "yes") & (best["spaces"] == 1)).to_numpy(dtype=bool)
    planned = [
        ref("planned_places", facility_type=one) for one in results.tables["planned_places"]["facility_type"]
    ]
    singles = [ref("best_spaces", facility_type=one, spaces=1) for one in best["facility_type"][first]]
    parts = [
        ("planned_places", PLANNED, _choices(results, "planned_places").set_axis(planned)),
        (
            "best_spaces",
            BEST,
            _choices(results, "best_spaces")[first]
            .set_axis(singles)
            .sort_values("people_newly_served", ascending=False),
        ),
    ]
    tables = []
    for key, sheet, table in parts:
        shown = _shown(table, smallest).astype(object)
        rows = [
            (
                source,
                [_in_words(value, heading.kind) for value, heading in zip(row, sheet.headings, strict=True)],
            )
            for source, *row in shown.itertuples()
        ]
        headings = [
            (heading.title.of(results.lang), heading.kind != "text", heading.column)
            for heading in sheet.headings
        ]
        tables.append((key, sheet.title.of(results.lang), headings, rows))
    return tables


def requirements_in_words(
    results: "Results", *, smallest: int = SMALLEST_SHOWN, most: int | None = None
) -> list[dict[str, str]]:
    """Return the first rows of the requirements list in words, by the columns of its sheet.

    Args:
        results: an analysed study.
        smallest: counts of people above 0 and below this read "<5".
        most: how many rows; all if None.
    """
    table = results.tables["requirements"]
    shown = _shown(_requirements(table.head(most or len(table)), results.lang, smallest), smallest)
    headings = REQUIREMENTS.headings
    return [
        {heading.column: _in_words(value, heading.kind) for heading, value in zip(headings, row, strict=True)}
        for row in shown.astype(object).itertuples(index=False)
    ]


def _in_words(value: Any, kind: Kind) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "—"
    return percent(float(value)) if kind == "share" else f"{float(value):,.0f}"


def _shown(table: pd.DataFrame, smallest: int) -> pd.DataFrame:
    return suppressed(table, smallest=smallest) if smallest > 0 else table


def _sheets(results: "Results", smallest: int) -> list[tuple[Sheet, pd.DataFrame]]:
    return [
        (REQUIREMENTS, _requirements(results.tables["requirements"], results.lang, smallest)),
        (AREAS, _areas(results)),
        (BEST, _choices(results, "best_spaces")),
        (PLANNED, _choices(results, "planned_places")),
    ]


def _words(column: pd.Series, words: dict[str, Text], lang: Lang) -> list[str]:
    return [words[one].of(lang) if one in words else str(one) for one in column]


def _requirements(table: pd.DataFrame, lang: Lang, smallest: int) -> pd.DataFrame:
    return table.assign(
        reason=reasons(table, lang=lang, smallest=smallest),
        need=_words(table["need"], NEED_WORDS, lang),
        suitability=_words(table["suitability"], suitability_names, lang),
        must_have=_words(table["must_have"], YES_NO, lang),
        people_basis=[group_words(basis, lang) for basis in table["people_basis"]],
        **{"class": _words(table["class"], class_names, lang)},
    )[[heading.column for heading in REQUIREMENTS.headings]]


def _areas(results: "Results") -> pd.DataFrame:
    table = results.tables["gap_areas"]
    names, join = _type_names(results), Text("、", ", ").of(results.lang)
    return table.assign(
        circle_name=_names(results, "circles", "circle_id", table["circle_id"]),
        committee_name=_names(results, "committees", "committee_id", table["committee_id"]),
        type_names=[
            join.join(names[one] for one in ids.split(";") if one) for ids in table["facility_types"]
        ],
        crossed=table["crossed"].str.replace(";", join),
    )[[heading.column for heading in AREAS.headings]]


def _choices(results: "Results", name: str) -> pd.DataFrame:
    lang, table = results.lang, results.tables[name]
    sheet = BEST if name == "best_spaces" else PLANNED
    join = Text("、", ", ").of(lang)
    table = table.assign(
        type_name=table["facility_type"].map(_type_names(results)).astype(object),
        people_basis=[group_words(basis, lang) for basis in table["people_basis"]],
        result=_words(table["result"], RESULT_WORDS, lang),
    )
    for column in [c for c in table if str(c).endswith("_names")]:
        table[column] = [text.replace(";", join) for text in table[column]]
    if name == "planned_places":
        table["is_best"] = _words(table["is_best"], IS_BEST_WORDS, lang)
        ids = table["worst_committee_id"]
        table["worst_committee_name"] = _names(results, "committees", "committee_id", ids)
    return table[[heading.column for heading in sheet.headings]]


def _type_names(results: "Results") -> dict[str, str]:
    catalogue = results.inputs.catalogue
    column = "name_en" if results.lang == "en" else "name_zh"
    return dict(zip(catalogue["facility_type"], catalogue[column], strict=True))


def _names(results: "Results", layer: str, id_column: str, ids: pd.Series) -> list[str]:
    frame = results.inputs.layer(layer)
    names = dict(zip(frame[id_column], frame["name"], strict=True))
    return [names.get(one, "") or one for one in ids]


def _about(results: "Results", smallest: int) -> list[tuple[str, str]]:
    lang, study = results.lang, results.inputs.study
    hidden = Text(
        f"服务人群不足 {smallest} 人的数字显示为 “<{smallest}”, 同一行其余人数取整到 {smallest} 的倍数。",
        f"Counts of people below {smallest} read “<{smallest}”; other counts of such a row are rounded to multiples of "
        f"{smallest}.",
    )
    return [
        (Text("研究", "study").of(lang), study.name),
        *([(Text("数据日期", "data date").of(lang), study.data_date)] if study.data_date else []),
        (Text("声明", "notice").of(lang), notice(results)),
        *([(Text("小数目", "small counts").of(lang), hidden.of(lang))] if smallest > 0 else []),
        *(
            (name, DEFINITIONS[name].of(lang))
            for name in (
                "requirements",
                "gap_areas",
                "best_spaces",
                "planned_places",
                "walk_m",
                "threshold_m",
            )
        ),
        *((name, DEFINITIONS[name].of(lang)) for name in ("threshold_confidence", "unknown")),
    ]
