"""Results to ``index.html``: the briefing that planners read, print and mail; complete in itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .catalogue import UNCERTAIN, class_names, confidence_names, is_uncertain, suitability_names
from .definitions import DEFINITIONS
from .maps.coverage import VERDICTS, basic_reach, counting_words, threshold_words, whole_coverage
from .maps.figures import figure, percent, whole
from .maps.offline import content_security_policy
from .maps.overview import overview_svg
from .maps.palette import DEMAND_CLASSES, VERDICT_COLOURS, demand_class
from .maps.words import committee_names, notices, sources, templates
from .tables import LAYERS, REGISTERS
from .texts import Text

if TYPE_CHECKING:
    from .results import Results

MOST_GAPS = 15
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


@dataclass(frozen=True)
class Headlines:
    """Five figures at the top of the briefing; a range runs from 'unknown is not met' to 'unknown is met'.

    Attributes:
        people, demand_points: judged, that is inside the boundary.
        all_basic_low, all_basic_high: share of residents who reach every basic type that applies to them.
        mean_low, mean_high: mean over basic types of the coverage share, each type weighing the same.
        straight_mean: the same mean by straight line.
        weakest: the basic type with the lowest coverage share, "" if none is judged.
        weakest_low, weakest_high, weakest_not_met: its share and its people.
        detour_rows, detour_people: demand point × type pairs whose cause is a detour, and the people in
            them, each counted once per type.
    """

    people: float
    demand_points: int
    all_basic_low: float
    all_basic_high: float
    mean_low: float
    mean_high: float
    straight_mean: float
    weakest: str
    weakest_low: float
    weakest_high: float
    weakest_not_met: float
    detour_rows: int
    detour_people: float


def headlines(results: "Results") -> Headlines:
    """Return the headline figures, summed from the tables."""

    reach = basic_reach(results)
    people = float(reach["population"].sum())
    having = reach[reach["basic_types"] > 0]
    weight = float(having["population"].sum()) or float("nan")
    sure = having.loc[having["met"] == having["basic_types"], "population"].sum()
    possible = having.loc[having["met"] + having["unknown"] == having["basic_types"], "population"].sum()
    basic = whole_coverage(results)
    basic = basic[basic["class"] == "basic"]
    served = basic["people"].where(basic["people"] > 0)
    high = (basic["people_met"] + basic["people_unknown"]) / served
    weakest = basic.loc[basic["coverage_share"].idxmin()] if basic["coverage_share"].notna().any() else None
    gaps = results.tables["gaps"]
    detours = gaps[gaps["cause"] == "detour"]
    return Headlines(
        people=people,
        demand_points=len(reach),
        all_basic_low=float(sure) / weight,
        all_basic_high=float(possible) / weight,
        mean_low=float(basic["coverage_share"].mean()),
        mean_high=float(high.mean()),
        straight_mean=float(basic["straight_line_share"].mean()),
        weakest="" if weakest is None else str(weakest["facility_type"]),
        weakest_low=float("nan") if weakest is None else float(weakest["coverage_share"]),
        weakest_high=float("nan") if weakest is None else float(high[weakest.name]),
        weakest_not_met=float("nan") if weakest is None else float(weakest["people_not_met"]),
        detour_rows=len(detours),
        detour_people=float(detours["people"].sum()),
    )


def top_gaps(results: "Results", *, most: int = MOST_GAPS) -> pd.DataFrame:
    """Return the gaps that are not met with the most people, basic types only; ties by shortfall, then by id.

    The columns of the gaps table and the demand point's ``name``, ``committee_id`` and ``committee``, its name.
    """
    gaps, catalogue = results.tables["gaps"], results.inputs.catalogue
    basic = catalogue.loc[catalogue["class"] == "basic", "facility_type"]
    chosen = gaps[(gaps["verdict"] == "not_met") & gaps["facility_type"].isin(basic) & (gaps["people"] > 0)]
    ranked = chosen.sort_values(
        ["people", "shortfall_m", "demand_id", "facility_type"],
        ascending=[False, False, True, True],
        na_position="first",
        kind="stable",
    ).head(most)
    residents = results.tables["residents"].set_index("demand_id")[["name", "committee_id"]]
    joined = ranked.join(residents, on="demand_id").reset_index(drop=True)
    names = committee_names(results)
    return joined.assign(committee=[names.get(one, one) for one in joined["committee_id"]])


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
        headlines=headlines(results),
        overview=overview_svg(results),
        classes=_class_rows(results),
        groups=_groups(results),
        marks=_marks(results),
        estimated=bool(inputs.residents["basis"].str.startswith("estimated").any()),
        circles=_circle_rows(results),
        gaps=top_gaps(results),
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
        suitabilities={key: text.of(lang) for key, text in suitability_names.items()},
        sources=sources(results),
        whole=whole,
        percent=percent,
        figure=figure,
        share_range=share_range,
    )
    policy = content_security_policy(page)
    return page.replace(
        "<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1
    )


def share_range(low: float, high: float) -> str:
    """Return a share as percent, as a range where what is unknown could change it.

    >>> share_range(0.5, 0.5), share_range(0.5, 0.62)
    ('50.0%', '50.0–62.0%')
    """

    if percent(low) == percent(high):
        return percent(low)
    return f"{percent(low).removesuffix('%')}–{percent(high)}"


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
