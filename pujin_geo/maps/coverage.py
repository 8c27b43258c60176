"""Demand points and their verdicts, packed for a page; and what the figures on it mean, in words."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..catalogue import UNCERTAIN, confidence_names, is_uncertain
from ..definitions import DEFINITIONS
from ..texts import Lang, Text
from .packing import pack_uint16
from .palette import DEMAND_CLASSES, VERDICT_COLOURS
from .words import committee_names

if TYPE_CHECKING:
    from ..results import Results

VERDICT_LETTERS = {"met": "m", "not_met": "n", "unknown": "u"}
NOT_JUDGED = "-"

VERDICTS: dict[str, Text] = {
    "met": Text("达标", "met"),
    "not_met": Text("未达标", "not met"),
    "unknown": Text("无法判定", "unknown"),
}

CAUSE_WORDS: dict[str, Text] = {
    "unsnapped": Text("附近没有可步行道路", "no walkable street near"),
    "island": Text("所在道路与主路网不连通", "on streets cut off from the main network"),
    "facility_off_network": Text("附近设施未接入路网", "a near facility is off the network"),
    "data_edge": Text("靠近数据范围边缘", "near the edge of the data"),
    "no_facility": Text("没有这类设施", "no facility of the type"),
    "detour": Text("直线够近, 步行绕远", "near by straight line, far on foot"),
    "too_far": Text("距离过远", "too far"),
}
CAUSES = tuple(CAUSE_WORDS)
UNKNOWN_CAUSES = ("unsnapped", "island", "facility_off_network", "data_edge")

_ON_MAPS = ("met", "walk_m", "coverage_share", "straight_line_share", "unknown", "people_basis")


def definition_words(results: "Results") -> list[str]:
    """Return the sentences that stand on every map: what the figures mean, and which facilities count."""
    meanings = [DEFINITIONS[name] for name in _ON_MAPS]
    return [text.of(results.lang) for text in (*meanings, counting_words(results))]


def counting_words(results: "Results") -> Text:
    """Return the sentence that says which facilities count."""
    if results.include_planned:
        return Text(
            "计入的设施: 现状、在建和规划设施 (含规划情景, 不是现状覆盖率)。",
            "Counting facilities: existing, under construction and planned (a scenario, not today's coverage).",
        )
    return Text("计入的设施: 仅现状设施。", "Counting facilities: existing ones only.")


def judged_types(results: "Results", suitability: str) -> pd.DataFrame:
    """Return the catalogue rows of one suitability, in order, with ``number`` and the ``all`` coverage row.

    Added columns: ``number`` (1.. within the suitability), ``judged`` and those of the coverage table;
    types that are not judged have blanks there.
    """
    catalogue = results.inputs.catalogue
    chosen = catalogue[catalogue["suitability"] == suitability].reset_index(drop=True)
    coverage = results.tables["coverage"]
    whole = coverage[(coverage["circle_id"] == "all") & (coverage["scope"] == "all")]
    joined = chosen.merge(_without_catalogue(whole, catalogue), on="facility_type", how="left")
    return joined.assign(
        number=np.arange(1, len(joined) + 1), judged=joined["facility_type"].isin(whole["facility_type"])
    )


def whole_coverage(results: "Results") -> pd.DataFrame:
    """Return the coverage of the whole study in catalogue order, with the catalogue's columns."""
    catalogue, coverage = results.inputs.catalogue, results.tables["coverage"]
    whole = coverage[(coverage["circle_id"] == "all") & (coverage["scope"] == "all")]
    joined: pd.DataFrame = catalogue.merge(_without_catalogue(whole, catalogue), on="facility_type")
    return joined


