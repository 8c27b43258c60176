"""Quotas and floating catchments: worked by hand, and held against the PySAL package ``access``."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from access import fca
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from street_town import CIRCLES, TYPES, measured, street_town
from worlds import Row, facility_type, shop

from pujin_geo.coverage.supply import SUPPLY_COLUMNS, supply, two_step_floating_catchment


def quota(amount: float, unit: str, per: str, **changes: Any) -> Row:
    return {
        **TYPES[0],
        "quota_amount": amount,
        "quota_unit": unit,
        "quota_per": per,
        "quota_confidence": "M",
        **changes,
    }


def row(one: Row, *, place: tuple[str, str] = ("all", "all"), **changes: Any) -> pd.Series:
    it = measured(street_town(**({"types": [one], "shops": [shop(400, 0)]} | changes)))
    table = supply(it.judged, it.network, it.placed)
    assert list(table.columns) == SUPPLY_COLUMNS
    return table.set_index(["place_kind", "place_id"]).loc[place]


def test_sites_per_residents() -> None:
    """One shop for 200 residents where 2 are required; the eastern circle needs 1.6."""
    one = quota(1, "site", "100")
    whole = row(one)
    assert whole[["residents", "required", "available", "balance", "supply_share"]].tolist() == [
        200,
        2,
        1,
        -1,
        0.5,
    ]
    assert whole[["verdict", "remark", "quota_confidence"]].tolist() == ["not_met", "", "M"]
    assert row(one, place=("circle", "C1"))["required"] == 1.6
    assert row(one, place=("circle", "C2"))[["verdict", "remark"]].tolist() == ["not_met", "no_facility"]


def test_equality_is_enough() -> None:
    assert row(quota(1, "site", "200"))["verdict"] == "met"


def test_two_functions_of_one_site_are_one_site() -> None:
    shops = [shop(400, 0, site_id="A"), shop(410, 0, site_id="B")]
    assert row(quota(1, "site", "100"), shops=shops)["verdict"] == "met"


def test_a_circle_with_nobody_has_nobody_to_serve() -> None:
    empty = row(quota(1, "site", "100"), place=("circle", "C3"))
    assert empty[["remark", "verdict"]].tolist() == ["nobody_to_serve", ""]
    assert np.isnan(empty["supply_share"])
    assert np.isnan(empty["catchment_supply"])


def test_a_quota_of_zero_requires_nothing() -> None:
    zero = row(quota(0, "site", "100"))
    assert zero[["required", "remark", "verdict"]].tolist() == [0, "nothing_required", ""]
    assert np.isnan(zero["supply_share"])


@pytest.mark.parametrize(
    ("areas", "available", "missing", "verdict", "remark"),
    [
        ([300.0], 300, 0, "not_met", ""),
        ([500.0], 500, 0, "met", ""),
        ([500.0, None], 500, 1, "met", "size_missing"),
        ([300.0, None], 300, 1, "unknown", "size_missing"),
        ([None], None, 1, "unknown", "size_missing"),
    ],
)
def test_areas_that_are_blank_are_stated_and_not_guessed(
    areas: list[float | None], available: float | None, missing: int, verdict: str, remark: str
) -> None:
    shops = [shop(400 + n, 0, area_m2=area) for n, area in enumerate(areas)]
    found = row(quota(2, "m2", "1"), shops=shops, homes=[{**street_home(), "population": 250.0}])
    assert found["required"] == 500
    assert found["available"] == available or (np.isnan(found["available"]) and available is None)
    assert found[["size_missing", "verdict", "remark"]].tolist() == [missing, verdict, remark]
    assert np.isnan(found["balance"]) == (verdict == "unknown")


def street_home() -> Row:
    return dict(street_town().residents[["demand_id", "scope"]].iloc[0]) | {
        "geometry": box(100, 0, 101, 1).centroid
    }


def test_places_classes_and_beds_are_capacity() -> None:
    found = row(quota(50, "bed", "1000"), shops=[shop(400, 0, capacity=8), shop(500, 0, capacity=4)])
    assert found[["required", "available", "verdict"]].tolist() == [10, 12, "met"]


def test_one_per_circle_committee_and_subdistrict() -> None:
    per_circle = quota(1, "site", "circle")
    assert row(per_circle)["required"] == 2  # the third circle has nobody
    assert row(per_circle, place=("circle", "C1"))["verdict"] == "met"
    assert row(per_circle, place=("circle", "C2"))["verdict"] == "not_met"
    per_committee = quota(1, "site", "committee")
    assert row(per_committee)[["required", "available", "verdict"]].tolist() == [3, 1, "not_met"]
    assert row(per_committee, place=("committee", "B"))["verdict"] == "met"
    assert row(quota(1, "site", "subdistrict"))["verdict"] == "met"


def test_a_quota_per_site_looks_at_each_site() -> None:
    shops = [shop(400, 0, capacity=12), shop(500, 0, capacity=8)]
    found = row(quota(10, "bed", "site"), shops=shops)
    assert found[["required", "available", "sites_below", "verdict"]].tolist() == [20, 20, 1, "not_met"]
    unsized = row(quota(10, "bed", "site"), shops=[shop(400, 0, capacity=12), shop(500, 0)])
    assert unsized[["sites_below", "verdict"]].tolist() == [0, "unknown"]
    assert (
        row(quota(10, "bed", "site"), shops=[shop(400, 0, "shop", status="planned")])["remark"]
        == "nothing_required"
    )


def test_a_rule_for_the_town_counts_townspeople() -> None:
    found = row(quota(1, "site", "100", scope="urban", threshold_rural_m=None))
    assert found[["residents", "required"]].tolist() == [160, 1.6]


def test_facilities_outside_the_boundary_serve_but_do_not_count() -> None:
    found = row(quota(1, "site", "100"), boundary=box(0, -50, 350, 50), extent=box(-5000, -5000, 9000, 5000))
    assert found[["functions", "available"]].tolist() == [0, 0]
    assert found["catchment_supply"] == 1.0  # one shop for the hundred people inside


def test_urban_and_rural_sum_to_the_whole() -> None:
    one = quota(1, "site", "100")
    shops = [shop(400, 0), shop(1500, 0), shop(1600, 0)]
    parts = [row(one, place=(scope, scope), shops=shops)["available"] for scope in ("urban", "rural")]
    assert parts == [1, 2]
    assert row(one, shops=shops)["available"] == 3


def test_types_without_a_quota_have_no_row() -> None:
    it = measured(street_town())
    table = supply(it.judged, it.network, it.placed)
    assert table.empty
    assert list(table.columns) == SUPPLY_COLUMNS


# Floating catchments


def test_catchment_by_hand() -> None:
    """The shop's catchment holds 160 people, so each has 1/160; 40 villagers have none: mean 0.5 per 100."""
    found = row(quota(1, "site", "100"))
    assert found[["catchment_per", "catchment_residents_none", "catchment_residents_short"]].tolist() == [
        100,
        40,
        200,
    ]
    assert found["catchment_supply"] == pytest.approx(0.5)
    circle = row(quota(1, "site", "100"), place=("circle", "C1"))
    assert circle["catchment_supply"] == pytest.approx(100 / 160)


