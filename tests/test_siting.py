from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from gap_worlds import Case, case_of, long_street, space
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from shapely import box
from worlds import facility_type, home, one_street, shop, street

from pujin_geo.catalogue import PROFILES, read_catalogue
from pujin_geo.coverage.whatif import add_facility, scenario, shares
from pujin_geo.gaps import covering
from pujin_geo.gaps.covering import maximal_cover
from pujin_geo.gaps.siting import (
    BEST_COLUMNS,
    BOUND_TO_PLACE,
    OPTION_COLUMNS,
    PLANNED_COLUMNS,
    best_spaces,
    fit_of,
    planned_places,
    space_options,
)


@pytest.fixture(scope="module")
def street_case() -> Case:
    return case_of(long_street())


def options(case: Case) -> pd.DataFrame:
    return space_options(case.whole, case.candidates).set_index("space_id")


def test_hand_worked_people_newly_served(street_case: Case) -> None:
    """K1 (20 m off 1,500) reaches h4 only: 500 + 20 > 500. K2 at 3,000 reaches h6, h7, h8; K3 at 3,400 h7, h8."""
    table = options(street_case)
    assert table["people_newly_served"].to_dict() == {"K2": 210.0, "K3": 150.0, "K1": 40.0}
    assert table["rank"].to_dict() == {"K2": 1, "K3": 2, "K1": 3}
    assert table.loc["K2", "gap_share"] == pytest.approx(210 / 330)
    assert table["committee_id"].to_dict() == {"K2": "E", "K3": "E", "K1": "W"}
    assert table["space_scope"].to_dict() == {"K2": "urban", "K3": "urban", "K1": "rural"}


@settings(max_examples=8, deadline=None)
@given(
    homes=st.lists(
        st.tuples(st.integers(0, 2000), st.sampled_from([-60, 0, 40, 400]), st.integers(0, 40)),
        min_size=1, max_size=8,
    ),
    at=st.lists(st.integers(0, 2000), min_size=1, max_size=3),
)  # fmt: skip
def test_newly_served_is_what_opening_the_place_changes(
    homes: list[tuple[int, int, int]], at: list[int]
) -> None:
    """The oracle opens a facility at the space and counts people met before and after."""
    inputs = long_street(
        streets=[street((0, 0), (1200, 0)), street((1200, 0), (1200, 300)), street((1700, 0), (2000, 0))],
        homes=[home(x, y, people) for x, y, people in homes],
        shops=[shop(0, 0)],
        spaces=[space(x, 5, f"K{n}") for n, x in enumerate(at)],
    )
    case = case_of(inputs)
    start = scenario(inputs)
    circle = pd.Series("", index=start.placed.demand.index)
    whole = shares(start, circle).iloc[0]
    for row in space_options(case.whole, case.candidates).to_dict("records"):
        place = inputs.spaces.set_index("space_id").geometry[row["space_id"]]
        after = shares(add_facility(start, place, "shop", site_id=row["space_id"]), circle).iloc[0]
        gained = after["people_met"] - whole["people_met"]
        assert row["people_newly_served"] + row["people_unknown_served"] == pytest.approx(gained)


def test_a_space_must_be_large_enough_and_says_how_surely_it_fits() -> None:
    spaces = pd.DataFrame({"area_m2": [99.9, 100.0, np.nan, 500.0], "scope": ["", "urban", "urban", "rural"]})
    kind = pd.Series(facility_type("shop") | {"min_area_m2": 100.0, "min_area_is_land": "no"})
    assert fit_of(spaces, kind) == ["", "fits", "area_unknown", "fits"]
    assert fit_of(spaces, pd.Series(kind.to_dict() | {"scope": "urban"})) == [
        "",
        "fits",
        "area_unknown",
        "other_scope",
    ]
    assert fit_of(spaces, pd.Series(kind.to_dict() | {"min_area_m2": np.nan})) == ["no_minimum"] * 4
    assert fit_of(spaces, pd.Series(kind.to_dict() | {"min_area_is_land": "yes"})) == [
        "",
        "land",
        "land",
        "land",
    ]
    assert fit_of(spaces, pd.Series(kind.to_dict() | {"facility_type": "metro"})) == [""] * 4


def test_types_bound_to_their_place_are_in_the_catalogue() -> None:
    for profile in PROFILES:
        known = set(read_catalogue(profile, folder=None)["facility_type"])  # type: ignore[arg-type]
        assert known >= BOUND_TO_PLACE


