import numpy as np
import pytest
from gap_worlds import Case, case_of, long_street
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import facility_type, home, one_street, shop, street, world

from pujin_geo.coverage.sums import gaps
from pujin_geo.gaps.areas import AREA_COLUMNS, AREA_TYPE_COLUMNS, REACH_M, total_person_m


@pytest.fixture(scope="module")
def street_case() -> Case:
    return case_of(long_street())


def test_hand_worked_areas(street_case: Case) -> None:
    """Gap homes: W has h3 (30), h4 (40) at 1,000 and 1,500; E has h5 … h8 (50 … 80) at 2,000 … 3,500.

    E: around h8 (80) with h7 at 500 m; then around h6 (60) with h5. W: around h4 with h3.
    """
    areas = street_case.areas.set_index("area_id")
    members = street_case.points.groupby("area_id")["demand_id"].agg(list)
    assert members.to_dict() == {"h8": ["h7", "h8"], "h6": ["h5", "h6"], "h4": ["h3", "h4"]}
    assert areas["population"].to_dict() == {"h8": 150.0, "h6": 110.0, "h4": 70.0}
    # people × (walk - 500): 70 × 2500 + 80 × 3000; 50 × 1500 + 60 × 2000; 30 × 500 + 40 × 1000
    assert areas["shortfall_person_m"].to_dict() == {"h8": 415_000.0, "h6": 195_000.0, "h4": 55_000.0}
    assert areas["rank"].to_dict() == {"h8": 1, "h6": 2, "h4": 3}
    assert areas["area_name"].tolist() == ["东居委 · 家7等2处", "东居委 · 家5等2处", "西村 · 家3等2处"]
    assert areas["pairs_too_far"].tolist() == [150.0, 110.0, 70.0]


def test_an_area_of_a_whole_committee_bears_its_name() -> None:
    case = case_of(long_street(homes=[home(3000, 0, committee_id="E"), home(3200, 0, 9, committee_id="E")]))
    assert case.areas["area_name"].tolist() == ["东居委"]


def test_nearest_facility_and_its_walk(street_case: Case) -> None:
    row = street_case.area_types.set_index("area_id").loc["h6"]
    assert row["nearest_facility_id"] == "s1/shop"
    assert row["nearest_facility_name"] == "起点店"
    assert row["nearest_walk_m"] == 2000.0
    assert row["mean_walk_m"] == pytest.approx((50 * 2000 + 60 * 2500) / 110)


def parts_equal_the_whole(case: Case) -> None:
    table, points = case.area_types, case.points
    assert points["area_id"].notna().all()
    assert not table.duplicated(["area_id", "facility_type"]).any()
    whole = gaps(case.judged)
    assert len(points) == len(whole)
    for facility_type_, mine in whole.groupby("facility_type"):
        rows = table[table["facility_type"] == facility_type_]
        unmet = mine["verdict"] == "not_met"
        assert rows["people_not_met"].sum() == pytest.approx(mine.loc[unmet, "people"].sum())
        assert rows["people_unknown"].sum() == pytest.approx(mine.loc[~unmet, "people"].sum())
        assert rows["demand_points"].sum() == unmet.sum()
    causes = table[["people_too_far", "people_detour", "people_no_facility"]].sum(axis=1)
    assert np.allclose(causes, table["people_not_met"])
    assert case.areas["people_type_pairs"].sum() == pytest.approx(table["people_not_met"].sum())
    assert case.areas["shortfall_person_m"].sum() == pytest.approx(total_person_m(points).sum())
    assert case.areas["demand_points"].sum() == points["demand_id"].nunique()
    assert (case.areas["shortfall_person_m"].diff().dropna() <= 0).all()


@settings(max_examples=12, deadline=None)
@given(
    homes=st.lists(
        st.tuples(
            st.integers(0, 3000), st.integers(-300, 300), st.integers(0, 50), st.sampled_from(["W", "E", ""])
        ),
        min_size=1,
        max_size=14,
    )
)
def test_every_gap_row_belongs_to_one_area_and_sums_agree(homes: list[tuple[int, int, int, str]]) -> None:
    case = case_of(
        long_street(
            streets=[street((0, 0), (2000, 0)), street((2400, 0), (3000, 0))],
            homes=[home(x, y, people, committee_id=name) for x, y, people, name in homes],
            shops=[shop(0, 0), shop(2600, 50, "park", status="planned")],
            types=[facility_type("shop", 500.0), facility_type("park", 300.0, group="60+")],
        )
    )
    parts_equal_the_whole(case)
    leader = case.points["demand_id"] == case.points["area_id"]
    assert set(case.points.loc[leader, "area_id"]) == set(case.areas["area_id"])
    assert (case.points.groupby("area_id")["circle_id"].nunique() == 1).all()


def test_members_are_within_reach_of_their_middle(street_case: Case) -> None:
    at = street_case.demand.set_index("demand_id").geometry.x
    apart = street_case.points["demand_id"].map(at) - street_case.points["area_id"].map(at)
    assert apart.abs().max() <= REACH_M


def test_a_river_parts_an_area() -> None:
    """Two homes 100 m apart by line, 1,900 m on foot: two places."""
    inputs = world(
        streets=[street((0, 0), (2000, 0)), street((0, 100), (2000, 100)), street((0, 0), (0, 100))],
        homes=[home(900, 0, 5.0), home(900, 100, 3.0)],
        shops=[shop(1990, 0)],
        types=[facility_type("shop", 100.0)],
    )
    assert len(case_of(inputs).areas) == 2


def test_no_facility_counts_one_threshold_as_shortfall() -> None:
    case = case_of(one_street(homes=[home(100, 0, 7.0)], shops=[], surveyed="all"))
    row = case.area_types.iloc[0]
    assert row["people_no_facility"] == 7.0
    assert row["shortfall_person_m"] == 7.0 * 500.0
    assert np.isnan(row["nearest_walk_m"])
    assert row["nearest_facility_id"] == ""


def test_homes_without_a_street_are_gathered_by_line() -> None:
    case = case_of(
        one_street(
            homes=[home(100, 2000, 5.0), home(300, 2000, 3.0), home(900, 2000, 4.0)], shops=[shop(10, 0)]
        )
    )
    assert case.points.groupby("area_id")["demand_id"].agg(list).to_dict() == {
        "h1": ["h1", "h2"],
        "h3": ["h3"],
    }


def test_without_gaps_the_tables_have_no_rows() -> None:
    case = case_of(one_street(homes=[home(700, 0)]))
    assert case.areas.columns.tolist() == AREA_COLUMNS
    assert case.area_types.columns.tolist() == AREA_TYPE_COLUMNS
    assert len(case.areas) == len(case.area_types) == len(case.points) == 0


def test_nobody_at_all_is_a_stated_result() -> None:
    case = case_of(one_street(homes=[home(100, 0, 0.0)], shops=[shop(990, 0)]))
    assert case.areas["people_type_pairs"].tolist() == [0.0]
    assert case.areas["types_missing"].tolist() == [0]
    assert case.areas["facility_types"].tolist() == [""]
