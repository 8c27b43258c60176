import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pujin_geo.coverage.sums import coverage

TYPES = pd.DataFrame({"facility_type": ["park"], "suitability": ["leisure"]})


def range_of(walks_m: list[float], threshold_m: float, verdicts: list[str] | None = None) -> list[float]:
    """Return low, middle and high coverage of demand points with 10 people each."""
    walk_m = np.array(walks_m, dtype=float)
    met = np.where(walk_m <= threshold_m, "met", "not_met")
    judged = pd.DataFrame(
        {
            "demand_id": [str(n) for n in range(len(walk_m))], "facility_type": "park", "walk_m": walk_m,
            "straight_m": 1.0, "threshold_m": threshold_m, "verdict": verdicts or met, "circle_id": "",
            "scope": "urban", "people": 10.0,
        }
    )  # fmt: skip
    table = coverage(judged, TYPES, {"park": "all"}, [])
    return table.loc[0, ["coverage_share_low", "coverage_share", "coverage_share_high"]].tolist()


def test_hand_worked_range_with_equality_met() -> None:
    # 1.1 × 500 and 0.9 × 611.111 are the threshold to the millimetre; 500.001 and 611.112 are beyond it.
    assert range_of([500.0, 500.001, 611.111, 611.112], 550.0) == [0.25, 0.5, 0.75]


def test_equality_survives_the_factor_in_binary() -> None:
    assert 100.0 * 1.1 > 110.0
    assert range_of([100.0], 110.0) == [1.0, 1.0, 1.0]


def test_people_without_a_walk_are_in_no_bound() -> None:
    verdicts = ["met", "unknown", "unknown"]
    assert range_of([100.0, float("nan"), 540.0], 500.0, verdicts) == pytest.approx([1 / 3, 1 / 3, 2 / 3])


@settings(deadline=None)
@given(st.lists(st.floats(0, 2000).map(lambda m: round(m, 3)), min_size=1, max_size=30), st.floats(0, 1500))
def test_the_range_holds_the_share(walks_m: list[float], threshold_m: float) -> None:
    low, middle, high = range_of(walks_m, round(threshold_m, 3))
    assert low <= middle <= high