def test_equal_to_the_quota_is_not_short() -> None:
    found = row(quota(0.625, "site", "100"))
    assert found["catchment_residents_short"] == 40


def test_supply_that_nobody_can_walk_to_is_named() -> None:
    found = row(quota(1, "site", "100"), shops=[shop(400, 0), shop(2000, 0, site_id="far"), shop(0, 900)])
    assert found["catchment_unused"] == 1  # the one off the streets; the far one is exactly 500 m from h3


def test_a_size_that_is_missing_leaves_the_catchment_a_least_value() -> None:
    shops = [shop(400, 0, capacity=16), shop(420, 0)]
    found = row(quota(50, "bed", "1000"), shops=shops)
    assert found["catchment_size_missing"] == 1
    assert found["catchment_supply"] == pytest.approx(16 / 200 * 1000)
    assert np.isnan(found["catchment_residents_short"])
    assert np.isnan(row(quota(50, "bed", "1000"), shops=[shop(400, 0)])["catchment_supply"])


CASES = st.integers(1, 8).flatmap(
    lambda n: st.integers(1, 6).flatmap(
        lambda m: st.tuples(
            st.lists(st.integers(0, 500), min_size=n, max_size=n),
            st.lists(st.integers(0, 90), min_size=m, max_size=m),
            st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), min_size=1),
            st.lists(st.integers(1, 1000), min_size=n * m, max_size=n * m),
        )
    )
)