def test_a_space_off_the_network_serves_nobody_and_says_so() -> None:
    table = options(case_of(long_street(spaces=[space(3000, 900, "K9")])))
    assert table.loc["K9", "reachable"] == "no"
    assert table.loc["K9", "people_newly_served"] == 0.0


def brute_force(reach: np.ndarray, people: np.ndarray, count: int) -> float:
    """The most people that any choice covers, by trying every one."""
    candidates = range(reach.shape[1])
    choices = combinations(candidates, min(count, reach.shape[1]))
    return max(float(people[reach[:, list(one)].any(axis=1)].sum()) for one in choices)


@pytest.mark.parametrize("tried", [0, covering.CHOICES_TRIED], ids=["solver", "every choice"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_maximal_cover_is_the_best_of_all_choices(tried: int, data: st.DataObject) -> None:
    points, candidates = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 7))
    reach = np.array(data.draw(st.lists(
        st.lists(st.booleans(), min_size=candidates, max_size=candidates), min_size=points, max_size=points)))  # fmt: skip
    people = np.array(data.draw(st.lists(st.integers(0, 60), min_size=points, max_size=points)), dtype=float)
    count = data.draw(st.integers(1, 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covering, "CHOICES_TRIED", tried)
        cover = maximal_cover(csr_array(reach.astype(float)), people, count)
    best = brute_force(reach, people, count)
    assert cover.people == pytest.approx(best)
    assert cover.status == "optimal"
    assert cover.gap_share == 0.0
    assert len(cover.chosen) <= count
    assert people[reach[:, list(cover.chosen)].any(axis=1)].sum() == pytest.approx(best)


def test_greed_is_not_enough() -> None:
    """The middle covers most alone (18), but with any other at most 23; the two ends cover all 27."""
    reach = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=float))
    cover = maximal_cover(reach, np.array([5.0, 9.0, 9.0, 4.0]), 2)
    assert (cover.chosen, cover.people) == ((0, 2), 27.0)


def test_a_search_cut_short_says_so_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize  # noqa: PLC0415

    reach = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=float))
    cut = optimize.OptimizeResult(status=1, x=None, mip_dual_bound=-27.0)
    monkeypatch.setattr(optimize, "milp", lambda *_, **__: cut)
    monkeypatch.setattr(covering, "CHOICES_TRIED", 0)
    cover = maximal_cover(reach, np.array([5.0, 9.0, 9.0, 4.0]), 2)
    assert (cover.status, cover.people, cover.bound) == ("limit", 23.0, 27.0)
    assert cover.gap_share == pytest.approx(4 / 23)


def test_of_equal_choices_the_first_is_taken() -> None:
    """Greed takes the middle and reaches 23; (0, 2) and (0, 3) reach all 27, and sums of tenths differ in their last digits."""
    reach = csr_array(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 1, 1]], dtype=float))
    assert maximal_cover(reach, np.array([0.5, 0.9, 0.9, 0.4]), 2).chosen == (0, 2)
    turned = csr_array(reach.toarray()[:, ::-1])
    assert maximal_cover(turned, np.array([0.5, 0.9, 0.9, 0.4]), 2).chosen == (0, 3)


@pytest.mark.parametrize("seed", range(12))
def test_trying_all_and_searching_find_the_same_number_of_people(seed: int) -> None:
    random = np.random.default_rng(seed)
    reach = csr_array((random.random((60, 24)) < 0.15).astype(float))
    people = random.integers(1, 400, 60) / 8
    covers = []
    for tried in (0, covering.CHOICES_TRIED):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(covering, "CHOICES_TRIED", tried)
            covers.append([maximal_cover(reach, people, count) for count in (2, 3, 4, 5)])
    assert [one.people for one in covers[0]] == [one.people for one in covers[1]]
    assert {one.status for one in (*covers[0], *covers[1])} == {"optimal"}


def test_nothing_to_cover_chooses_nothing() -> None:
    empty = csr_array((3, 0))
    assert maximal_cover(empty, np.ones(3), 2).chosen == ()
    assert maximal_cover(csr_array(np.ones((2, 2))), np.zeros(2), 2).people == 0.0
    assert maximal_cover(csr_array(np.ones((2, 2))), np.ones(2), 0).people == 0.0


def test_the_caller_keeps_the_reach() -> None:
    reach = csr_array(np.array([[2.0, 0.0], [1.0, 1.0]]))
    maximal_cover(reach, np.ones(2), 2)
    assert reach.data.tolist() == [2.0, 1.0, 1.0]


