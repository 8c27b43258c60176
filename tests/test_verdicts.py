"""Every line of the verdict table, its order, equality at the threshold, and who is judged and counted."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely import Polygon, box
from worlds import (
    QUAYS,
    Row,
    facility_type,
    gate,
    ground,
    home,
    one_street,
    reordered,
    river,
    shop,
    street,
    streets_of,
    world,
)

from pujin_geo.analysis import analyse
from pujin_geo.inputs import Inputs
from pujin_geo.walking.network import build_network
from pujin_geo.walking.verdicts import (
    counts,
    demand_points,
    is_inside,
    judge,
    judged_types,
    nearest_straight,
    people_served,
    place,
)


def distances(inputs: Inputs, *, include_planned: bool = False) -> pd.DataFrame:
    settings = inputs.study.settings
    network = build_network(
        inputs.streets,
        join_tolerance_m=settings.join_tolerance_m,
        join_crossings=settings.join_crossings,
        include_planned=include_planned,
    )
    types, _ = judged_types(inputs)
    return judge(network, place(inputs, network, include_planned=include_planned), types)


def verdict(inputs: Inputs, *, include_planned: bool = False) -> tuple[str, str]:
    """Return verdict and cause of the only row."""
    (row,) = distances(inputs, include_planned=include_planned).itertuples()
    return row.verdict, row.cause


BAR = street((0, 0), (1000, 0))
ISLAND = street((0, 300), (200, 300))
WIDE = box(-5000, -5000, 6000, 5000)
MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"


# The eight lines, one by one; thresholds are 500 m, snapping 150 m unless told


def test_line_1_met() -> None:
    assert verdict(world(streets=[BAR], homes=[home(0, 0)], shops=[shop(400, 0)])) == (MET, "")


def test_line_1_met_on_an_island() -> None:
    inputs = world(streets=[BAR, ISLAND], homes=[home(0, 300)], shops=[shop(200, 300)])
    assert verdict(inputs) == (MET, "")


def test_line_1_met_although_a_street_leaves_and_another_facility_is_in_doubt() -> None:
    inputs = world(
        streets=[BAR], homes=[home(0, 0)], shops=[shop(100, 0), shop(0, 400)], extent=box(-1, -900, 50, 900)
    )
    assert verdict(inputs) != (MET, "")  # the shop at (100, 0) lies outside this extent
    inputs = world(
        streets=[BAR], homes=[home(0, 0)], shops=[shop(100, 0), shop(0, 400)], extent=box(-1, -900, 150, 900)
    )
    assert verdict(inputs) == (MET, "")


def test_line_2_unsnapped() -> None:
    inputs = world(streets=[BAR], homes=[home(0, 151)], shops=[shop(100, 0)])
    assert verdict(inputs) == (UNKNOWN, "unsnapped")
    assert np.isnan(distances(inputs).loc[0, "walk_m"])


def test_line_3_island() -> None:
    assert verdict(world(streets=[BAR, ISLAND], homes=[home(0, 300)], shops=[shop(0, 0)])) == (
        UNKNOWN,
        "island",
    )


@pytest.mark.parametrize("where", [(300, 160), (10, 300)])
def test_line_4_a_facility_off_the_network(where: tuple[float, float]) -> None:
    """(300, 160) is 160 m from every street, (10, 300) stands on the island."""
    inputs = world(
        streets=[BAR, ISLAND], homes=[home(0, 0)], shops=[shop(*where)], settings={"max_snap_m": 100.0}
    )
    assert verdict(inputs) == (UNKNOWN, "facility_off_network")


def test_line_5_data_edge() -> None:
    """The street leaves the extent 400 m from the home."""
    inputs = world(streets=[BAR], homes=[home(0, 0)], shops=[shop(0, 600)], extent=box(-9, -9, 400, 900))
    assert verdict(inputs) == (UNKNOWN, "data_edge")


def test_line_6_no_facility() -> None:
    inputs = world(streets=[BAR], homes=[home(0, 0)], surveyed="all", extent=WIDE)
    assert verdict(inputs) == (NOT_MET, "no_facility")


def test_line_7_detour() -> None:
    assert verdict(river()) == (NOT_MET, "detour")


def test_line_8_too_far() -> None:
    assert verdict(world(streets=[BAR], homes=[home(0, 0)], shops=[shop(600, 0)])) == (NOT_MET, "too_far")


# Between the lines: the first that applies decides


def test_unsnapped_comes_before_off_network_and_edge() -> None:
    inputs = world(
        streets=[BAR], homes=[home(0, 200)], shops=[shop(10, 200)], extent=box(-100, -100, 900, 900)
    )
    assert verdict(inputs) == (UNKNOWN, "unsnapped")


def test_island_comes_before_off_network_and_edge() -> None:
    """The shop stands on a second island; the island's own street ends at the edge."""
    second = street((300, 300), (400, 300))
    inputs = world(
        streets=[BAR, ISLAND, second],
        homes=[home(0, 300)],
        shops=[shop(300, 300)],
        extent=box(-1, -99, 1100, 900),
    )
    assert verdict(inputs) == (UNKNOWN, "island")