def weight_of(walk_m: float) -> float:
    return 1.0 if walk_m <= 300 else 0.4


@settings(deadline=None)
@given(CASES, st.booleans())
def test_like_the_access_package(case: Any, enhanced: bool) -> None:
    people, sizes, reached, walks = case
    pairs = pd.DataFrame(sorted(reached), columns=["origin", "target"])
    pairs["walk_m"] = [walks[o * len(sizes) + t] for o, t in sorted(reached)]
    demand = np.bincount(
        pairs["target"], weights=np.array(people, dtype=float)[pairs["origin"]], minlength=len(sizes)
    )
    weight = pairs["walk_m"].map(weight_of).to_numpy(dtype=float) if enhanced else None
    mine = two_step_floating_catchment(
        pairs, np.array(sizes, dtype=float), np.array(people, dtype=float), weight=weight
    )
    # The package divides by zero where nobody is in a catchment; here such supply reaches nobody.
    kept = pairs[demand[pairs["target"]] > 0].rename(columns={"origin": "o", "target": "d", "walk_m": "cost"})
    theirs = np.zeros(len(people))
    if len(kept):
        found = fca.two_stage_fca(
            demand_df=pd.DataFrame({"demand": people}, index=pd.Index(range(len(people)), name="geoid")),
            supply_df=pd.DataFrame({"supply": sizes}, index=pd.Index(range(len(sizes)), name="geoid")),
            cost_df=kept, demand_index=True, supply_index=True, demand_name="demand", supply_name="supply",
            cost_origin="o", cost_dest="d", cost_name="cost", max_cost=10_000,
            weight_fn=weight_of if enhanced else None,
        )  # fmt: skip
        theirs[found.index] = found.to_numpy()
    with_anybody = np.isin(np.arange(len(people)), kept["o"]) if len(kept) else np.zeros(len(people), bool)
    np.testing.assert_allclose(mine[with_anybody], theirs[with_anybody], rtol=1e-12)
    assert (mine[~with_anybody] == 0).all()
    if not enhanced:
        used = np.array(sizes, dtype=float)[demand > 0].sum()
        np.testing.assert_allclose((mine * people).sum(), used, rtol=1e-9)


def test_unknown_supply_takes_no_part() -> None:
    pairs = pd.DataFrame({"origin": [0, 0], "target": [0, 1]})
    assert two_step_floating_catchment(pairs, np.array([np.nan, 4.0]), np.array([2.0])).tolist() == [2.0]


def test_the_shipped_study_conserves_its_supply() -> None:
    """Per type: residents × their mean supply = the supply that anybody can walk to."""
    types = [
        facility_type(f"t{n}", 400 + 100 * n)
        | {"quota_amount": 1.0, "quota_unit": "site", "quota_per": "1000"}
        for n in range(3)
    ]
    shops = [shop(x, 20, f"t{n}") for n in range(3) for x in range(0, 2000, 150 + 50 * n)]
    it = measured(street_town(types=types, shops=shops, circles=CIRCLES))
    table = supply(it.judged, it.network, it.placed)
    whole = table[table["place_kind"] == "all"]
    shared = whole["catchment_supply"] * whole["residents"] / 1000
    np.testing.assert_allclose(shared, whole["functions"] - whole["catchment_unused"], rtol=1e-9)
