"""Sums over people: coverage per circle, scope and facility type, and the list of gaps.

Coverage is the share of the people of the group that a type serves (definition C4, population in
reach) whose walk is within the threshold. People = met + not met + unknown, in every row.
``coverage_share_low`` and ``_high`` are the share if every walk were 10 % longer, and 10 % shorter
(to the millimetre, equality is met). They move with measured walks only: people without a walk count
as covered in neither, and how many cannot be judged stays in ``people_unknown``.
"""

import numpy as np
import pandas as pd

from ..tables import ALL, SCOPES
from ..walking.network import Floats, Ints

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
    names, places = types["facility_type"].tolist(), [ALL, *circle_ids]
    column, circle = _positions(judged["facility_type"], names), _positions(judged["circle_id"], circle_ids)
    scope, scopes = _positions(judged["scope"], list(SCOPES)), [ALL, *SCOPES]
    everywhere = np.zeros(len(judged), dtype=np.int64)
    cells, rows = [], []
    for place in (everywhere, np.where(circle >= 0, circle + 1, -1)):
        for part in (everywhere, np.where(scope >= 0, scope + 1, -1)):
            mine = np.flatnonzero((place >= 0) & (part >= 0) & (column >= 0))
            cells.append((place[mine] * len(scopes) + part[mine]) * len(names) + column[mine])
            rows.append(mine)
    cell, row = np.concatenate(cells), np.concatenate(rows)
    shape = len(places), len(scopes), len(names)
    weights = _weights(judged)
    sums = np.zeros((int(np.prod(shape)), len(weights)))
    found = pd.DataFrame(np.column_stack(list(weights.values()))[row]).groupby(cell).sum()
    sums[found.index.to_numpy()] = found.to_numpy()
    place, part, kind = np.unravel_index(np.arange(len(sums)), shape)
    table = pd.DataFrame(sums, columns=list(weights))
    table["circle_id"] = np.array(places, dtype=object)[place]
    table["scope"] = np.array(scopes, dtype=object)[part]
    for name in ("facility_type", "suitability"):
        table[name] = types[name].array.take(kind)
    table["threshold_m"] = only_value(judged["threshold_m"].to_numpy(dtype=float)[row], cell, len(sums))
    # Fractions of people add up to the last bit only in one order: the sum is taken from its parts.
    table["people"] = table["people_met"] + table["people_not_met"] + table["people_unknown"]
    for name, part_of, whole in (
        ("coverage_share", "people_met", "people"),
        ("straight_line_share", "people_straight", "people"),
        ("mean_walk_m", "walk_weighted", "people_with_walk"),
        ("coverage_share_low", "people_if_longer", "people"),
        ("coverage_share_high", "people_if_shorter", "people"),
    ):
        table[name] = share(table[part_of].to_numpy(), table[whole].to_numpy())
    table["people_basis"] = table["facility_type"].map(basis)
    return table[COVERAGE_COLUMNS]


def _positions(column: pd.Series, known: list[str]) -> Ints:
    """Return the position of each text among the known ones, -1 for others."""
    code, texts = pd.factorize(column)
    at: Ints = np.append(pd.Index(known, dtype=object).get_indexer(texts.to_numpy(dtype=object)), -1)[code]
    return at


def only_value(values: Floats, cell: Ints, cells: int) -> Floats:
    """Return the value of each cell, NaN where it has none or several."""
    low, high = np.full(cells, np.inf), np.full(cells, -np.inf)
    np.minimum.at(low, cell, values)
    np.maximum.at(high, cell, values)
    only: Floats = np.where(low == high, low, np.nan)
    return only


def _weights(judged: pd.DataFrame) -> dict[str, Floats]:
    people, walk_m, straight_m, threshold_m = (
        judged[name].to_numpy(dtype=float) for name in ("people", "walk_m", "straight_m", "threshold_m")
    )
    verdict, has_walk = judged["verdict"].to_numpy(dtype=object), ~np.isnan(walk_m)
    chosen = {f"people_{name}": verdict == name for name in ("met", "not_met", "unknown")}
    chosen |= {"people_straight": straight_m <= threshold_m, "people_with_walk": has_walk}
    for name, factor in (("longer", 1.0 + WALK_ERROR_SHARE), ("shorter", 1.0 - WALK_ERROR_SHARE)):
        chosen[f"people_if_{name}"] = np.round(walk_m * factor, DECIMALS) <= threshold_m
    weights = {name: np.where(flags, people, 0.0) for name, flags in chosen.items()}
    return weights | {"walk_weighted": np.where(has_walk, people * walk_m, 0.0)}


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where there is no whole.

    >>> share(np.array([1.0, 0.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    whole = np.broadcast_to(whole, np.shape(part))
    quotient: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return quotient


def gaps(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the ``gaps`` table: the rows of ``distances`` that are not met or unknown.

    ``shortfall_m`` is the walk beyond the threshold; blank where there is no path or the walk is short
    enough but another part of the data leaves doubt.
    """
    left = judged[judged["verdict"] != "met"].copy()
    shortfall_m = (left["walk_m"] - left["threshold_m"]).round(3)
    left["shortfall_m"] = shortfall_m.where(shortfall_m > 0)
    return left[GAP_COLUMNS].reset_index(drop=True)
