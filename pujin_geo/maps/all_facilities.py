"""One map of every facility: by suitability and type, with status, circle and a search by name."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import suitability_names
from ..texts import Lang, Text
from .basemap import Background
from .coverage import counting_words
from .functions import type_json
from .page import MapPage, folium_map, map_page
from .palette import SUITABILITY_COLOURS
from .shared import Shared
from .words import STATUSES, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap


def facilities_map(results: "Results", *, background: Background | None = None) -> "StudyMap":
    """Return the map of all facilities: colour and number tell suitability and type, the shape the status.

    Places that would lie upon each other are drawn as one sign with their number until the map is
    near enough. Functions can be chosen by suitability, type, status and circle, and found by name.

    Args:
        results: an analysed study.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    >>> from pujin_geo import analyse, facilities_map, load_study
    >>> facilities_map(analyse(load_study("geodata/xiaohe"), lang="en")).title
    '小河镇 · Facilities'
    """
    return folium_map(facilities_page(Shared(results, background)))


def facilities_page(shared: Shared) -> MapPage:
    """Return the page of ``facilities_map``."""
    results = shared.results
    lang, study = results.lang, results.inputs.study.name
    functions = shared.functions
    circles, circle_ids = results.tables["circles"], shared.circle_ids
    title = Text(f"{study} · 设施分布", f"{study} · Facilities")
    return map_page(
        shared,
        title=title.of(lang),
        template="facilities.html.j2",
        words={
            "suitabilities": _suitability_words(shared.type_rows, functions, lang),
            "inside": {
                key: int((functions["inside_boundary"] & (functions["status"] == key)).sum())
                for key in STATUSES
            },
            "sites": functions.loc[functions["inside_boundary"], "site_id"].nunique(),
            "outside": int((~functions["inside_boundary"]).sum()),
            "circles": list(zip(circle_ids, circle_names(circles), strict=True)),
            "definitions": _definitions(results),
        },
        data={
            "types": [type_json(row, lang) for row in shared.type_rows],
            **shared.function_layer,
            "circles": circle_ids,
            "suitabilities": [
                [key, text.of(lang), SUITABILITY_COLOURS[key]] for key, text in suitability_names.items()
            ],
            "statuses": {key: text.of(lang) for key, text in STATUSES.items()},
            "text": page_texts(
                lang,
                shown=Text("显示", "Shown:"),
                ofAll=Text("项, 共", "of"),
                functions=Text("项功能", "functions"),
                near=Text("点击放大", "click to zoom in"),
            ),
        },
        scripts=("signs.js", "facilities.js"),
        start="pujin.allFacilities",
    )


def circle_names(circles: pd.DataFrame) -> list[str]:
    """Return what each circle is called: its id and name."""
    named = zip(circles["circle_id"], circles["name"].fillna(""), strict=True)
    return [f"{one} {name}".strip() for one, name in named]


def _suitability_words(
    types: list[dict[str, Any]], functions: pd.DataFrame, lang: Lang
) -> list[dict[str, Any]]:
    count = functions.loc[functions["inside_boundary"], "facility_type"].value_counts().to_dict()
    drawn = set(functions["facility_type"].tolist())
    words = []
    for key, text in suitability_names.items():
        rows = [
            type_json(row, lang)
            | {
                "count": count.get(row["facility_type"], 0),
                "drawn": row["facility_type"] in drawn,
                "basic": row["class"] == "basic",
            }
            for row in types
            if row["suitability"] == key
        ]
        total = sum(row["count"] for row in rows)
        words.append(
            {
                "id": key,
                "name": text.of(lang),
                "colour": SUITABILITY_COLOURS[key],
                "types": rows,
                "count": total,
            }
        )
    return words


def _definitions(results: "Results") -> list[str]:
    texts = (
        Text(
            "一行记录是一项功能; 同一场所可有多项功能, 各计一项。",
            "One row is one function; a place with several functions counts once for each.",
        ),
        Text(
            "数字标志表示邻近的若干项功能合并显示, 圆环为各“宜”的占比, 放大后分开。",
            "A sign with a plain number stands for that many functions close together; its ring shows their "
            "suitabilities. Zoom in to separate them.",
        ),
        counting_words(results),
    )
    return [text.of(results.lang) for text in texts]
