"""Before and after projects: worked by hand, and held against full runs with one project open."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from shapely import Point, box
from street_town import HOMES, SHOPS, TYPES, evidence, measured, street_town
from towns import Town, towns
from worlds import facility_type, home, river, shop, street, world

from pujin_geo.analysis import analyse
from pujin_geo.coverage.outlook import (
    MEASURED,
    OUTLOOK_COLUMNS,
    PROJECT_COLUMNS,
    gains,
    newly_served,
    outlook,
    project_walks,
    projects,
    today_of,
    worlds_ahead,
)
from pujin_geo.inputs import Inputs


def tables(inputs: Inputs, *, include_planned: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    it = measured(inputs, include_planned=include_planned)
    today = today_of(it.judged, it.network, it.placed, it.measures, it.ways, include_planned=include_planned)
    walks = project_walks(it.judged, today)
    return outlook(it.judged, today, worlds_ahead(it.judged, today)), projects(
        it.judged, walks, gains(it.judged, walks)
    )


def project(inputs: Inputs, name: str) -> pd.Series:
    _, table = tables(inputs)
    return table[table["facility_type"] == name].iloc[0]


def test_scenarios_add_up_step_by_step() -> None:
    """Old people with a meal point: 30 today, 20 more when the one under construction opens, then 10 more."""
    table, _ = tables(street_town())
    row = table.set_index(["place_kind", "place_id", "facility_type"]).loc[("all", "all", "meal_point")]
    met = [
        row[f"people_met_{when}"]
        for when in ("today", "under_construction", "planned", "planned_with_streets")
    ]
    assert met == [30, 50, 60, 60]
    assert row[["people_newly_served_under_construction", "people_newly_served_planned"]].tolist() == [20, 30]
    assert row[["projects", "people", "people_basis"]].tolist() == [2, 60, "60+"]
    assert row["coverage_share_planned"] == 1.0
    village = table.set_index(["place_id", "facility_type"]).loc[("V", "meal_point")]
    assert village[["people_met_today", "people_met_planned"]].tolist() == [0, 10]


def test_only_types_that_something_changes_have_rows() -> None:
    table, _ = tables(street_town())
    assert set(table["facility_type"]) == {"meal_point", "market"}
    assert list(table.columns) == OUTLOOK_COLUMNS


def test_circles_and_committees_have_rows_where_their_people_are_touched() -> None:
    table, _ = tables(street_town())
    meals = table[table["facility_type"] == "meal_point"]
    assert meals["place_id"].tolist() == ["all", "urban", "rural", "C1", "C2", "B", "V"]
    assert table[table["facility_type"] == "market"]["place_id"].tolist() == ["all", "urban", "rural"]


def test_one_project_by_itself() -> None:
    _, table = tables(street_town())
    planned, building = (
        table[table["facility_id"] == one].iloc[0] for one in ("s3/meal_point", "s5/meal_point")
    )
    columns = [
        "people_within",
        "people_newly_served",
        "people_newly_served_only_here",
        "people_newly_served_together",
    ]
    assert planned[columns].tolist() == [10, 10, 10, 30]
    assert building[columns].tolist() == [20, 20, 20, 30]
    assert building[["aged_60_plus_within", "aged_60_plus_newly_served", "state", "circle_id", "committee_id"]].tolist() == [
        20, 20, "measured", "C1", "B",
    ]  # fmt: skip
    assert list(table.columns) == PROJECT_COLUMNS


def test_two_projects_at_one_place_share_their_people() -> None:
    inputs = street_town(shops=[*SHOPS, shop(720, 0, "meal_point", status="planned")])
    _, table = tables(inputs)
    near = table[table["facility_id"].isin(["s5/meal_point", "s7/meal_point"])]
    assert near["people_newly_served"].tolist() == [20, 20]
    assert near["people_newly_served_only_here"].tolist() == [0, 0]
    assert near["people_newly_served_together"].tolist() == [30, 30]


def test_people_to_whom_no_standard_applies_are_listed_apart() -> None:
    row = project(street_town(), "market")
    assert row[["people_within", "people_newly_served", "people_without_standard"]].tolist() == [0, 0, 40]
    assert row[["aged_60_plus_newly_served", "aged_60_plus_without_standard"]].tolist() == [0, 10]


def test_exactly_at_the_threshold_is_served() -> None:
    near, far = (
        street_town(shops=[shop(0, 0), shop(x, 0, "meal_point", status="planned")]) for x in (1100, 1100.002)
    )
    assert project(near, "meal_point")["people_newly_served"] == 30  # h2 at 500 m, h3 at 400 m
    assert project(far, "meal_point")["people_newly_served"] == 10


def test_unknown_today_is_not_newly_served() -> None:
    """A shop without a street near h1 leaves its verdict open; a planned one on the street is within 100 m."""
    shops = [shop(100, 200), shop(200, 0, status="planned")]
    row = project(street_town(shops=shops), "shop")
    assert row[["people_within", "people_newly_served", "people_unknown_before"]].tolist() == [160, 60, 100]
    table, _ = tables(street_town(shops=shops))
    whole = table.iloc[0]
    assert whole[["people_unknown_today", "people_cleared_planned", "people_newly_served_planned"]].tolist() == [
        100, 100, 60,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"shops": [shop(0, 0), shop(0, 3000, "meal_point", status="planned")]}, "off_network"),
        ({"extent": box(-10, -60, 900, 60)}, "outside_extent"),
        (
            {"types": [{**one, "threshold_urban_m": None, "threshold_rural_m": None} for one in TYPES]},
            "no_standard",
        ),
        ({"surveyed": ("shop",)}, "not_surveyed"),
    ],
)
def test_a_project_that_cannot_be_measured_says_why(changes: dict, state: str) -> None:
    row = project(street_town(**changes), "meal_point")
    assert row["state"] == state
    assert np.isnan(row[["people_within", "people_newly_served", "aged_60_plus_within"]].astype(float)).all()


def test_without_ages_the_old_are_not_counted() -> None:
    homes = [{k: v for k, v in one.items() if k != "pop_60_plus"} for one in HOMES]
    row = project(street_town(homes=homes), "meal_point")
    assert row["people_basis"] == "all (no age data)"
    assert row["people_newly_served"] == 40
    assert np.isnan(row["aged_60_plus_newly_served"])


def test_a_planned_bridge_opens_the_other_bank() -> None:
    quays = [street((0, 0), (2000, 0)), street((0, 100), (2000, 100)), street((0, 0), (0, 100))]
    table, found = tables(river(streets=[*quays, street((800, 0), (800, 100), status="planned")]))
    whole = table[table["place_kind"] == "all"].iloc[0]
    assert whole[["people_met_today", "people_met_planned", "people_met_planned_with_streets"]].tolist() == [
        0,
        0,
        1,
    ]
    assert whole["people_newly_served_planned_with_streets"] == 1
    assert found.empty


def test_a_new_street_can_lead_a_home_away() -> None:
    """Home h snaps to a planned street nearer to it, whose way to the shop is long."""
    streets = [
        street((0, 0), (400, 0)),
        street((0, 0), (0, 900)),
        street((0, 900), (300, 900), (300, 30), status="planned"),
    ]
    inputs = world(streets=streets, homes=[home(310, 60)], shops=[shop(300, 0)])
    table, _ = tables(inputs)
    whole = table[table["place_kind"] == "all"].iloc[0]
    assert whole[["people_met_today", "people_met_planned_with_streets"]].tolist() == [1, 0]
    assert whole["people_lost_planned_with_streets"] == 1


def test_a_study_without_projects_has_no_rows() -> None:
    table, found = tables(street_town(shops=[shop(400, 0)]))
    assert table.empty
    assert found.empty
    assert list(table.columns) == OUTLOOK_COLUMNS


def test_the_outlook_starts_from_today_whatever_the_run_includes() -> None:
    """Also the last scenario is what a run with planned things gives."""
    town = street_town(streets=[street((0, 0), (2000, 0)), street((600, 0), (600, 400), status="planned")])
    today, with_planned = tables(town), tables(town, include_planned=True)
    for one, other in zip(today, with_planned, strict=True):
        pd.testing.assert_frame_equal(one, other)
    later = measured(town, include_planned=True).judged
    column = later.grid.types.index("meal_point")
    row = today[0].query("place_kind == 'all' and facility_type == 'meal_point'").iloc[0]
    assert row["people_met_planned_with_streets"] == (later.people * later.grid.met)[:, column].sum()


def test_every_walk_longer_or_shorter() -> None:
    """Meal points: s5 reaches h2 (100 m), s3 reaches h3 (300 m); at 0.9, s4 serves h2 today (495 m)."""
    it = measured(street_town())
    today = today_of(it.judged, it.network, it.placed, it.measures, it.ways, include_planned=False)
    walks = project_walks(it.judged, today)
    found = [newly_served(gains(it.judged, walks, walk_factor=factor)) for factor in (1.0, 1.1, 0.9)]
    assert found == [30, 30, 10]


def opened(inputs: Inputs, facility_id: str) -> Inputs:
    layer = inputs.facilities
    return replace(
        inputs,
        facilities=layer.assign(status=layer["status"].mask(layer["facility_id"] == facility_id, "existing")),
    )


@settings(max_examples=8, deadline=None)
@given(towns(homes=5, shops=6))
def test_each_project_brings_what_a_run_with_it_open_brings(town: Town) -> None:
    status = ["existing", "planned", "under_construction"]
    inputs = world(
        streets=[street(*line) for line in town.lines],
        homes=[home(x, y, 10 + n, scope=["urban", "rural"][n % 2]) for n, (x, y) in enumerate(town.homes)],
        shops=[
            shop(x, y, ["shop", "park"][n % 2], status=status[n % 3]) for n, (x, y) in enumerate(town.shops)
        ],
        types=[facility_type("shop", 200), facility_type("park", 150, scope="urban")],
        surveyed="all",
    )
    before = measured(inputs).judged
    ahead, table = tables(inputs)
    for row in table[table["state"].isin(MEASURED)].itertuples():
        after = measured(opened(inputs, str(row.facility_id))).judged
        column = before.grid.types.index(str(row.facility_type))
        people = before.people[:, column]
        newly = (before.grid.not_met & after.grid.met)[:, column]
        cleared = (before.grid.unknown & after.grid.met)[:, column]
        assert row.people_newly_served == people[newly].sum()
        assert row.people_unknown_before == people[cleared].sum()
    together = (
        table[table["state"].isin(MEASURED)].drop_duplicates("facility_type").set_index("facility_type")
    )
    whole = ahead[ahead["place_kind"] == "all"].set_index("facility_type")
    for name in together.index:
        assert (
            together.loc[name, "people_newly_served_together"]
            == whole.loc[name, "people_newly_served_planned"]
        )
    steps = ahead[["people_met_today", "people_met_under_construction", "people_met_planned"]].to_numpy()
    assert (np.diff(steps, axis=1) >= 0).all()


def test_the_callers_tables_stay_as_they_are() -> None:
    inputs = street_town()
    before = inputs.facilities.copy()
    evidence(inputs, include_planned=True)
    pd.testing.assert_frame_equal(pd.DataFrame(inputs.facilities), pd.DataFrame(before))
    assert inputs.facilities.geometry.iloc[0].equals(Point(*before.geometry.iloc[0].coords[0]))


@pytest.mark.parametrize("include_planned", [False, True])
def test_the_other_side_is_as_if_measured_by_itself(include_planned: bool) -> None:
    inputs = street_town(streets=[street((0, 0), (2000, 0)), street((100, 0), (100, 300), status="planned")])
    found = analyse(inputs, include_planned=include_planned).other_distances
    expected = analyse(inputs, include_planned=not include_planned).tables["distances"]
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert not expected.equals(analyse(inputs, include_planned=include_planned).tables["distances"])