def test_off_network_comes_before_edge() -> None:
    inputs = world(
        streets=[BAR, ISLAND], homes=[home(0, 0)], shops=[shop(0, 300)], extent=box(-9, -99, 300, 900)
    )
    assert verdict(inputs) == (UNKNOWN, "facility_off_network")


def test_edge_comes_before_no_facility() -> None:
    inputs = world(streets=[BAR], homes=[home(0, 0)], surveyed="all", extent=box(-9, -99, 300, 900))
    assert verdict(inputs) == (UNKNOWN, "data_edge")


def test_edge_comes_before_detour() -> None:
    """On the south quay the street leaves the extent 400 m further east."""
    assert verdict(river(extent=box(-500, -500, 1200, 500))) == (UNKNOWN, "data_edge")


def test_one_facility_on_an_island_and_another_too_far() -> None:
    """The near one is in doubt, so the row is unknown; the walk to the far one stays."""
    inputs = world(streets=[BAR, ISLAND], homes=[home(0, 0)], shops=[shop(0, 300), shop(900, 0)])
    row = distances(inputs).loc[0]
    assert (row["verdict"], row["cause"]) == (UNKNOWN, "facility_off_network")
    assert (row["facility_id"], row["walk_m"]) == ("s2/shop", 900)
    assert (row["straight_facility_id"], row["straight_m"]) == ("s1/shop", 300)


def test_a_doubtful_facility_beyond_the_threshold_leaves_no_doubt() -> None:
    inputs = world(streets=[BAR, street((0, 501), (9, 501))], homes=[home(0, 0)], shops=[shop(0, 501)])
    assert verdict(inputs) == (NOT_MET, "too_far")


def test_a_facility_with_one_way_onto_the_main_network_is_on_it() -> None:
    """A campus touched by an island's street as well as by the main one is not in doubt."""
    campus = ground(box(700, 0, 800, 300))
    inputs = world(streets=[BAR, street((600, 250), (700, 250))], homes=[home(0, 0)], shops=[campus])
    assert verdict(inputs) == (NOT_MET, "too_far")
    assert distances(inputs).loc[0, "walk_m"] == 700


def test_a_polygon_entered_from_an_island_only_is_in_doubt() -> None:
    campus = ground(box(100, 10, 300, 300))
    inputs = world(streets=[BAR, street((50, 250), (100, 250))], homes=[home(0, 0)], shops=[campus])
    assert verdict(inputs) == (UNKNOWN, "facility_off_network")


@pytest.mark.parametrize(("edge_m", "expected"), [(500, (UNKNOWN, "data_edge")), (501, (NOT_MET, "too_far"))])
def test_off_the_main_network_the_edge_counts_by_straight_line(
    edge_m: float, expected: tuple[str, str]
) -> None:
    """Home on no street, shop 2 km away; the extent's south edge is edge_m from the home."""
    for streets, y in (([BAR], 200.0), ([BAR, ISLAND], 300.0)):
        inputs = world(
            streets=streets, homes=[home(0, y)], shops=[shop(2000, y)],
            extent=box(-5000, y - edge_m, 5000, 5000) if y - edge_m < -1 else box(-edge_m, -5000, 5000, 5000),
        )  # fmt: skip
        assert verdict(inputs) == expected


def test_off_the_main_network_without_any_facility() -> None:
    """Edge far: not met, there is none. Edge near: unknown."""
    given: Row = {"streets": [BAR], "homes": [home(0, 200)], "surveyed": "all"}
    assert verdict(world(**given, extent=WIDE)) == (NOT_MET, "no_facility")
    assert verdict(world(**given, extent=box(-300, -900, 2000, 900))) == (UNKNOWN, "data_edge")


