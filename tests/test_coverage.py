"""Sums over people: worked by hand, and conserved on random tables."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pujin_geo.coverage.sums import COVERAGE_COLUMNS, GAP_COLUMNS, coverage, gaps, judged_people

NAN = float("nan")
TYPES = pd.DataFrame({"facility_type": ["shop", "park"], "suitability": ["livable", "leisure"]})
BASIS = {"shop": "all", "park": "60+"}


def judged(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of: circle, scope, type, people, walk, straight, threshold, verdict."""
    columns = [
        "circle_id",
        "scope",
        "facility_type",
        "people",
        "walk_m",
        "straight_m",
        "threshold_m",
        "verdict",
    ]
    table = pd.DataFrame(list(rows), columns=columns).astype(
        {"circle_id": "str", "scope": "str", "facility_type": "str", "verdict": "str"}
        | dict.fromkeys(["people", "walk_m", "straight_m", "threshold_m"], "float64")
    )
    return table.assign(demand_id=[f"h{n}" for n in range(len(table))], cause="")


TOWN = judged(
    ("C1", "urban", "shop", 30, 200, 150, 500, "met"),
    ("C1", "urban", "shop", 10, 700, 450, 500, "not_met"),
    ("C2", "rural", "shop", 20, NAN, 300, 800, "unknown"),
    ("", "urban", "shop", 40, 500, 500, 500, "met"),
    ("C1", "urban", "park", 0, 100, 100, 300, "met"),
)


def cell(table: pd.DataFrame, circle: str, scope: str, facility_type: str) -> pd.Series:
    return table.set_index(["circle_id", "scope", "facility_type"]).loc[(circle, scope, facility_type)]


def test_columns_and_rows_are_those_of_the_contract() -> None:
    table = coverage(TOWN, TYPES, BASIS, ["C1", "C2", "C3"])
    contract = [
        "circle_id", "scope", "facility_type", "suitability", "threshold_m", "people_basis", "people", "people_met",
        "people_not_met", "people_unknown", "coverage_share", "straight_line_share", "mean_walk_m",
    ]  # fmt: skip
    assert list(table.columns) == COVERAGE_COLUMNS
    assert [column for column in COVERAGE_COLUMNS if column in contract] == contract
    keys = table[["circle_id", "scope", "facility_type"]].apply(tuple, axis=1).tolist()
    assert keys == [
        (circle, scope, kind)
        for circle in ("all", "C1", "C2", "C3")
        for scope in ("all", "urban", "rural")
        for kind in ("shop", "park")
    ]


def test_all_by_hand() -> None:
    """100 people: 70 met, 10 not, 20 unknown; mean walk (30·200 + 10·700 + 40·500) / 80 = 412.5."""
    row = cell(coverage(TOWN, TYPES, BASIS, ["C1", "C2"]), "all", "all", "shop")
    assert row[["people", "people_met", "people_not_met", "people_unknown"]].tolist() == [100, 70, 10, 20]
    assert row["coverage_share"] == 0.7
    assert row["straight_line_share"] == 1.0
    assert row["mean_walk_m"] == 412.5
    assert np.isnan(row["threshold_m"])  # 500 and 800 m
    assert (row["suitability"], row["people_basis"]) == ("livable", "all")


def test_scopes_and_circles_by_hand() -> None:
    table = coverage(TOWN, TYPES, BASIS, ["C1", "C2"])
    urban = cell(table, "all", "urban", "shop")
    assert (urban["people"], urban["coverage_share"], urban["threshold_m"]) == (80, 0.875, 500)
    first = cell(table, "C1", "all", "shop")
    assert (first["people"], first["coverage_share"], first["mean_walk_m"]) == (40, 0.75, 325)
    second = cell(table, "C2", "rural", "shop")
    assert (second["people"], second["people_unknown"], second["coverage_share"]) == (20, 20, 0)
    assert np.isnan(second["mean_walk_m"])
    assert second["threshold_m"] == 800


def test_people_in_no_circle_are_in_all_only() -> None:
    table = coverage(TOWN, TYPES, BASIS, ["C1", "C2"])
    of_circles = table[(table["circle_id"] != "all") & (table["scope"] == "all")]
    assert of_circles.loc[of_circles["facility_type"] == "shop", "people"].sum() == 60
    assert cell(table, "all", "all", "shop")["people"] == 100


