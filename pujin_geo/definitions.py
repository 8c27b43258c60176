"""What each figure means, in words: printed wherever the figure is shown."""

from .texts import Text

SYNTHETIC = Text("合成数据 · 示意", "Synthetic data · schematic")
"""Shown on every map, page and table while the study says ``synthetic = true``."""

INTERNAL = Text("内部讨论", "For internal discussion")

DEFINITIONS: dict[str, Text] = {
    "walk_m": Text(
        "步行距离: 从居民点直线走到最近的可步行道路, 沿道路走到设施最近的入口, 到最近的一处设施为准, 单位米。",
        "Walk: straight from the demand point to the nearest walkable street, along the streets, and straight "
        "to the facility's nearest way in; to the nearest facility, in metres.",
    ),
    "straight_m": Text(
        "直线距离: 到最近一处设施的直线距离 (可能是另一处), 单位米; 仅供对照。",
        "Straight distance to the nearest facility, which may be another one, in metres; for comparison only.",
    ),
    "threshold_m": Text(
        "步行标准: 目录中该类设施的步行距离上限, 等于标准即达标, 单位米。",
        "Threshold: the catalogue's longest walk for the type; equality is met; metres.",
    ),
    "coverage_share": Text(
        "步行覆盖率 (C4 人口口径): 步行距离不超过标准的服务人群人数 ÷ 该设施服务人群总人数。",
        "Coverage (C4, population): people of the group served whose walk is within the threshold, divided by "
        "all people of that group.",
    ),
    "coverage_share_low": Text(
        "覆盖率下限: 假如所有步行距离都长 10%, 覆盖率是多少; 没有步行距离的人不计入。",
        "Low coverage: the share if every walk were 10 % longer; people without a measured walk do not count.",
    ),
    "coverage_share_high": Text(
        "覆盖率上限: 假如所有步行距离都短 10%, 覆盖率是多少; 没有步行距离的人不计入。",
        "High coverage: the share if every walk were 10 % shorter; people without a measured walk do not count.",
    ),
    "straight_line_share": Text(
        "直线覆盖率: 直线距离不超过标准的服务人群占比; 一般高估实际可达。",
        "Straight-line share: people whose straight distance is within the threshold; it usually overstates.",
    ),
    "met": Text("达标: 步行距离不超过标准。", "Met: the walk is within the threshold."),
    "not_met": Text("未达标: 数据足以判定步行距离超过标准。", "Not met: the data show that it is not."),
    "unknown": Text(
        "无法判定: 数据不足以得出结论, 原因见 cause; 不计为达标, 也不计为未达标。",
        "Unknown: the data cannot decide, see the cause; counted neither as met nor as not met.",
    ),
    "unsnapped": Text(
        "居民点附近没有可步行道路 (超过 max_snap_m)。",
        "The demand point is on no walkable street (beyond max_snap_m).",
    ),
    "island": Text(
        "居民点所在道路与主路网不连通。",
        "The demand point's street is cut off from the main network.",
    ),
    "facility_off_network": Text(
        "标准内有一处设施未接入主路网。",
        "A facility within the threshold by straight line is not on the main network.",
    ),
    "data_edge": Text(
        "在标准距离内可走出数据范围, 范围外的设施未知。",
        "Within the threshold a street leaves the surveyed extent; what lies beyond is not known.",
    ),
    "no_facility": Text("没有该类设施。", "There is no facility of the type."),
    "detour": Text("直线距离达标而步行不达标: 绕行。", "Near by straight line, too far on foot: a detour."),
    "too_far": Text("设施太远。", "The nearest facility is too far."),
    "threshold_confidence": Text(
        "标准的可信程度: V 已查原文, V2 转引, D 推算, M 凭记忆待核, U 不确定或建议值, user 用户修改; M 和 U 的结论须谨慎。",
        "How sure the threshold is: V read in the source, V2 second-hand, D derived, M from memory, U uncertain or "
        "proposed, user edited; take results on M and U with care.",
    ),
    "people_basis": Text(
        "人数口径: 该类设施的服务人群; 无分年龄数据时为全体居民, 标 all (no age data)。",
        "People: the group that the type serves; without age data all residents, marked all (no age data).",
    ),
    "tables": Text(
        "tables/ 与 tables.xlsx 供内部使用, 人数未作隐藏; 对外提供的清单和网页中, 少于 5 人的人数显示为 <5。",
        "tables/ and tables.xlsx are internal and raw; in pages and lists that are handed out, counts of fewer than 5 "
        "people read <5.",
    ),
    "apostrophe": Text(
        "CSV 中以 = + - @、制表符或换行开头的文字前加一个撇号 ('), 以免被 Excel、WPS 当作公式; 数字不加。",
        "In the CSV files a text that begins with = + - @, a tab or a line break has an apostrophe before it, so that "
        "Excel and WPS do not take it for a formula; numbers have none.",
    ),
    "share_if_unknown_met": Text(
        "把“无法判定”全部当作达标时的占比; 与步行覆盖率 (无法判定不计为达标) 合起来就是真实值所在的区间。",
        "The share if everybody unknown were met; with the coverage share, where unknown is not met, it spans the truth.",
    ),
    "residents_share": Text(
        "全体居民步行覆盖率 (C4, 不分服务人群): 步行距离不超过标准的居民 ÷ 该标准适用的全体居民。",
        "Coverage of all residents (C4, whomever the type serves): residents within the threshold, divided by all to "
        "whom it applies.",
    ),
    "land_share": Text(
        "居住用地覆盖率 (C1): 步行距离不超过标准的居住用地面积 ÷ 居住用地总面积; 按规则点阵取样 (点距见 land_grid_m), 只计边界内。",
        "Residential land in reach (C1): land whose walk is within the threshold, divided by all residential land; sampled "
        "on a regular grid (spacing in land_grid_m) inside the boundary.",
    ),
    "land_straight_share": Text(
        "居住用地服务半径覆盖率 (公园即 C2): 直线距离不超过标准的居住用地占比; 一般高估实际可达。",
        "Residential land in the service radius (for parks this is C2): land within the threshold by straight line; it "
        "usually overstates.",
    ),
    "has_one_share": Text(
        "“有一处”的比例 (C5): 辖区内至少有一处该类设施的生活圈 (没有生活圈时为居村委) ÷ 该标准适用的单元数; 不看居民能否走到。",
        "Has one (C5): circles (committees where none are drawn) with at least one such facility inside, divided by those "
        "to which the type applies; whether people can walk there is not asked.",
    ),
    "remark": Text(
        "说明: not_applicable 该标准不适用于此处; nobody_to_serve 没有服务对象, 占比留空; no_facility 没有该类设施 (0 是真实的 0); "
        "no_type_judged 没有可判定的类型; nothing_required 定额为 0 或没有可衡量的设施; size_missing 有设施缺面积或容量。",
        "not_applicable: the standard does not apply here; nobody_to_serve: shares are blank; no_facility: a true 0; "
        "no_type_judged: no type of the family is judged; nothing_required: a quota of 0 or no site to measure; "
        "size_missing: the area or capacity of a facility is blank.",
    ),
    "reach_share": Text(
        "综合口径: every 为能走到该组中适用的每一类设施的居民占比; any_15min 为步行 15 分钟 (1000 米) 内至少有该组一处设施的人口占比; "
        "each_15min 为卫生、养老、文化、体育四项都满足 any_15min 的居民占比。不是各类平均。",
        "Combined: rule every, residents who reach every type of the family that applies; any_15min, people with at least "
        "one facility of the family within a fifteen-minute walk (1,000 m); each_15min, residents with all four of health, "
        "elder care, culture and sport so. Not a mean.",
    ),
    "mean_share": Text(
        "各类平均: 该组每一类设施步行覆盖率的算术平均, 每类权重相同, 没有服务对象的类不计 (types_in_mean 为参与平均的类数); 不是“每类都能走到”的居民占比。",
        "Mean over types: arithmetic mean of the coverage shares of the family's types, each weighing the same, types with "
        "nobody to serve left out (types_in_mean counts the rest). Not the share who reach all.",
    ),
    "mean_types_reached": Text(
        "人均可达类数: 每位居民步行可达的类数的平均, 与 mean_types_applying (所在地适用的类数) 对照; 逐点数字见 reached 表。",
        "Mean number of types that a resident reaches, beside mean_types_applying; point by point in the table reached.",
    ),
    "target_share": Text(
        "全市目标: 到 2025 年卫生、养老、文化、体育设施步行 (慢行) 15 分钟约 85%, 只对城镇; 哪些类型属于哪一项、以及 15 分钟按步行 1000 米计, 是本目录的理解 (U)。",
        "City target: about 85 % by 2025 within fifteen minutes for health, elder care, culture and sport, urban only; which "
        "types belong and that fifteen minutes are 1,000 m on foot is this catalogue's reading (U).",
    ),
    "outlook": Text(
        "前后对比: today 只计现状设施; under_construction 再计在建; planned 再计规划 (道路仍为现状); planned_with_streets 在建和规划道路也开通。",
        "Before and after: today has existing facilities only; under_construction adds those; planned adds these, on "
        "today's streets; planned_with_streets opens streets under construction or planned too.",
    ),
    "people_newly_served": Text(
        "新覆盖人数: 今天未达标、项目开放后达标的服务人群; 今天无法判定的另列, 不计入。",
        "People newly served: not met today and met once the project is open; those unknown today are listed apart.",
    ),
    "people_newly_served_only_here": Text(
        "只靠该项目新覆盖的人数: 同类其他项目都覆盖不到; people_newly_served_together 为同类项目合计 (每人只计一次)。",
        "Newly served by this project alone, out of reach of the type's other projects; people_newly_served_together is all "
        "of them, nobody twice.",
    ),
    "people_without_standard": Text(
        "标准距离内新增、但该标准不适用于其城乡属性的人数 (例如城镇标准、村民), 另列, 不计入新覆盖。",
        "People newly within the distance to whose scope the standard does not apply (an urban rule, a villager): listed "
        "apart, not counted as newly served.",
    ),
    "required": Text(
        "定额要求: 定额 × 适用居民数 ÷ 定额人数 (或 × 生活圈、居村委、街镇、设施的个数)。",
        "Required: quota × residents to whom it applies ÷ the persons it is per (or × circles, committees, subdistricts, sites).",
    ),
    "available": Text(
        "现有: 位于该处的计入设施的处数、面积或容量之和; 缺面积或容量的不推测, 数目见 size_missing。",
        "Available: number, area or capacity of the counting facilities that stand there; blanks are not guessed, size_missing "
        "counts them.",
    ),
    "catchment_supply": Text(
        "两步移动搜索法 (2SFCA, Luo 和 Wang 2003): 先把每处设施的供给除以步行标准距离内的全部居民, 再把每位居民能走到的各处相加; 表中为居民平均, 每 catchment_per 人。",
        "Two-step floating catchment (2SFCA, Luo and Wang 2003): each facility's supply is divided by all residents within the "
        "threshold on foot, then summed over the facilities that a resident can walk to; mean over residents, per catchment_per.",
    ),
    "low_high": Text(
        "headlines 表的 low 与 high: 所有步行距离同时长 10% 或短 10% 时的最小值和最大值。",
        "low and high in the table headlines: the least and greatest value if every walk were 10 % longer or shorter.",
    ),
    "detour_ratio": Text(
        "绕行系数: 步行距离 ÷ 直线距离, 各自到最近的一处 (可能不是同一处); 只对原因为绕行的行计算。",
        "Detour ratio: walk ÷ straight distance, each to its nearest facility (they may be two); for detours only.",
    ),
    "crossed": Text(
        "阻隔: 居民点到直线最近设施的直线所穿过的水面和屏障, 按先后列名, 无名的写类别; 空白表示没有已绘的阻隔, 请核对是否漏画道路或出入口。",
        "Crossed: water and barriers across the straight line to the nearest facility, in order, by name, else by kind; blank: "
        "nothing drawn lies across, so check for a missing street or gate.",
    ),
    "gap_areas": Text(
        "缺口片区: 同一居村委、同一生活圈内, 距人口最多的居民点步行 500 米以内、有未达标或无法判定类型的居民点归为一片, 以该点命名; 没有居村委时以 1 公里方格代替。gaps 的每一行恰好属于一个片区 (area_id)。",
        "Gap area: demand points that lack something or cannot be judged, of one committee and circle, within 500 m on foot of the "
        "most populous one, after which it is named; without committees a square of 1 km stands in. Every row of gaps belongs "
        "to exactly one area (area_id).",
    ),
    "shortfall_person_m": Text(
        "缺口量: 未达标人数 × 超出标准的步行距离 (人·米) 之和, 片区按此排名; 没有步行距离 (无设施或走不到) 的按一倍标准计。",
        "People × shortfall: people not met times the walk beyond the threshold (person-metres), summed; areas are ranked by it. "
        "Without a walk (no facility, no path) the shortfall counts one threshold.",
    ),
    "people_type_pairs": Text(
        "人次: 每人每缺少一类计一次; 各原因 (pairs_…) 之和即为人次。",
        "People × types: each person counts once per type that they lack; the causes (pairs_…) add up to it.",
    ),
    "space_options": Text(
        "闲置空间可选用途: 面积不小于目录最小规模、城乡适用的类型; fit 表示把握: fits 面积足够, no_minimum 目录无最小规模, area_unknown 面积未知, land 最小规模为用地, other_scope 城乡不符。公交站、公园、学校等不能进驻空间的类型不列。",
        "What an idle space could host: types whose smallest size in the catalogue it has. fit says how surely: fits, no_minimum "
        "(none known), area_unknown, land (the minimum is land, not floor), other_scope (urban or rural only). Types that no "
        "space can take in (stops, parks, schools …) are not listed.",
    ),
    "best_spaces": Text(
        "闲置空间优选: 在面积、城乡都合适的空间中选 n 处, 使新增服务人数最多 (最大覆盖选址 MCLP, Church 和 ReVelle 1974), 精确求解; result 为 optimal 即已证明最优。",
        "Best spaces: the n fitting spaces that newly serve most people (maximal covering location problem, Church and ReVelle "
        "1974), solved exactly; optimal means proven.",
    ),
    "planned_places": Text(
        "规划点位评价: 在建和规划点位新增服务多少人, 与同等处数的最佳组合 (候选为合适的闲置空间加规划点位) 相比如何, 以及建成后下一处。",
        "Planned places: whom the planned ones newly serve, beside the best choice of as many among fitting spaces and the planned "
        "places, and which space is next once they stand.",
    ),
    "requirements": Text(
        "需求清单: 每个生活圈、居村委、设施类型一行, 列未达标与无法判定人数、原因、标准及出处、附近规划和可用空间; 必配类型在前, 同类按缺口量排序; 该人群无人的不列。",
        "Requirements list: one row per circle, committee and type with the people not met and unknown, why, the standard and its "
        "source, what is planned and the space at hand; must-have types first, then by people × shortfall; rows with nobody of "
        "the group are left out.",
    ),
}
"""Figure, verdict or cause → its meaning."""
