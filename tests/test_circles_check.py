"""The scorecard on circles drawn by hand: every figure and every breach worked out on paper."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from circle_towns import SIDE_M, hub, town
from shapely import LineString, Point, box
from shapely.affinity import translate
from worlds import ORIGIN, UTM, facility_type, home, street

from pujin_geo.analysis import analyse
from pujin_geo.catalogue import read_catalogue
from pujin_geo.circles import Band, Check, CircleSettings, check, describe_circles, draw, survey
from pujin_geo.circles.describe import circle_of
from pujin_geo.circles.rules import RURAL_FLOOR
from pujin_geo.inputs import Inputs
from pujin_geo.walking.verdicts import demand_points

FREE = Band(0, np.inf, np.inf, 1e9)
NO_BANDS = CircleSettings(urban=FREE, rural=FREE)


def layer(*shapes: shapely.Geometry, **columns: list[Any]) -> gpd.GeoDataFrame:
    ids = [f"C{n + 1}" for n in range(len(shapes))]
    moved = [translate(shape, *ORIGIN) for shape in shapes]
    return gpd.GeoDataFrame({"circle_id": ids, "name": ids, **columns}, geometry=moved, crs=UTM)


def checked(inputs: Inputs, circles: gpd.GeoDataFrame, settings: CircleSettings = NO_BANDS) -> Check:
    return check(survey(inputs, settings=settings), circles)


def rules(found: Check) -> dict[str, float]:
    return {f"{b.circle_id}:{b.rule}": b.value for b in found.breaches if b.rule != "must_have_missing"}


def row_of_four(**changes: Any) -> Inputs:
    """A1, B1, C1, D1 in a row with 100 people each, hubs in the outer two."""
    return town(4, 1, shops=[hub(0, 0, name="西"), hub(3, 0, name="东")], **changes)


HALVES = (box(0, 0, 800, 400), box(800, 0, 1600, 400))


def test_figures_by_hand() -> None:
    found = checked(row_of_four(), layer(*HALVES))
    card = found.scorecard.set_index("circle_id")
    assert card["committees"].tolist() == ["A1;B1", "C1;D1"]
    assert card["population"].tolist() == [200, 200]
    assert card["area_km2"].tolist() == [0.32, 0.32]
    assert card["mean_walk_m"].tolist() == [200, 200]
    assert card["farthest_walk_m"].tolist() == [400, 400]
    assert card["walking_person_m"].tolist() == [40_000, 40_000]
    assert card["hub_facility_id"].tolist() == ["s1/hub", "s2/hub"]
    assert card["nearer_elsewhere_share"].tolist() == [0, 0]
    assert card["land_parts"].tolist() == [1, 1]
    assert card["compactness"].round(6).tolist() == [round(4 * np.pi * 320_000 / 2400**2, 6)] * 2
    assert found.walking_person_m == 80_000
    assert rules(found) == {}
    assert found.moves.empty


def test_a_better_move_is_found_and_ranked() -> None:
    found = checked(row_of_four(), layer(box(0, 0, 1200, 400), box(1200, 0, 1600, 400)))
    assert found.scorecard["nearer_elsewhere_share"].round(6).tolist() == [round(1 / 3, 6), 0]
    move = found.moves.iloc[0]
    assert len(found.moves) == 1
    assert (move["committee_id"], move["from_circle"], move["to_circle"]) == ("C1", "C1", "C2")
    assert (move["saved_person_m"], move["mean_walk_before_m"], move["mean_walk_after_m"]) == (
        40_000,
        800,
        400,
    )


def test_a_move_that_would_tear_a_circle_apart_is_not_offered() -> None:
    # B2 lies nearer to the east hub, but without it C1, C2 hang in the air; so only the leaf is offered.
    inputs = town(4, 1, people=lambda c, _: [10, 500, 10, 10][c], shops=[hub(0, 0), hub(3, 0)])
    found = checked(inputs, layer(box(0, 0, 1200, 400), box(1200, 0, 1600, 400)))
    assert found.moves["committee_id"].tolist() == ["C1"]


def test_moves_are_ranked_by_person_metres() -> None:
    inputs = town(4, 2, people=lambda _, r: [100, 300][r], shops=[hub(0, 0), hub(3, 1)])
    found = checked(inputs, layer(box(0, 0, 1200, 800), box(1200, 0, 1600, 800)))
    saved = found.moves["saved_person_m"].tolist()
    assert found.moves["committee_id"].tolist()[0] == "C2"
    assert saved == sorted(saved, reverse=True)
    assert saved[0] == 300 * (1200 - 400)


def test_overlap_above_100_m2() -> None:
    fine = checked(row_of_four(), layer(box(0, 0, 800.2, 400), HALVES[1]))
    assert rules(fine) == {}
    found = checked(row_of_four(), layer(box(0, 0, 801, 400), HALVES[1]))
    assert rules(found) == {"C1:overlap": pytest.approx(400)}


def test_a_run_lists_overlaps_and_people_in_no_circle() -> None:
    shapes = [box(0, 0, 801, 400), box(800, 0, 1200, 400)]
    circles = [{"circle_id": f"C{n}", "geometry": shape} for n, shape in enumerate(shapes)]
    problems = analyse(row_of_four(circles=circles)).tables["problems"]
    assert problems[["layer", "row", "value", "code"]].to_numpy().tolist() == [
        ["circles", 2, "C1", "circles_overlap"],
        ["residents", 4, "D1", "no_circle"],
    ]


def test_uncovered_land_and_people_in_no_circle() -> None:
    found = checked(row_of_four(), layer(HALVES[0]))
    assert rules(found) == {
        ":uncovered_land": pytest.approx(320_000, rel=1e-3),
        ":people_in_no_circle": 200,
    }
    assert found.people_in_no_circle == 200
    assert "200 人" in found.breaches[1].text.zh


def test_a_hole_and_a_split_committee() -> None:
    west = HALVES[0].difference(box(100, 50, 150, 100))
    found = checked(row_of_four(), layer(west, HALVES[1]))
    assert rules(found) == {
        "C1:hole": pytest.approx(2500, rel=0.01),
        ":uncovered_land": pytest.approx(2500, rel=0.01),
    }
    split = checked(row_of_four(), layer(box(0, 0, 700, 400), box(700, 0, 1600, 400)))
    assert rules(split) == {"C1:committee_split": 2}
    assert "B1" in split.breaches[0].text.zh
    assert "75%" in split.breaches[0].text.zh


def test_a_circle_in_two_pieces() -> None:
    apart = box(0, 0, 400, 400).union(box(1200, 0, 1600, 400))
    found = checked(row_of_four(), layer(apart, box(400, 0, 1200, 400)))
    assert rules(found) == {"C1:not_connected": 2, "C1:barrier_inside": 100}


def test_outside_the_boundary() -> None:
    found = checked(row_of_four(), layer(box(-100, 0, 800, 400), HALVES[1]))
    assert rules(found) == {"C1:outside_boundary": pytest.approx(40_000, rel=0.01)}


def test_bands_at_their_edges() -> None:
    exact = Band(200, 200, 0.32, 400)
    assert rules(checked(row_of_four(), layer(*HALVES), CircleSettings(urban=exact))) == {}
    narrow = Band(201, 300, 0.31, 399.999)
    assert rules(checked(row_of_four(), layer(*HALVES), CircleSettings(urban=narrow))) == {
        f"{circle}:{rule}": value
        for circle in ("C1", "C2")
        for rule, value in (("population_low", 200), ("area_high", 0.32), ("walk_far_urban", 400))
    }
    crowded = Band(0, 199, 1, 400)
    assert set(rules(checked(row_of_four(), layer(*HALVES), CircleSettings(urban=crowded)))) == {
        "C1:population_high",
        "C2:population_high",
    }


def test_a_barrier_inside_is_named() -> None:
    rail = {"geometry": LineString([(600, -50), (600, 450)]), "kind": "railway", "name": "铁路"}
    streets = [street((200, 200), (590, 200)), street((610, 200), (1000, 200), (1400, 200))]
    homes = [home(200, 200, 100.0), home(780, 200, 60.0), home(1000, 200, 80.0), home(1400, 200, 90.0)]
    inputs = row_of_four(streets=streets, homes=homes, barriers=[rail])
    found = checked(inputs, layer(*HALVES))
    assert rules(found) == {"C1:barrier_inside": 60}
    assert "铁路" in found.breaches[0].text.zh


def test_a_detour_beyond_the_excursion_counts_as_a_barrier() -> None:
    # B1 is reached from A1 only by a loop 350 m south of both.
    streets = [
        street((200, 200), (390, 200), (390, -350), (410, -350), (410, 200), (600, 200)),
        street((600, 200), (1000, 200), (1400, 200)),
    ]
    near = CircleSettings(urban=FREE, rural=FREE, excursion_m=200)
    far = CircleSettings(urban=FREE, rural=FREE, excursion_m=400)
    assert rules(checked(row_of_four(streets=streets), layer(*HALVES), near)) == {"C1:barrier_inside": 100}
    assert rules(checked(row_of_four(streets=streets), layer(*HALVES), far)) == {}


def test_the_hub_that_the_layer_names_is_kept() -> None:
    inputs = town(4, 1, shops=[hub(0, 0), hub(1, 0), hub(3, 0)])
    circles = layer(*HALVES, hub_facility_id=["s2/hub", ""])
    assert checked(inputs, circles).scorecard["hub_facility_id"].tolist() == ["s2/hub", "s3/hub"]
    elsewhere = layer(*HALVES, hub_facility_id=["s3/hub", "nonsense"])
    assert checked(inputs, elsewhere).scorecard["hub_facility_id"].tolist() == ["s1/hub", "s3/hub"]
    proposed = layer(*HALVES, hub_demand_id=["B1", ""])
    card = checked(town(4, 1), proposed).scorecard
    assert card["hub_status"].tolist() == ["proposed", "proposed"]
    assert card["hub_name"].iat[0] == "B1"


def test_a_station_beside_a_hub_of_another_circle_is_found() -> None:
    # Hub and station in one committee that the circles split: each half has its own.
    shops = [
        {**hub(0, 0), "geometry": Point(100, 200)},
        {**hub(0, 0, "party_station"), "geometry": Point(300, 200)},
    ]
    card = checked(town(2, 1, shops=shops), layer(box(0, 0, 200, 400), box(200, 0, 800, 400))).scorecard
    assert card["hub_facility_id"].tolist() == ["s1/hub", "s2/party_station"]


def test_a_circle_without_anything() -> None:
    homes = [home(200, 200, 10.0)]
    found = checked(town(2, 1, homes=homes), layer(box(0, 0, 400, 400), box(400, 0, 800, 400)))
    assert rules(found) == {"C2:no_hub": 0}
    assert np.isnan(found.scorecard["mean_walk_m"].iat[1])


def test_agrees_with_the_circles_table_of_a_run() -> None:
    inputs = town(
        4, 2, shops=[hub(0, 0), hub(1, 1), hub(3, 0, "party_station")], people=lambda c, r: 10 + c + r
    )
    circles = layer(box(0, 0, 800, 800), box(800, 0, 1600, 800))
    terrain = survey(inputs, settings=NO_BANDS)
    card = check(terrain, circles).scorecard
    demand = terrain.placed.demand.assign(circle_id=circle_of(demand_points(terrain.placed.demand), circles))
    table = describe_circles(circles, inputs.committees, demand, terrain.network, terrain.placed)
    for column in ("circle_id", "hub_facility_id", "area_km2", "population", "farthest_walk_m"):
        assert card[column].tolist() == table[column].tolist(), column
    assert [set(c.split(";")) for c in card["committees"]] == [set(c.split(";")) for c in table["committees"]]


def test_a_committee_drawn_into_the_river_stays_in_its_circle() -> None:
    # Three quarters of A1 are water, cut out of the circle: a point inside A1 may well lie in the river.
    inputs = town(
        2,
        1,
        water=box(0, 100, 400, 400),
        streets=[street((200, 50), (600, 50))],
        homes=[home(200, 50), home(600, 50)],
    )
    terrain = survey(inputs, settings=NO_BANDS)
    circles = draw(terrain, count=1).circles
    demand = terrain.placed.demand.assign(circle_id="LC01")
    table = describe_circles(circles, inputs.committees, demand, terrain.network, terrain.placed)
    assert table["committees"].tolist() == ["A1;B1"]


def test_the_named_hub_is_in_the_circles_table_too() -> None:
    inputs = town(4, 1, shops=[hub(0, 0), hub(1, 0, "shop"), hub(3, 0)])
    circles = layer(*HALVES, hub_facility_id=["s2/shop", "s1/hub"])
    terrain = survey(inputs, settings=NO_BANDS)
    demand = terrain.placed.demand.assign(circle_id=["C1", "C1", "C2", "C2"])
    table = describe_circles(circles, inputs.committees, demand, terrain.network, terrain.placed)
    assert table["hub_facility_id"].tolist() == ["s2/shop", "s3/hub"]
    assert table["farthest_walk_m"].tolist() == [400, 400]


def test_must_have_types() -> None:
    kinds = [
        {**facility_type("hub"), "must_have": "yes"},
        {**facility_type("wet_market"), "must_have": "yes"},
        {**facility_type("health_centre"), "must_have": "yes", "quota_per": "subdistrict"},
        facility_type("convenience"),
    ]
    inputs = town(2, 1, types=kinds, shops=[hub(0, 0), hub(1, 0, "wet_market", status="planned")])
    found = checked(inputs, layer(box(0, 0, 800, 400)))
    assert found.scorecard["must_have_missing"].tolist() == ["wet_market"]
    homes = [home(200, 200, 5.0, scope="rural"), home(600, 200, 5.0, scope="rural")]
    rural = checked(town(2, 1, types=kinds, homes=homes), layer(box(0, 0, 800, 400)))
    assert rural.scorecard["scope"].tolist() == ["rural"]
    assert rural.scorecard["must_have_missing"].tolist() == ["convenience"]


def test_the_rural_floor_is_in_the_shipped_catalogue() -> None:
    types = set(read_catalogue("shanghai", folder=Path())["facility_type"])
    assert set(RURAL_FLOOR) <= types
    assert len(RURAL_FLOOR) == 5


def test_breaches_as_a_table() -> None:
    table = checked(row_of_four(), layer(HALVES[0])).breaches_table("en")
    assert table.columns.tolist() == ["circle_id", "rule", "value", "limit", "message"]
    assert "in no circle" in table["message"].iat[0]
    assert SIDE_M == 400
