"""What the briefing says in plain sentences: the questions that were asked, each answered from the tables.

Every number is read from the results, in the run's language; where a study lacks the data that a question needs, the
answer says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from ..catalogue import UNCERTAIN
from ..maps.coverage import whole_coverage
from ..maps.figures import percent, whole
from ..maps.references import ref
from ..tables import ALL
from ..texts import Text
from .charts import few

if TYPE_CHECKING:
    from ..results import Results

WORST_TYPES = 3
TEN = 10

_Said = tuple[Text, tuple[str, ...]]
"""A sentence, and the references to what it says."""


@dataclass(frozen=True)
class Answer:
    """A question, its answer, and the part of the page that shows more.

    Attributes:
        question: as a planner asks it.
        answer: one or two sentences.
        anchor: id of the section.
        sources: references to what it says, see ``maps.references``.
    """

    question: str
    answer: str
    anchor: str
    sources: tuple[str, ...] = ()


def lead(results: "Results") -> str:
    """Return the briefing in two sentences: what residents reach today, and what projects would change."""
    row = _combined(results)
    if row is None:
        return Text(
            "数据中没有可判定的基础类设施, 无法给出总体结论。", "No basic type is judged, so there is no overall finding."
        ).of(results.lang)  # fmt: skip
    people, share = whole(row["people"]), percent(row["mean_share"])
    reached, applying = f"{row['mean_types_reached']:.1f}", f"{row['mean_types_applying']:.1f}"
    today = Text(
        f"{people} 位居民, 平均每人步行能走到 {reached} 类基础设施, 所在地适用的有 {applying} 类; 各类平均覆盖率 {share}。",
        f"The average of {people} residents walks to {reached} of the {applying} basic types that apply; mean coverage "
        f"of the types is {share}.",
    )
    newly = results.tables["headlines"].set_index("headline").loc["newly_served"]
    if not newly["value"] > 0:
        return today.of(results.lang)
    projects = Text(
        f"在建和规划设施全部开放后, {_range(newly)} 人至少新增一类。",
        f" Once everything under way is open, {_range(newly)} people gain at least one type.",
    )
    return today.of(results.lang) + projects.of(results.lang)


def lead_sources(results: "Results") -> list[str]:
    """Return the references to what ``lead`` says."""
    if _combined(results) is None:
        return [ref("combined", place_kind=ALL, family="basic", rule="every")]
    newly = results.tables["headlines"].set_index("headline").loc["newly_served"]
    columns = "people,mean_share,mean_types_reached,mean_types_applying"
    today = ref("combined", columns, place_kind=ALL, family="basic", rule="every")
    return [today, *([_NEWLY] if newly["value"] > 0 else [])]


_NEWLY = ref("headlines", "value", headline="newly_served")


def answers(results: "Results") -> list[Answer]:
    """Return the planners' questions with their answers, in the order of the briefing."""
    coverage = whole_coverage(results)
    asked: list[tuple[str, Text, Callable[[Results], _Said]]] = [
        ("types", Text("居民步行能走到什么?", "What can residents walk to?"), _what_is_reached),
        (
            "types",
            Text("最缺哪几类必配设施?", "Which must-have types are lacking most?"),
            partial(_what_lacks, coverage),
        ),
        ("circles", Text("各生活圈相差多少?", "How do the living circles differ?"), _how_circles_differ),
        ("gaps", Text("哪里最缺?", "Where is it worst?"), _where),
        ("gaps", Text("为什么走不到?", "Why can they not walk there?"), _why),
        ("projects", Text("在建和规划项目能解决多少?", "What will projects under way solve?"), _projects),
        ("spaces", Text("闲置空间能补什么?", "What can idle spaces make good?"), _spaces),
        (
            "problems",
            Text("这些数字有多可靠?", "How far can the figures be trusted?"),
            partial(_how_sure, coverage),
        ),
    ]
    lang = results.lang
    found = [(anchor, question, answer(results)) for anchor, question, answer in asked]
    return [
        Answer(question.of(lang), text.of(lang), anchor, sources)
        for anchor, question, (text, sources) in found
    ]


