"""One map per suitability: its facilities, and who reaches them on foot."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..catalogue import suitability_names
from ..choices import suitability_named
from ..tables import lookup
from ..texts import Lang, Text
from .basemap import Background
from .coverage import (
    definition_words,
    legend_words,
    threshold_words,
    uncertain_marks,
)
from .figures import percent, whole
from .functions import card_columns, remarks_of
from .page import MapPage, folium_map, map_page
from .palette import DEMAND_CLASSES, VERDICT_COLOURS, type_colour
from .shared import Shared
from .words import STATUSES, page_texts

if TYPE_CHECKING:
    from ..results import Results
    from .study_map import StudyMap


def suitability_map(
    results: "Results", suitability: str, *, background: Background | None = None
) -> "StudyMap":
    """Return the map of one suitability.

    Facilities are numbered by type, their shape tells the status; demand points are coloured by the
    share of the suitability's basic types within walking reach, or by the verdict of a type chosen in
    the map. Every figure comes from the tables of the results.

    Args:
        results: an analysed study.
        suitability: livable, workable, leisure, learning or caring, or its Chinese name.
        background: from ``basemap.background``, where several maps share it; made here if absent.

    Raises:
        SettingsError: no such suitability.

    >>> from pujin_geo import analyse, load_study, suitability_map
    >>> suitability_map(analyse(load_study("geodata/xiaohe"), lang="en"), "caring").title
    '小河镇 · caring: facilities and walking reach'
    """
    return folium_map(suitability_page(Shared(results, background), suitability))


def suitability_page(shared: Shared, suitability: str) -> MapPage:
    """Return the page of ``suitability_map``."""
    results = shared.results
    suitability = suitability_named(suitability)
    study, name = results.inputs.study.name, suitability_names[suitability]
    title = Text(f"{study} · {name.zh}设施与步行可达", f"{study} · {name.en}: facilities and walking reach")
    types = shared.types[shared.types["suitability"] == suitability].reset_index(drop=True)
    sites, functions, remarks = _facility_rows(shared, types)
    rows = [row for row in shared.type_rows if row["suitability"] == suitability]
    counts = Counter(row[1] for row in functions)
    return map_page(
        shared,
        title=title.of(results.lang),
        template="suitability.html.j2",
        words=_words(
            results,
            name.of(results.lang),
            types,
            [_type_words(row, counts[row["number"]], results.lang) for row in rows],
        ),
        data={
            "types": [_type_json(row, results.lang) for row in rows],
            "sites": sites,
            "functions": functions,
            "remarks": remarks,
            "demand": shared.demand_of(types),
            "classes": [[bound, colour] for bound, colour, _ in DEMAND_CLASSES],
            "verdictColours": VERDICT_COLOURS,
            "statuses": {key: text.of(results.lang) for key, text in STATUSES.items()},
            "text": page_texts(results.lang),
        },
        scripts=("signs.js", "demand.js", "suitability.js"),
        start="pujin.suitability",
    )


def _facility_rows(
    shared: Shared, types: pd.DataFrame
) -> tuple[list[dict[str, Any]], list[list[Any]], list[str]]:
    """Return the sites that have a function of these types, one row per function for the page, and the remarks.

    A function is: site, type number, status, name, longitude, latitude, area, capacity, source, note; the last two
    are places in the remarks.
    """
    table = shared.functions
    number = lookup(types, "facility_type", "number")
    mine = table[table["facility_type"].isin(number)]
    site_ids = mine["site_id"].drop_duplicates().tolist()
    site_number = {site_id: position for position, site_id in enumerate(site_ids)}
    others = table[table["site_id"].isin(site_number) & ~table["facility_type"].isin(number)]
    names = "name_en" if shared.results.lang == "en" else "name_zh"
    label = lookup(shared.types, "facility_type", names)
    sites: list[dict[str, Any]] = [{"id": site_id, "others": []} for site_id in site_ids]
    columns = (others[name].tolist() for name in ("site_id", "facility_type", "status"))
    for site_id, facility_type, status in zip(*columns, strict=True):
        sites[site_number[site_id]]["others"].append([label.get(facility_type, facility_type), status])
    remarks = remarks_of(mine)
    site = [site_number[one] for one in mine["site_id"].tolist()]
    kind = [number[one] for one in mine["facility_type"].tolist()]
    functions = [list(row) for row in zip(site, kind, *card_columns(mine, remarks), strict=True)]
    return sites, functions, remarks


def _type_json(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    return {
        "id": row["facility_type"],
        "number": row["number"],
        "name": _name(row, lang),
        "colour": type_colour(row["number"]),
        "basic": row["class"] == "basic",
        "judged": bool(row["judged"]),
    }


def _words(
    results: "Results", name: str, types: pd.DataFrame, type_words: list[dict[str, Any]]
) -> dict[str, Any]:
    lang = results.lang
    return {
        "suitability": name,
        "types": type_words,
        "marks": uncertain_marks(types, lang),
        "definitions": definition_words(results),
        **legend_words(lang),
    }


def _type_words(row: dict[str, Any], count: int, lang: Lang) -> dict[str, Any]:
    words = {
        "id": row["facility_type"],
        "number": row["number"],
        "name": _name(row, lang),
        "colour": type_colour(row["number"]),
        "basic": row["class"] == "basic",
        "count": count,
        "judged": bool(row["judged"]),
        "threshold": threshold_words(row, lang),
    }
    if row["judged"]:
        words |= {
            "people": whole(row["people"]),
            "met": whole(row["people_met"]),
            "not_met": whole(row["people_not_met"]),
            "unknown": whole(row["people_unknown"]),
            "share": percent(row["coverage_share"]),
            "straight": percent(row["straight_line_share"]),
        }
    return words


def _name(row: dict[str, Any], lang: Lang) -> str:
    return str(row["name_en"] if lang == "en" else row["name_zh"])
