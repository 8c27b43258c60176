"""Results to ``index.html``: the briefing that planners read, print and mail; complete in itself."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import UNCERTAIN, class_names, confidence_names, is_uncertain, suitability_names
from ..coverage.disclosure import suppressed
from ..definitions import DEFINITIONS
from ..gaps.areas import CAUSES
from ..maps.contents import map_names
from ..maps.coverage import VERDICTS, basic_reach, counting_words, threshold_words, whole_coverage
from ..maps.figures import figure, percent, whole
from ..maps.offline import with_policy
from ..maps.overview import HUB_COLOUR, WORST, hub_words
from ..maps.palette import DEMAND_CLASSES, RANK_CLASSES, VERDICT_COLOURS, demand_class
from ..maps.references import how_to_trace, ref
from ..maps.templates import templates
from ..maps.words import STATUSES, committee_names, notices, sources, traced
from ..tables import ALL, LAYERS, REGISTERS
from ..texts import Lang, Text
from .drawn import Drawn, draw
from .requirements_book import action_tables_in_words, requirements_in_words
from .sentences import answers, circle_means, lead, lead_sources

if TYPE_CHECKING:
    from ..results import Results

MOST_PROJECTS = 40
MOST_PROBLEMS = 40
MOST_REQUIREMENTS = 40
MOST_TYPES = 5

SECTIONS: dict[str, Text] = {
    "asked": Text("问题与回答", "Asked and answered"),
    "circles": Text("社区生活圈", "Living circles"),
    "gaps": Text("十处最大缺口", "The ten worst gaps"),
    "projects": Text("在建和规划项目", "Projects under way"),
    "spaces": Text("闲置空间", "Idle spaces"),
    "needs": Text("需求清单", "Requirements list"),
    "types": Text("各类设施", "Types of facility"),
    "reconciliation": Text("与报告对账", "Reconciliation"),
    "definitions": Text("口径与来源", "Definitions and sources"),
    "problems": Text("数据问题", "Data problems"),
    "appendix": Text("附录", "Appendix"),
}
"""Sections of the briefing in order: id → title."""

HEADLINE_TITLES: dict[str, Text] = {
    "every_basic": Text("基础设施样样走得到的居民", "Residents who reach every basic type"),
    "mean_basic": Text("基础设施平均覆盖率", "Mean coverage of basic types"),
    "weakest_basic": Text("覆盖最低的基础设施", "Basic type with the lowest coverage"),
    "weakest_target": Text("四项目标中最低的一项", "Lowest of the four target families"),
    "newly_served": Text("项目全部开放后新增覆盖", "Newly served once all projects open"),
}

FAMILY_NAMES: dict[str, Text] = {
    "health": Text("卫生", "health"),
    "elder": Text("养老", "elder care"),
    "culture": Text("文化", "culture"),
    "sport": Text("体育", "sport"),
}

CAUSE_NAMES: dict[str, Text] = {
    "too_far": Text("太远", "too far"),
    "detour": Text("绕行", "detour"),
    "no_facility": Text("没有设施", "no facility"),
}

REASONS: dict[str, Text] = {
    "no_threshold": Text("规则中没有步行标准", "the profile has no walking threshold"),
    "not_surveyed": Text("数据未调查这类设施", "the data were not surveyed for it"),
    "applies_to_nobody": Text(
        "本范围内没有适用的城乡人口", "it applies to none of the people here (urban or rural)"
    ),
}

SEVERITIES: dict[str, Text] = {
    "error": Text("错误 (该行未采用)", "error (row left out)"),
    "warning": Text("提醒 (该行已采用)", "warning (row kept)"),
}

VERDICT_RULES: tuple[tuple[Text, Text], ...] = (
    (Text("步行距离 ≤ 标准", "walk ≤ threshold"), Text("达标", "met")),
    (
        Text(
            "直线距离 ≤ 标准, 但居民点附近没有可步行道路",
            "straight distance ≤ threshold, but no walkable street near",
        ),
        Text("无法判定: 未接入路网", "unknown: unsnapped"),
    ),
    (
        Text(
            "直线距离 ≤ 标准, 但所在道路与主路网不连通",
            "straight distance ≤ threshold, but on a cut-off part",
        ),
        Text("无法判定: 孤立路段", "unknown: island"),
    ),
    (
        Text(
            "标准内 (直线) 有一处设施未接入或在另一路段", "a facility within the threshold is off the network"
        ),
        Text("无法判定: 设施未接入", "unknown: facility_off_network"),
    ),
    (
        Text("在标准距离内可走出数据范围", "a street leaves the data extent within the threshold"),
        Text("无法判定: 数据边缘", "unknown: data_edge"),
    ),
    (Text("没有这类设施", "no facility of the type"), Text("未达标: 没有设施", "not met: no_facility")),
    (
        Text("直线距离 ≤ 标准, 步行超过", "straight distance ≤ threshold"),
        Text("未达标: 绕行", "not met: detour"),
    ),
    (Text("其余情况", "otherwise"), Text("未达标: 距离过远", "not met: too_far")),
)
"""The verdict table in words: the first line that applies decides."""


def headline_cards(results: "Results") -> list[dict[str, Any]]:
    """Return the headline figures in words: title, value, range under ±10 % walks, what is unknown, mark.

    They are those of the ``headlines`` table, in its order; ``figure`` is its full wording, ``bar`` the range drawn.
    """
    lang, names = (
        results.lang,
        _type_names(results) | {k: t.of(results.lang) for k, t in FAMILY_NAMES.items()},
    )
    cards = []
    for row in results.tables["headlines"].to_dict("records"):
        words = whole if row["unit"] == "people" else percent
        notes = [names[row["subject"]]] if row["subject"] in names else []
        noted = []
        if not math.isnan(row["low"]):
            notes.append(f"±10%: {words(row['low'])} – {words(row['high'])}")
            noted += ["low", "high"]
        if row["people_unknown"] > 0 and row["value_if_unknown_met"] > row["value"]:
            more = words(row["value_if_unknown_met"])
            notes.append(Text(f"含无法判定者最多 {more}", f"at most {more} with the unknown").of(lang))
            noted.append("value_if_unknown_met")
        if not math.isnan(row["target"]):
            notes.append(Text(f"目标 {percent(row['target'])}", f"target {percent(row['target'])}").of(lang))
            noted.append("target")
        title = HEADLINE_TITLES.get(row["headline"])
        cards.append(
            {
                "title": title.of(lang) if title else "",
                "figure": row["figure"],
                "value": words(row["value"]),
                "notes": "; ".join(notes),
                "source": ref("headlines", headline=row["headline"]),
                "notes_source": ref("headlines", ",".join(noted), headline=row["headline"]),
                "mark": row["mark"],
                "bar": _bar(row),
            }
        )
    return cards


def _bar(row: dict[str, Any]) -> dict[str, float | None]:
    """Return value, range and target as parts of a hundred, of all people where the figure counts people."""
    whole_is = row["people"] if row["unit"] == "people" else 1.0
    parts = {
        name: row[name] / whole_is * 100 if whole_is > 0 else math.nan
        for name in ("value", "low", "high", "target")
    }
    return {name: None if math.isnan(part) else round(part, 1) for name, part in parts.items()}


def top_projects(results: "Results", *, most: int = MOST_PROJECTS) -> list[dict[str, Any]]:
    """Return the facilities under way that newly serve most people, then those that serve none."""
    projects = results.tables["projects"].sort_values("people_newly_served", ascending=False, kind="stable")
    return _named(suppressed(projects.head(most), smallest=_smallest(results)), results)


def worst_gaps(results: "Results", *, most: int = WORST) -> list[dict[str, Any]]:
    """Return the gap areas of the first ranks in words: place, people, what is missing, why, and what is at hand.

    Counts of people are suppressed; ``planned`` and ``spaces`` are those that the requirements list names for what the
    area lacks.
    """
    names, lang = _type_names(results), results.lang
    must = set(results.inputs.catalogue.query("must_have == 'yes'")["facility_type"])
    circles = dict(results.tables["circles"][["circle_id", "name"]].itertuples(index=False))
    committees, join = committee_names(results), Text("、", ", ").of(lang)
    areas = results.tables["gap_areas"].head(most)
    shown = suppressed(areas, smallest=_smallest(results))
    at_hand = _at_hand(results.tables["requirements"])
    rows = []
    for row, area in zip(shown.to_dict("records"), areas.to_dict("records"), strict=True):
        types = [one for one in area["facility_types"].split(";") if one]
        first = [one for one in types if one in must][:MOST_TYPES] or types[:MOST_TYPES]
        pairs = {cause: area[f"pairs_{cause}"] for cause in CAUSES if area[f"pairs_{cause}"] > 0}
        lacking = set(types)
        mine = [
            named
            for facility_type, *named in at_hand.get((area["circle_id"], area["committee_id"]), [])
            if facility_type in lacking
        ]
        rows.append(
            row
            | {
                "circle": circles.get(area["circle_id"], "") or area["circle_id"],
                "committee": committees.get(area["committee_id"], area["committee_id"]),
                "missing": join.join(names[one] for one in first),
                "more": len(types) - len(first),
                "causes": [
                    (CAUSE_NAMES[cause].of(lang), percent(number / sum(pairs.values())))
                    for cause, number in pairs.items()
                ],
                "across": join.join(area["crossed"].split(";")[:2]),
                "planned": join.join(_first_named(planned for planned, _ in mine)),
                "spaces": join.join(_first_named(space for _, space in mine)),
            }
        )
    return rows


def _at_hand(needs: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Return (circle, committee) → type, planned facilities nearby and the idle space, in the order of the list."""
    columns = ("circle_id", "committee_id", "facility_type", "planned_nearby", "space_name")
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for circle, committee, *rest in zip(*(needs[one].fillna("").tolist() for one in columns), strict=True):
        found.setdefault((circle, committee), []).append(tuple(rest))
    return found