def _combined(results: "Results") -> pd.Series | None:
    table = results.tables["combined"]
    rows = table[
        (table["place_kind"] == ALL) & (table["family"] == "basic") & (table["rule"] == "every")
    ].dropna(subset=["mean_share"])
    return rows.iloc[0] if len(rows) else None


def _range(row: pd.Series) -> str:
    if pd.isna(row["low"]) or row["low"] == row["high"]:
        return whole(row["value"])
    return f"{whole(row['value'])} ({whole(row['low'])}–{whole(row['high'])})"


def _names(results: "Results") -> dict[str, str]:
    catalogue = results.inputs.catalogue
    column = "name_en" if results.lang == "en" else "name_zh"
    return dict(zip(catalogue["facility_type"], catalogue[column], strict=True))


def _smallest(results: "Results") -> int:
    return results.inputs.study.settings.smallest_count_shown


def _what_is_reached(results: "Results") -> _Said:
    row = _combined(results)
    if row is None:
        return Text("没有可判定的基础类设施。", "No basic type is judged."), ()
    mean = results.tables["headlines"].set_index("headline").loc["mean_basic"]
    low, high = percent(mean["low"]), percent(mean["high"])
    share = float(row["reach_share"])
    if share == 0:
        every = Text(
            "没有一位居民能走到所在地适用的全部基础设施。", "Nobody reaches every basic type that applies."
        )
    else:
        every = Text(
            f"{percent(share)} 的居民能走到所在地适用的全部基础设施。",
            f"{percent(share)} of residents reach every basic type that applies.",
        )
    columns = "types,mean_share" if share == 0 else "types,mean_share,reach_share"
    sources = (
        ref("combined", columns, place_kind=ALL, family="basic", rule="every"),
        ref("headlines", "low,high", headline="mean_basic"),
    )
    return Text(
        f"{row['types']} 类基础设施平均覆盖 {percent(row['mean_share'])} 的服务人群 (步行距离 ±10%: {low}–{high})。{every.zh}",
        f"On average the {row['types']} basic types cover {percent(row['mean_share'])} of the people they serve (walks "
        f"±10 %: {low}–{high}). {every.en}",
    ), sources


def _what_lacks(coverage: pd.DataFrame, results: "Results") -> _Said:
    columns = ["facility_type", "people_not_met", "coverage_share"]
    table = coverage.loc[(coverage["must_have"] == "yes") & (coverage["people_not_met"] > 0), columns]
    if table.empty:
        return Text("必配设施都能走到。", "Every must-have type is within reach."), ()
    worst = table.sort_values("people_not_met", ascending=False, kind="stable").head(WORST_TYPES)
    names, smallest = _names(results), _smallest(results)
    found = [
        (names[row.facility_type], few(row.people_not_met, smallest), percent(row.coverage_share))
        for row in worst.itertuples()
    ]
    sources = tuple(
        ref("coverage", "people_not_met,coverage_share", circle_id=ALL, scope=ALL, facility_type=one)
        for one in worst["facility_type"]
    )
    return Text(
        "未达标人数最多的是"
        + "、".join(f"{name} ({people} 人, 覆盖率 {share})" for name, people, share in found)
        + "。",
        "Most people lack "
        + ", ".join(f"{name} ({people} people, coverage {share})" for name, people, share in found)
        + ".",
    ), sources


def circle_means(results: "Results") -> pd.DataFrame:
    """Return per circle the mean coverage of basic types, on foot and straight, and its weakest basic type.

    Index ``circle_id``; ``mean_share``, ``straight_share``, ``weakest`` (a type; of several equally low ones that with
    most people not met), ``weakest_share`` and ``equally_weak``, how many other types share the lowest value.
    """
    coverage, catalogue = results.tables["coverage"], results.inputs.catalogue
    basic = catalogue.loc[catalogue["class"] == "basic", "facility_type"]
    is_mine = (coverage["scope"] == ALL) & (coverage["circle_id"] != ALL)
    is_mine &= coverage["facility_type"].isin(basic) & coverage["coverage_share"].notna()
    columns = ["circle_id", "facility_type", "coverage_share", "straight_line_share", "people_not_met"]
    mine = coverage.loc[is_mine, columns]
    ordered = mine.sort_values(
        ["coverage_share", "people_not_met"], ascending=[True, False], kind="stable"
    ).groupby("circle_id", sort=False)
    lowest = ordered[["facility_type", "coverage_share"]].first()
    means = mine.groupby("circle_id", sort=False)[["coverage_share", "straight_line_share"]].mean()
    floor = mine["circle_id"].map(lowest["coverage_share"])
    same = (mine["coverage_share"] == floor).groupby(mine["circle_id"]).sum()
    return pd.DataFrame(
        {
            "mean_share": means["coverage_share"],
            "straight_share": means["straight_line_share"],
            "weakest": lowest["facility_type"],
            "weakest_share": lowest["coverage_share"],
            "equally_weak": (same - 1).astype("int64"),
        }
    ).reindex(results.tables["circles"]["circle_id"])