@pytest.mark.parametrize("key", [("all", "all", "park"), ("C2", "urban", "shop"), ("C2", "all", "park")])
def test_shares_of_nobody_are_blank(key: tuple[str, str, str]) -> None:
    row = cell(coverage(TOWN, TYPES, BASIS, ["C1", "C2"]), *key)
    assert row["people"] == 0
    assert row[["coverage_share", "straight_line_share", "mean_walk_m"]].isna().all()


def test_without_circles_there_is_all_only() -> None:
    table = coverage(TOWN, TYPES, BASIS, [])
    assert set(table["circle_id"]) == {"all"}
    assert cell(table, "all", "all", "shop")["people"] == 100


def test_without_any_row_every_sum_is_zero() -> None:
    table = coverage(TOWN.iloc[:0], TYPES, BASIS, ["C1"])
    assert len(table) == 12
    assert (table["people"] == 0).all()
    assert table["coverage_share"].isna().all()


row = st.tuples(
    st.sampled_from(["", "C1", "C2"]),
    st.sampled_from(["urban", "rural"]),
    st.sampled_from(["shop", "park"]),
    st.one_of(st.integers(0, 500).map(float), st.floats(0, 50)),
    st.sampled_from([NAN, 0.0, 120.5, 500.0]),
    st.sampled_from([NAN, 0.0, 400.0, 600.0]),
    st.sampled_from([300.0, 500.0]),
    st.sampled_from(["met", "not_met", "unknown"]),
)


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(st.lists(row, max_size=30))
def test_people_are_conserved(rows: list[tuple[Any, ...]]) -> None:
    drawn = judged(*rows)
    table = coverage(drawn, TYPES, BASIS, ["C1", "C2"])
    parts = table["people_met"] + table["people_not_met"] + table["people_unknown"]
    assert (table["people"] == parts).all()
    shares = table[["coverage_share", "straight_line_share"]].to_numpy()
    shares = shares[~np.isnan(shares)]
    assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()
    for kind in ("shop", "park"):
        mine = drawn[drawn["facility_type"] == kind]
        assert cell(table, "all", "all", kind)["people"] == pytest.approx(mine["people"].sum())
        by_scope = [cell(table, "all", scope, kind)["people"] for scope in ("urban", "rural")]
        assert sum(by_scope) == pytest.approx(mine["people"].sum())
        for circle in ("C1", "C2"):
            inside = mine[mine["circle_id"] == circle]
            assert cell(table, circle, "all", kind)["people_met"] == pytest.approx(
                inside.loc[inside["verdict"] == "met", "people"].sum()
            )


def test_gaps_are_the_rows_that_are_not_met_or_unknown() -> None:
    table = gaps(TOWN)
    assert list(table.columns) == GAP_COLUMNS == [
        "demand_id", "circle_id", "facility_type", "verdict", "cause", "people", "walk_m", "shortfall_m",
    ]  # fmt: skip
    assert table["demand_id"].tolist() == ["h1", "h2"]
    assert table["shortfall_m"].tolist()[0] == 200
    assert np.isnan(table["shortfall_m"].tolist()[1])


def test_a_shortfall_has_three_decimals() -> None:
    assert gaps(judged(("", "urban", "shop", 1, 500.001, 1, 500, "not_met")))["shortfall_m"].tolist() == [
        0.001
    ]


def test_people_follow_their_point_and_type() -> None:
    distances = pd.DataFrame({"demand_id": ["b", "a", "a"], "facility_type": ["shop", "park", "shop"]})
    residents = pd.DataFrame({"demand_id": ["a", "b"], "circle_id": ["C1", ""], "scope": ["urban", "rural"]})
    people = pd.DataFrame({"shop": [10.0, 20.0], "park": [1.0, 2.0]})
    table = judged_people(distances, residents, people)
    assert table["people"].tolist() == [20, 1, 10]
    assert table["circle_id"].tolist() == ["", "C1", "C1"]
    assert table["scope"].tolist() == ["rural", "urban", "urban"]
    assert list(distances.columns) == ["demand_id", "facility_type"]


def test_people_of_nobody() -> None:
    residents = pd.DataFrame({"demand_id": [], "circle_id": [], "scope": []}, dtype="str")
    distances = pd.DataFrame({"demand_id": [], "facility_type": []}, dtype="str")
    assert judged_people(distances, residents, pd.DataFrame({"shop": []}))["people"].empty
