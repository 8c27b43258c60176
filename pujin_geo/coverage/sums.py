"""Sums over people: coverage per circle, scope and facility type, and the list of gaps.

Coverage is the share of the people of the group that a type serves (definition C4, population in
reach) whose walk is within the threshold. People = met + not met + unknown, in every row.
``coverage_share_low`` and ``_high`` are the share if every walk were 10 % longer, and 10 % shorter
(to the millimetre, equality is met). They move with measured walks only: people without a walk count
as covered in neither, and how many cannot be judged stays in ``people_unknown``.
"""

import numpy as np
import pandas as pd

from ..tables import ALL

COVERAGE_COLUMNS = [
    "circle_id", "scope", "facility_type", "suitability", "threshold_m", "people_basis", "people", "people_met",
    "people_not_met", "people_unknown", "coverage_share", "straight_line_share", "mean_walk_m",
    "coverage_share_low", "coverage_share_high",
]  # fmt: skip

WALK_ERROR_SHARE = 0.1
"""A walk may be this share longer or shorter than the drawn streets say: what the range of coverage spans."""

GAP_COLUMNS = [
    "demand_id", "circle_id", "facility_type", "verdict", "cause", "people", "walk_m", "shortfall_m",
]  # fmt: skip

DECIMALS = 3


def judged_people(distances: pd.DataFrame, residents: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return ``distances`` with ``circle_id``, ``scope`` and the ``people`` whom the type serves.

    ``origin`` and ``column`` are the row of ``residents`` and the column of ``people``.

    Args:
        distances: the ``distances`` table.
        residents: ``demand_id``, ``circle_id``, ``scope`` of each judged demand point.
        people: (demand × types) people, rows as in ``residents``, from ``verdicts.people_served``.
    """
    row = pd.Index(residents["demand_id"]).get_indexer(distances["demand_id"])
    column = people.columns.get_indexer(distances["facility_type"])
    served = people.to_numpy(dtype=float)[row, column] if len(distances) else np.empty(0)
    return distances.assign(
        circle_id=residents["circle_id"].array.take(row),
        scope=residents["scope"].array.take(row),
        people=served,
        origin=row,
        column=column,
    )


def coverage(
    judged: pd.DataFrame, types: pd.DataFrame, basis: dict[str, str], circle_ids: list[str]
) -> pd.DataFrame:
    """Return the ``coverage`` table: (circle or ``all``) × (scope ``all``/``urban``/``rural``) × type.

    Args:
        judged: from ``judged_people``.
        types: the judged rows of the catalogue.
        basis: type → whom the people are, from ``verdicts.people_served``.
        circle_ids: circles in the order of the result; people in none are in ``all`` only.

    >>> judged = pd.DataFrame({"demand_id": ["a", "b"], "facility_type": "park", "walk_m": [200.0, 400.0],
    ...     "straight_m": [150.0, 290.0], "threshold_m": 300.0, "verdict": ["met", "not_met"],
    ...     "circle_id": "", "scope": "urban", "people": [30.0, 10.0]})
    >>> types = pd.DataFrame({"facility_type": ["park"], "suitability": ["leisure"]})
    >>> table = coverage(judged, types, {"park": "all"}, [])
    >>> table.loc[0, ["people_met", "coverage_share", "straight_line_share", "mean_walk_m"]].tolist()
    [30.0, 0.75, 1.0, 250.0]
    >>> table.loc[0, ["coverage_share_low", "coverage_share_high"]].tolist()
    [0.75, 0.75]
    """
    sums = _weights(judged)
    places = [ALL, *circle_ids]
    cells = pd.concat([sums.assign(circle_id=ALL), sums[sums["circle_id"] != ""]], ignore_index=True)
    cells = pd.concat([cells.assign(scope=ALL), cells], ignore_index=True)
    total = cells.groupby(["circle_id", "scope", "facility_type"], sort=False)
    measured = total[_SUMS].sum()
    threshold = total["threshold_m"].agg(["min", "max"])
    measured["threshold_m"] = threshold["min"].where(threshold["min"] == threshold["max"])
    order = pd.MultiIndex.from_product(
        [places, [ALL, "urban", "rural"], types["facility_type"]],
        names=["circle_id", "scope", "facility_type"],
    )
    table = measured.reindex(order)
    table[_SUMS] = table[_SUMS].fillna(0.0)
    # Fractions of people add up to the last bit only in one order: the sum is taken from its parts.
    table["people"] = table["people_met"] + table["people_not_met"] + table["people_unknown"]
    table["coverage_share"] = _share(table["people_met"], table["people"])
    table["straight_line_share"] = _share(table["people_straight"], table["people"])
    table["mean_walk_m"] = _share(table["walk_weighted"], table["people_with_walk"])
    table["coverage_share_low"] = _share(table["people_if_longer"], table["people"])
    table["coverage_share_high"] = _share(table["people_if_shorter"], table["people"])
    table = table.reset_index()
    table["suitability"] = table["facility_type"].map(types.set_index("facility_type")["suitability"])
    table["people_basis"] = table["facility_type"].map(basis)
    return table[COVERAGE_COLUMNS]


_SUMS = [
    "people", "people_met", "people_not_met", "people_unknown", "people_straight", "people_with_walk",
    "walk_weighted", "people_if_longer", "people_if_shorter",
]  # fmt: skip


def _weights(judged: pd.DataFrame) -> pd.DataFrame:
    people, walk_m = judged["people"], judged["walk_m"]
    cells = judged[["circle_id", "scope", "facility_type", "threshold_m", "people"]].copy()
    for verdict in ("met", "not_met", "unknown"):
        cells[f"people_{verdict}"] = people.where(judged["verdict"] == verdict, 0.0)
    cells["people_straight"] = people.where(judged["straight_m"] <= judged["threshold_m"], 0.0)
    cells["people_with_walk"] = people.where(walk_m.notna(), 0.0)
    cells["walk_weighted"] = (people * walk_m).fillna(0.0)
    for name, factor in (("longer", 1.0 + WALK_ERROR_SHARE), ("shorter", 1.0 - WALK_ERROR_SHARE)):
        is_met = (walk_m * factor).round(DECIMALS) <= judged["threshold_m"]
        cells[f"people_if_{name}"] = people.where(is_met, 0.0)
    return cells


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.where(whole > 0) / whole.where(whole > 0)


def gaps(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the ``gaps`` table: the rows of ``distances`` that are not met or unknown.

    ``shortfall_m`` is the walk beyond the threshold; blank where there is no path or the walk is short
    enough but another part of the data leaves doubt.
    """
    left = judged[judged["verdict"] != "met"].copy()
    shortfall_m = (left["walk_m"] - left["threshold_m"]).round(3)
    left["shortfall_m"] = shortfall_m.where(shortfall_m > 0)
    return left[GAP_COLUMNS].reset_index(drop=True)