def test_an_island_street_that_leaves_does_not_count_for_the_main_network() -> None:
    inputs = world(
        streets=[BAR, street((0, 300), (400, 300))], homes=[home(0, 0)], shops=[shop(900, 0)], extent=box(-9, -9, 1100, 310),
        settings={"max_snap_m": 50.0},
    )  # fmt: skip
    assert verdict(inputs) == (NOT_MET, "too_far")


def test_without_extent_and_boundary_there_is_no_edge() -> None:
    assert verdict(world(streets=[BAR], homes=[home(0, 0)], shops=[shop(600, 0)])) == (NOT_MET, "too_far")


def test_without_extent_the_boundary_is_the_edge() -> None:
    given: Row = {"streets": [BAR], "homes": [home(0, 0)], "shops": [shop(600, 0)]}
    area = box(-50, -50, 450, 50)
    assert verdict(world(**given, boundary=area)) == (UNKNOWN, "data_edge")
    assert verdict(world(**given, boundary=area, extent=WIDE)) == (NOT_MET, "too_far")


# Equality


@pytest.mark.parametrize(
    ("x", "walk_m", "expected"),
    [
        (500.0, 500.0, MET),
        (500.0004, 500.0, MET),  # printed 500.000
        (499.9996, 500.0, MET),
        (500.0006, 500.001, NOT_MET),
        (499.0, 499.0, MET),
    ],
)
def test_the_printed_walk_decides(x: float, walk_m: float, expected: str) -> None:
    row = distances(world(streets=[BAR], homes=[home(0, 0)], shops=[shop(x, 0)])).loc[0]
    assert (row["walk_m"], row["verdict"]) == (walk_m, expected)


@pytest.mark.parametrize(("edge_m", "expected"), [(500.0, UNKNOWN), (500.0004, UNKNOWN), (500.001, NOT_MET)])
def test_an_exit_at_exactly_the_threshold_is_in_reach(edge_m: float, expected: str) -> None:
    inputs = world(streets=[BAR], homes=[home(0, 0)], shops=[shop(0, 600)], extent=box(-9, -9, edge_m, 900))
    assert verdict(inputs)[0] == expected


@pytest.mark.parametrize(("inside_m", "expected"), [(0.0, UNKNOWN), (1.0, UNKNOWN), (1.002, NOT_MET)])
def test_a_street_that_ends_near_the_edge_leaves(inside_m: float, expected: str) -> None:
    """A cul-de-sac 400 m long ends inside_m before the extent's edge."""
    inputs = world(
        streets=[street((0, 0), (400, 0))], homes=[home(0, 0)], shops=[shop(0, 600)],
        extent=box(-9, -9, 400 + inside_m, 900),
    )  # fmt: skip
    assert verdict(inputs)[0] == expected


@pytest.mark.parametrize(("straight_m", "cause"), [(500.0, "detour"), (500.001, "too_far")])
def test_the_straight_distance_at_exactly_the_threshold(straight_m: float, cause: str) -> None:
    quays = [
        street((0, 0), (2000, 0)),
        street((0, straight_m), (2000, straight_m)),
        street((0, 0), (0, straight_m)),
    ]
    inputs = world(streets=quays, homes=[home(800, 0)], shops=[shop(800, straight_m)])
    assert verdict(inputs) == (NOT_MET, cause)


def test_a_threshold_of_zero_is_met_on_the_spot_only() -> None:
    inputs = world(
        streets=[BAR],
        homes=[home(10, 0), home(10, 1)],
        shops=[shop(10, 0)],
        types=[facility_type(urban_m=0.0)],
    )
    assert distances(inputs)["verdict"].tolist() == [MET, NOT_MET]


# Walks and straight lines


def test_walk_and_straight_may_lead_to_different_facilities() -> None:
    inputs = river(shops=[shop(800, 100), shop(1900, 0)])
    row = distances(inputs).loc[0]
    assert (row["facility_id"], row["walk_m"]) == ("s2/shop", 1100)
    assert (row["straight_facility_id"], row["straight_m"]) == ("s1/shop", 100)


