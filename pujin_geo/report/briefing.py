"""Results to ``index.html``: the briefing that planners read, print and mail; complete in itself."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import UNCERTAIN, class_names, confidence_names, is_uncertain, suitability_names
from ..coverage.disclosure import suppressed
from ..definitions import DEFINITIONS
from ..maps.contents import map_names
from ..maps.coverage import VERDICTS, basic_reach, counting_words, threshold_words, whole_coverage
from ..maps.figures import figure, percent, whole
from ..maps.offline import content_security_policy
from ..maps.overview import overview_svg
from ..maps.palette import DEMAND_CLASSES, VERDICT_COLOURS, demand_class
from ..maps.words import STATUSES, notices, sources, templates
from ..tables import LAYERS, REGISTERS
from ..texts import Text
from .charts import charts
from .requirements_book import action_tables_in_words

if TYPE_CHECKING:
    from ..results import Results

MOST_PROJECTS = 12
MOST_PROBLEMS = 40

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


def headline_cards(results: "Results") -> list[dict[str, str]]:
    """Return the headline figures in words: figure, value, range under ±10 % walks, what is unknown, mark.

    They are those of the ``headlines`` table, in its order.
    """
    lang, names = results.lang, _type_names(results)
    cards = []
    for row in results.tables["headlines"].to_dict("records"):
        words = whole if row["unit"] == "people" else percent
        notes = [names[row["subject"]]] if row["subject"] in names else []
        if not math.isnan(row["low"]):
            notes.append(f"±10%: {words(row['low'])} – {words(row['high'])}")
        if row["people_unknown"] > 0 and row["value_if_unknown_met"] > row["value"]:
            more = words(row["value_if_unknown_met"])
            notes.append(Text(f"含无法判定者最多 {more}", f"at most {more} with the unknown").of(lang))
        cards.append(
            {
                "figure": row["figure"],
                "value": words(row["value"]),
                "notes": "; ".join(notes),
                "mark": row["mark"],
            }
        )
    return cards


def top_projects(results: "Results", *, most: int = MOST_PROJECTS) -> list[dict[str, Any]]:
    """Return the facilities under way that newly serve most people, then those that serve none."""
    projects = results.tables["projects"].sort_values("people_newly_served", ascending=False, kind="stable")
    return _named(
        suppressed(projects.head(most), smallest=results.inputs.study.settings.smallest_count_shown), results
    )


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


def write_index(results: "Results", path: Path) -> None:
    """Write the briefing as one file without script, tiles or links that it would need.

    Args:
        results: an analysed study.
        path: the file; its folder exists.
    """
    path.write_text(index_html(results), encoding="utf-8", newline="\n")


def index_html(results: "Results") -> str:
    """Return the briefing as HTML."""

    lang, inputs = results.lang, results.inputs
    problems = results.tables["problems"]
    environment = templates()
    page = environment.get_template("index.html.j2").render(
        lang=lang,
        study=inputs.study,
        notices=notices(results),
        counting=counting_words(results).of(lang),
        cards=headline_cards(results),
        people=results.tables["residents"].query("inside_boundary")["population"].sum(),
        demand_points=int(results.tables["residents"]["inside_boundary"].sum()),
        overview=overview_svg(results),
        classes=_class_rows(results),
        charts=charts(results),
        actions=action_tables_in_words(results, smallest=inputs.study.settings.smallest_count_shown),
        groups=_groups(results),
        marks=_marks(results),
        estimated=bool(inputs.residents["basis"].str.startswith("estimated").any()),
        circles=_circle_rows(results),
        projects=top_projects(results),
        gap_count=int((results.tables["gaps"]["verdict"] == "not_met").sum()),
        unknown_count=int((results.tables["gaps"]["verdict"] == "unknown").sum()),
        reconciliation=results.tables["reconciliation"].to_dict("records"),
        problem_counts=problem_counts(problems),
        problems=problems.head(MOST_PROBLEMS),
        problem_total=len(problems),
        row_counts=inputs.row_counts,
        unjudged=_unjudged(results),
        rules=[(condition.of(lang), verdict.of(lang)) for condition, verdict in VERDICT_RULES],
        definitions={key: text.of(lang) for key, text in DEFINITIONS.items()},
        verdicts={key: text.of(lang) for key, text in VERDICTS.items()},
        severities={key: text.of(lang) for key, text in SEVERITIES.items()},
        layer_names={name: layer.title.of(lang) for name, layer in (LAYERS | REGISTERS).items()},
        type_names=_type_names(results),
        maps={key: text.of(lang) for key, text in map_names(results).items()},
        suitabilities={key: text.of(lang) for key, text in suitability_names.items()},
        sources=sources(results),
        whole=whole,
        percent=percent,
        figure=figure,
        statuses={key: text.of(lang) for key, text in STATUSES.items()},
    )
    policy = content_security_policy(page)
    return page.replace(
        "<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1
    )


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


def _groups(results: "Results") -> list[dict[str, Any]]:

    rows = whole_coverage(results).to_dict("records")
    groups = []
    for suitability, text in suitability_names.items():
        mine = [
            row
            | {
                "label": row["name_en"] if results.lang == "en" else row["name_zh"],
                "threshold": threshold_words(row, results.lang),
                "class_name": class_names[row["class"]].of(results.lang),
                "uncertain": is_uncertain(row["threshold_confidence"]),
            }
            for row in rows
            if row["suitability"] == suitability
        ]
        groups.append({"id": suitability, "name": text.of(results.lang), "rows": mine})
    return groups


def _marks(results: "Results") -> list[tuple[str, str, int]]:
    """Return each uncertain mark in use, its words, and how many judged thresholds bear it."""

    used = whole_coverage(results)["threshold_confidence"].value_counts()
    return [
        (mark, confidence_names[mark].of(results.lang), int(used[mark])) for mark in UNCERTAIN if mark in used
    ]


def _circle_rows(results: "Results") -> list[dict[str, Any]]:
    """Return per circle its residents and its mean coverage of basic types, by walk and by straight line."""
    coverage, catalogue = results.tables["coverage"], results.inputs.catalogue
    basic = catalogue.loc[catalogue["class"] == "basic", "facility_type"]
    mine = coverage[(coverage["scope"] == "all") & coverage["facility_type"].isin(basic)]
    means = mine.groupby("circle_id", sort=False)[["coverage_share", "straight_line_share"]].mean()
    lowest = (
        mine.sort_values("coverage_share", kind="stable").drop_duplicates("circle_id").set_index("circle_id")
    )
    rows: list[dict[str, Any]] = results.tables["circles"].to_dict("records")
    for row in rows:
        known = row["circle_id"] in means.index
        row["mean_share"] = float(means["coverage_share"][row["circle_id"]]) if known else float("nan")
        row["straight_share"] = (
            float(means["straight_line_share"][row["circle_id"]]) if known else float("nan")
        )
        row["weakest"] = str(lowest["facility_type"][row["circle_id"]]) if known else ""
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
