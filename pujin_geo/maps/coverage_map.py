"""The map of coverage: who walks how far to a chosen type, the streets that it covers, the straight-line circle."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import suitability_names
from ..texts import Lang, Text
from .basemap import Background
from .coverage import (
    CAUSE_WORDS,
    definition_words,
    detail_layer,
    legend_words,
    threshold_words,
    uncertain_marks,
)
from .figures import percent, whole
from .functions import type_json
from .page import MapPage, folium_map, map_page
from .palette import DEMAND_CLASSES, RATIO_CLASSES, VERDICT_COLOURS
from .reached_streets import reach_by_type, straight_areas
from .shared import Shared
from .words import STATUSES, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap


def coverage_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return the map of coverage; the type is chosen in the map.

    Demand points are coloured by their walk against the threshold, or by the share of basic types
    within reach. Covered streets are cut exactly where the walk to the nearest facility is as long as
    the threshold; the area within the same distance by straight line can be laid over them.

    Args:
        results: an analysed study.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, coverage_map, load_study
    >>> coverage_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Walking coverage'
    """
    return folium_map(coverage_page(Shared(results, background)))


def coverage_page(shared: Shared) -> MapPage:
    """Return the page of ``coverage_map``."""
    results = shared.results
    lang, inputs = results.lang, results.inputs
    types = shared.types
    judged = types[types["judged"]]
    title = Text(f"{inputs.study.name} · 步行覆盖", f"{inputs.study.name} · Walking coverage")
    return map_page(
        shared,
        title=title.of(lang),
        template="coverage.html.j2",
        words=_words(shared),
        data={
            "types": [_type_json(row, lang) for row in shared.type_rows],
            **shared.function_layer,
            "demand": {**shared.demand, "verdicts": None, **detail_layer(results, shared.laid)},
            "edges": shared.edges.as_json,
            "reach": reach_by_type(shared.edges, shared.placed, judged),
            "straight": straight_areas(shared.placed.facilities, judged, shared.background.grid),
            "classes": [[bound, colour] for bound, colour, _ in DEMAND_CLASSES],
            "ratios": [[bound, colour] for bound, colour, _ in RATIO_CLASSES],
            "verdictColours": VERDICT_COLOURS,
            "statuses": {key: text.of(lang) for key, text in STATUSES.items()},
            "causes": {key: text.of(lang) for key, text in CAUSE_WORDS.items()},
            "text": page_texts(
                lang,
                threshold=Text("步行标准", "threshold"),
                straight=Text("直线最近", "nearest by straight line"),
                walkTo=Text("步行最近", "nearest on foot"),
                beyond=Text("超出", "beyond by"),
                notApplied=Text(
                    "该类标准不适用于此处居民", "the type's standard does not apply to these people"
                ),
            ),
        },
        scripts=("signs.js", "demand.js", "streets.js", "coverage.js"),
        start="pujin.coverage",
    )


def _type_json(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    limits = [row["threshold_urban_m"], row["threshold_rural_m"]]
    return type_json(row, lang) | {
        "basic": row["class"] == "basic",
        "judged": bool(row["judged"]),
        "thresholds": [None if pd.isna(limit_m) else float(limit_m) for limit_m in limits],
    }


def _words(shared: Shared) -> dict[str, Any]:
    results, types = shared.results, shared.types
    lang = results.lang
    judged = [row for row in shared.type_rows if row["judged"]]
    groups = [
        (text.of(lang), [_type_words(row, lang) for row in mine])
        for key, text in suitability_names.items()
        if (mine := [row for row in judged if row["suitability"] == key])
    ]
    return {
        "groups": groups,
        "ratios": [(colour, text.of(lang)) for _, colour, text in RATIO_CLASSES],
        "marks": uncertain_marks(types, lang),
        "definitions": [*definition_words(results), *_own_definitions(lang)],
        **legend_words(lang),
    }


def _own_definitions(lang: Lang) -> list[str]:
    texts = (
        Text(
            "覆盖的道路: 到最近一处该类设施 (含接入段) 的步行距离不超过标准的路段, 在恰好等于标准处截断。"
            "城乡标准不同时, 较宽的标准用浅色表示。",
            "Covered streets: where the walk to the nearest facility of the type, access leg included, is at most the "
            "threshold; cut exactly there. Where town and village differ, the wider threshold is paler.",
        ),
        Text(
            "直线范围只作对照: 它越过河流、围墙和没有道路的地方, 会高估覆盖。",
            "The area by straight line is for comparison: it jumps rivers, walls and ground without streets, and "
            "overstates coverage.",
        ),
    )
    return [text.of(lang) for text in texts]


def _type_words(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    return {
        "id": row["facility_type"],
        "number": row["number"],
        "name": row["name_en"] if lang == "en" else row["name_zh"],
        "threshold": threshold_words(row, lang),
        "people": whole(row["people"]),
        "met": whole(row["people_met"]),
        "not_met": whole(row["people_not_met"]),
        "unknown": whole(row["people_unknown"]),
        "share": percent(row["coverage_share"]),
        "straight": percent(row["straight_line_share"]),
        "mean_walk": whole(row["mean_walk_m"]),
    }