def _how_circles_differ(results: "Results") -> _Said:
    circles = results.tables["circles"]
    if circles.empty:
        return Text("研究中没有生活圈图层。", "The study has no circles layer."), ()
    means = circle_means(results)["mean_share"].dropna()
    if means.empty:
        return Text("生活圈内没有可判定的基础类设施。", "No basic type is judged in the circles."), ()
    name = circles.set_index("circle_id")["name"]
    best, worst = str(means.idxmax()), str(means.idxmin())
    smallest = _smallest(results)
    least, most = (few(float(one), smallest) for one in circles["population"].agg(["min", "max"]))
    ends = circles["circle_id"][[circles["population"].idxmin(), circles["population"].idxmax()]]
    sources = (
        *(
            ref("coverage", "coverage_share", how="mean", circle_id=one, scope=ALL, **{"class": "basic"})
            for one in (best, worst)
        ),
        *(ref("circles", "population", circle_id=one) for one in ends),
    )
    return Text(
        f"基础设施平均覆盖率最高的是 {best} {name[best]} ({percent(means[best])}), 最低的是 {worst} {name[worst]} "
        f"({percent(means[worst])}); 每圈 {least}–{most} 人。",
        f"Mean coverage of basic types is highest in {best} {name[best]} ({percent(means[best])}) and lowest in {worst} "
        f"{name[worst]} ({percent(means[worst])}); circles hold {least}–{most} people.",
    ), sources


def _where(results: "Results") -> _Said:
    table = results.tables["gap_areas"]
    if table.empty:
        return Text("没有缺口片区。", "There are no gap areas."), ()
    first, smallest = table.iloc[0], _smallest(results)
    people = few(first["population"], smallest)
    total = float(table["shortfall_person_m"].sum())
    top = table.head(TEN)
    share = percent(float(top["shortfall_person_m"].sum()) / total if total > 0 else float("nan"))
    residents = few(float(top["population"].sum()), smallest)
    sources = (
        ref("gap_areas", "population,must_have_missing", area_id=first["area_id"]),
        ref("gap_areas", "population", how="sum", rank=tuple(top["rank"])),
        ref("gap_areas", how="count"),
    )
    return Text(
        f"第 1 位是{first['area_name']} ({people} 人, 缺 {first['must_have_missing']} 类必配设施)。最严重的 {len(top)} 片共 {residents} 人, "
        f"占全部缺口量的 {share}; 全部 {len(table)} 片。",
        f"First comes {first['area_name']} ({people} people lack {first['must_have_missing']} must-have types). The {len(top)} "
        f"worst of {len(table)} areas hold {residents} people and {share} of all gaps.",
    ), sources


def _why(results: "Results") -> _Said:
    table = results.tables["gap_areas"]
    pairs = float(table["people_type_pairs"].sum())
    if not pairs > 0:
        return Text("没有未达标的人。", "Nobody is without."), ()
    far, detour, none = (
        percent(float(table[f"pairs_{cause}"].sum()) / pairs)
        for cause in ("too_far", "detour", "no_facility")
    )
    return Text(
        f"未达标的人次中, {far} 因为太远, {detour} 因为绕行 (直线够近, 被河道、围墙或道路隔开), {none} 因为没有这类设施。",
        f"Of those not met (people × types), {far} are too far, {detour} face a detour (near by straight line, cut off by "
        f"water, walls or roads) and {none} have no such facility.",
    ), (ref("gap_areas"),)