def test_walks_are_filled_wherever_a_path_exists() -> None:
    inputs = world(
        streets=[BAR, ISLAND], homes=[home(0, 0), home(0, 300), home(0, 200)], shops=[shop(900, 0)],
        settings={"max_snap_m": 50.0},
    )  # fmt: skip
    walk_m = distances(inputs)["walk_m"]
    assert walk_m[0] == 900
    assert walk_m[1:].isna().all()
    assert distances(inputs)["facility_id"].tolist() == ["s1/shop", "", ""]
    assert distances(inputs)["straight_m"].notna().all()


def test_lengths_have_three_decimals() -> None:
    """30 + 600.0004 + 40, and hypot(600.0004, 70) = 604.0701…"""
    row = distances(one_street(shops=[shop(700.0004, -40)])).loc[0]
    assert (row["walk_m"], row["straight_m"]) == (670.0, 604.07)


def test_inside_a_polygon_the_straight_distance_is_nothing() -> None:
    inputs = world(streets=[BAR], homes=[home(350, 20)], shops=[ground(box(300, -50, 400, 50))])
    row = distances(inputs).loc[0]
    assert row["straight_m"] == 0
    assert row["walk_m"] == 70  # 20 to the street, 50 to the edge where it enters


def test_a_polygon_is_reached_by_its_nearest_gate() -> None:
    campus = ground(box(300, -50, 400, 50), site_id="c")
    inputs = world(
        streets=[BAR], homes=[home(0, 0)], shops=[campus], entrances=[gate(390, 0, "c"), gate(320, -30, "c")]
    )
    assert distances(inputs).loc[0, "walk_m"] == 350  # 320 + 30; the gate at 390 is further


def test_a_home_drawn_as_a_polygon_starts_at_its_centre_or_inside() -> None:
    hook = Polygon([(0, 0), (90, 0), (90, 10), (10, 10), (10, 90), (0, 90)])
    points = demand_points(
        world(streets=[BAR], homes=[{"geometry": hook, "population": 1}], origin=(0, 0)).residents
    )
    assert hook.covers(points[0])
    square = world(
        streets=[BAR], homes=[{"geometry": box(0, 10, 20, 30), "population": 1}], shops=[shop(500, 0)]
    )
    assert distances(square).loc[0, "walk_m"] == 20 + 490


def test_of_facilities_equally_near_the_first_counts() -> None:
    inputs = world(streets=[BAR], homes=[home(500, 0)], shops=[shop(600, 0), shop(400, 0), shop(600, 0)])
    row = distances(inputs).loc[0]
    assert (row["facility_id"], row["straight_facility_id"]) == ("s1/shop", "s1/shop")


def test_many_facilities_on_one_spot_are_one_tie() -> None:
    inputs = world(streets=[BAR], homes=[home(0, 0)] * 2, shops=[shop(30, 40)])
    many = inputs.facilities.iloc[np.zeros(50_000, dtype=int)].reset_index(drop=True)
    points = np.repeat(inputs.residents.geometry.to_numpy(), 20_000)
    straight_m, which = nearest_straight(points, many, np.zeros(len(many), dtype=np.int64), 1)
    assert (straight_m == 50).all()
    assert (which == 0).all()


# Who is judged, what counts


def test_points_outside_the_boundary_are_listed_not_judged() -> None:
    inputs = world(
        streets=[BAR], homes=[home(0, 0), home(50, 0), home(51, 0)], shops=[shop(10, 0)],
        boundary=box(-50, -50, 50, 50), extent=WIDE,
    )  # fmt: skip
    results = analyse(inputs)
    assert results.tables["distances"]["demand_id"].tolist() == ["h1", "h2"]  # the edge is inside
    assert results.tables["residents"]["inside_boundary"].tolist() == [True, True, False]
    problems = results.tables["problems"]
    assert problems.loc[problems["code"] == "outside_boundary", "value"].tolist() == ["h3"]


def test_without_boundary_all_are_judged() -> None:
    inputs = world(
        streets=[BAR], homes=[home(0, 0), home(900, 0)], shops=[shop(10, 0)], extent=box(-9, -9, 99, 9)
    )
    assert distances(inputs)["demand_id"].tolist() == ["h1", "h2"]


def test_facilities_beyond_the_boundary_count_within_the_extent() -> None:
    given: Row = {
        "streets": [BAR],
        "homes": [home(0, 0)],
        "shops": [shop(300, 0)],
        "boundary": box(-50, -50, 50, 50),
    }
    assert verdict(world(**given, extent=box(-50, -50, 900, 50))) == (MET, "")
    row = distances(world(**given)).loc[0]
    assert (row["facility_id"], row["cause"]) == ("", "data_edge")
    problems = analyse(world(**given)).tables["problems"]
    assert problems.loc[problems["code"] == "outside_extent", "value"].tolist() == ["s1/shop"]


