"""Today beside the day when everything under construction or planned is open: two maps that move together."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..coverage.outlook import UNDER_WAY
from ..tables import ALL
from ..texts import Lang, Text
from ..walking.network import network_of
from ..walking.verdicts import judge, place
from ..walking.verdicts import judged_types as thresholds_of
from .basemap import Background
from .coverage import Laid, definition_words, legend_words, uncertain_marks, verdicts_and_walks
from .figures import percent, whole
from .functions import type_json
from .page import MapPage, folium_map, map_page
from .palette import CHANGE_COLOURS, DEMAND_CLASSES, VERDICT_COLOURS
from .references import ref
from .shared import Shared
from .words import STATUSES, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap


def before_after_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return two maps side by side that move together: today, and with everything under way open.

    Verdicts of each demand point on both sides; the figures of the whole study come from the
    ``outlook`` table, scenario ``planned_with_streets``.

    Args:
        results: an analysed study, with or without what is planned.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, before_after_map, load_study
    >>> before_after_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Before and after'
    """
    return folium_map(before_after_page(Shared(results, background)))


def before_after_page(shared: Shared) -> MapPage:
    """Return the page of ``before_after_map``."""
    results = shared.results
    lang, inputs = results.lang, results.inputs
    types, functions = shared.types, shared.functions
    names = types.loc[types["judged"], "facility_type"].tolist()
    today, later = (Laid.out(_with(results, one), names) for one in both_distances(results))
    outlook = _whole_outlook(results)
    title = Text(f"{inputs.study.name} · 建成前后", f"{inputs.study.name} · Before and after")
    return map_page(
        shared,
        title=title.of(lang),
        template="before_after.html.j2",
        words=_words(results, types, outlook),
        data={
            "types": [
                type_json(row, lang) | {"basic": row["class"] == "basic", "judged": bool(row["judged"])}
                for row in shared.type_rows
            ],
            **shared.function_layer,
            "open": [
                [int(one == "existing"), int(one == "existing" or one in UNDER_WAY)]
                for one in functions["status"].tolist()
            ],
            "projects": _project_rows(results, functions),
            "changing": outlook["facility_type"].tolist(),
            "demand": shared.demand | verdicts_and_walks(today),
            "after": verdicts_and_walks(later),
            "classes": [[bound, colour] for bound, colour, _ in DEMAND_CLASSES],
            "verdictColours": VERDICT_COLOURS,
            "changeColours": CHANGE_COLOURS,
            "statuses": {key: text.of(lang) for key, text in STATUSES.items()},
            "text": _texts(lang),
        },
        scripts=("signs.js", "demand.js", "streets.js", "before_after.js"),
        start="pujin.beforeAfter",
    )


def both_distances(results: "Results") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ``distances`` table today and with everything under way open; one of them is the results' own."""
    mine, other = results.tables["distances"], results.other_distances
    if other is None:
        other = _distances(results, include_planned=not results.include_planned)
    return (other, mine) if results.include_planned else (mine, other)


def _distances(results: "Results", *, include_planned: bool) -> pd.DataFrame:
    inputs = results.inputs
    network = network_of(inputs, include_planned=include_planned)
    types, _ = thresholds_of(inputs)
    return judge(network, place(inputs, network, include_planned=include_planned), types)


def _with(results: "Results", distances: pd.DataFrame) -> "Results":
    return replace(results, tables=results.tables | {"distances": distances})


def _whole_outlook(results: "Results") -> pd.DataFrame:
    """Return the outlook of the whole study: the types that a project or a new street changes."""
    outlook = results.tables["outlook"]
    return outlook[outlook["place_kind"] == "all"].reset_index(drop=True)


def _project_rows(results: "Results", functions: pd.DataFrame) -> dict[str, list[str]]:
    """Return, by position among the functions, the people newly served and within reach of each project."""
    projects = results.tables["projects"]
    at = pd.Index(functions["facility_id"]).get_indexer(projects["facility_id"])
    return {
        str(int(position)): [whole(row.people_newly_served), whole(row.people_within)]
        for position, row in zip(at, projects.itertuples(), strict=True)
        if position >= 0
    }


def _words(results: "Results", types: pd.DataFrame, outlook: pd.DataFrame) -> dict[str, Any]:
    lang = results.lang
    name = types.set_index("facility_type")["name_en" if lang == "en" else "name_zh"]
    scenario = "planned_with_streets"
    then = ("people_met", "coverage_share", "people_newly_served", "people_cleared", "people_lost")
    read = ",".join(["people_met_today", "coverage_share_today", *(f"{one}_{scenario}" for one in then)])
    rows = [
        {
            "id": row["facility_type"],
            "name": name[row["facility_type"]],
            "projects": int(row["projects"]),
            "source": ref("outlook", read, place_kind=ALL, facility_type=row["facility_type"]),
            "met_today": whole(row["people_met_today"]),
            "share_today": percent(row["coverage_share_today"]),
            "met_then": whole(row[f"people_met_{scenario}"]),
            "share_then": percent(row[f"coverage_share_{scenario}"]),
            "newly": whole(row[f"people_newly_served_{scenario}"]),
            "cleared": whole(row[f"people_cleared_{scenario}"]),
            "lost": whole(row[f"people_lost_{scenario}"]),
        }
        for row in outlook.to_dict("records")
    ]
    facilities = results.inputs.facilities["status"].isin(UNDER_WAY).sum()
    texts = (
        Text(
            "左: 仅现状设施和现状道路。右: 在建、规划的设施和道路全部建成; 不是现状覆盖率。",
            "Left: facilities and streets of today. Right: those under construction or planned are open too; this is "
            "not today's coverage.",
        ),
        Text(
            "新增达标: 现在未达标、建成后达标; 转为可判定: 现在无法判定、建成后达标; 失去: 新路改变了最近的道路, 现在达标、建成后不再达标。",
            "Newly served: not met today, met then. Cleared: unknown today, met then. Lost: met today, no longer then, "
            "as a new street changes which street is nearest.",
        ),
    )
    return {
        "rows": rows,
        "projects": int(facilities),
        "changes": CHANGE_COLOURS,
        "marks": uncertain_marks(types, lang),
        "definitions": [*(text.of(lang) for text in texts), *definition_words(results)[:-1]],
        **legend_words(lang),
    }


def _texts(lang: Lang) -> dict[str, str]:
    return page_texts(
        lang,
        before=Text("现状", "today"),
        later=Text("在建、规划建成后", "with projects open"),
        unchanged=Text("此处没有变化", "nothing changes here"),
        changed=Text("此处的变化", "what changes here"),
        newlyServed=Text("新增达标人数", "people newly served"),
        within=Text("标准内人数", "people within the threshold"),
    )
