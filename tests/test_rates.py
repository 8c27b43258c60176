"""Rival rates and combinations over types: worked by hand, and conserved on random towns."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from street_town import CIRCLES, COMMITTEES, HOMES, SHOPS, TYPES, measured, street_town
from towns import Town, towns
from worlds import facility_type, home, shop, street, world

from pujin_geo.catalogue import read_catalogue
from pujin_geo.coverage.rates import combine, fifteen_minutes, judge_land, reached
from pujin_geo.coverage.rates import rates as rates_of
from pujin_geo.coverage.rates.combined import TARGET_FAMILIES
from pujin_geo.coverage.rates.land import SAMPLES_AT_MOST, sample_land, sample_points
from pujin_geo.coverage.sums import coverage, judged_people
from pujin_geo.inputs import Inputs

NAN = float("nan")


def tables_of(inputs: Inputs) -> dict[str, pd.DataFrame]:
    it = measured(inputs)
    land = judge_land(it.judged, it.network, it.placed)
    return {
        "rates": rates_of(it.judged, land=land),
        "combined": combine(it.judged, fifteen_minutes(it.judged, it.network, it.placed, it.measures)),
        "reached": reached(it.judged),
    }


def rates(inputs: Inputs | None = None) -> pd.DataFrame:
    table = tables_of(street_town() if inputs is None else inputs)["rates"]
    return table.set_index(["place_kind", "place_id", "facility_type"])


def combined(inputs: Inputs | None = None) -> pd.DataFrame:
    table = tables_of(street_town() if inputs is None else inputs)["combined"]
    return table.set_index(["place_kind", "place_id", "family"])


def test_every_place_has_a_row_for_every_type() -> None:
    table = tables_of(street_town())["rates"]
    places = [("all", "all"), ("urban", "urban"), ("rural", "rural")]
    places += [("circle", c) for c in ("C1", "C2", "C3")] + [("committee", c) for c in ("A", "B", "V")]
    types = ["shop", "health_station", "meal_point", "market"]
    keys = list(zip(table["place_kind"], table["place_id"], table["facility_type"], strict=True))
    assert keys == [(*place, name) for place in places for name in types]
    assert table["place_name"].tolist()[::4] == [
        "示例",
        "",
        "",
        "东圈",
        "西圈",
        "空圈",
        "东一",
        "东二",
        "西村",
    ]


@pytest.mark.parametrize(
    ("place", "people", "met", "share"),
    [
        (("all", "all"), 200, 160, 0.8),
        (("urban", "urban"), 160, 160, 1.0),
        (("rural", "rural"), 40, 0, 0.0),
        (("circle", "C1"), 160, 160, 1.0),
        (("circle", "C2"), 40, 0, 0.0),
        (("committee", "A"), 100, 100, 1.0),
    ],
)
def test_people_in_reach_by_place(place: tuple[str, str], people: float, met: float, share: float) -> None:
    row = rates().loc[(*place, "shop")]
    assert row[["people", "people_met", "coverage_share"]].tolist() == [people, met, share]


def test_the_group_served_and_all_residents_are_two_figures() -> None:
    row = rates().loc[("all", "all", "meal_point")]
    assert row["people_basis"] == "60+"
    assert row[["people", "people_met", "coverage_share"]].tolist() == [60, 30, 0.5]
    assert row[["residents", "residents_met", "residents_share"]].tolist() == [200, 100, 0.5]
    assert row["straight_line_share"] == 0.5


def test_unknown_people_span_a_range() -> None:
    """A second home for shop customers lies 400 m from every street: near by straight line, so unknown."""
    table = rates(street_town(homes=[*HOMES, home(400, 400, 50)]))
    row = table.loc[("all", "all", "shop")]
    assert row[["people", "people_met", "people_not_met", "people_unknown"]].tolist() == [250, 160, 40, 50]
    assert row[["coverage_share", "share_if_unknown_met"]].tolist() == [0.64, 0.84]
    assert row[["residents_share", "residents_share_if_unknown_met"]].tolist() == [0.64, 0.84]


def test_land_in_reach_is_measured_by_sample_points() -> None:
    """Four points of 2,500 m2 in the east, one of 1 m2 in the village; a rule for the town leaves that out."""
    table = rates()
    shop_row, market = table.loc[("all", "all", "shop")], table.loc[("all", "all", "market")]
    assert shop_row[["land_m2", "land_met_m2", "land_unknown_m2", "land_grid_m"]].tolist() == [
        10001,
        10000,
        0,
        50,
    ]
    assert shop_row["land_share"] == pytest.approx(10000 / 10001)
    assert market["land_m2"] == 10000
    assert table.loc[("rural", "rural", "shop"), "land_m2"] == 1
    assert table.loc[("committee", "A", "shop"), "land_share"] == 1.0
    assert np.isnan(table.loc[("circle", "C3", "shop"), "land_share"])


def test_land_by_straight_line_is_the_service_radius() -> None:
    """A shop across the river: within 500 m of all land as the crow flies, of none on foot."""
    inputs = world(
        streets=[street((0, 0), (2000, 0)), street((0, 100), (2000, 100)), street((0, 0), (0, 100))],
        homes=[home(1000, 0)],
        shops=[shop(1000, 100)],
        residential_land=[{"geometry": box(950, -50, 1050, 0)}],
    )
    row = rates(inputs).loc[("all", "all", "shop")]
    assert row[["land_share", "land_straight_share"]].tolist() == [0.0, 1.0]


def test_a_study_without_land_has_no_land_figures() -> None:
    assert rates(street_town(residential_land=[]))["land_share"].isna().all()


def test_has_one_counts_units_whoever_can_walk_there() -> None:
    table = rates()
    columns = ["unit_kind", "units", "units_with_one", "has_one_share"]
    assert table.loc[("all", "all", "shop"), columns].tolist() == ["circle", 2, 1, 0.5]
    assert table.loc[("urban", "urban", "shop"), columns].tolist() == ["committee", 2, 1, 0.5]
    assert table.loc[("circle", "C2", "shop"), columns].tolist() == ["circle", 1, 0, 0.0]
    assert table.loc[("committee", "B", "shop"), columns].tolist() == ["committee", 1, 1, 1.0]
    # Planned markets do not count, and the rule is not for the village.
    assert table.loc[("all", "all", "market"), columns].tolist() == ["circle", 1, 0, 0.0]
    assert table.loc[("committee", "V", "market"), "units"] == 0
    assert np.isnan(table.loc[("committee", "V", "market"), "has_one_share"])


def test_without_circles_the_committees_are_the_units() -> None:
    columns = ["unit_kind", "units", "units_with_one"]
    without = rates(street_town(circles=[]))
    assert without.loc[("all", "all", "shop"), columns].tolist() == ["committee", 3, 1]
    neither = rates(street_town(circles=[], committees=[]))
    assert neither.loc[("all", "all", "shop"), columns].tolist() == ["committee", 0, 0]
    # The residents still name their committees, so these can be summed but hold no facility for certain.
    assert neither.loc[("committee", "A", "shop"), "people"] == 100


@pytest.mark.parametrize(
    ("place", "name", "remark"),
    [
        (("circle", "C3"), "shop", "nobody_to_serve"),
        (("committee", "V"), "market", "not_applicable"),
        (("all", "all"), "market", "no_facility"),
        (("all", "all"), "shop", ""),
    ],
)
def test_a_blank_or_zero_share_says_why(place: tuple[str, str], name: str, remark: str) -> None:
    row = rates().loc[(*place, name)]
    assert row["remark"] == remark
    assert np.isnan(row["coverage_share"]) == (remark in ("nobody_to_serve", "not_applicable"))


def test_nobody_of_a_group_is_nobody_to_serve_and_not_zero_percent() -> None:
    homes = [{**one, "pop_60_plus": 0.0} for one in HOMES]
    row = rates(street_town(homes=homes)).loc[("all", "all", "meal_point")]
    assert (row["remark"], row["people"]) == ("nobody_to_serve", 0)
    assert np.isnan(row["coverage_share"])


def test_a_profile_without_thresholds_gives_empty_tables() -> None:
    types = [{**one, "threshold_urban_m": NAN, "threshold_rural_m": NAN} for one in TYPES]
    tables = tables_of(street_town(types=types))
    assert tables["rates"].empty
    assert set(tables["combined"]["remark"]) == {"no_type_judged"}
    assert tables["combined"]["reach_share"].isna().all()
    assert tables["reached"]["basic_types"].tolist() == [0, 0, 0]


def test_rates_agree_with_the_coverage_table() -> None:
    inputs = street_town(homes=[*HOMES, home(400, 400, 50)])
    it = measured(inputs)
    people = pd.DataFrame(it.judged.people, columns=list(it.judged.grid.types))
    rows = judged_people(it.distances, it.judged.demand, people)
    theirs = coverage(rows, it.judged.types, it.judged.basis, ["C1", "C2", "C3"])
    theirs = theirs[theirs["scope"] == "all"]
    mine = rates_of(it.judged, land=None)
    mine = mine.assign(circle_id=mine["place_id"])[mine["place_kind"].isin(["all", "circle"])]
    both = theirs.merge(mine, on=["circle_id", "facility_type"], suffixes=("", "_mine"))
    assert len(both) == len(theirs)
    for name in (
        "people",
        "people_met",
        "people_not_met",
        "people_unknown",
        "coverage_share",
        "straight_line_share",
    ):
        np.testing.assert_allclose(both[name], both[f"{name}_mine"], rtol=1e-12)


# Combinations


def test_reaching_every_type_is_not_the_mean() -> None:
    """Shop 0.8, health station 0.5, meal point 0.5 of the old: mean 0.6; only h1 reaches all three."""
    row = combined().loc[("all", "all", "basic")]
    assert row[["types", "type_ids", "rule"]].tolist() == [3, "shop;health_station;meal_point", "every"]
    assert row[["people", "people_reach", "people_not_reach", "people_unknown"]].tolist() == [
        200,
        100,
        100,
        0,
    ]
    assert row["reach_share"] == 0.5
    assert row["mean_share"] == pytest.approx(0.6)
    assert row["mean_types_reached"] == pytest.approx((100 * 3 + 60) / 200)
    assert row["mean_types_applying"] == 3.0
    assert row["types_uncertain"] == 2


def test_families_by_suitability() -> None:
    table = combined()
    caring = table.loc[("committee", "A", "caring")]
    assert caring[["types", "people", "people_reach", "mean_share"]].tolist() == [2, 100, 100, 1.0]
    assert table.loc[("all", "all", "learning"), "remark"] == "no_type_judged"
    assert np.isnan(table.loc[("all", "all", "learning"), "people"])


def test_every_type_is_unknown_only_where_nothing_fails() -> None:
    """Off the streets, near the shop and the health station and the meal point: all unknown."""
    row = combined(street_town(homes=[*HOMES, home(100, 400, 50)])).loc[("all", "all", "basic")]
    assert row[["people_reach", "people_not_reach", "people_unknown"]].tolist() == [100, 100, 50]
    assert row["reach_share_if_unknown_met"] == 0.6


def test_target_families_ask_for_one_place_within_fifteen_minutes() -> None:
    table = combined()
    health, elder = table.loc[("urban", "urban", "health")], table.loc[("urban", "urban", "elder_care")]
    assert health[["rule", "people_reach", "reach_share", "target_share", "target_verdict"]].tolist() == [
        "any_15min", 160, 1.0, 0.85, "met",
    ]  # fmt: skip
    assert elder[["people_basis", "people", "people_reach"]].tolist() == ["60+", 50, 50]
    whole = table.loc[("all", "all", "health")]
    assert whole[["people_reach", "reach_share", "target_verdict"]].tolist() == [160, 0.8, ""]
    assert np.isnan(whole["target_share"])
    assert table.loc[("all", "all", "targets"), "remark"] == "no_type_judged"  # no culture, no sport


def test_all_four_targets_together() -> None:
    types = [*TYPES, facility_type("library"), facility_type("court")]
    inputs = street_town(types=types, shops=[*SHOPS, shop(500, 0, "library"), shop(1500, 0, "court")])
    table = combined(inputs)
    # Library: h1 400, h2 100, h3 1000 (just within). Court: h1 1400, h2 900, h3 0. Health: h1 and h2. Elder: same.
    assert table.loc[("all", "all", "culture"), "people_reach"] == 200
    assert table.loc[("all", "all", "sport"), "people_reach"] == 100
    targets = table.loc[("all", "all", "targets")]
    assert targets[["rule", "people_reach", "people_not_reach", "reach_share"]].tolist() == [
        "each_15min", 60, 140, 0.3,
    ]  # fmt: skip
    assert table.loc[("urban", "urban", "targets"), "target_verdict"] == "not_met"


def test_target_types_are_in_the_shipped_catalogue() -> None:
    known = set(read_catalogue("shanghai", folder=Path())["facility_type"])
    assert {name for ids in TARGET_FAMILIES.values() for name in ids} <= known


def test_reached_lists_what_each_point_lacks() -> None:
    table = tables_of(street_town())["reached"].set_index("demand_id")
    assert table[["basic_types", "basic_reached", "basic_not_reached", "basic_unknown"]].values.tolist() == [
        [3, 3, 0, 0], [3, 1, 2, 0], [3, 0, 3, 0],
    ]  # fmt: skip
    assert table["types_not_reached"].tolist() == [
        "",
        "health_station;meal_point",
        "shop;health_station;meal_point",
    ]


# Land samples


def test_samples_share_out_the_area_of_their_piece() -> None:
    inputs = street_town(
        residential_land=[
            {"geometry": box(0, 0, 120, 80)},
            {"geometry": box(60, 0, 200, 80)},
            {"geometry": box(300, 0, 303, 1)},
        ]
    )
    samples = sample_land(inputs, inputs.residents)
    assert samples["area_m2"].sum() == pytest.approx(200 * 80 + 3)
    assert (samples["grid_m"] == 50).all()


def test_land_outside_the_boundary_is_left_out() -> None:
    inputs = street_town(boundary=box(0, -50, 50, 50))
    assert sample_land(inputs, inputs.residents)["area_m2"].sum() == pytest.approx(50 * 100)


def test_much_land_is_sampled_more_coarsely() -> None:
    inputs = street_town(residential_land=[{"geometry": box(0, 0, 8000, 8000)}])
    samples = sample_land(inputs, inputs.residents)
    assert set(samples["grid_m"]) == {100.0}
    assert len(samples) <= SAMPLES_AT_MOST


def test_land_takes_the_scope_of_its_committee_or_nearest_home() -> None:
    land = [{"geometry": box(1400, -20, 1500, 20)}, {"geometry": box(1400, 200, 1500, 260)}]
    with_committees = street_town(residential_land=land)
    samples = sample_land(with_committees, with_committees.residents)
    assert set(samples["scope"]) == {"rural"}
    assert set(samples["committee_id"]) == {"V"}
    without = street_town(residential_land=[{"geometry": box(500, 0, 600, 50)}], committees=[])
    samples = sample_land(without, without.residents)
    assert set(samples["committee_id"]) == {"B"}


@given(
    st.lists(
        st.tuples(st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 200), st.integers(1, 200)),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_every_piece_has_points_and_every_point_lies_in_its_piece(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    pieces = np.array([box(x, y, x + w, y + h) for x, y, w, h in boxes], dtype=object)
    piece, points = sample_points(pieces, grid_m=50)
    assert set(piece) == set(range(len(pieces)))
    assert gpd.GeoSeries(points).intersects(gpd.GeoSeries(pieces[piece])).all()


# Random towns


@settings(max_examples=15, deadline=None)
@given(towns(homes=5, shops=6))
def test_people_add_up_and_shares_are_ordered(town: Town) -> None:
    inputs = world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, 1.5 + n, committee_id="AB"[n % 2], pop_60_plus=n * 0.3) for n, (x, y) in enumerate(town.homes)],
        shops=[shop(x, y, ["shop", "meal_point"][n % 2]) for n, (x, y) in enumerate(town.shops)],
        types=[facility_type("shop", 200), facility_type("meal_point", 150, group="60+")],
        surveyed="all",
        committees=COMMITTEES[:2],
        circles=CIRCLES,
    )  # fmt: skip
    tables = tables_of(inputs)
    table = tables["rates"]
    assert (table["people"] == table["people_met"] + table["people_not_met"] + table["people_unknown"]).all()
    known = table.dropna(subset=["coverage_share"])
    assert (known["coverage_share"] <= known["share_if_unknown_met"]).all()
    assert known[["coverage_share", "share_if_unknown_met", "straight_line_share"]].max().max() <= 1 + 1e-12
    whole = table[table["place_kind"] == "all"].set_index("facility_type")["people_met"]
    parts = table[table["place_kind"] == "committee"].groupby("facility_type")["people_met"].sum()
    np.testing.assert_allclose(parts.loc[whole.index], whole, rtol=1e-12)
    every = tables["combined"][tables["combined"]["rule"] == "every"].dropna(subset=["people"])
    parts = every["people_reach"] + every["people_not_reach"] + every["people_unknown"]
    np.testing.assert_allclose(parts, every["people"], rtol=1e-12)
    reached = tables["reached"]
    assert (
        reached["basic_types"] == reached[["basic_reached", "basic_not_reached", "basic_unknown"]].sum(axis=1)
    ).all()


@settings(max_examples=10, deadline=None)
@given(towns(homes=4, shops=5))
def test_who_reaches_every_type_reaches_each(town: Town) -> None:
    """The share reaching all is at most the least share of all residents; a negative control of "mean"."""
    inputs = world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, 1 + n) for n, (x, y) in enumerate(town.homes)],
        shops=[shop(x, y, ["shop", "park"][n % 2]) for n, (x, y) in enumerate(town.shops)],
        types=[facility_type("shop", 200), facility_type("park", 300)],
        surveyed="all",
    )
    tables = tables_of(inputs)
    least = tables["rates"].query("place_kind == 'all'")["residents_share"].min()
    basic = tables["combined"].query("place_kind == 'all' and family == 'basic'")
    assert basic["reach_share"].item() <= least + 1e-12
    assert basic["mean_share"].item() >= least - 1e-12