@pytest.mark.parametrize(
    ("status", "today", "planned"),
    [
        ("existing", MET, MET),
        ("under_construction", NOT_MET, MET),
        ("planned", NOT_MET, MET),
        ("closed", NOT_MET, NOT_MET),
    ],
)
def test_what_is_open_counts(status: str, today: str, planned: str) -> None:
    inputs = world(streets=[BAR], homes=[home(0, 0)], shops=[shop(100, 0, status=status)])
    assert verdict(inputs)[0] == today
    assert verdict(inputs, include_planned=True)[0] == planned
    if today == NOT_MET:
        assert verdict(inputs) == (NOT_MET, "no_facility")
    assert counts(inputs, include_planned=False).tolist() == [status == "existing"]


def test_planned_streets_open_with_planned_facilities() -> None:
    bridge = street((800, 0), (800, 100), status="planned")
    inputs = river(streets=[*QUAYS, bridge])
    assert verdict(inputs) == (NOT_MET, "detour")
    assert distances(inputs, include_planned=True).loc[0, "walk_m"] == 100


# Rows: points × surveyed types with a threshold that apply


TYPES = [
    facility_type("shop", 500.0),
    facility_type("park", 300.0, 800.0),
    facility_type("school", None, None, scope="both"),
    facility_type("office", 1000.0, None, scope="urban"),
    facility_type("barn", None, 900.0, scope="rural"),
]
MIXED: Row = {
    "streets": [BAR],
    "homes": [home(0, 0), home(20, 0, scope="rural")],
    "shops": [
        shop(0, 0, "shop"),
        shop(0, 0, "school"),
        shop(0, 0, "office", status="closed"),
        shop(0, 0, "barn"),
    ],
    "types": TYPES,
}


def rows(inputs: Inputs) -> set[tuple[str, str, float]]:
    table = distances(inputs)
    return set(table[["demand_id", "facility_type", "threshold_m"]].itertuples(index=False, name=None))


def test_rows_of_the_types_present() -> None:
    """Present in the layer, whatever the status; a school has no threshold, the park is not there."""
    assert rows(world(**MIXED)) == {
        ("h1", "shop", 500), ("h2", "shop", 500), ("h1", "office", 1000), ("h2", "barn", 900),
    }  # fmt: skip


def test_rows_of_all_types_and_of_a_list() -> None:
    parks = {("h1", "park", 300.0), ("h2", "park", 800.0)}
    assert rows(world(**MIXED, surveyed="all")) == rows(world(**MIXED)) | parks
    assert rows(world(**MIXED, surveyed=("park",))) == parks


@pytest.mark.parametrize(
    ("surveyed", "left"),
    [
        ("present", {"park": "not_surveyed", "school": "no_threshold"}),
        ("all", {"school": "no_threshold"}),
        (("park",), dict.fromkeys(["shop", "office", "barn", "school"], "not_surveyed")),
    ],
)
def test_types_without_rows_are_listed(surveyed: Any, left: dict[str, str]) -> None:
    listed = analyse(world(**MIXED, surveyed=surveyed)).types_without_rows
    assert dict(zip(listed["facility_type"], listed["reason"], strict=True)) == left


def test_a_type_that_applies_to_nobody_is_listed() -> None:
    """No rural people: the barn gets no row, and that is said."""
    listed = analyse(world(**MIXED | {"homes": [home(0, 0)]})).types_without_rows
    assert ("barn", "applies_to_nobody") in set(listed.itertuples(index=False, name=None))


def test_nobody_inside() -> None:
    inputs = world(streets=[BAR], homes=[home(900, 0)], shops=[shop(0, 0)], boundary=box(-50, -50, 50, 50))
    assert distances(inputs).empty
    results = analyse(inputs)
    assert results.tables["coverage"]["people"].tolist() == [0, 0, 0]
    assert results.tables["coverage"]["coverage_share"].isna().all()


# People


AGES = {"pop_0_3": 3.0, "pop_3_6": 4.0, "pop_6_11": 5.0, "pop_11_15": 6.0, "pop_16_59": 50.0, "pop_60_plus": 30.0, "pop_80_plus": 8.0}  # fmt: skip


