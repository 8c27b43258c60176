"""Figures of one facility type: under another threshold, and before and after changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..coverage.sums import coverage, judged_people
from ..coverage.whatif import Scenario
from ..tables import ALL
from ..walking.verdicts import Measures, decide, distances_table

Codes = NDArray[np.uint8]

VERDICT_CODES = {"met": 1, "not_met": 2, "unknown": 3}
"""How a verdict goes to the page; 0 where the type does not apply."""

FIGURES = [
    "circle_id", "people", "people_met", "people_not_met", "people_unknown", "coverage_share", "straight_line_share",
]  # fmt: skip


def column_of(state: Scenario, facility_type: str) -> int:
    """Return the position of a judged type."""
    columns: list[str] = state.types["facility_type"].tolist()
    return columns.index(facility_type)


def measures_of(state: Scenario, facility_type: str, threshold_m: float | None = None) -> Measures:
    """Return what a type's verdicts rest on, with the catalogue's thresholds or one other for all places.

    Where the type does not apply (to town or village) it still does not under another threshold.
    """
    measures = state.measures[column_of(state, facility_type)]
    if threshold_m is None:
        return measures
    applies = ~np.isnan(measures.threshold_m)
    return replace(measures, threshold_m=np.where(applies, threshold_m, np.nan))


def verdict_codes(state: Scenario, measures: Measures) -> Codes:
    """Return (demand, types) verdicts as numbers, ``VERDICT_CODES``."""
    verdict, _ = decide(state.network, state.placed, measures)
    codes = np.zeros(verdict.shape, dtype=np.uint8)
    for name, code in VERDICT_CODES.items():
        codes[verdict == name] = code
    codes[np.isnan(measures.threshold_m)] = 0
    return codes


def type_figures(
    state: Scenario, circle_id: pd.Series, facility_type: str, threshold_m: float | None = None
) -> pd.DataFrame:
    """Return the type's ``coverage`` rows of all scopes: the whole study, then circle by circle.

    Args:
        state: the scenario.
        circle_id: circle of each judged demand point, "" for none.
        facility_type: a judged type.
        threshold_m: in place of the catalogue's thresholds.

    Returns:
        ``FIGURES``; ``circle_id`` is ``all`` in the first row.
    """
    types = state.types[state.types["facility_type"] == facility_type]
    measures = measures_of(state, facility_type, threshold_m)
    distances = distances_table(state.network, state.placed, types, measures)
    demand = state.placed.demand[["demand_id", "scope"]].assign(circle_id=circle_id.to_numpy())
    judged = judged_people(distances, demand, state.people)
    table = coverage(judged, types, state.basis, state.inputs.circles["circle_id"].tolist())
    return table.loc[table["scope"] == ALL, FIGURES].reset_index(drop=True)


def people_changed(
    before: Codes, after: Codes, people: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (demand, types) people who are met now and were not, and those who are met no longer.

    >>> gained, lost = people_changed(np.array([[2], [1], [3]]), np.array([[1], [2], [1]]), np.array([[5.], [7.], [2.]]))
    >>> gained.sum(), lost.sum()
    (np.float64(7.0), np.float64(7.0))
    """
    met_before, met_after = before == 1, after == 1
    return np.where(met_after & ~met_before, people, 0.0), np.where(met_before & ~met_after, people, 0.0)