def _projects(results: "Results") -> _Said:
    table = results.tables["outlook"]
    table = table[(table["place_kind"] == ALL) & (table["projects"] > 0)]
    if table.empty:
        return Text("数据中没有在建或规划的设施。", "Nothing is under construction or planned."), ()
    newly = results.tables["headlines"].set_index("headline").loc["newly_served"]
    best = table.sort_values("people_newly_served_planned", ascending=False, kind="stable").iloc[0]
    name = _names(results)[best["facility_type"]]
    people = few(best["people_newly_served_planned"], _smallest(results))
    before, after = percent(best["coverage_share_today"]), percent(best["coverage_share_planned"])
    columns = "people_newly_served_planned,coverage_share_today,coverage_share_planned"
    sources = (
        ref("outlook", "projects", how="sum", place_kind=ALL),
        _NEWLY,
        ref("outlook", columns, place_kind=ALL, facility_type=best["facility_type"]),
    )
    return Text(
        f"{int(table['projects'].sum())} 处项目全部开放后, {_range(newly)} 人至少新增一类; 增加最多的是{name}: 新覆盖 {people} 人, "
        f"覆盖率由 {before} 升到 {after}。",
        f"Once all {int(table['projects'].sum())} are open, {_range(newly)} people gain at least one type; most gain "
        f"{name}: {people} newly served, coverage from {before} to {after}.",
    ), sources


def _spaces(results: "Results") -> _Said:
    table = results.tables["best_spaces"]
    table = table[(table["must_have"] == "yes") & (table["spaces"] == 1) & (table["people_newly_served"] > 0)]
    count = len(results.inputs.spaces)
    if count == 0:
        return Text("研究中没有闲置空间图层。", "The study has no layer of idle spaces."), ()
    if table.empty:
        return Text(
            f"{count} 处闲置空间都不能为必配设施新增服务人数。",
            f"None of the {count} idle spaces would newly serve anybody with a must-have type.",
        ), (ref("best_spaces", must_have="yes", spaces=1),)
    best = table.sort_values("people_newly_served", ascending=False, kind="stable").head(WORST_TYPES)
    names, smallest = _names(results), _smallest(results)
    found = [
        (row.space_names, names[row.facility_type], few(row.people_newly_served, smallest))
        for row in best.itertuples()
    ]
    sources = tuple(
        ref("best_spaces", "people_newly_served", facility_type=one, spaces=1)
        for one in best["facility_type"]
    )
    return Text(
        f"{count} 处闲置空间中效果最大的单处用途: "
        + "; ".join(f"{space}设{name}, 新覆盖 {people} 人" for space, name, people in found)
        + "。各类分别计算, 同一空间只能作一种用途。",
        f"Of {count} idle spaces the best single uses are "
        + "; ".join(f"{space} as {name}, {people} newly served" for space, name, people in found)
        + ". Each type is weighed by itself; a space can take only one.",
    ), sources


def _how_sure(coverage: pd.DataFrame, results: "Results") -> _Said:
    unsure = int(coverage["threshold_confidence"].isin(UNCERTAIN).sum())
    problems = results.tables["problems"]
    errors = int((problems["severity"] == "error").sum())
    rows = results.tables["gaps"]
    unknown = int((rows["verdict"] == "unknown").sum())
    synthetic = results.inputs.study.synthetic
    sources = (
        ref("coverage", how="count", circle_id=ALL, scope=ALL),
        ref("coverage", how="count", circle_id=ALL, scope=ALL, threshold_confidence=tuple(UNCERTAIN)),
        ref("gaps", how="count", verdict="unknown"),
        ref("problems", how="count"),
        ref("problems", how="count", severity="error"),
    )
    return Text(
        ("数据是合成的, 数字不是实测, 只说明方法。" if synthetic else "")
        + f"{len(coverage)} 类标准中 {unsure} 类未核实 (M、U); 无法判定 {whole(unknown)} 项, 单列不计入达标; 数据问题 {whole(len(problems))} 条, "
        f"其中 {whole(errors)} 行未采用。",
        ("The data are synthetic: figures show the method and are not measured. " if synthetic else "")
        + f"{unsure} of {len(coverage)} thresholds are unverified (M, U); {whole(unknown)} verdicts are unknown and not counted as "
        f"met; {whole(len(problems))} findings about the data, {whole(errors)} rows left out.",
    ), sources