@pytest.mark.parametrize(
    ("group", "people", "basis"),
    [
        ("all", 100, "all"),
        ("all;60+", 100, "all"),
        ("60+;80+", 30, "60+"),
        ("80+", 8, "80+"),
        ("0-3;3-6", 7, "0-3;3-6"),
        ("6-11;11-15", 11, "6-11;11-15"),
        ("16-59;60+", 80, "16-59;60+"),
        ("16-59;80+", 58, "16-59;80+"),
    ],
)
def test_the_people_served_are_a_union(group: str, people: float, basis: str) -> None:
    inputs = world(
        streets=[BAR], homes=[home(0, 0, 100, **AGES)], shops=[shop(0, 0)], types=[facility_type(group=group)]
    )
    served, bases = people_served(inputs.residents, judged_types(inputs)[0])
    assert served.loc[0, "shop"] == people
    assert bases == {"shop": basis}


@pytest.mark.parametrize("known", [{}, {"pop_0_3": 3.0}])
def test_without_the_groups_column_all_residents_count(known: dict[str, float]) -> None:
    inputs = world(
        streets=[BAR],
        homes=[home(0, 0, 100, **known)],
        shops=[shop(0, 0)],
        types=[facility_type(group="0-3;3-6")],
    )
    served, bases = people_served(inputs.residents, judged_types(inputs)[0])
    assert served.loc[0, "shop"] == 100
    assert bases == {"shop": "all (no age data)"}


# Order, direction and place of the drawing do not matter


TOWN: Row = {
    "streets": [
        street((0, 0), (400, 0)),
        street((400, 0), (400, 300), (700, 300)),
        street((0, 0), (0, 300), (400, 300)),
        streets_of([(200, 0.4), (200, 200)], [(900, 900), (990, 900)]),
        street((700, 300), (1200, 310)),
        street((50, -80), (350, 80)),
    ],
    "homes": [home(10, 33), home(205, 150), home(650, 320), home(950, 910), home(300, 550)],
    "shops": [
        shop(390, 250),
        shop(120, -15, "park"),
        ground(box(500, 250, 600, 299)),
        shop(960, 905, "park"),
    ],
    "types": [facility_type("shop", 400.0), facility_type("park", 300.0)],
    "extent": box(-100, -100, 1000, 1000),
}


def answers(inputs: Inputs) -> pd.DataFrame:
    table = distances(inputs).sort_values(["demand_id", "facility_type"], ignore_index=True)
    assert set(table["cause"]) >= {"", "too_far", "data_edge"}
    return table


@pytest.mark.parametrize("layer", ["streets", "residents", "facilities"])
def test_the_order_of_rows_changes_nothing(layer: str) -> None:
    inputs = world(**TOWN)
    count = len(inputs.layer(layer))
    for order in (range(count)[::-1], np.roll(np.arange(count), 2).tolist()):
        pd.testing.assert_frame_equal(answers(reordered(inputs, layer, order)), answers(inputs))


def test_the_direction_of_lines_changes_nothing() -> None:
    backwards = [{**row, "geometry": row["geometry"].reverse()} for row in TOWN["streets"]]
    pd.testing.assert_frame_equal(answers(world(**TOWN | {"streets": backwards})), answers(world(**TOWN)))


@pytest.mark.parametrize("origin", [(0.0, 0.0), (350_000.0, 3_450_000.0), (-1.0e6, 0.123)])
def test_where_the_drawing_lies_changes_nothing(origin: tuple[float, float]) -> None:
    pd.testing.assert_frame_equal(
        answers(world(**TOWN, origin=origin)), answers(world(**TOWN)), rtol=0, atol=0.001
    )


def test_the_inputs_are_not_changed() -> None:
    inputs = world(**TOWN)
    before = {
        name: inputs.layer(name).copy(deep=True) for name in ("streets", "residents", "facilities", "extent")
    }
    analyse(inputs)
    assert all(inputs.layer(name).equals(frame) for name, frame in before.items())


def test_the_edge_of_an_area_belongs_to_it() -> None:
    inputs = world(streets=[BAR], homes=[home(5, 5), home(5.001, 5)], boundary=box(0, 0, 5, 9))
    assert is_inside(inputs.residents, inputs.boundary).tolist() == [True, False]
    assert is_inside(inputs.residents, inputs.extent).tolist() == [True, True]