def _first_named(names: Iterable[str], most: int = 2) -> list[str]:
    return [one for one in dict.fromkeys(names) if one][:most]


def _smallest(results: "Results") -> int:
    return results.inputs.study.settings.smallest_count_shown


def _named(table: pd.DataFrame, results: "Results") -> list[dict[str, Any]]:
    names = _type_names(results)
    rows: list[dict[str, Any]] = table.to_dict("records")
    return [row | {"type": names.get(row["facility_type"], row["facility_type"])} for row in rows]


def problem_counts(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the findings counted by severity, layer and code, errors first, then the most frequent.

    ``message`` is that of the first of them, as an example.
    """
    keys = ["severity", "layer", "code"]
    counts = problems.groupby(keys, sort=True).agg(count=("code", "size"), message=("message", "first"))
    return counts.reset_index().sort_values(
        ["severity", "count", "layer", "code"],
        ascending=[True, False, True, True],
        kind="stable",
        ignore_index=True,
    )


def write_index(results: "Results", path: Path, *, drawn: Drawn | None = None) -> None:
    """Write the briefing as one file without script, tiles or links that it would need.

    Args:
        results: an analysed study.
        path: the file; its folder exists.
        drawn: charts and pictures, where they are drawn already.
    """
    path.write_text(index_html(results, drawn=drawn), encoding="utf-8", newline="\n")


def index_html(results: "Results", *, drawn: Drawn | None = None) -> str:
    """Return the briefing as HTML."""
    lang, inputs, tables = results.lang, results.inputs, results.tables
    smallest = _smallest(results)
    drawn = drawn or draw(results)
    coverage = whole_coverage(results)
    page = (
        templates()
        .get_template("index.html.j2")
        .render(
            lang=lang,
            study=inputs.study,
            notices=notices(results),
            traced=traced(results),
            how_to_trace=how_to_trace(lang),
            sections={key: text.of(lang) for key, text in SECTIONS.items() if _has(results, key)},
            lead=lead(results),
            lead_sources=" ".join(lead_sources(results)),
            answers=answers(results),
            counting=counting_words(results).of(lang),
            cards=headline_cards(results),
            people=tables["residents"].query("inside_boundary")["population"].sum(),
            demand_points=int(tables["residents"]["inside_boundary"].sum()),
            pictures=drawn.pictures,
            hub_colour=HUB_COLOUR,
            hub_words=hub_words(lang),
            classes=_class_rows(results),
            ranks=[(colour, text.of(lang)) for _, colour, text in RANK_CLASSES],
            charts=drawn.charts,
            worst=worst_gaps(results),
            area_count=len(tables["gap_areas"]),
            outlook=_outlook_rows(results),
            actions=dict(_actions(results)),
            needs=requirements_in_words(results, smallest=smallest, most=MOST_REQUIREMENTS),
            need_counts=tables["requirements"]["need"].value_counts().to_dict(),
            groups=_groups(coverage, lang),
            marks=_marks(coverage, lang),
            estimated=bool(inputs.residents["basis"].str.startswith("estimated").any()),
            circles=_circle_rows(results),
            projects=top_projects(results),
            gap_count=int((tables["gaps"]["verdict"] == "not_met").sum()),
            unknown_count=int((tables["gaps"]["verdict"] == "unknown").sum()),
            reconciliation=tables["reconciliation"].to_dict("records"),
            problem_counts=problem_counts(tables["problems"]),
            problems=tables["problems"].head(MOST_PROBLEMS),
            problem_total=len(tables["problems"]),
            row_counts=inputs.row_counts,
            unjudged=_unjudged(results),
            rules=[(condition.of(lang), verdict.of(lang)) for condition, verdict in VERDICT_RULES],
            definitions={key: text.of(lang) for key, text in DEFINITIONS.items()},
            verdicts={key: text.of(lang) for key, text in VERDICTS.items()},
            severities={key: text.of(lang) for key, text in SEVERITIES.items()},
            layer_names={name: layer.title.of(lang) for name, layer in (LAYERS | REGISTERS).items()},
            type_names=_type_names(results),
            maps={key: text.of(lang) for key, text in map_names(results).items()},
            sources=sources(results),
            whole=whole,
            percent=percent,
            figure=figure,
            statuses={key: text.of(lang) for key, text in STATUSES.items()},
        )
    )
    return with_policy(page)


def _has(results: "Results", section: str) -> bool:
    """Tell whether a section has anything to say; those that every study must answer always do."""
    if section == "reconciliation":
        return len(results.tables["reconciliation"]) > 0
    return True


def _actions(results: "Results") -> list[tuple[str, tuple[str, list[Any], list[tuple[str, list[str]]]]]]:
    return [
        (key, (title, headings, rows))
        for key, title, headings, rows in action_tables_in_words(results, smallest=_smallest(results))
    ]


def _outlook_rows(results: "Results") -> list[dict[str, Any]]:
    """Return the types with projects: coverage today and once they are open, most newly served first."""
    table = results.tables["outlook"]
    table = table[(table["place_kind"] == ALL) & (table["projects"] > 0)]
    ordered = table.sort_values("people_newly_served_planned", ascending=False, kind="stable")
    return _named(suppressed(ordered, smallest=_smallest(results)), results)


def _class_rows(results: "Results") -> list[tuple[str, str, float, float]]:
    """Return the classes of the overview: colour, words, residents in them, and their share of all."""
    reach = basic_reach(results)
    classes = demand_class(reach["met_share"].to_numpy(dtype=float))
    total = float(reach["population"].sum()) or float("nan")
    rows = [(colour, text.of(results.lang)) for _, colour, text in DEMAND_CLASSES]
    people = [float(reach["population"][classes == code].sum()) for code in range(len(rows))]
    none = float(reach["population"][classes == -1].sum())
    if none:
        words = Text("没有适用的基础类设施", "no basic type applies").of(results.lang)
        rows.append((VERDICT_COLOURS["none"], words))
        people.append(none)
    return [(*row, number, number / total) for row, number in zip(rows, people, strict=True)]


def _groups(coverage: pd.DataFrame, lang: Lang) -> list[dict[str, Any]]:
    rows = coverage.to_dict("records")
    groups = []
    for suitability, text in suitability_names.items():
        mine = [
            row
            | {
                "label": row["name_en"] if lang == "en" else row["name_zh"],
                "threshold": threshold_words(row, lang),
                "class_name": class_names[row["class"]].of(lang),
                "uncertain": is_uncertain(row["threshold_confidence"]),
            }
            for row in rows
            if row["suitability"] == suitability
        ]
        groups.append({"id": suitability, "name": text.of(lang), "rows": mine})
    return groups


def _marks(coverage: pd.DataFrame, lang: Lang) -> list[tuple[str, str, int]]:
    """Return each uncertain mark in use, its words, and how many judged thresholds bear it."""
    used = coverage["threshold_confidence"].value_counts()
    return [(mark, confidence_names[mark].of(lang), int(used[mark])) for mark in UNCERTAIN if mark in used]


def _circle_rows(results: "Results") -> list[dict[str, Any]]:
    """Return per circle its committees, residents, mean coverage of basic types and weakest type, people suppressed."""
    table = results.tables["circles"]
    names, committees = _type_names(results), committee_names(results)
    join = Text("、", ", ").of(results.lang)
    shown = suppressed(table, smallest=_smallest(results)).join(circle_means(results), on="circle_id")
    rows: list[dict[str, Any]] = shown.to_dict("records")
    for row in rows:
        row["weakest_type"] = row["weakest"]
        row["weakest"] = names.get(row["weakest"], "")
        ids = [one for one in str(row["committees"]).split(";") if one]
        row["committees"] = join.join(committees.get(one, one) for one in ids)
    return rows


def _unjudged(results: "Results") -> list[tuple[str, list[str]]]:
    """Return the reasons for which types are not judged, each with the types' names."""
    names = _type_names(results)
    table = results.types_without_rows
    return [
        (
            REASONS[reason].of(results.lang) if reason in REASONS else str(reason),
            [names.get(facility_type, facility_type) for facility_type in group["facility_type"]],
        )
        for reason, group in table.groupby("reason", sort=True)
    ]


def _type_names(results: "Results") -> dict[str, str]:
    column = "name_en" if results.lang == "en" else "name_zh"
    catalogue = results.inputs.catalogue
    return dict(zip(catalogue["facility_type"], catalogue[column], strict=True))