def _without_catalogue(coverage: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Drop what the catalogue says too, so that a merge has each column once."""
    shared = [c for c in coverage.columns if c in catalogue.columns and c != "facility_type"]
    return coverage.drop(columns=[*shared, "circle_id", "scope"])


def uncertain_marks(types: pd.DataFrame, lang: Lang) -> list[tuple[str, str]]:
    """Return the uncertain marks that judged thresholds bear, each with its words."""
    used = set(types.loc[types["judged"], "threshold_confidence"])
    return [(mark, confidence_names[mark].of(lang)) for mark in UNCERTAIN if mark in used]


def legend_words(lang: Lang) -> dict[str, Any]:
    """Return the legend of demand points: classes of the share reached, verdicts, and what is not judged."""
    return {
        "classes": [(shade, text.of(lang)) for _, shade, text in DEMAND_CLASSES],
        "verdicts": [(VERDICT_COLOURS[key], text.of(lang)) for key, text in VERDICTS.items()],
        "not_judged_colour": VERDICT_COLOURS["none"],
    }


def verdict_letters(results: "Results", facility_types: list[str]) -> dict[str, str]:
    """Return, per type, one letter per row of the residents table: m, n, u, or - where it is not judged."""
    letters = results.tables["distances"]["verdict"].map(VERDICT_LETTERS)
    laid_out = _laid_out(results, facility_types, letters.to_numpy(dtype="U1"), NOT_JUDGED)
    return {name: "".join(row) for name, row in zip(facility_types, laid_out, strict=True)}


def _laid_out(
    results: "Results", facility_types: list[str], values: NDArray[Any], blank: Any
) -> NDArray[Any]:
    """Return (types, residents) what the rows of ``distances`` hold; ``blank`` where there is no row."""
    residents, distances = results.tables["residents"], results.tables["distances"]
    point = pd.Index(residents["demand_id"]).get_indexer(distances["demand_id"])
    kind = pd.Index(facility_types).get_indexer(distances["facility_type"])
    laid_out = np.full((len(facility_types), len(residents)), blank, dtype=values.dtype)
    laid_out[kind[kind >= 0], point[kind >= 0]] = values[kind >= 0]
    return laid_out


def _whole_metres(results: "Results", facility_types: list[str], column: str) -> dict[str, str]:
    """Return, per type, a column of lengths of ``distances`` packed as whole metres."""
    values = results.tables["distances"][column].to_numpy(dtype=float)
    laid_out = _laid_out(results, facility_types, values, np.nan)
    return {name: pack_uint16(row) for name, row in zip(facility_types, laid_out, strict=True)}


def demand_layer(results: "Results", types: pd.DataFrame) -> dict[str, Any]:
    """Return the demand points for the page: places, people, and per judged type verdicts and walks.

    Walks are whole metres; those of 65,535 m and more, and absent ones, are 65,535.
    """
    residents = results.tables["residents"]
    judged = types.loc[types["judged"], "facility_type"].tolist()
    committees = committee_names(results)
    names = residents["name"].where(residents["name"].str.strip() != "", residents["demand_id"])
    return {
        "lon": residents["lon"].round(6).tolist(),
        "lat": residents["lat"].round(6).tolist(),
        "name": names.tolist(),
        "committee": [committees.get(one, one) for one in residents["committee_id"].fillna("")],
        "people": residents["population"].round(1).tolist(),
        "inside": [int(value) for value in residents["inside_boundary"]],
        "verdicts": verdict_letters(results, judged),
        "walks": _whole_metres(results, judged, "walk_m"),
    }


def detail_layer(results: "Results", types: pd.DataFrame) -> dict[str, Any]:
    """Return what the page says about one type at a demand point: scope, and per judged type straight and cause.

    Straight distances are whole metres as in ``demand_layer``; a cause is a digit, its place in ``CAUSES``, ``m``
    where the verdict is met, or ``-`` where there is none. They take the place of ``verdicts``, which the page
    derives by ``causeVerdicts``: the letter of each cause.
    """
    judged = types.loc[types["judged"], "facility_type"].tolist()
    code = {cause: str(number) for number, cause in enumerate(CAUSES)} | {"": VERDICT_LETTERS["met"]}
    codes = results.tables["distances"]["cause"].map(code).to_numpy(dtype="U1")
    causes = _laid_out(results, judged, codes, NOT_JUDGED)
    rural = results.tables["residents"]["scope"] == "rural"
    return {
        "rural": [int(one) for one in rural],
        "straight": _whole_metres(results, judged, "straight_m"),
        "causes": {name: "".join(row) for name, row in zip(judged, causes, strict=True)},
        "causeVerdicts": "".join("u" if cause in UNKNOWN_CAUSES else "n" for cause in CAUSES),
    }


def threshold_words(row: dict[str, Any], lang: Lang) -> str:
    """Return a type's threshold with its mark, such as ``500 m (U)``; two where town and village differ.

    >>> threshold_words({"threshold_urban_m": 500, "threshold_rural_m": 800, "threshold_confidence": "U"}, "en")
    '500/800 m (U)'
    """
    values = (row["threshold_urban_m"], row["threshold_rural_m"])
    numbers = dict.fromkeys(f"{value:g}" for value in values if pd.notna(value))
    if not numbers:
        return "—"
    mark = f" ({row['threshold_confidence']})" if is_uncertain(row["threshold_confidence"]) else ""
    return "/".join(numbers) + (" m" if lang == "en" else " 米") + mark


def basic_reach(results: "Results") -> pd.DataFrame:
    """Return how many of the basic types that apply to it each judged demand point reaches.

    One row per judged demand point, in the order of the residents table: ``demand_id``, ``population``,
    ``basic_types``, ``met``, ``unknown`` (counts of types) and ``met_share`` (blank without basic types).
    """
    catalogue, distances = results.inputs.catalogue, results.tables["distances"]
    basic_types = catalogue.loc[catalogue["class"] == "basic", "facility_type"]
    is_basic = distances["facility_type"].isin(basic_types).to_numpy()
    verdict = distances["verdict"].to_numpy(dtype=object)[is_basic]
    residents = results.tables["residents"]
    judged = residents.loc[residents["inside_boundary"], ["demand_id", "population"]].reset_index(drop=True)
    point = pd.Index(judged["demand_id"]).get_indexer(distances["demand_id"])[is_basic]
    counts = {
        name: np.bincount(point[chosen], minlength=len(judged))
        for name, chosen in (
            ("basic_types", point >= 0),
            ("met", (point >= 0) & (verdict == "met")),
            ("unknown", (point >= 0) & (verdict == "unknown")),
        )
    }
    types = np.where(counts["basic_types"] > 0, counts["basic_types"], np.nan)
    return judged.assign(**counts, met_share=counts["met"] / types)
