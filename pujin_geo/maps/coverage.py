"""Demand points and their verdicts, packed for a page; and what the figures on it mean, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..catalogue import UNCERTAIN, confidence_names, is_uncertain
from ..definitions import DEFINITIONS
from ..texts import Lang, Text
from ..walking.network import Ints
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


@dataclass(frozen=True)
class Laid:
    """Where the rows of ``distances`` stand in a table of types by residents.

    Attributes:
        distances: the ``distances`` table.
        facility_types: the types, one row each.
        residents: how many residents there are, one column each.
        row: the rows of ``distances`` that are about one of the types.
        kind, point: row and column of each.
    """

    distances: pd.DataFrame
    facility_types: list[str]
    residents: int
    row: Ints
    kind: Ints
    point: Ints

    @staticmethod
    def out(results: "Results", facility_types: list[str]) -> "Laid":
        """Lay out the results' own distances over the residents table."""
        residents, distances = results.tables["residents"], results.tables["distances"]
        point = _places_of(distances["demand_id"], residents["demand_id"])
        kind = _places_of(distances["facility_type"], facility_types)
        row = np.flatnonzero(kind >= 0)
        return Laid(distances, facility_types, len(residents), row, kind[row], point[row])

    def letters(self, column: str, letter: Mapping[str, str], blank: str) -> dict[str, str]:
        """Return, per type, one letter (of ASCII) per resident for what a column of ``distances`` says."""
        codes, texts = pd.factorize(self.distances[column], use_na_sentinel=False)
        of_code = np.array([ord(letter[text]) for text in texts], dtype=np.uint8)
        return {
            name: row.tobytes().decode("ascii")
            for name, row in self._rows(of_code[codes], np.uint8(ord(blank)))
        }

    def whole_metres(self, column: str) -> dict[str, str]:
        """Return, per type, a column of lengths packed as whole metres."""
        values = self.distances[column].to_numpy(dtype=float)
        return {name: pack_uint16(row) for name, row in self._rows(values, np.float64(np.nan))}

    def _rows(self, values: NDArray[Any], blank: np.generic) -> Iterator[tuple[str, NDArray[Any]]]:
        laid_out = np.full((len(self.facility_types), self.residents), blank, dtype=values.dtype)
        laid_out[self.kind, self.point] = values[self.row]
        return zip(self.facility_types, laid_out, strict=True)


def _places_of(asked: pd.Series, known: pd.Series | list[str]) -> Ints:
    """Return where each text stands among others, -1 where it does not; many of them are the same."""
    codes, texts = pd.factorize(asked, use_na_sentinel=False)
    places: Ints = pd.Index(known).get_indexer(pd.Index(texts))[codes]
    return places


def demand_layer(results: "Results", types: pd.DataFrame, *, laid: Laid | None = None) -> dict[str, Any]:
    """Return the demand points for the page: places, people, and per judged type verdicts and walks.

    Walks are whole metres; those of 65,535 m and more, and absent ones, are 65,535.

    Args:
        results: an analysed study.
        types: ``facility_type`` and whether it is ``judged``.
        laid: the distances laid out over the judged types, where they are at hand.
    """
    residents = results.tables["residents"]
    laid = laid or Laid.out(results, types.loc[types["judged"], "facility_type"].tolist())
    committees = committee_names(results)
    names = residents["name"].where(residents["name"].str.strip() != "", residents["demand_id"])
    return {
        "lon": residents["lon"].round(6).tolist(),
        "lat": residents["lat"].round(6).tolist(),
        "id": residents["demand_id"].tolist(),
        "name": names.tolist(),
        "committee": [committees.get(one, one) for one in residents["committee_id"].fillna("").tolist()],
        "people": residents["population"].round(1).tolist(),
        "inside": residents["inside_boundary"].astype(int).tolist(),
        **verdicts_and_walks(laid),
    }


def verdicts_and_walks(laid: Laid) -> dict[str, dict[str, str]]:
    """Return what of ``demand_layer`` the distances say."""
    return {
        "verdicts": laid.letters("verdict", VERDICT_LETTERS, NOT_JUDGED),
        "walks": laid.whole_metres("walk_m"),
    }


def detail_layer(results: "Results", laid: Laid) -> dict[str, Any]:
    """Return what the page says about one type at a demand point: scope, and per judged type straight and cause.

    Straight distances are whole metres as in ``demand_layer``; a cause is a digit, its place in ``CAUSES``, ``m``
    where the verdict is met, or ``-`` where there is none. They take the place of ``verdicts``, which the page
    derives by ``causeVerdicts``: the letter of each cause.
    """
    code = {cause: str(number) for number, cause in enumerate(CAUSES)} | {"": VERDICT_LETTERS["met"]}
    rural = results.tables["residents"]["scope"] == "rural"
    return {
        "rural": rural.astype(int).tolist(),
        "straight": laid.whole_metres("straight_m"),
        "causes": laid.letters("cause", code, NOT_JUDGED),
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
