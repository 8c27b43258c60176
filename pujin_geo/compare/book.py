"""A comparison as ``comparison.xlsx``: the table for the meeting, filtered and printed; small counts hidden."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..report.books import Heading, Sheet, write_sheets
from ..texts import Text
from .shown import (
    coverage_shown,
    data_shown,
    effects_shown,
    gap_areas_shown,
    sentences_shown,
    smallest_of,
    verdicts_shown,
)
from .words import DEFINITIONS, TITLE
from .worlds import GROUPS

if TYPE_CHECKING:
    from .comparison import Comparison

CIRCLES = Sheet(
    Text("各生活圈", "circles"),
    (
        Heading("circle_id", Text("生活圈", "circle"), 10),
        Heading("name", Text("名称", "name"), 26),
        Heading("sentence", Text("一句话", "in one sentence"), 110),
    ),
    Text("没有结果。", "There is nothing to say."),
)

COVERAGE = Sheet(
    Text("达标人数的变化", "people met"),
    (
        Heading("circle", Text("生活圈", "circle"), 24),
        Heading("type_name", Text("设施类型", "facility type"), 20),
        Heading("people_met_before", Text("达标人数 (前)", "people met before"), 11, "count"),
        Heading("people_met_after", Text("达标人数 (后)", "people met after"), 11, "count"),
        Heading("people_met_change", Text("变化", "change"), 9, "count"),
        *(
            Heading(f"people_by_{group}", Text(f"因{text.zh}", f"by {text.en}"), 9, "count")
            for group, text in GROUPS.items()
        ),
        Heading("people_gained", Text("增", "gained"), 8, "count"),
        Heading("people_lost", Text("减", "lost"), 8, "count"),
        Heading("coverage_share_before", Text("覆盖率 (前)", "coverage before"), 9, "share"),
        Heading("coverage_share_after", Text("覆盖率 (后)", "coverage after"), 9, "share"),
    ),
    Text("达标人数没有变化。", "Nobody gained or lost a facility."),
)

EFFECTS = Sheet(
    Text("每处设施的影响", "facilities"),
    (
        Heading("facility_id", Text("设施编号", "facility id"), 24),
        Heading("name", Text("名称", "name"), 28),
        Heading("type_name", Text("类型", "type"), 20),
        Heading("change_name", Text("变化", "change"), 10),
        Heading("moved_m", Text("移动 (米)", "moved (m)"), 9, "number"),
        Heading("people_alone", Text("单独影响 (人)", "alone (people)"), 11, "count"),
        Heading("people_alone_gained", Text("增", "gained"), 9, "count"),
        Heading("people_alone_lost", Text("减", "lost"), 9, "count"),
        Heading("people_last", Text("最后影响 (人)", "last (people)"), 11, "count"),
    ),
    Text("没有设施新增、停用或移位。", "No facility came, went or moved."),
)

VERDICTS = Sheet(
    Text("判定的变化", "verdicts"),
    (
        Heading("demand_id", Text("居民点编号", "demand point"), 14),
        Heading("name", Text("名称", "name"), 26),
        Heading("type_name", Text("设施类型", "facility type"), 20),
        Heading("change_name", Text("变化", "change"), 12),
        Heading("walk_m_before", Text("步行 (前, 米)", "walk before (m)"), 10, "number"),
        Heading("walk_m_after", Text("步行 (后, 米)", "walk after (m)"), 10, "number"),
        Heading("threshold_m_after", Text("标准 (米)", "threshold (m)"), 9, "number"),
        Heading("people_before", Text("人数 (前)", "people before"), 9, "count"),
        Heading("people_after", Text("人数 (后)", "people after"), 9, "count"),
        Heading("circle_id_after", Text("生活圈", "circle"), 10),
    ),
    Text("没有判定改变。", "No verdict changed."),
)

GAP_AREAS = Sheet(
    Text("缺口片区的变化", "gap areas"),
    (
        Heading("area_name", Text("片区", "area"), 28),
        Heading("circle_id", Text("生活圈", "circle"), 10),
        Heading("change_name", Text("变化", "change"), 14),
        Heading(
            "people_type_pairs_before", Text("缺口人次 (前)", "gaps before (people × types)"), 11, "count"
        ),
        Heading("people_type_pairs_after", Text("缺口人次 (后)", "gaps after (people × types)"), 11, "count"),
        Heading("people_type_pairs_change", Text("变化 (人次)", "change (people × types)"), 11, "count"),
        Heading("types_closed_names", Text("消除的类型", "types closed"), 30),
        Heading("points_closed", Text("消除缺口的居民点", "demand points closed"), 40),
        Heading("types_opened_names", Text("出现的类型", "types opened"), 30),
        Heading("points_opened", Text("出现缺口的居民点", "demand points opened"), 40),
    ),
    Text("缺口片区没有变化。", "No gap area changed."),
)

DATA = Sheet(
    Text("数据的变化", "data"),
    (
        Heading("layer_name", Text("图层", "layer"), 12),
        Heading("id", Text("编号", "id"), 24),
        Heading("name", Text("名称", "name"), 26),
        Heading("change_name", Text("变化", "change"), 11),
        Heading("detail", Text("内容", "detail"), 50),
        Heading("moved_m", Text("移动 (米)", "moved (m)"), 9, "number"),
        Heading("doubt", Text("认作同一处的依据", "why taken to be the same"), 40),
    ),
    Text("数据没有变化。", "The data did not change."),
)


def write_book(comparison: "Comparison", path: Path) -> None:
    """Write the workbook; equal input, equal bytes.

    Details of residents, which may hold small numbers of people, are left to the internal tables.
    """
    lang, results = comparison.lang, comparison.marked
    data = data_shown(comparison)
    data["detail"] = data["detail"].where(data["layer"] != "residents", "")
    sheets: list[tuple[Sheet, pd.DataFrame]] = [
        (CIRCLES, sentences_shown(comparison)),
        (COVERAGE, coverage_shown(comparison)),
        (EFFECTS, effects_shown(comparison)),
        (GAP_AREAS, gap_areas_shown(comparison)),
        (VERDICTS, verdicts_shown(comparison)),
        (DATA, data),
    ]
    shown = [(sheet, table[[heading.column for heading in sheet.headings]]) for sheet, table in sheets]
    write_sheets(path, TITLE.of(lang), shown, _about(comparison), results)


def _about(comparison: "Comparison") -> list[tuple[str, str]]:
    lang, smallest = comparison.lang, smallest_of(comparison)
    hidden = Text(
        f"少于 {smallest} 人的数字显示为 “<{smallest}”, 同一行其余人数取整到 {smallest} 的倍数。",
        f"Counts of people below {smallest} read “<{smallest}”; other counts of such a row are rounded to multiples of "
        f"{smallest}.",
    )
    return [
        (Text("前", "before").of(lang), comparison.before.name),
        (Text("后", "after").of(lang), comparison.after.name),
        *((Text("注意", "note").of(lang), text.of(lang)) for text in comparison.notices),
        *([(Text("小数目", "small counts").of(lang), hidden.of(lang))] if smallest > 0 else []),
        *((name, text.of(lang)) for name, text in DEFINITIONS.items()),
    ]
