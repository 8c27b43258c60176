"""A whole study, from inputs to the contract's tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely import LineString, box
from worlds import (
    Row,
    facility_type,
    gate,
    ground,
    home,
    one_street,
    river,
    shop,
    street,
    streets_of,
    world,
    write_study,
)

from pujin_geo.analysis import analyse, examine
from pujin_geo.errors import SourceError
from pujin_geo.inputs import Inputs
from pujin_geo.results import Results
from pujin_geo.sources.reading import read_inputs
from pujin_geo.study import read_study
from pujin_geo.tables import STATUSES

CONTRACT = {
    "problems": "layer file row source_row column value severity code message",
    "facilities": "facility_id site_id name facility_type suitability status circle_id inside_boundary lon lat",
    "residents": "demand_id name population committee_id circle_id scope inside_boundary lon lat",
    "distances": "demand_id facility_type facility_id walk_m straight_facility_id straight_m threshold_m verdict cause",
    "circles": "circle_id name hub_facility_id committees area_km2 population farthest_walk_m",
    "coverage": "circle_id scope facility_type suitability threshold_m people_basis people people_met people_not_met "
    "people_unknown coverage_share straight_line_share mean_walk_m",
    "gaps": "demand_id circle_id facility_type verdict cause people walk_m shortfall_m",
}

# Two circles side by side on one street of 2,000 m; a canal with one bridge; an island; what is left out.
TOWN: Row = {
    "streets": [
        street((0, 0), (1000, 0), (2000, 0)),
        street((1000, 0), (1000, 400)),
        street((1000, 400), (1600, 400)),
        street((300, 0.3), (300, 200)),
        street((100, 600), (200, 600)),
        streets_of([(500, -60), (500, 60)], [(7, 7), (7, 7)]),
        street((0, -500), (900, -500), walkable=False),
        street((1500, 0), (1500, 400), status="planned"),
    ],
    "homes": [
        home(100, 20, 100, pop_60_plus=30.0, committee_id="A", name="东村"),
        home(1500, 380, 50, pop_60_plus=10.0, committee_id="B"),
        home(150, 610, 8, pop_60_plus=4.0, committee_id="A", scope="rural"),
        home(1900, -300, 5, pop_60_plus=5.0, committee_id="B"),
        home(2500, 0, 1000, pop_60_plus=500.0),
    ],
    "shops": [
        shop(400, -30, "shop", site_id="m", name="菜场"),
        shop(400, -30, "day_care", site_id="m"),
        ground(box(900, -50, 1100, -10), "hub", site_id="hub"),
        shop(1200, 410, "hub", site_id="hub2"),
        shop(1550, 10, "day_care", site_id="new", status="planned"),
        shop(150, 590, "day_care", site_id="isle"),
        shop(1900, -320, "shop", site_id="lost"),
        shop(5000, 0, "shop", site_id="beyond"),
    ],
    "types": [
        facility_type("hub", 1000.0),
        facility_type("shop", 500.0),
        facility_type("day_care", 500.0, group="60+;80+", suitability="caring"),
        facility_type("school", 500.0, suitability="learning"),
        facility_type("library", None),
    ],
    "boundary": box(-100, -700, 2100, 700),
    "extent": box(-1000, -1500, 3000, 1500),
    "water": box(1400, 200, 2000, 370),
    "barriers": [{"geometry": LineString([(-50, 605), (400, 605)]), "kind": "wall"}],
    "committees": [
        {"geometry": box(-100, -700, 1000, 700), "committee_id": "A"},
        {"geometry": box(1000, -700, 2100, 700), "committee_id": "B"},
    ],
    "circles": [
        {"geometry": box(-100, -700, 1000, 700), "circle_id": "C1", "name": "西"},
        {"geometry": box(1000, -700, 2100, 700), "circle_id": "C2", "name": "东"},
    ],
}


@pytest.fixture(scope="module")
def town() -> Inputs:
    return world(**TOWN)


@pytest.fixture(scope="module")
def results(town: Inputs) -> Results:
    return analyse(town, lang="en")


def row(table: pd.DataFrame, **key: str) -> Any:
    (found,) = table[
        np.logical_and.reduce([table[name] == value for name, value in key.items()])
    ].itertuples()
    return found


def listed(results: Results, code: str) -> list[str]:
    problems = results.tables["problems"]
    return problems.loc[problems["code"] == code, "value"].tolist()


@pytest.mark.parametrize("name", list(CONTRACT))
@pytest.mark.parametrize("drawn", [True, False])
def test_tables_have_the_contracts_columns_in_order(name: str, drawn: bool, results: Results) -> None:
    given = results if drawn else analyse(one_street())
    columns = list(given.tables[name].columns)
    contract = CONTRACT[name].split()
    assert [column for column in columns if column in contract] == contract
    if name in ("facilities", "residents"):
        assert len(given.tables[name]) == len(given.inputs.layer(name))


def test_walks_by_hand(results: Results) -> None:
    """Home h1 stands 20 m off the street at x = 100; the market 30 m off at x = 400; the hub at x = 900."""
    distances = results.tables["distances"]
    assert row(distances, demand_id="h1", facility_type="shop").walk_m == 20 + 300 + 30
    assert row(distances, demand_id="h1", facility_type="shop").straight_m == pytest.approx(
        np.hypot(300, 50), abs=1e-3
    )
    # The hub's edge is 10 m from the street all along; its nearest place is a tie, so only bounds are sure.
    hub = row(distances, demand_id="h1", facility_type="hub")
    assert 20 + 800 + 10 <= hub.walk_m <= 20 + 1000 + 10
    # h2: 20 to the quay, 500 west, 400 down, and from there west: 600 along, 30 to the market.
    assert row(distances, demand_id="h2", facility_type="shop").walk_m == 20 + 500 + 400 + 600 + 30
    assert row(distances, demand_id="h2", facility_type="hub").walk_m == 20 + 300 + 10
    assert row(distances, demand_id="h2", facility_type="hub").facility_id == "hub2/hub"


def test_verdicts_by_hand(results: Results) -> None:
    table = results.tables["distances"].set_index(["demand_id", "facility_type"])
    verdicts = {key: (r["verdict"], r["cause"]) for key, r in table.iterrows()}
    assert verdicts == {
        ("h1", "hub"): ("met", ""),
        ("h1", "shop"): ("met", ""),
        ("h1", "day_care"): ("met", ""),
        ("h2", "hub"): ("met", ""),
        ("h2", "shop"): ("not_met", "too_far"),
        ("h2", "day_care"): ("not_met", "too_far"),
        ("h3", "hub"): ("unknown", "island"),
        ("h3", "shop"): ("not_met", "too_far"),
        ("h3", "day_care"): ("met", ""),
        ("h4", "hub"): ("unknown", "unsnapped"),
        ("h4", "shop"): ("unknown", "unsnapped"),
        ("h4", "day_care"): ("not_met", "too_far"),
    }


def test_coverage_by_hand(results: Results) -> None:
    """163 people inside the boundary, 49 of them 60 and over."""
    coverage = results.tables["coverage"]
    assert len(coverage) == 3 * 3 * 3
    shops = row(coverage, circle_id="all", scope="all", facility_type="shop")
    assert (shops.people, shops.people_met, shops.people_not_met, shops.people_unknown) == (163, 100, 58, 5)
    assert shops.coverage_share == pytest.approx(100 / 163)
    assert shops.straight_line_share == pytest.approx(105 / 163)
    assert shops.people_basis == "all"
    care = row(coverage, circle_id="all", scope="all", facility_type="day_care")
    assert (care.people, care.people_met, care.people_not_met, care.people_unknown) == (49, 34, 15, 0)
    assert (care.people_basis, care.suitability) == ("60+", "caring")
    east = row(coverage, circle_id="C2", scope="urban", facility_type="hub")
    assert (east.people, east.people_met, east.people_unknown, east.threshold_m) == (55, 50, 5, 1000)
    village = row(coverage, circle_id="C1", scope="rural", facility_type="day_care")
    assert (village.people, village.coverage_share) == (4, 1)


def test_gaps_list_whoever_is_not_known_to_be_served(results: Results) -> None:
    gaps = results.tables["gaps"]
    assert len(gaps) == 7
    assert (gaps["verdict"] != "met").all()
    market = row(gaps, demand_id="h2", facility_type="shop")
    assert (market.people, market.shortfall_m, market.circle_id) == (50, 1050, "C2")
    assert np.isnan(row(gaps, demand_id="h4", facility_type="shop").shortfall_m)


def test_circles_by_hand(results: Results) -> None:
    circles = results.tables["circles"]
    assert circles["circle_id"].tolist() == ["C1", "C2"]
    assert circles["committees"].tolist() == ["A", "B"]
    assert circles["population"].tolist() == [108, 55]
    assert circles["area_km2"].tolist() == [1.54, 1.54]
    assert row(circles, circle_id="C2").hub_facility_id == "hub2/hub"
    assert row(circles, circle_id="C2").farthest_walk_m == 330


def test_places_are_given_in_longitude_and_latitude(results: Results) -> None:
    """Near Pujin: x = 350,000 and y = 3,450,000 in UTM 51 north."""
    for name in ("facilities", "residents"):
        table = results.tables[name]
        assert table["lon"].between(121.42, 121.5).all()
        assert table["lat"].between(31.15, 31.2).all()


def test_every_row_knows_its_circle_and_boundary(results: Results) -> None:
    residents, facilities = results.tables["residents"], results.tables["facilities"]
    assert residents["circle_id"].tolist() == ["C1", "C2", "C1", "C2", ""]
    assert residents["inside_boundary"].tolist() == [True] * 4 + [False]
    assert facilities["inside_boundary"].tolist() == [True] * 7 + [False]
    assert set(facilities["status"]) <= set(STATUSES)


def test_nothing_is_left_out_in_silence(results: Results) -> None:
    assert listed(results, "outside_boundary") == ["h5"]
    assert listed(results, "outside_extent") == ["beyond/shop"]
    assert listed(results, "unsnapped") == ["h4", "lost/shop"]
    assert listed(results, "island") == ["h3", "isle/day_care"]
    assert listed(results, "end_joined") == ["0.300"]
    assert listed(results, "crossings_not_joined") == ["1"]
    assert listed(results, "street_island") == ["100.000", "120.000"]
    assert len(listed(results, "zero_length")) == 1
    assert listed(results, "access_crosses_barrier") == ["h3"]
    problems = results.tables["problems"]
    assert set(problems["severity"]) == {"warning"}
    assert problems.loc[problems["layer"] == "streets", "file"].eq("streets.parquet").all()
    assert problems["message"].str.len().gt(10).all()
    reasons = dict(results.types_without_rows[["facility_type", "reason"]].itertuples(index=False, name=None))
    assert reasons == {"school": "not_surveyed", "library": "not_surveyed"}


def test_planned_streets_and_facilities_open_together(town: Inputs) -> None:
    """The planned bridge at x = 1500 passes the door of h2; the planned day care is 50 m east of its foot."""
    planned = analyse(town, include_planned=True)
    care = row(planned.tables["distances"], demand_id="h2", facility_type="day_care")
    assert (care.facility_id, care.walk_m, care.verdict) == ("new/day_care", 380 + 50 + 10, "met")


def test_people_of_circles_never_exceed_the_total(results: Results) -> None:
    coverage = results.tables["coverage"]
    parts = coverage["people_met"] + coverage["people_not_met"] + coverage["people_unknown"]
    assert (coverage["people"] == parts).all()
    whole = coverage[coverage["scope"] == "all"].groupby("facility_type")["people"]
    for _, people in whole:
        assert people.iloc[1:].sum() <= people.iloc[0]


def test_without_circles_there_is_all_only() -> None:
    results = analyse(river())
    assert set(results.tables["coverage"]["circle_id"]) == {"all"}
    assert results.tables["circles"].empty
    assert results.tables["residents"]["circle_id"].tolist() == [""]
    assert "no_circle" not in set(results.tables["problems"]["code"])


def test_people_outside_every_circle_are_told(town: Inputs) -> None:
    west = [circle for circle in TOWN["circles"] if circle["circle_id"] == "C1"]
    results = analyse(world(**TOWN | {"circles": west}))
    assert listed(results, "no_circle") == ["h2", "h4"]
    assert row(results.tables["coverage"], circle_id="all", scope="all", facility_type="shop").people == 163


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"water": box(0, 5, 1000, 15)}, ["h1"]),
        ({"barriers": [{"geometry": LineString([(0, -15), (900, -15)])}]}, ["s1/shop"]),
        ({"water": box(0, 31, 1000, 45)}, []),
        ({"barriers": [{"geometry": LineString([(90, 30), (110, 30)])}]}, []),
    ],
)
def test_an_access_leg_over_water_or_a_barrier_is_a_warning(changes: Row, codes: list[str]) -> None:
    results = analyse(one_street(**changes))
    assert listed(results, "access_crosses_barrier") == codes
    assert results.tables["distances"].loc[0, "walk_m"] == 670  # a warning: the walk stays


def test_legs_from_gates_are_checked_from_the_gate() -> None:
    """The campus lies behind a canal, its gate before it."""
    campus = ground(box(600, 50, 700, 90), site_id="c")
    canal = box(0, 20, 2000, 40)
    with_gate = one_street(shops=[campus], entrances=[gate(650, 10, "c")], water=canal, homes=[home(0, 0)])
    assert listed(analyse(with_gate), "access_crosses_barrier") == []
    without = one_street(shops=[campus], water=canal, homes=[home(0, 0)])
    assert listed(analyse(without), "access_crosses_barrier") == ["c/shop"]


def test_two_runs_are_equal(town: Inputs, results: Results) -> None:
    again = analyse(town, lang="en")
    for name, table in results.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)


def test_steps_are_timed_and_told(town: Inputs) -> None:
    told: list[str] = []
    results = analyse(town, report=lambda text: told.append(text.en))
    assert len(told) == len(results.seconds) >= 4
    assert all(seconds >= 0 for seconds in results.seconds.values())


def test_examining_finds_what_a_run_finds(town: Inputs, results: Results) -> None:
    codes = [p.code for p in examine(town).problems]
    assert codes == results.tables["problems"]["code"].tolist()


def test_the_language_is_that_of_the_messages() -> None:
    zh, en = (analyse(world(**TOWN), lang=lang).tables["problems"]["message"] for lang in ("zh", "en"))
    assert zh.str.contains(r"[\u4e00-\u9fff]").all()
    assert not en.str.contains(r"[\u4e00-\u9fff]").any()


def test_a_study_written_and_read_gives_the_same_answers(
    town: Inputs, results: Results, tmp_path: Path
) -> None:
    read = read_inputs(read_study(write_study(town, tmp_path / "town")))
    again = analyse(read, lang="en")
    for name in ("distances", "coverage", "gaps", "circles"):
        columns = CONTRACT[name].split()
        written, drawn = again.tables[name][columns], results.tables[name][columns]
        pd.testing.assert_frame_equal(written, drawn, check_dtype=False, atol=1e-6)


def test_streets_nobody_may_walk_are_refused() -> None:
    with pytest.raises(SourceError) as refusal:
        analyse(one_street(streets=[street((0, 0), (9, 0), walkable=False)]))
    assert "walkable" in refusal.value.text.zh


def test_a_hundred_thousand_homes_on_one_spot() -> None:
    inputs = one_street()
    homes = inputs.residents.iloc[np.zeros(100_000, dtype=int)].reset_index(drop=True)
    results = analyse(replace(inputs, residents=homes.assign(demand_id=homes.index.map("p{}".format))))
    assert results.tables["distances"]["walk_m"].eq(670).all()
    assert results.tables["coverage"]["people"].tolist() == [100_000, 100_000, 0]


ISLANDS = [street((0, 50 * n), (10, 50 * n)) for n in range(20)]


@pytest.mark.parametrize(
    ("inputs", "verdicts"),
    [
        (one_street(surveyed=("park",)), []),
        (one_street(types=[facility_type(urban_m=None)]), []),
        (one_street(boundary=box(600, -50, 900, 50)), []),
        (one_street(shops=[shop(1, 1, status="closed")]), ["no_facility"]),
        (one_street(types=[facility_type(urban_m=0.0)]), ["too_far"]),
        (one_street(homes=[home(700, -40, 0)], types=[facility_type(urban_m=80.0)]), [""]),
        (one_street(circles=[{"geometry": box(5000, 0, 6000, 9), "circle_id": "C1"}]), ["too_far"]),
        (world(streets=ISLANDS, homes=[home(1, 950)], shops=[shop(9, 900)]), ["island"]),
    ],
    ids=["no such type", "no threshold", "nobody", "closed", "zero", "no people", "empty circle", "islands"],
)
def test_studies_with_next_to_nothing_are_answered(inputs: Inputs, verdicts: list[str]) -> None:
    results = analyse(inputs)
    assert results.tables["distances"]["cause"].tolist() == verdicts
    assert results.tables["coverage"]["people"].ge(0).all()
