"""What the figures of a comparison mean, in words: printed wherever they are shown."""

from ..report.trace import Figure
from ..texts import Text

TITLE = Text("前后对比", "Before and after")

DEFINITIONS: dict[str, Text] = {
    "people_met": Text(
        "达标人数: 步行距离不超过标准的服务人群人数; 前后两次都由各自保存的输入、用本版本重新计算。",
        "People met: people of the group served whose walk is within the threshold; both runs are made anew by this version "
        "from the inputs that they kept.",
    ),
    "parts": Text(
        "原因分解: 把设施、道路、居民、规则、生活圈五组各取前一次或后一次, 最多 32 种组合都重新判定; 每组的份额是它在所有先后次序下带来的变化的平均 "
        "(Shapley 值)。没有影响的组为 0, 各组相加恰好等于总变化 (以 1/64 人为单位, 除不尽的余数归余数最大的组)。",
        "Causes: facilities, streets, residents, rules and circles are each taken from the earlier or the later run, and all mixtures "
        "(at most 32) are judged; the part of a group is what it changes on average over all orders in which the groups could have "
        "changed (Shapley value). A group without effect has 0, and the parts add up to the change exactly (in 64ths of a person; "
        "what does not divide goes to the greatest remainders).",
    ),
    "groups": Text(
        "各组包括: 设施 = 设施、出入口; 道路 = 道路、数据范围、水面、屏障; 居民 = 居民点、研究边界; 规则 = 设施目录、设置、是否计入规划; "
        "生活圈 = 生活圈、居村委 (决定城乡)。绿地、居住用地、闲置空间、台账、对账不影响达标人数, 只列出变化。",
        "The groups hold: facilities = facilities, entrances; streets = streets, data extent, water, barriers; residents = demand "
        "points, boundary; rules = catalogue, settings, whether planned ones count; circles = circles, committees (which say urban or "
        "rural). Green, residential land, idle spaces, ledger and reconciliation have no bearing on who is met: their changes are "
        "only listed.",
    ),
    "gained_lost": Text(
        "增、减: 逐居民点相加, 达标人数上升的计入增, 下降的计入减; 增减之差即总变化。",
        "Gained, lost: summed over demand points, rises in one and falls in the other; their difference is the change.",
    ),
    "person_types": Text(
        "人次: 每人每类设施计一次, 各类相加。",
        "Person-types: each person counts once per type of facility, summed over types.",
    ),
    "alone": Text(
        "单独影响: 在前一次的基础上只作这一处改变时达标人数的变化; 最后影响: 在后一次的基础上撤回这一处时的差别。几处服务同一批人时两者不同, "
        "也都不能相加; 合计见原因分解。",
        "Alone: the change of people met if this were the only change made to the earlier run; last: the difference that it makes to "
        "the later run. They differ where several places serve the same people, and neither adds up; the causes do.",
    ),
    "verdict_changes": Text(
        "判定变化: change 为 gap_closed 缺口消除, gap_opened 出现缺口, verdict 未达标与无法判定互变, new_point/gone_point 居民点新增/消失, "
        "newly_judged/no_longer_judged 开始/不再评价, people 人数变化, circle 换了生活圈; people_met_change 按类相加等于总变化。",
        "Verdict changes: gap_closed, gap_opened; verdict between not met and unknown; new_point, gone_point; newly_judged, "
        "no_longer_judged; people: another number of people is met; circle: met in another circle; people_met_change adds up to the "
        "change of the type.",
    ),
    "gap_area_changes": Text(
        "缺口片区的变化: 前后两次的片区按共有的居民点认作同一片区; 缺口人次 = 未达标的人 × 类型; closed 消除: 原有居民点都没有缺口了; opened 新出现: "
        "原来都没有缺口; shrunk 缩小、grown 扩大 (按缺口人次); shifted 人次相同而居民点或类型不同; merged 并入、split 分出: 居民点归到另一片区。变化相加等于"
        "全域的变化; 涉及的居民点列在 demand_ids_closed 和 demand_ids_opened。",
        "Gap areas: those of two runs are one by the demand points that they share; gaps count people × types not met; closed: none of its "
        "points has a gap now; opened: none had one; shrunk and grown by that count; shifted: as many, of other points or types; merged, "
        "split: the points went to, or came from, another area. Changes add up to that of the whole study; the demand points behind "
        "them stand in demand_ids_closed and demand_ids_opened.",
    ),
    "sentence": Text(
        "一句话: 由 coverage_changes 中该圈各类的数字写成, 表中为原数。",
        "A sentence written from the circle's rows of coverage_changes; raw in the table.",
    ),
    "moved_m": Text("移动的直线距离, 米。", "How far it moved by straight line, metres."),
    "doubt": Text(
        "doubt: 编号对不上时按名称和位置认作同一处的依据; 请人工核对。",
        "doubt: on what grounds two rows without a common id were taken to be the same; please check.",
    ),
}

FIGURES = (
    Figure("index.html", Text("每圈一句话", "a sentence per circle"), "circle_sentences", "circle_id", "sentence"),
    Figure("index.html", Text("达标人数的变化和原因", "people met and the causes"), "coverage_changes", "circle_id;facility_type", "people_met_change,people_met_before,people_met_after,by_facilities,by_streets,by_residents,by_rules,by_circles,coverage_share_before,coverage_share_after"),
    Figure("index.html", Text("缺口的消除与出现", "gaps closed and opened"), "verdict_changes", "facility_type;change", "people_after"),
    Figure("index.html", Text("缺口片区的变化", "gap areas"), "gap_area_changes", "area_id;area_id_before", "people_type_pairs_change,people_type_pairs_before,people_type_pairs_after"),
    Figure("index.html", Text("每处设施的影响", "what each facility did"), "facility_effects", "facility_id;change", "people_alone,people_alone_gained,people_alone_lost,people_last,moved_m"),
    Figure("index.html", Text("数据的变化", "what changed in the data"), "data_changes", "layer;id;change", "moved_m"),
    Figure("maps/before_after.html", Text("每处设施的影响", "what each facility did"), "facility_effects", "facility_id", "people_alone,people_last"),
    Figure("maps/before_after.html", Text("各类达标人数", "people met by type"), "coverage_changes", "circle_id=all;facility_type", "people_met_change,people_met_before,people_met_after,coverage_share_before,coverage_share_after"),
    Figure("maps/before_after.html", Text("每个居民点的前后", "demand points before and after"), "verdict_changes", "demand_id", "walk_m_after,walk_m_before,verdict_after,verdict_before"),
)  # fmt: skip
"""Where the figures of a comparison's page stand, see ``report.trace``."""