def test_best_spaces_grow_until_one_more_adds_nobody(street_case: Case) -> None:
    """K3 adds nobody beside K2, so the best two are K1 and K2, and there is no best three."""
    table = best_spaces(street_case.whole, street_case.candidates)
    assert table["space_ids"].tolist() == ["K2", "K1;K2"]
    assert table["people_newly_served"].tolist() == [210.0, 250.0]
    assert table["people_coverable"].tolist() == [250.0, 250.0]
    assert table["result"].tolist() == ["optimal", "optimal"]


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"homes": [home(0, 0, committee_id="W")]}, "nobody_lacks_it"),
        ({"homes": [home(3000, 0, 0.0, committee_id="W")]}, "nobody_lacks_it"),
        ({"spaces": []}, "no_space_fits"),
        ({"spaces": [space(3000, 0, "K", 10.0)]}, "no_space_fits"),
        ({"spaces": [space(100, 0, "K", 50.0)], "homes": [home(3000, 0, 5.0)]}, "nobody_in_reach"),
    ],
)
def test_where_nothing_can_be_chosen_the_reason_is_given(changes: dict[str, object], result: str) -> None:
    types = [facility_type("shop", 500.0) | {"min_area_m2": 50.0, "min_area_is_land": "no"}]
    table = best_spaces(*_whole(case_of(long_street(types=types, **changes))))
    assert table["result"].tolist() == [result]
    assert table["people_newly_served"].tolist() == [0.0]


def _whole(case: Case) -> tuple[object, object]:
    return case.whole, case.candidates


def planned_case(*at: float, **changes: object) -> pd.Series:
    shops = [
        shop(0, 0),
        *(shop(x, 0, site_id=f"P{n}", status="planned", name=f"规划{n}") for n, x in enumerate(at)),
    ]
    case = case_of(long_street(shops=shops, **changes))
    table = planned_places(case.whole, case.candidates)
    assert table.columns.tolist() == PLANNED_COLUMNS
    return table.iloc[0]


def test_a_poor_plan_is_told_from_the_best_one() -> None:
    """Planned at 1,200 serves h3, h4 (1,000 and 1,500): 70; K2 serves 210, and is the best and the next."""
    row = planned_case(1200.0)
    assert row["people_newly_served"] == 70.0
    assert (row["is_best"], row["best_ids"], row["best_people_newly_served"]) == ("no", "K2", 210.0)
    assert row["share_of_best"] == pytest.approx(1 / 3)
    assert (row["next_id"], row["next_committee_id"], row["next_people_newly_served"]) == ("K2", "E", 210.0)
    assert row["people_left"] == 330.0 - 70.0
    assert (row["worst_committee_id"], row["worst_committee_people_left"]) == ("E", 260.0)


def test_a_plan_as_good_as_the_best_is_the_best() -> None:
    row = planned_case(1200.0, 3000.0)
    assert (row["planned"], row["is_best"], row["people_newly_served"]) == (2, "yes", 280.0)
    assert row["best_ids"] == row["planned_ids"] == "P0/shop;P1/shop"


def test_without_another_candidate_the_plan_is_not_called_the_best() -> None:
    row = planned_case(1200.0, spaces=[])
    assert (row["is_best"], row["candidates"], row["next_id"]) == ("no_alternative", 1, "")


def test_planned_places_count_as_open_when_they_are_included() -> None:
    inputs = long_street(shops=[shop(0, 0), shop(3000, 0, status="planned")])
    case = case_of(inputs, include_planned=True)
    assert planned_places(case.whole, case.candidates).empty
    assert case.candidates.table["kind"].unique().tolist() == ["space"]


def test_a_planned_place_outside_the_extent_is_no_candidate() -> None:
    inputs = long_street(
        shops=[shop(0, 0), shop(3800, 0, status="planned")], extent=box(-100, -600, 3600, 600)
    )
    assert (case_of(inputs).candidates.table["kind"] == "space").all()


def test_studies_without_spaces_committees_or_facilities_give_empty_tables() -> None:
    case = case_of(one_street(shops=[], surveyed="all"))
    assert space_options(case.whole, case.candidates).columns.tolist() == OPTION_COLUMNS
    assert space_options(case.whole, case.candidates).empty
    assert best_spaces(case.whole, case.candidates)["result"].tolist() == ["no_space_fits"]
    assert planned_places(case.whole, case.candidates).empty


def test_a_profile_without_thresholds_gives_empty_tables() -> None:
    case = case_of(one_street(types=[facility_type("shop", None)], spaces=[space(10, 0, "K")]))
    assert space_options(case.whole, case.candidates).empty
    table = best_spaces(case.whole, case.candidates)
    assert table.empty
    assert table.columns.tolist() == BEST_COLUMNS
