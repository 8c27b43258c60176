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
}
"""Figure, verdict or cause → its meaning."""
